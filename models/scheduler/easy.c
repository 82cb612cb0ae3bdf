// SPDX-License-Identifier: GPL-3.0-or-later
/* EASY backfilling (Lifka 1995; Mu'alem and Feitelson 2001): the first head that does not fit is promised the earliest
 * start that the running jobs' estimates allow, and whatever leaves that promise standing may start.
 *
 * The promise is kept on nodes, not on a count: the nodes that will be free at its start are followed one by one (in a
 * pool counted), and a job that would run past that start may start only if the head still finds its whole nodes, and a
 * node for its remainder, among what is left. Jobs of its own tenant leave it its part of the limit. A tenant's head
 * that waits for the tenant's own limit is promised a start within that limit (easy_limit.c).
 */
#include "models/scheduler/passes.h"
#include "sim/time.h"

/* Whether no node is taken in part, as always in a pool: which nodes a job takes does not matter then. */
static bool is_even(const mdl_cluster_t *cluster)
{
    return cluster->free_gpus == mdl_cluster_empty_nodes(cluster) * cluster->node_gpus;
}

/* Whether a job takes whole nodes where no node is taken in part: jobs that were refused stay refused when it
 * starts. */
static bool is_counted(const mdl_cluster_t *cluster, const mdl_job_t *job)
{
    return is_even(cluster) && job->gpus % cluster->node_gpus == 0;
}

/* Whether the promised job finds its nodes among those that will be free, an elastic one at least a node. */
static bool promise_holds(const mdl_pass_t *pass)
{
    const mdl_promise_t *promise = &pass->scheduler->promise;
    const mdl_job_t *head = mdl_scheduler_job(pass->scheduler, promise->job);
    uint32_t full = pass->cluster->node_gpus, gpus = head->elastic ? full : head->gpus;

    if (pass->cluster->pooled)
        return promise->pool_gpus >= gpus;
    uint32_t whole = gpus / full, part = gpus % full;
    if (promise->with_free[full] < whole)
        return false;
    if (part == 0 || promise->with_free[full] > whole)
        return true;
    for (uint32_t b = part; b < full; b++)
        if (promise->with_free[b] > 0)
            return true;
    return false;
}

/* Adds to (or takes from) what will be free on a node at the promised start. */
static void shift(const mdl_pass_t *pass, uint32_t node, int32_t gpus)
{
    mdl_promise_t *promise = &pass->scheduler->promise;
    uint8_t *free_gpus = mdl_scheduler_shadow(pass->scheduler) + node;

    promise->with_free[*free_gpus]--;
    *free_gpus = (uint8_t)(*free_gpus + gpus);
    promise->with_free[*free_gpus]++;
}

/* The same for all nodes of a job that has them: sign 1 when it will have left by then, -1 when it will be there. */
static void shift_job(const mdl_pass_t *pass, const mdl_job_t *job, int32_t sign)
{
    mdl_cluster_t *cluster = pass->cluster;
    int32_t full = (int32_t)cluster->node_gpus;

    if (cluster->pooled) {
        pass->scheduler->promise.pool_gpus += (uint32_t)sign * job->gpus;
        return;
    }
    for (uint32_t i = job->gang; i != MDL_NONE; i = mdl_cluster_node(cluster, i)->next_of_gang)
        shift(pass, i, sign * full);
    if (job->part_node != MDL_NONE)
        shift(pass, job->part_node, sign * (int32_t)(job->gpus % cluster->node_gpus));
}

/* What is free now. Nodes that are down count as without a free GPU: nobody knows when they come back. */
static void look_at_cluster(const mdl_pass_t *pass)
{
    const mdl_cluster_t *cluster = pass->cluster;
    mdl_promise_t *promise = &pass->scheduler->promise;
    uint8_t *shadow = mdl_scheduler_shadow(pass->scheduler);

    for (uint32_t b = 0; b <= cluster->node_gpus; b++)
        promise->with_free[b] = cluster->in_bucket[b];
    SIM_ASSERT(cluster->nodes <= 8 * (uint64_t)pass->scheduler->jobs);
    for (uint32_t i = 0; i < cluster->nodes; i++)
        shadow[i] = mdl_node_up(mdl_cluster_node_const(cluster, i)) ? mdl_cluster_node_const(cluster, i)->free : 0;
    promise->with_free[0] += cluster->nodes - cluster->up;
}

