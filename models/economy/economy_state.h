// SPDX-License-Identifier: GPL-3.0-or-later
/* What the economy's logical process remembers, and what one of its steps sees. Private to this folder.
 *
 * The state block (mdl_eco_t) holds small agents directly and refs to arena blocks for what is many: ledger, lots,
 * books, loans, labs, developers, projects, sites, tenants. The only pointer is the recorder's, which
 * mdl_economy_attach() sets. A step works on mdl_step_t, in which the refs are resolved for the length of one boundary.
 */
#ifndef MDL_ECONOMY_STATE_H
#define MDL_ECONOMY_STATE_H

#include "models/agents/bank.h"
#include "models/agents/beliefs.h"
#include "models/agents/broker.h"
#include "models/agents/city.h"
#include "models/agents/developer.h"
#include "models/agents/enterprise.h"
#include "models/agents/frontier.h"
#include "models/agents/grid.h"
#include "models/agents/hype.h"
#include "models/agents/lab.h"
#include "models/agents/platform.h"
#include "models/agents/project.h"
#include "models/datacentre/datacentre.h"
#include "models/economy/channels.h"
#include "models/economy/chronicle.h"
#include "models/ledger/ledger.h"
#include "models/ledger/money.h"
#include "models/market/chips.h"
#include "models/market/lots.h"
#include "models/market/rental.h"
#include "models/market/tokens.h"
#include "models/params/input.h"
#include "models/params/purpose.h"
#include "sim/draw.h"
#include "sim/fetch.h"
#include "sim/math.h"
#include "sim/recorder.h"
#include "sim/world.h"

#include <math.h>
#include <string.h>

/* Kinds of LP in the model, and the economy's own place. */
enum mdl_lp_kind { MDL_LP_ECONOMY, MDL_LP_DATACENTRE, MDL_LP_KINDS };
#define MDL_ECONOMY_LP 0

/* Events of the economy's calendar. `entity` = project unless named otherwise. */
enum mdl_eco_event {
    MDL_EVENT_DAY = 1,     /* the daily step */
    MDL_EVENT_MONTH,       /* end of a calendar month */
    MDL_EVENT_BUILD_STAGE, /* a stage of building is done */
    MDL_EVENT_LOAN_MONTH   /* a loan's monthly date; entity = loan */
};

#define MDL_MISSING      ((double)NAN) /* a value that has no meaning here */
#define MDL_NO_SITE      UINT32_MAX
#define MDL_NO_PROJECT   UINT32_MAX
#define MDL_NO_DEVELOPER UINT32_MAX /* of what stands on the first day */

/* A data centre that stands: a project's, or one half of a platform's pool. A pool is a pair: what the platform uses
 * itself, simulated at `scale` nodes to one, and what it holds out for rent, node by node; nodes move between them. What
 * every day looks at stands in the first cache line. */
typedef struct mdl_site {
    _Alignas(64) uint32_t lp;
    uint32_t offer;   /* in the rental market; MDL_NO_OFFER for what a platform uses itself */
    uint32_t partner; /* other half of a pool; MDL_NO_SITE for a project's */
    uint32_t scale;   /* nodes that one simulated node stands for */
    uint32_t project; /* MDL_NO_PROJECT for a platform's pool */
    int16_t province, gpu_type;
    mdl_zone_t region;      /* of the country, as platforms see it */
    uint32_t nodes_max;     /* room */
    uint32_t nodes;         /* with chips in, powered */
    int32_t leased;         /* of them, as its offer counts them */
    uint32_t nodes_planned; /* what its project was announced with; 0 for a pool */
    uint32_t starts;        /* contracts told to start since the last boundary */
    bool open;
    bool idle;         /* nothing in it, and nothing yesterday: not read; says nothing while there are nodes */
    bool stopped;      /* its LP has ended */
    uint32_t next_own; /* of what a platform uses itself: its next pool's; MDL_NO_SITE */
    int64_t energised_s;
    uint32_t platform; /* for a pool */
    uint32_t account;
    int32_t own_nodes[MDL_JOB_CLASSES]; /* a platform's own contracts here */
    double reference_per_node;          /* throughput against a reference node in its best segment */
    int64_t billed_wh;                  /* through the grid's meter, billed so far */
    double training_leased;             /* nodes leased for training, to share out useful work */
    int32_t zone;                       /* of the rental market */
} mdl_site_t;

/* What the day's steps look for among all projects, of which few are concerned: a byte of bits for each, kept by
 * mdl_project_mark. */
enum {
    MDL_MARK_PIPELINE = 1, /* neither open nor ended */
    MDL_MARK_WAITING = 2,  /* for chips, to open */
    MDL_MARK_CHIPS = 4,    /* may want chips, or has some to sell */
    MDL_MARK_GRANT = 8,    /* operates with a grant */
    MDL_MARK_AUCTION = 16, /* has ended, and its chips are on sale */
    MDL_MARK_REVIEW = 32   /* its weekly review may change something: not open yet, or owes running costs */
};
#define MDL_MARKS_PAGE 8 /* projects whose marks are looked at together: as many as a word has bytes */

