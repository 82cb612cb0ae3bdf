// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/fragmentation.h"

#include <string.h>

#define TYPICAL_PERCENT 95 /* source: FGD's experiments */

/* How a typical request fares on a node; what it finds unusable is summed apart for each. */
enum { LACKS_BOTH, LACKS_GPU, FITS, LACKS_CPU, NO_GPU_FITS, NO_GPU_LACKS_CPU, WRONG_MODEL, BINS };

size_t mdl_typical_bytes(uint32_t n)
{
    return (sizeof(mdl_typical_t) + n * (sizeof(mdl_typical_kind_t) + sizeof(uint16_t)) + 63) / 64 * 64;
}

static mdl_typical_kind_t *kinds_of(mdl_typical_t *self)
{
    return (mdl_typical_kind_t *)(self + 1);
}

static const mdl_typical_kind_t *kinds_const(const mdl_typical_t *self)
{
    return (const mdl_typical_kind_t *)(self + 1);
}

static uint16_t level_index(mdl_typical_t *self, uint16_t *levels, uint32_t gpu_milli)
{
    uint32_t i = 0;

    while (i < self->levels && levels[i] != gpu_milli)
        i++;
    if (i == self->levels)
        levels[self->levels++] = (uint16_t)gpu_milli;
    return (uint16_t)i;
}

void mdl_typical_init(mdl_typical_t *self, const mdl_demand_t *demands, uint32_t n)
{
    uint16_t *levels = (uint16_t *)(kinds_of(self) + n);

    memset(self, 0, mdl_typical_bytes(n));
    self->n = n;
    for (uint32_t i = 0; i < n; i++) {
        const mdl_fleet_request_t *request = &demands[i].request;
        bool cpu_only = request->gpus == 0 || request->gpu_milli == 0;
        SIM_ASSERT(request->gpus <= MDL_NODE_GPUS && (cpu_only || request->gpu_milli <= MDL_GPU_MILLI));
        kinds_of(self)[i] = (mdl_typical_kind_t){
            .cpu_milli = request->cpu_milli,
            .share = demands[i].share,
            .models = request->models,
            .gpus = cpu_only ? 0 : (uint16_t)request->gpus,
            .level = cpu_only ? 0 : level_index(self, levels, request->gpu_milli),
        };
    }
}

/* Per level: GPUs with that much left, and what is left of all others. */
typedef struct level_state {
    uint16_t fitting, below_milli;
} level_state_t;

static void look_at_levels(const mdl_typical_t *self, const mdl_leftover_t *left, level_state_t *states)
{
    const uint16_t *levels = (const uint16_t *)(kinds_const(self) + self->n);

    for (uint32_t i = 0; i < self->levels; i++) {
        uint16_t fitting = 0, below = 0;
        for (int g = 0; g < MDL_NODE_GPUS; g++) {
            bool fits = left->gpu_milli[g] >= levels[i];
            fitting = (uint16_t)(fitting + fits);
            below = (uint16_t)(below + (fits ? 0 : left->gpu_milli[g]));
        }
        states[i] = (level_state_t){fitting, below};
    }
}

/* In which bin a request counts. */
static unsigned bin_of(const mdl_typical_kind_t *kind, const mdl_leftover_t *left, const level_state_t *states)
{
    bool cpu = left->cpu_milli >= kind->cpu_milli;

    if (kind->gpus == 0)
        return cpu ? NO_GPU_FITS : NO_GPU_LACKS_CPU;
    if (kind->models != 0 && (kind->models & left->models) == 0)
        return WRONG_MODEL;
    if (states[kind->level].fitting >= kind->gpus)
        return cpu ? FITS : LACKS_CPU;
    return cpu ? LACKS_GPU : LACKS_BOTH;
}

double mdl_fragmentation(const mdl_typical_t *self, const mdl_leftover_t *left)
{
    const mdl_typical_kind_t *kinds = kinds_const(self);
    level_state_t states[MDL_GPU_MILLI];
    double bins[BINS] = {0};
    uint32_t total = 0;

    for (int g = 0; g < MDL_NODE_GPUS; g++)
        total += left->gpu_milli[g];
    if (total == 0)
        return 0;
    look_at_levels(self, left, states);
    for (uint32_t k = 0; k < self->n; k++) {
        unsigned bin = bin_of(&kinds[k], left, states);
        if (bin == FITS)
            bins[LACKS_GPU] += kinds[k].share * states[kinds[k].level].below_milli;
        else
            bins[bin] += kinds[k].share * total;
    }
    return bins[LACKS_BOTH] + bins[LACKS_GPU] + bins[LACKS_CPU] + bins[NO_GPU_FITS] + bins[NO_GPU_LACKS_CPU] +
           bins[WRONG_MODEL];
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Kinds of request, the greatest first. */
static int compare_kinds(const mdl_demand_t *a, const mdl_demand_t *b)
{
    const mdl_fleet_request_t *x = &a->request, *y = &b->request;
    int order = compare_u64((uint64_t)y->cpu_milli, (uint64_t)x->cpu_milli);

    if (order == 0)
        order = compare_u64(y->gpu_milli, x->gpu_milli);
    if (order == 0)
        order = compare_u64(y->gpus, x->gpus);
    return order != 0 ? order : strcmp(b->spec != NULL ? b->spec : "", a->spec != NULL ? a->spec : "");
}

static int compare_counts(const mdl_demand_t *a, const mdl_demand_t *b)
{
    int order = compare_u64(b->count, a->count);

    return order != 0 ? order : compare_kinds(a, b);
}

typedef int compare_t(const mdl_demand_t *, const mdl_demand_t *);

static void sift_down(mdl_demand_t *heap, size_t at, size_t n, compare_t *compare)
{
    mdl_demand_t moving = heap[at];

    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && compare(&heap[child], &heap[child + 1]) < 0)
            child++;
        if (compare(&moving, &heap[child]) >= 0)
            break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

/* Heapsort. Which of equal ones comes first makes no difference to its users. */
static void sort(mdl_demand_t *demands, size_t n, compare_t *compare)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(demands, i, n, compare);
    for (size_t end = n; end-- > 1;) {
        mdl_demand_t last = demands[end];
        demands[end] = demands[0];
        demands[0] = last;
        sift_down(demands, 0, end, compare);
    }
}

/* Adds up equal neighbours; returns how many kinds there are. */
static uint32_t merge(mdl_demand_t *demands, uint32_t n)
{
    uint32_t kinds = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (kinds > 0 && compare_kinds(&demands[kinds - 1], &demands[i]) == 0)
            demands[kinds - 1].count += demands[i].count;
        else
            demands[kinds++] = demands[i];
    }
    return kinds;
}

uint32_t mdl_demands_typical(mdl_demand_t *demands, uint32_t n)
{
    uint64_t total = 0, covered = 0;
    uint32_t typical = 0;

    sort(demands, n, compare_kinds);
    n = merge(demands, n);
    sort(demands, n, compare_counts);
    for (uint32_t i = 0; i < n; i++)
        total += demands[i].count;
    while (typical < n && covered * 100 < total * TYPICAL_PERCENT)
        covered += demands[typical++].count;
    for (uint32_t i = 0; i < typical; i++) /* two divisions, as in the simulator that is to be met */
        demands[i].share = ((double)demands[i].count / (double)total) / ((double)covered / (double)total);
    return typical;
}
