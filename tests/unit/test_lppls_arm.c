// SPDX-License-Identifier: GPL-3.0-or-later
/* LPPLS on every replication: taken up to the highest value, the same as a fit of that stretch alone; what can't be
 * fitted is told and counted. */
#include "analysis/lppls_arm.h"
#include "sim/draw.h"
#include "tests/support/made_result.h"
#include "tests/support/test.h"

enum { N_TIMES = 130, PEAK = 100, N_REPLICATIONS = 4 };

static const sim_channel_t channels[] = {
    {.group = "", .name = "rent", .units = "yuan", .long_name = "rent", .kind = SIM_CHANNEL_SERIES},
};
static double times_day[N_TIMES];
static const sim_schema_t schema = {
    .channels = channels, .n_channels = 1, .times_day = {times_day, NULL}, .n_times = {N_TIMES, 0}};

/* Replication 0 and 1: the law with noise up to observation PEAK, then a fall; 2: highest at its 10th; 3: a zero. */
static double rent(uint32_t replication, uint32_t t)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 3, replication, t, 0, 0);
    double distance = 7.0 * (PEAK + 2 - (double)(t < PEAK ? t : PEAK)), phase = 9 * log(distance);
    double law = 9 + pow(distance, 0.5) * (-0.05 + 0.004 * cos(phase)) + sim_draw_normal(&rng, 0, 0.001);
    if (replication == 2)
        return t == 9 ? 3 : 1 + 0.001 * t;
    if (replication == 3 && t == 40)
        return 0;
    return exp(t < PEAK ? law : law - 1 - 0.02 * (t - PEAK));
}

static void record(sim_recorder_t *recorder, sim_run_key_t key)
{
    for (uint32_t t = 0; t < N_TIMES; t++) {
        sim_recorder_set(recorder, 0, 0, rent(key.replication, t));
        sim_recorder_advance(recorder, SIM_CLOCK_INTERVAL);
    }
}

static made_t open_result(void)
{
    static const char *const arms[] = {"baseline"};
    for (uint32_t t = 0; t < N_TIMES; t++)
        times_day[t] = 7.0 * (t + 1);
    return made_open(&(made_plan_t){
        .schema = &schema, .arms = arms, .n_arms = 1, .n_replications = N_REPLICATIONS, .record = record});
}

static const ana_lppls_arm_options_t options = {.search = {.starts = 12, .seed = 1}, .window_starts = 4};

static void a_replication_is_fitted_up_to_its_peak(void **state)
{
    (void)state;
    made_t made = open_result();
    ana_lppls_arm_t arm;
    assert_int_equal(ana_lppls_arm(made.result, "rent", "baseline", &options, &arm, NULL), SIM_OK);
    assert_int_equal(arm.n_runs, N_REPLICATIONS);
    assert_int_equal(arm.n_fitted, 2);
    double sum = 0;
    for (uint32_t r = 0; r < 2; r++) {
        double day[PEAK], log_price[PEAK];
        ana_lppls_t alone;
        for (uint32_t t = 0; t < arm.runs[r].n; t++) {
            day[t] = (double)arm.runs[r].last_day - 7.0 * (double)(arm.runs[r].n - 1 - t);
            log_price[t] = log(rent(r, t));
        }
        assert_true(arm.runs[r].n > PEAK - 10 && arm.runs[r].n <= PEAK);
        assert_int_equal(ana_lppls_fit(day, log_price, arm.runs[r].n, &options.search, &alone, NULL), SIM_OK);
        assert_close(arm.runs[r].fit.squares, alone.squares, 1e-9);
        assert_close(arm.runs[r].fit.tc, alone.tc, 1e-6);
        sum += arm.runs[r].confidence;
    }
    assert_close(arm.mean_confidence, sum / 2, 1e-12);
    ana_lppls_arm_free(&arm);
    ana_lppls_arm_free(&arm); /* legal twice */
    made_close(&made);
}

static void what_cannot_be_fitted_is_told(void **state)
{
    (void)state;
    made_t made = open_result();
    ana_lppls_arm_t arm;
    sim_error_t err = {0};
    assert_int_equal(ana_lppls_arm(made.result, "rent", "baseline", &options, &arm, NULL), SIM_OK);
    assert_non_null(strstr(arm.runs[2].why, "found 10 observations"));
    assert_non_null(strstr(arm.runs[3].why, "above zero"));
    ana_lppls_arm_free(&arm);
    assert_int_equal(ana_lppls_arm(made.result, "rent", "nobody", &options, &arm, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "baseline"));
    ana_lppls_arm_free(&arm);
    assert_int_equal(ana_lppls_arm(made.result, "price", "baseline", &options, &arm, NULL), SIM_EINPUT);
    ana_lppls_arm_free(&arm);
    made_close(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replication_is_fitted_up_to_its_peak),
        cmocka_unit_test(what_cannot_be_fitted_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
