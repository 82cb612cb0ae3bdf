// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs that share GPUs, CPU and memory: cases small enough to work out by hand, and one against whole GPUs. */
#include "models/replay/queue.h"
#include "models/replay/shares.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#define JOBS(...) ((mdl_trace_job_t[]){__VA_ARGS__})

static mdl_trace_t trace_of(mdl_trace_job_t *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        jobs[i].id = (int64_t)i;
        jobs[i].estimate_s = jobs[i].run_s;
        if (jobs[i].gpu_milli == 0)
            jobs[i].gpu_milli = 1000;
    }
    return (mdl_trace_t){.jobs = jobs, .n = n};
}

static void replay(const mdl_trace_t *trace, const mdl_shares_setup_t *setup, mdl_replay_result_t *result)
{
    sim_error_t err = {0};

    if (mdl_replay_shares(trace, setup, result, &err) < 0)
        fail_msg("%s", err.message);
}

static const mdl_fleet_hardware_t one_node[] = {{.cpu_milli = 8000, .memory_mib = 1000, .gpus = 2, .model = 0}};

static void test_three_halves_on_two_gpus_leave_room_for_one_more(void **state)
{
    mdl_trace_job_t *jobs = JOBS({.run_s = 10, .gpus = 1, .gpu_milli = 500}, {.run_s = 10, .gpus = 1, .gpu_milli = 500},
                                 {.run_s = 10, .gpus = 1, .gpu_milli = 500}, {.submit_s = 1, .run_s = 5, .gpus = 1},
                                 {.submit_s = 2, .run_s = 5, .gpus = 1, .gpu_milli = 400});
    mdl_trace_t trace = trace_of(jobs, 5);
    mdl_shares_setup_t setup = {.hardware = one_node, .nodes = 1, .rule = MDL_RULE_BEST_FIT};
    mdl_replay_result_t result;

    (void)state;
    replay(&trace, &setup, &result);
    assert_int_equal(result.n, 5);
    for (int i = 0; i < 3; i++)
        assert_true(result.jobs[i].start_s == 0);
    assert_true(result.jobs[3].start_s == 10); /* a whole GPU is free then only */
    assert_true(result.jobs[4].start_s == 10); /* would fit at 2 s, and nobody passes the head */
    assert_true(result.busy_gpu_s > 21.999 && result.busy_gpu_s < 22.001);
    assert_true(result.allocated_gpu_s > 21.999 && result.allocated_gpu_s < 22.001);
    assert_true(result.blocked_gpu_s[MDL_BLOCKED_COUNT] == 9);
    mdl_replay_free(&result);
}

static void test_wider_than_any_node_is_refused(void **state)
{
    mdl_trace_job_t *jobs = JOBS({.run_s = 10, .gpus = 9}, {.run_s = 10, .gpus = 1, .gpu_milli = 500});
    mdl_trace_t trace = trace_of(jobs, 2), wide_alone = {.jobs = jobs, .n = 1};

    (void)state;
    for (uint32_t rule = 0; rule < MDL_RULES; rule++) {
        mdl_shares_setup_t setup = {.hardware = one_node, .nodes = 1, .rule = rule};
        mdl_replay_result_t result;
        replay(&trace, &setup, &result);
        assert_true(result.n == 1 && result.refused == 1 && result.jobs[0].id == 1);
        mdl_replay_free(&result);
        replay(&wide_alone, &setup, &result);
        assert_true(result.n == 0 && result.refused == 1);
        mdl_replay_free(&result);
    }
}

static void test_cpu_and_memory_bind(void **state)
{
    mdl_trace_job_t *jobs = JOBS({.run_s = 10, .gpus = 1, .gpu_milli = 100, .cpu_milli = 6000},
                                 {.run_s = 10, .gpus = 1, .gpu_milli = 100, .cpu_milli = 3000},
                                 {.run_s = 10, .gpus = 1, .gpu_milli = 100, .memory_mib = 1001},
                                 {.submit_s = 12, .run_s = 3, .gpus = 1, .memory_mib = 900, .gpu_milli = 100},
                                 {.submit_s = 12, .run_s = 3, .gpus = 1, .memory_mib = 200, .gpu_milli = 100});
    mdl_trace_t trace = trace_of(jobs, 5);
    mdl_shares_setup_t setup = {.hardware = one_node, .nodes = 1, .rule = MDL_RULE_PACKING};
    mdl_replay_result_t result;

    (void)state;
    assert_true(mdl_trace_has_parts(&trace));
    replay(&trace, &setup, &result);
    assert_int_equal(result.refused, 1); /* more memory than a node has */
    assert_int_equal(result.n, 4);
    assert_true(result.jobs[1].start_s == 10);
    assert_true(result.jobs[2].start_s == 12);
    assert_true(result.jobs[3].start_s == 15);
    assert_true(result.blocked_gpu_s[MDL_BLOCKED_DOMAIN] > 1.29); /* GPU there was */
    mdl_replay_free(&result);
}

