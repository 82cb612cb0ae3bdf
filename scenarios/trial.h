// SPDX-License-Identifier: GPL-3.0-or-later
/* One replication of one arm in memory, with some parameters changed: for whoever looks for parameters rather than
 * results (calibration).
 *
 *     scn_trial_t *trial;
 *     status = scn_trial_create(&trial, scenario, arm, &err);
 *     scn_change_set_t changed = {params, values, n};
 *     status = scn_trial_run(trial, &changed, &(scn_trial_options_t){.replication = 7}, &recorder, &err);
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

/* Parameters (positions in the registry) and the values that they have from the start on, in the registry's unit. */
typedef struct scn_change_set {
    const int32_t *params;
    const double *values;
    size_t n;
} scn_change_set_t;

typedef struct scn_trial_options {
    uint32_t replication;
    int threads;             /* inside the world; 0 or 1: the calling one */
    int64_t until_s;         /* end there, without outcomes, when that is before the horizon; 0: the horizon */
    const atomic_bool *stop; /* may be NULL */
} scn_trial_options_t;

/* Runs a replication of the scenario's first point. SIM_EINPUT for a value outside its bounds, SIM_EINTERRUPTED, or how
 * the replication failed. */
sim_status_t scn_trial_run(scn_trial_t *self, const scn_change_set_t *changed, const scn_trial_options_t *options,
                           const sim_recorder_t **recorder, sim_error_t *err);

#endif
