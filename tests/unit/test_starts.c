// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/starts.h"
#include "sim/draw.h"
#include "sim/rng.h"
#include "tests/support/test.h"

#define MOST 70

/* Random starts of 1 to 70 jobs against an array that is looked through. */
static void test_against_an_array(void **state)
{
    int64_t starts[4 * MOST], plain[MOST];
    sim_rng_t rng;

    (void)state;
    sim_rng_at(&rng, 44, 0, 0, 0, 0);
    for (uint32_t jobs = 1; jobs <= MOST; jobs++) {
        assert_true(mdl_starts_bytes(jobs) <= sizeof starts);
        mdl_starts_clear(starts, jobs);
        for (uint32_t i = 0; i < jobs; i++)
            plain[i] = INT64_MAX;
        for (int k = 0; k < 300; k++) {
            uint32_t job = (uint32_t)sim_draw_below(&rng, jobs), from = (uint32_t)sim_draw_below(&rng, jobs + 1);
            int64_t by_s = (int64_t)sim_draw_below(&rng, 100), first_s = INT64_MAX;
            plain[job] = sim_draw_bernoulli(&rng, 0.3) ? INT64_MAX : (int64_t)sim_draw_below(&rng, 100);
            mdl_starts_set(starts, jobs, job, plain[job]);
            for (uint32_t i = 0; i < jobs; i++)
                first_s = plain[i] < first_s ? plain[i] : first_s;
            assert_int_equal(mdl_starts_first(starts), first_s);
            uint32_t next = from;
            while (next < jobs && plain[next] > by_s)
                next++;
            assert_int_equal(mdl_starts_next(starts, jobs, from, by_s), next);
        }
    }
}

static void test_a_copy_has_room_for_more(void **state)
{
    int64_t few[4], many[16];

    (void)state;
    mdl_starts_clear(few, 2);
    mdl_starts_set(few, 2, 1, 30);
    mdl_starts_copy(many, 5, few, 2);
    assert_int_equal(mdl_starts_first(many), 30);
    mdl_starts_set(many, 5, 4, 20);
    assert_int_equal(mdl_starts_next(many, 5, 0, 25), 4);
    assert_int_equal(mdl_starts_next(many, 5, 0, 30), 1);
    assert_int_equal(mdl_starts_next(many, 5, 0, 10), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_an_array),
        cmocka_unit_test(test_a_copy_has_room_for_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
