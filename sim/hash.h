// SPDX-License-Identifier: GPL-3.0-or-later
/* Mixing of 64-bit words: ids, fingerprints, lookup tables.
 *
 * sim_mix64 is a bijection whose output bits each depend on every input bit (the finaliser of splitmix64, "variant 13"
 * of Stafford 2011). It is no defence against someone who chooses inputs to collide.
 *
 *     uint64_t h = sim_hash_pair(sim_hash_pair(0, event_type), entity);
 */
#ifndef SIM_HASH_H
#define SIM_HASH_H

#include <stdint.h>

/* A well-mixed image of `x`; different inputs have different images. */
static inline uint64_t sim_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Hash of a sequence, one word at a time: order matters. For a fixed `hash`, different words give different results. */
static inline uint64_t sim_hash_pair(uint64_t hash, uint64_t word)
{
    return sim_mix64(sim_mix64(hash + UINT64_C(0x9e3779b97f4a7c15)) ^ word);
}

#endif
