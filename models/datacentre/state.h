// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of a data centre: what lies in its LP's state block, and what the files of this folder share. */
#ifndef MDL_DATACENTRE_STATE_H
#define MDL_DATACENTRE_STATE_H

#include "models/datacentre/datacentre.h"
#include "models/hardware/failure.h"
#include "models/hardware/power.h"
#include "models/params/purpose.h"
#include "models/workload/service.h"
#include "sim/fetch.h"

/* The centre's own events, after the economy's messages. */
enum mdl_datacentre_event {
    MDL_DC_JOB_END = MDL_DC_CLOSE + 1, /* entity = job */
    MDL_DC_JOB_DUE,                    /* a stream's next job; entity = tenancy */
    MDL_DC_GANG_DUE,                   /* a gang's next run; entity = tenancy, a = ordinal, b = generation */
    MDL_DC_SERVICE_READY,              /* a service's software is ported; entity = tenancy */
    MDL_DC_SERVICES_DUE,               /* all services are resized */
    MDL_DC_FAILURE,
    MDL_DC_REPAIR,      /* entity = node */
    MDL_DC_MAINTENANCE, /* the next nodes are serviced */
    MDL_DC_SERVICED,    /* of a pool: a = nodes that come back */
    MDL_DC_REVIEW,      /* the scheduler looks at its queues again */
    MDL_DC_LENDING,     /* idle quota is lent from now on, or no longer */
    MDL_DC_EVENTS
};

/* At one instant: orders first, then new jobs, then ends; starts follow each. */
enum mdl_datacentre_priority { MDL_DC_FIRST, MDL_DC_DUE, MDL_DC_ENDS };

/* Whether services' next resizing is in the calendar, and the noise of all of them has been drawn for its day. */
enum mdl_dc_serving { MDL_DC_SERVES_NOBODY, MDL_DC_SERVES, MDL_DC_SERVES_DRAWN };

/* What has come together by time t: rate * t + base. What goes on at a rate from some time on adds a line
 * rate * (t - from), and when it ends what came of it stays in `base`. */
typedef struct mdl_line {
    int64_t rate;
    int64_t base;
} mdl_line_t;

static inline int64_t mdl_line_at(const mdl_line_t *self, int64_t t)
{
    return self->rate * t + self->base;
}

/* In order of who asks, by cache lines: every event; each report two more, of which jobs and services that start, end or
 * change ask for the first; pre-training and reviews; jobs and services again; failures and repairs; the rest. */
typedef struct mdl_datacentre {
    sim_ref_t cluster, scheduler, tenancies, services, shared; /* 0 once retired */
    int64_t young_until_s;                                     /* from here on the lines of all jobs so far count */
    uint32_t n_contracts;                                      /* that run, */
    uint32_t n_services;                                       /* and so many that serve */
    uint32_t leased_nodes;
    bool closed;
    uint8_t serving; /* enum mdl_dc_serving */
    bool reviewing;  /* and the scheduler's next review */
    bool eventful;   /* something has happened since the last report: the next one sees whether the centre is cramped */

    /* What running jobs have computed for certain, jobs past the beginning of their lines only, and what ended attempts
     * did: thousandths of GPU seconds. */
    _Alignas(64) mdl_line_t busy[MDL_JOB_CLASSES];

    int64_t powered_base_node_s, leased_base_node_s; /* node seconds by t: nodes * t + base */
    int64_t noted_powered_gpu_s, noted_leased_gpu_s, noted_busy_gpu_s, noted_inference_gpu_s; /* at the last report */
    int64_t use_due_s;      /* when the recording interval under way ends */
    uint32_t powered_nodes; /* as the cluster says; 0 once closed */
    uint32_t longest_lag_s; /* from any job's start until its lines count; UINT32_MAX: that or more */

    mdl_line_t training_work; /* thousandths of useful GPU seconds in H100-equivalents */
    int64_t noted_training_gpu_s;
    int64_t review_s; /* the scheduler's next review; SIM_NEVER: none */
    sim_handle_t review;
    uint32_t next_serviced; /* node whose turn is next in planned maintenance */

    mdl_line_t unsaved[MDL_JOB_CLASSES]; /* part of `busy` that is not useful: not saved yet, or lost */
    int64_t service_load_mgpu_s, service_met_mgpu_s;

    int64_t failure_s;        /* when nodes fail next; SIM_NEVER: nothing is in the calendar */
    sim_handle_t failure;     /* its event */
    uint64_t failure_ordinal; /* of that failure, */
    int64_t repair_s;         /* how long it takes */
    uint32_t failing_node;    /* which it hits, */
    uint32_t drawn_powered;   /* as drawn among so many nodes; 0: not yet */
    int64_t up_base_node_s;
    uint32_t up_nodes; /* as the cluster says; 0 once closed */
    uint32_t node_failures;
    uint32_t shrunk_service; /* the last to lose a node: its place then */

    _Alignas(64) uint64_t generation;
    uint32_t lent_nodes; /* leased when idle quota was lent last; MDL_NONE: to be lent anew */
    uint32_t tenancy_capacity;
    bool borrowing;   /* idle quota is lent */
    bool maintaining; /* the next turn is in the calendar */
    uint8_t classes;  /* bits of those that a contract has had */
    int64_t use_s;
    mdl_power_t power;
    _Alignas(64) mdl_datacentre_use_t use; /* as read at use_s */

    int64_t maintenance_every_s, maintenance_length_s; /* each node's turn; how long it is down */
    mdl_line_t racked;                                 /* node seconds */
    mdl_datacentre_spec_t spec;
    mdl_datacentre_meter_t meter; /* as last read */
} mdl_datacentre_t;

