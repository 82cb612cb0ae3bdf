// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/sharing_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double largest_s = 1e15; /* beyond, seconds are no longer told apart */

void mdl_sharing_charge(mdl_sharing_t *self, mdl_turn_job_t *job)
{
    double worked_s = self->now_s - job->last_s - job->overhead_s;
    self->allocated_gpu_s += (self->now_s - job->last_s) * job->gpus;
    if (worked_s <= 0 || job->iteration_s == 0)
        return;
    job->iterations -= worked_s / job->iteration_s;
    self->busy_gpu_s += worked_s * job->gpus;
}

enum { LAST_SIZE = 63 };

/* Counts a job that begins (+1) or ceases (-1) to wait. */
static void count_waiting(mdl_sharing_t *self, const mdl_turn_job_t *job, int change)
{
    uint32_t size = job->gpus < LAST_SIZE ? job->gpus : LAST_SIZE;
    uint32_t *count = &self->waiting[job->queue][size];
    *count += (uint32_t)change;
    if (*count == 0)
        self->sizes[job->queue] &= ~(UINT64_C(1) << size);
    else
        self->sizes[job->queue] |= UINT64_C(1) << size;
}

bool mdl_sharing_any_fits(const mdl_sharing_t *self, uint32_t queue)
{
    uint32_t size = self->yarn.free_gpus < LAST_SIZE ? self->yarn.free_gpus : LAST_SIZE;
    return (self->sizes[queue] & (UINT64_MAX >> (LAST_SIZE - size))) != 0;
}

void mdl_sharing_arrive(mdl_sharing_t *self)
{
    mdl_turn_job_t *job = &self->jobs[self->arrived++];
    job->waits_from = self->n_steps;
    count_waiting(self, job, 1);
}

static void settle_wait(const mdl_sharing_t *self, mdl_turn_job_t *job)
{
    double wait_s = job->wait_s;
    for (size_t i = job->waits_from; i < self->n_steps; i++)
        wait_s += self->steps_s[i];
    job->wait_s = wait_s;
    job->waits_from = self->n_steps;
}

void mdl_sharing_end(mdl_sharing_t *self, uint32_t job)
{
    mdl_turn_job_t *ended = &self->jobs[job];
    double gpu_s = (self->now_s - ended->last_s) * ended->gpus;
    self->allocated_gpu_s += gpu_s;
    self->busy_gpu_s += gpu_s;
    ended->held_s += self->now_s - ended->last_s;
    ended->state = MDL_TURN_ENDED;
    ended->end_s = self->now_s;
    if (self->pieces != NULL)
        self->pieces[ended->piece].end_s = self->now_s;
    self->order[self->ended++] = job;
}

void mdl_sharing_run(mdl_sharing_t *self, uint32_t job, uint32_t node)
{
    mdl_turn_job_t *placed = &self->jobs[job];
    placed->node = node;
    self->running[self->n_running++] = job;
    if (placed->state == MDL_TURN_RUNNING)
        return;
    settle_wait(self, placed);
    count_waiting(self, placed, -1);
    placed->state = MDL_TURN_RUNNING;
    placed->last_s = self->now_s;
    if (placed->start_s < 0)
        placed->start_s = self->now_s;
    placed->piece = (uint32_t)self->n_pieces;
    if (self->pieces != NULL)
        self->pieces[self->n_pieces] = (mdl_replay_piece_t){.job = job, .start_s = self->now_s};
    self->n_pieces++;
}

void mdl_sharing_stop(mdl_sharing_t *self, uint32_t job)
{
    mdl_turn_job_t *stopped = &self->jobs[job];
    stopped->state = MDL_TURN_WAITING;
    stopped->stops++;
    stopped->waits_from = self->n_steps;
    count_waiting(self, stopped, 1);
    if (self->pieces != NULL)
        self->pieces[stopped->piece].end_s = self->now_s;
}

void mdl_sharing_block(mdl_sharing_t *self, uint32_t gpus)
{
    if (self->blocked_gpus != 0)
        return;
    self->blocked_gpus = gpus;
    self->blocked_reason = gpus > self->yarn.free_gpus ? MDL_BLOCKED_COUNT : MDL_BLOCKED_DOMAIN;
}

