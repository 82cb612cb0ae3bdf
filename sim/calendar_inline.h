// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of the calendar: its layout and its hot paths, for the calendar itself, the world's dispatch loop and tests.
 * Everyone else uses sim/calendar.h.
 *
 * One block holds, in this order: the header (one cache line); the heap of 16-byte keys; the ring of keys of zero-delay
 * events; the place of every slot (where its key stands, or the next free slot); the slots with the events' contents.
 *
 * A key is one unsigned 128-bit number: time 64 bits with the sign bit flipped | priority 4 | sequence 36 | slot 24.
 * Comparing keys is comparing (time, priority, insertion); the slot never decides, as no two sequences are equal.
 *
 * The heap is 4-ary. Its root stands at position 3 and the children of p at 4p-8 .. 4p-5, so that each group of four
 * children fills one cache line. Keys behind the last one, up to the end of its group, are all ones: the least of four
 * children is found without asking how many there are. When the root's event leaves, its key becomes 0, less than any
 * real key, and stays as a hole: the next key scheduled sinks from there, one sift for a pop and a push.
 */
#ifndef SIM_CALENDAR_INLINE_H
#define SIM_CALENDAR_INLINE_H

#include "sim/calendar.h"
#include "sim/time.h"

#include <assert.h>

__extension__ typedef unsigned __int128 sim_key_t;

#define SIM_KEY_NONE           (~(sim_key_t)0) /* behind the heap's end; a cancelled entry of the ring */
#define SIM_KEY_HOLE           ((sim_key_t)0)
#define SIM_KEY_TIME_SIGN      (UINT64_C(1) << 63)
#define SIM_KEY_PRIORITY_SHIFT 60
#define SIM_KEY_SEQUENCE_SHIFT 24
#define SIM_KEY_SLOT_MASK      ((UINT32_C(1) << SIM_KEY_SEQUENCE_SHIFT) - 1)
#define SIM_SEQUENCE_END       (UINT64_C(1) << 36)

#define SIM_HEAP_ROOT     3u
#define SIM_HEAP_OFFSET   64u
#define SIM_PREFETCH_KEYS 4096u /* heaps above this size are worth the cost of fetching ahead */
#define SIM_NO_SLOT       UINT32_MAX
#define SIM_PLACE_RING    (UINT32_C(1) << 31) /* the place is a position in the ring */

/* Contents of an event; its time, priority and order are in the key. */
typedef struct sim_slot {
    uint32_t type;
    uint32_t entity;
    int64_t a;
    int64_t b;
    uint32_t generation; /* of the event in the slot, or of the next one */
    uint32_t reserved;
} sim_slot_t;

struct sim_calendar {
    uint32_t capacity;
    uint32_t pending;   /* events scheduled and not yet gone */
    uint32_t heap_keys; /* keys in the heap, the hole included */
    uint32_t hole;      /* 1 when the root's event has left and nothing has taken its place */
    uint32_t fresh;     /* slots below have been used at least once */
    uint32_t free_slot; /* first of the list of free slots, linked through their places */
    uint32_t ring_first;
    uint32_t ring_keys; /* entries between first and last, cancelled ones included */
    uint32_t ring_mask; /* size of the ring - 1; a power of two less one */
    uint32_t ring_offset;
    uint32_t place_offset;
    uint32_t slot_offset;
    uint64_t sequence; /* of the next insertion; starts at 1 */
    int64_t last_s;    /* time of the last event popped, INT64_MIN before the first */
};

static_assert(sizeof(sim_slot_t) == 32, "two slots to a cache line");
static_assert(sizeof(sim_event_t) == 32, "an event is half a cache line");
static_assert(sizeof(struct sim_calendar) == 64, "the header is one cache line");

static inline void *sim_calendar_part_(const sim_calendar_t *self, size_t offset)
{
    return (unsigned char *)(uintptr_t)self + offset;
}

/* The heap's keys, indexed from 0; 0 to 2 are never used. */
static inline sim_key_t *sim_calendar_heap_(const sim_calendar_t *self)
{
    return (sim_key_t *)sim_calendar_part_(self, SIM_HEAP_OFFSET);
}

static inline sim_key_t *sim_calendar_ring_(const sim_calendar_t *self)
{
    return (sim_key_t *)sim_calendar_part_(self, self->ring_offset);
}

static inline uint32_t *sim_calendar_places_(const sim_calendar_t *self)
{
    return (uint32_t *)sim_calendar_part_(self, self->place_offset);
}

static inline sim_slot_t *sim_calendar_slots_(const sim_calendar_t *self)
{
    return (sim_slot_t *)sim_calendar_part_(self, self->slot_offset);
}

static inline uint32_t sim_key_slot_(sim_key_t key)
{
    return (uint32_t)key & SIM_KEY_SLOT_MASK;
}

static inline int64_t sim_key_time_(sim_key_t key)
{
    return (int64_t)((uint64_t)(key >> 64) ^ SIM_KEY_TIME_SIGN);
}

