// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>

ana_interval_t ana_mean_interval(const double *values, size_t n, double level)
{
    ana_interval_t out = {.mean = NAN, .variance = NAN, .low = NAN, .high = NAN};
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i]))
            continue;
        out.n++;
        double step = values[i] - mean;
        mean += step / (double)out.n;
        squares += step * (values[i] - mean);
    }
    if (out.n == 0)
        return out;
    out.mean = mean;
    if (out.n < 2)
        return out;
    double degrees = (double)out.n - 1;
    out.variance = squares / degrees;
    double half = gsl_cdf_tdist_Pinv(0.5 + level / 2, degrees) * sqrt(out.variance / (double)out.n);
    out.low = mean - half;
    out.high = mean + half;
    return out;
}

size_t ana_sort_present(double *values, size_t n)
{
    size_t present = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            values[present++] = values[i];
    if (present > 0)
        gsl_sort(values, 1, present);
    return present;
}

double ana_quantile_sorted(const double *sorted, size_t n, double p)
{
    if (n == 0)
        return NAN;
    double place = p * (double)(n - 1);
    size_t below = (size_t)place;
    if (below + 1 >= n)
        return sorted[n - 1];
    double part = place - (double)below;
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}
