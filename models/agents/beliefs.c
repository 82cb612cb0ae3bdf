// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/beliefs.h"

#include "sim/math.h"
#include "sim/time.h"

#include <math.h>

#define FORECAST_EVERY_S (30 * SIM_DAY_S)
/* No rule expects rent to change by more than a factor e^1.5 until opening: keeps a trend from running away. */
#define MOST_LOG_CHANGE 1.5

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double days(int64_t duration_s)
{
    return (double)duration_s / (double)SIM_DAY_S;
}

void mdl_beliefs_init(mdl_beliefs_t *self)
{
    *self = (mdl_beliefs_t){.last_s = -1};
}

/* Moves a smoothed daily rate towards the change of log level since the last observation. */
static void smooth_rate(double *rate, double level, double last, double passed_d, double memory_d)
{
    if (level <= 0 || last <= 0)
        return;
    double gain = -sim_expm1(-passed_d / memory_d);
    *rate += gain * (sim_log(level / last) / passed_d - *rate);
}

static void judge_forecasts(mdl_beliefs_t *self, const mdl_params_t *params, double log_rent, int64_t now_s)
{
    double gain = (double)FORECAST_EVERY_S / (double)params->beliefs_error_memory_s;
    gain = gain > 1 ? 1 : gain;
    for (int i = 0; i < MDL_BELIEF_PENDING; i++) {
        if (self->due_s[i] == 0 || self->due_s[i] > now_s)
            continue;
        for (int rule = 0; rule < 2; rule++) {
            double error = log_rent - self->forecast_log[i][rule];
            self->squared_error[rule] += gain * (error * error - self->squared_error[rule]);
        }
        self->due_s[i] = 0;
    }
}

static void make_forecast(mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view, int64_t now_s)
{
    for (int i = 0; i < MDL_BELIEF_PENDING; i++) {
        if (self->due_s[i] != 0)
            continue;
        for (int rule = 0; rule < 2; rule++)
            self->forecast_log[i][rule] =
                sim_log(mdl_beliefs_opening_rent(self, params, view, (mdl_belief_rule_t)rule));
        self->due_s[i] = now_s + params->beliefs_horizon_s;
        break;
    }
    self->next_forecast_s = now_s + FORECAST_EVERY_S;
}

/* Business plans learn slowly that centres stand emptier than assumed; full ones make no plan bolder. */
static void learn_occupancy(mdl_beliefs_t *self, const mdl_params_t *params, double observed, double passed_d)
{
    if (params->beliefs_occupancy_learning_s <= 0)
        return;
    double gain = -sim_expm1(-passed_d / days(params->beliefs_occupancy_learning_s));
    self->shortfall += gain * (params->beliefs_occupancy_assumed - observed - self->shortfall);
    self->shortfall = self->shortfall > 0 ? self->shortfall : 0;
}

void mdl_beliefs_observe(mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view, int64_t now_s)
{
    if (view->rent_yuan <= 0)
        return;
    if (self->last_s >= 0 && now_s > self->last_s) {
        double passed_d = days(now_s - self->last_s);
        double memory_d = days(params->beliefs_momentum_memory_s);
        smooth_rate(&self->momentum_per_day, view->rent_yuan, self->rent_yuan, passed_d, memory_d);
        smooth_rate(&self->demand_growth_per_day, view->demand_h100e, self->demand_h100e, passed_d, memory_d);
        learn_occupancy(self, params, view->occupancy, passed_d);
    }
    self->rent_yuan = view->rent_yuan;
    self->demand_h100e = view->demand_h100e;
    self->last_s = now_s;
    judge_forecasts(self, params, sim_log(view->rent_yuan), now_s);
    if (now_s >= self->next_forecast_s)
        make_forecast(self, params, view, now_s);
}

double mdl_beliefs_extrapolator_share(const mdl_beliefs_t *self, const mdl_params_t *params)
{
    double start = params->beliefs_extrapolator_share;
    if (start <= 0 || start >= 1)
        return start;
    double advantage = self->squared_error[MDL_BELIEF_FUNDAMENTALIST] - self->squared_error[MDL_BELIEF_EXTRAPOLATOR];
    return sim_logistic(sim_log(start / (1 - start)) + params->beliefs_switching * advantage);
}

mdl_belief_rule_t mdl_beliefs_rule(const mdl_beliefs_t *self, const mdl_params_t *params, double u)
{
    if (params->beliefs_control)
        return MDL_BELIEF_RATIONAL;
    return u < mdl_beliefs_extrapolator_share(self, params) ? MDL_BELIEF_EXTRAPOLATOR : MDL_BELIEF_FUNDAMENTALIST;
}

/* Pipeline that a rule reckons with. */
static double pipeline_seen(const mdl_params_t *params, const mdl_market_view_t *view, mdl_belief_rule_t rule)
{
    double all = view->committed_h100e + view->announced_h100e;
    switch (rule) {
    case MDL_BELIEF_EXTRAPOLATOR: return params->beliefs_pipeline_extrapolator * all;
    case MDL_BELIEF_FUNDAMENTALIST: return params->beliefs_pipeline_fundamentalist * all;
    default: return view->committed_h100e + params->beliefs_completion * view->announced_h100e;
    }
}

/* Expected change of log rent until opening. */
static double expected_log_change(const mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view,
                                  mdl_belief_rule_t rule)
{
    double ahead_d = days(params->beliefs_horizon_s);
    double capacity = view->capacity_h100e > 1 ? view->capacity_h100e : 1;
    double supply = sim_log((capacity + pipeline_seen(params, view, rule)) / capacity);
    if (rule == MDL_BELIEF_EXTRAPOLATOR)
        return params->beliefs_extrapolation * self->momentum_per_day * ahead_d - supply;
    double demand = params->beliefs_demand_persistence * self->demand_growth_per_day * ahead_d;
    return params->beliefs_rent_response * (demand - supply);
}

double mdl_beliefs_opening_rent(const mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view,
                                mdl_belief_rule_t rule)
{
    double change = clamp(expected_log_change(self, params, view, rule), -MOST_LOG_CHANGE, MOST_LOG_CHANGE);
    double rent = view->rent_yuan * sim_exp(change);
    return rent > view->variable_cost_yuan ? rent : view->variable_cost_yuan;
}

double mdl_beliefs_life_rent(const mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view,
                             mdl_belief_rule_t rule)
{
    double weight =
        rule == MDL_BELIEF_EXTRAPOLATOR ? params->beliefs_gap_extrapolator : params->beliefs_gap_fundamentalist;
    double gap = mdl_beliefs_opening_rent(self, params, view, rule) - view->entry_cost_yuan;
    double rent = view->entry_cost_yuan + weight * gap;
    return rent > view->variable_cost_yuan ? rent : view->variable_cost_yuan;
}

double mdl_beliefs_occupancy(const mdl_beliefs_t *self, const mdl_params_t *params, const mdl_market_view_t *view,
                             mdl_belief_rule_t rule)
{
    if (rule == MDL_BELIEF_RATIONAL)
        return view->occupancy;
    double neglect = params->beliefs_occupancy_neglect;
    double planned = clamp(params->beliefs_occupancy_assumed - self->shortfall, 0, 1);
    return neglect * planned + (1 - neglect) * view->occupancy;
}
