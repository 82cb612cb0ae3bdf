// SPDX-License-Identifier: GPL-3.0-or-later
/* The sorted tree against a sorted array: a million insertions and removals. */
#include "models/hardware/cluster.h"
#include "models/scheduler/tree.h"
#include "sim/draw.h"
#include "sim/rng.h"
#include "tests/support/test.h"

#define ITEMS      2000
#define OPERATIONS 1000000

typedef struct row {
    int64_t key;
    uint64_t tie;
    int64_t length;
    uint32_t size;
    mdl_tree_links_t links;
    bool in;
} row_t;

typedef struct pair {
    row_t rows[ITEMS];
    mdl_tree_t tree;
    uint32_t sorted[ITEMS], n;
} pair_t;

static mdl_tree_items_t items_of(pair_t *pair)
{
    return (mdl_tree_items_t){.base = (char *)pair->rows,
                              .stride = sizeof(row_t),
                              .links = offsetof(row_t, links),
                              .key = offsetof(row_t, key),
                              .tie = offsetof(row_t, tie),
                              .size = offsetof(row_t, size),
                              .length = offsetof(row_t, length)};
}

static bool before(const pair_t *pair, uint32_t a, uint32_t b)
{
    const row_t *first = &pair->rows[a], *second = &pair->rows[b];

    return first->key != second->key ? first->key < second->key : first->tie < second->tie;
}

/* Place of the first item that does not stand before this one. */
static uint32_t place_of(const pair_t *pair, uint32_t item)
{
    uint32_t low = 0, high = pair->n;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (before(pair, pair->sorted[middle], item))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert(pair_t *pair, uint32_t item)
{
    mdl_tree_items_t items = items_of(pair);
    uint32_t at = place_of(pair, item);

    mdl_tree_insert(&pair->tree, &items, item);
    memmove(pair->sorted + at + 1, pair->sorted + at, (pair->n++ - at) * sizeof pair->sorted[0]);
    pair->sorted[at] = item;
    pair->rows[item].in = true;
}

static void take_out(pair_t *pair, uint32_t item)
{
    mdl_tree_items_t items = items_of(pair);
    uint32_t at = place_of(pair, item);

    mdl_tree_remove(&pair->tree, &items, item);
    memmove(pair->sorted + at, pair->sorted + at + 1, (--pair->n - at) * sizeof pair->sorted[0]);
    pair->rows[item].in = false;
}

/* Ends and neighbours of the item just touched. */
static void check_near(pair_t *pair, uint32_t item)
{
    uint32_t at = place_of(pair, item), n = pair->n;
    const mdl_tree_links_t *links = &pair->rows[item].links;

    assert_int_equal(pair->tree.first, n > 0 ? pair->sorted[0] : MDL_NONE);
    assert_int_equal(pair->tree.last, n > 0 ? pair->sorted[n - 1] : MDL_NONE);
    if (!pair->rows[item].in)
        return;
    assert_int_equal(links->prev, at > 0 ? pair->sorted[at - 1] : MDL_NONE);
    assert_int_equal(links->next, at + 1 < n ? pair->sorted[at + 1] : MDL_NONE);
}

/* All links and the order hold; returns the height, from walks to the root. */
static uint32_t check_all(pair_t *pair)
{
    uint32_t tallest = 0, seen = 0;

    for (uint32_t i = pair->tree.first; i != MDL_NONE; i = pair->rows[i].links.next, seen++) {
        uint32_t height = 1;
        assert_int_equal(i, pair->sorted[seen]);
        for (uint32_t up = i; pair->rows[up].links.parent != MDL_NONE; height++) {
            const mdl_tree_links_t *parent = &pair->rows[pair->rows[up].links.parent].links;
            assert_true(parent->left == up || parent->right == up);
            assert_true(before(pair, pair->rows[up].links.parent, i) == (parent->right == up));
            up = pair->rows[up].links.parent;
        }
        tallest = height > tallest ? height : tallest;
    }
    assert_int_equal(seen, pair->n);
    return tallest;
}

/* The walk over items within random bounds meets those of the sorted array that are, in order, from any item on. */
static void check_bounds(pair_t *pair, sim_rng_t *rng)
{
    mdl_tree_items_t items = items_of(pair);
    mdl_tree_bounds_t bounds = {.most_size = (uint32_t)sim_draw_below(rng, 12),
                                .spare_size = (uint32_t)sim_draw_below(rng, 6),
                                .most_length = (int64_t)sim_draw_below(rng, 300)};
    uint32_t at = pair->n > 0 ? (uint32_t)sim_draw_below(rng, pair->n + 1) : 0;
    uint32_t found = at == 0 ? MDL_NONE : pair->sorted[at - 1];

    found = mdl_tree_next_within(&pair->tree, &items, found, &bounds);
    for (; at < pair->n; at++) {
        const row_t *row = &pair->rows[pair->sorted[at]];
        if (row->size > bounds.most_size || (row->size > bounds.spare_size && row->length > bounds.most_length))
            continue;
        assert_int_equal(found, pair->sorted[at]);
        found = mdl_tree_next_within(&pair->tree, &items, found, &bounds);
    }
    assert_int_equal(found, MDL_NONE);
}

/* Keys as the scheduler has them: all equal (first come first served), a few, many, rising. */
static int64_t draw_key(sim_rng_t *rng, int kind, int64_t i)
{
    switch (kind) {
    case 0: return 0;
    case 1: return (int64_t)sim_draw_below(rng, 5) - 2;
    case 2: return (int64_t)sim_rng_u64(rng);
    default: return i;
    }
}

static void test_against_a_sorted_array(void **state)
{
    pair_t *pair = calloc(1, sizeof *pair);
    sim_rng_t rng;

    (void)state;
    sim_rng_at(&rng, 41, 0, 0, 0, 0);
    for (int kind = 0; kind < 4; kind++) {
        memset(pair, 0, sizeof *pair);
        mdl_tree_init(&pair->tree);
        for (int64_t i = 0; i < OPERATIONS / 4; i++) {
            uint32_t item = (uint32_t)sim_draw_below(&rng, ITEMS);
            if (pair->rows[item].in) {
                take_out(pair, item);
            } else {
                pair->rows[item].key = draw_key(&rng, kind, i);
                pair->rows[item].size = 1 + (uint32_t)sim_draw_below(&rng, 10);
                pair->rows[item].length = (int64_t)sim_draw_below(&rng, 400);
                pair->rows[item].tie = (uint64_t)i; /* as jobs are numbered; an old number may come back */
                insert(pair, item);
            }
            check_near(pair, item);
            if (i % 100 == 0)
                check_bounds(pair, &rng);
            if (i % 5000 == 0)
                assert_true(check_all(pair) < 60); /* some 1,000 items: a path would be as long as that */
        }
        while (pair->n > 0)
            take_out(pair, pair->sorted[sim_draw_below(&rng, pair->n)]);
        assert_int_equal(pair->tree.root, MDL_NONE);
        assert_int_equal(pair->tree.last, MDL_NONE);
    }
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_a_sorted_array)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
