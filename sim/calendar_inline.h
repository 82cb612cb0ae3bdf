// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of the calendar: its layout and its hot paths, for the calendar itself, the world's dispatch loop and tests.
 * Everyone else uses sim/calendar.h.
 *
 * One block holds, in this order: the header (one cache line); the 16-byte keys; the slots with the events' contents; the
 * ring of keys of zero-delay events; the place of every slot (where its key stands). The last two are a heap's: what a
 * list touches stands close together.
 *
 * A key is one unsigned 128-bit number: time 64 bits with the sign bit flipped | priority 4 | sequence 36 | slot 24.
 * Comparing keys is comparing (time, priority, insertion); the slot never decides, as no two sequences are equal.
 *
 * Few keys are a list in order, the first event's last: it leaves in one step, and as most events are scheduled for soon,
 * a new one passes few others. No place is noted of them, and zero-delay events stand among them. In front of the last
 * event's key stands one that is all ones, which stops both a search and, when there is no event, a pop.
 *
 * More than SIM_LIST_MOST are a 4-ary heap, until SIM_LIST_AGAIN are left. Its root stands at position 3 and the children
 * of p at 4p-8 .. 4p-5, so that each group of four children fills one cache line. Keys behind the last one, up to the end
 * of its group, are all ones: the least of four children is found without asking how many there are. When the root's
 * event leaves, the root stays as a hole, and its slot with it: the next event scheduled takes the slot, and its key sinks
 * from the root, one sift for a pop and a push. Between the first positions of the heap, keys move without their places
 * being noted: who asks looks there first.
 */
#ifndef SIM_CALENDAR_INLINE_H
#define SIM_CALENDAR_INLINE_H

#include "sim/calendar.h"
#include "sim/fetch.h"
#include "sim/time.h"

#include <assert.h>

__extension__ typedef unsigned __int128 sim_key_t;

#define SIM_KEY_NONE           (~(sim_key_t)0) /* before the list, behind the heap; a cancelled one of the ring */
#define SIM_KEY_FIRST          ((sim_key_t)0)  /* less than any real one */
#define SIM_KEY_TIME_SIGN      (UINT64_C(1) << 63)
#define SIM_KEY_PRIORITY_SHIFT 60
#define SIM_KEY_SLOT_MASK      ((UINT32_C(1) << 24) - 1)
#define SIM_SEQUENCE_STEP      (UINT64_C(1) << 24)
#define SIM_SEQUENCE_END       (UINT64_C(1) << 60)

#define SIM_KEYS_OFFSET     64u
#define SIM_HEAP_ROOT       3u /* and first position of the list */
#define SIM_HEAP_NOTED      8u /* the first position whose key's place is noted: behind the root's children */
#define SIM_LIST_MOST       64u
#define SIM_LIST_AGAIN      32u
#define SIM_PREFETCH_KEYS   4096u /* heaps above this size are worth the cost of fetching ahead */
#define SIM_NO_SLOT         UINT32_MAX
#define SIM_NEXT_GENERATION 2u                  /* from 1 on: they stay odd, and never become 0, which names no event */
#define SIM_PLACE_RING      (UINT32_C(1) << 31) /* the place is a position in the ring */

/* Contents of an event; its time, priority and order are in the key. */
typedef struct sim_slot {
    uint32_t type;
    uint32_t entity;
    int64_t a;
    int64_t b;
    uint32_t generation; /* of the event in the slot, or of the next one */
    uint32_t next_free;  /* of a free slot: the next one */
} sim_slot_t;

struct sim_calendar {
    uint32_t capacity;
    uint32_t keys;      /* in the list or the heap, the hole included */
    uint32_t list_most; /* as many as the list may have, SIM_LIST_MOST; 0: they are a heap */
    uint32_t hole;      /* slot of the root's event when that has left and nothing has taken its place; SIM_NO_SLOT */
    uint32_t fresh;     /* slots below have been used at least once */
    uint32_t free_slot; /* first of the list of free slots */
    uint32_t ring_first;
    uint32_t ring_keys; /* entries between first and last, cancelled ones included */
    uint32_t ring_live; /* those of events that are pending */
    uint32_t ring_mask; /* size of the ring - 1; a power of two less one */
    uint32_t place_offset;
    uint32_t slot_offset;
    uint64_t sequence; /* of the next insertion, where it stands in a key; starts at one step */
    int64_t last_s;    /* time of the last event popped, INT64_MIN before the first */
};

static_assert(sizeof(sim_slot_t) == 32, "two slots to a cache line");
static_assert(sizeof(sim_event_t) == 32, "an event is half a cache line");
static_assert(sizeof(struct sim_calendar) == 64, "the header is one cache line");

static inline void *sim_calendar_part_(const void *from, ptrdiff_t offset)
{
    return (unsigned char *)(uintptr_t)from + offset;
}

/* The keys, indexed from 0; 0 to 2 are all ones always. */
static inline sim_key_t *sim_calendar_keys_(const sim_calendar_t *self)
{
    return (sim_key_t *)sim_calendar_part_(self, SIM_KEYS_OFFSET);
}

