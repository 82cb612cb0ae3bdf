// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/market/lots.h"

#include "sim/hash.h"

#include <string.h>

#define FAR_APART UINT64_C(0x9e3779b97f4a7c15) /* odd: hashes of one owner and place, then those of the next */

static const char *const states[MDL_LOT_STATES] = {"transit", "stock", "installed", "failed", "scrapped", "seized"};

/* Changes of state that can happen; staying in a state while owner or place changes is always possible but for scrap.
 */
static const bool can_become[MDL_LOT_STATES][MDL_LOT_STATES] = {
    [MDL_LOT_TRANSIT] = {[MDL_LOT_TRANSIT] = true,
                         [MDL_LOT_STOCK] = true,
                         [MDL_LOT_INSTALLED] = true,
                         [MDL_LOT_SCRAPPED] = true,
                         [MDL_LOT_SEIZED] = true},
    [MDL_LOT_STOCK] = {[MDL_LOT_TRANSIT] = true,
                       [MDL_LOT_STOCK] = true,
                       [MDL_LOT_INSTALLED] = true,
                       [MDL_LOT_SCRAPPED] = true,
                       [MDL_LOT_SEIZED] = true},
    [MDL_LOT_INSTALLED] = {[MDL_LOT_TRANSIT] = true,
                           [MDL_LOT_STOCK] = true,
                           [MDL_LOT_INSTALLED] = true,
                           [MDL_LOT_FAILED] = true,
                           [MDL_LOT_SCRAPPED] = true,
                           [MDL_LOT_SEIZED] = true},
    [MDL_LOT_FAILED] =
        {[MDL_LOT_INSTALLED] = true, [MDL_LOT_FAILED] = true, [MDL_LOT_SCRAPPED] = true, [MDL_LOT_SEIZED] = true},
    [MDL_LOT_SEIZED] =
        {[MDL_LOT_TRANSIT] = true, [MDL_LOT_STOCK] = true, [MDL_LOT_SCRAPPED] = true, [MDL_LOT_SEIZED] = true},
};

const char *mdl_lot_state_name(mdl_lot_state_t state)
{
    return states[state];
}

#define NEVER INT32_MAX /* day on which nothing arrives */

/* The block: header, lots, a due day for each page of lots and for each lot, then the heads of each owner's and each
 * hash's list. */
static size_t pages(uint32_t lots)
{
    return ((size_t)lots + MDL_LOTS_PAGE - 1) / MDL_LOTS_PAGE;
}

static size_t pages_offset(uint32_t lot_capacity)
{
    return sizeof(mdl_lots_t) + (size_t)lot_capacity * sizeof(mdl_lot_t);
}

/* On a cache line of its own for each page. */
static size_t days_offset(uint32_t lot_capacity)
{
    return (pages_offset(lot_capacity) + pages(lot_capacity) * sizeof(int32_t) + 63) & ~(size_t)63;
}

static size_t owners_offset(uint32_t lot_capacity)
{
    return days_offset(lot_capacity) + pages(lot_capacity) * MDL_LOTS_PAGE * sizeof(int32_t);
}

/* As many as there is room for lots, or up to twice as many. */
static uint32_t count_hashes(uint32_t lot_capacity)
{
    uint32_t n = 1;
    while (n < lot_capacity)
        n *= 2;
    return n;
}

size_t mdl_lots_bytes(uint32_t lot_capacity, uint32_t owner_capacity)
{
    size_t heads = (size_t)owner_capacity + count_hashes(lot_capacity);
    return owners_offset(lot_capacity) + ((heads * sizeof(uint32_t) + 7) & ~(size_t)7);
}

static uint32_t *heads(mdl_lots_t *self)
{
    return (uint32_t *)(void *)((unsigned char *)self + owners_offset(self->lot_capacity));
}

