// SPDX-License-Identifier: GPL-3.0-or-later
/* Facts against a result whose values follow from their keys: reductions worked out here by hand, verdicts, replications
 * without a value, and what a result does not hold. */
#include "analysis/statistics.h"
#include "analysis/validate.h"
#include "analysis/validate_plot.h"
#include "sim/time.h"
#include "tests/support/facts_text.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

enum { N = 11, ARM = 1 };
#define START 18993 /* 2022-01-01 */

typedef struct files {
    char *folder;
    sim_result_t *result;
} files_t;

static int make_result(void **state)
{
    static files_t files;
    sim_error_t err = {0};
    sim_store_t *store = NULL;
    files.folder = fake_folder_in_memory();
    const char *path = fake_path(files.folder, "x.h5");
    sim_store_plan_t plan = fake_plan(fake_schema_quiet(), 2, 1, N);
    if (sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err) < 0 || fake_put_all(store, &plan, &err) < 0 ||
        sim_store_assemble(store, true, NULL, NULL, &err) < 0 || sim_result_open(&files.result, path, &err) < 0)
        fail_msg("%s", err.message);
    sim_store_close(store);
    *state = &files;
    return 0;
}

static int remove_result(void **state)
{
    files_t *files = *state;
    sim_result_close(files->result);
    fake_remove(files->folder);
    free(files->folder);
    return 0;
}

/* Price of a replication in a week as it is stored. */
static double price(uint32_t replication, size_t week)
{
    return nearbyint(fake_value((sim_run_key_t){ARM, 0, replication}, FAKE_PRICE, week) * 100) / 100;
}

static ana_window_t days(int from, int until)
{
    return (ana_window_t){START + from, START + until};
}

static const ana_window_t none = {ANA_NO_DAY, ANA_NO_DAY};

/* --- reductions --------------------------------------------------------------------------------------------------- */

/* Days 10 to 37: the middles of weeks 1 (day 10.5) to 4 (31.5); week 5's is 38.5. */
static void windows_hold_the_weeks_whose_middle_they_hold(void **state)
{
    const files_t *files = *state;
    ana_series_t series = {0};
    assert_int_equal(ana_series_read(files->result, ARM, "chip_price", &series, NULL), SIM_OK);
    assert_int_equal(series.n_replications, N);
    assert_int_equal(series.n_times, FAKE_WEEKS);
    assert_close(series.ends_day[0], START + 7, 0);
    for (uint32_t r = 0; r < N; r++) {
        double sum = 0, max = -INFINITY, min = INFINITY;
        for (size_t week = 1; week <= 4; week++) {
            sum += price(r, week);
            max = fmax(max, price(r, week));
            min = fmin(min, price(r, week));
        }
        ana_window_t window = days(10, 37), base = days(70, 76);
        double before = price(r, 10);
        assert_close(ana_reduce(&series, r, ANA_REDUCE_SUM, window, none), sum, 1e-6);
        assert_close(ana_reduce(&series, r, ANA_REDUCE_MEAN, window, none), sum / 4, 1e-6);
        assert_close(ana_reduce(&series, r, ANA_REDUCE_MAX, window, none), max, 1e-6);
        assert_close(ana_reduce(&series, r, ANA_REDUCE_MIN, window, none), min, 1e-6);
        assert_close(ana_reduce(&series, r, ANA_REDUCE_RATIO, window, base), sum / 4 / before, 1e-12);
        assert_close(ana_reduce(&series, r, ANA_REDUCE_CHANGE, window, base), sum / 4 / before - 1, 1e-12);
        assert_close(ana_reduce(&series, r, ANA_REDUCE_CHANGE_FROM_MAX, base, window), before / max - 1, 1e-12);
    }
    ana_series_free(&series);
}

