// SPDX-License-Identifier: GPL-3.0-or-later
/* A scheduling policy is one choice in each of four slots, each a small table:
 *
 *     order        who stands before whom in a queue
 *     reservation  what a pass over the queues may start behind a job that does not fit
 *     placement    on which nodes a job goes
 *     preemption   whether a job may be stopped to make room for another
 *
 * A new rule is a new row in one table, and nothing else. Rows are addressed by index, so that a scheduler's state can
 * be copied. All zero is first come first served, no backfill, best fit, no preemption.
 *
 * Orders (a job's place is fixed while it waits; ties go to the job submitted first):
 *
 *     fcfs         first come first served
 *     sjf          shortest estimate first
 *     srtf         shortest remaining estimate first
 *     srsf         smallest remaining service first: remaining estimate times GPUs
 *     las          least attained service: GPU time so far, in the levels between las_limit_gpu_s, first come first
 *                  served within a level (Gu et al., "Tiresias", NSDI 2019)
 *     fair         multifactor priority: weighted sum of a tenant's fair share factor 2^(-usage / share), usage decaying
 *                  with a half-life, and of the age of the tenant's first job (as Slurm's priority/multifactor)
 *
 * Reservations:
 *
 *     none          the first head that does not fit stops the pass
 *     easy          the first head that does not fit gets the earliest start that estimates allow, and whatever does not
 *                   delay it may start (Lifka 1995), in the policy's order
 *     easy-sjbf     the same, shortest estimate first (Tsafrir et al. 2007)
 *     conservative  every job gets a start at submission that nothing delays; each end moves starts forward
 *                   (Mu'alem and Feitelson 2001). Room is counted in GPUs
 *
 * What a pass costs when n jobs wait: none, the jobs it starts; EASY, those that might fit, or backfill_depth of
 * each tenant, times log n, and the jobs that run; conservative, where one tenant alone waits, the jobs whose start may
 * move, times the blocks of steps of the profile, else n times those. With preemption, n log n.
 *
 * Placements on equal nodes, for the part of a job below node size:
 *
 *     bestfit, packing, dotprod    the fullest node that fits; on nodes that have nothing but whole GPUs the three rules
 *                                  of that name agree
 *     random       any node that fits, drawn by the job's number
 *     clustering   a node that holds jobs of the same size, then by fullness (Xiang et al. 2023)
 *     fgd          the node whose fragmentation, measured with the sizes of the jobs submitted so far, grows least (Weng et
 *                  al. 2023)
 *     consolidate  whole nodes of a gang in as few racks as possible, the remainder on the freest node left; below node
 *                  size the fullest node that fits, the lowest among equals
 *
 * Preemptions:
 *
 *     none         running jobs run to their end
 *     checkpoint   jobs are taken in order, running ones too, as long as there is room; running ones that find none any
 *                  more write a checkpoint and go back into the queue. A job within its tenant's quota stands before all
 *                  that are not, so this is also what reclaims borrowed quota. Elastic and endless jobs are left alone.
 *                  Whatever fits may start, so there is nothing for a reservation to do and its row has no say
 *     reclaim      only what is lent is taken back: where the first head is within its tenant's quota and finds no nodes,
 *                  jobs of tenants beyond theirs are stopped with a checkpoint, those that started last first. Under
 *                  conservative reservations, which promise starts by estimates, lent nodes come back to waiting jobs when
 *                  jobs end; scenarios that ask for both in so many words are refused
 */
#ifndef MDL_POLICY_H
#define MDL_POLICY_H

#include "models/hardware/cluster.h"
#include "models/scheduler/job.h"

#include <stdbool.h>

struct mdl_scheduler;
struct mdl_scheduler_host;

enum mdl_order_row {
    MDL_ORDER_FCFS,
    MDL_ORDER_SJF,
    MDL_ORDER_SRTF,
    MDL_ORDER_SRSF,
    MDL_ORDER_LAS,
    MDL_ORDER_FAIR,
    MDL_ORDERS
};
enum mdl_reservation_row {
    MDL_RESERVATION_NONE,
    MDL_RESERVATION_EASY,
    MDL_RESERVATION_EASY_SJBF,
    MDL_RESERVATION_CONSERVATIVE,
    MDL_RESERVATIONS
};
enum mdl_placement_row {
    MDL_PLACEMENT_BEST_FIT,
    MDL_PLACEMENT_RANDOM,
    MDL_PLACEMENT_PACKING,
    MDL_PLACEMENT_CLUSTERING,
    MDL_PLACEMENT_DOTPROD,
    MDL_PLACEMENT_FGD,
    MDL_PLACEMENT_CONSOLIDATE,
    MDL_PLACEMENTS
};
enum mdl_preemption_row { MDL_PREEMPTION_NONE, MDL_PREEMPTION_CHECKPOINT, MDL_PREEMPTION_RECLAIM, MDL_PREEMPTIONS };

/* One row of each table, and what the rows that have settings go by. */
typedef struct mdl_policy {
    uint8_t order, reservation, placement, preemption;
    int32_t preempt_every_s;    /* least time between two rounds of preemption; 0: at every event */
    int32_t priority_every_s;   /* fair: priorities are computed anew no more often than this */
    int32_t backfill_depth;     /* jobs of each tenant that fit what is free and that an EASY pass tries; 0: all */
    int64_t las_limit_gpu_s[2]; /* las: service at which a job falls to the next level */
    double fair_half_life_s;    /* fair: of usage; 0: usage does not decay */
    double fair_weight, age_weight;
    double age_most_s; /* fair: age that counts in full */
    uint64_t seed;     /* random: besides the job's number */
} mdl_policy_t;

typedef struct mdl_queue_order {
    const char *name;
    /* A job's key when `computed_s` of its present attempt are done: lowest first. */
    int64_t (*key)(const mdl_policy_t *policy, const mdl_job_t *job, int64_t computed_s);
} mdl_queue_order_t;

typedef struct mdl_reservation {
    const char *name;
    bool follows_ends; /* keeps running jobs by estimated end */
    bool plans;        /* keeps a profile of the future */
    /* Starts what may start now. Called after anything that could let a job start. */
    void (*pass)(struct mdl_scheduler *self, mdl_cluster_t *cluster, int64_t now_s,
                 const struct mdl_scheduler_host *host);
} mdl_reservation_t;

typedef struct mdl_placement {
    const char *name;
    /* Takes the GPUs of a job, whole nodes and a remainder on one more, and notes them in it; or changes nothing and
     * returns false. */
    bool (*place)(struct mdl_scheduler *self, mdl_cluster_t *cluster, mdl_job_t *job);
    bool restless; /* where nodes are taken in part, its choice may change though no GPU is taken or given back */
} mdl_placement_t;

extern const mdl_queue_order_t mdl_orders[MDL_ORDERS];
extern const mdl_reservation_t mdl_reservations[MDL_RESERVATIONS];
extern const mdl_placement_t mdl_placements[MDL_PLACEMENTS];
extern const char *const mdl_preemptions[MDL_PREEMPTIONS];

/* Whether a pass sorts jobs in memory of its own. */
bool mdl_policy_sorts(const mdl_policy_t *policy);
/* Whether a pass has something to do where nobody waits: priorities, rounds of preemption, a plan. */
bool mdl_policy_watches(const mdl_policy_t *policy);

#endif
