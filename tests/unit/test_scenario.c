// SPDX-License-Identifier: GPL-3.0-or-later
/* Scenarios that are right: what they resolve to, what extends inherits, what forks from what, what is written back. */
#include "tests/support/test.h"

#include "models/params/shocks.h"
#include "sim/time.h"
#include "tests/support/scenario_text.h"

#define DAY SIM_DAY_S

static void test_empty_map_is_all_defaults(void **state)
{
    (void)state;
    scn_scenario_t *scenario = test_load("{}\n");
    const mdl_input_t *input = scn_scenario_input(scenario, 0, 0);
    mdl_params_t params;
    mdl_params_init(&params);
    assert_memory_equal(&input->params, &params, sizeof params);
    assert_string_equal(scn_scenario_name(scenario), "x");
    assert_string_equal(scn_scenario_arm_name(scenario, 0), "baseline");
    assert_int_equal(scn_scenario_arms(scenario), 1);
    assert_int_equal(scn_scenario_points(scenario), 1);
    assert_int_equal(scn_scenario_replications(scenario), 100);
    assert_int_equal(input->horizon_s, (5 * 365 + 1) * DAY);
    assert_int_equal(input->record_interval_s, 7 * DAY);
    assert_int_equal(input->tables->n_provinces, 31);
    assert_int_equal(input->detail & MDL_DETAIL_CENTRE, 0);
    assert_int_equal(input->detail & MDL_DETAIL_RENTAL, MDL_DETAIL_RENTAL);
    scn_scenario_free(scenario);
    scn_scenario_free(NULL);
}

static void test_all_keys(void **state)
{
    (void)state;
    scn_scenario_t *scenario =
        test_load("name: all.keys_1\n"
                  "horizon: {start: 2023-01-01, end: 2023-12-31}\n"
                  "precision: {metric: utilisation_2025q1, half_width: 1e-2, max: 2000}\n"
                  "seed: 18446744073709551615\n"
                  "set:\n  subsidy.grant_share: 30 %\n  beliefs.horizon: 10 wk\n  beliefs.control: true\n"
                  "changes: [{date: 2023-03-01, set: {audit.hazard: 0.5}, source: E11}]\n"
                  "shocks: [{date: 2023-10-17, kind: export_rule, types: [A800, H800], source: E04}]\n"
                  "record: {interval: 1 d, detail: [centre]}\n");
    const mdl_input_t *input = scn_scenario_input(scenario, 0, 0);
    const char *metric;
    double half_width;
    assert_true(scn_scenario_precision(scenario, &metric, &half_width));
    assert_string_equal(metric, "utilisation_2025q1");
    assert_true(half_width == 0.01);
    assert_int_equal(scn_scenario_replications(scenario), 2000);
    assert_true(scn_scenario_seed(scenario) == UINT64_MAX);
    assert_string_equal(scn_scenario_name(scenario), "all.keys_1");
    assert_true(test_start_value(scenario, 0, 0, "subsidy.grant_share") == 0.3);
    assert_int_equal(input->params.beliefs_horizon_s, 70 * DAY);
    assert_true(input->params.beliefs_control);
    assert_int_equal(input->n_changes, 1);
    assert_int_equal(input->changes[0].time_s, 59 * DAY);
    assert_int_equal(input->n_shocks, 1);
    assert_int_equal(input->shocks[0].kind, MDL_SHOCK_EXPORT_RULE);
    uint64_t types = UINT64_C(1) << mdl_tables_find_gpu_type(input->tables, "A800") |
                     UINT64_C(1) << mdl_tables_find_gpu_type(input->tables, "H800");
    assert_true(input->shocks[0].types == types);
    assert_string_equal(input->shocks[0].source, "E04");
    assert_int_equal(input->record_interval_s, DAY);
    assert_int_equal(input->detail, MDL_DETAIL_CENTRE);
    scn_scenario_free(scenario);
}

