// SPDX-License-Identifier: GPL-3.0-or-later
/* A scheduler on a cluster with a calendar of its own, for tests that feed it jobs directly.
 *
 *     test_cluster_run_t run;
 *     test_cluster_run_open(&run, &(test_cluster_setup_t){.nodes = 4, .jobs = 16, .tenants = 1,
 *                                                         .policy = {.reservation = MDL_RESERVATION_EASY}});
 *     uint32_t job = test_cluster_run_request(&run, 0, &(mdl_job_request_t){.work_s = 60, .gpus = 8, ...});
 *     test_cluster_run_to(&run, 100);
 *     test_cluster_run_free(&run);
 */
#ifndef TEST_SUPPORT_CLUSTER_RUN_H
#define TEST_SUPPORT_CLUSTER_RUN_H

#include "models/scheduler/scheduler.h"
#include "sim/rng.h"

/* Zero where not said: nodes of MDL_NODE_GPUS GPUs in one rack, first come first served. Each tenant may use it all. */
typedef struct test_cluster_setup {
    mdl_policy_t policy;
    uint32_t nodes, node_gpus, rack_nodes;
    uint32_t jobs, tenants; /* room for */
    bool pool;
} test_cluster_setup_t;

typedef struct test_cluster_run {
    mdl_cluster_t *cluster;
    mdl_scheduler_t *scheduler;
    sim_calendar_t *calendar;
    int64_t now_s;
    uint64_t last_started; /* sequence of the job started last */
    int64_t order_broken;  /* starts that passed over a head that stood before them and was within quota */
    int64_t stops;         /* jobs preempted */
    bool always_stale;     /* each pass is to look at everything */
    bool at_once;          /* a job that finds nobody waiting starts without a queue */
    bool whole_instants;   /* one pass for all ends of an instant; otherwise one after each */
    void (*on_start)(struct test_cluster_run *self, const mdl_job_t *job); /* may be NULL */
    void (*after_pass)(struct test_cluster_run *self);                     /* may be NULL */
    void *user;
} test_cluster_run_t;

void test_cluster_run_open(test_cluster_run_t *self, const test_cluster_setup_t *setup);
void test_cluster_run_init(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants);
/* The same on a pool. */
void test_cluster_run_init_pool(test_cluster_run_t *self, uint32_t nodes, uint32_t jobs, uint32_t tenants);
void test_cluster_run_free(test_cluster_run_t *self);

/* Moves the scheduler into a block for that many jobs and tenants, whose memory was anything before. */
void test_cluster_run_grow(test_cluster_run_t *self, uint32_t jobs, uint32_t tenants);

/* Ends jobs up to time_s (those at time_s included), starting what then fits, also where the scheduler asks for a
 * review; leaves the clock at time_s. */
void test_cluster_run_to(test_cluster_run_t *self, int64_t time_s);
/* Submits at the clock's time and starts what fits. */
uint32_t test_cluster_run_request(test_cluster_run_t *self, uint32_t tenant, const mdl_job_request_t *request);
uint32_t test_cluster_run_submit(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus, int64_t work_s);
/* The same for a job with an estimate, and for an elastic job without end. */
uint32_t test_cluster_run_submit_estimate(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus, int64_t work_s,
                                          int64_t estimate_s);
uint32_t test_cluster_run_submit_elastic(test_cluster_run_t *self, uint32_t tenant, uint32_t gpus);
/* Jobs submitted so far, of all classes. */
int64_t test_cluster_run_submitted(const test_cluster_run_t *self);
/* Starts what fits after a change made directly. */
void test_cluster_run_pass(test_cluster_run_t *self);
/* Takes a job's end out of the calendar, then puts it back into the queue or ends it. */
void test_cluster_run_requeue(test_cluster_run_t *self, uint32_t job);
void test_cluster_run_cancel(test_cluster_run_t *self, uint32_t job);

/* Fails the test where a recount (mdl_scheduler_verify) finds something. */
void test_cluster_run_verify(const test_cluster_run_t *self);

#endif
