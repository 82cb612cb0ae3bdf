// SPDX-License-Identifier: GPL-3.0-or-later
/* Provenance: what a result says about where it came from (/provenance, /design).
 *
 * Nothing here depends on the clock, the host or the number of threads: those go to the run's log.
 */
#ifndef SCN_PROVENANCE_H
#define SCN_PROVENANCE_H

#include "scenarios/scenario.h"
#include "sim/store.h"

/* Program version and compiler, as stored. */
const char *scn_version(void);
const char *scn_compiler(void);

/* Writes /provenance (scenario as read and as resolved, parameters of the first arm with unit and source, version,
 * compiler, seed) and, with a design, /design (value of each uncertain parameter at each point). */
sim_status_t scn_provenance_write(sim_result_t *result, const scn_scenario_t *scenario, sim_error_t *err);

#endif
