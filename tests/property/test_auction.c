// SPDX-License-Identifier: GPL-3.0-or-later
/* The call auction against brute force over every price, on random books. */
#include "tests/support/test.h"

#include "models/market/auction.h"
#include "sim/draw.h"

#define MOST_ORDERS 24
#define TOP_PRICE   40
#define BOOKS       20000

typedef struct book {
    mdl_order_t orders[MOST_ORDERS];
    uint32_t bids[MOST_ORDERS], asks[MOST_ORDERS];
    uint32_t n, n_bids, n_asks;
} book_t;

static void draw_book(book_t *book, sim_rng_t *rng)
{
    memset(book, 0, sizeof *book);
    book->n = (uint32_t)sim_draw_below(rng, MOST_ORDERS + 1);
    for (uint32_t i = 0; i < book->n; i++) {
        book->orders[i] = (mdl_order_t){.number = 1 + (i * 7919) % 104729,
                                        .limit_fen = (int64_t)sim_draw_below(rng, TOP_PRICE),
                                        .quantity = 1 + (int64_t)sim_draw_below(rng, 9),
                                        .side = (int32_t)sim_draw_below(rng, 2)};
        if (book->orders[i].side == MDL_SIDE_BUY)
            book->bids[book->n_bids++] = i;
        else
            book->asks[book->n_asks++] = i;
    }
}

static int64_t demand_at(const book_t *book, int64_t price)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < book->n; i++)
        if (book->orders[i].side == MDL_SIDE_BUY && book->orders[i].limit_fen >= price)
            sum += book->orders[i].quantity;
    return sum;
}

static int64_t supply_at(const book_t *book, int64_t price)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < book->n; i++)
        if (book->orders[i].side == MDL_SIDE_SELL && book->orders[i].limit_fen <= price)
            sum += book->orders[i].quantity;
    return sum;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The four rules of auction.h, one after the other, over all prices. */
static bool brute_force(const book_t *book, int64_t reference, int64_t *price, int64_t *volume)
{
    int64_t best_volume = 0, best_surplus = INT64_MAX, low = -1, high = -1;
    bool demand_left = true, supply_left = true;
    for (int64_t p = 0; p <= TOP_PRICE; p++)
        if (least(demand_at(book, p), supply_at(book, p)) > best_volume)
            best_volume = least(demand_at(book, p), supply_at(book, p));
    for (int64_t p = 0; p <= TOP_PRICE; p++)
        if (least(demand_at(book, p), supply_at(book, p)) == best_volume)
            best_surplus = least(best_surplus, llabs(demand_at(book, p) - supply_at(book, p)));
    for (int64_t p = 0; p <= TOP_PRICE; p++) {
        int64_t d = demand_at(book, p), s = supply_at(book, p);
        if (least(d, s) != best_volume || llabs(d - s) != best_surplus)
            continue;
        low = low < 0 ? p : low;
        high = p;
        demand_left = demand_left && d > s;
        supply_left = supply_left && s > d;
    }
    *volume = best_volume;
    *price = demand_left     ? high
             : supply_left   ? low
             : reference < 0 ? low + (high - low) / 2
                             : (reference < low    ? low
                                : reference > high ? high
                                                   : reference);
    return best_volume > 0;
}

static void price_is_what_brute_force_finds(void **state)
{
    (void)state;
    size_t traded = 0;
    for (uint64_t i = 0; i < BOOKS; i++) {
        sim_rng_t rng;
        book_t book;
        int64_t price, volume;
        sim_rng_at(&rng, 2, 0, 0, 0, i);
        draw_book(&book, &rng);
        int64_t reference = (int64_t)sim_draw_below(&rng, TOP_PRICE + 2) - 1;
        bool trades = brute_force(&book, reference, &price, &volume);
        mdl_clearing_t found =
            mdl_auction_clear(book.orders, book.bids, book.n_bids, book.asks, book.n_asks, reference);
        assert_int_equal(found.volume, volume);
        traded += trades;
        if (!trades)
            continue;
        assert_int_equal(found.price_fen, price);
        assert_int_equal(found.demand, demand_at(&book, price));
        assert_int_equal(found.supply, supply_at(&book, price));
    }
    assert_true(traded > BOOKS / 2);
}

