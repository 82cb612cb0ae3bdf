// SPDX-License-Identifier: GPL-3.0-or-later
/* Every discipline is one mechanism: 16 waiting lists, one per class, and 16 lists of those in service. FIFO and LIFO
 * put everybody into class 0, at the back or at the front. The next customer is the first of the lowest class waiting;
 * who has to give way is the last of the highest class in service. Bit masks tell which lists are not empty. */
#include "sim/server.h"

#include "sim/slots.h"
#include "sim/world_internal.h"

#include <assert.h>
#include <string.h>

/* What seldom happens stands apart: inlined, it would make the usual way save registers for it. */
#define SELDOM __attribute__((noinline))

enum { CLASSES = SIM_SERVER_PRIORITIES, ENTRY_FREE = 0, ENTRY_WAITING, ENTRY_SERVED };

typedef struct entry {
    sim_customer_t customer;
    int64_t arrived_s;
    int64_t left_s;    /* work left at the last start or interruption */
    int64_t started_s; /* last start of service */
    sim_handle_t done; /* event of the end, while in service */
    uint32_t generation;
    uint8_t class;
    uint8_t state;
} entry_t;

typedef struct lists {
    sim_list_t of_class[CLASSES];
    uint32_t occupied; /* bit i: of_class[i] is not empty */
} lists_t;

struct sim_server {
    sim_server_spec_t spec;
    sim_server_stats_t stats;
    lists_t waiting;
    lists_t served;
    uint32_t free_entry; /* first of the free ones, linked through next */
    uint32_t fresh;      /* entries below have been used at least once */
    uint32_t full;       /* so many present are as many as may be: the limit or, where that is less, the capacity */
    uint32_t reserved;
};

static_assert(sizeof(struct sim_server) % 8 == 0 && sizeof(entry_t) % 8 == 0, "parts stay aligned");

/* Behind the server come the links and then the entries. */
static sim_link_t *links_of(const sim_server_t *self)
{
    return (sim_link_t *)((unsigned char *)(uintptr_t)self + sizeof *self);
}

static entry_t *entries_of(const sim_server_t *self)
{
    return (entry_t *)(links_of(self) + self->spec.capacity);
}

size_t sim_server_bytes(uint32_t capacity)
{
    return sizeof(sim_server_t) + capacity * (sizeof(entry_t) + sizeof(sim_link_t));
}

void sim_server_init(sim_server_t *self, const sim_server_spec_t *spec, int64_t now_s)
{
    SIM_ASSERT(spec->servers >= 1 && spec->capacity >= 1 && (uintptr_t)self % 8 == 0);
    memset(self, 0, sim_server_bytes(spec->capacity));
    self->spec = *spec;
    self->full = spec->limit != 0 && spec->limit < spec->capacity ? spec->limit : spec->capacity;
    self->free_entry = SIM_NO_INDEX;
    for (int i = 0; i < CLASSES; i++) {
        self->waiting.of_class[i] = SIM_LIST_EMPTY;
        self->served.of_class[i] = SIM_LIST_EMPTY;
    }
    sim_server_restart_stats(self, now_s);
}

sim_status_t sim_server_create(sim_world_t *world, const sim_server_spec_t *spec, sim_ref_t *server, sim_error_t *err)
{
    sim_arena_t *arena = sim_world_arena(world);
    *server = sim_arena_alloc(arena, sim_server_bytes(spec->capacity));
    if (*server == 0)
        return sim_arena_fail(arena, err, "sim_server_create", "a server of %u customers", spec->capacity);
    sim_server_init(sim_arena_at(arena, *server), spec, sim_world_now(world));
    return SIM_OK;
}

static inline void lists_append(lists_t *lists, sim_link_t *links, unsigned class, uint32_t index)
{
    sim_list_push_back(&lists->of_class[class], links, index);
    lists->occupied |= UINT32_C(1) << class;
}

static inline void lists_prepend(lists_t *lists, sim_link_t *links, unsigned class, uint32_t index)
{
    sim_list_push_front(&lists->of_class[class], links, index);
    lists->occupied |= UINT32_C(1) << class;
}

