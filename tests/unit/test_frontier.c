// SPDX-License-Identifier: GPL-3.0-or-later
/* Frontiers: growth, dated steps, the order of the two, and the scale that labs share with them. */
#include "tests/support/test.h"

#include "models/agents/frontier.h"

#include <math.h>

static mdl_frontier_t fresh(mdl_params_t *params)
{
    mdl_params_init(params);
    mdl_frontier_t frontier;
    mdl_frontier_init(&frontier, params);
    return frontier;
}

static void test_grows_by_its_rate_a_year(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_frontier_t frontier = fresh(&params);
    for (int day = 0; day < 1461; day++)
        mdl_frontier_step(&frontier, &params);
    assert_true(fabs(frontier.open_log - (params.frontier_open_start + 4 * params.frontier_open_growth)) < 1e-9);
    assert_true(fabs(frontier.closed_log - (params.frontier_closed_start + 4 * params.frontier_closed_growth)) < 1e-9);
    double per_year = exp(params.frontier_closed_growth);
    assert_true(per_year > 3.0 && per_year < 4.0); /* T09 */
}

static void test_a_release_is_a_step(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_frontier_t frontier = fresh(&params);
    mdl_frontier_release(&frontier, &params, 0.5);
    assert_true(fabs(frontier.open_log - params.frontier_open_start - 0.5) < 1e-12);
    mdl_frontier_release(&frontier, &params, -3.0);
    assert_true(fabs(frontier.open_log - params.frontier_open_start - 0.5) < 1e-12);
}

/* An hour is worth what it was until a recipe is in print; then all of the released step's method, and no more. */
static void test_a_release_lends_its_method_to_all(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_frontier_t frontier = fresh(&params);
    assert_int_equal(mdl_frontier_worth(&frontier, 3600), 3600);
    params.frontier_recipe_share = 0.0;
    mdl_frontier_release(&frontier, &params, 2.0);
    assert_int_equal(mdl_frontier_worth(&frontier, 3600), 3600);
    params.frontier_recipe_share = 0.5;
    mdl_frontier_release(&frontier, &params, 2.0 * log(4.0));
    assert_in_range(mdl_frontier_worth(&frontier, 3600), 4 * 3600 - 1, 4 * 3600 + 1);
    assert_int_equal(mdl_frontier_worth(&frontier, 0), 0);
    assert_in_range(mdl_frontier_worth(&frontier, INT64_MAX / 2), 0, INT64_MAX / 4);
}

/* Growth between releases lends its share of method; none by default, none in a world without open models. */
static void test_growth_in_print_lends_its_method(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        mdl_params_t params;
        mdl_frontier_t frontier = fresh(&params);
        params.frontier_recipe_growth = i == 0 ? 0.0 : 0.5;
        params.frontier_open = i < 2;
        for (int day = 0; day < 1461; day++)
            mdl_frontier_step(&frontier, &params);
        double lent = i == 1 ? 2 * params.frontier_open_growth : 0.0;
        assert_true(fabs(frontier.recipe_log - lent) < 1e-9);
    }
}

static void test_open_never_passes_closed(void **state)
{
    (void)state;
    mdl_params_t params;
    mdl_frontier_t frontier = fresh(&params);
    mdl_frontier_release(&frontier, &params, 100.0);
    assert_true(frontier.open_log == frontier.closed_log);
    params.frontier_open_growth = 10.0;
    for (int day = 0; day < 100; day++) {
        mdl_frontier_step(&frontier, &params);
        assert_true(frontier.open_log <= frontier.closed_log);
    }
}

static void test_a_world_without_open_models(void **state)
{
    (void)state;
    mdl_params_t params;
    (void)fresh(&params);
    params.frontier_open = false;
    mdl_frontier_t frontier;
    mdl_frontier_init(&frontier, &params);
    mdl_frontier_release(&frontier, &params, 0.5);
    assert_false(frontier.open_exists);
    assert_true(frontier.open_log == params.frontier_open_start);
}

static void test_capability_is_monotone(void **state)
{
    (void)state;
    assert_true(mdl_frontier_capability(0.0) == 0.0);
    assert_true(mdl_frontier_capability(-5.0) == 0.0);
    double last = 0.0;
    for (double hours = 1.0; hours < 1e15; hours *= 1.7) {
        double now = mdl_frontier_capability(hours);
        assert_true(now > last);
        last = now;
    }
    /* DeepSeek V3's 2.788 million hours (G01) */
    assert_true(fabs(mdl_frontier_capability(2.788e6) - log(2.788e6)) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_by_its_rate_a_year),
        cmocka_unit_test(test_a_release_is_a_step),
        cmocka_unit_test(test_a_release_lends_its_method_to_all),
        cmocka_unit_test(test_growth_in_print_lends_its_method),
        cmocka_unit_test(test_open_never_passes_closed),
        cmocka_unit_test(test_a_world_without_open_models),
        cmocka_unit_test(test_capability_is_monotone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
