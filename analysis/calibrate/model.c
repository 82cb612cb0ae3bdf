// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/model.h"

#include "analysis/validate.h"
#include "scenarios/prior.h"
#include "sim/ensemble.h"
#include "sim/time.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONTH_DAYS 31

/* --- making it ---------------------------------------------------------------------------------------------------- */

static sim_status_t no_memory(sim_error_t *err)
{
    return sim_fail(err, SIM_ENOMEM, NULL, "no memory for a calibration");
}

static sim_status_t take_facts(ana_model_t *self, const ana_facts_t *facts, sim_error_t *err)
{
    self->facts = calloc(facts->n + 1, sizeof(const ana_fact_t *));
    self->channels = calloc(facts->n + 1, sizeof *self->channels);
    if (self->facts == NULL || self->channels == NULL)
        return no_memory(err);
    for (size_t i = 0; i < facts->n; i++) {
        const ana_fact_t *fact = &facts->rows[i];
        if (fact->kind != ANA_FACT_CALIBRATION || fact->scoring == ANA_SCORING_NONE)
            continue;
        self->channels[self->n_facts] = (sim_channel_t){.group = "outcomes",
                                                        .name = fact->id,
                                                        .units = fact->unit,
                                                        .long_name = fact->quantity,
                                                        .kind = SIM_CHANNEL_OUTCOME};
        self->facts[self->n_facts++] = fact;
    }
    self->schema = (sim_schema_t){.channels = self->channels, .n_channels = (uint32_t)self->n_facts};
    if (self->n_facts == 0)
        return sim_fail(err, SIM_EINPUT, "facts",
                        "found no calibration fact that is scored; expected at least one row with kind calibration and "
                        "scoring linear or log");
    return SIM_OK;
}

/* The first second that no fact looks at: its window, and the interval or month that is recorded when it ends. Outcomes
 * belong to whole runs. */
static int64_t last_second(const ana_model_t *self)
{
    const mdl_input_t *input = scn_scenario_input(self->scenario, self->arm, 0);
    int64_t last_day = input->start_day;
    for (size_t i = 0; i < self->n_facts; i++) {
        if (self->facts[i]->reduction == ANA_REDUCE_OUTCOME)
            return 0;
        int64_t until = self->facts[i]->window.until_day;
        last_day = until > last_day ? until : last_day;
    }
    return (last_day + 1 + MONTH_DAYS - input->start_day) * SIM_DAY_S + input->record_interval_s;
}

static void put_fact(FILE *out, const ana_fact_t *fact)
{
    fprintf(out,
            "fact %s: %.17g to %.17g, scoring %d: %s over '%s', %s %" PRId64 " to %" PRId64 ", base %" PRId64
            " to %" PRId64 ", times %.17g plus %.17g\n",
            fact->id, fact->low, fact->high, (int)fact->scoring, fact->variable, fact->over,
            ana_reduction_name(fact->reduction), fact->window.from_day, fact->window.until_day, fact->base.from_day,
            fact->base.until_day, fact->scale, fact->shift);
}

/* All that must be equal for stored simulations to be taken over. */
static char *identity_text(const ana_model_t *self, const char *settings)
{
    char *common = scn_scenario_identity(self->scenario), *own = scn_scenario_arm_identity(self->scenario, self->arm);
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    bool good = out != NULL && common != NULL && own != NULL;
    if (good) {
        fprintf(out, "%s%s%s", settings, common, own);
        for (size_t i = 0; i < self->n_facts; i++)
            put_fact(out, self->facts[i]);
    }
    if (out != NULL && fclose(out) != 0)
        good = false;
    free(common);
    free(own);
    if (!good)
        free(text);
    return good ? text : NULL;
}

