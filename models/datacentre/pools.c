// SPDX-License-Identifier: GPL-3.0-or-later
/* The centre's blocks of memory. */
#include "models/datacentre/state.h"

#include <string.h>

/* Queued jobs that there is room for. A tenant's patience limits work, not jobs, so this is a limit of its own kind: on
 * bundles of node size, and on jobs one by one. */
#define QUEUED_BUNDLES_PER_NODE 2
#define QUEUED_JOBS_PER_NODE    8
#define QUEUE_PER_TENANT        4

uint32_t mdl_dc_job_capacity(const mdl_datacentre_t *state, uint32_t tenancies)
{
    uint32_t per_node =
        state->workload.grain_s > 0 ? 1 + QUEUED_BUNDLES_PER_NODE : MDL_NODE_GPUS + QUEUED_JOBS_PER_NODE;

    return per_node * state->spec.nodes + QUEUE_PER_TENANT * tenancies;
}

sim_status_t mdl_dc_allocate(sim_arena_t *arena, mdl_datacentre_t *state, uint32_t tenancies, mdl_policy_t policy,
                             bool fabric, sim_error_t *err)
{
    uint32_t jobs = mdl_dc_job_capacity(state, tenancies);

    state->cluster = sim_arena_alloc(arena, mdl_cluster_bytes(state->spec.nodes));
    state->scheduler = sim_arena_alloc(arena, mdl_scheduler_bytes(jobs, tenancies));
    state->tenancies = sim_arena_alloc(arena, tenancies * sizeof(mdl_tenancy_t));
    if (state->cluster == 0 || state->scheduler == 0 || state->tenancies == 0)
        return sim_fail(err, SIM_ELIMIT, "data centre", "no room for %u nodes: the world's memory bound is reached",
                        state->spec.nodes);
    state->tenancy_capacity = tenancies;
    mdl_cluster_init(sim_arena_at(arena, state->cluster), state->spec.nodes, state->spec.nodes_powered);
    mdl_scheduler_init(sim_arena_at(arena, state->scheduler), jobs, tenancies, policy, fabric);
    return SIM_OK;
}

static void release(sim_arena_t *arena, mdl_datacentre_t *state)
{
    const mdl_scheduler_t *scheduler = sim_arena_at(arena, state->scheduler);
    size_t scheduler_bytes = mdl_scheduler_bytes(scheduler->jobs, scheduler->tenants);

    sim_arena_release(arena, state->cluster, mdl_cluster_bytes(state->spec.nodes));
    sim_arena_release(arena, state->scheduler, scheduler_bytes);
    sim_arena_release(arena, state->tenancies, state->tenancy_capacity * sizeof(mdl_tenancy_t));
    state->cluster = state->scheduler = state->tenancies = 0;
}

static sim_status_t double_tenancies(sim_arena_t *arena, mdl_datacentre_t *state, sim_error_t *err)
{
    uint32_t from = state->tenancy_capacity, to = 2 * from;
    mdl_scheduler_t *old = sim_arena_at(arena, state->scheduler);
    uint32_t jobs = old->jobs + QUEUE_PER_TENANT * (to - from);
    size_t old_bytes = mdl_scheduler_bytes(old->jobs, old->tenants);
    sim_ref_t scheduler = sim_arena_alloc(arena, mdl_scheduler_bytes(jobs, to));
    sim_ref_t tenancies = sim_arena_alloc(arena, to * sizeof(mdl_tenancy_t));

    if (scheduler == 0 || tenancies == 0)
        return sim_fail(err, SIM_ELIMIT, "data centre", "no room for %u contracts: the world's memory bound is reached",
                        to);
    mdl_scheduler_grow_into(sim_arena_at(arena, scheduler), jobs, to, old);
    memcpy(sim_arena_at(arena, tenancies), sim_arena_at(arena, state->tenancies), from * sizeof(mdl_tenancy_t));
    sim_arena_release(arena, state->scheduler, old_bytes);
    sim_arena_release(arena, state->tenancies, from * sizeof(mdl_tenancy_t));
    state->scheduler = scheduler;
    state->tenancies = tenancies;
    state->tenancy_capacity = to;
    return SIM_OK;
}

sim_status_t mdl_datacentre_boundary(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->cluster == 0 || 2 * state->open_tenancies <= state->tenancy_capacity)
        return SIM_OK;
    return double_tenancies(sim_world_arena(world), state, err);
}

sim_status_t mdl_datacentre_reserve(sim_world_t *world, uint32_t lp, uint32_t contracts, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    while (state->cluster != 0 && state->open_tenancies + contracts > state->tenancy_capacity) {
        sim_status_t status = double_tenancies(sim_world_arena(world), state, err);
        if (status != SIM_OK)
            return status;
    }
    return SIM_OK;
}

void mdl_datacentre_retire(sim_world_t *world, uint32_t lp, int64_t time_s)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->cluster == 0)
        return;
    (void)mdl_datacentre_read(world, lp, time_s);
    sim_world_stop_lp(world, lp);
    release(sim_world_arena(world), state);
}
