// SPDX-License-Identifier: GPL-3.0-or-later
/* The log-periodic power law singularity model: a price that runs into a critical time (Sornette 2003, "Why Stock
 * Markets Crash"; linear form of Filimonov and Sornette 2013, Physica A 392).
 *
 *     ln p(t) = A + (tc - t)^m [B + C1 cos(omega ln(tc - t)) + C2 sin(omega ln(tc - t))]
 *
 * with t in days. For given tc, m and omega the other four are a linear regression, so
 * only three are searched (variable projection), by Levenberg-Marquardt from many starts: the sum of squares has many
 * minima, and a fit that was found is the best of those found, no more. Minima count where m > 0 and tc lies behind the
 * last observation by at least the mean time between observations (nearer, the singularity fits that one observation)
 * and by no more than the window's length.
 *
 *     ana_lppls_t fit;
 *     ana_lppls_fit(day, log_price, n, &(ana_lppls_options_t){.starts = 60, .seed = 1}, &fit, &err);
 *     if (fit.qualified) ... fit.tc, fit.m, fit.omega ...
 */
#ifndef ANA_LPPLS_H
#define ANA_LPPLS_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANA_LPPLS_FEWEST  20 /* observations: seven parameters and some to spare */
#define ANA_LPPLS_WINDOWS 20 /* of the confidence indicator */

typedef struct ana_lppls {
    double tc; /* day, on the scale of the observations' */
    double m, omega;
    double a, b, c1, c2; /* for distances in days */
    double squares;      /* sum of squared residuals of ln p */
    double damping;      /* m |B| / (omega |C|): at least 1 when the hazard rate never falls below zero */
    double oscillations; /* (omega / 2 pi) ln((tc - t1) / (tc - t2)) */
    /* A bubble by the filters of the Python package lppls, after Demirer, Demos, Gupta and Sornette (2019, Quantitative
     * Finance 19): B < 0, 0 < m < 1, 2 < omega < 15, damping > 0.5, oscillations > 2.5, tc within 252 days and within
     * half of the window's length. */
    bool qualified;
} ana_lppls_t;

typedef struct ana_lppls_options {
    size_t starts; /* of the search, at least 1 */
    uint64_t seed;
    int threads; /* 0: all */
} ana_lppls_options_t;

/* Fits n observations at increasing days. The same bits at any number of threads. When no start leads to a minimum that
 * counts, `squares` is INFINITY and the rest 0. SIM_EINPUT when there are fewer observations than ANA_LPPLS_FEWEST,
 * they do not vary or days do not increase; SIM_ENOMEM. */
sim_status_t ana_lppls_fit(const double *day, const double *log_price, size_t n, const ana_lppls_options_t *options,
                           ana_lppls_t *fit, sim_error_t *err);

/* The confidence indicator at the last observation: the share of windows that end there whose fit qualifies, over
 * ANA_LPPLS_WINDOWS lengths from n down to a sixth of it (and no less than ANA_LPPLS_FEWEST). */
sim_status_t ana_lppls_confidence(const double *day, const double *log_price, size_t n,
                                  const ana_lppls_options_t *options, double *share, sim_error_t *err);

#endif
