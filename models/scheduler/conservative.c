// SPDX-License-Identifier: GPL-3.0-or-later
/* Conservative backfilling (Mu'alem and Feitelson 2001): every job is given, when it is submitted, the earliest start
 * that leaves all earlier promises standing; each end lets the waiting jobs, one after another in their order, give
 * their promise back and take the earliest one there then is, which is never later.
 *
 * Room is counted in GPUs. A job whose start has come and that finds no nodes (a fabric in fragments, broken nodes, its
 * tenant's limit) has its promise moved to the next moment at which GPUs come free.
 */
#include "models/scheduler/passes.h"
#include "sim/time.h"

static mdl_profile_t profile_of(mdl_scheduler_t *self)
{
    return (mdl_profile_t){.steps = mdl_scheduler_profile_steps(self),
                           .first = self->profile_first,
                           .end = self->profile_end,
                           .capacity = 2 * self->jobs + 3};
}

static void keep_profile(mdl_scheduler_t *self, const mdl_profile_t *profile)
{
    self->profile_first = profile->first;
    self->profile_end = profile->end;
}

static int64_t length_of(const mdl_job_t *job)
{
    return mdl_job_estimate_left_s(job, 0);
}

static int64_t end_of(int64_t start_s, const mdl_job_t *job)
{
    return length_of(job) < MDL_ESTIMATE_ENDLESS ? start_s + length_of(job) : INT64_MAX;
}

/* Promises a job the earliest start from from_s on. */
static void plan(mdl_profile_t *profile, mdl_job_t *job, int64_t from_s)
{
    int64_t start_s = mdl_profile_earliest(profile, from_s, job->gpus, length_of(job));

    job->planned_s = start_s;
    if (start_s != MDL_NOT_PLANNED)
        mdl_profile_take(profile, start_s, end_of(start_s, job), job->gpus);
}

