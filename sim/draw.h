// SPDX-License-Identifier: GPL-3.0-or-later
/* Draws from distributions, on arithmetic that gives the same bits on every x86-64 machine.
 *
 * Each function consumes words from a generator (sim/rng.h) and returns one value. Rejection methods may consume more
 * than one word; start the generator at an event of its own where two arms must stay in step. Out-of-range parameters
 * are programmer's bugs (assert): the scenario reader has checked them.
 *
 *     sim_rng_t rng;
 *     sim_rng_at(&rng, seed, replication, queue_id, PURPOSE_ARRIVAL, 0);
 *     double gap_s = sim_draw_exponential(&rng, 90.0);     // mean 90 seconds
 *     uint64_t jobs = sim_draw_poisson(&rng, 12.5);
 *
 * Words consumed: exactly one by uniform, uniform_open, bernoulli, weibull, pareto and categorical; at least one by
 * every other.
 */
#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include "sim/draw_ziggurat.h"
#include "sim/error.h"
#include "sim/rng.h"

#include <stdbool.h>
#include <stddef.h>

static inline double sim_draw_uniform(sim_rng_t *rng);           /* [0, 1), 53 bits */
static inline double sim_uniform(uint64_t word);                 /* the same of a word of random bits */
static inline double sim_draw_uniform_open(sim_rng_t *rng);      /* (0, 1), 52 bits, symmetric about 1/2 */
uint64_t sim_draw_below(sim_rng_t *rng, uint64_t n);             /* 0 .. n-1, unbiased (Lemire 2019); n >= 1 */
static inline bool sim_draw_bernoulli(sim_rng_t *rng, double p); /* p clamped to [0, 1] */

/* Exponential with the given mean, >= 0, in the mean's unit. Ziggurat (Marsaglia and Tsang 2000) of 256 layers. */
static inline double sim_draw_exponential(sim_rng_t *rng, double mean);
/* Normal, sd >= 0. Ziggurat of 256 layers, tail by Marsaglia (1964). */
double sim_draw_normal(sim_rng_t *rng, double mean, double sd);
/* exp(normal(mu, sigma)), sigma >= 0: median exp(mu), mean exp(mu + sigma^2 / 2). */
double sim_draw_lognormal(sim_rng_t *rng, double mu, double sigma);
/* Gamma of mean shape * scale; shape > 0, scale >= 0 (Marsaglia and Tsang 2000, "A simple method ..."). */
double sim_draw_gamma(sim_rng_t *rng, double shape, double scale);
/* Sum of `stages` >= 1 exponentials; `mean` is the mean of the sum. */
double sim_draw_erlang(sim_rng_t *rng, unsigned stages, double mean);
/* Weibull: P(X > x) = exp(-(x / scale)^shape); shape > 0, scale >= 0. Inversion. */
double sim_draw_weibull(sim_rng_t *rng, double shape, double scale);
/* Pareto: P(X > x) = (minimum / x)^shape for x >= minimum; shape > 0, minimum >= 0. Inversion. */
double sim_draw_pareto(sim_rng_t *rng, double shape, double minimum);

/* Poisson, 0 <= mean <= 1e15: inversion below 10, transformed rejection PTRS (Hormann 1993) above. */
uint64_t sim_draw_poisson(sim_rng_t *rng, double mean);
/* Successes in n <= 2^53 trials, 0 <= p <= 1: inversion below n p = 10, transformed rejection BTRS (Hormann 1993)
 * above. */
uint64_t sim_draw_binomial(sim_rng_t *rng, uint64_t n, double p);
/* Index drawn in proportion to its weight: weights >= 0, sum > 0. O(n). */
size_t sim_draw_categorical(sim_rng_t *rng, const double *weights, size_t n);

/* Fills `out` with n draws, faster than one by one and with the same values; `rng` ends where n draws would leave it.
 */
void sim_fill_uniform(sim_rng_t *rng, double *out, size_t n);
void sim_fill_exponential(sim_rng_t *rng, double mean, double *out, size_t n);
void sim_fill_normal(sim_rng_t *rng, double mean, double sd, double *out, size_t n);
void sim_fill_lognormal(sim_rng_t *rng, double mu, double sigma, double *out, size_t n);

/* Draws that cost less than a call. */

static inline double sim_uniform(uint64_t word)
{
    return (double)(int64_t)(word >> 11) * 0x1p-53;
}

static inline double sim_draw_uniform(sim_rng_t *rng)
{
    return sim_uniform(sim_rng_u64(rng));
}

static inline double sim_draw_uniform_open(sim_rng_t *rng)
{
    return ((double)(int64_t)(sim_rng_u64(rng) >> 12) + 0.5) * 0x1p-52;
}

static inline bool sim_draw_bernoulli(sim_rng_t *rng, double p)
{
    return sim_draw_uniform(rng) < p;
}

/* The exponential draw of mean 1 that begins with a word which its first comparison does not settle. */
double sim_draw_exponential_slowly_(sim_rng_t *rng, uint64_t word);

static inline double sim_draw_exponential(sim_rng_t *rng, double mean)
{
    SIM_ASSERT(mean >= 0);
    uint64_t word = sim_rng_u64(rng);
    double x;
    if (__builtin_expect(!sim_ziggurat_exponential_fast_(word, &x), 0))
        x = sim_draw_exponential_slowly_(rng, word);
    return mean * x;
}

#endif
