// SPDX-License-Identifier: GPL-3.0-or-later
/* Contracts into jobs: what is drawn has the moments that the parameters say, at any grain. */
#include "models/hardware/cluster.h"
#include "models/workload/bundle.h"
#include "models/workload/service.h"
#include "models/workload/stream.h"
#include "models/workload/training.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "sim/time.h"
#include "tests/support/test.h"

#include <math.h>

#define SEED  5
#define DRAWS 400000

static const mdl_gpu_type_t h100 = {.rate_training = 1, .rate_finetune = 1, .rate_inference = 1, .rate_batch = 1};

static void settings_at_grain(mdl_workload_settings_t *settings, int64_t grain_s, double rate)
{
    mdl_gpu_type_t type = h100;
    mdl_params_t params;

    type.rate_training = type.rate_finetune = rate;
    mdl_params_init(&params);
    params.workload_grain_s = grain_s;
    params.workload_bundles = 12;
    mdl_workload_settings_init(settings, &params, &type);
}

static mdl_tenancy_t tenancy_of(mdl_job_class_t job_class, uint32_t nodes, uint32_t activity_permille)
{
    return (mdl_tenancy_t){.job_class = (uint8_t)job_class,
                           .nodes = nodes,
                           .activity_permille = activity_permille,
                           .entity = 77,
                           .granted_nodes = nodes};
}

static void stand_at(sim_rng_t *rng, uint64_t ordinal)
{
    sim_rng_at(rng, SEED, 0, 77, 302, ordinal);
}

static void test_terms_in_one_word(void **state)
{
    (void)state;
    for (int i = 0; i < 64; i++) {
        mdl_contract_terms_t terms = {.job_class = (mdl_job_class_t)(i % MDL_JOB_CLASSES),
                                      .nodes = (uint32_t)i * 16644,
                                      .gang_nodes = 1048575 - (uint32_t)i,
                                      .activity_permille = (uint32_t)i * 65,
                                      .ported = i % 3 == 0};
        mdl_contract_terms_t back = mdl_contract_unpack(mdl_contract_pack(&terms));
        assert_int_equal(back.job_class, terms.job_class);
        assert_int_equal(back.nodes, terms.nodes);
        assert_int_equal(back.gang_nodes, terms.gang_nodes);
        assert_int_equal(back.activity_permille, terms.activity_permille);
        assert_int_equal(back.ported, terms.ported);
    }
}

/* Against the C library's erfc. */
static void test_normal_distribution_function(void **state)
{
    (void)state;
    for (double x = -9; x <= 9; x += 0.0625)
        assert_true(fabs(mdl_normal_cdf(x) - 0.5 * erfc(-x / sqrt(2))) < 1e-14);
}

/* GPU hours per hour that a stream's units bring, by drawing them, and its relative standard error. */
static double drawn_activity(mdl_tenancy_t *tenancy, const mdl_workload_settings_t *settings, double *error)
{
    double gpu_s = 0, squares = 0, time_s = 0;

    mdl_stream_plan(tenancy, &settings->finetune);
    for (uint64_t k = 0; k < DRAWS; k++) {
        mdl_job_request_t request;
        sim_rng_t rng;
        stand_at(&rng, k);
        time_s += (double)mdl_stream_gap(tenancy, &rng);
        mdl_stream_job(tenancy, &settings->finetune, 1, &rng, &request);
        assert_true(request.gpus <= tenancy->granted_nodes * MDL_NODE_GPUS && request.work_s > 0);
        assert_true(settings->grain_s <= 0 || request.gpus % MDL_NODE_GPUS == 0);
        double asked_gpu_s = (double)request.work_s * request.gpus;
        gpu_s += asked_gpu_s;
        squares += asked_gpu_s * asked_gpu_s;
    }
    *error = sqrt(squares / (gpu_s * gpu_s)); /* of a compound Poisson sum */
    return gpu_s / time_s / (tenancy->granted_nodes * MDL_NODE_GPUS);
}

/* At every grain and every size of lease the jobs drawn want the contract's activity. Run times are heavy-tailed: the
 * mean of 400,000 has a relative standard error of 0.02 to 0.04 job by job (coefficient of variation 13 to 25) and of
 * a thousandth when jobs are chained; the band is 4 standard errors, from the sample. */
