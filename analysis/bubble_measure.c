// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/bubble_measure.h"

#include "scenarios/overinvestment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *metric, *text;
} parts[ANA_BUBBLE_PARTS] = {
    [ANA_BUBBLE_NEVER_EVEN] = {"never_broke_even_capital_yuan", "capital that never broke even"},
    [ANA_BUBBLE_COMPLETED] = {"projects_completed", "centres completed"},
    [ANA_BUBBLE_BAD_DEBT] = {"bad_debt_share", "bad debt, share of loans"},
    [ANA_BUBBLE_INVESTMENT] = {"overinvestment_ratio", "investment over the control's"},
    [ANA_BUBBLE_STRANDED] = {"stranded_capital_yuan", "capital that has not earned its cost"},
    [ANA_BUBBLE_EXITED] = {"projects_exited", "exits"},
    [ANA_BUBBLE_ENTRY_ERROR] = {"revenue_error_at_entry", "revenue error at entry"},
};

const char *ana_bubble_metric(ana_bubble_part_t part)
{
    return parts[part].metric;
}

const char *ana_bubble_text(ana_bubble_part_t part)
{
    return parts[part].text;
}

static bool can_be_measured(sim_result_t *result, char **arms, size_t n)
{
    bool control = false, complete = true;
    for (size_t i = 0; i < n; i++)
        control = control || strcmp(arms[i], SCN_CONTROL_ARM) == 0;
    for (int part = 0; part < ANA_BUBBLE_PARTS; part++) {
        char path[128];
        snprintf(path, sizeof path, "/outcomes/%s", parts[part].metric);
        complete = complete && sim_result_has(result, path);
    }
    return control && complete;
}

static sim_status_t measure_part(sim_result_t *result, ana_bubble_measure_t *measure, int part, sim_error_t *err)
{
    ana_comparison_t comparison = {0};
    sim_status_t status = ana_compare(result, SCN_CONTROL_ARM, parts[part].metric, &comparison, err);
    for (size_t i = 0; i < measure->n && status == SIM_OK; i++) {
        const ana_effect_t *effect = &comparison.effects[i];
        measure->arms[i].effects[part] = *effect;
        bool above = ana_effect_is_clear(effect) && effect->ci_low > 0;
        measure->arms[i].n_above += part < ANA_BUBBLE_WITNESSES && above;
    }
    ana_comparison_free(&comparison);
    return status;
}

sim_status_t ana_bubble_measure(sim_result_t *result, ana_bubble_measure_t *measure, sim_error_t *err)
{
    *measure = (ana_bubble_measure_t){0};
    char **arms = NULL;
    size_t n = 0;
    sim_status_t status = sim_result_labels(result, "/arm", &arms, &n, err);
    bool measurable = status == SIM_OK && can_be_measured(result, arms, n);
    sim_labels_free(arms, n);
    if (!measurable)
        return status;
    measure->arms = calloc(n, sizeof *measure->arms);
    if (measure->arms == NULL)
        return sim_fail(err, SIM_ENOMEM, "/outcomes", "no memory for %zu arms", n);
    measure->n = n - 1;
    for (int part = 0; part < ANA_BUBBLE_PARTS && status == SIM_OK; part++)
        status = measure_part(result, measure, part, err);
    return status;
}

void ana_bubble_measure_free(ana_bubble_measure_t *measure)
{
    free(measure->arms);
    *measure = (ana_bubble_measure_t){0};
}

const ana_bubble_arm_t *ana_bubble_measure_find(const ana_bubble_measure_t *measure, const char *arm)
{
    for (size_t i = 0; i < measure->n; i++)
        if (strcmp(measure->arms[i].effects[0].arm, arm) == 0)
            return &measure->arms[i];
    return NULL;
}
