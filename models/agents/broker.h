// SPDX-License-Identifier: GPL-3.0-or-later
/* Brokers: import chips past an export rule, at a risk, for a markup.
 *
 * One broker works one route (table `routes`: hops, capacity, seizure probability per hop, markup per hop, transit).
 * Each day it compares the price in China with what a chip costs it: price abroad, raised by the risk of losing it,
 * q/(1-q) with q = 1 - (1 - per-hop probability)^hops, by capital tied up in transit and by the markup of each hop. The
 * wider the spread, the more of the route's capacity it ships, as far as its money goes. On arrival the shipment has
 * passed all hops or was seized at one; what arrives is offered in the order book at its cost, marked down while it
 * lies. Only types under an export rule are imported; when the rule falls, stock is sold off.
 *
 *     mdl_broker_decide(&broker, params, tables, banned, prices, budget, day, &order);     // wants, per type
 *     mdl_broker_ship(&broker, lots, ledger, order, ..., err);                             // pays abroad, lots in
 * transit mdl_broker_arrive(&broker, ledger, lots, params, tables, day, seed, replication, &result, err);
 *     n = mdl_broker_offers(&broker, params, tables, banned, prices, day, orders);         // sell orders for the books
 *     mdl_broker_sold(&broker, ledger, type, quantity, err);                               // after a trade
 *
 * Plain struct without pointers.
 */
#ifndef MDL_BROKER_H
#define MDL_BROKER_H

#include "models/ledger/ledger.h"
#include "models/market/chips.h"
#include "models/market/lots.h"
#include "models/params/params.h"
#include "models/params/tables.h"

#define MDL_BROKER_SHIPMENTS 256 /* under way at once, of one broker */
/* Events of random addresses are 48 bits; days before 1970 wrap. */
#define MDL_BROKER_EVENT_MASK ((UINT64_C(1) << 48) - 1)

typedef struct mdl_shipment {
    int64_t quantity; /* 0 of a free slot, which due_day below tells */
    int64_t cost_fen; /* paid abroad, whole shipment */
    int64_t sent_day;
    int32_t type;
    uint32_t lot;
} mdl_shipment_t;

typedef struct mdl_broker {
    uint32_t account; /* ledger account */
    int32_t route;
    uint64_t entity;
    int64_t first_day;                /* first day with a banned type: capacity builds up from here; -1 = none yet */
    double carry[MDL_MAX_GPU_TYPES];  /* fraction of a GPU not yet shipped */
    int64_t stock[MDL_MAX_GPU_TYPES]; /* arrived and unsold */
    int64_t stock_cost_fen[MDL_MAX_GPU_TYPES]; /* paid for it */
    double stock_day[MDL_MAX_GPU_TYPES];       /* mean day of arrival of what is in stock */
    int64_t shipped[MDL_MAX_GPU_TYPES], arrived[MDL_MAX_GPU_TYPES], seized[MDL_MAX_GPU_TYPES], sold[MDL_MAX_GPU_TYPES];
    int32_t shipments_used;                /* slots from here on were never used */
    int32_t due_day[MDL_BROKER_SHIPMENTS]; /* of shipments; INT32_MAX of free slots. Every day looks at all of them */
    mdl_shipment_t shipments[MDL_BROKER_SHIPMENTS];
} mdl_broker_t;

/* How many GPUs of each type to ship today, and their price abroad. */
typedef struct mdl_broker_order {
    int64_t quantity[MDL_MAX_GPU_TYPES];
    int64_t price_fen[MDL_MAX_GPU_TYPES];
} mdl_broker_order_t;

typedef struct mdl_broker_arrival {
    int64_t arrived[MDL_MAX_GPU_TYPES];
    int64_t seized[MDL_MAX_GPU_TYPES];
} mdl_broker_arrival_t;

void mdl_broker_init(mdl_broker_t *self, uint32_t account, int32_t route, uint64_t entity);

/* Price abroad of a type, fen: list price x brokers.foreign_price. */
int64_t mdl_broker_foreign_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type);
/* Chance that a shipment of a route is lost: 1 - (1 - q)^hops, q scaled by brokers.seizure_scale and cut at 1. */
double mdl_broker_loss(const mdl_params_t *params, const mdl_tables_t *tables, int32_t route);
/* What one GPU must fetch in China for the route to pay, fen; MDL_MONEY_MAX_FEN when the loss is certain. */
int64_t mdl_broker_ask_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t route, int32_t type);

/* GPUs a day that the route carries now; it builds up from the first export rule on, and is 0 before. */
double mdl_broker_capacity(const mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables,
                           int64_t day);

/* Wants of the day. `banned`: bit set of types under export rule; `prices_fen`: index per type; `budget_fen`: money at
 * hand. Share of capacity used = brokers.supply_slope x (price / ask - 1), between 0 and 1, less as unsold stock
 * nears brokers.stock_weeks of capacity; widest spread first, types
 * with equal spread by number. */
void mdl_broker_decide(mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables, uint64_t banned,
                       const int64_t *prices_fen, int64_t budget_fen, int64_t day, mdl_broker_order_t *order);
/* Buys abroad (MDL_FLOW_CHIPS to the rest; capital of the broker) and sends: lots made, in transit, place = route.
 * A shipment that finds no free slot is not sent. */
sim_status_t mdl_broker_ship(mdl_broker_t *self, mdl_ledger_t *ledger, mdl_lots_t *lots, const mdl_tables_t *tables,
                             const mdl_broker_order_t *order, int64_t day, sim_error_t *err);
/* Shipments due by `day`: seized at a hop (one draw per hop by (broker's entity, MDL_PURPOSE_SEIZURE, day sent x
 * MDL_MAX_GPU_TYPES + type)) or arrived. Lots change state, the cost of what was seized is the broker's loss. */
sim_status_t mdl_broker_arrive(mdl_broker_t *self, mdl_ledger_t *ledger, mdl_lots_t *lots, const mdl_params_t *params,
                               const mdl_tables_t *tables, int64_t day, uint64_t seed, uint64_t replication,
                               mdl_broker_arrival_t *result, sim_error_t *err);
/* Sell orders for today, at most one per type (orders[MDL_MAX_GPU_TYPES], tag = type, channel broker, for one day):
 * limit = the route's ask, lowered by brokers.markdown a week while the stock lies, not below brokers.least_share of
 * the index. Returns how many. */
uint32_t mdl_broker_offers(const mdl_broker_t *self, const mdl_params_t *params, const mdl_tables_t *tables,
                           uint64_t banned, const int64_t *prices_fen, int64_t day, mdl_order_t *orders);
/* A sale went through (payment and lots are the caller's): stock and its cost leave the books. */
sim_status_t mdl_broker_sold(mdl_broker_t *self, mdl_ledger_t *ledger, int32_t type, int64_t quantity,
                             sim_error_t *err);
/* Own counters against the lots: shipped = under way + arrived + seized; arrived = stock + sold; stock and transit as
 * in the registry. */
sim_status_t mdl_broker_audit(const mdl_broker_t *self, const mdl_lots_t *lots, sim_error_t *err);

#endif
