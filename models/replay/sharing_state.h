// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of the sharing executive: what its orders share. */
#ifndef MDL_REPLAY_SHARING_STATE_H
#define MDL_REPLAY_SHARING_STATE_H

#include "models/replay/sharing.h"
#include "models/replay/sort.h"
#include "models/replay/yarn.h"

enum { MDL_SHARING_QUEUES = 3 };

/* Places in lists carry a job's GPUs, and whether it runs: waiting jobs are passed over without being looked up. */
#define MDL_TURN_RUNS (UINT32_C(1) << 31)

typedef struct mdl_turn_place {
    uint32_t job;
    uint32_t tag; /* GPUs, | MDL_TURN_RUNS */
} mdl_turn_place_t;

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
    size_t waits_from; /* first of the logged steps that its wait_s lacks */
    uint8_t queue;
    uint8_t state;
} mdl_turn_job_t;

typedef struct mdl_sharing {
    mdl_turn_job_t *jobs; /* in order of arrival; behind them, in order too, those that can never run */
    size_t n, arrived, ended;
    size_t n_refused, turned_away; /* how many can never run, and have come so far */
    const mdl_sharing_options_t *options;
    double limit_gpu_s[MDL_SHARING_QUEUES - 1];
    double now_s;
    mdl_yarn_t yarn;

    /* Jobs that have arrived and not ended, in the policy's order; of LAS: running jobs in order of arrival. */
    mdl_replay_key_t *list, *scratch;
    size_t n_list;
    /* Of LAS. A job that has left a queue stays in it until it is read. Of n_queue places the first n_settled are as the
     * last event left them, running jobs in front; the others were added since. */
    mdl_turn_place_t *queues[MDL_SHARING_QUEUES], *given, *skipped;
    size_t n_queue[MDL_SHARING_QUEUES], n_settled[MDL_SHARING_QUEUES], n_front[MDL_SHARING_QUEUES];
    uint32_t waiting[MDL_SHARING_QUEUES][64]; /* jobs that wait, by queue and GPUs; the last for so many and more */
    uint64_t sizes[MDL_SHARING_QUEUES];       /* bit g: some job of g GPUs waits */
    /* Seconds between the last events. A wait is a sum of such steps, added up when it is over: the same bits as adding
     * to every wait at every event, without touching every job. */
    double *steps_s;
    size_t n_steps;
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

/* An event at self->now_s, for SRTF and SRSF and for LAS: jobs in `ends` leave if they are due, arrivals join, the
 * cluster is filled again and the next end (and demotion) predicted. */
void mdl_sharing_event_shortest(mdl_sharing_t *self, bool ends_due);
void mdl_sharing_event_las(mdl_sharing_t *self, bool ends_due);

/* Takes the overhead of this event and what was done since the last one off a running job's work. */
void mdl_sharing_charge(mdl_sharing_t *self, mdl_turn_job_t *job);
/* The next job to arrive begins to wait. */
void mdl_sharing_arrive(mdl_sharing_t *self);
/* Ends a job: its last stretch is free of overheads. */
void mdl_sharing_end(mdl_sharing_t *self, uint32_t job);
/* Gives a job GPUs, or goes on doing so; takes them away from a running one. */
void mdl_sharing_run(mdl_sharing_t *self, uint32_t job, uint32_t node);
void mdl_sharing_stop(mdl_sharing_t *self, uint32_t job);
/* A job waits for `gpus`: the first one told at each event is the one that counts as blocked. */
void mdl_sharing_block(mdl_sharing_t *self, uint32_t gpus);
/* Whether what is free would do for the smallest job that waits in a queue (not of LAS: 0): if not, no more need be
 * looked at. */
bool mdl_sharing_any_fits(const mdl_sharing_t *self, uint32_t queue);
/* When it ends if it runs on: never before now. */
double mdl_sharing_predict(const mdl_sharing_t *self, const mdl_turn_job_t *job);

#endif
