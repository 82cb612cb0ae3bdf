// SPDX-License-Identifier: GPL-3.0-or-later
/* Extreme worlds behave: nothing is infinite or missing without reason, all books are right under audit, and what common
 * sense says of such a world holds. What that is stands with each case. */
#include "models/economy/economy_state.h"

#include "models/agents/central.h"
#include "tests/support/economy.h"
#include "tests/support/test.h"

#define YEAR_D 365

/* A world after its run, for looking around in. */
static mdl_step_t look(test_economy_t *run)
{
    mdl_step_t step;
    mdl_step_open(&step, run->world, sim_world_now(run->world), &run->err);
    return step;
}

static test_economy_t finished(test_economy_t run)
{
    run.audit = true;
    test_economy_run(&run);
    test_economy_check_values(&run);
    return run;
}

static bool flowed(const mdl_step_t *step, mdl_flow_t flow, mdl_sector_t sector)
{
    return mdl_ledger_since_start_fen(step->ledger, (int)flow, sector) != 0;
}

static double highest(const test_economy_t *run, const char *group, const char *name)
{
    size_t n;
    int32_t channel = sim_schema_find(&run->schema, group, name);
    assert_true(channel >= 0);
    const double *series = sim_recorder_values(run->recorder, (uint32_t)channel, &n);
    double most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        most = series[i] > most ? series[i] : most; /* a missing value is never more */
    return most;
}

static void run_for(mdl_input_t *input, double years)
{
    input->horizon_s = (int64_t)(years * YEAR_D) * SIM_DAY_S;
}

/* --- demand ------------------------------------------------------------------------------------------------------- */

#define NO_DEMAND                                                                                                      \
    "enterprise.finetune_start=0", "enterprise.batch_start=0", "tokens.demand_start=0", "labs.entrants=0",             \
        "labs.incumbents=0", "platforms.training=0"

static void four_years(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)self, (void)tables;
    run_for(input, 4);
}

static void two_years(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)self, (void)tables;
    run_for(input, 2);
}

/* Rents of those who may compete come down to what a node costs to run; a state vehicle's to its floor. */
static void check_asks(const mdl_step_t *step)
{
    for (uint32_t i = 0; i < step->eco->n_sites; i++) {
        const mdl_site_t *site = &step->sites[i];
        bool old = site->energised_s < step->now_s - YEAR_D * SIM_DAY_S;
        if (!site->open || site->offer == MDL_NO_OFFER || site->nodes == 0 || !old)
            continue;
        const mdl_offer_t *offer = mdl_rental_offer(step->rental, site->offer);
        assert_int_equal(offer->leased, 0);
        assert_int_equal(offer->price_fen_node_month, offer->floor_fen_node_month);
    }
}

/* What the cheapest reference node that is offered costs to run. */
static int64_t cheapest_running_fen(const mdl_step_t *step)
{
    int64_t least = MDL_MONEY_MAX_FEN;
    for (uint32_t i = 0; i < step->eco->n_sites; i++) {
        const mdl_site_t *site = &step->sites[i];
        if (!site->open || site->offer == MDL_NO_OFFER || site->nodes == 0)
            continue;
        double running_fen = (double)mdl_site_variable_fen(step, site->province, site->gpu_type);
        int64_t here = mdl_money_round(running_fen / mdl_best_rate(&step->tables->gpu_types[site->gpu_type])) + 1;
        least = here < least ? here : least;
    }
    return least;
}

/* Nobody wants anything: no contract, no rent, no token, no inference; asked rents fall to their floors and the market's
 * index to what the cheapest node costs to run, so that nobody with eyes in his head builds for profit. The floors that
 * pledged loans and the state set are left out. */
static void zero_demand(void **state)
{
    (void)state;
    test_economy_t run = finished((test_economy_t){
        .seed = 1, .edit = four_years, .sets = {NO_DEMAND, "credit.pledged_rent=0", "developers.state_floor=0"}});
    mdl_step_t step = look(&run);
    assert_true(highest(&run, "", "demand") == 0);
    assert_true(highest(&run, "", "tokens_per_day") == 0);
    assert_true(highest(&run, "rental", "held") == 0);
    assert_true(highest(&run, "", "leased_share") <= 0);
    assert_false(flowed(&step, MDL_FLOW_RENT, MDL_SECTOR_DEVELOPER));
    assert_false(flowed(&step, MDL_FLOW_TOKENS, MDL_SECTOR_ENTERPRISE));
    check_asks(&step);
    double margin = 1 + step.params->platforms_ask_margin; /* platforms ask so much above it */
    assert_true((double)step.rental->index_fen <= margin * (double)cheapest_running_fen(&step));
    test_economy_free(&run);

    test_economy_t sober =
        finished((test_economy_t){.seed = 1, .edit = two_years, .sets = {NO_DEMAND, "beliefs.control=true"}});
    step = look(&sober);
    assert_int_equal(step.eco->tally.announced[MDL_DEVELOPER_OPERATOR], 0);
    test_economy_free(&sober);
}

