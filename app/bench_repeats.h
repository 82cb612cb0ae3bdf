// SPDX-License-Identifier: GPL-3.0-or-later
/* What the benchmarks share: a clock, and repeats in order.
 *
 *     double start_s = app_bench_now_s();
 *     ...
 *     seconds[repeat] = app_bench_now_s() - start_s;
 *     ...
 *     app_bench_sort(seconds, REPEATS);
 *     double median_s = seconds[REPEATS / 2];
 */
#ifndef APP_BENCH_REPEATS_H
#define APP_BENCH_REPEATS_H

#include <time.h>

/* Seconds of a clock that nobody sets. */
static inline double app_bench_now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Least first, by insertion: repeats are few. */
static inline void app_bench_sort(double *values, int n)
{
    for (int i = 1; i < n; i++) {
        double value = values[i];
        int j = i;
        for (; j > 0 && values[j - 1] > value; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
}

#endif
