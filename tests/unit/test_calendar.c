// SPDX-License-Identifier: GPL-3.0-or-later
/* The calendar by example: order, bounds, handles, growth, and an audit that notices damage. */
#include "sim/calendar.h"
#include "sim/calendar_inline.h"
#include "tests/support/test.h"

static sim_calendar_t *new_calendar(uint32_t capacity)
{
    sim_calendar_t *calendar = aligned_alloc(64, sim_calendar_bytes(capacity));
    assert_non_null(calendar);
    sim_calendar_init(calendar, capacity);
    return calendar;
}

static sim_handle_t put(sim_calendar_t *calendar, int64_t time_s, uint32_t type, unsigned priority)
{
    sim_handle_t handle;
    sim_event_t event = {.time_s = time_s, .type = type};
    assert_int_equal(sim_calendar_schedule(calendar, &event, priority, &handle), SIM_OK);
    return handle;
}

static void expect(sim_calendar_t *calendar, int64_t time_s, uint32_t type)
{
    sim_event_t event;
    assert_true(sim_calendar_pop(calendar, SIM_NEVER, &event));
    assert_int_equal(event.time_s, time_s);
    assert_int_equal(event.type, type);
    assert_true(sim_calendar_verify(calendar));
}

static void test_order_is_time_priority_insertion(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(16);
    put(calendar, 20, 1, 0);
    put(calendar, 10, 2, 15);
    put(calendar, 10, 3, 1);
    put(calendar, 10, 4, 1);
    put(calendar, -5, 5, 9);
    put(calendar, 10, 6, 0);
    static const uint32_t order[] = {5, 6, 3, 4, 2, 1};
    static const int64_t times[] = {-5, 10, 10, 10, 10, 20};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(sim_calendar_next_time(calendar), times[i]);
        expect(calendar, times[i], order[i]);
    }
    sim_event_t event;
    assert_false(sim_calendar_pop(calendar, SIM_NEVER, &event));
    assert_int_equal(sim_calendar_next_time(calendar), SIM_NEVER);
    free(calendar);
}

/* Zero-delay events go behind what was already pending at this instant, and before higher priority numbers. */
static void test_zero_delay_order(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(16);
    put(calendar, 10, 1, 0);
    put(calendar, 10, 2, 0);
    put(calendar, 10, 3, 4);
    expect(calendar, 10, 1);
    put(calendar, 10, 4, 0);
    put(calendar, 10, 5, 2);
    put(calendar, 10, 6, 0);
    expect(calendar, 10, 2);
    expect(calendar, 10, 4);
    sim_handle_t cancelled = put(calendar, 10, 7, 0);
    put(calendar, 10, 8, 0);
    assert_true(sim_calendar_cancel(calendar, cancelled));
    expect(calendar, 10, 6);
    expect(calendar, 10, 8);
    expect(calendar, 10, 5);
    expect(calendar, 10, 3);
    assert_int_equal(sim_calendar_count(calendar), 0);
    free(calendar);
}

static void test_extreme_times(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(4);
    put(calendar, SIM_NEVER - 1, 1, 15);
    put(calendar, INT64_MIN, 2, 0);
    put(calendar, INT64_MIN, 3, 0);
    put(calendar, 0, 4, 0);
    expect(calendar, INT64_MIN, 2);
    expect(calendar, INT64_MIN, 3);
    expect(calendar, 0, 4);
    expect(calendar, SIM_NEVER - 1, 1);
    free(calendar);
}

static void test_pop_stops_at_the_bound(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(4);
    sim_event_t event;
    put(calendar, 10, 1, 0);
    assert_false(sim_calendar_pop(calendar, 10, &event));
    assert_true(sim_calendar_pop(calendar, 11, &event));
    put(calendar, 10, 2, 0); /* in the ring */
    assert_false(sim_calendar_pop(calendar, 10, &event));
    assert_true(sim_calendar_pop(calendar, 11, &event));
    assert_int_equal(event.type, 2);
    free(calendar);
}

static void test_full_calendar_refuses(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity < 40; capacity++) {
        sim_calendar_t *calendar = new_calendar(capacity);
        for (uint32_t i = 0; i < capacity; i++)
            put(calendar, 100 - i, i, 0);
        sim_handle_t handle = {7, 7};
        assert_int_equal(sim_calendar_schedule(calendar, &(sim_event_t){.time_s = 1}, 0, &handle), SIM_ELIMIT);
        assert_int_equal(sim_calendar_count(calendar), capacity);
        assert_int_equal(sim_calendar_capacity(calendar), capacity);
        expect(calendar, 101 - capacity, capacity - 1);
        put(calendar, 101 - capacity, 77, 0);
        assert_int_equal(sim_calendar_schedule(calendar, &(sim_event_t){.time_s = 101}, 0, NULL), SIM_ELIMIT);
        expect(calendar, 101 - capacity, 77);
        free(calendar);
    }
}

