// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/pool.h"
#include "models/scheduler/passes.h"
#include "models/scheduler/starts.h"

#define BROKEN(...) sim_fail(err, SIM_EINVARIANT, "scheduler", __VA_ARGS__)

/* GPUs that a running job really holds on nodes that name it; -1 when a node does not. */
static int64_t held_by(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(self, index);
    int64_t gpus = 0;

    if (cluster->pooled)
        return job->gang == MDL_NONE && job->part_node == MDL_NONE ? (int64_t)job->gpus : -1;
    for (uint32_t i = job->gang; i != MDL_NONE; i = mdl_cluster_node(cluster, i)->next_of_gang) {
        if (i >= cluster->nodes || gpus > job->gpus || mdl_cluster_node(cluster, i)->first_job != index)
            return -1;
        gpus += cluster->node_gpus;
    }
    if (job->part_node == MDL_NONE)
        return gpus;
    uint32_t seen = 0;
    for (uint32_t i = mdl_cluster_node(cluster, job->part_node)->first_job; i != MDL_NONE && seen <= cluster->node_gpus;
         i = mdl_scheduler_job(self, i)->part_next, seen++) {
        if (i == index)
            return gpus + job->gpus % cluster->node_gpus;
    }
    return -1;
}

static uint32_t taken_on(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index)
{
    uint32_t taken = 0;

    for (uint32_t i = mdl_cluster_node(cluster, index)->first_job; i != MDL_NONE && taken <= cluster->node_gpus;) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        if (job->part_node != index)
            return taken + cluster->node_gpus;
        taken += job->gpus % cluster->node_gpus;
        i = job->part_next;
    }
    return taken;
}

static sim_status_t verify_nodes(mdl_scheduler_t *self, mdl_cluster_t *cluster, sim_error_t *err)
{
    if (cluster->pooled && self->allocated_gpus != mdl_pool_taken(cluster) * cluster->node_gpus)
        return BROKEN("jobs hold %u GPUs and %u nodes", self->allocated_gpus, mdl_pool_taken(cluster));
    for (uint32_t i = 0; i < cluster->nodes && !cluster->pooled; i++) {
        const mdl_node_t *node = mdl_cluster_node(cluster, i);
        uint32_t taken = taken_on(self, cluster, i);
        if (taken + node->free != cluster->node_gpus)
            return BROKEN("node %u: jobs hold %u GPUs and %u are free", i, taken, node->free);
    }
    return SIM_OK;
}

/* Adds to *jobs and *short_gpus. */
static sim_status_t verify_running(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, uint32_t *jobs,
                                   uint32_t *short_gpus, sim_error_t *err)
{
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, index);
    uint32_t length = 0, used = 0;

    for (uint32_t i = holding->running_head; i != MDL_NONE; i = mdl_scheduler_job(self, i)->next) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        if (i >= self->jobs || ++length > self->jobs || job->state != MDL_JOB_RUNNING || job->tenant != index)
            return BROKEN("tenant %u: job %u does not belong among its running jobs", index, i);
        if (held_by(self, cluster, i) != job->gpus)
            return BROKEN("job %u asked for %u GPUs and does not hold them as a whole", i, job->gpus);
        if (job->gpus == 0 || job->wanted_gpus < job->gpus || (job->wanted_gpus > job->gpus && !job->elastic))
            return BROKEN("job %u holds %u GPUs of %u", i, job->gpus, job->wanted_gpus);
        used += job->gpus;
        *short_gpus += job->wanted_gpus - job->gpus;
    }
    if (used != holding->used_gpus || used > holding->limit_gpus)
        return BROKEN("tenant %u: %u jobs run on %u GPUs; counted %u, limit %u", index, length, used,
                      holding->used_gpus, holding->limit_gpus);
    *jobs += length;
    return SIM_OK;
}

