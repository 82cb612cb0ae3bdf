// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/histogram.h"

#include "sim/error.h"
#include "sim/math.h"

#include <math.h>
#include <string.h>

size_t sim_histogram_bytes(uint32_t bins)
{
    return sizeof(sim_histogram_t) + (size_t)bins * sizeof(uint64_t);
}

static void init(sim_histogram_t *self, uint32_t bins, double low, double high, bool is_log)
{
    SIM_ASSERT(bins >= 1 && low < high);
    memset(self, 0, sim_histogram_bytes(bins));
    self->low = low;
    self->high = high;
    self->bins = bins;
    self->is_log = is_log;
    self->start = is_log ? sim_log(low) : low;
    self->per_width = bins / ((is_log ? sim_log(high) : high) - self->start);
}

void sim_histogram_init_linear(sim_histogram_t *self, uint32_t bins, double low, double high)
{
    init(self, bins, low, high, false);
}

void sim_histogram_init_log(sim_histogram_t *self, uint32_t bins, double low, double high)
{
    SIM_ASSERT(low > 0);
    init(self, bins, low, high, true);
}

void sim_histogram_add(sim_histogram_t *self, double x)
{
    SIM_ASSERT(!isnan(x));
    self->count++;
    if (x < self->low) {
        self->below++;
        return;
    }
    if (x >= self->high) {
        self->above++;
        return;
    }
    double position = ((self->is_log ? sim_log(x) : x) - self->start) * self->per_width;
    uint32_t bin = position > 0 ? (uint32_t)position : 0;
    self->counts[bin < self->bins ? bin : self->bins - 1]++;
}

void sim_histogram_merge(sim_histogram_t *self, const sim_histogram_t *other)
{
    SIM_ASSERT(self->bins == other->bins && self->is_log == other->is_log);
    SIM_ASSERT(!(self->low < other->low || self->low > other->low));
    SIM_ASSERT(!(self->high < other->high || self->high > other->high));
    self->below += other->below;
    self->above += other->above;
    self->count += other->count;
    for (uint32_t i = 0; i < self->bins; i++)
        self->counts[i] += other->counts[i];
}

/* The value `position` bins above the lower end. */
static double value_at(const sim_histogram_t *self, double position)
{
    double x = self->start + position / self->per_width;
    return self->is_log ? sim_exp(x) : x;
}

double sim_histogram_edge(const sim_histogram_t *self, uint32_t i)
{
    SIM_ASSERT(i <= self->bins);
    if (i == 0)
        return self->low;
    return i == self->bins ? self->high : value_at(self, i);
}

double sim_histogram_quantile(const sim_histogram_t *self, double p)
{
    SIM_ASSERT(p >= 0 && p <= 1);
    if (self->count == 0)
        return NAN;
    double rank = p * (double)self->count - (double)self->below;
    if (rank < 0 || (self->below > 0 && rank <= 0))
        return self->low;
    for (uint32_t i = 0; i < self->bins; i++) {
        double inside = (double)self->counts[i];
        if (inside > 0 && rank <= inside)
            return value_at(self, i + rank / inside);
        rank -= inside;
    }
    return self->high;
}
