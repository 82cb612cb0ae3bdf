// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/city.h"

#include "models/params/purpose.h"
#include "sim/math.h"
#include "sim/rng.h"
#include "sim/time.h"

#define YEAR_S       (INT64_C(365) * SIM_DAY_S)
#define FEN_PER_YUAN 100.0

void mdl_city_init(mdl_city_state_t *self, const mdl_city_t *row, uint32_t index, double tflops_per_h100e)
{
    *self = (mdl_city_state_t){.province = row->province, .tier = row->tier, .debt_ratio = row->debt_ratio};
    self->entity = sim_entity_id(0, MDL_ENTITY_CITY, index);
    self->base_budget_yuan = row->subsidy_budget_m_yuan * 1e6;
    self->target_h100e = row->target_pflops * 1000.0 / tflops_per_h100e;
}

void mdl_city_budget(mdl_city_state_t *self, const mdl_params_t *params, double hype, int64_t now_s)
{
    if (now_s < self->budget_until_s)
        return;
    double enthusiasm = 1 + params->cities_hype_budget * hype;
    double yuan = self->base_budget_yuan * params->subsidy_budget_scale * params->cities_land_revenue * enthusiasm;
    self->budget_fen = (int64_t)(yuan * FEN_PER_YUAN);
    self->promised_fen = 0;
    self->vouchers_fen = 0;
    self->bailouts_fen = 0;
    self->budget_until_s = now_s + YEAR_S;
}

void mdl_city_forget(mdl_city_state_t *self, const mdl_params_t *params, int64_t passed_s)
{
    self->announced_h100e *= sim_exp(-(double)passed_s / (double)params->cities_memory_s);
}

void mdl_city_compete(mdl_city_state_t *self, const mdl_params_t *params, double tier_mean_h100e)
{
    bool behind = self->announced_h100e < tier_mean_h100e && self->announced_h100e < self->target_h100e;
    double offer = params->subsidy_grant_share + self->raised_share;
    offer += behind ? params->cities_tournament_step : -params->cities_drift;
    offer = offer > params->subsidy_max_share ? params->subsidy_max_share : offer < 0 ? 0 : offer;
    self->raised_share = offer - params->subsidy_grant_share;
}

/* What the city may still promise this year. */
static int64_t headroom_fen(const mdl_city_state_t *self, const mdl_params_t *params)
{
    int64_t most = (int64_t)((double)self->budget_fen * params->cities_commit_share);
    return most > self->promised_fen ? most - self->promised_fen : 0;
}

double mdl_city_offer(const mdl_city_state_t *self, const mdl_params_t *params, bool above_trend)
{
    if (!params->subsidy_enabled || (params->subsidy_counter_cyclical && above_trend))
        return 0;
    if (headroom_fen(self, params) <= 0)
        return 0;
    double offer = params->subsidy_grant_share + self->raised_share;
    return offer > params->subsidy_max_share ? params->subsidy_max_share : offer < 0 ? 0 : offer;
}

int64_t mdl_city_promise(mdl_city_state_t *self, const mdl_params_t *params, int64_t wanted_fen)
{
    int64_t most = headroom_fen(self, params);
    int64_t granted = wanted_fen < most ? wanted_fen : most;
    self->promised_fen += granted;
    return granted;
}

double mdl_city_land_motive(const mdl_city_state_t *self, const mdl_params_t *params)
{
    double lost = 1 - params->cities_land_revenue;
    /* Indebted cities feel the loss more; a debt of one year's revenue is the reference. */
    double motive = 1 + params->cities_land_motive * lost * (lost > 0 ? self->debt_ratio : 1);
    return motive > 0 ? motive : 0;
}

bool mdl_city_breach(const mdl_params_t *params, double installed_share, double use_share)
{
    return installed_share < params->audit_installed_min || use_share < params->audit_utilisation_min;
}

int64_t mdl_city_linked_payment_fen(const mdl_params_t *params, int64_t grant_fen, double use_share, int64_t passed_s)
{
    double reached = use_share / params->subsidy_utilisation_target;
    reached = reached > 1 ? 1 : reached < 0 ? 0 : reached;
    double time_share = (double)passed_s / (double)params->subsidy_linked_period_s;
    return (int64_t)((double)grant_fen * params->subsidy_utilisation_linked * reached * time_share);
}
