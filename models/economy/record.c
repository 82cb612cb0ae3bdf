// SPDX-License-Identifier: GPL-3.0-or-later
/* What a recording interval leaves behind. Flows and shares are over the interval, stocks at its end. */
#include "models/economy/economy_state.h"

void mdl_eco_set(const mdl_eco_t *eco, enum mdl_record channel, uint32_t index, double value)
{
    if (eco->channel[channel] >= 0)
        sim_recorder_set(eco->recorder, (uint32_t)eco->channel[channel], index, value);
}

static double over(double part, double whole)
{
    return whole > 0 ? part / whole : MDL_MISSING;
}

/* The same of two sums of seconds or the like. */
static double share(int64_t part, int64_t whole)
{
    return over((double)part, (double)whole);
}

static double yuan(int64_t fen)
{
    return (double)fen / MDL_FEN_PER_YUAN;
}

static double chip_price_yuan(const mdl_step_t *step, uint32_t type)
{
    const mdl_interval_t *interval = &step->eco->interval;
    if (interval->chip_volume[type] > 0)
        return interval->chip_value_fen[type] / interval->chip_volume[type] / MDL_FEN_PER_YUAN;
    bool brought = step->eco->quote[type].price_fen < MDL_MONEY_MAX_FEN; /* else no broker asks anything */
    return brought ? mdl_chip_price_yuan(step, (int32_t)type) : yuan(step->eco->signal_fen[type]);
}

static double sum_u32(const uint32_t *counts)
{
    double sum = 0;
    for (int kind = 0; kind < MDL_DEVELOPER_KINDS; kind++)
        sum += counts[kind];
    return sum;
}

typedef struct stage_counts {
    double by_stage[MDL_STAGES];
    double building[MDL_DEVELOPER_KINDS], operating[MDL_DEVELOPER_KINDS];
} stage_counts_t;

static void count_stages(const mdl_step_t *step, stage_counts_t *counts)
{
    *counts = (stage_counts_t){{0}};
    for (uint32_t i = 0; i < step->eco->n_projects; i++) {
        const mdl_outline_t *project = &step->outlines[i];
        counts->by_stage[project->stage]++;
        bool building = project->stage == MDL_STAGE_BUILDING || project->stage == MDL_STAGE_WAITING;
        counts->building[project->kind] += building;
        counts->operating[project->kind] += project->stage == MDL_STAGE_OPERATING;
    }
}

static void record_use(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_interval_t *interval = &eco->interval;
    int64_t all = 0;
    for (int c = 0; c < MDL_JOB_CLASSES; c++)
        all += interval->use.busy_class_gpu_s[c];
    double hours = (double)(step->now_s - interval->begins_s) / (double)SIM_HOUR_S;
    mdl_eco_set(eco, MDL_CH_UTILISATION, 0, share(interval->use.busy_gpu_s[0], interval->use.powered_gpu_s[0]));
    mdl_eco_set(eco, MDL_CH_UTILISATION_NEW, 0, share(interval->new_busy_gpu_s, interval->new_powered_gpu_s));
    mdl_eco_set(eco, MDL_CH_USEFUL_SHARE, 0, share(interval->use.useful_gpu_s[0], interval->use.busy_gpu_s[0]));
    mdl_eco_set(eco, MDL_CH_ALLOCATED_SHARE, 0,
                share(interval->use.allocated_gpu_s[0], interval->use.powered_gpu_s[0]));
    mdl_eco_set(eco, MDL_CH_LEASED_SHARE, 0, share(interval->use.leased_gpu_s[0], interval->use.powered_gpu_s[0]));
    mdl_eco_set(eco, MDL_CH_RACKED_SHARE, 0, share(interval->use.powered_gpu_s[0], interval->planned_gpu_s));
    mdl_eco_set(eco, MDL_CH_PLATFORM_UTILISATION, 0,
                share(interval->use.busy_gpu_s[1], interval->use.powered_gpu_s[1]));
    mdl_eco_set(eco, MDL_CH_INFERENCE_SHARE, 0, share(interval->use.busy_class_gpu_s[MDL_JOB_INFERENCE], all));
    mdl_eco_set(eco, MDL_CH_SLO_ATTAINMENT, 0,
                share(interval->use.service_met_gpu_s, interval->use.service_load_gpu_s));
    mdl_eco_set(eco, MDL_CH_POWER, 0, over((double)(interval->use.metered_wh + interval->resold_wh) / 1e6, hours));
    mdl_eco_set(eco, MDL_CH_ACTIVITY, 0, eco->activity);
}