/* Head of the list of those lots whose hash is that of a lot with this type, state, owner, place and due day. */
static uint32_t *hash_head(mdl_lots_t *self, const mdl_lot_t *lot)
{
    uint64_t where = (uint64_t)lot->owner << 32 | lot->place;
    uint64_t what = ((uint64_t)lot->due_day * MDL_MAX_GPU_TYPES + (uint64_t)lot->type) * MDL_LOT_STATES;
    uint64_t hash = sim_mix64(where * FAR_APART + what + (uint64_t)lot->state);
    return heads(self) + self->owner_capacity + (hash & (self->hashes - 1));
}

/* Days before which nothing of a page arrives; they may be earlier than the first that does. */
static int32_t *page_days(mdl_lots_t *self)
{
    return (int32_t *)(void *)((unsigned char *)self + pages_offset(self->lot_capacity));
}

/* When each lot arrives; NEVER, if it is not under way. */
static int32_t *arrival_days(mdl_lots_t *self)
{
    return (int32_t *)(void *)((unsigned char *)self + days_offset(self->lot_capacity));
}

uint32_t mdl_lots_first(const mdl_lots_t *self, uint32_t owner)
{
    const unsigned char *at = (const unsigned char *)self + owners_offset(self->lot_capacity);
    return owner < self->owner_capacity ? ((const uint32_t *)(const void *)at)[owner] : MDL_NO_LOT;
}

void mdl_lots_init(mdl_lots_t *self, uint32_t lot_capacity, uint32_t owner_capacity)
{
    memset(self, 0, mdl_lots_bytes(lot_capacity, owner_capacity));
    self->lot_capacity = lot_capacity;
    self->owner_capacity = owner_capacity;
    self->free = MDL_NO_LOT;
    self->hashes = count_hashes(lot_capacity);
    for (size_t page = 0; page < pages(lot_capacity); page++)
        page_days(self)[page] = NEVER;
    for (size_t lot = 0; lot < pages(lot_capacity) * MDL_LOTS_PAGE; lot++)
        arrival_days(self)[lot] = NEVER;
    for (size_t head = 0; head < (size_t)owner_capacity + self->hashes; head++)
        heads(self)[head] = MDL_NO_LOT;
}

static void join_hash(mdl_lots_t *self, uint32_t *head, uint32_t lot)
{
    mdl_lots_at(self, lot)->next_of_hash = *head;
    *head = lot;
}

void mdl_lots_grow_into(mdl_lots_t *self, uint32_t lot_capacity, uint32_t owner_capacity, const mdl_lots_t *from)
{
    SIM_ASSERT(lot_capacity >= from->lot_capacity && owner_capacity >= from->owner_capacity);
    mdl_lots_init(self, lot_capacity, owner_capacity);
    memcpy(self, from, sizeof *from + (size_t)from->used * sizeof(mdl_lot_t));
    self->lot_capacity = lot_capacity;
    self->owner_capacity = owner_capacity;
    self->hashes = count_hashes(lot_capacity);
    mdl_lots_t *source = (mdl_lots_t *)(uintptr_t)from; /* only read */
    memcpy(page_days(self), page_days(source), pages(from->used) * sizeof(int32_t));
    memcpy(arrival_days(self), arrival_days(source), from->used * sizeof(int32_t));
    for (uint32_t owner = 0; owner < from->owner_capacity; owner++)
        heads(self)[owner] = mdl_lots_first(from, owner);
    for (uint32_t lot = 0; lot < self->used; lot++)
        if (mdl_lots_get(self, lot)->count > 0)
            join_hash(self, hash_head(self, mdl_lots_get(self, lot)), lot);
}

static bool alike(const mdl_lot_t *a, const mdl_lot_t *b)
{
    return a->due_day == b->due_day && a->owner == b->owner && a->type == b->type && a->state == b->state &&
           a->place == b->place;
}

/* The lot that is like `wanted`, or MDL_NO_LOT; `lot` begins the list of its hash. */
static uint32_t find_alike(const mdl_lots_t *self, uint32_t lot, const mdl_lot_t *wanted)
{
    while (lot != MDL_NO_LOT && !alike(mdl_lots_get(self, lot), wanted))
        lot = mdl_lots_get(self, lot)->next_of_hash;
    return lot;
}

