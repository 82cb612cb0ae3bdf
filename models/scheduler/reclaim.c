// SPDX-License-Identifier: GPL-3.0-or-later
/* Reclaiming what is lent: a tenant may use more than its quota, up to its limit, while nobody within quota wants the
 * nodes. When one does and finds none, jobs of the tenants beyond their quotas write a checkpoint and go back into the
 * queue, those that started last first and no more of them than it takes. Nobody is stopped as long as all the GPUs that
 * are lent would not do, and for whole nodes only jobs, alone or together, that leave a node empty.
 *
 * Elastic and endless jobs are never stopped; an elastic one within quota that lacks nodes is given them as a waiting
 * job is.
 */
#include "models/scheduler/passes.h"

/* One that is closed holds nothing. */
static uint32_t lent_to(const mdl_scheduler_holding_t *holding)
{
    return holding->used_gpus > holding->quota_gpus ? holding->used_gpus - holding->quota_gpus : 0;
}

/* GPUs lent in all. */
static uint32_t lent(mdl_scheduler_t *self)
{
    uint32_t gpus = 0;

    for (uint32_t t = 0; t < self->tenants; t++)
        gpus += lent_to(mdl_scheduler_holding(self, t));
    return gpus;
}

/* Whether stopping the job would do; NULL: any does. */
typedef bool (*will_do_t)(const mdl_pass_t *pass, const mdl_job_t *job);

/* A tenant's job that started last of those that may be stopped and would do; MDL_NONE: there is none. */
static uint32_t last_of(const mdl_pass_t *pass, const mdl_scheduler_holding_t *holding, will_do_t will_do)
{
    for (uint32_t i = holding->running_head; i != MDL_NONE; i = mdl_scheduler_job(pass->scheduler, i)->next) {
        const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, i);
        if (mdl_job_may_be_stopped(job) && (will_do == NULL || will_do(pass, job)))
            return i;
    }
    return MDL_NONE;
}

/* The job to stop next, of tenants beyond their quotas: the one that started last, submitted last among equals. */
static uint32_t last_to_borrow(const mdl_pass_t *pass, will_do_t will_do)
{
    mdl_scheduler_t *self = pass->scheduler;
    uint32_t last = MDL_NONE;

    for (uint32_t t = 0; t < self->tenants; t++) {
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, t);
        uint32_t i = lent_to(holding) > 0 ? last_of(pass, holding, will_do) : MDL_NONE;
        if (i == MDL_NONE)
            continue;
        const mdl_job_t *job = mdl_scheduler_job(self, i), *best = mdl_scheduler_job(self, last == MDL_NONE ? i : last);
        if (job->start_s > best->start_s || (job->start_s == best->start_s && job->sequence >= best->sequence))
            last = i;
    }
    return last;
}

static void stop(const mdl_pass_t *pass, uint32_t job)
{
    mdl_pass_stop(pass, job);
    pass->scheduler->preempted_s = pass->now_s;
}

static bool stop_one(const mdl_pass_t *pass)
{
    uint32_t job = last_to_borrow(pass, NULL);

    if (job != MDL_NONE)
        stop(pass, job);
    return job != MDL_NONE;
}

/* Whether a round of reclaiming is due; notes when it will be, if not. */
static bool is_due(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;
    int64_t due_s = self->preempted_s + self->policy.preempt_every_s;

    if (pass->now_s >= due_s || pass->now_s == self->preempted_s)
        return true;
    self->review_s = due_s < self->review_s ? due_s : self->review_s;
    return false;
}

/* Whether so many GPUs may be reclaimed now: the policy does that, they are lent, and a round is due. */
static bool may_reclaim(const mdl_pass_t *pass, uint32_t gpus)
{
    return pass->scheduler->policy.preemption == MDL_PREEMPTION_RECLAIM && gpus <= lent(pass->scheduler) &&
           is_due(pass);
}

/* Whether the node that jobs take parts of would be empty once all of them are stopped, each of a tenant that is still
 * beyond its quota when its turn comes. */
