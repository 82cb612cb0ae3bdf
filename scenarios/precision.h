// SPDX-License-Identifier: GPL-3.0-or-later
/* Enough replications: running until an outcome's mean is known well enough. Private to scenarios.
 *
 * A scenario may ask for `precision: {metric, half_width, max}` instead of a number of replications. Replications are run
 * in blocks of fixed size; after each block the half width of the metric's 95 % interval (Student's t) is looked at in
 * every arm and design point, and when all are small enough the experiment ends. Blocks are fixed, so that the number of
 * replications depends neither on the threads nor on interruptions. Looking again and again makes the interval's real
 * coverage a little less than 95 % (Law 2015, 9.4.1); blocks of 32 keep that small.
 */
#ifndef SCN_PRECISION_H
#define SCN_PRECISION_H

#include "scenarios/experiment_task.h"

#define SCN_PRECISION_BLOCK 32u

typedef struct scn_precision {
    bool wanted;
    uint32_t channel; /* of the metric */
    double half_width;
} scn_precision_t;

/* Looks up what the scenario asks for; SIM_EINPUT when its metric is no outcome. */
sim_status_t scn_precision_init(scn_precision_t *self, const scn_experiment_t *experiment, sim_error_t *err);

/* Whether the replications run so far are enough. */
sim_status_t scn_precision_reached(const scn_precision_t *self, const scn_experiment_t *experiment, bool *reached,
                                   sim_error_t *err);

#endif
