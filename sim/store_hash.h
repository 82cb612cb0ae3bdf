// SPDX-License-Identifier: GPL-3.0-or-later
/* The hash behind digests: a chain of 64-bit words, each step a bijection, so that one changed word always shows.
 *
 * Values hash in two levels. A leaf is one replication's values of a variable (missing values at its end left out, so
 * that padding of open-ended dimensions has no part in it); leaves chain over replications and points, then over arms.
 * Workers compute leaves while the values are at hand, which makes the digest of a new file almost free.
 */
#ifndef SIM_STORE_HASH_H
#define SIM_STORE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SIM_HASH_START UINT64_C(0x6f76657262756c64) /* "overbuld" */

static inline uint64_t sim_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

/* Values without the missing ones at their end. */
static inline size_t sim_hash_trim(const double *values, size_t n)
{
    while (n > 0 && values[n - 1] != values[n - 1])
        n--;
    return n;
}

static inline uint64_t sim_hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    hash = sim_hash_word(hash, n);
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = sim_hash_word(hash, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, at, n);
    return sim_hash_word(hash, rest);
}

static inline uint64_t sim_hash_text(uint64_t hash, const char *text)
{
    return sim_hash_bytes(hash, text, strlen(text));
}

/* Leaf of floating-point values: every NaN counts as the same, and so do both zeros. */
static inline uint64_t sim_hash_values(const double *values, size_t n)
{
    uint64_t hash = SIM_HASH_START;
    n = sim_hash_trim(values, n);
    for (size_t i = 0; i < n; i++) {
        double value = values[i] == 0 ? 0.0 : values[i];
        uint64_t word = UINT64_C(0x7ff8000000000000);
        if (value == value)
            memcpy(&word, &value, 8);
        hash = sim_hash_word(hash, word);
    }
    return sim_hash_word(hash, n);
}

#endif
