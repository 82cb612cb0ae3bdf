// SPDX-License-Identifier: GPL-3.0-or-later
/* /summary: what most readers of a result want first.
 *
 * For every national series: mean and 5, 25, 50, 75, 95 % quantiles over replications, per arm (and design point) and
 * time, in one variable [arm(, point), statistic, time] of the series' own name.
 */
#ifndef ANA_SUMMARY_H
#define ANA_SUMMARY_H

#include "sim/store.h"

/* sim_store_finish_t; `user` is not used. */
sim_status_t ana_summary_write(sim_result_t *result, void *user, sim_error_t *err);

#endif
