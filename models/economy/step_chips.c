// SPDX-License-Identifier: GPL-3.0-or-later
/* The chip market's day: channels release, platforms take their contracts, brokers land and ship, builders bid, owners
 * in distress sell, books clear, trades are paid and chips move. */
#include "models/economy/economy_state.h"

#include "models/agents/central.h"

#define RECONSIDER_DAYS 28
#define STALE_DAYS      28                   /* after which a trade says less than what the maker asks */
#define BUYER_PLATFORM  UINT32_C(0x80000000) /* tag of a platform's order; otherwise a project */

static int64_t date(const mdl_step_t *step)
{
    return step->input->start_day + step->day;
}

static uint32_t maker_of(const mdl_step_t *step, int32_t type)
{
    return step->eco->maker_account[step->tables->gpu_types[type].foreign ? 0 : 1];
}

/* --- purchases ---------------------------------------------------------------------------------------------------- */

static uint32_t place_of(uint32_t tag)
{
    return tag & BUYER_PLATFORM ? MDL_LOT_PLACE_NONE : tag;
}

static void count_purchase(mdl_step_t *step, uint32_t tag, int64_t gpus, int64_t paid_fen)
{
    if (tag & BUYER_PLATFORM) {
        mdl_platform_bought(&step->eco->platforms[tag & ~BUYER_PLATFORM], gpus, paid_fen);
        mdl_chronicle_bought(step, tag & ~BUYER_PLATFORM, gpus);
        return;
    }
    mdl_project_t *project = &step->projects[tag];
    project->gpus_ordered += (uint32_t)gpus;
    project->chips_paid_fen += paid_fen;
    mdl_outcomes_invested(step, project, paid_fen);
    (void)mdl_event_once(step, MDL_EV_CHIPS_ORDERED, tag, MDL_CAUSE_BEFORE,
                         (double)paid_fen / (double)gpus / MDL_FEN_PER_YUAN);
}

/* A sale by the maker: money to the maker, tariff or cut out of it, chips on their way. */
static sim_status_t buy_official(mdl_step_t *step, int32_t type, uint32_t buyer, uint32_t tag, int64_t gpus,
                                 int64_t price_fen)
{
    int64_t total_fen, tariff_fen;
    if (!mdl_money_times(price_fen, gpus, &total_fen))
        return sim_fail(step->err, SIM_EINVARIANT, "chips", "a trade of %lld GPUs is too large", (long long)gpus);
    uint32_t maker = maker_of(step, type);
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_CHIPS, buyer, maker, total_fen, step->err));
    tariff_fen = gpus * mdl_channel_tariff_fen(step->params, step->tables, type, price_fen);
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_TARIFF, maker, MDL_LEDGER_REST, tariff_fen, step->err));
    mdl_lot_t lot = {.type = type,
                     .state = MDL_LOT_TRANSIT,
                     .owner = buyer,
                     .place = place_of(tag),
                     .count = gpus,
                     .due_day = date(step) + mdl_channel_lead_d(step->params, step->tables, type)};
    count_purchase(step, tag, gpus, total_fen);
    return mdl_lots_make(step->lots, &lot, NULL, step->err);
}

/* Moves chips out of a seller's stock to a buyer inside the country. */
static sim_status_t hand_over(mdl_step_t *step, int32_t type, uint32_t seller, uint32_t buyer, uint32_t tag,
                              int64_t gpus)
{
    int64_t due = date(step) + step->params->developers_delivery_s / SIM_DAY_S;
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

static sim_status_t buy_second_hand(mdl_step_t *step, const mdl_chip_trade_t *trade)
{
    int64_t total_fen;
    if (!mdl_money_times(trade->price_fen, trade->quantity, &total_fen))
        return sim_fail(step->err, SIM_EINVARIANT, "chips", "a trade is too large");
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_CHIPS, trade->buyer, trade->seller, total_fen, step->err));
    MDL_TRY(hand_over(step, trade->type, trade->seller, trade->buyer, trade->buy_tag, trade->quantity));
    count_purchase(step, trade->buy_tag, trade->quantity, total_fen);
    if (trade->channel == MDL_CHANNEL_BROKER) {
        for (uint32_t b = 0; b < step->eco->n_brokers; b++)
            if (step->brokers[b].account == trade->seller)
                return mdl_broker_sold(&step->brokers[b], step->ledger, trade->type, trade->quantity, step->err);
        return sim_fail(step->err, SIM_EINTERNAL, "chips", "a broker's sale without a broker");
    }
    uint32_t buyer = trade->buy_tag & BUYER_PLATFORM ? MDL_NO_PROJECT : trade->buy_tag;
    mdl_chronicle_resold(step, trade->sell_tag, buyer, trade->quantity, trade->price_fen);
    return mdl_project_sold_chips(step, &step->projects[trade->sell_tag], trade->quantity);
}

