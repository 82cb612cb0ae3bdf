// SPDX-License-Identifier: GPL-3.0-or-later
/* A profile of availability: how many GPUs will be free, from now on, as far as is known: a step function of time.
 *
 * Steps stand in blocks by time, and blocks in a list that knows the fewest and the most GPUs that are free in each, so
 * that a search passes over most of them; the last step goes on for ever. A step that would equal the one before it is
 * left out. The memory is the user's and holds no pointers.
 *
 *     uint32_t blocks = mdl_availability_blocks(100);
 *     mdl_availability_t profile = mdl_availability_in(memory, blocks); // mdl_availability_bytes(blocks)
 *     mdl_availability_reset(&profile, now_s, 64);
 *     int64_t start_s = mdl_availability_earliest(&profile, now_s, 16, 3600); // 16 GPUs for an hour
 *     mdl_availability_take(&profile, start_s, start_s + 3600, 16);
 */
#ifndef MDL_AVAILABILITY_H
#define MDL_AVAILABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_AVAILABILITY_BLOCK_STEPS 32

typedef struct mdl_availability_block {
    int64_t from_s[MDL_AVAILABILITY_BLOCK_STEPS];
    int64_t free_gpus[MDL_AVAILABILITY_BLOCK_STEPS]; /* less what its entry adds */
} mdl_availability_block_t;

/* A block in the list of blocks by time. */
typedef struct mdl_availability_entry {
    int64_t from_s;      /* of its first step */
    int64_t least, most; /* free in any of its steps */
    int64_t more;        /* to be added to each */
    uint32_t block, n;   /* which, and its steps */
} mdl_availability_entry_t;

/* What there is of a profile besides its memory. */
typedef struct mdl_availability_state {
    int64_t lowest; /* no step has ever had fewer GPUs free */
    uint32_t n;     /* entries; 0: not reset yet */
    uint32_t used;  /* blocks from here on were never used */
    uint32_t spare; /* first of those given back; UINT32_MAX: none */
} mdl_availability_state_t;

typedef struct mdl_availability {
    mdl_availability_entry_t *entries;
    mdl_availability_block_t *blocks;
    uint32_t capacity; /* of either */
    mdl_availability_state_t state;
} mdl_availability_t;

/* A step. */
typedef struct mdl_availability_place {
    uint32_t entry, at;
} mdl_availability_place_t;

/* Blocks that are enough for so many steps (a profile needs two for each reservation, and four), and bytes of those. */
static inline uint32_t mdl_availability_blocks(uint32_t steps)
{
    return steps / (MDL_AVAILABILITY_BLOCK_STEPS / 4) + 2;
}
static inline size_t mdl_availability_bytes(uint32_t blocks)
{
    return blocks * (sizeof(mdl_availability_entry_t) + sizeof(mdl_availability_block_t));
}
/* A profile in memory for so many blocks, to be reset or given the state that it had. */
mdl_availability_t mdl_availability_in(void *memory, uint32_t blocks);
/* Takes over `from`, into no less memory. */
void mdl_availability_copy(mdl_availability_t *self, const mdl_availability_t *from);

/* From now_s on, `free_gpus` for ever. */
void mdl_availability_reset(mdl_availability_t *self, int64_t now_s, int64_t free_gpus);
/* Drops the steps that are over by now_s; nobody asks about times before it any more. */
void mdl_availability_drop_past(mdl_availability_t *self, int64_t now_s);
/* The first moment from from_s on (now or later) at which `gpus` are free for length_s seconds; INT64_MAX when there
 * never are so many. O(blocks), and the steps of those in which there are sometimes as many. */
int64_t mdl_availability_earliest(const mdl_availability_t *self, int64_t from_s, int64_t gpus, int64_t length_s);
/* The same for a job that has taken its GPUs from held_s on: the first moment before held_s at which it could have them
 * as if it had not; held_s when there is none. What lies behind held_s is looked at only where more is taken than there
 * is. */
int64_t mdl_availability_earlier(const mdl_availability_t *self, int64_t from_s, int64_t gpus, int64_t length_s,
                                 int64_t held_s);
/* The fewest GPUs that are free at any moment from from_s on. O(blocks). */
int64_t mdl_availability_fewest(const mdl_availability_t *self, int64_t from_s);
/* How many are free at time_s. O(log steps). */
int64_t mdl_availability_at(const mdl_availability_t *self, int64_t time_s);
/* The most that are free at any moment of [from_s, to_s), which is not empty. O(blocks). */
int64_t mdl_availability_most(const mdl_availability_t *self, int64_t from_s, int64_t to_s);
/* Where the first gap begins, from since_s on, of which a moment before held_s lies in [from_s, to_s) and in which
 * `gpus` are free for length_s or up to held_s; held_s: there is none. O(blocks) of the span and of the gaps. */
int64_t mdl_availability_gap(const mdl_availability_t *self, int64_t from_s, int64_t to_s, int64_t since_s,
                             int64_t gpus, int64_t length_s, int64_t held_s);
/* The longest gap, from since_s on, in which so many are free and of which a moment lies in [from_s, to_s). */
int64_t mdl_availability_longest(const mdl_availability_t *self, int64_t from_s, int64_t to_s, int64_t since_s,
                                 int64_t gpus);
/* Takes `gpus` (negative: gives them back) during [from_s, to_s). O(blocks). */
void mdl_availability_take(mdl_availability_t *self, int64_t from_s, int64_t to_s, int64_t gpus);

/* The steps one after another, from {0, 0} on: false behind the last. */
bool mdl_availability_step(const mdl_availability_t *self, mdl_availability_place_t place, int64_t *from_s,
                           int64_t *free_gpus);
mdl_availability_place_t mdl_availability_next(const mdl_availability_t *self, mdl_availability_place_t place);

#endif
