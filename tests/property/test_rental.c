// SPDX-License-Identifier: GPL-3.0-or-later
/* The rental market: nodes are conserved, contracts stick, tenants choose what is cheapest for them. */
#include "tests/support/test.h"

#include "models/market/rental.h"
#include "models/market/rental_parts.h"
#include "models/params/purpose.h"
#include "sim/draw.h"
#include "sim/time.h"

#include <math.h>

#define OFFERS    60
#define CONTRACTS 4000
#define YUAN      100

static mdl_tables_t tables;
static mdl_params_t params;

static int setup(void **state)
{
    (void)state;
    mdl_params_init(&params);
    return mdl_tables_default(&tables, NULL) == SIM_OK ? 0 : -1;
}

static mdl_rental_t *make(uint32_t offers, uint32_t contracts)
{
    mdl_rental_t *rental = malloc(mdl_rental_bytes(offers, contracts));
    assert_non_null(rental);
    assert_int_equal(mdl_rental_init(rental, &tables, offers, contracts, 62000 * YUAN, NULL), SIM_OK);
    return rental;
}

static mdl_offer_t h100_offer(uint32_t centre, int32_t nodes, int64_t yuan)
{
    return (mdl_offer_t){.centre = centre,
                         .account = 100 + centre,
                         .province = 0,
                         .gpu_type = tables.reference_type,
                         .stack = MDL_STACK_CUDA,
                         .nodes = nodes,
                         .fabric_gb_s = 400,
                         .reliability = 1,
                         .rate = {1, 1, 1, 1},
                         .price_fen_node_month = yuan * YUAN,
                         .floor_fen_node_month = 10000 * YUAN};
}

static mdl_rental_request_t plain_request(double nodes)
{
    return (mdl_rental_request_t){.tenant = 1,
                                  .entity = 77,
                                  .segment = MDL_SEGMENT_FINETUNE,
                                  .nodes = nodes,
                                  .max_price_fen_node_month = INT64_C(1000000) * YUAN,
                                  .ported = {true, false},
                                  .incumbent = MDL_NO_OFFER};
}

static uint32_t put(mdl_rental_t *rental, mdl_offer_t offer)
{
    uint32_t number;
    assert_int_equal(mdl_rental_offer_open(rental, &offer, &number, NULL), SIM_OK);
    return number;
}

static mdl_rental_answer_t ask(mdl_rental_t *rental, const mdl_params_t *with, const mdl_rental_request_t *request,
                               int64_t day)
{
    sim_rng_t rng;
    mdl_rental_answer_t answer;
    sim_rng_at(&rng, 5, 0, request->entity, MDL_PURPOSE_RENTAL_SEARCH, (uint64_t)day);
    assert_int_equal(mdl_rental_match(rental, with, request, &rng, day, &answer, NULL), SIM_OK);
    assert_true(fabs(answer.served + answer.unserved - request->nodes) < 1e-6 || answer.served > request->nodes);
    return answer;
}

static void open_random_offer(mdl_rental_t *rental, uint32_t centre, sim_rng_t *rng)
{
    mdl_offer_t offer =
        h100_offer(centre, (int32_t)sim_draw_below(rng, 300), 30000 + (int64_t)sim_draw_below(rng, 90000));
    const mdl_gpu_type_t *type = &tables.gpu_types[sim_draw_below(rng, tables.n_gpu_types)];
    mdl_rental_rates(type, offer.rate);
    offer.stack = (int32_t)type->stack;
    offer.province = (int32_t)sim_draw_below(rng, tables.n_provinces);
    offer.reliability = 0.9 + 0.1 * sim_draw_uniform(rng);
    offer.fabric_gb_s = sim_draw_bernoulli(rng, 0.5) ? 400 : 25;
    (void)put(rental, offer);
}

