// SPDX-License-Identifier: GPL-3.0-or-later
/* Events whose cause has to be found: which of several terms weighed most, which rule was at work, who left. Nothing here
 * does more than one comparison unless events are asked for. */
#include "models/agents/central.h"
#include "models/economy/economy_state.h"

#define YEAR_DAYS   365
#define REPLAN_DAYS 180
#define ASK_STEP    0.2 /* change of the rent asked that is told */

static uint64_t hype_of_the_year(const mdl_step_t *step)
{
    return mdl_chronicle_latest(step, YEAR_DAYS, MDL_EV_HYPE_ROSE, MDL_EV_HYPE_JUMP, MDL_EV_HYPE_ROSE);
}

/* The last dated change of land revenue. */
uint64_t mdl_chronicle_land(const mdl_step_t *step)
{
    int32_t land = step->chronicle == NULL ? -1 : step->chronicle->land_parameter;
    return land < 0 ? 0 : mdl_event_last(step, MDL_WHO_PARAMETER, (uint32_t)land);
}

/* The rule's exports of today, else what moved the price last. */
uint64_t mdl_chronicle_shortage(const mdl_step_t *step, int32_t gpu_type)
{
    if (step->chronicle == NULL)
        return 0;
    bool banned = mdl_eco_banned(step) >> gpu_type & 1;
    uint64_t rule = step->chronicle->by_type[MDL_EV_EXPORT_RULE];
    return banned && rule > 0
               ? rule
               : mdl_chronicle_latest(step, YEAR_DAYS, MDL_EV_CHIP_ROSE, MDL_EV_CHIP_ROSE, MDL_EV_CHIP_ROSE);
}

/* A builder that waits changes its plan back and forth: told once in a while. */
void mdl_chronicle_replanned(mdl_step_t *step, uint32_t project, int32_t from, int32_t to)
{
    if (step->chronicle == NULL)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PROJECT, project);
    if (life->replanned_day > 0 && step->day < life->replanned_day + REPLAN_DAYS)
        return;
    life->replanned_day = (int32_t)step->day;
    (void)mdl_chronicle_tell(step, MDL_EV_TYPE_CHANGED, project, mdl_chronicle_shortage(step, from), to);
}

/* Why a developer decided: the largest of the terms of its merit. */
uint64_t mdl_chronicle_decision(mdl_step_t *step, uint32_t developer, int32_t city, const mdl_prospect_t *prospect)
{
    if (step->chronicle == NULL)
        return 0;
    mdl_developer_kind_t kind = (mdl_developer_kind_t)step->developers[developer].kind;
    double npv = mdl_developer_npv(step->params, prospect, step->eco->life_annuity);
    double profit = mdl_developer_installed_share(step->params, kind) * npv;
    double grant = mdl_developer_subsidy(step->params, kind, prospect);
    double motive = mdl_developer_motive(step->params, kind, prospect, step->eco->life_annuity);
    uint64_t hype = hype_of_the_year(step);
    if (motive > profit && motive > grant) {
        uint64_t land = kind == MDL_DEVELOPER_STATE ? mdl_chronicle_land(step) : 0;
        return mdl_chronicle_tell(step, MDL_EV_DECIDED_MOTIVE, developer, land > hype ? land : hype, motive);
    }
    if (grant > profit) {
        uint64_t offer = mdl_event_last(step, MDL_WHO_CITY, (uint32_t)city);
        return mdl_chronicle_tell(step, MDL_EV_DECIDED_GRANT, developer, offer, grant);
    }
    uint64_t cause = mdl_chronicle_latest(step, YEAR_DAYS, MDL_EV_RENT_ROSE, MDL_EV_CHIP_FELL, MDL_EV_WAVE_GREW);
    return mdl_chronicle_tell(step, MDL_EV_DECIDED_PROFIT, developer, cause > hype ? cause : hype, npv);
}

void mdl_chronicle_announced(mdl_step_t *step, uint32_t project, uint64_t why, double h100e)
{
    if (step->chronicle == NULL)
        return;
    const mdl_project_t *what = &step->projects[project];
    uint64_t event = mdl_chronicle_tell(step, MDL_EV_ANNOUNCED, project, why, h100e);
    (void)mdl_chronicle_tell(step, MDL_EV_SITED, project, event, what->city);
    step->chronicle->by_tier[step->eco->cities[what->city].tier] = event;
    if (what->grant_promised_fen > 0)
        (void)mdl_chronicle_tell(step, MDL_EV_CITY_PROMISED, (uint32_t)what->city, event,
                                 (double)what->grant_promised_fen / MDL_FEN_PER_YUAN);
}

