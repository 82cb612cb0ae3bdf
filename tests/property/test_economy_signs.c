// SPDX-License-Identifier: GPL-3.0-or-later
/* Levers move the world the way theory says, through decisions: paired differences over a few replications that share
 * random numbers. Each test asks for a mean difference beyond two standard errors of the pairs; were there no effect, it
 * would pass by accident with a chance below 5 %. Seeds are fixed, so it passes always or never. */
#include "tests/support/economy.h"
#include "tests/support/test.h"

#include <math.h>

#define REPLICATIONS 10

typedef struct effect {
    double mean, standard_error;
} effect_t;

/* An outcome; or of a national series its highest value. */
static double metric(const test_economy_t *run, const char *name)
{
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_raises_entry),
        cmocka_unit_test(audits_and_clawback_keep_rent_seekers_out),
        cmocka_unit_test(pay_on_measured_use_keeps_rent_seekers_out),
        cmocka_unit_test(an_export_rule_raises_the_chip_price),
        cmocka_unit_test(an_approval_cap_stops_building),
        cmocka_unit_test(grants_are_paid_and_audits_take_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
