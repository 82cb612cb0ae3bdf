// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/math.h"

#include <sleef.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* "cinz": bit-reproducible without FMA; "purec": compiled once for every CPU, no dispatch at run time. */

double sim_exp(double x)
{
    return Sleef_cinz_expd1_u10purec(x);
}

/* Two at a time on every x86-64; "cinz" says that width makes no difference to the bits. */
void sim_exp_each(double *x, size_t n)
{
    size_t i = 0;
#ifdef __SSE2__
    for (; i + 2 <= n; i += 2)
        _mm_storeu_pd(x + i, Sleef_cinz_expd2_u10sse2(_mm_loadu_pd(x + i)));
#endif
    for (; i < n; i++)
        x[i] = sim_exp(x[i]);
}

double sim_expm1(double x)
{
    return Sleef_cinz_expm1d1_u10purec(x);
}

double sim_log(double x)
{
    return Sleef_cinz_logd1_u10purec(x);
}

double sim_log1p(double x)
{
    return Sleef_cinz_log1pd1_u10purec(x);
}

double sim_pow(double x, double y)
{
    return Sleef_cinz_powd1_u10purec(x, y);
}

double sim_lgamma(double x)
{
    return Sleef_cinz_lgammad1_u10purec(x);
}

double sim_logistic(double x)
{
    return sim_logistic_of(x, sim_exp(x >= 0 ? -x : x));
}
