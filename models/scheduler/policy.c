// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/scheduler.h"

static bool before_fcfs(const mdl_job_t *a, const mdl_job_t *b)
{
    return a->sequence < b->sequence;
}

const mdl_queue_order_t mdl_orders[MDL_ORDERS] = {
    [MDL_ORDER_FCFS] = {"fcfs", before_fcfs},
};

/* No backfill: the first head that does not fit stops the pass. */
static void pass_none(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host)
{
    while (self->ready_head != MDL_NONE) {
        uint32_t job = mdl_scheduler_tenant(self, self->ready_head)->queue_head;
        if (mdl_scheduler_start(self, cluster, job, now_s, host))
            continue;
        if (mdl_preemptions[self->policy.preemption].make_room(self, cluster, job, now_s, host))
            continue;
        self->blocked_gpus = mdl_scheduler_job(self, job)->gpus;
        self->blocked_reason = (uint8_t)mdl_scheduler_reason(cluster, mdl_scheduler_job(self, job));
        return;
    }
}

const mdl_reservation_t mdl_reservations[MDL_RESERVATIONS] = {
    [MDL_RESERVATION_NONE] = {"none", pass_none},
};

static bool make_no_room(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t job, int64_t now_s,
                         const mdl_scheduler_host_t *host)
{
    (void)self, (void)cluster, (void)job, (void)now_s, (void)host;
    return false;
}

const mdl_preemption_t mdl_preemptions[MDL_PREEMPTIONS] = {
    [MDL_PREEMPTION_NONE] = {"none", make_no_room},
};
