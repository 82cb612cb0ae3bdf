// SPDX-License-Identifier: GPL-3.0-or-later
/* First-fit placement on equal nodes of any size, for a cluster that is emptied and filled again at each event.
 *
 * A job up to node size goes to the first node with room. A larger one takes the first empty nodes and puts its
 * remainder on the first other node with room. Between two emptyings nothing is given back, so the first node with
 * room for a size only ever moves on: filling costs O(nodes x sizes used) in all, not per job.
 *
 *     mdl_yarn_init(&yarn, 8, 8);                // 8 nodes of 8 GPUs
 *     mdl_yarn_empty(&yarn);
 *     uint32_t node = mdl_yarn_place(&yarn, 12); // nodes 0 and 1: returns 0
 *     mdl_yarn_free(&yarn);
 */
#ifndef MDL_REPLAY_YARN_H
#define MDL_REPLAY_YARN_H

#include <stdint.h>

typedef struct mdl_yarn {
    uint32_t nodes, gpus_per_node;
    uint32_t free_gpus;
    uint32_t *free_on; /* of each node */
    uint32_t *first;   /* by GPUs, 0 .. gpus_per_node: no node before this one has so many free */
} mdl_yarn_t;

/* Makes an empty cluster, both sizes >= 1 and their product within 32 bits; -1 without memory, free is legal then. */
int mdl_yarn_init(mdl_yarn_t *self, uint32_t nodes, uint32_t gpus_per_node);
void mdl_yarn_free(mdl_yarn_t *self);

/* Gives everything back. O(nodes + gpus_per_node). */
void mdl_yarn_empty(mdl_yarn_t *self);

/* Takes `gpus` >= 1 GPUs and returns the lowest of their nodes, or takes nothing and returns MDL_NONE. */
uint32_t mdl_yarn_place(mdl_yarn_t *self, uint32_t gpus);

#endif
