// SPDX-License-Identifier: GPL-3.0-or-later
/* Preemption with checkpoints on cases worked out by hand. */
#include "sim/time.h"
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

static void open_run(test_cluster_run_t *run, mdl_policy_t policy, uint32_t nodes, uint32_t tenants)
{
    policy.preemption = MDL_PREEMPTION_CHECKPOINT;
    test_cluster_run_open(run,
                          &(test_cluster_setup_t){.policy = policy, .nodes = nodes, .jobs = 16, .tenants = tenants});
}

static const mdl_job_t *job_at(const test_cluster_run_t *run, uint32_t job)
{
    return mdl_scheduler_job(run->scheduler, job);
}

/* Two tenants, a node each; what one has borrowed goes back to the other when it comes, with what was computed saved. */
static void test_borrowed_quota_is_reclaimed(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){0}, 2, 2);
    for (uint32_t t = 0; t < 2; t++)
        mdl_scheduler_set_limits(run.scheduler, t, 8, 16);
    uint32_t own = test_cluster_run_submit(&run, 0, 8, 100);
    uint32_t borrowed = test_cluster_run_submit(&run, 0, 8, 100);
    mdl_scheduler_job(run.scheduler, borrowed)->pause_s = 7;
    test_cluster_run_to(&run, 30);
    uint32_t reclaims = test_cluster_run_submit(&run, 1, 8, 20);
    assert_int_equal(job_at(&run, own)->state, MDL_JOB_RUNNING);
    assert_int_equal(job_at(&run, borrowed)->state, MDL_JOB_QUEUED);
    assert_int_equal(job_at(&run, reclaims)->start_s, 30);
    assert_int_equal(run.stops, 1);
    uint32_t borrows = test_cluster_run_submit(&run, 1, 8, 20); /* nobody is stopped for one that would borrow */
    assert_int_equal(job_at(&run, borrows)->state, MDL_JOB_QUEUED);
    assert_int_equal(run.stops, 1);
    test_cluster_run_verify(&run);
    test_cluster_run_to(&run, 50);
    assert_int_equal(job_at(&run, borrowed)->state, MDL_JOB_QUEUED); /* the other is within its quota now */
    assert_int_equal(job_at(&run, borrows)->start_s, 50);
    test_cluster_run_to(&run, 70);
    assert_int_equal(job_at(&run, borrowed)->start_s, 70);
    assert_int_equal(job_at(&run, borrowed)->compute_from_s, 77);
    test_cluster_run_to(&run, 147); /* 30 s were done before */
    assert_int_equal(job_at(&run, borrowed)->state, MDL_JOB_FREE);
    test_cluster_run_free(&run);
}

/* Two tenants, a node each, a third node for nobody: where only what is lent is reclaimed, one that is within its quota
 * gets its node back, the jobs that came last are stopped first, and no more of them than needed. */
static void test_only_what_is_lent_is_reclaimed(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_open(&run,
                          &(test_cluster_setup_t){
                              .policy = {.preemption = MDL_PREEMPTION_RECLAIM}, .nodes = 3, .jobs = 16, .tenants = 2});
    for (uint32_t t = 0; t < 2; t++)
        mdl_scheduler_set_limits(run.scheduler, t, 8, 16);
    mdl_scheduler_set_most(run.scheduler, 16);
    uint32_t own = test_cluster_run_submit(&run, 0, 8, 100);
    uint32_t first = test_cluster_run_submit(&run, 0, 4, 100);
    test_cluster_run_to(&run, 10);
    uint32_t second = test_cluster_run_submit(&run, 0, 4, 100);
    uint32_t third = test_cluster_run_submit(&run, 0, 4, 100); /* beyond its limit */
    assert_int_equal(job_at(&run, third)->state, MDL_JOB_QUEUED);
    assert_int_equal(run.cluster->free_gpus, 8);
    test_cluster_run_to(&run, 30);
    uint32_t back = test_cluster_run_submit(&run, 1, 4, 20);
    assert_int_equal(job_at(&run, back)->start_s, 30);
    assert_int_equal(job_at(&run, second)->state, MDL_JOB_QUEUED);
    assert_int_equal(job_at(&run, first)->state, MDL_JOB_RUNNING);
    uint32_t more = test_cluster_run_submit(&run, 1, 4, 20);
    assert_int_equal(job_at(&run, more)->state, MDL_JOB_RUNNING);
    assert_int_equal(job_at(&run, first)->state, MDL_JOB_QUEUED);
    assert_int_equal(job_at(&run, own)->state, MDL_JOB_RUNNING);
    assert_int_equal(run.stops, 2);
    uint32_t borrows = test_cluster_run_submit(&run, 1, 4, 20); /* nobody is stopped for one that would borrow */
    assert_int_equal(job_at(&run, borrows)->state, MDL_JOB_QUEUED);
    test_cluster_run_to(&run, 50);
    assert_int_equal(job_at(&run, first)->start_s, 50); /* 30 s of it are done */
    test_cluster_run_verify(&run);
    test_cluster_run_free(&run);
}

