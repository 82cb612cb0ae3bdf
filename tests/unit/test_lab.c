// SPDX-License-Identifier: GPL-3.0-or-later
/* Labs: entering, money, clusters, stopping. Randomness: seed 1, replications 0 .. n-1; where a comparison is made,
 * both sides share their draws, so that each single pair must hold. */
#include "tests/support/test.h"

#include "models/agents/frontier.h"
#include "models/agents/lab.h"
#include "models/params/purpose.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define RENT_FEN      INT64_C(6000000)
#define HUGE_CASH_FEN INT64_C(100000000000000)

static mdl_params_t defaults(void)
{
    mdl_params_t params;
    mdl_params_init(&params);
    return params;
}

static mdl_address_t address(uint64_t replication, uint64_t ordinal, int64_t day)
{
    return (mdl_address_t){1, replication, sim_entity_id(0, MDL_ENTITY_LAB, ordinal), day};
}

/* A quiet world: no hype, no open models, rents at full cost, no users. */
static mdl_lab_env_t quiet(void)
{
    return (mdl_lab_env_t){.closed_log = 14.5,
                           .hour_worth = 1.0,
                           .rent_training_fen = RENT_FEN,
                           .rent_inference_fen = RENT_FEN,
                           .rent_finetune_fen = RENT_FEN,
                           .tokens_node_day = 1e7};
}

static mdl_lab_t incumbent(const mdl_params_t *params, uint64_t replication)
{
    mdl_lab_t lab;
    mdl_address_t at = address(replication, 0, 0);
    mdl_lab_init(&lab, params, &at, true, quiet().closed_log);
    return lab;
}

static mdl_lab_decision_t step(mdl_lab_t *lab, const mdl_params_t *params, const mdl_lab_env_t *env,
                               uint64_t replication, int64_t day)
{
    mdl_lab_decision_t decision;
    mdl_address_t at = address(replication, 0, day);
    mdl_lab_env_t seen = *env;
    mdl_lab_look(&seen, params);
    mdl_lab_step(lab, params, &seen, &at, &decision);
    return decision;
}

/* Lives `days` days on `cash_fen` at start, paying rent and wages, with every later round refused. Returns the day it
 * stopped training, or `days`. */
static int64_t life(const mdl_params_t *params, mdl_lab_env_t env, uint64_t replication, int64_t cash_fen, int64_t days)
{
    mdl_lab_t lab = incumbent(params, replication);
    mdl_lab_funded(&lab, 1000);
    env.cash_fen = cash_fen;
    for (int64_t day = 0; day < days; day++) {
        mdl_lab_decision_t decision = step(&lab, params, &env, replication, day);
        if (decision.quit_training)
            return day;
        int64_t nodes = decision.training.nodes + decision.finetune.nodes + decision.inference.nodes;
        int64_t rent = (int64_t)((double)(nodes * RENT_FEN) / MDL_DAYS_PER_MONTH);
        env.cash_fen -= decision.payroll_fen + rent;
        env.cash_fen = env.cash_fen < 0 ? 0 : env.cash_fen;
        mdl_lab_trained(&lab, (int64_t)decision.training.gang_nodes * MDL_NODE_GPUS * SIM_DAY_S * 3 / 4);
    }
    return days;
}

static void test_traits_belong_to_the_address(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_lab_t a, b, c;
    mdl_address_t day_0 = address(0, 3, 0), day_9 = address(0, 3, 9), other = address(0, 4, 0);
    mdl_lab_init(&a, &params, &day_0, false, 14.5);
    mdl_lab_init(&b, &params, &day_9, true, 14.5);
    mdl_lab_init(&c, &params, &other, false, 14.5);
    assert_true(a.base_nodes == b.base_nodes && a.popularity == b.popularity);
    assert_true(a.base_nodes != c.base_nodes);
    assert_true(a.base_nodes >= (double)params.labs_min_nodes && a.base_nodes <= (double)params.labs_max_nodes);
}

