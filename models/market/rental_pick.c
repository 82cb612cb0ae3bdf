// SPDX-License-Identifier: GPL-3.0-or-later
/* Which offer a tenant comes upon: large ones are heard of more. Sizes change a few times a day, and then many draw: the
 * first of them has the nodes of all offers counted through, in order of rows, and a guide made (Chen and Asau 1974),
 * which says for equal stretches of nodes with which offer each begins. So a draw in proportion to size takes one or two
 * steps. */
#include "models/market/rental_parts.h"

#include <string.h>

/* The guide's stretches are of 2^n nodes, few enough for it; n. */
static uint32_t stretch_shift(int64_t nodes)
{
    uint32_t shift = 0;
    while (nodes >> shift >= MDL_RENTAL_GUIDE)
        shift++;
    return shift;
}

void mdl_rental_resized(mdl_rental_t *self, uint32_t offer)
{
    mdl_rental_open_nodes(self)[offer] = mdl_rental_offer(self, offer)->nodes;
    self->sizes_changed = true;
}

/* Stretches in which no offer begins go on with the last one before. */
static void fill_guide(uint32_t *guide, int64_t stretches)
{
    uint32_t last = 0;
    for (int64_t stretch = 0; stretch < stretches; stretch++) {
        last = guide[stretch] > last ? guide[stretch] : last;
        guide[stretch] = last;
    }
}

/* Each offer writes itself down at the first stretch that begins with it or within it, where a smaller one after it takes
 * its place. An offer without nodes is overwritten by the next one, without a branch: they stand in no order. */
void mdl_rental_count_sizes(mdl_rental_t *self)
{
    mdl_rental_size_t *sizes = mdl_rental_sizes(self);
    const int32_t *open_nodes = mdl_rental_open_nodes(self);
    uint32_t n = 0, n_offers = self->n_offers, *guide = self->guide, shift = stretch_shift(self->offered_nodes);
    int64_t until = 0, round_up = (INT64_C(1) << shift) - 1;
    memset(self->guide, 0, sizeof self->guide);
    for (uint32_t row = 0; row < n_offers; row++) {
        guide[(until + round_up) >> shift] = n;
        until += open_nodes[row];
        sizes[n] = (mdl_rental_size_t){until, row};
        n += open_nodes[row] != 0;
    }
    fill_guide(guide, (until + round_up) >> shift);
    self->n_sizes = n;
    self->guide_shift = shift;
    self->sizes_changed = false;
}

bool mdl_rental_sizes_are_right(const mdl_rental_t *self)
{
    mdl_rental_t *rental = (mdl_rental_t *)(uintptr_t)self; /* only read */
    const mdl_rental_size_t *sizes = mdl_rental_sizes(rental);
    int64_t before = 0;
    uint32_t n = 0;
    for (uint32_t row = 0; row < self->n_offers; row++) {
        const mdl_offer_t *offer = mdl_rental_offer(self, row);
        int32_t nodes = offer->active_at != MDL_NO_OFFER ? offer->nodes : 0;
        if (mdl_rental_open_nodes(rental)[row] != nodes)
            return false;
        if (nodes == 0 || self->sizes_changed)
            continue;
        before += nodes;
        if (n == self->n_sizes || sizes[n].offer != row || sizes[n++].until != before)
            return false;
    }
    return self->sizes_changed || n == self->n_sizes;
}
