// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of screening, of both methods and of reading draws:
 * SIM_ENOMEM or the same posterior, and nothing leaks. */
#include "analysis/calibrate/abc.h"
#include "analysis/calibrate/msm.h"
#include "analysis/calibrate/screen.h"
#include "tests/support/scenario_text.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

enum { PARAMS = 2, BUDGET = 24 };

static sim_status_t simulate(void *user, const ana_batch_t *batch, sim_error_t *err)
{
    (void)user;
    (void)err;
    for (size_t i = 0; i < batch->n; i++) {
        batch->summaries[2 * i] = batch->places[PARAMS * i];
        batch->summaries[2 * i + 1] = batch->places[PARAMS * i + 1] * batch->places[PARAMS * i];
    }
    return SIM_OK;
}

static const ana_target_t targets[] = {{.low = 0.4, .high = 0.4, .scale = 0.1},
                                       {.low = 0.2, .high = 0.3, .scale = 0.1}};

static ana_problem_t problem(void)
{
    return (ana_problem_t){
        .n_params = PARAMS, .n_targets = 2, .targets = targets, .seed = 1, .n_worlds = 4, .simulate = simulate};
}

/* Mean places of what a method finds. */
static sim_status_t act(int what, double centre[PARAMS], sim_error_t *err)
{
    const double middle[PARAMS] = {0.5, 0.5};
    ana_problem_t asked = problem();
    ana_runs_t runs = {0};
    ana_posterior_t posterior = {0};
    ana_influence_t influences[PARAMS] = {{0}};
    sim_status_t status = what == 0   ? ana_screen(&asked, middle, BUDGET, 1, 2, &runs, influences, err)
                          : what == 1 ? ana_abc(&asked, BUDGET, &runs, &posterior, err)
                                      : ana_msm(&asked, middle, BUDGET, &runs, &posterior, err);
    for (size_t p = 0; p < PARAMS; p++)
        centre[p] = influences[p].correlation;
    if (status == SIM_OK && what > 0)
        ana_posterior_centre(&posterior, centre);
    ana_posterior_free(&posterior);
    ana_runs_free(&runs);
    return status;
}

static void every_allocation_of_a_method_may_fail(void **state)
{
    (void)state;
    for (int what = 0; what < 3; what++) {
        double expected[PARAMS], found[PARAMS];
        assert_int_equal(act(what, expected, NULL), SIM_OK);
        long told = 0, n = 1;
        for (bool any = true; any; n++) {
            sim_error_t err = {0};
            test_fail_nth(n, TEST_FAIL_ONCE);
            sim_status_t status = act(what, found, &err);
            any = test_fail_end();
            assert_true(status == SIM_OK || status == SIM_ENOMEM || status == SIM_EINTERNAL);
            told += status != SIM_OK;
            for (size_t p = 0; status == SIM_OK && !any && p < PARAMS; p++)
                assert_close(found[p], expected[p], 0);
        }
        print_message("method %d: %ld allocations, %ld told\n", what, n - 2, told);
        assert_true(told >= 4);
    }
}

enum { ROWS = 6000 };

/* A scenario with more rows than a piece of the reader's memory holds. */
static char *write_draws(size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    assert_non_null(out);
    fputs("extends: quick\nparameters: posterior\nposterior: \"labs.ambition,labs.runway\\n", out);
    for (int i = 0; i < ROWS; i++)
        fprintf(out, "%.4f,%d\\n", 0.0001 * i, 3 + i % 7);
    fputs("\"\n", out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void every_allocation_of_reading_draws_may_fail(void **state)
{
    (void)state;
    long told = 0, n = 1;
    size_t bytes = 0;
    char *draws = write_draws(&bytes);
    for (bool any = true; any; n++) {
        scn_scenario_t *scenario = NULL;
        sim_error_t err = {0};
        test_fail_nth(n, TEST_FAIL_ONCE);
        sim_status_t status = scn_scenario_load_text(&scenario, "x.yaml", draws, bytes, NULL, NULL, &err);
        char *resolved = status == SIM_OK ? scn_scenario_resolved(scenario) : NULL;
        any = test_fail_end();
        assert_true(status == SIM_OK || status == SIM_ENOMEM);
        told += status != SIM_OK;
        if (!any) {
            assert_int_equal(scn_scenario_drawn(scenario), 2);
            assert_non_null(strstr(resolved, "parameters: posterior"));
        }
        free(resolved);
        scn_scenario_free(scenario);
    }
    print_message("reading draws: %ld allocations\n", told);
    assert_true(told >= 4);
    free(draws);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_method_may_fail),
        cmocka_unit_test(every_allocation_of_reading_draws_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
