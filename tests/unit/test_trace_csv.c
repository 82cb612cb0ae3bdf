// SPDX-License-Identifier: GPL-3.0-or-later
/* The plain CSV of jobs, and what all readers share: lines from files and texts, order, many jobs. */
#include "models/scheduler/job.h"
#include "models/trace/cells.h"
#include "models/trace/names.h"
#include "models/trace/trace.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

#include "sim/rng.h"

#include <zlib.h>

static mdl_trace_t read_rows(const char *text, const mdl_trace_options_t *options)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_source_t source = test_source("jobs.csv", text, NULL);
    if (mdl_trace_read_csv_from(&source, options, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    return trace;
}

static void test_required_columns_alone(void **state)
{
    (void)state;
    mdl_trace_t trace = read_rows("gpus,run_s,submit_s\n8,100,5\n1,0,2\n", NULL);
    assert_int_equal(trace.n, 2);
    const mdl_trace_job_t *job = &trace.jobs[1];
    assert_int_equal(job->id, 1);
    assert_int_equal(job->submit_s, 5);
    assert_int_equal(job->run_s, 100);
    assert_int_equal(job->estimate_s, 100);
    assert_int_equal(job->gpus, 8);
    assert_int_equal(job->gpu_milli, 1000);
    assert_int_equal(job->cpu_milli, 0);
    assert_int_equal(job->job_class, MDL_JOB_BATCH);
    assert_string_equal(trace.tenants[job->tenant], "unnamed");
    assert_int_equal(trace.reordered, 1);
    mdl_trace_free(&trace);
}

static void test_all_columns(void **state)
{
    (void)state;
    mdl_trace_t trace = read_rows("job,submit_s,run_s,estimate_s,gpus,tenant,class,gpu_milli,cpu_milli,memory_mib\n"
                                  "-4,1,10,20,1,lab,inference,250,4000,8192\n"
                                  "9,1,10,,2,,,,,\n",
                                  NULL);
    const mdl_trace_job_t *job = &trace.jobs[0];
    assert_int_equal(job->id, -4);
    assert_int_equal(job->estimate_s, 20);
    assert_int_equal(job->gpu_milli, 250);
    assert_int_equal(job->cpu_milli, 4000);
    assert_int_equal(job->memory_mib, 8192);
    assert_int_equal(job->job_class, MDL_JOB_INFERENCE);
    assert_string_equal(trace.tenants[job->tenant], "lab");
    assert_int_equal(trace.jobs[1].estimate_s, 10);
    assert_int_equal(trace.jobs[1].gpu_milli, 1000);
    assert_string_equal(trace.tenants[trace.jobs[1].tenant], "unnamed");
    mdl_trace_free(&trace);
    const mdl_trace_options_t lab = {.vc = "lab", .from = "1", .until = "1"};
    trace = read_rows("submit_s,run_s,gpus,tenant\n0,1,1,lab\n1,1,1,lab\n1,1,1,other\n2,1,1,lab\n", &lab);
    assert_int_equal(trace.n, 1);
    mdl_trace_free(&trace);
}

static void refused(const char *text, const char *expected)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    mdl_source_t source = test_source("jobs.csv", text, NULL);
    assert_int_equal(mdl_trace_read_csv_from(&source, NULL, &trace, &err), SIM_EINPUT);
    assert_string_equal(err.message, expected);
}

static void test_wrong_columns(void **state)
{
    (void)state;
    refused("submit_s,run_s,gpu\n0,1,1\n", "jobs.csv:1: column 3: found the unknown column 'gpu'; did you mean gpus?; "
                                           "1 more problem");
    refused("submit_s,run_s,gpus,colour\n",
            "jobs.csv:1: column 4: found the unknown column 'colour'; expected a known one");
    refused("submit_s,run_s,gpus,run_s\n", "jobs.csv:1: column 4 repeats column 2 (run_s); expected each column once");
    refused("submit_s,run_s,gpus,id,job\n", "jobs.csv:1: column 5 repeats column 4 (id); expected each column once");
}