/* When a running job should have left by its estimate: one that is overdue, at once. SIM_NEVER: it has no end. */
static int64_t leaves_s(const mdl_pass_t *pass, const mdl_job_t *job)
{
    if (job->key >= MDL_ESTIMATE_ENDLESS)
        return SIM_NEVER;
    return job->key > pass->now_s ? job->key : pass->now_s + 1;
}

/* In a pool GPUs are counted. */
static void count_until(const mdl_pass_t *pass, uint32_t needed_gpus)
{
    mdl_promise_t *promise = &pass->scheduler->promise;
    uint32_t gpus = pass->cluster->free_gpus;
    const mdl_job_t *job;

    for (uint32_t i = pass->scheduler->ends.first; i != MDL_NONE; i = job->links.next) {
        job = mdl_scheduler_job(pass->scheduler, i);
        int64_t end_s = leaves_s(pass, job);
        if (end_s == SIM_NEVER || end_s > promise->start_s)
            break;
        gpus += job->gpus;
        if (promise->start_s == SIM_NEVER && gpus >= needed_gpus)
            promise->start_s = end_s;
    }
    promise->pool_gpus = gpus;
}

static void follow_until(const mdl_pass_t *pass)
{
    mdl_promise_t *promise = &pass->scheduler->promise;
    const mdl_job_t *job;

    look_at_cluster(pass);
    for (uint32_t i = pass->scheduler->ends.first; i != MDL_NONE; i = job->links.next) {
        job = mdl_scheduler_job(pass->scheduler, i);
        int64_t end_s = leaves_s(pass, job);
        if (end_s == SIM_NEVER || end_s > promise->start_s)
            return;
        shift_job(pass, job, 1);
        if (promise->start_s == SIM_NEVER && promise_holds(pass))
            promise->start_s = end_s;
    }
}

/* Promises `head` the earliest start: running jobs leave in order of their estimated ends. */
static void make_promise(const mdl_pass_t *pass, uint32_t head)
{
    mdl_promise_t *promise = &pass->scheduler->promise;

    promise->job = head;
    promise->start_s = SIM_NEVER;
    if (pass->cluster->pooled)
        count_until(pass, mdl_scheduler_job(pass->scheduler, head)->needed_gpus);
    else
        follow_until(pass);
}

/* Whether a job that has been placed, and will not be gone by then, leaves the promise standing. */
static bool leaves_promise(const mdl_pass_t *pass, const mdl_job_t *job)
{
    shift_job(pass, job, -1);
    if (promise_holds(pass))
        return true;
    shift_job(pass, job, 1);
    return false;
}

/* Whether a job leaves the promised one, where it is of the same tenant, its part of their limit. */
static bool leaves_limit(const mdl_pass_t *pass, const mdl_job_t *job)
{
    const mdl_promise_t *promise = &pass->scheduler->promise;
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(pass->scheduler, job->tenant);

    if (promise->job == MDL_NONE || promise->start_s == SIM_NEVER || tenant->status != MDL_QUEUE_READY)
        return true;
    const mdl_job_t *head = mdl_scheduler_job(pass->scheduler, promise->job);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(pass->scheduler, job->tenant);
    return head->tenant != job->tenant || holding->used_gpus + job->gpus + head->gpus <= holding->limit_gpus;
}

/* Places a job where the promise allows it. */
static bool place_behind(const mdl_pass_t *pass, uint32_t index)
{
    mdl_scheduler_t *self = pass->scheduler;
    const mdl_job_t *job = mdl_scheduler_job(self, index);

    if ((!job->elastic && job->gpus > pass->cluster->free_gpus) || !leaves_limit(pass, job) ||
        !mdl_pass_place(pass, index))
        return false;
    if (self->promise.job == MDL_NONE || mdl_job_estimate_left_s(job, 0) <= self->promise.start_s - pass->now_s ||
        leaves_promise(pass, job))
        return true;
    mdl_pass_unplace(pass, index);
    return false;
}

