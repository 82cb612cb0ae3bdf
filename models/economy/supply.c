// SPDX-License-Identifier: GPL-3.0-or-later
/* What builders hear about getting chips: a price, what is supplied a day, and how long one waits in the queue. */
#include "models/economy/economy_state.h"

#include "sim/math.h"

#include <math.h>

/* Brokers' quotes for banned types: the cheapest route that passes at all; all routes' capacity. */
static void ask_broker(const mdl_step_t *step, const mdl_broker_t *broker, uint64_t banned)
{
    double per_day = mdl_broker_capacity(broker, step->params, step->tables, mdl_step_date(step));
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        mdl_quote_t *quote = &step->eco->quote[type];
        int64_t ask_fen = banned >> type & 1
                              ? mdl_broker_ask_fen(step->params, step->tables, broker->route, (int32_t)type)
                              : MDL_MONEY_MAX_FEN;
        if (ask_fen >= MDL_MONEY_MAX_FEN)
            continue;
        quote->per_day += per_day;
        if (ask_fen < quote->price_fen) {
            quote->price_fen = ask_fen;
            quote->lead_d = (double)(step->tables->routes[broker->route].transit_d +
                                     step->params->developers_delivery_s / SIM_DAY_S);
        }
    }
}

/* The official channel's: list price and tariff, its quota, unsold chips at once. */
static mdl_quote_t ask_channel(const mdl_step_t *step, int32_t type)
{
    return (mdl_quote_t){
        .price_fen = mdl_channel_ask_fen(step->params, step->tables, type),
        .per_day = mdl_channel_flow(step->params, step->tables, type, mdl_step_date(step)),
        .ready = (double)step->chips->market[type].channel.available,
        .lead_d = (double)mdl_channel_lead_d(step->params, step->tables, type),
    };
}

/* Share of those who wait that long who still want what they waited for. */
static double patient(const mdl_step_t *step, double wait_d)
{
    return sim_exp(-wait_d * (double)SIM_DAY_S / (double)step->params->developers_patience_s);
}

void mdl_supply_day(mdl_step_t *step)
{
    uint64_t banned = mdl_eco_banned(step);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        step->eco->quote[type] =
            banned >> type & 1 ? (mdl_quote_t){.price_fen = MDL_MONEY_MAX_FEN} : ask_channel(step, (int32_t)type);
    for (uint32_t b = 0; banned != 0 && b < step->eco->n_brokers; b++)
        ask_broker(step, &step->brokers[b], banned);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        mdl_quote_t *quote = &step->eco->quote[type];
        double queue = step->eco->queue_gpus[type] - quote->ready;
        quote->wait_d = queue > 0 && quote->per_day > 0 ? queue / quote->per_day : 0;
    }
}

double mdl_supply_chance(const mdl_step_t *step, int32_t type)
{
    mdl_quote_t *quote = &step->eco->quote[type];
    if (quote->per_day <= 0)
        return 0;
    double wait_d = quote->lead_d + quote->wait_d;
    if (wait_d != quote->weighed_d || quote->chance == 0) { /* many ask on one day */
        quote->weighed_d = wait_d;
        quote->chance = patient(step, wait_d);
    }
    return quote->chance;
}

/* What a type costs whom its maker, or under an export rule the brokers, serve in turn, raised by the time that a
 * purchase in the market saves: that in the queue, and of a shipment that a broker has yet to send. HUGE_VAL when
 * nobody has any. */
static double in_the_queue_yuan(const mdl_step_t *step, int32_t type)
{
    const mdl_quote_t *quote = &step->eco->quote[type];
    bool banned = mdl_eco_banned(step) >> type & 1;
    if (quote->per_day <= 0)
        return HUGE_VAL;
    double wait_d = quote->wait_d + (banned ? quote->lead_d : 0);
    return (double)quote->price_fen / MDL_FEN_PER_YUAN / patient(step, wait_d);
}

double mdl_supply_substitute_yuan(const mdl_step_t *step, int32_t type)
{
    const mdl_gpu_type_t *rows = step->tables->gpu_types;
    double least = in_the_queue_yuan(step, type);
    for (uint32_t other = 0; other < step->tables->n_gpu_types; other++) {
        bool same_stack = rows[other].stack == rows[type].stack;
        if ((int32_t)other == type || !same_stack || rows[other].available_day > mdl_step_date(step))
            continue;
        double chance = mdl_supply_chance(step, (int32_t)other);
        if (chance <= 0)
            continue;
        double yuan = mdl_chip_price_yuan(step, (int32_t)other) * step->eco->replacing[type][other] / chance;
        least = yuan < least ? yuan : least;
    }
    return least;
}

double mdl_supply_entry_cost_yuan(const mdl_step_t *step)
{
    double cheapest = 0;
    double building = step->eco->building_yuan * step->eco->building_share;
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        const mdl_gpu_type_t *row = &step->tables->gpu_types[type];
        double chance = mdl_supply_chance(step, (int32_t)type), rate = mdl_usable_rate(step, (int32_t)type);
        if (row->available_day > mdl_step_date(step) || chance <= 0 || rate <= 0)
            continue;
        double chips = MDL_GPUS_PER_NODE * (double)step->eco->quote[type].price_fen / MDL_FEN_PER_YUAN;
        double running = (double)mdl_site_variable_fen(step, 0, (int32_t)type) / MDL_FEN_PER_YUAN;
        double cost = ((chips + building) / step->eco->life_annuity + running) / rate;
        if (cheapest <= 0 || cost < cheapest)
            cheapest = cost;
    }
    return cheapest > 0 ? cheapest : step->eco->view.full_cost_yuan;
}
