// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/summary.h"
#include "app/bubble_measure.h"
#include "app/command.h"
#include "app/effect.h"
#include "app/output_file.h"
#include "app/problems.h"
#include "app/progress.h"
#include "app/run_log.h"
#include "scenarios/experiment.h"
#include "sim/plural.h"

#include <inttypes.h>
#include <jansson.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct run_values {
    const char *output;
    int64_t replications, threads;
    app_seed_t seed;
    app_list_t sets, arms;
    const char *until;
    bool resume, force, dry_run, events, audit, quiet, json;
} run_values_t;

#define MAX_REPLICATIONS 1000000
#define MAX_THREADS      1024
#define LARGE_RESULT     1000000000 /* bytes from which on a design is advised to record less */

static const app_option_t options[] = {
    {'o', "output", "FILE", APP_TEXT, offsetof(run_values_t, output), "result file (default: SCENARIO-NAME.h5)", 0, 0},
    {'n', "replications", "N", APP_INTEGER, offsetof(run_values_t, replications),
     "replications per arm and design point (default: the scenario's)", 1, MAX_REPLICATIONS},
    {'j', "threads", "N", APP_INTEGER, offsetof(run_values_t, threads),
     "threads (default: all); never changes the result", 1, MAX_THREADS},
    {0, "seed", "S", APP_SEED, offsetof(run_values_t, seed), "master seed (default: the scenario's)", 0, 0},
    {0, "set", "KEY=VALUE", APP_LIST, offsetof(run_values_t, sets), "change a parameter in all arms; repeatable", 0, 0},
    {0, "arm", "NAME", APP_LIST, offsetof(run_values_t, arms), "run only this arm; repeatable", 0, 0},
    {0, "until", "DATE", APP_TEXT, offsetof(run_values_t, until), "end the horizon on YYYY-MM-DD", 0, 0},
    {0, "resume", NULL, APP_FLAG, offsetof(run_values_t, resume), "continue an interrupted run of the same scenario", 0,
     0},
    {0, "force", NULL, APP_FLAG, offsetof(run_values_t, force), "replace an existing result", 0, 0},
    {0, "dry-run", NULL, APP_FLAG, offsetof(run_values_t, dry_run), "say what would be run and stop", 0, 0},
    {0, "events", NULL, APP_FLAG, offsetof(run_values_t, events),
     "also store what happened to whom and why (see explain)", 0, 0},
    {0, "audit", NULL, APP_FLAG, offsetof(run_values_t, audit), "recount money, GPUs, jobs and energy as it runs", 0,
     0},
    {0, "quiet", NULL, APP_FLAG, offsetof(run_values_t, quiet),
     "no progress on stderr, and no summary unless --json asks for it", 0, 0},
    {0, "json", NULL, APP_FLAG, offsetof(run_values_t, json), "progress and summary as JSON", 0, 0},
    {0},
};

/* Everything of one call, so that its steps can share it. */
typedef struct run_call {
    const app_command_t *command;
    run_values_t values;
    scn_scenario_t *scenario;
    char path[4096];
    int threads;
    app_progress_t progress;
    scn_experiment_report_t report;
} run_call_t;

static sim_status_t load(run_call_t *self, const char *name, sim_error_t *err)
{
    run_values_t *values = &self->values;
    scn_override_t sets[APP_LIST_MAX];
    for (size_t i = 0; i < values->sets.n; i++)
        sets[i].text = values->sets.items[i];
    scn_options_t load_options = {.sets = sets,
                                  .n_sets = values->sets.n,
                                  .arms = values->arms.items,
                                  .n_arms = values->arms.n,
                                  .replications = values->replications,
                                  .seed = values->seed.given ? &values->seed.value : NULL,
                                  .until = values->until,
                                  .audit = values->audit,
                                  .events = values->events};
    return app_load_scenario(&self->scenario, name, &load_options, err);
}

