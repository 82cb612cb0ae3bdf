// SPDX-License-Identifier: GPL-3.0-or-later
/* What the demand side shares: the random address of a decision, and a wish to rent nodes.
 *
 * Labs, platforms and enterprises are plain structs without pointers that the economy keeps in arrays. Their functions
 * know nothing of the world: they take state, parameters, an environment (what the agent sees today) and a random
 * address, and return a decision. The economy carries decisions out (money through the ledger, nodes through the
 * rental market) and tells the agents what came of it.
 *
 *     mdl_address_t at = {seed, replication, sim_entity_id(0, MDL_ENTITY_LAB, i), day};
 *     mdl_lab_decision_t decision;
 *     mdl_lab_step(&labs[i], &params, &env, &at, &decision);
 *
 * A day is counted from the scenario's start (0, 1, ...). A draw's address is (seed; replication, entity, purpose,
 * day): no draw depends on how often any agent has drawn before.
 */
#ifndef MDL_DEMAND_H
#define MDL_DEMAND_H

#include "models/params/rates.h"
#include "sim/draw.h"

#include <stdbool.h>
#include <stdint.h>

/* Purposes of this folder's demand side: MDL_PURPOSE_AGENTS + 0 to 49. Append only. */
enum mdl_demand_purpose {
    MDL_PURPOSE_LAB_TRAITS = 500, /* size, popularity: once, at event 0 */
    MDL_PURPOSE_LAB_ENTRY,
    MDL_PURPOSE_LAB_REFINANCE,
    MDL_PURPOSE_LAB_QUIT,
    MDL_PURPOSE_PLATFORM_TRAITS,
    MDL_PURPOSE_PLATFORM_DEMAND,
    MDL_PURPOSE_ENTERPRISE_TRAITS,
    MDL_PURPOSE_ENTERPRISE_DEMAND
};

/* Who decides, when, in which run. */
typedef struct mdl_address {
    uint64_t seed;
    uint64_t replication;
    uint64_t entity; /* sim_entity_id(0, kind, ordinal) */
    int64_t day;     /* since the scenario's start, >= 0 */
} mdl_address_t;

/* A wish to rent: "up to `nodes` nodes in all, at no more than `limit_fen` per node-month". `nodes` is the total that
 * the tenant wants to hold, not a change; 0 ends what it holds. `gang_nodes` is the width of the jobs that will run
 * (pre-training; else 0): fewer nodes than that in one fabric are of no use. */
typedef struct mdl_want {
    int32_t nodes;
    int32_t gang_nodes;
    int64_t limit_fen;
} mdl_want_t;

/* Stands `rng` at the address's draw for `purpose` on the address's day. */
static inline void mdl_address_draw(const mdl_address_t *at, uint64_t purpose, sim_rng_t *rng)
{
    sim_rng_at(rng, at->seed, at->replication, at->entity, purpose, (uint64_t)at->day);
}

/* What is drawn first there, 0 to 1, evenly. */
static inline double mdl_address_uniform(const mdl_address_t *at, uint64_t purpose)
{
    return sim_uniform(sim_rng_word(at->seed, at->replication, at->entity, purpose, (uint64_t)at->day));
}

/* Stands `rng` at the address's draw for `purpose` that is made once in a run (traits), whatever the day. */
static inline void mdl_address_draw_once(const mdl_address_t *at, uint64_t purpose, sim_rng_t *rng)
{
    sim_rng_at(rng, at->seed, at->replication, at->entity, purpose, 0);
}

/* Whether a hazard of at most `most_per_year` can strike within a day for which `drawn` (0 to 1, evenly) was drawn: the
 * probability is less than the rate times a day. Most draws are past that, and need neither an exponential nor, where it
 * takes time to find, the rate itself. */
static inline bool mdl_demand_may_strike(double drawn, double most_per_year)
{
    const double rounding = 1.000001; /* so that it never decides */
    return drawn < rounding * most_per_year / MDL_DAYS_PER_YEAR;
}

/* Whether a hazard of `rate_per_year` strikes within that day. */
static inline bool mdl_demand_strikes(double drawn, double rate_per_year)
{
    return mdl_demand_may_strike(drawn, rate_per_year) && drawn < mdl_day_probability(rate_per_year);
}

/* `x` as an integer towards zero, held within [0, high]: what turns a computed want into a count or an amount. */
static inline int64_t mdl_demand_count(double x, int64_t high)
{
    if (!(x > 0.0))
        return 0;
    return x < (double)high ? (int64_t)x : high;
}

/* A wanted number of nodes that does not flutter: `held` as long as `target` is within `band` (a share) of it, else
 * `target` rounded down. Contracts are not resized for a few nodes up and down. */
static inline int32_t mdl_demand_settle(int32_t held, double target, double band, int32_t high)
{
    double low_edge = held * (1.0 - band), high_edge = held * (1.0 + band);
    bool stays = (held > 0) & (held <= high) & (target >= low_edge) & (target <= high_edge); /* one branch, not four */
    return stays ? held : (int32_t)mdl_demand_count(target, high);
}

/* Highest count of nodes and amount of money that a decision may name: keeps sums of thousands of decisions inside
 * int64. */
#define MDL_DEMAND_MAX_NODES  10000000
#define MDL_DEMAND_MAX_FEN    INT64_C(1000000000000000) /* 10 trillion yuan */
#define MDL_DEMAND_MAX_TOKENS INT64_C(1000000000000000000)

#endif
