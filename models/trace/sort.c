// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/sort.h"

#include <stdbool.h>
#include <string.h>

/* Merges the sorted runs [low, middle) and [middle, high) into the same places of `to`. */
static void merge(const mdl_sort_key_t *from, mdl_sort_key_t *to, size_t low, size_t middle, size_t high)
{
    if (middle == high || from[middle - 1].time <= from[middle].time) {
        memcpy(to + low, from + low, (high - low) * sizeof *to);
        return;
    }
    size_t left = low, right = middle;
    for (size_t i = low; i < high; i++) {
        bool take_left = right == high || (left < middle && from[left].time <= from[right].time);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

mdl_sort_key_t *mdl_sort_keys(mdl_sort_key_t *keys, mdl_sort_key_t *spare, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = low + width < n ? low + width : n, high = middle + width < n ? middle + width : n;
            merge(keys, spare, low, middle, high);
        }
        mdl_sort_key_t *sorted = spare;
        spare = keys;
        keys = sorted;
    }
    return keys;
}
