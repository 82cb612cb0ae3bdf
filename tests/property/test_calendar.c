// SPDX-License-Identifier: GPL-3.0-or-later
/* The calendar against a naive list kept in order, over a million random operations in several regimes. */
#include "sim/calendar.h"
#include "sim/calendar_inline.h"
#include "tests/support/test.h"

#define NAIVE_MAX 512

/* One entry of the naive list, with all that decides the order written out. */
typedef struct naive_event {
    sim_event_t event;
    unsigned priority;
    uint64_t inserted;
    sim_handle_t handle;
} naive_event_t;

typedef struct regime {
    const char *name;
    unsigned push, pop, cancel, reschedule, stale, rare; /* weights of the operations */
    int64_t spread_s;                                    /* delays are 0 .. spread_s - 1 */
    unsigned zero_delay_percent;
    unsigned priorities;
    uint32_t capacity; /* to start with */
    bool renumber;     /* jump close to the end of the sequence now and then */
} regime_t;

typedef struct duel {
    const regime_t *regime;
    sim_calendar_t *calendar;
    naive_event_t list[NAIVE_MAX];
    uint32_t n;
    uint64_t inserted;
    int64_t now_s;
    sim_handle_t gone[64]; /* handles of events that have left */
    uint32_t n_gone;
    uint64_t random;
} duel_t;

static uint64_t next_random(duel_t *duel)
{
    duel->random = duel->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = duel->random ^ duel->random >> 32;
    return x * UINT64_C(0x9E3779B97F4A7C15) >> 16;
}

static uint64_t below(duel_t *duel, uint64_t n)
{
    return next_random(duel) % n;
}

static bool goes_before(const naive_event_t *a, const naive_event_t *b)
{
    if (a->event.time_s != b->event.time_s)
        return a->event.time_s < b->event.time_s;
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->inserted < b->inserted;
}

static void naive_insert(duel_t *duel, naive_event_t entry)
{
    entry.inserted = duel->inserted++;
    uint32_t i = duel->n++;
    for (; i > 0 && goes_before(&entry, &duel->list[i - 1]); i--)
        duel->list[i] = duel->list[i - 1];
    duel->list[i] = entry;
}

static naive_event_t naive_remove(duel_t *duel, uint32_t i)
{
    naive_event_t entry = duel->list[i];
    duel->n--;
    memmove(&duel->list[i], &duel->list[i + 1], (duel->n - i) * sizeof entry);
    return entry;
}

static void remember_gone(duel_t *duel, sim_handle_t handle)
{
    duel->gone[duel->n_gone++ % 64] = handle;
}

static sim_calendar_t *new_block(uint32_t capacity)
{
    sim_calendar_t *block = aligned_alloc(64, sim_calendar_bytes(capacity));
    assert_non_null(block);
    memset(block, 0xA5, sim_calendar_bytes(capacity)); /* nothing may depend on cleared memory */
    return block;
}

static int64_t random_time(duel_t *duel)
{
    if (below(duel, 100) < duel->regime->zero_delay_percent)
        return duel->now_s;
    return duel->now_s + (int64_t)below(duel, (uint64_t)duel->regime->spread_s);
}

static void grow(duel_t *duel)
{
    uint32_t capacity = sim_calendar_capacity(duel->calendar) + (uint32_t)below(duel, 40);
    sim_calendar_t *larger = new_block(capacity);
    sim_calendar_grow_into(larger, capacity, duel->calendar);
    free(duel->calendar);
    duel->calendar = larger;
}

static void push(duel_t *duel)
{
    if (duel->n == NAIVE_MAX)
        return;
    naive_event_t entry = {.priority = (unsigned)below(duel, duel->regime->priorities)};
    entry.event = (sim_event_t){random_time(duel), (uint32_t)next_random(duel), (uint32_t)next_random(duel),
                                (int64_t)next_random(duel), -(int64_t)next_random(duel)};
    sim_status_t status = sim_calendar_schedule(duel->calendar, &entry.event, entry.priority, &entry.handle);
    if (duel->n == sim_calendar_capacity(duel->calendar)) {
        assert_int_equal(status, SIM_ELIMIT);
        grow(duel);
        return;
    }
    assert_int_equal(status, SIM_OK);
    naive_insert(duel, entry);
}

static void pop(duel_t *duel)
{
    int64_t before_s = below(duel, 4) == 0 ? random_time(duel) : SIM_NEVER;
    sim_event_t event;
    bool got = sim_calendar_pop(duel->calendar, before_s, &event);
    bool expected = duel->n > 0 && duel->list[0].event.time_s < before_s;
    assert_int_equal(got, expected);
    if (!got)
        return;
    naive_event_t entry = naive_remove(duel, 0);
    assert_memory_equal(&event, &entry.event, sizeof event);
    remember_gone(duel, entry.handle);
    duel->now_s = event.time_s;
}

static void cancel(duel_t *duel)
{
    if (duel->n == 0)
        return;
    naive_event_t entry = naive_remove(duel, (uint32_t)below(duel, duel->n));
    assert_true(sim_calendar_cancel(duel->calendar, entry.handle));
    remember_gone(duel, entry.handle);
    assert_false(sim_calendar_cancel(duel->calendar, entry.handle));
}