static mdl_rental_request_t random_request(sim_rng_t *rng)
{
    mdl_rental_request_t request = plain_request(1 + sim_draw_exponential(rng, 40));
    request.segment = (mdl_segment_t)sim_draw_below(rng, MDL_SEGMENTS);
    request.province = (int32_t)sim_draw_below(rng, tables.n_provinces);
    request.max_price_fen_node_month = (20000 + (int64_t)sim_draw_below(rng, 300000)) * YUAN;
    request.ported[MDL_STACK_CANN] = sim_draw_bernoulli(rng, 0.2);
    request.may_port = sim_draw_bernoulli(rng, 0.3);
    request.spot = sim_draw_bernoulli(rng, 0.2);
    if (request.segment == MDL_SEGMENT_TRAINING) {
        request.gang_nodes = request.nodes / 2;
        request.min_fabric_gb_s = 100;
    }
    if (request.segment == MDL_SEGMENT_INFERENCE)
        request.max_latency_ms = 20;
    return request;
}

static void assert_contract_is_lawful(const mdl_rental_t *rental, const mdl_rental_request_t *request, uint32_t slot)
{
    const mdl_contract_t *contract = mdl_rental_contract(rental, slot);
    const mdl_offer_t *offer = mdl_rental_offer(rental, contract->offer);
    assert_true(contract->number > 0 && contract->nodes > 0 && contract->end_day > contract->start_day);
    assert_true(contract->end_day <= contract->term_day);
    assert_true(offer->leased <= offer->nodes);
    assert_true(contract->price_fen_node_month >= offer->floor_fen_node_month);
    assert_true(contract->rate * contract->nodes >= request->gang_nodes - 1e-6);
    assert_true(request->ported[offer->stack] || request->may_port);
    assert_true(offer->fabric_gb_s >= request->min_fabric_gb_s);
    if (request->max_latency_ms > 0)
        assert_true(rental->latency_ms[request->province][offer->province] <= request->max_latency_ms);
}

/* After contracts have run out, none that is left is due; those for training are found one after the other. */
static void assert_pages_hide_nothing(const mdl_rental_t *rental, int64_t day)
{
    uint32_t next = mdl_rental_next_training(rental, 0);
    for (uint32_t slot = 0; slot < rental->contracts_used; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(rental, slot);
        assert_true(contract->number == 0 || contract->end_day > day);
        if (contract->number == 0 || contract->segment != MDL_SEGMENT_TRAINING)
            continue;
        assert_int_equal(next, slot);
        next = mdl_rental_next_training(rental, slot + 1);
    }
    assert_int_equal(next, MDL_NO_CONTRACT);
}

/* Three years of random searching, ending, resizing, closing: the recount holds on every day. */
static void nodes_are_conserved(void **state)
{
    (void)state;
    mdl_rental_t *rental = make(2 * OFFERS, CONTRACTS);
    mdl_contract_t *ended = malloc(CONTRACTS * sizeof *ended);
    sim_rng_t rng;
    uint64_t signed_contracts = 0, gone = 0;
    sim_rng_at(&rng, 6, 0, 0, 0, 0);
    for (uint32_t i = 0; i < OFFERS; i++)
        open_random_offer(rental, i, &rng);
    for (int64_t day = 0; day < 1000; day++) {
        uint32_t n;
        for (int i = 0; i < 8; i++) {
            mdl_rental_request_t request = random_request(&rng);
            request.entity = (uint64_t)day * 8 + (uint64_t)i;
            mdl_rental_answer_t answer = ask(rental, &params, &request, day);
            for (uint32_t k = 0; k < answer.n; k++)
                assert_contract_is_lawful(rental, &request, answer.contract[k]);
            signed_contracts += answer.n;
        }
        uint32_t slot = (uint32_t)sim_draw_below(&rng, CONTRACTS);
        int32_t nodes = (int32_t)sim_draw_below(&rng, 50);
        uint32_t live = rental->contracts_live;
        assert_true(mdl_rental_resize(rental, slot, nodes) <= nodes);
        gone += live - rental->contracts_live;
        uint32_t offer = (uint32_t)sim_draw_below(&rng, rental->n_offers);
        if (day % 10 == 0) {
            assert_int_equal(
                mdl_rental_offer_resize(rental, offer, (int32_t)sim_draw_below(&rng, 300), ended, CONTRACTS, &n, NULL),
                SIM_OK);
            gone += n;
        }
        if (day % 100 == 50) {
            assert_int_equal(mdl_rental_offer_close(rental, offer, ended, CONTRACTS, &n, NULL), SIM_OK);
            gone += n;
            open_random_offer(rental, rental->n_offers, &rng);
        }
        do { /* room for two: what has not been taken out is due the next time */
            n = mdl_rental_expire(rental, day, ended, 2);
            for (uint32_t i = 0; i < n; i++)
                assert_true(ended[i].end_day <= day && ended[i].number > 0);
            gone += n;
        } while (n == 2);
        assert_pages_hide_nothing(rental, day);
        assert_int_equal(signed_contracts - gone, rental->contracts_live);
        assert_true(rental->leased_nodes <= rental->offered_nodes || rental->n_active < rental->n_offers);
        assert_int_equal(mdl_rental_audit(rental, NULL), SIM_OK);
    }
    assert_true(signed_contracts > 3000);
    free(ended);
    free(rental);
}

