// SPDX-License-Identifier: GPL-3.0-or-later
/* Projects move on, or do not: approval, loan, building, opening, giving up. */
#include "models/economy/economy_state.h"

#include "models/agents/central.h"
#include "sim/fetch.h"

#define REVIEW_DAYS  7                 /* waiting projects are looked at once a week, on weekdays of their own */
#define AHEAD        (2 * REVIEW_DAYS) /* the project reviewed after next is fetched */
#define LOAN_MONTH_S (30 * SIM_DAY_S)
#define LEAST_SCALE  0.5 /* of a plan that is still worth building */

static uint32_t number_of(const mdl_step_t *step, const mdl_project_t *project)
{
    return (uint32_t)(project - step->projects);
}

static bool drawn(const mdl_step_t *step, const mdl_project_t *project, uint64_t purpose, double chance)
{
    return sim_uniform(sim_rng_word(sim_world_seed(step->world), sim_world_replication(step->world), project->entity,
                                    purpose, (uint64_t)step->day)) < chance;
}

void mdl_project_check_loan(const mdl_step_t *step, mdl_project_t *project)
{
    if (project->loan != MDL_NO_LOAN && step->bank->loans[project->loan].status == MDL_LOAN_CLOSED)
        project->loan = MDL_NO_LOAN;
}

/* --- approval ----------------------------------------------------------------------------------------------------- */

static double mw(int64_t kw)
{
    return (double)kw / 1000;
}

/* Power for the project as planned; what the grid cannot give whole it does not give. */
static bool allot_power(mdl_step_t *step, mdl_project_t *project)
{
    const mdl_gpu_type_t *type = &step->tables->gpu_types[project->gpu_type];
    double watts = project->nodes_planned * MDL_GPUS_PER_NODE * type->power_w;
    int64_t wanted_kw = (int64_t)(watts * step->tables->provinces[project->province].pue / 1000) + 1;
    int64_t granted_kw = mdl_grid_allot(&step->eco->grid, project->province, wanted_kw);
    if (granted_kw == wanted_kw) {
        project->allotted_kw = granted_kw;
        return true;
    }
    mdl_grid_release(&step->eco->grid, project->province, granted_kw);
    (void)mdl_event_once(step, MDL_EV_POWER_REFUSED, number_of(step, project), MDL_CAUSE_BEFORE, mw(wanted_kw));
    return false;
}

static sim_status_t review_announced(mdl_step_t *step, mdl_project_t *project)
{
    double utilisation = step->eco->province_utilisation[project->province];
    double chance = step->eco->approval_chance[project->province];
    bool allowed = mdl_central_may_approve(step->params, utilisation, utilisation >= 0);
    if (!allowed)
        (void)mdl_event_once(step, MDL_EV_APPROVAL_BARRED, number_of(step, project), MDL_CAUSE_BEFORE, utilisation);
    if (allowed && drawn(step, project, MDL_PURPOSE_PROJECT_APPROVAL, chance) && allot_power(step, project)) {
        project->stage = MDL_STAGE_APPROVED;
        mdl_project_mark(step, project);
        project->approved_s = step->now_s;
        (void)mdl_event(step, MDL_EV_APPROVED, number_of(step, project), MDL_CAUSE_BEFORE, mw(project->allotted_kw));
    }
    return SIM_OK;
}

/* --- finance ------------------------------------------------------------------------------------------------------ */

/* Cost as the papers say: the plan, and cash for the first months. */
static int64_t planned_cost_fen(const mdl_step_t *step, const mdl_project_t *project)
{
    int64_t chips_fen = step->eco->signal_fen[project->gpu_type] * MDL_GPUS_PER_NODE * (int64_t)project->nodes_planned;
    int64_t building_fen = step->params->developers_building_cost_fen * (int64_t)project->nodes_planned;
    return mdl_money_share(chips_fen + building_fen, 1 + step->params->developers_reserve);
}

