// SPDX-License-Identifier: GPL-3.0-or-later
/* Offers, contracts and their lists. Searching and signing: rental_match.c; indices: rental_index.c. */
#include "models/market/rental.h"

#include "models/ledger/money.h"
#include "models/market/rental_parts.h"

#include <string.h>

#define MONTHS_PER_YEAR     12.0
#define DAYS_PER_YEAR       365.0
#define LATENCY_PROVINCE_MS 1.0
#define LATENCY_ZONE_MS     5.0
#define LATENCY_FAR_MS      20.0

static const char *const segments[MDL_SEGMENTS] = {"training", "finetune", "inference", "batch"};
static const char *const refusals[MDL_REFUSALS] = {"none_free", "price", "latency", "fabric", "stack"};

const char *mdl_segment_name(mdl_segment_t segment)
{
    return segments[segment];
}

const char *mdl_refusal_name(mdl_refusal_t refusal)
{
    return refusals[refusal];
}

/* The block: header, offers, contracts, pages of contracts, sizes of offers, rows of active offers, nodes by row. */
static size_t pages_offset(uint32_t offers, uint32_t contracts)
{
    return sizeof(mdl_rental_t) + (size_t)offers * sizeof(mdl_offer_t) + (size_t)contracts * sizeof(mdl_contract_t);
}

static size_t sizes_offset(uint32_t offers, uint32_t contracts)
{
    return pages_offset(offers, contracts) + mdl_rental_pages_bytes(contracts);
}

static size_t active_offset(uint32_t offers, uint32_t contracts)
{
    return sizes_offset(offers, contracts) + (size_t)offers * sizeof(mdl_rental_size_t);
}

static size_t open_nodes_offset(uint32_t offers, uint32_t contracts)
{
    return active_offset(offers, contracts) + (size_t)offers * sizeof(uint32_t);
}

size_t mdl_rental_bytes(uint32_t offers, uint32_t contracts)
{
    return open_nodes_offset(offers, contracts) + (size_t)offers * sizeof(int32_t);
}

static void lay_out(mdl_rental_t *self, uint32_t offers, uint32_t contracts)
{
    self->offer_capacity = offers;
    self->contract_capacity = contracts;
    self->pages_at = pages_offset(offers, contracts);
    self->sizes_at = sizes_offset(offers, contracts);
    self->active_list_at = active_offset(offers, contracts);
    self->open_nodes_at = open_nodes_offset(offers, contracts);
}

mdl_offer_t *mdl_rental_offer_at(mdl_rental_t *self, uint32_t offer)
{
    return (mdl_offer_t *)(void *)((unsigned char *)self + sizeof *self) + offer;
}

mdl_contract_t *mdl_rental_contract_at(mdl_rental_t *self, uint32_t slot)
{
    return (mdl_contract_t *)(void *)mdl_rental_offer_at(self, self->offer_capacity) + slot;
}

static uint32_t *active_list(mdl_rental_t *self)
{
    return (uint32_t *)(void *)((unsigned char *)self + self->active_list_at);
}

/* Zones are numbered in the order in which the provinces table names them. */
static sim_status_t number_zones(mdl_rental_t *self, const mdl_tables_t *tables, sim_error_t *err)
{
    self->n_provinces = (int32_t)tables->n_provinces;
    for (uint32_t p = 0; p < tables->n_provinces; p++) {
        uint32_t q = 0;
        while (strcmp(tables->provinces[q].zone, tables->provinces[p].zone) != 0)
            q++;
        if (q == p && self->n_zones == MDL_MAX_ZONES)
            return sim_fail(err, SIM_EINPUT, "provinces", "more than %d zones (%s); expected at most that many",
                            MDL_MAX_ZONES, tables->provinces[p].zone);
        self->province_zone[p] = q == p ? self->n_zones++ : self->province_zone[q];
    }
    return SIM_OK;
}

static double latency(const mdl_province_t *a, const mdl_province_t *b)
{
    if (strcmp(a->zone, b->zone) == 0)
        return LATENCY_ZONE_MS;
    double far = a->latency_ms > b->latency_ms ? a->latency_ms : b->latency_ms;
    return far > LATENCY_FAR_MS ? far : LATENCY_FAR_MS;
}

sim_status_t mdl_rental_init(mdl_rental_t *self, const mdl_tables_t *tables, uint32_t offers, uint32_t contracts,
                             int64_t start_fen, sim_error_t *err)
{
    memset(self, 0, mdl_rental_bytes(offers, contracts));
    lay_out(self, offers, contracts);
    self->contracts_free = MDL_NO_CONTRACT;
    self->next_number = 1;
    self->index_fen = start_fen;
    for (int s = 0; s < MDL_SEGMENTS; s++)
        self->index_segment_fen[s] = start_fen;
    for (uint32_t a = 0; a < tables->n_provinces; a++)
        for (uint32_t b = 0; b < tables->n_provinces; b++)
            self->latency_ms[a][b] =
                a == b ? LATENCY_PROVINCE_MS : latency(&tables->provinces[a], &tables->provinces[b]);
    return number_zones(self, tables, err);
}

