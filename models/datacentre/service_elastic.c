// SPDX-License-Identifier: GPL-3.0-or-later
/* A service as one elastic job, whose nodes are its replicas. */
#include "models/datacentre/state.h"

/* Part of the walk over all services: as calls of their own they cost a tenth more. */
#define INLINED static inline __attribute__((always_inline))

/* What a running service earns by time t: rate * (t - from). */
typedef struct line {
    int64_t rate; /* thousandths of GPUs that it keeps busy */
    int64_t from_s;
} line_t;

static inline line_t line_of(uint32_t share_permille, uint32_t gpus, int64_t from_s)
{
    return (line_t){(int64_t)share_permille * gpus, from_s};
}

static inline void turn(mdl_earning_t *self, int64_t done, int64_t rate, int64_t offset)
{
    self->settled_mgpu_s += done;
    self->running.rate += rate;
    self->running.offset += offset;
}

/* Its line, which it has followed up to until_s, stops and another one starts. All that a service has computed is saved,
 * and so useful. */
static inline void earn_on(mdl_datacentre_t *state, const line_t *before, const line_t *now, int64_t until_s)
{
    int64_t done = before->rate * (until_s - before->from_s), rate = now->rate - before->rate;
    int64_t offset = now->rate * now->from_s - before->rate * before->from_s;

    turn(&state->busy[MDL_JOB_INFERENCE], done, rate, offset);
    turn(&state->useful[MDL_JOB_INFERENCE], done, rate, offset);
    if (now->from_s > state->young_until_s)
        state->young_until_s = now->from_s;
}

/* When a service computes again that had so many GPUs before, which compute from warm_s >= now_s on. Replicas that were
 * added start up; they take their part of the time until then away from all. */
static inline int64_t computes_from_s(const mdl_job_t *job, uint32_t gpus_before, int64_t now_s, int64_t warm_s)
{
    if (job->gpus <= gpus_before)
        return warm_s;
    return now_s + ((warm_s - now_s) * gpus_before + (int64_t)job->startup_s * (job->gpus - gpus_before)) / job->gpus;
}

/* Goes on after a change of width, load or software. */
static inline void go_on(const mdl_dc_t *dc, mdl_tenancy_t *tenancy, mdl_job_t *job, uint32_t gpus_before)
{
    int64_t now_s = dc->now_s, warm_s = job->compute_from_s > now_s ? job->compute_from_s : now_s;
    int64_t from_s = computes_from_s(job, gpus_before, now_s, warm_s);
    uint32_t share_permille = mdl_dc_busy_share(tenancy->load_mgpu, job->gpus);
    line_t before = line_of(job->share_permille, gpus_before, job->compute_from_s);
    line_t now = line_of(share_permille, job->gpus, from_s);

    job->start_s = now_s;
    job->compute_from_s = from_s;
    job->share_permille = (uint16_t)share_permille;
    earn_on(dc->state, &before, &now, warm_s);
    mdl_dc_note_width(dc, tenancy, job->gpus);
}

void mdl_dc_stretch_service(mdl_dc_t *dc, uint32_t index, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    mdl_tenancy_t *tenancy = &dc->tenancies[job->tenant];
    uint32_t gpus_before = job->gpus;

    mdl_dc_count_service(dc, tenancy);
    mdl_scheduler_resize(dc->scheduler, dc->cluster, index, gpus);
    go_on(dc, tenancy, job, gpus_before);
}

void mdl_dc_shrink_service(mdl_dc_t *dc, uint32_t index, uint32_t node)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    mdl_tenancy_t *tenancy = &dc->tenancies[job->tenant];
    uint32_t gpus_before = job->gpus;

    mdl_dc_count_service(dc, tenancy);
    mdl_scheduler_lose_node(dc->scheduler, dc->cluster, index, node);
    go_on(dc, tenancy, job, gpus_before);
}

