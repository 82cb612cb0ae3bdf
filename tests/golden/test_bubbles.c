// SPDX-License-Identifier: GPL-3.0-or-later
/* Explosive-root tests and LPPLS against public programs: exuber (statistics, sequences), psymonitor (dates), rtadfr
 * and a long simulation (critical values), lppls (the Nasdaq's fit). */
#include "analysis/bubbles.h"
#include "analysis/dated_column.h"
#include "analysis/lppls.h"
#include "tests/support/limit.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

#include <time.h>

static void read_series(const char *file, const char *column, const char *date_column, ana_column_t *series)
{
    sim_error_t err = {0};
    mdl_source_t source = {.path = test_shared(file)};
    if (ana_column_read_csv(&source, column, date_column, series, &err) != SIM_OK)
        fail_msg("%s", err.message);
}

static void test_series(const ana_column_t *series, ana_lag_t lag, size_t min_rows, ana_gsadf_t *test)
{
    sim_error_t err = {0};
    if (ana_gsadf(series->values, series->n, lag, min_rows, test, &err) != SIM_OK)
        fail_msg("%s", err.message);
}

/* Opens a golden file and skips its header. */
static FILE *open_golden(const char *file)
{
    char line[256];
    FILE *out = fopen(test_shared(file), "r");
    assert_non_null(out);
    assert_non_null(fgets(line, sizeof line, out));
    return out;
}

static void test_exuber_statistics(void **state)
{
    FILE *file = open_golden("golden/econ/exuber_radf_sim_data.csv");
    char line[256], name[16];
    double adf, sadf, gsadf;
    int order, rows, n = 0;

    (void)state;
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        ana_column_t series;
        ana_gsadf_t test;
        assert_int_equal(sscanf(line, "%15[^,],%d,%d,%lf,%lf,%lf", name, &order, &rows, &adf, &sadf, &gsadf), 6);
        read_series("data/econ/exuber_sim_data.csv", name, NULL, &series);
        test_series(&series, (ana_lag_t){.order = order}, (size_t)rows, &test);
        assert_close(test.adf, adf, 1e-8);
        assert_close(test.sadf, sadf, 1e-8);
        assert_close(test.gsadf, gsadf, 1e-8);
        ana_gsadf_free(&test);
        ana_column_free(&series);
    }
    fclose(file);
    assert_int_equal(n, 6);
}

static void test_exuber_sequences(void **state)
{
    FILE *file = open_golden("golden/econ/exuber_radf_sim_data_seq_lag0.csv");
    char line[256], name[16], known[16] = "";
    double badf, bsadf;
    size_t t, n = 0;
    ana_column_t series = {0};
    ana_gsadf_t test = {0};

    (void)state;
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        assert_int_equal(sscanf(line, "%15[^,],%zu,%lf,%lf", name, &t, &badf, &bsadf), 4);
        if (strcmp(name, known) != 0) {
            ana_gsadf_free(&test);
            ana_column_free(&series);
            read_series("data/econ/exuber_sim_data.csv", name, NULL, &series);
            test_series(&series, (ana_lag_t){0}, ana_gsadf_min_rows(series.n), &test);
            strcpy(known, name);
            assert_int_equal(t - 1, test.first);
        }
        assert_close(test.badf[t - 1], badf, 1e-8);
        assert_close(test.bsadf[t - 1], bsadf, 1e-8);
    }
    ana_gsadf_free(&test);
    ana_column_free(&series);
    fclose(file);
    assert_int_equal(n, 405);
}

static void test_sp500(void **state)
{
    FILE *file = open_golden("golden/econ/exuber_sp500_1871_2010_seq_lag0.csv");
    char line[256];
    double badf, bsadf;
    ana_column_t series;
    ana_gsadf_t test;

    (void)state;
    read_series("data/econ/rtadfr_sp500_pd_1871_2010.csv", "snp", NULL, &series);
    assert_int_equal(series.n, 1680);
    clock_t start = clock();
    test_series(&series, (ana_lag_t){0}, ana_gsadf_min_rows(series.n), &test);
    print_message("GSADF of 1680 values: %.4f s of processor time\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    assert_close(test.sadf, 3.44324310022, 1e-8);
    assert_close(test.gsadf, 4.20687389376, 1e-8);
    size_t t = test.first;
    for (; fgets(line, sizeof line, file) != NULL; t++) {
        assert_int_equal(sscanf(line, "%*[^,],%lf,%lf", &badf, &bsadf), 2);
        assert_close(test.badf[t], badf, 1e-8);
        assert_close(test.bsadf[t], bsadf, 1e-8);
    }
    assert_int_equal(t, series.n);
    fclose(file);
    ana_gsadf_free(&test);
    ana_column_free(&series);
}

/* The suprema do not depend on the smallest window between 35 and 91 rows. */
static void test_sp500_windows(void **state)
{
    const size_t rows[] = {35, 36, 82, 83, 90, 91};
    ana_column_t series;

    (void)state;
    read_series("data/econ/rtadfr_sp500_pd_1871_2010.csv", "snp", NULL, &series);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ana_gsadf_t test;
        test_series(&series, (ana_lag_t){0}, rows[i], &test);
        assert_close(test.sadf, 3.443243, 1e-6);
        assert_close(test.gsadf, 4.206874, 1e-6);
        ana_gsadf_free(&test);
    }
    ana_column_free(&series);
}

