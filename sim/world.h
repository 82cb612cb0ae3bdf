// SPDX-License-Identifier: GPL-3.0-or-later
/* A world: logical processes that advance together in windows.
 *
 * A logical process (LP) owns a calendar, a state block and an outbox. The world advances in windows of `window_s`
 * seconds. Inside a window LPs do not see each other: they run in any order on any number of threads, with the same
 * result. A message carries its own time, at or after the window's end, and is delivered at that time, with priority 0;
 * ties at one instant go by (window of sending, sender, order of sending). When all LPs have reached the window's end,
 * the model's boundary function runs alone: it may read every LP's state, add LPs, send messages, allocate, and run its
 * own calendar (LP 0 by convention). This is the synchronous conservative scheme (YAWNS; Nicol 1993), with the window
 * as lookahead.
 *
 * Everything that changes lies in one arena, so sim_world_clone() is a copy: an experiment's arm that differs only from
 * a date on starts as a clone at that date.
 *
 *     static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event) { ... }
 *     static const sim_lp_kind_t kinds[] = {{.name = "queue", .handle = on_event}};
 *     static const sim_model_t model = {.name = "mm1", .kinds = kinds, .n_kinds = 1, .window_s = SIM_DAY_S};
 *
 *     sim_world_t *world;
 *     sim_world_create(&world, &model, NULL, &(sim_world_options_t){.seed = 1}, &err);
 *     uint32_t lp;
 *     sim_world_add_lp(world, &(sim_lp_spec_t){.kind = 0, .state_bytes = sizeof(queue_t)}, &lp, &err);
 *     sim_world_run(world, SIM_WEEK_S, NULL, &err);
 *     sim_world_destroy(world);
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/arena.h"
#include "sim/calendar.h"
#include "sim/error.h"
#include "sim/rng.h"
#include "sim/time.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct sim_world sim_world_t;
typedef struct sim_lp sim_lp_t;

/* What the engine knows of a kind of LP. */
typedef struct sim_lp_kind {
    const char *name;
    /* Handles an event; returns SIM_OK or fails the replication (fill lp->error). */
    sim_status_t (*handle)(sim_lp_t *lp, const sim_event_t *event);
    /* May be NULL. Called for every LP of the kind that lives, at each multiple of window_s, after the window's events
     * and on any thread, to fill the LP's report: readings that the boundary would else have to take alone. It sees the
     * LP's state and the last report, and neither schedules nor sends. Not for boundary_only LPs, nor after a failure. */
    void (*close)(sim_lp_t *lp, void *report);
    size_t report_bytes; /* reports lie side by side; of neighbours one may share a cache line with another thread's */
    /* May be NULL. Called before an LP's window while others run, if it has events in it, to start fetching
     * (__builtin_prefetch) what they will touch besides the calendar, the report and the first lines of the state, which
     * the engine fetches itself: of many LPs with little to do each, waiting for memory is most of the cost. Comes
     * twice: what the state refers to in turn 0 has been fetched by turn 1. It changes nothing. */
    void (*fetch)(const sim_arena_t *arena, const void *state, int turn);
} sim_lp_kind_t;

/* What the engine knows of a model. Constant, shared by all worlds. */
typedef struct sim_model {
    const char *name;
    const sim_lp_kind_t *kinds;
    uint32_t n_kinds;
    int64_t window_s; /* lookahead, > 0 */
    /* Runs alone at each boundary, time_s being the window's end; may be NULL. */
    sim_status_t (*boundary)(sim_world_t *world, int64_t time_s, sim_error_t *err);
} sim_model_t;

typedef struct sim_world_options {
    uint64_t seed;
    uint64_t replication; /* word 3 of every random address */
    size_t max_bytes;     /* bound of the world's memory; 0 = 4 GiB of address space */
    int threads;          /* over LPs inside a window; 0 or 1 = the calling thread alone */
    int64_t start_day;    /* date of time 0, days since 1970-01-01; only messages use it */
} sim_world_options_t;

