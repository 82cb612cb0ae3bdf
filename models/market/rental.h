// SPDX-License-Identifier: GPL-3.0-or-later
/* The rental market: operators post prices for nodes, tenants search a few offers and sign contracts.
 *
 * An operator's offer stands for the nodes of one data centre, at a price that the operator posts from its occupancy
 * and from what it hears others get, never under variable cost. A tenant asks for reference nodes (8 H100s) in a
 * segment; it looks at a few offers drawn at random (mdl_params rental.search_breadth), drops those that cannot run its
 * jobs (latency, fabric, gang too wide) and takes the cheapest per reference node-month, counting throughput on that
 * type, porting, latency, fabric and reliability as costs. So the same node is cheap for one tenant and useless for
 * another, and full price beside idle nodes is possible.
 *
 * Contracts are by node-month at a fixed price for a term; some end early (churn); at the end the tenant searches again
 * and the incumbent has the advantage of the switching cost. Spot contracts are short and priced off what is free.
 * Price indices are averages over the transactions of a period, weighted by reference nodes.
 *
 *     mdl_rental_offer_open(rental, &(mdl_offer_t){.centre = 7, .nodes = 128, ...}, &offer, err);
 *     mdl_rental_match(rental, params, &request, &rng, day, &answer, err);
 *     for (i = 0; i < answer.n; i++) start(mdl_rental_contract(rental, answer.contract[i]));
 *
 * One block without pointers; never allocates. Offers are kept as structs, not as arrays of fields: a search reads all
 * fields of few offers.
 */
#ifndef MDL_RENTAL_H
#define MDL_RENTAL_H

#include "models/params/params.h"
#include "models/params/tables.h"
#include "sim/error.h"
#include "sim/rng.h"

/* Segments, in the order of the job classes of a data centre (mdl_job_class_t). */
typedef enum mdl_segment {
    MDL_SEGMENT_TRAINING,  /* large clusters, gangs */
    MDL_SEGMENT_FINETUNE,  /* fine-tuning and evaluation */
    MDL_SEGMENT_INFERENCE, /* low latency */
    MDL_SEGMENT_BATCH,
    MDL_SEGMENTS
} mdl_segment_t;

#define MDL_MAX_ZONES    8
#define MDL_NO_OFFER     UINT32_MAX
#define MDL_NO_CONTRACT  UINT32_MAX
#define MDL_RENTAL_SPLIT 8   /* most contracts that one request can become */
#define MDL_RENTAL_GUIDE 256 /* most stretches of nodes of which is known with which offer they begin */

/* What one data centre offers. The caller fills the first block; the market keeps the second. */
typedef struct mdl_offer {
    uint32_t centre;  /* the caller's number of the data centre */
    uint32_t account; /* operator's ledger account */
    int32_t province;
    int32_t gpu_type;
    int32_t stack;                /* mdl_stack_t */
    int32_t nodes;                /* for rent, physical, 8 GPUs each */
    int32_t leased;               /* nodes under contract or spot; the market's, like zone and what follows it */
    double fabric_gb_s;           /* node interconnect */
    double reliability;           /* share of time that a node is up, 0 to 1 */
    double rate[MDL_SEGMENTS];    /* throughput of a node against a reference node, > 0 */
    int64_t price_fen_node_month; /* posted contract price, physical node */
    int64_t floor_fen_node_month; /* variable cost */
    double rebate; /* share of the rent that tenants expect back from others (compute vouchers), 0 to 1 */

    int32_t zone;       /* of the province */
    uint32_t first;     /* its contracts, by contract's `next` */
    uint32_t active_at; /* position among active offers; MDL_NO_OFFER when closed */
} mdl_offer_t;

typedef struct mdl_contract {
    uint64_t number; /* never reused; 0 marks a free slot */
    uint32_t tenant; /* ledger account */
    uint32_t tag;    /* tenant's own number, from the request */
    uint32_t offer;
    uint32_t centre; /* of the offer */
    int32_t segment;
    int32_t nodes;                /* physical */
    int64_t price_fen_node_month; /* per physical node */
    int64_t start_day, end_day;   /* runs on days start_day .. end_day - 1; the end includes churn */
    int64_t term_day;             /* end of the term that was agreed */
    double rate;                  /* reference nodes per physical node for this tenant: type and porting */
    uint64_t entity;              /* of the tenant, for random addresses */
    int32_t ported;               /* 1: the tenant's software runs on this stack */
    int32_t spot;                 /* 1: spot */
    uint32_t next, previous;      /* in its offer's list */
} mdl_contract_t;

