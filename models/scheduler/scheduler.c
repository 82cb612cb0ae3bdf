// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/scheduler.h"

#include "models/hardware/pool.h"
#include "models/scheduler/passes.h"
#include "models/scheduler/starts.h"
#include "sim/time.h"

#include <string.h>

/* What each job's start or end asks for: as calls of their own these cost a quarter more. */
#define INLINED static inline __attribute__((always_inline))

#define PROFILE_SPARE 4 /* steps of a profile besides two for each job */
#define SHADOW_BYTES  8 /* for each job: free GPUs of as many nodes */

static size_t tenant_bytes(uint32_t tenants)
{
    return mdl_scheduler_holding_bytes_(tenants) + tenants * sizeof(mdl_scheduler_tenant_t);
}

/* Bytes of the tables, and behind them of what the policy asks for: candidates, free GPUs by node, briefs, a plan. */
static size_t table_bytes(uint32_t jobs, uint32_t tenants)
{
    return sizeof(mdl_scheduler_t) + tenant_bytes(tenants) + jobs * sizeof(mdl_job_t);
}

static size_t sorting_bytes(uint32_t jobs, const mdl_policy_t *policy)
{
    return mdl_policy_sorts(policy) ? jobs * (sizeof(mdl_candidate_t) + SHADOW_BYTES) : 0;
}

static bool plans(const mdl_policy_t *policy)
{
    return mdl_reservations[policy->reservation].plans;
}

static uint32_t profile_blocks(uint32_t jobs)
{
    return mdl_availability_blocks(2 * jobs + PROFILE_SPARE);
}

/* All tenants' own profiles together have no more jobs than there are. */
static uint32_t own_blocks(uint32_t jobs, uint32_t tenants)
{
    return mdl_availability_blocks(2 * jobs) +
           tenants * mdl_availability_blocks(PROFILE_SPARE + MDL_AVAILABILITY_BLOCK_STEPS / 4);
}

static size_t planning_bytes(uint32_t jobs, uint32_t tenants, const mdl_policy_t *policy)
{
    return plans(policy)
               ? mdl_availability_bytes(profile_blocks(jobs)) + mdl_availability_bytes(own_blocks(jobs, tenants)) +
                     mdl_starts_bytes(jobs) + sizeof(mdl_freed_t)
               : 0;
}

static size_t brief_bytes(uint32_t jobs, const mdl_policy_t *policy)
{
    return mdl_policy_tries_shortest(policy) ? jobs * sizeof(mdl_brief_t) : 0;
}

size_t mdl_scheduler_bytes(uint32_t jobs, uint32_t tenants, const mdl_policy_t *policy)
{
    size_t bytes = table_bytes(jobs, tenants) + sorting_bytes(jobs, policy) + brief_bytes(jobs, policy) +
                   planning_bytes(jobs, tenants, policy);

    return (bytes + 63) / 64 * 64;
}

mdl_candidate_t *mdl_scheduler_candidates(mdl_scheduler_t *self)
{
    return (mdl_candidate_t *)((char *)self + table_bytes(self->jobs, self->tenants));
}

uint8_t *mdl_scheduler_shadow(mdl_scheduler_t *self)
{
    return (uint8_t *)(mdl_scheduler_candidates(self) + self->jobs);
}

mdl_brief_t *mdl_scheduler_briefs(mdl_scheduler_t *self)
{
    return (mdl_brief_t *)(void *)((char *)mdl_scheduler_candidates(self) + sorting_bytes(self->jobs, &self->policy));
}

/* In the place of the briefs: no policy asks for both. */
static char *planning(mdl_scheduler_t *self)
{
    return (char *)mdl_scheduler_briefs(self);
}

mdl_availability_t mdl_scheduler_availability(mdl_scheduler_t *self)
{
    mdl_availability_t profile = mdl_availability_in(planning(self), profile_blocks(self->jobs));

    profile.state = self->profile;
    return profile;
}