/* What many steps ask of each project, so that they need not visit it; kept with its marks. */
typedef struct mdl_outline {
    union {
        uint32_t nodes_wanted; /* until it operates */
        uint32_t site;         /* while it does */
    };
    unsigned stage : 4, build_stage : 4, kind : 8, gpu_type : 8, province : 8;
} mdl_outline_t;

/* What tenants may want, in the order of their tags. */
typedef enum mdl_wish {
    MDL_WISH_TRAINING,
    MDL_WISH_FINETUNE,
    MDL_WISH_INFERENCE_NEAR,
    MDL_WISH_INFERENCE_FAR,
    MDL_WISH_BATCH,
    MDL_WISHES
} mdl_wish_t;

/* A lab or a province's enterprises as a tenant. Labs come first, in their order; then provinces. What they want is in
 * mdl_lab_t and mdl_enterprise_t (mdl_tenant_want); what every day looks at stands in the first cache line. */
typedef struct mdl_tenant {
    _Alignas(64) uint64_t entity;
    double held[MDL_WISHES];        /* reference nodes under contract */
    int64_t revenue_day_fen;        /* token revenue, smoothed */
    int64_t useful_training_gpu_s;  /* not yet told to the lab */
    mdl_want_t training;            /* of a lab: the cluster that it wants */
    double porting_u;               /* lifelong uniform number behind what it has ported */
    uint32_t incumbent[MDL_WISHES]; /* offer of the contract that ran out last */
    uint32_t contracts;             /* signed so far: ordinal of the next */
    int32_t province;
    bool ported[MDL_STACKS];
} mdl_tenant_t;

_Static_assert(offsetof(mdl_tenant_t, training) == 64, "a tenant's day is one cache line");

/* What sites have been used for: sums over all of them. int64_t all. */
typedef struct mdl_use_sums {
    /* Others, platforms. A node is racked here when its chips are in, and powered from then on. */
    int64_t busy_gpu_s[2], powered_gpu_s[2], leased_gpu_s[2], useful_gpu_s[2], allocated_gpu_s[2];
    int64_t busy_class_gpu_s[MDL_JOB_CLASSES]; /* all sites */
    int64_t service_load_gpu_s, service_met_gpu_s;
    int64_t province_busy_gpu_s[MDL_MAX_PROVINCES], province_powered_gpu_s[MDL_MAX_PROVINCES];
    int64_t province_leased_gpu_s[MDL_MAX_PROVINCES];
    int64_t type_busy_gpu_s[MDL_MAX_GPU_TYPES], type_powered_gpu_s[MDL_MAX_GPU_TYPES];
    int64_t metered_wh;
    int64_t jobs_submitted[MDL_JOB_CLASSES], jobs_started[MDL_JOB_CLASSES], jobs_finished[MDL_JOB_CLASSES];
    int64_t wait_s[MDL_JOB_CLASSES];
} mdl_use_sums_t;

/* Sums over one recording interval. */
typedef struct mdl_interval {
    mdl_use_sums_t use;
    int64_t planned_gpu_s;                     /* others: what projects were announced with */
    int64_t new_busy_gpu_s, new_powered_gpu_s; /* centres energised in the 24 months before */
    int64_t resold_wh;
    double tokens, token_days;
    double chip_value_fen[MDL_MAX_GPU_TYPES], chip_volume[MDL_MAX_GPU_TYPES];
    int64_t chip_channel_volume[MDL_CHANNELS];
    double rental_requested[MDL_SEGMENTS], rental_served[MDL_SEGMENTS], rental_unserved[MDL_SEGMENTS][MDL_REFUSALS];
    int64_t begins_s;
} mdl_interval_t;

/* A mean that may stay empty. */
typedef struct mdl_mean {
    double sum, n;
} mdl_mean_t;

/* What the outcomes are computed from; their definitions stand in channels.def. GPU seconds of centres unless said. */
typedef struct mdl_tally {
    double week_chip_fen, week_chips; /* of the reference type, traded in the week under way */
    double peak_chip_yuan, peak_chip_day;
    double peak_rent_yuan, peak_rent_day;
    mdl_mean_t rent_january, rent_october; /* 2024 */
    double quarter_busy, quarter_racked;   /* first quarter of 2025 */
    double quarter_new_leased, quarter_new_powered;
    double quarter_inference, quarter_busy_all;
    mdl_mean_t centres_2024_11, projects_2024_11; /* one reading, if the date is reached */
    mdl_mean_t labs_stopped_2024, capacity_2024_eflops;
    double labs_training_peak;
    int64_t state_spending_fen[2]; /* 2023, 2024 */
    bool saw_2024;                 /* all of both years */
    double busy_gpu_s, racked_gpu_s;
    int64_t metered_wh, resold_wh;
    int64_t subsidy_paid_fen, clawed_back_fen, bailouts_fen, vouchers_fen, grants_promised_fen;
    int64_t investment_fen; /* paid for chips and buildings by projects announced in the run */
    int64_t lent_fen;
    int64_t quarter_s; /* when the calendar quarter under way began */
    uint32_t announced[MDL_DEVELOPER_KINDS], energised[MDL_DEVELOPER_KINDS];
    uint32_t cancelled[MDL_DEVELOPER_KINDS], abandoned[MDL_DEVELOPER_KINDS], defaulted[MDL_DEVELOPER_KINDS];
} mdl_tally_t;

