// SPDX-License-Identifier: GPL-3.0-or-later
/* What comes from outside: dated changes of parameters, and shocks.
 *
 * What is dated T is seen by the first step after T, so that a world cloned at T has not seen it yet. */
#include "models/economy/economy_state.h"

/* What follows from the parameters alone and is asked for often. */
static void derive(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    eco->life_annuity = mdl_developer_annuity(&eco->params);
    eco->building_share = mdl_developer_building_share(&eco->params);
    eco->building_yuan = (double)eco->params.developers_building_cost_fen / MDL_FEN_PER_YUAN;
    eco->fixed_yuan = mdl_node_fixed_yuan(&eco->params);
    mdl_projects_derive(step);
    mdl_subsidies_derive(step);
    for (uint32_t p = 0; p < step->tables->n_provinces; p++)
        for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
            eco->power[type][p] = mdl_node_power(step, (int32_t)p, (int32_t)type);
    mdl_sentiment_derive(step);
}

/* GPUs of type b that do the work of one of type a, whatever the work. */
static double replacing(const mdl_gpu_type_t *a, const mdl_gpu_type_t *b)
{
    double rate_a[MDL_SEGMENTS], rate_b[MDL_SEGMENTS], most = 0;
    mdl_rental_rates(a, rate_a);
    mdl_rental_rates(b, rate_b);
    for (int s = 0; s < MDL_SEGMENTS; s++)
        if (rate_b[s] <= 0 || rate_a[s] / rate_b[s] > most)
            most = rate_b[s] > 0 ? rate_a[s] / rate_b[s] : HUGE_VAL;
    return most;
}

/* What follows from the tables alone. */
static void derive_constants(mdl_step_t *step)
{
    const mdl_tables_t *tables = step->tables;
    for (uint32_t type = 0; type < tables->n_gpu_types; type++)
        step->eco->reference_per_gpu[type] =
            tables->gpu_types[type].tflops_fp16 / tables->gpu_types[tables->reference_type].tflops_fp16;
    for (uint32_t a = 0; a < tables->n_gpu_types; a++)
        for (uint32_t b = 0; b < tables->n_gpu_types; b++)
            step->eco->replacing[a][b] = replacing(&tables->gpu_types[a], &tables->gpu_types[b]);
    for (uint32_t p = 0; p < tables->n_provinces; p++)
        step->eco->region[p] = mdl_zone_of(&tables->provinces[p]);
}

sim_status_t mdl_eco_resolve_params(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    const mdl_input_t *input = step->input;
    eco->params = input->params;
    eco->next_change = 0;
    while (eco->next_change < input->n_changes && input->changes[eco->next_change].time_s < step->now_s) {
        const mdl_change_t *change = &input->changes[eco->next_change++];
        MDL_TRY(mdl_params_set(&eco->params, change->param, change->value, step->err));
    }
    derive_constants(step);
    derive(step);
    eco->next_shock = 0;
    while (eco->next_shock < input->n_shocks && input->shocks[eco->next_shock].time_s < step->now_s)
        eco->next_shock++;
    return SIM_OK;
}

static void release_model(mdl_step_t *step, double value)
{
    mdl_eco_t *eco = step->eco;
    mdl_frontier_release(&eco->frontier, step->params, value);
    if (!eco->frontier.open_exists)
        return;
    for (uint32_t p = 0; p < step->tables->n_provinces; p++)
        mdl_enterprise_release(&eco->enterprises[p], step->params, value);
}

static void apply_shock(mdl_step_t *step, const mdl_shock_t *shock)
{
    mdl_eco_t *eco = step->eco;
    switch (shock->kind) {
    case MDL_SHOCK_EXPORT_RULE: eco->banned |= shock->types; break;
    case MDL_SHOCK_EXPORT_LICENCE: eco->banned &= ~shock->types; break;
    case MDL_SHOCK_MODEL_RELEASE: release_model(step, shock->value); break;
    case MDL_SHOCK_HYPE: mdl_hype_shock(&eco->hype, shock->value); break;
    case MDL_SHOCK_EFFICIENCY:
        if (step->params->outside_efficiency)
            mdl_tokens_efficiency(&eco->tokens, shock->value);
        break;
    case MDL_SHOCK_PRICE_WAR: mdl_tokens_price_war(&eco->tokens, shock->value); break;
    default: break;
    }
    mdl_chronicle_shock(step, shock);
}

/* Open centres work by the new parameters from here on. */
static sim_status_t configure_sites(mdl_step_t *step)
{
    for (uint32_t i = 0; i < step->eco->n_sites; i++)
        if (step->sites[i].open)
            MDL_TRY(mdl_datacentre_configure(step->world, step->sites[i].lp, step->params, step->err));
    return SIM_OK;
}

sim_status_t mdl_step_outside(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    const mdl_input_t *input = step->input;
    uint32_t before = eco->next_change;
    while (eco->next_change < input->n_changes && input->changes[eco->next_change].time_s < step->now_s) {
        const mdl_change_t *change = &input->changes[eco->next_change++];
        MDL_TRY(mdl_params_set(&eco->params, change->param, change->value, step->err));
        (void)mdl_event(step, MDL_EV_PARAMETER, (uint32_t)change->param, MDL_CAUSE_NONE, change->value);
    }
    if (eco->next_change != before) {
        derive(step);
        MDL_TRY(configure_sites(step));
    }
    while (eco->next_shock < input->n_shocks && input->shocks[eco->next_shock].time_s < step->now_s)
        apply_shock(step, &input->shocks[eco->next_shock++]);
    return SIM_OK;
}
