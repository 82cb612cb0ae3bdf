// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/queue.h"

#include "models/hardware/pool.h"
#include "sim/time.h"

#include <stdlib.h>
#include <string.h>

#define NO_QUOTA   (UINT32_C(1) << 31)
#define FIRST_JOBS 1024 /* room in the job table at first; it doubles */

/* A replay under way. */
typedef struct run {
    const mdl_trace_t *trace;
    const mdl_replay_setup_t *setup;
    mdl_replay_result_t *out;
    mdl_cluster_t *cluster;
    mdl_scheduler_t *scheduler;
    sim_calendar_t *calendar; /* ends of running jobs */
    uint32_t *record;         /* of a job in the table: its place in out->jobs */
    uint32_t *piece;          /* of a running job that may be preempted: its place in out->pieces */
    size_t room;              /* for pieces */
    uint32_t *due;            /* jobs that end at this instant */
    uint32_t tenants;
    size_t next;       /* submission */
    int64_t next_at_s; /* when it is; SIM_NEVER: there is none */
    int64_t now_s;
    int64_t end_s;       /* of the calendar: its first; SIM_NEVER: none */
    sim_status_t status; /* of a start that found the calendar full or no memory */
} run_t;

static void *block(size_t bytes)
{
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static sim_status_t no_memory(sim_error_t *err, size_t jobs)
{
    return sim_fail(err, SIM_ENOMEM, "replay", "no memory for %zu jobs", jobs);
}

/* Lowest node that a job holds. */
static uint32_t first_node(mdl_cluster_t *cluster, const mdl_job_t *job)
{
    uint32_t first = job->part_node;

    for (uint32_t i = job->gang; i != MDL_NONE; i = mdl_cluster_node(cluster, i)->next_of_gang)
        first = i < first ? i : first;
    return first;
}

static bool preempts(const run_t *run)
{
    return run->setup->policy.preemption != MDL_PREEMPTION_NONE;
}

/* A stretch of a job on GPUs begins. */
static void begin_piece(run_t *run, uint32_t index)
{
    mdl_replay_result_t *out = run->out;

    if (out->n_pieces == run->room) {
        size_t room = run->room > 0 ? 2 * run->room : FIRST_JOBS;
        mdl_replay_piece_t *pieces = realloc(out->pieces, room * sizeof *pieces);
        if (pieces == NULL) {
            run->status = SIM_ENOMEM;
            return;
        }
        out->pieces = pieces;
        run->room = room;
    }
    run->piece[index] = (uint32_t)out->n_pieces;
    out->pieces[out->n_pieces++] =
        (mdl_replay_piece_t){.job = run->record[index], .start_s = (double)run->now_s, .end_s = (double)run->now_s};
}

static void end_piece(run_t *run, uint32_t index)
{
    if (preempts(run) && run->status == SIM_OK)
        run->out->pieces[run->piece[index]].end_s = (double)run->now_s;
}

/* Until a job has ended, its record's end_s says since when it waits. */
static void on_started(void *user, uint32_t index)
{
    run_t *run = user;
    mdl_job_t *job = mdl_scheduler_job(run->scheduler, index);
    mdl_replay_job_t *record = &run->out->jobs[run->record[index]];
    sim_event_t end = {.time_s = run->now_s + mdl_job_attempt_s(job), .entity = index};

    if (record->stops == 0)
        record->start_s = (double)run->now_s;
    record->wait_s += (double)run->now_s - record->end_s;
    record->first_node = run->setup->pool ? MDL_NONE : first_node(run->cluster, job);
    if (preempts(run))
        begin_piece(run, index);
    run->end_s = end.time_s < run->end_s ? end.time_s : run->end_s;
    if (sim_calendar_schedule(run->calendar, &end, 0, &job->end_event) < 0)
        run->status = SIM_EINTERNAL;
}

static int64_t on_stopped(void *user, uint32_t index)
{
    run_t *run = user;
    const mdl_job_t *job = mdl_scheduler_job(run->scheduler, index);

    (void)sim_calendar_cancel(run->calendar, job->end_event);
    run->end_s = sim_calendar_next_time(run->calendar);
    end_piece(run, index);
    run->out->jobs[run->record[index]].stops++;
    run->out->jobs[run->record[index]].end_s = (double)run->now_s;
    return mdl_job_progress(job, run->now_s).computed_s;
}

/* Of a job whose index nobody knows yet: the latest submission. */
static void on_started_at_once(void *user, uint32_t index)
{
    run_t *run = user;

    run->record[index] = (uint32_t)run->out->n - 1;
    on_started(user, index);
}

static void pass(run_t *run)
{
    mdl_scheduler_pass(run->scheduler, run->cluster, run->now_s, &(mdl_scheduler_host_t){run, on_started, on_stopped});
}

/* Twice the room for jobs, once all of it is in use. */
static sim_status_t grow(run_t *run, sim_error_t *err)
{
    uint32_t jobs = 2 * run->scheduler->jobs;
    mdl_scheduler_t *scheduler = block(mdl_scheduler_bytes(jobs, run->tenants, &run->setup->policy));
    sim_calendar_t *calendar = jobs <= SIM_CALENDAR_MAX_CAPACITY ? block(sim_calendar_bytes(jobs)) : NULL;
    uint32_t *record = realloc(run->record, jobs * sizeof *record);

    if (record != NULL)
        run->record = record;
    uint32_t *due = realloc(run->due, jobs * sizeof *due);
    if (due != NULL)
        run->due = due;
    uint32_t *piece = realloc(run->piece, jobs * sizeof *piece);
    if (piece != NULL)
        run->piece = piece;
    if (scheduler == NULL || calendar == NULL || record == NULL || due == NULL || piece == NULL) {
        free(scheduler);
        free(calendar);
        return no_memory(err, jobs);
    }
    mdl_scheduler_grow_into(scheduler, jobs, run->tenants, run->scheduler);
    sim_calendar_grow_into(calendar, jobs, run->calendar);
    free(run->scheduler);
    free(run->calendar);
    run->scheduler = scheduler;
    run->calendar = calendar;
    return SIM_OK;
}

static mdl_job_request_t request_of(const run_t *run, const mdl_trace_job_t *job)
{
    return (mdl_job_request_t){.work_s = job->run_s,
                               .estimate_s = job->estimate_s,
                               .gpus = job->gpus,
                               .interval_s = INT32_MAX,
                               .pause_s = run->setup->restart_s,
                               .job_class = job->job_class};
}

static void turn_to(run_t *run, size_t submission)
{
    run->next = submission;
    run->next_at_s = submission < run->trace->n ? run->trace->jobs[submission].submit_s : SIM_NEVER;
}

/* Where a pass follows before the next submission, a job that finds nobody waiting starts without a queue. */
static uint32_t hand_over(run_t *run, uint32_t tenant, const mdl_job_request_t *request)
{
    if (run->setup->one_by_one || run->next_at_s != run->now_s)
        return mdl_scheduler_start(run->scheduler, run->cluster, tenant, run->now_s, request,
                                   &(mdl_scheduler_host_t){run, on_started_at_once, on_stopped});
    return mdl_scheduler_submit(run->scheduler, run->cluster, tenant, run->now_s, request);
}

static sim_status_t submit(run_t *run, sim_error_t *err)
{
    const mdl_trace_job_t *job = &run->trace->jobs[run->next];
    mdl_job_request_t request = request_of(run, job);

    turn_to(run, run->next + 1);
    if (run->scheduler->queued + run->scheduler->running == run->scheduler->jobs && grow(run, err) < 0)
        return SIM_ENOMEM;
    run->out->jobs[run->out->n++] = (mdl_replay_job_t){.id = job->id,
                                                       .submit_s = (double)job->submit_s,
                                                       .end_s = (double)job->submit_s,
                                                       .run_s = (double)job->run_s,
                                                       .gpus = job->gpus,
                                                       .first_node = MDL_NONE};
    uint32_t index = hand_over(run, run->tenants > 1 ? job->tenant : 0, &request);
    if (index != MDL_NONE) {
        run->record[index] = (uint32_t)run->out->n - 1;
    } else {
        run->out->n--;
        run->out->refused++;
    }
    return SIM_OK;
}

static void note_end(run_t *run, uint32_t index)
{
    mdl_replay_job_t *record = &run->out->jobs[run->record[index]];

    record->end_s = (double)run->now_s;
    record->held_s = record->end_s - record->submit_s - record->wait_s;
    end_piece(run, index);
    run->out->busy_gpu_s += record->run_s * record->gpus;
}

/* Whether a job comes to its end before another that ends at the same time: the one that started first does, of two
 * that started together under conservative reservations the one whose start was settled first. Others start as they are
 * decided on, and end so. */
static bool ends_before(const mdl_job_t *a, const mdl_job_t *b)
{
    if (a->start_s != b->start_s)
        return a->start_s < b->start_s;
    return (int32_t)(a->promise_number - b->promise_number) < 0;
}

/* Jobs whose end is now, in the order of the decisions on their starts. The calendar has them in that of their starts,
 * which is nearly the same. */
static uint32_t collect_due(run_t *run)
{
    sim_event_t event;
    uint32_t n = 0;

    for (; run->end_s <= run->now_s && sim_calendar_pop(run->calendar, run->now_s + 1, &event); n++) {
        const mdl_job_t *job = mdl_scheduler_job(run->scheduler, event.entity);
        uint32_t at = n;
        for (; at > 0 && ends_before(job, mdl_scheduler_job(run->scheduler, run->due[at - 1])); at--)
            run->due[at] = run->due[at - 1];
        run->due[at] = event.entity;
        run->end_s = sim_calendar_next_time(run->calendar);
    }
    return n;
}

/* Ends those of the due jobs whose estimate is up, and marks them; where jobs are preempted all that are due, so that
 * none is stopped at its own end. Nobody has been told yet. */
static void expire(run_t *run, uint32_t n)
{
    bool all = run->setup->policy.preemption != MDL_PREEMPTION_NONE;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t index = run->due[i];
        if (!all && mdl_job_estimated_end_s(mdl_scheduler_job(run->scheduler, index)) > run->now_s)
            continue;
        note_end(run, index);
        mdl_scheduler_expire(run->scheduler, run->cluster, index, MDL_END_FINISHED);
        run->due[i] = MDL_NONE;
    }
}

