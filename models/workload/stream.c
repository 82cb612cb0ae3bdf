// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/stream.h"

#include "models/hardware/cluster.h"
#include "sim/draw.h"
#include "sim/math.h"

#include <math.h>

/* A chain ends somewhere between half a grain and a grain: jobs are added until the next one would pass the grain. */
#define CHAIN_LEAST 0.5
#define CHAIN_MEAN  0.75

/* exp(-x) is above 1 - x: a number below that, by more than roundings come to, needs no look at it. */
#define SQUEEZE 1e-15

#define NODE_SIZES 4 /* 1, 2, 4, 8 GPUs: more than a node's are tightly coupled */

_Static_assert(1 << (NODE_SIZES - 1) == MDL_NODE_GPUS, "sizes up to a node");

/* Units of jobs of one size on so many GPUs, and what these compute, per job of the stream. */
typedef struct units {
    double single[MDL_JOB_ENDS], chained[MDL_JOB_ENDS], gpu_s[MDL_JOB_ENDS];
} units_t;

static units_t units_of(const mdl_stream_settings_t *settings, uint32_t size, uint32_t width)
{
    bool grained = settings->grain_s > 0;
    units_t units;

    for (int end = 0; end < MDL_JOB_ENDS; end++) {
        const mdl_stream_runs_t *runs = &settings->runs[size][end];
        double jobs = settings->size[size].share * (UINT32_C(1) << size) / width * settings->end_share[end];
        units.single[end] = grained ? jobs * runs->long_share : jobs;
        units.chained[end] = grained ? jobs * runs->chained_s / (CHAIN_MEAN * settings->grain_s) : 0;
        units.gpu_s[end] = jobs * width * runs->mean_s;
    }
    return units;
}

static double sum(const double by_end[MDL_JOB_ENDS])
{
    return by_end[MDL_END_FAILED] + by_end[MDL_END_CANCELLED] + by_end[MDL_END_FINISHED];
}

static void add(double to[MDL_JOB_ENDS], const double by_end[MDL_JOB_ENDS])
{
    for (int end = 0; end < MDL_JOB_ENDS; end++)
        to[end] += by_end[end];
}

static mdl_unit_ends_t ends_of(const double by_end[MDL_JOB_ENDS])
{
    double failed = by_end[MDL_END_FAILED], stopped = failed + by_end[MDL_END_CANCELLED], all = sum(by_end);

    return all > 0 ? (mdl_unit_ends_t){(float)(failed / all), (float)(stopped / all)} : (mdl_unit_ends_t){0};
}

/* Of one size, after all smaller ones; `merged`: chains of one GPU so far, without and with tight coupling. */
static void derive_size(mdl_stream_settings_t *self, uint32_t size, double merged[2][MDL_JOB_ENDS])
{
    units_t own = units_of(self, size, UINT32_C(1) << size), narrow = units_of(self, size, 1);
    mdl_stream_sums_t *sums = &self->sums[size];

    add(merged[size >= NODE_SIZES], narrow.chained);
    self->size[size].single = sum(own.single);
    self->size[size].single_ends = ends_of(own.single);
    self->size[size].chain_ends = ends_of(own.chained);
    sums[1] = (mdl_stream_sums_t){.units = sums[0].units + sum(own.single) + sum(own.chained),
                                  .single_gpus = sums[0].single_gpus + sum(narrow.single),
                                  .chain_gpus = sums[0].chain_gpus + sum(narrow.chained),
                                  .chain_ends = ends_of(merged[size >= NODE_SIZES])};
}

void mdl_stream_derive(mdl_stream_settings_t *self)
{
    double share = 1, total = 0, merged[2][MDL_JOB_ENDS] = {{0}};

    for (int64_t k = 0; k < self->sizes; k++, share *= self->size_ratio)
        total += share;
    share = 1 / total;
    for (uint32_t k = 0; k < self->sizes; k++, share *= self->size_ratio) {
        self->size[k].share = share;
        derive_size(self, k, merged);
    }
}

static uint8_t sizes_up_to(const mdl_stream_settings_t *settings, uint32_t gpus)
{
    uint8_t sizes = 0;

    while (sizes < settings->sizes && UINT32_C(1) << sizes <= gpus)
        sizes++;
    return sizes;
}

/* GPU time per unit in the mean. */
static double mean_gpu_s(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings)
{
    double units = 0, gpu_s = 0, merged[2][MDL_JOB_ENDS] = {{0}};

    for (uint32_t k = 0; k < tenancy->sizes; k++) {
        bool kept = k >= tenancy->merged_sizes;
        units_t of = units_of(settings, k, kept ? UINT32_C(1) << k : tenancy->bundle_gpus);
        for (int end = 0; end < MDL_JOB_ENDS; end++)
            gpu_s += of.gpu_s[end];
        units += sum(of.single);
        if (kept)
            units += sum(of.chained);
        else
            add(merged[k >= NODE_SIZES], of.chained);
    }
    units = units + sum(merged[false]) + sum(merged[true]);
    return units > 0 ? gpu_s / units : 0;
}

