// SPDX-License-Identifier: GPL-3.0-or-later
/* The window executive: all LPs to the window's end on any number of threads, then messages, then the boundary. */
#include "sim/world.h"

#include "sim/fetch.h"
#include "sim/world_internal.h"

#include <omp.h>
#include <time.h>

#define CHUNKS_PER_THREAD 16u /* enough for an even load, few enough that handing them out costs nothing */
#define KEYS_TO_LINE      (SIM_LINE_BYTES / (ptrdiff_t)sizeof(sim_key_t))
#define STATE_BYTES       192u
#define NO_LP             UINT32_MAX

/* How many LPs before its turn an LP's memory is asked for: what its record names, what its state names, what that
 * names. */
enum { BLOCKS_AHEAD = 6, KIND_AHEAD = 4, EVENTS_AHEAD = 2, EVENTS_FETCHED = 5 };

/* One call of sim_world_run, shared by the team of threads. */
typedef struct run {
    sim_world_t *world;
    const sim_control_t *control;
    int64_t until_s;
    int64_t end_s; /* of the window under way */
    bool whole;    /* it ends where windows do, not where the run cuts it */
    char *base;    /* of the world's arena, and its tables, which stand still during a window */
    sim_lp_record_t *records;
    sim_lp_brief_t *briefs;
    char *reports;
    const sim_lp_kind_t *kinds;
    uint32_t n_active;
    uint32_t chunk;
    atomic_uint next; /* first position in the list of active LPs that no thread has taken */
    omp_lock_t failure_lock;
    uint32_t failed_lp; /* lowest index of an LP that failed in this window; NO_LP */
    sim_error_t failure;
    sim_status_t status;
    bool done;
    sim_error_t *err;
} run_t;

static double wall_now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Lists the LPs with events before end_s, and those that are to be closed; returns the time of the earliest event of all. */
static int64_t list_active(run_t *run)
{
    const sim_world_t *world = run->world;
    const sim_lp_brief_t *briefs = run->briefs;
    uint32_t *active = sim_arena_at(&world->arena, world->root->active);
    uint32_t n = world->root->n_lps;
    uint32_t n_active = 0, closing = run->whole ? SIM_BRIEF_CLOSES : 0;
    int64_t earliest_s = SIM_NEVER;
    for (uint32_t i = 0; i < n; i++) {
        int64_t next_s = briefs[i].next_s;
        active[n_active] = i;
        n_active += (next_s < run->end_s) | ((briefs[i].flags & closing) != 0);
        earliest_s = next_s < earliest_s ? next_s : earliest_s;
    }
    run->n_active = n_active;
    return earliest_s;
}

/* Sets the window to the one that holds time_s, cut at the run's end. */
static void set_window(run_t *run, int64_t time_s)
{
    int64_t window_s = run->world->model->window_s;
    int64_t start_s = time_s - time_s % window_s;
    run->end_s = window_s < run->until_s - start_s ? start_s + window_s : run->until_s;
    run->whole = run->end_s % window_s == 0;
}

/* Chooses the next window. Without a boundary function, windows in which nothing happens are passed over. */
static void open_window(run_t *run)
{
    sim_world_t *world = run->world;
    int64_t now_s = world->root->now_s;
    run->done = run->status < 0 || now_s >= run->until_s;
    if (run->done)
        return;
    run->base = sim_arena_at(&world->arena, 0);
    run->records = sim_world_record_(world, 0);
    run->briefs = sim_world_brief_(world, 0);
    run->reports = sim_world_report_(world, 0);
    run->kinds = world->model->kinds;
    set_window(run, now_s);
    int64_t earliest_s = list_active(run);
    if (run->n_active == 0 && world->model->boundary == NULL) {
        set_window(run, earliest_s < run->until_s ? earliest_s : run->until_s - 1);
        (void)list_active(run);
    }
    uint32_t threads = (uint32_t)world->options.threads;
    run->chunk = 1 + run->n_active / (threads > 1 ? threads * CHUNKS_PER_THREAD : 1);
    run->failed_lp = NO_LP;
    atomic_store_explicit(&run->next, 0, memory_order_relaxed);
    world->in_window = true;
}

/* The lowest index wins, so that the failure reported does not depend on the threads. */
static void report_failure(run_t *run, const sim_lp_t *lp, sim_status_t status, const sim_error_t *cause)
{
    omp_set_lock(&run->failure_lock);
    if (lp->index < run->failed_lp) {
        run->failed_lp = lp->index;
        run->failure = (sim_error_t){0};
        (void)sim_world_fail_lp_(run->world, lp, status, cause, &run->failure);
    }
    omp_unset_lock(&run->failure_lock);
}

static inline const sim_lp_kind_t *kind_of(const run_t *run, uint32_t index)
{
    return &run->kinds[run->records[index].kind];
}

static inline void *report_of(const run_t *run, uint32_t index)
{
    return run->reports + index * run->world->report_bytes;
}