/* Whether a submission of `gpus` has the queue looked at. Under EASY pyss waits with that for a job that fits, or for
 * the next end: a job whose estimate is up has left room by then, and who gets it depends on who has come. */
static bool is_looked_at(const run_t *run, uint32_t gpus)
{
    const mdl_policy_t *policy = &run->setup->policy;
    bool easy = policy->reservation == MDL_RESERVATION_EASY || policy->reservation == MDL_RESERVATION_EASY_SJBF;

    return !easy || policy->order != MDL_ORDER_FCFS || preempts(run) || gpus <= run->cluster->free_gpus;
}

static sim_status_t instant_one_by_one(run_t *run, sim_error_t *err)
{
    uint32_t n = collect_due(run);
    sim_status_t status = SIM_OK;

    expire(run, n);
    while (status == SIM_OK && run->next_at_s == run->now_s) {
        bool looked_at = is_looked_at(run, run->trace->jobs[run->next].gpus);
        status = submit(run, err);
        if (looked_at)
            pass(run);
    }
    for (uint32_t i = 0; i < n && status == SIM_OK; i++) {
        if (run->due[i] == MDL_NONE) {
            mdl_scheduler_note_end(run->scheduler);
        } else {
            note_end(run, run->due[i]);
            mdl_scheduler_end(run->scheduler, run->cluster, run->due[i], MDL_END_FINISHED);
        }
        pass(run);
    }
    if (mdl_scheduler_review_s(run->scheduler) <= run->now_s)
        pass(run);
    return status;
}

