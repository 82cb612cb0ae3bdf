// SPDX-License-Identifier: GPL-3.0-or-later
/* Outcomes: one number per replication. Definitions stand in channels.def; here they are counted. */
#include "models/economy/economy.h"
#include "models/economy/economy_state.h"

#include "models/params/rates.h"

/* Days of the calendar at which outcomes look. */
typedef struct window {
    sim_date_t from, until; /* until excluded */
} window_t;

static const window_t quarter = {{2025, 1, 1}, {2025, 4, 1}};
static const window_t january = {{2024, 1, 1}, {2024, 2, 1}};
static const window_t october = {{2024, 10, 1}, {2024, 11, 1}};
static const sim_date_t new_since = {2023, 1, 1};
static const sim_date_t end_of_november = {2024, 12, 1}; /* midnight after 2024-11-30 */
static const sim_date_t end_of_2024 = {2025, 1, 1};

/* The day that has just ended, days since 1970-01-01. */
static int64_t yesterday(const mdl_step_t *step)
{
    return step->input->start_day + step->day - 1;
}

static bool within(int64_t day, const window_t *window)
{
    return day >= sim_date_to_day(window->from) && day < sim_date_to_day(window->until);
}

static void note(mdl_mean_t *mean, double value)
{
    mean->sum += value;
    mean->n += 1;
}

static double mean_of(const mdl_mean_t *mean)
{
    return mean->n > 0 ? mean->sum / mean->n : MDL_MISSING;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : MDL_MISSING;
}

bool mdl_outcomes_in_quarter(const mdl_step_t *step)
{
    return within(yesterday(step), &quarter);
}

void mdl_outcomes_use(mdl_step_t *step, int64_t busy_gpu_s, int64_t powered_gpu_s)
{
    step->eco->tally.busy_gpu_s += (double)busy_gpu_s;
    step->eco->tally.racked_gpu_s += (double)powered_gpu_s;
}

/* In real GPU seconds. */
static double real(const mdl_site_t *site, int64_t gpu_s)
{
    return (double)(site->scale * gpu_s);
}

void mdl_outcomes_site(mdl_step_t *step, const mdl_site_t *site, const mdl_datacentre_reading_t *day)
{
    double busy = real(site, day->busy_gpu_s), powered = real(site, day->powered_gpu_s);
    mdl_tally_t *tally = &step->eco->tally;
    tally->quarter_inference += real(site, day->inference_gpu_s);
    tally->quarter_busy_all += busy;
    if (site->project == MDL_NO_PROJECT)
        return;
    tally->quarter_busy += busy;
    tally->quarter_racked += powered;
    if (step->input->start_day * SIM_DAY_S + site->energised_s < sim_date_to_day(new_since) * SIM_DAY_S)
        return;
    tally->quarter_new_leased += real(site, day->leased_gpu_s);
    tally->quarter_new_powered += powered;
}

void mdl_outcomes_invested(mdl_step_t *step, const mdl_project_t *project, int64_t paid_fen)
{
    mdl_tally_t *tally = &step->eco->tally;
    if (project->developer != MDL_NO_DEVELOPER)
        tally->investment_fen += paid_fen;
    int year = sim_date_from_day(step->input->start_day + step->day).year;
    if (project->kind == MDL_DEVELOPER_STATE && (year == 2023 || year == 2024))
        tally->state_spending_fen[year - 2023] += paid_fen;
}

void mdl_outcomes_week(mdl_step_t *step)
{
    mdl_tally_t *tally = &step->eco->tally;
    if (tally->week_chips > 0) {
        double price_yuan = tally->week_chip_fen / tally->week_chips / MDL_FEN_PER_YUAN;
        if (price_yuan > tally->peak_chip_yuan) {
            tally->peak_chip_yuan = price_yuan;
            tally->peak_chip_day = (double)step->day;
        }
    }
    tally->week_chip_fen = tally->week_chips = 0;
    double rent_yuan = (double)step->rental->index_fen / MDL_FEN_PER_YUAN;
    if (rent_yuan > tally->peak_rent_yuan) {
        tally->peak_rent_yuan = rent_yuan;
        tally->peak_rent_day = (double)step->day;
    }
    if (within(yesterday(step), &january))
        note(&tally->rent_january, rent_yuan);
    if (within(yesterday(step), &october))
        note(&tally->rent_october, rent_yuan);
}

static int64_t spent_on(const mdl_project_t *project)
{
    return project->chips_paid_fen + mdl_project_building_paid_fen(project);
}

/* What capital costs in so many months: its equal part of the life of servers, with interest. */
static double charged_fen(const mdl_step_t *step, const mdl_project_t *project, double months)
{
    return (double)spent_on(project) * months / step->eco->life_annuity;
}

