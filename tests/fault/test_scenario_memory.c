// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of loading a scenario: each time SIM_ENOMEM and
 * nothing left behind (which a sanitizer checks), never a shorter list of problems or a different plan.
 *
 * The linker's --wrap puts these functions before the C library's (tests/CMakeLists.txt, names that end in _memory).
 */
#include "tests/support/test.h"

#include "scenarios/scenario.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

static long left = -1; /* allocations that still succeed; -1 = all */

static bool fails(void)
{
    if (left > 0)
        left--;
    return left == 0;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    return fails() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    return fails() ? NULL : __real_realloc(memory, bytes);
}

/* Loads with `allocations` successful ones; returns whether that was enough. */
static bool enough(const char *text, long allocations, sim_status_t expected, size_t n_problems)
{
    scn_scenario_t *scenario = NULL;
    scn_problems_t problems = {0};
    sim_error_t err = {0};
    left = allocations + 1;
    sim_status_t status = scn_scenario_load_text(&scenario, "x.yaml", text, strlen(text), NULL, &problems, &err);
    bool ran_out = left == 0;
    left = -1;
    assert_int_equal(status, ran_out ? SIM_ENOMEM : expected);
    assert_int_equal(problems.n, ran_out ? 0 : n_problems);
    assert_true((scenario != NULL) == (status == SIM_OK));
    scn_problems_free(&problems);
    scn_scenario_free(scenario);
    return !ran_out;
}

static void until_enough(const char *text, sim_status_t expected, size_t n_problems)
{
    long allocations = 0;
    while (!enough(text, allocations, expected, n_problems))
        allocations++;
    assert_true(allocations >= 3);
}

static void test_a_plan(void **state)
{
    (void)state;
    until_enough("extends: quick\nuncertain: {audit.hazard: prior}\ndesign: {method: lhs, points: 2000}\n"
                 "arms: [{name: a}, {name: b, set: {subsidy.grant_share: 0.2}, from: 2023-03-01}]\n",
                 SIM_OK, 0);
}

static void test_many_problems(void **state)
{
    (void)state;
    char text[4096] = "set:\n";
    for (int i = 0; i < 100; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "  nothing.like.it_%d: 1\n", i);
    }
    until_enough(text, SIM_EINPUT, 100);
}

static void test_written_texts(void **state)
{
    (void)state;
    scn_scenario_t *scenario = NULL;
    assert_int_equal(scn_scenario_load(&scenario, "quick", NULL, NULL, NULL), SIM_OK);
    char *text = NULL;
    for (long allocations = 0; text == NULL; allocations++) {
        left = allocations + 1;
        text = scn_scenario_resolved(scenario);
        assert_true((text == NULL) == (left == 0));
        left = -1;
    }
    free(text);
    text = NULL;
    for (long allocations = 0; text == NULL; allocations++) {
        left = allocations + 1;
        text = scn_json_schema();
        assert_true((text == NULL) == (left == 0));
        left = -1;
    }
    free(text);
    scn_scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan),
        cmocka_unit_test(test_many_problems),
        cmocka_unit_test(test_written_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
