// SPDX-License-Identifier: GPL-3.0-or-later
/* EASY within a tenant's limit: a head that waits for its tenant's own jobs to leave is promised the moment at which,
 * by their estimates, enough of them will have, and jobs behind it may start where they are gone by then or leave it
 * enough of the limit. On a lease, where a tenant has nodes of its own, this is EASY on the lease.
 */
#include "models/scheduler/passes.h"
#include "sim/time.h"

/* What a tenant's head is promised. */
typedef struct promise {
    int64_t start_s;
    uint32_t spare_gpus; /* of the limit, then, besides the head's */
} promise_t;

/* The tenant's running jobs by estimated end. */
static uint32_t list_running(const mdl_pass_t *pass, const mdl_scheduler_holding_t *holding, mdl_candidate_t *list)
{
    uint32_t n = 0;

    for (uint32_t i = holding->running_head; i != MDL_NONE; i = mdl_scheduler_job(pass->scheduler, i)->next)
        list[n++] = (mdl_candidate_t){.key = mdl_scheduler_job(pass->scheduler, i)->key, .job = i};
    mdl_candidates_sort(pass->scheduler, list, n);
    return n;
}

static promise_t make_promise(const mdl_pass_t *pass, const mdl_scheduler_holding_t *holding, uint32_t head_gpus)
{
    mdl_candidate_t *list = mdl_scheduler_candidates(pass->scheduler);
    uint32_t n = list_running(pass, holding, list), free_gpus = holding->limit_gpus - holding->used_gpus;
    promise_t promise = {.start_s = SIM_NEVER};

    for (uint32_t i = 0; i < n; i++) {
        int64_t end_s = list[i].key > pass->now_s ? list[i].key : pass->now_s + 1;
        if (list[i].key >= MDL_ESTIMATE_ENDLESS || end_s > promise.start_s)
            break;
        free_gpus += mdl_scheduler_job(pass->scheduler, list[i].job)->gpus;
        if (free_gpus >= head_gpus)
            promise.start_s = end_s;
    }
    promise.spare_gpus = free_gpus >= head_gpus ? free_gpus - head_gpus : 0;
    return promise;
}

void mdl_easy_within(const mdl_pass_t *pass, uint32_t index)
{
    mdl_scheduler_t *self = pass->scheduler;
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, index);

    if (tenant->status != MDL_QUEUE_HELD || tenant->queued < 2 || holding->used_gpus >= holding->limit_gpus)
        return;
    promise_t promise = make_promise(pass, holding, tenant->head_gpus);
    uint32_t depth = self->policy.backfill_depth > 0 ? (uint32_t)self->policy.backfill_depth : UINT32_MAX;
    uint32_t i = mdl_scheduler_job(self, tenant->queue.first)->links.next;
    for (; i != MDL_NONE && depth > 0 && pass->cluster->free_gpus > 0; depth--) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        uint32_t candidate = i;
        bool gone = mdl_job_estimate_left_s(job, 0) <= promise.start_s - pass->now_s;
        i = job->links.next;
        if (holding->used_gpus + job->gpus > holding->limit_gpus || (!gone && job->gpus > promise.spare_gpus))
            continue;
        if (mdl_easy_try(pass, candidate) && !gone)
            promise.spare_gpus -= job->gpus;
    }
}
