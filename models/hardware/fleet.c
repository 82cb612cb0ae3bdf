// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/fleet.h"

#include <string.h>

size_t mdl_fleet_bytes(uint32_t nodes)
{
    return (sizeof(mdl_fleet_t) + nodes * sizeof(mdl_fleet_node_t) + 63) / 64 * 64;
}

static mdl_fleet_node_t *node_at(mdl_fleet_t *self, uint32_t index)
{
    return (mdl_fleet_node_t *)(self + 1) + index;
}

static void link_newest(mdl_fleet_t *self, uint32_t index)
{
    mdl_fleet_node_t *node = node_at(self, index);

    node->changed = ++self->clock;
    node->newer = MDL_NONE;
    node->older = self->newest;
    if (self->newest != MDL_NONE)
        node_at(self, self->newest)->newer = index;
    else
        self->oldest = index;
    self->newest = index;
}

/* A node has changed: it moves to the front of the list. */
static void touch(mdl_fleet_t *self, uint32_t index)
{
    mdl_fleet_node_t *node = node_at(self, index);

    if (node->newer == MDL_NONE) {
        node->changed = ++self->clock;
        return;
    }
    node_at(self, node->newer)->older = node->older;
    if (node->older != MDL_NONE)
        node_at(self, node->older)->newer = node->newer;
    else
        self->oldest = node->newer;
    link_newest(self, index);
}

static void init_node(mdl_fleet_node_t *node, const mdl_fleet_hardware_t *hardware)
{
    SIM_ASSERT(hardware->gpus <= MDL_NODE_GPUS && hardware->cpu_milli >= 0 && hardware->memory_mib >= 0);
    SIM_ASSERT(hardware->model < MDL_FLEET_MODELS || hardware->model == MDL_NO_MODEL);
    *node = (mdl_fleet_node_t){.cpu_milli = hardware->cpu_milli,
                               .memory_mib = hardware->memory_mib,
                               .cpu_milli_total = hardware->cpu_milli,
                               .memory_mib_total = hardware->memory_mib,
                               .models = hardware->model == MDL_NO_MODEL ? 0 : UINT32_C(1) << hardware->model,
                               .gpu_milli_left = hardware->gpus * MDL_GPU_MILLI,
                               .gpus = (uint8_t)hardware->gpus,
                               .up = true};
    for (uint32_t g = 0; g < hardware->gpus; g++)
        node->gpu_milli[g] = MDL_GPU_MILLI;
}

void mdl_fleet_init(mdl_fleet_t *self, const mdl_fleet_hardware_t *hardware, uint32_t nodes)
{
    memset(self, 0, mdl_fleet_bytes(nodes));
    self->nodes = self->up = nodes;
    self->newest = self->oldest = MDL_NONE;
    for (uint32_t i = nodes; i-- > 0;) {
        init_node(node_at(self, i), &hardware[i]);
        self->gpu_milli_total += node_at(self, i)->gpu_milli_left;
        link_newest(self, i);
    }
    self->gpu_milli_left = self->gpu_milli_total;
}

uint32_t mdl_fleet_gpus_with(const mdl_fleet_node_t *node, uint32_t gpu_milli)
{
    uint32_t gpus = 0;

    for (uint32_t g = 0; g < MDL_NODE_GPUS; g++)
        gpus |= (uint32_t)(node->gpu_milli[g] >= gpu_milli) << g;
    return gpus & ((UINT32_C(1) << node->gpus) - 1);
}

bool mdl_fleet_fits(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request)
{
    if (!node->up || node->cpu_milli < request->cpu_milli || node->memory_mib < request->memory_mib)
        return false;
    if (request->gpus == 0)
        return true;
    return node->gpu_milli_left >= request->gpus * request->gpu_milli && mdl_fleet_allows(node, request) &&
           mdl_fleet_count(mdl_fleet_gpus_with(node, request->gpu_milli)) >= request->gpus;
}

void mdl_fleet_take(mdl_fleet_t *self, uint32_t index, const mdl_fleet_request_t *request, uint32_t gpus)
{
    mdl_fleet_node_t *node = node_at(self, index);
    uint32_t milli = request->gpus * request->gpu_milli;

    SIM_ASSERT(index < self->nodes && mdl_fleet_fits(node, request));
    SIM_ASSERT(gpus >> node->gpus == 0 && mdl_fleet_count(gpus) == request->gpus);
    SIM_ASSERT(request->gpus == 0 || (gpus & ~mdl_fleet_gpus_with(node, request->gpu_milli)) == 0);
    node->cpu_milli -= request->cpu_milli;
    node->memory_mib -= request->memory_mib;
    node->gpu_milli_left -= milli;
    for (uint32_t rest = gpus; rest != 0; rest &= rest - 1) {
        uint16_t *left = &node->gpu_milli[__builtin_ctz(rest)];
        *left = (uint16_t)(*left - request->gpu_milli);
    }
    node->holders[mdl_fleet_class(request)]++;
    self->gpu_milli_left -= milli;
    touch(self, index);
}

