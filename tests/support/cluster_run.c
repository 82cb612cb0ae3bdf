// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cluster_run.h"

#include "models/hardware/pool.h"
#include "sim/time.h"
#include "tests/support/test.h"

void test_cluster_run_open(test_cluster_run_t *self, const test_cluster_setup_t *setup)
{
    uint32_t node_gpus = setup->node_gpus > 0 ? setup->node_gpus : MDL_NODE_GPUS;

    size_t bytes = mdl_scheduler_bytes(setup->jobs, setup->tenants, &setup->policy);

    memset(self, 0, sizeof *self);
    self->cluster = aligned_alloc(64, setup->pool ? mdl_pool_bytes() : mdl_cluster_bytes(setup->nodes, node_gpus));
    self->scheduler = aligned_alloc(64, bytes);
    memset(self->scheduler, 0xA5, bytes);
    self->calendar = aligned_alloc(64, sim_calendar_bytes(setup->jobs + 16));
    (setup->pool ? mdl_pool_init : mdl_cluster_init)(self->cluster, setup->nodes, node_gpus, setup->nodes);
    self->cluster->rack_nodes = setup->rack_nodes;
    mdl_scheduler_init(self->scheduler, setup->jobs, setup->tenants, setup->policy, true);
    sim_calendar_init(self->calendar, setup->jobs + 16);
    for (uint32_t t = 0; t < setup->tenants; t++)
        mdl_scheduler_open_tenant(self->scheduler, t, setup->nodes * node_gpus);
}

void test_cluster_run_init(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants)
{
    test_cluster_run_open(self, &(test_cluster_setup_t){.nodes = nodes, .jobs = jobs, .tenants = tenants});
}

void test_cluster_run_init_pool(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants)
{
    test_cluster_run_open(self,
                          &(test_cluster_setup_t){.nodes = nodes, .jobs = jobs, .tenants = tenants, .pool = true});
}

void test_cluster_run_grow(test_cluster_run_t *self, uint32_t jobs, uint32_t tenants)
{
    size_t bytes = mdl_scheduler_bytes(jobs, tenants, &self->scheduler->policy);
    mdl_scheduler_t *larger = aligned_alloc(64, bytes);
    sim_calendar_t *calendar = aligned_alloc(64, sim_calendar_bytes(jobs + 16));

    memset(larger, 0xA5, bytes);
    mdl_scheduler_grow_into(larger, jobs, tenants, self->scheduler);
    sim_calendar_grow_into(calendar, jobs + 16, self->calendar);
    free(self->scheduler);
    free(self->calendar);
    self->scheduler = larger;
    self->calendar = calendar;
}

void test_cluster_run_free(test_cluster_run_t *self)
{
    free(self->cluster);
    free(self->scheduler);
    free(self->calendar);
    memset(self, 0, sizeof *self);
}

/* First come first served across tenants: nobody within quota may be passed over. */
static void check_order(test_cluster_run_t *self, const mdl_job_t *job)
{
    for (uint32_t t = 0; t < self->scheduler->tenants; t++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self->scheduler, t);
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(self->scheduler, t);
        if (!tenant->open || tenant->queue.first == MDL_NONE)
            continue;
        const mdl_job_t *head = mdl_scheduler_job(self->scheduler, tenant->queue.first);
        if (head->sequence < job->sequence && holding->used_gpus + head->gpus <= holding->quota_gpus)
            self->order_broken++;
    }
}

static void on_started(void *user, uint32_t index)
{
    test_cluster_run_t *self = user;
    mdl_job_t *job = mdl_scheduler_job(self->scheduler, index);
    sim_event_t end = {.entity = index};

    if (job->work_s != MDL_WORK_ENDLESS)
        end.time_s = self->now_s + mdl_job_attempt_s(job);

    check_order(self, job);
    self->last_started = job->sequence;
    if (job->work_s != MDL_WORK_ENDLESS && sim_calendar_schedule(self->calendar, &end, 0, &job->end_event) < 0)
        fail_msg("the test's calendar is full");
    if (self->on_start != NULL)
        self->on_start(self, job);
}

static int64_t on_stopped(void *user, uint32_t index)
{
    test_cluster_run_t *self = user;
    const mdl_job_t *job = mdl_scheduler_job(self->scheduler, index);

    assert_true(sim_calendar_cancel(self->calendar, job->end_event));
    self->stops++;
    return mdl_job_progress(job, self->now_s).computed_s;
}