static void test_rounds_keep_their_distance(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.order = MDL_ORDER_SRTF, .preempt_every_s = 60}, 1, 1);
    uint32_t longer = test_cluster_run_submit(&run, 0, 8, 1000);
    test_cluster_run_to(&run, 10);
    uint32_t shorter = test_cluster_run_submit(&run, 0, 8, 100);
    assert_int_equal(job_at(&run, longer)->state, MDL_JOB_RUNNING);
    assert_int_equal(mdl_scheduler_review_s(run.scheduler), 60);
    test_cluster_run_to(&run, 60);
    assert_int_equal(job_at(&run, shorter)->start_s, 60);
    test_cluster_run_to(&run, 1099);
    assert_int_equal(job_at(&run, longer)->start_s, 160);
    assert_int_equal(job_at(&run, longer)->state, MDL_JOB_RUNNING);
    test_cluster_run_to(&run, 1100);
    assert_int_equal(run.scheduler->running, 0);
    assert_int_equal(run.stops, 1);
    test_cluster_run_free(&run);
}

/* A head within its quota waits for the next round, and jobs that come alone meanwhile, which EASY looks at alone, leave
 * the round standing; also where nobody's end calls for a look at all. */
static void test_a_round_of_reclaiming_is_not_forgotten(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_open(&run, &(test_cluster_setup_t){.policy = {.reservation = MDL_RESERVATION_EASY,
                                                                   .preemption = MDL_PREEMPTION_RECLAIM,
                                                                   .preempt_every_s = 60},
                                                        .nodes = 2,
                                                        .jobs = 16,
                                                        .tenants = 2});
    for (uint32_t t = 0; t < 2; t++)
        mdl_scheduler_set_limits(run.scheduler, t, 8, 16);
    for (int i = 0; i < 4; i++)
        (void)test_cluster_run_submit(&run, 0, 4, 1000);
    test_cluster_run_to(&run, 10);
    uint32_t first = test_cluster_run_submit(&run, 1, 4, 1000);
    assert_int_equal(job_at(&run, first)->start_s, 10);
    test_cluster_run_to(&run, 20);
    uint32_t second = test_cluster_run_submit(&run, 1, 4, 1000);
    assert_int_equal(mdl_scheduler_review_s(run.scheduler), 70);
    test_cluster_run_to(&run, 30);
    (void)test_cluster_run_submit(&run, 1, 4, 1000);
    assert_int_equal(mdl_scheduler_review_s(run.scheduler), 70);
    test_cluster_run_to(&run, 70);
    assert_int_equal(job_at(&run, second)->start_s, 70);
    assert_int_equal(run.stops, 2);
    assert_int_equal(mdl_scheduler_review_s(run.scheduler), SIM_NEVER); /* whoever waits would borrow */
    test_cluster_run_verify(&run);
    test_cluster_run_free(&run);
}

/* A tenant at its limit: nobody waits for nodes, and the next round is due all the same. */
static void test_a_round_is_due_for_those_at_their_limit(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.order = MDL_ORDER_SRTF, .preempt_every_s = 60}, 4, 1);
    mdl_scheduler_set_limits(run.scheduler, 0, 8, 8);
    (void)test_cluster_run_submit(&run, 0, 8, 1000);
    test_cluster_run_to(&run, 10);
    uint32_t shorter = test_cluster_run_submit(&run, 0, 8, 100);
    assert_int_equal(mdl_scheduler_review_s(run.scheduler), 60);
    test_cluster_run_to(&run, 60);
    assert_int_equal(job_at(&run, shorter)->start_s, 60);
    test_cluster_run_free(&run);
}

