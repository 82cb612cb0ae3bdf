// SPDX-License-Identifier: GPL-3.0-or-later
/* The world by example: windows, messages, growth, bounds, stopping, and what it says when something goes wrong. */
#include "sim/world.h"
#include "tests/support/limit.h"
#include "tests/support/test.h"

#define WINDOW_S  100
#define START_DAY 18993 /* 2022-01-01 */

enum {
    NOTHING,
    LOG,
    SEND,
    BURST,
    SCHEDULE,
    FAIL,
    SILENT_FAIL,
    CANCEL_AT_ONCE,
    STOP_SELF,
    ADD_LPS,
    RUN_SELF,
    BREAK_WALL
};

/* A scripted LP: its log of what came, and what the test's boundary function is to do. */
typedef struct script {
    uint32_t n;
    sim_event_t log[600];
} script_t;

/* What the boundary function does; the world's input. */
typedef struct plan {
    int calls;
    int64_t times[64];
    sim_status_t (*act)(sim_world_t *world, int64_t time_s, sim_error_t *err);
} plan_t;

static sim_status_t burst(sim_lp_t *lp, const sim_event_t *event)
{
    sim_status_t status = SIM_OK;
    for (int64_t i = 0; i < event->a && status >= 0; i++)
        status = sim_schedule(lp, event->b, &(sim_event_t){.type = LOG, .a = i}, 0, NULL);
    return status;
}

static sim_status_t cancel_at_once(sim_lp_t *lp)
{
    sim_handle_t handle;
    sim_status_t status = sim_schedule(lp, 5, &(sim_event_t){.type = FAIL}, 0, &handle);
    assert_true(sim_cancel(lp, handle));
    assert_false(sim_cancel(lp, handle));
    assert_false(sim_reschedule(lp, handle, 5));
    return status;
}

static sim_status_t stop_self(sim_lp_t *lp)
{
    sim_world_stop_lp(lp->world, lp->index);
    sim_status_t status = sim_schedule(lp, 0, &(sim_event_t){.type = FAIL}, 0, NULL);
    return status < 0 ? status : sim_schedule(lp, 1, &(sim_event_t){.type = FAIL}, 0, NULL);
}

static sim_status_t add_lps(sim_lp_t *lp, int64_t n)
{
    sim_status_t status = SIM_OK;
    uint32_t added;
    for (int64_t i = 0; i < n && status >= 0; i++)
        status = sim_world_add_lp(lp->world, &(sim_lp_spec_t){.state_bytes = sizeof(script_t)}, &added, lp->error);
    return status;
}

static sim_status_t handle(sim_lp_t *lp, const sim_event_t *event)
{
    script_t *script = lp->state;
    if (script->n < 600)
        script->log[script->n++] = *event;
    switch (event->type) {
    case SEND:
        return sim_send(lp, event->entity,
                        &(sim_event_t){.time_s = event->a, .type = LOG, .entity = lp->index, .b = event->b});
    case BURST: return burst(lp, event);
    case SCHEDULE: return sim_schedule(lp, event->a, &(sim_event_t){.type = LOG}, 0, NULL);
    case FAIL: return sim_fail(lp->error, SIM_EINVARIANT, "ledger", "accounts sum to %d", 3);
    case SILENT_FAIL: return SIM_ELIMIT;
    case CANCEL_AT_ONCE: return cancel_at_once(lp);
    case STOP_SELF: return stop_self(lp);
    case ADD_LPS: return add_lps(lp, event->a);
    case BREAK_WALL: return sim_world_schedule(lp->world, 0, &(sim_event_t){.time_s = 500}, 0, NULL);
    case RUN_SELF: return sim_world_run_lp(lp->world, lp->index, lp->now_s, lp->error);
    default: return SIM_OK;
    }
}

static sim_status_t boundary(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    plan_t *plan = (plan_t *)(uintptr_t)sim_world_input(world);
    plan->times[plan->calls++ % 64] = time_s;
    assert_int_equal(sim_world_now(world), time_s);
    return plan->act == NULL ? SIM_OK : plan->act(world, time_s, err);
}

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

static const sim_lp_kind_t kinds[] = {{.name = "script", .handle = handle}, {.name = "planner", .handle = handle}};
static const sim_lp_kind_t closing_kinds[] = {
    {.name = "script", .handle = handle, .close = close_window, .report_bytes = sizeof(closing_t)}};
