// SPDX-License-Identifier: GPL-3.0-or-later
/* The world by example: windows, messages, growth, reports, stopping, LPs of the boundary. */
#include "sim/world.h"
#include "tests/support/scripted_world.h"
#include "tests/support/test.h"

/* How often an LP was closed, and when last. */
typedef struct closing {
    _Alignas(64) int64_t times;
    int64_t last_s;
} closing_t;

static void close_window(sim_lp_t *lp, void *report)
{
    closing_t *closing = report;
    closing->times++;
    closing->last_s = sim_now(lp);
}

/* How often a kind was asked to fetch, by turn. */
static int fetched[2];

static void fetch(const sim_arena_t *arena, const void *state, int turn)
{
    const unsigned char *at = state;
    assert_true(at > arena->base && at < arena->base + sim_arena_used(arena));
    assert_int_equal(((const script_t *)state)->n, 0); /* before the LP's own window */
    fetched[turn]++;
}

static const sim_lp_kind_t closing_kinds[] = {
    {.name = "script", .handle = scripted_handle, .close = close_window, .report_bytes = sizeof(closing_t)}};
static const sim_lp_kind_t fetching_kinds[] = {{.name = "script", .handle = scripted_handle, .fetch = fetch}};
static const sim_lp_kind_t quiet_kinds[] = {{.name = "script", .handle = scripted_handle}};
static const sim_model_t closing_model = {"closing", closing_kinds, 1, SCRIPTED_WINDOW_S, scripted_boundary};
static const sim_model_t fetching_model = {"fetching", fetching_kinds, 1, SCRIPTED_WINDOW_S, scripted_boundary};
static const sim_model_t quiet_model = {"quiet", quiet_kinds, 1, SCRIPTED_WINDOW_S, NULL};

/* A kind is told of the LPs of a window a few ahead, each once a turn. */
static void test_fetching_goes_ahead_of_a_window(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_world_t *world = scripted_world(&fetching_model, &plan, 6, NULL);
    for (uint32_t lp = 0; lp < 5; lp++)
        scripted_put(world, lp, (sim_event_t){.time_s = 50, .type = LOG});
    fetched[0] = fetched[1] = 0;
    scripted_run_ok(world, SCRIPTED_WINDOW_S);
    assert_int_equal(fetched[0], 5);
    assert_int_equal(fetched[1], 5);
    for (uint32_t lp = 0; lp < 6; lp++)
        assert_int_equal(scripted_script(world, lp)->n, lp < 5);
    sim_world_destroy(world);
}

static void test_windows_and_their_cut(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 1, NULL);
    scripted_put(world, 0, (sim_event_t){.time_s = 99, .type = LOG});
    scripted_put(world, 0, (sim_event_t){.time_s = 250, .type = LOG});
    scripted_run_ok(world, 250);
    assert_int_equal(plan.calls, 3);
    assert_int_equal(plan.times[0], 100);
    assert_int_equal(plan.times[1], 200);
    assert_int_equal(plan.times[2], 250);
    assert_int_equal(scripted_script(world, 0)->n, 1); /* the event at the end itself is still to come */
    scripted_run_ok(world, 250);
    scripted_run_ok(world, 10);
    assert_int_equal(plan.calls, 3);
    scripted_run_ok(world, 251);
    assert_int_equal(scripted_script(world, 0)->n, 2);
    scripted_run_ok(world, 400);
    assert_int_equal(plan.calls, 6);
    assert_int_equal(plan.times[4], 300);
    assert_int_equal(sim_world_events(world), 2);
    assert_int_equal(sim_world_seed(world), 3);
    assert_int_equal(sim_world_replication(world), 4);
    sim_world_destroy(world);
    sim_world_destroy(NULL);
}

static void assert_closed(const sim_world_t *world, uint32_t lp, int64_t times, int64_t last_s)
{
    const closing_t *closing = sim_world_report(world, lp);
    assert_int_equal(closing->times, times);
    assert_int_equal(closing->last_s, last_s);
}

