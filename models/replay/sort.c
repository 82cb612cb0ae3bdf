// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/sort.h"

#include <string.h>

/* First place after `from` whose key is less than the one before it; n when there is none. */
static size_t run_end(const mdl_replay_key_t *keys, size_t from, size_t n)
{
    size_t end = from;
    while (end < n && (end == from || keys[end].key >= keys[end - 1].key))
        end++;
    return end;
}

/* Merges the neighbouring runs [left, middle) and [middle, right) of `from` into `to`; the left goes first in a tie. */
static void merge(const mdl_replay_key_t *from, size_t left, size_t middle, size_t right, mdl_replay_key_t *to)
{
    size_t a = left, b = middle;
    for (size_t i = left; i < right; i++)
        to[i] = b == right || (a < middle && from[a].key <= from[b].key) ? from[a++] : from[b++];
}

static void merge_runs(mdl_replay_key_t *keys, mdl_replay_key_t *scratch, size_t n)
{
    mdl_replay_key_t *from = keys, *to = scratch;
    while (run_end(from, 0, n) < n) {
        for (size_t left = 0; left < n;) {
            size_t middle = run_end(from, left, n), right = run_end(from, middle, n);
            merge(from, left, middle, right, to);
            left = right;
        }
        mdl_replay_key_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

void mdl_replay_sort(mdl_replay_key_t *keys, mdl_replay_key_t *scratch, size_t n)
{
    size_t first = run_end(keys, 0, n), last = n; /* keys before `first` are in order, and those from `last` on */
    if (first == n)
        return;
    while (keys[last - 1].key >= keys[last - 2].key)
        last--;
    last--;
    double least = keys[first].key, most = keys[first - 1].key;
    for (size_t i = first - 1; i <= last; i++) {
        least = keys[i].key < least ? keys[i].key : least;
        most = i < last && keys[i].key > most ? keys[i].key : most;
    }
    while (first > 0 && keys[first - 1].key > least)
        first--;
    while (last < n && keys[last].key < most)
        last++;
    merge_runs(keys + first, scratch, last - first);
}
