// SPDX-License-Identifier: GPL-3.0-or-later
/* overinvestment_ratio: what was invested over what rational builders invest under the same random numbers.
 *
 * It compares two arms, so it cannot be known while one of them runs: it is written when the file is assembled, from
 * /outcomes/investment_yuan of each arm and of the arm `rational`, replication by replication.
 * Without such an arm it stays missing.
 */
#ifndef SCN_OVERINVESTMENT_H
#define SCN_OVERINVESTMENT_H

#include "sim/store.h"

sim_status_t scn_overinvestment_write(sim_result_t *result, sim_error_t *err);

#endif