static mdl_loan_application_t application_for(const mdl_step_t *step, const mdl_project_t *project, int64_t cost_fen)
{
    mdl_prospect_t prospect;
    mdl_prospect_at(step, (mdl_belief_rule_t)project->rule, project->city, project->gpu_type, &prospect);
    double promised = project->capital_fen > 0 ? (double)project->grant_promised_fen / (double)project->capital_fen : 0;
    int64_t gpus = (int64_t)project->nodes_planned * MDL_GPUS_PER_NODE;
    return (mdl_loan_application_t){
        .borrower = project->account,
        .tag = number_of(step, project),
        .cost_fen = cost_fen,
        .own_funds_fen = mdl_money_share(cost_fen, step->params->developers_equity_ready),
        .gpu_value_fen = gpus * step->eco->signal_fen[project->gpu_type],
        .other_value_fen = step->params->developers_building_cost_fen * (int64_t)project->nodes_planned,
        .npv_over_cost = mdl_developer_npv(step->params, &prospect, step->eco->life_annuity) + promised,
        .guarantee = project->kind == MDL_DEVELOPER_STATE ? step->params->developers_state_guarantee : 0,
    };
}

/* What a rent-seeker does not mean to build leaves the project as soon as the money is there. */
static sim_status_t divert(mdl_step_t *step, const mdl_project_t *project, int64_t cost_fen)
{
    double hidden = 1 - (double)project->nodes_wanted / (double)project->nodes_planned;
    if (project->kind != MDL_DEVELOPER_RENT_SEEKER || hidden <= 0)
        return SIM_OK;
    return mdl_ledger_pay_up_to(step->ledger, MDL_FLOW_DIVIDEND, project->account, MDL_LEDGER_REST,
                                mdl_money_share(cost_fen, hidden), NULL, step->err);
}

static sim_status_t start_building(mdl_step_t *step, mdl_project_t *project)
{
    sim_rng_t rng;
    mdl_project_rng(step, project, MDL_PURPOSE_PROJECT_BUILD, 0, &rng);
    project->stage = MDL_STAGE_BUILDING;
    mdl_project_mark(step, project);
    project->financed_s = step->now_s;
    return mdl_project_schedule(step, project, mdl_project_next_stage(step, project, &rng), MDL_EVENT_BUILD_STAGE);
}

/* A project that gets less money than it asked for is built smaller, down to LEAST_SCALE of the plan. */
static void scale_down(mdl_project_t *project, double scale)
{
    uint32_t wanted = (uint32_t)(project->nodes_wanted * scale), planned = (uint32_t)(project->nodes_planned * scale);
    project->nodes_wanted = wanted > 0 ? wanted : 1;
    project->nodes_planned = planned > project->nodes_wanted ? planned : project->nodes_wanted;
    project->capital_fen = mdl_money_share(project->capital_fen, scale);
    project->building_fen = project->building_left_fen = mdl_money_share(project->building_fen, scale);
    project->grant_promised_fen = mdl_money_share(project->grant_promised_fen, scale);
}

static int64_t upfront_fen(const mdl_params_t *params, const mdl_project_t *project)
{
    double unconditional = 1 - params->subsidy_utilisation_linked;
    return mdl_money_share(project->grant_promised_fen, params->subsidy_upfront_share * unconditional);
}

static sim_status_t take_loan(mdl_step_t *step, mdl_project_t *project, const mdl_loan_application_t *application,
                              const mdl_loan_decision_t *decision)
{
    if (decision->amount_fen == 0)
        return SIM_OK;
    MDL_TRY(mdl_bank_grant(step->bank, step->ledger, step->params, application, decision,
                           step->input->start_day + step->day, &project->loan, step->err));
    step->eco->tally.lent_fen += decision->amount_fen;
    (void)mdl_event(step, MDL_EV_LOAN_GRANTED, number_of(step, project), MDL_CAUSE_BEFORE,
                    (double)decision->amount_fen / MDL_FEN_PER_YUAN);
    sim_event_t month = {.time_s = sim_world_now(step->world) + LOAN_MONTH_S,
                         .type = MDL_EVENT_LOAN_MONTH,
                         .entity = number_of(step, project)};
    return sim_world_schedule(step->world, MDL_ECONOMY_LP, &month, 3, NULL);
}

