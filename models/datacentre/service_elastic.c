// SPDX-License-Identifier: GPL-3.0-or-later
/* A service as one elastic job, whose nodes are its replicas. */
#include "models/datacentre/state.h"
#include "models/scheduler/elastic_inline.h"

/* Part of the walk over all services: as calls of their own they cost a tenth more. */
#define INLINED static inline __attribute__((always_inline))

/* Thousandths of GPUs that a service keeps busy, the same times its speed, and from when on. */
typedef struct pace {
    int64_t rate, work_rate, from_s;
    uint32_t speed_permille;
} pace_t;

/* Of a number that is not negative: without a sign to mind it is shorter. */
static inline int64_t thousandth(int64_t x)
{
    return (int64_t)((uint64_t)x / 1000);
}

static inline pace_t pace_of(const mdl_job_t *job)
{
    int64_t rate = (int64_t)job->share_permille * job->gpus;

    return (pace_t){.rate = rate,
                    .work_rate = thousandth(rate * job->speed_permille),
                    .from_s = job->compute_from_s,
                    .speed_permille = job->speed_permille};
}

static inline void turn(mdl_earning_t *self, int64_t done, int64_t rate, int64_t offset)
{
    self->settled_mgpu_s += done;
    self->running.rate += rate;
    self->running.offset += offset;
}

/* Its lines stop and start in one. All that a service has computed is saved, so what it did is its rate times the time. */
static inline void earn_on(mdl_dc_t *dc, const pace_t *before, const pace_t *now)
{
    mdl_datacentre_t *state = dc->state;
    int64_t done = dc->now_s > before->from_s ? before->rate * (dc->now_s - before->from_s) : 0;
    int64_t rate = now->rate - before->rate, offset = now->rate * now->from_s - before->rate * before->from_s;
    int64_t whole = thousandth(done), rest = done - 1000 * whole;

    turn(&state->busy[MDL_JOB_INFERENCE], done, rate, offset);
    turn(&state->useful[MDL_JOB_INFERENCE], done, rate, offset);
    turn(&state->work[MDL_JOB_INFERENCE], whole * before->speed_permille + thousandth(rest * before->speed_permille),
         now->work_rate - before->work_rate, now->work_rate * now->from_s - before->work_rate * before->from_s);
    if (now->from_s > state->young_until_s)
        state->young_until_s = now->from_s;
}

/* Goes on after a change of width, load or software. Replicas that were added start up; they take their part of the
 * time until then away from all. */
static inline void go_on(mdl_dc_t *dc, mdl_tenancy_t *tenancy, mdl_job_t *job, uint32_t gpus_before,
                         const pace_t *before)
{
    int64_t waiting_s = job->compute_from_s > dc->now_s ? job->compute_from_s - dc->now_s : 0;
    uint32_t added = job->gpus > gpus_before ? job->gpus - gpus_before : 0;

    if (added > 0)
        waiting_s = (waiting_s * (job->gpus - added) + (int64_t)job->startup_s * added) / job->gpus;
    job->start_s = dc->now_s;
    job->compute_from_s = dc->now_s + waiting_s;
    job->share_permille = mdl_dc_busy_share(tenancy->load_mgpu, job->gpus);
    job->speed_permille = mdl_service_speed(dc->workload, mdl_dc_throughput(dc, tenancy));
    pace_t now = pace_of(job);
    earn_on(dc, before, &now);
    mdl_dc_note_width(dc, tenancy, job->gpus);
}

INLINED void stretch(mdl_dc_t *dc, mdl_tenancy_t *tenancy, uint32_t index, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    uint32_t gpus_before = job->gpus;
    pace_t before = pace_of(job);

    if (gpus != gpus_before || gpus != job->wanted_gpus)
        mdl_scheduler_resize_(dc->scheduler, dc->cluster, index, gpus);
    go_on(dc, tenancy, job, gpus_before, &before);
}

void mdl_dc_stretch_service(mdl_dc_t *dc, uint32_t index, uint32_t gpus)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[mdl_scheduler_job(dc->scheduler, index)->tenant];

    mdl_dc_count_service(dc, tenancy);
    stretch(dc, tenancy, index, gpus);
}

void mdl_dc_shrink_service(mdl_dc_t *dc, uint32_t index, uint32_t node)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);
    mdl_tenancy_t *tenancy = &dc->tenancies[job->tenant];
    uint32_t gpus_before = job->gpus;
    pace_t before = pace_of(job);

    mdl_dc_count_service(dc, tenancy);
    mdl_scheduler_lose_node(dc->scheduler, dc->cluster, index, node);
    go_on(dc, tenancy, job, gpus_before, &before);
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
        mdl_service_replica(dc->workload, mdl_dc_throughput(dc, &dc->tenancies[index]), gpus, &request);
        (void)mdl_scheduler_submit(dc->scheduler, dc->cluster, index, dc->now_s, &request);
    }
    mdl_dc_note_service(dc, index);
}

static void give_up(mdl_dc_t *dc, uint32_t index, uint32_t job)
{
    mdl_dc_end_job(dc, job, MDL_END_FINISHED);
    mdl_dc_note_service(dc, index);
}

/* A service that does not run as an elastic job, or not at all. */
static void begin(mdl_dc_t *dc, uint32_t index, const mdl_service_load_t *load)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    uint32_t i = tenant->running > 0 ? tenant->running_head : tenant->queue.first;

    if (i != MDL_NONE && !mdl_scheduler_job(dc->scheduler, i)->elastic)
        end_replicas(dc, index);
    ask_for(dc, index, load);
}

INLINED void resize(mdl_dc_t *dc, uint32_t index, const mdl_dc_instant_t *instant)
{
    mdl_service_load_t load = mdl_dc_plan_service(dc, index, instant);
    uint32_t i = mdl_scheduler_tenant(dc->scheduler, index)->running_head;

    if (i == MDL_NONE || !mdl_scheduler_job(dc->scheduler, i)->elastic) {
        begin(dc, index, &load);
        return;
    }
    uint32_t gpus = width_for(dc, &load, mdl_scheduler_job(dc->scheduler, i)->wanted_gpus);
    if (gpus > 0)
        stretch(dc, &dc->tenancies[index], i, gpus);
    else
        give_up(dc, index, i);
}

void mdl_dc_resize_elastic(mdl_dc_t *dc, uint32_t index, const mdl_dc_instant_t *instant)
{
    resize(dc, index, instant);
}

bool mdl_dc_resize_all_elastic(mdl_dc_t *dc, const mdl_dc_instant_t *instant)
{
    bool any = false;

    for (uint32_t next, t = mdl_dc_ready_service(dc, dc->state->first_service, instant, &next); t != MDL_NONE;
         t = mdl_dc_ready_service(dc, next, instant, &next)) {
        any = true;
        resize(dc, t, instant);
    }
    return any;
}
