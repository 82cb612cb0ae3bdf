// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/datacentre/datacentre.h"

#include "models/datacentre/state.h"

#include <math.h>

#define TENANCIES_LEAST    16
#define TENANCIES_PER_NODE 0.02 /* at birth; a large centre has more tenants than a small one */
#define POOL_EVENTS        96   /* a pool's calendar at birth */

mdl_dc_t mdl_dc_view(const sim_arena_t *arena, mdl_datacentre_t *state, int64_t now_s)
{
    return (mdl_dc_t){.state = state,
                      .cluster = sim_arena_at(arena, state->cluster),
                      .scheduler = sim_arena_at(arena, state->scheduler),
                      .tenancies = sim_arena_at(arena, state->tenancies),
                      .services = sim_arena_at(arena, state->services),
                      .workload = mdl_dc_workload(arena, state),
                      .now_s = now_s};
}

typedef void (*handler_t)(mdl_dc_t *dc, const sim_event_t *event);

static const handler_t handlers[MDL_DC_EVENTS] = {
    [MDL_DC_CONTRACT_START] = mdl_dc_on_contract_start,
    [MDL_DC_CONTRACT_RESIZE] = mdl_dc_on_contract_resize,
    [MDL_DC_CONTRACT_END] = mdl_dc_on_contract_end,
    [MDL_DC_POWER_NODES] = mdl_dc_on_power,
    [MDL_DC_CLOSE] = mdl_dc_on_close,
    [MDL_DC_JOB_END] = mdl_dc_on_job_end,
    [MDL_DC_JOB_DUE] = mdl_dc_on_job_due,
    [MDL_DC_GANG_DUE] = mdl_dc_on_gang_due,
    [MDL_DC_SERVICE_READY] = mdl_dc_on_service_ready,
    [MDL_DC_SERVICES_DUE] = mdl_dc_on_services_due,
    [MDL_DC_FAILURE] = mdl_dc_on_failure,
    [MDL_DC_REPAIR] = mdl_dc_on_repair,
    [MDL_DC_MAINTENANCE] = mdl_dc_on_maintenance,
    [MDL_DC_SERVICED] = mdl_dc_on_serviced,
    [MDL_DC_REVIEW] = mdl_dc_on_review,
    [MDL_DC_LENDING] = mdl_dc_on_lending,
};

static bool holds_nodes(const mdl_dc_t *dc)
{
    return dc->scheduler->allocated_gpus <= dc->state->leased_nodes * MDL_NODE_GPUS &&
           dc->state->leased_nodes <= dc->cluster->powered;
}

/* Apart, so that checks that hold do not keep at hand what only a message asks for. */
static __attribute__((noinline, cold)) sim_status_t fail_check(const mdl_dc_t *dc)
{
    const mdl_scheduler_t *scheduler = dc->scheduler;

    if (!mdl_scheduler_conserves(scheduler))
        return sim_fail(dc->lp->error, SIM_EINVARIANT, "data centre",
                        "%u jobs have come and not ended; %u queued and %u running", scheduler->present,
                        scheduler->queued, scheduler->running);
    return sim_fail(dc->lp->error, SIM_EINVARIANT, "data centre", "%u GPUs allocated, %u nodes leased, %u powered",
                    scheduler->allocated_gpus, dc->state->leased_nodes, dc->cluster->powered);
}

/* What every event must leave true, in O(1). */
static inline sim_status_t check(const mdl_dc_t *dc)
{
    return mdl_scheduler_conserves(dc->scheduler) && holds_nodes(dc) ? SIM_OK : fail_check(dc);
}

static sim_status_t handle(sim_lp_t *lp, const sim_event_t *event)
{
    mdl_datacentre_t *state = lp->state;

    if (state->closed)
        return SIM_OK;
    if (event->type == 0 || event->type >= MDL_DC_EVENTS)
        return sim_fail(lp->error, SIM_EINTERNAL, "data centre", "an event of type %u", event->type);
    mdl_dc_t dc = mdl_dc_view(lp->arena, state, lp->now_s);
    dc.lp = lp;
    state->eventful = true;
    mdl_scheduler_advance(dc.scheduler, dc.now_s);
    handlers[event->type](&dc, event);
    if (dc.status == SIM_OK)
        mdl_dc_pass(&dc);
    return dc.status < 0 ? dc.status : check(&dc);
}

/* End of the recording interval that goes on after time_s. */
static int64_t interval_end(const mdl_input_t *input, int64_t time_s)
{
    if (input->record_interval_s <= 0)
        return SIM_NEVER;
    int64_t end_s = (time_s / input->record_interval_s + 1) * input->record_interval_s;
    return end_s < input->horizon_s ? end_s : input->horizon_s;
}

