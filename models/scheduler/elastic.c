// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs that change their width: elastic ones while they run, others in the queue. */
#include "models/scheduler/elastic_inline.h"

void mdl_scheduler_resize(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, uint32_t wanted_gpus)
{
    mdl_scheduler_resize_(self, cluster, index, wanted_gpus);
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
    mdl_elastic_set_(self, cluster, index, job->gpus - cluster->node_gpus);
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
