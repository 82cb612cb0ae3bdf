// SPDX-License-Identifier: GPL-3.0-or-later
/* The view of sim's generator through GSL gives sim's numbers. */
#include "sim/draw.h"
#include "sim/gsl_rng.h"
#include "tests/support/test.h"

#include <gsl/gsl_randist.h>
#include <math.h>

static void test_numbers_are_sims(void **state)
{
    (void)state;
    gsl_rng *view = gsl_rng_alloc(sim_gsl_rng_type());
    sim_rng_t rng;
    gsl_rng_set(view, 99);
    sim_rng_at(&rng, 99, 0, 0, 0, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(gsl_rng_get(view), sim_rng_u64(&rng));
        assert_true(gsl_rng_uniform(view) == sim_draw_uniform(&rng));
    }
    gsl_rng_free(view);
}

static void test_view_at_an_address(void **state)
{
    (void)state;
    gsl_rng *view = gsl_rng_alloc(sim_gsl_rng_type());
    assert_int_equal(gsl_rng_size(view), sizeof(sim_rng_t));
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 2, 3, 4, 5);
    sim_rng_at(gsl_rng_state(view), 1, 2, 3, 4, 5);
    gsl_rng *copy = gsl_rng_clone(view);
    uint64_t first = sim_rng_u64(&rng);
    assert_int_equal(gsl_rng_get(view), first);
    assert_int_equal(gsl_rng_get(copy), first);
    gsl_rng_free(copy);
    gsl_rng_free(view);
}

/* Mean of 100,000 standard normal draws by GSL's own sampler: beyond 4.9 standard errors with probability 1e-6. */
static void test_feeds_gsl_samplers(void **state)
{
    (void)state;
    enum { N = 100000 };
    gsl_rng *view = gsl_rng_alloc(sim_gsl_rng_type());
    gsl_rng_set(view, 7);
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += gsl_ran_gaussian_ziggurat(view, 1);
    assert_true(fabs(sum / sqrt(N)) < 4.9);
    for (int i = 0; i < 1000; i++)
        assert_true(gsl_rng_uniform_int(view, 10) < 10);
    gsl_rng_free(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_sims),
        cmocka_unit_test(test_view_at_an_address),
        cmocka_unit_test(test_feeds_gsl_samplers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
