// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of each reader: SIM_ENOMEM every time, and an empty
 * trace. */
#include "models/trace/muri.h"
#include "models/trace/openb.h"
#include "models/trace/requests.h"
#include "models/trace/trace.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"
#include "tests/support/wrap/fail.h"

#define ROWS 9000u

/* A header and ROWS rows that `row` writes. */
static char *text_of(const char *header, int (*row)(char *at, unsigned i))
{
    char *text = malloc(64 * ROWS + 256), *at = text;
    assert_non_null(text);
    at += sprintf(at, "%s\n", header);
    for (unsigned i = 0; i < ROWS; i++)
        at += row(at, i);
    return text;
}

static int csv_row(char *at, unsigned i)
{
    return sprintf(at, "%u,1,1,\"tenant \"\"%u\"\"\"\n", ROWS - i, i);
}

static int swf_row(char *at, unsigned i)
{
    return sprintf(at, "%u 0 -1 5 4 -1 -1 4 60 -1 1 %u 1 1 1 1 -1 -1\n", i, i);
}

static int node_row(char *at, unsigned i)
{
    return sprintf(at, "n-%u,1,1,1,A\n", i);
}

static int pod_row(char *at, unsigned i)
{
    return sprintf(at, "p-%u,1,1,1,500,\n", i);
}

static int rank_row(char *at, unsigned i)
{
    return sprintf(at, "%u-n-%u\n", i, i);
}

static int copy_row(char *at, unsigned i)
{
    return sprintf(at, "p-1-tuned-%u\n", i);
}

static int muri_row(char *at, unsigned i)
{
    return sprintf(at, "%u,1,0,1,bert,1\n", i);
}

static int azure_row(char *at, unsigned i)
{
    return sprintf(at, "2023-11-16 18:%02u:%02u,1,1\n", 59 - i / 60 % 60, 59 - i % 60);
}

typedef sim_status_t (*read_t)(const mdl_source_t sources[4], sim_error_t *err);

static sim_status_t read_csv(const mdl_source_t sources[4], sim_error_t *err)
{
    mdl_trace_t trace;
    sim_status_t status = mdl_trace_read_csv_from(sources, NULL, &trace, err);
    assert_true(status == SIM_OK || (trace.jobs == NULL && trace.tenants == NULL));
    mdl_trace_free(&trace);
    return status;
}

static sim_status_t read_swf(const mdl_source_t sources[4], sim_error_t *err)
{
    mdl_trace_t trace;
    sim_status_t status = mdl_trace_read_swf_from(sources, NULL, &trace, err);
    assert_true(status == SIM_OK || (trace.jobs == NULL && trace.tenants == NULL));
    mdl_trace_free(&trace);
    return status;
}

static sim_status_t read_openb(const mdl_source_t sources[4], sim_error_t *err)
{
    mdl_openb_t openb;
    sim_status_t status = mdl_openb_read_from(&sources[0], &sources[1], &sources[2], &sources[3], &openb, err);
    assert_true(status == SIM_OK || (openb.nodes == NULL && openb.pods == NULL && openb.order == NULL));
    mdl_openb_free(&openb);
    return status;
}

static sim_status_t read_muri(const mdl_source_t sources[4], sim_error_t *err)
{
    mdl_muri_t muri;
    sim_status_t status = mdl_muri_read_from(sources, &muri, err);
    assert_true(status == SIM_OK || muri.jobs == NULL);
    mdl_trace_t trace = {0};
    if (status == SIM_OK)
        status = mdl_muri_jobs(&muri, &trace, err);
    assert_true(status == SIM_OK || trace.jobs == NULL);
    mdl_trace_free(&trace);
    mdl_muri_free(&muri);
    return status;
}

static sim_status_t read_azure(const mdl_source_t sources[4], sim_error_t *err)
{
    mdl_requests_t requests;
    sim_status_t status = mdl_requests_read_azure_from(sources, &requests, err);
    assert_true(status == SIM_OK || requests.requests == NULL);
    mdl_requests_free(&requests);
    return status;
}

/* Every allocation of a reading fails once, alone and with all later ones. */
static void fails_well(read_t read_one, const mdl_source_t sources[4], long at_least)
{
    for (test_fail_mode_t mode = TEST_FAIL_ONCE; mode <= TEST_FAIL_ON; mode++) {
        long n = 1;
        for (;; n++) {
            sim_error_t err = {0};
            test_fail_nth(n, mode);
            sim_status_t status = read_one(sources, &err);
            if (!test_fail_end()) {
                assert_int_equal(status, SIM_OK);
                break;
            }
            assert_int_equal(status, SIM_ENOMEM);
            assert_non_null(strstr(err.message, "out of memory while reading"));
        }
        assert_true(n > at_least);
    }
}

static void test_texts(void **state)
{
    (void)state;
    const struct {
        read_t read;
        const char *header;
        int (*row)(char *at, unsigned i);
        long allocations;
    } cases[] = {{read_csv, "submit_s,run_s,gpus,tenant", csv_row, 10},
                 {read_swf, "; MaxProcs: 100", swf_row, 10},
                 {read_muri, "job_id,num_gpu,submit_time,iterations,model_name,iteration_time", muri_row, 3},
                 {read_azure, "TIMESTAMP,ContextTokens,GeneratedTokens", azure_row, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = text_of(cases[i].header, cases[i].row);
        const mdl_source_t sources[4] = {test_source("t", text, NULL)};
        fails_well(cases[i].read, sources, cases[i].allocations);
        free(text);
    }
}

static void test_openb(void **state)
{
    (void)state;
    char *texts[4] = {text_of("sn,cpu_milli,memory_mib,gpu,model", node_row),
                      text_of("name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec", pod_row), text_of("", rank_row),
                      text_of("", copy_row)};
    mdl_source_t sources[4];
    for (int i = 0; i < 4; i++)
        sources[i] = test_source("t", texts[i], NULL);
    fails_well(read_openb, sources, 20);
    for (int i = 0; i < 4; i++)
        free(texts[i]);
}

static void test_a_file(void **state)
{
    (void)state;
    char *folder = fake_folder(), *text = text_of("submit_s,run_s,gpus,tenant", csv_row);
    const char *path = fake_path(folder, "t.csv");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    const mdl_source_t sources[4] = {{path}};
    fails_well(read_csv, sources, 10);
    fake_remove(folder);
    free(folder);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_openb),
        cmocka_unit_test(test_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