int64_t *mdl_scheduler_starts(mdl_scheduler_t *self)
{
    return (int64_t *)(void *)(planning(self) + mdl_availability_bytes(profile_blocks(self->jobs)));
}

mdl_freed_t *mdl_scheduler_freed(mdl_scheduler_t *self)
{
    return (mdl_freed_t *)(void *)((char *)mdl_scheduler_starts(self) + mdl_starts_bytes(self->jobs));
}

mdl_availability_t mdl_scheduler_own(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant)
{
    char *memory = (char *)(mdl_scheduler_freed(self) + 1);
    mdl_availability_t own = mdl_availability_in(memory + mdl_availability_bytes(tenant->own_at), tenant->own_room);

    own.state = tenant->own;
    return own;
}

/* Makes room for that many, all tenants closed. */
static void set_capacity(mdl_scheduler_t *self, uint32_t jobs, uint32_t tenants)
{
    size_t jobs_at = sizeof *self + tenant_bytes(tenants);

    SIM_ASSERT(jobs_at <= UINT32_MAX);
    self->jobs = jobs;
    self->tenants = tenants;
    self->jobs_at = (uint32_t)jobs_at;
    memset(self + 1, 0, tenant_bytes(tenants));
}

void mdl_scheduler_init(mdl_scheduler_t *self, uint32_t jobs, uint32_t tenants, mdl_policy_t policy, bool fabric)
{
    *self = (mdl_scheduler_t){.free_job = MDL_NONE,
                              .most_gpus = UINT32_MAX,
                              .fresh = MDL_NONE,
                              .stale = true,
                              .review_s = SIM_NEVER,
                              .preempted_s = INT64_MIN / 2,
                              .priority_s = INT64_MIN / 2,
                              .promise = {.job = MDL_NONE},
                              .policy = policy,
                              .fabric = fabric,
                              .watches = mdl_policy_watches(&policy),
                              .follows_ends = mdl_reservations[policy.reservation].follows_ends};
    mdl_tree_init(&self->ready);
    mdl_tree_init(&self->ends);
    mdl_tree_init(&self->shortest);
    set_capacity(self, jobs, tenants);
    if (!plans(&policy))
        return;
    mdl_starts_clear(mdl_scheduler_starts(self), jobs);
    *mdl_scheduler_freed(self) = (mdl_freed_t){0};
}

/* The memory behind the jobs, as far as it lasts longer than a pass: free GPUs by node as long as a promise, queued
 * jobs by estimate, the profile, the promised starts, and where room has come free. */
static void copy_rest(mdl_scheduler_t *self, mdl_scheduler_t *from)
{
    if (mdl_policy_sorts(&self->policy))
        memcpy(mdl_scheduler_shadow(self), mdl_scheduler_shadow(from), from->jobs * SHADOW_BYTES);
    memcpy(mdl_scheduler_briefs(self), mdl_scheduler_briefs(from), brief_bytes(from->jobs, &from->policy));
    if (!plans(&self->policy))
        return;
    mdl_availability_t profile = mdl_scheduler_availability(self), old = mdl_scheduler_availability(from);
    mdl_availability_copy(&profile, &old);
    *mdl_scheduler_freed(self) = *mdl_scheduler_freed(from);
    mdl_starts_copy(mdl_scheduler_starts(self), self->jobs, mdl_scheduler_starts(from), from->jobs);
}

void mdl_scheduler_grow_into(mdl_scheduler_t *self, uint32_t jobs, uint32_t tenants, mdl_scheduler_t *from)
{
    SIM_ASSERT(jobs >= from->jobs && tenants >= from->tenants);
    *self = *from;
    set_capacity(self, jobs, tenants);
    memcpy(mdl_scheduler_holding(self, 0), mdl_scheduler_holding(from, 0),
           from->tenants * sizeof(mdl_scheduler_holding_t));
    memcpy(mdl_scheduler_tenant(self, 0), mdl_scheduler_tenant(from, 0),
           from->tenants * sizeof(mdl_scheduler_tenant_t));
    memcpy(mdl_scheduler_job(self, 0), mdl_scheduler_job(from, 0), from->untouched_job * sizeof(mdl_job_t));
    copy_rest(self, from);
}

