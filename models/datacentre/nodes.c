// SPDX-License-Identifier: GPL-3.0-or-later
/* Nodes that fail, come back, and are switched on and off. */
#include "models/datacentre/state.h"
#include "models/params/purpose.h"

int64_t mdl_dc_draw_failure(const mdl_datacentre_t *state, uint64_t seed, uint64_t replication, mdl_failure_t *failure)
{
    sim_rng_t rng;

    sim_rng_at(&rng, seed, replication, state->spec.entity, MDL_PURPOSE_FAILURE, state->failure_ordinal);
    mdl_failure_draw(&state->failures, &rng, state->spec.nodes, failure);
    return failure->delay_s;
}

/* Puts the jobs of a node that goes down back into the queue. */
static void evict(mdl_dc_t *dc, uint32_t node)
{
    while (mdl_cluster_node(dc->cluster, node)->first_job != MDL_NONE)
        mdl_dc_requeue_job(dc, mdl_cluster_node(dc->cluster, node)->first_job);
}

void mdl_dc_on_failure(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_datacentre_t *state = dc->state;
    mdl_failure_t failure;

    (void)event;
    (void)mdl_dc_draw_failure(state, dc->lp->seed, dc->lp->replication, &failure);
    state->failure_ordinal++;
    if (mdl_node_up(mdl_cluster_node(dc->cluster, failure.node))) {
        state->node_failures++;
        evict(dc, failure.node);
        mdl_cluster_set_broken(dc->cluster, failure.node, true);
        mdl_dc_schedule(dc, failure.repair_s, &(sim_event_t){.type = MDL_DC_REPAIR, .entity = failure.node},
                        MDL_DC_FIRST, NULL);
    }
    state->failing = state->failures.node_mean_s > 0;
    if (state->failing)
        mdl_dc_schedule(dc, mdl_dc_draw_failure(state, dc->lp->seed, dc->lp->replication, &failure),
                        &(sim_event_t){.type = MDL_DC_FAILURE}, MDL_DC_FIRST, NULL);
}

void mdl_dc_on_repair(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_cluster_set_broken(dc->cluster, event->entity, false);
}

void mdl_dc_on_power(mdl_dc_t *dc, const sim_event_t *event)
{
    if (event->a < 0 || event->a > dc->state->spec.nodes) {
        dc->status = sim_fail(dc->lp->error, SIM_EINVARIANT, "data centre", "%lld nodes to be powered; %u are racked",
                              (long long)event->a, dc->state->spec.nodes);
        return;
    }
    uint32_t powered = (uint32_t)event->a;
    while (dc->cluster->powered < powered)
        mdl_cluster_set_powered(dc->cluster, dc->cluster->powered, true);
    mdl_dc_grant_nodes(dc, powered);
    while (dc->cluster->powered > powered) {
        evict(dc, dc->cluster->powered - 1);
        mdl_cluster_set_powered(dc->cluster, dc->cluster->powered - 1, false);
    }
}