void mdl_rental_grow_into(mdl_rental_t *self, uint32_t offers, uint32_t contracts, const mdl_rental_t *from)
{
    SIM_ASSERT(offers >= from->offer_capacity && contracts >= from->contract_capacity);
    memset(self, 0, mdl_rental_bytes(offers, contracts));
    memcpy(self, from, sizeof *from);
    lay_out(self, offers, contracts);
    memcpy(mdl_rental_offer_at(self, 0), mdl_rental_offer(from, 0), (size_t)from->n_offers * sizeof(mdl_offer_t));
    memcpy(mdl_rental_contract_at(self, 0), mdl_rental_contract(from, 0),
           (size_t)from->contracts_used * sizeof(mdl_contract_t));
    memcpy(mdl_rental_pages(self), mdl_rental_pages((mdl_rental_t *)(uintptr_t)from),
           mdl_rental_pages_bytes(from->contracts_used));
    memcpy(active_list(self), mdl_rental_active(from), (size_t)from->n_active * sizeof(uint32_t));
    memcpy(mdl_rental_open_nodes(self), mdl_rental_open_nodes((mdl_rental_t *)(uintptr_t)from),
           (size_t)from->n_offers * sizeof(int32_t));
    self->sizes_changed = true;
}

void mdl_rental_rates(const mdl_gpu_type_t *type, double rate[MDL_SEGMENTS])
{
    rate[MDL_SEGMENT_TRAINING] = type->rate_training;
    rate[MDL_SEGMENT_FINETUNE] = type->rate_finetune;
    rate[MDL_SEGMENT_INFERENCE] = type->rate_inference;
    rate[MDL_SEGMENT_BATCH] = type->rate_batch;
}

static int64_t at_least(int64_t price, int64_t floor)
{
    return price > floor ? price : floor;
}

sim_status_t mdl_rental_offer_open(mdl_rental_t *self, const mdl_offer_t *offer, uint32_t *number, sim_error_t *err)
{
    if (self->n_offers == self->offer_capacity)
        return sim_fail(err, SIM_ELIMIT, "rental market", "no room for another offer; the bound is %u",
                        self->offer_capacity);
    if (offer->nodes < 0 || offer->price_fen_node_month < 0 || offer->floor_fen_node_month < 0 || offer->province < 0 ||
        offer->province >= self->n_provinces || offer->stack < 0 || offer->stack >= MDL_STACKS)
        return sim_fail(err, SIM_EINVARIANT, "rental market",
                        "centre %u offers %d nodes at %lld fen in province %d on stack %d", offer->centre, offer->nodes,
                        (long long)offer->price_fen_node_month, offer->province, offer->stack);
    uint32_t row = self->n_offers++;
    mdl_offer_t *fresh = mdl_rental_offer_at(self, row);
    *fresh = *offer;
    fresh->price_fen_node_month = at_least(offer->price_fen_node_month, offer->floor_fen_node_month);
    fresh->leased = 0;
    fresh->zone = self->province_zone[offer->province];
    fresh->first = MDL_NO_CONTRACT;
    fresh->active_at = self->n_active;
    active_list(self)[self->n_active++] = row;
    self->offered_nodes += offer->nodes;
    mdl_rental_resized(self, row);
    *number = row;
    return SIM_OK;
}

void mdl_rental_offer_account(mdl_rental_t *self, uint32_t offer, uint32_t account)
{
    mdl_rental_offer_at(self, offer)->account = account;
}

void mdl_rental_offer_floor(mdl_rental_t *self, uint32_t offer, int64_t floor_fen_node_month)
{
    mdl_offer_t *row = mdl_rental_offer_at(self, offer);
    row->floor_fen_node_month = at_least(floor_fen_node_month, 0);
    row->price_fen_node_month = at_least(row->price_fen_node_month, row->floor_fen_node_month);
}

void mdl_rental_offer_rebate(mdl_rental_t *self, uint32_t offer, double share)
{
    mdl_rental_offer_at(self, offer)->rebate = share;
}

void mdl_rental_offer_price(mdl_rental_t *self, uint32_t offer, int64_t price_fen_node_month)
{
    mdl_offer_t *row = mdl_rental_offer_at(self, offer);
    row->price_fen_node_month = at_least(price_fen_node_month, row->floor_fen_node_month);
}

double mdl_rental_occupancy(const mdl_rental_t *self, uint32_t offer)
{
    const mdl_offer_t *row = mdl_rental_offer(self, offer);
    return row->nodes > 0 ? (double)row->leased / (double)row->nodes : 0;
}

int64_t mdl_rental_spot_fen(const mdl_rental_t *self, const mdl_params_t *params, uint32_t offer)
{
    const mdl_offer_t *row = mdl_rental_offer(self, offer);
    double share = 1 - params->rental_spot_discount * (1 - mdl_rental_occupancy(self, offer));
    return at_least(mdl_money_share(row->price_fen_node_month, share), row->floor_fen_node_month);
}

