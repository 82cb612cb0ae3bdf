// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/market/tokens.h"
#include "models/params/rates.h"

#define TOKENS_PER_BN    1e9
#define FEN_BN_PER_FEN_M 1000.0 /* a billion tokens are a thousand millions */
#define MAX_PRICE_FEN_BN 1e15
#define MAX_BILL_FEN     1e15
#define MAX_LOG          100.0

static double clamp(double x, double low, double high)
{
    return x < low ? low : (x > high ? high : x);
}

/* ln of a price held within what mdl_tokens_price can say. */
static double log_price(double fen_bn)
{
    return sim_log(clamp(fen_bn, 1.0, MAX_PRICE_FEN_BN));
}

void mdl_tokens_init(mdl_tokens_t *self, const mdl_params_t *params)
{
    *self = (mdl_tokens_t){
        .log_throughput = sim_log(params->tokens_throughput_start),
        .log_margin = sim_log(params->tokens_margin),
        .log_price = log_price((double)params->tokens_price_start_fen * FEN_BN_PER_FEN_M),
    };
}

void mdl_tokens_efficiency(mdl_tokens_t *self, double factor)
{
    if (factor > 0.0)
        self->log_throughput = clamp(self->log_throughput + sim_log(factor), -MAX_LOG, MAX_LOG);
}

void mdl_tokens_price_war(mdl_tokens_t *self, double factor)
{
    if (factor > 0.0)
        self->log_margin = clamp(self->log_margin + sim_log(factor), -MAX_LOG, MAX_LOG);
}

double mdl_tokens_node_day(const mdl_tokens_t *self)
{
    return sim_exp(self->log_throughput) * MDL_NODE_GPUS * 24.0;
}

double mdl_tokens_cost(const mdl_tokens_t *self, const mdl_params_t *params, int64_t rent_fen)
{
    double served = mdl_tokens_node_day(self) * params->tokens_load * MDL_DAYS_PER_MONTH;
    return rent_fen > 0 ? (double)rent_fen / served * TOKENS_PER_BN : 0.0;
}

void mdl_tokens_step(mdl_tokens_t *self, const mdl_params_t *params, int64_t rent_fen)
{
    double grown = self->log_throughput + params->tokens_throughput_growth / MDL_DAYS_PER_YEAR;
    self->log_throughput = clamp(grown, -MAX_LOG, MAX_LOG);
    double peace = sim_log(params->tokens_margin);
    self->log_margin += mdl_day_probability(params->tokens_margin_recovery) * (peace - self->log_margin);
    if (rent_fen <= 0)
        return;
    double target = log_price(mdl_tokens_cost(self, params, rent_fen) * sim_exp(self->log_margin));
    self->log_price += mdl_day_gain(params->tokens_price_lag_s) * (target - self->log_price);
}

int64_t mdl_tokens_price(const mdl_tokens_t *self)
{
    return (int64_t)(clamp(sim_exp(self->log_price), 1.0, MAX_PRICE_FEN_BN) + 0.5);
}

double mdl_tokens_at_price(const mdl_params_t *params, int64_t price_fen_bn)
{
    double price = price_fen_bn > 1 ? (double)price_fen_bn : 1.0;
    double reference = (double)params->tokens_demand_price_fen * FEN_BN_PER_FEN_M;
    double relative = sim_exp(-params->tokens_elasticity * sim_log(price / reference));
    return params->tokens_demand_start * relative;
}

double mdl_tokens_demand(const mdl_params_t *params, double at_price, double adoption)
{
    return at_price * (adoption / params->enterprise_adoption_start);
}

int64_t mdl_tokens_bill(int64_t tokens, int64_t price_fen_bn)
{
    double fen = (double)tokens / TOKENS_PER_BN * (double)price_fen_bn + 0.5;
    if (!(fen > 0.0) || tokens <= 0 || price_fen_bn <= 0)
        return 0;
    return fen < MAX_BILL_FEN ? (int64_t)fen : (int64_t)MAX_BILL_FEN;
}
