// SPDX-License-Identifier: GPL-3.0-or-later
/* Tests of all replications of an arm, on a result made for it: one bubble, walks, and series that can't be tested. */
#include "analysis/bubbles.h"
#include "analysis/dated_column.h"
#include "sim/draw.h"
#include "tests/support/made_result.h"
#include "tests/support/test.h"

enum { N_REPLICATIONS = 5, N_TIMES = 80, RENT = 0, COST = 1 };
enum { WALK, BUBBLE, CONSTANT, HOLE, LATE }; /* what a replication is */

static const sim_channel_t channels[] = {
    {.group = "", .name = "rent_node_month", .units = "CNY", .long_name = "rent", .kind = SIM_CHANNEL_SERIES},
    {.group = "", .name = "full_cost_node_month", .units = "CNY", .long_name = "cost", .kind = SIM_CHANNEL_SERIES},
    {.group = "outcomes", .name = "exits", .units = "1", .long_name = "exits", .kind = SIM_CHANNEL_OUTCOME},
};
static double times_day[N_TIMES];

static void make_series(double y[N_TIMES], int kind, uint32_t arm)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 12, 0, arm, 0, 0); /* replications differ by their kind alone */
    y[0] = 100;
    for (uint32_t t = 1; t < N_TIMES; t++)
        y[t] = (kind == BUBBLE && t > 50 && t < 70 ? 1.08 : 1) * y[t - 1] + sim_draw_normal(&rng, 0, 1);
    for (uint32_t t = 0; t < N_TIMES; t++)
        if (kind == CONSTANT)
            y[t] = 3;
        else if ((kind == HOLE && t == 30) || (kind == LATE && (t < 20 || t >= 77)))
            y[t] = NAN;
}

static void record(sim_recorder_t *recorder, sim_run_key_t key)
{
    double y[N_TIMES];
    make_series(y, key.arm == 0 ? (int)key.replication : WALK, key.arm);
    for (uint32_t t = 0; t < N_TIMES; t++) {
        sim_recorder_set(recorder, RENT, 0, 2 * y[t]);
        sim_recorder_set(recorder, COST, 0, 2);
        sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    }
    sim_recorder_outcome(recorder, 2, 1);
}

static made_t open_result(bool with_cost)
{
    sim_channel_t some[3] = {channels[0], channels[1], channels[2]};
    const char *const arms[] = {"baseline", "rational"};
    if (!with_cost)
        some[COST].name = "something";
    for (int i = 0; i < N_TIMES; i++)
        times_day[i] = 7 * (i + 1);
    sim_schema_t schema = {.channels = some,
                           .n_channels = 3,
                           .times_day = {times_day, NULL},
                           .n_times = {N_TIMES, 0},
                           .start_day = 18993 /* 2022-01-01 */};
    return made_open(&(made_plan_t){
        .schema = &schema, .arms = arms, .n_arms = 2, .n_replications = N_REPLICATIONS, .record = record});
}

static const ana_bubbles_options_t given = {.critical_value = 2.5, .min_duration = 3, .seed = 1};

static void test_replications_of_an_arm(void **state)
{
    made_t made = open_result(true);
    const char *variable = ana_column_default_variable(made.result);
    ana_bubbles_arm_t arm;
    double y[N_TIMES];
    ana_gsadf_t direct;

    (void)state;
    assert_string_equal(variable, "rent_over_full_cost");
    assert_int_equal(ana_bubbles_arm(made.result, variable, "baseline", false, &given, &arm, NULL), SIM_OK);
    assert_int_equal(arm.n_runs, N_REPLICATIONS);
    assert_int_equal(arm.n_tested, 3);
    assert_int_equal(arm.n_rejecting, 1);
    assert_int_equal(arm.n_dated, 1);
    assert_true(arm.runs[BUBBLE].bubbles.rejects);
    assert_int_equal(arm.day[0], 19000);
    const ana_episode_t *episode = &arm.runs[BUBBLE].bubbles.episodes[0];
    assert_in_range(episode->start, 50, 65);
    assert_false(arm.runs[CONSTANT].tested);
    assert_non_null(strstr(arm.runs[CONSTANT].why, "80 times the value 3"));
    assert_non_null(strstr(arm.runs[HOLE].why, "observation 31 of 80"));
    assert_int_equal(arm.runs[LATE].first, 20);
    assert_int_equal(arm.runs[LATE].bubbles.test.n, 57);
    make_series(y, BUBBLE, 0);
    for (size_t t = 0; t < N_TIMES; t++)
        y[t] = round(1e6 * y[t]) / 1e6;
    assert_int_equal(ana_gsadf(y, N_TIMES, (ana_lag_t){0}, ana_gsadf_min_rows(N_TIMES), &direct, NULL), SIM_OK);
    assert_close(arm.runs[BUBBLE].bubbles.test.gsadf, direct.gsadf, 1e-5);
    ana_gsadf_free(&direct);
    ana_bubbles_arm_free(&arm);
    made_close(&made);
}