/* Bytes of its beginning that every window asks for, that events do besides, and then whoever counts what is used. */
#define MDL_DC_WINDOW_BYTES 192
#define MDL_DC_EVENT_BYTES  384
#define MDL_DC_USE_BYTES    offsetof(mdl_datacentre_t, maintenance_every_s)

_Static_assert(offsetof(mdl_datacentre_t, eventful) < 64, "every event asks for one cache line");
_Static_assert(offsetof(mdl_datacentre_t, busy) == 64 &&
                   offsetof(mdl_datacentre_t, longest_lag_s) < MDL_DC_WINDOW_BYTES,
               "a report that has nothing to say of pre-training asks for three");
_Static_assert(offsetof(mdl_datacentre_t, unsaved[MDL_JOB_FINETUNE]) == 256 &&
                   offsetof(mdl_datacentre_t, service_met_mgpu_s) < 320,
               "what jobs and services leave unsaved and unserved stands in one");
_Static_assert(offsetof(mdl_datacentre_t, failure_s) == 320 &&
                   offsetof(mdl_datacentre_t, shrunk_service) < MDL_DC_EVENT_BYTES,
               "failures and repairs ask for one");

/* A contract that runs, in the list of them in order of start, with what sharing out nodes asks of it. Behind each other:
 * whoever goes through contracts knows where all of them are before the first has come from memory. */
typedef struct mdl_dc_contract {
    uint32_t tenancy;
    uint32_t number; /* the economy's */
    uint32_t nodes;  /* of its terms */
    uint32_t granted_nodes;
    uint32_t supplied_nodes; /* granted when its supply of jobs was last planned */
    mdl_job_class_t job_class;
} mdl_dc_contract_t;

/* What follows from the parameters and the GPU type alone, once for all centres that have them in common: they are few,
 * and so it stays in a core's cache. */
typedef struct mdl_dc_shared {
    mdl_workload_settings_t workload;
    mdl_failure_rates_t failures;
    mdl_params_t params; /* what it was made of, */
    int32_t gpu_type;
    uint32_t users; /* and centres that refer to it */
} mdl_dc_shared_t;

/* A data centre as its handlers see it, for the length of one event (lp set) or of one call at a boundary. */
typedef struct mdl_dc {
    sim_lp_t *lp;
    mdl_datacentre_t *state;
    mdl_cluster_t *cluster;
    mdl_scheduler_t *scheduler;
    mdl_tenancy_t *tenancies;
    mdl_service_t *services;
    const mdl_workload_settings_t *workload;
    int64_t now_s;
    sim_status_t status; /* first failure of the event */
} mdl_dc_t;

mdl_dc_t mdl_dc_view(const sim_arena_t *arena, mdl_datacentre_t *state, int64_t now_s);

/* The list of contracts stands behind the tenancies, in one block with them. */
static inline size_t mdl_dc_tenancy_bytes(uint32_t tenancies)
{
    return tenancies * (sizeof(mdl_tenancy_t) + sizeof(mdl_dc_contract_t));
}
static inline mdl_dc_contract_t *mdl_dc_contracts(const mdl_dc_t *dc)
{
    return (mdl_dc_contract_t *)(void *)(dc->tenancies + dc->scheduler->tenants);
}

