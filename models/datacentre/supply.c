// SPDX-License-Identifier: GPL-3.0-or-later
/* Where jobs come from: each contract's timers, and what they bring. */
#include "models/datacentre/state.h"
#include "models/params/purpose.h"
#include "models/workload/bundle.h"
#include "models/workload/service.h"
#include "models/workload/stream.h"
#include "models/workload/training.h"

static void stand_at(const mdl_dc_t *dc, const mdl_tenancy_t *tenancy, uint64_t ordinal, sim_rng_t *rng)
{
    sim_lp_rng(dc->lp, rng, tenancy->entity, MDL_PURPOSE_JOB + (uint64_t)tenancy->terms.job_class, ordinal);
}

double mdl_dc_throughput(const mdl_dc_t *dc, const mdl_tenancy_t *tenancy)
{
    return tenancy->terms.ported ? 1 : dc->state->workload.port_throughput;
}

static void submit(mdl_dc_t *dc, uint32_t tenant, const mdl_job_request_t *request)
{
    (void)mdl_scheduler_submit(dc->scheduler, dc->cluster, tenant, dc->now_s, request);
}

/* Sets the one timer of a stream or a service. */
static void set_timer(mdl_dc_t *dc, uint32_t index, uint32_t type, int64_t delay_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    if (delay_s > SIM_NEVER / 2 - dc->now_s) {
        tenancy->timer_s = SIM_NEVER;
        return;
    }
    tenancy->timer_s = dc->now_s + delay_s;
    mdl_dc_schedule(dc, delay_s, &(sim_event_t){.type = type, .entity = index}, MDL_DC_DUE, &tenancy->timer);
}

/* Streams of jobs. */

static const mdl_stream_settings_t *stream_settings(const mdl_dc_t *dc, const mdl_tenancy_t *tenancy)
{
    return tenancy->terms.job_class == MDL_JOB_BATCH ? &dc->state->workload.batch : &dc->state->workload.finetune;
}

/* Whether a tenant's queue is longer than it will wait for. */
static bool is_impatient(const mdl_dc_t *dc, uint32_t index)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);

    return (double)tenant->queued_gpu_s > dc->state->workload.patience_s * tenant->quota_gpus;
}

void mdl_dc_on_job_due(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[event->entity];
    const mdl_workload_settings_t *workload = &dc->state->workload;
    mdl_job_request_t request;
    sim_rng_t rng;

    tenancy->timer_s = SIM_NEVER;
    stand_at(dc, tenancy, tenancy->ordinal++, &rng);
    if (tenancy->mean_gap_s <= 0)
        return;
    set_timer(dc, event->entity, MDL_DC_JOB_DUE, mdl_stream_gap(tenancy, &rng));
    if (is_impatient(dc, event->entity)) {
        mdl_scheduler_balk(dc->scheduler, tenancy->terms.job_class);
        return;
    }
    mdl_stream_job(tenancy, stream_settings(dc, tenancy), workload->grain_s, mdl_dc_throughput(dc, tenancy),
                   workload->rate[tenancy->terms.job_class], &rng, &request);
    submit(dc, event->entity, &request);
}

/* A stream's pending gap is stretched to the new mean (exponential gaps have no memory), or drawn if there was none. */
static void supply_stream(mdl_dc_t *dc, uint32_t index, double old_gap_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    sim_rng_t rng;

    if (tenancy->timer_s != SIM_NEVER && tenancy->timer_s >= tenancy->ready_s && old_gap_s > 0) {
        int64_t from_s = dc->now_s > tenancy->ready_s ? dc->now_s : tenancy->ready_s;
        double left_s = (double)(tenancy->timer_s - from_s) * (tenancy->mean_gap_s / old_gap_s);
        (void)sim_cancel(dc->lp, tenancy->timer);
        tenancy->timer_s = SIM_NEVER;
        if (tenancy->mean_gap_s > 0)
            set_timer(dc, index, MDL_DC_JOB_DUE, from_s - dc->now_s + (int64_t)(left_s + 0.5));
    } else if (tenancy->timer_s == SIM_NEVER && tenancy->mean_gap_s > 0) {
        stand_at(dc, tenancy, tenancy->ordinal++, &rng);
        int64_t porting_s = tenancy->ready_s > dc->now_s ? tenancy->ready_s - dc->now_s : 0;
        set_timer(dc, index, MDL_DC_JOB_DUE, porting_s + mdl_stream_gap(tenancy, &rng));
    }
}

