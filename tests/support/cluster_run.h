// SPDX-License-Identifier: GPL-3.0-or-later
/* A scheduler on a cluster with a calendar of its own, for tests that feed it jobs directly. */
#ifndef TEST_SUPPORT_CLUSTER_RUN_H
#define TEST_SUPPORT_CLUSTER_RUN_H

#include "models/scheduler/scheduler.h"
#include "sim/rng.h"

typedef struct test_cluster_run {
    mdl_cluster_t *cluster;
    mdl_scheduler_t *scheduler;
    sim_calendar_t *calendar;
    int64_t now_s;
    uint64_t last_started; /* sequence of the job started last */
    int64_t order_broken;  /* starts that passed over a head that stood before them and was within quota */
    void (*on_start)(struct test_cluster_run *self, const mdl_job_t *job); /* may be NULL */
    void *user;
} test_cluster_run_t;

void test_cluster_run_init(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants);
/* The same on a pool. */
void test_cluster_run_init_pool(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants);
void test_cluster_run_free(test_cluster_run_t *self);

/* Ends jobs up to time_s (those at time_s included), starting what then fits; leaves the clock at time_s. */
void test_cluster_run_to(test_cluster_run_t *self, int64_t time_s);
/* Submits at the clock's time and starts what fits. */
uint32_t test_cluster_run_submit(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus, int64_t work_s);
/* The same for an elastic job without end. */
uint32_t test_cluster_run_submit_elastic(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus);
/* Starts what fits after a change made directly. */
void test_cluster_run_pass(test_cluster_run_t *self);
/* Takes a job's end out of the calendar, then puts it back into the queue or ends it. */
void test_cluster_run_requeue(test_cluster_run_t *self, uint32_t job);
void test_cluster_run_cancel(test_cluster_run_t *self, uint32_t job);

#endif
