// SPDX-License-Identifier: GPL-3.0-or-later
/* Who sells chips: makers through their channels, brokers, owners in distress. */
#include "models/economy/chip_day.h"

void mdl_chip_release_channels(mdl_step_t *step)
{
    uint64_t banned = mdl_eco_banned(step);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        mdl_channel_release(step->chips, step->params, step->tables, (int32_t)type, mdl_step_date(step),
                            !(banned >> type & 1));
}

/* List price and tariff; of what is in the country under an export rule, what a broker would ask for another. */
static int64_t channel_ask_fen(const mdl_step_t *step, int32_t type)
{
    int64_t list_fen = mdl_channel_ask_fen(step->params, step->tables, type);
    int64_t broker_fen = step->eco->quote[type].price_fen;
    bool banned = mdl_eco_banned(step) >> type & 1;
    return banned && broker_fen > list_fen && broker_fen < MDL_MONEY_MAX_FEN ? broker_fen : list_fen;
}

sim_status_t mdl_chip_offer_channels(mdl_step_t *step)
{
    for (int32_t type = 0; type < (int32_t)step->tables->n_gpu_types; type++)
        if (mdl_chip_has_room(step, type))
            MDL_TRY(mdl_channel_order(step->chips, step->tables, type, mdl_chip_maker(step, type),
                                      channel_ask_fen(step, type), mdl_step_date(step), step->err));
    return SIM_OK;
}

/* Types that a broker can buy abroad by now and that may not be sold officially. */
static uint64_t smuggled(const mdl_step_t *step)
{
    uint64_t banned = mdl_eco_banned(step);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        if (step->tables->gpu_types[type].available_day > mdl_step_date(step))
            banned &= ~(UINT64_C(1) << type);
    return banned;
}

sim_status_t mdl_chip_step_broker(mdl_step_t *step, mdl_broker_t *broker)
{
    mdl_broker_arrival_t arrival;
    MDL_TRY(mdl_broker_arrive(broker, step->ledger, step->lots, step->params, step->tables, mdl_step_date(step),
                              sim_world_seed(step->world), sim_world_replication(step->world), &arrival, step->err));
    mdl_broker_order_t ship;
    int64_t budget_fen = mdl_ledger_deposit_fen(step->ledger, broker->account);
    mdl_broker_decide(broker, step->params, step->tables, smuggled(step), step->eco->signal_fen, budget_fen,
                      mdl_step_date(step), &ship);
    MDL_TRY(mdl_broker_ship(broker, step->ledger, step->lots, step->tables, &ship, mdl_step_date(step), step->err));
    mdl_order_t offers[MDL_MAX_GPU_TYPES];
    uint32_t n = mdl_broker_offers(broker, step->params, step->tables, mdl_eco_banned(step), step->eco->signal_fen,
                                   mdl_step_date(step), offers);
    for (uint32_t i = 0; i < n; i++)
        if (mdl_chip_has_room(step, (int32_t)offers[i].tag))
            MDL_TRY(mdl_chips_order(step->chips, (int32_t)offers[i].tag, &offers[i], NULL, step->err));
    return SIM_OK;
}

/* What an owner in distress, or the bank behind it, asks at least: less from week to week, but never under scrap. */
static int64_t reserve_price_fen(const mdl_step_t *step, const mdl_project_t *project)
{
    const mdl_gpu_type_t *type = &step->tables->gpu_types[project->gpu_type];
    int64_t scrap_fen =
        mdl_money_round(type->list_price_yuan * step->params->developers_scrap_share * MDL_FEN_PER_YUAN);
    int64_t index_fen = mdl_chips_price_fen(step->chips, project->gpu_type);
    int64_t reserve_fen = scrap_fen;
    if (project->loan != MDL_NO_LOAN)
        reserve_fen = mdl_bank_reserve_fen(step->bank, step->params, project->loan, mdl_step_date(step), index_fen);
    return reserve_fen > scrap_fen ? reserve_fen : scrap_fen;
}

sim_status_t mdl_chip_offer_distressed(mdl_step_t *step, const mdl_project_t *project)
{
    int64_t gpus = mdl_lots_count(step->lots, project->account, project->gpu_type, MDL_LOT_STOCK);
    if (gpus == 0 || !mdl_chip_has_room(step, project->gpu_type))
        return SIM_OK;
    int64_t reserve_fen = reserve_price_fen(step, project);
    mdl_order_t ask = {.side = MDL_SIDE_SELL,
                       .account = project->account,
                       .tag = (uint32_t)(project - step->projects),
                       .quantity = gpus,
                       .limit_fen = reserve_fen,
                       .last_day = mdl_step_date(step),
                       .channel = MDL_CHANNEL_DISTRESS};
    return mdl_chips_order(step->chips, project->gpu_type, &ask, NULL, step->err);
}