static inline void lists_remove(lists_t *lists, sim_link_t *links, unsigned class, uint32_t index)
{
    sim_list_remove(&lists->of_class[class], links, index);
    if (lists->of_class[class].first == SIM_NO_INDEX)
        lists->occupied &= ~(UINT32_C(1) << class);
}

static inline uint32_t lists_pop(lists_t *lists, sim_link_t *links, unsigned class)
{
    uint32_t index = sim_list_pop_front(&lists->of_class[class], links);
    if (lists->of_class[class].first == SIM_NO_INDEX)
        lists->occupied &= ~(UINT32_C(1) << class);
    return index;
}

static uint32_t take_entry(sim_server_t *self)
{
    uint32_t index = self->free_entry;
    if (index != SIM_NO_INDEX) {
        self->free_entry = links_of(self)[index].next;
        return index;
    }
    index = self->fresh++;
    entries_of(self)[index].generation = 1;
    return index;
}

static void give_entry(sim_server_t *self, uint32_t index)
{
    entry_t *entry = &entries_of(self)[index];
    entry->state = ENTRY_FREE;
    entry->generation += 2; /* from 1 on: it stays odd, and never becomes 0, which names nobody */
    links_of(self)[index].next = self->free_entry;
    self->free_entry = index;
}

/* The end of a customer's service. */
static inline sim_event_t event_of(const sim_server_t *self, uint32_t index)
{
    return (sim_event_t){
        .type = self->spec.done_type, .entity = self->spec.entity, .a = index, .b = entries_of(self)[index].generation};
}

/* Apart, so that no event need be in memory in the usual way. */
static SELDOM sim_status_t schedule_end(sim_server_t *self, sim_lp_t *lp, uint32_t index)
{
    const sim_event_t done = event_of(self, index);
    entry_t *entry = &entries_of(self)[index];
    return sim_schedule(lp, entry->left_s, &done, 0, &entry->done);
}

/* Puts a customer into service; the caller counts the servers. */
static inline sim_status_t start(sim_server_t *self, sim_lp_t *lp, uint32_t index)
{
    entry_t *entry = &entries_of(self)[index];
    entry->state = ENTRY_SERVED;
    entry->started_s = lp->now_s;
    if (self->spec.discipline == SIM_PREEMPTIVE)
        lists_append(&self->served, links_of(self), entry->class, index);
    const sim_event_t done = event_of(self, index);
    if (sim_lp_schedule_quickly_(lp, entry->left_s, &done, 0, &entry->done))
        return SIM_OK;
    return schedule_end(self, lp, index);
}

static inline void enqueue(sim_server_t *self, int64_t now_s, uint32_t index, bool in_front)
{
    entry_t *entry = &entries_of(self)[index];
    entry->state = ENTRY_WAITING;
    if (in_front)
        lists_prepend(&self->waiting, links_of(self), entry->class, index);
    else
        lists_append(&self->waiting, links_of(self), entry->class, index);
    sim_level_add(&self->stats.queue, now_s, 1);
}

/* The least urgent customer in service if he is less urgent than `class`, else nobody. */
static uint32_t find_victim(const sim_server_t *self, unsigned class)
{
    unsigned highest = 31 - (unsigned)__builtin_clz(self->served.occupied);
    return highest > class ? self->served.of_class[highest].last : SIM_NO_INDEX;
}

/* Admits a customer to servers that are busy. */
static SELDOM sim_status_t preempt(sim_server_t *self, sim_lp_t *lp, uint32_t index)
{
    uint32_t victim = find_victim(self, entries_of(self)[index].class);
    if (victim == SIM_NO_INDEX) {
        enqueue(self, lp->now_s, index, false);
        return SIM_OK;
    }
    entry_t *entry = &entries_of(self)[victim];
    sim_cancel(lp, entry->done);
    entry->left_s -= lp->now_s - entry->started_s;
    lists_remove(&self->served, links_of(self), entry->class, victim);
    enqueue(self, lp->now_s, victim, true);
    self->stats.preemptions++;
    return start(self, lp, index);
}

