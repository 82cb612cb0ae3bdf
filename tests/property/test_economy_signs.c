// SPDX-License-Identifier: GPL-3.0-or-later
/* Levers move the world the way theory says, through decisions: paired differences over a few replications that share
 * random numbers. Each test asks for a mean difference beyond two standard errors of the pairs; were there no effect, it
 * would pass by accident with a chance below 5 %. Seeds are fixed, so it passes always or never. */
#include "models/economy/economy_state.h"

#include "tests/support/economy.h"
#include "tests/support/test.h"

#include <math.h>

#define REPLICATIONS 10

typedef struct effect {
    double mean, standard_error;
} effect_t;

/* Share of the projects announced in the run that stand in the west. */
static double in_west(const test_economy_t *run)
{
    mdl_step_t step;
    double west = 0, all = 0;
    mdl_step_open(&step, run->world, sim_world_now(run->world), NULL);
    for (uint32_t i = 0; i < step.eco->n_projects; i++) {
        const mdl_province_t *place = &step.tables->provinces[step.projects[i].province];
        bool announced = step.projects[i].developer != MDL_NO_DEVELOPER;
        all += announced;
        west += announced && mdl_zone_of(place) == MDL_ZONE_WEST;
    }
    return all > 0 ? west / all : 0;
}

/* Domestic GPUs that projects plan with, share of all that they plan with. */
static double domestic(const test_economy_t *run)
{
    mdl_step_t step;
    double here = 0, all = 0;
    mdl_step_open(&step, run->world, sim_world_now(run->world), NULL);
    for (uint32_t i = 0; i < step.eco->n_projects; i++) {
        double size = step.projects[i].nodes_wanted;
        all += size;
        here += step.tables->gpu_types[step.projects[i].gpu_type].foreign ? 0 : size;
    }
    return all > 0 ? here / all : 0;
}

/* An outcome; of a national series its highest value; or one of the above. */
static double metric(const test_economy_t *run, const char *name)
{
    if (strcmp(name, "in_west") == 0)
        return in_west(run);
    if (strcmp(name, "domestic") == 0)
        return domestic(run);
    if (sim_schema_find(&run->schema, "outcomes", name) >= 0)
        return test_economy_outcome(run, name);
    size_t n;
    int32_t channel = sim_schema_find(&run->schema, "", name);
    const double *series = sim_recorder_values(run->recorder, (uint32_t)channel, &n);
    double highest = series[0];
    for (size_t i = 1; i < n; i++)
        highest = series[i] > highest ? series[i] : highest;
    return highest;
}

/* The metric of `with` less that of `without`, paired. */
static effect_t paired(const test_economy_t *with, const test_economy_t *without, const char *name)
{
    double sum = 0, squares = 0;
    for (uint64_t r = 0; r < REPLICATIONS; r++) {
        test_economy_t a = *with, b = *without;
        a.replication = b.replication = r;
        test_economy_run(&a);
        test_economy_run(&b);
        double difference = metric(&a, name) - metric(&b, name);
        sum += difference;
        squares += difference * difference;
        test_economy_free(&a);
        test_economy_free(&b);
    }
    double mean = sum / REPLICATIONS;
    double variance = (squares - sum * mean) / (REPLICATIONS - 1);
    return (effect_t){mean, sqrt(variance / REPLICATIONS)};
}

static void must_rise(effect_t effect)
{
    print_message("           %+.4g, standard error %.3g\n", effect.mean, effect.standard_error);
    assert_true(effect.mean > 0);
    assert_true(effect.mean > 2 * effect.standard_error);
}

static void must_fall(effect_t effect)
{
    must_rise((effect_t){-effect.mean, effect.standard_error});
}

static void a_grant_raises_entry(void **state)
{
    (void)state;
    test_economy_t grant = {.seed = 1, .sets = {"subsidy.grant_share=0.3", "subsidy.budget_scale=20"}};
    test_economy_t none = {.seed = 1, .sets = {"subsidy.enabled=false"}};
    must_rise(paired(&grant, &none, "projects_announced"));
}

