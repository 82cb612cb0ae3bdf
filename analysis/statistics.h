// SPDX-License-Identifier: GPL-3.0-or-later
/* Statistics over replications. Missing values (NaN) are left out everywhere. */
#ifndef ANA_STATISTICS_H
#define ANA_STATISTICS_H

#include <stddef.h>

typedef struct ana_interval {
    size_t n;             /* values used */
    double mean;
    double variance;      /* unbiased; NaN below two values */
    double low, high;     /* confidence interval of the mean (Student's t); NaN below two values */
} ana_interval_t;

/* Mean of `values` with its confidence interval at `level` (0.95). */
ana_interval_t ana_mean_interval(const double *values, size_t n, double level);

/* Moves the values that are not missing to the front, sorted; returns their number. */
size_t ana_sort_present(double *values, size_t n);

/* Quantile p (0 to 1) of n sorted values by linear interpolation (Hyndman-Fan type 7); NaN when n is 0. */
double ana_quantile_sorted(const double *sorted, size_t n, double p);

#endif
