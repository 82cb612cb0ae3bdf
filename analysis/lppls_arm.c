// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/lppls_arm.h"

#include "analysis/dated_column.h"
#include "analysis/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Observations with a value, up to the highest: their days and logarithms. Returns their number; 0 with the value that
 * has no logarithm in `bad`. */
static size_t up_to_peak(const double *values, const int64_t *days, size_t n, double *day, double *log_price,
                         double *bad)
{
    size_t kept = 0, until = 0;
    double highest = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i]))
            continue;
        if (values[i] <= 0) {
            *bad = values[i];
            return 0;
        }
        day[kept] = (double)days[i];
        log_price[kept++] = log(values[i]);
        if (values[i] > highest) {
            highest = values[i];
            until = kept;
        }
    }
    return until;
}

/* Fits a replication's series; what is wrong with it becomes its `why`. */
static sim_status_t fit_run(const double *day, const double *log_price, size_t n,
                            const ana_lppls_arm_options_t *options, ana_lppls_run_t *run, sim_error_t *err)
{
    sim_error_t why = {0};
    ana_lppls_options_t windows = options->search;
    windows.starts = options->window_starts;
    sim_status_t status = ana_lppls_fit(day, log_price, n, &options->search, &run->fit, &why);
    if (status == SIM_OK)
        status = ana_lppls_confidence(day, log_price, n, &windows, &run->confidence, &why);
    if (status == SIM_EINPUT) {
        (void)snprintf(run->why, sizeof run->why, "up to its highest value: %.120s", why.message);
        return SIM_OK;
    }
    if (status != SIM_OK)
        return sim_fail(err, status, NULL, "%.900s", why.message);
    run->fitted = true;
    run->last_day = (int64_t)day[n - 1];
    return SIM_OK;
}

static sim_status_t fit_runs(ana_lppls_arm_t *self, const sim_array_t *array, const int64_t *days,
                             const ana_lppls_arm_options_t *options, sim_error_t *err)
{
    size_t n = array->shape[array->n_dims - 1];
    double *day = calloc(2 * n + 1, sizeof *day), *log_price = day + n, sum = 0;
    if (day == NULL)
        return sim_fail(err, SIM_ENOMEM, self->name, "no memory for %zu values", n);
    sim_status_t status = SIM_OK;
    for (size_t r = 0; r < self->n_runs && status == SIM_OK; r++) {
        ana_lppls_run_t *run = &self->runs[r];
        double bad = 1;
        run->n = up_to_peak(array->values + r * n, days, n, day, log_price, &bad);
        if (bad <= 0)
            (void)snprintf(run->why, sizeof run->why, "found %.10g; a logarithm needs values above zero", bad);
        else
            status = fit_run(day, log_price, run->n, options, run, err);
        self->n_fitted += run->fitted;
        self->n_qualified += run->fitted && run->fit.qualified;
        sum += run->fitted ? run->confidence : 0;
    }
    self->mean_confidence = self->n_fitted > 0 ? sum / (double)self->n_fitted : (double)NAN;
    free(day);
    return status;
}

sim_status_t ana_lppls_arm(sim_result_t *result, const char *variable, const char *arm,
                           const ana_lppls_arm_options_t *options, ana_lppls_arm_t *out, sim_error_t *err)
{
    sim_array_t array = {0};
    int64_t *days = NULL;
    size_t index = 0;
    *out = (ana_lppls_arm_t){.n_runs = 1};
    (void)snprintf(out->name, sizeof out->name, "%s", arm);
    sim_status_t status = ana_result_arm(result, "--arm", arm, &index, err);
    if (status == SIM_OK)
        status = ana_column_read_arm(result, variable, index, &array, &days, err);
    for (uint32_t i = 0; status == SIM_OK && i + 1 < array.n_dims; i++)
        out->n_runs *= array.shape[i];
    if (status == SIM_OK && (out->runs = calloc(out->n_runs + 1, sizeof *out->runs)) == NULL)
        status = sim_fail(err, SIM_ENOMEM, variable, "no memory for %zu replications", out->n_runs);
    if (status == SIM_OK)
        status = fit_runs(out, &array, days, options, err);
    free(days);
    sim_array_free(&array);
    return status;
}

void ana_lppls_arm_free(ana_lppls_arm_t *self)
{
    free(self->runs);
    *self = (ana_lppls_arm_t){0};
}
