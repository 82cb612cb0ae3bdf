// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/serving.h"

#include "sim/calendar.h"
#include "sim/time.h"

#include <stdlib.h>

#define NOBODY          UINT32_MAX
#define MOST_REPLICA_US 0x1p62 /* that int64 sums may come to */

enum event { SEQUENCE_DONE, PROMPT_DONE, READY, PLAN, ARRIVAL };
enum priority { ENDS, PLANS, ARRIVALS }; /* at one instant */

typedef enum replica_state { OFF, STARTING, ON, DRAINING } replica_state_t;

typedef struct replica {
    int64_t since_us; /* held */
    uint32_t active;  /* sequences */
    uint32_t waiting; /* its own queue, when requests are routed at arrival */
    uint32_t first, last;
    replica_state_t state;
    bool prompting;
    sim_handle_t ready;
} replica_t;

typedef struct run {
    const mdl_requests_t *requests;
    const mdl_serving_spec_t *spec;
    mdl_serving_t *out;
    sim_calendar_t *calendar;
    replica_t *replicas;
    uint32_t *next; /* in a replica's queue */
    uint32_t n_replicas;
    size_t arrived, begun, done;
    size_t arrived_before; /* the last plan */
    int64_t now_us;
} run_t;

int64_t mdl_serving_prompt_us(const mdl_serving_spec_t *spec, const mdl_request_t *request)
{
    return ((int64_t)request->context * spec->prompt_ns + 500) / 1000;
}

int64_t mdl_serving_slot_us(const mdl_serving_spec_t *spec, const mdl_request_t *request)
{
    return mdl_serving_prompt_us(spec, request) + ((int64_t)(request->generated - 1) * spec->token_ns + 500) / 1000;
}

/* The calendar has room for all that can be under way, so nothing is refused. */
static void schedule(run_t *run, int64_t time_us, const sim_event_t *what, enum priority priority, sim_handle_t *handle)
{
    sim_event_t event = *what;

    event.time_s = time_us; /* a calendar counts what it is given */
    sim_status_t status = sim_calendar_schedule(run->calendar, &event, priority, handle);
    SIM_ASSERT(status == SIM_OK);
}

static bool is_able(const run_t *run, const replica_t *replica)
{
    return (replica->state == ON || replica->state == DRAINING) && replica->active < run->spec->slots &&
           !replica->prompting;
}

static void begin(run_t *run, uint32_t r, size_t i)
{
    replica_t *replica = &run->replicas[r];
    const mdl_request_t *request = &run->requests->requests[i];
    int64_t prompt_us = mdl_serving_prompt_us(run->spec, request);
    int64_t slot_us = mdl_serving_slot_us(run->spec, request);

    run->begun++;
    replica->active++;
    replica->prompting = prompt_us > 0;
    run->out->busy_slot_us += slot_us;
    run->out->served[i] = (mdl_served_t){
        .start_us = run->now_us, .first_us = run->now_us + prompt_us, .end_us = run->now_us + slot_us, .replica = r};
    if (replica->prompting)
        schedule(run, run->now_us + prompt_us, &(sim_event_t){.type = PROMPT_DONE, .entity = r}, ENDS, NULL);
    schedule(run, run->now_us + slot_us, &(sim_event_t){.type = SEQUENCE_DONE, .entity = r}, ENDS, NULL);
}

/* Of the replicas that serve, the one with the fewest requests; `able`: of those that can begin one now. */
static uint32_t emptiest(const run_t *run, bool able)
{
    uint32_t best = NOBODY, fewest = 0;

    for (uint32_t r = 0; r < run->n_replicas; r++) {
        const replica_t *replica = &run->replicas[r];
        uint32_t has = replica->active + replica->waiting;
        if (replica->state == ON && (!able || is_able(run, replica)) && (best == NOBODY || has < fewest)) {
            best = r;
            fewest = has;
        }
    }
    return best;
}