static void number_is(const char *text, bool whole, int64_t expected)
{
    int64_t value = 0;
    assert_int_equal(mdl_cell_whole((mdl_cell_t){text, strlen(text)}, &value), whole);
    if (whole)
        assert_true(value == expected);
}

static void test_whole_numbers(void **state)
{
    (void)state;
    number_is("0", true, 0);
    number_is("-0", true, 0);
    number_is("007.000", true, 7);
    number_is("9223372036854775807", true, INT64_MAX);
    number_is("-9223372036854775808", true, INT64_MIN);
    number_is("000000000000000000000001", true, 1);
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        "1.",
                                        ".0",
                                        "1.5",
                                        "0x1",
                                        "1e3",
                                        "nan",
                                        "inf",
                                        "1 ",
                                        " 1",
                                        "1,0",
                                        "--1",
                                        "1-",
                                        "1..0",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        number_is(wrong[i], false, 0);
}

/* Every double written with 17 digits comes back, and short decimals are what the compiler makes of them. */
static void test_decimal_numbers(void **state)
{
    (void)state;
    double value;
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 2, 3, 4, 5);
    for (int i = 0; i < 20000; i++) {
        char text[64];
        double written = (double)(int64_t)sim_rng_u64(&rng) / (double)(1u << (i % 31));
        int n = i % 2 == 0 ? snprintf(text, sizeof text, "%.17g", written)
                           : snprintf(text, sizeof text, "%.*f", i % 7, written / 1e15);
        assert_true(mdl_cell_real((mdl_cell_t){text, (size_t)n}, &value));
        assert_true(value == strtod(text, NULL));
    }
    static const char *const wrong[] = {"",    ".5",    "5.", "-",   "nan",  "inf", "0x1p3",   "1e",
                                        "1e+", "1e999", "1 ", "1,5", "1.5.", "+1",  "infinity"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(mdl_cell_real((mdl_cell_t){wrong[i], strlen(wrong[i])}, &value));
}

static bool moment(const char *text, int64_t *ticks)
{
    return mdl_cell_moment((mdl_cell_t){text, strlen(text)}, false, ticks);
}

static void test_moments(void **state)
{
    (void)state;
    int64_t ticks;
    assert_true(moment("1970-01-01 00:00:00", &ticks) && ticks == 0);
    assert_true(moment("1969-12-31 23:59:59.9", &ticks) && ticks == -1000000);
    assert_true(moment("2023-11-16 18:17:03.9799600", &ticks) && ticks == INT64_C(17001586239799600));
    assert_true(moment("2024-02-29T00:00:01.123456789+00:00", &ticks) && ticks % MDL_TICKS_PER_S == 1234567);
    assert_true(moment("9999-12-31 23:59:59.9999999", &ticks) && moment("0000-01-01 00:00:00", &ticks));
    assert_true(mdl_cell_moment((mdl_cell_t){"1970-01-02", 10}, true, &ticks) && ticks == 86400 * MDL_TICKS_PER_S);
    static const char *const wrong[] = {"",
                                        "1970-01-02",
                                        "2023-02-29 00:00:00",
                                        "2023-13-01 00:00:00",
                                        "2023-00-01 00:00:00",
                                        "2023-01-00 00:00:00",
                                        "2023-01-01 24:00:00",
                                        "2023-01-01 00:60:00",
                                        "2023-01-01 00:00:60",
                                        "2023-01-01 00:00:00.",
                                        "2023-01-01 00:00:00.1234567890",
                                        "2023-01-01 00:00:00+01:00",
                                        "2023-01-01 0:00:00",
                                        "2023/01/01 00:00:00",
                                        "2023-01-01  00:00:00",
                                        "-023-01-01 00:00:00",
                                        "2023-01-01 00:00:-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(moment(wrong[i], &ticks));
}

/* Each name once, whatever is added in between. */
static void test_names(void **state)
{
    (void)state;
    mdl_names_t names = {0};
    char text[32];
    assert_int_equal(mdl_names_find(&names, "x", 1), MDL_NO_NAME);
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5000; i++) {
            int n = snprintf(text, sizeof text, "tenant-%u", i);
            assert_int_equal(mdl_names_add(&names, text, (size_t)n), i);
        }
    assert_int_equal(names.n, 5000);
    assert_int_equal(mdl_names_find(&names, "tenant-4321", 11), 4321);
    assert_string_equal(mdl_names_at(&names, 4999), "tenant-4999");
    mdl_names_free(&names);
}

