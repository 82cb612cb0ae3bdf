// SPDX-License-Identifier: GPL-3.0-or-later
/* The hold model: a calendar of constant size, each event that leaves being scheduled again after an exponential delay.
 */
#include "app/bench.h"
#include "app/bench_repeats.h"
#include "app/peer.h"
#include "sim/arena.h"
#include "sim/calendar.h"
#include "sim/draw.h"
#include "sim/time.h"

#define REPEATS       7
#define WARM_UP_HOLDS 3
#define MEAN_DELAY_S  1e9 /* long, so that hardly two events fall on one instant */

static const struct {
    uint32_t pending;
    uint64_t events;
} sizes[APP_HOLD_SIZES] = {{100, 1000000}, {10000, 1000000}, {1000000, 500000}};

static void fill(sim_calendar_t *calendar, sim_rng_t *rng, uint32_t pending)
{
    for (uint32_t i = 0; i < pending; i++) {
        sim_event_t event = {.time_s = (int64_t)sim_draw_exponential(rng, MEAN_DELAY_S), .entity = i};
        (void)sim_calendar_schedule(calendar, &event, 0, NULL);
    }
}

/* Returns the last handle, so that nothing of it can be left out. */
static sim_handle_t hold(sim_calendar_t *calendar, sim_rng_t *rng, uint64_t events)
{
    sim_handle_t handle = {0};
    sim_event_t event;
    for (uint64_t i = 0; i < events && sim_calendar_pop(calendar, SIM_NEVER, &event); i++) {
        event.time_s += (int64_t)sim_draw_exponential(rng, MEAN_DELAY_S);
        (void)sim_calendar_schedule(calendar, &event, 0, &handle);
    }
    return handle;
}

/* One repeat of ours, in nanoseconds per event. */
static double time_ours(sim_calendar_t *calendar, sim_rng_t *rng, uint64_t events)
{
    double start_s = app_bench_now_s();
    sim_handle_t last = hold(calendar, rng, events);
    double ns = (app_bench_now_s() - start_s) * 1e9 / (double)events;
    SIM_ASSERT(sim_calendar_cancel(calendar, last));
    (void)sim_calendar_schedule(calendar, &(sim_event_t){.time_s = SIM_NEVER - 1}, 0, NULL);
    return ns;
}

static double time_peer(app_peer_hold_t *peer, uint64_t events)
{
    double start_s = app_bench_now_s();
    int64_t last_s = app_peer_hold_run(peer, events);
    double ns = (app_bench_now_s() - start_s) * 1e9 / (double)events;
    SIM_ASSERT(last_s > 0);
    return ns;
}

static void measure(sim_calendar_t *calendar, app_peer_key_t *keys, uint32_t pending, uint64_t events,
                    app_hold_result_t *result)
{
    sim_rng_t rng;
    app_peer_hold_t peer;
    sim_rng_at(&rng, 1, 0, pending, 0, 0);
    sim_calendar_init(calendar, pending + 1);
    fill(calendar, &rng, pending);
    (void)hold(calendar, &rng, WARM_UP_HOLDS * (uint64_t)pending);
    app_peer_hold_fill(&peer, keys, pending, MEAN_DELAY_S);
    (void)app_peer_hold_run(&peer, WARM_UP_HOLDS * (uint64_t)pending);
    double ns[REPEATS], peer_ns[REPEATS], ratio[REPEATS];
    for (unsigned r = 0; r < REPEATS; r++) {
        ns[r] = time_ours(calendar, &rng, events);
        peer_ns[r] = time_peer(&peer, events);
        ratio[r] = ns[r] / peer_ns[r];
    }
    app_bench_sort(ns, REPEATS);
    app_bench_sort(peer_ns, REPEATS);
    app_bench_sort(ratio, REPEATS);
    *result = (app_hold_result_t){.pending = pending,
                                  .repeats = REPEATS,
                                  .events = events,
                                  .ns_per_event = ns[REPEATS / 2],
                                  .ns_low = ns[0],
                                  .ns_high = ns[REPEATS - 1],
                                  .peer_ns = peer_ns[REPEATS / 2],
                                  .ratio = ratio[REPEATS / 2]};
}

sim_status_t app_bench_hold(app_hold_result_t results[APP_HOLD_SIZES], sim_error_t *err)
{
    uint32_t largest = sizes[APP_HOLD_SIZES - 1].pending;
    size_t bytes = sim_calendar_bytes(largest + 1), peer_bytes = largest * sizeof(app_peer_key_t);
    sim_arena_t arena;
    sim_status_t status = sim_arena_init(&arena, 2 * (bytes + peer_bytes), err);
    if (status < 0)
        return status;
    sim_calendar_t *calendar = sim_arena_at(&arena, sim_arena_alloc(&arena, bytes));
    app_peer_key_t *keys = sim_arena_at(&arena, sim_arena_alloc(&arena, peer_bytes)); /* on pages as large as ours */
    for (unsigned i = 0; i < APP_HOLD_SIZES; i++)
        measure(calendar, keys, sizes[i].pending, sizes[i].events, &results[i]);
    sim_arena_free(&arena);
    return SIM_OK;
}