static void begin_from_own_queue(run_t *run, uint32_t r)
{
    replica_t *replica = &run->replicas[r];

    while (replica->waiting > 0 && is_able(run, replica)) {
        uint32_t i = replica->first;
        replica->first = run->next[i];
        replica->waiting--;
        begin(run, r, i);
    }
}

/* Replica r may be able to begin a request. */
static void dispatch(run_t *run, uint32_t r)
{
    if (run->spec->route == MDL_SERVING_SHORTEST) {
        begin_from_own_queue(run, r);
        return;
    }
    while (run->begun < run->arrived) {
        uint32_t to = emptiest(run, true);
        if (to == NOBODY)
            return;
        begin(run, to, run->begun);
    }
}

static void join(run_t *run, uint32_t r, uint32_t i)
{
    replica_t *replica = &run->replicas[r];

    if (replica->waiting++ > 0)
        run->next[replica->last] = i;
    else
        replica->first = i;
    replica->last = i;
}

static void expect_next(run_t *run)
{
    if (run->arrived < run->requests->n)
        schedule(run, run->requests->requests[run->arrived].arrival_us, &(sim_event_t){.type = ARRIVAL}, ARRIVALS,
                 NULL);
}

static void on_arrival(run_t *run)
{
    uint32_t i = (uint32_t)run->arrived++;
    uint32_t to = 0;

    if (run->spec->route == MDL_SERVING_SHORTEST) {
        to = emptiest(run, false);
        join(run, to, i);
    }
    dispatch(run, to);
    expect_next(run);
}

/* Ends a replica's tenure once it has nothing to do. */
static void let_go(run_t *run, replica_t *replica)
{
    if (replica->active > 0 || replica->waiting > 0)
        return;
    run->out->allocated_replica_us += run->now_us - replica->since_us;
    replica->state = OFF;
}

static void on_sequence_done(run_t *run, uint32_t r)
{
    replica_t *replica = &run->replicas[r];

    replica->active--;
    run->done++;
    run->out->end_us = run->now_us;
    dispatch(run, r);
    if (replica->state == DRAINING)
        let_go(run, replica);
}

/* Takes the best candidate back or in: one that drains is warm. */
static void add(run_t *run)
{
    uint32_t off = NOBODY;

    for (uint32_t r = 0; r < run->n_replicas; r++) {
        if (run->replicas[r].state == DRAINING) {
            run->replicas[r].state = ON;
            return;
        }
        if (run->replicas[r].state == OFF && off == NOBODY)
            off = r;
    }
    SIM_ASSERT(off != NOBODY);
    replica_t *replica = &run->replicas[off];
    replica->state = STARTING;
    replica->since_us = run->now_us;
    run->out->added++;
    schedule(run, run->now_us + run->spec->planner.cold_start_us, &(sim_event_t){.type = READY, .entity = off}, ENDS,
             &replica->ready);
}

/* Gives one up: the last that is starting, else the emptiest. */
static void give_up(run_t *run)
{
    run->out->given_up++;
    for (uint32_t r = run->n_replicas; r-- > 0;) {
        replica_t *replica = &run->replicas[r];
        if (replica->state != STARTING)
            continue;
        (void)sim_calendar_cancel(run->calendar, replica->ready);
        let_go(run, replica);
        return;
    }
    replica_t *replica = &run->replicas[emptiest(run, false)];
    replica->state = DRAINING;
    let_go(run, replica);
}

static uint32_t clamp(uint32_t replicas, const mdl_serving_planner_t *planner)
{
    if (replicas < planner->least)
        return planner->least;
    return replicas < planner->most ? replicas : planner->most;
}

