// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of pods that stay, on traces small enough to follow by hand. */
#include "models/replay/packing.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#define SEED 5

static mdl_openb_node_t node(const char *name, int64_t cpu_milli, int64_t memory_mib, uint32_t gpus, uint32_t model)
{
    mdl_openb_node_t made = {.cpu_milli = cpu_milli, .memory_mib = memory_mib, .gpus = gpus, .model = model};

    (void)snprintf(made.name, sizeof made.name, "%s", name);
    return made;
}

static mdl_openb_pod_t pod(const char *name, int64_t cpu_milli, int64_t memory_mib, uint32_t gpus, uint32_t gpu_milli,
                           uint32_t models)
{
    mdl_openb_pod_t made = {
        .cpu_milli = cpu_milli, .memory_mib = memory_mib, .gpus = gpus, .gpu_milli = gpu_milli, .models = models};

    (void)snprintf(made.name, sizeof made.name, "%s", name);
    (void)snprintf(made.spec, sizeof made.spec, "%s", models == 0 ? "" : models == 1 ? "T4" : "A10");
    return made;
}

static mdl_packing_result_t replay(const mdl_openb_t *trace, uint32_t rule, uint64_t seed, double inflate)
{
    mdl_packing_options_t options = {.rule = rule, .seed = seed, .inflate = inflate};
    mdl_packing_result_t result;
    sim_error_t err = {0};

    assert_int_equal(mdl_packing_run(trace, &options, &result, &err), SIM_OK);
    return result;
}

/* Two nodes of 2 and 1 GPUs, 300 % of one GPU in all; arrivals in a given order, one of them a copy. */
static void test_a_replay_by_hand(void **state)
{
    mdl_openb_node_t nodes[] = {node("a", 10, 10, 2, 0), node("b", 10, 10, 1, 1)};
    mdl_openb_pod_t pods[] = {pod("half", 1, 1, 1, 500, 0), pod("two", 1, 1, 2, 1000, 0),
                              pod("small", 1, 1, 1, 250, 2)};
    uint32_t order[] = {0, 1, 2, 0, 1};
    const mdl_openb_t trace = {.nodes = nodes, .n_nodes = 2, .pods = pods, .n_pods = 3, .order = order, .n_order = 5};
    char name[MDL_PACKING_NAME];

    (void)state;
    /* best fit: half goes to b, two to a, small to b; the next half is lost, for b has 250 left; and so is two */
    mdl_packing_result_t result = replay(&trace, MDL_RULE_BEST_FIT, SEED, 1);
    const uint32_t where[] = {1, 0, 1, MDL_NONE, MDL_NONE};
    assert_int_equal(result.n, 5);
    assert_memory_equal(result.nodes, where, sizeof where);
    assert_int_equal(result.placed, 3);
    assert_int_equal(result.lost[MDL_LOST_COUNT], 2);
    assert_int_equal(result.arrived_milli, 500 + 2000 + 250 + 500 + 2000);
    assert_int_equal(result.allocated_milli, 2750);
    /* arrived 16.7, 83.3, 91.7, 108.3, 175 %; allocated 16.67, 83.33, 91.67 and then no more */
    const uint32_t percents[] = {17, 83, 92, 108, 175};
    const double allocated[] = {16.67, 83.33, 91.67, 91.67, 91.67};
    assert_int_equal(result.n_loads, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(result.loads[i].percent, percents[i]);
        assert_int_equal(result.loads[i].arrivals, 1);
        assert_close(result.loads[i].allocated_percent, allocated[i], 1e-12);
    }
    mdl_packing_pod_name(&trace, &result, 2, name);
    assert_string_equal(name, "small");
    mdl_packing_pod_name(&trace, &result, 4, name);
    assert_string_equal(name, "two-tuned-1");
    mdl_packing_node_name(&trace, &result, 0, name);
    assert_string_equal(name, "0001-b");
    mdl_packing_node_name(&trace, &result, 4, name);
    assert_string_equal(name, "");
    mdl_packing_free(&result);
}

