// SPDX-License-Identifier: GPL-3.0-or-later
/* GPUs never vanish: random moves keep what was made equal to what is in all states. */
#include "tests/support/test.h"

#include "models/market/lots.h"
#include "sim/draw.h"

#define LOTS   500
#define OWNERS 20

static mdl_lots_t *make(uint32_t lots, uint32_t owners)
{
    mdl_lots_t *self = malloc(mdl_lots_bytes(lots, owners));
    assert_non_null(self);
    mdl_lots_init(self, lots, owners);
    return self;
}

static mdl_lot_t draw_lot(sim_rng_t *rng)
{
    return (mdl_lot_t){.type = (int32_t)sim_draw_below(rng, 3),
                       .state = (int32_t)sim_draw_below(rng, MDL_LOT_STATES),
                       .owner = (uint32_t)sim_draw_below(rng, OWNERS),
                       .place = (uint32_t)sim_draw_below(rng, 2),
                       .count = 1 + (int64_t)sim_draw_below(rng, 100),
                       .due_day = (int64_t)sim_draw_below(rng, 3)};
}

static int64_t made(const mdl_lots_t *lots)
{
    int64_t sum = 0;
    for (int t = 0; t < MDL_MAX_GPU_TYPES; t++)
        sum += lots->made[t];
    return sum;
}

/* What is due is what a look at every lot finds. */
static void assert_due(mdl_lots_t *lots, int64_t day)
{
    uint32_t due[LOTS], n = mdl_lots_due(lots, day, due, LOTS), found = 0;
    for (uint32_t lot = 0; lot < lots->used; lot++) {
        const mdl_lot_t *held = mdl_lots_get(lots, lot);
        if (held->count == 0 || held->state != MDL_LOT_TRANSIT || held->due_day > day)
            continue;
        assert_true(found < n);
        assert_int_equal(due[found++], lot);
    }
    assert_int_equal(found, n);
}

static void random_moves_conserve(void **state)
{
    (void)state;
    mdl_lots_t *lots = make(LOTS, OWNERS);
    sim_rng_t rng;
    size_t moved = 0, refused = 0;
    int64_t expected = 0;
    sim_rng_at(&rng, 10, 0, 0, 0, 0);
    for (int step = 0; step < 100000; step++) {
        mdl_lot_t lot = draw_lot(&rng);
        uint32_t out;
        if (step % 5 == 0 && mdl_lots_make(lots, &lot, &out, NULL) == SIM_OK)
            expected += lot.count;
        uint32_t from = (uint32_t)sim_draw_below(&rng, LOTS);
        mdl_lot_t before = from < lots->used ? *mdl_lots_get(lots, from) : (mdl_lot_t){0};
        sim_status_t status = mdl_lots_move(lots, from, lot.count, &lot, &out, NULL);
        if (status == SIM_OK) {
            moved++;
            assert_true(before.state != MDL_LOT_SCRAPPED);
            assert_int_equal(mdl_lots_get(lots, out)->state, lot.state);
            assert_int_equal(mdl_lots_get(lots, out)->type, before.type);
        } else {
            refused++;
        }
        assert_int_equal(made(lots), expected);
        assert_due(lots, step % 4 - 1);
        if (step % 101 == 0)
            assert_int_equal(mdl_lots_audit(lots, NULL), SIM_OK);
    }
    assert_true(moved > 5000 && refused > 5000);
    assert_int_equal(mdl_lots_audit(lots, NULL), SIM_OK);
    free(lots);
}

