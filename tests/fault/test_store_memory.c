// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory that runs out at the first, second, third ... allocation of storing, assembling, resuming and reading: each time
 * SIM_ENOMEM, nothing left behind (which a sanitizer checks), and nothing lost that was stored before.
 *
 * The linker's --wrap puts these functions before the C library's (tests/CMakeLists.txt, names that end in _memory).
 */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

static long left = -1; /* allocations that still succeed, and the one that fails; -1 = all succeed */

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

static char *folder;
static sim_store_plan_t plan;
static uint64_t whole_digest;

/* Runs `act` with ever more allocations until it has enough; how many that were. Beyond the first, loops repeat: every
 * third is tried. */
static long until_enough(sim_status_t (*act)(const char *path, sim_error_t *err), const char *path)
{
    for (long allocations = 0;; allocations += allocations < 120 ? 1 : 3) {
        sim_error_t err = {0};
        left = allocations + 1;
        sim_status_t status = act(path, &err);
        bool ran_out = left == 0;
        left = -1;
        if (status != (ran_out ? SIM_ENOMEM : SIM_OK))
            fail_msg("allocation %ld: status %d, %s", allocations, status, err.message);
        if (!ran_out)
            return allocations;
    }
}

static sim_status_t store_one(const char *path, sim_error_t *err)
{
    sim_store_t *store;
    sim_status_t status = sim_store_open(&store, path, &plan, SIM_STORE_FORCE, err);
    if (status == SIM_OK)
        status = fake_put(store, (sim_run_key_t){0, 0, 1}, plan.schema, err);
    bool ran_out = left == 0;
    left = ran_out ? 0 : -1; /* closing can't fail: what it can't commit is found by a resume all the same */
    sim_store_close(store);
    left = ran_out ? 0 : left;
    return status;
}

static sim_status_t resume_and_assemble(const char *path, sim_error_t *err)
{
    sim_store_t *store;
    sim_status_t status = sim_store_open(&store, path, &plan, SIM_STORE_RESUME, err);
    if (status == SIM_OK && !sim_store_has(store, (sim_run_key_t){1, 0, 1}))
        status = sim_fail(err, SIM_EINTERNAL, path, "a stored replication was lost");
    if (status == SIM_OK)
        status = sim_store_assemble(store, true, NULL, NULL, err);
    if (status == SIM_OK && sim_store_digest(store) != whole_digest)
        status = sim_fail(err, SIM_EINTERNAL, path, "another file came out");
    sim_store_close(store);
    return status;
}

static sim_status_t read_all(const char *path, sim_error_t *err)
{
    sim_result_t *result;
    sim_array_t array = {0};
    char **names = NULL;
    size_t n = 0;
    uint64_t digest, *words = NULL;
    sim_status_t status = sim_result_open(&result, path, err);
    if (status == SIM_OK)
        status = sim_result_read(result, "/province/busy", &array, err);
    sim_array_free(&array);
    if (status == SIM_OK)
        status = sim_result_read_arm(result, "/outcomes/peak_price", 1, &array, err);
    sim_array_free(&array);
    if (status == SIM_OK)
        status = sim_result_read_u64(result, "/outcomes/seed", &words, &n, err);
    free(words);
    if (status == SIM_OK)
        status = sim_result_groups(result, &names, &n, err);
    sim_labels_free(names, n);
    names = NULL;
    if (status == SIM_OK)
        status = sim_result_labels(result, "/province/province", &names, &n, err);
    sim_labels_free(names, n);
    if (status == SIM_OK)
        status = sim_result_digest(result, "/", &digest, err);
    if (status == SIM_OK && digest != whole_digest)
        status = sim_fail(err, SIM_EINTERNAL, path, "another digest");
    if (status == SIM_OK)
        status = sim_result_digest_arms(result, (uint64_t[2]){0}, 2, err);
    if (status == SIM_OK)
        status = sim_result_verify(result, err);
    sim_result_close(result);
    return status;
}

static void fill(const char *path, bool finish)
{
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_FORCE, &err), SIM_OK);
    assert_int_equal(fake_put_all(store, &plan, &err), SIM_OK);
    if (finish)
        assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_OK);
    whole_digest = finish ? sim_store_digest(store) : whole_digest;
    sim_store_close(store);
}

static void storing_fails_cleanly(void **state)
{
    (void)state;
    assert_true(until_enough(store_one, fake_path(folder, "one.h5")) > 20);
}

static void assembling_fails_cleanly(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "parts.h5");
    fill(path, true); /* for the digest */
    fill(path, false);
    assert_true(until_enough(resume_and_assemble, path) > 50);
}

static void growing_a_finished_file_fails_cleanly(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "finished.h5");
    fill(path, true);
    assert_true(until_enough(resume_and_assemble, path) > 50);
}

static void reading_fails_cleanly(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "read.h5");
    fill(path, true);
    assert_true(until_enough(read_all, path) > 50);
}

static sim_status_t copy_recorder(const char *unused, sim_error_t *err)
{
    (void)unused;
    sim_recorder_t *a, *b = NULL;
    sim_status_t status = sim_recorder_create(&a, plan.schema, err);
    if (status == SIM_OK)
        status = sim_recorder_create(&b, plan.schema, err);
    if (status == SIM_OK) {
        fake_record(a, (sim_run_key_t){0, 0, 2});
        sim_recorder_copy(b, a);
        status = sim_recorder_status(b);
    }
    sim_recorder_destroy(a);
    sim_recorder_destroy(b);
    return status;
}

static void recording_fails_cleanly(void **state)
{
    (void)state;
    assert_true(until_enough(copy_recorder, "") >= 8);
}

static int set_up(void **state)
{
    (void)state;
    folder = fake_folder_in_memory();
    plan = fake_plan(fake_schema(), 2, 1, 2);
    return folder == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    fake_remove(folder);
    free(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recording_fails_cleanly),  cmocka_unit_test(storing_fails_cleanly),
        cmocka_unit_test(assembling_fails_cleanly), cmocka_unit_test(growing_a_finished_file_fails_cleanly),
        cmocka_unit_test(reading_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
