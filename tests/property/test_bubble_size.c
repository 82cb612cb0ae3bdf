// SPDX-License-Identifier: GPL-3.0-or-later
/* How often the tests reject when there is no bubble: at their nominal size on random walks; and where volatility rises
 * half-way, the wild bootstrap keeps closer to it than critical values of homoskedastic walks do. And when there is
 * one, they find it.
 *
 * Seeds are fixed. Rejections of 2,000 walks at 5 % have a standard deviation of 9.7, the critical value from 10,000
 * simulations adds 4.4: bounds at 4 standard deviations fail 1 of 16,000 seeds. */
#include "analysis/bubbles.h"
#include "sim/draw.h"
#include "tests/support/limit.h"
#include "tests/support/test.h"

enum { N = 100, SIMULATIONS_A_WALK = 5 };

/* A walk; `jump` is the factor of its steps in the second half, `rho` its root between observations 50 and 70. */
static void draw_walk(double y[N], double jump, double rho, uint64_t number)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 4711, number, 0, 1, 0);
    y[0] = 100;
    for (size_t t = 1; t < N; t++)
        y[t] = (t >= 50 && t < 70 ? rho : 1) * y[t - 1] + sim_draw_normal(&rng, 0, t < N / 2 ? 1 : jump);
}

/* Rejections at the 90, 95 and 99 % critical values. */
typedef struct counts {
    size_t adf[ANA_LEVELS], sadf[ANA_LEVELS], gsadf[ANA_LEVELS];
} counts_t;

static void count_rejections(const double y[N], const ana_critical_plan_t *plan, const ana_critical_t *critical,
                             counts_t *counts)
{
    ana_gsadf_t test;
    assert_int_equal(ana_gsadf(y, N, plan->lag, plan->min_rows, &test, NULL), SIM_OK);
    for (int i = 0; i < ANA_LEVELS; i++) {
        counts->adf[i] += test.adf > critical->adf[i];
        counts->sadf[i] += test.sadf > critical->sadf[i];
        counts->gsadf[i] += test.gsadf > critical->gsadf[i];
    }
    ana_gsadf_free(&test);
}

/* Walks with steps of standard deviation `step` reject as often as the level says, within 4 standard deviations. */
static void check_size(const char *name, const ana_critical_plan_t *plan, const ana_critical_t *critical, double step)
{
    const double levels[ANA_LEVELS] = {0.10, 0.05, 0.01};
    size_t walks = plan->replications / SIMULATIONS_A_WALK;
    counts_t counts = {{0}, {0}, {0}};
    for (uint64_t number = 0; number < walks; number++) {
        double y[N];
        draw_walk(y, 1, 1, number);
        for (size_t t = 0; t < N; t++)
            y[t] *= step;
        count_rejections(y, plan, critical, &counts);
    }
    for (int i = 0; i < ANA_LEVELS; i++) {
        double expected = levels[i] * (double)walks;
        double sd = sqrt((1 + 1.0 / SIMULATIONS_A_WALK) * expected * (1 - levels[i]));
        print_message("%s, steps of %g, at %.0f %%: ADF %zu, SADF %zu, GSADF %zu of %zu\n", name, step, 100 * levels[i],
                      counts.adf[i], counts.sadf[i], counts.gsadf[i], walks);
        if (expected < 10) // too few for a normal bound
            continue;
        assert_close((double)counts.adf[i], expected, 4 * sd);
        assert_close((double)counts.sadf[i], expected, 4 * sd);
        assert_close((double)counts.gsadf[i], expected, 4 * sd);
    }
}

