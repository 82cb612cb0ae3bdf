// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of a world: what lies in its arena, and what the files of the world share. Not for models.
 *
 * The arena holds the root, the table of LP records, a compact table of what the window loop asks of every LP, and each
 * LP's state, calendar and outbox. Everything there is found by reference; the struct sim_world beside it holds only
 * what must not be copied with the state.
 */
#ifndef SIM_WORLD_INTERNAL_H
#define SIM_WORLD_INTERNAL_H

#include "sim/calendar_inline.h"
#include "sim/world.h"

#define SIM_WORLD_DEFAULT_BYTES       ((size_t)4 << 30)
#define SIM_WORLD_LEAST_DEFAULT_BYTES ((size_t)256 << 20)
#define SIM_LP_DEFAULT_EVENTS         16u
#define SIM_LP_DEFAULT_MESSAGES       16u

/* Flags of an LP record. */
enum {
    SIM_LP_STOPPED = 1,
    SIM_LP_BOUNDARY_ONLY = 2,
    SIM_LP_RUNNING = 4 /* inside sim_world_run_lp */
};

/* One LP; a cache line. */
typedef struct sim_lp_record {
    uint64_t entity;
    sim_ref_t state;    /* 0 = none */
    sim_ref_t calendar; /* 0 once stopped */
    sim_ref_t outbox;   /* 0 for a boundary_only LP, whose messages are delivered at once, and once stopped */
    uint64_t fingerprint;
    uint64_t events;
    uint32_t kind;
    uint32_t flags;
    uint32_t calendar_max;
    uint32_t reserved;
} sim_lp_record_t;

static_assert(sizeof(sim_lp_record_t) == 64, "one cache line, written by one thread inside a window");

/* What a worker leaves for the boundary when an LP's window is over. */
enum {
    SIM_BRIEF_MESSAGES = 1, /* the outbox is not empty */
    SIM_BRIEF_GROW = 2,     /* the calendar is half full */
    SIM_BRIEF_CLOSES = 4    /* not the worker's: its kind has a close function */
};

/* What the window loop reads of every LP, close together. */
typedef struct sim_lp_brief {
    int64_t next_s; /* no later than the LP's first event; SIM_NEVER for boundary_only and stopped LPs */
    uint32_t flags;
    uint32_t reserved;
} sim_lp_brief_t;

static_assert(sizeof(sim_lp_brief_t) == 16, "four LPs to a cache line");

typedef struct sim_message {
    sim_event_t event;
    uint32_t to_lp;
    uint32_t reserved;
} sim_message_t;

/* Messages of one LP in one window, in the order of sending. */
struct sim_outbox {
    uint32_t capacity;
    uint32_t count;
    uint64_t reserved;
    sim_message_t messages[];
};

typedef struct sim_world_root {
    int64_t now_s; /* last boundary reached */
    uint64_t dropped;
    sim_ref_t records; /* sim_lp_record_t[lp_capacity] */
    sim_ref_t briefs;  /* sim_lp_brief_t[lp_capacity] */
    sim_ref_t reports; /* world->report_bytes[lp_capacity] */
    sim_ref_t active;  /* uint32_t[lp_capacity]: LPs with something to do in the current window, ascending */
    uint32_t n_lps;
    uint32_t lp_capacity;
    int32_t failed; /* sim_status_t that ended the world, SIM_OK while it lives */
} sim_world_root_t;

/* A handler's view while it runs inside sim_world_run_lp; calls may be nested. */
typedef struct sim_frame {
    sim_lp_t lp;
    struct sim_frame *outer;
} sim_frame_t;

struct sim_world {
    sim_arena_t arena;
    sim_ref_t root_ref;
    sim_world_root_t *root;
    const sim_model_t *model;
    const void *input;
    size_t report_bytes; /* of an entry of the table of reports: the largest kind's */
    sim_world_options_t options;
    sim_frame_t *frames; /* innermost first */
    bool in_window;
    sim_error_t error; /* of boundary tools that have no error argument; the boundary's report falls back on it */
    double windows_s;
    double boundaries_s;
};

static inline sim_lp_record_t *sim_world_record_(const sim_world_t *world, uint32_t lp)
{
    return (sim_lp_record_t *)sim_arena_at(&world->arena, world->root->records) + lp;
}

static inline sim_lp_brief_t *sim_world_brief_(const sim_world_t *world, uint32_t lp)
{
    return (sim_lp_brief_t *)sim_arena_at(&world->arena, world->root->briefs) + lp;
}

static inline void *sim_world_report_(const sim_world_t *world, uint32_t lp)
{
    return (char *)sim_arena_at(&world->arena, world->root->reports) + lp * world->report_bytes;
}

static inline sim_calendar_t *sim_world_calendar_(const sim_world_t *world, const sim_lp_record_t *record)
{
    return (sim_calendar_t *)sim_arena_at(&world->arena, record->calendar);
}

