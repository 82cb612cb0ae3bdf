// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of a test, a simulation, a fit or the reading of a
 * series: SIM_ENOMEM, and nothing leaks. (GSL's own allocations go on as usual.) */
#include "analysis/bubbles.h"
#include "analysis/dated_column.h"
#include "analysis/lppls.h"
#include "sim/draw.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"
#include "tests/support/wrap/fail.h"

enum { N = 60 };

static void draw(double y[N])
{
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 0, 0, 0, 0);
    y[0] = 100;
    for (size_t t = 1; t < N; t++)
        y[t] = y[t - 1] + sim_draw_normal(&rng, 0, 1);
}

static void check_bubbles(ana_null_kind_t null, long least)
{
    const ana_bubbles_options_t options = {
        .critical_value = NAN, .null = null, .replications = 3, .seed = 1, .threads = 1, .control = 5};
    double y[N];
    long failed = 0;

    draw(y);
    for (;; failed++) {
        ana_bubbles_t bubbles;
        test_fail_nth(failed + 1, TEST_FAIL_ONCE);
        sim_status_t status = ana_bubbles(y, N, &options, NULL, &bubbles, NULL);
        bool any = test_fail_end();
        assert_int_equal(status, any ? SIM_ENOMEM : SIM_OK);
        ana_bubbles_free(&bubbles);
        if (!any)
            break;
    }
    assert_true(failed >= least);
}

static void test_bubbles(void **state)
{
    (void)state;
    check_bubbles(ANA_NULL_WALK, 9);
    check_bubbles(ANA_NULL_WILD, 10);
    check_bubbles(ANA_NULL_COMPOSITE, 10);
}

static void test_series(void **state)
{
    long failed = 0;

    (void)state;
    for (;; failed++) {
        mdl_source_t source = test_source("x.csv", "d,v\n2001-01-01,1\n2001-01-02,\"2\"\n", NULL);
        ana_column_t series;
        test_fail_nth(failed + 1, TEST_FAIL_ONCE);
        sim_status_t status = ana_column_read_csv(&source, "v", "d", &series, NULL);
        bool any = test_fail_end();
        assert_int_equal(status, any ? SIM_ENOMEM : SIM_OK);
        ana_column_free(&series);
        if (!any)
            break;
    }
    assert_true(failed >= 4);
}

static void test_lppls(void **state)
{
    const ana_lppls_options_t options = {.starts = 2, .seed = 1, .threads = 1};
    double day[N], y[N];
    long failed = 0;

    (void)state;
    draw(y);
    for (size_t i = 0; i < N; i++)
        day[i] = (double)i;
    for (;; failed++) {
        double share;
        test_fail_nth(failed + 1, TEST_FAIL_ONCE);
        sim_status_t status = ana_lppls_confidence(day, y, N, &options, &share, NULL);
        bool any = test_fail_end();
        assert_int_equal(status, any ? SIM_ENOMEM : SIM_OK);
        if (!any)
            break;
    }
    assert_true(failed >= (long)options.starts * ANA_LPPLS_WINDOWS); /* each start in each window asks for memory */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bubbles),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_lppls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
