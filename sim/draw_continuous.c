// SPDX-License-Identifier: GPL-3.0-or-later
/* Continuous distributions made from uniform, exponential and normal draws. */
#include "sim/draw.h"
#include "sim/error.h"
#include "sim/math.h"

#include <math.h>

double sim_draw_lognormal(sim_rng_t *rng, double mu, double sigma)
{
    return sim_exp(sim_draw_normal(rng, mu, sigma));
}

void sim_fill_lognormal(sim_rng_t *rng, double mu, double sigma, double *out, size_t n)
{
    sim_fill_normal(rng, mu, sigma, out, n);
    sim_exp_each(out, n);
}

/* Standard gamma of shape >= 1: a cubed, shifted normal, accepted nearly always. */
static double gamma_marsaglia_tsang(sim_rng_t *rng, double shape)
{
    double d = shape - 1.0 / 3.0;
    double c = 1 / (3 * sqrt(d));
    for (;;) {
        double x = sim_draw_normal(rng, 0, 1);
        double root = 1 + c * x;
        if (root <= 0)
            continue;
        double v = root * root * root;
        double u = sim_draw_uniform_open(rng);
        double x2 = x * x;
        if (u < 1 - 0.0331 * x2 * x2)
            return d * v;
        if (sim_log(u) < 0.5 * x2 + d * (1 - v + sim_log(v)))
            return d * v;
    }
}

double sim_draw_gamma(sim_rng_t *rng, double shape, double scale)
{
    SIM_ASSERT(shape > 0 && scale >= 0);
    if (shape >= 1)
        return scale * gamma_marsaglia_tsang(rng, shape);
    double larger = gamma_marsaglia_tsang(rng, shape + 1); /* times U^(1/shape): their section 6 */
    return scale * larger * sim_exp(sim_log(sim_draw_uniform_open(rng)) / shape);
}

double sim_draw_erlang(sim_rng_t *rng, unsigned stages, double mean)
{
    SIM_ASSERT(stages >= 1);
    double sum = 0;
    for (unsigned i = 0; i < stages; i++)
        sum += sim_draw_exponential(rng, 1);
    return sum * (mean / stages);
}

/* A standard exponential by inversion: one word always, so that arms stay in step. */
static double exponential_inverted(sim_rng_t *rng)
{
    return -sim_log(sim_draw_uniform_open(rng));
}

double sim_draw_weibull(sim_rng_t *rng, double shape, double scale)
{
    SIM_ASSERT(shape > 0 && scale >= 0);
    return scale * sim_pow(exponential_inverted(rng), 1 / shape);
}

double sim_draw_pareto(sim_rng_t *rng, double shape, double minimum)
{
    SIM_ASSERT(shape > 0 && minimum >= 0);
    return minimum * sim_exp(exponential_inverted(rng) / shape);
}
