// SPDX-License-Identifier: GPL-3.0-or-later
/* Conservative backfilling (Mu'alem and Feitelson 2001): every job is given, when it is submitted, the earliest start
 * that leaves all earlier promises standing; each end lets the waiting jobs, one after another in their order, give
 * their promise back and take the earliest one there then is, which is never later.
 *
 * Room is counted in GPUs, those of the cluster and those within the tenant's limit. A job whose start has come and that
 * finds no nodes (a fabric in fragments, broken nodes, jobs that outrun their estimates) has its promise moved to the
 * next moment at which GPUs come free. An elastic job is promised a node, and takes at its start what no promise needs.
 */
#include "models/scheduler/passes.h"
#include "sim/time.h"

/* One pass, and the profile of the cluster that it works on. */
typedef struct plans {
    mdl_pass_t pass;
    mdl_profile_t profile;
} plans_t;

static mdl_profile_t profile_of(mdl_scheduler_t *self)
{
    return (mdl_profile_t){.steps = mdl_scheduler_profile_steps(self),
                           .first = self->profile_first,
                           .end = self->profile_end,
                           .capacity = mdl_scheduler_profile_room(self)};
}

static void keep_profile(mdl_scheduler_t *self, const mdl_profile_t *profile)
{
    self->profile_first = profile->first;
    self->profile_end = profile->end;
}

/* A tenant's own profile, within its limit; without memory where the limit is no less than the cluster. */
static mdl_profile_t own_of(const plans_t *plans, const mdl_scheduler_tenant_t *tenant)
{
    return (mdl_profile_t){.steps = mdl_scheduler_own_steps(plans->pass.scheduler) + tenant->own_at,
                           .first = tenant->own_first,
                           .end = tenant->own_end,
                           .capacity = tenant->own_room};
}

static void keep_own(mdl_scheduler_tenant_t *tenant, const mdl_profile_t *own)
{
    tenant->own_first = own->first;
    tenant->own_end = own->end;
}

static int64_t length_of(const mdl_job_t *job)
{
    return mdl_job_estimate_left_s(job, 0);
}

static int64_t end_of(int64_t start_s, const mdl_job_t *job)
{
    return length_of(job) < MDL_ESTIMATE_ENDLESS ? start_s + length_of(job) : INT64_MAX;
}

/* What a queued job is promised. */
static uint32_t promised_gpus(const mdl_cluster_t *cluster, const mdl_job_t *job)
{
    return job->elastic ? cluster->node_gpus : job->gpus;
}

/* Takes GPUs (negative: gives them back) in the profiles that count them. */
static void take(plans_t *plans, const mdl_job_t *job, int64_t from_s, int64_t to_s, int64_t gpus)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(plans->pass.scheduler, job->tenant);

    mdl_profile_take(&plans->profile, from_s, to_s, gpus);
    if (tenant->own_room == 0)
        return;
    mdl_profile_t own = own_of(plans, tenant);
    mdl_profile_take(&own, from_s, to_s, gpus);
    keep_own(tenant, &own);
}

/* The first moment from from_s on at which both the cluster and the tenant's limit have room; of a job that has a promise,
 * its start if there is none before it. */
static int64_t earliest(const plans_t *plans, const mdl_job_t *job, int64_t from_s)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(plans->pass.scheduler, job->tenant);
    mdl_profile_t own = own_of(plans, tenant);
    uint32_t gpus = promised_gpus(plans->pass.cluster, job);
    int64_t held_s = job->planned_s;

    for (;;) {
        int64_t room_s = mdl_profile_earlier(&plans->profile, from_s, gpus, length_of(job), held_s);
        if (room_s == held_s || tenant->own_room == 0)
            return room_s;
        from_s = mdl_profile_earlier(&own, room_s, gpus, length_of(job), held_s);
        if (from_s == room_s || from_s == held_s)
            return from_s;
    }
}

static void unplan(plans_t *plans, mdl_job_t *job)
{
    if (job->planned_s != MDL_NOT_PLANNED)
        take(plans, job, job->planned_s, end_of(job->planned_s, job),
             -(int64_t)promised_gpus(plans->pass.cluster, job));
    job->planned_s = MDL_NOT_PLANNED;
}

/* Promises a job the earliest start from from_s on; one that has a promise keeps it or is promised more. */
static void plan(plans_t *plans, mdl_job_t *job, int64_t from_s)
{
    int64_t start_s = earliest(plans, job, from_s);

    if (start_s == job->planned_s)
        return;
    unplan(plans, job);
    job->planned_s = start_s;
    job->promise_number = ++plans->pass.scheduler->promises;
    take(plans, job, start_s, end_of(start_s, job), promised_gpus(plans->pass.cluster, job));
}

