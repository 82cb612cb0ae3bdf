// SPDX-License-Identifier: GPL-3.0-or-later
/* Developers: who announces data centres, and why.
 *
 * All potential entrants are enumerated beforehand, with ids by (kind, ordinal), so that a policy that draws one in
 * shifts nobody else's random numbers. Once a week a developer looks at a few sites, values one node at each, and
 * announces a project with a hazard
 *
 *     rate of its kind x herding x logistic((merit - hurdle) / scale)
 *
 * where merit, per yuan of capital, is expected net present value, plus the subsidy expected after audits, clawback and
 * conditions on use, plus the side motive of its kind: political benefit for state vehicles, share price for
 * cross-industry entrants, diverted loan and resold power for rent-seekers.
 *
 * These functions know nothing of the world: the economy fills mdl_prospect_t from beliefs, prices and offers.
 */
#ifndef MDL_DEVELOPER_H
#define MDL_DEVELOPER_H

#include "models/params/params.h"
#include "sim/rng.h"

#include <stdint.h>

typedef enum mdl_developer_kind {
    MDL_DEVELOPER_OPERATOR,    /* experienced; judges by its own money */
    MDL_DEVELOPER_STATE,       /* vehicle of one city; builds there only */
    MDL_DEVELOPER_ENTRANT,     /* cross-industry: seasoning maker, dye maker (M12) */
    MDL_DEVELOPER_RENT_SEEKER, /* builds what the contract can see (M13) */
    MDL_DEVELOPER_KINDS
} mdl_developer_kind_t;

#define MDL_LOOK_DAYS 7 /* between two looks at sites */

typedef struct mdl_developer {
    uint64_t entity;
    int32_t kind;
    uint32_t under_way; /* projects announced and neither open nor ended */
    int32_t home_city;
    int32_t look_day;   /* day of its week, from 0, on which it looks at sites */
    double belief_u;    /* lifelong uniform number behind its rule of belief */
    uint32_t projects;  /* announced so far: ordinal of the next */
    uint32_t operating; /* centres in operation */
} mdl_developer_t;

/* One node at one site as a developer sees it. Money in yuan, per node or per node and month. */
typedef struct mdl_prospect {
    double capital_yuan;       /* chips with their share of the server, and building */
    double building_left_yuan; /* of it, what the building is worth to the servers that come after */
    double rent_yuan;          /* expected over life, per node-month */
    double occupancy;          /* expected over life */
    double activity;           /* busy share of leased time, as observed */
    double fixed_yuan;         /* cost per node-month whether used or not */
    double power_idle_yuan;    /* power per node-month of an idle node */
    double power_busy_yuan;    /* power per node-month of a busy node */
    double resale_yuan;        /* what a month's unused power of a busy node's allotment would fetch */
    double grant_share;        /* of capital, promised */
    double loan_share;         /* of capital, what a bank lends */
    double land_motive;        /* factor on political benefit: rises as land revenue falls and as plans set targets */
    double hype;               /* attention, 0 to 1 */
    double state_hype;         /* attention as local governments feel it, with delay */
} mdl_prospect_t;

/* Number of potential entrants of a kind. */
int64_t mdl_developer_population(const mdl_params_t *params, mdl_developer_kind_t kind);
/* Sets id and lifelong traits. `rng` stands at the developer's own address; `n_cities` >= 1. */
void mdl_developer_init(mdl_developer_t *self, mdl_developer_kind_t kind, uint64_t ordinal, uint32_t n_cities,
                        sim_rng_t *rng);
const char *mdl_developer_kind_name(mdl_developer_kind_t kind);

/* Present value of 1 yuan a month over the life of servers, in yuan. */
double mdl_developer_annuity(const mdl_params_t *params);
/* Share of a building's cost that one generation of servers has to earn: it outlives them. */
double mdl_developer_building_share(const mdl_params_t *params);
/* Net present value per yuan of capital of building honestly, subsidy and side motives apart; -1 = all lost. */
double mdl_developer_npv(const mdl_params_t *params, const mdl_prospect_t *prospect, double annuity);
/* Subsidy expected per yuan of capital: unconditional part, part paid on measured use, less expected clawback. */
double mdl_developer_subsidy(const mdl_params_t *params, mdl_developer_kind_t kind, const mdl_prospect_t *prospect);
/* Side motive per yuan of capital. */
double mdl_developer_motive(const mdl_params_t *params, mdl_developer_kind_t kind, const mdl_prospect_t *prospect,
                            double annuity);
/* All of it: what is compared with the hurdle. */
double mdl_developer_merit(const mdl_params_t *params, mdl_developer_kind_t kind, const mdl_prospect_t *prospect,
                           double annuity);
/* Announcements per year at a site of that merit, when others announced `recent` projects within 90 days. */
double mdl_developer_hazard(const mdl_params_t *params, mdl_developer_kind_t kind, double merit, double recent);
/* What it is at most, whatever the merit. */
double mdl_developer_most_hazard(const mdl_params_t *params, mdl_developer_kind_t kind, double herding);

/* How the herd drives all kinds on: elastic to `recent` announcements against normal ones; 1 under beliefs.control. */
double mdl_developer_herding(const mdl_params_t *params, double recent);

/* Highest price per GPU, yuan, at which equipping a finished building still pays: buildings are sunk by then. */
double mdl_developer_chip_limit(const mdl_params_t *params, const mdl_prospect_t *prospect, double annuity);

/* Share of the planned chips that a kind really wants to install: all of them, or what an inspection asks to see. */
double mdl_developer_installed_share(const mdl_params_t *params, mdl_developer_kind_t kind);

#endif