/* What a platform ordered today. */
typedef struct mdl_platform_order {
    int32_t type; /* -1 = nothing */
    int64_t gpus;
    int64_t backlog_gpus; /* all that it lacks and can pay: what stands in the maker's books */
    int64_t limit_fen;
} mdl_platform_order_t;

/* GPUs of a type that a platform has bought and not put up, as its lots say; of them, in stock. */
typedef struct mdl_platform_chips {
    uint32_t awaited, stock;
} mdl_platform_chips_t;

/* What a builder hears when it asks for chips of a type today (supply.c). */
typedef struct mdl_quote {
    int64_t price_fen; /* per GPU: official list price and tariff, or the cheapest broker's ask for a banned type */
    double per_day;    /* GPUs a day that reach those who want them */
    double ready;      /* GPUs that lie unsold */
    double lead_d;     /* days from purchase to delivery */
    double wait_d;     /* days in the queue before that */
    double weighed_d;  /* wait and lead time that `chance` is of, and */
    double chance;     /* the chance that chips come before patience ends, kept by mdl_supply_chance() */
} mdl_quote_t;

/* Power of a node of a type in a province, yuan a month: when busy, when idle, and what reselling it would bring. */
typedef struct mdl_node_power {
    _Alignas(32) double busy_yuan;
    double idle_yuan, resale_yuan;
    int64_t variable_fen; /* of a node let: power when busy, and upkeep */
} mdl_node_power_t;

#define MDL_RECENT_DAYS 90 /* what builders call recent when they look at each other */

