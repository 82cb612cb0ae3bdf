// SPDX-License-Identifier: GPL-3.0-or-later
/* Placement of whole GPUs on equal nodes. A job takes as many whole nodes as it fills and the remainder on one more;
 * rules differ in which node takes the remainder and, for gangs, in which nodes are taken whole. */
#include "models/hardware/pool.h"
#include "models/params/purpose.h"
#include "models/scheduler/scheduler.h"
#include "sim/draw.h"
#include "sim/rng.h"

/* Whether some node has `part` GPUs free once `whole` empty nodes are gone. */
static bool part_fits(const mdl_cluster_t *cluster, uint32_t whole, uint32_t part)
{
    uint32_t partly_free = cluster->filled & ~(UINT32_C(1) << cluster->node_gpus);

    return part == 0 || partly_free >> part != 0 || mdl_cluster_empty_nodes(cluster) > whole;
}

/* An elastic job makes do with what there is. */
static void narrow(const mdl_cluster_t *cluster, mdl_job_t *job)
{
    uint32_t gpus = mdl_cluster_empty_nodes(cluster) * cluster->node_gpus;

    if (job->elastic && gpus > 0 && job->gpus > gpus)
        job->gpus = gpus;
}

static bool fits(const mdl_cluster_t *cluster, const mdl_job_t *job)
{
    uint32_t whole = job->gpus / cluster->node_gpus, part = job->gpus % cluster->node_gpus;

    return mdl_cluster_empty_nodes(cluster) >= whole && part_fits(cluster, whole, part);
}

static void take_part(mdl_cluster_t *cluster, mdl_job_t *job, uint32_t node)
{
    job->part_node = node;
    mdl_cluster_take(cluster, node, job->gpus % cluster->node_gpus);
}

/* Takes the whole nodes of a job that fits, the lowest, and leaves *part GPUs to be placed; false when it does not
 * fit. */
static bool take_whole(mdl_cluster_t *cluster, mdl_job_t *job, uint32_t *part)
{
    narrow(cluster, job);
    if (!fits(cluster, job))
        return false;
    if (job->gpus >= cluster->node_gpus)
        mdl_cluster_take_nodes(cluster, job->gpus / cluster->node_gpus, &job->gang);
    *part = job->gpus % cluster->node_gpus;
    return true;
}

static bool place_in_pool(mdl_cluster_t *cluster, mdl_job_t *job)
{
    if (job->gpus > cluster->free_gpus)
        return false;
    mdl_pool_take(cluster, job->gpus / cluster->node_gpus);
    return true;
}

/* Parts of one node, the fullest that has as many: most jobs want nothing else, and can do without divisions. */
static bool place_part(mdl_cluster_t *cluster, mdl_job_t *job)
{
    job->part_node = mdl_cluster_take_best_fit(cluster, job->gpus);
    return job->part_node != MDL_NONE;
}

/* Whole nodes and a part. Apart, so that what it keeps at hand does not burden jobs that want less. */
static __attribute__((noinline)) bool place_wide(mdl_cluster_t *cluster, mdl_job_t *job)
{
    uint32_t part;

    if (!take_whole(cluster, job, &part))
        return false;
    if (part > 0)
        take_part(cluster, job, mdl_cluster_best_fit(cluster, part));
    return true;
}

static bool place_best_fit(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job)
{
    (void)self;
    if (!cluster->pooled)
        return job->gpus < cluster->node_gpus ? place_part(cluster, job) : place_wide(cluster, job);
    narrow(cluster, job);
    return place_in_pool(cluster, job);
}

/* The `nth` of the nodes with at least `gpus` free, the fullest first. */
static uint32_t nth_that_fits(const mdl_cluster_t *cluster, uint32_t gpus, uint32_t nth)
{
    for (uint32_t b = gpus; b <= cluster->node_gpus; b++) {
        if (nth < cluster->in_bucket[b])
            return mdl_cluster_nth(cluster, b, nth);
        nth -= cluster->in_bucket[b];
    }
    return MDL_NONE;
}

static uint32_t nodes_that_fit(const mdl_cluster_t *cluster, uint32_t gpus)
{
    uint32_t nodes = 0;

    for (uint32_t b = gpus; b <= cluster->node_gpus; b++)
        nodes += cluster->in_bucket[b];
    return nodes;
}

/* Draws at the address of the job and the time of its start, so that no other job's nodes depend on it. */
static bool place_random(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job)
{
    uint32_t full = cluster->node_gpus;
    sim_rng_t rng;

    narrow(cluster, job);
    if (!fits(cluster, job))
        return false;
    if (cluster->pooled)
        return place_in_pool(cluster, job);
    sim_rng_at(&rng, self->policy.seed, job->sequence, (uint64_t)self->now_s, MDL_PURPOSE_SCHEDULER, 0);
    for (uint32_t i = job->gpus / full; i > 0; i--)
        mdl_cluster_take_node(
            cluster, nth_that_fits(cluster, full, (uint32_t)sim_draw_below(&rng, nodes_that_fit(cluster, full))),
            &job->gang);
    uint32_t part = job->gpus % full;
    if (part > 0)
        take_part(cluster, job,
                  nth_that_fits(cluster, part, (uint32_t)sim_draw_below(&rng, nodes_that_fit(cluster, part))));
    return true;
}