/* What mdl_dc_read_use() asks for, which nothing has touched for an interval. */
SIM_FETCH void fetch_use(const mdl_dc_t *dc)
{
    sim_fetch(&dc->state->generation, MDL_DC_USE_BYTES - offsetof(mdl_datacentre_t, generation));
    sim_fetch(dc->scheduler->counts, sizeof dc->scheduler->counts);
}

static void close_window(sim_lp_t *lp, void *report)
{
    mdl_dc_t dc = mdl_dc_view(lp->arena, lp->state, lp->now_s);
    bool use_is_due = lp->now_s >= dc.state->use_due_s;

    if (use_is_due)
        fetch_use(&dc);
    mdl_dc_report(&dc, report);
    if (use_is_due) {
        mdl_dc_read_use(&dc);
        dc.state->use_due_s = interval_end(sim_world_input(lp->world), lp->now_s);
    }
}

/* First what the state's first lines leave, what a scheduler that rests is asked, the nodes' counts and the first
 * service. */
SIM_FETCH void fetch_first(const mdl_dc_t *dc, const mdl_datacentre_t *state)
{
    sim_fetch(&state->unsaved[MDL_JOB_FINETUNE],
              MDL_DC_EVENT_BYTES - offsetof(mdl_datacentre_t, unsaved[MDL_JOB_FINETUNE]));
    __builtin_prefetch(dc->scheduler);
    __builtin_prefetch(mdl_scheduler_holding(dc->scheduler, 0));
    __builtin_prefetch(dc->cluster);
    if (state->n_services > 0)
        mdl_dc_fetch_service(dc->services);
}

/* Then what these name: what the first service runs on, and the second service; and what a scheduler is asked that does
 * not rest. */
SIM_FETCH void fetch_second(const mdl_dc_t *dc, uint32_t services)
{
    if (!mdl_scheduler_is_at_rest(dc->scheduler))
        __builtin_prefetch(&dc->scheduler->held_gpus);
    if (services > 0)
        mdl_dc_fetch_run(dc, dc->services);
    if (services > 1)
        mdl_dc_fetch_service(dc->services + 1);
}

static void fetch(const sim_arena_t *arena, const void *of, int turn)
{
    const mdl_datacentre_t *state = of;

    if (state->cluster == 0)
        return;
    mdl_dc_t dc = {.scheduler = sim_arena_at(arena, state->scheduler),
                   .cluster = sim_arena_at(arena, state->cluster),
                   .services = sim_arena_at(arena, state->services)};
    if (turn == 0)
        fetch_first(&dc, state);
    else
        fetch_second(&dc, state->n_services);
    sim_fetch_end();
}

const sim_lp_kind_t mdl_datacentre_kind = {.name = "data centre",
                                           .handle = handle,
                                           .close = close_window,
                                           .report_bytes = sizeof(mdl_datacentre_report_t),
                                           .fetch = fetch};

/* The parameters that hold at time_s: the input's with its dated changes. */
static sim_status_t params_at(const mdl_input_t *input, int64_t time_s, mdl_params_t *params, sim_error_t *err)
{
    *params = input->params;
    for (uint32_t i = 0; i < input->n_changes && input->changes[i].time_s <= time_s; i++) {
        sim_status_t status = mdl_params_set(params, input->changes[i].param, input->changes[i].value, err);
        if (status < 0)
            return status;
    }
    return SIM_OK;
}

/* The parameters with the centre's own grain, which is one where there is any; a pool keeps the one it has when jobs go
 * one by one elsewhere. */
static mdl_params_t own_params(const sim_arena_t *arena, const mdl_datacentre_t *state, const mdl_params_t *params)
{
    mdl_params_t own = *params;

    if (state->spec.grain_factor > 0)
        own.workload_grain_s = (int64_t)((double)params->workload_grain_s * state->spec.grain_factor);
    if (own.workload_grain_s == 0 && params->workload_grain_s > 0)
        own.workload_grain_s = 1;
    if (state->spec.mode == MDL_DC_MODE_POOL && params->workload_grain_s <= 0)
        own.workload_grain_s = (int64_t)mdl_dc_workload(arena, state)->grain_s;
    return own;
}

