// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of jobs that ask for parts of a node: GPUs or thousandths of one, CPU and memory, on a fleet of unequal nodes.
 *
 * Jobs wait in one queue, by submission or shortest estimate first; the head starts as soon as a node has room for it,
 * on the node that the placement rule (scheduler/placer.h) scores best, and nobody passes it. At one instant ends come
 * before submissions. A job runs on one node; what no node could ever hold is refused.
 *
 *     mdl_shares_setup_t setup = {.rule = MDL_RULE_FGD, .hardware = nodes, .nodes = n};
 *     if (mdl_replay_shares(&trace, &setup, &result, &err) == SIM_OK) ...
 */
#ifndef MDL_REPLAY_SHARES_H
#define MDL_REPLAY_SHARES_H

#include "models/replay/replay.h"
#include "models/scheduler/placer.h"
#include "models/trace/trace.h"

typedef struct mdl_shares_setup {
    const mdl_fleet_hardware_t *hardware; /* of each node */
    uint32_t nodes;
    uint32_t rule;       /* row of mdl_fleet_rules */
    bool shortest_first; /* by estimate; else by submission */
    uint64_t seed;       /* of random's draws */
} mdl_shares_setup_t;

/* Whether a trace asks for parts: of GPUs, CPU or memory. */
bool mdl_trace_has_parts(const mdl_trace_t *trace);

/* Replays a trace from an empty fleet until the last job has ended. GPU times of the result count a part of a GPU as
 * that part. Blocked: by count where the fleet has too little GPU left in all, else by domain. SIM_ENOMEM; SIM_EINPUT
 * for an impossible set-up or more work than can be counted (mdl_replay_check); `out` is empty then. */
sim_status_t mdl_replay_shares(const mdl_trace_t *trace, const mdl_shares_setup_t *setup, mdl_replay_result_t *out,
                               sim_error_t *err);

#endif
