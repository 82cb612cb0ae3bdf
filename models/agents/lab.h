// SPDX-License-Identifier: GPL-3.0-or-later
/* Labs: firms that enter the race for a large language model, train, and mostly stop (M10, M11, R17).
 *
 * Potential entrants are enumerated beforehand (`labs.entrants`, 144: M10); the first `labs.incumbents` of them exist
 * at the start. A lab enters with a daily hazard that follows hype and imitation; entering is registering, and it asks
 * for its first equity. One that sees no point in training by then registers to fine-tune and serve what it can
 * download. Otherwise, from then on it wants a cluster whose size follows the closed frontier, as far as its cash
 * carries; it serves users; it asks for new equity at a hazard that follows venture sentiment, and that rises for those
 * who are left as others stop. It stops training when what it could train in the coming year is worth less than the
 * model it could download, or when its money no longer pays for the smallest gang; it stays registered, serves, and
 * fine-tunes open models.
 *
 * A day in the economy:
 *
 *     mdl_lab_env_t env = { ... };                            // what this lab sees today
 *     mdl_lab_step(&lab, &params, &env, &at, &decision);      // decides
 *     if (decision.raise_fen) { ... ledger ...; mdl_lab_funded(&lab, amount_fen); }
 *     rental market: decision.training, decision.inference, decision.finetune
 *     mdl_lab_trained(&lab, useful_gpu_s);                    // from the meters of the centres it rents in
 *
 * Cash is in the ledger; the lab only sees it.
 */
#ifndef MDL_LAB_H
#define MDL_LAB_H

#include "models/agents/demand.h"
#include "models/params/params.h"

#include <stddef.h>

typedef enum mdl_lab_stage {
    MDL_LAB_POTENTIAL, /* not entered yet */
    MDL_LAB_TRAINING,  /* registered and investing in training */
    MDL_LAB_SERVING,   /* registered; has stopped training, or never began: serves and fine-tunes open models */
    MDL_LAB_STAGES
} mdl_lab_stage_t;

typedef enum mdl_lab_quit_cause {
    MDL_LAB_QUIT_NONE,
    MDL_LAB_QUIT_POINTLESS, /* the open frontier is out of reach */
    MDL_LAB_QUIT_CASH,      /* money no longer pays for the smallest gang */
    MDL_LAB_QUIT_CAUSES
} mdl_lab_quit_cause_t;

/* What every day looks at stands in the first cache line. */
typedef struct mdl_lab {
    _Alignas(64) mdl_lab_stage_t stage;
    int32_t rounds;          /* equity rounds got so far, first one included */
    int32_t wanted_nodes;    /* last wanted cluster: changed only by more than `labs.resize_band`; 0 unless it trains */
    int32_t finetune_nodes;  /* the same for fine-tuning */
    int32_t inference_nodes; /* the same for serving users */
    int32_t starved_days;    /* days on which cash did not pay for the smallest gang, in a row */
    double base_nodes;       /* cluster wanted at the start, before the frontier moves (drawn once) */
    double popularity;       /* relative share of users (drawn once), mean 1 over labs */
    double closed_log_entry; /* closed frontier when it registered: its ambition grows with the frontier from there */
    int64_t useful_gpu_s;    /* cumulative useful H100-equivalent GPU seconds of training */
    int64_t raised_fen;      /* equity got so far */
    mdl_lab_quit_cause_t quit_cause;
    int64_t registered_day; /* scenario day; -1 while potential */
    int64_t quit_day;       /* day it stopped training; -1 while it has not */
} mdl_lab_t;

_Static_assert(offsetof(mdl_lab_t, quit_cause) == 64, "a lab's day is one cache line");

