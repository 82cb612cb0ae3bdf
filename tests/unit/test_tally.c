// SPDX-License-Identifier: GPL-3.0-or-later
/* Tally, level and Student's t against direct computation and GSL. */
#include "sim/draw.h"
#include "sim/student.h"
#include "sim/tally.h"
#include "tests/support/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { N = 5000 };

static sim_rng_t generator(uint64_t event)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 77, 0, 0, 0, event);
    return rng;
}

static bool near(double found, double expected, double relative)
{
    return fabs(found - expected) <= relative * fabs(expected);
}

/* Means and variances in extended precision, for values far from zero: where the sum of squares would lose all. */
static void test_tally_equals_two_passes(void **state)
{
    (void)state;
    sim_rng_t rng = generator(1);
    double x[N];
    sim_tally_t tally = {0};
    long double sum = 0;
    for (int i = 0; i < N; i++) {
        x[i] = sim_draw_normal(&rng, 1e9, 1);
        sum += x[i];
        sim_tally_add(&tally, x[i]);
    }
    long double mean = sum / N;
    long double squares = 0;
    double min = INFINITY;
    double max = -INFINITY;
    for (int i = 0; i < N; i++) {
        squares += (x[i] - mean) * (x[i] - mean);
        min = fmin(min, x[i]);
        max = fmax(max, x[i]);
    }
    assert_int_equal(tally.count, N);
    assert_true(near(sim_tally_mean(&tally), (double)mean, 1e-13));
    assert_true(near(sim_tally_variance(&tally), (double)(squares / (N - 1)), 1e-6));
    assert_true(near(sim_tally_sd(&tally), sqrt((double)(squares / (N - 1))), 1e-6));
    assert_true(tally.min == min && tally.max == max);
}

static void test_tally_of_few(void **state)
{
    (void)state;
    sim_tally_t tally = {0};
    assert_true(isnan(sim_tally_mean(&tally)) && isnan(sim_tally_variance(&tally)) && isnan(sim_tally_sd(&tally)));
    sim_tally_add(&tally, -3);
    assert_true(sim_tally_mean(&tally) == -3 && tally.min == -3 && tally.max == -3);
    assert_true(isnan(sim_tally_variance(&tally)));
    sim_tally_add(&tally, 5);
    assert_true(sim_tally_mean(&tally) == 1 && sim_tally_variance(&tally) == 32);
}

/* Any split into parts merges to the whole. */
static void test_merge_is_concatenation(void **state)
{
    (void)state;
    sim_rng_t rng = generator(2);
    for (int repeat = 0; repeat < 200; repeat++) {
        sim_tally_t whole = {0};
        sim_tally_t parts[3] = {{0}, {0}, {0}};
        uint64_t n = sim_draw_below(&rng, 40);
        for (uint64_t i = 0; i < n; i++) {
            double x = sim_draw_normal(&rng, 100, 20);
            sim_tally_add(&whole, x);
            sim_tally_add(&parts[sim_draw_below(&rng, 3)], x);
        }
        sim_tally_merge(&parts[0], &parts[1]);
        sim_tally_merge(&parts[0], &parts[2]);
        assert_int_equal(parts[0].count, whole.count);
        if (n == 0)
            continue;
        assert_true(near(sim_tally_mean(&parts[0]), sim_tally_mean(&whole), 1e-13));
        assert_true(n < 2 || near(sim_tally_variance(&parts[0]), sim_tally_variance(&whole), 1e-10));
        assert_true(parts[0].min == whole.min && parts[0].max == whole.max);
    }
}

/* The integral is exact: second by second against a plain sum, restarts included. */
static void test_level_equals_sum_over_seconds(void **state)
{
    (void)state;
    sim_rng_t rng = generator(3);
    sim_level_t level;
    int64_t now_s = -500;
    sim_level_init(&level, now_s, 4);
    int64_t current = 4;
    int64_t sum = 0;
    int64_t start_s = now_s;
    for (int step = 0; step < N; step++) {
        for (uint64_t stay = sim_draw_below(&rng, 20); stay > 0; stay--, now_s++)
            sum += current;
        assert_true(sim_level_integral(&level, now_s) == sum);
        if (now_s > start_s)
            assert_true(near(sim_level_mean(&level, now_s), (double)sum / (double)(now_s - start_s), 1e-15));
        int64_t change = (int64_t)sim_draw_below(&rng, 11) - 5;
        current += change;
        sim_level_add(&level, now_s, change);
        assert_int_equal(level.level, current);
        if (step == N / 2) {
            sim_level_restart(&level, now_s);
            sum = 0;
            start_s = now_s;
            assert_true(sim_level_mean(&level, now_s) == (double)current);
            assert_true(level.min == current && level.max == current);
        }
    }
}

/* Past 64 bits: money at a fleet's scale over years, either sign. */
static void test_level_survives_enormous_integrals(void **state)
{
    (void)state;
    const int64_t large = INT64_C(1) << 60;
    for (int sign = -1; sign <= 1; sign += 2) {
        sim_level_t level;
        sim_level_init(&level, 0, sign * large);
        for (int64_t t = 1; t <= 1000; t++)
            sim_level_set(&level, t * 1000000, sign * large);
        assert_true(sim_level_integral(&level, 1000000000) == (sim_int128_t)sign * large * 1000000000);
        assert_true(sim_level_mean(&level, 1000000000) == sign * (double)large);
        sim_level_set(&level, 1000000000, 7);
        assert_true(level.min == (sign < 0 ? -large : 7) && level.max == (sign < 0 ? 7 : large));
    }
}

static void test_student_against_gsl(void **state)
{
    (void)state;
    static const double dfs[] = {1, 2, 3, 4, 5, 7, 10, 13.5, 31, 62, 100, 1000, 31999, 1e6};
    static const double ps[] = {0.5001, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995, 0.999999};
    for (size_t i = 0; i < sizeof dfs / sizeof dfs[0]; i++)
        for (size_t j = 0; j < sizeof ps / sizeof ps[0]; j++) {
            double t = sim_student_quantile(ps[j], dfs[i]);
            assert_true(near(t, gsl_cdf_tdist_Pinv(ps[j], dfs[i]), 1e-7));
            assert_true(near(sim_student_tail(t, dfs[i]), gsl_cdf_tdist_Q(t, dfs[i]), 1e-8));
            assert_true(near(sim_student_tail(-t, dfs[i]), gsl_cdf_tdist_Q(-t, dfs[i]), 1e-8));
            assert_true(near(sim_student_quantile(1 - ps[j], dfs[i]), -t, 1e-6));
        }
}

/* Printed in every table of the t distribution. */
static void test_student_known_values(void **state)
{
    (void)state;
    assert_true(near(sim_student_quantile(0.975, 1), 12.706204736, 1e-9));
    assert_true(near(sim_student_quantile(0.975, 10), 2.228138852, 1e-9));
    assert_true(near(sim_student_quantile(0.995, 30), 2.749995654, 1e-9));
    assert_true(sim_student_quantile(0.5, 5) < 1e-15 && sim_student_tail(0, 5) == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally_equals_two_passes),
        cmocka_unit_test(test_tally_of_few),
        cmocka_unit_test(test_merge_is_concatenation),
        cmocka_unit_test(test_level_equals_sum_over_seconds),
        cmocka_unit_test(test_level_survives_enormous_integrals),
        cmocka_unit_test(test_student_against_gsl),
        cmocka_unit_test(test_student_known_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
