// SPDX-License-Identifier: GPL-3.0-or-later
/* M/M/c: customers come at random, c clerks serve them in order of arrival. How long do they wait, and how busy are the
 * clerks?
 *
 *     mmc [CLERKS [LOAD]]
 *
 * prints the mean wait in units of the mean service, with a 99 % confidence interval, and the share of time that a
 * clerk was busy. The mean service is 100,000 seconds, so that whole seconds are fine enough. */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARRIVAL, DONE, SERVICE_S = 100000, CUSTOMERS = 2000000 };

typedef struct shop {
    sim_rng_t rng;
    sim_ref_t clerks;
    double gap_s; /* mean time between arrivals */
} shop_t;

static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event)
{
    shop_t *shop = lp->state;
    sim_server_t *clerks = sim_server_at(lp, shop->clerks);
    if (event->type == DONE)
        return sim_server_done(clerks, lp, event, NULL);
    sim_customer_t customer = {.service_s = sim_round_i64(sim_draw_exponential(&shop->rng, SERVICE_S))};
    sim_status_t status = sim_server_arrive(clerks, lp, &customer, NULL);
    int64_t gap_s = sim_round_i64(sim_draw_exponential(&shop->rng, shop->gap_s));
    return status < 0 ? status : sim_schedule(lp, gap_s, event, 0, NULL);
}

int main(int argc, char **argv)
{
    const sim_lp_kind_t kind = {.name = "shop", .handle = on_event};
    const sim_model_t model = {.name = "M/M/c", .kinds = &kind, .n_kinds = 1, .window_s = 10000 * SIM_DAY_S};
    const uint32_t c = argc > 1 ? (uint32_t)atoi(argv[1]) : 3;
    const sim_server_spec_t spec = {.servers = c, .capacity = 100000, .done_type = DONE};
    shop_t shop = {.gap_s = SERVICE_S / (c * (argc > 2 ? atof(argv[2]) : 0.8))};
    sim_world_t *world;
    uint32_t lp;
    sim_error_t err = {0};
    sim_rng_at(&shop.rng, 1, 0, 0, 0, 0); /* seed 1; there is one entity, and one purpose */
    if (sim_world_create(&world, &model, NULL, &(sim_world_options_t){.seed = 1}, &err) < 0 ||
        sim_world_add_lp(world, &(sim_lp_spec_t){.state_bytes = sizeof shop}, &lp, &err) < 0 ||
        sim_server_create(world, &spec, &shop.clerks, &err) < 0 ||
        sim_world_schedule(world, lp, &(sim_event_t){.type = ARRIVAL}, 0, NULL) < 0)
        return fprintf(stderr, "%s\n", err.message), 1;
    *(shop_t *)sim_world_state(world, lp) = shop;
    if (sim_world_run(world, (int64_t)(CUSTOMERS * shop.gap_s), NULL, &err) < 0)
        return fprintf(stderr, "%s\n", err.message), 1;
    const sim_server_stats_t *stats = sim_server_stats(sim_arena_at(sim_world_arena(world), shop.clerks));
    sim_interval_t wait = sim_batches_interval(&stats->waits, 0.99);
    printf("wait %.5f [%.5f, %.5f] services, clerks %.4f busy\n", wait.mean / SERVICE_S, wait.low / SERVICE_S,
           wait.high / SERVICE_S, sim_level_mean(&stats->busy, sim_world_now(world)) / c);
    sim_world_destroy(world);
    return 0;
}