/* Mean of 4,000 popularities against 1: sd of the mean sqrt(exp(0.25) - 1) / sqrt(4000); 99 % interval, false alarm 1 %
 * (seed 1). */
static void test_popularity_has_mean_one(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.labs_popularity_sigma = 0.5;
    double sum = 0.0;
    for (uint64_t i = 0; i < 4000; i++) {
        mdl_lab_t lab;
        mdl_address_t at = address(0, i, 0);
        mdl_lab_init(&lab, &params, &at, true, 14.5);
        sum += mdl_lab_token_weight(&lab);
    }
    double z = (sum / 4000.0 - 1.0) / (sqrt(exp(0.25) - 1.0) / sqrt(4000.0));
    assert_true(fabs(z) < 2.576);
}

/* Days until entry at a constant hazard are geometric: entries of 144 labs x 200 replications within 90 days, in total
 * and in their spread between replications, inside 99 % intervals (false alarm 2 % together, seed 1). */
static void test_entry_at_constant_hazard_is_binomial(void **state)
{
    (void)state;
    enum { LABS = 144, REPLICATIONS = 200, DAYS = 90 };
    mdl_params_t params = defaults();
    params.labs_entry_hazard = 4.0;
    params.labs_entry_background = 0.0;
    params.labs_imitation = 0.0;
    mdl_lab_env_t env = quiet();
    env.hype = 0.5;
    mdl_lab_look(&env, &params);
    double p = 1.0 - exp(-4.0 * 0.5 * DAYS / 365.25), expected = LABS * p;
    double total = 0.0, squares = 0.0;
    for (uint64_t replication = 0; replication < REPLICATIONS; replication++) {
        int entered = 0;
        for (uint64_t i = 0; i < LABS; i++) {
            mdl_lab_t lab;
            mdl_address_t at = address(replication, i, 0);
            mdl_lab_init(&lab, &params, &at, false, env.closed_log);
            mdl_lab_decision_t decision = {0};
            for (at.day = 0; at.day < DAYS && !decision.enter; at.day++)
                mdl_lab_step(&lab, &params, &env, &at, &decision);
            entered += decision.enter;
        }
        total += entered;
        squares += (entered - expected) * (entered - expected) / (expected * (1.0 - p));
    }
    double z = (total - REPLICATIONS * expected) / sqrt(REPLICATIONS * expected * (1.0 - p));
    assert_true(fabs(z) < 2.576);
    double tail = gsl_cdf_chisq_P(squares, REPLICATIONS);
    assert_true(tail > 0.005 && tail < 0.995);
}

static void test_nobody_enters_a_world_without_hype(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.labs_entry_background = 0.0;
    mdl_lab_env_t env = quiet();
    env.background = env.hype = 0.03;
    assert_true(mdl_lab_entry_probability(&params, &env) == 0.0);
    env.hype = 0.5;
    double excited = mdl_lab_entry_probability(&params, &env);
    assert_true(excited > 0.0 && excited < 0.01);
    params.labs_imitation = 2.0;
    env.entered_share = 0.5;
    assert_true(mdl_lab_entry_probability(&params, &env) > 1.9 * excited);
}

static void test_entering_asks_for_the_first_equity(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.labs_entry_hazard = 1e6;
    mdl_lab_env_t env = quiet();
    env.hype = 1.0;
    mdl_lab_t lab;
    mdl_address_t at = address(0, 0, 5);
    mdl_lab_init(&lab, &params, &at, false, env.closed_log);
    assert_true(mdl_lab_token_weight(&lab) == 0.0);
    mdl_lab_decision_t decision = step(&lab, &params, &env, 0, 5);
    assert_true(decision.enter && lab.stage == MDL_LAB_TRAINING && lab.registered_day == 5);
    double expected = lab.base_nodes * params.labs_seed_years * 12 * (double)params.labs_reference_rent_fen;
    assert_true(fabs((double)decision.raise_fen - expected) <= 1.0);
    assert_int_equal(decision.training.nodes, 0); /* no money yet */
    assert_true(mdl_lab_token_weight(&lab) == lab.popularity);
    /* refused: it asks again; paid: it does not */
    assert_int_equal(step(&lab, &params, &env, 0, 6).raise_fen, decision.raise_fen);
    mdl_lab_funded(&lab, 0);
    assert_int_equal(lab.rounds, 0);
    mdl_lab_funded(&lab, decision.raise_fen);
    assert_int_equal(step(&lab, &params, &env, 0, 7).raise_fen, 0); /* venture sentiment is 0 */
}

