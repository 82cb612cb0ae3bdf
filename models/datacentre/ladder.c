// SPDX-License-Identifier: GPL-3.0-or-later
/* The elastic ladder of pre-training: a gang that loses a node and finds none to replace it goes on at half its width,
 * and so on down to a lowest rung, instead of waiting for the repair; it climbs back to its full width from a checkpoint
 * as soon as the nodes are there. Work is in proportion to width. */
#include "models/datacentre/state.h"
#include "models/workload/training.h"

static bool has_room(const mdl_dc_t *dc, const mdl_job_t *job, uint32_t gpus)
{
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, job->tenant);

    return gpus <= mdl_cluster_empty_nodes(dc->cluster) * MDL_NODE_GPUS &&
           holding->used_gpus + gpus <= holding->limit_gpus;
}

/* The widest rung for which there is room; the job's own width where there is none. */
static uint32_t rung(const mdl_dc_t *dc, const mdl_job_t *job)
{
    uint32_t lowest = mdl_training_gang_gpus(&dc->tenancies[job->tenant]) >> dc->workload->training_ladder;

    for (uint32_t gpus = job->gpus; gpus >= lowest && gpus % MDL_NODE_GPUS == 0 && gpus > 0; gpus /= 2)
        if (has_room(dc, job, gpus))
            return gpus;
    return job->gpus;
}

void mdl_dc_climb_down(mdl_dc_t *dc)
{
    if (dc->workload->training_ladder == 0)
        return;
    for (uint32_t i = 0; i < dc->state->n_contracts; i++) {
        uint32_t t = mdl_dc_contracts(dc)[i].tenancy;
        uint32_t head = mdl_scheduler_tenant(dc->scheduler, t)->queue.first;
        if (dc->tenancies[t].job_class != MDL_JOB_TRAINING || head == MDL_NONE)
            continue;
        const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, head);
        if (job->started)
            mdl_scheduler_reshape(dc->scheduler, head, rung(dc, job));
    }
}

/* A gang below its full width, or MDL_NONE. */
static uint32_t narrow_gang(const mdl_dc_t *dc, uint32_t tenant)
{
    uint32_t i = mdl_scheduler_holding(dc->scheduler, tenant)->running_head;

    while (i != MDL_NONE && mdl_scheduler_job(dc->scheduler, i)->gpus >= mdl_training_gang_gpus(&dc->tenancies[tenant]))
        i = mdl_scheduler_job(dc->scheduler, i)->next;
    return i;
}

void mdl_dc_climb_up(mdl_dc_t *dc)
{
    if (dc->workload->training_ladder == 0)
        return;
    for (uint32_t i = 0; i < dc->state->n_contracts; i++) {
        uint32_t t = mdl_dc_contracts(dc)[i].tenancy;
        if (dc->tenancies[t].job_class != MDL_JOB_TRAINING)
            continue;
        uint32_t index = narrow_gang(dc, t), full_gpus = mdl_training_gang_gpus(&dc->tenancies[t]);
        if (index == MDL_NONE || !has_room(dc, mdl_scheduler_job(dc->scheduler, index),
                                           full_gpus - mdl_scheduler_job(dc->scheduler, index)->gpus))
            continue;
        mdl_dc_stop_job(dc, index);
        mdl_scheduler_reshape(dc->scheduler, index, full_gpus);
    }
}
