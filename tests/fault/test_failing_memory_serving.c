// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at each allocation of a serving replay and its summary: SIM_ENOMEM, and nothing is left behind. */
#include "models/replay/serving.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

static sim_status_t replay_and_summarise(mdl_serving_summary_t *summary, sim_error_t *err)
{
    mdl_request_t few[] = {{0, 10, 5}, {1000, 10, 5}, {2000, 10, 5}};
    mdl_requests_t requests = {.requests = few, .n = 3};
    mdl_serving_spec_t spec = {.prompt_ns = 50000, .token_ns = 1000000, .slots = 1, .replicas = 1};
    mdl_serving_t served;
    sim_status_t status = mdl_serving_replay(&requests, &spec, &served, err);

    if (status < 0)
        assert_true(served.served == NULL && served.n == 0);
    else
        status = mdl_serving_summarise(&requests, &served, 0, summary, err);
    mdl_serving_free(&served);
    return status;
}

static void test_every_allocation_fails_once(void **state)
{
    mdl_serving_summary_t summary;
    long n = 1;

    (void)state;
    for (;; n++) {
        sim_error_t err = {0};
        test_fail_nth(n, TEST_FAIL_ONCE);
        sim_status_t status = replay_and_summarise(&summary, &err);
        if (!test_fail_end())
            break;
        assert_int_equal(status, SIM_ENOMEM);
        assert_non_null(strstr(err.message, "no memory"));
    }
    assert_true(n > 3); /* three of the replay's, one of the summary's */
    assert_close(summary.attainment, 1.0 / 3, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation_fails_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
