// SPDX-License-Identifier: GPL-3.0-or-later
/* Conservative backfilling (Mu'alem and Feitelson 2001): every job is given, when it is submitted, the earliest start
 * that leaves all earlier promises standing; each end lets the waiting jobs, one after another in their order, give
 * their promise back and take the earliest one there then is, which is never later.
 *
 * Room is counted in GPUs, those of the cluster and those within the tenant's limit. A job whose start has come and that
 * finds no nodes (a fabric in fragments, broken nodes, jobs that outrun their estimates) has its promise moved to the
 * next moment at which GPUs come free. An elastic job is promised a node, and takes at its start what no promise needs.
 *
 * Most ends help few of those that wait. So it is noted where room has come free since jobs last looked (freed.h), and
 * where one tenant alone has jobs queued only those look that it may help, with the same starts as if all did. What is
 * left is bounded by how many promises move: on an overloaded log with estimates far too long most of the queue moves
 * forward by a little at each end, each job by itself, since where it goes depends on all that went before it.
 */
#include "models/scheduler/passes.h"
#include "models/scheduler/starts.h"
#include "sim/fetch.h"
#include "sim/time.h"

#define MOVES_NOTED 32 /* in a sweep, however few have had their turn */
#define SHORT_QUEUE 32 /* in which it costs less to let all look than to note what has come free */

/* One pass, and the profile of the cluster that it works on. */
typedef struct plans {
    mdl_pass_t pass;
    mdl_availability_t profile;
} plans_t;

static void keep_profile(mdl_scheduler_t *self, const mdl_availability_t *profile)
{
    self->profile = profile->state;
}

/* A tenant's own profile, within its limit; without memory where the limit is no less than the cluster. */
static mdl_availability_t own_of(const plans_t *plans, const mdl_scheduler_tenant_t *tenant)
{
    return mdl_scheduler_own(plans->pass.scheduler, tenant);
}

static void keep_own(mdl_scheduler_tenant_t *tenant, const mdl_availability_t *own)
{
    tenant->own = own->state;
}

static int64_t length_of(const mdl_job_t *job)
{
    return mdl_job_estimate_left_s(job, 0);
}

/* Of a job that has no promise, or no end: never. */
static int64_t end_of(int64_t start_s, const mdl_job_t *job)
{
    bool ends = start_s != MDL_NOT_PLANNED && length_of(job) < MDL_ESTIMATE_ENDLESS;
    return ends ? start_s + length_of(job) : INT64_MAX;
}

/* Takes GPUs (negative: gives them back) in the profiles that count them. */
static void take(plans_t *plans, const mdl_job_t *job, int64_t from_s, int64_t to_s, int64_t gpus)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(plans->pass.scheduler, job->tenant);

    mdl_availability_take(&plans->profile, from_s, to_s, gpus);
    if (tenant->own_room == 0)
        return;
    mdl_availability_t own = own_of(plans, tenant);
    mdl_availability_take(&own, from_s, to_s, gpus);
    keep_own(tenant, &own);
}

/* The first moment from from_s on at which both the cluster and the tenant's limit have room; of a job that has a
 * promise, its start if there is none before it. */
static int64_t earliest(const plans_t *plans, const mdl_job_t *job, int64_t from_s)
{
    const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(plans->pass.scheduler, job->tenant);
    uint32_t gpus = job->needed_gpus;
    int64_t held_s = job->planned_s;

    for (;;) {
        int64_t room_s = mdl_availability_earlier(&plans->profile, from_s, gpus, length_of(job), held_s);
        if (room_s == held_s || tenant->own_room == 0)
            return room_s;
        mdl_availability_t own = own_of(plans, tenant);
        from_s = mdl_availability_earlier(&own, room_s, gpus, length_of(job), held_s);
        if (from_s == room_s || from_s == held_s)
            return from_s;
    }
}

/* Notes what a queued job is promised, or that it is not. */
static void set_planned(mdl_scheduler_t *self, uint32_t index, int64_t start_s)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    self->unplanned += (start_s == MDL_NOT_PLANNED) - (job->planned_s == MDL_NOT_PLANNED);
    job->planned_s = start_s;
    mdl_starts_set(mdl_scheduler_starts(self), self->jobs, index, start_s);
}

static void unplan(plans_t *plans, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(plans->pass.scheduler, index);

    if (job->planned_s == MDL_NOT_PLANNED)
        return;
    take(plans, job, job->planned_s, end_of(job->planned_s, job), -(int64_t)job->needed_gpus);
    set_planned(plans->pass.scheduler, index, MDL_NOT_PLANNED);
}

