// SPDX-License-Identifier: GPL-3.0-or-later
/* The workload parameters as a data centre needs them: seconds on its own GPUs instead of on H100s. */
#ifndef MDL_WORKLOAD_SETTINGS_H
#define MDL_WORKLOAD_SETTINGS_H

#include "models/hardware/cluster.h"
#include "models/params/params.h"
#include "models/params/tables.h"
#include "models/scheduler/job.h"
#include "models/workload/latency.h"

#define MDL_SERVICE_WAVES 96 /* intervals of a day for which the daily wave is kept: quarters of an hour */

#define MDL_SERVICE_STEPS      128 /* nodes up to which it is known what they serve */
#define MDL_SERVICE_LEVEL_BITS 12  /* a level of load is 4,096 thousandths of GPUs, about half a node */
#define MDL_SERVICE_LEVELS     ((MDL_SERVICE_STEPS * MDL_NODE_GPUS * 1000 >> MDL_SERVICE_LEVEL_BITS) + 1)

/* What nodes of a service serve in time (mdl_service_nodes). */
typedef struct mdl_service_steps {
    int32_t served_mgpu[MDL_SERVICE_STEPS + 1]; /* the largest load, in thousandths of GPUs, of so many nodes */
    uint8_t nodes[MDL_SERVICE_LEVELS];          /* that serve the smallest load of each level */
} mdl_service_steps_t;

#define MDL_STREAM_SIZES 10 /* 1, 2, 4 ... 512 GPUs */

/* Run times of a stream's jobs of one size that end in one way: lognormal, cut at the longest. */
typedef struct mdl_stream_runs {
    float mu; /* of the logarithm of the run time in seconds */
    /* What follows from it and the grain: */
    float mean_s;     /* run time */
    float chained_s;  /* run time in jobs up to the grain, per job: E[d; d <= grain] */
    float long_share; /* of jobs that are longer */
    float long_score; /* where the longer ones begin, in standard deviations */
} mdl_stream_runs_t;

/* How units of one kind end: the share that fails, and the share that fails or is cancelled. */
typedef struct mdl_unit_ends {
    float failed, stopped;
} mdl_unit_ends_t;

/* Jobs of one size, as units (stream.h). */
typedef struct mdl_stream_size {
    double share;  /* of the stream's jobs */
    double single; /* units that are one job on its own GPUs, per job of the stream */
    mdl_unit_ends_t single_ends, chain_ends;
} mdl_stream_size_t;

/* What the jobs of all sizes below one come to, per job of the stream. */
typedef struct mdl_stream_sums {
    double units;                   /* each on its jobs' own GPUs */
    double single_gpus, chain_gpus; /* on one GPU */
    mdl_unit_ends_t chain_ends;     /* of chains of those sizes that are as tightly coupled as the last of them */
} mdl_stream_sums_t;

/* A stream of jobs of sizes 1, 2, 4 ... GPUs (stream.h). A job that is drawn asks for the first cache line, one or two
 * sums, and where it is kept for its size. */
typedef struct mdl_stream_settings {
    double grain_s; /* 0: job by job */
    double sigma;   /* of the logarithm of the run time */
    double longest_s;
    int32_t startup_s, saved_s;
    double size_ratio;
    int64_t sizes;
    _Alignas(64) mdl_stream_sums_t sums[MDL_STREAM_SIZES + 1];
    double end_share[MDL_JOB_ENDS];
    mdl_stream_size_t size[MDL_STREAM_SIZES];
    mdl_stream_runs_t runs[MDL_STREAM_SIZES][MDL_JOB_ENDS];
} mdl_stream_settings_t;

typedef struct mdl_workload_settings {
    double grain_s; /* 0: job by job */
    uint32_t bundles;
    double patience_s;
    double training_mu, training_sigma, training_mean_s;
    uint32_t training_ladder; /* times that a gang may halve its width */
    int32_t training_startup_s, checkpoint_interval_s, checkpoint_pause_s;
    mdl_stream_settings_t finetune, batch;
    int64_t service_interval_s;
    double service_wave[MDL_SERVICE_WAVES]; /* in each interval of a day, */
    bool service_waves_kept;                /* if a day has whole ones and no more (mdl_service_interval_at) */
    double service_swing, service_peak_h, service_noise, service_band;
    mdl_headroom_t service_headroom; /* in slots */
    double service_slots;            /* per GPU */
    mdl_service_steps_t service_steps;
    int32_t service_startup_s;
    uint32_t service_replica_gpus; /* with a grain a node's */
    int64_t port_time_s;
    double port_throughput;
    double training_rate; /* throughput of the GPU type against an H100 */
} mdl_workload_settings_t;

void mdl_workload_settings_init(mdl_workload_settings_t *self, const mdl_params_t *params, const mdl_gpu_type_t *type);

/* Distribution function of the standard normal, by its Taylor series (Marsaglia 2004), 0 and 1 beyond 8 deviations. */
double mdl_normal_cdf(double x);

#endif