static const sim_lp_kind_t fetching_kinds[] = {{.name = "script", .handle = handle, .fetch = fetch}};
static const sim_model_t fetching_model = {"fetching", fetching_kinds, 1, WINDOW_S, boundary};
static const sim_model_t model = {"play", kinds, 2, WINDOW_S, boundary};
static const sim_model_t closing_model = {"closing", closing_kinds, 1, WINDOW_S, boundary};
static const sim_model_t quiet_model = {"quiet", kinds, 2, WINDOW_S, NULL};

static sim_world_t *new_world(const sim_model_t *of, plan_t *plan, uint32_t n, const sim_lp_spec_t *spec)
{
    sim_world_t *world;
    sim_error_t err = {0};
    sim_world_options_t options = {.seed = 3, .replication = 4, .max_bytes = (size_t)64 << 20, .start_day = START_DAY};
    assert_int_equal(sim_world_create(&world, of, plan, &options, &err), SIM_OK);
    for (uint32_t i = 0; i < n; i++) {
        sim_lp_spec_t with_state = spec != NULL ? *spec : (sim_lp_spec_t){.entity = 100 + i};
        with_state.state_bytes = sizeof(script_t);
        uint32_t lp;
        assert_int_equal(sim_world_add_lp(world, &with_state, &lp, &err), SIM_OK);
        assert_int_equal(lp, i);
    }
    return world;
}

static void put(sim_world_t *world, uint32_t lp, sim_event_t event)
{
    assert_int_equal(sim_world_schedule(world, lp, &event, 0, NULL), SIM_OK);
}

static void run_ok(sim_world_t *world, int64_t until_s)
{
    sim_error_t err = {0};
    if (sim_world_run(world, until_s, NULL, &err) != SIM_OK)
        fail_msg("%s", err.message);
}

static void run_fails(sim_world_t *world, sim_status_t expected, const char *const *parts)
{
    sim_error_t err = {0};
    assert_int_equal(sim_world_run(world, 1000, NULL, &err), expected);
    assert_int_equal(err.code, expected);
    for (; *parts != NULL; parts++) {
        if (strstr(err.message, *parts) == NULL)
            fail_msg("'%s' is not in: %s", *parts, err.message);
    }
    sim_error_t again = {0};
    assert_int_equal(sim_world_run(world, 2000, NULL, &again), expected);
    assert_non_null(strstr(again.message, "failed before"));
}

static script_t *script_of(sim_world_t *world, uint32_t lp)
{
    return sim_world_state(world, lp);
}

/* A kind is told of the LPs of a window a few ahead, each once a turn but for the first ones. */
static void test_fetching_goes_ahead_of_a_window(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_world_t *world = new_world(&fetching_model, &plan, 6, NULL);
    for (uint32_t lp = 0; lp < 5; lp++)
        put(world, lp, (sim_event_t){.time_s = 50, .type = LOG});
    fetched[0] = fetched[1] = 0;
    run_ok(world, WINDOW_S);
    assert_int_equal(fetched[0], 3);
    assert_int_equal(fetched[1], 4);
    for (uint32_t lp = 0; lp < 6; lp++)
        assert_int_equal(script_of(world, lp)->n, lp < 5);
    sim_world_destroy(world);
}

static void test_windows_and_their_cut(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_world_t *world = new_world(&model, &plan, 1, NULL);
    put(world, 0, (sim_event_t){.time_s = 99, .type = LOG});
    put(world, 0, (sim_event_t){.time_s = 250, .type = LOG});
    run_ok(world, 250);
    assert_int_equal(plan.calls, 3);
    assert_int_equal(plan.times[0], 100);
    assert_int_equal(plan.times[1], 200);
    assert_int_equal(plan.times[2], 250);
    assert_int_equal(script_of(world, 0)->n, 1); /* the event at the end itself is still to come */
    run_ok(world, 250);
    run_ok(world, 10);
    assert_int_equal(plan.calls, 3);
    run_ok(world, 251);
    assert_int_equal(script_of(world, 0)->n, 2);
    run_ok(world, 400);
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
    plan_t plan = {0};
    sim_world_t *world = new_world(&closing_model, &plan, 2, NULL);
    sim_error_t err = {0};
    uint32_t lp;
    assert_int_equal(sim_world_add_lp(world, &(sim_lp_spec_t){.boundary_only = true}, &lp, &err), SIM_OK);
    put(world, 0, (sim_event_t){.time_s = 150, .type = LOG});
    run_ok(world, 250);
    assert_closed(world, 0, 2, 200);
    assert_closed(world, 1, 2, 200);
    run_ok(world, 300);
    assert_closed(world, 0, 3, 300);
    sim_world_stop_lp(world, 1);
    for (int i = 0; i < 40; i++) /* the table of reports moves */
        assert_int_equal(sim_world_add_lp(world, &(sim_lp_spec_t){.state_bytes = sizeof(script_t)}, &lp, &err), SIM_OK);
    run_ok(world, 500);
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
    plan_t plan = {0};
    sim_world_t *world = new_world(&closing_model, &plan, 2, NULL);
    sim_error_t err = {0};
    put(world, 0, (sim_event_t){.time_s = 50, .type = FAIL});
    assert_int_equal(sim_world_run(world, 1000, NULL, &err), SIM_EINVARIANT);
    assert_closed(world, 0, 0, 0);
    assert_closed(world, 1, 1, 100);
    sim_world_destroy(world);
}