static void stocks_are_read_at_the_end_of_the_day(void **state)
{
    const files_t *files = *state;
    ana_series_t series = {0};
    assert_int_equal(ana_series_read(files->result, ARM, "chip_price", &series, NULL), SIM_OK);
    /* Week 2 ends at midnight after day 20. */
    assert_close(ana_reduce(&series, 3, ANA_REDUCE_AT, days(20, 20), none), price(3, 2), 1e-6);
    assert_close(ana_reduce(&series, 3, ANA_REDUCE_AT, days(19, 19), none), price(3, 1), 1e-6);
    assert_true(isnan(ana_reduce(&series, 3, ANA_REDUCE_AT, days(5, 5), none)));
    /* A total's rise over days 21 to 34: from the end of week 2 to that of week 4; from the start it is the total. */
    assert_close(ana_reduce(&series, 3, ANA_REDUCE_RISE, days(21, 34), none), price(3, 4) - price(3, 2), 1e-6);
    assert_close(ana_reduce(&series, 3, ANA_REDUCE_RISE, days(0, 34), none), price(3, 4), 1e-6);
    ana_series_free(&series);
}

static void windows_beyond_the_recording_hold_nothing(void **state)
{
    const files_t *files = *state;
    ana_series_t series = {0};
    assert_int_equal(ana_series_read(files->result, ARM, "chip_price", &series, NULL), SIM_OK);
    static const ana_reduction_t all[] = {ANA_REDUCE_MEAN, ANA_REDUCE_MAX, ANA_REDUCE_SUM, ANA_REDUCE_RISE,
                                          ANA_REDUCE_YEAR_OF_MAX};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_true(isnan(ana_reduce(&series, 0, all[i], days(-30, 30), none)));
        assert_true(isnan(ana_reduce(&series, 0, all[i], days(100, 200), none)));
        assert_false(isnan(ana_reduce(&series, 0, all[i], days(100, 146), none))); /* within the week cut off */
    }
    assert_true(isnan(ana_reduce(&series, 0, ANA_REDUCE_AT, days(200, 200), none)));
    assert_true(isnan(ana_reduce(&series, 0, ANA_REDUCE_OUTCOME, days(7, 20), none)));
    ana_series_free(&series);
}

static void the_date_of_a_maximum_is_a_year(void **state)
{
    (void)state;
    double values[] = {1, 5, 2, NAN}, ends[] = {START + 73, START + 146, START + 219, START + 292};
    ana_series_t series = {1, 4, values, ends};
    /* The middle of the second interval is day 109.5 of 365. */
    assert_close(ana_reduce(&series, 0, ANA_REDUCE_YEAR_OF_MAX, days(0, 280), none), 2022.3, 1e-12);
    values[1] = values[0] = values[2] = NAN;
    assert_true(isnan(ana_reduce(&series, 0, ANA_REDUCE_YEAR_OF_MAX, days(0, 280), none)));
    assert_true(isnan(ana_reduce(&series, 0, ANA_REDUCE_MAX, days(0, 280), none)));
}

static double stock(uint32_t replication, size_t week, size_t province, size_t type)
{
    size_t i = (week * FAKE_PROVINCES + province) * FAKE_TYPES_N + type;
    return nearbyint(fake_value((sim_run_key_t){ARM, 0, replication}, FAKE_TYPES, i));
}

static void labels_are_chosen_and_the_rest_is_summed(void **state)
{
    const files_t *files = *state;
    ana_series_t one = {0}, by_type = {0}, sum = {0};
    assert_int_equal(
        ana_series_read(files->result, ARM, "/gpu_market/stock[province=Guizhou,gpu_type=H100]", &one, NULL), SIM_OK);
    assert_int_equal(ana_series_read(files->result, ARM, "/gpu_market/stock[gpu_type=A800]", &by_type, NULL), SIM_OK);
    assert_int_equal(ana_series_read(files->result, ARM, "/gpu_market/stock + chip_price", &sum, NULL), SIM_OK);
    for (uint32_t r = 0; r < N; r++)
        for (size_t week = 0; week < FAKE_WEEKS; week++) {
            double a800 = 0, all = 0;
            for (size_t p = 0; p < FAKE_PROVINCES; p++) {
                a800 += stock(r, week, p, 0);
                all += stock(r, week, p, 0) + stock(r, week, p, 1);
            }
            assert_close(one.values[r * FAKE_WEEKS + week], stock(r, week, 1, 1), 0);
            assert_close(by_type.values[r * FAKE_WEEKS + week], a800, 1e-9);
            assert_close(sum.values[r * FAKE_WEEKS + week], all + price(r, week), 1e-6);
        }
    ana_series_free(&one);
    ana_series_free(&by_type);
    ana_series_free(&sum);
}

