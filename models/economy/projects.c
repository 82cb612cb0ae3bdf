// SPDX-License-Identifier: GPL-3.0-or-later
/* Turns in a project's life that more than one step can bring about: announced, chips in, energised, ended. */
#include "models/economy/economy_state.h"

static uint32_t number_of(const mdl_step_t *step, const mdl_project_t *project)
{
    return (uint32_t)(project - step->projects);
}

/* Whether it may want chips: whoever builds or operates and has not ordered all. */
static bool lacks_chips(const mdl_project_t *project)
{
    bool has_all = project->gpus_ordered > 0 && project->gpus_ordered >= project->nodes_wanted * MDL_GPUS_PER_NODE;
    return project->stage >= MDL_STAGE_BUILDING && project->stage <= MDL_STAGE_OPERATING && !has_all;
}

uint8_t mdl_project_marks(const mdl_project_t *project)
{
    bool operates = project->stage == MDL_STAGE_OPERATING, grant = operates && project->grant_promised_fen > 0;
    bool pipeline = project->stage <= MDL_STAGE_WAITING, review = pipeline || (operates && project->arrears_fen > 0);
    return (uint8_t)((pipeline ? MDL_MARK_PIPELINE : 0) | (review ? MDL_MARK_REVIEW : 0) |
                     (project->stage == MDL_STAGE_WAITING ? MDL_MARK_WAITING : 0) |
                     (lacks_chips(project) || project->auctioning ? MDL_MARK_CHIPS : 0) | (grant ? MDL_MARK_GRANT : 0) |
                     (project->auctioning ? MDL_MARK_AUCTION : 0));
}

mdl_outline_t mdl_project_outline(const mdl_project_t *project)
{
    mdl_outline_t outline = {.stage = project->stage,
                             .build_stage = project->build_stage,
                             .kind = project->kind,
                             .gpu_type = project->gpu_type,
                             .province = project->province};
    if (project->stage == MDL_STAGE_OPERATING)
        outline.site = project->site;
    else
        outline.nodes_wanted = project->nodes_wanted;
    return outline;
}

void mdl_project_mark(mdl_step_t *step, const mdl_project_t *project)
{
    step->project_marks[number_of(step, project)] = mdl_project_marks(project);
    step->outlines[number_of(step, project)] = mdl_project_outline(project);
}

void mdl_project_rng(const mdl_step_t *step, const mdl_project_t *project, uint64_t purpose, uint64_t event,
                     sim_rng_t *rng)
{
    sim_rng_at(rng, sim_world_seed(step->world), sim_world_replication(step->world), project->entity, purpose, event);
}

int64_t mdl_project_next_stage(const mdl_step_t *step, const mdl_project_t *project, sim_rng_t *rng)
{
    bool experienced = project->kind == MDL_DEVELOPER_OPERATOR;
    int64_t time_s = mdl_project_stage_time(step->params, experienced, rng);
    if (project->developer != MDL_NO_DEVELOPER)
        return time_s;
    return (int64_t)((double)time_s * (double)step->params->start_build_time_s /
                     (double)step->params->developers_build_time_s);
}

sim_status_t mdl_project_schedule(mdl_step_t *step, const mdl_project_t *project, int64_t delay_s, uint32_t event)
{
    int64_t now_s = sim_world_now(step->world);
    sim_event_t what = {.time_s = now_s + delay_s, .type = event, .entity = number_of(step, project)};
    return sim_world_schedule(step->world, MDL_ECONOMY_LP, &what, 2, NULL);
}

static double good_fabric_share(const mdl_params_t *params, int32_t kind)
{
    const double shares[MDL_DEVELOPER_KINDS] = {params->developers_good_operator, params->developers_good_state,
                                                params->developers_good_entrant, params->developers_good_rent_seeker};
    return shares[kind];
}