/* The same; an elastic job that would be in the way with all that is free makes do with a node. */
static bool place(const mdl_pass_t *pass, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);
    bool placed = place_behind(pass, index);

    if (!placed && job->elastic && job->gpus > pass->cluster->node_gpus) {
        job->gpus = pass->cluster->node_gpus;
        placed = place_behind(pass, index);
        job->gpus = placed ? job->gpus : job->wanted_gpus;
    }
    return placed;
}

bool mdl_easy_try(const mdl_pass_t *pass, uint32_t index)
{
    if (!place(pass, index))
        return false;
    pass->scheduler->again |= !is_counted(pass->cluster, mdl_scheduler_job(pass->scheduler, index)) ||
                              pass->scheduler->policy.preemption == MDL_PREEMPTION_RECLAIM; /* more may be lent */
    mdl_pass_begin(pass, index);
    return true;
}

/* Whether a job behind the head is within its tenant's limit. */
static bool within_limit(const mdl_pass_t *pass, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(pass->scheduler, job->tenant);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(pass->scheduler, job->tenant);

    return tenant->status == MDL_QUEUE_READY && holding->used_gpus + job->gpus <= holding->limit_gpus;
}

/* Starts a job behind the head if it is within its tenant's limit, fits, and leaves the promise standing. */
static void try_behind(const mdl_pass_t *pass, uint32_t index)
{
    if (within_limit(pass, index))
        (void)mdl_easy_try(pass, index);
}

/* What a job must be like to be worth a try: it fits into what is free, and is gone by the promised start or, in a
 * pool, fits into what the promised job leaves. Where the number of tries is bounded a pool does not look that closely,
 * so that it tries the same jobs as single nodes do. */
static mdl_tree_bounds_t bounds_of(const mdl_pass_t *pass)
{
    const mdl_promise_t *promise = &pass->scheduler->promise;
    const mdl_job_t *head = mdl_scheduler_job(pass->scheduler, promise->job);
    uint32_t free_gpus = pass->cluster->free_gpus, spare_gpus = free_gpus;

    if (pass->cluster->pooled && promise->start_s != SIM_NEVER && pass->scheduler->policy.backfill_depth == 0)
        spare_gpus = promise->pool_gpus - head->needed_gpus;
    return (mdl_tree_bounds_t){
        .most_size = free_gpus, .spare_size = spare_gpus, .most_length = promise->start_s - pass->now_s};
}

static uint32_t depth_of(const mdl_pass_t *pass)
{
    int32_t depth = pass->scheduler->policy.backfill_depth;

    return depth > 0 ? (uint32_t)depth : UINT32_MAX;
}

/* Tries one tenant's queue in its own order. */
static void backfill_alone(const mdl_pass_t *pass, const mdl_scheduler_tenant_t *tenant)
{
    mdl_scheduler_t *self = pass->scheduler;
    mdl_tree_bounds_t bounds = bounds_of(pass);
    uint32_t i = mdl_queue_next_within(self, tenant, MDL_NONE, &bounds);

    for (uint32_t depth = depth_of(pass); i != MDL_NONE && depth > 0 && pass->cluster->free_gpus > 0; depth--) {
        uint32_t candidate = i;
        bounds = bounds_of(pass);
        i = mdl_queue_next_within(self, tenant, candidate, &bounds);
        if (candidate != self->promise.job)
            try_behind(pass, candidate);
    }
}

/* Tries all tenants' jobs, the shortest first. What has become too large since the last start is not looked at. */
static void backfill_shortest(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;
    mdl_tree_bounds_t bounds = bounds_of(pass);
    uint32_t i = mdl_queue_next_shortest(self, MDL_NONE, &bounds);

    while (i != MDL_NONE && pass->cluster->free_gpus > 0) {
        uint32_t candidate = i;
        bounds = bounds_of(pass);
        i = mdl_queue_next_shortest(self, candidate, &bounds);
        if (candidate != self->promise.job)
            try_behind(pass, candidate);
    }
}