/* Serves an admitted customer, or lets him wait. */
static inline sim_status_t admit(sim_server_t *self, sim_lp_t *lp, uint32_t index)
{
    if (self->stats.busy.level < self->spec.servers) {
        sim_level_add(&self->stats.busy, lp->now_s, 1);
        return start(self, lp, index);
    }
    if (self->spec.discipline == SIM_PREEMPTIVE)
        return preempt(self, lp, index);
    enqueue(self, lp->now_s, index, self->spec.discipline == SIM_LIFO);
    return SIM_OK;
}

/* An arrival beyond the limit is turned away; one beyond the capacity should not have been. */
static SELDOM sim_status_t refuse(sim_server_t *self, sim_lp_t *lp, int64_t present, sim_handle_t *ticket)
{
    if (self->spec.limit == 0 || present < self->spec.limit)
        return sim_fail(lp->error, SIM_ELIMIT, "sim_server_arrive",
                        "%u customers are present, for whom server %u was given memory; raise its capacity or set a "
                        "limit",
                        self->spec.capacity, self->spec.entity);
    self->stats.turned_away++;
    if (ticket != NULL)
        *ticket = (sim_handle_t){0, 0};
    return SIM_OK;
}

sim_status_t sim_server_arrive(sim_server_t *self, sim_lp_t *lp, const sim_customer_t *customer, sim_handle_t *ticket)
{
    int64_t service_s = customer->service_s;
    SIM_ASSERT(service_s >= 0 && customer->priority < CLASSES);
    int64_t present = self->stats.busy.level + self->stats.queue.level;
    self->stats.arrived++;
    if (present >= self->full)
        return refuse(self, lp, present, ticket);
    uint32_t index = take_entry(self);
    entry_t *entry = &entries_of(self)[index];
    entry->customer.service_s = service_s; /* one by one, as they were just written */
    entry->customer.priority = customer->priority;
    entry->customer.tag = customer->tag;
    entry->arrived_s = lp->now_s;
    entry->left_s = service_s;
    entry->class = self->spec.discipline >= SIM_PRIORITY ? (uint8_t)customer->priority : 0;
    if (ticket != NULL)
        *ticket = (sim_handle_t){index, entry->generation};
    return admit(self, lp, index);
}

/* Gives a server that has become free to the next customer. */
static inline sim_status_t start_next(sim_server_t *self, sim_lp_t *lp)
{
    if (self->stats.queue.level == 0) {
        sim_level_add(&self->stats.busy, lp->now_s, -1);
        return SIM_OK;
    }
    unsigned class = (unsigned)__builtin_ctz(self->waiting.occupied);
    uint32_t next = lists_pop(&self->waiting, links_of(self), class);
    sim_level_add(&self->stats.queue, lp->now_s, -1);
    return start(self, lp, next);
}

static inline sim_status_t depart(sim_server_t *self, sim_lp_t *lp, uint32_t index, sim_departure_t *departure)
{
    const entry_t *entry = &entries_of(self)[index];
    int64_t waited_s = lp->now_s - entry->arrived_s - entry->customer.service_s;
    if (departure != NULL)
        *departure = (sim_departure_t){entry->customer, entry->arrived_s, waited_s};
    give_entry(self, index);
    self->stats.served++;
    sim_status_t status = start_next(self, lp); /* before the statistics: the next event may hang on its end */
    sim_tally_add(&self->stats.wait_s, (double)waited_s);
    sim_batches_add(&self->stats.waits, (double)waited_s);
    return status;
}

/* Lets a customer go who stands in a list of those in service. */
static SELDOM sim_status_t depart_listed(sim_server_t *self, sim_lp_t *lp, uint32_t index, sim_departure_t *departure)
{
    lists_remove(&self->served, links_of(self), entries_of(self)[index].class, index);
    return depart(self, lp, index, departure);
}