static inline sim_key_t sim_key_make_(int64_t time_s, unsigned priority, uint64_t sequence, uint32_t slot)
{
    uint64_t low = (uint64_t)priority << SIM_KEY_PRIORITY_SHIFT | sequence << SIM_KEY_SEQUENCE_SHIFT | slot;
    return (sim_key_t)((uint64_t)time_s ^ SIM_KEY_TIME_SIGN) << 64 | low;
}

/* Position of the least of the four keys from `first` on, without branches. */
static inline uint32_t sim_heap_least_of_four_(const sim_key_t *heap, uint32_t first)
{
    uint32_t left = first + (heap[first + 1] < heap[first]);
    uint32_t right = first + 2 + (heap[first + 3] < heap[first + 2]);
    uint32_t take_right = heap[right] < heap[left];
    return left + ((right - left) & -take_right);
}

static inline void sim_heap_put_(sim_key_t *heap, uint32_t *places, uint32_t position, sim_key_t key)
{
    heap[position] = key;
    places[sim_key_slot_(key)] = position;
}

/* Lets `key` rise from the empty `position`. A hole at the root stops it. */
static inline void sim_heap_rise_(sim_key_t *heap, uint32_t *places, uint32_t position, sim_key_t key)
{
    while (position > SIM_HEAP_ROOT) {
        uint32_t parent = position / 4 + 2;
        if (heap[parent] < key)
            break;
        sim_heap_put_(heap, places, position, heap[parent]);
        position = parent;
    }
    sim_heap_put_(heap, places, position, key);
}

/* Lets `key` sink from the empty `position`; `end` is one past the heap's last position. */
static inline void sim_heap_sink_(sim_key_t *heap, uint32_t *places, uint32_t position, uint32_t end, sim_key_t key)
{
    for (;;) {
        uint32_t first = 4 * position - 8;
        if (first >= end)
            break;
        if (end >= SIM_PREFETCH_KEYS) {
            __builtin_prefetch(&heap[4 * first - 8]);
            __builtin_prefetch(&heap[4 * first - 4]);
            __builtin_prefetch(&heap[4 * first]);
            __builtin_prefetch(&heap[4 * first + 4]);
        }
        uint32_t least = sim_heap_least_of_four_(heap, first);
        if (key < heap[least])
            break;
        sim_heap_put_(heap, places, position, heap[least]);
        position = least;
    }
    sim_heap_put_(heap, places, position, key);
}

/* The same from the root of a heap of two to five keys. Which of two keys is less is as good as random where so few
 * events are pending: a processor that guesses at a branch loses more than both moves cost. */
static inline void sim_heap_sink_few_(sim_key_t *heap, uint32_t *places, uint32_t keys, sim_key_t key)
{
    uint32_t first = 4 * SIM_HEAP_ROOT - 8, least = keys == 2 ? first : sim_heap_least_of_four_(heap, first);
    sim_key_t other = heap[least];
    uint64_t sinks = -(uint64_t)(other < key);
    sim_key_t differ = key ^ other;
    differ = (sim_key_t)((uint64_t)(differ >> 64) & sinks) << 64 | ((uint64_t)differ & sinks);
    sim_heap_put_(heap, places, SIM_HEAP_ROOT, key ^ differ);
    sim_heap_put_(heap, places, least, other ^ differ);
}

/* Opens one more position at the heap's end and returns it. */
static inline uint32_t sim_heap_extend_(sim_calendar_t *self, sim_key_t *heap)
{
    uint32_t position = SIM_HEAP_ROOT + self->heap_keys++;
    if (position % 4 == 0) {
        heap[position + 1] = SIM_KEY_NONE;
        heap[position + 2] = SIM_KEY_NONE;
        heap[position + 3] = SIM_KEY_NONE;
    }
    return position;
}

/* Takes the last key off the heap. */
static inline sim_key_t sim_heap_shrink_(sim_calendar_t *self, sim_key_t *heap)
{
    uint32_t position = SIM_HEAP_ROOT + --self->heap_keys;
    sim_key_t key = heap[position];
    heap[position] = SIM_KEY_NONE;
    return key;
}

static inline void sim_heap_insert_(sim_calendar_t *self, sim_key_t key)
{
    sim_key_t *heap = sim_calendar_heap_(self);
    uint32_t *places = sim_calendar_places_(self);
    if (self->hole) {
        self->hole = 0;
        if (self->heap_keys - 2 < 4)
            sim_heap_sink_few_(heap, places, self->heap_keys, key);
        else
            sim_heap_sink_(heap, places, SIM_HEAP_ROOT, SIM_HEAP_ROOT + self->heap_keys, key);
    } else {
        sim_heap_rise_(heap, places, sim_heap_extend_(self, heap), key);
    }
}

/* Fills the hole with the last key. */
static inline void sim_heap_close_hole_(sim_calendar_t *self)
{
    sim_key_t *heap = sim_calendar_heap_(self);
    self->hole = 0;
    sim_key_t last = sim_heap_shrink_(self, heap);
    if (self->heap_keys > 0)
        sim_heap_sink_(heap, sim_calendar_places_(self), SIM_HEAP_ROOT, SIM_HEAP_ROOT + self->heap_keys, last);
}