uint32_t mdl_rental_sign(mdl_rental_t *self, const mdl_contract_t *terms)
{
    uint32_t slot = self->contracts_free;
    if (slot != MDL_NO_CONTRACT)
        self->contracts_free = mdl_rental_contract(self, slot)->next;
    else if (self->contracts_used < self->contract_capacity)
        slot = self->contracts_used++;
    else
        return MDL_NO_CONTRACT;
    mdl_offer_t *offer = mdl_rental_offer_at(self, terms->offer);
    mdl_contract_t *fresh = mdl_rental_contract_at(self, slot);
    *fresh = *terms;
    fresh->number = self->next_number++;
    fresh->previous = MDL_NO_CONTRACT;
    fresh->next = offer->first;
    if (offer->first != MDL_NO_CONTRACT)
        mdl_rental_contract_at(self, offer->first)->previous = slot;
    offer->first = slot;
    offer->leased += fresh->nodes;
    self->leased_nodes += fresh->nodes;
    self->contracts_live++;
    mdl_rental_page_signed(self, slot);
    return slot;
}

bool mdl_rental_end(mdl_rental_t *self, uint32_t slot, mdl_contract_t *ended)
{
    if (slot >= self->contracts_used || mdl_rental_contract(self, slot)->number == 0)
        return false;
    mdl_contract_t *gone = mdl_rental_contract_at(self, slot);
    mdl_offer_t *offer = mdl_rental_offer_at(self, gone->offer);
    if (ended != NULL)
        *ended = *gone;
    if (gone->previous != MDL_NO_CONTRACT)
        mdl_rental_contract_at(self, gone->previous)->next = gone->next;
    else
        offer->first = gone->next;
    if (gone->next != MDL_NO_CONTRACT)
        mdl_rental_contract_at(self, gone->next)->previous = gone->previous;
    offer->leased -= gone->nodes;
    self->leased_nodes -= gone->nodes;
    self->contracts_live--;
    mdl_rental_page_ended(self, slot);
    *gone = (mdl_contract_t){.next = self->contracts_free};
    self->contracts_free = slot;
    return true;
}

int32_t mdl_rental_resize(mdl_rental_t *self, uint32_t slot, int32_t nodes)
{
    if (slot >= self->contracts_used || mdl_rental_contract(self, slot)->number == 0)
        return 0;
    mdl_contract_t *contract = mdl_rental_contract_at(self, slot);
    mdl_offer_t *offer = mdl_rental_offer_at(self, contract->offer);
    int32_t most = contract->nodes + (offer->nodes - offer->leased);
    nodes = nodes > most ? most : nodes;
    if (nodes <= 0) {
        (void)mdl_rental_end(self, slot, NULL);
        return 0;
    }
    offer->leased += nodes - contract->nodes;
    self->leased_nodes += nodes - contract->nodes;
    contract->nodes = nodes;
    return nodes;
}

/* New contracts stand first in their offer's list, so the head is the youngest. */
sim_status_t mdl_rental_offer_resize(mdl_rental_t *self, uint32_t offer, int32_t nodes, mdl_contract_t *ended,
                                     uint32_t capacity, uint32_t *n_ended, sim_error_t *err)
{
    mdl_offer_t *row = mdl_rental_offer_at(self, offer);
    uint32_t must_end = 0;
    int32_t leased = row->leased;
    *n_ended = 0;
    SIM_ASSERT(nodes >= 0);
    for (uint32_t slot = row->first; leased > nodes; slot = mdl_rental_contract(self, slot)->next) {
        leased -= mdl_rental_contract(self, slot)->nodes;
        must_end++;
    }
    if (must_end > capacity)
        return sim_fail(err, SIM_ELIMIT, "rental market", "%u contracts of centre %u must end; room for %u", must_end,
                        row->centre, capacity);
    while (*n_ended < must_end)
        (void)mdl_rental_end(self, row->first, &ended[(*n_ended)++]);
    int32_t before = row->nodes;
    row->nodes = nodes;
    if (row->active_at != MDL_NO_OFFER && nodes != before) {
        self->offered_nodes += nodes - before;
        mdl_rental_resized(self, offer);
    }
    return SIM_OK;
}

sim_status_t mdl_rental_offer_close(mdl_rental_t *self, uint32_t offer, mdl_contract_t *ended, uint32_t capacity,
                                    uint32_t *n_ended, sim_error_t *err)
{
    sim_status_t status = mdl_rental_offer_resize(self, offer, 0, ended, capacity, n_ended, err);
    mdl_offer_t *row = mdl_rental_offer_at(self, offer);
    if (status != SIM_OK || row->active_at == MDL_NO_OFFER)
        return status;
    uint32_t *active = active_list(self), last = active[--self->n_active];
    active[row->active_at] = last;
    mdl_rental_offer_at(self, last)->active_at = row->active_at;
    row->active_at = MDL_NO_OFFER;
    return SIM_OK;
}

int64_t mdl_rental_day_fen(const mdl_contract_t *contract)
{
    double month = (double)contract->price_fen_node_month * (double)contract->nodes;
    return mdl_money_round(month * MONTHS_PER_YEAR / DAYS_PER_YEAR);
}
