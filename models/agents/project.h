// SPDX-License-Identifier: GPL-3.0-or-later
/* A project: one data centre from its announcement to its end.
 *
 *     announced -> approved -> building -> waiting for chips -> operating
 *         |            |           |               |               |
 *     cancelled    cancelled   abandoned       abandoned      abandoned, or defaulted at any time after finance
 *
 * Building takes four stages of exponential length (an Erlang time). A finished building is energised when enough chips
 * are in. When unpaid running costs pass a share of the capital, or the bank calls, the project defaults.
 */
#ifndef MDL_PROJECT_H
#define MDL_PROJECT_H

#include "models/agents/developer.h"
#include "models/params/params.h"
#include "models/params/tables.h"
#include "sim/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mdl_stage {
    MDL_STAGE_ANNOUNCED,
    MDL_STAGE_APPROVED,
    MDL_STAGE_BUILDING,
    MDL_STAGE_WAITING, /* built, not enough chips */
    MDL_STAGE_OPERATING,
    MDL_STAGE_CANCELLED, /* given up before it had money */
    MDL_STAGE_ABANDONED, /* given up after */
    MDL_STAGE_DEFAULTED,
    MDL_STAGES
} mdl_stage_t;

#define MDL_BUILD_STAGES  4
#define MDL_GPUS_PER_NODE 8
#define MDL_NOT_YET       (-1) /* a date that has not come */

/* The first cache line: of those that want chips, what they bid by. The second: of those that wait, operate with a grant
 * or owe; which these are the day's steps see from marks (economy_state.h). The third: of those that take rents and pay
 * bills. */
typedef struct mdl_project {
    _Alignas(64) int64_t capital_fen; /* planned: building and chips at the price of the plan */
    int64_t building_left_fen;        /* of building_fen, not paid yet */
    int64_t grant_promised_fen;
    int64_t grant_paid_fen;
    double valuation; /* what a chip is worth to its builder over what beliefs say */
    uint32_t account;
    uint32_t nodes_planned; /* as announced and subsidised */
    uint32_t nodes_wanted;  /* as it means to install */
    uint32_t gpus_ordered;  /* bought, under way included */
    uint8_t city;
    uint8_t province;
    uint8_t gpu_type;
    uint8_t kind;      /* mdl_developer_kind_t */
    uint8_t stage;     /* mdl_stage_t */
    uint8_t rule;      /* mdl_belief_rule_t of its builder at announcement */
    bool auctioning;   /* ended, chips on sale */
    bool state_funded; /* state vehicle, or holder of a grant: rules on foreign chips apply */

    uint64_t entity;
    int64_t energised_s;
    int64_t built_s;
    int64_t arrears_fen;  /* running costs due and unpaid */
    int64_t building_fen; /* planned cost of the building as it will really be */
    int64_t chips_paid_fen;
    uint32_t site;       /* the data centre once energised */
    uint32_t gpus_in;    /* in stock or installed */
    uint32_t loan;       /* in the bank's book */
    uint8_t build_stage; /* stages done */
    bool audited;        /* breach found: no further payments */
    bool milestone_paid; /* the inspection has been passed */

    int64_t revenue_fen;                          /* rent received, since energised */
    int64_t running_fen;                          /* power and upkeep due, since energised */
    int64_t month_revenue_fen, month_running_fen; /* of the month under way */
    int64_t last_month_cash_fen;                  /* revenue less running cost of the month before */
    int64_t quarter_margin_fen;                   /* revenue less running cost when the calendar quarter began */
    int64_t allotted_kw;
    int64_t resold_wh;

    int64_t half_year_s, half_year_busy_gpu_s; /* when the window of audits began, and the meter's reading then */
    int64_t later_s, later_busy_gpu_s;         /* when the next window began */
    int64_t linked_busy_gpu_s;                 /* reading at the last payment on measured use */
    int64_t linked_paid_fen, clawed_back_fen;
    uint32_t attempts; /* at getting a loan */
    uint32_t developer;

    int64_t announced_s, approved_s, financed_s, ended_s;
    double fabric_gb_s;
    double expected_revenue_yuan; /* per node-month, believed at announcement */
    double merit;                 /* at announcement */
    bool resale_barred;           /* caught reselling power */
    bool broke_even;              /* in some full calendar quarter rents covered running cost and capital charge */
} mdl_project_t;
_Static_assert(offsetof(mdl_project_t, entity) == 64 && offsetof(mdl_project_t, revenue_fen) == 128,
               "lines of a project");
_Static_assert(MDL_MAX_CITIES <= UINT8_MAX + 1 && MDL_MAX_PROVINCES <= UINT8_MAX + 1 &&
                   MDL_MAX_GPU_TYPES <= UINT8_MAX + 1,
               "a byte holds their numbers");

const char *mdl_stage_name(mdl_stage_t stage);
bool mdl_stage_ended(mdl_stage_t stage);

/* What has been paid for its building, fen. */
static inline int64_t mdl_project_building_paid_fen(const mdl_project_t *project)
{
    return project->building_fen - project->building_left_fen;
}
/* Planned size in nodes of 8 GPUs of a type with `rate` times an H100's dense FP16 throughput: lognormal in sparse
 * PFLOPS (P13-P16), cut at its bounds, at least one node. */
uint32_t mdl_project_nodes(const mdl_params_t *params, double rate, sim_rng_t *rng);
/* Length of the next building stage, seconds. */
int64_t mdl_project_stage_time(const mdl_params_t *params, bool experienced, sim_rng_t *rng);
/* Chance that a waiting project moves on within passed_s at a weekly hazard. */
double mdl_project_chance(double rate_per_week, int64_t passed_s);
/* Chance that it is given up meanwhile. */
double mdl_project_giving_up(const mdl_params_t *params, int64_t passed_s);
/* Whether a finished building opens: enough of the chips it wants are in, or fewer after a wait. */
bool mdl_project_opens(const mdl_params_t *params, uint32_t gpus_in, uint32_t gpus_wanted, int64_t waited_s);
/* The rent to ask after a review that multiplies it by `change`: never below the floor. Yuan per node-month. */
double mdl_project_ask(double ask_yuan, double change, double floor_yuan);
/* Log of that change: up when fuller than the target, down when emptier, drawn to the index for what a node is worth;
 * passed_s since the last review. Who reviews many takes their exponentials together (sim_exp_each). */
double mdl_project_ask_log(const mdl_params_t *params, double ask_yuan, double index_yuan, double occupancy,
                           int64_t passed_s);
/* Whether an owner who owes that much for running costs gives up. Both in fen. */
bool mdl_project_gives_up(const mdl_params_t *params, int64_t arrears_fen, int64_t capital_fen);

#endif
