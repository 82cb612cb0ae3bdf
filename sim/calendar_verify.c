// SPDX-License-Identifier: GPL-3.0-or-later
/* The calendar's own audit. */
#include "sim/calendar_inline.h"

static bool key_is_sound(const sim_calendar_t *self, sim_key_t key, uint32_t place)
{
    uint32_t slot = sim_key_slot_(key);
    uint64_t sequence = (uint64_t)key & (SIM_SEQUENCE_END - SIM_SEQUENCE_STEP);
    return slot < self->fresh && sim_calendar_place_(self, slot) == place && sequence > 0 &&
           sequence < self->sequence && sim_key_time_(key) >= self->last_s;
}

static uint32_t has_hole(const sim_calendar_t *self)
{
    return self->hole != SIM_NO_SLOT;
}

/* At the root stands the key of the event that has left, or the one that lets none rise there. */
static bool hole_is_sound(const sim_calendar_t *self)
{
    sim_key_t key = sim_calendar_keys_(self)[SIM_HEAP_ROOT];
    return self->keys > 0 && self->hole < self->fresh && (key == SIM_KEY_FIRST || sim_key_slot_(key) == self->hole);
}

/* Every key after its parent, every slot knowing its place, all ones behind the end. */
static bool heap_is_sound(const sim_calendar_t *self)
{
    const sim_key_t *heap = sim_calendar_keys_(self);
    uint32_t end = SIM_HEAP_ROOT + self->keys;
    uint32_t first = SIM_HEAP_ROOT + has_hole(self);
    if (has_hole(self) && !hole_is_sound(self))
        return false;
    for (uint32_t p = first; p < end; p++) {
        uint32_t parent = p / 4 + 2;
        if (!key_is_sound(self, heap[p], p) || (parent >= first && heap[p] < heap[parent]))
            return false;
    }
    for (uint32_t p = end; p % 4 != 0; p++) {
        if (heap[p] != SIM_KEY_NONE)
            return false;
    }
    return true;
}

/* Every key after the one behind it, nothing but the list, and what stops a search in front of it. */
static bool list_is_sound(const sim_calendar_t *self)
{
    const sim_key_t *keys = sim_calendar_keys_(self);
    if (self->list_most != SIM_LIST_MOST || self->keys > SIM_LIST_MOST || has_hole(self) || self->ring_keys > 0 ||
        keys[SIM_HEAP_ROOT - 1] != SIM_KEY_NONE)
        return false;
    for (uint32_t p = SIM_HEAP_ROOT; p < SIM_HEAP_ROOT + self->keys; p++) {
        if (!key_is_sound(self, keys[p], p) || keys[p - 1] < keys[p])
            return false;
    }
    return true;
}

/* Live entries in ascending order. Counts them. */
static bool ring_is_sound(const sim_calendar_t *self, uint32_t *live)
{
    sim_key_t previous = SIM_KEY_FIRST;
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
    bool (*keys_are_sound)(const sim_calendar_t *) = sim_calendar_is_list_(self) ? list_is_sound : heap_is_sound;
    if (self->fresh > self->capacity || self->keys > self->capacity || !keys_are_sound(self) ||
        !ring_is_sound(self, &in_ring))
        return false;
    uint32_t free_slots = has_hole(self);
    for (uint32_t slot = self->free_slot; slot != SIM_NO_SLOT; slot = sim_calendar_slots_(self)[slot].next_free) {
        if (slot >= self->fresh || ++free_slots > self->fresh)
            return false;
    }
    uint32_t pending = sim_calendar_count(self);
    return self->ring_live == in_ring && pending + free_slots == self->fresh;
}
