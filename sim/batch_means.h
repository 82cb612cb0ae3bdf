// SPDX-License-Identifier: GPL-3.0-or-later
/* Batch means: a confidence interval for the mean of one long run.
 *
 * Successive observations of a simulation resemble each other (a customer who waits long is followed by another), so
 * the textbook interval would be far too narrow. Means over long enough batches are nearly independent. The number of
 * batches stays between 32 and 63: when 64 are full, neighbours are merged and the batch size doubles, so that no
 * length of run need be known beforehand (Fishman and Yarberry 1997). Fixed size, no allocation.
 *
 *     sim_batches_t waits = {0};
 *     sim_batches_add(&waits, wait_s);                       // for every customer, after the warm-up
 *     sim_interval_t ci = sim_batches_interval(&waits, 0.99);
 *     if (ci.correlated) ...                                 // run longer: batches still resemble each other
 */
#ifndef SIM_BATCH_MEANS_H
#define SIM_BATCH_MEANS_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_BATCHES 64

/* Zero-initialise. */
typedef struct sim_batches {
    double means[SIM_BATCHES]; /* of the full batches */
    uint64_t batch_size;       /* observations per batch; 0 stands for 1 before the first observation */
    uint64_t in_batch;         /* observations in the batch that is filling */
    double sum;                /* of those */
    uint64_t full;             /* batches */
} sim_batches_t;

typedef struct sim_interval {
    double mean; /* over the full batches */
    double low;
    double high;
    double half_width;
    uint32_t batches;    /* full batches that it rests on */
    uint64_t batch_size; /* observations in each */
    double lag1;         /* correlation of neighbouring batches */
    bool correlated;     /* lag1 is too large for chance (one-sided 5 %): the interval is too narrow, run longer */
} sim_interval_t;

/* Adds an observation to the batch that is filling; true when that is full, and sim_batches_close_() is to follow. */
static inline bool sim_batches_fill_(sim_batches_t *self, double x)
{
    self->sum += x;
    return ++self->in_batch >= self->batch_size;
}
void sim_batches_close_(sim_batches_t *self);

static inline void sim_batches_add(sim_batches_t *self, double x)
{
    if (sim_batches_fill_(self, x))
        sim_batches_close_(self);
}

/* Interval of the mean that covers it with probability `level` (0.95, 0.99). Observations after the last full batch are
 * left out. NaN bounds below two batches. */
sim_interval_t sim_batches_interval(const sim_batches_t *self, double level);

#endif
