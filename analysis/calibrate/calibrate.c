// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/calibrate.h"

#include "analysis/calibrate/abc.h"
#include "analysis/calibrate/msm.h"
#include "analysis/calibrate/stages.h"
#include "analysis/names.h"
#include "scenarios/prior.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLDS         1000 /* that the search's simulations are spread over */
#define PER_PARAMETER  100  /* simulations of the budget for each parameter that is calibrated */
#define MOST_PICKED    12
#define LEAST_PICKED   3
#define SCREENING_PART 4 /* of the budget */
#define PILOT_PART     50
#define PILOT_LEAST    4
#define PILOT_MOST     40
#define CHECK_PART     50 /* for each of the points that are checked */
#define CHECK_LEAST    2
#define CHECK_MOST     60

const char *ana_calibrate_method_name(ana_calibrate_method_t method)
{
    return method == ANA_CALIBRATE_MSM ? "msm" : "abc";
}

static size_t between(size_t value, size_t least, size_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* How the budget is spent. */
static void plan(stages_t *self)
{
    ana_calibration_t *out = self->out;
    size_t budget = self->options->budget;
    self->most = between(budget / PER_PARAMETER, LEAST_PICKED, MOST_PICKED);
    out->pilot = between(budget / PILOT_PART, PILOT_LEAST, PILOT_MOST);
    out->screening = self->n_candidates > self->most ? budget / SCREENING_PART : 0;
    out->check = ANA_CHECKED * between(budget / CHECK_PART, CHECK_LEAST, CHECK_MOST);
    out->search = budget - out->pilot - out->screening - out->check;
}

double ana_stages_value(const stages_t *self, size_t parameter, double place)
{
    return scn_prior_value(&mdl_params_registry(NULL)[self->picked[parameter]], place);
}

double ana_stages_short_value(const stages_t *self, size_t parameter, double place, int digits)
{
    char text[32];
    snprintf(text, sizeof text, "%.*g", digits, ana_stages_value(self, parameter, place));
    return mdl_param_round(&mdl_params_registry(NULL)[self->picked[parameter]], strtod(text, NULL));
}

/* --- screening ---------------------------------------------------------------------------------------------------- */

/* Puts what was screened in two lists: picked, by rank, and left. */
static void sort_screened(stages_t *self, const ana_influence_t *influences)
{
    ana_calibration_t *out = self->out;
    for (size_t i = 0; i < self->n_candidates; i++) {
        size_t rank = influences[i].rank;
        ana_parameter_t parameter = {.param = self->candidates[i], .influence = influences[i]};
        parameter.own = scn_scenario_value(self->scenario, self->model.arm, parameter.param);
        if (rank == 0) {
            out->left[out->n_left++] = parameter;
            continue;
        }
        out->parameters[rank - 1] = parameter;
        self->picked[rank - 1] = self->candidates[i];
        self->picked_own[rank - 1] = self->own[i];
        self->picked_at[rank - 1] = i;
        out->n_parameters++;
    }
    self->n_picked = out->n_parameters;
}

static void ask_for(stages_t *self, const int32_t *params, size_t n)
{
    self->model.params = params;
    self->model.n_params = n;
    self->model.targets = self->reached;
    self->model.n_targets = self->n_reached;
    self->problem.n_params = n;
    self->problem.n_targets = self->n_reached;
}

static sim_status_t screen(stages_t *self, sim_error_t *err)
{
    ana_calibration_t *out = self->out;
    size_t n = self->n_candidates;
    ana_influence_t *influences = calloc(n, sizeof *influences);
    out->parameters = calloc(n, sizeof *out->parameters);
    out->left = calloc(n, sizeof *out->left);
    self->picked = calloc(n, sizeof *self->picked);
    self->picked_own = calloc(n, sizeof *self->picked_own);
    self->picked_at = calloc(n, sizeof *self->picked_at);
    sim_status_t status = SIM_OK;
    if (influences == NULL || out->parameters == NULL || out->left == NULL || self->picked == NULL ||
        self->picked_own == NULL || self->picked_at == NULL)
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu parameters", n);
    ask_for(self, self->candidates, n);
    if (status == SIM_OK && out->screening > 0)
        status = ana_screen(&self->problem, self->own, out->screening, LEAST_PICKED, self->most, &self->screening,
                            influences, err);
    for (size_t i = 0; status == SIM_OK && out->screening == 0 && i < n; i++)
        influences[i].rank = i + 1;
    if (status == SIM_OK)
        sort_screened(self, influences);
    free(influences);
    self->problem.first += out->screening;
    return status;
}

/* --- search ------------------------------------------------------------------------------------------------------- */

static sim_status_t search(stages_t *self, sim_error_t *err)
{
    ana_calibration_t *out = self->out;
    ask_for(self, self->picked, self->n_picked);
    sim_status_t status =
        self->options->method == ANA_CALIBRATE_MSM
            ? ana_msm(&self->problem, self->picked_own, out->search, &self->search, &out->posterior, err)
            : ana_abc(&self->problem, out->search, &self->search, &out->posterior, err);
    self->problem.first += self->search.n;
    return status;
}

/* --- what comes out ----------------------------------------------------------------------------------------------- */

static sim_status_t describe(stages_t *self, size_t i, sim_error_t *err)
{
    ana_calibration_t *out = self->out;
    ana_parameter_t *parameter = &out->parameters[i];
    const ana_posterior_t *posterior = &out->posterior;
    sim_status_t status = ana_posterior_marginal(posterior, i, &parameter->marginal, err);
    if (status != SIM_OK)
        return status;
    parameter->p5 = ana_stages_value(self, i, parameter->marginal.p5);
    parameter->p50 = ana_stages_value(self, i, parameter->marginal.p50);
    parameter->p95 = ana_stages_value(self, i, parameter->marginal.p95);
    parameter->prior_p5 = ana_stages_value(self, i, 0.05);
    parameter->prior_p95 = ana_stages_value(self, i, 0.95);
    parameter->calibrated =
        out->chosen == 0 ? parameter->own
                         : ana_stages_short_value(self, i, self->checked[(size_t)out->chosen * self->n_picked + i],
                                                  ANA_CALIBRATED_DIGITS);
    for (size_t k = 0; k < posterior->n; k++) {
        double place = ana_score_place(posterior->scores[k * posterior->n_params + i]);
        parameter->mean += posterior->weights[k] * ana_stages_value(self, i, place);
    }
    return SIM_OK;
}

static sim_status_t describe_all(stages_t *self, sim_error_t *err)
{
    ana_calibration_t *out = self->out;
    size_t d = self->n_picked;
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < d && status == SIM_OK; i++)
        status = describe(self, i, err);
    out->draws = calloc(ANA_CALIBRATION_DRAWS * d, sizeof *out->draws);
    if (out->draws == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for draws");
    ana_posterior_draws(&out->posterior, self->problem.seed, ANA_CALIBRATION_DRAWS, out->draws);
    for (size_t k = 0; k < ANA_CALIBRATION_DRAWS * d; k++)
        out->draws[k] = ana_stages_short_value(self, k % d, out->draws[k], ANA_DRAWN_DIGITS);
    return status;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

/* What must be equal for a calibration to be continued, as lines. */
static char *settings_text(const stages_t *self)
{
    const ana_calibration_options_t *options = self->options;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (out == NULL)
        return NULL;
    fprintf(out, "calibration %d\nmethod: %s\nbudget: %zu\nparameters: %s\n", ANA_CALIBRATION_FORMAT,
            ana_calibrate_method_name(options->method), options->budget,
            options->parameters == NULL ? "those that make sense" : options->parameters);
    for (size_t i = 0; i < self->n_candidates; i++) {
        const mdl_param_t *param = &mdl_params_registry(NULL)[self->candidates[i]];
        fprintf(out, "prior of %s: %d, %.17g, %.17g\n", param->key, (int)param->prior.kind, param->prior.a,
                param->prior.b);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static sim_status_t find_arm(const scn_scenario_t *scenario, const char *name, uint32_t *arm, sim_error_t *err)
{
    uint32_t n = scn_scenario_arms(scenario);
    char **arms = calloc(n, sizeof *arms);
    if (arms == NULL)
        return sim_fail(err, SIM_ENOMEM, "--arm", "no memory for %" PRIu32 " arms", n);
    size_t index = 0;
    for (uint32_t i = 0; i < n; i++)
        arms[i] = (char *)(uintptr_t)scn_scenario_arm_name(scenario, i);
    sim_status_t status = ana_find_arm(arms, n, "scenario", "--arm", name, &index, err);
    *arm = (uint32_t)index;
    free(arms);
    return status;
}

static sim_status_t start(stages_t *self, const ana_facts_t *facts, scn_progress_t *progress, sim_error_t *err)
{
    const ana_calibration_options_t *options = self->options;
    ana_model_options_t model = {.threads = options->threads,
                                 .budget = options->budget,
                                 .path = options->path,
                                 .mode = options->mode,
                                 .progress = progress};
    if (scn_scenario_has_design(self->scenario))
        return sim_fail(err, SIM_EINPUT, scn_scenario_name(self->scenario),
                        "found a design; expected a scenario without: calibrating lays its own points over the "
                        "registry's priors");
    if (scn_scenario_drawn(self->scenario) > 0)
        return sim_fail(err, SIM_EINPUT, scn_scenario_name(self->scenario),
                        "found parameters: posterior; expected a scenario with values: a posterior is what comes out");
    sim_status_t status = find_arm(self->scenario, options->arm, &model.arm, err);
    if (status != SIM_OK)
        return status;
    self->model.arm = model.arm;
    status = ana_stages_choose(self, err); /* before anything is written */
    if (status != SIM_OK)
        return status;
    char *settings = settings_text(self);
    model.settings = settings;
    status = settings == NULL ? sim_fail(err, SIM_ENOMEM, NULL, "no memory for a calibration")
                              : ana_model_init(&self->model, self->scenario, facts, &model, err);
    free(settings);
    return status;
}

static sim_status_t run_stages(stages_t *self, sim_error_t *err)
{
    self->problem = (ana_problem_t){.seed = scn_scenario_seed(self->scenario),
                                    .n_worlds = WORLDS,
                                    .simulate = ana_model_simulate,
                                    .user = &self->model};
    plan(self);
    sim_status_t status = ana_stages_pilot(self, err);
    self->problem.first = self->out->pilot;
    if (status == SIM_OK)
        status = screen(self, err);
    if (status == SIM_OK)
        status = search(self, err);
    if (status == SIM_OK)
        status = ana_stages_check(self, err);
    if (status == SIM_OK)
        status = describe_all(self, err);
    return status;
}

static void stages_free(stages_t *self)
{
    ana_model_free(&self->model);
    ana_runs_free(&self->pilot);
    ana_runs_free(&self->screening);
    ana_runs_free(&self->search);
    ana_runs_free(&self->check);
    free(self->candidates);
    free(self->own);
    free(self->picked);
    free(self->picked_own);
    free(self->picked_at);
    free(self->all_facts);
    free(self->reached);
    free(self->targets);
    free(self->checked);
}

sim_status_t ana_calibrate(const scn_scenario_t *scenario, const ana_facts_t *facts,
                           const ana_calibration_options_t *options, scn_progress_t *progress,
                           ana_calibration_t *calibration, sim_error_t *err)
{
    SIM_ASSERT(options->budget >= ANA_CALIBRATION_LEAST && options->budget <= ANA_CALIBRATION_MOST);
    *calibration = (ana_calibration_t){0};
    stages_t stages = {.scenario = scenario, .options = options, .out = calibration};
    sim_status_t status = start(&stages, facts, progress, err);
    if (status == SIM_OK) {
        snprintf(calibration->notice, sizeof calibration->notice, "%s", sim_store_notice(stages.model.store));
        status = run_stages(&stages, err);
    }
    calibration->failed = atomic_load(&progress->failed);
    if (status == SIM_OK)
        status = sim_store_assemble(stages.model.store, true, ana_stages_write, &stages, err);
    if (status == SIM_OK)
        calibration->digest = sim_store_digest(stages.model.store);
    stages_free(&stages);
    return status;
}

void ana_calibration_free(ana_calibration_t *calibration)
{
    ana_posterior_free(&calibration->posterior);
    free(calibration->parameters);
    free(calibration->left);
    free(calibration->facts);
    free((void *)calibration->unreached);
    free(calibration->draws);
    *calibration = (ana_calibration_t){0};
}