static void test_shortest_first(void **state)
{
    mdl_trace_job_t *jobs =
        JOBS({.run_s = 10, .gpus = 2}, {.submit_s = 1, .run_s = 9, .gpus = 2}, {.submit_s = 2, .run_s = 3, .gpus = 2});
    mdl_trace_t trace = trace_of(jobs, 3);
    mdl_shares_setup_t setup = {.hardware = one_node, .nodes = 1, .rule = MDL_RULE_FGD, .shortest_first = true};
    mdl_replay_result_t result;

    (void)state;
    replay(&trace, &setup, &result);
    assert_true(result.jobs[2].start_s == 10);
    assert_true(result.jobs[1].start_s == 13);
    mdl_replay_free(&result);
}

/* Whole GPUs on equal nodes under best fit: both executives place on the fullest node that fits, the lowest among
 * equals, so every job starts at the same time. */
static void test_whole_gpus_agree_with_the_queue_replay(void **state)
{
    enum { N = 3000, NODES = 6 };
    static mdl_trace_job_t jobs[N];
    mdl_fleet_hardware_t hardware[NODES];
    sim_rng_t rng;
    int64_t time_s = 0;

    (void)state;
    sim_rng_at(&rng, 5, 0, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        time_s += (int64_t)sim_draw_exponential(&rng, 100);
        jobs[i] = (mdl_trace_job_t){.submit_s = time_s,
                                    .run_s = (int64_t)sim_draw_exponential(&rng, 900),
                                    .gpus = 1 + (uint32_t)sim_draw_below(&rng, 8)};
    }
    for (int i = 0; i < NODES; i++)
        hardware[i] = (mdl_fleet_hardware_t){.gpus = 8, .model = 0};
    mdl_trace_t trace = trace_of(jobs, N);
    mdl_shares_setup_t setup = {.hardware = hardware, .nodes = NODES, .rule = MDL_RULE_BEST_FIT};
    mdl_replay_setup_t whole = {.nodes = NODES, .node_gpus = 8};
    mdl_replay_result_t result, other;
    sim_error_t err = {0};
    replay(&trace, &setup, &result);
    assert_int_equal(mdl_replay_queue(&trace, &whole, &other, &err), SIM_OK);
    assert_int_equal(result.n, other.n);
    double waited_s = 0;
    for (size_t i = 0; i < result.n; i++) {
        assert_true(result.jobs[i].start_s == other.jobs[i].start_s);
        assert_int_equal(result.jobs[i].first_node, other.jobs[i].first_node);
        waited_s += result.jobs[i].start_s - result.jobs[i].submit_s;
    }
    assert_true(waited_s > N); /* there was something to agree on */
    assert_true(result.blocked_gpu_s[MDL_BLOCKED_DOMAIN] == other.blocked_gpu_s[MDL_BLOCKED_DOMAIN]);
    mdl_replay_free(&result);
    mdl_replay_free(&other);
}

static void test_impossible_setups(void **state)
{
    mdl_trace_t trace = {0};
    mdl_replay_result_t result;
    sim_error_t err = {0};

    (void)state;
    assert_int_equal(mdl_replay_shares(&trace, &(mdl_shares_setup_t){.hardware = one_node}, &result, &err), SIM_EINPUT);
    mdl_shares_setup_t setup = {.hardware = one_node, .nodes = 1};
    replay(&trace, &setup, &result);
    assert_int_equal(result.n, 0);
    mdl_replay_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_halves_on_two_gpus_leave_room_for_one_more),
        cmocka_unit_test(test_wider_than_any_node_is_refused),
        cmocka_unit_test(test_cpu_and_memory_bind),
        cmocka_unit_test(test_shortest_first),
        cmocka_unit_test(test_whole_gpus_agree_with_the_queue_replay),
        cmocka_unit_test(test_impossible_setups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
