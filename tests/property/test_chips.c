// SPDX-License-Identifier: GPL-3.0-or-later
/* The chip market over days of random orders: conservation, no crossed orders, order of trades; the official channel.
 */
#include "tests/support/test.h"

#include "models/market/chips.h"
#include "models/params/params.h"
#include "sim/draw.h"
#include "sim/time.h"

#include <math.h>

#define BOOK 300
#define DAYS 400

static mdl_tables_t tables;
static mdl_params_t params;

static int setup(void **state)
{
    (void)state;
    mdl_params_init(&params);
    return mdl_tables_default(&tables, NULL) == SIM_OK ? 0 : -1;
}

static mdl_chips_t *make(void)
{
    mdl_chips_t *chips = malloc(mdl_chips_bytes(tables.n_gpu_types, BOOK));
    assert_non_null(chips);
    mdl_chips_init(chips, &tables, BOOK);
    return chips;
}

static int64_t units(const mdl_chips_t *chips, int32_t type, mdl_side_t side, int64_t first_day)
{
    uint32_t n;
    int64_t sum = 0;
    const mdl_order_t *orders = mdl_chips_orders(chips, type, &n);
    for (uint32_t i = 0; i < n; i++)
        if (orders[i].side == (int32_t)side && orders[i].last_day >= first_day)
            sum += orders[i].quantity;
    return sum;
}

static void place_randomly(mdl_chips_t *chips, int32_t type, int64_t day, sim_rng_t *rng)
{
    for (uint64_t i = sim_draw_below(rng, 12); i > 0; i--) {
        bool buy = sim_draw_bernoulli(rng, 0.5);
        mdl_order_t order = {.side = buy ? MDL_SIDE_BUY : MDL_SIDE_SELL,
                             .account = (uint32_t)sim_draw_below(rng, 50),
                             .tag = (uint32_t)sim_draw_below(rng, 1000),
                             .quantity = 1 + (int64_t)sim_draw_below(rng, 2000),
                             .limit_fen = (int64_t)sim_draw_lognormal(rng, 17, 0.3),
                             .last_day = day + (int64_t)sim_draw_below(rng, 20),
                             .channel = buy ? 0 : MDL_CHANNEL_OWNER};
        sim_status_t status = mdl_chips_order(chips, type, &order, NULL, NULL);
        assert_true(status == SIM_OK || status == SIM_ELIMIT);
    }
}

static void assert_uncrossed(const mdl_chips_t *chips, int32_t type, int64_t day)
{
    uint32_t n;
    int64_t best_bid = -1, best_ask = INT64_MAX;
    const mdl_order_t *orders = mdl_chips_orders(chips, type, &n);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(orders[i].quantity > 0 && orders[i].last_day > day);
        if (orders[i].side == MDL_SIDE_BUY && orders[i].limit_fen > best_bid)
            best_bid = orders[i].limit_fen;
        if (orders[i].side == MDL_SIDE_SELL && orders[i].limit_fen < best_ask)
            best_ask = orders[i].limit_fen;
    }
    assert_true(best_bid < best_ask);
}

static void days_of_random_trade_conserve_orders(void **state)
{
    (void)state;
    mdl_chips_t *chips = make();
    mdl_chip_trade_t trades[2 * BOOK];
    int64_t volume_seen = 0;
    for (int64_t day = 0; day < DAYS; day++) {
        sim_rng_t rng;
        uint32_t n;
        sim_rng_at(&rng, 4, 0, 0, 0, (uint64_t)day);
        place_randomly(chips, 2, day, &rng);
        int64_t bids = units(chips, 2, MDL_SIDE_BUY, day), asks = units(chips, 2, MDL_SIDE_SELL, day);
        int64_t carried = units(chips, 2, MDL_SIDE_BUY, day + 1) + units(chips, 2, MDL_SIDE_SELL, day + 1);
        int64_t price_before = mdl_chips_price_fen(chips, 2), volume = 0;
        assert_int_equal(mdl_chips_clear(chips, 2, day, trades, 2 * BOOK, &n, NULL), SIM_OK);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(trades[i].price_fen, mdl_chips_price_fen(chips, 2));
            volume += trades[i].quantity;
        }
        assert_int_equal(volume, chips->market[2].volume);
        assert_int_equal(bids, chips->market[2].bid_volume);
        assert_int_equal(asks, chips->market[2].ask_volume);
        assert_true(volume <= bids && volume <= asks);
        if (n == 0)
            assert_int_equal(price_before, mdl_chips_price_fen(chips, 2));
        int64_t left = units(chips, 2, MDL_SIDE_BUY, day) + units(chips, 2, MDL_SIDE_SELL, day);
        assert_true(left <= carried && left >= carried - 2 * volume);
        assert_uncrossed(chips, 2, day);
        volume_seen += volume;
    }
    assert_true(volume_seen > 100000);
    assert_int_equal(volume_seen, chips->market[2].volume_total);
    free(chips);
}

