// SPDX-License-Identifier: GPL-3.0-or-later
/* The calendar's own audit. */
#include "sim/calendar_inline.h"

static bool key_is_sound(const sim_calendar_t *self, sim_key_t key, uint32_t place)
{
    uint32_t slot = sim_key_slot_(key);
    uint64_t sequence = (uint64_t)key >> SIM_KEY_SEQUENCE_SHIFT & (SIM_SEQUENCE_END - 1);
    return slot < self->fresh && sim_calendar_places_(self)[slot] == place && sequence >= 1 &&
           sequence < self->sequence && sim_key_time_(key) >= self->last_s;
}

/* Every key after its parent, every slot knowing its place, all ones behind the end. */
static bool heap_is_sound(const sim_calendar_t *self)
{
    const sim_key_t *heap = sim_calendar_heap_(self);
    uint32_t end = SIM_HEAP_ROOT + self->heap_keys;
    if (self->hole && (self->heap_keys == 0 || heap[SIM_HEAP_ROOT] != SIM_KEY_HOLE))
        return false;
    for (uint32_t p = SIM_HEAP_ROOT + self->hole; p < end; p++) {
        if (!key_is_sound(self, heap[p], p) || (p > SIM_HEAP_ROOT && heap[p] < heap[p / 4 + 2]))
            return false;
    }
    for (uint32_t p = end; p % 4 != 0; p++) {
        if (heap[p] != SIM_KEY_NONE)
            return false;
    }
    return true;
}

/* Live entries in ascending order. Counts them. */
static bool ring_is_sound(const sim_calendar_t *self, uint32_t *live)
{
    sim_key_t previous = SIM_KEY_HOLE;
    *live = 0;
    if (self->ring_keys > self->ring_mask + 1)
        return false;
    for (uint32_t i = 0; i < self->ring_keys; i++) {
        uint32_t index = (self->ring_first + i) & self->ring_mask;
        sim_key_t key = sim_calendar_ring_(self)[index];
        if (key == SIM_KEY_NONE)
            continue;
        if (!key_is_sound(self, key, SIM_PLACE_RING | index) || key < previous || sim_key_time_(key) != self->last_s)
            return false;
        previous = key;
        (*live)++;
    }
    return true;
}

bool sim_calendar_verify(const sim_calendar_t *self)
{
    uint32_t in_ring;
    if (self->fresh > self->capacity || self->heap_keys > self->capacity || !heap_is_sound(self) ||
        !ring_is_sound(self, &in_ring))
        return false;
    uint32_t free_slots = 0;
    for (uint32_t slot = self->free_slot; slot != SIM_NO_SLOT; slot = sim_calendar_places_(self)[slot]) {
        if (slot >= self->fresh || ++free_slots > self->fresh)
            return false;
    }
    return self->pending == self->heap_keys - self->hole + in_ring && self->pending + free_slots == self->fresh;
}