/* Notes what has come free, for the jobs before `before`. */
static void note_freed(const plans_t *plans, int64_t from_s, int64_t to_s, mdl_queue_place_t before)
{
    mdl_freed_add(mdl_scheduler_freed(plans->pass.scheduler), &plans->profile, from_s, to_s, before);
}

static mdl_queue_place_t place_of(const mdl_job_t *job)
{
    return (mdl_queue_place_t){job->key, job->sequence};
}

/* Gives a job that has a promise an earlier start. Where it holds its GPUs before and after nothing changes. */
static void bring_forward(plans_t *plans, uint32_t index, int64_t start_s)
{
    mdl_job_t *job = mdl_scheduler_job(plans->pass.scheduler, index);
    int64_t held_s = job->planned_s, gpus = job->needed_gpus;
    int64_t end_s = end_of(start_s, job), held_end_s = end_of(held_s, job);

    take(plans, job, end_s > held_s ? end_s : held_s, held_end_s, -gpus);
    take(plans, job, start_s, end_s < held_s ? end_s : held_s, gpus);
    set_planned(plans->pass.scheduler, index, start_s);
    job->promise_number = ++plans->pass.scheduler->promises;
}

/* Promises a job that has no promise the earliest start from from_s on. */
static void plan(plans_t *plans, uint32_t index, int64_t from_s)
{
    mdl_job_t *job = mdl_scheduler_job(plans->pass.scheduler, index);
    int64_t start_s = earliest(plans, job, from_s);

    if (start_s == MDL_NOT_PLANNED)
        return;
    set_planned(plans->pass.scheduler, index, start_s);
    job->promise_number = ++plans->pass.scheduler->promises;
    take(plans, job, start_s, end_of(start_s, job), job->needed_gpus);
}

/* When a running job should leave. An overdue one is expected to leave at once. */
static int64_t expected_end_s(const mdl_pass_t *pass, const mdl_job_t *job)
{
    if (job->key >= MDL_ESTIMATE_ENDLESS)
        return INT64_MAX;
    return job->key > pass->now_s ? job->key : pass->now_s + 1;
}

/* Makes a tenant's own profile, where its limit may bind, from its jobs. Returns the blocks of memory that it has. */
static uint32_t open_own(plans_t *plans, uint32_t index, uint32_t at)
{
    const mdl_pass_t *pass = &plans->pass;
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(pass->scheduler, index);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(pass->scheduler, index);
    bool limited = tenant->open && holding->limit_gpus < (uint64_t)pass->cluster->nodes * pass->cluster->node_gpus;

    tenant->own_at = at;
    tenant->own_room = 0;
    if (!limited || tenant->queued == 0)
        return 0;
    tenant->own_room =
        mdl_availability_blocks(2 * (tenant->queued + mdl_scheduler_running_of(pass->scheduler, index)) + 4);
    mdl_availability_t own = own_of(plans, tenant);
    mdl_availability_reset(&own, pass->now_s, holding->limit_gpus);
    for (uint32_t i = holding->running_head; i != MDL_NONE; i = mdl_scheduler_job(pass->scheduler, i)->next) {
        const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, i);
        mdl_availability_take(&own, pass->now_s, expected_end_s(pass, job), job->gpus);
    }
    for (uint32_t i = tenant->queue.first; i != MDL_NONE; i = mdl_scheduler_job(pass->scheduler, i)->links.next) {
        const mdl_job_t *job = mdl_scheduler_job(pass->scheduler, i);
        if (job->planned_s != MDL_NOT_PLANNED)
            mdl_availability_take(&own, job->planned_s, end_of(job->planned_s, job), job->needed_gpus);
    }
    keep_own(tenant, &own);
    return tenant->own_room;
}

static void open_all_own(plans_t *plans)
{
    uint32_t at = 0;

    for (uint32_t t = 0; t < plans->pass.scheduler->tenants; t++)
        at += open_own(plans, t, at);
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

    mdl_availability_reset(&plans->profile, pass->now_s, (int64_t)pass->cluster->up * pass->cluster->node_gpus);
    for (uint32_t t = 0; t < self->tenants; t++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        if (!tenant->open)
            continue;
        for (uint32_t i = mdl_scheduler_holding(self, t)->running_head; i != MDL_NONE;
             i = mdl_scheduler_job(self, i)->next) {
            const mdl_job_t *job = mdl_scheduler_job(self, i);
            mdl_availability_take(&plans->profile, pass->now_s, expected_end_s(pass, job), job->gpus);
        }
        for (uint32_t i = tenant->queue.first; i != MDL_NONE; i = mdl_scheduler_job(self, i)->links.next)
            set_planned(self, i, MDL_NOT_PLANNED);
    }
}

