// SPDX-License-Identifier: GPL-3.0-or-later
/* Approximate Bayesian computation by sequential Monte Carlo with an adaptive population (after Lenormand, Jabot and
 * Deffuant 2013, "Adaptive approximate Bayesian computation for complex models").
 *
 * A population is drawn from the prior; the nearer half of it is kept. Each generation adds as many particles as were
 * dropped: one of the kept is chosen by weight and moved by a normal step with twice the kept ones' weighted covariance
 * (Beaumont et al. 2009), in normal scores. Of all, the nearer half of a population is kept again, so that the
 * tolerance is a quantile and falls by itself. A generation has a fixed number of simulations, which makes the budget
 * exact and every simulation independent of how many threads there are.
 *
 * A particle weighs prior density over the density that all simulations of all generations were drawn with (the
 * deterministic mixture of Cornuet et al. 2012). A part of them being from the prior, no weight can be large: with the
 * usual weights, over the particle's own generation, a dozen parameters leave a dozen effective particles. At the end
 * the nearer half of all simulations is adjusted by regression (posterior.h), which wants many particles rather than
 * the nearest few.
 *
 *     status = ana_abc(&problem, 1000, &runs, &posterior, &err);
 */
#ifndef ANA_CALIBRATE_ABC_H
#define ANA_CALIBRATE_ABC_H

#include "analysis/calibrate/posterior.h"

#define ANA_ABC_LEAST 16 /* simulations */

/* Spends exactly `budget` simulations (at least ANA_ABC_LEAST), which are left in `runs` (to be freed, like
 * `posterior`, also after a failure). SIM_ENOMEM; SIM_EINPUT when fewer than four simulations gave every summary; what
 * the simulator returns. */
sim_status_t ana_abc(const ana_problem_t *problem, size_t budget, ana_runs_t *runs, ana_posterior_t *posterior,
                     sim_error_t *err);

#endif
