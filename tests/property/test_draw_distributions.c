// SPDX-License-Identifier: GPL-3.0-or-later
/* Every distribution of sim/draw.h against GSL's cumulative distribution function.
 *
 * Continuous ones by Kolmogorov-Smirnov on 40,000 draws, discrete ones by chi-square over up to 50 cells of equal
 * probability, and the first two moments of both by their standard errors. Seed 20220101. The level of each of the
 * fewer than 400 tests is 1e-5 (5e-6 either side for moments), so a right generator fails this file for a given seed
 * with probability below 0.4 %; and the seed being fixed, it passes always or never. */
#include "sim/draw.h"
#include "tests/support/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { N = 40000, MAX_CELLS = 50 };
static const uint64_t seed = 20220101;
static const double level = 1e-5;
static const double moment_limit = 4.42; /* standard normal, two-sided 1e-5 */

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* P(sqrt(n) D > t), Kolmogorov's limit with Stephens's correction for finite n. */
static double kolmogorov_tail(double d, double n)
{
    double t = d * (sqrt(n) + 0.12 + 0.11 / sqrt(n));
    double sum = 0;
    for (int k = 1; k <= 100; k++)
        sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * t * t);
    return t < 0.2 ? 1 : sum;
}

static double mean_of(const double *x)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += x[i];
    return sum / N;
}

static double variance_of(const double *x, double mean)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (N - 1);
}

/* One distribution with one set of parameters. */
typedef struct test_case {
    const char *name;
    double a;
    double b;
    double mean; /* NAN: not tested (infinite fourth moment) */
    double variance;
    double kurtosis; /* fourth central moment over variance squared: the standard error of the variance */
} test_case_t;

typedef double (*draw_t)(sim_rng_t *rng, double a, double b);
typedef double (*cdf_t)(double x, double a, double b);

static void check_moments(const test_case_t *c, const double *x)
{
    if (isnan(c->mean))
        return;
    double mean = mean_of(x);
    double z_mean = (mean - c->mean) / sqrt(c->variance / N);
    double z_variance = (variance_of(x, mean) / c->variance - 1) / sqrt((c->kurtosis - 1) / N);
    if (!(fabs(z_mean) < moment_limit) || !(fabs(z_variance) < moment_limit))
        fail_msg("%s(%g, %g): mean %g off by %g errors, variance by %g", c->name, c->a, c->b, mean, z_mean, z_variance);
}

static void check_continuous(const test_case_t *c, draw_t draw, cdf_t cdf, uint64_t event)
{
    static double x[N];
    sim_rng_t rng;
    sim_rng_at(&rng, seed, 0, 1, 1, event * 1000000);
    for (int i = 0; i < N; i++)
        x[i] = draw(&rng, c->a, c->b);
    check_moments(c, x);
    qsort(x, N, sizeof *x, compare_double);
    double d = 0;
    for (int i = 0; i < N; i++) {
        double p = cdf(x[i], c->a, c->b);
        d = fmax(d, fmax(p - (double)i / N, (double)(i + 1) / N - p));
    }
    if (!(kolmogorov_tail(d, N) > level))
        fail_msg("%s(%g, %g): Kolmogorov-Smirnov distance %g", c->name, c->a, c->b, d);
}

/* Upper ends of cells of about equal probability. */
static int make_cells(const test_case_t *c, cdf_t cdf, double ends[MAX_CELLS])
{
    int cells = 0;
    for (int j = 1; j < MAX_CELLS; j++) {
        double low = -1;
        double high = 1;
        while (cdf(high, c->a, c->b) * MAX_CELLS < j)
            high *= 2;
        while (high - low > 1) {
            double middle = floor((low + high) / 2);
            *(cdf(middle, c->a, c->b) * MAX_CELLS >= j ? &high : &low) = middle;
        }
        double rest = 1 - cdf(high, c->a, c->b);
        double inside = cdf(high, c->a, c->b) - (cells ? cdf(ends[cells - 1], c->a, c->b) : 0);
        if ((cells == 0 || high > ends[cells - 1]) && rest * N >= 20 && inside * N >= 20)
            ends[cells++] = high;
    }
    ends[cells++] = INFINITY;
    return cells;
}

static double chi_square(const test_case_t *c, cdf_t cdf, const double *ends, int cells, const double *x)
{
    double counts[MAX_CELLS] = {0};
    for (int i = 0; i < N; i++) {
        int cell = 0;
        while (x[i] > ends[cell])
            cell++;
        counts[cell]++;
    }
    double sum = 0;
    double below = 0;
    for (int j = 0; j < cells; j++) {
        double upto = j == cells - 1 ? 1 : cdf(ends[j], c->a, c->b);
        double expected = (upto - below) * N;
        sum += (counts[j] - expected) * (counts[j] - expected) / expected;
        below = upto;
    }
    return sum;
}