static inline struct sim_outbox *sim_world_outbox_(const sim_world_t *world, const sim_lp_record_t *record)
{
    return (struct sim_outbox *)sim_arena_at(&world->arena, record->outbox);
}

static inline size_t sim_outbox_bytes_(uint32_t capacity)
{
    return sizeof(struct sim_outbox) + (size_t)capacity * sizeof(sim_message_t);
}

static inline uint64_t sim_rotate_(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* Continues an LP's fingerprint by one event: odd multipliers and rotations, each field reaching every bit after two
 * more events. Not cryptographic. */
static inline uint64_t sim_fingerprint_mix_(uint64_t hash, const sim_event_t *event)
{
    uint64_t what = (uint64_t)event->type << 32 | event->entity;
    uint64_t x =
        (uint64_t)event->time_s * UINT64_C(0x9E3779B97F4A7C15) + sim_rotate_(what, 24) * UINT64_C(0xC2B2AE3D27D4EB4F);
    uint64_t y = (uint64_t)event->a * UINT64_C(0x165667B19E3779F9) + (uint64_t)event->b * UINT64_C(0xD6E8FEB86659FD93);
    return sim_rotate_((hash ^ x) * UINT64_C(0xFF51AFD7ED558CCD), 29) + (y ^ y >> 32);
}

/* What dispatching adds to an LP's record. */
typedef struct sim_dispatched {
    uint64_t fingerprint;
    uint64_t events;
} sim_dispatched_t;

/* Runs the LP's events before before_s, in order, until its handler fails. The engine's hot loop. */
static inline sim_status_t sim_lp_dispatch_(sim_lp_t *lp, const sim_lp_kind_t *kind, int64_t before_s,
                                            sim_dispatched_t *tally)
{
    sim_event_t event;
    sim_status_t status = SIM_OK;
    uint64_t fingerprint = tally->fingerprint;
    uint64_t events = tally->events;
    while (status >= 0 && sim_calendar_take_(lp->calendar, before_s, &event)) {
        lp->now_s = event.time_s;
        fingerprint = sim_fingerprint_mix_(fingerprint, &event);
        events++;
        status = kind->handle(lp, &event);
    }
    *tally = (sim_dispatched_t){fingerprint, events};
    return status;
}

/* sim_schedule where it is done with little (sim_calendar_put_in_list_). A delay below 0 makes a time before now,
 * one past the end of time goes round to a negative time: one comparison refuses both, and sim_schedule says why. */
static inline bool sim_lp_schedule_quickly_(sim_lp_t *lp, int64_t delay_s, const sim_event_t *event, unsigned priority,
                                            sim_handle_t *handle)
{
    uint64_t time_s = (uint64_t)lp->now_s + (uint64_t)delay_s;
    return __builtin_expect((int64_t)(time_s + 1) > lp->now_s, 1) &&
           sim_calendar_put_in_list_(lp->calendar, (int64_t)time_s, event, priority, handle);
}

/* A handler's view of the world, yet of no LP. */
static inline sim_lp_t sim_lp_view_(sim_world_t *world, int64_t window_end_s, sim_error_t *err)
{
    return (sim_lp_t){.world = world,
                      .input = world->input,
                      .arena = &world->arena,
                      .window_end_s = window_end_s,
                      .seed = world->options.seed,
                      .replication = world->options.replication,
                      .error = err};
}

/* Turns the view to an LP. */
static inline void sim_lp_turn_to_(sim_lp_t *lp, uint32_t index, const sim_lp_record_t *record)
{
    const sim_world_t *world = lp->world;
    lp->calendar = sim_world_calendar_(world, record);
    lp->state = record->state == 0 ? NULL : sim_arena_at(&world->arena, record->state);
    lp->now_s = world->root->now_s;
    lp->entity = record->entity;
    lp->index = index;
    lp->outbox = record->outbox == 0 ? NULL : sim_world_outbox_(world, record);
    lp->sent = false;
}

/* "datacentre LP 17" and the simulated time in words; for messages. */
void sim_world_place_(const sim_world_t *world, uint32_t lp, int64_t time_s, char text[128]);
/* Reports a handler's failure under its LP's name and time. */
sim_status_t sim_world_fail_lp_(const sim_world_t *world, const sim_lp_t *lp, sim_status_t status,
                                const sim_error_t *cause, sim_error_t *err);

/* Boundary tools: put an event into an LP's calendar, growing it when it is half full; messages of the window just
 * ended to their receivers; pools that the window left half full. */
sim_status_t sim_world_deliver_(sim_world_t *world, uint32_t to_lp, const sim_event_t *event, unsigned priority,
                                sim_handle_t *handle, sim_error_t *err);
sim_status_t sim_world_exchange_(sim_world_t *world, uint32_t n_active, sim_error_t *err);
sim_status_t sim_world_grow_calendar_(sim_world_t *world, uint32_t lp, sim_error_t *err);
sim_status_t sim_world_fail_full_(const sim_world_t *world, uint32_t lp, sim_error_t *err);

#endif
