// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/cluster_run.h"

#include "models/hardware/pool.h"
#include "sim/time.h"
#include "tests/support/test.h"

void test_cluster_run_init(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants)
{
    memset(self, 0, sizeof *self);
    self->cluster = aligned_alloc(64, mdl_cluster_bytes(nodes, MDL_NODE_GPUS));
    self->scheduler = aligned_alloc(64, mdl_scheduler_bytes(jobs, tenants, &(mdl_policy_t){0}));
    self->calendar = aligned_alloc(64, sim_calendar_bytes(jobs + 16));
    mdl_cluster_init(self->cluster, nodes, MDL_NODE_GPUS, nodes);
    mdl_scheduler_init(self->scheduler, jobs, tenants, (mdl_policy_t){0}, true);
    sim_calendar_init(self->calendar, jobs + 16);
    for (uint32_t t = 0; t < tenants; t++)
        mdl_scheduler_open_tenant(self->scheduler, t, nodes * MDL_NODE_GPUS);
}

void test_cluster_run_init_pool(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants)
{
    test_cluster_run_init(self, nodes, jobs, tenants);
    mdl_pool_init(self->cluster, nodes, MDL_NODE_GPUS, nodes);
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
        if (!tenant->open || tenant->queue.first == MDL_NONE)
            continue;
        const mdl_job_t *head = mdl_scheduler_job(self->scheduler, tenant->queue.first);
        if (head->sequence < job->sequence && tenant->used_gpus + head->gpus <= tenant->quota_gpus)
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

void test_cluster_run_pass(test_cluster_run_t *self)
{
    mdl_scheduler_pass(self->scheduler, self->cluster, self->now_s, &(mdl_scheduler_host_t){self, on_started});
}

void test_cluster_run_to(test_cluster_run_t *self, int64_t time_s)
{
    sim_event_t event;

    while (sim_calendar_pop(self->calendar, time_s + 1, &event)) {
        self->now_s = event.time_s;
        mdl_scheduler_advance(self->scheduler, event.time_s);
        mdl_scheduler_end(self->scheduler, self->cluster, event.entity, MDL_END_FINISHED);
        test_cluster_run_pass(self);
    }
    self->now_s = time_s;
    mdl_scheduler_advance(self->scheduler, time_s);
}

uint32_t test_cluster_run_submit_elastic(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus)
{
    mdl_job_request_t request = {
        .work_s = MDL_WORK_ENDLESS, .gpus = gpus, .interval_s = 1, .job_class = MDL_JOB_INFERENCE, .elastic = true};
    uint32_t job = mdl_scheduler_submit(self->scheduler, self->cluster, tenant, self->now_s, &request);

    test_cluster_run_pass(self);
    return job;
}

uint32_t test_cluster_run_submit(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus, int64_t work_s)
{
    mdl_job_request_t request = {
        .work_s = work_s, .gpus = gpus, .interval_s = INT32_MAX, .job_class = MDL_JOB_FINETUNE};
    uint32_t job = mdl_scheduler_submit(self->scheduler, self->cluster, tenant, self->now_s, &request);

    test_cluster_run_pass(self);
    return job;
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
