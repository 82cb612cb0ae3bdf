// SPDX-License-Identifier: GPL-3.0-or-later
/* Random numbers addressed by what they are for.
 *
 * Philox4x64-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") turns a key and a counter into
 * four 64-bit words. The key is the experiment's seed; the counter says which draw is meant:
 *
 *     word 0   event (48 bits) << 16 | attempt (16 bits)
 *     word 1   entity      an id made by sim_entity_id(), never an order of creation
 *     word 2   purpose     what the draw decides
 *     word 3   replication
 *
 * So a draw depends on nothing but its address: arms of one experiment share their randomness (common random numbers),
 * and a policy that makes one agent draw more shifts nobody else's draws. Where two arms must stay in step, start a
 * generator per event with sim_rng_at(); where only speed counts, start one and draw on.
 *
 *     sim_rng_t rng;
 *     sim_rng_at(&rng, seed, replication, lab_id, PURPOSE_REFINANCE, day);
 *     if (sim_draw_bernoulli(&rng, hazard)) ...
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

#define SIM_RNG_WORDS 16 /* most that are computed at a time */

/* A generator standing at one address; words of a block are handed out one after the other, then the attempt (and,
 * after 65,536 blocks, the event) advances. A generator that is drawn on and on therefore walks into the words of the
 * following events: give a long sequence an entity or purpose of its own. No pointers: copy it freely.
 *
 * Its first two blocks are computed one by one, as most addresses are drawn from once or a few times; whoever needs more
 * gets two blocks and then four at a time. The words are the same. */
typedef struct sim_rng {
    uint64_t key; /* its first half; the second is 0 */
    uint64_t counter[4];
    uint64_t block[SIM_RNG_WORDS]; /* words computed, at its end where they do not fill it; the others mean nothing */
    uint32_t used;                 /* position in `block` of the next word; SIM_RNG_WORDS = none left */
    uint32_t drawn;                /* words computed so far; SIM_RNG_WORDS: that many or more */
} sim_rng_t;

/* One block of Philox4x64-10: out = E(key, counter). */
void sim_philox4x64(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4]);

/* Stands `rng` at (seed; replication, entity, purpose, event). `event` must be below 2^48. */
static inline void sim_rng_at(sim_rng_t *rng, uint64_t seed, uint64_t replication, uint64_t entity, uint64_t purpose,
                              uint64_t event)
{
    SIM_ASSERT(event < UINT64_C(1) << 48);
    rng->key = seed;
    rng->counter[0] = event << 16;
    rng->counter[1] = entity;
    rng->counter[2] = purpose;
    rng->counter[3] = replication;
    rng->used = SIM_RNG_WORDS;
    rng->drawn = 0;
}

/* The first word that a generator hands out that sim_rng_at has stood there: what is drawn once takes no generator. */
uint64_t sim_rng_word(uint64_t seed, uint64_t replication, uint64_t entity, uint64_t purpose, uint64_t event);

/* Computes the next block or blocks; called by sim_rng_u64 when the words of the last one are used up. */
void sim_rng_refill(sim_rng_t *rng);

/* Next 64 random bits. */
static inline uint64_t sim_rng_u64(sim_rng_t *rng)
{
    if (rng->used >= SIM_RNG_WORDS)
        sim_rng_refill(rng);
    return rng->block[rng->used++];
}

/* The next n words of sim_rng_u64, faster. */
void sim_rng_fill(sim_rng_t *rng, uint64_t *out, size_t n);

/* Id of an entity from its parent's id, its kind and its ordinal within the parent (64-bit mixing hash). Independent of
 * the order in which entities are created. */
uint64_t sim_entity_id(uint64_t parent, uint32_t kind, uint64_t ordinal);

#endif
