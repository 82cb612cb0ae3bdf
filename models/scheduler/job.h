// SPDX-License-Identifier: GPL-3.0-or-later
/* A job: what it asks for, where it stands, and how far it has come.
 *
 * An attempt runs from start_s. It starts up until compute_from_s, then computes; after every `interval_s` of computing
 * it pauses `pause_s` to write a checkpoint, and what has been computed up to there is saved. It ends when work_s
 * seconds have been computed. So how long a job has been busy at any moment is a closed form (mdl_job_computed), and
 * nothing has to happen between its start and its end. A job that is put back into the queue keeps what it had saved.
 */
#ifndef MDL_JOB_H
#define MDL_JOB_H

#include "models/scheduler/tree.h"
#include "sim/calendar.h"

#include <stdbool.h>
#include <stdint.h>

/* Classes of job. */
typedef enum mdl_job_class {
    MDL_JOB_TRAINING,  /* pre-training: a gang of whole nodes, checkpoints, restarts after failures */
    MDL_JOB_FINETUNE,  /* fine-tuning and evaluation: heavy-tailed, mostly 1 to 64 GPUs */
    MDL_JOB_INFERENCE, /* services: replicas follow request load */
    MDL_JOB_BATCH,     /* deferrable, fills what is free */
    MDL_JOB_CLASSES
} mdl_job_class_t;

/* How a job leaves. A job's intended end is drawn with it: some are cancelled by their user or fail by their own fault.
 */
typedef enum mdl_job_end { MDL_END_FINISHED, MDL_END_CANCELLED, MDL_END_FAILED, MDL_JOB_ENDS } mdl_job_end_t;

typedef enum mdl_job_state { MDL_JOB_FREE, MDL_JOB_QUEUED, MDL_JOB_RUNNING } mdl_job_state_t;

#define MDL_WORK_ENDLESS     INT64_MAX          /* work_s of a job that runs until it is ended */
#define MDL_ESTIMATE_ENDLESS (INT64_C(1) << 60) /* estimate_s of one */

/* What a job asks for at submission. */
typedef struct mdl_job_request {
    int64_t work_s;          /* computing seconds; MDL_WORK_ENDLESS for a service's replica */
    int64_t estimate_s;      /* of its length, by its user; 0: as long as it is (mdl_job_attempt_s) */
    uint32_t gpus;           /* >= 1 */
    int32_t startup_s;       /* at each start */
    int32_t interval_s;      /* of computing between checkpoints, >= 1; INT32_MAX: nothing is saved before the end */
    int32_t pause_s;         /* per checkpoint */
    uint32_t speed_permille; /* of a pre-training job: H100-equivalents of one GPU that computes for it */
    uint8_t job_class;       /* mdl_job_class_t */
    uint8_t intended_end;    /* mdl_job_end_t */
    bool tightly_coupled;    /* above one node it needs a training fabric */
    bool elastic;            /* its width may change: see mdl_scheduler_resize(); whole nodes, endless work */
} mdl_job_request_t;

/* Three cache lines: what a service is asked at each resizing, a reading of a job that has just started and the end of
 * one in a pool comes first, with what else a start leaves behind it, and what only waiting, an order of running jobs by
 * their ends and parts of nodes need last. */
typedef struct mdl_job {
    _Alignas(64) int64_t compute_from_s; /* from here on it computes, in its present share */
    int64_t work_s;                      /* computing seconds left at compute_from_s */
    int64_t start_s;                     /* of this attempt */
    uint32_t next;                       /* running: in its tenant's list; free list */
    uint32_t prev;                       /* running: in its tenant's list */
    int32_t interval_s;
    uint32_t tenant;
    uint32_t gpus;        /* while it runs: held */
    uint32_t wanted_gpus; /* more than `gpus` where an elastic job has found too few nodes */
    int32_t startup_s;
    uint16_t share_permille; /* share of its allocated time that is busy: a replica's load, else 1000 */
    uint8_t job_class, intended_end, state;
    bool tightly_coupled, elastic;
    bool started; /* at least once */
    int32_t pause_s;
    _Alignas(64) sim_handle_t end_event; /* the owner's */
    int64_t submit_s;
    int64_t estimate_s; /* of its length, all attempts together */
    int64_t done_s;     /* computing seconds that earlier attempts saved */
    uint64_t sequence;  /* order of submission, kept through restarts; breaks ties of key */
    uint32_t speed_permille;
    int32_t resume_s;   /* to be spent at its next start besides: writing the checkpoint that a preemption asked for */
    uint32_t gang;      /* first whole node, or MDL_NONE */
    uint32_t part_node; /* node of which it holds the remainder, or MDL_NONE */
    uint32_t needed_gpus;     /* to start: all it asks for, an elastic one a node */
    uint32_t promise_number;  /* conservative: the how-manieth promise of a start its latest one was; wraps around */
    _Alignas(64) int64_t key; /* queued: its place by the policy's order, lowest first; in the order by ends: its own */
    mdl_tree_links_t links;   /* queued: in its tenant's queue; running: among all running jobs by estimated end */
    int64_t left_s;           /* queued: what is left of its estimate */
    int64_t planned_s;        /* queued: start that a conservative reservation promises; MDL_NOT_PLANNED */
    uint32_t part_next, part_prev; /* with a part of a node: jobs that hold parts of the same one */
} mdl_job_t;

#define MDL_NOT_PLANNED INT64_MAX

_Static_assert(sizeof(mdl_job_t) == 192 && offsetof(mdl_job_t, end_event) == 64 && offsetof(mdl_job_t, key) == 128,
               "three cache lines");

/* What an attempt has computed by now_s, and how much of that would survive a restart. Seconds. */
typedef struct mdl_progress {
    int64_t computed_s;
    int64_t saved_s;
} mdl_progress_t;

mdl_progress_t mdl_job_progress(const mdl_job_t *job, int64_t now_s);

/* Whether it may be stopped to make room: elastic and endless jobs are left alone. */
static inline bool mdl_job_may_be_stopped(const mdl_job_t *job)
{
    return !job->elastic && job->work_s != MDL_WORK_ENDLESS;
}

/* Length of an undisturbed attempt from its start, start-up and checkpoints included. work_s must not be endless. */
static inline int64_t mdl_job_attempt_s(const mdl_job_t *job)
{
    bool pauses = job->pause_s > 0 && job->work_s > job->interval_s && job->interval_s < INT32_MAX;
    int64_t checkpoints = pauses ? (job->work_s - 1) / job->interval_s : 0;

    return job->startup_s + job->resume_s + job->work_s + checkpoints * job->pause_s;
}

/* What is left of its estimate when `computed_s` of the present attempt are done; at least a second, and of an endless
 * one never less than MDL_ESTIMATE_ENDLESS. */
static inline int64_t mdl_job_estimate_left_s(const mdl_job_t *job, int64_t computed_s)
{
    int64_t left_s = job->estimate_s - job->done_s - computed_s;

    if (job->estimate_s >= MDL_ESTIMATE_ENDLESS)
        return MDL_ESTIMATE_ENDLESS;
    return left_s > 0 ? left_s : 1;
}

/* When a running job should end by its estimate; an endless one never, MDL_ESTIMATE_ENDLESS. */
static inline int64_t mdl_job_estimated_end_s(const mdl_job_t *job)
{
    int64_t left_s = mdl_job_estimate_left_s(job, 0);

    return left_s < MDL_ESTIMATE_ENDLESS ? job->start_s + left_s : MDL_ESTIMATE_ENDLESS;
}

#endif