/* --- supply ------------------------------------------------------------------------------------------------------- */

static void release_channels(mdl_step_t *step)
{
    uint64_t banned = mdl_eco_banned(step);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        mdl_channel_release(step->chips, step->params, step->tables, (int32_t)type, date(step), !(banned >> type & 1));
}

static int64_t payable(const mdl_step_t *step, uint32_t account, int64_t gpus, int64_t price_fen)
{
    int64_t deposit_fen = mdl_ledger_deposit_fen(step->ledger, account);
    int64_t most = price_fen > 0 && deposit_fen > 0 ? deposit_fen / price_fen : 0;
    return gpus < most ? gpus : most;
}

static bool has_room(const mdl_step_t *step, int32_t type)
{
    return step->chips->n_orders[type] < step->chips->capacity;
}

/* Who would pay today's price, or what the maker asks if that is less, stands in the queue until he is served. */
static void join_queue(mdl_step_t *step, int32_t type, int64_t gpus, int64_t limit_fen)
{
    int64_t price_fen = mdl_chips_price_fen(step->chips, type);
    int64_t ask_fen = mdl_channel_ask_fen(step->params, step->tables, type);
    if (!(mdl_eco_banned(step) >> type & 1) && ask_fen < price_fen)
        price_fen = ask_fen;
    if (limit_fen >= price_fen)
        step->eco->queue_gpus[type] += (double)gpus;
}

/* Platforms take what their standing contracts give them, in an order that turns with the days. */
static sim_status_t serve_platform(mdl_step_t *step, uint32_t i)
{
    mdl_platform_order_t *order = &step->eco->platform_order[i];
    uint32_t account = step->eco->platform_account[i];
    if (order->type < 0 || order->gpus <= 0)
        return SIM_OK;
    int64_t ask_fen = mdl_channel_ask_fen(step->params, step->tables, order->type);
    int64_t wanted = payable(step, account, order->gpus, ask_fen);
    int64_t got = wanted > 0 ? mdl_channel_allot(step->chips, order->type, wanted) : 0;
    if (got > 0)
        MDL_TRY(buy_official(step, order->type, account, BUYER_PLATFORM | i, got, ask_fen));
    order->gpus -= got;
    join_queue(step, order->type, order->backlog_gpus - got, order->limit_fen);
    return SIM_OK;
}

/* And bid for the rest. At the same limit dealers serve builders first: platforms have had their contracts. */
static sim_status_t bid_platform(mdl_step_t *step, uint32_t i)
{
    mdl_platform_order_t *order = &step->eco->platform_order[i];
    uint32_t account = step->eco->platform_account[i];
    if (order->type < 0 || order->gpus <= 0 || !has_room(step, order->type))
        return SIM_OK;
    int64_t rest = payable(step, account, order->gpus, order->limit_fen);
    if (rest <= 0)
        return SIM_OK;
    mdl_order_t bid = {.side = MDL_SIDE_BUY,
                       .account = account,
                       .tag = BUYER_PLATFORM | i,
                       .quantity = rest,
                       .limit_fen = order->limit_fen,
                       .last_day = date(step)};
    return mdl_chips_order(step->chips, order->type, &bid, NULL, step->err);
}

static sim_status_t offer_channels(mdl_step_t *step)
{
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        if (has_room(step, (int32_t)type))
            MDL_TRY(mdl_channel_order(step->chips, step->params, step->tables, (int32_t)type,
                                      maker_of(step, (int32_t)type), date(step), step->err));
    return SIM_OK;
}

/* Types that a broker can buy abroad by now and that may not be sold officially. */
static uint64_t smuggled(const mdl_step_t *step)
{
    uint64_t banned = mdl_eco_banned(step);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        if (step->tables->gpu_types[type].available_day > date(step))
            banned &= ~(UINT64_C(1) << type);
    return banned;
}

static sim_status_t step_broker(mdl_step_t *step, mdl_broker_t *broker)
{
    mdl_broker_arrival_t arrival;
    MDL_TRY(mdl_broker_arrive(broker, step->ledger, step->lots, step->params, step->tables, date(step),
                              sim_world_seed(step->world), sim_world_replication(step->world), &arrival, step->err));
    mdl_broker_order_t ship;
    int64_t budget_fen = mdl_ledger_deposit_fen(step->ledger, broker->account);
    mdl_broker_decide(broker, step->params, step->tables, smuggled(step), step->eco->signal_fen, budget_fen, date(step),
                      &ship);
    MDL_TRY(mdl_broker_ship(broker, step->ledger, step->lots, step->tables, &ship, date(step), step->err));
    mdl_order_t offers[MDL_MAX_GPU_TYPES];
    uint32_t n = mdl_broker_offers(broker, step->params, step->tables, mdl_eco_banned(step), step->eco->signal_fen,
                                   date(step), offers);
    for (uint32_t i = 0; i < n; i++)
        if (has_room(step, (int32_t)offers[i].tag))
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
        reserve_fen = mdl_bank_reserve_fen(step->bank, step->params, project->loan, date(step), index_fen);
    return reserve_fen > scrap_fen ? reserve_fen : scrap_fen;
}

