// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of the entities that events speak of, as label scales of the group /events: `city`, `platform`, `gpu_type` and
 * `parameter`, so that a result explains itself without the tables that it was made from. */
#ifndef SCN_EVENT_NAMES_H
#define SCN_EVENT_NAMES_H

#include "scenarios/scenario.h"
#include "sim/store.h"

/* Writes the four scales when the scenario keeps events; else nothing. SIM_ENOMEM, SIM_EIO. */
sim_status_t scn_event_names_write(sim_result_t *result, const scn_scenario_t *scenario, sim_error_t *err);

#endif