static void on_plan(run_t *run)
{
    const mdl_serving_planner_t *planner = &run->spec->planner;
    double rate = (double)(run->arrived - run->arrived_before) * 1e6 / (double)planner->interval_us;
    uint32_t need = clamp(mdl_latency_replicas(&planner->model, rate, planner->target_s, planner->share), planner);
    uint32_t kept = clamp(
        mdl_latency_replicas(&planner->model, rate / (1 - planner->band), planner->target_s, planner->share), planner);
    uint32_t present = 0;

    for (uint32_t r = 0; r < run->n_replicas; r++)
        present += run->replicas[r].state == STARTING || run->replicas[r].state == ON;
    for (; present < need; present++)
        add(run);
    for (; present > kept; present--)
        give_up(run);
    if (present > run->out->most_replicas)
        run->out->most_replicas = present;
    run->arrived_before = run->arrived;
    dispatch(run, 0);
    schedule(run, run->now_us + planner->interval_us, &(sim_event_t){.type = PLAN}, PLANS, NULL);
}

static void handle(run_t *run, const sim_event_t *event)
{
    run->now_us = event->time_s;
    switch ((enum event)event->type) {
    case SEQUENCE_DONE: on_sequence_done(run, event->entity); break;
    case PROMPT_DONE:
        run->replicas[event->entity].prompting = false;
        dispatch(run, event->entity);
        break;
    case READY:
        run->replicas[event->entity].state = ON;
        dispatch(run, event->entity);
        break;
    case PLAN: on_plan(run); break;
    case ARRIVAL: on_arrival(run); break;
    }
}

static void replay(run_t *run)
{
    const mdl_serving_planner_t *planner = &run->spec->planner;
    sim_event_t event;

    for (uint32_t r = 0; r < run->spec->replicas; r++)
        run->replicas[r].state = ON;
    run->out->most_replicas = run->spec->replicas;
    expect_next(run);
    if (planner->interval_us > 0)
        schedule(run, planner->interval_us, &(sim_event_t){.type = PLAN}, PLANS, NULL);
    while (run->done < run->requests->n && sim_calendar_pop(run->calendar, SIM_NEVER, &event))
        handle(run, &event);
    for (uint32_t r = 0; r < run->n_replicas; r++)
        if (run->replicas[r].state != OFF)
            run->out->allocated_replica_us += run->out->end_us - run->replicas[r].since_us;
}

static sim_status_t check_planner(const mdl_serving_spec_t *spec, sim_error_t *err)
{
    const mdl_serving_planner_t *planner = &spec->planner;

    if (planner->interval_us < 0 || planner->cold_start_us < 0)
        return sim_fail(err, SIM_EINPUT, "serving planner", "an interval or cold start below 0; expected microseconds");
    if (planner->interval_us == 0)
        return SIM_OK;
    if (planner->least < 1 || planner->least > spec->replicas || spec->replicas > planner->most)
        return sim_fail(err, SIM_EINPUT, "serving planner",
                        "%u to %u replicas, %u at the start; expected 1 <= least <= "
                        "start <= most",
                        planner->least, planner->most, spec->replicas);
    if (!(planner->share < 1 && planner->band >= 0 && planner->band < 1 && planner->target_s >= 0))
        return sim_fail(err, SIM_EINPUT, "serving planner",
                        "share %g, band %g, target %g s; expected share < 1, "
                        "0 <= band < 1, target >= 0",
                        planner->share, planner->band, planner->target_s);
    return SIM_OK;
}

static sim_status_t check_requests(const mdl_requests_t *requests, sim_error_t *err)
{
    int64_t before_us = 0;

    if (requests->n >= NOBODY)
        return sim_fail(err, SIM_ELIMIT, "serving", "%zu requests; expected below 2^32", requests->n);
    for (size_t i = 0; i < requests->n; i++) {
        const mdl_request_t *request = &requests->requests[i];
        if (request->arrival_us < before_us || request->context < 1 || request->generated < 1)
            return sim_fail(err, SIM_EINPUT, "serving",
                            "request %zu: arrival %lld us after one at %lld us, %u and %u tokens; expected requests by "
                            "arrival from 0, of at least one token each way",
                            i, (long long)request->arrival_us, (long long)before_us, request->context,
                            request->generated);
        before_us = request->arrival_us;
    }
    return SIM_OK;
}

