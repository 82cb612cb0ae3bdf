// SPDX-License-Identifier: GPL-3.0-or-later
/* A data centre as the economy sees it: contracts, orders, meters. Every boundary audits. */
#include "models/datacentre/state.h"
#include "models/hardware/pool.h"
#include "tests/support/centre.h"
#include "tests/support/test.h"

#define SEED 20220101

/* Mean share of the leased GPUs that a quiet year of a class keeps busy. */
static double busy_share(mdl_contract_terms_t terms, int64_t days)
{
    test_centres_t centres;

    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 40, 1);
    test_centres_start(&centres, lp, 1, terms);
    test_centres_run(&centres, days * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    double share = (double)meter->busy_gpu_s / (double)meter->leased_gpu_s;
    print_message("class %d: allocated %.4f busy %.4f useful %.4f of leased; jobs %lld refused %lld wait %.0f s\n",
                  terms.job_class, (double)meter->allocated_gpu_s / (double)meter->leased_gpu_s, share,
                  (double)meter->useful_gpu_s / (double)meter->leased_gpu_s,
                  (long long)meter->jobs_submitted[terms.job_class], (long long)meter->jobs_refused[terms.job_class],
                  meter->jobs_started[terms.job_class]
                      ? (double)meter->wait_s[terms.job_class] / (double)meter->jobs_started[terms.job_class]
                      : 0);
    test_centres_free(&centres);
    return share;
}

/* Over 1,000 days the share of GPUs that jobs keep busy is what the contract says, less what queues turn away. The
 * band of 0.04 is wide for training (about 250 runs, spread of a mean share about 0.01); fine-tuning's wide and long jobs
 * stand in each other's way on 32 nodes, and some 6 % of the work is turned away. */
static void test_activity_is_what_jobs_want(void **state)
{
    (void)state;
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        mdl_contract_terms_t terms = {
            .job_class = (mdl_job_class_t)c, .nodes = 32, .gang_nodes = 8, .activity_permille = 600, .ported = true};
        double share = busy_share(terms, 1000);
        assert_true(share > (c == MDL_JOB_FINETUNE ? 0.53 : 0.56) && share < 0.64);
    }
}

static const mdl_contract_terms_t quiet_finetune = {
    .job_class = MDL_JOB_FINETUNE, .nodes = 8, .activity_permille = 700, .ported = true};

static mdl_contract_terms_t sized(mdl_contract_terms_t terms, uint32_t nodes)
{
    terms.nodes = nodes;
    return terms;
}

static int64_t ended(const mdl_datacentre_meter_t *meter, int job_class)
{
    return meter->jobs_finished[job_class] + meter->jobs_cancelled[job_class] + meter->jobs_failed[job_class];
}

/* One gang of the whole lease that is always busy, nodes that never fail: the meters can be worked out by hand. */
static void test_meters_of_one_gang(void **state)
{
    test_centres_t centres;
    mdl_contract_terms_t terms = {.job_class = MDL_JOB_TRAINING, .nodes = 4, .activity_permille = 1000, .ported = true};

    (void)state;
    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    centres.input.params.training_length_s = 1000 * SIM_DAY_S;
    centres.input.params.training_sigma = 0;
    centres.input.params.training_startup_s = 1000;
    centres.input.params.checkpoint_interval_s = 3600;
    centres.input.params.checkpoint_pause_s = 60;
    test_centres_open(&centres, SEED, 1);
    mdl_datacentre_spec_t spec = {.entity = 3, .nodes = 10, .nodes_powered = 6, .pue = 1.3, .fabric_gb_s = 100};
    uint32_t lp = test_centres_add_spec(&centres, &spec);
    test_centres_start(&centres, lp, 1, terms);
    test_centres_run(&centres, 10 * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    int64_t ten_days_s = 10 * SIM_DAY_S;
    assert_int_equal(meter->racked_gpu_s, 80 * ten_days_s);
    assert_int_equal(meter->powered_gpu_s, 48 * ten_days_s);
    assert_int_equal(meter->leased_gpu_s, 32 * ten_days_s);
    assert_int_equal(meter->allocated_gpu_s, 32 * ten_days_s);
    /* 863,000 s after start-up: 235 cycles of 3,660 s and 2,900 s more. The line has 983 thousandths of it. */
    assert_int_equal(meter->busy_gpu_s, 32 * 983 * INT64_C(863000) / 1000);
    assert_int_equal(meter->useful_gpu_s, 32 * 983 * INT64_C(859340) / 1000);
    assert_int_equal(meter->energy_it_wh, (6 * ten_days_s * 2560 + meter->busy_gpu_s * 955) / 3600);
    assert_int_equal(meter->energy_metered_wh, meter->energy_it_wh * 13 / 10);
    /* When the contract ends, the exact figures replace it. */
    test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1, 0);
    test_centres_run(&centres, 11 * SIM_DAY_S);
    meter = test_centres_read(&centres, lp);
    assert_int_equal(meter->allocated_gpu_s, 32 * ten_days_s);
    assert_int_equal(meter->busy_gpu_s, 32 * (235 * 3600 + 2900));
    assert_int_equal(meter->useful_gpu_s, 32 * 235 * 3600);
    assert_int_equal(meter->training_work_gpu_s, meter->useful_gpu_s);
    assert_int_equal(meter->jobs_cancelled[MDL_JOB_TRAINING], 1);
    test_centres_free(&centres);
}

