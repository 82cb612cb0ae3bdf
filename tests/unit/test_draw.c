// SPDX-License-Identifier: GPL-3.0-or-later
/* Draws: ranges, edge parameters, blocks equal to single draws, and the bits themselves. Distributions are tested in
 * tests/property/test_draw_distributions.c. */
#include "sim/draw.h"
#include "sim/hash.h"
#include "tests/support/test.h"

#include <math.h>

enum { N = 3000 };

static sim_rng_t at(uint64_t event)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 42, 0, 0, 0, event);
    return rng;
}

/* A generator that hands out the given word first. */
static sim_rng_t starting_with(uint64_t word)
{
    sim_rng_t rng = at(0);
    rng.block[SIM_RNG_WORDS - 1] = word;
    rng.used = SIM_RNG_WORDS - 1;
    return rng;
}

static void test_uniform_ends(void **state)
{
    (void)state;
    sim_rng_t low = starting_with(0);
    sim_rng_t high = starting_with(UINT64_MAX);
    assert_true(sim_draw_uniform(&low) == 0);
    assert_true(sim_draw_uniform(&high) == 1 - 0x1p-53);
    low = starting_with(0);
    high = starting_with(UINT64_MAX);
    double smallest = sim_draw_uniform_open(&low);
    assert_true(smallest > 0 && sim_draw_uniform_open(&high) == 1 - smallest);
}

static void test_below_stays_below(void **state)
{
    (void)state;
    static const uint64_t bounds[] = {1, 2, 3, 1000, (UINT64_C(1) << 63) + 1, UINT64_MAX};
    sim_rng_t rng = at(1);
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++)
        for (int i = 0; i < N; i++)
            assert_true(sim_draw_below(&rng, bounds[b]) < bounds[b]);
}

static void test_bernoulli_is_clamped_and_takes_one_word(void **state)
{
    (void)state;
    sim_rng_t rng = at(2);
    for (int i = 0; i < N; i++) {
        assert_false(sim_draw_bernoulli(&rng, 0));
        assert_false(sim_draw_bernoulli(&rng, -3));
        assert_true(sim_draw_bernoulli(&rng, 1));
        assert_true(sim_draw_bernoulli(&rng, 7));
    }
    sim_rng_t words = at(2);
    for (int i = 0; i < 4 * N; i++)
        (void)sim_rng_u64(&words);
    assert_int_equal(sim_rng_u64(&rng), sim_rng_u64(&words));
}

static void test_degenerate_parameters(void **state)
{
    (void)state;
    sim_rng_t rng = at(3);
    for (int i = 0; i < N; i++) {
        assert_true(sim_draw_exponential(&rng, 0) == 0);
        assert_true(sim_draw_normal(&rng, 5, 0) == 5);
        assert_true(sim_draw_gamma(&rng, 2, 0) == 0);
        assert_int_equal(sim_draw_poisson(&rng, 0), 0);
        assert_int_equal(sim_draw_binomial(&rng, 0, 0.3), 0);
        assert_int_equal(sim_draw_binomial(&rng, 10, 0), 0);
        assert_int_equal(sim_draw_binomial(&rng, 10, 1), 10);
        assert_int_equal(sim_draw_binomial(&rng, UINT64_C(1) << 53, 1), UINT64_C(1) << 53);
        assert_true(sim_draw_binomial(&rng, 25, 0.5) <= 25);
        assert_true(sim_draw_pareto(&rng, 3, 2) >= 2);
        assert_true(sim_draw_gamma(&rng, 0.001, 1) >= 0);
    }
}

/* The greatest uniform leaves the searches by their bound, near the mean and not at some far end. */
static void test_searches_end(void **state)
{
    (void)state;
    for (int i = 1; i < 100; i++) {
        sim_rng_t rng = starting_with(UINT64_MAX);
        double mean = i / 10.0;
        assert_true(sim_draw_poisson(&rng, mean) < 70);
        rng = starting_with(UINT64_MAX);
        assert_true(sim_draw_binomial(&rng, 1000000, mean / 1000000) < 70);
    }
}

static void test_categorical_never_draws_weight_zero(void **state)
{
    (void)state;
    static const double weights[] = {0, 1e-300, 0, 3, 0, 1, 0};
    sim_rng_t rng = at(4);
    for (int i = 0; i < N; i++) {
        size_t drawn = sim_draw_categorical(&rng, weights, 7);
        assert_true(weights[drawn] > 0);
    }
    sim_rng_t last = starting_with(UINT64_MAX);
    assert_int_equal(sim_draw_categorical(&last, weights, 7), 5);
    sim_rng_t first = starting_with(0);
    assert_int_equal(sim_draw_categorical(&first, weights, 7), 1);
}

