// SPDX-License-Identifier: GPL-3.0-or-later
/* What a run records: the names that users rely on, and the outcome statistics that are worked out here. */
#include "models/economy/economy_state.h"

#include "tests/support/economy.h"
#include "tests/support/test.h"

static const char *const national[] = {
    "chip_price",
    "rent_node_month",
    "demand",
    "capacity_h100e",
    "utilisation",
    "leased_share",
    "racked_share",
    "centres_operating",
    "projects_announced",
    "projects_building",
    "projects_abandoned",
    "projects_defaulted",
    "labs_training",
    "tokens_per_day",
    "token_price",
    "inference_share",
    "power_mw",
    "hype",
    "credit",
    "subsidy_paid",
};

static const char *const outcomes[] = {
    "peak_chip_price_h100_yuan",
    "peak_chip_price_date",
    "peak_rent_yuan_node_month",
    "peak_rent_date",
    "rent_fall_to_2024_10",
    "utilisation_2025q1",
    "idle_share_new_2025q1",
    "centres_operating_2024_11",
    "projects_all_stages_2024_11",
    "labs_stopped_share_2024",
    "inference_share_2025q1",
    "projects_announced",
    "projects_completed",
    "projects_defaulted",
    "bad_debt_share",
    "stranded_capital_yuan",
    "overinvestment_ratio",
    "never_broke_even_capital_yuan",
    "projects_exited",
    "revenue_error_at_entry",
    "excess_never_broke_even_capital_yuan",
    "excess_projects_completed",
    "excess_bad_debt_share",
    "excess_stranded_capital_yuan",
    "excess_projects_exited",
    "excess_revenue_error_at_entry",
    "subsidy_paid_yuan",
    "subsidy_clawed_back_yuan",
    "energy_used_gwh",
    "energy_resold_gwh",
    "capacity_eflops_2024",
    "state_procurement_ratio_2024_2023",
    "explosive_rent",
};

static const char *const groups[] = {"province", "gpu_market", "rental",     "jobs",
                                     "finance",  "ledger",     "developers", "centres"};

static void has_the_promised_names(void **state)
{
    (void)state;
    test_economy_t world = {.preset = "china-2022", .arm = "baseline", .seed = 1};
    test_economy_open(&world);
    for (size_t i = 0; i < sizeof national / sizeof national[0]; i++)
        if (sim_schema_find(&world.schema, "", national[i]) < 0)
            fail_msg("no national series %s", national[i]);
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        if (sim_schema_find(&world.schema, "outcomes", outcomes[i]) < 0)
            fail_msg("no outcome %s", outcomes[i]);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        uint32_t n = 0;
        for (uint32_t c = 0; c < world.schema.n_channels; c++)
            n += strcmp(world.schema.channels[c].group, groups[i]) == 0;
        if (n == 0)
            fail_msg("nothing in group %s", groups[i]);
    }
    test_economy_free(&world);
}

static void times_are_ends_of_intervals(void **state)
{
    (void)state;
    test_economy_t world = {.seed = 1}; /* quick: 364 days in 28-day steps, from 2023-01-01 */
    test_economy_open(&world);
    assert_true(world.schema.n_times[SIM_CLOCK_INTERVAL] == 13);
    assert_true(world.schema.times_day[SIM_CLOCK_INTERVAL][0] == 28);
    assert_true(world.schema.times_day[SIM_CLOCK_INTERVAL][12] == 364);
    assert_true(world.schema.times_day[SIM_CLOCK_MONTH][0] == 31);
    assert_true(world.schema.times_day[SIM_CLOCK_MONTH][1] == 59);
    test_economy_free(&world);
}

static void every_national_value_is_recorded(void **state)
{
    (void)state;
    test_economy_t run = {.seed = 3};
    test_economy_run(&run);
    for (size_t i = 0; i < sizeof national / sizeof national[0]; i++) {
        size_t n;
        int32_t channel = sim_schema_find(&run.schema, "", national[i]);
        const double *values = sim_recorder_values(run.recorder, (uint32_t)channel, &n);
        for (size_t t = 0; t < n; t++)
            if (values[t] != values[t])
                fail_msg("%s is missing in interval %zu", national[i], t);
    }
    test_economy_free(&run);
}

static void dates_beyond_the_horizon_are_missing(void **state)
{
    (void)state;
    test_economy_t run = {.seed = 3}; /* ends in 2023 */
    test_economy_run(&run);
    static const char *const late[] = {"utilisation_2025q1",   "centres_operating_2024_11", "labs_stopped_share_2024",
                                       "capacity_eflops_2024", "rent_fall_to_2024_10",      "overinvestment_ratio"};
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++)
        assert_true(isnan(test_economy_outcome(&run, late[i])));
    assert_false(isnan(test_economy_outcome(&run, "investment_yuan")));
    test_economy_free(&run);
}

/* Against the same regressions done one by one, without running sums. */
static double naive_sadf(const double *y, size_t n)
{
    double largest = NAN;
    size_t shortest = (size_t)((double)n * 0.01 + 1.8 * sqrt((double)n));
    for (size_t end = 4; end < n; end++) {
        double mean_x = 0, mean_d = 0, sxx = 0, sxd = 0, sse = 0, m = (double)end;
        for (size_t t = 1; t <= end; t++) {
            mean_x += y[t - 1] / m;
            mean_d += (y[t] - y[t - 1]) / m;
        }
        for (size_t t = 1; t <= end; t++) {
            sxx += (y[t - 1] - mean_x) * (y[t - 1] - mean_x);
            sxd += (y[t - 1] - mean_x) * (y[t] - y[t - 1] - mean_d);
        }
        for (size_t t = 1; t <= end; t++) {
            double e = y[t] - y[t - 1] - mean_d - sxd / sxx * (y[t - 1] - mean_x);
            sse += e * e;
        }
        double statistic = sxd / sxx / sqrt(sse / (m - 2) / sxx);
        if (end > shortest && !(largest >= statistic))
            largest = statistic;
    }
    return largest;
}

static void sadf_equals_its_definition(void **state)
{
    (void)state;
    double y[120], x = 0.3;
    for (int t = 0; t < 120; t++) { /* a deterministic series that explodes for a while */
        x = (t > 20 && t < 100 ? 1.06 : 0.97) * x + 0.01 * ((t * 37 % 23) / 11.0 - 1);
        y[t] = x;
    }
    assert_true(fabs(mdl_outcomes_sadf(y, 120) - naive_sadf(y, 120)) < 1e-9);
    assert_true(mdl_outcomes_sadf(y, 120) > 1);
    assert_true(isnan(mdl_outcomes_sadf(y, 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_promised_names),
        cmocka_unit_test(times_are_ends_of_intervals),
        cmocka_unit_test(every_national_value_is_recorded),
        cmocka_unit_test(dates_beyond_the_horizon_are_missing),
        cmocka_unit_test(sadf_equals_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
