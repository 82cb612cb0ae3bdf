// SPDX-License-Identifier: GPL-3.0-or-later
/* What must hold for the recursive ADF statistics of any series: each window agrees with ordinary least squares done
 * afresh, shifting and scaling a series changes nothing, ten thousand updates lose no digits, sequences and suprema fit
 * together. Seeds are fixed; the series are random walks, explosive and mean-reverting autoregressions. */
#include "analysis/gsadf.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#include <gsl/gsl_multifit.h>

#define SEED 20240611

/* y[t] = rho y[t-1] + normal, from a start far from zero. */
static void draw_series(double *y, size_t n, double rho, uint64_t number)
{
    sim_rng_t rng;
    sim_rng_at(&rng, SEED, number, 0, 0, 0);
    y[0] = 100;
    for (size_t t = 1; t < n; t++)
        y[t] = 100 + rho * (y[t - 1] - 100) + sim_draw_normal(&rng, 0, 1);
}

typedef struct direct {
    double beta, squares, inverse; /* inverse: of the slope's variance over that of the errors */
    size_t rows;
} direct_t;

/* Least squares by singular values on the rows first + 1 + lost .. last at lag k. */
static direct_t regress(const double *y, size_t first, size_t last, size_t lost, int k)
{
    size_t rows = last - first - lost, columns = (size_t)k + 2;
    gsl_matrix *x = gsl_matrix_alloc(rows, columns), *covariance = gsl_matrix_alloc(columns, columns);
    gsl_vector *d = gsl_vector_alloc(rows), *c = gsl_vector_alloc(columns);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(rows, columns);
    direct_t out = {.rows = rows};
    double centre = y[(first + last) / 2];
    for (size_t r = 0; r < rows; r++) {
        size_t t = first + 1 + lost + r;
        gsl_vector_set(d, r, y[t] - y[t - 1]);
        gsl_matrix_set(x, r, 0, 1);
        gsl_matrix_set(x, r, 1, y[t - 1] - centre);
        for (int j = 1; j <= k; j++)
            gsl_matrix_set(x, r, (size_t)j + 1, y[t - (size_t)j] - y[t - (size_t)j - 1]);
    }
    gsl_multifit_linear(x, d, c, covariance, &out.squares, work);
    out.beta = gsl_vector_get(c, 1);
    out.inverse = gsl_matrix_get(covariance, 1, 1) / (out.squares / (double)(rows - columns));
    gsl_multifit_linear_free(work);
    gsl_vector_free(c);
    gsl_vector_free(d);
    gsl_matrix_free(covariance);
    gsl_matrix_free(x);
    return out;
}

static double statistic(const direct_t *fit, double degrees)
{
    return fit->beta / sqrt(fit->squares / degrees * fit->inverse);
}

/* The statistic of the window first .. last as analysis/adf.h defines it. */
static double direct_adf(const double *y, size_t first, size_t last, ana_lag_t lag)
{
    double best = INFINITY, chosen = NAN, whole = (double)(last - first), order = lag.order;
    for (int k = lag.rule == ANA_LAG_FIXED ? lag.order : 0; k <= lag.order; k++) {
        bool own = lag.rule == ANA_LAG_BIC;
        direct_t fit = regress(y, first, last, own ? (size_t)k : (size_t)lag.order, k);
        double rows = (double)fit.rows, degrees = own ? whole - 2 * order - 2 : rows - k - 2;
        double criterion = own ? (rows * log(2 * M_PI) + fit.squares + (k + 2) * log(whole - order)) / (whole - order)
                               : rows * log(fit.squares / rows) + (k + 2) * log(rows);
        if (criterion < best) {
            best = criterion;
            chosen = statistic(&fit, degrees);
        }
    }
    return chosen;
}

static const ana_lag_t lags[] = {{0, ANA_LAG_FIXED}, {1, ANA_LAG_FIXED}, {2, ANA_LAG_FIXED},   {5, ANA_LAG_FIXED},
                                 {4, ANA_LAG_BIC},   {6, ANA_LAG_BIC},   {3, ANA_LAG_SCHWARZ}, {6, ANA_LAG_SCHWARZ}};
#define N_LAGS (sizeof lags / sizeof lags[0])

/* Every window of a short series, and so each BADF and BSADF. */
static void check_all_windows(const double *y, size_t n, ana_lag_t lag, size_t min_rows)
{
    ana_gsadf_t test;
    size_t lost = lag.rule == ANA_LAG_BIC ? 0 : (size_t)lag.order;

    assert_int_equal(ana_gsadf(y, n, lag, min_rows, &test, NULL), SIM_OK);
    for (size_t last = test.first; last < n; last++) {
        double largest = -INFINITY;
        for (size_t first = 0; first + lost + min_rows <= last; first++)
            largest = fmax(largest, direct_adf(y, first, last, lag));
        assert_close(test.badf[last], direct_adf(y, 0, last, lag), 1e-9 * (1 + fabs(test.badf[last])));
        assert_close(test.bsadf[last], largest, 1e-9 * (1 + fabs(largest)));
    }
    ana_gsadf_free(&test);
}