/* Halves to even, both for the load and for what is allocated: 800 GPUs, pods of 4 GPUs are half a percent each. */
static void test_loads_are_rounded_half_to_even(void **state)
{
    static mdl_openb_node_t nodes[100];
    mdl_openb_pod_t four = pod("four", 0, 0, 4, 1000, 0);
    uint32_t order[7] = {0};
    const mdl_openb_t trace = {
        .nodes = nodes, .n_nodes = 100, .pods = &four, .n_pods = 1, .order = order, .n_order = 7};

    (void)state;
    for (int i = 0; i < 100; i++)
        nodes[i] = node("n", 0, 0, 8, 0);
    mdl_packing_result_t result = replay(&trace, MDL_RULE_PACKING, SEED, 1);
    /* 0.5 -> 0 (left out), 1 -> 1, 1.5 -> 2, 2 -> 2, 2.5 -> 2, 3 -> 3, 3.5 -> 4 */
    const uint32_t percents[] = {1, 2, 3, 4}, arrivals[] = {1, 3, 1, 1};
    assert_int_equal(result.n_loads, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(result.loads[i].percent, percents[i]);
        assert_int_equal(result.loads[i].arrivals, arrivals[i]);
    }
    assert_close(result.loads[1].allocated_percent, 2, 1e-12);
    mdl_packing_free(&result);
}

