// SPDX-License-Identifier: GPL-3.0-or-later
/* The token market: one national price per token and the demand curve behind it.
 *
 * A token costs the rent of the node that serves it over the tokens that the node serves. Throughput grows steadily and
 * in steps at efficient releases (MDL_SHOCK_EFFICIENCY; V2, V3: F24, G09). The price follows cost times a margin, with
 * a lag; price wars multiply the margin (MDL_SHOCK_PRICE_WAR; F25-F28, F30), which recovers slowly. Demand is elastic
 * to price (about -0.95: F29) and moves with adoption (models/agents/enterprise.h).
 *
 *     mdl_tokens_t tokens;
 *     mdl_tokens_init(&tokens, &params);
 *     each day: mdl_tokens_step(&tokens, &params, rent_inference_fen);
 *     price = mdl_tokens_price(&tokens);                         // fen per 10^9 tokens; 1 yuan per million = 100,000
 *     served = mdl_tokens_node_day(&tokens);                     // tokens per fully used node and day
 *
 * Prices are per billion tokens because a million will cost a few fen.
 */
#ifndef MDL_TOKENS_H
#define MDL_TOKENS_H

#include "models/params/params.h"

typedef struct mdl_tokens {
    double log_throughput; /* ln tokens per H100-equivalent GPU hour */
    double log_margin;     /* ln of price over cost that sellers aim at */
    double log_price;      /* ln fen per billion tokens */
} mdl_tokens_t;

/* Throughput, margin and price at the scenario's start. */
void mdl_tokens_init(mdl_tokens_t *self, const mdl_params_t *params);

/* Tokens per GPU hour are multiplied by `factor` > 0 (others are ignored). */
void mdl_tokens_efficiency(mdl_tokens_t *self, double factor);

/* The margin is multiplied by `factor` > 0 (others are ignored). */
void mdl_tokens_price_war(mdl_tokens_t *self, double factor);

/* One day: throughput grows, the margin recovers, the price moves towards cost times margin. `rent_fen`: average rent
 * for inference, fen per node-month; <= 0: not known, the price stays. */
void mdl_tokens_step(mdl_tokens_t *self, const mdl_params_t *params, int64_t rent_fen);

/* Price, fen per billion tokens, 1 to 10^15. */
int64_t mdl_tokens_price(const mdl_tokens_t *self);

/* Cost of a billion tokens on nodes rented at `rent_fen` per month, fen (real). Nodes are loaded to `tokens.load`. */
double mdl_tokens_cost(const mdl_tokens_t *self, const mdl_params_t *params, int64_t rent_fen);

/* Tokens that a fully used node of 8 H100-equivalents serves in a day. */
double mdl_tokens_node_day(const mdl_tokens_t *self);

/* Tokens per day that the nation would buy at `price_fen_bn` (>= 1) with the start's adoption: constant elasticity around
 * the start (`tokens.demand_start` at `tokens.demand_price` and `enterprise.adoption_start`). */
double mdl_tokens_at_price(const mdl_params_t *params, int64_t price_fen_bn);

/* The same with adoption at `adoption` (0 to 1); `at_price`: mdl_tokens_at_price(), which all provinces share. */
double mdl_tokens_demand(const mdl_params_t *params, double at_price, double adoption);

/* What `tokens` cost at `price_fen_bn`, fen, rounded to nearest, at most 10^15. */
int64_t mdl_tokens_bill(int64_t tokens, int64_t price_fen_bn);

#endif
