// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of pods that arrive one after another and stay: placement alone (trace/openb.h).
 *
 * A pod that fits nowhere when it arrives is lost. So the only question is how full the rule gets the GPUs before pods
 * begin to be lost: GPUs allocated against GPUs asked for by all that have arrived, both in percent of the GPUs.
 *
 * Nodes have ranks, and ties go to the lowest. With an order file it gives ranks and arrivals. Without, both come from
 * the seed: nodes and pods are shuffled, and then pods are drawn again, uniformly and with replacement, until they ask
 * for `inflate` times the GPUs.
 *
 *     mdl_packing_options_t options = {.rule = MDL_RULE_FGD, .seed = 42, .inflate = 1.3};
 *     mdl_packing_result_t result;
 *     if (mdl_packing_run(&trace, &options, &result, &err) == SIM_OK)
 *         ... result.loads[...], result.nodes[...]
 *     mdl_packing_free(&result);
 *
 * source: experiments of Weng et al., USENIX ATC 2023, with their simulator's rules for order and inflation.
 */
#ifndef MDL_REPLAY_PACKING_H
#define MDL_REPLAY_PACKING_H

#include "models/scheduler/placer.h"
#include "models/trace/openb.h"

#define MDL_PACKING_INFLATE_MAX 1000

typedef struct mdl_packing_options {
    uint32_t rule; /* row of mdl_fleet_rules */
    uint64_t seed; /* of the order where the trace has none, and of the rule's own draws */
    double
        inflate; /* > 0, at most MDL_PACKING_INFLATE_MAX; GPUs that pods ask for in the end over GPUs that there are; used without an order alone */
} mdl_packing_options_t;

/* Why a pod was lost: what was missing on the nodes that came furthest in this order. */
typedef enum mdl_lost {
    MDL_LOST_COUNT,  /* fewer thousandths of GPU left in the whole fleet than it asks for */
    MDL_LOST_DOMAIN, /* enough of them, but on no node together */
    MDL_LOST_TYPE,   /* nodes with enough GPU left have no allowed model */
    MDL_LOST_CPU,    /* those that also have an allowed model have too little CPU left */
    MDL_LOST_MEMORY, /* those that also have the CPU have too little memory left */
    MDL_LOST_REASONS
} mdl_lost_t;

extern const char *const mdl_lost_names[MDL_LOST_REASONS]; /* "count", "domain", "type", "cpu", "memory" */

/* GPUs allocated while the load that had arrived was `percent` of the GPUs, rounded half to even. */
typedef struct mdl_packing_load {
    uint32_t percent;
    uint32_t arrivals;        /* pods after whose arrival that was so, >= 1 */
    double allocated_percent; /* mean over them, each rounded to two decimals, half to even */
} mdl_packing_load_t;

typedef struct mdl_packing_result {
    uint32_t *pods;  /* per arrival: index into the trace's pods */
    uint32_t *nodes; /* index into the trace's nodes, or MDL_NONE: lost */
    size_t n;
    size_t placed;
    size_t lost[MDL_LOST_REASONS]; /* placed + lost = n */
    mdl_packing_load_t *loads;     /* by percent, from 1 */
    size_t n_loads;
    int64_t gpu_milli;       /* of the fleet */
    int64_t arrived_milli;   /* asked for by all pods */
    int64_t allocated_milli; /* in the end */
    double fragmented_milli; /* in the end, over all nodes (scheduler/fragmentation.h) */
    double fragmentation;    /* the same as a share of gpu_milli */
    uint64_t scored;         /* scores of nodes computed */
    double seconds;          /* wall time of the replay, order and typical requests included */
} mdl_packing_result_t;

/* Replays. SIM_EINPUT: no GPUs, no pods, or an inflation that is not positive; SIM_ENOMEM; SIM_EINVARIANT from the
 * fleet's recount at the end. After an error the result is empty and owns nothing. */
sim_status_t mdl_packing_run(const mdl_openb_t *trace, const mdl_packing_options_t *options,
                             mdl_packing_result_t *result, sim_error_t *err);

/* Frees what it owns and empties it; legal on an empty one. */
void mdl_packing_free(mdl_packing_result_t *self);

#define MDL_PACKING_NAME (MDL_OPENB_NAME + 24) /* bytes of a name below, its end included */

/* Names as order files spell them: of an arrival's pod ("NAME", a repeated one "NAME-tuned-K", K counting them from 0),
 * and of its node ("RANK-NAME" where the trace has an order, else "NAME"; "" when lost). */
void mdl_packing_pod_name(const mdl_openb_t *trace, const mdl_packing_result_t *result, size_t arrival,
                          char name[MDL_PACKING_NAME]);
void mdl_packing_node_name(const mdl_openb_t *trace, const mdl_packing_result_t *result, size_t arrival,
                           char name[MDL_PACKING_NAME]);

#endif
