// SPDX-License-Identifier: GPL-3.0-or-later
/* Enterprises: adoption's closed form, elasticities, who serves the tokens, and the nodes that follow. */
#include "tests/support/test.h"

#include "models/agents/enterprise.h"
#include "models/market/tokens.h"
#include "models/params/purpose.h"

#include <math.h>

#define PRICE_FEN_BN INT64_C(9500000)

static mdl_address_t address(int64_t day)
{
    return (mdl_address_t){1, 0, sim_entity_id(0, MDL_ENTITY_PROVINCE, 0), day};
}

/* Parameters without randomness between provinces and days. */
static mdl_params_t steady(void)
{
    mdl_params_t params;
    mdl_params_init(&params);
    params.enterprise_adoption_spread = 0.0;
    params.enterprise_demand_sd = 0.0;
    return params;
}

static mdl_enterprise_t fresh(const mdl_params_t *params)
{
    mdl_enterprise_t province;
    mdl_address_t at = address(0);
    mdl_enterprise_init(&province, params, &at);
    return province;
}

static mdl_enterprise_env_t usual(const mdl_params_t *params)
{
    int64_t rent = params->enterprise_reference_rent_fen;
    return (mdl_enterprise_env_t){.token_price_fen_bn = PRICE_FEN_BN,
                                  .tokens_node_day = 1e7,
                                  .rent_inference_fen = rent,
                                  .rent_finetune_fen = rent,
                                  .rent_batch_fen = rent};
}

static mdl_enterprise_decision_t step(mdl_enterprise_t *province, const mdl_params_t *params, double weight,
                                      const mdl_enterprise_env_t *env, int64_t day)
{
    mdl_enterprise_decision_t decision;
    mdl_enterprise_env_t seen = *env;
    mdl_address_t at = address(day);
    mdl_enterprise_look(&seen, params);
    mdl_enterprise_step(province, params, weight, &seen, &at, &decision);
    return decision;
}

/* What a whole nation in one province decides on its first day. */
static mdl_enterprise_decision_t first(const mdl_params_t *params, const mdl_enterprise_env_t *env)
{
    mdl_enterprise_t province = fresh(params);
    return step(&province, params, 1.0, env, 0);
}

static void test_adoption_is_a_logistic(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    mdl_enterprise_t province = fresh(&params);
    mdl_enterprise_env_t env = usual(&params);
    double start = params.enterprise_adoption_start;
    for (int64_t day = 0; day < 1461; day++)
        (void)step(&province, &params, 1.0, &env, day);
    double grown = start / (1.0 - start) * exp(4 * params.enterprise_adoption_growth);
    assert_true(fabs(mdl_enterprise_adoption(&province) - grown / (1.0 + grown)) < 1e-10);
}

static void test_a_release_pushes_adoption_over_weeks(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    params.enterprise_adoption_growth = 0.0;
    mdl_enterprise_t province = fresh(&params);
    mdl_enterprise_env_t env = usual(&params);
    double before = province.adoption_logit;
    mdl_enterprise_release(&province, &params, 1.2);
    mdl_enterprise_release(&province, &params, -9.0);
    assert_true(province.adoption_logit == before);
    double last = before;
    for (int64_t day = 0; day < 2000; day++) {
        (void)step(&province, &params, 1.0, &env, day);
        assert_true(province.adoption_logit >= last);
        last = province.adoption_logit;
    }
    assert_true(fabs(last - before - 1.2 * params.enterprise_release_push) < 1e-9);
}

/* Beyond a level of the open frontier use deepens with it, by its elasticity once the lag is over; below it, or without
 * elasticity, not at all. */
