// SPDX-License-Identifier: GPL-3.0-or-later
/* What centres have in common: settings of the workload and of failures, which follow from the parameters and the GPU
 * type. A centre looks for another one that works by the same and shares its block; the last one to leave gives it back. */
#include "models/datacentre/state.h"

#include <string.h>

static bool is_like(const mdl_dc_shared_t *self, int32_t gpu_type, const mdl_params_t *params)
{
    return self->gpu_type == gpu_type && memcmp(&self->params, params, sizeof *params) == 0;
}

/* The block of a centre that came before and works by the same; 0: there is none. Those that came last are asked first:
 * when parameters change, centres change to them in the order in which they came. */
static sim_ref_t find_like(sim_world_t *world, uint32_t lp, int32_t gpu_type, const mdl_params_t *params)
{
    uint32_t kind = sim_world_kind(world, lp);

    for (uint32_t i = lp; i-- > 0;) {
        if (sim_world_kind(world, i) != kind)
            continue;
        const mdl_datacentre_t *other = sim_world_state(world, i);
        if (other->shared != 0 && is_like(sim_arena_at(sim_world_arena(world), other->shared), gpu_type, params))
            return other->shared;
    }
    return 0;
}

static sim_ref_t make(sim_world_t *world, int32_t gpu_type, const mdl_params_t *params)
{
    const mdl_input_t *input = sim_world_input(world);
    sim_ref_t ref = sim_arena_alloc(sim_world_arena(world), sizeof(mdl_dc_shared_t));

    if (ref == 0)
        return 0;
    mdl_dc_shared_t *self = sim_arena_at(sim_world_arena(world), ref);
    self->params = *params;
    self->gpu_type = gpu_type;
    mdl_workload_settings_init(&self->workload, params, &input->tables->gpu_types[gpu_type]);
    mdl_failure_rates_init(&self->failures, params);
    return ref;
}

void mdl_dc_unshare(sim_arena_t *arena, mdl_datacentre_t *state)
{
    if (state->shared == 0)
        return;
    mdl_dc_shared_t *shared = sim_arena_at(arena, state->shared);
    if (--shared->users == 0)
        sim_arena_release(arena, state->shared, sizeof *shared);
    state->shared = 0;
}

sim_status_t mdl_dc_share(sim_world_t *world, uint32_t lp, const mdl_params_t *params, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);
    sim_arena_t *arena = sim_world_arena(world);
    sim_ref_t ref = find_like(world, lp, state->spec.gpu_type, params);

    if (ref == 0)
        ref = make(world, state->spec.gpu_type, params);
    if (ref == 0)
        return sim_arena_fail(arena, err, "data centre", "the settings of its workload");
    ((mdl_dc_shared_t *)sim_arena_at(arena, ref))->users++;
    mdl_dc_unshare(arena, state);
    state->shared = ref;
    return SIM_OK;
}
