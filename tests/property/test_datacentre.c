// SPDX-License-Identifier: GPL-3.0-or-later
/* Data centres under random orders; copies, threads, common random numbers; failures and load against theory. */
#include "models/datacentre/state.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "tests/support/centre.h"
#include "tests/support/test.h"

#include <math.h>

#define SEED 31

/* Random orders. */

enum { CONTRACTS = 12 };

typedef struct plan {
    bool running[CONTRACTS];
    mdl_contract_terms_t terms[CONTRACTS];
    mdl_datacentre_meter_t before;
    uint32_t least_powered; /* of 64 */
} plan_t;

static mdl_contract_terms_t random_terms(sim_rng_t *rng, mdl_job_class_t job_class)
{
    uint32_t gang = UINT32_C(1) << sim_draw_below(rng, 4);

    return (mdl_contract_terms_t){.job_class = job_class,
                                  .nodes = (uint32_t)sim_draw_below(rng, 30),
                                  .gang_nodes = sim_draw_bernoulli(rng, 0.2) ? 0 : gang,
                                  .activity_permille = (uint32_t)sim_draw_below(rng, 1300),
                                  .ported = sim_draw_bernoulli(rng, 0.7)};
}

static void random_order(test_centres_t *centres, uint32_t lp, plan_t *plan, sim_rng_t *rng)
{
    uint32_t i = (uint32_t)sim_draw_below(rng, CONTRACTS);

    uint64_t powered = sim_draw_below(rng, 65);
    if (sim_draw_below(rng, 12) == 0) {
        if (powered < plan->least_powered)
            powered = plan->least_powered;
        test_centres_order(centres, lp, MDL_DC_POWER_NODES, 0, (int64_t)powered);
    } else if (!plan->running[i]) {
        plan->terms[i] = random_terms(rng, (mdl_job_class_t)(i % MDL_JOB_CLASSES));
        test_centres_start(centres, lp, i, plan->terms[i]);
        plan->running[i] = true;
    } else if (sim_draw_bernoulli(rng, 0.5)) {
        plan->terms[i] = random_terms(rng, plan->terms[i].job_class);
        test_centres_resize(centres, lp, i, plan->terms[i]);
    } else {
        test_centres_order(centres, lp, MDL_DC_CONTRACT_END, i, 0);
        plan->running[i] = false;
    }
}

/* No cumulative meter ever falls: they are the int64 fields up to node_failures. */
static void never_falls(const mdl_datacentre_meter_t *before, const mdl_datacentre_meter_t *now)
{
    const int64_t *a = (const int64_t *)before, *b = (const int64_t *)now;
    size_t n = offsetof(mdl_datacentre_meter_t, leased_nodes) / sizeof(int64_t);

    for (size_t i = 0; i < n; i++) {
        if (b[i] < a[i])
            fail_msg("meter %zu fell from %lld to %lld", i, (long long)a[i], (long long)b[i]);
    }
}

/* Two days at most, from now on. */
static void random_days(test_centres_t *centres, uint32_t lp, plan_t *plan, sim_rng_t *rng)
{
    if (sim_draw_bernoulli(rng, 0.4))
        random_order(centres, lp, plan, rng);
    test_centres_run(centres, sim_world_now(centres->world) + (int64_t)sim_draw_below(rng, 2 * SIM_DAY_S));
    mdl_datacentre_meter_t now = *test_centres_read(centres, lp);
    never_falls(&plan->before, &now);
    plan->before = now;
}

static void orders_for(test_centres_t *centres, uint32_t lp, uint64_t stream, int days, uint32_t least_powered)
{
    plan_t plan = {.least_powered = least_powered};
    sim_rng_t rng;

    sim_rng_at(&rng, SEED, stream, 0, 0, 0);
    for (int day = 1; day <= days; day++)
        random_days(centres, lp, &plan, &rng);
}

/* Audited at every boundary, with the usual failures and with many: bundles on a pool, job by job, bundles on nodes. */
static void test_invariants_under_random_orders(void **state)
{
    (void)state;
    for (uint64_t variant = 0; variant < 6; variant++) {
        bool by_job = variant / 2 == 1, nodes = variant / 2 == 2;
        test_centres_t centres;
        test_centres_init(&centres);
        if (variant % 2 == 1)
            centres.input.params.node_failures_per_year = 60;
        if (by_job)
            centres.input.params.workload_grain_s = 0;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add_in_mode(&centres, 64, 9, nodes ? MDL_DC_MODE_NODES : MDL_DC_MODE_AUTO);
        orders_for(&centres, lp, variant, by_job ? 150 : 1500, 0);
        test_centres_free(&centres);
    }
}

/* Some of the parameters that centres read, anywhere within their bounds but mostly low, where defaults are; with few
 * enough events for a test. */
