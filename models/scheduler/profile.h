// SPDX-License-Identifier: GPL-3.0-or-later
/* A profile: how many GPUs will be free, from now on, as far as is known: a step function of time.
 *
 * Steps stand in an array by time; the last one goes on for ever. Where a step would equal the one before it, it is left
 * out. The memory is the user's.
 *
 *     mdl_profile_t profile = {.steps = memory, .capacity = 100};
 *     mdl_profile_reset(&profile, now_s, 64);
 *     int64_t start_s = mdl_profile_earliest(&profile, now_s, 16, 3600); // 16 GPUs for an hour
 *     mdl_profile_take(&profile, start_s, start_s + 3600, 16);
 */
#ifndef MDL_PROFILE_H
#define MDL_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct mdl_profile_step {
    int64_t from_s;
    int64_t free_gpus;
} mdl_profile_step_t;

typedef struct mdl_profile {
    mdl_profile_step_t *steps;
    uint32_t first, end; /* in use */
    uint32_t capacity;   /* two for each reservation, and four */
} mdl_profile_t;

/* From now_s on, `free_gpus` for ever. */
void mdl_profile_reset(mdl_profile_t *self, int64_t now_s, int64_t free_gpus);
/* Drops the steps that are over by now_s; nobody asks about times before it any more. */
void mdl_profile_drop_past(mdl_profile_t *self, int64_t now_s);
/* The first moment from from_s on (now or later) at which `gpus` are free for length_s seconds; INT64_MAX when there never
 * are so many. O(steps). */
int64_t mdl_profile_earliest(const mdl_profile_t *self, int64_t from_s, int64_t gpus, int64_t length_s);
/* The same for a job that has taken its GPUs from held_s on: the first moment before held_s at which it could have them as
 * if it had not; held_s when there is none. O(steps up to held_s). */
int64_t mdl_profile_earlier(const mdl_profile_t *self, int64_t from_s, int64_t gpus, int64_t length_s, int64_t held_s);
/* The fewest GPUs that are free at any moment from from_s on. O(steps). */
int64_t mdl_profile_fewest(const mdl_profile_t *self, int64_t from_s);
/* Takes `gpus` (negative: gives them back) during [from_s, to_s). O(steps). */
void mdl_profile_take(mdl_profile_t *self, int64_t from_s, int64_t to_s, int64_t gpus);

#endif