void mdl_dc_refill_services(mdl_dc_t *dc)
{
    for (uint32_t t = dc->state->first_service; t != MDL_NONE && dc->scheduler->short_gpus > 0;
         t = dc->tenancies[t].next_service) {
        uint32_t i = mdl_scheduler_tenant(dc->scheduler, t)->running_head;
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
static void ask_for(mdl_dc_t *dc, uint32_t index, const mdl_service_load_t *load)
{
    uint32_t i = mdl_scheduler_tenant(dc->scheduler, index)->queue.first;
    uint32_t gpus = width_for(dc, load, i == MDL_NONE ? 0 : mdl_scheduler_job(dc->scheduler, i)->wanted_gpus);
    mdl_job_request_t request;

    if (gpus == 0 && i != MDL_NONE) {
        mdl_dc_end_job(dc, i, MDL_END_CANCELLED);
    } else if (gpus > 0 && i != MDL_NONE) {
        mdl_scheduler_resize(dc->scheduler, dc->cluster, i, gpus);
    } else if (gpus > 0) {
        mdl_service_replica(dc->workload, gpus, &request);
        (void)mdl_scheduler_submit(dc->scheduler, dc->cluster, index, dc->now_s, &request);
    }
    mdl_dc_note_service(dc, index);
}

/* A service that does not run as an elastic job, or not at all. */
static void begin(mdl_dc_t *dc, uint32_t index, const mdl_dc_instant_t *instant)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    mdl_service_load_t load = mdl_dc_plan_service(dc, tenancy, MDL_NODE_GPUS, instant);
    uint32_t i = tenant->running > 0 ? tenant->running_head : tenant->queue.first;
    if (i != MDL_NONE && !mdl_scheduler_job(dc->scheduler, i)->elastic)
        end_replicas(dc, index);
    ask_for(dc, index, &load);
}

static void give_up(mdl_dc_t *dc, uint32_t index)
{
    mdl_dc_end_job(dc, mdl_scheduler_tenant(dc->scheduler, index)->running_head, MDL_END_FINISHED);
    mdl_dc_note_service(dc, index);
}

/* One that runs, to the load of the interval; false when its load is gone. */
INLINED bool follow_load(mdl_dc_t *dc, mdl_tenancy_t *tenancy, uint32_t index, mdl_job_t *job,
                         const mdl_dc_instant_t *instant)
{
    uint32_t gpus_before = job->gpus;
    mdl_service_load_t load = mdl_dc_plan_service(dc, tenancy, MDL_NODE_GPUS, instant);
    uint32_t gpus = width_for(dc, &load, job->wanted_gpus);
    if (gpus == 0)
        return false;
    if (gpus != gpus_before || gpus != job->wanted_gpus)
        mdl_scheduler_resize(dc->scheduler, dc->cluster, index, gpus);
    go_on(dc, tenancy, job, gpus_before);
    return true;
}

INLINED void resize(mdl_dc_t *dc, uint32_t index, const mdl_dc_instant_t *instant)
{
    uint32_t i = mdl_scheduler_tenant(dc->scheduler, index)->running_head;
    mdl_job_t *job = i == MDL_NONE ? NULL : mdl_scheduler_job(dc->scheduler, i);

    if (job == NULL || !job->elastic)
        begin(dc, index, instant);
    else if (!follow_load(dc, &dc->tenancies[index], i, job, instant))
        give_up(dc, index);
}

void mdl_dc_resize_elastic(mdl_dc_t *dc, uint32_t index, const mdl_dc_instant_t *instant)
{
    resize(dc, index, instant);
}

bool mdl_dc_resize_all_elastic(mdl_dc_t *dc, const mdl_dc_instant_t *instant)
{
    bool any = false;

    for (uint32_t next, t = dc->state->first_service; t != MDL_NONE; t = next) {
        const mdl_tenancy_t *tenancy = &dc->tenancies[t];
        next = mdl_dc_next_service(dc, tenancy, instant);
        if (tenancy->ready_s > dc->now_s)
            continue;
        any = true;
        resize(dc, t, instant);
    }
    return any;
}
