// SPDX-License-Identifier: GPL-3.0-or-later
/* Platforms: own demand, the split of the fleet, orders within the plan, and the shipped table. */
#include "tests/support/test.h"

#include "models/agents/platform.h"
#include "models/params/purpose.h"

#include <math.h>

typedef struct fixture {
    mdl_params_t params;
    mdl_tables_t tables;
    mdl_platform_t row;
    mdl_platform_state_t platform;
    mdl_platform_env_t env;
} fixture_t;

static mdl_address_t address(int64_t day)
{
    return (mdl_address_t){1, 0, sim_entity_id(0, MDL_ENTITY_PLATFORM, 0), day};
}

/* One platform that is all platforms: 8,000 H100-equivalents in 1,000 nodes, demand without swings. */
static int setup(void **state)
{
    static fixture_t fixture;
    fixture_t *f = &fixture;
    *f = (fixture_t){0};
    mdl_params_init(&f->params);
    f->params.platforms_demand_sd = 0.0;
    if (mdl_tables_default(&f->tables, NULL) < 0)
        return -1;
    f->row = (mdl_platform_t){.fleet_h100e = 8000.0, .capex_bn_yuan = {1, 2, 3, 4, 5}};
    f->env = (mdl_platform_env_t){.tokens_node_day = 1e7,
                                  .fleet_h100e = {4800.0, 0.0, 3200.0},
                                  .fleet_nodes = {600, 0, 400},
                                  .variable_cost_fen = 1000000};
    mdl_address_t at = address(0);
    mdl_platform_init(&f->platform, &f->params, &f->row, f->row.fleet_h100e, &at);
    *state = f;
    return 0;
}

static mdl_platform_decision_t step(fixture_t *f, int64_t day)
{
    mdl_platform_decision_t decision;
    mdl_address_t at = address(day);
    mdl_platform_look(&f->env, &f->params);
    mdl_platform_step(&f->platform, &f->params, &f->row, f->tables.gpu_types, f->tables.n_gpu_types, &f->env, &at,
                      &decision);
    return decision;
}

static void test_classic_demand_starts_and_grows(void **state)
{
    fixture_t *f = *state;
    double share = f->params.platforms_demand_share;
    mdl_platform_decision_t decision = {0};
    for (int64_t day = 0; day < 1461; day++)
        decision = step(f, day);
    double expected = share * 8000.0 * exp(4 * f->params.platforms_demand_growth);
    assert_true(fabs(decision.own.classic_h100e / expected - 1.0) < 1e-9);
    assert_true(decision.own.training_h100e == 0.0); /* no hype, no LLM training */
    assert_true(decision.own.inference_h100e == 0.0);
}

static void test_training_is_taken_up_with_hype_and_kept(void **state)
{
    fixture_t *f = *state;
    f->params.platforms_demand_growth = 0.0;
    f->env.hype = 0.5;
    double last = 0.0;
    for (int64_t day = 0; day < 365; day++) {
        double now = step(f, day).own.training_h100e;
        assert_true(now > last);
        last = now;
    }
    double per_day = 1.0 - exp(-86400.0 / (double)f->params.platforms_training_lag_s);
    double expected = f->params.platforms_training * (1.0 - pow(1.0 - 0.5 * per_day, 365));
    assert_true(fabs(last - expected) < 1e-6 * expected);
    f->env.hype = 0.0;
    assert_true(step(f, 365).own.training_h100e == last);
}

static void test_tokens_need_nodes(void **state)
{
    fixture_t *f = *state;
    f->env.tokens_day = 700000000;
    double nodes = 700000000 / (1e7 * f->params.tokens_load);
    assert_true(fabs(step(f, 0).own.inference_h100e - 8 * nodes) < 1e-6);
}

static void test_swings_have_their_spread(void **state)
{
    fixture_t *f = *state;
    f->params.platforms_demand_sd = 0.05;
    f->params.platforms_demand_memory_s = 10 * SIM_DAY_S;
    double sum = 0.0, squares = 0.0;
    enum { DAYS = 40000 };
    for (int64_t day = 0; day < DAYS; day++) {
        (void)step(f, day);
        sum += f->platform.noise_log;
        squares += f->platform.noise_log * f->platform.noise_log;
    }
    /* about DAYS / 20 = 2,000 independent values: mean within 4 and deviation within 5 standard errors (false alarm
     * below 1e-4, seed 1) */
    assert_true(fabs(sum / DAYS) < 4 * 0.05 / sqrt(2000.0));
    assert_true(fabs(sqrt(squares / DAYS) / 0.05 - 1.0) < 5 / sqrt(2 * 2000.0));
}