/* What nodes draw by these parameters. */
static mdl_power_t power_of(const sim_world_t *world, const mdl_datacentre_spec_t *spec, const mdl_params_t *params)
{
    const mdl_input_t *input = sim_world_input(world);
    mdl_power_t power;

    mdl_power_init(&power, &input->tables->gpu_types[spec->gpu_type], spec->pue, params);
    return power;
}

/* Where many nodes fail in a window, the calendar gets room for their repairs: eight standard deviations over the mean, no
 * more than there are nodes, and as much again, as it grows only at boundaries and when it is half full. */
static sim_status_t make_room_for_repairs(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    const mdl_datacentre_t *state = sim_world_state(world, lp);
    double nodes = state->spec.nodes, node_mean_s = mdl_dc_failures(sim_world_arena(world), state)->node_mean_s;
    double failures = node_mean_s > 0 ? nodes * (double)sim_world_window_s(world) / node_mean_s : 0;
    double most = fmin(nodes, failures + 8 * sqrt(failures));

    if (most <= POOL_EVENTS / 4)
        return SIM_OK;
    return sim_world_reserve(world, lp, POOL_EVENTS + 2 * (uint32_t)most, err);
}

static sim_status_t configure(sim_world_t *world, uint32_t lp, const mdl_params_t *params, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);
    mdl_params_t own = own_params(sim_world_arena(world), state, params);

    state->drawn_powered = 0;
    state->maintenance_every_s = params->maintenance_every_s;
    state->maintenance_length_s = params->maintenance_length_s;
    state->borrowing = params->scheduler_borrowing;
    state->lent_nodes = MDL_NONE;
    sim_status_t status = mdl_dc_share(world, lp, &own, err);
    return status < 0 ? status : make_room_for_repairs(world, lp, err);
}

static mdl_datacentre_mode_t mode_of(const mdl_datacentre_spec_t *spec, const mdl_params_t *params)
{
    if (spec->mode != MDL_DC_MODE_AUTO)
        return spec->mode;
    return params->scheduler_pools && params->workload_grain_s > 0 ? MDL_DC_MODE_POOL : MDL_DC_MODE_NODES;
}

static sim_status_t check_mode(const mdl_datacentre_spec_t *spec, const mdl_params_t *params, sim_error_t *err)
{
    if (spec->mode != MDL_DC_MODE_POOL || params->workload_grain_s > 0)
        return SIM_OK;
    return sim_fail(err, SIM_EINPUT, "data centre", "a pool takes whole nodes only; workload.grain is 0");
}

static sim_status_t check_spec(const mdl_datacentre_spec_t *spec, const mdl_tables_t *tables, sim_error_t *err)
{
    if (spec->nodes > 0 && spec->nodes < UINT32_C(1) << 20 && spec->nodes_powered <= spec->nodes &&
        spec->gpu_type >= 0 && (uint32_t)spec->gpu_type < tables->n_gpu_types && spec->pue >= 1 &&
        spec->grain_factor >= 0)
        return SIM_OK;
    return sim_fail(err, SIM_EINPUT, "data centre",
                    "%u nodes, %u powered, GPU type %d, PUE %g; expected 1 to 1048575 nodes, no more powered, "
                    "a type below %u, a PUE of at least 1, a grain factor of at least 0",
                    spec->nodes, spec->nodes_powered, spec->gpu_type, spec->pue, tables->n_gpu_types);
}

static mdl_policy_t policy_of(const mdl_params_t *params, uint64_t seed)
{
    uint8_t preemption = (uint8_t)params->scheduler_preemption;

    if (params->scheduler_borrowing && preemption == MDL_PREEMPTION_NONE)
        preemption = MDL_PREEMPTION_RECLAIM;
    return (mdl_policy_t){
        .order = (uint8_t)params->scheduler_order,
        .reservation = (uint8_t)params->scheduler_reservation,
        .placement = (uint8_t)params->scheduler_placement,
        .preemption = preemption,
        .preempt_every_s = (int32_t)params->scheduler_preempt_every_s,
        .priority_every_s = (int32_t)params->scheduler_priority_every_s,
        .backfill_depth = (int32_t)params->scheduler_backfill_depth,
        .las_limit_gpu_s = {(int64_t)(params->scheduler_las_first_gpuh * SIM_HOUR_S),
                            (int64_t)(params->scheduler_las_second_gpuh * SIM_HOUR_S)},
        .fair_half_life_s = (double)params->scheduler_fair_half_life_s,
        .fair_weight = params->scheduler_fair_weight,
        .age_weight = params->scheduler_age_weight,
        .age_most_s = (double)params->scheduler_age_most_s,
        .seed = seed,
    };
}

