// SPDX-License-Identifier: GPL-3.0-or-later
/* A stream of jobs: fine-tuning, evaluation, batch.
 *
 * Jobs of 1, 2, 4 ... GPUs arrive as a Poisson process whose rate makes them want the contract's activity in the mean.
 * How a job ends is drawn with it; its run time is lognormal, cut at the longest, with a median that depends on the end
 * and grows with the size, as in profile.h. With a grain, the process is cut into fewer and larger units of the same
 * GPU hours: jobs longer than the grain are kept one by one; shorter ones of one width are chained to units of half a
 * grain to one grain, whose ends stand for the GPU time of the jobs in them; and whatever is narrower than the
 * contract's bundle is batched to a bundle of whole nodes. Widths above a bundle are kept. A superposition of Poisson
 * processes is one, so a stream is one process that picks a kind of unit each time.
 *
 * Jobs wider than the lease are left out (nobody leases less than his jobs need), their share going to the others.
 */
#ifndef MDL_STREAM_H
#define MDL_STREAM_H

#include "models/workload/settings.h"
#include "models/workload/tenancy.h"
#include "sim/rng.h"

/* Derives what all contracts' units have in common, so that none keeps a list of its own: what jobs of each size come to
 * as units. A contract's bundle and lease say which sizes are merged and which are kept. */
void mdl_stream_derive(mdl_stream_settings_t *settings);

/* Computes which sizes a contract has and the mean gap (0: no jobs) for its terms, granted nodes and bundle. */
void mdl_stream_plan(mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings);

/* Draws the seconds until the next job. First draw at each address. */
int64_t mdl_stream_gap(mdl_tenancy_t *tenancy, sim_rng_t *rng);

/* Draws a job. `throughput`: of its software on this stack, against software at home there. */
void mdl_stream_job(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double throughput,
                    sim_rng_t *rng, mdl_job_request_t *request);

#endif