static void test_leases_end_where_power_ends(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    mdl_datacentre_spec_t spec = {.entity = 3, .nodes = 20, .nodes_powered = 10, .pue = 1.3, .fabric_gb_s = 100};
    uint32_t lp = test_centres_add_spec(&centres, &spec);
    for (uint32_t i = 0; i < 3; i++)
        test_centres_start(&centres, lp, i, quiet_finetune);
    test_centres_run(&centres, SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->leased_nodes, 10); /* 8 and 2 and 0 */
    test_centres_order(&centres, lp, MDL_DC_POWER_NODES, 0, 20);
    test_centres_run(&centres, 20 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->leased_nodes, 20); /* 8, 8 and 4 */
    test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 0, 0);
    test_centres_run(&centres, 40 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->leased_nodes, 16); /* 8 and 8 */
    int64_t leased_gpu_s = test_centres_read(&centres, lp)->leased_gpu_s;
    test_centres_order(&centres, lp, MDL_DC_POWER_NODES, 0, 3);
    test_centres_run(&centres, 41 * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    assert_int_equal(meter->leased_nodes, 3);
    assert_int_equal(meter->leased_gpu_s - leased_gpu_s, 24 * SIM_DAY_S);
    assert_true(meter->allocated_gpus <= 24);
    test_centres_free(&centres);
}

static void test_resize_and_end_cancel_what_no_longer_fits(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 40, 1);
    mdl_contract_terms_t busy = sized(quiet_finetune, 32);
    busy.activity_permille = 3000;
    test_centres_start(&centres, lp, 1, busy);
    test_centres_run(&centres, 60 * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    int64_t cancelled = meter->jobs_cancelled[MDL_JOB_FINETUNE] - meter->jobs_refused[MDL_JOB_FINETUNE];
    assert_true(meter->allocated_gpus > 150 && meter->queued_jobs > 0);
    assert_true(meter->jobs_refused[MDL_JOB_FINETUNE] > 0); /* patience ended */
    test_centres_resize(&centres, lp, 1, sized(busy, 4));
    test_centres_run(&centres, 60 * SIM_DAY_S + 10);
    meter = test_centres_read(&centres, lp);
    assert_int_equal(meter->leased_nodes, 4);
    assert_true(meter->allocated_gpus <= 32);
    assert_true(meter->jobs_cancelled[MDL_JOB_FINETUNE] - meter->jobs_refused[MDL_JOB_FINETUNE] > cancelled);
    test_centres_resize(&centres, lp, 1, sized(busy, 40));
    test_centres_run(&centres, 120 * SIM_DAY_S);
    assert_true(test_centres_read(&centres, lp)->allocated_gpus > 250);
    test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1, 0);
    test_centres_run(&centres, 121 * SIM_DAY_S);
    meter = test_centres_read(&centres, lp);
    assert_int_equal(meter->leased_nodes + meter->allocated_gpus + meter->queued_jobs + meter->running_jobs, 0);
    assert_int_equal(meter->jobs_submitted[MDL_JOB_FINETUNE], ended(meter, MDL_JOB_FINETUNE));
    test_centres_free(&centres);
}

