// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/cluster.h"
#include "models/scheduler/tree.h"
#include "tests/support/test.h"

typedef struct row {
    mdl_tree_links_t links;
    uint64_t tie;
    int64_t key;
} row_t;

static mdl_tree_items_t items_of(row_t *rows)
{
    return (mdl_tree_items_t){.base = (char *)rows,
                              .stride = sizeof(row_t),
                              .links = offsetof(row_t, links),
                              .key = offsetof(row_t, key),
                              .tie = offsetof(row_t, tie)};
}

static void assert_order(const mdl_tree_t *tree, const row_t *rows, const uint32_t *expected, uint32_t n)
{
    uint32_t item = tree->first, prev = MDL_NONE;

    for (uint32_t i = 0; i < n; i++, prev = item, item = rows[item].links.next) {
        assert_int_equal(item, expected[i]);
        assert_int_equal(rows[item].links.prev, prev);
    }
    assert_int_equal(item, MDL_NONE);
    assert_int_equal(tree->last, prev);
}

static void test_order_by_key_then_tie(void **state)
{
    row_t rows[5] = {{.key = 3, .tie = 0},
                     {.key = -1, .tie = 1},
                     {.key = 3, .tie = 2},
                     {.key = INT64_MIN, .tie = 3},
                     {.key = INT64_MAX, .tie = 4}};
    mdl_tree_items_t items = items_of(rows);
    mdl_tree_t tree;

    (void)state;
    mdl_tree_init(&tree);
    assert_order(&tree, rows, NULL, 0);
    for (uint32_t i = 5; i-- > 0;)
        mdl_tree_insert(&tree, &items, i);
    assert_order(&tree, rows, (const uint32_t[]){3, 1, 0, 2, 4}, 5);
    mdl_tree_remove(&tree, &items, 0);
    mdl_tree_remove(&tree, &items, 3);
    assert_order(&tree, rows, (const uint32_t[]){1, 2, 4}, 3);
    rows[0].key = 0;
    mdl_tree_insert(&tree, &items, 0);
    assert_order(&tree, rows, (const uint32_t[]){1, 0, 2, 4}, 4);
}

/* Links are indices: a copy of the rows is a copy of the tree. */
static void test_a_copy_goes_on(void **state)
{
    row_t rows[2][3] = {{{.key = 1, .tie = 0}, {.key = 2, .tie = 1}, {.key = 3, .tie = 2}}};
    mdl_tree_items_t items = items_of(rows[0]), copied = items_of(rows[1]);
    mdl_tree_t tree;

    (void)state;
    mdl_tree_init(&tree);
    for (uint32_t i = 0; i < 3; i++)
        mdl_tree_insert(&tree, &items, i);
    memcpy(rows[1], rows[0], sizeof rows[0]);
    mdl_tree_t copy = tree;
    mdl_tree_remove(&copy, &copied, 1);
    assert_order(&copy, rows[1], (const uint32_t[]){0, 2}, 2);
    assert_order(&tree, rows[0], (const uint32_t[]){0, 1, 2}, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_by_key_then_tie),
        cmocka_unit_test(test_a_copy_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
