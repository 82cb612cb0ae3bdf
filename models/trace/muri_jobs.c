// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/job.h"
#include "models/trace/muri.h"
#include "models/trace/sort.h"

#include <stdlib.h>

/* Milliseconds to the nearest second, halves up. */
static int64_t seconds(double ms)
{
    return (int64_t)(ms / 1000 + 0.5);
}

static sim_status_t fill(const mdl_muri_t *muri, const mdl_sort_key_t *sorted, mdl_trace_t *out, sim_error_t *err)
{
    for (size_t i = 0; i < muri->n; i++) {
        const mdl_muri_job_t *job = &muri->jobs[sorted[i].index];
        double run_ms = job->iterations * job->iteration_ms;
        if (!(run_ms <= 1000 * (double)MDL_TRACE_TIME))
            return sim_fail(err, SIM_EINPUT, "muri", "job %lld runs %g s; expected at most 2^53", (long long)job->id,
                            run_ms / 1000);
        out->jobs[i] = (mdl_trace_job_t){.id = job->id,
                                         .submit_s = sorted[i].time,
                                         .run_s = seconds(run_ms),
                                         .estimate_s = seconds(run_ms),
                                         .gpus = job->gpus,
                                         .gpu_milli = 1000,
                                         .job_class = MDL_JOB_BATCH};
    }
    return SIM_OK;
}

sim_status_t mdl_muri_jobs(const mdl_muri_t *muri, mdl_trace_t *out, sim_error_t *err)
{
    mdl_sort_key_t *keys = calloc(2 * muri->n + 1, sizeof *keys);
    sim_status_t status = SIM_ENOMEM;

    *out = (mdl_trace_t){.jobs = calloc(muri->n + 1, sizeof *out->jobs), .n = muri->n};
    if (keys == NULL || out->jobs == NULL) {
        (void)sim_fail(err, status, "muri", "out of memory while reading %zu jobs as such of whole seconds", muri->n);
    } else {
        for (size_t i = 0; i < muri->n; i++)
            keys[i] = (mdl_sort_key_t){seconds(muri->jobs[i].submit_ms), i};
        status = fill(muri, mdl_sort_keys(keys, keys + muri->n, muri->n), out, err);
    }
    free(keys);
    if (status < 0)
        mdl_trace_free(out);
    return status;
}
