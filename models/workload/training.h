// SPDX-License-Identifier: GPL-3.0-or-later
/* Pre-training: gangs that run for days, then pause while the tenant prepares the next run.
 *
 * A contract has room for so many gangs; each alternates between a run of lognormal length and an exponential pause,
 * such that gangs want the contract's activity in the mean. With activity at or above what the gangs can give, there is
 * no pause. Runs are restarted from their last checkpoint after node failures.
 */
#ifndef MDL_TRAINING_H
#define MDL_TRAINING_H

#include "models/workload/settings.h"
#include "models/workload/tenancy.h"
#include "sim/rng.h"

/* GPUs of one gang. */
uint32_t mdl_training_gang_gpus(const mdl_tenancy_t *tenancy);
/* Gangs kept going at once: at least 1, even where a gang is wider than the lease (it will be refused then). */
uint32_t mdl_training_gangs(const mdl_tenancy_t *tenancy);

/* Computes the mean pause. Negative: no activity, no jobs. */
void mdl_training_plan(mdl_tenancy_t *tenancy, const mdl_workload_settings_t *settings);

/* Draws the pause before a run. First draw at each address. */
int64_t mdl_training_pause(const mdl_tenancy_t *tenancy, sim_rng_t *rng);

/* Draws a run. */
void mdl_training_job(const mdl_tenancy_t *tenancy, const mdl_workload_settings_t *settings, double throughput,
                      sim_rng_t *rng, mdl_job_request_t *request);

#endif