static void unplan(mdl_profile_t *profile, mdl_job_t *job)
{
    if (job->planned_s != MDL_NOT_PLANNED)
        mdl_profile_take(profile, job->planned_s, end_of(job->planned_s, job), -(int64_t)job->gpus);
    job->planned_s = MDL_NOT_PLANNED;
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

/* The profile of what runs now, each job to its estimated end. An overdue one is expected to leave at once. */
static void look_at_running(const mdl_pass_t *pass, mdl_profile_t *profile)
{
    mdl_scheduler_t *self = pass->scheduler;

    mdl_profile_reset(profile, pass->now_s, (int64_t)pass->cluster->up * pass->cluster->node_gpus);
    for (uint32_t t = 0; t < self->tenants; t++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        uint32_t i = tenant->open ? tenant->running_head : MDL_NONE;
        for (; i != MDL_NONE; i = mdl_scheduler_job(self, i)->next) {
            mdl_job_t *job = mdl_scheduler_job(self, i);
            int64_t end_s = job->key > pass->now_s ? job->key : pass->now_s + 1;
            job->planned_s = job->start_s;
            mdl_profile_take(profile, pass->now_s, job->key >= MDL_ESTIMATE_ENDLESS ? INT64_MAX : end_s, job->gpus);
        }
    }
}

/* Plans everything anew, where the machine itself has changed. */
static void plan_all(const mdl_pass_t *pass, mdl_profile_t *profile)
{
    mdl_candidate_t *candidates = mdl_scheduler_candidates(pass->scheduler);
    uint32_t n = all_queued(pass->scheduler, candidates);

    look_at_running(pass, profile);
    for (uint32_t i = 0; i < n; i++)
        plan(profile, mdl_scheduler_job(pass->scheduler, candidates[i].job), pass->now_s);
}

/* Moves starts forward into what has come free; plans jobs that have no promise yet. */
static void move_forward(const mdl_pass_t *pass, mdl_profile_t *profile)
{
    mdl_candidate_t *candidates = mdl_scheduler_candidates(pass->scheduler);
    uint32_t n = all_queued(pass->scheduler, candidates);

    for (uint32_t i = 0; i < n; i++) {
        mdl_job_t *job = mdl_scheduler_job(pass->scheduler, candidates[i].job);
        if (job->planned_s <= pass->now_s)
            continue;
        unplan(profile, job);
        plan(profile, job, pass->now_s);
    }
}

/* Plans jobs that have no promise yet. */
static void plan_new(const mdl_pass_t *pass, mdl_profile_t *profile)
{
    mdl_candidate_t *candidates = mdl_scheduler_candidates(pass->scheduler);
    uint32_t n = all_queued(pass->scheduler, candidates);

    for (uint32_t i = 0; i < n; i++) {
        mdl_job_t *job = mdl_scheduler_job(pass->scheduler, candidates[i].job);
        if (job->planned_s == MDL_NOT_PLANNED)
            plan(profile, job, pass->now_s);
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

/* Starts a job whose time has come; where nodes or its tenant's limit are in its way, its promise moves to the next
 * moment at which something should come free. */
static void redeem(const mdl_pass_t *pass, mdl_profile_t *profile, uint32_t index)
{
    mdl_scheduler_t *self = pass->scheduler;
    mdl_job_t *job = mdl_scheduler_job(self, index);
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, job->tenant);

    if (tenant->used_gpus + job->gpus <= tenant->limit_gpus && mdl_pass_start(pass, index))
        return;
    unplan(profile, job);
    plan(profile, job, next_end_s(pass));
}

/* Starts what is due, in order; notes when the next start is, and who waits first. */
static void start_due(const mdl_pass_t *pass, mdl_profile_t *profile)
{
    mdl_scheduler_t *self = pass->scheduler;
    mdl_candidate_t *candidates = mdl_scheduler_candidates(self);
    uint32_t n = all_queued(self, candidates), first = MDL_NONE;

    self->promise.start_s = SIM_NEVER;
    for (uint32_t i = 0; i < n; i++) {
        const mdl_job_t *job = mdl_scheduler_job(self, candidates[i].job);
        if (job->planned_s <= pass->now_s)
            redeem(pass, profile, candidates[i].job);
        if (job->state != MDL_JOB_QUEUED)
            continue;
        if (first == MDL_NONE)
            first = candidates[i].job;
        if (job->planned_s < self->promise.start_s)
            self->promise.start_s = job->planned_s;
    }
    self->promise.job = first;
    mdl_pass_block(pass, first);
}

/* A job that came alone and has to wait changes nothing but, perhaps, when the next start is. */
static bool came_to_wait(const mdl_pass_t *pass, mdl_profile_t *profile)
{
    mdl_scheduler_t *self = pass->scheduler;

    if (self->stale || self->promise.job == MDL_NONE || self->promise.start_s <= pass->now_s)
        return false;
    if (self->fresh == MDL_NONE)
        return true;
    mdl_job_t *job = mdl_scheduler_job(self, self->fresh);
    plan(profile, job, pass->now_s);
    if (job->planned_s < self->promise.start_s)
        self->promise.start_s = job->planned_s;
    return job->planned_s > pass->now_s;
}

void mdl_pass_conservative(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s,
                           const mdl_scheduler_host_t *host)
{
    mdl_pass_t pass = {self, cluster, now_s, host};
    mdl_profile_t profile = profile_of(self);

    if (self->profile_end == 0 || cluster->up != self->seen_up) {
        plan_all(&pass, &profile);
        start_due(&pass, &profile);
    } else if (!came_to_wait(&pass, &profile)) {
        (self->moved ? move_forward : plan_new)(&pass, &profile);
        start_due(&pass, &profile);
    }
    self->review_s = self->promise.start_s;
    keep_profile(self, &profile);
}

void mdl_conservative_forget(mdl_scheduler_t *self, const mdl_job_t *job)
{
    mdl_profile_t profile = profile_of(self);
    int64_t from_s = job->state == MDL_JOB_RUNNING ? job->start_s : job->planned_s;

    if (self->profile_end == 0 || from_s == MDL_NOT_PLANNED)
        return;
    int64_t end_s = end_of(from_s, job);
    if (end_s > self->now_s)
        mdl_profile_take(&profile, from_s > self->now_s ? from_s : self->now_s, end_s, -(int64_t)job->gpus);
    keep_profile(self, &profile);
}
