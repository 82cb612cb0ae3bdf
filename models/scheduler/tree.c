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

static uint32_t size_of(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const uint32_t *)(items->base + item * items->stride + items->size);
}

static int64_t length_of(const mdl_tree_items_t *items, uint32_t item)
{
    return *(const int64_t *)(items->base + item * items->stride + items->length);
}

/* Works out anew what is least from an item down. Returns whether that changed anything. */
static bool renew(const mdl_tree_items_t *items, uint32_t item)
{
    mdl_tree_links_t *links = mdl_tree_links(items, item);
    const uint32_t below[2] = {links->left, links->right};
    uint32_t size = size_of(items, item);
    int64_t length = length_of(items, item);

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
static void renew_up(const mdl_tree_items_t *items, uint32_t item)
{
    while (items->size != 0 && item != MDL_NONE && renew(items, item))
        item = mdl_tree_links(items, item)->parent;
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
    if (items->size != 0) {
        links->least_size = above->least_size;
        links->least_length = above->least_length;
        (void)renew(items, parent);
    }
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
    if (items->size == 0)
        return;
    links->least_size = size_of(items, item);
    links->least_length = length_of(items, item);
    renew_up(items, parent);
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
    renew_up(items, links->parent);
    *(links->prev == MDL_NONE ? &self->first : &mdl_tree_links(items, links->prev)->next) = links->next;
    *(links->next == MDL_NONE ? &self->last : &mdl_tree_links(items, links->next)->prev) = links->prev;
}

static bool within(uint32_t size, int64_t length, const mdl_tree_bounds_t *bounds)
{
    return size <= bounds->most_size && (size <= bounds->spare_size || length <= bounds->most_length);
}

/* Whether an item from `top` down can be within the bounds. */
static bool promises(const mdl_tree_items_t *items, uint32_t top, const mdl_tree_bounds_t *bounds)
{
    if (top == MDL_NONE)
        return false;
    const mdl_tree_links_t *links = mdl_tree_links(items, top);
    return within(links->least_size, links->least_length, bounds);
}

/* The first item from `top` down that is worth a look. */
static uint32_t leftmost(const mdl_tree_items_t *items, uint32_t top, const mdl_tree_bounds_t *bounds)
{
    while (promises(items, mdl_tree_links(items, top)->left, bounds))
        top = mdl_tree_links(items, top)->left;
    return top;
}

/* The next item after `item` that is worth a look. */
static uint32_t next_to_look_at(const mdl_tree_items_t *items, uint32_t item, const mdl_tree_bounds_t *bounds)
{
    const mdl_tree_links_t *links = mdl_tree_links(items, item);

    if (promises(items, links->right, bounds))
        return leftmost(items, links->right, bounds);
    while (links->parent != MDL_NONE && mdl_tree_links(items, links->parent)->right == item) {
        item = links->parent;
        links = mdl_tree_links(items, item);
    }
    return links->parent;
}

uint32_t mdl_tree_next_within(const mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item,
                              const mdl_tree_bounds_t *bounds)
{
    if (item != MDL_NONE)
        item = next_to_look_at(items, item, bounds);
    else
        item = promises(items, self->root, bounds) ? leftmost(items, self->root, bounds) : MDL_NONE;
    while (item != MDL_NONE && !within(size_of(items, item), length_of(items, item), bounds))
        item = next_to_look_at(items, item, bounds);
    return item;
}