/* The one tenant that has jobs queued, where its limit does not bind and none of them borrows, so that they stand in
 * the order of its queue; NULL: jobs have to be brought into order. */
static mdl_scheduler_tenant_t *alone(const plans_t *plans)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    uint64_t all = (uint64_t)plans->pass.cluster->nodes * plans->pass.cluster->node_gpus;

    for (uint32_t t = 0; t < self->tenants; t++) {
        mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        if (tenant->open && tenant->queued > 0)
            return tenant->queued == self->queued && tenant->own_room == 0 &&
                           mdl_scheduler_holding(self, t)->used_gpus + all <= mdl_scheduler_holding(self, t)->quota_gpus
                       ? tenant
                       : NULL;
    }
    return NULL;
}

/* A span of time; nothing where it ends before it begins. */
typedef struct span {
    int64_t from_s, to_s;
} span_t;

/* Whether so many of the jobs that have had their turn have moved that it is cheaper to let all look, in this sweep and
 * in the next, than to note what each of them leaves. */
static bool most_move(uint32_t moved, uint32_t seen)
{
    return moved > MOVES_NOTED + seen / 3;
}

/* Gives a job with a promise the start start_s, unless that is what it has. Returns what it leaves, noted for those that
 * stand before `before` and have had their turn. */
static span_t move(plans_t *plans, uint32_t index, int64_t start_s, mdl_queue_place_t before)
{
    const mdl_job_t *job = mdl_scheduler_job(plans->pass.scheduler, index);
    int64_t held_s = job->planned_s;

    if (start_s == held_s)
        return (span_t){0, 0};
    bring_forward(plans, index, start_s);
    int64_t end_s = end_of(start_s, job);
    span_t left = {end_s > held_s ? end_s : held_s, end_of(held_s, job)};
    if (!plans->pass.scheduler->unsettled)
        note_freed(plans, left.from_s, left.to_s, before);
    return left;
}

/* Plans jobs that have no promise yet; where something has come free, moves the others' starts forward into it. */
static void plan_all(plans_t *plans, bool forward)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    mdl_candidate_t *candidates = mdl_scheduler_candidates(self);
    uint32_t n = all_queued(self, candidates), moved = 0;

    if (forward)
        mdl_scheduler_freed(self)->n = 0;
    self->unsettled = (self->unsettled && !forward) || self->queued < SHORT_QUEUE;
    for (uint32_t i = 0; i < n; i++) {
        const mdl_job_t *job = mdl_scheduler_job(self, candidates[i].job);
        if (job->planned_s == MDL_NOT_PLANNED) {
            plan(plans, candidates[i].job, plans->pass.now_s);
        } else if (forward && job->planned_s > plans->pass.now_s) {
            int64_t start_s = earliest(plans, job, plans->pass.now_s);
            span_t left = move(plans, candidates[i].job, start_s, MDL_FREED_FOR_ALL);
            moved += left.from_s < left.to_s;
            self->unsettled |= most_move(moved, i);
        }
    }
}

/* The first of the jobs without a promise, where those stand last in the queue; MDL_NONE: they do not, or there are
 * none. */
static uint32_t first_unplanned(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant)
{
    uint32_t first = MDL_NONE, i = tenant->queue.last;

    for (uint32_t n = self->unplanned; n > 0; n--) {
        if (i == MDL_NONE || mdl_scheduler_job(self, i)->planned_s != MDL_NOT_PLANNED)
            return MDL_NONE;
        first = i;
        i = mdl_scheduler_job(self, i)->links.prev;
    }
    return first;
}

/* Whether a job has a promise that is not due yet. */
static bool looks_forward(const plans_t *plans, const mdl_job_t *job)
{
    return job->planned_s > plans->pass.now_s && job->planned_s != MDL_NOT_PLANNED;
}

/* The earliest start of a job that has a promise, where all that it has not seen yet is in `freed`. */
static int64_t earliest_within(const plans_t *plans, const mdl_job_t *job, mdl_freed_t *freed)
{
    return mdl_freed_earlier(freed, &plans->profile, place_of(job), plans->pass.now_s, job->needed_gpus, length_of(job),
                             job->planned_s);
}

/* Starts to fetch what a sweep asks of a job. */
SIM_FETCH void fetch_queued(mdl_scheduler_t *self, uint32_t index)
{
    if (index == MDL_NONE)
        return;
    __builtin_prefetch(&mdl_scheduler_job(self, index)->needed_gpus);
    __builtin_prefetch(&mdl_scheduler_job(self, index)->planned_s);
}