/* When a running job should leave. An overdue one is expected to leave at once. */
static int64_t expected_end_s(const mdl_pass_t *pass, const mdl_job_t *job)
{
    if (job->key >= MDL_ESTIMATE_ENDLESS)
        return INT64_MAX;
    return job->key > pass->now_s ? job->key : pass->now_s + 1;
}

/* Makes a tenant's own profile, where its limit may bind, from its jobs. Returns the steps of memory that it has. */
static uint32_t open_own(plans_t *plans, mdl_scheduler_tenant_t *tenant, uint32_t at)
{
    const mdl_pass_t *pass = &plans->pass;
    const mdl_cluster_t *cluster = pass->cluster;
    bool limited = tenant->open && tenant->limit_gpus < (uint64_t)cluster->nodes * cluster->node_gpus;

    tenant->own_at = at;
    tenant->own_room = limited && tenant->queued > 0 ? 2 * (tenant->queued + tenant->running) + 4 : 0;
    if (tenant->own_room == 0)
        return 0;
    mdl_profile_t own = own_of(plans, tenant);
    mdl_profile_reset(&own, pass->now_s, tenant->limit_gpus);
    for (uint32_t i = tenant->running_head; i != MDL_NONE; i = mdl_scheduler_job(pass->scheduler, i)->next) {
        const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, i);
        mdl_profile_take(&own, pass->now_s, expected_end_s(pass, job), job->gpus);
    }
    for (uint32_t i = tenant->queue.first; i != MDL_NONE; i = mdl_scheduler_job(pass->scheduler, i)->links.next) {
        const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, i);
        if (job->planned_s != MDL_NOT_PLANNED)
            mdl_profile_take(&own, job->planned_s, end_of(job->planned_s, job), promised_gpus(cluster, job));
    }
    keep_own(tenant, &own);
    return tenant->own_room;
}

static void open_all_own(plans_t *plans)
{
    uint32_t at = 0;

    for (uint32_t t = 0; t < plans->pass.scheduler->tenants; t++)
        at += open_own(plans, mdl_scheduler_tenant(plans->pass.scheduler, t), at);
}

/* The next queued job in the order of all tenants' queues is found by sorting them once a sweep. */
static uint32_t all_queued(mdl_scheduler_t *self, mdl_candidate_t *candidates)
{
    uint32_t n = 0;

    for (uint32_t t = 0; t < self->tenants; t++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        if (!tenant->open)
            continue;
        for (uint32_t i = tenant->queue.first; i != MDL_NONE; i = mdl_scheduler_job(self, i)->links.next)
            candidates[n++] =
                (mdl_candidate_t){.key = mdl_queue_rank(self, tenant, mdl_scheduler_job(self, i)), .job = i};
    }
    mdl_candidates_sort(self, candidates, n);
    return n;
}

/* The profile of what runs now, each job to its estimated end; nothing is promised to those that wait. */
static void look_at_running(plans_t *plans)
{
    const mdl_pass_t *pass = &plans->pass;
    mdl_scheduler_t *self = pass->scheduler;

    mdl_profile_reset(&plans->profile, pass->now_s, (int64_t)pass->cluster->up * pass->cluster->node_gpus);
    for (uint32_t t = 0; t < self->tenants; t++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        if (!tenant->open)
            continue;
        for (uint32_t i = tenant->running_head; i != MDL_NONE; i = mdl_scheduler_job(self, i)->next) {
            const mdl_job_t *job = mdl_scheduler_job(self, i);
            mdl_profile_take(&plans->profile, pass->now_s, expected_end_s(pass, job), job->gpus);
        }
        for (uint32_t i = tenant->queue.first; i != MDL_NONE; i = mdl_scheduler_job(self, i)->links.next)
            mdl_scheduler_job(self, i)->planned_s = MDL_NOT_PLANNED;
    }
}

/* Plans jobs that have no promise yet; where something has come free, moves the others' starts forward into it. */
static void plan_all(plans_t *plans, bool forward)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    mdl_candidate_t *candidates = mdl_scheduler_candidates(self);
    uint32_t n = all_queued(self, candidates);

    for (uint32_t i = 0; i < n; i++) {
        mdl_job_t *job = mdl_scheduler_job(self, candidates[i].job);
        if (job->planned_s <= plans->pass.now_s || (job->planned_s != MDL_NOT_PLANNED && !forward))
            continue;
        plan(plans, job, plans->pass.now_s);
    }
}

/* The next moment at which a running job should leave. */
static int64_t next_end_s(const mdl_pass_t *pass)
{
    uint32_t i = pass->scheduler->ends.first;

    while (i != MDL_NONE && mdl_scheduler_job(pass->scheduler, i)->key <= pass->now_s)
        i = mdl_scheduler_job(pass->scheduler, i)->links.next;
    return i == MDL_NONE ? pass->now_s + SIM_HOUR_S : mdl_scheduler_job(pass->scheduler, i)->key;
}

