// SPDX-License-Identifier: GPL-3.0-or-later
/* Profiles: what the jobs of a published cluster are like, as constants of a generator (generator.h).
 *
 * profiles.def holds them, written by scripts/fit-workloads from the published summaries and traces; docs/WORKLOADS.md
 * shows how well they fit. A job's size is a power of two with the profile's shares; how it ends has the published
 * shares; its run time is lognormal, cut at the longest, where
 *
 *     log run time = log median_s[end] + growth x log2(GPUs) + sigma x (standard normal)
 *
 * or, where whole jobs are published, follows their quantiles, size by size, geometrically between two of them.
 *
 * sources: Hu et al., "Characterization and Prediction of Deep Learning Workloads in Large-Scale GPU Datacenters", SC
 * 2021 (Helios); Hu et al., "Characterization of Large Language Model Development in the Datacenter", NSDI 2024 (Acme);
 * Jeon et al., "Analysis of Large-Scale Multi-Tenant GPU Clusters for DNN Training Workloads", ATC 2019 (Philly), and
 * the summaries published with the first two.
 */
#ifndef MDL_PROFILE_H
#define MDL_PROFILE_H

#include "models/scheduler/job.h"
#include "models/workload/arrivals.h"
#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

#define MDL_PROFILE_SIZES     12 /* 1, 2, 4 ... 2048 GPUs */
#define MDL_RUN_PROBABILITIES 16 /* of a table of run times */

/* Run times by size: quantiles in seconds, ascending; zeros for sizes that do not occur. */
typedef double mdl_run_table_t[MDL_PROFILE_SIZES][MDL_RUN_PROBABILITIES];

/* What was published: what a generated stream must come back to. Jobs that have GPUs alone. */
typedef struct mdl_profile_published {
    double jobs;
    double mean_run_s, median_run_s;
    double mean_gpus, median_gpus;
    double end_share[MDL_JOB_ENDS]; /* of jobs, by end; rounded, so their sum may miss 1 */
    double gpu_s[MDL_JOB_ENDS];     /* GPU time in all, by end */
} mdl_profile_published_t;

typedef struct mdl_profile {
    const char *name;    /* "helios-earth" */
    const char *summary; /* one line */
    const char *source;  /* file it was fitted to */
    mdl_profile_published_t published;
    double gpus; /* of the cluster */
    double days; /* that the published numbers cover */
    double size_share[MDL_PROFILE_SIZES];
    double median_s[MDL_JOB_ENDS];
    double sigma, growth;
    const mdl_run_table_t *run_table; /* instead of the three above; NULL: none */
    double longest_s;
    const mdl_arrival_pattern_t *arrivals;
    uint32_t tenants;
    double tenant_exponent; /* Zipf's */
    double estimate_factor; /* estimates are uniform between 1 and 1 + this times the run time */
} mdl_profile_t;

/* All profiles. */
const mdl_profile_t *mdl_profiles(size_t *n);

/* The one of that name; NULL when there is none, with what might have been meant in `err`. */
const mdl_profile_t *mdl_profile_find(const char *name, sim_error_t *err);

/* The share of the cluster's GPUs that its published jobs kept allocated in the mean. */
double mdl_profile_load(const mdl_profile_t *self);

/* Mean GPU seconds of a job when jobs wider than `widest` GPUs (>= 1) are left out; 0 when none is left. */
double mdl_profile_gpu_s(const mdl_profile_t *self, uint32_t widest);

/* Run time in seconds (before rounding) of a job of 2^size GPUs with that end, at a standard normal score. */
double mdl_profile_run_s(const mdl_profile_t *self, uint32_t size, mdl_job_end_t end, double score);

#endif
