// SPDX-License-Identifier: GPL-3.0-or-later
/* Every parameter of the markets, credit, brokers and power at its lowest and its highest value: a small world of
 * random trade, lending, smuggling and power bills keeps its laws (and, in a sanitizer build, stays defined). */
#include "tests/support/test.h"

#include "models/agents/bank.h"
#include "models/agents/broker.h"
#include "models/agents/grid.h"
#include "models/market/chips.h"
#include "models/market/rental.h"
#include "models/params/purpose.h"
#include "sim/draw.h"

#define DAYS            240
#define OFFERS          12
#define BUYERS          4
#define START           19200
#define LEASES          600
#define BOOK            64
#define H100            2
#define TEN_BN_YUAN_FEN INT64_C(1000000000000)

static mdl_tables_t tables;

typedef struct world {
    mdl_params_t params;
    mdl_ledger_t *ledger;
    mdl_lots_t *lots;
    mdl_chips_t *chips;
    mdl_rental_t *rental;
    mdl_bank_t *bank;
    mdl_broker_t broker;
    mdl_grid_t grid;
    uint32_t maker, buyers[BUYERS];
    sim_rng_t rng;
} world_t;

static int setup(void **state)
{
    (void)state;
    return mdl_tables_default(&tables, NULL) == SIM_OK ? 0 : -1;
}

