// SPDX-License-Identifier: GPL-3.0-or-later
/* The heap that the bench measures the calendar against does what the calendar does: time, then insertion. */
#include "app/peer_heap.h"
#include "sim/draw.h"
#include "tests/support/test.h"

enum { PENDING = 300, STEPS = 20000, DELAYS = 50 };

static void test_keys_leave_by_time_then_insertion(void **state)
{
    (void)state;
    app_peer_key_t keys[PENDING], last = {0};
    app_peer_heap_t heap = {.keys = keys, .sequence = 1}; /* the first key, too, comes after `last` */
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 0, 0, 0, 0);
    for (int i = 0; i < STEPS; i++) {
        bool grows = heap.n == 0 || (heap.n < PENDING && sim_draw_bernoulli(&rng, i < STEPS / 2 ? 0.6 : 0.4));
        if (grows) {
            int64_t time_s = last.time_s + (int64_t)sim_draw_below(&rng, DELAYS);
            app_peer_push(&heap, time_s, (unsigned)time_s % 2);
            continue;
        }
        app_peer_key_t key = app_peer_pop(&heap);
        assert_true(app_peer_earlier(last, key));
        assert_int_equal(key.order & 1, (unsigned)key.time_s % 2);
        for (uint32_t k = 0; k < heap.n; k++)
            assert_true(app_peer_earlier(key, heap.keys[k]));
        last = key;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys_leave_by_time_then_insertion)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
