// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs that change their width: elastic ones while they run, others in the queue. */
#include "models/hardware/pool.h"
#include "models/scheduler/passes.h"

/* Takes nodes for a running job and notes it on them. */
static void take(mdl_cluster_t *cluster, mdl_job_t *job, uint32_t index, uint32_t nodes)
{
    uint32_t before = job->gang;

    mdl_cluster_take_nodes(cluster, nodes, &job->gang);
    for (uint32_t i = job->gang; i != before; i = mdl_cluster_node(cluster, i)->next_of_gang)
        mdl_cluster_node(cluster, i)->first_job = index;
}

/* Gives a running job whole nodes up to a width, or takes them from it down to one. */
static void move_nodes(mdl_cluster_t *cluster, mdl_job_t *job, uint32_t index, uint32_t gpus)
{
    bool more = gpus > job->gpus;
    uint32_t change = more ? gpus - job->gpus : job->gpus - gpus, nodes = change / cluster->node_gpus;

    SIM_ASSERT(nodes * cluster->node_gpus == change);
    if (more)
        take(cluster, job, index, nodes);
    else
        mdl_cluster_give_nodes(cluster, nodes, &job->gang);
}

/* Sets the width of a running job, for which there are nodes. */
static void set_width(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, mdl_job_t *job, uint32_t gpus)
{
    if (cluster->pooled)
        mdl_pool_set_free_gpus(cluster, cluster->free_gpus + job->gpus - gpus);
    else
        move_nodes(cluster, job, index, gpus);
    self->stale = self->moved = true;
    mdl_scheduler_use(self, job->tenant, gpus, job->gpus);
    if (self->watches && mdl_reservations[self->policy.reservation].plans)
        mdl_conservative_widen(self, (int64_t)gpus - job->gpus);
    self->short_gpus -= gpus - job->gpus;
    job->gpus = gpus;
    mdl_queue_follow(self, job->tenant);
}

/* How far a running job can be widened now, up to `wanted_gpus`: within its tenant's limit, and on empty nodes. */
static inline uint32_t widest(const mdl_scheduler_t *self, const mdl_cluster_t *cluster, const mdl_job_t *job,
                              const mdl_scheduler_holding_t *holding, uint32_t wanted_gpus)
{
    int64_t allowed = (int64_t)holding->limit_gpus - holding->used_gpus, more = mdl_scheduler_room(self, cluster);
    int64_t idle = (int64_t)mdl_cluster_empty_nodes(cluster) * cluster->node_gpus;

    if (idle < more)
        more = idle;
    if (allowed < more)
        more = allowed;
    if (wanted_gpus - job->gpus <= more)
        return wanted_gpus;
    return more > 0 ? job->gpus + (uint32_t)more / cluster->node_gpus * cluster->node_gpus : job->gpus;
}

static void resize_queued(mdl_scheduler_t *self, const mdl_cluster_t *cluster, mdl_job_t *job, uint32_t wanted_gpus)
{
    SIM_ASSERT(wanted_gpus % cluster->node_gpus == 0);
    self->stale = true;
    job->gpus = job->wanted_gpus = wanted_gpus;
    mdl_queue_refresh(self, job->tenant);
}

void mdl_scheduler_resize(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, uint32_t wanted_gpus)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, job->tenant);

    SIM_ASSERT(job->elastic && wanted_gpus > 0);
    if (job->state == MDL_JOB_QUEUED) {
        resize_queued(self, cluster, job, wanted_gpus);
        return;
    }
    self->short_gpus += wanted_gpus - job->wanted_gpus;
    job->wanted_gpus = wanted_gpus;
    uint32_t gpus = wanted_gpus > job->gpus ? widest(self, cluster, job, holding, wanted_gpus) : wanted_gpus;
    if (gpus != job->gpus)
        set_width(self, cluster, index, job, gpus);
}

/* Brings a node of a gang to the front of its list. */
static void bring_to_front(mdl_cluster_t *cluster, uint32_t *gang, uint32_t node)
{
    uint32_t *link = gang;

    while (*link != node)
        link = &mdl_cluster_node(cluster, *link)->next_of_gang;
    *link = mdl_cluster_node(cluster, node)->next_of_gang;
    mdl_cluster_node(cluster, node)->next_of_gang = *gang;
    *gang = node;
}

void mdl_scheduler_lose_node(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, uint32_t node)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    SIM_ASSERT(job->elastic && job->state == MDL_JOB_RUNNING && job->gpus > cluster->node_gpus);
    if (!cluster->pooled)
        bring_to_front(cluster, &job->gang, node);
    set_width(self, cluster, index, job, job->gpus - cluster->node_gpus);
    self->counts[job->job_class].restarted++;
}

/* Seconds on `to` GPUs for what takes `seconds` on `from`. */
static int64_t rescaled_s(int64_t seconds, uint32_t from, uint32_t to)
{
    return seconds / to * from + (seconds % to * from + to - 1) / to;
}

void mdl_scheduler_reshape(mdl_scheduler_t *self, uint32_t index, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);
    uint32_t from = job->gpus;

    SIM_ASSERT(job->state == MDL_JOB_QUEUED && !job->elastic && job->work_s != MDL_WORK_ENDLESS && gpus > 0);
    if (gpus == from)
        return;
    if (mdl_reservations[self->policy.reservation].plans)
        mdl_conservative_forget(self, index);
    mdl_queue_remove(self, index);
    job->work_s = rescaled_s(job->work_s, from, gpus);
    job->done_s = rescaled_s(job->done_s, from, gpus);
    job->estimate_s = rescaled_s(job->estimate_s, from, gpus);
    job->gpus = job->wanted_gpus = job->needed_gpus = gpus;
    mdl_queue_insert(self, index);
    self->stale = true;
    mdl_queue_refresh(self, job->tenant);
}
