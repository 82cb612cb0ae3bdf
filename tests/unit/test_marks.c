// SPDX-License-Identifier: GPL-3.0-or-later
/* Going through the projects that have a mark: all of them, once, in their order. */
#include "models/economy/economy_state.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#include <string.h>

#define SEED     7
#define CAPACITY 64
#define MARKS    6

/* Fails unless the walk finds what a plain one does, of the first n projects. */
static void check_walk(const mdl_step_t *step, uint8_t mark)
{
    mdl_marked_t marked = {.mark = mark};

    for (uint32_t i = 0; i < step->eco->n_projects; i++)
        if (step->project_marks[i] & mark)
            assert_int_equal(mdl_next_marked(step, &marked), i);
    assert_int_equal(mdl_next_marked(step, &marked), MDL_NO_PROJECT);
    assert_int_equal(mdl_next_marked(step, &marked), MDL_NO_PROJECT);
}

/* Of any number of projects up to their capacity, any of them marked in any way. The marks are as large as they may be:
 * nothing behind them is read. */
static void test_each_marked_project_is_found_once(void **state)
{
    sim_rng_t rng;
    mdl_eco_t *eco = aligned_alloc(64, sizeof *eco);
    mdl_project_t *projects = aligned_alloc(64, CAPACITY * sizeof *projects);

    (void)state;
    assert_non_null(eco);
    assert_non_null(projects);
    memset(eco, 0, sizeof *eco);
    memset(projects, 0, CAPACITY * sizeof *projects);
    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    for (uint32_t n = 0; n <= CAPACITY; n++) {
        uint32_t capacity = (n + MDL_MARKS_PAGE - 1) / MDL_MARKS_PAGE * MDL_MARKS_PAGE;
        uint8_t *marks = calloc(capacity > 0 ? capacity : 1, 1);
        assert_non_null(marks);
        eco->n_projects = n;
        for (uint64_t share = 1; share <= 64; share *= 4) {
            for (uint32_t i = 0; i < n; i++)
                marks[i] = sim_draw_below(&rng, share) == 0 ? (uint8_t)sim_draw_below(&rng, 1 << MARKS) : 0;
            for (unsigned mark = 0; mark < MARKS; mark++)
                check_walk(&(mdl_step_t){.eco = eco, .projects = projects, .project_marks = marks},
                           (uint8_t)(1U << mark));
        }
        free(marks);
    }
    free(projects);
    free(eco);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_marked_project_is_found_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