static void record_market(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_interval_t *interval = &eco->interval;
    double h100e = eco->capacity_h100e[0] + eco->capacity_h100e[1];
    mdl_eco_set(eco, MDL_CH_CHIP_PRICE, 0, chip_price_yuan(step, (uint32_t)step->tables->reference_type));
    mdl_eco_set(eco, MDL_CH_RENT, 0, yuan(step->rental->index_fen));
    mdl_eco_set(eco, MDL_CH_FULL_COST, 0, eco->view.full_cost_yuan);
    mdl_eco_set(eco, MDL_CH_DEMAND, 0, eco->demand_h100e);
    mdl_eco_set(eco, MDL_CH_UNSERVED, 0, eco->unserved_h100e);
    mdl_eco_set(eco, MDL_CH_CAPACITY, 0, h100e);
    mdl_eco_set(eco, MDL_CH_CAPACITY_CENTRES, 0, eco->capacity_h100e[0]);
    mdl_eco_set(eco, MDL_CH_CAPACITY_EFLOPS, 0, h100e * step->params->developers_pflops_per_reference / 1000);
    mdl_eco_set(eco, MDL_CH_TOKENS, 0, over(interval->tokens, interval->token_days));
    /* fen per billion tokens to yuan per million */
    mdl_eco_set(eco, MDL_CH_TOKEN_PRICE, 0, (double)mdl_tokens_price(&eco->tokens) / 1000 / MDL_FEN_PER_YUAN);
}

static void record_builders(const mdl_step_t *step, const stage_counts_t *counts)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_tally_t *tally = &eco->tally;
    double waiting = counts->by_stage[MDL_STAGE_ANNOUNCED] + counts->by_stage[MDL_STAGE_APPROVED];
    double building = counts->by_stage[MDL_STAGE_BUILDING] + counts->by_stage[MDL_STAGE_WAITING];
    mdl_eco_set(eco, MDL_CH_OPERATING, 0, counts->by_stage[MDL_STAGE_OPERATING]);
    mdl_eco_set(eco, MDL_CH_ANNOUNCED, 0, eco->n_projects);
    mdl_eco_set(eco, MDL_CH_WAITING, 0, waiting);
    mdl_eco_set(eco, MDL_CH_BUILDING, 0, building);
    mdl_eco_set(eco, MDL_CH_CANCELLED, 0, sum_u32(tally->cancelled));
    mdl_eco_set(eco, MDL_CH_ABANDONED, 0, sum_u32(tally->abandoned));
    mdl_eco_set(eco, MDL_CH_DEFAULTED, 0, sum_u32(tally->defaulted));
    for (uint32_t kind = 0; kind < MDL_DEVELOPER_KINDS; kind++) {
        mdl_eco_set(eco, MDL_CH_KIND_ANNOUNCED, kind, tally->announced[kind]);
        mdl_eco_set(eco, MDL_CH_KIND_BUILDING, kind, counts->building[kind]);
        mdl_eco_set(eco, MDL_CH_KIND_OPERATING, kind, counts->operating[kind]);
        mdl_eco_set(eco, MDL_CH_KIND_ENERGISED, kind, tally->energised[kind]);
        mdl_eco_set(eco, MDL_CH_KIND_CANCELLED, kind, tally->cancelled[kind]);
        mdl_eco_set(eco, MDL_CH_KIND_ABANDONED, kind, tally->abandoned[kind]);
        mdl_eco_set(eco, MDL_CH_KIND_DEFAULTED, kind, tally->defaulted[kind]);
    }
}

static void record_sentiment(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    double training = 0, registered = 0, offer = 0;
    for (uint32_t i = 0; i < eco->n_labs; i++) {
        training += step->labs[i].stage == MDL_LAB_TRAINING;
        registered += step->labs[i].stage != MDL_LAB_POTENTIAL;
    }
    for (uint32_t c = 0; c < step->tables->n_cities; c++)
        offer += mdl_city_offer(&eco->cities[c], step->params, eco->above_trend);
    mdl_eco_set(eco, MDL_CH_LABS_TRAINING, 0, training);
    mdl_eco_set(eco, MDL_CH_LABS_REGISTERED, 0, registered);
    mdl_eco_set(eco, MDL_CH_HYPE, 0, mdl_hype_level(&eco->hype));
    mdl_eco_set(eco, MDL_CH_EXTRAPOLATORS, 0, mdl_beliefs_extrapolator_share(&eco->beliefs, step->params));
    mdl_eco_set(eco, MDL_CH_OFFER, 0, over(offer, step->tables->n_cities));
    mdl_eco_set(eco, MDL_CH_LAND, 0, step->params->cities_land_revenue);
}

