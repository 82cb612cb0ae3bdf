// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of reading facts, comparing them and drawing them:
 * SIM_ENOMEM, or the same picture where HDF5 reads what there was no memory to read fast; nothing leaks. */
#include "analysis/validate.h"
#include "analysis/validate_plot.h"
#include "tests/support/facts_text.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

static const char table[] =
    TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-01-15,2022-01-21", "chip_price", "noise", "mean")
        TEST_FACT("A2", "validation", "1", "2", "2022-01-15,2022-01-21", "/province/busy[province=Beijing]", "", "at")
            TEST_FACT("A3", "validation", "1", "2", "2022-01-15,2022-01-21", "nothing", "", "at");

/* The picture is the caller's; NULL without one. */
static sim_status_t act(sim_result_t *result, char **text, sim_error_t *err)
{
    ana_facts_t facts = {0};
    ana_validation_t validation = {0};
    *text = NULL;
    size_t problems = 0, bytes = 0;
    sim_status_t status = ana_facts_read(&facts, "t.csv", table, NULL, NULL, &problems, err);
    if (status == SIM_OK)
        status = ana_validate(result, "baseline", &facts, &validation, err);
    if (status == SIM_OK)
        status = ana_validate_plot(result, "baseline", &validation, text, &bytes, err);
    ana_validation_free(&validation);
    ana_facts_free(&facts);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char *folder = fake_folder_in_memory();
    const char *path = fake_path(folder, "x.h5");
    sim_store_plan_t plan = fake_plan(fake_schema_quiet(), 1, 1, 3);
    sim_store_t *store = NULL;
    sim_result_t *result = NULL;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, NULL), SIM_OK);
    assert_int_equal(fake_put_all(store, &plan, NULL), SIM_OK);
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, NULL), SIM_OK);
    sim_store_close(store);
    assert_int_equal(sim_result_open(&result, path, NULL), SIM_OK);
    char *expected, *text;
    assert_int_equal(act(result, &expected, NULL), SIM_OK);
    long failed = 0, told = 0;
    for (bool any = true; any; failed++) {
        sim_error_t err = {0};
        test_fail_nth(failed + 1, TEST_FAIL_ONCE);
        sim_status_t status = act(result, &text, &err);
        any = test_fail_end();
        assert_true(status == SIM_OK || status == SIM_ENOMEM);
        if (status == SIM_OK)
            assert_string_equal(text, expected);
        else
            assert_null(text);
        told += status == SIM_ENOMEM;
        free(text);
    }
    assert_true(told > 20);
    free(expected);
    sim_result_close(result);
    fake_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
