// SPDX-License-Identifier: GPL-3.0-or-later
/* Elementary functions with the same bits on every x86-64 CPU (SLEEF's scalar FMA-free versions, 1.0 ulp).
 *
 * glibc picks different code for exp, log and pow on different CPUs, one unit in the last place apart. Nothing in `sim`
 * and `models` may call those; sqrt and fabs are exact by IEEE 754 and may be used. Special values follow C99's annex F
 * (sim_log(0) = -inf, sim_exp(1000) = inf, NaN in gives NaN out), without errno.
 *
 *     double discount = sim_exp(-rate_per_year * years);
 *     int64_t price_fen = sim_round_i64(price_yuan * 100);
 */
#ifndef SIM_MATH_H
#define SIM_MATH_H

#include <stddef.h>
#include <stdint.h>

double sim_exp(double x);
void sim_exp_each(double *x, size_t n); /* sim_exp of each of n numbers, in place: the same bits in less time */
double sim_expm1(double x);
double sim_log(double x);
double sim_log1p(double x);
double sim_pow(double x, double y);
double sim_lgamma(double x);   /* log of the gamma function, x > 0 */
double sim_logistic(double x); /* 1 / (1 + exp(-x)), without overflow */
/* The same where sim_exp(-|x|) is known. */
static inline double sim_logistic_of(double x, double exp_minus_abs)
{
    return (x >= 0 ? 1 : exp_minus_abs) / (1 + exp_minus_abs);
}

/* Largest integer <= x, smallest >= x, and nearest (halves away from zero). |x| must be below 2^63. Without branches:
 * the fraction of a random number is what no processor can predict. */
static inline int64_t sim_floor_i64(double x)
{
    int64_t i = (int64_t)x;
    return i - ((double)i > x);
}
static inline int64_t sim_ceil_i64(double x)
{
    int64_t i = (int64_t)x;
    return i + ((double)i < x);
}
static inline int64_t sim_round_i64(double x)
{
    /* Half would carry the number just below a half over to the next; the largest number below half does not. */
    return (int64_t)(x + __builtin_copysign(0x1.fffffffffffffp-2, x));
}

#endif
