// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of a synthetic trace of the openb kind under FGD: 1,213 nodes from 1 to 8 GPUs, 8,000 pods that mostly share
 * a GPU, of 150 kinds whose frequencies fall like 1 / rank, inflated to 130 % of the GPUs. */
#include "app/bench.h"
#include "app/bench_repeats.h"
#include "models/replay/packing.h"
#include "sim/draw.h"

#include <stdlib.h>

enum { NODES = 1213, PODS = 8000, KINDS = 150, REPEATS = 7, SEED = 1 };

/* Kinds of node: how many, and what each has. The last fill up. */
static const struct {
    uint32_t nodes;
    mdl_openb_node_t each;
} node_kinds[] = {
    {550, {.cpu_milli = 96000, .memory_mib = 393216, .gpus = 8, .model = 0}},
    {390, {.cpu_milli = 104000, .memory_mib = 524288, .gpus = 2, .model = 1}},
    {130, {.cpu_milli = 16000, .memory_mib = 122880, .gpus = 2, .model = 2}},
    {60, {.cpu_milli = 128000, .memory_mib = 786432, .gpus = 8, .model = 3}},
    {60, {.cpu_milli = 32000, .memory_mib = 131072, .gpus = 4, .model = 4}},
    {NODES, {.cpu_milli = 8000, .memory_mib = 32768, .gpus = 1, .model = 5}},
};

static void fill_nodes(mdl_openb_t *trace)
{
    size_t kind = 0, of_kind = 0;

    for (trace->n_nodes = 0; trace->n_nodes < NODES; trace->n_nodes++, of_kind++) {
        if (of_kind == node_kinds[kind].nodes) {
            of_kind = 0;
            kind++;
        }
        trace->nodes[trace->n_nodes] = node_kinds[kind].each;
    }
}

/* 13 % without GPUs, 57 % that share one, 28 % with one, the rest with 2, 4 or 8. */
static mdl_openb_pod_t draw_kind(sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng);
    mdl_openb_pod_t pod = {.gpus = u < 0.13 ? 0 : u < 0.98 ? 1 : UINT32_C(2) << sim_draw_below(rng, 3)};

    if (u >= 0.13 && u < 0.70)
        pod.gpu_milli = 10 * (uint32_t)(10 + sim_draw_below(rng, 80));
    else if (pod.gpus > 0)
        pod.gpu_milli = MDL_GPU_MILLI;
    pod.cpu_milli = 500 * (int64_t)(4 + sim_draw_below(rng, 20)) * (pod.gpus > 1 ? pod.gpus : 1);
    pod.memory_mib = 2 * pod.cpu_milli;
    return pod;
}

static void fill_pods(mdl_openb_t *trace)
{
    mdl_openb_pod_t kinds[KINDS];
    double weights[KINDS];
    sim_rng_t rng;

    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    for (int k = 0; k < KINDS; k++) {
        kinds[k] = draw_kind(&rng);
        weights[k] = 1.0 / (k + 1);
    }
    for (trace->n_pods = 0; trace->n_pods < PODS; trace->n_pods++)
        trace->pods[trace->n_pods] = kinds[sim_draw_categorical(&rng, weights, KINDS)];
}

static sim_status_t measure(const mdl_openb_t *trace, app_fgd_result_t *result, sim_error_t *err)
{
    const mdl_packing_options_t options = {.rule = MDL_RULE_FGD, .seed = SEED, .inflate = 1.3};
    double rates[REPEATS];

    for (int r = -1; r < REPEATS; r++) { /* the first warms up */
        mdl_packing_result_t packing;
        sim_status_t status = mdl_packing_run(trace, &options, &packing, err);
        if (status < 0)
            return status;
        if (r >= 0)
            rates[r] = (double)packing.n / packing.seconds;
        result->pods = (uint32_t)packing.n;
        result->allocated = (double)packing.allocated_milli / (double)packing.gpu_milli;
        mdl_packing_free(&packing);
    }
    app_bench_sort(rates, REPEATS);
    result->pods_per_s = rates[REPEATS / 2];
    result->low_per_s = rates[0];
    result->high_per_s = rates[REPEATS - 1];
    return SIM_OK;
}

sim_status_t app_bench_fgd(app_fgd_result_t *result, sim_error_t *err)
{
    mdl_openb_t trace = {.nodes = calloc(NODES, sizeof *trace.nodes), .pods = calloc(PODS, sizeof *trace.pods)};
    sim_status_t status = SIM_ENOMEM;

    *result = (app_fgd_result_t){.nodes = NODES, .repeats = REPEATS};
    if (trace.nodes == NULL || trace.pods == NULL) {
        (void)sim_fail(err, status, "bench", "no memory for the trace");
    } else {
        fill_nodes(&trace);
        fill_pods(&trace);
        status = measure(&trace, result, err);
    }
    free(trace.nodes);
    free(trace.pods);
    return status;
}