static void test_a_closed_centre_stands_still(void **state)
{
    test_centres_t centres;
    mdl_datacentre_meter_t at_close;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 16, 1);
    test_centres_start(&centres, lp, 1, quiet_finetune);
    test_centres_run(&centres, 30 * SIM_DAY_S);
    test_centres_order(&centres, lp, MDL_DC_CLOSE, 0, 0);
    test_centres_run(&centres, 31 * SIM_DAY_S);
    at_close = *test_centres_read(&centres, lp);
    assert_int_equal(at_close.racked_gpu_s, 128 * 30 * SIM_DAY_S);
    assert_int_equal(at_close.running_jobs + at_close.queued_jobs + at_close.leased_nodes, 0);
    test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1, 0); /* too late, and harmless */
    test_centres_run(&centres, 60 * SIM_DAY_S);
    assert_memory_equal(&at_close, test_centres_read(&centres, lp), sizeof at_close);
    size_t before = sim_arena_used(sim_world_arena(centres.world));
    mdl_datacentre_retire(centres.world, lp, sim_world_now(centres.world));
    mdl_datacentre_retire(centres.world, lp, sim_world_now(centres.world));
    assert_memory_equal(&at_close, test_centres_read(&centres, lp), sizeof at_close);
    test_centres_add(&centres, 16, 2); /* takes the memory that came back */
    assert_true(sim_arena_used(sim_world_arena(centres.world)) < before + 4096);
    test_centres_run(&centres, 61 * SIM_DAY_S);
    test_centres_free(&centres);
}

static void test_fabric_decides_on_gangs(void **state)
{
    (void)state;
    for (int fabric = 0; fabric < 2; fabric++) {
        test_centres_t centres;
        test_centres_init(&centres);
        test_centres_open(&centres, SEED, 1);
        mdl_datacentre_spec_t spec = {
            .entity = 3, .nodes = 20, .nodes_powered = 20, .pue = 1.3, .fabric_gb_s = fabric ? 25 : 24.9};
        uint32_t lp = test_centres_add_spec(&centres, &spec);
        mdl_contract_terms_t gangs = {
            .job_class = MDL_JOB_TRAINING, .nodes = 8, .gang_nodes = 4, .activity_permille = 900, .ported = true};
        test_centres_start(&centres, lp, 1, gangs);
        test_centres_start(&centres, lp, 2, quiet_finetune);
        test_centres_run(&centres, 100 * SIM_DAY_S);
        const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
        assert_true(meter->jobs_submitted[MDL_JOB_TRAINING] > 5);
        assert_true(meter->jobs_submitted[MDL_JOB_TRAINING] < 100); /* refused runs take their time, elsewhere */
        if (fabric)
            assert_int_equal(meter->jobs_refused[MDL_JOB_TRAINING], 0);
        else
            assert_int_equal(meter->jobs_refused[MDL_JOB_TRAINING], meter->jobs_submitted[MDL_JOB_TRAINING]);
        assert_true((meter->busy_by_class_gpu_s[MDL_JOB_TRAINING] > 0) == fabric);
        assert_true(meter->busy_by_class_gpu_s[MDL_JOB_FINETUNE] > 0); /* what fits on a node runs anywhere */
        test_centres_free(&centres);
    }
}

static void test_porting_delays_and_slows(void **state)
{
    test_centres_t centres;
    mdl_contract_terms_t terms = {
        .job_class = MDL_JOB_INFERENCE, .nodes = 10, .activity_permille = 500, .ported = false};

    (void)state;
    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    centres.input.params.service_noise = 0;
    centres.input.params.service_swing = 0;
    centres.input.params.service_band = 0;
    centres.input.params.service_target = 600; /* patient enough to do without headroom */
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 10, 1);
    test_centres_start(&centres, lp, 1, terms);
    test_centres_run(&centres, 28 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->allocated_gpu_s, 0);
    test_centres_run(&centres, 29 * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    assert_int_equal(meter->allocated_gpus, 64); /* 40 GPUs of load at 0.7 are 57.1, on 8 nodes */
    assert_int_equal(meter->busy_gpu_s, 64 * 892 * (SIM_DAY_S - 300) / 1000);
    terms.ported = true;
    test_centres_resize(&centres, lp, 1, terms);
    test_centres_run(&centres, 30 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->allocated_gpus, 48); /* 40 and a hair */
    test_centres_free(&centres);
}

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

static void test_porting_that_ends_early_lets_jobs_start(void **state)
{
    (void)state;
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        test_centres_t centres;
        mdl_contract_terms_t terms = {
            .job_class = (mdl_job_class_t)c, .nodes = 10, .activity_permille = 900, .ported = false};
        test_centres_init(&centres);
        centres.input.params.port_time_s = 1000 * SIM_DAY_S;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 10, 1);
        test_centres_start(&centres, lp, 1, terms);
        test_centres_run(&centres, 100 * SIM_DAY_S);
        assert_int_equal(test_centres_read(&centres, lp)->jobs_submitted[c], 0);
        terms.ported = true;
        test_centres_resize(&centres, lp, 1, terms);
        test_centres_run(&centres, 110 * SIM_DAY_S);
        assert_true(test_centres_read(&centres, lp)->jobs_started[c] > 0);
        test_centres_free(&centres);
    }
}

