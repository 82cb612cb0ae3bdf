// SPDX-License-Identifier: GPL-3.0-or-later
/* A profile: how many GPUs will be free, from now on, as far as is known: a step function of time.
 *
 * Steps stand in blocks by time, and blocks in a list that knows the fewest and the most GPUs that are free in each, so
 * that a search passes over most of them; the last step goes on for ever. A step that would equal the one before it is
 * left out. The memory is the user's and holds no pointers.
 *
 *     mdl_outlook_t profile = mdl_outlook_in(memory, mdl_outlook_blocks(100)); // mdl_outlook_bytes() of that
 *     mdl_outlook_reset(&profile, now_s, 64);
 *     int64_t start_s = mdl_outlook_earliest(&profile, now_s, 16, 3600); // 16 GPUs for an hour
 *     mdl_outlook_take(&profile, start_s, start_s + 3600, 16);
 */
#ifndef MDL_OUTLOOK_H
#define MDL_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_OUTLOOK_BLOCK_STEPS 32

typedef struct mdl_outlook_block {
    int64_t from_s[MDL_OUTLOOK_BLOCK_STEPS];
    int64_t free_gpus[MDL_OUTLOOK_BLOCK_STEPS]; /* less what its entry adds */
} mdl_outlook_block_t;

/* A block in the list of blocks by time. */
typedef struct mdl_outlook_entry {
    int64_t from_s;      /* of its first step */
    int64_t least, most; /* free in any of its steps */
    int64_t more;        /* to be added to each */
    uint32_t block, n;   /* which, and its steps */
} mdl_outlook_entry_t;

/* What there is of a profile besides its memory. */
typedef struct mdl_outlook_state {
    int64_t lowest; /* no step has ever had fewer GPUs free */
    uint32_t n;     /* entries; 0: not reset yet */
    uint32_t used;  /* blocks from here on were never used */
    uint32_t spare; /* first of those given back; UINT32_MAX: none */
} mdl_outlook_state_t;

typedef struct mdl_outlook {
    mdl_outlook_entry_t *entries;
    mdl_outlook_block_t *blocks;
    uint32_t capacity; /* of either */
    mdl_outlook_state_t state;
} mdl_outlook_t;

/* A step. */
typedef struct mdl_outlook_place {
    uint32_t entry, at;
} mdl_outlook_place_t;

/* Blocks that are enough for so many steps (a profile needs two for each reservation, and four), and bytes of those. */
static inline uint32_t mdl_outlook_blocks(uint32_t steps)
{
    return steps / (MDL_OUTLOOK_BLOCK_STEPS / 4) + 2;
}
static inline size_t mdl_outlook_bytes(uint32_t blocks)
{
    return blocks * (sizeof(mdl_outlook_entry_t) + sizeof(mdl_outlook_block_t));
}
/* A profile in memory for so many blocks, to be reset or given the state that it had. */
mdl_outlook_t mdl_outlook_in(void *memory, uint32_t blocks);
/* Takes over `from`, into no less memory. */
void mdl_outlook_copy(mdl_outlook_t *self, const mdl_outlook_t *from);

/* From now_s on, `free_gpus` for ever. */
void mdl_outlook_reset(mdl_outlook_t *self, int64_t now_s, int64_t free_gpus);
/* Drops the steps that are over by now_s; nobody asks about times before it any more. */
void mdl_outlook_drop_past(mdl_outlook_t *self, int64_t now_s);
/* The first moment from from_s on (now or later) at which `gpus` are free for length_s seconds; INT64_MAX when there
 * never are so many. O(blocks), and the steps of those in which there are sometimes as many. */
int64_t mdl_outlook_earliest(const mdl_outlook_t *self, int64_t from_s, int64_t gpus, int64_t length_s);
/* The same for a job that has taken its GPUs from held_s on: the first moment before held_s at which it could have them
 * as if it had not; held_s when there is none. What lies behind held_s is looked at only where more is taken than there
 * is. */
int64_t mdl_outlook_earlier(const mdl_outlook_t *self, int64_t from_s, int64_t gpus, int64_t length_s, int64_t held_s);
/* The fewest GPUs that are free at any moment from from_s on. O(blocks). */
int64_t mdl_outlook_fewest(const mdl_outlook_t *self, int64_t from_s);
/* The most that are free at any moment of [from_s, to_s), which is not empty. O(blocks). */
int64_t mdl_outlook_most(const mdl_outlook_t *self, int64_t from_s, int64_t to_s);
/* Whether some moment of [from_s, to_s) before held_s lies in a gap, from since_s on, in which `gpus` are free for
 * length_s or up to held_s. O(blocks) of the span and of the gaps. */
bool mdl_outlook_has_gap(const mdl_outlook_t *self, int64_t from_s, int64_t to_s, int64_t since_s, int64_t gpus,
                         int64_t length_s, int64_t held_s);
/* The longest gap, from since_s on, in which so many are free and of which a moment lies in [from_s, to_s). */
int64_t mdl_outlook_longest(const mdl_outlook_t *self, int64_t from_s, int64_t to_s, int64_t since_s, int64_t gpus);
/* Takes `gpus` (negative: gives them back) during [from_s, to_s). O(blocks). */
void mdl_outlook_take(mdl_outlook_t *self, int64_t from_s, int64_t to_s, int64_t gpus);

/* The steps one after another, from {0, 0} on: false behind the last. */
bool mdl_outlook_step(const mdl_outlook_t *self, mdl_outlook_place_t place, int64_t *from_s, int64_t *free_gpus);
mdl_outlook_place_t mdl_outlook_next(const mdl_outlook_t *self, mdl_outlook_place_t place);

#endif
