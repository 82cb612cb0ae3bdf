// SPDX-License-Identifier: GPL-3.0-or-later
/* Node failures: one memoryless clock for all powered nodes of a centre.
 *
 * Failures of n nodes, each at rate r, are one Poisson process of rate n r that picks a node uniformly; when the node
 * picked is down already, nothing happens (thinning, which keeps the process exact). So failures cost an event per
 * failure, not per node. A failure is either hard (parts are replaced, T10) or soft (the node restarts).
 *
 * The k-th failure of a centre is drawn at (centre's entity, MDL_PURPOSE_FAILURE, k), whatever happened before.
 */
#ifndef MDL_FAILURE_H
#define MDL_FAILURE_H

#include "models/params/params.h"
#include "sim/rng.h"

typedef struct mdl_failure_rates {
    double node_mean_s; /* mean time between failures of one node; 0 = nodes never fail */
    double hard_share;
    double hard_repair_s; /* mean */
    double soft_repair_s; /* mean */
} mdl_failure_rates_t;

typedef struct mdl_failure {
    int64_t delay_s; /* after the failure before it (or the centre's birth) */
    int64_t repair_s;
    uint32_t node;
} mdl_failure_t;

/* The rates that the parameters say. */
void mdl_failure_rates_init(mdl_failure_rates_t *self, const mdl_params_t *params);

/* Draws a failure among `nodes` >= 1 nodes; `rng` stands at the failure's address. Both times are whole seconds: the delay
 * is rounded to the nearest, a repair up, so that it takes at least one. */
void mdl_failure_draw(const mdl_failure_rates_t *self, sim_rng_t *rng, uint32_t nodes, mdl_failure_t *failure);

#endif
