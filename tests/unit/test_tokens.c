// SPDX-License-Identifier: GPL-3.0-or-later
/* Tokens: price follows cost with a lag, wars and efficient releases, the demand curve, bills. */
#include "tests/support/test.h"

#include "models/market/tokens.h"

#include <math.h>

#define RENT_FEN INT64_C(10000000)

static mdl_tokens_t fresh(mdl_params_t *params)
{
    mdl_params_init(params);
    params->tokens_throughput_growth = 0.0;
    mdl_tokens_t tokens;
    mdl_tokens_init(&tokens, params);
    return tokens;
}

static void run(mdl_tokens_t *tokens, const mdl_params_t *params, int days, int64_t rent_fen)
{
    for (int day = 0; day < days; day++)
        mdl_tokens_step(tokens, params, rent_fen);
}

static void assert_near(double got, double expected, double relative)
{
    if (!(fabs(got - expected) <= relative * fabs(expected)))
        fail_msg("%.17g, expected %.17g", got, expected);
}

static void test_starts_at_the_listed_price(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    assert_near((double)mdl_tokens_price(&tokens), 120.0 * 100.0 * 1000.0, 1e-9); /* 120 yuan a million: F25 */
}

/* One node-month at load serves so many tokens; its rent is their cost. */
static void test_cost_is_rent_over_what_is_served(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    double served = params.tokens_throughput_start * 8 * 24 * (365.25 / 12) * params.tokens_load;
    assert_near(mdl_tokens_cost(&tokens, &params, RENT_FEN), (double)RENT_FEN / (served / 1e9), 1e-12);
    assert_near(mdl_tokens_cost(&tokens, &params, 2 * RENT_FEN), 2 * mdl_tokens_cost(&tokens, &params, RENT_FEN),
                1e-12);
    assert_true(mdl_tokens_cost(&tokens, &params, 0) == 0.0);
}

static void test_price_closes_on_cost_times_margin(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    double target = log(mdl_tokens_cost(&tokens, &params, RENT_FEN) * params.tokens_margin);
    double gap = tokens.log_price - target;
    run(&tokens, &params, 45, RENT_FEN);
    double left = exp(-45.0 * 86400.0 / (double)params.tokens_price_lag_s);
    assert_true(fabs(tokens.log_price - target - gap * left) < 1e-9);
    run(&tokens, &params, 2000, RENT_FEN);
    assert_near((double)mdl_tokens_price(&tokens), exp(target), 1e-4);
}

static void test_an_unknown_rent_leaves_the_price(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    int64_t before = mdl_tokens_price(&tokens);
    run(&tokens, &params, 100, 0);
    assert_int_equal(mdl_tokens_price(&tokens), before);
}

static void test_a_price_war_and_its_end(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    params.tokens_margin_recovery = 0.0;
    run(&tokens, &params, 2000, RENT_FEN);
    double peace = (double)mdl_tokens_price(&tokens);
    mdl_tokens_price_war(&tokens, 0.03); /* F27: -97 % */
    mdl_tokens_price_war(&tokens, 0.0);
    run(&tokens, &params, 2000, RENT_FEN);
    assert_near((double)mdl_tokens_price(&tokens), 0.03 * peace, 1e-3);
    params.tokens_margin_recovery = 2.0;
    run(&tokens, &params, 4000, RENT_FEN);
    assert_near((double)mdl_tokens_price(&tokens), peace, 1e-3);
}

static void test_an_efficient_release_cuts_cost(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    double cost = mdl_tokens_cost(&tokens, &params, RENT_FEN);
    double served = mdl_tokens_node_day(&tokens);
    mdl_tokens_efficiency(&tokens, 3.0);
    mdl_tokens_efficiency(&tokens, -1.0);
    assert_near(mdl_tokens_cost(&tokens, &params, RENT_FEN), cost / 3.0, 1e-12);
    assert_near(mdl_tokens_node_day(&tokens), served * 3.0, 1e-12);
}

static void test_throughput_grows(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    params.tokens_throughput_growth = 0.843;
    double before = mdl_tokens_node_day(&tokens);
    run(&tokens, &params, 1461, RENT_FEN);
    assert_near(mdl_tokens_node_day(&tokens), before * exp(4 * 0.843), 1e-9);
}

static void test_demand_has_constant_elasticity(void **state)
{
    (void)state;
    mdl_params_t params;
    (void)fresh(&params);
    double adoption = params.enterprise_adoption_start;
    int64_t reference = params.tokens_demand_price_fen * 1000;
    double at_reference = mdl_tokens_demand(&params, mdl_tokens_at_price(&params, reference), adoption);
    assert_near(at_reference, params.tokens_demand_start, 1e-12);
    /* price / 10 gives about volume x 10 (F29) */
    double cheap = mdl_tokens_demand(&params, mdl_tokens_at_price(&params, reference / 10), adoption);
    assert_near(cheap, at_reference * pow(10.0, params.tokens_elasticity), 1e-9);
    assert_near(mdl_tokens_demand(&params, at_reference, 2 * adoption), 2 * at_reference, 1e-12);
    assert_true(mdl_tokens_demand(&params, at_reference, 0.0) == 0.0);
}

static void test_bills(void **state)
{
    (void)state;
    assert_int_equal(mdl_tokens_bill(0, 100), 0);
    assert_int_equal(mdl_tokens_bill(-5, 100), 0);
    assert_int_equal(mdl_tokens_bill(INT64_C(30000000000000), 100000), INT64_C(3000000000)); /* 30 tn at 1 yuan/M */
    assert_int_equal(mdl_tokens_bill(1, 499999999), 0);
    assert_int_equal(mdl_tokens_bill(1, 500000000), 1);
    assert_int_equal(mdl_tokens_bill(INT64_MAX, INT64_MAX), INT64_C(1000000000000000));
}

static void test_extremes_stay_in_range(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_tokens_t tokens = fresh(&params);
    for (int i = 0; i < 50; i++) {
        mdl_tokens_efficiency(&tokens, 1e300);
        mdl_tokens_price_war(&tokens, 1e-300);
    }
    run(&tokens, &params, 5000, 1);
    assert_int_equal(mdl_tokens_price(&tokens), 1);
    assert_true(isfinite(mdl_tokens_node_day(&tokens)) && isfinite(mdl_tokens_at_price(&params, 1)));
    for (int i = 0; i < 50; i++) {
        mdl_tokens_efficiency(&tokens, 1e-300);
        mdl_tokens_price_war(&tokens, 1e300);
    }
    run(&tokens, &params, 5000, INT64_MAX);
    assert_near((double)mdl_tokens_price(&tokens), 1e15, 1e-9);
    assert_true(mdl_tokens_price(&tokens) <= INT64_C(1000000000000000));
    assert_true(mdl_tokens_at_price(&params, INT64_MAX) >= 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_at_the_listed_price),
        cmocka_unit_test(test_cost_is_rent_over_what_is_served),
        cmocka_unit_test(test_price_closes_on_cost_times_margin),
        cmocka_unit_test(test_an_unknown_rent_leaves_the_price),
        cmocka_unit_test(test_a_price_war_and_its_end),
        cmocka_unit_test(test_an_efficient_release_cuts_cost),
        cmocka_unit_test(test_throughput_grows),
        cmocka_unit_test(test_demand_has_constant_elasticity),
        cmocka_unit_test(test_bills),
        cmocka_unit_test(test_extremes_stay_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