static sim_status_t instant_at_once(run_t *run, sim_error_t *err)
{
    uint32_t n = collect_due(run);
    sim_status_t status = SIM_OK;

    for (uint32_t i = 0; i < n; i++) {
        note_end(run, run->due[i]);
        mdl_scheduler_end(run->scheduler, run->cluster, run->due[i], MDL_END_FINISHED);
    }
    while (status == SIM_OK && run->next_at_s == run->now_s)
        status = submit(run, err);
    pass(run);
    return status;
}

/* The next moment at which something happens; SIM_NEVER: nothing will. */
static int64_t next_instant_s(const run_t *run)
{
    int64_t next_s = run->end_s < run->next_at_s ? run->end_s : run->next_at_s;
    int64_t review_s = mdl_scheduler_review_s(run->scheduler);

    return review_s < next_s ? review_s : next_s;
}

/* Restarts are work that no trace tells of beforehand. */
static sim_status_t check_restarts(const run_t *run, sim_error_t *err)
{
    const mdl_scheduler_t *scheduler = run->scheduler;
    double most_gpu_s = (double)scheduler->allocated_gpu_s;

    for (int r = 0; r < MDL_BLOCKED_REASONS; r++)
        most_gpu_s =
            (double)scheduler->blocked_gpu_s[r] > most_gpu_s ? (double)scheduler->blocked_gpu_s[r] : most_gpu_s;
    if (most_gpu_s <= 2 * MDL_REPLAY_GPU_S)
        return SIM_OK;
    return sim_fail(err, SIM_EINPUT, "restart cost",
                    "found %d s, which makes more than %g GPU seconds of work; expected less; "
                    "lower --restart-cost",
                    run->setup->restart_s, 2 * MDL_REPLAY_GPU_S);
}

static sim_status_t play(run_t *run, sim_error_t *err)
{
    sim_status_t status = SIM_OK;

    for (int64_t next_s = next_instant_s(run); next_s != SIM_NEVER && status == SIM_OK; next_s = next_instant_s(run)) {
        run->now_s = next_s > run->now_s ? next_s : run->now_s;
        mdl_scheduler_advance(run->scheduler, run->now_s);
        status = run->setup->one_by_one ? instant_one_by_one(run, err) : instant_at_once(run, err);
        if (status == SIM_OK && run->status == SIM_ENOMEM)
            status = no_memory(err, run->trace->n);
        else if (status == SIM_OK && run->status < 0)
            status = sim_fail(err, SIM_EINTERNAL, "replay", "the calendar of %u ends is full", run->scheduler->jobs);
        else if (status == SIM_OK && run->setup->restart_s > 0)
            status = check_restarts(run, err);
    }
    if (status == SIM_OK && run->scheduler->queued > 0)
        status = sim_fail(err, SIM_EINVARIANT, "replay", "%u jobs wait for ever on an empty cluster",
                          run->scheduler->queued);
    return status;
}