/* More contracts than a centre has room for at birth, ten a day. */
static void test_pools_grow_with_contracts(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 200, 1);
    for (uint32_t i = 0; i < 100; i++) {
        mdl_contract_terms_t terms = sized(quiet_finetune, 2);
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

/* A contract that starts takes the lowest tenancy that is free, and the list's last place. */
static void test_contracts_take_the_lowest_free_tenancies(void **state)
{
    enum { CONTRACTS = 80 };
    static const uint32_t ended[] = {70, 3, 5};
    static const uint32_t taken[] = {3, 5, 70, CONTRACTS};
    test_centres_t centres;
    uint32_t number = 0;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 2 * CONTRACTS, 1);
    for (int64_t day = 1; number < CONTRACTS; day++) {
        for (int i = 0; i < 10; i++)
            test_centres_start(&centres, lp, number++, sized(quiet_finetune, 1));
        test_centres_run(&centres, day * SIM_DAY_S);
    }
    for (size_t i = 0; i < 3; i++)
        test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, ended[i], 0);
    test_centres_run(&centres, 20 * SIM_DAY_S);
    for (size_t i = 0; i < 4; i++)
        test_centres_start(&centres, lp, number + (uint32_t)i, sized(quiet_finetune, 1));
    test_centres_run(&centres, 21 * SIM_DAY_S);
    mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres.world), centre, sim_world_now(centres.world));
    assert_int_equal(centre->n_contracts, CONTRACTS + 1);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(mdl_dc_contracts(&dc)[CONTRACTS - 3 + i].number, number + i);
        assert_int_equal(mdl_dc_contracts(&dc)[CONTRACTS - 3 + i].tenancy, taken[i]);
    }
    test_centres_free(&centres);
}

/* A gang of all 16 nodes with failures and slow repairs: it waits for each repair, or goes on with 8 nodes meanwhile.
 * No more than was allocated is busy, and jobs are conserved (the centre is audited each day). */
static void test_the_ladder_lets_a_gang_go_on_with_fewer_nodes(void **state)
{
    double busy_share[2];

    (void)state;
    for (int mode = MDL_DC_MODE_NODES; mode <= MDL_DC_MODE_POOL; mode++) {
        for (int ladder = 0; ladder < 2; ladder++) {
            test_centres_t centres;
            test_centres_init(&centres);
            centres.input.params.node_failures_per_year = 6;
            centres.input.params.hard_failure_share = 1;
            centres.input.params.hard_repair_s = 2 * SIM_DAY_S;
            centres.input.params.training_ladder = 2 * ladder;
            test_centres_open(&centres, SEED, 1);
            mdl_datacentre_spec_t spec = {.entity = 1,
                                          .nodes = 16,
                                          .nodes_powered = 16,
                                          .pue = 1,
                                          .fabric_gb_s = 400,
                                          .mode = (mdl_datacentre_mode_t)mode};
            uint32_t lp = test_centres_add_spec(&centres, &spec);
            test_centres_start(
                &centres, lp, 1,
                (mdl_contract_terms_t){
                    .job_class = MDL_JOB_TRAINING, .nodes = 16, .activity_permille = 1000, .ported = true});
            test_centres_run(&centres, 360 * SIM_DAY_S);
            const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
            assert_true(meter->node_failures > 40 && meter->jobs_finished[MDL_JOB_TRAINING] > 5);
            assert_true(meter->useful_gpu_s <= meter->busy_gpu_s && meter->busy_gpu_s <= meter->allocated_gpu_s);
            busy_share[ladder] = (double)meter->busy_gpu_s / (double)meter->powered_gpu_s;
            test_centres_free(&centres);
        }
        print_message("busy %.3f waiting for repairs, %.3f on the ladder\n", busy_share[0], busy_share[1]);
        assert_true(busy_share[1] > busy_share[0] + 0.1);
    }
}