static void audits_and_clawback_keep_rent_seekers_out(void **state)
{
    (void)state;
    test_economy_t loose = {.seed = 2,
                            .sets = {"subsidy.grant_share=0.35", "subsidy.budget_scale=20", "audit.hazard=0"}};
    test_economy_t strict = {
        .seed = 2,
        .sets = {"subsidy.grant_share=0.35", "subsidy.budget_scale=20", "audit.hazard=6", "subsidy.clawback_share=1"}};
    must_fall(paired(&strict, &loose, "projects_announced_rent_seekers"));
}

static void pay_on_measured_use_keeps_rent_seekers_out(void **state)
{
    (void)state;
    test_economy_t flat = {.seed = 3, .sets = {"subsidy.grant_share=0.35", "subsidy.budget_scale=20"}};
    test_economy_t linked = {
        .seed = 3, .sets = {"subsidy.grant_share=0.35", "subsidy.budget_scale=20", "subsidy.utilisation_linked=1"}};
    must_fall(paired(&linked, &flat, "projects_announced_rent_seekers"));
}

static void an_export_rule_raises_the_chip_price(void **state)
{
    (void)state;
    /* Enough buyers in each replication, and enough chips where they may be sold. */
    test_economy_t rule = {.seed = 4,
                           .sets = {"developers.hurdle=-0.5", "chips.quota_scale=2", "brokers.capacity_scale=1"}};
    test_economy_t none = rule;
    none.sets[3] = "rules.export_rules=false";
    must_rise(paired(&rule, &none, "chip_price"));
}

static void an_approval_cap_stops_building(void **state)
{
    (void)state;
    /* Centres in most provinces, so that the cap has something to look at. */
    test_economy_t cap = {.seed = 5,
                          .sets = {"start.centres=100", "developers.hurdle=-0.5", "central.approval_cap=0.95"}};
    test_economy_t none = {.seed = 5, .sets = {"start.centres=100", "developers.hurdle=-0.5"}};
    must_fall(paired(&cap, &none, "projects_building"));
}

static void grants_are_paid_and_audits_take_back(void **state)
{
    (void)state;
    double paid = 0, back = 0;
    for (uint64_t r = 0; r < 6; r++) {
        test_economy_t run = {.seed = 6,
                              .replication = r,
                              .sets = {"subsidy.grant_share=0.35", "subsidy.budget_scale=20", "audit.hazard=12",
                                       "audit.utilisation_min=1", "subsidy.clawback_share=1",
                                       "developers.build_time=14 d", "developers.hurdle=-1",
                                       "developers.approval_rate=7", "developers.finance_state=7",
                                       "developers.finance_operator=7", "developers.open_share=0.05",
                                       "chips.quota_scale=2", "chips.lead_time_scale=0", "horizon.max_projects=3000"}};
        test_economy_run(&run);
        double here = test_economy_outcome(&run, "subsidy_clawed_back_yuan");
        assert_true(here <= test_economy_outcome(&run, "subsidy_paid_yuan"));
        paid += test_economy_outcome(&run, "subsidy_paid_yuan");
        back += here;
        test_economy_free(&run);
    }
    assert_true(paid > 0);
    assert_true(back > 0);
}

static void vouchers_draw_tenants_to_the_centres_that_take_them(void **state)
{
    (void)state;
    test_economy_t none = {.seed = 7, .sets = {"platforms.rented_share=1", "platforms.fleet_scale=0.05"}};
    test_economy_t vouchers = none;
    vouchers.sets[2] = "subsidy.voucher_share=0.8";
    vouchers.sets[3] = "subsidy.voucher_budget_share=1";
    vouchers.sets[4] = "subsidy.budget_scale=20";
    none.sets[2] = "subsidy.budget_scale=20";
    must_rise(paired(&vouchers, &none, "utilisation_mean"));
}

/* Whatever the budget, cities repay no more than the share of the rents of a year. */
static void vouchers_stay_within_their_share(void **state)
{
    (void)state;
    test_economy_t run = {
        .seed = 8, .sets = {"subsidy.voucher_share=0.8", "subsidy.voucher_budget_share=1", "subsidy.budget_scale=100"}};
    test_economy_run(&run);
    mdl_step_t step;
    mdl_step_open(&step, run.world, sim_world_now(run.world), &run.err);
    double rents = (double)mdl_ledger_since_start_fen(step.ledger, MDL_FLOW_RENT, MDL_SECTOR_DEVELOPER);
    double paid = (double)step.eco->tally.vouchers_fen;
    assert_true(paid > 0.5 * rents);
    assert_true(paid <= 0.8 * rents + 1e6); /* each payment is rounded to a fen */
    test_economy_free(&run);
}

