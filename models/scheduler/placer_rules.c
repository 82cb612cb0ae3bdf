// SPDX-License-Identifier: GPL-3.0-or-later
/* The placement rules' scores. Doubles are computed in the order of the simulator that they come from. */
#include "models/scheduler/placer.h"
#include "sim/draw.h"
#include "sim/math.h"

#include <string.h>

/* The largest node that the rules reckon with. */
#define CPU_MILLI_NORM 128000
#define GPU_MILLI_NORM 8000

static double asked_gpu_milli(const mdl_fleet_request_t *request)
{
    return (double)request->gpus * request->gpu_milli;
}

/* The fullest GPUs that fit, of equals the lowest: whole GPUs from the lowest on. */
static uint32_t choose_fullest(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                               const mdl_fleet_request_t *request, sim_rng_t *rng)
{
    uint32_t fitting = mdl_fleet_gpus_with(node, request->gpu_milli), chosen = 0;

    (void)self;
    (void)index;
    (void)rng;
    for (uint32_t n = 0; n < request->gpus; n++) {
        uint32_t best = (uint32_t)__builtin_ctz(fitting);
        for (uint32_t rest = fitting; rest != 0; rest &= rest - 1) {
            uint32_t g = (uint32_t)__builtin_ctz(rest);
            if (node->gpu_milli[g] < node->gpu_milli[best])
                best = g;
        }
        chosen |= UINT32_C(1) << best;
        fitting &= ~(UINT32_C(1) << best);
    }
    return chosen;
}

/* Toward zero, and no larger than scores are kept. */
static int64_t whole(double score)
{
    return (int64_t)(score > MDL_SCORE_MAX ? MDL_SCORE_MAX : score < -MDL_SCORE_MAX ? -MDL_SCORE_MAX : score);
}

static int64_t score_equal(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                           const mdl_fleet_request_t *request)
{
    (void)self;
    (void)index;
    (void)node;
    (void)request;
    return 0;
}

/* A shared GPU uniformly among those that fit. */
static uint32_t choose_any(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                           const mdl_fleet_request_t *request, sim_rng_t *rng)
{
    uint32_t fitting = mdl_fleet_gpus_with(node, request->gpu_milli);

    if (mdl_fleet_class(request) != MDL_HOLDER_SHARED)
        return choose_fullest(self, index, node, request, rng);
    for (uint64_t skip = sim_draw_below(rng, mdl_fleet_count(fitting)); skip > 0; skip--)
        fitting &= fitting - 1;
    return fitting & -fitting;
}

static int64_t score_best_fit(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                              const mdl_fleet_request_t *request)
{
    double cpu = (double)(node->cpu_milli - request->cpu_milli);
    double gpu = node->gpu_milli_left - asked_gpu_milli(request);

    (void)self;
    (void)index;
    return whole((1 - (cpu / CPU_MILLI_NORM * 0.5 + gpu / GPU_MILLI_NORM * 0.5)) * 100);
}

static int64_t score_dot_product(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                                 const mdl_fleet_request_t *request)
{
    double cpu = (double)node->cpu_milli / CPU_MILLI_NORM * ((double)request->cpu_milli / CPU_MILLI_NORM);
    double gpu = (double)node->gpu_milli_left / GPU_MILLI_NORM * (asked_gpu_milli(request) / GPU_MILLI_NORM);

    (void)self;
    (void)index;
    return whole(100 * (1 - (cpu + gpu) / 2));
}

