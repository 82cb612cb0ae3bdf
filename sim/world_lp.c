// SPDX-License-Identifier: GPL-3.0-or-later
/* Logical processes: adding, stopping, running one alone, and what their handlers may call. */
#include "sim/world.h"

#include "sim/world_internal.h"

#include <string.h>

/* Moves an LP table of `from` entries to a larger block. */
static void move_table(sim_arena_t *arena, sim_ref_t *table, sim_ref_t larger, size_t entry_bytes, uint32_t from)
{
    memcpy(sim_arena_at(arena, larger), sim_arena_at(arena, *table), from * entry_bytes);
    sim_arena_release(arena, *table, from * entry_bytes);
    *table = larger;
}

/* Doubles the LP tables when they are full: all of them or none. */
static bool make_room(sim_world_t *world)
{
    enum { TABLES = 4 };
    sim_world_root_t *root = world->root;
    sim_arena_t *arena = &world->arena;
    uint32_t from = root->lp_capacity;
    if (root->n_lps < from)
        return true;
    sim_ref_t *const tables[TABLES] = {&root->records, &root->briefs, &root->active, &root->reports};
    const size_t entry_bytes[TABLES] = {sizeof(sim_lp_record_t), sizeof(sim_lp_brief_t), sizeof(uint32_t),
                                        world->report_bytes};
    sim_ref_t larger[TABLES] = {0};
    bool good = true;
    for (int i = 0; i < TABLES && good; i++)
        good = (larger[i] = sim_arena_alloc(arena, 2 * from * entry_bytes[i])) != 0;
    for (int i = 0; i < TABLES; i++) {
        if (good)
            move_table(arena, tables[i], larger[i], entry_bytes[i], from);
        else
            sim_arena_release(arena, larger[i], 2 * from * entry_bytes[i]);
    }
    root->lp_capacity = good ? 2 * from : from;
    return good;
}

/* Allocates an LP's blocks; false when the arena's bound is reached. */
static bool lay_lp(sim_world_t *world, const sim_lp_spec_t *spec, sim_lp_record_t *record)
{
    uint32_t events = spec->calendar_initial != 0 ? spec->calendar_initial : SIM_LP_DEFAULT_EVENTS;
    uint32_t messages = spec->outbox_capacity != 0 ? spec->outbox_capacity : SIM_LP_DEFAULT_MESSAGES;
    if (events > record->calendar_max)
        events = record->calendar_max;
    if (spec->state_bytes > 0 && (record->state = sim_arena_alloc(&world->arena, spec->state_bytes)) == 0)
        return false;
    if (!spec->boundary_only) {
        if ((record->outbox = sim_arena_alloc(&world->arena, sim_outbox_bytes_(messages))) == 0)
            return false;
        sim_world_outbox_(world, record)->capacity = messages;
    }
    if ((record->calendar = sim_arena_alloc(&world->arena, sim_calendar_bytes(events))) == 0)
        return false;
    sim_calendar_init(sim_world_calendar_(world, record), events);
    return true;
}

static void release_blocks(sim_world_t *world, sim_lp_record_t *record)
{
    if (record->calendar != 0)
        sim_arena_release(&world->arena, record->calendar,
                          sim_calendar_bytes(sim_calendar_capacity(sim_world_calendar_(world, record))));
    if (record->outbox != 0)
        sim_arena_release(&world->arena, record->outbox, sim_outbox_bytes_(sim_world_outbox_(world, record)->capacity));
    record->calendar = 0;
    record->outbox = 0;
}

