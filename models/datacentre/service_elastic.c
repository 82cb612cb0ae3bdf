// SPDX-License-Identifier: GPL-3.0-or-later
/* A service as one elastic job, whose nodes are its replicas. */
#include "models/datacentre/lines.h"

/* Part of the walk over all services: as calls of their own they cost a tenth more. */
#define INLINED static inline __attribute__((always_inline))

/* What services earn changes: the lines rate * (t - from) that stop, and those that start. */
typedef struct turn {
    mdl_lines_t stopped, started;
    int64_t unbegun; /* rate * seconds until they would have begun, of those stopped that had not */
} turn_t;

/* All that a service has computed is saved, and so useful. */
static inline void turn(mdl_earning_t *self, const turn_t *by, int64_t now_s)
{
    self->settled_mgpu_s += by->stopped.rate * now_s - by->stopped.offset + by->unbegun;
    self->running.rate += by->started.rate - by->stopped.rate;
    self->running.offset += by->started.offset - by->stopped.offset;
}

static inline void earn_on(const mdl_dc_t *dc, const turn_t *by)
{
    turn(&dc->state->busy[MDL_JOB_INFERENCE], by, dc->now_s);
    turn(&dc->state->useful[MDL_JOB_INFERENCE], by, dc->now_s);
}

/* A service's line stops: before a change of its width, load or software. */
static inline void halt(const mdl_dc_t *dc, const mdl_job_t *job, turn_t *turn)
{
    int64_t rate = (int64_t)job->share_permille * job->gpus;

    mdl_dc_add_line_(&turn->stopped, rate, job->compute_from_s);
    if (job->compute_from_s > dc->now_s)
        turn->unbegun += rate * (job->compute_from_s - dc->now_s);
}

/* When a service computes again that had so many GPUs before, which compute from warm_s >= now_s on. Replicas that were
 * added start up; they take their part of the time until then away from all. */
static inline int64_t computes_from_s(const mdl_job_t *job, uint32_t gpus_before, int64_t now_s, int64_t warm_s)
{
    return now_s + ((warm_s - now_s) * gpus_before + (int64_t)job->startup_s * (job->gpus - gpus_before)) / job->gpus;
}

/* Goes on after the change. */
static inline void go_on(const mdl_dc_t *dc, mdl_service_t *service, mdl_job_t *job, uint32_t gpus_before, turn_t *turn)
{
    int64_t now_s = dc->now_s, from_s = job->compute_from_s > now_s ? job->compute_from_s : now_s;
    uint32_t share_permille = mdl_dc_busy_share(service->load_mgpu, job->gpus);

    if (job->gpus > gpus_before) {
        from_s = computes_from_s(job, gpus_before, now_s, from_s);
        if (from_s > dc->state->young_until_s)
            dc->state->young_until_s = from_s;
    }
    job->start_s = now_s;
    job->compute_from_s = from_s;
    job->share_permille = (uint16_t)share_permille;
    mdl_dc_add_line_(&turn->started, (int64_t)share_permille * job->gpus, from_s);
    mdl_dc_note_width(dc, service, job->gpus);
}

void mdl_dc_stretch_service(mdl_dc_t *dc, uint32_t index, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    mdl_service_t *service = mdl_dc_service(dc, job->tenant);
    uint32_t gpus_before = job->gpus;
    turn_t turn = {0};

    mdl_dc_count_service(dc, service);
    halt(dc, job, &turn);
    mdl_scheduler_resize(dc->scheduler, dc->cluster, index, gpus);
    go_on(dc, service, job, gpus_before, &turn);
    earn_on(dc, &turn);
}

void mdl_dc_shrink_service(mdl_dc_t *dc, uint32_t index, uint32_t node)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    mdl_service_t *service = mdl_dc_service(dc, job->tenant);
    uint32_t gpus_before = job->gpus;
    turn_t turn = {0};

    mdl_dc_count_service(dc, service);
    halt(dc, job, &turn);
    mdl_scheduler_lose_node(dc->scheduler, dc->cluster, index, node);
    go_on(dc, service, job, gpus_before, &turn);
    earn_on(dc, &turn);
}

void mdl_dc_refill_services(mdl_dc_t *dc)
{
    for (uint32_t s = 0; s < dc->state->services && dc->scheduler->short_gpus > 0; s++) {
        uint32_t i = dc->services[s].job;
        const mdl_job_t *job = i == MDL_NONE ? NULL : mdl_scheduler_job(dc->scheduler, i);
        if (job != NULL && job->wanted_gpus > job->gpus)
            mdl_dc_stretch_service(dc, i, job->wanted_gpus);
    }
}

