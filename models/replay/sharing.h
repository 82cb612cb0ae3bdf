// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs that share a cluster in turns: preemptive scheduling as the simulators of Tiresias (NSDI 2019) and Muri
 * (SIGCOMM 2022) count it.
 *
 * A job is a number of iterations of known length and may be stopped and resumed at any event. Events are arrivals and
 * ends, for Tiresias demotions too. At each the cluster is emptied and filled again in the order of the policy; what
 * does not fit is skipped, and smaller jobs behind it may run:
 *
 *   SRTF      shortest remaining time first
 *   SRSF      least remaining time x GPUs first
 *   LAS       least attained service (Tiresias, `dlas-gpu`): three queues; a job that has had a queue's limit of GPU
 *             seconds moves one queue down and never back up; first come, first served inside a queue, running jobs
 *             before waiting ones. Counts GPUs and knows no nodes
 *
 * Each event costs every running job an overhead (saving, resuming), whether or not it was moved; a predicted end leaves
 * it out, so the last stretch of a job is free of it. All in doubles and in the order of operations of those
 * simulators, so that results agree with theirs to the bit. Ends within 1e-9 of each other, relative, are one event for SRTF and SRSF.
 *
 *     mdl_replay_result_t result;
 *     mdl_sharing_options_t options = {.order = MDL_SHARING_SRSF};
 *     if (mdl_replay_sharing(&trace, 8, 8, &options, &result, &err) == SIM_OK)
 *         ... result.jobs[0 .. result.n - 1], in order of their ends ...
 *     mdl_replay_free(&result);
 */
#ifndef MDL_REPLAY_SHARING_H
#define MDL_REPLAY_SHARING_H

#include "models/replay/replay.h"
#include "models/trace/muri.h"

typedef enum mdl_sharing_order { MDL_SHARING_SRTF, MDL_SHARING_SRSF, MDL_SHARING_LAS } mdl_sharing_order_t;

typedef enum mdl_sharing_overhead {
    MDL_SHARING_OVERHEAD_TABLE,   /* seconds by model and GPUs, measured by Muri's authors */
    MDL_SHARING_OVERHEAD_CONSTANT /* overhead_s for every job */
} mdl_sharing_overhead_t;

/* Zero-initialise for SRTF as published. */
typedef struct mdl_sharing_options {
    mdl_sharing_order_t order;
    mdl_sharing_overhead_t overhead;
    double overhead_s;     /* of each job at each event, with MDL_SHARING_OVERHEAD_CONSTANT; >= 0 */
    double limit_gpu_s[2]; /* service after which a job leaves the first and the second queue; 0: 3250 and 7200 */
    bool pieces;           /* fill the result's pieces: the replay runs twice, first to count them */
} mdl_sharing_options_t;

/* Replays `trace` on nodes x gpus_per_node GPUs. Jobs of more GPUs than there are, or of none, are refused and counted;
 * that one comes is an event all the same. run_s is the work without overheads, busy GPU seconds those in which
 * iterations were made, blocked ones the GPUs of the first waiting job. first_node is the lowest of a job's last nodes
 * (LAS: MDL_NONE).
 * SIM_EINPUT: no GPUs or more than 2^31 - 1, or a negative, infinite or absurd number (above 1e15 s) in a job or an
 * option; SIM_ENOMEM. `out` is empty then. */
sim_status_t mdl_replay_sharing(const mdl_muri_t *trace, uint32_t nodes, uint32_t gpus_per_node,
                                const mdl_sharing_options_t *options, mdl_replay_result_t *out, sim_error_t *err);

#endif
