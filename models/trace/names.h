// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of a trace (users, nodes, pods), each kept once and numbered from 0 in order of appearance.
 *
 *     mdl_names_t names = {0};
 *     uint32_t user = mdl_names_add(&names, text, n);        // its old number, or a new one
 *     const char *again = mdl_names_at(&names, user);
 *     mdl_names_free(&names);
 */
#ifndef MDL_TRACE_NAMES_H
#define MDL_TRACE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define MDL_NO_NAME UINT32_MAX

typedef struct mdl_name {
    uint64_t hash;
    size_t at, n; /* its bytes, a NUL behind them */
} mdl_name_t;

/* Zero-initialise. */
typedef struct mdl_names {
    mdl_name_t *names;
    uint32_t n, capacity;
    uint32_t *slots; /* hash table with open addressing: number + 1, 0 = free; twice the capacity */
    char *bytes;
    size_t used, room;
    uint32_t last; /* answered last: traces come in runs of one name */
} mdl_names_t;

/* The number of a name that is known or becomes so; MDL_NO_NAME without memory. */
uint32_t mdl_names_add(mdl_names_t *self, const char *text, size_t n);
/* The number of a name, or MDL_NO_NAME. */
uint32_t mdl_names_find(const mdl_names_t *self, const char *text, size_t n);
/* A name's text, which stays until the next one is added. */
const char *mdl_names_at(const mdl_names_t *self, uint32_t number);
void mdl_names_free(mdl_names_t *self);

#endif
