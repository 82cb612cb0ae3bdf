// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/enterprise.h"
#include "models/market/tokens.h"
#include "sim/draw.h"

#include <math.h>

/* How far trends and log odds may run. */
#define MAX_LOG 50.0

static double clamp(double x, double low, double high)
{
    return x < low ? low : (x > high ? high : x);
}

void mdl_enterprise_init(mdl_enterprise_t *self, const mdl_params_t *params, const mdl_address_t *at)
{
    sim_rng_t rng;
    mdl_address_draw_once(at, MDL_PURPOSE_ENTERPRISE_TRAITS, &rng);
    double start = params->enterprise_adoption_start;
    *self = (mdl_enterprise_t){.adoption_logit = sim_log(start / (1.0 - start))};
    self->adoption_logit += sim_draw_normal(&rng, 0.0, params->enterprise_adoption_spread);
    self->noise_log = sim_draw_normal(&rng, 0.0, params->enterprise_demand_sd);
}

void mdl_enterprise_release(mdl_enterprise_t *self, const mdl_params_t *params, double step_log)
{
    if (step_log > 0.0)
        self->pending_logit += params->enterprise_release_push * step_log;
}

double mdl_enterprise_adoption(const mdl_enterprise_t *self)
{
    return sim_logistic(self->adoption_logit);
}

double mdl_enterprise_nodes(int64_t tokens_day, double tokens_node_day, double load)
{
    double served = tokens_node_day * load;
    return tokens_day > 0 && served > 0.0 ? (double)tokens_day / served : 0.0;
}

/* Adoption spreads (its log odds grow evenly: a logistic) and takes up what releases have pushed; tasks grow as models
 * can do more (reasoning, agents); other demand drifts and swings. */
static void move_demand(mdl_enterprise_t *self, const mdl_params_t *params, const mdl_enterprise_env_t *env,
                        const mdl_address_t *at)
{
    double depth = clamp(params->enterprise_depth * (env->open_log - params->enterprise_depth_from), 0.0, MAX_LOG);
    self->depth_log += env->taken_up * (depth - self->depth_log);
    double arrived = env->taken_up * self->pending_logit;
    self->pending_logit -= arrived;
    double logit = self->adoption_logit + arrived + params->enterprise_adoption_growth / MDL_DAYS_PER_YEAR;
    self->adoption_logit = clamp(logit, -MAX_LOG, MAX_LOG);

    sim_rng_t rng;
    mdl_address_draw(at, MDL_PURPOSE_ENTERPRISE_DEMAND, &rng);
    self->noise_log = env->demand_kept * self->noise_log + sim_draw_normal(&rng, 0.0, env->demand_sd);
    self->trend_log = clamp(self->trend_log + params->enterprise_growth / MDL_DAYS_PER_YEAR, -MAX_LOG, MAX_LOG);
}

/* Tokens by who serves them. Shares that a scenario sets to more than 1 together leave nothing to run oneself. */
static void buy_tokens(const mdl_params_t *params, double used, double adoption, const mdl_enterprise_env_t *env,
                       mdl_enterprise_decision_t *decision)
{
    double tokens = used * mdl_tokens_demand(params, env->tokens_at_price, adoption);
    int64_t all = mdl_demand_count(tokens, MDL_DEMAND_MAX_TOKENS);
    int64_t platforms = mdl_demand_count((double)all * params->platforms_token_share, all);
    int64_t labs = mdl_demand_count((double)all * params->labs_token_share, all - platforms);
    decision->tokens_day = all;
    decision->tokens_platforms = platforms;
    decision->tokens_labs = labs;
    decision->tokens_own = all - platforms - labs;
    decision->bill_platforms_fen = mdl_tokens_bill(platforms, env->token_price_fen_bn);
    decision->bill_labs_fen = mdl_tokens_bill(labs, env->token_price_fen_bn);
}

static mdl_want_t want(const mdl_params_t *params, int32_t *held, double nodes, int64_t limit_fen)
{
    *held = mdl_demand_settle(*held, nodes + 0.5, params->enterprise_resize_band, MDL_DEMAND_MAX_NODES);
    return (mdl_want_t){.nodes = *held, .limit_fen = limit_fen};
}

static int64_t limit_fen(const mdl_params_t *params, int64_t rent_fen)
{
    double limit = rent_fen > 0 ? (double)rent_fen * (1.0 + params->enterprise_bid_premium) : 0.0;
    return mdl_demand_count(limit, MDL_DEMAND_MAX_FEN);
}

static double price_log(const mdl_params_t *params, int64_t rent_fen)
{
    double rent = rent_fen > 0 ? (double)rent_fen : (double)params->enterprise_reference_rent_fen;
    return sim_log(rent / (double)params->enterprise_reference_rent_fen);
}

void mdl_enterprise_look(mdl_enterprise_env_t *env, const mdl_params_t *params)
{
    double keep = 1.0 - mdl_day_gain(params->enterprise_demand_memory_s);
    env->taken_up = mdl_day_gain(params->enterprise_release_lag_s);
    env->tokens_at_price = mdl_tokens_at_price(params, env->token_price_fen_bn);
    env->demand_kept = keep;
    env->demand_sd = params->enterprise_demand_sd * sqrt(1.0 - keep * keep);
    env->price_log_finetune = price_log(params, env->rent_finetune_fen);
    env->price_log_batch = price_log(params, env->rent_batch_fen);
    env->limit_inference_fen = limit_fen(params, env->rent_inference_fen);
    env->limit_finetune_fen = limit_fen(params, env->rent_finetune_fen);
    env->limit_batch_fen = limit_fen(params, env->rent_batch_fen);
}

/* Fine-tuning or batch, log of what the national start is multiplied by: trend, swings, elasticity to rent. */
static double work_log(const mdl_enterprise_t *self, const mdl_params_t *params, double price)
{
    return clamp(self->trend_log + self->noise_log - params->enterprise_rent_elasticity * price, -MAX_LOG, MAX_LOG);
}

void mdl_enterprise_step(mdl_enterprise_t *self, const mdl_params_t *params, double weight,
                         const mdl_enterprise_env_t *env, const mdl_address_t *at, mdl_enterprise_decision_t *decision)
{
    *decision = (mdl_enterprise_decision_t){0};
    move_demand(self, params, env, at);
    enum { DEPTH, FINETUNE, BATCH, ODDS, EXPONENTIALS };
    double e[EXPONENTIALS] = {[DEPTH] = self->depth_log,
                              [FINETUNE] = work_log(self, params, env->price_log_finetune),
                              [BATCH] = work_log(self, params, env->price_log_batch),
                              [ODDS] = -fabs(self->adoption_logit)};
    sim_exp_each(e, EXPONENTIALS);
    double adoption = sim_logistic_of(self->adoption_logit, e[ODDS]);
    buy_tokens(params, weight * e[DEPTH], adoption, env, decision);
    double inference = mdl_enterprise_nodes(decision->tokens_own, env->tokens_node_day, params->tokens_load);
    double near = inference * params->enterprise_low_latency_share;
    decision->inference_near = want(params, &self->near_nodes, near, env->limit_inference_fen);
    decision->inference_far = want(params, &self->far_nodes, inference - near, env->limit_inference_fen);
    double finetune = params->enterprise_finetune_start * weight * e[FINETUNE];
    decision->finetune = want(params, &self->finetune_nodes, finetune, env->limit_finetune_fen);
    double batch = params->enterprise_batch_start * weight * e[BATCH];
    decision->batch = want(params, &self->batch_nodes, batch, env->limit_batch_fen);
}
