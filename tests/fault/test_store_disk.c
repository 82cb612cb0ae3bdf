// SPDX-License-Identifier: GPL-3.0-or-later
/* Disks that are full, read-only or lying: the store says so with a path and a fix, leaves nothing half-written under
 * the final name, and goes on once there is room. */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* HDF5 forgets some of its own memory when a file can't be opened or closed. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = fake_folder();
    return folder == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    fake_remove(folder);
    free(folder);
    return 0;
}

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static void must_name(const sim_error_t *err, const char *a, const char *b)
{
    if (strstr(err->message, a) == NULL || strstr(err->message, b) == NULL)
        print_error("%s\n", err->message);
    assert_non_null(strstr(err->message, a));
    assert_non_null(strstr(err->message, b));
}

/* Fills what is left of a disk with one file. */
static void fill_disk(const char *path)
{
    char bytes[4096] = {1};
    int fd = open(path, O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0);
    size_t step = sizeof bytes;
    while (step > 0)
        if (write(fd, bytes, step) < 0)
            step /= 2;
    close(fd);
}

static void a_full_disk_is_survived(void **state)
{
    (void)state;
    const char *disk = fake_path(folder, "disk");
    assert_int_equal(mkdir(disk, 0777), 0);
    if (mount("none", disk, "tmpfs", 0, "size=3m") < 0) {
        print_message("skipped: a tmpfs can't be mounted here\n");
        skip();
    }
    const char *path = fake_path(folder, "disk/full.h5"), *ballast = fake_path(folder, "disk/ballast");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 40);
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_OK);
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(fake_put(store, (sim_run_key_t){0, 0, i}, plan.schema, &err), SIM_OK);
    fill_disk(ballast);
    sim_status_t status = SIM_OK;
    uint32_t stored = 0;
    while (status == SIM_OK && stored < 40)
        status = fake_put(store, (sim_run_key_t){1, 0, stored++}, plan.schema, &err);
    assert_int_equal(status, SIM_EIO);
    must_name(&err, "full.h5.parts", "free some space");
    err = (sim_error_t){0};
    assert_int_equal(sim_store_assemble(store, false, NULL, NULL, &err), SIM_EIO);
    must_name(&err, "full.h5", "free some space");
    assert_false(exists(path) || exists(fake_path(folder, "disk/full.h5.part")));
    sim_store_close(store);
    assert_int_equal(unlink(ballast), 0);
    err = (sim_error_t){0};
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), SIM_OK);
    for (uint32_t i = 0; i < 40; i++)
        assert_true(sim_store_has(store, (sim_run_key_t){0, 0, i}));
    assert_int_equal(fake_put_all(store, &plan, &err), SIM_OK);
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_OK);
    sim_store_close(store);
    assert_int_equal(umount(disk), 0);
}

/* Runs `act` in a child; its exit status. */
static int in_child(int (*act)(const char *path), const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* not cmocka's handler, which would go on with the next test */
        signal(SIGABRT, SIG_DFL);
        fclose(stdout);
        exit(act(path)); /* through the libraries' clean-up */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        fail_msg("the child was ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* Writes fail in the middle of the assembly: there is room for segments, not for the whole file. */
static int assemble_with_a_limit(const char *path)
{
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 100);
    sim_error_t err = {0};
    sim_store_t *store;
    if (sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err) < 0)
        return 1;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {200000, 200000};
    setrlimit(RLIMIT_FSIZE, &limit);
    alarm(30);
    if (sim_store_assemble(store, true, NULL, NULL, &err) != SIM_EIO)
        return 2;
    sim_store_close(store);
    if (strstr(err.message, "File too large") == NULL || strstr(err.message, "limit.h5") == NULL)
        return 3;
    return 0;
}

static void an_assembly_that_breaks_off_leaves_the_parts(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "limit.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 100);
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_OK);
    assert_int_equal(fake_put_all(store, &plan, &err), SIM_OK);
    sim_store_close(store);
    assert_int_equal(in_child(assemble_with_a_limit, path), 0);
    assert_false(exists(path) || exists(fake_path(folder, "limit.h5.part")));
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), SIM_OK);
    assert_true(sim_store_has(store, (sim_run_key_t){1, 0, 99}));
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_OK);
    sim_store_close(store);
}

