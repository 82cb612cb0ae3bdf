// SPDX-License-Identifier: GPL-3.0-or-later
/* What running jobs have computed, followed without an event per job or a visit per reading: each running job adds its
 * lines that start late enough and rise slowly enough never to pass the truth, and when its attempt ends the lines are
 * replaced by the exact figures.
 *
 *     mdl_dc_earn_start(dc, job);                                              // it starts
 *     ...
 *     mdl_dc_earn_stop(dc, job, mdl_job_progress(job, dc->now_s));             // it ends, or goes back into the queue
 *
 * Inlined, as every start and every end of a job asks for it. */
#ifndef MDL_DATACENTRE_LINES_H
#define MDL_DATACENTRE_LINES_H

#include "models/datacentre/state.h"

/* The lines of one job; that of a pre-training job's work goes with the useful one. */
typedef struct mdl_dc_job_lines {
    int64_t busy_rate, busy_from_s;     /* thousandths of GPUs */
    int64_t useful_rate, useful_from_s; /* saved work lags by one checkpoint */
} mdl_dc_job_lines_t;

/* Of a number that is not negative: without a sign to mind it is shorter. */
static inline int64_t mdl_dc_thousandth(int64_t x)
{
    return (int64_t)((uint64_t)x / 1000);
}

static inline mdl_dc_job_lines_t mdl_dc_lines_of(const mdl_job_t *job)
{
    int64_t cycle_s = (int64_t)job->interval_s + job->pause_s;
    int64_t share_permille =
        job->pause_s > 0 ? (int64_t)job->share_permille * job->interval_s / cycle_s : job->share_permille;
    mdl_dc_job_lines_t lines = {.busy_rate = share_permille * job->gpus, .busy_from_s = job->compute_from_s};

    lines.useful_rate = job->intended_end == MDL_END_FAILED ? 0 : lines.busy_rate;
    lines.useful_from_s = lines.busy_from_s + (cycle_s > 1 ? cycle_s : 0);
    return lines;
}

/* In thousandths of H100-equivalents. */
static inline int64_t mdl_dc_work_rate(const mdl_job_t *job, const mdl_dc_job_lines_t *lines)
{
    return mdl_dc_thousandth(lines->useful_rate * job->speed_permille);
}

static inline void mdl_dc_add_line_(mdl_line_t *self, int64_t rate, int64_t from_s)
{
    self->rate += rate;
    self->base -= rate * from_s;
}

static inline void mdl_dc_add_lines_(mdl_dc_t *dc, const mdl_job_t *job, int64_t sign)
{
    mdl_datacentre_t *state = dc->state;
    mdl_dc_job_lines_t lines = mdl_dc_lines_of(job);

    mdl_dc_add_line_(&state->busy[job->job_class], sign * lines.busy_rate, lines.busy_from_s);
    mdl_dc_add_line_(&state->unsaved[job->job_class], sign * lines.busy_rate, lines.busy_from_s);
    mdl_dc_add_line_(&state->unsaved[job->job_class], -sign * lines.useful_rate, lines.useful_from_s);
    if (job->job_class == MDL_JOB_TRAINING)
        mdl_dc_add_line_(&state->training_work, sign * mdl_dc_work_rate(job, &lines), lines.useful_from_s);
}

/* Its lines begin. */
static inline void mdl_dc_earn_start(mdl_dc_t *dc, const mdl_job_t *job)
{
    int64_t lag_s = (int64_t)job->startup_s + job->resume_s + job->interval_s + job->pause_s;

    if (lag_s > dc->state->longest_lag_s)
        dc->state->longest_lag_s = lag_s < UINT32_MAX ? (uint32_t)lag_s : UINT32_MAX;
    if (job->compute_from_s + lag_s > dc->state->young_until_s)
        dc->state->young_until_s = job->compute_from_s + lag_s;
    mdl_dc_add_lines_(dc, job, 1);
}

/* What a pre-training job has done that is saved, in H100-equivalents. Divided last, by whole seconds, so that it is no
 * less than its line was. */
static inline int64_t mdl_dc_work_done(const mdl_job_t *job, int64_t useful_mgpu_s)
{
    int64_t whole = mdl_dc_thousandth(useful_mgpu_s), rest = useful_mgpu_s - 1000 * whole;

    return whole * job->speed_permille + mdl_dc_thousandth(rest * job->speed_permille);
}

/* Its lines become what was done. */
static inline void mdl_dc_earn_stop(mdl_dc_t *dc, const mdl_job_t *job, mdl_progress_t progress)
{
    mdl_datacentre_t *state = dc->state;
    int64_t rate = (int64_t)job->gpus * job->share_permille;
    int64_t useful_mgpu_s = job->intended_end == MDL_END_FAILED ? 0 : progress.saved_s * rate;

    mdl_dc_add_lines_(dc, job, -1);
    state->busy[job->job_class].base += progress.computed_s * rate;
    state->unsaved[job->job_class].base += progress.computed_s * rate - useful_mgpu_s;
    if (job->job_class == MDL_JOB_TRAINING)
        state->training_work.base += mdl_dc_work_done(job, useful_mgpu_s);
}

#endif
