// SPDX-License-Identifier: GPL-3.0-or-later
/* The grid: quotas, bills, resale and its price, enforcement at its rate. */
#include "tests/support/test.h"

#include "models/agents/grid.h"
#include "models/params/purpose.h"

#include <math.h>

static mdl_tables_t tables;
static mdl_params_t params;

static int setup(void **state)
{
    (void)state;
    mdl_params_init(&params);
    return mdl_tables_default(&tables, NULL) == SIM_OK ? 0 : -1;
}

static void quotas_bound_allotments(void **state)
{
    (void)state;
    mdl_grid_t grid;
    mdl_grid_init(&grid, &params, &tables, 3);
    int64_t quota = grid.quota_kw[4];
    assert_int_equal(quota, (int64_t)(tables.provinces[4].grid_quota_mw * 1000 * params.power_quota_scale));
    assert_int_equal(mdl_grid_allot(&grid, 4, quota - 10), quota - 10);
    assert_int_equal(mdl_grid_allot(&grid, 4, 50), 10);
    assert_int_equal(mdl_grid_allot(&grid, 4, 50), 0);
    assert_int_equal(mdl_grid_allot(&grid, 4, -5), 0);
    mdl_grid_release(&grid, 4, 100);
    assert_int_equal(mdl_grid_allot(&grid, 4, 1000), 100);
    assert_int_equal(grid.allotted_kw[4], quota);
    mdl_grid_meter(&grid, 4, 900, 100);
    assert_int_equal(grid.billed_wh[4], 900);
    assert_int_equal(grid.resold_wh[4], 100);
}

static void discounts_multiply(void **state)
{
    (void)state;
    mdl_params_t with = params;
    with.power_subsidy_share = 0.2;
    with.power_domestic_discount = 0.5;
    const mdl_province_t *province = &tables.provinces[0];
    double full = mdl_grid_tariff_fen_kwh(&with, province, 0);
    assert_true(fabs(full - province->power_price_yuan_kwh * with.power_price_scale * 100) < 1e-9);
    int both = MDL_TARIFF_SUBSIDISED | MDL_TARIFF_DOMESTIC_CHIPS;
    assert_true(fabs(mdl_grid_tariff_fen_kwh(&with, province, both) - full * 0.4) < 1e-9);
    assert_int_equal(mdl_grid_bill_fen(&with, province, 0, 1000000), llround(full * 1000));
    assert_int_equal(mdl_grid_bill_fen(&with, province, both, 1000000) +
                         mdl_grid_discount_fen(&with, province, both, 1000000),
                     mdl_grid_bill_fen(&with, province, 0, 1000000));
    with.power_subsidy_share = 1;
    assert_int_equal(mdl_grid_bill_fen(&with, province, both, INT64_MAX), 0);
}

static mdl_resale_t resell(const mdl_params_t *with, const mdl_resale_site_t *site, uint64_t day)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 14, 0, 9, MDL_PURPOSE_POWER_AUDIT, day);
    return mdl_grid_resell(with, &tables.provinces[4], site, &rng);
}

static void resale_is_of_what_is_unused_and_pays_only_below_the_going_price(void **state)
{
    (void)state;
    mdl_params_t with = params;
    with.power_subsidy_share = 0.5;
    with.power_resale_hazard = 0;
    mdl_resale_site_t site = {
        .allotted_kw = 1000, .used_wh = 500 * 24 * 1000, .hours = 24, .share = 0.5, .flags = MDL_TARIFF_SUBSIDISED};
    mdl_resale_t sold = resell(&with, &site, 0);
    assert_int_equal(sold.resold_wh, 250 * 24 * 1000);
    assert_true(sold.revenue_fen > sold.cost_fen && sold.cost_fen > 0);
    assert_int_equal(sold.cost_fen, mdl_grid_bill_fen(&with, &tables.provinces[4], site.flags, sold.resold_wh));
    assert_false(sold.caught);
    double gain = mdl_grid_resale_gain_fen_kwh(&with, &tables.provinces[4], site.flags);
    assert_true(fabs((double)(sold.revenue_fen - sold.cost_fen) - gain * (double)sold.resold_wh / 1000) < 2);
    site.flags = 0; /* full tariff: nothing to gain */
    assert_int_equal(resell(&with, &site, 0).resold_wh, 0);
    assert_true(mdl_grid_resale_gain_fen_kwh(&with, &tables.provinces[4], 0) == 0);
    site.flags = MDL_TARIFF_SUBSIDISED;
    site.used_wh = 1000 * 24 * 1000;
    assert_int_equal(resell(&with, &site, 0).resold_wh, 0);
    site.used_wh = 0;
    site.barred = true;
    assert_int_equal(resell(&with, &site, 0).revenue_fen, 0);
}

/* 3,000 months: 4 standard deviations miss once in 16,000. */
static void inspections_come_at_their_hazard_and_fine_months_of_revenue(void **state)
{
    (void)state;
    mdl_params_t with = params;
    with.power_subsidy_share = 0.5;
    with.power_resale_hazard = 2;
    mdl_resale_site_t site = {.allotted_kw = 1000, .hours = 730, .share = 1, .flags = MDL_TARIFF_SUBSIDISED};
    int caught = 0, n = 3000;
    for (int month = 0; month < n; month++) {
        mdl_resale_t sold = resell(&with, &site, (uint64_t)month);
        caught += sold.caught;
        assert_true((sold.penalty_fen > 0) == sold.caught);
        if (sold.caught)
            assert_true(fabs((double)sold.penalty_fen / (double)sold.revenue_fen / with.power_resale_penalty - 1) <
                        0.01);
    }
    double p = 1 - exp(-2.0 * 730 / 8766);
    assert_true(fabs(caught - n * p) < 4 * sqrt(n * p * (1 - p)));
    assert_true(mdl_grid_resale_gain_fen_kwh(&with, &tables.provinces[4], site.flags) == 0); /* too dangerous */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas_bound_allotments),
        cmocka_unit_test(discounts_multiply),
        cmocka_unit_test(resale_is_of_what_is_unused_and_pays_only_below_the_going_price),
        cmocka_unit_test(inspections_come_at_their_hazard_and_fine_months_of_revenue),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
