// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/lab.h"
#include "models/agents/frontier.h"
#include "sim/draw.h"

/* Total that a sum of useful seconds may reach: far above any world, far below the end of int64. */
#define MAX_USEFUL_S (INT64_MAX / 4)

/* Lognormal with mean 1. */
static double unit_lognormal(sim_rng_t *rng, double sigma)
{
    return sim_draw_lognormal(rng, -0.5 * sigma * sigma, sigma);
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : (x > high ? high : x);
}

void mdl_lab_init(mdl_lab_t *self, const mdl_params_t *params, const mdl_address_t *at, bool incumbent,
                  double closed_log)
{
    sim_rng_t rng;
    mdl_address_draw_once(at, MDL_PURPOSE_LAB_TRAITS, &rng);
    *self = (mdl_lab_t){.stage = MDL_LAB_POTENTIAL, .registered_day = -1, .quit_day = -1};
    self->base_nodes = clamp(params->labs_base_nodes * unit_lognormal(&rng, params->labs_base_sigma),
                             (double)params->labs_min_nodes, (double)params->labs_max_nodes);
    self->popularity = unit_lognormal(&rng, params->labs_popularity_sigma);
    if (!incumbent)
        return;
    self->stage = MDL_LAB_TRAINING;
    self->registered_day = 0;
    self->closed_log_entry = closed_log;
    self->useful_gpu_s = mdl_demand_count(params->labs_incumbent_hours * (double)SIM_HOUR_S, MAX_USEFUL_S);
}

static double entry_rate(const mdl_params_t *params, const mdl_lab_env_t *env)
{
    double excited = env->hype > env->background ? env->hype - env->background : 0.0;
    double contagious = excited * (1.0 + params->labs_imitation * env->entered_share);
    return params->labs_entry_background + params->labs_entry_hazard * contagious;
}

double mdl_lab_entry_probability(const mdl_params_t *params, const mdl_lab_env_t *env)
{
    return mdl_day_probability(entry_rate(params, env));
}

double mdl_lab_capability(const mdl_lab_t *self)
{
    return mdl_frontier_capability((double)self->useful_gpu_s / (double)SIM_HOUR_S);
}

void mdl_lab_funded(mdl_lab_t *self, int64_t amount_fen)
{
    if (amount_fen <= 0)
        return;
    self->raised_fen += amount_fen;
    self->rounds++;
}

void mdl_lab_trained(mdl_lab_t *self, int64_t useful_gpu_s)
{
    if (useful_gpu_s <= 0)
        return;
    int64_t room = MAX_USEFUL_S - self->useful_gpu_s;
    self->useful_gpu_s += useful_gpu_s < room ? useful_gpu_s : room;
}

/* The cluster it would like: its first size, grown as the closed frontier has grown since it registered. */
static double ambition_nodes(const mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env)
{
    double grown = clamp(params->labs_ambition * (env->closed_log - self->closed_log_entry), 0.0, 50.0);
    double nodes = self->base_nodes * sim_exp(grown);
    return clamp(nodes, (double)params->labs_min_nodes, (double)params->labs_max_nodes);
}

/* Monthly money that it may spend: what is in the bank, over the runway, and what its users pay. */
static double budget_fen_month(const mdl_params_t *params, const mdl_lab_env_t *env)
{
    double cash = env->cash_fen > 0 ? (double)env->cash_fen : 0.0;
    return cash / params->labs_runway + (double)env->revenue_fen_day * MDL_DAYS_PER_MONTH;
}

/* Nodes at `rent_fen` that `fen_month` pays for; all that one may wish when rent is unknown. */
static double affordable_nodes(double fen_month, int64_t rent_fen)
{
    if (rent_fen <= 0)
        return MDL_DEMAND_MAX_NODES;
    return fen_month > 0.0 ? fen_month / (double)rent_fen : 0.0;
}

static int64_t round_fen(const mdl_params_t *params, double nodes, double years)
{
    double fen = nodes * years * 12.0 * (double)params->labs_reference_rent_fen;
    return mdl_demand_count(fen, MDL_DEMAND_MAX_FEN);
}

