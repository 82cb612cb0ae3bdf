// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/market/auction.h"

/* True when order `a` stands before `b` in the queue of its side. Total: numbers are unique. */
static bool before(const mdl_order_t *a, const mdl_order_t *b)
{
    if (a->limit_fen != b->limit_fen)
        return a->side == MDL_SIDE_BUY ? a->limit_fen > b->limit_fen : a->limit_fen < b->limit_fen;
    return a->number < b->number;
}

static void sift_down(const mdl_order_t *orders, uint32_t *queue, uint32_t root, uint32_t n)
{
    uint32_t moving = queue[root];
    for (uint32_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && before(&orders[queue[child]], &orders[queue[child + 1]]))
            child++;
        if (!before(&orders[moving], &orders[queue[child]]))
            break;
        queue[root] = queue[child];
        root = child;
    }
    queue[root] = moving;
}

/* Heap sort, best order first. */
static void sort_queue(const mdl_order_t *orders, uint32_t *queue, uint32_t n)
{
    for (uint32_t root = n / 2; root > 0; root--)
        sift_down(orders, queue, root - 1, n);
    for (uint32_t end = n; end > 1; end--) {
        uint32_t last = queue[0];
        queue[0] = queue[end - 1];
        queue[end - 1] = last;
        sift_down(orders, queue, 0, end - 1);
    }
}

int64_t mdl_auction_volume(const mdl_order_t *orders, const uint32_t *queue, uint32_t n)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += orders[queue[i]].quantity;
    return sum;
}

static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}

/* Prices from `low` to `high` at which demand and supply are these. */
typedef struct plateau {
    int64_t low, high, demand, supply;
} plateau_t;

static bool better(const plateau_t *a, const plateau_t *b)
{
    int64_t va = a->demand < a->supply ? a->demand : a->supply;
    int64_t vb = b->demand < b->supply ? b->demand : b->supply;
    if (va != vb)
        return va > vb;
    return magnitude(a->demand - a->supply) < magnitude(b->demand - b->supply);
}

static bool equally_good(const plateau_t *a, const plateau_t *b)
{
    return !better(a, b) && !better(b, a);
}

/* What rules 1 and 2 leave: the best plateaus, which are neighbours, and whether surplus is all on one side. */
typedef struct best {
    plateau_t plateau; /* low and high span all that is left */
    bool demand_left;  /* on every price that is left */
    bool supply_left;
} best_t;

static void consider(best_t *best, const plateau_t *now)
{
    bool demand_left = now->demand > now->supply, supply_left = now->supply > now->demand;
    if (best->plateau.low <= best->plateau.high && equally_good(now, &best->plateau)) {
        best->plateau.high = now->high;
        best->demand_left = best->demand_left && demand_left;
        best->supply_left = best->supply_left && supply_left;
    } else if (best->plateau.low > best->plateau.high || better(now, &best->plateau)) {
        *best = (best_t){*now, demand_left, supply_left};
    }
}

static int64_t choose_price(const best_t *best, int64_t reference)
{
    int64_t low = best->plateau.low, high = best->plateau.high;
    if (best->demand_left)
        return high;
    if (best->supply_left)
        return low;
    if (reference < 0)
        return low + (high - low) / 2;
    return reference < low ? low : reference > high ? high : reference;
}

/* Walks up the prices from the lowest ask to the highest bid. Bids are sorted highest first, so the walk takes them
 * from the end; between two limits demand and supply stand still. */
static best_t walk(const mdl_order_t *orders, const uint32_t *bids, uint32_t n_bids, const uint32_t *asks,
                   uint32_t n_asks)
{
    best_t best = {{0, -1, 0, 0}, false, false};
    int64_t top = orders[bids[0]].limit_fen, price = orders[asks[0]].limit_fen;
    int64_t demand = mdl_auction_volume(orders, bids, n_bids), supply = 0;
    uint32_t bid = n_bids, ask = 0;
    while (price <= top) {
        while (bid > 0 && orders[bids[bid - 1]].limit_fen < price)
            demand -= orders[bids[--bid]].quantity;
        while (ask < n_asks && orders[asks[ask]].limit_fen <= price)
            supply += orders[asks[ask++]].quantity;
        int64_t high = orders[bids[bid - 1]].limit_fen;
        if (ask < n_asks && orders[asks[ask]].limit_fen <= high)
            high = orders[asks[ask]].limit_fen - 1;
        consider(&best, &(plateau_t){price, high, demand, supply});
        price = high + 1;
    }
    return best;
}

/* Whether some bid reaches some ask. On most days nothing is offered that anybody would pay. */
static bool meet(const mdl_order_t *orders, const uint32_t *bids, uint32_t n_bids, const uint32_t *asks,
                 uint32_t n_asks)
{
    int64_t highest_fen = -1, lowest_fen = INT64_MAX;
    for (uint32_t i = 0; i < n_asks; i++)
        lowest_fen = orders[asks[i]].limit_fen < lowest_fen ? orders[asks[i]].limit_fen : lowest_fen;
    for (uint32_t i = 0; i < n_bids && n_asks > 0; i++)
        highest_fen = orders[bids[i]].limit_fen > highest_fen ? orders[bids[i]].limit_fen : highest_fen;
    return highest_fen >= lowest_fen;
}

mdl_clearing_t mdl_auction_clear(const mdl_order_t *orders, uint32_t *bids, uint32_t n_bids, uint32_t *asks,
                                 uint32_t n_asks, int64_t reference_fen)
{
    if (!meet(orders, bids, n_bids, asks, n_asks))
        return (mdl_clearing_t){0};
    sort_queue(orders, bids, n_bids);
    sort_queue(orders, asks, n_asks);
    best_t best = walk(orders, bids, n_bids, asks, n_asks);
    mdl_clearing_t clearing = {.price_fen = choose_price(&best, reference_fen)};
    for (uint32_t i = 0; i < n_bids && orders[bids[i]].limit_fen >= clearing.price_fen; i++)
        clearing.demand += orders[bids[i]].quantity;
    for (uint32_t i = 0; i < n_asks && orders[asks[i]].limit_fen <= clearing.price_fen; i++)
        clearing.supply += orders[asks[i]].quantity;
    clearing.volume = clearing.demand < clearing.supply ? clearing.demand : clearing.supply;
    return clearing;
}
