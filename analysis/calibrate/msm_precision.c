// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/msm_precision.h"

#include "analysis/calibrate/gp.h"
#include "analysis/calibrate/linear.h"
#include "analysis/calibrate/stream.h"
#include "sim/draw.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_POINTS 200  /* that a target's surrogate is fitted to */
#define STEP        0.5  /* normal scores to either side over which a slope is taken: a secant, no tangent */
#define NEAR_PART   2    /* the better half of the points says how much worlds scatter */
#define MOST_SCORE  3.0  /* places at the very end of a prior */
#define LEAST_NOISE 1e-4 /* variance, in squared scales */

typedef struct precision {
    const ana_problem_t *problem;
    const ana_points_t *points;
    size_t n;           /* points of the surrogates */
    double *chosen;     /* [point][parameter]: their places */
    double *values;     /* [point]: a target's summaries there, in scales */
    double *centre;     /* [parameter]: normal scores */
    double *scratch;    /* [parameter] */
    double *misses;     /* [target]: expected at the estimate, in scales */
    double *noise;      /* [target]: variance of one world, and the band's */
    gsl_matrix *slopes; /* [parameter][target] */
    gsl_matrix *factor; /* of the precision, then of the covariance */
} precision_t;

static double score_of(double place)
{
    return gsl_cdf_ugaussian_Pinv(fmin(fmax(place, gsl_cdf_ugaussian_P(-MOST_SCORE)), gsl_cdf_ugaussian_P(MOST_SCORE)));
}

/* A summary in scales, and back. */
static double in_scales(const ana_target_t *target, double summary)
{
    return (target->in_logs ? log(summary) : summary) / target->scale;
}

static double out_of_scales(const ana_target_t *target, double scaled)
{
    return target->in_logs ? exp(scaled * target->scale) : scaled * target->scale;
}

static sim_status_t allocate(precision_t *self, sim_error_t *err)
{
    size_t d = self->problem->n_params, m = self->problem->n_targets;
    self->n = self->points->n < MOST_POINTS ? self->points->n : MOST_POINTS;
    self->chosen = calloc(self->n * d + 1, sizeof *self->chosen);
    self->values = calloc(self->n + 1, sizeof *self->values);
    self->centre = calloc(d + 1, sizeof *self->centre);
    self->scratch = calloc(d + 1, sizeof *self->scratch);
    self->misses = calloc(m + 1, sizeof *self->misses);
    self->noise = calloc(m + 1, sizeof *self->noise);
    self->slopes = ana_matrix(d, m);
    self->factor = ana_matrix(d, d);
    if (self->chosen != NULL && self->values != NULL && self->centre != NULL && self->scratch != NULL &&
        self->misses != NULL && self->noise != NULL && self->slopes != NULL && self->factor != NULL)
        return SIM_OK;
    return sim_fail(err, SIM_ENOMEM, NULL, "no memory for the precision of %zu parameters", d);
}

static void release(precision_t *self)
{
    free(self->chosen);
    free(self->values);
    free(self->centre);
    free(self->scratch);
    free(self->misses);
    free(self->noise);
    gsl_matrix_free(self->slopes);
    gsl_matrix_free(self->factor);
}

/* --- what the targets say ----------------------------------------------------------------------------------------- */

/* Expected value of a target, in scales, where one parameter is `step` scores off the estimate. */
static double expected_at(precision_t *self, ana_gp_t *gp, size_t param, double step)
{
    double mean, sd, kept = self->scratch[param];
    self->scratch[param] = gsl_cdf_ugaussian_P(self->centre[param] + step);
    ana_gp_predict(gp, self->scratch, &mean, &sd);
    self->scratch[param] = kept;
    return mean;
}

/* A Gaussian process of one target's mean summaries: its miss at the estimate and its slopes there. */
static sim_status_t look_at_target(precision_t *self, size_t j, sim_error_t *err)
{
    const ana_target_t *target = &self->problem->targets[j];
    size_t d = self->problem->n_params, m = self->problem->n_targets;
    ana_gp_t gp;
    for (size_t i = 0; i < self->n; i++)
        self->values[i] = in_scales(target, self->points->means[self->points->order[i] * m + j]);
    sim_status_t status = ana_gp_fit(&gp, self->chosen, self->values, self->n, d, NULL, err);
    if (status == SIM_OK) {
        self->misses[j] = ana_residual(target, out_of_scales(target, expected_at(self, &gp, 0, 0)));
        for (size_t p = 0; p < d; p++)
            gsl_matrix_set(self->slopes, p, j,
                           (expected_at(self, &gp, p, STEP) - expected_at(self, &gp, p, -STEP)) / (2 * STEP));
    }
    ana_gp_free(&gp);
    return status;
}

