// SPDX-License-Identifier: GPL-3.0-or-later
/* A network of LPs that do everything a model may do, drawn at random: the same bits for any number of threads, for a
 * clone taken at any time, for a reset world, and for a run in pieces. */
#include "sim/ensemble.h"
#include "sim/world.h"
#include "tests/support/test.h"

#define WINDOW_S 1000
#define END_S    60000
#define PLANNER  0 /* LP 0 runs at boundaries */

enum { TICK, PING, ORDER };

/* Every node keeps a hash of all it has seen, in order. */
typedef struct node {
    uint64_t random;
    uint64_t seen;
    sim_handle_t timer;
    int64_t last_s;
} node_t;

/* What a node leaves for the boundary. */
typedef struct report {
    _Alignas(64) uint64_t windows;
    uint64_t seen;
} report_t;

static uint64_t next_random(node_t *node)
{
    node->random = node->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (node->random ^ node->random >> 31) * UINT64_C(0x9E3779B97F4A7C15) >> 20;
}

static void note(node_t *node, const sim_lp_t *lp, const sim_event_t *event)
{
    uint64_t fields[] = {(uint64_t)event->time_s, event->type,        event->entity,
                         (uint64_t)event->a,      (uint64_t)event->b, lp->index};
    for (int i = 0; i < 6; i++)
        node->seen = (node->seen ^ fields[i]) * UINT64_C(0x100000001B3);
    assert_true(event->time_s >= node->last_s && event->time_s == sim_now(lp));
    node->last_s = event->time_s;
}

static sim_status_t tick(sim_lp_t *lp, node_t *node)
{
    sim_event_t again = {.type = TICK, .a = (int64_t)(next_random(node) % 100)};
    sim_status_t status = sim_schedule(lp, (int64_t)(next_random(node) % 300), &again, (unsigned)again.a % 16, NULL);
    if (next_random(node) % 8 == 0)
        (void)sim_cancel(lp, node->timer);
    else if (next_random(node) % 8 == 0)
        (void)sim_reschedule(lp, node->timer, (int64_t)(next_random(node) % 50));
    if (status >= 0 && next_random(node) % 4 == 0)
        status = sim_schedule(lp, 500, &(sim_event_t){.type = ORDER, .b = 5}, 3, &node->timer);
    return status;
}

/* A message at the earliest allowed instant, so that ties are common, or some windows later. */
static sim_status_t ping(sim_lp_t *lp, node_t *node)
{
    uint32_t to = (uint32_t)(next_random(node) % sim_world_lp_count(lp->world));
    int64_t time_s = lp->window_end_s + (int64_t)(next_random(node) % 3) * 700;
    return sim_send(lp, to,
                    &(sim_event_t){.time_s = time_s, .type = PING, .entity = lp->index, .a = (int64_t)node->seen});
}

static sim_status_t on_node(sim_lp_t *lp, const sim_event_t *event)
{
    node_t *node = lp->state;
    note(node, lp, event);
    sim_status_t status = event->type == TICK ? tick(lp, node) : SIM_OK;
    if (status >= 0 && event->type != ORDER && next_random(node) % 3 == 0)
        status = ping(lp, node);
    if (status >= 0 && event->type == PING && next_random(node) % 2 == 0)
        status = sim_schedule(lp, 0, &(sim_event_t){.type = ORDER, .entity = event->entity}, 0, NULL);
    return status;
}

static void close_node(sim_lp_t *lp, void *last)
{
    node_t *node = lp->state;
    report_t *report = last;
    assert_true(sim_now(lp) % WINDOW_S == 0 && sim_now(lp) == lp->window_end_s && sim_now(lp) >= node->last_s);
    node->seen = node->seen * 5 + ++report->windows;
    report->seen ^= node->seen;
}

/* The planner answers what it was sent: at once, to anyone. */
static sim_status_t on_planner(sim_lp_t *lp, const sim_event_t *event)
{
    node_t *node = lp->state;
    note(node, lp, event);
    return event->type == PING ? ping(lp, node) : sim_schedule(lp, 10, &(sim_event_t){.type = PING}, 1, NULL);
}

static sim_status_t add_node(sim_world_t *world, uint64_t entity, sim_error_t *err)
{
    sim_lp_spec_t spec = {
        .kind = 1, .entity = entity, .state_bytes = sizeof(node_t), .calendar_initial = 64, .outbox_capacity = 64};
    uint32_t lp;
    sim_status_t status = sim_world_add_lp(world, &spec, &lp, err);
    if (status < 0)
        return status;
    node_t *node = sim_world_state(world, lp);
    node->random = entity * 77 + sim_world_seed(world);
    return sim_world_schedule(world, lp, &(sim_event_t){.time_s = sim_world_now(world), .type = TICK}, 0, NULL);
}

