// SPDX-License-Identifier: GPL-3.0-or-later
/* Was there overbuilding? Every arm of a result held against rational builders under the same random numbers.
 *
 * The measure is over-investment: capital in centres that never broke even, centres completed, bad debt, each less what
 * the arm `rational` has in the same replication. Further witnesses are money invested over that of the control,
 * capital in centres that have not earned their cost so far, exits, and how much developers' beliefs at entry were off.
 *
 *     ana_bubble_measure_t measure;
 *     status = ana_bubble_measure(result, &measure, &err);
 *     ... measure.arms[i].effects[ANA_BUBBLE_COMPLETED].difference ...
 *     ana_bubble_measure_free(&measure);
 *
 * By assumption, not by finding: what counts as rational (no extrapolation, no herding, pipeline and occupancy seen;
 * grants and side motives stay), what counts as breaking even (rents over running cost and an annuity of the capital,
 * in one calendar quarter), and that a belief about a centre's life is held against its life so far.
 */
#ifndef ANA_BUBBLE_MEASURE_H
#define ANA_BUBBLE_MEASURE_H

#include "analysis/compare.h"

typedef enum ana_bubble_part {
    ANA_BUBBLE_NEVER_EVEN, /* the measure */
    ANA_BUBBLE_COMPLETED,
    ANA_BUBBLE_BAD_DEBT,
    ANA_BUBBLE_WITNESSES,                         /* first of them */
    ANA_BUBBLE_INVESTMENT = ANA_BUBBLE_WITNESSES, /* a ratio: 1 in the control */
    ANA_BUBBLE_STRANDED,
    ANA_BUBBLE_EXITED,
    ANA_BUBBLE_ENTRY_ERROR,
    ANA_BUBBLE_PARTS
} ana_bubble_part_t;

typedef struct ana_bubble_arm {
    ana_effect_t effects[ANA_BUBBLE_PARTS]; /* baseline_mean is the control's */
    int n_above;                            /* parts of the measure whose 95 % interval lies above the control */
} ana_bubble_arm_t;

typedef struct ana_bubble_measure {
    ana_bubble_arm_t *arms; /* all but the control, in the order of the file */
    size_t n;               /* 0 when the file has no control */
} ana_bubble_measure_t;

/* What stands for a part: the outcome compared, a short text for readers ("centres completed"). */
const char *ana_bubble_metric(ana_bubble_part_t part);
const char *ana_bubble_text(ana_bubble_part_t part);

/* Measures every arm. Without a control, or without these outcomes (an older file), there are no arms and no error.
 * SIM_EIO, SIM_ENOMEM. */
sim_status_t ana_bubble_measure(sim_result_t *result, ana_bubble_measure_t *measure, sim_error_t *err);
void ana_bubble_measure_free(ana_bubble_measure_t *measure);

/* The arm of that name; NULL when there is none. */
const ana_bubble_arm_t *ana_bubble_measure_find(const ana_bubble_measure_t *measure, const char *arm);

#endif
