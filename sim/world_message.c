// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages between LPs, and the pools that grow at boundaries. */
#include "sim/world.h"

#include "sim/world_internal.h"

sim_status_t sim_world_fail_full_(const sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    const sim_lp_record_t *record = sim_world_record_(world, lp);
    uint32_t capacity = sim_calendar_capacity(sim_world_calendar_(world, record));
    return sim_fail(err, SIM_ELIMIT, "calendar",
                    "%s LP %u has %u events pending and room for no more%s (declared bound %u); raise %s",
                    world->model->kinds[record->kind].name, lp, capacity,
                    capacity < record->calendar_max ? " before the next boundary" : "", record->calendar_max,
                    capacity < record->calendar_max ? "calendar_initial" : "calendar_max");
}

/* A running LP's handler sees the calendar through its frame. */
static void point_frames_to(sim_world_t *world, uint32_t lp, sim_calendar_t *calendar)
{
    for (sim_frame_t *frame = world->frames; frame != NULL; frame = frame->outer) {
        if (frame->lp.index == lp)
            frame->lp.calendar = calendar;
    }
}

/* Moves an LP's calendar to a larger block. */
static sim_status_t enlarge_calendar(sim_world_t *world, uint32_t lp, uint32_t capacity, sim_error_t *err)
{
    sim_lp_record_t *record = sim_world_record_(world, lp);
    sim_calendar_t *old = sim_world_calendar_(world, record);
    uint32_t from = sim_calendar_capacity(old);
    sim_ref_t block = sim_arena_alloc(&world->arena, sim_calendar_bytes(capacity));
    if (block == 0)
        return sim_arena_fail(&world->arena, err, "calendar", "%u events of %s LP %u", capacity,
                              world->model->kinds[record->kind].name, lp);
    sim_calendar_t *larger = sim_arena_at(&world->arena, block);
    sim_calendar_grow_into(larger, capacity, old);
    sim_arena_release(&world->arena, record->calendar, sim_calendar_bytes(from));
    record->calendar = block;
    point_frames_to(world, lp, larger);
    return SIM_OK;
}

/* Doubles an LP's calendar, up to its declared bound. */
sim_status_t sim_world_grow_calendar_(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    const sim_lp_record_t *record = sim_world_record_(world, lp);
    uint32_t from = sim_calendar_capacity(sim_world_calendar_(world, record));
    if (from == record->calendar_max)
        return SIM_OK;
    return enlarge_calendar(world, lp, from < record->calendar_max / 2 ? 2 * from : record->calendar_max, err);
}

sim_status_t sim_world_reserve(sim_world_t *world, uint32_t lp, uint32_t events, sim_error_t *err)
{
    SIM_ASSERT(!world->in_window && lp < world->root->n_lps);
    const sim_lp_record_t *record = sim_world_record_(world, lp);
    if (record->calendar == 0)
        return SIM_OK;
    const sim_calendar_t *calendar = sim_world_calendar_(world, record);
    uint64_t wanted = (uint64_t)sim_calendar_count(calendar) + events;
    uint32_t capacity = wanted < record->calendar_max ? (uint32_t)wanted : record->calendar_max;
    return capacity <= sim_calendar_capacity(calendar) ? SIM_OK : enlarge_calendar(world, lp, capacity, err);
}

/* Doubles an empty outbox. */
static sim_status_t grow_outbox(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    sim_lp_record_t *record = sim_world_record_(world, lp);
    uint32_t from = sim_world_outbox_(world, record)->capacity;
    sim_ref_t block = sim_arena_alloc(&world->arena, sim_outbox_bytes_(2 * from));
    if (block == 0)
        return sim_arena_fail(&world->arena, err, "outbox", "%u messages of %s LP %u", 2 * from,
                              world->model->kinds[record->kind].name, lp);
    sim_arena_release(&world->arena, record->outbox, sim_outbox_bytes_(from));
    record->outbox = block;
    sim_world_outbox_(world, record)->capacity = 2 * from;
    return SIM_OK;
}