static void choose_path(run_call_t *self)
{
    if (self->values.output != NULL)
        snprintf(self->path, sizeof self->path, "%s", self->values.output);
    else
        snprintf(self->path, sizeof self->path, "%s.h5", scn_scenario_name(self->scenario));
}

static uint64_t count_runs(const scn_scenario_t *scenario)
{
    return (uint64_t)scn_scenario_arms(scenario) * scn_scenario_points(scenario) * scn_scenario_replications(scenario);
}

/* What --dry-run --json says: the plan as one object. */
static void print_plan(const run_call_t *self, uint64_t bytes)
{
    json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name", scn_scenario_name(self->scenario), "file",
                             self->path, "arms", (json_int_t)scn_scenario_arms(self->scenario), "points",
                             (json_int_t)scn_scenario_points(self->scenario), "replications",
                             (json_int_t)scn_scenario_replications(self->scenario), "runs",
                             (json_int_t)count_runs(self->scenario), "expected_bytes", (json_int_t)bytes);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

/* A design takes over what the scenario it extends records: good for one run, and much for thousands of points. */
static void advise_on_size(const scn_scenario_t *scenario, uint64_t bytes)
{
    if (scn_scenario_has_design(scenario) && scn_scenario_input(scenario, 0, 0)->detail != 0 && bytes > LARGE_RESULT)
        fprintf(stderr,
                "%s: each of its %" PRIu32
                " points is recorded in detail; 'record: {interval: 28 d, detail: []}' in the "
                "scenario keeps outcomes and national series alone\n",
                scn_scenario_name(scenario), scn_scenario_points(scenario));
}

static const char *size_text(char text[32], uint64_t bytes)
{
    bool large = bytes >= 1000000000;
    snprintf(text, 32, "%.1f %s", (double)bytes / (large ? 1e9 : 1e6), large ? "GB" : "MB");
    return text;
}

/* What a run of the same command would be refused for. */
static void warn_of_existing(const run_call_t *self)
{
    if (!self->values.force && !self->values.resume && access(self->path, F_OK) == 0)
        fprintf(stderr, "%s exists already: to run, --force replaces it, --resume continues it, -o names another\n",
                self->path);
}

/* Says what will be run and how large the result may get; refuses when the disk is too small. */
static sim_status_t announce(const run_call_t *self, sim_error_t *err)
{
    uint64_t expected = 0;
    sim_status_t status = scn_experiment_expected_bytes(self->scenario, &expected, err);
    if (status != SIM_OK)
        return status;
    if (self->values.dry_run && self->values.json)
        print_plan(self, expected);
    uint64_t free_bytes = sim_store_free_bytes(self->path);
    char room[48] = "", need[32], left[32];
    if (free_bytes > 0)
        (void)snprintf(room, sizeof room, " (%s free)", size_text(left, free_bytes));
    uint32_t arms = scn_scenario_arms(self->scenario), points = scn_scenario_points(self->scenario);
    uint32_t replications = scn_scenario_replications(self->scenario);
    uint64_t runs = count_runs(self->scenario);
    if (!self->values.quiet && !self->values.json) {
        fprintf(stderr,
                "%s: %" PRIu32 " arm%s x %" PRIu32 " point%s x %" PRIu32 " replication%s = %" PRIu64
                " run%s on %d thread%s; %s will take at most about %s%s%s\n",
                scn_scenario_name(self->scenario), arms, sim_plural(arms), points, sim_plural(points), replications,
                sim_plural(replications), runs, sim_plural(runs), self->threads, sim_plural((uint64_t)self->threads),
                self->path, size_text(need, expected), self->values.events ? " and its events" : "", room);
        advise_on_size(self->scenario, expected);
    }
    if (free_bytes > 0 && expected > free_bytes) /* 0: cannot be told, e.g. no such folder; the store will say */
        return sim_fail(err, SIM_EIO, self->path,
                        "the result may take %s and the disk has %s left; expected enough room for it; choose another "
                        "disk with -o, or fewer replications with -n",
                        size_text(need, expected), size_text(left, free_bytes));
    return SIM_OK;
}