static void check_discrete(const test_case_t *c, draw_t draw, cdf_t cdf, uint64_t event)
{
    static double x[N];
    sim_rng_t rng;
    sim_rng_at(&rng, seed, 0, 2, 2, event * 1000000);
    for (int i = 0; i < N; i++)
        x[i] = draw(&rng, c->a, c->b);
    check_moments(c, x);
    double ends[MAX_CELLS];
    int cells = make_cells(c, cdf, ends);
    double statistic = chi_square(c, cdf, ends, cells, x);
    if (cells > 1 && !(gsl_cdf_chisq_Q(statistic, cells - 1) > level))
        fail_msg("%s(%g, %g): chi-square %g on %d cells", c->name, c->a, c->b, statistic, cells);
}

/* Uniform, exponential, normal, lognormal. */

static double draw_uniform(sim_rng_t *rng, double a, double b)
{
    return a + (b - a) * sim_draw_uniform(rng);
}
static double draw_uniform_open(sim_rng_t *rng, double a, double b)
{
    return a + (b - a) * sim_draw_uniform_open(rng);
}
static double cdf_uniform(double x, double a, double b)
{
    return gsl_cdf_flat_P(x, a, b);
}
static void test_uniform(void **state)
{
    (void)state;
    test_case_t c = {"uniform", 0, 1, 0.5, 1.0 / 12, 1.8};
    check_continuous(&c, draw_uniform, cdf_uniform, 1);
    check_continuous(&c, draw_uniform_open, cdf_uniform, 2);
}

static double draw_exponential(sim_rng_t *rng, double mean, double unused)
{
    (void)unused;
    return sim_draw_exponential(rng, mean);
}
static double cdf_exponential(double x, double mean, double unused)
{
    (void)unused;
    return gsl_cdf_exponential_P(x, mean);
}
static void test_exponential(void **state)
{
    (void)state;
    static const double means[] = {1e-9, 0.25, 1, 90, 1e12};
    for (uint64_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        test_case_t c = {"exponential", means[i], 0, means[i], means[i] * means[i], 9};
        check_continuous(&c, draw_exponential, cdf_exponential, i);
    }
}

static double draw_normal(sim_rng_t *rng, double mean, double sd)
{
    return sim_draw_normal(rng, mean, sd);
}
static double cdf_normal(double x, double mean, double sd)
{
    return gsl_cdf_gaussian_P(x - mean, sd);
}
static double draw_lognormal(sim_rng_t *rng, double mu, double sigma)
{
    return sim_draw_lognormal(rng, mu, sigma);
}
static double cdf_lognormal(double x, double mu, double sigma)
{
    return gsl_cdf_lognormal_P(x, mu, sigma);
}
static void test_normal_and_lognormal(void **state)
{
    (void)state;
    static const double parameters[][2] = {{0, 1}, {-5, 0.01}, {1000, 30}, {2, 1.5}};
    for (uint64_t i = 0; i < 4; i++) {
        double mean = parameters[i][0];
        double sd = parameters[i][1];
        test_case_t normal = {"normal", mean, sd, mean, sd * sd, 3};
        check_continuous(&normal, draw_normal, cdf_normal, i);
    }
    static const double logs[][2] = {{0, 0.1}, {7, 1}, {-3, 2.5}};
    for (uint64_t i = 0; i < 3; i++) {
        test_case_t lognormal = {"lognormal", logs[i][0], logs[i][1], NAN, 0, 0};
        check_continuous(&lognormal, draw_lognormal, cdf_lognormal, i);
    }
}

/* The two ends of the ziggurats are rare: a sample of its own, only beyond the start of the base layer's tail. */
static void test_tails_of_the_ziggurats(void **state)
{
    (void)state;
    const double n = 4e6;
    double beyond_exponential = 0;
    double beyond_normal[2] = {0, 0};
    sim_rng_t rng;
    sim_rng_at(&rng, seed, 0, 3, 3, 0);
    for (int i = 0; i < (int)n; i++) {
        beyond_exponential += sim_draw_exponential(&rng, 1) > 8;
        double z = sim_draw_normal(&rng, 0, 1);
        beyond_normal[0] += z < -3.7;
        beyond_normal[1] += z > 3.7;
    }
    double expected = n * exp(-8);
    assert_true(fabs(beyond_exponential - expected) < moment_limit * sqrt(expected));
    expected = n * gsl_cdf_ugaussian_Q(3.7);
    for (int side = 0; side < 2; side++)
        assert_true(fabs(beyond_normal[side] - expected) < moment_limit * sqrt(expected));
}

/* Gamma family. */

