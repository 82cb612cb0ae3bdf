// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/sort.h"

#include <string.h>

#define SELECT_ROUNDS 64 /* each takes about half of what is left away; after so many the rest is sorted */

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

static double median_of_three(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

static void swap(mdl_replay_key_t *a, mdl_replay_key_t *b)
{
    mdl_replay_key_t key = *a;
    *a = *b;
    *b = key;
}

/* Moves keys of [*left, *right) to either side of one of them, and sets these to the side that holds `place`; to nothing
 * where `place` has what belongs there. Those that equal the key are spread over both sides, so that many do no harm. */
static void halve(mdl_replay_key_t *keys, size_t *left, size_t *right, size_t place)
{
    size_t i = *left, end = *right;
    double pivot = median_of_three(keys[i].key, keys[i + (end - i) / 2].key, keys[end - 1].key);
    while (i < end) {
        while (keys[i].key < pivot)
            i++;
        while (keys[end - 1].key > pivot)
            end--;
        if (i < end)
            swap(&keys[i++], &keys[--end]);
    }
    if (place < end)
        *right = end;
    else if (place >= i)
        *left = i;
    else
        *left = *right;
}

void mdl_replay_select(mdl_replay_key_t *keys, mdl_replay_key_t *scratch, size_t n, size_t place)
{
    size_t left = 0, right = n;
    for (unsigned rounds = 0; right - left > 1 && rounds < SELECT_ROUNDS; rounds++)
        halve(keys, &left, &right, place);
    if (right - left > 1)
        mdl_replay_sort(keys + left, scratch, right - left);
}
