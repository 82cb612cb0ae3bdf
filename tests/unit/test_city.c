// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/central.h"
#include "models/agents/city.h"

#include "sim/time.h"
#include "tests/support/test.h"

#include <math.h>

static const mdl_city_t row = {
    .name = "Town", .tier = 2, .debt_ratio = 1.5, .subsidy_budget_m_yuan = 100, .target_pflops = 1000};

static mdl_city_state_t town(const mdl_params_t *params)
{
    mdl_city_state_t city;
    mdl_city_init(&city, &row, 0, 989);
    mdl_city_budget(&city, params, 0, 0);
    return city;
}

static void who_is_behind_offers_more(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_city_state_t city = town(&params);
    double start = mdl_city_offer(&city, &params, false);
    assert_true(fabs(start - params.subsidy_grant_share) < 1e-12);
    mdl_city_compete(&city, &params, 100); /* the tier's mean is 100, here stands nothing */
    assert_true(fabs(mdl_city_offer(&city, &params, false) - start - params.cities_tournament_step) < 1e-12);
    city.announced_h100e = 200;
    mdl_city_compete(&city, &params, 100);
    assert_true(fabs(mdl_city_offer(&city, &params, false) - start - params.cities_tournament_step +
                     params.cities_drift) < 1e-12);
    city.announced_h100e = 0;
    for (int week = 0; week < 1000; week++)
        mdl_city_compete(&city, &params, 100);
    assert_true(fabs(mdl_city_offer(&city, &params, false) - params.subsidy_max_share) < 1e-12);
    city.announced_h100e = 1e9;
    for (int week = 0; week < 1000; week++)
        mdl_city_compete(&city, &params, 100);
    assert_true(mdl_city_offer(&city, &params, false) == 0);
}

static void a_city_that_has_reached_its_target_rests(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_city_state_t city = town(&params);
    city.announced_h100e = city.target_h100e + 1;
    mdl_city_compete(&city, &params, 2 * city.target_h100e);
    assert_true(mdl_city_offer(&city, &params, false) < params.subsidy_grant_share);
}

static void promises_stay_within_the_year(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_city_state_t city = town(&params);
    int64_t most_fen = (int64_t)(100e6 * 100 * params.cities_commit_share);
    assert_int_equal(mdl_city_promise(&city, &params, most_fen / 2), most_fen / 2);
    assert_int_equal(mdl_city_promise(&city, &params, most_fen), most_fen - most_fen / 2);
    assert_int_equal(mdl_city_promise(&city, &params, 1), 0);
    assert_true(mdl_city_offer(&city, &params, false) == 0);
    mdl_city_budget(&city, &params, 0, 364 * SIM_DAY_S); /* the year is not over */
    assert_true(mdl_city_offer(&city, &params, false) == 0);
    mdl_city_budget(&city, &params, 0, 365 * SIM_DAY_S);
    assert_true(mdl_city_offer(&city, &params, false) > 0);
}

static void budgets_follow_land_and_enthusiasm(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_city_state_t rich = town(&params);
    params.cities_land_revenue = 0.5;
    mdl_city_state_t poor = town(&params);
    assert_int_equal(2 * poor.budget_fen, rich.budget_fen);
    mdl_city_state_t keen;
    mdl_city_init(&keen, &row, 0, 989);
    mdl_city_budget(&keen, &params, 1, 0);
    assert_true(keen.budget_fen > poor.budget_fen);
    /* Need makes ambitious, and debt more so. */
    assert_true(mdl_city_land_motive(&poor, &params) > 1);
    mdl_city_state_t indebted = poor;
    indebted.debt_ratio = 3;
    assert_true(mdl_city_land_motive(&indebted, &params) > mdl_city_land_motive(&poor, &params));
    params.cities_land_revenue = 1;
    assert_true(mdl_city_land_motive(&poor, &params) == 1);
}

static void switches_stop_offers(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_city_state_t city = town(&params);
    assert_true(mdl_city_offer(&city, &params, true) > 0);
    params.subsidy_counter_cyclical = true;
    assert_true(mdl_city_offer(&city, &params, true) == 0);
    assert_true(mdl_city_offer(&city, &params, false) > 0);
    params.subsidy_enabled = false;
    assert_true(mdl_city_offer(&city, &params, false) == 0);
}