static void test_a_use_takes_more_tokens_of_better_models(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    params.enterprise_adoption_growth = 0.0;
    mdl_enterprise_env_t env = usual(&params);
    double before = (double)first(&params, &env).tokens_day;
    const double depths[] = {0.0, 0.4, 0.4}, above[] = {2.0, 2.0, -1.0}, grown[] = {0.0, 0.8, 0.0};
    for (int i = 0; i < 3; i++) {
        params.enterprise_depth = depths[i];
        env.open_log = params.enterprise_depth_from + above[i];
        mdl_enterprise_t province = fresh(&params);
        mdl_enterprise_decision_t decision;
        int64_t last = 0;
        for (int64_t day = 0; day < 2000; day++) {
            decision = step(&province, &params, 1.0, &env, day);
            assert_true(decision.tokens_day >= last);
            last = decision.tokens_day;
        }
        assert_true(fabs((double)last / before - exp(grown[i])) < 1e-6);
    }
}

static void test_dearer_tokens_sell_less(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    mdl_enterprise_env_t env = usual(&params);
    double cheap = (double)first(&params, &env).tokens_day;
    env.token_price_fen_bn *= 2;
    double dear = (double)first(&params, &env).tokens_day;
    assert_true(fabs(dear / cheap - pow(2.0, -params.tokens_elasticity)) < 1e-6);
}

static void test_dearer_nodes_rent_less(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    mdl_enterprise_env_t env = usual(&params);
    mdl_enterprise_decision_t usual_rent = first(&params, &env);
    assert_in_range(usual_rent.finetune.nodes, 1190, 1191);
    assert_in_range(usual_rent.batch.nodes, 300, 301);
    env.rent_finetune_fen *= 2;
    env.rent_batch_fen *= 4;
    mdl_enterprise_decision_t dear = first(&params, &env);
    double elasticity = params.enterprise_rent_elasticity;
    assert_true(fabs(dear.finetune.nodes - usual_rent.finetune.nodes * pow(2.0, -elasticity)) < 2.0);
    assert_true(fabs(dear.batch.nodes - usual_rent.batch.nodes * pow(4.0, -elasticity)) < 2.0);
    assert_int_equal(dear.inference_near.nodes, usual_rent.inference_near.nodes);
}

static void test_tokens_add_up_and_are_billed(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    mdl_enterprise_env_t env = usual(&params);
    mdl_enterprise_decision_t decision = first(&params, &env);
    assert_int_equal(decision.tokens_platforms + decision.tokens_labs + decision.tokens_own, decision.tokens_day);
    assert_true(fabs((double)decision.tokens_platforms / (double)decision.tokens_day - params.platforms_token_share) <
                1e-6);
    assert_true(fabs((double)decision.tokens_labs / (double)decision.tokens_day - params.labs_token_share) < 1e-6);
    assert_int_equal(decision.bill_platforms_fen, mdl_tokens_bill(decision.tokens_platforms, PRICE_FEN_BN));
    assert_int_equal(decision.bill_labs_fen, mdl_tokens_bill(decision.tokens_labs, PRICE_FEN_BN));
    params.platforms_token_share = 0.9;
    params.labs_token_share = 0.9;
    decision = first(&params, &env);
    assert_int_equal(decision.tokens_own, 0);
    assert_int_equal(decision.tokens_platforms + decision.tokens_labs, decision.tokens_day);
}

static void test_nodes_follow_from_tokens(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    mdl_enterprise_env_t env = usual(&params);
    mdl_enterprise_decision_t decision = first(&params, &env);
    double nodes = (double)decision.tokens_own / (env.tokens_node_day * params.tokens_load);
    double near = nodes * params.enterprise_low_latency_share;
    assert_true(fabs(decision.inference_near.nodes - near) <= 1.0);
    assert_true(fabs(decision.inference_far.nodes - (nodes - near)) <= 1.0);
    env.tokens_node_day *= 3.0; /* an efficient release */
    mdl_enterprise_decision_t efficient = first(&params, &env);
    assert_true(fabs(efficient.inference_near.nodes - near / 3.0) <= 1.0);
    assert_true(mdl_enterprise_nodes(1000, 0.0, 0.7) == 0.0);
    assert_true(mdl_enterprise_nodes(-1000, 10.0, 0.7) == 0.0);
}

