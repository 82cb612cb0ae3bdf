// SPDX-License-Identifier: GPL-3.0-or-later
/* The grid: allots power, bills it, and pays for what is resold, unless it looks.
 *
 * A site gets an allotment in kW out of its province's quota. Everything that passes its meter is billed at its tariff,
 * resold power included (metered = used by IT x PUE + resold). A site whose tariff is discounted below the going price
 * can earn the difference on the unused part of its allotment (M13); inspections find it with a yearly hazard, end the
 * resale for good and fine it.
 *
 *     granted_kw = mdl_grid_allot(&grid, province, wanted_kw);
 *     bill_fen = mdl_grid_bill_fen(params, &tables->provinces[p], flags, wh);
 *     resale = mdl_grid_resell(params, province, &site, hours, &rng);
 *
 * Plain struct without pointers.
 */
#ifndef MDL_GRID_H
#define MDL_GRID_H

#include "models/params/params.h"
#include "models/params/tables.h"
#include "sim/rng.h"

/* What a site's tariff depends on. */
typedef enum mdl_tariff_flag {
    MDL_TARIFF_DOMESTIC_CHIPS = 1, /* runs domestic chips: power.domestic_discount (S08) */
    MDL_TARIFF_SUBSIDISED = 2      /* an AI centre with a city's or the state's power deal: power.subsidy_share */
} mdl_tariff_flag_t;

typedef struct mdl_grid {
    uint32_t account;
    uint32_t reserved;
    int64_t quota_kw[MDL_MAX_PROVINCES];    /* of the table, x power.quota_scale at the start */
    int64_t allotted_kw[MDL_MAX_PROVINCES]; /* <= quota */
    int64_t billed_wh[MDL_MAX_PROVINCES];   /* since the start */
    int64_t resold_wh[MDL_MAX_PROVINCES];
    int64_t caught; /* sites found reselling */
} mdl_grid_t;

void mdl_grid_init(mdl_grid_t *self, const mdl_params_t *params, const mdl_tables_t *tables, uint32_t account);

/* Allots up to `wanted_kw`, as far as the province's quota reaches; returns what was granted (0 is possible). */
int64_t mdl_grid_allot(mdl_grid_t *self, int32_t province, int64_t wanted_kw);
/* Gives an allotment back. */
void mdl_grid_release(mdl_grid_t *self, int32_t province, int64_t kw);

/* Price of a kWh for a site, fen (not whole): the province's industrial tariff less subsidy and domestic discount; the
 * discounts multiply. `flags`: mdl_tariff_flag_t. */
double mdl_grid_tariff_fen_kwh(const mdl_params_t *params, const mdl_province_t *province, int flags);
/* What a site pays for `wh` at that tariff. */
int64_t mdl_grid_bill_fen(const mdl_params_t *params, const mdl_province_t *province, int flags, int64_t wh);
/* The discount in it: full tariff less what is paid; who bears it is the caller's matter. */
int64_t mdl_grid_discount_fen(const mdl_params_t *params, const mdl_province_t *province, int flags, int64_t wh);
/* Counts a billed meter reading; resold_wh is part of metered_wh. */
void mdl_grid_meter(mdl_grid_t *self, int32_t province, int64_t metered_wh, int64_t resold_wh);

/* A site that might resell. */
typedef struct mdl_resale_site {
    int64_t allotted_kw;
    int64_t used_wh; /* through the meter in the period, without resale */
    int64_t hours;   /* length of the period */
    double share;    /* of the unused allotment that its owner wants to resell (developers.resale_share), 0 to 1 */
    int flags;       /* of its tariff */
    bool barred;     /* caught before */
} mdl_resale_site_t;

typedef struct mdl_resale {
    int64_t resold_wh;
    int64_t revenue_fen; /* grid pays this */
    int64_t cost_fen;    /* part of the site's bill that is for resold power */
    int64_t penalty_fen; /* when caught */
    bool caught;
} mdl_resale_t;

/* Sells `share` of the unused allotment at power.resale_price of the full tariff, if that is above the
 * site's own tariff. Inspections come with power.resale_hazard a year times the period; `rng` stands at (site's entity,
 * MDL_PURPOSE_POWER_AUDIT, day). Caught: a fine of power.resale_penalty
 * months of such revenue. */
mdl_resale_t mdl_grid_resell(const mdl_params_t *params, const mdl_province_t *province, const mdl_resale_site_t *site,
                             sim_rng_t *rng);
/* Expected gain of reselling, fen per kWh, enforcement counted over a year's income: what a rent-seeker reckons with.
 */
double mdl_grid_resale_gain_fen_kwh(const mdl_params_t *params, const mdl_province_t *province, int flags);

#endif