/* Looks back at a quarter: single months won't do, since rents are billed by the week. */
void mdl_outcomes_month(mdl_step_t *step)
{
    mdl_tally_t *tally = &step->eco->tally;
    if (sim_date_from_day(step->input->start_day + step->day).month % 3 != 1) /* January, April, ... begins */
        return;
    for (uint32_t i = 0; i < step->eco->n_projects; i++) {
        mdl_project_t *project = &step->projects[i];
        if (project->stage != MDL_STAGE_OPERATING)
            continue;
        int64_t margin_fen = project->revenue_fen - project->running_fen;
        bool whole = project->energised_s <= tally->quarter_s;
        if (whole && (double)(margin_fen - project->quarter_margin_fen) >= charged_fen(step, project, 3))
            project->broke_even = true;
        project->quarter_margin_fen = margin_fen;
    }
    tally->quarter_s = step->now_s;
}

static void note_november(mdl_step_t *step)
{
    double operating = 0, all = 0;
    for (uint32_t i = 0; i < step->eco->n_projects; i++) {
        operating += step->projects[i].stage == MDL_STAGE_OPERATING;
        all += !mdl_stage_ended((mdl_stage_t)step->projects[i].stage);
    }
    note(&step->eco->tally.centres_2024_11, operating);
    note(&step->eco->tally.projects_2024_11, all);
}

static void note_year_end(mdl_step_t *step)
{
    double registered = 0, stopped = 0;
    for (uint32_t i = 0; i < step->eco->n_labs; i++) {
        registered += step->labs[i].stage != MDL_LAB_POTENTIAL;
        stopped += step->labs[i].stage == MDL_LAB_SERVING;
    }
    double h100e = step->eco->capacity_h100e[0] + step->eco->capacity_h100e[1];
    if (registered > 0)
        note(&step->eco->tally.labs_stopped_2024, stopped / registered);
    note(&step->eco->tally.capacity_2024_eflops, h100e * step->params->developers_pflops_per_reference / 1000);
    step->eco->tally.saw_2024 = step->input->start_day <= sim_date_to_day((sim_date_t){2023, 1, 1});
}