static sim_status_t open_store(ana_model_t *self, const ana_model_options_t *options, sim_error_t *err)
{
    const char *arm = scn_scenario_arm_name(self->scenario, self->arm);
    char *identity = identity_text(self, options->settings);
    if (identity == NULL)
        return no_memory(err);
    sim_store_plan_t plan = {.schema = &self->schema,
                             .arms = &arm,
                             .n_arms = 1,
                             .n_points = (uint32_t)options->budget,
                             .n_replications = 1,
                             .identity = identity};
    sim_status_t status = sim_store_open(&self->store, options->path, &plan, options->mode, err);
    free(identity);
    return status;
}

static sim_status_t make_workers(ana_model_t *self, sim_error_t *err)
{
    self->trials = calloc((size_t)self->threads, sizeof(scn_trial_t *));
    self->recorders = calloc((size_t)self->threads, sizeof(sim_recorder_t *));
    if (self->trials == NULL || self->recorders == NULL)
        return no_memory(err);
    sim_status_t status = SIM_OK;
    for (int i = 0; i < self->threads && status == SIM_OK; i++) {
        status = scn_trial_create(&self->trials[i], self->scenario, self->arm, err);
        if (status == SIM_OK)
            status = sim_recorder_create(&self->recorders[i], &self->schema, err);
    }
    return status;
}

sim_status_t ana_model_init(ana_model_t *self, const scn_scenario_t *scenario, const ana_facts_t *facts,
                            const ana_model_options_t *options, sim_error_t *err)
{
    *self = (ana_model_t){
        .scenario = scenario, .arm = options->arm, .threads = options->threads, .progress = options->progress};
    sim_status_t status = take_facts(self, facts, err);
    if (status == SIM_OK)
        status = sim_schema_check(&self->schema, err);
    if (status == SIM_OK)
        self->until_s = last_second(self);
    if (status == SIM_OK)
        status = make_workers(self, err);
    if (status == SIM_OK)
        status = open_store(self, options, err);
    if (status == SIM_OK)
        atomic_store(&self->progress->total, options->budget);
    return status;
}

void ana_model_free(ana_model_t *self)
{
    sim_store_close(self->store);
    for (int i = 0; i < self->threads; i++) {
        if (self->trials != NULL)
            scn_trial_destroy(self->trials[i]);
        if (self->recorders != NULL)
            sim_recorder_destroy(self->recorders[i]);
    }
    free(self->trials);
    free(self->recorders);
    free(self->channels);
    free((void *)self->facts);
    *self = (ana_model_t){0};
}

/* --- facts of a simulation ---------------------------------------------------------------------------------------- */

sim_status_t ana_fact_recorded(const ana_fact_t *fact, const sim_recorder_t *recorder, double *value,
                               sim_error_t *reason, sim_error_t *err)
{
    ana_series_t series = {0}, over = {0};
    sim_error_t missing = {0};
    sim_status_t status = ana_series_recorded(recorder, fact->variable, &series, &missing);
    if (status == SIM_OK && *fact->over != '\0')
        status = ana_series_recorded(recorder, fact->over, &over, &missing);
    *value = status == SIM_OK ? ana_fact_value(fact, &series, &over, 0) : (double)NAN;
    ana_series_free(&over);
    ana_series_free(&series);
    if (status == SIM_EINPUT) { /* the scenario does not record it */
        if (reason != NULL)
            *reason = missing;
        return SIM_OK;
    }
    return status == SIM_OK ? SIM_OK : sim_fail(err, status, fact->id, "%s", missing.message);
}

/* --- running ------------------------------------------------------------------------------------------------------ */

typedef struct work {
    ana_model_t *model;
    const ana_batch_t *batch;
    const size_t *missing; /* simulations of the batch that are to be run */
    double *values;        /* [thread][parameter] */
} work_t;

static sim_run_key_t key_of(const ana_batch_t *batch, size_t i)
{
    return (sim_run_key_t){.point = (uint32_t)(batch->first + i)};
}

/* Whether a status ends one simulation (true) or the whole calibration (false). */
static bool is_local(sim_status_t status)
{
    return status == SIM_EINVARIANT || status == SIM_ELIMIT || status == SIM_EINTERNAL || status == SIM_EINPUT;
}

