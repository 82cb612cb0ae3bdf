// SPDX-License-Identifier: GPL-3.0-or-later
/* A pool: a cluster whose nodes are counted, not told apart.
 *
 * Where all jobs take whole nodes, it does not matter which: a job starts when enough nodes are free, and a failure hits
 * a job as often as it has nodes. So a pool keeps four counts (racked, powered, up, free) and no state of single nodes;
 * it takes and gives back any number of nodes in O(1) and its memory does not grow with them. Without failures a
 * scheduler on a pool does, job by job, what it does on single nodes; with failures the same in distribution.
 *
 * A pool is an mdl_cluster_t with `pooled` set; mdl_cluster_take_nodes() and mdl_cluster_give_nodes() work on both.
 * Functions that name a node (mdl_cluster_node(), mdl_cluster_take(), …) are not for pools.
 *
 *     mdl_cluster_t *pool = aligned_alloc(64, mdl_pool_bytes());
 *     mdl_pool_init(pool, 4096, 8, 1024);
 *     uint32_t gang = MDL_NONE;
 *     mdl_cluster_take_nodes(pool, 300, &gang); // 724 left
 *     mdl_pool_break(pool);                     // 723 left
 */
#ifndef MDL_POOL_H
#define MDL_POOL_H

#include "models/hardware/cluster.h"

/* Bytes of a pool of any number of nodes, a multiple of 64. */
size_t mdl_pool_bytes(void);

/* Makes `self`, mdl_pool_bytes() bytes, a pool of `nodes` empty nodes of `node_gpus` GPUs, of which `powered` (<= nodes)
 * are up. With one GPU to a node a pool counts GPUs. */
void mdl_pool_init(mdl_cluster_t *self, uint32_t nodes, uint32_t node_gpus, uint32_t powered);

/* Nodes held by jobs. */
static inline uint32_t mdl_pool_taken(const mdl_cluster_t *self)
{
    return self->up - self->in_bucket[self->node_gpus];
}

/* Free nodes are the bucket of whole nodes; there are no others. */
static inline void mdl_pool_set_free_(mdl_cluster_t *self, uint32_t nodes)
{
    self->in_bucket[self->node_gpus] = nodes;
    self->free_gpus = nodes * self->node_gpus;
    self->filled = (uint32_t)(nodes > 0) << self->node_gpus;
}

/* Sets how many GPUs are free, in whole nodes of those that are up; jobs hold the others. O(1). */
static inline void mdl_pool_set_free_gpus(mdl_cluster_t *self, uint32_t gpus)
{
    uint32_t nodes = gpus / self->node_gpus;

    SIM_ASSERT(nodes * self->node_gpus == gpus && nodes <= self->up);
    mdl_pool_set_free_(self, nodes);
}

/* Takes free nodes, no more than there are, and gives taken ones back. O(1). */
static inline void mdl_pool_take(mdl_cluster_t *self, uint32_t nodes)
{
    SIM_ASSERT(nodes <= self->in_bucket[self->node_gpus]);
    mdl_pool_set_free_(self, self->in_bucket[self->node_gpus] - nodes);
}
static inline void mdl_pool_give(mdl_cluster_t *self, uint32_t nodes)
{
    SIM_ASSERT(nodes <= mdl_pool_taken(self));
    mdl_pool_set_free_(self, self->in_bucket[self->node_gpus] + nodes);
}

/* A free node breaks (the user takes it from its job first). */
static inline void mdl_pool_break(mdl_cluster_t *self)
{
    SIM_ASSERT(self->pooled && self->in_bucket[self->node_gpus] > 0);
    self->up--;
    mdl_pool_set_free_(self, self->in_bucket[self->node_gpus] - 1);
}

/* A broken node is repaired: one with power, if there is any. */
static inline void mdl_pool_repair(mdl_cluster_t *self)
{
    SIM_ASSERT(self->pooled && (self->up < self->powered || self->broken_off > 0));
    if (self->up < self->powered) {
        self->up++;
        mdl_pool_set_free_(self, self->in_bucket[self->node_gpus] + 1);
    } else {
        self->broken_off--;
    }
}

/* Powers `powered` nodes from now on, no fewer than jobs hold. Free nodes are switched off before broken ones, and
 * working ones on. O(1). */
void mdl_pool_power(mdl_cluster_t *self, uint32_t powered);

/* Checks the counts against each other. SIM_EINVARIANT names what is broken. */
sim_status_t mdl_pool_verify(const mdl_cluster_t *self, sim_error_t *err);

#endif
