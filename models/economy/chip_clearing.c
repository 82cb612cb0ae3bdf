// SPDX-License-Identifier: GPL-3.0-or-later
/* Books of chips clear, and what price builders and brokers reckon with afterwards. */
#include "models/economy/chip_day.h"

#define STALE_DAYS 28 /* after which a trade says less than what the maker asks */

static sim_status_t settle(mdl_step_t *step, const mdl_chip_trade_t *trade)
{
    mdl_interval_t *interval = &step->eco->interval;
    interval->chip_value_fen[trade->type] += (double)trade->price_fen * (double)trade->quantity;
    interval->chip_volume[trade->type] += (double)trade->quantity;
    interval->chip_channel_volume[trade->channel] += trade->quantity;
    if (trade->type == step->tables->reference_type) {
        step->eco->tally.week_chip_fen += (double)trade->price_fen * (double)trade->quantity;
        step->eco->tally.week_chips += (double)trade->quantity;
    }
    bool official = trade->channel == MDL_CHANNEL_OFFICIAL || trade->channel == MDL_CHANNEL_DOMESTIC;
    if (!official)
        return mdl_chip_buy_second_hand(step, trade);
    return mdl_chip_buy_official(step, trade->type, trade->buyer, trade->buy_tag, trade->quantity, trade->price_fen);
}

/* The price of the last trade; of one long ago, while the maker has chips lying, no less than it asks for them. */
static int64_t last_price_fen(const mdl_step_t *step, int32_t type)
{
    const mdl_chip_market_t *market = &step->chips->market[type];
    int64_t ask_fen = mdl_channel_ask_fen(step->params, step->tables, type);
    bool stale = market->trade_day < mdl_step_date(step) - STALE_DAYS;
    return stale && market->channel.available > 0 && ask_fen > market->price_fen ? ask_fen : market->price_fen;
}

/* The highest bid below `below_fen`; its volume. */
static int64_t next_bid(const mdl_step_t *step, int32_t type, int64_t below_fen, int64_t *gpus)
{
    uint32_t n;
    int64_t best_fen = -1;
    const mdl_order_t *orders = mdl_chips_orders(step->chips, type, &n);
    *gpus = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (orders[i].side != MDL_SIDE_BUY || orders[i].limit_fen >= below_fen || orders[i].limit_fen < best_fen)
            continue;
        *gpus = orders[i].limit_fen > best_fen ? orders[i].quantity : *gpus + orders[i].quantity;
        best_fen = orders[i].limit_fen;
    }
    return best_fen;
}

/* What those would pay in the middle who could be served within a week, if there were anything; 0 when nobody bids. */
static int64_t bid_in_vain_fen(const mdl_step_t *step, int32_t type)
{
    double room = step->eco->quote[type].per_day * 7 / 2;
    int64_t limit_fen = MDL_MONEY_MAX_FEN, gpus, last_fen = 0;
    for (limit_fen = next_bid(step, type, limit_fen, &gpus); limit_fen >= 0 && room >= 0;
         limit_fen = next_bid(step, type, limit_fen, &gpus)) {
        last_fen = limit_fen;
        room -= (double)gpus;
    }
    return last_fen;
}

/* The price that builders and brokers reckon with: the last trade, or what is bid in vain when nothing is offered. */
static void see_price(mdl_step_t *step, int32_t type, int64_t bid_fen, bool traded)
{
    int64_t price_fen = last_price_fen(step, type);
    step->eco->signal_fen[type] = traded || bid_fen < price_fen ? price_fen : bid_fen;
}

sim_status_t mdl_chip_clear(mdl_step_t *step)
{
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        uint32_t n = 0;
        int64_t bid_fen = bid_in_vain_fen(step, (int32_t)type);
        MDL_TRY(mdl_chips_clear(step->chips, (int32_t)type, mdl_step_date(step), step->trades,
                                step->eco->trade_capacity, &n, step->err));
        double sold = (double)step->chips->market[type].volume;
        step->eco->queue_gpus[type] -= sold < step->eco->queue_gpus[type] ? sold : step->eco->queue_gpus[type];
        for (uint32_t i = 0; i < n; i++)
            MDL_TRY(settle(step, &step->trades[i]));
        see_price(step, (int32_t)type, bid_fen, n > 0);
    }
    return SIM_OK;
}