static void what_is_not_there_is_refused(void **state)
{
    const files_t *files = *state;
    static const struct {
        const char *expression, *says;
    } wrong[] = {
        {"rent", "is not in the result"},
        {"/province/busy[gpu_type=H100]", "has no dimension gpu_type"},
        {"/province/busy[province=Atlantis]", "Beijing"},
        {"chip_price + /ledger/debt", "has 5 times; expected 20"},
        {"chip_price[", "expected"},
        {"/centres/gpus", "has no time"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ana_series_t series = {0};
        sim_error_t err = {0};
        assert_int_equal(ana_series_read(files->result, ARM, wrong[i].expression, &series, &err), SIM_EINPUT);
        if (strstr(err.message, wrong[i].says) == NULL)
            fail_msg("%s: %s", wrong[i].expression, err.message);
        ana_series_free(&series);
    }
}

/* --- findings ----------------------------------------------------------------------------------------------------- */

#define WEEK_2 "2022-01-15,2022-01-21" /* days 14 to 20 */

static void medians_and_bands_are_over_replications(void **state)
{
    const files_t *files = *state;
    ana_facts_t facts;
    ana_validation_t validation;
    test_facts_read(&facts, TEST_FACTS_HEADER
                    "A1,calibration,t,q,u,1,2,2022-01-15,2022-01-21,s,chip_price,,mean,,,0.001,-3,linear,\n"
                    "A2,validation,t,q,u,1,2,2022-01-15,2022-01-21,s,chip_price,noise,mean,,,,,linear,\n"
                    "A3,validation,t,q,u,1,2,,,s,/outcomes/peak_price,,outcome,,,,,linear,\n");
    assert_int_equal(ana_validate(files->result, "clawback", &facts, &validation, NULL), SIM_OK);
    double values[N], ratios[N], peaks[N];
    for (uint32_t r = 0; r < N; r++) {
        sim_run_key_t key = {ARM, 0, r};
        values[r] = price(r, 2) * 0.001 - 3;
        ratios[r] = price(r, 2) / fake_value(key, FAKE_NOISE, 2);
        peaks[r] = nearbyint(fake_value(key, FAKE_PEAK, 0) * 100) / 100;
    }
    double *const expected[] = {values, ratios, peaks};
    for (size_t i = 0; i < 3; i++) {
        const ana_finding_t *finding = &validation.findings[i];
        size_t n = ana_sort_present(expected[i], N);
        assert_int_equal(finding->n, n);
        assert_int_equal(finding->n_all, N);
        assert_close(finding->median / ana_quantile_sorted(expected[i], n, 0.5), 1, 1e-6);
        assert_close(finding->p5 / ana_quantile_sorted(expected[i], n, 0.05), 1, 1e-6);
        assert_close(finding->p95 / ana_quantile_sorted(expected[i], n, 0.95), 1, 1e-6);
    }
    assert_int_equal(validation.findings[2].n, 9); /* replications 3 and 10 have no peak */
    ana_validation_free(&validation);
    ana_facts_free(&facts);
}

static void what_cannot_be_compared_says_why(void **state)
{
    const files_t *files = *state;
    ana_facts_t facts;
    ana_validation_t validation;
    test_facts_read(
        &facts,
        TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", WEEK_2, "rent", "", "mean")
            TEST_FACT("A2", "calibration", "1", "2", "2025-01-01,2025-01-31", "chip_price", "", "mean")
                TEST_FACT("A3", "calibration", "1", "2", WEEK_2, "/province/busy[province=Guizhou]", "",
                          "mean") "A4,validation,t,q,u,1,2,2022-01-15,2022-01-21,s,chip_price,,mean,,,,,none,fed in\n"
                                  "A5,validation,t,q,u,,,,,s,,,,,,,,none,no size\n");
    assert_int_equal(ana_validate(files->result, "baseline", &facts, &validation, NULL), SIM_OK);
    static const char *const reasons[] = {"is not in the result", "holds nothing from 2025-01-01 to 2025-01-31",
                                          "holds nothing from 2022-01-15", "fed in", "no size"};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(validation.findings[i].verdict, ANA_VERDICT_NOT_COMPARABLE);
        if (strstr(validation.findings[i].reason, reasons[i]) == NULL)
            fail_msg("%s: %s", facts.rows[i].id, validation.findings[i].reason);
        assert_true(isnan(validation.findings[i].median) == (i != 3)); /* what is fed in is shown */
    }
    assert_true(isnan(validation.score[ANA_FACT_CALIBRATION].share));
    assert_true(isnan(validation.score_medians));
    ana_validation_free(&validation);
    ana_facts_free(&facts);
}

