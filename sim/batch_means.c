// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/batch_means.h"

#include "sim/error.h"
#include "sim/student.h"
#include "sim/tally.h"

#include <math.h>

static void merge_neighbours(sim_batches_t *self)
{
    for (int i = 0; i < SIM_BATCHES / 2; i++)
        self->means[i] = (self->means[2 * i] + self->means[2 * i + 1]) / 2;
    self->full = SIM_BATCHES / 2;
    self->batch_size *= 2;
}

void sim_batches_close_(sim_batches_t *self)
{
    if (self->batch_size == 0)
        self->batch_size = 1;
    self->means[self->full++] = self->sum / (double)self->batch_size;
    self->sum = 0;
    self->in_batch = 0;
    if (self->full == SIM_BATCHES)
        merge_neighbours(self);
}

/* Lag-1 autocorrelation by von Neumann's ratio, which has no bias under independence: 1 - sum (x[i+1]-x[i])^2 / (2 S),
 * plus the share of the two ends. */
static double lag1_correlation(const sim_batches_t *self, const sim_tally_t *tally)
{
    if (!(tally->sum_squares > 0))
        return 0;
    double differences = 0;
    for (uint64_t i = 1; i < self->full; i++) {
        double difference = self->means[i] - self->means[i - 1];
        differences += difference * difference;
    }
    return 1 - differences / (2 * tally->sum_squares);
}

/* Under independence the ratio is nearly normal with variance (n-2) / (n^2-1) (von Neumann 1941). */
static bool too_correlated(double lag1, double n)
{
    static const double one_sided_5_percent = 1.6448536269514722;
    return n > 2 && lag1 > one_sided_5_percent * sqrt((n - 2) / (n * n - 1));
}

sim_interval_t sim_batches_interval(const sim_batches_t *self, double level)
{
    SIM_ASSERT(level > 0 && level < 1);
    sim_tally_t tally = {0};
    for (uint64_t i = 0; i < self->full; i++)
        sim_tally_add(&tally, self->means[i]);
    sim_interval_t interval = {
        .mean = sim_tally_mean(&tally),
        .half_width = NAN,
        .batches = (uint32_t)self->full,
        .batch_size = self->batch_size,
        .lag1 = lag1_correlation(self, &tally),
    };
    double n = (double)self->full;
    if (self->full > 1)
        interval.half_width = sim_student_quantile(0.5 + level / 2, n - 1) * sqrt(sim_tally_variance(&tally) / n);
    interval.low = interval.mean - interval.half_width;
    interval.high = interval.mean + interval.half_width;
    interval.correlated = too_correlated(interval.lag1, n);
    return interval;
}
