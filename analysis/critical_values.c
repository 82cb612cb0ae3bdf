// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/critical_values.h"

#include "analysis/critical_cache.h"
#include "analysis/statistics.h"
#include "sim/ensemble.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#define BATCH 32 /* replications per task */

static const double levels[ANA_LEVELS] = {0.90, 0.95, 0.99};

/* All replications' statistics. */
typedef struct simulation {
    const ana_critical_plan_t *plan;
    const ana_null_t *null;
    size_t first;
    double *adf, *sadf, *gsadf; /* by replication */
    double *bsadf;              /* by observation from `first` on, then replication */
} simulation_t;

size_t ana_critical_replications(size_t n, ana_lag_t lag)
{
    double windows = (double)n * (double)n / 2 * (lag.order > 0 ? 10 : 1);
    double many = 1e9 / (windows + 1);
    return many > 20000 ? 20000 : many < 1000 ? 1000 : (size_t)many;
}

sim_status_t ana_critical_init(ana_critical_t *self, size_t n, sim_error_t *err)
{
    *self = (ana_critical_t){.n = n, .bsadf = {calloc(ANA_LEVELS * n + 1, sizeof(double))}};
    if (self->bsadf[0] == NULL)
        return sim_fail(err, SIM_ENOMEM, "critical values", "no memory for %zu observations", n);
    for (size_t i = 0; i < ANA_LEVELS * n; i++)
        self->bsadf[0][i] = NAN;
    for (int i = 1; i < ANA_LEVELS; i++)
        self->bsadf[i] = self->bsadf[i - 1] + n;
    return SIM_OK;
}

void ana_critical_free(ana_critical_t *self)
{
    free(self->bsadf[0]);
    *self = (ana_critical_t){0};
}

static void note(simulation_t *self, size_t replication, const ana_gsadf_t *test)
{
    self->adf[replication] = test->adf;
    self->sadf[replication] = test->sadf;
    self->gsadf[replication] = test->gsadf;
    for (size_t t = self->first; t < test->n; t++)
        self->bsadf[(t - self->first) * self->plan->replications + replication] = test->bsadf[t];
}

/* Replications index * BATCH and following. */
static sim_status_t simulate_batch(void *user, size_t index, int worker, int inner_threads, sim_error_t *err)
{
    simulation_t *self = user;
    const ana_critical_plan_t *plan = self->plan;
    ana_adf_series_t series = {0};
    double *room = calloc(3 * plan->n, sizeof *room);
    (void)worker;
    (void)inner_threads;
    sim_status_t status = room == NULL ? sim_fail(err, SIM_ENOMEM, "critical values", "no memory for a series")
                                       : ana_adf_series_init(&series, plan->n, err);
    for (size_t r = index * BATCH; r < (index + 1) * BATCH && r < plan->replications && status == SIM_OK; r++) {
        ana_gsadf_t test = {.badf = room + plan->n, .bsadf = room + 2 * plan->n};
        ana_null_draw(self->null, plan->n, plan->seed, r, room);
        ana_adf_series_set(&series, room);
        ana_gsadf_sweep(&series, plan->lag, plan->min_rows, &test);
        note(self, r, &test);
    }
    ana_adf_series_free(&series);
    free(room);
    return status;
}

static void quantiles(double *values, size_t n, double out[ANA_LEVELS])
{
    ana_sort_present(values, n);
    for (int i = 0; i < ANA_LEVELS; i++)
        out[i] = ana_quantile_sorted(values, n, levels[i]);
}

static void summarise(simulation_t *self, ana_critical_t *critical)
{
    size_t n = self->plan->replications;
    critical->first = self->first;
    quantiles(self->adf, n, critical->adf);
    quantiles(self->sadf, n, critical->sadf);
    quantiles(self->gsadf, n, critical->gsadf);
    for (size_t t = self->first; t < critical->n; t++) {
        double at[ANA_LEVELS];
        quantiles(self->bsadf + (t - self->first) * n, n, at);
        for (int i = 0; i < ANA_LEVELS; i++)
            critical->bsadf[i][t] = at[i];
    }
}

static sim_status_t simulate(const ana_critical_plan_t *plan, const ana_null_t *null, ana_critical_t *critical,
                             sim_error_t *err)
{
    size_t n = plan->replications;
    simulation_t self = {.plan = plan, .null = null, .first = ana_adf_lost(plan->lag) + plan->min_rows - 1};
    size_t batches = (n + BATCH - 1) / BATCH;
    sim_task_result_t *results = calloc(batches, sizeof *results);
    self.adf = calloc(n * (3 + plan->n - self.first), sizeof *self.adf);
    sim_status_t status = SIM_OK;
    if (results == NULL || self.adf == NULL) {
        status = sim_fail(err, SIM_ENOMEM, "critical values", "no memory for %zu replications of %zu observations", n,
                          plan->n);
    } else {
        sim_ensemble_options_t options = {.threads = plan->threads > 0 ? plan->threads : omp_get_num_procs()};
        self.sadf = self.adf + n;
        self.gsadf = self.sadf + n;
        self.bsadf = self.gsadf + n;
        status = sim_ensemble_run(batches, simulate_batch, &self, &options, results, err);
    }
    if (status == SIM_OK)
        summarise(&self, critical);
    free(self.adf);
    free(results);
    return status;
}

sim_status_t ana_critical_values(const ana_critical_plan_t *plan, const ana_null_t *null, const char *folder,
                                 ana_critical_t *critical, sim_error_t *err)
{
    const ana_null_t walk = {.kind = ANA_NULL_WALK, .drift = plan->drift};
    const char *keep = null == NULL ? folder : NULL;
    *critical = (ana_critical_t){0};
    sim_status_t status = ana_gsadf_check(plan->n, plan->lag, plan->min_rows, err);
    if (status == SIM_OK && plan->replications < 1)
        status = sim_fail(err, SIM_EINPUT, "critical values", "found no replications; expected at least 1");
    if (status == SIM_OK)
        status = ana_critical_init(critical, plan->n, err);
    if (status != SIM_OK || (keep != NULL && ana_critical_load(keep, plan, critical)))
        return status;
    status = simulate(plan, null != NULL ? null : &walk, critical, err);
    if (status == SIM_OK && keep != NULL)
        ana_critical_save(keep, plan, critical);
    return status;
}
