// SPDX-License-Identifier: GPL-3.0-or-later
/* Where room has come free: spans of time in which more GPUs are available than when promised jobs last looked for an
 * earlier start, and up to which job in the queue that is so. A job that found no earlier start then can find one now
 * only where it would hold some moment of such a span: all others need not look.
 *
 * Spans stand by time and do not overlap; where there would be too many the two that are closest become one.
 *
 *     mdl_freed_add(&freed, &availability, now_s, now_s + 3600, MDL_FREED_FOR_ALL);
 *     int64_t start_s = mdl_freed_earlier(&freed, &availability, place, now_s, gpus, length_s, held_s);
 */
#ifndef MDL_FREED_H
#define MDL_FREED_H

#include "models/scheduler/availability.h"

#define MDL_FREED_SPANS 32 /* more are measured more often, fewer tell less */
#define MDL_FREED_SIZES 32

/* A job's place in a queue. */
typedef struct mdl_queue_place {
    int64_t key;
    uint64_t sequence;
} mdl_queue_place_t;

#define MDL_FREED_FOR_ALL ((mdl_queue_place_t){INT64_MAX, UINT64_MAX})
#define MDL_FREED_UNKNOWN UINT32_MAX       /* a gap that has not been measured */
#define MDL_FREED_ENDLESS (UINT32_MAX - 1) /* one of at least that length */

typedef struct mdl_freed_span {
    int64_t from_s, to_s;
    int64_t most;             /* no more GPUs are free in it */
    mdl_queue_place_t before; /* jobs from here on have looked already */
} mdl_freed_span_t;

/* What each job asks of all spans before its start stands side by side. */
typedef struct mdl_freed {
    uint32_t n;
    uint32_t sizes; /* rows of longest_s that have been asked for */
    mdl_freed_span_t spans[MDL_FREED_SPANS + 1];
    /* No gap with a moment in the span of a column is longer in which two to the power of the row are free. */
    uint32_t longest_s[MDL_FREED_SIZES][MDL_FREED_SPANS + 1];
} mdl_freed_t;

/* Notes that GPUs have come free in `availability` during [from_s, to_s), of interest to jobs that stand before
 * `before`. */
void mdl_freed_add(mdl_freed_t *self, const mdl_availability_t *availability, int64_t from_s, int64_t to_s,
                   mdl_queue_place_t before);
/* The most GPUs that are free in any span; 0 where there is none. */
int64_t mdl_freed_most(const mdl_freed_t *self);
/* The first start from from_s on and before held_s, where it has been given its GPUs, of a job at `place` that wants
 * `gpus` > 0 for length_s and that when it looked last, at an earlier time, found none before held_s; held_s: there still
 * is none. As mdl_availability_earlier(), looking only where room has come free. What this learns of gaps is kept. */
int64_t mdl_freed_earlier(mdl_freed_t *self, const mdl_availability_t *availability, mdl_queue_place_t place,
                          int64_t from_s, int64_t gpus, int64_t length_s, int64_t held_s);

#endif