/* Starts the failure clock, if powered nodes fail and it does not run already. */
static sim_status_t start_failures(sim_world_t *world, uint32_t lp, int64_t time_s, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);
    const mdl_cluster_t *cluster = sim_arena_at(sim_world_arena(world), state->cluster);
    const mdl_failure_rates_t *rates = mdl_dc_failures(sim_world_arena(world), state);
    sim_rng_t rng;

    if (state->failure_s != SIM_NEVER || rates->node_mean_s <= 0 || cluster->powered == 0)
        return SIM_OK;
    sim_rng_at(&rng, sim_world_seed(world), sim_world_replication(world), state->spec.entity, MDL_PURPOSE_FAILURE,
               state->failure_ordinal);
    state->failure_s = time_s + mdl_dc_draw_failure(state, rates, &rng, cluster->powered);
    sim_event_t event = {.time_s = state->failure_s, .type = MDL_DC_FAILURE};
    if (sim_world_schedule(world, lp, &event, MDL_DC_FIRST, &state->failure) < 0)
        return sim_fail(err, SIM_ELIMIT, "data centre", "no room in the calendar for its first failure");
    return SIM_OK;
}

/* Starts the clock of planned maintenance, if there is any and it does not run already. */
static sim_status_t start_maintenance(sim_world_t *world, uint32_t lp, int64_t time_s, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->maintaining || state->maintenance_every_s <= 0)
        return SIM_OK;
    sim_event_t event = {.time_s = time_s, .type = MDL_DC_MAINTENANCE};
    state->maintaining = true;
    if (sim_world_schedule(world, lp, &event, MDL_DC_FIRST, NULL) < 0)
        return sim_fail(err, SIM_ELIMIT, "data centre", "no room in the calendar for its maintenance");
    return SIM_OK;
}

static void start_meters(const sim_arena_t *arena, mdl_datacentre_t *state, int64_t time_s)
{
    mdl_dc_t dc = mdl_dc_view(arena, state, time_s);

    state->racked = (mdl_line_t){state->spec.nodes, -time_s * state->spec.nodes};
    mdl_dc_note_nodes(&dc);
    dc.scheduler->now_s = time_s;
}

/* Fills the state of a new LP and starts its clocks. */
static sim_status_t build(sim_world_t *world, uint32_t lp, const mdl_params_t *params, int64_t time_s, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);
    bool pool = state->spec.mode == MDL_DC_MODE_POOL;
    uint32_t tenancies = TENANCIES_LEAST + (pool ? 0 : (uint32_t)(TENANCIES_PER_NODE * state->spec.nodes));
    sim_status_t status =
        mdl_dc_allocate(sim_world_arena(world), state, tenancies, policy_of(params, state->spec.entity),
                        state->spec.fabric_gb_s >= params->training_fabric_gb_s, err);

    if (status < 0)
        return status;
    start_meters(sim_world_arena(world), state, time_s);
    status = start_failures(world, lp, time_s, err);
    return status < 0 ? status : start_maintenance(world, lp, time_s, err);
}

/* Each running job, but a service's replica, has its end in the calendar. Bundles are few, whatever a pool's size; the
 * calendar grows at boundaries where that is not enough. */
static uint32_t calendar_room(const mdl_datacentre_spec_t *spec, bool batched)
{
    uint32_t jobs = (batched ? 1 : MDL_NODE_GPUS) * spec->nodes;

    if (spec->mode == MDL_DC_MODE_POOL && jobs > POOL_EVENTS)
        jobs = POOL_EVENTS;
    return jobs + 2 * TENANCIES_LEAST;
}

sim_status_t mdl_datacentre_create(sim_world_t *world, uint32_t kind, const mdl_datacentre_spec_t *spec, int64_t time_s,
                                   uint32_t *lp, sim_error_t *err)
{
    const mdl_input_t *input = sim_world_input(world);
    mdl_params_t params;
    sim_status_t status = check_spec(spec, input->tables, err);

    if (status == SIM_OK)
        status = params_at(input, time_s, &params, err);
    if (status == SIM_OK)
        status = check_mode(spec, &params, err);
    if (status < 0)
        return status;
    mdl_datacentre_spec_t resolved = *spec;
    resolved.mode = mode_of(spec, &params);
    sim_lp_spec_t lp_spec = {.kind = kind,
                             .entity = spec->entity,
                             .state_bytes = sizeof(mdl_datacentre_t),
                             .calendar_initial = calendar_room(&resolved, params.workload_grain_s > 0)};
    status = sim_world_add_lp(world, &lp_spec, lp, err);
    if (status < 0)
        return status;
    mdl_datacentre_t *state = sim_world_state(world, *lp);
    state->spec = resolved;
    state->power = power_of(world, &resolved, &params);
    state->review_s = state->failure_s = SIM_NEVER;
    state->use_due_s = interval_end(input, time_s);
    status = configure(world, *lp, &params, err);
    return status < 0 ? status : build(world, *lp, &params, time_s, err);
}

