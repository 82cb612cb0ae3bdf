// SPDX-License-Identifier: GPL-3.0-or-later
/* Cities: local governments that compete for announced compute with grants, while land revenue falls.
 *
 * Each week a city compares the capacity announced in it with the mean of its tier. Behind, it raises its offer; ahead
 * of the tier or of its own target, it lets the offer drift down. What it may promise in a year is a share of a budget
 * that follows land revenue and the general enthusiasm. Grants are promised at announcement and paid on events; audits
 * measure use and count chips, and a breach is clawed back.
 */
#ifndef MDL_CITY_H
#define MDL_CITY_H

#include "models/params/params.h"
#include "models/params/tables.h"

#include <stdbool.h>
#include <stdint.h>

/* What builders look at every day stands in the first cache line. */
typedef struct mdl_city_state {
    _Alignas(64) int32_t province;
    int32_t tier;
    double debt_ratio;
    double raised_share;    /* what the tournament added to the offer of the start, share of capital */
    double announced_h100e; /* recently announced, with forgetting */
    double target_h100e;
    int64_t budget_fen;     /* this year's */
    int64_t promised_fen;   /* this year */
    int64_t budget_until_s; /* end of the budget year */

    uint64_t entity;
    double base_budget_yuan; /* per year, at the land revenue of 2021 */
    int64_t vouchers_fen;    /* paid this year */
    int64_t bailouts_fen;    /* paid this year */
    int64_t paid_fen;        /* since the start */
    int64_t clawed_back_fen; /* since the start */
} mdl_city_state_t;

/* A city on the first day, from its table row; `tflops_per_h100e`: dense FP16 of the reference type. */
void mdl_city_init(mdl_city_state_t *self, const mdl_city_t *row, uint32_t index, double tflops_per_h100e);
/* Starts a new budget year when the old one is over. hype in [0, 1]. */
void mdl_city_budget(mdl_city_state_t *self, const mdl_params_t *params, double hype, int64_t now_s);
/* The weekly step of the tournament; `tier_mean_h100e` over the cities of its tier. */
void mdl_city_compete(mdl_city_state_t *self, const mdl_params_t *params, double tier_mean_h100e);
/* Forgets a week of announcements, and adds one. */
void mdl_city_forget(mdl_city_state_t *self, const mdl_params_t *params, int64_t passed_s);
/* What it would promise today, share of capital; 0 when promises have used the year's share of the budget, subsidies
 * are off, or `above_trend` under the counter-cyclical switch. */
double mdl_city_offer(const mdl_city_state_t *self, const mdl_params_t *params, bool above_trend);
/* Promises a grant of at most `wanted_fen`; returns what it promised, within the year's budget. */
int64_t mdl_city_promise(mdl_city_state_t *self, const mdl_params_t *params, int64_t wanted_fen);
/* Factor on the political benefit of a project: 1 at the land revenue of 2021, more when it has fallen. */
double mdl_city_land_motive(const mdl_city_state_t *self, const mdl_params_t *params);

/* Whether an audit finds a breach: too few chips, or too little measured use of the planned GPU hours. */
bool mdl_city_breach(const mdl_params_t *params, double installed_share, double use_share);
/* Payment due for a month of measured use under the utilisation-linked part of a grant. */
int64_t mdl_city_linked_payment_fen(const mdl_params_t *params, int64_t grant_fen, double use_share, int64_t passed_s);

#endif