static void test_no_demand_wants_nothing(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    params.tokens_demand_start = 0.0;
    params.enterprise_finetune_start = 0.0;
    params.enterprise_batch_start = 0.0;
    mdl_enterprise_env_t env = usual(&params);
    mdl_enterprise_decision_t decision = first(&params, &env);
    assert_int_equal(decision.tokens_day + decision.bill_platforms_fen + decision.bill_labs_fen, 0);
    assert_int_equal(decision.inference_near.nodes + decision.inference_far.nodes, 0);
    assert_int_equal(decision.finetune.nodes + decision.batch.nodes, 0);
}

static void test_provinces_share_the_nation(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    mdl_enterprise_env_t env = usual(&params);
    mdl_enterprise_decision_t nation = first(&params, &env);
    int64_t tokens = 0, finetune = 0;
    for (int i = 0; i < 31; i++) {
        mdl_enterprise_t province = fresh(&params);
        mdl_enterprise_decision_t decision = step(&province, &params, 1.0 / 31, &env, 0);
        tokens += decision.tokens_day;
        finetune += decision.finetune.nodes;
    }
    assert_true(nation.tokens_day - tokens >= 0 && nation.tokens_day - tokens <= 31);
    assert_true(llabs(nation.finetune.nodes - finetune) <= 16);
}

static void test_leases_do_not_flutter(void **state)
{
    (void)state;
    mdl_params_t params = steady();
    params.enterprise_demand_sd = 0.1;
    mdl_enterprise_t province = fresh(&params);
    mdl_enterprise_env_t env = usual(&params);
    int32_t last = 0, changes = 0;
    for (int64_t day = 0; day < 1000; day++) {
        int32_t now = step(&province, &params, 1.0, &env, day).finetune.nodes;
        if (day > 0 && now != last) {
            assert_true(fabs((double)now / last - 1.0) > params.enterprise_resize_band - 0.01);
            changes++;
        }
        last = now;
    }
    assert_in_range(changes, 5, 200);
}

static void test_extremes_stay_in_range(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    params.tokens_demand_start = 1e15;
    params.enterprise_finetune_start = 1e6;
    params.enterprise_rent_elasticity = 5.0;
    const int64_t whole[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    const double real[] = {-1e300, 0.0, 1e-300, 1.0, 1e300};
    mdl_enterprise_t province = fresh(&params);
    for (int i = 0; i < 625; i++) {
        int a = i % 5, b = i / 5 % 5, c = i / 25 % 5, d = i / 125;
        mdl_enterprise_env_t env = {.token_price_fen_bn = whole[a],
                                    .tokens_node_day = real[b],
                                    .rent_inference_fen = whole[c],
                                    .rent_finetune_fen = whole[d],
                                    .rent_batch_fen = whole[a]};
        mdl_enterprise_release(&province, &params, 1e300);
        mdl_enterprise_decision_t decision = step(&province, &params, real[d], &env, i);
        const mdl_want_t *wants[] = {&decision.inference_near, &decision.inference_far, &decision.finetune,
                                     &decision.batch};
        for (int w = 0; w < 4; w++) {
            assert_in_range(wants[w]->nodes, 0, MDL_DEMAND_MAX_NODES);
            assert_in_range(wants[w]->limit_fen, 0, MDL_DEMAND_MAX_FEN);
        }
        assert_in_range(decision.tokens_day, 0, MDL_DEMAND_MAX_TOKENS);
        assert_true(decision.tokens_own >= 0 && decision.bill_labs_fen >= 0 && decision.bill_platforms_fen >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adoption_is_a_logistic),
        cmocka_unit_test(test_a_release_pushes_adoption_over_weeks),
        cmocka_unit_test(test_a_use_takes_more_tokens_of_better_models),
        cmocka_unit_test(test_dearer_tokens_sell_less),
        cmocka_unit_test(test_dearer_nodes_rent_less),
        cmocka_unit_test(test_tokens_add_up_and_are_billed),
        cmocka_unit_test(test_nodes_follow_from_tokens),
        cmocka_unit_test(test_no_demand_wants_nothing),
        cmocka_unit_test(test_provinces_share_the_nation),
        cmocka_unit_test(test_leases_do_not_flutter),
        cmocka_unit_test(test_extremes_stay_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
