// SPDX-License-Identifier: GPL-3.0-or-later
/* ADF, SADF and GSADF on series small enough to know the answer, series that can't be tested, and episodes. */
#include "analysis/gsadf.h"
#include "tests/support/test.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static void test_by_hand(void **state)
{
    /* Levels 0 1 3 4 and changes 1 2 1 2: centred sums xx = 10, xd = 1, dd = 1; three windows are possible at least. */
    const double y[] = {0, 1, 3, 4, 6};
    ana_gsadf_t test;
    sim_error_t err = {0};

    (void)state;
    assert_int_equal(ana_gsadf(y, LENGTH(y), (ana_lag_t){0}, 3, &test, &err), SIM_OK);
    /* beta = 0.1; residual sum 1 - 0.1 = 0.9; variance 0.9 / 2 / 10. */
    assert_close(test.adf, 0.1 / sqrt(0.045), 1e-14);
    assert_int_equal(test.first, 3);
    assert_true(isnan(test.badf[2]) && isnan(test.bsadf[2]));
    assert_close(test.badf[4], test.adf, 0);
    assert_close(test.sadf, fmax(test.badf[3], test.badf[4]), 0);
    assert_close(test.gsadf, fmax(test.bsadf[3], test.bsadf[4]), 0);
    ana_gsadf_free(&test);
}

static void test_default_window(void **state)
{
    (void)state;
    assert_int_equal(ana_gsadf_min_rows(100), 19);
    assert_int_equal(ana_gsadf_min_rows(1680), 90);
    assert_int_equal(ana_gsadf_min_rows(547), 47);
    assert_int_equal(ana_gsadf_min_rows(1), 1);
}

static void check_refused(const double *y, size_t n, ana_lag_t lag, size_t min_rows, const char *part)
{
    ana_gsadf_t test;
    sim_error_t err = {0};

    assert_int_equal(ana_gsadf(y, n, lag, min_rows, &test, &err), SIM_EINPUT);
    if (strstr(err.message, part) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, part);
    ana_gsadf_free(&test);
}

static void test_refused(void **state)
{
    const double constant[] = {7, 7, 7, 7, 7, 7, 7, 7}, missing[] = {1, 2, NAN, 2, 1, 2, 3, 1};
    const double endless[] = {1, 2, 3, 2, 1, 2, INFINITY, 1};

    (void)state;
    check_refused(constant, 8, (ana_lag_t){0}, 4, "found 8 times the value 7");
    check_refused(missing, 8, (ana_lag_t){0}, 4, "observation 3 of 8");
    check_refused(endless, 8, (ana_lag_t){0}, 4, "observation 7 of 8");
    check_refused(missing, 0, (ana_lag_t){0}, 3, "found 0 observations; expected at least 4");
    check_refused(missing, 1, (ana_lag_t){0}, 3, "found 1 observation; expected at least 4");
    check_refused(missing, 8, (ana_lag_t){0}, 8, "expected at least 9");
    check_refused(missing, 8, (ana_lag_t){.order = 2}, 6, "expected at least 9");
    check_refused(missing, 8, (ana_lag_t){.order = 2}, 4, "expected at least 5");
    check_refused(missing, 8, (ana_lag_t){2, ANA_LAG_BIC}, 6, "expected at least 7");
}

/* A stretch without change makes windows that say nothing; the others count. */
static void test_constant_stretch(void **state)
{
    double y[60];
    ana_gsadf_t test;

    (void)state;
    for (size_t t = 0; t < LENGTH(y); t++)
        y[t] = t < 40 ? 1e6 : 1e6 + (double)((t * 7919) % 13);
    for (int order = 0; order < 3; order++) {
        assert_int_equal(ana_gsadf(y, LENGTH(y), (ana_lag_t){.order = order}, 8, &test, NULL), SIM_OK);
        for (size_t t = test.first; t < 40; t++)
            assert_true(test.badf[t] == -INFINITY && test.bsadf[t] == -INFINITY);
        for (size_t t = 42 + (size_t)order; t < LENGTH(y); t++)
            assert_true(isfinite(test.badf[t]) && isfinite(test.bsadf[t]));
        assert_true(isfinite(test.gsadf));
        ana_gsadf_free(&test);
    }
}

/* A straight line has no change that varies; an exact exponential is fitted without error. */
static void test_exact_series(void **state)
{
    double line[50], growth[50];
    ana_gsadf_t test;

    (void)state;
    for (size_t t = 0; t < 50; t++) {
        line[t] = 0.1 * (double)t;
        growth[t] = pow(1.1, (double)t);
    }
    assert_int_equal(ana_gsadf(line, 50, (ana_lag_t){0}, 10, &test, NULL), SIM_OK);
    assert_true(test.gsadf == -INFINITY);
    ana_gsadf_free(&test);
    assert_int_equal(ana_gsadf(growth, 50, (ana_lag_t){0}, 10, &test, NULL), SIM_OK);
    assert_true(isfinite(test.gsadf) && test.gsadf > 1e6);
    ana_gsadf_free(&test);
}

static void test_episodes(void **state)
{
    const double sequence[] = {NAN, 2, 0, 2, 2, 2, 0, -INFINITY, 3, 3};
    const double critical[] = {1, 1, 1, 1, 2, 1, 1, 1, 1, 1};
    ana_episode_t episodes[6];

    (void)state;
    assert_int_equal(ana_episodes(sequence, critical, 10, 1, episodes), 4);
    assert_int_equal(episodes[0].start, 1);
    assert_int_equal(episodes[0].end, 1);
    assert_int_equal(episodes[1].end, 3); /* at its critical value is not above */
    assert_int_equal(episodes[2].start, 5);
    assert_int_equal(episodes[3].start, 8);
    assert_int_equal(episodes[3].end, 9);
    assert_int_equal(ana_episodes(sequence, critical, 10, 2, episodes), 1);
    assert_int_equal(episodes[0].start, 8);
    assert_int_equal(ana_episodes(sequence, critical, 10, 3, episodes), 0);
    assert_int_equal(ana_episode_log_duration(100), 5);
    assert_int_equal(ana_episode_log_duration(1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),          cmocka_unit_test(test_default_window), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_constant_stretch), cmocka_unit_test(test_exact_series),   cmocka_unit_test(test_episodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
