// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of the tree: insertion and removal, inlined for callers whose rows are known when they are compiled, so that
 * offsets are constants. Everyone else uses models/scheduler/tree.h. */
#ifndef MDL_TREE_INLINE_H
#define MDL_TREE_INLINE_H

#include "models/hardware/cluster.h"
#include "models/scheduler/tree.h"

/* Without it compilers share one copy between callers, and offsets are variables again. */
#define MDL_TREE_INLINE static inline __attribute__((always_inline))

MDL_TREE_INLINE int64_t mdl_tree_key_of_(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const int64_t *)(items->base + item * items->stride + items->key);
}

MDL_TREE_INLINE uint64_t mdl_tree_tie_of_(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const uint64_t *)(items->base + item * items->stride + items->tie);
}

MDL_TREE_INLINE bool mdl_tree_before_(const mdl_tree_items_t *items, uint32_t a, uint32_t b)
{
    int64_t key_a = mdl_tree_key_of_(items, a), key_b = mdl_tree_key_of_(items, b);

    return key_a != key_b ? key_a < key_b : mdl_tree_tie_of_(items, a) < mdl_tree_tie_of_(items, b);
}

/* Heap order: the item with the larger number stands above. An odd multiplier and a shift (Steele et al. 2014) make
 * numbers that follow each other look random, and different ones stay different. */
MDL_TREE_INLINE uint64_t mdl_tree_rank_of_(const mdl_tree_items_t *items, uint32_t item)
{
    uint64_t x = (mdl_tree_tie_of_(items, item) + 1) * UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ x >> 27;
}

MDL_TREE_INLINE uint32_t mdl_tree_size_of_(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const uint32_t *)(items->base + item * items->stride + items->size);
}

MDL_TREE_INLINE int64_t mdl_tree_length_of_(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const int64_t *)(items->base + item * items->stride + items->length);
}

/* Works out anew what is least from an item down. Returns whether that changed anything. */
MDL_TREE_INLINE bool mdl_tree_renew_(const mdl_tree_items_t *items, uint32_t item)
{
    mdl_tree_links_t *links = mdl_tree_links(items, item);
    const uint32_t below[2] = {links->left, links->right};
    uint32_t size = mdl_tree_size_of_(items, item);
    int64_t length = mdl_tree_length_of_(items, item);

    for (int i = 0; i < 2; i++) {
        if (below[i] == MDL_NONE)
            continue;
        const mdl_tree_links_t *child = mdl_tree_links(items, below[i]);
        size = child->least_size < size ? child->least_size : size;
        length = child->least_length < length ? child->least_length : length;
    }
    bool changed = size != links->least_size || length != links->least_length;
    links->least_size = size;
    links->least_length = length;
    return changed;
}

/* The same from an item up to where nothing changes. */
MDL_TREE_INLINE void mdl_tree_renew_up_(const mdl_tree_items_t *items, uint32_t item)
{
    while (items->size != 0 && item != MDL_NONE && mdl_tree_renew_(items, item))
        item = mdl_tree_links(items, item)->parent;
}

/* Puts `child` where `item` hangs under its parent. */
MDL_TREE_INLINE void mdl_tree_replace_(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item, uint32_t child)
{
    uint32_t parent = mdl_tree_links(items, item)->parent;

    if (parent == MDL_NONE)
        self->root = child;
    else if (mdl_tree_links(items, parent)->left == item)
        mdl_tree_links(items, parent)->left = child;
    else
        mdl_tree_links(items, parent)->right = child;
    if (child != MDL_NONE)
        mdl_tree_links(items, child)->parent = parent;
}

/* Turns `item` and its parent round, so that it stands above it. */
MDL_TREE_INLINE void mdl_tree_lift_(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    mdl_tree_links_t *links = mdl_tree_links(items, item);
    uint32_t parent = links->parent;
    mdl_tree_links_t *above = mdl_tree_links(items, parent);
    bool left = above->left == item;
    uint32_t inner = left ? links->right : links->left;

    mdl_tree_replace_(self, items, parent, item);
    *(left ? &above->left : &above->right) = inner;
    *(left ? &links->right : &links->left) = parent;
    above->parent = item;
    if (inner != MDL_NONE)
        mdl_tree_links(items, inner)->parent = parent;
    if (items->size != 0) {
        links->least_size = above->least_size;
        links->least_length = above->least_length;
        (void)mdl_tree_renew_(items, parent);
    }
}