static bool stands_before(const mdl_job_t *a, const mdl_job_t *b)
{
    return a->key != b->key ? a->key < b->key : a->sequence < b->sequence;
}

static sim_status_t verify_queue(mdl_scheduler_t *self, uint32_t index, sim_error_t *err)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);
    uint32_t length = 0, prev = MDL_NONE;
    int64_t work_gpu_s = 0;

    for (uint32_t i = tenant->queue.first; i != MDL_NONE; prev = i, i = mdl_scheduler_job(self, i)->links.next) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        if (i >= self->jobs || ++length > self->jobs || job->state != MDL_JOB_QUEUED || job->tenant != index)
            return BROKEN("tenant %u: job %u does not belong in its queue", index, i);
        if (prev != MDL_NONE && !stands_before(mdl_scheduler_job(self, prev), job))
            return BROKEN("tenant %u: jobs %u and %u stand in the wrong order", index, prev, i);
        if (job->gang != MDL_NONE || job->part_node != MDL_NONE)
            return BROKEN("job %u is queued and holds nodes", i);
        work_gpu_s += job->work_s == MDL_WORK_ENDLESS ? 0 : job->work_s * job->gpus;
    }
    if (length != tenant->queued || prev != tenant->queue.last || work_gpu_s != tenant->queued_gpu_s)
        return BROKEN("tenant %u: %u jobs queued; counted %u", index, length, tenant->queued);
    return SIM_OK;
}

static sim_status_t verify_tenants(mdl_scheduler_t *self, mdl_cluster_t *cluster, sim_error_t *err)
{
    uint32_t queued = 0, running = 0, used = 0, short_gpus = 0;

    for (uint32_t i = 0; i < self->tenants; i++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, i);
        if (!tenant->open)
            continue;
        sim_status_t status = verify_running(self, cluster, i, &running, &short_gpus, err);
        if (status == SIM_OK)
            status = verify_queue(self, i, err);
        if (status < 0)
            return status;
        queued += tenant->queued;
        used += mdl_scheduler_holding(self, i)->used_gpus;
    }
    if (short_gpus != self->short_gpus)
        return BROKEN("elastic jobs lack %u GPUs; counted %u", short_gpus, self->short_gpus);
    if (queued != self->queued || running != self->running || used != self->allocated_gpus)
        return BROKEN("%u jobs queued, %u running on %u GPUs; counted %u, %u, %u", queued, running, used, self->queued,
                      self->running, self->allocated_gpus);
    return SIM_OK;
}

/* Whether a tenant is empty, ready or held as its queue's head says. Counts the ready, and what heads that are held ask
 * for. */
static bool has_its_status(mdl_scheduler_t *self, uint32_t index, uint32_t *ready, uint32_t *held_gpus)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, index);

    if (!tenant->open || tenant->queue.first == MDL_NONE)
        return tenant->status == MDL_QUEUE_EMPTY;
    uint32_t gpus = mdl_scheduler_job(self, tenant->queue.first)->gpus;
    if (holding->used_gpus + gpus <= holding->limit_gpus) {
        (*ready)++;
        return tenant->status == MDL_QUEUE_READY;
    }
    *held_gpus += gpus;
    return tenant->status == MDL_QUEUE_HELD && tenant->head_gpus == gpus;
}

static sim_status_t verify_status(mdl_scheduler_t *self, sim_error_t *err)
{
    uint32_t ready = 0, held_gpus = 0;

    for (uint32_t t = 0; t < self->tenants; t++)
        if (!has_its_status(self, t, &ready, &held_gpus))
            return BROKEN("tenant %u is empty, ready or held against what its queue's head says", t);
    for (uint32_t t = self->ready.first; t != MDL_NONE && ready > 0; t = mdl_scheduler_tenant(self, t)->ready.next)
        ready--;
    if (ready != 0 || held_gpus != self->held_gpus)
        return BROKEN("%u tenants are missing among the ready; %u GPUs are held, counted %u", ready, held_gpus,
                      self->held_gpus);
    return SIM_OK;
}

