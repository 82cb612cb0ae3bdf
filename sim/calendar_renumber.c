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

/* Keys in ascending order are a heap of any arity, so sorting in place is all it takes. */
void sim_calendar_renumber_(sim_calendar_t *self)
{
    if (self->hole != SIM_NO_SLOT)
        sim_heap_close_hole_(self);
    empty_ring(self);
    sim_key_t *keys = sim_calendar_heap_(self) + SIM_HEAP_ROOT;
    sort_keys(keys, self->heap_keys);
    for (uint32_t i = 0; i < self->heap_keys; i++) {
        unsigned priority = (unsigned)((uint64_t)keys[i] >> SIM_KEY_PRIORITY_SHIFT);
        uint32_t slot = sim_key_slot_(keys[i]);
        keys[i] = sim_key_make_(sim_key_time_(keys[i]), priority, (i + 1) * SIM_SEQUENCE_STEP, slot);
        sim_calendar_places_(self)[slot] = SIM_HEAP_ROOT + i;
    }
    self->sequence = ((uint64_t)self->heap_keys + 1) * SIM_SEQUENCE_STEP;
}
