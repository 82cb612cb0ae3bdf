// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/msm_precision.h"

#include "analysis/calibrate/linear.h"
#include "analysis/calibrate/stream.h"
#include "sim/draw.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

#define NEAR        1.0  /* width of the weights around the estimate, in normal scores and per parameter */
#define RIDGE       1e-3
#define MOST_SCORE  3.0  /* places at the very end of a prior */
#define LEAST_NOISE 1e-4 /* variance, in squared scales */

typedef struct precision {
    const ana_problem_t *problem;
    const ana_estimate_t *estimate;
    double *centre;    /* [parameter]: normal scores */
    double *scores;    /* [simulation][parameter], from the centre */
    double *weights;   /* [simulation] */
    double *scaled;    /* [simulation][target]: summaries in scales, from the estimate's means */
    double *noise;     /* [target]: variance that a mean of worlds leaves, and the band's */
    gsl_matrix *slopes; /* [parameter + 1][target] */
    gsl_matrix *factor; /* of the precision, then of the covariance */
} precision_t;

static double score_of(double place)
{
    return gsl_cdf_ugaussian_Pinv(fmin(fmax(place, gsl_cdf_ugaussian_P(-MOST_SCORE)), gsl_cdf_ugaussian_P(MOST_SCORE)));
}

static double in_scales(const ana_target_t *target, double summary, double from)
{
    return (target->in_logs ? log(summary / from) : summary - from) / target->scale;
}

static sim_status_t allocate(precision_t *self, sim_error_t *err)
{
    size_t d = self->problem->n_params, m = self->problem->n_targets, n = self->estimate->runs->n;
    self->centre = calloc(d + 1, sizeof *self->centre);
    self->scores = calloc(n * d + 1, sizeof *self->scores);
    self->weights = calloc(n + 1, sizeof *self->weights);
    self->scaled = calloc(n * m + 1, sizeof *self->scaled);
    self->noise = calloc(m + 1, sizeof *self->noise);
    self->slopes = ana_matrix(d + 1, m);
    self->factor = ana_matrix(d, d);
    if (self->centre != NULL && self->scores != NULL && self->weights != NULL && self->scaled != NULL &&
        self->noise != NULL && self->slopes != NULL && self->factor != NULL)
        return SIM_OK;
    return sim_fail(err, SIM_ENOMEM, NULL, "no memory for the precision of %zu parameters", d);
}

static void release(precision_t *self)
{
    free(self->centre);
    free(self->scores);
    free(self->weights);
    free(self->scaled);
    free(self->noise);
    gsl_matrix_free(self->slopes);
    gsl_matrix_free(self->factor);
}

/* Scores, weights that fall with the distance from the estimate, and scaled summaries of every simulation. */
static void look_around(precision_t *self)
{
    const ana_runs_t *runs = self->estimate->runs;
    size_t d = self->problem->n_params, m = self->problem->n_targets;
    for (size_t p = 0; p < d; p++)
        self->centre[p] = score_of(self->estimate->places[p]);
    for (size_t i = 0; i < runs->n; i++) {
        double square = 0;
        for (size_t p = 0; p < d; p++) {
            double step = score_of(ana_runs_place(runs, i)[p]) - self->centre[p];
            self->scores[i * d + p] = step;
            square += step * step;
        }
        self->weights[i] = isfinite(runs->distances[i]) ? exp(-square / (2 * NEAR * NEAR * (double)d)) : 0;
        for (size_t j = 0; j < m && self->weights[i] > 0; j++)
            self->scaled[i * m + j] = in_scales(&self->problem->targets[j], ana_runs_summary(runs, i)[j],
                                                self->estimate->means[j]);
    }
}

static double regressor(const precision_t *self, size_t i, size_t k)
{
    return k == 0 ? 1 : self->scores[i * self->problem->n_params + k - 1];
}