static void test_streams_want_their_activity_at_any_grain(void **state)
{
    const int64_t grain_h[] = {0, 1, 6, 24, 96};
    const uint32_t nodes[] = {1, 5, 31, 300};

    (void)state;
    for (size_t g = 0; g < sizeof grain_h / sizeof grain_h[0]; g++) {
        for (size_t n = 0; n < sizeof nodes / sizeof nodes[0]; n++) {
            mdl_workload_settings_t settings;
            mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_FINETUNE, nodes[n], 650);
            double error;
            settings_at_grain(&settings, grain_h[g] * SIM_HOUR_S, 1);
            tenancy.bundle_gpus = mdl_bundle_gpus(&settings, nodes[n]);
            double activity = drawn_activity(&tenancy, &settings, &error);
            print_message("grain %2lld h, %3u nodes: %.4f +- %.4f\n", (long long)grain_h[g], nodes[n], activity,
                          activity * error);
            assert_true(fabs(activity / 0.65 - 1) < 4 * error && error < 0.06);
        }
    }
}

/* Jobs by size and end: how many, and how many of them are no longer than their median. */
typedef struct cells {
    int jobs[MDL_STREAM_SIZES][MDL_JOB_ENDS], below[MDL_STREAM_SIZES][MDL_JOB_ENDS];
} cells_t;

static void draw_cells(const mdl_stream_settings_t *settings, cells_t *cells, double *gpus, double *below)
{
    mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_FINETUNE, 64, 500);

    *cells = (cells_t){0};
    *gpus = *below = 0;
    mdl_stream_plan(&tenancy, settings);
    for (uint64_t k = 0; k < DRAWS; k++) {
        mdl_job_request_t request;
        sim_rng_t rng;
        stand_at(&rng, k);
        mdl_stream_job(&tenancy, settings, 1, &rng, &request);
        int size = __builtin_ctz(request.gpus), end = request.intended_end;
        *gpus += (double)request.gpus / DRAWS;
        *below += (request.work_s <= 206) / (double)DRAWS;
        cells->jobs[size][end]++;
        cells->below[size][end] += (double)request.work_s < exp(settings->runs[size][end].mu);
    }
}

/* Job by job: sizes, ends and medians are those of the Helios summary, sizes and ends are independent, and each size and
 * end has its own median. */
static void test_stream_job_by_job_has_the_summary_medians(void **state)
{
    const double share[MDL_JOB_ENDS] = {0.624, 0.221, 0.155};
    mdl_workload_settings_t settings;
    cells_t cells;
    double gpus, below, of_size = (1 - 0.4846) / (1 - pow(0.4846, 8));

    (void)state;
    settings_at_grain(&settings, 0, 1);
    draw_cells(&settings.finetune, &cells, &gpus, &below);
    assert_true(fabs(gpus - 3.716) < 0.08); /* spread 12, so 4 standard errors */
    assert_true(fabs(below - 0.5) < 0.004);
    for (int size = 0; size < 8; size++, of_size *= 0.4846)
        for (int end = 0; end < MDL_JOB_ENDS; end++) {
            double jobs = cells.jobs[size][end], expected = DRAWS * of_size * share[end];
            assert_true(fabs(jobs - expected) < 4.5 * sqrt(expected));
            assert_true(fabs(cells.below[size][end] / jobs - 0.5) < 4.5 * 0.5 / sqrt(jobs) + 0.01);
        }
}

/* Mean run time and GPU time by end are those of the Helios summary, but for the digits of the parameters. */
static void test_stream_has_the_summary_means(void **state)
{
    const double published_gpu_s[MDL_JOB_ENDS] = {39994296320, 30715109125, 7288334702};
    mdl_workload_settings_t settings;
    double share = (1 - 0.4846) / (1 - pow(0.4846, 8)), run_s = 0, gpu_s[MDL_JOB_ENDS] = {0};

    (void)state;
    settings_at_grain(&settings, 0, 1);
    for (int size = 0; size < 8; size++, share *= 0.4846)
        for (int end = 0; end < MDL_JOB_ENDS; end++) {
            double mean_s = share * settings.finetune.end_share[end] * settings.finetune.runs[size][end].mean_s;
            run_s += mean_s;
            gpu_s[end] += mean_s * (1 << size);
        }
    assert_close(run_s / 6651.681, 1, 0.005);
    for (int end = 0; end < MDL_JOB_ENDS; end++)
        assert_close(gpu_s[end] * 1580464 / published_gpu_s[end], 1, 0.005);
}

