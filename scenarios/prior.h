// SPDX-License-Identifier: GPL-3.0-or-later
/* Priors of a scenario's parameters: the registry's, as distributions that can be asked in both directions.
 *
 * A place is the share of the prior's probability below a value: 0 to 1. Values are rounded to what the parameter can
 * hold, so that places of counts and durations come in steps.
 */
#ifndef SCN_PRIOR_H
#define SCN_PRIOR_H

#include "models/params/params.h"
#include "scenarios/scenario.h"

/* Value of a parameter at a place of its prior, which must exist; in the registry's unit. */
double scn_prior_value(const mdl_param_t *param, double place);
/* Place of a value; below 0 or above 1 is never returned: outside the prior it is the nearer end. */
double scn_prior_place(const mdl_param_t *param, double value);
/* Whether the prior reaches the value: for normal ones within four standard deviations. */
bool scn_prior_holds(const mdl_param_t *param, double value);

/* Whether something dated or the arm itself sets the parameter, so that a value from the start would not last. */
bool scn_scenario_overrules(const scn_scenario_t *self, uint32_t arm, int32_t param);
/* The parameter's value at the start of an arm, in the registry's unit. */
double scn_scenario_value(const scn_scenario_t *self, uint32_t arm, int32_t param);

#endif
