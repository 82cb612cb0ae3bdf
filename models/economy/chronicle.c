// SPDX-License-Identifier: GPL-3.0-or-later
/* The chronicle of events: its memory and its rows. */
#include "models/economy/economy_state.h"

#include <string.h>

/* Most events of one entity between two boundaries with room made: a project can be approved, financed (refusal, loan,
 * grant, start), built, stocked, opened, let, emptied, audited and ended in one day and tells most of that once. */
#define ROWS_PER_PROJECT   24
#define ROWS_PER_LAB       4
#define ROWS_PER_CITY      4
#define ROWS_PER_DEVELOPER 5 /* decides, announces, is promised a grant */
#define ROWS_PER_PLATFORM  8
#define ROWS_OTHER         256 /* gauges */

/* --- memory ------------------------------------------------------------------------------------------------------- */

static sim_arena_t *arena(const mdl_step_t *step)
{
    return sim_world_arena(step->world);
}

static sim_status_t take(const mdl_step_t *step, sim_ref_t *ref, size_t bytes)
{
    *ref = sim_arena_alloc(arena(step), bytes);
    return *ref != 0 ? SIM_OK : sim_arena_fail(arena(step), step->err, "events", "%zu bytes", bytes);
}

/* Rows that a day may add. */
static uint64_t rows_of_a_day(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    return ROWS_OTHER + step->input->n_shocks + step->input->n_changes +
           (uint64_t)ROWS_PER_PROJECT * (eco->n_projects + step->params->start_centres + step->params->start_building) +
           (uint64_t)ROWS_PER_LAB * eco->n_labs + (uint64_t)ROWS_PER_CITY * step->tables->n_cities +
           (uint64_t)ROWS_PER_DEVELOPER * eco->n_developers + (uint64_t)ROWS_PER_PLATFORM * step->tables->n_platforms;
}

static uint32_t place_lives(const mdl_step_t *step, uint32_t *first)
{
    size_t n_params;
    (void)mdl_params_registry(&n_params);
    const uint32_t sizes[MDL_WHO_KINDS] = {
        [MDL_WHO_OUTSIDE] = 1,
        [MDL_WHO_PARAMETER] = (uint32_t)n_params,
        [MDL_WHO_MARKET] = 1,
        [MDL_WHO_BANK] = 1,
        [MDL_WHO_CITY] = step->tables->n_cities,
        [MDL_WHO_DEVELOPER] = step->eco->n_developers,
        [MDL_WHO_LAB] = step->eco->n_labs,
        [MDL_WHO_PLATFORM] = step->tables->n_platforms,
    };
    uint32_t n = 0;
    for (int who = 0; who < MDL_WHO_KINDS; who++) {
        first[who] = n;
        n += sizes[who];
    }
    return n;
}

sim_status_t mdl_chronicle_begin(mdl_step_t *step)
{
    if (!step->input->events)
        return SIM_OK;
    mdl_eco_t *eco = step->eco;
    uint32_t first[MDL_WHO_KINDS], n = place_lives(step, first);
    uint64_t capacity = 2 * rows_of_a_day(step);
    MDL_TRY(take(step, &eco->chronicle, sizeof(mdl_chronicle_t) + n * sizeof(mdl_life_t)));
    MDL_TRY(take(step, &eco->project_lives, eco->project_capacity * sizeof(mdl_life_t)));
    MDL_TRY(take(step, &eco->event_rows, capacity * sizeof(sim_event_row_t)));
    mdl_chronicle_t *self = sim_arena_at(arena(step), eco->chronicle);
    self->capacity = capacity;
    self->project_capacity = eco->project_capacity;
    self->land_parameter = mdl_params_find("cities.land_revenue");
    memcpy(self->first, first, sizeof first);
    return SIM_OK;
}

void mdl_chronicle_open(mdl_step_t *step)
{
    if (step->eco->chronicle == 0)
        return;
    step->chronicle = sim_arena_at(arena(step), step->eco->chronicle);
    step->project_lives = sim_arena_at(arena(step), step->eco->project_lives);
    step->event_rows = sim_arena_at(arena(step), step->eco->event_rows);
}