/* Weighted linear regression of the summaries on the scores. */
static sim_status_t find_slopes(precision_t *self, sim_error_t *err)
{
    size_t d = self->problem->n_params, m = self->problem->n_targets;
    gsl_matrix *normal = ana_matrix(d + 1, d + 1);
    if (normal == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for a regression on %zu parameters", d);
    double sum = 0;
    for (size_t i = 0; i < self->estimate->runs->n; i++) {
        sum += self->weights[i];
        for (size_t k = 0; k <= d; k++) {
            double weighted = self->weights[i] * regressor(self, i, k);
            for (size_t l = 0; l <= d; l++)
                *gsl_matrix_ptr(normal, k, l) += weighted * regressor(self, i, l);
            for (size_t j = 0; j < m; j++)
                *gsl_matrix_ptr(self->slopes, k, j) += weighted * self->scaled[i * m + j];
        }
    }
    for (size_t k = 1; k <= d; k++)
        *gsl_matrix_ptr(normal, k, k) += RIDGE * sum;
    sim_status_t status =
        ana_cholesky(normal) ? SIM_OK : sim_fail(err, SIM_EINTERNAL, NULL, "summaries near the estimate are not finite");
    for (size_t j = 0; status == SIM_OK && j < m; j++) {
        gsl_vector_view column = gsl_matrix_column(self->slopes, j);
        gsl_linalg_cholesky_svx(normal, &column.vector);
    }
    gsl_matrix_free(normal);
    return status;
}

/* What the regression leaves, of one world: history happened once. And the band, as a uniform distribution. */
static void find_noise(precision_t *self)
{
    size_t d = self->problem->n_params, m = self->problem->n_targets;
    for (size_t j = 0; j < m; j++) {
        const ana_target_t *target = &self->problem->targets[j];
        double sum = 0, weights = 0;
        for (size_t i = 0; i < self->estimate->runs->n; i++) {
            double rest = self->scaled[i * m + j];
            for (size_t k = 0; k <= d; k++)
                rest -= gsl_matrix_get(self->slopes, k, j) * regressor(self, i, k);
            sum += self->weights[i] * rest * rest;
            weights += self->weights[i];
        }
        double half = in_scales(target, target->high, target->low) / 2;
        double miss = ana_residual(target, self->estimate->means[j]);
        self->noise[j] = (LEAST_NOISE + sum / fmax(weights, 1e-300) + half * half / 3) * (1 + miss * miss);
    }
}

/* One Newton step from the estimate, where the surrogate ended, to where the targets and the prior balance: a parameter
 * that no target speaks of goes back to the middle of its prior. `gradient` has room for d values. */
static void balance(precision_t *self, double *gradient)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++) {
        gradient[p] = self->centre[p];
        for (size_t j = 0; j < self->problem->n_targets; j++)
            gradient[p] += gsl_matrix_get(self->slopes, p + 1, j) / self->noise[j] *
                           ana_residual(&self->problem->targets[j], self->estimate->means[j]);
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
                sum += gsl_matrix_get(self->slopes, p + 1, j) * gsl_matrix_get(self->slopes, q + 1, j) / self->noise[j];
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

sim_status_t ana_msm_approximate(const ana_problem_t *problem, const ana_estimate_t *estimate, size_t n,
                                 ana_posterior_t *posterior, sim_error_t *err)
{
    precision_t self = {.problem = problem, .estimate = estimate};
    double *step = calloc(problem->n_params + 1, sizeof *step);
    sim_status_t status = allocate(&self, err);
    if (status == SIM_OK && step == NULL)
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for a draw");
    if (status == SIM_OK)
        status = ana_posterior_init(posterior, problem, n, false, err);
    if (status == SIM_OK) {
        look_around(&self);
        status = find_slopes(&self, err);
    }
    if (status == SIM_OK) {
        find_noise(&self);
        status = find_covariance(&self, step, err);
    }
    if (status == SIM_OK)
        draw(&self, n, step, posterior);
    release(&self);
    free(step);
    return status;
}
