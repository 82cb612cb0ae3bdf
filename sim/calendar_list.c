// SPDX-License-Identifier: GPL-3.0-or-later
/* Calendars of few events: how their list becomes a heap and back, and what is seldom asked of it. */
#include "sim/calendar_inline.h"

void sim_list_remove_(sim_calendar_t *self, uint32_t position)
{
    sim_key_t *keys = sim_calendar_keys_(self);
    uint32_t last = SIM_HEAP_ROOT + --self->keys;
    for (uint32_t i = position; i < last; i++)
        keys[i] = keys[i + 1];
}

/* Turned round, the list is a heap. */
void sim_list_to_heap_(sim_calendar_t *self)
{
    sim_key_t *heap = sim_calendar_keys_(self);
    uint32_t end = SIM_HEAP_ROOT + self->keys;
    for (uint32_t i = SIM_HEAP_ROOT, j = end - 1; i < j; i++, j--) {
        sim_key_t later = heap[i];
        heap[i] = heap[j];
        heap[j] = later;
    }
    for (uint32_t i = SIM_HEAP_ROOT; i < end; i++)
        sim_calendar_places_(self)[sim_key_slot_(heap[i])] = i;
    for (; end % 4 != 0; end++)
        heap[end] = SIM_KEY_NONE;
    self->list_most = 0;
}

void sim_list_from_heap_(sim_calendar_t *self)
{
    SIM_ASSERT(self->hole == SIM_NO_SLOT && self->ring_keys == 0 && self->keys <= SIM_LIST_MOST);
    const sim_key_t *heap = sim_calendar_keys_(self);
    uint32_t end = SIM_HEAP_ROOT + self->keys;
    self->list_most = SIM_LIST_MOST;
    self->keys = 0;
    for (uint32_t i = SIM_HEAP_ROOT; i < end; i++) /* into the room of those that have been read */
        sim_list_insert_(self, heap[i]);
}
