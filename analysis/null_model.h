// SPDX-License-Identifier: GPL-3.0-or-later
/* Series without bubbles, from which critical values come.
 *
 *   ANA_NULL_WALK       sums of independent standard normals plus a drift: the null of Phillips, Shi and Yu (2015)
 *   ANA_NULL_WILD       wild bootstrap of a series (Harvey, Leybourne, Sollis and Taylor 2016, Journal of Empirical
 *                       Finance 38): each residual keeps its date and gets a normal factor of its own, so that a
 *                       volatility that changes over time is kept
 *   ANA_NULL_COMPOSITE  composite bootstrap (Phillips and Shi 2020, Handbook of Statistics 42): residuals are drawn
 * with
 *                       replacement and get a normal factor each; the series is as long as one wants, and so controls
 *                       the chance of a false alarm over a monitoring period
 *
 * Residuals are those of the regression under the null, of the change on a constant and earlier changes; the constant
 * recentres them and is then left out, and the earlier changes build the series up again.
 *
 *     ana_null_t null;
 *     ana_null_fit(&null, ANA_NULL_WILD, y, n, lag, &err);
 *     ana_null_draw(&null, n, seed, replication, out);
 *     ana_null_free(&null);
 */
#ifndef ANA_NULL_MODEL_H
#define ANA_NULL_MODEL_H

#include "analysis/adf.h"

#include <stdint.h>

typedef enum ana_null_kind { ANA_NULL_WALK, ANA_NULL_WILD, ANA_NULL_COMPOSITE } ana_null_kind_t;

typedef struct ana_null {
    ana_null_kind_t kind;
    double drift;            /* of a walk, in standard deviations per step; Phillips, Shi and Yu use 1 / n */
    int order;               /* earlier changes in the regression */
    double phi[ANA_LAG_MAX]; /* their coefficients */
    double mean;             /* of the changes */
    size_t n;                /* observations of the series behind it */
    double *change;          /* its n - 1 changes */
    double *residual;        /* n - 1 - order of them */
} ana_null_t;

/* Estimates the null of a series; the lag is the rule's, chosen on the whole series. For ANA_NULL_WALK `y` may be NULL.
 * SIM_EINPUT when the series is too short or its changes depend on each other exactly; SIM_ENOMEM. */
sim_status_t ana_null_fit(ana_null_t *self, ana_null_kind_t kind, const double *y, size_t n, ana_lag_t lag,
                          sim_error_t *err);
void ana_null_free(ana_null_t *self); /* legal after a failed fit */

/* Draws series number `replication` of `length` observations; ANA_NULL_WILD gives at most as many as there were. */
void ana_null_draw(const ana_null_t *self, size_t length, uint64_t seed, uint64_t replication, double *out);

#endif
