// SPDX-License-Identifier: GPL-3.0-or-later
/* Metrics of a replay, worked out by hand. */
#include "models/replay/metrics.h"
#include "tests/support/test.h"

static mdl_replay_metrics_t measure(const mdl_replay_result_t *result)
{
    mdl_replay_metrics_t metrics;

    assert_int_equal(mdl_replay_measure(result, &metrics, NULL), SIM_OK);
    return metrics;
}

static void test_nothing_gives_zeros(void **state)
{
    mdl_replay_result_t result = {.gpus = 8, .refused = 3};

    (void)state;
    mdl_replay_metrics_t m = measure(&result);
    assert_int_equal(m.jobs, 0);
    assert_int_equal(m.refused, 3);
    assert_true(m.makespan_s == 0 && m.jct.mean_s == 0 && m.wait.p99_s == 0 && m.gpu_utilisation == 0);
    mdl_replay_free(&result);
}

/* Three jobs on 4 GPUs. The third was preempted: it held GPUs for 25 of its 40 s, 5 of them overhead. */
static void test_small_result(void **state)
{
    mdl_replay_job_t jobs[] = {
        {.submit_s = 110, .start_s = 110, .end_s = 112, .run_s = 2, .gpus = 1},  /* slowdown 1: below 10 s */
        {.submit_s = 100, .start_s = 120, .end_s = 140, .run_s = 20, .gpus = 4}, /* slowdown 2 */
        {.submit_s = 105, .start_s = 110, .end_s = 145, .run_s = 20, .gpus = 2, .stops = 2, .held_s = 25, .wait_s = 15},
    };
    mdl_replay_result_t result = {.jobs = jobs,
                                  .n = 3,
                                  .gpus = 4,
                                  .busy_gpu_s = 90,
                                  .allocated_gpu_s = 135,
                                  .blocked_gpu_s = {[MDL_BLOCKED_COUNT] = 30, [MDL_BLOCKED_DOMAIN] = 10}};

    (void)state;
    mdl_replay_metrics_t m = measure(&result);
    assert_int_equal(m.jobs, 3);
    assert_int_equal(m.stops, 2);
    assert_close(m.makespan_s, 45, 0);
    assert_close(m.jct.mean_s, (2 + 40 + 40) / 3., 1e-12);
    assert_close(m.jct.median_s, 40, 0);
    assert_close(m.wait.mean_s, (0 + 20 + 15) / 3., 1e-12);
    assert_close(m.wait.median_s, 15, 0);
    assert_close(m.wait.p90_s, 20, 0);
    assert_close(m.mean_bounded_slowdown, (1 + 2 + 2) / 3., 1e-12);
    assert_close(m.gpu_utilisation, 0.5, 1e-12);
    assert_close(m.gpu_allocation, 0.75, 1e-12);
    assert_close(m.blocked_share[MDL_BLOCKED_COUNT], 0.75, 1e-12);
    assert_close(m.blocked_share[MDL_BLOCKED_DOMAIN], 0.25, 1e-12);
    assert_close(m.blocked_share[MDL_BLOCKED_QUOTA], 0, 0);
}

/* sorted[int(p n)], whatever the order in which the jobs come. */
static void test_quantiles_are_order_statistics(void **state)
{
    enum { N = 200 };
    mdl_replay_job_t jobs[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        jobs[i] = (mdl_replay_job_t){.start_s = 1, .end_s = 1 + (double)(i * 77 % N), .gpus = 1};
    mdl_replay_metrics_t m = measure(&(mdl_replay_result_t){.jobs = jobs, .n = N, .gpus = 1});
    assert_close(m.jct.median_s, 101, 0);
    assert_close(m.jct.p90_s, 181, 0);
    assert_close(m.jct.p99_s, 199, 0);
    assert_close(m.wait.p99_s, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_gives_zeros),
        cmocka_unit_test(test_small_result),
        cmocka_unit_test(test_quantiles_are_order_statistics),
    };
    return cmocka_run_group_tests_name("unit.replay_metrics", tests, NULL, NULL);
}
