// SPDX-License-Identifier: GPL-3.0-or-later
/* A data centre whose parameters change on a date. */
#include "models/datacentre/state.h"
#include "tests/support/centre.h"
#include "tests/support/test.h"

#define SEED 20220101

/* A centre born after a dated change works by it, an older one when it is told. */
static void test_parameters_hold_from_their_date(void **state)
{
    mdl_change_t change = {.time_s = 10 * SIM_DAY_S, .param = mdl_params_find("hardware.node_failures"), .value = 1000};
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    centres.input.changes = &change;
    centres.input.n_changes = 1;
    test_centres_open(&centres, SEED, 1);
    uint32_t old = test_centres_add(&centres, 10, 1);
    test_centres_run(&centres, 10 * SIM_DAY_S);
    uint32_t young = test_centres_add(&centres, 10, 2);
    test_centres_run(&centres, 20 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, old)->node_failures, 0);
    assert_true(test_centres_read(&centres, young)->node_failures > 50);
    mdl_params_t params = centres.input.params;
    params.node_failures_per_year = 1000;
    assert_int_equal(mdl_datacentre_configure(centres.world, old, &params, NULL), SIM_OK);
    test_centres_run(&centres, 30 * SIM_DAY_S);
    assert_true(test_centres_read(&centres, old)->node_failures > 50);
    test_centres_free(&centres);
}

/* Centres of one type share what follows from the parameters: one that changes them changes nothing for the others, and
 * the blocks of those that left are used again. */
static void test_parameters_change_for_one_centre_alone(void **state)
{
    mdl_datacentre_meter_t meters[2];

    (void)state;
    for (int changes = 0; changes < 2; changes++) {
        test_centres_t centres;
        test_centres_init(&centres);
        test_centres_open(&centres, SEED, 1);
        uint32_t other = test_centres_add(&centres, 16, 1), one = test_centres_add(&centres, 16, 2);
        test_centres_start(&centres, other, 1, test_quiet_finetune);
        test_centres_start(&centres, one, 1, test_quiet_finetune);
        test_centres_run(&centres, 5 * SIM_DAY_S);
        mdl_params_t params = centres.input.params;
        for (int i = 0; changes && i < 100; i++) {
            params.finetune_median_s = 600 + i;
            assert_int_equal(mdl_datacentre_configure(centres.world, one, &params, NULL), SIM_OK);
        }
        size_t before = sim_arena_used(sim_world_arena(centres.world));
        params.finetune_median_s = 60;
        assert_int_equal(mdl_datacentre_configure(centres.world, one, &params, NULL), SIM_OK);
        if (changes)
            assert_int_equal(sim_arena_used(sim_world_arena(centres.world)), before);
        test_centres_run(&centres, 40 * SIM_DAY_S);
        meters[changes] = *test_centres_read(&centres, other);
        test_centres_free(&centres);
    }
    assert_true(meters[0].jobs_finished[MDL_JOB_FINETUNE] > 0);
    assert_memory_equal(&meters[0], &meters[1], sizeof meters[0]);
}

/* What has been drawn from the grid stays drawn when nodes draw more or less from a day on, also of a centre that has
 * closed: nothing is billed twice or paid back. */
static void test_energy_stays_when_draws_change(void **state)
{
    const double idle_w[] = {0, 20000, 2000};
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 16, 1);
    test_centres_start(&centres, lp, 1, test_quiet_finetune);
    for (int64_t turn = 1; turn <= 4; turn++) {
        mdl_params_t params = centres.input.params;
        test_centres_run(&centres, 10 * turn * SIM_DAY_S);
        mdl_datacentre_meter_t before = *test_centres_read(&centres, lp);
        params.gpu_idle_draw = 0;
        params.host_idle_w = params.host_busy_w = idle_w[turn % 3];
        assert_int_equal(mdl_datacentre_configure(centres.world, lp, &params, NULL), SIM_OK);
        assert_int_equal(test_centres_read(&centres, lp)->energy_it_wh, before.energy_it_wh);
        assert_int_equal(mdl_datacentre_metered_wh(centres.world, lp, sim_world_now(centres.world)),
                         before.energy_metered_wh);
        if (turn == 3)
            test_centres_order(&centres, lp, MDL_DC_CLOSE, 0, 0);
        test_centres_run(&centres, (10 * turn + 5) * SIM_DAY_S);
        const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
        int64_t busy_gpu_s = meter->busy_gpu_s - before.busy_gpu_s, up_s = turn < 3 ? 16 * 5 * SIM_DAY_S : 0;
        double drawn_wh = ((double)up_s * params.host_idle_w + (double)busy_gpu_s * 700) / 3600;
        assert_close((double)(meter->energy_it_wh - before.energy_it_wh), drawn_wh, 1);
    }
    test_centres_free(&centres);
}