/* With a search as broad as the market the answer is the cheapest offer, as computed by mdl_rental_cost_fen. */
static void a_full_search_finds_the_cheapest(void **state)
{
    (void)state;
    mdl_params_t broad = params;
    broad.rental_search_breadth = 64;
    broad.rental_search_tries = 64;
    for (uint64_t i = 0; i < 300; i++) {
        mdl_rental_t *rental = make(8, 8);
        sim_rng_t rng;
        double best = 1e300;
        uint32_t best_offer = MDL_NO_OFFER;
        sim_rng_at(&rng, 7, 0, 0, 0, i);
        for (uint32_t k = 0; k < 6; k++)
            open_random_offer(rental, k, &rng);
        mdl_rental_request_t request = random_request(&rng);
        request.nodes = 1;
        request.gang_nodes = 0;
        for (uint32_t k = 0; k < 6; k++) {
            mdl_refusal_t refusal;
            double cost = mdl_rental_cost_fen(rental, &broad, &request, k, &refusal);
            if (cost >= 0 && cost <= (double)request.max_price_fen_node_month && cost < best) {
                best = cost;
                best_offer = k;
            }
        }
        mdl_rental_answer_t answer = ask(rental, &broad, &request, 3);
        assert_true((answer.n > 0) == (best_offer != MDL_NO_OFFER));
        if (answer.n > 0)
            assert_int_equal(mdl_rental_contract(rental, answer.contract[0])->offer, best_offer);
        free(rental);
    }
}

static void every_burden_counts(void **state)
{
    (void)state;
    mdl_rental_t *rental = make(4, 4);
    mdl_refusal_t refusal;
    mdl_offer_t offer = h100_offer(0, 10, 60000);
    uint32_t base = put(rental, offer);
    mdl_rental_request_t request = plain_request(1);
    double plain = mdl_rental_cost_fen(rental, &params, &request, base, &refusal);
    assert_true(fabs(plain - 60000 * YUAN) < 1);
    request.incumbent = base;
    assert_true(mdl_rental_cost_fen(rental, &params, &request, base, &refusal) < plain);
    request = plain_request(1);
    request.want_fabric_gb_s = 800;
    assert_true(fabs(mdl_rental_cost_fen(rental, &params, &request, base, &refusal) -
                     plain * (1 + params.rental_fabric_cost)) < 1);
    request.min_fabric_gb_s = 800;
    assert_true(mdl_rental_cost_fen(rental, &params, &request, base, &refusal) < 0);
    assert_int_equal(refusal, MDL_REFUSAL_FABRIC);
    request = plain_request(1);
    request.ported[MDL_STACK_CUDA] = false;
    assert_true(mdl_rental_cost_fen(rental, &params, &request, base, &refusal) < 0);
    assert_int_equal(refusal, MDL_REFUSAL_STACK);
    request.may_port = true;
    assert_true(fabs(mdl_rental_cost_fen(rental, &params, &request, base, &refusal) -
                     plain / (1 - params.rental_porting_loss) * (1 + params.rental_porting_cost)) < 1);
    request = plain_request(1);
    request.max_latency_ms = 0.5;
    assert_true(mdl_rental_cost_fen(rental, &params, &request, base, &refusal) < 0);
    assert_int_equal(refusal, MDL_REFUSAL_LATENCY);
    offer.reliability = 0.9;
    uint32_t flaky = put(rental, offer);
    request = plain_request(1);
    assert_true(fabs(mdl_rental_cost_fen(rental, &params, &request, flaky, &refusal) -
                     plain * (1 + 0.1 * params.rental_downtime_cost)) < 1);
    mdl_rental_offer_rebate(rental, base, 0.8); /* what vouchers give back is no burden */
    assert_true(fabs(mdl_rental_cost_fen(rental, &params, &request, base, &refusal) - plain * 0.2) < 1);
    free(rental);
}

