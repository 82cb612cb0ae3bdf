// SPDX-License-Identifier: GPL-3.0-or-later
/* Preemption with checkpoints: at each event the jobs, running and queued, are taken in the policy's order as long as
 * there is room for them; running ones that find none write a checkpoint and go back into the queue, queued ones that
 * do are started. Jobs that would pass their tenant's quota come after all that would not.
 *
 * Elastic and endless jobs, and between two rounds all running jobs, keep their place. A job that is kept stays on its
 * nodes: nothing migrates. Room is counted in GPUs; what a job cannot use, because it is in fragments, goes to those
 * behind it.
 */
#include "models/scheduler/passes.h"
#include "sim/time.h"

static int64_t computed_s(const mdl_pass_t *pass, const mdl_job_t *job)
{
    return job->state == MDL_JOB_RUNNING ? mdl_job_progress(job, pass->now_s).computed_s : 0;
}

/* A job's place: by its own key as of now, or with its tenant's priority. */
static int64_t place_of(const mdl_pass_t *pass, const mdl_scheduler_tenant_t *tenant, const mdl_job_t *job)
{
    const mdl_policy_t *policy = &pass->scheduler->policy;

    if (policy->order == MDL_ORDER_FAIR)
        return mdl_queue_place(pass->scheduler, tenant, job);
    return mdl_orders[policy->order].key(policy, job, computed_s(pass, job));
}

/* Adds a tenant's jobs to the list, and what those that stay anyway hold to the tenant and to *fixed_gpus. */
static uint32_t add_tenant(const mdl_pass_t *pass, uint32_t index, bool round, mdl_candidate_t *candidates, uint32_t n,
                           uint32_t *fixed_gpus)
{
    mdl_scheduler_t *self = pass->scheduler;
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);

    tenant->planned_gpus = 0;
    for (uint32_t i = mdl_scheduler_holding(self, index)->running_head; i != MDL_NONE;
         i = mdl_scheduler_job(self, i)->next) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        if (round && mdl_job_may_be_stopped(job)) {
            candidates[n++] = (mdl_candidate_t){.key = place_of(pass, tenant, job), .job = i};
            continue;
        }
        tenant->planned_gpus += job->gpus;
        *fixed_gpus += job->gpus;
    }
    for (uint32_t i = tenant->queue.first; i != MDL_NONE; i = mdl_scheduler_job(self, i)->links.next)
        candidates[n++] = (mdl_candidate_t){.key = place_of(pass, tenant, mdl_scheduler_job(self, i)), .job = i};
    return n;
}

/* GPUs for a job out of those that are left: all it asks for, an elastic one at least a node; 0: too few. */
static uint32_t part_of(const mdl_cluster_t *cluster, const mdl_job_t *job, uint32_t gpus)
{
    if (job->gpus <= gpus)
        return job->gpus;
    return job->elastic ? gpus / cluster->node_gpus * cluster->node_gpus : 0;
}

/* Gives room to jobs in order, up to their tenants' quotas or limits. Returns the GPUs left. */
static uint32_t give_room(const mdl_pass_t *pass, mdl_candidate_t *candidates, uint32_t n, uint32_t gpus, bool borrow)
{
    for (uint32_t i = 0; i < n && gpus > 0; i++) {
        const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, candidates[i].job);
        mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(pass->scheduler, job->tenant);
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(pass->scheduler, job->tenant);
        uint32_t most = borrow ? holding->limit_gpus : holding->quota_gpus;
        if (candidates[i].kept_gpus > 0 || tenant->planned_gpus + job->gpus > most)
            continue;
        candidates[i].kept_gpus = part_of(pass->cluster, job, gpus);
        tenant->planned_gpus += candidates[i].kept_gpus;
        gpus -= candidates[i].kept_gpus;
    }
    return gpus;
}

void mdl_pass_stop(const mdl_pass_t *pass, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);
    int64_t saved_s = pass->host->stopped(pass->host->user, index);

    job->resume_s += job->pause_s;
    mdl_scheduler_requeue(pass->scheduler, pass->cluster, index, saved_s);
}

