// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/market/chips.h"

#include "models/ledger/money.h"

#include <string.h>

static const char *const channels[MDL_CHANNELS] = {"official", "domestic", "broker", "distress", "owner"};

const char *mdl_channel_name(mdl_chip_channel_t channel)
{
    return channels[channel];
}

/* The block: header, orders of all types, then two index arrays of one book's size for the clearing. */
static mdl_order_t *book(mdl_chips_t *self, int32_t type)
{
    return (mdl_order_t *)(void *)((unsigned char *)self + sizeof *self) + (size_t)type * self->capacity;
}

static uint32_t *scratch(mdl_chips_t *self)
{
    return (uint32_t *)(void *)book(self, (int32_t)self->n_types);
}

size_t mdl_chips_bytes(uint32_t n_types, uint32_t orders_per_type)
{
    return sizeof(mdl_chips_t) + (size_t)n_types * orders_per_type * sizeof(mdl_order_t) +
           2 * (size_t)orders_per_type * sizeof(uint32_t);
}

void mdl_chips_init(mdl_chips_t *self, const mdl_tables_t *tables, uint32_t orders_per_type)
{
    memset(self, 0, mdl_chips_bytes(tables->n_gpu_types, orders_per_type));
    self->capacity = orders_per_type;
    self->n_types = tables->n_gpu_types;
    self->next_number = 1;
    for (uint32_t type = 0; type < self->n_types; type++) {
        self->market[type].price_fen = mdl_money_round(tables->gpu_types[type].list_price_yuan * MDL_FEN_PER_YUAN);
        self->market[type].trade_day = INT64_MIN;
    }
}

sim_status_t mdl_chips_order(mdl_chips_t *self, int32_t type, const mdl_order_t *order, uint64_t *number,
                             sim_error_t *err)
{
    SIM_ASSERT(type >= 0 && (uint32_t)type < self->n_types);
    if (order->quantity <= 0 || order->quantity > MDL_CHIPS_MAX_QUANTITY || order->limit_fen < 0 ||
        order->limit_fen > MDL_MONEY_MAX_FEN)
        return sim_fail(err, SIM_EINVARIANT, "chip market", "account %u orders %lld GPUs at %lld fen", order->account,
                        (long long)order->quantity, (long long)order->limit_fen);
    if (self->n_orders[type] == self->capacity)
        return sim_fail(err, SIM_ELIMIT, "chip market", "book of type %d holds %u orders, its bound", type,
                        self->capacity);
    mdl_order_t *fresh = &book(self, type)[self->n_orders[type]++];
    *fresh = *order;
    fresh->number = self->next_number++;
    if (number != NULL)
        *number = fresh->number;
    return SIM_OK;
}

bool mdl_chips_cancel(mdl_chips_t *self, int32_t type, uint64_t number)
{
    mdl_order_t *orders = book(self, type);
    for (uint32_t i = 0; i < self->n_orders[type]; i++)
        if (orders[i].number == number) {
            orders[i] = orders[--self->n_orders[type]];
            return true;
        }
    return false;
}

const mdl_order_t *mdl_chips_orders(const mdl_chips_t *self, int32_t type, uint32_t *n)
{
    *n = self->n_orders[type];
    return (const mdl_order_t *)(const void *)((const unsigned char *)self + sizeof *self) +
           (size_t)type * self->capacity;
}

/* Sorts the book's orders into bids and asks, leaving out those whose last day is over. */
static void split_sides(const mdl_order_t *orders, uint32_t n, int64_t day, uint32_t *bids, uint32_t *n_bids,
                        uint32_t *asks, uint32_t *n_asks)
{
    *n_bids = *n_asks = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (orders[i].last_day < day)
            continue;
        if (orders[i].side == MDL_SIDE_BUY)
            bids[(*n_bids)++] = i;
        else
            asks[(*n_asks)++] = i;
    }
}

/* Hands the cleared volume out along both queues. */
static uint32_t fill(mdl_order_t *orders, const uint32_t *bids, const uint32_t *asks, const mdl_clearing_t *clearing,
                     int32_t type, mdl_chip_trade_t *trades)
{
    uint32_t n = 0;
    int64_t left = clearing->volume;
    while (left > 0) {
        mdl_order_t *buy = &orders[*bids], *sell = &orders[*asks];
        int64_t quantity = buy->quantity < sell->quantity ? buy->quantity : sell->quantity;
        quantity = quantity < left ? quantity : left;
        trades[n++] = (mdl_chip_trade_t){.buy_number = buy->number,
                                         .sell_number = sell->number,
                                         .quantity = quantity,
                                         .price_fen = clearing->price_fen,
                                         .buyer = buy->account,
                                         .seller = sell->account,
                                         .buy_tag = buy->tag,
                                         .sell_tag = sell->tag,
                                         .channel = sell->channel,
                                         .type = type};
        buy->quantity -= quantity;
        sell->quantity -= quantity;
        left -= quantity;
        bids += buy->quantity == 0;
        asks += sell->quantity == 0;
    }
    return n;
}

static uint32_t sweep(mdl_order_t *orders, uint32_t n, int64_t day)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (orders[i].quantity > 0 && orders[i].last_day > day)
            orders[kept++] = orders[i];
    return kept;
}

static void count_trades(mdl_chip_market_t *market, const mdl_chip_trade_t *trades, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        market->volume_total += trades[i].quantity;
        market->volume_by_channel[trades[i].channel] += trades[i].quantity;
        if (trades[i].channel == MDL_CHANNEL_OFFICIAL || trades[i].channel == MDL_CHANNEL_DOMESTIC) {
            market->channel.available -= trades[i].quantity;
            market->channel.sold += trades[i].quantity;
        }
    }
}

sim_status_t mdl_chips_clear(mdl_chips_t *self, int32_t type, int64_t day, mdl_chip_trade_t *trades, uint32_t capacity,
                             uint32_t *n_trades, sim_error_t *err)
{
    mdl_chip_market_t *market = &self->market[type];
    mdl_order_t *orders = book(self, type);
    uint32_t *bids = scratch(self), *asks = scratch(self) + self->capacity, n_bids, n_asks;
    *n_trades = 0;
    if (capacity < self->n_orders[type])
        return sim_fail(err, SIM_ELIMIT, "chip market", "room for %u trades; %u orders may need as many", capacity,
                        self->n_orders[type]);
    split_sides(orders, self->n_orders[type], day, bids, &n_bids, asks, &n_asks);
    market->bid_volume = mdl_auction_volume(orders, bids, n_bids);
    market->ask_volume = mdl_auction_volume(orders, asks, n_asks);
    market->volume = 0;
    mdl_clearing_t clearing = mdl_auction_clear(orders, bids, n_bids, asks, n_asks, market->price_fen);
    int64_t value;
    if (clearing.volume > 0) {
        if (!mdl_money_times(clearing.price_fen, clearing.volume, &value) ||
            __builtin_add_overflow(market->value_total_fen, value, &market->value_total_fen))
            return sim_fail(err, SIM_EINVARIANT, "chip market", "%lld GPUs at %lld fen are too much money",
                            (long long)clearing.volume, (long long)clearing.price_fen);
        *n_trades = fill(orders, bids, asks, &clearing, type, trades);
        count_trades(market, trades, *n_trades);
        market->price_fen = clearing.price_fen;
        market->trade_day = day;
        market->volume = clearing.volume;
    }
    self->n_orders[type] = sweep(orders, self->n_orders[type], day);
    return SIM_OK;
}
