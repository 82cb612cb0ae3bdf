// SPDX-License-Identifier: GPL-3.0-or-later
/* Prospects: what one node at one place looks like to a builder, from beliefs, prices and offers. */
#include "models/economy/economy_state.h"

#include "models/agents/central.h"
#include "models/params/rates.h"

double mdl_ported_share(const mdl_step_t *step)
{
    double share =
        step->params->start_ported + step->params->start_ported_growth * (double)step->day / MDL_DAYS_PER_YEAR;
    return share > 1 ? 1 : share;
}

double mdl_usable_rate(const mdl_step_t *step, int32_t type)
{
    const mdl_gpu_type_t *row = &step->tables->gpu_types[type];
    double best = mdl_best_rate(row);
    if (row->stack == MDL_STACK_CUDA)
        return best;
    double burden = (1 - step->params->rental_porting_loss) / (1 + step->params->rental_porting_cost);
    double ported = mdl_ported_share(step);
    return best * (ported + (1 - ported) * burden);
}

/* What a node of a type earns against a reference node: as its contracts show, or before the first one, by what tenants
 * could do with it. */
static double earning_rate(const mdl_step_t *step, int32_t type)
{
    if (step->eco->type_rent_fen[type] > 0)
        return (double)step->eco->type_rent_fen[type] / (double)step->rental->index_fen;
    return mdl_usable_rate(step, type);
}

/* The builder reckons with what chips are traded at, but for a banned type with no less than a broker asks. */
double mdl_chip_price_yuan(const mdl_step_t *step, int32_t type)
{
    int64_t traded_fen = step->eco->signal_fen[type];
    int64_t asked_fen = mdl_eco_banned(step) >> type & 1 ? step->eco->quote[type].price_fen : 0;
    return (double)(traded_fen > asked_fen ? traded_fen : asked_fen) / MDL_FEN_PER_YUAN;
}

/* Upkeep of a node, and its share of the staff of a centre of mean size. */
double mdl_node_fixed_yuan(const mdl_params_t *params)
{
    double nodes = params->developers_size_mean / (params->developers_pflops_per_reference * MDL_GPUS_PER_NODE);
    double staff_fen = (double)params->developers_fixed_cost_fen / (nodes > 1 ? nodes : 1);
    return ((double)params->developers_node_cost_fen + staff_fen) / MDL_FEN_PER_YUAN;
}

mdl_node_power_t mdl_node_power(const mdl_step_t *step, int32_t province, int32_t type)
{
    const mdl_province_t *place = &step->tables->provinces[province];
    int flags = mdl_tariff_flags(step, type);
    double tariff_fen = mdl_grid_tariff_fen_kwh(step->params, place, flags),
           tariff_yuan = tariff_fen / MDL_FEN_PER_YUAN;
    double gain_yuan = mdl_grid_resale_gain_fen_kwh(step->params, place, flags) / MDL_FEN_PER_YUAN;
    double busy_kwh = mdl_node_kwh_month(step, province, type, true);
    return (mdl_node_power_t){
        .busy_yuan = busy_kwh * tariff_yuan,
        .idle_yuan = mdl_node_kwh_month(step, province, type, false) * tariff_yuan,
        .resale_yuan = gain_yuan > 0 ? gain_yuan * busy_kwh * step->params->developers_resale_share : 0,
        .variable_fen = mdl_money_round(busy_kwh * tariff_fen) + step->params->developers_node_cost_fen,
    };
}

static double lending_share(const mdl_step_t *step)
{
    double share = step->params->credit_ltv * step->bank->appetite;
    return share < step->params->credit_ltv_cap ? share : step->params->credit_ltv_cap;
}

/* What the node itself costs and earns; what the city adds is left at 0. */
static void see_node(const mdl_step_t *step, mdl_belief_rule_t rule, int32_t province, int32_t type, mdl_prospect_t *p)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_node_power_t *power = &eco->power[type][province];
    *p = (mdl_prospect_t){
        .capital_yuan = MDL_GPUS_PER_NODE * mdl_chip_price_yuan(step, type) + eco->building_yuan,
        .building_left_yuan = eco->building_yuan * (1 - eco->building_share),
        .rent_yuan = eco->life_rent_yuan[rule] * earning_rate(step, type),
        .occupancy = eco->life_occupancy[rule],
        .activity = eco->activity,
        .power_busy_yuan = power->busy_yuan,
        .power_idle_yuan = power->idle_yuan,
        .resale_yuan = power->resale_yuan,
        .fixed_yuan = eco->fixed_yuan,
    };
}

/* What moves builders besides money from tenants and grants. */
static void see_motives(const mdl_step_t *step, int32_t city, mdl_prospect_t *p)
{
    const mdl_eco_t *eco = step->eco;
    p->loan_share = lending_share(step);
    p->land_motive = mdl_city_land_motive(&eco->cities[city], step->params) * step->params->central_target_push;
    p->hype = mdl_hype_level(&eco->hype);
    p->state_hype = eco->hype.state;
}

