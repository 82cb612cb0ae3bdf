// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/cluster.h"

#include "models/hardware/pool.h"

#include <string.h>

size_t mdl_cluster_bytes(uint32_t nodes)
{
    return (sizeof(mdl_cluster_t) + nodes * sizeof(mdl_node_t) + 63) / 64 * 64;
}

size_t mdl_cluster_size(const mdl_cluster_t *self)
{
    return mdl_cluster_bytes(self->pooled ? 0 : self->nodes);
}

static void link_node(mdl_cluster_t *self, uint32_t index)
{
    mdl_node_t *node = mdl_cluster_node(self, index);
    uint32_t *head = &self->bucket[node->free];

    node->prev = MDL_NONE;
    node->next = *head;
    if (*head != MDL_NONE)
        mdl_cluster_node(self, *head)->prev = index;
    *head = index;
    self->in_bucket[node->free]++;
    self->filled |= UINT32_C(1) << node->free;
}

static void unlink_node(mdl_cluster_t *self, uint32_t index)
{
    const mdl_node_t *node = mdl_cluster_node(self, index);

    if (node->prev != MDL_NONE)
        mdl_cluster_node(self, node->prev)->next = node->next;
    else
        self->bucket[node->free] = node->next;
    if (node->next != MDL_NONE)
        mdl_cluster_node(self, node->next)->prev = node->prev;
    if (--self->in_bucket[node->free] == 0)
        self->filled &= ~(UINT32_C(1) << node->free);
}

static void bring_up(mdl_cluster_t *self, uint32_t index)
{
    self->up++;
    self->free_gpus += mdl_cluster_node(self, index)->free;
    link_node(self, index);
}

static void bring_down(mdl_cluster_t *self, uint32_t index)
{
    self->up--;
    self->free_gpus -= mdl_cluster_node(self, index)->free;
    unlink_node(self, index);
}

void mdl_cluster_init(mdl_cluster_t *self, uint32_t nodes, uint32_t powered)
{
    SIM_ASSERT(powered <= nodes);
    memset(self, 0, mdl_cluster_bytes(nodes));
    self->nodes = nodes;
    self->powered = powered;
    for (int b = 0; b <= MDL_NODE_GPUS; b++)
        self->bucket[b] = MDL_NONE;
    for (uint32_t i = nodes; i-- > 0;) {
        mdl_node_t *node = mdl_cluster_node(self, i);
        *node = (mdl_node_t){.next = MDL_NONE,
                             .prev = MDL_NONE,
                             .first_job = MDL_NONE,
                             .next_of_gang = MDL_NONE,
                             .free = MDL_NODE_GPUS,
                             .powered = i < powered};
        if (node->powered)
            bring_up(self, i);
    }
}

uint32_t mdl_cluster_best_fit(const mdl_cluster_t *self, uint32_t gpus)
{
    uint32_t fitting = self->filled >> gpus;

    return fitting ? self->bucket[gpus + (uint32_t)__builtin_ctz(fitting)] : MDL_NONE;
}

void mdl_cluster_take(mdl_cluster_t *self, uint32_t index, uint32_t gpus)
{
    mdl_node_t *node = mdl_cluster_node(self, index);

    SIM_ASSERT(mdl_node_up(node) && node->free >= gpus);
    unlink_node(self, index);
    node->free = (uint8_t)(node->free - gpus);
    self->free_gpus -= gpus;
    link_node(self, index);
}

void mdl_cluster_give(mdl_cluster_t *self, uint32_t index, uint32_t gpus)
{
    mdl_node_t *node = mdl_cluster_node(self, index);

    SIM_ASSERT(mdl_node_up(node) && node->free + gpus <= MDL_NODE_GPUS);
    unlink_node(self, index);
    node->free = (uint8_t)(node->free + gpus);
    self->free_gpus += gpus;
    link_node(self, index);
}

void mdl_cluster_take_nodes(mdl_cluster_t *self, uint32_t nodes, uint32_t *gang)
{
    SIM_ASSERT(nodes <= self->in_bucket[MDL_NODE_GPUS]);
    if (self->pooled) {
        mdl_pool_take(self, nodes);
        return;
    }
    for (uint32_t i = 0; i < nodes; i++) {
        uint32_t index = self->bucket[MDL_NODE_GPUS];
        mdl_cluster_take(self, index, MDL_NODE_GPUS);
        mdl_cluster_node(self, index)->next_of_gang = *gang;
        *gang = index;
    }
}

