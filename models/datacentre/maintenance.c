// SPDX-License-Identifier: GPL-3.0-or-later
/* Planned maintenance: round after round, a part of a centre's nodes is serviced, those of it that are idle. Nodes that
 * run jobs are left until their turn comes again: maintenance stops nobody. */
#include "models/datacentre/state.h"
#include "models/hardware/pool.h"

#define ROUNDS 16 /* in which all nodes have their turn */

static void set_clock(mdl_dc_t *dc)
{
    int64_t step_s = dc->state->maintenance_every_s / ROUNDS;

    dc->state->maintaining = true;
    mdl_dc_schedule(dc, step_s > 0 ? step_s : 1, &(sim_event_t){.type = MDL_DC_MAINTENANCE}, MDL_DC_FIRST, NULL);
}

/* Of a pool's nodes `due`, as many as are idle; they come back together. */
static void service_pool(mdl_dc_t *dc, uint32_t due)
{
    uint32_t idle = mdl_cluster_empty_nodes(dc->cluster), nodes = due < idle ? due : idle;

    for (uint32_t i = 0; i < nodes; i++)
        mdl_pool_break(dc->cluster);
    if (nodes > 0)
        mdl_dc_schedule(dc, dc->state->maintenance_length_s, &(sim_event_t){.type = MDL_DC_SERVICED, .a = nodes},
                        MDL_DC_FIRST, NULL);
}

static void service_nodes(mdl_dc_t *dc, uint32_t due)
{
    mdl_cluster_t *cluster = dc->cluster;

    for (uint32_t i = 0; i < due; i++) {
        uint32_t index = dc->state->next_serviced++ % cluster->powered;
        const mdl_node_t *node = mdl_cluster_node(cluster, index);
        if (!mdl_node_up(node) || node->free < cluster->node_gpus)
            continue;
        mdl_cluster_set_broken(cluster, index, true);
        mdl_dc_schedule(dc, dc->state->maintenance_length_s, &(sim_event_t){.type = MDL_DC_REPAIR, .entity = index},
                        MDL_DC_FIRST, NULL);
    }
}

void mdl_dc_on_maintenance(mdl_dc_t *dc, const sim_event_t *event)
{
    uint32_t due = (dc->cluster->powered + ROUNDS - 1) / ROUNDS;

    (void)event;
    dc->state->maintaining = false;
    if (dc->state->maintenance_every_s <= 0)
        return;
    (dc->cluster->pooled ? service_pool : service_nodes)(dc, due);
    mdl_dc_note_nodes(dc);
    set_clock(dc);
}

void mdl_dc_on_serviced(mdl_dc_t *dc, const sim_event_t *event)
{
    for (int64_t i = 0; i < event->a; i++)
        mdl_pool_repair(dc->cluster);
    mdl_dc_note_nodes(dc);
    mdl_dc_climb_up(dc);
}
