// SPDX-License-Identifier: GPL-3.0-or-later
/* The openb trace under the published simulator's orders, against what it allocated and, for FGD, every placement.
 *
 * The reference results lie beside the source tree, in ../shared, and are no part of it: skipped where they are absent.
 */
#include "models/replay/packing.h"
#include "tests/support/test.h"

#include <unistd.h>

#define INFLATE 1.3
#define LOADS   10

static const int loads[LOADS] = {60, 70, 80, 90, 95, 100, 105, 110, 120, 130};

static void shared_path(char *path, size_t size, const char *name)
{
    const char *source = getenv("OVERBUILD_SOURCE");

    (void)snprintf(path, size, "%s/../shared/%s", source != NULL ? source : ".", name);
}

static bool shared_is_there(void)
{
    char path[512];

    shared_path(path, sizeof path, "golden/sched/openb");
    return access(path, R_OK) == 0;
}

static void read_trace(int seed, mdl_openb_t *trace)
{
    char nodes[512], pods[512], order[512], name[64];
    sim_error_t err = {0};

    shared_path(nodes, sizeof nodes, "data/traces/openb_v2023/openb_node_list_gpu_node.csv");
    shared_path(pods, sizeof pods, "data/traces/openb_v2023/openb_pod_list_default.csv");
    (void)snprintf(name, sizeof name, "golden/sched/openb/default_%d", seed);
    shared_path(order, sizeof order, name);
    if (mdl_openb_read(nodes, pods, order, trace, &err) < 0)
        fail_msg("%s", err.message);
}

static void replay(const mdl_openb_t *trace, uint32_t rule, uint64_t seed, mdl_packing_result_t *result)
{
    mdl_packing_options_t options = {.rule = rule, .seed = seed, .inflate = INFLATE};
    sim_error_t err = {0};

    if (mdl_packing_run(trace, &options, result, &err) < 0)
        fail_msg("%s", err.message);
    size_t lost = 0;
    for (int reason = 0; reason < MDL_LOST_REASONS; reason++)
        lost += result->lost[reason];
    assert_int_equal(result->placed + lost, result->n);
}

static double allocated_at(const mdl_packing_result_t *result, uint32_t percent)
{
    for (size_t i = 0; i < result->n_loads; i++)
        if (result->loads[i].percent == percent)
            return result->loads[i].allocated_percent;
    fail_msg("load %u %% was not reached", percent);
    return 0;
}

/* Row of the rule that the table calls "NN-Name"; MDL_NONE: none of ours. */
static uint32_t rule_called(const char *name)
{
    static const struct {
        const char *called;
        uint32_t rule;
    } names[] = {
        {"Random", MDL_RULE_RANDOM},      {"DotProd", MDL_RULE_DOT_PRODUCT}, {"GpuClustering", MDL_RULE_CLUSTERING},
        {"GpuPacking", MDL_RULE_PACKING}, {"BestFit", MDL_RULE_BEST_FIT},    {"FGD", MDL_RULE_FGD}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i].called) == 0)
            return names[i].rule;
    return MDL_NONE;
}

/* One line of the table: workload,NN-Name,tune,seed,total_gpus,loads... */
static bool read_line(const char *line, char rule[32], int *seed, double expected[LOADS])
{
    int used;

    if (sscanf(line, "%*[^,],%*d-%31[^,],%*f,%d,%*d%n", rule, seed, &used) != 2)
        return false;
    line += used;
    for (int i = 0; i < LOADS; i++) {
        if (sscanf(line, ",%lf%n", &expected[i], &used) != 1)
            return false;
        line += used;
    }
    return true;
}