void mdl_chronicle_talks(mdl_step_t *step, uint32_t project, const mdl_loan_application_t *application,
                         const mdl_loan_decision_t *decision, double scale)
{
    if (step->chronicle == NULL)
        return;
    uint64_t appetite = step->chronicle->by_type[MDL_EV_APPETITE_FELL];
    uint64_t haircut = step->chronicle->by_type[MDL_EV_HAIRCUT_ROSE];
    if (decision->reason == MDL_LOAN_NO_PROSPECT)
        (void)mdl_chronicle_once(step, MDL_EV_REFUSED_PROSPECT, project, appetite, application->npv_over_cost);
    else if (decision->reason == MDL_LOAN_NO_COLLATERAL)
        (void)mdl_chronicle_once(step, MDL_EV_REFUSED_PLEDGE, project, haircut, mdl_bank_haircut(step->bank));
    else
        (void)mdl_chronicle_once(step, MDL_EV_MONEY_SHORT, project, appetite > haircut ? appetite : haircut, scale);
}

void mdl_chronicle_ask(mdl_step_t *step, uint32_t project, int64_t ask_fen)
{
    if (step->chronicle == NULL || project == MDL_NO_PROJECT)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PROJECT, project);
    double ask = (double)ask_fen / MDL_FEN_PER_YUAN;
    double change = life->noted > 0 ? ask / life->noted - 1 : 0;
    if (life->noted > 0 && fabs(change) < ASK_STEP)
        return;
    if (life->noted > 0) {
        uint64_t rent =
            change > 0 ? step->chronicle->by_type[MDL_EV_RENT_ROSE] : step->chronicle->by_type[MDL_EV_RENT_FELL];
        uint64_t cause = rent > life->last ? rent : life->last;
        (void)mdl_chronicle_tell(step, change > 0 ? MDL_EV_ASK_RAISED : MDL_EV_ASK_CUT, project, cause, ask);
    }
    life->noted = ask;
}

/* A contract in a project's centre has ended: was it the last one, and who left? */
void mdl_chronicle_left(mdl_step_t *step, const mdl_site_t *site, const mdl_contract_t *ended)
{
    if (step->chronicle == NULL || site->project == MDL_NO_PROJECT || !site->open ||
        mdl_stage_ended((mdl_stage_t)step->projects[site->project].stage) ||
        mdl_rental_offer(step->rental, site->offer)->leased > 0)
        return;
    uint32_t tenant = ended->tag / MDL_WISHES;
    uint64_t cause = step->chronicle->by_type[MDL_EV_RENT_FELL];
    if (tenant < step->eco->n_labs && step->labs[tenant].stage == MDL_LAB_SERVING)
        cause = mdl_chronicle_life(step, MDL_WHO_LAB, tenant)->last;
    (void)mdl_chronicle_once(step, MDL_EV_EMPTIED, site->project, cause, (double)ended->nodes);
}

void mdl_chronicle_bought(mdl_step_t *step, uint32_t platform, int64_t gpus)
{
    if (step->chronicle == NULL)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PLATFORM, platform);
    life->gpus += gpus;
    if ((double)life->gpus < 2 * life->noted)
        return;
    life->noted = (double)life->gpus;
    uint64_t hype = hype_of_the_year(step);
    (void)mdl_chronicle_tell(step, MDL_EV_PLATFORM_BOUGHT, platform, hype > life->last ? hype : life->last,
                             life->noted);
}

/* GPUs of a failed project went to another one. */
void mdl_chronicle_resold(mdl_step_t *step, uint32_t seller, uint32_t buyer, int64_t gpus, int64_t price_fen)
{
    if (step->chronicle == NULL)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PROJECT, seller);
    life->gpus += gpus;
    life->gpus_fen += gpus * price_fen;
    if (buyer != MDL_NO_PROJECT)
        (void)mdl_chronicle_once(step, MDL_EV_CHIPS_USED, buyer, life->last, (double)price_fen / MDL_FEN_PER_YUAN);
}

void mdl_chronicle_wound_up(mdl_step_t *step, uint32_t project, int64_t loss_fen)
{
    if (step->chronicle == NULL)
        return;
    const mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PROJECT, project);
    double mean = life->gpus > 0 ? (double)life->gpus_fen / (double)life->gpus / MDL_FEN_PER_YUAN : MDL_MISSING;
    mdl_ev_t type = life->gpus > 0 ? MDL_EV_AUCTIONED : MDL_EV_WOUND_UP;
    uint64_t event = mdl_chronicle_tell(step, type, project, life->last, mean);
    if (loss_fen > 0)
        (void)mdl_chronicle_tell(step, MDL_EV_BANK_LOSS, 0, event, (double)loss_fen / MDL_FEN_PER_YUAN);
}

static bool under_chip_rule(const mdl_step_t *step, const mdl_project_t *project, uint32_t wanted)
{
    const mdl_gpu_type_t *type = &step->tables->gpu_types[project->gpu_type];
    double in = (double)project->gpus_in / (double)wanted;
    return project->gpus_ordered > 0 && mdl_central_must_remove(step->params, type, project->state_funded, in);
}

static void defaulted(mdl_step_t *step, uint32_t number)
{
    const mdl_project_t *project = &step->projects[number];
    int64_t arrears_fen = project->arrears_fen;
    bool loan = project->loan != MDL_NO_LOAN && !mdl_project_gives_up(step->params, arrears_fen, project->capital_fen);
    int64_t owed_fen = loan ? step->bank->loans[project->loan].principal_fen : arrears_fen;
    (void)mdl_chronicle_tell(step, loan ? MDL_EV_DEFAULT_LOAN : MDL_EV_DEFAULT_COSTS, number, MDL_CAUSE_BEFORE,
                             (double)owed_fen / MDL_FEN_PER_YUAN);
}

