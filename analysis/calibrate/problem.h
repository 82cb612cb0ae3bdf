// SPDX-License-Identifier: GPL-3.0-or-later
/* What is to be calibrated, whatever model it is: parameters with priors, a simulator, and what its output should be.
 *
 * A parameter is addressed by its place, the share of its prior's probability that lies below it: 0 to 1, uniform under
 * the prior whatever the prior is. The simulator turns places and the number of a world (whose random numbers all
 * simulations of that world share) into summaries, one number per target. A target is a band; inside it there is
 * nothing left to explain. Calibrating conditions on the event that every summary lies inside its band, or at its point
 * where the band has no width.
 *
 *     ana_target_t targets[] = {{.low = 3, .high = 3, .scale = 1}};
 *     ana_problem_t problem = {.n_params = 2, .n_targets = 1, .targets = targets, .seed = 1, .n_worlds = 200,
 *                              .simulate = simulate, .user = &model};
 *     ana_runs_t runs;
 *     status = ana_runs_init(&runs, &problem, 1000, &err);
 *     ... ana_runs_place(&runs, i)[p] = 0.5 ...
 *     status = ana_runs_simulate(&runs, &problem, 100, 0, &err);
 *     ana_runs_free(&runs);
 */
#ifndef ANA_CALIBRATE_PROBLEM_H
#define ANA_CALIBRATE_PROBLEM_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ana_target {
    double low, high; /* the band; both the same for a point */
    double scale;     /* a miss by this much is one unit of distance: in the summary's unit, or in logarithms */
    bool in_logs;     /* misses are told in logarithms: low > 0 */
} ana_target_t;

/* Simulations asked for in one go; they may be run in any order and at the same time. */
typedef struct ana_batch {
    size_t first; /* number of the first one, counted over the whole calibration */
    size_t n;
    const double *places;   /* [n][parameter] */
    const uint32_t *worlds; /* [n] */
    double *summaries;      /* [n][target], to be filled; NaN where there is none */
} ana_batch_t;

typedef sim_status_t (*ana_simulate_t)(void *user, const ana_batch_t *batch, sim_error_t *err);

typedef struct ana_problem {
    size_t n_params, n_targets;
    const ana_target_t *targets;
    uint64_t seed;
    uint32_t n_worlds; /* worlds that simulations are spread over: common random numbers */
    size_t first;      /* simulations that were asked for before */
    ana_simulate_t simulate;
    void *user;
} ana_problem_t;

/* What was simulated. */
typedef struct ana_runs {
    size_t n, room, n_params, n_targets;
    double *places;    /* [n][parameter] */
    double *summaries; /* [n][target] */
    double *distances; /* [n]; infinite where a summary is missing */
    uint32_t *worlds, *stages;
} ana_runs_t;

/* Room for `room` simulations. SIM_ENOMEM; free it also after that. */
sim_status_t ana_runs_init(ana_runs_t *self, const ana_problem_t *problem, size_t room, sim_error_t *err);
void ana_runs_free(ana_runs_t *self);

/* Places of simulation i, to be filled before it is run. */
static inline double *ana_runs_place(const ana_runs_t *self, size_t i)
{
    return self->places + i * self->n_params;
}
/* Summaries of simulation i. */
static inline double *ana_runs_summary(const ana_runs_t *self, size_t i)
{
    return self->summaries + i * self->n_targets;
}

/* Runs the n simulations behind the last, whose places are filled, in worlds 0, 1, ... n_worlds - 1, 0, ... */
sim_status_t ana_runs_simulate(ana_runs_t *self, const ana_problem_t *problem, size_t n, uint32_t stage,
                               sim_error_t *err);

/* How far a summary lies outside the target's band, in scales: 0 inside, negative below; NaN when it is missing. */
double ana_residual(const ana_target_t *target, double summary);
/* Distance of all: the sum over targets of log(1 + residual^2), so that a target which nothing reaches weighs little
 * more than one that is missed by a few scales. Infinite when a summary is missing. */
double ana_distance(const ana_problem_t *problem, const double *summaries);

#endif