static int open_as_nobody(const char *path)
{
    if (geteuid() == 0 && (setegid(65534) < 0 || seteuid(65534) < 0))
        return 1;
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 1);
    sim_error_t err = {0};
    sim_store_t *store;
    if (sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err) != SIM_EIO)
        return 2;
    bool named = strstr(err.message, "locked.h5.parts") != NULL && strstr(err.message, "with -o") != NULL;
    _exit(named ? 0 : 3); /* the leak sanitizer can't work after the change of user */
}

static void a_read_only_folder_is_named(void **state)
{
    (void)state;
    const char *closed = fake_path(folder, "closed");
    assert_int_equal(mkdir(closed, 0555), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(in_child(open_as_nobody, fake_path(folder, "closed/locked.h5")), 0);
}

static void a_missing_folder_is_named(void **state)
{
    (void)state;
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 1);
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, fake_path(folder, "no/where.h5"), &plan, SIM_STORE_NEW, &err), SIM_EIO);
    must_name(&err, "no/where.h5.parts", "make the folder");
}

static unsigned char *load(const char *path, size_t *n)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    *n = (size_t)info.st_size;
    unsigned char *bytes = malloc(*n);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, *n), *n);
    close(fd);
    return bytes;
}

/* Opens and verifies; SIM_OK only when both went well. */
static sim_status_t verify(const char *path, sim_error_t *err)
{
    sim_result_t *result;
    sim_status_t status = sim_result_open(&result, path, err);
    if (status == SIM_OK)
        status = sim_result_verify(result, err);
    sim_result_close(result);
    return status;
}

/* A bit flipped anywhere in a result is found; so is a cut. */
static void a_flipped_bit_anywhere_is_found(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "flip.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 3);
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_OK);
    assert_int_equal(fake_put_all(store, &plan, &err), SIM_OK);
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_OK);
    sim_store_close(store);
    assert_int_equal(verify(path, &err), SIM_OK);
    size_t n;
    unsigned char *bytes = load(path, &n);
    int fd = open(path, O_WRONLY);
    for (size_t at = 0; at < n; at += at < 2000 ? 7 : 97) {
        unsigned char flipped = bytes[at] ^ (unsigned char)(1u << at % 8);
        err = (sim_error_t){0};
        assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
        sim_status_t status = verify(path, &err);
        assert_int_equal(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
        if (status != SIM_EIO && status != SIM_EINPUT)
            fail_msg("byte %zu of %zu: status %d", at, n, status);
        assert_non_null(strstr(err.message, "flip.h5"));
    }
    assert_int_equal(verify(path, &(sim_error_t){0}), SIM_OK);
    assert_int_equal(ftruncate(fd, (off_t)n - 100), 0);
    err = (sim_error_t){0};
    assert_int_equal(verify(path, &err), SIM_EIO);
    close(fd);
    free(bytes);
}

static void what_is_no_result_is_refused(void **state)
{
    (void)state;
    sim_result_t *result;
    sim_error_t err = {0};
    assert_int_equal(sim_result_open(&result, fake_path(folder, "nothing.h5"), &err), SIM_EINPUT);
    must_name(&err, "nothing.h5", "no such file");
    assert_null(result);
    sim_result_close(result);
    FILE *file = fopen(fake_path(folder, "text.h5"), "w");
    fputs("time,price\n", file);
    fclose(file);
    err = (sim_error_t){0};
    assert_int_equal(sim_result_open(&result, fake_path(folder, "text.h5"), &err), SIM_EIO);
    must_name(&err, "text.h5", "no HDF5 file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_is_survived),
        cmocka_unit_test(an_assembly_that_breaks_off_leaves_the_parts),
        cmocka_unit_test(a_read_only_folder_is_named),
        cmocka_unit_test(a_missing_folder_is_named),
        cmocka_unit_test(a_flipped_bit_anywhere_is_found),
        cmocka_unit_test(what_is_no_result_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