static inline const sim_calendar_t *calendar_of(const run_t *run, uint32_t index)
{
    return (const sim_calendar_t *)(const void *)(run->base + run->records[index].calendar);
}

/* Whether an LP has events in the window; if not, it is only closed. */
static bool is_due(const run_t *run, uint32_t index)
{
    return run->briefs[index].next_s < run->end_s;
}

/* Handles an LP's events up to the window's end. */
static sim_status_t run_events(run_t *run, sim_lp_t *lp, const sim_lp_kind_t *kind)
{
    sim_lp_record_t *record = &run->records[lp->index];
    sim_dispatched_t tally = {record->fingerprint, record->events};
    sim_status_t status = sim_lp_dispatch_(lp, kind, run->end_s, &tally);
    record->fingerprint = tally.fingerprint;
    record->events = tally.events;
    sim_lp_brief_t *brief = &run->briefs[lp->index];
    brief->next_s = sim_calendar_next_time_(lp->calendar);
    bool half_full = 2 * (uint64_t)sim_calendar_count_(lp->calendar) >= lp->calendar->capacity;
    brief->flags =
        (brief->flags & SIM_BRIEF_CLOSES) | (lp->sent ? SIM_BRIEF_MESSAGES : 0u) | (half_full ? SIM_BRIEF_GROW : 0u);
    return status;
}

/* Brings the LP that `lp` is turned to to the window's end. */
static void run_lp(run_t *run, sim_lp_t *lp)
{
    const sim_lp_kind_t *kind = kind_of(run, lp->index);
    sim_status_t status = is_due(run, lp->index) ? run_events(run, lp, kind) : SIM_OK;
    if (status < 0) {
        report_failure(run, lp, status, lp->error);
        *lp->error = (sim_error_t){0};
    } else if (run->whole && kind->close != NULL) {
        lp->now_s = run->end_s;
        kind->close(lp, report_of(run, lp->index));
    }
}

/* Starts to fetch what an LP's window will touch, while those before it run: of many LPs with little to do each,
 * waiting for memory is most of the cost. What has come names what else there is to fetch, so it takes three turns. */
SIM_FETCH void fetch_blocks(const run_t *run, uint32_t index)
{
    if (is_due(run, index))
        __builtin_prefetch(calendar_of(run, index));
    sim_fetch(run->base + run->records[index].state, STATE_BYTES);
}

/* What the events of one that has some ask for besides: what the state refers to, and what that refers to. */
SIM_FETCH void fetch_kind(const run_t *run, uint32_t index, int turn)
{
    const sim_lp_kind_t *kind = kind_of(run, index);
    if (kind->fetch != NULL && is_due(run, index))
        kind->fetch(&run->world->arena, run->base + run->records[index].state, turn);
}

/* The keys of the first events, which of a list stand at its end. */
SIM_FETCH void fetch_keys(const run_t *run, uint32_t index)
{
    if (!is_due(run, index))
        return;
    const sim_calendar_t *calendar = calendar_of(run, index);
    const sim_key_t *first =
        sim_calendar_is_list_(calendar) ? sim_list_first_(calendar) - KEYS_TO_LINE : sim_calendar_keys_(calendar);
    __builtin_prefetch(first);
    __builtin_prefetch(first + KEYS_TO_LINE);
}

/* What the first events say, of a heap the root's and its children's, of which the next ones are; and where a handler
 * that schedules two puts the second: the first has the slot of the event that it handles. */
SIM_FETCH void fetch_events(const run_t *run, uint32_t index)
{
    const sim_calendar_t *calendar = calendar_of(run, index);
    bool list = sim_calendar_is_list_(calendar);
    const sim_key_t *key = list ? sim_list_first_(calendar) : sim_calendar_keys_(calendar) + SIM_HEAP_ROOT;
    uint32_t n = calendar->keys < EVENTS_FETCHED ? calendar->keys : EVENTS_FETCHED;
    for (uint32_t i = 0; i < n; i++, key += list ? -1 : 1)
        __builtin_prefetch(&sim_calendar_slots_(calendar)[sim_key_slot_(*key)]);
    if (calendar->free_slot != SIM_NO_SLOT)
        __builtin_prefetch(&sim_calendar_slots_(calendar)[calendar->free_slot]);
}

SIM_FETCH void fetch_report(const run_t *run, uint32_t index)
{
    sim_fetch(report_of(run, index), kind_of(run, index)->report_bytes);
}

/* What the LPs ahead of the one at position `at` need; of positions from `first` to before `last`. */
SIM_FETCH void fetch_ahead(const run_t *run, const uint32_t *active, int64_t at, int64_t first, int64_t last)
{
    if (at + BLOCKS_AHEAD < last)
        fetch_blocks(run, active[at + BLOCKS_AHEAD]);
    if (at + KIND_AHEAD >= first && at + KIND_AHEAD < last) {
        fetch_keys(run, active[at + KIND_AHEAD]);
        fetch_kind(run, active[at + KIND_AHEAD], 0);
    }
    if (at + EVENTS_AHEAD < first || at + EVENTS_AHEAD >= last)
        return;
    uint32_t index = active[at + EVENTS_AHEAD];
    if (is_due(run, index))
        fetch_events(run, index);
    fetch_report(run, index);
    fetch_kind(run, index, 1);
}

