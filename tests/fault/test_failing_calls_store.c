// SPDX-License-Identifier: GPL-3.0-or-later
/* The first, second, third ... call of the operating system fails in everything that is done with a store or a result,
 * HDF5's own calls included (tests/support/wrap/store_trials.h says what must hold). Once only, and for good. */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"
#include "tests/support/wrap/store_trials.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

static const sim_status_t allowed[] = {SIM_EIO};

static void one_call_fails(void **state)
{
    (void)state;
    for (int i = 0; i < test_store_n_trials; i++)
        assert_true(test_trial_run(&test_store_trials[i], TEST_FAIL_ONCE, allowed, 1, 16) >= 10);
}

static void the_disk_is_gone(void **state)
{
    (void)state;
    for (int i = 0; i < test_store_n_trials; i++)
        assert_true(test_trial_run(&test_store_trials[i], TEST_FAIL_ON, allowed, 1, 16) >= 10);
}

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = fake_folder();
    return folder == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    fake_remove(folder);
    free(folder);
    return 0;
}

static void must(sim_status_t status, const sim_error_t *err)
{
    if (status < 0)
        print_error("%s\n", err->message);
    assert_int_equal(status, SIM_OK);
}

/* Parts of three replications, each in a segment of its own. */
static void leave_parts(const char *path, const sim_store_plan_t *plan)
{
    for (uint32_t i = 0; i < 3; i++) {
        sim_error_t err = {0};
        sim_store_t *store;
        must(sim_store_open(&store, path, plan, i == 0 ? SIM_STORE_FORCE : SIM_STORE_RESUME, &err), &err);
        must(fake_put(store, (sim_run_key_t){0, 0, i}, plan->schema, &err), &err);
        sim_store_close(store);
    }
}

/* --force that breaks off after removing 0, 1, 2 ... files: what is left of the old experiment must not pass for results
 * of the new one. */
static void an_interrupted_start_does_not_mix_experiments(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "forced.h5");
    sim_store_plan_t old = fake_plan(fake_schema(), 1, 1, 3), new = old;
    new.identity = "name: fake\nseed: 2\n";
    bool failed = true;
    for (long n = 1; failed; n++) {
        leave_parts(path, &old);
        sim_store_t *store;
        sim_error_t err = {0};
        test_fail_only("unlinkat", NULL);
        test_fail_nth(n, TEST_FAIL_ON);
        sim_status_t status = sim_store_open(&store, path, &new, SIM_STORE_FORCE, &err);
        failed = test_fail_end();
        assert_true(failed == (status == SIM_EIO));
        sim_store_close(store);
        if (sim_store_open(&store, path, &new, SIM_STORE_RESUME, NULL) < 0)
            continue; /* refused: whose blocks they are is known, or known to be unknown */
        for (uint32_t i = 0; i < 3; i++)
            assert_false(sim_store_has(store, (sim_run_key_t){0, 0, i}));
        sim_store_close(store);
    }
}

/* Blocks whose plan is gone are nobody's. */
static void blocks_without_a_plan_are_refused(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "planless.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan);
    assert_int_equal(unlink(fake_path(folder, "planless.h5.parts/plan")), 0);
    sim_store_t *store;
    sim_error_t err = {0};
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "planless.h5.parts"));
    assert_non_null(strstr(err.message, "--force"));
    must(sim_store_open(&store, path, &plan, SIM_STORE_FORCE, &(sim_error_t){0}), &err);
    sim_store_close(store);
}

/* A file that can't be read for a moment costs nothing that was stored. */
static void a_plan_that_cannot_be_read_costs_nothing(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "moment.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan);
    sim_store_t *store;
    sim_error_t err = {0};
    test_fail_errno(EMFILE);
    test_fail_only("open", "/plan");
    test_fail_nth(1, TEST_FAIL_ONCE);
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), SIM_EIO);
    assert_true(test_fail_end());
    assert_non_null(strstr(err.message, "ulimit -n"));
    must(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &(sim_error_t){0}), &err);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(sim_store_has(store, (sim_run_key_t){0, 0, i}));
    sim_store_close(store);
}

