// SPDX-License-Identifier: GPL-3.0-or-later
/* The promised starts of all jobs, and which comes first: a tree in an array whose leaves are the jobs' rows, and in
 * which each other place holds the earlier of the two starts below it. A job that has no promise, or no row, stands at
 * INT64_MAX.
 *
 *     mdl_starts_clear(starts, 1000); // mdl_starts_bytes(1000)
 *     mdl_starts_set(starts, 1000, 7, 3600);
 *     int64_t first_s = mdl_starts_first(starts);
 *     uint32_t job = mdl_starts_next(starts, 1000, 0, now_s); // the first that is due; 1000: nobody is
 *     job = mdl_starts_next(starts, 1000, job + 1, now_s);    // the next one
 */
#ifndef MDL_STARTS_H
#define MDL_STARTS_H

#include <stddef.h>
#include <stdint.h>

size_t mdl_starts_bytes(uint32_t jobs);
void mdl_starts_clear(int64_t *self, uint32_t jobs);
/* Takes over the starts of `n` jobs; `jobs` >= n. */
void mdl_starts_copy(int64_t *self, uint32_t jobs, const int64_t *from, uint32_t n);
/* O(log jobs). */
void mdl_starts_set(int64_t *self, uint32_t jobs, uint32_t job, int64_t start_s);
/* The next job from `job` on that starts at by_s < INT64_MAX or before; `jobs`: there is none. O(log jobs). */
uint32_t mdl_starts_next(const int64_t *self, uint32_t jobs, uint32_t job, int64_t by_s);

/* The earliest start of all. */
static inline int64_t mdl_starts_first(const int64_t *self)
{
    return self[1];
}

#endif