/* Contracts keep their price and nodes until their end whatever is posted, and the hazard of leaving early is the
 * parameter's. 4,000 contracts; a binomial count misses 4 standard deviations once in 16,000. */
static void contracts_stick(void **state)
{
    (void)state;
    mdl_params_t with = params;
    with.rental_churn_per_year = 0.8;
    mdl_rental_t *rental = make(1, CONTRACTS);
    mdl_contract_t *ended = malloc(CONTRACTS * sizeof *ended);
    uint32_t offer = put(rental, h100_offer(0, CONTRACTS, 60000)), early = 0;
    for (uint32_t i = 0; i < CONTRACTS; i++) {
        mdl_rental_request_t request = plain_request(1);
        request.entity = 1000 + i;
        request.term_d = 365;
        assert_int_equal(ask(rental, &with, &request, 0).n, 1);
    }
    mdl_rental_offer_price(rental, offer, 30000 * YUAN);
    for (int64_t day = 1; day <= 365; day++) {
        uint32_t n = mdl_rental_expire(rental, day, ended, CONTRACTS);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(ended[i].price_fen_node_month, 60000 * YUAN);
            assert_int_equal(ended[i].term_day, 365);
            early += ended[i].end_day < 365;
        }
    }
    double p = 1 - exp(-0.8), sd = sqrt(CONTRACTS * p * (1 - p));
    assert_true(fabs(early - CONTRACTS * p) < 4 * sd + 0.01 * CONTRACTS); /* whole days: up to a day's hazard */
    assert_int_equal(rental->contracts_live, 0);
    free(ended);
    free(rental);
}

static void gangs_stay_whole_and_others_split(void **state)
{
    (void)state;
    mdl_params_t broad = params;
    broad.rental_search_breadth = 64;
    mdl_rental_t *rental = make(4, 16);
    for (uint32_t i = 0; i < 4; i++)
        (void)put(rental, h100_offer(i, 10, 60000 + i));
    mdl_rental_request_t request = plain_request(16);
    request.gang_nodes = 16;
    mdl_rental_answer_t answer = ask(rental, &broad, &request, 1);
    assert_int_equal(answer.n, 0);
    assert_true(answer.refused[MDL_REFUSAL_FABRIC] > 0);
    assert_true(rental->totals[MDL_SEGMENT_FINETUNE].unserved_by[MDL_REFUSAL_FABRIC] > 15.9);
    request.gang_nodes = 0;
    answer = ask(rental, &broad, &request, 1);
    assert_int_equal(answer.n, 2);
    assert_true(fabs(answer.served - 16) < 1e-9);
    assert_int_equal(mdl_rental_contract(rental, answer.contract[0])->nodes, 10);
    free(rental);
}