void mdl_fleet_give(mdl_fleet_t *self, uint32_t index, const mdl_fleet_request_t *request, uint32_t gpus)
{
    mdl_fleet_node_t *node = node_at(self, index);
    uint32_t milli = request->gpus * request->gpu_milli;

    SIM_ASSERT(index < self->nodes && node->holders[mdl_fleet_class(request)] > 0);
    SIM_ASSERT(gpus >> node->gpus == 0 && mdl_fleet_count(gpus) == request->gpus);
    node->cpu_milli += request->cpu_milli;
    node->memory_mib += request->memory_mib;
    SIM_ASSERT(node->cpu_milli <= node->cpu_milli_total && node->memory_mib <= node->memory_mib_total);
    node->gpu_milli_left += milli;
    for (uint32_t rest = gpus; rest != 0; rest &= rest - 1) {
        uint16_t *left = &node->gpu_milli[__builtin_ctz(rest)];
        SIM_ASSERT(*left + request->gpu_milli <= MDL_GPU_MILLI);
        *left = (uint16_t)(*left + request->gpu_milli);
    }
    node->holders[mdl_fleet_class(request)]--;
    self->gpu_milli_left += milli;
    touch(self, index);
}

static uint64_t held(const mdl_fleet_node_t *node)
{
    uint64_t count = 0;

    for (uint32_t c = 0; c < MDL_HOLDERS; c++)
        count += node->holders[c];
    return count;
}

void mdl_fleet_set_up(mdl_fleet_t *self, uint32_t index, bool up)
{
    mdl_fleet_node_t *node = node_at(self, index);

    SIM_ASSERT(index < self->nodes && (up || held(node) == 0));
    if (node->up == up)
        return;
    node->up = up;
    self->up += up ? 1 : -UINT32_C(1);
    self->gpu_milli_left += up ? (int64_t)node->gpu_milli_left : -(int64_t)node->gpu_milli_left;
    touch(self, index);
}

static bool in_bounds(const mdl_fleet_node_t *node)
{
    uint32_t left = 0;

    for (uint32_t g = 0; g < MDL_NODE_GPUS; g++) {
        if (node->gpu_milli[g] > (g < node->gpus ? MDL_GPU_MILLI : 0))
            return false;
        left += node->gpu_milli[g];
    }
    return left == node->gpu_milli_left && node->cpu_milli >= 0 && node->cpu_milli <= node->cpu_milli_total &&
           node->memory_mib >= 0 && node->memory_mib <= node->memory_mib_total;
}

static bool whole(const mdl_fleet_node_t *node)
{
    return node->cpu_milli == node->cpu_milli_total && node->memory_mib == node->memory_mib_total &&
           node->gpu_milli_left == (uint32_t)node->gpus * MDL_GPU_MILLI;
}

/* The list holds every node once, the later changed before the earlier. */
static sim_status_t verify_list(const mdl_fleet_t *self, sim_error_t *err)
{
    uint32_t seen = 0, newer = MDL_NONE;
    uint64_t clock = self->clock + 1;

    for (uint32_t i = self->newest; i != MDL_NONE; i = mdl_fleet_node(self, i)->older) {
        if (i >= self->nodes || ++seen > self->nodes || mdl_fleet_node(self, i)->newer != newer ||
            mdl_fleet_node(self, i)->changed >= clock)
            return sim_fail(err, SIM_EINVARIANT, "fleet", "node %u is out of place in the list of changes", i);
        clock = mdl_fleet_node(self, i)->changed;
        newer = i;
    }
    if (seen != self->nodes || self->oldest != newer)
        return sim_fail(err, SIM_EINVARIANT, "fleet", "the list of changes has %u of %u nodes", seen, self->nodes);
    return SIM_OK;
}

sim_status_t mdl_fleet_verify(const mdl_fleet_t *self, sim_error_t *err)
{
    int64_t left = 0, total = 0;
    uint32_t up = 0;

    for (uint32_t i = 0; i < self->nodes; i++) {
        const mdl_fleet_node_t *node = mdl_fleet_node(self, i);
        if (!in_bounds(node))
            return sim_fail(err, SIM_EINVARIANT, "fleet", "node %u: more taken or left than it has", i);
        if (held(node) == 0 && !whole(node))
            return sim_fail(err, SIM_EINVARIANT, "fleet", "node %u holds nothing and is not whole", i);
        if (held(node) != 0 && !node->up)
            return sim_fail(err, SIM_EINVARIANT, "fleet", "node %u is down and holds jobs", i);
        total += (int64_t)node->gpus * MDL_GPU_MILLI;
        left += node->up ? node->gpu_milli_left : 0;
        up += node->up;
    }
    if (up != self->up || left != self->gpu_milli_left || total != self->gpu_milli_total)
        return sim_fail(err, SIM_EINVARIANT, "fleet",
                        "%u nodes up, %lld of %lld GPU milli left; counted %u, %lld, %lld", up, (long long)left,
                        (long long)total, self->up, (long long)self->gpu_milli_left, (long long)self->gpu_milli_total);
    return verify_list(self, err);
}