/* The next job in a queue that is no wider than the bound: mostly the one that stands next. */
static uint32_t next_of_size(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant, uint32_t index,
                             const mdl_tree_bounds_t *bounds)
{
    uint32_t next = mdl_scheduler_job(self, index)->links.next;

    SIM_ASSERT(bounds->spare_size == UINT32_MAX); /* no bound on lengths */
    if (next == MDL_NONE)
        return MDL_NONE;
    fetch_queued(self, mdl_scheduler_job(self, next)->links.next);
    if (mdl_scheduler_job(self, next)->needed_gpus <= bounds->most_size)
        return next;
    return mdl_queue_next_within(self, tenant, next, bounds);
}

/* Moves starts forward in the order of a queue. Only jobs that what has come free may help look at all. */
static void move_forward(plans_t *plans, const mdl_scheduler_tenant_t *tenant)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    mdl_freed_t freed = *mdl_scheduler_freed(self);
    mdl_tree_bounds_t bounds = {.most_size = (uint32_t)mdl_freed_most(&freed), .spare_size = UINT32_MAX};
    uint32_t i = mdl_queue_next_within(self, tenant, MDL_NONE, &bounds);

    mdl_scheduler_freed(self)->n = 0;
    for (uint32_t seen = 0, moved = 0; i != MDL_NONE; seen++) {
        const mdl_job_t *job = mdl_scheduler_job(self, i);
        if (looks_forward(plans, job) && self->unsettled) {
            (void)move(plans, i, earliest(plans, job, plans->pass.now_s), place_of(job));
        } else if (looks_forward(plans, job)) {
            span_t left = move(plans, i, earliest_within(plans, job, &freed), place_of(job));
            if (left.from_s < left.to_s) {
                mdl_freed_add(&freed, &plans->profile, left.from_s, left.to_s, MDL_FREED_FOR_ALL);
                self->unsettled = most_move(++moved, seen);
                bounds.most_size = self->unsettled ? UINT32_MAX : (uint32_t)mdl_freed_most(&freed);
            }
        }
        i = next_of_size(self, tenant, i, &bounds);
    }
}

/* Plans for the one tenant that has jobs queued. */
static void plan_queue(plans_t *plans, const mdl_scheduler_tenant_t *tenant, bool forward)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    uint32_t first = first_unplanned(self, tenant);

    if ((forward && (self->unsettled || self->queued < SHORT_QUEUE)) || (self->unplanned > 0 && first == MDL_NONE)) {
        plan_all(plans, forward);
        return;
    }
    if (forward)
        move_forward(plans, tenant);
    for (uint32_t i = first; i != MDL_NONE; i = mdl_scheduler_job(self, i)->links.next)
        plan(plans, i, plans->pass.now_s);
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
    int64_t full = plans->pass.cluster->node_gpus, gpus = mdl_availability_fewest(&plans->profile, plans->pass.now_s);

    if (tenant->own_room > 0) {
        mdl_availability_t own = own_of(plans, tenant);
        int64_t within = mdl_availability_fewest(&own, plans->pass.now_s);
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
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(pass->scheduler, job->tenant);

    int64_t end_s = end_of(job->planned_s, job);
    unplan(plans, index);
    if (job->elastic)
        set_width(plans, job);
    if (holding->used_gpus + job->gpus <= holding->limit_gpus && mdl_pass_start(pass, index)) {
        take(plans, job, pass->now_s, end_of(pass->now_s, job), job->gpus);
        return;
    }
    job->gpus = job->wanted_gpus;
    plan(plans, index, next_end_s(pass));
    note_freed(plans, pass->now_s, end_of(job->planned_s, job) > end_s ? end_of(job->planned_s, job) : end_s,
               MDL_FREED_FOR_ALL); /* itself, too: it has not looked at what comes before the next end */
}

/* Starts what is due of all that are queued, in order. Returns who of them then waits first. */
static uint32_t start_in_order(plans_t *plans, const mdl_candidate_t *candidates, uint32_t n)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    uint32_t first = MDL_NONE;

    for (uint32_t i = 0; i < n; i++) {
        const mdl_job_t *job = mdl_scheduler_job(self, candidates[i].job);
        if (job->planned_s <= plans->pass.now_s)
            redeem(plans, candidates[i].job);
        if (job->state == MDL_JOB_QUEUED && first == MDL_NONE)
            first = candidates[i].job;
    }
    return first;
}

