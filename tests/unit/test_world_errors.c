// SPDX-License-Identifier: GPL-3.0-or-later
/* What the world says, and where it says that it was, when something goes wrong: handlers and boundaries that fail, bounds
 * that are reached, memory that is not there. */
#include "sim/world.h"
#include "tests/support/limit.h"
#include "tests/support/scripted_world.h"
#include "tests/support/test.h"

static void test_overflow_inside_a_window_is_named(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_lp_spec_t spec = {.calendar_initial = 4, .calendar_max = 64, .outbox_capacity = 4};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 3, &spec);
    scripted_put(world, 2, (sim_event_t){.time_s = 150, .type = BURST, .a = 5, .b = 1});
    scripted_run_fails(world, SIM_ELIMIT,
                       (const char *const[]){"script LP 2", "calendar", "room for no more before the next",
                                             "declared bound 64", "2022-01-01 00:02:30", "calendar_initial", NULL});
    sim_world_destroy(world);
    spec.calendar_max = 4;
    world = scripted_world(&scripted_model, &plan, 1, &spec);
    scripted_put(world, 0, (sim_event_t){.time_s = 150, .type = BURST, .a = 5, .b = 1});
    scripted_run_fails(world, SIM_ELIMIT,
                       (const char *const[]){"script LP 0", "declared bound 4", "raise calendar_max", NULL});
    sim_world_destroy(world);
    world = scripted_world(&scripted_model, &plan, 1, &(sim_lp_spec_t){.outbox_capacity = 4});
    for (int i = 0; i < 5; i++)
        scripted_put(world, 0, (sim_event_t){.time_s = 7, .type = SEND, .a = 200});
    scripted_run_fails(world, SIM_ELIMIT,
                       (const char *const[]){"script LP 0", "outbox", "4 messages", "outbox_capacity", NULL});
    sim_world_destroy(world);
}

/* Deliveries grow a calendar as long as its bound allows, and then fail. */
static void test_delivery_overflow_is_named(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_lp_spec_t spec = {.calendar_initial = 2, .calendar_max = 20, .outbox_capacity = 64};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 2, &spec);
    for (int i = 0; i < 10; i++)
        scripted_put(world, 0, (sim_event_t){.time_s = i, .type = SEND, .entity = 1, .a = 900});
    for (int i = 0; i < 10; i++)
        scripted_put(world, 0, (sim_event_t){.time_s = 100 + i, .type = SEND, .entity = 1, .a = 900});
    scripted_run_ok(world, 200);
    scripted_put(world, 0, (sim_event_t){.time_s = 200, .type = SEND, .entity = 1, .a = 900});
    scripted_run_fails(world, SIM_ELIMIT,
                       (const char *const[]){"calendar", "script LP 1", "20 events", "declared bound 20", NULL});
    sim_world_destroy(world);
}

static void test_handler_errors_are_placed(void **state)
{
    (void)state;
    static const struct {
        sim_event_t event;
        sim_status_t status;
        const char *parts[5];
    } cases[] = {
        {{31 * SIM_DAY_S, FAIL, 0, 0, 0},
         SIM_EINVARIANT,
         {"script LP 1", "2022-02-01 00:00:00", "ledger: accounts sum to 3"}},
        {{3600, SILENT_FAIL, 0, 0, 0},
         SIM_ELIMIT,
         {"script LP 1", "2022-01-01 01:00:00", "a declared bound was exceeded"}},
        {{10, SEND, 0, 99, 0}, SIM_EINVARIANT, {"from LP 1 to LP 0", "99 s", "window's end, 100 s"}},
        {{10, SEND, 77, 100, 0}, SIM_EINVARIANT, {"LP 77, which does not exist", "there are 2"}},
        {{10, SEND, 0, SIM_NEVER, 0}, SIM_EINVARIANT, {"sim_send"}},
        {{10, SCHEDULE, 0, -1, 0}, SIM_EINVARIANT, {"sim_schedule", "delay of -1 s"}},
        {{10, SCHEDULE, 0, SIM_NEVER, 0}, SIM_EINVARIANT, {"sim_schedule"}},
        {{10, SCHEDULE, 0, SIM_NEVER - 10, 0}, SIM_EINVARIANT, {"sim_schedule"}},
        {{10, ADD_LPS, 0, 1, 0}, SIM_EINVARIANT, {"script LP 1", "inside a window"}},
        {{10, RUN_SELF, 0, 0, 0}, SIM_EINVARIANT, {"only at a boundary"}},
        {{10, BREAK_WALL, 0, 0, 0}, SIM_EINVARIANT, {"script LP 1"}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        scripted_plan_t plan = {0};
        sim_world_t *world = scripted_world(&scripted_model, &plan, 2, NULL);
        scripted_put(world, 1, cases[c].event);
        sim_error_t err = {0};
        assert_int_equal(sim_world_run(world, 40 * SIM_DAY_S, NULL, &err), cases[c].status);
        for (int i = 0; cases[c].parts[i] != NULL; i++) {
            if (strstr(err.message, cases[c].parts[i]) == NULL)
                fail_msg("'%s' is not in: %s", cases[c].parts[i], err.message);
        }
        sim_world_destroy(world);
    }
}

/* Of several failures in one window the lowest LP's is reported, with any number of threads, and the world is left in
 * the same state. */
static void test_failure_does_not_depend_on_threads(void **state)
{
    (void)state;
    uint64_t fingerprints[3];
    for (int t = 0; t < 3; t++) {
        scripted_plan_t plan = {0};
        sim_world_t *world;
        sim_error_t err = {0};
        sim_world_options_t options = {.max_bytes = (size_t)64 << 20, .threads = 1 + 3 * t};
        assert_int_equal(sim_world_create(&world, &scripted_model, &plan, &options, &err), SIM_OK);
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t lp;
            sim_lp_spec_t spec = {.state_bytes = sizeof(script_t)};
            assert_int_equal(sim_world_add_lp(world, &spec, &lp, &err), SIM_OK);
            scripted_put(world, i, (sim_event_t){.time_s = 40, .type = i >= 60 && i % 20 == 13 ? FAIL : LOG});
        }
        assert_int_equal(sim_world_run(world, 1000, NULL, &err), SIM_EINVARIANT);
        assert_non_null(strstr(err.message, "LP 73 at"));
        assert_int_equal(plan.calls, 0);
        assert_int_equal(sim_world_events(world), 200);
        fingerprints[t] = sim_world_fingerprint(world);
        sim_world_destroy(world);
    }
    assert_int_equal(fingerprints[0], fingerprints[1]);
    assert_int_equal(fingerprints[0], fingerprints[2]);
}

