// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/platform.h"
#include "sim/draw.h"

#include <math.h>
#include <string.h>

#define FEN_PER_BN_YUAN 1e11

/* How far trends and swings may run (log): e^50 of anything is beyond the bounds of a decision anyway. */
#define MAX_LOG 50.0

static double clamp(double x, double low, double high)
{
    return x < low ? low : (x > high ? high : x);
}

mdl_zone_t mdl_zone_of(const mdl_province_t *province)
{
    static const char *const names[MDL_ZONES] = {"east", "central", "west"};
    for (int zone = 0; zone < MDL_ZONES; zone++)
        if (strcmp(province->zone, names[zone]) == 0)
            return (mdl_zone_t)zone;
    return MDL_ZONE_EAST;
}

void mdl_platform_init(mdl_platform_state_t *self, const mdl_params_t *params, const mdl_platform_t *row,
                       double fleet_total_h100e, const mdl_address_t *at)
{
    sim_rng_t rng;
    mdl_address_draw_once(at, MDL_PURPOSE_PLATFORM_TRAITS, &rng);
    *self = (mdl_platform_state_t){.start_demand_h100e = params->platforms_demand_share * row->fleet_h100e};
    self->weight = fleet_total_h100e > 0.0 ? row->fleet_h100e / fleet_total_h100e : 0.0;
    self->noise_log = sim_draw_normal(&rng, 0.0, params->platforms_demand_sd);
}

/* Classic demand drifts and swings (an autoregressive log deviation with the parameter's standard deviation); training
 * is taken up at a rate that follows hype and never given back. */
static void move_demand(mdl_platform_state_t *self, const mdl_params_t *params, const mdl_platform_env_t *env,
                        const mdl_address_t *at)
{
    sim_rng_t rng;
    mdl_address_draw(at, MDL_PURPOSE_PLATFORM_DEMAND, &rng);
    double shock = sim_draw_normal(&rng, 0.0, env->demand_sd);
    self->noise_log = env->demand_kept * self->noise_log + shock;
    self->trend_log = clamp(self->trend_log + params->platforms_demand_growth / MDL_DAYS_PER_YEAR, -MAX_LOG, MAX_LOG);
    self->commitment += clamp(env->hype, 0.0, 1.0) * env->training_taken_up * (1.0 - self->commitment);
}

static mdl_platform_demand_t own_demand(const mdl_platform_state_t *self, const mdl_params_t *params,
                                        const mdl_platform_env_t *env)
{
    double growth = sim_exp(self->trend_log);
    double served = env->tokens_node_day * params->tokens_load;
    double nodes = served > 0.0 && env->tokens_day > 0 ? (double)env->tokens_day / served : 0.0;
    return (mdl_platform_demand_t){
        .classic_h100e = self->start_demand_h100e * sim_exp(self->trend_log + self->noise_log),
        .training_h100e = params->platforms_training * self->weight * self->commitment * growth,
        .inference_h100e = nodes * MDL_NODE_GPUS,
    };
}

static double demand_total(const mdl_platform_demand_t *own)
{
    return own->classic_h100e + own->training_h100e + own->inference_h100e;
}

/* Splits the fleet: the same share of each zone is kept for own jobs; part of the rest is held out for rent. */
static void split_fleet(const mdl_params_t *params, const mdl_platform_env_t *env, mdl_platform_decision_t *decision)
{
    double fleet = 0.0;
    for (int zone = 0; zone < MDL_ZONES; zone++)
        fleet += env->fleet_h100e[zone];
    double own = demand_total(&decision->own);
    double kept_share = fleet > 0.0 ? clamp(own / fleet, 0.0, 1.0) : 1.0;
    int32_t kept = 0;
    for (int zone = 0; zone < MDL_ZONES; zone++) {
        int32_t nodes = env->fleet_nodes[zone] > 0 ? env->fleet_nodes[zone] : 0;
        double idle = nodes * (1.0 - kept_share);
        decision->slack_nodes[zone] = (int32_t)mdl_demand_count(idle * params->platforms_rented_share, nodes);
        decision->own_nodes[zone] = nodes - (int32_t)mdl_demand_count(idle, nodes);
        kept += decision->own_nodes[zone];
    }
    double scale = own > 0.0 ? kept / own : 0.0;
    int32_t inference = (int32_t)mdl_demand_count(decision->own.inference_h100e * scale, kept);
    int32_t training = (int32_t)mdl_demand_count(decision->own.training_h100e * scale, kept - inference);
    decision->own_inference_nodes = inference;
    decision->own_training_nodes = training;
    decision->own_batch_nodes = kept - inference - training;
}

/* Throughput of a type against an H100 on this platform's mix of work; classic work runs like batch. */
static double mixed_rate(const mdl_platform_demand_t *own, const mdl_gpu_type_t *type)
{
    double total = demand_total(own);
    if (!(total > 0.0))
        return type->rate_batch;
    double weighted = own->classic_h100e * type->rate_batch + own->training_h100e * type->rate_training +
                      own->inference_h100e * type->rate_inference;
    return weighted / total;
}

/* The type that costs least per unit of its work among those to be had; -1 for none. On the domestic stack only ported
 * work counts. Ties go to the earlier row. */
