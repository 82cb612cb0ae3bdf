// SPDX-License-Identifier: GPL-3.0-or-later
/* Events of the economy: they change nothing, count what the outcomes count, name causes that came before and entities
 * that exist, and go with a clone. */
#include "models/economy/economy_state.h"

#include "tests/support/economy.h"
#include "tests/support/test.h"

static const sim_event_row_t *rows_of(const test_economy_t *run, size_t *n)
{
    return sim_recorder_events(run->recorder, n);
}

static size_t count(const test_economy_t *run, mdl_ev_t type)
{
    size_t n, found = 0;
    const sim_event_row_t *rows = rows_of(run, &n);
    for (size_t i = 0; i < n; i++)
        found += rows[i].type == (uint32_t)type;
    return found;
}

static void assert_outcome(const test_economy_t *run, const char *name, size_t events)
{
    double outcome = test_economy_outcome(run, name);
    if (outcome != (double)events)
        fail_msg("seed %llu: %s is %.0f, events say %zu", (unsigned long long)run->seed, name, outcome, events);
}

/* Projects that were announced in the run and energised: those of the first day are left out of the outcome. */
static size_t completed(const test_economy_t *run)
{
    size_t n, found = 0;
    const sim_event_row_t *rows = rows_of(run, &n);
    for (size_t i = 0; i < n; i++) {
        bool announced = false;
        for (size_t k = 0; k < i && rows[i].type == MDL_EV_ENERGISED; k++)
            announced = announced || (rows[k].type == MDL_EV_ANNOUNCED && rows[k].entity == rows[i].entity);
        found += announced;
    }
    return found;
}

static const char *const worlds[][4] = {
    {NULL},
    {"credit.ltv_cap=0.95", "developers.build_time=30 d", "audit.hazard=12"},
    {"developers.hurdle=-1", "subsidy.grant_share=0.4", "horizon.max_projects=4000"},
    {"labs.quit_hazard=4", "labs.payroll=3"},
};
enum { WORLDS = sizeof worlds / sizeof worlds[0] };

static test_economy_t world(size_t i, bool events)
{
    test_economy_t run = {.seed = 3 + i, .events = events, .audit = true};
    for (int k = 0; k < 4 && worlds[i][k] != NULL; k++)
        run.sets[k] = worlds[i][k];
    return run;
}

static void events_count_what_outcomes_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        test_economy_t run = world(i, true);
        test_economy_run(&run);
        assert_outcome(&run, "projects_announced", count(&run, MDL_EV_ANNOUNCED));
        assert_outcome(&run, "projects_completed", completed(&run));
        assert_outcome(&run, "projects_cancelled", count(&run, MDL_EV_CANCELLED));
        assert_outcome(&run, "projects_abandoned",
                       count(&run, MDL_EV_ABANDONED_CHIPS) + count(&run, MDL_EV_ABANDONED_RULE));
        assert_outcome(&run, "projects_defaulted",
                       count(&run, MDL_EV_DEFAULT_LOAN) + count(&run, MDL_EV_DEFAULT_COSTS));
        mdl_step_t step;
        mdl_step_open(&step, run.world, sim_world_now(run.world), &run.err);
        size_t stopped = 0, registered = 0;
        for (uint32_t lab = 0; lab < step.eco->n_labs; lab++) {
            stopped += step.labs[lab].quit_day >= 0;
            registered += step.labs[lab].registered_day > 0;
        }
        assert_int_equal(stopped, count(&run, MDL_EV_LAB_STOPPED_OPEN) + count(&run, MDL_EV_LAB_STOPPED_CASH));
        assert_int_equal(registered, count(&run, MDL_EV_LAB_REGISTERED));
        assert_int_equal(run.input->n_shocks, count(&run, MDL_EV_EXPORT_RULE) + count(&run, MDL_EV_EXPORT_LICENCE) +
                                                  count(&run, MDL_EV_MODEL_RELEASE) + count(&run, MDL_EV_HYPE_JUMP) +
                                                  count(&run, MDL_EV_EFFICIENCY) + count(&run, MDL_EV_PRICE_WAR));
        test_economy_free(&run);
    }
}

static uint32_t entities(const mdl_step_t *step, mdl_who_t who)
{
    size_t n_params;
    (void)mdl_params_registry(&n_params);
    switch (who) {
    case MDL_WHO_PARAMETER: return (uint32_t)n_params;
    case MDL_WHO_CITY: return step->tables->n_cities;
    case MDL_WHO_DEVELOPER: return step->eco->n_developers;
    case MDL_WHO_PROJECT: return step->eco->n_projects;
    case MDL_WHO_LAB: return step->eco->n_labs;
    case MDL_WHO_PLATFORM: return step->tables->n_platforms;
    default: return 1;
    }
}