sim_status_t sim_world_deliver_(sim_world_t *world, uint32_t to_lp, const sim_event_t *event, unsigned priority,
                                sim_handle_t *handle, sim_error_t *err)
{
    if (handle != NULL)
        *handle = (sim_handle_t){0};
    if (to_lp >= world->root->n_lps)
        return sim_fail(err, SIM_EINVARIANT, world->model->name, "an event of type %u for LP %u, which does not exist",
                        event->type, to_lp);
    const sim_lp_record_t *record = sim_world_record_(world, to_lp);
    if (record->flags & SIM_LP_STOPPED) {
        world->root->dropped++;
        return SIM_OK;
    }
    const sim_calendar_t *calendar = sim_world_calendar_(world, record);
    if (2 * (uint64_t)sim_calendar_count(calendar) >= sim_calendar_capacity(calendar)) {
        sim_status_t status = sim_world_grow_calendar_(world, to_lp, err);
        if (status < 0)
            return status;
    }
    if (sim_calendar_schedule(sim_world_calendar_(world, record), event, priority, handle) < 0)
        return sim_world_fail_full_(world, to_lp, err);
    sim_lp_brief_t *brief = sim_world_brief_(world, to_lp);
    if (!(record->flags & SIM_LP_BOUNDARY_ONLY) && event->time_s < brief->next_s)
        brief->next_s = event->time_s;
    return SIM_OK;
}

static sim_status_t fail_send(sim_lp_t *lp, uint32_t to_lp, const sim_event_t *event)
{
    if (to_lp >= lp->world->root->n_lps)
        return sim_fail(lp->error, SIM_EINVARIANT, "sim_send",
                        "a message of type %u to LP %u, which does not exist (there are %u)", event->type, to_lp,
                        lp->world->root->n_lps);
    return sim_fail(lp->error, SIM_EINVARIANT, "sim_send",
                    "a message of type %u from LP %u to LP %u for %lld s; expected the window's end, %lld s, or later",
                    event->type, lp->index, to_lp, (long long)event->time_s, (long long)lp->window_end_s);
}

sim_status_t sim_send(sim_lp_t *lp, uint32_t to_lp, const sim_event_t *event)
{
    if (to_lp >= lp->world->root->n_lps || event->time_s < lp->window_end_s || event->time_s == SIM_NEVER)
        return fail_send(lp, to_lp, event);
    struct sim_outbox *outbox = lp->outbox;
    if (outbox == NULL) /* the LP runs at a boundary, alone: no need to wait */
        return sim_world_deliver_(lp->world, to_lp, event, 0, NULL, lp->error);
    if (outbox->count == outbox->capacity)
        return sim_fail(lp->error, SIM_ELIMIT, "outbox",
                        "LP %u has sent %u messages in one window and has room for no more; raise outbox_capacity",
                        lp->index, outbox->capacity);
    lp->sent = true;
    outbox->messages[outbox->count++] = (sim_message_t){.event = *event, .to_lp = to_lp};
    return SIM_OK;
}

static sim_status_t deliver_outbox(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    struct sim_outbox *outbox = sim_world_outbox_(world, sim_world_record_(world, lp));
    for (uint32_t i = 0; i < outbox->count; i++) {
        const sim_message_t *message = &outbox->messages[i];
        sim_status_t status = sim_world_deliver_(world, message->to_lp, &message->event, 0, NULL, err);
        if (status < 0)
            return status;
    }
    bool half_full = 2 * (uint64_t)outbox->count >= outbox->capacity;
    outbox->count = 0;
    return half_full ? grow_outbox(world, lp, err) : SIM_OK;
}

/* What a window has left an LP to do: its messages go out, and its calendar grows if it is half full. */
static sim_status_t tidy_up(sim_world_t *world, uint32_t lp, uint32_t flags, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    if (flags & SIM_BRIEF_MESSAGES)
        status = deliver_outbox(world, lp, err);
    if (status >= 0 && flags & SIM_BRIEF_GROW)
        status = sim_world_grow_calendar_(world, lp, err);
    return status;
}

/* Senders in the order of their index, each one's messages in the order of sending. */
sim_status_t sim_world_exchange_(sim_world_t *world, uint32_t n_active, sim_error_t *err)
{
    const uint32_t *active = sim_arena_at(&world->arena, world->root->active);
    sim_lp_brief_t *briefs = sim_world_brief_(world, 0);
    for (uint32_t i = 0; i < n_active; i++) {
        sim_lp_brief_t *brief = &briefs[active[i]];
        if ((brief->flags & ~SIM_BRIEF_CLOSES) == 0)
            continue;
        sim_status_t status = tidy_up(world, active[i], brief->flags, err);
        if (status < 0)
            return status;
        brief->flags &= SIM_BRIEF_CLOSES;
    }
    return SIM_OK;
}