/* What it could be worth after a planning horizon on the cluster it can pay for. */
static double planned_capability(const mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env)
{
    double payable = affordable_nodes(budget_fen_month(params, env), env->rent_training_fen);
    double nodes = ambition_nodes(self, params, env);
    nodes = payable < nodes ? payable : nodes;
    double horizon_h = (double)params->labs_plan_horizon_s / (double)SIM_HOUR_S;
    double ahead = nodes * MDL_NODE_GPUS * horizon_h * params->labs_plan_activity * env->hour_worth;
    return mdl_frontier_capability((double)self->useful_gpu_s / (double)SIM_HOUR_S + ahead);
}

/* How pointless own training is, 0 to 1: logistic in the open frontier's lead over its plan. */
static double pointlessness(const mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env)
{
    if (!env->open_exists)
        return 0.0;
    return sim_logistic((env->open_log - planned_capability(self, params, env)) / params->labs_quit_width);
}

/* A lab that has never had money asks for its first equity at once; later rounds come at a hazard that follows venture
 * sentiment and shies away from training that is pointless. What went to those who have stopped gathers at those who are
 * left. */
static int64_t equity_asked(const mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env,
                            const mdl_address_t *at)
{
    if (self->rounds == 0)
        return round_fen(params, self->base_nodes, params->labs_seed_years);
    double drawn = mdl_address_uniform(at, MDL_PURPOSE_LAB_REFINANCE);
    double hopeful = params->labs_refinance_hazard * env->venture;
    if (!mdl_demand_may_strike(drawn, hopeful * env->gathered))
        return 0;
    double hope = 1.0 - pointlessness(self, params, env);
    if (!mdl_demand_strikes(drawn, hopeful * hope * env->gathered))
        return 0;
    return round_fen(params, ambition_nodes(self, params, env), params->labs_round_years);
}

/* Whether it gives up training today, and why. */
static mdl_lab_quit_cause_t quits(mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env,
                                  const mdl_address_t *at)
{
    if (self->rounds == 0)
        return MDL_LAB_QUIT_NONE;
    double payable = affordable_nodes(budget_fen_month(params, env), env->rent_training_fen);
    self->starved_days = payable < (double)params->labs_min_nodes ? self->starved_days + 1 : 0;
    if ((int64_t)self->starved_days * SIM_DAY_S > params->labs_patience_s)
        return MDL_LAB_QUIT_CASH;
    double drawn = mdl_address_uniform(at, MDL_PURPOSE_LAB_QUIT);
    if (!mdl_demand_may_strike(drawn, params->labs_quit_hazard))
        return MDL_LAB_QUIT_NONE;
    double hazard = params->labs_quit_hazard * pointlessness(self, params, env);
    return mdl_demand_strikes(drawn, hazard) ? MDL_LAB_QUIT_POINTLESS : MDL_LAB_QUIT_NONE;
}

/* Most that it pays: average rent and a premium that grows with hype and with the share of its wish that it lacks. */
static int64_t bid_fen(const mdl_params_t *params, const mdl_lab_env_t *env, int64_t rent_fen, double lacking)
{
    double premium = params->labs_bid_premium * clamp(env->hype, 0.0, 1.0) * clamp(lacking, 0.0, 1.0);
    return mdl_demand_count((double)rent_fen * (1.0 + premium), MDL_DEMAND_MAX_FEN);
}

/* The cluster: ambition as far as `fen_month` carries, at least one smallest gang or nothing. Spare nodes stay outside
 * the gang. */
static mdl_want_t want_training(mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env, double fen_month)
{
    double nodes = ambition_nodes(self, params, env);
    double payable = affordable_nodes(fen_month, env->rent_training_fen);
    nodes = payable < nodes ? payable : nodes;
    int32_t high = (int32_t)mdl_demand_count((double)params->labs_max_nodes, MDL_DEMAND_MAX_NODES);
    self->wanted_nodes = nodes < (double)params->labs_min_nodes
                             ? 0
                             : mdl_demand_settle(self->wanted_nodes, nodes, params->labs_resize_band, high);
    int32_t spare = (int32_t)mdl_demand_count(self->wanted_nodes * params->labs_spare_share, high);
    double lacking = self->wanted_nodes > 0 ? 1.0 - (double)env->held_training_nodes / self->wanted_nodes : 0.0;
    return (mdl_want_t){.nodes = self->wanted_nodes,
                        .gang_nodes = self->wanted_nodes - spare,
                        .limit_fen = bid_fen(params, env, env->rent_training_fen, lacking)};
}

