// SPDX-License-Identifier: GPL-3.0-or-later
/* The reader of Muri's jobs and clusters. */
#include "models/trace/muri.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

static void test_jobs(void **state)
{
    (void)state;
    mdl_muri_t muri;
    mdl_source_t source = test_source("jobs.csv",
                                      "job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,"
                                      "iteration_time\n"
                                      "0,4,1456000,1046811,shufflenet_v2_x1_0,128,9,886\n"
                                      "7,8,0.5,30.25,bert,128,9,0.1\n",
                                      NULL);
    assert_int_equal(mdl_muri_read_from(&source, &muri, NULL), SIM_OK);
    assert_int_equal(muri.n, 2);
    assert_int_equal(muri.jobs[0].id, 0);
    assert_int_equal(muri.jobs[0].gpus, 4);
    assert_true(muri.jobs[0].submit_ms == 1456000.0 && muri.jobs[0].iterations == 1046811.0);
    assert_true(muri.jobs[0].iteration_ms == 886.0);
    assert_string_equal(muri.jobs[0].model, "shufflenet_v2_x1_0");
    assert_int_equal(muri.jobs[1].id, 7);
    assert_true(muri.jobs[1].submit_ms == 0.5 && muri.jobs[1].iterations == 30.25 && muri.jobs[1].iteration_ms == 0.1);
    mdl_muri_free(&muri);
    mdl_muri_free(&muri);
}

/* Nearest seconds, halves up; by submission, which rounding does not turn round. */
static void test_as_jobs_without_iterations(void **state)
{
    (void)state;
    mdl_muri_job_t jobs[] = {
        {.id = 1, .gpus = 2, .submit_ms = 2500, .iterations = 3, .iteration_ms = 500.2, .model = "vgg16"},
        {.id = 2, .gpus = 1, .submit_ms = 999, .iterations = 1, .iteration_ms = 499, .model = "vgg16"},
        {.id = 3, .gpus = 4, .submit_ms = 2600, .iterations = 1, .iteration_ms = 1500, .model = "vgg16"},
    };
    const int64_t expected[3][4] = {{2, 1, 0, 1}, {1, 3, 2, 2}, {3, 3, 2, 4}}; /* id, submission, run time, GPUs */
    mdl_muri_t muri = {.jobs = jobs, .n = 3};
    mdl_trace_t trace;
    sim_error_t err = {0};
    assert_int_equal(mdl_muri_jobs(&muri, &trace, &err), SIM_OK);
    assert_int_equal(trace.n, 3);
    for (size_t i = 0; i < 3; i++) {
        const mdl_trace_job_t *job = &trace.jobs[i];
        const int64_t found[4] = {job->id, job->submit_s, job->run_s, job->gpus};
        assert_memory_equal(found, expected[i], sizeof found);
        assert_int_equal(job->estimate_s, job->run_s);
    }
    mdl_trace_free(&trace);
    jobs[1].iterations = jobs[1].iteration_ms = 9e15;
    assert_int_equal(mdl_muri_jobs(&muri, &trace, &err), SIM_EINPUT);
    assert_string_equal(err.message, "muri: job 2 runs 8.1e+28 s; expected at most 2^53");
    assert_null(trace.jobs);
}

static sim_status_t read_cluster(const char *text, uint32_t *nodes, uint32_t *gpus, sim_error_t *err)
{
    mdl_source_t source = test_source("n8g8.csv", text, NULL);
    return mdl_muri_read_cluster_from(&source, nodes, gpus, err);
}

static void test_cluster(void **state)
{
    (void)state;
    uint32_t nodes, gpus;
    sim_error_t err = {0};
    assert_int_equal(
        read_cluster("num_switch,num_node_p_switch,num_gpu_p_node,mem_p_node\n2,8,4,520", &nodes, &gpus, NULL), SIM_OK);
    assert_int_equal(nodes, 16);
    assert_int_equal(gpus, 4);
    assert_int_equal(read_cluster("num_switch,num_node_p_switch,num_gpu_p_node\n2,8,4\n2,8,4\n", &nodes, &gpus, &err),
                     SIM_EINPUT);
    assert_string_equal(err.message, "n8g8.csv: found 2 rows; expected one, of equal nodes");
    assert_int_equal(nodes, 0);
    err = (sim_error_t){0};
    assert_int_equal(read_cluster("num_switch,num_node_p_switch,num_gpu_p_node\n4096,4096,2\n", &nodes, &gpus, &err),
                     SIM_EINPUT);
    assert_string_equal(err.message,
                        "n8g8.csv:2: column 3 (num_gpu_p_node): found '2'; expected at most 16777216 GPUs in "
                        "the whole cluster");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_jobs), cmocka_unit_test(test_as_jobs_without_iterations),
                                       cmocka_unit_test(test_cluster)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
