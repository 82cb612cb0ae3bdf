// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/broker.h"

#include "models/params/purpose.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "sim/time.h"

#include <string.h>

#define DAYS_PER_YEAR 365.25
#define DAYS_PER_WEEK 7.0

void mdl_broker_init(mdl_broker_t *self, uint32_t account, int32_t route, uint64_t entity)
{
    memset(self, 0, sizeof *self);
    self->account = account;
    self->route = route;
    self->entity = entity;
    self->first_day = -1;
    for (int i = 0; i < MDL_BROKER_SHIPMENTS; i++)
        self->due_day[i] = INT32_MAX;
}

static double within_unit(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static double hop_seizure(const mdl_params_t *params, const mdl_route_t *route)
{
    return within_unit(route->seizure_probability * params->brokers_seizure_scale);
}

int64_t mdl_broker_foreign_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type)
{
    return mdl_money_round(tables->gpu_types[type].list_price_yuan * MDL_FEN_PER_YUAN * params->brokers_foreign_price);
}

double mdl_broker_loss(const mdl_params_t *params, const mdl_tables_t *tables, int32_t route)
{
    const mdl_route_t *row = &tables->routes[route];
    double passes = 1;
    for (int32_t hop = 0; hop < row->hops; hop++)
        passes *= 1 - hop_seizure(params, row);
    return 1 - passes;
}

int64_t mdl_broker_ask_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t route, int32_t type)
{
    const mdl_route_t *row = &tables->routes[route];
    double q = mdl_broker_loss(params, tables, route);
    if (q >= 1)
        return MDL_MONEY_MAX_FEN;
    double cost = (double)mdl_broker_foreign_fen(params, tables, type);
    double premium = 1 + q / (1 - q);
    for (int32_t hop = 0; hop < row->hops; hop++)
        premium *= 1 + row->markup_per_hop;
    double capital = params->brokers_capital_cost * (double)row->transit_d / DAYS_PER_YEAR;
    return mdl_money_round(cost * premium * (1 + capital));
}

double mdl_broker_capacity(const mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables,
                           int64_t day)
{
    if (self->first_day < 0)
        return 0;
    double full = tables->routes[self->route].gpus_per_week / DAYS_PER_WEEK * params->brokers_capacity_scale;
    if (params->brokers_build_up_s <= 0)
        return full;
    double since_s = (double)(day - self->first_day) * (double)SIM_DAY_S;
    return full * -sim_expm1(-since_s / (double)params->brokers_build_up_s);
}

/* Margin of the China price over the ask; negative when importing does not pay. */
static double spread(const mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables, int32_t type,
                     int64_t price_fen)
{
    int64_t ask_fen = mdl_broker_ask_fen(params, tables, self->route, type);
    return ask_fen > 0 ? (double)price_fen / (double)ask_fen - 1 : -1;
}

/* Share of its normal appetite that unsold stock leaves. */
static double stock_room(const mdl_broker_t *self, const mdl_params_t *params, double capacity)
{
    int64_t stock = 0;
    for (int type = 0; type < MDL_MAX_GPU_TYPES; type++)
        stock += self->stock[type];
    double most = params->brokers_stock_weeks * DAYS_PER_WEEK * capacity;
    return most > 0 ? within_unit(1 - (double)stock / most) : 0;
}

/* Banned type with the widest spread that is not yet `done`; -1 when none pays. */
static int32_t widest(const double *spreads, uint32_t n_types, uint64_t done)
{
    int32_t best = -1;
    for (uint32_t type = 0; type < n_types; type++)
        if (!(done >> type & 1) && spreads[type] > 0 && (best < 0 || spreads[type] > spreads[best]))
            best = (int32_t)type;
    return best;
}

/* Whole GPUs of a wanted fraction, as far as the money goes; what the money does not reach is not made up for later. */
static int64_t whole(double *carry, double wanted, int64_t price_fen, int64_t budget_fen)
{
    *carry += wanted;
    int64_t quantity = *carry < (double)MDL_CHIPS_MAX_QUANTITY ? (int64_t)*carry : MDL_CHIPS_MAX_QUANTITY;
    *carry -= (double)quantity;
    *carry = within_unit(*carry);
    int64_t affordable = price_fen > 0 ? (budget_fen > 0 ? budget_fen / price_fen : 0) : quantity;
    return quantity < affordable ? quantity : affordable;
}

