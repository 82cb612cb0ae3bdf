// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/export.h"
#include "app/calibrate.h"
#include "app/command.h"
#include "app/facts_file.h"
#include "app/output_file.h"
#include "app/problems.h"
#include "app/progress.h"
#include "models/params/spelling.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_BUDGET 2000
#define MAX_THREADS    1024

typedef struct calibrate_values {
    const char *output, *method, *arm, *facts, *parameters;
    int64_t budget, threads;
    app_seed_t seed;
    bool resume, force, quiet, json;
} calibrate_values_t;

#define AT(field) offsetof(calibrate_values_t, field)

static const app_option_t options[] = {
    {'o', "output", "FILE", APP_TEXT, AT(output), "result file (default: SCENARIO-NAME-calibration.h5)", 0, 0},
    {0, "method", "abc|msm", APP_TEXT, AT(method),
     "approximate Bayesian computation, or simulated moments (default: abc)", 0, 0},
    {0, "budget", "RUNS", APP_INTEGER, AT(budget), "simulations to spend, 40 at the least (default: 2000)",
     ANA_CALIBRATION_LEAST, ANA_CALIBRATION_MOST},
    {0, "parameters", "GLOB,...", APP_TEXT, AT(parameters),
     "parameters to calibrate, such as 'beliefs.*,credit.ltv' (default: all that make sense)", 0, 0},
    {0, "facts", "FILE", APP_TEXT, AT(facts), "facts table of your own (default: the shipped one)", 0, 0},
    {0, "arm", "ARM", APP_TEXT, AT(arm), "arm to calibrate (default: baseline)", 0, 0},
    {'j', "threads", "N", APP_INTEGER, AT(threads), "threads (default: all); never changes the result", 1, MAX_THREADS},
    {0, "seed", "S", APP_SEED, AT(seed), "master seed (default: the scenario's)", 0, 0},
    {0, "resume", NULL, APP_FLAG, AT(resume), "go on, as happens anyway when an unfinished calibration is there", 0, 0},
    {0, "force", NULL, APP_FLAG, AT(force), "replace an existing result, or start an unfinished one anew", 0, 0},
    {0, "quiet", NULL, APP_FLAG, AT(quiet), "no progress on stderr, and no tables unless --json asks for it", 0, 0},
    {0, "json", NULL, APP_FLAG, AT(json), "one JSON object, numbers unrounded", 0, 0},
    {0},
};

/* Everything of one call. */
typedef struct calibrate_call {
    calibrate_values_t values;
    const char *name; /* preset or path, as given */
    ana_calibration_options_t options;
    app_calibrate_files_t files;
    scn_scenario_t *scenario;
    ana_facts_t facts;
    app_progress_t progress;
    ana_calibration_t calibration;
} calibrate_call_t;

/* --- names -------------------------------------------------------------------------------------------------------- */

/* The result's name without its ".h5". */
static int stem_bytes(const char *result)
{
    size_t n = strlen(result);
    return (int)(n > 3 && strcmp(result + n - 3, ".h5") == 0 ? n - 3 : n);
}

static sim_status_t choose_names(calibrate_call_t *self, sim_error_t *err)
{
    app_calibrate_files_t *files = &self->files;
    char name[4096];
    if (self->values.output != NULL)
        snprintf(name, sizeof name, "%s", self->values.output);
    else
        snprintf(name, sizeof name, "%s-calibration.h5", scn_scenario_name(self->scenario));
    int stem = stem_bytes(name);
    if (stem > 4000)
        return sim_fail(err, SIM_EINPUT, "-o", "found a name of %zu bytes; expected at most 4000", strlen(name));
    snprintf(files->result, sizeof files->result, "%s", name);
    snprintf(files->scenario, sizeof files->scenario, "%.*s.yaml", stem, name);
    snprintf(files->draws, sizeof files->draws, "%.*s.csv", stem, name);
    return SIM_OK;
}

static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

/* A scenario that calibrates itself away, as 'calibrate mine.yaml -o mine.h5 --force' would: refused, whatever is asked. */
static sim_status_t check_apart(const calibrate_call_t *self, sim_error_t *err)
{
    const char *const written[] = {self->files.scenario, self->files.draws};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        if (scn_scenario_reads(self->scenario, written[i]))
            return sim_fail(err, SIM_EEXISTS, written[i],
                            "is what the scenario is read from, and would be lost; expected another name; choose one "
                            "with -o");
    return SIM_OK;
}