static uint32_t open_account(world_t *world, mdl_sector_t sector)
{
    uint32_t account;
    assert_int_equal(mdl_ledger_open(world->ledger, sector, &account, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_endow(world->ledger, account, TEN_BN_YUAN_FEN, NULL), SIM_OK);
    return account;
}

static void open_offers(world_t *world)
{
    for (uint32_t i = 0; i < OFFERS; i++) {
        mdl_offer_t offer = {.centre = i,
                             .account = world->buyers[i % BUYERS],
                             .province = (int32_t)i,
                             .nodes = 20,
                             .fabric_gb_s = i % 2 ? 400 : 0,
                             .reliability = 0.95,
                             .stack = (int32_t)(i % MDL_STACKS),
                             .price_fen_node_month = 7000000,
                             .floor_fen_node_month = 1000000};
        uint32_t number;
        mdl_rental_rates(&tables.gpu_types[i % tables.n_gpu_types], offer.rate);
        assert_int_equal(mdl_rental_offer_open(world->rental, &offer, &number, NULL), SIM_OK);
    }
}

static void begin(world_t *world, const mdl_params_t *params)
{
    *world = (world_t){.params = *params,
                       .ledger = malloc(mdl_ledger_bytes(16)),
                       .lots = malloc(mdl_lots_bytes(1000, 16)),
                       .chips = malloc(mdl_chips_bytes(tables.n_gpu_types, BOOK)),
                       .rental = malloc(mdl_rental_bytes(OFFERS, LEASES)),
                       .bank = malloc(mdl_bank_bytes(32))};
    sim_rng_at(&world->rng, 15, 0, 0, 0, 0);
    mdl_ledger_init(world->ledger, 16);
    mdl_lots_init(world->lots, 1000, 16);
    mdl_chips_init(world->chips, &tables, BOOK);
    assert_int_equal(mdl_rental_init(world->rental, &tables, OFFERS, LEASES, params->rental_start_price_fen, NULL),
                     SIM_OK);
    uint32_t bank = open_account(world, MDL_SECTOR_BANK);
    mdl_bank_init(world->bank, params, bank, 1, 32, mdl_chips_price_fen(world->chips, H100));
    mdl_broker_init(&world->broker, open_account(world, MDL_SECTOR_BROKER), 0, 4);
    mdl_grid_init(&world->grid, params, &tables, open_account(world, MDL_SECTOR_GRID));
    world->maker = open_account(world, MDL_SECTOR_CHIPMAKER);
    for (int i = 0; i < BUYERS; i++)
        world->buyers[i] = open_account(world, MDL_SECTOR_DEVELOPER);
    open_offers(world);
}

static void settle(world_t *world, const mdl_chip_trade_t *trade)
{
    int64_t money;
    mdl_lot_t to = {.type = trade->type, .state = MDL_LOT_STOCK, .owner = trade->buyer, .count = trade->quantity};
    assert_true(mdl_money_times(trade->price_fen, trade->quantity, &money));
    assert_true(mdl_channel_tariff_fen(&world->params, &tables, trade->type, trade->price_fen) <= trade->price_fen);
    assert_int_equal(mdl_ledger_pay(world->ledger, MDL_FLOW_CHIPS, trade->buyer, trade->seller, money, NULL), SIM_OK);
    if (trade->channel != MDL_CHANNEL_BROKER) {
        assert_int_equal(mdl_lots_make(world->lots, &to, NULL, NULL), SIM_OK);
        return;
    }
    assert_int_equal(
        mdl_lots_take(world->lots, trade->seller, trade->type, MDL_LOT_STOCK, trade->quantity, &to, NULL, NULL),
        SIM_OK);
    assert_int_equal(mdl_broker_sold(&world->broker, world->ledger, trade->type, trade->quantity, NULL), SIM_OK);
}

static void smuggle(world_t *world, uint64_t banned, int64_t day)
{
    int64_t prices[MDL_MAX_GPU_TYPES];
    mdl_broker_arrival_t arrival;
    mdl_broker_order_t order;
    mdl_order_t offers[MDL_MAX_GPU_TYPES];
    for (uint32_t t = 0; t < tables.n_gpu_types; t++)
        prices[t] = 2 * mdl_chips_price_fen(world->chips, (int32_t)t);
    assert_int_equal(mdl_broker_arrive(&world->broker, world->ledger, world->lots, &world->params, &tables, day, 15, 0,
                                       &arrival, NULL),
                     SIM_OK);
    mdl_broker_decide(&world->broker, &world->params, &tables, banned, prices,
                      mdl_ledger_deposit_fen(world->ledger, world->broker.account), day, &order);
    assert_int_equal(mdl_broker_ship(&world->broker, world->ledger, world->lots, &tables, &order, day, NULL), SIM_OK);
    uint32_t n = mdl_broker_offers(&world->broker, &world->params, &tables, banned, prices, day, offers);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(mdl_chips_order(world->chips, (int32_t)offers[i].tag, &offers[i], NULL, NULL), SIM_OK);
}

static void trade_chips(world_t *world, int64_t day)
{
    mdl_chip_trade_t trades[BOOK];
    uint64_t banned = day < START + DAYS / 2 ? 0 : UINT64_C(0x0F);
    uint32_t n;
    smuggle(world, banned, day);
    for (int32_t type = 0; type < (int32_t)tables.n_gpu_types; type++) {
        mdl_channel_release(world->chips, &world->params, &tables, type, day, !(banned >> type & 1));
        (void)mdl_channel_allot(world->chips, type, 5);
        assert_int_equal(mdl_channel_order(world->chips, &tables, type, world->maker,
                                           mdl_channel_ask_fen(&world->params, &tables, type), day, NULL),
                         SIM_OK);
        mdl_order_t bid = {.side = MDL_SIDE_BUY,
                           .account = world->buyers[type % BUYERS],
                           .quantity = 1 + (int64_t)sim_draw_below(&world->rng, 20),
                           .last_day = day};
        bid.limit_fen = mdl_chips_price_fen(world->chips, type) * 2;
        int64_t has = mdl_ledger_deposit_fen(world->ledger, bid.account);
        if (bid.limit_fen > 0 && bid.quantity * bid.limit_fen <= has / 8)
            assert_int_equal(mdl_chips_order(world->chips, type, &bid, NULL, NULL), SIM_OK);
        assert_int_equal(mdl_chips_clear(world->chips, type, day, trades, BOOK, &n, NULL), SIM_OK);
        for (uint32_t i = 0; i < n; i++)
            settle(world, &trades[i]);
        assert_true(world->chips->market[type].channel.available >= 0);
    }
}

static void rent(world_t *world, int64_t day)
{
    mdl_contract_t ended[LEASES];
    mdl_rental_answer_t answer;
    for (int i = 0; i < 3; i++) {
        mdl_rental_request_t request = {.tenant = world->buyers[i],
                                        .entity = (uint64_t)i,
                                        .segment = (mdl_segment_t)sim_draw_below(&world->rng, MDL_SEGMENTS),
                                        .nodes = 1 + 3 * sim_draw_uniform(&world->rng),
                                        .want_fabric_gb_s = 100,
                                        .max_latency_ms = i == 2 ? 25 : 0,
                                        .max_price_fen_node_month = 100000000,
                                        .ported = {true, false},
                                        .may_port = true,
                                        .spot = i == 1,
                                        .incumbent = (uint32_t)sim_draw_below(&world->rng, OFFERS)};
        assert_int_equal(mdl_rental_match(world->rental, &world->params, &request, &world->rng, day, &answer, NULL),
                         SIM_OK);
        for (uint32_t k = 0; k < answer.n; k++)
            assert_true(mdl_rental_day_fen(mdl_rental_contract(world->rental, answer.contract[k])) > 0);
    }
    (void)mdl_rental_expire(world->rental, day, ended, LEASES);
    mdl_rental_close_period(world->rental);
    assert_true(world->rental->index_fen > 0);
}

static void bank_a_month(world_t *world, int64_t day)
{
    mdl_loan_application_t wish = {.borrower = world->buyers[(day / 30) % BUYERS],
                                   .cost_fen = 50000000000,
                                   .gpu_value_fen = 30000000000,
                                   .other_value_fen = 10000000000,
                                   .npv_over_cost = 0.5,
                                   .guarantee = 0.5};
    mdl_loan_review_t review = {.operating_cash_fen = 100000000, .gpu_value_fen = 20000000000};
    mdl_loan_decision_t decision = mdl_bank_decide(world->bank, &world->params, &wish, &world->rng);
    uint32_t loan;
    assert_true(decision.amount_fen >= 0 && decision.amount_fen <= wish.cost_fen && decision.rate_per_year >= 0);
    if (decision.amount_fen > 0)
        assert_int_equal(mdl_bank_grant(world->bank, world->ledger, &world->params, &wish, &decision, day, &loan, NULL),
                         SIM_OK);
    for (uint32_t i = 0; i < world->bank->used; i++) {
        int32_t status = world->bank->loans[i].status;
        if (status == MDL_LOAN_LIVE || status == MDL_LOAN_CALLED)
            assert_int_equal(mdl_bank_service(world->bank, world->ledger, &world->params, i, day, NULL, NULL), SIM_OK);
        if (mdl_bank_review(world->bank, &world->params, i, day, &review) == MDL_LOAN_DEFAULTED &&
            status != MDL_LOAN_DEFAULTED)
            mdl_bank_default(world->bank, i, day);
        if (world->bank->loans[i].status == MDL_LOAN_DEFAULTED) {
            assert_true(mdl_bank_reserve_fen(world->bank, &world->params, i, day, 25000000) >= 0);
            if (mdl_bank_gives_up(world->bank, &world->params, i, day))
                assert_int_equal(mdl_bank_write_off(world->bank, world->ledger, i, NULL), SIM_OK);
        }
    }
}

static void bill_power(world_t *world, int64_t day)
{
    mdl_resale_site_t site = {.allotted_kw = mdl_grid_allot(&world->grid, 4, 100000),
                              .used_wh = 1000000,
                              .hours = 24,
                              .share = 0.7,
                              .flags = MDL_TARIFF_SUBSIDISED};
    mdl_resale_t sold = mdl_grid_resell(&world->params, &tables.provinces[4], &site, &world->rng);
    int64_t metered = site.used_wh + sold.resold_wh;
    int64_t bill = mdl_grid_bill_fen(&world->params, &tables.provinces[4], (int)(day % 4), metered);
    assert_true(sold.revenue_fen >= sold.cost_fen && sold.penalty_fen >= 0 && bill >= 0);
    assert_true(mdl_grid_discount_fen(&world->params, &tables.provinces[4], (int)(day % 4), metered) >= 0);
    mdl_grid_meter(&world->grid, 4, metered, sold.resold_wh);
    mdl_grid_release(&world->grid, 4, site.allotted_kw);
    assert_int_equal(
        mdl_ledger_pay_up_to(world->ledger, MDL_FLOW_POWER, world->buyers[3], world->grid.account, bill, NULL, NULL),
        SIM_OK);
}

static void audit(const world_t *world)
{
    assert_int_equal(mdl_ledger_audit(world->ledger, NULL), SIM_OK);
    assert_int_equal(mdl_lots_audit(world->lots, NULL), SIM_OK);
    assert_int_equal(mdl_rental_audit(world->rental, NULL), SIM_OK);
    assert_int_equal(mdl_bank_audit(world->bank, world->ledger, NULL), SIM_OK);
    assert_int_equal(mdl_broker_audit(&world->broker, world->lots, NULL), SIM_OK);
    assert_true(world->bank->appetite >= 0 && world->bank->appetite <= 1.5);
}

/* With the defaults everything that is tested here happens. */
static void assert_alive(const world_t *world)
{
    int64_t shipped = 0, traded = 0;
    for (uint32_t t = 0; t < tables.n_gpu_types; t++) {
        shipped += world->broker.shipped[t];
        traded += world->chips->market[t].volume_total;
    }
    assert_true(shipped > 100 && traded > 1000);
    assert_true(world->rental->next_number > 100 && world->rental->leased_nodes > 50);
    assert_true(world->bank->n_granted > 3 && world->bank->interest_fen > 0);
    assert_true(world->grid.resold_wh[4] >= 0 && world->grid.billed_wh[4] > 0);
}

static void run(const mdl_params_t *params, bool defaults)
{
    world_t world;
    begin(&world, params);
    for (int64_t day = START; day < START + DAYS; day++) {
        trade_chips(&world, day);
        rent(&world, day);
        bill_power(&world, day);
        if (day % 10 == 0)
            bank_a_month(&world, day);
        if (day % 7 == 0)
            mdl_bank_update(world.bank, &world.params, 2 * sim_draw_uniform(&world.rng) - 1,
                            mdl_chips_price_fen(world.chips, H100));
        if (day % 20 == 0)
            audit(&world);
    }
    audit(&world);
    if (defaults)
        assert_alive(&world);
    free(world.ledger);
    free(world.lots);
    free(world.chips);
    free(world.rental);
    free(world.bank);
}

static bool ours(const char *key)
{
    static const char *const topics[] = {"chips.", "rental.", "pooling.", "credit.", "brokers.", "power."};
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
        if (strncmp(key, topics[i], strlen(topics[i])) == 0)
            return true;
    return false;
}

static void every_bound_is_safe(void **state)
{
    (void)state;
    size_t n, tried = 0;
    const mdl_param_t *registry = mdl_params_registry(&n);
    mdl_params_t defaults;
    mdl_params_init(&defaults);
    run(&defaults, true);
    for (size_t i = 0; i < n; i++) {
        if (!ours(registry[i].key))
            continue;
        for (int side = 0; side < 2; side++) {
            mdl_params_t params;
            mdl_params_init(&params);
            assert_int_equal(mdl_params_set(&params, (int)i, side ? registry[i].high : registry[i].low, NULL), SIM_OK);
            run(&params, false);
            tried++;
        }
    }
    assert_true(tried > 100);
}

/* All at once: low, high, and random corners. */
static void corners_are_safe(void **state)
{
    (void)state;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (uint64_t corner = 0; corner < 60; corner++) {
        sim_rng_t rng;
        mdl_params_t params;
        mdl_params_init(&params);
        sim_rng_at(&rng, 16, 0, 0, 0, corner);
        for (size_t i = 0; i < n; i++) {
            bool high = corner == 0 ? false : corner == 1 ? true : sim_draw_bernoulli(&rng, 0.5);
            if (ours(registry[i].key))
                assert_int_equal(mdl_params_set(&params, (int)i, high ? registry[i].high : registry[i].low, NULL),
                                 SIM_OK);
        }
        run(&params, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bound_is_safe),
        cmocka_unit_test(corners_are_safe),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
