// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/tree_inline.h"

void mdl_tree_init(mdl_tree_t *self)
{
    *self = (mdl_tree_t){.root = MDL_NONE, .first = MDL_NONE, .last = MDL_NONE};
}

void mdl_tree_insert(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    mdl_tree_put_(self, items, item);
}

void mdl_tree_remove(mdl_tree_t *self, const mdl_tree_items_t *items, uint32_t item)
{
    mdl_tree_take_(self, items, item);
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
    while (item != MDL_NONE && !within(mdl_tree_size_of_(items, item), mdl_tree_length_of_(items, item), bounds))
        item = next_to_look_at(items, item, bounds);
    return item;
}
