// SPDX-License-Identifier: GPL-3.0-or-later
/* A posterior as weighted particles, and what it says of each parameter.
 *
 * Particles are held as normal scores: the standard normal quantile of a parameter's place (problem.h), so that the
 * prior is the standard normal distribution of as many dimensions as there are parameters, and no move leaves it.
 *
 * Identified is a parameter whose posterior is narrower than its prior beyond chance: the standard deviation of its
 * place, over that of the prior (1 / sqrt 12), lies below ANA_IDENTIFIED with its whole one-sided 95 % interval. The
 * interval takes the effective number of particles for as many independent normal draws: a rough one, but one that does
 * not let a handful of particles identify anything.
 */
#ifndef ANA_CALIBRATE_POSTERIOR_H
#define ANA_CALIBRATE_POSTERIOR_H

#include "analysis/calibrate/problem.h"

#define ANA_IDENTIFIED 0.8

typedef struct ana_posterior {
    size_t n, n_params;
    double *scores;    /* [n][parameter]: normal scores, adjusted by regression */
    double *weights;   /* [n], sum 1 */
    double *summaries; /* [n][target] as simulated, before any adjustment; NULL where no particle was simulated */
    size_t n_targets;
    double tolerance; /* largest distance of a particle, before adjustment; NaN without */
    size_t effective; /* 1 / sum of squared weights, rounded down */
    bool *adjusted;   /* [target]: takes part in the regression adjustment; NULL like summaries */
} ana_posterior_t;

/* One parameter's posterior, in places. */
typedef struct ana_marginal {
    double mean, sd, p5, p50, p95;
    double width;      /* sd over the prior's */
    double width_high; /* upper end of its one-sided 95 % interval; infinite with fewer than two effective particles */
    double ks;         /* largest distance between the posterior's and the prior's distribution functions */
    bool identified;
} ana_marginal_t;

/* Room for n particles of the problem; with `simulated` also for their summaries. SIM_ENOMEM; free it also then. */
sim_status_t ana_posterior_init(ana_posterior_t *self, const ana_problem_t *problem, size_t n, bool simulated,
                                sim_error_t *err);
void ana_posterior_free(ana_posterior_t *self);

/* Scales the weights to sum 1 and counts the effective ones. */
void ana_posterior_normalise(ana_posterior_t *self);

/* Local linear regression adjustment (Beaumont, Zhang and Balding 2002): scores are regressed on residuals with
 * Epanechnikov weights in the distance, and moved to where the residuals would be 0; what is left over is
 * widened by as much as fitting has narrowed it. Targets that particles miss on one
 * side only take no part: there is nothing to interpolate to. Without enough particles nothing is adjusted, and the
 * weights stay as they were. SIM_ENOMEM. */
sim_status_t ana_posterior_adjust(ana_posterior_t *self, const ana_problem_t *problem, sim_error_t *err);

/* The marginal of one parameter. SIM_ENOMEM. */
sim_status_t ana_posterior_marginal(const ana_posterior_t *self, size_t param, ana_marginal_t *marginal,
                                    sim_error_t *err);
/* Weighted mean of the scores as places: one value per parameter. */
void ana_posterior_centre(const ana_posterior_t *self, double *places);
/* n equally likely draws by systematic resampling, as places [n][parameter]. */
void ana_posterior_draws(const ana_posterior_t *self, uint64_t seed, size_t n, double *places);

/* Place of a normal score. */
double ana_score_place(double score);

/* Weighted quantile p of n values, interpolated between the middles of their weights. `order` sorts the values. */
double ana_weighted_quantile(const double *values, const double *weights, const size_t *order, size_t n, double p);

#endif