static void indices_are_averages_over_transactions(void **state)
{
    (void)state;
    mdl_rental_t *rental = make(4, 64);
    uint32_t cheap = put(rental, h100_offer(0, 10, 50000));
    mdl_offer_t slow = h100_offer(1, 40, 40000);
    for (int s = 0; s < MDL_SEGMENTS; s++)
        slow.rate[s] = 0.5;
    (void)put(rental, slow);
    int32_t zone = mdl_rental_offer(rental, cheap)->zone;
    assert_int_equal(mdl_rental_index_fen(rental, MDL_SEGMENT_FINETUNE, zone, MDL_STACK_CUDA), 62000 * YUAN);
    mdl_params_t broad = params;
    broad.rental_search_breadth = 64;
    mdl_rental_request_t request = plain_request(15);
    mdl_rental_answer_t answer = ask(rental, &broad, &request, 1);
    assert_int_equal(answer.n, 2);
    assert_int_equal(mdl_rental_contract(rental, answer.contract[1])->nodes, 10); /* 5 reference nodes at half speed */
    mdl_rental_close_period(rental);
    int64_t expected = (10 * 50000 + 5 * 80000) * YUAN / 15;
    assert_true(llabs(rental->index_fen - expected) <= 1);
    assert_true(llabs(mdl_rental_index_fen(rental, MDL_SEGMENT_FINETUNE, -1, -1) - expected) <= 1);
    assert_int_equal(mdl_rental_index_fen(rental, MDL_SEGMENT_TRAINING, -1, -1), 62000 * YUAN);
    mdl_rental_close_period(rental);
    assert_true(llabs(rental->index_fen - expected) <= 1); /* sticky */
    free(rental);
}

/* Where nobody rents, rent is no more than what the cheapest free node is offered for; dear offers do not raise it. */
static void a_market_without_tenants_goes_down_to_the_cheapest_offer(void **state)
{
    (void)state;
    mdl_rental_t *rental = make(4, 8);
    mdl_rental_close_period(rental);
    assert_int_equal(rental->index_fen, 62000 * YUAN); /* nothing offered either */
    (void)put(rental, h100_offer(0, 10, 90000));
    mdl_rental_close_period(rental);
    assert_int_equal(rental->index_fen, 62000 * YUAN);
    mdl_offer_t slow = h100_offer(1, 10, 20000);
    for (int s = 0; s < MDL_SEGMENTS; s++)
        slow.rate[s] = 0.4;
    uint32_t cheap = put(rental, slow);
    mdl_rental_close_period(rental);
    assert_int_equal(rental->index_fen, 50000 * YUAN); /* per reference node */
    mdl_rental_offer_price(rental, cheap, 30000 * YUAN);
    mdl_rental_close_period(rental);
    assert_int_equal(rental->index_fen, 50000 * YUAN);
    free(rental);
}

static void spot_is_cheap_where_nodes_are_free(void **state)
{
    (void)state;
    mdl_rental_t *rental = make(1, 8);
    uint32_t offer = put(rental, h100_offer(0, 10, 50000));
    assert_int_equal(mdl_rental_spot_fen(rental, &params, offer),
                     llround(50000.0 * YUAN * (1 - params.rental_spot_discount)));
    mdl_rental_request_t request = plain_request(5);
    (void)ask(rental, &params, &request, 1);
    assert_int_equal(mdl_rental_spot_fen(rental, &params, offer),
                     llround(50000.0 * YUAN * (1 - 0.5 * params.rental_spot_discount)));
    mdl_rental_offer_floor(rental, offer, 48000 * YUAN);
    assert_int_equal(mdl_rental_spot_fen(rental, &params, offer), 48000 * YUAN);
    request.spot = true;
    mdl_rental_answer_t answer = ask(rental, &params, &request, 1);
    assert_int_equal(mdl_rental_contract(rental, answer.contract[0])->end_day,
                     1 + params.rental_term_spot_s / SIM_DAY_S);
    assert_int_equal(mdl_rental_occupancy(rental, offer), 1);
    free(rental);
}

static void the_national_pool_shows_more_for_a_fee(void **state)
{
    (void)state;
    mdl_params_t pool = params;
    pool.pooling_coverage = 1;
    pool.rental_search_breadth = 1;
    size_t served_alone = 0, served_pooled = 0;
    for (uint64_t i = 0; i < 200; i++) {
        sim_rng_t rng;
        mdl_rental_t *alone = make(64, 8), *pooled = make(64, 8);
        sim_rng_at(&rng, 8, 0, 0, 0, i);
        for (uint32_t k = 0; k < 64; k++)
            open_random_offer(alone, k, &rng);
        sim_rng_at(&rng, 8, 0, 0, 0, i);
        for (uint32_t k = 0; k < 64; k++)
            open_random_offer(pooled, k, &rng);
        mdl_rental_request_t request = plain_request(4);
        request.entity = i;
        request.max_price_fen_node_month = 70000 * YUAN;
        mdl_params_t narrow = pool;
        narrow.pooling_coverage = 0;
        served_alone += ask(alone, &narrow, &request, 1).n > 0;
        served_pooled += ask(pooled, &pool, &request, 1).n > 0;
        free(alone);
        free(pooled);
    }
    assert_true(served_pooled > served_alone + 20);
}

