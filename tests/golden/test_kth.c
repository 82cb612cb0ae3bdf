// SPDX-License-Identifier: GPL-3.0-or-later
/* KTH-SP2, 100 processors, 28,481 jobs: the start of every job under FCFS, EASY and EASY-SJBF as pyss and predictsim
 * decide, and the mean bounded slowdowns that follow. */
#include "models/replay/metrics.h"
#include "models/replay/queue.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

static void read_trace(mdl_trace_t *trace)
{
    sim_error_t err = {0};

    if (mdl_trace_read_swf(test_shared("data/traces/kth_sp2/kth_filtered_28481.swf"), NULL, trace, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(trace->n, 28481);
    assert_int_equal(trace->processors, 100);
}

static void replay(mdl_policy_t policy, mdl_replay_result_t *result)
{
    mdl_replay_setup_t setup = {.policy = policy, .nodes = 100, .node_gpus = 1, .pool = true, .one_by_one = true};
    mdl_trace_t trace;
    sim_error_t err = {0};

    read_trace(&trace);
    if (mdl_replay_queue(&trace, &setup, result, &err) < 0)
        fail_msg("%s", err.message);
    print_message("%zu jobs in %.4f s: %.2f M jobs/s\n", result->n, result->seconds,
                  1e-6 * (double)result->n / result->seconds);
    mdl_trace_free(&trace);
}

/* Golden files: job,submit_s,start_s,run_s,procs, in order of submission. */
static void check_starts(const mdl_replay_result_t *result, const char *golden)
{
    FILE *file = fopen(test_shared(golden), "r");
    char line[256];
    size_t n = 0, wrong = 0;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        long long id, submit_s, start_s;
        assert_int_equal(sscanf(line, "%lld,%lld,%lld", &id, &submit_s, &start_s), 3);
        assert_true(n < result->n);
        assert_int_equal(result->jobs[n].id, id);
        assert_int_equal(result->jobs[n].submit_s, submit_s);
        if (result->jobs[n].start_s != (double)start_s && wrong++ < 5)
            print_message("job %lld starts at %.0f, expected %lld\n", id, result->jobs[n].start_s, start_s);
    }
    fclose(file);
    assert_int_equal(n, result->n);
    assert_int_equal(wrong, 0);
}

static void check(mdl_policy_t policy, const char *golden, double slowdown)
{
    mdl_replay_result_t result;
    mdl_replay_metrics_t metrics;
    sim_error_t err = {0};

    replay(policy, &result);
    check_starts(&result, golden);
    assert_int_equal(mdl_replay_measure(&result, &metrics, &err), SIM_OK);
    print_message("mean bounded slowdown %.6f\n", metrics.mean_bounded_slowdown);
    assert_true(metrics.mean_bounded_slowdown > slowdown - 0.0005 && metrics.mean_bounded_slowdown < slowdown + 0.0005);
    mdl_replay_free(&result);
}

static void test_fcfs(void **state)
{
    (void)state;
    check((mdl_policy_t){0}, "golden/sched/kth_sp2/fcfs_starts.csv", 6814.973);
}

static void test_easy(void **state)
{
    (void)state;
    check((mdl_policy_t){.reservation = MDL_RESERVATION_EASY}, "golden/sched/kth_sp2/easy_starts.csv", 92.577);
}

static void test_easy_sjbf(void **state)
{
    (void)state;
    check((mdl_policy_t){.reservation = MDL_RESERVATION_EASY_SJBF}, "golden/sched/kth_sp2/easy_sjbf_starts.csv",
          69.405);
}

static void test_easypp_on_requested_time(void **state)
{
    (void)state;
    check((mdl_policy_t){.reservation = MDL_RESERVATION_EASY_SJBF}, "golden/sched/kth_sp2/easypp_req_starts.csv",
          69.405);
}

/* The same starts when each processor is followed. */
static void test_single_nodes_change_nothing(void **state)
{
    mdl_replay_setup_t setup = {
        .policy = {.reservation = MDL_RESERVATION_EASY}, .nodes = 100, .node_gpus = 1, .one_by_one = true};
    mdl_replay_result_t result;
    mdl_trace_t trace;
    sim_error_t err = {0};

    (void)state;
    read_trace(&trace);
    assert_int_equal(mdl_replay_queue(&trace, &setup, &result, &err), SIM_OK);
    check_starts(&result, "golden/sched/kth_sp2/easy_starts.csv");
    mdl_replay_free(&result);
    mdl_trace_free(&trace);
}

/* Nobody is delayed: no job starts later than under FCFS, whose promises conservative backfilling keeps. */
static void test_conservative(void **state)
{
    mdl_replay_result_t result, fcfs;

    (void)state;
    replay((mdl_policy_t){.reservation = MDL_RESERVATION_CONSERVATIVE}, &result);
    replay((mdl_policy_t){0}, &fcfs);
    double mean = 0, fcfs_mean = 0;
    for (size_t i = 0; i < result.n; i++) {
        mean += (result.jobs[i].start_s - result.jobs[i].submit_s) / (double)result.n;
        fcfs_mean += (fcfs.jobs[i].start_s - fcfs.jobs[i].submit_s) / (double)result.n;
    }
    print_message("mean wait %.3f s; first come first served %.3f s\n", mean, fcfs_mean);
    assert_true(mean < fcfs_mean);
    mdl_replay_free(&result);
    mdl_replay_free(&fcfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fcfs),
        cmocka_unit_test(test_easy),
        cmocka_unit_test(test_easy_sjbf),
        cmocka_unit_test(test_easypp_on_requested_time),
        cmocka_unit_test(test_single_nodes_change_nothing),
        cmocka_unit_test(test_conservative),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
