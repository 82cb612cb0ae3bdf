// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/queue.h"

static bool comes_before(mdl_scheduler_t *self, uint32_t a, uint32_t b)
{
    return mdl_orders[self->policy.order].before(mdl_scheduler_job(self, a), mdl_scheduler_job(self, b));
}

static int64_t queued_gpu_s(const mdl_job_t *job)
{
    return job->work_s == MDL_WORK_ENDLESS ? 0 : job->work_s * job->gpus;
}

void mdl_queue_insert(mdl_scheduler_t *self, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);
    uint32_t after = tenant->queue_tail;

    while (after != MDL_NONE && comes_before(self, index, after))
        after = mdl_scheduler_job(self, after)->prev;
    job->prev = after;
    job->next = after == MDL_NONE ? tenant->queue_head : mdl_scheduler_job(self, after)->next;
    if (job->next != MDL_NONE)
        mdl_scheduler_job(self, job->next)->prev = index;
    else
        tenant->queue_tail = index;
    if (after != MDL_NONE)
        mdl_scheduler_job(self, after)->next = index;
    else
        tenant->queue_head = index;
    job->state = MDL_JOB_QUEUED;
    tenant->queued++;
    tenant->queued_gpu_s += queued_gpu_s(job);
    self->queued++;
}

void mdl_queue_remove(mdl_scheduler_t *self, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);

    if (job->prev != MDL_NONE)
        mdl_scheduler_job(self, job->prev)->next = job->next;
    else
        tenant->queue_head = job->next;
    if (job->next != MDL_NONE)
        mdl_scheduler_job(self, job->next)->prev = job->prev;
    else
        tenant->queue_tail = job->prev;
    tenant->queued--;
    tenant->queued_gpu_s -= queued_gpu_s(job);
    self->queued--;
}

void mdl_running_insert(mdl_scheduler_t *self, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);

    job->prev = MDL_NONE;
    job->next = tenant->running_head;
    if (job->next != MDL_NONE)
        mdl_scheduler_job(self, job->next)->prev = index;
    tenant->running_head = index;
    job->state = MDL_JOB_RUNNING;
    tenant->running++;
    self->running++;
}

void mdl_running_remove(mdl_scheduler_t *self, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);

    if (job->prev != MDL_NONE)
        mdl_scheduler_job(self, job->prev)->next = job->next;
    else
        tenant->running_head = job->next;
    if (job->next != MDL_NONE)
        mdl_scheduler_job(self, job->next)->prev = job->prev;
    tenant->running--;
    self->running--;
}

static void leave_ready(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant)
{
    if (tenant->ready_prev != MDL_NONE)
        mdl_scheduler_tenant(self, tenant->ready_prev)->ready_next = tenant->ready_next;
    else
        self->ready_head = tenant->ready_next;
    if (tenant->ready_next != MDL_NONE)
        mdl_scheduler_tenant(self, tenant->ready_next)->ready_prev = tenant->ready_prev;
    else
        self->ready_tail = tenant->ready_prev;
}

static void enter_ready(mdl_scheduler_t *self, uint32_t index)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);
    uint32_t after = self->ready_tail;

    while (after != MDL_NONE && comes_before(self, tenant->queue_head, mdl_scheduler_tenant(self, after)->queue_head))
        after = mdl_scheduler_tenant(self, after)->ready_prev;
    tenant->ready_prev = after;
    tenant->ready_next = after == MDL_NONE ? self->ready_head : mdl_scheduler_tenant(self, after)->ready_next;
    if (tenant->ready_next != MDL_NONE)
        mdl_scheduler_tenant(self, tenant->ready_next)->ready_prev = index;
    else
        self->ready_tail = index;
    if (after != MDL_NONE)
        mdl_scheduler_tenant(self, after)->ready_next = index;
    else
        self->ready_head = index;
}

void mdl_queue_refresh(mdl_scheduler_t *self, uint32_t index)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);

    if (tenant->status == MDL_QUEUE_READY)
        leave_ready(self, tenant);
    else if (tenant->status == MDL_QUEUE_HELD)
        self->held_gpus -= tenant->head_gpus;
    tenant->status = MDL_QUEUE_EMPTY;
    if (tenant->queue_head == MDL_NONE)
        return;
    tenant->head_gpus = mdl_scheduler_job(self, tenant->queue_head)->gpus;
    if (tenant->used_gpus + tenant->head_gpus > tenant->quota_gpus) {
        tenant->status = MDL_QUEUE_HELD;
        self->held_gpus += tenant->head_gpus;
    } else {
        tenant->status = MDL_QUEUE_READY;
        enter_ready(self, index);
    }
}
