// SPDX-License-Identifier: GPL-3.0-or-later
/* The centre's blocks of memory. */
#include "models/datacentre/state.h"
#include "models/hardware/pool.h"

#include <string.h>

/* Queued jobs that there is room for. A tenant's patience limits work, not jobs, so this is a limit of its own kind: on
 * bundles of node size, and on jobs one by one. A pool starts with room for some jobs and gets more at boundaries: twice
 * as much once half of it is in use. */
#define QUEUED_BUNDLES_PER_NODE 2
#define QUEUED_JOBS_PER_NODE    8
#define QUEUE_PER_TENANT        4
#define POOL_JOBS               64

static uint32_t job_capacity(const mdl_datacentre_t *state, bool batched, uint32_t tenancies)
{
    uint32_t per_node = batched ? 1 + QUEUED_BUNDLES_PER_NODE : MDL_NODE_GPUS + QUEUED_JOBS_PER_NODE;
    uint32_t jobs = per_node * state->spec.nodes;

    if (state->spec.mode == MDL_DC_MODE_POOL && jobs > POOL_JOBS)
        jobs = POOL_JOBS;
    return jobs + QUEUE_PER_TENANT * tenancies;
}

static void init_cluster(mdl_cluster_t *cluster, const mdl_datacentre_spec_t *spec)
{
    if (spec->mode == MDL_DC_MODE_POOL)
        mdl_pool_init(cluster, spec->nodes, MDL_NODE_GPUS, spec->nodes_powered);
    else
        mdl_cluster_init(cluster, spec->nodes, MDL_NODE_GPUS, spec->nodes_powered);
}

sim_status_t mdl_dc_allocate(sim_arena_t *arena, mdl_datacentre_t *state, uint32_t tenancies, mdl_policy_t policy,
                             bool fabric, sim_error_t *err)
{
    uint32_t jobs = job_capacity(state, mdl_dc_workload(arena, state)->grain_s > 0, tenancies);

    bool pool = state->spec.mode == MDL_DC_MODE_POOL;

    state->cluster =
        sim_arena_alloc(arena, pool ? mdl_pool_bytes() : mdl_cluster_bytes(state->spec.nodes, MDL_NODE_GPUS));
    state->scheduler = sim_arena_alloc(arena, mdl_scheduler_bytes(jobs, tenancies, &policy));
    state->tenancies = sim_arena_alloc(arena, mdl_dc_tenancy_bytes(tenancies));
    state->services = sim_arena_alloc(arena, tenancies * sizeof(mdl_service_t));
    if (state->cluster == 0 || state->scheduler == 0 || state->tenancies == 0 || state->services == 0)
        return sim_arena_fail(arena, err, "data centre", "%u nodes", state->spec.nodes);
    state->tenancy_capacity = tenancies;
    init_cluster(sim_arena_at(arena, state->cluster), &state->spec);
    mdl_scheduler_init(sim_arena_at(arena, state->scheduler), jobs, tenancies, policy, fabric);
    return SIM_OK;
}

static void release(sim_arena_t *arena, mdl_datacentre_t *state)
{
    const mdl_scheduler_t *scheduler = sim_arena_at(arena, state->scheduler);
    size_t scheduler_bytes = mdl_scheduler_bytes(scheduler->jobs, scheduler->tenants, &scheduler->policy);

    sim_arena_release(arena, state->cluster, mdl_cluster_size(sim_arena_at(arena, state->cluster)));
    sim_arena_release(arena, state->scheduler, scheduler_bytes);
    sim_arena_release(arena, state->tenancies, mdl_dc_tenancy_bytes(state->tenancy_capacity));
    sim_arena_release(arena, state->services, state->tenancy_capacity * sizeof(mdl_service_t));
    mdl_dc_unshare(arena, state);
    state->cluster = state->scheduler = state->tenancies = state->services = 0;
}

/* Moves the scheduler to a block with room for more jobs and tenants. */
static void move_scheduler(sim_arena_t *arena, mdl_datacentre_t *state, sim_ref_t larger, uint32_t jobs,
                           uint32_t tenancies)
{
    mdl_scheduler_t *old = sim_arena_at(arena, state->scheduler);

    mdl_scheduler_grow_into(sim_arena_at(arena, larger), jobs, tenancies, old);
    sim_arena_release(arena, state->scheduler, mdl_scheduler_bytes(old->jobs, old->tenants, &old->policy));
    state->scheduler = larger;
    state->eventful = true;
}