double mdl_sharing_predict(const mdl_sharing_t *self, const mdl_turn_job_t *job)
{
    double end_s = self->now_s + job->iterations * job->iteration_s;
    return end_s > self->now_s ? end_s : self->now_s; /* rounding may leave less than no work */
}

/* Seconds that an event costs a job (Muri's table), by model and log2 of the GPUs, 1 to 32. */
static double table_overhead_s(const mdl_muri_job_t *job)
{
    static const struct {
        const char *model;
        uint8_t seconds[6];
    } table[] = {
        {"vgg16", {7, 7, 8, 9, 9, 10}},    {"vgg19", {7, 7, 8, 9, 10, 10}},
        {"resnet18", {4, 5, 5, 7, 7, 7}},  {"shufflenet_v2_x1_0", {4, 4, 5, 5, 7, 8}},
        {"a2c", {38, 39, 39, 46, 46, 46}}, {"dqn", {5, 5, 6, 6, 8, 8}},
    };
    uint32_t column = 0;
    while (column < 5 && UINT32_C(1) << column < job->gpus)
        column++;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].model, job->model) == 0)
            return table[i].seconds[column];
    return 10; /* bert, gpt2 and all others */
}

static mdl_turn_job_t turn_job(const mdl_muri_t *trace, size_t source, const mdl_sharing_options_t *options)
{
    const mdl_muri_job_t *job = &trace->jobs[source];
    bool table = options->overhead == MDL_SHARING_OVERHEAD_TABLE;
    return (mdl_turn_job_t){
        .iteration_s = job->iteration_ms * 1.015 / 1000, /* those simulators let a job run 1.5 % slower than alone */
        .overhead_s = table ? table_overhead_s(job) : options->overhead_s,
        .iterations = job->iterations,
        .submit_s = job->submit_ms / 1000,
        .start_s = -1,
        .gpus = job->gpus,
        .source = (uint32_t)source,
        .node = MDL_NONE,
    };
}

static bool within(double seconds)
{
    return seconds >= 0 && seconds <= largest_s;
}

static sim_status_t check(const mdl_muri_t *trace, uint32_t nodes, uint32_t gpus_per_node,
                          const mdl_sharing_options_t *options, sim_error_t *err)
{
    uint64_t gpus = (uint64_t)nodes * gpus_per_node;
    if (gpus == 0 || gpus >= MDL_TURN_RUNS)
        return sim_fail(err, SIM_EINPUT, "cluster", "%u nodes of %u GPUs; expected 1 to %u GPUs in all", nodes,
                        gpus_per_node, MDL_TURN_RUNS - 1);
    if (!within(options->overhead_s) || !within(options->limit_gpu_s[0]) || !within(options->limit_gpu_s[1]))
        return sim_fail(err, SIM_EINPUT, "options", "overhead %g s, limits %g and %g GPU s; expected 0 to %g",
                        options->overhead_s, options->limit_gpu_s[0], options->limit_gpu_s[1], largest_s);
    if (trace->n >= MDL_NONE)
        return sim_fail(err, SIM_EINPUT, "trace", "%zu jobs; expected fewer than %u", trace->n, MDL_NONE);
    for (size_t i = 0; i < trace->n; i++) {
        const mdl_muri_job_t *job = &trace->jobs[i];
        if (!within(job->submit_ms / 1000) || !within(job->iterations) || !within(job->iteration_ms / 1000) ||
            !within(job->iterations * job->iteration_ms / 1000))
            return sim_fail(err, SIM_EINPUT, "trace",
                            "job %lld: submitted at %g ms, %g iterations of %g ms; expected 0 to %g s",
                            (long long)job->id, job->submit_ms, job->iterations, job->iteration_ms, largest_s);
    }
    return SIM_OK;
}

static void free_state(mdl_sharing_t *self)
{
    free(self->jobs);
    free(self->list);
    free(self->scratch);
    for (size_t q = 0; q < MDL_SHARING_QUEUES; q++)
        free(self->queues[q]);
    free(self->given);
    free(self->skipped);
    free(self->steps_s);
    free(self->running);
    free(self->ends);
    free(self->order);
    mdl_yarn_free(&self->yarn);
}