static void a_rule_on_location_moves_projects_west(void **state)
{
    (void)state;
    test_economy_t free_choice = {.seed = 9, .sets = {"developers.hurdle=-0.5"}};
    test_economy_t rule = {.seed = 9, .sets = {"developers.hurdle=-0.5", "location.west_share=0.9"}};
    test_economy_t waived = {
        .seed = 9, .sets = {"developers.hurdle=-0.5", "location.west_share=0.9", "location.latency_waiver=1"}};
    must_rise(paired(&rule, &free_choice, "in_west"));
    must_fall(paired(&waived, &rule, "in_west"));
    must_fall(paired(&rule, &free_choice, "projects_announced")); /* state vehicles of the east have no site there */
}

/* Where chips are plenty builders pay it. Few stay out, since rents are believed to follow what entrants' chips cost. */
static void a_tariff_makes_chips_dearer_and_centres_smaller(void **state)
{
    (void)state;
    test_economy_t none = {.seed = 10,
                           .sets = {"rules.export_rules=false", "chips.quota_scale=2", "developers.operators=40",
                                    "developers.build_time=30 d", "developers.hurdle=-0.2",
                                    "developers.equity_share=0.3", "horizon.max_projects=2000"}};
    test_economy_t tariff = none;
    tariff.sets[7] = "chips.tariff_share=0.5";
    must_rise(paired(&tariff, &none, "chip_price"));
    must_fall(paired(&tariff, &none, "capacity_centres_h100e"));
}

static void tight_credit_stops_projects(void **state)
{
    (void)state;
    test_economy_t loose = {.seed = 11, .sets = {"developers.equity_share=0.2", "developers.hurdle=-0.5"}};
    test_economy_t capped = loose, marked_down = loose;
    capped.sets[2] = "credit.ltv_cap=0.2";
    marked_down.sets[2] = "credit.haircut=0.95";
    must_fall(paired(&capped, &loose, "projects_building"));
    must_fall(paired(&marked_down, &loose, "projects_building"));
    /* Who lives on diverted loans announces less. */
    capped.sets[1] = loose.sets[1] = "developers.rent_seekers=40";
    must_fall(paired(&capped, &loose, "projects_announced_rent_seekers"));
}

static void three_years(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)self, (void)tables;
    input->horizon_s = 1096 * SIM_DAY_S;
}

/* Where state vehicles borrow and earn too little, fewer of them fail while banks extend their loans. */
static void extended_loans_keep_centres_open(void **state)
{
    (void)state;
    test_economy_t never = {.seed = 14,
                            .edit = three_years,
                            .sets = {"developers.hurdle=-0.2", "developers.build_time=40 d", "credit.grace=60 d",
                                     "developers.finance_state=2", "developers.approval_rate=2",
                                     "developers.node_cost_month=50000", "credit.covenant_cover=0",
                                     "chips.quota_scale=0.1", "brokers.capacity_scale=0.3", "credit.extension=0 d"}};
    test_economy_t extended = never;
    extended.sets[9] = "credit.extension=913 d";
    must_fall(paired(&extended, &never, "projects_defaulted"));
}

static void grants_stop_above_the_trend(void **state)
{
    (void)state;
    test_economy_t always = {.seed = 12, .sets = {"subsidy.grant_share=0.3", "subsidy.budget_scale=20"}};
    test_economy_t below = always;
    below.sets[2] = "subsidy.counter_cyclical=true";
    below.sets[3] = "subsidy.trend_growth=0";
    must_fall(paired(&below, &always, "subsidy_promised"));
}

static void inspections_end_the_resale_of_power(void **state)
{
    (void)state;
    test_economy_t lax = {.seed = 13,
                          .sets = {"developers.rent_seekers=30", "developers.hurdle=-0.8", "developers.build_time=14 d",
                                   "developers.approval_rate=7", "developers.finance_rent_seeker=7",
                                   "developers.open_share=0.05", "chips.quota_scale=2", "chips.lead_time_scale=0",
                                   "power.subsidy_share=0.3", "power.resale_hazard=0", "horizon.max_projects=2000"}};
    test_economy_t strict = lax;
    strict.sets[9] = "power.resale_hazard=50";
    must_fall(paired(&strict, &lax, "energy_resold_gwh"));
    /* And who lives on it announces less. */
    test_economy_t worth = {.seed = 13,
                            .sets = {"developers.rent_seekers=40", "power.price_scale=3", "power.resale_price=2",
                                     "developers.resale_share=1", "power.resale_hazard=0"}};
    test_economy_t not_worth = worth;
    not_worth.sets[4] = "power.resale_hazard=50";
    must_fall(paired(&not_worth, &worth, "projects_announced_rent_seekers"));
}

