// SPDX-License-Identifier: GPL-3.0-or-later
/* Each placement rule on small clusters, by hand. */
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

static void open_run(test_cluster_run_t *run, enum mdl_placement_row row, uint32_t nodes, uint32_t rack_nodes)
{
    test_cluster_run_open(run, &(test_cluster_setup_t){.policy = {.placement = (uint8_t)row, .seed = 3},
                                                       .nodes = nodes,
                                                       .rack_nodes = rack_nodes,
                                                       .jobs = 64,
                                                       .tenants = 1});
    mdl_scheduler_set_limits(run->scheduler, 0, 1000, 1000);
}

/* Somebody else's GPUs. */
static void take(test_cluster_run_t *run, uint32_t node, uint32_t gpus)
{
    mdl_cluster_take(run->cluster, node, gpus);
}

static uint32_t part_node(const test_cluster_run_t *run, uint32_t job)
{
    return mdl_scheduler_job(run->scheduler, job)->part_node;
}

/* Its whole nodes as bits. */
static uint32_t gang_of(const test_cluster_run_t *run, uint32_t job)
{
    uint32_t bits = 0;

    for (uint32_t i = mdl_scheduler_job(run->scheduler, job)->gang; i != MDL_NONE;
         i = mdl_cluster_node(run->cluster, i)->next_of_gang)
        bits |= UINT32_C(1) << i;
    return bits;
}

static void test_the_fullest_node_that_fits(void **state)
{
    static const enum mdl_placement_row rows[] = {MDL_PLACEMENT_BEST_FIT, MDL_PLACEMENT_PACKING, MDL_PLACEMENT_DOTPROD,
                                                  MDL_PLACEMENT_CONSOLIDATE};

    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        test_cluster_run_t run;
        open_run(&run, rows[r], 5, 0);
        take(&run, 0, 3);
        take(&run, 1, 5);
        take(&run, 2, 6);
        take(&run, 3, 5);
        assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 3, 10)), 1); /* 5, 3, 2, 3 and 8 are free */
        assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 3, 10)), 3);
        assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 3, 10)), 0);
        assert_int_equal(gang_of(&run, test_cluster_run_submit(&run, 0, 8, 10)), 1 << 4);
        test_cluster_run_free(&run);
    }
}

static void test_clustering_keeps_sizes_together(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_PLACEMENT_CLUSTERING, 3, 0);
    uint32_t two = test_cluster_run_submit(&run, 0, 2, 1000);
    take(&run, 1, 5);
    assert_int_equal(part_node(&run, two), 0);
    assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 2, 1000)), 0);  /* node 1 is fuller */
    assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 3, 1000)), 1);  /* the first of its size */
    assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 10, 1000)), 0); /* by its remainder */
    test_cluster_run_free(&run);
}

/* Most jobs want 4 GPUs. Where 4 are free 2 of them would be lost to those; where 6 are free nothing is. */
static void test_fgd_spares_what_others_want(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_PLACEMENT_FGD, 12, 0);
    for (int i = 0; i < 20; i++)
        (void)test_cluster_run_submit(&run, 0, 4, 1000);
    take(&run, 10, 4);
    take(&run, 11, 2);
    assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 2, 1000)), 11);
    assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 4, 1000)), 10); /* both are as good: the fuller */
    test_cluster_run_free(&run);
}

/* A gang's remainder goes to the freest node that is left; whole nodes are the lowest in one rack. */
static void test_consolidate_remainder(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_PLACEMENT_CONSOLIDATE, 4, 0);
    take(&run, 0, 5);
    take(&run, 1, 4);
    uint32_t gang = test_cluster_run_submit(&run, 0, 10, 1000);
    assert_int_equal(gang_of(&run, gang), 1 << 2);
    assert_int_equal(part_node(&run, gang), 3);
    take(&run, 3, 1);
    assert_int_equal(part_node(&run, test_cluster_run_submit(&run, 0, 2, 1000)), 0);
    test_cluster_run_free(&run);
}

/* Racks of 4 with 4, 2 and 3 empty nodes. */
static void test_consolidate_takes_few_racks(void **state)
{
    test_cluster_run_t run;

    (void)state;
    open_run(&run, MDL_PLACEMENT_CONSOLIDATE, 12, 4);
    take(&run, 4, 8);
    take(&run, 7, 1);
    take(&run, 8, 8);
    uint32_t two = test_cluster_run_submit(&run, 0, 16, 10);
    assert_int_equal(gang_of(&run, two), 1 << 5 | 1 << 6); /* the rack with the fewest that has enough */
    test_cluster_run_to(&run, 10);
    assert_int_equal(gang_of(&run, test_cluster_run_submit(&run, 0, 24, 10)), 1 << 9 | 1 << 10 | 1 << 11);
    test_cluster_run_to(&run, 20);
    uint32_t six = test_cluster_run_submit(&run, 0, 48, 10); /* no rack has six: the one with most, then the rest */
    assert_int_equal(gang_of(&run, six), 15 | 1 << 5 | 1 << 6);
    test_cluster_run_to(&run, 30);
    assert_int_equal(gang_of(&run, test_cluster_run_submit(&run, 0, 72, 10)),
                     15 | 1 << 5 | 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11);
    test_cluster_run_free(&run);
}

/* A last rack that is not full, and racks as wide as a word of the set. */
static void test_consolidate_at_the_edges(void **state)
{
    (void)state;
    for (uint32_t rack_nodes = 1; rack_nodes <= 64; rack_nodes *= 2) {
        for (uint32_t nodes = 60; nodes <= 70; nodes++) {
            test_cluster_run_t run;
            open_run(&run, MDL_PLACEMENT_CONSOLIDATE, nodes, rack_nodes);
            assert_int_not_equal(test_cluster_run_submit(&run, 0, 8 * nodes, 10), MDL_NONE);
            assert_int_equal(run.cluster->free_gpus, 0);
            test_cluster_run_verify(&run);
            test_cluster_run_to(&run, 10);
            (void)test_cluster_run_submit(&run, 0, 8 * (nodes - 3) + 5, 10);
            assert_int_equal(run.cluster->free_gpus, 19);
            test_cluster_run_verify(&run);
            test_cluster_run_free(&run);
        }
    }
}

/* Every node that fits is as likely: 4,000 draws over 4 nodes, each within 5 standard deviations of 1,000 (a false alarm
 * in some 400,000 seeds). A gang's nodes differ. */
static void test_random_takes_any_node(void **state)
{
    test_cluster_run_t run;
    uint32_t drawn[5] = {0};

    (void)state;
    open_run(&run, MDL_PLACEMENT_RANDOM, 5, 0);
    take(&run, 2, 7);
    for (int i = 0; i < 4000; i++) {
        drawn[part_node(&run, test_cluster_run_submit(&run, 0, 3, 10))]++;
        test_cluster_run_to(&run, run.now_s + 10);
    }
    assert_int_equal(drawn[2], 0);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(i == 2 || (drawn[i] > 863 && drawn[i] < 1137));
    assert_int_equal(gang_of(&run, test_cluster_run_submit(&run, 0, 33, 10)), 1 | 2 | 8 | 16);
    test_cluster_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_fullest_node_that_fits),  cmocka_unit_test(test_clustering_keeps_sizes_together),
        cmocka_unit_test(test_fgd_spares_what_others_want), cmocka_unit_test(test_consolidate_remainder),
        cmocka_unit_test(test_consolidate_takes_few_racks), cmocka_unit_test(test_consolidate_at_the_edges),
        cmocka_unit_test(test_random_takes_any_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
