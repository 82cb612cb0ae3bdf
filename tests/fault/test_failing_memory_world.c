// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of a world's life and of a recorder's: each time
 * SIM_ENOMEM and never SIM_ELIMIT, which would blame a bound that is not reached; what went well is right. */
#include "sim/recorder.h"
#include "sim/world.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"
#include "tests/support/wrap/fail.h"

#define STATE_BYTES ((size_t)300000) /* so that the arena opens more memory again and again */
#define FIRST_LPS   3u
#define LAST_LPS    50u /* the LP tables move twice */

enum { TICK };

/* Each tick has two more, a day and two days on, and sends one to the next LP, for nine generations: calendars and
 * outboxes grow. */
static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event)
{
    sim_status_t status = SIM_OK;
    for (int i = 0; i < 2 && status == SIM_OK && event->a < 9; i++)
        status = sim_schedule(lp, (i + 1) * SIM_DAY_S, &(sim_event_t){.type = TICK, .a = event->a + 1}, 0, NULL);
    if (status == SIM_OK && event->a < 9)
        status = sim_send(lp, (lp->index + 1) % FIRST_LPS,
                          &(sim_event_t){.time_s = lp->window_end_s, .type = TICK, .a = event->a + 2});
    return status;
}

static sim_status_t add_lp(sim_world_t *world, sim_error_t *err)
{
    uint32_t lp;
    const sim_lp_spec_t spec = {.entity = sim_world_lp_count(world),
                                .state_bytes = STATE_BYTES,
                                .calendar_initial = 128,
                                .outbox_capacity = 32};
    sim_status_t status = sim_world_add_lp(world, &spec, &lp, err);
    if (status == SIM_OK)
        memset(sim_world_state(world, lp), 1, STATE_BYTES);
    return status;
}

static sim_status_t at_boundary(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    (void)time_s;
    return sim_world_lp_count(world) < LAST_LPS ? add_lp(world, err) : SIM_OK;
}

static const sim_lp_kind_t kinds[] = {{.name = "ticker", .handle = on_event}};
static const sim_model_t model = {
    .name = "ticks", .kinds = kinds, .n_kinds = 1, .window_s = SIM_DAY_S, .boundary = at_boundary};

/* A world that grows, a clone of it half-way, and both to their end; their fingerprints. */
static sim_status_t live(size_t max_bytes, uint64_t fingerprints[2], sim_error_t *err)
{
    sim_world_t *world = NULL, *copy = NULL;
    const sim_world_options_t options = {.seed = 1, .max_bytes = max_bytes};
    sim_status_t status = sim_world_create(&world, &model, NULL, &options, err);
    assert_true((world != NULL) == (status == SIM_OK));
    for (uint32_t i = 0; i < FIRST_LPS && status == SIM_OK; i++)
        status = add_lp(world, err);
    if (status == SIM_OK)
        status = sim_world_schedule(world, 0, &(sim_event_t){.type = TICK}, 0, NULL);
    if (status == SIM_OK)
        status = sim_world_run(world, 20 * SIM_DAY_S, NULL, err);
    if (status == SIM_OK) {
        status = sim_world_clone(&copy, world, NULL, err);
        assert_true((copy != NULL) == (status == SIM_OK));
    }
    if (status == SIM_OK)
        status = sim_world_run(world, 60 * SIM_DAY_S, NULL, err);
    if (status == SIM_OK)
        status = sim_world_run(copy, 60 * SIM_DAY_S, NULL, err);
    fingerprints[0] = status == SIM_OK ? sim_world_fingerprint(world) : 0;
    fingerprints[1] = status == SIM_OK ? sim_world_fingerprint(copy) : 0;
    sim_world_destroy(copy);
    sim_world_destroy(world);
    return status;
}

static void lives_end_well_or_for_want_of_memory(size_t max_bytes, test_fail_mode_t mode, long at_least)
{
    uint64_t wanted[2], found[2];
    sim_error_t why = {0};
    if (live(max_bytes, wanted, &why) < 0)
        fail_msg("%s", why.message);
    assert_true(wanted[0] == wanted[1]);
    bool failed = true;
    long n = 1;
    for (; failed; n++) {
        sim_error_t err = {0};
        test_fail_nth(n, mode);
        sim_status_t status = live(max_bytes, found, &err);
        failed = test_fail_end();
        if (status != SIM_OK && (!failed || status != SIM_ENOMEM || err.code != status || err.message[0] == '\0'))
            fail_msg("call %ld (%s): status %d, %s", n, test_fail_call(), status, err.message);
        assert_true(status < 0 || memcmp(wanted, found, sizeof wanted) == 0);
    }
    assert_true(n > at_least);
}

static void worlds_do(void **state)
{
    (void)state;
    lives_end_well_or_for_want_of_memory((size_t)64 << 20, TEST_FAIL_ONCE, 10);
    lives_end_well_or_for_want_of_memory((size_t)64 << 20, TEST_FAIL_ON, 10);
}

/* Without a bound of its own a world tries smaller and smaller ones: memory that is short once is no failure. */
static void worlds_without_a_bound_do(void **state)
{
    (void)state;
    lives_end_well_or_for_want_of_memory(0, TEST_FAIL_ONCE, 10);
    lives_end_well_or_for_want_of_memory(0, TEST_FAIL_ON, 10);
}

#define ROWS 20000

static sim_status_t record(sim_recorder_t *recorder)
{
    for (int i = 0; i < ROWS; i++)
        if (sim_recorder_event(recorder, &(sim_event_row_t){.time_s = i, .value = i}) == 0)
            return SIM_ENOMEM;
    return SIM_OK;
}

/* Recorders say when rows were lost, and a copy of one that lost rows says so too. */
static void recorders_do(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 1; failed; n++) {
        sim_error_t err = {0};
        sim_recorder_t *one = NULL, *two = NULL;
        size_t rows = 0;
        test_fail_nth(n, TEST_FAIL_ONCE);
        sim_status_t status = sim_recorder_create(&one, fake_schema(), &err);
        if (status == SIM_OK)
            status = record(one);
        assert_true(one == NULL || sim_recorder_status(one) == status);
        if (one != NULL)
            assert_true((sim_recorder_create(&two, fake_schema(), &err) < 0) == (two == NULL));
        if (two != NULL) {
            sim_recorder_copy(two, one);
            (void)sim_recorder_events(two, &rows);
            status = sim_recorder_status(two);
            assert_true(status < 0 || rows == ROWS);
            sim_recorder_reset(two);
            assert_int_equal(sim_recorder_status(two), SIM_OK);
        }
        failed = test_fail_end();
        assert_true(status == SIM_OK || (failed && status == SIM_ENOMEM));
        assert_true(!failed || status == SIM_ENOMEM || two == NULL);
        sim_recorder_destroy(one);
        sim_recorder_destroy(two);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worlds_do),
        cmocka_unit_test(worlds_without_a_bound_do),
        cmocka_unit_test(recorders_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
