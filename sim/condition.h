// SPDX-License-Identifier: GPL-3.0-or-later
/* A condition: something that entities of one LP wait for, until it is signalled.
 *
 * Who waits leaves the event that shall wake him. A signal schedules the events of the longest-waiting entities with
 * zero delay, in waiting order: they run at this instant, after the handler that signalled has returned. What the
 * condition means, and whether it still holds when a woken entity gets its turn, is for the model to check.
 *
 *     sim_condition_wait(chips_arrived, lp, &(sim_event_t){.type = TRY_AGAIN, .entity = project}, NULL);
 *     ...
 *     sim_condition_signal(chips_arrived, lp, SIM_ALL, NULL);
 *
 * One block without pointers, like a server (sim/server.h); it never allocates, and every operation is O(1) for each
 * entity concerned.
 */
#ifndef SIM_CONDITION_H
#define SIM_CONDITION_H

#include "sim/tally.h"
#include "sim/world.h"

#define SIM_ALL UINT32_MAX

typedef struct sim_condition sim_condition_t;

typedef struct sim_condition_stats {
    sim_level_t waiting; /* entities */
    sim_tally_t wait_s;  /* of those woken */
    uint64_t waited;     /* = woken + left + waiting now */
    uint64_t woken;
    uint64_t left;
} sim_condition_stats_t;

/* Bytes of a condition for `capacity` >= 1 waiting entities. */
size_t sim_condition_bytes(uint32_t capacity);

/* Nobody waits; `self` is 8-byte aligned memory of sim_condition_bytes(capacity). */
void sim_condition_init(sim_condition_t *self, uint32_t capacity, int64_t now_s);

/* The same in a block of the world's arena, before the run or at a boundary. SIM_ELIMIT when its bound is reached. */
sim_status_t sim_condition_create(sim_world_t *world, uint32_t capacity, sim_ref_t *condition, sim_error_t *err);
static inline sim_condition_t *sim_condition_at(const sim_lp_t *lp, sim_ref_t condition)
{
    return (sim_condition_t *)sim_arena_at(lp->arena, condition);
}

/* Waits with the event `wake` (its time is not read). `ticket` may be NULL. SIM_ELIMIT, with lp->error filled, when
 * `capacity` entities wait already. */
sim_status_t sim_condition_wait(sim_condition_t *self, sim_lp_t *lp, const sim_event_t *wake, sim_handle_t *ticket);

/* Stops waiting; false when the entity has been woken or has left. */
bool sim_condition_leave(sim_condition_t *self, sim_lp_t *lp, sim_handle_t ticket);

/* Wakes the first n who wait, or SIM_ALL who wait now; `woken` (may be NULL) is how many that were. SIM_ELIMIT when the
 * LP's calendar is full. */
sim_status_t sim_condition_signal(sim_condition_t *self, sim_lp_t *lp, uint32_t n, uint32_t *woken);

uint32_t sim_condition_waiting(const sim_condition_t *self);
const sim_condition_stats_t *sim_condition_stats(const sim_condition_t *self);

/* Recounts everything in O(capacity); false if anything is wrong. For tests and audits. */
bool sim_condition_verify(const sim_condition_t *self);

#endif