static sim_status_t try_finance(mdl_step_t *step, mdl_project_t *project)
{
    int64_t cost_fen = planned_cost_fen(step, project);
    mdl_loan_application_t application = application_for(step, project, cost_fen);
    sim_rng_t rng;
    mdl_project_rng(step, project, MDL_PURPOSE_LOAN, project->attempts++, &rng);
    mdl_loan_decision_t decision = mdl_bank_decide(step->bank, step->params, &application, &rng);
    bool passed = decision.reason == MDL_LOAN_GRANTED || decision.reason == MDL_LOAN_NO_NEED;
    int64_t rest_fen = cost_fen - decision.amount_fen - upfront_fen(step->params, project);
    int64_t own_fen = rest_fen < 0 ? 0 : rest_fen < application.own_funds_fen ? rest_fen : application.own_funds_fen;
    double scale = cost_fen > 0 ? 1 - (double)(rest_fen - own_fen) / (double)cost_fen : 1;
    if (!passed || scale < LEAST_SCALE) {
        mdl_chronicle_talks(step, number_of(step, project), &application, &decision, scale);
        return SIM_OK;
    }
    if (scale < 1)
        scale_down(project, scale);
    MDL_TRY(take_loan(step, project, &application, &decision));
    MDL_TRY(mdl_ledger_invest(step->ledger, MDL_LEDGER_REST, project->account, own_fen, step->err));
    MDL_TRY(mdl_subsidy_start(step, project));
    MDL_TRY(divert(step, project, cost_fen));
    (void)mdl_event(step, MDL_EV_FINANCED, number_of(step, project), MDL_CAUSE_BEFORE,
                    (double)cost_fen / MDL_FEN_PER_YUAN);
    return start_building(step, project);
}

static sim_status_t review_approved(mdl_step_t *step, mdl_project_t *project)
{
    double chance = step->eco->finance_chance[project->kind];
    return drawn(step, project, MDL_PURPOSE_PROJECT_FINANCE, chance) ? try_finance(step, project) : SIM_OK;
}

/* --- building ----------------------------------------------------------------------------------------------------- */

sim_status_t mdl_event_build_stage(mdl_step_t *step, uint32_t number)
{
    mdl_project_t *project = &step->projects[number];
    if (project->stage != MDL_STAGE_BUILDING)
        return SIM_OK;
    int64_t due_fen =
        project->building_fen * (project->build_stage + 1) / MDL_BUILD_STAGES - mdl_project_building_paid_fen(project);
    int64_t paid_fen = 0;
    MDL_TRY(mdl_ledger_pay_up_to(step->ledger, MDL_FLOW_CONSTRUCTION, project->account, MDL_LEDGER_REST, due_fen,
                                 &paid_fen, step->err));
    project->building_left_fen -= paid_fen;
    mdl_outcomes_invested(step, project, paid_fen);
    project->build_stage++;
    mdl_project_mark(step, project);
    (void)mdl_event(step, MDL_EV_STAGE_DONE, number, MDL_CAUSE_BEFORE, project->build_stage);
    if (project->build_stage < MDL_BUILD_STAGES) {
        sim_rng_t rng;
        mdl_project_rng(step, project, MDL_PURPOSE_PROJECT_BUILD, project->build_stage, &rng);
        return mdl_project_schedule(step, project, mdl_project_next_stage(step, project, &rng), MDL_EVENT_BUILD_STAGE);
    }
    project->stage = MDL_STAGE_WAITING;
    mdl_project_mark(step, project);
    project->built_s = step->now_s;
    (void)mdl_event(step, MDL_EV_BUILT, number, MDL_CAUSE_BEFORE,
                    (double)mdl_project_building_paid_fen(project) / MDL_FEN_PER_YUAN);
    return SIM_OK;
}

/* --- the day ------------------------------------------------------------------------------------------------------ */

static sim_status_t review_waiting(mdl_step_t *step, mdl_project_t *project, bool turn)
{
    int64_t waited_s = step->now_s - project->built_s;
    uint32_t wanted = project->nodes_wanted * MDL_GPUS_PER_NODE;
    if (mdl_project_opens(step->params, project->gpus_in, wanted, waited_s))
        return mdl_project_energise(step, project);
    if (wanted > project->gpus_in)
        (void)mdl_event_once(step, MDL_EV_CHIPS_WAITING, number_of(step, project),
                             mdl_chronicle_shortage(step, project->gpu_type), wanted - project->gpus_in);
    bool tired = turn && waited_s > step->params->developers_open_wait_s &&
                 drawn(step, project, MDL_PURPOSE_PROJECT_PATIENCE, step->eco->giving_up_chance);
    return tired ? mdl_project_end(step, project, MDL_STAGE_ABANDONED) : SIM_OK;
}

/* The rule on foreign chips in state-funded centres: a project that has few of its chips in sells them and starts
 * again with others (E11). */
static sim_status_t obey_chip_rule(mdl_step_t *step, mdl_project_t *project)
{
    const mdl_gpu_type_t *type = &step->tables->gpu_types[project->gpu_type];
    double in = (double)project->gpus_in / (double)(project->nodes_wanted * MDL_GPUS_PER_NODE);
    if (!mdl_central_must_remove(step->params, type, project->state_funded, in))
        return SIM_OK;
    return mdl_project_end(step, project, MDL_STAGE_ABANDONED);
}