/* Without a boundary function nothing is done where nothing happens: this would take years otherwise. */
static void test_empty_windows_are_passed_over(void **state)
{
    (void)state;
    sim_world_t *world = new_world(&quiet_model, NULL, 2, NULL);
    put(world, 0, (sim_event_t){.time_s = INT64_C(4000000000000000000), .type = LOG});
    put(world, 1,
        (sim_event_t){.time_s = INT64_C(4000000000000000001), .type = SEND, .a = INT64_C(4000000000000000100)});
    run_ok(world, INT64_C(4000000000000000050));
    assert_int_equal(sim_world_events(world), 2);
    run_ok(world, SIM_NEVER - 1);
    assert_int_equal(sim_world_events(world), 3);
    assert_int_equal(sim_world_now(world), SIM_NEVER - 1);
    sim_world_destroy(world);
}

/* Ties at one instant: what was pending before, then by sender, then by order of sending. */
static void test_order_of_messages(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_world_t *world = new_world(&model, &plan, 4, NULL);
    put(world, 3, (sim_event_t){.time_s = 10, .type = SEND, .entity = 0, .a = 300, .b = 1});
    put(world, 2, (sim_event_t){.time_s = 110, .type = SEND, .entity = 0, .a = 300, .b = 2});
    put(world, 3, (sim_event_t){.time_s = 101, .type = SEND, .entity = 0, .a = 300, .b = 4});
    put(world, 3, (sim_event_t){.time_s = 102, .type = SEND, .entity = 0, .a = 300, .b = 5});
    put(world, 1, (sim_event_t){.time_s = 199, .type = SEND, .entity = 0, .a = 299, .b = 0});
    put(world, 2, (sim_event_t){.time_s = 111, .type = SEND, .entity = 0, .a = 300, .b = 3});
    put(world, 0, (sim_event_t){.time_s = 150, .type = SEND, .entity = 0, .a = 350, .b = 6}); /* to itself */
    run_ok(world, 400);
    const script_t *script = script_of(world, 0);
    assert_int_equal(script->n, 8);
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(script->log[i].b, i - 1);
    assert_int_equal(script->log[7].time_s, 350);
    sim_world_destroy(world);
}

static void test_calendars_and_outboxes_grow_at_boundaries(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_lp_spec_t spec = {.calendar_initial = 4, .outbox_capacity = 4};
    sim_world_t *world = new_world(&model, &plan, 2, &spec);
    /* each window twice as many; each finds room because the last one left more than half full */
    for (int64_t w = 0, n = 2; n <= 512; w++, n *= 2)
        put(world, 0, (sim_event_t){.time_s = 100 * w, .type = BURST, .a = n / 2, .b = 100});
    run_ok(world, 2000);
    assert_int_equal(sim_world_events(world), 9 + 511);
    for (int64_t w = 0, n = 2; n <= 128; w++, n *= 2) {
        for (int64_t i = 0; i < n; i++)
            put(world, 1, (sim_event_t){.time_s = 2000 + 100 * w, .type = SEND, .entity = 0, .a = 2100 + 100 * w});
    }
    run_ok(world, 4000);
    assert_int_equal(sim_world_events(world), 9 + 511 + 2 * 254);
    sim_world_destroy(world);
}

static void test_overflow_inside_a_window_is_named(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_lp_spec_t spec = {.calendar_initial = 4, .calendar_max = 64, .outbox_capacity = 4};
    sim_world_t *world = new_world(&model, &plan, 3, &spec);
    put(world, 2, (sim_event_t){.time_s = 150, .type = BURST, .a = 5, .b = 1});
    run_fails(world, SIM_ELIMIT,
              (const char *const[]){"script LP 2", "calendar", "room for no more before the next", "declared bound 64",
                                    "2022-01-01 00:02:30", "calendar_initial", NULL});
    sim_world_destroy(world);
    spec.calendar_max = 4;
    world = new_world(&model, &plan, 1, &spec);
    put(world, 0, (sim_event_t){.time_s = 150, .type = BURST, .a = 5, .b = 1});
    run_fails(world, SIM_ELIMIT, (const char *const[]){"script LP 0", "declared bound 4", "raise calendar_max", NULL});
    sim_world_destroy(world);
    world = new_world(&model, &plan, 1, &(sim_lp_spec_t){.outbox_capacity = 4});
    for (int i = 0; i < 5; i++)
        put(world, 0, (sim_event_t){.time_s = 7, .type = SEND, .a = 200});
    run_fails(world, SIM_ELIMIT, (const char *const[]){"script LP 0", "outbox", "4 messages", "outbox_capacity", NULL});
    sim_world_destroy(world);
}