typedef struct mdl_eco {
    sim_recorder_t *recorder;      /* set by populate and attach */
    int16_t channel[MDL_CH_COUNT]; /* place of each channel in the recorder's schema; -1 = not recorded */
    mdl_params_t params;           /* current */
    uint32_t next_change, next_shock;
    uint64_t banned; /* GPU types under an export rule, bit set */
    int64_t day;     /* of the step under way, since the start */
    int64_t month;   /* months closed */
    int64_t month_s; /* when the last one was */

    mdl_hype_t hype;
    mdl_frontier_t frontier;
    mdl_tokens_t tokens;
    mdl_beliefs_t beliefs;
    mdl_market_view_t view;
    mdl_grid_t grid;
    mdl_city_state_t cities[MDL_MAX_CITIES];
    uint32_t city_account[MDL_MAX_CITIES];
    uint32_t cities_in[MDL_MAX_PROVINCES]; /* cities of a province */
    mdl_enterprise_t enterprises[MDL_MAX_PROVINCES];
    mdl_platform_state_t platforms[MDL_MAX_PLATFORMS];
    uint32_t platform_account[MDL_MAX_PLATFORMS];
    uint32_t first_own[MDL_MAX_PLATFORMS], last_own[MDL_MAX_PLATFORMS]; /* own halves of its pools, in order of birth */
    uint32_t tenants_account; /* of the first tenant; theirs are numbered as they are */
    uint32_t central_account, bank_account, grid_account, maker_account[2]; /* foreign, domestic */

    /* Blocks in the arena, and how much is in them. */
    sim_ref_t ledger, lots, chips, rental, bank, brokers;
    sim_ref_t labs, developers, projects, project_marks, outlines, sites, tenants, trades, ended, token_payments,
        rent_gaps;
    sim_ref_t look_turns;                           /* developers by the day of the week on which they look at sites, */
    uint32_t look_from[MDL_LOOK_DAYS + 1];          /* and where each day's begin */
    sim_ref_t chronicle, project_lives, event_rows; /* only when events are asked for */
    uint32_t n_brokers, n_labs, n_developers, n_projects, n_sites, n_pools, n_tenants;
    uint32_t project_capacity, site_capacity, trade_capacity, ended_capacity, loan_capacity;

    /* What the day's steps tell each other. */
    double tokens_day;
    double tokens_labs_day, tokens_platforms_day; /* of them, bought from labs and platforms */
    int64_t bill_labs_fen[MDL_MAX_PROVINCES], bill_platforms_fen[MDL_MAX_PROVINCES]; /* not settled yet */
    mdl_platform_order_t platform_order[MDL_MAX_PLATFORMS];
    _Alignas(64) mdl_platform_chips_t platform_chips[MDL_MAX_PLATFORMS][MDL_MAX_GPU_TYPES];
    int64_t lab_limit_fen[MDL_WISHES];        /* most that they pay today, but for training */
    int64_t enterprise_limit_fen[MDL_WISHES]; /* the same */
    double demand_h100e;                      /* wanted by tenants, all segments, reference GPUs */
    double unserved_h100e;
    double training_labs_before; /* labs that trained yesterday */
    double lab_exits;            /* labs that stopped training today */
    double capacity_h100e[2];    /* powered: projects' centres, platforms */
    double committed_h100e[53];  /* open or committed, weekly ring: trend of the counter-cyclical switch */
    double province_utilisation[MDL_MAX_PROVINCES]; /* busy share of powered, smoothed; -1 without centres */
    double activity;                                /* busy share of leased time outside platforms, smoothed */
    int64_t heard_fen[MDL_SEGMENTS];                /* rents that tenants reckon with, per reference node-month */
    int64_t type_rent_fen[MDL_MAX_GPU_TYPES]; /* rents of a physical node of a type; 0 before the first contract */
    double week_rent_fen[MDL_MAX_GPU_TYPES], week_nodes[MDL_MAX_GPU_TYPES];    /* of the week's contracts */
    double life_rent_yuan[MDL_BELIEF_RULES], life_occupancy[MDL_BELIEF_RULES]; /* prospects.c, of the day */
    /* By the parameters in force: mdl_developer_annuity and _building_share, and of a node its building and its upkeep
     * and staff. */
    double life_annuity, building_share, building_yuan, fixed_yuan;
    mdl_node_power_t power[MDL_MAX_GPU_TYPES][MDL_MAX_PROVINCES]; /* by the parameters in force */
    /* By the parameters in force, of a project between two reviews: to be approved in a province, to talk about money, to
     * be given up, to be audited. */
    double approval_chance[MDL_MAX_PROVINCES], finance_chance[MDL_DEVELOPER_KINDS], giving_up_chance, audit_chance;
    double reference_per_gpu[MDL_MAX_GPU_TYPES];            /* H100-equivalents, dense FP16 */
    double replacing[MDL_MAX_GPU_TYPES][MDL_MAX_GPU_TYPES]; /* GPUs of the second type for one of the first */
    mdl_zone_t region[MDL_MAX_PROVINCES];                   /* of the country, as platforms see it */
    int32_t best_type[MDL_BELIEF_RULES][2];                 /* for free builders, for state-funded ones */
    bool above_trend;                                       /* committed capacity is above the counter-cyclical trend */
    int64_t signal_fen[MDL_MAX_GPU_TYPES];                  /* price that brokers and builders reckon with */
    mdl_quote_t quote[MDL_MAX_GPU_TYPES];
    /* Wanted at no less than the price, in vain, at the last clearing: builders' bids, platforms' backlog. */
    double queue_gpus[MDL_MAX_GPU_TYPES];
    double substitute_yuan[MDL_MAX_GPU_TYPES];              /* mdl_supply_substitute_yuan, of the day */
    double type_worth[MDL_BELIEF_RULES][MDL_MAX_GPU_TYPES]; /* prospects.c, of the day: (1 + net value) x chance - 1 */
    uint32_t recent[MDL_RECENT_DAYS];                       /* announcements by day, ring */
    uint32_t recent_total;

    mdl_interval_t interval;
    mdl_use_sums_t use_before; /* since birth, when the interval began; */
    mdl_use_sums_t use_gone;   /* and of sites that are stopped */
    uint32_t n_rent_gaps;      /* weeks in rent_gaps: log of rent over full cost at the end of each */
    mdl_tally_t tally;
} mdl_eco_t;

/* One boundary's view of everything. */
typedef struct mdl_step {
    sim_world_t *world;
    mdl_eco_t *eco;
    const mdl_input_t *input;
    const mdl_tables_t *tables;
    const mdl_params_t *params; /* = &eco->params */
    mdl_ledger_t *ledger;
    mdl_lots_t *lots;
    mdl_chips_t *chips;
    mdl_rental_t *rental;
    mdl_bank_t *bank;
    mdl_broker_t *brokers;
    mdl_lab_t *labs;
    mdl_developer_t *developers;
    mdl_project_t *projects;
    uint8_t *project_marks;  /* mdl_project_mark */
    mdl_outline_t *outlines; /* the same */
    mdl_site_t *sites;
    mdl_tenant_t *tenants;
    mdl_chip_trade_t *trades;
    mdl_contract_t *ended;
    mdl_chronicle_t *chronicle; /* NULL when no events are asked for, and with it the next two */
    mdl_life_t *project_lives;
    sim_event_row_t *event_rows;
    int64_t now_s;
    int64_t day;
    sim_error_t *err;
} mdl_step_t;

/* The day under way, in days since 1970-01-01. */
static inline int64_t mdl_step_date(const mdl_step_t *step)
{
    return step->input->start_day + step->day;
}

/* What a site's centre has reported last, and its meters since birth as they were then. */
static inline const mdl_datacentre_report_t *mdl_site_report(const mdl_step_t *step, uint32_t site)
{
    return mdl_datacentre_report(step->world, step->sites[site].lp);
}
static inline mdl_datacentre_reading_t mdl_site_reported(const mdl_step_t *step, uint32_t site)
{
    return mdl_datacentre_reported(step->world, step->sites[site].lp);
}

