// SPDX-License-Identifier: GPL-3.0-or-later
/* What builders hear about getting chips: waiting lowers the chance that chips arrive in time, and a substitute bounds
 * what anybody pays. */
#include "models/economy/economy_state.h"
#include "tests/support/test.h"

#include <math.h>

static mdl_eco_t eco;
static mdl_tables_t tables;
static mdl_input_t input;

static mdl_gpu_type_t type_of(double rate, mdl_stack_t stack)
{
    return (mdl_gpu_type_t){
        .rate_training = rate, .rate_finetune = rate, .rate_inference = rate, .rate_batch = rate, .stack = stack};
}

/* Three types that exist: one, one half as fast, one as fast on the other stack. All at 100 yuan, 10 a day. */
static mdl_step_t small_world(void)
{
    eco = (mdl_eco_t){0};
    tables = (mdl_tables_t){.n_gpu_types = 3};
    tables.gpu_types[0] = type_of(1, MDL_STACK_CUDA);
    tables.gpu_types[1] = type_of(0.5, MDL_STACK_CUDA);
    tables.gpu_types[2] = type_of(1, MDL_STACK_CANN);
    mdl_params_init(&input.params);
    mdl_step_t step = {.eco = &eco, .tables = &tables, .params = &eco.params, .input = &input, .day = 1};
    assert_int_equal(mdl_eco_resolve_params(&step), SIM_OK);
    for (int type = 0; type < 3; type++) {
        eco.signal_fen[type] = 100 * 100;
        eco.quote[type] = (mdl_quote_t){.price_fen = 100 * 100, .per_day = 10};
    }
    return step;
}

static void waiting_lowers_the_chance(void **state)
{
    (void)state;
    mdl_step_t step = small_world();
    assert_true(mdl_supply_chance(&step, 0) == 1);
    double last = 1;
    for (int wait_d = 10; wait_d <= 10000; wait_d *= 10) {
        eco.quote[0].wait_d = wait_d;
        double chance = mdl_supply_chance(&step, 0);
        assert_true(chance >= 0 && chance < last);
        last = chance;
    }
    eco.quote[0].wait_d = 0;
    assert_true(mdl_supply_chance(&step, 0) == 1);
    eco.quote[0].lead_d = 30;
    assert_true(mdl_supply_chance(&step, 0) < 1);
}

static void nothing_comes_from_no_supply(void **state)
{
    (void)state;
    mdl_step_t step = small_world();
    eco.quote[0].per_day = 0;
    assert_true(mdl_supply_chance(&step, 0) == 0);
}

static void a_substitute_bounds_the_price(void **state)
{
    (void)state;
    mdl_step_t step = small_world();
    for (int type = 0; type < 3; type++)
        eco.quote[type].price_fen = 1000 * 100;                           /* its own maker is dear */
    assert_true(fabs(mdl_supply_substitute_yuan(&step, 0) - 200) < 1e-9); /* two of half the speed */
    assert_true(fabs(mdl_supply_substitute_yuan(&step, 1) - 50) < 1e-9);
    assert_true(fabs(mdl_supply_substitute_yuan(&step, 2) - 1000) < 1e-9); /* none on its stack but itself */
    eco.quote[1].wait_d = 100; /* the longer the wait, the weaker the bound */
    assert_true(mdl_supply_substitute_yuan(&step, 0) > 200);
    tables.gpu_types[1].available_day = 2;
    assert_true(fabs(mdl_supply_substitute_yuan(&step, 0) - 1000) < 1e-9);
    eco.quote[0].per_day = 0;
    assert_true(mdl_supply_substitute_yuan(&step, 0) == HUGE_VAL);
}

/* Who buys in the market saves the time in the maker's queue, and pays for no more than that. */
static void the_makers_queue_bounds_the_price(void **state)
{
    (void)state;
    mdl_step_t step = small_world();
    assert_true(fabs(mdl_supply_substitute_yuan(&step, 2) - 100) < 1e-9); /* nobody waits: list price */
    double last = 100;
    for (int wait_d = 30; wait_d <= 480; wait_d *= 2) {
        eco.quote[2].wait_d = wait_d;
        double most = mdl_supply_substitute_yuan(&step, 2);
        double expected = 100 * exp(wait_d * (double)SIM_DAY_S / (double)eco.params.developers_patience_s);
        assert_true(most > last && fabs(most - expected) < 1e-9 * expected);
        last = most;
    }
    eco.banned = 1 << 2; /* a broker's shipment is yet to come */
    eco.quote[2].lead_d = 21;
    assert_true(mdl_supply_substitute_yuan(&step, 2) > last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_lowers_the_chance),
        cmocka_unit_test(nothing_comes_from_no_supply),
        cmocka_unit_test(a_substitute_bounds_the_price),
        cmocka_unit_test(the_makers_queue_bounds_the_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