/* The ready stand in order, each with its head's rank; running jobs stand in order of their estimated ends. */
static sim_status_t verify_order(mdl_scheduler_t *self, sim_error_t *err)
{
    uint32_t n = 0, prev = MDL_NONE;

    for (uint32_t t = self->ready.first; t != MDL_NONE; prev = t, t = mdl_scheduler_tenant(self, t)->ready.next) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        const mdl_scheduler_tenant_t *ahead = mdl_scheduler_tenant(self, prev == MDL_NONE ? t : prev);
        const mdl_job_t *head = mdl_scheduler_job(self, tenant->queue.first);
        if (++n > self->tenants || tenant->status != MDL_QUEUE_READY || tenant->ready_tie != head->sequence ||
            tenant->ready_key != mdl_queue_rank(self, tenant, head) || ahead->ready_key > tenant->ready_key)
            return BROKEN("tenant %u stands among the ready where it does not belong", t);
    }
    n = 0;
    prev = MDL_NONE;
    for (uint32_t i = self->ends.first; i != MDL_NONE; prev = i, i = mdl_scheduler_job(self, i)->links.next)
        if (++n > self->running || mdl_scheduler_job(self, i)->state != MDL_JOB_RUNNING ||
            (prev != MDL_NONE && !stands_before(mdl_scheduler_job(self, prev), mdl_scheduler_job(self, i))))
            return BROKEN("job %u does not belong among the running by their ends", i);
    if (mdl_reservations[self->policy.reservation].follows_ends && n != self->running)
        return BROKEN("%u jobs run and %u stand by their ends", self->running, n);
    return SIM_OK;
}

/* GPUs that a job should hold at a moment to come, or that it is promised then. */
static int64_t claim(const mdl_cluster_t *cluster, const mdl_job_t *job, int64_t at_s)
{
    int64_t length_s = mdl_job_estimate_left_s(job, 0);

    if (job->state == MDL_JOB_RUNNING)
        return job->key >= MDL_ESTIMATE_ENDLESS || at_s < job->key ? job->gpus : 0;
    if (job->state != MDL_JOB_QUEUED || job->planned_s == MDL_NOT_PLANNED || at_s < job->planned_s)
        return 0;
    uint32_t gpus = job->elastic ? cluster->node_gpus : job->gpus;
    return length_s >= MDL_ESTIMATE_ENDLESS || at_s < job->planned_s + length_s ? gpus : 0;
}

/* The profile of a conservative policy from the next second on; an overdue job may be expected to leave within it. Nodes
 * that went up or down since the last pass are not in it yet. */
static sim_status_t verify_profile(mdl_scheduler_t *self, const mdl_cluster_t *cluster, sim_error_t *err)
{
    mdl_availability_t profile = mdl_scheduler_availability(self);
    mdl_availability_place_t place = {0, 0}, next;
    int64_t from_s, next_s, has_gpus, next_gpus;

    for (; cluster->up == self->seen_up && mdl_availability_step(&profile, place, &from_s, &has_gpus); place = next) {
        int64_t at_s = from_s > self->now_s ? from_s : self->now_s + 1;
        int64_t free_gpus = (int64_t)cluster->up * cluster->node_gpus;
        next = mdl_availability_next(&profile, place);
        if (at_s == INT64_MAX || (mdl_availability_step(&profile, next, &next_s, &next_gpus) && next_s <= at_s))
            continue;
        for (uint32_t i = 0; i < self->untouched_job; i++)
            free_gpus -= claim(cluster, mdl_scheduler_job(self, i), at_s);
        if (has_gpus != free_gpus)
            return BROKEN("the profile has %lld GPUs free at %lld; counted %lld", (long long)has_gpus, (long long)at_s,
                          (long long)free_gpus);
    }
    return SIM_OK;
}

