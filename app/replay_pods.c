// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of pods that arrive and stay (openb). */
#include "app/replay.h"

#include <stdio.h>

static sim_status_t read_trace(app_replay_t *self, mdl_openb_t *trace, sim_error_t *err)
{
    const char *prefix = self->values->order;
    char node_order[4096], pod_order[4096];
    mdl_source_t nodes = app_replay_source(self, self->values->cluster), pods = app_replay_source(self, self->path);

    if (prefix == NULL)
        return mdl_openb_read_from(&nodes, &pods, NULL, NULL, trace, err);
    snprintf(node_order, sizeof node_order, "%s.nodes", prefix);
    snprintf(pod_order, sizeof pod_order, "%s.pods", prefix);
    mdl_source_t ranks = app_replay_source(self, node_order), arrivals = app_replay_source(self, pod_order);
    return mdl_openb_read_from(&nodes, &pods, &ranks, &arrivals, trace, err);
}

static sim_status_t run(app_replay_t *self, const mdl_openb_t *trace, mdl_packing_result_t *result, sim_error_t *err)
{
    const app_replay_values_t *v = self->values;
    mdl_packing_options_t options = {.rule = mdl_fleet_rule_find(mdl_placements[self->policy.placement].name),
                                     .seed = v->seed.value,
                                     .inflate = v->inflate >= 0 ? v->inflate : 1.3};
    sim_status_t status = SIM_OK;

    for (int64_t r = 0; r < v->repeat && status == SIM_OK; r++) {
        mdl_packing_free(result);
        status = mdl_packing_run(trace, &options, result, err);
        self->seconds[r] = result->seconds;
    }
    return status;
}

sim_status_t app_replay_pods(app_replay_t *self, sim_error_t *err)
{
    mdl_openb_t trace = {0};
    mdl_packing_result_t result = {0};
    double start_s = app_replay_now_s();
    sim_status_t status = read_trace(self, &trace, err);

    self->read_s = app_replay_now_s() - start_s;
    self->nodes = (uint32_t)trace.n_nodes;
    if (status == SIM_OK)
        status = run(self, &trace, &result, err);
    if (status == SIM_OK)
        status = app_replay_write_pods(self, &trace, &result, err);
    if (status == SIM_OK)
        app_replay_print_pods(self, &trace, &result);
    mdl_packing_free(&result);
    mdl_openb_free(&trace);
    return status;
}