/* What stands in the way: nothing is replaced that was not asked for, and an unfinished calibration goes on. */
static sim_status_t check_files(calibrate_call_t *self, sim_error_t *err)
{
    const app_calibrate_files_t *files = &self->files;
    char parts[4200];
    snprintf(parts, sizeof parts, "%s.parts", files->result);
    /* Killed on the way, or between the result and the two texts. */
    bool unfinished =
        is_there(parts) || (is_there(files->result) && !(is_there(files->scenario) && is_there(files->draws)));
    bool go_on = self->values.resume || unfinished;
    self->options.mode = self->values.force ? SIM_STORE_FORCE : go_on ? SIM_STORE_RESUME : SIM_STORE_NEW;
    self->options.path = files->result;
    bool replace = self->options.mode != SIM_STORE_NEW;
    sim_status_t status = app_output_check_folder(files->result, err);
    if (status == SIM_OK)
        status = check_apart(self, err);
    if (status == SIM_OK)
        status = app_output_check(files->scenario, replace, err);
    if (status == SIM_OK)
        status = app_output_check(files->draws, replace, err);
    return status;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static sim_status_t write_text(const char *path, const char *text, sim_error_t *err)
{
    app_output_t out = {0};
    if (text == NULL)
        return sim_fail(err, SIM_ENOMEM, path, "no memory for its text");
    sim_status_t status = app_output_put(&out, path, text, strlen(text), err);
    if (status == SIM_OK)
        status = app_output_commit(&out, err);
    app_output_free(&out);
    return status;
}

#define CALIBRATION "-calibration"
#define CALIBRATED  "-calibrated"

/* The scenario's name, so that its own result will not meet the calibration's: "x-calibration.h5" gives
 * "x-calibrated", and so does "x.h5". Left out when it would be no name. */
static void name_scenario(const calibrate_call_t *self, char name[64])
{
    const char *base = base_of(self->files.result);
    int n = stem_bytes(base), end = (int)strlen(CALIBRATION);
    if (n > end && strncmp(base + n - end, CALIBRATION, (size_t)end) == 0)
        n -= end;
    int good = (int)strspn(base, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    name[0] = '\0';
    if (n > 0 && good >= n && n + (int)strlen(CALIBRATED) < 64 && strchr("-_.", base[0]) == NULL)
        snprintf(name, 64, "%.*s" CALIBRATED, n, base);
}

static sim_status_t write_scenario(const calibrate_call_t *self, sim_error_t *err)
{
    char name[64], *whole = NULL;
    const char *extends = self->name;
    name_scenario(self, name);
    if (scn_preset_text(self->name) == NULL) { /* a path holds wherever the result lies */
        whole = realpath(self->name, NULL);
        extends = whole != NULL ? whole : self->name;
    }
    char *csv = ana_calibration_csv(&self->calibration);
    char *yaml = ana_calibration_yaml(&self->calibration, extends, name, base_of(self->files.draws));
    sim_status_t status = write_text(self->files.draws, csv, err);
    if (status == SIM_OK)
        status = write_text(self->files.scenario, yaml, err);
    free(csv);
    free(yaml);
    free(whole);
    return status;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static sim_status_t parse_method(const char *word, ana_calibrate_method_t *method, sim_error_t *err)
{
    char hint[MDL_SPELLING_HINT];
    mdl_spelling_t near = mdl_spelling(word);
    for (ana_calibrate_method_t m = ANA_CALIBRATE_ABC; m <= ANA_CALIBRATE_MSM; m++) {
        mdl_spelling_offer(&near, ana_calibrate_method_name(m));
        if (strcmp(ana_calibrate_method_name(m), word) == 0) {
            *method = m;
            return SIM_OK;
        }
    }
    return sim_fail(err, SIM_EINPUT, "--method", "found '%s'; expected abc or msm%s", word,
                    mdl_spelling_hint_of(&near, hint));
}

static sim_status_t check_values(calibrate_call_t *self, sim_error_t *err)
{
    const calibrate_values_t *values = &self->values;
    if (values->resume && values->force)
        return sim_fail(err, SIM_EINPUT, NULL,
                        "found --resume and --force; expected one of them: go on, or start anew");
    self->options =
        (ana_calibration_options_t){.budget = (size_t)values->budget,
                                    .threads = values->threads > 0 ? (int)values->threads : omp_get_num_procs(),
                                    .arm = values->arm,
                                    .parameters = values->parameters};
    return parse_method(values->method, &self->options.method, err);
}

static sim_status_t prepare(calibrate_call_t *self, sim_error_t *err)
{
    scn_options_t load = {.seed = self->values.seed.given ? &self->values.seed.value : NULL};
    sim_status_t status = check_values(self, err);
    if (status == SIM_OK)
        status = app_facts_read(self->values.facts, &self->facts, err);
    if (status == SIM_OK)
        status = app_load_scenario(&self->scenario, self->name, &load, err);
    if (status == SIM_OK)
        status = choose_names(self, err);
    if (status == SIM_OK)
        status = check_files(self, err);
    return status;
}

static sim_status_t execute(calibrate_call_t *self, sim_error_t *err)
{
    app_catch_signals(&self->progress.shared);
    app_progress_start(&self->progress, self->scenario, self->values.quiet || self->values.json);
    sim_status_t status =
        ana_calibrate(self->scenario, &self->facts, &self->options, &self->progress.shared, &self->calibration, err);
    app_progress_finish(&self->progress);
    if (self->calibration.notice[0] != '\0')
        fprintf(stderr, "overbuild calibrate: %s\n", self->calibration.notice);
    if (status == SIM_OK)
        status = write_scenario(self, err);
    return status;
}

static int interrupted(const calibrate_call_t *self)
{
    fprintf(stderr, "overbuild calibrate: interrupted; %s.parts holds what was finished; the same command goes on\n",
            self->files.result);
    return 128 + app_interrupted();
}

static int run(const app_command_t *command, int argc, char **argv)
{
    calibrate_call_t self = {.values = {.method = "abc", .arm = "baseline", .budget = DEFAULT_BUDGET}};
    if (app_options_parse(command->name, options, &self.values, argc, argv, 1, 1, &self.name) < 0)
        return APP_BAD_INPUT;
    sim_error_t err = {0};
    int exit_status = APP_DONE;
    sim_status_t status = prepare(&self, &err);
    if (status == SIM_OK)
        status = execute(&self, &err);
    if (status == SIM_EINTERRUPTED)
        exit_status = interrupted(&self);
    else if (status != SIM_OK)
        exit_status = err.code == SIM_OK ? app_exit_status(status) : app_report(command, &err);
    else if (self.values.json)
        app_calibrate_json(&self.calibration, &self.options, &self.files);
    else if (!self.values.quiet)
        app_calibrate_table(&self.calibration, &self.files);
    ana_calibration_free(&self.calibration);
    ana_facts_free(&self.facts);
    scn_scenario_free(self.scenario);
    return exit_status;
}

const app_command_t app_command_calibrate = {
    .name = "calibrate",
    .synopsis = "SCENARIO [--method abc|msm] [--budget RUNS] [-o FILE]",
    .summary = "parameters from calibration facts: a posterior, and a scenario with the calibrated values",
    .details =
        "Looks for values of a scenario's parameters that its calibration facts speak for; facts of kind validation\n"
        "have no part in it. Parameters vary over the registry's priors. A first part of the budget finds out which "
        "of\n"
        "them the facts concern, the rest goes into a posterior: by approximate Bayesian computation (abc), or by\n"
        "simulated moments with a Gaussian process (msm). Each parameter is called identified when the facts make it\n"
        "clearly narrower than its prior; the others stay at their prior, whatever value is written for them.\n\n"
        "FILE.h5 gets the posterior, the simulations and the facts; FILE.yaml a scenario that extends this one with\n"
        "the calibrated values; FILE.csv draws for scenarios with 'parameters: posterior'. The result does not depend\n"
        "on the number of threads. It may be interrupted or killed at any time: the same command goes on, to the same\n"
        "result. docs/CALIBRATION.md says how it works and what to make of it.\n\n"
        "Examples:\n"
        "  overbuild calibrate quick --budget 60 -o first.h5            seconds\n"
        "  overbuild calibrate china-2022                               2,000 runs\n"
        "  overbuild calibrate china-2022 --parameters 'beliefs.*,developers.herding' --budget 500\n"
        "  overbuild run china-2022-calibration.yaml && overbuild validate china-2022-calibrated.h5\n\n"
        "Exit status: 0 done, 2 bad input, 4 disk, 5 memory, 130 or 143 interrupted.",
    .options = options,
    .run = run,
};
