// SPDX-License-Identifier: GPL-3.0-or-later
/* Traces whose times are so long that a replay's sums would run over: refused before it or, where restarts add to them,
 * while it runs; what just fits is added up exactly. And the largest machine. */
#include "models/replay/queue.h"
#include "models/replay/serving.h"
#include "models/replay/shares.h"
#include "tests/support/test.h"

#define LONGEST MDL_TRACE_TIME
#define MANY    ((size_t)1100) /* jobs of that length run over int64 */

static mdl_trace_job_t jobs[MANY];

/* n jobs submitted together, all alike. */
static mdl_trace_t alike(size_t n, int64_t run_s, int64_t estimate_s, uint32_t gpus)
{
    for (size_t i = 0; i < n; i++)
        jobs[i] = (mdl_trace_job_t){
            .id = 100 + (int64_t)i, .run_s = run_s, .estimate_s = estimate_s, .gpus = gpus, .gpu_milli = 1000};
    return (mdl_trace_t){.jobs = jobs, .n = n};
}

static void test_the_bound_is_length_times_width(void **state)
{
    static const struct {
        size_t n;
        int64_t run_s, estimate_s;
        uint32_t width, gpus;
        sim_status_t expected;
    } cases[] = {
        {128, LONGEST, LONGEST, 1, 1, SIM_OK},
        {129, LONGEST, LONGEST, 1, 1, SIM_EINPUT},
        {128, LONGEST / 128, LONGEST / 128, 128, 128, SIM_OK},
        {129, LONGEST / 128, LONGEST / 128, 128, 128, SIM_EINPUT},
        {129, 1, LONGEST, 1, 1, SIM_EINPUT},
        {1, LONGEST, LONGEST, 129, 129, SIM_EINPUT},
        {1, LONGEST, LONGEST, 129, 128, SIM_OK}, /* never runs */
        {0, 0, 0, 1, 1, SIM_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mdl_trace_t trace = alike(cases[i].n, cases[i].run_s, cases[i].estimate_s, cases[i].width);
        assert_int_equal(mdl_replay_check(&trace, cases[i].gpus, NULL), cases[i].expected);
    }
}

static void test_every_policy_refuses_what_runs_over(void **state)
{
    mdl_trace_t trace = alike(MANY, LONGEST, LONGEST, 1);

    (void)state;
    for (uint8_t order = 0; order < MDL_ORDERS; order++)
        for (uint8_t reservation = 0; reservation < MDL_RESERVATIONS; reservation++) {
            mdl_replay_setup_t setup = {
                .nodes = 1, .node_gpus = 1, .policy = {.order = order, .reservation = reservation}};
            mdl_replay_result_t result;
            sim_error_t err = {0};
            assert_int_equal(mdl_replay_queue(&trace, &setup, &result, &err), SIM_EINPUT);
            assert_non_null(strstr(err.message, "job 100"));
            assert_non_null(strstr(err.message, "expected at most"));
            assert_null(result.jobs);
        }
}

static void test_parts_refuse_what_runs_over(void **state)
{
    mdl_trace_t trace = alike(MANY, LONGEST, LONGEST, 1);
    const mdl_fleet_hardware_t node = {.gpus = 1, .model = MDL_NO_MODEL};
    mdl_shares_setup_t setup = {.hardware = &node, .nodes = 1, .rule = MDL_RULE_BEST_FIT};
    mdl_replay_result_t result;

    (void)state;
    assert_int_equal(mdl_replay_shares(&trace, &setup, &result, NULL), SIM_EINPUT);
    assert_null(result.jobs);
}

/* 2 jobs of 2^52 s on all of 128 GPUs: one is allocated after the other, and blocked before. */
static void test_what_just_fits_is_added_up(void **state)
{
    mdl_trace_t trace = alike(2, LONGEST / 2, LONGEST / 2, 128);
    mdl_replay_setup_t setup = {.nodes = 16, .node_gpus = 8};
    mdl_replay_result_t result;

    (void)state;
    assert_int_equal(mdl_replay_queue(&trace, &setup, &result, NULL), SIM_OK);
    assert_true(result.jobs[1].end_s == 0x1p53);
    assert_true(result.allocated_gpu_s == 0x1p60);
    assert_true(result.blocked_gpu_s[MDL_BLOCKED_COUNT] == 0x1p59);
    mdl_replay_free(&result);
}

/* A long job on all of 2^24 GPUs is stopped by short ones, one after the other, at 2^31 s a time. */
static void test_restarts_that_run_over(void **state)
{
    const int64_t gap_s = (INT64_C(1) << 31) + 1000;
    mdl_trace_t trace = alike(300, 1, 1, MDL_TRACE_GPUS);
    mdl_replay_setup_t setup = {
        .nodes = MDL_TRACE_GPUS,
        .node_gpus = 1,
        .pool = true,
        .restart_s = INT32_MAX,
        .policy = {.order = MDL_ORDER_SRTF, .preemption = MDL_PREEMPTION_CHECKPOINT, .las_limit_gpu_s = {1, 2}}};
    mdl_replay_result_t result;
    sim_error_t err = {0};

    (void)state;
    jobs[0].run_s = jobs[0].estimate_s = 2 * gap_s;
    for (size_t i = 1; i < trace.n; i++)
        jobs[i].submit_s = (int64_t)i * gap_s;
    assert_int_equal(mdl_replay_queue(&trace, &setup, &result, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "restart cost"));
    assert_null(result.jobs);
    setup.restart_s = 60;
    assert_int_equal(mdl_replay_queue(&trace, &setup, &result, &err), SIM_OK);
    assert_int_equal(result.n, trace.n);
    mdl_replay_free(&result);
}

/* More nodes than a job table can have rows: as many as a log's header may claim. */
static void test_the_largest_machine(void **state)
{
    mdl_trace_t trace = alike(3, 10, 10, MDL_TRACE_GPUS / 2);
    mdl_replay_setup_t setup = {.nodes = MDL_TRACE_GPUS, .node_gpus = 1, .pool = true};
    mdl_replay_result_t result;

    (void)state;
    setup.policy.reservation = MDL_RESERVATION_EASY;
    assert_int_equal(mdl_replay_queue(&trace, &setup, &result, NULL), SIM_OK);
    assert_true(result.jobs[1].end_s == 10 && result.jobs[2].end_s == 20);
    mdl_replay_free(&result);
}

/* 2^20 requests of 2^24 tokens at a second each, one after the other. */
static void test_requests_that_run_over(void **state)
{
    enum { REQUESTS = 1 << 20 };
    mdl_requests_t requests = {.requests = calloc(REQUESTS, sizeof *requests.requests), .n = REQUESTS};
    mdl_serving_spec_t spec = {.token_ns = 1000000000, .slots = 1, .replicas = 1};
    mdl_serving_t served;
    sim_error_t err = {0};

    (void)state;
    assert_non_null(requests.requests);
    for (size_t i = 0; i < requests.n; i++)
        requests.requests[i] = (mdl_request_t){.context = 1, .generated = 1 << 24};
    assert_int_equal(mdl_serving_replay(&requests, &spec, &served, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "replica seconds"));
    assert_null(served.served);
    requests.n = 16;
    assert_int_equal(mdl_serving_replay(&requests, &spec, &served, &err), SIM_OK);
    assert_true(served.end_us == 16 * ((INT64_C(1) << 24) - 1) * 1000000);
    mdl_serving_free(&served);
    spec.replicas = MDL_SERVING_MAX_REPLICAS; /* each of which is held until the last one is done */
    requests.requests[15].arrival_us = INT64_C(1) << 50;
    assert_int_equal(mdl_serving_replay(&requests, &spec, &served, &err), SIM_EINPUT);
    free(requests.requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bound_is_length_times_width),
        cmocka_unit_test(test_every_policy_refuses_what_runs_over),
        cmocka_unit_test(test_parts_refuse_what_runs_over),
        cmocka_unit_test(test_what_just_fits_is_added_up),
        cmocka_unit_test(test_restarts_that_run_over),
        cmocka_unit_test(test_the_largest_machine),
        cmocka_unit_test(test_requests_that_run_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
