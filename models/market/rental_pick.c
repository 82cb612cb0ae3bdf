// SPDX-License-Identifier: GPL-3.0-or-later
/* Which offer a tenant comes upon: large ones are heard of more. A Fenwick tree (1994) holds the offers' sizes, so that
 * both a change and a draw in proportion to size take O(log offers). */
#include "models/market/rental_parts.h"
#include "sim/draw.h"

#include <string.h>

size_t mdl_rental_tree_bytes(uint32_t offers)
{
    return ((size_t)offers + 1) * sizeof(int64_t);
}

void mdl_rental_weigh(mdl_rental_t *self, uint32_t offer, int64_t change)
{
    int64_t *tree = mdl_rental_tree(self);
    for (uint32_t at = offer + 1; at <= self->offer_capacity; at += at & -at)
        tree[at] += change;
}

void mdl_rental_weigh_all(mdl_rental_t *self)
{
    memset(mdl_rental_tree(self), 0, mdl_rental_tree_bytes(self->offer_capacity));
    for (uint32_t i = 0; i < self->n_active; i++)
        mdl_rental_weigh(self, mdl_rental_active(self)[i], mdl_rental_offer(self, mdl_rental_active(self)[i])->nodes);
}

/* The offer that holds node number `node` when the nodes of all offers are counted through in order of rows. */
static uint32_t holder(mdl_rental_t *self, int64_t node)
{
    const int64_t *tree = mdl_rental_tree(self);
    uint32_t at = 0, capacity = self->offer_capacity;
    for (uint32_t step = UINT32_C(1) << (31 - __builtin_clz(capacity)); step > 0; step /= 2) {
        uint32_t next = at + step <= capacity ? at + step : 0;
        bool beyond = (next > 0) & (tree[next] <= node); /* as good as random: no branch */
        at += beyond ? step : 0;
        node -= beyond ? tree[next] : 0;
    }
    return at;
}

/* `part` of `n`, 0 <= part < 1, as a position among n. */
static int64_t position(double part, int64_t n)
{
    int64_t at = (int64_t)(part * (double)n);
    return at < n ? at : n - 1;
}

/* One draw decides both: its lower share is spent on nodes, the rest on offers. */
uint32_t mdl_rental_pick(mdl_rental_t *self, const mdl_params_t *params, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng), by_size = self->offered_nodes > 0 ? params->rental_size_visibility : 0;
    if (u < by_size)
        return holder(self, position(u / by_size, self->offered_nodes));
    return mdl_rental_active(self)[position((u - by_size) / (1 - by_size), self->n_active)];
}

bool mdl_rental_tree_is_right(const mdl_rental_t *self)
{
    const int64_t *tree = mdl_rental_tree((mdl_rental_t *)(uintptr_t)self);
    int64_t before = 0;
    for (uint32_t row = 0; row < self->n_offers; row++) {
        const mdl_offer_t *offer = mdl_rental_offer(self, row);
        int64_t sum = 0;
        before += offer->active_at != MDL_NO_OFFER ? offer->nodes : 0;
        for (uint32_t at = row + 1; at > 0; at -= at & -at)
            sum += tree[at];
        if (sum != before)
            return false;
    }
    return true;
}