/* --- public money ------------------------------------------------------------------------------------------------- */

/* From the first day to the last: the preset dates the fall of land revenue. */
static void set_land_revenue(mdl_input_t *input, double value)
{
    int param = mdl_params_find("cities.land_revenue");
    input->n_changes = 0;
    assert_int_equal(mdl_params_set(&input->params, param, value, NULL), SIM_OK);
}

static void no_land_revenue(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)self, (void)tables;
    set_land_revenue(input, 0);
}

/* No grants, or cities without money: none is promised, paid or taken back; without money no voucher and no bail-out
 * either. */
static void zero_subsidy(void **state)
{
    (void)state;
    static const char *const ways[] = {"subsidy.enabled=false", "subsidy.budget_scale=0", NULL};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        test_economy_t run =
            finished((test_economy_t){.seed = 2,
                                      .edit = ways[i] == NULL ? no_land_revenue : NULL,
                                      .sets = {"subsidy.grant_share=0.3", "subsidy.voucher_share=0.8", ways[i]}});
        mdl_step_t step = look(&run);
        assert_true(highest(&run, "", "subsidy_promised") == 0);
        assert_true(highest(&run, "", "subsidy_offer") == 0);
        assert_false(flowed(&step, MDL_FLOW_SUBSIDY, MDL_SECTOR_CITY));
        assert_false(flowed(&step, MDL_FLOW_CLAWBACK, MDL_SECTOR_CITY));
        assert_true(i == 0 || !flowed(&step, MDL_FLOW_VOUCHER, MDL_SECTOR_CITY));
        assert_true(i == 0 || !flowed(&step, MDL_FLOW_TRANSFER, MDL_SECTOR_CITY));
        test_economy_free(&run);
    }
}

static void rich_cities(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    two_years(self, input, tables);
    set_land_revenue(input, 1000);
}

/* Land revenue without end: budgets bind no more, so that offers end where the rule says, at subsidy.max_share; nobody
 * builds for lack of land revenue, and no sum overflows. */
static void endless_land_revenue(void **state)
{
    (void)state;
    test_economy_t run = finished((test_economy_t){
        .seed = 3, .edit = rich_cities, .sets = {"subsidy.budget_scale=100", "cities.tournament_step=0.2"}});
    mdl_step_t step = look(&run);
    for (uint32_t c = 0; c < step.tables->n_cities; c++) {
        const mdl_city_state_t *city = &step.eco->cities[c];
        assert_true(mdl_city_offer(city, step.params, false) <= step.params->subsidy_max_share);
        assert_true(mdl_city_land_motive(city, step.params) == 0);
        assert_true(city->promised_fen <= (int64_t)(step.params->cities_commit_share * (double)city->budget_fen));
    }
    assert_true(highest(&run, "", "subsidy_offer") > 0.1);
    test_economy_free(&run);
}

/* --- smuggling ---------------------------------------------------------------------------------------------------- */

/* Chips that are scarce and dear, so that smuggling pays. */
#define SMUGGLING "brokers.capacity_scale=1", "developers.hurdle=-0.5", "chips.quota_scale=0.02"

typedef struct traffic {
    int64_t shipped, arrived, seized;
} traffic_t;

static traffic_t traffic(const mdl_step_t *step)
{
    traffic_t sum = {0};
    for (uint32_t b = 0; b < step->eco->n_brokers; b++)
        for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
            sum.shipped += step->brokers[b].shipped[type];
            sum.arrived += step->brokers[b].arrived[type];
            sum.seized += step->brokers[b].seized[type];
        }
    return sum;
}

/* Customs that never look: what is sent arrives. */
static void no_seizure(void **state)
{
    (void)state;
    test_economy_t run = finished((test_economy_t){.seed = 4, .sets = {SMUGGLING, "brokers.seizure_scale=0"}});
    mdl_step_t step = look(&run);
    traffic_t all = traffic(&step);
    assert_true(all.arrived > 0);
    assert_int_equal(all.seized, 0);
    for (uint32_t b = 0; b < step.eco->n_brokers; b++)
        assert_true(mdl_broker_loss(step.params, step.tables, (int32_t)b) == 0);
    test_economy_free(&run);
}

#define SHUT_DAY 90