static void test_cluster_is_what_money_carries(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.labs_finetune_share = 0.0;
    mdl_lab_env_t env = quiet();
    for (int64_t nodes = 0; nodes < 200; nodes += 3) {
        mdl_lab_t lab = incumbent(&params, 0);
        lab.base_nodes = 100.0;
        mdl_lab_funded(&lab, 1000);
        env.cash_fen = (int64_t)((double)nodes * params.labs_runway * (double)RENT_FEN) + 1;
        mdl_lab_decision_t decision = step(&lab, &params, &env, 0, 0);
        int64_t expected = nodes < params.labs_min_nodes ? 0 : (nodes < 100 ? nodes : 100);
        assert_int_equal(decision.training.nodes, expected);
        assert_in_range(decision.training.gang_nodes, 0, expected);
        assert_true(decision.training.gang_nodes >= (int32_t)(0.97 * (double)expected));
        assert_true(decision.payroll_fen <= env.cash_fen);
    }
}

static void test_ambition_follows_the_closed_frontier(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_lab_env_t env = quiet();
    env.cash_fen = HUGE_CASH_FEN;
    mdl_lab_t lab = incumbent(&params, 0);
    lab.base_nodes = 20.0;
    mdl_lab_funded(&lab, 1000);
    assert_int_equal(step(&lab, &params, &env, 0, 0).training.nodes, 20);
    env.closed_log += 0.05; /* within the band: leases are left alone */
    assert_int_equal(step(&lab, &params, &env, 0, 1).training.nodes, 20);
    env.closed_log += params.frontier_closed_growth;
    int32_t grown = step(&lab, &params, &env, 0, 2).training.nodes;
    assert_in_range(grown, 3 * 20, 4 * 20);
    env.closed_log = 1e9;
    mdl_want_t most = step(&lab, &params, &env, 0, 3).training;
    assert_int_equal(most.nodes, params.labs_max_nodes);
    assert_true(most.gang_nodes * MDL_NODE_GPUS <= 16384);
}

static void test_hype_and_lack_raise_the_bid(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_lab_env_t env = quiet();
    env.cash_fen = HUGE_CASH_FEN;
    mdl_lab_t lab = incumbent(&params, 0);
    mdl_lab_funded(&lab, 1000);
    assert_int_equal(step(&lab, &params, &env, 0, 0).training.limit_fen, RENT_FEN);
    env.hype = 1.0;
    int64_t bid = step(&lab, &params, &env, 0, 1).training.limit_fen;
    assert_int_equal(bid, (int64_t)((double)RENT_FEN * (1.0 + params.labs_bid_premium)));
    env.held_training_nodes = lab.wanted_nodes; /* it lacks nothing */
    assert_int_equal(step(&lab, &params, &env, 0, 2).training.limit_fen, RENT_FEN);
}

static void test_without_cash_it_stops_after_its_patience(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    int64_t patience_d = params.labs_patience_s / SIM_DAY_S;
    assert_int_equal(life(&params, quiet(), 0, 0, 1000), patience_d);
    params.labs_patience_s = 0;
    assert_int_equal(life(&params, quiet(), 0, 0, 1000), 0);
}

static void test_more_cash_trains_longer(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    int64_t longer = 0;
    for (uint64_t replication = 0; replication < 60; replication++) {
        int64_t poor = life(&params, quiet(), replication, INT64_C(1000000000), 4000);
        int64_t rich = life(&params, quiet(), replication, INT64_C(4000000000), 4000);
        assert_true(rich >= poor);
        longer += rich > poor;
    }
    assert_int_equal(longer, 60);
}

