// SPDX-License-Identifier: GPL-3.0-or-later
/* How precise an estimate by simulated moments is: a normal approximation from the runs that led to it (msm.h). */
#ifndef ANA_CALIBRATE_MSM_PRECISION_H
#define ANA_CALIBRATE_MSM_PRECISION_H

#include "analysis/calibrate/posterior.h"

typedef struct ana_estimate {
    const ana_runs_t *runs; /* `per_point` simulations at each point, one after the other */
    const double *places;   /* of the estimate */
    const double *means;    /* mean summaries there */
    size_t per_point;
} ana_estimate_t;

/* n equally weighted draws around the estimate. SIM_ENOMEM. */
sim_status_t ana_msm_approximate(const ana_problem_t *problem, const ana_estimate_t *estimate, size_t n,
                                 ana_posterior_t *posterior, sim_error_t *err);

#endif
