// SPDX-License-Identifier: GPL-3.0-or-later
/* The reader of the Standard Workload Format: its cleaning rules on typed-in logs. */
#include "models/scheduler/job.h"
#include "models/trace/trace.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

#define HEADER "; Version: 2.2\n; MaxNodes: 8\n; MaxProcs: 100\n; UnixStartTime: 86400\n;\n"

static mdl_trace_t read_log(const char *text, const mdl_trace_options_t *options)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_source_t source = test_source("log.swf", text, NULL);
    if (mdl_trace_read_swf_from(&source, options, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    return trace;
}

static void refused(const char *text, const mdl_trace_options_t *options, const char *expected)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_source_t source = test_source("log.swf", text, NULL);
    assert_int_equal(mdl_trace_read_swf_from(&source, options, &trace, &err), SIM_EINPUT);
    assert_string_equal(err.message, expected);
    assert_null(trace.jobs);
    assert_null(trace.tenants);
}

/* One line per job, with columns 1, 2, 4, 5, 8, 9, 12 and 16. */
#define JOB(id, submit, run, allocated, requested, time, user, partition)                                              \
#id " " #submit " -1 " #run " " #allocated " -1 -1 " #requested " " #time " -1 1 " #user " 1 -1 -1 " #partition    \
        " -1 -1\n"

static void test_a_job(void **state)
{
    (void)state;
    mdl_trace_t trace = read_log(HEADER JOB(7, 10, 50, 16, 20, 300, 3, 1), NULL);
    assert_int_equal(trace.n, 1);
    assert_int_equal(trace.processors, 100);
    assert_int_equal(trace.start_of_time, 86400);
    assert_int_equal(trace.dropped, 0);
    assert_int_equal(trace.n_tenants, 1);
    assert_string_equal(trace.tenants[0], "user 3");
    const mdl_trace_job_t *job = &trace.jobs[0];
    assert_int_equal(job->id, 7);
    assert_int_equal(job->submit_s, 10);
    assert_int_equal(job->run_s, 50);
    assert_int_equal(job->estimate_s, 300);
    assert_int_equal(job->gpus, 20);
    assert_int_equal(job->gpu_milli, 1000);
    assert_int_equal(job->job_class, MDL_JOB_BATCH);
    mdl_trace_free(&trace);
    mdl_trace_free(&trace);
}

static void test_fills_and_cuts(void **state)
{
    (void)state;
    mdl_trace_t trace = read_log(HEADER JOB(1, 0, 50, 16, -1, 300, 1, 1) JOB(2, 0, 500, -1, 8, 300, 1, 1)
                                     JOB(3, 0, 300, 100, 100, 300, 1, 1),
                                 NULL);
    assert_int_equal(trace.n, 3);
    assert_int_equal(trace.jobs[0].gpus, 16);
    assert_int_equal(trace.jobs[1].gpus, 8);
    assert_int_equal(trace.jobs[1].run_s, 300);
    assert_int_equal(trace.jobs[1].estimate_s, 300);
    assert_int_equal(trace.jobs[2].gpus, 100);
    mdl_trace_free(&trace);
}

static const char dirty[] = HEADER JOB(1, 0, 50, 101, 8, 300, 1, 1) /* allocated above P */
    JOB(2, 0, 50, 8, 101, 300, 1, 1)                                /* requested above P */
    JOB(3, 0, 50, -1, 0, 300, 1, 1)                                 /* no processors known */
    JOB(4, 0, 0, 8, 8, 300, 1, 1)                                   /* did not run */
    JOB(5, 0, -1, 8, 8, 300, 1, 1)                                  /* run time unknown */
    JOB(6, 0, 50, 8, 8, 0, 1, 1)                                    /* no time requested */
    JOB(7, 0, 50, 8, 8, -1, 1, 1)                                   /* requested time unknown */
    JOB(8, -5, 50, 8, 8, 300, 1, 1)                                 /* before the log */
    JOB(9, 1, 50, 8, 8, 300, 1, 1);

static void test_leaves_out_and_counts(void **state)
{
    (void)state;
    mdl_trace_t trace = read_log(dirty, NULL);
    assert_int_equal(trace.n, 1);
    assert_int_equal(trace.jobs[0].id, 9);
    assert_int_equal(trace.dropped, 8);
    mdl_trace_free(&trace);
}

static void test_processors_of_the_caller(void **state)
{
    (void)state;
    const mdl_trace_options_t options = {.processors = 101};
    mdl_trace_t trace = read_log(dirty, &options);
    assert_int_equal(trace.processors, 101);
    assert_int_equal(trace.n, 3);
    assert_int_equal(trace.dropped, 6);
    mdl_trace_free(&trace);
    trace = read_log(JOB(1, 0, 50, 1000, 1000, 300, 1, 1), NULL);
    assert_int_equal(trace.processors, 0);
    assert_int_equal(trace.start_of_time, 0);
    assert_int_equal(trace.jobs[0].gpus, 1000);
    mdl_trace_free(&trace);
}

static void test_a_log_without_estimates(void **state)
{
    (void)state;
    mdl_trace_t trace = read_log(HEADER JOB(1, 0, 50, 8, -1, -1, 1, 1) JOB(2, 3, 70, 8, -1, 0, 1, 1), NULL);
    assert_int_equal(trace.n, 2);
    assert_int_equal(trace.dropped, 0);
    assert_int_equal(trace.jobs[0].estimate_s, 50);
    assert_int_equal(trace.jobs[1].estimate_s, 70);
    mdl_trace_free(&trace);
}