static void alike_lots_join_and_parts_split(void **state)
{
    (void)state;
    mdl_lots_t *lots = make(8, 4);
    mdl_lot_t lot = {.type = 1, .state = MDL_LOT_STOCK, .owner = 2, .place = 7, .count = 10};
    uint32_t a, b, c;
    assert_int_equal(mdl_lots_make(lots, &lot, &a, NULL), SIM_OK);
    assert_int_equal(mdl_lots_make(lots, &lot, &b, NULL), SIM_OK);
    assert_int_equal(a, b);
    assert_int_equal(mdl_lots_get(lots, a)->count, 20);
    mdl_lot_t to = {.state = MDL_LOT_INSTALLED, .owner = 3, .place = 9};
    assert_int_equal(mdl_lots_move(lots, a, 15, &to, &c, NULL), SIM_OK);
    assert_int_equal(mdl_lots_count(lots, 2, -1, -1), 5);
    assert_int_equal(mdl_lots_count(lots, 3, 1, MDL_LOT_INSTALLED), 15);
    assert_int_equal(mdl_lots_count(lots, 3, 0, -1), 0);
    assert_int_equal(lots->live, 2);
    assert_int_equal(mdl_lots_move(lots, a, 6, &to, &c, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_lots_move(lots, a, 5, &to, &c, NULL), SIM_OK);
    assert_int_equal(lots->live, 1);
    assert_int_equal(mdl_lots_audit(lots, NULL), SIM_OK);
    free(lots);
}

static void nature_forbids(void **state)
{
    (void)state;
    mdl_lots_t *lots = make(8, 4);
    mdl_lot_t lot = {.type = 0, .state = MDL_LOT_FAILED, .owner = 1, .count = 4};
    uint32_t at;
    sim_error_t err = {0};
    assert_int_equal(mdl_lots_make(lots, &lot, &at, NULL), SIM_OK);
    lot.state = MDL_LOT_STOCK;
    assert_int_equal(mdl_lots_move(lots, at, 1, &lot, NULL, &err), SIM_EINVARIANT);
    assert_non_null(strstr(err.message, "failed"));
    lot.state = MDL_LOT_SCRAPPED;
    assert_int_equal(mdl_lots_move(lots, at, 4, &lot, &at, NULL), SIM_OK);
    for (int s = 0; s < MDL_LOT_STATES; s++) {
        lot.state = s;
        assert_int_equal(mdl_lots_move(lots, at, 1, &lot, NULL, NULL), SIM_EINVARIANT);
    }
    lot.owner = 4;
    assert_int_equal(mdl_lots_make(lots, &lot, NULL, NULL), SIM_EINVARIANT);
    lot.owner = 1;
    lot.count = 0;
    assert_int_equal(mdl_lots_make(lots, &lot, NULL, NULL), SIM_EINVARIANT);
    free(lots);
}

static void sellers_take_across_lots(void **state)
{
    (void)state;
    mdl_lots_t *lots = make(16, 4);
    for (uint32_t place = 0; place < 5; place++)
        assert_int_equal(
            mdl_lots_make(lots,
                          &(mdl_lot_t){.type = 2, .state = MDL_LOT_STOCK, .owner = 1, .place = place, .count = 10},
                          NULL, NULL),
            SIM_OK);
    mdl_lot_t to = {.state = MDL_LOT_TRANSIT, .owner = 2, .due_day = 30};
    uint32_t out;
    assert_int_equal(mdl_lots_take(lots, 1, 2, MDL_LOT_STOCK, 51, &to, &out, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_lots_take(lots, 1, 2, MDL_LOT_STOCK, 33, &to, &out, NULL), SIM_OK);
    assert_int_equal(mdl_lots_count(lots, 1, 2, MDL_LOT_STOCK), 17);
    assert_int_equal(mdl_lots_get(lots, out)->count, 33);
    uint32_t due[4];
    assert_int_equal(mdl_lots_due(lots, 29, due, 4), 0);
    assert_int_equal(mdl_lots_due(lots, 30, due, 4), 1);
    assert_int_equal(due[0], out);
    /* to oneself, same state: nothing changes but the place */
    to = (mdl_lot_t){.state = MDL_LOT_STOCK, .owner = 1, .place = 4};
    assert_int_equal(mdl_lots_take(lots, 1, 2, MDL_LOT_STOCK, 17, &to, &out, NULL), SIM_OK);
    assert_int_equal(mdl_lots_count(lots, 1, 2, MDL_LOT_STOCK), 17);
    assert_int_equal(mdl_lots_audit(lots, NULL), SIM_OK);
    free(lots);
}

static void full_and_grown(void **state)
{
    (void)state;
    mdl_lots_t *lots = make(2, 3), *larger = malloc(mdl_lots_bytes(6, 9));
    mdl_lot_t lot = {.type = 0, .state = MDL_LOT_STOCK, .owner = 0, .count = 5};
    for (uint32_t owner = 0; owner < 3; owner++) {
        lot.owner = owner;
        assert_int_equal(mdl_lots_make(lots, &lot, NULL, NULL), owner < 2 ? SIM_OK : SIM_ELIMIT);
    }
    assert_int_equal(mdl_lots_move(lots, 0, 1, &lot, NULL, NULL), SIM_ELIMIT);
    assert_int_equal(mdl_lots_audit(lots, NULL), SIM_OK);
    mdl_lots_grow_into(larger, 6, 9, lots);
    lot.owner = 8;
    assert_int_equal(mdl_lots_make(larger, &lot, NULL, NULL), SIM_OK);
    assert_int_equal(mdl_lots_count(larger, 1, 0, MDL_LOT_STOCK), 5);
    assert_int_equal(mdl_lots_audit(larger, NULL), SIM_OK);
    larger->total[0][MDL_LOT_STOCK]++;
    assert_int_equal(mdl_lots_audit(larger, NULL), SIM_EINVARIANT);
    free(lots);
    free(larger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_moves_conserve), cmocka_unit_test(alike_lots_join_and_parts_split),
        cmocka_unit_test(nature_forbids),        cmocka_unit_test(sellers_take_across_lots),
        cmocka_unit_test(full_and_grown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
