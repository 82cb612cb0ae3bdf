// SPDX-License-Identifier: GPL-3.0-or-later
/* Chips change hands: who pays whom, and which lots move. */
#include "models/economy/chip_day.h"

uint32_t mdl_chip_maker(const mdl_step_t *step, int32_t type)
{
    return step->eco->maker_account[step->tables->gpu_types[type].foreign ? 0 : 1];
}

static uint32_t place_of(uint32_t tag)
{
    return tag & MDL_CHIP_PLATFORM ? MDL_LOT_PLACE_NONE : tag;
}

static void count_purchase(mdl_step_t *step, int32_t type, uint32_t tag, int64_t gpus, int64_t paid_fen)
{
    if (tag & MDL_CHIP_PLATFORM) {
        step->eco->platform_chips[tag & ~MDL_CHIP_PLATFORM][type].awaited += (uint32_t)gpus;
        mdl_platform_bought(&step->eco->platforms[tag & ~MDL_CHIP_PLATFORM], gpus, paid_fen);
        mdl_chronicle_bought(step, tag & ~MDL_CHIP_PLATFORM, gpus);
        return;
    }
    mdl_project_t *project = &step->projects[tag];
    project->gpus_ordered += (uint32_t)gpus;
    mdl_project_mark(step, project);
    project->chips_paid_fen += paid_fen;
    mdl_outcomes_invested(step, project, paid_fen);
    (void)mdl_event_once(step, MDL_EV_CHIPS_ORDERED, tag, MDL_CAUSE_BEFORE,
                         (double)paid_fen / (double)gpus / MDL_FEN_PER_YUAN);
}

/* A sale by the maker: money to the maker, tariff or cut out of it, chips on their way. */
sim_status_t mdl_chip_buy_official(mdl_step_t *step, int32_t type, uint32_t buyer, uint32_t tag, int64_t gpus,
                                   int64_t price_fen)
{
    int64_t total_fen, tariff_fen;
    if (!mdl_money_times(price_fen, gpus, &total_fen))
        return sim_fail(step->err, SIM_EINVARIANT, "chips", "a trade of %lld GPUs is too large", (long long)gpus);
    uint32_t maker = mdl_chip_maker(step, type);
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_CHIPS, buyer, maker, total_fen, step->err));
    tariff_fen = gpus * mdl_channel_tariff_fen(step->params, step->tables, type, price_fen);
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_TARIFF, maker, MDL_LEDGER_REST, tariff_fen, step->err));
    mdl_lot_t lot = {.type = type,
                     .state = MDL_LOT_TRANSIT,
                     .owner = buyer,
                     .place = place_of(tag),
                     .count = gpus,
                     .due_day = mdl_step_date(step) + mdl_channel_lead_d(step->params, step->tables, type)};
    count_purchase(step, type, tag, gpus, total_fen);
    return mdl_lots_make(step->lots, &lot, NULL, step->err);
}

/* Moves chips out of a seller's stock to a buyer inside the country. */
static sim_status_t hand_over(mdl_step_t *step, int32_t type, uint32_t seller, uint32_t buyer, uint32_t tag,
                              int64_t gpus)
{
    int64_t due = mdl_step_date(step) + step->params->developers_delivery_s / SIM_DAY_S;
    mdl_lot_t to = {.state = MDL_LOT_TRANSIT, .owner = buyer, .place = place_of(tag), .due_day = due};
    for (uint32_t lot = mdl_lots_first(step->lots, seller); lot != MDL_NO_LOT && gpus > 0;) {
        mdl_lot_t here = *mdl_lots_get(step->lots, lot);
        if (here.type == type && here.state == MDL_LOT_STOCK) {
            int64_t n = here.count < gpus ? here.count : gpus;
            MDL_TRY(mdl_lots_move(step->lots, lot, n, &to, NULL, step->err));
            gpus -= n;
            lot = mdl_lots_first(step->lots, seller);
        } else {
            lot = here.next;
        }
    }
    if (gpus > 0)
        return sim_fail(step->err, SIM_EINVARIANT, "chips", "a seller of type %d lacks %lld GPUs", type,
                        (long long)gpus);
    return SIM_OK;
}

sim_status_t mdl_chip_buy_second_hand(mdl_step_t *step, const mdl_chip_trade_t *trade)
{
    int64_t total_fen;
    if (!mdl_money_times(trade->price_fen, trade->quantity, &total_fen))
        return sim_fail(step->err, SIM_EINVARIANT, "chips", "a trade is too large");
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_CHIPS, trade->buyer, trade->seller, total_fen, step->err));
    MDL_TRY(hand_over(step, trade->type, trade->seller, trade->buyer, trade->buy_tag, trade->quantity));
    count_purchase(step, trade->type, trade->buy_tag, trade->quantity, total_fen);
    if (trade->channel == MDL_CHANNEL_BROKER) {
        for (uint32_t b = 0; b < step->eco->n_brokers; b++)
            if (step->brokers[b].account == trade->seller)
                return mdl_broker_sold(&step->brokers[b], step->ledger, trade->type, trade->quantity, step->err);
        return sim_fail(step->err, SIM_EINTERNAL, "chips", "a broker's sale without a broker");
    }
    uint32_t buyer = trade->buy_tag & MDL_CHIP_PLATFORM ? MDL_NO_PROJECT : trade->buy_tag;
    mdl_chronicle_resold(step, trade->sell_tag, buyer, trade->quantity, trade->price_fen);
    return mdl_project_sold_chips(step, &step->projects[trade->sell_tag], trade->quantity);
}