static bool can_be_emptied(const mdl_pass_t *pass, uint32_t node)
{
    mdl_scheduler_t *self = pass->scheduler;
    uint32_t first = mdl_cluster_node(pass->cluster, node)->first_job;

    for (uint32_t i = first; i != MDL_NONE; i = mdl_scheduler_job(self, i)->part_next) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        uint32_t before_gpus = 0;
        for (uint32_t k = first; k != i; k = mdl_scheduler_job(self, k)->part_next)
            before_gpus += mdl_scheduler_job(self, k)->tenant == job->tenant ? mdl_scheduler_job(self, k)->gpus : 0;
        if (!mdl_job_may_be_stopped(job) || lent_to(mdl_scheduler_holding(self, job->tenant)) <= before_gpus)
            return false;
    }
    return true;
}

/* Whether a whole node comes free when the job is stopped, and all that share its node where it has none of its own. */
static bool frees_node(const mdl_pass_t *pass, const mdl_job_t *job)
{
    return job->gpus >= pass->cluster->node_gpus || can_be_emptied(pass, job->part_node);
}

/* Stops the job that started last of those that free a node, with all that share its node where it has none of its own;
 * false when there is none. */
static bool stop_for_node(const mdl_pass_t *pass)
{
    uint32_t job = last_to_borrow(pass, frees_node);

    if (job == MDL_NONE)
        return false;
    uint32_t node = mdl_scheduler_job(pass->scheduler, job)->part_node;
    if (mdl_scheduler_job(pass->scheduler, job)->gpus >= pass->cluster->node_gpus)
        stop(pass, job);
    else
        while (mdl_cluster_node(pass->cluster, node)->first_job != MDL_NONE)
            stop(pass, mdl_cluster_node(pass->cluster, node)->first_job);
    return true;
}

static uint32_t empty_gpus(const mdl_cluster_t *cluster)
{
    return mdl_cluster_empty_nodes(cluster) * cluster->node_gpus;
}

/* GPUs that an elastic job could have now: in whole nodes, and within the bound of all tenants together. */
static uint32_t whole_room(const mdl_pass_t *pass)
{
    uint32_t room_gpus = mdl_scheduler_room(pass->scheduler, pass->cluster), empty = empty_gpus(pass->cluster);

    return room_gpus < empty ? room_gpus : empty;
}

/* Stops one job for somebody who needs that many GPUs in whole nodes: one that frees a node as long as there are too
 * few of them empty, then any. */
static bool stop_towards(const mdl_pass_t *pass, uint32_t whole_gpus)
{
    return empty_gpus(pass->cluster) < whole_gpus ? stop_for_node(pass) : stop_one(pass);
}

bool mdl_reclaim_for(const mdl_pass_t *pass, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(pass->scheduler, job->tenant);

    if (holding->used_gpus + job->gpus > holding->quota_gpus)
        return false;
    uint32_t room_gpus = mdl_scheduler_room(pass->scheduler, pass->cluster);
    if (!may_reclaim(pass, job->needed_gpus > room_gpus ? job->needed_gpus - room_gpus : 1))
        return false;
    uint32_t whole_gpus = job->needed_gpus / pass->cluster->node_gpus * pass->cluster->node_gpus;
    bool stopped = stop_towards(pass, whole_gpus);
    for (bool more = stopped; more && !mdl_pass_start(pass, index);)
        more = stop_towards(pass, whole_gpus);
    return stopped;
}

/* What running elastic jobs lack is whole nodes: free GPUs on nodes that others use in part are none, and no job is
 * stopped that would leave nothing but such. Where enough nodes are empty and the bound holds them back, any job does. */
void mdl_reclaim_short(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;
    uint32_t room_gpus = whole_room(pass);

    if (self->policy.preemption != MDL_PREEMPTION_RECLAIM || self->short_gpus <= room_gpus)
        return;
    uint32_t most_gpus = room_gpus + lent(self);
    uint32_t gpus = self->short_gpus < most_gpus ? self->short_gpus : most_gpus;

    if (gpus <= room_gpus || !is_due(pass)) /* no more is missing than is lent */
        return;
    while (whole_room(pass) < gpus && stop_towards(pass, gpus))
        self->again = true;
}