static void test_against_least_squares(void **state)
{
    double y[61];
    const double rhos[] = {0.5, 1, 1.05};

    (void)state;
    for (size_t i = 0; i < N_LAGS; i++)
        for (uint64_t number = 0; number < 3; number++) {
            draw_series(y, 61, rhos[number], number);
            check_all_windows(y, 61, lags[i], ana_adf_fewest_rows(lags[i]) + 4 + number);
        }
}

/* The largest statistics do not depend on the unit, nor on where zero is (schwarz and fixed lags). */
static void test_invariance(void **state)
{
    enum { N = 150 };
    double y[N], z[N];
    const double scales[] = {1, 1e-9, 1e7, 1e12}, shifts[] = {0, 1e4, -1e3, 0};
    ana_gsadf_t a, b;

    (void)state;
    for (size_t i = 0; i < N_LAGS; i++)
        for (size_t j = 0; j < 4 && lags[i].rule != ANA_LAG_BIC; j++) {
            draw_series(y, N, 1, 10 + j);
            for (size_t t = 0; t < N; t++)
                z[t] = scales[j] * (y[t] + shifts[j]);
            assert_int_equal(ana_gsadf(y, N, lags[i], 24, &a, NULL), SIM_OK);
            assert_int_equal(ana_gsadf(z, N, lags[i], 24, &b, NULL), SIM_OK);
            for (size_t t = a.first; t < N; t++) {
                assert_close(b.badf[t], a.badf[t], 1e-8);
                assert_close(b.bsadf[t], a.bsadf[t], 1e-8);
            }
            ana_gsadf_free(&a);
            ana_gsadf_free(&b);
        }
}

/* Windows that have grown by 10,000 rows, of a walk that strays far, and of one on a level a million times its steps. */
static void test_long_windows_lose_no_digits(void **state)
{
    enum { N = 10001 };
    double *y = calloc(N, sizeof *y), badf[ANA_ADF_LANES], bsadf[ANA_ADF_LANES];
    ana_adf_series_t series;

    (void)state;
    assert_int_equal(ana_adf_series_init(&series, N, NULL), SIM_OK);
    for (uint64_t number = 0; number < 4; number++) {
        draw_series(y, N, number == 3 ? 0.9 : 1, 20 + number);
        for (size_t t = 0; t < N; t++)
            y[t] += number % 2 == 1 ? 1e6 : 0;
        ana_adf_series_set(&series, y);
        for (int order = 0; order < 3; order++) {
            ana_lag_t lag = {.order = order};
            ana_adf_ends(&series, lag, 9990 - (size_t)order, N - ANA_ADF_LANES, badf, bsadf);
            for (size_t l = 0; l < ANA_ADF_LANES; l += 7) {
                double direct = direct_adf(y, 0, N - ANA_ADF_LANES + l, lag);
                assert_close(badf[l], direct, 1e-9 * (1 + fabs(direct)));
            }
        }
    }
    ana_adf_series_free(&series);
    free(y);
}

/* Suprema are those of their sequences; a smaller smallest window can only raise BSADF; a test of the first part of a
 * series gives the first part of the sequences, as far as their common shift goes. */
static void test_sequences_fit_together(void **state)
{
    enum { N = 211 };
    double y[N];
    ana_gsadf_t whole, part, finer;

    (void)state;
    for (size_t i = 0; i < N_LAGS; i++) {
        size_t rows = 30;
        draw_series(y, N, 1.01, 40 + i);
        assert_int_equal(ana_gsadf(y, N, lags[i], rows, &whole, NULL), SIM_OK);
        assert_int_equal(ana_gsadf(y, N - 60, lags[i], rows, &part, NULL), SIM_OK);
        assert_int_equal(ana_gsadf(y, N, lags[i], rows - 7, &finer, NULL), SIM_OK);
        double sadf = -INFINITY, gsadf = -INFINITY;
        for (size_t t = whole.first; t < N; t++) {
            sadf = fmax(sadf, whole.badf[t]);
            gsadf = fmax(gsadf, whole.bsadf[t]);
            assert_true(whole.bsadf[t] >= whole.badf[t] && finer.bsadf[t] >= whole.bsadf[t]);
            if (t < part.n)
                assert_close(part.bsadf[t], whole.bsadf[t], 1e-9 * (1 + fabs(whole.bsadf[t])));
        }
        assert_true(sadf == whole.sadf && gsadf == whole.gsadf && whole.badf[N - 1] == whole.adf);
        ana_gsadf_free(&whole);
        ana_gsadf_free(&part);
        ana_gsadf_free(&finer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_least_squares),
        cmocka_unit_test(test_invariance),
        cmocka_unit_test(test_long_windows_lose_no_digits),
        cmocka_unit_test(test_sequences_fit_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