/* Room for n jobs in every list; at least one, so that no list is NULL. */
static int allocate(mdl_sharing_t *self, size_t n)
{
    bool failed = false;
    mdl_turn_place_t **places[] = {&self->queues[0], &self->queues[1], &self->queues[2], &self->given, &self->skipped};
    uint32_t **lists[] = {&self->running, &self->ends, &self->order};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        failed |= (*places[i] = calloc(n + 1, sizeof **places[i])) == NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        failed |= (*lists[i] = calloc(n + 1, sizeof **lists[i])) == NULL;
    failed |= (self->jobs = calloc(n + 1, sizeof *self->jobs)) == NULL;
    failed |= (self->list = calloc(n + 1, sizeof *self->list)) == NULL;
    failed |= (self->scratch = calloc(n + 1, sizeof *self->scratch)) == NULL;
    failed |= (self->steps_s = calloc(n + 1, sizeof *self->steps_s)) == NULL;
    return failed ? -1 : 0;
}

static bool can_run(const mdl_sharing_t *self, const mdl_muri_job_t *job)
{
    return job->gpus > 0 && job->gpus <= self->yarn.nodes * self->yarn.gpus_per_node;
}

/* Puts the jobs that can run, or those that never can, at `to`, in order of arrival; those of one time in order of the
 * file. Returns how many. */
static size_t place_jobs(mdl_sharing_t *self, const mdl_muri_t *trace, bool wanted, mdl_turn_job_t *to)
{
    size_t n = 0;
    for (size_t i = 0; i < trace->n; i++)
        if (can_run(self, &trace->jobs[i]) == wanted)
            self->list[n++] = (mdl_replay_key_t){.key = trace->jobs[i].submit_ms / 1000, .index = (uint32_t)i};
    mdl_replay_sort(self->list, self->scratch, n);
    for (size_t i = 0; i < n; i++)
        to[i] = turn_job(trace, self->list[i].index, self->options);
    return n;
}

/* Sets everything to before the first arrival. Returns how many jobs can never run. */
static size_t reset(mdl_sharing_t *self, const mdl_muri_t *trace)
{
    self->n = place_jobs(self, trace, true, self->jobs);
    self->n_refused = place_jobs(self, trace, false, &self->jobs[self->n]);
    self->turned_away = 0;
    self->arrived = self->ended = self->n_list = self->n_running = self->n_ends = self->n_pieces = 0;
    self->n_steps = 0;
    memset(self->n_queue, 0, sizeof self->n_queue);
    memset(self->n_settled, 0, sizeof self->n_settled);
    memset(self->n_front, 0, sizeof self->n_front);
    memset(self->waiting, 0, sizeof self->waiting);
    memset(self->sizes, 0, sizeof self->sizes);
    memset(self->blocked_gpu_s, 0, sizeof self->blocked_gpu_s);
    self->busy_gpu_s = self->allocated_gpu_s = self->now_s = 0;
    self->blocked_gpus = 0;
    self->end_s = self->demotion_s = INFINITY;
    return self->n_refused;
}

/* Goes to the next event. The log of steps has room for as many as there are jobs; when it is full all waits so far are
 * added up. */
static void go_to(mdl_sharing_t *self, double next_s)
{
    self->blocked_gpu_s[self->blocked_reason] += (next_s - self->now_s) * self->blocked_gpus;
    self->blocked_gpus = 0;
    self->steps_s[self->n_steps++] = next_s - self->now_s;
    self->now_s = next_s;
    if (self->n_steps < self->n)
        return;
    for (size_t i = 0; i < self->arrived; i++) {
        if (self->jobs[i].state == MDL_TURN_WAITING)
            settle_wait(self, &self->jobs[i]);
        self->jobs[i].waits_from = 0;
    }
    self->n_steps = 0;
}

/* When the next job comes. One that can never run comes too: an event like any other, which costs running jobs their
 * overhead. */
static double next_arrival(const mdl_sharing_t *self)
{
    double runs_s = self->arrived < self->n ? self->jobs[self->arrived].submit_s : INFINITY;
    bool any = self->turned_away < self->n_refused;
    double refused_s = any ? self->jobs[self->n + self->turned_away].submit_s : INFINITY;
    return refused_s < runs_s ? refused_s : runs_s;
}