typedef struct sim_lp_spec {
    uint32_t kind;
    uint64_t entity;           /* id for random addresses and the fingerprint */
    size_t state_bytes;        /* zeroed state block */
    uint32_t calendar_initial; /* events it starts with room for; 0 = 16. Grows at boundaries when half full */
    uint32_t calendar_max;     /* declared bound; 0 = SIM_CALENDAR_MAX_CAPACITY */
    uint32_t outbox_capacity;  /* messages per window; 0 = 16. Grows at boundaries when half full */
    bool boundary_only;        /* its events run inside the boundary function only (sim_world_run_lp) */
} sim_lp_spec_t;

/* An LP as its handler sees it, for the length of one call. Pointers lead into the world's arena. */
struct sim_lp {
    sim_world_t *world;
    sim_calendar_t *calendar;
    void *state;
    const void *input;    /* the world's constant input */
    sim_arena_t *arena;   /* the world's */
    int64_t now_s;        /* time of the event being handled */
    int64_t window_end_s; /* no message may be earlier */
    uint64_t entity;
    uint64_t seed;
    uint64_t replication;
    uint32_t index;
    struct sim_outbox *outbox;
    bool sent; /* something in this window */
    sim_error_t *error;
};

/* Creates an empty world at time 0. `input` is the model's constant input (parameters, tables), not owned. */
sim_status_t sim_world_create(sim_world_t **world, const sim_model_t *model, const void *input,
                              const sim_world_options_t *options, sim_error_t *err);
void sim_world_destroy(sim_world_t *world); /* NULL is fine */

/* Empties a world for another run, keeping its memory: same effect as destroy and create. After a failure (only possible
 * with another max_bytes) the world can only be destroyed. */
sim_status_t sim_world_reset(sim_world_t *world, const void *input, const sim_world_options_t *options,
                             sim_error_t *err);

/* A second world in the same state, from here on independent. `input` replaces the input in the copy. */
sim_status_t sim_world_clone(sim_world_t **copy, const sim_world_t *world, const void *input, sim_error_t *err);

/* Adds an LP; legal before the run and at boundaries. */
sim_status_t sim_world_add_lp(sim_world_t *world, const sim_lp_spec_t *spec, uint32_t *index, sim_error_t *err);
/* Ends an LP for good: its pending events and messages to it are dropped and counted (sim_world_dropped). Its state
 * stays readable. At boundaries only. */
void sim_world_stop_lp(sim_world_t *world, uint32_t index);

/* What a run may report to and be stopped by; owned by the caller, shared with other threads. */
typedef struct sim_control {
    const atomic_bool *stop;   /* checked at each boundary; may be NULL. Set: the run returns SIM_EINTERRUPTED */
    _Atomic int64_t *progress; /* simulated time reached, written at each boundary; may be NULL */
} sim_control_t;

/* Advances to `until_s`. Windows end at multiples of window_s; where until_s is not one, the last window is cut, there
 * is a boundary at until_s, and the next run starts with the rest of that window. Events at until_s itself stay
 * pending. Without a boundary function, windows in which nothing happens are passed over.
 *
 * Returns SIM_OK; SIM_EINTERRUPTED when the stop flag was seen at a boundary (the world may run on); or what a handler
 * or the boundary function returned, `err` naming LP and simulated time: of several LPs that fail in one window, the
 * one with the lowest index. A world that has failed does not run again. */
sim_status_t sim_world_run(sim_world_t *world, int64_t until_s, const sim_control_t *control, sim_error_t *err);

/* Runs one boundary_only LP's events up to and including time_s (at most now); for use inside the boundary function.
 * Messages it sends, for the boundary's time or later, are delivered at once, and its calendar grows when it must. */
sim_status_t sim_world_run_lp(sim_world_t *world, uint32_t index, int64_t time_s, sim_error_t *err);