void test_cluster_run_pass(test_cluster_run_t *self)
{
    self->scheduler->stale |= self->always_stale;
    mdl_scheduler_pass(self->scheduler, self->cluster, self->now_s,
                       &(mdl_scheduler_host_t){self, on_started, on_stopped});
    if (self->after_pass != NULL)
        self->after_pass(self);
}

/* The ends of one instant. */
static void end_due(test_cluster_run_t *self)
{
    sim_event_t event;

    while (sim_calendar_pop(self->calendar, self->now_s + 1, &event)) {
        mdl_scheduler_end(self->scheduler, self->cluster, event.entity, MDL_END_FINISHED);
        if (!self->whole_instants)
            test_cluster_run_pass(self);
    }
    if (self->whole_instants || mdl_scheduler_review_s(self->scheduler) <= self->now_s)
        test_cluster_run_pass(self);
}

static int64_t next_instant_s(const test_cluster_run_t *self)
{
    int64_t end_s = sim_calendar_next_time(self->calendar), review_s = mdl_scheduler_review_s(self->scheduler);

    return end_s < review_s ? end_s : review_s;
}

void test_cluster_run_to(test_cluster_run_t *self, int64_t time_s)
{
    while (next_instant_s(self) <= time_s && next_instant_s(self) != SIM_NEVER) {
        self->now_s = next_instant_s(self) > self->now_s ? next_instant_s(self) : self->now_s;
        mdl_scheduler_advance(self->scheduler, self->now_s);
        end_due(self);
    }
    self->now_s = time_s;
    mdl_scheduler_advance(self->scheduler, time_s);
}

uint32_t test_cluster_run_request(test_cluster_run_t *self, uint32_t tenant, const mdl_job_request_t *request)
{
    const mdl_scheduler_host_t host = {self, on_started, on_stopped};
    uint32_t job = self->at_once
                       ? mdl_scheduler_start(self->scheduler, self->cluster, tenant, self->now_s, request, &host)
                       : mdl_scheduler_submit(self->scheduler, self->cluster, tenant, self->now_s, request);

    test_cluster_run_pass(self);
    return job;
}

uint32_t test_cluster_run_submit_elastic(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus)
{
    return test_cluster_run_request(self, tenant,
                                    &(mdl_job_request_t){.work_s = MDL_WORK_ENDLESS,
                                                         .gpus = gpus,
                                                         .interval_s = 1,
                                                         .job_class = MDL_JOB_INFERENCE,
                                                         .elastic = true});
}

uint32_t test_cluster_run_submit_estimate(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus, int64_t work_s,
                                          int64_t estimate_s)
{
    return test_cluster_run_request(self, tenant,
                                    &(mdl_job_request_t){.work_s = work_s,
                                                         .estimate_s = estimate_s,
                                                         .gpus = gpus,
                                                         .interval_s = INT32_MAX,
                                                         .job_class = MDL_JOB_FINETUNE});
}

int64_t test_cluster_run_submitted(const test_cluster_run_t *self)
{
    int64_t submitted = 0;

    for (int c = 0; c < MDL_JOB_CLASSES; c++)
        submitted += self->scheduler->counts[c].submitted;
    return submitted;
}

uint32_t test_cluster_run_submit(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus, int64_t work_s)
{
    return test_cluster_run_submit_estimate(self, tenant, gpus, work_s, 0);
}

void test_cluster_run_requeue(test_cluster_run_t *self, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self->scheduler, index);
    int64_t saved_s = mdl_job_progress(job, self->now_s).saved_s;

    if (job->work_s != MDL_WORK_ENDLESS)
        assert_true(sim_calendar_cancel(self->calendar, job->end_event));
    mdl_scheduler_requeue(self->scheduler, self->cluster, index, saved_s);
}

void test_cluster_run_cancel(test_cluster_run_t *self, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(self->scheduler, index);

    if (job->state == MDL_JOB_RUNNING && job->work_s != MDL_WORK_ENDLESS)
        assert_true(sim_calendar_cancel(self->calendar, job->end_event));
    mdl_scheduler_end(self->scheduler, self->cluster, index, MDL_END_CANCELLED);
}

void test_cluster_run_verify(const test_cluster_run_t *self)
{
    sim_error_t err = {0};

    if (mdl_scheduler_verify(self->scheduler, self->cluster, &err) < 0)
        fail_msg("%s", err.message);
}