static int32_t best_type(const mdl_platform_demand_t *own, const mdl_gpu_type_t *types, uint32_t n_types,
                         const mdl_platform_env_t *env)
{
    int32_t best = -1;
    double best_cost = 0.0;
    for (uint32_t type = 0; type < n_types; type++) {
        double ported = types[type].stack == MDL_STACK_CANN ? env->ported_share : 1.0;
        double rate = mixed_rate(own, &types[type]) * ported;
        if (env->price_fen[type] <= 0 || !(rate > 0.0))
            continue;
        double cost = (double)env->price_fen[type] / rate;
        if (best < 0 || cost < best_cost) {
            best = (int32_t)type;
            best_cost = cost;
        }
    }
    return best;
}

/* Day's instalment of the capital plan; the last year's plan goes on after the table ends. */
static int64_t plan_fen(const mdl_platform_t *row, int64_t day)
{
    int last = (int)(sizeof row->capex_bn_yuan / sizeof row->capex_bn_yuan[0]) - 1;
    int year = (int)mdl_demand_count((double)day / MDL_DAYS_PER_YEAR, last);
    return mdl_demand_count(row->capex_bn_yuan[year] * FEN_PER_BN_YUAN / MDL_DAYS_PER_YEAR, MDL_DEMAND_MAX_FEN);
}

/* Most that it pays: a premium on today's price, but no more than waiting or another type would cost. */
static double limit_fen(const mdl_params_t *params, const mdl_platform_env_t *env, int32_t type)
{
    double ask = (double)env->price_fen[type], today = (double)env->market_fen[type];
    double limit = (today > ask ? today : ask) * (1.0 + params->platforms_bid_premium);
    double most = (double)env->most_fen[type];
    limit = limit < most ? limit : most;
    return limit > ask ? limit : ask;
}

/* What it lacks, ordered over `platforms.order_months`, as far as the unspent plan pays for it. */
static void order_chips(const mdl_platform_state_t *self, const mdl_params_t *params, const mdl_gpu_type_t *types,
                        uint32_t n_types, const mdl_platform_env_t *env, mdl_platform_decision_t *decision)
{
    double fear = clamp(env->hype + (params->rules_export ? params->platforms_rule_risk : 0.0), 0.0, 1.0);
    double aim = params->platforms_target * (1.0 + params->platforms_precaution * fear);
    double lacking = aim * demand_total(&decision->own) - env->on_order_h100e;
    for (int zone = 0; zone < MDL_ZONES; zone++)
        lacking -= env->fleet_h100e[zone];
    int32_t type = best_type(&decision->own, types, n_types, env);
    decision->order_type = -1;
    if (type < 0 || !(lacking > 0.0))
        return;
    double limit = limit_fen(params, env, type);
    double lacks = lacking / mixed_rate(&decision->own, &types[type]);
    double wanted = lacks / (params->platforms_order_months * MDL_DAYS_PER_MONTH);
    double payable = (double)(self->planned_fen - self->spent_fen) / limit;
    const int64_t most = (int64_t)MDL_DEMAND_MAX_NODES * MDL_NODE_GPUS;
    int64_t gpus = mdl_demand_count(wanted < payable ? wanted + 0.5 : payable, most);
    if (gpus == 0)
        return;
    decision->order_type = type;
    decision->order_gpus = gpus;
    decision->backlog_gpus = mdl_demand_count(lacks < payable ? lacks : payable, most);
    decision->order_limit_fen = mdl_demand_count(limit, MDL_DEMAND_MAX_FEN);
}

/* Above variable cost, and not so far below average rent that it spoils the price of its own cloud. */
static int64_t ask_fen(const mdl_params_t *params, const mdl_platform_env_t *env)
{
    double above_cost = (double)env->variable_cost_fen * (1.0 + params->platforms_ask_margin);
    double of_rent = (double)env->rent_fen * params->platforms_ask_of_rent;
    return mdl_demand_count(above_cost > of_rent ? above_cost : of_rent, MDL_DEMAND_MAX_FEN);
}

void mdl_platform_look(mdl_platform_env_t *env, const mdl_params_t *params)
{
    double keep = 1.0 - mdl_day_gain(params->platforms_demand_memory_s);
    env->demand_kept = keep;
    env->demand_sd = params->platforms_demand_sd * sqrt(1.0 - keep * keep);
    env->training_taken_up = mdl_day_gain(params->platforms_training_lag_s);
}

void mdl_platform_step(mdl_platform_state_t *self, const mdl_params_t *params, const mdl_platform_t *row,
                       const mdl_gpu_type_t *types, uint32_t n_types, const mdl_platform_env_t *env,
                       const mdl_address_t *at, mdl_platform_decision_t *decision)
{
    *decision = (mdl_platform_decision_t){.order_type = -1};
    move_demand(self, params, env, at);
    decision->capex_release_fen = plan_fen(row, at->day);
    self->planned_fen += decision->capex_release_fen;
    decision->own = own_demand(self, params, env);
    split_fleet(params, env, decision);
    decision->ask_fen = ask_fen(params, env);
    order_chips(self, params, types, n_types, env, decision);
}

void mdl_platform_bought(mdl_platform_state_t *self, int64_t gpus, int64_t paid_fen)
{
    if (gpus <= 0)
        return;
    self->bought_gpus += gpus;
    self->spent_fen += paid_fen;
}
