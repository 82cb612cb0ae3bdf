// SPDX-License-Identifier: GPL-3.0-or-later
/* Backfilling on cases worked out by hand. Clusters count GPUs unless said otherwise. */
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

static void open_run(test_cluster_run_t *run, enum mdl_reservation_row row, uint32_t gpus, uint32_t tenants)
{
    test_cluster_run_open(run, &(test_cluster_setup_t){.policy = {.reservation = (uint8_t)row},
                                                       .nodes = gpus,
                                                       .node_gpus = 1,
                                                       .jobs = 32,
                                                       .tenants = tenants,
                                                       .pool = true});
    for (uint32_t t = 0; t < tenants; t++) /* no limit worth the name */
        mdl_scheduler_set_limits(run->scheduler, t, 1000, 1000);
}

static int64_t start_of(const test_cluster_run_t *run, uint32_t job)
{
    const mdl_job_t *found = mdl_scheduler_job(run->scheduler, job);

    return found->state == MDL_JOB_RUNNING ? found->start_s : -1;
}

static void test_easy_fills_the_hole_before_the_head(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_RESERVATION_EASY, 4, 1);
    (void)test_cluster_run_submit_estimate(&run, 0, 2, 10, 10);
    uint32_t head = test_cluster_run_submit_estimate(&run, 0, 4, 5, 5);
    uint32_t fills = test_cluster_run_submit_estimate(&run, 0, 1, 10, 10);
    uint32_t late = test_cluster_run_submit_estimate(&run, 0, 1, 11, 11);
    assert_int_equal(run.scheduler->promise.start_s, 10);
    assert_int_equal(start_of(&run, fills), 0);
    assert_int_equal(start_of(&run, late), -1);
    test_cluster_run_to(&run, 10);
    assert_int_equal(start_of(&run, head), 10);
    test_cluster_run_to(&run, 15);
    assert_int_equal(start_of(&run, late), 15);
    test_cluster_run_free(&run);
}

/* What the head leaves over at its start may be used beyond it, once. */
static void test_easy_uses_what_the_head_leaves_over(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_RESERVATION_EASY, 5, 1);
    (void)test_cluster_run_submit_estimate(&run, 0, 3, 10, 10);
    uint32_t head = test_cluster_run_submit_estimate(&run, 0, 4, 5, 5);
    uint32_t first = test_cluster_run_submit_estimate(&run, 0, 1, 100, 100);
    uint32_t second = test_cluster_run_submit_estimate(&run, 0, 1, 100, 100);
    assert_int_equal(start_of(&run, first), 0);
    assert_int_equal(start_of(&run, second), -1);
    test_cluster_run_to(&run, 10);
    assert_int_equal(start_of(&run, head), 10);
    test_cluster_run_free(&run);
}

static void test_easy_sjbf_tries_the_shortest_first(void **state)
{
    (void)state;
    for (int shortest = 0; shortest < 2; shortest++) {
        test_cluster_run_t run;
        open_run(&run, shortest ? MDL_RESERVATION_EASY_SJBF : MDL_RESERVATION_EASY, 4, 1);
        (void)test_cluster_run_submit_estimate(&run, 0, 3, 20, 20);
        uint32_t brief = test_cluster_run_submit_estimate(&run, 0, 1, 2, 2);
        (void)test_cluster_run_submit_estimate(&run, 0, 4, 5, 5);
        uint32_t longer = test_cluster_run_submit_estimate(&run, 0, 1, 9, 9);
        uint32_t shorter = test_cluster_run_submit_estimate(&run, 0, 1, 5, 5);
        assert_int_equal(start_of(&run, brief), 0);
        test_cluster_run_to(&run, 2);
        assert_int_equal(start_of(&run, shortest ? shorter : longer), 2);
        assert_int_equal(start_of(&run, shortest ? longer : shorter), -1);
        test_cluster_run_free(&run);
    }
}