static inline sim_key_t *sim_calendar_ring_(const sim_calendar_t *self)
{
    ptrdiff_t bytes = ((ptrdiff_t)self->ring_mask + 1) * (ptrdiff_t)sizeof(sim_key_t);
    return (sim_key_t *)sim_calendar_part_(self, self->place_offset - bytes);
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
    uint64_t low = (uint64_t)priority << SIM_KEY_PRIORITY_SHIFT | sequence | slot;
    return (sim_key_t)((uint64_t)time_s ^ SIM_KEY_TIME_SIGN) << 64 | low;
}

/* Whether `a` comes before `b`. Their times mostly tell: two numbers of 64 bits are compared in half the steps. */
static inline bool sim_key_is_before_(sim_key_t a, sim_key_t b)
{
    uint64_t a_time = (uint64_t)(a >> 64), b_time = (uint64_t)(b >> 64);
    return __builtin_expect(a_time != b_time, 1) ? a_time < b_time : (uint64_t)a < (uint64_t)b;
}

/* The lesser of two keys, without a branch. */
static inline const sim_key_t *sim_key_lesser_(const sim_key_t *a, const sim_key_t *b)
{
    ptrdiff_t bytes = (const char *)b - (const char *)a;
    return sim_calendar_part_(a, bytes & -(ptrdiff_t)(*b < *a));
}

/* The least of the four keys of a group. */
static inline const sim_key_t *sim_heap_least_of_four_(const sim_key_t *group)
{
    return sim_key_lesser_(sim_key_lesser_(group, group + 1), sim_key_lesser_(group + 2, group + 3));
}

static inline const sim_key_t *sim_heap_children_(const sim_key_t *heap, uint32_t position)
{
    return &heap[4 * (size_t)position - 8];
}

static inline void sim_heap_put_(sim_key_t *heap, uint32_t *places, uint32_t position, sim_key_t key)
{
    heap[position] = key;
    places[sim_key_slot_(key)] = position;
}

/* Lets `key` rise from the empty `position`. */
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

/* Lets `key` sink from the empty `position`; `end` is one past the heap's last position. Pointers, as a position would be
 * worked out of each and back. */
static inline void sim_heap_sink_(sim_key_t *heap, uint32_t *places, uint32_t position, uint32_t end, sim_key_t key)
{
    const sim_key_t *beyond = heap + end;
    sim_key_t *at = heap + position;
    for (;;) {
        sim_key_t *group = heap + 4 * (at - heap) - 8;
        if (group >= beyond)
            break;
        if (end >= SIM_PREFETCH_KEYS)
            sim_fetch(heap + 4 * (group - heap) - 8, 4 * SIM_LINE_BYTES);
        const sim_key_t *least = sim_heap_least_of_four_(group);
        if (key < *least)
            break;
        *at = *least;
        places[sim_key_slot_(*least)] = (uint32_t)(at - heap);
        at += least - at;
    }
    *at = key;
    places[sim_key_slot_(key)] = (uint32_t)(at - heap);
}

/* Puts a key into the list, which has room. Whether it comes before the first one or behind is as good as random: a
 * processor that guesses at a branch loses more than the choice costs. Keys are chosen, not places: the first one is read
 * next, and reading waits for as long as it is open what was written where. */
static inline void sim_list_insert_(sim_calendar_t *self, sim_key_t key)
{
    size_t keys = self->keys++;
    sim_key_t *at = &sim_calendar_keys_(self)[SIM_HEAP_ROOT + keys];
    sim_key_t first = at[-1];
    *at-- = first < key ? first : key;
    sim_key_t later = first < key ? key : first;
    while (__builtin_expect(sim_key_is_before_(at[-1], later), 0)) {
        *at = at[-1];
        at--;
    }
    *at = later;
}

/* Numbers the pending events anew, 1, 2, … in their order; when the sequence's 36 bits are used up. */
void sim_calendar_renumber_(sim_calendar_t *self);
/* Puts a key into a heap that has no hole. */
void sim_heap_append_(sim_calendar_t *self, sim_key_t key);
/* Fills the hole with the last key, and gives its slot back. */
void sim_heap_close_hole_(sim_calendar_t *self);
/* sim_calendar_pop from a heap. */
bool sim_heap_take_(sim_calendar_t *self, int64_t before_s, sim_event_t *event);

/* Takes the key at a position out of the list. */
void sim_list_remove_(sim_calendar_t *self, uint32_t position);
/* Makes the list a heap, and a heap of at most SIM_LIST_MOST keys without a hole, beside an empty ring, a list. */
void sim_list_to_heap_(sim_calendar_t *self);
void sim_list_from_heap_(sim_calendar_t *self);

/* sim_calendar_schedule with the time apart, in a calendar that has room, of an event that sim_calendar_put_in_list_ has
 * refused. */
void sim_calendar_put_elsewhere_(sim_calendar_t *self, int64_t time_s, const sim_event_t *event, unsigned priority,
                                 sim_handle_t *handle);

