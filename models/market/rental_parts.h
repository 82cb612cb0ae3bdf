// SPDX-License-Identifier: GPL-3.0-or-later
/* What the parts of the rental market share; not for users. */
#ifndef MDL_RENTAL_PARTS_H
#define MDL_RENTAL_PARTS_H

#include "models/market/rental.h"

mdl_offer_t *mdl_rental_offer_at(mdl_rental_t *self, uint32_t offer);
mdl_contract_t *mdl_rental_contract_at(mdl_rental_t *self, uint32_t slot);
/* Rows of the n_active offers on the market. */
const uint32_t *mdl_rental_active(const mdl_rental_t *self);
/* Enters a contract with these terms; its offer must have the nodes free. MDL_NO_CONTRACT when the table is full. */
uint32_t mdl_rental_sign(mdl_rental_t *self, const mdl_contract_t *terms);

/* Sizes of the offers as a Fenwick tree over their rows (rental_pick.c). */
int64_t *mdl_rental_tree(mdl_rental_t *self);
size_t mdl_rental_tree_bytes(uint32_t offers);
void mdl_rental_weigh(mdl_rental_t *self, uint32_t offer, int64_t change);
void mdl_rental_weigh_all(mdl_rental_t *self);
bool mdl_rental_tree_is_right(const mdl_rental_t *self);
/* Draws the row of an active offer, of which there must be one: in proportion to its nodes with probability
 * rental.size_visibility, else each with the same chance. */
uint32_t mdl_rental_pick(mdl_rental_t *self, const mdl_params_t *params, sim_rng_t *rng);

#endif