static void test_extends_merges_maps_and_replaces_lists(void **state)
{
    (void)state;
    test_write("base.yaml", "name: base\n"
                            "horizon: {start: 2022-01-01, end: 2024-12-31}\n"
                            "replications: 7\nseed: 5\n"
                            "set: {subsidy.grant_share: 0.1, audit.hazard: 0.2}\n"
                            "changes: [{date: 2022-02-01, set: {audit.hazard: 1}}]\n"
                            "shocks: [{date: 2022-11-30, kind: hype, value: 0.1}]\n"
                            "record: {interval: 14 d, detail: [jobs]}\n"
                            "arms: [{name: one}, {name: two, set: {audit.hazard: 3}}, {name: three}]\n");
    scn_scenario_t *scenario = test_load("extends: base.yaml\n"
                                         "horizon: {end: 2023-12-31}\n"
                                         "set: {audit.hazard: 0.3}\n"
                                         "changes: []\n"
                                         "record: {interval: 7 d}\n");
    const mdl_input_t *input = scn_scenario_input(scenario, 0, 0);
    assert_string_equal(scn_scenario_name(scenario), "x"); /* not inherited */
    assert_int_equal(scn_scenario_replications(scenario), 7);
    assert_int_equal(input->horizon_s, 730 * DAY);
    assert_true(test_start_value(scenario, 0, 0, "subsidy.grant_share") == 0.1);
    assert_true(test_start_value(scenario, 0, 0, "audit.hazard") == 0.3);
    assert_int_equal(input->n_changes, 0);
    assert_int_equal(input->n_shocks, 1);
    assert_int_equal(input->record_interval_s, 7 * DAY);
    assert_int_equal(input->detail, MDL_DETAIL_JOBS);
    assert_int_equal(scn_scenario_arms(scenario), 3); /* inherited */
    assert_true(test_start_value(scenario, 1, 0, "audit.hazard") == 3);
    scn_scenario_free(scenario);
}

static void test_extends_and_arms(void **state)
{
    (void)state;
    test_write("base.yaml", "arms: [{name: one, set: {audit.hazard: 1}}, {name: two, set: {audit.hazard: 2}}, {name: "
                            "three}]\n");
    scn_scenario_t *scenario = test_load("extends: base.yaml\narms:\n"
                                         "  - {name: two}\n" /* as in base.yaml */
                                         "  - {name: one, set: {subsidy.grant_share: 0.5}}\n"
                                         "  - {name: new, set: {audit.hazard: 4}}\n");
    assert_int_equal(scn_scenario_arms(scenario), 3);
    assert_string_equal(scn_scenario_arm_name(scenario, 0), "two");
    assert_true(test_start_value(scenario, 0, 0, "audit.hazard") == 2);
    assert_true(test_start_value(scenario, 1, 0, "audit.hazard") != 1); /* replaced as a whole */
    assert_true(test_start_value(scenario, 1, 0, "subsidy.grant_share") == 0.5);
    assert_true(test_start_value(scenario, 2, 0, "audit.hazard") == 4);
    scn_scenario_free(scenario);
}

static void test_chain_of_three_and_relative_folders(void **state)
{
    (void)state;
    test_write("a.yaml", "extends: quick\nset: {audit.hazard: 1, subsidy.grant_share: 0.1}\n");
    test_write("b.yaml", "extends: ./a.yaml\nset: {audit.hazard: 2}\n");
    scn_scenario_t *scenario = test_load("extends: b.yaml\nset: {subsidy.clawback_share: 0.25}\n");
    assert_true(test_start_value(scenario, 0, 0, "audit.hazard") == 2);
    assert_true(test_start_value(scenario, 0, 0, "subsidy.grant_share") == 0.1);
    assert_true(test_start_value(scenario, 0, 0, "subsidy.clawback_share") == 0.25);
    char *source = scn_scenario_source(scenario);
    assert_true(strncmp(source, "# --- x.yaml\nextends: b.yaml\n", 29) == 0);
    assert_non_null(strstr(source, "# --- b.yaml\nextends: ./a.yaml\n"));
    assert_non_null(strstr(source, "# --- quick\n"));
    free(source);
    scn_scenario_free(scenario);
}

