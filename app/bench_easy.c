// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay under EASY of a synthetic log of the kind of KTH-SP2: 100 processors, 28,000 jobs of which a third are serial
 * and most others take a power of two, run times over five decades up to 60 hours, estimates that are mostly several
 * times too long and come in round numbers, at load 0.75. */
#include "app/bench.h"
#include "app/bench_repeats.h"
#include "models/replay/queue.h"
#include "sim/draw.h"

#include <stdlib.h>

enum { PROCESSORS = 100, JOBS = 28000, REPEATS = 15, SEED = 1, LONGEST_S = 216000, ROUND_S = 300 };

static const double load = 0.75;

static uint32_t draw_width(sim_rng_t *rng)
{
    static const double shares[] = {0.33, 0.13, 0.10, 0.09, 0.05, 0.03, 0.27}; /* 1, 2, 4, 8, 16, 32, any to 40 */
    size_t kind = sim_draw_categorical(rng, shares, sizeof shares / sizeof shares[0]);

    return kind < 6 ? UINT32_C(1) << kind : 1 + (uint32_t)sim_draw_below(rng, 40);
}

static int64_t clamp_s(double s)
{
    return s < 1 ? 1 : s > LONGEST_S ? LONGEST_S : (int64_t)s;
}

static mdl_trace_job_t draw_job(sim_rng_t *rng)
{
    mdl_trace_job_t job = {.gpus = draw_width(rng), .gpu_milli = 1000};

    job.run_s = clamp_s(sim_draw_lognormal(rng, 6.7, 2.6));
    int64_t asked_s = clamp_s((double)job.run_s * (1 + sim_draw_exponential(rng, 1.5)) + ROUND_S);
    asked_s = (asked_s + ROUND_S - 1) / ROUND_S * ROUND_S;
    job.estimate_s = asked_s > job.run_s ? asked_s : job.run_s;
    return job;
}

/* Jobs first, then submissions: the mean gap follows from what the jobs ask for. */
static void fill(mdl_trace_t *trace)
{
    double asked_gpu_s = 0, at_s = 0;
    sim_rng_t rng;

    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    for (trace->n = 0; trace->n < JOBS; trace->n++) {
        mdl_trace_job_t *job = &trace->jobs[trace->n];
        *job = draw_job(&rng);
        job->id = (int64_t)trace->n;
        asked_gpu_s += (double)job->run_s * job->gpus;
    }
    double gap_s = asked_gpu_s / (load * PROCESSORS * JOBS);
    for (size_t i = 0; i < JOBS; i++) {
        at_s += sim_draw_exponential(&rng, gap_s);
        trace->jobs[i].submit_s = (int64_t)at_s;
    }
}

static sim_status_t measure(const mdl_trace_t *trace, app_easy_result_t *result, sim_error_t *err)
{
    const mdl_replay_setup_t setup = {.policy = {.reservation = MDL_RESERVATION_EASY},
                                      .nodes = PROCESSORS,
                                      .node_gpus = 1,
                                      .pool = true,
                                      .one_by_one = true};
    double rates[REPEATS];

    for (int r = -1; r < REPEATS; r++) { /* the first warms up */
        mdl_replay_result_t replay;
        sim_status_t status = mdl_replay_queue(trace, &setup, &replay, err);
        if (status < 0)
            return status;
        if (r >= 0)
            rates[r] = (double)replay.n / replay.seconds;
        double first_s = replay.jobs[0].submit_s, last_s = first_s;
        result->wait_s = 0;
        for (size_t i = 0; i < replay.n; i++) {
            last_s = replay.jobs[i].end_s > last_s ? replay.jobs[i].end_s : last_s;
            result->wait_s += (replay.jobs[i].start_s - replay.jobs[i].submit_s) / (double)replay.n;
        }
        result->load = replay.busy_gpu_s / (PROCESSORS * (last_s - first_s));
        mdl_replay_free(&replay);
    }
    app_bench_sort(rates, REPEATS);
    result->jobs_per_s = rates[REPEATS / 2];
    result->low_per_s = rates[0];
    result->high_per_s = rates[REPEATS - 1];
    return SIM_OK;
}

sim_status_t app_bench_easy(app_easy_result_t *result, sim_error_t *err)
{
    mdl_trace_t trace = {.jobs = calloc(JOBS, sizeof *trace.jobs)};

    *result = (app_easy_result_t){.processors = PROCESSORS, .jobs = JOBS, .repeats = REPEATS};
    if (trace.jobs == NULL)
        return sim_fail(err, SIM_ENOMEM, "bench", "no memory for the trace");
    fill(&trace);
    sim_status_t status = measure(&trace, result, err);
    free(trace.jobs);
    return status;
}