static sim_status_t run_wrongly(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    sim_error_t found = {0};
    assert_int_equal(sim_world_run_lp(world, 5, time_s, &found), SIM_EINVARIANT);
    assert_non_null(strstr(found.message, "no LP 5"));
    found = (sim_error_t){0};
    assert_int_equal(sim_world_run_lp(world, 1, time_s, &found), SIM_EINVARIANT);
    assert_non_null(strstr(found.message, "only a boundary_only LP"));
    found = (sim_error_t){0};
    assert_int_equal(sim_world_run_lp(world, 0, time_s + 1, &found), SIM_EINVARIANT);
    assert_non_null(strstr(found.message, "past the boundary"));
    return sim_world_run_lp(world, 0, time_s, err);
}

static void test_running_an_lp_wrongly(void **state)
{
    (void)state;
    scripted_plan_t plan = {.act = run_wrongly};
    sim_lp_spec_t spec = {.kind = 1, .boundary_only = true};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 1, &spec);
    uint32_t lp;
    assert_int_equal(sim_world_add_lp(world, &(sim_lp_spec_t){.kind = 0}, &lp, NULL), SIM_OK);
    assert_null(sim_world_state(world, lp));
    scripted_put(world, 0, (sim_event_t){.time_s = 90, .type = RUN_SELF});
    scripted_run_fails(
        world, SIM_EINVARIANT,
        (const char *const[]){"boundary at 2022-01-01 00:01:40", "planner LP 0", "already running", NULL});
    sim_world_destroy(world);
}

static sim_status_t schedule_in_the_past(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    (void)err;
    return sim_world_schedule(world, 0, &(sim_event_t){.time_s = time_s - 1, .type = 9}, 0, NULL);
}

static sim_status_t schedule_nowhere(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    (void)err;
    return sim_world_schedule(world, 4, &(sim_event_t){.time_s = time_s, .type = 9}, 0, NULL);
}

static sim_status_t fail_with_words(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    (void)world;
    (void)time_s;
    return sim_fail(err, SIM_EINVARIANT, "market", "does not clear");
}

static sim_status_t fail_without_words(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    (void)world;
    (void)time_s;
    (void)err;
    return SIM_EINTERNAL;
}

