// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of a generated trace: each time SIM_ENOMEM, an empty
 * trace, and nothing left behind (the address sanitizer looks). */
#include "models/workload/generator.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

static void test_out_of_memory(void **state)
{
    (void)state;
    const mdl_generator_request_t request = {.profile = "acme-seren", .jobs = 5000};
    long n = 1;
    for (;; n++) {
        mdl_trace_t trace;
        sim_error_t err = {0};
        test_fail_nth(n, TEST_FAIL_ONCE);
        sim_status_t status = mdl_generator_fill(&request, &trace, &err);
        if (!test_fail_end()) {
            assert_int_equal(status, SIM_OK);
            assert_int_equal(trace.n, 5000);
            mdl_trace_free(&trace);
            break;
        }
        assert_int_equal(status, SIM_ENOMEM);
        assert_true(trace.jobs == NULL && trace.tenants == NULL && trace.n == 0 && trace.n_tenants == 0);
        assert_non_null(strstr(err.message, "generator: no memory for"));
    }
    assert_true(n >= 5); /* the jobs' block, twice as large each time, and the names */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_out_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