void mdl_chronicle_end(mdl_step_t *step, uint32_t number, mdl_stage_t how)
{
    if (step->chronicle == NULL)
        return;
    const mdl_project_t *project = &step->projects[number];
    uint32_t wanted = project->nodes_wanted * MDL_GPUS_PER_NODE;
    if (how == MDL_STAGE_DEFAULTED)
        defaulted(step, number);
    else if (how == MDL_STAGE_CANCELLED)
        (void)mdl_chronicle_tell(step, MDL_EV_CANCELLED, number, MDL_CAUSE_BEFORE, MDL_MISSING);
    else if (under_chip_rule(step, project, wanted))
        (void)mdl_chronicle_tell(step, MDL_EV_ABANDONED_RULE, number, MDL_CAUSE_BEFORE, project->gpu_type);
    else
        (void)mdl_chronicle_tell(step, MDL_EV_ABANDONED_CHIPS, number, MDL_CAUSE_BEFORE,
                                 wanted > project->gpus_in ? wanted - project->gpus_in : 0);
}

/* Why a lab that gives up gives up: the open model it could have instead, or the money that ran out. */
static void stopped(mdl_step_t *step, uint32_t i, double cash)
{
    const mdl_lab_t *lab = &step->labs[i];
    if (lab->quit_cause == MDL_LAB_QUIT_CASH)
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_STOPPED_CASH, i, MDL_CAUSE_BEFORE, cash);
    else
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_STOPPED_OPEN, i, step->chronicle->by_type[MDL_EV_MODEL_RELEASE],
                                 step->eco->frontier.open_log - mdl_lab_capability(lab));
}

void mdl_chronicle_lab(mdl_step_t *step, uint32_t i, const mdl_lab_decision_t *decision)
{
    if (step->chronicle == NULL)
        return;
    const mdl_lab_t *lab = &step->labs[i];
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_LAB, i);
    double cash = (double)mdl_ledger_deposit_fen(step->ledger, mdl_tenant_account(step, i)) / MDL_FEN_PER_YUAN;
    uint64_t hype = hype_of_the_year(step);
    if (decision->enter)
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_REGISTERED, i, hype, mdl_hype_level(&step->eco->hype));
    if (decision->raise_fen > 0) {
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_RAISED, i, hype > life->last ? hype : life->last,
                                 (double)decision->raise_fen / MDL_FEN_PER_YUAN);
        life->told &= ~(UINT64_C(1) << (MDL_EV_LAB_CASH_SHORT & 63));
    }
    if (lab->stage == MDL_LAB_TRAINING && lab->starved_days == 1) {
        uint64_t cause = mdl_chronicle_latest(step, 180, MDL_EV_RENT_ROSE, MDL_EV_HYPE_FELL, MDL_EV_RENT_ROSE);
        (void)mdl_chronicle_once(step, MDL_EV_LAB_CASH_SHORT, i, cause > 0 ? cause : life->last, cash);
    }
    if (decision->quit_training)
        stopped(step, i, cash);
}

/* A platform orders another type than before; an export rule is the cause when the one before is under it. */
void mdl_chronicle_switched(mdl_step_t *step, uint32_t platform, int32_t type)
{
    int32_t before = step->eco->platform_order[platform].type;
    if (step->chronicle == NULL || type < 0 || before == type)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PLATFORM, platform);
    if (life->ordered == type + 1) /* kept over days without an order */
        return;
    bool banned = life->ordered > 0 && (mdl_eco_banned(step) >> (life->ordered - 1) & 1);
    life->ordered = type + 1;
    (void)mdl_chronicle_tell(step, MDL_EV_PLATFORM_SWITCHED, platform,
                             banned ? step->chronicle->by_type[MDL_EV_EXPORT_RULE] : MDL_CAUSE_NONE, type);
}

void mdl_chronicle_shock(mdl_step_t *step, const mdl_shock_t *shock)
{
    static const mdl_ev_t types[MDL_SHOCK_KINDS] = {
        [MDL_SHOCK_EXPORT_RULE] = MDL_EV_EXPORT_RULE,     [MDL_SHOCK_EXPORT_LICENCE] = MDL_EV_EXPORT_LICENCE,
        [MDL_SHOCK_MODEL_RELEASE] = MDL_EV_MODEL_RELEASE, [MDL_SHOCK_HYPE] = MDL_EV_HYPE_JUMP,
        [MDL_SHOCK_EFFICIENCY] = MDL_EV_EFFICIENCY,       [MDL_SHOCK_PRICE_WAR] = MDL_EV_PRICE_WAR,
    };
    bool rule = shock->kind == MDL_SHOCK_EXPORT_RULE || shock->kind == MDL_SHOCK_EXPORT_LICENCE;
    (void)mdl_event(step, types[shock->kind], 0, MDL_CAUSE_NONE, rule ? (double)shock->types : shock->value);
}