static void causes_come_first_and_entities_exist(void **state)
{
    (void)state;
    size_t n_types;
    const mdl_event_type_t *types = mdl_event_registry(&n_types);
    for (size_t i = 0; i < WORLDS; i++) {
        test_economy_t run = world(i, true);
        test_economy_run(&run);
        mdl_step_t step;
        mdl_step_open(&step, run.world, sim_world_now(run.world), &run.err);
        size_t n, caused = 0;
        const sim_event_row_t *rows = rows_of(&run, &n);
        for (size_t k = 0; k < n; k++) {
            assert_in_range(rows[k].type, 0, n_types - 1);
            assert_true(rows[k].entity < entities(&step, types[rows[k].type].who));
            assert_true(rows[k].cause <= k); /* a number is a row + 1 */
            assert_true(rows[k].cause == 0 || rows[rows[k].cause - 1].time_s <= rows[k].time_s);
            assert_true(k == 0 || rows[k].time_s >= rows[k - 1].time_s);
            bool missing = rows[k].value != rows[k].value;
            assert_true(missing == (types[rows[k].type].value == MDL_EV_VALUE_NONE));
            caused += rows[k].cause > 0;
        }
        assert_true(caused > n / 3);
        test_economy_free(&run);
    }
}

/* A life in order: nothing is energised before it is announced or founded, and nothing happens to it twice. */
static void a_project_lives_once(void **state)
{
    (void)state;
    test_economy_t run = world(2, true);
    test_economy_run(&run);
    size_t n;
    const sim_event_row_t *rows = rows_of(&run, &n);
    static const mdl_ev_t order[] = {MDL_EV_APPROVED, MDL_EV_FINANCED, MDL_EV_BUILT, MDL_EV_ENERGISED};
    uint32_t *passed = calloc(4096, sizeof *passed);
    assert_non_null(passed);
    for (size_t k = 0; k < n; k++)
        for (uint32_t s = 0; s < 4; s++)
            if (rows[k].type == (uint32_t)order[s]) {
                assert_true(rows[k].entity < 4096);
                assert_int_equal(passed[rows[k].entity] >> s, 0);
                passed[rows[k].entity] |= UINT32_C(1) << s;
            }
    free(passed);
    test_economy_free(&run);
}

static void events_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        test_economy_t with = world(i, true), without = world(i, false);
        test_economy_run(&with);
        test_economy_run(&without);
        size_t n;
        assert_null(rows_of(&without, &n));
        assert_non_null(rows_of(&with, &n));
        assert_int_equal(with.meta.fingerprint, without.meta.fingerprint);
        assert_int_equal(test_economy_hash(&with), test_economy_hash(&without));
        test_economy_free(&with);
        test_economy_free(&without);
    }
}

static void a_clone_carries_its_past(void **state)
{
    (void)state;
    test_economy_t whole = {.seed = 4, .events = true}, half = {.seed = 4, .events = true};
    test_economy_run(&whole);
    test_economy_open(&half);
    assert_int_equal(test_economy_advance(&half, 120 * SIM_DAY_S), SIM_OK);
    test_economy_t copy = test_economy_clone(&half);
    test_economy_finish_clone(&copy);
    size_t n, n_copy;
    const sim_event_row_t *rows = rows_of(&whole, &n), *copied = rows_of(&copy, &n_copy);
    assert_int_equal(n, n_copy);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].time_s, copied[i].time_s);
        assert_int_equal(rows[i].type, copied[i].type);
        assert_int_equal(rows[i].entity, copied[i].entity);
        assert_int_equal(rows[i].cause, copied[i].cause);
    }
    test_economy_free_clone(&copy);
    test_economy_free(&half);
    test_economy_free(&whole);
}

/* More events than were bounded fail the replication by name; they are not lost in silence. */
static void too_many_events_are_an_error(void **state)
{
    (void)state;
    test_economy_t run = {.seed = 5, .events = true};
    test_economy_open(&run);
    assert_int_equal(test_economy_advance(&run, 30 * SIM_DAY_S), SIM_OK);
    mdl_step_t step;
    mdl_step_open(&step, run.world, sim_world_now(run.world), &run.err);
    for (uint64_t n = step.chronicle->capacity; n > 0; n--)
        (void)mdl_event(&step, MDL_EV_BANK_LOSS, 0, MDL_CAUSE_BEFORE, 1);
    assert_int_equal(test_economy_advance(&run, SIM_NEVER), SIM_ELIMIT);
    assert_non_null(strstr(run.err.message, "events"));
    test_economy_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_count_what_outcomes_count),
        cmocka_unit_test(events_change_nothing),
        cmocka_unit_test(causes_come_first_and_entities_exist),
        cmocka_unit_test(a_project_lives_once),
        cmocka_unit_test(a_clone_carries_its_past),
        cmocka_unit_test(too_many_events_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
