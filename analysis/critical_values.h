// SPDX-License-Identifier: GPL-3.0-or-later
/* Critical values of the right-tailed tests of analysis/gsadf.h, by simulation.
 *
 * Each replication draws a series from a null model and is tested with the same window and lag; the values are
 * quantiles (Hyndman-Fan type 7) over replications. Replication r has random numbers of its own, so the result has the
 * same bits at any number of threads. Critical values of a walk depend on nothing but the plan: they are kept in a file
 * and found again (analysis/critical_cache.h).
 *
 *     ana_critical_plan_t plan = {.n = n, .min_rows = rows, .replications = ana_critical_replications(n, lag), .seed =
 * 1};
 *     ana_critical_values(&plan, NULL, folder, &critical, &err);
 *     if (test.gsadf > critical.gsadf[ANA_LEVEL_95]) ...
 *     ana_critical_free(&critical);
 */
#ifndef ANA_CRITICAL_VALUES_H
#define ANA_CRITICAL_VALUES_H

#include "analysis/gsadf.h"
#include "analysis/null_model.h"

enum { ANA_LEVEL_90, ANA_LEVEL_95, ANA_LEVEL_99, ANA_LEVELS };

typedef struct ana_critical_plan {
    size_t n; /* observations of each simulated series */
    ana_lag_t lag;
    size_t min_rows;
    size_t replications;
    uint64_t seed;
    double drift; /* of a walk, per step */
    int threads;  /* 0: all */
} ana_critical_plan_t;

typedef struct ana_critical {
    size_t n, first; /* as in ana_gsadf_t */
    double adf[ANA_LEVELS], sadf[ANA_LEVELS], gsadf[ANA_LEVELS];
    double *bsadf[ANA_LEVELS]; /* quantiles of BSADF[t] date by date; NaN before `first` */
    bool from_cache;
} ana_critical_t;

/* Replications that take some seconds: 1e9 windows' worth of them, 1,000 to 20,000; a tenth with lags. */
size_t ana_critical_replications(size_t n, ana_lag_t lag);

/* Simulates from `null`; NULL: a walk. `folder` is where critical values of walks are kept; NULL: neither looked up nor
 * kept. A file that is damaged or can't be written is no error: the values are computed. SIM_EINPUT as
 * ana_gsadf_check(), SIM_ENOMEM. */
sim_status_t ana_critical_values(const ana_critical_plan_t *plan, const ana_null_t *null, const char *folder,
                                 ana_critical_t *critical, sim_error_t *err);
/* Room for n observations, all NaN; for readers. */
sim_status_t ana_critical_init(ana_critical_t *self, size_t n, sim_error_t *err);
void ana_critical_free(ana_critical_t *self); /* legal after a failed call */

#endif
