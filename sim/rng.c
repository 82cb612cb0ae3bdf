// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/rng.h"

#include "sim/error.h"
#include "sim/hash.h"

__extension__ typedef unsigned __int128 uint128_t;

enum { PHILOX_ROUNDS = 10, WORDS = 4 };

/* Multipliers and Weyl increments of Philox4x64 (Salmon et al. 2011, table 2 and section 3.3). */
static const uint64_t philox_m0 = UINT64_C(0xd2e7470ee14c6c93);
static const uint64_t philox_m1 = UINT64_C(0xca5a826395121157);
static const uint64_t philox_w0 = UINT64_C(0x9e3779b97f4a7c15);
static const uint64_t philox_w1 = UINT64_C(0xbb67ae8584caa73b);

typedef struct words {
    uint64_t x0, x1, x2, x3;
} words_t;

static inline words_t philox_round(words_t w, uint64_t key0, uint64_t key1)
{
    uint128_t p0 = (uint128_t)philox_m0 * w.x0;
    uint128_t p1 = (uint128_t)philox_m1 * w.x2;
    return (words_t){
        .x0 = (uint64_t)(p1 >> 64) ^ w.x1 ^ key0,
        .x1 = (uint64_t)p1,
        .x2 = (uint64_t)(p0 >> 64) ^ w.x3 ^ key1,
        .x3 = (uint64_t)p0,
    };
}

/* Word by word: copied as a struct it takes a detour through memory that costs as much as three rounds. */
static inline void store_words(uint64_t *out, words_t w)
{
    out[0] = w.x0;
    out[1] = w.x1;
    out[2] = w.x2;
    out[3] = w.x3;
}

void sim_philox4x64(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4])
{
    words_t w = {counter[0], counter[1], counter[2], counter[3]};
    uint64_t key0 = key[0];
    uint64_t key1 = key[1];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        w = philox_round(w, key0, key1);
        key0 += philox_w0;
        key1 += philox_w1;
    }
    store_words(out, w);
}

void sim_rng_at(sim_rng_t *rng, uint64_t seed, uint64_t replication, uint64_t entity, uint64_t purpose, uint64_t event)
{
    SIM_ASSERT(event < UINT64_C(1) << 48);
    rng->key[0] = seed;
    rng->key[1] = 0;
    rng->counter[0] = event << 16;
    rng->counter[1] = entity;
    rng->counter[2] = purpose;
    rng->counter[3] = replication;
    for (int i = 0; i < SIM_RNG_WORDS; i++)
        rng->block[i] = 0; /* never read, but part of the bytes of a world */
    rng->used = SIM_RNG_WORDS;
    rng->drawn = 0;
}

/* Two blocks in step: their multiplications do not wait for each other, and both fit in registers. */
static void fill_two_blocks(sim_rng_t *rng, uint64_t *out)
{
    const uint64_t *c = rng->counter;
    words_t a = {c[0], c[1], c[2], c[3]};
    words_t b = {c[0] + 1, c[1], c[2], c[3]};
    uint64_t key0 = rng->key[0];
    uint64_t key1 = rng->key[1];
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        a = philox_round(a, key0, key1);
        b = philox_round(b, key0, key1);
        key0 += philox_w0;
        key1 += philox_w1;
    }
    store_words(out, a);
    store_words(out + WORDS, b);
    rng->counter[0] += 2;
}

/* Twice as many words as the last time. Apart, so that what needs many registers does not burden first blocks. */
static __attribute__((noinline)) void refill_more(sim_rng_t *rng)
{
    uint32_t words = 2 * rng->drawn < SIM_RNG_WORDS ? 2 * rng->drawn : SIM_RNG_WORDS;
    uint32_t first = SIM_RNG_WORDS - words;
    for (uint32_t i = first; i < SIM_RNG_WORDS; i += 2 * WORDS)
        fill_two_blocks(rng, rng->block + i);
    rng->used = first;
    rng->drawn = words;
}

void sim_rng_refill(sim_rng_t *rng)
{
    if (rng->drawn > 0) {
        refill_more(rng);
        return;
    }
    sim_philox4x64(rng->counter, rng->key, rng->block + SIM_RNG_WORDS - WORDS);
    rng->counter[0]++;
    rng->used = SIM_RNG_WORDS - WORDS;
    rng->drawn = WORDS;
}

void sim_rng_fill(sim_rng_t *rng, uint64_t *out, size_t n)
{
    size_t done = 0;
    while (done < n && rng->used < SIM_RNG_WORDS)
        out[done++] = rng->block[rng->used++];
    for (; n - done >= 2 * WORDS; done += 2 * WORDS)
        fill_two_blocks(rng, out + done);
    while (done < n)
        out[done++] = sim_rng_u64(rng);
}

uint64_t sim_entity_id(uint64_t parent, uint32_t kind, uint64_t ordinal)
{
    return sim_hash_pair(sim_hash_pair(parent, kind), ordinal);
}