/* Jobs behind the head that might fit, in the order in which they are tried. */
static uint32_t collect(const mdl_pass_t *pass, mdl_candidate_t *candidates)
{
    mdl_scheduler_t *self = pass->scheduler;
    bool shortest = self->policy.reservation == MDL_RESERVATION_EASY_SJBF;
    mdl_tree_bounds_t bounds = bounds_of(pass);
    uint32_t n = 0;

    for (uint32_t t = self->ready.first; t != MDL_NONE; t = mdl_scheduler_tenant(self, t)->ready.next) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        uint32_t i = mdl_queue_next_within(self, tenant, MDL_NONE, &bounds);
        for (uint32_t depth = depth_of(pass); i != MDL_NONE && depth > 0; depth--) {
            const mdl_job_t *job = mdl_scheduler_job(self, i);
            if (i != self->promise.job)
                candidates[n++] =
                    (mdl_candidate_t){.key = shortest ? job->estimate_s : mdl_queue_rank(self, tenant, job), .job = i};
            i = mdl_queue_next_within(self, tenant, i, &bounds);
        }
    }
    mdl_candidates_sort(self, candidates, n);
    return n;
}

static void backfill(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;

    if (pass->cluster->free_gpus == 0)
        return;
    if (self->policy.reservation == MDL_RESERVATION_EASY && self->ready.first == self->ready.last) {
        backfill_alone(pass, mdl_scheduler_tenant(self, self->ready.first));
        return;
    }
    if (mdl_policy_tries_shortest(&self->policy)) {
        backfill_shortest(pass);
        return;
    }
    mdl_candidate_t *candidates = mdl_scheduler_candidates(self);
    uint32_t n = collect(pass, candidates);
    for (uint32_t i = 0; i < n && pass->cluster->free_gpus > 0; i++)
        try_behind(pass, candidates[i].job);
}

/* Whether the promised job stands before all that may compete. */
static bool promised_is_first(mdl_scheduler_t *self)
{
    return self->ready.first != MDL_NONE &&
           mdl_scheduler_tenant(self, self->ready.first)->queue.first == self->promise.job;
}

/* Whether nothing has happened since the last pass but that a job was put behind the head: all others were tried then,
 * and time alone gives them no room. A round for which the head waits comes at review_s, which stays as it is. */
static bool only_one_came(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;

    return !self->stale && self->promise.job != MDL_NONE && self->promise.start_s > pass->now_s &&
           promised_is_first(self);
}

/* A job behind the head that starts may use up its tenant's quota, and another's head then stands first. */
static void look_at_all(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;

    do {
        self->promise.job = MDL_NONE;
        uint32_t head = mdl_pass_heads(pass);
        if (head == MDL_NONE)
            return;
        make_promise(pass, head);
        backfill(pass);
    } while (!promised_is_first(self));
}

/* Tenants that wait for their own limit: all of them, or when only one job came, its own, and those behind it once one
 * of its jobs has taken nodes. */
static void look_at_held(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;
    uint32_t tenant = 0;

    if (self->held_gpus == 0 || pass->cluster->free_gpus == 0 || (!self->stale && self->fresh == MDL_NONE))
        return;
    if (!self->stale)
        tenant = mdl_scheduler_job(self, self->fresh)->tenant;
    do
        mdl_easy_within(pass, tenant);
    while (++tenant < self->tenants && (self->stale || self->again));
}

/* The job that came alone, when all others were refused: whether now everybody has to be looked at. Where nodes are
 * taken in part, a job that takes some GPUs may turn others to nodes that leave the promise standing, so it has to have
 * its turn among them. */
static bool try_fresh(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;

    if (is_counted(pass->cluster, mdl_scheduler_job(self, self->fresh))) {
        try_behind(pass, self->fresh);
        return !promised_is_first(self);
    }
    if (!within_limit(pass, self->fresh) || !place(pass, self->fresh))
        return false;
    mdl_pass_unplace(pass, self->fresh);
    return true;
}

void mdl_pass_easy(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host)
{
    mdl_pass_t pass = {self, cluster, now_s, host};

    if (self->queued == 0) {
        self->promise.job = MDL_NONE;
        self->review_s = SIM_NEVER;
        mdl_pass_block(&pass, MDL_NONE);
        return;
    }
    self->stale |= mdl_placements[self->policy.placement].restless && !is_even(cluster);
    bool all = !only_one_came(&pass);
    if (!all && self->fresh != MDL_NONE && cluster->free_gpus > 0)
        all = try_fresh(&pass);
    if (all) {
        self->stale |= self->promise.job != MDL_NONE; /* another promise may leave room that this one did not */
        look_at_all(&pass);
    }
    look_at_held(&pass);
}