/* Gangs. */

static void set_gang_timer(mdl_dc_t *dc, uint32_t index, uint64_t ordinal, int64_t delay_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    if (delay_s > SIM_NEVER / 2 - dc->now_s)
        return;
    tenancy->gang_timers++;
    mdl_dc_schedule(
        dc, delay_s,
        &(sim_event_t){
            .type = MDL_DC_GANG_DUE, .entity = index, .a = (int64_t)ordinal, .b = (int64_t)tenancy->generation},
        MDL_DC_DUE, NULL);
}

/* Gangs that run, wait or pause. */
static uint32_t gangs_in_being(const mdl_dc_t *dc, uint32_t index)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);

    return tenant->running + tenant->queued + dc->tenancies[index].gang_timers;
}

void mdl_dc_gang_rest(mdl_dc_t *dc, uint32_t index, int64_t after_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    sim_rng_t rng;

    if (tenancy->mean_gap_s < 0 || gangs_in_being(dc, index) >= mdl_training_gangs(tenancy))
        return;
    uint64_t ordinal = tenancy->ordinal++;
    stand_at(dc, tenancy, ordinal, &rng);
    set_gang_timer(dc, index, ordinal, after_s + mdl_training_pause(tenancy, &rng));
}

void mdl_dc_on_gang_due(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[event->entity];
    mdl_job_request_t request;
    sim_rng_t rng;

    if (!tenancy->open || tenancy->generation != (uint64_t)event->b)
        return;
    tenancy->gang_timers--;
    if (tenancy->mean_gap_s < 0 || gangs_in_being(dc, event->entity) >= mdl_training_gangs(tenancy))
        return;
    stand_at(dc, tenancy, (uint64_t)event->a, &rng);
    (void)mdl_training_pause(tenancy, &rng);
    mdl_training_job(tenancy, &dc->state->workload, mdl_dc_throughput(dc, tenancy), &rng, &request);
    if (mdl_scheduler_submit(dc->scheduler, dc->cluster, event->entity, dc->now_s, &request) == MDL_NONE)
        mdl_dc_gang_rest(dc, event->entity, request.work_s); /* the run is done elsewhere */
}

/* The first runs of a contract start at once, or when the software is ported. */
static void supply_gangs(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    int64_t delay_s = tenancy->ready_s > dc->now_s ? tenancy->ready_s - dc->now_s : 0;

    if (tenancy->mean_gap_s < 0)
        return;
    while (gangs_in_being(dc, index) < mdl_training_gangs(tenancy))
        set_gang_timer(dc, index, tenancy->ordinal++, delay_s);
}

/* Services. */

static void end_replicas(mdl_dc_t *dc, uint32_t index, uint32_t keep, uint32_t gpus)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);

    for (uint32_t i = tenant->running_head; i != MDL_NONE;) {
        uint32_t next = mdl_scheduler_job(dc->scheduler, i)->next;
        if (mdl_scheduler_job(dc->scheduler, i)->gpus != gpus)
            mdl_dc_end_job(dc, i, MDL_END_FINISHED);
        i = next;
    }
    while (tenant->queued > 0 && (tenant->running + tenant->queued > keep ||
                                  mdl_scheduler_job(dc->scheduler, tenant->queue_tail)->gpus != gpus))
        mdl_dc_end_job(dc, tenant->queue_tail, MDL_END_CANCELLED);
    while (tenant->running > keep)
        mdl_dc_end_job(dc, tenant->running_head, MDL_END_FINISHED);
}