/* Moves the tenancies, with the list of contracts behind them, to a block with room for `to`. */
static void move_tenancies(sim_arena_t *arena, mdl_datacentre_t *state, sim_ref_t larger, uint32_t to)
{
    uint32_t from = state->tenancy_capacity;
    const mdl_tenancy_t *old = sim_arena_at(arena, state->tenancies);
    mdl_tenancy_t *tenancies = sim_arena_at(arena, larger);

    memcpy(tenancies, old, from * sizeof(mdl_tenancy_t));
    memcpy(tenancies + to, old + from, from * sizeof(mdl_dc_contract_t));
    sim_arena_release(arena, state->tenancies, mdl_dc_tenancy_bytes(from));
    state->tenancies = larger;
}

static void move_services(sim_arena_t *arena, mdl_datacentre_t *state, sim_ref_t larger)
{
    size_t bytes = state->tenancy_capacity * sizeof(mdl_service_t);

    memcpy(sim_arena_at(arena, larger), sim_arena_at(arena, state->services), bytes);
    sim_arena_release(arena, state->services, bytes);
    state->services = larger;
}

/* All three blocks that have a place for each tenancy, or none. */
static sim_status_t double_tenancies(sim_arena_t *arena, mdl_datacentre_t *state, sim_error_t *err)
{
    const mdl_scheduler_t *scheduler = sim_arena_at(arena, state->scheduler);
    uint32_t to = 2 * state->tenancy_capacity, jobs = scheduler->jobs + QUEUE_PER_TENANT * state->tenancy_capacity;
    size_t bytes[] = {mdl_dc_tenancy_bytes(to), to * sizeof(mdl_service_t),
                      mdl_scheduler_bytes(jobs, to, &scheduler->policy)};
    sim_ref_t larger[] = {0, 0, 0};

    for (int i = 0; i < 3; i++) {
        if ((larger[i] = sim_arena_alloc(arena, bytes[i])) != 0)
            continue;
        while (i-- > 0)
            sim_arena_release(arena, larger[i], bytes[i]);
        return sim_arena_fail(arena, err, "data centre", "%u contracts", to);
    }
    move_tenancies(arena, state, larger[0], to);
    move_services(arena, state, larger[1]);
    move_scheduler(arena, state, larger[2], jobs, to);
    state->tenancy_capacity = to;
    return SIM_OK;
}

static sim_status_t add_jobs(sim_arena_t *arena, mdl_datacentre_t *state, uint32_t jobs, sim_error_t *err)
{
    const mdl_scheduler_t *old = sim_arena_at(arena, state->scheduler);
    sim_ref_t larger = sim_arena_alloc(arena, mdl_scheduler_bytes(jobs, old->tenants, &old->policy));

    if (larger == 0)
        return sim_arena_fail(arena, err, "data centre", "%u jobs", jobs);
    move_scheduler(arena, state, larger, jobs, old->tenants);
    return SIM_OK;
}

sim_status_t mdl_dc_reserve_jobs(sim_arena_t *arena, mdl_datacentre_t *state, sim_error_t *err)
{
    const mdl_scheduler_t *scheduler = sim_arena_at(arena, state->scheduler);
    uint32_t jobs = job_capacity(state, mdl_dc_workload(arena, state)->grain_s > 0, scheduler->tenants);

    return jobs <= scheduler->jobs ? SIM_OK : add_jobs(arena, state, jobs, err);
}

sim_status_t mdl_datacentre_boundary(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);
    sim_arena_t *arena = sim_world_arena(world);
    sim_status_t status = SIM_OK;

    if (state->cluster == 0)
        return SIM_OK;
    if (mdl_dc_lacks_tenancies(state, sim_arena_at(arena, state->scheduler)))
        status = double_tenancies(arena, state, err);
    const mdl_scheduler_t *scheduler = sim_arena_at(arena, state->scheduler);
    if (status == SIM_OK && mdl_dc_lacks_jobs(sim_arena_at(arena, state->cluster), scheduler))
        status = add_jobs(arena, state, 2 * scheduler->jobs, err);
    return status;
}

sim_status_t mdl_datacentre_reserve(sim_world_t *world, uint32_t lp, uint32_t contracts, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    while (state->cluster != 0 && state->n_contracts + contracts > state->tenancy_capacity) {
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
    (void)mdl_datacentre_use(world, lp, time_s);
    sim_world_stop_lp(world, lp);
    release(sim_world_arena(world), state);
}