/* What an extended file dated outside a moved horizon. */
static void test_moved_horizon(void **state)
{
    (void)state;
    test_write("base.yaml",
               "horizon: {start: 2022-01-01, end: 2026-12-31}\n"
               "changes: [{date: 2022-06-01, set: {audit.hazard: 1}}, {date: 2022-05-01, set: {audit.hazard: 2}},\n"
               "  {date: 2024-06-01, set: {audit.hazard: 3}}, {date: 2026-01-01, set: {audit.hazard: 4}}]\n"
               "shocks: [{date: 2022-10-07, kind: export_rule, types: [A100]}, {date: 2022-11-30, kind: hype, value: "
               "0.1},\n"
               "  {date: 2024-05-06, kind: price_war, value: 0.5}, {date: 2026-01-01, kind: hype, value: 0.2}]\n"
               "arms: [{name: baseline}, {name: early, set: {subsidy.grant_share: 0.2}, from: 2022-03-01},\n"
               "  {name: late, set: {subsidy.grant_share: 0.2}, from: 2026-03-01}]\n");
    scn_scenario_t *scenario = test_load("extends: base.yaml\nhorizon: {start: 2023-01-01, end: 2024-12-31}\n");
    const mdl_input_t *input = scn_scenario_input(scenario, 0, 0);
    assert_true(test_start_value(scenario, 0, 0, "audit.hazard") == 1); /* the later of the two */
    assert_int_equal(input->n_changes, 1);
    assert_true(input->changes[0].value == 3);
    assert_int_equal(input->n_shocks, 2);
    assert_int_equal(input->shocks[0].kind, MDL_SHOCK_EXPORT_RULE); /* in force at the start; the hype has passed */
    assert_int_equal(input->shocks[0].time_s, 0);
    assert_int_equal(input->shocks[1].kind, MDL_SHOCK_PRICE_WAR);
    assert_true(test_start_value(scenario, 1, 0, "subsidy.grant_share") == 0.2);
    int64_t from_s;
    assert_int_equal(scn_scenario_forks_from(scenario, 1, &from_s), -1);
    assert_int_equal(scn_scenario_forks_from(scenario, 2, &from_s), 0); /* never differs inside the horizon */
    assert_int_equal(from_s, input->horizon_s);
    scn_scenario_free(scenario);
}

static void test_order_of_changes(void **state)
{
    (void)state;
    scn_scenario_t *scenario = test_load("horizon: {start: 2022-01-01, end: 2022-12-31}\n"
                                         "changes:\n"
                                         "  - {date: 2022-03-01, set: {audit.hazard: 1, subsidy.grant_share: 0.1}}\n"
                                         "  - {date: 2022-02-01, set: {audit.hazard: 2}}\n"
                                         "  - {date: 2022-01-01, set: {audit.hazard: 3}}\n"
                                         "  - {date: 2022-12-31, set: {audit.hazard: 4}}\n"
                                         "arms:\n"
                                         "  - {name: baseline}\n"
                                         "  - {name: arm, set: {subsidy.grant_share: 0.5}, from: 2022-02-15,\n"
                                         "     changes: [{date: 2022-03-01, set: {audit.hazard: 5}}]}\n"
                                         "  - {name: always, set: {audit.hazard: 6}}\n");
    const mdl_input_t *input = scn_scenario_input(scenario, 0, 0);
    assert_true(test_start_value(scenario, 0, 0, "audit.hazard") == 3);
    assert_int_equal(input->n_changes, 4);
    assert_true(input->changes[0].value == 2 && input->changes[1].value == 1 && input->changes[2].value == 0.1);
    assert_true(input->changes[3].value == 4 && input->changes[3].time_s == 364 * DAY);
    input = scn_scenario_input(scenario, 1, 0);
    /* The arm's own set wins over the scenario's change of March; its own change stands behind the scenario's. */
    assert_int_equal(input->n_changes, 5);
    assert_true(input->changes[1].value == 0.5 && input->changes[1].time_s == 45 * DAY);
    assert_true(input->changes[2].value == 1 && input->changes[3].value == 5);
    assert_true(input->changes[2].time_s == input->changes[3].time_s);
    input = scn_scenario_input(scenario, 2, 0);
    assert_true(test_start_value(scenario, 2, 0, "audit.hazard") == 6);
    assert_int_equal(input->n_changes, 1);
    scn_scenario_free(scenario);
}

