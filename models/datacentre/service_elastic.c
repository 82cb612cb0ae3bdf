// SPDX-License-Identifier: GPL-3.0-or-later
/* A service as one elastic job, whose nodes are its replicas. */
#include "models/datacentre/lines.h"

/* Part of the walk over all services: as calls of their own they cost a tenth more. */
#define INLINED static inline __attribute__((always_inline))

/* What services earn changes: the rate of the lines that stop, and the lines that start. */
typedef struct turn {
    int64_t stopped_rate;
    mdl_line_t started;
} turn_t;

/* All that a service has computed is saved, and so useful. What a line that stops has come to stays. */
static inline void earn_on(const mdl_dc_t *dc, const turn_t *by)
{
    mdl_line_t *busy = &dc->state->busy[MDL_JOB_INFERENCE];

    busy->rate += by->started.rate - by->stopped_rate;
    busy->base += by->started.base + by->stopped_rate * dc->now_s;
}

static inline int64_t rate_of(const mdl_job_t *job)
{
    return (int64_t)job->share_permille * job->gpus;
}

/* Before a change of a service's width, load or software, its line being stopped: gives back what that took away if it
 * has not begun. Returns when all that it has now computes. */
static inline int64_t halt(const mdl_dc_t *dc, const mdl_job_t *job)
{
    if (job->compute_from_s <= dc->now_s)
        return dc->now_s;
    int64_t unbegun = rate_of(job) * (job->compute_from_s - dc->now_s);
    dc->state->busy[MDL_JOB_INFERENCE].base += unbegun;
    return job->compute_from_s;
}

/* When a service computes again that had so many GPUs before, which compute from warm_s >= now_s on. Replicas that were
 * added start up; they take their part of the time until then away from all. */
static inline int64_t computes_from_s(const mdl_job_t *job, uint32_t gpus_before, int64_t now_s, int64_t warm_s)
{
    return now_s + ((warm_s - now_s) * gpus_before + (int64_t)job->startup_s * (job->gpus - gpus_before)) / job->gpus;
}

/* Goes on after the change. */
static inline void go_on(const mdl_dc_t *dc, mdl_service_t *service, mdl_job_t *job, uint32_t gpus_before,
                         int64_t warm_s, turn_t *turn)
{
    int64_t from_s = warm_s;
    uint32_t share_permille = mdl_dc_busy_share(service->load_mgpu, job->gpus);

    if (job->gpus > gpus_before) {
        from_s = computes_from_s(job, gpus_before, dc->now_s, warm_s);
        if (from_s > dc->state->young_until_s)
            dc->state->young_until_s = from_s;
    }
    job->compute_from_s = from_s;
    job->share_permille = (uint16_t)share_permille;
    mdl_dc_add_line_(&turn->started, (int64_t)share_permille * job->gpus, from_s);
    mdl_dc_note_width(dc, service, gpus_before, job->gpus);
}

void mdl_dc_stretch_service(mdl_dc_t *dc, mdl_service_t *service, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, service->job);
    uint32_t gpus_before = job->gpus;
    turn_t turn = {.stopped_rate = rate_of(job)};

    mdl_dc_count_elastic(dc, service, job);
    int64_t warm_s = halt(dc, job);
    mdl_scheduler_resize(dc->scheduler, dc->cluster, service->job, gpus);
    go_on(dc, service, job, gpus_before, warm_s, &turn);
    earn_on(dc, &turn);
}

void mdl_dc_shrink_service(mdl_dc_t *dc, mdl_service_t *service, uint32_t node)
{
    mdl_job_t *job = mdl_scheduler_job(dc->scheduler, service->job);
    uint32_t gpus_before = job->gpus;
    turn_t turn = {.stopped_rate = rate_of(job)};

    mdl_dc_count_elastic(dc, service, job);
    int64_t warm_s = halt(dc, job);
    mdl_scheduler_lose_node(dc->scheduler, dc->cluster, service->job, node);
    go_on(dc, service, job, gpus_before, warm_s, &turn);
    earn_on(dc, &turn);
    dc->state->shrunk_service = (uint32_t)(service - dc->services);
}

/* GPUs that a service's elastic job lacks, if one runs. */
static inline uint32_t short_gpus(const mdl_dc_t *dc, const mdl_service_t *service)
{
    const mdl_job_t *job = mdl_dc_service_job(dc, service);

    return job != NULL ? job->wanted_gpus - job->gpus : 0;
}

static void refill(mdl_dc_t *dc, mdl_service_t *service)
{
    mdl_dc_stretch_service(dc, service, mdl_dc_service_job(dc, service)->wanted_gpus);
}

/* Mostly it is the one that has just lost a node. */
void mdl_dc_refill_services(mdl_dc_t *dc)
{
    mdl_service_t *shrunk = dc->services + dc->state->shrunk_service, *end = dc->services + dc->state->n_services;

    if (shrunk < end && dc->scheduler->short_gpus > 0 && short_gpus(dc, shrunk) == dc->scheduler->short_gpus) {
        refill(dc, shrunk);
        return;
    }
    for (mdl_service_t *service = dc->services; service < end && dc->scheduler->short_gpus > 0; service++)
        if (short_gpus(dc, service) > 0)
            refill(dc, service);
}

