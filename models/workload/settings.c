// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/settings.h"

#include "models/hardware/cluster.h"
#include "models/workload/service.h"
#include "models/workload/stream.h"
#include "sim/math.h"

#include <math.h>

#define SLOWEST_RATE 0.01 /* a GPU type that a table gives no throughput in a class still computes, at this rate */

double mdl_normal_cdf(double x)
{
    const double inverse_sqrt_2pi = 0.39894228040143267794;

    if (fabs(x) > 8)
        return x > 0;
    double term = x, sum = x;
    for (int i = 3; fabs(term) > 1e-17 * fabs(sum); i += 2) {
        term *= x * x / i;
        sum += term;
    }
    return 0.5 + sum * sim_exp(-x * x / 2) * inverse_sqrt_2pi;
}

/* What is true of the run times d = min(lognormal, longest) given the grain. */
static void derive_runs(mdl_stream_runs_t *self, double sigma, double longest_s, double grain_s)
{
    double whole_s = sim_exp(self->mu + sigma * sigma / 2);
    double spread = sigma > 0 ? sigma : 1e-9;
    double cut = (sim_log(longest_s) - self->mu) / spread;

    self->mean_s = whole_s * mdl_normal_cdf(cut - spread) + longest_s * (1 - mdl_normal_cdf(cut));
    if (grain_s <= 0)
        return;
    double grain = (sim_log(grain_s) - self->mu) / spread;
    if (grain >= cut) { /* the grain swallows all jobs */
        self->chained_s = self->mean_s;
        return;
    }
    self->chained_s = whole_s * mdl_normal_cdf(grain - spread);
    self->long_share = 1 - mdl_normal_cdf(grain);
    self->long_score = grain;
}

/* Run times by size and end. `length`: median run time of each end over that of jobs that finish; `growth` of the log
 * per doubling of GPUs. */
static void derive_stream(mdl_stream_settings_t *self, double median_s, const double length[MDL_JOB_ENDS],
                          double growth)
{
    SIM_ASSERT(self->sizes <= MDL_STREAM_SIZES);
    for (int64_t size = 0; size < self->sizes; size++)
        for (int end = 0; end < MDL_JOB_ENDS; end++) {
            self->runs[size][end].mu = sim_log(median_s * length[end]) + growth * (double)size;
            derive_runs(&self->runs[size][end], self->sigma, self->longest_s, self->grain_s);
        }
    mdl_stream_derive(self);
}

static void share_ends(mdl_stream_settings_t *self, double cancelled, double failed)
{
    self->end_share[MDL_END_FINISHED] = 1 - cancelled - failed;
    self->end_share[MDL_END_CANCELLED] = cancelled;
    self->end_share[MDL_END_FAILED] = failed;
}

static void init_finetune(mdl_stream_settings_t *self, const mdl_params_t *params, double rate)
{
    const double length[MDL_JOB_ENDS] = {[MDL_END_FINISHED] = 1,
                                         [MDL_END_CANCELLED] = params->finetune_cancelled_length,
                                         [MDL_END_FAILED] = params->finetune_failed_length};

    *self = (mdl_stream_settings_t){.grain_s = (double)params->workload_grain_s,
                                    .size_ratio = params->finetune_size_ratio,
                                    .sizes = params->finetune_sizes,
                                    .sigma = params->finetune_sigma,
                                    .longest_s = (double)params->finetune_longest_s / rate,
                                    .startup_s = (int32_t)params->finetune_startup_s,
                                    .saved_s = (int32_t)params->finetune_saved_s};
    share_ends(self, params->finetune_cancelled, params->finetune_failed);
    derive_stream(self, (double)params->finetune_median_s / rate, length, params->finetune_growth);
}

static void init_batch(mdl_stream_settings_t *self, const mdl_params_t *params, double rate)
{
    const double length[MDL_JOB_ENDS] = {1, 1, 1};

    *self = (mdl_stream_settings_t){.grain_s = (double)params->workload_grain_s,
                                    .size_ratio = params->batch_size_ratio,
                                    .sizes = params->batch_sizes,
                                    .sigma = params->batch_sigma,
                                    .longest_s = (double)params->batch_longest_s / rate,
                                    .startup_s = (int32_t)params->batch_startup_s,
                                    .saved_s = (int32_t)params->batch_saved_s};
    share_ends(self, params->batch_cancelled, params->batch_failed);
    derive_stream(self, (double)params->batch_median_s / rate, length, 0);
}

static void init_training(mdl_workload_settings_t *self, const mdl_params_t *params, double rate)
{
    self->training_rate = rate;
    self->training_sigma = params->training_sigma;
    self->training_mean_s = (double)params->training_length_s / rate;
    self->training_mu = sim_log(self->training_mean_s) - params->training_sigma * params->training_sigma / 2;
    self->training_ladder = (uint32_t)params->training_ladder;
    self->training_startup_s = (int32_t)params->training_startup_s;
    self->checkpoint_interval_s = (int32_t)params->checkpoint_interval_s;
    self->checkpoint_pause_s = (int32_t)params->checkpoint_pause_s;
}

static void init_service(mdl_workload_settings_t *self, const mdl_params_t *params)
{
    self->service_interval_s = params->service_interval_s;
    self->service_swing = params->service_swing;
    self->service_peak_h = params->service_peak_h;
    mdl_service_keep_waves(self);
    self->service_noise = params->service_noise;
    self->service_band = params->service_band;
    self->service_slots = (double)params->service_slots;
    mdl_headroom_init(&self->service_headroom, &(mdl_holding_t){params->service_time, params->service_spread},
                      params->service_dispersion, params->service_target, params->service_attainment);
    mdl_service_keep_steps(self);
    self->service_startup_s = (int32_t)params->service_startup_s;
    self->service_replica_gpus = params->workload_grain_s > 0 ? MDL_NODE_GPUS : (uint32_t)params->service_replica_gpus;
}

static double usable(double rate)
{
    return rate > SLOWEST_RATE ? rate : SLOWEST_RATE;
}

void mdl_workload_settings_init(mdl_workload_settings_t *self, const mdl_params_t *params, const mdl_gpu_type_t *type)
{
    *self = (mdl_workload_settings_t){.grain_s = (double)params->workload_grain_s,
                                      .bundles = (uint32_t)params->workload_bundles,
                                      .patience_s = (double)params->workload_patience_s,
                                      .port_time_s = params->port_time_s,
                                      .port_throughput = params->port_throughput};
    init_training(self, params, usable(type->rate_training));
    init_finetune(&self->finetune, params, usable(type->rate_finetune));
    init_batch(&self->batch, params, usable(type->rate_batch));
    init_service(self, params);
}