static void randomise(mdl_params_t *params, double share, sim_rng_t *rng)
{
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);

    for (size_t i = 0; i < n; i++) {
        bool read = strncmp(registry[i].key, "workload.", 9) == 0 || strncmp(registry[i].key, "hardware.", 9) == 0 ||
                    strncmp(registry[i].key, "scheduler.", 10) == 0;
        if (!read || !sim_draw_bernoulli(rng, share))
            continue;
        double u = sim_draw_uniform(rng), value = registry[i].low + (registry[i].high - registry[i].low) * u * u * u;
        assert_int_equal(mdl_params_set(params, (int)i, mdl_param_round(&registry[i], value), NULL), SIM_OK);
    }
    params->workload_grain_s = params->workload_grain_s < SIM_DAY_S ? SIM_DAY_S : params->workload_grain_s;
    params->workload_bundles = params->workload_bundles > 20 ? 20 : params->workload_bundles;
}

/* Audited at every boundary: centres by any parameters, half of which change every twenty days. */
static void test_invariants_by_any_parameters(void **state)
{
    (void)state;
    for (uint64_t stream = 0; stream < 200; stream++) {
        test_centres_t centres;
        plan_t plan = {0};
        sim_rng_t rng;
        sim_rng_at(&rng, SEED, stream, 1, 0, 0);
        test_centres_init(&centres);
        randomise(&centres.input.params, 0.25, &rng);
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add_in_mode(&centres, 64, stream, (mdl_datacentre_mode_t)(stream % 3));
        for (int64_t day = 1; day <= 120; day++) {
            mdl_params_t params = centres.input.params;
            if (sim_draw_bernoulli(&rng, 0.4))
                random_order(&centres, lp, &plan, &rng);
            randomise(&params, 0.1, &rng);
            if (stream % 2 == 1 && day % 20 == 0)
                assert_int_equal(mdl_datacentre_configure(centres.world, lp, &params, NULL), SIM_OK);
            test_centres_run(&centres, (day - 1) * SIM_DAY_S + 1 + (int64_t)sim_draw_below(&rng, SIM_DAY_S));
            mdl_datacentre_meter_t now = *test_centres_read(&centres, lp);
            never_falls(&plan.before, &now);
            plan.before = now;
        }
        test_centres_free(&centres);
    }
}

/* A gang that climbs the ladder writes a checkpoint, here of hours, before it goes on: what it had done stays done while
 * it does, at whatever time somebody reads. */
static void test_meters_stay_while_a_gang_writes_its_checkpoint(void **state)
{
    test_centres_t centres;
    mdl_datacentre_meter_t before = {0};

    (void)state;
    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 6;
    centres.input.params.hard_failure_share = 1;
    centres.input.params.training_ladder = 2;
    centres.input.params.checkpoint_pause_s = SIM_DAY_S / 4;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add_in_mode(&centres, 64, 9, MDL_DC_MODE_POOL);
    mdl_contract_terms_t terms = {
        .job_class = MDL_JOB_TRAINING, .nodes = 64, .gang_nodes = 16, .activity_permille = 1000, .ported = true};
    test_centres_start(&centres, lp, 1, terms);
    for (int64_t hour = 1; hour <= 360 * 8; hour++) {
        test_centres_run(&centres, 3 * hour * SIM_HOUR_S);
        mdl_datacentre_meter_t now = *test_centres_read(&centres, lp);
        never_falls(&before, &now);
        before = now;
    }
    test_centres_free(&centres);
}

/* Grain, lending, the spread of load and what nodes draw, as a dated change may set them. */
static void change_parameters(test_centres_t *centres, uint32_t lp, sim_rng_t *rng)
{
    static const int64_t grain_h[] = {0, 6, 24, 168};
    mdl_params_t params = centres->input.params;

    params.workload_grain_s = grain_h[sim_draw_below(rng, 4)] * SIM_HOUR_S;
    params.scheduler_borrowing = sim_draw_bernoulli(rng, 0.5);
    params.service_noise = sim_draw_uniform(rng);
    params.gpu_idle_draw = sim_draw_uniform(rng);
    params.host_idle_w = 5000 * sim_draw_uniform(rng);
    params.host_busy_w = params.host_idle_w + 5000 * sim_draw_uniform(rng);
    assert_int_equal(mdl_datacentre_configure(centres->world, lp, &params, NULL), SIM_OK);
}