/* With or without events, at windows' ends only; not once stopped, and not the planner. */
static void test_reports_at_whole_windows(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_world_t *world = scripted_world(&closing_model, &plan, 2, NULL);
    sim_error_t err = {0};
    uint32_t lp;
    assert_int_equal(sim_world_add_lp(world, &(sim_lp_spec_t){.boundary_only = true}, &lp, &err), SIM_OK);
    scripted_put(world, 0, (sim_event_t){.time_s = 150, .type = LOG});
    scripted_run_ok(world, 250);
    assert_closed(world, 0, 2, 200);
    assert_closed(world, 1, 2, 200);
    scripted_run_ok(world, 300);
    assert_closed(world, 0, 3, 300);
    sim_world_stop_lp(world, 1);
    for (int i = 0; i < 40; i++) /* the table of reports moves */
        assert_int_equal(sim_world_add_lp(world, &(sim_lp_spec_t){.state_bytes = sizeof(script_t)}, &lp, &err), SIM_OK);
    scripted_run_ok(world, 500);
    assert_closed(world, 0, 5, 500);
    assert_closed(world, 1, 3, 300);
    assert_closed(world, 2, 0, 0);
    assert_closed(world, lp, 2, 500);
    sim_world_destroy(world);
}

/* An LP that failed has nothing to report; the others of that window have. */
static void test_failed_lp_is_not_closed(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_world_t *world = scripted_world(&closing_model, &plan, 2, NULL);
    sim_error_t err = {0};
    scripted_put(world, 0, (sim_event_t){.time_s = 50, .type = FAIL});
    assert_int_equal(sim_world_run(world, 1000, NULL, &err), SIM_EINVARIANT);
    assert_closed(world, 0, 0, 0);
    assert_closed(world, 1, 1, 100);
    sim_world_destroy(world);
}

/* Without a boundary function nothing is done where nothing happens: this would take years otherwise. */
static void test_empty_windows_are_passed_over(void **state)
{
    (void)state;
    sim_world_t *world = scripted_world(&quiet_model, NULL, 2, NULL);
    scripted_put(world, 0, (sim_event_t){.time_s = INT64_C(4000000000000000000), .type = LOG});
    scripted_put(
        world, 1,
        (sim_event_t){.time_s = INT64_C(4000000000000000001), .type = SEND, .a = INT64_C(4000000000000000100)});
    scripted_run_ok(world, INT64_C(4000000000000000050));
    assert_int_equal(sim_world_events(world), 2);
    scripted_run_ok(world, SIM_NEVER - 1);
    assert_int_equal(sim_world_events(world), 3);
    assert_int_equal(sim_world_now(world), SIM_NEVER - 1);
    sim_world_destroy(world);
}

/* Ties at one instant: what was pending before, then by sender, then by order of sending. */
static void test_order_of_messages(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 4, NULL);
    scripted_put(world, 3, (sim_event_t){.time_s = 10, .type = SEND, .entity = 0, .a = 300, .b = 1});
    scripted_put(world, 2, (sim_event_t){.time_s = 110, .type = SEND, .entity = 0, .a = 300, .b = 2});
    scripted_put(world, 3, (sim_event_t){.time_s = 101, .type = SEND, .entity = 0, .a = 300, .b = 4});
    scripted_put(world, 3, (sim_event_t){.time_s = 102, .type = SEND, .entity = 0, .a = 300, .b = 5});
    scripted_put(world, 1, (sim_event_t){.time_s = 199, .type = SEND, .entity = 0, .a = 299, .b = 0});
    scripted_put(world, 2, (sim_event_t){.time_s = 111, .type = SEND, .entity = 0, .a = 300, .b = 3});
    scripted_put(world, 0, (sim_event_t){.time_s = 150, .type = SEND, .entity = 0, .a = 350, .b = 6}); /* to itself */
    scripted_run_ok(world, 400);
    const script_t *script = scripted_script(world, 0);
    assert_int_equal(script->n, 8);
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(script->log[i].b, i - 1);
    assert_int_equal(script->log[7].time_s, 350);
    sim_world_destroy(world);
}

