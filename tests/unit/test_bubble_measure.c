// SPDX-License-Identifier: GPL-3.0-or-later
/* The bubble measure and what is compared with rational builders when a file is assembled, from values known by hand. */
#include "analysis/bubble_measure.h"
#include "scenarios/overinvestment.h"
#include "tests/support/test.h"

#include <unistd.h>

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

static void put(sim_store_t *store, sim_recorder_t *recorder, bool baseline, sim_run_key_t key)
{
    sim_recorder_reset(recorder);
    sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    for (uint32_t i = 0; i < N_FROM; i++) {
        sim_recorder_outcome(recorder, i, made_up(baseline, i, key.replication));
        sim_recorder_outcome(recorder, N_FROM + i, (double)NAN);
    }
    sim_run_meta_t meta = {.seed = 1};
    assert_int_equal(sim_store_put(store, key, recorder, &meta, NULL), SIM_OK);
}

static sim_status_t finish(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    return scn_overinvestment_write(result, err);
}

/* A result of the arms "baseline", `second` and "other" in a fresh folder; the path goes into `path`. */
static sim_result_t *make_result(char path[64], const char *second)
{
    snprintf(path, 64, "/tmp/overbuild-measure-XXXXXX");
    assert_non_null(mkdtemp(path));
    strcat(path, "/x.h5");
    const char *const arms[N_ARMS] = {"baseline", second, "other"};
    sim_store_plan_t plan = {.schema = &schema,
                             .arms = arms,
                             .n_arms = N_ARMS,
                             .n_points = 1,
                             .n_replications = N_REPLICATIONS,
                             .identity = "x"};
    sim_error_t err = {0};
    sim_store_t *store = NULL;
    sim_recorder_t *recorder = NULL;
    sim_result_t *result = NULL;
    if (sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err) < 0 ||
        sim_recorder_create(&recorder, &schema, &err) < 0)
        fail_msg("%s", err.message);
    for (uint32_t arm = 0; arm < N_ARMS; arm++)
        for (uint32_t replication = 0; replication < N_REPLICATIONS; replication++)
            put(store, recorder, arm == 0, (sim_run_key_t){arm, 0, replication});
    if (sim_store_assemble(store, true, finish, NULL, &err) < 0 || sim_result_open(&result, path, &err) < 0)
        fail_msg("%s", err.message);
    sim_store_close(store);
    sim_recorder_destroy(recorder);
    return result;
}

static void remove_result(sim_result_t *result, char *path)
{
    sim_result_close(result);
    assert_int_equal(unlink(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
}

static void outcomes_are_held_against_the_control(void **state)
{
    (void)state;
    char path[64];
    sim_result_t *result = make_result(path, "rational");
    for (uint32_t i = 0; i < N_FROM; i++) {
        char name[96];
        sim_array_t found = {0};
        snprintf(name, sizeof name, "/outcomes/%s", channels[N_FROM + i].name);
        assert_int_equal(sim_result_read(result, name, &found, NULL), SIM_OK);
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
    remove_result(result, path);
}

static void without_the_control_they_stay_missing(void **state)
{
    (void)state;
    char path[64];
    sim_result_t *result = make_result(path, "sober");
    sim_array_t found = {0};
    assert_int_equal(sim_result_read(result, "/outcomes/excess_projects_exited", &found, NULL), SIM_OK);
    for (size_t i = 0; i < (size_t)N_ARMS * N_REPLICATIONS; i++)
        assert_true(isnan(found.values[i]));
    sim_array_free(&found);
    ana_bubble_measure_t measure;
    assert_int_equal(ana_bubble_measure(result, &measure, NULL), SIM_OK);
    assert_int_equal(measure.n, 0);
    assert_null(ana_bubble_measure_find(&measure, "baseline"));
    ana_bubble_measure_free(&measure);
    remove_result(result, path);
}

static void every_arm_is_measured(void **state)
{
    (void)state;
    char path[64];
    sim_result_t *result = make_result(path, "rational");
    ana_bubble_measure_t measure;
    assert_int_equal(ana_bubble_measure(result, &measure, NULL), SIM_OK);
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
    remove_result(result, path);
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
