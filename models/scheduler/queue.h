// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists inside the scheduler: each tenant's queue and running jobs, and the tenants whose head may compete. Used by the
 * scheduler's own files only. */
#ifndef MDL_QUEUE_H
#define MDL_QUEUE_H

#include "models/scheduler/scheduler.h"

/* Puts a job into its tenant's queue at its place in the policy's order (searched from the back). */
void mdl_queue_insert(mdl_scheduler_t *self, uint32_t job);
void mdl_queue_remove(mdl_scheduler_t *self, uint32_t job);

/* Puts a job in front of its tenant's running jobs, and takes it out. */
void mdl_running_insert(mdl_scheduler_t *self, uint32_t job);
void mdl_running_remove(mdl_scheduler_t *self, uint32_t job);

/* Follows a change of a tenant's head, quota or use: empty, ready or held, and its place among the ready. */
void mdl_queue_refresh(mdl_scheduler_t *self, uint32_t tenant);

#endif