static inline bool sim_calendar_is_list_(const sim_calendar_t *self)
{
    return self->list_most > 0;
}

/* Of the list: the first event's, all ones when there is none. */
static inline const sim_key_t *sim_list_first_(const sim_calendar_t *self)
{
    size_t keys = self->keys;
    return &sim_calendar_keys_(self)[SIM_HEAP_ROOT - 1 + keys];
}

/* sim_calendar_count, inlined. */
static inline uint32_t sim_calendar_count_(const sim_calendar_t *self)
{
    return self->keys - (self->hole != SIM_NO_SLOT) + self->ring_live;
}

/* sim_calendar_next_time, inlined. */
static inline int64_t sim_calendar_next_time_(const sim_calendar_t *self)
{
    return sim_calendar_is_list_(self) ? sim_key_time_(*sim_list_first_(self)) : sim_calendar_next_time(self);
}

/* Where the key of a pending event stands. */
static inline uint32_t sim_calendar_place_(const sim_calendar_t *self, uint32_t slot)
{
    const sim_key_t *keys = sim_calendar_keys_(self);
    uint32_t end = SIM_HEAP_ROOT + self->keys;
    uint32_t noted = sim_calendar_is_list_(self) || end < SIM_HEAP_NOTED ? end : SIM_HEAP_NOTED;
    for (uint32_t i = SIM_HEAP_ROOT + (self->hole != SIM_NO_SLOT); i < noted; i++) {
        if (sim_key_slot_(keys[i]) == slot)
            return i;
    }
    return sim_calendar_places_(self)[slot];
}

static inline uint32_t sim_calendar_take_slot_(sim_calendar_t *self)
{
    uint32_t slot = self->free_slot;
    if (slot != SIM_NO_SLOT) {
        self->free_slot = sim_calendar_slots_(self)[slot].next_free;
        return slot;
    }
    slot = self->fresh++;
    sim_calendar_slots_(self)[slot].generation = 1;
    return slot;
}

static inline void sim_calendar_give_slot_(sim_calendar_t *self, uint32_t slot)
{
    sim_calendar_slots_(self)[slot].next_free = self->free_slot;
    self->free_slot = slot;
}

static inline uint64_t sim_calendar_next_sequence_(sim_calendar_t *self)
{
    uint64_t sequence = self->sequence;
    self->sequence = sequence + SIM_SEQUENCE_STEP;
    return sequence;
}

static inline void sim_calendar_fill_slot_(sim_calendar_t *self, uint32_t slot, const sim_event_t *event,
                                           sim_handle_t *handle)
{
    sim_slot_t *content = &sim_calendar_slots_(self)[slot];
    content->type = event->type;
    content->entity = event->entity;
    content->a = event->a;
    content->b = event->b;
    if (handle != NULL)
        *handle = (sim_handle_t){slot, content->generation};
}

/* sim_calendar_schedule where it is done with little: in a list that has room, into a slot that has been used before.
 * event->time_s is not read; `time_s` is no earlier than the last event's. */
static inline bool sim_calendar_put_in_list_(sim_calendar_t *self, int64_t time_s, const sim_event_t *event,
                                             unsigned priority, sim_handle_t *handle)
{
    if (__builtin_expect(self->keys >= self->list_most, 0) || __builtin_expect(self->free_slot == SIM_NO_SLOT, 0) ||
        __builtin_expect(priority >= 16 || (self->sequence & SIM_SEQUENCE_END) != 0, 0))
        return false;
    uint32_t slot = self->free_slot;
    sim_key_t key = sim_key_make_(time_s, priority, sim_calendar_next_sequence_(self), slot);
    self->free_slot = sim_calendar_slots_(self)[slot].next_free;
    sim_calendar_fill_slot_(self, slot, event, handle);
    sim_list_insert_(self, key);
    return true;
}

/* Hands the event of `key` out. Its slot is the caller's to give back. */
static inline void sim_calendar_hand_out_(sim_calendar_t *self, sim_key_t key, sim_event_t *event)
{
    sim_slot_t *content = &sim_calendar_slots_(self)[sim_key_slot_(key)];
    event->time_s = sim_key_time_(key);
    event->type = content->type; /* one by one, as they may just have been written */
    event->entity = content->entity;
    event->a = content->a;
    event->b = content->b;
    content->generation += SIM_NEXT_GENERATION;
    self->last_s = event->time_s;
}

/* sim_calendar_pop, inlined. */
static inline bool sim_calendar_take_(sim_calendar_t *self, int64_t before_s, sim_event_t *event)
{
    if (!sim_calendar_is_list_(self))
        return sim_heap_take_(self, before_s, event);
    sim_key_t key = *sim_list_first_(self); /* all ones when there is none: the time is SIM_NEVER then */
    if (sim_key_time_(key) >= before_s)
        return false;
    self->keys--;
    sim_calendar_hand_out_(self, key, event);
    sim_calendar_give_slot_(self, sim_key_slot_(key));
    return true;
}

#endif
