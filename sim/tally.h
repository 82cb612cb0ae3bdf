// SPDX-License-Identifier: GPL-3.0-or-later
/* Statistics that a model keeps while it runs.
 *
 * A tally is fed one observation at a time: the waiting time of each customer, the size of each job. A level is a whole
 * number that stays as it is between changes: customers in the queue, GPUs in use; its mean is over time. Both are
 * plain structs without pointers, may lie in an LP's state, and cost a few nanoseconds a call.
 *
 *     sim_tally_t wait = {0};                       // all zero is an empty tally
 *     sim_tally_add(&wait, 12.5);
 *     double mean_s = sim_tally_mean(&wait);
 *
 *     sim_level_t queue;
 *     sim_level_init(&queue, sim_now(lp), 0);
 *     sim_level_add(&queue, sim_now(lp), +1);
 *     double mean_length = sim_level_mean(&queue, sim_now(lp));
 *
 * Observations of one run are rarely independent: for a confidence interval of their mean see sim/batch_means.h; for
 * quantiles, sim/histogram.h.
 */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include <stdint.h>

/* Count, mean and spread of observations. Zero-initialise. */
typedef struct sim_tally {
    uint64_t count;
    double mean;
    double sum_squares; /* of deviations from the mean */
    double min;         /* meaningless while count is 0 */
    double max;
} sim_tally_t;

/* Adds one observation (Welford 1962: no cancellation, whatever the mean). */
static inline void sim_tally_add(sim_tally_t *self, double x)
{
    if (self->count == 0 || x < self->min)
        self->min = x;
    if (self->count == 0 || x > self->max)
        self->max = x;
    double deviation = x - self->mean;
    self->mean += deviation / (double)(int64_t)++self->count;
    self->sum_squares += deviation * (x - self->mean);
}

/* Adds all observations of `other` (Chan, Golub and LeVeque 1979). The order of merges decides the last bits. */
void sim_tally_merge(sim_tally_t *self, const sim_tally_t *other);

double sim_tally_mean(const sim_tally_t *self);     /* NaN when empty */
double sim_tally_variance(const sim_tally_t *self); /* unbiased; NaN below two observations */
double sim_tally_sd(const sim_tally_t *self);       /* its square root */

__extension__ typedef __int128 sim_int128_t __attribute__((aligned(8))); /* as all else in a block */

/* A whole number over time. Its integral is exact: a 128-bit integer in level x seconds. */
typedef struct sim_level {
    int64_t level;
    int64_t changed_s; /* the integral reaches up to here */
    int64_t start_s;   /* of the observation */
    int64_t min;       /* over the observation, the level now included */
    int64_t max;
    sim_int128_t integral;
} sim_level_t;

/* Starts observing at `now_s` with the given level. */
void sim_level_init(sim_level_t *self, int64_t now_s, int64_t level);

/* Forgets the past and goes on with the level as it is: at the end of a warm-up. */
void sim_level_restart(sim_level_t *self, int64_t now_s);

/* Integral from the start to `now_s`, which must not lie before the last change, in level x seconds. */
static inline sim_int128_t sim_level_integral(const sim_level_t *self, int64_t now_s)
{
    return self->integral + (sim_int128_t)self->level * (now_s - self->changed_s);
}

/* Carries the integral on to `now_s`; for the two below. */
static inline void sim_level_advance_(sim_level_t *self, int64_t now_s)
{
    self->integral += (sim_int128_t)self->level * (now_s - self->changed_s);
    self->changed_s = now_s;
}

/* The level is `level` from `now_s` on. */
static inline void sim_level_set(sim_level_t *self, int64_t now_s, int64_t level)
{
    sim_level_advance_(self, now_s);
    self->level = level;
    if (level < self->min)
        self->min = level;
    if (level > self->max)
        self->max = level;
}

/* The level changes by `change` at `now_s`. */
static inline void sim_level_add(sim_level_t *self, int64_t now_s, int64_t change)
{
    sim_level_advance_(self, now_s);
    self->level += change;
    if (change < 0 && self->level < self->min)
        self->min = self->level;
    if (change > 0 && self->level > self->max)
        self->max = self->level;
}

/* Mean over time from the start to `now_s`; the level itself when no time has passed. */
double sim_level_mean(const sim_level_t *self, int64_t now_s);

#endif
