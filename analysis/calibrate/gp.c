// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/gp.h"

#include "analysis/calibrate/linear.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_STEPS 240
#define SEARCH_SIZE  0.05
#define WORST        1e10

/* Weak priors of the logarithms: mean and standard deviation. Lengths: about one half of a range. */
#define LOG_LENGTH_MEAN -0.3
#define LOG_LENGTH_SD   1.0
#define LOG_SIGNAL_MEAN 0.0
#define LOG_SIGNAL_SD   1.0
#define LOG_NOISE_MEAN  -1.5
#define LOG_NOISE_SD    1.0

static double covariance(const ana_gp_t *self, const ana_gp_shape_t *shape, const double *a, const double *b)
{
    double square = 0;
    for (size_t k = 0; k < self->d; k++) {
        double step = (a[k] - b[k]) * exp(-shape->log_length[k]);
        square += step * step;
    }
    return exp(2 * shape->log_signal - square / 2);
}

static bool factorise(const ana_gp_t *self, const ana_gp_shape_t *shape, gsl_matrix *factor)
{
    double noise = exp(2 * shape->log_noise);
    for (size_t i = 0; i < self->n; i++)
        for (size_t k = 0; k <= i; k++) {
            double value = covariance(self, shape, self->points + i * self->d, self->points + k * self->d);
            gsl_matrix_set(factor, i, k, value + (i == k ? noise : 0));
            gsl_matrix_set(factor, k, i, value + (i == k ? noise : 0));
        }
    return ana_cholesky(factor);
}

/* --- the shape ---------------------------------------------------------------------------------------------------- */

typedef struct search {
    ana_gp_t *gp;
    const gsl_vector *values; /* scaled */
} search_t;

static ana_gp_shape_t shape_of(const gsl_vector *x, size_t d)
{
    ana_gp_shape_t shape = {.log_signal = gsl_vector_get(x, d), .log_noise = gsl_vector_get(x, d + 1)};
    for (size_t k = 0; k < d; k++)
        shape.log_length[k] = gsl_vector_get(x, k);
    return shape;
}

static double penalty(double x, double mean, double sd)
{
    return (x - mean) * (x - mean) / (2 * sd * sd);
}

/* Minus the logarithm of the marginal likelihood and of the priors. */
static double cost(const gsl_vector *x, void *user)
{
    const search_t *self = user;
    ana_gp_t *gp = self->gp;
    ana_gp_shape_t shape = shape_of(x, gp->d);
    double sum = penalty(shape.log_signal, LOG_SIGNAL_MEAN, LOG_SIGNAL_SD) +
                 penalty(shape.log_noise, LOG_NOISE_MEAN, LOG_NOISE_SD),
           product;
    for (size_t k = 0; k < gp->d; k++)
        sum += penalty(shape.log_length[k], LOG_LENGTH_MEAN, LOG_LENGTH_SD);
    if (!factorise(gp, &shape, gp->factor))
        return WORST;
    gsl_vector_memcpy(gp->weights, self->values);
    gsl_linalg_cholesky_svx(gp->factor, gp->weights);
    gsl_blas_ddot(self->values, gp->weights, &product);
    for (size_t i = 0; i < gp->n; i++)
        sum += log(gsl_matrix_get(gp->factor, i, i));
    sum += product / 2;
    return isfinite(sum) ? sum : WORST;
}

