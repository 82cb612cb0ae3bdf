// SPDX-License-Identifier: GPL-3.0-or-later
/* Outcomes that compare an arm with rational builders under the same random numbers, replication by replication:
 * overinvestment_ratio, and excess_X for what makes up the bubble measure and its witnesses.
 *
 * They compare two arms, so they cannot be known while one of them runs: they are written when the file is assembled,
 * from the outcomes of each arm and of the arm `rational`. Without such an arm they stay missing.
 */
#ifndef SCN_OVERINVESTMENT_H
#define SCN_OVERINVESTMENT_H

#include "sim/store.h"

/* The arm that others are held against. */
#define SCN_CONTROL_ARM "rational"

/* Writes them into a result that is being assembled; nothing when it has no such arm. SIM_EINPUT when it has the arm
 * and lacks an outcome, SIM_EIO, SIM_ENOMEM. */
sim_status_t scn_overinvestment_write(sim_result_t *result, sim_error_t *err);

#endif
