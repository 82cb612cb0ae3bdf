// SPDX-License-Identifier: GPL-3.0-or-later
/* Inference services of a data centre: how many nodes they have as load, noise and grain change. */
#include "models/datacentre/state.h"
#include "tests/support/centre.h"
#include "tests/support/test.h"

#define SEED 20220101

static const mdl_contract_terms_t steady_service = {
    .job_class = MDL_JOB_INFERENCE, .nodes = 10, .activity_permille = 500, .ported = true};

/* A service meets its target while it has what it needs, cold starts apart, and not where its lease is too small. */
static void test_services_attain_what_replicas_allow(void **state)
{
    (void)state;
    for (int grain = 0; grain < 2; grain++) {
        test_centres_t centres;
        mdl_contract_terms_t terms = {
            .job_class = MDL_JOB_INFERENCE, .nodes = 20, .activity_permille = 500, .ported = true};
        test_centres_init(&centres);
        centres.input.params.node_failures_per_year = 0;
        centres.input.params.service_noise = 0;
        centres.input.params.service_swing = 0;
        if (grain == 0)
            centres.input.params.workload_grain_s = 0;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 20, 1);
        test_centres_start(&centres, lp, 1, terms);
        test_centres_run(&centres, 10 * SIM_DAY_S);
        mdl_datacentre_meter_t before = *test_centres_read(&centres, lp);
        assert_int_equal(before.service_load_gpu_s, 80 * (10 * SIM_DAY_S - 6 * SIM_HOUR_S)); /* to the last resizing */
        assert_int_equal(before.service_load_gpu_s - before.service_met_gpu_s, 80 * 300);
        terms.activity_permille = 980;
        test_centres_resize(&centres, lp, 1, terms);
        test_centres_run(&centres, 20 * SIM_DAY_S);
        mdl_datacentre_meter_t now = *test_centres_read(&centres, lp);
        assert_int_equal(now.service_met_gpu_s - before.service_met_gpu_s, 80 * 6 * SIM_HOUR_S); /* left from before */
        assert_true(now.service_load_gpu_s > before.service_load_gpu_s + 156 * 9 * SIM_DAY_S);
        test_centres_free(&centres);
    }
}

/* A service of 80 GPUs of lease and a steady load of 40, on nodes that fail as told. */
static uint32_t open_steady_service(test_centres_t *centres, bool by_job, double node_failures_per_year)
{
    mdl_datacentre_spec_t spec = {.entity = 1, .nodes = 20, .nodes_powered = 20, .pue = 1, .mode = MDL_DC_MODE_NODES};

    test_centres_init(centres);
    centres->input.params.workload_grain_s = by_job ? 0 : SIM_DAY_S;
    centres->input.params.node_failures_per_year = node_failures_per_year;
    centres->input.params.hard_failure_share = 1;
    centres->input.params.hard_repair_s = 1000 * SIM_DAY_S;
    centres->input.params.service_noise = 0;
    centres->input.params.service_swing = 0;
    test_centres_open(centres, SEED, 1);
    uint32_t lp = test_centres_add_spec(centres, &spec);
    test_centres_start(centres, lp, 1, steady_service);
    return lp;
}

static void turn_grain(test_centres_t *centres, uint32_t lp, bool by_job)
{
    mdl_params_t params = centres->input.params;

    params.workload_grain_s = by_job ? 0 : SIM_DAY_S;
    assert_int_equal(mdl_datacentre_configure(centres->world, lp, &params, NULL), SIM_OK);
}

/* Replicas one by one become one elastic job, or the other way round, at the next resizing: those of the old kind finish
 * with all that they computed, those of the new kind are as many and as wide as if they had been so from the start. */
static void test_a_service_that_runs_follows_the_grain(void **state)
{
    (void)state;
    for (int by_job = 0; by_job < 2; by_job++) {
        test_centres_t turned, born;
        uint32_t lp = open_steady_service(&turned, !by_job, 0), like = open_steady_service(&born, by_job, 0);
        test_centres_run(&turned, 10 * SIM_DAY_S);
        test_centres_run(&born, 11 * SIM_DAY_S);
        mdl_datacentre_meter_t before = *test_centres_read(&turned, lp);
        turn_grain(&turned, lp, by_job);
        test_centres_run(&turned, 11 * SIM_DAY_S);
        const mdl_datacentre_meter_t *meter = test_centres_read(&turned, lp), *wanted = test_centres_read(&born, like);
        assert_int_equal(meter->jobs_finished[MDL_JOB_INFERENCE], before.running_jobs);
        assert_true(by_job ? meter->running_jobs > 1 : meter->running_jobs == 1);
        assert_int_equal(meter->running_jobs, wanted->running_jobs);
        assert_int_equal(meter->allocated_gpus, wanted->allocated_gpus);
        assert_int_equal(meter->service_load_gpu_s, wanted->service_load_gpu_s);
        assert_int_equal(meter->useful_gpu_s, meter->busy_gpu_s);
        /* Both start once more, 300 s for 40 GPUs of load; shares are in thousandths. */
        assert_close((double)(meter->service_met_gpu_s - wanted->service_met_gpu_s), -40 * 300, 1);
        assert_close((double)(meter->busy_gpu_s - before.busy_gpu_s), 40 * (SIM_DAY_S - 300), 0.002 * 40 * SIM_DAY_S);
        test_centres_free(&turned);
        test_centres_free(&born);
    }
}

