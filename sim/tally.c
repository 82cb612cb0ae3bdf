// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/tally.h"

#include "sim/error.h"

#include <math.h>

void sim_tally_merge(sim_tally_t *self, const sim_tally_t *other)
{
    if (other->count == 0)
        return;
    if (self->count == 0) {
        *self = *other;
        return;
    }
    double n = (double)self->count;
    double m = (double)other->count;
    double difference = other->mean - self->mean;
    self->count += other->count;
    self->mean += difference * (m / (n + m));
    self->sum_squares += other->sum_squares + difference * difference * (n * m / (n + m));
    self->min = other->min < self->min ? other->min : self->min;
    self->max = other->max > self->max ? other->max : self->max;
}

double sim_tally_mean(const sim_tally_t *self)
{
    return self->count > 0 ? self->mean : NAN;
}

double sim_tally_variance(const sim_tally_t *self)
{
    return self->count > 1 ? self->sum_squares / (double)(self->count - 1) : NAN;
}

double sim_tally_sd(const sim_tally_t *self)
{
    return sqrt(sim_tally_variance(self));
}

void sim_level_init(sim_level_t *self, int64_t now_s, int64_t level)
{
    *self = (sim_level_t){.level = level, .changed_s = now_s, .start_s = now_s, .min = level, .max = level};
}

void sim_level_restart(sim_level_t *self, int64_t now_s)
{
    sim_level_init(self, now_s, self->level);
}

double sim_level_mean(const sim_level_t *self, int64_t now_s)
{
    SIM_ASSERT(now_s >= self->changed_s);
    if (now_s == self->start_s)
        return (double)self->level;
    return (double)sim_level_integral(self, now_s) / ((double)now_s - (double)self->start_s);
}