static void borders_shut(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)tables;
    input->changes = self->user;
    input->n_changes = 1;
}

/* Customs that see everything from a day on: what is on its way then is lost, nothing more is sent, nothing arrives. */
static void certain_seizure(void **state)
{
    (void)state;
    mdl_change_t shut = {SHUT_DAY * SIM_DAY_S, mdl_params_find("brokers.seizure_scale"), 100};
    test_economy_t run = {.seed = 4, .audit = true, .edit = borders_shut, .user = &shut, .sets = {SMUGGLING}};
    test_economy_open(&run);
    assert_int_equal(test_economy_advance(&run, (SHUT_DAY + 1) * SIM_DAY_S), SIM_OK);
    mdl_step_t step = look(&run);
    traffic_t before = traffic(&step);
    assert_true(before.shipped > before.arrived + before.seized); /* some are under way */
    assert_int_equal(test_economy_advance(&run, SIM_NEVER), SIM_OK);
    assert_int_equal(mdl_economy_finish(run.world, run.recorder, &run.meta, &run.err), SIM_OK);
    step = look(&run);
    traffic_t after = traffic(&step);
    assert_int_equal(after.arrived, before.arrived);
    assert_int_equal(after.shipped, before.shipped);
    assert_int_equal(after.shipped, after.arrived + after.seized);
    test_economy_check_values(&run);
    test_economy_free(&run);

    test_economy_t never = finished((test_economy_t){.seed = 4, .sets = {SMUGGLING, "brokers.seizure_scale=100"}});
    step = look(&never);
    assert_int_equal(traffic(&step).shipped, 0);
    test_economy_free(&never);
}

/* --- credit ------------------------------------------------------------------------------------------------------- */

#define BORROWING                                                                                                      \
    "developers.hurdle=-0.5", "developers.finance_operator=3", "developers.finance_state=3", "credit.hurdle=-1",       \
        "credit.grace=0 d", "developers.build_time=30 d"

/* Money for nothing: loans are given and repaid, no interest flows. */
static void zero_interest(void **state)
{
    (void)state;
    test_economy_t run =
        finished((test_economy_t){.seed = 5, .sets = {BORROWING, "credit.base_rate=0", "credit.risk_spread=0"}});
    mdl_step_t step = look(&run);
    assert_true(step.bank->lent_fen > 0);
    assert_true(step.bank->repaid_fen > 0);
    assert_false(flowed(&step, MDL_FLOW_INTEREST, MDL_SECTOR_BANK));
    test_economy_free(&run);
}

/* 50 % a year: interest flows, and no fewer loans go bad than at 0; what is lost is no more than what was lent. */
static void interest_of_half(void **state)
{
    (void)state;
    test_economy_t dear = finished((test_economy_t){.seed = 5, .sets = {BORROWING, "credit.base_rate=0.5"}});
    test_economy_t free_of_charge =
        finished((test_economy_t){.seed = 5, .sets = {BORROWING, "credit.base_rate=0", "credit.risk_spread=0"}});
    mdl_step_t step = look(&dear);
    assert_true(flowed(&step, MDL_FLOW_INTEREST, MDL_SECTOR_BANK));
    assert_true(step.bank->written_off_fen <= step.bank->lent_fen);
    assert_true(test_economy_outcome(&dear, "bad_debt_share") >=
                test_economy_outcome(&free_of_charge, "bad_debt_share"));
    assert_true(test_economy_outcome(&dear, "bad_debt_share") <= 1);
    test_economy_free(&dear);
    test_economy_free(&free_of_charge);
}

/* --- places and people -------------------------------------------------------------------------------------------- */

static void only_shanghai(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)self, (void)input;
    tables->provinces[0] = tables->provinces[mdl_tables_find_province(tables, "Shanghai")];
    tables->provinces[0].demand_weight = 1;
    tables->n_provinces = 1;
    for (uint32_t c = 0; c < tables->n_cities; c++)
        tables->cities[c].province = 0;
    for (uint32_t i = 0; i < tables->n_platforms; i++)
        tables->platforms[i].home_province = 0;
}

/* A country of one province: everything is near, so that nobody is refused for latency; a rule that sends builders west
 * finds no west and changes nothing. */
