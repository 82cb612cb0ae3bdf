// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/metrics.h"

#include "models/replay/sort.h"

#include <stdlib.h>

static double sorted_at(const mdl_replay_key_t *sorted, size_t n, double p)
{
    size_t place = (size_t)(p * (double)n);
    return sorted[place < n ? place : n - 1].key;
}

/* Sums in the result's order, as the replayed simulators do, before sorting. */
static mdl_replay_spread_t spread_of(const mdl_replay_result_t *result, double (*value_s)(const mdl_replay_job_t *),
                                     mdl_replay_key_t *keys)
{
    double sum_s = 0;
    for (size_t i = 0; i < result->n; i++) {
        keys[i].key = value_s(&result->jobs[i]);
        sum_s += keys[i].key;
    }
    mdl_replay_sort(keys, keys + result->n, result->n);
    return (mdl_replay_spread_t){
        .mean_s = sum_s / (double)result->n,
        .median_s = sorted_at(keys, result->n, 0.5),
        .p90_s = sorted_at(keys, result->n, 0.9),
        .p99_s = sorted_at(keys, result->n, 0.99),
    };
}

static double bounded_slowdown(const mdl_replay_job_t *job)
{
    double slowdown = mdl_replay_jct_s(job) / (job->run_s > 10 ? job->run_s : 10);
    return slowdown > 1 ? slowdown : 1;
}

static void measure_jobs(const mdl_replay_result_t *result, mdl_replay_metrics_t *out)
{
    double first_s = result->jobs[0].submit_s, last_s = result->jobs[0].end_s, slowdowns = 0;
    for (size_t i = 0; i < result->n; i++) {
        const mdl_replay_job_t *job = &result->jobs[i];
        first_s = job->submit_s < first_s ? job->submit_s : first_s;
        last_s = job->end_s > last_s ? job->end_s : last_s;
        slowdowns += bounded_slowdown(job);
        out->stops += job->stops;
    }
    out->makespan_s = last_s - first_s;
    out->mean_bounded_slowdown = slowdowns / (double)result->n;
}

static void measure_cluster(const mdl_replay_result_t *result, mdl_replay_metrics_t *out)
{
    double capacity_gpu_s = result->gpus * out->makespan_s, blocked_gpu_s = 0;
    if (capacity_gpu_s > 0) {
        out->gpu_utilisation = result->busy_gpu_s / capacity_gpu_s;
        out->gpu_allocation = result->allocated_gpu_s / capacity_gpu_s;
    }
    for (size_t i = 0; i < MDL_BLOCKED_REASONS; i++)
        blocked_gpu_s += result->blocked_gpu_s[i];
    for (size_t i = 0; i < MDL_BLOCKED_REASONS && blocked_gpu_s > 0; i++)
        out->blocked_share[i] = result->blocked_gpu_s[i] / blocked_gpu_s;
}

sim_status_t mdl_replay_measure(const mdl_replay_result_t *result, mdl_replay_metrics_t *out, sim_error_t *err)
{
    *out = (mdl_replay_metrics_t){.jobs = result->n, .refused = result->refused};
    if (result->n == 0)
        return SIM_OK;
    mdl_replay_key_t *keys = calloc(2 * result->n, sizeof *keys);
    if (keys == NULL)
        return sim_fail(err, SIM_ENOMEM, "replay", "no memory to sort %zu jobs", result->n);
    out->jct = spread_of(result, mdl_replay_jct_s, keys);
    out->wait = spread_of(result, mdl_replay_wait_s, keys);
    free(keys);
    measure_jobs(result, out);
    measure_cluster(result, out);
    return SIM_OK;
}