/* Whether a job of the same size holds a part of the node. */
static bool holds_same_size(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t node, uint32_t part)
{
    for (uint32_t i = mdl_cluster_node(cluster, node)->first_job; i != MDL_NONE;
         i = mdl_scheduler_job(self, i)->part_next)
        if (mdl_scheduler_job(self, i)->gpus % cluster->node_gpus == part)
            return true;
    return false;
}

static bool place_clustering(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job)
{
    uint32_t chosen = MDL_NONE, part;

    if (!take_whole(cluster, job, &part))
        return false;
    if (part == 0)
        return true;
    for (uint32_t b = part; b < cluster->node_gpus && chosen == MDL_NONE; b++)
        for (uint32_t i = mdl_cluster_first(cluster, b); i != MDL_NONE && chosen == MDL_NONE;
             i = mdl_cluster_next(cluster, b, i))
            if (holds_same_size(self, cluster, i, part))
                chosen = i;
    take_part(cluster, job, chosen != MDL_NONE ? chosen : mdl_cluster_best_fit(cluster, part));
    return true;
}

/* Expected GPUs that are free on a node and useless to the next job, times the jobs so far: all of `free_gpus` to a job
 * that needs more. */
static int64_t fragments(const mdl_scheduler_t *self, uint32_t node_gpus, uint32_t free_gpus)
{
    int64_t larger = 0;

    for (uint32_t size = free_gpus + 1; size <= node_gpus; size++)
        larger += self->part_sizes[size];
    return larger * free_gpus;
}

static bool place_fgd(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job)
{
    uint32_t best = MDL_NONE, full = cluster->node_gpus, part;
    int64_t least = INT64_MAX;

    if (!take_whole(cluster, job, &part))
        return false;
    if (part == 0)
        return true;
    for (uint32_t b = part; b <= full; b++) {
        int64_t growth = fragments(self, full, b - part) - fragments(self, full, b);
        if (cluster->in_bucket[b] == 0 || growth >= least)
            continue;
        least = growth;
        best = b;
    }
    take_part(cluster, job, mdl_cluster_first(cluster, best));
    return true;
}

/* The rack from which to take `wanted` empty nodes next: the one with the fewest that has as many, else the one with
 * the most; the lowest among equals. */
static uint32_t best_rack(const mdl_cluster_t *cluster, uint32_t wanted)
{
    uint32_t best = MDL_NONE, best_empty = 0;

    for (uint32_t i = mdl_cluster_first(cluster, cluster->node_gpus); i != MDL_NONE;) {
        uint32_t rack = i / cluster->rack_nodes;
        uint32_t empty = (uint32_t)__builtin_popcountll(mdl_cluster_empty_in_rack(cluster, i));
        bool enough = empty >= wanted, best_enough = best_empty >= wanted;
        if (enough != best_enough ? enough : enough ? empty < best_empty : empty > best_empty) {
            best = i;
            best_empty = empty;
        }
        uint32_t last = (rack + 1) * cluster->rack_nodes - 1;
        i = mdl_cluster_next(cluster, cluster->node_gpus, last < cluster->nodes ? last : cluster->nodes - 1);
    }
    return best;
}

static void take_racks(mdl_cluster_t *cluster, mdl_job_t *job)
{
    for (uint32_t wanted = job->gpus / cluster->node_gpus; wanted > 0;) {
        uint32_t node = best_rack(cluster, wanted), first = node / cluster->rack_nodes * cluster->rack_nodes;
        uint64_t empty = mdl_cluster_empty_in_rack(cluster, node);
        for (; empty != 0 && wanted > 0; empty &= empty - 1, wanted--)
            mdl_cluster_take_node(cluster, first + (uint32_t)__builtin_ctzll(empty), &job->gang);
    }
}

/* The freest node, the lowest among equals. */
static uint32_t freest(const mdl_cluster_t *cluster)
{
    return mdl_cluster_first(cluster, 31 - (uint32_t)__builtin_clz(cluster->filled));
}

static bool place_consolidate(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job)
{
    (void)self;
    narrow(cluster, job);
    if (!fits(cluster, job))
        return false;
    bool gang = job->gpus > cluster->node_gpus;
    uint32_t part = job->gpus % cluster->node_gpus;
    if (cluster->rack_nodes > 0 && !cluster->pooled)
        take_racks(cluster, job);
    else
        (void)take_whole(cluster, job, &part);
    if (part > 0)
        take_part(cluster, job, gang ? freest(cluster) : mdl_cluster_best_fit(cluster, part));
    return true;
}

const mdl_placement_t mdl_placements[MDL_PLACEMENTS] = {
    [MDL_PLACEMENT_BEST_FIT] = {"bestfit", place_best_fit, false},
    [MDL_PLACEMENT_RANDOM] = {"random", place_random, true},
    [MDL_PLACEMENT_PACKING] = {"packing", place_best_fit, false},
    [MDL_PLACEMENT_CLUSTERING] = {"clustering", place_clustering, false},
    [MDL_PLACEMENT_DOTPROD] = {"dotprod", place_best_fit, false},
    [MDL_PLACEMENT_FGD] = {"fgd", place_fgd, true},
    [MDL_PLACEMENT_CONSOLIDATE] = {"consolidate", place_consolidate, false},
};