/* The same while parameters change. */
static void test_invariants_while_parameters_change(void **state)
{
    (void)state;
    for (uint64_t variant = 0; variant < 4; variant++) {
        test_centres_t centres;
        plan_t plan = {0};
        sim_rng_t rng;
        test_centres_init(&centres);
        centres.input.params.workload_grain_s = 168 * SIM_HOUR_S;
        centres.input.params.node_failures_per_year = variant < 2 ? 1 : 60;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add_in_mode(&centres, 64, 9, variant % 2 ? MDL_DC_MODE_POOL : MDL_DC_MODE_NODES);
        sim_rng_at(&rng, SEED, 200 + variant, 0, 0, 0);
        for (int day = 1; day <= 250; day++) {
            if (sim_draw_below(&rng, 10) == 0)
                change_parameters(&centres, lp, &rng);
            random_days(&centres, lp, &plan, &rng);
        }
        test_centres_free(&centres);
    }
}

static void add(int64_t *sum, const void *added, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof *sum; i++)
        sum[i] += ((const int64_t *)added)[i];
}

static void check_report(const mdl_datacentre_reading_t *report, const mdl_datacentre_meter_t *meter)
{
    assert_int_equal(report->powered_gpu_s, meter->powered_gpu_s);
    assert_int_equal(report->leased_gpu_s, meter->leased_gpu_s);
    assert_int_equal(report->busy_gpu_s, meter->busy_gpu_s);
    assert_int_equal(report->inference_gpu_s, meter->busy_by_class_gpu_s[MDL_JOB_INFERENCE]);
    assert_int_equal(report->training_work_gpu_s, meter->training_work_gpu_s);
}

static void check_use(const mdl_datacentre_use_t *use, const mdl_datacentre_meter_t *meter)
{
    assert_int_equal(use->powered_gpu_s, meter->powered_gpu_s);
    assert_int_equal(use->leased_gpu_s, meter->leased_gpu_s);
    assert_int_equal(use->allocated_gpu_s, meter->allocated_gpu_s);
    assert_int_equal(use->busy_gpu_s, meter->busy_gpu_s);
    assert_int_equal(use->useful_gpu_s, meter->useful_gpu_s);
    assert_int_equal(use->energy_metered_wh, meter->energy_metered_wh);
    assert_int_equal(use->service_load_gpu_s, meter->service_load_gpu_s);
    assert_int_equal(use->service_met_gpu_s, meter->service_met_gpu_s);
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        assert_int_equal(use->busy_by_class_gpu_s[c], meter->busy_by_class_gpu_s[c]);
        assert_int_equal(use->jobs_submitted[c], meter->jobs_submitted[c]);
        assert_int_equal(use->jobs_started[c], meter->jobs_started[c]);
        assert_int_equal(use->jobs_finished[c], meter->jobs_finished[c]);
        assert_int_equal(use->wait_s[c], meter->wait_s[c]);
    }
}

/* Each day's report is the meters at its end, however runs are cut, and so are the energy and what is asked for on some
 * days only. */
static void test_reports_and_uses_are_the_meters(void **state)
{
    (void)state;
    test_centres_t centres;
    test_centres_init(&centres);
    centres.input.record_interval_s = SIM_WEEK_S; /* so that some uses are ready when they are asked for */
    centres.input.horizon_s = 300 * SIM_DAY_S;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add_in_mode(&centres, 64, 9, MDL_DC_MODE_AUTO);
    plan_t plan = {0};
    sim_rng_t rng;
    sim_rng_at(&rng, SEED, 77, 0, 0, 0);
    mdl_datacentre_reading_t days = {0};
    for (int64_t day = 1; day <= 300; day++) {
        if (sim_draw_bernoulli(&rng, 0.4))
            random_order(&centres, lp, &plan, &rng);
        test_centres_run(&centres, (day - 1) * SIM_DAY_S + (int64_t)sim_draw_below(&rng, SIM_DAY_S));
        test_centres_run(&centres, day * SIM_DAY_S);
        int64_t metered_wh = mdl_datacentre_metered_wh(centres.world, lp, day * SIM_DAY_S);
        const mdl_datacentre_report_t *report = mdl_datacentre_report(centres.world, lp);
        add((int64_t *)&days, &report->day, sizeof days);
        check_report(&days, test_centres_read(&centres, lp));
        mdl_datacentre_reading_t reported = mdl_datacentre_reported(centres.world, lp);
        assert_memory_equal(&reported, &days, sizeof days);
        assert_int_equal(metered_wh, test_centres_read(&centres, lp)->energy_metered_wh);
        if (sim_draw_bernoulli(&rng, 0.2))
            check_use(mdl_datacentre_use(centres.world, lp, day * SIM_DAY_S), test_centres_read(&centres, lp));
    }
    const mdl_datacentre_use_t *use = mdl_datacentre_use(centres.world, lp, 300 * SIM_DAY_S);
    assert_true(use->busy_gpu_s > 0 && use->wait_s[MDL_JOB_BATCH] > 0);
    test_centres_free(&centres);
}

