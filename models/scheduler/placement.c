// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/policy.h"

/* Whether some node has `part` GPUs free once `whole` empty nodes are gone. */
static bool part_fits(const mdl_cluster_t *cluster, uint32_t whole, uint32_t part)
{
    uint32_t partly_free = cluster->filled & ~(UINT32_C(1) << MDL_NODE_GPUS);

    return part == 0 || partly_free >> part != 0 || cluster->in_bucket[MDL_NODE_GPUS] > whole;
}

/* An elastic job makes do with what there is. */
static uint32_t narrow(mdl_job_t *job, uint32_t nodes)
{
    if (job->gpus > nodes * MDL_NODE_GPUS)
        job->gpus = nodes * MDL_NODE_GPUS;
    return job->gpus / MDL_NODE_GPUS;
}

/* Whole nodes from the empty ones, a remainder on the fullest node where it fits: O(whole nodes). */
static bool place_best_fit(mdl_cluster_t *cluster, mdl_job_t *job)
{
    uint32_t whole = job->gpus / MDL_NODE_GPUS, part = job->gpus % MDL_NODE_GPUS;

    if (job->elastic && cluster->in_bucket[MDL_NODE_GPUS] > 0)
        whole = narrow(job, cluster->in_bucket[MDL_NODE_GPUS]);
    if (cluster->in_bucket[MDL_NODE_GPUS] < whole || !part_fits(cluster, whole, part))
        return false;
    if (whole > 0)
        mdl_cluster_take_nodes(cluster, whole, &job->gang);
    if (part > 0) {
        job->part_node = mdl_cluster_best_fit(cluster, part);
        mdl_cluster_take(cluster, job->part_node, part);
    }
    return true;
}

const mdl_placement_t mdl_placements[MDL_PLACEMENTS] = {
    [MDL_PLACEMENT_BEST_FIT] = {"best-fit", place_best_fit},
};