/* Half the width, twice the time: nothing but rounding changes what is left to do. */
static void test_another_width_keeps_the_work(void **state)
{
    mdl_policy_t policy = {0};

    (void)state;
    mdl_cluster_t *cluster = aligned_alloc(64, mdl_cluster_bytes(4, MDL_NODE_GPUS));
    mdl_scheduler_t *scheduler = aligned_alloc(64, mdl_scheduler_bytes(8, 1, &policy));
    mdl_cluster_init(cluster, 4, MDL_NODE_GPUS, 4);
    mdl_scheduler_init(scheduler, 8, 1, policy, true);
    mdl_scheduler_open_tenant(scheduler, 0, 32);
    mdl_job_request_t request = {.work_s = 1001, .gpus = 32, .interval_s = 100, .job_class = MDL_JOB_TRAINING};
    uint32_t index = mdl_scheduler_submit(scheduler, cluster, 0, 0, &request);
    const mdl_job_t *job = mdl_scheduler_job(scheduler, index);
    mdl_scheduler_reshape(scheduler, index, 16);
    assert_int_equal(job->work_s, 2002);
    assert_int_equal(job->gpus, 16);
    mdl_scheduler_reshape(scheduler, index, 24);
    assert_int_equal(job->work_s, 1335); /* 2002 x 16 / 24, rounded up */
    sim_error_t err = {0};
    assert_int_equal(mdl_scheduler_verify(scheduler, cluster, &err), SIM_OK);
    free(cluster);
    free(scheduler);
}

/* An idle centre of 32 nodes of which each is down half a day in sixteen draws a thirty-second less. */
static void test_maintenance_takes_each_idle_node_in_turn(void **state)
{
    (void)state;
    for (int mode = MDL_DC_MODE_NODES; mode <= MDL_DC_MODE_POOL; mode++) {
        int64_t energy_wh[2];
        for (int maintained = 0; maintained < 2; maintained++) {
            test_centres_t centres;
            test_centres_init(&centres);
            centres.input.params.node_failures_per_year = 0;
            centres.input.params.maintenance_every_s = maintained * 16 * SIM_DAY_S;
            centres.input.params.maintenance_length_s = SIM_DAY_S / 2;
            test_centres_open(&centres, SEED, 1);
            mdl_datacentre_spec_t spec = {.entity = 1,
                                          .nodes = 32,
                                          .nodes_powered = 32,
                                          .pue = 1,
                                          .fabric_gb_s = 400,
                                          .mode = (mdl_datacentre_mode_t)mode};
            uint32_t lp = test_centres_add_spec(&centres, &spec);
            test_centres_run(&centres, 32 * SIM_DAY_S);
            const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
            assert_int_equal(meter->node_failures, 0);
            energy_wh[maintained] = meter->energy_it_wh;
            test_centres_free(&centres);
        }
        assert_int_equal(energy_wh[1], energy_wh[0] - energy_wh[0] / 32);
    }
}

/* A gang of all 16 nodes on the ladder; each day one of the nodes that it leaves idle is serviced until the evening. When
 * all have come back it climbs, in a pool as on single nodes. */
static void test_a_gang_climbs_when_serviced_nodes_come_back(void **state)
{
    (void)state;
    for (int mode = MDL_DC_MODE_NODES; mode <= MDL_DC_MODE_POOL; mode++) {
        test_centres_t centres;
        test_centres_init(&centres);
        centres.input.params.node_failures_per_year = 1;
        centres.input.params.training_ladder = 1;
        centres.input.params.maintenance_every_s = 16 * SIM_DAY_S;
        centres.input.params.maintenance_length_s = 20 * SIM_HOUR_S;
        test_centres_open(&centres, SEED, 1);
        mdl_datacentre_spec_t spec = {.entity = 1,
                                      .nodes = 16,
                                      .nodes_powered = 16,
                                      .pue = 1,
                                      .fabric_gb_s = 400,
                                      .mode = (mdl_datacentre_mode_t)mode};
        uint32_t lp = test_centres_add_spec(&centres, &spec);
        mdl_contract_terms_t terms = {
            .job_class = MDL_JOB_TRAINING, .nodes = 16, .activity_permille = 1000, .ported = true};
        test_centres_start(&centres, lp, 1, terms);
        test_centres_run(&centres, 360 * SIM_DAY_S);
        const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
        assert_true(meter->node_failures > 8 && meter->busy_gpu_s > 9 * (meter->powered_gpu_s / 10));
        test_centres_free(&centres);
    }
}

static sim_status_t run_bad_order(uint32_t type, uint32_t number, int64_t a, sim_error_t *err)
{
    test_centres_t centres;

    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 10, 1);
    test_centres_start(&centres, lp, 1, quiet_finetune);
    test_centres_run(&centres, SIM_DAY_S);
    test_centres_order(&centres, lp, type, number, a);
    sim_status_t status = sim_world_run(centres.world, 2 * SIM_DAY_S, NULL, err);
    test_centres_free(&centres);
    return status;
}

