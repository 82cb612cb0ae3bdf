// SPDX-License-Identifier: GPL-3.0-or-later
/* LPPLS: finds again what a series was made of, whatever the unit of price and the origin of time; refuses what is none. */
#include "analysis/lppls.h"
#include "sim/draw.h"
#include "tests/support/test.h"

enum { N = 300 };

static const ana_lppls_t truth = {.tc = 430, .m = 0.45, .omega = 8, .a = 9, .b = -0.12, .c1 = 0.008, .c2 = -0.006};

/* ln p at days `origin`, `origin` + 1.4, ...: tc lies 11.4 days after the last. */
static void make_series(double day[N], double log_price[N], double origin, double noise)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 99, 0, 0, 0, 0);
    for (size_t i = 0; i < N; i++) {
        day[i] = 1.4 * (double)i;
        double distance = truth.tc - day[i], phase = truth.omega * log(distance);
        log_price[i] = truth.a + pow(distance, truth.m) * (truth.b + truth.c1 * cos(phase) + truth.c2 * sin(phase)) +
                       sim_draw_normal(&rng, 0, noise);
        day[i] += origin;
    }
}

static ana_lppls_t fit_series(const double *day, const double *log_price, uint64_t seed, int threads)
{
    const ana_lppls_options_t options = {.starts = 40, .seed = seed, .threads = threads};
    ana_lppls_t fit;
    sim_error_t err = {0};
    if (ana_lppls_fit(day, log_price, N, &options, &fit, &err) != SIM_OK)
        fail_msg("%s", err.message);
    return fit;
}

static void test_finds_what_it_is_made_of(void **state)
{
    double day[N], log_price[N];
    const double origins[] = {0, 11000, -5000};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        make_series(day, log_price, origins[i], 0);
        ana_lppls_t fit = fit_series(day, log_price, i + 1, 0);
        assert_true(fit.squares < 1e-12);
        assert_close(fit.tc - origins[i], truth.tc, 1e-3);
        assert_close(fit.m, truth.m, 1e-5);
        assert_close(fit.omega, truth.omega, 1e-4);
        assert_close(fit.a, truth.a, 1e-4);
        assert_close(fit.b, truth.b, 1e-5);
        assert_close(fit.c1, truth.c1, 1e-5);
        assert_close(fit.c2, truth.c2, 1e-5);
        assert_close(fit.damping, truth.m * 0.12 / (8 * 0.01), 1e-4);
        assert_close(fit.oscillations, 8 / (2 * M_PI) * log(430 / (430 - 1.4 * (N - 1))), 1e-3);
        assert_true(fit.qualified);
    }
}

static void test_with_noise(void **state)
{
    double day[N], log_price[N], dearer[N], share;
    const ana_lppls_options_t options = {.starts = 10, .seed = 1};

    (void)state;
    make_series(day, log_price, 0, 0.01);
    for (size_t i = 0; i < N; i++)
        dearer[i] = log_price[i] + log(1000);
    ana_lppls_t one = fit_series(day, log_price, 1, 1), many = fit_series(day, log_price, 1, 3);
    ana_lppls_t unit = fit_series(day, dearer, 1, 0);
    assert_memory_equal(&one, &many, sizeof one);
    assert_true(one.squares < 1e-4 * N && one.squares > 0.8e-4 * (N - 7));
    assert_close(one.tc, truth.tc, 10);
    assert_close(one.omega, truth.omega, 0.5);
    assert_close(unit.squares, one.squares, 1e-8);
    assert_close(unit.a - one.a, log(1000), 1e-2);
    assert_int_equal(ana_lppls_confidence(day, log_price, N, &options, &share, NULL), SIM_OK);
    print_message("confidence %.2f\n", share);
    assert_true(share >= 0.5);
}

/* A falling price is no bubble: B < 0 never qualifies with it. */
static void test_falling_price(void **state)
{
    double day[N], log_price[N], share;
    const ana_lppls_options_t options = {.starts = 10, .seed = 1};

    (void)state;
    make_series(day, log_price, 0, 0.01);
    for (size_t i = 0; i < N; i++)
        log_price[i] = -log_price[i];
    assert_int_equal(ana_lppls_confidence(day, log_price, N, &options, &share, NULL), SIM_OK);
    assert_true(share <= 0.1);
}

/* Where no minimum counts, the fit says so. */
static void test_nothing_found(void **state)
{
    double day[N], line[N];
    const ana_lppls_options_t options = {.starts = 4, .seed = 1};
    ana_lppls_t fit;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        day[i] = (double)i;
        line[i] = i < N / 2 ? 1 : 2;
    }
    assert_int_equal(ana_lppls_fit(day, line, N, &options, &fit, NULL), SIM_OK);
    assert_true(isinf(fit.squares) ? fit.m == 0 && !fit.qualified : fit.m > 0 && fit.tc >= N);
}

static void check_refused(const double *day, const double *log_price, size_t n, const char *part)
{
    const ana_lppls_options_t options = {.starts = 3, .seed = 1};
    ana_lppls_t fit;
    double share;
    sim_error_t err = {0};
    assert_int_equal(ana_lppls_fit(day, log_price, n, &options, &fit, &err), SIM_EINPUT);
    if (strstr(err.message, part) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, part);
    assert_int_equal(ana_lppls_confidence(day, log_price, n, &options, &share, NULL), SIM_EINPUT);
}

static void test_refused(void **state)
{
    double day[N], log_price[N];

    (void)state;
    make_series(day, log_price, 0, 0.01);
    check_refused(day, log_price, 19, "found 19 observations; expected at least 20");
    log_price[7] = log(0);
    check_refused(day, log_price, N, "not above zero at observation 8");
    log_price[7] = 1;
    day[9] = day[8];
    check_refused(day, log_price, N, "observation 10");
    make_series(day, log_price, 0, 0);
    for (size_t i = 0; i < N; i++)
        log_price[i] = 3;
    check_refused(day, log_price, N, "one price throughout");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_it_is_made_of),
        cmocka_unit_test(test_with_noise),
        cmocka_unit_test(test_falling_price),
        cmocka_unit_test(test_nothing_found),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
