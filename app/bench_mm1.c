// SPDX-License-Identifier: GPL-3.0-or-later
/* M/M/1 at load 0.8 through the public interface: a world with one logical process, a server with its statistics. */
#include "app/bench.h"
#include "app/bench_repeats.h"
#include "app/peer.h"
#include "sim/sim.h"

enum { ARRIVAL, DONE, REPEATS = 7, CUSTOMERS = 1000000 };

static const double service_s = 1e6; /* mean */
static const double load = 0.8;

typedef struct queue {
    sim_rng_t gaps;
    sim_rng_t services;
    sim_ref_t server;
} queue_t;

/* Apart, so that departures do not save the registers that arrivals want. */
static __attribute__((noinline)) sim_status_t on_arrival(sim_lp_t *lp, const sim_event_t *event)
{
    queue_t *queue = lp->state;
    /* Both draws first: the next event's time hangs on the gap, which is then worked out while the server is busy with
     * the customer. */
    int64_t gap_s = sim_round_i64(sim_draw_exponential(&queue->gaps, service_s / load));
    sim_customer_t customer = {.service_s = sim_round_i64(sim_draw_exponential(&queue->services, service_s))};
    sim_status_t status = sim_server_arrive(sim_server_at(lp, queue->server), lp, &customer, NULL);
    return status < 0 ? status : sim_schedule(lp, gap_s, event, 0, NULL);
}

static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event)
{
    const queue_t *queue = lp->state;
    if (event->type == ARRIVAL)
        return on_arrival(lp, event);
    return sim_server_done(sim_server_at(lp, queue->server), lp, event, NULL);
}

static const sim_lp_kind_t kinds[] = {{.name = "queue", .handle = on_event}};
static const sim_model_t model = {.name = "M/M/1", .kinds = kinds, .n_kinds = 1, .window_s = INT64_C(1) << 40};

static sim_status_t set_up(sim_world_t *world, sim_error_t *err)
{
    uint32_t lp;
    sim_status_t status = sim_world_add_lp(world, &(sim_lp_spec_t){.state_bytes = sizeof(queue_t)}, &lp, err);
    if (status < 0)
        return status;
    queue_t *queue = sim_world_state(world, lp);
    sim_rng_at(&queue->gaps, sim_world_seed(world), 0, lp, ARRIVAL, 0);
    sim_rng_at(&queue->services, sim_world_seed(world), 0, lp, DONE, 0);
    sim_server_spec_t spec = {.servers = 1, .capacity = 1000, .done_type = DONE};
    status = sim_server_create(world, &spec, &queue->server, err);
    return status < 0 ? status : sim_world_schedule(world, lp, &(sim_event_t){.type = ARRIVAL}, 0, NULL);
}

/* Goes on for CUSTOMERS mean gaps; `per_s` is the customers served per second of wall clock. */
static sim_status_t run_on(sim_world_t *world, double *per_s, sim_error_t *err)
{
    queue_t *queue = sim_world_state(world, 0);
    const sim_server_stats_t *stats = sim_server_stats(sim_arena_at(sim_world_arena(world), queue->server));
    uint64_t served = stats->served;
    double start_s = app_bench_now_s();
    int64_t until_s = sim_world_now(world) + (int64_t)(CUSTOMERS * (service_s / load));
    sim_status_t status = sim_world_run(world, until_s, NULL, err);
    *per_s = (double)(stats->served - served) / (app_bench_now_s() - start_s);
    return status;
}

/* The same number of customers of the peer's. */
static double run_peer(app_peer_mm1_t *peer)
{
    double start_s = app_bench_now_s();
    app_peer_mm1_run(peer, peer->served + CUSTOMERS);
    return CUSTOMERS / (app_bench_now_s() - start_s);
}

static sim_status_t measure(sim_world_t *world, app_mm1_result_t *result, sim_error_t *err)
{
    double per_s[REPEATS + 1], peer_per_s[REPEATS + 1], ratio[REPEATS + 1]; /* the first is the warm-up */
    app_peer_mm1_t peer;
    app_peer_mm1_start(&peer, service_s / load, service_s);
    for (int i = 0; i <= REPEATS; i++) {
        sim_status_t status = run_on(world, &per_s[i], err);
        if (status < 0)
            return status;
        peer_per_s[i] = run_peer(&peer);
        ratio[i] = per_s[i] / peer_per_s[i];
    }
    app_bench_sort(per_s + 1, REPEATS);
    app_bench_sort(peer_per_s + 1, REPEATS);
    app_bench_sort(ratio + 1, REPEATS);
    const queue_t *queue = sim_world_state(world, 0);
    const sim_server_stats_t *stats = sim_server_stats(sim_arena_at(sim_world_arena(world), queue->server));
    *result = (app_mm1_result_t){
        .repeats = REPEATS,
        .customers = CUSTOMERS,
        .customers_per_s = per_s[1 + REPEATS / 2],
        .low_per_s = per_s[1],
        .high_per_s = per_s[REPEATS],
        .peer_per_s = peer_per_s[1 + REPEATS / 2],
        .peer_wait = peer.wait_s / (double)peer.served / service_s,
        .ratio = ratio[1 + REPEATS / 2],
        .wait = sim_tally_mean(&stats->wait_s) / service_s,
        .wait_expected = load / (1 - load),
    };
    return SIM_OK;
}

sim_status_t app_bench_mm1(app_mm1_result_t *result, sim_error_t *err)
{
    sim_world_t *world = NULL;
    sim_world_options_t options = {.seed = 1, .max_bytes = (size_t)16 << 20};
    sim_status_t status = sim_world_create(&world, &model, NULL, &options, err);
    if (status >= 0)
        status = set_up(world, err);
    if (status >= 0)
        status = measure(world, result, err);
    sim_world_destroy(world);
    return status;
}
