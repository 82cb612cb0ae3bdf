// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/queue.h"

#include "models/scheduler/passes.h"
#include "models/scheduler/tree_inline.h"

static mdl_tree_items_t job_items(mdl_scheduler_t *self)
{
    return (mdl_tree_items_t){.base = (char *)mdl_scheduler_job(self, 0),
                              .stride = sizeof(mdl_job_t),
                              .links = offsetof(mdl_job_t, links),
                              .key = offsetof(mdl_job_t, key),
                              .tie = offsetof(mdl_job_t, sequence)};
}

/* Queues follow what jobs need, for backfilling. */
static mdl_tree_items_t sized_items(mdl_scheduler_t *self)
{
    mdl_tree_items_t items = job_items(self);

    items.size = offsetof(mdl_job_t, needed_gpus);
    items.length = offsetof(mdl_job_t, left_s);
    return items;
}

static mdl_tree_items_t brief_items(mdl_scheduler_t *self)
{
    return (mdl_tree_items_t){.base = (char *)mdl_scheduler_briefs(self),
                              .stride = sizeof(mdl_brief_t),
                              .links = offsetof(mdl_brief_t, links),
                              .key = offsetof(mdl_brief_t, estimate_s),
                              .tie = offsetof(mdl_brief_t, sequence),
                              .size = offsetof(mdl_brief_t, needed_gpus),
                              .length = offsetof(mdl_brief_t, left_s)};
}

static void link_brief(mdl_scheduler_t *self, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_tree_items_t items = brief_items(self);

    mdl_scheduler_briefs(self)[index] = (mdl_brief_t){.estimate_s = job->estimate_s,
                                                      .left_s = job->left_s,
                                                      .sequence = job->sequence,
                                                      .needed_gpus = job->needed_gpus};
    mdl_tree_insert(&self->shortest, &items, index);
}

static void unlink_brief(mdl_scheduler_t *self, uint32_t index)
{
    mdl_tree_items_t items = brief_items(self);

    mdl_tree_remove(&self->shortest, &items, index);
}

uint32_t mdl_queue_next_shortest(mdl_scheduler_t *self, uint32_t job, const mdl_tree_bounds_t *bounds)
{
    mdl_tree_items_t items = brief_items(self);

    return mdl_tree_next_within(&self->shortest, &items, job, bounds);
}

static void link_queued(mdl_scheduler_t *self, mdl_tree_t *queue, uint32_t job)
{
    mdl_tree_items_t sized = sized_items(self), plain = job_items(self);

    if (self->follows_ends)
        mdl_tree_put_(queue, &sized, job);
    else
        mdl_tree_put_(queue, &plain, job);
}

static void unlink_queued(mdl_scheduler_t *self, mdl_tree_t *queue, uint32_t job)
{
    mdl_tree_items_t sized = sized_items(self), plain = job_items(self);

    if (self->follows_ends)
        mdl_tree_take_(queue, &sized, job);
    else
        mdl_tree_take_(queue, &plain, job);
}

uint32_t mdl_queue_next_within(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, uint32_t job,
                               const mdl_tree_bounds_t *bounds)
{
    mdl_tree_items_t items = sized_items(self);

    return mdl_tree_next_within(&tenant->queue, &items, job, bounds);
}

static mdl_tree_items_t tenant_items(mdl_scheduler_t *self)
{
    return (mdl_tree_items_t){.base = (char *)mdl_scheduler_tenant(self, 0),
                              .stride = sizeof(mdl_scheduler_tenant_t),
                              .links = offsetof(mdl_scheduler_tenant_t, ready),
                              .key = offsetof(mdl_scheduler_tenant_t, ready_key),
                              .tie = offsetof(mdl_scheduler_tenant_t, ready_tie)};
}

static int64_t queued_gpu_s(const mdl_job_t *job)
{
    return job->work_s == MDL_WORK_ENDLESS ? 0 : job->work_s * job->gpus;
}