static void turn_away(mdl_sharing_t *self)
{
    while (self->turned_away < self->n_refused && self->jobs[self->n + self->turned_away].submit_s == self->now_s)
        self->turned_away++;
}

static void run(mdl_sharing_t *self)
{
    while (self->ended < self->n) {
        double arrival_s = next_arrival(self);
        double next_s = self->end_s < arrival_s ? self->end_s : arrival_s;
        if (self->demotion_s < next_s)
            next_s = self->demotion_s;
        go_to(self, next_s);
        turn_away(self);
        bool ends_due = self->end_s <= next_s;
        if (self->options->order == MDL_SHARING_LAS)
            mdl_sharing_event_las(self, ends_due);
        else
            mdl_sharing_event_shortest(self, ends_due);
    }
}

static mdl_replay_job_t report(const mdl_turn_job_t *job, const mdl_muri_t *trace)
{
    return (mdl_replay_job_t){
        .id = trace->jobs[job->source].id,
        .submit_s = job->submit_s,
        .start_s = job->start_s,
        .end_s = job->end_s,
        .run_s = trace->jobs[job->source].iterations * job->iteration_s,
        .gpus = job->gpus,
        .first_node = job->node,
        .stops = job->stops,
        .held_s = job->held_s,
        .wait_s = job->wait_s,
    };
}

static void fill_result(mdl_sharing_t *self, const mdl_muri_t *trace, mdl_replay_result_t *out)
{
    out->n = self->n;
    out->gpus = self->yarn.nodes * self->yarn.gpus_per_node;
    out->busy_gpu_s = self->busy_gpu_s;
    out->allocated_gpu_s = self->allocated_gpu_s;
    memcpy(out->blocked_gpu_s, self->blocked_gpu_s, sizeof out->blocked_gpu_s);
    for (size_t i = 0; i < self->n; i++) {
        out->jobs[i] = report(&self->jobs[self->order[i]], trace);
        self->ends[self->order[i]] = (uint32_t)i;
    }
    out->n_pieces = out->pieces == NULL ? 0 : self->n_pieces;
    for (size_t i = 0; i < out->n_pieces; i++)
        out->pieces[i].job = self->ends[out->pieces[i].job];
}

static double run_timed(mdl_sharing_t *self)
{
    double start_s = mdl_replay_wall_s();
    run(self);
    return mdl_replay_wall_s() - start_s;
}

/* The replay between set-up and result; a second time when pieces are wanted, whose number the first has shown. */
static int replay(mdl_sharing_t *self, const mdl_muri_t *trace, mdl_replay_result_t *out)
{
    out->jobs = calloc(trace->n + 1, sizeof *out->jobs);
    if (out->jobs == NULL)
        return -1;
    out->refused = reset(self, trace);
    out->seconds = run_timed(self);
    if (self->options->pieces) {
        out->pieces = self->pieces = calloc(self->n_pieces + 1, sizeof *self->pieces);
        if (self->pieces == NULL)
            return -1;
        reset(self, trace);
        run(self);
    }
    fill_result(self, trace, out);
    return 0;
}

sim_status_t mdl_replay_sharing(const mdl_muri_t *trace, uint32_t nodes, uint32_t gpus_per_node,
                                const mdl_sharing_options_t *options, mdl_replay_result_t *out, sim_error_t *err)
{
    mdl_sharing_t self = {.options = options};
    *out = (mdl_replay_result_t){0};
    sim_status_t status = check(trace, nodes, gpus_per_node, options, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < MDL_SHARING_QUEUES - 1; i++)
        self.limit_gpu_s[i] = options->limit_gpu_s[i] > 0 ? options->limit_gpu_s[i] : (double[]){3250, 7200}[i];
    if (mdl_yarn_init(&self.yarn, nodes, gpus_per_node) < 0 || allocate(&self, trace->n) < 0 ||
        replay(&self, trace, out) < 0) {
        mdl_replay_free(out);
        status = sim_fail(err, SIM_ENOMEM, "replay", "no memory for %zu jobs", trace->n);
    }
    free_state(&self);
    return status;
}