/* What a lab sees today. */
typedef struct mdl_lab_env {
    double hype;                 /* mdl_hype_level() */
    double background;           /* hype.background of mdl_hype_t */
    double venture;              /* venture of mdl_hype_t */
    double entered_share;        /* labs that have entered over all potential ones, 0 to 1 */
    double entered_per_training; /* labs that have entered over those that train, at least 1 */
    double open_log, closed_log; /* mdl_frontier_t */
    double hour_worth;           /* of an hour of training today, in hours of the first day: published methods */
    bool open_exists;
    int64_t cash_fen;            /* its balance in the ledger */
    int64_t revenue_fen_day;     /* token revenue, recent daily average */
    int64_t rent_training_fen;   /* average rent for large clusters, fen per node-month */
    int64_t rent_inference_fen;  /* average rent for low-latency inference */
    int64_t rent_finetune_fen;   /* average rent for fine-tuning */
    int32_t held_training_nodes; /* what it leases for training now: it bids more for what it lacks */
    int64_t tokens_day;          /* tokens that its users want per day (see mdl_lab_token_weight) */
    double tokens_node_day;      /* mdl_tokens_node_day(): what a fully used node serves */
    /* Filled by mdl_lab_look. */
    double entry_rate;           /* of a potential lab, per year */
    double gathered;             /* how much more often equity comes to those that train, as others have stopped */
    int64_t inference_limit_fen; /* most that any lab pays for serving its users and for fine-tuning */
    int64_t finetune_limit_fen;
} mdl_lab_env_t;

typedef struct mdl_lab_decision {
    bool enter;           /* registers today; the state is already MDL_LAB_TRAINING, or MDL_LAB_SERVING */
    bool quit_training;   /* stops training today; the state is already MDL_LAB_SERVING */
    int64_t raise_fen;    /* equity asked for today; 0 none. Tell the outcome with mdl_lab_funded */
    mdl_want_t training;  /* segment: large-cluster training (gang of gang_nodes) */
    mdl_want_t finetune;  /* segment: fine-tuning and evaluation */
    mdl_want_t inference; /* segment: low-latency inference */
    int64_t payroll_fen;  /* wages and data due today, never more than its cash */
} mdl_lab_decision_t;

/* A lab before the start; draws size and popularity from its own address. `incumbent`: it exists and trains from day 0,
 * with `labs.incumbent_gpu_hours` of past compute; its first step asks for its first equity. `closed_log`:
 * mdl_frontier_t. */
void mdl_lab_init(mdl_lab_t *self, const mdl_params_t *params, const mdl_address_t *at, bool incumbent,
                  double closed_log);

/* Fills the rest of `env` from the parameters and what all labs see alike, so that it is done once a day. */
void mdl_lab_look(mdl_lab_env_t *env, const mdl_params_t *params);

/* Whether a potential lab enters today. If not, there is nothing else to step. */
static inline bool mdl_lab_enters(const mdl_lab_env_t *env, const mdl_address_t *at)
{
    return mdl_demand_strikes(mdl_address_uniform(at, MDL_PURPOSE_LAB_ENTRY), env->entry_rate);
}

/* One day; fills `decision` completely. A potential lab only draws its entry. */
void mdl_lab_step(mdl_lab_t *self, const mdl_params_t *params, const mdl_lab_env_t *env, const mdl_address_t *at,
                  mdl_lab_decision_t *decision);

/* Equity paid in: `amount_fen` >= 0 (0: the round failed, nothing changes). */
void mdl_lab_funded(mdl_lab_t *self, int64_t amount_fen);

/* Useful training it got since last told, H100-equivalent GPU seconds >= 0. */
void mdl_lab_trained(mdl_lab_t *self, int64_t useful_gpu_s);

/* Own capability, log of useful GPU hours (mdl_frontier_capability). Never falls. */
double mdl_lab_capability(const mdl_lab_t *self);

/* Weight in the distribution of the labs' share of token demand (`labs.token_share`); 0 before it has registered. The
 * economy gives each lab tokens in proportion. */
static inline double mdl_lab_token_weight(const mdl_lab_t *self)
{
    return self->stage == MDL_LAB_POTENTIAL ? 0.0 : self->popularity;
}

/* Daily probability of entering. Hype above its background and imitation, per year, over one day. */
double mdl_lab_entry_probability(const mdl_params_t *params, const mdl_lab_env_t *env);

#endif
