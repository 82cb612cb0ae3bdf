// SPDX-License-Identifier: GPL-3.0-or-later
/* Who buys chips: platforms, first what their standing contracts give them, and builders. */
#include "models/agents/central.h"
#include "models/economy/chip_day.h"

#define RECONSIDER_DAYS 28
#define LISTED          64 /* projects in one go */

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

/* --- platforms ---------------------------------------------------------------------------------------------------- */

static int64_t payable(const mdl_step_t *step, uint32_t account, int64_t gpus, int64_t price_fen)
{
    int64_t deposit_fen = mdl_ledger_deposit_fen(step->ledger, account);
    int64_t most = price_fen > 0 && deposit_fen > 0 ? deposit_fen / price_fen : 0;
    return gpus < most ? gpus : most;
}

/* Platforms take what their standing contracts give them, in an order that turns with the days. */
sim_status_t mdl_chip_serve_platform(mdl_step_t *step, uint32_t i)
{
    mdl_platform_order_t *order = &step->eco->platform_order[i];
    uint32_t account = step->eco->platform_account[i];
    if (order->type < 0 || order->gpus <= 0)
        return SIM_OK;
    int64_t ask_fen = mdl_channel_ask_fen(step->params, step->tables, order->type);
    int64_t wanted = payable(step, account, order->gpus, ask_fen);
    int64_t got = wanted > 0 ? mdl_channel_allot(step->chips, order->type, wanted) : 0;
    if (got > 0)
        MDL_TRY(mdl_chip_buy_official(step, order->type, account, MDL_CHIP_PLATFORM | i, got, ask_fen));
    order->gpus -= got;
    join_queue(step, order->type, order->backlog_gpus - got, order->limit_fen);
    return SIM_OK;
}

/* And bid for the rest. At the same limit dealers serve builders first: platforms have had their contracts. */
sim_status_t mdl_chip_bid_platform(mdl_step_t *step, uint32_t i)
{
    mdl_platform_order_t *order = &step->eco->platform_order[i];
    uint32_t account = step->eco->platform_account[i];
    if (order->type < 0 || order->gpus <= 0 || !mdl_chip_has_room(step, order->type))
        return SIM_OK;
    int64_t rest = payable(step, account, order->gpus, order->limit_fen);
    if (rest <= 0)
        return SIM_OK;
    mdl_order_t bid = {.side = MDL_SIDE_BUY,
                       .account = account,
                       .tag = MDL_CHIP_PLATFORM | i,
                       .quantity = rest,
                       .limit_fen = order->limit_fen,
                       .last_day = mdl_step_date(step)};
    return mdl_chips_order(step->chips, order->type, &bid, NULL, step->err);
}

/* --- builders ----------------------------------------------------------------------------------------------------- */

/* Of those that are marked: whether it bids or sells today. An open centre buys the rest of its chips only while it is
 * well let. */
static bool is_active(const mdl_step_t *step, const mdl_outline_t *project)
{
    if (project->stage == MDL_STAGE_BUILDING)
        return project->build_stage >= step->params->developers_order_stage;
    if (project->stage != MDL_STAGE_OPERATING)
        return true; /* waits for chips, or has ended and sells its own */
    const mdl_site_t *site = &step->sites[project->site];
    return site->leased >= step->params->developers_target_occupancy * site->nodes;
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
    mdl_project_mark(step, project);
}

/* What is left for chips after the building and the first months are paid. */
static int64_t chip_budget_fen(const mdl_step_t *step, const mdl_project_t *project)
{
    int64_t kept_fen =
        project->building_left_fen + mdl_money_share(project->capital_fen, step->params->developers_reserve);
    return mdl_ledger_deposit_fen(step->ledger, project->account) - kept_fen;
}

static sim_status_t bid(mdl_step_t *step, mdl_project_t *project)
{
    reconsider_type(step, project);
    int64_t wanted = (int64_t)project->nodes_wanted * MDL_GPUS_PER_NODE;
    int64_t missing = wanted - project->gpus_ordered;
    const mdl_gpu_type_t *type = &step->tables->gpu_types[project->gpu_type];
    if (missing <= 0 || !mdl_chip_has_room(step, project->gpu_type) ||
        !mdl_central_may_buy(step->params, type, project->state_funded))
        return SIM_OK;
    int64_t budget_fen = chip_budget_fen(step, project);
    if (budget_fen <= 0)
        return SIM_OK;
    double limit_yuan = mdl_chip_limit_yuan(step, project, project->gpu_type);
    double substitute_yuan = step->eco->substitute_yuan[project->gpu_type]; /* what waiting or another type costs */
    limit_yuan = limit_yuan < substitute_yuan ? limit_yuan : substitute_yuan;
    int64_t limit_fen = mdl_money_round(limit_yuan * MDL_FEN_PER_YUAN);
    int64_t most = limit_fen > 0 ? budget_fen / limit_fen : 0;
    int64_t quantity = missing < most ? missing : most;
    if (quantity <= 0 || limit_fen <= 0)
        return SIM_OK;
    mdl_order_t order = {.side = MDL_SIDE_BUY,
                         .account = project->account,
                         .tag = (uint32_t)(project - step->projects),
                         .quantity = quantity,
                         .limit_fen = limit_fen,
                         .last_day = mdl_step_date(step)};
    join_queue(step, project->gpu_type, quantity, limit_fen);
    return mdl_chips_order(step->chips, project->gpu_type, &order, NULL, step->err);
}

/* Of up to LISTED projects from `first` on, those that may want chips or have some to sell. Every one is written down, and
 * stays if it counts: many do and many do not, in no order that a branch could foretell. */
static uint32_t list_marked(const mdl_step_t *step, uint32_t first, uint32_t *marked)
{
    const uint8_t *marks = step->project_marks;
    uint32_t n = 0, end = step->eco->n_projects - first < LISTED ? step->eco->n_projects : first + LISTED;
    for (uint32_t i = first; i < end; i++) {
        marked[n] = i;
        n += (marks[i] & MDL_MARK_CHIPS) != 0;
    }
    return n;
}

/* Leaves in the list those that bid or sell today, and asks for what is read of them then. */
static uint32_t keep_active(const mdl_step_t *step, uint32_t *listed, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t project = listed[i];
        if (!is_active(step, &step->outlines[project]))
            continue;
        sim_fetch(&step->projects[project], SIM_LINE_BYTES);
        listed[kept++] = project;
    }
    return kept;
}

sim_status_t mdl_chip_bid_builders(mdl_step_t *step)
{
    uint32_t active[LISTED];
    for (uint32_t first = 0; first < step->eco->n_projects; first += LISTED) {
        uint32_t n = keep_active(step, active, list_marked(step, first, active));
        for (uint32_t i = 0; i < n; i++) {
            mdl_project_t *project = &step->projects[active[i]];
            MDL_TRY(project->auctioning ? mdl_chip_offer_distressed(step, project) : bid(step, project));
        }
    }
    return SIM_OK;
}