bool mdl_project_for_training(const mdl_step_t *step, uint64_t entity, int32_t kind)
{
    sim_rng_t rng;
    sim_rng_at(&rng, sim_world_seed(step->world), sim_world_replication(step->world), entity, MDL_PURPOSE_PROJECT_SIZE,
               1);
    return sim_draw_bernoulli(&rng, good_fabric_share(step->params, kind));
}

/* Size, fabric and valuation: drawn once, at the project's own address. */
static void draw_traits(const mdl_step_t *step, mdl_project_t *project)
{
    sim_rng_t rng;
    mdl_project_rng(step, project, MDL_PURPOSE_PROJECT_SIZE, 0, &rng);
    double rate = mdl_reference_per_gpu(step, project->gpu_type);
    project->nodes_planned = mdl_project_nodes(step->params, rate, &rng);
    bool good = mdl_project_for_training(step, project->entity, project->kind);
    project->fabric_gb_s = good ? step->params->developers_fabric_good : step->params->developers_fabric_plain;
    mdl_project_rng(step, project, MDL_PURPOSE_PROJECT_SIZE, 2, &rng);
    double spread = step->params->developers_valuation_spread;
    project->valuation = sim_draw_lognormal(&rng, -spread * spread / 2, spread);
    double share = mdl_developer_installed_share(step->params, (mdl_developer_kind_t)project->kind);
    uint32_t wanted = (uint32_t)(project->nodes_planned * share + 0.5);
    project->nodes_wanted = wanted > 0 ? wanted : 1;
}

static void count_announcement(mdl_step_t *step, mdl_project_t *project, mdl_developer_t *developer, uint64_t why)
{
    mdl_eco_t *eco = step->eco;
    eco->recent[step->day % MDL_RECENT_DAYS]++;
    eco->recent_total++;
    eco->tally.announced[project->kind]++;
    developer->projects++;
    developer->under_way++;
    double h100e = project->nodes_planned * MDL_GPUS_PER_NODE * mdl_reference_per_gpu(step, project->gpu_type);
    eco->cities[project->city].announced_h100e += h100e;
    eco->tally.grants_promised_fen += project->grant_promised_fen;
    mdl_chronicle_announced(step, number_of(step, project), why, h100e);
}

sim_status_t mdl_project_announce(mdl_step_t *step, uint32_t developer, int32_t city, mdl_belief_rule_t rule,
                                  double merit, const mdl_prospect_t *prospect)
{
    mdl_eco_t *eco = step->eco;
    mdl_developer_t *owner = &step->developers[developer];
    if (eco->n_projects == eco->project_capacity || eco->n_projects >= step->params->horizon_max_projects)
        return sim_fail(step->err, SIM_ELIMIT, "horizon.max_projects", "more than %u projects", eco->n_projects);
    mdl_project_t *project = &step->projects[eco->n_projects++];
    bool state = owner->kind == MDL_DEVELOPER_STATE;
    *project = (mdl_project_t){.entity = sim_entity_id(owner->entity, MDL_ENTITY_PROJECT, owner->projects),
                               .developer = developer,
                               .kind = owner->kind,
                               .city = city,
                               .province = eco->cities[city].province,
                               .gpu_type = eco->best_type[rule][state],
                               .stage = MDL_STAGE_ANNOUNCED,
                               .rule = (int32_t)rule,
                               .site = MDL_NO_SITE,
                               .loan = MDL_NO_LOAN,
                               .announced_s = step->now_s,
                               .approved_s = MDL_NOT_YET,
                               .financed_s = MDL_NOT_YET,
                               .built_s = MDL_NOT_YET,
                               .energised_s = MDL_NOT_YET,
                               .ended_s = MDL_NOT_YET,
                               .expected_revenue_yuan = prospect->rent_yuan * prospect->occupancy,
                               .merit = merit};
    draw_traits(step, project);
    project->capital_fen = mdl_money_round(prospect->capital_yuan * MDL_FEN_PER_YUAN * project->nodes_planned);
    project->building_fen = step->params->developers_building_cost_fen * project->nodes_wanted;
    project->building_left_fen = project->building_fen;
    project->grant_promised_fen = mdl_city_promise(&eco->cities[city], step->params,
                                                   mdl_money_share(project->capital_fen, prospect->grant_share));
    project->state_funded = state || project->grant_promised_fen > 0;
    mdl_project_mark(step, project);
    count_announcement(step, project, owner, mdl_chronicle_decision(step, developer, city, prospect));
    return mdl_ledger_open(step->ledger, MDL_SECTOR_DEVELOPER, &project->account, step->err);
}

