// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/pool.h"

size_t mdl_pool_bytes(void)
{
    return mdl_cluster_bytes(0, MDL_NODE_MOST_GPUS);
}

void mdl_pool_init(mdl_cluster_t *self, uint32_t nodes, uint32_t node_gpus, uint32_t powered)
{
    mdl_cluster_init(self, 0, node_gpus, 0);
    SIM_ASSERT(powered <= nodes);
    self->pooled = true;
    self->nodes = nodes;
    self->powered = self->up = powered;
    mdl_pool_set_free_(self, powered);
}

static void switch_on(mdl_cluster_t *self, uint32_t nodes)
{
    uint32_t working = self->nodes - self->powered - self->broken_off;
    uint32_t good = nodes < working ? nodes : working;

    self->powered += nodes;
    self->up += good;
    self->broken_off -= nodes - good;
    mdl_pool_set_free_(self, self->in_bucket[self->node_gpus] + good);
}

static void switch_off(mdl_cluster_t *self, uint32_t nodes)
{
    uint32_t idle = self->in_bucket[self->node_gpus];
    uint32_t good = nodes < idle ? nodes : idle;

    SIM_ASSERT(nodes - good <= self->powered - self->up);
    self->powered -= nodes;
    self->up -= good;
    self->broken_off += nodes - good;
    mdl_pool_set_free_(self, idle - good);
}

void mdl_pool_power(mdl_cluster_t *self, uint32_t powered)
{
    SIM_ASSERT(self->pooled && powered <= self->nodes);
    if (powered > self->powered)
        switch_on(self, powered - self->powered);
    else
        switch_off(self, self->powered - powered);
}

sim_status_t mdl_pool_verify(const mdl_cluster_t *self, sim_error_t *err)
{
    uint32_t idle = self->in_bucket[self->node_gpus];

    if (self->powered > self->nodes || self->up > self->powered || idle > self->up ||
        self->broken_off > self->nodes - self->powered)
        return sim_fail(err, SIM_EINVARIANT, "cluster",
                        "%u nodes racked, %u powered, %u up, %u free, %u broken and off", self->nodes, self->powered,
                        self->up, idle, self->broken_off);
    if (self->free_gpus != idle * self->node_gpus || self->filled != (idle > 0 ? UINT32_C(1) << self->node_gpus : 0))
        return sim_fail(err, SIM_EINVARIANT, "cluster", "%u nodes and %u GPUs free", idle, self->free_gpus);
    return SIM_OK;
}
