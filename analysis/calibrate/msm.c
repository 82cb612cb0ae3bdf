// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/msm.h"

#include "analysis/calibrate/gp.h"
#include "analysis/calibrate/msm_precision.h"
#include "analysis/calibrate/stream.h"
#include "sim/draw.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PER_ROUND      8    /* points: enough for the cores of a laptop, the same on every machine */
#define CANDIDATES     1500 /* tried for each */
#define NEAR_SHARE     0.5  /* of the candidates lie near the best point */
#define NEAR_STEP      0.1
#define SURROGATE_MOST 250 /* points that a Gaussian process is fitted to: the best ones */
#define FIT_EVERY      4   /* rounds between searches for a shape */

typedef struct msm {
    const ana_problem_t *problem;
    ana_runs_t *runs;
    size_t n, room;    /* points */
    double *places;    /* [point][parameter] */
    double *means;     /* [point][target] */
    double *distances; /* [point] */
    double *values;    /* [point]: distances that the surrogate is fitted to */
    double *chosen;    /* [point][parameter], those that the surrogate is fitted to */
    size_t *order;
    ana_gp_shape_t shape;
} msm_t;

static sim_status_t allocate(msm_t *self, sim_error_t *err)
{
    size_t d = self->problem->n_params, extra = self->room + PER_ROUND;
    self->places = calloc(extra * d, sizeof *self->places);
    self->chosen = calloc(extra * d, sizeof *self->chosen);
    self->means = calloc(extra * self->problem->n_targets, sizeof *self->means);
    self->distances = calloc(extra, sizeof *self->distances);
    self->values = calloc(extra, sizeof *self->values);
    self->order = calloc(extra, sizeof *self->order);
    if (self->places == NULL || self->chosen == NULL || self->means == NULL || self->distances == NULL ||
        self->values == NULL || self->order == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu points", self->room);
    return ana_runs_init(self->runs, self->problem, self->room * ANA_MSM_WORLDS, err);
}

static void release(msm_t *self)
{
    free(self->places);
    free(self->chosen);
    free(self->means);
    free(self->distances);
    free(self->values);
    free(self->order);
}

/* --- running points ----------------------------------------------------------------------------------------------- */

static void average(msm_t *self, size_t point)
{
    size_t m = self->problem->n_targets;
    double *means = self->means + point * m;
    memset(means, 0, m * sizeof *means);
    for (size_t w = 0; w < ANA_MSM_WORLDS; w++)
        for (size_t j = 0; j < m; j++)
            means[j] += ana_runs_summary(self->runs, point * ANA_MSM_WORLDS + w)[j] / ANA_MSM_WORLDS;
    self->distances[point] = ana_distance(self->problem, means);
}

/* Runs n points behind the last, whose places are there. */
static sim_status_t run_points(msm_t *self, size_t n, uint32_t round, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    for (size_t i = 0; i < n * ANA_MSM_WORLDS; i++)
        memcpy(ana_runs_place(self->runs, self->runs->n + i), self->places + (self->n + i / ANA_MSM_WORLDS) * d,
               d * sizeof *self->places);
    ana_problem_t few = *self->problem;
    few.n_worlds = ANA_MSM_WORLDS;
    sim_status_t status = ana_runs_simulate(self->runs, &few, n * ANA_MSM_WORLDS, round, err);
    for (size_t i = 0; status == SIM_OK && i < n; i++)
        average(self, self->n++);
    return status;
}

/* A Latin hypercube of n points, the first of which is replaced by the centre. */
static void lay_first(msm_t *self, const double *centre, size_t n)
{
    size_t d = self->problem->n_params;
    for (size_t p = 0; p < d; p++) {
        sim_rng_t rng;
        sim_rng_at(&rng, self->problem->seed, 0, p, ANA_STREAM_SHUFFLE, 0);
        for (size_t i = 0; i < n; i++)
            self->order[i] = i;
        for (size_t i = n; i > 1; i--) {
            size_t k = (size_t)sim_draw_below(&rng, i), kept = self->order[i - 1];
            self->order[i - 1] = self->order[k];
            self->order[k] = kept;
        }
        for (size_t i = 0; i < n; i++)
            self->places[i * d + p] = ((double)self->order[i] + sim_draw_uniform(&rng)) / (double)n;
        self->places[p] = centre[p];
    }
}

/* --- the surrogate ------------------------------------------------------------------------------------------------ */

/* The best points and their values; returns how many. */
static size_t choose_points(msm_t *self, double *best)
{
    size_t d = self->problem->n_params, n = 0;
    gsl_sort_index(self->order, self->distances, 1, self->n);
    for (size_t i = 0; i < self->n && n < SURROGATE_MOST; i++) {
        size_t point = self->order[i];
        if (!isfinite(self->distances[point]))
            break;
        self->values[n] = self->distances[point];
        memcpy(self->chosen + n * d, self->places + point * d, d * sizeof *self->places);
        n++;
    }
    *best = n > 0 ? self->values[0] : 0;
    return n;
}

static double inside(double place)
{
    return fmin(fmax(place, 0.001), 0.999);
}

/* A candidate: anywhere, or a step in some directions from one of the best points. */
static void draw_candidate(const msm_t *self, sim_rng_t *rng, size_t n, double *place)
{
    size_t d = self->problem->n_params;
    bool near = sim_draw_uniform(rng) < NEAR_SHARE;
    size_t from = (size_t)sim_draw_below(rng, n < PER_ROUND ? n : PER_ROUND);
    for (size_t p = 0; p < d; p++) {
        double anywhere = sim_draw_uniform(rng), step = sim_draw_normal(rng, 0, NEAR_STEP);
        place[p] = near ? inside(self->chosen[from * d + p] + step) : anywhere;
    }
}

/* The candidate of the largest expected improvement, written to `place`. */
static void improve(const msm_t *self, ana_gp_t *gp, size_t n, double best, uint32_t round, size_t which, double *place,
                    double *expected)
{
    size_t d = self->problem->n_params;
    double most = -1, candidate[ANA_GP_MOST_DIMENSIONS];
    sim_rng_t rng;
    sim_rng_at(&rng, self->problem->seed, round, which, ANA_STREAM_CANDIDATE, 0);
    for (int i = 0; i < CANDIDATES; i++) {
        double mean, sd;
        draw_candidate(self, &rng, n, candidate);
        ana_gp_predict(gp, candidate, &mean, &sd);
        double gain = ana_expected_improvement(mean, sd, best);
        if (gain > most) {
            most = gain;
            *expected = mean;
            memcpy(place, candidate, d * sizeof *place);
        }
    }
}

static sim_status_t too_few(const msm_t *self, size_t n, sim_error_t *err)
{
    return sim_fail(err, SIM_EINPUT, NULL,
                    "%zu of %zu points gave every summary; expected at least 4; leave facts out that the scenario does "
                    "not reach, or give a larger budget",
                    n, self->n);
}

/* Places of the next round's points, behind the last. */
static sim_status_t choose_round(msm_t *self, size_t points, uint32_t round, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    double best = 0;
    size_t n = choose_points(self, &best);
    if (n < 4)
        return too_few(self, n, err);
    sim_status_t status = SIM_OK;
    for (size_t i = 0; i < points && status == SIM_OK; i++) {
        ana_gp_t gp;
        double expected = 0, *place = self->places + (self->n + i) * d;
        bool search = i == 0 && (round - 1) % FIT_EVERY == 0;
        status = ana_gp_fit(&gp, self->chosen, self->values, n, d, search ? NULL : &self->shape, err);
        if (status == SIM_OK) {
            self->shape = gp.shape;
            improve(self, &gp, n, best, round, i, place, &expected);
            memcpy(self->chosen + n * d, place, d * sizeof *place);
            self->values[n++] = expected;
        }
        ana_gp_free(&gp);
    }
    return status;
}

/* The points by distance, those without one left out; returns how many. */
static size_t sort_points(msm_t *self)
{
    size_t n = 0;
    gsl_sort_index(self->order, self->distances, 1, self->n);
    while (n < self->n && isfinite(self->distances[self->order[n]]))
        n++;
    return n;
}

/* The estimate: the point, among those that were run, where the process expects the smallest distance. Then its
 * precision. */
static sim_status_t conclude(msm_t *self, ana_posterior_t *posterior, sim_error_t *err)
{
    size_t d = self->problem->n_params;
    double value = 0, least = INFINITY;
    size_t n = choose_points(self, &value), best = 0;
    if (n < 4)
        return too_few(self, n, err);
    ana_gp_t gp;
    sim_status_t status = ana_gp_fit(&gp, self->chosen, self->values, n, d, NULL, err);
    for (size_t i = 0; status == SIM_OK && i < n; i++) {
        double mean, sd;
        ana_gp_predict(&gp, self->chosen + i * d, &mean, &sd);
        best = mean < least ? self->order[i] : best;
        least = fmin(mean, least);
    }
    ana_gp_free(&gp);
    if (status != SIM_OK)
        return status;
    ana_points_t points = {.n = sort_points(self),
                           .per_point = ANA_MSM_WORLDS,
                           .order = self->order,
                           .places = self->places,
                           .means = self->means,
                           .runs = self->runs,
                           .estimate = self->places + best * d};
    return ana_msm_approximate(self->problem, &points, ANA_MSM_DRAWS, posterior, err);
}

static sim_status_t run_all(msm_t *self, const double *centre, sim_error_t *err)
{
    size_t d = self->problem->n_params, first = self->room / 3 > 2 * d + 2 ? self->room / 3 : 2 * d + 2;
    first = first < self->room ? first : self->room;
    lay_first(self, centre, first);
    sim_status_t status = run_points(self, first, 0, err);
    for (uint32_t round = 1; status == SIM_OK && self->n < self->room; round++) {
        size_t points = self->room - self->n < PER_ROUND ? self->room - self->n : PER_ROUND;
        status = choose_round(self, points, round, err);
        if (status == SIM_OK)
            status = run_points(self, points, round, err);
    }
    return status;
}

sim_status_t ana_msm(const ana_problem_t *problem, const double *centre, size_t budget, ana_runs_t *runs,
                     ana_posterior_t *posterior, sim_error_t *err)
{
    SIM_ASSERT(budget >= ANA_MSM_LEAST && problem->n_params <= ANA_GP_MOST_DIMENSIONS);
    msm_t self = {.problem = problem, .runs = runs, .room = budget / ANA_MSM_WORLDS};
    *runs = (ana_runs_t){0};
    *posterior = (ana_posterior_t){0};
    sim_status_t status = allocate(&self, err);
    if (status == SIM_OK)
        status = run_all(&self, centre, err);
    if (status == SIM_OK)
        status = conclude(&self, posterior, err);
    release(&self);
    return status;
}