static sim_status_t check(const mdl_trace_t *trace, const mdl_replay_setup_t *setup, sim_error_t *err)
{
    if (setup->nodes == 0 || setup->node_gpus == 0 || setup->node_gpus > MDL_NODE_MOST_GPUS ||
        (uint64_t)setup->nodes * setup->node_gpus >= UINT32_C(1) << 31)
        return sim_fail(err, SIM_EINPUT, "replay", "%u nodes of %u GPUs; expected at least one, 1 to %d GPUs each",
                        setup->nodes, setup->node_gpus, MDL_NODE_MOST_GPUS);
    if (setup->rack_nodes > 0 && (setup->rack_nodes > 64 || 64 % setup->rack_nodes != 0))
        return sim_fail(err, SIM_EINPUT, "replay", "racks of %u nodes; expected 1, 2, 4, 8, 16, 32 or 64",
                        setup->rack_nodes);
    return mdl_replay_check(trace, setup->nodes * setup->node_gpus, err);
}

static sim_status_t prepare(run_t *run, sim_error_t *err)
{
    const mdl_replay_setup_t *setup = run->setup;
    uint32_t jobs = FIRST_JOBS, gpus = setup->nodes * setup->node_gpus;

    while (jobs < setup->nodes && 2 * jobs <= SIM_CALENDAR_MAX_CAPACITY)
        jobs *= 2; /* a reservation on single nodes needs that many, and above 2^23 nodes half as many do */
    run->cluster = block(setup->pool ? mdl_pool_bytes() : mdl_cluster_bytes(setup->nodes, setup->node_gpus));
    run->scheduler = block(mdl_scheduler_bytes(jobs, run->tenants, &setup->policy));
    run->calendar = block(sim_calendar_bytes(jobs));
    run->record = malloc(jobs * sizeof *run->record);
    run->due = malloc(jobs * sizeof *run->due);
    run->piece = malloc(jobs * sizeof *run->piece);
    run->out->jobs = malloc((run->trace->n > 0 ? run->trace->n : 1) * sizeof *run->out->jobs);
    if (run->cluster == NULL || run->scheduler == NULL || run->calendar == NULL || run->record == NULL ||
        run->due == NULL || run->piece == NULL || run->out->jobs == NULL)
        return no_memory(err, run->trace->n);
    (setup->pool ? mdl_pool_init : mdl_cluster_init)(run->cluster, setup->nodes, setup->node_gpus, setup->nodes);
    run->cluster->rack_nodes = setup->rack_nodes;
    mdl_scheduler_init(run->scheduler, jobs, run->tenants, setup->policy, true);
    sim_calendar_init(run->calendar, jobs);
    turn_to(run, 0);
    run->now_s = run->trace->n > 0 ? run->next_at_s : 0;
    run->scheduler->now_s = run->now_s;
    for (uint32_t t = 0; t < run->tenants; t++)
        mdl_scheduler_open_tenant(run->scheduler, t, NO_QUOTA);
    run->out->gpus = gpus;
    return SIM_OK;
}

static void keep_totals(run_t *run, double seconds)
{
    run->out->allocated_gpu_s = (double)run->scheduler->allocated_gpu_s;
    for (int r = 0; r < MDL_BLOCKED_REASONS; r++)
        run->out->blocked_gpu_s[r] = (double)run->scheduler->blocked_gpu_s[r];
    run->out->seconds = seconds;
}

sim_status_t mdl_replay_queue(const mdl_trace_t *trace, const mdl_replay_setup_t *setup, mdl_replay_result_t *out,
                              sim_error_t *err)
{
    run_t run = {.trace = trace, .setup = setup, .out = out, .end_s = SIM_NEVER};
    double start_s = mdl_replay_wall_s();

    *out = (mdl_replay_result_t){0};
    run.tenants = setup->policy.order == MDL_ORDER_FAIR && trace->n_tenants > 1 ? (uint32_t)trace->n_tenants : 1;
    sim_status_t status = check(trace, setup, err);
    if (status == SIM_OK)
        status = prepare(&run, err);
    if (status == SIM_OK)
        status = play(&run, err);
    if (status == SIM_OK)
        keep_totals(&run, mdl_replay_wall_s() - start_s);
    else
        mdl_replay_free(out);
    free(run.cluster);
    free(run.scheduler);
    free(run.calendar);
    free(run.record);
    free(run.due);
    free(run.piece);
    return status;
}