/* The load of a running service goes: its jobs finish and nothing is used until it comes back. */
static void test_a_service_without_load_ends_and_begins_again(void **state)
{
    (void)state;
    for (int by_job = 0; by_job < 2; by_job++) {
        test_centres_t centres;
        mdl_contract_terms_t idle = steady_service;
        uint32_t lp = open_steady_service(&centres, by_job, 0);
        idle.activity_permille = 0;
        test_centres_run(&centres, 10 * SIM_DAY_S);
        mdl_datacentre_meter_t busy = *test_centres_read(&centres, lp);
        test_centres_resize(&centres, lp, 1, idle);
        test_centres_run(&centres, 12 * SIM_DAY_S);
        mdl_datacentre_meter_t rest = *test_centres_read(&centres, lp);
        assert_int_equal(rest.jobs_finished[MDL_JOB_INFERENCE], busy.running_jobs);
        assert_int_equal(rest.running_jobs + rest.queued_jobs + rest.allocated_gpus, 0);
        assert_int_equal(rest.allocated_gpu_s, busy.allocated_gpu_s);
        assert_int_equal(rest.busy_gpu_s, busy.busy_gpu_s);
        assert_int_equal(rest.useful_gpu_s, busy.busy_gpu_s);
        assert_int_equal(rest.service_load_gpu_s, 40 * 10 * SIM_DAY_S);
        test_centres_resize(&centres, lp, 1, steady_service);
        test_centres_run(&centres, 13 * SIM_DAY_S);
        const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
        assert_int_equal(meter->allocated_gpus, busy.allocated_gpus);
        assert_int_equal(meter->allocated_gpu_s - rest.allocated_gpu_s, busy.allocated_gpus * SIM_DAY_S);
        assert_int_equal(meter->running_jobs, busy.running_jobs);
        test_centres_free(&centres);
    }
}

/* All nodes fail for good, and what a service wants waits. Where its load goes nothing waits any more; where the grain
 * changes jobs of the new kind wait in the place of the old. */
static void test_a_service_that_waits_follows_load_and_grain(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        bool by_job = kind % 2, load_goes = kind < 2;
        test_centres_t centres;
        mdl_contract_terms_t idle = steady_service;
        uint32_t lp = open_steady_service(&centres, by_job, 1000);
        idle.activity_permille = 0;
        test_centres_run(&centres, 20 * SIM_DAY_S);
        mdl_datacentre_meter_t waits = *test_centres_read(&centres, lp);
        assert_int_equal(waits.node_failures, 20);
        assert_int_equal(waits.running_jobs, 0);
        assert_true(by_job ? waits.queued_jobs > 1 : waits.queued_jobs == 1);
        if (load_goes)
            test_centres_resize(&centres, lp, 1, idle);
        else
            turn_grain(&centres, lp, !by_job);
        test_centres_run(&centres, 21 * SIM_DAY_S);
        const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
        int64_t cancelled = meter->jobs_cancelled[MDL_JOB_INFERENCE] - waits.jobs_cancelled[MDL_JOB_INFERENCE];
        assert_int_equal(cancelled, waits.queued_jobs);
        assert_int_equal(meter->jobs_finished[MDL_JOB_INFERENCE], waits.jobs_finished[MDL_JOB_INFERENCE]);
        assert_true(load_goes ? meter->queued_jobs == 0 : by_job ? meter->queued_jobs == 1 : meter->queued_jobs > 1);
        assert_int_equal(meter->jobs_submitted[MDL_JOB_INFERENCE], meter->jobs_finished[MDL_JOB_INFERENCE] +
                                                                       meter->jobs_cancelled[MDL_JOB_INFERENCE] +
                                                                       meter->queued_jobs);
        assert_int_equal(meter->allocated_gpu_s, waits.allocated_gpu_s);
        test_centres_free(&centres);
    }
}

/* A service that took back some of what it lends gives up a node of its lease and wants all the others: it gets none
 * before jobs may be stopped again. */
