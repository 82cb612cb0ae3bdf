// SPDX-License-Identifier: GPL-3.0-or-later
/* Capability frontiers: what the best open and the best closed model are worth, in log training compute.
 *
 * Capability is measured as the natural log of the H100-equivalent GPU hours that training such a model usefully takes
 * an ordinary lab of the first day, so that a lab's own cumulative compute compares directly with what it could
 * download. Both frontiers grow 3-4 times a year (T09, G01); open releases (DeepSeek V2, V3/R1: F28, E07) are dated
 * steps. The open frontier never passes the closed one. An open release comes with its recipe: the part of its step
 * that is method, not compute (G01: V3 took a tenth of the hours that others took), works in everybody's next hours.
 */
#ifndef MDL_FRONTIER_H
#define MDL_FRONTIER_H

#include "models/params/params.h"

typedef struct mdl_frontier {
    double open_log;   /* ln GPU hours of the best open model */
    double closed_log; /* of the best closed model */
    double recipe_log; /* ln of what an hour of training is worth by published methods, over an hour of the first day */
    bool open_exists;  /* false: no open models in this world (frontier.open = false) */
} mdl_frontier_t;

/* Levels at the scenario's start. */
void mdl_frontier_init(mdl_frontier_t *self, const mdl_params_t *params);

/* One day of growth; of the open frontier's, a share `frontier.recipe_growth` is method in print. */
void mdl_frontier_step(mdl_frontier_t *self, const mdl_params_t *params);

/* An open release moves the open frontier by `step_log` (MDL_SHOCK_MODEL_RELEASE), and the recipe by its share
 * `frontier.recipe_share`; nothing when open models do not exist. Negative steps are ignored: a released model cannot be
 * taken back. */
void mdl_frontier_release(mdl_frontier_t *self, const mdl_params_t *params, double step_log);
/* Hours of the first day that `gpu_s` seconds of training today are worth, in seconds; at most INT64_MAX / 4. */
int64_t mdl_frontier_worth(const mdl_frontier_t *self, int64_t gpu_s);

/* Capability reached by `gpu_hours` useful H100-equivalent hours: ln(1 + hours), 0 for none. */
double mdl_frontier_capability(double gpu_hours);

#endif
