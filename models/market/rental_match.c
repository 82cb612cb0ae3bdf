// SPDX-License-Identifier: GPL-3.0-or-later
/* A tenant's search: look at a few offers, count their costs, sign with the cheapest. */
#include "models/ledger/money.h"
#include "models/market/rental_parts.h"
#include "sim/draw.h"
#include "sim/time.h"

#include <string.h>

#define MAX_LOOKS     129  /* bounds of rental.search_breadth and pooling.breadth, and the incumbent */
#define NODES_EPS     1e-6 /* what counts as no node at all */
#define DAYS_PER_YEAR 365.0

/* A request being served. */
typedef struct search {
    mdl_rental_t *market;
    const mdl_params_t *params;
    const mdl_rental_request_t *request;
    mdl_rental_answer_t *answer;
    uint32_t n_looks;
    struct look {
        double cost_fen; /* counted, per reference node-month */
        uint32_t offer;
    } looks[MAX_LOOKS]; /* cheapest first */
} search_t;

/* Reference nodes that one of an offer's nodes is worth to this tenant. */
static double useful_rate(const mdl_params_t *params, const mdl_rental_request_t *request, const mdl_offer_t *offer)
{
    double rate = offer->rate[request->segment];
    return request->ported[offer->stack] ? rate : rate * (1 - params->rental_porting_loss);
}

/* Physical nodes for `nodes` reference nodes, rounded up. */
static int32_t physical(double nodes, double rate)
{
    double exact = nodes / rate;
    if (exact >= (double)INT32_MAX)
        return INT32_MAX;
    int32_t whole = (int32_t)exact;
    return exact - (double)whole > NODES_EPS ? whole + 1 : whole;
}

/* From the tenant's province; 0 for work that does not mind. */
static double latency(const search_t *self, const mdl_offer_t *offer, bool pooled)
{
    if (self->request->max_latency_ms <= 0)
        return 0;
    double latency_ms = self->market->latency_ms[self->request->province][offer->province];
    return pooled ? latency_ms * self->params->pooling_latency_scale : latency_ms;
}

static inline bool is_full(const mdl_offer_t *offer)
{
    return offer->nodes <= offer->leased;
}

/* Of an offer that is not full. */
static inline bool cannot_run(const search_t *self, const mdl_offer_t *offer, double latency_ms, mdl_refusal_t *refusal)
{
    const mdl_rental_request_t *request = self->request;
    double rate = useful_rate(self->params, request, offer);
    if (rate <= 0 || (!request->ported[offer->stack] && !request->may_port))
        *refusal = MDL_REFUSAL_STACK;
    else if (request->max_latency_ms > 0 && latency_ms > request->max_latency_ms)
        *refusal = MDL_REFUSAL_LATENCY;
    else if (offer->fabric_gb_s < request->min_fabric_gb_s ||
             (request->gang_nodes > 0 && offer->nodes < physical(request->gang_nodes, rate)))
        *refusal = MDL_REFUSAL_FABRIC;
    else
        return false;
    return true;
}

/* What the tenant counts on top of the rent, as a share of it. */
static inline double burden(const search_t *self, uint32_t number, const mdl_offer_t *offer, double latency_ms,
                            bool pooled)
{
    const mdl_params_t *params = self->params;
    const mdl_rental_request_t *request = self->request;
    double share = params->rental_downtime_cost * (1 - offer->reliability) - offer->rebate;
    if (request->max_latency_ms > 0 && latency_ms > 1)
        share += params->rental_latency_cost * (latency_ms - 1);
    if (request->want_fabric_gb_s > 0 && offer->fabric_gb_s < request->want_fabric_gb_s)
        share += offer->fabric_gb_s > 0
                     ? params->rental_fabric_cost * (request->want_fabric_gb_s / offer->fabric_gb_s - 1)
                     : params->rental_fabric_cost * request->want_fabric_gb_s;
    if (!request->ported[offer->stack])
        share += params->rental_porting_cost;
    if (pooled)
        share += params->pooling_transaction_cost;
    if (number == request->incumbent)
        share -= params->rental_switching_cost;
    return share > -1 ? share : -1;
}

static int64_t price_fen(const search_t *self, uint32_t number)
{
    return self->request->spot ? mdl_rental_spot_fen(self->market, self->params, number)
                               : mdl_rental_offer(self->market, number)->price_fen_node_month;
}