/* All that is said of a centre's past is what these meters say. */
static void still_says(test_centres_t *centres, uint32_t lp, const mdl_datacentre_meter_t *meter)
{
    int64_t now_s = sim_world_now(centres->world);
    mdl_datacentre_reading_t reported = mdl_datacentre_reported(centres->world, lp);

    check_report(&reported, meter);
    check_use(mdl_datacentre_use(centres->world, lp, now_s), meter);
    assert_int_equal(mdl_datacentre_metered_wh(centres->world, lp, now_s), meter->energy_metered_wh);
    assert_memory_equal(test_centres_read(centres, lp), meter, sizeof *meter);
}

/* Closes in the middle of a day, whatever runs, waits, fails or is being repaired then. */
static void close_at_random(test_centres_t *centres, uint32_t lp, sim_rng_t *rng)
{
    int64_t day = sim_world_now(centres->world) / SIM_DAY_S + 1;

    test_centres_run(centres, day * SIM_DAY_S + (int64_t)sim_draw_below(rng, SIM_DAY_S));
    test_centres_order(centres, lp, MDL_DC_CLOSE, 0, 0);
    test_centres_run(centres, (day + 1) * SIM_DAY_S);
}

/* From the end of the day on which it closed a centre says the same of its past for good, whatever it is told after that,
 * and when it has retired, be it at once. */
static void test_what_a_closed_centre_says_stands_still(void **state)
{
    (void)state;
    for (uint64_t variant = 0; variant < 12; variant++) {
        test_centres_t centres;
        plan_t plan = {0};
        sim_rng_t rng;
        test_centres_init(&centres);
        centres.input.record_interval_s = SIM_WEEK_S;
        centres.input.horizon_s = 1000 * SIM_DAY_S;
        centres.input.params.node_failures_per_year = variant % 2 ? 60 : 4;
        centres.input.params.maintenance_every_s = 30 * SIM_DAY_S;
        if (variant % 4 == 3)
            centres.input.params.workload_grain_s = 0;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add_in_mode(&centres, 64, 9, variant % 3 ? MDL_DC_MODE_AUTO : MDL_DC_MODE_NODES);
        sim_rng_at(&rng, SEED, 300 + variant, 0, 0, 0);
        for (int i = 0; i < 60; i++)
            random_days(&centres, lp, &plan, &rng);
        close_at_random(&centres, lp, &rng);
        mdl_datacentre_meter_t meter = *test_centres_read(&centres, lp);
        assert_true(meter.busy_gpu_s > 0 && meter.node_failures > 0);
        for (int i = 0; i < 20 && variant < 6; i++) {
            random_order(&centres, lp, &plan, &rng);
            change_parameters(&centres, lp, &rng);
            test_centres_run(&centres, sim_world_now(centres.world) + (int64_t)sim_draw_below(&rng, 2 * SIM_DAY_S));
            still_says(&centres, lp, &meter);
        }
        mdl_datacentre_retire(centres.world, lp, sim_world_now(centres.world));
        for (int i = 0; i < 5; i++) {
            test_centres_run(&centres, sim_world_now(centres.world) + (int64_t)sim_draw_below(&rng, 4 * SIM_DAY_S));
            still_says(&centres, lp, &meter);
        }
        test_centres_free(&centres);
    }
}

/* Pools beside single nodes. */

/* Without failures and without nodes switched off, a centre does event by event the same in both modes. */
static void test_a_pool_is_its_nodes_without_failures(void **state)
{
    (void)state;
    for (uint64_t stream = 50; stream < 54; stream++) {
        uint64_t fingerprint[2];
        mdl_datacentre_meter_t meter[2];
        for (int pool = 0; pool < 2; pool++) {
            test_centres_t centres;
            test_centres_init(&centres);
            centres.input.params.node_failures_per_year = 0;
            test_centres_open(&centres, SEED, 1);
            uint32_t lp = test_centres_add_in_mode(&centres, 64, 9, pool ? MDL_DC_MODE_POOL : MDL_DC_MODE_NODES);
            orders_for(&centres, lp, stream, 1000, 64);
            fingerprint[pool] = sim_world_fingerprint(centres.world);
            meter[pool] = *test_centres_read(&centres, lp);
            test_centres_free(&centres);
        }
        assert_true(meter[0].busy_gpu_s > 0 && meter[0].jobs_started[MDL_JOB_TRAINING] > 0);
        assert_memory_equal(&meter[0], &meter[1], sizeof meter[0]);
        assert_true(fingerprint[0] == fingerprint[1]);
    }
}

enum { PAIRS = 60, FIGURES = 5 };