static void test_handles(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(4);
    sim_handle_t first = put(calendar, 5, 1, 3);
    sim_handle_t second = put(calendar, 6, 2, 3);
    assert_true(sim_calendar_reschedule(calendar, first, 6)); /* behind the other */
    expect(calendar, 6, 2);
    assert_false(sim_calendar_cancel(calendar, second));
    sim_handle_t third = put(calendar, 6, 3, 0);
    assert_false(sim_calendar_reschedule(calendar, second, 9)); /* its slot has a new event */
    assert_true(sim_calendar_reschedule(calendar, third, 8));   /* out of the ring */
    expect(calendar, 6, 1);
    assert_true(sim_calendar_cancel(calendar, third));
    assert_false(sim_calendar_cancel(calendar, (sim_handle_t){0, 0}));
    assert_int_equal(sim_calendar_next_time(calendar), SIM_NEVER);
    free(calendar);
}

/* Generations go round after 2^31 events in one slot, passing over 0. */
static void test_generation_wraps(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(1);
    put(calendar, 1, 1, 0);
    sim_calendar_slots_(calendar)[0].generation = UINT32_MAX;
    expect(calendar, 1, 1);
    sim_handle_t handle = put(calendar, 2, 2, 0);
    assert_int_equal(handle.generation, 1);
    assert_true(sim_calendar_cancel(calendar, handle));
    free(calendar);
}

/* More zero-delay events than the ring holds keep their order. */
static void test_ring_overflows_into_the_heap(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(2000);
    put(calendar, 3, 0, 0);
    expect(calendar, 3, 0);
    for (uint32_t i = 0; i < 1000; i++)
        put(calendar, 3, i, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        expect(calendar, 3, i);
        put(calendar, 3, 1000 + i, 0);
    }
    for (uint32_t i = 0; i < 1000; i++)
        expect(calendar, 3, 1000 + i);
    free(calendar);
}

/* The end of the sequence in the middle of an instant, with a hole and zero-delay events. */
static void test_renumbering_keeps_the_order(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(100);
    calendar->sequence = SIM_SEQUENCE_END - 20 * SIM_SEQUENCE_STEP;
    for (uint32_t i = 0; i < 10; i++)
        put(calendar, 5, i, 0);
    expect(calendar, 5, 0);
    for (uint32_t i = 10; i < 60; i++)
        put(calendar, i % 2 == 0 ? 5 : 6, i, 0);
    assert_true(calendar->sequence < 1000 * SIM_SEQUENCE_STEP);
    for (uint32_t i = 1; i < 10; i++)
        expect(calendar, 5, i);
    for (uint32_t i = 10; i < 60; i += 2)
        expect(calendar, 5, i);
    for (uint32_t i = 11; i < 60; i += 2)
        expect(calendar, 6, i);
    free(calendar);
}

static void test_growth_keeps_events_and_handles(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(1);
    sim_handle_t handles[300];
    for (uint32_t i = 0; i < 300; i++) {
        if (sim_calendar_count(calendar) == sim_calendar_capacity(calendar)) {
            sim_calendar_t *larger = new_calendar(sim_calendar_capacity(calendar) + 1 + i / 2);
            sim_calendar_grow_into(larger, sim_calendar_capacity(calendar) + 1 + i / 2, calendar);
            free(calendar);
            calendar = larger;
            assert_true(sim_calendar_verify(calendar));
        }
        handles[i] = put(calendar, 1000 - i, i, i % 16);
    }
    for (uint32_t i = 0; i < 300; i += 3)
        assert_true(sim_calendar_cancel(calendar, handles[i]));
    for (uint32_t i = 300; i-- > 0;) {
        if (i % 3 != 0)
            expect(calendar, 1000 - i, i);
    }
    free(calendar);
}

/* Large enough for what only large heaps do. */
static void test_large_calendar(void **state)
{
    (void)state;
    const uint32_t n = 20000;
    sim_calendar_t *calendar = new_calendar(n);
    for (uint32_t i = 0; i < n; i++)
        put(calendar, (i * UINT32_C(7919)) % n, i, 0);
    assert_true(sim_calendar_verify(calendar));
    sim_event_t event;
    for (uint32_t i = 0; i < n; i++) {
        assert_true(sim_calendar_pop(calendar, SIM_NEVER, &event));
        assert_int_equal(event.time_s, i);
        assert_int_equal(event.type * UINT32_C(7919) % n, i);
        put(calendar, n + i % 10, i, 0);
    }
    assert_true(sim_calendar_verify(calendar));
    free(calendar);
}

