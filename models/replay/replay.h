// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay: the scheduling core alone, on a recorded trace.
 *
 * Four executives, one per kind of trace, because published simulators differ in what an event is:
 *
 *   queue.h    jobs with known run times on equal nodes (SWF, Philly, CSV): the scheduler of the data centres, event by
 *              event
 *   sharing.h  jobs that share a cluster in turns (Muri): at each event the cluster is emptied and filled again in the
 *              order of the policy
 *   shares.h   jobs that ask for parts of a node and wait for them, on a fleet of unequal nodes
 *   packing.h  pods that arrive and stay (openb): placement alone, with a result of its own
 *
 * Those with times fill one kind of result, so that metrics, start files and pictures are made once.
 */
#ifndef MDL_REPLAY_H
#define MDL_REPLAY_H

#include "models/scheduler/scheduler.h"
#include "models/trace/trace.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What became of one job. Seconds as the trace counts them; whole numbers where the trace has whole seconds. */
typedef struct mdl_replay_job {
    int64_t id;
    double submit_s;
    double start_s; /* of its first attempt */
    double end_s;
    double run_s; /* the work it came with: wait = end - submit - run where it was never stopped */
    uint32_t gpus;
    uint32_t first_node;   /* lowest node of its last attempt, for pictures; MDL_NONE: not told apart */
    uint32_t stops;        /* how often it was preempted */
    double held_s, wait_s; /* of a job that was preempted: with and without GPUs, from submission to end; of another
                            * start and end tell, and an executive that never preempts leaves them 0 */
} mdl_replay_job_t;

/* An unbroken stretch of a job on GPUs. */
typedef struct mdl_replay_piece {
    uint32_t job; /* index into the result's jobs */
    double start_s, end_s;
} mdl_replay_piece_t;

typedef struct mdl_replay_result {
    mdl_replay_job_t *jobs; /* in order of submission, or as the executive says */
    size_t n;
    uint32_t gpus;                             /* of the cluster */
    double busy_gpu_s;                         /* computing */
    double allocated_gpu_s;                    /* held by jobs, overheads included */
    double blocked_gpu_s[MDL_BLOCKED_REASONS]; /* asked for by the queue's head while it could not start, by reason */
    mdl_replay_piece_t *pieces;                /* by start; NULL: every job ran once, from its start to its end */
    size_t n_pieces;
    size_t refused; /* jobs that can never run on this cluster; not in `jobs` */
    double seconds; /* wall time of the replay without reading */
} mdl_replay_result_t;

#define MDL_REPLAY_GPU_S 0x1p60 /* so that sums of GPU seconds, doubled by restarts, fit int64 */

/* Whether the jobs of a trace that fit into `gpus` GPUs can be replayed without a clock or a sum running over: SIM_EINPUT
 * if their lengths (or estimates, where longer) one after another, on as many GPUs as the widest one asks for, come to
 * more than MDL_REPLAY_GPU_S. */
sim_status_t mdl_replay_check(const mdl_trace_t *trace, uint32_t gpus, sim_error_t *err);

/* A clock for the wall time of a replay, seconds from any moment. */
double mdl_replay_wall_s(void);

/* Frees what it owns and empties it; legal on an empty one and twice. */
void mdl_replay_free(mdl_replay_result_t *self);

#endif
