// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/rng.h"

#include "sim/error.h"
#include "sim/hash.h"

#include <string.h>

__extension__ typedef unsigned __int128 uint128_t;

enum { PHILOX_ROUNDS = 10, WORDS = 4, LANES = 4 };

/* Multipliers and Weyl increments of Philox4x64 (Salmon et al. 2011, table 2 and section 3.3). */
static const uint64_t philox_m0 = UINT64_C(0xd2e7470ee14c6c93);
static const uint64_t philox_m1 = UINT64_C(0xca5a826395121157);
static const uint64_t philox_w0 = UINT64_C(0x9e3779b97f4a7c15);
static const uint64_t philox_w1 = UINT64_C(0xbb67ae8584caa73b);

static inline void philox_round(uint64_t x[4], uint64_t key0, uint64_t key1)
{
    uint128_t p0 = (uint128_t)philox_m0 * x[0];
    uint128_t p1 = (uint128_t)philox_m1 * x[2];
    uint64_t x1 = x[1];
    uint64_t x3 = x[3];
    x[0] = (uint64_t)(p1 >> 64) ^ x1 ^ key0;
    x[1] = (uint64_t)p1;
    x[2] = (uint64_t)(p0 >> 64) ^ x3 ^ key1;
    x[3] = (uint64_t)p0;
}

/* Runs n blocks in step: their multiplications do not wait for each other. */
static inline void philox_blocks(uint64_t (*x)[WORDS], int n, const uint64_t key[2])
{
    uint64_t key0 = key[0];
    uint64_t key1 = key[1];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        for (int lane = 0; lane < n; lane++)
            philox_round(x[lane], key0, key1);
        key0 += philox_w0;
        key1 += philox_w1;
    }
}

void sim_philox4x64(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4])
{
    uint64_t x[1][WORDS];
    memcpy(x[0], counter, sizeof x[0]);
    philox_blocks(x, 1, key);
    memcpy(out, x[0], sizeof x[0]);
}

void sim_rng_at(sim_rng_t *rng, uint64_t seed, uint64_t replication, uint64_t entity, uint64_t purpose, uint64_t event)
{
    SIM_ASSERT(event < UINT64_C(1) << 48);
    *rng = (sim_rng_t){
        .key = {seed, 0},
        .counter = {event << 16, entity, purpose, replication},
        .used = WORDS,
    };
}

void sim_rng_refill(sim_rng_t *rng)
{
    sim_philox4x64(rng->counter, rng->key, rng->block);
    rng->counter[0]++;
    rng->used = 0;
}

static void fill_lanes(sim_rng_t *rng, uint64_t *out)
{
    uint64_t x[LANES][WORDS];
    for (uint64_t lane = 0; lane < LANES; lane++) {
        memcpy(x[lane], rng->counter, sizeof x[lane]);
        x[lane][0] += lane;
    }
    philox_blocks(x, LANES, rng->key);
    memcpy(out, x, sizeof x);
    rng->counter[0] += LANES;
}

void sim_rng_fill(sim_rng_t *rng, uint64_t *out, size_t n)
{
    size_t done = 0;
    while (done < n && rng->used < WORDS)
        out[done++] = rng->block[rng->used++];
    for (; n - done >= (size_t)LANES * WORDS; done += (size_t)LANES * WORDS)
        fill_lanes(rng, out + done);
    while (done < n)
        out[done++] = sim_rng_u64(rng);
}

uint64_t sim_entity_id(uint64_t parent, uint32_t kind, uint64_t ordinal)
{
    return sim_hash_pair(sim_hash_pair(parent, kind), ordinal);
}