void mdl_cluster_give_nodes(mdl_cluster_t *self, uint32_t nodes, uint32_t *gang)
{
    if (self->pooled) {
        mdl_pool_give(self, nodes);
        return;
    }
    for (uint32_t i = 0; i < nodes; i++) {
        uint32_t index = *gang;
        mdl_node_t *node = mdl_cluster_node(self, index);
        *gang = node->next_of_gang;
        node->first_job = node->next_of_gang = MDL_NONE;
        mdl_cluster_give(self, index, MDL_NODE_GPUS);
    }
}

/* Sets one of a node's two flags and follows it up or down. */
static void set_flag(mdl_cluster_t *self, uint32_t index, bool *flag, bool value)
{
    const mdl_node_t *node = mdl_cluster_node(self, index);
    bool was_up = mdl_node_up(node);

    *flag = value;
    if (was_up && !mdl_node_up(node)) {
        SIM_ASSERT(node->free == MDL_NODE_GPUS);
        bring_down(self, index);
    } else if (!was_up && mdl_node_up(node)) {
        bring_up(self, index);
    }
}

void mdl_cluster_set_broken(mdl_cluster_t *self, uint32_t index, bool broken)
{
    set_flag(self, index, &mdl_cluster_node(self, index)->broken, broken);
}

void mdl_cluster_set_powered(mdl_cluster_t *self, uint32_t index, bool powered)
{
    mdl_node_t *node = mdl_cluster_node(self, index);

    if (node->powered == powered)
        return;
    SIM_ASSERT(powered ? index == self->powered : index + 1 == self->powered);
    self->powered += powered ? 1 : -UINT32_C(1);
    set_flag(self, index, &node->powered, powered);
}

static sim_status_t verify_bucket(const mdl_cluster_t *self, uint32_t bucket, uint32_t *seen, sim_error_t *err)
{
    uint32_t length = 0, prev = MDL_NONE;

    for (uint32_t i = self->bucket[bucket]; i != MDL_NONE; i = mdl_cluster_node_const(self, i)->next) {
        if (i >= self->nodes || ++length > self->nodes)
            return sim_fail(err, SIM_EINVARIANT, "cluster", "bucket %u is not a list of nodes", bucket);
        const mdl_node_t *node = mdl_cluster_node_const(self, i);
        if (node->free != bucket || node->prev != prev || !mdl_node_up(node))
            return sim_fail(err, SIM_EINVARIANT, "cluster", "node %u does not belong where it stands in bucket %u", i,
                            bucket);
        prev = i;
    }
    if (length != self->in_bucket[bucket] || (length > 0) != (self->filled >> bucket & 1))
        return sim_fail(err, SIM_EINVARIANT, "cluster", "bucket %u holds %u nodes; counted %u", bucket, length,
                        self->in_bucket[bucket]);
    *seen += length;
    return SIM_OK;
}

sim_status_t mdl_cluster_verify(const mdl_cluster_t *self, sim_error_t *err)
{
    uint32_t up = 0, free_gpus = 0, seen = 0;

    if (self->pooled)
        return mdl_pool_verify(self, err);
    for (uint32_t i = 0; i < self->nodes; i++) {
        const mdl_node_t *node = mdl_cluster_node_const(self, i);
        if (node->free > MDL_NODE_GPUS || node->powered != (i < self->powered))
            return sim_fail(err, SIM_EINVARIANT, "cluster", "node %u: %u GPUs free, powered %d", i, node->free,
                            node->powered);
        if (mdl_node_up(node)) {
            up++;
            free_gpus += node->free;
        } else if (node->free != MDL_NODE_GPUS) {
            return sim_fail(err, SIM_EINVARIANT, "cluster", "node %u is down and holds jobs", i);
        }
    }
    for (uint32_t b = 0; b <= MDL_NODE_GPUS; b++) {
        sim_status_t status = verify_bucket(self, b, &seen, err);
        if (status < 0)
            return status;
    }
    if (up != self->up || seen != up || free_gpus != self->free_gpus)
        return sim_fail(err, SIM_EINVARIANT, "cluster", "%u nodes up and %u GPUs free; counted %u, %u in buckets, %u",
                        up, free_gpus, self->up, seen, self->free_gpus);
    return SIM_OK;
}