/* Ends replicas from a time before the grain. */
static void end_replicas(mdl_dc_t *dc, uint32_t index)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(dc->scheduler, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, index);

    while (holding->running_head != MDL_NONE)
        mdl_dc_end_job(dc, holding->running_head, MDL_END_FINISHED);
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
    mdl_dc_count_service(dc, service);
    mdl_service_load_t load = mdl_dc_plan_service(dc, service, MDL_NODE_GPUS, instant);
    uint32_t i = mdl_scheduler_holding(dc->scheduler, service->tenancy)->running_head;
    if (i == MDL_NONE)
        i = mdl_scheduler_tenant(dc->scheduler, service->tenancy)->queue.first;
    if (i != MDL_NONE && !mdl_scheduler_job(dc->scheduler, i)->elastic)
        end_replicas(dc, service->tenancy);
    ask_for(dc, service, &load);
}

static void give_up(mdl_dc_t *dc, mdl_service_t *service)
{
    mdl_dc_end_job(dc, service->job, MDL_END_FINISHED);
    mdl_dc_note_service(dc, service);
}

/* What comes of resizing services, before it is in the books. */
typedef struct round {
    turn_t turn;
    mdl_widths_t widths;
} round_t;

/* Apart, as it is seldom asked for: one that lacks nodes, or of a centre that tells its nodes apart. */
static __attribute__((noinline)) void set_width(mdl_dc_t *dc, const mdl_service_t *service, uint32_t gpus,
                                                mdl_widths_t *widths)
{
    mdl_widths_close(widths, dc->scheduler, dc->cluster);
    if (gpus != mdl_dc_service_job(dc, service)->wanted_gpus || short_gpus(dc, service) > 0)
        mdl_scheduler_resize(dc->scheduler, dc->cluster, service->job, gpus);
    mdl_widths_open(widths, dc->scheduler, dc->cluster);
}

/* One that runs and whose line is stopped, to the load of the interval; false when its load is gone. Most keep their
 * width. */
INLINED bool follow_load(mdl_dc_t *dc, mdl_service_t *service, mdl_job_t *job, const mdl_dc_instant_t *instant,
                         round_t *round)
{
    uint32_t gpus_before = job->gpus;
    mdl_dc_count_elastic(dc, service, job);
    mdl_service_load_t load = mdl_dc_plan_service(dc, service, MDL_NODE_GPUS, instant);
    uint32_t gpus = width_for(dc, &load, job->wanted_gpus);
    if (gpus == 0)
        return false;
    int64_t warm_s = halt(dc, job);
    if ((gpus != gpus_before || gpus != job->wanted_gpus) && !mdl_widths_set(&round->widths, dc->scheduler, job, gpus))
        set_width(dc, service, gpus, &round->widths);
    go_on(dc, service, job, gpus_before, warm_s, &round->turn);
    return true;
}

/* The lines of all that runs for a service are among those that stop, or with a sign of -1 no more. */
static void stop_lines(const mdl_dc_t *dc, const mdl_service_t *service, int64_t sign, turn_t *turn)
{
    uint32_t i = mdl_scheduler_holding(dc->scheduler, service->tenancy)->running_head;

    for (; i != MDL_NONE; i = mdl_scheduler_job(dc->scheduler, i)->next) {
        const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, i);
        turn->stopped_rate += sign * rate_of(job);
    }
}

/* One that does not run as an elastic job, or has no load to run for. What it runs ends, and so do its lines. */
static void resize_other(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant, round_t *round)
{
    stop_lines(dc, service, -1, &round->turn);
    mdl_widths_close(&round->widths, dc->scheduler, dc->cluster);
    if (service->job == MDL_NONE)
        begin(dc, service, instant);
    else
        give_up(dc, service);
    mdl_widths_open(&round->widths, dc->scheduler, dc->cluster);
}

INLINED void open_round(const mdl_dc_t *dc, int64_t stopped_rate, round_t *round)
{
    round->turn = (turn_t){.stopped_rate = stopped_rate};
    mdl_widths_open(&round->widths, dc->scheduler, dc->cluster);
}

INLINED void close_round(const mdl_dc_t *dc, const round_t *round)
{
    mdl_widths_close(&round->widths, dc->scheduler, dc->cluster);
    earn_on(dc, &round->turn);
}

void mdl_dc_resize_elastic(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant)
{
    mdl_job_t *job = mdl_dc_service_job(dc, service);
    round_t round;

    open_round(dc, 0, &round);
    stop_lines(dc, service, 1, &round.turn);
    if (job == NULL || !follow_load(dc, service, job, instant, &round))
        resize_other(dc, service, instant, &round);
    close_round(dc, &round);
}

/* The lines of all services stop as one. The job of the next service is looked up once, when it is fetched: to resize one
 * starts and ends no job of another, as queues are looked at when all are done. */
void mdl_dc_resize_all_elastic(mdl_dc_t *dc, const mdl_dc_instant_t *instant)
{
    mdl_service_t *service = dc->services;
    mdl_job_t *job = dc->state->n_services > 0 ? mdl_dc_service_job(dc, service) : NULL, *next = NULL;
    round_t round;
    bool any = false;

    open_round(dc, dc->state->busy[MDL_JOB_INFERENCE].rate, &round);
    for (uint32_t left = dc->state->n_services; left > 0; left--, service++, job = next) {
        if (left > 1) {
            next = mdl_dc_service_job(dc, service + 1);
            mdl_dc_fetch_run(dc, service + 1);
        }
        if (job == NULL && dc->tenancies[service->tenancy].ready_s > dc->now_s)
            continue;
        any = true;
        if (job == NULL || !follow_load(dc, service, job, instant, &round))
            resize_other(dc, service, instant, &round);
    }
    close_round(dc, &round);
    mdl_dc_set_service_clock(dc, instant, any, true);
}