static void test_impossible_orders_fail_by_name(void **state)
{
    mdl_contract_terms_t batch = {.job_class = MDL_JOB_BATCH, .nodes = 1};
    const struct {
        uint32_t type, number;
        int64_t a;
        const char *says;
    } orders[] = {{MDL_DC_CONTRACT_START, 1, mdl_contract_pack(&quiet_finetune), "already running"},
                  {MDL_DC_CONTRACT_RESIZE, 2, mdl_contract_pack(&quiet_finetune), "cannot be resized"},
                  {MDL_DC_CONTRACT_RESIZE, 1, mdl_contract_pack(&batch), "another class"},
                  {MDL_DC_CONTRACT_END, 2, 0, "cannot end"},
                  {MDL_DC_POWER_NODES, 0, 11, "10 are racked"},
                  {99, 0, 0, "type 99"}};

    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        sim_error_t err = {0};
        assert_true(run_bad_order(orders[i].type, orders[i].number, orders[i].a, &err) < 0);
        if (strstr(err.message, orders[i].says) == NULL)
            fail_msg("%s; expected to read \"%s\"", err.message, orders[i].says);
    }
}

static void test_impossible_specs_are_refused(void **state)
{
    const mdl_datacentre_spec_t specs[] = {{.nodes = 0, .pue = 1.2},
                                           {.nodes = 4, .nodes_powered = 5, .pue = 1.2},
                                           {.nodes = 4, .gpu_type = 1, .pue = 1.2},
                                           {.nodes = 4, .gpu_type = -1, .pue = 1.2},
                                           {.nodes = 4, .pue = 0.9},
                                           {.nodes = 4, .pue = 1.2, .grain_factor = -1}};
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        sim_error_t err = {0};
        uint32_t lp;
        assert_int_equal(mdl_datacentre_create(centres.world, 0, &specs[i], 0, &lp, &err), SIM_EINPUT);
    }
    test_centres_free(&centres);
}

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

/* A grain of seconds, of which a centre has a tenth, is none of 0: a pool takes no jobs one by one. */
static void test_part_of_a_short_grain_is_a_grain(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    centres.input.params.workload_grain_s = 4;
    test_centres_open(&centres, SEED, 1);
    mdl_datacentre_spec_t spec = {.entity = 3, .nodes = 10, .nodes_powered = 10, .pue = 1.3, .grain_factor = 0.1};
    uint32_t lp = test_centres_add_spec(&centres, &spec);
    test_centres_start(
        &centres, lp, 1,
        (mdl_contract_terms_t){.job_class = MDL_JOB_INFERENCE, .nodes = 4, .activity_permille = 500, .ported = true});
    test_centres_run(&centres, SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->jobs_refused[MDL_JOB_INFERENCE], 0);
    assert_true(test_centres_read(&centres, lp)->allocated_gpus > 0);
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
        test_centres_start(&centres, other, 1, quiet_finetune);
        test_centres_start(&centres, one, 1, quiet_finetune);
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
    test_centres_start(&centres, lp, 1, quiet_finetune);
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

static uint32_t job_room(test_centres_t *centres, uint32_t lp)
{
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres->world), sim_world_state(centres->world, lp), 0);

    return dc.scheduler->jobs;
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
        test_centres_start(&centres, lp, number, sized(quiet_finetune, 4));
    test_centres_start(&centres, lp, number++, sized(quiet_finetune, 32));
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
            test_centres_start(&centres, lp, number++, sized(quiet_finetune, 32));
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
        test_centres_start(&centres, lp, i, quiet_finetune);
    test_centres_run(&centres, 100 * SIM_DAY_S);
    assert_int_equal(test_centres_read(&centres, lp)->jobs_restarted[MDL_JOB_FINETUNE], 0);
    mdl_params_t params = centres.input.params;
    params.scheduler_borrowing = true;
    assert_int_equal(mdl_datacentre_configure(centres.world, lp, &params, NULL), SIM_OK);
    test_centres_run(&centres, 200 * SIM_DAY_S);
    assert_true(test_centres_read(&centres, lp)->jobs_restarted[MDL_JOB_FINETUNE] > 5);
    test_centres_free(&centres);
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
        mdl_datacentre_spec_t spec = {
            .entity = 1, .nodes = 20, .nodes_powered = 20, .pue = 1, .mode = (mdl_datacentre_mode_t)mode};
        uint32_t lp = test_centres_add_spec(&centres, &spec);
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