/* EASY lets a job pass the second in line, conservative backfilling does not. */
static void test_conservative_keeps_every_promise(void **state)
{
    (void)state;
    for (int conservative = 0; conservative < 2; conservative++) {
        test_cluster_run_t run;
        open_run(&run, conservative ? MDL_RESERVATION_CONSERVATIVE : MDL_RESERVATION_EASY, 4, 1);
        (void)test_cluster_run_submit_estimate(&run, 0, 3, 10, 10);
        uint32_t head = test_cluster_run_submit_estimate(&run, 0, 3, 10, 10);   /* at 10 */
        uint32_t second = test_cluster_run_submit_estimate(&run, 0, 4, 10, 10); /* at 20 */
        uint32_t passes = test_cluster_run_submit_estimate(&run, 0, 1, 40, 40);
        assert_int_equal(start_of(&run, passes), conservative ? -1 : 0);
        if (conservative) {
            assert_int_equal(mdl_scheduler_job(run.scheduler, head)->planned_s, 10);
            assert_int_equal(mdl_scheduler_job(run.scheduler, second)->planned_s, 20);
            assert_int_equal(mdl_scheduler_job(run.scheduler, passes)->planned_s, 30);
            assert_int_equal(mdl_scheduler_review_s(run.scheduler), 10);
        }
        test_cluster_run_to(&run, 20);
        assert_int_equal(start_of(&run, second), conservative ? 20 : -1);
        test_cluster_run_free(&run);
    }
}

/* An early end moves all forward. */
static void test_conservative_moves_forward(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_RESERVATION_CONSERVATIVE, 4, 1);
    (void)test_cluster_run_submit_estimate(&run, 0, 3, 4, 10);
    uint32_t head = test_cluster_run_submit_estimate(&run, 0, 3, 10, 10);
    uint32_t second = test_cluster_run_submit_estimate(&run, 0, 4, 10, 10);
    test_cluster_run_to(&run, 4);
    assert_int_equal(start_of(&run, head), 4);
    assert_int_equal(mdl_scheduler_job(run.scheduler, second)->planned_s, 14);
    test_cluster_run_cancel(&run, head);
    test_cluster_run_pass(&run);
    assert_int_equal(start_of(&run, second), 4);
    test_cluster_run_free(&run);
}

/* A lease of 4 GPUs on a cluster of 100: the hole before a head that waits for the lease. */
static void test_easy_within_a_lease(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_RESERVATION_EASY, 100, 2);
    mdl_scheduler_set_limits(run.scheduler, 0, 4, 4);
    (void)test_cluster_run_submit_estimate(&run, 0, 2, 10, 10);
    uint32_t head = test_cluster_run_submit_estimate(&run, 0, 3, 5, 5);
    uint32_t fills = test_cluster_run_submit_estimate(&run, 0, 1, 10, 10);
    uint32_t spare = test_cluster_run_submit_estimate(&run, 0, 1, 50, 50); /* the head leaves one over */
    uint32_t late = test_cluster_run_submit_estimate(&run, 0, 1, 3, 3);    /* the lease is full */
    assert_int_equal(start_of(&run, fills), 0);
    assert_int_equal(start_of(&run, spare), 0);
    assert_int_equal(start_of(&run, late), -1);
    assert_int_equal(start_of(&run, test_cluster_run_submit(&run, 1, 90, 1)), 0); /* nobody else is held up */
    test_cluster_run_to(&run, 10);
    assert_int_equal(start_of(&run, head), 10);
    test_cluster_run_free(&run);
}

/* The head waits for GPUs and is within its limit; a job of its tenant would fit but leave it no part of the limit. */
static void test_easy_leaves_the_head_its_part_of_the_limit(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_RESERVATION_EASY, 10, 2);
    mdl_scheduler_set_limits(run.scheduler, 0, 8, 8);
    (void)test_cluster_run_submit_estimate(&run, 1, 6, 10, 10);
    uint32_t head = test_cluster_run_submit_estimate(&run, 0, 7, 5, 5);
    uint32_t behind = test_cluster_run_submit_estimate(&run, 0, 2, 50, 50);
    uint32_t narrow = test_cluster_run_submit_estimate(&run, 0, 1, 50, 50);
    assert_int_equal(start_of(&run, behind), -1);
    assert_int_equal(start_of(&run, narrow), 0);
    test_cluster_run_to(&run, 10);
    assert_int_equal(start_of(&run, head), 10);
    test_cluster_run_free(&run);
}