static void reschedule(duel_t *duel)
{
    if (duel->n == 0)
        return;
    naive_event_t entry = naive_remove(duel, (uint32_t)below(duel, duel->n));
    entry.event.time_s = random_time(duel);
    assert_true(sim_calendar_reschedule(duel->calendar, entry.handle, entry.event.time_s));
    naive_insert(duel, entry);
}

/* A handle whose event has left never touches the slot's next event. */
static void use_stale(duel_t *duel)
{
    uint32_t n = duel->n_gone < 64 ? duel->n_gone : 64;
    sim_handle_t stale = {0, 0};
    if (n > 0)
        stale = duel->gone[below(duel, n)];
    for (uint32_t i = 0; i < duel->n; i++)
        assert_false(duel->list[i].handle.slot == stale.slot && duel->list[i].handle.generation == stale.generation);
    assert_false(sim_calendar_cancel(duel->calendar, stale));
    assert_false(sim_calendar_reschedule(duel->calendar, stale, duel->now_s + 1));
    assert_false(sim_calendar_cancel(duel->calendar, (sim_handle_t){0, 0}));
    assert_false(sim_calendar_cancel(duel->calendar, (sim_handle_t){UINT32_MAX, 1}));
}

/* Growth, copying, the end of the sequence. */
static void rare(duel_t *duel)
{
    switch (below(duel, 3)) {
    case 0: grow(duel); break;
    case 1: {
        size_t bytes = sim_calendar_bytes(sim_calendar_capacity(duel->calendar));
        sim_calendar_t *copy = new_block(sim_calendar_capacity(duel->calendar));
        memcpy(copy, duel->calendar, bytes);
        memset(duel->calendar, 0x5A, bytes);
        free(duel->calendar);
        duel->calendar = copy;
        break;
    }
    default:
        if (duel->regime->renumber && duel->calendar->sequence < SIM_SEQUENCE_END - 3 * SIM_SEQUENCE_STEP)
            duel->calendar->sequence = SIM_SEQUENCE_END - below(duel, 3) * SIM_SEQUENCE_STEP;
    }
}

static void one_operation(duel_t *duel)
{
    static void (*const operations[])(duel_t *) = {push, pop, cancel, reschedule, use_stale, rare};
    const regime_t *regime = duel->regime;
    const unsigned weights[] = {regime->push,       regime->pop,   regime->cancel,
                                regime->reschedule, regime->stale, regime->rare};
    unsigned total = 0;
    for (unsigned i = 0; i < 6; i++)
        total += weights[i];
    unsigned at = (unsigned)below(duel, total);
    unsigned chosen = 0;
    while (at >= weights[chosen])
        at -= weights[chosen++];
    operations[chosen](duel);
}

static void check(const duel_t *duel, bool thorough)
{
    assert_int_equal(sim_calendar_count(duel->calendar), duel->n);
    assert_int_equal(sim_calendar_next_time(duel->calendar), duel->n > 0 ? duel->list[0].event.time_s : SIM_NEVER);
    if (thorough)
        assert_true(sim_calendar_verify(duel->calendar));
}

static void fight(const regime_t *regime, uint64_t seed, uint32_t operations)
{
    duel_t *duel = calloc(1, sizeof *duel);
    assert_non_null(duel);
    duel->regime = regime;
    duel->random = seed;
    duel->calendar = new_block(regime->capacity);
    sim_calendar_init(duel->calendar, regime->capacity);
    duel->now_s = -1000;
    for (uint32_t i = 0; i < operations; i++) {
        one_operation(duel);
        check(duel, i % 16 == 0);
    }
    while (duel->n > 0)
        pop(duel);
    check(duel, true);
    free(duel->calendar);
    free(duel);
}

/* Regimes: growing and shrinking lists, crowded instants, almost only zero delays, tiny and large spreads. */
static void test_against_sorted_list(void **state)
{
    (void)state;
    static const regime_t regimes[] = {
        {"mixed", 30, 30, 8, 8, 4, 1, 1000, 10, 16, 1, false},
        {"crowded instants", 30, 28, 8, 8, 4, 1, 4, 20, 3, 16, false},
        {"zero delays", 40, 36, 10, 10, 4, 1, 3, 85, 2, 300, false},
        {"zero delays, one priority", 40, 38, 4, 4, 4, 1, 2, 95, 1, 400, false},
        {"hold", 20, 20, 0, 0, 0, 0, 1000000, 0, 1, 500, false},
        {"cancel storm", 30, 5, 22, 30, 4, 1, 100, 5, 4, 64, false},
        {"end of the sequence", 30, 28, 8, 8, 4, 6, 5, 40, 3, 64, true},
        {"drained", 20, 40, 4, 4, 4, 1, 50, 30, 4, 2, false},
    };
    for (size_t r = 0; r < sizeof regimes / sizeof regimes[0]; r++) {
        for (uint64_t seed = 1; seed <= 5; seed++)
            fight(&regimes[r], seed * 1000003 + r, 25000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_sorted_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
