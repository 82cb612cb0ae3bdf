// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/validate.h"
#include "analysis/validate_plot.h"
#include "app/bubble_measure.h"
#include "app/command.h"
#include "app/facts_file.h"
#include "app/output_file.h"
#include "app/validate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_CALIBRATION 0.75
#define BAR_VALIDATION  0.65

typedef struct validate_values {
    const char *arm, *facts, *plot, *bars[ANA_FACT_KINDS];
    bool json, force;
} validate_values_t;

#define AT(field) offsetof(validate_values_t, field)

static const app_option_t options[] = {
    {0, "arm", "ARM", APP_TEXT, AT(arm), "arm to compare (default: baseline)", 0, 0},
    {0, "facts", "FILE", APP_TEXT, AT(facts), "facts table of your own, for another country (default: the shipped one)",
     0, 0},
    {0, "plot", "FILE.svg", APP_TEXT, AT(plot), "draw the paths with the facts on them, an SVG picture", 0, 0},
    {0, "force", NULL, APP_FLAG, AT(force), "replace the picture if it is there", 0, 0},
    {0, "bar-calibration", "SHARE", APP_TEXT, AT(bars[ANA_FACT_CALIBRATION]),
     "share of calibration facts to be hit (default: 0.75)", 0, 0},
    {0, "bar-validation", "SHARE", APP_TEXT, AT(bars[ANA_FACT_VALIDATION]),
     "share of validation facts to be hit (default: 0.65)", 0, 0},
    {0, "json", NULL, APP_FLAG, AT(json), "one JSON object, numbers unrounded", 0, 0},
    {0},
};

static sim_status_t read_bar(const char *option, const char *text, double *bar, sim_error_t *err)
{
    if (text == NULL)
        return SIM_OK;
    char *end;
    *bar = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || strspn(text, ".0123456789") != strlen(text) || !(*bar >= 0 && *bar <= 1))
        return sim_fail(err, SIM_EINPUT, option, "found '%s'; expected a share from 0 to 1", text);
    return SIM_OK;
}

/* --- the picture -------------------------------------------------------------------------------------------------- */

static sim_status_t draw(sim_result_t *result, const char *arm, const ana_validation_t *validation, const char *path,
                         sim_error_t *err)
{
    char *text = NULL;
    size_t bytes = 0;
    app_output_t out = {0};
    sim_status_t status = ana_validate_plot(result, arm, validation, &text, &bytes, err);
    if (status == SIM_OK)
        status = app_output_put(&out, path, text, bytes, err);
    if (status == SIM_OK)
        status = app_output_commit(&out, err);
    app_output_free(&out);
    free(text);
    return status;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static bool passes(const ana_validation_t *validation, const double bars[ANA_FACT_KINDS])
{
    for (int kind = 0; kind < ANA_FACT_KINDS; kind++)
        if (!(validation->score[kind].share >= bars[kind])) /* a score that nothing could be compared for is none */
            return false;
    return true;
}

static sim_status_t check_values(const validate_values_t *values, double bars[ANA_FACT_KINDS], sim_error_t *err)
{
    sim_status_t status =
        read_bar("--bar-calibration", values->bars[ANA_FACT_CALIBRATION], &bars[ANA_FACT_CALIBRATION], err);
    if (status == SIM_OK)
        status = read_bar("--bar-validation", values->bars[ANA_FACT_VALIDATION], &bars[ANA_FACT_VALIDATION], err);
    if (status == SIM_OK && values->plot != NULL)
        status = app_output_check_picture(values->plot, values->force, err);
    return status;
}

static void print(const validate_values_t *values, const ana_validation_t *validation, const ana_bubble_arm_t *bubble,
                  const double bars[ANA_FACT_KINDS])
{
    if (values->json) {
        app_validate_json(validation, bubble);
        return;
    }
    app_validate_table(validation, values->arm, bars);
    if (bubble != NULL) {
        putchar('\n');
        app_bubble_measure_print(bubble);
    }
}

static int run(const app_command_t *command, int argc, char **argv)
{
    validate_values_t values = {.arm = "baseline"};
    const char *path = NULL;
    if (app_options_parse(command->name, options, &values, argc, argv, 1, 1, &path) < 0)
        return APP_BAD_INPUT;
    sim_error_t err = {0};
    sim_result_t *result = NULL;
    ana_facts_t facts = {0};
    ana_validation_t validation = {0};
    ana_bubble_measure_t measure = {0};
    double bars[ANA_FACT_KINDS] = {BAR_CALIBRATION, BAR_VALIDATION};
    sim_status_t status = check_values(&values, bars, &err);
    if (status == SIM_OK)
        status = app_facts_read(values.facts, &facts, &err);
    if (status == SIM_OK)
        status = sim_result_open(&result, path, &err);
    if (status == SIM_OK)
        status = ana_validate(result, values.arm, &facts, &validation, &err);
    if (status == SIM_OK)
        status = ana_bubble_measure(result, &measure, &err);
    if (status == SIM_OK && values.plot != NULL)
        status = draw(result, values.arm, &validation, values.plot, &err);
    bool passed = status == SIM_OK && passes(&validation, bars);
    if (status == SIM_OK)
        print(&values, &validation, ana_bubble_measure_find(&measure, values.arm), bars);
    ana_bubble_measure_free(&measure);
    ana_validation_free(&validation);
    ana_facts_free(&facts);
    sim_result_close(result);
    return status == SIM_OK ? (passed ? APP_DONE : APP_CHECK_FAILED) : app_report(command, &err);
}

const app_command_t app_command_validate = {
    .name = "validate",
    .synopsis = "FILE [--arm ARM] [--facts FILE] [--plot FILE.svg] [--json]",
    .summary = "facts against the baseline: hits, misses, and what cannot be compared",
    .details =
        "Holds every fact of a table against what the arm's replications give: median and 5-95 % band. A fact is hit\n"
        "when the simulated band meets its own; 'wide' when it does so only because it is wider than the larger of\n"
        "three times the fact's band and half its centre; not comparable with the reason. Wide facts count as\n"
        "comparable and not as hits. Calibration facts may have been fitted, validation facts have not: they are\n"
        "scored apart. The score of medians is stricter on place and does not ask for width: comparable facts whose\n"
        "band holds the simulated median. Ends with exit status 1 when a score is below its bar.\n\n"
        "A file with the arm 'rational' also gives the bubble measure: the arm's over-investment against that control\n"
        "under the same random numbers (docs/BUBBLES.md).\n\n"
        "Examples:\n"
        "  overbuild run china-2022 -n 100\n"
        "  overbuild validate china-2022.h5\n"
        "  overbuild validate china-2022.h5 --arm rational --json\n"
        "  overbuild validate china-2022.h5 --plot facts.svg\n"
        "  overbuild validate my-country.h5 --facts my-facts.csv --bar-validation 0.5",
    .options = options,
    .run = run,
};
