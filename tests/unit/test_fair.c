// SPDX-License-Identifier: GPL-3.0-or-later
/* Fair share: usage, its decay, and what follows for the order. */
#include "models/scheduler/passes.h"
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

#define LN_2 0.69314718055994530942

static void open_run(test_cluster_run_t *run, mdl_policy_t policy, uint32_t tenants)
{
    policy.order = MDL_ORDER_FAIR;
    policy.fair_weight = 1;
    test_cluster_run_open(run, &(test_cluster_setup_t){.policy = policy, .nodes = 1, .jobs = 16, .tenants = tenants});
}

static double usage(test_cluster_run_t *run, uint32_t tenant)
{
    mdl_fair_accrue(run->scheduler, tenant);
    return mdl_scheduler_tenant(run->scheduler, tenant)->usage_gpu_s;
}

static void test_usage_is_forgotten_with_its_half_life(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.fair_half_life_s = 100, .age_most_s = 1}, 1);
    (void)test_cluster_run_submit(&run, 0, 8, 200);
    test_cluster_run_to(&run, 100);
    assert_close(usage(&run, 0), 8 * 100 / LN_2 / 2, 1e-9);
    assert_close(usage(&run, 0), 8 * 100 / LN_2 / 2, 1e-9); /* to look at it changes nothing */
    test_cluster_run_to(&run, 200);
    assert_close(usage(&run, 0), 8 * 100 / LN_2 * 0.75, 1e-9);
    test_cluster_run_to(&run, 400);
    assert_close(usage(&run, 0), 8 * 100 / LN_2 * 0.75 / 4, 1e-9);
    test_cluster_run_free(&run);
}

static void test_without_half_life_nothing_is_forgotten(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.age_most_s = 1}, 1);
    (void)test_cluster_run_submit(&run, 0, 3, 200);
    test_cluster_run_to(&run, 1000);
    assert_close(usage(&run, 0), 600, 1e-9);
    test_cluster_run_free(&run);
}

/* 2^(-part of all usage / part of all shares). */
static void test_priorities(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.age_most_s = 1}, 3);
    mdl_scheduler_set_share(run.scheduler, 1, 2);
    mdl_scheduler_set_share(run.scheduler, 2, 5);
    (void)test_cluster_run_submit(&run, 0, 2, 100);
    (void)test_cluster_run_submit(&run, 1, 6, 100);
    assert_close(mdl_scheduler_tenant(run.scheduler, 0)->priority, 1, 1e-12); /* nobody has used anything */
    test_cluster_run_to(&run, 100);
    assert_close(mdl_scheduler_tenant(run.scheduler, 0)->priority, pow(2, -0.25 * 8 / 1), 1e-12);
    assert_close(mdl_scheduler_tenant(run.scheduler, 1)->priority, pow(2, -0.75 * 8 / 2), 1e-12);
    assert_close(mdl_scheduler_tenant(run.scheduler, 2)->priority, 1, 1e-12);
    test_cluster_run_free(&run);
}

/* Who has used less goes first, however late it came; with a share four times as large it may use four times as much. */
static void test_the_order_follows(void **state)
{
    (void)state;
    for (int large = 0; large < 2; large++) {
        test_cluster_run_t run;
        open_run(&run, (mdl_policy_t){.age_most_s = 1000000, .age_weight = 0.001}, 3);
        mdl_scheduler_set_share(run.scheduler, 0, large ? 4 : 1);
        (void)test_cluster_run_submit(&run, 0, 8, 300);
        test_cluster_run_to(&run, 300);
        (void)test_cluster_run_submit(&run, 1, 8, 100);
        uint32_t first = test_cluster_run_submit(&run, 0, 8, 10);
        uint32_t second = test_cluster_run_submit(&run, 1, 8, 10);
        test_cluster_run_to(&run, 400);
        assert_int_equal(mdl_scheduler_job(run.scheduler, large ? first : second)->state, MDL_JOB_RUNNING);
        assert_int_equal(mdl_scheduler_job(run.scheduler, large ? second : first)->state, MDL_JOB_QUEUED);
        test_cluster_run_verify(&run);
        test_cluster_run_free(&run);
    }
}

/* With much weight on age the order is that of arrival. */
static void test_age_counts(void **state)
{
    (void)state;
    for (int weighty = 0; weighty < 2; weighty++) {
        test_cluster_run_t run;
        open_run(&run, (mdl_policy_t){.age_most_s = 1000, .age_weight = weighty ? 100 : 0}, 2);
        (void)test_cluster_run_submit(&run, 0, 8, 500);
        test_cluster_run_to(&run, 100);
        uint32_t first = test_cluster_run_submit(&run, 0, 8, 10);
        test_cluster_run_to(&run, 200);
        uint32_t second = test_cluster_run_submit(&run, 1, 8, 10);
        test_cluster_run_to(&run, 500);
        assert_int_equal(mdl_scheduler_job(run.scheduler, weighty ? first : second)->state, MDL_JOB_RUNNING);
        test_cluster_run_free(&run);
    }
}

/* Between two computations the order stands; a tenant that has just come has used nothing. */
static void test_priorities_are_computed_now_and_then(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, (mdl_policy_t){.age_most_s = 1, .priority_every_s = 1000}, 3);
    mdl_scheduler_close_tenant(run.scheduler, 2);
    (void)test_cluster_run_submit(&run, 0, 8, 100);
    test_cluster_run_to(&run, 100);
    assert_close(mdl_scheduler_tenant(run.scheduler, 0)->priority, 1, 1e-12);
    mdl_scheduler_open_tenant(run.scheduler, 2, 8);
    assert_close(mdl_scheduler_tenant(run.scheduler, 2)->priority, 1, 1e-12);
    test_cluster_run_to(&run, 1000);
    test_cluster_run_pass(&run);
    assert_close(mdl_scheduler_tenant(run.scheduler, 0)->priority, pow(2, -3), 1e-12);
    test_cluster_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage_is_forgotten_with_its_half_life),
        cmocka_unit_test(test_without_half_life_nothing_is_forgotten),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_the_order_follows),
        cmocka_unit_test(test_age_counts),
        cmocka_unit_test(test_priorities_are_computed_now_and_then),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
