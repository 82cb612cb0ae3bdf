// SPDX-License-Identifier: GPL-3.0-or-later
/* Histograms: every observation counted once and in the right bin, quantiles within one bin of the sorted sample. */
#include "sim/draw.h"
#include "sim/histogram.h"
#include "tests/support/test.h"

#include <math.h>

enum { N = 20000, BINS = 120 };

static sim_rng_t generator(uint64_t event)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 78, 0, 0, 0, event);
    return rng;
}

static sim_histogram_t *make(void)
{
    sim_histogram_t *histogram = malloc(sim_histogram_bytes(BINS));
    assert_non_null(histogram);
    return histogram;
}

static uint64_t total(const sim_histogram_t *h)
{
    uint64_t sum = h->below + h->above;
    for (uint32_t i = 0; i < h->bins; i++)
        sum += h->counts[i];
    return sum;
}

/* The bin that an observation fell into, found from the counts. */
static void check_bin(sim_histogram_t *h, double x)
{
    uint64_t below = h->below;
    uint64_t above = h->above;
    uint64_t before[BINS];
    memcpy(before, h->counts, sizeof before);
    sim_histogram_add(h, x);
    assert_int_equal(h->below - below, x < h->low);
    assert_int_equal(h->above - above, x >= h->high);
    for (uint32_t i = 0; i < h->bins; i++)
        if (h->counts[i] != before[i]) {
            double slack = 1e-12 * fabs(x);
            assert_true(x >= sim_histogram_edge(h, i) - slack && x <= sim_histogram_edge(h, i + 1) + slack);
        }
    assert_int_equal(total(h), h->count);
}

static void test_each_observation_in_its_bin(void **state)
{
    (void)state;
    sim_rng_t rng = generator(1);
    sim_histogram_t *h = make();
    for (int is_log = 0; is_log < 2; is_log++) {
        is_log ? sim_histogram_init_log(h, BINS, 0.5, 300) : sim_histogram_init_linear(h, BINS, -20, 300);
        check_bin(h, h->low);
        check_bin(h, h->high);
        check_bin(h, nextafter(h->high, 0));
        check_bin(h, nextafter(h->low, -INFINITY));
        check_bin(h, INFINITY);
        check_bin(h, -INFINITY);
        for (uint32_t i = 0; i <= BINS; i++)
            check_bin(h, sim_histogram_edge(h, i));
        for (int i = 0; i < 2000; i++)
            check_bin(h, sim_draw_normal(&rng, 100, 90));
    }
    free(h);
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_quantiles_are_within_a_bin(void **state)
{
    (void)state;
    static double x[N];
    sim_rng_t rng = generator(2);
    sim_histogram_t *linear = make();
    sim_histogram_t *log = make();
    sim_histogram_init_linear(linear, BINS, 0, 60);
    sim_histogram_init_log(log, BINS, 1e-3, 100);
    for (int i = 0; i < N; i++) {
        x[i] = sim_draw_exponential(&rng, 5);
        sim_histogram_add(linear, x[i]);
        sim_histogram_add(log, x[i]);
    }
    qsort(x, N, sizeof *x, compare_double);
    double width = 60.0 / BINS;
    double ratio = pow(1e5, 1.0 / BINS);
    for (int k = 1; k < 1000; k++) {
        double exact = x[N / 1000 * k - 1];
        assert_true(fabs(sim_histogram_quantile(linear, k / 1000.0) - exact) <= width);
        double q = sim_histogram_quantile(log, k / 1000.0);
        assert_true(q <= exact * ratio * 1.0001 && q >= exact / ratio * 0.9999);
    }
    free(linear);
    free(log);
}

static void test_quantiles_at_the_ends(void **state)
{
    (void)state;
    sim_histogram_t *h = make();
    sim_histogram_init_linear(h, BINS, 0, BINS);
    assert_true(isnan(sim_histogram_quantile(h, 0.5)));
    sim_histogram_add(h, -1);
    assert_true(sim_histogram_quantile(h, 0.5) == 0);
    sim_histogram_add(h, 10.5);
    sim_histogram_add(h, BINS + 1);
    assert_true(sim_histogram_quantile(h, 0) == 0 && sim_histogram_quantile(h, 1) == BINS);
    assert_true(sim_histogram_quantile(h, 0.5) >= 10 && sim_histogram_quantile(h, 0.5) <= 11);
    sim_histogram_init_linear(h, BINS, 0, BINS);
    sim_histogram_add(h, 10.5);
    assert_true(sim_histogram_quantile(h, 0) == 10 && sim_histogram_quantile(h, 1) == 11);
    free(h);
}

static void test_merge_adds_counts(void **state)
{
    (void)state;
    sim_rng_t rng = generator(3);
    sim_histogram_t *whole = make();
    sim_histogram_t *parts[2] = {make(), make()};
    sim_histogram_init_log(whole, BINS, 0.1, 10);
    for (int i = 0; i < 2; i++)
        sim_histogram_init_log(parts[i], BINS, 0.1, 10);
    for (int i = 0; i < 3000; i++) {
        double x = sim_draw_exponential(&rng, 3);
        sim_histogram_add(whole, x);
        sim_histogram_add(parts[i % 2], x);
    }
    sim_histogram_merge(parts[0], parts[1]);
    assert_memory_equal(parts[0], whole, sim_histogram_bytes(BINS));
    free(whole);
    free(parts[0]);
    free(parts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_observation_in_its_bin),
        cmocka_unit_test(test_quantiles_are_within_a_bin),
        cmocka_unit_test(test_quantiles_at_the_ends),
        cmocka_unit_test(test_merge_adds_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
