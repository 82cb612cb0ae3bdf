// SPDX-License-Identifier: GPL-3.0-or-later
/* A sorted list with search: items of an array, linked into a treap (Seidel and Aragon 1996) and threaded in order.
 *
 * A tree may follow two numbers of its items besides, a size and a length, and then finds the next item whose size is
 * within one bound and whose size or length is within another, without looking at most of those that are not.
 *
 * Items are rows of an array addressed by index, each with an mdl_tree_links_t somewhere in it; an order is a pair of
 * 64-bit numbers of the item, compared one after the other, which must differ between any two items of one tree. A
 * treap's heap order comes from a hash of the second number, so that its shape, like everything else, depends on the
 * items alone. Insertion and removal cost O(log n) in the mean, at either end O(1); the neighbours of an item O(1).
 *
 *     mdl_tree_items_t jobs = {.base = table, .stride = sizeof table[0], .links = offsetof(row_t, links), ...};
 *     mdl_tree_insert(&tree, &jobs, 7);
 *     for (uint32_t i = tree.first; i != MDL_NONE; i = mdl_tree_links(&jobs, i)->next) ...
 */
#ifndef MDL_TREE_H
#define MDL_TREE_H

#include <stddef.h>
#include <stdint.h>

typedef struct mdl_tree_links {
    uint32_t next, prev; /* in order; MDL_NONE at the ends */
    uint32_t left, right, parent;
    uint32_t least_size; /* of the item and those below it */
    int64_t least_length;
} mdl_tree_links_t;

typedef struct mdl_tree {
    uint32_t root, first, last; /* MDL_NONE: empty */
} mdl_tree_t;

/* Where an item's links and the two numbers of its order lie in a row. */
typedef struct mdl_tree_items {
    char *base;
    size_t stride;
    size_t links, key, tie; /* offsets of mdl_tree_links_t, int64_t, uint64_t */
    size_t size, length;    /* offsets of uint32_t, int64_t; 0: not followed */
} mdl_tree_items_t;

/* size <= most_size, and size <= spare_size or length <= most_length */
typedef struct mdl_tree_bounds {
    uint32_t most_size, spare_size;
    int64_t most_length;
} mdl_tree_bounds_t;

static inline mdl_tree_links_t *mdl_tree_links(const mdl_tree_items_t *items, uint32_t item)
{
    return (mdl_tree_links_t *)(items->base + item * items->stride + items->links);
}

void mdl_tree_init(mdl_tree_t *self);
/* Links an item that is in no tree through these links. */
void mdl_tree_insert(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item);
/* The next item after `item` (MDL_NONE: the first) within the bounds; MDL_NONE: there is none. The tree follows sizes.
 * O(log n) for each item that has both a small size and a short length near it, though not its own. */
uint32_t mdl_tree_next_within(const mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item,
                              const mdl_tree_bounds_t *bounds);
/* Takes out an item of this tree. */
void mdl_tree_remove(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item);

#endif