/* The service of a contract that serves. */
static inline mdl_service_t *mdl_dc_service(const mdl_dc_t *dc, uint32_t tenancy)
{
    return &dc->services[dc->tenancies[tenancy].service];
}

/* The elastic job that runs for a service, or NULL. */
static inline mdl_job_t *mdl_dc_service_job(const mdl_dc_t *dc, const mdl_service_t *service)
{
    return service->job != MDL_NONE ? mdl_scheduler_job(dc->scheduler, service->job) : NULL;
}

/* Starts to fetch what a resizing asks for: the service, and once that has come, its job. Going through services these
 * are called for those that come next: most of a walk is waiting for memory otherwise. */
SIM_FETCH void mdl_dc_fetch_service(const mdl_service_t *service)
{
    __builtin_prefetch(service);
}

SIM_FETCH void mdl_dc_fetch_run(const mdl_dc_t *dc, const mdl_service_t *service)
{
    __builtin_prefetch(mdl_dc_service_job(dc, service)); /* of NULL nothing is fetched */
}

/* The same for a job that starts. */
SIM_FETCH void mdl_dc_fetch_start(const mdl_dc_t *dc, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, index);

    __builtin_prefetch(job);
    __builtin_prefetch(&job->end_event);
}

/* Shared settings (shared.c): makes the centre work by these parameters from now on, its own grain in them; and by none,
 * when it is retired. */
sim_status_t mdl_dc_share(sim_world_t *world, uint32_t lp, const mdl_params_t *params, sim_error_t *err);
void mdl_dc_unshare(sim_arena_t *arena, mdl_datacentre_t *state);
static inline const mdl_workload_settings_t *mdl_dc_workload(const sim_arena_t *arena, const mdl_datacentre_t *state)
{
    return &((const mdl_dc_shared_t *)sim_arena_at(arena, state->shared))->workload;
}
static inline const mdl_failure_rates_t *mdl_dc_failures(const sim_arena_t *arena, const mdl_datacentre_t *state)
{
    return &((const mdl_dc_shared_t *)sim_arena_at(arena, state->shared))->failures;
}

/* Blocks and how large they are (pools.c): which of them are more than half full. */
static inline bool mdl_dc_lacks_tenancies(const mdl_datacentre_t *state, const mdl_scheduler_t *scheduler)
{
    return 2 * state->n_contracts > scheduler->tenants;
}
static inline bool mdl_dc_lacks_jobs(const mdl_cluster_t *cluster, const mdl_scheduler_t *scheduler)
{
    return cluster->pooled && 2 * (scheduler->queued + scheduler->running) > scheduler->jobs;
}
sim_status_t mdl_dc_allocate(sim_arena_t *arena, mdl_datacentre_t *state, uint32_t tenancies, mdl_policy_t policy,
                             bool fabric, sim_error_t *err);
/* Room for as many jobs as a centre of its grain is born with, if it has been given less. */
sim_status_t mdl_dc_reserve_jobs(sim_arena_t *arena, mdl_datacentre_t *state, sim_error_t *err);

/* Schedules an event of the centre; failures go to dc->status. */
static inline void mdl_dc_schedule(mdl_dc_t *dc, int64_t delay_s, const sim_event_t *event, unsigned priority,
                                   sim_handle_t *handle)
{
    sim_status_t status = sim_schedule(dc->lp, delay_s, event, priority, handle);

    if (status < 0 && dc->status == SIM_OK)
        dc->status = status;
}

/* Puts a job into its contract's queue, or starts it where nobody waits. */
void mdl_dc_submit(mdl_dc_t *dc, uint32_t tenancy, const mdl_job_request_t *request);

