// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/stream.h"

#include "models/hardware/cluster.h"
#include "sim/draw.h"
#include "sim/math.h"

#include <math.h>

/* Where a unit's length comes from. */
enum mdl_unit_length { LENGTH_JOB, LENGTH_CHAIN, LENGTH_LONG_JOB };

/* A chain ends somewhere between half a grain and a grain: jobs are added until the next one would pass the grain. */
#define CHAIN_LEAST 0.5
#define CHAIN_MEAN  0.75

/* exp(-x) is above 1 - x: a number below that, by more than roundings come to, needs no look at it. */
#define SQUEEZE 1e-15

/* While the units of a contract are being put together: weights are units per job of the original stream. */
typedef struct plan {
    mdl_tenancy_t *tenancy;
    double units; /* sum of weights */
    double gpu_s; /* of the jobs that are kept */
} plan_t;

static void add_unit(plan_t *plan, mdl_stream_unit_t unit, const double weight[MDL_JOB_ENDS])
{
    mdl_tenancy_t *tenancy = plan->tenancy;
    double failed = weight[MDL_END_FAILED], stopped = failed + weight[MDL_END_CANCELLED];
    double all = stopped + weight[MDL_END_FINISHED];

    if (all <= 0)
        return;
    SIM_ASSERT(tenancy->units < MDL_STREAM_UNITS);
    plan->units += all;
    unit.cumulative = plan->units;
    unit.failed = (float)(failed / all);
    unit.stopped = (float)(stopped / all);
    tenancy->unit[tenancy->units++] = unit;
}

/* Adds the jobs of 2^size GPUs, a `share` of all, on `width` GPUs: those longer than the grain one by one, what the
 * others bring to `chained`. */
static void add_size(plan_t *plan, const mdl_stream_settings_t *settings, double grain_s, uint32_t size, uint32_t width,
                     double share, double chained[MDL_JOB_ENDS])
{
    uint32_t gpus = UINT32_C(1) << size;
    bool grained = grain_s > 0;
    double weight[MDL_JOB_ENDS];

    for (int end = 0; end < MDL_JOB_ENDS; end++) {
        const mdl_stream_runs_t *runs = &settings->runs[size][end];
        double jobs = share * gpus / width * settings->end_share[end];
        plan->gpu_s += jobs * width * runs->mean_s;
        weight[end] = grained ? jobs * runs->long_share : jobs;
        chained[end] += grained ? jobs * runs->chained_s / (CHAIN_MEAN * grain_s) : 0;
    }
    add_unit(plan,
             (mdl_stream_unit_t){.gpus = width,
                                 .length = grained ? LENGTH_LONG_JOB : LENGTH_JOB,
                                 .size = (uint8_t)size,
                                 .tightly_coupled = gpus > MDL_NODE_GPUS},
             weight);
}

static void add_chains(plan_t *plan, uint32_t width, bool tight, const double chained[MDL_JOB_ENDS])
{
    add_unit(plan, (mdl_stream_unit_t){.gpus = width, .length = LENGTH_CHAIN, .tightly_coupled = tight}, chained);
}

/* The chains of sizes up to the bundle are merged into one kind, so that there are few. */
static void add_sizes(plan_t *plan, const mdl_stream_settings_t *settings, double grain_s)
{
    uint32_t bundle = plan->tenancy->bundle_gpus, most = plan->tenancy->granted_nodes * MDL_NODE_GPUS;
    double share = 1, total = 0, batched[2][MDL_JOB_ENDS] = {{0}};

    for (int64_t k = 0; k < settings->sizes; k++, share *= settings->size_ratio)
        total += share;
    share = 1 / total;
    for (uint32_t k = 0; k < settings->sizes; k++, share *= settings->size_ratio) {
        uint32_t gpus = UINT32_C(1) << k;
        bool tight = gpus > MDL_NODE_GPUS;
        double alone[MDL_JOB_ENDS] = {0};
        if (gpus <= bundle) {
            add_size(plan, settings, grain_s, k, bundle, share, batched[tight]);
        } else if (gpus <= most) {
            add_size(plan, settings, grain_s, k, gpus, share, alone);
            add_chains(plan, gpus, tight, alone);
        }
    }
    add_chains(plan, bundle, false, batched[false]);
    add_chains(plan, bundle, true, batched[true]);
}