uint32_t mdl_lots_find(const mdl_lots_t *self, const mdl_lot_t *wanted)
{
    return find_alike(self, *hash_head((mdl_lots_t *)(uintptr_t)self, wanted), wanted); /* only read */
}

static uint32_t take_slot(mdl_lots_t *self)
{
    uint32_t lot = self->free;
    if (lot != MDL_NO_LOT)
        self->free = mdl_lots_get(self, lot)->next;
    else if (self->used < self->lot_capacity)
        lot = self->used++;
    return lot;
}

/* Puts an empty lot in front of its owner's others. */
static void link_lot(mdl_lots_t *self, uint32_t lot)
{
    mdl_lot_t *fresh = mdl_lots_at(self, lot);
    uint32_t *first = &heads(self)[fresh->owner];
    if (*first != MDL_NO_LOT)
        mdl_lots_at(self, *first)->previous = lot;
    fresh->next = *first;
    fresh->previous = MDL_NO_LOT;
    *first = lot;
    self->live++;
}

static void unlink_lot(mdl_lots_t *self, uint32_t lot)
{
    mdl_lot_t *gone = mdl_lots_at(self, lot);
    uint32_t *link = hash_head(self, gone);
    while (*link != lot)
        link = &mdl_lots_at(self, *link)->next_of_hash;
    *link = gone->next_of_hash;
    if (gone->previous == MDL_NO_LOT)
        heads(self)[gone->owner] = gone->next;
    else
        mdl_lots_at(self, gone->previous)->next = gone->next;
    if (gone->next != MDL_NO_LOT)
        mdl_lots_at(self, gone->next)->previous = gone->previous;
    gone->next = self->free;
    self->free = lot;
    self->live--;
    arrival_days(self)[lot] = NEVER;
}

static void note_arrival(mdl_lots_t *self, uint32_t lot, int32_t day)
{
    int32_t *page_day = &page_days(self)[lot / MDL_LOTS_PAGE];
    arrival_days(self)[lot] = day;
    *page_day = day < *page_day ? day : *page_day;
}

/* Adds `count` GPUs to the lot that is like `wanted`, opening one if there is none. */
static uint32_t deposit(mdl_lots_t *self, const mdl_lot_t *wanted, int64_t count)
{
    uint32_t *head = hash_head(self, wanted), lot = find_alike(self, *head, wanted);
    if (lot == MDL_NO_LOT) {
        lot = take_slot(self);
        if (lot == MDL_NO_LOT)
            return MDL_NO_LOT;
        mdl_lot_t *fresh = mdl_lots_at(self, lot);
        *fresh = *wanted;
        fresh->count = 0;
        link_lot(self, lot);
        join_hash(self, head, lot);
        if (fresh->state == MDL_LOT_TRANSIT)
            note_arrival(self, lot, (int32_t)fresh->due_day);
    }
    mdl_lots_at(self, lot)->count += count;
    self->total[wanted->type][wanted->state] += count;
    return lot;
}

static sim_status_t check_conserved(const mdl_lots_t *self, int32_t type, sim_error_t *err)
{
    int64_t sum = 0;
    for (int state = 0; state < MDL_LOT_STATES; state++)
        sum += self->total[type][state];
    if (sum == self->made[type])
        return SIM_OK;
    return sim_fail(err, SIM_EINVARIANT, "lots", "GPUs of type %d add up to %lld over all states; %lld were made", type,
                    (long long)sum, (long long)self->made[type]);
}

static sim_status_t check_target(const mdl_lots_t *self, const mdl_lot_t *lot, int64_t count, sim_error_t *err)
{
    if (lot->owner >= self->owner_capacity || lot->state < 0 || lot->state >= MDL_LOT_STATES || lot->type < 0 ||
        lot->type >= MDL_MAX_GPU_TYPES || lot->due_day != (int32_t)lot->due_day || lot->due_day == NEVER)
        return sim_fail(err, SIM_EINVARIANT, "lots", "owner %u, state %d, type %d, due on %lld: no such lot can be",
                        lot->owner, lot->state, lot->type, (long long)lot->due_day);
    if (count <= 0)
        return sim_fail(err, SIM_EINVARIANT, "lots", "%lld GPUs; expected at least 1", (long long)count);
    return SIM_OK;
}