static sim_status_t offer_distressed(mdl_step_t *step, const mdl_project_t *project)
{
    int64_t gpus = mdl_lots_count(step->lots, project->account, project->gpu_type, MDL_LOT_STOCK);
    if (gpus == 0 || !has_room(step, project->gpu_type))
        return SIM_OK;
    int64_t reserve_fen = reserve_price_fen(step, project);
    mdl_order_t ask = {.side = MDL_SIDE_SELL,
                       .account = project->account,
                       .tag = (uint32_t)(project - step->projects),
                       .quantity = gpus,
                       .limit_fen = reserve_fen,
                       .last_day = date(step),
                       .channel = MDL_CHANNEL_DISTRESS};
    return mdl_chips_order(step->chips, project->gpu_type, &ask, NULL, step->err);
}

/* --- builders' bids ----------------------------------------------------------------------------------------------- */

/* An open centre buys the rest of its chips only while it is well let. */
static bool wants_more(const mdl_step_t *step, const mdl_project_t *project)
{
    if (project->stage == MDL_STAGE_WAITING)
        return true;
    if (project->stage == MDL_STAGE_BUILDING)
        return (int64_t)project->build_stage >= step->params->developers_order_stage;
    if (project->stage != MDL_STAGE_OPERATING)
        return false;
    const mdl_offer_t *offer = mdl_rental_offer(step->rental, step->sites[project->site].offer);
    return offer->leased >= step->params->developers_target_occupancy * offer->nodes;
}

/* Before the first chip has come a builder may still change the type it plans with: when today's price of that is
 * beyond what the chips are worth to it, or another type is worth new plans. Each thinks about it on days of its own:
 * if all did at once, all would leave one queue for another. */
static void reconsider_type(mdl_step_t *step, mdl_project_t *project)
{
    int64_t turn = (int64_t)(project - step->projects) + step->day;
    if (project->gpus_ordered > 0 || turn % RECONSIDER_DAYS != 0)
        return;
    int32_t type = mdl_best_payable_type(step, project);
    const double *worth = step->eco->type_worth[project->rule];
    bool in_vain = !mdl_type_payable(step, project, project->gpu_type);
    if (type < 0 || type == project->gpu_type ||
        (!in_vain && worth[type] <= worth[project->gpu_type] + step->params->developers_replan_cost))
        return;
    double before = mdl_reference_per_gpu(step, project->gpu_type), after = mdl_reference_per_gpu(step, type);
    uint32_t nodes = (uint32_t)(project->nodes_wanted * before / after + 0.5);
    uint32_t planned = (uint32_t)(project->nodes_planned * before / after + 0.5);
    mdl_chronicle_replanned(step, (uint32_t)(project - step->projects), project->gpu_type, type);
    project->gpu_type = type;
    project->nodes_wanted = nodes > 0 ? nodes : 1;
    project->nodes_planned = planned > project->nodes_wanted ? planned : project->nodes_wanted;
}

/* What is left for chips after the building and the first months are paid. */
static int64_t chip_budget_fen(const mdl_step_t *step, const mdl_project_t *project)
{
    int64_t kept_fen = project->building_fen - project->building_paid_fen +
                       mdl_money_share(project->capital_fen, step->params->developers_reserve);
    return mdl_ledger_deposit_fen(step->ledger, project->account) - kept_fen;
}

/* `substitute_yuan`: by type, what waiting or another type would cost. */
static sim_status_t bid(mdl_step_t *step, mdl_project_t *project, const double *substitute_yuan)
{
    reconsider_type(step, project);
    int64_t wanted = (int64_t)project->nodes_wanted * MDL_GPUS_PER_NODE;
    int64_t missing = wanted - project->gpus_ordered;
    const mdl_gpu_type_t *type = &step->tables->gpu_types[project->gpu_type];
    if (missing <= 0 || !has_room(step, project->gpu_type) ||
        !mdl_central_may_buy(step->params, type, project->state_funded))
        return SIM_OK;
    double limit_yuan = mdl_chip_limit_yuan(step, project, project->gpu_type);
    limit_yuan = limit_yuan < substitute_yuan[project->gpu_type] ? limit_yuan : substitute_yuan[project->gpu_type];
    int64_t limit_fen = mdl_money_round(limit_yuan * MDL_FEN_PER_YUAN);
    int64_t budget_fen = chip_budget_fen(step, project);
    int64_t most = limit_fen > 0 && budget_fen > 0 ? budget_fen / limit_fen : 0;
    int64_t quantity = missing < most ? missing : most;
    if (quantity <= 0 || limit_fen <= 0)
        return SIM_OK;
    mdl_order_t order = {.side = MDL_SIDE_BUY,
                         .account = project->account,
                         .tag = (uint32_t)(project - step->projects),
                         .quantity = quantity,
                         .limit_fen = limit_fen,
                         .last_day = date(step)};
    join_queue(step, project->gpu_type, quantity, limit_fen);
    return mdl_chips_order(step->chips, project->gpu_type, &order, NULL, step->err);
}