static void damage(mdl_datacentre_t *state, mdl_dc_t *dc, int kind)
{
    uint32_t first = mdl_dc_contracts(dc)->tenancy;

    switch (kind) {
    case 0: state->leased_nodes--; break;
    case 1: dc->tenancies[first].granted_nodes++; break;
    case 2: dc->tenancies[first].nodes = 1; break;
    case 3: dc->tenancies[first].open = false; break;
    case 4: state->busy[MDL_JOB_FINETUNE].base -= INT64_C(1) << 40; break;
    case 5: state->unsaved[MDL_JOB_FINETUNE].base -= INT64_C(1) << 40; break;
    case 6: state->powered_base_node_s = mdl_line_at(&state->racked, dc->now_s) + 1; break;
    case 7: dc->scheduler->allocated_gpu_s += INT64_C(1) << 40; break;
    case 8: dc->scheduler->running++; break;
    case 9: mdl_cluster_node(dc->cluster, 0)->free ^= 1; break;
    case 10: dc->cluster->free_gpus -= 8; break;
    case 11: mdl_pool_take(dc->cluster, 1); break;
    case 12: state->n_services++; break;
    case 13: mdl_dc_contracts(dc)->nodes++; break;
    case 14: mdl_dc_contracts(dc)->granted_nodes--; break;
    case 15: state->n_contracts--; break;
    case 16: state->n_contracts = state->tenancy_capacity + 1; break;
    case 17: mdl_dc_contracts(dc)->tenancy = state->tenancy_capacity; break;
    case 18: mdl_dc_contracts(dc)->job_class = MDL_JOB_BATCH; break;
    case 19: mdl_scheduler_holding(dc->scheduler, first)->limit_gpus -= MDL_NODE_GPUS; break;
    case 20: state->powered_nodes--; break;
    case 21: state->up_nodes--; break;
    case 22: state->noted_powered_gpu_s--; break;
    case 23: state->noted_leased_gpu_s++; break;
    case 24: state->noted_busy_gpu_s--; break;
    case 25: state->noted_inference_gpu_s++; break;
    case 26: state->noted_training_gpu_s++; break;
    case 27: state->use.useful_gpu_s--; break;
    case 28: state->use.energy_metered_wh++; break;
    case 29: state->use.jobs_finished[MDL_JOB_FINETUNE]--; break;
    case 30: state->use.wait_s[MDL_JOB_BATCH]++; break;
    default: state->power.pue_permille = 900; break;
    }
}

static void test_audit_catches_each_damage(void **state)
{
    (void)state;
    for (int kind = 0; kind <= 31; kind++) {
        test_centres_t centres;
        sim_error_t err = {0};
        test_centres_init(&centres);
        test_centres_open(&centres, SEED, 1);
        mdl_datacentre_spec_t spec = {.entity = 1,
                                      .nodes = 16,
                                      .nodes_powered = 16,
                                      .pue = 1.25,
                                      .fabric_gb_s = 400,
                                      .mode = kind == 9 ? MDL_DC_MODE_NODES : MDL_DC_MODE_AUTO};
        uint32_t lp = test_centres_add_spec(&centres, &spec);
        test_centres_start(&centres, lp, 1, quiet_finetune);
        test_centres_run(&centres, 10 * SIM_DAY_S);
        (void)mdl_datacentre_use(centres.world, lp, 10 * SIM_DAY_S);
        assert_int_equal(mdl_datacentre_audit(centres.world, lp, &err), SIM_OK);
        mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
        mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres.world), centre, sim_world_now(centres.world));
        damage(centre, &dc, kind);
        if (mdl_datacentre_audit(centres.world, lp, &err) != SIM_EINVARIANT)
            fail_msg("damage %d went unnoticed", kind);
        test_centres_free(&centres);
    }
}

/* Between two reports what was reported is older than the meters: there the audit sees what is more than they say. */
static void test_audit_sees_reports_that_run_ahead(void **state)
{
    test_centres_t centres;
    sim_error_t err = {0};

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 16, 1);
    test_centres_start(&centres, lp, 1, quiet_finetune);
    test_centres_run(&centres, 10 * SIM_DAY_S);
    (void)mdl_datacentre_use(centres.world, lp, 10 * SIM_DAY_S);
    test_centres_run(&centres, 10 * SIM_DAY_S + SIM_HOUR_S);
    mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
    int64_t *const counts[] = {&centre->noted_leased_gpu_s, &centre->use.leased_gpu_s};
    for (size_t i = 0; i < 2; i++) {
        *counts[i] += 64 * SIM_HOUR_S; /* what was leased meanwhile */
        assert_int_equal(mdl_datacentre_audit(centres.world, lp, &err), SIM_OK);
        *counts[i] += 1;
        assert_int_equal(mdl_datacentre_audit(centres.world, lp, &err), SIM_EINVARIANT);
        *counts[i] = 0;
    }
    test_centres_free(&centres);
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

