// SPDX-License-Identifier: GPL-3.0-or-later
/* The chip market's day in parts, which step_chips.c runs one after another; not for others.
 *
 * Supply comes from makers' channels, brokers and owners in distress (chip_supply.c); platforms and builders bid
 * (chip_bids.c); books clear by type (chip_clearing.c); money and lots change hands (chip_trades.c). Functions that return
 * a status fail where money, lots or order books do (SIM_EINVARIANT, SIM_ENOMEM), with the reason in step->err.
 */
#ifndef MDL_CHIP_DAY_H
#define MDL_CHIP_DAY_H

#include "models/economy/economy_state.h"

#define MDL_CHIP_PLATFORM UINT32_C(0x80000000) /* in a buyer's tag: a platform's number; otherwise a project's */

static inline bool mdl_chip_has_room(const mdl_step_t *step, int32_t type)
{
    return step->chips->n_orders[type] < step->chips->capacity;
}

/* The account of a type's maker. */
uint32_t mdl_chip_maker(const mdl_step_t *step, int32_t type);
/* A sale by the maker of so many GPUs at a price in fen each: money to the maker, tariff or cut out of it, chips on their
 * way to the buyer. */
sim_status_t mdl_chip_buy_official(mdl_step_t *step, int32_t type, uint32_t buyer, uint32_t tag, int64_t gpus,
                                   int64_t price_fen);
/* A sale by a broker or by an owner in distress, from his stock. */
sim_status_t mdl_chip_buy_second_hand(mdl_step_t *step, const mdl_chip_trade_t *trade);

/* Makers fill their channels for the day, and later offer what platforms have left of it. */
void mdl_chip_release_channels(mdl_step_t *step);
sim_status_t mdl_chip_offer_channels(mdl_step_t *step);
/* A broker lands what has arrived, ships more and offers his stock. */
sim_status_t mdl_chip_step_broker(mdl_step_t *step, mdl_broker_t *broker);
/* An owner in distress, or the bank behind it, offers its stock. */
sim_status_t mdl_chip_offer_distressed(mdl_step_t *step, const mdl_project_t *project);

/* Platform `i` takes what its standing contract gives it, and later bids for the rest. */
sim_status_t mdl_chip_serve_platform(mdl_step_t *step, uint32_t i);
sim_status_t mdl_chip_bid_platform(mdl_step_t *step, uint32_t i);
/* All projects: those that want chips bid, those that are auctioned offer theirs. */
sim_status_t mdl_chip_bid_builders(mdl_step_t *step);

/* All types: trades, and the price that is seen from now on. */
sim_status_t mdl_chip_clear(mdl_step_t *step);

#endif
