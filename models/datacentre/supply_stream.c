// SPDX-License-Identifier: GPL-3.0-or-later
/* Streams of jobs: fine-tuning, evaluation, batch. */
#include "models/datacentre/state.h"
#include "models/workload/stream.h"

const mdl_stream_settings_t *mdl_dc_stream_settings(const mdl_dc_t *dc, const mdl_tenancy_t *tenancy)
{
    return tenancy->job_class == MDL_JOB_BATCH ? &dc->workload->batch : &dc->workload->finetune;
}

/* Whether a tenant's queue is longer than it will wait for. Mostly nobody's has a job. */
static bool is_impatient(const mdl_dc_t *dc, uint32_t index)
{
    return dc->scheduler->queued > 0 &&
           (double)mdl_scheduler_tenant(dc->scheduler, index)->queued_gpu_s >
               dc->workload->patience_s * mdl_scheduler_holding(dc->scheduler, index)->quota_gpus;
}

/* Starts to fetch what a stream's next job touches besides its tenancy. */
SIM_FETCH void fetch_stream(const mdl_dc_t *dc, uint32_t index)
{
    __builtin_prefetch(mdl_scheduler_holding(dc->scheduler, index));
    if (dc->scheduler->free_job != MDL_NONE)
        mdl_dc_fetch_start(dc, dc->scheduler->free_job);
}

void mdl_dc_on_job_due(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[event->entity];
    mdl_job_request_t request;
    sim_rng_t rng;

    fetch_stream(dc, event->entity);
    tenancy->timer_s = SIM_NEVER;
    mdl_dc_stand_at(dc, tenancy, tenancy->ordinal++, &rng);
    if (tenancy->mean_gap_s <= 0)
        return;
    mdl_dc_set_timer(dc, event->entity, MDL_DC_JOB_DUE, mdl_stream_gap(tenancy, &rng));
    if (is_impatient(dc, event->entity)) {
        mdl_scheduler_balk(dc->scheduler, (mdl_job_class_t)tenancy->job_class);
        return;
    }
    mdl_stream_job(tenancy, mdl_dc_stream_settings(dc, tenancy), mdl_dc_throughput(dc, tenancy), &rng, &request);
    mdl_dc_submit(dc, event->entity, &request);
}

/* A stream's pending gap is stretched to the new mean (exponential gaps have no memory), or drawn if there was none. */
void mdl_dc_supply_stream(mdl_dc_t *dc, uint32_t index, double old_gap_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    sim_rng_t rng;

    if (tenancy->timer_s != SIM_NEVER && tenancy->timer_s >= tenancy->ready_s && old_gap_s > 0) {
        int64_t from_s = dc->now_s > tenancy->ready_s ? dc->now_s : tenancy->ready_s;
        double left_s = (double)(tenancy->timer_s - from_s) * (tenancy->mean_gap_s / old_gap_s);
        (void)sim_cancel(dc->lp, tenancy->timer);
        tenancy->timer_s = SIM_NEVER;
        if (tenancy->mean_gap_s > 0)
            mdl_dc_set_timer(dc, index, MDL_DC_JOB_DUE, from_s - dc->now_s + (int64_t)(left_s + 0.5));
    } else if (tenancy->timer_s == SIM_NEVER && tenancy->mean_gap_s > 0) {
        mdl_dc_stand_at(dc, tenancy, tenancy->ordinal++, &rng);
        int64_t porting_s = tenancy->ready_s > dc->now_s ? tenancy->ready_s - dc->now_s : 0;
        mdl_dc_set_timer(dc, index, MDL_DC_JOB_DUE, porting_s + mdl_stream_gap(tenancy, &rng));
    }
}
