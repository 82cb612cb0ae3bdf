// SPDX-License-Identifier: GPL-3.0-or-later
/* Draws that need no elementary function: uniform numbers and choices. */
#include "sim/draw.h"

#include "sim/error.h"

__extension__ typedef unsigned __int128 uint128_t;

/* Lemire (2019), "Fast random integer generation in an interval": the high half of a product is the draw; the few low
 * halves that would make some values likelier are thrown back. */
uint64_t sim_draw_below(sim_rng_t *rng, uint64_t n)
{
    SIM_ASSERT(n >= 1);
    uint128_t product = (uint128_t)sim_rng_u64(rng) * n;
    if ((uint64_t)product < n) {
        uint64_t threshold = -n % n;
        while ((uint64_t)product < threshold)
            product = (uint128_t)sim_rng_u64(rng) * n;
    }
    return (uint64_t)(product >> 64);
}

size_t sim_draw_categorical(sim_rng_t *rng, const double *weights, size_t n)
{
    double total = 0;
    size_t last = n;
    for (size_t i = 0; i < n; i++) {
        SIM_ASSERT(weights[i] >= 0);
        total += weights[i];
        if (weights[i] > 0)
            last = i;
    }
    SIM_ASSERT(last < n);
    double rest = sim_draw_uniform(rng) * total;
    for (size_t i = 0; i < last; i++) {
        if (rest < weights[i])
            return i;
        rest -= weights[i];
    }
    return last; /* also where rounding has left a rest */
}

void sim_fill_uniform(sim_rng_t *rng, double *out, size_t n)
{
    enum { BATCH = 128 };
    uint64_t words[BATCH];
    for (size_t done = 0; done < n;) {
        size_t batch = n - done < BATCH ? n - done : BATCH;
        sim_rng_fill(rng, words, batch);
        for (size_t i = 0; i < batch; i++)
            out[done + i] = (double)(int64_t)(words[i] >> 11) * 0x1p-53;
        done += batch;
    }
}