/* Chains stand for the GPU time of the jobs in them: at any grain it splits by end as job by job. */
static void test_ends_keep_their_gpu_time_at_any_grain(void **state)
{
    const int64_t grain_h[] = {1, 24, 96};

    (void)state;
    for (size_t g = 0; g < sizeof grain_h / sizeof grain_h[0]; g++) {
        mdl_workload_settings_t settings;
        mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_FINETUNE, 64, 650);
        double gpu_s[MDL_JOB_ENDS] = {0}, all = 0;
        settings_at_grain(&settings, grain_h[g] * SIM_HOUR_S, 1);
        tenancy.bundle_gpus = mdl_bundle_gpus(&settings, 64);
        mdl_stream_plan(&tenancy, &settings.finetune);
        for (uint64_t k = 0; k < DRAWS; k++) {
            mdl_job_request_t request;
            sim_rng_t rng;
            stand_at(&rng, k);
            mdl_stream_job(&tenancy, &settings.finetune, 1, &rng, &request);
            gpu_s[request.intended_end] += (double)request.work_s * request.gpus;
            all += (double)request.work_s * request.gpus;
        }
        assert_close(gpu_s[MDL_END_FINISHED] / all, 0.513, 0.04);
        assert_close(gpu_s[MDL_END_CANCELLED] / all, 0.394, 0.04);
        assert_close(gpu_s[MDL_END_FAILED] / all, 0.093, 0.02);
    }
}

/* Means of the run time on slower GPUs and by the series, against the integral by Simpson's rule. */
static void test_stream_moments_against_quadrature(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        mdl_workload_settings_t settings;
        double rate = i == 0 ? 1 : i == 1 ? 0.3 : 2, mean = 0, chained = 0, h = 0.001;
        settings_at_grain(&settings, SIM_DAY_S, rate);
        const mdl_stream_runs_t *runs = &settings.finetune.runs[i][MDL_END_CANCELLED];
        for (double z = -12; z < 12; z += h) {
            double d = 135 / rate * 2.629 * exp(0.2954 * i + 2.655 * (z + h / 2));
            double p = exp(-(z + h / 2) * (z + h / 2) / 2) / sqrt(2 * 3.14159265358979) * h;
            double cut = d < 1209600 / rate ? d : 1209600 / rate;
            mean += p * cut;
            chained += d <= 86400 ? p * cut : 0;
        }
        assert_true(fabs(runs->mean_s / mean - 1) < 1e-4);
        assert_true(fabs(runs->chained_s / chained - 1) < 1e-3);
    }
}

static void test_bundles(void **state)
{
    mdl_workload_settings_t settings;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 1);
    for (uint32_t nodes = 1; nodes <= 5000; nodes++) {
        uint32_t width = mdl_bundle_gpus(&settings, nodes) / MDL_NODE_GPUS;
        assert_true(width >= 1 && width <= nodes && width <= nodes / 12 + 1);
        assert_true(nodes / width <= 2 * 12 + 1 || nodes <= 24);
    }
    assert_int_equal(mdl_bundle_gpus(&settings, 12), 8);
    assert_int_equal(mdl_bundle_gpus(&settings, 37), 32); /* 4 leaves one node over, as does 3: the wider one */
    assert_int_equal(mdl_bundle_gpus(&settings, 38), 32); /* 38 % 4 = 38 % 3 = 2 */
    assert_int_equal(mdl_bundle_gpus(&settings, 39), 24); /* 39 % 3 = 0 */
    settings_at_grain(&settings, 0, 1);
    assert_int_equal(mdl_bundle_gpus(&settings, 100), 0);
}