/* Requests are done by the sum of their times after the last arrival; no replica is held for longer. */
static sim_status_t check_span(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, uint32_t replicas,
                               sim_error_t *err)
{
    double sum_us = requests->n > 0 ? (double)requests->requests[requests->n - 1].arrival_us : 0;

    for (size_t i = 0; i < requests->n; i++)
        sum_us += (double)mdl_serving_slot_us(spec, &requests->requests[i]);
    if (sum_us * replicas <= MOST_REPLICA_US)
        return SIM_OK;
    return sim_fail(err, SIM_EINPUT, "serving",
                    "found requests of up to %g s in all on %u replicas; expected at most %g replica seconds: fewer "
                    "replicas, shorter times per token",
                    sum_us / 1e6, replicas, MOST_REPLICA_US / 1e6);
}

static sim_status_t check(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, sim_error_t *err)
{
    uint32_t most = spec->planner.interval_us > 0 ? spec->planner.most : spec->replicas;

    if (spec->replicas < 1 || most > MDL_SERVING_MAX_REPLICAS || spec->slots < 1)
        return sim_fail(err, SIM_EINPUT, "serving",
                        "%u replicas (at most %u) of %u slots; expected 1 to %u of 1 or more", spec->replicas, most,
                        spec->slots, MDL_SERVING_MAX_REPLICAS);
    if ((unsigned)spec->route >= MDL_SERVING_ROUTES)
        return sim_fail(err, SIM_EINPUT, "serving", "route %d; expected central or shortest", (int)spec->route);
    sim_status_t status = check_planner(spec, err);
    if (status == SIM_OK)
        status = check_requests(requests, err);
    return status < 0 ? status : check_span(requests, spec, most, err);
}

/* Events that may be pending: an end per sequence; a prompt and a start per replica; a plan; an arrival. */
static uint64_t pending(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, uint32_t n_replicas)
{
    uint64_t sequences = (uint64_t)n_replicas * spec->slots;

    return (sequences < requests->n ? sequences : requests->n) + 2 * (uint64_t)n_replicas + 2;
}

static sim_status_t set_up(run_t *run, uint64_t events, sim_error_t *err)
{
    size_t n = run->requests->n;

    if (events > SIM_CALENDAR_MAX_CAPACITY)
        return sim_fail(err, SIM_ELIMIT, "serving",
                        "up to %llu events pending; expected at most %u; fewer replicas or "
                        "slots",
                        (unsigned long long)events, SIM_CALENDAR_MAX_CAPACITY);
    run->calendar = aligned_alloc(64, sim_calendar_bytes((uint32_t)events));
    run->replicas = calloc(run->n_replicas, sizeof *run->replicas);
    run->next = calloc(n + 1, sizeof *run->next);
    run->out->served = calloc(n + 1, sizeof *run->out->served);
    if (run->calendar == NULL || run->replicas == NULL || run->next == NULL || run->out->served == NULL)
        return sim_fail(err, SIM_ENOMEM, "serving", "no memory for %zu requests on %u replicas", n, run->n_replicas);
    run->out->n = n;
    run->out->slots = run->spec->slots;
    sim_calendar_init(run->calendar, (uint32_t)events);
    return SIM_OK;
}

sim_status_t mdl_serving_replay(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, mdl_serving_t *out,
                                sim_error_t *err)
{
    *out = (mdl_serving_t){0};
    sim_status_t status = check(requests, spec, err);
    if (status < 0)
        return status;
    run_t run = {.requests = requests, .spec = spec, .out = out};
    run.n_replicas = spec->planner.interval_us > 0 ? spec->planner.most : spec->replicas;
    status = set_up(&run, pending(requests, spec, run.n_replicas), err);
    if (status == SIM_OK)
        replay(&run);
    else
        mdl_serving_free(out);
    free(run.calendar);
    free(run.replicas);
    free(run.next);
    return status;
}

void mdl_serving_free(mdl_serving_t *self)
{
    free(self->served);
    *self = (mdl_serving_t){0};
}
