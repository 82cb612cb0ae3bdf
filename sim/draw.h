// SPDX-License-Identifier: GPL-3.0-or-later
/* Draws from distributions, on arithmetic that gives the same bits on every x86-64 machine.
 *
 * Each function consumes words from a generator (sim/rng.h) and returns one value. Rejection methods may consume more
 * than one word; start the generator at an event of its own where two arms must stay in step. Out-of-range parameters
 * are programmer's bugs (assert): the scenario reader has checked them.
 */
#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include "sim/rng.h"

#include <stdbool.h>
#include <stddef.h>

double sim_draw_uniform(sim_rng_t *rng);                                 /* [0, 1), 53 bits */
double sim_draw_uniform_open(sim_rng_t *rng);                            /* (0, 1) */
uint64_t sim_draw_below(sim_rng_t *rng, uint64_t n);                     /* 0 .. n-1, unbiased (Lemire 2019); n >= 1 */
bool sim_draw_bernoulli(sim_rng_t *rng, double p);                       /* p clamped to [0, 1] */
double sim_draw_exponential(sim_rng_t *rng, double mean);                /* ziggurat; mean >= 0 */
double sim_draw_normal(sim_rng_t *rng, double mean, double sd);          /* ziggurat; sd >= 0 */
double sim_draw_lognormal(sim_rng_t *rng, double mu, double sigma);      /* exp(normal(mu, sigma)) */
double sim_draw_gamma(sim_rng_t *rng, double shape, double scale);       /* Marsaglia-Tsang 2000; shape > 0 */
double sim_draw_erlang(sim_rng_t *rng, unsigned stages, double mean);    /* sum of `stages` exponentials */
double sim_draw_weibull(sim_rng_t *rng, double shape, double scale);     /* inversion */
double sim_draw_pareto(sim_rng_t *rng, double shape, double minimum);    /* inversion */
uint64_t sim_draw_poisson(sim_rng_t *rng, double mean);                  /* inversion below 10, PTRS (Hormann 1993) above */
uint64_t sim_draw_binomial(sim_rng_t *rng, uint64_t n, double p);        /* inversion below n p = 10, BTRS above */
size_t sim_draw_categorical(sim_rng_t *rng, const double *weights, size_t n); /* weights >= 0, sum > 0 */

/* Fills `out` with n draws, faster than one by one and with the same values. */
void sim_fill_uniform(sim_rng_t *rng, double *out, size_t n);
void sim_fill_exponential(sim_rng_t *rng, double mean, double *out, size_t n);
void sim_fill_normal(sim_rng_t *rng, double mean, double sd, double *out, size_t n);

#endif