static void figures_with_failures(uint64_t seed, mdl_datacentre_mode_t mode, double *figures)
{
    test_centres_t centres;

    test_centres_init(&centres);
    centres.input.audit = false;
    centres.input.params.node_failures_per_year = 20;
    test_centres_open(&centres, seed, 1);
    uint32_t lp = test_centres_add_in_mode(&centres, 64, 9, mode);
    for (uint32_t c = 0; c < MDL_JOB_CLASSES; c++) {
        mdl_contract_terms_t terms = {
            .job_class = (mdl_job_class_t)c, .nodes = 16, .gang_nodes = 5, .activity_permille = 700, .ported = true};
        test_centres_start(&centres, lp, c, terms);
    }
    test_centres_run(&centres, 200 * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    figures[0] = (double)meter->busy_gpu_s / (double)meter->leased_gpu_s;
    figures[1] = (double)meter->useful_gpu_s / (double)meter->leased_gpu_s;
    figures[2] = (double)meter->blocked_gpu_s[MDL_BLOCKED_FAILURE] / (double)meter->leased_gpu_s;
    figures[3] = (double)meter->jobs_restarted[MDL_JOB_TRAINING];
    figures[4] = (double)meter->jobs_restarted[MDL_JOB_BATCH];
    test_centres_free(&centres);
}

/* With failures both modes have one distribution: means of five figures over 60 seeds each (other seeds in the other
 * mode) lie within 3.5 standard errors of each other. About one false alarm in 400 choices of seeds. */
static void test_a_pool_is_its_nodes_on_average_with_failures(void **state)
{
    double sum[2][FIGURES] = {{0}}, square[2][FIGURES] = {{0}};

    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        for (uint64_t i = 0; i < PAIRS; i++) {
            double figures[FIGURES];
            figures_with_failures(1000 + 2 * i + (uint64_t)mode, mode ? MDL_DC_MODE_POOL : MDL_DC_MODE_NODES, figures);
            for (int f = 0; f < FIGURES; f++) {
                sum[mode][f] += figures[f] / PAIRS;
                square[mode][f] += figures[f] * figures[f] / PAIRS;
            }
        }
    }
    for (int f = 0; f < FIGURES; f++) {
        double error = 0;
        for (int mode = 0; mode < 2; mode++)
            error += (square[mode][f] - sum[mode][f] * sum[mode][f]) / (PAIRS - 1);
        print_message("figure %d: %.5g on nodes, %.5g in a pool, +- %.2g\n", f, sum[0][f], sum[1][f], sqrt(error));
        assert_true(sum[0][f] > 0 && fabs(sum[0][f] - sum[1][f]) < 3.5 * sqrt(error));
    }
}

/* Many centres. */

enum { CENTRES = 50 };

static void fill_centres(test_centres_t *centres, int threads)
{
    sim_rng_t rng;

    test_centres_init(centres);
    centres->input.audit = false;
    centres->input.params.node_failures_per_year = 5;
    test_centres_open(centres, SEED, threads);
    sim_rng_at(&rng, SEED, 100, 0, 0, 0);
    for (uint32_t i = 0; i < CENTRES; i++) {
        uint32_t lp = test_centres_add(centres, 16 + 4 * i, 1000 + i);
        for (uint32_t k = 0; k < 5; k++)
            test_centres_start(centres, lp, k, random_terms(&rng, (mdl_job_class_t)(k % MDL_JOB_CLASSES)));
    }
}

static void resize_some(test_centres_t *centres)
{
    for (uint32_t lp = 0; lp < CENTRES; lp += 3) {
        mdl_contract_terms_t terms = {
            .job_class = MDL_JOB_FINETUNE, .nodes = 10, .activity_permille = 800, .ported = true};
        test_centres_resize(centres, lp, MDL_JOB_FINETUNE, terms);
    }
}

static void same_meters(test_centres_t *a, test_centres_t *b)
{
    assert_true(sim_world_fingerprint(a->world) == sim_world_fingerprint(b->world));
    assert_true(sim_world_events(a->world) == sim_world_events(b->world));
    for (uint32_t lp = 0; lp < CENTRES; lp++) {
        mdl_datacentre_meter_t meter = *test_centres_read(a, lp);
        assert_memory_equal(&meter, test_centres_read(b, lp), sizeof meter);
    }
}

static void test_same_results_on_any_number_of_threads(void **state)
{
    const int threads[] = {1, 2, 7};
    test_centres_t centres[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        fill_centres(&centres[i], threads[i]);
        test_centres_run(&centres[i], 100 * SIM_DAY_S);
        resize_some(&centres[i]);
        test_centres_run(&centres[i], 200 * SIM_DAY_S);
    }
    assert_true(sim_world_events(centres[0].world) > 50000);
    same_meters(&centres[0], &centres[1]);
    same_meters(&centres[0], &centres[2]);
    for (int i = 0; i < 3; i++)
        test_centres_free(&centres[i]);
}

