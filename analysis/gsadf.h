// SPDX-License-Identifier: GPL-3.0-or-later
/* Right-tailed unit-root tests of a series for explosive episodes: ADF, SADF and GSADF with their sequences.
 *
 *     BADF[t]   the statistic of the window from the first observation to t
 *     BSADF[t]  the largest statistic of all windows that end at t and have at least `min_rows` rows
 *     ADF       BADF at the last observation;  SADF = max BADF;  GSADF = max BSADF
 *
 * after Phillips, Wu and Yu (2011, International Economic Review 52) and Phillips, Shi and Yu (2015, IER 56). Windows
 * are counted in regression rows, as the R package exuber does (Vasilopoulos, Pavlidis and Martinez-Garcia 2022): a
 * window of r rows has r + lag + 1 observations; with ANA_LAG_BIC, r + 1.
 *
 *     ana_gsadf_t test;
 *     ana_gsadf(y, n, (ana_lag_t){0}, ana_gsadf_min_rows(n), &test, &err);
 *     ... test.gsadf, test.bsadf[t] from t = test.first on ...
 *     ana_gsadf_free(&test);
 */
#ifndef ANA_GSADF_H
#define ANA_GSADF_H

#include "analysis/adf.h"

typedef struct ana_gsadf {
    size_t n, first; /* observations; the first that ends a window (from 0) */
    double adf, sadf, gsadf;
    double *badf, *bsadf; /* n values, NaN before `first`; -INFINITY where nothing could be estimated */
} ana_gsadf_t;

/* Rows of the smallest window that Phillips, Shi and Yu recommend for n observations: floor(n (0.01 + 1.8 / sqrt
 * n)). */
size_t ana_gsadf_min_rows(size_t n);

/* Tests n observations. SIM_EINPUT when a value is not finite, all are equal, or the series is too short for the
 * window (or the window for the lag); SIM_ENOMEM. O(n^2) windows, O(order^3) each. */
sim_status_t ana_gsadf(const double *y, size_t n, ana_lag_t lag, size_t min_rows, ana_gsadf_t *test, sim_error_t *err);
void ana_gsadf_free(ana_gsadf_t *self);

/* The same on a prepared series, without checks and with the arrays given: n values each, or NULL. For simulations. */
void ana_gsadf_sweep(const ana_adf_series_t *series, ana_lag_t lag, size_t min_rows, ana_gsadf_t *test);

/* The window and the lag fit n observations; else SIM_EINPUT says what would. */
sim_status_t ana_gsadf_check(size_t n, ana_lag_t lag, size_t min_rows, sim_error_t *err);

/* Stretches of a sequence above its critical values. */
typedef struct ana_episode {
    size_t start, end; /* observations from 0, both above */
} ana_episode_t;

/* Shortest stay above the critical values that Phillips, Shi and Yu count as an episode: ln n observations. */
size_t ana_episode_log_duration(size_t n);

/* Finds the stretches of at least `min_duration` observations with sequence > critical; `critical` has one value per
 * observation. NaN is not above. `episodes` has room for n / 2 + 1. Returns their number. */
size_t ana_episodes(const double *sequence, const double *critical, size_t n, size_t min_duration,
                    ana_episode_t *episodes);

#endif
