// SPDX-License-Identifier: GPL-3.0-or-later
/* Every call to the system on the way to disk and back that fails once: SIM_EIO with the path, nothing half-written under
 * the final name, and a second try from what is on the disk ends with the whole file.
 *
 * The linker's --wrap puts these functions before the C library's (tests/CMakeLists.txt, names that end in _syscalls).
 */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static long left = -1; /* calls that still succeed, and the one that fails; -1 = all succeed */
static bool failed;

static bool fails(void)
{
    if (left > 0)
        left--;
    if (left != 0)
        return false;
    left = -1; /* once */
    failed = true;
    errno = EIO;
    return true;
}

#define WRAP(type, name, parameters, arguments, failure)                                                               \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters                                                                                      \
    {                                                                                                                  \
        return fails() ? (failure) : __real_##name arguments;                                                          \
    }

WRAP(ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), -1)
WRAP(ssize_t, pread, (int fd, void *bytes, size_t n, off_t at), (fd, bytes, n, at), -1)
WRAP(ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at), -1)
WRAP(int, fsync, (int fd), (fd), -1)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
WRAP(int, ftruncate, (int fd, off_t size), (fd, size), -1)
WRAP(DIR *, opendir, (const char *path), (path), NULL)
WRAP(int, scandir,
     (const char *path, struct dirent ***names, int (*filter)(const struct dirent *),
      int (*compare)(const struct dirent **, const struct dirent **)),
     (path, names, filter, compare), -1)
WRAP(void *, mmap, (void *at, size_t n, int protection, int flags, int fd, off_t offset),
     (at, n, protection, flags, fd, offset), MAP_FAILED)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return fails() ? -1 : __real_open(path, flags, mode);
}

static char *folder;
static sim_store_plan_t plan;

static sim_status_t run(const char *path, sim_store_mode_t mode, uint64_t *digest, sim_error_t *err)
{
    sim_store_t *store;
    sim_status_t status = sim_store_open(&store, path, &plan, mode, err);
    if (status == SIM_OK)
        status = fake_put_all(store, &plan, err);
    if (status == SIM_OK)
        status = sim_store_assemble(store, true, NULL, NULL, err);
    if (status == SIM_OK)
        *digest = sim_store_digest(store);
    sim_store_close(store);
    return status;
}

static bool is_whole(const char *path)
{
    sim_result_t *result;
    bool whole = sim_result_open(&result, path, NULL) == SIM_OK && sim_result_verify(result, NULL) == SIM_OK;
    sim_result_close(result);
    return whole;
}

static void must_have(const char *path, sim_run_key_t key, long call)
{
    sim_store_t *store;
    sim_error_t err = {0};
    if (sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err) < 0)
        fail_msg("after call %ld: %s", call, err.message);
    if (!sim_store_has(store, key))
        fail_msg("call %ld lost replication %u", call, key.replication);
    sim_store_close(store);
}

/* Lets call after call fail; `mode` is how the failing run begins, `prepare` what it finds. */
static void each_call_fails_once(sim_store_mode_t mode, void (*prepare)(const char *path), long at_least)
{
    uint64_t digest = 0, wanted = 0;
    const char *path = fake_path(folder, "calls.h5");
    assert_int_equal(run(path, SIM_STORE_FORCE, &wanted, &(sim_error_t){0}), SIM_OK);
    long calls = 0;
    for (failed = true; failed; calls++) {
        sim_error_t err = {0};
        struct stat info;
        prepare(path);
        bool before = stat(path, &info) == 0;
        failed = false;
        left = calls + 1;
        sim_status_t status = run(path, mode, &digest, &err);
        left = -1;
        /* a failed clean-up after the rename, or a retry that went well, may also end well */
        if (status != SIM_OK && (status != SIM_EIO || strstr(err.message, folder) == NULL))
            fail_msg("call %ld: status %d, %s", calls, status, err.message);
        if (stat(path, &info) == 0 && !is_whole(path))
            fail_msg("call %ld left half a file", calls);
        if (mode == SIM_STORE_RESUME) {
            assert_true(!before || stat(path, &info) == 0); /* what was there stays until it is replaced */
            must_have(path, (sim_run_key_t){0, 0, 1}, calls);
            must_have(path, (sim_run_key_t){1, 0, 0}, calls);
        }
        err = (sim_error_t){0};
        if (run(path, SIM_STORE_RESUME, &digest, &err) != SIM_OK)
            fail_msg("after call %ld: %s", calls, err.message);
        assert_true(digest == wanted);
    }
    assert_true(calls > at_least);
}

static void remove_all(const char *path)
{
    char parts[600];
    snprintf(parts, sizeof parts, "%s.parts", path);
    fake_remove(parts);
    unlink(path);
}

static void leave_parts(const char *path)
{
    remove_all(path);
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, NULL), SIM_OK);
    assert_int_equal(fake_put(store, (sim_run_key_t){0, 0, 1}, plan.schema, NULL), SIM_OK);
    assert_int_equal(fake_put(store, (sim_run_key_t){1, 0, 0}, plan.schema, NULL), SIM_OK);
    sim_store_close(store);
}

static void leave_the_file(const char *path)
{
    uint64_t digest;
    remove_all(path);
    assert_int_equal(run(path, SIM_STORE_NEW, &digest, NULL), SIM_OK);
}

static void a_new_run(void **state)
{
    (void)state;
    each_call_fails_once(SIM_STORE_NEW, remove_all, 15);
}

static void a_run_resumed_from_parts(void **state)
{
    (void)state;
    each_call_fails_once(SIM_STORE_RESUME, leave_parts, 15);
}

static void a_run_resumed_from_its_file(void **state)
{
    (void)state;
    each_call_fails_once(SIM_STORE_RESUME, leave_the_file, 15);
}

static void a_run_that_replaces(void **state)
{
    (void)state;
    each_call_fails_once(SIM_STORE_FORCE, leave_the_file, 15);
}

static int set_up(void **state)
{
    (void)state;
    folder = fake_folder_in_memory();
    plan = fake_plan(fake_schema(), 2, 1, 3);
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
        cmocka_unit_test(a_new_run),
        cmocka_unit_test(a_run_resumed_from_parts),
        cmocka_unit_test(a_run_resumed_from_its_file),
        cmocka_unit_test(a_run_that_replaces),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
