// SPDX-License-Identifier: GPL-3.0-or-later
/* Platforms: hyperscalers and telcos, rows of the table `platforms`.
 *
 * A platform starts with a fleet (C15), has own demand (classic AI work that grows steadily, its own LLM training, and
 * its share of the nation's tokens), spends a capital plan (F32-F37) on chips until its fleet is a margin above own
 * demand, wider as attention or news of an export rule makes chips look scarce (X01-X04), and rents out part of what is
 * idle: an important source of cheap supply. Platforms are served first from official channels, up to
 * `chips.platform_share` of a day's flow (N14).
 *
 * A day in the economy:
 *
 *     mdl_platform_step(&platform, &params, row, &env, &at, &decision);
 *     chip market: decision.order_gpus of type decision.order_type up to decision.order_limit_fen each
 *     mdl_platform_bought(&platform, gpus, paid_fen);          // the plan's money is used up
 *     rental market: decision.slack_nodes[zone] at no less than decision.ask_fen
 *
 * The fleet itself is GPUs in the economy's lots and data centres; the platform only sees it.
 */
#ifndef MDL_PLATFORM_H
#define MDL_PLATFORM_H

#include "models/agents/demand.h"
#include "models/params/params.h"
#include "models/params/tables.h"

/* Zones of the provinces table, in this order wherever an array is over zones. */
typedef enum mdl_zone { MDL_ZONE_EAST, MDL_ZONE_CENTRAL, MDL_ZONE_WEST, MDL_ZONES } mdl_zone_t;

/* Zone of a province from its `zone` text; MDL_ZONE_EAST when it is none of the three. */
mdl_zone_t mdl_zone_of(const mdl_province_t *province);

typedef struct mdl_platform_state {
    double start_demand_h100e; /* classic own demand on day 0, from the fleet */
    double weight;             /* its share of all platforms' fleets at the start: shares training and tokens */
    double trend_log;          /* growth of own demand since the start */
    double noise_log;          /* slow deviation of classic demand */
    double commitment;         /* how far it has taken up LLM training, 0 to 1: follows hype, never falls */
    int64_t planned_fen;       /* capital plan released so far */
    int64_t spent_fen;         /* spent on chips so far */
    int64_t bought_gpus;
} mdl_platform_state_t;

/* What a platform sees today. */
typedef struct mdl_platform_env {
    double hype;                           /* mdl_hype_level() */
    int64_t tokens_day;                    /* tokens it must serve per day (its weight of `platforms.token_share`) */
    double tokens_node_day;                /* mdl_tokens_node_day() */
    double fleet_h100e[MDL_ZONES];         /* powered own GPUs in H100-equivalents */
    int32_t fleet_nodes[MDL_ZONES];        /* the same in nodes */
    double on_order_h100e;                 /* ordered, in transit, in stock or not powered yet */
    int64_t price_fen[MDL_MAX_GPU_TYPES];  /* what its maker asks for a GPU of a type; 0: not to be had */
    int64_t market_fen[MDL_MAX_GPU_TYPES]; /* what one is traded at today */
    int64_t most_fen[MDL_MAX_GPU_TYPES];   /* what one costs that comes later, or another that does its work */
    double ported_share;                   /* of its work, to the domestic stack, 0 to 1 */
    int64_t rent_fen;                      /* average rent, fen per node-month; it does not undercut that much */
    int64_t variable_cost_fen;             /* power and operations of a rented node, fen per node-month */
    /* Filled by mdl_platform_look. */
    double demand_kept, demand_sd; /* of the deviation of classic demand: share that stays, a day's shock */
    double training_taken_up;      /* share of the training not taken up yet that a day of full hype takes up */
} mdl_platform_env_t;

/* Own demand in H100-equivalents, by what it is for. */
typedef struct mdl_platform_demand {
    double classic_h100e;
    double training_h100e;
    double inference_h100e;
} mdl_platform_demand_t;

typedef struct mdl_platform_decision {
    mdl_platform_demand_t own;    /* what its own jobs want today */
    int32_t own_nodes[MDL_ZONES]; /* nodes that it keeps for itself: fleet less slack */
    int32_t own_training_nodes;   /* of own_nodes, over all zones: LLM training, run as gangs */
    int32_t own_inference_nodes;  /* of own_nodes, over all zones: token service */
    int32_t
        own_batch_nodes; /* of own_nodes, over all zones: classic work; the three never sum to more than own_nodes */
    int32_t slack_nodes[MDL_ZONES]; /* nodes that it holds out for rent, in all */
    int64_t ask_fen;                /* lowest rent it takes, fen per node-month */
    int32_t order_type;             /* GPU type ordered today, -1 none */
    int64_t order_gpus;             /* how many, today */
    int64_t backlog_gpus;           /* all that it lacks of it, as far as the plan pays */
    int64_t order_limit_fen;        /* at most so much each */
    int64_t capex_release_fen;      /* plan money released today: funded by the platform's other business */
} mdl_platform_decision_t;

/* A platform on day 0. `fleet_total_h100e`: sum over all rows of the table. */
void mdl_platform_init(mdl_platform_state_t *self, const mdl_params_t *params, const mdl_platform_t *row,
                       double fleet_total_h100e, const mdl_address_t *at);

/* Fills the rest of `env` from the parameters: the same for all platforms, so that it is done once a day. */
void mdl_platform_look(mdl_platform_env_t *env, const mdl_params_t *params);

/* One day; fills `decision` completely. `types`: the GPU table, for throughput per class of job. */
void mdl_platform_step(mdl_platform_state_t *self, const mdl_params_t *params, const mdl_platform_t *row,
                       const mdl_gpu_type_t *types, uint32_t n_types, const mdl_platform_env_t *env,
                       const mdl_address_t *at, mdl_platform_decision_t *decision);

/* It got `gpus` chips and paid `paid_fen` for them. */
void mdl_platform_bought(mdl_platform_state_t *self, int64_t gpus, int64_t paid_fen);

#endif