static sim_status_t full(const mdl_lots_t *self, sim_error_t *err)
{
    return sim_fail(err, SIM_ELIMIT, "lots", "no room for another lot; the bound is %u", self->lot_capacity);
}

sim_status_t mdl_lots_make(mdl_lots_t *self, const mdl_lot_t *lot, uint32_t *out, sim_error_t *err)
{
    sim_status_t status = check_target(self, lot, lot->count, err);
    if (status != SIM_OK)
        return status;
    uint32_t at = deposit(self, lot, lot->count);
    if (at == MDL_NO_LOT)
        return full(self, err);
    self->made[lot->type] += lot->count;
    if (out != NULL)
        *out = at;
    return check_conserved(self, lot->type, err);
}

static sim_status_t check_move(const mdl_lots_t *self, uint32_t lot, int64_t count, const mdl_lot_t *to,
                               sim_error_t *err)
{
    if (lot >= self->used || mdl_lots_get(self, lot)->count < count)
        return sim_fail(err, SIM_EINVARIANT, "lots", "%lld GPUs out of lot %u; it has %lld", (long long)count, lot,
                        lot < self->used ? (long long)mdl_lots_get(self, lot)->count : 0LL);
    int32_t from = mdl_lots_get(self, lot)->state;
    if (!can_become[from][to->state])
        return sim_fail(err, SIM_EINVARIANT, "lots", "GPUs cannot go from %s to %s", states[from], states[to->state]);
    return SIM_OK;
}

sim_status_t mdl_lots_move(mdl_lots_t *self, uint32_t lot, int64_t count, const mdl_lot_t *to, uint32_t *out,
                           sim_error_t *err)
{
    mdl_lot_t wanted = *to;
    wanted.type = lot < self->used ? mdl_lots_get(self, lot)->type : 0;
    sim_status_t status = check_target(self, &wanted, count, err);
    if (status == SIM_OK)
        status = check_move(self, lot, count, &wanted, err);
    if (status != SIM_OK)
        return status;
    int32_t from_state = mdl_lots_get(self, lot)->state;
    uint32_t at = deposit(self, &wanted, count);
    if (at == MDL_NO_LOT)
        return full(self, err);
    mdl_lot_t *source = mdl_lots_at(self, lot);
    source->count -= count;
    self->total[wanted.type][from_state] -= count;
    if (source->count == 0)
        unlink_lot(self, lot);
    if (out != NULL)
        *out = at;
    return check_conserved(self, wanted.type, err);
}

int64_t mdl_lots_count(const mdl_lots_t *self, uint32_t owner, int32_t type, int32_t state)
{
    int64_t sum = 0;
    for (uint32_t lot = mdl_lots_first(self, owner); lot != MDL_NO_LOT; lot = mdl_lots_get(self, lot)->next) {
        const mdl_lot_t *held = mdl_lots_get(self, lot);
        if ((type < 0 || held->type == type) && (state < 0 || held->state == state))
            sum += held->count;
    }
    return sum;
}

sim_status_t mdl_lots_take(mdl_lots_t *self, uint32_t owner, int32_t type, mdl_lot_state_t state, int64_t count,
                           const mdl_lot_t *to, uint32_t *out, sim_error_t *err)
{
    int64_t has = mdl_lots_count(self, owner, type, (int32_t)state);
    if (count <= 0 || has < count)
        return sim_fail(err, SIM_EINVARIANT, "lots", "%lld GPUs of type %d, %s, from owner %u; it has %lld",
                        (long long)count, type, states[state], owner, (long long)has);
    uint32_t lot = mdl_lots_first(self, owner);
    while (count > 0) {
        const mdl_lot_t *held = mdl_lots_get(self, lot);
        uint32_t next = held->next;
        if (held->type == type && held->state == (int32_t)state) {
            int64_t part = held->count < count ? held->count : count;
            sim_status_t status = mdl_lots_move(self, lot, part, to, out, err);
            if (status != SIM_OK)
                return status;
            count -= part;
        }
        lot = next;
    }
    return SIM_OK;
}

