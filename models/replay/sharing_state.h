// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of the sharing executive: what its orders share. */
#ifndef MDL_REPLAY_SHARING_STATE_H
#define MDL_REPLAY_SHARING_STATE_H

#include "models/replay/sharing.h"
#include "models/replay/sort.h"
#include "models/replay/yarn.h"

enum { MDL_SHARING_QUEUES = 3 };

typedef enum mdl_turn_state { MDL_TURN_WAITING, MDL_TURN_RUNNING, MDL_TURN_ENDED } mdl_turn_state_t;

/* A job while it takes its turns. Seconds. */
typedef struct mdl_turn_job {
    double iteration_s, overhead_s;
    double iterations;                       /* to go */
    double submit_s, last_s, start_s, end_s; /* end_s of a running job is predicted */
    double held_s, wait_s;
    uint32_t gpus;
    uint32_t source; /* index into the trace */
    uint32_t node;
    uint32_t piece;
    uint32_t stops;
    uint8_t queue;
    uint8_t state;
} mdl_turn_job_t;

typedef struct mdl_sharing {
    mdl_turn_job_t *jobs; /* in order of arrival */
    size_t n, arrived, ended;
    const mdl_sharing_options_t *options;
    double limit_gpu_s[MDL_SHARING_QUEUES - 1];
    double now_s;
    mdl_yarn_t yarn;

    mdl_replay_key_t *list,
        *scratch; /* jobs that have arrived and not ended, in the policy's order (LAS: of arrival) */
    size_t n_list;
    uint32_t *queues[MDL_SHARING_QUEUES],
        *waiting; /* of LAS; jobs that have left a queue stay in it until it is read */
    size_t n_queue[MDL_SHARING_QUEUES];
    uint32_t *running; /* in the order in which they were given GPUs */
    size_t n_running;
    uint32_t *ends; /* jobs of the next end */
    size_t n_ends;
    double end_s, demotion_s; /* of the next end and demotion; INFINITY: none */

    uint32_t *order; /* jobs in order of their ends */
    uint32_t blocked_gpus;
    mdl_blocked_t blocked_reason;
    double busy_gpu_s, allocated_gpu_s, blocked_gpu_s[MDL_BLOCKED_REASONS];
    mdl_replay_piece_t *pieces; /* NULL: only counted */
    size_t n_pieces;
} mdl_sharing_t;

/* One event of each family at self->now_s: jobs in `ends` leave if they are due, arrivals join, the cluster is filled
 * again and the next end (and demotion) predicted. */
void mdl_sharing_event_shortest(mdl_sharing_t *self, bool ends_due);
void mdl_sharing_event_las(mdl_sharing_t *self, bool ends_due);

/* Takes the overhead of this event and what was done since the last one off a running job's work. */
void mdl_sharing_charge(mdl_sharing_t *self, mdl_turn_job_t *job);
/* Ends a job: its last stretch is free of overheads. Its held_s is the caller's to add up. */
void mdl_sharing_end(mdl_sharing_t *self, uint32_t job);
/* Lets a job run or wait from now on. */
void mdl_sharing_run(mdl_sharing_t *self, uint32_t job, uint32_t node);
void mdl_sharing_wait(mdl_sharing_t *self, uint32_t job);
/* When it ends if it runs on: never before now. */
double mdl_sharing_predict(const mdl_sharing_t *self, const mdl_turn_job_t *job);

#endif