static void read_price_dividend(ana_column_t *series)
{
    read_series("data/econ/psymonitor_snp_dividend_yield_1973_2018.csv", "value", "date", series);
    for (size_t t = 0; t < series->n; t++)
        series->values[t] = 1 / series->values[t];
}

/* 47 observations are 46 rows. */
static void test_psymonitor_sequence(void **state)
{
    FILE *file = open_golden("golden/econ/psymonitor_snp_bsadf_lag0.csv");
    char line[256], date[16];
    double bsadf;
    ana_column_t series;
    ana_gsadf_t test;

    (void)state;
    read_price_dividend(&series);
    test_series(&series, (ana_lag_t){0}, 46, &test);
    size_t t = test.first;
    for (; fgets(line, sizeof line, file) != NULL; t++) {
        assert_int_equal(sscanf(line, "%15[^,],%lf", date, &bsadf), 2);
        assert_string_equal(series.date[t], date);
        assert_close(test.bsadf[t], bsadf, 1e-8);
    }
    assert_int_equal(t, series.n);
    fclose(file);
    ana_gsadf_free(&test);
    ana_column_free(&series);
}

static void test_psymonitor_dates(void **state)
{
    FILE *file = open_golden("golden/econ/psymonitor_documented_snp_dates.csv");
    ana_bubbles_options_t options = {
        .lag = {6, ANA_LAG_BIC}, .min_rows = 46, .critical_value = 0.828328770185185, .min_duration = 1};
    char line[256], start[16], end[16];
    size_t n = 0;
    ana_column_t series;
    ana_bubbles_t bubbles;

    (void)state;
    read_price_dividend(&series);
    assert_int_equal(ana_bubbles(series.values, series.n, &options, NULL, &bubbles, NULL), SIM_OK);
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        assert_int_equal(sscanf(line, "%15[^,],%15[0-9-]", start, end), 2);
        assert_true(n < bubbles.n_episodes);
        assert_string_equal(series.date[bubbles.episodes[n].start], start);
        assert_string_equal(series.date[bubbles.episodes[n].end], end);
    }
    assert_int_equal(n, 10);
    assert_int_equal(bubbles.n_episodes, n);
    fclose(file);
    ana_bubbles_free(&bubbles);
    ana_column_free(&series);
}

/* Standard error of the quantile p from n draws, its density taken from two other quantiles q apart by dp. */
static double quantile_error(double p, double n, double dp, double q)
{
    return sqrt(p * (1 - p) / n) * q / dp;
}

static const double levels[ANA_LEVELS] = {0.90, 0.95, 0.99};

/* Our values within 3 standard errors of the difference; both simulations have one, `reps` being that of the other. The
 * density at each level is that of the nearest step between levels (beyond 99 % the tail is thinner: factor 2). */
static void check_levels(const char *what, const double found[ANA_LEVELS], const double expected[ANA_LEVELS],
                         double ours, double reps, double rounding)
{
    const double spread[ANA_LEVELS] = {expected[1] - expected[0], expected[1] - expected[0],
                                       2 * (expected[2] - expected[1])};
    const double steps[ANA_LEVELS] = {0.05, 0.05, 0.04};
    for (int i = 0; i < ANA_LEVELS; i++) {
        double own = quantile_error(levels[i], ours, steps[i], spread[i]);
        double other = quantile_error(levels[i], reps, steps[i], spread[i]);
        double tolerance = 3 * sqrt(own * own + other * other) + rounding;
        if (fabs(found[i] - expected[i]) > tolerance)
            fail_msg("%s at %.2f: found %.4f, expected %.4f +- %.4f", what, levels[i], found[i], expected[i],
                     tolerance);
    }
}

/* Both conventions of each length, with the command's default seed: 72 correlated comparisons, of which one in 370
 * fails by chance. Fewer lengths and replications under a sanitizer. */
