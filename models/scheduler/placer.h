// SPDX-License-Identifier: GPL-3.0-or-later
/* Placement on a fleet of unequal nodes: which node a request goes to, and which of its GPUs.
 *
 * A rule gives every node that fits an integer score; the highest wins, and among equals the node with the lowest
 * index. A rule is a row in one table, and nothing else has to know it:
 *
 *     random       any node that fits, uniformly; a shared GPU uniformly among those that fit
 *     bestfit      least CPU and GPU left over, weighted alike
 *     dotprod      least product of what is asked for and what is left (Tetris' alignment, as FGD's authors merge it)
 *     clustering   nodes that hold requests of the same size first, then empty ones
 *     packing      GPUs already in use first, then free GPUs of nodes in use, then empty nodes
 *     fgd          least growth of fragmentation (fragmentation.h)
 *     consolidate  fewest thousandths of GPU left
 *
 * A request that needs only a part of a GPU takes the fullest GPU that fits, of equals the lowest; fgd takes the GPU
 * that scores best.
 *
 * A placer keeps the scores of each kind of request on all nodes and renews those of nodes that changed since the kind
 * was last asked for: a fleet's list of changes tells. It belongs to one fleet and one rule, is one block of memory
 * without pointers, and may be copied together with its fleet.
 *
 *     mdl_placer_t *placer = aligned_alloc(64, mdl_placer_bytes(nodes, 200, n_typical));
 *     mdl_placer_init(placer, MDL_RULE_FGD, nodes, 200, demands, n_typical);
 *     uint32_t gpus, node = mdl_fleet_place(placer, fleet, &request, &rng, &gpus);
 *     if (node != MDL_NONE)
 *         mdl_fleet_take(fleet, node, &request, gpus);
 *
 * source: the rules' scores as in the simulator of Weng et al., USENIX ATC 2023 (its policies 01 to 06); consolidate
 * generalises "the node with the fewest free GPUs that are enough" (Hu et al., SC 2021) to parts of GPUs.
 */
#ifndef MDL_PLACER_H
#define MDL_PLACER_H

#include "models/hardware/fleet.h"
#include "models/scheduler/fragmentation.h"
#include "sim/rng.h"

struct mdl_placer;

typedef struct mdl_fleet_rule {
    const char *name;
    bool uniform; /* all nodes that fit are equally good: draw one */
    /* Score of a node that fits. Kept within MDL_SCORE_MAX. */
    int64_t (*score)(struct mdl_placer *self, uint32_t index, const mdl_fleet_node_t *node,
                     const mdl_fleet_request_t *request);
    /* GPUs of a node that fits, for a request that asks for some: a bit mask. */
    uint32_t (*choose)(struct mdl_placer *self, uint32_t index, const mdl_fleet_node_t *node,
                       const mdl_fleet_request_t *request, sim_rng_t *rng);
} mdl_fleet_rule_t;

enum mdl_fleet_rule_row {
    MDL_RULE_RANDOM,
    MDL_RULE_BEST_FIT,
    MDL_RULE_DOT_PRODUCT,
    MDL_RULE_CLUSTERING,
    MDL_RULE_PACKING,
    MDL_RULE_FGD,
    MDL_RULE_CONSOLIDATE,
    MDL_RULES
};

extern const mdl_fleet_rule_t mdl_fleet_rules[MDL_RULES];

#define MDL_SCORE_MAX  32000 /* scores are cut to [-MDL_SCORE_MAX, MDL_SCORE_MAX] */
#define MDL_SCORE_NONE (-32768)

/* Row of the rule with that name; MDL_NONE when there is none. */
uint32_t mdl_fleet_rule_find(const char *name);

typedef struct mdl_placer {
    _Alignas(64) uint64_t scored; /* scores computed so far: what the cache did not spare */
    uint32_t rule, nodes;
    uint32_t kinds, max_kinds;                     /* of request, known and room for */
    uint32_t slots;                                /* of the kinds' hash table, a power of two */
    uint32_t stride;                               /* scores per row */
    size_t slots_at, kinds_at, before_at, rows_at; /* byte offsets from the placer */
} mdl_placer_t;

/* Bytes of a placer, a multiple of 64, for a fleet of `nodes`, `max_kinds` kinds of request (2 bytes per kind and node;
 * kinds beyond them are scored anew each time) and the rule's typical requests (0 for all but fgd). */
size_t mdl_placer_bytes(uint32_t nodes, uint32_t max_kinds, uint32_t n_typical);

/* Makes `self`, mdl_placer_bytes(nodes, max_kinds, n_typical) bytes, a placer. `typical`: as mdl_demands_typical()
 * leaves them; only fgd uses them. */
void mdl_placer_init(mdl_placer_t *self, uint32_t rule, uint32_t nodes, uint32_t max_kinds, const mdl_demand_t *typical,
                     uint32_t n_typical);

/* The node for a request and its GPUs there, as the rule says; MDL_NONE when it fits nowhere, and then *gpus is 0.
 * Nothing is taken. `rng` is drawn on by random alone: once for the node, once for a shared GPU. O(nodes / 8), plus the
 * nodes that changed since the same kind was last asked for. */
uint32_t mdl_fleet_place(mdl_placer_t *self, const mdl_fleet_t *fleet, const mdl_fleet_request_t *request,
                         sim_rng_t *rng, uint32_t *gpus);

/* A node's score computed anew, or MDL_SCORE_NONE when the request does not fit there. */
int mdl_fleet_score(mdl_placer_t *self, const mdl_fleet_t *fleet, uint32_t node, const mdl_fleet_request_t *request);

/* A node's fragmentation, kept until the node changes. For rules; needs typical requests. */
double mdl_placer_fragmentation(mdl_placer_t *self, uint32_t index, const mdl_fleet_node_t *node);
static inline const mdl_typical_t *mdl_placer_typical(const mdl_placer_t *self)
{
    return (const mdl_typical_t *)(self + 1);
}

#endif
