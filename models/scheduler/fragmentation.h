// SPDX-License-Identifier: GPL-3.0-or-later
/* Fragmentation: how much of a node's free GPUs the usual requests could not use.
 *
 * The usual ("typical") requests are the most frequent ones of a workload, each with its share. For one of them that
 * does not fit on a node all that is left of the node's GPUs is a fragment; for one that fits, what is left of those
 * GPUs that are too full for it; for one without GPUs, everything. A node's fragmentation is the mean over the typical
 * requests, in thousandths of a GPU. Memory plays no part.
 *
 * source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent",
 * USENIX ATC 2023, section 4. Sums are taken in the order of its simulator, so that equal states give equal bits.
 *
 *     mdl_demand_t demands[2] = {{.request = a, .count = 70}, {.request = b, .count = 30}};
 *     uint32_t n = mdl_demands_typical(demands, 2);
 *     mdl_typical_t *typical = aligned_alloc(64, mdl_typical_bytes(n));
 *     mdl_typical_init(typical, demands, n);
 *     double fragment_milli = mdl_fragmentation(typical, &(mdl_leftover_t){...});
 */
#ifndef MDL_FRAGMENTATION_H
#define MDL_FRAGMENTATION_H

#include "models/hardware/fleet.h"

/* A kind of request and how often it occurs. */
typedef struct mdl_demand {
    mdl_fleet_request_t request;
    const char
        *spec;      /* its models as the workload spells them: kinds that differ in spelling are told apart. NULL: "" */
    uint64_t count; /* >= 1 */
    double share;   /* of the typical ones: set by mdl_demands_typical() */
} mdl_demand_t;

/* Finds the typical ones among n demands, which may hold equal kinds: by CPU, thousandths, number and models of GPUs
 * they are merged, and sorted by count, CPU, thousandths, number and models, each descending. The shortest beginning
 * that makes up 95 % of the count is typical: returns its length; shares add up to 1. What follows is of no use.
 * O(n log n). */
uint32_t mdl_demands_typical(mdl_demand_t *demands, uint32_t n);

/* One typical request, ready for mdl_fragmentation(). */
typedef struct mdl_typical_kind {
    int64_t cpu_milli;
    double share;
    uint32_t models; /* as in a request */
    uint16_t gpus;   /* 0: asks for no GPU */
    uint16_t level;  /* its thousandths per GPU, as an index into the levels */
} mdl_typical_kind_t;

/* Typical requests in their order, and after them the levels: which thousandths per GPU occur among them. No pointers. */
typedef struct mdl_typical {
    _Alignas(64) uint32_t n;
    uint32_t levels; /* at most MDL_GPU_MILLI */
} mdl_typical_t;

/* Bytes of n typical requests, a multiple of 64; and makes `self` that many, from demands with shares. */
size_t mdl_typical_bytes(uint32_t n);
void mdl_typical_init(mdl_typical_t *self, const mdl_demand_t *demands, uint32_t n);

/* What is left of a node, or would be. */
typedef struct mdl_leftover {
    int64_t cpu_milli;
    uint32_t models;                   /* bit of its GPUs' model */
    uint16_t gpu_milli[MDL_NODE_GPUS]; /* 0 where there is no GPU */
} mdl_leftover_t;

static inline mdl_leftover_t mdl_leftover_of(const mdl_fleet_node_t *node)
{
    mdl_leftover_t left = {.cpu_milli = node->cpu_milli, .models = node->models};

    for (int g = 0; g < MDL_NODE_GPUS; g++)
        left.gpu_milli[g] = node->gpu_milli[g];
    return left;
}

/* Fragmentation in thousandths of a GPU; 0 when nothing of the GPUs is left. O(typical requests). */
double mdl_fragmentation(const mdl_typical_t *self, const mdl_leftover_t *left);

#endif