/* Deliveries grow a calendar as long as its bound allows, and then fail. */
static void test_delivery_overflow_is_named(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_lp_spec_t spec = {.calendar_initial = 2, .calendar_max = 20, .outbox_capacity = 64};
    sim_world_t *world = new_world(&model, &plan, 2, &spec);
    for (int i = 0; i < 10; i++)
        put(world, 0, (sim_event_t){.time_s = i, .type = SEND, .entity = 1, .a = 900});
    for (int i = 0; i < 10; i++)
        put(world, 0, (sim_event_t){.time_s = 100 + i, .type = SEND, .entity = 1, .a = 900});
    run_ok(world, 200);
    put(world, 0, (sim_event_t){.time_s = 200, .type = SEND, .entity = 1, .a = 900});
    run_fails(world, SIM_ELIMIT,
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
        plan_t plan = {0};
        sim_world_t *world = new_world(&model, &plan, 2, NULL);
        put(world, 1, cases[c].event);
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
        plan_t plan = {0};
        sim_world_t *world;
        sim_error_t err = {0};
        sim_world_options_t options = {.max_bytes = (size_t)64 << 20, .threads = 1 + 3 * t};
        assert_int_equal(sim_world_create(&world, &model, &plan, &options, &err), SIM_OK);
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t lp;
            sim_lp_spec_t spec = {.state_bytes = sizeof(script_t)};
            assert_int_equal(sim_world_add_lp(world, &spec, &lp, &err), SIM_OK);
            put(world, i, (sim_event_t){.time_s = 40, .type = i >= 60 && i % 20 == 13 ? FAIL : LOG});
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
    plan_t plan = {.act = stop_lp_1};
    sim_world_t *world = new_world(&model, &plan, 2, NULL);
    for (int i = 0; i < 6; i++)
        put(world, 1, (sim_event_t){.time_s = 90 * i, .type = LOG});
    put(world, 0, (sim_event_t){.time_s = 150, .type = SEND, .entity = 1, .a = 700}); /* arrives before the stop */
    put(world, 0, (sim_event_t){.time_s = 350, .type = SEND, .entity = 1, .a = 700});
    run_ok(world, 1000);
    assert_int_equal(script_of(world, 1)->n, 3);
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
    plan_t plan = {0};
    sim_lp_spec_t spec = {.kind = 1, .boundary_only = true, .calendar_initial = 2};
    sim_world_t *world = new_world(&model, &plan, 1, &spec);
    uint32_t lp;
    sim_lp_spec_t other = {.state_bytes = sizeof(script_t)};
    assert_int_equal(sim_world_add_lp(world, &other, &lp, NULL), SIM_OK);
    put(world, 0, (sim_event_t){.time_s = 30, .type = BURST, .a = 500, .b = 70});
    put(world, 0, (sim_event_t){.time_s = 30, .type = ADD_LPS, .a = 100});
    put(world, 0, (sim_event_t){.time_s = 30, .type = CANCEL_AT_ONCE});
    put(world, 0, (sim_event_t){.time_s = 100, .type = SEND, .entity = 1, .a = 101, .b = 8});
    put(world, 0, (sim_event_t){.time_s = 101, .type = LOG});
    run_ok(world, 100);
    assert_int_equal(sim_world_events(world), 0);
    plan.act = run_planner;
    run_ok(world, 101);
    assert_int_equal(script_of(world, 0)->n, 505);
    assert_int_equal(script_of(world, 1)->n, 0);
    assert_int_equal(sim_world_lp_count(world), 102);
    run_ok(world, 200);
    assert_int_equal(script_of(world, 1)->n, 1);
    assert_int_equal(script_of(world, 1)->log[0].time_s, 101);
    sim_world_destroy(world);
}

static void test_boundary_only_lp_stops_itself(void **state)
{
    (void)state;
    plan_t plan = {.act = run_planner};
    sim_lp_spec_t spec = {.kind = 1, .boundary_only = true};
    sim_world_t *world = new_world(&model, &plan, 1, &spec);
    put(world, 0, (sim_event_t){.time_s = 10, .type = STOP_SELF});
    put(world, 0, (sim_event_t){.time_s = 10, .type = FAIL});
    put(world, 0, (sim_event_t){.time_s = 60, .type = FAIL});
    run_ok(world, 500);
    assert_int_equal(script_of(world, 0)->n, 1);
    assert_int_equal(sim_world_dropped(world), 4);
    sim_world_destroy(world);
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
    plan_t plan = {.act = run_wrongly};
    sim_lp_spec_t spec = {.kind = 1, .boundary_only = true};
    sim_world_t *world = new_world(&model, &plan, 1, &spec);
    uint32_t lp;
    assert_int_equal(sim_world_add_lp(world, &(sim_lp_spec_t){.kind = 0}, &lp, NULL), SIM_OK);
    assert_null(sim_world_state(world, lp));
    put(world, 0, (sim_event_t){.time_s = 90, .type = RUN_SELF});
    run_fails(world, SIM_EINVARIANT,
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
        plan_t plan = {.act = cases[c].act};
        sim_world_t *world = new_world(&model, &plan, 1, NULL);
        run_fails(world, cases[c].status, cases[c].parts);
        sim_world_destroy(world);
    }
}

static void test_stop_and_progress(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_world_t *world = new_world(&model, &plan, 1, NULL);
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
            plan_t plan = {0};
            sim_world_t *world = new_world(&model, &plan, n, NULL);
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
            run_ok(world, 300);
            sim_world_destroy(world);
        }
    }
}