/* The planner's decisions hang on every report. */
static void read_reports(const sim_world_t *world, node_t *planner)
{
    for (uint32_t lp = 1; lp < sim_world_lp_count(world); lp++) {
        const report_t *report = sim_world_report(world, lp);
        planner->random = planner->random * 3 + report->seen;
    }
}

static sim_status_t boundary(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    node_t *planner = sim_world_state(world, PLANNER);
    read_reports(world, planner);
    sim_status_t status = sim_world_schedule(world, PLANNER, &(sim_event_t){.time_s = time_s, .type = TICK}, 0, NULL);
    if (status >= 0)
        status = sim_world_run_lp(world, PLANNER, time_s, err);
    uint64_t chance = next_random(planner) % 10;
    if (status >= 0 && chance < 3)
        status = add_node(world, 1000 + sim_world_lp_count(world), err);
    if (chance == 9)
        sim_world_stop_lp(world, 1 + (uint32_t)(next_random(planner) % (sim_world_lp_count(world) - 1)));
    return status;
}

static const sim_lp_kind_t kinds[] = {
    {.name = "planner", .handle = on_planner},
    {.name = "node", .handle = on_node, .close = close_node, .report_bytes = sizeof(report_t)}};
static const sim_model_t model = {"network", kinds, 2, WINDOW_S, boundary};

static void populate(sim_world_t *world)
{
    sim_error_t err = {0};
    uint32_t lp;
    sim_lp_spec_t spec = {.kind = 0, .state_bytes = sizeof(node_t), .boundary_only = true};
    assert_int_equal(sim_world_add_lp(world, &spec, &lp, &err), SIM_OK);
    assert_int_equal(lp, PLANNER);
    for (uint64_t i = 0; i < 40; i++)
        assert_int_equal(add_node(world, i, &err), SIM_OK);
}

static sim_world_t *new_world(uint64_t seed, int threads)
{
    sim_world_t *world;
    sim_error_t err = {0};
    sim_world_options_t options = {.seed = seed, .max_bytes = (size_t)256 << 20, .threads = threads};
    assert_int_equal(sim_world_create(&world, &model, NULL, &options, &err), SIM_OK);
    populate(world);
    return world;
}

static void run_to(sim_world_t *world, int64_t until_s)
{
    sim_error_t err = {0};
    if (sim_world_run(world, until_s, NULL, &err) != SIM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(sim_world_now(world), until_s);
}

/* Equal in everything: what was dispatched, what every LP holds, and the arenas' bytes themselves. */
static void assert_same(sim_world_t *a, sim_world_t *b)
{
    assert_int_equal(sim_world_events(a), sim_world_events(b));
    assert_int_equal(sim_world_fingerprint(a), sim_world_fingerprint(b));
    assert_int_equal(sim_world_dropped(a), sim_world_dropped(b));
    assert_int_equal(sim_world_lp_count(a), sim_world_lp_count(b));
    for (uint32_t i = 0; i < sim_world_lp_count(a); i++)
        assert_memory_equal(sim_world_state(a, i), sim_world_state(b, i), sizeof(node_t));
    assert_int_equal(sim_arena_used(sim_world_arena(a)), sim_arena_used(sim_world_arena(b)));
    assert_memory_equal(sim_world_arena(a)->base, sim_world_arena(b)->base, sim_arena_used(sim_world_arena(a)));
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        sim_world_t *alone = new_world(seed, 1);
        run_to(alone, END_S);
        assert_true(sim_world_events(alone) > 20000);
        assert_true(sim_world_lp_count(alone) > 45);
        assert_true(sim_world_dropped(alone) > 100);
        static const int threads[] = {0, 2, 7};
        for (int t = 0; t < 3; t++) {
            sim_world_t *world = new_world(seed, threads[t]);
            run_to(world, END_S);
            assert_same(world, alone);
            sim_world_destroy(world);
        }
        sim_world_destroy(alone);
    }
}

static sim_status_t run_one(void *user, size_t index, int worker, int inner_threads, sim_error_t *err)
{
    sim_world_t **worlds = user;
    (void)worker;
    sim_world_options_t options = {.seed = index % 3, .max_bytes = (size_t)256 << 20, .threads = inner_threads};
    sim_status_t status = sim_world_create(&worlds[index], &model, NULL, &options, err);
    if (status < 0)
        return status;
    populate(worlds[index]);
    return sim_world_run(worlds[index], 20000, NULL, err);
}