static void equal_limits_go_by_order_number(void **state)
{
    (void)state;
    mdl_chips_t *chips = make();
    mdl_chip_trade_t trades[8];
    uint64_t first, second;
    uint32_t n;
    mdl_order_t buy = {.side = MDL_SIDE_BUY, .account = 1, .quantity = 5, .limit_fen = 100, .last_day = 9};
    mdl_order_t sell = {.side = MDL_SIDE_SELL, .account = 3, .quantity = 7, .limit_fen = 50, .last_day = 9};
    assert_int_equal(mdl_chips_order(chips, 0, &buy, &first, NULL), SIM_OK);
    buy.account = 2;
    assert_int_equal(mdl_chips_order(chips, 0, &buy, &second, NULL), SIM_OK);
    assert_int_equal(mdl_chips_order(chips, 0, &sell, NULL, NULL), SIM_OK);
    assert_int_equal(mdl_chips_clear(chips, 0, 1, trades, 8, &n, NULL), SIM_OK);
    assert_int_equal(n, 2);
    assert_int_equal(trades[0].buy_number, first);
    assert_int_equal(trades[0].quantity, 5);
    assert_int_equal(trades[1].buyer, 2);
    assert_int_equal(trades[1].quantity, 2);
    assert_false(mdl_chips_cancel(chips, 0, first));
    assert_true(mdl_chips_cancel(chips, 0, second));
    assert_int_equal(chips->n_orders[0], 0);
    free(chips);
}

static void bad_orders_and_full_books_are_refused(void **state)
{
    (void)state;
    mdl_chips_t *chips = make();
    mdl_chip_trade_t trade;
    uint32_t n;
    mdl_order_t order = {.side = MDL_SIDE_BUY, .quantity = 0, .limit_fen = 1, .last_day = 1};
    assert_int_equal(mdl_chips_order(chips, 0, &order, NULL, NULL), SIM_EINVARIANT);
    order.quantity = 1;
    order.limit_fen = -1;
    assert_int_equal(mdl_chips_order(chips, 0, &order, NULL, NULL), SIM_EINVARIANT);
    order.limit_fen = 1;
    for (int i = 0; i < BOOK; i++)
        assert_int_equal(mdl_chips_order(chips, 0, &order, NULL, NULL), SIM_OK);
    assert_int_equal(mdl_chips_order(chips, 0, &order, NULL, NULL), SIM_ELIMIT);
    assert_int_equal(mdl_chips_clear(chips, 0, 1, &trade, 1, &n, NULL), SIM_ELIMIT);
    assert_int_equal(chips->n_orders[0], BOOK);
    free(chips);
}

static int64_t day_of(const char *text)
{
    int64_t day;
    assert_int_equal(sim_date_parse(text, &day, NULL), SIM_OK);
    return day;
}

static int32_t type_of(const char *name)
{
    for (uint32_t t = 0; t < tables.n_gpu_types; t++)
        if (strcmp(tables.gpu_types[t].name, name) == 0)
            return (int32_t)t;
    fail();
    return -1;
}

/* Quota of one day as chips.h states it. */
static double quota_of(const mdl_gpu_type_t *row, int64_t day)
{
    double years = (double)(day - day_of("2022-01-01")) / 365.25;
    return row->quota_per_week / 7 * params.chips_quota_scale * pow(1 + row->quota_growth_per_year, years);
}