static void assert_split(const fixture_t *f, const mdl_platform_decision_t *decision)
{
    int64_t own = 0;
    for (int zone = 0; zone < MDL_ZONES; zone++) {
        assert_in_range(decision->own_nodes[zone], 0, f->env.fleet_nodes[zone]);
        assert_in_range(decision->slack_nodes[zone], 0, f->env.fleet_nodes[zone] - decision->own_nodes[zone]);
        own += decision->own_nodes[zone];
    }
    assert_true(decision->own_training_nodes >= 0 && decision->own_inference_nodes >= 0 &&
                decision->own_batch_nodes >= 0);
    assert_int_equal(decision->own_training_nodes + decision->own_inference_nodes + decision->own_batch_nodes, own);
}

static void test_slack_is_part_of_what_it_does_not_need(void **state)
{
    fixture_t *f = *state;
    f->params.platforms_demand_share = 0.5;
    f->params.platforms_demand_growth = 0.0;
    f->params.platforms_rented_share = 0.515;
    f->params.platforms_ask_of_rent = 0.5;
    mdl_address_t at = address(0);
    mdl_platform_init(&f->platform, &f->params, &f->row, 8000.0, &at);
    mdl_platform_decision_t decision = step(f, 0);
    assert_split(f, &decision);
    assert_in_range(decision.own_nodes[MDL_ZONE_EAST], 300, 301);
    assert_in_range(decision.own_nodes[MDL_ZONE_WEST], 200, 201);
    assert_in_range(decision.slack_nodes[MDL_ZONE_EAST], 153, 155); /* 0.515 of 300 */
    assert_int_equal(decision.slack_nodes[MDL_ZONE_CENTRAL], 0);
    assert_int_equal(decision.ask_fen, 1100000);
    f->env.rent_fen = 6000000;
    assert_int_equal(step(f, 0).ask_fen, 3000000);
    f->env.tokens_day = INT64_C(1000000000000);
    decision = step(f, 1);
    assert_split(f, &decision);
    assert_int_equal(decision.slack_nodes[MDL_ZONE_EAST] + decision.slack_nodes[MDL_ZONE_WEST], 0);
}

static void offer(fixture_t *f, int type, int64_t price_fen)
{
    f->env.price_fen[type] = price_fen;
    f->env.market_fen[type] = price_fen;
    f->env.most_fen[type] = 2 * price_fen;
}

static void test_orders_what_is_cheapest_for_its_work(void **state)
{
    fixture_t *f = *state;
    f->env.tokens_day = INT64_C(1000000000000); /* all its work is inference */
    assert_int_equal(step(f, 0).order_type, -1);
    double rate_0 = f->tables.gpu_types[0].rate_inference, rate_2 = f->tables.gpu_types[2].rate_inference;
    offer(f, 2, 20000000);
    assert_int_equal(step(f, 1).order_type, 2);
    offer(f, 0, (int64_t)(20000000 * rate_0 / rate_2 * 1.2));
    assert_int_equal(step(f, 2).order_type, 2);
    offer(f, 0, (int64_t)(20000000 * rate_0 / rate_2 * 0.8));
    mdl_platform_decision_t decision = step(f, 3);
    assert_int_equal(decision.order_type, 0);
    double limit = (double)f->env.price_fen[0] * (1.0 + f->params.platforms_bid_premium);
    assert_int_equal(decision.order_limit_fen, (int64_t)limit);
}