void mdl_broker_decide(mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables, uint64_t banned,
                       const int64_t *prices_fen, int64_t budget_fen, int64_t day, mdl_broker_order_t *order)
{
    double spreads[MDL_MAX_GPU_TYPES];
    uint64_t done = 0;
    memset(order, 0, sizeof *order);
    if (banned == 0)
        return;
    if (self->first_day < 0)
        self->first_day = day;
    double capacity = mdl_broker_capacity(self, params, tables, day), room = stock_room(self, params, capacity);
    for (uint32_t type = 0; type < tables->n_gpu_types; type++)
        spreads[type] = banned >> type & 1 ? spread(self, params, tables, (int32_t)type, prices_fen[type]) : -1;
    for (int32_t type = widest(spreads, tables->n_gpu_types, done); type >= 0 && capacity > 0;
         type = widest(spreads, tables->n_gpu_types, done)) {
        double wanted = within_unit(params->brokers_supply_slope * spreads[type]) * room * capacity;
        order->price_fen[type] = mdl_broker_foreign_fen(params, tables, type);
        order->quantity[type] = whole(&self->carry[type], wanted, order->price_fen[type], budget_fen);
        budget_fen -= order->quantity[type] * order->price_fen[type];
        capacity -= wanted;
        done |= UINT64_C(1) << type;
    }
}

static mdl_shipment_t *free_shipment(mdl_broker_t *self)
{
    for (int32_t i = 0; i < self->shipments_used; i++)
        if (self->due_day[i] == INT32_MAX)
            return &self->shipments[i];
    return self->shipments_used < MDL_BROKER_SHIPMENTS ? &self->shipments[self->shipments_used++] : NULL;
}

sim_status_t mdl_broker_ship(mdl_broker_t *self, mdl_ledger_t *ledger, mdl_lots_t *lots, const mdl_tables_t *tables,
                             const mdl_broker_order_t *order, int64_t day, sim_error_t *err)
{
    for (int32_t type = 0; type < (int32_t)tables->n_gpu_types; type++) {
        mdl_shipment_t *shipment = order->quantity[type] > 0 ? free_shipment(self) : NULL;
        int64_t cost_fen;
        if (shipment == NULL)
            continue;
        if (!mdl_money_times(order->price_fen[type], order->quantity[type], &cost_fen))
            return sim_fail(err, SIM_EINVARIANT, "broker", "%lld GPUs at %lld fen are too much money",
                            (long long)order->quantity[type], (long long)order->price_fen[type]);
        sim_status_t status = mdl_ledger_pay(ledger, MDL_FLOW_CHIPS, self->account, MDL_LEDGER_REST, cost_fen, err);
        if (status != SIM_OK)
            return status;
        *shipment =
            (mdl_shipment_t){.quantity = order->quantity[type], .cost_fen = cost_fen, .sent_day = day, .type = type};
        int64_t due_day = day + tables->routes[self->route].transit_d;
        self->due_day[shipment - self->shipments] = (int32_t)due_day;
        mdl_lot_t lot = {.type = type,
                         .state = MDL_LOT_TRANSIT,
                         .owner = self->account,
                         .place = (uint32_t)self->route,
                         .count = shipment->quantity,
                         .due_day = due_day};
        status = mdl_lots_make(lots, &lot, &shipment->lot, err);
        if (status != SIM_OK)
            return status;
        self->shipped[type] += shipment->quantity;
    }
    return SIM_OK;
}

static bool seized_on_the_way(const mdl_broker_t *self, const mdl_params_t *params, const mdl_route_t *route,
                              const mdl_shipment_t *shipment, uint64_t seed, uint64_t replication)
{
    uint64_t event = (uint64_t)(shipment->sent_day * MDL_MAX_GPU_TYPES + shipment->type);
    sim_rng_t rng;
    sim_rng_at(&rng, seed, replication, self->entity, MDL_PURPOSE_SEIZURE, event & MDL_BROKER_EVENT_MASK);
    for (int32_t hop = 0; hop < route->hops; hop++)
        if (sim_draw_bernoulli(&rng, hop_seizure(params, route)))
            return true;
    return false;
}

static void join_stock(mdl_broker_t *self, const mdl_shipment_t *shipment, int64_t day)
{
    int32_t type = shipment->type;
    double before = (double)self->stock[type], joined = (double)shipment->quantity;
    self->stock_day[type] = (before * self->stock_day[type] + joined * (double)day) / (before + joined);
    self->stock[type] += shipment->quantity;
    self->stock_cost_fen[type] += shipment->cost_fen;
    self->arrived[type] += shipment->quantity;
}

static sim_status_t land(mdl_broker_t *self, mdl_ledger_t *ledger, mdl_lots_t *lots, mdl_shipment_t *shipment,
                         bool seized, int64_t day, mdl_broker_arrival_t *result, sim_error_t *err)
{
    mdl_lot_t to = {.state = seized ? MDL_LOT_SEIZED : MDL_LOT_STOCK,
                    .owner = seized ? MDL_LEDGER_REST : self->account,
                    .place = (uint32_t)self->route};
    sim_status_t status = mdl_lots_move(lots, shipment->lot, shipment->quantity, &to, NULL, err);
    if (status == SIM_OK && seized)
        status = mdl_ledger_consume(ledger, self->account, shipment->cost_fen, err);
    if (status != SIM_OK)
        return status;
    if (seized) {
        self->seized[shipment->type] += shipment->quantity;
        result->seized[shipment->type] += shipment->quantity;
    } else {
        join_stock(self, shipment, day);
        result->arrived[shipment->type] += shipment->quantity;
    }
    shipment->quantity = 0;
    self->due_day[shipment - self->shipments] = INT32_MAX;
    return SIM_OK;
}