/* Lots of the page that begins with `first`. Returns the earliest day on which one of them arrives. */
static int32_t due_of_page(const int32_t *days, uint32_t first, int64_t day, uint32_t *out, uint32_t capacity,
                           uint32_t *n)
{
    int32_t earliest = NEVER;
    for (uint32_t lot = first; lot < first + MDL_LOTS_PAGE; lot++) {
        earliest = days[lot] < earliest ? days[lot] : earliest;
        if (days[lot] > day)
            continue;
        if (*n < capacity)
            out[*n] = lot;
        ++*n;
    }
    return earliest;
}

uint32_t mdl_lots_due(mdl_lots_t *self, int64_t day, uint32_t *out, uint32_t capacity)
{
    uint32_t n = 0;
    for (uint32_t first = 0; first < self->used; first += MDL_LOTS_PAGE) {
        int32_t *page_day = &page_days(self)[first / MDL_LOTS_PAGE];
        if (*page_day <= day)
            *page_day = due_of_page(arrival_days(self), first, day, out, capacity, &n);
    }
    return n;
}

static sim_status_t audit_owner(mdl_lots_t *self, uint32_t owner, uint32_t *linked, sim_error_t *err)
{
    uint32_t before = MDL_NO_LOT;
    for (uint32_t lot = mdl_lots_first(self, owner); lot != MDL_NO_LOT; lot = mdl_lots_get(self, lot)->next) {
        const mdl_lot_t *held = lot < self->used ? mdl_lots_get(self, lot) : NULL;
        if (held == NULL || held->owner != owner || held->previous != before || held->count <= 0 ||
            ++*linked > self->live)
            return sim_fail(err, SIM_EINVARIANT, "lots", "list of owner %u is damaged at lot %u", owner, lot);
        if (find_alike(self, *hash_head(self, held), held) != lot)
            return sim_fail(err, SIM_EINVARIANT, "lots", "lot %u of owner %u is not found by its hash", lot, owner);
        before = lot;
    }
    return SIM_OK;
}

sim_status_t mdl_lots_audit(const mdl_lots_t *self, sim_error_t *err)
{
    int64_t total[MDL_MAX_GPU_TYPES][MDL_LOT_STATES] = {{0}};
    uint32_t linked = 0;
    mdl_lots_t *lots = (mdl_lots_t *)(uintptr_t)self; /* only read */
    const int32_t *page_day = page_days(lots), *arrival_day = arrival_days(lots);
    for (uint32_t lot = 0; lot < self->used; lot++) {
        const mdl_lot_t *held = mdl_lots_get(self, lot);
        if (held->count > 0)
            total[held->type][held->state] += held->count;
        bool under_way = held->count > 0 && held->state == MDL_LOT_TRANSIT;
        if (arrival_day[lot] != (under_way ? held->due_day : NEVER) || arrival_day[lot] < page_day[lot / MDL_LOTS_PAGE])
            return sim_fail(err, SIM_EINVARIANT, "lots", "lot %u is not found on the day on which it arrives", lot);
    }
    for (uint32_t owner = 0; owner < self->owner_capacity; owner++)
        if (audit_owner(lots, owner, &linked, err) != SIM_OK)
            return SIM_EINVARIANT;
    if (linked != self->live)
        return sim_fail(err, SIM_EINVARIANT, "lots", "%u lots in owners' lists; expected %u", linked, self->live);
    if (memcmp(total, self->total, sizeof total) != 0)
        return sim_fail(err, SIM_EINVARIANT, "lots", "counts by type and state differ from a recount");
    sim_status_t status = SIM_OK;
    for (int32_t type = 0; type < MDL_MAX_GPU_TYPES && status == SIM_OK; type++)
        status = check_conserved(self, type, err);
    return status;
}