/* The same for unit steps and, since bic:K depends on the unit, for large ones; critical values are of unit steps. */
static void keeps_its_size(const char *name, ana_lag_t lag, double large)
{
    const size_t walks = TEST_UNDER_SANITIZER ? 200 : 2000;
    ana_critical_plan_t plan = {
        .n = N, .lag = lag, .min_rows = ana_gsadf_min_rows(N), .seed = 1, .replications = SIMULATIONS_A_WALK * walks};
    ana_critical_t critical;
    assert_int_equal(ana_critical_values(&plan, NULL, NULL, &critical, NULL), SIM_OK);
    check_size(name, &plan, &critical, 1);
    if (large > 1)
        check_size(name, &plan, &critical, large);
    ana_critical_free(&critical);
}

static void test_nominal_size(void **state)
{
    (void)state;
    keeps_its_size("lag 0", (ana_lag_t){0, ANA_LAG_FIXED}, 1);
    keeps_its_size("lag 1", (ana_lag_t){1, ANA_LAG_FIXED}, 1);
}

/* A lag chosen window by window changes the statistic's distribution; the simulated walks choose theirs the same way. */
static void test_nominal_size_of_chosen_lags(void **state)
{
    (void)state;
    keeps_its_size("bic:2", (ana_lag_t){2, ANA_LAG_BIC}, 50);
    keeps_its_size("schwarz:2", (ana_lag_t){2, ANA_LAG_SCHWARZ}, 1);
    keeps_its_size("bic:6", (ana_lag_t){6, ANA_LAG_BIC}, 1);
    keeps_its_size("schwarz:6", (ana_lag_t){6, ANA_LAG_SCHWARZ}, 1);
}

static double share_rejecting(ana_null_kind_t null, double jump, double rho, size_t series, size_t replications)
{
    ana_bubbles_options_t options = {
        .critical_value = NAN, .null = null, .replications = replications, .seed = 1, .min_duration = 1, .control = 24};
    size_t rejecting = 0;
    for (uint64_t number = 0; number < series; number++) {
        double y[N];
        ana_bubbles_t bubbles;
        draw_walk(y, jump, rho, 10000 + number);
        assert_int_equal(ana_bubbles(y, N, &options, NULL, &bubbles, NULL), SIM_OK);
        rejecting += bubbles.rejects;
        ana_bubbles_free(&bubbles);
    }
    return (double)rejecting / (double)series;
}

/* Steps eight times as large in the second half. With 200 series a share of 5 % has a standard error of 1.5 %. */
static void test_wild_bootstrap_under_changing_volatility(void **state)
{
    const size_t series = TEST_UNDER_SANITIZER ? 40 : 200;

    (void)state;
    double walk = share_rejecting(ANA_NULL_WALK, 8, 1, series, 199),
           wild = share_rejecting(ANA_NULL_WILD, 8, 1, series, 199);
    print_message("steps x 8 half-way: walk %.3f, wild %.3f reject at 5 %%\n", walk, wild);
    assert_true(walk > 0.25);
    assert_true(wild < 0.5 * walk);
    if (series >= 200)
        assert_true(wild < 0.125);
}

/* A root of 1.06 for 20 observations on a level of about 100 is found almost always, and dated within it. */
static void test_power(void **state)
{
    ana_bubbles_options_t options = {.critical_value = 2, .seed = 1, .min_duration = 5};

    (void)state;
    size_t dated = 0;
    for (uint64_t number = 0; number < 50; number++) {
        double y[N];
        ana_bubbles_t bubbles;
        draw_walk(y, 1, 1.06, 50000 + number);
        assert_int_equal(ana_bubbles(y, N, &options, NULL, &bubbles, NULL), SIM_OK);
        dated += bubbles.rejects && bubbles.n_episodes > 0 && bubbles.episodes[bubbles.n_episodes - 1].start >= 40 &&
                 bubbles.episodes[bubbles.n_episodes - 1].start <= 60;
        ana_bubbles_free(&bubbles);
    }
    print_message("root 1.06: %zu of 50 dated\n", dated);
    assert_true(dated >= 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nominal_size),
        cmocka_unit_test(test_nominal_size_of_chosen_lags),
        cmocka_unit_test(test_wild_bootstrap_under_changing_volatility),
        cmocka_unit_test(test_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