static void test_long_simulation(void **state)
{
    FILE *file = open_golden("golden/econ/gsadf_cv_highprec_own.csv");
    char line[512], convention[64];
    double reps, v[9];
    size_t n, rows, checked = 0, longest = TEST_UNDER_SANITIZER ? 100 : 500;

    (void)state;
    while (fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(sscanf(line, "%zu,%lf,%zu,%63[^,],%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &n, &reps, &rows,
                                convention, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8]),
                         13);
        if (n > longest)
            continue;
        ana_critical_plan_t plan = {.n = n, .min_rows = rows, .seed = 1, .replications = n > 200 ? 2000 : 10000};
        plan.replications /= TEST_UNDER_SANITIZER ? 10 : 1;
        plan.drift = strncmp(convention, "psy", 3) == 0 ? 1 / (double)n : 0;
        ana_critical_t critical;
        assert_int_equal(ana_critical_values(&plan, NULL, NULL, &critical, NULL), SIM_OK);
        check_levels("ADF", critical.adf, v, (double)plan.replications, reps, 5e-5);
        check_levels("SADF", critical.sadf, v + 3, (double)plan.replications, reps, 5e-5);
        check_levels("GSADF", critical.gsadf, v + 6, (double)plan.replications, reps, 5e-5);
        ana_critical_free(&critical);
        checked++;
    }
    fclose(file);
    assert_true(checked >= 2);
}

/* Values of the response surfaces, which smooth over lengths: their own error counts as 0.01. */
static void test_response_surface(void **state)
{
    FILE *file = open_golden("golden/econ/rtadfr_response_surface_cv.csv");
    double surface[3][ANA_LEVELS] = {{0}};
    char line[256], test[16];
    const char *const tests[] = {"adf", "sadf", "gsadf"};
    int n;
    double p, value;

    (void)state;
    while (fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(sscanf(line, "%d,%lf,\"%15[^\"]\",%lf", &n, &p, test, &value), 4);
        for (int i = 0; n == 200 && i < 3; i++)
            for (int j = 0; j < ANA_LEVELS; j++)
                if (strcmp(test, tests[i]) == 0 && fabs(p - levels[j]) < 1e-9)
                    surface[i][j] = value;
    }
    fclose(file);
    /* The convention of rtadfr's surfaces: windows counted in observations, drift 1 / n. */
    ana_critical_plan_t plan = {
        .n = 200, .min_rows = 26, .seed = 1, .drift = 1.0 / 200, .replications = TEST_UNDER_SANITIZER ? 2000 : 20000};
    ana_critical_t critical;
    assert_int_equal(ana_critical_values(&plan, NULL, NULL, &critical, NULL), SIM_OK);
    check_levels("ADF", critical.adf, surface[0], (double)plan.replications, 1e9, 0.01);
    check_levels("SADF", critical.sadf, surface[1], (double)plan.replications, 1e9, 0.01);
    check_levels("GSADF", critical.gsadf, surface[2], (double)plan.replications, 1e9, 0.01);
    ana_critical_free(&critical);
}

static void test_lppls_nasdaq(void **state)
{
    const double day_2001_09_14 = 730742 - 719163; /* ordinals of the year 1 to days since 1970 */
    ana_column_t series;
    ana_lppls_t fit;
    double day[2000];

    (void)state;
    read_series("data/econ/lppls_nasdaq_dotcom.csv", "Adj Close", "Date", &series);
    assert_int_equal(series.n, 1563);
    for (size_t t = 0; t < series.n; t++) {
        day[t] = (double)series.day[t];
        series.values[t] = log(series.values[t]);
    }
    for (uint64_t seed = 1; seed <= (TEST_UNDER_SANITIZER ? 1 : 3); seed++) {
        const ana_lppls_options_t options = {.starts = 60, .seed = seed};
        assert_int_equal(ana_lppls_fit(day, series.values, series.n, &options, &fit, NULL), SIM_OK);
        assert_true(fit.squares <= 6.490879 * (1 + 1e-6));
        assert_close(fit.squares, 6.4908787854362, 1e-6 * 6.49);
        assert_int_equal(floor(fit.tc), day_2001_09_14);
        assert_close(fit.tc, day_2001_09_14 + 0.43697, 0.01);
        assert_close(fit.m, 0.0606776, 1e-6);
        assert_close(fit.omega, 15.31007, 1e-4);
        assert_close(fit.a, 24.47653, 1e-3);
        assert_close(fit.b, -11.03909, 1e-3);
        assert_close(fit.c1, -0.04285983, 1e-5);
        assert_close(fit.c2, -0.01497420, 1e-5);
        assert_close(fit.oscillations, 3.96033, 1e-4);
        assert_close(fit.damping, 0.963663, 1e-4);
        assert_false(fit.qualified); /* omega above 15 */
    }
    ana_column_free(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exuber_statistics),
        cmocka_unit_test(test_exuber_sequences),
        cmocka_unit_test(test_sp500),
        cmocka_unit_test(test_sp500_windows),
        cmocka_unit_test(test_psymonitor_sequence),
        cmocka_unit_test(test_psymonitor_dates),
        cmocka_unit_test(test_long_simulation),
        cmocka_unit_test(test_response_surface),
        cmocka_unit_test(test_lppls_nasdaq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
