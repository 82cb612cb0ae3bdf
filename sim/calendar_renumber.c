// SPDX-License-Identifier: GPL-3.0-or-later
/* What happens when a calendar has seen 2^36 insertions: the pending events are numbered anew. */
#include "sim/calendar_inline.h"

/* Binary max-heap of n keys in place: lets the key at `i` sink. */
static void sort_sink(sim_key_t *keys, uint32_t i, uint32_t n)
{
    sim_key_t key = keys[i];
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && keys[child] < keys[child + 1])
            child++;
        if (keys[child] < key)
            break;
        keys[i] = keys[child];
        i = child;
    }
    keys[i] = key;
}

static void sort_keys(sim_key_t *keys, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sort_sink(keys, i, n);
    for (uint32_t end = n; end-- > 1;) {
        sim_key_t greatest = keys[0];
        keys[0] = keys[end];
        keys[end] = greatest;
        sort_sink(keys, 0, end);
    }
}

/* Every live key of the ring goes to the heap, which has no hole and room for all pending events. */
static void empty_ring(sim_calendar_t *self)
{
    for (; self->ring_keys > 0; self->ring_keys--) {
        sim_key_t key = sim_calendar_ring_(self)[self->ring_first];
        self->ring_first = (self->ring_first + 1) & self->ring_mask;
        if (key != SIM_KEY_NONE)
            sim_heap_append_(self, key);
    }
    self->ring_live = 0;
}

/* The key of an event that is the n-th of all. */
static sim_key_t numbered(sim_key_t key, uint32_t n)
{
    unsigned priority = (unsigned)((uint64_t)key >> SIM_KEY_PRIORITY_SHIFT);
    return sim_key_make_(sim_key_time_(key), priority, n * SIM_SEQUENCE_STEP, sim_key_slot_(key));
}

/* Keys in ascending order are a heap of any arity, so sorting in place is all it takes. */
static void renumber_heap(sim_calendar_t *self)
{
    if (self->hole != SIM_NO_SLOT)
        sim_heap_close_hole_(self);
    empty_ring(self);
    sim_key_t *keys = sim_calendar_keys_(self) + SIM_HEAP_ROOT;
    sort_keys(keys, self->keys);
    for (uint32_t i = 0; i < self->keys; i++) {
        keys[i] = numbered(keys[i], i + 1);
        sim_calendar_places_(self)[sim_key_slot_(keys[i])] = SIM_HEAP_ROOT + i;
    }
}

static void renumber_list(sim_calendar_t *self)
{
    sim_key_t *keys = sim_calendar_keys_(self) + SIM_HEAP_ROOT;
    for (uint32_t i = 0; i < self->keys; i++)
        keys[i] = numbered(keys[i], self->keys - i);
}

void sim_calendar_renumber_(sim_calendar_t *self)
{
    if (sim_calendar_is_list_(self))
        renumber_list(self);
    else
        renumber_heap(self);
    self->sequence = ((uint64_t)self->keys + 1) * SIM_SEQUENCE_STEP;
}