static void record_money(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_tally_t *tally = &eco->tally;
    const mdl_bank_t *bank = step->bank;
    mdl_eco_set(eco, MDL_CH_CREDIT, 0, yuan(bank->outstanding_fen));
    mdl_eco_set(eco, MDL_CH_APPETITE, 0, bank->appetite);
    mdl_eco_set(eco, MDL_CH_SUBSIDY_PAID, 0, yuan(tally->subsidy_paid_fen));
    mdl_eco_set(eco, MDL_CH_SUBSIDY_PROMISED, 0, yuan(tally->grants_promised_fen));
    mdl_eco_set(eco, MDL_CH_CLAWED_BACK, 0, yuan(tally->clawed_back_fen));
    mdl_eco_set(eco, MDL_CH_VOUCHERS, 0, yuan(tally->vouchers_fen));
    mdl_eco_set(eco, MDL_CH_FINANCE_LENT, 0, yuan(bank->lent_fen));
    mdl_eco_set(eco, MDL_CH_FINANCE_BAD, 0, yuan(mdl_bank_bad_fen(bank, step->params)));
    mdl_eco_set(eco, MDL_CH_FINANCE_WRITTEN_OFF, 0, yuan(bank->written_off_fen));
    mdl_eco_set(eco, MDL_CH_FINANCE_HAIRCUT, 0, mdl_bank_haircut(bank));
    mdl_eco_set(eco, MDL_CH_FINANCE_INVESTMENT, 0, yuan(tally->investment_fen));
    mdl_eco_set(eco, MDL_CH_FINANCE_BAILOUTS, 0, yuan(tally->bailouts_fen));
}

static void record_provinces(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_interval_t *interval = &eco->interval;
    double capacity[MDL_MAX_PROVINCES] = {0}, operating[MDL_MAX_PROVINCES] = {0}, announced[MDL_MAX_PROVINCES] = {0};
    if (eco->channel[MDL_CH_PROVINCE_CAPACITY] < 0)
        return;
    for (uint32_t i = 0; i < eco->n_projects; i++) {
        const mdl_outline_t *project = &step->outlines[i];
        announced[project->province]++;
        if (project->stage != MDL_STAGE_OPERATING)
            continue;
        operating[project->province]++;
        capacity[project->province] +=
            step->sites[project->site].nodes * MDL_GPUS_PER_NODE * mdl_reference_per_gpu(step, project->gpu_type);
    }
    for (uint32_t p = 0; p < step->tables->n_provinces; p++) {
        int64_t powered = interval->use.province_powered_gpu_s[p];
        mdl_eco_set(eco, MDL_CH_PROVINCE_CAPACITY, p, capacity[p]);
        mdl_eco_set(eco, MDL_CH_PROVINCE_OPERATING, p, operating[p]);
        mdl_eco_set(eco, MDL_CH_PROVINCE_ANNOUNCED, p, announced[p]);
        mdl_eco_set(eco, MDL_CH_PROVINCE_UTILISATION, p, share(interval->use.province_busy_gpu_s[p], powered));
        mdl_eco_set(eco, MDL_CH_PROVINCE_LEASED, p, share(interval->use.province_leased_gpu_s[p], powered));
        mdl_eco_set(eco, MDL_CH_PROVINCE_POWER, p, (double)eco->grid.allotted_kw[p] / 1000);
    }
}

static void record_chips(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_interval_t *interval = &eco->interval;
    for (uint32_t t = 0; t < step->tables->n_gpu_types; t++) {
        const int64_t *total = step->lots->total[t];
        mdl_eco_set(eco, MDL_CH_TYPE_PRICE, t, chip_price_yuan(step, t));
        mdl_eco_set(eco, MDL_CH_TYPE_RENT, t, eco->type_rent_fen[t] > 0 ? yuan(eco->type_rent_fen[t]) : MDL_MISSING);
        mdl_eco_set(eco, MDL_CH_TYPE_VOLUME, t, interval->chip_volume[t]);
        mdl_eco_set(eco, MDL_CH_TYPE_BIDS, t, (double)step->chips->market[t].bid_volume);
        mdl_eco_set(eco, MDL_CH_TYPE_INSTALLED, t, (double)total[MDL_LOT_INSTALLED]);
        mdl_eco_set(eco, MDL_CH_TYPE_TRANSIT, t, (double)total[MDL_LOT_TRANSIT]);
        mdl_eco_set(eco, MDL_CH_TYPE_STOCK, t, (double)total[MDL_LOT_STOCK]);
        mdl_eco_set(eco, MDL_CH_TYPE_SEIZED, t, (double)total[MDL_LOT_SEIZED]);
        mdl_eco_set(eco, MDL_CH_TYPE_MADE, t, (double)step->lots->made[t]);
        mdl_eco_set(eco, MDL_CH_TYPE_BUSY, t, (double)interval->use.type_busy_gpu_s[t] / (double)SIM_HOUR_S);
        mdl_eco_set(eco, MDL_CH_TYPE_POWERED, t, (double)interval->use.type_powered_gpu_s[t] / (double)SIM_HOUR_S);
        mdl_eco_set(eco, MDL_CH_TYPE_UTILISATION, t,
                    share(interval->use.type_busy_gpu_s[t], interval->use.type_powered_gpu_s[t]));
    }
    for (uint32_t c = 0; c < MDL_CHANNELS; c++)
        mdl_eco_set(eco, MDL_CH_CHANNEL_VOLUME, c, (double)interval->chip_channel_volume[c]);
}