static void test_calendars_and_outboxes_grow_at_boundaries(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_lp_spec_t spec = {.calendar_initial = 4, .outbox_capacity = 4};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 2, &spec);
    /* each window twice as many; each finds room because the last one left more than half full */
    for (int64_t w = 0, n = 2; n <= 512; w++, n *= 2)
        scripted_put(world, 0, (sim_event_t){.time_s = 100 * w, .type = BURST, .a = n / 2, .b = 100});
    scripted_run_ok(world, 2000);
    assert_int_equal(sim_world_events(world), 9 + 511);
    for (int64_t w = 0, n = 2; n <= 128; w++, n *= 2) {
        for (int64_t i = 0; i < n; i++)
            scripted_put(world, 1,
                         (sim_event_t){.time_s = 2000 + 100 * w, .type = SEND, .entity = 0, .a = 2100 + 100 * w});
    }
    scripted_run_ok(world, 4000);
    assert_int_equal(sim_world_events(world), 9 + 511 + 2 * 254);
    sim_world_destroy(world);
}

/* A calendar of 4 that room is reserved for beside what is pending takes as much within one window; one with a declared
 * bound no more than that, and a stopped LP's is none. */
static void test_calendars_have_the_room_that_is_reserved(void **state)
{
    (void)state;
    for (int bounded = 0; bounded < 2; bounded++) {
        scripted_plan_t plan = {0};
        sim_lp_spec_t spec = {.calendar_initial = 4, .calendar_max = bounded ? 60 : 0};
        sim_error_t err = {0};
        sim_world_t *world = scripted_world(&scripted_model, &plan, 2, &spec);
        scripted_put(world, 0, (sim_event_t){.time_s = 10, .type = BURST, .a = 99, .b = 20});
        assert_int_equal(sim_world_reserve(world, 0, 100, &err), SIM_OK);
        assert_int_equal(sim_world_reserve(world, 0, 3, &err), SIM_OK); /* never less */
        assert_int_equal(sim_world_run(world, 100, NULL, &err), bounded ? SIM_ELIMIT : SIM_OK);
        if (!bounded)
            assert_int_equal(sim_world_events(world), 100);
        sim_world_stop_lp(world, 1);
        assert_int_equal(sim_world_reserve(world, 1, 100, &err), SIM_OK);
        sim_world_destroy(world);
    }
}

static sim_status_t stop_lp_1(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    (void)err;
    if (time_s == 200) {
        sim_world_stop_lp(world, 1);
        sim_world_stop_lp(world, 1);
    }
    return SIM_OK;
}

static void test_stopped_lp(void **state)
{
    (void)state;
    scripted_plan_t plan = {.act = stop_lp_1};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 2, NULL);
    for (int i = 0; i < 6; i++)
        scripted_put(world, 1, (sim_event_t){.time_s = 90 * i, .type = LOG});
    scripted_put(world, 0,
                 (sim_event_t){.time_s = 150, .type = SEND, .entity = 1, .a = 700}); /* arrives before the stop */
    scripted_put(world, 0, (sim_event_t){.time_s = 350, .type = SEND, .entity = 1, .a = 700});
    scripted_run_ok(world, 1000);
    assert_int_equal(scripted_script(world, 1)->n, 3);
    assert_int_equal(sim_world_dropped(world), 3 + 1 + 1);
    sim_handle_t handle = {5, 5};
    assert_int_equal(sim_world_schedule(world, 1, &(sim_event_t){.time_s = 1000}, 0, &handle), SIM_OK);
    assert_int_equal(handle.generation, 0);
    assert_false(sim_world_cancel(world, 1, handle));
    assert_int_equal(sim_world_dropped(world), 6);
    assert_int_equal(sim_world_lp_count(world), 2);
    sim_world_destroy(world);
}

static sim_status_t run_planner(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    return sim_world_run_lp(world, 0, time_s, err);
}

/* A boundary_only LP: never run in a window, up to and including the boundary's time, its messages at once, its
 * calendar growing as it goes, LPs added by its handler. */