static inline uint32_t sim_calendar_take_slot_(sim_calendar_t *self)
{
    uint32_t slot = self->free_slot;
    if (slot != SIM_NO_SLOT) {
        self->free_slot = sim_calendar_places_(self)[slot];
        return slot;
    }
    slot = self->fresh++;
    sim_calendar_slots_(self)[slot].generation = 1;
    return slot;
}

static inline void sim_calendar_give_slot_(sim_calendar_t *self, uint32_t slot)
{
    sim_slot_t *content = &sim_calendar_slots_(self)[slot];
    content->generation++;
    content->generation += content->generation == 0; /* 0 names no event */
    sim_calendar_places_(self)[slot] = self->free_slot;
    self->free_slot = slot;
    self->pending--;
}

/* Numbers the pending events anew, 1, 2, … in their order; when the sequence's 36 bits are used up. */
void sim_calendar_renumber_(sim_calendar_t *self);

static inline uint64_t sim_calendar_next_sequence_(sim_calendar_t *self)
{
    if (__builtin_expect(self->sequence == SIM_SEQUENCE_END, 0))
        sim_calendar_renumber_(self);
    return self->sequence++;
}

/* Zero-delay events go to the ring: nothing that is pending at this instant with priority 0 was inserted later. */
static inline void sim_calendar_insert_key_(sim_calendar_t *self, sim_key_t key, unsigned priority)
{
    bool zero_delay = sim_key_time_(key) == self->last_s && priority == 0;
    if (__builtin_expect(zero_delay && self->ring_keys <= self->ring_mask, 0)) {
        uint32_t index = (self->ring_first + self->ring_keys++) & self->ring_mask;
        sim_calendar_ring_(self)[index] = key;
        sim_calendar_places_(self)[sim_key_slot_(key)] = SIM_PLACE_RING | index;
    } else {
        sim_heap_insert_(self, key);
    }
}

/* sim_calendar_schedule with the time apart: event->time_s is not read. */
static inline sim_status_t sim_calendar_put_(sim_calendar_t *self, int64_t time_s, const sim_event_t *event,
                                             unsigned priority, sim_handle_t *handle)
{
    SIM_ASSERT(time_s >= self->last_s && priority < 16);
    if (__builtin_expect(self->pending == self->capacity, 0))
        return SIM_ELIMIT;
    self->pending++;
    uint64_t sequence = sim_calendar_next_sequence_(self);
    uint32_t slot = sim_calendar_take_slot_(self);
    sim_slot_t *content = &sim_calendar_slots_(self)[slot];
    content->type = event->type;
    content->entity = event->entity;
    content->a = event->a;
    content->b = event->b;
    if (handle != NULL)
        *handle = (sim_handle_t){slot, content->generation};
    sim_calendar_insert_key_(self, sim_key_make_(time_s, priority, sequence, slot), priority);
    return SIM_OK;
}

/* Hands the event of `key` out and frees its slot. */
static inline void sim_calendar_hand_out_(sim_calendar_t *self, sim_key_t key, sim_event_t *event)
{
    uint32_t slot = sim_key_slot_(key);
    const sim_slot_t *content = &sim_calendar_slots_(self)[slot];
    event->time_s = sim_key_time_(key);
    event->type = content->type;
    event->entity = content->entity;
    event->a = content->a;
    event->b = content->b;
    self->last_s = event->time_s;
    sim_calendar_give_slot_(self, slot);
}

/* Takes the ring's first event if it is the first of all. Also drops cancelled entries at the ring's front. */
bool sim_calendar_pop_ring_(sim_calendar_t *self, int64_t before_s, sim_event_t *event);

/* sim_calendar_pop, inlined. */
static inline bool sim_calendar_take_(sim_calendar_t *self, int64_t before_s, sim_event_t *event)
{
    if (__builtin_expect(self->ring_keys > 0, 0) && sim_calendar_pop_ring_(self, before_s, event))
        return true;
    if (self->hole)
        sim_heap_close_hole_(self);
    sim_key_t *root = &sim_calendar_heap_(self)[SIM_HEAP_ROOT];
    sim_key_t key = *root; /* all ones when the heap is empty: the time is SIM_NEVER then */
    if (sim_key_time_(key) >= before_s)
        return false;
    *root = SIM_KEY_HOLE;
    self->hole = 1;
    if (self->heap_keys >= SIM_PREFETCH_KEYS) {
        uint32_t next = sim_heap_least_of_four_(sim_calendar_heap_(self), 4 * SIM_HEAP_ROOT - 8);
        __builtin_prefetch(&sim_calendar_slots_(self)[sim_key_slot_(sim_calendar_heap_(self)[next])]);
    }
    sim_calendar_hand_out_(self, key, event);
    return true;
}

#endif
