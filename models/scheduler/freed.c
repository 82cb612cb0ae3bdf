// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/freed.h"

#include <string.h>

static bool stands_before(mdl_queue_place_t a, mdl_queue_place_t b)
{
    return a.key != b.key ? a.key < b.key : a.sequence < b.sequence;
}

/* The power of two up to which a job's GPUs reach. */
static uint32_t size_of(int64_t gpus)
{
    return 63 - (uint32_t)__builtin_clzll((unsigned long long)gpus);
}

/* Puts one span, of whose gaps nothing is known, in the place of those from `first` to before `end`. */
static void replace(mdl_freed_t *self, uint32_t first, uint32_t end, const mdl_freed_span_t *span)
{
    uint32_t behind = self->n - end;

    if (end != first + 1) {
        memmove(self->spans + first + 1, self->spans + end, behind * sizeof *span);
        for (uint32_t size = 0; size < self->sizes; size++) {
            uint32_t *row = self->longest_s[size];
            memmove(row + first + 1, row + end, behind * sizeof *row);
        }
        self->n = first + 1 + behind;
    }
    self->spans[first] = *span;
    for (uint32_t size = 0; size < self->sizes; size++)
        self->longest_s[size][first] = MDL_FREED_UNKNOWN;
}

static void widen(mdl_freed_span_t *span, const mdl_freed_span_t *by)
{
    span->from_s = by->from_s < span->from_s ? by->from_s : span->from_s;
    span->to_s = by->to_s > span->to_s ? by->to_s : span->to_s;
    span->before = stands_before(span->before, by->before) ? by->before : span->before;
}

/* Makes one span of the two that have the least gap between them. */
static void unite_closest(mdl_freed_t *self, const mdl_availability_t *availability)
{
    uint32_t found = 0;

    for (uint32_t i = 1; i + 1 < self->n; i++)
        if (self->spans[i + 1].from_s - self->spans[i].to_s < self->spans[found + 1].from_s - self->spans[found].to_s)
            found = i;
    mdl_freed_span_t span = self->spans[found];
    widen(&span, &self->spans[found + 1]);
    span.most = mdl_availability_most(availability, span.from_s, span.to_s);
    replace(self, found, found + 2, &span);
}

void mdl_freed_add(mdl_freed_t *self, const mdl_availability_t *availability, int64_t from_s, int64_t to_s,
                   mdl_queue_place_t before)
{
    mdl_freed_span_t span = {.from_s = from_s, .to_s = to_s, .before = before};
    uint32_t end = self->n;

    if (from_s >= to_s)
        return;
    while (end > 0 && self->spans[end - 1].from_s > to_s)
        end--;
    uint32_t first = end;
    while (first > 0 && self->spans[first - 1].to_s >= from_s)
        widen(&span, &self->spans[--first]);
    span.most = mdl_availability_most(availability, span.from_s, span.to_s);
    replace(self, first, end, &span);
    if (self->n > MDL_FREED_SPANS)
        unite_closest(self, availability);
}

int64_t mdl_freed_most(const mdl_freed_t *self)
{
    int64_t most = 0;

    for (uint32_t i = 0; i < self->n; i++)
        most = self->spans[i].most > most ? self->spans[i].most : most;
    return most;
}

/* A job that looks for an earlier start. */
typedef struct look {
    const mdl_availability_t *availability;
    int64_t from_s, gpus, length_s, held_s;
    mdl_queue_place_t place;
    uint32_t least_s; /* a gap as the table has it: no shorter one will do */
} look_t;

static uint32_t noted_s(int64_t length_s)
{
    return length_s < MDL_FREED_ENDLESS ? (uint32_t)length_s : MDL_FREED_ENDLESS;
}

/* Works out the longest gap of a span in which as many are free as the job's size. */
static uint32_t longest_of(const mdl_freed_span_t *span, const look_t *look)
{
    return noted_s(mdl_availability_longest(look->availability, span->from_s, span->to_s, look->from_s,
                                            INT64_C(1) << size_of(look->gpus)));
}

/* The gaps for jobs of that size in each span; nothing is known of them when they are asked for the first time. */
static uint32_t *row_of(mdl_freed_t *self, uint32_t size)
{
    for (; self->sizes <= size; self->sizes++)
        for (uint32_t i = 0; i < self->n; i++)
            self->longest_s[self->sizes][i] = MDL_FREED_UNKNOWN;
    return self->longest_s[size];
}

/* How many spans begin before a time. */
static uint32_t spans_before(const mdl_freed_t *self, int64_t time_s)
{
    uint32_t low = 0;

    if (self->n == 0)
        return 0;
    for (uint32_t n = self->n; n > 1; n -= n / 2)
        low += self->spans[low + n / 2].from_s < time_s ? n / 2 : 0;
    return low + (self->spans[low].from_s < time_s);
}

static bool concerns(const mdl_freed_span_t *span, const look_t *look)
{
    return span->to_s > look->from_s && span->most >= look->gpus && stands_before(look->place, span->before);
}

/* Whether the job could begin a moment earlier, in a span that reaches up to its start. */
static bool may_move_a_little(const mdl_freed_span_t *span, const look_t *look)
{
    return span->to_s >= look->held_s && mdl_availability_at(look->availability, look->held_s - 1) >= look->gpus;
}

/* The job's start in the first gap of a span that has room; held_s: none has. *longest_s is what is known of its gaps.
 * Where that promised too much they are measured again, since jobs that have moved into them have made them shorter. */
static int64_t start_in(const mdl_freed_span_t *span, const look_t *look, uint32_t *longest_s)
{
    if (!may_move_a_little(span, look)) {
        if (*longest_s == MDL_FREED_UNKNOWN)
            *longest_s = longest_of(span, look);
        if (*longest_s < look->least_s)
            return look->held_s;
    }
    int64_t start_s = mdl_availability_gap(look->availability, span->from_s, span->to_s, look->from_s, look->gpus,
                                           look->length_s, look->held_s);
    if (start_s == look->held_s)
        *longest_s = longest_of(span, look);
    return start_s;
}

/* Spans stand by time, and a gap that reaches into a later one but not into this begins later: so the first start found
 * is the first there is. Most spans are passed over for the length of their gaps, but for the last one, which may reach
 * up to the job's start. */
static int64_t first_start(mdl_freed_t *self, const look_t *look)
{
    uint32_t *longest_s = row_of(self, size_of(look->gpus));
    size_t n = spans_before(self, look->held_s);

    for (size_t i = 0; i < n; i++) {
        if (longest_s[i] < look->least_s && i + 1 < n)
            continue;
        const mdl_freed_span_t *span = &self->spans[i];
        int64_t start_s = concerns(span, look) ? start_in(span, look, &longest_s[i]) : look->held_s;
        if (start_s < look->held_s)
            return start_s;
    }
    return look->held_s;
}

int64_t mdl_freed_earlier(mdl_freed_t *self, const mdl_availability_t *availability, mdl_queue_place_t place,
                          int64_t from_s, int64_t gpus, int64_t length_s, int64_t held_s)
{
    if (availability->state.lowest < 0) /* more is taken than there is: what comes free behind held_s may help, too */
        return mdl_availability_earlier(availability, from_s, gpus, length_s, held_s);
    return first_start(self, &(look_t){availability, from_s, gpus, length_s, held_s, place, noted_s(length_s)});
}