static int64_t training_after(const mdl_params_t *params, const mdl_lab_env_t *env, int64_t days)
{
    int64_t training = 0;
    for (uint64_t replication = 0; replication < 200; replication++)
        training += life(params, *env, replication, HUGE_CASH_FEN, days) == days;
    return training;
}

/* With money for everything: nobody stops without open models; nearly all stop when the open frontier is far ahead. */
static void test_open_models_make_training_pointless(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_lab_env_t env = quiet();
    assert_int_equal(training_after(&params, &env, 400), 200);
    env.open_exists = true;
    env.open_log = 0.0;
    assert_int_equal(training_after(&params, &env, 400), 200);
    env.open_log = 25.0;
    assert_in_range(training_after(&params, &env, 400), 0, 2);
}

/* Far behind, the day of stopping is geometric at the full hazard: survivors of 200 after 30 days inside the 99 %
 * interval (false alarm 1 %, seed 1). */
static void test_pointless_training_stops_at_its_hazard(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_lab_env_t env = quiet();
    env.open_exists = true;
    env.open_log = 40.0;
    double p = exp(-params.labs_quit_hazard * 30.0 / 365.25);
    double z = ((double)training_after(&params, &env, 30) - 200.0 * p) / sqrt(200.0 * p * (1.0 - p));
    assert_true(fabs(z) < 2.576);
}

static void test_stopping_keeps_it_registered_and_serving(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.labs_quit_hazard = 1e7;
    mdl_lab_env_t env = quiet();
    env.cash_fen = HUGE_CASH_FEN;
    env.open_exists = true;
    env.open_log = 40.0;
    env.tokens_day = 50000000;
    mdl_lab_t lab = incumbent(&params, 0);
    lab.base_nodes = 100.0;
    mdl_lab_funded(&lab, 1000);
    mdl_lab_decision_t decision = step(&lab, &params, &env, 0, 17);
    assert_true(decision.quit_training && lab.stage == MDL_LAB_SERVING);
    assert_int_equal(lab.quit_cause, MDL_LAB_QUIT_POINTLESS);
    assert_int_equal(lab.quit_day, 17);
    assert_int_equal(decision.training.nodes, 0);
    assert_int_equal(decision.finetune.nodes, (int64_t)(100.0 * params.labs_finetune_share));
    double load = 50000000 / (env.tokens_node_day * params.tokens_load);
    assert_true(decision.inference.nodes >= load && decision.inference.nodes <= load + 1.0);
    assert_true(mdl_lab_token_weight(&lab) > 0.0);
    decision = step(&lab, &params, &env, 0, 18);
    assert_false(decision.quit_training);
    assert_int_equal(decision.raise_fen, 0);
    assert_int_equal(lab.quit_day, 17);
}

static void test_capability_never_falls(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_lab_t lab = incumbent(&params, 0);
    double last = mdl_lab_capability(&lab);
    assert_true(fabs(last - mdl_frontier_capability(params.labs_incumbent_hours)) < 1e-9);
    const int64_t trained[] = {1, 0, -100, 3600, INT64_C(1) << 50, INT64_MAX, INT64_MAX, 5};
    for (size_t i = 0; i < sizeof trained / sizeof trained[0]; i++) {
        mdl_lab_trained(&lab, trained[i]);
        assert_true(mdl_lab_capability(&lab) >= last && lab.useful_gpu_s >= 0);
        last = mdl_lab_capability(&lab);
    }
}

