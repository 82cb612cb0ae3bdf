// SPDX-License-Identifier: GPL-3.0-or-later
/* The method of simulated moments with a surrogate (McFadden 1989; Jones, Schonlau and Welch 1998).
 *
 * A point is judged by the mean summaries of the same few worlds at every point (common random numbers): their distance
 * from the targets. A Latin hypercube comes first; then each round fits a Gaussian process to the distances and runs
 * the points of the largest expected improvement, one after the other as if each had given what the process expects of
 * it (Ginsbourger et al. 2010). The estimate is the point where the process expects the smallest distance.
 *
 * Around it each target's mean summary is followed by a Gaussian process of its own: with its slopes G in normal scores
 * of the places, and V the variance of one world plus the band's own (a third of the squared half width), the
 * estimate's precision is
 * G' V^-1 G + I, where I is the prior's. A target missed by r scales counts 1 / (1 + r^2), as in the distance. One
 * Newton step takes the estimate to where targets and prior balance. The posterior is that normal approximation, as
 * equally weighted draws. Where the summaries are far from linear it is wrong:
 * ana_abc assumes nothing of the kind.
 */
#ifndef ANA_CALIBRATE_MSM_H
#define ANA_CALIBRATE_MSM_H

#include "analysis/calibrate/posterior.h"

#define ANA_MSM_LEAST  16 /* simulations */
#define ANA_MSM_WORLDS 4  /* at each point */
#define ANA_MSM_DRAWS  1000

/* Spends at most `budget` simulations (at least ANA_MSM_LEAST), whole points only, left in `runs` (to be freed, like
 * `posterior`, also after a failure). `centre`: places of the first point. SIM_ENOMEM; SIM_EINPUT when fewer than four
 * points gave every summary; what the simulator returns. */
sim_status_t ana_msm(const ana_problem_t *problem, const double *centre, size_t budget, ana_runs_t *runs,
                     ana_posterior_t *posterior, sim_error_t *err);

#endif