static int64_t score_clustering(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                                const mdl_fleet_request_t *request)
{
    uint32_t classes = 0;

    (void)self;
    (void)index;
    if (request->gpus == 0)
        return 0;
    for (uint32_t c = 1; c < MDL_HOLDERS; c++)
        classes += node->holders[c] > 0;
    int64_t taken = 25 * (GPU_MILLI_NORM - (int64_t)node->gpu_milli_left) / GPU_MILLI_NORM;
    if (node->holders[mdl_fleet_class(request)] > 0)
        return taken + (classes == 1 ? 75 : 50);
    return taken + (classes == 0 ? 25 : 0);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t score_packing(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                             const mdl_fleet_request_t *request)
{
    int64_t unused = 0, left_percent = 0;

    if (request->gpus == 0)
        return 0;
    if (node->gpu_milli_left == (uint32_t)node->gpus * MDL_GPU_MILLI)
        return larger(33 - node->gpus, node->gpus);
    for (uint32_t rest = choose_fullest(self, index, node, request, NULL); rest != 0; rest &= rest - 1) {
        int64_t left = node->gpu_milli[__builtin_ctz(rest)];
        unused += left == MDL_GPU_MILLI;
        left_percent += left * 100 / MDL_GPU_MILLI;
    }
    return unused > 0 ? larger(50 - unused, 33) : larger(100 - left_percent / 10, 50);
}

static int64_t score_consolidate(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                                 const mdl_fleet_request_t *request)
{
    (void)self;
    (void)index;
    (void)request;
    return -(int64_t)node->gpu_milli_left;
}

/* 50 where fragmentation stays as it is, less where it grows. */
static int64_t gradient_score(mdl_placer_t *self, double before, const mdl_leftover_t *after)
{
    double shrinks_gpus = (before - mdl_fragmentation(mdl_placer_typical(self), after)) / MDL_GPU_MILLI;

    return whole(100 / (1 + sim_exp(-shrinks_gpus)));
}

/* Best score over the GPUs that a shared request could take, and the first GPU that has it. */
static int64_t best_gradient(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                             const mdl_fleet_request_t *request, uint32_t *gpu)
{
    double before = mdl_placer_fragmentation(self, index, node);
    mdl_leftover_t after = mdl_leftover_of(node);
    int64_t best = INT64_MIN;

    after.cpu_milli -= request->cpu_milli;
    uint32_t rest = mdl_fleet_gpus_with(node, request->gpu_milli);
    for (uint32_t tried = 0; rest != 0; rest &= rest - 1) {
        uint32_t g = (uint32_t)__builtin_ctz(rest);
        bool repeated = false; /* a GPU with as much left scores the same */
        for (uint32_t t = tried; t != 0 && !repeated; t &= t - 1)
            repeated = node->gpu_milli[__builtin_ctz(t)] == node->gpu_milli[g];
        if (repeated)
            continue;
        tried |= UINT32_C(1) << g;
        after.gpu_milli[g] = (uint16_t)(node->gpu_milli[g] - request->gpu_milli);
        int64_t score = gradient_score(self, before, &after);
        after.gpu_milli[g] = node->gpu_milli[g];
        if (score > best) {
            best = score;
            *gpu = g;
        }
    }
    return best;
}

static int64_t score_fgd(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                         const mdl_fleet_request_t *request)
{
    uint32_t gpu = 0;

    if (mdl_fleet_class(request) == MDL_HOLDER_SHARED)
        return best_gradient(self, index, node, request, &gpu);
    mdl_leftover_t after = mdl_leftover_of(node);
    after.cpu_milli -= request->cpu_milli;
    if (request->gpus > 0)
        for (uint32_t rest = choose_fullest(self, index, node, request, NULL); rest != 0; rest &= rest - 1) {
            uint16_t *left = &after.gpu_milli[__builtin_ctz(rest)];
            *left = (uint16_t)(*left - request->gpu_milli);
        }
    return gradient_score(self, mdl_placer_fragmentation(self, index, node), &after);
}

static uint32_t choose_fgd(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                           const mdl_fleet_request_t *request, sim_rng_t *rng)
{
    uint32_t gpu = 0;

    if (mdl_fleet_class(request) != MDL_HOLDER_SHARED)
        return choose_fullest(self, index, node, request, rng);
    (void)best_gradient(self, index, node, request, &gpu);
    return UINT32_C(1) << gpu;
}

const mdl_fleet_rule_t mdl_fleet_rules[MDL_RULES] = {
    [MDL_RULE_RANDOM] = {"random", true, score_equal, choose_any},
    [MDL_RULE_BEST_FIT] = {"bestfit", false, score_best_fit, choose_fullest},
    [MDL_RULE_DOT_PRODUCT] = {"dotprod", false, score_dot_product, choose_fullest},
    [MDL_RULE_CLUSTERING] = {"clustering", false, score_clustering, choose_fullest},
    [MDL_RULE_PACKING] = {"packing", false, score_packing, choose_fullest},
    [MDL_RULE_FGD] = {"fgd", false, score_fgd, choose_fgd},
    [MDL_RULE_CONSOLIDATE] = {"consolidate", false, score_consolidate, choose_fullest},
};

uint32_t mdl_fleet_rule_find(const char *name)
{
    for (uint32_t rule = 0; rule < MDL_RULES; rule++)
        if (strcmp(mdl_fleet_rules[rule].name, name) == 0)
            return rule;
    return MDL_NONE;
}