sim_status_t sim_server_done(sim_server_t *self, sim_lp_t *lp, const sim_event_t *event, sim_departure_t *departure)
{
    uint32_t index = (uint32_t)event->a;
    SIM_ASSERT(index < self->fresh);
    const entry_t *entry = &entries_of(self)[index];
    SIM_ASSERT(entry->state == ENTRY_SERVED && entry->generation == (uint32_t)event->b);
    if (self->spec.discipline == SIM_PREEMPTIVE)
        return depart_listed(self, lp, index, departure);
    return depart(self, lp, index, departure);
}

bool sim_server_withdraw(sim_server_t *self, sim_lp_t *lp, sim_handle_t ticket)
{
    if (ticket.slot >= self->fresh)
        return false;
    entry_t *entry = &entries_of(self)[ticket.slot];
    if (entry->generation != ticket.generation || entry->state != ENTRY_WAITING)
        return false;
    lists_remove(&self->waiting, links_of(self), entry->class, ticket.slot);
    give_entry(self, ticket.slot);
    sim_level_add(&self->stats.queue, lp->now_s, -1);
    self->stats.withdrawn++;
    return true;
}

const sim_server_stats_t *sim_server_stats(const sim_server_t *self)
{
    return &self->stats;
}

void sim_server_restart_stats(sim_server_t *self, int64_t now_s)
{
    int64_t busy = self->stats.busy.level, queue = self->stats.queue.level;
    self->stats = (sim_server_stats_t){.arrived = (uint64_t)(busy + queue)}; /* those present count as arrived */
    sim_level_init(&self->stats.busy, now_s, busy);
    sim_level_init(&self->stats.queue, now_s, queue);
}

uint32_t sim_server_busy(const sim_server_t *self)
{
    return (uint32_t)self->stats.busy.level;
}

uint32_t sim_server_waiting(const sim_server_t *self)
{
    return (uint32_t)self->stats.queue.level;
}

/* Length of the lists; UINT32_MAX when an entry of another state or class stands in one, or a mask bit is wrong. */
static uint32_t count_lists(const sim_server_t *self, const lists_t *lists, uint16_t state)
{
    uint32_t count = 0;
    for (unsigned class = 0; class < CLASSES; class ++) {
        if ((lists->occupied >> class & 1) != (lists->of_class[class].first != SIM_NO_INDEX))
            return UINT32_MAX;
        for (uint32_t i = lists->of_class[class].first; i != SIM_NO_INDEX; i = links_of(self)[i].next) {
            const entry_t *entry = &entries_of(self)[i];
            if (entry->state != state || entry->class != class || count++ == self->spec.capacity)
                return UINT32_MAX;
        }
    }
    return count;
}

/* Entries in service, whether or not they stand in lists. */
static uint32_t count_served(const sim_server_t *self)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->fresh; i++)
        count += entries_of(self)[i].state == ENTRY_SERVED;
    return count;
}

static uint32_t count_free(const sim_server_t *self)
{
    uint32_t count = 0;
    for (uint32_t i = self->free_entry; i != SIM_NO_INDEX; i = links_of(self)[i].next)
        if (entries_of(self)[i].state != ENTRY_FREE || count++ == self->spec.capacity)
            return UINT32_MAX;
    return count;
}

bool sim_server_verify(const sim_server_t *self)
{
    const sim_server_stats_t *stats = &self->stats;
    uint32_t busy = sim_server_busy(self), queue = sim_server_waiting(self), present = busy + queue;
    uint32_t listed = self->spec.discipline == SIM_PREEMPTIVE ? busy : 0;
    bool work_conserving = queue == 0 || busy == self->spec.servers;
    return work_conserving && busy <= self->spec.servers && present <= self->spec.capacity &&
           count_served(self) == busy && count_lists(self, &self->served, ENTRY_SERVED) == listed &&
           count_lists(self, &self->waiting, ENTRY_WAITING) == queue && count_free(self) + present == self->fresh &&
           stats->arrived == stats->turned_away + stats->withdrawn + stats->served + present;
}
