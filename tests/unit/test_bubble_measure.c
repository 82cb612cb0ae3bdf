// SPDX-License-Identifier: GPL-3.0-or-later
/* The bubble measure and what is compared with rational builders when a file is assembled, from values known by hand. */
#include "analysis/bubble_measure.h"
#include "scenarios/overinvestment.h"
#include "tests/support/made_result.h"
#include "tests/support/test.h"

enum { N_FROM = 7, N_CHANNELS = 2 * N_FROM, N_REPLICATIONS = 6, N_ARMS = 3 };

#define OUTCOME(text)                                                                                                  \
    {                                                                                                                  \
        .group = "outcomes", .name = (text), .units = "1", .long_name = (text), .kind = SIM_CHANNEL_OUTCOME            \
    }

/* First what a run knows, then in the same order what is made of it. */
static const sim_channel_t channels[N_CHANNELS] = {
    OUTCOME("investment_yuan"),
    OUTCOME("never_broke_even_capital_yuan"),
    OUTCOME("projects_completed"),
    OUTCOME("bad_debt_share"),
    OUTCOME("stranded_capital_yuan"),
    OUTCOME("projects_exited"),
    OUTCOME("revenue_error_at_entry"),
    OUTCOME("overinvestment_ratio"),
    OUTCOME("excess_never_broke_even_capital_yuan"),
    OUTCOME("excess_projects_completed"),
    OUTCOME("excess_bad_debt_share"),
    OUTCOME("excess_stranded_capital_yuan"),
    OUTCOME("excess_projects_exited"),
    OUTCOME("excess_revenue_error_at_entry"),
};
static const double times_day[1] = {7};
static const sim_schema_t schema = {
    .channels = channels, .n_channels = N_CHANNELS, .times_day = {times_day, NULL}, .n_times = {1, 0}};

/* Outcome i of replication r: (i + 1) 1000 (r + 1) under rational builders; under the baseline as much again and the
 * channel's number of thousands; another arm is like the control. The baseline's last replication has no bad debt. */
static double made_up(bool baseline, uint32_t outcome, uint32_t replication)
{
    double control = 1000.0 * (outcome + 1) * (replication + 1);
    if (baseline && outcome == 3 && replication == N_REPLICATIONS - 1)
        return (double)NAN;
    return baseline ? control + 1000.0 * (outcome + 1) + 1000.0 * replication : control;
}

static void record(sim_recorder_t *recorder, sim_run_key_t key)
{
    sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    for (uint32_t i = 0; i < N_FROM; i++) {
        sim_recorder_outcome(recorder, i, made_up(key.arm == 0, i, key.replication));
        sim_recorder_outcome(recorder, N_FROM + i, (double)NAN);
    }
}

static sim_status_t finish(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    return scn_overinvestment_write(result, err);
}

/* A result of the arms "baseline", `second` and "other". */
static made_t open_result(const char *second)
{
    const char *const arms[N_ARMS] = {"baseline", second, "other"};
    return made_open(&(made_plan_t){.schema = &schema,
                                    .arms = arms,
                                    .n_arms = N_ARMS,
                                    .n_replications = N_REPLICATIONS,
                                    .record = record,
                                    .finish = finish});
}

static void outcomes_are_held_against_the_control(void **state)
{
    (void)state;
    made_t made = open_result("rational");
    for (uint32_t i = 0; i < N_FROM; i++) {
        char name[96];
        sim_array_t found = {0};
        snprintf(name, sizeof name, "/outcomes/%s", channels[N_FROM + i].name);
        assert_int_equal(sim_result_read(made.result, name, &found, NULL), SIM_OK);
        for (uint32_t r = 0; r < N_REPLICATIONS; r++) {
            double baseline = made_up(true, i, r), control = made_up(false, i, r);
            double expected = i == 0 ? baseline / control : baseline - control, value = found.values[r];
            if (isnan(expected))
                assert_true(isnan(value));
            else
                assert_close(value, expected, i == 0 ? 6e-5 : 1e-9);
            assert_close(found.values[N_REPLICATIONS + r], i == 0, 0); /* the control against itself */
        }
        sim_array_free(&found);
    }
    made_close(&made);
}

static void without_the_control_they_stay_missing(void **state)
{
    (void)state;
    made_t made = open_result("sober");
    sim_array_t found = {0};
    assert_int_equal(sim_result_read(made.result, "/outcomes/excess_projects_exited", &found, NULL), SIM_OK);
    for (size_t i = 0; i < (size_t)N_ARMS * N_REPLICATIONS; i++)
        assert_true(isnan(found.values[i]));
    sim_array_free(&found);
    ana_bubble_measure_t measure;
    assert_int_equal(ana_bubble_measure(made.result, &measure, NULL), SIM_OK);
    assert_int_equal(measure.n, 0);
    assert_null(ana_bubble_measure_find(&measure, "baseline"));
    ana_bubble_measure_free(&measure);
    made_close(&made);
}

static void every_arm_is_measured(void **state)
{
    (void)state;
    made_t made = open_result("rational");
    ana_bubble_measure_t measure;
    assert_int_equal(ana_bubble_measure(made.result, &measure, NULL), SIM_OK);
    assert_int_equal(measure.n, 2);
    assert_null(ana_bubble_measure_find(&measure, "rational"));
    const ana_bubble_arm_t *baseline = ana_bubble_measure_find(&measure, "baseline");
    const ana_bubble_arm_t *other = ana_bubble_measure_find(&measure, "other");
    assert_true(baseline != NULL && other != NULL);
    assert_int_equal(baseline->n_above, ANA_BUBBLE_WITNESSES);
    assert_int_equal(other->n_above, 0);
    for (int part = 0; part < ANA_BUBBLE_PARTS; part++)
        assert_string_equal(baseline->effects[part].metric, ana_bubble_metric((ana_bubble_part_t)part));
    /* Completed: outcome 2, differences 3000 + 1000 r, of mean 5500. Bad debt has a pair less. */
    assert_close(baseline->effects[ANA_BUBBLE_COMPLETED].difference, 5500, 1e-9);
    assert_int_equal(baseline->effects[ANA_BUBBLE_COMPLETED].n, N_REPLICATIONS);
    assert_int_equal(baseline->effects[ANA_BUBBLE_BAD_DEBT].n, N_REPLICATIONS - 1);
    assert_close(baseline->effects[ANA_BUBBLE_INVESTMENT].baseline_mean, 1, 0);
    assert_close(other->effects[ANA_BUBBLE_EXITED].difference, 0, 0);
    ana_bubble_measure_free(&measure);
    made_close(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_held_against_the_control),
        cmocka_unit_test(without_the_control_they_stay_missing),
        cmocka_unit_test(every_arm_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