static double draw_gamma(sim_rng_t *rng, double shape, double scale)
{
    return sim_draw_gamma(rng, shape, scale);
}
static double cdf_gamma(double x, double shape, double scale)
{
    return gsl_cdf_gamma_P(x, shape, scale);
}
static void test_gamma(void **state)
{
    (void)state;
    static const double shapes[] = {0.05, 0.3, 0.999, 1, 1.5, 2, 7.3, 50, 900};
    for (uint64_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        double shape = shapes[i];
        double scale = 0.5 + (double)i;
        test_case_t c = {"gamma", shape, scale, shape * scale, shape * scale * scale, 3 + 6 / shape};
        c.mean = shape < 0.1 ? NAN : c.mean; /* too skewed for the normal limit of its variance */
        check_continuous(&c, draw_gamma, cdf_gamma, i);
    }
}

/* Beyond the range of GSL's incomplete gamma function the normal limit is exact to the size of the sample. */
static double cdf_gamma_normal(double x, double shape, double scale)
{
    return gsl_cdf_gaussian_P(x / scale - shape, sqrt(shape));
}
static void test_gamma_of_enormous_shape(void **state)
{
    (void)state;
    test_case_t c = {"gamma", 1e9, 2, 2e9, 4e9, 3};
    check_continuous(&c, draw_gamma, cdf_gamma_normal, 50);
}

static double draw_erlang(sim_rng_t *rng, double stages, double mean)
{
    return sim_draw_erlang(rng, (unsigned)stages, mean);
}
static double cdf_erlang(double x, double stages, double mean)
{
    return gsl_cdf_gamma_P(x, stages, mean / stages);
}
static void test_erlang(void **state)
{
    (void)state;
    for (unsigned stages = 1; stages <= 9; stages += 2) {
        test_case_t c = {"erlang", stages, 12, 12, 144.0 / stages, 3 + 6.0 / stages};
        check_continuous(&c, draw_erlang, cdf_erlang, stages);
    }
}

static double draw_weibull(sim_rng_t *rng, double shape, double scale)
{
    return sim_draw_weibull(rng, shape, scale);
}
static double cdf_weibull(double x, double shape, double scale)
{
    return gsl_cdf_weibull_P(x, scale, shape);
}
static double draw_pareto(sim_rng_t *rng, double shape, double minimum)
{
    return sim_draw_pareto(rng, shape, minimum);
}
static double cdf_pareto(double x, double shape, double minimum)
{
    return gsl_cdf_pareto_P(x, shape, minimum);
}
static void test_weibull_and_pareto(void **state)
{
    (void)state;
    static const double shapes[] = {0.2, 0.7, 1, 1.8, 3.4, 20};
    for (uint64_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        test_case_t weibull = {"weibull", shapes[i], 100, NAN, 0, 0};
        check_continuous(&weibull, draw_weibull, cdf_weibull, i);
        test_case_t pareto = {"pareto", shapes[i], 3, NAN, 0, 0};
        check_continuous(&pareto, draw_pareto, cdf_pareto, i);
    }
}

/* Discrete distributions. */

static double draw_poisson(sim_rng_t *rng, double mean, double unused)
{
    (void)unused;
    return (double)sim_draw_poisson(rng, mean);
}
static double cdf_poisson(double k, double mean, double unused)
{
    (void)unused;
    return k < 0 ? 0 : gsl_cdf_poisson_P((unsigned)k, mean);
}
static void test_poisson(void **state)
{
    (void)state;
    static const double means[] = {0.01, 0.3, 1, 4.2, 9.999, 10, 10.5, 12, 17, 33.3, 100, 1234.5, 1e5};
    for (uint64_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        test_case_t c = {"poisson", means[i], 0, means[i], means[i], 3 + 1 / means[i]};
        check_discrete(&c, draw_poisson, cdf_poisson, i);
    }
}

/* Beyond the range of GSL's functions the normal limit is exact to the size of the sample. */
static double cdf_poisson_normal(double k, double mean, double unused)
{
    (void)unused;
    return gsl_cdf_gaussian_P(k + 0.5 - mean, sqrt(mean));
}
static void test_poisson_of_enormous_mean(void **state)
{
    (void)state;
    static const double means[] = {1e7, 1e10, 1e12, 1e15};
    for (uint64_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        test_case_t c = {"poisson", means[i], 0, means[i], means[i], 3};
        check_discrete(&c, draw_poisson, cdf_poisson_normal, 50 + i);
    }
}