sim_status_t sim_world_add_lp(sim_world_t *world, const sim_lp_spec_t *spec, uint32_t *index, sim_error_t *err)
{
    if (world->in_window)
        return sim_fail(err, SIM_EINVARIANT, world->model->name,
                        "an LP was added inside a window; add it at a boundary");
    SIM_ASSERT(spec->kind < world->model->n_kinds && spec->calendar_max <= SIM_CALENDAR_MAX_CAPACITY);
    sim_lp_record_t record = {.entity = spec->entity, .kind = spec->kind};
    record.flags = spec->boundary_only ? SIM_LP_BOUNDARY_ONLY : 0;
    record.calendar_max = spec->calendar_max != 0 ? spec->calendar_max : SIM_CALENDAR_MAX_CAPACITY;
    record.fingerprint = spec->entity * UINT64_C(0x9E3779B97F4A7C15) + 1;
    if (!make_room(world) || !lay_lp(world, spec, &record)) {
        release_blocks(world, &record);
        sim_arena_release(&world->arena, record.state, spec->state_bytes);
        return sim_arena_fail(&world->arena, err, world->model->name, "LP %u", world->root->n_lps);
    }
    *index = world->root->n_lps++;
    *sim_world_record_(world, *index) = record;
    bool closes = world->model->kinds[spec->kind].close != NULL && !spec->boundary_only;
    *sim_world_brief_(world, *index) = (sim_lp_brief_t){.next_s = SIM_NEVER, .flags = closes ? SIM_BRIEF_CLOSES : 0};
    return SIM_OK;
}

/* An LP that stops itself keeps a calendar until its handler returns: one that is empty to pop from and full to
 * schedule in, so that what the handler still schedules takes the slow way, where it is dropped. */
static void shut_calendar(sim_calendar_t *calendar)
{
    sim_calendar_init(calendar, sim_calendar_capacity(calendar));
    calendar->ring_live = calendar->capacity;
}

void sim_world_stop_lp(sim_world_t *world, uint32_t index)
{
    SIM_ASSERT(!world->in_window && index < world->root->n_lps);
    sim_lp_record_t *record = sim_world_record_(world, index);
    if (record->flags & SIM_LP_STOPPED)
        return;
    record->flags |= SIM_LP_STOPPED;
    *sim_world_brief_(world, index) = (sim_lp_brief_t){.next_s = SIM_NEVER};
    sim_calendar_t *calendar = sim_world_calendar_(world, record);
    world->root->dropped += sim_calendar_count(calendar);
    if (record->flags & SIM_LP_RUNNING)
        shut_calendar(calendar);
    else
        release_blocks(world, record);
}

sim_status_t sim_world_fail_lp_(const sim_world_t *world, const sim_lp_t *lp, sim_status_t status,
                                const sim_error_t *cause, sim_error_t *err)
{
    char place[128];
    sim_world_place_(world, lp->index, lp->now_s, place);
    const char *what = cause->code != SIM_OK ? cause->message : sim_status_text(status);
    return sim_fail(err, status, place, "%.800s", what);
}

static sim_status_t check_runnable(sim_world_t *world, uint32_t index, int64_t time_s, sim_error_t *err)
{
    if (index >= world->root->n_lps)
        return sim_fail(err, SIM_EINVARIANT, world->model->name, "there is no LP %u to run", index);
    const sim_lp_record_t *record = sim_world_record_(world, index);
    const char *problem = NULL;
    if (world->in_window || !(record->flags & SIM_LP_BOUNDARY_ONLY))
        problem = "only a boundary_only LP can be run alone, and only at a boundary";
    else if (record->flags & SIM_LP_RUNNING)
        problem = "the LP is already running";
    else if (time_s > world->root->now_s)
        problem = "the LP would run past the boundary";
    if (problem == NULL)
        return SIM_OK;
    char place[128];
    sim_world_place_(world, index, time_s, place);
    return sim_fail(err, SIM_EINVARIANT, place, "%s", problem);
}

sim_status_t sim_world_run_lp(sim_world_t *world, uint32_t index, int64_t time_s, sim_error_t *err)
{
    sim_status_t status = check_runnable(world, index, time_s, err);
    if (status < 0)
        return status;
    sim_lp_record_t *record = sim_world_record_(world, index);
    if (record->flags & SIM_LP_STOPPED)
        return SIM_OK;
    sim_error_t cause = {0};
    sim_frame_t frame = {.lp = sim_lp_view_(world, world->root->now_s, &cause), .outer = world->frames};
    sim_lp_turn_to_(&frame.lp, index, record);
    sim_dispatched_t tally = {record->fingerprint, record->events};
    record->flags |= SIM_LP_RUNNING;
    world->frames = &frame;
    status = sim_lp_dispatch_(&frame.lp, &world->model->kinds[record->kind], time_s + 1, &tally);
    world->frames = frame.outer;
    record = sim_world_record_(world, index); /* LPs added by a handler may have moved the table */
    record->flags &= ~(uint32_t)SIM_LP_RUNNING;
    record->fingerprint = tally.fingerprint;
    record->events = tally.events;
    if (record->flags & SIM_LP_STOPPED)
        release_blocks(world, record);
    return status < 0 ? sim_world_fail_lp_(world, &frame.lp, status, &cause, err) : SIM_OK;
}

