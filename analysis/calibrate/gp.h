// SPDX-License-Identifier: GPL-3.0-or-later
/* A Gaussian process: what a noisy function of a few places from 0 to 1 is likely to be where it was not computed.
 *
 * Squared exponential covariance with one length per dimension, plus noise; a constant mean. Lengths, size and noise
 * are those of the highest marginal likelihood under weak priors of their logarithms (Rasmussen and Williams 2006,
 * chapter 5), found by the simplex method.
 *
 *     ana_gp_t gp;
 *     status = ana_gp_fit(&gp, points, values, n, d, NULL, &err);
 *     ana_gp_predict(&gp, point, &mean, &sd);
 *     ana_gp_free(&gp);
 */
#ifndef ANA_CALIBRATE_GP_H
#define ANA_CALIBRATE_GP_H

#include "sim/error.h"

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>

#define ANA_GP_MOST_DIMENSIONS 32

/* Logarithms of the lengths, of the signal's and of the noise's standard deviation (in units of the values' own). */
typedef struct ana_gp_shape {
    double log_length[ANA_GP_MOST_DIMENSIONS];
    double log_signal, log_noise;
} ana_gp_shape_t;

typedef struct ana_gp {
    size_t n, d;
    double *points;     /* [n][d], a copy */
    double mean, scale; /* of the values */
    ana_gp_shape_t shape;
    gsl_matrix *factor;  /* of the covariance of the values */
    gsl_vector *weights; /* covariance^-1 (values - mean) / scale */
    gsl_vector *scratch;
} ana_gp_t;

/* Fits n >= 2 finite values at points [n][d]. With a `shape`, that one is taken and nothing is searched. Free it also
 * after a failure. SIM_ENOMEM. */
sim_status_t ana_gp_fit(ana_gp_t *self, const double *points, const double *values, size_t n, size_t d,
                        const ana_gp_shape_t *shape, sim_error_t *err);
void ana_gp_free(ana_gp_t *self);

/* Mean and standard deviation of the function (without noise) at a point. */
void ana_gp_predict(ana_gp_t *self, const double *point, double *mean, double *sd);

/* Expected improvement of a normal (mean, sd) below `best` (Jones, Schonlau and Welch 1998). */
double ana_expected_improvement(double mean, double sd, double best);

#endif
