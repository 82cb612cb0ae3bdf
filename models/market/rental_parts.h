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

#endif