/* Starts a job on the room that it was given. */
static void start_kept(const mdl_pass_t *pass, const mdl_candidate_t *candidate)
{
    mdl_job_t *job = mdl_scheduler_job(pass->scheduler, candidate->job);

    job->gpus = candidate->kept_gpus;
    if (!mdl_pass_start(pass, candidate->job))
        job->gpus = job->wanted_gpus;
}

/* Starts a job that is within its tenant's limit on what is left. Whether it now waits for nodes. */
static bool start_on_rest(const mdl_pass_t *pass, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(pass->scheduler, job->tenant);

    return holding->used_gpus + job->gpus <= holding->limit_gpus &&
           (pass->cluster->free_gpus == 0 || !mdl_pass_start(pass, index));
}

/* Carries out what was decided: first the stops, then the starts, then starts in what fragments have left. Returns the
 * first job that waits for nodes, or MDL_NONE. */
static uint32_t carry_out(const mdl_pass_t *pass, const mdl_candidate_t *candidates, uint32_t n)
{
    mdl_scheduler_t *self = pass->scheduler;
    uint32_t first = MDL_NONE;

    for (uint32_t i = 0; i < n; i++)
        if (candidates[i].kept_gpus == 0 && mdl_scheduler_job(self, candidates[i].job)->state == MDL_JOB_RUNNING)
            mdl_pass_stop(pass, candidates[i].job);
    for (uint32_t i = 0; i < n; i++)
        if (candidates[i].kept_gpus > 0 && mdl_scheduler_job(self, candidates[i].job)->state == MDL_JOB_QUEUED)
            start_kept(pass, &candidates[i]);
    for (uint32_t i = 0; i < n; i++)
        if (mdl_scheduler_job(self, candidates[i].job)->state == MDL_JOB_QUEUED &&
            start_on_rest(pass, candidates[i].job) && first == MDL_NONE)
            first = candidates[i].job;
    return first;
}

/* las: when the first of the running jobs will have got enough to fall to the next level. */
static int64_t next_fall_s(const mdl_pass_t *pass, const mdl_candidate_t *candidates, uint32_t n)
{
    const mdl_policy_t *policy = &pass->scheduler->policy;
    int64_t first_s = SIM_NEVER;

    for (uint32_t i = 0; i < n; i++) {
        const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, candidates[i].job);
        int64_t served_s = job->done_s + computed_s(pass, job);
        for (int level = 0; level < 2 && job->state == MDL_JOB_RUNNING; level++) {
            int64_t limit_s = (policy->las_limit_gpu_s[level] + job->gpus - 1) / job->gpus;
            int64_t starting_s = job->compute_from_s > pass->now_s ? job->compute_from_s - pass->now_s : 0;
            if (served_s < limit_s && pass->now_s + starting_s + limit_s - served_s < first_s)
                first_s = pass->now_s + starting_s + limit_s - served_s;
        }
    }
    return first_s;
}

void mdl_pass_preempt(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host)
{
    mdl_pass_t pass = {self, cluster, now_s, host};
    mdl_candidate_t *candidates = mdl_scheduler_candidates(self);
    int64_t due_s = self->preempted_s + self->policy.preempt_every_s;
    bool round = now_s >= due_s;
    uint32_t n = 0, fixed_gpus = 0;

    for (uint32_t t = 0; t < self->tenants; t++)
        if (mdl_scheduler_tenant(self, t)->open)
            n = add_tenant(&pass, t, round, candidates, n, &fixed_gpus);
    mdl_candidates_sort(self, candidates, n);
    uint32_t gpus = cluster->up * cluster->node_gpus - fixed_gpus;
    gpus = give_room(&pass, candidates, n, gpus, false);
    (void)give_room(&pass, candidates, n, gpus, true);
    uint32_t first = carry_out(&pass, candidates, n);
    mdl_pass_block(&pass, first);
    self->review_s = SIM_NEVER;
    if (round)
        self->preempted_s = now_s;
    else if (self->queued > 0)
        self->review_s = due_s;
    if (round && self->policy.order == MDL_ORDER_LAS)
        self->review_s = next_fall_s(&pass, candidates, n);
}
