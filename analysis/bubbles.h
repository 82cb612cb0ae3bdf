// SPDX-License-Identifier: GPL-3.0-or-later
/* Was there an explosive episode, and when? The tests of analysis/gsadf.h with their critical values and the dates
 * above them, for one series and for all replications of an arm.
 *
 * A series rejects when its GSADF exceeds the 95 % critical value (or the one given); its episodes are the stretches in
 * which BSADF exceeds the critical value of its date. A rejection says that the series grew faster than a random walk
 * does for a while. It does not say why: a price that rational builders drive up while capacity is short rejects as
 * well. So results are looked at beside the arm without bubbles, under the same random numbers.
 *
 *     ana_bubbles_t bubbles;
 *     ana_bubbles(y, n, &(ana_bubbles_options_t){.critical_value = NAN, .seed = 1}, NULL, &bubbles, &err);
 *     ... bubbles.rejects, bubbles.episodes[i].start ...
 *     ana_bubbles_free(&bubbles);
 */
#ifndef ANA_BUBBLES_H
#define ANA_BUBBLES_H

#include "analysis/critical_values.h"
#include "sim/store.h"

typedef struct ana_bubbles_options {
    ana_lag_t lag;
    size_t min_rows;       /* 0: ana_gsadf_min_rows() */
    double critical_value; /* for GSADF and every BSADF; NaN: simulated */
    ana_null_kind_t null;
    size_t control;      /* ANA_NULL_COMPOSITE: observations over which one false alarm is allowed at its level */
    size_t replications; /* of the simulation; 0: ana_critical_replications() */
    size_t min_duration; /* of an episode; 0: its logarithm rule */
    uint64_t seed;
    int threads;        /* 0: all */
    const char *folder; /* of the cache; NULL: none */
} ana_bubbles_options_t;

typedef struct ana_bubbles {
    size_t min_rows, min_duration, replications;
    ana_gsadf_t test;
    ana_critical_t critical; /* n = 0 when a critical value was given */
    double reject_above;     /* for GSADF */
    double *threshold;       /* for BSADF, by date */
    bool rejects;
    ana_episode_t *episodes;
    size_t n_episodes;
} ana_bubbles_t;

/* Tests a series. `known` may be the critical values of an earlier test with the same options and length (of a walk),
 * NULL otherwise. Errors as ana_gsadf(), ana_null_fit() and ana_critical_values(). */
sim_status_t ana_bubbles(const double *y, size_t n, const ana_bubbles_options_t *options, const ana_critical_t *known,
                         ana_bubbles_t *bubbles, sim_error_t *err);
void ana_bubbles_free(ana_bubbles_t *self); /* legal after a failed test */

/* One replication of an arm. Values missing at the start and the end are left out. */
typedef struct ana_bubbles_run {
    size_t first; /* observation of the arm's time that the series starts with */
    bool tested;  /* else `why` says what is wrong with the series */
    char why[160];
    ana_bubbles_t bubbles; /* its critical values only in the first run of each length */
} ana_bubbles_run_t;

typedef struct ana_bubbles_arm {
    char name[64];
    size_t n_runs, n_tested, n_rejecting, n_dated; /* replications; with at least one episode */
    ana_bubbles_run_t *runs;
    int64_t *day; /* of the arm's time, since 1970-01-01 */
} ana_bubbles_arm_t;

/* Tests `variable` of each replication of an arm; `logarithm` takes ln first (values must be above zero). A series that
 * can't be tested is counted, not an error. SIM_EINPUT when there is no such arm or variable. */
sim_status_t ana_bubbles_arm(sim_result_t *result, const char *variable, const char *arm, bool logarithm,
                             const ana_bubbles_options_t *options, ana_bubbles_arm_t *out, sim_error_t *err);
void ana_bubbles_arm_free(ana_bubbles_arm_t *self);

#endif