/* Contracts that use more GPUs than are theirs. */
static uint32_t count_borrowers(const mdl_dc_t *dc)
{
    uint32_t borrowers = 0;

    for (uint32_t i = 0; i < dc->state->n_contracts; i++) {
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(dc->scheduler, mdl_dc_contracts(dc)[i].tenancy);
        borrowers += holding->used_gpus > holding->quota_gpus;
    }
    return borrowers;
}

/* Parameters say from a day on that idle quota is not lent: all that is borrowed comes back at once, and nobody borrows
 * again, until they say otherwise. */
static void test_lending_ends_and_begins_with_the_parameters(void **state)
{
    test_centres_t centres;
    uint32_t lenders = 0, number = 0;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 64, 1);
    for (; number < 8; number++)
        test_centres_start(&centres, lp, number, test_sized(test_quiet_finetune, 4));
    test_centres_start(&centres, lp, number++, test_sized(test_quiet_finetune, 32));
    mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
    for (int64_t day = 1; day <= 300; day++) {
        int64_t turn = day % 100;
        mdl_params_t params = centres.input.params;
        params.scheduler_borrowing = turn < 50;
        if (turn == 50 || turn == 0)
            assert_int_equal(mdl_datacentre_configure(centres.world, lp, &params, NULL), SIM_OK);
        if (turn == 51)
            test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, number - 1, 0);
        if (turn == 1 && day > 1)
            test_centres_start(&centres, lp, number++, test_sized(test_quiet_finetune, 32));
        test_centres_run(&centres, day * SIM_DAY_S);
        mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres.world), centre, sim_world_now(centres.world));
        if (turn >= 50)
            assert_int_equal(count_borrowers(&dc), 0);
        else
            lenders += count_borrowers(&dc) > 0;
        if (turn == 0)
            assert_int_equal(mdl_scheduler_holding(dc.scheduler, mdl_dc_contracts(&dc)->tenancy)->limit_gpus,
                             centre->leased_nodes * MDL_NODE_GPUS);
    }
    assert_true(lenders > 30);
    test_centres_free(&centres);
}

/* A centre that was born without lending takes back what it lends from some day on: nodes do not fail, and so nobody else
 * sends jobs back into the queue. */
static void test_what_is_lent_from_a_date_on_is_reclaimed(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    centres.input.params.scheduler_borrowing = false;
    centres.input.params.node_failures_per_year = 0;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 40, 1);
    for (uint32_t i = 0; i < 5; i++)
        test_centres_start(&centres, lp, i, test_quiet_finetune);
    test_centres_run(&centres, 100 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->jobs_restarted[MDL_JOB_FINETUNE], 0);
    mdl_params_t params = centres.input.params;
    params.scheduler_borrowing = true;
    assert_int_equal(mdl_datacentre_configure(centres.world, lp, &params, NULL), SIM_OK);
    test_centres_run(&centres, 200 * SIM_DAY_S);
    assert_true(test_centres_read(&centres, lp)->jobs_restarted[MDL_JOB_FINETUNE] > 5);
    test_centres_free(&centres);
}

/* Jobs go one by one from a day on; a pool, which has no single GPUs to give, keeps its grain, part of the common one as
 * it is, and goes on as if nothing had been said. */
static void test_a_pool_keeps_its_grain_when_jobs_go_one_by_one(void **state)
{
    const mdl_contract_terms_t service = {
        .job_class = MDL_JOB_INFERENCE, .nodes = 10, .activity_permille = 500, .ported = true};
    mdl_datacentre_meter_t meter[2];

    (void)state;
    for (int by_job = 0; by_job < 2; by_job++) {
        test_centres_t centres;
        test_centres_init(&centres);
        test_centres_open(&centres, SEED, 1);
        mdl_datacentre_spec_t spec = {
            .entity = 1, .nodes = 40, .nodes_powered = 40, .pue = 1, .mode = MDL_DC_MODE_POOL, .grain_factor = 0.5};
        uint32_t lp = test_centres_add_spec(&centres, &spec);
        test_centres_start(&centres, lp, 1, test_quiet_finetune);
        test_centres_start(&centres, lp, 2, service);
        test_centres_run(&centres, 10 * SIM_DAY_S);
        mdl_params_t params = centres.input.params;
        if (by_job)
            params.workload_grain_s = 0;
        assert_int_equal(mdl_datacentre_configure(centres.world, lp, &params, NULL), SIM_OK);
        test_centres_run(&centres, 60 * SIM_DAY_S);
        meter[by_job] = *test_centres_read(&centres, lp);
        test_centres_free(&centres);
    }
    assert_true(meter[0].jobs_finished[MDL_JOB_FINETUNE] > 10);
    assert_memory_equal(&meter[0], &meter[1], sizeof meter[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters_hold_from_their_date),
        cmocka_unit_test(test_parameters_change_for_one_centre_alone),
        cmocka_unit_test(test_energy_stays_when_draws_change),
        cmocka_unit_test(test_lending_ends_and_begins_with_the_parameters),
        cmocka_unit_test(test_what_is_lent_from_a_date_on_is_reclaimed),
        cmocka_unit_test(test_a_pool_keeps_its_grain_when_jobs_go_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
