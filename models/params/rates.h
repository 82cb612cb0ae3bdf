// SPDX-License-Identifier: GPL-3.0-or-later
/* Units that the rules share: the length of a year and a month in days, GPUs of a node, and rates turned into daily
 * steps.
 *
 * Parameters give rates per year and memories as durations, because that is how sources and readers state them; rules
 * advance by whole days.
 */
#ifndef MDL_RATES_H
#define MDL_RATES_H

#include "sim/math.h"
#include "sim/time.h"

#include <stdint.h>

#define MDL_DAYS_PER_YEAR  365.25
#define MDL_DAYS_PER_MONTH (365.25 / 12)
#define MDL_NODE_GPUS      8

/* Share of a gap that closes in one day when it closes exponentially with time constant `memory_s`; 1 when <= 0. */
static inline double mdl_day_gain(int64_t memory_s)
{
    return memory_s > 0 ? -sim_expm1(-(double)SIM_DAY_S / (double)memory_s) : 1.0;
}

/* Probability that a hazard of `rate_per_year` strikes within a day; 0 when the rate is not positive. */
static inline double mdl_day_probability(double rate_per_year)
{
    return rate_per_year > 0.0 ? -sim_expm1(-rate_per_year / MDL_DAYS_PER_YEAR) : 0.0;
}

#endif
