// SPDX-License-Identifier: GPL-3.0-or-later
/* The readers on published traces, against counts and sums made with other tools and against what reference
 * simulators took from the same files. */
#include "models/trace/muri.h"
#include "models/trace/openb.h"
#include "models/trace/requests.h"
#include "models/trace/trace.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

/* Job by job what the reference simulator used: job, submission, start, run time, processors. */
static void test_kth_sp2(void **state)
{
    (void)state;
    mdl_trace_t trace;
    sim_error_t err = {0};
    if (mdl_trace_read_swf(test_shared("data/traces/kth_sp2/kth_filtered_28481.swf"), NULL, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(trace.n, 28481);
    assert_int_equal(trace.processors, 100);
    assert_int_equal(trace.start_of_time, 843480031);
    assert_int_equal(trace.dropped, 0);
    assert_int_equal(trace.reordered, 0);
    FILE *file = fopen(test_shared("golden/sched/kth_sp2/easy_starts.csv"), "r");
    char line[256];
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (size_t i = 0; i < trace.n; i++) {
        long long id, submit, start, run, procs;
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(sscanf(line, "%lld,%lld,%lld,%lld,%lld", &id, &submit, &start, &run, &procs), 5);
        assert_int_equal(trace.jobs[i].id, id);
        assert_int_equal(trace.jobs[i].submit_s, submit);
        assert_int_equal(trace.jobs[i].run_s, run);
        assert_int_equal(trace.jobs[i].gpus, procs);
        assert_true(trace.jobs[i].estimate_s >= run);
    }
    assert_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    mdl_trace_free(&trace);
}

typedef struct triple {
    long long submit, run, gpus;
} triple_t;

static int by_value(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(triple_t));
}

/* The jobs of a reference result, whose columns are user, vc, name, GPUs, state, submission, duration, ... */
static size_t reference_jobs(const char *name, triple_t *jobs, size_t room)
{
    char line[512];
    FILE *file = fopen(test_shared(name), "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    size_t n = 0;
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        assert_true(n < room);
        assert_int_equal(
            sscanf(line, "u,%*[^,],j,%lld,%*[^,],%lld,%lld,", &jobs[n].gpus, &jobs[n].submit, &jobs[n].run), 3);
    }
    (void)fclose(file);
    return n;
}

static void same_jobs(const char *vc, const char *name)
{
    static triple_t expected[4096], found[4096];
    const mdl_trace_options_t options = {.vc = vc, .from = "2017-10-01 00:01:55", .until = "2017-12-01 00:00:55"};
    mdl_trace_t trace;
    sim_error_t err = {0};
    if (mdl_trace_read_philly(test_shared("data/traces/philly/philly_vcs.csv"), &options, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    size_t n = reference_jobs(name, expected, 4096);
    assert_int_equal(trace.n, n);
    for (size_t i = 0; i < n; i++)
        found[i] = (triple_t){trace.jobs[i].submit_s, trace.jobs[i].run_s, trace.jobs[i].gpus};
    qsort(expected, n, sizeof expected[0], by_value);
    qsort(found, n, sizeof found[0], by_value);
    assert_memory_equal(expected, found, n * sizeof found[0]);
    assert_int_equal(trace.dropped, 0);
    mdl_trace_free(&trace);
}

static void test_philly(void **state)
{
    (void)state;
    same_jobs("103959", "golden/sched/philly/103959_fifo_consolidate.csv");
    same_jobs("2869ce", "golden/sched/philly/2869ce_sjf_consolidate.csv");
}

static void test_philly_whole(void **state)
{
    (void)state;
    mdl_trace_t trace;
    assert_int_equal(mdl_trace_read_philly(test_shared("data/traces/philly/philly_vcs.csv"), NULL, &trace, NULL),
                     SIM_OK);
    assert_int_equal(trace.n, 2356);
    assert_int_equal(trace.n_tenants, 2);
    assert_int_equal(trace.jobs[0].submit_s, 0);
    assert_int_equal(trace.jobs[0].run_s, 976570);
    assert_int_equal(trace.start_of_time, 1506013212); /* 2017-09-21 17:00:12 */
    mdl_trace_free(&trace);
}

/* Every seed's order is a permutation of the trace followed by copies. */
static void order_is_consistent(const char *prefix, size_t expected)
{
    char nodes[4096], pods[4096];
    (void)snprintf(nodes, sizeof nodes, "%s", test_shared("data/traces/openb_v2023/openb_node_list_gpu_node.csv"));
    (void)snprintf(pods, sizeof pods, "%s", test_shared("data/traces/openb_v2023/openb_pod_list_default.csv"));
    char file[64], order[4096];
    (void)snprintf(file, sizeof file, "%s.nodes", prefix);
    (void)snprintf(order, sizeof order, "%s", test_shared(file));
    order[strlen(order) - strlen(".nodes")] = '\0';
    mdl_openb_t openb;
    sim_error_t err = {0};
    if (mdl_openb_read(nodes, pods, order, &openb, &err) != SIM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(openb.n_nodes, 1213);
    assert_int_equal(openb.n_pods, 8152);
    assert_int_equal(openb.n_order, expected);
    static bool seen[8152];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < openb.n_pods; i++) {
        assert_false(seen[openb.order[i]]);
        seen[openb.order[i]] = true;
    }
    uint32_t gpus = 0;
    for (size_t i = 0; i < openb.n_nodes; i++)
        gpus += openb.nodes[i].gpus;
    assert_int_equal(gpus, 6212);
    mdl_openb_free(&openb);
}

static void test_openb_orders(void **state)
{
    (void)state;
    order_is_consistent("golden/sched/openb/default_42", 10866);
    order_is_consistent("golden/sched/openb/default_43", 10793);
    order_is_consistent("golden/sched/openb/default_44", 10863);
}

static void test_openb_all_nodes(void **state)
{
    (void)state;
    char nodes[4096];
    (void)snprintf(nodes, sizeof nodes, "%s", test_shared("data/traces/openb_v2023/openb_node_list_all_node.csv"));
    mdl_openb_t openb;
    assert_int_equal(
        mdl_openb_read(nodes, test_shared("data/traces/openb_v2023/openb_pod_list_default.csv"), NULL, &openb, NULL),
        SIM_OK);
    size_t without = 0, by_gpus[9] = {0};
    assert_int_equal(openb.n_nodes, 1523);
    for (size_t i = 0; i < openb.n_nodes; i++)
        without += openb.nodes[i].model == UINT32_MAX;
    for (size_t i = 0; i < openb.n_pods; i++)
        by_gpus[openb.pods[i].gpus]++;
    assert_int_equal(without, 310);
    assert_int_equal(openb.n_models, 7);
    assert_int_equal(by_gpus[0], 1088);
    assert_int_equal(by_gpus[1], 6989);
    assert_int_equal(by_gpus[8], 44);
    assert_null(openb.order);
    mdl_openb_free(&openb);
}

static void test_muri(void **state)
{
    (void)state;
    mdl_muri_t muri;
    assert_int_equal(mdl_muri_read(test_shared("data/traces/muri_philly/trace3.csv"), &muri, NULL), SIM_OK);
    assert_int_equal(muri.n, 992);
    size_t by_gpus[33] = {0};
    for (size_t i = 0; i < muri.n; i++) {
        assert_int_equal(muri.jobs[i].id, i);
        by_gpus[muri.jobs[i].gpus]++;
    }
    assert_int_equal(by_gpus[1], 134);
    assert_int_equal(by_gpus[8], 691);
    assert_int_equal(by_gpus[32], 108);
    assert_true(muri.jobs[991].submit_ms == 8166025000.0 && muri.jobs[991].iteration_ms == 1010.0);
    mdl_muri_free(&muri);
    uint32_t nodes, gpus;
    assert_int_equal(mdl_muri_read_cluster(test_shared("data/traces/muri_philly/n8g8.csv"), &nodes, &gpus, NULL),
                     SIM_OK);
    assert_int_equal(nodes, 8);
    assert_int_equal(gpus, 8);
}

static void test_azure(void **state)
{
    (void)state;
    mdl_requests_t requests;
    assert_int_equal(
        mdl_requests_read_azure(test_shared("data/traces/azure_llm/AzureLLMInferenceTrace_code.csv"), &requests, NULL),
        SIM_OK);
    assert_int_equal(requests.n, 8819);
    assert_int_equal(requests.dropped, 0);
    assert_int_equal(requests.requests[0].arrival_us, 0);
    assert_int_equal(requests.requests[1].arrival_us, 52000);
    assert_int_equal(requests.requests[8818].arrival_us, INT64_C(3435948056));
    mdl_requests_free(&requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kth_sp2),         cmocka_unit_test(test_philly),
        cmocka_unit_test(test_philly_whole),    cmocka_unit_test(test_openb_orders),
        cmocka_unit_test(test_openb_all_nodes), cmocka_unit_test(test_muri),
        cmocka_unit_test(test_azure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