void mdl_eco_note_rental_week(mdl_step_t *step)
{
    mdl_interval_t *interval = &step->eco->interval;
    for (int s = 0; s < MDL_SEGMENTS; s++) {
        const mdl_rental_totals_t *totals = &step->rental->totals[s];
        interval->rental_requested[s] += totals->requested;
        interval->rental_served[s] += totals->served;
        for (int r = 0; r < MDL_REFUSALS; r++)
            interval->rental_unserved[s][r] += totals->unserved_by[r];
    }
}

static void record_rental(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_interval_t *interval = &eco->interval;
    double held[MDL_SEGMENTS] = {0};
    for (uint32_t t = 0; t < eco->n_tenants; t++) {
        const double *by_wish = step->tenants[t].held;
        held[MDL_SEGMENT_TRAINING] += by_wish[MDL_WISH_TRAINING];
        held[MDL_SEGMENT_FINETUNE] += by_wish[MDL_WISH_FINETUNE];
        held[MDL_SEGMENT_INFERENCE] += by_wish[MDL_WISH_INFERENCE_NEAR] + by_wish[MDL_WISH_INFERENCE_FAR];
        held[MDL_SEGMENT_BATCH] += by_wish[MDL_WISH_BATCH];
    }
    for (uint32_t s = 0; s < MDL_SEGMENTS; s++) {
        mdl_eco_set(eco, MDL_CH_SEGMENT_RENT, s, yuan(step->rental->index_segment_fen[s]));
        mdl_eco_set(eco, MDL_CH_SEGMENT_REQUESTED, s, interval->rental_requested[s]);
        mdl_eco_set(eco, MDL_CH_SEGMENT_SERVED, s, interval->rental_served[s]);
        mdl_eco_set(eco, MDL_CH_SEGMENT_HELD, s, held[s]);
        for (uint32_t r = 0; r < MDL_REFUSALS; r++)
            mdl_eco_set(eco, MDL_CH_SEGMENT_UNSERVED, s * MDL_REFUSALS + r, interval->rental_unserved[s][r]);
    }
}

static void record_jobs(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_interval_t *interval = &eco->interval;
    for (uint32_t c = 0; c < MDL_JOB_CLASSES; c++) {
        double started = (double)interval->use.jobs_started[c];
        mdl_eco_set(eco, MDL_CH_JOBS_SUBMITTED, c, (double)interval->use.jobs_submitted[c]);
        mdl_eco_set(eco, MDL_CH_JOBS_STARTED, c, started);
        mdl_eco_set(eco, MDL_CH_JOBS_FINISHED, c, (double)interval->use.jobs_finished[c]);
        mdl_eco_set(eco, MDL_CH_JOBS_WAIT, c, over((double)interval->use.wait_s[c] / (double)SIM_HOUR_S, started));
        mdl_eco_set(eco, MDL_CH_JOBS_BUSY, c, (double)interval->use.busy_class_gpu_s[c] / (double)SIM_HOUR_S);
    }
}