void mdl_stream_plan(mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double grain_s)
{
    plan_t plan = {.tenancy = tenancy};
    double wanted_gpus = tenancy->terms.activity_permille / 1000.0 * tenancy->granted_nodes * MDL_NODE_GPUS;

    tenancy->units = 0;
    tenancy->mean_gap_s = 0;
    add_sizes(&plan, settings, grain_s);
    if (plan.units <= 0 || wanted_gpus <= 0)
        return;
    for (uint32_t i = 0; i < tenancy->units; i++)
        tenancy->unit[i].cumulative /= plan.units;
    tenancy->mean_gap_s = plan.gpu_s / plan.units / wanted_gpus;
}

int64_t mdl_stream_gap(mdl_tenancy_t *tenancy, sim_rng_t *rng)
{
    double gap_s = tenancy->gap_rest_s + sim_draw_exponential(rng, 1) * tenancy->mean_gap_s;
    int64_t whole_s = (int64_t)gap_s;

    tenancy->gap_rest_s = gap_s - (double)whole_s;
    return whole_s;
}

/* A standard normal variate above `least`, by rejection from a shifted exponential (Robert 1995). */
static double draw_normal_above(sim_rng_t *rng, double least)
{
    if (least <= 0) {
        for (;;) {
            double z = sim_draw_normal(rng, 0, 1);
            if (z > least)
                return z;
        }
    }
    double rate = (least + sqrt(least * least + 4)) / 2;
    for (;;) {
        double z = least + sim_draw_exponential(rng, 1 / rate), x = (z - rate) * (z - rate) / 2;
        double u = sim_draw_uniform(rng);
        if (u < 1 - x - SQUEEZE || u <= sim_exp(-x))
            return z;
    }
}

static double draw_length_s(const mdl_stream_settings_t *settings, double grain_s, const mdl_stream_unit_t *unit,
                            mdl_job_end_t end, sim_rng_t *rng)
{
    const mdl_stream_runs_t *runs = &settings->runs[unit->size][end];

    if (unit->length == LENGTH_CHAIN)
        return grain_s * (CHAIN_LEAST + (1 - CHAIN_LEAST) * sim_draw_uniform(rng));
    double z = unit->length == LENGTH_JOB ? sim_draw_normal(rng, 0, 1) : draw_normal_above(rng, runs->long_score);
    double length_s = sim_exp(runs->mu + settings->sigma * z);
    return length_s < settings->longest_s ? length_s : settings->longest_s;
}

/* From the end, where the chains of small jobs stand: most units are of them. */
static const mdl_stream_unit_t *draw_unit(const mdl_tenancy_t *tenancy, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng);
    uint32_t i = tenancy->units - 1;

    while (i > 0 && u < tenancy->unit[i - 1].cumulative)
        i--;
    return &tenancy->unit[i];
}

static mdl_job_end_t draw_end(const mdl_stream_unit_t *unit, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng);

    if (u < (double)unit->failed)
        return MDL_END_FAILED;
    return u < (double)unit->stopped ? MDL_END_CANCELLED : MDL_END_FINISHED;
}

void mdl_stream_job(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double grain_s,
                    double throughput, sim_rng_t *rng, mdl_job_request_t *request)
{
    const mdl_stream_unit_t *unit = draw_unit(tenancy, rng);
    mdl_job_end_t end = draw_end(unit, rng);
    double length_s = draw_length_s(settings, grain_s, unit, end, rng) / throughput;

    *request = (mdl_job_request_t){.work_s = length_s > 1 ? (int64_t)(length_s + 0.5) : 1,
                                   .gpus = unit->gpus,
                                   .startup_s = settings->startup_s,
                                   .interval_s = settings->saved_s,
                                   .job_class = (uint8_t)tenancy->terms.job_class,
                                   .intended_end = (uint8_t)end,
                                   .tightly_coupled = unit->tightly_coupled};
}