static void test_training_alternates_as_its_activity_says(void **state)
{
    mdl_workload_settings_t settings;
    mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_TRAINING, 20, 600);
    double run_s = 0, pause_s = 0;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 0.5);
    tenancy.gang_nodes = 8; /* two gangs of 8 on 20 nodes: 16 * share = 12 */
    mdl_training_plan(&tenancy, &settings);
    assert_int_equal(mdl_training_gangs(&tenancy), 2);
    for (uint64_t k = 0; k < DRAWS; k++) {
        mdl_job_request_t request;
        sim_rng_t rng;
        stand_at(&rng, k);
        pause_s += (double)mdl_training_pause(&tenancy, &rng);
        mdl_training_job(&tenancy, &settings, 0.8, &rng, &request);
        run_s += (double)request.work_s * 0.8;
        assert_int_equal(request.gpus, 64);
        assert_int_equal(request.speed_permille, 400);
    }
    assert_true(fabs(run_s / (run_s + pause_s) - 0.75) < 0.005);
    assert_true(fabs(run_s / DRAWS / (20 * 86400) - 1) < 0.01); /* 10 days on H100s, half as fast here */
    tenancy.activity_permille = 0;
    mdl_training_plan(&tenancy, &settings);
    assert_true(tenancy.mean_gap_s < 0);
}

static void test_service_wave(void **state)
{
    mdl_workload_settings_t settings;
    double sum = 0;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 1);
    for (int i = 0; i < 24000; i++)
        sum += mdl_service_wave(&settings, (i + 0.5) / 1000) / 24000;
    assert_true(fabs(sum - 1) < 1e-6);
    assert_true(fabs(mdl_service_wave(&settings, settings.service_peak_h) - 1.5) < 1e-12);
    assert_true(fabs(mdl_service_wave(&settings, settings.service_peak_h - 12) - 0.5) < 1e-12);
}

/* Kept or not, an interval's wave is the one in its middle. */
static void test_service_intervals(void **state)
{
    const int64_t lengths_s[] = {SIM_DAY_S, 6 * SIM_HOUR_S, 5 * SIM_HOUR_S, 900, 700, 60};
    mdl_workload_settings_t settings;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 1);
    for (size_t i = 0; i < sizeof lengths_s / sizeof lengths_s[0]; i++) {
        settings.service_interval_s = lengths_s[i];
        mdl_service_keep_waves(&settings);
        for (int64_t time_s = 0; time_s < 3 * SIM_DAY_S; time_s += 101) {
            mdl_service_interval_t interval = mdl_service_interval_at(&settings, time_s);
            assert_int_equal(interval.from_s, time_s / lengths_s[i] * lengths_s[i]);
            assert_int_equal(interval.day, time_s / SIM_DAY_S);
            assert_true(interval.wave == mdl_service_wave_from(&settings, interval.from_s));
        }
    }
}

static void test_service_asks_for_enough_replicas_and_no_more(void **state)
{
    mdl_workload_settings_t settings;
    mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_INFERENCE, 31, 700);
    mdl_service_t service;
    double load = 0;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 1);
    tenancy.bundle_gpus = mdl_bundle_gpus(&settings, 31);
    mdl_service_set_lease(&service, &tenancy);
    for (int64_t k = 0; k < 20000; k++) {
        mdl_service_load_t plan;
        sim_rng_t rng;
        stand_at(&rng, (uint64_t)k);
        double wave = mdl_service_wave_from(&settings, k * 6 * SIM_HOUR_S);
        double noise;
        mdl_service_noise(&settings, &rng, &noise, 1);
        mdl_service_plan(&service, &settings, MDL_NODE_GPUS, 1, wave, noise, &plan);
        int64_t capacity_mgpu = 1000 * (int64_t)plan.replicas * plan.replica_gpus;
        assert_true(plan.replicas * plan.replica_gpus <= 31 * MDL_NODE_GPUS);
        int64_t needed_mgpu = 1000 * (int64_t)plan.needed_gpus;
        assert_true(needed_mgpu > plan.load_mgpu);
        assert_true(capacity_mgpu >= needed_mgpu || (plan.replicas + 1) * plan.replica_gpus > 31 * MDL_NODE_GPUS);
        assert_true(capacity_mgpu - 1000 * (int64_t)plan.replica_gpus < needed_mgpu);
        /* What is kept beyond that has room to spare: a tenth, and less than a replica. */
        uint32_t kept = mdl_service_kept(&settings, &plan);
        assert_true(kept >= plan.replicas && kept <= 31);
        double roomy = mdl_headroom_servers(&settings.service_headroom, (double)plan.load_mgpu / 0.9 / 125) / 64;
        assert_true(kept < roomy + 1.001 && (kept > roomy - 0.001 || roomy > 31));
        for (uint32_t present = 0; present <= 31; present++) {
            uint32_t next = mdl_service_replicas(&settings, &plan, present);
            assert_true(next >= plan.replicas && next <= kept);
            assert_true(present < plan.replicas || present > kept || next == present);
        }
        load += (double)plan.load_mgpu / 20000;
    }
    assert_true(fabs(load / (700 * 31 * 8) - 1) < 0.003); /* mean over days; noise has a standard error of 0.0007 */
}

