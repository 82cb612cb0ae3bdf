// SPDX-License-Identifier: GPL-3.0-or-later
/* Sites: data centres as the economy sees them, and their offers in the rental market. */
#include "models/economy/economy_state.h"

#include "models/hardware/power.h"
#include "models/params/rates.h"

#define HOURS_PER_MONTH (24 * MDL_DAYS_PER_MONTH)

double mdl_best_rate(const mdl_gpu_type_t *type)
{
    double rate[MDL_SEGMENTS], best = 0;
    mdl_rental_rates(type, rate);
    for (int s = 0; s < MDL_SEGMENTS; s++)
        best = rate[s] > best ? rate[s] : best;
    return best;
}

double mdl_node_kwh_month(const mdl_step_t *step, int32_t province, int32_t gpu_type, bool busy)
{
    mdl_power_t power;
    mdl_power_init(&power, &step->tables->gpu_types[gpu_type], step->tables->provinces[province].pue, step->params);
    double watts = (double)power.node_idle_w + (busy ? MDL_GPUS_PER_NODE * (double)power.gpu_busy_w : 0);
    return watts / 1000.0 * (double)power.pue_permille / 1000.0 * HOURS_PER_MONTH;
}

int mdl_tariff_flags(const mdl_step_t *step, int32_t gpu_type)
{
    bool domestic = step->tables->gpu_types[gpu_type].stack == MDL_STACK_CANN;
    return MDL_TARIFF_SUBSIDISED | (domestic ? MDL_TARIFF_DOMESTIC_CHIPS : 0);
}

static bool is_experienced(const mdl_step_t *step, uint32_t project)
{
    return project == MDL_NO_PROJECT || step->projects[project].kind == MDL_DEVELOPER_OPERATOR;
}

/* What a node's share of its loan costs a month: rents are pledged, and the bank agrees to no contract below that. */
static double debt_service_fen(const mdl_step_t *step, const mdl_project_t *project, double nodes)
{
    if (project->loan == MDL_NO_LOAN)
        return 0;
    double lent_fen = (double)step->bank->loans[project->loan].original_fen;
    return lent_fen / nodes / step->eco->life_annuity * step->params->credit_pledged_rent;
}

/* Lowest rent that an owner takes: power and upkeep, and what its loan costs. A state vehicle may not let state
 * property far below what it cost: its floor is a share of the full cost of the node as paid for. */
static int64_t floor_fen(const mdl_step_t *step, const mdl_site_t *site)
{
    int64_t variable_fen = mdl_site_variable_fen(step, site->province, site->gpu_type);
    if (site->project == MDL_NO_PROJECT)
        return variable_fen;
    const mdl_project_t *project = &step->projects[site->project];
    double nodes = project->nodes_wanted > 0 ? (double)project->nodes_wanted : 1;
    if (project->kind != MDL_DEVELOPER_STATE)
        return variable_fen + mdl_money_round(debt_service_fen(step, project, nodes));
    double chips_fen = project->gpus_ordered > 0
                           ? (double)project->chips_paid_fen * MDL_GPUS_PER_NODE / (double)project->gpus_ordered
                           : 0;
    double building_fen = (double)project->building_fen / nodes * step->eco->building_share;
    double capital_fen = chips_fen + building_fen;
    double full_fen = (double)variable_fen + capital_fen / step->eco->life_annuity;
    int64_t least_fen = mdl_money_round(full_fen * step->params->developers_state_floor);
    return least_fen > variable_fen ? least_fen : variable_fen;
}

/* First asked rent of a physical node: what its type fetches; before any contract the index for its best use. */
static int64_t opening_price_fen(const mdl_step_t *step, const mdl_site_t *site)
{
    int64_t heard_fen = step->eco->type_rent_fen[site->gpu_type];
    int64_t price_fen =
        heard_fen > 0 ? heard_fen : mdl_money_round((double)step->rental->index_fen * site->reference_per_node);
    int64_t least_fen = floor_fen(step, site);
    return price_fen > least_fen ? price_fen : least_fen;
}

