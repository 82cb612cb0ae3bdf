// SPDX-License-Identifier: GPL-3.0-or-later
/* Which parameters a calibration looks at: those that were named, or those that make sense. */
#include "analysis/calibrate/stages.h"
#include "models/params/spelling.h"
#include "scenarios/prior.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const mdl_param_t *param_at(int32_t param)
{
    return &mdl_params_registry(NULL)[param];
}

/* Why a parameter cannot be calibrated at all; NULL when it can. */
static const char *obstacle(const scn_scenario_t *scenario, uint32_t arm, int32_t param)
{
    if (param_at(param)->prior.kind == MDL_PRIOR_NONE)
        return "has no prior in the registry";
    if (scn_scenario_overrules(scenario, arm, param))
        return "is set by the arm or from a date on, so that a value from the start would not last";
    return NULL;
}

bool ana_calibration_default(const scn_scenario_t *scenario, uint32_t arm, int32_t param, const char **why)
{
    const mdl_param_t *p = param_at(param);
    double own = scn_scenario_value(scenario, arm, param);
    const char *reason = obstacle(scenario, arm, param);
    if (reason == NULL && !scn_prior_holds(p, own))
        reason = "has a value outside its prior in this scenario: it stands for something else";
    if (reason == NULL && fabs(own) <= 0 && p->prior.kind == MDL_PRIOR_UNIFORM && fabs(p->prior.a) <= 0)
        reason = "is switched off";
    if (reason == NULL && (strncmp(p->key, "workload.", 9) == 0 || strncmp(p->key, "hardware.", 9) == 0))
        reason = "is set from recorded traces";
    if (why != NULL)
        *why = reason;
    return reason == NULL;
}

/* --- globs -------------------------------------------------------------------------------------------------------- */

static sim_status_t no_match(const char *glob, sim_error_t *err)
{
    const char *near = mdl_params_suggest(glob);
    if (near != NULL)
        return sim_fail(err, SIM_EINPUT, "--parameters", "found '%s', which no parameter matches; did you mean %s?",
                        glob, near);
    return sim_fail(err, SIM_EINPUT, "--parameters",
                    "found '%s', which no parameter matches; expected a key or a glob such as 'beliefs.*' "
                    "('overbuild params' lists them)",
                    glob);
}

/* Marks what a glob matches. A key that was written out must be one that can be calibrated; of a glob's, those are
 * taken that can. */
static sim_status_t match_glob(const stages_t *self, const char *glob, bool *wanted, sim_error_t *err)
{
    size_t n, matches = 0, taken = 0;
    const char *reason = NULL;
    mdl_params_registry(&n);
    for (int32_t param = 0; param < (int32_t)n; param++) {
        if (fnmatch(glob, param_at(param)->key, 0) != 0)
            continue;
        matches++;
        const char *why = obstacle(self->scenario, self->model.arm, param);
        reason = why != NULL ? why : reason;
        wanted[param] = wanted[param] || why == NULL;
        taken += why == NULL;
    }
    if (matches == 0)
        return no_match(glob, err);
    if (taken == 0)
        return sim_fail(err, SIM_EINPUT, "--parameters", "%s %s; expected a parameter that can be calibrated", glob,
                        reason);
    return SIM_OK;
}

/* All that is wrong with the list goes into one message. */
static sim_status_t match_globs(const stages_t *self, const char *globs, bool *wanted, sim_error_t *err)
{
    static const char option[] = "--parameters";
    char *copy = strdup(globs), *rest = copy, *glob, wrong[900] = "";
    size_t used = 0;
    if (copy == NULL)
        return sim_fail(err, SIM_ENOMEM, option, "no memory for it");
    while ((glob = strsep(&rest, ",")) != NULL) {
        sim_error_t one = {0};
        sim_status_t status =
            *glob == '\0' ? sim_fail(&one, SIM_EINPUT, option, "found nothing between commas; expected keys or globs")
                          : match_glob(self, glob, wanted, &one);
        if (status != SIM_OK && used < sizeof wrong)
            used += (size_t)snprintf(wrong + used, sizeof wrong - used, "%s%s", used > 0 ? "; and " : "",
                                     one.message + sizeof option + 1);
    }
    free(copy);
    return used > 0 ? sim_fail(err, SIM_EINPUT, option, "%s", wrong) : SIM_OK;
}

static void match_default(const stages_t *self, bool *wanted)
{
    size_t n;
    mdl_params_registry(&n);
    for (int32_t param = 0; param < (int32_t)n; param++)
        wanted[param] = ana_calibration_default(self->scenario, self->model.arm, param, NULL);
}

sim_status_t ana_stages_choose(stages_t *self, sim_error_t *err)
{
    size_t n;
    mdl_params_registry(&n);
    bool *wanted = calloc(n, sizeof *wanted);
    self->candidates = calloc(n, sizeof *self->candidates);
    self->own = calloc(n, sizeof *self->own);
    if (wanted == NULL || self->candidates == NULL || self->own == NULL) {
        free(wanted);
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu parameters", n);
    }
    sim_status_t status = SIM_OK;
    if (self->options->parameters != NULL)
        status = match_globs(self, self->options->parameters, wanted, err);
    else
        match_default(self, wanted);
    for (int32_t param = 0; param < (int32_t)n && status == SIM_OK; param++)
        if (wanted[param]) {
            double value = scn_scenario_value(self->scenario, self->model.arm, param);
            self->own[self->n_candidates] = scn_prior_place(param_at(param), value);
            self->candidates[self->n_candidates++] = param;
        }
    free(wanted);
    if (status == SIM_OK && self->n_candidates == 0)
        status = sim_fail(err, SIM_EINPUT, "--parameters",
                          "found no parameter to calibrate; expected keys or globs of parameters with priors");
    return status;
}
