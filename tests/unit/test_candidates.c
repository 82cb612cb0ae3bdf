// SPDX-License-Identifier: GPL-3.0-or-later
/* The sort of a pass: by key, then by number, whatever the order before. */
#include "models/scheduler/passes.h"
#include "sim/draw.h"
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

#define JOBS 200

static void check_sorted(mdl_scheduler_t *scheduler, const mdl_candidate_t *list, uint32_t n)
{
    bool seen[JOBS] = {false};

    for (uint32_t i = 0; i < n; i++) {
        assert_false(seen[list[i].job]);
        seen[list[i].job] = true;
        if (i > 0)
            assert_true(list[i - 1].key < list[i].key ||
                        (list[i - 1].key == list[i].key && mdl_scheduler_job(scheduler, list[i - 1].job)->sequence <
                                                               mdl_scheduler_job(scheduler, list[i].job)->sequence));
    }
}

static void test_sorts(void **state)
{
    mdl_candidate_t list[JOBS];
    test_cluster_run_t run;
    sim_rng_t rng;

    (void)state;
    test_cluster_run_init(&run, 1, JOBS, 1);
    for (uint32_t i = 0; i < JOBS; i++)
        mdl_scheduler_job(run.scheduler, i)->sequence = (i * 77) % JOBS; /* 77 and 200 have no factor in common */
    sim_rng_at(&rng, 47, 0, 0, 0, 0);
    for (uint32_t n = 0; n <= JOBS; n++) {
        for (uint32_t i = 0; i < n; i++)
            list[i] = (mdl_candidate_t){.key = (int64_t)sim_draw_below(&rng, n % 3 == 0 ? 4 : 1000000) - 2, .job = i};
        mdl_candidates_sort(run.scheduler, list, n);
        check_sorted(run.scheduler, list, n);
        mdl_candidates_sort(run.scheduler, list, n); /* a sorted list stays */
        check_sorted(run.scheduler, list, n);
    }
    test_cluster_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sorts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
