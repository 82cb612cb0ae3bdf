// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/experiment_task.h"

#include "models/economy/economy.h"

#include <stdlib.h>
#include <string.h>

sim_status_t scn_experiment_init(scn_experiment_t *self, const scn_scenario_t *scenario,
                                 const scn_experiment_options_t *options, scn_progress_t *progress, sim_error_t *err)
{
    int threads = options->threads;
    *self = (scn_experiment_t){.scenario = scenario,
                               .options = options,
                               .progress = progress,
                               .n_workers = threads,
                               .n_points = scn_scenario_points(scenario),
                               .n_replications = scn_scenario_replications(scenario),
                               .mutex = PTHREAD_MUTEX_INITIALIZER};
    self->workers = calloc((size_t)threads, sizeof *self->workers);
    self->roots = calloc(scn_scenario_arms(scenario), sizeof *self->roots);
    if (self->workers == NULL || self->roots == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %d workers", threads);
    for (int i = 0; scn_scenario_drawn(scenario) > 0 && i < threads; i++) {
        self->workers[i].inputs = calloc(scn_scenario_arms(scenario), sizeof *self->workers[i].inputs);
        if (self->workers[i].inputs == NULL)
            return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %d workers", threads);
    }
    return mdl_economy_schema(scn_scenario_input(scenario, 0, 0), &self->schema, err);
}

void scn_experiment_free(scn_experiment_t *self)
{
    for (int i = 0; self->workers != NULL && i < self->n_workers; i++) {
        sim_world_destroy(self->workers[i].world);
        sim_recorder_destroy(self->workers[i].recorder);
        free(self->workers[i].inputs);
    }
    free(self->workers);
    free(self->roots);
    free(self->failures);
    sim_store_close(self->store);
    mdl_economy_schema_free(&self->schema);
    *self = (scn_experiment_t){0};
}

void scn_experiment_count(scn_experiment_t *self, uint32_t n, scn_experiment_report_t *report)
{
    size_t total = 0, reused = 0;
    for (uint32_t arm = 0; arm < scn_scenario_arms(self->scenario); arm++)
        for (uint32_t point = 0; point < self->n_points; point++)
            for (uint32_t i = 0; i < n; i++) {
                total++;
                reused += sim_store_has(self->store, (sim_run_key_t){arm, point, self->first_replication + i});
            }
    report->reused += reused;
    atomic_fetch_add(&self->progress->total, total - reused);
}

static int compare_failures(const void *left, const void *right)
{
    const scn_failure_t *a = left, *b = right;
    if (a->arm != b->arm)
        return a->arm < b->arm ? -1 : 1;
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    return (a->replication > b->replication) - (a->replication < b->replication);
}

void scn_experiment_collect(scn_experiment_t *self, scn_experiment_report_t *report)
{
    if (self->n_failures > 0)
        qsort(self->failures, self->n_failures, sizeof *self->failures, compare_failures);
    report->failures = self->failures;
    report->n_failures = self->n_failures;
    self->failures = NULL;
    self->n_failures = 0;
    report->replications = atomic_load(&self->progress->done);
    report->events = atomic_load(&self->progress->events);
    report->jobs = atomic_load(&self->progress->jobs);
}

/* One replication of one arm under way. */
typedef struct run {
    scn_experiment_t *experiment;
    scn_worker_t *worker;
    sim_world_t *world;
    sim_recorder_t *recorder;
    sim_run_key_t key;
} run_t;

static uint64_t random_replication(const run_t *self)
{
    return scn_scenario_random_replication(self->experiment->scenario, self->key.point, self->key.replication);
}

/* The run's input: the scenario's, or with parameters drawn for this replication, which all its arms share. */
static const mdl_input_t *input_of(const run_t *self)
{
    const scn_scenario_t *scenario = self->experiment->scenario;
    if (self->worker->inputs == NULL)
        return scn_scenario_input(scenario, self->key.arm, self->key.point);
    mdl_input_t *input = &self->worker->inputs[self->key.arm];
    scn_scenario_draw(scenario, self->key.arm, self->key.point, random_replication(self), input);
    return input;
}

static void note_failure(const run_t *self, const sim_error_t *why)
{
    scn_experiment_t *experiment = self->experiment;
    pthread_mutex_lock(&experiment->mutex);
    scn_failure_t *grown = realloc(experiment->failures, (experiment->n_failures + 1) * sizeof *grown);
    if (grown != NULL) {
        experiment->failures = grown;
        grown[experiment->n_failures++] = (scn_failure_t){self->key.arm, self->key.point, self->key.replication, *why};
    }
    pthread_mutex_unlock(&experiment->mutex);
    atomic_fetch_add(&experiment->progress->failed, 1);
}

/* Whether a status ends one replication (true) or the whole experiment (false). */
static bool is_local(sim_status_t status)
{
    return status == SIM_EINVARIANT || status == SIM_ELIMIT || status == SIM_EINTERNAL || status == SIM_EINPUT;
}

static sim_status_t store_run(const run_t *self, const sim_run_meta_t *meta, sim_error_t *err)
{
    scn_progress_t *progress = self->experiment->progress;
    sim_status_t status = sim_store_put(self->experiment->store, self->key, self->recorder, meta, err);
    if (status != SIM_OK)
        return status;
    atomic_store(&progress->arm, self->key.arm);
    atomic_fetch_add(&progress->events, meta->events);
    atomic_fetch_add(&progress->jobs, meta->jobs);
    atomic_fetch_add(&progress->done, 1);
    const scn_experiment_options_t *options = self->experiment->options;
    if (options->finished != NULL) {
        pthread_mutex_lock(&self->experiment->mutex);
        options->finished(options->finished_user, self->key, meta);
        pthread_mutex_unlock(&self->experiment->mutex);
    }
    return SIM_OK;
}

/* Stores a failed replication with its values missing, so that the result says what happened to it. */
static sim_status_t store_failure(const run_t *self, const sim_error_t *why, sim_error_t *err)
{
    note_failure(self, why);
    sim_recorder_reset(self->recorder);
    sim_run_meta_t meta = {.status = why->code, .seed = scn_scenario_seed(self->experiment->scenario)};
    return store_run(self, &meta, err);
}

static sim_status_t advance(const run_t *self, int64_t until_s, sim_error_t *err)
{
    scn_progress_t *progress = self->experiment->progress;
    sim_control_t control = {.stop = &progress->stop, .progress = &progress->time_s};
    return sim_world_run(self->world, until_s, &control, err);
}

static sim_status_t finish(const run_t *self, sim_error_t *err)
{
    const mdl_input_t *input = sim_world_input(self->world);
    sim_status_t status = advance(self, input->horizon_s, err);
    sim_run_meta_t meta = {.seed = scn_scenario_seed(self->experiment->scenario)};
    if (status == SIM_OK)
        status = mdl_economy_finish(self->world, self->recorder, &meta, err);
    if (status == SIM_OK && !sim_store_has(self->experiment->store, self->key))
        status = store_run(self, &meta, err);
    return status;
}

static sim_status_t follow(run_t *self, int64_t after_s, sim_error_t *err);

/* The next arm after `arm` in (time, arm) order that forks from `parent` at or after `after_s`; -1 when there is
 * none. */
static int32_t next_fork(const scn_scenario_t *scenario, uint32_t parent, int64_t after_s, int32_t after_arm,
                         int64_t *from_s)
{
    int32_t best = -1;
    for (uint32_t arm = 0; arm < scn_scenario_arms(scenario); arm++) {
        int64_t start_s;
        if (scn_scenario_forks_from(scenario, arm, &start_s) != (int32_t)parent)
            continue;
        bool later = start_s > after_s || (start_s == after_s && (int32_t)arm > after_arm);
        if (later && (best < 0 || start_s < *from_s)) {
            best = (int32_t)arm;
            *from_s = start_s;
        }
    }
    return best;
}

/* Clones the parent's world and recorder for `arm` and follows the clone to its end. */
static sim_status_t run_fork(const run_t *parent, uint32_t arm, int64_t from_s, sim_error_t *err)
{
    scn_experiment_t *experiment = parent->experiment;
    run_t child = {.experiment = experiment, .worker = parent->worker, .key = parent->key};
    child.key.arm = arm;
    const mdl_input_t *input = input_of(&child);
    sim_status_t status = sim_recorder_create(&child.recorder, &experiment->schema, err);
    if (status != SIM_OK)
        return status;
    sim_recorder_copy(child.recorder, parent->recorder);
    status = sim_world_clone(&child.world, parent->world, input, err);
    if (status == SIM_OK)
        status = mdl_economy_attach(child.world, child.recorder, err);
    if (status == SIM_OK)
        status = follow(&child, from_s, err);
    sim_world_destroy(child.world);
    sim_recorder_destroy(child.recorder);
    return status;
}

/* Runs a world to its end, forking arms off at their dates. A failure of this arm is stored and swallowed; arms that
 * have not forked yet share it. */
static sim_status_t follow(run_t *self, int64_t after_s, sim_error_t *err)
{
    const scn_scenario_t *scenario = self->experiment->scenario;
    sim_error_t why = {0};
    sim_status_t status = SIM_OK;
    int64_t from_s = after_s;
    int32_t fork = -1;
    while (status == SIM_OK && (fork = next_fork(scenario, self->key.arm, after_s, fork, &from_s)) >= 0) {
        status = advance(self, from_s, &why);
        if (status == SIM_OK) {
            sim_status_t forked = run_fork(self, (uint32_t)fork, from_s, err);
            if (forked != SIM_OK)
                return forked;
        }
        after_s = from_s;
    }
    if (status == SIM_OK)
        status = finish(self, &why);
    if (status == SIM_OK)
        return SIM_OK;
    if (!is_local(status)) {
        *err = why;
        return status;
    }
    return store_failure(self, &why, err);
}

/* Makes the worker's world fresh for this run, creating it the first time. */
static sim_status_t prepare(scn_experiment_t *self, scn_worker_t *worker, run_t *run, int inner_threads,
                            sim_error_t *err)
{
    run->worker = worker;
    const mdl_input_t *input = input_of(run);
    sim_world_options_t options = {.seed = scn_scenario_seed(self->scenario),
                                   .replication = random_replication(run),
                                   .threads = inner_threads,
                                   .start_day = input->start_day};
    sim_status_t status = SIM_OK;
    if (worker->recorder == NULL)
        status = sim_recorder_create(&worker->recorder, &self->schema, err);
    else
        sim_recorder_reset(worker->recorder);
    if (status == SIM_OK && worker->world == NULL)
        status = sim_world_create(&worker->world, mdl_economy_model(), input, &options, err);
    else if (status == SIM_OK)
        status = sim_world_reset(worker->world, input, &options, err);
    run->world = worker->world;
    run->recorder = worker->recorder;
    return status;
}

/* Whether the arm and all arms that descend from it are stored already. */
static bool all_stored(const scn_experiment_t *self, sim_run_key_t key)
{
    if (!sim_store_has(self->store, key))
        return false;
    for (uint32_t arm = 0; arm < scn_scenario_arms(self->scenario); arm++) {
        int64_t from_s;
        sim_run_key_t child = {arm, key.point, key.replication};
        if (scn_scenario_forks_from(self->scenario, arm, &from_s) == (int32_t)key.arm && !all_stored(self, child))
            return false;
    }
    return true;
}

sim_status_t scn_experiment_task(void *user, size_t index, int worker, int inner_threads, sim_error_t *err)
{
    scn_experiment_t *self = user;
    size_t per_replication = (size_t)self->n_roots * self->n_points;
    run_t run = {.experiment = self,
                 .key = {.arm = self->roots[index % self->n_roots],
                         .point = (uint32_t)(index % per_replication / self->n_roots),
                         .replication = self->first_replication + (uint32_t)(index / per_replication)}};
    if (all_stored(self, run.key))
        return SIM_OK;
    sim_status_t status = prepare(self, &self->workers[worker], &run, inner_threads, err);
    if (status != SIM_OK)
        return status;
    sim_error_t why = {0};
    status = mdl_economy_populate(run.world, run.recorder, &why);
    if (status == SIM_OK)
        return follow(&run, -1, err);
    if (is_local(status))
        return store_failure(&run, &why, err);
    *err = why;
    return status;
}
