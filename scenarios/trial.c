// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/trial.h"

#include "models/economy/economy.h"

#include <stdlib.h>

struct scn_trial {
    const scn_scenario_t *scenario;
    uint32_t arm;
    mdl_input_t input; /* the scenario's with the changed parameters */
    sim_schema_t schema;
    sim_recorder_t *recorder;
    sim_world_t *world;
};

sim_status_t scn_trial_create(scn_trial_t **self, const scn_scenario_t *scenario, uint32_t arm, sim_error_t *err)
{
    *self = NULL;
    scn_trial_t *trial = calloc(1, sizeof *trial);
    if (trial == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for a trial");
    trial->scenario = scenario;
    trial->arm = arm;
    sim_status_t status = mdl_economy_schema(scn_scenario_input(scenario, arm, 0), &trial->schema, err);
    if (status == SIM_OK)
        status = sim_recorder_create(&trial->recorder, &trial->schema, err);
    if (status == SIM_OK)
        *self = trial;
    else
        scn_trial_destroy(trial);
    return status;
}

void scn_trial_destroy(scn_trial_t *self)
{
    if (self == NULL)
        return;
    sim_world_destroy(self->world);
    sim_recorder_destroy(self->recorder);
    mdl_economy_schema_free(&self->schema);
    free(self);
}

static sim_status_t prepare(scn_trial_t *self, const int32_t *params, const double *values, size_t n,
                            uint32_t replication, int threads, sim_error_t *err)
{
    self->input = *scn_scenario_input(self->scenario, self->arm, 0);
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        status = mdl_params_set(&self->input.params, params[i], values[i], err);
    if (status != SIM_OK)
        return status;
    sim_world_options_t options = {.seed = scn_scenario_seed(self->scenario),
                                   .replication = replication,
                                   .threads = threads,
                                   .start_day = self->input.start_day};
    sim_recorder_reset(self->recorder);
    if (self->world == NULL)
        return sim_world_create(&self->world, mdl_economy_model(), &self->input, &options, err);
    return sim_world_reset(self->world, &self->input, &options, err);
}

sim_status_t scn_trial_run(scn_trial_t *self, const int32_t *params, const double *values, size_t n,
                           uint32_t replication, int threads, const atomic_bool *stop, const sim_recorder_t **recorder,
                           sim_error_t *err)
{
    sim_control_t control = {.stop = stop};
    sim_run_meta_t meta = {0};
    sim_status_t status = prepare(self, params, values, n, replication, threads, err);
    if (status == SIM_OK)
        status = mdl_economy_populate(self->world, self->recorder, err);
    if (status == SIM_OK)
        status = sim_world_run(self->world, self->input.horizon_s, &control, err);
    if (status == SIM_OK)
        status = mdl_economy_finish(self->world, self->recorder, &meta, err);
    *recorder = status == SIM_OK ? self->recorder : NULL;
    return status;
}
