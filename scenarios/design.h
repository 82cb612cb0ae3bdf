// SPDX-License-Identifier: GPL-3.0-or-later
/* Points of a design: values of the uncertain parameters.
 *
 *   mc         independent draws; more points keep the first ones
 *   lhs        Latin hypercube (McKay, Beckman, Conover 1979): each factor's range is cut into as many equally likely
 *              slices as there are points, every slice holds one point, at a random place inside it
 *   sobol      Sobol's sequence from its second point on, (1/2, ..., 1/2), by GSL (up to 40 factors)
 *   factorial  every combination of levels, the last factor fastest: levels^factors points. Level i of L stands at
 *              i / (L - 1) of a uniform or (in logarithms) loguniform range, ends included, and at the quantile
 *              (i + 1/2) / L of a normal one; a choice has its values for levels
 *
 * Draws are addressed by seed, point and the parameter's key, so that adding a factor leaves the others' values alone
 * (but for sobol). Values are rounded to what the parameter can hold.
 */
#ifndef SCN_DESIGN_H
#define SCN_DESIGN_H

#include "scenarios/draft.h"

#define SCN_SOBOL_DIMENSIONS 40

/* Number of points: 1 without a design; SIZE_MAX when a factorial design has more than fit. */
size_t scn_design_points(const scn_draft_t *draft);
/* Fills `values` (points x factors, rows are points). SIM_ENOMEM. */
sim_status_t scn_design_fill(const scn_draft_t *draft, double *values);

#endif
