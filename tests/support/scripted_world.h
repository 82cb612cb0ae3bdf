// SPDX-License-Identifier: GPL-3.0-or-later
/* Worlds of scripted LPs for tests of the world: an event's type says what its LP does, and each LP logs what came.
 *
 *     scripted_plan_t plan = {0};
 *     sim_world_t *world = scripted_world(&scripted_model, &plan, 2, NULL);
 *     scripted_put(world, 0, (sim_event_t){.time_s = 10, .type = SEND, .entity = 1, .a = 200});
 *     scripted_run_ok(world, 300);
 */
#ifndef TEST_SCRIPTED_WORLD_H
#define TEST_SCRIPTED_WORLD_H

#include "sim/world.h"

#define SCRIPTED_WINDOW_S 100 /* the world begins on 2022-01-01 */

/* What an LP does at an event; a, b and entity are the event's. */
enum {
    NOTHING,
    LOG,
    SEND,           /* LOG to LP `entity` at time a, with b */
    BURST,          /* a LOGs to itself, b seconds later */
    SCHEDULE,       /* a LOG to itself, a seconds later */
    FAIL,           /* with an explanation */
    SILENT_FAIL,    /* without one */
    CANCEL_AT_ONCE, /* what it has just scheduled */
    STOP_SELF,
    ADD_LPS, /* a of them */
    RUN_SELF,
    BREAK_WALL /* schedules as only a boundary may */
};

/* A scripted LP's state: what came. */
typedef struct script {
    uint32_t n;
    sim_event_t log[600];
} script_t;

/* What the boundary function does; the world's input. */
typedef struct scripted_plan {
    int calls;
    int64_t times[64];
    sim_status_t (*act)(sim_world_t *world, int64_t time_s, sim_error_t *err);
} scripted_plan_t;

extern const sim_model_t scripted_model; /* kinds "script" and "planner" */

sim_status_t scripted_handle(sim_lp_t *lp, const sim_event_t *event);
/* Notes the call in the plan, then acts by it. */
sim_status_t scripted_boundary(sim_world_t *world, int64_t time_s, sim_error_t *err);

/* A world of n LPs like `spec` (NULL: the first kind, entities from 100 on). Bounded at 64 MiB. */
sim_world_t *scripted_world(const sim_model_t *of, scripted_plan_t *plan, uint32_t n, const sim_lp_spec_t *spec);
void scripted_put(sim_world_t *world, uint32_t lp, sim_event_t event);
void scripted_run_ok(sim_world_t *world, int64_t until_s);
/* The run has to fail with `expected`, and its message to hold all of `parts`, which end with NULL. */
void scripted_run_fails(sim_world_t *world, sim_status_t expected, const char *const *parts);
script_t *scripted_script(sim_world_t *world, uint32_t lp);

#endif
