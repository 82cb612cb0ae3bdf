// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/scheduler.h"

#include "models/scheduler/queue.h"

#include <string.h>

size_t mdl_scheduler_bytes(uint32_t jobs, uint32_t tenants)
{
    size_t bytes = sizeof(mdl_scheduler_t) + tenants * sizeof(mdl_scheduler_tenant_t) + jobs * sizeof(mdl_job_t);

    return (bytes + 63) / 64 * 64;
}

void mdl_scheduler_init(mdl_scheduler_t *self, uint32_t jobs, uint32_t tenants, mdl_policy_t policy, bool fabric)
{
    *self = (mdl_scheduler_t){.jobs = jobs,
                              .tenants = tenants,
                              .free_job = MDL_NONE,
                              .ready_head = MDL_NONE,
                              .ready_tail = MDL_NONE,
                              .policy = policy,
                              .fabric = fabric};
    memset(mdl_scheduler_tenant(self, 0), 0, tenants * sizeof(mdl_scheduler_tenant_t));
}

void mdl_scheduler_grow_into(mdl_scheduler_t *self, uint32_t jobs, uint32_t tenants, const mdl_scheduler_t *from)
{
    SIM_ASSERT(jobs >= from->jobs && tenants >= from->tenants);
    const mdl_scheduler_tenant_t *old_tenants = (const mdl_scheduler_tenant_t *)(from + 1);
    const mdl_job_t *old_jobs = (const mdl_job_t *)(old_tenants + from->tenants);

    *self = *from;
    self->jobs = jobs;
    self->tenants = tenants;
    memset(mdl_scheduler_tenant(self, 0), 0, tenants * sizeof(mdl_scheduler_tenant_t));
    memcpy(mdl_scheduler_tenant(self, 0), old_tenants, from->tenants * sizeof(mdl_scheduler_tenant_t));
    memcpy(mdl_scheduler_job(self, 0), old_jobs, from->untouched_job * sizeof(mdl_job_t));
}

void mdl_scheduler_advance(mdl_scheduler_t *self, int64_t now_s)
{
    int64_t elapsed_s = now_s - self->now_s;

    SIM_ASSERT(elapsed_s >= 0);
    self->now_s = now_s;
    self->allocated_gpu_s += elapsed_s * self->allocated_gpus;
    self->blocked_gpu_s[MDL_BLOCKED_QUOTA] += elapsed_s * self->held_gpus;
    self->blocked_gpu_s[self->blocked_reason] += elapsed_s * self->blocked_gpus;
    self->blocked_gpu_s[MDL_BLOCKED_FAILURE] += elapsed_s * self->short_gpus;
}

void mdl_scheduler_open_tenant(mdl_scheduler_t *self, uint32_t index, uint32_t quota_gpus)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);

    SIM_ASSERT(index < self->tenants && !tenant->open);
    *tenant = (mdl_scheduler_tenant_t){.quota_gpus = quota_gpus,
                                       .queue_head = MDL_NONE,
                                       .queue_tail = MDL_NONE,
                                       .running_head = MDL_NONE,
                                       .open = true};
}

void mdl_scheduler_set_quota(mdl_scheduler_t *self, uint32_t tenant, uint32_t quota_gpus)
{
    mdl_scheduler_tenant(self, tenant)->quota_gpus = quota_gpus;
    mdl_queue_refresh(self, tenant);
}

void mdl_scheduler_close_tenant(mdl_scheduler_t *self, uint32_t index)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);

    SIM_ASSERT(tenant->open && tenant->queued == 0 && tenant->running == 0);
    tenant->open = false;
}

static uint32_t take_slot(mdl_scheduler_t *self)
{
    uint32_t slot = self->free_job;

    if (slot != MDL_NONE)
        self->free_job = mdl_scheduler_job(self, slot)->next;
    else if (self->untouched_job < self->jobs)
        slot = self->untouched_job++;
    return slot;
}

static void give_slot(mdl_scheduler_t *self, uint32_t slot)
{
    mdl_job_t *job = mdl_scheduler_job(self, slot);

    job->state = MDL_JOB_FREE;
    job->next = self->free_job;
    self->free_job = slot;
}

static bool can_ever_run(const mdl_scheduler_t *self, const mdl_cluster_t *cluster,
                         const mdl_scheduler_tenant_t *tenant, const mdl_job_request_t *request)
{
    return request->gpus <= tenant->quota_gpus && request->gpus <= cluster->nodes * MDL_NODE_GPUS &&
           (!cluster->pooled || request->gpus % MDL_NODE_GPUS == 0) &&
           (self->fabric || !request->tightly_coupled || request->gpus <= MDL_NODE_GPUS);
}

void mdl_scheduler_balk(mdl_scheduler_t *self, mdl_job_class_t job_class)
{
    self->submitted++;
    self->ended++;
    self->counts.submitted[job_class]++;
    self->counts.refused[job_class]++;
    self->counts.ended[MDL_END_CANCELLED][job_class]++;
}

static void fill_job(mdl_job_t *job, uint32_t tenant, int64_t now_s, uint64_t sequence,
                     const mdl_job_request_t *request)
{
    *job = (mdl_job_t){.submit_s = now_s,
                       .work_s = request->work_s,
                       .sequence = sequence,
                       .tenant = tenant,
                       .gpus = request->gpus,
                       .wanted_gpus = request->gpus,
                       .gang = MDL_NONE,
                       .part_node = MDL_NONE,
                       .startup_s = request->startup_s,
                       .interval_s = request->interval_s,
                       .pause_s = request->pause_s,
                       .speed_permille = request->speed_permille,
                       .share_permille = 1000,
                       .job_class = request->job_class,
                       .intended_end = request->intended_end,
                       .tightly_coupled = request->tightly_coupled,
                       .elastic = request->elastic};
}