/* One thread's share of a window. After a failure the window is still finished, so that the state the world is left
 * in, too, is the same for any number of threads. */
static void run_share(run_t *run)
{
    const uint32_t *active = sim_arena_at(&run->world->arena, run->world->root->active);
    sim_error_t cause = {0};
    sim_lp_t lp = sim_lp_view_(run->world, run->end_s, &cause);
    for (;;) {
        uint32_t first = atomic_fetch_add_explicit(&run->next, run->chunk, memory_order_relaxed);
        if (first >= run->n_active)
            return;
        uint32_t last = run->n_active - first < run->chunk ? run->n_active : first + run->chunk;
        for (int64_t i = (int64_t)first - BLOCKS_AHEAD; i < last; i++) {
            fetch_ahead(run, active, i, first, last);
            if (i < first)
                continue;
            sim_lp_turn_to_(&lp, active[i], &run->records[active[i]]);
            run_lp(run, &lp);
        }
    }
}

/* Calls the model's boundary function and names the place of a failure that it left unexplained. */
static sim_status_t call_boundary(run_t *run)
{
    sim_world_t *world = run->world;
    sim_error_t cause = {0};
    sim_status_t status = world->model->boundary(world, run->end_s, &cause);
    if (status >= 0)
        return SIM_OK;
    const sim_error_t *why = cause.code == SIM_OK ? &world->error : &cause;
    char when[32];
    return sim_fail(run->err, status, world->model->name, "boundary at %s: %.800s",
                    sim_time_format(world->options.start_day, run->end_s, when),
                    why->code != SIM_OK ? why->message : sim_status_text(status));
}

static sim_status_t check_control(run_t *run)
{
    const sim_control_t *control = run->control;
    if (control == NULL)
        return SIM_OK;
    if (control->progress != NULL)
        atomic_store_explicit(control->progress, run->end_s, memory_order_relaxed);
    if (control->stop == NULL || !atomic_load_explicit(control->stop, memory_order_relaxed) ||
        run->end_s >= run->until_s)
        return SIM_OK;
    char when[32];
    return sim_fail(run->err, SIM_EINTERRUPTED, run->world->model->name, "stopped at %s",
                    sim_time_format(run->world->options.start_day, run->end_s, when));
}

/* What one thread does when all have reached the window's end. */
static void close_window(run_t *run)
{
    sim_world_t *world = run->world;
    world->in_window = false;
    if (run->failed_lp != NO_LP)
        run->status = sim_fail(run->err, run->failure.code, NULL, "%s", run->failure.message);
    if (run->status >= 0)
        run->status = sim_world_exchange_(world, run->n_active, run->err);
    world->root->now_s = run->end_s;
    if (run->status >= 0 && world->model->boundary != NULL)
        run->status = call_boundary(run);
    world->root->failed = run->status;
    if (run->status >= 0)
        run->status = check_control(run);
}

/* All threads of a world. One alone has nobody to wait for, but libgomp would have the kernel wake them. */
static void meet(const run_t *run)
{
    if (run->world->options.threads > 1) {
#pragma omp barrier
    }
}

/* Windows and boundaries in turn, timed by the first thread. */
static void run_team(run_t *run)
{
    bool first = omp_get_thread_num() == 0;
    double mark_s = wall_now_s();
    for (;;) {
        if (first)
            open_window(run);
        meet(run);
        if (run->done)
            return;
        run_share(run);
        meet(run);
        if (first) {
            double window_end_s = wall_now_s();
            close_window(run);
            double boundary_end_s = wall_now_s();
            run->world->windows_s += window_end_s - mark_s;
            run->world->boundaries_s += boundary_end_s - window_end_s;
            mark_s = boundary_end_s;
        }
    }
}

sim_status_t sim_world_run(sim_world_t *world, int64_t until_s, const sim_control_t *control, sim_error_t *err)
{
    SIM_ASSERT(!world->in_window && world->frames == NULL);
    if (world->root->failed != SIM_OK)
        return sim_fail(err, world->root->failed, world->model->name, "the world has failed before and cannot run on");
    run_t run = {.world = world, .control = control, .until_s = until_s, .err = err};
    int threads = world->options.threads > 1 ? world->options.threads : 1;
    world->options.threads = threads;
    world->error = (sim_error_t){0};
    omp_init_lock(&run.failure_lock);
#pragma omp parallel num_threads(threads) if (threads > 1)
    run_team(&run);
    omp_destroy_lock(&run.failure_lock);
    return run.status;
}
