// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/beliefs.h"

#include "sim/math.h"
#include "sim/time.h"
#include "tests/support/test.h"

#include <math.h>

static mdl_market_view_t calm(void)
{
    return (mdl_market_view_t){.rent_yuan = 90000,
                               .full_cost_yuan = 60000,
                               .entry_cost_yuan = 60000,
                               .variable_cost_yuan = 12000,
                               .capacity_h100e = 1000,
                               .demand_h100e = 1000,
                               .occupancy = 0.4};
}

/* Rent that grows by a constant rate for `days`. */
static void watch(mdl_beliefs_t *beliefs, const mdl_params_t *params, mdl_market_view_t *view, double per_day, int days)
{
    for (int day = 1; day <= days; day++) {
        view->rent_yuan *= sim_exp(per_day);
        mdl_beliefs_observe(beliefs, params, view, day * SIM_DAY_S);
    }
}

static void momentum_finds_a_constant_rate(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_beliefs_t beliefs;
    mdl_beliefs_init(&beliefs);
    mdl_market_view_t view = calm();
    watch(&beliefs, &params, &view, 0.002, 1500);
    assert_true(fabs(beliefs.momentum_per_day - 0.002) < 1e-6);
}

static void extrapolators_alone_follow_the_trend(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_beliefs_t beliefs;
    mdl_beliefs_init(&beliefs);
    mdl_market_view_t view = calm();
    watch(&beliefs, &params, &view, 0.001, 1000);
    double ahead = (double)params.beliefs_horizon_s / (double)SIM_DAY_S;
    double expected = view.rent_yuan * sim_exp(params.beliefs_extrapolation * beliefs.momentum_per_day * ahead);
    double extrapolated = mdl_beliefs_opening_rent(&beliefs, &params, &view, MDL_BELIEF_EXTRAPOLATOR);
    assert_true(fabs(extrapolated / expected - 1) < 1e-12);
    double fundamental = mdl_beliefs_opening_rent(&beliefs, &params, &view, MDL_BELIEF_FUNDAMENTALIST);
    assert_true(fabs(fundamental / view.rent_yuan - 1) < 1e-12); /* no pipeline, demand at rest */
}

static void more_pipeline_lowers_what_is_expected(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_beliefs_t beliefs;
    mdl_beliefs_init(&beliefs);
    for (int rule = 0; rule < MDL_BELIEF_RULES; rule++) {
        double last = 1e9;
        for (double pipeline = 0; pipeline < 1000; pipeline += 100) {
            mdl_market_view_t view = calm();
            view.committed_h100e = view.announced_h100e = pipeline;
            double rent = mdl_beliefs_life_rent(&beliefs, &params, &view, (mdl_belief_rule_t)rule);
            assert_true(rent < last);
            assert_true(rent >= view.variable_cost_yuan);
            last = rent;
        }
    }
}

/* Beside centres that stand emptier than planned, plans close the gap as e^(-t/learning); without learning never. */
static void plans_learn_what_centres_have(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    params.beliefs_occupancy_neglect = 1;
    for (int learns = 0; learns <= 1; learns++) {
        params.beliefs_occupancy_learning_s = learns * 730 * SIM_DAY_S;
        mdl_beliefs_t beliefs;
        mdl_beliefs_init(&beliefs);
        mdl_market_view_t view = calm();
        watch(&beliefs, &params, &view, 0, 366); /* 365 days between observations */
        double gap = params.beliefs_occupancy_assumed - view.occupancy;
        double left = learns ? gap * sim_exp(-0.5) : gap;
        for (int rule = MDL_BELIEF_EXTRAPOLATOR; rule <= MDL_BELIEF_FUNDAMENTALIST; rule++) {
            double planned = mdl_beliefs_occupancy(&beliefs, &params, &view, (mdl_belief_rule_t)rule);
            assert_true(fabs(planned - view.occupancy - left) < 1e-9);
        }
        assert_true(mdl_beliefs_occupancy(&beliefs, &params, &view, MDL_BELIEF_RATIONAL) == view.occupancy);
    }
    /* Full centres make no plan bolder. */
    mdl_beliefs_t beliefs;
    mdl_beliefs_init(&beliefs);
    mdl_market_view_t full = calm();
    full.occupancy = 1;
    watch(&beliefs, &params, &full, 0, 366);
    double planned = mdl_beliefs_occupancy(&beliefs, &params, &full, MDL_BELIEF_EXTRAPOLATOR);
    assert_true(planned == params.beliefs_occupancy_assumed);
}