static void print_json_line(void *user, sim_run_key_t key, const sim_run_meta_t *meta)
{
    const run_call_t *self = user;
    fprintf(stderr,
            "{\"arm\": \"%s\", \"point\": %" PRIu32 ", \"replication\": %" PRIu32 ", \"status\": %" PRId32
            ", \"fingerprint\": \"%016" PRIx64 "\", \"events\": %" PRIu64 ", \"jobs\": %" PRIu64 "}\n",
            scn_scenario_arm_name(self->scenario, key.arm), key.point, key.replication, meta->status, meta->fingerprint,
            meta->events, meta->jobs);
}

static sim_status_t execute(run_call_t *self, sim_error_t *err)
{
    scn_experiment_options_t experiment = {.threads = self->threads,
                                           .mode = self->values.force    ? SIM_STORE_FORCE
                                                   : self->values.resume ? SIM_STORE_RESUME
                                                                         : SIM_STORE_NEW,
                                           .finish = ana_summary_write,
                                           .finished = self->values.json ? print_json_line : NULL,
                                           .finished_user = self};
    app_catch_signals(&self->progress.shared);
    app_progress_start(&self->progress, self->scenario, self->values.quiet || self->values.json);
    sim_status_t status =
        scn_experiment_run(self->scenario, self->path, &experiment, &self->progress.shared, &self->report, err);
    app_progress_finish(&self->progress);
    return status;
}

static void report_failures(const run_call_t *self)
{
    if (self->report.notice[0] != '\0')
        fprintf(stderr, "overbuild run: %s: %s\n", self->path, self->report.notice);
    for (size_t i = 0; i < self->report.n_failures; i++) {
        const scn_failure_t *failure = &self->report.failures[i];
        fprintf(stderr,
                "overbuild run: failed: arm %s, point %" PRIu32 ", replication %" PRIu32 ", seed %" PRIu64 ": %s\n",
                scn_scenario_arm_name(self->scenario, failure->arm), failure->point, failure->replication,
                scn_scenario_seed(self->scenario), failure->error.message);
    }
}

/* Arms against the rational control, none if the file has no control; a file that can't be read back is no failure of
 * the run. */
static void measure(const run_call_t *self, ana_bubble_measure_t *out)
{
    sim_result_t *result = NULL;
    *out = (ana_bubble_measure_t){0};
    sim_status_t status = sim_result_open(&result, self->path, NULL);
    if (status == SIM_OK)
        status = ana_bubble_measure(result, out, NULL);
    if (status != SIM_OK)
        ana_bubble_measure_free(out);
    sim_result_close(result);
}

static json_t *measure_json(const run_call_t *self)
{
    ana_bubble_measure_t bubble;
    measure(self, &bubble);
    json_t *list = json_array();
    for (size_t i = 0; i < bubble.n; i++)
        json_array_append_new(list, app_bubble_measure_json(&bubble.arms[i]));
    ana_bubble_measure_free(&bubble);
    return list;
}

static void print_measure(const run_call_t *self)
{
    ana_bubble_measure_t bubble;
    measure(self, &bubble);
    if (bubble.n > 0)
        app_bubble_measure_print_arms(&bubble);
    ana_bubble_measure_free(&bubble);
}

static void print_summary(const run_call_t *self)
{
    const scn_experiment_report_t *report = &self->report;
    double seconds = report->run_s + report->store_s;
    if (self->values.json) {
        json_t *json =
            json_pack("{s:s, s:o, s:I, s:I, s:I, s:f, s:I, s:I, s:o}", "file", self->path, "digest",
                      json_sprintf("%016" PRIx64, report->digest), "replications", (json_int_t)report->replications,
                      "replications_in_file", (json_int_t)(report->replications + report->reused), "failed",
                      (json_int_t)report->n_failures, "seconds", seconds, "events", (json_int_t)report->events, "jobs",
                      (json_int_t)report->jobs, "bubble", measure_json(self));
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
        return;
    }
    if (self->values.quiet)
        return;
    printf("%s: %zu run%s", self->path, report->replications, sim_plural(report->replications));
    if (report->reused > 0)
        printf(" (and %zu from before)", report->reused);
    printf(", %zu failed, %.1f s, %.3g events, %.3g jobs, digest %016" PRIx64 "\n", report->n_failures, seconds,
           (double)report->events, (double)report->jobs, report->digest);
    print_measure(self);
}