static void expect_fork(const scn_scenario_t *scenario, uint32_t arm, int32_t parent, int64_t day)
{
    int64_t from_s;
    assert_int_equal(scn_scenario_forks_from(scenario, arm, &from_s), parent);
    if (parent >= 0)
        assert_int_equal(from_s, day * DAY);
}

static void test_forks(void **state)
{
    (void)state;
    scn_scenario_t *scenario =
        test_load("horizon: {start: 2022-01-01, end: 2022-12-31}\n"
                  "changes: [{date: 2022-06-01, set: {audit.hazard: 1}}]\n"
                  "shocks: [{date: 2022-03-01, kind: hype, value: 0.1}, {date: 2022-09-01, kind: hype, value: 0.1}]\n"
                  "arms:\n"
                  "  - {name: baseline}\n"                                                /* 0 */
                  "  - {name: start, set: {subsidy.grant_share: 0.2}}\n"                  /* 1: differs at once */
                  "  - {name: july, set: {subsidy.grant_share: 0.2}, from: 2022-07-01}\n" /* 2 */
                  "  - {name: july-august, set: {subsidy.grant_share: 0.2}, from: 2022-07-01,\n" /* 3 */
                  "     changes: [{date: 2022-08-01, set: {audit.hazard: 2}}]}\n"
                  "  - {name: calm, without: [hype]}\n"                                                 /* 4 */
                  "  - {name: calm-later, without: [hype], set: {audit.hazard: 9}, from: 2022-04-01}\n" /* 5 */
                  "  - {name: same}\n"                                                                  /* 6 */
                  "  - {name: start-too, set: {subsidy.grant_share: 0.2}}\n"                            /* 7 */
                  "  - {name: no-june, changes: [{date: 2022-06-01, set: {audit.hazard: 1.5}}]}\n"      /* 8 */
                  "  - {name: jolt, shocks: [{date: 2022-05-01, kind: price_war, value: 0.5}]}\n"       /* 9 */
                  "  - {name: first-day, set: {subsidy.grant_share: 0.2}, from: 2022-01-01}\n");        /* 10 */
    expect_fork(scenario, 0, -1, 0);
    expect_fork(scenario, 1, -1, 0);
    expect_fork(scenario, 2, 0, 181);
    expect_fork(scenario, 3, 2, 212);
    expect_fork(scenario, 4, 0, 59);
    expect_fork(scenario, 5, 0, 90);
    expect_fork(scenario, 6, 0, 365);
    expect_fork(scenario, 7, 1, 365);
    expect_fork(scenario, 8, 0, 151);
    expect_fork(scenario, 9, 0, 120);
    expect_fork(scenario, 10, 1, 365);
    scn_scenario_free(scenario);
}

static void test_without_and_arm_shocks(void **state)
{
    (void)state;
    scn_scenario_t *scenario = test_load(
        "shocks: [{date: 2022-10-07, kind: export_rule, types: [A100]}, {date: 2022-11-30, kind: hype, value: "
        "0.1}, {date: 2024-11-30, kind: hype, value: 0.1}]\n"
        "arms:\n"
        "  - {name: none, without: [hype, export_rule]}\n"
        "  - {name: later, without: [hype], from: 2023-01-01, set: {audit.hazard: 1}}\n"
        "  - {name: more, shocks: [{date: 2022-10-30, kind: price_war, value: 0.5}]}\n");
    assert_int_equal(scn_scenario_input(scenario, 0, 0)->n_shocks, 0);
    assert_int_equal(scn_scenario_input(scenario, 1, 0)->n_shocks, 2);
    const mdl_input_t *more = scn_scenario_input(scenario, 2, 0);
    assert_int_equal(more->n_shocks, 4);
    for (uint32_t i = 1; i < more->n_shocks; i++)
        assert_true(more->shocks[i - 1].time_s <= more->shocks[i].time_s);
    assert_int_equal(more->shocks[1].kind, MDL_SHOCK_PRICE_WAR);
    scn_scenario_free(scenario);
}

