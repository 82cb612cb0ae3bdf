// SPDX-License-Identifier: GPL-3.0-or-later
/* Reclaiming what is lent: a tenant may use more than its quota, up to its limit, while nobody within quota wants the
 * nodes. When one does and finds none, jobs of the tenants beyond their quotas write a checkpoint and go back into the
 * queue, those that started last first and no more of them than it takes. Nobody is stopped in vain: not as long as all
 * that is lent would not do.
 *
 * Elastic and endless jobs are never stopped; an elastic one within quota that lacks nodes is given them as a waiting
 * job is.
 */
#include "models/scheduler/passes.h"

static uint32_t lent_to(const mdl_scheduler_tenant_t *tenant)
{
    return tenant->open && tenant->used_gpus > tenant->quota_gpus ? tenant->used_gpus - tenant->quota_gpus : 0;
}

/* GPUs lent in all. */
static uint32_t lent(mdl_scheduler_t *self)
{
    uint32_t gpus = 0;

    for (uint32_t t = 0; t < self->tenants; t++)
        gpus += lent_to(mdl_scheduler_tenant(self, t));
    return gpus;
}

/* A tenant's job that started last and may be stopped; MDL_NONE: there is none. */
static uint32_t last_of(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant)
{
    uint32_t i = tenant->running_head;

    while (i != MDL_NONE && !mdl_job_may_be_stopped(mdl_scheduler_job(self, i)))
        i = mdl_scheduler_job(self, i)->next;
    return i;
}

/* The job to stop next, of tenants beyond their quotas: the one that started last, submitted last among equals. */
static uint32_t last_to_borrow(mdl_scheduler_t *self)
{
    uint32_t last = MDL_NONE;

    for (uint32_t t = 0; t < self->tenants; t++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        uint32_t i = lent_to(tenant) > 0 ? last_of(self, tenant) : MDL_NONE;
        if (i == MDL_NONE)
            continue;
        const mdl_job_t *job = mdl_scheduler_job(self, i), *best = mdl_scheduler_job(self, last == MDL_NONE ? i : last);
        if (job->start_s > best->start_s || (job->start_s == best->start_s && job->sequence >= best->sequence))
            last = i;
    }
    return last;
}

static bool stop_one(const mdl_pass_t *pass)
{
    uint32_t job = last_to_borrow(pass->scheduler);

    if (job == MDL_NONE)
        return false;
    mdl_pass_stop(pass, job);
    pass->scheduler->preempted_s = pass->now_s;
    return true;
}

/* Whether so many GPUs may be reclaimed now: the policy does that, they are lent, and a round is due. */
static bool may_reclaim(const mdl_pass_t *pass, uint32_t gpus)
{
    mdl_scheduler_t *self = pass->scheduler;
    int64_t due_s = self->preempted_s + self->policy.preempt_every_s;

    if (self->policy.preemption != MDL_PREEMPTION_RECLAIM || gpus > lent(self))
        return false;
    if (pass->now_s >= due_s || pass->now_s == self->preempted_s)
        return true;
    self->review_s = due_s < self->review_s ? due_s : self->review_s;
    return false;
}

bool mdl_reclaim_for(const mdl_pass_t *pass, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(pass->scheduler, job->tenant);
    uint32_t room_gpus = mdl_scheduler_room(pass->scheduler, pass->cluster);

    if (tenant->used_gpus + job->gpus > tenant->quota_gpus ||
        !may_reclaim(pass, job->needed_gpus > room_gpus ? job->needed_gpus - room_gpus : 1))
        return false;
    bool stopped = stop_one(pass);
    for (bool more = stopped; more && !mdl_pass_start(pass, index);)
        more = stop_one(pass);
    return stopped;
}

void mdl_reclaim_short(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;
    uint32_t room_gpus = mdl_scheduler_room(self, pass->cluster);

    if (self->policy.preemption != MDL_PREEMPTION_RECLAIM || self->short_gpus <= room_gpus)
        return;
    uint32_t most_gpus = room_gpus + lent(self);
    uint32_t gpus = self->short_gpus < most_gpus ? self->short_gpus : most_gpus;

    if (gpus <= room_gpus || !may_reclaim(pass, gpus - room_gpus))
        return;
    while (mdl_scheduler_room(self, pass->cluster) < gpus && stop_one(pass))
        self->again = true;
}
