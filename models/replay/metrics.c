// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/metrics.h"

#include "models/replay/sort.h"

#include <stdlib.h>

/* The key at a share of n, were they sorted; *from, up to which no key is greater than those behind it, goes there. */
static double quantile(mdl_replay_key_t *keys, size_t n, double p, size_t *from)
{
    size_t place = (size_t)(p * (double)n);
    place = place < n ? place : n - 1;
    mdl_replay_select(keys + *from, keys + n, n - *from, place - *from);
    *from = place;
    return keys[place].key;
}

/* Sums in the result's order, as the replayed simulators do, before keys move. */
static mdl_replay_spread_t spread_of(const mdl_replay_result_t *result, double (*value_s)(const mdl_replay_job_t *),
                                     mdl_replay_key_t *keys)
{
    double sum_s = 0;
    for (size_t i = 0; i < result->n; i++) {
        keys[i].key = value_s(&result->jobs[i]);
        sum_s += keys[i].key;
    }
    size_t from = 0;
    mdl_replay_spread_t spread = {.mean_s = sum_s / (double)result->n};
    spread.median_s = quantile(keys, result->n, 0.5, &from);
    spread.p90_s = quantile(keys, result->n, 0.9, &from);
    spread.p99_s = quantile(keys, result->n, 0.99, &from);
    return spread;
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
