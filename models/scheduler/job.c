// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/job.h"

mdl_progress_t mdl_job_progress(const mdl_job_t *job, int64_t now_s)
{
    int64_t elapsed_s = now_s - job->compute_from_s;

    if (elapsed_s <= 0)
        return (mdl_progress_t){0, 0};
    if (job->interval_s == 1 && job->pause_s == 0) { /* a service */
        int64_t all_s = elapsed_s < job->work_s ? elapsed_s : job->work_s;
        return (mdl_progress_t){all_s, all_s};
    }
    if (job->interval_s == INT32_MAX)
        return elapsed_s < job->work_s ? (mdl_progress_t){elapsed_s, 0} : (mdl_progress_t){job->work_s, job->work_s};
    int64_t cycle_s = (int64_t)job->interval_s + job->pause_s;
    int64_t cycles = elapsed_s < job->interval_s ? 0 : elapsed_s / cycle_s;
    int64_t rest_s = elapsed_s - cycles * cycle_s;
    int64_t computed_s = cycles * job->interval_s + (rest_s < job->interval_s ? rest_s : job->interval_s);

    if (computed_s >= job->work_s)
        return (mdl_progress_t){job->work_s, job->work_s};
    return (mdl_progress_t){computed_s, cycles * job->interval_s};
}
