// SPDX-License-Identifier: GPL-3.0-or-later
/* Which of many parameters the targets can tell anything about: rank correlations in a random design.
 *
 * All parameters vary at once, each over half of its prior's probability around where the scenario has it, so that the
 * model stays what it is and every simulation speaks of every parameter. Parameters are picked one after the other: the
 * one whose ranks have the largest partial correlation with the ranks of some target, given those picked before. It
 * stops at `most`, or, once `least` are picked, where the next correlation is no larger than chance would give to about
 * one of all pairs.
 */
#ifndef ANA_CALIBRATE_SCREEN_H
#define ANA_CALIBRATE_SCREEN_H

#include "analysis/calibrate/problem.h"

/* What screening found of one parameter. */
typedef struct ana_influence {
    double correlation; /* largest partial rank correlation in size, when it was picked or last looked at; with sign */
    size_t target;      /* of that correlation */
    size_t rank;        /* 1 for the one picked first, ...; 0 for one that was not picked */
} ana_influence_t;

/* Runs `n` simulations around `centre` (places) and fills `influences` ([parameter]). `runs` is to be freed, also after
 * a failure. SIM_ENOMEM; what the simulator returns. */
sim_status_t ana_screen(const ana_problem_t *problem, const double *centre, size_t n, size_t least, size_t most,
                        ana_runs_t *runs, ana_influence_t *influences, sim_error_t *err);

/* The picking alone, from simulations that are there. SIM_ENOMEM. */
sim_status_t ana_screen_pick(const ana_runs_t *runs, size_t least, size_t most, ana_influence_t *influences,
                             sim_error_t *err);

#endif
