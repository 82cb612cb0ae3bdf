// SPDX-License-Identifier: GPL-3.0-or-later
/* Enterprise demand: the firms and users of one province, as one tenant.
 *
 * They buy tokens (elastic to the token price, F29, with adoption that spreads logistically and jumps at open releases,
 * F11-F13, F22, and with tasks that grow as models can do more) and GPU hours for fine-tuning and batch work (growing,
 * elastic to rent). Of the tokens a share is bought from platforms, a share from labs, and the rest is run on nodes that
 * they rent themselves: nodes = tokens / what a node serves. Part of that needs low latency and must be near (C27, T15).
 *
 *     mdl_enterprise_look(&env, &params);
 *     mdl_enterprise_step(&province, &params, weight, &env, &at, &decision);
 *     rental market: decision.inference_near, inference_far, finetune, batch
 *     ledger: decision.bill_platforms_fen and bill_labs_fen for the day's tokens
 *
 * Their money comes from the rest of the economy and is not a limit.
 */
#ifndef MDL_ENTERPRISE_H
#define MDL_ENTERPRISE_H

#include "models/agents/demand.h"
#include "models/params/params.h"

typedef struct mdl_enterprise {
    double adoption_logit; /* log odds of the share of potential use that is taken up */
    double pending_logit;  /* push of releases that has not arrived yet */
    double depth_log;      /* ln of the tokens that a use takes, over those of the first day */
    double trend_log;      /* growth of fine-tuning and batch work since the start */
    double noise_log;      /* slow deviation of fine-tuning and batch work */
    int32_t near_nodes, far_nodes, finetune_nodes, batch_nodes; /* wanted; changed only by more than a band */
} mdl_enterprise_t;

/* What a province's firms see today. */
typedef struct mdl_enterprise_env {
    int64_t token_price_fen_bn; /* mdl_tokens_price(), fen per billion tokens, >= 1 */
    double tokens_node_day;     /* mdl_tokens_node_day() */
    double open_log;            /* open frontier (mdl_frontier_t) */
    int64_t rent_inference_fen; /* average rents, fen per node-month */
    int64_t rent_finetune_fen;
    int64_t rent_batch_fen;
    /* Filled by mdl_enterprise_look. */
    double taken_up;                            /* share of what is to come of releases and depth that a day takes up */
    double tokens_at_price;                     /* mdl_tokens_at_price() */
    double demand_kept, demand_sd;              /* of the deviation of other demand: share that stays, a day's shock */
    double price_log_finetune, price_log_batch; /* of rent over the reference */
    int64_t limit_inference_fen, limit_finetune_fen, limit_batch_fen; /* most that a node-month may cost */
} mdl_enterprise_env_t;

typedef struct mdl_enterprise_decision {
    int64_t tokens_day;         /* all tokens wanted today */
    int64_t tokens_platforms;   /* of them, bought from platforms */
    int64_t tokens_labs;        /* of them, bought from labs */
    int64_t tokens_own;         /* of them, run on nodes it rents */
    int64_t bill_platforms_fen; /* owed for today's tokens */
    int64_t bill_labs_fen;
    mdl_want_t inference_near; /* segment: low-latency inference, near the province */
    mdl_want_t inference_far;  /* inference that may be anywhere */
    mdl_want_t finetune;
    mdl_want_t batch;
} mdl_enterprise_decision_t;

/* Adoption at the scenario's start, spread between provinces by a draw. */
void mdl_enterprise_init(mdl_enterprise_t *self, const mdl_params_t *params, const mdl_address_t *at);

/* An open release (MDL_SHOCK_MODEL_RELEASE) of `step_log` >= 0 pushes adoption up over the following weeks (R1: F13).
 */
void mdl_enterprise_release(mdl_enterprise_t *self, const mdl_params_t *params, double step_log);

/* Fills the rest of `env` from the parameters and its rents: the same for all provinces, so that it is done once a day. */
void mdl_enterprise_look(mdl_enterprise_env_t *env, const mdl_params_t *params);

/* One day; `weight`: the province's share of national demand (its table row, sum 1). Fills `decision` completely. */
void mdl_enterprise_step(mdl_enterprise_t *self, const mdl_params_t *params, double weight,
                         const mdl_enterprise_env_t *env, const mdl_address_t *at, mdl_enterprise_decision_t *decision);

/* Share of potential use that is taken up, 0 to 1. */
double mdl_enterprise_adoption(const mdl_enterprise_t *self);

/* Nodes that serve `tokens_day` when a fully used node serves `tokens_node_day` and nodes are loaded to `load` (0 to 1)
 * on average; 0 when nothing can be served. A real number of nodes. */
double mdl_enterprise_nodes(int64_t tokens_day, double tokens_node_day, double load);

#endif