typedef void (*fill_t)(sim_rng_t *rng, double *out, size_t n);
typedef double (*single_t)(sim_rng_t *rng);

static void fill_exponential(sim_rng_t *rng, double *out, size_t n)
{
    sim_fill_exponential(rng, 3.5, out, n);
}
static double single_exponential(sim_rng_t *rng)
{
    return sim_draw_exponential(rng, 3.5);
}
static void fill_normal(sim_rng_t *rng, double *out, size_t n)
{
    sim_fill_normal(rng, -1, 2, out, n);
}
static double single_normal(sim_rng_t *rng)
{
    return sim_draw_normal(rng, -1, 2);
}

static void fill_lognormal(sim_rng_t *rng, double *out, size_t n)
{
    sim_fill_lognormal(rng, -0.125, 0.5, out, n);
}
static double single_lognormal(sim_rng_t *rng)
{
    return sim_draw_lognormal(rng, -0.125, 0.5);
}

/* Blocks of every length up to some beyond the internal batch, starting in the middle of a Philox block. */
static void check_fill(fill_t fill, single_t single)
{
    static double filled[700];
    for (size_t n = 0; n < 700; n += 1 + n / 8) {
        sim_rng_t rng = at(1000 + n);
        for (size_t i = 0; i < n % 4; i++)
            sim_rng_u64(&rng);
        sim_rng_t twin = rng;
        fill(&rng, filled, n);
        for (size_t i = 0; i < n; i++)
            assert_true(filled[i] == single(&twin));
        assert_int_equal(sim_rng_u64(&rng), sim_rng_u64(&twin));
    }
}

static void test_fills_equal_single_draws(void **state)
{
    (void)state;
    for (int repeat = 0; repeat < 20; repeat++) {
        check_fill(sim_fill_uniform, sim_draw_uniform);
        check_fill(fill_exponential, single_exponential);
        check_fill(fill_normal, single_normal);
        check_fill(fill_lognormal, single_lognormal);
    }
}

static uint64_t hash_double(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return sim_hash_pair(hash, bits);
}

static uint64_t hash_of_all_draws(void)
{
    uint64_t hash = 0;
    static const double weights[] = {1, 2, 3, 4};
    sim_rng_t rng = at(9);
    for (int i = 1; i <= N; i++) {
        double parameter = i * 0.01;
        hash = hash_double(hash, sim_draw_uniform(&rng));
        hash = sim_hash_pair(hash, sim_draw_below(&rng, (uint64_t)i));
        hash = hash_double(hash, sim_draw_exponential(&rng, parameter));
        hash = hash_double(hash, sim_draw_normal(&rng, 1, parameter));
        hash = hash_double(hash, sim_draw_lognormal(&rng, 0, parameter));
        hash = hash_double(hash, sim_draw_gamma(&rng, parameter, 2));
        hash = hash_double(hash, sim_draw_erlang(&rng, (unsigned)(i % 5) + 1, 2));
        hash = hash_double(hash, sim_draw_weibull(&rng, parameter, 2));
        hash = hash_double(hash, sim_draw_pareto(&rng, parameter, 2));
        hash = sim_hash_pair(hash, sim_draw_poisson(&rng, parameter * parameter));
        hash = sim_hash_pair(hash, sim_draw_binomial(&rng, (uint64_t)i, 1.0 / (1 + parameter)));
        hash = sim_hash_pair(hash, sim_draw_categorical(&rng, weights, 4));
    }
    return hash;
}

/* The same for every compiler, optimisation level and CPU; a change breaks the results of earlier versions. */
static void test_bits_are_the_recorded_ones(void **state)
{
    (void)state;
    assert_int_equal(hash_of_all_draws(), 0x73c0950495393510);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniform_ends),
        cmocka_unit_test(test_below_stays_below),
        cmocka_unit_test(test_bernoulli_is_clamped_and_takes_one_word),
        cmocka_unit_test(test_degenerate_parameters),
        cmocka_unit_test(test_searches_end),
        cmocka_unit_test(test_categorical_never_draws_weight_zero),
        cmocka_unit_test(test_fills_equal_single_draws),
        cmocka_unit_test(test_bits_are_the_recorded_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
