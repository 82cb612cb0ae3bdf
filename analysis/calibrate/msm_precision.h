// SPDX-License-Identifier: GPL-3.0-or-later
/* How precise an estimate by simulated moments is: a normal approximation from the points that led to it (msm.h). */
#ifndef ANA_CALIBRATE_MSM_PRECISION_H
#define ANA_CALIBRATE_MSM_PRECISION_H

#include "analysis/calibrate/posterior.h"

/* Points that were run, in the same few worlds each, the nearest to the targets first. */
typedef struct ana_points {
    size_t n, per_point;
    const size_t *order;    /* [n]: numbers of the points by distance; those without one are not among them */
    const double *places;   /* [point][parameter] */
    const double *means;    /* [point][target]: mean summaries */
    const ana_runs_t *runs; /* per_point simulations at each point, one after the other */
    const double *estimate; /* places of the estimate */
} ana_points_t;

/* n equally weighted draws around the estimate. SIM_ENOMEM. */
sim_status_t ana_msm_approximate(const ana_problem_t *problem, const ana_points_t *points, size_t n,
                                 ana_posterior_t *posterior, sim_error_t *err);

#endif