void mdl_scheduler_open_tenant(mdl_scheduler_t *self, uint32_t index, uint32_t quota_gpus)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);

    SIM_ASSERT(index < self->tenants && !tenant->open);
    *mdl_scheduler_holding(self, index) =
        (mdl_scheduler_holding_t){.quota_gpus = quota_gpus, .limit_gpus = quota_gpus, .running_head = MDL_NONE};
    *tenant = (mdl_scheduler_tenant_t){.share = 1,
                                       .priority = self->policy.fair_weight, /* nothing used so far */
                                       .usage_at_s = self->now_s,
                                       .open = true};
    mdl_tree_init(&tenant->queue);
}

/* Other limits: anybody may find room now. */
static void note_limits(mdl_scheduler_t *self)
{
    self->stale = self->moved = true;
    if (self->watches)
        self->unsettled = true;
}

void mdl_scheduler_set_quota(mdl_scheduler_t *self, uint32_t tenant, uint32_t quota_gpus)
{
    mdl_scheduler_set_limits(self, tenant, quota_gpus, quota_gpus);
}

void mdl_scheduler_set_limits(mdl_scheduler_t *self, uint32_t index, uint32_t quota_gpus, uint32_t limit_gpus)
{
    mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, index);

    SIM_ASSERT(limit_gpus >= quota_gpus);
    holding->quota_gpus = quota_gpus;
    holding->limit_gpus = limit_gpus;
    note_limits(self);
    mdl_queue_follow(self, index);
}

void mdl_scheduler_set_most(mdl_scheduler_t *self, uint32_t gpus)
{
    self->most_gpus = gpus;
    note_limits(self);
}

void mdl_scheduler_set_share(mdl_scheduler_t *self, uint32_t tenant, double share)
{
    SIM_ASSERT(share > 0);
    mdl_scheduler_tenant(self, tenant)->share = share;
}

void mdl_scheduler_close_tenant(mdl_scheduler_t *self, uint32_t index)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);

    SIM_ASSERT(tenant->open && tenant->queued == 0 && mdl_scheduler_holding(self, index)->running_head == MDL_NONE);
    tenant->open = false;
}

uint32_t mdl_scheduler_running_of(mdl_scheduler_t *self, uint32_t tenant)
{
    uint32_t jobs = 0;

    for (uint32_t i = mdl_scheduler_holding(self, tenant)->running_head; i != MDL_NONE; jobs++)
        i = mdl_scheduler_job(self, i)->next;
    return jobs;
}

INLINED uint32_t take_slot(mdl_scheduler_t *self)
{
    uint32_t slot = self->free_job;

    if (slot != MDL_NONE)
        self->free_job = mdl_scheduler_job(self, slot)->next;
    else if (self->untouched_job < self->jobs)
        slot = self->untouched_job++;
    return slot;
}

static void give_slot(mdl_scheduler_t *self, mdl_job_t *job, uint32_t slot)
{
    job->state = MDL_JOB_FREE;
    job->next = self->free_job;
    self->free_job = slot;
}

/* Whether its kind of job runs here: in a pool one of whole nodes, and a gang that is tightly coupled on a fabric. */
static bool suits(const mdl_scheduler_t *self, const mdl_cluster_t *cluster, const mdl_job_request_t *request)
{
    return (!cluster->pooled || request->gpus % cluster->node_gpus == 0) &&
           (!request->tightly_coupled || self->fabric || request->gpus <= cluster->node_gpus);
}

static bool can_ever_run(const mdl_scheduler_t *self, const mdl_cluster_t *cluster,
                         const mdl_scheduler_holding_t *holding, const mdl_job_request_t *request)
{
    return request->gpus <= holding->limit_gpus && request->gpus <= (uint64_t)cluster->nodes * cluster->node_gpus &&
           suits(self, cluster, request);
}