static void the_rule_on_foreign_chips_turns_builders_to_domestic_ones(void **state)
{
    (void)state;
    test_economy_t open_market = {.seed = 14, .sets = {"developers.hurdle=-0.5"}};
    test_economy_t rule = open_market;
    rule.sets[1] = "rules.foreign_chips_in_state_centres=false";
    must_rise(paired(&rule, &open_market, "domestic"));
}

static void cheap_power_for_domestic_chips_raises_entry(void **state)
{
    (void)state;
    test_economy_t full = {.seed = 15,
                           .sets = {"rules.foreign_chips_in_state_centres=false", "developers.state_vehicles=40",
                                    "power.price_scale=3", "developers.hurdle=-0.5", "power.domestic_discount=0"}};
    test_economy_t cheap = full;
    cheap.sets[4] = "power.domestic_discount=0.5";
    must_rise(paired(&cheap, &full, "projects_announced"));
}

static void a_national_pool_serves_more(void **state)
{
    (void)state;
    /* Small centres, so that a search finds few of those that would do. */
    test_economy_t apart = {.seed = 16,
                            .sets = {"start.centres=60", "start.centre_pflops=40", "rental.search_breadth=1"}};
    test_economy_t pooled = apart;
    pooled.sets[3] = "pooling.coverage=1";
    must_rise(paired(&pooled, &apart, "utilisation_mean"));
}

static void owners_that_pay_keep_centres_open(void **state)
{
    (void)state;
    test_economy_t pays = {.seed = 15, .sets = {"developers.node_cost_month=100000", "developers.owner_pays=1"}};
    test_economy_t lets_go = {.seed = 15, .sets = {"developers.node_cost_month=100000", "developers.owner_pays=0"}};
    must_fall(paired(&pays, &lets_go, "projects_defaulted"));
}

static void linked_centres_serve_more(void **state)
{
    (void)state;
    /* Small centres and nobody who builds: labs' clusters find room only over several of them. */
    test_economy_t apart = {.seed = 17,
                            .sets = {"start.centres=60", "start.centre_pflops=40", "hardware.training_fabric=0",
                                     "developers.hurdle=2", "labs.incumbents=12", "labs.entrants=12"}};
    test_economy_t linked = apart;
    linked.sets[6] = "labs.one_fabric=false";
    must_rise(paired(&linked, &apart, "utilisation_mean"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_raises_entry),
        cmocka_unit_test(audits_and_clawback_keep_rent_seekers_out),
        cmocka_unit_test(pay_on_measured_use_keeps_rent_seekers_out),
        cmocka_unit_test(an_export_rule_raises_the_chip_price),
        cmocka_unit_test(an_approval_cap_stops_building),
        cmocka_unit_test(grants_are_paid_and_audits_take_back),
        cmocka_unit_test(vouchers_draw_tenants_to_the_centres_that_take_them),
        cmocka_unit_test(vouchers_stay_within_their_share),
        cmocka_unit_test(a_rule_on_location_moves_projects_west),
        cmocka_unit_test(a_tariff_makes_chips_dearer_and_centres_smaller),
        cmocka_unit_test(tight_credit_stops_projects),
        cmocka_unit_test(extended_loans_keep_centres_open),
        cmocka_unit_test(grants_stop_above_the_trend),
        cmocka_unit_test(inspections_end_the_resale_of_power),
        cmocka_unit_test(the_rule_on_foreign_chips_turns_builders_to_domestic_ones),
        cmocka_unit_test(cheap_power_for_domestic_chips_raises_entry),
        cmocka_unit_test(a_national_pool_serves_more),
        cmocka_unit_test(owners_that_pay_keep_centres_open),
        cmocka_unit_test(linked_centres_serve_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