/* Levels of 80 and 160 GPU seconds on 8 GPUs: turns of 10 s. */
static void test_levels_of_attained_service(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.order = MDL_ORDER_LAS, .las_limit_gpu_s = {80, 160}}, 1, 1);
    uint32_t a = test_cluster_run_submit(&run, 0, 8, 100);
    assert_int_equal(mdl_scheduler_review_s(run.scheduler), 10);
    test_cluster_run_to(&run, 4);
    uint32_t b = test_cluster_run_submit(&run, 0, 8, 100);
    assert_int_equal(job_at(&run, a)->state, MDL_JOB_RUNNING); /* the same level: first come first served */
    const struct {
        int64_t at_s;
        uint32_t runs;
        int64_t review_s;
    } turns[] = {{10, b, 20}, {20, a, 30}, {30, b, 40}, {40, a, SIM_NEVER}};
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        test_cluster_run_to(&run, turns[i].at_s);
        assert_int_equal(job_at(&run, turns[i].runs)->state, MDL_JOB_RUNNING);
        assert_int_equal(job_at(&run, turns[i].runs)->start_s, turns[i].at_s);
        assert_int_equal(mdl_scheduler_review_s(run.scheduler), turns[i].review_s);
    }
    assert_int_equal(run.stops, 4);
    test_cluster_run_to(&run, 300);
    assert_int_equal(run.scheduler->running, 0);
    test_cluster_run_free(&run);
}

/* Elastic jobs are not stopped and start on what is left. */
static void test_elastic_jobs_are_left_alone(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.order = MDL_ORDER_SRTF}, 4, 1);
    mdl_scheduler_set_limits(run.scheduler, 0, 1000, 1000);
    (void)test_cluster_run_submit(&run, 0, 8, 1000);
    uint32_t elastic = test_cluster_run_submit_elastic(&run, 0, 32);
    assert_int_equal(job_at(&run, elastic)->gpus, 24);
    uint32_t wide = test_cluster_run_submit(&run, 0, 16, 1);
    assert_int_equal(job_at(&run, elastic)->state, MDL_JOB_RUNNING);
    assert_int_equal(job_at(&run, wide)->state, MDL_JOB_QUEUED);
    test_cluster_run_verify(&run);
    test_cluster_run_free(&run);
}

/* An elastic job of tenant 0 on the first node, which wants another one; tenant 1 lives on what is lent. */
static uint32_t open_short(test_cluster_run_t *run, uint32_t nodes, uint32_t lent_quota_gpus)
{
    test_cluster_run_open(
        run, &(test_cluster_setup_t){
                 .policy = {.preemption = MDL_PREEMPTION_RECLAIM}, .nodes = nodes, .jobs = 16, .tenants = 3});
    mdl_scheduler_set_limits(run->scheduler, 0, 16, 16);
    mdl_scheduler_set_limits(run->scheduler, 1, lent_quota_gpus, 64);
    mdl_scheduler_set_limits(run->scheduler, 2, 4, 4);
    return test_cluster_run_submit_elastic(run, 0, 8);
}

/* What the elastic job gets of a second node, once whoever is to make room for it has been stopped. */
static uint32_t second_node(test_cluster_run_t *run, uint32_t elastic)
{
    mdl_scheduler_resize(run->scheduler, run->cluster, elastic, 16);
    test_cluster_run_pass(run);
    mdl_scheduler_resize(run->scheduler, run->cluster, elastic, 16);
    test_cluster_run_verify(run);
    return job_at(run, elastic)->gpus - 8;
}

/* Free GPUs on nodes that others use in part make no node: the job that came last gives up its own. */
static void test_fragments_are_no_node(void **state)
{
    test_cluster_run_t run;
    uint32_t five[3];

    (void)state;
    uint32_t elastic = open_short(&run, 4, 5);
    for (int i = 0; i < 3; i++) {
        test_cluster_run_to(&run, 10 * i);
        five[i] = test_cluster_run_submit(&run, 1, 5, 1000);
    }
    assert_int_equal(run.cluster->free_gpus, 9);
    assert_int_equal(second_node(&run, elastic), 8);
    assert_int_equal(run.stops, 1);
    assert_int_equal(job_at(&run, five[2])->state, MDL_JOB_QUEUED);
    test_cluster_run_free(&run);
}

