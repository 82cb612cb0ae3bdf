// SPDX-License-Identifier: GPL-3.0-or-later
/* Paired effects and the summary, from a result of two arms whose values are known by hand. */
#include "analysis/compare.h"
#include "analysis/summary.h"
#include "tests/support/made_result.h"
#include "tests/support/test.h"

enum { N_REPLICATIONS = 4, N_TIMES = 2 };

static const sim_channel_t channels[] = {
    {.group = "", .name = "rent", .units = "yuan", .long_name = "rent", .kind = SIM_CHANNEL_SERIES},
    {.group = "outcomes", .name = "exits", .units = "1", .long_name = "exits", .kind = SIM_CHANNEL_OUTCOME},
    {.group = "outcomes", .name = "peak", .units = "yuan", .long_name = "peak", .kind = SIM_CHANNEL_OUTCOME},
};
static const double times_day[N_TIMES] = {7, 14};
static const sim_schema_t schema = {
    .channels = channels, .n_channels = 3, .times_day = {times_day, NULL}, .n_times = {N_TIMES, 0}};

/* exits: differences 1, 2, 3 and one pair without a value; peak: the same in both arms. */
static const double exits[2][N_REPLICATIONS] = {{10, 20, 30, 40}, {11, 22, 33, NAN}};

static void record(sim_recorder_t *recorder, sim_run_key_t key)
{
    for (uint32_t time = 0; time < N_TIMES; time++) {
        sim_recorder_set(recorder, 0, 0, 100 * key.arm + 10 * time + key.replication);
        sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    }
    sim_recorder_outcome(recorder, 1, exits[key.arm][key.replication]);
    sim_recorder_outcome(recorder, 2, 5 + key.replication);
}

static const char *const arms[] = {"baseline", "policy"};
static const made_plan_t plan = {.schema = &schema,
                                 .arms = arms,
                                 .n_arms = 2,
                                 .n_replications = N_REPLICATIONS,
                                 .record = record,
                                 .finish = ana_summary_write};

static void effects_are_paired(void **state)
{
    (void)state;
    made_t made = made_open(&plan);
    ana_comparison_t comparison;
    assert_int_equal(ana_compare(made.result, "baseline", NULL, &comparison, NULL), SIM_OK);
    assert_int_equal(comparison.n, 2);
    const ana_effect_t *effect = &comparison.effects[0];
    assert_string_equal(effect->metric, "exits");
    assert_string_equal(effect->arm, "policy");
    assert_int_equal(effect->n, 3);
    assert_close(effect->baseline_mean, 20, 1e-12);
    assert_close(effect->arm_mean, 22, 1e-12);
    assert_close(effect->difference, 2, 1e-12);
    /* Differences 1, 2, 3: standard deviation 1; t(0.975; 2) = 4.30265273. */
    assert_close(effect->ci_high, 2 + 4.30265273 / sqrt(3), 1e-7);
    assert_close(effect->ci_low, 2 - 4.30265273 / sqrt(3), 1e-7);
    /* Variances 100 and 121 apart, 1 paired. */
    assert_close(effect->variance_reduction, 221, 1e-9);
    assert_close(comparison.effects[1].difference, 0, 0);
    assert_true(isnan(comparison.effects[1].variance_reduction));
    ana_comparison_free(&comparison);
    made_close(&made);
}

static void the_other_arm_may_be_the_baseline(void **state)
{
    (void)state;
    made_t made = made_open(&plan);
    ana_comparison_t comparison;
    assert_int_equal(ana_compare(made.result, "policy", "ex*", &comparison, NULL), SIM_OK);
    assert_int_equal(comparison.n, 1);
    assert_string_equal(comparison.effects[0].arm, "baseline");
    assert_close(comparison.effects[0].difference, -2, 1e-12);
    ana_comparison_free(&comparison);
    made_close(&made);
}

static void wrong_names_are_refused(void **state)
{
    (void)state;
    made_t made = made_open(&plan);
    ana_comparison_t comparison;
    sim_error_t err = {0};
    assert_int_equal(ana_compare(made.result, "nobody", NULL, &comparison, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "baseline, policy"));
    ana_comparison_free(&comparison);
    err = (sim_error_t){0};
    assert_int_equal(ana_compare(made.result, "policy", "zzz", &comparison, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "zzz"));
    ana_comparison_free(&comparison);
    made_close(&made);
}

static void summary_holds_mean_and_quantiles(void **state)
{
    (void)state;
    made_t made = made_open(&plan);
    sim_array_t summary;
    assert_int_equal(sim_result_read(made.result, "/summary/rent", &summary, NULL), SIM_OK);
    assert_int_equal(summary.n_dims, 3);
    assert_string_equal(summary.dims[1], "statistic");
    assert_string_equal(summary.units, "yuan");
    /* Replications 0, 1, 2, 3 on top of 100 arm + 10 time: mean 1.5, p5 0.15, median 1.5, p95 2.85. */
    const double expected[] = {1.5, 0.15, 0.75, 1.5, 2.25, 2.85};
    for (size_t arm = 0; arm < 2; arm++)
        for (size_t i = 0; i < 6; i++)
            for (size_t time = 0; time < N_TIMES; time++)
                assert_close(summary.values[(arm * 6 + i) * N_TIMES + time],
                             100 * (double)arm + 10 * (double)time + expected[i], 1e-9);
    sim_array_free(&summary);
    made_close(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_are_paired),
        cmocka_unit_test(the_other_arm_may_be_the_baseline),
        cmocka_unit_test(wrong_names_are_refused),
        cmocka_unit_test(summary_holds_mean_and_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