/* Threads `item` between two neighbours, either of which may be MDL_NONE. */
MDL_TREE_INLINE void mdl_tree_thread_(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item, uint32_t prev,
                                      uint32_t next)
{
    mdl_tree_links_t *links = mdl_tree_links(items, item);

    links->prev = prev;
    links->next = next;
    *(prev == MDL_NONE ? &self->first : &mdl_tree_links(items, prev)->next) = item;
    *(next == MDL_NONE ? &self->last : &mdl_tree_links(items, next)->prev) = item;
}

/* The first item. */
MDL_TREE_INLINE void mdl_tree_plant_(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    mdl_tree_links_t *links = mdl_tree_links(items, item);

    self->root = self->first = self->last = item;
    links->next = links->prev = links->left = links->right = links->parent = MDL_NONE;
    if (items->size == 0)
        return;
    links->least_size = mdl_tree_size_of_(items, item);
    links->least_length = mdl_tree_length_of_(items, item);
}

/* Hangs `item` under the leaf where a search for it ends. */
MDL_TREE_INLINE void mdl_tree_hang_(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    uint32_t prev = MDL_NONE, next = MDL_NONE, parent = MDL_NONE;
    mdl_tree_links_t *links = mdl_tree_links(items, item);

    if (mdl_tree_before_(items, self->last, item)) {
        prev = parent = self->last;
    } else if (mdl_tree_before_(items, item, self->first)) {
        next = parent = self->first;
    } else {
        for (uint32_t at = self->root; at != MDL_NONE;) {
            bool left = mdl_tree_before_(items, item, at);
            parent = at;
            *(left ? &next : &prev) = at;
            at = left ? mdl_tree_links(items, at)->left : mdl_tree_links(items, at)->right;
        }
    }
    mdl_tree_thread_(self, items, item, prev, next);
    links->left = links->right = MDL_NONE;
    links->parent = parent;
    if (parent == next)
        mdl_tree_links(items, parent)->left = item;
    else
        mdl_tree_links(items, parent)->right = item;
    if (items->size == 0)
        return;
    links->least_size = mdl_tree_size_of_(items, item);
    links->least_length = mdl_tree_length_of_(items, item);
    mdl_tree_renew_up_(items, parent);
}

/* mdl_tree_insert and mdl_tree_remove, inlined. */
MDL_TREE_INLINE void mdl_tree_put_(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    const mdl_tree_links_t *links = mdl_tree_links(items, item);

    if (self->root == MDL_NONE) {
        mdl_tree_plant_(self, items, item);
        return;
    }
    mdl_tree_hang_(self, items, item);
    uint64_t rank = mdl_tree_rank_of_(items, item);
    while (links->parent != MDL_NONE && mdl_tree_rank_of_(items, links->parent) < rank)
        mdl_tree_lift_(self, items, item);
}

MDL_TREE_INLINE void mdl_tree_take_(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    if (self->first == self->last) {
        self->root = self->first = self->last = MDL_NONE;
        return;
    }
    const mdl_tree_links_t *links = mdl_tree_links(items, item);

    while (links->left != MDL_NONE && links->right != MDL_NONE)
        mdl_tree_lift_(self, items,
                       mdl_tree_rank_of_(items, links->left) > mdl_tree_rank_of_(items, links->right) ? links->left
                                                                                                      : links->right);
    mdl_tree_replace_(self, items, item, links->left != MDL_NONE ? links->left : links->right);
    mdl_tree_renew_up_(items, links->parent);
    *(links->prev == MDL_NONE ? &self->first : &mdl_tree_links(items, links->prev)->next) = links->next;
    *(links->next == MDL_NONE ? &self->last : &mdl_tree_links(items, links->next)->prev) = links->prev;
}

#endif