/* Whether the rounds asked for by 100 labs within three years lie inside the 99 % interval of a hazard. */
static void assert_rounds(const mdl_params_t *params, mdl_lab_env_t env, double per_year)
{
    env.cash_fen = HUGE_CASH_FEN;
    double rounds = 0.0;
    for (uint64_t replication = 0; replication < 100; replication++) {
        mdl_lab_t lab = incumbent(params, replication);
        mdl_lab_funded(&lab, 1000);
        for (int64_t day = 0; day < 1096; day++)
            rounds += step(&lab, params, &env, replication, day).raise_fen > 0;
    }
    double p = 1.0 - exp(-per_year / 365.25), n = 100 * 1096;
    assert_true(fabs(rounds - n * p) <= 2.576 * sqrt(n * p * (1.0 - p)));
}

/* Rounds follow sentiment, none come without it; money gathers at those who are left, as far as it is elastic to their
 * number (false alarm 1 % each, seed 1). */
static void test_rounds_follow_sentiment(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.labs_refinance_hazard = 2.0;
    params.labs_gathering = 0.5;
    mdl_lab_env_t env = quiet();
    assert_rounds(&params, env, 0.0);
    env.venture = 1.0;
    assert_rounds(&params, env, 2.0);
    env.entered_per_training = 9.0;
    assert_rounds(&params, env, 6.0);
    params.labs_gathering = 0.0;
    assert_rounds(&params, env, 2.0);
}

static void assert_sane(const mdl_want_t *want)
{
    assert_in_range(want->nodes, 0, MDL_DEMAND_MAX_NODES);
    assert_in_range(want->gang_nodes, 0, want->nodes);
    assert_in_range(want->limit_fen, 0, MDL_DEMAND_MAX_FEN);
}

static void test_extremes_stay_in_range(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    const int64_t money[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    const double real[] = {-1e300, 0.0, 1e-300, 1.0, 1e300};
    for (int i = 0; i < 3125; i++) {
        int a = i % 5, b = i / 5 % 5, c = i / 25 % 5, d = i / 125 % 5, e = i / 625;
        mdl_lab_env_t env = {.hype = real[a],
                             .venture = real[b],
                             .entered_share = 1.0,
                             .entered_per_training = real[c],
                             .open_log = real[c],
                             .closed_log = real[d],
                             .open_exists = true,
                             .hour_worth = real[c],
                             .cash_fen = money[e],
                             .revenue_fen_day = money[c],
                             .rent_training_fen = money[b],
                             .rent_inference_fen = money[a],
                             .rent_finetune_fen = money[d],
                             .tokens_day = money[e],
                             .held_training_nodes = (int32_t)money[d],
                             .tokens_node_day = real[b]};
        mdl_lab_t lab = incumbent(&params, 0);
        mdl_lab_funded(&lab, INT64_C(1) << 50);
        mdl_lab_decision_t decision = step(&lab, &params, &env, 0, i);
        assert_sane(&decision.training);
        assert_sane(&decision.finetune);
        assert_sane(&decision.inference);
        assert_in_range(decision.raise_fen, 0, MDL_DEMAND_MAX_FEN);
        assert_true(decision.payroll_fen >= 0 && (decision.payroll_fen == 0 || decision.payroll_fen <= env.cash_fen));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traits_belong_to_the_address),
        cmocka_unit_test(test_popularity_has_mean_one),
        cmocka_unit_test(test_entry_at_constant_hazard_is_binomial),
        cmocka_unit_test(test_nobody_enters_a_world_without_hype),
        cmocka_unit_test(test_entering_asks_for_the_first_equity),
        cmocka_unit_test(test_cluster_is_what_money_carries),
        cmocka_unit_test(test_ambition_follows_the_closed_frontier),
        cmocka_unit_test(test_hype_and_lack_raise_the_bid),
        cmocka_unit_test(test_without_cash_it_stops_after_its_patience),
        cmocka_unit_test(test_more_cash_trains_longer),
        cmocka_unit_test(test_open_models_make_training_pointless),
        cmocka_unit_test(test_pointless_training_stops_at_its_hazard),
        cmocka_unit_test(test_stopping_keeps_it_registered_and_serving),
        cmocka_unit_test(test_capability_never_falls),
        cmocka_unit_test(test_rounds_follow_sentiment),
        cmocka_unit_test(test_extremes_stay_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
