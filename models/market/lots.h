// SPDX-License-Identifier: GPL-3.0-or-later
/* Lots: who holds how many GPUs of which type, where, and in what state.
 *
 * GPUs come into the world by mdl_lots_make() and never leave it: they are in transit, in stock, installed, failed,
 * scrapped or seized. For each type the counts by state add up to what was made, checked on every move.
 *
 * A lot is a number of GPUs with the same type, owner, place, state and due day; moving some of them splits the lot,
 * and moving them to where an equal lot stands joins it. Lots of one owner are linked; an equal lot is looked up by a
 * hash, so that what a move costs does not grow with the lots that there are.
 *
 *     mdl_lots_make(lots, &(mdl_lot_t){.type = h800, .owner = maker, .place = 0, .state = MDL_LOT_STOCK, .count = 800},
 * &lot, err); mdl_lots_move(lots, lot, 64, &(mdl_lot_t){.owner = buyer, .state = MDL_LOT_TRANSIT, .due_day = day + 60},
 * &theirs, err);
 *
 * One block without pointers; never allocates.
 */
#ifndef MDL_LOTS_H
#define MDL_LOTS_H

#include "models/params/tables.h"
#include "sim/error.h"

typedef enum mdl_lot_state {
    MDL_LOT_TRANSIT, /* ordered or shipped, due on due_day */
    MDL_LOT_STOCK,
    MDL_LOT_INSTALLED,
    MDL_LOT_FAILED,   /* in a rack, broken */
    MDL_LOT_SCRAPPED, /* for good */
    MDL_LOT_SEIZED,   /* held by customs or a court; may be sold on */
    MDL_LOT_STATES
} mdl_lot_state_t;

#define MDL_NO_LOT         UINT32_MAX
#define MDL_LOT_PLACE_NONE UINT32_MAX

typedef struct mdl_lot {
    int32_t type;    /* GPU type, index into the table; fixed for life */
    int32_t state;   /* mdl_lot_state_t */
    uint32_t owner;  /* ledger account */
    uint32_t place;  /* the caller's number: a project, a route; MDL_LOT_PLACE_NONE */
    int64_t count;   /* GPUs; 0 marks a free slot */
    int64_t due_day; /* in transit: arrival; else 0 */
    uint32_t next;   /* next lot of the owner, or next free slot */
    /* The market's, like `next`: the owner's lot before, MDL_NO_LOT for the first, and the next of the same hash. */
    uint32_t previous, next_of_hash;
    uint32_t reserved;
} mdl_lot_t;

#define MDL_LOTS_PAGE 16 /* lots that share a day before which none of them arrives */

typedef struct mdl_lots {
    uint32_t lot_capacity, owner_capacity;
    uint32_t used;   /* slots ever used: iterate 0..used-1, skip count 0 */
    uint32_t live;   /* lots with GPUs */
    uint32_t free;   /* head of the free slots */
    uint32_t hashes; /* how many lots are told apart by, a power of two */
    int64_t made[MDL_MAX_GPU_TYPES];
    int64_t total[MDL_MAX_GPU_TYPES][MDL_LOT_STATES];
} mdl_lots_t;

/* `owner_capacity`: ledger accounts from 0 that may own lots. */
size_t mdl_lots_bytes(uint32_t lot_capacity, uint32_t owner_capacity);
void mdl_lots_init(mdl_lots_t *self, uint32_t lot_capacity, uint32_t owner_capacity);
/* Copies into a larger block; lot numbers stay valid. */
void mdl_lots_grow_into(mdl_lots_t *self, uint32_t lot_capacity, uint32_t owner_capacity, const mdl_lots_t *from);

static inline mdl_lot_t *mdl_lots_at(mdl_lots_t *self, uint32_t lot)
{
    return (mdl_lot_t *)(void *)(self + 1) + lot;
}
static inline const mdl_lot_t *mdl_lots_get(const mdl_lots_t *self, uint32_t lot)
{
    return (const mdl_lot_t *)(const void *)(self + 1) + lot;
}
uint32_t mdl_lots_first(const mdl_lots_t *self, uint32_t owner); /* then ->next; MDL_NO_LOT ends */

/* The lot with this type, state, owner, place and due day; MDL_NO_LOT: there is none. */
uint32_t mdl_lots_find(const mdl_lots_t *self, const mdl_lot_t *wanted);

/* New GPUs: `lot` gives type, state, owner, place, count > 0, due_day. *out (may be NULL) = the lot that holds them
 * (perhaps others of the same kind too). SIM_ELIMIT when full. */
sim_status_t mdl_lots_make(mdl_lots_t *self, const mdl_lot_t *lot, uint32_t *out, sim_error_t *err);
/* Moves `count` GPUs of a lot to the state, owner, place and due day of `to` (its type, count and next are ignored).
 * SIM_EINVARIANT: more than are there, or a change of state that nature forbids (out of scrap; from failed to stock or
 * transit; seized goods installed without passing through stock). *out (may be NULL) = where they are now. */
sim_status_t mdl_lots_move(mdl_lots_t *self, uint32_t lot, int64_t count, const mdl_lot_t *to, uint32_t *out,
                           sim_error_t *err);
/* Moves `count` GPUs of a type and state out of all lots of an owner, newest lot first. SIM_EINVARIANT, nothing moved,
 * when the owner has fewer. *out (may be NULL): the lot that holds them now. For sellers that do not care which. */
sim_status_t mdl_lots_take(mdl_lots_t *self, uint32_t owner, int32_t type, mdl_lot_state_t state, int64_t count,
                           const mdl_lot_t *to, uint32_t *out, sim_error_t *err);
/* GPUs of an owner; type or state -1 = any. O(lots of the owner). */
int64_t mdl_lots_count(const mdl_lots_t *self, uint32_t owner, int32_t type, int32_t state);
/* Lots in transit due on or before `day`, into out[0..capacity-1], in order of number; returns how many there are. Looks
 * only at pages of lots in which one may be due. */
uint32_t mdl_lots_due(mdl_lots_t *self, int64_t day, uint32_t *out, uint32_t capacity);
/* Full recount of totals, links and conservation. */
sim_status_t mdl_lots_audit(const mdl_lots_t *self, sim_error_t *err);

const char *mdl_lot_state_name(mdl_lot_state_t state);

#endif
