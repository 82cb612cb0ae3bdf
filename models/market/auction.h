// SPDX-License-Identifier: GPL-3.0-or-later
/* A call auction: many limit orders, one price.
 *
 * At a price p, buyers with limits >= p want D(p) units, sellers with limits <= p offer S(p). The clearing price is
 * found by the rules of the opening auctions of stock exchanges, in this order (integers, so the set of prices that
 * each rule leaves is an interval):
 *
 *   1. largest volume min(D, S);
 *   2. smallest surplus |D - S|;
 *   3. pressure: if at all remaining prices demand is left over, the highest; if supply is left over, the lowest;
 *   4. otherwise the price of the interval that is nearest to the reference price (the last price); without one
 *      (reference < 0) the middle, rounded down.
 *
 * Orders at better limits are served first, equal limits in order of number. After clearing no two orders left over
 * could trade with each other, and what sellers receive is what buyers pay.
 */
#ifndef MDL_AUCTION_H
#define MDL_AUCTION_H

#include <stdbool.h>
#include <stdint.h>

typedef enum mdl_side { MDL_SIDE_BUY, MDL_SIDE_SELL } mdl_side_t;

typedef struct mdl_order {
    uint64_t number;   /* unique in its book, breaks ties */
    int64_t limit_fen; /* per unit, >= 0 */
    int64_t quantity;  /* units left, >= 0 */
    int64_t last_day;  /* lapses after this day */
    uint32_t account;  /* ledger account of the owner */
    uint32_t tag;      /* the caller's number (a project, a lot); handed back with trades */
    int32_t side;      /* mdl_side_t */
    int32_t channel;   /* mdl_chip_channel_t of a seller; 0 for buyers */
} mdl_order_t;

typedef struct mdl_clearing {
    int64_t price_fen; /* meaningful when volume > 0 */
    int64_t volume;
    int64_t demand; /* D and S at the price */
    int64_t supply;
} mdl_clearing_t;

/* Finds the price, and when there is one sorts both sides (bids: best limit first; asks: best limit first; then number).
 * `bids` and `asks` are index arrays into `orders`, in any order on entry. Quantities are left as they are. O(n log n). */
mdl_clearing_t mdl_auction_clear(const mdl_order_t *orders, uint32_t *bids, uint32_t n_bids, uint32_t *asks,
                                 uint32_t n_asks, int64_t reference_fen);

/* Units in a queue. */
int64_t mdl_auction_volume(const mdl_order_t *orders, const uint32_t *queue, uint32_t n);

#endif