void mdl_scheduler_balk(mdl_scheduler_t *self, mdl_job_class_t job_class)
{
    self->counts[job_class].submitted++;
    self->counts[job_class].refused++;
    self->counts[job_class].ended[MDL_END_CANCELLED]++;
}

/* Field by field: to clear the row first costs more than the rest of a submission. */
INLINED void fill_job(mdl_job_t *job, uint32_t tenant, int64_t now_s, uint64_t sequence,
                      const mdl_job_request_t *request)
{
    job->submit_s = job->start_s = job->compute_from_s = now_s;
    job->work_s = request->work_s;
    job->done_s = 0;
    job->promise_number = 0;
    job->sequence = sequence;
    job->end_event = (sim_handle_t){0};
    job->tenant = tenant;
    job->gpus = job->wanted_gpus = job->needed_gpus = request->gpus;
    job->gang = job->part_node = MDL_NONE;
    job->startup_s = request->startup_s;
    job->interval_s = request->interval_s;
    job->pause_s = request->pause_s;
    job->resume_s = 0;
    job->speed_permille = request->speed_permille;
    job->share_permille = 1000;
    job->job_class = request->job_class;
    job->intended_end = request->intended_end;
    job->tightly_coupled = request->tightly_coupled;
    job->elastic = request->elastic;
    job->started = false;
    if (request->work_s == MDL_WORK_ENDLESS)
        job->estimate_s = MDL_ESTIMATE_ENDLESS;
    else
        job->estimate_s = request->estimate_s > 0 ? request->estimate_s : mdl_job_attempt_s(job);
}

/* What fgd knows of the jobs to come: how many of those so far were of each size below a node, or of a node. */
static void count_size(mdl_scheduler_t *self, const mdl_cluster_t *cluster, uint32_t gpus)
{
    if (!cluster->pooled && self->policy.placement == MDL_PLACEMENT_FGD)
        self->part_sizes[gpus < cluster->node_gpus ? gpus : cluster->node_gpus]++;
}

/* Gives a job a row and counts it; there must be room. */
INLINED uint32_t admit(mdl_scheduler_t *self, const mdl_cluster_t *cluster, uint32_t tenant, int64_t now_s,
                       const mdl_job_request_t *request)
{
    uint32_t slot = take_slot(self);

    fill_job(mdl_scheduler_job(self, slot), tenant, now_s, self->sequence++, request);
    self->present++;
    self->counts[request->job_class].submitted++;
    count_size(self, cluster, request->gpus);
    return slot;
}

static bool has_slot(const mdl_scheduler_t *self)
{
    return self->free_job != MDL_NONE || self->untouched_job < self->jobs;
}

/* Puts a job that has just been admitted into its queue. */
static void enqueue(mdl_scheduler_t *self, uint32_t tenant, uint32_t slot)
{
    const mdl_scheduler_tenant_t *owner = mdl_scheduler_tenant(self, tenant);

    mdl_queue_insert(self, slot);
    self->stale |= self->fresh != MDL_NONE;
    if (owner->queue.first == slot) {
        self->stale |= owner->status == MDL_QUEUE_HELD; /* jobs behind a head that was held may compete now */
        mdl_queue_refresh(self, tenant);
    }
    self->fresh = slot;
}

uint32_t mdl_scheduler_submit(mdl_scheduler_t *self, const mdl_cluster_t *cluster, uint32_t tenant, int64_t now_s,
                              const mdl_job_request_t *request)
{
    const mdl_scheduler_tenant_t *owner = mdl_scheduler_tenant(self, tenant);

    SIM_ASSERT(tenant < self->tenants && owner->open && request->gpus > 0 && request->interval_s > 0);
    SIM_ASSERT(!request->elastic || (request->gpus % cluster->node_gpus == 0 && request->work_s == MDL_WORK_ENDLESS));
    if (!can_ever_run(self, cluster, mdl_scheduler_holding(self, tenant), request) || !has_slot(self)) {
        mdl_scheduler_balk(self, request->job_class);
        return MDL_NONE;
    }
    uint32_t slot = admit(self, cluster, tenant, now_s, request);
    if (request->elastic)
        mdl_scheduler_job(self, slot)->needed_gpus = cluster->node_gpus;
    enqueue(self, tenant, slot);
    return slot;
}

