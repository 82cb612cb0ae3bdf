// SPDX-License-Identifier: GPL-3.0-or-later
/* Synthetic jobs after a published cluster: a trace for any number of GPUs and any load.
 *
 * Jobs come as arrivals.h says, and are what profile.h says. Jobs of one session share tenant and size, and their run
 * times are alike. The rate is such that jobs ask for `load` x `gpus` GPUs in the mean, all run times being as drawn;
 * since a few long jobs make up most GPU time, what comes in any one month may be far from that. Jobs wider than the
 * cluster are left out, their share going to the others.
 *
 * Every draw stands at the number of its job (or at tenant and day or hour), so job k is the same however many are asked for;
 * another load moves its submission, and with it may hand it to another tenant, but nothing else.
 *
 *     mdl_generator_request_t request = {.profile = "helios-earth", .gpus = 512, .load = 0.8, .jobs = 10000};
 *     mdl_trace_t trace;
 *     if (mdl_generator_fill(&request, &trace, &err) == SIM_OK)
 *         ... trace.jobs[0 .. trace.n - 1], by submission ...
 *     mdl_trace_free(&trace);
 */
#ifndef MDL_GENERATOR_H
#define MDL_GENERATOR_H

#include "models/trace/trace.h"
#include "models/workload/arrivals.h"
#include "models/workload/profile.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_GENERATOR_YEARS 100 /* no stream is longer */

/* What to generate. Zero-initialise what does not matter. */
typedef struct mdl_generator_request {
    const char *profile; /* its name */
    uint32_t gpus;       /* of the cluster; 0: as many as the profile's cluster has */
    double load;         /* GPUs asked for in the mean over `gpus`, 0.0001 to 100; 0: the published one */
    uint64_t seed;
    uint32_t tenants; /* 0: the profile's number */
    size_t jobs;      /* stop after so many; 0: no bound */
    int64_t until_s;  /* stop before this second; 0: no bound but MDL_GENERATOR_YEARS */
} mdl_generator_request_t;

/* A stream of jobs under way. */
typedef struct mdl_generator {
    const mdl_profile_t *profile;
    mdl_arrivals_t arrivals;
    uint64_t seed;
    uint32_t gpus; /* and load: as requested, or the profile's */
    double load;
    double size_share[MDL_PROFILE_SIZES]; /* of sizes that fit */
    double until_s;
    uint64_t ordinal; /* of the next job */
    double at_s;      /* submission of the last one */
    double score;     /* run time of the session's first job, in standard deviations */
    uint32_t size;    /* log2 of its session's GPUs */
    uint32_t tenant;
} mdl_generator_t;

/* Checks the request and stands before the first job. SIM_EINPUT: unknown profile (with a suggestion), a number out of
 * its bounds, neither jobs nor until_s. */
sim_status_t mdl_generator_init(mdl_generator_t *self, const mdl_generator_request_t *request, sim_error_t *err);

/* The next job. Sessions overlap, so submissions are ascending but for some seconds; `id` is its number. False once a
 * session would start at until_s or later. */
bool mdl_generator_next(mdl_generator_t *self, mdl_trace_job_t *job);

/* A whole trace, by submission. Tenants are called "tenant-1" and so on, the most active first; processors is `gpus`.
 * Errors as above, and SIM_ENOMEM, SIM_ELIMIT when the jobs would take longer than MDL_GENERATOR_YEARS; then the trace
 * is empty and owns nothing. */
sim_status_t mdl_generator_fill(const mdl_generator_request_t *request, mdl_trace_t *out, sim_error_t *err);

#endif
