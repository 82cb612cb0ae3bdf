// SPDX-License-Identifier: GPL-3.0-or-later
/* Poisson and binomial draws: search of the cumulative distribution for small means, Hormann's transformed rejection
 * above ("The transformed rejection method for generating Poisson random variables", 1993; "The generation of binomial
 * random variates", 1993).
 *
 * The acceptance test of the rejection compares with the probability of k. Written with log-gammas it loses digits in
 * proportion to k log k; here it is Loader's saddle-point form ("Fast and accurate computation of binomial
 * probabilities", 2000), whose terms are all small near the mode.
 */
#include "sim/draw.h"
#include "sim/error.h"
#include "sim/math.h"

#include <math.h>

static const double rejection_from_mean = 10;
static const double log_2pi = 1.8378770664093454836;

/* log(k!) minus Stirling's sqrt(2 pi k) (k/e)^k: exact values for small k, the asymptotic series above. */
static double stirling_error(double k)
{
    static const double exact[] = {
        0,
        0.08106146679532725822,
        0.04134069595540929409,
        0.02767792568499833915,
        0.02079067210376509311,
        0.01664469118982119216,
        0.01387612882307074800,
        0.01189670994589177010,
        0.01041126526197209650,
        0.00925546218271273292,
        0.00833056343336287126,
        0.00757367548795184079,
        0.00694284010720952987,
        0.00640899418800420707,
        0.00595137011275884774,
        0.00555473355196280137,
    };
    if (k < (double)(sizeof exact / sizeof exact[0]))
        return exact[(int)k];
    double k2 = k * k;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / k2) / k2) / k2) / k2) / k;
}

/* Deviance x log(x / m) + m - x for x, m > 0, by its series where x is near m. */
static double deviance(double x, double m)
{
    double difference = x - m;
    double ratio = difference / (x + m);
    if (ratio > 0.1 || ratio < -0.1)
        return x * sim_log(x / m) - difference;
    double sum = difference * ratio;
    double term = 2 * x * ratio;
    for (int j = 3;; j += 2) {
        term *= ratio * ratio;
        double next = sum + term / j;
        if (next == sum)
            return sum;
        sum = next;
    }
}

static double log_poisson(double k, double mean)
{
    if (k <= 0)
        return -mean;
    return -stirling_error(k) - deviance(k, mean) - 0.5 * (log_2pi + sim_log(k));
}

static double log_binomial(double k, double n, double p)
{
    if (k <= 0)
        return n * sim_log1p(-p);
    if (k >= n)
        return n * sim_log(p);
    double errors = stirling_error(n) - stirling_error(k) - stirling_error(n - k);
    double deviances = deviance(k, n * p) + deviance(n - k, n * (1 - p));
    return errors - deviances - 0.5 * (log_2pi + sim_log(k) + sim_log1p(-k / n));
}

/* A hat of the table-mountain family: k = floor((2 a / (1/2 - |u|) + b) u + centre), u in (-1/2, 1/2). */
typedef struct hat {
    double a;
    double b;
    double centre;
    double squeeze; /* accepted at once when v is below it and u not at the edge */
} hat_t;

/* Draws a candidate; true when the squeeze accepts it. `*height` is what the probability must exceed, up to a factor.
 */
static bool hat_draw(const hat_t *hat, sim_rng_t *rng, double *k, double *height)
{
    double u = sim_draw_uniform_open(rng) - 0.5;
    double v = sim_draw_uniform_open(rng);
    double edge = 0.5 - (u < 0 ? -u : u);
    double x = (2 * hat->a / edge + hat->b) * u + hat->centre;
    *k = x > -1 && x < 0x1p62 ? (double)sim_floor_i64(x) : -1;
    *height = v / (hat->a / (edge * edge) + hat->b);
    return edge >= 0.07 && v <= hat->squeeze;
}

static uint64_t poisson_rejection(sim_rng_t *rng, double mean)
{
    double b = 0.931 + 2.53 * sqrt(mean);
    hat_t hat = {.a = -0.059 + 0.02483 * b, .b = b, .centre = mean + 0.43, .squeeze = 0.9277 - 3.6224 / (b - 2)};
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    for (;;) {
        double k;
        double height;
        bool inside = hat_draw(&hat, rng, &k, &height);
        if (k < 0)
            continue;
        if (inside || sim_log(height * inverse_alpha) <= log_poisson(k, mean))
            return (uint64_t)k;
    }
}

/* Walks up the probabilities p(0), p(1), … until the uniform is used up. `u` may exceed their rounded sum by a few
 * 2^-53: the walk then ends at `last`, whose tail is far below that. */
static uint64_t poisson_search(sim_rng_t *rng, double mean)
{
    const uint64_t last = 200;
    double u = sim_draw_uniform(rng);
    double p = sim_exp(-mean);
    uint64_t k = 0;
    while (u >= p && k < last) {
        u -= p;
        k++;
        p *= mean / (double)k;
    }
    return k < last ? k : (uint64_t)mean;
}

uint64_t sim_draw_poisson(sim_rng_t *rng, double mean)
{
    SIM_ASSERT(mean >= 0 && mean <= 1e15);
    return mean < rejection_from_mean ? poisson_search(rng, mean) : poisson_rejection(rng, mean);
}

static uint64_t binomial_rejection(sim_rng_t *rng, double n, double p)
{
    double sd = sqrt(n * p * (1 - p));
    double b = 1.15 + 2.53 * sd;
    hat_t hat = {.a = -0.0873 + 0.0248 * b + 0.01 * p, .b = b, .centre = n * p + 0.5, .squeeze = 0.92 - 4.2 / b};
    double alpha = (2.83 + 5.1 / b) * sd;
    double mode = (double)sim_floor_i64((n + 1) * p);
    double log_mode = log_binomial(mode, n, p);
    for (;;) {
        double k;
        double height;
        bool inside = hat_draw(&hat, rng, &k, &height);
        if (k < 0 || k > n)
            continue;
        if (inside || sim_log(height * alpha) <= log_binomial(k, n, p) - log_mode)
            return (uint64_t)k;
    }
}

static uint64_t binomial_search(sim_rng_t *rng, uint64_t n, double p)
{
    double odds = p / (1 - p);
    double u = sim_draw_uniform(rng);
    double probability = sim_exp((double)n * sim_log1p(-p));
    uint64_t k = 0;
    while (u >= probability && k < n) {
        u -= probability;
        k++;
        probability *= odds * ((double)(n - k + 1) / (double)k);
        if (probability <= 0)
            return (uint64_t)((double)n * p); /* rounding: u was beyond the sum of all probabilities */
    }
    return k;
}

uint64_t sim_draw_binomial(sim_rng_t *rng, uint64_t n, double p)
{
    SIM_ASSERT(n <= UINT64_C(1) << 53 && p >= 0 && p <= 1);
    if (p > 0.5)
        return n - sim_draw_binomial(rng, n, 1 - p);
    if ((double)n * p < rejection_from_mean)
        return binomial_search(rng, n, p);
    return binomial_rejection(rng, (double)n, p);
}
