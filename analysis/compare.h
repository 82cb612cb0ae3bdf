// SPDX-License-Identifier: GPL-3.0-or-later
/* What a policy changes: paired differences between arms under common random numbers.
 *
 * Replication r of two arms shares its random numbers, so the difference is taken pair by pair and its interval is that
 * of a mean of differences (Law 2015, "Simulation Modeling and Analysis", 10.2). `variance_reduction` says what the
 * pairing bought: variance of the difference had the arms been independent, over the variance seen.
 */
#ifndef ANA_COMPARE_H
#define ANA_COMPARE_H

#include "sim/store.h"

#include <stdbool.h>

typedef struct ana_effect {
    char metric[64];
    char unit[64];
    char arm[64];
    double baseline_mean, arm_mean;
    double difference;         /* arm - baseline */
    double ci_low, ci_high;    /* 95 %; NaN below two pairs */
    size_t n;                  /* pairs with both values present */
    double variance_reduction; /* NaN when the differences do not vary */
} ana_effect_t;

#define ANA_FEWEST_PAIRS 5 /* below, no interval counts as leaving out zero */

typedef struct ana_comparison {
    ana_effect_t *effects; /* by arm, then metric */
    size_t n;
} ana_comparison_t;

/* Compares every arm with `baseline` in every outcome whose name matches `glob` (NULL = all). SIM_EINPUT when there is
 * no such arm, or nothing matches. Free with ana_comparison_free. */
sim_status_t ana_compare(sim_result_t *result, const char *baseline, const char *glob, ana_comparison_t *comparison,
                         sim_error_t *err);
/* Lists the arms that are the world of `baseline` in every replication that both have finished, by fingerprint and
 * outcomes: what they set has no effect. SIM_EINPUT when there is no such baseline. Free with sim_labels_free. */
sim_status_t ana_find_idle_arms(sim_result_t *result, const char *baseline, char ***arms, size_t *n, sim_error_t *err);
void ana_comparison_free(ana_comparison_t *comparison);
/* Whether the interval leaves out zero, of ANA_FEWEST_PAIRS pairs or more. */
bool ana_effect_is_clear(const ana_effect_t *effect);

#endif
