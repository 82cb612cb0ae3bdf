// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of an elastic job's change of width, inlined for whoever changes many of them. Everyone else uses
 * mdl_scheduler_resize() of models/scheduler/scheduler.h. */
#ifndef MDL_ELASTIC_INLINE_H
#define MDL_ELASTIC_INLINE_H

#include "models/hardware/pool.h"
#include "models/scheduler/passes.h"

/* Takes nodes for a running job and notes it on them. */
static inline void mdl_elastic_widen_(mdl_cluster_t *cluster, mdl_job_t *job, uint32_t index, uint32_t nodes)
{
    uint32_t before = job->gang;

    mdl_cluster_take_nodes(cluster, nodes, &job->gang);
    for (uint32_t i = job->gang; i != before; i = mdl_cluster_node(cluster, i)->next_of_gang)
        mdl_cluster_node(cluster, i)->first_job = index;
}

/* Gives a running job whole nodes up to a width, or takes them from it down to one. */
static inline void mdl_elastic_move_(mdl_cluster_t *cluster, mdl_job_t *job, uint32_t index, uint32_t gpus)
{
    bool more = gpus > job->gpus;
    uint32_t change = more ? gpus - job->gpus : job->gpus - gpus, nodes = change / cluster->node_gpus;

    SIM_ASSERT(nodes * cluster->node_gpus == change);
    if (cluster->pooled && more)
        mdl_pool_take(cluster, nodes);
    else if (cluster->pooled)
        mdl_pool_give(cluster, nodes);
    else if (more)
        mdl_elastic_widen_(cluster, job, index, nodes);
    else
        mdl_cluster_give_nodes(cluster, nodes, &job->gang);
}

static inline void mdl_elastic_set_(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, uint32_t gpus)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    mdl_elastic_move_(cluster, job, index, gpus);
    self->stale = self->moved = true;
    mdl_scheduler_use(self, job->tenant, gpus, job->gpus);
    if (self->watches && mdl_reservations[self->policy.reservation].plans)
        mdl_conservative_widen(self, (int64_t)gpus - job->gpus);
    self->short_gpus -= gpus - job->gpus;
    job->gpus = gpus;
    if (mdl_scheduler_tenant(self, job->tenant)->queued > 0)
        mdl_queue_refresh(self, job->tenant);
}

static inline uint32_t mdl_elastic_least_(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* How far a running job can be widened now, up to `gpus`. */
static inline uint32_t mdl_elastic_widest_(mdl_scheduler_t *self, const mdl_cluster_t *cluster, const mdl_job_t *job,
                                           uint32_t gpus)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);
    uint32_t allowed = tenant->limit_gpus > tenant->used_gpus ? tenant->limit_gpus - tenant->used_gpus : 0;
    uint32_t idle = mdl_cluster_empty_nodes(cluster) * cluster->node_gpus, room = mdl_scheduler_room(self, cluster);
    uint32_t more = mdl_elastic_least_(allowed, idle, room);

    if (gpus - job->gpus <= more)
        return gpus;
    return job->gpus + more / cluster->node_gpus * cluster->node_gpus;
}

/* mdl_scheduler_resize, inlined. */
static inline void mdl_scheduler_resize_(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index,
                                         uint32_t wanted_gpus)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    SIM_ASSERT(job->elastic && wanted_gpus > 0);
    if (job->state == MDL_JOB_QUEUED) {
        SIM_ASSERT(wanted_gpus % cluster->node_gpus == 0);
        self->stale = true;
        job->gpus = job->wanted_gpus = wanted_gpus;
        mdl_queue_refresh(self, job->tenant);
        return;
    }
    self->short_gpus += wanted_gpus - job->wanted_gpus;
    job->wanted_gpus = wanted_gpus;
    uint32_t gpus = wanted_gpus > job->gpus ? mdl_elastic_widest_(self, cluster, job, wanted_gpus) : wanted_gpus;
    if (gpus != job->gpus)
        mdl_elastic_set_(self, cluster, index, gpus);
}

#endif