static sim_status_t search_shape(ana_gp_t *self, const gsl_vector *values, sim_error_t *err)
{
    size_t d = self->d;
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    gsl_multimin_fminimizer *simplex = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, d + 2);
    gsl_vector *start = ana_vector(d + 2), *step = ana_vector(d + 2);
    search_t search = {self, values};
    gsl_multimin_function function = {cost, d + 2, &search};
    bool good = simplex != NULL && start != NULL && step != NULL;
    if (good) {
        gsl_vector_set_all(start, LOG_LENGTH_MEAN);
        gsl_vector_set(start, d, LOG_SIGNAL_MEAN);
        gsl_vector_set(start, d + 1, LOG_NOISE_MEAN);
        gsl_vector_set_all(step, 0.7);
        good = gsl_multimin_fminimizer_set(simplex, &function, start, step) == GSL_SUCCESS;
    }
    for (int i = 0; good && i < SEARCH_STEPS; i++)
        if (gsl_multimin_fminimizer_iterate(simplex) != GSL_SUCCESS ||
            gsl_multimin_test_size(gsl_multimin_fminimizer_size(simplex), SEARCH_SIZE) == GSL_SUCCESS)
            break;
    if (good)
        self->shape = shape_of(gsl_multimin_fminimizer_x(simplex), d);
    gsl_vector_free(start);
    gsl_vector_free(step);
    gsl_multimin_fminimizer_free(simplex);
    gsl_set_error_handler(handler);
    return good ? SIM_OK : sim_fail(err, SIM_ENOMEM, NULL, "no memory for a Gaussian process of %zu points", self->n);
}

/* --- fitting ------------------------------------------------------------------------------------------------------ */

static void scale_values(ana_gp_t *self, const double *values, gsl_vector *scaled)
{
    double square = 0;
    self->mean = 0;
    for (size_t i = 0; i < self->n; i++)
        self->mean += values[i] / (double)self->n;
    for (size_t i = 0; i < self->n; i++)
        square += (values[i] - self->mean) * (values[i] - self->mean);
    self->scale = square > 0 ? sqrt(square / (double)self->n) : 1;
    for (size_t i = 0; i < self->n; i++)
        gsl_vector_set(scaled, i, (values[i] - self->mean) / self->scale);
}

sim_status_t ana_gp_fit(ana_gp_t *self, const double *points, const double *values, size_t n, size_t d,
                        const ana_gp_shape_t *shape, sim_error_t *err)
{
    SIM_ASSERT(n >= 2 && d <= ANA_GP_MOST_DIMENSIONS);
    *self = (ana_gp_t){.n = n, .d = d};
    self->points = calloc(n * d + 1, sizeof *self->points);
    self->factor = ana_matrix(n, n);
    self->weights = ana_vector(n);
    self->scratch = ana_vector(n);
    if (self->points == NULL || self->factor == NULL || self->weights == NULL || self->scratch == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for a Gaussian process of %zu points", n);
    memcpy(self->points, points, n * d * sizeof *points);
    scale_values(self, values, self->scratch);
    sim_status_t status = SIM_OK;
    if (shape != NULL)
        self->shape = *shape;
    else
        status = search_shape(self, self->scratch, err);
    if (status == SIM_OK && !factorise(self, &self->shape, self->factor))
        status = sim_fail(err, SIM_EINTERNAL, NULL, "a Gaussian process's covariance is not finite");
    if (status != SIM_OK)
        return status;
    gsl_vector_memcpy(self->weights, self->scratch);
    gsl_linalg_cholesky_svx(self->factor, self->weights);
    return SIM_OK;
}

void ana_gp_free(ana_gp_t *self)
{
    free(self->points);
    gsl_matrix_free(self->factor);
    gsl_vector_free(self->weights);
    gsl_vector_free(self->scratch);
    *self = (ana_gp_t){0};
}

void ana_gp_predict(ana_gp_t *self, const double *point, double *mean, double *sd)
{
    double expected = 0, known = 0, variance = exp(2 * self->shape.log_signal);
    for (size_t i = 0; i < self->n; i++)
        gsl_vector_set(self->scratch, i, covariance(self, &self->shape, point, self->points + i * self->d));
    gsl_blas_ddot(self->scratch, self->weights, &expected);
    gsl_blas_dtrsv(CblasLower, CblasNoTrans, CblasNonUnit, self->factor, self->scratch);
    gsl_blas_ddot(self->scratch, self->scratch, &known);
    *mean = self->mean + self->scale * expected;
    *sd = self->scale * sqrt(fmax(variance - known, 0));
}

double ana_expected_improvement(double mean, double sd, double best)
{
    if (!(sd > 0))
        return fmax(best - mean, 0);
    double z = (best - mean) / sd;
    return (best - mean) * gsl_cdf_ugaussian_P(z) + sd * gsl_ran_ugaussian_pdf(z);
}