/* One simulation serves all replications of a length; each length has its own. */
static void test_critical_values_are_shared(void **state)
{
    made_t made = open_result(false);
    const ana_bubbles_options_t options = {.critical_value = NAN, .replications = 300, .min_duration = 1, .seed = 1};
    ana_bubbles_arm_t arm;

    (void)state;
    assert_string_equal(ana_column_default_variable(made.result), "rent_node_month");
    assert_int_equal(ana_bubbles_arm(made.result, "rent_node_month", "baseline", true, &options, &arm, NULL), SIM_OK);
    assert_int_equal(arm.runs[WALK].bubbles.critical.n, N_TIMES);
    assert_int_equal(arm.runs[BUBBLE].bubbles.critical.n, 0);
    assert_int_equal(arm.runs[LATE].bubbles.critical.n, 57);
    assert_true(arm.runs[BUBBLE].bubbles.reject_above == arm.runs[WALK].bubbles.critical.gsadf[ANA_LEVEL_95]);
    assert_true(arm.runs[BUBBLE].bubbles.rejects);
    ana_bubbles_arm_free(&arm);
    made_close(&made);
}

static void check_refused(sim_result_t *result, const char *variable, const char *arm_name, const char *part)
{
    ana_bubbles_arm_t arm;
    sim_error_t err = {0};
    assert_int_equal(ana_bubbles_arm(result, variable, arm_name, false, &given, &arm, &err), SIM_EINPUT);
    if (strstr(err.message, part) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, part);
    ana_bubbles_arm_free(&arm);
}

static void test_refused(void **state)
{
    made_t made = open_result(false);

    (void)state;
    check_refused(made.result, "rent_node_month", "nobody", "expected an arm of the file: baseline, rational");
    check_refused(made.result, "rent", "baseline", "found 'rent'; expected a national series");
    check_refused(made.result, "outcomes/exits", "baseline", "expected a series with the dimensions");
    check_refused(made.result, ANA_RENT_OVER_COST, "baseline", "found 'rent_over_full_cost'");
    made_close(&made);
}

/* The three ways to a critical value, on one series. */
static void test_thresholds(void **state)
{
    double y[N_TIMES];
    ana_bubbles_t bubbles;
    ana_bubbles_options_t options = {.critical_value = NAN, .replications = 200, .seed = 1};

    (void)state;
    make_series(y, BUBBLE, 0);
    assert_int_equal(ana_bubbles(y, N_TIMES, &options, NULL, &bubbles, NULL), SIM_OK);
    assert_int_equal(bubbles.min_duration, 5); /* ln 80 = 4.4 */
    size_t last = N_TIMES - 1;
    assert_true(bubbles.threshold[last] == bubbles.critical.bsadf[ANA_LEVEL_95][last]);
    assert_true(bubbles.threshold[last] < bubbles.reject_above);
    ana_bubbles_free(&bubbles);
    options.null = ANA_NULL_COMPOSITE;
    options.control = 12;
    assert_int_equal(ana_bubbles(y, N_TIMES, &options, NULL, &bubbles, NULL), SIM_OK);
    assert_int_equal(bubbles.critical.n, bubbles.min_rows + 12);
    assert_true(bubbles.threshold[last] == bubbles.reject_above && bubbles.threshold[20] == bubbles.reject_above);
    ana_bubbles_free(&bubbles);
    assert_int_equal(ana_bubbles(y, N_TIMES, &given, NULL, &bubbles, NULL), SIM_OK);
    assert_true(bubbles.reject_above == 2.5 && bubbles.threshold[last] == 2.5);
    assert_int_equal(bubbles.critical.n, 0);
    ana_bubbles_free(&bubbles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replications_of_an_arm),
        cmocka_unit_test(test_critical_values_are_shared),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_thresholds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
