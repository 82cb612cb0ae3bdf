// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/pool.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)1 << 16)

typedef struct scn_chunk {
    struct scn_chunk *next;
    size_t bytes;
    max_align_t memory[];
} scn_chunk_t;

static scn_chunk_t *add_chunk(scn_pool_t *self, size_t bytes)
{
    size_t room = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
    scn_chunk_t *chunk = calloc(1, sizeof *chunk + room);
    if (chunk == NULL)
        return NULL;
    chunk->next = self->chunks;
    chunk->bytes = room;
    self->chunks = chunk;
    self->used = 0;
    return chunk;
}

void *scn_pool_take(scn_pool_t *self, size_t bytes)
{
    size_t unit = sizeof(max_align_t);
    bytes = (bytes + unit - 1) / unit * unit;
    if (bytes == 0)
        bytes = unit;
    if (self->chunks == NULL || self->chunks->bytes - self->used < bytes)
        if (add_chunk(self, bytes) == NULL)
            return NULL;
    void *taken = (char *)self->chunks->memory + self->used;
    self->used += bytes;
    return taken;
}

char *scn_pool_copy(scn_pool_t *self, const char *chars, size_t n)
{
    char *copy = scn_pool_take(self, n + 1);
    if (copy != NULL)
        memcpy(copy, chars, n);
    return copy;
}

/* Capacities are powers of two from 8, so that an array of n items tells its own capacity. */
void *scn_pool_grow(scn_pool_t *self, void *items, size_t n, size_t item_bytes)
{
    if (n != 0 && (n < 8 || (n & (n - 1)) != 0))
        return items;
    void *larger = scn_pool_take(self, (n == 0 ? 8 : 2 * n) * item_bytes);
    if (larger != NULL && n > 0)
        memcpy(larger, items, n * item_bytes);
    return larger;
}

void scn_pool_free(scn_pool_t *self)
{
    while (self->chunks != NULL) {
        scn_chunk_t *next = self->chunks->next;
        free(self->chunks);
        self->chunks = next;
    }
    self->used = 0;
}
