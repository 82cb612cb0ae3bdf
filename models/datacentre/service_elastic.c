// SPDX-License-Identifier: GPL-3.0-or-later
/* A service as one elastic job, whose nodes are its replicas. */
#include "models/datacentre/state.h"

static uint32_t speed_of(const mdl_dc_t *dc, const mdl_job_t *job)
{
    return mdl_service_speed(dc->workload, mdl_dc_throughput(dc, &dc->tenancies[job->tenant]));
}

/* Goes on after a change of width, load or software. Replicas that were added start up; they take their part of the
 * time until then away from all. */
static void go_on(mdl_dc_t *dc, mdl_job_t *job, uint32_t gpus_before, const mdl_pace_t *before)
{
    int64_t waiting_s = job->compute_from_s > dc->now_s ? job->compute_from_s - dc->now_s : 0;
    uint32_t added = job->gpus > gpus_before ? job->gpus - gpus_before : 0;

    job->start_s = job->compute_from_s = dc->now_s;
    if (added > 0)
        job->compute_from_s += (waiting_s * (job->gpus - added) + (int64_t)job->startup_s * added) / job->gpus;
    else
        job->compute_from_s += waiting_s;
    job->share_permille = mdl_dc_service_share(dc, job);
    job->speed_permille = speed_of(dc, job);
    mdl_dc_earn_on(dc, before, job);
    mdl_dc_note_service(dc, job->tenant);
}

void mdl_dc_stretch_service(mdl_dc_t *dc, uint32_t index, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    uint32_t gpus_before = job->gpus;
    mdl_pace_t before = mdl_dc_pace(job);

    mdl_scheduler_resize(dc->scheduler, dc->cluster, index, gpus);
    go_on(dc, job, gpus_before, &before);
}

void mdl_dc_shrink_service(mdl_dc_t *dc, uint32_t index, uint32_t node)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    uint32_t gpus_before = job->gpus;
    mdl_pace_t before = mdl_dc_pace(job);

    mdl_scheduler_lose_node(dc->scheduler, dc->cluster, index, node);
    go_on(dc, job, gpus_before, &before);
}

void mdl_dc_refill_services(mdl_dc_t *dc)
{
    for (uint32_t t = dc->state->first_tenancy; t != MDL_NONE; t = dc->tenancies[t].next) {
        uint32_t i = mdl_scheduler_tenant(dc->scheduler, t)->running_head;
        const mdl_job_t *job = i == MDL_NONE ? NULL : mdl_scheduler_job(dc->scheduler, i);
        if (job != NULL && job->wanted_gpus > job->gpus)
            mdl_dc_stretch_service(dc, i, job->wanted_gpus);
    }
}

/* The service's job, running or queued; MDL_NONE: there is none. Replicas from a time before the grain are ended. */
static uint32_t find_job(mdl_dc_t *dc, uint32_t index)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    uint32_t i = tenant->running > 0 ? tenant->running_head : tenant->queue.first;

    if (i == MDL_NONE || mdl_scheduler_job(dc->scheduler, i)->elastic)
        return i;
    while (tenant->running > 0)
        mdl_dc_end_job(dc, tenant->running_head, MDL_END_FINISHED);
    while (tenant->queued > 0)
        mdl_dc_end_job(dc, tenant->queue.first, MDL_END_CANCELLED);
    return MDL_NONE;
}

/* Most resizings change the load and not the width: then all nodes go on as they are. */
static void follow_load(mdl_dc_t *dc, uint32_t index, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    mdl_pace_t before;

    if (gpus != job->gpus || gpus != job->wanted_gpus) {
        mdl_dc_stretch_service(dc, index, gpus);
        return;
    }
    before = mdl_dc_pace(job);
    go_on(dc, job, gpus, &before);
}

void mdl_dc_resize_elastic(mdl_dc_t *dc, uint32_t index, const mdl_service_load_t *load)
{
    const mdl_workload_settings_t *workload = dc->workload;
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    uint32_t i = find_job(dc, index);
    uint32_t present = i == MDL_NONE ? 0 : mdl_scheduler_job(dc->scheduler, i)->wanted_gpus / MDL_NODE_GPUS;
    uint32_t gpus = mdl_service_replicas(workload, load, present) * load->replica_gpus;
    mdl_job_request_t request;

    if (gpus > 0 && tenant->running > 0) {
        follow_load(dc, i, gpus);
        return;
    }
    if (gpus == 0 && i != MDL_NONE) {
        mdl_dc_end_job(dc, i, tenant->running > 0 ? MDL_END_FINISHED : MDL_END_CANCELLED);
    } else if (gpus > 0 && i != MDL_NONE) {
        mdl_scheduler_resize(dc->scheduler, dc->cluster, i, gpus);
    } else if (gpus > 0) {
        mdl_service_replica(workload, mdl_dc_throughput(dc, &dc->tenancies[index]), gpus, &request);
        (void)mdl_scheduler_submit(dc->scheduler, dc->cluster, index, dc->now_s, &request);
    }
    mdl_dc_note_service(dc, index);
}