/* Propagates a failure. */
#define MDL_TRY(call)                                                                                                  \
    do {                                                                                                               \
        sim_status_t status_ = (call);                                                                                 \
        if (status_ != SIM_OK)                                                                                         \
            return status_;                                                                                            \
    } while (0)

/* memory.c: blocks, growth, resolving. */
sim_status_t mdl_eco_allocate(mdl_step_t *step);
sim_status_t mdl_eco_reserve(mdl_step_t *step); /* head room for a day; refreshes the pointers */
void mdl_step_open(mdl_step_t *step, sim_world_t *world, int64_t now_s, sim_error_t *err);

/* step_outside.c */
sim_status_t mdl_eco_resolve_params(mdl_step_t *step); /* parameters and changes as they stand at step->now_s */
/* Types that an export rule stands against, bit set. */
static inline uint64_t mdl_eco_banned(const mdl_step_t *step)
{
    return step->params->rules_export ? step->eco->banned : 0;
}

/* birth.c: agents and what stands on the first day. */
sim_status_t mdl_eco_found(mdl_step_t *step);

/* The daily steps, in the order in which economy.c runs them. */
sim_status_t mdl_step_meters(mdl_step_t *step);
sim_status_t mdl_step_outside(mdl_step_t *step);
sim_status_t mdl_step_sentiment(mdl_step_t *step);
sim_status_t mdl_step_demand(mdl_step_t *step);
sim_status_t mdl_step_platforms(mdl_step_t *step);
sim_status_t mdl_step_rental(mdl_step_t *step);
sim_status_t mdl_step_chips(mdl_step_t *step);
sim_status_t mdl_step_developers(mdl_step_t *step);
sim_status_t mdl_step_projects(mdl_step_t *step);
sim_status_t mdl_step_cities(mdl_step_t *step);
sim_status_t mdl_step_subsidies(mdl_step_t *step);
sim_status_t mdl_step_banks(mdl_step_t *step);

/* Dated events. */
sim_status_t mdl_event_build_stage(mdl_step_t *step, uint32_t project);
sim_status_t mdl_event_loan_month(mdl_step_t *step, uint32_t loan);
sim_status_t mdl_event_month(mdl_step_t *step);
sim_status_t mdl_event_record(mdl_step_t *step);

/* step_meters.c: adds what a site has done since its birth. */
void mdl_eco_count_site(const mdl_step_t *step, const mdl_site_t *site, mdl_use_sums_t *sums);

/* money.c: paying with what there is. */
sim_status_t mdl_eco_fund(mdl_step_t *step, uint32_t account,
                          int64_t amount_fen); /* tops a deposit up from customers' other payments */
sim_status_t mdl_city_pay(mdl_step_t *step, int32_t city, mdl_flow_t kind, uint32_t payee, int64_t due_fen,
                          int64_t *paid_fen);
/* Share of rent that a city's vouchers repay today; 0 when their budget of the year is spent. */
double mdl_voucher_share(const mdl_step_t *step, int32_t city);
sim_status_t mdl_voucher_pay(mdl_step_t *step, const mdl_project_t *project, uint32_t tenant_account, int64_t rent_fen);

/* sites.c: data centres and their place in the rental market. */
typedef struct mdl_site_plan {
    mdl_datacentre_spec_t spec; /* nodes as they are, not scaled */
    uint32_t account, project, platform;
    uint32_t scale;
    bool rents; /* has an offer in the rental market */
} mdl_site_plan_t;
sim_status_t mdl_site_open(mdl_step_t *step, const mdl_site_plan_t *plan, uint32_t *site);
sim_status_t mdl_site_grow(mdl_step_t *step, uint32_t site, uint32_t nodes); /* nodes with chips in, from now on */
sim_status_t mdl_site_close(mdl_step_t *step, uint32_t site);
mdl_platform_t mdl_platform_row(const mdl_step_t *step, uint32_t platform); /* of the table, at platforms.fleet_scale */
sim_status_t mdl_pool_extend(mdl_step_t *step, uint32_t platform, int32_t province, int32_t type, uint32_t nodes);
static inline int64_t mdl_site_variable_fen(const mdl_step_t *step, int32_t province, int32_t gpu_type)
{
    return step->eco->power[gpu_type][province].variable_fen; /* per node-month */
}
double mdl_node_kwh_month(const mdl_step_t *step, int32_t province, int32_t gpu_type,
                          bool busy); /* through the meter */
int mdl_tariff_flags(const mdl_step_t *step, int32_t gpu_type);
double mdl_best_rate(const mdl_gpu_type_t *type); /* throughput against a reference node in the segment it is best at */
static inline double mdl_reference_per_gpu(const mdl_step_t *step, int32_t gpu_type) /* H100-equivalents, dense FP16 */
{
    return step->eco->reference_per_gpu[gpu_type];
}

