// SPDX-License-Identifier: GPL-3.0-or-later
/* Beliefs: what builders of data centres expect of rent and occupancy over a centre's life.
 *
 * Two rules live side by side (Brock-Hommes 1998; Greenwood-Hanson 2015). Extrapolators carry the trend of rent forward
 * and see little of the pipeline; fundamentalists set the pipeline that they see against the growth of demand. Shares
 * follow past forecast errors through a logit. Both write down an occupancy that learns late what open centres have. The
 * rational control (`beliefs.control`) is a third rule that everyone uses: no trend, the whole pipeline weighed by its
 * chance to open, occupancy as observed.
 *
 * One mdl_beliefs_t is the public memory of the market: what everyone can read in the trade press. A builder's own rule
 * is chosen with mdl_beliefs_rule from a uniform number that it keeps for life.
 *
 *     mdl_beliefs_observe(&beliefs, params, &view, now_s);              // daily
 *     mdl_belief_rule_t rule = mdl_beliefs_rule(&beliefs, params, u);   // when a builder decides
 *     double rent = mdl_beliefs_life_rent(&beliefs, params, &view, rule);
 */
#ifndef MDL_BELIEFS_H
#define MDL_BELIEFS_H

#include "models/params/params.h"

#include <stdint.h>

typedef enum mdl_belief_rule {
    MDL_BELIEF_EXTRAPOLATOR,
    MDL_BELIEF_FUNDAMENTALIST,
    MDL_BELIEF_RATIONAL,
    MDL_BELIEF_RULES
} mdl_belief_rule_t;

/* What can be seen of the market on one day. Capacities in H100-equivalents; operating capacity is the one that the trade
 * press counts, platforms included, the pipeline that of projects. */
typedef struct mdl_market_view {
    double rent_yuan;          /* index of node rents, per 8-GPU node-month of the reference type */
    double full_cost_yuan;     /* full cost of such a node-month at list prices */
    double entry_cost_yuan;    /* the same of the chips that new entrants can get: scarce chips make it dearer */
    double variable_cost_yuan; /* floor of rents */
    double capacity_h100e;     /* operating */
    double committed_h100e;    /* financed and not yet open */
    double announced_h100e;    /* announced or approved, no money yet */
    double demand_h100e;       /* wanted at today's rents */
    double occupancy;          /* leased share of powered capacity, 0 to 1 */
} mdl_market_view_t;

/* Forecasts wait in a ring until they can be judged: one a month, judged beliefs.horizon later (at most 36 months). */
#define MDL_BELIEF_PENDING 36

typedef struct mdl_beliefs {
    double rent_yuan;             /* last observed */
    double momentum_per_day;      /* smoothed daily change of log rent */
    double demand_h100e;          /* last observed */
    double demand_growth_per_day; /* smoothed daily change of log demand */
    double shortfall;             /* assumed occupancy less that observed, as far as plans have learnt it; >= 0 */
    double squared_error[2];      /* smoothed, of log rent, extrapolators and fundamentalists */
    double forecast_log[MDL_BELIEF_PENDING][2];
    int64_t due_s[MDL_BELIEF_PENDING]; /* when the forecast is judged; 0 = free place */
    int64_t next_forecast_s;
    int64_t last_s; /* time of the last observation; -1 before the first */
} mdl_beliefs_t;

void mdl_beliefs_init(mdl_beliefs_t *self);

/* Takes in one observation at now_s: updates trends, judges forecasts that are due, makes the month's new ones. */
void mdl_beliefs_observe(mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view, int64_t now_s);

/* Share of extrapolators, 0 to 1: logit on squared forecast errors around the given starting share. */
double mdl_beliefs_extrapolator_share(const mdl_beliefs_t *self, const mdl_params_t *params);

/* The rule of the builder whose lifelong uniform number is `u` in [0, 1). */
mdl_belief_rule_t mdl_beliefs_rule(const mdl_beliefs_t *self, const mdl_params_t *params, double u);

/* Rent expected when a project decided today opens, yuan per node-month. Never below variable cost. */
double mdl_beliefs_opening_rent(const mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view,
                                mdl_belief_rule_t rule);

/* Mean rent expected over a centre's life: entrants' full cost plus the lasting part of the gap at opening. */
double mdl_beliefs_life_rent(const mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view,
                             mdl_belief_rule_t rule);

/* Occupancy expected over a centre's life, 0 to 1. */
double mdl_beliefs_occupancy(const mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view,
                             mdl_belief_rule_t rule);

#endif