/* Worlds side by side, each alone or with threads of its own, are the worlds run one after the other. */
static void test_ensembles_do_not_matter(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        int threads;
    } cases[] = {{3, 1}, {3, 7}, {2, 4}, {1, 3}, {9, 2}};
    sim_world_t *reference[3] = {NULL};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        sim_world_t *worlds[9] = {NULL};
        sim_task_result_t results[9];
        sim_error_t err = {0};
        sim_ensemble_options_t options = {.threads = cases[c].threads};
        assert_int_equal(sim_ensemble_run(cases[c].n, run_one, worlds, &options, results, &err), SIM_OK);
        for (size_t i = 0; i < cases[c].n; i++) {
            assert_int_equal(results[i].status, SIM_OK);
            if (c == 0) {
                reference[i] = worlds[i];
                continue;
            }
            assert_same(worlds[i], reference[i % 3]);
            sim_world_destroy(worlds[i]);
        }
    }
    for (int i = 0; i < 3; i++)
        sim_world_destroy(reference[i]);
}

/* The fingerprint sees what differs: another seed, and a single event more. */
static void test_fingerprint_tells_runs_apart(void **state)
{
    (void)state;
    sim_world_t *a = new_world(1, 1);
    sim_world_t *b = new_world(2, 1);
    sim_world_t *c = new_world(1, 1);
    sim_event_t extra = {.time_s = 5, .type = ORDER};
    assert_int_equal(sim_world_schedule(c, 7, &extra, 0, NULL), SIM_OK);
    run_to(a, 5000);
    run_to(b, 5000);
    run_to(c, 5000);
    assert_int_not_equal(sim_world_fingerprint(a), sim_world_fingerprint(b));
    assert_int_not_equal(sim_world_fingerprint(a), sim_world_fingerprint(c));
    sim_world_destroy(a);
    sim_world_destroy(b);
    sim_world_destroy(c);
}

/* A clone at any time, with nothing but the copying in between. */
static void test_clone_equals_running_on(void **state)
{
    (void)state;
    node_t chance = {.random = 4};
    for (int trial = 0; trial < 12; trial++) {
        sim_world_t *world = new_world(6, 1 + trial % 3);
        sim_world_t *clone;
        sim_error_t err = {0};
        int64_t at_s = (int64_t)(next_random(&chance) % 30000);
        run_to(world, at_s);
        assert_int_equal(sim_world_clone(&clone, world, &chance, &err), SIM_OK);
        assert_ptr_equal(sim_world_input(clone), &chance);
        assert_same(clone, world);
        run_to(world, 40000);
        run_to(clone, 40000);
        assert_same(clone, world);
        sim_world_destroy(world);
        run_to(clone, 41000);
        sim_world_destroy(clone);
    }
}

/* Cutting a run at boundaries changes nothing. */
static void test_run_in_pieces(void **state)
{
    (void)state;
    sim_world_t *whole = new_world(8, 1);
    sim_world_t *pieces = new_world(8, 2);
    run_to(whole, 30000);
    for (int64_t at_s = 3000; at_s <= 30000; at_s += 3000)
        run_to(pieces, at_s);
    assert_same(pieces, whole);
    sim_world_destroy(whole);
    sim_world_destroy(pieces);
}

/* A world that has lived is as good as new after a reset. */
static void test_reset_equals_a_new_world(void **state)
{
    (void)state;
    sim_world_t *fresh = new_world(10, 1);
    run_to(fresh, 20000);
    sim_world_t *used = new_world(9, 2);
    run_to(used, 33333);
    sim_error_t err = {0};
    sim_world_options_t options = {.seed = 10, .max_bytes = (size_t)256 << 20, .threads = 2};
    assert_int_equal(sim_world_reset(used, NULL, &options, &err), SIM_OK);
    populate(used);
    run_to(used, 20000);
    assert_same(used, fresh);
    options.max_bytes = (size_t)128 << 20;
    assert_int_equal(sim_world_reset(used, NULL, &options, &err), SIM_OK);
    populate(used);
    run_to(used, 20000);
    assert_same(used, fresh);
    sim_world_destroy(used);
    sim_world_destroy(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_ensembles_do_not_matter),
        cmocka_unit_test(test_fingerprint_tells_runs_apart),
        cmocka_unit_test(test_clone_equals_running_on),
        cmocka_unit_test(test_run_in_pieces),
        cmocka_unit_test(test_reset_equals_a_new_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
