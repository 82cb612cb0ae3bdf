// SPDX-License-Identifier: GPL-3.0-or-later
/* What the readers of openb's lists and of its order share. */
#ifndef MDL_TRACE_OPENB_PARTS_H
#define MDL_TRACE_OPENB_PARTS_H

#include "models/trace/names.h"
#include "models/trace/openb.h"

typedef struct mdl_openb_reader {
    mdl_openb_t *out;
    mdl_problems_t problems;
    size_t nodes_capacity, pods_capacity, order_capacity;
    mdl_names_t nodes,
        pods; /* numbers are places in out->nodes and out->pods while these are in order of their files */
} mdl_openb_reader_t;

/* Makes room for one item more in an array of n items of `bytes` bytes: its new address, or NULL without memory, which
 * is reported as a problem with `path`. */
void *mdl_openb_room(mdl_openb_reader_t *self, void *items, size_t n, size_t *capacity, size_t bytes, const char *path);
/* Puts nodes in order of rank, as PREFIX.nodes says. */
void mdl_openb_order_nodes(mdl_openb_reader_t *self, const mdl_source_t *source);
/* Reads arrivals, as PREFIX.pods says. */
void mdl_openb_order_pods(mdl_openb_reader_t *self, const mdl_source_t *source);

#endif
