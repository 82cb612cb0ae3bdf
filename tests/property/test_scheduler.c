// SPDX-License-Identifier: GPL-3.0-or-later
/* The scheduler under 10^5 random jobs, and against queueing theory. */
#include "sim/draw.h"
#include "sim/hash.h"
#include "sim/math.h"
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

#include <math.h>

#define SEED 11

static void verify(const test_cluster_run_t *run)
{
    sim_error_t err = {0};

    if (mdl_scheduler_verify(run->scheduler, run->cluster, &err) < 0)
        fail_msg("%s", err.message);
}

/* Mostly small, some whole nodes, some gangs with and without a remainder. */
static uint32_t random_gpus(sim_rng_t *rng)
{
    uint64_t kind = sim_draw_below(rng, 10);

    if (kind < 6)
        return 1 + (uint32_t)sim_draw_below(rng, 7);
    if (kind < 9)
        return MDL_NODE_GPUS * (1 + (uint32_t)sim_draw_below(rng, 4));
    return 1 + (uint32_t)sim_draw_below(rng, 40);
}

static void note_order(test_cluster_run_t *run, const mdl_job_t *job)
{
    uint64_t *next = run->user;

    assert_int_equal(job->sequence, *next);
    (*next)++;
}

/* One tenant, no failures: jobs start in the very order of submission, whatever their sizes. */
static void test_first_come_first_served(void **state)
{
    test_cluster_run_t run;
    uint64_t next = 0;
    sim_rng_t rng;

    (void)state;
    test_cluster_run_init(&run, 16, 2000, 1);
    run.on_start = note_order;
    run.user = &next;
    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    for (int i = 0; i < 100000; i++) {
        int64_t gap_s = (int64_t)sim_draw_exponential(&rng, run.scheduler->queued > 500 ? 2000 : 60);
        test_cluster_run_to(&run, run.now_s + gap_s);
        test_cluster_run_submit(&run, 0, random_gpus(&rng), 1 + (int64_t)sim_draw_exponential(&rng, 600));
        assert_true(mdl_scheduler_conserves(run.scheduler));
        if (i % 1000 == 0)
            verify(&run);
    }
    assert_true(run.scheduler->queued > 0); /* it was a load worth queueing for */
    test_cluster_run_to(&run, run.now_s + 100000000);
    assert_int_equal(run.scheduler->queued + run.scheduler->running, 0);
    assert_int_equal(next, test_cluster_run_submitted(&run));
    verify(&run);
    test_cluster_run_free(&run);
}

/* Which job starts when and where. */
static void note_start(test_cluster_run_t *run, const mdl_job_t *job)
{
    uint64_t *starts = run->user;

    *starts = sim_hash_pair(sim_hash_pair(sim_hash_pair(*starts, job->sequence), (uint64_t)run->now_s), job->part_node);
    for (uint32_t i = job->gang; i != MDL_NONE; i = mdl_cluster_node(run->cluster, i)->next_of_gang)
        *starts = sim_hash_pair(*starts, i);
}

/* A hash of all starts under a load at which about half the jobs find nobody waiting. */
static uint64_t starts_of(const test_cluster_setup_t *setup, bool at_once)
{
    uint64_t starts = 0;
    test_cluster_run_t run;
    sim_rng_t rng;

    test_cluster_run_open(&run, setup);
    mdl_scheduler_set_limits(run.scheduler, 1, 4 * MDL_NODE_GPUS, 10 * MDL_NODE_GPUS);
    mdl_scheduler_set_most(run.scheduler, 13 * MDL_NODE_GPUS);
    run.at_once = at_once;
    run.on_start = note_start;
    run.user = &starts;
    sim_rng_at(&rng, SEED, 4, 0, 0, 0);
    for (int i = 0; i < 1500; i++) {
        test_cluster_run_to(&run, run.now_s + (int64_t)sim_draw_exponential(&rng, 150));
        uint32_t gpus = random_gpus(&rng), tenant = (uint32_t)sim_draw_below(&rng, 2);
        uint32_t width = setup->pool ? (gpus + MDL_NODE_GPUS - 1) / MDL_NODE_GPUS * MDL_NODE_GPUS : gpus;
        test_cluster_run_submit(&run, tenant, width, 1 + (int64_t)sim_draw_exponential(&rng, setup->pool ? 600 : 1200));
        if (i % 500 == 0)
            verify(&run);
    }
    assert_int_equal(run.scheduler->counts[MDL_JOB_FINETUNE].refused, 0);
    test_cluster_run_free(&run);
    return starts;
}

