// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/compare.h"
#include "app/command.h"
#include "app/effect.h"
#include "sim/plural.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct compare_values {
    const char *baseline, *metric;
    bool json;
} compare_values_t;

static const app_option_t options[] = {
    {0, "baseline", "ARM", APP_TEXT, offsetof(compare_values_t, baseline), "arm to compare with (default: baseline)", 0,
     0},
    {0, "metric", "GLOB", APP_TEXT, offsetof(compare_values_t, metric),
     "only outcomes whose name matches, e.g. 'projects_*'", 0, 0},
    {0, "json", NULL, APP_FLAG, offsetof(compare_values_t, json), "one JSON object, numbers unrounded", 0, 0},
    {0},
};

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static void print_json(const ana_comparison_t *comparison, const char *baseline)
{
    json_t *metrics = json_array();
    for (size_t i = 0; i < comparison->n; i++) {
        const ana_effect_t *effect = &comparison->effects[i];
        json_array_append_new(
            metrics,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "metric", effect->metric, "unit",
                      effect->unit, "arm", effect->arm, "baseline_mean", number_or_null(effect->baseline_mean),
                      "arm_mean", number_or_null(effect->arm_mean), "difference", number_or_null(effect->difference),
                      "ci_low", number_or_null(effect->ci_low), "ci_high", number_or_null(effect->ci_high), "n",
                      (json_int_t)effect->n, "variance_reduction", number_or_null(effect->variance_reduction)));
    }
    json_t *json = json_pack("{s:s, s:o}", "baseline", baseline, "metrics", metrics);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

/* Widths of the columns of levels: as wide as the arms' names need. */
typedef struct widths {
    int baseline, arm;
} widths_t;

static int column_width(const char *title)
{
    int length = (int)strlen(title);
    return length > 10 ? length : 10;
}

static void print_effect(const ana_effect_t *effect, widths_t widths)
{
    app_effect_t cells = app_effect_format(effect);
    printf("  %-36s %*s %*s %10s  [%9s, %9s] %c %s\n", effect->metric, widths.baseline, cells.baseline, widths.arm,
           cells.arm, cells.difference, cells.low, cells.high, cells.mark, cells.scale.unit);
}

static widths_t print_header(const ana_effect_t *effect, const char *baseline)
{
    widths_t widths = {column_width(baseline), column_width(effect->arm)};
    printf("%s against %s: means over %zu pair%s of replications\n  %-36s %*s %*s %10s  %-22s   %s\n", effect->arm,
           baseline, effect->n, sim_plural(effect->n), "outcome", widths.baseline, baseline, widths.arm, effect->arm,
           "difference", "95 % interval", "unit");
    return widths;
}

static void print_footnotes(size_t missing)
{
    printf("\n* the interval leaves out zero (with %d pairs or more). Of 20 outcomes that a policy does not touch, one "
           "is\n"
           "  marked by chance. 'overbuild info FILE' says what each outcome means.\n",
           ANA_FEWEST_PAIRS);
    if (missing > 0)
        printf("Left out: %zu outcome%s without a value in both arms, whose date lies beyond the horizon or for which\n"
               "nothing happened.\n",
               missing, sim_plural(missing));
}

static void print_table(const ana_comparison_t *comparison, const char *baseline)
{
    const char *arm = "";
    widths_t widths = {0};
    size_t missing = 0;
    for (size_t i = 0; i < comparison->n; i++) {
        const ana_effect_t *effect = &comparison->effects[i];
        if (effect->n == 0) {
            missing++;
            continue;
        }
        if (strcmp(arm, effect->arm) != 0) {
            printf("%s", *arm == '\0' ? "" : "\n");
            widths = print_header(effect, baseline);
            arm = effect->arm;
        }
        print_effect(effect, widths);
    }
    if (comparison->n == 0)
        printf("The file has one arm, %s: there is nothing to compare it with.\n", baseline);
    else
        print_footnotes(missing);
}

static int run(const app_command_t *command, int argc, char **argv)
{
    compare_values_t values = {.baseline = "baseline"};
    const char *path = NULL;
    if (app_options_parse(command->name, options, &values, argc, argv, 1, 1, &path) < 0)
        return APP_BAD_INPUT;
    sim_error_t err = {0};
    sim_result_t *result = NULL;
    ana_comparison_t comparison = {0};
    sim_status_t status = sim_result_open(&result, path, &err);
    if (status == SIM_OK)
        status = ana_compare(result, values.baseline, values.metric, &comparison, &err);
    if (status == SIM_OK && values.json)
        print_json(&comparison, values.baseline);
    else if (status == SIM_OK)
        print_table(&comparison, values.baseline);
    if (status == SIM_OK)
        app_warn_of_idle_arms(command->name, result, values.baseline);
    ana_comparison_free(&comparison);
    sim_result_close(result);
    return status == SIM_OK ? APP_DONE : app_report(command, &err);
}

const app_command_t app_command_compare = {
    .name = "compare",
    .synopsis = "FILE [--baseline ARM] [--metric GLOB] [--json]",
    .summary = "what each arm changes against a baseline, with intervals",
    .details = "For every outcome and every other arm: means, the mean difference over pairs of replications that "
               "share their\n"
               "random numbers, and its 95 % interval (Student's t). In the JSON, variance_reduction is what the "
               "pairing bought:\n"
               "variance of the difference had the arms been independent, over the variance seen. With a design, the "
               "pairs of\n"
               "all points count alike.\n\n"
               "Examples:\n"
               "  overbuild compare policies.h5 --baseline baseline\n"
               "  overbuild compare policies.h5 --metric 'projects_*' --json",
    .options = options,
    .run = run,
};