static bool is_batched(sim_world_t *world, const mdl_datacentre_t *state)
{
    return mdl_dc_workload(sim_world_arena(world), state)->grain_s > 0;
}

/* Jobs that come one by one from now on are more than the bundles that the centre was born for. */
static sim_status_t make_room(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);
    sim_status_t status = mdl_dc_reserve_jobs(sim_world_arena(world), state, err);

    return status < 0 ? status : sim_world_reserve(world, lp, calendar_room(&state->spec, false), err);
}

/* Lending begins or ends: jobs that are to be stopped for it are stopped by an event. */
static sim_status_t turn_lending(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    sim_event_t event = {.time_s = sim_world_now(world), .type = MDL_DC_LENDING};

    if (sim_world_schedule(world, lp, &event, MDL_DC_FIRST, NULL) < 0)
        return sim_fail(err, SIM_ELIMIT, "data centre", "no room in the calendar for lending to begin or end");
    return SIM_OK;
}

/* Starts what begins with new parameters. */
static sim_status_t start_clocks(sim_world_t *world, uint32_t lp, bool lending_turns, sim_error_t *err)
{
    int64_t now_s = sim_world_now(world);
    sim_status_t status = start_failures(world, lp, now_s, err);

    if (status == SIM_OK)
        status = start_maintenance(world, lp, now_s, err);
    return status == SIM_OK && lending_turns ? turn_lending(world, lp, err) : status;
}

sim_status_t mdl_datacentre_configure(sim_world_t *world, uint32_t lp, const mdl_params_t *params, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->cluster == 0)
        return SIM_OK;
    bool was_batched = is_batched(world, state), was_borrowing = state->borrowing;
    sim_status_t status = configure(world, lp, params, err);
    if (status == SIM_OK && was_batched && !is_batched(world, state))
        status = make_room(world, lp, err);
    if (status < 0)
        return status;
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(world), state, sim_world_now(world));
    mdl_power_t power = power_of(world, &state->spec, params);
    mdl_dc_turn_power(&dc, &power);
    for (uint32_t i = 0; i < state->n_contracts; i++)
        mdl_dc_plan(&dc, mdl_dc_contracts(&dc)[i].tenancy);
    mdl_dc_forget_noise(&dc);
    return start_clocks(world, lp, state->borrowing != was_borrowing, err);
}

const mdl_datacentre_meter_t *mdl_datacentre_read(sim_world_t *world, uint32_t lp, int64_t time_s)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->cluster == 0)
        return &state->meter;
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(world), state, time_s);
    mdl_dc_read(&dc, &state->meter);
    return &state->meter;
}

mdl_datacentre_reading_t mdl_datacentre_reported(sim_world_t *world, uint32_t lp)
{
    const mdl_datacentre_t *state = sim_world_state(world, lp);

    return (mdl_datacentre_reading_t){.powered_gpu_s = state->noted_powered_gpu_s,
                                      .leased_gpu_s = state->noted_leased_gpu_s,
                                      .busy_gpu_s = state->noted_busy_gpu_s,
                                      .inference_gpu_s = state->noted_inference_gpu_s,
                                      .training_work_gpu_s = state->noted_training_gpu_s};
}

int64_t mdl_datacentre_metered_wh(sim_world_t *world, uint32_t lp, int64_t time_s)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->cluster == 0)
        return state->meter.energy_metered_wh;
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(world), state, time_s);
    return mdl_dc_metered_wh(&dc);
}

const mdl_datacentre_use_t *mdl_datacentre_use(sim_world_t *world, uint32_t lp, int64_t time_s)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->use_s != time_s && state->cluster != 0) {
        mdl_dc_t dc = mdl_dc_view(sim_world_arena(world), state, time_s);
        mdl_dc_read_use(&dc);
    }
    return &state->use;
}

void mdl_datacentre_fetch_use(sim_world_t *world, uint32_t lp)
{
    const mdl_datacentre_t *state = sim_world_state(world, lp);

    sim_fetch(&state->generation, SIM_LINE_BYTES); /* when it was read */
    sim_fetch(&state->use, sizeof state->use);
    sim_fetch_end();
}