/* A job that is started where it is submitted starts when and where the pass would have started it, under any policy,
 * within limits of a tenant and of all together. */
static void test_starts_at_once_are_those_of_a_pass(void **state)
{
    (void)state;
    for (int placement = 0; placement < MDL_PLACEMENTS; placement++)
        for (int order = MDL_ORDER_FCFS; order <= MDL_ORDER_SJF; order++)
            for (int reservation = 0; reservation < MDL_RESERVATIONS; reservation++)
                for (int pool = 0; pool < 2; pool++) {
                    test_cluster_setup_t setup = {.policy = {.placement = (uint8_t)placement,
                                                             .order = (uint8_t)order,
                                                             .reservation = (uint8_t)reservation,
                                                             .seed = SEED},
                                                  .nodes = 16,
                                                  .jobs = 4096,
                                                  .tenants = 2,
                                                  .pool = pool != 0};
                    assert_true(starts_of(&setup, true) == starts_of(&setup, false));
                }
}

static void evict_node(test_cluster_run_t *run, uint32_t node)
{
    while (mdl_cluster_node(run->cluster, node)->first_job != MDL_NONE)
        test_cluster_run_requeue(run, mdl_cluster_node(run->cluster, node)->first_job);
}

/* A failure, a repair, a cancellation or a smaller or larger quota. */
static void disturb(test_cluster_run_t *run, sim_rng_t *rng)
{
    uint32_t node = (uint32_t)sim_draw_below(rng, run->cluster->nodes);
    uint32_t tenant = (uint32_t)sim_draw_below(rng, run->scheduler->tenants);
    const mdl_scheduler_tenant_t *owner = mdl_scheduler_tenant(run->scheduler, tenant);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(run->scheduler, tenant);
    uint64_t kind = sim_draw_below(rng, 6);

    if (kind == 0 && mdl_node_up(mdl_cluster_node(run->cluster, node))) {
        evict_node(run, node);
        mdl_cluster_set_broken(run->cluster, node, true);
    } else if (kind <= 2) {
        mdl_cluster_set_broken(run->cluster, node, false);
    } else if (kind == 3 && holding->running_head != MDL_NONE) {
        test_cluster_run_cancel(run, holding->running_head);
    } else if (kind == 4 && owner->queue.last != MDL_NONE) {
        test_cluster_run_cancel(run, owner->queue.last);
    } else if (kind == 5) {
        uint32_t quota = 8 * (uint32_t)(4 + sim_draw_below(rng, 12));
        while (holding->used_gpus > quota)
            test_cluster_run_cancel(run, holding->running_head);
        for (uint32_t i = owner->queue.first; i != MDL_NONE;) {
            uint32_t following = mdl_scheduler_job(run->scheduler, i)->links.next;
            if (mdl_scheduler_job(run->scheduler, i)->gpus > quota)
                test_cluster_run_cancel(run, i);
            i = following;
        }
        mdl_scheduler_set_quota(run->scheduler, tenant, quota);
    }
    test_cluster_run_pass(run);
}

/* Ten tenants with quotas, failures, evictions, cancellations. Capacity, gangs, quotas and counts are recounted every
 * 50 jobs; at every start nobody within quota is passed over. */
static void test_invariants_under_disturbance(void **state)
{
    test_cluster_run_t run;
    sim_rng_t rng;

    (void)state;
    test_cluster_run_init(&run, 24, 4000, 10);
    for (uint32_t t = 0; t < 10; t++)
        mdl_scheduler_set_quota(run.scheduler, t, 64);
    sim_rng_at(&rng, SEED, 1, 0, 0, 0);
    for (int i = 0; i < 100000; i++) {
        test_cluster_run_to(&run, run.now_s + (int64_t)sim_draw_exponential(&rng, 40));
        uint32_t tenant = (uint32_t)sim_draw_below(&rng, 10);
        if (mdl_scheduler_tenant(run.scheduler, tenant)->queued < 100)
            test_cluster_run_submit(&run, tenant, random_gpus(&rng), 1 + (int64_t)sim_draw_exponential(&rng, 600));
        if (sim_draw_below(&rng, 20) == 0)
            disturb(&run, &rng);
        assert_true(mdl_scheduler_conserves(run.scheduler));
        if (i % 50 == 0)
            verify(&run);
    }
    assert_int_equal(run.order_broken, 0);
    assert_true(run.scheduler->counts[MDL_JOB_FINETUNE].restarted > 100);
    for (int r = 0; r < MDL_BLOCKED_REASONS; r++)
        assert_true(run.scheduler->blocked_gpu_s[r] > 0 || r == MDL_BLOCKED_POWER);
    test_cluster_run_free(&run);
}

