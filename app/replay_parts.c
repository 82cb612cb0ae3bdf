// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs that ask for parts of GPUs, CPU or memory: on equal nodes of a fleet. */
#include "app/replay.h"
#include "models/replay/shares.h"

#include <stdlib.h>

static sim_status_t check_policy(app_replay_t *self, sim_error_t *err)
{
    const app_replay_values_t *v = self->values;
    bool any = v->policy != NULL || v->order_by != NULL || v->order != NULL || v->reservation != NULL ||
               v->placement != NULL || v->preemption != NULL;

    if (!any) { /* of what is said when nothing is: the rule that is made for parts, without backfilling */
        self->policy_name = "fgd";
        self->policy.reservation = MDL_RESERVATION_NONE;
        self->policy.placement = MDL_PLACEMENT_FGD;
    }
    bool plain = self->policy.order == MDL_ORDER_FCFS || self->policy.order == MDL_ORDER_SJF;
    if (!plain || self->policy.reservation != MDL_RESERVATION_NONE || self->policy.preemption != MDL_PREEMPTION_NONE)
        return sim_fail(
            err, SIM_EINPUT, self->path,
            "its jobs ask for parts of GPUs, CPU or memory; expected order fcfs or sjf, reservation none and "
            "preemption none, for example --policy fgd");
    if (self->values->rack_nodes > 0)
        return sim_fail(err, SIM_EINPUT, "--rack-nodes", "jobs that ask for parts run on one node and know no racks");
    return SIM_OK;
}

static sim_status_t check_hardware(const app_replay_t *self, const mdl_trace_t *trace, sim_error_t *err)
{
    bool cpu = false, memory = false;

    if (self->node_gpus > MDL_NODE_GPUS)
        return sim_fail(err, SIM_EINPUT, "--gpus-per-node", "found %u; expected at most %d for jobs that ask for parts",
                        self->node_gpus, MDL_NODE_GPUS);
    for (size_t i = 0; i < trace->n; i++) {
        cpu = cpu || trace->jobs[i].cpu_milli > 0;
        memory = memory || trace->jobs[i].memory_mib > 0;
    }
    if (cpu && self->values->node_cpu_milli < 0)
        return sim_fail(err, SIM_EINPUT, self->path, "its jobs ask for CPU; expected --node-cpu-milli N");
    if (memory && self->values->node_memory_mib < 0)
        return sim_fail(err, SIM_EINPUT, self->path, "its jobs ask for memory; expected --node-memory-mib N");
    return SIM_OK;
}

sim_status_t app_replay_check_parts(app_replay_t *self, const mdl_trace_t *trace, sim_error_t *err)
{
    if (!mdl_trace_has_parts(trace))
        return SIM_OK;
    self->executive = APP_PARTS;
    sim_status_t status = check_policy(self, err);
    return status == SIM_OK ? check_hardware(self, trace, err) : status;
}

sim_status_t app_replay_run_parts(const app_replay_t *self, const mdl_trace_t *trace, mdl_replay_result_t *result,
                                  sim_error_t *err)
{
    const app_replay_values_t *v = self->values;
    mdl_fleet_hardware_t *hardware = calloc(self->nodes, sizeof *hardware);
    mdl_shares_setup_t setup = {.hardware = hardware,
                                .nodes = self->nodes,
                                .rule = mdl_fleet_rule_find(mdl_placements[self->policy.placement].name),
                                .shortest_first = self->policy.order == MDL_ORDER_SJF,
                                .seed = v->seed.value};

    if (hardware == NULL)
        return sim_fail(err, SIM_ENOMEM, "replay", "no memory for %u nodes", self->nodes);
    for (uint32_t i = 0; i < self->nodes; i++)
        hardware[i] = (mdl_fleet_hardware_t){.cpu_milli = v->node_cpu_milli > 0 ? v->node_cpu_milli : 0,
                                             .memory_mib = v->node_memory_mib > 0 ? v->node_memory_mib : 0,
                                             .gpus = self->node_gpus,
                                             .model = MDL_NO_MODEL};
    sim_status_t status = mdl_replay_shares(trace, &setup, result, err);
    free(hardware);
    return status;
}
