// SPDX-License-Identifier: GPL-3.0-or-later
/* One replication of one arm in memory, with some parameters changed: for whoever looks for parameters rather than
 * results (calibration).
 *
 *     scn_trial_t *trial;
 *     status = scn_trial_create(&trial, scenario, arm, &err);
 *     status = scn_trial_run(trial, params, values, n, replication, 1, &stop, &recorder, &err);
 *     ... sim_recorder_values(recorder, channel, &n) ...      // until the next run
 *     scn_trial_destroy(trial);
 *
 * A trial belongs to one thread; each thread makes its own. With nothing changed, the values are those that
 * scn_experiment_run would store for that replication.
 */
#ifndef SCN_TRIAL_H
#define SCN_TRIAL_H

#include "scenarios/scenario.h"
#include "sim/recorder.h"

#include <stdatomic.h>

typedef struct scn_trial scn_trial_t;

/* SIM_ENOMEM. The scenario must outlive the trial. */
sim_status_t scn_trial_create(scn_trial_t **self, const scn_scenario_t *scenario, uint32_t arm, sim_error_t *err);
void scn_trial_destroy(scn_trial_t *self); /* NULL is fine */

/* Runs replication number `replication` of the scenario's first point with params[i] (positions in the registry) at
 * values[i], in the registry's unit, from the start on. `stop` may be NULL; `threads` work inside the world. SIM_EINPUT
 * for a value outside its bounds, SIM_EINTERRUPTED, or how the replication failed. */
sim_status_t scn_trial_run(scn_trial_t *self, const int32_t *params, const double *values, size_t n,
                           uint32_t replication, int threads, const atomic_bool *stop, const sim_recorder_t **recorder,
                           sim_error_t *err);

#endif