/* First contract's offer over 4,000 one-look searches among offers of 10, 1, 19 and 70 nodes (one closed of 1,000):
 * shares against the mixture of size and equal chance. One of four counts misses 4 standard deviations once in 4,000.
 */
static void large_offers_are_heard_of_more(void **state)
{
    (void)state;
    const int32_t nodes[4] = {10, 1, 19, 70};
    int n = 4000, seen[4] = {0};
    mdl_params_t narrow = params;
    narrow.rental_search_breadth = 1;
    narrow.rental_search_tries = 1;
    mdl_rental_t *rental = make(5, 8);
    mdl_contract_t ended[2];
    uint32_t count, gone = put(rental, h100_offer(9, 1000, 60000));
    for (uint32_t k = 0; k < 4; k++)
        (void)put(rental, h100_offer(k, nodes[k], 60000));
    assert_int_equal(mdl_rental_offer_close(rental, gone, ended, 2, &count, NULL), SIM_OK);
    for (int i = 0; i < n; i++) {
        mdl_rental_request_t request = plain_request(1);
        request.entity = (uint64_t)i;
        mdl_rental_answer_t answer = ask(rental, &narrow, &request, 1);
        assert_int_equal(answer.n, 1);
        seen[mdl_rental_contract(rental, answer.contract[0])->centre]++;
        assert_true(mdl_rental_end(rental, answer.contract[0], NULL));
    }
    for (int k = 0; k < 4; k++) {
        double p = params.rental_size_visibility * nodes[k] / 100.0 + (1 - params.rental_size_visibility) / 4;
        assert_true(fabs(seen[k] - n * p) < 4 * sqrt(n * p * (1 - p)));
    }
    free(rental);
}

/* The row that holds a node when all nodes on the market are counted through. */
static uint32_t counted_holder(const mdl_rental_t *rental, int64_t node)
{
    uint32_t row = 0;
    for (;; row++) {
        const mdl_offer_t *offer = mdl_rental_offer(rental, row);
        int64_t here = offer->active_at == MDL_NO_OFFER ? 0 : offer->nodes;
        if (node < here)
            return row;
        node -= here;
    }
}

/* Markets of any size, some of whose offers are empty or closed: a draw by size is that of counting the nodes through. */
static void draws_by_size_count_nodes_through(void **state)
{
    (void)state;
    mdl_params_t by_size = params;
    by_size.rental_size_visibility = 1;
    mdl_contract_t ended[1];
    sim_rng_t rng;
    sim_rng_at(&rng, 12, 0, 0, 0, 0);
    for (uint32_t size = 1; size < 500; size += 7) {
        mdl_rental_t *rental = make(size, 1);
        for (uint32_t row = 0; row < size; row++)
            (void)put(rental, h100_offer(row, (int32_t)sim_draw_below(&rng, row % 9 == 0 ? 20000 : 40), 60000));
        for (int draw = 0; draw < 200; draw++) {
            uint32_t n, changed = (uint32_t)sim_draw_below(&rng, size);
            int32_t nodes = (int32_t)sim_draw_below(&rng, 50);
            if (draw % 20 == 0)
                assert_int_equal(mdl_rental_offer_resize(rental, changed, nodes, ended, 1, &n, NULL), SIM_OK);
            if (draw % 50 == 49)
                assert_int_equal(mdl_rental_offer_close(rental, changed, ended, 1, &n, NULL), SIM_OK);
            if (rental->offered_nodes == 0)
                break;
            sim_rng_t same = rng;
            int64_t node = (int64_t)(sim_draw_uniform(&same) * (double)rental->offered_nodes);
            assert_int_equal(mdl_rental_pick(rental, &by_size, &rng), counted_holder(rental, node));
        }
        free(rental);
    }
}

