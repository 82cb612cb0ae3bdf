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
#define LAST_PART      2 /* of all simulations: those that the regression sees */

/* What a generation's particles were drawn from: normal moves of those that were kept. */
typedef struct generation {
    size_t n_kept, n;   /* kept particles, and simulations drawn from them */
    double *weights;    /* [kept], sum 1 */
    double *whitened;   /* [kept][parameter]: scores in units of a move */
    gsl_matrix *factor; /* of a move's covariance */
    double log_norm;    /* of a move's density over that of the prior, both without what they share */
} generation_t;

typedef struct abc {
    const ana_problem_t *problem;
    ana_runs_t *runs;
    size_t population, keep;
    double *scores; /* [simulation][parameter] */
    double
        *mixture; /* [simulation]: density that all simulations were drawn with, over the prior's, times their number */
    size_t *kept, n_kept;
    double tolerance;
    generation_t *generations; /* those after the first, which is the prior */
    size_t n_generations;
    double *scratch; /* two particles */
} abc_t;

static sim_status_t no_memory(size_t n, sim_error_t *err)
{
    return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu simulations", n);
}

static sim_status_t allocate(abc_t *self, size_t budget, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    self->scores = calloc(budget * d + 1, sizeof *self->scores);
    self->mixture = calloc(budget + 1, sizeof *self->mixture);
    self->kept = calloc(budget + 1, sizeof *self->kept);
    self->generations = calloc(budget / (self->population - self->keep) + 2, sizeof *self->generations);
    self->scratch = calloc(2 * d + 1, sizeof *self->scratch);
    if (self->scores == NULL || self->mixture == NULL || self->kept == NULL || self->generations == NULL ||
        self->scratch == NULL)
        return no_memory(budget, err);
    return ana_runs_init(self->runs, self->problem, budget, err);
}

static void release(abc_t *self)
{
    for (size_t g = 0; g < self->n_generations; g++) {
        free(self->generations[g].weights);
        free(self->generations[g].whitened);
        gsl_matrix_free(self->generations[g].factor);
    }
    free(self->generations);
    free(self->scores);
    free(self->mixture);
    free(self->kept);
    free(self->scratch);
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
        self->mixture[i] = (double)self->population;
        place_from_scores(self, i);
    }
    return ana_runs_simulate(self->runs, self->problem, self->population, 0, err);
}

/* Keeps the `wanted` nearest simulations, and all that are as near as the last of them. */
static sim_status_t select_nearest(abc_t *self, size_t wanted, sim_error_t *err)
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
    self->n_kept = finite < wanted ? finite : wanted;
    self->tolerance = runs->distances[self->kept[self->n_kept - 1]];
    while (self->n_kept < finite && runs->distances[self->kept[self->n_kept]] <= self->tolerance)
        self->n_kept++;
    return SIM_OK;
}

/* Prior density over the density that all simulations were drawn with (deterministic mixture): as a quarter of them are
 * from the prior, no weight is more than four times the mean. */
static double weight_of(const abc_t *self, size_t simulation)
{
    return (double)self->runs->n / self->mixture[simulation];
}

/* --- a generation's moves ----------------------------------------------------------------------------------------- */

/* Weighted covariance of the kept particles' scores, doubled and shrunk, into the factor. */
static void fill_covariance(const abc_t *self, generation_t *generation)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++)
        for (size_t q = 0; q <= p; q++) {
            double mean_p = 0, mean_q = 0, product = 0;
            for (size_t k = 0; k < self->n_kept; k++) {
                const double *scores = self->scores + self->kept[k] * d;
                mean_p += generation->weights[k] * scores[p];
                mean_q += generation->weights[k] * scores[q];
                product += generation->weights[k] * scores[p] * scores[q];
            }
            double value = COVARIANCES * (product - mean_p * mean_q);
            value = p == q ? fmax(value, LEAST_VARIANCE) : value * (1 - TO_DIAGONAL);
            gsl_matrix_set(generation->factor, p, q, value);
            gsl_matrix_set(generation->factor, q, p, value);
        }
}

/* out = factor^-1 scores. */
static void whiten(const generation_t *generation, size_t d, const double *scores, double *out)
{
    for (size_t p = 0; p < d; p++) {
        double sum = scores[p];
        for (size_t q = 0; q < p; q++)
            sum -= gsl_matrix_get(generation->factor, p, q) * out[q];
        out[p] = sum / gsl_matrix_get(generation->factor, p, p);
    }
}

static void fill_weights(const abc_t *self, generation_t *generation)
{
    double total = 0;
    for (size_t k = 0; k < self->n_kept; k++)
        total += generation->weights[k] = weight_of(self, self->kept[k]);
    for (size_t k = 0; k < self->n_kept; k++)
        generation->weights[k] /= total;
}