void mdl_stream_plan(mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings)
{
    uint32_t most_gpus = tenancy->granted_nodes * MDL_NODE_GPUS;
    double wanted_gpus = tenancy->activity_permille / 1000.0 * most_gpus;

    tenancy->merged_sizes = sizes_up_to(settings, tenancy->bundle_gpus);
    tenancy->sizes = sizes_up_to(settings, most_gpus > tenancy->bundle_gpus ? most_gpus : tenancy->bundle_gpus);
    tenancy->mean_gap_s = wanted_gpus > 0 ? mean_gpu_s(tenancy, settings) / wanted_gpus : 0;
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

/* Jobs of one size and width, single or chained. */
typedef struct unit {
    uint32_t gpus, size;
    bool chained, tightly_coupled;
    mdl_unit_ends_t ends;
} unit_t;

static unit_t merged_single(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double at)
{
    uint32_t size = tenancy->merged_sizes - 1;

    while (size > 0 && at < settings->sums[size].single_gpus)
        size--;
    return (unit_t){.gpus = tenancy->bundle_gpus,
                    .size = size,
                    .tightly_coupled = size >= NODE_SIZES,
                    .ends = settings->size[size].single_ends};
}

static unit_t merged_chain(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double at)
{
    uint32_t sizes = tenancy->merged_sizes;
    bool tight = sizes > NODE_SIZES && at >= settings->sums[NODE_SIZES].chain_gpus;

    if (!tight && sizes > NODE_SIZES)
        sizes = NODE_SIZES;
    return (unit_t){.gpus = tenancy->bundle_gpus,
                    .chained = true,
                    .tightly_coupled = tight,
                    .ends = settings->sums[sizes].chain_ends};
}

/* Of the sizes above the bundle. */
static unit_t kept_unit(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double at)
{
    uint32_t size = tenancy->sizes - 1;

    at += settings->sums[tenancy->merged_sizes].units;
    while (size > tenancy->merged_sizes && at < settings->sums[size].units)
        size--;
    const mdl_stream_size_t *of = &settings->size[size];
    bool chained = settings->grain_s > 0 && at - settings->sums[size].units >= of->single;
    return (unit_t){.gpus = UINT32_C(1) << size,
                    .size = size,
                    .chained = chained,
                    .tightly_coupled = size >= NODE_SIZES,
                    .ends = chained ? of->chain_ends : of->single_ends};
}

/* Merged single jobs come first, by size, then the sizes above the bundle, each with its chains, then merged chains: in
 * units of one GPU or, where none is merged, in units. */
static unit_t draw_unit(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, sim_rng_t *rng)
{
    const mdl_stream_sums_t *merged = &settings->sums[tenancy->merged_sizes];
    double width = tenancy->bundle_gpus > 0 ? tenancy->bundle_gpus : 1;
    double kept = width * (settings->sums[tenancy->sizes].units - merged->units);
    double at = sim_draw_uniform(rng) * (merged->single_gpus + kept + merged->chain_gpus);

    if (at < merged->single_gpus)
        return merged_single(tenancy, settings, at);
    at -= merged->single_gpus;
    if (tenancy->merged_sizes > 0 && at >= kept)
        return merged_chain(tenancy, settings, at - kept);
    return kept_unit(tenancy, settings, at / width);
}

static mdl_job_end_t draw_end(mdl_unit_ends_t ends, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng);

    if (u < (double)ends.failed)
        return MDL_END_FAILED;
    return u < (double)ends.stopped ? MDL_END_CANCELLED : MDL_END_FINISHED;
}

static double draw_length_s(const mdl_stream_settings_t *settings, const unit_t *unit, mdl_job_end_t end,
                            sim_rng_t *rng)
{
    const mdl_stream_runs_t *runs = &settings->runs[unit->size][end];

    if (unit->chained)
        return settings->grain_s * (CHAIN_LEAST + (1 - CHAIN_LEAST) * sim_draw_uniform(rng));
    double z = settings->grain_s > 0 ? draw_normal_above(rng, runs->long_score) : sim_draw_normal(rng, 0, 1);
    double length_s = sim_exp(runs->mu + settings->sigma * z);
    return length_s < settings->longest_s ? length_s : settings->longest_s;
}

void mdl_stream_job(const mdl_tenancy_t *tenancy, const mdl_stream_settings_t *settings, double throughput,
                    sim_rng_t *rng, mdl_job_request_t *request)
{
    unit_t unit = draw_unit(tenancy, settings, rng);
    mdl_job_end_t end = draw_end(unit.ends, rng);
    double length_s = draw_length_s(settings, &unit, end, rng) / throughput;

    *request = (mdl_job_request_t){.work_s = length_s > 1 ? (int64_t)(length_s + 0.5) : 1,
                                   .gpus = unit.gpus,
                                   .startup_s = settings->startup_s,
                                   .interval_s = settings->saved_s,
                                   .job_class = tenancy->job_class,
                                   .intended_end = (uint8_t)end,
                                   .tightly_coupled = unit.tightly_coupled};
}
