// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/gsl_rng.h"

#include "sim/draw.h"

static void set(void *state, unsigned long seed)
{
    sim_rng_at(state, seed, 0, 0, 0, 0);
}

static unsigned long get(void *state)
{
    return sim_rng_u64(state);
}

static double get_double(void *state)
{
    return sim_draw_uniform(state);
}

static const gsl_rng_type philox = {
    .name = "philox4x64-10",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(sim_rng_t),
    .set = set,
    .get = get,
    .get_double = get_double,
};

const gsl_rng_type *sim_gsl_rng_type(void)
{
    return &philox;
}