/* Variance between the worlds at a point, in squared scales. */
static double variance_at(const precision_t *self, size_t point, size_t j)
{
    const ana_target_t *target = &self->problem->targets[j];
    size_t k = self->points->per_point;
    double mean = 0, square = 0;
    for (size_t w = 0; w < k; w++)
        mean += in_scales(target, ana_runs_summary(self->points->runs, point * k + w)[j]) / (double)k;
    for (size_t w = 0; w < k; w++) {
        double rest = in_scales(target, ana_runs_summary(self->points->runs, point * k + w)[j]) - mean;
        square += rest * rest / (double)(k - 1);
    }
    return square;
}

/* One world's variance, as history happened once, and that of a uniform distribution on the band; a target that is
 * missed counts for less. */
static void find_noise(precision_t *self, size_t j)
{
    const ana_target_t *target = &self->problem->targets[j];
    size_t near = self->points->n / NEAR_PART + 1;
    double sum = 0;
    near = near < self->points->n ? near : self->points->n;
    for (size_t i = 0; i < near; i++)
        sum += variance_at(self, self->points->order[i], j) / (double)near;
    double half = (in_scales(target, target->high) - in_scales(target, target->low)) / 2;
    self->noise[j] = (LEAST_NOISE + sum + half * half / 3) * (1 + self->misses[j] * self->misses[j]);
}

static sim_status_t look_around(precision_t *self, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++) {
        self->centre[p] = score_of(self->points->estimate[p]);
        self->scratch[p] = gsl_cdf_ugaussian_P(self->centre[p]);
    }
    for (size_t i = 0; i < self->n; i++)
        memcpy(self->chosen + i * d, self->points->places + self->points->order[i] * d, d * sizeof *self->chosen);
    sim_status_t status = SIM_OK;
    for (size_t j = 0; j < self->problem->n_targets && status == SIM_OK; j++) {
        status = look_at_target(self, j, err);
        find_noise(self, j);
    }
    return status;
}

/* --- the normal approximation ------------------------------------------------------------------------------------- */

/* One Newton step from the estimate, where the surrogate ended, to where the targets and the prior balance: a parameter
 * that no target speaks of goes back to the middle of its prior. `gradient` has room for d values. */
static void balance(precision_t *self, double *gradient)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++) {
        gradient[p] = self->centre[p];
        for (size_t j = 0; j < self->problem->n_targets; j++)
            gradient[p] += gsl_matrix_get(self->slopes, p, j) / self->noise[j] * self->misses[j];
    }
    for (size_t p = 0; p < d; p++)
        for (size_t q = 0; q < d; q++)
            self->centre[p] -= gsl_matrix_get(self->factor, p, q) * gradient[q];
}

/* G' V^-1 G + I, inverted, and the factor of that. */
static sim_status_t find_covariance(precision_t *self, double *scratch, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++)
        for (size_t q = 0; q < d; q++) {
            double sum = p == q;
            for (size_t j = 0; j < self->problem->n_targets; j++)
                sum += gsl_matrix_get(self->slopes, p, j) * gsl_matrix_get(self->slopes, q, j) / self->noise[j];
            gsl_matrix_set(self->factor, p, q, sum);
        }
    if (!ana_cholesky(self->factor))
        return sim_fail(err, SIM_EINTERNAL, NULL, "the precision of the estimate is not finite");
    gsl_linalg_cholesky_invert(self->factor);
    balance(self, scratch);
    return ana_cholesky(self->factor)
               ? SIM_OK
               : sim_fail(err, SIM_EINTERNAL, NULL, "the covariance of the estimate is not finite");
}

static void draw(const precision_t *self, size_t n, double *step, ana_posterior_t *posterior)
{
    size_t d = self->problem->n_params;
    for (size_t i = 0; i < n; i++) {
        double *scores = posterior->scores + i * d;
        sim_rng_t rng;
        sim_rng_at(&rng, self->problem->seed, 0, i, ANA_STREAM_NORMAL, 0);
        for (size_t p = 0; p < d; p++)
            step[p] = sim_draw_normal(&rng, 0, 1);
        ana_times_factor(self->factor, step, scores);
        for (size_t p = 0; p < d; p++)
            scores[p] += self->centre[p];
        posterior->weights[i] = 1;
    }
    ana_posterior_normalise(posterior);
}

sim_status_t ana_msm_approximate(const ana_problem_t *problem, const ana_points_t *points, size_t n,
                                 ana_posterior_t *posterior, sim_error_t *err)
{
    precision_t self = {.problem = problem, .points = points};
    sim_status_t status = allocate(&self, err);
    if (status == SIM_OK)
        status = ana_posterior_init(posterior, problem, n, false, err);
    if (status == SIM_OK)
        status = look_around(&self, err);
    if (status == SIM_OK)
        status = find_covariance(&self, self.scratch, err);
    if (status == SIM_OK)
        draw(&self, n, self.scratch, posterior);
    release(&self);
    return status;
}
