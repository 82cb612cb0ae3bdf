// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/statistics.h"
#include "tests/support/test.h"

static void mean_interval_matches_a_worked_example(void **state)
{
    (void)state;
    /* Mean 3, variance 2.5, n 5; t(0.975; 4) = 2.7764451052 (tables), half width 2.7764451052 * sqrt(0.5). */
    const double values[] = {1, 2, NAN, 3, 4, 5};
    ana_interval_t found = ana_mean_interval(values, 6, 0.95);
    assert_int_equal(found.n, 5);
    assert_close(found.mean, 3, 1e-12);
    assert_close(found.variance, 2.5, 1e-12);
    assert_close(found.high - found.mean, 2.7764451052 * sqrt(0.5), 1e-9);
    assert_close(found.mean - found.low, found.high - found.mean, 1e-12);
}

static void mean_interval_of_few_values_is_missing(void **state)
{
    (void)state;
    const double one[] = {NAN, 7};
    ana_interval_t found = ana_mean_interval(one, 2, 0.95);
    assert_int_equal(found.n, 1);
    assert_close(found.mean, 7, 0);
    assert_true(isnan(found.low) && isnan(found.high) && isnan(found.variance));
    found = ana_mean_interval(one, 1, 0.95);
    assert_int_equal(found.n, 0);
    assert_true(isnan(found.mean));
}

static void variance_keeps_its_digits_far_from_zero(void **state)
{
    (void)state;
    const double values[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};
    assert_close(ana_mean_interval(values, 3, 0.95).variance, 1, 1e-6);
}

static void quantiles_follow_type_7(void **state)
{
    (void)state;
    double values[] = {9, NAN, 1, 5, 3, 7};
    size_t n = ana_sort_present(values, 6);
    assert_int_equal(n, 5);
    assert_close(ana_quantile_sorted(values, n, 0), 1, 0);
    assert_close(ana_quantile_sorted(values, n, 0.5), 5, 0);
    assert_close(ana_quantile_sorted(values, n, 1), 9, 0);
    /* Type 7: place 0.05 * 4 = 0.2 between 1 and 3. */
    assert_close(ana_quantile_sorted(values, n, 0.05), 1.4, 1e-12);
    assert_true(isnan(ana_quantile_sorted(values, 0, 0.5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_interval_matches_a_worked_example),
        cmocka_unit_test(mean_interval_of_few_values_is_missing),
        cmocka_unit_test(variance_keeps_its_digits_far_from_zero),
        cmocka_unit_test(quantiles_follow_type_7),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