static void queues_that_trade_are_sorted_whatever_their_order(void **state)
{
    (void)state;
    uint64_t traded = 0;
    for (uint64_t i = 0; i < BOOKS / 10; i++) {
        sim_rng_t rng;
        book_t book;
        sim_rng_at(&rng, 3, 0, 0, 0, i);
        draw_book(&book, &rng);
        if (mdl_auction_clear(book.orders, book.bids, book.n_bids, book.asks, book.n_asks, -1).volume == 0)
            continue;
        traded++;
        for (uint32_t k = 1; k < book.n_bids; k++) {
            const mdl_order_t *a = &book.orders[book.bids[k - 1]], *b = &book.orders[book.bids[k]];
            assert_true(a->limit_fen > b->limit_fen || (a->limit_fen == b->limit_fen && a->number < b->number));
        }
        for (uint32_t k = 1; k < book.n_asks; k++) {
            const mdl_order_t *a = &book.orders[book.asks[k - 1]], *b = &book.orders[book.asks[k]];
            assert_true(a->limit_fen < b->limit_fen || (a->limit_fen == b->limit_fen && a->number < b->number));
        }
    }
    assert_true(traded > BOOKS / 20);
}

static mdl_clearing_t clear(mdl_order_t *orders, uint32_t n, int64_t reference)
{
    uint32_t bids[8], asks[8], n_bids = 0, n_asks = 0;
    for (uint32_t i = 0; i < n; i++) {
        orders[i].number = i + 1;
        if (orders[i].side == MDL_SIDE_BUY)
            bids[n_bids++] = i;
        else
            asks[n_asks++] = i;
    }
    return mdl_auction_clear(orders, bids, n_bids, asks, n_asks, reference);
}

static void scarce_supply_goes_to_the_marginal_buyers_limit(void **state)
{
    (void)state;
    mdl_order_t orders[] = {{.side = MDL_SIDE_SELL, .limit_fen = 100, .quantity = 10},
                            {.side = MDL_SIDE_BUY, .limit_fen = 300, .quantity = 8},
                            {.side = MDL_SIDE_BUY, .limit_fen = 250, .quantity = 8}};
    mdl_clearing_t found = clear(orders, 3, 120);
    assert_int_equal(found.volume, 10);
    assert_int_equal(found.price_fen, 250);
}

static void glut_goes_to_the_marginal_sellers_limit(void **state)
{
    (void)state;
    mdl_order_t orders[] = {{.side = MDL_SIDE_SELL, .limit_fen = 100, .quantity = 10},
                            {.side = MDL_SIDE_SELL, .limit_fen = 150, .quantity = 10},
                            {.side = MDL_SIDE_BUY, .limit_fen = 300, .quantity = 8}};
    assert_int_equal(clear(orders, 3, 120).price_fen, 100);
}

static void empty_zero_and_huge(void **state)
{
    (void)state;
    assert_int_equal(clear(NULL, 0, 5).volume, 0);
    mdl_order_t one[] = {{.side = MDL_SIDE_BUY, .limit_fen = 300, .quantity = 8}};
    assert_int_equal(clear(one, 1, 5).volume, 0);
    mdl_order_t free_goods[] = {{.side = MDL_SIDE_SELL, .limit_fen = 0, .quantity = 3},
                                {.side = MDL_SIDE_BUY, .limit_fen = 0, .quantity = 3}};
    mdl_clearing_t found = clear(free_goods, 2, -1);
    assert_int_equal(found.volume, 3);
    assert_int_equal(found.price_fen, 0);
    mdl_order_t huge[] = {{.side = MDL_SIDE_SELL, .limit_fen = 0, .quantity = 1000000000},
                          {.side = MDL_SIDE_BUY, .limit_fen = INT64_C(100000000000000000), .quantity = 1000000000}};
    found = clear(huge, 2, INT64_C(77));
    assert_int_equal(found.volume, 1000000000);
    assert_int_equal(found.price_fen, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(price_is_what_brute_force_finds),
        cmocka_unit_test(queues_that_trade_are_sorted_whatever_their_order),
        cmocka_unit_test(scarce_supply_goes_to_the_marginal_buyers_limit),
        cmocka_unit_test(glut_goes_to_the_marginal_sellers_limit),
        cmocka_unit_test(empty_zero_and_huge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