/* Jobs (jobs.c): settles and ends one, or puts one back into the queue. */
void mdl_dc_end_job(mdl_dc_t *dc, uint32_t job, mdl_job_end_t end);
void mdl_dc_requeue_job(mdl_dc_t *dc, uint32_t job);
void mdl_dc_stop_job(mdl_dc_t *dc, uint32_t job); /* the same after a checkpoint */
void mdl_dc_on_job_end(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_review(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_look_at_queues(mdl_dc_t *dc); /* a scheduler's pass */
void mdl_dc_follow_review(mdl_dc_t *dc);  /* sets the clock to the scheduler's next review */

/* Contracts (contracts.c). */
void mdl_dc_on_contract_start(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_contract_resize(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_contract_end(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_close(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_lending(mdl_dc_t *dc, const sim_event_t *event);
/* Shares out powered nodes in order of start; new_terms: of a contract that has started or changed. */
void mdl_dc_grant_nodes(mdl_dc_t *dc, uint32_t powered, bool new_terms);

/* Where jobs come from (supply.c). */
void mdl_dc_plan(mdl_dc_t *dc, uint32_t tenancy);   /* numbers only */
void mdl_dc_supply(mdl_dc_t *dc, uint32_t tenancy); /* plans anew and sets timers to match */
static inline double mdl_dc_throughput(const mdl_dc_t *dc, const mdl_tenancy_t *tenancy)
{
    return tenancy->ported ? 1 : dc->workload->port_throughput;
}
/* Stands `rng` at the address of a tenancy's job. */
static inline void mdl_dc_stand_at(const mdl_dc_t *dc, const mdl_tenancy_t *tenancy, uint64_t ordinal, sim_rng_t *rng)
{
    sim_lp_rng(dc->lp, rng, tenancy->entity, MDL_PURPOSE_JOB + (uint64_t)tenancy->job_class, ordinal);
}
/* Sets the one timer of a stream or a service; a delay beyond all horizons sets none. */
static inline void mdl_dc_set_timer(mdl_dc_t *dc, uint32_t index, uint32_t type, int64_t delay_s)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    tenancy->timer_s = delay_s > SIM_NEVER / 2 - dc->now_s ? SIM_NEVER : dc->now_s + delay_s;
    if (tenancy->timer_s != SIM_NEVER)
        mdl_dc_schedule(dc, delay_s, &(sim_event_t){.type = type, .entity = index}, MDL_DC_DUE, &tenancy->timer);
}

/* Streams (supply_stream.c). */
void mdl_dc_on_job_due(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_supply_stream(mdl_dc_t *dc, uint32_t tenancy, double old_gap_s);
const mdl_stream_settings_t *mdl_dc_stream_settings(const mdl_dc_t *dc, const mdl_tenancy_t *tenancy);

/* Gangs (supply_gangs.c). */
void mdl_dc_on_gang_due(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_supply_gangs(mdl_dc_t *dc, uint32_t tenancy);
void mdl_dc_gang_rest(mdl_dc_t *dc, uint32_t tenancy, int64_t after_s); /* schedules a gang's next run, if it has one */

/* The elastic ladder of gangs (ladder.c): after a failure gangs that are back in the queue take a lower rung if they
 * must, after a repair gangs on lower rungs their full width if they can. */
void mdl_dc_climb_down(mdl_dc_t *dc);
void mdl_dc_climb_up(mdl_dc_t *dc);

/* Services (supply_service.c). */
void mdl_dc_on_service_ready(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_services_due(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_supply_service(mdl_dc_t *dc, uint32_t tenancy);
/* Lets the days' noise be drawn anew, by the parameters in force, when services are resized next. */
void mdl_dc_forget_noise(const mdl_dc_t *dc);
/* The busy share of so many GPUs under a load; and of a replica that starts. Thousandths. */
static inline uint32_t mdl_dc_busy_share(int64_t load_mgpu, uint32_t gpus)
{
    return load_mgpu < 1000 * (int64_t)gpus ? (uint32_t)(load_mgpu / gpus) : 1000;
}
static inline uint16_t mdl_dc_service_share(const mdl_service_t *service, const mdl_job_t *replica)
{
    return (uint16_t)(replica->elastic ? mdl_dc_busy_share(service->load_mgpu, replica->gpus)
                                       : service->share_permille);
}

/* What the services of a centre have in common at a resizing. */
typedef struct mdl_dc_instant {
    double wave;
    int64_t from_s;   /* the interval's start */
    int64_t from_day; /* of the days whose noise is drawn at once, */
    int64_t day;      /* counted from there */
} mdl_dc_instant_t;

_Static_assert((MDL_NOISE_DAYS & (MDL_NOISE_DAYS - 1)) == 0, "days are told apart without a division");

static inline mdl_dc_instant_t mdl_dc_service_instant(const mdl_dc_t *dc)
{
    mdl_service_interval_t interval = mdl_service_interval_at(dc->workload, dc->now_s);
    int64_t behind = interval.day & (MDL_NOISE_DAYS - 1);

    return (mdl_dc_instant_t){
        .wave = interval.wave, .from_s = interval.from_s, .from_day = interval.day - behind, .day = behind};
}

/* Sets the clock of all services to the next interval, or stops it when nobody serves. drawn: the noise of all of them
 * is that of the instant's day. */
static inline void mdl_dc_set_service_clock(mdl_dc_t *dc, const mdl_dc_instant_t *instant, bool serving, bool drawn)
{
    int64_t next_s = instant->from_s + dc->workload->service_interval_s;
    bool same_days = next_s < (instant->from_day + MDL_NOISE_DAYS) * SIM_DAY_S;

    dc->state->serving = !serving ? MDL_DC_SERVES_NOBODY : drawn && same_days ? MDL_DC_SERVES_DRAWN : MDL_DC_SERVES;
    if (serving)
        mdl_dc_schedule(dc, next_s - dc->now_s, &(sim_event_t){.type = MDL_DC_SERVICES_DUE}, MDL_DC_DUE, NULL);
}

/* Counts the load of a service that has had so many GPUs since it was last counted, and what of it came while warm
 * replicas sufficed. Before its load, its need or what it has changes. */
static inline void mdl_dc_count_load_(const mdl_dc_t *dc, mdl_service_t *service, int64_t since_s, uint32_t gpus)
{
    mdl_datacentre_t *state = dc->state;
    int64_t load_mgpu_s = service->load_mgpu * (dc->now_s - since_s);

    state->service_load_mgpu_s += load_mgpu_s;
    if (service->cold_s > 0)
        load_mgpu_s = service->load_mgpu * mdl_service_warm_s(service, dc->now_s - since_s);
    if (gpus >= service->needed_gpus)
        state->service_met_mgpu_s += load_mgpu_s;
}

/* The same of one that runs as an elastic job, which begins anew whenever its load is counted; */
static inline void mdl_dc_count_elastic(const mdl_dc_t *dc, mdl_service_t *service, mdl_job_t *job)
{
    mdl_dc_count_load_(dc, service, job->start_s, job->gpus);
    job->start_s = dc->now_s;
}

/* of any; */
static inline void mdl_dc_count_service(const mdl_dc_t *dc, mdl_service_t *service)
{
    mdl_job_t *job = mdl_dc_service_job(dc, service);

    if (job != NULL) {
        mdl_dc_count_elastic(dc, service, job);
        return;
    }
    mdl_dc_count_load_(dc, service, service->counted_s, service->noted_gpus);
    service->counted_s = dc->now_s;
}

/* and where an elastic job ends, or goes back into the queue, the service notes how it stood. */
static inline void mdl_dc_leave_elastic(mdl_service_t *service, const mdl_job_t *job)
{
    service->job = MDL_NONE;
    service->counted_s = job->start_s;
    service->noted_gpus = job->gpus;
}

/* The load of a service in the interval that begins, in replicas of so many GPUs. The one before has been counted, and
 * the day's noise drawn. Inlined, so that it stays in registers. */
static inline mdl_service_load_t mdl_dc_plan_service(const mdl_dc_t *dc, mdl_service_t *service, uint32_t replica_gpus,
                                                     const mdl_dc_instant_t *instant)
{
    mdl_service_load_t load;

    mdl_service_plan(service, dc->workload, replica_gpus, service->ported ? 1 : dc->workload->port_throughput,
                     instant->wave, service->noise[instant->day], &load);
    service->load_mgpu = load.load_mgpu;
    service->needed_gpus = load.needed_gpus;
    return load;
}

/* A service as an elastic job (service_elastic.c): to the load of the interval; to a width or as far as that goes; by a
 * node that fails; those that lack nodes. */
void mdl_dc_resize_elastic(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant);
void mdl_dc_resize_all_elastic(mdl_dc_t *dc, const mdl_dc_instant_t *instant); /* and sets the clock anew */
void mdl_dc_stretch_service(mdl_dc_t *dc, mdl_service_t *service, uint32_t gpus);
void mdl_dc_shrink_service(mdl_dc_t *dc, mdl_service_t *service, uint32_t node);
void mdl_dc_refill_services(mdl_dc_t *dc);

/* A service as a job for each replica (service_replicas.c). */
void mdl_dc_resize_replicas(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant);
void mdl_dc_resize_all_replicas(mdl_dc_t *dc, const mdl_dc_instant_t *instant);

/* Nodes (nodes.c). */
void mdl_dc_on_failure(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_repair(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_power(mdl_dc_t *dc, const sim_event_t *event);
/* Draws the failure that comes next, were `powered` > 0 nodes powered from the one before it on, and returns how long
 * after that one it comes. `rng` stands at (the centre's entity, MDL_PURPOSE_FAILURE, failure_ordinal). */
int64_t mdl_dc_draw_failure(mdl_datacentre_t *state, const mdl_failure_rates_t *rates, sim_rng_t *rng,
                            uint32_t powered);

/* Planned maintenance (maintenance.c). */
void mdl_dc_on_maintenance(mdl_dc_t *dc, const sim_event_t *event);
void mdl_dc_on_serviced(mdl_dc_t *dc, const sim_event_t *event);

/* Meters (meter.c). */
void mdl_dc_read(mdl_dc_t *dc, mdl_datacentre_meter_t *meter); /* the meters at dc->now_s */
void mdl_dc_report(mdl_dc_t *dc, mdl_datacentre_report_t *report);
void mdl_dc_read_use(mdl_dc_t *dc); /* brings state->use to now */
int64_t mdl_dc_metered_wh(mdl_dc_t *dc);
void mdl_dc_turn_power(mdl_dc_t *dc, const mdl_power_t *factors); /* from now on nodes draw by these */

/* After each change of what a service has, its load being counted. One that has grown to its need meets its target when
 * the last of its replicas are warm. */
static inline void mdl_dc_note_width(const mdl_dc_t *dc, mdl_service_t *service, uint32_t gpus_before, uint32_t gpus)
{
    if (gpus_before < service->needed_gpus && gpus >= service->needed_gpus)
        service->cold_s = dc->workload->service_startup_s;
}

/* The same of one that does not run as an elastic job. */
static inline void mdl_dc_note_service(mdl_dc_t *dc, mdl_service_t *service)
{
    uint32_t gpus = mdl_scheduler_holding(dc->scheduler, service->tenancy)->used_gpus;

    mdl_dc_count_service(dc, service);
    mdl_dc_note_width(dc, service, service->noted_gpus, gpus);
    service->noted_gpus = gpus;
}

/* Starts what may start: last at each event, most of which leave nothing to start. */
static inline void mdl_dc_pass(mdl_dc_t *dc)
{
    if (mdl_scheduler_is_at_rest(dc->scheduler))
        return;
    if (!mdl_scheduler_rests(dc->scheduler, dc->cluster))
        mdl_dc_look_at_queues(dc);
    if (dc->state->reviewing || mdl_scheduler_review_s(dc->scheduler) != SIM_NEVER)
        mdl_dc_follow_review(dc);
    if (dc->scheduler->short_gpus > 0 && dc->cluster->in_bucket[MDL_NODE_GPUS] > 0)
        mdl_dc_refill_services(dc);
}

/* From dc->now_s on a count of nodes is another. */
static inline void mdl_dc_turn_nodes_(const mdl_dc_t *dc, uint32_t *nodes, int64_t *base_node_s, uint32_t now)
{
    *base_node_s += ((int64_t)*nodes - now) * dc->now_s;
    *nodes = now;
}

static inline void mdl_dc_lease_nodes(const mdl_dc_t *dc, uint32_t nodes)
{
    mdl_dc_turn_nodes_(dc, &dc->state->leased_nodes, &dc->state->leased_base_node_s, nodes);
}
static inline void mdl_dc_meter_nodes(const mdl_dc_t *dc, uint32_t powered, uint32_t up)
{
    mdl_datacentre_t *state = dc->state;

    mdl_dc_turn_nodes_(dc, &state->up_nodes, &state->up_base_node_s, up);
    if (state->powered_nodes != powered)
        mdl_dc_turn_nodes_(dc, &state->powered_nodes, &state->powered_base_node_s, powered);
}

/* After each change of how many nodes are powered or up, within the same instant. */
static inline void mdl_dc_note_nodes(const mdl_dc_t *dc)
{
    mdl_dc_meter_nodes(dc, dc->cluster->powered, dc->cluster->up);
}

#endif
