// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/summary.h"

#include "analysis/statistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_STATISTICS = 6 };

static const char *const statistic_names[N_STATISTICS] = {"mean", "p5", "p25", "p50", "p75", "p95"};
static const double quantiles[N_STATISTICS] = {0, 0.05, 0.25, 0.5, 0.75, 0.95}; /* the first is the mean's place */

/* Statistics of one time of one arm; `values` is overwritten. */
static void summarise(double *values, size_t n, double out[N_STATISTICS])
{
    out[0] = ana_mean_interval(values, n, 0.95).mean;
    size_t present = ana_sort_present(values, n);
    for (size_t i = 1; i < N_STATISTICS; i++)
        out[i] = ana_quantile_sorted(values, present, quantiles[i]);
}

/* A series [..., replication, time] -> its summary [..., statistic, time]. */
static sim_status_t summarise_series(const sim_array_t *series, sim_array_t *summary, sim_error_t *err)
{
    *summary = *series;
    uint32_t last = series->n_dims - 1;
    size_t n_times = series->shape[last], n_replications = series->shape[last - 1], n_arms = 1;
    for (uint32_t i = 0; i + 1 < last; i++)
        n_arms *= series->shape[i];
    summary->shape[last - 1] = N_STATISTICS;
    snprintf(summary->dims[last - 1], sizeof summary->dims[0], "statistic");
    summary->values = calloc(n_arms * N_STATISTICS * n_times, sizeof *summary->values);
    double *column = calloc(n_replications, sizeof *column);
    if (summary->values == NULL || column == NULL) {
        free(column);
        return sim_fail(err, SIM_ENOMEM, "/summary", "no memory for %zu values", n_arms * N_STATISTICS * n_times);
    }
    for (size_t arm = 0; arm < n_arms; arm++)
        for (size_t time = 0; time < n_times; time++) {
            for (size_t r = 0; r < n_replications; r++)
                column[r] = series->values[(arm * n_replications + r) * n_times + time];
            double out[N_STATISTICS];
            summarise(column, n_replications, out);
            for (size_t i = 0; i < N_STATISTICS; i++)
                summary->values[(arm * N_STATISTICS + i) * n_times + time] = out[i];
        }
    free(column);
    return SIM_OK;
}

static sim_status_t write_one(sim_result_t *result, const char *name, sim_error_t *err)
{
    sim_array_t series = {0}, summary = {0};
    char path[256];
    snprintf(path, sizeof path, "/%s", name);
    sim_status_t status = sim_result_read(result, path, &series, err);
    bool is_series = status == SIM_OK && series.n_dims >= 3 && strcmp(series.dims[series.n_dims - 1], "time") == 0;
    if (is_series)
        status = summarise_series(&series, &summary, err);
    if (is_series && status == SIM_OK) {
        snprintf(path, sizeof path, "/summary/%s", name);
        status = sim_result_write(result, path, &summary, err);
    }
    sim_array_free(&series);
    sim_array_free(&summary);
    return status;
}

sim_status_t ana_summary_write(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    char **names = NULL;
    size_t n = 0;
    sim_status_t status = sim_result_list(result, "/", &names, &n, err);
    if (status == SIM_OK)
        status = sim_result_write_labels(result, "/summary", "statistic", statistic_names, N_STATISTICS, err);
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        status = write_one(result, names[i], err);
    sim_labels_free(names, n);
    return status;
}