static void test_command_line(void **state)
{
    (void)state;
    const scn_override_t sets[] = {{"audit.hazard=0.5"}, {"audit.hazard=0.6"}, {"beliefs.horizon=10 wk"}};
    const char *const arms[] = {"two", "one", "two"};
    const uint64_t seed = 99;
    scn_options_t options = {.sets = sets,
                             .n_sets = 3,
                             .arms = arms,
                             .n_arms = 3,
                             .replications = 3,
                             .seed = &seed,
                             .until = "2022-01-31",
                             .audit = true,
                             .events = true};
    scn_scenario_t *scenario =
        test_load_with("set: {audit.hazard: 1}\nprecision: {metric: bad_debt_share, half_width: 1, max: 9}\n"
                       "shocks: [{date: 2022-11-30, kind: hype, value: 0.1}]\n"
                       "arms: [{name: one}, {name: two, set: {audit.hazard: 2}}, {name: three}]\n",
                       &options);
    assert_int_equal(scn_scenario_arms(scenario), 2);
    assert_string_equal(scn_scenario_arm_name(scenario, 0), "two");
    assert_true(test_start_value(scenario, 0, 0, "audit.hazard") == 2); /* the arm's own */
    assert_true(test_start_value(scenario, 1, 0, "audit.hazard") == 0.6);
    assert_true(test_start_value(scenario, 1, 0, "beliefs.horizon") == 70);
    const char *metric;
    double half_width;
    assert_false(scn_scenario_precision(scenario, &metric, &half_width));
    assert_int_equal(scn_scenario_replications(scenario), 3);
    assert_int_equal(scn_scenario_seed(scenario), 99);
    const mdl_input_t *input = scn_scenario_input(scenario, 1, 0);
    assert_int_equal(input->horizon_s, 31 * DAY);
    assert_int_equal(input->n_shocks, 0);
    assert_true(input->audit && input->events);
    scn_scenario_free(scenario);
}

static void test_replaced_tables(void **state)
{
    (void)state;
    test_write("routes.csv",
               "name,hops,gpus_per_week,seizure_probability,markup_per_hop,transit_d\nSea,2,10,0.1,0.2,9\n");
    scn_scenario_t *scenario = test_load("tables: {routes: routes.csv}\n");
    const mdl_tables_t *tables = scn_scenario_input(scenario, 0, 0)->tables;
    assert_int_equal(tables->n_routes, 1);
    assert_string_equal(tables->routes[0].name, "Sea");
    assert_int_equal(tables->n_provinces, 31);
    scn_scenario_free(scenario);
}

/* --- writing back ------------------------------------------------------------------------------------------------- */

static void same_input(const mdl_input_t *a, const mdl_input_t *b)
{
    assert_memory_equal(&a->params, &b->params, sizeof a->params);
    assert_memory_equal(a->tables, b->tables, sizeof *a->tables);
    assert_int_equal(a->n_changes, b->n_changes);
    for (uint32_t i = 0; i < a->n_changes; i++)
        assert_true(a->changes[i].time_s == b->changes[i].time_s && a->changes[i].param == b->changes[i].param &&
                    a->changes[i].value == b->changes[i].value);
    assert_int_equal(a->n_shocks, b->n_shocks);
    for (uint32_t i = 0; i < a->n_shocks; i++)
        assert_memory_equal(&a->shocks[i], &b->shocks[i], sizeof a->shocks[i]);
    assert_true(a->start_day == b->start_day && a->horizon_s == b->horizon_s && a->detail == b->detail &&
                a->record_interval_s == b->record_interval_s);
}

