// SPDX-License-Identifier: GPL-3.0-or-later
/* A histogram with fixed bins, of equal width or of equal ratio, and the quantiles read from it.
 *
 * The caller provides the memory: a block of sim_histogram_bytes(bins), for example in a world's arena. It holds no
 * pointers. Observations outside the range are counted apart and never lost.
 *
 *     sim_histogram_t *waits = sim_arena_at(arena, sim_arena_alloc(arena, sim_histogram_bytes(200)));
 *     sim_histogram_init_log(waits, 200, 1.0, 1e6);          // bins 7 % apart
 *     sim_histogram_add(waits, wait_s);
 *     double p99_s = sim_histogram_quantile(waits, 0.99);
 */
#ifndef SIM_HISTOGRAM_H
#define SIM_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_histogram {
    double low; /* lower edge of the first bin */
    double high;
    double start;     /* low, or log(low) */
    double per_width; /* bins per unit, or per unit of the logarithm */
    uint64_t below;   /* observations < low */
    uint64_t above;   /* observations >= high */
    uint64_t count;   /* all of them */
    uint32_t bins;
    bool is_log;
    uint64_t counts[]; /* per bin: [edge(i), edge(i + 1)), up to the rounding of the edges */
} sim_histogram_t;

/* Bytes of a histogram of `bins` >= 1 bins. */
size_t sim_histogram_bytes(uint32_t bins);

/* Empty, with bins of equal width from low to high; low < high. */
void sim_histogram_init_linear(sim_histogram_t *self, uint32_t bins, double low, double high);
/* Empty, with bins of equal ratio from low to high; 0 < low < high. */
void sim_histogram_init_log(sim_histogram_t *self, uint32_t bins, double low, double high);

/* Counts one observation; NaN is a programmer's bug. */
void sim_histogram_add(sim_histogram_t *self, double x);

/* Adds the counts of a histogram with the same bins. */
void sim_histogram_merge(sim_histogram_t *self, const sim_histogram_t *other);

/* Lower edge of bin i; i = bins gives the upper end. */
double sim_histogram_edge(const sim_histogram_t *self, uint32_t i);

/* Value that the share p, 0 to 1, of the observations does not exceed, interpolated inside its bin: off by at most one
 * bin. `low` or `high` when it lies outside the range, NaN when there is no observation. */
double sim_histogram_quantile(const sim_histogram_t *self, double p);

#endif