/* Tenants by their new priorities. */
static void refresh_all(mdl_scheduler_t *self)
{
    for (uint32_t t = 0; t < self->tenants; t++)
        if (mdl_scheduler_tenant(self, t)->open)
            mdl_queue_refresh(self, t);
    self->stale = true;
}

void mdl_scheduler_pass(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host)
{
    if (mdl_scheduler_rests(self, cluster))
        return;
    self->stale |= self->resting;
    self->moved |= self->resting;
    self->resting = false;
    if (self->policy.order == MDL_ORDER_FAIR && mdl_fair_review(self, now_s))
        refresh_all(self);
    if (cluster->free_gpus != self->seen_free || cluster->up != self->seen_up)
        self->stale = self->moved = true;
    if (self->policy.preemption == MDL_PREEMPTION_RECLAIM && self->review_s <= now_s)
        self->stale = self->moved = true; /* a round that had to wait is due */
    if (self->policy.preemption == MDL_PREEMPTION_CHECKPOINT)
        mdl_pass_preempt(self, cluster, now_s, host);
    else
        mdl_reservations[self->policy.reservation].pass(self, cluster, now_s, host);
    if (self->short_gpus > 0)
        mdl_reclaim_short(&(mdl_pass_t){self, cluster, now_s, host});
    mdl_scheduler_note_pass_(self, cluster);
}

/* What follows takes a job and the index of its row: where that lies is worked out once. */

/* Notes a placed job on its nodes. */
static void occupy(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job, uint32_t index)
{
    for (uint32_t i = job->gang; i != MDL_NONE; i = mdl_cluster_node(cluster, i)->next_of_gang)
        mdl_cluster_node(cluster, i)->first_job = index;
    if (job->part_node == MDL_NONE)
        return;
    mdl_node_t *node = mdl_cluster_node(cluster, job->part_node);
    job->part_prev = MDL_NONE;
    job->part_next = node->first_job;
    if (node->first_job != MDL_NONE)
        mdl_scheduler_job(self, node->first_job)->part_prev = index;
    node->first_job = index;
}

/* Takes a job off the list of those that hold parts of a node. */
static void leave_part(mdl_scheduler_t *self, mdl_cluster_t *cluster, const mdl_job_t *job)
{
    mdl_node_t *node = mdl_cluster_node(cluster, job->part_node);

    if (job->part_prev != MDL_NONE)
        mdl_scheduler_job(self, job->part_prev)->part_next = job->part_next;
    else
        node->first_job = job->part_next;
    if (job->part_next != MDL_NONE)
        mdl_scheduler_job(self, job->part_next)->part_prev = job->part_prev;
}

INLINED void give_nodes(mdl_cluster_t *cluster, mdl_job_t *job)
{
    if (cluster->pooled) {
        mdl_pool_give(cluster, job->gpus / cluster->node_gpus);
        return;
    }
    if (job->gpus >= cluster->node_gpus)
        mdl_cluster_give_nodes(cluster, job->gpus / cluster->node_gpus, &job->gang);
    if (job->part_node != MDL_NONE)
        mdl_cluster_give(cluster, job->part_node, job->gpus % cluster->node_gpus);
    job->part_node = MDL_NONE;
}

/* Takes a running job off its nodes. */
INLINED void vacate(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job, uint32_t index)
{
    if (!cluster->pooled && job->part_node != MDL_NONE)
        leave_part(self, cluster, job);
    give_nodes(cluster, job);
    mdl_running_remove(self, job, index);
    mdl_scheduler_use(self, job->tenant, 0, job->gpus);
    self->short_gpus -= job->wanted_gpus - job->gpus;
    job->gpus = job->wanted_gpus;
}