static void biases_can_be_set_apart(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_market_view_t view = calm();
    mdl_beliefs_t beliefs;
    mdl_beliefs_init(&beliefs);
    /* Neglect of occupancy: the plan's figure, or what is seen. */
    params.beliefs_occupancy_neglect = 1;
    double planned = mdl_beliefs_occupancy(&beliefs, &params, &view, MDL_BELIEF_EXTRAPOLATOR);
    assert_true(planned == params.beliefs_occupancy_assumed);
    params.beliefs_occupancy_neglect = 0;
    assert_true(mdl_beliefs_occupancy(&beliefs, &params, &view, MDL_BELIEF_EXTRAPOLATOR) == view.occupancy);
    assert_true(mdl_beliefs_occupancy(&beliefs, &params, &view, MDL_BELIEF_RATIONAL) == view.occupancy);
    /* Neglect of the pipeline: with a share of 0 it is not seen at all. */
    params.beliefs_pipeline_fundamentalist = 0;
    view.committed_h100e = 5000;
    assert_true(fabs(mdl_beliefs_opening_rent(&beliefs, &params, &view, MDL_BELIEF_FUNDAMENTALIST) / view.rent_yuan -
                     1) < 1e-12);
}

static void errors_shift_the_shares(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_beliefs_t beliefs;
    mdl_beliefs_init(&beliefs);
    assert_true(fabs(mdl_beliefs_extrapolator_share(&beliefs, &params) - params.beliefs_extrapolator_share) < 1e-12);
    beliefs.squared_error[MDL_BELIEF_EXTRAPOLATOR] = 0.5;
    double fewer = mdl_beliefs_extrapolator_share(&beliefs, &params);
    assert_true(fewer < params.beliefs_extrapolator_share);
    params.beliefs_switching = 0;
    assert_true(fabs(mdl_beliefs_extrapolator_share(&beliefs, &params) - params.beliefs_extrapolator_share) < 1e-12);
    params.beliefs_extrapolator_share = 0;
    assert_true(mdl_beliefs_rule(&beliefs, &params, 0) == MDL_BELIEF_FUNDAMENTALIST);
    params.beliefs_control = true;
    assert_true(mdl_beliefs_rule(&beliefs, &params, 0) == MDL_BELIEF_RATIONAL);
}

static void a_collapse_of_rent_proves_extrapolators_wrong(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_params_init(&params);
    mdl_beliefs_t beliefs;
    mdl_beliefs_init(&beliefs);
    mdl_market_view_t view = calm();
    watch(&beliefs, &params, &view, 0.004, 300);
    for (int day = 301; day <= 700; day++) {
        view.rent_yuan *= sim_exp(-0.004);
        mdl_beliefs_observe(&beliefs, &params, &view, day * SIM_DAY_S);
    }
    assert_true(beliefs.squared_error[MDL_BELIEF_EXTRAPOLATOR] > beliefs.squared_error[MDL_BELIEF_FUNDAMENTALIST]);
    assert_true(mdl_beliefs_extrapolator_share(&beliefs, &params) < params.beliefs_extrapolator_share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(momentum_finds_a_constant_rate),
        cmocka_unit_test(extrapolators_alone_follow_the_trend),
        cmocka_unit_test(more_pipeline_lowers_what_is_expected),
        cmocka_unit_test(plans_learn_what_centres_have),
        cmocka_unit_test(biases_can_be_set_apart),
        cmocka_unit_test(errors_shift_the_shares),
        cmocka_unit_test(a_collapse_of_rent_proves_extrapolators_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