/* The largest load, in thousandths of GPUs, that so many GPUs serve in time: bit by bit. */
static int64_t most_served_mgpu(const mdl_workload_settings_t *settings, uint32_t gpus)
{
    int64_t served = 0;

    for (int64_t more = INT64_C(1) << 30; more > 0; more /= 2)
        if (mdl_service_needed(settings, (double)(served + more) / 1000) <= gpus)
            served += more;
    return served;
}

/* Beyond the largest load that a lease serves the whole lease is asked for, and up to there no more than it takes, as
 * it is by counting. */
static void test_a_lease_serves_so_much(void **state)
{
    mdl_workload_settings_t settings;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 1);
    for (uint32_t nodes = 0; nodes <= 3000; nodes += 1 + nodes / 7) {
        mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_INFERENCE, nodes, 1000);
        mdl_service_t service;
        mdl_service_set_lease(&service, &tenancy);
        int64_t served = most_served_mgpu(&settings, 8 * nodes);
        assert_true(served >= 0 && served <= 8000 * (int64_t)nodes);
        assert_true(mdl_service_needed(&settings, (double)served / 1000) <= 8 * nodes);
        assert_true(mdl_service_needed(&settings, (double)(served + 1) / 1000) > 8 * nodes);
        for (int64_t load = served > 3 ? served - 3 : 0; load <= served + 3; load++) {
            mdl_service_load_t plan;
            service.mean_gpus = (double)load / 1000;
            mdl_service_plan(&service, &settings, MDL_NODE_GPUS, 1, 1, 1, &plan);
            double needed_gpus = mdl_service_needed(&settings, (double)load / 1000);
            assert_int_equal(plan.load_mgpu, load);
            assert_int_equal(plan.replicas, mdl_service_whole(needed_gpus, MDL_NODE_GPUS, nodes));
            assert_int_equal(plan.needed_gpus > 8 * nodes, load > served);
        }
    }
}

/* No load is so large that it seems small: what it needs is cut at what a number holds, beyond any lease. */
static void test_no_load_is_too_large(void **state)
{
    const mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_INFERENCE, 1000, 1000);
    mdl_workload_settings_t settings;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 1);
    for (uint32_t replica_gpus = 4; replica_gpus <= MDL_NODE_GPUS; replica_gpus += 4) {
        for (double gpus = 0x1p32 - 1e6; gpus < 0x1p32 + 1e6; gpus += 1000) {
            mdl_service_load_t plan;
            mdl_service_t service;
            mdl_service_set_lease(&service, &tenancy);
            service.mean_gpus = gpus;
            mdl_service_plan(&service, &settings, replica_gpus, 1, 1, 1, &plan);
            assert_int_equal(plan.replicas * replica_gpus, 8000);
            assert_true(plan.needed_gpus > 8000);
        }
    }
}