/* The next generation's moves, from what is kept now. */
static sim_status_t add_generation(abc_t *self, size_t n, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    generation_t *generation = &self->generations[self->n_generations++];
    *generation = (generation_t){.n_kept = self->n_kept,
                                 .n = n,
                                 .weights = calloc(self->n_kept, sizeof *generation->weights),
                                 .whitened = calloc(self->n_kept * d, sizeof *generation->whitened),
                                 .factor = ana_matrix(d, d)};
    if (generation->weights == NULL || generation->whitened == NULL || generation->factor == NULL)
        return no_memory(n, err);
    fill_weights(self, generation);
    fill_covariance(self, generation);
    if (!ana_cholesky(generation->factor))
        return sim_fail(err, SIM_EINTERNAL, NULL, "the particles have no finite covariance");
    for (size_t p = 0; p < d; p++)
        generation->log_norm -= log(gsl_matrix_get(generation->factor, p, p));
    for (size_t k = 0; k < self->n_kept; k++)
        whiten(generation, d, self->scores + self->kept[k] * d, generation->whitened + k * d);
    return SIM_OK;
}

/* Density of a generation's moves over the prior's. */
static double density(const generation_t *generation, size_t d, const double *scores, double *white)
{
    double square = 0, sum = 0;
    whiten(generation, d, scores, white);
    for (size_t p = 0; p < d; p++)
        square += scores[p] * scores[p];
    for (size_t k = 0; k < generation->n_kept; k++) {
        double apart = 0;
        for (size_t p = 0; p < d; p++) {
            double step = white[p] - generation->whitened[k * d + p];
            apart += step * step;
        }
        sum += generation->weights[k] * exp((square - apart) / 2 + generation->log_norm);
    }
    return sum;
}

/* One of the kept, in proportion to its weight. */
static size_t choose_parent(const abc_t *self, const generation_t *generation, sim_rng_t *rng)
{
    double left = sim_draw_uniform(rng);
    size_t k = 0;
    while (k + 1 < generation->n_kept && left >= generation->weights[k])
        left -= generation->weights[k++];
    return self->kept[k];
}

/* The generation's particles, behind the last simulation, and what they were drawn with; the same for those before. */
static void propose(abc_t *self, const generation_t *last)
{
    size_t d = self->problem->n_params, before = self->runs->n;
    for (size_t i = 0; i < last->n; i++) {
        double *scores = self->scores + (before + i) * d;
        sim_rng_t rng;
        sim_rng_at(&rng, self->problem->seed, self->n_generations, i, ANA_STREAM_MOVE, 0);
        size_t parent = choose_parent(self, last, &rng);
        for (size_t p = 0; p < d; p++)
            self->scratch[p] = sim_draw_normal(&rng, 0, 1);
        ana_times_factor(last->factor, self->scratch, scores);
        for (size_t p = 0; p < d; p++)
            scores[p] += self->scores[parent * d + p];
        place_from_scores(self, before + i);
        self->mixture[before + i] = (double)self->population;
        for (size_t g = 0; g + 1 < self->n_generations; g++)
            self->mixture[before + i] +=
                (double)self->generations[g].n * density(&self->generations[g], d, scores, self->scratch);
    }
    for (size_t i = 0; i < before + last->n; i++)
        self->mixture[i] += (double)last->n * density(last, d, self->scores + i * d, self->scratch);
}

static sim_status_t next_generations(abc_t *self, size_t budget, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    while (status == SIM_OK && self->runs->n < budget) {
        size_t n = self->population - self->keep, left = budget - self->runs->n;
        n = left < 2 * n ? left : n; /* no small last generation */
        status = add_generation(self, n, err);
        if (status != SIM_OK)
            break;
        propose(self, &self->generations[self->n_generations - 1]);
        status = ana_runs_simulate(self->runs, self->problem, n, (uint32_t)self->n_generations, err);
        if (status == SIM_OK)
            status = select_nearest(self, self->keep, err);
    }
    return status;
}

static sim_status_t conclude(abc_t *self, ana_posterior_t *posterior, sim_error_t *err)
{
    size_t d = self->problem->n_params, m = self->problem->n_targets;
    sim_status_t status = select_nearest(self, self->runs->n / LAST_PART, err);
    if (status == SIM_OK)
        status = ana_posterior_init(posterior, self->problem, self->n_kept, true, err);
    if (status != SIM_OK)
        return status;
    for (size_t k = 0; k < self->n_kept; k++) {
        size_t i = self->kept[k];
        memcpy(posterior->scores + k * d, self->scores + i * d, d * sizeof *self->scores);
        memcpy(posterior->summaries + k * m, ana_runs_summary(self->runs, i), m * sizeof *self->scores);
        posterior->weights[k] = weight_of(self, i);
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
        status = select_nearest(&self, self.keep, err);
    if (status == SIM_OK)
        status = next_generations(&self, budget, err);
    if (status == SIM_OK)
        status = conclude(&self, posterior, err);
    release(&self);
    return status;
}