sim_status_t mdl_broker_arrive(mdl_broker_t *self, mdl_ledger_t *ledger, mdl_lots_t *lots, const mdl_params_t *params,
                               const mdl_tables_t *tables, int64_t day, uint64_t seed, uint64_t replication,
                               mdl_broker_arrival_t *result, sim_error_t *err)
{
    memset(result, 0, sizeof *result);
    for (int32_t i = 0; i < self->shipments_used; i++) {
        if (self->due_day[i] > day)
            continue;
        mdl_shipment_t *shipment = &self->shipments[i];
        bool seized = seized_on_the_way(self, params, &tables->routes[self->route], shipment, seed, replication);
        sim_status_t status = land(self, ledger, lots, shipment, seized, day, result, err);
        if (status != SIM_OK)
            return status;
    }
    return SIM_OK;
}

/* Least price of a type today. */
static int64_t limit_fen(const mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables, bool banned,
                         int32_t type, int64_t price_fen, int64_t day)
{
    int64_t least = mdl_money_share(price_fen, params->brokers_least_share);
    if (!banned)
        return least;
    double weeks = ((double)day - self->stock_day[type]) / DAYS_PER_WEEK;
    double kept = sim_pow(1 - params->brokers_markdown, weeks > 0 ? weeks : 0);
    int64_t ask = mdl_money_share(mdl_broker_ask_fen(params, tables, self->route, type), kept);
    return ask > least ? ask : least;
}

uint32_t mdl_broker_offers(const mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables,
                           uint64_t banned, const int64_t *prices_fen, int64_t day, mdl_order_t *orders)
{
    uint32_t n = 0;
    for (int32_t type = 0; type < (int32_t)tables->n_gpu_types; type++) {
        if (self->stock[type] <= 0)
            continue;
        orders[n++] =
            (mdl_order_t){.side = MDL_SIDE_SELL,
                          .account = self->account,
                          .tag = (uint32_t)type,
                          .quantity = self->stock[type],
                          .limit_fen = limit_fen(self, params, tables, banned >> type & 1, type, prices_fen[type], day),
                          .last_day = day,
                          .channel = MDL_CHANNEL_BROKER};
    }
    return n;
}

sim_status_t mdl_broker_sold(mdl_broker_t *self, mdl_ledger_t *ledger, int32_t type, int64_t quantity, sim_error_t *err)
{
    if (quantity <= 0 || quantity > self->stock[type])
        return sim_fail(err, SIM_EINVARIANT, "broker", "sale of %lld GPUs of type %d out of %lld", (long long)quantity,
                        type, (long long)self->stock[type]);
    int64_t cost_fen = self->stock_cost_fen[type];
    if (quantity < self->stock[type])
        cost_fen = mdl_money_share(cost_fen, (double)quantity / (double)self->stock[type]);
    self->stock[type] -= quantity;
    self->stock_cost_fen[type] -= cost_fen;
    self->sold[type] += quantity;
    return mdl_ledger_consume(ledger, self->account, cost_fen, err);
}

sim_status_t mdl_broker_audit(const mdl_broker_t *self, const mdl_lots_t *lots, sim_error_t *err)
{
    int64_t way[MDL_MAX_GPU_TYPES] = {0};
    for (int32_t i = 0; i < self->shipments_used; i++)
        if (self->due_day[i] != INT32_MAX)
            way[self->shipments[i].type] += self->shipments[i].quantity;
    for (int32_t type = 0; type < MDL_MAX_GPU_TYPES; type++) {
        bool right = self->shipped[type] == way[type] + self->arrived[type] + self->seized[type] &&
                     self->arrived[type] == self->stock[type] + self->sold[type] &&
                     mdl_lots_count(lots, self->account, type, MDL_LOT_TRANSIT) == way[type] &&
                     mdl_lots_count(lots, self->account, type, MDL_LOT_STOCK) == self->stock[type];
        if (!right)
            return sim_fail(
                err, SIM_EINVARIANT, "broker",
                "type %d: %lld shipped, %lld under way, %lld arrived, %lld seized, %lld in stock, %lld sold", type,
                (long long)self->shipped[type], (long long)way[type], (long long)self->arrived[type],
                (long long)self->seized[type], (long long)self->stock[type], (long long)self->sold[type]);
    }
    return SIM_OK;
}