/* A tape of all starts and changes of width of a run. */
typedef struct tape {
    uint64_t starts, hash;
    uint64_t changes; /* that left a job without all it wanted */
} tape_t;

static void write_tape(test_cluster_run_t *run, const mdl_job_t *job)
{
    tape_t *tape = run->user;

    tape->starts++;
    tape->hash = (tape->hash ^ job->sequence) * UINT64_C(0x9E3779B97F4A7C15);
    tape->hash = (tape->hash ^ (uint64_t)job->start_s) * UINT64_C(0x9E3779B97F4A7C15) + job->gpus;
}

/* Makes an elastic job wider or narrower, or takes a node of it away (which then is free, not broken). */
static void change_width(test_cluster_run_t *run, sim_rng_t *rng, uint32_t index)
{
    mdl_job_t *job = mdl_scheduler_job(run->scheduler, index);
    tape_t *tape = run->user;

    if (sim_draw_bernoulli(rng, 0.3) && job->gpus > MDL_NODE_GPUS)
        mdl_scheduler_lose_node(run->scheduler, run->cluster, index, job->gang);
    else
        mdl_scheduler_resize(run->scheduler, run->cluster, index,
                             MDL_NODE_GPUS * (1 + (uint32_t)sim_draw_below(rng, 5)));
    assert_true(job->gpus > 0 && job->gpus <= job->wanted_gpus);
    tape->hash = (tape->hash ^ job->gpus) * UINT64_C(0x9E3779B97F4A7C15);
    tape->changes += job->gpus < job->wanted_gpus;
}

/* One step of a stream of whole-node jobs, some of them elastic, with cancellations, restarts and changes of quota. */
static void whole_node_step(test_cluster_run_t *run, sim_rng_t *rng)
{
    uint32_t tenant = (uint32_t)sim_draw_below(rng, run->scheduler->tenants);
    uint32_t gpus = MDL_NODE_GPUS * (1 + (uint32_t)sim_draw_below(rng, sim_draw_bernoulli(rng, 0.1) ? 40 : 6));
    const mdl_scheduler_tenant_t *owner = mdl_scheduler_tenant(run->scheduler, tenant);
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(run->scheduler, tenant);

    test_cluster_run_to(run, run->now_s + (int64_t)sim_draw_exponential(rng, 60));
    if (owner->queued < 100)
        test_cluster_run_submit(run, tenant, gpus, 1 + (int64_t)sim_draw_exponential(rng, 600));
    uint64_t kind = sim_draw_below(rng, 60);
    uint32_t i = holding->running_head;
    while (i != MDL_NONE && !mdl_scheduler_job(run->scheduler, i)->elastic)
        i = mdl_scheduler_job(run->scheduler, i)->next;
    if (i != MDL_NONE)
        change_width(run, rng, i);
    else if (tenant < 2 && sim_draw_below(rng, 10) == 0)
        test_cluster_run_submit_elastic(run, tenant, MDL_NODE_GPUS * (1 + (uint32_t)sim_draw_below(rng, 4)));
    if (kind == 0 && holding->running_head != MDL_NONE)
        test_cluster_run_cancel(run, holding->running_head);
    else if (kind == 1 && holding->running_head != MDL_NONE)
        test_cluster_run_requeue(run, holding->running_head);
    else if (kind == 2 && owner->queue.first != MDL_NONE)
        test_cluster_run_cancel(run, owner->queue.first);
    else if (kind == 3)
        mdl_scheduler_set_quota(run->scheduler, tenant, holding->used_gpus + 8 * (uint32_t)sim_draw_below(rng, 40));
    test_cluster_run_pass(run);
}

/* Counting nodes instead of following each changes nothing: the same jobs start at the same times, and the same GPU
 * time is allocated and blocked for the same reasons. */
static void test_a_pool_schedules_as_single_nodes_do(void **state)
{
    (void)state;
    for (uint64_t stream = 10; stream < 20; stream++) {
        test_cluster_run_t run[2];
        tape_t tape[2] = {{0}, {0}};
        for (int pool = 0; pool < 2; pool++) {
            sim_rng_t rng;
            (pool ? test_cluster_run_init_pool : test_cluster_run_init)(&run[pool], 48, 4000, 8);
            run[pool].on_start = write_tape;
            run[pool].user = &tape[pool];
            sim_rng_at(&rng, SEED, stream, 0, 0, 0);
            for (int i = 0; i < 10000; i++) {
                whole_node_step(&run[pool], &rng);
                if (i % 100 == 0)
                    verify(&run[pool]);
            }
        }
        assert_true(tape[0].starts > 2000 && tape[0].changes > 200);
        assert_int_equal(tape[0].starts, tape[1].starts);
        assert_true(tape[0].hash == tape[1].hash);
        assert_int_equal(run[0].scheduler->allocated_gpu_s, run[1].scheduler->allocated_gpu_s);
        assert_memory_equal(run[0].scheduler->blocked_gpu_s, run[1].scheduler->blocked_gpu_s,
                            sizeof run[0].scheduler->blocked_gpu_s);
        assert_memory_equal(&run[0].scheduler->counts, &run[1].scheduler->counts, sizeof run[0].scheduler->counts);
        test_cluster_run_free(&run[0]);
        test_cluster_run_free(&run[1]);
    }
}

