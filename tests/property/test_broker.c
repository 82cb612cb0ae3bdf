// SPDX-License-Identifier: GPL-3.0-or-later
/* Brokers: prices against closed forms, GPUs and money conserved under seizures, extremes of risk. */
#include "tests/support/test.h"

#include "models/agents/broker.h"
#include "sim/draw.h"

#include <math.h>

#define SEED UINT64_C(13)

static mdl_tables_t tables;
static mdl_params_t params;

typedef struct scene {
    mdl_ledger_t *ledger;
    mdl_lots_t *lots;
    mdl_broker_t *broker;
    uint32_t buyer;
    int64_t prices_fen[MDL_MAX_GPU_TYPES];
} scene_t;

static int setup(void **state)
{
    (void)state;
    mdl_params_init(&params);
    params.brokers_capacity_scale = 1;
    params.brokers_foreign_price = 1;
    return mdl_tables_default(&tables, NULL) == SIM_OK ? 0 : -1;
}

static scene_t make(int32_t route, double price_factor)
{
    scene_t scene = {.ledger = malloc(mdl_ledger_bytes(8)),
                     .lots = malloc(mdl_lots_bytes(2000, 8)),
                     .broker = malloc(sizeof(mdl_broker_t))};
    uint32_t account;
    mdl_ledger_init(scene.ledger, 8);
    mdl_lots_init(scene.lots, 2000, 8);
    assert_int_equal(mdl_ledger_open(scene.ledger, MDL_SECTOR_BROKER, &account, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_endow(scene.ledger, account, INT64_C(50000000000), NULL), SIM_OK);
    assert_int_equal(mdl_ledger_open(scene.ledger, MDL_SECTOR_DEVELOPER, &scene.buyer, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_endow(scene.ledger, scene.buyer, INT64_C(10000000000000), NULL), SIM_OK);
    mdl_broker_init(scene.broker, account, route, sim_entity_id(0, 8, (uint64_t)route));
    for (uint32_t t = 0; t < tables.n_gpu_types; t++)
        scene.prices_fen[t] = (int64_t)(tables.gpu_types[t].list_price_yuan * 100 * price_factor);
    return scene;
}

static void end(scene_t *scene)
{
    assert_int_equal(mdl_ledger_audit(scene->ledger, NULL), SIM_OK);
    assert_int_equal(mdl_lots_audit(scene->lots, NULL), SIM_OK);
    assert_int_equal(mdl_broker_audit(scene->broker, scene->lots, NULL), SIM_OK);
    free(scene->ledger);
    free(scene->lots);
    free(scene->broker);
}

/* One day: arrive, decide, ship, and sell part of the stock to a buyer at the asked price. */
static void live_a_day(scene_t *scene, const mdl_params_t *with, uint64_t banned, int64_t day, sim_rng_t *rng)
{
    mdl_broker_order_t order;
    mdl_broker_arrival_t result;
    mdl_order_t offers[MDL_MAX_GPU_TYPES];
    mdl_broker_t *broker = scene->broker;
    assert_int_equal(mdl_broker_arrive(broker, scene->ledger, scene->lots, with, &tables, day, SEED, 0, &result, NULL),
                     SIM_OK);
    mdl_broker_decide(broker, with, &tables, banned, scene->prices_fen,
                      mdl_ledger_deposit_fen(scene->ledger, broker->account), day, &order);
    for (uint32_t t = 0; t < tables.n_gpu_types; t++)
        assert_true(order.quantity[t] == 0 || (banned >> t & 1));
    assert_int_equal(mdl_broker_ship(broker, scene->ledger, scene->lots, &tables, &order, day, NULL), SIM_OK);
    uint32_t n = mdl_broker_offers(broker, with, &tables, banned, scene->prices_fen, day, offers);
    for (uint32_t i = 0; i < n; i++) {
        int64_t sold = (int64_t)sim_draw_below(rng, (uint64_t)offers[i].quantity + 1), money;
        int32_t type = (int32_t)offers[i].tag;
        mdl_lot_t to = {.state = MDL_LOT_STOCK, .owner = scene->buyer};
        if (sold == 0)
            continue;
        assert_true(mdl_money_times(sold, offers[i].limit_fen, &money));
        assert_int_equal(mdl_ledger_pay(scene->ledger, MDL_FLOW_CHIPS, scene->buyer, broker->account, money, NULL),
                         SIM_OK);
        assert_int_equal(mdl_lots_take(scene->lots, broker->account, type, MDL_LOT_STOCK, sold, &to, NULL, NULL),
                         SIM_OK);
        assert_int_equal(mdl_broker_sold(broker, scene->ledger, type, sold, NULL), SIM_OK);
    }
}

static int64_t sum(const int64_t *values)
{
    int64_t total = 0;
    for (int t = 0; t < MDL_MAX_GPU_TYPES; t++)
        total += values[t];
    return total;
}

/* What the ledger holds as the broker's capital is what its goods cost: under way and in stock. */
static int64_t cost_of_goods(const mdl_broker_t *broker)
{
    int64_t cost = sum(broker->stock_cost_fen);
    for (int i = 0; i < MDL_BROKER_SHIPMENTS; i++)
        if (broker->shipments[i].quantity > 0)
            cost += broker->shipments[i].cost_fen;
    return cost;
}

static void years_of_smuggling_conserve_gpus_and_money(void **state)
{
    (void)state;
    for (int32_t route = 0; route < (int32_t)tables.n_routes; route++) {
        scene_t scene = make(route, 2.5);
        mdl_params_t risky = params;
        risky.brokers_seizure_scale = 5;
        sim_rng_t rng;
        sim_rng_at(&rng, SEED, 0, 1, 0, (uint64_t)route);
        for (int64_t day = 19000; day < 20000; day++) {
            live_a_day(&scene, &risky, day < 19100 ? 0 : day < 19900 ? 0x0F : 0x02, day, &rng);
            assert_int_equal(mdl_ledger_capital_fen(scene.ledger, scene.broker->account), cost_of_goods(scene.broker));
            if (day % 10 == 0)
                assert_int_equal(mdl_broker_audit(scene.broker, scene.lots, NULL), SIM_OK);
        }
        const mdl_broker_t *broker = scene.broker;
        assert_true(sum(broker->seized) > 0 && sum(broker->arrived) > sum(broker->seized));
        for (int t = 0; t < MDL_MAX_GPU_TYPES; t++) {
            assert_int_equal(scene.lots->made[t], broker->shipped[t]);
            assert_int_equal(scene.lots->total[t][MDL_LOT_SEIZED], broker->seized[t]);
        }
        end(&scene);
    }
}

/* Black-market premium: cost x (1 + q/(1-q)) x (1+markup)^hops x capital (docs/ODD.md). */
static void ask_is_cost_risk_markup_and_capital(void **state)
{
    (void)state;
    for (int32_t r = 0; r < (int32_t)tables.n_routes; r++) {
        const mdl_route_t *route = &tables.routes[r];
        double q = 1 - pow(1 - route->seizure_probability, route->hops);
        double cost = tables.gpu_types[2].list_price_yuan * 100 * params.brokers_foreign_price;
        double ask = cost * (1 + q / (1 - q)) * pow(1 + route->markup_per_hop, route->hops) *
                     (1 + params.brokers_capital_cost * (double)route->transit_d / 365.25);
        assert_true(fabs(mdl_broker_loss(&params, &tables, r) - q) < 1e-12);
        assert_true(fabs((double)mdl_broker_ask_fen(&params, &tables, r, 2) - ask) <= 1);
    }
}

static void wider_spread_ships_more_up_to_capacity(void **state)
{
    (void)state;
    double last = -1;
    mdl_params_t now = params;
    now.brokers_build_up_s = 0;
    for (int step = 0; step <= 20; step++) {
        scene_t scene = make(0, 0.8 + 0.2 * step);
        mdl_broker_order_t order;
        double shipped = 0, all = 0;
        for (int64_t day = 100; day < 170; day++) {
            mdl_broker_decide(scene.broker, &now, &tables, 1u << 2, scene.prices_fen, INT64_MAX, day, &order);
            shipped += (double)order.quantity[2];
        }
        assert_true(shipped >= last);
        assert_true(shipped <= tables.routes[0].gpus_per_week * 10 + 1);
        assert_true(step > 0 || shipped == 0); /* under cost nothing comes */
        last = shipped;
        for (int64_t day = 200; day < 270; day++) { /* many types share the route */
            mdl_broker_decide(scene.broker, &now, &tables, 0xFF, scene.prices_fen, INT64_MAX, day, &order);
            all += (double)sum(order.quantity);
        }
        assert_true(all <= tables.routes[0].gpus_per_week * 10 + tables.n_gpu_types);
        end(&scene);
    }
    assert_true(fabs(last - tables.routes[0].gpus_per_week * 10) <= 1);
}

static void certain_seizure_none_and_no_money(void **state)
{
    (void)state;
    mdl_broker_order_t order;
    sim_rng_t rng;
    sim_rng_at(&rng, SEED, 0, 2, 0, 0);
    mdl_params_t certain = params, safe = params;
    certain.brokers_seizure_scale = 20;
    mdl_tables_t risky = tables;
    risky.routes[1].seizure_probability = 1;
    assert_int_equal(mdl_broker_ask_fen(&certain, &risky, 1, 2), MDL_MONEY_MAX_FEN);
    scene_t scene = make(1, 50);
    mdl_broker_decide(scene.broker, &certain, &risky, 0xFF, scene.prices_fen, INT64_MAX, 500, &order);
    assert_int_equal(sum(order.quantity), 0);
    /* a broker that ships all the same loses everything */
    order.quantity[2] = 10;
    order.price_fen[2] = 100;
    mdl_broker_arrival_t result;
    assert_int_equal(mdl_broker_ship(scene.broker, scene.ledger, scene.lots, &risky, &order, 500, NULL), SIM_OK);
    assert_int_equal(
        mdl_broker_arrive(scene.broker, scene.ledger, scene.lots, &certain, &risky, 600, SEED, 0, &result, NULL),
        SIM_OK);
    assert_int_equal(result.seized[2], 10);
    assert_int_equal(result.arrived[2], 0);
    end(&scene);
    safe.brokers_seizure_scale = 0;
    scene = make(1, 3);
    for (int64_t day = 0; day < 300; day++)
        live_a_day(&scene, &safe, 0x04, day, &rng);
    assert_true(sum(scene.broker->arrived) > 0);
    assert_int_equal(sum(scene.broker->seized), 0);
    mdl_broker_decide(scene.broker, &safe, &tables, 0x04, scene.prices_fen, 0, 301, &order);
    assert_int_equal(sum(order.quantity), 0);
    mdl_broker_decide(scene.broker, &safe, &tables, 0, scene.prices_fen, INT64_MAX, 301, &order);
    assert_int_equal(sum(order.quantity), 0);
    end(&scene);
}

/* Seizures come at the stated rate: 3,000 shipments over a route, 4 standard deviations miss once in 16,000. */
static void seizures_come_at_their_rate(void **state)
{
    (void)state;
    int seized = 0, n = 3000;
    scene_t scene = make(1, 3);
    double q = mdl_broker_loss(&params, &tables, 1);
    for (int64_t day = 0; day < n; day++) {
        mdl_broker_order_t order = {0};
        mdl_broker_arrival_t result;
        order.quantity[0] = 1;
        assert_int_equal(mdl_broker_ship(scene.broker, scene.ledger, scene.lots, &tables, &order, day, NULL), SIM_OK);
        assert_int_equal(mdl_broker_arrive(scene.broker, scene.ledger, scene.lots, &params, &tables, day + 1000, SEED,
                                           0, &result, NULL),
                         SIM_OK);
        seized += (int)result.seized[0];
    }
    assert_true(fabs(seized - n * q) < 4 * sqrt(n * q * (1 - q)));
    end(&scene);
}

static void stock_gets_cheaper_and_stops_imports(void **state)
{
    (void)state;
    scene_t scene = make(0, 3);
    mdl_order_t early[MDL_MAX_GPU_TYPES], late[MDL_MAX_GPU_TYPES], free_to_sell[MDL_MAX_GPU_TYPES];
    mdl_broker_order_t order = {0};
    mdl_broker_arrival_t result;
    order.quantity[2] = 100000;
    assert_int_equal(mdl_broker_ship(scene.broker, scene.ledger, scene.lots, &tables, &order, 0, NULL), SIM_OK);
    mdl_params_t safe = params;
    safe.brokers_seizure_scale = 0;
    assert_int_equal(
        mdl_broker_arrive(scene.broker, scene.ledger, scene.lots, &safe, &tables, 60, SEED, 0, &result, NULL), SIM_OK);
    for (int t = 0; t < MDL_MAX_GPU_TYPES; t++)
        scene.prices_fen[t] /= 2;
    assert_int_equal(mdl_broker_offers(scene.broker, &safe, &tables, 4, scene.prices_fen, 60, early), 1);
    assert_int_equal(mdl_broker_offers(scene.broker, &safe, &tables, 4, scene.prices_fen, 60 + 70, late), 1);
    assert_int_equal(mdl_broker_offers(scene.broker, &safe, &tables, 0, scene.prices_fen, 60, free_to_sell), 1);
    assert_int_equal(early[0].limit_fen, mdl_broker_ask_fen(&safe, &tables, 0, 2));
    assert_true(fabs((double)late[0].limit_fen - (double)early[0].limit_fen * pow(1 - safe.brokers_markdown, 10)) <= 1);
    assert_int_equal(free_to_sell[0].limit_fen, llround((double)scene.prices_fen[2] * safe.brokers_least_share));
    mdl_broker_decide(scene.broker, &safe, &tables, 4, scene.prices_fen, INT64_MAX, 61, &order);
    mdl_broker_decide(scene.broker, &safe, &tables, 4, scene.prices_fen, INT64_MAX, 500, &order);
    assert_int_equal(sum(order.quantity), 0);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(years_of_smuggling_conserve_gpus_and_money),
        cmocka_unit_test(ask_is_cost_risk_markup_and_capital),
        cmocka_unit_test(wider_spread_ships_more_up_to_capacity),
        cmocka_unit_test(certain_seizure_none_and_no_money),
        cmocka_unit_test(seizures_come_at_their_rate),
        cmocka_unit_test(stock_gets_cheaper_and_stops_imports),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