/* A clone runs on as its original does, and as a world that was never cloned. */
static void test_clone_runs_on_alike(void **state)
{
    test_centres_t original, whole, copy;
    sim_error_t err = {0};

    (void)state;
    fill_centres(&original, 1);
    fill_centres(&whole, 1);
    test_centres_run(&whole, 200 * SIM_DAY_S);
    test_centres_run(&original, 100 * SIM_DAY_S);
    copy = original;
    if (sim_world_clone(&copy.world, original.world, &original.input, &err) < 0)
        fail_msg("%s", err.message);
    test_centres_run(&original, 200 * SIM_DAY_S);
    for (uint32_t lp = 0; lp < CENTRES; lp++)
        assert_int_equal(mdl_datacentre_audit(copy.world, lp, &err), SIM_OK);
    test_centres_run(&copy, 200 * SIM_DAY_S);
    same_meters(&original, &whole);
    same_meters(&original, &copy);
    test_centres_free(&original);
    test_centres_free(&whole);
    test_centres_free(&copy);
}

/* A contract's jobs are the same whatever else its centre does: where nothing is lent, quotas keep tenants apart. */
static void test_contracts_draw_apart(void **state)
{
    (void)state;
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        mdl_datacentre_meter_t alone = {0};
        for (int company = 0; company < 2; company++) {
            test_centres_t centres;
            test_centres_init(&centres);
            centres.input.params.node_failures_per_year = 0;
            centres.input.params.scheduler_borrowing = false;
            test_centres_open(&centres, SEED, 1);
            uint32_t lp = test_centres_add(&centres, 64, 5);
            mdl_contract_terms_t terms = {.job_class = (mdl_job_class_t)c,
                                          .nodes = 16,
                                          .gang_nodes = 4,
                                          .activity_permille = 800,
                                          .ported = true};
            test_centres_start(&centres, lp, 1, terms);
            terms.job_class = (mdl_job_class_t)((c + 1) % MDL_JOB_CLASSES);
            if (company)
                test_centres_start(&centres, lp, 2, terms);
            test_centres_run(&centres, 300 * SIM_DAY_S);
            const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
            assert_true(meter->busy_by_class_gpu_s[c] > 0);
            if (!company)
                alone = *meter;
            assert_int_equal(meter->jobs_submitted[c], alone.jobs_submitted[c]);
            assert_int_equal(meter->busy_by_class_gpu_s[c], alone.busy_by_class_gpu_s[c]);
            assert_int_equal(meter->wait_s[c], alone.wait_s[c]);
            test_centres_free(&centres);
        }
    }
}

/* Failures. */

/* Gangs of 16 nodes that save every 6 h and never pause. A node fails at rate r, a gang at 16 r, so that the work lost
 * per failure is the time since the last checkpoint: 1/(16 r) - I / (exp(16 r I) - 1) in the mean. About 8,000 failures
 * of jobs; the mean of nearly uniform losses has a relative standard error of 0.58/sqrt(8000) = 0.0065, the band is
 * 2.6 of them: one false alarm in 100 seeds. */
static void test_work_lost_to_failures(void **state)
{
    const double per_year = 8, interval_s = 6 * 3600;
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    mdl_params_t *params = &centres.input.params;
    params->node_failures_per_year = per_year;
    params->hard_repair_s = params->soft_repair_s = 600;
    params->training_length_s = 400 * SIM_DAY_S;
    params->training_startup_s = params->checkpoint_pause_s = 0;
    params->checkpoint_interval_s = (int64_t)interval_s;
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 300, 1);
    mdl_contract_terms_t terms = {
        .job_class = MDL_JOB_TRAINING, .nodes = 256, .gang_nodes = 16, .activity_permille = 1000, .ported = true};
    test_centres_start(&centres, lp, 1, terms);
    test_centres_run(&centres, 1500 * SIM_DAY_S);
    test_centres_order(&centres, lp, MDL_DC_CONTRACT_END, 1, 0);
    test_centres_run(&centres, 1501 * SIM_DAY_S);
    const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
    double failures = (double)(meter->jobs_restarted[MDL_JOB_TRAINING] + meter->jobs_cancelled[MDL_JOB_TRAINING]);
    double lost_s = (double)(meter->busy_gpu_s - meter->useful_gpu_s) / 128 / failures;
    double rate = 16 * per_year / (365 * 86400.0);
    double theory_s = 1 / rate - interval_s / (exp(rate * interval_s) - 1);
    print_message("%.0f failures of gangs, %.0f s lost each; theory %.0f s\n", failures, lost_s, theory_s);
    assert_true(fabs(lost_s / theory_s - 1) < 2.6 * 0.58 / sqrt(failures));
    /* Nodes in service fail at their rate: 300 nodes for 1,500 days, Poisson, 99.9 %. */
    double expected = 300 * per_year * 1500 / 365;
    assert_true(fabs((double)meter->node_failures - expected) < 3.3 * sqrt(expected) + 0.002 * expected);
    test_centres_free(&centres);
}

