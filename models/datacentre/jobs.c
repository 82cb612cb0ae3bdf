// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs from their start to their end. */
#include "models/datacentre/lines.h"

static void on_started(void *user, uint32_t index)
{
    mdl_dc_t *dc = user;
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);

    if (job->job_class == MDL_JOB_INFERENCE) {
        mdl_service_t *service = mdl_dc_service(dc, job->tenant);
        mdl_dc_note_service(dc, service);
        service->job = job->elastic ? index : MDL_NONE;
        job->share_permille = mdl_dc_service_share(service, job);
    }
    mdl_dc_earn_start(dc, job);
    job->end_event = (sim_handle_t){0};
    if (job->work_s != MDL_WORK_ENDLESS)
        mdl_dc_schedule(dc, mdl_job_attempt_s(job), &(sim_event_t){.type = MDL_DC_JOB_END, .entity = index},
                        MDL_DC_ENDS, &job->end_event);
}

/* Counts what a running job's attempt has done so far, and takes its end out of the calendar. */
static mdl_progress_t settle(mdl_dc_t *dc, uint32_t index, bool all_saved)
{
    const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    mdl_progress_t progress = mdl_job_progress(job, dc->now_s);

    if (all_saved)
        progress.saved_s = progress.computed_s;
    mdl_dc_earn_stop(dc, job, progress);
    if (job->elastic)
        mdl_dc_leave_elastic(mdl_dc_service(dc, job->tenant), job);
    if (job->work_s != MDL_WORK_ENDLESS)
        (void)sim_cancel(dc->lp, job->end_event);
    return progress;
}

/* A job that makes room writes a checkpoint first. */
static int64_t on_stopped(void *user, uint32_t index)
{
    return settle(user, index, true).saved_s;
}

void mdl_dc_follow_review(mdl_dc_t *dc)
{
    mdl_datacentre_t *state = dc->state;
    int64_t review_s = mdl_scheduler_review_s(dc->scheduler);

    if (state->review_s == review_s)
        return;
    if (state->reviewing)
        (void)sim_cancel(dc->lp, state->review);
    state->review_s = review_s;
    state->reviewing = review_s != SIM_NEVER;
    if (state->reviewing)
        mdl_dc_schedule(dc, review_s > dc->now_s ? review_s - dc->now_s : 0, &(sim_event_t){.type = MDL_DC_REVIEW},
                        MDL_DC_ENDS, &state->review);
}

void mdl_dc_on_review(mdl_dc_t *dc, const sim_event_t *event)
{
    (void)event;
    dc->state->review_s = SIM_NEVER;
    dc->state->reviewing = false;
}

void mdl_dc_submit(mdl_dc_t *dc, uint32_t tenancy, const mdl_job_request_t *request)
{
    (void)mdl_scheduler_start(dc->scheduler, dc->cluster, tenancy, dc->now_s, request,
                              &(mdl_scheduler_host_t){dc, on_started, on_stopped});
}

void mdl_dc_look_at_queues(mdl_dc_t *dc)
{
    mdl_scheduler_pass(dc->scheduler, dc->cluster, dc->now_s, &(mdl_scheduler_host_t){dc, on_started, on_stopped});
}

void mdl_dc_end_job(mdl_dc_t *dc, uint32_t index, mdl_job_end_t end)
{
    if (mdl_scheduler_job(dc->scheduler, index)->state == MDL_JOB_RUNNING)
        (void)settle(dc, index, false);
    mdl_scheduler_end(dc->scheduler, dc->cluster, index, end);
}

void mdl_dc_requeue_job(mdl_dc_t *dc, uint32_t index)
{
    int64_t saved_s = settle(dc, index, false).saved_s;

    const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);

    mdl_scheduler_requeue(dc->scheduler, dc->cluster, index, saved_s);
    if (job->job_class == MDL_JOB_INFERENCE)
        mdl_dc_note_service(dc, mdl_dc_service(dc, job->tenant));
}

void mdl_dc_stop_job(mdl_dc_t *dc, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    int64_t saved_s = settle(dc, index, true).saved_s;

    job->resume_s += job->pause_s;
    mdl_scheduler_requeue(dc->scheduler, dc->cluster, index, saved_s);
}

void mdl_dc_on_job_end(mdl_dc_t *dc, const sim_event_t *event)
{
    const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, event->entity);
    mdl_job_class_t job_class = job->job_class;
    uint32_t tenant = job->tenant;
    mdl_dc_earn_stop(dc, job, (mdl_progress_t){job->work_s, job->work_s});
    mdl_scheduler_end(dc->scheduler, dc->cluster, event->entity, job->intended_end);
    if (job_class == MDL_JOB_TRAINING)
        mdl_dc_gang_rest(dc, tenant, 0);
}
