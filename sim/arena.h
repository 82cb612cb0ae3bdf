// SPDX-License-Identifier: GPL-3.0-or-later
/* An arena: the whole memory of one world, in one piece, addressed by offset.
 *
 * Blocks are named by a sim_ref_t, an offset from the arena's base that stays valid when the arena is copied. A block's
 * address stays the same for as long as the arena lives (the address range is reserved at the start, memory is taken
 * from the system only when touched), but addresses must not be stored inside blocks: store refs. Copying the used
 * bytes copies the world, free lists included.
 *
 * Allocation is for set-up and window boundaries, never for the event path.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

typedef uint64_t sim_ref_t; /* 0 = none */

typedef struct sim_arena {
    unsigned char *base;    /* reserved address range; the header with free lists stands at its start */
    size_t max_bytes;       /* size of the range: the declared bound, in whole huge pages of 2 MiB */
    size_t committed_bytes; /* memory opened so far */
    size_t dirty_bytes;     /* below here, blocks handed out earlier may have left something behind */
    sim_status_t full;      /* why the last allocation that failed did */
} sim_arena_t;

/* Reserves `max_bytes` of address space and makes the arena empty. SIM_ENOMEM when it can't be had, naming the limit on
 * address space (RLIMIT_AS) where there is one: it must leave room for the sum of all arenas' bounds. */
sim_status_t sim_arena_init(sim_arena_t *self, size_t max_bytes, sim_error_t *err);
void sim_arena_free(sim_arena_t *self);  /* legal after a failed init, legal twice */
void sim_arena_reset(sim_arena_t *self); /* empty again, memory kept for reuse */

/* A zeroed block of at least `bytes`, aligned to 64. Returns 0 when the bound is reached. */
sim_ref_t sim_arena_alloc(sim_arena_t *self, size_t bytes);
/* Reports under `where` that there was no room for something ("LP 17"), after sim_arena_alloc has returned 0: SIM_ELIMIT
 * when the bound is reached, SIM_ENOMEM when the system had no memory. Returns the status. */
sim_status_t sim_arena_fail(const sim_arena_t *self, sim_error_t *err, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Gives a block back for reuse. `bytes` as asked for at its allocation. */
void sim_arena_release(sim_arena_t *self, sim_ref_t ref, size_t bytes);

/* Touches the memory that the next `bytes` will be taken from with so many threads, so that the system clears it for all
 * of them side by side and not, page by page, for the one that allocates. Nothing else changes; where memory is short
 * nothing is done. */
void sim_arena_touch(sim_arena_t *self, size_t bytes, int threads);

/* Makes `self` hold the same blocks under the same refs as `from`; its max_bytes must be at least from's used bytes. */
sim_status_t sim_arena_copy(sim_arena_t *self, const sim_arena_t *from, sim_error_t *err);

size_t sim_arena_used(const sim_arena_t *self); /* bytes from base to the end of the last block */

static inline void *sim_arena_at(const sim_arena_t *self, sim_ref_t ref)
{
    return self->base + ref;
}

#endif
