// SPDX-License-Identifier: GPL-3.0-or-later
/* sim/math.h: accuracy against extended precision, special values, and the bits themselves. */
#include "sim/hash.h"
#include "sim/math.h"
#include "sim/rng.h"
#include "tests/support/test.h"

#include <math.h>

typedef struct function {
    const char *name;
    double (*ours)(double);
    long double (*exact)(long double);
    double low;
    double high;
} function_t;

static long double logistic_exact(long double x)
{
    return 1 / (1 + expl(-x));
}

static const function_t functions[] = {
    {"exp", sim_exp, expl, -700, 700},
    {"expm1", sim_expm1, expm1l, -40, 40},
    {"log", sim_log, logl, 1e-300, 1e6},
    {"log near 1", sim_log, logl, 0.9, 1.1},
    {"log1p", sim_log1p, log1pl, -0.999, 10},
    {"log1p near 0", sim_log1p, log1pl, -1e-6, 1e-6},
    {"logistic", sim_logistic, logistic_exact, -50, 50},
};

static double random_between(sim_rng_t *rng, double low, double high)
{
    return low + (high - low) * ((double)(sim_rng_u64(rng) >> 11) * 0x1p-53);
}

static double relative_error_ulp(double found, long double exact)
{
    return (double)fabsl((found - exact) / exact) * 0x1p52;
}

/* 1.0 ulp is at most 2 units of 2^-53 relative; the logistic adds three roundings. */
static void test_accuracy(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 0, 0, 0, 0);
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++)
        for (int i = 0; i < 20000; i++) {
            double x = random_between(&rng, functions[f].low, functions[f].high);
            double limit = functions[f].ours == sim_logistic ? 3 : 1.01;
            assert_true(relative_error_ulp(functions[f].ours(x), functions[f].exact(x)) <= limit);
        }
    for (int i = 0; i < 20000; i++) {
        double x = random_between(&rng, 0, 1000);
        double y = random_between(&rng, -50, 50);
        assert_true(relative_error_ulp(sim_pow(x, y), powl(x, y)) <= 1.01);
    }
}

static void test_special_values(void **state)
{
    (void)state;
    assert_true(sim_exp(0) == 1 && sim_exp(1000) == INFINITY && sim_exp(-1000) == 0);
    assert_true(sim_log(1) == 0 && sim_log(0) == -INFINITY && isnan(sim_log(-1)));
    assert_true(sim_log1p(-1) == -INFINITY && sim_expm1(-INFINITY) == -1);
    assert_true(sim_pow(2, 10) == 1024 && sim_pow(0, 0) == 1 && sim_pow(2, -2000) == 0 && sim_pow(-2, 3) == -8);
    assert_true(isnan(sim_exp(NAN)) && isnan(sim_log(NAN)) && isnan(sim_pow(NAN, 1)));
    assert_true(sim_logistic(0) == 0.5 && sim_logistic(800) == 1 && sim_logistic(-800) == 0);
    assert_true(sim_logistic(-700) > 0);
    for (double x = -40; x <= 40; x += 0.37)
        assert_true(sim_logistic_of(x, sim_exp(-fabs(x))) ==
                    (x >= 0 ? 1 / (1 + sim_exp(-x)) : sim_exp(x) / (1 + sim_exp(x))));
}

/* Two at a time the bits are those of one: of numbers as models have them, of any 64 bits at all (infinities, NaNs and
 * subnormals among them), and of every number around the ends of the range. */
static void check_exp_each(const double *x, size_t n)
{
    double each[64];
    memcpy(each, x, n * sizeof *x);
    sim_exp_each(each, n);
    for (size_t i = 0; i < n; i++) {
        double alone = sim_exp(x[i]);
        assert_memory_equal(&each[i], &alone, sizeof alone);
    }
}

static void test_exp_of_several_is_exp_of_each(void **state)
{
    (void)state;
    enum { N = 63 };
    double x[N];
    uint64_t words[N];
    sim_rng_t rng;
    sim_rng_at(&rng, 3, 0, 0, 0, 0);
    static const double ends[] = {0,    -0.0, 1e-300, 709.782712893384, -708.3964185322641, -745.1332191019411,
                                  1000, -1000};
    for (int repeat = 0; repeat < 20000; repeat++) {
        size_t n = (size_t)(repeat % (N + 1));
        for (size_t i = 0; i < n; i++)
            x[i] = random_between(&rng, -4, 4);
        check_exp_each(x, n);
        for (size_t i = 0; i < n; i++)
            x[i] = random_between(&rng, -760, 760);
        check_exp_each(x, n);
        sim_rng_fill(&rng, words, n);
        memcpy(x, words, n * sizeof *x);
        check_exp_each(x, n);
        double end = ends[repeat % 8];
        for (size_t i = 0; i < n; i++, end = nextafter(end, repeat % 16 < 8 ? INFINITY : -INFINITY))
            x[i] = end;
        check_exp_each(x, n);
    }
}

static void test_rounding_to_integers(void **state)
{
    (void)state;
    static const double values[] = {0,
                                    0.5,
                                    -0.5,
                                    1,
                                    -1,
                                    1.5,
                                    -1.5,
                                    2.5,
                                    0.49999999999999994,
                                    -0.49999999999999994,
                                    1e15,
                                    -1e15,
                                    0.1,
                                    -0.1,
                                    4503599627370495.5,
                                    -4503599627370495.5,
                                    9e18,
                                    -9e18};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(sim_floor_i64(values[i]), (int64_t)floor(values[i]));
        assert_int_equal(sim_ceil_i64(values[i]), (int64_t)ceil(values[i]));
        assert_int_equal(sim_round_i64(values[i]), (int64_t)round(values[i]));
    }
}

/* At every half and its neighbours, for all magnitudes at which there are halves and beyond. */
static void test_rounding_at_halves(void **state)
{
    (void)state;
    for (int power = -2; power < 63; power++) {
        const double half = floor(ldexp(1, power)) + 0.5;
        const double near[] = {nextafter(half, 0), half, nextafter(half, INFINITY)};
        for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
            assert_int_equal(sim_round_i64(near[i]), (int64_t)round(near[i]));
            assert_int_equal(sim_round_i64(-near[i]), (int64_t)round(-near[i]));
        }
    }
}

/* One number for the bits of all functions over a grid: the same for every compiler, optimisation level and CPU, so a
 * change means that results of earlier versions can't be reproduced. */
static void test_bits_are_the_recorded_ones(void **state)
{
    (void)state;
    uint64_t hash = 0;
    sim_rng_t rng;
    sim_rng_at(&rng, 2, 0, 0, 0, 0);
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++)
        for (int i = 0; i < 10000; i++) {
            double y = functions[f].ours(random_between(&rng, functions[f].low, functions[f].high));
            uint64_t bits;
            memcpy(&bits, &y, sizeof bits);
            hash = sim_hash_pair(hash, bits);
        }
    assert_int_equal(hash, 0x755102f5aae36933);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy),
        cmocka_unit_test(test_special_values),
        cmocka_unit_test(test_exp_of_several_is_exp_of_each),
        cmocka_unit_test(test_rounding_to_integers),
        cmocka_unit_test(test_rounding_at_halves),
        cmocka_unit_test(test_bits_are_the_recorded_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