static sim_status_t bid_all(mdl_step_t *step)
{
    double substitute_yuan[MDL_MAX_GPU_TYPES];
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        substitute_yuan[type] = mdl_supply_substitute_yuan(step, (int32_t)type);
    for (uint32_t i = 0; i < step->eco->n_projects; i++) {
        mdl_project_t *project = &step->projects[i];
        if (wants_more(step, project))
            MDL_TRY(bid(step, project, substitute_yuan));
        else if (project->auctioning)
            MDL_TRY(offer_distressed(step, project));
    }
    return SIM_OK;
}

/* --- clearing ----------------------------------------------------------------------------------------------------- */

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
        return buy_second_hand(step, trade);
    return buy_official(step, trade->type, trade->buyer, trade->buy_tag, trade->quantity, trade->price_fen);
}

/* The price of the last trade; of one long ago, while the maker has chips lying, no less than it asks for them. */
static int64_t last_price_fen(const mdl_step_t *step, int32_t type)
{
    const mdl_chip_market_t *market = &step->chips->market[type];
    int64_t ask_fen = mdl_channel_ask_fen(step->params, step->tables, type);
    bool stale = market->trade_day < date(step) - STALE_DAYS;
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

static sim_status_t clear(mdl_step_t *step)
{
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        uint32_t n = 0;
        int64_t bid_fen = bid_in_vain_fen(step, (int32_t)type);
        MDL_TRY(mdl_chips_clear(step->chips, (int32_t)type, date(step), step->trades, step->eco->trade_capacity, &n,
                                step->err));
        double sold = (double)step->chips->market[type].volume;
        step->eco->queue_gpus[type] -= sold < step->eco->queue_gpus[type] ? sold : step->eco->queue_gpus[type];
        for (uint32_t i = 0; i < n; i++)
            MDL_TRY(settle(step, &step->trades[i]));
        see_price(step, (int32_t)type, bid_fen, n > 0);
    }
    return SIM_OK;
}

/* --- deliveries --------------------------------------------------------------------------------------------------- */

static sim_status_t deliver(mdl_step_t *step, uint32_t lot)
{
    mdl_lot_t here = *mdl_lots_get(step->lots, lot);
    mdl_lot_t to = {.state = MDL_LOT_STOCK, .owner = here.owner, .place = here.place};
    MDL_TRY(mdl_lots_move(step->lots, lot, here.count, &to, NULL, step->err));
    if (here.place == MDL_LOT_PLACE_NONE)
        return SIM_OK; /* a platform's */
    return mdl_project_received(step, &step->projects[here.place], here.count);
}

#define DELIVERIES 64 /* looked at in one go */

static sim_status_t deliver_all(mdl_step_t *step)
{
    uint32_t due[DELIVERIES];
    for (;;) {
        uint32_t n = mdl_lots_due(step->lots, date(step), due, DELIVERIES);
        uint32_t here = n < DELIVERIES ? n : DELIVERIES;
        for (uint32_t i = 0; i < here; i++)
            MDL_TRY(deliver(step, due[i]));
        if (n <= DELIVERIES)
            return SIM_OK;
    }
}

sim_status_t mdl_step_chips(mdl_step_t *step)
{
    release_channels(step);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        step->eco->queue_gpus[type] = 0;
    uint32_t n = step->tables->n_platforms;
    for (uint32_t k = 0; k < n; k++)
        MDL_TRY(serve_platform(step, (uint32_t)((k + (uint64_t)step->day) % n)));
    MDL_TRY(offer_channels(step));
    for (uint32_t b = 0; b < step->eco->n_brokers; b++)
        MDL_TRY(step_broker(step, &step->brokers[b]));
    MDL_TRY(bid_all(step));
    for (uint32_t k = 0; k < n; k++)
        MDL_TRY(bid_platform(step, (uint32_t)((k + (uint64_t)step->day) % n)));
    MDL_TRY(clear(step));
    return deliver_all(step);
}
