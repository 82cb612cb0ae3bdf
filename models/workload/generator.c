// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/generator.h"

#include "models/params/purpose.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "sim/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LEAST_LOAD 1e-4
#define MOST_LOAD  100.0
#define MOST_GPUS  (UINT32_C(1) << 24)
#define FIRST_ROOM 1024 /* jobs that a trace has room for at first */
#define NAME_BYTES 32   /* of a tenant's name */

/* What decides about a job, drawn in this order at its number. */
typedef struct job_draws {
    double more, size, tenant, end, estimate; /* uniform */
    double gap;                               /* standard exponential */
    double score;                             /* standard normal */
} job_draws_t;

static sim_status_t check_request(const mdl_generator_request_t *request, sim_error_t *err)
{
    if (request->gpus > MOST_GPUS)
        return sim_fail(err, SIM_EINPUT, "gpus", "found %u; expected at most %u", request->gpus, MOST_GPUS);
    if (request->load != 0 && !(request->load >= LEAST_LOAD && request->load <= MOST_LOAD))
        return sim_fail(err, SIM_EINPUT, "load", "found %g; expected %g to %g, or 0 for the profile's own",
                        request->load, LEAST_LOAD, MOST_LOAD);
    if (request->tenants > MDL_ARRIVALS_TENANTS)
        return sim_fail(err, SIM_EINPUT, "tenants", "found %u; expected at most %d", request->tenants,
                        MDL_ARRIVALS_TENANTS);
    if (request->until_s < 0 || request->until_s > MDL_GENERATOR_YEARS * 366 * SIM_DAY_S)
        return sim_fail(err, SIM_EINPUT, "until_s", "found %lld; expected 0 to %d years", (long long)request->until_s,
                        MDL_GENERATOR_YEARS);
    if (request->jobs == 0 && request->until_s == 0)
        return sim_fail(err, SIM_EINPUT, "jobs", "found neither a number of jobs nor a time to stop; expected one");
    return SIM_OK;
}

/* Keeps the sizes that fit. Returns false when none does. */
static bool keep_sizes(mdl_generator_t *self)
{
    double sum = 0;

    for (uint32_t k = 0; k < MDL_PROFILE_SIZES; k++) {
        self->size_share[k] = (UINT32_C(1) << k) <= self->gpus ? self->profile->size_share[k] : 0;
        sum += self->size_share[k];
    }
    return sum > 0;
}

sim_status_t mdl_generator_init(mdl_generator_t *self, const mdl_generator_request_t *request, sim_error_t *err)
{
    sim_status_t status = check_request(request, err);
    const mdl_profile_t *profile = mdl_profile_find(request->profile, err);

    if (status < 0 || profile == NULL)
        return SIM_EINPUT;
    *self = (mdl_generator_t){.profile = profile,
                              .seed = request->seed,
                              .gpus = request->gpus != 0 ? request->gpus : (uint32_t)profile->gpus,
                              .load = request->load != 0 ? request->load : mdl_profile_load(profile)};
    self->until_s = (double)(request->until_s != 0 ? request->until_s : MDL_GENERATOR_YEARS * 365 * SIM_DAY_S);
    if (!keep_sizes(self))
        return sim_fail(err, SIM_EINPUT, "gpus", "found %u; expected room for a job of the profile %s", self->gpus,
                        profile->name);
    double jobs_per_s = self->load * self->gpus / mdl_profile_gpu_s(profile, self->gpus);
    mdl_arrivals_init(&self->arrivals, profile->arrivals, request->tenants != 0 ? request->tenants : profile->tenants,
                      profile->tenant_exponent, jobs_per_s * (1 - profile->arrivals->more_share), request->seed);
    return SIM_OK;
}

static void draw_job(const mdl_generator_t *self, job_draws_t *draws)
{
    sim_rng_t rng;

    sim_rng_at(&rng, self->seed, 0, sim_entity_id(0, MDL_ENTITY_GENERATOR, 0), MDL_PURPOSE_GENERATED_JOB,
               self->ordinal);
    draws->more = sim_draw_uniform(&rng);
    draws->size = sim_draw_uniform(&rng);
    draws->tenant = sim_draw_uniform(&rng);
    draws->end = sim_draw_uniform(&rng);
    draws->estimate = sim_draw_uniform(&rng);
    draws->gap = sim_draw_exponential(&rng, 1);
    draws->score = sim_draw_normal(&rng, 0, 1);
}

/* Index in proportion to the weights, from a uniform variate. */
static uint32_t choose(const double *weight, uint32_t n, double u)
{
    double sum = 0, passed = 0;
    uint32_t last = 0;

    for (uint32_t i = 0; i < n; i++)
        sum += weight[i];
    for (uint32_t i = 0; i < n; i++) {
        if (weight[i] <= 0)
            continue;
        last = i;
        passed += weight[i];
        if (u * sum < passed)
            break;
    }
    return last;
}