static double draw_binomial(sim_rng_t *rng, double n, double p)
{
    return (double)sim_draw_binomial(rng, (uint64_t)n, p);
}
static double cdf_binomial(double k, double n, double p)
{
    return k < 0 ? 0 : k >= n ? 1 : gsl_cdf_binomial_P((unsigned)k, p, (unsigned)n);
}
static double cdf_binomial_normal(double k, double n, double p)
{
    return gsl_cdf_gaussian_P(k + 0.5 - n * p, sqrt(n * p * (1 - p)));
}
static test_case_t binomial_case(double n, double p)
{
    double variance = n * p * (1 - p);
    return (test_case_t){"binomial", n, p, n * p, variance, 3 + (1 - 6 * p * (1 - p)) / variance};
}
static void test_binomial(void **state)
{
    (void)state;
    static const double trials[] = {1, 5, 20, 21, 40, 100, 1000, 1e6, 1e9};
    static const double chances[] = {0.001, 0.03, 0.25, 0.5, 0.6, 0.93, 0.999};
    uint64_t event = 0;
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++)
        for (size_t j = 0; j < sizeof chances / sizeof chances[0]; j++) {
            test_case_t c = binomial_case(trials[i], chances[j]);
            if (c.variance < 0.02 || c.kurtosis < 1.05)
                c.mean = NAN; /* too few successes, or n = 1 and p = 1/2: no normal limit of the variance */
            check_discrete(&c, draw_binomial, cdf_binomial, event++);
        }
    test_case_t enormous = binomial_case(0x1p53, 0.3);
    check_discrete(&enormous, draw_binomial, cdf_binomial_normal, event);
}

static double draw_below(sim_rng_t *rng, double n, double unused)
{
    (void)unused;
    return (double)sim_draw_below(rng, (uint64_t)n);
}
static double cdf_below(double k, double n, double unused)
{
    (void)unused;
    return fmin(fmax((k + 1) / n, 0), 1);
}
static void test_below(void **state)
{
    (void)state;
    static const double bounds[] = {2, 3, 7, 50, 1000003, 0x1p52};
    for (uint64_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        double n = bounds[i];
        double kurtosis = 1.8 * (n * n - 7.0 / 3) / (n * n - 1);
        test_case_t c = {"below", n, 0, (n - 1) / 2, (n * n - 1) / 12, kurtosis < 1.05 ? NAN : kurtosis};
        c.mean = isnan(c.kurtosis) ? NAN : c.mean;
        check_discrete(&c, draw_below, cdf_below, i);
    }
}

/* Lemire's rejection is exercised only where n does not divide 2^64 by far: at 3 * 2^62 without it the lowest third
 * would be twice as likely as each of the others. */
static void test_below_has_no_bias_at_large_bounds(void **state)
{
    (void)state;
    const uint64_t n = UINT64_C(3) << 62;
    double thirds[3] = {0, 0, 0};
    sim_rng_t rng;
    sim_rng_at(&rng, seed, 0, 4, 4, 0);
    for (int i = 0; i < 3 * N; i++)
        thirds[sim_draw_below(&rng, n) % 3]++;
    double sum = 0;
    for (int j = 0; j < 3; j++)
        sum += (thirds[j] - N) * (thirds[j] - N) / N;
    assert_true(gsl_cdf_chisq_Q(sum, 2) > level);
}

static double draw_bernoulli(sim_rng_t *rng, double p, double unused)
{
    (void)unused;
    return sim_draw_bernoulli(rng, p);
}
static double cdf_bernoulli(double k, double p, double unused)
{
    (void)unused;
    return k < 0 ? 0 : k < 1 ? 1 - p : 1;
}
static const double weights[] = {5, 0, 1, 2.5, 0.5, 1};
static double draw_categorical(sim_rng_t *rng, double a, double b)
{
    (void)a;
    (void)b;
    return (double)sim_draw_categorical(rng, weights, 6);
}
static double cdf_categorical(double k, double a, double b)
{
    (void)a;
    (void)b;
    double sum = 0;
    for (int i = 0; i < 6 && i <= k; i++)
        sum += weights[i] / 10;
    return sum;
}
static void test_bernoulli_and_categorical(void **state)
{
    (void)state;
    static const double chances[] = {0.01, 0.2, 0.5, 0.9};
    for (uint64_t i = 0; i < sizeof chances / sizeof chances[0]; i++) {
        test_case_t c = {"bernoulli", chances[i], 0, NAN, 0, 0};
        check_discrete(&c, draw_bernoulli, cdf_bernoulli, i);
    }
    test_case_t c = {"categorical", 0, 0, NAN, 0, 0};
    check_discrete(&c, draw_categorical, cdf_categorical, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_exponential),
        cmocka_unit_test(test_normal_and_lognormal),
        cmocka_unit_test(test_tails_of_the_ziggurats),
        cmocka_unit_test(test_gamma),
        cmocka_unit_test(test_gamma_of_enormous_shape),
        cmocka_unit_test(test_erlang),
        cmocka_unit_test(test_weibull_and_pareto),
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_poisson_of_enormous_mean),
        cmocka_unit_test(test_binomial),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_below_has_no_bias_at_large_bounds),
        cmocka_unit_test(test_bernoulli_and_categorical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