/* Ends replicas from a time before the grain. */
static void end_replicas(mdl_dc_t *dc, uint32_t index)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);

    while (tenant->running > 0)
        mdl_dc_end_job(dc, tenant->running_head, MDL_END_FINISHED);
    while (tenant->queued > 0)
        mdl_dc_end_job(dc, tenant->queue.first, MDL_END_CANCELLED);
}

/* A service's width under a load, when it asked for another before. */
static inline uint32_t width_for(const mdl_dc_t *dc, const mdl_service_load_t *load, uint32_t wanted_gpus)
{
    return mdl_service_replicas(dc->workload, load, wanted_gpus / MDL_NODE_GPUS) * load->replica_gpus;
}

/* A service that does not run: it is submitted, waits for another width, or is given up. */
static void ask_for(mdl_dc_t *dc, mdl_service_t *service, const mdl_service_load_t *load)
{
    uint32_t i = mdl_scheduler_tenant(dc->scheduler, service->tenancy)->queue.first;
    uint32_t gpus = width_for(dc, load, i == MDL_NONE ? 0 : mdl_scheduler_job(dc->scheduler, i)->wanted_gpus);
    mdl_job_request_t request;

    if (gpus == 0 && i != MDL_NONE) {
        mdl_dc_end_job(dc, i, MDL_END_CANCELLED);
    } else if (gpus > 0 && i != MDL_NONE) {
        mdl_scheduler_resize(dc->scheduler, dc->cluster, i, gpus);
    } else if (gpus > 0) {
        mdl_service_replica(dc->workload, gpus, &request);
        (void)mdl_scheduler_submit(dc->scheduler, dc->cluster, service->tenancy, dc->now_s, &request);
    }
    mdl_dc_note_service(dc, service);
}

/* A service that does not run as an elastic job, or not at all. */
static void begin(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, service->tenancy);
    mdl_service_load_t load = mdl_dc_plan_service(dc, service, MDL_NODE_GPUS, instant);
    uint32_t i = tenant->running > 0 ? tenant->running_head : tenant->queue.first;
    if (i != MDL_NONE && !mdl_scheduler_job(dc->scheduler, i)->elastic)
        end_replicas(dc, service->tenancy);
    ask_for(dc, service, &load);
}

static void give_up(mdl_dc_t *dc, mdl_service_t *service)
{
    mdl_dc_end_job(dc, service->job, MDL_END_FINISHED);
    mdl_dc_note_service(dc, service);
}

/* One that runs, to the load of the interval. */
INLINED void follow_load(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant, turn_t *turn)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, service->job);
    uint32_t gpus_before = job->gpus;
    mdl_service_load_t load = mdl_dc_plan_service(dc, service, MDL_NODE_GPUS, instant);
    uint32_t gpus = width_for(dc, &load, job->wanted_gpus);
    if (gpus == 0) {
        give_up(dc, service);
        return;
    }
    halt(dc, job, turn);
    if ((gpus != gpus_before || gpus != job->wanted_gpus) &&
        !mdl_scheduler_resize_alone(dc->scheduler, dc->cluster, service->tenancy, job, gpus))
        mdl_scheduler_resize(dc->scheduler, dc->cluster, service->job, gpus);
    go_on(dc, service, job, gpus_before, turn);
}

void mdl_dc_resize_elastic(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant)
{
    turn_t turn = {0};

    if (service->job == MDL_NONE) {
        begin(dc, service, instant);
        return;
    }
    follow_load(dc, service, instant, &turn);
    earn_on(dc, &turn);
}

bool mdl_dc_resize_all_elastic(mdl_dc_t *dc, const mdl_dc_instant_t *instant)
{
    const mdl_service_t *end = dc->services + dc->state->services;
    bool any = false;
    turn_t turn = {0};

    for (mdl_service_t *service = dc->services; service < end; service++) {
        if (service + 1 < end)
            mdl_dc_fetch_run(dc, service + 1);
        if (service->job != MDL_NONE)
            follow_load(dc, service, instant, &turn);
        else if (dc->tenancies[service->tenancy].ready_s <= dc->now_s)
            begin(dc, service, instant);
        else
            continue;
        any = true;
    }
    earn_on(dc, &turn);
    return any;
}
