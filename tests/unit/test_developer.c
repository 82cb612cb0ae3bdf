// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/developer.h"
#include "models/agents/project.h"

#include "sim/draw.h"
#include "sim/math.h"
#include "sim/time.h"
#include "tests/support/test.h"

#include <math.h>

static mdl_prospect_t sound(void)
{
    return (mdl_prospect_t){.capital_yuan = 2.7e6,
                            .rent_yuan = 70000,
                            .occupancy = 0.85,
                            .activity = 0.7,
                            .fixed_yuan = 7500,
                            .power_idle_yuan = 1500,
                            .power_busy_yuan = 4500,
                            .resale_yuan = 800,
                            .grant_share = 0.1,
                            .loan_share = 0.7,
                            .land_motive = 1.3,
                            .hype = 0.5,
                            .state_hype = 0.4};
}

static void annuity_is_the_textbook_one(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    params.developers_life = 5;
    params.developers_capital_cost = 0.05;
    double sum = 0, factor = 1;
    for (int year = 1; year <= 5; year++)
        sum += 12 * (factor /= 1.05);
    assert_true(fabs(mdl_developer_annuity(&params) - sum) < 1e-9);
    params.developers_capital_cost = 0;
    assert_true(mdl_developer_annuity(&params) == 60);
}

static void break_even_rent_has_no_value(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    double annuity = mdl_developer_annuity(&params);
    mdl_prospect_t p = sound();
    double power = p.power_idle_yuan + p.occupancy * p.activity * (p.power_busy_yuan - p.power_idle_yuan);
    p.rent_yuan = (p.capital_yuan / annuity + p.fixed_yuan + power) / p.occupancy;
    assert_true(fabs(mdl_developer_npv(&params, &p, annuity)) < 1e-12);
    p.rent_yuan *= 1.01;
    assert_true(mdl_developer_npv(&params, &p, annuity) > 0);
}

static void conditions_on_use_bind_rent_seekers_first(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_prospect_t p = sound();
    params.audit_hazard = 0;
    assert_true(mdl_developer_subsidy(&params, MDL_DEVELOPER_OPERATOR, &p) == p.grant_share);
    assert_true(mdl_developer_subsidy(&params, MDL_DEVELOPER_RENT_SEEKER, &p) == p.grant_share);
    /* An audit finds chips missing at a rent-seeker's, not at an operator's. */
    params.audit_hazard = 2;
    params.subsidy_clawback_share = 1;
    assert_true(mdl_developer_subsidy(&params, MDL_DEVELOPER_OPERATOR, &p) == p.grant_share);
    assert_true(mdl_developer_subsidy(&params, MDL_DEVELOPER_RENT_SEEKER, &p) < 0.01 * p.grant_share);
    /* Pay on measured use: full for who uses what was planned, the built share of it for who does not. */
    params.audit_hazard = 0;
    params.subsidy_utilisation_linked = 1;
    params.subsidy_utilisation_target = p.occupancy * p.activity;
    assert_true(fabs(mdl_developer_subsidy(&params, MDL_DEVELOPER_OPERATOR, &p) - p.grant_share) < 1e-12);
    double seeker = mdl_developer_subsidy(&params, MDL_DEVELOPER_RENT_SEEKER, &p);
    assert_true(fabs(seeker - params.subsidy_visible_share * p.grant_share) < 1e-12);
}

static void each_kind_has_its_own_motive(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    double annuity = mdl_developer_annuity(&params);
    mdl_prospect_t p = sound(), q = sound();
    assert_true(mdl_developer_motive(&params, MDL_DEVELOPER_OPERATOR, &p, annuity) == 0);
    q.land_motive = 2 * p.land_motive;
    assert_true(mdl_developer_motive(&params, MDL_DEVELOPER_STATE, &q, annuity) ==
                2 * mdl_developer_motive(&params, MDL_DEVELOPER_STATE, &p, annuity));
    q.hype = 0;
    assert_true(mdl_developer_motive(&params, MDL_DEVELOPER_ENTRANT, &q, annuity) == 0);
    params.subsidy_visible_share = 1; /* nothing to hide: nothing to divert or resell */
    assert_true(mdl_developer_motive(&params, MDL_DEVELOPER_RENT_SEEKER, &p, annuity) == 0);
}

static void hazard_rises_with_merit_and_company(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    double at_hurdle = mdl_developer_hazard(&params, MDL_DEVELOPER_OPERATOR, params.developers_hurdle,
                                            params.developers_herding_normal);
    assert_true(fabs(at_hurdle - params.developers_rate_operator / 2) < 1e-12);
    double last = 0;
    for (double merit = -1; merit <= 1; merit += 0.1) {
        double hazard = mdl_developer_hazard(&params, MDL_DEVELOPER_OPERATOR, merit, 5);
        assert_true(hazard > last && hazard < params.developers_rate_operator);
        assert_true(mdl_developer_hazard(&params, MDL_DEVELOPER_OPERATOR, merit, 50) > hazard);
        last = hazard;
    }
    params.beliefs_control = true; /* the control does not follow the herd */
    assert_true(mdl_developer_hazard(&params, MDL_DEVELOPER_OPERATOR, 0, 0) ==
                mdl_developer_hazard(&params, MDL_DEVELOPER_OPERATOR, 0, 500));
}