/* What a tenant wants. */
typedef struct mdl_rental_request {
    uint32_t tenant; /* ledger account */
    uint32_t tag;    /* handed back in the contract */
    uint64_t entity; /* id for random addresses */
    mdl_segment_t segment;
    int32_t province;                 /* where its users or data are */
    double nodes;                     /* reference nodes wanted, > 0 */
    double gang_nodes;                /* reference nodes that must share one fabric; 0 = none */
    double min_fabric_gb_s;           /* below it an offer is useless; 0 = any */
    double want_fabric_gb_s;          /* below it the tenant counts a cost; 0 = any */
    double max_latency_ms;            /* beyond it an offer is useless; 0 = any */
    int64_t max_price_fen_node_month; /* per reference node, all that the tenant counts as cost included */
    bool ported[MDL_STACKS];          /* stacks that its software runs on */
    bool may_port;                    /* would it port to another stack at the porting cost? */
    bool spot;
    uint32_t incumbent; /* offer that it sits on (renewal), or MDL_NO_OFFER */
    int64_t term_d;     /* days; 0 = the segment's usual term */
} mdl_rental_request_t;

/* Why an offer was of no use. What stays unserved is put down to the reasons met, in equal parts per offer. */
typedef enum mdl_refusal {
    MDL_REFUSAL_NONE_FREE,
    MDL_REFUSAL_PRICE,
    MDL_REFUSAL_LATENCY,
    MDL_REFUSAL_FABRIC, /* or the gang is wider than what is free in one place */
    MDL_REFUSAL_STACK,
    MDL_REFUSALS
} mdl_refusal_t;

typedef struct mdl_rental_answer {
    uint32_t n;                          /* contracts signed */
    uint32_t contract[MDL_RENTAL_SPLIT]; /* their slots */
    double served;                       /* reference nodes */
    double unserved;
    uint32_t refused[MDL_REFUSALS]; /* offers looked at and dropped, by reason */
} mdl_rental_answer_t;

/* Sums over a period's transactions, by segment x zone x stack. */
typedef struct mdl_rental_cell {
    double value_fen;  /* price per reference node-month x reference nodes */
    double nodes;      /* reference nodes */
    double last_nodes; /* reference nodes of that period */
    int64_t index_fen; /* average of the last period with a transaction; 0 before the first */
} mdl_rental_cell_t;

typedef struct mdl_rental_totals {
    double requested, served, unserved; /* reference nodes, in the period */
    double unserved_by[MDL_REFUSALS];
} mdl_rental_totals_t;

typedef struct mdl_rental {
    uint32_t offer_capacity, contract_capacity;
    /* Where the parts of the block begin that follow the contracts. */
    size_t pages_at, sizes_at, active_list_at, open_nodes_at;
    uint32_t n_offers; /* rows ever opened: 0..n_offers-1 */
    uint32_t n_active;
    uint32_t contracts_used, contracts_live, contracts_free;
    int32_t n_zones;
    int32_t n_provinces;
    uint64_t next_number;
    int64_t index_fen; /* all transactions, per reference node-month */
    int64_t index_segment_fen[MDL_SEGMENTS];
    int64_t index_spot_fen; /* spot purchases; 0 before the first */
    double spot_value_fen, spot_nodes;
    int64_t offered_nodes, leased_nodes; /* now, active offers, physical */
    mdl_rental_totals_t totals[MDL_SEGMENTS];
    mdl_rental_cell_t cell[MDL_SEGMENTS][MDL_MAX_ZONES][MDL_STACKS];
    int32_t province_zone[MDL_MAX_PROVINCES];
    double latency_ms[MDL_MAX_PROVINCES][MDL_MAX_PROVINCES];
    /* Which offer holds a node (rental_pick.c); made anew for the first draw after a size has changed. */
    bool sizes_changed;
    uint32_t n_sizes, guide_shift;
    uint32_t guide[MDL_RENTAL_GUIDE + 1];
} mdl_rental_t;

size_t mdl_rental_bytes(uint32_t offers, uint32_t contracts);
/* An empty market; zones and latencies from the provinces table: 1 ms inside a province, 5 inside a zone, otherwise the
 * larger of 20 ms and both provinces' latency to the demand centre (C27). `start_fen`: index before any transaction,
 * per reference node-month. SIM_EINPUT when the table has more than MDL_MAX_ZONES zones. */
sim_status_t mdl_rental_init(mdl_rental_t *self, const mdl_tables_t *tables, uint32_t offers, uint32_t contracts,
                             int64_t start_fen, sim_error_t *err);
void mdl_rental_grow_into(mdl_rental_t *self, uint32_t offers, uint32_t contracts, const mdl_rental_t *from);

/* Throughput of each segment for a GPU type, from the table (rate_training .. rate_batch). */
void mdl_rental_rates(const mdl_gpu_type_t *type, double rate[MDL_SEGMENTS]);