/* Of an offer that can run the work: cost per reference node-month. */
static inline double cost_fen(const search_t *self, uint32_t number, double latency_ms, bool pooled)
{
    const mdl_offer_t *offer = mdl_rental_offer(self->market, number);
    double rate = useful_rate(self->params, self->request, offer);
    return (double)price_fen(self, number) / rate * (1 + burden(self, number, offer, latency_ms, pooled));
}

double mdl_rental_cost_fen(const mdl_rental_t *self, const mdl_params_t *params, const mdl_rental_request_t *request,
                           uint32_t offer, mdl_refusal_t *refusal)
{
    search_t search = {.market = (mdl_rental_t *)(uintptr_t)self, .params = params, .request = request};
    double latency_ms = latency(&search, mdl_rental_offer(self, offer), false);
    *refusal = MDL_REFUSAL_NONE_FREE;
    return is_full(mdl_rental_offer(self, offer)) ||
                   cannot_run(&search, mdl_rental_offer(self, offer), latency_ms, refusal)
               ? -1
               : cost_fen(&search, offer, latency_ms, false);
}

static bool seen(const search_t *self, uint32_t offer)
{
    for (uint32_t i = 0; i < self->n_looks; i++)
        if (self->looks[i].offer == offer)
            return true;
    return false;
}

/* Looks at one offer; true when it counts as looked at (it could run the work), whatever its price. */
static inline bool look(search_t *self, uint32_t offer, bool pooled)
{
    mdl_refusal_t refusal;
    if (self->n_looks == MAX_LOOKS || seen(self, offer))
        return false;
    const mdl_offer_t *row = mdl_rental_offer(self->market, offer);
    if (is_full(row)) { /* as most are */
        self->answer->refused[MDL_REFUSAL_NONE_FREE]++;
        return false;
    }
    double latency_ms = latency(self, row, pooled);
    if (cannot_run(self, row, latency_ms, &refusal)) {
        self->answer->refused[refusal]++;
        return false;
    }
    double cost = cost_fen(self, offer, latency_ms, pooled);
    if (cost > (double)self->request->max_price_fen_node_month) {
        self->answer->refused[MDL_REFUSAL_PRICE]++;
        return true;
    }
    uint32_t at = self->n_looks++;
    for (; at > 0 && (self->looks[at - 1].cost_fen > cost ||
                      (self->looks[at - 1].cost_fen == cost && self->looks[at - 1].offer > offer));
         at--)
        self->looks[at] = self->looks[at - 1];
    self->looks[at] = (struct look){cost, offer};
    return true;
}

static void look_around(search_t *self, sim_rng_t *rng, int64_t breadth, bool pooled)
{
    int64_t tries = self->market->n_active > 0 ? breadth * self->params->rental_search_tries : 0;
    for (int64_t found = 0; found < breadth && tries > 0; tries--) {
        uint32_t offer = mdl_rental_pick(self->market, self->params, rng);
        found += look(self, offer, pooled);
    }
}

static int64_t usual_term_d(const mdl_params_t *params, const mdl_rental_request_t *request)
{
    const int64_t terms_s[MDL_SEGMENTS] = {
        [MDL_SEGMENT_TRAINING] = params->rental_term_training_s,
        [MDL_SEGMENT_FINETUNE] = params->rental_term_finetune_s,
        [MDL_SEGMENT_INFERENCE] = params->rental_term_inference_s,
        [MDL_SEGMENT_BATCH] = params->rental_term_spot_s,
    };
    int64_t term_s = request->spot ? params->rental_term_spot_s : terms_s[request->segment];
    int64_t term_d = request->term_d > 0 ? request->term_d : term_s / SIM_DAY_S;
    return term_d > 0 ? term_d : 1;
}

/* Day on which the tenant will leave: the end of the term, or earlier by a constant hazard. */
static int64_t leaving_day(const search_t *self, sim_rng_t *rng, int64_t day, int64_t term_d)
{
    double u = sim_draw_exponential(rng, 1);
    double hazard_per_day = self->params->rental_churn_per_year / DAYS_PER_YEAR;
    if (self->request->spot || hazard_per_day * (double)term_d <= u)
        return day + term_d;
    int64_t stays_d = (int64_t)(u / hazard_per_day);
    return day + (stays_d > 0 ? stays_d : 1);
}

