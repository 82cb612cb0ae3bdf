// SPDX-License-Identifier: GPL-3.0-or-later
/* A data centre as the economy sees it: contracts, orders, meters. Every boundary audits. */
#include "models/datacentre/state.h"
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
        test_centres_start(&centres, lp, i, test_quiet_finetune);
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
    mdl_contract_terms_t busy = test_sized(test_quiet_finetune, 32);
    busy.activity_permille = 3000;
    test_centres_start(&centres, lp, 1, busy);
    test_centres_run(&centres, 60 * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    int64_t cancelled = meter->jobs_cancelled[MDL_JOB_FINETUNE] - meter->jobs_refused[MDL_JOB_FINETUNE];
    assert_true(meter->allocated_gpus > 150 && meter->queued_jobs > 0);
    assert_true(meter->jobs_refused[MDL_JOB_FINETUNE] > 0); /* patience ended */
    test_centres_resize(&centres, lp, 1, test_sized(busy, 4));
    test_centres_run(&centres, 60 * SIM_DAY_S + 10);
    meter = test_centres_read(&centres, lp);
    assert_int_equal(meter->leased_nodes, 4);
    assert_true(meter->allocated_gpus <= 32);
    assert_true(meter->jobs_cancelled[MDL_JOB_FINETUNE] - meter->jobs_refused[MDL_JOB_FINETUNE] > cancelled);
    test_centres_resize(&centres, lp, 1, test_sized(busy, 40));
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
    test_centres_start(&centres, lp, 1, test_quiet_finetune);
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
        test_centres_start(&centres, lp, 2, test_quiet_finetune);
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
            test_centres_start(&centres, lp, number++, test_sized(test_quiet_finetune, 1));
        test_centres_run(&centres, day * SIM_DAY_S);
    }
    for (size_t i = 0; i < 3; i++)
        test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, ended[i], 0);
    test_centres_run(&centres, 20 * SIM_DAY_S);
    for (size_t i = 0; i < 4; i++)
        test_centres_start(&centres, lp, number + (uint32_t)i, test_sized(test_quiet_finetune, 1));
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
            uint32_t lp = test_centres_add_in_mode(&centres, 16, 1, (mdl_datacentre_mode_t)mode);
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
            uint32_t lp = test_centres_add_in_mode(&centres, 32, 1, (mdl_datacentre_mode_t)mode);
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
        uint32_t lp = test_centres_add_in_mode(&centres, 16, 1, (mdl_datacentre_mode_t)mode);
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
    test_centres_start(&centres, lp, 1, test_quiet_finetune);
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
    } orders[] = {{MDL_DC_CONTRACT_START, 1, mdl_contract_pack(&test_quiet_finetune), "already running"},
                  {MDL_DC_CONTRACT_RESIZE, 2, mdl_contract_pack(&test_quiet_finetune), "cannot be resized"},
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

static void test_a_pool_without_a_grain_is_refused(void **state)
{
    test_centres_t centres;
    mdl_datacentre_spec_t spec = {.nodes = 4, .nodes_powered = 4, .pue = 1};

    (void)state;
    test_centres_init(&centres);
    centres.input.params.workload_grain_s = 0;
    test_centres_open(&centres, SEED, 1);
    for (int mode = MDL_DC_MODE_AUTO; mode <= MDL_DC_MODE_POOL; mode++) {
        sim_error_t err = {0};
        uint32_t lp, lps = sim_world_lp_count(centres.world);
        spec.mode = (mdl_datacentre_mode_t)mode;
        spec.entity = (uint64_t)mode + 1;
        sim_status_t status = mdl_datacentre_create(centres.world, 0, &spec, 0, &lp, &err);
        assert_int_equal(status, mode == MDL_DC_MODE_POOL ? SIM_EINPUT : SIM_OK);
        assert_true((strstr(err.message, "workload.grain is 0") != NULL) == (mode == MDL_DC_MODE_POOL));
        assert_int_equal(sim_world_lp_count(centres.world), lps + (mode != MDL_DC_MODE_POOL));
    }
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
        cmocka_unit_test(test_porting_that_ends_early_lets_jobs_start),
        cmocka_unit_test(test_contracts_take_the_lowest_free_tenancies),
        cmocka_unit_test(test_the_ladder_lets_a_gang_go_on_with_fewer_nodes),
        cmocka_unit_test(test_another_width_keeps_the_work),
        cmocka_unit_test(test_maintenance_takes_each_idle_node_in_turn),
        cmocka_unit_test(test_a_gang_climbs_when_serviced_nodes_come_back),
        cmocka_unit_test(test_impossible_orders_fail_by_name),
        cmocka_unit_test(test_impossible_specs_are_refused),
        cmocka_unit_test(test_a_pool_without_a_grain_is_refused),
        cmocka_unit_test(test_part_of_a_short_grain_is_a_grain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