/* The same plan: every input, name, count and fork, and the same text when resolved again. */
static void same_plan(const scn_scenario_t *a, const scn_scenario_t *b)
{
    assert_string_equal(scn_scenario_name(a), scn_scenario_name(b));
    assert_int_equal(scn_scenario_seed(a), scn_scenario_seed(b));
    assert_int_equal(scn_scenario_replications(a), scn_scenario_replications(b));
    assert_int_equal(scn_scenario_arms(a), scn_scenario_arms(b));
    assert_int_equal(scn_scenario_points(a), scn_scenario_points(b));
    assert_int_equal(scn_scenario_factors(a), scn_scenario_factors(b));
    assert_int_equal(scn_scenario_points_share_randomness(a), scn_scenario_points_share_randomness(b));
    for (uint32_t arm = 0; arm < scn_scenario_arms(a); arm++) {
        int64_t from_a, from_b;
        assert_string_equal(scn_scenario_arm_name(a, arm), scn_scenario_arm_name(b, arm));
        assert_int_equal(scn_scenario_forks_from(a, arm, &from_a), scn_scenario_forks_from(b, arm, &from_b));
        assert_int_equal(from_a, from_b);
        for (uint32_t point = 0; point < scn_scenario_points(a); point++)
            same_input(scn_scenario_input(a, arm, point), scn_scenario_input(b, arm, point));
    }
    char *text_a = scn_scenario_identity(a), *text_b = scn_scenario_identity(b);
    assert_string_equal(text_a, text_b);
    free(text_a);
    free(text_b);
}

static void round_trip(const scn_scenario_t *scenario)
{
    char *text = scn_scenario_resolved(scenario);
    scn_scenario_t *again = test_load(text);
    same_plan(scenario, again);
    free(text);
    scn_scenario_free(again);
}

static void test_presets_resolve_to_themselves(void **state)
{
    (void)state;
    assert_true(scn_preset_count() >= 2);
    for (size_t i = 0; i < scn_preset_count(); i++) {
        scn_scenario_t *scenario = NULL;
        sim_error_t err = {0};
        if (scn_scenario_load(&scenario, scn_preset_name(i), NULL, NULL, &err) != SIM_OK)
            fail_msg("%s: %s", scn_preset_name(i), err.message);
        assert_string_equal(scn_scenario_name(scenario), scn_preset_name(i));
        assert_true(strlen(scn_preset_summary(i)) > 10);
        round_trip(scenario);
        scn_scenario_free(scenario);
    }
    assert_null(scn_preset_name(scn_preset_count()));
    assert_null(scn_preset_text("no such preset"));
}

static void test_everything_resolves_to_itself(void **state)
{
    (void)state;
    test_write("routes.csv",
               "# \"quoted\", \\ and é\r\nname,hops,gpus_per_week,seizure_probability,markup_per_hop,transit_d"
               "\r\n  \"A, \"\"B\"\"\",2,10,0.1,0.2,9\n\n\tC\\n,1,1,0,0,1");
    test_write("base.yaml",
               "horizon: {start: 2021-01-01, end: 2026-12-31}\n"
               "set: {credit.ltv: 0.123456789012345678}\n"
               "changes: [{date: 2021-06-01, set: {audit.hazard: 1, beliefs.control: true}}]\n"
               "shocks: [{date: 2021-10-07, kind: export_rule, types: [A100, H100], source: 'it''s \"E02\"'}]\n"
               "arms: [{name: old, from: 2021-05-01, set: {audit.hazard: 3}}]\n");
    scn_scenario_t *scenario = test_load(
        "name: everything\nextends: base.yaml\nhorizon: {start: 2022-01-01}\nseed: 3\n"
        "precision: {metric: bad_debt_share, half_width: 0.001, max: 50}\n"
        "set: {central.hubs: true, scheduler.order: fcfs}\n"
        "uncertain:\n  subsidy.grant_share: prior\n  subsidy.clawback_share: {dist: normal, mean: 0.5, sd: 0.2}\n"
        "  developers.operators: {dist: choice, values: [10, 20, 40]}\n"
        "  audit.hazard: {dist: loguniform, min: 0.01, max: 0.1}\n"
        "design: {method: lhs, points: 6, share_randomness: true}\n"
        "tables: {routes: routes.csv}\n"
        "arms:\n  - {name: old}\n"
        "  - name: new\n    from: 2023-01-01\n    set: {beliefs.horizon: 100 d}\n    without: [export_rule]\n"
        "    changes: [{date: 2024-01-01, set: {beliefs.control: false}, source: \"a: b # c\"}]\n"
        "    shocks: [{date: 2024-01-01, kind: efficiency, value: 1.5}]\n");
    assert_int_equal(scn_scenario_points(scenario), 6);
    round_trip(scenario);
    scn_scenario_free(scenario);
}