/* `nodes`, as far as `fen_month` pays for; what they cost is taken from `fen_month`. */
static mdl_want_t want_small(int32_t *held, const mdl_params_t *params, double nodes, int64_t rent_fen,
                             int64_t limit_fen, double *fen_month)
{
    double payable = affordable_nodes(*fen_month, rent_fen);
    nodes = payable < nodes ? payable : nodes;
    *held = mdl_demand_settle(*held, nodes, params->labs_resize_band, MDL_DEMAND_MAX_NODES);
    *fen_month -= (double)*held * (double)rent_fen;
    return (mdl_want_t){.nodes = *held, .limit_fen = limit_fen};
}

/* Nodes that serve its users. */
static double serving_nodes(const mdl_params_t *params, const mdl_lab_env_t *env)
{
    double capacity = env->tokens_node_day * params->tokens_load;
    return capacity > 0.0 && env->tokens_day > 0 ? (double)env->tokens_day / capacity + 1.0 : 0.0;
}

/* Wages and data are paid from money in the bank; users and fine-tuning come before training, since they keep the firm
 * alive. */
static void spend(mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env, mdl_lab_decision_t *decision)
{
    double wages = params->labs_payroll * (double)self->raised_fen / MDL_DAYS_PER_YEAR;
    decision->payroll_fen = mdl_demand_count(wages, env->cash_fen > 0 ? env->cash_fen : 0);
    double fen_month = budget_fen_month(params, env);
    double serving = serving_nodes(params, env);
    decision->inference = want_small(&self->inference_nodes, params, serving, env->rent_inference_fen,
                                     env->inference_limit_fen, &fen_month);
    double tuning = params->labs_finetune_share * self->base_nodes;
    decision->finetune =
        want_small(&self->finetune_nodes, params, tuning, env->rent_finetune_fen, env->finetune_limit_fen, &fen_month);
    if (self->stage == MDL_LAB_TRAINING)
        decision->training = want_training(self, params, env, fen_month);
}

/* Whether a firm that enters today does not mean to train: what its first equity could train is worth less than what it
 * can download. */
static bool sees_no_point(const mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env, double drawn)
{
    mdl_lab_env_t funded = *env;
    funded.cash_fen = round_fen(params, self->base_nodes, params->labs_seed_years);
    return drawn < pointlessness(self, params, &funded);
}

static void enter(mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env, const mdl_address_t *at,
                  mdl_lab_decision_t *decision)
{
    if (!mdl_lab_enters(env, at))
        return;
    sim_rng_t rng;
    mdl_address_draw(at, MDL_PURPOSE_LAB_ENTRY, &rng);
    (void)sim_draw_uniform(&rng); /* which brought it here */
    self->stage = MDL_LAB_TRAINING;
    self->registered_day = at->day;
    self->closed_log_entry = env->closed_log;
    decision->enter = true;
    decision->raise_fen = equity_asked(self, params, env, at);
    if (!sees_no_point(self, params, env, sim_draw_uniform(&rng)))
        return;
    self->stage = MDL_LAB_SERVING;
    decision->raise_fen = round_fen(params, self->base_nodes * params->labs_finetune_share, params->labs_seed_years);
}

void mdl_lab_look(mdl_lab_env_t *env, const mdl_params_t *params)
{
    double entered = env->entered_per_training > 1.0 ? env->entered_per_training : 1.0;
    env->gathered = sim_pow(entered, params->labs_gathering);
    env->entry_rate = entry_rate(params, env);
    env->inference_limit_fen = bid_fen(params, env, env->rent_inference_fen, 1.0);
    env->finetune_limit_fen = bid_fen(params, env, env->rent_finetune_fen, 1.0);
}

void mdl_lab_step(mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env, const mdl_address_t *at,
                  mdl_lab_decision_t *decision)
{
    *decision = (mdl_lab_decision_t){0};
    if (self->stage == MDL_LAB_POTENTIAL) {
        enter(self, params, env, at, decision);
        return;
    }
    mdl_lab_quit_cause_t cause = self->stage == MDL_LAB_TRAINING ? quits(self, params, env, at) : MDL_LAB_QUIT_NONE;
    if (cause != MDL_LAB_QUIT_NONE) {
        decision->quit_training = true;
        self->stage = MDL_LAB_SERVING;
        self->quit_cause = cause;
        self->quit_day = at->day;
        self->wanted_nodes = 0;
    }
    if (self->stage == MDL_LAB_TRAINING)
        decision->raise_fen = equity_asked(self, params, env, at);
    spend(self, params, env, decision);
}
