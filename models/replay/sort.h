// SPDX-License-Identifier: GPL-3.0-or-later
/* A stable sort by a double: equal keys keep their order, and what is sorted already costs one pass.
 *
 *     mdl_replay_key_t keys[3] = {{.key = 2, .index = 0}, {.key = 1, .index = 1}, {.key = 2, .index = 2}};
 *     mdl_replay_key_t scratch[3];
 *     mdl_replay_sort(keys, scratch, 3); // indices 1, 0, 2
 */
#ifndef MDL_REPLAY_SORT_H
#define MDL_REPLAY_SORT_H

#include <stddef.h>
#include <stdint.h>

typedef struct mdl_replay_key {
    double key; /* not NaN */
    uint32_t index;
    uint32_t tag; /* the user's */
} mdl_replay_key_t;

/* Sorts `keys` ascending by key; `scratch` has room for n. What is out of order is found first, and only the part that
 * it belongs into is touched, by merging natural runs (Knuth 1998, 5.2.4): O(n) to look and O(part log runs) to sort. */
void mdl_replay_sort(mdl_replay_key_t *keys, mdl_replay_key_t *scratch, size_t n);

/* Puts into keys[place], place < n, the key that a sort would put there, none greater before it and none less behind it:
 * for a few order statistics a tenth of a sort's cost. Quickselect (Hoare 1961), O(n) in the mean; should it not come
 * near, what is left is sorted. `scratch` as above. */
void mdl_replay_select(mdl_replay_key_t *keys, mdl_replay_key_t *scratch, size_t n, size_t place);

#endif