/* Reading and the boundary's tools. */
int64_t sim_world_now(const sim_world_t *world); /* last boundary reached */
const void *sim_world_input(const sim_world_t *world);
int64_t sim_world_window_s(const sim_world_t *world); /* the model's */
uint64_t sim_world_seed(const sim_world_t *world);
uint64_t sim_world_replication(const sim_world_t *world);
uint32_t sim_world_lp_count(const sim_world_t *world);
uint32_t sim_world_kind(const sim_world_t *world, uint32_t lp); /* position among the model's kinds */
void *sim_world_state(sim_world_t *world, uint32_t lp);
const void *sim_world_report(const sim_world_t *world, uint32_t lp); /* zeros before its first */
sim_arena_t *sim_world_arena(sim_world_t *world);
/* Says that about so many bytes will be allocated next: with several threads these fetch the memory side by side. */
void sim_world_expect(sim_world_t *world, size_t bytes);
uint64_t
sim_world_fingerprint(const sim_world_t *world);      /* hash of all dispatched events, combined over LPs by index */
uint64_t sim_world_events(const sim_world_t *world);  /* events dispatched */
uint64_t sim_world_dropped(const sim_world_t *world); /* events and messages that stopped LPs did not get */
/* Wall-clock seconds spent inside windows and at boundaries since creation: the serial share of a run. */
void sim_world_wall_s(const sim_world_t *world, double *windows_s, double *boundaries_s);
/* Schedules an event in an LP's calendar from the boundary (time_s >= now). SIM_EINVARIANT for an unknown LP or a time
 * that has passed; SIM_ELIMIT when the calendar's bound is reached; for a stopped LP the event is dropped and counted.
 * What went wrong is reported by the run when the boundary function returns the status with an empty error. */
sim_status_t sim_world_schedule(sim_world_t *world, uint32_t lp, const sim_event_t *event, unsigned priority,
                                sim_handle_t *handle);
/* Room in an LP's calendar for so many events beside those that are pending, or as many as its declared bound allows: for
 * a model that knows that a window will have more than twice as many. At boundaries; a stopped LP needs none. */
sim_status_t sim_world_reserve(sim_world_t *world, uint32_t lp, uint32_t events, sim_error_t *err);
/* Takes out an event that was scheduled in an LP's calendar; false if it has left. At boundaries. */
bool sim_world_cancel(sim_world_t *world, uint32_t lp, sim_handle_t handle);

/* For handlers. */
static inline int64_t sim_now(const sim_lp_t *lp)
{
    return lp->now_s;
}
/* Schedules an event in the handler's own LP, `delay_s` >= 0 from now; event->time_s is not read. SIM_ELIMIT when the
 * calendar is full, SIM_EINVARIANT for a negative delay or one past the end of time; lp->error is filled. */
sim_status_t sim_schedule(sim_lp_t *lp, int64_t delay_s, const sim_event_t *event, unsigned priority,
                          sim_handle_t *handle);
bool sim_cancel(sim_lp_t *lp, sim_handle_t handle);
/* Moves a pending event to `delay_s` >= 0 from now, behind events of the same time; false if it has left. */
bool sim_reschedule(sim_lp_t *lp, sim_handle_t handle, int64_t delay_s);
/* Sends a message, event->time_s at or after lp->window_end_s, to another LP. SIM_EINVARIANT for an earlier one or an
 * unknown receiver, SIM_ELIMIT when the outbox is full; lp->error is filled. A message to a stopped LP is dropped. */
sim_status_t sim_send(sim_lp_t *lp, uint32_t to_lp, const sim_event_t *event);
/* Stands `rng` at (world's seed; replication, entity, purpose, event). */
static inline void sim_lp_rng(const sim_lp_t *lp, sim_rng_t *rng, uint64_t entity, uint64_t purpose, uint64_t event)
{
    sim_rng_at(rng, lp->seed, lp->replication, entity, purpose, event);
}

#endif