static void test_a_smaller_lease_is_no_room_for_its_service(void **state)
{
    const mdl_contract_terms_t serving[] = {
        {.job_class = MDL_JOB_INFERENCE, .nodes = 10, .activity_permille = 50, .ported = true},
        {.job_class = MDL_JOB_INFERENCE, .nodes = 10, .activity_permille = 200, .ported = true},
        {.job_class = MDL_JOB_INFERENCE, .nodes = 9, .activity_permille = 1000, .ported = true}};

    (void)state;
    for (int mode = MDL_DC_MODE_NODES; mode <= MDL_DC_MODE_POOL; mode++) {
        test_centres_t centres;
        test_centres_init(&centres);
        centres.input.params.node_failures_per_year = 0;
        centres.input.params.workload_bundles = 20; /* of one node */
        centres.input.params.scheduler_preempt_every_s = 5 * SIM_DAY_S;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add_in_mode(&centres, 20, 1, (mdl_datacentre_mode_t)mode);
        test_centres_start(&centres, lp, 1, serving[0]);
        test_centres_start(
            &centres, lp, 2,
            (mdl_contract_terms_t){.job_class = MDL_JOB_BATCH, .nodes = 10, .activity_permille = 4000, .ported = true});
        for (int64_t day = 10; day <= 12; day++) {
            test_centres_run(&centres, day * SIM_DAY_S);
            assert_int_equal(test_centres_read(&centres, lp)->allocated_gpus, (day < 12 ? 20 : 19) * MDL_NODE_GPUS);
            if (day < 12)
                test_centres_resize(&centres, lp, 1, serving[day - 9]);
        }
        assert_int_equal(test_centres_read(&centres, lp)->leased_nodes, 19);
        test_centres_free(&centres);
    }
}

/* Services have the noise of the days on which they were last resized, whenever they came. */
static void look_at_noise(test_centres_t *centres, uint32_t lp, int64_t day)
{
    mdl_datacentre_t *centre = sim_world_state(centres->world, lp);
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres->world), centre, sim_world_now(centres->world));

    for (uint32_t i = 0; i < centre->n_services; i++)
        assert_int_equal(dc.services[i].noise_from_day, (day - 1) / MDL_NOISE_DAYS * MDL_NOISE_DAYS);
}

static void test_noise_is_that_of_the_day(void **state)
{
    mdl_contract_terms_t terms = {.job_class = MDL_JOB_INFERENCE, .nodes = 6, .activity_permille = 500};

    (void)state;
    for (int64_t grain_d = 0; grain_d <= 1; grain_d++) {
        test_centres_t centres;
        test_centres_init(&centres);
        centres.input.params.workload_grain_s = grain_d * SIM_DAY_S;
        centres.input.params.node_failures_per_year = 20;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 64, 1);
        for (int64_t day = 1; day <= 4 * MDL_NOISE_DAYS; day++) {
            terms.ported = day % 2 == 0;
            test_centres_start(&centres, lp, (uint32_t)day, terms); /* from the eleventh on they wait for nodes */
            if (day == 14)
                test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 2, 0);
            test_centres_run(&centres, day * SIM_DAY_S);
            look_at_noise(&centres, lp, day);
        }
        test_centres_free(&centres);
    }
}

/* Another spread of load reaches services when they are resized next, those that wait for their software too: their noise
 * is that of a centre that was born with it. */
static void test_noise_follows_the_parameters(void **state)
{
    double noise[2][2][MDL_NOISE_DAYS];
    mdl_contract_terms_t terms = {.job_class = MDL_JOB_INFERENCE, .nodes = 6, .activity_permille = 500};

    (void)state;
    for (int born = 0; born < 2; born++) {
        test_centres_t centres;
        test_centres_init(&centres);
        mdl_params_t params = centres.input.params;
        params.service_noise = 0.3;
        if (born)
            centres.input.params = params;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 16, 1);
        for (uint32_t i = 0; i < 2; i++) {
            terms.ported = i == 0;
            test_centres_start(&centres, lp, i, terms);
        }
        test_centres_run(&centres, SIM_DAY_S);
        assert_int_equal(mdl_datacentre_configure(centres.world, lp, &params, NULL), SIM_OK);
        test_centres_run(&centres, SIM_DAY_S + 7 * SIM_HOUR_S);
        mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres.world), sim_world_state(centres.world, lp), 0);
        for (uint32_t i = 0; i < 2; i++)
            memcpy(noise[born][i], dc.services[i].noise, sizeof noise[born][i]);
        test_centres_free(&centres);
    }
    assert_memory_equal(noise[0], noise[1], sizeof noise[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_services_attain_what_replicas_allow),
        cmocka_unit_test(test_a_service_that_runs_follows_the_grain),
        cmocka_unit_test(test_a_service_without_load_ends_and_begins_again),
        cmocka_unit_test(test_a_service_that_waits_follows_load_and_grain),
        cmocka_unit_test(test_a_smaller_lease_is_no_room_for_its_service),
        cmocka_unit_test(test_noise_is_that_of_the_day),
        cmocka_unit_test(test_noise_follows_the_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
