// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/shares.h"

#include "models/params/purpose.h"
#include "sim/time.h"

#include <stdlib.h>

#define MOST_KINDS 1024 /* kinds of request whose scores are kept */

/* A job of the trace while it waits or runs. */
typedef struct entry {
    mdl_tree_links_t links; /* in the queue */
    int64_t key;
    uint64_t tie; /* its place in the trace */
    mdl_fleet_request_t request;
    uint32_t node, gpus; /* while it runs: its node and its GPUs there */
    uint32_t record;     /* its place in the result */
} entry_t;

typedef struct run {
    const mdl_trace_t *trace;
    const mdl_shares_setup_t *setup;
    mdl_replay_result_t *out;
    mdl_fleet_t *fleet, *empty; /* as it is, and as it was, which tells what could ever run */
    mdl_placer_t *placer;
    mdl_demand_t *demands;
    sim_calendar_t *calendar; /* ends */
    entry_t *entries;
    mdl_tree_t queue;
    sim_rng_t rng;
    size_t next; /* submission */
    int64_t now_s;
    double held_milli, waiting_milli; /* GPU held, and asked for by the head, since now_s */
    mdl_blocked_t reason;
} run_t;

static void *block(size_t bytes)
{
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static double gpu_milli(const mdl_fleet_request_t *request)
{
    return (double)request->gpus * request->gpu_milli;
}

bool mdl_trace_has_parts(const mdl_trace_t *trace)
{
    for (size_t i = 0; i < trace->n; i++) {
        const mdl_trace_job_t *job = &trace->jobs[i];
        if (job->gpu_milli < MDL_GPU_MILLI || job->cpu_milli > 0 || job->memory_mib > 0)
            return true;
    }
    return false;
}

static mdl_fleet_request_t request_of(const mdl_trace_job_t *job)
{
    return (mdl_fleet_request_t){
        .cpu_milli = job->cpu_milli, .memory_mib = job->memory_mib, .gpus = job->gpus, .gpu_milli = job->gpu_milli};
}

static mdl_tree_items_t items_of(const run_t *run)
{
    return (mdl_tree_items_t){.base = (char *)run->entries,
                              .stride = sizeof(entry_t),
                              .links = offsetof(entry_t, links),
                              .key = offsetof(entry_t, key),
                              .tie = offsetof(entry_t, tie)};
}

static bool could_run(const run_t *run, const mdl_fleet_request_t *request)
{
    if (request->gpus > MDL_NODE_GPUS)
        return false;
    for (uint32_t i = 0; i < run->setup->nodes; i++)
        if (mdl_fleet_fits(mdl_fleet_node(run->empty, i), request))
            return true;
    return false;
}

static void submit(run_t *run)
{
    size_t i = run->next++;
    const mdl_trace_job_t *job = &run->trace->jobs[i];
    entry_t *entry = &run->entries[i];
    mdl_tree_items_t items = items_of(run);

    entry->request = request_of(job);
    if (!could_run(run, &entry->request)) {
        run->out->refused++;
        return;
    }
    entry->key = run->setup->shortest_first ? job->estimate_s : 0;
    entry->tie = i;
    entry->record = (uint32_t)run->out->n;
    run->out->jobs[run->out->n++] = (mdl_replay_job_t){.id = job->id,
                                                       .submit_s = (double)job->submit_s,
                                                       .run_s = (double)job->run_s,
                                                       .gpus = job->gpus,
                                                       .first_node = MDL_NONE};
    mdl_tree_insert(&run->queue, &items, (uint32_t)i);
}

static void end(run_t *run, uint32_t i)
{
    const entry_t *entry = &run->entries[i];
    mdl_replay_job_t *record = &run->out->jobs[entry->record];

    mdl_fleet_give(run->fleet, entry->node, &entry->request, entry->gpus);
    run->held_milli -= gpu_milli(&entry->request);
    record->end_s = (double)run->now_s;
    run->out->busy_gpu_s += record->run_s * gpu_milli(&entry->request) / MDL_GPU_MILLI;
}

/* Starts the head of the queue if some node has room for it. */
static bool start_head(run_t *run)
{
    uint32_t i = run->queue.first;
    entry_t *entry = &run->entries[i];
    mdl_tree_items_t items = items_of(run);

    entry->node = mdl_fleet_place(run->placer, run->fleet, &entry->request, &run->rng, &entry->gpus);
    if (entry->node == MDL_NONE)
        return false;
    mdl_fleet_take(run->fleet, entry->node, &entry->request, entry->gpus);
    mdl_tree_remove(&run->queue, &items, i);
    run->held_milli += gpu_milli(&entry->request);
    run->out->jobs[entry->record].start_s = (double)run->now_s;
    run->out->jobs[entry->record].first_node = entry->node;
    sim_event_t event = {.time_s = run->now_s + run->trace->jobs[i].run_s, .entity = i};
    return sim_calendar_schedule(run->calendar, &event, 0, NULL) == SIM_OK;
}

static void start_heads(run_t *run)
{
    while (run->queue.first != MDL_NONE && start_head(run))
        ;
    run->waiting_milli = 0;
    if (run->queue.first == MDL_NONE)
        return;
    run->waiting_milli = gpu_milli(&run->entries[run->queue.first].request);
    run->reason = run->waiting_milli > (double)run->fleet->gpu_milli_left ? MDL_BLOCKED_COUNT : MDL_BLOCKED_DOMAIN;
}

/* Brings the time integrals to the next instant. */
static void advance(run_t *run, int64_t to_s)
{
    double elapsed_s = (double)(to_s - run->now_s);

    run->out->allocated_gpu_s += elapsed_s * run->held_milli / MDL_GPU_MILLI;
    run->out->blocked_gpu_s[run->reason] += elapsed_s * run->waiting_milli / MDL_GPU_MILLI;
    run->now_s = to_s;
}

static void play(run_t *run)
{
    for (;;) {
        int64_t next_s = sim_calendar_next_time(run->calendar);
        sim_event_t event;
        if (run->next < run->trace->n && run->trace->jobs[run->next].submit_s < next_s)
            next_s = run->trace->jobs[run->next].submit_s;
        if (next_s == SIM_NEVER)
            return;
        advance(run, next_s);
        while (sim_calendar_pop(run->calendar, run->now_s + 1, &event))
            end(run, event.entity);
        while (run->next < run->trace->n && run->trace->jobs[run->next].submit_s == run->now_s)
            submit(run);
        start_heads(run);
    }
}

/* The placer, its typical requests being the trace's jobs but those wider than any node. */
static sim_status_t make_placer(run_t *run)
{
    uint32_t jobs = (uint32_t)run->trace->n, kinds = jobs < MOST_KINDS ? jobs : MOST_KINDS, n = 0;

    run->demands = calloc(jobs > 0 ? jobs : 1, sizeof *run->demands);
    if (run->demands == NULL)
        return SIM_ENOMEM;
    for (uint32_t i = 0; i < jobs; i++)
        if (run->trace->jobs[i].gpus <= MDL_NODE_GPUS)
            run->demands[n++] = (mdl_demand_t){.request = request_of(&run->trace->jobs[i]), .spec = "", .count = 1};
    uint32_t n_typical = mdl_demands_typical(run->demands, n);
    run->placer = block(mdl_placer_bytes(run->setup->nodes, kinds, n_typical));
    if (run->placer == NULL)
        return SIM_ENOMEM;
    mdl_placer_init(run->placer, run->setup->rule, run->setup->nodes, kinds, run->demands, n_typical);
    sim_rng_at(&run->rng, run->setup->seed, 0, 0, MDL_PURPOSE_SCHEDULER, 0);
    return SIM_OK;
}

/* Ends of running jobs that there may be at once: the calendar's bound. */
static uint32_t most_running(const mdl_trace_t *trace)
{
    return trace->n < SIM_CALENDAR_MAX_CAPACITY ? (uint32_t)trace->n + 1 : SIM_CALENDAR_MAX_CAPACITY;
}

static sim_status_t prepare(run_t *run, sim_error_t *err)
{
    const mdl_shares_setup_t *setup = run->setup;
    size_t n = run->trace->n > 0 ? run->trace->n : 1;

    run->fleet = block(mdl_fleet_bytes(setup->nodes));
    run->empty = block(mdl_fleet_bytes(setup->nodes));
    run->calendar = block(sim_calendar_bytes(most_running(run->trace)));
    run->entries = calloc(n, sizeof *run->entries);
    run->out->jobs = malloc(n * sizeof *run->out->jobs);
    if (run->fleet == NULL || run->empty == NULL || run->calendar == NULL || run->entries == NULL ||
        run->out->jobs == NULL || make_placer(run) < 0)
        return sim_fail(err, SIM_ENOMEM, "replay", "no memory for %zu jobs", run->trace->n);
    mdl_fleet_init(run->fleet, setup->hardware, setup->nodes);
    mdl_fleet_init(run->empty, setup->hardware, setup->nodes);
    sim_calendar_init(run->calendar, most_running(run->trace));
    mdl_tree_init(&run->queue);
    run->now_s = run->trace->n > 0 ? run->trace->jobs[0].submit_s : 0;
    run->out->gpus = (uint32_t)(run->fleet->gpu_milli_total / MDL_GPU_MILLI);
    return SIM_OK;
}

sim_status_t mdl_replay_shares(const mdl_trace_t *trace, const mdl_shares_setup_t *setup, mdl_replay_result_t *out,
                               sim_error_t *err)
{
    run_t run = {.trace = trace, .setup = setup, .out = out};
    double start_s = mdl_replay_wall_s();

    *out = (mdl_replay_result_t){0};
    if (setup->nodes == 0 || setup->rule >= MDL_RULES || trace->n >= SIM_CALENDAR_MAX_CAPACITY)
        return sim_fail(err, SIM_EINPUT, "replay",
                        "%u nodes, %zu jobs; expected at least a node and fewer than %u jobs", setup->nodes, trace->n,
                        SIM_CALENDAR_MAX_CAPACITY);
    sim_status_t status = mdl_replay_check(trace, MDL_NODE_GPUS, err);
    if (status == SIM_OK)
        status = prepare(&run, err);
    if (status == SIM_OK) {
        play(&run);
        status = mdl_fleet_verify(run.fleet, err);
    }
    out->seconds = mdl_replay_wall_s() - start_s;
    if (status < 0)
        mdl_replay_free(out);
    free(run.fleet);
    free(run.empty);
    free(run.placer);
    free(run.demands);
    free(run.calendar);
    free(run.entries);
    return status;
}