static void test_why_pods_are_lost(void **state)
{
    mdl_openb_node_t nodes[] = {node("a", 10, 10, 2, 0), node("b", 4, 100, 2, 1)};
    const struct {
        mdl_openb_pod_t pod;
        mdl_lost_t reason;
    } cases[] = {
        {pod("five", 0, 0, 5, 1000, 0), MDL_LOST_COUNT}, {pod("three", 0, 0, 3, 1000, 0), MDL_LOST_DOMAIN},
        {pod("other", 0, 0, 1, 500, 4), MDL_LOST_TYPE},  {pod("cpu", 11, 0, 1, 500, 0), MDL_LOST_CPU},
        {pod("only", 11, 0, 0, 0, 0), MDL_LOST_CPU},     {pod("mib", 5, 11, 1, 500, 0), MDL_LOST_MEMORY},
        {pod("type", 5, 0, 1, 500, 2), MDL_LOST_CPU},    {pod("big", 0, 101, 0, 0, 0), MDL_LOST_MEMORY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mdl_openb_pod_t lost = cases[i].pod;
        uint32_t order = 0;
        const mdl_openb_t trace = {
            .nodes = nodes, .n_nodes = 2, .pods = &lost, .n_pods = 1, .order = &order, .n_order = 1};
        mdl_packing_result_t result = replay(&trace, MDL_RULE_FGD, SEED, 1);
        assert_int_equal(result.placed, 0);
        assert_int_equal(result.lost[cases[i].reason], 1);
        mdl_packing_free(&result);
    }
}

#define PODS 300

static void fill_pods(mdl_openb_pod_t pods[PODS])
{
    sim_rng_t rng;

    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    for (int i = 0; i < PODS; i++) {
        uint32_t gpus = (uint32_t)sim_draw_below(&rng, 3);
        uint32_t milli = gpus == 0 ? 0 : gpus == 1 ? 100 * (1 + (uint32_t)sim_draw_below(&rng, 10)) : 1000;
        pods[i] = pod("p", 1000 * (int64_t)sim_draw_below(&rng, 8), 0, gpus, milli, 0);
    }
}

/* Order from the seed: first every pod once, then pods drawn again until the inflated load would be passed; the pod
 * that would pass it counts with one of its GPUs and is dropped. */
static void test_the_seed_s_order(void **state)
{
    static mdl_openb_pod_t pods[PODS];
    static mdl_openb_node_t nodes[30];
    const mdl_openb_t trace = {.nodes = nodes, .n_nodes = 30, .pods = pods, .n_pods = PODS};
    bool differs = false;

    (void)state;
    fill_pods(pods);
    for (int i = 0; i < 30; i++)
        nodes[i] = node("n", 64000, 1, 8, 0);
    mdl_packing_result_t first = replay(&trace, MDL_RULE_RANDOM, 1, 1.7),
                         again = replay(&trace, MDL_RULE_RANDOM, 1, 1.7);
    mdl_packing_result_t other = replay(&trace, MDL_RULE_RANDOM, 2, 1.7);
    uint32_t seen[PODS] = {0};
    for (size_t i = 0; i < PODS; i++) {
        seen[first.pods[i]]++;
        differs = differs || first.pods[i] != other.pods[i];
    }
    for (size_t i = 0; i < PODS; i++)
        assert_int_equal(seen[i], 1);
    assert_true(first.n > PODS && differs);
    assert_true(first.arrived_milli <= (int64_t)(1.7 * 240000) + 1000);
    assert_true(first.arrived_milli > (int64_t)(1.7 * 240000) - 2000);
    assert_int_equal(first.n, again.n);
    assert_memory_equal(first.pods, again.pods, first.n * sizeof first.pods[0]);
    assert_memory_equal(first.nodes, again.nodes, first.n * sizeof first.nodes[0]);
    mdl_packing_free(&first);
    mdl_packing_free(&again);
    mdl_packing_free(&other);
}

/* Nothing is drawn again where the trace asks for enough, or for no GPU at all. */
static void test_when_nothing_is_drawn_again(void **state)
{
    mdl_openb_node_t one = node("a", 1000, 1000, 1, 0);
    mdl_openb_pod_t pods[] = {pod("w", 1, 1, 1, 1000, 0), pod("v", 1, 1, 1, 1000, 0)};
    mdl_openb_t trace = {.nodes = &one, .n_nodes = 1, .pods = pods, .n_pods = 2};

    (void)state;
    mdl_packing_result_t result = replay(&trace, MDL_RULE_FGD, SEED, 1.3);
    assert_int_equal(result.n, 2);
    mdl_packing_free(&result);
    pods[0] = pods[1] = pod("c", 1, 1, 0, 0, 0);
    result = replay(&trace, MDL_RULE_FGD, SEED, 1.3);
    assert_int_equal(result.n, 2);
    assert_int_equal(result.placed, 2);
    assert_int_equal(result.n_loads, 0);
    mdl_packing_free(&result);
}

static void expect_refusal(const mdl_openb_t *trace, double inflate, const char *says)
{
    mdl_packing_options_t options = {.rule = MDL_RULE_FGD, .seed = SEED, .inflate = inflate};
    mdl_packing_result_t result;
    sim_error_t err = {0};

    assert_int_equal(mdl_packing_run(trace, &options, &result, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, says));
    assert_null(result.pods);
    mdl_packing_free(&result);
}

static void test_what_is_refused(void **state)
{
    mdl_openb_node_t bare = node("a", 1000, 1000, 0, UINT32_MAX), good = node("b", 1000, 1000, 1, 0);
    mdl_openb_pod_t one = pod("w", 1, 1, 1, 1000, 0);

    (void)state;
    expect_refusal(&(mdl_openb_t){.nodes = &bare, .n_nodes = 1, .pods = &one, .n_pods = 1}, 1.3, "GPU");
    expect_refusal(&(mdl_openb_t){.nodes = &good, .n_nodes = 1}, 1.3, "no pods");
    const mdl_openb_t trace = {.nodes = &good, .n_nodes = 1, .pods = &one, .n_pods = 1};
    expect_refusal(&trace, 0, "inflation");
    expect_refusal(&trace, -1, "inflation");
    expect_refusal(&trace, NAN, "inflation");
    expect_refusal(&trace, INFINITY, "inflation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_replay_by_hand),
        cmocka_unit_test(test_loads_are_rounded_half_to_even),
        cmocka_unit_test(test_why_pods_are_lost),
        cmocka_unit_test(test_the_seed_s_order),
        cmocka_unit_test(test_when_nothing_is_drawn_again),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
