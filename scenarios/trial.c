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

static sim_status_t prepare(scn_trial_t *self, const scn_change_set_t *changed, const scn_trial_options_t *options,
                            sim_error_t *err)
{
    self->input = *scn_scenario_input(self->scenario, self->arm, 0);
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < changed->n && status == SIM_OK; i++)
        status = mdl_params_set(&self->input.params, changed->params[i], changed->values[i], err);
    if (status != SIM_OK)
        return status;
    sim_world_options_t world = {.seed = scn_scenario_seed(self->scenario),
                                 .replication = options->replication,
                                 .threads = options->threads,
                                 .start_day = self->input.start_day};
    sim_recorder_reset(self->recorder);
    if (self->world == NULL)
        return sim_world_create(&self->world, mdl_economy_model(), &self->input, &world, err);
    return sim_world_reset(self->world, &self->input, &world, err);
}

sim_status_t scn_trial_run(scn_trial_t *self, const scn_change_set_t *changed, const scn_trial_options_t *options,
                           const sim_recorder_t **recorder, sim_error_t *err)
{
    sim_control_t control = {.stop = options->stop};
    sim_run_meta_t meta = {0};
    sim_status_t status = prepare(self, changed, options, err);
    if (status == SIM_OK)
        status = mdl_economy_populate(self->world, self->recorder, err);
    bool early = options->until_s > 0 && options->until_s < self->input.horizon_s;
    if (status == SIM_OK)
        status = sim_world_run(self->world, early ? options->until_s : self->input.horizon_s, &control, err);
    if (status == SIM_OK && !early)
        status = mdl_economy_finish(self->world, self->recorder, &meta, err);
    *recorder = status == SIM_OK ? self->recorder : NULL;
    return status;
}