/* It pays a premium on today's price, less where waiting costs less, and never refuses what its maker asks. */
static void test_pays_no_more_than_waiting_costs(void **state)
{
    fixture_t *f = *state;
    f->env.tokens_day = INT64_C(1000000000000);
    offer(f, 0, 20000000);
    f->env.market_fen[0] = 30000000;
    f->env.most_fen[0] = INT64_MAX / 2;
    mdl_platform_decision_t decision = step(f, 0);
    assert_int_equal(decision.order_limit_fen, (int64_t)(30000000 * (1.0 + f->params.platforms_bid_premium)));
    assert_true(decision.backlog_gpus >= decision.order_gpus);
    f->env.most_fen[0] = 24000000;
    assert_int_equal(step(f, 1).order_limit_fen, 24000000);
    f->env.most_fen[0] = 10000000;
    assert_int_equal(step(f, 2).order_limit_fen, 20000000);
}

/* A rule that seems to come makes it hoard, unless no rule is enforced. */
static void test_hoards_before_a_rule(void **state)
{
    fixture_t *f = *state;
    f->env.tokens_day = INT64_C(1000000000000);
    f->params.platforms_rule_risk = 0;
    f->row.capex_bn_yuan[0] = 1e6;
    offer(f, 0, 20000000);
    int64_t calm = step(f, 0).order_gpus;
    f->params.platforms_rule_risk = 1;
    int64_t afraid = step(f, 0).order_gpus;
    assert_true(afraid > calm);
    f->params.rules_export = false;
    assert_true(step(f, 0).order_gpus < afraid);
}

/* It lacks more than it can pay: orders never cost more than the plan so far, and a larger plan buys more. */
static int64_t bought_in_a_year(fixture_t *f, double capex_bn)
{
    f->row.capex_bn_yuan[0] = capex_bn;
    mdl_address_t at = address(0);
    mdl_platform_init(&f->platform, &f->params, &f->row, 8000.0, &at);
    f->env.tokens_day = INT64_C(1000000000000);
    offer(f, 2, 25000000);
    for (int64_t day = 0; day < 365; day++) {
        mdl_platform_decision_t decision = step(f, day);
        assert_true(decision.order_gpus >= 0);
        mdl_platform_bought(&f->platform, decision.order_gpus, decision.order_gpus * decision.order_limit_fen);
        assert_true(f->platform.spent_fen <= f->platform.planned_fen);
    }
    return f->platform.bought_gpus;
}

static void test_work_that_is_not_ported_does_not_count(void **state)
{
    fixture_t *f = *state;
    for (uint32_t type = 0; type < f->tables.n_gpu_types; type++)
        f->env.price_fen[type] = f->tables.gpu_types[type].stack == MDL_STACK_CANN ? 100 : 100000000;
    f->env.fleet_h100e[0] = f->env.fleet_h100e[2] = 0.0;
    mdl_platform_decision_t unported = step(f, 0);
    assert_true(unported.order_type >= 0);
    assert_true(f->tables.gpu_types[unported.order_type].stack == MDL_STACK_CUDA);
    f->env.ported_share = 1.0;
    mdl_platform_decision_t ported = step(f, 1);
    assert_true(f->tables.gpu_types[ported.order_type].stack == MDL_STACK_CANN);
}

static void test_the_plan_is_the_limit(void **state)
{
    fixture_t *f = *state;
    int64_t small = bought_in_a_year(f, 1.0), large = bought_in_a_year(f, 3.0);
    assert_in_range(small, 3500, 3640); /* 1 bn yuan at 275,000 */
    assert_in_range(large, 3 * small - 400, 3 * small + 400);
    assert_int_equal(bought_in_a_year(f, 0.0), 0);
}

static void test_it_stops_when_it_has_enough(void **state)
{
    fixture_t *f = *state;
    offer(f, 2, 25000000);
    f->params.platforms_demand_growth = 0.0;
    (void)step(f, 0);
    (void)step(f, 1);
    assert_true(step(f, 2).order_gpus > 0);
    f->env.on_order_h100e = 8000.0;
    assert_int_equal(step(f, 3).order_gpus, 0);
    f->params.platforms_target = 3.0;
    assert_true(step(f, 4).order_gpus > 0);
}

static void test_the_plan_year_follows_the_table(void **state)
{
    fixture_t *f = *state;
    const int64_t days[] = {0, 365, 366, 800, 1826, 100000};
    const double bn[] = {1, 1, 2, 3, 5, 5};
    for (int i = 0; i < 6; i++)
        assert_int_equal(step(f, days[i]).capex_release_fen, (int64_t)(bn[i] * 1e11 / 365.25));
}