/* Full disks name the fix. */
static void a_full_disk_names_the_fix(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "full.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 1);
    sim_store_t *store;
    sim_error_t err = {0};
    must(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), &err);
    must(fake_put_all(store, &plan, &err), &err);
    test_fail_errno(ENOSPC);
    test_fail_only("pwrite", NULL);
    test_fail_nth(1, TEST_FAIL_ON);
    sim_status_t status = sim_store_assemble(store, true, NULL, NULL, &err);
    assert_true(test_fail_end());
    assert_int_equal(status, SIM_EIO);
    assert_non_null(strstr(err.message, "free some space"));
    assert_null(strchr(err.message, '\n'));
    err = (sim_error_t){0};
    must(sim_store_assemble(store, true, NULL, NULL, &err), &err);
    sim_store_close(store);
}

static const char *lock_path;
static bool with_successor;

/* Another run ends, its lock and all, and perhaps a third begins, between opening the lock and taking it. */
static void end_other_run(const char *call)
{
    if (strcmp(call, "flock") != 0)
        return;
    test_fail_before(NULL);
    assert_int_equal(unlink(lock_path), 0);
    if (with_successor)
        assert_true(close(creat(lock_path, 0666)) == 0);
}

static void a_lock_that_was_removed_locks_nobody_out(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "raced.h5");
    lock_path = fake_path(folder, "raced.h5.parts/lock");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    for (int successor = 0; successor < 2; successor++) {
        leave_parts(path, &plan);
        with_successor = successor == 1;
        sim_store_t *store;
        sim_error_t err = {0};
        test_fail_before(end_other_run);
        assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), SIM_EEXISTS);
        assert_non_null(strstr(err.message, "another overbuild"));
        must(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &(sim_error_t){0}), &err);
        sim_store_close(store);
    }
}

/* Removes the format's version from a result, or raises it to 99. */
static void change_format(const char *path, bool raise)
{
    const int32_t newer = 99;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    if (raise) {
        hid_t attribute = H5Aopen(file, "overbuild_format", H5P_DEFAULT);
        assert_true(H5Awrite(attribute, H5T_NATIVE_INT32, &newer) >= 0);
        H5Aclose(attribute);
    } else {
        assert_true(H5Adelete(file, "overbuild_format") >= 0);
    }
    assert_true(H5Fclose(file) >= 0);
}

static void results_of_other_programs_are_named(void **state)
{
    (void)state;
    static const char *const words[2] = {"no result of overbuild", "use a newer one"};
    for (int raise = 0; raise < 2; raise++) {
        const char *path = fake_path(folder, "format.h5");
        sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 1);
        sim_store_t *store;
        sim_result_t *result;
        sim_error_t err = {0};
        must(sim_store_open(&store, path, &plan, SIM_STORE_FORCE, &err), &err);
        must(fake_put_all(store, &plan, &err), &err);
        must(sim_store_assemble(store, true, NULL, NULL, &err), &err);
        sim_store_close(store);
        change_format(path, raise);
        assert_int_equal(sim_result_open(&result, path, &err), SIM_EINPUT);
        assert_null(result);
        assert_non_null(strstr(err.message, words[raise]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_fails),
        cmocka_unit_test(the_disk_is_gone),
    };
    const struct CMUnitTest single[] = {
        cmocka_unit_test(an_interrupted_start_does_not_mix_experiments),
        cmocka_unit_test(blocks_without_a_plan_are_refused),
        cmocka_unit_test(a_plan_that_cannot_be_read_costs_nothing),
        cmocka_unit_test(a_full_disk_names_the_fix),
        cmocka_unit_test(a_lock_that_was_removed_locks_nobody_out),
        cmocka_unit_test(results_of_other_programs_are_named),
    };
    return cmocka_run_group_tests(tests, test_trials_open, test_trials_close) +
           cmocka_run_group_tests(single, make_folder, remove_folder);
}
