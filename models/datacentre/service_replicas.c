// SPDX-License-Identifier: GPL-3.0-or-later
/* A service job by job: replicas that are added and taken away. */
#include "models/datacentre/lines.h"

/* A job of another width, or from the time of a grain. */
static bool is_other(const mdl_job_t *job, uint32_t gpus)
{
    return job->elastic || job->gpus != gpus;
}

static void end_replicas(mdl_dc_t *dc, uint32_t index, uint32_t keep, uint32_t gpus)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, index);

    for (uint32_t i = holding->running_head; i != MDL_NONE;) {
        uint32_t next = mdl_scheduler_job(dc->scheduler, i)->next;
        if (is_other(mdl_scheduler_job(dc->scheduler, i), gpus))
            mdl_dc_end_job(dc, i, MDL_END_FINISHED);
        i = next;
    }
    uint32_t running = mdl_scheduler_running_of(dc->scheduler, index);
    while (tenant->queued > 0 &&
           (running + tenant->queued > keep || is_other(mdl_scheduler_job(dc->scheduler, tenant->queue.last), gpus)))
        mdl_dc_end_job(dc, tenant->queue.last, MDL_END_CANCELLED);
    for (; running > keep; running--)
        mdl_dc_end_job(dc, holding->running_head, MDL_END_FINISHED);
}

/* Replicas that run or wait. */
static uint32_t count_replicas(const mdl_dc_t *dc, uint32_t index)
{
    return mdl_scheduler_running_of(dc->scheduler, index) + mdl_scheduler_tenant(dc->scheduler, index)->queued;
}

/* Shares the load out among the replicas that run. */
static void share_load(mdl_dc_t *dc, mdl_service_t *service, int64_t load_mgpu)
{
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, service->tenancy);
    uint16_t share_permille = (uint16_t)mdl_dc_busy_share(load_mgpu, holding->used_gpus);

    service->share_permille = share_permille;
    for (uint32_t i = holding->running_head; i != MDL_NONE; i = mdl_scheduler_job(dc->scheduler, i)->next) {
        mdl_job_t *job = mdl_scheduler_job(dc->scheduler, i);
        if (job->share_permille == share_permille)
            continue;
        mdl_dc_earn_stop(dc, job, mdl_job_progress(job, dc->now_s));
        job->share_permille = share_permille;
        if (job->compute_from_s < dc->now_s)
            job->compute_from_s = dc->now_s;
        mdl_dc_earn_start(dc, job);
    }
}

void mdl_dc_resize_replicas(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant)
{
    uint32_t index = service->tenancy;
    mdl_dc_count_service(dc, service);
    mdl_service_load_t load =
        mdl_dc_plan_service(dc, service, mdl_service_replica_gpus(dc->workload, service), instant);
    uint32_t replicas = mdl_service_replicas(dc->workload, &load, count_replicas(dc, index));
    mdl_job_request_t request;

    end_replicas(dc, index, replicas, load.replica_gpus);
    mdl_service_replica(dc->workload, load.replica_gpus, &request);
    for (uint32_t n = count_replicas(dc, index); n < replicas; n++) {
        if (mdl_scheduler_submit(dc->scheduler, dc->cluster, index, dc->now_s, &request) == MDL_NONE)
            break;
    }
    mdl_dc_pass(dc);
    share_load(dc, service, load.load_mgpu);
    mdl_dc_note_service(dc, service);
}

void mdl_dc_resize_all_replicas(mdl_dc_t *dc, const mdl_dc_instant_t *instant)
{
    bool any = false;

    for (uint32_t i = 0; i < dc->state->n_services; i++) {
        if (dc->tenancies[dc->services[i].tenancy].ready_s > dc->now_s)
            continue;
        any = true;
        mdl_dc_resize_replicas(dc, &dc->services[i], instant);
    }
    mdl_dc_set_service_clock(dc, instant, any, true);
}
