// SPDX-License-Identifier: GPL-3.0-or-later
/* Hype: the logistic's closed form, what disappoints, what lags, and that it stays a share. */
#include "tests/support/test.h"

#include "models/agents/hype.h"
#include "sim/draw.h"

#include <math.h>

#define CALM_RENT_FEN INT64_C(10000000)

static const mdl_hype_env_t calm = {.rent_fen = CALM_RENT_FEN};

static mdl_params_t defaults(void)
{
    mdl_params_t params;
    mdl_params_init(&params);
    return params;
}

static double level_after(const mdl_params_t *params, double seed, const mdl_hype_env_t *env, int days)
{
    mdl_hype_t hype;
    mdl_hype_init(&hype, params);
    mdl_hype_shock(&hype, seed);
    for (int day = 0; day < days; day++)
        mdl_hype_step(&hype, params, env);
    return mdl_hype_level(&hype);
}

static void test_without_a_seed_there_is_no_story(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    assert_true(level_after(&params, 0.0, &calm, 2000) == params.hype_background);
}

static void test_contagion_alone_is_the_logistic(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.hype_background = 0.0;
    double seed = 0.01;
    for (int days = 1; days <= 1500; days += 37) {
        double grown = exp(params.hype_contagion * days / 365.25);
        double expected = seed * grown / (1.0 - seed + seed * grown);
        assert_true(fabs(level_after(&params, seed, &calm, days) - expected) < 1e-11);
    }
}

static void test_each_disappointment_lowers_it(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    const mdl_hype_env_t sad[] = {
        {.rent_fen = CALM_RENT_FEN, .idle_share = 0.8},
        {.rent_fen = CALM_RENT_FEN, .lab_exit_share = 0.01},
        {.rent_fen = params.hype_low_rent_fen / 2},
    };
    double happy = level_after(&params, 0.1, &calm, 200);
    for (size_t i = 0; i < sizeof sad / sizeof sad[0]; i++)
        assert_true(level_after(&params, 0.1, &sad[i], 200) < happy - 0.01);
    mdl_hype_env_t tolerated = {.rent_fen = CALM_RENT_FEN, .idle_share = params.hype_idle_tolerated};
    assert_true(level_after(&params, 0.1, &tolerated, 200) == happy);
    mdl_hype_env_t worse = {.rent_fen = CALM_RENT_FEN, .idle_share = 0.9};
    assert_true(level_after(&params, 0.1, &worse, 200) < level_after(&params, 0.1, &sad[0], 200));
}

static double level_with_rent_growth(const mdl_params_t *params, double per_year)
{
    mdl_hype_t hype;
    mdl_hype_init(&hype, params);
    mdl_hype_shock(&hype, 0.05);
    for (int day = 0; day < 250; day++) {
        int64_t rent = (int64_t)(2e7 * exp(per_year * day / 365.25));
        mdl_hype_step(&hype, params, &(mdl_hype_env_t){.rent_fen = rent});
    }
    return mdl_hype_level(&hype);
}

static void test_rising_rents_spread_it_faster(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    assert_true(level_with_rent_growth(&params, 1.0) > level_with_rent_growth(&params, 0.0) + 0.01);
    assert_true(level_with_rent_growth(&params, -1.0) < level_with_rent_growth(&params, 0.0) - 0.01);
    params.hype_momentum = 0.0;
    assert_true(level_with_rent_growth(&params, 1.0) == level_with_rent_growth(&params, 0.0));
}

static void test_an_unknown_rent_moves_nothing(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_hype_env_t unknown = {.rent_fen = 0};
    assert_true(level_after(&params, 0.1, &unknown, 100) == level_after(&params, 0.1, &calm, 100));
}

/* With the level held, what lags closes its gap exponentially. */
static void test_money_follows_with_its_delay(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.hype_contagion = 0.0;
    mdl_hype_t hype;
    mdl_hype_init(&hype, &params);
    mdl_hype_shock(&hype, 0.5);
    double level = mdl_hype_level(&hype);
    for (int day = 0; day < 100; day++)
        mdl_hype_step(&hype, &params, &calm);
    assert_true(mdl_hype_level(&hype) == level);
    const double got[] = {hype.venture, hype.credit, hype.state};
    const int64_t delay_s[] = {params.hype_venture_delay_s, params.hype_credit_delay_s, params.hype_state_delay_s};
    for (int i = 0; i < 3; i++) {
        double expected = level - 0.5 * exp(-100.0 * 86400.0 / (double)delay_s[i]);
        assert_true(fabs(got[i] - expected) < 1e-12);
    }
    assert_true(hype.venture > hype.credit && hype.credit > hype.state);
}

static void test_no_delay_is_no_delay(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.hype_venture_delay_s = 0;
    mdl_hype_t hype;
    mdl_hype_init(&hype, &params);
    mdl_hype_shock(&hype, 0.2);
    mdl_hype_step(&hype, &params, &calm);
    assert_true(fabs(hype.venture - mdl_hype_level(&hype)) < 1e-15);
}

/* Property: whatever happens, it stays between background and 1 (10,000 random days, wild surroundings). */
static void test_it_stays_a_share(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    params.hype_momentum = 20.0;
    params.hype_momentum_memory_s = 86400;
    mdl_hype_t hype;
    mdl_hype_init(&hype, &params);
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 0, 0, 0, 0);
    for (int day = 0; day < 10000; day++) {
        mdl_hype_env_t env = {.rent_fen = (int64_t)sim_draw_below(&rng, UINT64_C(1) << 62) >> sim_draw_below(&rng, 62),
                              .idle_share = sim_draw_uniform(&rng),
                              .lab_exit_share = sim_draw_uniform(&rng)};
        if (day % 50 == 0)
            mdl_hype_shock(&hype, sim_draw_normal(&rng, 0.3, 1.0));
        mdl_hype_step(&hype, &params, &env);
        double level = mdl_hype_level(&hype);
        assert_true(level >= params.hype_background && level <= 1.0);
        assert_true(hype.venture >= 0.0 && hype.venture <= 1.0 && hype.state >= 0.0 && hype.state <= 1.0);
    }
}

static void test_shocks_are_held(void **state)
{
    (void)state;
    mdl_params_t params = defaults();
    mdl_hype_t hype;
    mdl_hype_init(&hype, &params);
    mdl_hype_shock(&hype, 5.0);
    assert_true(mdl_hype_level(&hype) == 1.0);
    mdl_hype_shock(&hype, -9.0);
    assert_true(mdl_hype_level(&hype) == params.hype_background);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_seed_there_is_no_story),
        cmocka_unit_test(test_contagion_alone_is_the_logistic),
        cmocka_unit_test(test_each_disappointment_lowers_it),
        cmocka_unit_test(test_rising_rents_spread_it_faster),
        cmocka_unit_test(test_an_unknown_rent_moves_nothing),
        cmocka_unit_test(test_money_follows_with_its_delay),
        cmocka_unit_test(test_no_delay_is_no_delay),
        cmocka_unit_test(test_it_stays_a_share),
        cmocka_unit_test(test_shocks_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