/* prospects.c: what a node looks like to builders. */
mdl_node_power_t mdl_node_power(const mdl_step_t *step, int32_t province, int32_t gpu_type);
double mdl_node_fixed_yuan(const mdl_params_t *params);
void mdl_prospects_day(mdl_step_t *step);
void mdl_prospect_at(const mdl_step_t *step, mdl_belief_rule_t rule, int32_t city, int32_t type, mdl_prospect_t *p);
int32_t mdl_best_type(const mdl_step_t *step, mdl_belief_rule_t rule, bool state_funded); /* -1: none to be had */
/* Most that a builder pays for a GPU of a type: what it earns over its life by the builder's valuation, and its share
 * of the grant to come and of the side motives for which the centre has to open. */
double mdl_chip_limit_yuan(const mdl_step_t *step, const mdl_project_t *project, int32_t type);
/* Whether a builder may have a type and, by its own valuation, would pay today's price; the best such type, -1:
 * none. */
bool mdl_type_payable(const mdl_step_t *step, const mdl_project_t *project, int32_t type);
int32_t mdl_best_payable_type(const mdl_step_t *step, const mdl_project_t *project);
double mdl_chip_price_yuan(const mdl_step_t *step, int32_t type);
double mdl_ported_share(const mdl_step_t *step); /* of tenants' work, to the domestic stack */
/* Reference nodes that a node of a type is worth in its best use, less what tenants lose by porting. */
double mdl_usable_rate(const mdl_step_t *step, int32_t type);

/* supply.c: whether chips can be had, and at what price. */
void mdl_supply_day(mdl_step_t *step);
/* Chance that a project still waits when its chips come: lead time, and the queue over what is supplied a day, against
 * developers.patience; 0 when nothing is supplied. */
double mdl_supply_chance(const mdl_step_t *step, int32_t type);
/* What the cheapest substitute of the same stack costs that does a GPU's work in every use, dearer the longer one waits
 * for it; HUGE_VAL when there is none. Nobody pays more for the GPU itself. The GPU itself, ordered from its maker (or
 * a broker) behind everybody who waits already, is a substitute too. */
double mdl_supply_substitute_yuan(const mdl_step_t *step, int32_t type);
/* Full cost of a reference node-month of the chips that new entrants can get: what long-run rent tends to. */
double mdl_supply_entry_cost_yuan(const mdl_step_t *step);

/* Full cost of a node and the chances of projects and audits: what follows from the parameters. */
void mdl_sentiment_derive(mdl_step_t *step); /* step_sentiment.c */
void mdl_projects_derive(mdl_step_t *step);  /* step_projects.c */
void mdl_subsidies_derive(mdl_step_t *step); /* step_subsidies.c */

/* step_subsidies.c */
sim_status_t mdl_subsidy_start(mdl_step_t *step, mdl_project_t *project); /* what is paid when building starts */

/* leases.c: contracts between tenants and sites. The data centre knows a contract by MDL_LEASE_NUMBER, a platform's own
 * work by MDL_LEASE_OWN + class. */
#define MDL_LEASE_OWN              UINT32_C(0x80000000)
#define MDL_LEASE_NUMBER(contract) ((uint32_t)(contract)->number & ~MDL_LEASE_OWN)
#define MDL_BILLING_DAYS           7 /* rents are paid weekly */
sim_status_t mdl_lease_start(mdl_step_t *step, uint32_t slot);
sim_status_t mdl_lease_end(mdl_step_t *step, const mdl_contract_t *ended); /* settles rent, tells the data centre */
sim_status_t mdl_lease_bill_all(mdl_step_t *step);
sim_status_t mdl_lease_resize(mdl_step_t *step, uint32_t slot, int32_t nodes); /* on a billing day */
/* Ends a tenant's contracts of a kind, those with numbers below `before` (UINT64_MAX = all). */
sim_status_t mdl_tenant_leave(mdl_step_t *step, uint32_t tenant, mdl_wish_t wish, uint64_t before);
/* Ledger account of a tenant. */
static inline uint32_t mdl_tenant_account(const mdl_step_t *step, uint32_t tenant)
{
    return step->eco->tenants_account + tenant;
}
/* What a tenant wants, as of the day's step of demand. */
mdl_want_t mdl_tenant_want(const mdl_step_t *step, uint32_t tenant, mdl_wish_t wish);
static inline uint32_t mdl_wish_tag(uint32_t tenant, mdl_wish_t wish)
{
    return tenant * MDL_WISHES + (uint32_t)wish;
}

/* projects.c: turns in a project's life that several steps take. */
/* A project's bits as they should stand. */
uint8_t mdl_project_marks(const mdl_project_t *project);
mdl_outline_t mdl_project_outline(const mdl_project_t *project);
/* Sets them and its outline: after each change of a stage, of building too, of auctioning or of arrears; and from the
 * building on, of chips ordered or wanted and of the grant, which have no part in the marks before. */
void mdl_project_mark(mdl_step_t *step, const mdl_project_t *project);
/* The projects that have a mark (one bit), in their order. Marks of those to come must not change meanwhile.
 *
 *     mdl_marked_t marked = {.mark = MDL_MARK_GRANT};
 *     for (uint32_t i; (i = mdl_next_marked(step, &marked)) != MDL_NO_PROJECT;)
 *         ...
 */
