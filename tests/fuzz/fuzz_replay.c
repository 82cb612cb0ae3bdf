// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the replays: whatever plain CSV trace is read can be replayed under any policy. The first two bytes
 * choose the policy and the cluster, the rest is the trace. Built and run like fuzz_scenario.c.
 */
#include "models/replay/metrics.h"
#include "models/replay/queue.h"
#include "models/replay/shares.h"
#include "tests/fuzz/traces.h"

#include <math.h>

enum { MOST_JOBS = 100 }; /* so that an execution stays short */

static sim_status_t replay(const mdl_trace_t *trace, unsigned choice, mdl_replay_result_t *result, sim_error_t *err)
{
    uint32_t nodes = 1 + choice % 4, node_gpus = 1 + choice / 4 % 4;
    if (mdl_trace_has_parts(trace)) {
        mdl_fleet_hardware_t node = {.cpu_milli = 8000, .memory_mib = 8000, .gpus = node_gpus, .model = MDL_NO_MODEL};
        const mdl_fleet_hardware_t hardware[4] = {node, node, node, node};
        mdl_shares_setup_t setup = {
            .hardware = hardware, .nodes = nodes, .rule = choice / 16 % MDL_RULES, .shortest_first = choice & 1};
        return mdl_replay_shares(trace, &setup, result, err);
    }
    mdl_replay_setup_t setup = {.nodes = nodes,
                                .node_gpus = node_gpus,
                                .one_by_one = choice >> 15 & 1,
                                .restart_s = choice >> 14 & 1 ? 1000 : 0};
    setup.policy = (mdl_policy_t){.order = (uint8_t)(choice / 16 % MDL_ORDERS),
                                  .reservation = (uint8_t)(choice / 128 % MDL_RESERVATIONS),
                                  .placement = (uint8_t)(choice / 512 % MDL_PLACEMENTS),
                                  .preemption = choice >> 13 & 1 ? MDL_PREEMPTION_CHECKPOINT : MDL_PREEMPTION_NONE,
                                  .las_limit_gpu_s = {3250, 7200}};
    return mdl_replay_queue(trace, &setup, result, err);
}

static void result_holds(const mdl_trace_t *trace, const mdl_replay_result_t *result)
{
    mdl_replay_metrics_t metrics;
    SIM_ASSERT(result->n + result->refused == trace->n);
    for (size_t i = 0; i < result->n; i++) {
        const mdl_replay_job_t *job = &result->jobs[i];
        SIM_ASSERT(job->submit_s <= job->start_s && job->start_s + job->run_s <= job->end_s);
    }
    SIM_ASSERT(mdl_replay_measure(result, &metrics, NULL) == SIM_OK);
    SIM_ASSERT(metrics.gpu_utilisation >= 0 && metrics.gpu_allocation >= 0 && metrics.gpu_allocation < 1.000001);
    SIM_ASSERT(isfinite(metrics.jct.mean_s) && metrics.wait.mean_s >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t problems = 0;
    const mdl_source_t source = fuzz_source(data + 2, size - 2, &problems);
    mdl_trace_t trace;
    mdl_replay_result_t result;
    sim_error_t err = {0};
    if (fuzz_read(mdl_trace_read_csv_from(&source, NULL, &trace, &err), &problems, &err) && trace.n <= MOST_JOBS) {
        sim_status_t status = replay(&trace, data[0] | (unsigned)data[1] << 8, &result, &err);
        SIM_ASSERT(status == SIM_OK || (status == SIM_EINPUT && err.message[0] != '\0' && result.jobs == NULL));
        if (status == SIM_OK)
            result_holds(&trace, &result);
        mdl_replay_free(&result);
    }
    mdl_trace_free(&trace);
    return 0;
}
