// SPDX-License-Identifier: GPL-3.0-or-later
/* Public money for builders: paid on the start of building, on what an inspection sees, on measured use; audits and
 * clawback. */
#include "models/economy/economy_state.h"

#define REVIEW_DAYS 7
#define LINKED_DAYS 30
#define HALF_YEAR_S (182 * SIM_DAY_S)

static sim_status_t pay_grant(mdl_step_t *step, mdl_project_t *project, int64_t due_fen)
{
    int64_t paid_fen = 0;
    if (due_fen <= 0 || project->audited)
        return SIM_OK;
    MDL_TRY(mdl_city_pay(step, project->city, MDL_FLOW_SUBSIDY, project->account, due_fen, &paid_fen));
    project->grant_paid_fen += paid_fen;
    step->eco->cities[project->city].paid_fen += paid_fen;
    step->eco->tally.subsidy_paid_fen += paid_fen;
    return SIM_OK;
}

/* Part of the grant that hangs on nothing but milestones. */
static int64_t unconditional_fen(const mdl_step_t *step, const mdl_project_t *project)
{
    return mdl_money_share(project->grant_promised_fen, 1 - step->params->subsidy_utilisation_linked);
}

sim_status_t mdl_subsidy_start(mdl_step_t *step, mdl_project_t *project)
{
    MDL_TRY(pay_grant(step, project,
                      mdl_money_share(unconditional_fen(step, project), step->params->subsidy_upfront_share)));
    if (project->grant_paid_fen > 0)
        (void)mdl_event(step, MDL_EV_GRANT_PAID, (uint32_t)(project - step->projects), MDL_CAUSE_BEFORE,
                        (double)project->grant_paid_fen / MDL_FEN_PER_YUAN);
    return SIM_OK;
}

/* The milestone: an inspection counts the chips that it can see. */
static sim_status_t pay_milestone(mdl_step_t *step, mdl_project_t *project)
{
    double installed = (double)step->sites[project->site].nodes / (double)project->nodes_planned;
    if (installed < step->params->subsidy_visible_share)
        return SIM_OK;
    project->milestone_paid = true;
    int64_t paid_fen = project->grant_paid_fen - project->linked_paid_fen;
    int64_t before_fen = project->grant_paid_fen;
    MDL_TRY(pay_grant(step, project, unconditional_fen(step, project) - paid_fen));
    if (project->grant_paid_fen > before_fen)
        (void)mdl_event(step, MDL_EV_GRANT_PAID, (uint32_t)(project - step->projects), MDL_CAUSE_BEFORE,
                        (double)(project->grant_paid_fen - before_fen) / MDL_FEN_PER_YUAN);
    return SIM_OK;
}

/* Busy share of the planned GPU hours since the half-year reading. */
static double use_share(const mdl_step_t *step, const mdl_project_t *project)
{
    double planned_gpus = (double)project->nodes_planned * MDL_GPUS_PER_NODE;
    double passed_s = (double)(step->now_s - project->half_year_s);
    double busy = (double)(mdl_site_reported(step, project->site).busy_gpu_s - project->half_year_busy_gpu_s);
    return passed_s > 0 ? busy / (planned_gpus * passed_s) : 0;
}

static sim_status_t pay_linked(mdl_step_t *step, mdl_project_t *project)
{
    bool over = step->now_s - project->energised_s > step->params->subsidy_linked_period_s;
    if (over || step->params->subsidy_utilisation_linked <= 0 || project->grant_promised_fen <= 0)
        return SIM_OK;
    double planned_gpus = (double)project->nodes_planned * MDL_GPUS_PER_NODE;
    double busy = (double)(mdl_site_reported(step, project->site).busy_gpu_s - project->linked_busy_gpu_s);
    double use = busy / (planned_gpus * LINKED_DAYS * (double)SIM_DAY_S);
    project->linked_busy_gpu_s = mdl_site_reported(step, project->site).busy_gpu_s;
    int64_t due_fen =
        mdl_city_linked_payment_fen(step->params, project->grant_promised_fen, use, LINKED_DAYS * SIM_DAY_S);
    int64_t before_fen = project->grant_paid_fen;
    MDL_TRY(pay_grant(step, project, due_fen));
    project->linked_paid_fen += project->grant_paid_fen - before_fen;
    return SIM_OK;
}

