// SPDX-License-Identifier: GPL-3.0-or-later
/* A scheduling policy is one choice in each of four slots, each a small table of functions:
 *
 *     order        who stands before whom in a queue
 *     reservation  what a pass over the queues may start behind a job that does not fit
 *     placement    on which nodes a job goes
 *     preemption   whether a job may be stopped to make room for another
 *
 * A new rule is a new row in one table, and nothing else. Rows are addressed by index, so that a scheduler's state can
 * be copied. Present rows: first come first served; no backfill; best fit; no preemption.
 */
#ifndef MDL_POLICY_H
#define MDL_POLICY_H

#include "models/hardware/cluster.h"
#include "models/scheduler/job.h"

struct mdl_scheduler;
struct mdl_scheduler_host;

typedef struct mdl_queue_order {
    const char *name;
    bool (*before)(const mdl_job_t *a, const mdl_job_t *b); /* strict total order */
} mdl_queue_order_t;

typedef struct mdl_reservation {
    const char *name;
    /* Starts what may start now. Called after anything that could let a job start. */
    void (*pass)(struct mdl_scheduler *self, mdl_cluster_t *cluster, int64_t now_s,
                 const struct mdl_scheduler_host *host);
} mdl_reservation_t;

typedef struct mdl_placement {
    const char *name;
    /* Takes the GPUs of a job (gpus / 8 whole nodes, gpus % 8 on one more) and notes them in it; or changes nothing and
     * returns false. */
    bool (*place)(mdl_cluster_t *cluster, mdl_job_t *job);
} mdl_placement_t;

typedef struct mdl_preemption {
    const char *name;
    /* Stops jobs until `job` could be placed; false when it will not or cannot, and then nothing was stopped. */
    bool (*make_room)(struct mdl_scheduler *self, mdl_cluster_t *cluster, uint32_t job, int64_t now_s,
                      const struct mdl_scheduler_host *host);
} mdl_preemption_t;

enum mdl_order_row { MDL_ORDER_FCFS, MDL_ORDERS };
enum mdl_reservation_row { MDL_RESERVATION_NONE, MDL_RESERVATIONS };
enum mdl_placement_row { MDL_PLACEMENT_BEST_FIT, MDL_PLACEMENTS };
enum mdl_preemption_row { MDL_PREEMPTION_NONE, MDL_PREEMPTIONS };

extern const mdl_queue_order_t mdl_orders[MDL_ORDERS];
extern const mdl_reservation_t mdl_reservations[MDL_RESERVATIONS];
extern const mdl_placement_t mdl_placements[MDL_PLACEMENTS];
extern const mdl_preemption_t mdl_preemptions[MDL_PREEMPTIONS];

/* One row of each table. All zero: FCFS, no backfill, best fit, no preemption. */
typedef struct mdl_policy {
    uint8_t order, reservation, placement, preemption;
} mdl_policy_t;

#endif