/* An elastic job is as wide as may be for ever. */
static void set_width(const plans_t *plans, mdl_job_t *job)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(plans->pass.scheduler, job->tenant);
    int64_t full = plans->pass.cluster->node_gpus, gpus = mdl_profile_fewest(&plans->profile, plans->pass.now_s);

    if (tenant->own_room > 0) {
        mdl_profile_t own = own_of(plans, tenant);
        int64_t within = mdl_profile_fewest(&own, plans->pass.now_s);
        gpus = within < gpus ? within : gpus;
    }
    gpus = gpus < job->wanted_gpus ? gpus / full * full : job->wanted_gpus;
    job->gpus = (uint32_t)(gpus > full ? gpus : full);
}

/* Starts a job whose time has come; where nodes or its tenant's limit are in its way, its promise moves to the next
 * moment at which something should come free. */
static void redeem(plans_t *plans, uint32_t index)
{
    const mdl_pass_t *pass = &plans->pass;
    mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(pass->scheduler, job->tenant);

    unplan(plans, job);
    if (job->elastic)
        set_width(plans, job);
    if (tenant->used_gpus + job->gpus <= tenant->limit_gpus && mdl_pass_start(pass, index)) {
        take(plans, job, pass->now_s, end_of(pass->now_s, job), job->gpus);
        return;
    }
    job->gpus = job->wanted_gpus;
    plan(plans, job, next_end_s(pass));
}

/* Starts what is due, in order; notes when the next start is, and who waits first. */
static void start_due(plans_t *plans)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    mdl_candidate_t *candidates = mdl_scheduler_candidates(self);
    uint32_t n = all_queued(self, candidates), first = MDL_NONE;

    self->promise.start_s = SIM_NEVER;
    for (uint32_t i = 0; i < n; i++) {
        const mdl_job_t *job = mdl_scheduler_job(self, candidates[i].job);
        if (job->planned_s <= plans->pass.now_s)
            redeem(plans, candidates[i].job);
        if (job->state != MDL_JOB_QUEUED)
            continue;
        if (first == MDL_NONE)
            first = candidates[i].job;
        if (job->planned_s < self->promise.start_s)
            self->promise.start_s = job->planned_s;
    }
    self->promise.job = first;
    mdl_pass_block(&plans->pass, first);
}

/* A job that came alone and has to wait changes nothing but, perhaps, when the next start is. */
static bool came_to_wait(plans_t *plans)
{
    mdl_scheduler_t *self = plans->pass.scheduler;

    if (self->stale || self->promise.job == MDL_NONE || self->promise.start_s <= plans->pass.now_s)
        return false;
    if (self->fresh == MDL_NONE)
        return true;
    mdl_job_t *job = mdl_scheduler_job(self, self->fresh);
    (void)open_own(plans, mdl_scheduler_tenant(self, job->tenant), 0);
    plan(plans, job, plans->pass.now_s);
    if (job->planned_s < self->promise.start_s)
        self->promise.start_s = job->planned_s;
    return job->planned_s > plans->pass.now_s;
}

void mdl_pass_conservative(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s,
                           const mdl_scheduler_host_t *host)
{
    plans_t plans = {{self, cluster, now_s, host}, profile_of(self)};
    bool anew = self->profile_end == 0 || cluster->up != self->seen_up; /* the machine itself has changed */

    if (anew)
        look_at_running(&plans);
    mdl_profile_drop_past(&plans.profile, now_s);
    if (anew || !came_to_wait(&plans)) {
        open_all_own(&plans);
        plan_all(&plans, self->moved);
        start_due(&plans);
    }
    self->review_s = self->promise.start_s;
    keep_profile(self, &plans.profile);
}

void mdl_conservative_forget(mdl_scheduler_t *self, const mdl_cluster_t *cluster, const mdl_job_t *job)
{
    mdl_profile_t profile = profile_of(self);
    bool runs = job->state == MDL_JOB_RUNNING;
    int64_t from_s = runs ? job->start_s : job->planned_s;

    if (self->profile_end == 0 || from_s == MDL_NOT_PLANNED)
        return;
    int64_t end_s = end_of(from_s, job);
    if (end_s > self->now_s)
        mdl_profile_take(&profile, from_s > self->now_s ? from_s : self->now_s, end_s,
                         -(int64_t)(runs ? job->gpus : promised_gpus(cluster, job)));
    keep_profile(self, &profile);
}

void mdl_conservative_widen(mdl_scheduler_t *self, int64_t more_gpus)
{
    mdl_profile_t profile = profile_of(self);

    if (self->profile_end == 0)
        return;
    mdl_profile_take(&profile, self->now_s, INT64_MAX, more_gpus);
    keep_profile(self, &profile);
}