/* The promise is made on nodes: two half-empty nodes are no whole one. */
static void test_easy_promises_nodes(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_open(
        &run,
        &(test_cluster_setup_t){.policy = {.reservation = MDL_RESERVATION_EASY}, .nodes = 2, .jobs = 16, .tenants = 1});
    mdl_scheduler_set_limits(run.scheduler, 0, 1000, 1000);
    (void)test_cluster_run_submit_estimate(&run, 0, 6, 10, 10);
    (void)test_cluster_run_submit_estimate(&run, 0, 6, 30, 30);
    uint32_t head = test_cluster_run_submit_estimate(&run, 0, 8, 5, 5);
    assert_int_equal(run.scheduler->promise.start_s, 10);
    uint32_t first = test_cluster_run_submit_estimate(&run, 0, 2, 20, 20);  /* best fit: the node that will be free */
    uint32_t second = test_cluster_run_submit_estimate(&run, 0, 2, 10, 10); /* gone by then */
    assert_int_equal(start_of(&run, first), -1);
    assert_int_equal(start_of(&run, second), 0);
    test_cluster_run_to(&run, 10);
    assert_int_equal(start_of(&run, head), 10);
    test_cluster_run_verify(&run);
    test_cluster_run_free(&run);
}

/* Under conservative backfilling too, a tenant's limit holds up nobody else. */
static void test_conservative_within_a_lease(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_RESERVATION_CONSERVATIVE, 10, 2);
    mdl_scheduler_set_limits(run.scheduler, 0, 4, 4);
    uint32_t jobs[4];
    for (int i = 0; i < 4; i++)
        jobs[i] = test_cluster_run_submit_estimate(&run, 0, 4, 10, 10);
    for (int i = 1; i < 4; i++)
        assert_int_equal(mdl_scheduler_job(run.scheduler, jobs[i])->planned_s, 10 * i);
    assert_int_equal(start_of(&run, test_cluster_run_submit(&run, 1, 6, 100)), 0);
    test_cluster_run_to(&run, 30);
    assert_int_equal(start_of(&run, jobs[3]), 30);
    test_cluster_run_free(&run);
}

/* Elastic jobs start on what there is under every row; what they take leaves promises standing. */
static void test_elastic_jobs_start_narrow(void **state)
{
    (void)state;
    for (int row = 0; row < MDL_RESERVATIONS; row++) {
        test_cluster_run_t run;
        open_run(&run, (enum mdl_reservation_row)row, 4, 1);
        (void)test_cluster_run_submit_estimate(&run, 0, 2, 10, 10);
        uint32_t elastic = test_cluster_run_submit_elastic(&run, 0, 4);
        assert_int_equal(start_of(&run, elastic), 0);
        assert_int_equal(mdl_scheduler_job(run.scheduler, elastic)->gpus, 2);
        test_cluster_run_to(&run, 10);
        mdl_scheduler_resize(run.scheduler, run.cluster, elastic, 3);
        uint32_t other = test_cluster_run_submit_estimate(&run, 0, 1, 10, 10);
        assert_int_equal(start_of(&run, other), 10);
        test_cluster_run_verify(&run);
        test_cluster_run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_easy_fills_the_hole_before_the_head),
        cmocka_unit_test(test_easy_uses_what_the_head_leaves_over),
        cmocka_unit_test(test_easy_sjbf_tries_the_shortest_first),
        cmocka_unit_test(test_conservative_keeps_every_promise),
        cmocka_unit_test(test_conservative_moves_forward),
        cmocka_unit_test(test_easy_within_a_lease),
        cmocka_unit_test(test_easy_leaves_the_head_its_part_of_the_limit),
        cmocka_unit_test(test_easy_promises_nodes),
        cmocka_unit_test(test_conservative_within_a_lease),
        cmocka_unit_test(test_elastic_jobs_start_narrow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