/* Shares the load out among the replicas that run. */
static void share_load(mdl_dc_t *dc, uint32_t index, int64_t load_mgpu)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    int64_t share = tenant->used_gpus > 0 ? load_mgpu / tenant->used_gpus : 1000;

    dc->tenancies[index].share_permille = (uint32_t)(share < 1000 ? share : 1000);
    for (uint32_t i = tenant->running_head; i != MDL_NONE; i = mdl_scheduler_job(dc->scheduler, i)->next) {
        mdl_job_t *job = mdl_scheduler_job(dc->scheduler, i);
        if (job->share_permille == dc->tenancies[index].share_permille)
            continue;
        mdl_dc_earn_stop(dc, job, mdl_job_progress(job, dc->now_s));
        job->share_permille = (uint16_t)dc->tenancies[index].share_permille;
        if (job->compute_from_s < dc->now_s)
            job->compute_from_s = dc->now_s;
        mdl_dc_earn_start(dc, job);
    }
}

static void resize_service(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    const mdl_workload_settings_t *workload = &dc->state->workload;
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    double throughput = mdl_dc_throughput(dc, tenancy);
    mdl_service_load_t load;
    mdl_job_request_t request;
    sim_rng_t rng;

    stand_at(dc, tenancy, (uint64_t)(dc->now_s / workload->service_interval_s), &rng);
    mdl_service_plan(tenancy, workload, throughput, dc->now_s, &rng, &load);
    end_replicas(dc, index, load.replicas, load.replica_gpus);
    mdl_service_replica(workload, throughput, load.replica_gpus, &request);
    while (tenant->running + tenant->queued < load.replicas) {
        if (mdl_scheduler_submit(dc->scheduler, dc->cluster, index, dc->now_s, &request) == MDL_NONE)
            break;
    }
    mdl_dc_pass(dc);
    share_load(dc, index, load.load_mgpu);
}

static void set_service_timer(mdl_dc_t *dc, uint32_t index)
{
    int64_t interval_s = dc->state->workload.service_interval_s;

    set_timer(dc, index, MDL_DC_SERVICE_DUE, interval_s - dc->now_s % interval_s);
}

void mdl_dc_on_service_due(mdl_dc_t *dc, const sim_event_t *event)
{
    resize_service(dc, event->entity);
    set_service_timer(dc, event->entity);
}

static void supply_service(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    if (tenancy->ready_s > dc->now_s) {
        if (tenancy->timer_s == SIM_NEVER)
            set_timer(dc, index, MDL_DC_SERVICE_DUE, tenancy->ready_s - dc->now_s);
        return;
    }
    resize_service(dc, index);
    if (tenancy->timer_s == SIM_NEVER)
        set_service_timer(dc, index);
}

/* All classes. */

void mdl_dc_plan(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    const mdl_workload_settings_t *workload = &dc->state->workload;

    tenancy->bundle_gpus = mdl_bundle_gpus(workload, tenancy->granted_nodes);
    if (tenancy->terms.job_class == MDL_JOB_TRAINING)
        mdl_training_plan(tenancy, workload);
    else if (tenancy->terms.job_class != MDL_JOB_INFERENCE)
        mdl_stream_plan(tenancy, stream_settings(dc, tenancy), workload->grain_s);
}

void mdl_dc_supply(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    double old_gap_s = tenancy->mean_gap_s;

    tenancy->supplied_nodes = tenancy->granted_nodes;
    mdl_dc_plan(dc, index);
    if (tenancy->terms.job_class == MDL_JOB_TRAINING)
        supply_gangs(dc, index);
    else if (tenancy->terms.job_class == MDL_JOB_INFERENCE)
        supply_service(dc, index);
    else
        supply_stream(dc, index, old_gap_s);
}