static void empty_markets_and_bad_offers(void **state)
{
    (void)state;
    mdl_rental_t *rental = make(2, 1);
    mdl_rental_request_t request = plain_request(3);
    uint32_t number;
    mdl_contract_t ended[4];
    assert_int_equal(ask(rental, &params, &request, 1).n, 0);
    assert_true(rental->totals[MDL_SEGMENT_FINETUNE].unserved_by[MDL_REFUSAL_NONE_FREE] > 2.9);
    mdl_offer_t bad = h100_offer(0, -1, 50000);
    assert_int_equal(mdl_rental_offer_open(rental, &bad, &number, NULL), SIM_EINVARIANT);
    bad = h100_offer(0, 10, 50000);
    bad.province = 99;
    assert_int_equal(mdl_rental_offer_open(rental, &bad, &number, NULL), SIM_EINVARIANT);
    mdl_offer_t free_of_charge = h100_offer(0, 2, 0);
    free_of_charge.floor_fen_node_month = 0;
    uint32_t offer = put(rental, free_of_charge);
    assert_int_equal(ask(rental, &params, &request, 1).n, 1);
    assert_int_equal(mdl_rental_day_fen(mdl_rental_contract(rental, 0)), 0);
    assert_int_equal(mdl_rental_offer_close(rental, offer, ended, 0, &number, NULL), SIM_ELIMIT);
    assert_int_equal(mdl_rental_offer_close(rental, offer, ended, 4, &number, NULL), SIM_OK);
    assert_int_equal(number, 1);
    assert_int_equal(mdl_rental_offer_close(rental, offer, ended, 4, &number, NULL), SIM_OK);
    assert_false(mdl_rental_end(rental, 0, NULL));
    (void)put(rental, h100_offer(1, 10, 50000));
    assert_int_equal(ask(rental, &params, &request, 1).n, 1);
    sim_rng_t rng;
    mdl_rental_answer_t answer;
    sim_rng_at(&rng, 5, 0, 0, 0, 0);
    assert_int_equal(mdl_rental_match(rental, &params, &request, &rng, 1, &answer, NULL), SIM_ELIMIT);
    free(rental);
}

static void growing_keeps_contracts(void **state)
{
    (void)state;
    mdl_rental_t *small = make(4, 8), *large = malloc(mdl_rental_bytes(40, 80));
    sim_rng_t rng;
    sim_rng_at(&rng, 9, 0, 0, 0, 0);
    for (uint32_t k = 0; k < 4; k++)
        (void)put(small, h100_offer(k, 5, 60000));
    mdl_rental_request_t request = plain_request(12);
    assert_true(ask(small, &params, &request, 1).n > 1);
    mdl_rental_grow_into(large, 40, 80, small);
    assert_int_equal(mdl_rental_audit(large, NULL), SIM_OK);
    for (uint32_t i = 0; i < small->contracts_used; i++)
        assert_memory_equal(mdl_rental_contract(small, i), mdl_rental_contract(large, i), sizeof(mdl_contract_t));
    for (uint32_t k = 4; k < 40; k++)
        open_random_offer(large, k, &rng);
    assert_int_equal(mdl_rental_audit(large, NULL), SIM_OK);
    mdl_rental_open_nodes(large)[2]++;
    assert_int_equal(mdl_rental_audit(large, NULL), SIM_EINVARIANT);
    free(small);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_conserved),
        cmocka_unit_test(a_full_search_finds_the_cheapest),
        cmocka_unit_test(every_burden_counts),
        cmocka_unit_test(contracts_stick),
        cmocka_unit_test(gangs_stay_whole_and_others_split),
        cmocka_unit_test(indices_are_averages_over_transactions),
        cmocka_unit_test(a_market_without_tenants_goes_down_to_the_cheapest_offer),
        cmocka_unit_test(spot_is_cheap_where_nodes_are_free),
        cmocka_unit_test(the_national_pool_shows_more_for_a_fee),
        cmocka_unit_test(large_offers_are_heard_of_more),
        cmocka_unit_test(draws_by_size_count_nodes_through),
        cmocka_unit_test(empty_markets_and_bad_offers),
        cmocka_unit_test(growing_keeps_contracts),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
