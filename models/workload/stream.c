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

/* While the units of a contract are being put together: weights are units per job of the original stream. */
typedef struct plan {
    mdl_tenancy_t *tenancy;
    double units; /* sum of weights */
    double gpus;  /* mean size of the jobs that are kept */
} plan_t;

static void add_unit(plan_t *plan, enum mdl_unit_length length, uint32_t gpus, bool tightly_coupled, double weight)
{
    mdl_tenancy_t *tenancy = plan->tenancy;

    if (weight <= 0)
        return;
    SIM_ASSERT(tenancy->units < MDL_STREAM_UNITS);
    plan->units += weight;
    tenancy->unit[tenancy->units++] = (mdl_stream_unit_t){
        .cumulative = plan->units, .gpus = gpus, .length = (uint8_t)length, .tightly_coupled = tightly_coupled};
}

/* Adds the units that carry jobs of `size` GPUs, a share `gpus` / size of all jobs, on `width` GPUs. */
static void add_size(plan_t *plan, const mdl_stream_settings_t *settings, double grain_s, uint32_t size, uint32_t width,
                     double gpus)
{
    bool tight = size > MDL_NODE_GPUS;

    if (width > plan->tenancy->granted_nodes * MDL_NODE_GPUS)
        return;
    plan->gpus += gpus;
    if (grain_s <= 0) {
        add_unit(plan, LENGTH_JOB, width, tight, gpus / width);
        return;
    }
    add_unit(plan, LENGTH_CHAIN, width, tight, gpus / width * settings->chained_s / (CHAIN_MEAN * grain_s));
    add_unit(plan, LENGTH_LONG_JOB, width, tight, gpus / width * settings->long_share);
}

/* Sizes below the bundle are merged into one kind, so that there are few. */
static void add_sizes(plan_t *plan, const mdl_stream_settings_t *settings, double grain_s)
{
    uint32_t bundle = plan->tenancy->bundle_gpus;
    double share = 1, total = 0, batched[2] = {0, 0};

    for (int64_t k = 0; k < settings->sizes; k++, share *= settings->size_ratio)
        total += share;
    share = 1 / total;
    for (int64_t k = 0; k < settings->sizes; k++, share *= settings->size_ratio) {
        uint32_t size = UINT32_C(1) << k;
        if (size <= bundle)
            batched[size > MDL_NODE_GPUS] += share * size;
        else
            add_size(plan, settings, grain_s, size, size, share * size);
    }
    if (batched[0] > 0)
        add_size(plan, settings, grain_s, 1, bundle, batched[0]);
    if (batched[1] > 0)
        add_size(plan, settings, grain_s, bundle, bundle, batched[1]);
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
    /* A job that does not finish stops at a uniform fraction of its run. */
    double run = 1 - (settings->failed + settings->cancelled) / 2;
    tenancy->mean_gap_s = plan.gpus * settings->mean_s * run / plan.units / wanted_gpus;
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
        double z = least + sim_draw_exponential(rng, 1 / rate);
        if (sim_draw_uniform(rng) <= sim_exp(-(z - rate) * (z - rate) / 2))
            return z;
    }
}

static double draw_length_s(const mdl_stream_settings_t *settings, double grain_s, int length, sim_rng_t *rng)
{
    if (length == LENGTH_CHAIN)
        return grain_s * (CHAIN_LEAST + (1 - CHAIN_LEAST) * sim_draw_uniform(rng));
    double z = length == LENGTH_JOB ? sim_draw_normal(rng, 0, 1) : draw_normal_above(rng, settings->long_score);
    double length_s = sim_exp(settings->mu + settings->sigma * z);
    return length_s < settings->longest_s ? length_s : settings->longest_s;
}

static const mdl_stream_unit_t *draw_unit(const mdl_tenancy_t *tenancy, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng);
    uint32_t i = 0;

    while (i + 1 < tenancy->units && u >= tenancy->unit[i].cumulative)
        i++;
    return &tenancy->unit[i];
}

static mdl_job_end_t draw_end(const mdl_stream_settings_t *settings, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng);

    if (u < settings->failed)
        return MDL_END_FAILED;
    return u < settings->failed + settings->cancelled ? MDL_END_CANCELLED : MDL_END_FINISHED;
}

void mdl_stream_job(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double grain_s,
                    double throughput, double rate, sim_rng_t *rng, mdl_job_request_t *request)
{
    const mdl_stream_unit_t *unit = draw_unit(tenancy, rng);
    double length_s = draw_length_s(settings, grain_s, unit->length, rng) / throughput;
    mdl_job_end_t end = draw_end(settings, rng);

    if (end != MDL_END_FINISHED)
        length_s *= sim_draw_uniform(rng);
    *request = (mdl_job_request_t){.work_s = length_s > 1 ? (int64_t)(length_s + 0.5) : 1,
                                   .gpus = unit->gpus,
                                   .startup_s = settings->startup_s,
                                   .interval_s = settings->saved_s,
                                   .speed_permille = (uint32_t)(1000 * rate * throughput + 0.5),
                                   .job_class = (uint8_t)tenancy->terms.job_class,
                                   .intended_end = (uint8_t)end,
                                   .tightly_coupled = unit->tightly_coupled};
}