static void test_boundary_errors_are_placed(void **state)
{
    (void)state;
    static const struct {
        sim_status_t (*act)(sim_world_t *, int64_t, sim_error_t *);
        sim_status_t status;
        const char *parts[4];
    } cases[] = {
        {schedule_in_the_past,
         SIM_EINVARIANT,
         {"boundary at 2022-01-01 00:01:40", "type 9", "at 99 s; expected 100 s"}},
        {schedule_nowhere, SIM_EINVARIANT, {"boundary at", "LP 4, which does not exist"}},
        {fail_with_words, SIM_EINVARIANT, {"play: boundary at 2022-01-01 00:01:40: market: does not clear"}},
        {fail_without_words, SIM_EINTERNAL, {"boundary at", "internal error"}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        scripted_plan_t plan = {.act = cases[c].act};
        sim_world_t *world = scripted_world(&scripted_model, &plan, 1, NULL);
        scripted_run_fails(world, cases[c].status, cases[c].parts);
        sim_world_destroy(world);
    }
}

/* Takes all of the arena but `left` bytes, in blocks that nobody gives back. */
static void exhaust(sim_world_t *world, size_t left)
{
    sim_arena_t *arena = sim_world_arena(world);
    size_t room = arena->max_bytes - sim_arena_used(arena) - left;
    for (size_t bytes = (size_t)1 << 24; bytes >= 64; bytes /= 2) {
        for (; room >= bytes; room -= bytes)
            assert_int_not_equal(sim_arena_alloc(arena, bytes), 0);
    }
}

/* Whatever block is the first that can't be had: the LP tables, the state, the outbox or the calendar. */
static void test_memory_bound_is_named(void **state)
{
    (void)state;
    for (uint32_t n = 15; n <= 16; n++) {
        for (size_t left = 0; left < 9000; left += 448) {
            scripted_plan_t plan = {0};
            sim_world_t *world = scripted_world(&scripted_model, &plan, n, NULL);
            exhaust(world, left);
            sim_error_t err = {0};
            uint32_t lp = 99;
            sim_lp_spec_t spec = {.state_bytes = 2000, .calendar_max = 8};
            sim_status_t status = sim_world_add_lp(world, &spec, &lp, &err);
            assert_int_equal(sim_world_lp_count(world), status == SIM_OK ? n + 1 : n);
            assert_int_equal(lp, status == SIM_OK ? n : 99);
            if (left < 2000)
                assert_int_equal(status, SIM_ELIMIT);
            if (status != SIM_OK)
                assert_non_null(strstr(err.message, "memory bound of 64 MiB"));
            scripted_run_ok(world, 300);
            sim_world_destroy(world);
        }
    }
}

static void test_memory_bound_stops_growth(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_lp_spec_t spec = {.outbox_capacity = 4};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 2, &spec);
    scripted_put(world, 0, (sim_event_t){.time_s = 10, .type = BURST, .a = 12, .b = 300});
    exhaust(world, 0);
    scripted_run_fails(world, SIM_ELIMIT,
                       (const char *const[]){"calendar", "script LP 0", "32 events", "64 MiB", NULL});
    sim_world_destroy(world);
    world = scripted_world(&scripted_model, &plan, 2, &spec);
    for (int i = 0; i < 4; i++)
        scripted_put(world, 1, (sim_event_t){.time_s = 10, .type = SEND, .entity = 0, .a = 200});
    exhaust(world, 0);
    scripted_run_fails(world, SIM_ELIMIT, (const char *const[]){"outbox", "script LP 1", "8 messages", "64 MiB", NULL});
    sim_world_destroy(world);
    world = scripted_world(&scripted_model, &plan, 2, NULL);
    for (int i = 0; i < 5; i++)
        scripted_put(world, 1, (sim_event_t){.time_s = 10, .type = SEND, .entity = 0, .a = 200});
    for (int i = 0; i < 4; i++)
        scripted_put(world, 0, (sim_event_t){.time_s = 500, .type = LOG});
    exhaust(world, 0);
    scripted_run_fails(world, SIM_ELIMIT, (const char *const[]){"calendar", "script LP 0", "64 MiB", NULL});
    sim_world_destroy(world);
}

/* Without a bound of its own a world makes do with less address space; with too little, it says why. */
static void test_tight_address_space(void **state)
{
    (void)state;
    struct rlimit saved;
    sim_world_t *world = NULL, *copy = NULL, *none = NULL;
    sim_error_t err = {0}, clone_err = {0};
    sim_world_options_t options = {.seed = 1};
    test_limit_begin(RLIMIT_AS, (rlim_t)1400 << 20, &saved);
    sim_status_t first = sim_world_create(&world, &scripted_model, NULL, &options, &err);
    sim_status_t clone = first == SIM_OK ? sim_world_clone(&copy, world, NULL, &clone_err) : SIM_OK;
    test_limit_end(RLIMIT_AS, &saved);
    test_limit_begin(RLIMIT_AS, (rlim_t)200 << 20, &saved);
    sim_status_t second = sim_world_create(&none, &scripted_model, NULL, &options, &err);
    options.max_bytes = (size_t)300 << 20;
    sim_status_t third = first == SIM_OK ? sim_world_reset(world, NULL, &options, NULL) : SIM_OK;
    test_limit_end(RLIMIT_AS, &saved);
    assert_int_equal(first, SIM_OK);
    assert_int_equal(clone, SIM_ENOMEM);
    assert_null(copy);
    assert_non_null(strstr(clone_err.message, "1400 MiB"));
    assert_int_equal(second, SIM_ENOMEM);
    assert_null(none);
    assert_non_null(strstr(err.message, "200 MiB"));
    assert_int_equal(third, SIM_ENOMEM);
    sim_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overflow_inside_a_window_is_named),
        cmocka_unit_test(test_delivery_overflow_is_named),
        cmocka_unit_test(test_handler_errors_are_placed),
        cmocka_unit_test(test_failure_does_not_depend_on_threads),
        cmocka_unit_test(test_running_an_lp_wrongly),
        cmocka_unit_test(test_boundary_errors_are_placed),
        cmocka_unit_test(test_memory_bound_is_named),
        cmocka_unit_test(test_memory_bound_stops_growth),
        cmocka_unit_test(test_tight_address_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
