// SPDX-License-Identifier: GPL-3.0-or-later
/* The end of a calendar month: power and upkeep are paid, power is resold, the books are closed. */
#include "models/economy/economy_state.h"

/* Power through the meter since the last bill, without resale, Wh. */
static int64_t unbilled_wh(const mdl_step_t *step, const mdl_site_t *site)
{
    return mdl_datacentre_metered_wh(step->world, site->lp, step->now_s) * site->scale - site->billed_wh;
}

/* The state makes good to the grid what it lets centres on domestic chips off (S08). */
static sim_status_t pay_discount(mdl_step_t *step, const mdl_site_t *site, int64_t wh)
{
    const mdl_province_t *place = &step->tables->provinces[site->province];
    int64_t discount_fen = mdl_grid_discount_fen(step->params, place, mdl_tariff_flags(step, site->gpu_type), wh);
    return mdl_ledger_pay(step->ledger, MDL_FLOW_SUBSIDY, step->eco->central_account, step->eco->grid_account,
                          discount_fen, step->err);
}

/* Dues of a centre: what its deposit does not cover becomes arrears. */
static sim_status_t pay_due(mdl_step_t *step, mdl_project_t *project, mdl_flow_t kind, uint32_t payee, int64_t due_fen)
{
    int64_t paid_fen = 0;
    MDL_TRY(mdl_ledger_pay_up_to(step->ledger, kind, project->account, payee, due_fen, &paid_fen, step->err));
    if (paid_fen < due_fen) {
        project->arrears_fen += due_fen - paid_fen;
        mdl_project_mark(step, project);
        (void)mdl_event_once(step, MDL_EV_UNPAID, (uint32_t)(project - step->projects), MDL_CAUSE_BEFORE,
                             (double)(due_fen - paid_fen) / MDL_FEN_PER_YUAN);
    }
    project->running_fen += due_fen;
    project->month_running_fen += due_fen;
    return SIM_OK;
}

static sim_status_t pay_arrears(mdl_step_t *step, mdl_project_t *project)
{
    int64_t paid_fen = 0;
    if (project->arrears_fen == 0)
        return SIM_OK;
    if (mdl_project_has_owner(step, project))
        MDL_TRY(mdl_project_owner_pays(step, project, project->arrears_fen));
    MDL_TRY(mdl_ledger_pay_up_to(step->ledger, MDL_FLOW_OPEX, project->account, MDL_LEDGER_REST, project->arrears_fen,
                                 &paid_fen, step->err));
    project->arrears_fen -= paid_fen;
    mdl_project_mark(step, project);
    return SIM_OK;
}

/* A rent-seeker sells what it does not use of its allotment, until it is caught (M13). */
static sim_status_t resell(mdl_step_t *step, mdl_project_t *project, const mdl_site_t *site, int64_t used_wh,
                           int64_t *bill_fen, int64_t *metered_wh)
{
    if (project->kind != MDL_DEVELOPER_RENT_SEEKER)
        return SIM_OK;
    mdl_eco_t *eco = step->eco;
    mdl_resale_site_t power = {.allotted_kw = project->allotted_kw,
                               .used_wh = used_wh,
                               .hours = (step->now_s - eco->month_s) / SIM_HOUR_S,
                               .share = step->params->developers_resale_share,
                               .flags = mdl_tariff_flags(step, site->gpu_type),
                               .barred = project->resale_barred};
    sim_rng_t rng;
    mdl_project_rng(step, project, MDL_PURPOSE_POWER_AUDIT, (uint64_t)step->day, &rng);
    mdl_resale_t resale = mdl_grid_resell(step->params, &step->tables->provinces[project->province], &power, &rng);
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_POWER_RESALE, eco->grid_account, project->account, resale.revenue_fen,
                           step->err));
    MDL_TRY(pay_due(step, project, MDL_FLOW_PENALTY, eco->central_account, resale.penalty_fen));
    project->resale_barred = project->resale_barred || resale.caught;
    project->resold_wh += resale.resold_wh;
    project->month_revenue_fen += resale.revenue_fen;
    eco->interval.resold_wh += resale.resold_wh;
    eco->tally.resold_wh += resale.resold_wh;
    *bill_fen += resale.cost_fen;
    *metered_wh += resale.resold_wh;
    mdl_grid_meter(&eco->grid, project->province, resale.resold_wh, resale.resold_wh);
    return SIM_OK;
}

