// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/availability.h"
#include "sim/draw.h"
#include "sim/rng.h"
#include "tests/support/test.h"

#define BLOCKS 4

typedef struct memory {
    mdl_availability_entry_t entries[BLOCKS];
    mdl_availability_block_t blocks[BLOCKS];
} memory_t;

static mdl_availability_t make(memory_t *memory, int64_t gpus)
{
    mdl_availability_t profile = mdl_availability_in(memory, BLOCKS);

    mdl_availability_reset(&profile, 100, gpus);
    return profile;
}

static uint32_t steps(const mdl_availability_t *profile)
{
    int64_t from_s, free_gpus;
    uint32_t n = 0;

    for (mdl_availability_place_t place = {0, 0}; mdl_availability_step(profile, place, &from_s, &free_gpus); n++)
        place = mdl_availability_next(profile, place);
    return n;
}

static void test_first_gap_that_is_long_enough(void **state)
{
    memory_t memory;
    mdl_availability_t profile = make(&memory, 8);

    (void)state;
    mdl_availability_take(&profile, 100, 110, 6); /* 2 free */
    mdl_availability_take(&profile, 115, 130, 5); /* 3 free */
    assert_int_equal(mdl_availability_earliest(&profile, 100, 2, 1000), 100);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 3, 1000), 110);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 8, 5), 110);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 8, 6), 130);
    assert_int_equal(mdl_availability_earliest(&profile, 111, 8, 4), 111);
    assert_int_equal(mdl_availability_earliest(&profile, 111, 8, 5), 130);
    assert_int_equal(mdl_availability_earliest(&profile, 400, 8, 5), 400);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 9, 1), INT64_MAX);
    assert_int_equal(mdl_availability_fewest(&profile, 100), 2);
    assert_int_equal(mdl_availability_fewest(&profile, 110), 3);
    assert_int_equal(mdl_availability_fewest(&profile, 130), 8);
}

/* At any moment, in one block of steps and in several. */
static void test_free_at_a_moment(void **state)
{
    enum { STEPS = 60, ROOM = 16 };
    mdl_availability_entry_t
        memory[ROOM * (1 + sizeof(mdl_availability_block_t) / sizeof(mdl_availability_entry_t) + 1)];
    mdl_availability_t profile = mdl_availability_in(memory, ROOM);

    (void)state;
    mdl_availability_reset(&profile, 100, STEPS);
    for (int64_t i = 0; i < STEPS; i++)
        mdl_availability_take(&profile, 100, 102 + 2 * i, 1);
    for (int64_t i = 0; i < STEPS; i++) {
        assert_int_equal(mdl_availability_at(&profile, 100 + 2 * i), i);
        assert_int_equal(mdl_availability_at(&profile, 101 + 2 * i), i);
        assert_int_equal(mdl_availability_most(&profile, 100, 101 + 2 * i), i);
    }
    assert_int_equal(mdl_availability_at(&profile, 1000000), STEPS);
}

/* To ask about later on forgets nothing of what comes before. */
static void test_the_near_future_is_kept(void **state)
{
    memory_t memory;
    mdl_availability_t profile = make(&memory, 8);

    (void)state;
    mdl_availability_take(&profile, 100, 110, 8);
    assert_int_equal(mdl_availability_earliest(&profile, 150, 8, 5), 150);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 1, 5), 110);
}

static void test_equal_steps_are_one(void **state)
{
    memory_t memory;
    mdl_availability_t profile = make(&memory, 8);

    (void)state;
    mdl_availability_take(&profile, 110, 120, 4);
    mdl_availability_take(&profile, 120, 130, 4);
    assert_int_equal(steps(&profile), 3);
    mdl_availability_take(&profile, 110, 120, -4);
    mdl_availability_take(&profile, 120, 130, -4);
    assert_int_equal(steps(&profile), 1);
    mdl_availability_take(&profile, 90, 105, 2); /* what lies before its beginning is left out */
    assert_int_equal(mdl_availability_earliest(&profile, 100, 8, 1), 105);
    mdl_availability_take(&profile, 90, 100, 2);
    assert_int_equal(steps(&profile), 2);
}

static void test_for_ever(void **state)
{
    memory_t memory;
    mdl_availability_t profile = make(&memory, 8);

    (void)state;
    mdl_availability_take(&profile, 110, INT64_MAX, 3);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 6, 10), 100);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 6, 11), INT64_MAX);
    assert_int_equal(mdl_availability_earliest(&profile, 100, 5, INT64_C(1) << 60), 100);
    assert_int_equal(mdl_availability_fewest(&profile, 100), 5);
}

/* Random reservations, second by second, in no more memory than is promised. */
static void test_against_seconds(void **state)
{
    enum { SECONDS = 1500, LIVE = 200 };
    struct {
        int64_t from_s, to_s, gpus;
    } live[LIVE] = {{0}};
    static _Alignas(64) char memory[64 * 1024];
    mdl_availability_t profile = mdl_availability_in(memory, mdl_availability_blocks(2 * LIVE + 4));
    int64_t free_gpus[SECONDS + 1];
    sim_rng_t rng;

    (void)state;
    sim_rng_at(&rng, 43, 0, 0, 0, 0);
    assert_true(mdl_availability_bytes(profile.capacity) <= sizeof memory);
    mdl_availability_reset(&profile, 0, 100);
    for (int s = 0; s <= SECONDS; s++)
        free_gpus[s] = 100;
    for (int i = 0; i < 20000; i++) {
        uint64_t slot = sim_draw_below(&rng, LIVE);
        mdl_availability_take(&profile, live[slot].from_s, live[slot].to_s, -live[slot].gpus);
        for (int64_t s = live[slot].from_s; s < live[slot].to_s; s++)
            free_gpus[s] += live[slot].gpus;
        live[slot].gpus = 1 + (int64_t)sim_draw_below(&rng, 30);
        int64_t length_s = 1 + (int64_t)sim_draw_below(&rng, 20), start_s = (int64_t)sim_draw_below(&rng, 1200);
        int64_t found_s = mdl_availability_earliest(&profile, start_s, live[slot].gpus, length_s);
        for (int64_t s = start_s; s < start_s + length_s && s < SECONDS; s++)
            if (free_gpus[s] < live[slot].gpus)
                start_s = s + 1;
        assert_int_equal(found_s, start_s);
        live[slot].from_s = found_s < SECONDS ? found_s : SECONDS;
        live[slot].to_s = found_s + length_s < SECONDS ? found_s + length_s : SECONDS;
        mdl_availability_take(&profile, live[slot].from_s, live[slot].to_s, live[slot].gpus);
        for (int64_t s = live[slot].from_s; s < live[slot].to_s; s++)
            free_gpus[s] -= live[slot].gpus;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_gap_that_is_long_enough),
        cmocka_unit_test(test_free_at_a_moment),
        cmocka_unit_test(test_the_near_future_is_kept),
        cmocka_unit_test(test_equal_steps_are_one),
        cmocka_unit_test(test_for_ever),
        cmocka_unit_test(test_against_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