/* Whether just this start is noted of a job. */
static bool has_start(mdl_scheduler_t *self, uint32_t job, int64_t start_s)
{
    const int64_t *starts = mdl_scheduler_starts(self);

    if (start_s == MDL_NOT_PLANNED)
        return mdl_starts_next(starts, self->jobs, job, INT64_MAX - 1) != job;
    return mdl_starts_next(starts, self->jobs, job, start_s) == job &&
           mdl_starts_next(starts, self->jobs, job, start_s - 1) != job;
}

static sim_status_t verify_promises(mdl_scheduler_t *self, sim_error_t *err)
{
    uint32_t unplanned = 0;

    for (uint32_t i = 0; i < self->untouched_job; i++) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        int64_t start_s = job->state == MDL_JOB_QUEUED ? job->planned_s : MDL_NOT_PLANNED;
        unplanned += job->state == MDL_JOB_QUEUED && start_s == MDL_NOT_PLANNED;
        if (mdl_reservations[self->policy.reservation].plans && !has_start(self, i, start_s))
            return BROKEN("job %u is promised another start than is noted", i);
    }
    if (unplanned != self->unplanned)
        return BROKEN("%u queued jobs have no promise; counted %u", unplanned, self->unplanned);
    return SIM_OK;
}

/* Queued jobs by estimate, where the policy tries the shortest. */
static sim_status_t verify_shortest(mdl_scheduler_t *self, sim_error_t *err)
{
    const mdl_brief_t *briefs = mdl_scheduler_briefs(self), *before = NULL;
    uint32_t n = 0;

    if (!mdl_policy_tries_shortest(&self->policy))
        return SIM_OK;
    for (uint32_t i = self->shortest.first; i != MDL_NONE; before = &briefs[i], i = briefs[i].links.next) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        const mdl_brief_t *brief = &briefs[i];
        bool sorted = before == NULL || before->estimate_s < brief->estimate_s ||
                      (before->estimate_s == brief->estimate_s && before->sequence < brief->sequence);
        if (++n > self->queued || job->state != MDL_JOB_QUEUED || !sorted || brief->estimate_s != job->estimate_s ||
            brief->left_s != job->left_s || brief->needed_gpus != job->needed_gpus || brief->sequence != job->sequence)
            return BROKEN("job %u does not belong among the queued by their estimates", i);
    }
    if (n != self->queued)
        return BROKEN("%u jobs are queued and %u stand by their estimates", self->queued, n);
    return SIM_OK;
}

static sim_status_t verify_counts(const mdl_scheduler_t *self, sim_error_t *err)
{
    int64_t submitted = 0, ended = 0;

    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        submitted += self->counts[c].submitted;
        for (int e = 0; e < MDL_JOB_ENDS; e++)
            ended += self->counts[c].ended[e];
    }
    if (submitted - ended != self->present || !mdl_scheduler_conserves(self))
        return BROKEN("%lld jobs submitted and %lld ended by class; counted %u present, %u queued, %u running",
                      (long long)submitted, (long long)ended, self->present, self->queued, self->running);
    return SIM_OK;
}

sim_status_t mdl_scheduler_verify(mdl_scheduler_t *self, mdl_cluster_t *cluster, sim_error_t *err)
{
    sim_status_t status = mdl_cluster_verify(cluster, err);

    if (status == SIM_OK)
        status = verify_tenants(self, cluster, err);
    if (status == SIM_OK)
        status = verify_nodes(self, cluster, err);
    if (status == SIM_OK)
        status = verify_status(self, err);
    if (status == SIM_OK)
        status = verify_order(self, err);
    if (status == SIM_OK)
        status = verify_profile(self, cluster, err);
    if (status == SIM_OK)
        status = verify_promises(self, err);
    if (status == SIM_OK)
        status = verify_shortest(self, err);
    if (status == SIM_OK)
        status = verify_counts(self, err);
    return status;
}
