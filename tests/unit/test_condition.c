// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions: who waits is woken once, at the instant of the signal and in waiting order, against a plain array. */
#include "sim/condition.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#include <math.h>

enum { STEP, WOKEN, STEPS = 3000, CAPACITY = 40, LOG = 4 * STEPS };

typedef struct waiting {
    int64_t name;
    int64_t since_s;
    sim_handle_t ticket;
} waiting_t;

/* The LP's state: the condition, the model's own list of who waits, and who was woken, expected and in fact. */
typedef struct room {
    sim_ref_t condition;
    waiting_t waiting[CAPACITY];
    uint32_t n;
    int64_t next_name;
    int64_t expected[LOG];
    int64_t found[LOG];
    uint32_t n_expected;
    uint32_t n_found;
    int64_t signal_s;
    int64_t wait_sum_s;
} room_t;

static void forget(room_t *room, uint32_t i)
{
    room->n--;
    memmove(&room->waiting[i], &room->waiting[i + 1], (room->n - i) * sizeof room->waiting[0]);
}

static sim_status_t wait_some(room_t *room, sim_lp_t *lp, sim_condition_t *condition)
{
    if (room->n == CAPACITY)
        return SIM_OK;
    waiting_t *w = &room->waiting[room->n++];
    *w = (waiting_t){.name = room->next_name++, .since_s = lp->now_s};
    return sim_condition_wait(condition, lp, &(sim_event_t){.type = WOKEN, .a = w->name}, &w->ticket);
}

static void leave_some(room_t *room, sim_lp_t *lp, sim_condition_t *condition, sim_rng_t *rng)
{
    if (room->n == 0)
        return;
    uint32_t i = (uint32_t)sim_draw_below(rng, room->n);
    sim_handle_t ticket = room->waiting[i].ticket;
    assert_true(sim_condition_leave(condition, lp, ticket));
    assert_false(sim_condition_leave(condition, lp, ticket));
    forget(room, i);
}

static sim_status_t signal_some(room_t *room, sim_lp_t *lp, sim_condition_t *condition, sim_rng_t *rng)
{
    uint32_t n = sim_draw_bernoulli(rng, 0.03) ? SIM_ALL : (uint32_t)sim_draw_below(rng, 5);
    uint32_t expected = n < room->n ? n : room->n;
    uint32_t woken;
    room->signal_s = lp->now_s;
    sim_status_t status = sim_condition_signal(condition, lp, n, &woken);
    assert_int_equal(woken, expected);
    for (; expected > 0; expected--) {
        room->expected[room->n_expected++] = room->waiting[0].name;
        room->wait_sum_s += lp->now_s - room->waiting[0].since_s;
        assert_false(sim_condition_leave(condition, lp, room->waiting[0].ticket));
        forget(room, 0);
    }
    return status;
}

static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event)
{
    room_t *room = lp->state;
    sim_condition_t *condition = sim_condition_at(lp, room->condition);
    if (event->type == WOKEN) {
        assert_int_equal(lp->now_s, room->signal_s);
        room->found[room->n_found++] = event->a;
        return SIM_OK;
    }
    assert_int_equal(room->n_found, room->n_expected); /* the last signal's all had their turn */
    sim_rng_t rng;
    sim_lp_rng(lp, &rng, 0, 0, (uint64_t)event->a);
    sim_status_t status = SIM_OK;
    switch (sim_draw_below(&rng, 5)) {
    case 0: status = signal_some(room, lp, condition, &rng); break;
    case 1: leave_some(room, lp, condition, &rng); break;
    default: status = wait_some(room, lp, condition); break;
    }
    assert_int_equal(sim_condition_waiting(condition), room->n);
    assert_true(sim_condition_verify(condition));
    if (status < 0 || event->a == STEPS)
        return status;
    return sim_schedule(lp, 1 + (int64_t)sim_draw_below(&rng, 50), &(sim_event_t){.a = event->a + 1}, 0, NULL);
}

static const sim_lp_kind_t kinds[] = {{.name = "room", .handle = on_event}};
static const sim_model_t model = {.name = "condition test", .kinds = kinds, .n_kinds = 1, .window_s = SIM_DAY_S};

static sim_world_t *open_room(uint32_t capacity)
{
    sim_world_t *world;
    uint32_t lp;
    sim_lp_spec_t spec = {.state_bytes = sizeof(room_t), .calendar_initial = 100};
    assert_int_equal(sim_world_create(&world, &model, NULL, &(sim_world_options_t){.seed = 4}, NULL), SIM_OK);
    assert_int_equal(sim_world_add_lp(world, &spec, &lp, NULL), SIM_OK);
    room_t *room = sim_world_state(world, lp);
    assert_int_equal(sim_condition_create(world, capacity, &room->condition, NULL), SIM_OK);
    return world;
}

static void test_against_a_plain_list(void **state)
{
    (void)state;
    sim_world_t *world = open_room(CAPACITY);
    assert_int_equal(sim_world_schedule(world, 0, &(sim_event_t){.type = STEP}, 0, NULL), SIM_OK);
    assert_int_equal(sim_world_run(world, 100 * STEPS, NULL, NULL), SIM_OK);
    room_t *room = sim_world_state(world, 0);
    assert_true(room->n_found > 500);
    assert_int_equal(room->n_found, room->n_expected);
    assert_memory_equal(room->found, room->expected, room->n_found * sizeof room->found[0]);
    const sim_condition_stats_t *stats = sim_condition_stats(sim_arena_at(sim_world_arena(world), room->condition));
    assert_int_equal(stats->woken, room->n_found);
    assert_int_equal(stats->waited, room->next_name);
    assert_true(fabs(sim_tally_mean(&stats->wait_s) - (double)room->wait_sum_s / room->n_found) < 1e-6);
    assert_int_equal(stats->waiting.level, room->n);
    assert_int_equal(stats->waiting.max, CAPACITY);
    sim_world_destroy(world);
}

static void test_capacity_is_a_named_failure(void **state)
{
    (void)state;
    sim_world_t *world = open_room(2);
    room_t *room = sim_world_state(world, 0);
    sim_condition_t *condition = sim_arena_at(sim_world_arena(world), room->condition);
    sim_error_t err = {0};
    sim_lp_t lp = {.world = world, .arena = sim_world_arena(world), .error = &err};
    for (int i = 0; i < 2; i++)
        assert_int_equal(sim_condition_wait(condition, &lp, &(sim_event_t){.a = i}, NULL), SIM_OK);
    assert_int_equal(sim_condition_wait(condition, &lp, &(sim_event_t){.a = 2}, NULL), SIM_ELIMIT);
    assert_non_null(strstr(err.message, "2 entities wait already"));
    assert_true(sim_condition_verify(condition));
    assert_false(sim_condition_leave(condition, &lp, (sim_handle_t){0, 0}));
    assert_false(sim_condition_leave(condition, &lp, (sim_handle_t){9, 1}));
    sim_world_destroy(world);
}

static void test_no_room_in_the_world(void **state)
{
    (void)state;
    sim_world_t *world;
    sim_error_t err = {0};
    sim_world_options_t options = {.seed = 1, .max_bytes = 1 << 20};
    assert_int_equal(sim_world_create(&world, &model, NULL, &options, &err), SIM_OK);
    sim_ref_t ref;
    assert_int_equal(sim_condition_create(world, 1000000, &ref, &err), SIM_ELIMIT);
    sim_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_plain_list),
        cmocka_unit_test(test_capacity_is_a_named_failure),
        cmocka_unit_test(test_no_room_in_the_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