/* --- its owner ---------------------------------------------------------------------------------------------------- */

bool mdl_project_has_owner(const mdl_step_t *step, const mdl_project_t *project)
{
    if (project->kind != MDL_DEVELOPER_STATE || step->params->developers_owner_pays <= 0)
        return false;
    sim_rng_t rng;
    mdl_project_rng(step, project, MDL_PURPOSE_PROJECT_OWNER, 0, &rng);
    return sim_draw_bernoulli(&rng, step->params->developers_owner_pays);
}

sim_status_t mdl_project_owner_pays(mdl_step_t *step, const mdl_project_t *project, int64_t due_fen)
{
    int64_t lacking_fen = due_fen - mdl_ledger_deposit_fen(step->ledger, project->account);
    if (lacking_fen <= 0)
        return SIM_OK;
    (void)mdl_event_once(step, MDL_EV_OWNER_PAID, number_of(step, project), MDL_CAUSE_BEFORE,
                         (double)lacking_fen / MDL_FEN_PER_YUAN);
    return mdl_ledger_invest(step->ledger, MDL_LEDGER_REST, project->account, lacking_fen, step->err);
}

/* --- chips -------------------------------------------------------------------------------------------------------- */

/* Moves a project's chips from one state to another, all of them or `most`. */
static sim_status_t move_chips(mdl_step_t *step, const mdl_project_t *project, mdl_lot_state_t from, mdl_lot_state_t to,
                               int64_t most)
{
    mdl_lot_t target = {.state = to, .owner = project->account, .place = number_of(step, project)};
    for (uint32_t lot = mdl_lots_first(step->lots, project->account); lot != MDL_NO_LOT && most > 0;) {
        mdl_lot_t here = *mdl_lots_get(step->lots, lot);
        if (here.state == (int32_t)from) {
            int64_t n = here.count < most ? here.count : most;
            MDL_TRY(mdl_lots_move(step->lots, lot, n, &target, NULL, step->err));
            most -= n;
            lot = mdl_lots_first(step->lots, project->account);
        } else {
            lot = here.next;
        }
    }
    return SIM_OK;
}

/* Installs whole nodes and powers them. */
static sim_status_t install(mdl_step_t *step, mdl_project_t *project)
{
    uint32_t nodes = project->gpus_in / MDL_GPUS_PER_NODE;
    mdl_site_t *site = &step->sites[project->site];
    nodes = nodes < site->nodes_max ? nodes : site->nodes_max;
    if (nodes <= site->nodes)
        return SIM_OK;
    MDL_TRY(move_chips(step, project, MDL_LOT_STOCK, MDL_LOT_INSTALLED,
                       (int64_t)(nodes - site->nodes) * MDL_GPUS_PER_NODE));
    return mdl_site_grow(step, project->site, nodes);
}

sim_status_t mdl_project_received(mdl_step_t *step, mdl_project_t *project, int64_t gpus)
{
    project->gpus_in += (uint32_t)gpus;
    (void)mdl_event_once(step, MDL_EV_CHIPS_ARRIVED, number_of(step, project), MDL_CAUSE_BEFORE, (double)gpus);
    return project->stage == MDL_STAGE_OPERATING ? install(step, project) : SIM_OK;
}

