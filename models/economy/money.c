// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/economy/economy_state.h"

sim_status_t mdl_eco_fund(mdl_step_t *step, uint32_t account, int64_t amount_fen)
{
    int64_t have_fen = mdl_ledger_deposit_fen(step->ledger, account);
    if (have_fen >= amount_fen)
        return SIM_OK;
    return mdl_ledger_pay(step->ledger, MDL_FLOW_SALES, MDL_LEDGER_REST, account, amount_fen - have_fen, step->err);
}

/* Grants, vouchers and bail-outs leave through here: what the city has, up to what is due. */
sim_status_t mdl_city_pay(mdl_step_t *step, int32_t city, mdl_flow_t kind, uint32_t payee, int64_t due_fen,
                          int64_t *paid_fen)
{
    return mdl_ledger_pay_up_to(step->ledger, kind, step->eco->city_account[city], payee, due_fen, paid_fen, step->err);
}

/* What is left of a city's budget for vouchers this year, as far as it has the money. */
static int64_t voucher_money_fen(const mdl_step_t *step, int32_t city)
{
    const mdl_city_state_t *state = &step->eco->cities[city];
    int64_t left_fen =
        mdl_money_share(state->budget_fen, step->params->subsidy_voucher_budget_share) - state->vouchers_fen;
    int64_t has_fen = mdl_ledger_deposit_fen(step->ledger, step->eco->city_account[city]);
    return left_fen < has_fen ? left_fen : has_fen;
}

double mdl_voucher_share(const mdl_step_t *step, int32_t city)
{
    if (step->params->subsidy_voucher_share <= 0)
        return 0;
    return voucher_money_fen(step, city) > 0 ? step->params->subsidy_voucher_share : 0;
}

sim_status_t mdl_voucher_pay(mdl_step_t *step, const mdl_project_t *project, uint32_t tenant_account, int64_t rent_fen)
{
    if (step->params->subsidy_voucher_share <= 0)
        return SIM_OK;
    int64_t left_fen = voucher_money_fen(step, project->city);
    if (left_fen <= 0)
        return SIM_OK;
    mdl_city_state_t *city = &step->eco->cities[project->city];
    int64_t due_fen = mdl_money_share(rent_fen, step->params->subsidy_voucher_share), paid_fen = 0;
    due_fen = due_fen < left_fen ? due_fen : left_fen;
    if (due_fen <= 0)
        return SIM_OK;
    MDL_TRY(mdl_city_pay(step, project->city, MDL_FLOW_VOUCHER, tenant_account, due_fen, &paid_fen));
    city->vouchers_fen += paid_fen;
    step->eco->tally.vouchers_fen += paid_fen;
    return SIM_OK;
}
