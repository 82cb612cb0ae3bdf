// SPDX-License-Identifier: GPL-3.0-or-later
/* A cluster: equal nodes of one data centre, and which of their GPUs are free.
 *
 * A node has `node_gpus` GPUs (8 unless said otherwise). It is up when it is powered and not broken; only nodes that are
 * up take jobs. Nodes that are up stand in one of node_gpus + 1 buckets by their number of free GPUs. A bucket is a set
 * of bits, one per node, under a summary of its words, so that the lowest node of a bucket, and with it best fit for a
 * job below node size or any whole node for a gang, is found in a few steps. Among equals the lowest number goes first.
 * Nodes 0 .. powered-1 are powered. Nodes stand in racks of `rack_nodes` neighbours (0: one rack).
 *
 * Where all jobs take whole nodes, a pool (pool.h) is the same thing without single nodes.
 *
 * A cluster is one block of memory without pointers into itself: copying its bytes copies it. The cluster does not know
 * jobs; it keeps for its user, on each node, the index of the first job there and the next node of a gang.
 *
 *     mdl_cluster_t *cluster = aligned_alloc(64, mdl_cluster_bytes(16, 8));
 *     mdl_cluster_init(cluster, 16, 8, 16);
 *     uint32_t node = mdl_cluster_best_fit(cluster, 3); // the fullest node with 3 GPUs free, or MDL_NONE
 *     mdl_cluster_take(cluster, node, 3);
 *     mdl_cluster_give(cluster, node, 3);
 */
#ifndef MDL_CLUSTER_H
#define MDL_CLUSTER_H

#include "models/params/rates.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_NODE_MOST_GPUS 16
#define MDL_NONE           UINT32_MAX /* no node, no job, no contract */

typedef struct mdl_node {
    uint32_t first_job;    /* the user's: a job that holds GPUs here, or MDL_NONE */
    uint32_t next_of_gang; /* the user's: next whole node of the same job */
    uint8_t free;          /* GPUs not taken, whether or not the node is up */
    bool broken;           /* failed and not yet repaired */
    bool powered;
} mdl_node_t;

/* What a pool keeps, of nodes of MDL_NODE_GPUS, comes first, in one cache line. */
typedef struct mdl_cluster {
    _Alignas(64) uint32_t nodes;                /* racked */
    uint32_t powered;                           /* nodes 0 .. powered-1 */
    uint32_t up;                                /* powered and not broken */
    uint32_t free_gpus;                         /* on nodes that are up */
    uint32_t node_gpus;                         /* of each node */
    uint32_t filled;                            /* bit b: bucket b has a node */
    bool pooled;                                /* nodes are counted only (pool.h) */
    uint32_t in_bucket[MDL_NODE_MOST_GPUS + 1]; /* nodes with that many GPUs free */
    uint32_t broken_off;                        /* of a pool: broken nodes without power */
    uint32_t rack_nodes;                        /* neighbours in one rack, a divisor of 64; 0: all in one */
    uint32_t set_words, set_stride;             /* words of a bucket's set without its summary, and with it */
    size_t sets_at;                             /* bytes to the first bucket's set */
} mdl_cluster_t;

_Static_assert(offsetof(mdl_cluster_t, in_bucket) + (MDL_NODE_GPUS + 1) * sizeof(uint32_t) <= 64,
               "a pool's event asks for one cache line");

/* Bytes of a cluster of `nodes` nodes of `node_gpus` GPUs, a multiple of 64; and of one that there is, pools included. */
size_t mdl_cluster_bytes(uint32_t nodes, uint32_t node_gpus);
size_t mdl_cluster_size(const mdl_cluster_t *self);

/* Makes `self`, mdl_cluster_bytes(nodes, node_gpus) bytes, a cluster of whole, empty nodes of `node_gpus` GPUs (1 to
 * MDL_NODE_MOST_GPUS) in one rack; the first `powered` (<= nodes) are up. */
void mdl_cluster_init(mdl_cluster_t *self, uint32_t nodes, uint32_t node_gpus, uint32_t powered);

static inline mdl_node_t *mdl_cluster_node(mdl_cluster_t *self, uint32_t node)
{
    return (mdl_node_t *)(self + 1) + node;
}

static inline const mdl_node_t *mdl_cluster_node_const(const mdl_cluster_t *self, uint32_t node)
{
    return (const mdl_node_t *)(self + 1) + node;
}

static inline bool mdl_node_up(const mdl_node_t *node)
{
    return node->powered && !node->broken;
}

/* Nodes without a job that are up. */
static inline uint32_t mdl_cluster_empty_nodes(const mdl_cluster_t *self)
{
    return self->in_bucket[self->node_gpus];
}

/* The node that is up with the fewest free GPUs, but at least `gpus` (1 .. node_gpus); among equals the lowest.
 * MDL_NONE when there is none. O(1) up to some 4,000 nodes. */
uint32_t mdl_cluster_best_fit(const mdl_cluster_t *self, uint32_t gpus);

/* The lowest node of a bucket; the one of it with the lowest number above `node`; the one with `nth` others below it.
 * MDL_NONE when there is none. */
uint32_t mdl_cluster_first(const mdl_cluster_t *self, uint32_t bucket);
uint32_t mdl_cluster_next(const mdl_cluster_t *self, uint32_t bucket, uint32_t node);
uint32_t mdl_cluster_nth(const mdl_cluster_t *self, uint32_t bucket, uint32_t nth);

/* Empty nodes of the rack that holds `node`, as bits from the rack's first node on. The cluster has racks. */
uint64_t mdl_cluster_empty_in_rack(const mdl_cluster_t *self, uint32_t node);

/* Takes `gpus` free GPUs of a node that is up, and gives taken GPUs back. O(1). */
void mdl_cluster_take(mdl_cluster_t *self, uint32_t node, uint32_t gpus);
void mdl_cluster_give(mdl_cluster_t *self, uint32_t node, uint32_t gpus);

/* mdl_cluster_take() from the node that mdl_cluster_best_fit() finds, which it returns; MDL_NONE, and nothing is taken,
 * when there is none. */
uint32_t mdl_cluster_take_best_fit(mdl_cluster_t *self, uint32_t gpus);

/* Takes one empty node into a gang: the list that begins at *gang (MDL_NONE: none yet) and goes on through
 * next_of_gang. */
void mdl_cluster_take_node(mdl_cluster_t *self, uint32_t node, uint32_t *gang);
/* Takes `nodes` empty nodes, the lowest, no more than there are; in a pool the list stays empty. Gives the gang's first
 * nodes back, no more than it has. O(nodes); in a pool O(1). */
void mdl_cluster_take_nodes(mdl_cluster_t *self, uint32_t nodes, uint32_t *gang);
void mdl_cluster_give_nodes(mdl_cluster_t *self, uint32_t nodes, uint32_t *gang);

/* Breaks or repairs a node, or switches its power. A node that goes down must be empty (the user evicts its jobs
 * first); breaking a broken node and the like change nothing. O(1). */
void mdl_cluster_set_broken(mdl_cluster_t *self, uint32_t node, bool broken);
void mdl_cluster_set_powered(mdl_cluster_t *self, uint32_t node, bool powered);

/* Recounts buckets, totals and bounds. SIM_EINVARIANT names what is broken. O(nodes). */
sim_status_t mdl_cluster_verify(const mdl_cluster_t *self, sim_error_t *err);

#endif