uint32_t mdl_scheduler_submit(mdl_scheduler_t *self, const mdl_cluster_t *cluster, uint32_t tenant, int64_t now_s,
                              const mdl_job_request_t *request)
{
    const mdl_scheduler_tenant_t *owner = mdl_scheduler_tenant(self, tenant);
    uint32_t slot = can_ever_run(self, cluster, owner, request) ? take_slot(self) : MDL_NONE;

    SIM_ASSERT(tenant < self->tenants && owner->open && request->gpus > 0 && request->interval_s > 0);
    SIM_ASSERT(!request->elastic || (request->gpus % MDL_NODE_GPUS == 0 && request->work_s == MDL_WORK_ENDLESS));
    if (slot == MDL_NONE) {
        mdl_scheduler_balk(self, request->job_class);
        return MDL_NONE;
    }
    fill_job(mdl_scheduler_job(self, slot), tenant, now_s, self->sequence++, request);
    self->submitted++;
    self->counts.submitted[request->job_class]++;
    mdl_queue_insert(self, slot);
    if (owner->queue_head == slot)
        mdl_queue_refresh(self, tenant);
    return slot;
}

void mdl_scheduler_pass(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host)
{
    self->blocked_gpus = 0;
    if (self->ready_head != MDL_NONE)
        mdl_reservations[self->policy.reservation].pass(self, cluster, now_s, host);
}

/* Notes a placed job on its nodes. */
static void occupy(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

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

static void vacate_part(mdl_scheduler_t *self, mdl_cluster_t *cluster, mdl_job_t *job)
{
    mdl_node_t *node = mdl_cluster_node(cluster, job->part_node);

    if (job->part_prev != MDL_NONE)
        mdl_scheduler_job(self, job->part_prev)->part_next = job->part_next;
    else
        node->first_job = job->part_next;
    if (job->part_next != MDL_NONE)
        mdl_scheduler_job(self, job->part_next)->part_prev = job->part_prev;
    mdl_cluster_give(cluster, job->part_node, job->gpus % MDL_NODE_GPUS);
    job->part_node = MDL_NONE;
}

/* Takes a running job off its nodes. */
static void vacate(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    if (job->gpus >= MDL_NODE_GPUS)
        mdl_cluster_give_nodes(cluster, job->gpus / MDL_NODE_GPUS, &job->gang);
    if (job->part_node != MDL_NONE)
        vacate_part(self, cluster, job);
    mdl_running_remove(self, index);
    mdl_scheduler_tenant(self, job->tenant)->used_gpus -= job->gpus;
    self->allocated_gpus -= job->gpus;
    self->short_gpus -= job->wanted_gpus - job->gpus;
    job->gpus = job->wanted_gpus;
}

static void begin_attempt(mdl_scheduler_t *self, mdl_job_t *job, int64_t now_s)
{
    job->start_s = now_s;
    job->compute_from_s = now_s + job->startup_s;
    if (job->started)
        return;
    job->started = true;
    self->counts.started[job->job_class]++;
    self->counts.wait_s[job->job_class] += now_s - job->submit_s;
}

bool mdl_scheduler_start(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, int64_t now_s,
                         const mdl_scheduler_host_t *host)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    if (!mdl_placements[self->policy.placement].place(cluster, job))
        return false;
    occupy(self, cluster, index);
    mdl_queue_remove(self, index);
    mdl_running_insert(self, index);
    mdl_scheduler_tenant(self, job->tenant)->used_gpus += job->gpus;
    self->allocated_gpus += job->gpus;
    self->short_gpus += job->wanted_gpus - job->gpus;
    mdl_queue_refresh(self, job->tenant);
    begin_attempt(self, job, now_s);
    host->started(host->user, index);
    return true;
}

void mdl_scheduler_end(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, mdl_job_end_t end)
{
    const mdl_job_t *job = mdl_scheduler_job(self, index);
    uint32_t tenant = job->tenant;

    SIM_ASSERT(index < self->jobs && job->state != MDL_JOB_FREE);
    if (job->state == MDL_JOB_RUNNING)
        vacate(self, cluster, index);
    else
        mdl_queue_remove(self, index);
    self->ended++;
    self->counts.ended[end][job->job_class]++;
    give_slot(self, index);
    mdl_queue_refresh(self, tenant);
}

void mdl_scheduler_requeue(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t index, int64_t saved_s)
{
    mdl_job_t *job = mdl_scheduler_job(self, index);

    SIM_ASSERT(job->state == MDL_JOB_RUNNING && saved_s >= 0 && saved_s <= job->work_s);
    vacate(self, cluster, index);
    if (job->work_s != MDL_WORK_ENDLESS)
        job->work_s -= saved_s;
    self->counts.restarted[job->job_class]++;
    mdl_queue_insert(self, index);
    mdl_queue_refresh(self, job->tenant);
}

mdl_blocked_t mdl_scheduler_reason(const mdl_cluster_t *cluster, const mdl_job_t *job)
{
    uint32_t gpus = cluster->free_gpus;

    if (gpus >= job->gpus)
        return MDL_BLOCKED_DOMAIN;
    gpus += (cluster->powered - cluster->up) * MDL_NODE_GPUS;
    if (gpus >= job->gpus)
        return MDL_BLOCKED_FAILURE;
    gpus += (cluster->nodes - cluster->powered) * MDL_NODE_GPUS;
    return gpus >= job->gpus ? MDL_BLOCKED_POWER : MDL_BLOCKED_COUNT;
}

bool mdl_scheduler_conserves(const mdl_scheduler_t *self)
{
    return self->submitted == self->ended + self->queued + self->running;
}
