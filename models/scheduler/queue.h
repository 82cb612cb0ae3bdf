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

/* Puts a job in front of its tenant's running jobs, and takes it out. */
void mdl_running_insert(mdl_scheduler_t *self, uint32_t job);
void mdl_running_remove(mdl_scheduler_t *self, uint32_t job);

/* Follows a change of a tenant's head, quota, use or priority: empty, ready or held, and its place among the ready. */
void mdl_queue_refresh(mdl_scheduler_t *self, uint32_t tenant);

/* A queued job's place among those of all tenants, lowest first; ties go to the job submitted first. And the same with
 * what would pass its tenant's quota behind all that would not. */
int64_t mdl_queue_place(const mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job);
int64_t mdl_queue_rank(const mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job);

#endif
