// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/replay.h"

static int64_t length_s(const mdl_trace_job_t *job)
{
    return job->estimate_s > job->run_s ? job->estimate_s : job->run_s;
}

/* While anybody waits somebody runs, so jobs are done by the sum of their lengths after the last submission, and what the
 * head of the queue asks for in vain is at most that long and as wide as the widest. */
sim_status_t mdl_replay_check(const mdl_trace_t *trace, uint32_t gpus, sim_error_t *err)
{
    const mdl_trace_job_t *longest = NULL;
    double sum_s = 0;
    uint32_t widest = 0;

    for (size_t i = 0; i < trace->n; i++) {
        const mdl_trace_job_t *job = &trace->jobs[i];
        if (job->gpus > gpus)
            continue;
        sum_s += (double)length_s(job);
        widest = job->gpus > widest ? job->gpus : widest;
        longest = longest == NULL || length_s(job) > length_s(longest) ? job : longest;
    }
    if (sum_s * widest <= MDL_REPLAY_GPU_S)
        return SIM_OK;
    return sim_fail(
        err, SIM_EINPUT, "trace",
        "found jobs of %g s in all, the longest (job %lld) of %lld s, and up to %u GPUs; expected at most %g "
        "GPU seconds; are its times seconds?",
        sum_s, (long long)longest->id, (long long)length_s(longest), widest, MDL_REPLAY_GPU_S);
}