/* To the fen: sums over a matrix are exact when its cells are read as whole fen. */
static void record_ledger(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    mdl_balance_matrix_t balances;
    mdl_ledger_balances(step->ledger, &balances);
    for (uint32_t s = 0; s < MDL_SECTORS; s++) {
        for (uint32_t p = 0; p < MDL_POSITIONS; p++)
            mdl_eco_set(eco, MDL_CH_LEDGER_BALANCE, s * MDL_POSITIONS + p, yuan(balances.cell_fen[p][s]));
        for (uint32_t f = 0; f < MDL_FLOW_ROWS; f++)
            mdl_eco_set(eco, MDL_CH_LEDGER_FLOW, f * MDL_SECTORS + s, yuan(step->ledger->month.cell_fen[f][s]));
        mdl_eco_set(eco, MDL_CH_LEDGER_BOUGHT, s, yuan(step->ledger->month_bought_fen[s]));
        mdl_eco_set(eco, MDL_CH_LEDGER_USED, s, yuan(step->ledger->month_used_fen[s]));
    }
}

void mdl_eco_record_month(mdl_step_t *step)
{
    if (step->eco->channel[MDL_CH_LEDGER_BALANCE] >= 0)
        record_ledger(step);
    sim_recorder_advance(step->eco->recorder, SIM_CLOCK_MONTH);
}

sim_status_t mdl_event_record(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    stage_counts_t counts;
    count_stages(step, &counts);
    record_use(step);
    record_market(step);
    record_builders(step, &counts);
    record_sentiment(step);
    record_money(step);
    record_provinces(step);
    record_chips(step);
    record_rental(step);
    record_jobs(step);
    sim_recorder_advance(eco->recorder, SIM_CLOCK_INTERVAL);
    eco->interval = (mdl_interval_t){.begins_s = step->now_s};
    return SIM_OK;
}

static void set_item(const mdl_eco_t *eco, enum mdl_record channel, uint32_t item, double value)
{
    if (eco->channel[channel] >= 0)
        sim_recorder_item(eco->recorder, (uint32_t)eco->channel[channel], item, value);
}

static void set_item_date(const mdl_eco_t *eco, enum mdl_record channel, uint32_t item, int64_t time_s)
{
    set_item(eco, channel, item, time_s == MDL_NOT_YET ? MDL_MISSING : (double)time_s / (double)SIM_DAY_S);
}

static void record_dates(const mdl_eco_t *eco, uint32_t i, const mdl_project_t *project)
{
    set_item_date(eco, MDL_CH_C_ANNOUNCED_AT, i, project->announced_s);
    set_item_date(eco, MDL_CH_C_APPROVED_AT, i, project->approved_s);
    set_item_date(eco, MDL_CH_C_FINANCED_AT, i, project->financed_s);
    set_item_date(eco, MDL_CH_C_BUILT_AT, i, project->built_s);
    set_item_date(eco, MDL_CH_C_ENERGISED_AT, i, project->energised_s);
    set_item_date(eco, MDL_CH_C_ENDED_AT, i, project->ended_s);
}

void mdl_eco_record_project(const mdl_step_t *step, uint32_t i)
{
    const mdl_eco_t *eco = step->eco;
    const mdl_project_t *project = &step->projects[i];
    bool opened = project->site != MDL_NO_SITE;
    mdl_datacentre_reading_t meter = {0};
    if (opened)
        meter = mdl_site_reported(step, project->site);
    double powered = (double)meter.powered_gpu_s;
    record_dates(eco, i, project);
    set_item(eco, MDL_CH_C_STAGE, i, project->stage);
    set_item(eco, MDL_CH_C_KIND, i, project->kind);
    set_item(eco, MDL_CH_C_PROVINCE, i, project->province);
    set_item(eco, MDL_CH_C_CITY, i, project->city);
    set_item(eco, MDL_CH_C_TYPE, i, project->gpu_type);
    set_item(eco, MDL_CH_C_PLANNED, i, project->nodes_planned);
    set_item(eco, MDL_CH_C_INSTALLED, i, opened ? step->sites[project->site].nodes : 0);
    set_item(eco, MDL_CH_C_CAPITAL, i, yuan(project->capital_fen));
    set_item(eco, MDL_CH_C_SPENT, i, yuan(project->chips_paid_fen + mdl_project_building_paid_fen(project)));
    set_item(eco, MDL_CH_C_GRANT, i, yuan(project->grant_promised_fen));
    set_item(eco, MDL_CH_C_GRANT_PAID, i, yuan(project->grant_paid_fen));
    set_item(eco, MDL_CH_C_GRANT_BACK, i, yuan(project->clawed_back_fen));
    set_item(eco, MDL_CH_C_REVENUE, i, yuan(project->revenue_fen));
    set_item(eco, MDL_CH_C_LEASED, i, opened ? over((double)meter.leased_gpu_s, powered) : MDL_MISSING);
    set_item(eco, MDL_CH_C_BUSY, i, opened ? over((double)meter.busy_gpu_s, powered) : MDL_MISSING);
}
