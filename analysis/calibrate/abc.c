// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/abc.h"

#include "analysis/calibrate/linear.h"
#include "analysis/calibrate/stream.h"
#include "sim/draw.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POPULATIONS    4    /* the first one is a quarter of the budget, */
#define SMALL          50   /* or half of it where that is no more than this */
#define MOST           2000 /* particles of a population: pairs of them are weighed */
#define COVARIANCES    2.0  /* of the kept particles: variance of a move */
#define TO_DIAGONAL    0.1  /* by how much their correlations are shrunk */
#define LEAST_VARIANCE 1e-6
#define LEAST_KEPT     4

typedef struct abc {
    const ana_problem_t *problem;
    ana_runs_t *runs;
    size_t population, keep;
    double *scores;  /* [simulation][parameter] */
    double *weights; /* [simulation]: prior density over density of proposal */
    size_t *kept, n_kept;
    double tolerance;
    gsl_matrix *factor; /* of a move's covariance */
    double *whitened;   /* [kept][parameter]: scores in units of a move */
    double log_norm;    /* of a move's density */
} abc_t;

static sim_status_t allocate(abc_t *self, size_t budget, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    self->scores = calloc(budget * d + 1, sizeof *self->scores);
    self->weights = calloc(budget + 1, sizeof *self->weights);
    self->kept = calloc(budget + 1, sizeof *self->kept);
    self->whitened = calloc(budget * d + 1, sizeof *self->whitened);
    self->factor = ana_matrix(d, d);
    if (self->scores == NULL || self->weights == NULL || self->kept == NULL || self->whitened == NULL ||
        self->factor == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu simulations", budget);
    return ana_runs_init(self->runs, self->problem, budget, err);
}

static void release(abc_t *self)
{
    free(self->scores);
    free(self->weights);
    free(self->kept);
    free(self->whitened);
    gsl_matrix_free(self->factor);
}

static void place_from_scores(abc_t *self, size_t i)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++)
        ana_runs_place(self->runs, i)[p] = ana_score_place(self->scores[i * d + p]);
}

static sim_status_t first_generation(abc_t *self, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    for (size_t i = 0; i < self->population; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, self->problem->seed, 0, i, ANA_STREAM_PRIOR, 0);
        for (size_t p = 0; p < d; p++)
            self->scores[i * d + p] = sim_draw_normal(&rng, 0, 1);
        self->weights[i] = 1;
        place_from_scores(self, i);
    }
    return ana_runs_simulate(self->runs, self->problem, self->population, 0, err);
}

/* Keeps the nearest simulations, and all that are as near as the last of them. */
static sim_status_t select_nearest(abc_t *self, sim_error_t *err)
{
    const ana_runs_t *runs = self->runs;
    gsl_sort_index(self->kept, runs->distances, 1, runs->n);
    size_t finite = 0;
    while (finite < runs->n && isfinite(runs->distances[self->kept[finite]]))
        finite++;
    if (finite < LEAST_KEPT)
        return sim_fail(err, SIM_EINPUT, NULL,
                        "%zu of %zu simulations gave every summary; expected at least %d; leave facts out that the "
                        "scenario does not reach, or give a larger budget",
                        finite, runs->n, LEAST_KEPT);
    self->n_kept = finite < self->keep ? finite : self->keep;
    self->tolerance = runs->distances[self->kept[self->n_kept - 1]];
    while (self->n_kept < finite && runs->distances[self->kept[self->n_kept]] <= self->tolerance)
        self->n_kept++;
    return SIM_OK;
}

static double weight_of_kept(const abc_t *self)
{
    double sum = 0;
    for (size_t k = 0; k < self->n_kept; k++)
        sum += self->weights[self->kept[k]];
    return sum;
}

/* Weighted covariance of the kept particles' scores, doubled and shrunk, into the factor. */
static void fill_covariance(abc_t *self)
{
    size_t d = self->problem->n_params;
    double total = weight_of_kept(self);
    gsl_matrix_set_zero(self->factor);
    for (size_t p = 0; p < d; p++)
        for (size_t q = 0; q <= p; q++) {
            double mean_p = 0, mean_q = 0, product = 0;
            for (size_t k = 0; k < self->n_kept; k++) {
                size_t i = self->kept[k];
                double weight = self->weights[i] / total;
                mean_p += weight * self->scores[i * d + p];
                mean_q += weight * self->scores[i * d + q];
                product += weight * self->scores[i * d + p] * self->scores[i * d + q];
            }
            double value = COVARIANCES * (product - mean_p * mean_q);
            value = p == q ? fmax(value, LEAST_VARIANCE) : value * (1 - TO_DIAGONAL);
            gsl_matrix_set(self->factor, p, q, value);
            gsl_matrix_set(self->factor, q, p, value);
        }
}

/* x = factor^-1 scores. */
static void whiten(const abc_t *self, const double *scores, double *out)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++) {
        double sum = scores[p];
        for (size_t q = 0; q < p; q++)
            sum -= gsl_matrix_get(self->factor, p, q) * out[q];
        out[p] = sum / gsl_matrix_get(self->factor, p, p);
    }
}

