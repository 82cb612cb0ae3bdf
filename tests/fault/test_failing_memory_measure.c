// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of the bubble measure and of LPPLS on every replication:
 * SIM_ENOMEM, or the same numbers where HDF5 reads what there was no memory to read fast; nothing leaks. */
#include "analysis/bubble_measure.h"
#include "analysis/lppls_arm.h"
#include "scenarios/overinvestment.h"
#include "tests/support/made_result.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

enum { N_TIMES = 30, N_OUTCOMES = ANA_BUBBLE_PARTS, N_REPLICATIONS = 2, N_ARMS = 2 };

static sim_channel_t channels[N_OUTCOMES + 1];
static double times_day[N_TIMES];
static const sim_schema_t schema = {
    .channels = channels, .n_channels = N_OUTCOMES + 1, .times_day = {times_day, NULL}, .n_times = {N_TIMES, 0}};

static void make_schema(void)
{
    for (int i = 0; i < N_OUTCOMES; i++)
        channels[i] = (sim_channel_t){.group = "outcomes",
                                      .name = ana_bubble_metric((ana_bubble_part_t)i),
                                      .units = "1",
                                      .long_name = "an outcome",
                                      .kind = SIM_CHANNEL_OUTCOME};
    channels[N_OUTCOMES] =
        (sim_channel_t){.group = "", .name = "rent", .units = "yuan", .long_name = "rent", .kind = SIM_CHANNEL_SERIES};
    for (int t = 0; t < N_TIMES; t++)
        times_day[t] = 7.0 * (t + 1);
}

static void record(sim_recorder_t *recorder, sim_run_key_t key)
{
    for (int t = 0; t < N_TIMES; t++) {
        sim_recorder_set(recorder, N_OUTCOMES, 0, exp(0.1 * t) + key.replication + sin(t));
        sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    }
    for (uint32_t i = 0; i < N_OUTCOMES; i++)
        sim_recorder_outcome(recorder, i, 1 + i + key.replication + 2 * key.arm);
}

static made_t open_result(void)
{
    static const char *const arms[N_ARMS] = {SCN_CONTROL_ARM, "baseline"};
    make_schema();
    return made_open(&(made_plan_t){.schema = &schema,
                                    .arms = arms,
                                    .n_arms = N_ARMS,
                                    .n_replications = N_REPLICATIONS,
                                    .record = record,
                                    .in_memory = true});
}

/* Both; `sum` stands for the numbers that came out. */
static sim_status_t act(sim_result_t *result, double *sum, sim_error_t *err)
{
    const ana_lppls_arm_options_t options = {.search = {.starts = 2, .seed = 1, .threads = 1}, .window_starts = 1};
    ana_bubble_measure_t measure = {0};
    ana_lppls_arm_t arm = {{0}};
    *sum = 0;
    sim_status_t status = ana_bubble_measure(result, &measure, err);
    if (status == SIM_OK)
        status = ana_lppls_arm(result, "rent", "baseline", &options, &arm, err);
    for (size_t i = 0; status == SIM_OK && i < measure.n; i++)
        *sum += measure.arms[i].effects[ANA_BUBBLE_EXITED].difference;
    if (status == SIM_OK)
        *sum += (double)arm.n_fitted + arm.mean_confidence;
    ana_bubble_measure_free(&measure);
    ana_lppls_arm_free(&arm);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    made_t made = open_result();
    double expected, sum;
    long failed = 0, told = 0;
    assert_int_equal(act(made.result, &expected, NULL), SIM_OK);
    assert_close(expected, 2 + N_REPLICATIONS, 1);
    for (bool any = true; any; failed++) {
        sim_error_t err = {0};
        test_fail_nth(failed + 1, TEST_FAIL_ONCE);
        sim_status_t status = act(made.result, &sum, &err);
        any = test_fail_end();
        if (status != SIM_OK && status != SIM_ENOMEM)
            fail_msg("allocation %ld: %d, %s", failed + 1, (int)status, err.message);
        if (status == SIM_OK)
            assert_close(sum, expected, 0);
        told += status == SIM_ENOMEM;
    }
    assert_true(told > 20);
    made_close(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
