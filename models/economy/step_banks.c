// SPDX-License-Identifier: GPL-3.0-or-later
/* Credit: loans are served and reviewed once a month, the collateral of the failed is sold, appetite moves weekly. */
#include "models/economy/economy_state.h"

#define LOAN_MONTH_S (30 * SIM_DAY_S)
#define WEEKDAYS     7

static int64_t date(const mdl_step_t *step)
{
    return step->input->start_day + step->day;
}

/* How far somebody stands behind the loan: wholly, where an owner pays, so that such a loan is never called. */
static double guarantee_of(const mdl_step_t *step, const mdl_project_t *project, bool owner_pays)
{
    if (owner_pays)
        return 1;
    return project->kind == MDL_DEVELOPER_STATE ? step->params->developers_state_guarantee : 0;
}

static mdl_loan_review_t review_of(const mdl_step_t *step, const mdl_project_t *project, bool owner_pays)
{
    int64_t gpus = mdl_lots_count(step->lots, project->account, project->gpu_type, -1);
    /* Until it is open a project is judged by its building, not by its income. */
    bool open = project->stage == MDL_STAGE_OPERATING;
    int64_t unspent_fen = open ? 0 : mdl_ledger_deposit_fen(step->ledger, project->account);
    return (mdl_loan_review_t){
        .operating_cash_fen = open ? project->last_month_cash_fen : INT64_C(1) << 50,
        .gpu_value_fen = gpus * mdl_chips_price_fen(step->chips, project->gpu_type),
        .other_value_fen = mdl_project_building_paid_fen(project) + 2 * unspent_fen,
        .guarantee = guarantee_of(step, project, owner_pays),
    };
}

/* Instead of the auction of a centre that somebody stands behind. */
static sim_status_t extend(mdl_step_t *step, uint32_t number)
{
    uint32_t loan = step->projects[number].loan;
    MDL_TRY(mdl_bank_extend(step->bank, step->ledger, step->params, loan, date(step), step->err));
    (void)mdl_event(step, MDL_EV_LOAN_EXTENDED, number, MDL_CAUSE_BEFORE,
                    (double)step->bank->loans[loan].principal_fen / MDL_FEN_PER_YUAN);
    return SIM_OK;
}

sim_status_t mdl_event_loan_month(mdl_step_t *step, uint32_t number)
{
    mdl_project_t *project = &step->projects[number];
    if (project->loan == MDL_NO_LOAN || mdl_stage_ended((mdl_stage_t)project->stage))
        return SIM_OK;
    bool owner_pays = mdl_project_has_owner(step, project);
    if (owner_pays) {
        int64_t due_fen = mdl_bank_due_fen(step->bank, step->params, project->loan, date(step));
        MDL_TRY(mdl_project_owner_pays(step, project, due_fen));
    }
    MDL_TRY(mdl_bank_service(step->bank, step->ledger, step->params, project->loan, date(step), NULL, step->err));
    mdl_project_check_loan(step, project);
    if (project->loan == MDL_NO_LOAN)
        return SIM_OK;
    mdl_loan_review_t review = review_of(step, project, owner_pays);
    mdl_loan_status_t status = mdl_bank_review(step->bank, step->params, project->loan, date(step), &review);
    if (status != MDL_LOAN_LIVE && mdl_bank_extends(step->bank, step->params, project->loan, &review))
        MDL_TRY(extend(step, number));
    else if (status == MDL_LOAN_DEFAULTED)
        return mdl_project_end(step, project, MDL_STAGE_DEFAULTED);
    sim_event_t next = {
        .time_s = sim_world_now(step->world) + LOAN_MONTH_S, .type = MDL_EVENT_LOAN_MONTH, .entity = number};
    return sim_world_schedule(step->world, MDL_ECONOMY_LP, &next, 3, NULL);
}

/* The end of an auction: the bank writes off the rest, the owner keeps what is left, the sheet is cleared. */
static sim_status_t close_auction(mdl_step_t *step, mdl_project_t *project)
{
    int64_t loss_fen = project->loan != MDL_NO_LOAN ? step->bank->loans[project->loan].principal_fen : 0;
    mdl_chronicle_wound_up(step, (uint32_t)(project - step->projects), loss_fen);
    if (project->loan != MDL_NO_LOAN)
        MDL_TRY(mdl_bank_write_off(step->bank, step->ledger, project->loan, step->err));
    project->loan = MDL_NO_LOAN;
    project->auctioning = false;
    mdl_project_mark(step, project);
    MDL_TRY(mdl_ledger_pay_up_to(step->ledger, MDL_FLOW_DIVIDEND, project->account, MDL_LEDGER_REST,
                                 mdl_ledger_deposit_fen(step->ledger, project->account), NULL, step->err));
    return mdl_ledger_consume(step->ledger, project->account, mdl_ledger_capital_fen(step->ledger, project->account),
                              step->err);
}

/* Proceeds so far go to the bank; the auction ends when all is sold, or the bank has waited long enough. */
static sim_status_t step_auction(mdl_step_t *step, mdl_project_t *project)
{
    if (project->loan != MDL_NO_LOAN) {
        int64_t cash_fen = mdl_ledger_deposit_fen(step->ledger, project->account);
        MDL_TRY(mdl_bank_recover(step->bank, step->ledger, project->loan, cash_fen, NULL, step->err));
        mdl_project_check_loan(step, project);
    }
    bool sold_out = mdl_lots_count(step->lots, project->account, project->gpu_type, -1) == 0;
    bool over = project->loan != MDL_NO_LOAN
                    ? mdl_bank_gives_up(step->bank, step->params, project->loan, date(step))
                    : step->now_s - project->ended_s > step->params->credit_auction_weeks * SIM_WEEK_S;
    return sold_out || over ? close_auction(step, project) : SIM_OK;
}

sim_status_t mdl_step_banks(mdl_step_t *step)
{
    mdl_marked_t marked = {.mark = MDL_MARK_AUCTION};
    for (uint32_t i; (i = mdl_next_marked(step, &marked)) != MDL_NO_PROJECT;)
        MDL_TRY(step_auction(step, &step->projects[i]));
    if (step->day % WEEKDAYS == 0)
        mdl_bank_update(step->bank, step->params, step->eco->hype.credit,
                        mdl_chips_price_fen(step->chips, step->tables->reference_type));
    return SIM_OK;
}