sim_status_t sim_world_schedule(sim_world_t *world, uint32_t lp, const sim_event_t *event, unsigned priority,
                                sim_handle_t *handle)
{
    sim_error_t *err = &world->error;
    if (world->in_window)
        return sim_fail(err, SIM_EINVARIANT, "sim_world_schedule",
                        "called inside a window; use sim_schedule or sim_send");
    if (event->time_s < world->root->now_s || event->time_s == SIM_NEVER)
        return sim_fail(err, SIM_EINVARIANT, "sim_world_schedule",
                        "an event of type %u for LP %u at %lld s; expected %lld s or later", event->type, lp,
                        (long long)event->time_s, (long long)world->root->now_s);
    return sim_world_deliver_(world, lp, event, priority, handle, err);
}

bool sim_world_cancel(sim_world_t *world, uint32_t lp, sim_handle_t handle)
{
    SIM_ASSERT(!world->in_window && lp < world->root->n_lps);
    const sim_lp_record_t *record = sim_world_record_(world, lp);
    return record->calendar != 0 && sim_calendar_cancel(sim_world_calendar_(world, record), handle);
}

/* What sim_schedule does where the calendar cannot take the event: the delay is impossible, the calendar is full or the
 * LP has stopped itself. At a boundary there is a way on. */
static __attribute__((noinline, cold)) sim_status_t
schedule_slowly(sim_lp_t *lp, int64_t delay_s, const sim_event_t *event, unsigned priority, sim_handle_t *handle)
{
    if (delay_s < 0 || delay_s >= SIM_NEVER - lp->now_s)
        return sim_fail(lp->error, SIM_EINVARIANT, "sim_schedule", "an event of type %u was given a delay of %lld s",
                        event->type, (long long)delay_s);
    sim_world_t *world = lp->world;
    if (world->in_window)
        return sim_world_fail_full_(world, lp->index, lp->error);
    sim_event_t timed = *event;
    timed.time_s = lp->now_s + delay_s;
    return sim_world_deliver_(world, lp->index, &timed, priority, handle, lp->error);
}

/* sim_schedule for an event that does not simply go into a list. */
static __attribute__((noinline)) sim_status_t
schedule_elsewhere(sim_lp_t *lp, int64_t delay_s, const sim_event_t *event, unsigned priority, sim_handle_t *handle)
{
    if (delay_s < 0 || delay_s >= SIM_NEVER - lp->now_s || sim_calendar_count_(lp->calendar) == lp->calendar->capacity)
        return schedule_slowly(lp, delay_s, event, priority, handle);
    sim_calendar_put_elsewhere_(lp->calendar, lp->now_s + delay_s, event, priority, handle);
    return SIM_OK;
}

sim_status_t sim_schedule(sim_lp_t *lp, int64_t delay_s, const sim_event_t *event, unsigned priority,
                          sim_handle_t *handle)
{
    if (sim_lp_schedule_quickly_(lp, delay_s, event, priority, handle))
        return SIM_OK;
    return schedule_elsewhere(lp, delay_s, event, priority, handle);
}

bool sim_cancel(sim_lp_t *lp, sim_handle_t handle)
{
    return sim_calendar_cancel(lp->calendar, handle);
}

bool sim_reschedule(sim_lp_t *lp, sim_handle_t handle, int64_t delay_s)
{
    SIM_ASSERT(delay_s >= 0 && delay_s < SIM_NEVER - lp->now_s);
    return sim_calendar_reschedule(lp->calendar, handle, lp->now_s + delay_s);
}