static sim_status_t prepare_moves(abc_t *self, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    fill_covariance(self);
    if (!ana_cholesky(self->factor))
        return sim_fail(err, SIM_EINTERNAL, NULL, "the particles have no finite covariance");
    self->log_norm = 0;
    for (size_t p = 0; p < d; p++)
        self->log_norm -= log(gsl_matrix_get(self->factor, p, p));
    for (size_t k = 0; k < self->n_kept; k++)
        whiten(self, self->scores + self->kept[k] * d, self->whitened + k * d);
    return SIM_OK;
}

/* One of the kept, in proportion to its weight. */
static size_t choose_parent(const abc_t *self, sim_rng_t *rng, double total)
{
    double left = sim_draw_uniform(rng) * total;
    size_t k = 0;
    while (k + 1 < self->n_kept && left >= self->weights[self->kept[k]])
        left -= self->weights[self->kept[k++]];
    return self->kept[k];
}

/* Prior density over the density of the mixture of moves; constants that all weights share are left out. */
static double weight_of(const abc_t *self, const double *scores, double *white, double total)
{
    size_t d = self->problem->n_params;
    double square = 0, density = 0;
    whiten(self, scores, white);
    for (size_t p = 0; p < d; p++)
        square += scores[p] * scores[p];
    for (size_t k = 0; k < self->n_kept; k++) {
        double apart = 0;
        for (size_t p = 0; p < d; p++) {
            double step = white[p] - self->whitened[k * d + p];
            apart += step * step;
        }
        density += self->weights[self->kept[k]] / total * exp((square - apart) / 2);
    }
    return exp(-self->log_norm) / density;
}

/* n new particles behind the last simulation. `scratch` has room for two particles. */
static void propose(abc_t *self, uint32_t generation, size_t n, double *scratch)
{
    size_t d = self->problem->n_params;
    double total = weight_of_kept(self);
    for (size_t i = 0; i < n; i++) {
        size_t at = self->runs->n + i;
        double *scores = self->scores + at * d;
        sim_rng_t rng;
        sim_rng_at(&rng, self->problem->seed, generation, i, ANA_STREAM_MOVE, 0);
        size_t parent = choose_parent(self, &rng, total);
        for (size_t p = 0; p < d; p++)
            scratch[p] = sim_draw_normal(&rng, 0, 1);
        ana_times_factor(self->factor, scratch, scores);
        for (size_t p = 0; p < d; p++)
            scores[p] += self->scores[parent * d + p];
        self->weights[at] = weight_of(self, scores, scratch + d, total);
        place_from_scores(self, at);
    }
}

static sim_status_t next_generations(abc_t *self, size_t budget, sim_error_t *err)
{
    double *scratch = calloc(2 * self->problem->n_params + 1, sizeof *scratch);
    sim_status_t status = scratch == NULL ? sim_fail(err, SIM_ENOMEM, NULL, "no memory for a particle") : SIM_OK;
    for (uint32_t generation = 1; status == SIM_OK && self->runs->n < budget; generation++) {
        size_t n = self->population - self->keep, left = budget - self->runs->n;
        n = left < 2 * n ? left : n; /* no small last generation */
        status = prepare_moves(self, err);
        if (status != SIM_OK)
            break;
        propose(self, generation, n, scratch);
        status = ana_runs_simulate(self->runs, self->problem, n, generation, err);
        if (status == SIM_OK)
            status = select_nearest(self, err);
    }
    free(scratch);
    return status;
}

static sim_status_t conclude(abc_t *self, ana_posterior_t *posterior, sim_error_t *err)
{
    size_t d = self->problem->n_params, m = self->problem->n_targets;
    sim_status_t status = ana_posterior_init(posterior, self->problem, self->n_kept, true, err);
    if (status != SIM_OK)
        return status;
    for (size_t k = 0; k < self->n_kept; k++) {
        size_t i = self->kept[k];
        memcpy(posterior->scores + k * d, self->scores + i * d, d * sizeof *self->scores);
        memcpy(posterior->summaries + k * m, ana_runs_summary(self->runs, i), m * sizeof *self->scores);
        posterior->weights[k] = self->weights[i];
    }
    posterior->tolerance = self->tolerance;
    ana_posterior_normalise(posterior);
    return ana_posterior_adjust(posterior, self->problem, err);
}

sim_status_t ana_abc(const ana_problem_t *problem, size_t budget, ana_runs_t *runs, ana_posterior_t *posterior,
                     sim_error_t *err)
{
    SIM_ASSERT(budget >= ANA_ABC_LEAST);
    abc_t self = {.problem = problem, .runs = runs, .population = budget / POPULATIONS};
    if (self.population < SMALL)
        self.population = budget / 2 < SMALL ? budget / 2 : SMALL;
    self.population = self.population > MOST ? MOST : self.population;
    self.keep = self.population / 2;
    *runs = (ana_runs_t){0};
    *posterior = (ana_posterior_t){0};
    sim_status_t status = allocate(&self, budget, err);
    if (status == SIM_OK)
        status = first_generation(&self, err);
    if (status == SIM_OK)
        status = select_nearest(&self, err);
    if (status == SIM_OK)
        status = next_generations(&self, budget, err);
    if (status == SIM_OK)
        status = conclude(&self, posterior, err);
    release(&self);
    return status;
}
