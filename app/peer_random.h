// SPDX-License-Identifier: GPL-3.0-or-later
/* Random numbers of the peers: fast before all. xoshiro256+ (Blackman and Vigna 2018), started by splitmix64.
 *
 *     app_peer_random_t random = app_peer_random_at(1);
 *     double gap = 90.0 * app_peer_exponential(&random);
 */
#ifndef APP_PEER_RANDOM_H
#define APP_PEER_RANDOM_H

#include "sim/hash.h"

#include <math.h>
#include <stdint.h>

typedef struct app_peer_random {
    uint64_t word[4];
} app_peer_random_t;

static inline app_peer_random_t app_peer_random_at(uint64_t seed)
{
    app_peer_random_t random;
    for (uint64_t i = 0; i < 4; i++)
        random.word[i] = sim_mix64(seed + (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
    return random;
}

static inline uint64_t app_peer_word(app_peer_random_t *self)
{
    uint64_t *s = self->word, result = s[0] + s[3], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    return result;
}

/* An exponential number of mean 1, by inversion of 53 bits. */
static inline double app_peer_exponential(app_peer_random_t *self)
{
    return -log((double)(int64_t)((app_peer_word(self) >> 11) + 1) * 0x1p-53);
}

#endif