static void a_wrong_arm_is_refused(void **state)
{
    const files_t *files = *state;
    ana_facts_t facts;
    ana_validation_t validation;
    sim_error_t err = {0};
    test_facts_read(&facts, ana_facts_shipped());
    assert_int_equal(ana_validate(files->result, "nobody", &facts, &validation, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "baseline, clawback"));
    ana_validation_free(&validation);
    ana_facts_free(&facts);
}

/* --- verdicts ----------------------------------------------------------------------------------------------------- */

static void verdicts_follow_the_rule(void **state)
{
    (void)state;
    static const struct {
        double low, high;
        ana_scoring_t scoring;
        double p5, p95;
        ana_verdict_t verdict;
    } cases[] = {
        {10, 20, ANA_SCORING_LINEAR, 12, 18, ANA_VERDICT_HIT},
        {10, 20, ANA_SCORING_LINEAR, 20, 25, ANA_VERDICT_HIT},
        {10, 20, ANA_SCORING_LINEAR, 20.1, 25, ANA_VERDICT_MISS},
        {10, 20, ANA_SCORING_LINEAR, 1, 9.9, ANA_VERDICT_MISS},
        {10, 20, ANA_SCORING_LINEAR, 0, 30, ANA_VERDICT_HIT}, /* three times the band */
        {10, 20, ANA_SCORING_LINEAR, 0, 30.1, ANA_VERDICT_WIDE},
        {25, 25, ANA_SCORING_LINEAR, 18, 30.5, ANA_VERDICT_HIT}, /* half of the centre */
        {25, 25, ANA_SCORING_LINEAR, 18, 30.6, ANA_VERDICT_WIDE},
        {-61, -38, ANA_SCORING_LINEAR, -83, -55, ANA_VERDICT_HIT},
        {10, 10, ANA_SCORING_LOG, 8, 13, ANA_VERDICT_HIT},
        {10, 10, ANA_SCORING_LOG, 7, 13, ANA_VERDICT_WIDE},
        {10, 10, ANA_SCORING_LOG, 0, 13, ANA_VERDICT_WIDE},
        {10, 20, ANA_SCORING_LOG, 5, 39, ANA_VERDICT_HIT},
        {10, 20, ANA_SCORING_LOG, 5, 41, ANA_VERDICT_WIDE},
        {10, 20, ANA_SCORING_LOG, 21, 22, ANA_VERDICT_MISS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ana_fact_t fact = {.low = cases[i].low, .high = cases[i].high, .scoring = cases[i].scoring};
        if (ana_judge(&fact, cases[i].p5, cases[i].p95) != cases[i].verdict)
            fail_msg("case %zu is %s", i, ana_verdict_name(ana_judge(&fact, cases[i].p5, cases[i].p95)));
    }
}

static void scores_are_shares_of_comparable_facts(void **state)
{
    (void)state;
    static const ana_fact_t facts[] = {{.source = "a"},
                                       {.source = "a"},
                                       {.source = "a"},
                                       {.source = "b"},
                                       {.kind = ANA_FACT_VALIDATION, .source = "a"}};
    ana_finding_t findings[] = {{.fact = &facts[0], .verdict = ANA_VERDICT_HIT, .median_inside = true},
                                {.fact = &facts[1], .verdict = ANA_VERDICT_MISS},
                                {.fact = &facts[2], .verdict = ANA_VERDICT_NOT_COMPARABLE},
                                {.fact = &facts[3], .verdict = ANA_VERDICT_WIDE, .median_inside = true},
                                {.fact = &facts[4], .verdict = ANA_VERDICT_HIT}};
    ana_validation_t validation = {.findings = findings, .n = 5};
    ana_validation_score(&validation);
    const ana_score_t *score = &validation.score[ANA_FACT_CALIBRATION];
    assert_true(score->comparable == 3 && score->hits == 1 && score->wide == 1 && score->sources == 2);
    assert_close(score->share, 1.0 / 3, 1e-15);
    assert_close(score->share_by_source, (0.5 + 0) / 2, 1e-15);
    assert_close(validation.score[ANA_FACT_VALIDATION].share, 1, 0);
    assert_close(validation.score_medians, 2.0 / 4, 0);
}

/* --- the picture -------------------------------------------------------------------------------------------------- */

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        n++;
    return n;
}

