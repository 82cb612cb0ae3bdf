// SPDX-License-Identifier: GPL-3.0-or-later
/* Two virtual clusters of the Philly trace under FIFO and SJF with consolidated placement, as Helios' simulator decides:
 * the multiset of (submission, duration, GPUs, start). That simulator sorted jobs of one second in no fixed order, so rows
 * may change places within a second. */
#include "models/replay/metrics.h"
#include "models/replay/queue.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

typedef struct row {
    long long submit_s, run_s, gpus, start_s;
} row_t;

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(row_t)); /* any total order will do */
}

/* Golden columns: user,vc,jobname,gpu_num,state,submit_time,duration,remain,start_time,... */
static size_t read_rows(const char *golden, row_t *rows, size_t most)
{
    FILE *file = fopen(test_shared(golden), "r");
    char line[1024];
    size_t n = 0;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file) != NULL; n++) {
        double start_s;
        assert_true(n < most);
        assert_int_equal(sscanf(line, "%*[^,],%*[^,],%*[^,],%lld,%*[^,],%lld,%lld,%*[^,],%lf", &rows[n].gpus,
                                &rows[n].submit_s, &rows[n].run_s, &start_s),
                         4);
        rows[n].start_s = (long long)start_s;
    }
    fclose(file);
    return n;
}

static void check_rows(const mdl_replay_result_t *result, const char *golden)
{
    row_t *expected = calloc(2 * result->n, sizeof *expected), *found = calloc(2 * result->n, sizeof *found);
    size_t n = read_rows(golden, expected, 2 * result->n);

    assert_int_equal(n, result->n);
    for (size_t i = 0; i < n; i++)
        found[i] = (row_t){(long long)result->jobs[i].submit_s, (long long)result->jobs[i].run_s, result->jobs[i].gpus,
                           (long long)result->jobs[i].start_s};
    qsort(expected, n, sizeof *expected, compare);
    qsort(found, n, sizeof *found, compare);
    assert_memory_equal(expected, found, n * sizeof *found);
    free(expected);
    free(found);
}

static void check(const char *vc, uint32_t nodes, uint8_t order, const char *golden, double queue_s)
{
    mdl_replay_setup_t setup = {
        .policy = {.order = order, .placement = MDL_PLACEMENT_CONSOLIDATE}, .nodes = nodes, .node_gpus = 8};
    mdl_trace_options_t options = {.vc = vc, .from = "2017-10-01 00:01:55", .until = "2017-12-01 00:00:55"};
    mdl_replay_result_t result;
    mdl_replay_metrics_t metrics;
    mdl_trace_t trace;
    sim_error_t err = {0};

    if (mdl_trace_read_philly(test_shared("data/traces/philly/philly_vcs.csv"), &options, &trace, &err) < 0 ||
        mdl_replay_queue(&trace, &setup, &result, &err) < 0 || mdl_replay_measure(&result, &metrics, &err) < 0)
        fail_msg("%s", err.message);
    print_message("%s: mean queue %.4f s\n", golden, metrics.wait.mean_s);
    check_rows(&result, golden);
    assert_true(metrics.wait.mean_s > queue_s - 1e-4 && metrics.wait.mean_s < queue_s + 1e-4);
    mdl_replay_free(&result);
    mdl_trace_free(&trace);
}

static void test_103959_fifo(void **state)
{
    (void)state;
    check("103959", 8, MDL_ORDER_FCFS, "golden/sched/philly/103959_fifo_consolidate.csv", 246.2083);
}

static void test_103959_sjf(void **state)
{
    (void)state;
    check("103959", 8, MDL_ORDER_SJF, "golden/sched/philly/103959_sjf_consolidate.csv", 44.3669);
}

static void test_2869ce_fifo(void **state)
{
    (void)state;
    check("2869ce", 16, MDL_ORDER_FCFS, "golden/sched/philly/2869ce_fifo_consolidate.csv", 11343.3683);
}

static void test_2869ce_sjf(void **state)
{
    (void)state;
    check("2869ce", 16, MDL_ORDER_SJF, "golden/sched/philly/2869ce_sjf_consolidate.csv", 5144.5048);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_103959_fifo),
        cmocka_unit_test(test_103959_sjf),
        cmocka_unit_test(test_2869ce_fifo),
        cmocka_unit_test(test_2869ce_sjf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