static void payment_on_use_adds_up_to_the_linked_part(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    params.subsidy_utilisation_linked = 0.5;
    int64_t grant_fen = 1000000000, sum_fen = 0, step_s = 30 * SIM_DAY_S;
    for (int64_t t = 0; t < params.subsidy_linked_period_s; t += step_s)
        sum_fen += mdl_city_linked_payment_fen(&params, grant_fen, 1.0, step_s);
    double steps = (double)params.subsidy_linked_period_s / (double)step_s;
    assert_true(fabs((double)sum_fen / (0.5 * (double)grant_fen) - 1) < 1 / steps + 1e-6);
    assert_int_equal(mdl_city_linked_payment_fen(&params, grant_fen, 0, step_s), 0);
    int64_t half = mdl_city_linked_payment_fen(&params, grant_fen, params.subsidy_utilisation_target / 2, step_s);
    int64_t full = mdl_city_linked_payment_fen(&params, grant_fen, params.subsidy_utilisation_target, step_s);
    assert_true(llabs(2 * half - full) <= 1);
}

static void audits_count_chips_and_use(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    assert_false(mdl_city_breach(&params, 1, 1));
    assert_true(mdl_city_breach(&params, params.audit_installed_min - 0.01, 1));
    assert_true(mdl_city_breach(&params, 1, params.audit_utilisation_min - 0.01));
}

static void central_rules(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_gpu_type_t foreign = {.foreign = true}, domestic = {.foreign = false};
    mdl_province_t hub = {.hub = true}, plain = {.hub = false};
    assert_true(mdl_central_may_buy(&params, &foreign, true));
    params.rules_foreign_chips = false;
    assert_false(mdl_central_may_buy(&params, &foreign, true));
    assert_true(mdl_central_may_buy(&params, &foreign, false));
    assert_true(mdl_central_may_buy(&params, &domestic, true));
    assert_true(mdl_central_must_remove(&params, &foreign, true, params.rules_foreign_grace - 0.01));
    assert_false(mdl_central_must_remove(&params, &foreign, true, params.rules_foreign_grace));
    assert_true(mdl_central_may_approve(&params, 0, true)); /* no cap */
    params.central_approval_cap = 0.4;
    assert_false(mdl_central_may_approve(&params, 0.39, true));
    assert_true(mdl_central_may_approve(&params, 0.4, true));
    assert_true(mdl_central_may_approve(&params, 0, false)); /* nothing there yet */
    assert_true(mdl_central_hub_factor(&params, &hub) == 1);
    params.central_hubs = true;
    assert_true(mdl_central_hub_factor(&params, &hub) == params.central_hub_boost);
    assert_true(mdl_central_hub_factor(&params, &plain) == 1);
}

/* The rule on location: a share of builders, and of those who serve users nearby fewer. */
static void location_rule(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    assert_false(mdl_central_must_go_west(&params, true, (double[]){0, 0})); /* no rule */
    params.location_west = 0.6;
    assert_true(mdl_central_must_go_west(&params, true, (double[]){0.59, 0}));
    assert_false(mdl_central_must_go_west(&params, true, (double[]){0.6, 0}));
    params.location_waiver = 0.3;
    assert_true(mdl_central_must_go_west(&params, true, (double[]){0, 0})); /* no waiver for training */
    assert_false(mdl_central_must_go_west(&params, false, (double[]){0, 0.29}));
    assert_true(mdl_central_must_go_west(&params, false, (double[]){0, 0.3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_behind_offers_more),
        cmocka_unit_test(a_city_that_has_reached_its_target_rests),
        cmocka_unit_test(promises_stay_within_the_year),
        cmocka_unit_test(budgets_follow_land_and_enthusiasm),
        cmocka_unit_test(switches_stop_offers),
        cmocka_unit_test(payment_on_use_adds_up_to_the_linked_part),
        cmocka_unit_test(audits_count_chips_and_use),
        cmocka_unit_test(central_rules),
        cmocka_unit_test(location_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
