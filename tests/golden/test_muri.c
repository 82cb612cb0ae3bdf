// SPDX-License-Identifier: GPL-3.0-or-later
/* The Muri family's simulators on trace3, 8 nodes of 8 GPUs: mean job completion times of the three policies, and for
 * SRTF and SRSF every job in order of its end, bit for bit. */
#include "models/replay/metrics.h"
#include "models/replay/sharing.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

/* Field `n` of a comma-separated line, as a number. */
static double field(const char *line, int n)
{
    for (; n > 0 && line != NULL; n--)
        line = strchr(line, ',') + 1;
    return strtod(line, NULL);
}

static mdl_replay_result_t replay(mdl_sharing_order_t order)
{
    mdl_replay_result_t result = {0};
    mdl_muri_t trace;
    uint32_t nodes, gpus_per_node;
    sim_error_t err = {0};
    mdl_sharing_options_t options = {.order = order};
    if (mdl_muri_read(test_shared("data/traces/muri_philly/trace3.csv"), &trace, &err) < 0 ||
        mdl_muri_read_cluster(test_shared("data/traces/muri_philly/n8g8.csv"), &nodes, &gpus_per_node, &err) < 0 ||
        mdl_replay_sharing(&trace, nodes, gpus_per_node, &options, &result, &err) < 0)
        fail_msg("%s", err.message);
    mdl_muri_free(&trace);
    return result;
}

static void check_mean(mdl_sharing_order_t order, double expected_s)
{
    mdl_replay_result_t result = replay(order);
    mdl_replay_metrics_t metrics;
    assert_int_equal(mdl_replay_measure(&result, &metrics, NULL), SIM_OK);
    assert_int_equal(metrics.jobs, 992);
    assert_close(metrics.jct.mean_s, expected_s, 1e-9 * expected_s);
    mdl_replay_free(&result);
}

/* A row: time, job_id, num_gpu, submit_time, start_time, end_time, executed_time (end less start), real_executed_time
 * (on GPUs), JCT, duration (not ours: echoed from the trace), pending_time, ... */
static void check_row(const mdl_replay_job_t *job, const char *line, size_t row)
{
    double found[] = {job->end_s, (double)job->id,           job->gpus,   job->submit_s,         job->start_s,
                      job->end_s, job->end_s - job->start_s, job->held_s, mdl_replay_jct_s(job), field(line, 9),
                      job->wait_s};
    for (int i = 0; i < (int)(sizeof found / sizeof *found); i++)
        if (found[i] != field(line, i))
            fail_msg("row %zu, column %d: found %.17g, expected %.17g", row, i, found[i], field(line, i));
}

static void check_rows(mdl_sharing_order_t order, const char *name)
{
    char line[512];
    FILE *file = fopen(test_shared(name), "r");
    assert_non_null(file);
    mdl_replay_result_t result = replay(order);
    assert_non_null(fgets(line, sizeof line, file));
    size_t n = 0;
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        assert_true(n < result.n);
        check_row(&result.jobs[n], line, n);
    }
    assert_int_equal(n, result.n);
    fclose(file);
    mdl_replay_free(&result);
}

static void test_mean_completion_times(void **state)
{
    (void)state;
    check_mean(MDL_SHARING_SRTF, 193081.796024);
    check_mean(MDL_SHARING_SRSF, 185021.880164);
    check_mean(MDL_SHARING_LAS, 347213.248119);
}

static void test_every_job(void **state)
{
    (void)state;
    check_rows(MDL_SHARING_SRTF, "golden/sched/muri/trace3_srtf_jobs.csv");
    check_rows(MDL_SHARING_SRSF, "golden/sched/muri/trace3_srsf_jobs.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mean_completion_times),
        cmocka_unit_test(test_every_job),
    };
    return cmocka_run_group_tests_name("golden.muri", tests, NULL, NULL);
}