/* Before conclusions are drawn. */
static void warn_of_idle_arms(const run_call_t *self)
{
    sim_result_t *result = NULL;
    if (sim_result_open(&result, self->path, NULL) == SIM_OK)
        app_warn_of_idle_arms("run", result, "baseline");
    sim_result_close(result);
}

static int conclude(run_call_t *self)
{
    report_failures(self);
    print_summary(self);
    if (!self->values.quiet && scn_scenario_arms(self->scenario) > 1)
        warn_of_idle_arms(self);
    if (self->report.interrupted) {
        fprintf(stderr,
                "overbuild run: interrupted; %s holds what was finished; continue with the same command and --resume\n",
                self->path);
        return 128 + app_interrupted();
    }
    return self->report.n_failures > 0 ? APP_SOME_FAILED : APP_DONE;
}

static int run(const app_command_t *command, int argc, char **argv)
{
    run_call_t self = {.command = command};
    const char *name = NULL;
    if (app_options_parse(command->name, options, &self.values, argc, argv, 1, 1, &name) < 0)
        return APP_BAD_INPUT;
    if (self.values.resume && self.values.force) {
        fprintf(stderr, "overbuild run: found --resume and --force; expected one of them: go on, or start anew\n");
        return APP_BAD_INPUT;
    }
    sim_error_t err = {0};
    int exit_status = APP_DONE;
    self.threads = self.values.threads > 0 ? (int)self.values.threads : omp_get_num_procs();
    sim_status_t status = load(&self, name, &err);
    if (status == SIM_OK) {
        choose_path(&self);
        status = app_output_check_folder(self.path, &err);
    }
    if (status == SIM_OK)
        status = announce(&self, &err);
    if (status == SIM_OK && self.values.dry_run)
        warn_of_existing(&self);
    if (status == SIM_OK && !self.values.dry_run) {
        status = execute(&self, &err);
        if (status == SIM_OK) {
            app_run_log(self.path, self.scenario, self.threads, &self.report);
            exit_status = conclude(&self);
        }
    }
    if (status != SIM_OK)
        exit_status = err.code == SIM_OK ? app_exit_status(status) : app_report(command, &err);
    scn_experiment_report_free(&self.report);
    scn_scenario_free(self.scenario);
    return exit_status;
}

const app_command_t app_command_run = {
    .name = "run",
    .synopsis = "SCENARIO [OPTION]...",
    .summary = "run an experiment into an HDF5 file",
    .details =
        "SCENARIO is a preset's name ('overbuild list') or a path to a YAML file. Its arms are the policies to "
        "compare; each\n"
        "is simulated -n times, with other random numbers each time (a replication). All arms share these numbers, so "
        "that\n"
        "replication 7 of two arms differs only by the policy. The result does not depend on the number of threads. "
        "'info',\n"
        "'validate', 'compare', 'bubbles' and 'explain' read it, and so do HDF5 and netCDF readers.\n\n"
        "Ctrl-C stores what is finished; the same command with --resume goes on from there. The summary of --json "
        "counts in\n"
        "replications what this call ran, in replications_in_file what the file then holds (arms and points "
        "together).\n\n"
        "Examples:\n"
        "  overbuild run quick                                a first look, seconds\n"
        "  overbuild run policies -n 10 -o policies.h5        every policy, 10 replications\n"
        "  overbuild run china-2022 --set subsidy.clawback_share=0.6 --until 2024-12-31\n\n"
        "Exit status: 0 done, 2 bad input, 3 some replications failed, 4 disk or folder, 5 memory, 130 or 143 "
        "interrupted.",
    .options = options,
    .run = run,
};