void mdl_queue_insert(mdl_scheduler_t *self, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);

    job->left_s = mdl_job_estimate_left_s(job, 0);
    job->key = mdl_orders[self->policy.order].key(&self->policy, job, 0);
    job->planned_s = MDL_NOT_PLANNED;
    self->unplanned++;
    link_queued(self, &tenant->queue, index);
    if (mdl_policy_tries_shortest(&self->policy))
        link_brief(self, index);
    job->state = MDL_JOB_QUEUED;
    tenant->queued++;
    tenant->queued_gpu_s += queued_gpu_s(job);
    self->queued++;
}

void mdl_queue_remove(mdl_scheduler_t *self, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);

    unlink_queued(self, &tenant->queue, index);
    if (mdl_policy_tries_shortest(&self->policy))
        unlink_brief(self, index);
    self->unplanned -= job->planned_s == MDL_NOT_PLANNED;
    tenant->queued--;
    tenant->queued_gpu_s -= queued_gpu_s(job);
    self->queued--;
}

void mdl_running_note_end_(mdl_scheduler_t *self, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_tree_items_t items = job_items(self);

    job->key = mdl_job_estimated_end_s(job);
    mdl_tree_put_(&self->ends, &items, index);
}

void mdl_running_forget_end_(mdl_scheduler_t *self, uint32_t index)
{
    mdl_tree_items_t items = job_items(self);

    mdl_tree_take_(&self->ends, &items, index);
}

/* fair: age counts up to a bound, and as of the last computation of priorities, so that places hold between two. */
static int64_t fair_key(const mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job)
{
    const mdl_policy_t *policy = &self->policy;
    double age_s = (double)(self->priority_s - job->submit_s);
    double age = age_s >= policy->age_most_s ? 1 : age_s > 0 ? age_s / policy->age_most_s : 0;

    return -(int64_t)(1e9 * (tenant->priority + policy->age_weight * age));
}

int64_t mdl_queue_place(const mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job)
{
    return self->policy.order == MDL_ORDER_FAIR ? fair_key(self, tenant, job) : job->key;
}

int64_t mdl_queue_rank(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job)
{
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, job->tenant);
    int64_t place = mdl_queue_place(self, tenant, job);

    return holding->used_gpus + job->gpus > holding->quota_gpus ? place + MDL_BORROWED : place;
}

static void leave(mdl_scheduler_t *self, mdl_scheduler_tenant_t *tenant, uint32_t index)
{
    if (tenant->status == MDL_QUEUE_READY) {
        mdl_tree_items_t items = tenant_items(self);
        mdl_tree_take_(&self->ready, &items, index);
    } else if (tenant->status == MDL_QUEUE_HELD) {
        self->held_gpus -= tenant->head_gpus;
    }
    tenant->status = MDL_QUEUE_EMPTY;
}

/* Puts a tenant at its head's place among the ready; a tenant that stands there alone already stays. */
static void stand_ready(mdl_scheduler_t *self, mdl_scheduler_tenant_t *tenant, uint32_t index, const mdl_job_t *head)
{
    mdl_tree_items_t items = tenant_items(self);
    bool alone = tenant->status == MDL_QUEUE_READY && self->ready.first == self->ready.last;

    if (!alone)
        leave(self, tenant, index);
    tenant->status = MDL_QUEUE_READY;
    tenant->ready_key = mdl_queue_rank(self, tenant, head);
    tenant->ready_tie = head->sequence;
    if (!alone)
        mdl_tree_put_(&self->ready, &items, index);
}

void mdl_queue_refresh_(mdl_scheduler_t *self, uint32_t index)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, index);
    const mdl_job_t *head = tenant->queue.first == MDL_NONE ? NULL : mdl_scheduler_job(self, tenant->queue.first);

    if (head != NULL && holding->used_gpus + head->gpus <= holding->limit_gpus) {
        stand_ready(self, tenant, index, head);
        return;
    }
    if (tenant->status != MDL_QUEUE_EMPTY)
        leave(self, tenant, index);
    if (head == NULL)
        return;
    tenant->status = MDL_QUEUE_HELD;
    tenant->head_gpus = head->gpus;
    self->held_gpus += tenant->head_gpus;
}
