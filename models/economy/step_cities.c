// SPDX-License-Identifier: GPL-3.0-or-later
/* Cities: budgets once a year from land revenue, the tournament once a week; the trend of the counter-cyclical switch. */
#include "models/economy/economy_state.h"

#define WEEKDAYS       7
#define CITY_WEEKDAY   3
#define TIERS          6
#define WEEKS_PER_YEAR 52

static sim_status_t grant_budget(mdl_step_t *step, uint32_t c)
{
    mdl_city_state_t *city = &step->eco->cities[c];
    int64_t until_s = city->budget_until_s;
    mdl_city_budget(city, step->params, step->eco->hype.state, step->now_s);
    if (city->budget_until_s == until_s)
        return SIM_OK;
    (void)mdl_event(step, MDL_EV_CITY_BUDGET, c, mdl_chronicle_land(step), (double)city->budget_fen / MDL_FEN_PER_YUAN);
    return mdl_ledger_pay(step->ledger, MDL_FLOW_LAND, MDL_LEDGER_REST, step->eco->city_account[c], city->budget_fen,
                          step->err);
}

static void compete(mdl_step_t *step)
{
    double sum[TIERS] = {0};
    uint32_t n[TIERS] = {0};
    mdl_eco_t *eco = step->eco;
    for (uint32_t c = 0; c < step->tables->n_cities; c++) {
        mdl_city_forget(&eco->cities[c], step->params, WEEKDAYS * SIM_DAY_S);
        sum[eco->cities[c].tier] += eco->cities[c].announced_h100e;
        n[eco->cities[c].tier]++;
    }
    for (uint32_t c = 0; c < step->tables->n_cities; c++) {
        int32_t tier = eco->cities[c].tier;
        mdl_city_compete(&eco->cities[c], step->params, sum[tier] / n[tier]);
    }
}

/* Whether what is open or committed has outgrown its trend over the last year. */
static void watch_trend(mdl_step_t *step)
{
    mdl_eco_t *eco = step->eco;
    double now = eco->view.capacity_h100e + eco->view.committed_h100e;
    uint32_t week = (uint32_t)(step->day / WEEKDAYS);
    double year_ago = week >= WEEKS_PER_YEAR ? eco->committed_h100e[week % WEEKS_PER_YEAR] : eco->committed_h100e[0];
    double years = week >= WEEKS_PER_YEAR ? 1.0 : (double)week / WEEKS_PER_YEAR;
    if (week < WEEKS_PER_YEAR && week == 0)
        eco->committed_h100e[0] = year_ago = now;
    eco->above_trend = now > year_ago * (1 + step->params->subsidy_trend_growth * years);
    eco->committed_h100e[week % WEEKS_PER_YEAR] = now;
}

sim_status_t mdl_step_cities(mdl_step_t *step)
{
    for (uint32_t c = 0; c < step->tables->n_cities; c++)
        MDL_TRY(grant_budget(step, c));
    if (step->day % WEEKDAYS == CITY_WEEKDAY) {
        compete(step);
        watch_trend(step);
    }
    return SIM_OK;
}
