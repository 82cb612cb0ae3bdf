// SPDX-License-Identifier: GPL-3.0-or-later
/* Which offer a tenant comes upon: large ones are heard of more. Sizes change a few times a day, and then many draw: the
 * first of them has the nodes of all offers counted through, in order of rows, and a guide made (Chen and Asau 1974),
 * which says for equal stretches of nodes with which offer each begins. So a draw in proportion to size takes one or two
 * steps. */
#include "models/market/rental_parts.h"

/* The guide's stretches are of 2^n nodes, few enough for it; n. */
static uint32_t stretch_shift(int64_t nodes)
{
    uint32_t shift = 0;
    while (nodes >> shift >= MDL_RENTAL_GUIDE)
        shift++;
    return shift;
}

void mdl_rental_count_sizes(mdl_rental_t *self)
{
    mdl_rental_size_t *sizes = mdl_rental_sizes(self);
    const mdl_offer_t *offers = mdl_rental_offer(self, 0);
    int64_t until = 0, stretch = 0;
    uint32_t n = 0, n_offers = self->n_offers, *guide = self->guide, shift = stretch_shift(self->offered_nodes);
    for (uint32_t row = 0; row < n_offers; row++) {
        if (offers[row].active_at == MDL_NO_OFFER || offers[row].nodes == 0)
            continue;
        until += offers[row].nodes;
        for (; stretch << shift < until; stretch++)
            guide[stretch] = n;
        sizes[n++] = (mdl_rental_size_t){until, row};
    }
    self->n_sizes = n;
    self->guide_shift = shift;
    self->sizes_changed = false;
}

bool mdl_rental_sizes_are_right(const mdl_rental_t *self)
{
    const mdl_rental_size_t *sizes = mdl_rental_sizes((mdl_rental_t *)(uintptr_t)self);
    int64_t before = 0;
    uint32_t n = 0;
    for (uint32_t row = 0; row < self->n_offers && !self->sizes_changed; row++) {
        const mdl_offer_t *offer = mdl_rental_offer(self, row);
        if (offer->active_at == MDL_NO_OFFER || offer->nodes == 0)
            continue;
        before += offer->nodes;
        if (n == self->n_sizes || sizes[n].offer != row || sizes[n++].until != before)
            return false;
    }
    return self->sizes_changed || n == self->n_sizes;
}
