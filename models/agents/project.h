// SPDX-License-Identifier: GPL-3.0-or-later
/* A project: one data centre from its announcement to its end.
 *
 *     announced -> approved -> building -> waiting for chips -> operating
 *         |            |           |               |               |
 *     cancelled    cancelled   abandoned       abandoned      abandoned, or defaulted at any time after finance
 *
 * Building takes four stages of exponential length (an Erlang time). A finished building is energised when enough chips
 * are in. An operating centre reviews the rent it asks from its own occupancy and what it hears; when its owner's
 * overdraft passes a share of the capital, it defaults.
 */
#ifndef MDL_PROJECT_H
#define MDL_PROJECT_H

#include "models/params/params.h"
#include "sim/rng.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum mdl_stage {
    MDL_STAGE_ANNOUNCED,
    MDL_STAGE_APPROVED,
    MDL_STAGE_BUILDING,
    MDL_STAGE_WAITING, /* built, not enough chips */
    MDL_STAGE_OPERATING,
    MDL_STAGE_CANCELLED, /* given up before it had money */
    MDL_STAGE_ABANDONED, /* given up after */
    MDL_STAGE_DEFAULTED,
    MDL_STAGES
} mdl_stage_t;

#define MDL_BUILD_STAGES  4
#define MDL_GPUS_PER_NODE 8

const char *mdl_stage_name(mdl_stage_t stage);
bool mdl_stage_ended(mdl_stage_t stage);

/* Planned size in nodes of 8 GPUs of a type with `rate` times an H100's dense FP16 throughput: lognormal in sparse
 * PFLOPS (P13-P16), cut at its bounds, at least one node. */
uint32_t mdl_project_nodes(const mdl_params_t *params, double rate, sim_rng_t *rng);
/* Length of the next building stage, seconds. */
int64_t mdl_project_stage_time(const mdl_params_t *params, bool experienced, sim_rng_t *rng);
/* Chance that a waiting project moves on within passed_s at a weekly hazard. */
double mdl_project_chance(double rate_per_week, int64_t passed_s);
/* Chance that it is given up meanwhile. */
double mdl_project_giving_up(const mdl_params_t *params, int64_t passed_s);
/* Whether a finished building opens: enough of the chips it wants are in, or fewer after a wait. */
bool mdl_project_opens(const mdl_params_t *params, uint32_t gpus_in, uint32_t gpus_wanted, int64_t waited_s);
/* The rent to ask after a review: up when fuller than the target, down when emptier, drawn to the index, never below
 * the floor. Yuan per node-month; passed_s since the last review. */
double mdl_project_ask(const mdl_params_t *params, double ask_yuan, double index_yuan, double floor_yuan,
                       double occupancy, int64_t passed_s);
/* Whether an owner with that cash gives up. Both in fen. */
bool mdl_project_defaults(const mdl_params_t *params, int64_t cash_fen, int64_t capital_fen);

#endif