/* Without spare nodes a gang waits for the repair, and the meters say why. */
static void test_a_gang_without_spares_waits_for_repairs(void **state)
{
    (void)state;
    for (int spares = 0; spares <= 4; spares += 4) {
        test_centres_t centres;
        test_centres_init(&centres);
        centres.input.params.node_failures_per_year = 10;
        test_centres_open(&centres, SEED, 1);
        uint32_t lp = test_centres_add(&centres, 32 + (uint32_t)spares, 1);
        mdl_contract_terms_t terms = {
            .job_class = MDL_JOB_TRAINING, .nodes = 32, .activity_permille = 1000, .ported = true};
        test_centres_start(&centres, lp, 1, terms);
        test_centres_run(&centres, 365 * SIM_DAY_S);
        const mdl_datacentre_meter_t *meter = test_centres_read(&centres, lp);
        double held = (double)meter->allocated_gpu_s / (double)meter->leased_gpu_s;
        double waiting = (double)meter->blocked_gpu_s[MDL_BLOCKED_FAILURE] / (double)meter->leased_gpu_s;
        print_message("%d spare nodes: allocated %.3f, waiting for repairs %.3f\n", spares, held, waiting);
        assert_true(spares ? held > 0.97 : held < 0.90);
        assert_true(fabs(held + waiting - 1) < 1e-9);
        test_centres_free(&centres);
    }
}

/* Services. */

/* Day and night: by six-hour quarters the busy share follows the wave, and what is allocated carries it. */
static void test_service_follows_the_day(void **state)
{
    const double wave[4] = {0.5, 1, 1.5, 1}; /* in the middle of each quarter: trough at 3, peak at 15 */
    test_centres_t centres;
    int64_t busy[4] = {0}, allocated[4] = {0};
    mdl_datacentre_meter_t before = {0};

    (void)state;
    test_centres_init(&centres);
    centres.input.params.node_failures_per_year = 0;
    centres.input.params.service_noise = 0;
    centres.input.params.service_band = 0;
    centres.input.params.service_target = 600; /* patient enough to do without headroom */
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 48, 1);
    mdl_contract_terms_t terms = {
        .job_class = MDL_JOB_INFERENCE, .nodes = 48, .activity_permille = 600, .ported = true};
    test_centres_start(&centres, lp, 1, terms);
    for (int quarter = 0; quarter < 400; quarter++) {
        test_centres_run(&centres, (quarter + 1) * 6 * SIM_HOUR_S);
        mdl_datacentre_meter_t now = *test_centres_read(&centres, lp);
        busy[quarter % 4] += now.busy_gpu_s - before.busy_gpu_s;
        allocated[quarter % 4] += now.allocated_gpu_s - before.allocated_gpu_s;
        before = now;
    }
    for (int q = 0; q < 4; q++) {
        double gpus = 48 * 8, leased_gpu_s = 100 * 6 * 3600 * gpus;
        assert_true(fabs((double)busy[q] / leased_gpu_s - 0.6 * wave[q]) < 0.01);
        assert_true(allocated[q] >= busy[q] && (double)(allocated[q] - busy[q]) < 9 / gpus * leased_gpu_s);
    }
    /* One job, and four events a day. */
    assert_int_equal(before.jobs_submitted[MDL_JOB_INFERENCE], 1);
    assert_true(sim_world_events(centres.world) <= 4 * 100 + 2);
    test_centres_free(&centres);
}

/* A coarser grain changes how many jobs there are, not what is used or why jobs wait: a quarter of the grain on 20
 * centres moves the busy share by at most 1 point, and waits for quota and nodes by at most 2. */