/* Stands at the submission of the job that was drawn. Returns its score. */
static double submit(mdl_generator_t *self, const job_draws_t *draws)
{
    const mdl_arrival_pattern_t *pattern = self->profile->arrivals;

    if (self->ordinal > 0 && draws->more < pattern->more_share) {
        self->at_s += pattern->more_gap_s * draws->gap;
        return pattern->alike * self->score + sqrt(1 - pattern->alike * pattern->alike) * draws->score;
    }
    self->at_s = mdl_arrivals_next(&self->arrivals, draws->gap, self->until_s);
    self->size = choose(self->size_share, MDL_PROFILE_SIZES, draws->size);
    self->tenant = mdl_arrivals_tenant(&self->arrivals, draws->tenant);
    self->score = draws->score;
    return self->score;
}

static void fill_job(const mdl_generator_t *self, const job_draws_t *draws, double score, mdl_trace_job_t *job)
{
    mdl_job_end_t end = (mdl_job_end_t)choose(self->profile->published.end_share, MDL_JOB_ENDS, draws->end);
    int64_t run_s = sim_round_i64(mdl_profile_run_s(self->profile, self->size, end, score));
    int64_t spare_s = sim_round_i64((double)run_s * self->profile->estimate_factor * draws->estimate);

    *job = (mdl_trace_job_t){.id = (int64_t)self->ordinal,
                             .submit_s = (int64_t)self->at_s,
                             .run_s = run_s > 1 ? run_s : 1,
                             .estimate_s = (run_s > 1 ? run_s : 1) + spare_s,
                             .gpus = UINT32_C(1) << self->size,
                             .tenant = self->tenant,
                             .gpu_milli = 1000,
                             .job_class = MDL_JOB_FINETUNE,
                             .end = (uint8_t)end};
}

bool mdl_generator_next(mdl_generator_t *self, mdl_trace_job_t *job)
{
    while (self->arrivals.at_s < self->until_s) {
        job_draws_t draws;
        draw_job(self, &draws);
        double score = submit(self, &draws);
        bool inside = self->at_s < self->until_s; /* else the tail of the last session */
        if (inside)
            fill_job(self, &draws, score, job);
        self->ordinal++;
        if (inside)
            return true;
    }
    return false;
}

static sim_status_t grow(mdl_trace_t *trace, size_t *room, sim_error_t *err)
{
    size_t wanted = *room == 0 ? FIRST_ROOM : 2 * *room;
    mdl_trace_job_t *jobs = realloc(trace->jobs, wanted * sizeof *jobs);

    if (jobs == NULL)
        return sim_fail(err, SIM_ENOMEM, "generator", "no memory for %zu jobs; ask for fewer", wanted);
    trace->jobs = jobs;
    *room = wanted;
    return SIM_OK;
}

/* Moves the last job before those that were submitted later: at most the jobs of some seconds. */
static void put_in_order(mdl_trace_t *trace)
{
    size_t i = trace->n - 1;
    mdl_trace_job_t job = trace->jobs[i];

    for (; i > 0 && trace->jobs[i - 1].submit_s > job.submit_s; i--)
        trace->jobs[i] = trace->jobs[i - 1];
    trace->jobs[i] = job;
}

static sim_status_t fill_jobs(mdl_generator_t *self, size_t most, mdl_trace_t *trace, sim_error_t *err)
{
    mdl_trace_job_t job;
    size_t room = 0;

    while ((most == 0 || trace->n < most) && mdl_generator_next(self, &job)) {
        if (trace->n == room && grow(trace, &room, err) < 0)
            return SIM_ENOMEM;
        trace->jobs[trace->n++] = job;
        put_in_order(trace);
    }
    return SIM_OK;
}

/* Pointers and the names behind them in one block. */
static sim_status_t name_tenants(uint32_t n, mdl_trace_t *trace, sim_error_t *err)
{
    trace->tenants = malloc(n * (sizeof *trace->tenants + NAME_BYTES));
    if (trace->tenants == NULL)
        return sim_fail(err, SIM_ENOMEM, "generator", "no memory for %u tenants", n);
    char *name = (char *)(trace->tenants + n);
    for (; trace->n_tenants < n; name += NAME_BYTES) {
        trace->tenants[trace->n_tenants++] = name;
        (void)snprintf(name, NAME_BYTES, "tenant-%zu", trace->n_tenants);
    }
    return SIM_OK;
}

sim_status_t mdl_generator_fill(const mdl_generator_request_t *request, mdl_trace_t *out, sim_error_t *err)
{
    mdl_generator_t self;

    *out = (mdl_trace_t){0};
    sim_status_t status = mdl_generator_init(&self, request, err);
    if (status < 0)
        return status;
    out->processors = self.gpus;
    status = fill_jobs(&self, request->jobs, out, err);
    if (status == SIM_OK)
        status = name_tenants(self.arrivals.tenants, out, err);
    if (status == SIM_OK && request->until_s == 0 && out->n < request->jobs)
        status = sim_fail(err, SIM_ELIMIT, "jobs",
                          "found %zu that take more than %d years at load %g; expected fewer or a larger load",
                          request->jobs, MDL_GENERATOR_YEARS, self.load);
    if (status < 0)
        mdl_trace_free(out);
    return status;
}
