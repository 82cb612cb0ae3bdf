// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory of a data centre: room for contracts, jobs and events that were not foreseen at its birth. */
#include "models/datacentre/state.h"
#include "tests/support/centre.h"
#include "tests/support/test.h"

#define SEED 20220101

/* More contracts than a centre has room for at birth, ten a day. */
static void test_pools_grow_with_contracts(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 200, 1);
    for (uint32_t i = 0; i < 100; i++) {
        mdl_contract_terms_t terms = test_sized(test_quiet_finetune, 2);
        terms.job_class = (mdl_job_class_t)(i % MDL_JOB_CLASSES);
        test_centres_start(&centres, lp, i, terms);
        if (i % 10 == 9)
            test_centres_run(&centres, (int64_t)(i / 10 + 1) * SIM_DAY_S);
    }
    test_centres_run(&centres, 30 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->leased_nodes, 200);
    for (uint32_t i = 0; i < 100; i++)
        test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, i, 0);
    test_centres_run(&centres, 31 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->leased_nodes, 0);
    test_centres_free(&centres);
}

static uint32_t job_room(test_centres_t *centres, uint32_t lp)
{
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres->world), sim_world_state(centres->world, lp), 0);

    return dc.scheduler->jobs;
}

/* Contracts for small bundles, one a day: a pool that is born with room for some jobs comes to what its nodes come to,
 * which have room for all from the start. */
static void test_a_pool_gets_room_for_more_jobs(void **state)
{
    mdl_datacentre_meter_t meter[2];

    (void)state;
    for (int pool = 0; pool < 2; pool++) {
        test_centres_t centres;
        test_centres_init(&centres);
        centres.input.params.node_failures_per_year = 0;
        centres.input.params.workload_bundles = 40; /* of one node */
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add_in_mode(&centres, 400, 1, pool ? MDL_DC_MODE_POOL : MDL_DC_MODE_NODES),
                 at_birth = job_room(&centres, lp);
        for (uint32_t i = 0; i < 10; i++) {
            test_centres_start(&centres, lp, i,
                               (mdl_contract_terms_t){
                                   .job_class = MDL_JOB_BATCH, .nodes = 40, .activity_permille = 900, .ported = true});
            test_centres_run(&centres, (int64_t)(i + 1) * SIM_DAY_S);
        }
        test_centres_run(&centres, 60 * SIM_DAY_S);
        meter[pool] = *test_centres_read(&centres, lp);
        if (pool) {
            assert_true(meter[pool].running_jobs > (int32_t)at_birth);
            assert_true(job_room(&centres, lp) >= 2 * at_birth);
        }
        test_centres_free(&centres);
    }
    assert_memory_equal(&meter[0], &meter[1], sizeof meter[0]);
}

/* A centre that was born for bundles of a week goes over to jobs one by one: there are several times as many at a time,
 * and it has the room of one that was born for them. */
static void test_a_grain_that_ends_leaves_room_for_every_job(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    centres.input.params.scheduler_pools = false;
    mdl_params_t *params = &centres.input.params, by_job = *params;
    by_job.workload_grain_s = 0;
    params->workload_grain_s = 7 * SIM_DAY_S;
    params->batch_sizes = by_job.batch_sizes = 1; /* of one GPU */
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 64, 1);
    mdl_contract_terms_t terms = {.job_class = MDL_JOB_BATCH, .nodes = 60, .activity_permille = 1100, .ported = true};
    test_centres_start(&centres, lp, 1, terms);
    test_centres_run(&centres, 20 * SIM_DAY_S);
    assert_true(test_centres_read(&centres, lp)->running_jobs <= 64);
    assert_int_equal(mdl_datacentre_configure(centres.world, lp, &by_job, NULL), SIM_OK);
    test_centres_run(&centres, 40 * SIM_DAY_S);
    assert_true(test_centres_read(&centres, lp)->running_jobs > 400);
    *params = by_job;
    assert_int_equal(job_room(&centres, lp), job_room(&centres, test_centres_add(&centres, 64, 2)));
    test_centres_free(&centres);
}

/* As many failures a day as the registry allows, from the first day or from a later one on: each has its repair in the
 * calendar, which grows at boundaries only. */
static void test_every_failure_has_room_for_its_repair(void **state)
{
    (void)state;
    for (int later = 0; later < 2; later++) {
        test_centres_t centres;
        test_centres_init(&centres);
        mdl_params_t *params = &centres.input.params, failing = *params;
        failing.node_failures_per_year = 1000;
        params->node_failures_per_year = later ? 0 : 1000;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 4000, 1);
        test_centres_run(&centres, 2 * SIM_DAY_S);
        if (later)
            assert_int_equal(mdl_datacentre_configure(centres.world, lp, &failing, NULL), SIM_OK);
        test_centres_run(&centres, 5 * SIM_DAY_S);
        assert_true(test_centres_read(&centres, lp)->node_failures > 10000);
        test_centres_free(&centres);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pools_grow_with_contracts),
        cmocka_unit_test(test_a_pool_gets_room_for_more_jobs),
        cmocka_unit_test(test_a_grain_that_ends_leaves_room_for_every_job),
        cmocka_unit_test(test_every_failure_has_room_for_its_repair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
