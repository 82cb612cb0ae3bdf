// SPDX-License-Identifier: GPL-3.0-or-later
/* The augmented Dickey-Fuller statistic of every window of a series, at a cost that does not grow with the window.
 *
 * In a window the change d[t] = y[t] - y[t-1] is regressed on a constant, the level before it and `lag` earlier
 * changes:
 *
 *     d[t] = alpha + beta y[t-1] + phi_1 d[t-1] + ... + phi_lag d[t-lag] + e[t]
 *
 * and the statistic is beta over its standard error. Large values speak for an explosive root (beta > 0), the
 * alternative of the right-tailed tests of analysis/gsadf.h. The number of regression rows is what a window is measured
 * by: r rows need r + lag + 1 observations.
 *
 * Windows with the same end grow backwards row by row. Means and centred cross-products are updated as each row comes
 * in (Welford 1962, Chan et al. 1983), so nothing is ever subtracted that was added before; the earlier changes are
 * then eliminated one by one, which leaves the statistic of every lag on the way (Frisch and Waugh 1933). Eight ends
 * are carried side by side.
 *
 *     ana_adf_series_t series;
 *     ana_adf_series_init(&series, n, &err);
 *     ana_adf_series_set(&series, y);
 *     ana_adf_ends(&series, (ana_lag_t){.order = 1}, 36, first_end, badf, bsadf);
 *     ana_adf_series_free(&series);
 */
#ifndef ANA_ADF_H
#define ANA_ADF_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>

#define ANA_LAG_MAX   12 /* earlier changes, at most */
#define ANA_ADF_LANES 8  /* ends carried side by side */

/* How a regression comes by its number of earlier changes. */
typedef enum ana_lag_rule {
    ANA_LAG_FIXED, /* `order` */
    /* Each window takes that of 0 .. order with the smallest criterion of the R package psymonitor (Caspi, Phillips and
     * Shi 2018), so that its datings are reproduced. A window of T + 1 observations has T - k rows at lag k; the
     * criterion is [(T - k) ln 2 pi + SSR_k + (k + 2) ln(T - order)] / (T - order), the likelihood being that of errors
     * of variance 1; standard errors have T - 2 order - 2 degrees of freedom whatever the lag. It depends on the unit
     * of the series: where squared changes are small against 1 it takes lag 0, where they are large, `order`. */
    ANA_LAG_BIC,
    /* The same with Schwarz's criterion in its scale-free form, r ln(SSR_k / r) + (k + 2) ln r, all lags on the same r
     * rows, with r - k - 2 degrees of freedom. */
    ANA_LAG_SCHWARZ
} ana_lag_rule_t;

typedef struct ana_lag {
    int order; /* 0 .. ANA_LAG_MAX */
    ana_lag_rule_t rule;
} ana_lag_t;

/* A series prepared for regressions. */
typedef struct ana_adf_series {
    size_t n;       /* observations */
    double *level;  /* y[t] less its mean */
    double *change; /* y[t] - y[t-1]; both with room before them, filled with zeros */
    double *memory;
    double floor; /* a sum of squares per row below this is rounding */
} ana_adf_series_t;

/* Makes room for n observations. SIM_ENOMEM. */
sim_status_t ana_adf_series_init(ana_adf_series_t *self, size_t n, sim_error_t *err);
/* Takes in n finite observations. */
void ana_adf_series_set(ana_adf_series_t *self, const double *y);
void ana_adf_series_free(ana_adf_series_t *self); /* legal after a failed init */

/* Fewest rows that leave a degree of freedom. With ANA_LAG_BIC, rows are counted at lag 0. */
size_t ana_adf_fewest_rows(ana_lag_t lag);

/* Observations that a window has besides its rows: lag + 1, with ANA_LAG_BIC 1. */
size_t ana_adf_lost(ana_lag_t lag);

/* For the ends first_end .. first_end + ANA_ADF_LANES - 1 (those below n count): `badf` is the statistic of the longest
 * window, `bsadf` the largest of all windows of at least `min_rows` >= ana_adf_fewest_rows() rows. -INFINITY where
 * there is no such window, or none whose regressors and changes vary. A perfect fit counts as an R^2 of 1 - 2^-52. */
void ana_adf_ends(const ana_adf_series_t *self, ana_lag_t lag, size_t min_rows, size_t first_end,
                  double badf[ANA_ADF_LANES], double bsadf[ANA_ADF_LANES]);

#endif
