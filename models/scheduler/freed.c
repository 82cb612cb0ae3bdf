// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/freed.h"

#include <string.h>

static bool stands_before(mdl_queue_place_t a, mdl_queue_place_t b)
{
    return a.key != b.key ? a.key < b.key : a.sequence < b.sequence;
}

/* Makes one span of those at `i` and behind it. */
static void unite(mdl_freed_t *self, uint32_t i)
{
    mdl_freed_span_t *span = &self->spans[i], *next = span + 1;

    span->to_s = next->to_s > span->to_s ? next->to_s : span->to_s;
    span->before = stands_before(span->before, next->before) ? next->before : span->before;
    self->n--;
    memmove(next, next + 1, (self->n - i - 1) * sizeof *next);
    memset(span->longest_s, 0xff, sizeof span->longest_s);
}

/* Which span has the least gap behind it. */
static uint32_t closest(const mdl_freed_t *self)
{
    uint32_t found = 0;

    for (uint32_t i = 1; i + 1 < self->n; i++)
        if (self->spans[i + 1].from_s - self->spans[i].to_s < self->spans[found + 1].from_s - self->spans[found].to_s)
            found = i;
    return found;
}

void mdl_freed_add(mdl_freed_t *self, const mdl_availability_t *availability, int64_t from_s, int64_t to_s,
                   mdl_queue_place_t before)
{
    uint32_t i = self->n;

    if (from_s >= to_s)
        return;
    for (; i > 0 && self->spans[i - 1].from_s > from_s; i--)
        self->spans[i] = self->spans[i - 1];
    self->spans[i] = (mdl_freed_span_t){.from_s = from_s, .to_s = to_s, .before = before};
    memset(self->spans[i].longest_s, 0xff, sizeof self->spans[i].longest_s); /* MDL_FREED_UNKNOWN */
    self->n++;
    if (i > 0 && self->spans[i - 1].to_s >= from_s)
        unite(self, --i);
    while (i + 1 < self->n && self->spans[i + 1].from_s <= self->spans[i].to_s)
        unite(self, i);
    if (self->n > MDL_FREED_SPANS) {
        uint32_t wide = closest(self);
        unite(self, wide);
        self->spans[wide].most = mdl_availability_most(availability, self->spans[wide].from_s, self->spans[wide].to_s);
        i -= i > wide;
    }
    self->spans[i].most = mdl_availability_most(availability, self->spans[i].from_s, self->spans[i].to_s);
}

int64_t mdl_freed_most(const mdl_freed_t *self)
{
    int64_t most = 0;

    for (uint32_t i = 0; i < self->n; i++)
        most = self->spans[i].most > most ? self->spans[i].most : most;
    return most;
}

/* The power of two up to which a job's GPUs reach. */
static int size_of(int64_t gpus)
{
    return 63 - __builtin_clzll((unsigned long long)gpus);
}

/* Works out the longest gap in which two to the power of `size` are free. */
static void measure(mdl_freed_span_t *span, const mdl_availability_t *availability, int64_t since_s, int size)
{
    int64_t longest_s = mdl_availability_longest(availability, span->from_s, span->to_s, since_s, INT64_C(1) << size);

    span->longest_s[size] = (uint32_t)(longest_s < MDL_FREED_UNKNOWN - 1 ? longest_s : MDL_FREED_UNKNOWN - 1);
}

static bool is_long_enough(const mdl_freed_span_t *span, int size, int64_t length_s)
{
    return span->longest_s[size] >= MDL_FREED_UNKNOWN - 1 || span->longest_s[size] >= length_s;
}

/* Whether what is known of a span's gaps leaves hope for a job. */
static bool may_help(mdl_freed_span_t *span, const mdl_availability_t *availability, int64_t since_s, int64_t gpus,
                     int64_t length_s, int64_t held_s)
{
    int size = size_of(gpus);

    if (span->to_s >= held_s && mdl_availability_most(availability, held_s - 1, held_s) >= gpus)
        return true; /* a moment earlier */
    if (span->longest_s[size] == MDL_FREED_UNKNOWN)
        measure(span, availability, since_s, size);
    return is_long_enough(span, size, length_s);
}

/* The start of a job in the first gap of a span that has room for it; held_s: none has. Where what is known of its gaps
 * promised too much it is measured again, since jobs that have moved into it have made them shorter. */
static int64_t start_in(mdl_freed_span_t *span, const mdl_availability_t *availability, int64_t since_s, int64_t gpus,
                        int64_t length_s, int64_t held_s)
{
    if (!may_help(span, availability, since_s, gpus, length_s, held_s))
        return held_s;
    int64_t start_s = mdl_availability_gap(availability, span->from_s, span->to_s, since_s, gpus, length_s, held_s);
    if (start_s == held_s)
        measure(span, availability, since_s, size_of(gpus));
    return start_s;
}

/* Spans stand by time, and a gap that reaches into a later one but not into this begins later: so the first start found
 * is the first there is. */
int64_t mdl_freed_earlier(mdl_freed_t *self, const mdl_availability_t *availability, mdl_queue_place_t place,
                          int64_t from_s, int64_t gpus, int64_t length_s, int64_t held_s)
{
    int64_t start_s = held_s;

    if (availability->state.lowest < 0) /* more is taken than there is: what comes free behind held_s may help, too */
        return mdl_availability_earlier(availability, from_s, gpus, length_s, held_s);
    for (uint32_t i = 0; i < self->n && self->spans[i].from_s < held_s && start_s == held_s; i++) {
        mdl_freed_span_t *span = &self->spans[i];
        if (span->to_s > from_s && span->most >= gpus && stands_before(place, span->before))
            start_s = start_in(span, availability, from_s, gpus, length_s, held_s);
    }
    return start_s;
}
