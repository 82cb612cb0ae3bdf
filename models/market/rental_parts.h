// SPDX-License-Identifier: GPL-3.0-or-later
/* What the parts of the rental market share; not for users. */
#ifndef MDL_RENTAL_PARTS_H
#define MDL_RENTAL_PARTS_H

#include "models/market/rental.h"
#include "sim/draw.h"

mdl_offer_t *mdl_rental_offer_at(mdl_rental_t *self, uint32_t offer);
mdl_contract_t *mdl_rental_contract_at(mdl_rental_t *self, uint32_t slot);
/* Rows of the n_active offers on the market. */
static inline const uint32_t *mdl_rental_active(const mdl_rental_t *self)
{
    return (const uint32_t *)(const void *)((const unsigned char *)self + self->active_list_at);
}
/* Enters a contract with these terms; its offer must have the nodes free. MDL_NO_CONTRACT when the table is full. */
uint32_t mdl_rental_sign(mdl_rental_t *self, const mdl_contract_t *terms);

/* Slots of contracts in pages (rental_pages.c): what has to be known of all contracts at once is asked of pages. */
#define MDL_RENTAL_PAGE 16 /* at most 32 */
typedef struct mdl_rental_page {
    int64_t due_day;   /* none of its contracts ends before; it may be earlier than the first that does */
    uint32_t training; /* slots with contracts for training, bit set */
} mdl_rental_page_t;
static inline mdl_rental_page_t *mdl_rental_pages(mdl_rental_t *self)
{
    return (mdl_rental_page_t *)(void *)((unsigned char *)self + self->pages_at);
}
size_t mdl_rental_pages_bytes(uint32_t contracts);
void mdl_rental_page_signed(mdl_rental_t *self, uint32_t slot); /* the contract in `slot` is new */
void mdl_rental_page_ended(mdl_rental_t *self, uint32_t slot);
bool mdl_rental_pages_are_right(const mdl_rental_t *self);

/* Offers with nodes on the market, in order of rows (rental_pick.c). */
typedef struct mdl_rental_size {
    int64_t until; /* nodes of all offers up to and with this one */
    uint32_t offer;
} mdl_rental_size_t;
static inline mdl_rental_size_t *mdl_rental_sizes(mdl_rental_t *self)
{
    return (mdl_rental_size_t *)(void *)((unsigned char *)self + self->sizes_at);
}
/* By row, the nodes of an offer on the market; 0 for others. All of them are read when sizes have changed, offers are not. */
static inline int32_t *mdl_rental_open_nodes(mdl_rental_t *self)
{
    return (int32_t *)(void *)((unsigned char *)self + self->open_nodes_at);
}
void mdl_rental_resized(mdl_rental_t *self, uint32_t offer); /* on the market, and its nodes are others */
bool mdl_rental_sizes_are_right(const mdl_rental_t *self);
void mdl_rental_count_sizes(mdl_rental_t *self); /* when they have changed, before the next draw */

/* The offer that holds node number `node` when the nodes of all offers are counted through in order of rows. */
static inline uint32_t mdl_rental_holder(mdl_rental_t *self, int64_t node)
{
    if (self->sizes_changed)
        mdl_rental_count_sizes(self);
    const mdl_rental_size_t *sizes = mdl_rental_sizes(self);
    uint32_t at = self->guide[node >> self->guide_shift];
    while (sizes[at].until <= node)
        at++;
    return sizes[at].offer;
}

/* `part` of `n`, 0 <= part < 1, as a position among n. */
static inline int64_t mdl_rental_position(double part, int64_t n)
{
    int64_t at = (int64_t)(part * (double)n);
    return at < n ? at : n - 1;
}

/* Draws the row of an active offer, of which there must be one: in proportion to its nodes with probability
 * rental.size_visibility, else each with the same chance. One draw decides both: its lower share is spent on nodes, the
 * rest on offers. */
static inline uint32_t mdl_rental_pick(mdl_rental_t *self, const mdl_params_t *params, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng), by_size = self->offered_nodes > 0 ? params->rental_size_visibility : 0;
    if (u < by_size)
        return mdl_rental_holder(self, mdl_rental_position(u / by_size, self->offered_nodes));
    return mdl_rental_active(self)[mdl_rental_position((u - by_size) / (1 - by_size), self->n_active)];
}

#endif
