// SPDX-License-Identifier: GPL-3.0-or-later
/* The economy's place in the engine: its calendar, the table of daily steps, and what a runner calls. */
#include "models/economy/economy.h"

#include "models/economy/economy_state.h"

/* Of events at one instant: what is dated first, then the day's step, then the books of the month. */
enum { PRIORITY_DAY = 8, PRIORITY_MONTH = 10 };

/* The day, in order. Meters first: nobody decides on use that was not measured. */
static const struct day_step {
    const char *name;
    sim_status_t (*run)(mdl_step_t *step);
} day_steps[] = {
    {"meters", mdl_step_meters},         /* what ran since yesterday */
    {"outside", mdl_step_outside},       /* dated changes and shocks */
    {"sentiment", mdl_step_sentiment},   /* hype, frontiers, beliefs, token price */
    {"demand", mdl_step_demand},         /* labs and enterprises: wishes, equity, token bills */
    {"platforms", mdl_step_platforms},   /* own work, slack, orders */
    {"rental", mdl_step_rental},         /* rents, contracts -> messages to data centres */
    {"chips", mdl_step_chips},           /* offers, bids, clearing, deliveries */
    {"developers", mdl_step_developers}, /* announcements */
    {"projects", mdl_step_projects},     /* approval, finance, opening, giving up */
    {"cities", mdl_step_cities},         /* budgets, tournament */
    {"subsidies", mdl_step_subsidies},   /* grants, audits, clawback */
    {"banks", mdl_step_banks},           /* auctions, appetite */
};

static sim_status_t schedule(sim_world_t *world, int64_t time_s, uint32_t type, unsigned priority)
{
    sim_event_t event = {.time_s = time_s, .type = type};
    return sim_world_schedule(world, MDL_ECONOMY_LP, &event, priority, NULL);
}

static int64_t next_month_s(const mdl_input_t *input, int64_t now_s)
{
    sim_date_t date = sim_date_from_day(input->start_day + now_s / SIM_DAY_S);
    date = (sim_date_t){date.month == 12 ? date.year + 1 : date.year, date.month == 12 ? 1 : date.month + 1, 1};
    return (sim_date_to_day(date) - input->start_day) * SIM_DAY_S;
}

static sim_status_t run_day(mdl_step_t *step)
{
    step->eco->day = step->day;
    MDL_TRY(mdl_eco_reserve(step));
    for (size_t i = 0; i < sizeof day_steps / sizeof day_steps[0]; i++) {
        sim_status_t status = day_steps[i].run(step);
        if (status != SIM_OK)
            return sim_fail(step->err, status, day_steps[i].name, "%s", sim_status_text(status));
    }
    mdl_outcomes_day(step);
    mdl_chronicle_day(step);
    return schedule(step->world, step->now_s + SIM_DAY_S, MDL_EVENT_DAY, PRIORITY_DAY);
}

static sim_status_t run_month(mdl_step_t *step)
{
    MDL_TRY(mdl_event_month(step));
    return schedule(step->world, next_month_s(step->input, step->now_s), MDL_EVENT_MONTH, PRIORITY_MONTH);
}

static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event)
{
    mdl_step_t step;
    mdl_step_open(&step, lp->world, lp->now_s, lp->error);
    switch (event->type) {
    case MDL_EVENT_DAY: return run_day(&step);
    case MDL_EVENT_MONTH: return run_month(&step);
    case MDL_EVENT_BUILD_STAGE: return mdl_event_build_stage(&step, event->entity);
    case MDL_EVENT_LOAN_MONTH: return mdl_event_loan_month(&step, event->entity);
    default: return sim_fail(lp->error, SIM_EINTERNAL, "economy", "an event of type %u", event->type);
    }
}

static sim_status_t on_centre_event(sim_lp_t *lp, const sim_event_t *event)
{
    return mdl_datacentre_kind.handle(lp, event);
}

static void close_centre(sim_lp_t *lp, void *report)
{
    mdl_datacentre_kind.close(lp, report);
}