/* A centre whose owner owes too much is given up; a state vehicle's city may step in. */
static sim_status_t check_arrears(mdl_step_t *step, mdl_project_t *project)
{
    if (!mdl_project_gives_up(step->params, project->arrears_fen, project->capital_fen))
        return SIM_OK;
    if (project->kind == MDL_DEVELOPER_STATE &&
        drawn(step, project, MDL_PURPOSE_PROJECT_BAILOUT, step->params->developers_bailout)) {
        int64_t paid_fen = 0;
        MDL_TRY(
            mdl_city_pay(step, project->city, MDL_FLOW_TRANSFER, project->account, project->arrears_fen, &paid_fen));
        step->eco->cities[project->city].bailouts_fen += paid_fen;
        step->eco->tally.bailouts_fen += paid_fen;
        (void)mdl_event(step, MDL_EV_BAILOUT, (uint32_t)project->city,
                        mdl_event_last(step, MDL_WHO_PROJECT, number_of(step, project)),
                        (double)paid_fen / MDL_FEN_PER_YUAN);
        if (paid_fen == project->arrears_fen)
            return SIM_OK; /* paid out with the next month's dues */
    }
    return mdl_project_end(step, project, MDL_STAGE_DEFAULTED);
}

static sim_status_t review(mdl_step_t *step, mdl_project_t *project)
{
    bool no_money_yet = project->stage == MDL_STAGE_ANNOUNCED || project->stage == MDL_STAGE_APPROVED;
    if (no_money_yet && drawn(step, project, MDL_PURPOSE_PROJECT_PATIENCE, step->eco->giving_up_chance))
        return mdl_project_end(step, project, MDL_STAGE_CANCELLED);
    bool under_way = project->stage == MDL_STAGE_BUILDING || project->stage == MDL_STAGE_WAITING;
    if (under_way && project->gpus_ordered > 0)
        MDL_TRY(obey_chip_rule(step, project));
    switch (project->stage) {
    case MDL_STAGE_ANNOUNCED: return review_announced(step, project);
    case MDL_STAGE_APPROVED: return review_approved(step, project);
    case MDL_STAGE_OPERATING: return check_arrears(step, project);
    default: return SIM_OK;
    }
}

static double talks_per_week(const mdl_params_t *params, int32_t kind)
{
    const double rates[MDL_DEVELOPER_KINDS] = {params->developers_finance_operator, params->developers_finance_state,
                                               params->developers_finance_entrant,
                                               params->developers_finance_rent_seeker};
    return rates[kind];
}

void mdl_projects_derive(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    const int64_t passed_s = REVIEW_DAYS * SIM_DAY_S;
    eco->giving_up_chance = mdl_project_giving_up(step->params, passed_s);
    for (int32_t kind = 0; kind < MDL_DEVELOPER_KINDS; kind++)
        eco->finance_chance[kind] = mdl_project_chance(talks_per_week(step->params, kind), passed_s);
    for (uint32_t p = 0; p < step->tables->n_provinces; p++) {
        double hub = mdl_central_hub_factor(step->params, &step->tables->provinces[p]);
        eco->approval_chance[p] = mdl_project_chance(step->params->developers_approval_rate * hub, passed_s);
    }
}

static bool needs_review(const mdl_step_t *step, uint32_t project)
{
    return step->project_marks[project] & MDL_MARK_REVIEW;
}

sim_status_t mdl_step_projects(mdl_step_t *step)
{
    uint32_t turn = (uint32_t)(step->day % REVIEW_DAYS); /* every project has its turn once in REVIEW_DAYS */
    mdl_marked_t marked = {.mark = MDL_MARK_WAITING};
    uint32_t waiting = mdl_next_marked(step, &marked), n = step->eco->n_projects;
    for (uint32_t i; (i = waiting < turn ? waiting : turn) < n;) {
        if (i == waiting) {
            MDL_TRY(review_waiting(step, &step->projects[i], i == turn));
            waiting = mdl_next_marked(step, &marked);
        }
        if (i != turn)
            continue;
        turn += REVIEW_DAYS;
        if (i + AHEAD < n && needs_review(step, i + AHEAD))
            sim_fetch(&step->projects[i + AHEAD], 2 * SIM_LINE_BYTES);
        if (needs_review(step, i))
            MDL_TRY(review(step, &step->projects[i]));
    }
    return SIM_OK;
}
