// SPDX-License-Identifier: GPL-3.0-or-later
/* What a replay is judged by. Every job counts, the first and the last included; there is no warm-up.
 *
 *     mdl_replay_metrics_t m;
 *     if (mdl_replay_measure(&result, &m, &err) == SIM_OK)
 *         ... m.jct.mean_s, m.wait.p99_s ...
 *
 * A job's completion time (JCT) is its end less its submission. Its wait is the time it held no GPUs: start less
 * submission where it was never preempted, else all its waits together. Its bounded slowdown is JCT over run time, where
 * run times below 10 s count as 10 s and slowdowns below 1 as 1 (Feitelson and Rudolph 1998): with an executive that
 * charges overheads these slow a job down as waiting does.
 */
#ifndef MDL_REPLAY_METRICS_H
#define MDL_REPLAY_METRICS_H

#include "models/replay/replay.h"

/* Seconds. Quantiles are order statistics, sorted[floor(p n)], as the replayed simulators take them. */
typedef struct mdl_replay_spread {
    double mean_s, median_s, p90_s, p99_s;
} mdl_replay_spread_t;

typedef struct mdl_replay_metrics {
    size_t jobs, refused;
    uint64_t stops;
    double makespan_s; /* largest end less first submission */
    mdl_replay_spread_t jct, wait;
    double mean_bounded_slowdown;
    double gpu_utilisation;                    /* busy GPU seconds over GPUs x makespan; 0 when that is 0 */
    double gpu_allocation;                     /* the same of those held */
    double blocked_share[MDL_BLOCKED_REASONS]; /* of all blocked GPU seconds; 0 when nothing was blocked */
} mdl_replay_metrics_t;

/* Measures a result; one without jobs gives zeros. SIM_ENOMEM. O(n log n). */
sim_status_t mdl_replay_measure(const mdl_replay_result_t *result, mdl_replay_metrics_t *out, sim_error_t *err);

static inline double mdl_replay_jct_s(const mdl_replay_job_t *job)
{
    return job->end_s - job->submit_s;
}

static inline double mdl_replay_wait_s(const mdl_replay_job_t *job)
{
    return job->stops > 0 ? job->wait_s : job->start_s - job->submit_s;
}

#endif