static void damage_service(mdl_dc_t *dc, int kind)
{
    switch (kind) {
    case 0: dc->services[0].job = MDL_NONE; break;
    case 1: dc->services[0].job = dc->services[1].job; break;
    case 2: dc->services[1].tenancy = dc->services[0].tenancy; break;
    case 3: dc->services[1].nodes++; break;
    case 4: dc->tenancies[dc->services[1].tenancy].service = 0; break;
    default: dc->state->n_services--; break;
    }
}

/* Services stand in the order of their contracts, whichever of these end, and an audit sees where one does not. */
static void test_services_stand_where_their_contracts_say(void **state)
{
    mdl_contract_terms_t terms = {.job_class = MDL_JOB_INFERENCE, .nodes = 4, .activity_permille = 500, .ported = true};

    (void)state;
    for (int kind = 0; kind <= 5; kind++) {
        test_centres_t centres;
        sim_error_t err = {0};
        test_centres_init(&centres);
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 64, 1), number = 1;
        for (; number <= 6; number++)
            test_centres_start(&centres, lp, number, terms);
        test_centres_run(&centres, 2 * SIM_DAY_S); /* which audits */
        test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1 + (uint32_t)kind, 0);
        test_centres_run(&centres, 3 * SIM_DAY_S);
        test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1 + (uint32_t)(kind + 3) % 6, 0);
        test_centres_start(&centres, lp, number, terms);
        test_centres_run(&centres, 5 * SIM_DAY_S);
        mdl_datacentre_t *centre = sim_world_state(centres.world, lp);
        mdl_dc_t dc = mdl_dc_view(sim_world_arena(centres.world), centre, sim_world_now(centres.world));
        assert_int_equal(centre->n_services, 5);
        assert_int_equal(mdl_dc_contracts(&dc)[4].number, number);
        assert_int_equal(dc.services[4].tenancy, mdl_dc_contracts(&dc)[4].tenancy);
        damage_service(&dc, kind);
        if (mdl_datacentre_audit(centres.world, lp, &err) != SIM_EINVARIANT)
            fail_msg("damage %d went unnoticed", kind);
        test_centres_free(&centres);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activity_is_what_jobs_want),
        cmocka_unit_test(test_meters_of_one_gang),
        cmocka_unit_test(test_leases_end_where_power_ends),
        cmocka_unit_test(test_resize_and_end_cancel_what_no_longer_fits),
        cmocka_unit_test(test_a_closed_centre_stands_still),
        cmocka_unit_test(test_fabric_decides_on_gangs),
        cmocka_unit_test(test_porting_delays_and_slows),
        cmocka_unit_test(test_services_attain_what_replicas_allow),
        cmocka_unit_test(test_porting_that_ends_early_lets_jobs_start),
        cmocka_unit_test(test_pools_grow_with_contracts),
        cmocka_unit_test(test_contracts_take_the_lowest_free_tenancies),
        cmocka_unit_test(test_lending_ends_and_begins_with_the_parameters),
        cmocka_unit_test(test_what_is_lent_from_a_date_on_is_reclaimed),
        cmocka_unit_test(test_the_ladder_lets_a_gang_go_on_with_fewer_nodes),
        cmocka_unit_test(test_another_width_keeps_the_work),
        cmocka_unit_test(test_maintenance_takes_each_idle_node_in_turn),
        cmocka_unit_test(test_impossible_orders_fail_by_name),
        cmocka_unit_test(test_impossible_specs_are_refused),
        cmocka_unit_test(test_parameters_hold_from_their_date),
        cmocka_unit_test(test_part_of_a_short_grain_is_a_grain),
        cmocka_unit_test(test_parameters_change_for_one_centre_alone),
        cmocka_unit_test(test_a_gang_climbs_when_serviced_nodes_come_back),
        cmocka_unit_test(test_energy_stays_when_draws_change),
        cmocka_unit_test(test_every_failure_has_room_for_its_repair),
        cmocka_unit_test(test_a_grain_that_ends_leaves_room_for_every_job),
        cmocka_unit_test(test_a_smaller_lease_is_no_room_for_its_service),
        cmocka_unit_test(test_audit_catches_each_damage),
        cmocka_unit_test(test_audit_sees_reports_that_run_ahead),
        cmocka_unit_test(test_noise_is_that_of_the_day),
        cmocka_unit_test(test_noise_follows_the_parameters),
        cmocka_unit_test(test_services_stand_where_their_contracts_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
