// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/bubbles.h"

#include "analysis/dated_column.h"
#include "analysis/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Critical values from the options' null model. */
static sim_status_t find_critical(const double *y, size_t n, const ana_bubbles_options_t *options, ana_bubbles_t *self,
                                  sim_error_t *err)
{
    ana_critical_plan_t plan = {
        .n = n, .lag = options->lag, .min_rows = self->min_rows, .seed = options->seed, .threads = options->threads};
    ana_null_t null;
    if (options->null == ANA_NULL_COMPOSITE) /* as long as the smallest window and what is controlled */
        plan.n = self->min_rows + ana_adf_lost(options->lag) + options->control - 1;
    plan.replications =
        options->replications > 0 ? options->replications : ana_critical_replications(plan.n, options->lag);
    self->replications = plan.replications;
    sim_status_t status = ana_null_fit(&null, options->null, y, n, options->lag, err);
    if (status == SIM_OK)
        status = ana_critical_values(&plan, options->null == ANA_NULL_WALK ? NULL : &null, options->folder,
                                     &self->critical, err);
    ana_null_free(&null);
    return status;
}

/* What GSADF and each BSADF must exceed. */
static void set_thresholds(ana_bubbles_t *self, const ana_bubbles_options_t *options, const ana_critical_t *critical)
{
    bool given = !isnan(options->critical_value), by_date = !given && options->null != ANA_NULL_COMPOSITE;
    self->reject_above = given ? options->critical_value : critical->gsadf[ANA_LEVEL_95];
    for (size_t t = 0; t < self->test.n; t++)
        self->threshold[t] = by_date ? critical->bsadf[ANA_LEVEL_95][t] : self->reject_above;
    self->rejects = self->test.gsadf > self->reject_above;
}

sim_status_t ana_bubbles(const double *y, size_t n, const ana_bubbles_options_t *options, const ana_critical_t *known,
                         ana_bubbles_t *self, sim_error_t *err)
{
    *self = (ana_bubbles_t){.min_rows = options->min_rows > 0 ? options->min_rows : ana_gsadf_min_rows(n)};
    self->min_duration = options->min_duration > 0 ? options->min_duration : ana_episode_log_duration(n);
    sim_status_t status = ana_gsadf(y, n, options->lag, self->min_rows, &self->test, err);
    if (status == SIM_OK && isnan(options->critical_value) && known == NULL)
        status = find_critical(y, n, options, self, err);
    if (status != SIM_OK)
        return status;
    self->threshold = calloc(n, sizeof *self->threshold);
    self->episodes = calloc(n / 2 + 1, sizeof *self->episodes);
    if (self->threshold == NULL || self->episodes == NULL)
        return sim_fail(err, SIM_ENOMEM, "series", "no memory for %zu observations", n);
    set_thresholds(self, options, known != NULL ? known : &self->critical);
    self->n_episodes = ana_episodes(self->test.bsadf, self->threshold, n, self->min_duration, self->episodes);
    return SIM_OK;
}

void ana_bubbles_free(ana_bubbles_t *self)
{
    ana_gsadf_free(&self->test);
    ana_critical_free(&self->critical);
    free(self->threshold);
    free(self->episodes);
    *self = (ana_bubbles_t){0};
}

/* The critical values of an earlier replication whose series was as long. */
static const ana_critical_t *known_values(const ana_bubbles_arm_t *arm, size_t run, size_t n)
{
    for (size_t i = 0; i < run; i++)
        if (arm->runs[i].bubbles.critical.n == n)
            return &arm->runs[i].bubbles.critical;
    return NULL;
}

/* Tests the replication `run`, whose values may be missing at either end. */
static sim_status_t test_run(ana_bubbles_arm_t *self, size_t run, double *values, size_t n, bool logarithm,
                             const ana_bubbles_options_t *options, sim_error_t *err)
{
    ana_bubbles_run_t *out = &self->runs[run];
    sim_error_t why = {0};
    while (out->first < n && isnan(values[out->first]))
        out->first++;
    while (n > out->first && isnan(values[n - 1]))
        n--;
    for (size_t i = out->first; i < n && logarithm; i++)
        values[i] = log(values[i]);
    const ana_critical_t *known = options->null == ANA_NULL_WALK ? known_values(self, run, n - out->first) : NULL;
    sim_status_t status = ana_bubbles(values + out->first, n - out->first, options, known, &out->bubbles, &why);
    if (status == SIM_EINPUT) {
        (void)snprintf(out->why, sizeof out->why, "%.150s", why.message);
        ana_bubbles_free(&out->bubbles);
        return SIM_OK;
    }
    if (status != SIM_OK)
        return sim_fail(err, status, NULL, "%.900s", why.message);
    out->tested = true;
    self->n_tested++;
    self->n_rejecting += out->bubbles.rejects;
    self->n_dated += out->bubbles.n_episodes > 0;
    return SIM_OK;
}

sim_status_t ana_bubbles_arm(sim_result_t *result, const char *variable, const char *arm, bool logarithm,
                             const ana_bubbles_options_t *options, ana_bubbles_arm_t *out, sim_error_t *err)
{
    sim_array_t array = {0};
    size_t index = 0, n = 0;
    *out = (ana_bubbles_arm_t){.n_runs = 1};
    (void)snprintf(out->name, sizeof out->name, "%s", arm);
    sim_status_t status = ana_result_arm(result, "--arm", arm, &index, err);
    if (status == SIM_OK)
        status = ana_column_read_arm(result, variable, index, &array, &out->day, err);
    for (uint32_t i = 0; status == SIM_OK && i + 1 < array.n_dims; i++)
        out->n_runs *= array.shape[i];
    if (status == SIM_OK) {
        n = array.shape[array.n_dims - 1];
        out->runs = calloc(out->n_runs + 1, sizeof *out->runs);
        if (out->runs == NULL)
            status = sim_fail(err, SIM_ENOMEM, variable, "no memory for %zu replications", out->n_runs);
    }
    for (size_t run = 0; run < out->n_runs && status == SIM_OK; run++)
        status = test_run(out, run, array.values + run * n, n, logarithm, options, err);
    sim_array_free(&array);
    return status;
}

void ana_bubbles_arm_free(ana_bubbles_arm_t *self)
{
    for (size_t i = 0; self->runs != NULL && i < self->n_runs; i++)
        ana_bubbles_free(&self->runs[i].bubbles);
    free(self->runs);
    free(self->day);
    *self = (ana_bubbles_arm_t){0};
}