/* `n` jobs, the i-th submitted at (i * step) mod n. */
static char *many_jobs(size_t n, size_t step, size_t *bytes)
{
    char *text = malloc(40 * n + 64), *at = text;
    assert_non_null(text);
    at += sprintf(at, "submit_s,run_s,gpus,id\n");
    for (size_t i = 0; i < n; i++)
        at += sprintf(at, "%zu,%zu,%zu,%zu\n", i * step % n, i % 977, i % 8 + 1, i);
    *bytes = (size_t)(at - text);
    return text;
}

static void write_file(const char *path, const char *mode, const char *text, size_t n)
{
    gzFile file = gzopen(path, mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)n), n);
    assert_int_equal(gzclose(file), Z_OK);
}

static void sorted_and_whole(const mdl_trace_t *trace, size_t n)
{
    size_t sum = 0;
    assert_int_equal(trace->n, n);
    for (size_t i = 0; i < n; i++) {
        const mdl_trace_job_t *job = &trace->jobs[i];
        sum += (size_t)job->id;
        if (i > 0)
            assert_true(job->submit_s > job[-1].submit_s ||
                        (job->submit_s == job[-1].submit_s && job->id > job[-1].id));
        assert_int_equal(job->run_s, job->id % 977);
    }
    assert_int_equal(sum, n * (n - 1) / 2);
}

/* The same jobs from a text, a file and a gzipped file longer than the reader's buffer. */
static void test_files_and_texts(void **state)
{
    (void)state;
    const size_t n = 60000;
    size_t bytes;
    char *text = many_jobs(n, 7919, &bytes);
    char *folder = fake_folder();
    assert_non_null(folder);
    const char *plain = fake_path(folder, "jobs.csv");
    write_file(plain, "wbT", text, bytes);
    for (int way = 0; way < 3; way++) {
        mdl_trace_t trace;
        sim_error_t err = {0};
        const mdl_source_t source = {plain, way == 0 ? text : NULL, bytes};
        if (way == 2)
            write_file(plain, "wb6", text, bytes);
        assert_int_equal(mdl_trace_read_csv_from(&source, NULL, &trace, &err), SIM_OK);
        sorted_and_whole(&trace, n);
        mdl_trace_free(&trace);
    }
    fake_remove(folder);
    free(folder);
    free(text);
}

/* Every job at one instant, in the opposite order, and scattered. */
static void test_a_million_jobs(void **state)
{
    (void)state;
    static const size_t steps[] = {0, 999999, 7919};
    for (size_t i = 0; i < 3; i++) {
        size_t bytes;
        char *text = many_jobs(1000000, steps[i], &bytes);
        mdl_trace_t trace;
        const mdl_source_t source = {"jobs.csv", text, bytes};
        assert_int_equal(mdl_trace_read_csv_from(&source, NULL, &trace, NULL), SIM_OK);
        sorted_and_whole(&trace, 1000000);
        mdl_trace_free(&trace);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_required_columns_alone),
        cmocka_unit_test(test_all_columns),
        cmocka_unit_test(test_wrong_columns),
        cmocka_unit_test(test_whole_numbers),
        cmocka_unit_test(test_decimal_numbers),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_files_and_texts),
        cmocka_unit_test(test_a_million_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
