// SPDX-License-Identifier: GPL-3.0-or-later
/* What everybody looks at: the state of the market, hype, the frontiers of capability, beliefs. */
#include "models/economy/economy_state.h"

/* Full cost of a reference node-month at list price and national mean power price, yuan (T13). */
void mdl_sentiment_derive(mdl_step_t *step)
{
    const mdl_tables_t *tables = step->tables;
    mdl_market_view_t *view = &step->eco->view;
    double weight = 0, variable = 0;
    for (uint32_t p = 0; p < tables->n_provinces; p++) {
        double w = tables->provinces[p].demand_weight;
        weight += w;
        variable += w * (double)mdl_site_variable_fen(step, (int32_t)p, tables->reference_type) / MDL_FEN_PER_YUAN;
    }
    view->variable_cost_yuan = weight > 0 ? variable / weight : 0;
    double chips = MDL_GPUS_PER_NODE * tables->gpu_types[tables->reference_type].list_price_yuan;
    double building = step->eco->building_yuan * step->eco->building_share;
    view->full_cost_yuan = (chips + building) / step->eco->life_annuity + view->variable_cost_yuan;
}

static void count_capacity(mdl_step_t *step, mdl_market_view_t *view)
{
    mdl_eco_t *eco = step->eco;
    double offered = 0, leased = 0, pools = 0;
    const mdl_site_t *end = step->sites + eco->n_sites;
    for (const mdl_site_t *site = step->sites; site < end; site++) {
        if (!site->open)
            continue;
        double per_node = MDL_GPUS_PER_NODE * mdl_reference_per_gpu(step, site->gpu_type);
        if (site->project == MDL_NO_PROJECT) {
            pools += site->nodes * per_node;
            continue;
        }
        offered += site->nodes * per_node;
        leased += site->leased * per_node;
    }
    eco->capacity_h100e[0] = offered;
    eco->capacity_h100e[1] = pools;
    view->capacity_h100e = offered + pools;
    view->occupancy = offered > 0 ? leased / offered : step->params->beliefs_occupancy_assumed;
}

static void count_pipeline(mdl_step_t *step, mdl_market_view_t *view)
{
    double committed_h100e = 0, announced_h100e = 0;
    for (uint32_t page = 0; page < step->eco->n_projects; page += MDL_MARKS_PAGE)
        for (uint64_t left = mdl_marked_in(step, page, MDL_MARK_PIPELINE); left != 0; left &= left - 1) {
            const mdl_outline_t *project = &step->outlines[page + mdl_lowest_marked(left)];
            double size = project->nodes_wanted * MDL_GPUS_PER_NODE * mdl_reference_per_gpu(step, project->gpu_type);
            if (project->stage == MDL_STAGE_BUILDING || project->stage == MDL_STAGE_WAITING)
                committed_h100e += size;
            else
                announced_h100e += size;
        }
    view->committed_h100e = committed_h100e;
    view->announced_h100e = announced_h100e;
}

static void look_around(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    mdl_market_view_t *view = &eco->view;
    view->rent_yuan = (double)step->rental->index_fen / MDL_FEN_PER_YUAN;
    view->demand_h100e = eco->demand_h100e;
    count_capacity(step, view);
    count_pipeline(step, view);
}

sim_status_t mdl_step_sentiment(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    look_around(step);
    mdl_hype_env_t env = {
        .rent_fen = step->eco->heard_fen[MDL_SEGMENT_TRAINING],
        .idle_share = 1 - eco->view.occupancy,
        .lab_exit_share = eco->training_labs_before > 0 ? eco->lab_exits / eco->training_labs_before : 0,
    };
    mdl_hype_step(&eco->hype, step->params, &env);
    mdl_frontier_step(&eco->frontier, step->params);
    mdl_beliefs_observe(&eco->beliefs, step->params, &eco->view, step->now_s);
    mdl_tokens_step(&eco->tokens, step->params, step->eco->heard_fen[MDL_SEGMENT_INFERENCE]);
    return SIM_OK;
}
