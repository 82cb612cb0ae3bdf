// SPDX-License-Identifier: GPL-3.0-or-later
/* Data centres in a world whose memory is full: what could not be given room is as it was before. */
#include "models/datacentre/state.h"
#include "tests/support/centre.h"
#include "tests/support/test.h"

#define SEED  5
#define BOUND ((size_t)2 << 20)

enum { CONTRACTS = 8 };

static uint32_t open_centre(test_centres_t *centres)
{
    test_centres_init(centres);
    centres->max_bytes = BOUND;
    test_centres_open(centres, SEED, 1);
    uint32_t lp = test_centres_add(centres, 64, 1);
    for (uint32_t i = 0; i < CONTRACTS; i++)
        test_centres_start(centres, lp, i,
                           (mdl_contract_terms_t){.job_class = (mdl_job_class_t)(i % MDL_JOB_CLASSES),
                                                  .nodes = 4 + i,
                                                  .activity_permille = 700,
                                                  .ported = true});
    test_centres_run(centres, 3 * SIM_DAY_S);
    return lp;
}

/* Some contracts end or change, which looks them up in the list. */
static uint64_t finish(test_centres_t *centres, uint32_t lp, mdl_datacentre_meter_t *meter)
{
    mdl_contract_terms_t terms = {.job_class = MDL_JOB_INFERENCE, .nodes = 9, .activity_permille = 400, .ported = true};

    test_centres_order(centres, lp, MDL_DC_CONTRACT_END, CONTRACTS - 1, 0);
    test_centres_resize(centres, lp, MDL_JOB_INFERENCE, terms);
    test_centres_run(centres, 10 * SIM_DAY_S);
    *meter = *test_centres_read(centres, lp);
    return sim_world_fingerprint(centres->world);
}

static void leave(sim_arena_t *arena, size_t bytes)
{
    while (sim_arena_used(arena) + bytes < arena->max_bytes)
        assert_true(sim_arena_alloc(arena, 64) != 0);
}

/* Room for more contracts takes three blocks, each time that it is doubled. Whichever of them finds none, the centre goes
 * on as if nobody had asked, and what was taken before it has been given back. */
static void test_a_centre_that_gets_no_room_is_as_it_was(void **state)
{
    mdl_datacentre_meter_t wanted, found;
    test_centres_t centres;
    int failures = 0;
    bool failed = true;

    (void)state;
    uint32_t lp = open_centre(&centres);
    uint64_t fingerprint = finish(&centres, lp, &wanted);
    test_centres_free(&centres);
    for (size_t bytes = 0; failed; bytes += 512) {
        sim_error_t err = {0};
        lp = open_centre(&centres);
        sim_arena_t *arena = sim_world_arena(centres.world);
        leave(arena, bytes);
        sim_status_t status = mdl_datacentre_reserve(centres.world, lp, 60, &err);
        failed = status != SIM_OK;
        failures += failed;
        size_t used = sim_arena_used(arena);
        if (failed)
            assert_int_equal(mdl_datacentre_reserve(centres.world, lp, 60, &err), SIM_ELIMIT);
        assert_int_equal(sim_arena_used(arena), used);
        err = (sim_error_t){0};
        if (mdl_datacentre_audit(centres.world, lp, &err) < 0)
            fail_msg("%zu bytes were left: %s", bytes, err.message);
        assert_true(finish(&centres, lp, &found) == fingerprint);
        assert_memory_equal(&found, &wanted, sizeof wanted);
        test_centres_free(&centres);
    }
    assert_true(failures > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_centre_that_gets_no_room_is_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
