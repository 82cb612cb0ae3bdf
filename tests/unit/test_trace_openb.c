// SPDX-License-Identifier: GPL-3.0-or-later
/* The reader of openb's nodes, pods and orders. */
#include "models/trace/openb.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

#define NODES "sn,cpu_milli,memory_mib,gpu,model\n"
#define PODS  "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos\n"

static const char nodes[] = NODES "n-0,64000,262144,2,P100\nn-1,32000,1000,0,\nn-2,96000,393216,8,G2\nn-3,1,1,0,nan\n";
static const char pods[] = PODS "p-0,12000,16384,1,460,,LS\np-1,6000,1,4,1000,G2|P100,BE\np-2,100,1,0,0,nan,BE\n"
                                "p-3,1,1,1,1000,A10,BE\n";

static sim_status_t read_all(const char *const texts[4], mdl_openb_t *openb, sim_error_t *err)
{
    mdl_source_t sources[4];
    static const char *const names[] = {"n.csv", "p.csv", "x.nodes", "x.pods"};
    for (int i = 0; i < 4; i++)
        sources[i] = test_source(names[i], texts[i] != NULL ? texts[i] : "", NULL);
    return mdl_openb_read_from(&sources[0], &sources[1], texts[2] != NULL ? &sources[2] : NULL,
                               texts[3] != NULL ? &sources[3] : NULL, openb, err);
}

static void test_lists(void **state)
{
    (void)state;
    mdl_openb_t openb;
    assert_int_equal(read_all((const char *const[4]){nodes, pods}, &openb, NULL), SIM_OK);
    assert_int_equal(openb.n_nodes, 4);
    assert_string_equal(openb.nodes[0].name, "n-0");
    assert_int_equal(openb.nodes[0].cpu_milli, 64000);
    assert_int_equal(openb.nodes[0].memory_mib, 262144);
    assert_int_equal(openb.nodes[0].gpus, 2);
    assert_int_equal(openb.nodes[0].model, 0);
    assert_int_equal(openb.nodes[1].model, UINT32_MAX);
    assert_int_equal(openb.nodes[2].model, 1);
    assert_int_equal(openb.nodes[3].model, UINT32_MAX);
    assert_int_equal(openb.n_models, 3);
    assert_string_equal(openb.models[0], "P100");
    assert_string_equal(openb.models[1], "G2");
    assert_string_equal(openb.models[2], "A10");
    assert_int_equal(openb.n_pods, 4);
    assert_int_equal(openb.pods[0].gpus, 1);
    assert_int_equal(openb.pods[0].gpu_milli, 460);
    assert_int_equal(openb.pods[0].models, 0);
    assert_string_equal(openb.pods[0].spec, "");
    assert_int_equal(openb.pods[1].models, 3);
    assert_string_equal(openb.pods[1].spec, "G2|P100");
    assert_int_equal(openb.pods[2].gpus, 0);
    assert_string_equal(openb.pods[2].spec, "");
    assert_int_equal(openb.pods[3].models, 4);
    assert_null(openb.order);
    mdl_openb_free(&openb);
    mdl_openb_free(&openb);
}

static void test_order(void **state)
{
    (void)state;
    mdl_openb_t openb;
    assert_int_equal(read_all((const char *const[4]){nodes, pods, "0002-n-0\n0000-n-3\n0003-n-2\n1-n-1\n",
                                                     "p-3\np-0\n\np-3-tuned-0\np-1-tuned-17\np-3-tuned-0"},
                              &openb, NULL),
                     SIM_OK);
    static const char *const ranked[] = {"n-3", "n-1", "n-0", "n-2"};
    static const uint32_t order[] = {3, 0, 3, 1, 3};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(openb.nodes[i].name, ranked[i]);
    assert_int_equal(openb.n_order, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(openb.order[i], order[i]);
    mdl_openb_free(&openb);
}

/* A pod whose own name looks like a copy's is itself. */
static void test_names_that_look_like_copies(void **state)
{
    (void)state;
    mdl_openb_t openb;
    assert_int_equal(read_all((const char *const[4]){NODES "n,1,1,1,A\n", PODS "a,1,1,0,0,,\na-tuned-1,2,1,0,0,,\n",
                                                     "0-n\n", "a-tuned-1\na-tuned-1-tuned-0\na-tuned-2\n"},
                              &openb, NULL),
                     SIM_OK);
    static const uint32_t order[] = {1, 1, 0};
    assert_int_equal(openb.n_order, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(openb.order[i], order[i]);
    mdl_openb_free(&openb);
}

static void refused(const char *const texts[4], const char *expected)
{
    mdl_openb_t openb;
    sim_error_t err = {0};
    assert_int_equal(read_all(texts, &openb, &err), SIM_EINPUT);
    assert_string_equal(err.message, expected);
    assert_null(openb.nodes);
    assert_null(openb.pods);
    assert_null(openb.order);
}

static void test_wrong_orders(void **state)
{
    (void)state;
    static const char ranks[] = "0-n-0\n1-n-1\n2-n-2\n3-n-3\n";
    refused((const char *const[4]){nodes, pods, "0-n-0\n1-n-1\n2-n-2\n", "p-0\n"},
            "x.nodes: no rank for node 'n-3'; expected one for each node");
    refused((const char *const[4]){nodes, pods, "0-n-0\n1-n-1\n2-n-2\n1-n-3\n", "p-0\n"},
            "x.nodes: nodes 'n-1' and 'n-3' share rank 1; expected a rank of its own for each");
    refused((const char *const[4]){nodes, pods, "0-n-0\n1-n-1\n2-n-2\n3-n-2\n", "p-0\n"},
            "x.nodes:4: found '3-n-2'; expected each node once");
    refused((const char *const[4]){nodes, pods, "0-n-9\n", "p-0\n"},
            "x.nodes:1: found '0-n-9'; expected the name of a node of the cluster file behind the rank");
    refused((const char *const[4]){nodes, pods, "n-0\n", "p-0\n"},
            "x.nodes:1: found 'n-0'; expected RANK-NAME, for example 0012-openb-node-0345");
    refused(
        (const char *const[4]){nodes, pods, ranks, "p-9-tuned-1\n"},
        "x.pods:1: found 'p-9-tuned-1'; expected the name of a pod of the pod file, or NAME-tuned-K for a copy of it");
    refused((const char *const[4]){nodes, pods, ranks, "p-1\np-1\n"},
            "x.pods:2: found 'p-1'; expected each pod once under its own name, copies as NAME-tuned-K");
    refused((const char *const[4]){nodes, pods, ranks, "\n"}, "x.pods: found no arrivals; expected at least one");
}

static void test_too_many_models(void **state)
{
    (void)state;
    char text[2048] = NODES;
    size_t used = strlen(text);
    for (int i = 0; i < MDL_OPENB_MODELS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "n%d,1,1,1,model-%d\n", i, i);
    mdl_openb_t openb;
    assert_int_equal(read_all((const char *const[4]){text, PODS "p,1,1,1,5,model-31,\n"}, &openb, NULL), SIM_OK);
    assert_true(openb.pods[0].models == UINT32_C(1) << 31);
    mdl_openb_free(&openb);
    refused(
        (const char *const[4]){text, PODS "p,1,1,1,5,A,\n"},
        "p.csv:2: column 6 (gpu_spec): found 'A'; expected models of 1 to 47 bytes joined by '|', at most 32 in the "
        "whole trace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),           cmocka_unit_test(test_order),
        cmocka_unit_test(test_wrong_orders),    cmocka_unit_test(test_names_that_look_like_copies),
        cmocka_unit_test(test_too_many_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
