// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/compare.h"

#include "analysis/names.h"
#include "analysis/statistics.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bookkeeping variables of /outcomes that are no outcomes. */
static const char *const not_metrics[] = {"status", "fingerprint", "events", "jobs", "seed"};

static bool is_metric(const char *name, const char *glob)
{
    for (size_t i = 0; i < sizeof not_metrics / sizeof not_metrics[0]; i++)
        if (strcmp(name, not_metrics[i]) == 0)
            return false;
    return glob == NULL || fnmatch(glob, name, 0) == 0;
}

/* The paired effect from two rows of n values; `scratch` has room for n. */
static void pair_up(const double *baseline, const double *arm, size_t n, double *scratch, ana_effect_t *effect)
{
    double *base = scratch, *other = scratch + n, *difference = scratch + 2 * n;
    for (size_t i = 0; i < n; i++) {
        bool both = !isnan(baseline[i]) && !isnan(arm[i]);
        base[i] = both ? baseline[i] : NAN;
        other[i] = both ? arm[i] : NAN;
        difference[i] = both ? arm[i] - baseline[i] : NAN;
    }
    ana_interval_t of_base = ana_mean_interval(base, n, 0.95), of_other = ana_mean_interval(other, n, 0.95);
    ana_interval_t of_difference = ana_mean_interval(difference, n, 0.95);
    effect->baseline_mean = of_base.mean;
    effect->arm_mean = of_other.mean;
    effect->difference = of_difference.mean;
    effect->ci_low = of_difference.low;
    effect->ci_high = of_difference.high;
    effect->n = of_difference.n;
    effect->variance_reduction =
        of_difference.variance > 0 ? (of_base.variance + of_other.variance) / of_difference.variance : NAN;
}

/* Adds one metric's effects, one per arm, at effects[arm_position * stride]. */
static sim_status_t compare_metric(sim_result_t *result, const char *name, char **arms, size_t baseline,
                                   ana_effect_t *effects, size_t stride, sim_error_t *err)
{
    char path[256];
    snprintf(path, sizeof path, "/outcomes/%s", name);
    sim_array_t array = {0};
    sim_status_t status = sim_result_read(result, path, &array, err);
    if (status != SIM_OK)
        return status;
    size_t n_arms = array.shape[0], n = 1;
    for (uint32_t i = 1; i < array.n_dims; i++)
        n *= array.shape[i];
    double *scratch = calloc(3 * n + 1, sizeof *scratch);
    if (scratch == NULL)
        status = sim_fail(err, SIM_ENOMEM, path, "no memory for %zu values", 3 * n);
    for (size_t arm = 0, place = 0; arm < n_arms && status == SIM_OK; arm++) {
        if (arm == baseline)
            continue;
        ana_effect_t *effect = &effects[place++ * stride];
        snprintf(effect->metric, sizeof effect->metric, "%s", name);
        snprintf(effect->unit, sizeof effect->unit, "%s", array.units);
        snprintf(effect->arm, sizeof effect->arm, "%s", arms[arm]);
        pair_up(array.values + baseline * n, array.values + arm * n, n, scratch, effect);
    }
    free(scratch);
    sim_array_free(&array);
    return status;
}

/* Keeps only the names that are metrics; returns their number. */
static size_t select_metrics(char **names, size_t n, const char *glob, const char **selected)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (is_metric(names[i], glob))
            selected[kept++] = names[i];
    return kept;
}

static sim_status_t compare_all(sim_result_t *result, const char **metrics, size_t n_metrics, char **arms,
                                size_t n_arms, size_t baseline, ana_comparison_t *comparison, sim_error_t *err)
{
    comparison->n = n_metrics * (n_arms - 1);
    comparison->effects = calloc(comparison->n + 1, sizeof *comparison->effects);
    if (comparison->effects == NULL)
        return sim_fail(err, SIM_ENOMEM, "/outcomes", "no memory for %zu effects", comparison->n);
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < n_metrics && status == SIM_OK; i++)
        status = compare_metric(result, metrics[i], arms, baseline, comparison->effects + i, n_metrics, err);
    return status;
}

/* --- arms without any effect -------------------------------------------------------------------------------------- */

/* Whether two arms have the same fingerprint in every replication that both have finished, one at the least. */
static bool same_fingerprints(const uint64_t *a, const uint64_t *b, size_t n)
{
    size_t pairs = 0;
    for (size_t i = 0; i < n; i++) {
        bool both = a[i] != 0 && b[i] != 0; /* 0: not finished */
        if (both && a[i] != b[i])
            return false;
        pairs += both;
    }
    return pairs > 0;
}

/* A missing value, of a replication that one of them has not finished, says nothing. */
static bool same_values(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] < b[i] || a[i] > b[i])
            return false;
    return true;
}

