// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/posterior.h"

#include "analysis/calibrate/stream.h"
#include "sim/draw.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

sim_status_t ana_posterior_init(ana_posterior_t *self, const ana_problem_t *problem, size_t n, bool simulated,
                                sim_error_t *err)
{
    *self = (ana_posterior_t){.n = n, .n_params = problem->n_params, .n_targets = problem->n_targets, .tolerance = NAN};
    self->scores = calloc(n * problem->n_params + 1, sizeof *self->scores);
    self->weights = calloc(n + 1, sizeof *self->weights);
    bool good = self->scores != NULL && self->weights != NULL;
    if (simulated) {
        self->summaries = calloc(n * problem->n_targets + 1, sizeof *self->summaries);
        self->adjusted = calloc(problem->n_targets + 1, sizeof *self->adjusted);
        good = good && self->summaries != NULL && self->adjusted != NULL;
    }
    return good ? SIM_OK : sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu particles", n);
}

void ana_posterior_free(ana_posterior_t *self)
{
    free(self->scores);
    free(self->weights);
    free(self->summaries);
    free(self->adjusted);
    *self = (ana_posterior_t){0};
}

double ana_score_place(double score)
{
    return gsl_cdf_ugaussian_P(score);
}

void ana_posterior_normalise(ana_posterior_t *self)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < self->n; i++)
        sum += self->weights[i];
    for (size_t i = 0; i < self->n; i++) {
        self->weights[i] = sum > 0 ? self->weights[i] / sum : 1 / (double)self->n;
        squares += self->weights[i] * self->weights[i];
    }
    self->effective = self->n > 0 ? (size_t)(1 / squares + 1e-9) : 0;
}

/* --- marginals ---------------------------------------------------------------------------------------------------- */

double ana_weighted_quantile(const double *values, const double *weights, const size_t *order, size_t n, double p)
{
    double below = 0, last_middle = 0, last = NAN;
    for (size_t i = 0; i < n; i++) {
        double value = values[order[i]], middle = below + weights[order[i]] / 2;
        if (middle >= p)
            return i == 0 || middle <= last_middle ? value
                                                   : last + (value - last) * (p - last_middle) / (middle - last_middle);
        last = value;
        last_middle = middle;
        below += weights[order[i]];
    }
    return last;
}

/* Largest distance between the weighted distribution of places and the uniform one. */
static double distance_to_prior(const double *places, const double *weights, const size_t *order, size_t n)
{
    double below = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(places[order[i]] - below));
        below += weights[order[i]];
        most = fmax(most, fabs(places[order[i]] - below));
    }
    return most;
}

/* Upper end of the one-sided 95 % interval of a standard deviation from n values, over the estimate (chi-squared). */
static double upper_end(size_t n)
{
    double free_ones = (double)n - 1;
    return n < 2 ? INFINITY : sqrt(free_ones / gsl_cdf_chisq_Pinv(0.05, free_ones));
}

static void moments(const double *places, const double *weights, size_t n, size_t effective, ana_marginal_t *marginal)
{
    double mean = 0, second = 0;
    for (size_t i = 0; i < n; i++)
        mean += weights[i] * places[i];
    for (size_t i = 0; i < n; i++)
        second += weights[i] * (places[i] - mean) * (places[i] - mean);
    double free_ones = effective > 1 ? (double)effective / ((double)effective - 1) : 1;
    marginal->mean = mean;
    marginal->sd = sqrt(second * free_ones);
    marginal->width = marginal->sd * sqrt(12);
    marginal->width_high = marginal->width * upper_end(effective);
}

sim_status_t ana_posterior_marginal(const ana_posterior_t *self, size_t param, ana_marginal_t *marginal,
                                    sim_error_t *err)
{
    double *places = calloc(self->n + 1, sizeof *places);
    size_t *order = calloc(self->n + 1, sizeof *order);
    sim_status_t status = SIM_OK;
    if (places == NULL || order == NULL) {
        status = sim_fail(err, SIM_ENOMEM, NULL, "no memory for a marginal of %zu particles", self->n);
        goto out;
    }
    for (size_t i = 0; i < self->n; i++)
        places[i] = ana_score_place(self->scores[i * self->n_params + param]);
    gsl_sort_index(order, places, 1, self->n);
    moments(places, self->weights, self->n, self->effective, marginal);
    marginal->p5 = ana_weighted_quantile(places, self->weights, order, self->n, 0.05);
    marginal->p50 = ana_weighted_quantile(places, self->weights, order, self->n, 0.5);
    marginal->p95 = ana_weighted_quantile(places, self->weights, order, self->n, 0.95);
    marginal->ks = distance_to_prior(places, self->weights, order, self->n);
    marginal->identified = marginal->width_high < ANA_IDENTIFIED;
out:
    free(places);
    free(order);
    return status;
}

void ana_posterior_centre(const ana_posterior_t *self, double *places)
{
    for (size_t p = 0; p < self->n_params; p++) {
        double mean = 0;
        for (size_t i = 0; i < self->n; i++)
            mean += self->weights[i] * self->scores[i * self->n_params + p];
        places[p] = ana_score_place(mean);
    }
}

void ana_posterior_draws(const ana_posterior_t *self, uint64_t seed, size_t n, double *places)
{
    sim_rng_t rng;
    sim_rng_at(&rng, seed, 0, 0, ANA_STREAM_RESAMPLE, 0);
    double start = sim_draw_uniform(&rng), below = 0;
    size_t i = 0;
    for (size_t draw = 0; draw < n; draw++) {
        double at = (start + (double)draw) / (double)n;
        while (i + 1 < self->n && below + self->weights[i] <= at)
            below += self->weights[i++];
        for (size_t p = 0; p < self->n_params; p++)
            places[draw * self->n_params + p] = ana_score_place(self->scores[i * self->n_params + p]);
    }
}