/* A job that shares its node with somebody within quota stays: without it the node would be no emptier. */
static void test_nobody_is_stopped_for_part_of_a_node(void **state)
{
    test_cluster_run_t run;

    (void)state;
    uint32_t elastic = open_short(&run, 3, 0);
    uint32_t whole = test_cluster_run_submit(&run, 1, 8, 1000);
    test_cluster_run_to(&run, 10);
    (void)test_cluster_run_submit(&run, 2, 4, 1000);
    test_cluster_run_to(&run, 20);
    uint32_t part = test_cluster_run_submit(&run, 1, 4, 1000);
    assert_int_equal(second_node(&run, elastic), 8);
    assert_int_equal(run.stops, 1);
    assert_int_equal(job_at(&run, whole)->state, MDL_JOB_QUEUED);
    assert_int_equal(job_at(&run, part)->state, MDL_JOB_RUNNING);
    test_cluster_run_free(&run);
}

/* The same for a gang of two nodes that waits. */
static void test_a_gang_is_made_room_in_whole_nodes(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_open(&run,
                          &(test_cluster_setup_t){
                              .policy = {.preemption = MDL_PREEMPTION_RECLAIM}, .nodes = 3, .jobs = 16, .tenants = 3});
    mdl_scheduler_set_limits(run.scheduler, 0, 16, 16);
    mdl_scheduler_set_limits(run.scheduler, 1, 0, 64);
    (void)test_cluster_run_submit(&run, 1, 8, 1000);
    (void)test_cluster_run_submit(&run, 1, 8, 1000);
    (void)test_cluster_run_submit(&run, 2, 4, 1000);
    test_cluster_run_to(&run, 10);
    uint32_t part = test_cluster_run_submit(&run, 1, 4, 1000);
    uint32_t gang = test_cluster_run_submit(&run, 0, 16, 1000);
    assert_int_equal(job_at(&run, gang)->start_s, 10);
    assert_int_equal(job_at(&run, gang)->state, MDL_JOB_RUNNING);
    assert_int_equal(run.stops, 2);
    assert_int_equal(job_at(&run, part)->state, MDL_JOB_RUNNING);
    test_cluster_run_verify(&run);
    test_cluster_run_free(&run);
}

/* Two borrowed halves of a node go together; where one of them is within its tenant's quota, neither goes. */
static void test_a_shared_node_is_freed_whole_or_not(void **state)
{
    test_cluster_run_t run;

    (void)state;
    for (uint32_t quota_gpus = 0; quota_gpus <= 8; quota_gpus += 4) {
        uint32_t elastic = open_short(&run, 2, quota_gpus);
        (void)test_cluster_run_submit(&run, 1, 4, 1000);
        (void)test_cluster_run_submit(&run, 1, 4, 1000);
        assert_int_equal(second_node(&run, elastic), quota_gpus == 0 ? 8 : 0);
        assert_int_equal(run.stops, quota_gpus == 0 ? 2 : 0);
        test_cluster_run_free(&run);
    }
}

/* Room that is in fragments goes to those behind: 2 and 2 GPUs are free, so 4 find no node. */
static void test_fragments_are_filled(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){0}, 2, 1);
    (void)test_cluster_run_submit(&run, 0, 6, 100);
    (void)test_cluster_run_submit(&run, 0, 6, 100);
    test_cluster_run_to(&run, 20);
    uint32_t four = test_cluster_run_submit(&run, 0, 4, 10);
    uint32_t two = test_cluster_run_submit(&run, 0, 2, 10);
    assert_int_equal(job_at(&run, four)->state, MDL_JOB_QUEUED);
    assert_int_equal(job_at(&run, two)->start_s, 20);
    assert_int_equal(run.scheduler->blocked_gpus, 4);
    test_cluster_run_verify(&run);
    test_cluster_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_borrowed_quota_is_reclaimed),
        cmocka_unit_test(test_only_what_is_lent_is_reclaimed),
        cmocka_unit_test(test_rounds_keep_their_distance),
        cmocka_unit_test(test_a_round_of_reclaiming_is_not_forgotten),
        cmocka_unit_test(test_a_round_is_due_for_those_at_their_limit),
        cmocka_unit_test(test_levels_of_attained_service),
        cmocka_unit_test(test_elastic_jobs_are_left_alone),
        cmocka_unit_test(test_fragments_are_no_node),
        cmocka_unit_test(test_nobody_is_stopped_for_part_of_a_node),
        cmocka_unit_test(test_a_gang_is_made_room_in_whole_nodes),
        cmocka_unit_test(test_a_shared_node_is_freed_whole_or_not),
        cmocka_unit_test(test_fragments_are_filled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