/* Records the interval that ends now, if one does. No event: how often a run records must not show in its events. */
static sim_status_t record(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    mdl_step_t step;
    mdl_step_open(&step, world, time_s, err);
    return mdl_eco_interval_ends(&step) ? mdl_event_record(&step) : SIM_OK;
}

static sim_status_t boundary(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    sim_status_t status = sim_world_run_lp(world, MDL_ECONOMY_LP, time_s, err);
    return status == SIM_OK ? record(world, time_s, err) : status;
}

static void fetch_centre(const sim_arena_t *arena, const void *state, int turn)
{
    mdl_datacentre_kind.fetch(arena, state, turn);
}

static const sim_lp_kind_t lp_kinds[MDL_LP_KINDS] = {
    [MDL_LP_ECONOMY] = {.name = "economy", .handle = on_event},
    [MDL_LP_DATACENTRE] = {.name = "data centre",
                           .handle = on_centre_event,
                           .close = close_centre,
                           .report_bytes = sizeof(mdl_datacentre_report_t),
                           .fetch = fetch_centre},
};

static const sim_model_t model = {
    .name = "economy", .kinds = lp_kinds, .n_kinds = MDL_LP_KINDS, .window_s = SIM_DAY_S, .boundary = boundary};

const sim_model_t *mdl_economy_model(void)
{
    return &model;
}

sim_status_t mdl_economy_populate(sim_world_t *world, sim_recorder_t *recorder, sim_error_t *err)
{
    uint32_t lp;
    sim_lp_spec_t spec = {.kind = MDL_LP_ECONOMY,
                          .entity = sim_entity_id(0, MDL_ENTITY_ECONOMY, 0),
                          .state_bytes = sizeof(mdl_eco_t),
                          .calendar_initial = 1024,
                          .boundary_only = true};
    MDL_TRY(sim_world_add_lp(world, &spec, &lp, err));
    mdl_step_t step;
    mdl_step_open(&step, world, 0, err);
    step.eco->recorder = recorder;
    mdl_eco_map_channels(step.eco);
    MDL_TRY(mdl_eco_resolve_params(&step));
    MDL_TRY(mdl_eco_allocate(&step));
    MDL_TRY(mdl_eco_found(&step));
    MDL_TRY(schedule(world, SIM_DAY_S, MDL_EVENT_DAY, PRIORITY_DAY));
    return schedule(world, next_month_s(step.input, 0), MDL_EVENT_MONTH, PRIORITY_MONTH);
}

sim_status_t mdl_economy_attach(sim_world_t *world, sim_recorder_t *recorder, sim_error_t *err)
{
    mdl_step_t step;
    mdl_step_open(&step, world, sim_world_now(world), err);
    step.eco->recorder = recorder;
    return mdl_eco_resolve_params(&step);
}

static void finish_items(mdl_step_t *step)
{
    for (uint32_t i = 0; i < step->eco->n_projects; i++)
        mdl_eco_record_project(step, i);
}

/* Jobs that centres have seen. */
static uint64_t count_jobs(const mdl_step_t *step)
{
    uint64_t jobs = 0;
    for (uint32_t i = 0; i < step->eco->n_sites; i++) {
        const mdl_datacentre_meter_t *meter = mdl_datacentre_read(step->world, step->sites[i].lp, step->now_s);
        for (int c = 0; c < MDL_JOB_CLASSES; c++)
            jobs += (uint64_t)meter->jobs_submitted[c];
    }
    return jobs;
}

sim_status_t mdl_economy_finish(sim_world_t *world, sim_recorder_t *recorder, sim_run_meta_t *meta, sim_error_t *err)
{
    mdl_step_t step;
    mdl_step_open(&step, world, sim_world_now(world), err);
    SIM_ASSERT(step.eco->recorder == recorder);
    if (step.input->audit)
        MDL_TRY(mdl_eco_audit(&step));
    mdl_outcomes_finish(&step);
    finish_items(&step);
    MDL_TRY(mdl_chronicle_finish(&step));
    meta->status = SIM_OK;
    meta->fingerprint = sim_world_fingerprint(world);
    meta->events = sim_world_events(world);
    meta->jobs = count_jobs(&step);
    return SIM_OK;
}