/* The jobs that are due, in the order of the one queue that there is. */
static uint32_t all_due(plans_t *plans, const mdl_scheduler_tenant_t *tenant, mdl_candidate_t *candidates)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    const int64_t *starts = mdl_scheduler_starts(self);
    int64_t now_s = plans->pass.now_s;
    uint32_t n = 0;

    if (mdl_starts_first(starts) > now_s)
        return 0;
    for (uint32_t i = mdl_starts_next(starts, self->jobs, 0, now_s); i < self->jobs;
         i = mdl_starts_next(starts, self->jobs, i + 1, now_s))
        candidates[n++] = (mdl_candidate_t){.key = mdl_queue_rank(self, tenant, mdl_scheduler_job(self, i)), .job = i};
    mdl_candidates_sort(self, candidates, n);
    return n;
}

/* Starts what is due, in order; notes when the next start is, and who waits first. */
static void start_due(plans_t *plans, const mdl_scheduler_tenant_t *only)
{
    mdl_scheduler_t *self = plans->pass.scheduler;
    mdl_candidate_t *candidates = mdl_scheduler_candidates(self);

    if (only == NULL) {
        self->promise.job = start_in_order(plans, candidates, all_queued(self, candidates));
    } else {
        (void)start_in_order(plans, candidates, all_due(plans, only, candidates));
        self->promise.job = only->queue.first;
    }
    int64_t start_s = mdl_starts_first(mdl_scheduler_starts(self));
    self->promise.start_s = start_s < SIM_NEVER ? start_s : SIM_NEVER;
    mdl_pass_block(&plans->pass, self->promise.job);
}

/* A job that came alone and has to wait changes nothing but, perhaps, when the next start is. */
static bool came_to_wait(plans_t *plans)
{
    mdl_scheduler_t *self = plans->pass.scheduler;

    if (self->stale || self->promise.job == MDL_NONE || self->promise.start_s <= plans->pass.now_s)
        return false;
    if (self->fresh == MDL_NONE)
        return true;
    const mdl_job_t *job = mdl_scheduler_job(self, self->fresh);
    (void)open_own(plans, job->tenant, 0);
    plan(plans, self->fresh, plans->pass.now_s);
    if (job->planned_s < self->promise.start_s)
        self->promise.start_s = job->planned_s;
    return job->planned_s > plans->pass.now_s;
}

void mdl_pass_conservative(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s,
                           const mdl_scheduler_host_t *host)
{
    plans_t plans = {{self, cluster, now_s, host}, mdl_scheduler_availability(self)};
    bool anew = self->profile.n == 0 || cluster->up != self->seen_up; /* the machine itself has changed */

    if (anew)
        look_at_running(&plans);
    mdl_availability_drop_past(&plans.profile, now_s);
    if (anew || !came_to_wait(&plans)) {
        open_all_own(&plans);
        const mdl_scheduler_tenant_t *only = alone(&plans);
        if (only != NULL)
            plan_queue(&plans, only, self->moved);
        else
            plan_all(&plans, self->moved);
        start_due(&plans, only);
    }
    self->review_s = self->promise.start_s;
    keep_profile(self, &plans.profile);
}

void mdl_conservative_forget(mdl_scheduler_t *self, uint32_t index)
{
    const mdl_job_t *job = mdl_scheduler_job(self, index);
    mdl_availability_t profile = mdl_scheduler_availability(self);
    bool runs = job->state == MDL_JOB_RUNNING;
    int64_t from_s = runs ? job->start_s : job->planned_s;

    if (self->profile.n == 0 || from_s == MDL_NOT_PLANNED)
        return;
    int64_t end_s = end_of(from_s, job);
    from_s = from_s > self->now_s ? from_s : self->now_s;
    mdl_availability_take(&profile, from_s, end_s, -(int64_t)(runs ? job->gpus : job->needed_gpus));
    mdl_freed_add(mdl_scheduler_freed(self), &profile, from_s, end_s, MDL_FREED_FOR_ALL);
    keep_profile(self, &profile);
    if (!runs)
        set_planned(self, index, MDL_NOT_PLANNED);
}

void mdl_conservative_widen(mdl_scheduler_t *self, int64_t more_gpus)
{
    mdl_availability_t profile = mdl_scheduler_availability(self);

    if (self->profile.n == 0)
        return;
    mdl_availability_take(&profile, self->now_s, INT64_MAX, more_gpus);
    if (more_gpus < 0)
        mdl_freed_add(mdl_scheduler_freed(self), &profile, self->now_s, INT64_MAX, MDL_FREED_FOR_ALL);
    keep_profile(self, &profile);
}