static void test_grain_does_not_move_use(void **state)
{
    double busy[2], blocked[2];
    int64_t jobs[2] = {0, 0};

    (void)state;
    for (int coarse = 0; coarse < 2; coarse++) {
        test_centres_t centres;
        double leased_gpu_s = 0, busy_gpu_s = 0, blocked_gpu_s = 0;
        test_centres_init(&centres);
        centres.input.params.workload_grain_s = (coarse ? 24 : 6) * SIM_HOUR_S;
        test_centres_open(&centres, SEED, 1);
        for (uint32_t i = 0; i < 20; i++) {
            test_centres_add(&centres, 100, i + 1);
            for (uint32_t c = 0; c < MDL_JOB_CLASSES; c++) {
                mdl_contract_terms_t terms = {.job_class = (mdl_job_class_t)c,
                                              .nodes = 24,
                                              .gang_nodes = 8,
                                              .activity_permille = 500 + 100 * (i % 4),
                                              .ported = true};
                test_centres_start(&centres, i, c, terms);
            }
        }
        test_centres_run(&centres, 500 * SIM_DAY_S);
        for (uint32_t i = 0; i < 20; i++) {
            const mdl_datacentre_meter_t *meter = test_centres_read(&centres, i);
            leased_gpu_s += (double)meter->leased_gpu_s;
            busy_gpu_s += (double)meter->busy_gpu_s;
            for (int r = 0; r < MDL_BLOCKED_REASONS; r++)
                blocked_gpu_s += (double)meter->blocked_gpu_s[r];
            jobs[coarse] += meter->jobs_started[MDL_JOB_FINETUNE] + meter->jobs_started[MDL_JOB_BATCH];
        }
        busy[coarse] = busy_gpu_s / leased_gpu_s;
        blocked[coarse] = blocked_gpu_s / leased_gpu_s;
        test_centres_free(&centres);
    }
    print_message("grain 6 h and 24 h: busy %.4f and %.4f, blocked %.4f and %.4f, %lld and %lld jobs\n", busy[0],
                  busy[1], blocked[0], blocked[1], (long long)jobs[0], (long long)jobs[1]);
    assert_true(fabs(busy[0] - busy[1]) < 0.01 && fabs(blocked[0] - blocked[1]) < 0.02);
    assert_true(jobs[0] > 2 * jobs[1]);
}

/* A centre may have a grain of its own: the parameter times its factor. */
static void test_grain_factor_is_a_grain(void **state)
{
    mdl_datacentre_meter_t meter[2];

    (void)state;
    for (int own = 0; own < 2; own++) {
        test_centres_t centres;
        test_centres_init(&centres);
        centres.input.params.workload_grain_s = (own ? 12 : 36) * SIM_HOUR_S;
        test_centres_open(&centres, SEED, 1);
        mdl_datacentre_spec_t spec = {.entity = 1,
                                      .nodes = 64,
                                      .nodes_powered = 64,
                                      .pue = 1.25,
                                      .fabric_gb_s = 400,
                                      .grain_factor = own ? 3 : 0};
        uint32_t lp = test_centres_add_spec(&centres, &spec);
        mdl_contract_terms_t terms = {
            .job_class = MDL_JOB_BATCH, .nodes = 40, .activity_permille = 700, .ported = true};
        test_centres_start(&centres, lp, 1, terms);
        test_centres_run(&centres, 100 * SIM_DAY_S);
        meter[own] = *test_centres_read(&centres, lp);
        test_centres_free(&centres);
    }
    assert_true(meter[0].jobs_started[MDL_JOB_BATCH] > 50);
    assert_memory_equal(&meter[0], &meter[1], sizeof meter[0]);
}

/* A centre without contracts costs next to nothing: failures and their repairs only. */
static void test_idle_centres_have_no_events_but_failures(void **state)
{
    test_centres_t centres;

    (void)state;
    test_centres_init(&centres);
    test_centres_open(&centres, SEED, 1);
    uint32_t lp = test_centres_add(&centres, 100, 1);
    test_centres_run(&centres, 1000 * SIM_DAY_S);
    int64_t failures = test_centres_read(&centres, lp)->node_failures;
    assert_true(failures > 250 && failures < 520); /* 379 expected */
    assert_true((int64_t)sim_world_events(centres.world) <= 2 * failures + 10);
    test_centres_free(&centres);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invariants_under_random_orders),
        cmocka_unit_test(test_invariants_while_parameters_change),
        cmocka_unit_test(test_invariants_by_any_parameters),
        cmocka_unit_test(test_meters_stay_while_a_gang_writes_its_checkpoint),
        cmocka_unit_test(test_reports_and_uses_are_the_meters),
        cmocka_unit_test(test_what_a_closed_centre_says_stands_still),
        cmocka_unit_test(test_a_pool_is_its_nodes_without_failures),
        cmocka_unit_test(test_a_pool_is_its_nodes_on_average_with_failures),
        cmocka_unit_test(test_same_results_on_any_number_of_threads),
        cmocka_unit_test(test_clone_runs_on_alike),
        cmocka_unit_test(test_contracts_draw_apart),
        cmocka_unit_test(test_work_lost_to_failures),
        cmocka_unit_test(test_a_gang_without_spares_waits_for_repairs),
        cmocka_unit_test(test_service_follows_the_day),
        cmocka_unit_test(test_grain_does_not_move_use),
        cmocka_unit_test(test_grain_factor_is_a_grain),
        cmocka_unit_test(test_idle_centres_have_no_events_but_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