/* A list becomes a heap and a heap a list, with handles that stay valid. */
static void test_list_and_heap_in_turn(void **state)
{
    (void)state;
    enum { N = 3 * SIM_LIST_MOST };
    sim_calendar_t *calendar = new_calendar(N);
    sim_handle_t handles[N];
    for (uint32_t round = 0; round < 3; round++) {
        int64_t from_s = 1000 * round;
        for (uint32_t i = 0; i < N; i++) {
            assert_int_equal(sim_calendar_is_list_(calendar), i <= SIM_LIST_MOST);
            handles[i] = put(calendar, from_s + (i * 7) % N, i, 0);
        }
        assert_true(sim_calendar_verify(calendar));
        for (uint32_t left = N; left > 0; left--) {
            uint32_t i = (N - left) * 55 % N; /* 7 * 55 = 1 modulo N */
            expect(calendar, from_s + (N - left), i);
            assert_int_equal(sim_calendar_is_list_(calendar), left <= SIM_LIST_AGAIN);
            assert_false(sim_calendar_cancel(calendar, handles[i]));
        }
    }
    free(calendar);
}

/* Zero-delay events, a hole and what a heap's first lines hold: a heap of 66 keys. */
static void fill_heap(sim_calendar_t *calendar)
{
    for (uint32_t i = 0; i < SIM_LIST_MOST + 3; i++)
        put(calendar, i == 0 ? 1 : 10 + i, i, 0);
    expect(calendar, 1, 0);
    for (uint32_t i = 0; i < 4; i++)
        put(calendar, 1, i, 0);
}

/* The audit must notice what it is there for. */
static void test_verify_notices_damage_in_a_heap(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(100), *sound = new_calendar(100);
    fill_heap(sound);
    sim_key_t *heap = sim_calendar_keys_(calendar);
    for (int damage = 0; damage < 10; damage++) {
        memcpy(calendar, sound, sim_calendar_bytes(100));
        assert_true(sim_calendar_verify(calendar));
        switch (damage) {
        case 0: calendar->ring_live++; break;
        case 1: heap[5] = heap[4] - ((sim_key_t)1 << 64); break;
        case 2:
            assert_int_not_equal((SIM_HEAP_ROOT + calendar->keys) % 4, 0);
            heap[SIM_HEAP_ROOT + calendar->keys] = 5;
            break;
        case 3: sim_calendar_places_(calendar)[sim_key_slot_(heap[9])]++; break;
        case 4: calendar->free_slot = 0; break;
        case 5: calendar->sequence = 2 * SIM_SEQUENCE_STEP; break;
        case 6: sim_calendar_ring_(calendar)[calendar->ring_first] = sim_calendar_ring_(calendar)[1]; break;
        case 7: calendar->hole = 1; break;
        case 8: calendar->list_most = SIM_LIST_MOST; break;
        default: calendar->ring_keys = 17;
        }
        if (sim_calendar_verify(calendar))
            fail_msg("damage %d went unnoticed", damage);
    }
    free(sound);
    free(calendar);
}

static void test_verify_notices_damage_in_a_list(void **state)
{
    (void)state;
    sim_calendar_t *calendar = new_calendar(32), *sound = new_calendar(32);
    put(sound, 1, 99, 0);
    expect(sound, 1, 99);
    for (uint32_t i = 0; i < 14; i++)
        put(sound, i < 4 ? 1 : 10 + i, i, 0);
    sim_key_t *keys = sim_calendar_keys_(calendar);
    for (int damage = 0; damage < 9; damage++) {
        memcpy(calendar, sound, sim_calendar_bytes(32));
        assert_true(sim_calendar_verify(calendar));
        switch (damage) {
        case 0: calendar->ring_live++; break;
        case 1: keys[5] = keys[7]; break;
        case 2: keys[SIM_HEAP_ROOT - 1] = 5; break;
        case 3: keys[9] = keys[9] - 1; break;
        case 4: calendar->free_slot = 0; break;
        case 5: calendar->sequence = 2 * SIM_SEQUENCE_STEP; break;
        case 6: calendar->keys--; break;
        case 7: calendar->hole = 1; break;
        default: calendar->list_most = 0;
        }
        if (sim_calendar_verify(calendar))
            fail_msg("damage %d went unnoticed", damage);
    }
    free(sound);
    free(calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_time_priority_insertion),
        cmocka_unit_test(test_zero_delay_order),
        cmocka_unit_test(test_extreme_times),
        cmocka_unit_test(test_pop_stops_at_the_bound),
        cmocka_unit_test(test_full_calendar_refuses),
        cmocka_unit_test(test_handles),
        cmocka_unit_test(test_generation_wraps),
        cmocka_unit_test(test_ring_overflows_into_the_heap),
        cmocka_unit_test(test_renumbering_keeps_the_order),
        cmocka_unit_test(test_growth_keeps_events_and_handles),
        cmocka_unit_test(test_large_calendar),
        cmocka_unit_test(test_list_and_heap_in_turn),
        cmocka_unit_test(test_verify_notices_damage_in_a_heap),
        cmocka_unit_test(test_verify_notices_damage_in_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
