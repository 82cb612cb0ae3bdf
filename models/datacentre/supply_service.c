// SPDX-License-Identifier: GPL-3.0-or-later
/* Inference services: replicas that are added and taken away. */
#include "models/datacentre/state.h"
#include "models/workload/service.h"

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

    mdl_dc_stand_at(dc, tenancy, (uint64_t)(dc->now_s / workload->service_interval_s), &rng);
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

    mdl_dc_set_timer(dc, index, MDL_DC_SERVICE_DUE, interval_s - dc->now_s % interval_s);
}

void mdl_dc_on_service_due(mdl_dc_t *dc, const sim_event_t *event)
{
    resize_service(dc, event->entity);
    set_service_timer(dc, event->entity);
}

void mdl_dc_supply_service(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    if (tenancy->ready_s > dc->now_s) {
        if (tenancy->timer_s == SIM_NEVER)
            mdl_dc_set_timer(dc, index, MDL_DC_SERVICE_DUE, tenancy->ready_s - dc->now_s);
        return;
    }
    resize_service(dc, index);
    if (tenancy->timer_s == SIM_NEVER)
        set_service_timer(dc, index);
}
