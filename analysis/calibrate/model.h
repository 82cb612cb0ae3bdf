// SPDX-License-Identifier: GPL-3.0-or-later
/* The economy as a simulator of facts: an arm of a scenario, on all cores, with every finished simulation stored.
 *
 * A simulation is a replication of the arm with some parameters changed; its summaries are calibration facts, reduced
 * as `validate` reduces them. Each goes to FILE.parts at once (sim/store.h), as a point of a design with one
 * replication, and is read back instead of run again when the calibration is started anew: as what is asked for depends
 * on nothing but the scenario, the facts, the seed and the budget, an interrupted calibration goes on where it was.
 */
#ifndef ANA_CALIBRATE_MODEL_H
#define ANA_CALIBRATE_MODEL_H

#include "analysis/calibrate/problem.h"
#include "analysis/facts.h"
#include "scenarios/experiment.h"
#include "scenarios/trial.h"

typedef struct ana_model_options {
    uint32_t arm;
    int threads;
    size_t budget;
    const char *path;     /* of the result */
    const char *settings; /* lines that two calibrations must share to be one, besides the scenario's and the facts' */
    sim_store_mode_t mode;
    scn_progress_t *progress; /* total, done, failed and stop */
} ana_model_options_t;

typedef struct ana_model {
    const scn_scenario_t *scenario;
    uint32_t arm;
    int threads;
    const ana_fact_t **facts; /* calibration facts that are scored */
    size_t n_facts;
    sim_channel_t *channels; /* one outcome per fact */
    sim_schema_t schema;
    int64_t until_s; /* simulations end there, as no fact speaks of later days; 0: the horizon */
    sim_store_t *store;
    scn_trial_t **trials;       /* per thread */
    sim_recorder_t **recorders; /* per thread: what is stored of a simulation */
    scn_progress_t *progress;
    /* What the next batches are about; whoever asks sets them. */
    const int32_t *params; /* problem's parameters, by their place in the registry */
    size_t n_params;
    const size_t *targets; /* problem's targets, by their place in `facts` */
    size_t n_targets;
} ana_model_t;

/* Takes the calibration facts that are scored and opens the store. SIM_EINPUT when there is none; SIM_EEXISTS,
 * SIM_EINPUT, SIM_EIO like sim_store_open; SIM_ENOMEM. Free it also after a failure. Scenario and facts must outlive
 * it.
 */
sim_status_t ana_model_init(ana_model_t *self, const scn_scenario_t *scenario, const ana_facts_t *facts,
                            const ana_model_options_t *options, sim_error_t *err);
void ana_model_free(ana_model_t *self);

/* ana_simulate_t; `user` is the ana_model_t. A replication that fails has no summaries and is counted in progress.
 * SIM_EINTERRUPTED when progress->stop was set. */
sim_status_t ana_model_simulate(void *user, const ana_batch_t *batch, sim_error_t *err);

/* What a recorded replication gives for a fact, in its unit; NaN when there is nothing, for `reason` (which may be
 * NULL). SIM_ENOMEM. */
sim_status_t ana_fact_recorded(const ana_fact_t *fact, const sim_recorder_t *recorder, double *value,
                               sim_error_t *reason, sim_error_t *err);

#endif