static void begin_attempt(mdl_scheduler_t *self, mdl_job_t *job, int64_t now_s)
{
    job->start_s = now_s;
    job->compute_from_s = now_s + job->startup_s + job->resume_s;
    if (job->started)
        return;
    job->started = true;
    self->counts[job->job_class].started++;
    self->counts[job->job_class].wait_s += now_s - job->submit_s;
}

/* From here on a job with nodes runs. */
INLINED void set_going(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job, uint32_t index, int64_t now_s)
{
    occupy(self, cluster, job, index);
    begin_attempt(self, job, now_s);
    mdl_running_insert(self, job, index);
    mdl_scheduler_use(self, job->tenant, job->gpus, 0);
    self->short_gpus += job->wanted_gpus - job->gpus;
}

void mdl_pass_unplace(const mdl_pass_t *pass, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(pass->scheduler, index);

    give_nodes(pass->cluster, job);
    job->gpus = job->wanted_gpus;
}

/* Whether the GPUs that all tenants may use together are enough for a job as wide as it is now. */
static bool is_within_most(const mdl_scheduler_t *self, const mdl_job_t *job)
{
    return (uint64_t)self->allocated_gpus + job->gpus <= self->most_gpus;
}

bool mdl_pass_place(const mdl_pass_t *pass, uint32_t index)
{
    mdl_scheduler_t *self = pass->scheduler;
    mdl_job_t *job = mdl_scheduler_job(self, index);

    if (!job->elastic && !is_within_most(self, job))
        return false;
    if (!mdl_placements[self->policy.placement].place(self, pass->cluster, job))
        return false;
    if (is_within_most(self, job))
        return true;
    mdl_pass_unplace(pass, index);
    return false;
}

void mdl_pass_begin(const mdl_pass_t *pass, uint32_t index)
{
    mdl_scheduler_t *self = pass->scheduler;
    mdl_job_t *job = mdl_scheduler_job(self, index);

    mdl_queue_remove(self, index);
    set_going(self, pass->cluster, job, index, pass->now_s);
    mdl_queue_refresh(self, job->tenant);
    pass->host->started(pass->host->user, index);
    job->resume_s = 0;
}

/* Whether the pass that follows starts a job that comes now, if it finds nodes, whatever the policy's order: nobody waits,
 * and there is room. */
static bool starts_at_once(const mdl_scheduler_t *self, const mdl_cluster_t *cluster,
                           const mdl_scheduler_holding_t *holding, const mdl_job_request_t *request)
{
    return !request->elastic && mdl_scheduler_is_idle_(self) &&
           holding->used_gpus + request->gpus <= holding->limit_gpus &&
           request->gpus <= mdl_scheduler_room(self, cluster) && suits(self, cluster, request) && has_slot(self);
}

/* Nodes for a job that has room: in a pool any will do. */
static inline bool take_free(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job)
{
    if (!cluster->pooled)
        return mdl_placements[self->policy.placement].place(self, cluster, job);
    mdl_pool_take(cluster, job->gpus / cluster->node_gpus);
    return true;
}

uint32_t mdl_scheduler_start(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t tenant, int64_t now_s,
                             const mdl_job_request_t *request, const mdl_scheduler_host_t *host)
{
    if (!starts_at_once(self, cluster, mdl_scheduler_holding(self, tenant), request))
        return mdl_scheduler_submit(self, cluster, tenant, now_s, request);
    uint32_t slot = admit(self, cluster, tenant, now_s, request);
    mdl_job_t *job = mdl_scheduler_job(self, slot);
    if (!take_free(self, cluster, job)) {
        enqueue(self, tenant, slot);
        return slot;
    }
    set_going(self, cluster, job, slot, now_s);
    host->started(host->user, slot);
    return slot;
}

bool mdl_pass_start(const mdl_pass_t *pass, uint32_t job)
{
    if (!mdl_pass_place(pass, job))
        return false;
    mdl_pass_begin(pass, job);
    return true;
}