static void test_boundary_only_lp(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_lp_spec_t spec = {.kind = 1, .boundary_only = true, .calendar_initial = 2};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 1, &spec);
    uint32_t lp;
    sim_lp_spec_t other = {.state_bytes = sizeof(script_t)};
    assert_int_equal(sim_world_add_lp(world, &other, &lp, NULL), SIM_OK);
    scripted_put(world, 0, (sim_event_t){.time_s = 30, .type = BURST, .a = 500, .b = 70});
    scripted_put(world, 0, (sim_event_t){.time_s = 30, .type = ADD_LPS, .a = 100});
    scripted_put(world, 0, (sim_event_t){.time_s = 30, .type = CANCEL_AT_ONCE});
    scripted_put(world, 0, (sim_event_t){.time_s = 100, .type = SEND, .entity = 1, .a = 101, .b = 8});
    scripted_put(world, 0, (sim_event_t){.time_s = 101, .type = LOG});
    scripted_run_ok(world, 100);
    assert_int_equal(sim_world_events(world), 0);
    plan.act = run_planner;
    scripted_run_ok(world, 101);
    assert_int_equal(scripted_script(world, 0)->n, 505);
    assert_int_equal(scripted_script(world, 1)->n, 0);
    assert_int_equal(sim_world_lp_count(world), 102);
    scripted_run_ok(world, 200);
    assert_int_equal(scripted_script(world, 1)->n, 1);
    assert_int_equal(scripted_script(world, 1)->log[0].time_s, 101);
    sim_world_destroy(world);
}

static void test_boundary_only_lp_stops_itself(void **state)
{
    (void)state;
    scripted_plan_t plan = {.act = run_planner};
    sim_lp_spec_t spec = {.kind = 1, .boundary_only = true};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 1, &spec);
    scripted_put(world, 0, (sim_event_t){.time_s = 10, .type = STOP_SELF});
    scripted_put(world, 0, (sim_event_t){.time_s = 10, .type = FAIL});
    scripted_put(world, 0, (sim_event_t){.time_s = 60, .type = FAIL});
    scripted_run_ok(world, 500);
    assert_int_equal(scripted_script(world, 0)->n, 1);
    assert_int_equal(sim_world_dropped(world), 4);
    sim_world_destroy(world);
}

static void test_stop_and_progress(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 1, NULL);
    atomic_bool stop = false;
    _Atomic int64_t progress = -1;
    sim_control_t control = {&stop, &progress};
    sim_error_t err = {0};
    assert_int_equal(sim_world_run(world, 300, &control, &err), SIM_OK);
    assert_int_equal(atomic_load(&progress), 300);
    atomic_store(&stop, true);
    assert_int_equal(sim_world_run(world, 900, &control, &err), SIM_EINTERRUPTED);
    assert_non_null(strstr(err.message, "stopped at 2022-01-01 00:06:40"));
    assert_int_equal(sim_world_now(world), 400);
    atomic_store(&stop, false);
    err = (sim_error_t){0};
    assert_int_equal(sim_world_run(world, 900, &control, &err), SIM_OK);
    assert_int_equal(plan.calls, 9);
    sim_world_destroy(world);
}

static void test_wall_time_is_split(void **state)
{
    (void)state;
    scripted_plan_t plan = {0};
    sim_world_t *world = scripted_world(&scripted_model, &plan, 1, NULL);
    scripted_put(world, 0, (sim_event_t){.time_s = 10, .type = LOG});
    scripted_run_ok(world, 500);
    double windows_s, boundaries_s;
    sim_world_wall_s(world, &windows_s, &boundaries_s);
    assert_true(windows_s > 0 && boundaries_s > 0);
    sim_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetching_goes_ahead_of_a_window),
        cmocka_unit_test(test_windows_and_their_cut),
        cmocka_unit_test(test_reports_at_whole_windows),
        cmocka_unit_test(test_failed_lp_is_not_closed),
        cmocka_unit_test(test_empty_windows_are_passed_over),
        cmocka_unit_test(test_order_of_messages),
        cmocka_unit_test(test_calendars_and_outboxes_grow_at_boundaries),
        cmocka_unit_test(test_calendars_have_the_room_that_is_reserved),
        cmocka_unit_test(test_stopped_lp),
        cmocka_unit_test(test_boundary_only_lp),
        cmocka_unit_test(test_boundary_only_lp_stops_itself),
        cmocka_unit_test(test_stop_and_progress),
        cmocka_unit_test(test_wall_time_is_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