static sim_status_t store_summaries(ana_model_t *self, const sim_recorder_t *recorder, sim_run_key_t key, int worker,
                                    sim_error_t *err)
{
    sim_run_meta_t meta = {.seed = scn_scenario_seed(self->scenario)};
    sim_recorder_t *out = self->recorders[worker];
    sim_status_t status = SIM_OK;
    sim_recorder_reset(out);
    for (size_t f = 0; f < self->n_facts && status == SIM_OK; f++) {
        double value = NAN;
        status = ana_fact_recorded(self->facts[f], recorder, &value, NULL, err);
        sim_recorder_outcome(out, (uint32_t)f, value);
    }
    return status == SIM_OK ? sim_store_put(self->store, key, out, &meta, err) : status;
}

/* sim_task_t over the missing simulations of a batch. */
static sim_status_t run_one(void *user, size_t index, int worker, int inner_threads, sim_error_t *err)
{
    const work_t *work = user;
    ana_model_t *self = work->model;
    size_t i = work->missing[index];
    double *values = work->values + (size_t)worker * self->n_params;
    const mdl_param_t *registry = mdl_params_registry(NULL);
    for (size_t p = 0; p < self->n_params; p++)
        values[p] = scn_prior_value(&registry[self->params[p]], work->batch->places[i * self->n_params + p]);
    const sim_recorder_t *recorder = NULL;
    sim_error_t why = {0};
    scn_change_set_t changed = {self->params, values, self->n_params};
    scn_trial_options_t options = {.replication = work->batch->worlds[i],
                                   .threads = inner_threads,
                                   .until_s = self->until_s,
                                   .stop = &self->progress->stop};
    sim_status_t status = scn_trial_run(self->trials[worker], &changed, &options, &recorder, &why);
    if (status == SIM_OK) {
        status = store_summaries(self, recorder, key_of(work->batch, i), worker, err);
    } else if (is_local(status)) {
        sim_run_meta_t meta = {.status = status, .seed = scn_scenario_seed(self->scenario)};
        atomic_fetch_add(&self->progress->failed, 1);
        status = sim_store_put(self->store, key_of(work->batch, i), NULL, &meta, err);
    } else {
        *err = why;
    }
    if (status == SIM_OK)
        atomic_fetch_add(&self->progress->done, 1);
    return status;
}

static sim_status_t run_missing(work_t *work, size_t n, sim_error_t *err)
{
    ana_model_t *self = work->model;
    sim_task_result_t *results = calloc(n + 1, sizeof *results);
    work->values = calloc((size_t)self->threads * self->n_params + 1, sizeof *work->values);
    sim_ensemble_options_t ensemble = {.threads = self->threads, .stop = &self->progress->stop};
    sim_status_t status = results == NULL || work->values == NULL
                              ? no_memory(err)
                              : sim_ensemble_run(n, run_one, work, &ensemble, results, err);
    free(results);
    free(work->values);
    return status;
}

static sim_status_t read_stored(ana_model_t *self, const ana_batch_t *batch, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < batch->n; i++)
        for (size_t j = 0; j < self->n_targets && status == SIM_OK; j++)
            status = sim_store_outcome(self->store, key_of(batch, i), (uint32_t)self->targets[j],
                                       &batch->summaries[i * self->n_targets + j], err);
    return status;
}

sim_status_t ana_model_simulate(void *user, const ana_batch_t *batch, sim_error_t *err)
{
    ana_model_t *self = user;
    size_t n = 0, *missing = calloc(batch->n + 1, sizeof *missing);
    if (missing == NULL)
        return no_memory(err);
    for (size_t i = 0; i < batch->n; i++)
        if (!sim_store_has(self->store, key_of(batch, i)))
            missing[n++] = i;
    atomic_fetch_add(&self->progress->done, batch->n - n);
    work_t work = {.model = self, .batch = batch, .missing = missing};
    sim_status_t status = n > 0 ? run_missing(&work, n, err) : SIM_OK;
    if (status == SIM_OK)
        status = read_stored(self, batch, err);
    free(missing);
    return status;
}