typedef struct mdl_marked {
    uint8_t mark;
    uint32_t page; /* where the next one begins */
    uint64_t left; /* of the page before, a bit for each in its byte */
} mdl_marked_t;
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first project's mark is a word's lowest byte");
/* The projects of a page that have a mark, each a bit in its byte. */
static inline uint64_t mdl_marked_in(const mdl_step_t *step, uint32_t page, uint8_t mark)
{
    uint64_t marks;
    memcpy(&marks, step->project_marks + page, sizeof marks);
    return marks & mark * UINT64_C(0x0101010101010101);
}
static inline uint32_t mdl_lowest_marked(uint64_t marked)
{
    return (uint32_t)__builtin_ctzll(marked) / 8;
}
/* The second cache line of those that a page marks is on its way while the page before is worked on: all that is asked
 * of most that operate with a grant. Of those that wait for chips the market has just read the first. */
SIM_FETCH void mdl_fetch_marked(const mdl_step_t *step, uint32_t page, uint8_t mark)
{
    for (uint64_t left = mdl_marked_in(step, page, mark); left != 0; left &= left - 1)
        sim_fetch(&step->projects[page + mdl_lowest_marked(left)].entity, SIM_LINE_BYTES);
}
/* MDL_NO_PROJECT: there is none left. */
static inline uint32_t mdl_next_marked(const mdl_step_t *step, mdl_marked_t *at)
{
    while (at->left == 0) {
        if (at->page >= step->eco->n_projects)
            return MDL_NO_PROJECT;
        at->left = mdl_marked_in(step, at->page, at->mark);
        at->page += MDL_MARKS_PAGE;
        if (at->page < step->eco->n_projects)
            mdl_fetch_marked(step, at->page, at->mark);
    }
    uint32_t project = at->page - MDL_MARKS_PAGE + mdl_lowest_marked(at->left);
    at->left &= at->left - 1;
    return project;
}
/* Whether a builder of that kind means the project with that id for large training: drawn once, before it is sited. */
bool mdl_project_for_training(const mdl_step_t *step, uint64_t entity, int32_t kind);
sim_status_t mdl_project_announce(mdl_step_t *step, uint32_t developer, int32_t city, mdl_belief_rule_t rule,
                                  double merit, const mdl_prospect_t *prospect);
sim_status_t mdl_project_received(mdl_step_t *step, mdl_project_t *project, int64_t gpus);   /* chips in stock */
sim_status_t mdl_project_sold_chips(mdl_step_t *step, mdl_project_t *project, int64_t gpus); /* chips left */
sim_status_t mdl_project_energise(mdl_step_t *step, mdl_project_t *project);
void mdl_project_check_loan(const mdl_step_t *step, mdl_project_t *project); /* forgets a loan that is over */
/* Whether a state vehicle's owner pays what its centre lacks, drawn once; then it puts in as new equity what the centre's
 * deposit leaves of `due_fen`. */
bool mdl_project_has_owner(const mdl_step_t *step, const mdl_project_t *project);
sim_status_t mdl_project_owner_pays(mdl_step_t *step, const mdl_project_t *project, int64_t due_fen);
sim_status_t mdl_project_end(mdl_step_t *step, mdl_project_t *project, mdl_stage_t how);
/* Seconds until a project's next stage is built; what was under construction on the first day takes its own time. */
int64_t mdl_project_next_stage(const mdl_step_t *step, const mdl_project_t *project, sim_rng_t *rng);
sim_status_t mdl_project_schedule(mdl_step_t *step, const mdl_project_t *project, int64_t delay_s, uint32_t event);
void mdl_project_rng(const mdl_step_t *step, const mdl_project_t *project, uint64_t purpose, uint64_t event,
                     sim_rng_t *rng);

/* chronicle.c: events that are told when they were asked for. A cause is what these functions return, the number of an
 * event, or MDL_CAUSE_NONE or MDL_CAUSE_BEFORE. */
sim_status_t mdl_chronicle_begin(mdl_step_t *step);
void mdl_chronicle_open(mdl_step_t *step);            /* resolves the refs */
sim_status_t mdl_chronicle_reserve(mdl_step_t *step); /* room for a day; SIM_ELIMIT when the day before had too many */
sim_status_t mdl_chronicle_finish(mdl_step_t *step);  /* rows to the recorder */
void mdl_chronicle_day(mdl_step_t *step);             /* after the day's steps: levels that have moved */
mdl_life_t *mdl_chronicle_life(const mdl_step_t *step, mdl_who_t who, uint32_t entity);
/* Behind mdl_event() and mdl_event_once(), which see to it that events are asked for. */
uint64_t mdl_chronicle_tell(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value);
uint64_t mdl_chronicle_once(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value);
/* The latest of some types' last events, if it is at most `days` old; else 0. */
uint64_t mdl_chronicle_latest_of(const mdl_step_t *step, const mdl_ev_t *types, int32_t n, int32_t days);
uint64_t mdl_chronicle_latest(const mdl_step_t *step, int32_t days, mdl_ev_t a, mdl_ev_t b, mdl_ev_t c);

