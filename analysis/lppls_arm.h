// SPDX-License-Identifier: GPL-3.0-or-later
/* The log-periodic power law (analysis/lppls.h) on every replication of an arm.
 *
 * A fit needs a last observation, from which the critical time lies ahead. A replication's series is taken up to its
 * highest value, where a bubble would end: knowing that date is hindsight, and the same hindsight in each arm. So
 * shares are looked at beside those of the arm without bubbles, under the same random numbers.
 *
 *     ana_lppls_arm_t arm;
 *     status = ana_lppls_arm(result, "rent_node_month", "baseline", &options, &arm, &err);
 *     ... arm.n_qualified of arm.n_fitted, arm.runs[r].confidence ...
 *     ana_lppls_arm_free(&arm);
 */
#ifndef ANA_LPPLS_ARM_H
#define ANA_LPPLS_ARM_H

#include "analysis/lppls.h"
#include "sim/store.h"

typedef struct ana_lppls_arm_options {
    ana_lppls_options_t search; /* of a whole series; its seed and threads hold for windows too */
    size_t window_starts;       /* of each window of the confidence indicator */
} ana_lppls_arm_options_t;

typedef struct ana_lppls_run {
    bool fitted; /* else `why` says what is wrong with the series */
    char why[160];
    int64_t last_day; /* of the highest value, since 1970-01-01 */
    size_t n;         /* observations up to it */
    ana_lppls_t fit;  /* days as those since 1970-01-01; squares INFINITY when there is no minimum that counts */
    double confidence;
} ana_lppls_run_t;

typedef struct ana_lppls_arm {
    char name[64];
    size_t n_runs, n_fitted, n_qualified;
    double mean_confidence; /* over what was fitted; NaN when nothing was */
    ana_lppls_run_t *runs;
} ana_lppls_arm_t;

/* Fits ln of `variable` in each replication of an arm. A series that can't be fitted is counted, no error. SIM_EINPUT
 * when there is no such arm or variable, SIM_ENOMEM. Free also after a failure. */
sim_status_t ana_lppls_arm(sim_result_t *result, const char *variable, const char *arm,
                           const ana_lppls_arm_options_t *options, ana_lppls_arm_t *out, sim_error_t *err);
void ana_lppls_arm_free(ana_lppls_arm_t *self);

#endif