static void test_memory_bound_stops_growth(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_lp_spec_t spec = {.outbox_capacity = 4};
    sim_world_t *world = new_world(&model, &plan, 2, &spec);
    put(world, 0, (sim_event_t){.time_s = 10, .type = BURST, .a = 12, .b = 300});
    exhaust(world, 0);
    run_fails(world, SIM_ELIMIT, (const char *const[]){"calendar", "script LP 0", "32 events", "64 MiB", NULL});
    sim_world_destroy(world);
    world = new_world(&model, &plan, 2, &spec);
    for (int i = 0; i < 4; i++)
        put(world, 1, (sim_event_t){.time_s = 10, .type = SEND, .entity = 0, .a = 200});
    exhaust(world, 0);
    run_fails(world, SIM_ELIMIT, (const char *const[]){"outbox", "script LP 1", "8 messages", "64 MiB", NULL});
    sim_world_destroy(world);
    world = new_world(&model, &plan, 2, NULL);
    for (int i = 0; i < 5; i++)
        put(world, 1, (sim_event_t){.time_s = 10, .type = SEND, .entity = 0, .a = 200});
    for (int i = 0; i < 4; i++)
        put(world, 0, (sim_event_t){.time_s = 500, .type = LOG});
    exhaust(world, 0);
    run_fails(world, SIM_ELIMIT, (const char *const[]){"calendar", "script LP 0", "64 MiB", NULL});
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
    sim_status_t first = sim_world_create(&world, &model, NULL, &options, &err);
    sim_status_t clone = first == SIM_OK ? sim_world_clone(&copy, world, NULL, &clone_err) : SIM_OK;
    test_limit_end(RLIMIT_AS, &saved);
    test_limit_begin(RLIMIT_AS, (rlim_t)200 << 20, &saved);
    sim_status_t second = sim_world_create(&none, &model, NULL, &options, &err);
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

static void test_wall_time_is_split(void **state)
{
    (void)state;
    plan_t plan = {0};
    sim_world_t *world = new_world(&model, &plan, 1, NULL);
    put(world, 0, (sim_event_t){.time_s = 10, .type = LOG});
    run_ok(world, 500);
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
        cmocka_unit_test(test_overflow_inside_a_window_is_named),
        cmocka_unit_test(test_delivery_overflow_is_named),
        cmocka_unit_test(test_handler_errors_are_placed),
        cmocka_unit_test(test_failure_does_not_depend_on_threads),
        cmocka_unit_test(test_stopped_lp),
        cmocka_unit_test(test_boundary_only_lp),
        cmocka_unit_test(test_boundary_only_lp_stops_itself),
        cmocka_unit_test(test_running_an_lp_wrongly),
        cmocka_unit_test(test_boundary_errors_are_placed),
        cmocka_unit_test(test_stop_and_progress),
        cmocka_unit_test(test_memory_bound_is_named),
        cmocka_unit_test(test_memory_bound_stops_growth),
        cmocka_unit_test(test_tight_address_space),
        cmocka_unit_test(test_wall_time_is_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