static void one_province(void **state)
{
    (void)state;
    test_economy_t run = finished((test_economy_t){.seed = 6, .edit = only_shanghai});
    mdl_step_t step = look(&run);
    size_t n;
    int32_t channel = sim_schema_find(&run.schema, "rental", "unserved_by_reason");
    const double *unserved = sim_recorder_values(run.recorder, (uint32_t)channel, &n);
    for (size_t i = MDL_REFUSAL_LATENCY; i < n; i += MDL_REFUSALS)
        assert_true(unserved[i] == 0);
    assert_true(step.eco->n_projects > 0);
    test_economy_t west =
        finished((test_economy_t){.seed = 6, .edit = only_shanghai, .sets = {"location.west_share=1"}});
    assert_int_equal(test_economy_hash(&west), test_economy_hash(&run));
    test_economy_free(&west);
    test_economy_free(&run);
}

/* One developer: all that is announced is its own, and it never has more under way than it may. */
static void one_developer(void **state)
{
    (void)state;
    test_economy_t run = finished((test_economy_t){.seed = 7,
                                                   .edit = two_years,
                                                   .sets = {"developers.operators=1", "developers.state_vehicles=0",
                                                            "developers.cross_industry=0", "developers.rent_seekers=0",
                                                            "developers.rate_operator=12", "developers.hurdle=-1",
                                                            "start.centres=0", "start.building=0"}});
    mdl_step_t step = look(&run);
    assert_true(step.eco->n_projects > 0);
    uint32_t under_way = 0;
    for (uint32_t i = 0; i < step.eco->n_projects; i++) {
        const mdl_project_t *project = &step.projects[i];
        assert_int_equal(project->developer, 0);
        under_way += project->stage < MDL_STAGE_OPERATING;
    }
    assert_int_equal(under_way, step.developers[0].under_way);
    assert_true(under_way <= step.params->developers_at_once);
    test_economy_free(&run);
}

/* Five thousand developers: thousands of projects, all of them in the books. */
static void five_thousand_developers(void **state)
{
    (void)state;
    test_economy_t run = finished((test_economy_t){
        .seed = 8,
        .sets = {"developers.operators=1250", "developers.state_vehicles=1250", "developers.cross_industry=1250",
                 "developers.rent_seekers=1250", "developers.herding=0", "horizon.max_projects=20000"}});
    mdl_step_t step = look(&run);
    double announced = test_economy_outcome(&run, "projects_announced");
    assert_int_equal(step.eco->n_developers, 5000);
    assert_true(announced > 500);
    assert_true(announced == step.eco->n_projects - (double)(step.params->start_centres + step.params->start_building));
    test_economy_free(&run);
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static void one_day_only(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)self, (void)tables;
    input->horizon_s = SIM_DAY_S;
}

/* One day: a row of each series, no month, and nothing that takes longer than a day has happened. */
static void one_day(void **state)
{
    (void)state;
    test_economy_t run = finished((test_economy_t){.seed = 9, .edit = one_day_only});
    assert_int_equal(run.schema.n_times[SIM_CLOCK_INTERVAL], 1);
    assert_int_equal(run.schema.n_times[SIM_CLOCK_MONTH], 0);
    assert_true(test_economy_outcome(&run, "projects_completed") == 0);
    assert_true(test_economy_outcome(&run, "projects_defaulted") == 0);
    assert_true(isnan(test_economy_outcome(&run, "utilisation_2025q1")));
    test_economy_free(&run);
}

static void fifteen_years_long(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    (void)self, (void)tables;
    run_for(input, 15);
}

/* Fifteen years: growth rates compound without leaving the numbers, first centres wear out, what is since the start
 * never falls. */
static void fifteen_years(void **state)
{
    (void)state;
    static const char *const rising[] = {"projects_announced", "projects_defaulted", "subsidy_paid", "labs_registered"};
    test_economy_t run =
        finished((test_economy_t){.seed = 10, .edit = fifteen_years_long, .sets = {"horizon.max_projects=20000"}});
    for (size_t k = 0; k < sizeof rising / sizeof rising[0]; k++) {
        size_t n;
        int32_t channel = sim_schema_find(&run.schema, "", rising[k]);
        const double *series = sim_recorder_values(run.recorder, (uint32_t)channel, &n);
        for (size_t i = 1; i < n; i++)
            assert_true(series[i] >= series[i - 1]);
    }
    assert_true(highest(&run, "", "utilisation") <= 1);
    assert_true(highest(&run, "", "hype") <= 1);
    test_economy_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_demand),   cmocka_unit_test(zero_subsidy),
        cmocka_unit_test(no_seizure),    cmocka_unit_test(certain_seizure),
        cmocka_unit_test(zero_interest), cmocka_unit_test(interest_of_half),
        cmocka_unit_test(one_province),  cmocka_unit_test(endless_land_revenue),
        cmocka_unit_test(one_developer), cmocka_unit_test(five_thousand_developers),
        cmocka_unit_test(one_day),       cmocka_unit_test(fifteen_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