void mdl_outcomes_day(mdl_step_t *step)
{
    mdl_tally_t *tally = &step->eco->tally;
    int64_t today = step->input->start_day + step->day;
    if (step->eco->training_labs_before > tally->labs_training_peak)
        tally->labs_training_peak = step->eco->training_labs_before;
    if (step->now_s % SIM_WEEK_S == 0)
        mdl_outcomes_note_rent(step);
    if (today == sim_date_to_day(end_of_november))
        note_november(step);
    if (today == sim_date_to_day(end_of_2024))
        note_year_end(step);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void set(const mdl_eco_t *eco, enum mdl_record channel, double value)
{
    sim_recorder_outcome(eco->recorder, (uint32_t)eco->channel[channel], value);
}

static double yuan(int64_t fen)
{
    return (double)fen / MDL_FEN_PER_YUAN;
}

static double total(const uint32_t *counts)
{
    double sum = 0;
    for (int kind = 0; kind < MDL_DEVELOPER_KINDS; kind++)
        sum += counts[kind];
    return sum;
}

static double months_open(const mdl_step_t *step, const mdl_project_t *project)
{
    if (project->energised_s == MDL_NOT_YET)
        return 0;
    int64_t until_s = project->ended_s == MDL_NOT_YET ? step->now_s : project->ended_s;
    return (double)(until_s - project->energised_s) / (double)SIM_DAY_S / MDL_DAYS_PER_MONTH;
}

/* Whether a project's capital can be judged: announced in the run, and open for a year or ended. */
static bool judged(const mdl_step_t *step, const mdl_project_t *project)
{
    bool ended = project->ended_s != MDL_NOT_YET;
    return project->developer != MDL_NO_DEVELOPER && (ended || months_open(step, project) >= 12);
}

/* Capital that was lost on what never opened, or sits in centres that never earned their cost. */
static int64_t stranded_fen(const mdl_step_t *step, const mdl_project_t *project)
{
    int64_t spent_fen = spent_on(project);
    double months = months_open(step, project);
    double charge_fen = charged_fen(step, project, months);
    return months == 0 || (double)(project->revenue_fen - project->running_fen) < charge_fen ? spent_fen : 0;
}

/* Believed at announcement against received so far, per node-month powered: 0 as believed, 1 when nothing came. */
static double entry_error(const mdl_project_t *project, double received)
{
    return 1 - received / project->expected_revenue_yuan;
}

static double received_yuan(const mdl_step_t *step, const mdl_project_t *project)
{
    double powered_s = (double)mdl_site_reported(step, project->site).powered_gpu_s;
    double node_months = powered_s / MDL_GPUS_PER_NODE / (double)SIM_DAY_S / MDL_DAYS_PER_MONTH;
    return node_months > 0 ? yuan(project->revenue_fen) / node_months : 0;
}

static void finish_projects(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    int64_t stranded = 0, never_even = 0;
    mdl_mean_t error = {0}, at_entry = {0};
    for (uint32_t i = 0; i < eco->n_projects; i++) {
        const mdl_project_t *project = &step->projects[i];
        if (!judged(step, project))
            continue;
        stranded += stranded_fen(step, project);
        never_even += project->broke_even ? 0 : spent_on(project);
        if (months_open(step, project) < 12 || !(project->expected_revenue_yuan > 0))
            continue;
        double received = received_yuan(step, project);
        note(&at_entry, entry_error(project, received));
        if (received > 0)
            note(&error, sim_log(project->expected_revenue_yuan / received));
    }
    set(eco, MDL_CH_O_STRANDED, yuan(stranded));
    set(eco, MDL_CH_O_NEVER_EVEN, yuan(never_even));
    set(eco, MDL_CH_O_REVENUE_ERROR, mean_of(&error));
    set(eco, MDL_CH_O_ENTRY_ERROR, mean_of(&at_entry));
}

static void finish_counts(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_tally_t *tally = &eco->tally;
    double bad_fen = (double)(step->bank->written_off_fen + mdl_bank_bad_fen(step->bank, step->params));
    set(eco, MDL_CH_O_ANNOUNCED, total(tally->announced));
    set(eco, MDL_CH_O_RENT_SEEKERS, tally->announced[MDL_DEVELOPER_RENT_SEEKER]);
    set(eco, MDL_CH_O_COMPLETED, total(tally->energised));
    set(eco, MDL_CH_O_CANCELLED, total(tally->cancelled));
    set(eco, MDL_CH_O_ABANDONED, total(tally->abandoned));
    set(eco, MDL_CH_O_DEFAULTED, total(tally->defaulted));
    set(eco, MDL_CH_O_EXITED, total(tally->abandoned) + total(tally->defaulted));
    set(eco, MDL_CH_O_BAD_DEBT, ratio(bad_fen, (double)step->bank->lent_fen));
    set(eco, MDL_CH_O_INVESTMENT, yuan(tally->investment_fen));
    set(eco, MDL_CH_O_SUBSIDY, yuan(tally->subsidy_paid_fen));
    set(eco, MDL_CH_O_CLAWBACK, yuan(tally->clawed_back_fen));
    set(eco, MDL_CH_O_VOUCHERS, yuan(tally->vouchers_fen));
    set(eco, MDL_CH_O_ENERGY, (double)tally->metered_wh / 1e9);
    set(eco, MDL_CH_O_RESOLD, (double)tally->resold_wh / 1e9);
    set(eco, MDL_CH_O_LABS_PEAK, tally->labs_training_peak);
    double spending[2] = {(double)tally->state_spending_fen[0], (double)tally->state_spending_fen[1]};
    set(eco, MDL_CH_O_PROCUREMENT, tally->saw_2024 ? ratio(spending[1], spending[0]) : MDL_MISSING);
}

static void finish_readings(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_tally_t *tally = &eco->tally;
    bool quarter_over = step->input->start_day + step->day >= sim_date_to_day(quarter.until);
    bool chips = tally->peak_chip_yuan > 0;
    set(eco, MDL_CH_O_PEAK_CHIP, chips ? tally->peak_chip_yuan : MDL_MISSING);
    set(eco, MDL_CH_O_PEAK_CHIP_DATE, chips ? tally->peak_chip_day : MDL_MISSING);
    set(eco, MDL_CH_O_PEAK_RENT, tally->peak_rent_yuan > 0 ? tally->peak_rent_yuan : MDL_MISSING);
    set(eco, MDL_CH_O_PEAK_RENT_DATE, tally->peak_rent_yuan > 0 ? tally->peak_rent_day : MDL_MISSING);
    set(eco, MDL_CH_O_RENT_FALL, mean_of(&tally->rent_october) / mean_of(&tally->rent_january) - 1);
    double busy_share = ratio(tally->quarter_busy, tally->quarter_racked);
    double new_leased = ratio(tally->quarter_new_leased, tally->quarter_new_powered);
    double inference = ratio(tally->quarter_inference, tally->quarter_busy_all);
    set(eco, MDL_CH_O_UTILISATION, quarter_over ? busy_share : MDL_MISSING);
    set(eco, MDL_CH_O_IDLE_NEW, quarter_over ? 1 - new_leased : MDL_MISSING);
    set(eco, MDL_CH_O_INFERENCE, quarter_over ? inference : MDL_MISSING);
    set(eco, MDL_CH_O_CENTRES, mean_of(&tally->centres_2024_11));
    set(eco, MDL_CH_O_PROJECTS, mean_of(&tally->projects_2024_11));
    set(eco, MDL_CH_O_LABS_STOPPED, mean_of(&tally->labs_stopped_2024));
    set(eco, MDL_CH_O_CAPACITY, mean_of(&tally->capacity_2024_eflops));
    set(eco, MDL_CH_O_UTILISATION_ALL, ratio(tally->busy_gpu_s, tally->racked_gpu_s));
}

void mdl_outcomes_finish(mdl_step_t *step)
{
    finish_readings(step);
    finish_counts(step);
    finish_projects(step);
    mdl_eco_t *eco = step->eco;
    for (int channel = MDL_CH_O_OVERINVESTMENT; channel <= MDL_CH_O_EXCESS_REVENUE_ERROR; channel++)
        set(eco, (enum mdl_record)channel,
            MDL_MISSING); /* known when the control has run: scenarios/overinvestment.c */
    set(eco, MDL_CH_O_EXPLOSIVE, mdl_outcomes_explosive_rent(step));
}
