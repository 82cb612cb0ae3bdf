// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of everything that is done with a store or a result
 * (tests/support/wrap/store_trials.h says what must hold). Once only, and for good. */
#include "tests/support/test.h"
#include "tests/support/wrap/store_trials.h"

static const sim_status_t allowed[] = {SIM_ENOMEM};

static void one_allocation_fails(void **state)
{
    (void)state;
    for (int i = 0; i < test_store_n_trials; i++)
        assert_true(test_trial_run(&test_store_trials[i], TEST_FAIL_ONCE, allowed, 1, 32) >= 20);
}

static void memory_stays_used_up(void **state)
{
    (void)state;
    for (int i = 0; i < test_store_n_trials; i++)
        assert_true(test_trial_run(&test_store_trials[i], TEST_FAIL_ON, allowed, 1, 32) >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_fails),
        cmocka_unit_test(memory_stays_used_up),
    };
    return cmocka_run_group_tests(tests, test_trials_open, test_trials_close);
}