/* Opens an offer; the caller's fields are read. SIM_ELIMIT when full. Rows are not reused. */
sim_status_t mdl_rental_offer_open(mdl_rental_t *self, const mdl_offer_t *offer, uint32_t *number, sim_error_t *err);
static inline const mdl_offer_t *mdl_rental_offer(const mdl_rental_t *self, uint32_t offer)
{
    return (const mdl_offer_t *)(const void *)(self + 1) + offer;
}
static inline const mdl_contract_t *mdl_rental_contract(const mdl_rental_t *self, uint32_t slot)
{
    return (const mdl_contract_t *)(const void *)mdl_rental_offer(self, self->offer_capacity) + slot;
}
/* Changes the nodes for rent. When fewer than leased, contracts end, youngest first; their records go to `ended`
 * (capacity >= the offer's contracts, else SIM_ELIMIT and nothing changes). */
sim_status_t mdl_rental_offer_resize(mdl_rental_t *self, uint32_t offer, int32_t nodes, mdl_contract_t *ended,
                                     uint32_t capacity, uint32_t *n_ended, sim_error_t *err);
/* Takes the offer off the market; all its contracts end as above. Legal twice. */
sim_status_t mdl_rental_offer_close(mdl_rental_t *self, uint32_t offer, mdl_contract_t *ended, uint32_t capacity,
                                    uint32_t *n_ended, sim_error_t *err);
/* A new operator (sale, foreclosure) or a new floor; the price stays within the floor. */
void mdl_rental_offer_account(mdl_rental_t *self, uint32_t offer, uint32_t account);
void mdl_rental_offer_floor(mdl_rental_t *self, uint32_t offer, int64_t floor_fen_node_month);

/* What tenants may expect back of the rent, share; they weigh offers by what is left. */
void mdl_rental_offer_rebate(mdl_rental_t *self, uint32_t offer, double share);

/* Posts a new contract price (the operator's decision: mdl_project_ask, project.h); never below variable cost. */
void mdl_rental_offer_price(mdl_rental_t *self, uint32_t offer, int64_t price_fen_node_month);
/* Share of an offer's nodes under contract or spot now; 0 for an offer without nodes. */
double mdl_rental_occupancy(const mdl_rental_t *self, uint32_t offer);
/* Spot price of an offer: posted price x (1 - rental.spot_discount x free share), not below variable cost. */
int64_t mdl_rental_spot_fen(const mdl_rental_t *self, const mdl_params_t *params, uint32_t offer);

/* Searches, signs contracts starting on `day`, counts. Draws come from `rng`, which the caller stands at (tenant's
 * entity, MDL_PURPOSE_RENTAL_SEARCH, day or request). O(search breadth). SIM_ELIMIT when the contract table is full. */
sim_status_t mdl_rental_match(mdl_rental_t *self, const mdl_params_t *params, const mdl_rental_request_t *request,
                              sim_rng_t *rng, int64_t day, mdl_rental_answer_t *answer, sim_error_t *err);
/* Cost per reference node-month that a tenant counts for an offer, fen; *refusal says why it is useless when the result
 * is negative. For operators and tests. */
double mdl_rental_cost_fen(const mdl_rental_t *self, const mdl_params_t *params, const mdl_rental_request_t *request,
                           uint32_t offer, mdl_refusal_t *refusal);

/* Contracts whose last day is over on `day` (end of term, or churn, drawn when they were signed): taken out, records in
 * `ended` in order of slot. Returns how many ended; when `capacity` is too small the rest stay until the next call.
 * Looks only at pages of slots in which one may be due. */
uint32_t mdl_rental_expire(mdl_rental_t *self, int64_t day, mdl_contract_t *ended, uint32_t capacity);
/* The first slot from `from` on that holds a contract for training; MDL_NO_CONTRACT when there is none. There are few
 * among many contracts. */
uint32_t mdl_rental_next_training(const mdl_rental_t *self, uint32_t from);
/* Ends one contract (tenant quits or goes bankrupt); false when the slot is free. */
bool mdl_rental_end(mdl_rental_t *self, uint32_t slot, mdl_contract_t *ended);
/* Grows or shrinks a contract to `nodes` physical nodes at its price; growth at most to what is free. Returns the size
 * it has now; 0 nodes ends it. */
int32_t mdl_rental_resize(mdl_rental_t *self, uint32_t slot, int32_t nodes);
/* One day's rent of a contract in fen: price x nodes / (365 / 12 days). */
int64_t mdl_rental_day_fen(const mdl_contract_t *contract);

/* Closes a period (week): indices become the averages over its transactions, sums restart. Without any they stay, but
 * that the market's index is then no higher than the rent at which the cheapest free node is offered. */
void mdl_rental_close_period(mdl_rental_t *self);
/* Index of a cell; -1 for stack or zone = average over them by nodes of the last period (then the segment's, then the
 * market's, when there were no transactions). Fen per reference node-month. */
int64_t mdl_rental_index_fen(const mdl_rental_t *self, mdl_segment_t segment, int32_t zone, int32_t stack);

/* Recount: leased = sum of contracts <= nodes for each offer, lists, totals. */
sim_status_t mdl_rental_audit(const mdl_rental_t *self, sim_error_t *err);

const char *mdl_segment_name(mdl_segment_t segment);
const char *mdl_refusal_name(mdl_refusal_t refusal);

#endif