static void count_around(const mdl_workload_settings_t *settings, int64_t load_mgpu)
{
    double gpus = (double)load_mgpu / 1000;

    for (int64_t load = load_mgpu > 3 ? load_mgpu - 3 : 0; load <= load_mgpu + 3; load++)
        assert_int_equal(mdl_service_nodes(settings, load), mdl_service_count_nodes(settings, (double)load / 1000));
    for (int ulp = 0; ulp < 3; ulp++, gpus = nextafter(gpus, 0))
        assert_int_equal(mdl_service_nodes_for(settings, gpus), mdl_service_count_nodes(settings, gpus));
    gpus = nextafter((double)load_mgpu / 1000, INFINITY);
    assert_int_equal(mdl_service_nodes_for(settings, gpus), mdl_service_count_nodes(settings, gpus));
}

/* Nodes that are looked up are those that are counted: at each step, within a thousandth of a GPU and a last bit of it,
 * at each level, and anywhere, beyond the table too. */
static void test_nodes_looked_up_are_those_counted(void **state)
{
    static const struct {
        int64_t slots;
        double target, attainment, dispersion;
    } services[] = {{64, 0.5, 0.99, 1}, {1, 0, 0.999, 4}, {7, 2, 0.5, 1.5}, {256, 30, 0.9, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        mdl_workload_settings_t settings;
        mdl_params_t params;
        sim_rng_t rng;
        mdl_params_init(&params);
        params.service_slots = services[i].slots;
        params.service_target = services[i].target;
        params.service_attainment = services[i].attainment;
        params.service_dispersion = services[i].dispersion;
        mdl_workload_settings_init(&settings, &params, &h100);
        const mdl_service_steps_t *steps = &settings.service_steps;
        assert_int_equal(steps->served_mgpu[0], 0);
        for (uint32_t nodes = 1; nodes <= MDL_SERVICE_STEPS; nodes++) {
            assert_true(steps->served_mgpu[nodes] > steps->served_mgpu[nodes - 1]);
            assert_int_equal(mdl_service_nodes(&settings, steps->served_mgpu[nodes]), nodes);
            count_around(&settings, steps->served_mgpu[nodes]);
        }
        for (int64_t level = 0; level < MDL_SERVICE_LEVELS; level++)
            count_around(&settings, level << MDL_SERVICE_LEVEL_BITS);
        stand_at(&rng, i);
        for (int k = 0; k < 200000; k++)
            count_around(&settings, (int64_t)(sim_draw_uniform(&rng) * 1.5 * MDL_SERVICE_STEPS * 8000));
    }
}

/* A small service holds a larger part of its capacity free than a large one. */
static void test_headroom_falls_with_size(void **state)
{
    mdl_workload_settings_t settings;
    double before = 0;

    (void)state;
    settings_at_grain(&settings, SIM_DAY_S, 1);
    for (uint32_t nodes = 4; nodes <= 4096; nodes *= 4) {
        mdl_tenancy_t tenancy = tenancy_of(MDL_JOB_INFERENCE, nodes, 500);
        mdl_service_t service;
        mdl_service_load_t plan;
        mdl_service_set_lease(&service, &tenancy);
        mdl_service_plan(&service, &settings, MDL_NODE_GPUS, 1, 1, 1, &plan);
        double share = (double)plan.load_mgpu / 1000 / plan.needed_gpus;
        assert_true(share > before && share < 1);
        before = share;
    }
    assert_true(before > 0.97);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms_in_one_word),
        cmocka_unit_test(test_normal_distribution_function),
        cmocka_unit_test(test_streams_want_their_activity_at_any_grain),
        cmocka_unit_test(test_stream_job_by_job_has_the_summary_medians),
        cmocka_unit_test(test_stream_has_the_summary_means),
        cmocka_unit_test(test_ends_keep_their_gpu_time_at_any_grain),
        cmocka_unit_test(test_stream_moments_against_quadrature),
        cmocka_unit_test(test_bundles),
        cmocka_unit_test(test_training_alternates_as_its_activity_says),
        cmocka_unit_test(test_service_wave),
        cmocka_unit_test(test_service_intervals),
        cmocka_unit_test(test_service_asks_for_enough_replicas_and_no_more),
        cmocka_unit_test(test_a_lease_serves_so_much),
        cmocka_unit_test(test_no_load_is_too_large),
        cmocka_unit_test(test_nodes_looked_up_are_those_counted),
        cmocka_unit_test(test_headroom_falls_with_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
