// SPDX-License-Identifier: GPL-3.0-or-later
/* YAML as a tree in which everything keeps its place.
 *
 * Read from libyaml's events. Of YAML only maps with plain keys, lists and scalars are accepted: anchors, aliases,
 * tags, several documents, repeated keys, bytes that are no UTF-8 text and deep nesting are reported as problems.
 * Scalars stay the text that was written; what they mean is for the reader of each key to say, so that 010 or nan never
 * become numbers by accident.
 */
#ifndef SCN_YAML_H
#define SCN_YAML_H

#include "scenarios/log.h"
#include "scenarios/pool.h"

/* SCN_BROKEN stands for a value that was reported already; readers pass over it. */
typedef enum scn_node_kind { SCN_SCALAR, SCN_MAP, SCN_LIST, SCN_BROKEN } scn_node_kind_t;

typedef struct scn_node {
    scn_node_kind_t kind;
    const char *text; /* of a scalar */
    scn_place_t place;
    const char *key;  /* in a map */
    const char *list; /* in a list: the key of the list */
    scn_place_t key_place;
    struct scn_node *first, *last, *next; /* children of a map or list; next sibling */
    size_t n;                             /* children */
} scn_node_t;

/* Reads `text` (length bytes, named file `file` of the log). `root` is NULL when there is no usable document; every
 * problem is in the log. SIM_ENOMEM only. */
sim_status_t scn_yaml_read(scn_pool_t *pool, scn_log_t *log, uint32_t file, const char *text, size_t length,
                           scn_node_t **root);

/* Value of a key of a map, or NULL. */
const scn_node_t *scn_node_get(const scn_node_t *map, const char *key);
/* "a map", "a list", or the scalar's text. */
const char *scn_node_found(const scn_node_t *node);

#endif
