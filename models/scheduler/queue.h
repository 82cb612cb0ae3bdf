// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists inside the scheduler: each tenant's queue and running jobs, the tenants whose head may compete, and the running
 * jobs by estimated end. Used by the scheduler's own files only. */
#ifndef MDL_QUEUE_H
#define MDL_QUEUE_H

#include "models/scheduler/scheduler.h"

#define MDL_BORROWED (INT64_C(1) << 61) /* added to the key of what would pass its tenant's quota */

/* Puts a job into its tenant's queue at its place in the policy's order. */
void mdl_queue_insert(mdl_scheduler_t *self, uint32_t job);
void mdl_queue_remove(mdl_scheduler_t *self, uint32_t job);

/* The next job in a tenant's queue after `job` (MDL_NONE: the first) whose needed GPUs and estimate are within bounds,
 * under a policy with reservations; MDL_NONE: there is none. */
uint32_t mdl_queue_next_within(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, uint32_t job,
                               const mdl_tree_bounds_t *bounds);

/* The same among the jobs of all tenants by estimate, under a policy that tries the shortest. */
uint32_t mdl_queue_next_shortest(mdl_scheduler_t *self, uint32_t job, const mdl_tree_bounds_t *bounds);

/* Notes when a running job should end, where the policy asks for it, and forgets it. */
void mdl_running_note_end_(mdl_scheduler_t *self, uint32_t job);
void mdl_running_forget_end_(mdl_scheduler_t *self, uint32_t job);

/* Puts the job of a row in front of its tenant's running jobs, and takes it out. Inlined, as most starts and ends ask
 * for little else. */
static inline void mdl_running_insert(mdl_scheduler_t *self, mdl_job_t *job, uint32_t index)
{
    mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, job->tenant);

    job->prev = MDL_NONE;
    job->next = holding->running_head;
    if (job->next != MDL_NONE)
        mdl_scheduler_job(self, job->next)->prev = index;
    holding->running_head = index;
    job->state = MDL_JOB_RUNNING;
    self->running++;
    if (self->follows_ends)
        mdl_running_note_end_(self, index);
}

static inline void mdl_running_remove(mdl_scheduler_t *self, const mdl_job_t *job, uint32_t index)
{
    if (self->follows_ends)
        mdl_running_forget_end_(self, index);
    if (job->prev != MDL_NONE)
        mdl_scheduler_job(self, job->prev)->next = job->next;
    else
        mdl_scheduler_holding(self, job->tenant)->running_head = job->next;
    if (job->next != MDL_NONE)
        mdl_scheduler_job(self, job->next)->prev = job->prev;
    self->running--;
}

/* Follows a change of a tenant's head, quota, use or priority: empty, ready or held, and its place among the ready. A
 * tenant whose queue is empty and was so before has none of them. */
void mdl_queue_refresh_(mdl_scheduler_t *self, uint32_t tenant);
static inline void mdl_queue_refresh(mdl_scheduler_t *self, uint32_t index)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);

    if (tenant->queue.first != MDL_NONE || tenant->status != MDL_QUEUE_EMPTY)
        mdl_queue_refresh_(self, index);
}

/* The same where no job has left its queue: if none waits, all tenants are such. */
static inline void mdl_queue_follow(mdl_scheduler_t *self, uint32_t tenant)
{
    if (self->queued > 0)
        mdl_queue_refresh(self, tenant);
}

/* A queued job's place among those of all tenants, lowest first; ties go to the job submitted first. And the same with
 * what would pass its tenant's quota behind all that would not. */
int64_t mdl_queue_place(const mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job);
int64_t mdl_queue_rank(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job);

#endif