static void test_sorts_stably(void **state)
{
    (void)state;
    mdl_trace_t trace = read_log(HEADER JOB(1, 9, 1, 1, 1, 1, 5, 1) JOB(2, 3, 1, 1, 1, 1, 6, 1)
                                     JOB(3, 9, 1, 1, 1, 1, 5, 1) JOB(4, 3, 1, 1, 1, 1, 7, 1),
                                 NULL);
    static const int64_t order[] = {2, 4, 1, 3};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(trace.jobs[i].id, order[i]);
    assert_int_equal(trace.reordered, 2);
    assert_int_equal(trace.n_tenants, 3);
    assert_string_equal(trace.tenants[trace.jobs[0].tenant], "user 6");
    assert_string_equal(trace.tenants[trace.jobs[1].tenant], "user 7");
    assert_string_equal(trace.tenants[trace.jobs[3].tenant], "user 5");
    mdl_trace_free(&trace);
}

static void test_partition_and_window(void **state)
{
    (void)state;
    static const char log[] = HEADER JOB(1, 0, 1, 1, 1, 1, 1, 2) JOB(2, 5, 1, 1, 1, 1, 1, 3)
        JOB(3, 10, 1, 1, 1, 1, 1, 2) JOB(4, 15, 0, 1, 1, 1, 1, 3) JOB(5, 20, 1, 1, 1, 1, 1, 2);
    const mdl_trace_options_t seconds = {.vc = "2", .from = "10", .until = "20"};
    mdl_trace_t trace = read_log(log, &seconds);
    assert_int_equal(trace.n, 2);
    assert_int_equal(trace.jobs[0].id, 3);
    assert_int_equal(trace.jobs[0].submit_s, 10);
    assert_int_equal(trace.dropped, 0);
    mdl_trace_free(&trace);
    const mdl_trace_options_t dates = {.from = "1970-01-02 00:00:05", .until = "1970-01-02T00:00:10"};
    trace = read_log(log, &dates);
    assert_int_equal(trace.n, 2);
    assert_int_equal(trace.jobs[0].id, 2);
    assert_int_equal(trace.jobs[0].submit_s, 5);
    mdl_trace_free(&trace);
    const mdl_trace_options_t nothing = {.from = "21"}, nobody = {.vc = "9"}, backwards = {.from = "9", .until = "8"};
    refused(log, &nothing, "log.swf: no job was submitted in the chosen time; expected a part of seconds 0 to 20");
    refused(log, &nobody, "log.swf: found no jobs of '9'; expected the name of a part that it has, for example '2'");
    refused(log, &backwards, "until: found an end before `from`; expected a later one");
}

static void test_wrong_options(void **state)
{
    (void)state;
    const mdl_trace_options_t date = {.from = "1970-01-02"}, word = {.until = "noon"}, wide = {.processors = -1};
    refused(JOB(1, 0, 1, 1, 1, 1, 1, 1), &date,
            "from: found a date, but the trace does not say when it began; expected a whole number of seconds");
    refused(JOB(1, 0, 1, 1, 1, 1, 1, 1), &word,
            "until: found 'noon'; expected YYYY-MM-DD, YYYY-MM-DD hh:mm:ss or a whole number of seconds");
    refused(JOB(1, 0, 1, 1, 1, 1, 1, 1), &wide, "processors: found -1; expected 1 to 16777216");
}

/* CRLF, tabs, blanks around, no newline at the end, a byte-order mark, decimals in columns without use, and whole
 * numbers written with a fraction. */
static void test_ways_of_writing(void **state)
{
    (void)state;
    mdl_trace_t trace = read_log("\xEF\xBB\xBF;MaxProcs:\t9 (all of them)\r\n\r\n"
                                 "  1\t0 2.75 50.00 4 3.5 1e3 -1 60 -1 1 1 1 1 1 1 -1 -1  \r\n"
                                 "; a remark\n2 1 -1 50 4 -1 -1 -1 60 -1 1 1 1 1 1 1 -1 -1",
                                 NULL);
    assert_int_equal(trace.n, 2);
    assert_int_equal(trace.processors, 9);
    assert_int_equal(trace.jobs[0].run_s, 50);
    mdl_trace_free(&trace);
}

static void test_reports_every_problem(void **state)
{
    (void)state;
    static test_problems_t problems;
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_source_t source =
        test_source("log.swf", "1 2 3\n" JOB(1, x, 50, 4, y, 60, 1, 1) JOB(2, 0, 50, 4, 4, 60, 1, 1), &problems);
    assert_int_equal(mdl_trace_read_swf_from(&source, NULL, &trace, &err), SIM_EINPUT);
    assert_int_equal(problems.n, 3);
    assert_string_equal(problems.texts[0], "log.swf:1: found a line of 3 columns; expected 18 numbers");
    assert_string_equal(problems.texts[1], "log.swf:2: column 2 (submit time): found 'x'; expected a whole number");
    assert_string_equal(problems.texts[2],
                        "log.swf:2: column 8 (requested processors): found 'y'; expected a whole number");
    assert_string_equal(err.message, "log.swf:1: found a line of 3 columns; expected 18 numbers; 2 more problems");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_job),
        cmocka_unit_test(test_fills_and_cuts),
        cmocka_unit_test(test_leaves_out_and_counts),
        cmocka_unit_test(test_processors_of_the_caller),
        cmocka_unit_test(test_a_log_without_estimates),
        cmocka_unit_test(test_sorts_stably),
        cmocka_unit_test(test_partition_and_window),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test(test_ways_of_writing),
        cmocka_unit_test(test_reports_every_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
