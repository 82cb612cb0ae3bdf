// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that is freed all at once: nodes and texts of the files read, and the arrays of a plan. */
#ifndef SCN_POOL_H
#define SCN_POOL_H

#include <stddef.h>

typedef struct scn_pool {
    struct scn_chunk *chunks; /* newest first */
    size_t used;              /* of the newest */
} scn_pool_t;

/* `bytes` zeroed bytes aligned for any type, or NULL when out of memory. */
void *scn_pool_take(scn_pool_t *self, size_t bytes);
/* A copy of `n` characters with a NUL behind, or NULL. */
char *scn_pool_copy(scn_pool_t *self, const char *chars, size_t n);
void scn_pool_free(scn_pool_t *self);

/* Room for one more item in an array of `n` items held in the pool; returns the (perhaps moved) array, or NULL. */
void *scn_pool_grow(scn_pool_t *self, void *items, size_t n, size_t item_bytes);

#endif
