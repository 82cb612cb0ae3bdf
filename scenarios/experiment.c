// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/experiment.h"

#include "models/economy/economy.h"
#include "scenarios/event_names.h"
#include "scenarios/experiment_task.h"
#include "scenarios/overinvestment.h"
#include "scenarios/precision.h"
#include "scenarios/provenance.h"
#include "sim/ensemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Provenance, summary and the groups themselves, about. */
#define FIXED_BYTES 1500000u

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Arms that start their own worlds; the others are forked from them. */
static uint32_t find_roots(const scn_scenario_t *scenario, uint32_t *roots)
{
    uint32_t n = 0;
    for (uint32_t arm = 0; arm < scn_scenario_arms(scenario); arm++) {
        int64_t from_s;
        if (scn_scenario_forks_from(scenario, arm, &from_s) < 0)
            roots[n++] = arm;
    }
    return n;
}

static const char **arm_labels(const scn_scenario_t *scenario)
{
    uint32_t n = scn_scenario_arms(scenario);
    const char **labels = calloc(n, sizeof *labels);
    for (uint32_t arm = 0; labels != NULL && arm < n; arm++)
        labels[arm] = scn_scenario_arm_name(scenario, arm);
    return labels;
}

/* The finish hook behind the caller's: provenance, what compares arms, then what the caller adds. */
typedef struct finish_all {
    const scn_scenario_t *scenario;
    const scn_experiment_options_t *options;
} finish_all_t;

static sim_status_t finish_all(sim_result_t *result, void *user, sim_error_t *err)
{
    const finish_all_t *self = user;
    sim_status_t status = scn_provenance_write(result, self->scenario, err);
    if (status == SIM_OK)
        status = scn_overinvestment_write(result, err);
    if (status == SIM_OK)
        status = scn_event_names_write(result, self->scenario, err);
    if (status == SIM_OK && self->options->finish != NULL)
        status = self->options->finish(result, self->options->finish_user, err);
    return status;
}

static sim_status_t assemble(scn_experiment_t *self, const scn_scenario_t *scenario,
                             const scn_experiment_options_t *options, scn_experiment_report_t *report, sim_error_t *err)
{
    double start = wall_s();
    finish_all_t hook = {scenario, options};
    bool complete = !report->interrupted && report->n_failures == 0;
    sim_status_t status = sim_store_assemble(self->store, complete, finish_all, &hook, err);
    report->store_s = wall_s() - start;
    return status;
}

/* Runs the next n replications as far as they are not stored. SIM_EINTERRUPTED is not an error here: what is finished
 * will be assembled. */
static sim_status_t run_block(scn_experiment_t *self, uint32_t n, scn_experiment_report_t *report, sim_error_t *err)
{
    size_t n_tasks = (size_t)self->n_roots * self->n_points * n;
    sim_task_result_t *results = calloc(n_tasks, sizeof *results);
    if (results == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu tasks", n_tasks);
    scn_experiment_count(self, n, report);
    sim_ensemble_options_t ensemble = {.threads = self->n_workers, .stop = &self->progress->stop};
    sim_status_t status = sim_ensemble_run(n_tasks, scn_experiment_task, self, &ensemble, results, err);
    free(results);
    self->first_replication += n;
    if (status == SIM_EINTERRUPTED) {
        report->interrupted = true;
        *err = (sim_error_t){0};
        return SIM_OK;
    }
    return status;
}

/* All replications at once; with a precision, fixed blocks of them until it is reached. */
static sim_status_t run_blocks(scn_experiment_t *self, const scn_precision_t *precision,
                               scn_experiment_report_t *report, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    double start = wall_s();
    uint32_t block = precision->wanted ? SCN_PRECISION_BLOCK : self->n_replications;
    while (status == SIM_OK && self->first_replication < self->n_replications && !report->interrupted) {
        uint32_t left = self->n_replications - self->first_replication;
        status = run_block(self, block < left ? block : left, report, err);
        bool reached = false;
        if (status == SIM_OK && precision->wanted && !report->interrupted)
            status = scn_precision_reached(precision, self, &reached, err);
        if (reached)
            break;
    }
    report->run_s = wall_s() - start;
    if (status == SIM_OK)
        sim_store_shorten(self->store, self->first_replication);
    return status;
}

/* The identity that the store compares: what all arms share, then each arm's own lines. */
static char *identity_text(const scn_scenario_t *scenario)
{
    char *common = scn_scenario_identity(scenario), *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    bool good = out != NULL && common != NULL && fputs(common, out) != EOF;
    for (uint32_t arm = 0; good && arm < scn_scenario_arms(scenario); arm++) {
        char *own = scn_scenario_arm_identity(scenario, arm);
        good = own != NULL;
        for (char *rest = own, *line; good && (line = strsep(&rest, "\n")) != NULL;)
            good = *line == '\0' || fprintf(out, "arm %s: %s\n", scn_scenario_arm_name(scenario, arm), line) > 0;
        free(own);
    }
    if (out != NULL && fclose(out) != 0)
        good = false;
    free(common);
    if (!good)
        free(text);
    return good ? text : NULL;
}

sim_status_t scn_experiment_expected_bytes(const scn_scenario_t *scenario, uint64_t *bytes, sim_error_t *err)
{
    sim_schema_t schema = {0};
    sim_status_t status = mdl_economy_schema(scn_scenario_input(scenario, 0, 0), &schema, err);
    sim_store_plan_t plan = {.schema = &schema,
                             .n_arms = scn_scenario_arms(scenario),
                             .n_points = scn_scenario_points(scenario),
                             .n_replications = scn_scenario_replications(scenario)};
    *bytes = status == SIM_OK ? sim_store_expected_bytes(&plan) + FIXED_BYTES : 0;
    mdl_economy_schema_free(&schema);
    return status;
}

sim_status_t scn_experiment_run(const scn_scenario_t *scenario, const char *path,
                                const scn_experiment_options_t *options, scn_progress_t *progress,
                                scn_experiment_report_t *report, sim_error_t *err)
{
    *report = (scn_experiment_report_t){0};
    scn_experiment_t self;
    sim_status_t status = scn_experiment_init(&self, scenario, options, progress, err);
    const char **labels = arm_labels(scenario);
    char *identity = identity_text(scenario);
    if (status == SIM_OK && (labels == NULL || identity == NULL))
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for the experiment's plan");
    if (status != SIM_OK)
        goto out;
    self.n_roots = find_roots(scenario, self.roots);
    sim_store_plan_t plan = {.schema = &self.schema,
                             .arms = labels,
                             .n_arms = scn_scenario_arms(scenario),
                             .n_points = self.n_points,
                             .n_replications = self.n_replications,
                             .identity = identity};
    scn_precision_t precision;
    status = scn_precision_init(&precision, &self, err);
    if (status == SIM_OK)
        status = sim_store_open(&self.store, path, &plan, options->mode, err);
    if (status != SIM_OK)
        goto out;
    snprintf(report->notice, sizeof report->notice, "%s", sim_store_notice(self.store));
    status = run_blocks(&self, &precision, report, err);
    scn_experiment_collect(&self, report);
    if (status == SIM_OK)
        status = assemble(&self, scenario, options, report, err);
    report->digest = sim_store_digest(self.store);
out:
    free(identity);
    free(labels);
    scn_experiment_free(&self);
    return status;
}

void scn_experiment_report_free(scn_experiment_report_t *report)
{
    free(report->failures);
    report->failures = NULL;
    report->n_failures = 0;
}