static void count_transaction(mdl_rental_t *market, const mdl_contract_t *contract, const mdl_offer_t *offer)
{
    double rate = offer->rate[contract->segment];
    double value = (double)contract->price_fen_node_month * (double)contract->nodes;
    double nodes = rate * (double)contract->nodes;
    if (contract->spot) {
        market->spot_value_fen += value;
        market->spot_nodes += nodes;
        return;
    }
    mdl_rental_cell_t *cell = &market->cell[contract->segment][offer->zone][offer->stack];
    cell->value_fen += value;
    cell->nodes += nodes;
}

/* Takes as many nodes of one offer as are free and wanted. Returns reference nodes got; SIM_ELIMIT when full. */
static sim_status_t take(search_t *self, uint32_t number, double wanted, sim_rng_t *rng, int64_t day, double *got,
                         sim_error_t *err)
{
    const mdl_offer_t *offer = mdl_rental_offer(self->market, number);
    const mdl_rental_request_t *request = self->request;
    double rate = useful_rate(self->params, request, offer);
    int32_t free_nodes = offer->nodes - offer->leased, nodes = physical(wanted, rate);
    nodes = nodes < free_nodes ? nodes : free_nodes;
    *got = 0;
    if (request->gang_nodes > 0 && nodes < physical(request->gang_nodes, rate)) {
        self->answer->refused[MDL_REFUSAL_FABRIC]++;
        return SIM_OK;
    }
    int64_t term_d = usual_term_d(self->params, request);
    mdl_contract_t terms = {.tenant = request->tenant,
                            .tag = request->tag,
                            .offer = number,
                            .centre = offer->centre,
                            .segment = (int32_t)request->segment,
                            .nodes = nodes,
                            .price_fen_node_month = price_fen(self, number),
                            .start_day = day,
                            .end_day = leaving_day(self, rng, day, term_d),
                            .term_day = day + term_d,
                            .rate = rate,
                            .entity = request->entity,
                            .ported = request->ported[offer->stack],
                            .spot = request->spot};
    uint32_t slot = mdl_rental_sign(self->market, &terms);
    if (slot == MDL_NO_CONTRACT)
        return sim_fail(err, SIM_ELIMIT, "rental market", "no room for another contract; the bound is %u",
                        self->market->contract_capacity);
    count_transaction(self->market, &terms, offer);
    self->answer->contract[self->answer->n++] = slot;
    *got = rate * (double)nodes;
    return SIM_OK;
}

static void count_totals(mdl_rental_totals_t *totals, const mdl_rental_request_t *request,
                         const mdl_rental_answer_t *answer)
{
    uint32_t reasons = 0;
    totals->requested += request->nodes;
    totals->served += answer->served;
    totals->unserved += answer->unserved;
    for (int r = 0; r < MDL_REFUSALS; r++)
        reasons += answer->refused[r];
    for (int r = 0; r < MDL_REFUSALS && reasons > 0; r++)
        totals->unserved_by[r] += answer->unserved * (double)answer->refused[r] / (double)reasons;
    if (reasons == 0)
        totals->unserved_by[MDL_REFUSAL_NONE_FREE] += answer->unserved;
}

sim_status_t mdl_rental_match(mdl_rental_t *self, const mdl_params_t *params, const mdl_rental_request_t *request,
                              sim_rng_t *rng, int64_t day, mdl_rental_answer_t *answer, sim_error_t *err)
{
    search_t search; /* not emptied: it is large, and what is seen of it is written first */
    search.market = self;
    search.params = params;
    search.request = request;
    search.answer = answer;
    search.n_looks = 0;
    memset(answer, 0, sizeof *answer);
    SIM_ASSERT(request->province >= 0 && request->province < self->n_provinces);
    bool pooled = sim_draw_bernoulli(rng, params->pooling_coverage);
    if (request->incumbent < self->n_offers && mdl_rental_offer(self, request->incumbent)->active_at != MDL_NO_OFFER)
        (void)look(&search, request->incumbent, false);
    look_around(&search, rng, params->rental_search_breadth, false);
    if (pooled)
        look_around(&search, rng, params->pooling_breadth, true);
    double left = request->nodes > 0 ? request->nodes : 0;
    for (uint32_t i = 0; i < search.n_looks && answer->n < MDL_RENTAL_SPLIT; i++) {
        double got;
        if (left <= NODES_EPS || left < request->gang_nodes - NODES_EPS)
            break;
        sim_status_t status = take(&search, search.looks[i].offer, left, rng, day, &got, err);
        if (status != SIM_OK)
            return status;
        left = left > got ? left - got : 0;
        answer->served += got;
    }
    answer->unserved = left;
    count_totals(&self->totals[request->segment], request, answer);
    return SIM_OK;
}