static void a_chip_at_its_limit_just_pays(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    double annuity = mdl_developer_annuity(&params);
    mdl_prospect_t p = sound();
    p.capital_yuan = 8 * mdl_developer_chip_limit(&params, &p, annuity); /* the building is sunk */
    assert_true(fabs(mdl_developer_npv(&params, &p, annuity)) < 1e-12);
    p.rent_yuan = 0;
    assert_true(mdl_developer_chip_limit(&params, &p, annuity) == 0);
}

static void entrants_have_ids_of_their_own(void **state)
{
    (void)state;
    sim_rng_t rng;
    mdl_developer_t a, b;
    sim_rng_at(&rng, 1, 0, 1, 1, 0);
    mdl_developer_init(&a, MDL_DEVELOPER_STATE, 7, 5, &rng);
    mdl_developer_init(&b, MDL_DEVELOPER_OPERATOR, 7, 5, &rng);
    assert_int_not_equal(a.entity, b.entity);
    assert_int_equal(a.home_city, 2); /* state vehicles: every city has one before any has two */
    assert_true(b.home_city >= 0 && b.home_city < 5);
}

/* P13, P14, P16: 63 % up to 500 PFLOPS, about 15-20 % between 500 and 1,000, mean 1,670 before the cut at the top.
 * 20,000 draws: the standard error of a share is 0.0035; asked for within five of them. */
static void sizes_follow_the_facts(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    int small = 0, middle = 0, n = 20000;
    for (int i = 0; i < n; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, 42, 0, 1, 1, (uint64_t)i);
        double pflops = mdl_project_nodes(&params, 1, &rng) * 8 * params.developers_pflops_per_reference;
        small += pflops <= 508; /* whole nodes */
        middle += pflops > 508 && pflops <= 1000;
    }
    assert_true(fabs((double)small / n - 0.63) < 0.0175);
    assert_true(fabs((double)middle / n - 0.13) < 0.03);
}

/* An Erlang time of four stages: mean as set, variance a quarter of the mean squared. 8,000 draws, five errors wide. */
static void building_takes_an_erlang_time(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    double sum = 0, squares = 0, mean_s = (double)params.developers_build_time_s;
    int n = 8000;
    for (int i = 0; i < n; i++) {
        double time_s = 0;
        for (uint64_t stage = 0; stage < MDL_BUILD_STAGES; stage++) {
            sim_rng_t rng;
            sim_rng_at(&rng, 7, 0, (uint64_t)i, 1, stage);
            time_s += (double)mdl_project_stage_time(&params, false, &rng);
        }
        sum += time_s;
        squares += time_s * time_s;
    }
    double mean = sum / n, variance = squares / n - mean * mean;
    assert_true(fabs(mean / mean_s - 1) < 5 * 0.5 / sqrt(n));
    assert_true(fabs(variance / (mean_s * mean_s) - 0.25) < 0.03);
}

static void a_finished_building_opens_when_chips_are_in(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    params.developers_open_share = 0.45;
    params.developers_open_share_late = 0.15;
    assert_false(mdl_project_opens(&params, 44, 100, 0));
    assert_true(mdl_project_opens(&params, 45, 100, 0));
    assert_false(mdl_project_opens(&params, 15, 100, params.developers_open_wait_s - 1));
    assert_true(mdl_project_opens(&params, 15, 100, params.developers_open_wait_s));
    assert_false(mdl_project_opens(&params, 7, 8, SIM_NEVER)); /* not a whole node */
}

static double ask(const mdl_params_t *params, double ask_yuan, double index_yuan, double floor_yuan, double occupancy,
                  int64_t passed_s)
{
    double change = sim_exp(mdl_project_ask_log(params, ask_yuan, index_yuan, occupancy, passed_s));
    return mdl_project_ask(ask_yuan, change, floor_yuan);
}

static void asked_rent_follows_occupancy_and_hearsay(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    double target = params.developers_target_occupancy;
    assert_true(ask(&params, 100, 100, 10, target, SIM_WEEK_S) == 100);
    assert_true(ask(&params, 100, 100, 10, 1, SIM_WEEK_S) > 100);
    assert_true(ask(&params, 100, 100, 10, 0, SIM_WEEK_S) < 100);
    assert_true(ask(&params, 100, 200, 10, target, SIM_WEEK_S) > 100);
    assert_true(ask(&params, 11, 1, 10, 0, 52 * SIM_WEEK_S) == 10);
    /* Who is full does not follow a lower index down, who stands empty not a higher one up. */
    assert_true(ask(&params, 100, 50, 10, 1, SIM_WEEK_S) > 100);
    assert_true(ask(&params, 100, 200, 10, 0, SIM_WEEK_S) < 100);
    for (double occupancy = 0; occupancy <= 1; occupancy += 0.1) { /* nothing to hear: the step alone */
        double step = params.developers_price_step * (occupancy - target);
        assert_true(fabs(mdl_project_ask_log(&params, 100, 100, occupancy, SIM_WEEK_S) - step) < 1e-15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(annuity_is_the_textbook_one),
        cmocka_unit_test(break_even_rent_has_no_value),
        cmocka_unit_test(conditions_on_use_bind_rent_seekers_first),
        cmocka_unit_test(each_kind_has_its_own_motive),
        cmocka_unit_test(hazard_rises_with_merit_and_company),
        cmocka_unit_test(a_chip_at_its_limit_just_pays),
        cmocka_unit_test(entrants_have_ids_of_their_own),
        cmocka_unit_test(sizes_follow_the_facts),
        cmocka_unit_test(building_takes_an_erlang_time),
        cmocka_unit_test(a_finished_building_opens_when_chips_are_in),
        cmocka_unit_test(asked_rent_follows_occupancy_and_hearsay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