static void test_zones_have_names(void **state)
{
    (void)state;
    assert_int_equal(mdl_zone_of(&(mdl_province_t){.zone = "east"}), MDL_ZONE_EAST);
    assert_int_equal(mdl_zone_of(&(mdl_province_t){.zone = "central"}), MDL_ZONE_CENTRAL);
    assert_int_equal(mdl_zone_of(&(mdl_province_t){.zone = "west"}), MDL_ZONE_WEST);
    assert_int_equal(mdl_zone_of(&(mdl_province_t){.zone = "elsewhere"}), MDL_ZONE_EAST);
}

/* The shipped table: fleets are what the first day's centres leave of 155.2 EFLOPS, internet firms' 2025 within BofA's figure (S19). */
static void test_the_shipped_table(void **state)
{
    fixture_t *f = *state;
    double fleet = 0.0, internet_2025 = 0.0;
    for (uint32_t i = 0; i < f->tables.n_platforms; i++) {
        const mdl_platform_t *row = &f->tables.platforms[i];
        fleet += row->fleet_h100e;
        internet_2025 += row->telco ? 0.0 : row->capex_bn_yuan[3];
        for (int year = 1; year < 5; year++)
            assert_true(row->capex_bn_yuan[year] >= row->capex_bn_yuan[year - 1]);
    }
    assert_true(fabs(fleet - 71600.0) < 1.0);
    assert_true(internet_2025 > 150.0 && internet_2025 < 190.0);
}

static void test_extremes_stay_in_range(void **state)
{
    fixture_t *f = *state;
    const int64_t whole[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    const double real[] = {-1e300, 0.0, 1e-300, 1.0, 1e300};
    const int32_t nodes[] = {INT32_MIN, -1, 0, 1, 10000000};
    for (int i = 0; i < 3125; i++) {
        int a = i % 5, b = i / 5 % 5, c = i / 25 % 5, d = i / 125 % 5, e = i / 625;
        f->env = (mdl_platform_env_t){.hype = real[a],
                                      .tokens_day = whole[b],
                                      .tokens_node_day = real[c],
                                      .fleet_h100e = {real[d], real[e], real[a]},
                                      .fleet_nodes = {nodes[e], 3, 0},
                                      .on_order_h100e = real[b],
                                      .rent_fen = whole[c],
                                      .variable_cost_fen = whole[d]};
        for (int type = 0; type < MDL_MAX_GPU_TYPES; type++)
            f->env.price_fen[type] = whole[(a + type) % 5];
        mdl_platform_decision_t decision = step(f, i);
        for (int zone = 0; zone < MDL_ZONES; zone++)
            assert_true(decision.slack_nodes[zone] >= 0 && decision.own_nodes[zone] >= 0);
        assert_true(decision.order_gpus >= 0 && decision.order_limit_fen >= 0 && decision.ask_fen >= 0);
        assert_true(decision.order_type >= -1 && decision.order_type < (int32_t)f->tables.n_gpu_types);
        assert_true(decision.own_batch_nodes >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_classic_demand_starts_and_grows, setup),
        cmocka_unit_test_setup(test_training_is_taken_up_with_hype_and_kept, setup),
        cmocka_unit_test_setup(test_tokens_need_nodes, setup),
        cmocka_unit_test_setup(test_swings_have_their_spread, setup),
        cmocka_unit_test_setup(test_slack_is_part_of_what_it_does_not_need, setup),
        cmocka_unit_test_setup(test_orders_what_is_cheapest_for_its_work, setup),
        cmocka_unit_test_setup(test_work_that_is_not_ported_does_not_count, setup),
        cmocka_unit_test_setup(test_pays_no_more_than_waiting_costs, setup),
        cmocka_unit_test_setup(test_hoards_before_a_rule, setup),
        cmocka_unit_test_setup(test_the_plan_is_the_limit, setup),
        cmocka_unit_test_setup(test_it_stops_when_it_has_enough, setup),
        cmocka_unit_test_setup(test_the_plan_year_follows_the_table, setup),
        cmocka_unit_test(test_zones_have_names),
        cmocka_unit_test_setup(test_the_shipped_table, setup),
        cmocka_unit_test_setup(test_extremes_stay_in_range, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