void mdl_prospect_at(const mdl_step_t *step, mdl_belief_rule_t rule, int32_t city, int32_t type, mdl_prospect_t *p)
{
    see_node(step, rule, step->eco->cities[city].province, type, p);
    see_motives(step, city, p);
    p->grant_share = mdl_city_offer(&step->eco->cities[city], step->params, step->eco->above_trend);
}

/* Whether a project may have the type at all: on the market, and foreign only if that is open to it. */
static bool permitted(const mdl_step_t *step, int32_t type, bool state_funded)
{
    const mdl_gpu_type_t *row = &step->tables->gpu_types[type];
    if (row->available_day > step->input->start_day + step->day)
        return false;
    return mdl_central_may_buy(step->params, row, state_funded);
}

/* What builders count on for a type: the worth of a node that they may never see, because a project that waits for its
 * chips may be given up before they come. Rules differ in the rent and the occupancy that they expect. */
static void value_type(mdl_step_t *step, int32_t type)
{
    mdl_eco_t *eco = step->eco;
    double chance = mdl_supply_chance(step, type), rate = earning_rate(step, type);
    mdl_prospect_t prospect;
    see_node(step, MDL_BELIEF_EXTRAPOLATOR, eco->cities[0].province, type, &prospect);
    for (int rule = 0; rule < MDL_BELIEF_RULES; rule++) {
        prospect.rent_yuan = eco->life_rent_yuan[rule] * rate;
        prospect.occupancy = eco->life_occupancy[rule];
        double npv = mdl_developer_npv(step->params, &prospect, eco->life_annuity);
        eco->type_worth[rule][type] = (1 + npv) * chance - 1;
    }
}

/* What opening brings besides rent, per yuan of capital: the grant not paid yet, and the motive of the builder's kind.
 * An operator has none; a rent-seeker has had its own, the loan. */
static double worth_of_opening(const mdl_step_t *step, const mdl_project_t *project, mdl_prospect_t *prospect)
{
    mdl_developer_kind_t kind = (mdl_developer_kind_t)project->kind;
    double motive = 0;
    if (kind == MDL_DEVELOPER_STATE || kind == MDL_DEVELOPER_ENTRANT) {
        see_motives(step, project->city, prospect);
        motive = mdl_developer_motive(step->params, kind, prospect, step->eco->life_annuity);
    }
    if (project->capital_fen <= 0)
        return motive;
    return motive + (double)(project->grant_promised_fen - project->grant_paid_fen) / (double)project->capital_fen;
}

double mdl_chip_limit_yuan(const mdl_step_t *step, const mdl_project_t *project, int32_t type)
{
    mdl_prospect_t prospect;
    see_node(step, (mdl_belief_rule_t)project->rule, project->province, type, &prospect);
    double planned_yuan = (double)project->capital_fen / MDL_FEN_PER_YUAN / project->nodes_planned / MDL_GPUS_PER_NODE;
    double earned_yuan =
        mdl_developer_chip_limit(step->params, &prospect, step->eco->life_annuity) * project->valuation;
    return earned_yuan + worth_of_opening(step, project, &prospect) * planned_yuan;
}

bool mdl_type_payable(const mdl_step_t *step, const mdl_project_t *project, int32_t type)
{
    return permitted(step, type, project->state_funded) &&
           mdl_chip_limit_yuan(step, project, type) >= mdl_chip_price_yuan(step, type);
}

int32_t mdl_best_payable_type(const mdl_step_t *step, const mdl_project_t *project)
{
    const double *worth = step->eco->type_worth[project->rule];
    int32_t best = -1;
    for (int32_t type = 0; type < (int32_t)step->tables->n_gpu_types; type++)
        if ((best < 0 || worth[type] > worth[best]) && mdl_type_payable(step, project, type))
            best = type;
    return best;
}

int32_t mdl_best_type(const mdl_step_t *step, mdl_belief_rule_t rule, bool state_funded)
{
    int32_t best = -1;
    double best_worth = 0;
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        if (!permitted(step, (int32_t)type, state_funded))
            continue;
        double worth = step->eco->type_worth[rule][type];
        if (best < 0 || worth > best_worth) {
            best = (int32_t)type;
            best_worth = worth;
        }
    }
    return best;
}

/* Once a day: what the three rules expect, and the chip that each would buy. */
void mdl_prospects_day(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    mdl_supply_day(step);
    eco->view.entry_cost_yuan = mdl_supply_entry_cost_yuan(step);
    for (int rule = 0; rule < MDL_BELIEF_RULES; rule++) {
        mdl_belief_rule_t r = (mdl_belief_rule_t)rule;
        eco->life_rent_yuan[rule] = mdl_beliefs_life_rent(&eco->beliefs, step->params, &eco->view, r);
        eco->life_occupancy[rule] = mdl_beliefs_occupancy(&eco->beliefs, step->params, &eco->view, r);
    }
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        value_type(step, (int32_t)type);
    for (int rule = 0; rule < MDL_BELIEF_RULES; rule++)
        for (int state = 0; state < 2; state++)
            eco->best_type[rule][state] = mdl_best_type(step, (mdl_belief_rule_t)rule, state == 1);
}
