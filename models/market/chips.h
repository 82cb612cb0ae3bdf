// SPDX-License-Identifier: GPL-3.0-or-later
/* The market for GPUs: one limit order book per type, cleared once a day by a uniform-price call auction.
 *
 * Buyers place limits from the rental income that they expect; sellers are the official channels, brokers, domestic
 * makers and owners in distress. An order stays until it is filled, cancelled or its last day is over. The price index
 * of a type is its last clearing price; without trade it stays.
 *
 *     mdl_chips_order(chips, h800, &(mdl_order_t){.side = MDL_SIDE_BUY, .account = a, .quantity = 512,
 *                                                 .limit_fen = 30000000, .last_day = day}, &number, err);
 *     ...
 *     mdl_chips_clear(chips, h800, day, trades, capacity, &n, err);   // then the caller pays and moves lots
 *
 * The official channel of a type (foreign or domestic) has a quota that grows, sells at list price or better, and
 * delivers after a lead time. Part of the quota goes to platforms at list price by standing contract
 * (mdl_channel_allot); the rest is offered in the book (mdl_channel_order). Under an export rule nothing is
 * released; what lies unsold in the country by then may be sold.
 */
#ifndef MDL_CHIPS_H
#define MDL_CHIPS_H

#include "models/market/auction.h"
#include "models/params/params.h"
#include "models/params/tables.h"
#include "sim/error.h"

typedef enum mdl_chip_channel {
    MDL_CHANNEL_OFFICIAL, /* maker's channel, foreign chips */
    MDL_CHANNEL_DOMESTIC, /* maker's channel, domestic chips */
    MDL_CHANNEL_BROKER,   /* past the export rule */
    MDL_CHANNEL_DISTRESS, /* owners who must sell, banks, courts */
    MDL_CHANNEL_OWNER,    /* other second-hand sales */
    MDL_CHANNELS
} mdl_chip_channel_t;

typedef struct mdl_chip_trade {
    uint64_t buy_number, sell_number;
    int64_t quantity;
    int64_t price_fen; /* per GPU */
    uint32_t buyer, seller;
    uint32_t buy_tag, sell_tag;
    int32_t channel; /* of the seller */
    int32_t type;
} mdl_chip_trade_t;

/* Largest quantity of one order: keeps sums of a full book inside int64. */
#define MDL_CHIPS_MAX_QUANTITY INT64_C(1000000000)

/* State of one type's official channel. */
typedef struct mdl_channel {
    double quota_carry;    /* fraction of a GPU not yet released */
    int64_t available;     /* GPUs released for the book and unsold */
    int64_t for_platforms; /* GPUs released today for standing contracts; what is left joins `available` tomorrow */
    int64_t sold;          /* since the start */
} mdl_channel_t;

typedef struct mdl_chip_market {
    int64_t price_fen;              /* last clearing price; list price before the first trade */
    int64_t trade_day;              /* of that price; INT64_MIN before */
    int64_t volume;                 /* cleared on the last day of trading */
    int64_t bid_volume, ask_volume; /* units in the book at the last clearing, before it */
    int64_t volume_total;
    int64_t value_total_fen;
    int64_t volume_by_channel[MDL_CHANNELS]; /* since the start */
    mdl_channel_t channel;
} mdl_chip_market_t;

typedef struct mdl_chips {
    uint32_t capacity; /* orders per type */
    uint32_t n_types;
    uint64_t next_number;
    uint32_t n_orders[MDL_MAX_GPU_TYPES];
    mdl_chip_market_t market[MDL_MAX_GPU_TYPES];
} mdl_chips_t;

size_t mdl_chips_bytes(uint32_t n_types, uint32_t orders_per_type);
/* Empty books at list prices. */
void mdl_chips_init(mdl_chips_t *self, const mdl_tables_t *tables, uint32_t orders_per_type);

/* Places an order: side, account, tag, quantity > 0, limit_fen >= 0, last_day, channel are read from `order`; its
 * number is given back (may be NULL). SIM_ELIMIT when the book is full, SIM_EINVARIANT for a bad quantity or limit. */
sim_status_t mdl_chips_order(mdl_chips_t *self, int32_t type, const mdl_order_t *order, uint64_t *number,
                             sim_error_t *err);
/* Takes an order out; false when it is not (any more) in the book. O(orders of the type). */
bool mdl_chips_cancel(mdl_chips_t *self, int32_t type, uint64_t number);
/* The book, in no particular order. */
const mdl_order_t *mdl_chips_orders(const mdl_chips_t *self, int32_t type, uint32_t *n);

/* Clears one type on `day`: fills orders, drops the filled and those whose last day is over, moves the index. Trades
 * come in order of the buyers' priority, then the sellers'. There are fewer of them than orders in the book;
 * SIM_ELIMIT, nothing changed, when `capacity` is smaller than that. SIM_EINVARIANT when a day's turnover exceeds all
 * money. */
sim_status_t mdl_chips_clear(mdl_chips_t *self, int32_t type, int64_t day, mdl_chip_trade_t *trades, uint32_t capacity,
                             uint32_t *n_trades, sim_error_t *err);

/* Price index of a type, fen per GPU. */
static inline int64_t mdl_chips_price_fen(const mdl_chips_t *self, int32_t type)
{
    return self->market[type].price_fen;
}

/* The official channel releases one day's quota: quota per week / 7, grown since 2022-01-01, times chips.quota_scale
 * and, of foreign types, chips.foreign_quota_scale; chips.platform_share of it for platforms; unsold quota is kept for
 * at most chips.channel_stock. `allowed`: no export rule stands against the type. Nothing before the type's
 * available_day. A rule that begins stops the release; what the channel has by then is in the country and is sold on. */
void mdl_channel_release(mdl_chips_t *self, const mdl_params_t *params, const mdl_tables_t *tables, int32_t type,
                         int64_t day, bool allowed);
/* GPUs a day that the open channel releases, its quota; 0 before the type exists. */
double mdl_channel_flow(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type, int64_t day);
/* Takes up to `wanted` GPUs out of the platforms' part, at list price; returns how many. */
int64_t mdl_channel_allot(mdl_chips_t *self, int32_t type, int64_t wanted);
/* Offers `available` in the book, for today, from `account`, at `ask_fen`, which is mdl_channel_ask_fen() or, under an
 * export rule, what brokers ask if that is more; clearing takes what is sold out of it. Domestic types go by
 * MDL_CHANNEL_DOMESTIC. No order when there is nothing to sell. */
sim_status_t mdl_channel_order(mdl_chips_t *self, const mdl_tables_t *tables, int32_t type, uint32_t account,
                               int64_t ask_fen, int64_t day, sim_error_t *err);
/* Least price of the channel, fen per GPU: list price plus tariff (foreign types only). */
int64_t mdl_channel_ask_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type);
/* Tariff or revenue cut contained in an official sale at `price_fen`, fen per GPU; 0 for domestic types. */
int64_t mdl_channel_tariff_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type, int64_t price_fen);
/* Days from sale to delivery: the type's lead time x chips.lead_time_scale. */
int64_t mdl_channel_lead_d(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type);

const char *mdl_channel_name(mdl_chip_channel_t channel);

#endif
