// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of a shared replay, its metrics and its picture: each
 * time SIM_ENOMEM, nothing handed out, nothing leaked. */
#include "analysis/allocation_plot.h"
#include "analysis/schedule_plot.h"
#include "models/replay/metrics.h"
#include "models/replay/sharing.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

enum { JOBS = 3000 };

static sim_status_t replay_and_draw(const mdl_muri_t *trace, sim_error_t *err)
{
    mdl_replay_result_t result;
    mdl_replay_metrics_t metrics;
    char *svg = NULL;
    size_t bytes = 0;
    const mdl_sharing_options_t options = {.order = MDL_SHARING_LAS, .pieces = true};
    sim_status_t status = mdl_replay_sharing(trace, 2, 4, &options, &result, err);
    assert_true((result.jobs != NULL) == (status == SIM_OK));
    if (status == SIM_OK)
        status = mdl_replay_measure(&result, &metrics, err);
    if (status == SIM_OK) {
        status = ana_schedule_plot(&result, "short of memory", NULL, &svg, &bytes, err);
        assert_true((svg != NULL) == (status == SIM_OK));
    }
    free(svg);
    mdl_replay_free(&result);
    return status;
}

static void check_all(test_fail_mode_t mode)
{
    mdl_muri_job_t *jobs = calloc(JOBS, sizeof *jobs);
    const mdl_muri_t trace = {.jobs = jobs, .n = JOBS};
    long n = 1;
    for (size_t i = 0; i < JOBS; i++)
        jobs[i] = (mdl_muri_job_t){.id = (int64_t)i,
                                   .gpus = 1 + (uint32_t)(i % 5),
                                   .submit_ms = 40000 * (double)i,
                                   .iterations = (double)(i * 7919 % 200),
                                   .iteration_ms = 300};
    for (;; n++) {
        sim_error_t err = {0};
        test_fail_nth(n, mode);
        sim_status_t status = replay_and_draw(&trace, &err);
        if (!test_fail_end()) {
            assert_int_equal(status, SIM_OK);
            break;
        }
        assert_int_equal(status, SIM_ENOMEM);
        assert_int_equal(err.code, SIM_ENOMEM);
    }
    assert_true(n > 30);
    free(jobs);
}

static void test_one_failure(void **state)
{
    (void)state;
    check_all(TEST_FAIL_ONCE);
}

static void test_failures_from_then_on(void **state)
{
    (void)state;
    check_all(TEST_FAIL_ON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_failure),
        cmocka_unit_test(test_failures_from_then_on),
    };
    return cmocka_run_group_tests_name("fault.failing_memory_replay", tests, NULL, NULL);
}