/* Every row of the table for one seed but random's, whose draws are not ours. Returns how many. */
static int check_table(const mdl_openb_t *trace, int seed)
{
    char path[512], line[512], rule[32];
    double expected[LOADS];
    int of_seed, compared = 0;

    shared_path(path, sizeof path, "golden/sched/openb/expected_allocation_default.csv");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (!read_line(line, rule, &of_seed, expected) || of_seed != seed)
            continue;
        uint32_t row = rule_called(rule);
        assert_int_not_equal(row, MDL_NONE);
        if (row == MDL_RULE_RANDOM)
            continue;
        mdl_packing_result_t result;
        replay(trace, row, (uint64_t)seed, &result);
        for (int i = 0; i < LOADS; i++)
            assert_close(allocated_at(&result, (uint32_t)loads[i]), expected[i], 0.005 + 1e-9);
        mdl_packing_free(&result);
        compared++;
    }
    fclose(file);
    return compared;
}

static void test_allocation_is_the_published_one(void **state)
{
    (void)state;
    for (int seed = 42; seed <= 44; seed++) {
        mdl_openb_t trace;
        read_trace(seed, &trace);
        assert_int_equal(check_table(&trace, seed), 2); /* best fit and FGD */
        mdl_openb_free(&trace);
    }
}

/* Ten-seed mean 86.30 at 100 %, standard deviation 0.33. */
static void test_random_lies_where_it_was_published(void **state)
{
    (void)state;
    for (int seed = 42; seed <= 44; seed++) {
        mdl_openb_t trace;
        mdl_packing_result_t result;
        read_trace(seed, &trace);
        replay(&trace, MDL_RULE_RANDOM, (uint64_t)seed, &result);
        assert_close(allocated_at(&result, 100), 86.30, 3 * 0.33);
        mdl_packing_free(&result);
        mdl_openb_free(&trace);
    }
}

static void test_every_placement_of_fgd(void **state)
{
    mdl_openb_t trace;
    mdl_packing_result_t result;
    char path[512], line[512];
    size_t rows = 0;

    (void)state;
    read_trace(42, &trace);
    replay(&trace, MDL_RULE_FGD, 42, &result);
    shared_path(path, sizeof path, "golden/sched/openb/fgd_default_42_placements.csv");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (; fgets(line, sizeof line, file) != NULL; rows++) {
        char pod[MDL_PACKING_NAME], node[MDL_PACKING_NAME], ours[512];
        assert_true(rows < result.n);
        mdl_packing_pod_name(&trace, &result, rows, pod);
        mdl_packing_node_name(&trace, &result, rows, node);
        (void)snprintf(ours, sizeof ours, "%zu,%s,%s", rows, pod, node);
        line[strcspn(line, "\r\n")] = '\0';
        assert_string_equal(ours, line);
    }
    fclose(file);
    assert_int_equal(rows, result.n);
    assert_int_equal(rows, 10866);
    mdl_packing_free(&result);
    mdl_openb_free(&trace);
}

/* Without an order file: shuffled and inflated by our own numbers, so only the level is known. Over the ten published
 * seeds best fit allocates 92.64 to 93.04 at 100 % and FGD 95.06 to 95.38. */
static void test_an_order_from_the_seed_is_of_the_family(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 3; seed++) {
        mdl_openb_t trace;
        mdl_packing_result_t best_fit, fgd;
        read_trace(42, &trace);
        free(trace.order);
        trace.order = NULL;
        trace.n_order = 0;
        replay(&trace, MDL_RULE_BEST_FIT, (uint64_t)seed, &best_fit);
        replay(&trace, MDL_RULE_FGD, (uint64_t)seed, &fgd);
        assert_memory_equal(best_fit.pods, fgd.pods, fgd.n * sizeof fgd.pods[0]);
        assert_close(allocated_at(&best_fit, 100), 92.86, 1);
        assert_close(allocated_at(&fgd, 100), 95.23, 1);
        assert_close((double)fgd.arrived_milli / (double)fgd.gpu_milli, INFLATE, 0.002);
        mdl_packing_free(&best_fit);
        mdl_packing_free(&fgd);
        mdl_openb_free(&trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocation_is_the_published_one),
        cmocka_unit_test(test_random_lies_where_it_was_published),
        cmocka_unit_test(test_every_placement_of_fgd),
        cmocka_unit_test(test_an_order_from_the_seed_is_of_the_family),
    };

    if (!shared_is_there()) {
        print_message("skipped: there are no reference results in ../shared\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
