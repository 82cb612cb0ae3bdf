// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of jobs with known run times on equal nodes: the scheduler of the data centres, event by event.
 *
 * Published simulators differ in what happens at one instant. Those of the Parallel Workloads Archive (pyss and its
 * family) take submissions one by one, then ends one by one, and let the scheduler look at its queue after each (EASY:
 * after a submission only if that job fits at once); a job whose estimate is up no longer counts whenever that is done.
 * Others (Helios' simulator) take all ends, then all submissions, then look once. Neither has start-up times; a job that
 * is preempted pays `restart_s` when it goes on.
 *
 *     mdl_replay_setup_t setup = {.nodes = 100, .node_gpus = 1, .pool = true, .one_by_one = true,
 *                                 .policy = {.reservation = MDL_RESERVATION_EASY}};
 *     mdl_replay_result_t result;
 *     if (mdl_replay_queue(&trace, &setup, &result, &err) == SIM_OK) ...
 *     mdl_replay_free(&result);
 */
#ifndef MDL_REPLAY_QUEUE_H
#define MDL_REPLAY_QUEUE_H

#include "models/replay/replay.h"
#include "models/trace/trace.h"

typedef struct mdl_replay_setup {
    mdl_policy_t policy;
    uint32_t nodes, node_gpus; /* node_gpus: 1 to MDL_NODE_MOST_GPUS */
    uint32_t rack_nodes;       /* a divisor of 64; 0: one rack */
    bool pool;                 /* count nodes instead of telling them apart; jobs take whole nodes */
    bool one_by_one;           /* an instant's submissions, then its ends, a pass after each */
    int32_t restart_s;         /* what a preempted job loses */
} mdl_replay_setup_t;

/* Replays a trace from an empty cluster until the last job has ended. `out` holds the jobs in order of submission; those
 * that can never run are counted as refused. SIM_ENOMEM; SIM_EINPUT for an impossible set-up or more work than can be
 * counted (mdl_replay_check); `out` is empty then. */
sim_status_t mdl_replay_queue(const mdl_trace_t *trace, const mdl_replay_setup_t *setup, mdl_replay_result_t *out,
                              sim_error_t *err);

#endif
