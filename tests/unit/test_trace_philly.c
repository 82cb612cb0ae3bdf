// SPDX-License-Identifier: GPL-3.0-or-later
/* The reader of Philly's virtual clusters. */
#include "models/scheduler/job.h"
#include "models/trace/trace.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

#define HEADER "timestamp,duration,num_gpus,gpu_time,cluster\n"

static const char rows[] = HEADER "2017-10-03 00:00:00,197281.0,4,789124.0,aa\n"
                                  "2017-10-01 23:59:59,10.0,8,80.0,bb\n"
                                  "2017-10-03 00:00:00,7.0,1,7.0,aa\n"
                                  "2017-10-02 00:00:09,3.0,0,0.0,aa\n"
                                  "2017-10-02 00:00:10,5.0,2,10.0,aa\n";

static mdl_trace_t read_rows(const char *text, const mdl_trace_options_t *options)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_source_t source = test_source("vcs.csv", text, NULL);
    if (mdl_trace_read_philly_from(&source, options, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    return trace;
}

/* All virtual clusters, by time; second 0 is the first job. */
static void test_whole_trace(void **state)
{
    (void)state;
    mdl_trace_t trace = read_rows(rows, NULL);
    static const mdl_trace_job_t expected[] = {
        {0, 0, 10, 10, 8, 0}, {1, 11, 5, 5, 2, 1}, {2, 86401, 197281, 197281, 4, 1}, {3, 86401, 7, 7, 1, 1}};
    assert_int_equal(trace.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(trace.jobs[i].id, expected[i].id);
        assert_int_equal(trace.jobs[i].submit_s, expected[i].submit_s);
        assert_int_equal(trace.jobs[i].run_s, expected[i].run_s);
        assert_int_equal(trace.jobs[i].estimate_s, expected[i].estimate_s);
        assert_int_equal(trace.jobs[i].gpus, expected[i].gpus);
        assert_int_equal(trace.jobs[i].tenant, expected[i].tenant);
        assert_int_equal(trace.jobs[i].job_class, MDL_JOB_TRAINING);
    }
    assert_int_equal(trace.dropped, 1);
    assert_int_equal(trace.reordered, 2);
    assert_int_equal(trace.processors, 0);
    assert_int_equal(trace.start_of_time, 1506902399);
    assert_int_equal(trace.n_tenants, 2);
    assert_string_equal(trace.tenants[0], "bb");
    assert_string_equal(trace.tenants[1], "aa");
    mdl_trace_free(&trace);
}

/* Second 0 is the file's first job, even of another virtual cluster. */
static void test_one_virtual_cluster(void **state)
{
    (void)state;
    const mdl_trace_options_t options = {.vc = "aa"};
    mdl_trace_t trace = read_rows(rows, &options);
    assert_int_equal(trace.n, 3);
    assert_int_equal(trace.jobs[0].submit_s, 11);
    assert_int_equal(trace.n_tenants, 1);
    assert_string_equal(trace.tenants[0], "aa");
    mdl_trace_free(&trace);
}

static void test_window(void **state)
{
    (void)state;
    const mdl_trace_options_t dates = {.from = "2017-10-02 00:00:10", .until = "2017-10-03"};
    mdl_trace_t trace = read_rows(rows, &dates);
    assert_int_equal(trace.n, 3);
    assert_int_equal(trace.jobs[0].submit_s, 0);
    assert_int_equal(trace.jobs[2].submit_s, 86390);
    mdl_trace_free(&trace);
    const mdl_trace_options_t mixed = {.from = "2017-10-02", .until = "86399"};
    trace = read_rows(rows, &mixed);
    assert_int_equal(trace.n, 1);
    assert_int_equal(trace.jobs[0].submit_s, 10);
    mdl_trace_free(&trace);
    const mdl_trace_options_t seconds = {.from = "11", .until = "11"};
    trace = read_rows(rows, &seconds);
    assert_int_equal(trace.n, 1);
    assert_int_equal(trace.jobs[0].submit_s, 11);
    mdl_trace_free(&trace);
}

static void test_suggests_a_virtual_cluster(void **state)
{
    (void)state;
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_source_t source =
        test_source("vcs.csv", HEADER "2017-10-03 00:00:00,1,4,4,103959\n2017-10-03 00:00:00,1,4,4,2869ce\n", NULL);
    const mdl_trace_options_t options = {.vc = "2896ce"};
    assert_int_equal(mdl_trace_read_philly_from(&source, &options, &trace, &err), SIM_EINPUT);
    assert_string_equal(err.message, "vcs.csv: found no jobs of '2896ce'; did you mean '2869ce'?");
}

/* Columns in any order, others besides, quotes, blanks, comments, CRLF. */
static void test_ways_of_writing(void **state)
{
    (void)state;
    mdl_trace_t trace = read_rows("# prepared\r\nid,cluster, num_gpus,\"timestamp\",duration\r\n\r\n"
                                  "7,\"a, \"\"b\"\"\" , 4 ,2017-10-03T00:00:00.000Z,12\r\n",
                                  NULL);
    assert_int_equal(trace.n, 1);
    assert_int_equal(trace.jobs[0].gpus, 4);
    assert_string_equal(trace.tenants[0], "a, \"b\"");
    mdl_trace_free(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_trace),     cmocka_unit_test(test_one_virtual_cluster),
        cmocka_unit_test(test_window),          cmocka_unit_test(test_suggests_a_virtual_cluster),
        cmocka_unit_test(test_ways_of_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
