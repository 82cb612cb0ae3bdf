// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/calendar.h"

#include "sim/calendar_inline.h"

#include <string.h>

#define RING_MIN 16u
#define RING_MAX 256u

/* Where the parts of a calendar of some capacity stand. */
typedef struct layout {
    uint32_t ring_mask;
    size_t slot_offset;
    size_t place_offset;
    size_t bytes;
} layout_t;

static size_t round_up_64(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static layout_t layout_of(uint32_t capacity)
{
    uint32_t ring = RING_MIN;
    while (ring < capacity && ring < RING_MAX)
        ring *= 2;
    layout_t layout = {.ring_mask = ring - 1};
    size_t heap_keys = (SIM_HEAP_ROOT + (size_t)capacity + 3) / 4 * 4; /* whole groups of four, */
    if (heap_keys < SIM_HEAP_NOTED)                                    /* the first under the root always */
        heap_keys = SIM_HEAP_NOTED;
    layout.slot_offset = round_up_64(SIM_KEYS_OFFSET + heap_keys * sizeof(sim_key_t));
    layout.place_offset = layout.slot_offset + capacity * sizeof(sim_slot_t) + ring * sizeof(sim_key_t);
    layout.bytes = round_up_64(layout.place_offset + capacity * sizeof(uint32_t));
    return layout;
}

size_t sim_calendar_bytes(uint32_t capacity)
{
    return layout_of(capacity).bytes;
}

void sim_calendar_init(sim_calendar_t *self, uint32_t capacity)
{
    SIM_ASSERT(capacity >= 1 && capacity <= SIM_CALENDAR_MAX_CAPACITY && (uintptr_t)self % 64 == 0);
    layout_t layout = layout_of(capacity);
    *self = (sim_calendar_t){
        .capacity = capacity,
        .list_most = SIM_LIST_MOST,
        .hole = SIM_NO_SLOT,
        .free_slot = SIM_NO_SLOT,
        .ring_mask = layout.ring_mask,
        .place_offset = (uint32_t)layout.place_offset,
        .slot_offset = (uint32_t)layout.slot_offset,
        .sequence = SIM_SEQUENCE_STEP,
        .last_s = INT64_MIN,
    };
    for (uint32_t i = 0; i < SIM_HEAP_NOTED; i++)
        sim_calendar_keys_(self)[i] = SIM_KEY_NONE;
}

/* Copies the ring's entries in order to the start of a ring that is at least as large. */
static void copy_ring(sim_calendar_t *self, const sim_calendar_t *from)
{
    for (uint32_t i = 0; i < from->ring_keys; i++) {
        sim_key_t key = sim_calendar_ring_(from)[(from->ring_first + i) & from->ring_mask];
        sim_calendar_ring_(self)[i] = key;
        if (key != SIM_KEY_NONE)
            sim_calendar_places_(self)[sim_key_slot_(key)] = SIM_PLACE_RING | i;
    }
    self->ring_first = 0;
    self->ring_keys = from->ring_keys;
    self->ring_live = from->ring_live;
}

void sim_calendar_grow_into(sim_calendar_t *self, uint32_t capacity, const sim_calendar_t *from)
{
    SIM_ASSERT(capacity >= from->capacity);
    sim_calendar_init(self, capacity);
    self->keys = from->keys;
    self->list_most = from->list_most;
    self->hole = from->hole;
    self->fresh = from->fresh;
    self->free_slot = from->free_slot;
    self->sequence = from->sequence;
    self->last_s = from->last_s;
    size_t heap_keys = (SIM_HEAP_ROOT + (size_t)from->keys + 4) / 4 * 4; /* up to the end of the last group */
    size_t heap_bytes = heap_keys * sizeof(sim_key_t);
    size_t from_bytes = from->slot_offset - SIM_KEYS_OFFSET;
    memcpy(sim_calendar_keys_(self), sim_calendar_keys_(from), heap_bytes < from_bytes ? heap_bytes : from_bytes);
    memcpy(sim_calendar_places_(self), sim_calendar_places_(from), from->fresh * sizeof(uint32_t));
    memcpy(sim_calendar_slots_(self), sim_calendar_slots_(from), from->fresh * sizeof(sim_slot_t));
    copy_ring(self, from);
}

/* Zero-delay events go to the ring, beside a heap: nothing that is pending at this instant with priority 0 was inserted
 * later. */
static bool goes_to_ring(const sim_calendar_t *self, int64_t time_s, unsigned priority)
{
    return time_s == self->last_s && priority == 0 && self->ring_keys <= self->ring_mask &&
           !sim_calendar_is_list_(self);
}

static bool all_slots_taken(const sim_calendar_t *self)
{
    return self->free_slot == SIM_NO_SLOT && self->fresh == self->capacity;
}

static void insert_in_ring(sim_calendar_t *self, sim_key_t key)
{
    uint32_t index = (self->ring_first + self->ring_keys++) & self->ring_mask;
    self->ring_live++;
    sim_calendar_ring_(self)[index] = key;
    sim_calendar_places_(self)[sim_key_slot_(key)] = SIM_PLACE_RING | index;
}

/* Below the root's children. */
static __attribute__((noinline)) void sink_deep(sim_calendar_t *self, const sim_key_t *at, sim_key_t key)
{
    sim_key_t *heap = sim_calendar_keys_(self);
    sim_heap_sink_(heap, sim_calendar_places_(self), (uint32_t)(at - heap), SIM_HEAP_ROOT + self->keys, key);
}

/* Lets a key sink from the root. The root and its children come first, by themselves: their places are not noted, and
 * what stops there needs little. */
static inline void sink_from_root(sim_calendar_t *self, sim_key_t key)
{
    sim_key_t *root = &sim_calendar_keys_(self)[SIM_HEAP_ROOT];
    const sim_key_t *least = sim_heap_least_of_four_(root + 1);
    if (key < *least) {
        *root = key;
        return;
    }
    *root = *least;
    sink_deep(self, least, key);
}

void sim_heap_append_(sim_calendar_t *self, sim_key_t key)
{
    sim_key_t *heap = sim_calendar_keys_(self);
    uint32_t position = SIM_HEAP_ROOT + self->keys++;
    if (position % 4 == 0) {
        heap[position + 1] = SIM_KEY_NONE;
        heap[position + 2] = SIM_KEY_NONE;
        heap[position + 3] = SIM_KEY_NONE;
    }
    sim_heap_rise_(heap, sim_calendar_places_(self), position, key);
}

/* Takes the last key off the heap. */
static sim_key_t shrink(sim_calendar_t *self)
{
    sim_key_t *last = &sim_calendar_keys_(self)[SIM_HEAP_ROOT + --self->keys];
    sim_key_t key = *last;
    *last = SIM_KEY_NONE;
    return key;
}

void sim_heap_close_hole_(sim_calendar_t *self)
{
    sim_calendar_give_slot_(self, self->hole);
    self->hole = SIM_NO_SLOT;
    sim_key_t last = shrink(self);
    if (self->keys > 0)
        sink_from_root(self, last);
}

static inline void put_in_free_slot(sim_calendar_t *self, int64_t time_s, const sim_event_t *event, unsigned priority,
                                    sim_handle_t *handle)
{
    uint32_t slot = sim_calendar_take_slot_(self);
    sim_key_t key = sim_key_make_(time_s, priority, sim_calendar_next_sequence_(self), slot);
    sim_calendar_fill_slot_(self, slot, event, handle);
    if (sim_calendar_is_list_(self) && self->keys == self->list_most)
        sim_list_to_heap_(self);
    if (sim_calendar_is_list_(self))
        sim_list_insert_(self, key);
    else if (goes_to_ring(self, time_s, priority))
        insert_in_ring(self, key);
    else
        sim_heap_append_(self, key);
}

/* A zero-delay event stays out of the hole, which a later one may want; but the hole's slot is needed when all others
 * are taken. */
static __attribute__((noinline)) void make_way_and_put(sim_calendar_t *self, int64_t time_s, const sim_event_t *event,
                                                       unsigned priority, sim_handle_t *handle)
{
    if (self->sequence == SIM_SEQUENCE_END)
        sim_calendar_renumber_(self);
    else if (!goes_to_ring(self, time_s, priority) || all_slots_taken(self))
        sim_heap_close_hole_(self);
    put_in_free_slot(self, time_s, event, priority, handle);
}

/* The last event has left a hole and a slot, which are for the first that its handler schedules. */
static inline void put_in_hole(sim_calendar_t *self, int64_t time_s, const sim_event_t *event, unsigned priority,
                               sim_handle_t *handle)
{
    uint32_t slot = self->hole;
    sim_key_t key = sim_key_make_(time_s, priority, sim_calendar_next_sequence_(self), slot);
    sim_calendar_fill_slot_(self, slot, event, handle);
    self->hole = SIM_NO_SLOT;
    sink_from_root(self, key);
}

void sim_calendar_put_elsewhere_(sim_calendar_t *self, int64_t time_s, const sim_event_t *event, unsigned priority,
                                 sim_handle_t *handle)
{
    SIM_ASSERT(priority < 16);
    bool has_hole = self->hole != SIM_NO_SLOT, at_end = self->sequence == SIM_SEQUENCE_END;
    if (has_hole && time_s > self->last_s && !at_end)
        put_in_hole(self, time_s, event, priority, handle);
    else if (has_hole || at_end)
        make_way_and_put(self, time_s, event, priority, handle);
    else
        put_in_free_slot(self, time_s, event, priority, handle);
}

sim_status_t sim_calendar_schedule(sim_calendar_t *self, const sim_event_t *event, unsigned priority,
                                   sim_handle_t *handle)
{
    SIM_ASSERT(event->time_s >= self->last_s && event->time_s < SIM_NEVER);
    if (sim_calendar_put_in_list_(self, event->time_s, event, priority, handle))
        return SIM_OK;
    if (sim_calendar_count_(self) == self->capacity)
        return SIM_ELIMIT;
    sim_calendar_put_elsewhere_(self, event->time_s, event, priority, handle);
    return SIM_OK;
}

bool sim_calendar_pop(sim_calendar_t *self, int64_t before_s, sim_event_t *event)
{
    return sim_calendar_take_(self, before_s, event);
}

static bool is_pending(const sim_calendar_t *self, sim_handle_t handle)
{
    return handle.slot < self->fresh && handle.generation != 0 &&
           sim_calendar_slots_(self)[handle.slot].generation == handle.generation;
}

/* Puts `key` at the empty `position`, from where it may have to rise, no further than to a hole, or to sink. */
static void settle(sim_calendar_t *self, uint32_t position, sim_key_t key)
{
    sim_key_t *heap = sim_calendar_keys_(self);
    if (self->hole != SIM_NO_SLOT)
        heap[SIM_HEAP_ROOT] = SIM_KEY_FIRST;
    uint32_t *places = sim_calendar_places_(self);
    if (position > SIM_HEAP_ROOT && key < heap[position / 4 + 2])
        sim_heap_rise_(heap, places, position, key);
    else
        sim_heap_sink_(heap, places, position, SIM_HEAP_ROOT + self->keys, key);
}

static void remove_key(sim_calendar_t *self, uint32_t position)
{
    if (sim_calendar_is_list_(self)) {
        sim_list_remove_(self, position);
        return;
    }
    sim_key_t last = shrink(self);
    if (position < SIM_HEAP_ROOT + self->keys)
        settle(self, position, last);
}

/* Its entry stays, naming no event. */
static void remove_from_ring(sim_calendar_t *self, uint32_t place)
{
    sim_calendar_ring_(self)[place & ~SIM_PLACE_RING] = SIM_KEY_NONE;
    self->ring_live--;
}

bool sim_calendar_cancel(sim_calendar_t *self, sim_handle_t handle)
{
    if (!is_pending(self, handle))
        return false;
    uint32_t place = sim_calendar_place_(self, handle.slot);
    if (place & SIM_PLACE_RING)
        remove_from_ring(self, place);
    else
        remove_key(self, place);
    sim_calendar_slots_(self)[handle.slot].generation += SIM_NEXT_GENERATION;
    sim_calendar_give_slot_(self, handle.slot);
    return true;
}

/* Moves an event of priority 0 out of the ring. */
static void leave_ring(sim_calendar_t *self, uint32_t place, sim_key_t key)
{
    remove_from_ring(self, place);
    if (goes_to_ring(self, sim_key_time_(key), 0)) {
        insert_in_ring(self, key);
        return;
    }
    if (self->hole != SIM_NO_SLOT)
        sim_heap_close_hole_(self);
    sim_heap_append_(self, key);
}

/* Puts `key` in place of the one that stands at `place`. */
static void replace_key(sim_calendar_t *self, uint32_t place, sim_key_t key)
{
    if (sim_calendar_is_list_(self)) {
        sim_list_remove_(self, place);
        sim_list_insert_(self, key);
    } else {
        settle(self, place, key);
    }
}

bool sim_calendar_reschedule(sim_calendar_t *self, sim_handle_t handle, int64_t time_s)
{
    SIM_ASSERT(time_s >= self->last_s && time_s < SIM_NEVER);
    if (!is_pending(self, handle))
        return false;
    if (self->sequence == SIM_SEQUENCE_END)
        sim_calendar_renumber_(self); /* moves keys: the place is read after it */
    uint64_t sequence = sim_calendar_next_sequence_(self);
    uint32_t place = sim_calendar_place_(self, handle.slot);
    if (place & SIM_PLACE_RING) {
        leave_ring(self, place, sim_key_make_(time_s, 0, sequence, handle.slot));
        return true;
    }
    uint64_t low = (uint64_t)sim_calendar_keys_(self)[place];
    unsigned priority = (unsigned)(low >> SIM_KEY_PRIORITY_SHIFT);
    replace_key(self, place, sim_key_make_(time_s, priority, sequence, handle.slot));
    return true;
}

/* First key of the heap; all ones when it is empty. */
static sim_key_t heap_first(const sim_calendar_t *self)
{
    const sim_key_t *heap = sim_calendar_keys_(self);
    if (self->hole == SIM_NO_SLOT)
        return heap[SIM_HEAP_ROOT];
    return *sim_heap_least_of_four_(sim_heap_children_(heap, SIM_HEAP_ROOT));
}

/* First live key of the ring; all ones when there is none. */
static sim_key_t ring_first(const sim_calendar_t *self)
{
    for (uint32_t i = 0; i < self->ring_keys; i++) {
        sim_key_t key = sim_calendar_ring_(self)[(self->ring_first + i) & self->ring_mask];
        if (key != SIM_KEY_NONE)
            return key;
    }
    return SIM_KEY_NONE;
}

/* Takes the ring's first event if it is the first of all. Also drops cancelled entries at the ring's front. */
static bool pop_ring(sim_calendar_t *self, int64_t before_s, sim_event_t *event)
{
    sim_key_t key = SIM_KEY_NONE;
    while (self->ring_keys > 0) {
        key = sim_calendar_ring_(self)[self->ring_first];
        if (key != SIM_KEY_NONE)
            break;
        self->ring_first = (self->ring_first + 1) & self->ring_mask;
        self->ring_keys--;
    }
    if (key == SIM_KEY_NONE || sim_key_time_(key) >= before_s || heap_first(self) < key)
        return false;
    self->ring_first = (self->ring_first + 1) & self->ring_mask;
    self->ring_keys--;
    self->ring_live--;
    sim_calendar_hand_out_(self, key, event);
    sim_calendar_give_slot_(self, sim_key_slot_(key));
    return true;
}

bool sim_heap_take_(sim_calendar_t *self, int64_t before_s, sim_event_t *event)
{
    if (__builtin_expect(self->ring_keys > 0, 0) && pop_ring(self, before_s, event))
        return true;
    if (self->hole != SIM_NO_SLOT)
        sim_heap_close_hole_(self);
    if (self->keys <= SIM_LIST_AGAIN && self->ring_keys == 0) {
        sim_list_from_heap_(self);
        return sim_calendar_take_(self, before_s, event);
    }
    const sim_key_t *heap = sim_calendar_keys_(self);
    sim_key_t key = heap[SIM_HEAP_ROOT]; /* all ones when the heap is empty: the time is SIM_NEVER then */
    if (sim_key_time_(key) >= before_s)
        return false;
    self->hole = sim_key_slot_(key);
    if (self->keys >= SIM_PREFETCH_KEYS) {
        const sim_key_t *next = sim_heap_least_of_four_(sim_heap_children_(heap, SIM_HEAP_ROOT));
        __builtin_prefetch(&sim_calendar_slots_(self)[sim_key_slot_(*next)]);
    }
    sim_calendar_hand_out_(self, key, event);
    return true;
}

int64_t sim_calendar_next_time(const sim_calendar_t *self)
{
    if (sim_calendar_is_list_(self))
        return sim_key_time_(*sim_list_first_(self));
    sim_key_t heap = heap_first(self);
    sim_key_t ring = ring_first(self);
    return sim_key_time_(ring < heap ? ring : heap);
}

uint32_t sim_calendar_count(const sim_calendar_t *self)
{
    return sim_calendar_count_(self);
}

uint32_t sim_calendar_capacity(const sim_calendar_t *self)
{
    return self->capacity;
}
