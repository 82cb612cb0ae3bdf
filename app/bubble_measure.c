// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bubble_measure.h"

#include "app/effect.h"
#include "scenarios/overinvestment.h"
#include "sim/plural.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define CONTROL SCN_CONTROL_ARM

static const char by_assumption[] =
    "rational: builders without extrapolation or herding who see the pipeline and occupancy, grants and side motives "
    "as they are; breaking even: rents cover running cost and an annuity of the capital in one calendar quarter; "
    "beliefs about a centre's life are held against its life so far";

/* --- one arm ------------------------------------------------------------------------------------------------------ */

static void print_part(const ana_bubble_arm_t *arm, ana_bubble_part_t part)
{
    const ana_effect_t *effect = &arm->effects[part];
    app_effect_t cells = app_effect_format(effect);
    printf("  %-38s %10s %10s %10s  [%9s, %9s] %c %s\n", ana_bubble_text(part), cells.baseline, cells.arm,
           cells.difference, cells.low, cells.high, cells.mark, cells.scale.unit);
}

void app_bubble_measure_print(const ana_bubble_arm_t *arm)
{
    const ana_effect_t *first = &arm->effects[0];
    printf("Bubble measure against the rational control: arm %s, %zu pair%s of replications\n\n", first->arm, first->n,
           sim_plural(first->n));
    printf("  %-38s %10s %10.10s %10s  %-22s\n", "over-investment", CONTROL, first->arm, "difference", "95 % interval");
    for (int part = 0; part < ANA_BUBBLE_WITNESSES; part++)
        print_part(arm, (ana_bubble_part_t)part);
    printf("  further witnesses\n");
    for (int part = ANA_BUBBLE_WITNESSES; part < ANA_BUBBLE_PARTS; part++)
        print_part(arm, (ana_bubble_part_t)part);
    if (first->n < ANA_FEWEST_PAIRS)
        printf("\nToo few pairs to say which parts of the measure lie above the control; that takes %d or more.\n",
               ANA_FEWEST_PAIRS);
    else
        printf("\n%d of %d parts of the measure lie above the control (* the interval leaves out zero).\n",
               arm->n_above, ANA_BUBBLE_WITNESSES);
    printf(
        "By assumption: rational builders neither extrapolate nor herd and see pipeline and occupancy, but take grants "
        "and\nhave side motives as they are; a centre breaks even when in one calendar quarter its rents cover running "
        "cost and\nan annuity of its capital; beliefs about a centre's life are held against its life so far.\n");
}

/* --- all arms ----------------------------------------------------------------------------------------------------- */

typedef struct column {
    ana_bubble_part_t part;
    const char *title, *unit;
    double divisor;
    int decimals;
} column_t;

static const column_t columns[] = {
    {ANA_BUBBLE_NEVER_EVEN, "no break-even", "bn yuan", 1e9, 2}, {ANA_BUBBLE_COMPLETED, "completed", "centres", 1, 1},
    {ANA_BUBBLE_BAD_DEBT, "bad debt", "points", 0.01, 2},        {ANA_BUBBLE_INVESTMENT, "investment", "%", 0.01, 1},
    {ANA_BUBBLE_STRANDED, "unearned", "bn yuan", 1e9, 2},        {ANA_BUBBLE_EXITED, "exits", "centres", 1, 1},
    {ANA_BUBBLE_ENTRY_ERROR, "entry error", "points", 0.01, 1},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

/* Rounded as it is printed, so that there is no -0.00. */
static double rounded(double value, int decimals)
{
    double unit = pow(10, decimals);
    return round(value * unit) / unit + 0.0;
}

static void print_arm(const ana_bubble_arm_t *arm)
{
    printf("  %-20.20s", arm->effects[0].arm);
    for (int i = 0; i < N_COLUMNS; i++) {
        const ana_effect_t *effect = &arm->effects[columns[i].part];
        if (isnan(effect->difference))
            printf(" %12s ", "-");
        else
            printf(" %+12.*f%c", columns[i].decimals,
                   rounded(effect->difference / columns[i].divisor, columns[i].decimals),
                   ana_effect_is_clear(effect) ? '*' : ' ');
    }
    putchar('\n');
}

/* Whether any replication is finished in an arm and in the control. */
static bool has_pairs(const ana_bubble_measure_t *measure)
{
    for (size_t i = 0; i < measure->n; i++)
        for (int part = 0; part < ANA_BUBBLE_PARTS; part++)
            if (measure->arms[i].effects[part].n > 0)
                return true;
    return false;
}

void app_bubble_measure_print_arms(const ana_bubble_measure_t *measure)
{
    if (!has_pairs(measure))
        return;
    printf("\nBubble measure: mean difference from the rational control under the same random numbers\n\n  %-20s",
           "arm");
    for (int i = 0; i < N_COLUMNS; i++)
        printf(" %13s", columns[i].title);
    printf("\n  %-20s", "");
    for (int i = 0; i < N_COLUMNS; i++)
        printf(" %13s", columns[i].unit);
    putchar('\n');
    for (size_t i = 0; i < measure->n; i++)
        print_arm(&measure->arms[i]);
    printf("\n* the 95 %% interval leaves out zero, with %d pairs or more. 'overbuild validate FILE' has the intervals "
           "and "
           "what\n  is defined by assumption.\n",
           ANA_FEWEST_PAIRS);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *real(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *part_json(const ana_bubble_arm_t *arm, ana_bubble_part_t part)
{
    const ana_effect_t *effect = &arm->effects[part];
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I}", "metric", effect->metric, "text",
                     ana_bubble_text(part), "unit", effect->unit, "control_mean", real(effect->baseline_mean),
                     "arm_mean", real(effect->arm_mean), "difference", real(effect->difference), "ci_low",
                     real(effect->ci_low), "ci_high", real(effect->ci_high), "n", (json_int_t)effect->n);
}

json_t *app_bubble_measure_json(const ana_bubble_arm_t *arm)
{
    if (arm == NULL)
        return json_null();
    json_t *measure = json_array(), *witnesses = json_array();
    for (int part = 0; part < ANA_BUBBLE_PARTS; part++)
        json_array_append_new(part < ANA_BUBBLE_WITNESSES ? measure : witnesses,
                              part_json(arm, (ana_bubble_part_t)part));
    return json_pack("{s:s, s:s, s:o, s:o, s:i, s:s}", "control", CONTROL, "arm", arm->effects[0].arm, "measure",
                     measure, "witnesses", witnesses, "above_control", arm->n_above, "by_assumption", by_assumption);
}