/* Growing a run keeps its identity; changing it does not. */
static void test_identity(void **state)
{
    (void)state;
    static const char *const same[] = {
        "replications: 5\nuncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 4}\narms: [{name: a}]\n",
        "# a comment\nname: other\nreplications: 50\nuncertain: {audit.hazard: prior}\n"
        "design: {method: mc, points: 9}\narms: [{name: a}, {name: b, set: {audit.hazard: 1}}]\n"};
    static const char *const different[] = {
        "seed: 2\nuncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 4}\n",
        "set: {credit.ltv: 0.5}\nuncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 4}\n",
        "uncertain: {audit.hazard: {dist: uniform, min: 0, max: 1}}\ndesign: {method: mc, points: 4}\n",
        "uncertain: {audit.hazard: prior}\ndesign: {method: lhs, points: 4}\n",
        "uncertain: {audit.hazard: prior}\ndesign: {method: lhs, points: 5}\n",
        "horizon: {end: 2025-12-31}\nuncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 4}\n",
        "record: {interval: 1 d}\nuncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 4}\n",
        ("shocks: [{date: 2022-11-30, kind: hype, value: 0.1}]\n"
         "uncertain: {audit.hazard: prior}\ndesign: {method: mc, points: 4}\n"),
    };
    char *texts[8 + 1];
    scn_scenario_t *scenario = test_load(same[0]);
    texts[0] = scn_scenario_identity(scenario);
    char *arm = scn_scenario_arm_identity(scenario, 0);
    scn_scenario_free(scenario);
    scenario = test_load(same[1]);
    char *text = scn_scenario_identity(scenario), *arm_again = scn_scenario_arm_identity(scenario, 0);
    assert_string_equal(text, texts[0]);
    assert_string_equal(arm, arm_again);
    free(text);
    free(arm);
    free(arm_again);
    scn_scenario_free(scenario);
    for (size_t i = 0; i < 8; i++) {
        scenario = test_load(different[i]);
        texts[i + 1] = scn_scenario_identity(scenario);
        for (size_t k = 0; k <= i; k++)
            assert_string_not_equal(texts[i + 1], texts[k]);
        scn_scenario_free(scenario);
    }
    for (size_t i = 0; i < 9; i++)
        free(texts[i]);
}

static void test_generated_texts(void **state)
{
    (void)state;
    char *schema = scn_json_schema(), *markdown = scn_params_markdown();
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    char key[128];
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(key, sizeof key, "\"%s\": {", registry[i].key);
        assert_non_null(strstr(schema, key));
        (void)snprintf(key, sizeof key, "| `%s` |", registry[i].key);
        assert_non_null(strstr(markdown, key));
    }
    free(schema);
    free(markdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_map_is_all_defaults),
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_extends_merges_maps_and_replaces_lists),
        cmocka_unit_test(test_extends_and_arms),
        cmocka_unit_test(test_chain_of_three_and_relative_folders),
        cmocka_unit_test(test_moved_horizon),
        cmocka_unit_test(test_order_of_changes),
        cmocka_unit_test(test_forks),
        cmocka_unit_test(test_without_and_arm_shocks),
        cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_replaced_tables),
        cmocka_unit_test(test_presets_resolve_to_themselves),
        cmocka_unit_test(test_everything_resolves_to_itself),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_generated_texts),
    };
    return cmocka_run_group_tests(tests, test_folder_setup, test_folder_teardown);
}