static void the_picture_has_a_box_for_each_level(void **state)
{
    const files_t *files = *state;
    ana_facts_t facts;
    ana_validation_t validation;
    char *text = NULL;
    size_t bytes = 0;
    test_facts_read(
        &facts, TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "90000", "110000", WEEK_2, "chip_price", "", "mean")
                    TEST_FACT("A2", "calibration", "90000", "110000", WEEK_2, "chip_price", "", "max")
                        TEST_FACT("A3", "calibration", "0", "1", WEEK_2, "noise", "", "at")
                            TEST_FACT("A4", "calibration", "0", "1", WEEK_2, "noise", "", "rise"));
    assert_int_equal(ana_validate(files->result, "baseline", &facts, &validation, NULL), SIM_OK);
    assert_int_equal(ana_validate_plot(files->result, "baseline", &validation, &text, &bytes, NULL), SIM_OK);
    assert_int_equal(strlen(text), bytes);
    assert_null(strstr(text, "nan"));
    assert_int_equal(count(text, "class='median'"), 2); /* two panels */
    assert_int_equal(count(text, "class='fact'"), 3);
    assert_int_equal(count(text, "class='extreme'"), 1);
    assert_non_null(strstr(text, ">A3</text>"));
    assert_null(strstr(text, ">A4</text>"));
    free(text);
    ana_validation_free(&validation);
    ana_facts_free(&facts);
}

static void nothing_to_draw_is_said(void **state)
{
    const files_t *files = *state;
    ana_facts_t facts;
    ana_validation_t validation;
    char *text = NULL;
    size_t bytes = 0;
    test_facts_read(&facts, TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", WEEK_2, "rent", "", "mean"));
    assert_int_equal(ana_validate(files->result, "baseline", &facts, &validation, NULL), SIM_OK);
    assert_int_equal(ana_validate_plot(files->result, "baseline", &validation, &text, &bytes, NULL), SIM_EINPUT);
    assert_null(text);
    ana_validation_free(&validation);
    ana_facts_free(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_hold_the_weeks_whose_middle_they_hold),
        cmocka_unit_test(stocks_are_read_at_the_end_of_the_day),
        cmocka_unit_test(windows_beyond_the_recording_hold_nothing),
        cmocka_unit_test(the_date_of_a_maximum_is_a_year),
        cmocka_unit_test(labels_are_chosen_and_the_rest_is_summed),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(medians_and_bands_are_over_replications),
        cmocka_unit_test(what_cannot_be_compared_says_why),
        cmocka_unit_test(a_wrong_arm_is_refused),
        cmocka_unit_test(verdicts_follow_the_rule),
        cmocka_unit_test(scores_are_shares_of_comparable_facts),
        cmocka_unit_test(the_picture_has_a_box_for_each_level),
        cmocka_unit_test(nothing_to_draw_is_said),
    };
    return cmocka_run_group_tests(tests, make_result, remove_result);
}