/* chronicle_why.c: events whose cause has to be found. Each does nothing when no events are asked for. Money in fen. */
uint64_t mdl_chronicle_land(const mdl_step_t *step); /* the last dated change of cities.land_revenue */
uint64_t mdl_chronicle_shortage(const mdl_step_t *step, int32_t gpu_type); /* why GPUs of a type are hard to get */
/* Tells why a developer announces: the largest of the terms of its merit. */
uint64_t mdl_chronicle_decision(mdl_step_t *step, uint32_t developer, int32_t city, const mdl_prospect_t *prospect);
void mdl_chronicle_announced(mdl_step_t *step, uint32_t project, uint64_t why, double h100e);
/* Talks about money that led nowhere; `scale`: the share of the cost that could be raised. */
void mdl_chronicle_talks(mdl_step_t *step, uint32_t project, const mdl_loan_application_t *application,
                         const mdl_loan_decision_t *decision, double scale);
void mdl_chronicle_replanned(mdl_step_t *step, uint32_t project, int32_t from, int32_t to); /* GPU types */
void mdl_chronicle_ask(mdl_step_t *step, uint32_t project, int64_t ask_fen); /* rent asked for a node-month */
void mdl_chronicle_left(mdl_step_t *step, const mdl_site_t *site, const mdl_contract_t *ended); /* a tenant */
void mdl_chronicle_end(mdl_step_t *step, uint32_t project, mdl_stage_t how); /* before anything is undone */
/* GPUs of a failed project sold; `buyer` MDL_NO_PROJECT for a platform. */
void mdl_chronicle_resold(mdl_step_t *step, uint32_t seller, uint32_t buyer, int64_t gpus, int64_t price_fen);
void mdl_chronicle_wound_up(mdl_step_t *step, uint32_t project, int64_t loss_fen); /* of the bank */
void mdl_chronicle_lab(mdl_step_t *step, uint32_t lab, const mdl_lab_decision_t *decision);
void mdl_chronicle_bought(mdl_step_t *step, uint32_t platform, int64_t gpus);
void mdl_chronicle_switched(mdl_step_t *step, uint32_t platform, int32_t type); /* before the order is kept */
void mdl_chronicle_shock(mdl_step_t *step, const mdl_shock_t *shock);

/* Tells an event; its number, 0 when none are asked for. */
static inline uint64_t mdl_event(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value)
{
    return step->chronicle == NULL ? 0 : mdl_chronicle_tell(step, type, entity, cause, value);
}
/* The same, the first time only. */
static inline uint64_t mdl_event_once(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value)
{
    return step->chronicle == NULL ? 0 : mdl_chronicle_once(step, type, entity, cause, value);
}
/* An entity's last turn. */
static inline uint64_t mdl_event_last(const mdl_step_t *step, mdl_who_t who, uint32_t entity)
{
    return step->chronicle == NULL ? 0 : mdl_chronicle_life(step, who, entity)->last;
}

/* record.c, outcomes.c, audit.c */
void mdl_eco_map_channels(mdl_eco_t *eco);
static inline int64_t mdl_eco_interval_end_s(const mdl_input_t *input, uint32_t i)
{
    int64_t end_s = ((int64_t)i + 1) * input->record_interval_s;
    return end_s < input->horizon_s ? end_s : input->horizon_s;
}
/* Whether a recording interval ends now. */
static inline bool mdl_eco_interval_ends(const mdl_step_t *step)
{
    uint32_t row = sim_recorder_row(step->eco->recorder, SIM_CLOCK_INTERVAL);
    return mdl_eco_interval_end_s(step->input, row) == step->now_s;
}
void mdl_eco_set(const mdl_eco_t *eco, enum mdl_record channel, uint32_t index, double value);
void mdl_eco_record_month(mdl_step_t *step);
void mdl_eco_record_project(const mdl_step_t *step, uint32_t project);
void mdl_eco_note_rental_week(mdl_step_t *step); /* before the market closes its week */
void mdl_outcomes_invested(mdl_step_t *step, const mdl_project_t *project, int64_t paid_fen);
sim_status_t mdl_eco_audit(mdl_step_t *step);
bool mdl_outcomes_in_quarter(const mdl_step_t *step); /* that outcomes look at, yesterday */
void mdl_outcomes_use(mdl_step_t *step, int64_t busy_gpu_s, int64_t powered_gpu_s); /* all centres' day */
/* In that quarter: what a site's day adds. */
void mdl_outcomes_site(mdl_step_t *step, const mdl_site_t *site, const mdl_datacentre_reading_t *day);
void mdl_outcomes_day(mdl_step_t *step);
void mdl_outcomes_week(mdl_step_t *step);  /* after the rental market has closed its week */
void mdl_outcomes_month(mdl_step_t *step); /* after the month's bills */
double mdl_outcomes_sadf(const double *series, size_t n);
void mdl_outcomes_note_rent(mdl_step_t *step); /* once a week */
double mdl_outcomes_explosive_rent(const mdl_step_t *step);
void mdl_outcomes_finish(mdl_step_t *step);

#endif
