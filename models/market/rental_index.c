// SPDX-License-Identifier: GPL-3.0-or-later
/* Price indices, and the recount. */
#include "models/ledger/money.h"
#include "models/market/rental_parts.h"

#include <string.h>

/* Average price of a sum of transactions; `last` when there were none. */
static int64_t average(double value_fen, double nodes, int64_t last)
{
    return nodes > 0 ? mdl_money_round(value_fen / nodes) : last;
}

static void close_cell(mdl_rental_cell_t *cell)
{
    cell->index_fen = average(cell->value_fen, cell->nodes, cell->index_fen);
    cell->last_nodes = cell->nodes > 0 ? cell->nodes : cell->last_nodes;
    cell->value_fen = 0;
    cell->nodes = 0;
}

/* What the cheapest node that is free is offered at, per reference node in its best use; `most` when none is
 * cheaper. */
static int64_t cheapest_free_fen(const mdl_rental_t *self, int64_t most)
{
    for (uint32_t i = 0; i < self->n_active; i++) {
        const mdl_offer_t *offer = mdl_rental_offer(self, mdl_rental_active(self)[i]);
        double best = 0;
        for (int s = 0; s < MDL_SEGMENTS; s++)
            best = offer->rate[s] > best ? offer->rate[s] : best;
        if (offer->leased >= offer->nodes || best <= 0)
            continue;
        int64_t ask_fen = mdl_money_round((double)offer->price_fen_node_month / best);
        most = ask_fen < most ? ask_fen : most;
    }
    return most;
}

void mdl_rental_close_period(mdl_rental_t *self)
{
    double value_all = 0, nodes_all = 0;
    for (int s = 0; s < MDL_SEGMENTS; s++) {
        double value = 0, nodes = 0;
        for (int z = 0; z < self->n_zones; z++)
            for (int k = 0; k < MDL_STACKS; k++) {
                value += self->cell[s][z][k].value_fen;
                nodes += self->cell[s][z][k].nodes;
                close_cell(&self->cell[s][z][k]);
            }
        self->index_segment_fen[s] = average(value, nodes, self->index_segment_fen[s]);
        value_all += value;
        nodes_all += nodes;
    }
    if (nodes_all > 0)
        self->index_fen = average(value_all, nodes_all, self->index_fen);
    else
        self->index_fen = cheapest_free_fen(self, self->index_fen);
    self->index_spot_fen = average(self->spot_value_fen, self->spot_nodes, self->index_spot_fen);
    self->spot_value_fen = 0;
    self->spot_nodes = 0;
    memset(self->totals, 0, sizeof self->totals);
}

int64_t mdl_rental_index_fen(const mdl_rental_t *self, mdl_segment_t segment, int32_t zone, int32_t stack)
{
    double value = 0, nodes = 0;
    for (int32_t z = 0; z < self->n_zones; z++)
        for (int32_t k = 0; k < MDL_STACKS; k++)
            if ((zone < 0 || z == zone) && (stack < 0 || k == stack)) {
                const mdl_rental_cell_t *cell = &self->cell[segment][z][k];
                value += (double)cell->index_fen * cell->last_nodes;
                nodes += cell->last_nodes;
            }
    return average(value, nodes, self->index_segment_fen[segment]);
}

static sim_status_t audit_offer(const mdl_rental_t *self, uint32_t number, uint32_t *live, sim_error_t *err)
{
    const mdl_offer_t *offer = mdl_rental_offer(self, number);
    int64_t leased = 0;
    uint32_t previous = MDL_NO_CONTRACT;
    for (uint32_t slot = offer->first; slot != MDL_NO_CONTRACT; slot = mdl_rental_contract(self, slot)->next) {
        const mdl_contract_t *contract = slot < self->contracts_used ? mdl_rental_contract(self, slot) : NULL;
        if (contract == NULL || contract->number == 0 || contract->offer != number || contract->nodes <= 0 ||
            contract->previous != previous || ++*live > self->contracts_live)
            return sim_fail(err, SIM_EINVARIANT, "rental market", "list of centre %u is damaged at contract %u",
                            offer->centre, slot);
        leased += contract->nodes;
        previous = slot;
    }
    if (leased != offer->leased || leased > offer->nodes)
        return sim_fail(err, SIM_EINVARIANT, "rental market",
                        "centre %u: %lld nodes in contracts, %d leased, %d offered", offer->centre, (long long)leased,
                        offer->leased, offer->nodes);
    return SIM_OK;
}

sim_status_t mdl_rental_audit(const mdl_rental_t *self, sim_error_t *err)
{
    int64_t offered = 0, leased = 0;
    uint32_t live = 0, active = 0;
    for (uint32_t number = 0; number < self->n_offers; number++) {
        const mdl_offer_t *offer = mdl_rental_offer(self, number);
        sim_status_t status = audit_offer(self, number, &live, err);
        if (status != SIM_OK)
            return status;
        leased += offer->leased;
        if (offer->active_at == MDL_NO_OFFER)
            continue;
        offered += offer->nodes;
        active++;
        if (offer->active_at >= self->n_active || mdl_rental_active(self)[offer->active_at] != number)
            return sim_fail(err, SIM_EINVARIANT, "rental market",
                            "centre %u is not where it should be among the active", offer->centre);
    }
    if (offered != self->offered_nodes || leased != self->leased_nodes || live != self->contracts_live ||
        active != self->n_active || !mdl_rental_sizes_are_right(self) || !mdl_rental_pages_are_right(self))
        return sim_fail(err, SIM_EINVARIANT, "rental market",
                        "%lld nodes offered, %lld leased, %u contracts; counted %lld, %lld, %u",
                        (long long)self->offered_nodes, (long long)self->leased_nodes, self->contracts_live,
                        (long long)offered, (long long)leased, live);
    return SIM_OK;
}