/* Over a year everything that the quota releases is sold, kept or cut; platforms get their share at most. */
static void the_channel_sells_its_quota_and_no_more(void **state)
{
    (void)state;
    mdl_chips_t *chips = make();
    mdl_chip_trade_t trades[8];
    int32_t type = type_of("H800");
    const mdl_gpu_type_t *row = &tables.gpu_types[type];
    int64_t from = row->available_day, platforms = 0;
    double quota = 0;
    mdl_channel_release(chips, &params, &tables, type, from - 1, true);
    assert_int_equal(chips->market[type].channel.available, 0);
    for (int64_t day = from; day < from + 364; day++) {
        uint32_t n;
        quota += quota_of(row, day);
        mdl_channel_release(chips, &params, &tables, type, day, true);
        platforms += mdl_channel_allot(chips, type, INT64_MAX);
        assert_int_equal(mdl_channel_allot(chips, type, 1), 0);
        assert_int_equal(
            mdl_channel_order(chips, &tables, type, 9, mdl_channel_ask_fen(&params, &tables, type), day, NULL), SIM_OK);
        mdl_order_t buy = {.side = MDL_SIDE_BUY, .quantity = 100000, .limit_fen = INT64_C(90000000), .last_day = day};
        assert_int_equal(mdl_chips_order(chips, type, &buy, NULL, NULL), SIM_OK);
        assert_int_equal(mdl_chips_clear(chips, type, day, trades, 8, &n, NULL), SIM_OK);
        assert_int_equal(chips->market[type].channel.available, 0);
    }
    const mdl_channel_t *channel = &chips->market[type].channel;
    assert_true(fabs((double)channel->sold - quota) <= 1);
    assert_true((double)platforms <= params.chips_platform_share * (double)channel->sold);
    assert_true((double)platforms >= params.chips_platform_share * (double)channel->sold - 365);
    assert_int_equal(channel->sold - platforms, chips->market[type].volume_by_channel[MDL_CHANNEL_OFFICIAL]);
    mdl_channel_release(chips, &params, &tables, type, from + 364, false);
    assert_int_equal(channel->available, 0);
    assert_int_equal(mdl_channel_allot(chips, type, 100), 0);
    free(chips);
}

static void unsold_quota_is_kept_for_some_weeks_and_under_a_rule_sold_on(void **state)
{
    (void)state;
    mdl_chips_t *chips = make();
    int32_t type = type_of("H20");
    int64_t from = tables.gpu_types[type].available_day;
    const mdl_gpu_type_t *row = &tables.gpu_types[type];
    const mdl_channel_t *channel = &chips->market[type].channel;
    mdl_channel_release(chips, &params, &tables, type, from, true);
    mdl_channel_release(chips, &params, &tables, type, from + 1, true);
    double two_days = quota_of(row, from) + quota_of(row, from + 1);
    assert_true(fabs((double)(channel->available + channel->for_platforms) - two_days) <= 1);
    for (int64_t day = from + 2; day < from + 200; day++)
        mdl_channel_release(chips, &params, &tables, type, day, true);
    double weeks = (double)params.chips_channel_stock_s / (double)SIM_WEEK_S;
    double per_week = 7 * quota_of(row, from + 200);
    assert_true((double)channel->available <= per_week * (weeks + 1.0 / 7) + 1);
    assert_true((double)channel->available > per_week * (weeks - 1));
    mdl_channel_release(chips, &params, &tables, type, from + 200, false); /* an export rule */
    int64_t in_the_country = channel->available;
    mdl_channel_release(chips, &params, &tables, type, from + 201, false);
    assert_int_equal(channel->available, in_the_country);
    assert_true((double)in_the_country > per_week * (weeks - 1));
    assert_int_equal(mdl_channel_allot(chips, type, 1), 0);
    free(chips);
}

static void tariff_raises_the_ask_and_is_what_the_state_gets(void **state)
{
    (void)state;
    mdl_params_t with = params;
    with.chips_tariff_share = 0.25;
    int32_t foreign = type_of("H20"), domestic = type_of("910B");
    int64_t list = mdl_channel_ask_fen(&params, &tables, foreign);
    assert_int_equal(list, (int64_t)(tables.gpu_types[foreign].list_price_yuan * 100));
    assert_int_equal(mdl_channel_ask_fen(&with, &tables, foreign), list + list / 4);
    assert_int_equal(mdl_channel_tariff_fen(&with, &tables, foreign, list + list / 4), list / 4);
    assert_int_equal(mdl_channel_ask_fen(&with, &tables, domestic), mdl_channel_ask_fen(&params, &tables, domestic));
    assert_int_equal(mdl_channel_tariff_fen(&with, &tables, domestic, list), 0);
    assert_int_equal(mdl_channel_lead_d(&params, &tables, foreign), tables.gpu_types[foreign].lead_time_d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_of_random_trade_conserve_orders),
        cmocka_unit_test(equal_limits_go_by_order_number),
        cmocka_unit_test(bad_orders_and_full_books_are_refused),
        cmocka_unit_test(the_channel_sells_its_quota_and_no_more),
        cmocka_unit_test(unsold_quota_is_kept_for_some_weeks_and_under_a_rule_sold_on),
        cmocka_unit_test(tariff_raises_the_ask_and_is_what_the_state_gets),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
