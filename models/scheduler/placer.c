// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/placer.h"

#include "sim/draw.h"

#include <string.h>

/* A kind of request, and the fleet's clock when its row of scores was up to date. */
typedef struct kind {
    mdl_fleet_request_t request;
    uint64_t seen;
} kind_t;

/* A node's fragmentation at a time of the fleet's clock. */
typedef struct before {
    double fragmentation;
    uint64_t changed;
} before_t;

static size_t align64(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Fills in where things are; returns the size of all. The last row serves the kinds for which there is no room. */
static size_t lay_out(mdl_placer_t *self, uint32_t nodes, uint32_t max_kinds, uint32_t n_typical)
{
    self->nodes = nodes;
    self->max_kinds = max_kinds;
    self->stride = (nodes + 31) / 32 * 32;
    for (self->slots = 8; self->slots < 2 * max_kinds;)
        self->slots *= 2;
    self->slots_at = sizeof *self + mdl_typical_bytes(n_typical);
    self->kinds_at = align64(self->slots_at + self->slots * sizeof(uint32_t));
    self->before_at = align64(self->kinds_at + ((size_t)max_kinds + 1) * sizeof(kind_t));
    self->rows_at = align64(self->before_at + nodes * sizeof(before_t));
    return align64(self->rows_at + ((size_t)max_kinds + 1) * self->stride * sizeof(int16_t));
}

size_t mdl_placer_bytes(uint32_t nodes, uint32_t max_kinds, uint32_t n_typical)
{
    mdl_placer_t layout;

    return lay_out(&layout, nodes, max_kinds, n_typical);
}

static uint32_t *slots_of(mdl_placer_t *self)
{
    return (uint32_t *)((char *)self + self->slots_at);
}

static kind_t *kind_at(mdl_placer_t *self, uint32_t kind)
{
    return (kind_t *)((char *)self + self->kinds_at) + kind;
}

static int16_t *row_at(mdl_placer_t *self, uint32_t kind)
{
    return (int16_t *)((char *)self + self->rows_at) + (size_t)kind * self->stride;
}

void mdl_placer_init(mdl_placer_t *self, uint32_t rule, uint32_t nodes, uint32_t max_kinds, const mdl_demand_t *typical,
                     uint32_t n_typical)
{
    SIM_ASSERT(rule < MDL_RULES);
    memset(self, 0, mdl_placer_bytes(nodes, max_kinds, n_typical));
    (void)lay_out(self, nodes, max_kinds, n_typical);
    self->rule = rule;
    mdl_typical_init((mdl_typical_t *)(self + 1), typical, n_typical);
    memset(slots_of(self), 0xFF, self->slots * sizeof(uint32_t));
    for (uint32_t kind = 0; kind <= max_kinds; kind++)
        for (uint32_t i = 0; i < self->stride; i++)
            row_at(self, kind)[i] = MDL_SCORE_NONE;
}

double mdl_placer_fragmentation(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node)
{
    before_t *before = (before_t *)((char *)self + self->before_at) + index;

    if (before->changed != node->changed) {
        mdl_leftover_t left = mdl_leftover_of(node);
        *before = (before_t){mdl_fragmentation(mdl_placer_typical(self), &left), node->changed};
    }
    return before->fragmentation;
}

static int score_of(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node,
                    const mdl_fleet_request_t *request)
{
    if (!mdl_fleet_fits(node, request))
        return MDL_SCORE_NONE;
    int64_t score = mdl_fleet_rules[self->rule].score(self, index, node, request);
    return score > MDL_SCORE_MAX ? MDL_SCORE_MAX : score < -MDL_SCORE_MAX ? -MDL_SCORE_MAX : (int)score;
}

int mdl_fleet_score(mdl_placer_t *self, const mdl_fleet_t *fleet, uint32_t node, const mdl_fleet_request_t *request)
{
    return score_of(self, node, mdl_fleet_node(fleet, node), request);
}

/* Requests without GPUs are of one kind whatever they say of GPUs. */
static mdl_fleet_request_t kind_of(const mdl_fleet_request_t *request)
{
    mdl_fleet_request_t kind = *request;

    if (kind.gpus == 0)
        kind.gpu_milli = kind.models = 0;
    return kind;
}

static bool same(const mdl_fleet_request_t *a, const mdl_fleet_request_t *b)
{
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->gpu_milli == b->gpu_milli && a->models == b->models;
}

static uint32_t hash(const mdl_fleet_request_t *kind)
{
    uint64_t h = (uint64_t)kind->cpu_milli * UINT64_C(0x9E3779B97F4A7C15);

    h = (h ^ h >> 32 ^ (uint64_t)kind->memory_mib) * UINT64_C(0xBF58476D1CE4E5B9);
    h = (h ^ h >> 32 ^ ((uint64_t)kind->models << 20 | kind->gpus << 16 | kind->gpu_milli)) *
        UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(h >> 32);
}

/* The row of a kind; where there is no room for a new one, the last row, forgotten. */
static uint32_t find_kind(mdl_placer_t *self, const mdl_fleet_request_t *request)
{
    uint32_t *slots = slots_of(self), at = hash(request) & (self->slots - 1);

    for (; slots[at] != MDL_NONE; at = (at + 1) & (self->slots - 1))
        if (same(&kind_at(self, slots[at])->request, request))
            return slots[at];
    uint32_t kind = self->kinds;
    if (kind < self->max_kinds) {
        slots[at] = kind;
        self->kinds++;
    }
    *kind_at(self, kind) = (kind_t){.request = *request};
    return kind;
}

/* Scores anew the nodes that changed since the kind was last asked for. */
static const int16_t *renewed_row(mdl_placer_t *self, const mdl_fleet_t *fleet, const mdl_fleet_request_t *request)
{
    uint32_t index = find_kind(self, request);
    kind_t *kind = kind_at(self, index);
    int16_t *row = row_at(self, index);

    for (uint32_t i = fleet->newest; i != MDL_NONE; i = mdl_fleet_node(fleet, i)->older) {
        const mdl_fleet_node_t *node = mdl_fleet_node(fleet, i);
        if (node->changed <= kind->seen)
            break;
        row[i] = (int16_t)score_of(self, i, node, request);
        self->scored++;
    }
    kind->seen = fleet->clock;
    return row;
}

/* First of the highest scores. Two passes, because a compiler makes vectors of both. */
static uint32_t highest(const int16_t *row, uint32_t stride)
{
    int16_t best = MDL_SCORE_NONE;
    uint32_t i = 0;

    for (uint32_t j = 0; j < stride; j++)
        best = row[j] > best ? row[j] : best;
    if (best == MDL_SCORE_NONE)
        return MDL_NONE;
    while (row[i] != best)
        i++;
    return i;
}

/* A node that fits, each with the same probability. */
static uint32_t any(const int16_t *row, uint32_t nodes, sim_rng_t *rng)
{
    uint32_t fitting = 0, i = 0;

    for (uint32_t j = 0; j < nodes; j++)
        fitting += row[j] != MDL_SCORE_NONE;
    if (fitting == 0)
        return MDL_NONE;
    for (uint64_t skip = sim_draw_below(rng, fitting); row[i] == MDL_SCORE_NONE || skip-- > 0;)
        i++;
    return i;
}

uint32_t mdl_fleet_place(mdl_placer_t *self, const mdl_fleet_t *fleet, const mdl_fleet_request_t *request,
                         sim_rng_t *rng, uint32_t *gpus)
{
    const mdl_fleet_rule_t *rule = &mdl_fleet_rules[self->rule];
    mdl_fleet_request_t kind = kind_of(request);

    SIM_ASSERT(fleet->nodes == self->nodes);
    const int16_t *row = renewed_row(self, fleet, &kind);
    uint32_t node = rule->uniform ? any(row, self->nodes, rng) : highest(row, self->stride);
    *gpus = node == MDL_NONE || kind.gpus == 0 ? 0 : rule->choose(self, node, mdl_fleet_node(fleet, node), &kind, rng);
    return node;
}