/* Probability that a job waits in M/M/c (Erlang C). */
static double erlang_c(int servers, double offered)
{
    double blocked = 1; /* Erlang B, by its recursion */

    for (int k = 1; k <= servers; k++)
        blocked = offered * blocked / (k + offered * blocked);
    return blocked / (1 - offered / servers * (1 - blocked));
}

typedef struct waits {
    int64_t from_s; /* jobs submitted earlier are warm-up */
    int64_t jobs, batch;
    double waited[40], wait_s[40]; /* per batch: share of jobs that waited, mean wait */
} waits_t;

static void note_wait(test_cluster_run_t *run, const mdl_job_t *job)
{
    waits_t *waits = run->user;
    int64_t index = (int64_t)job->sequence - waits->from_s;

    if (index < 0 || index >= 40 * waits->batch)
        return;
    waits->waited[index / waits->batch] += (job->start_s > job->submit_s) / (double)waits->batch;
    waits->wait_s[index / waits->batch] += (double)(job->start_s - job->submit_s) / (double)waits->batch;
}

static void interval_holds(const double *batch, double theory, const char *what)
{
    double mean = 0, square = 0;

    for (int i = 0; i < 40; i++)
        mean += batch[i] / 40;
    for (int i = 0; i < 40; i++)
        square += (batch[i] - mean) * (batch[i] - mean);
    double half = 2.708 * sqrt(square / 39 / 40); /* Student's t, 39 degrees of freedom, 99 % */
    print_message("%s: %.5g +- %.2g, theory %.5g\n", what, mean, half, theory);
    assert_true(fabs(mean - theory) < half);
}

/* `servers` servers: as many nodes with jobs of 8 GPUs, or an eighth of them with jobs of one. */
static void against_erlang_c(uint32_t nodes, uint32_t gpus, double load, uint64_t stream)
{
    const double mean_s = 100000; /* so long that whole seconds do not matter */
    int servers = (int)(nodes * MDL_NODE_GPUS / gpus);
    waits_t waits = {.from_s = 20000, .batch = 10000};
    test_cluster_run_t run;
    sim_rng_t rng;
    double clock_s = 0;

    test_cluster_run_init(&run, nodes, 20000, 1);
    run.on_start = note_wait;
    run.user = &waits;
    sim_rng_at(&rng, SEED, stream, 0, 0, 0);
    for (int64_t i = 0; i < waits.from_s + 40 * waits.batch; i++) {
        clock_s += sim_draw_exponential(&rng, mean_s / load / servers);
        test_cluster_run_to(&run, (int64_t)clock_s);
        test_cluster_run_submit(&run, 0, gpus, (int64_t)(sim_draw_exponential(&rng, mean_s) + 0.5));
    }
    test_cluster_run_to(&run, run.now_s + (int64_t)(100 * mean_s));
    double waiting = erlang_c(servers, load * servers);
    interval_holds(waits.waited, waiting, "share that waits");
    interval_holds(waits.wait_s, waiting * mean_s / (servers * (1 - load)), "mean wait, s");
    test_cluster_run_free(&run);
}

/* Four 99 % intervals from 40 batch means each, 400,000 jobs: about one seed in 25 raises a false alarm. */
static void test_erlang_c_with_nodes_as_servers(void **state)
{
    (void)state;
    against_erlang_c(10, 8, 0.8, 2);
}

static void test_erlang_c_with_gpus_as_servers(void **state)
{
    (void)state;
    against_erlang_c(4, 1, 0.85, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_starts_at_once_are_those_of_a_pass),
        cmocka_unit_test(test_invariants_under_disturbance),
        cmocka_unit_test(test_a_pool_schedules_as_single_nodes_do),
        cmocka_unit_test(test_erlang_c_with_nodes_as_servers),
        cmocka_unit_test(test_erlang_c_with_gpus_as_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