void mdl_pass_block(const mdl_pass_t *pass, uint32_t job)
{
    mdl_scheduler_t *self = pass->scheduler;

    self->blocked_gpus = job == MDL_NONE ? 0 : mdl_scheduler_job(self, job)->gpus;
    if (job == MDL_NONE)
        return;
    const mdl_job_t *head = mdl_scheduler_job(self, job);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self, head->tenant);
    bool borrows =
        self->policy.preemption == MDL_PREEMPTION_RECLAIM && holding->used_gpus + head->gpus > holding->quota_gpus;
    bool bound =
        pass->cluster->free_gpus >= head->needed_gpus && mdl_scheduler_room(self, pass->cluster) < head->needed_gpus;
    self->blocked_reason = (uint8_t)(borrows || bound ? MDL_BLOCKED_QUOTA : mdl_scheduler_reason(pass->cluster, head));
}

uint32_t mdl_pass_heads(const mdl_pass_t *pass)
{
    mdl_scheduler_t *self = pass->scheduler;
    uint32_t head = MDL_NONE;

    self->review_s = SIM_NEVER; /* a head that has to wait for a round says so again */
    while (self->ready.first != MDL_NONE) {
        head = mdl_scheduler_tenant(self, self->ready.first)->queue.first;
        if (!mdl_pass_start(pass, head) && !mdl_reclaim_for(pass, head))
            break;
        head = MDL_NONE;
    }
    mdl_pass_block(pass, head);
    return head;
}

/* No backfill: the first head that does not fit stops the pass. */
void mdl_pass_none(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host)
{
    (void)mdl_pass_heads(&(mdl_pass_t){self, cluster, now_s, host});
}

void mdl_scheduler_end(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, mdl_job_end_t end)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);
    uint32_t tenant = job->tenant;

    SIM_ASSERT(index < self->jobs && job->state != MDL_JOB_FREE);
    if (self->watches && plans(&self->policy))
        mdl_conservative_forget(self, index);
    self->stale = self->moved = true;
    if (job->state == MDL_JOB_RUNNING) {
        vacate(self, cluster, job, index);
        mdl_queue_follow(self, tenant);
    } else {
        mdl_queue_remove(self, index);
        mdl_queue_refresh(self, tenant);
    }
    self->present--;
    self->counts[job->job_class].ended[end]++;
    give_slot(self, job, index);
}

void mdl_scheduler_expire(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t job, mdl_job_end_t end)
{
    bool moved = self->moved;

    mdl_scheduler_end(self, cluster, job, end);
    self->moved = moved;
    self->seen_free = cluster->free_gpus;
}

void mdl_scheduler_note_end(mdl_scheduler_t *self)
{
    self->stale = self->moved = true;
}

void mdl_scheduler_requeue(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, int64_t saved_s)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    SIM_ASSERT(job->state == MDL_JOB_RUNNING && saved_s >= 0 && saved_s <= job->work_s);
    if (self->watches && plans(&self->policy))
        mdl_conservative_forget(self, index);
    self->stale = self->moved = true;
    vacate(self, cluster, job, index);
    job->done_s += saved_s;
    if (job->work_s != MDL_WORK_ENDLESS)
        job->work_s -= saved_s;
    self->counts[job->job_class].restarted++;
    mdl_queue_insert(self, index);
    mdl_queue_refresh(self, job->tenant);
}

mdl_blocked_t mdl_scheduler_reason(const mdl_cluster_t *cluster, const mdl_job_t *job)
{
    uint32_t gpus = cluster->free_gpus;

    if (gpus >= job->gpus)
        return MDL_BLOCKED_DOMAIN;
    gpus += (cluster->powered - cluster->up) * cluster->node_gpus;
    if (gpus >= job->gpus)
        return MDL_BLOCKED_FAILURE;
    gpus += (cluster->nodes - cluster->powered) * cluster->node_gpus;
    return gpus >= job->gpus ? MDL_BLOCKED_POWER : MDL_BLOCKED_COUNT;
}
