// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/grid.h"

#include "models/ledger/money.h"
#include "sim/draw.h"
#include "sim/math.h"

#include <string.h>

#define KW_PER_MW       1000.0
#define WH_PER_KWH      1000.0
#define HOURS_PER_YEAR  8766.0
#define MONTHS_PER_YEAR 12.0

/* A quota is at most this, so that sums of allotments stay inside int64. */
#define MOST_KW 1e15

void mdl_grid_init(mdl_grid_t *self, const mdl_params_t *params, const mdl_tables_t *tables, uint32_t account)
{
    memset(self, 0, sizeof *self);
    self->account = account;
    for (uint32_t p = 0; p < tables->n_provinces; p++) {
        double kw = tables->provinces[p].grid_quota_mw * KW_PER_MW * params->power_quota_scale;
        self->quota_kw[p] = (int64_t)(kw < MOST_KW ? kw : MOST_KW);
    }
}

int64_t mdl_grid_allot(mdl_grid_t *self, int32_t province, int64_t wanted_kw)
{
    int64_t left = self->quota_kw[province] - self->allotted_kw[province];
    int64_t granted = wanted_kw < left ? wanted_kw : left;
    granted = granted > 0 ? granted : 0;
    self->allotted_kw[province] += granted;
    return granted;
}

void mdl_grid_release(mdl_grid_t *self, int32_t province, int64_t kw)
{
    SIM_ASSERT(kw >= 0 && kw <= self->allotted_kw[province]);
    self->allotted_kw[province] -= kw;
}

static double full_tariff_fen_kwh(const mdl_params_t *params, const mdl_province_t *province)
{
    return province->power_price_yuan_kwh * params->power_price_scale * MDL_FEN_PER_YUAN;
}

double mdl_grid_tariff_fen_kwh(const mdl_params_t *params, const mdl_province_t *province, int flags)
{
    double price = full_tariff_fen_kwh(params, province);
    if (flags & MDL_TARIFF_SUBSIDISED)
        price *= 1 - params->power_subsidy_share;
    if (flags & MDL_TARIFF_DOMESTIC_CHIPS)
        price *= 1 - params->power_domestic_discount;
    return price;
}

int64_t mdl_grid_bill_fen(const mdl_params_t *params, const mdl_province_t *province, int flags, int64_t wh)
{
    return mdl_money_round((double)wh / WH_PER_KWH * mdl_grid_tariff_fen_kwh(params, province, flags));
}

int64_t mdl_grid_discount_fen(const mdl_params_t *params, const mdl_province_t *province, int flags, int64_t wh)
{
    return mdl_grid_bill_fen(params, province, 0, wh) - mdl_grid_bill_fen(params, province, flags, wh);
}

void mdl_grid_meter(mdl_grid_t *self, int32_t province, int64_t metered_wh, int64_t resold_wh)
{
    SIM_ASSERT(resold_wh >= 0 && metered_wh >= resold_wh);
    self->billed_wh[province] += metered_wh;
    self->resold_wh[province] += resold_wh;
}

static double resale_fen_kwh(const mdl_params_t *params, const mdl_province_t *province)
{
    return full_tariff_fen_kwh(params, province) * params->power_resale_price;
}

static double within_unit(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

mdl_resale_t mdl_grid_resell(const mdl_params_t *params, const mdl_province_t *province, const mdl_resale_site_t *site,
                             sim_rng_t *rng)
{
    mdl_resale_t resale = {0};
    double u = sim_draw_uniform(rng), price = resale_fen_kwh(params, province);
    double unused_wh = (double)site->allotted_kw * (double)site->hours * WH_PER_KWH - (double)site->used_wh;
    if (site->barred || unused_wh <= 0 || site->hours <= 0 ||
        price <= mdl_grid_tariff_fen_kwh(params, province, site->flags))
        return resale;
    resale.resold_wh = (int64_t)(unused_wh * within_unit(site->share));
    resale.revenue_fen = mdl_money_round((double)resale.resold_wh / WH_PER_KWH * price);
    resale.cost_fen = mdl_grid_bill_fen(params, province, site->flags, resale.resold_wh);
    double hours = (double)site->hours;
    double chance = -sim_expm1(-params->power_resale_hazard * hours / HOURS_PER_YEAR);
    resale.caught = resale.resold_wh > 0 && u < chance;
    if (resale.caught) {
        double months = params->power_resale_penalty * HOURS_PER_YEAR / MONTHS_PER_YEAR / hours;
        resale.penalty_fen = mdl_money_share(resale.revenue_fen, months);
    }
    return resale;
}

double mdl_grid_resale_gain_fen_kwh(const mdl_params_t *params, const mdl_province_t *province, int flags)
{
    double price = resale_fen_kwh(params, province);
    double fine = price * params->power_resale_hazard / MONTHS_PER_YEAR * params->power_resale_penalty;
    double gain = price - mdl_grid_tariff_fen_kwh(params, province, flags) - fine;
    return gain > 0 ? gain : 0;
}
