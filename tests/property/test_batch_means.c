// SPDX-License-Identifier: GPL-3.0-or-later
/* Batch means: exact bookkeeping, and intervals that cover the mean as often as they say.
 *
 * Seed 5. Coverage is a binomial count over 2,000 runs; it is compared with its nominal level at 4.9 standard errors,
 * a false alarm of 1e-6 per comparison where the batches are independent. */
#include "sim/batch_means.h"
#include "sim/draw.h"
#include "sim/student.h"
#include "tests/support/test.h"

#include <math.h>

enum { RUNS = 2000 };

static sim_rng_t generator(uint64_t event)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 5, 0, 0, 0, event * 100000);
    return rng;
}

/* The batches are those that cutting the sequence into pieces of the final size gives. */
static void test_batches_partition_the_sequence(void **state)
{
    (void)state;
    enum { N = 5000 };
    static double x[N];
    sim_rng_t rng = generator(1);
    sim_batches_t batches = {0};
    for (uint64_t n = 1; n <= N; n++) {
        x[n - 1] = sim_draw_normal(&rng, 3, 1);
        sim_batches_add(&batches, x[n - 1]);
        assert_true(n < 32 || batches.full >= 32);
        assert_true(batches.full < SIM_BATCHES);
        assert_int_equal(batches.full * batches.batch_size + batches.in_batch, n);
        if (n % 97 != 0)
            continue;
        for (uint64_t b = 0; b < batches.full; b++) {
            double sum = 0;
            for (uint64_t i = 0; i < batches.batch_size; i++)
                sum += x[b * batches.batch_size + i];
            assert_true(fabs(batches.means[b] - sum / (double)batches.batch_size) < 1e-12);
        }
    }
}

static void test_interval_of_known_batches(void **state)
{
    (void)state;
    sim_batches_t batches = {0};
    sim_interval_t none = sim_batches_interval(&batches, 0.95);
    assert_true(isnan(none.mean) && isnan(none.half_width) && none.batches == 0 && !none.correlated);
    for (int i = 1; i <= 4; i++)
        sim_batches_add(&batches, i);
    sim_interval_t interval = sim_batches_interval(&batches, 0.95);
    assert_true(interval.mean == 2.5);
    double expected = sim_student_quantile(0.975, 3) * sqrt(5.0 / 3 / 4);
    assert_true(fabs(interval.half_width - expected) < 1e-12);
    assert_true(fabs(interval.high - interval.low - 2 * expected) < 1e-12);
    assert_true(fabs(interval.lag1 - (1 - 3.0 / 10)) < 1e-12 && interval.correlated);
}

static void test_constant_sequence(void **state)
{
    (void)state;
    sim_batches_t batches = {0};
    for (int i = 0; i < 1000; i++)
        sim_batches_add(&batches, 7);
    sim_interval_t interval = sim_batches_interval(&batches, 0.99);
    assert_true(interval.mean == 7 && interval.half_width == 0 && !interval.correlated);
}

typedef struct coverage {
    int covered;
    int flagged;
} coverage_t;

/* Runs of an autoregressive sequence x' = phi x + e with mean 0. */
static coverage_t run_autoregressive(double phi, int length, double level)
{
    coverage_t coverage = {0, 0};
    for (uint64_t run = 0; run < RUNS; run++) {
        sim_rng_t rng = generator(1000 + run);
        sim_batches_t batches = {0};
        double x = sim_draw_normal(&rng, 0, 1 / sqrt(1 - phi * phi));
        for (int i = 0; i < length; i++) {
            x = phi * x + sim_draw_normal(&rng, 0, 1);
            sim_batches_add(&batches, x);
        }
        sim_interval_t interval = sim_batches_interval(&batches, level);
        coverage.covered += interval.low <= 0 && interval.high >= 0;
        coverage.flagged += interval.correlated;
    }
    return coverage;
}

static bool is_share(int count, double expected)
{
    return fabs((double)count / RUNS - expected) < 4.9 * sqrt(expected * (1 - expected) / RUNS);
}

static void test_coverage_of_independent_observations(void **state)
{
    (void)state;
    coverage_t c99 = run_autoregressive(0, 500, 0.99);
    coverage_t c90 = run_autoregressive(0, 500, 0.90);
    assert_true(is_share(c99.covered, 0.99));
    assert_true(is_share(c90.covered, 0.90));
    assert_true(is_share(c90.flagged, 0.05));
}

/* phi = 0.9: correlation time 19 observations. A long run has batches of 128 and covers as it should, to the
 * approximation's error of a few tenths of a percent; a short one does not, and says so. */
static void test_long_runs_cover_and_short_runs_warn(void **state)
{
    (void)state;
    coverage_t enough = run_autoregressive(0.9, 8000, 0.95);
    assert_true((double)enough.covered / RUNS > 0.90);
    coverage_t too_short = run_autoregressive(0.9, 200, 0.95);
    assert_true((double)too_short.covered / RUNS < 0.80);
    assert_true((double)too_short.flagged / RUNS > 0.90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_partition_the_sequence),
        cmocka_unit_test(test_interval_of_known_batches),
        cmocka_unit_test(test_constant_sequence),
        cmocka_unit_test(test_coverage_of_independent_observations),
        cmocka_unit_test(test_long_runs_cover_and_short_runs_warn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