static sim_status_t open_offer(mdl_step_t *step, uint32_t index, double fabric_gb_s)
{
    mdl_site_t *site = &step->sites[index];
    const mdl_gpu_type_t *type = &step->tables->gpu_types[site->gpu_type];
    mdl_offer_t offer = {.centre = index,
                         .account = site->account,
                         .province = site->province,
                         .gpu_type = site->gpu_type,
                         .stack = type->stack,
                         .nodes = (int32_t)site->nodes,
                         .fabric_gb_s = fabric_gb_s,
                         .reliability = is_experienced(step, site->project)
                                            ? step->params->developers_reliability
                                            : step->params->developers_reliability_novice,
                         .price_fen_node_month = opening_price_fen(step, site),
                         .floor_fen_node_month = floor_fen(step, site)};
    mdl_rental_rates(type, offer.rate);
    return mdl_rental_offer_open(step->rental, &offer, &site->offer, step->err);
}

/* Simulated nodes for real ones. */
static uint32_t scaled(uint32_t nodes, uint32_t scale)
{
    return (nodes + scale / 2) / scale;
}

sim_status_t mdl_site_open(mdl_step_t *step, const mdl_site_plan_t *plan, uint32_t *index)
{
    mdl_eco_t *eco = step->eco;
    if (eco->n_sites == eco->site_capacity)
        return sim_fail(step->err, SIM_ELIMIT, "sites", "more than %u data centres", eco->site_capacity);
    uint32_t lp;
    int64_t now_s = sim_world_now(step->world);
    mdl_datacentre_spec_t spec = plan->spec;
    spec.nodes = scaled(plan->spec.nodes, plan->scale) + 1;
    spec.nodes_powered = scaled(plan->spec.nodes_powered, plan->scale);
    MDL_TRY(mdl_datacentre_create(step->world, MDL_LP_DATACENTRE, &spec, now_s, &lp, step->err));
    *index = eco->n_sites++;
    step->sites[*index] = (mdl_site_t){
        .lp = lp,
        .offer = MDL_NO_OFFER,
        .partner = MDL_NO_SITE,
        .next_own = MDL_NO_SITE,
        .scale = plan->scale,
        .project = plan->project,
        .platform = plan->platform,
        .account = plan->account,
        .province = (int16_t)spec.province,
        .zone = step->rental->province_zone[spec.province],
        .region = eco->region[spec.province],
        .gpu_type = (int16_t)spec.gpu_type,
        .nodes_max = plan->spec.nodes,
        .nodes = plan->spec.nodes_powered,
        .nodes_planned = plan->project == MDL_NO_PROJECT ? 0 : step->projects[plan->project].nodes_planned,
        .open = true,
        .energised_s = now_s,
        .reference_per_node = mdl_best_rate(&step->tables->gpu_types[spec.gpu_type]),
    };
    return plan->rents ? open_offer(step, *index, spec.fabric_gb_s) : SIM_OK;
}

static sim_status_t resize_offer(mdl_step_t *step, mdl_site_t *site, int32_t nodes)
{
    uint32_t n_ended = 0;
    MDL_TRY(mdl_rental_offer_resize(step->rental, site->offer, nodes, step->ended, step->eco->ended_capacity, &n_ended,
                                    step->err));
    for (uint32_t i = 0; i < n_ended; i++)
        MDL_TRY(mdl_lease_end(step, &step->ended[i]));
    return SIM_OK;
}

sim_status_t mdl_site_grow(mdl_step_t *step, uint32_t index, uint32_t nodes)
{
    mdl_site_t *site = &step->sites[index];
    SIM_ASSERT(nodes <= site->nodes_max);
    site->nodes = nodes;
    site->idle = false;
    sim_event_t power = {
        .time_s = sim_world_now(step->world), .type = MDL_DC_POWER_NODES, .a = scaled(nodes, site->scale)};
    MDL_TRY(sim_world_schedule(step->world, site->lp, &power, 0, NULL));
    return site->offer == MDL_NO_OFFER ? SIM_OK : resize_offer(step, site, (int32_t)nodes);
}

sim_status_t mdl_site_close(mdl_step_t *step, uint32_t index)
{
    mdl_site_t *site = &step->sites[index];
    if (!site->open)
        return SIM_OK;
    uint32_t n_ended = 0;
    MDL_TRY(
        mdl_rental_offer_close(step->rental, site->offer, step->ended, step->eco->ended_capacity, &n_ended, step->err));
    for (uint32_t i = 0; i < n_ended; i++)
        MDL_TRY(mdl_lease_end(step, &step->ended[i]));
    int64_t now_s = sim_world_now(step->world);
    MDL_TRY(sim_world_schedule(step->world, site->lp, &(sim_event_t){.time_s = now_s, .type = MDL_DC_CLOSE}, 1, NULL));
    site->open = false;
    return SIM_OK;
}