/* Leaves marked only arms whose every outcome is the baseline's. */
static sim_status_t keep_same_outcomes(sim_result_t *result, char **names, size_t n_names, size_t n_arms,
                                       size_t baseline, bool *idle, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < n_names && status == SIM_OK; i++) {
        char path[160];
        sim_array_t array = {0};
        if (!is_metric(names[i], NULL))
            continue;
        snprintf(path, sizeof path, "/outcomes/%.120s", names[i]);
        status = sim_result_read(result, path, &array, err);
        size_t n = status == SIM_OK ? 1 : 0;
        for (uint32_t k = 1; k < array.n_dims; k++)
            n *= array.shape[k];
        for (size_t arm = 0; arm < n_arms; arm++)
            idle[arm] = idle[arm] && same_values(array.values + baseline * n, array.values + arm * n, n);
        sim_array_free(&array);
    }
    return status;
}

/* Leaves marked only arms that are the baseline's world. */
static sim_status_t mark_idle(sim_result_t *result, size_t n_arms, size_t baseline, bool *idle, sim_error_t *err)
{
    uint64_t *fingerprints = NULL;
    char **names = NULL;
    size_t n = 0, n_names = 0, marked = 0;
    sim_status_t status = sim_result_read_u64(result, "/outcomes/fingerprint", &fingerprints, &n, err);
    for (size_t arm = 0, row = n / n_arms; arm < n_arms && status == SIM_OK; arm++) {
        idle[arm] = arm != baseline && same_fingerprints(fingerprints + baseline * row, fingerprints + arm * row, row);
        marked += idle[arm];
    }
    if (status == SIM_OK && marked > 0)
        status = sim_result_list(result, "/outcomes", &names, &n_names, err);
    if (status == SIM_OK && marked > 0)
        status = keep_same_outcomes(result, names, n_names, n_arms, baseline, idle, err);
    sim_labels_free(names, n_names);
    free(fingerprints);
    return status;
}

sim_status_t ana_find_idle_arms(sim_result_t *result, const char *baseline, char ***arms, size_t *n, sim_error_t *err)
{
    size_t n_arms = 0, base = 0;
    *arms = NULL;
    *n = 0;
    sim_status_t status = sim_result_labels(result, "/arm", arms, &n_arms, err);
    if (status == SIM_OK)
        status = ana_find_arm(*arms, n_arms, "file", "--baseline", baseline, &base, err);
    bool *idle = status == SIM_OK ? calloc(n_arms + 1, sizeof *idle) : NULL;
    if (status == SIM_OK && idle == NULL)
        status = sim_fail(err, SIM_ENOMEM, "/arm", "no memory for %zu marks", n_arms);
    if (status == SIM_OK && sim_result_has(result, "/outcomes/fingerprint"))
        status = mark_idle(result, n_arms, base, idle, err);
    for (size_t arm = 0; arm < n_arms; arm++) {
        if (status == SIM_OK && idle[arm])
            (*arms)[(*n)++] = (*arms)[arm];
        else
            free((*arms)[arm]);
    }
    free(idle);
    return status;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static sim_status_t no_metric(sim_result_t *result, const char *glob, sim_error_t *err)
{
    char hint[MDL_SPELLING_HINT];
    return sim_fail(err, SIM_EINPUT, "--metric",
                    "no outcome matches '%s'; expected a name or a pattern of those in 'overbuild info FILE'%s", glob,
                    ana_variable_hint(result, "/outcomes", glob, hint));
}

sim_status_t ana_compare(sim_result_t *result, const char *baseline, const char *glob, ana_comparison_t *comparison,
                         sim_error_t *err)
{
    *comparison = (ana_comparison_t){0};
    char **arms = NULL, **names = NULL;
    size_t n_arms = 0, n_names = 0, base = 0;
    const char **metrics = NULL;
    sim_status_t status = sim_result_labels(result, "/arm", &arms, &n_arms, err);
    if (status == SIM_OK)
        status = ana_find_arm(arms, n_arms, "file", "--baseline", baseline, &base, err);
    if (status == SIM_OK)
        status = sim_result_list(result, "/outcomes", &names, &n_names, err);
    if (status != SIM_OK)
        goto out;
    metrics = calloc(n_names + 1, sizeof *metrics);
    size_t n_metrics = metrics == NULL ? 0 : select_metrics(names, n_names, glob, metrics);
    if (metrics == NULL)
        status = sim_fail(err, SIM_ENOMEM, "/outcomes", "no memory for %zu names", n_names);
    else if (n_metrics == 0)
        status = no_metric(result, glob == NULL ? "*" : glob, err);
    else
        status = compare_all(result, metrics, n_metrics, arms, n_arms, base, comparison, err);
out:
    free(metrics);
    sim_labels_free(names, n_names);
    sim_labels_free(arms, n_arms);
    return status;
}

void ana_comparison_free(ana_comparison_t *comparison)
{
    free(comparison->effects);
    *comparison = (ana_comparison_t){0};
}

bool ana_effect_is_clear(const ana_effect_t *effect)
{
    return effect->n >= ANA_FEWEST_PAIRS && (effect->ci_low > 0 || effect->ci_high < 0);
}
