// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/tree.h"

#include "models/hardware/cluster.h"

static int64_t key_of(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const int64_t *)(items->base + item * items->stride + items->key);
}

static uint64_t tie_of(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const uint64_t *)(items->base + item * items->stride + items->tie);
}

static bool before(const mdl_tree_items_t *items, uint32_t a, uint32_t b)
{
    int64_t key_a = key_of(items, a), key_b = key_of(items, b);

    return key_a != key_b ? key_a < key_b : tie_of(items, a) < tie_of(items, b);
}

/* Heap order: the item with the larger number stands above. An odd multiplier and a shift (Steele et al. 2014) make
 * numbers that follow each other look random, and different ones stay different. */
static uint64_t rank_of(const mdl_tree_items_t *items, uint32_t item)
{
    uint64_t x = (tie_of(items, item) + 1) * UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ x >> 27;
}

void mdl_tree_init(mdl_tree_t *self)
{
    *self = (mdl_tree_t){.root = MDL_NONE, .first = MDL_NONE, .last = MDL_NONE};
}

/* Puts `child` where `item` hangs under its parent. */
static void replace(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item, uint32_t child)
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
static void lift(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    mdl_tree_links_t *links = mdl_tree_links(items, item);
    uint32_t parent = links->parent;
    mdl_tree_links_t *above = mdl_tree_links(items, parent);
    bool left = above->left == item;
    uint32_t inner = left ? links->right : links->left;

    replace(self, items, parent, item);
    *(left ? &above->left : &above->right) = inner;
    *(left ? &links->right : &links->left) = parent;
    above->parent = item;
    if (inner != MDL_NONE)
        mdl_tree_links(items, inner)->parent = parent;
}

/* Threads `item` between two neighbours, either of which may be MDL_NONE. */
static void thread(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item, uint32_t prev, uint32_t next)
{
    mdl_tree_links_t *links = mdl_tree_links(items, item);

    links->prev = prev;
    links->next = next;
    *(prev == MDL_NONE ? &self->first : &mdl_tree_links(items, prev)->next) = item;
    *(next == MDL_NONE ? &self->last : &mdl_tree_links(items, next)->prev) = item;
}

/* Hangs `item` under the leaf where a search for it ends. */
static void hang(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    uint32_t prev = MDL_NONE, next = MDL_NONE, parent = MDL_NONE;
    mdl_tree_links_t *links = mdl_tree_links(items, item);

    if (self->last != MDL_NONE && before(items, self->last, item)) {
        prev = parent = self->last;
    } else if (self->first != MDL_NONE && before(items, item, self->first)) {
        next = parent = self->first;
    } else {
        for (uint32_t at = self->root; at != MDL_NONE;) {
            bool left = before(items, item, at);
            parent = at;
            *(left ? &next : &prev) = at;
            at = left ? mdl_tree_links(items, at)->left : mdl_tree_links(items, at)->right;
        }
    }
    thread(self, items, item, prev, next);
    links->left = links->right = MDL_NONE;
    links->parent = parent;
    if (parent == MDL_NONE)
        self->root = item;
    else if (parent == next)
        mdl_tree_links(items, parent)->left = item;
    else
        mdl_tree_links(items, parent)->right = item;
}

void mdl_tree_insert(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    const mdl_tree_links_t *links = mdl_tree_links(items, item);
    uint64_t rank = rank_of(items, item);

    hang(self, items, item);
    while (links->parent != MDL_NONE && rank_of(items, links->parent) < rank)
        lift(self, items, item);
}

void mdl_tree_remove(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    const mdl_tree_links_t *links = mdl_tree_links(items, item);

    while (links->left != MDL_NONE && links->right != MDL_NONE)
        lift(self, items, rank_of(items, links->left) > rank_of(items, links->right) ? links->left : links->right);
    replace(self, items, item, links->left != MDL_NONE ? links->left : links->right);
    *(links->prev == MDL_NONE ? &self->first : &mdl_tree_links(items, links->prev)->next) = links->next;
    *(links->next == MDL_NONE ? &self->last : &mdl_tree_links(items, links->next)->prev) = links->prev;
}
