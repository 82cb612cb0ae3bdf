// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/rng.h"

#include "sim/hash.h"

__extension__ typedef unsigned __int128 uint128_t;

enum { PHILOX_ROUNDS = 10, WORDS = 4 };

/* Multipliers and Weyl increments of Philox4x64 (Salmon et al. 2011, table 2 and section 3.3). */
static const uint64_t philox_m0 = UINT64_C(0xd2e7470ee14c6c93);
static const uint64_t philox_m1 = UINT64_C(0xca5a826395121157);
static const uint64_t philox_w0 = UINT64_C(0x9e3779b97f4a7c15);
#define PHILOX_W1 UINT64_C(0xbb67ae8584caa73b)

typedef struct words {
    uint64_t x0, x1, x2, x3;
} words_t;

/* The high half of a product. Asked for apart from the low one, which costs a multiplication: of a product in one piece
 * gcc 12 keeps both halves in memory. */
static inline uint64_t high_half(uint64_t a, uint64_t b)
{
    return (uint64_t)((uint128_t)a * b >> 64);
}

static inline words_t philox_round(words_t w, uint64_t key0, uint64_t key1)
{
    return (words_t){
        .x0 = high_half(philox_m1, w.x2) ^ (w.x1 ^ key0),
        .x1 = philox_m1 * w.x2,
        .x2 = high_half(philox_m0, w.x0) ^ (w.x3 ^ key1),
        .x3 = philox_m0 * w.x0,
    };
}

/* The second half of the key in each round, when that of the whole is 0, as at every address. */
static const uint64_t second_halves[PHILOX_ROUNDS] = {0 * PHILOX_W1, 1 * PHILOX_W1, 2 * PHILOX_W1, 3 * PHILOX_W1,
                                                      4 * PHILOX_W1, 5 * PHILOX_W1, 6 * PHILOX_W1, 7 * PHILOX_W1,
                                                      8 * PHILOX_W1, 9 * PHILOX_W1};

/* Read from there: as constants in the code each of them would take an instruction more. */
static inline const uint64_t *second_halves_in_memory(void)
{
    const uint64_t *at = second_halves;
    __asm__("" : "+r"(at));
    return at;
}

static inline words_t philox(words_t w, uint64_t key0, const uint64_t key1[PHILOX_ROUNDS])
{
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        w = philox_round(w, key0, key1[round]);
        key0 += philox_w0;
        __asm__("" : "+r"(key0)); /* a sum that runs on: one addition, and not the key plus a constant */
    }
    return w;
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
    uint64_t key1[PHILOX_ROUNDS];
    for (int round = 0; round < PHILOX_ROUNDS; round++)
        key1[round] = key[1] + second_halves[round];
    store_words(out, philox((words_t){counter[0], counter[1], counter[2], counter[3]}, key[0], key1));
}

uint64_t sim_rng_word(uint64_t seed, uint64_t replication, uint64_t entity, uint64_t purpose, uint64_t event)
{
    SIM_ASSERT(event < UINT64_C(1) << 48);
    return philox((words_t){event << 16, entity, purpose, replication}, seed, second_halves_in_memory()).x0;
}

/* The next blocks, up to `end`. */
static inline void fill_blocks(sim_rng_t *rng, uint64_t *out, const uint64_t *end)
{
    words_t counter = {rng->counter[0], rng->counter[1], rng->counter[2], rng->counter[3]};
    const uint64_t *key1 = second_halves_in_memory();
    for (; out < end; out += WORDS, counter.x0++)
        store_words(out, philox(counter, rng->key, key1));
    rng->counter[0] = counter.x0;
}

/* As many words as there have been, or as go into the block. Apart, so that what a loop needs does not burden single
 * blocks. */
static __attribute__((noinline)) void refill_more(sim_rng_t *rng)
{
    uint32_t words = rng->drawn;
    rng->used = SIM_RNG_WORDS - words;
    rng->drawn = words < SIM_RNG_WORDS ? 2 * words : words;
    fill_blocks(rng, rng->block + SIM_RNG_WORDS - words, rng->block + SIM_RNG_WORDS);
}

void sim_rng_refill(sim_rng_t *rng)
{
    if (rng->drawn > WORDS) {
        refill_more(rng);
        return;
    }
    rng->used = SIM_RNG_WORDS - WORDS;
    rng->drawn += WORDS;
    const uint64_t *counter = rng->counter;
    words_t block = {counter[0], counter[1], counter[2], counter[3]};
    store_words(rng->block + SIM_RNG_WORDS - WORDS, philox(block, rng->key, second_halves_in_memory()));
    rng->counter[0]++;
}

void sim_rng_fill(sim_rng_t *rng, uint64_t *out, size_t n)
{
    size_t done = 0;
    while (done < n && rng->used < SIM_RNG_WORDS)
        out[done++] = rng->block[rng->used++];
    size_t whole = (n - done) / WORDS * WORDS;
    fill_blocks(rng, out + done, out + done + whole);
    for (done += whole; done < n; done++)
        out[done] = sim_rng_u64(rng);
}

uint64_t sim_entity_id(uint64_t parent, uint32_t kind, uint64_t ordinal)
{
    return sim_hash_pair(sim_hash_pair(parent, kind), ordinal);
}