static sim_status_t bill_project(mdl_step_t *step, mdl_project_t *project, const mdl_site_t *site, int64_t used_wh)
{
    mdl_eco_t *eco = step->eco;
    int64_t metered_wh = used_wh;
    const mdl_province_t *place = &step->tables->provinces[site->province];
    int64_t bill_fen = mdl_grid_bill_fen(step->params, place, mdl_tariff_flags(step, site->gpu_type), used_wh);
    MDL_TRY(pay_arrears(step, project));
    MDL_TRY(resell(step, project, site, used_wh, &bill_fen, &metered_wh));
    MDL_TRY(pay_due(step, project, MDL_FLOW_POWER, eco->grid_account, bill_fen));
    MDL_TRY(pay_discount(step, site, metered_wh));
    int64_t upkeep_fen =
        step->params->developers_fixed_cost_fen + step->params->developers_node_cost_fen * (int64_t)site->nodes;
    MDL_TRY(pay_due(step, project, MDL_FLOW_OPEX, MDL_LEDGER_REST, upkeep_fen));
    project->last_month_cash_fen = project->month_revenue_fen - project->month_running_fen;
    project->month_revenue_fen = project->month_running_fen = 0;
    return SIM_OK;
}

static sim_status_t bill_pool(mdl_step_t *step, const mdl_site_t *site, int64_t wh)
{
    const mdl_province_t *place = &step->tables->provinces[site->province];
    int64_t power_fen = mdl_grid_bill_fen(step->params, place, mdl_tariff_flags(step, site->gpu_type), wh);
    int64_t upkeep_fen = step->params->developers_node_cost_fen * (int64_t)site->nodes;
    MDL_TRY(mdl_eco_fund(step, site->account, power_fen + upkeep_fen));
    MDL_TRY(mdl_ledger_pay(step->ledger, MDL_FLOW_POWER, site->account, step->eco->grid_account, power_fen, step->err));
    MDL_TRY(pay_discount(step, site, wh));
    return mdl_ledger_pay(step->ledger, MDL_FLOW_OPEX, site->account, MDL_LEDGER_REST, upkeep_fen, step->err);
}

static sim_status_t bill_site(mdl_step_t *step, mdl_site_t *site)
{
    int64_t wh = unbilled_wh(step, site);
    if (wh <= 0 && !site->open)
        return SIM_OK;
    if (site->project != MDL_NO_PROJECT && site->open)
        MDL_TRY(bill_project(step, &step->projects[site->project], site, wh));
    else if (site->project == MDL_NO_PROJECT)
        MDL_TRY(bill_pool(step, site, wh));
    mdl_grid_meter(&step->eco->grid, site->province, wh, 0);
    step->eco->tally.metered_wh += wh;
    site->billed_wh += wh;
    return SIM_OK;
}

/* Servers and buildings lose value in equal parts over the life of servers. */
static sim_status_t depreciate(mdl_step_t *step, const mdl_project_t *project)
{
    int64_t spent_fen = mdl_project_building_paid_fen(project) + project->chips_paid_fen;
    int64_t part_fen = mdl_money_share(spent_fen, 1 / (12 * step->params->developers_life));
    int64_t capital_fen = mdl_ledger_capital_fen(step->ledger, project->account);
    part_fen = part_fen < capital_fen ? part_fen : capital_fen;
    return part_fen > 0 ? mdl_ledger_consume(step->ledger, project->account, part_fen, step->err) : SIM_OK;
}

sim_status_t mdl_event_month(mdl_step_t *step)
{
    for (uint32_t i = 0; i < step->eco->n_sites; i++)
        MDL_TRY(bill_site(step, &step->sites[i]));
    for (uint32_t i = 0; i < step->eco->n_projects; i++)
        if (step->outlines[i].stage == MDL_STAGE_OPERATING)
            MDL_TRY(depreciate(step, &step->projects[i]));
    mdl_outcomes_month(step);
    mdl_eco_record_month(step);
    if (step->input->audit)
        MDL_TRY(mdl_eco_audit(step));
    mdl_ledger_begin_month(step->ledger);
    step->eco->month_s = step->now_s;
    step->eco->month++;
    return SIM_OK;
}
