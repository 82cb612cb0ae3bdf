// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/condition.h"

#include "sim/slots.h"

#include <assert.h>
#include <string.h>

typedef struct waiter {
    sim_event_t wake;
    int64_t since_s;
    uint32_t generation;
    uint32_t waiting; /* 1 or 0 */
} waiter_t;

struct sim_condition {
    sim_condition_stats_t stats;
    sim_list_t queue;
    uint32_t capacity;
    uint32_t count;
    uint32_t free_waiter; /* first of the free ones, linked through next */
    uint32_t fresh;       /* waiters below have been used at least once */
};

static_assert(sizeof(struct sim_condition) % 8 == 0 && sizeof(waiter_t) % 8 == 0, "parts stay aligned");

static waiter_t *waiters_of(const sim_condition_t *self)
{
    return (waiter_t *)((unsigned char *)(uintptr_t)self + sizeof *self);
}

static sim_link_t *links_of(const sim_condition_t *self)
{
    return (sim_link_t *)(waiters_of(self) + self->capacity);
}

size_t sim_condition_bytes(uint32_t capacity)
{
    return sizeof(sim_condition_t) + capacity * (sizeof(waiter_t) + sizeof(sim_link_t));
}

void sim_condition_init(sim_condition_t *self, uint32_t capacity, int64_t now_s)
{
    SIM_ASSERT(capacity >= 1 && (uintptr_t)self % 8 == 0);
    memset(self, 0, sim_condition_bytes(capacity));
    self->capacity = capacity;
    self->queue = SIM_LIST_EMPTY;
    self->free_waiter = SIM_NO_INDEX;
    sim_level_init(&self->stats.waiting, now_s, 0);
}

sim_status_t sim_condition_create(sim_world_t *world, uint32_t capacity, sim_ref_t *condition, sim_error_t *err)
{
    sim_arena_t *arena = sim_world_arena(world);
    *condition = sim_arena_alloc(arena, sim_condition_bytes(capacity));
    if (*condition == 0)
        return sim_arena_fail(arena, err, "sim_condition_create", "a condition of %u entities", capacity);
    sim_condition_init(sim_arena_at(arena, *condition), capacity, sim_world_now(world));
    return SIM_OK;
}

static uint32_t take_waiter(sim_condition_t *self)
{
    uint32_t index = self->free_waiter;
    if (index != SIM_NO_INDEX) {
        self->free_waiter = links_of(self)[index].next;
        return index;
    }
    index = self->fresh++;
    waiters_of(self)[index].generation = 1;
    return index;
}

/* Takes a waiter off the queue and frees his place. */
static void release(sim_condition_t *self, int64_t now_s, uint32_t index)
{
    waiter_t *waiter = &waiters_of(self)[index];
    sim_list_remove(&self->queue, links_of(self), index);
    waiter->waiting = 0;
    waiter->generation += waiter->generation == UINT32_MAX ? 2 : 1; /* 0 names nobody */
    links_of(self)[index].next = self->free_waiter;
    self->free_waiter = index;
    sim_level_set(&self->stats.waiting, now_s, --self->count);
}

sim_status_t sim_condition_wait(sim_condition_t *self, sim_lp_t *lp, const sim_event_t *wake, sim_handle_t *ticket)
{
    if (self->count == self->capacity)
        return sim_fail(lp->error, SIM_ELIMIT, "sim_condition_wait",
                        "%u entities wait already, for whom the condition was given memory; raise its capacity",
                        self->capacity);
    uint32_t index = take_waiter(self);
    waiter_t *waiter = &waiters_of(self)[index];
    waiter->wake = *wake;
    waiter->since_s = lp->now_s;
    waiter->waiting = 1;
    sim_list_push_back(&self->queue, links_of(self), index);
    sim_level_set(&self->stats.waiting, lp->now_s, ++self->count);
    self->stats.waited++;
    if (ticket != NULL)
        *ticket = (sim_handle_t){index, waiter->generation};
    return SIM_OK;
}

bool sim_condition_leave(sim_condition_t *self, sim_lp_t *lp, sim_handle_t ticket)
{
    if (ticket.slot >= self->fresh)
        return false;
    const waiter_t *waiter = &waiters_of(self)[ticket.slot];
    if (waiter->generation != ticket.generation || !waiter->waiting)
        return false;
    release(self, lp->now_s, ticket.slot);
    self->stats.left++;
    return true;
}

sim_status_t sim_condition_signal(sim_condition_t *self, sim_lp_t *lp, uint32_t n, uint32_t *woken)
{
    uint32_t count = n < self->count ? n : self->count;
    if (woken != NULL)
        *woken = count;
    for (; count > 0; count--) {
        uint32_t index = self->queue.first;
        const waiter_t *waiter = &waiters_of(self)[index];
        sim_status_t status = sim_schedule(lp, 0, &waiter->wake, 0, NULL);
        if (status < 0)
            return status;
        sim_tally_add(&self->stats.wait_s, (double)(lp->now_s - waiter->since_s));
        self->stats.woken++;
        release(self, lp->now_s, index);
    }
    return SIM_OK;
}

uint32_t sim_condition_waiting(const sim_condition_t *self)
{
    return self->count;
}

const sim_condition_stats_t *sim_condition_stats(const sim_condition_t *self)
{
    return &self->stats;
}

/* Entries of a list linked through next that are, or are not, waiting; UINT32_MAX when one is of the other kind. */
static uint32_t count_from(const sim_condition_t *self, uint32_t first, uint32_t waiting)
{
    uint32_t count = 0;
    for (uint32_t i = first; i != SIM_NO_INDEX; i = links_of(self)[i].next)
        if (waiters_of(self)[i].waiting != waiting || count++ == self->capacity)
            return UINT32_MAX;
    return count;
}

bool sim_condition_verify(const sim_condition_t *self)
{
    const sim_condition_stats_t *stats = &self->stats;
    return self->count <= self->capacity && count_from(self, self->queue.first, 1) == self->count &&
           count_from(self, self->free_waiter, 0) + self->count == self->fresh && stats->waiting.level == self->count &&
           stats->waited == stats->woken + stats->left + self->count;
}