static sim_status_t move(const mdl_step_t *step, sim_ref_t *ref, size_t from_bytes, size_t to_bytes)
{
    sim_ref_t larger;
    MDL_TRY(take(step, &larger, to_bytes));
    memcpy(sim_arena_at(arena(step), larger), sim_arena_at(arena(step), *ref), from_bytes);
    sim_arena_release(arena(step), *ref, from_bytes);
    *ref = larger;
    return SIM_OK;
}

static sim_status_t check(const mdl_step_t *step)
{
    if (!step->chronicle->full)
        return SIM_OK;
    return sim_fail(step->err, SIM_ELIMIT, "events", "a day with more than %llu events",
                    (unsigned long long)rows_of_a_day(step));
}

sim_status_t mdl_chronicle_reserve(mdl_step_t *step)
{
    mdl_chronicle_t *self = step->chronicle;
    mdl_eco_t *eco = step->eco;
    if (self == NULL)
        return SIM_OK;
    MDL_TRY(check(step));
    if (self->project_capacity < eco->project_capacity) {
        MDL_TRY(move(step, &eco->project_lives, self->project_capacity * sizeof(mdl_life_t),
                     eco->project_capacity * sizeof(mdl_life_t)));
        self->project_capacity = eco->project_capacity;
    }
    uint64_t needed = self->n + rows_of_a_day(step), capacity = self->capacity;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > self->capacity) {
        MDL_TRY(
            move(step, &eco->event_rows, self->capacity * sizeof(sim_event_row_t), capacity * sizeof(sim_event_row_t)));
        self->capacity = capacity;
    }
    mdl_chronicle_open(step);
    return SIM_OK;
}

sim_status_t mdl_chronicle_finish(mdl_step_t *step)
{
    if (step->chronicle == NULL)
        return SIM_OK;
    MDL_TRY(check(step));
    for (uint64_t i = 0; i < step->chronicle->n; i++)
        (void)sim_recorder_event(step->eco->recorder, &step->event_rows[i]);
    return SIM_OK;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static const mdl_event_type_t *type_of(mdl_ev_t type)
{
    size_t n;
    return &mdl_event_registry(&n)[type];
}

mdl_life_t *mdl_chronicle_life(const mdl_step_t *step, mdl_who_t who, uint32_t entity)
{
    if (who == MDL_WHO_PROJECT) {
        SIM_ASSERT(entity < step->chronicle->project_capacity);
        return &step->project_lives[entity];
    }
    return &step->chronicle->lives[step->chronicle->first[who] + entity];
}

uint64_t mdl_chronicle_tell(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value)
{
    mdl_chronicle_t *self = step->chronicle;
    if (self->n == self->capacity) {
        self->full = true;
        return 0;
    }
    const mdl_event_type_t *what = type_of(type);
    mdl_life_t *life = mdl_chronicle_life(step, what->who, entity);
    uint64_t because = cause == MDL_CAUSE_BEFORE ? life->last : cause;
    step->event_rows[self->n++] = (sim_event_row_t){
        .time_s = step->now_s, .type = (uint32_t)type, .entity = entity, .cause = because, .value = value};
    self->by_type[type] = self->n;
    if (what->turn)
        life->last = self->n;
    life->told |= UINT64_C(1) << (type & 63);
    return self->n;
}

uint64_t mdl_chronicle_once(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value)
{
    const mdl_life_t *life = mdl_chronicle_life(step, type_of(type)->who, entity);
    return life->told >> (type & 63) & 1 ? 0 : mdl_chronicle_tell(step, type, entity, cause, value);
}

/* The latest of some types' last events, if it is at most `days` old. */
uint64_t mdl_chronicle_latest_of(const mdl_step_t *step, const mdl_ev_t *types, int32_t n, int32_t days)
{
    uint64_t best = 0;
    for (int32_t i = 0; i < n; i++)
        best = step->chronicle->by_type[types[i]] > best ? step->chronicle->by_type[types[i]] : best;
    bool recent = best > 0 && step->event_rows[best - 1].time_s >= step->now_s - days * SIM_DAY_S;
    return recent ? best : 0;
}

uint64_t mdl_chronicle_latest(const mdl_step_t *step, int32_t days, mdl_ev_t a, mdl_ev_t b, mdl_ev_t c)
{
    const mdl_ev_t types[] = {a, b, c};
    return mdl_chronicle_latest_of(step, types, 3, days);
}
