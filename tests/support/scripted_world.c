// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/scripted_world.h"

#include "tests/support/test.h"

#define START_DAY 18993 /* 2022-01-01 */

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

sim_status_t scripted_handle(sim_lp_t *lp, const sim_event_t *event)
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

sim_status_t scripted_boundary(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    scripted_plan_t *plan = (scripted_plan_t *)(uintptr_t)sim_world_input(world);
    plan->times[plan->calls++ % 64] = time_s;
    assert_int_equal(sim_world_now(world), time_s);
    return plan->act == NULL ? SIM_OK : plan->act(world, time_s, err);
}

static const sim_lp_kind_t kinds[] = {{.name = "script", .handle = scripted_handle},
                                      {.name = "planner", .handle = scripted_handle}};
const sim_model_t scripted_model = {"play", kinds, 2, SCRIPTED_WINDOW_S, scripted_boundary};

sim_world_t *scripted_world(const sim_model_t *of, scripted_plan_t *plan, uint32_t n, const sim_lp_spec_t *spec)
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

void scripted_put(sim_world_t *world, uint32_t lp, sim_event_t event)
{
    assert_int_equal(sim_world_schedule(world, lp, &event, 0, NULL), SIM_OK);
}

void scripted_run_ok(sim_world_t *world, int64_t until_s)
{
    sim_error_t err = {0};
    if (sim_world_run(world, until_s, NULL, &err) != SIM_OK)
        fail_msg("%s", err.message);
}

void scripted_run_fails(sim_world_t *world, sim_status_t expected, const char *const *parts)
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

script_t *scripted_script(sim_world_t *world, uint32_t lp)
{
    return sim_world_state(world, lp);
}
