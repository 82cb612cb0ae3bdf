// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of a packing replay: SIM_ENOMEM, and nothing leaks or
 * is left in the result. */
#include "models/replay/packing.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

static void test_every_allocation(void **state)
{
    mdl_openb_node_t nodes[2] = {{.name = "a", .cpu_milli = 9, .memory_mib = 9, .gpus = 8},
                                 {.name = "b", .cpu_milli = 9, .memory_mib = 9, .gpus = 8}};
    mdl_openb_pod_t pods[2] = {{.name = "p", .gpus = 1, .gpu_milli = 10}, {.name = "q", .gpus = 1, .gpu_milli = 20}};
    const mdl_openb_t trace = {.nodes = nodes, .n_nodes = 2, .pods = pods, .n_pods = 2};
    const mdl_packing_options_t options = {.rule = MDL_RULE_FGD, .seed = 1, .inflate = 1.3};
    long failed = 0;

    (void)state;
    for (;; failed++) {
        mdl_packing_result_t result;
        sim_error_t err = {0};
        test_fail_nth(failed + 1, TEST_FAIL_ONCE);
        sim_status_t status = mdl_packing_run(&trace, &options, &result, &err);
        bool any = test_fail_end();
        assert_int_equal(status, any ? SIM_ENOMEM : SIM_OK);
        assert_int_equal(result.pods == NULL, any);
        mdl_packing_free(&result);
        if (!any)
            break;
    }
    assert_true(failed >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