sim_status_t mdl_project_sold_chips(mdl_step_t *step, mdl_project_t *project, int64_t gpus)
{
    int64_t left = mdl_lots_count(step->lots, project->account, project->gpu_type, -1);
    int64_t capital_fen =
        mdl_ledger_capital_fen(step->ledger, project->account) - mdl_project_building_paid_fen(project);
    int64_t cost_fen = capital_fen > 0 ? mdl_money_share(capital_fen, (double)gpus / (double)(left + gpus)) : 0;
    project->gpus_in -= (uint32_t)gpus;
    return mdl_ledger_consume(step->ledger, project->account, cost_fen, step->err);
}

sim_status_t mdl_project_energise(mdl_step_t *step, mdl_project_t *project)
{
    const mdl_province_t *place = &step->tables->provinces[project->province];
    uint32_t nodes = project->gpus_in / MDL_GPUS_PER_NODE;
    uint32_t room = project->nodes_wanted > nodes ? project->nodes_wanted : nodes;
    mdl_site_plan_t plan = {.spec = {.entity = sim_entity_id(project->entity, MDL_ENTITY_DATACENTRE, 0),
                                     .gpu_type = project->gpu_type,
                                     .nodes = room,
                                     .nodes_powered = nodes,
                                     .province = project->province,
                                     .pue = place->pue,
                                     .fabric_gb_s = project->fabric_gb_s},
                            .account = project->account,
                            .project = number_of(step, project),
                            .scale = 1,
                            .rents = true};
    MDL_TRY(move_chips(step, project, MDL_LOT_STOCK, MDL_LOT_INSTALLED, (int64_t)nodes * MDL_GPUS_PER_NODE));
    MDL_TRY(mdl_site_open(step, &plan, &project->site));
    project->stage = MDL_STAGE_OPERATING;
    mdl_project_mark(step, project);
    project->energised_s = step->now_s;
    project->half_year_s = project->later_s = step->now_s;
    if (project->developer != MDL_NO_DEVELOPER) {
        step->eco->tally.energised[project->kind]++;
        step->developers[project->developer].under_way--;
        step->developers[project->developer].operating++;
    }
    (void)mdl_event(step, MDL_EV_ENERGISED, number_of(step, project), MDL_CAUSE_BEFORE, nodes);
    return SIM_OK;
}

/* --- ends --------------------------------------------------------------------------------------------------------- */

static void count_end(mdl_step_t *step, const mdl_project_t *project, mdl_stage_t how)
{
    mdl_tally_t *tally = &step->eco->tally;
    uint32_t *counts = how == MDL_STAGE_CANCELLED   ? tally->cancelled
                       : how == MDL_STAGE_ABANDONED ? tally->abandoned
                                                    : tally->defaulted;
    counts[project->kind]++;
    mdl_chronicle_end(step, number_of(step, project), how);
}

sim_status_t mdl_project_end(mdl_step_t *step, mdl_project_t *project, mdl_stage_t how)
{
    if (mdl_stage_ended((mdl_stage_t)project->stage))
        return SIM_OK;
    count_end(step, project, how);
    if (project->developer != MDL_NO_DEVELOPER) {
        mdl_developer_t *owner = &step->developers[project->developer];
        if (project->stage == MDL_STAGE_OPERATING)
            owner->operating--;
        else
            owner->under_way--;
    }
    bool built = project->stage >= MDL_STAGE_BUILDING;
    project->stage = (uint8_t)how;
    project->ended_s = step->now_s;
    mdl_project_mark(step, project);
    mdl_grid_release(&step->eco->grid, project->province, project->allotted_kw);
    project->allotted_kw = 0;
    if (!built)
        return SIM_OK;
    if (project->site != MDL_NO_SITE)
        MDL_TRY(mdl_site_close(step, project->site));
    MDL_TRY(move_chips(step, project, MDL_LOT_INSTALLED, MDL_LOT_STOCK, INT64_MAX));
    if (project->loan != MDL_NO_LOAN)
        mdl_bank_default(step->bank, project->loan, step->input->start_day + step->day);
    project->auctioning = true;
    mdl_project_mark(step, project);
    return SIM_OK;
}