static sim_status_t claw_back(mdl_step_t *step, mdl_project_t *project)
{
    int64_t due_fen = mdl_money_share(project->grant_paid_fen, step->params->subsidy_clawback_share);
    int64_t paid_fen = 0;
    MDL_TRY(mdl_ledger_pay_up_to(step->ledger, MDL_FLOW_CLAWBACK, project->account,
                                 step->eco->city_account[project->city], due_fen, &paid_fen, step->err));
    project->audited = true;
    project->clawed_back_fen += paid_fen;
    project->arrears_fen += due_fen - paid_fen;
    mdl_project_mark(step, project);
    step->eco->cities[project->city].clawed_back_fen += paid_fen;
    step->eco->tally.clawed_back_fen += paid_fen;
    (void)mdl_event(step, MDL_EV_CLAWBACK, (uint32_t)(project - step->projects), MDL_CAUSE_BEFORE,
                    (double)due_fen / MDL_FEN_PER_YUAN);
    return SIM_OK;
}

/* An audit comes with its hazard; it looks at half a year of measured use and counts the chips. */
static sim_status_t maybe_audit(mdl_step_t *step, mdl_project_t *project)
{
    int64_t open_s = step->now_s - project->energised_s;
    bool due = project->grant_paid_fen > 0 && !project->audited && open_s >= HALF_YEAR_S &&
               open_s <= step->params->audit_period_s;
    if (!due)
        return SIM_OK;
    sim_rng_t rng;
    mdl_project_rng(step, project, MDL_PURPOSE_PROJECT_AUDIT, (uint64_t)step->day, &rng);
    if (!sim_draw_bernoulli(&rng, step->eco->audit_chance))
        return SIM_OK;
    double installed = (double)step->sites[project->site].nodes / (double)project->nodes_planned;
    double use = use_share(step, project);
    if (!mdl_city_breach(step->params, installed, use))
        return SIM_OK;
    bool chips = installed < step->params->audit_installed_min;
    (void)mdl_event(step, chips ? MDL_EV_AUDIT_CHIPS : MDL_EV_AUDIT_USE, (uint32_t)(project - step->projects),
                    MDL_CAUSE_BEFORE, chips ? installed : use);
    return claw_back(step, project);
}

/* Audits look back over half a year to a year: every half year the older of two readings is given up. */
static void note_reading(mdl_step_t *step, mdl_project_t *project)
{
    if (step->now_s - project->later_s < HALF_YEAR_S)
        return;
    project->half_year_s = project->later_s;
    project->half_year_busy_gpu_s = project->later_busy_gpu_s;
    project->later_s = step->now_s;
    project->later_busy_gpu_s = mdl_site_reported(step, project->site).busy_gpu_s;
}

/* Of a project that operates with a grant. `turn`: it is reviewed today. */
static sim_status_t step_project(mdl_step_t *step, mdl_project_t *project, bool turn)
{
    if (!project->milestone_paid)
        MDL_TRY(pay_milestone(step, project));
    int64_t open_days = (step->now_s - project->energised_s) / SIM_DAY_S;
    if (open_days > 0 && open_days % LINKED_DAYS == 0)
        MDL_TRY(pay_linked(step, project));
    if (!turn)
        return SIM_OK;
    note_reading(step, project);
    return maybe_audit(step, project);
}

void mdl_subsidies_derive(mdl_step_t *step)
{
    step->eco->audit_chance = -sim_expm1(-step->params->audit_hazard * REVIEW_DAYS / 365.25);
}

sim_status_t mdl_step_subsidies(mdl_step_t *step)
{
    uint32_t today = (uint32_t)(step->day % REVIEW_DAYS); /* every project has its turn once in REVIEW_DAYS */
    mdl_marked_t marked = {.mark = MDL_MARK_GRANT};
    for (uint32_t i; (i = mdl_next_marked(step, &marked)) != MDL_NO_PROJECT;)
        MDL_TRY(step_project(step, &step->projects[i], i % REVIEW_DAYS == today));
    return SIM_OK;
}
