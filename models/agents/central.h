// SPDX-License-Identifier: GPL-3.0-or-later
/* Central government: rules with dates. It owns nothing and decides nothing by itself at this stage: its levers are
 * parameters whose changes a scenario dates (hubs E02, location, approval by utilisation E18-E21, foreign chips E11).
 */
#ifndef MDL_CENTRAL_H
#define MDL_CENTRAL_H

#include "models/params/params.h"
#include "models/params/tables.h"

#include <stdbool.h>

/* Whether a new project in a province may be approved, given the measured utilisation of the centres there. A province
 * without operating centres (`has_centres` false) is not capped. */
bool mdl_central_may_approve(const mdl_params_t *params, double province_utilisation, bool has_centres);
/* Factor on approval hazards and on the draw of a site in that province. */
double mdl_central_hub_factor(const mdl_params_t *params, const mdl_province_t *province);
/* Whether a builder who looks for a site is told to go west: location.west_share of the times, given two uniform
 * numbers in [0, 1). One whose project is not for large training serves users near it and may be let off
 * (location.latency_waiver). */
bool mdl_central_must_go_west(const mdl_params_t *params, bool for_training, const double u[2]);
/* Whether a project may buy a GPU type. State-funded: state vehicle or holder of a grant. */
bool mdl_central_may_buy(const mdl_params_t *params, const mdl_gpu_type_t *type, bool state_funded);
/* Whether a project that has not opened must take its foreign chips out again (E11). */
bool mdl_central_must_remove(const mdl_params_t *params, const mdl_gpu_type_t *type, bool state_funded,
                             double installed_share);

#endif
