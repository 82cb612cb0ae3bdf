// SPDX-License-Identifier: GPL-3.0-or-later
/* The calendar: the future events of one logical process, in a total order.
 *
 * Events leave in the order time, then priority (0 first, 15 last), then order of insertion. Never an address, never a
 * comparison of floating-point numbers. An event that was scheduled can be cancelled or moved through its handle; a
 * handle whose event has left is recognised and refused.
 *
 * Order of insertion is kept by a number of 36 bits; when a calendar has seen 2^36 insertions, its pending events are
 * numbered anew and nothing changes for the caller. Of few events, those that are due soon cost least to schedule; of
 * many, zero-delay ones. A handle is told from a later one of the same slot by a 31-bit generation.
 *
 * A calendar is one block of memory without pointers into itself: copying the bytes copies the calendar. It never
 * allocates. The owner gives it a block of sim_calendar_bytes(capacity) bytes, aligned to 64, and may copy it into a
 * larger one with sim_calendar_grow_into().
 *
 *     sim_calendar_t *cal = aligned_alloc(64, sim_calendar_bytes(1000));
 *     sim_calendar_init(cal, 1000);
 *     sim_handle_t h;
 *     sim_calendar_schedule(cal, &(sim_event_t){.time_s = 60, .type = ARRIVAL}, 0, &h);
 *     sim_event_t event;
 *     while (sim_calendar_pop(cal, SIM_NEVER, &event)) ...
 */
#ifndef SIM_CALENDAR_H
#define SIM_CALENDAR_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event: what happens, to whom, with two free numbers whose meaning the type fixes. */
typedef struct sim_event {
    int64_t time_s;
    uint32_t type;
    uint32_t entity;
    int64_t a;
    int64_t b;
} sim_event_t;

/* Names a scheduled event for cancel and reschedule. {0, 0} names none. */
typedef struct sim_handle {
    uint32_t slot;
    uint32_t generation;
} sim_handle_t;

typedef struct sim_calendar sim_calendar_t;

#define SIM_CALENDAR_MAX_CAPACITY ((UINT32_C(1) << 24) - 2) /* slots are 24 bits of the key */

/* Bytes of a calendar for `capacity` pending events; a multiple of 64. */
size_t sim_calendar_bytes(uint32_t capacity);

/* Makes an empty calendar in `self`, 64-byte aligned memory of sim_calendar_bytes(capacity). */
void sim_calendar_init(sim_calendar_t *self, uint32_t capacity);

/* Copies `from` into `self`, a block of sim_calendar_bytes(capacity), capacity >= from's. Handles stay valid. */
void sim_calendar_grow_into(sim_calendar_t *self, uint32_t capacity, const sim_calendar_t *from);

/* Schedules a copy of `event`. `handle` may be NULL. SIM_ELIMIT when full. An event before the last one popped is a
 * programmer's bug (assert). */
sim_status_t sim_calendar_schedule(sim_calendar_t *self, const sim_event_t *event, unsigned priority,
                                   sim_handle_t *handle);

/* Takes a pending event out. False when the handle's event has already left or was cancelled. O(log n). */
bool sim_calendar_cancel(sim_calendar_t *self, sim_handle_t handle);

/* Moves a pending event to another time; it goes behind events of the same time and priority, as if newly inserted. */
bool sim_calendar_reschedule(sim_calendar_t *self, sim_handle_t handle, int64_t time_s);

/* Takes the first event out if its time is before `before_s`; false otherwise. */
bool sim_calendar_pop(sim_calendar_t *self, int64_t before_s, sim_event_t *event);

/* Time of the first event, SIM_NEVER when empty. */
int64_t sim_calendar_next_time(const sim_calendar_t *self);

/* Pending events, and how many fit. */
uint32_t sim_calendar_count(const sim_calendar_t *self);
uint32_t sim_calendar_capacity(const sim_calendar_t *self);

/* Checks the order of the list or heap, slots and counts in O(n); false if anything is wrong. For tests and --audit. */
bool sim_calendar_verify(const sim_calendar_t *self);

#endif
