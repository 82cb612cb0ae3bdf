// SPDX-License-Identifier: GPL-3.0-or-later
/* Going on with an experiment: what is kept, what is refused, and what damage costs. */
#define _GNU_SOURCE /* memmem */
#include "sim/store.h"
#include "sim/store_internal.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void check(sim_status_t status, const sim_error_t *err)
{
    if (status < 0)
        print_error("%s\n", err->message);
    assert_int_equal(status, SIM_OK);
}

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static size_t count_stored(const sim_store_t *store, const sim_store_plan_t *plan)
{
    size_t n = 0;
    sim_run_key_t key;
    for (key.arm = 0; key.arm < plan->n_arms; key.arm++)
        for (key.point = 0; key.point < plan->n_points; key.point++)
            for (key.replication = 0; key.replication < plan->n_replications; key.replication++)
                n += sim_store_has(store, key);
    return n;
}

/* Runs what is missing and assembles; the digest. */
static uint64_t run(const char *path, const sim_store_plan_t *plan, sim_store_mode_t mode, size_t kept)
{
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, plan, mode, &err), &err);
    assert_int_equal(count_stored(store, plan), kept);
    check(fake_put_all(store, plan, &err), &err);
    check(sim_store_assemble(store, true, NULL, NULL, &err), &err);
    uint64_t digest = sim_store_digest(store);
    sim_store_close(store);
    return digest;
}

/* Leaves parts with the first n replications of arm 0. */
static void leave_parts(const char *path, const sim_store_plan_t *plan, uint32_t n)
{
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, plan, SIM_STORE_FORCE, &err), &err);
    for (uint32_t i = 0; i < n; i++)
        check(fake_put(store, (sim_run_key_t){0, 0, i}, plan->schema, &err), &err);
    sim_store_close(store);
}

static void nothing_is_overwritten_unasked(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "exists.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan, 1);
    sim_store_t *store;
    sim_error_t err = {0};
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_EEXISTS);
    assert_non_null(strstr(err.message, "exists.h5.parts"));
    (void)run(path, &plan, SIM_STORE_FORCE, 0);
    err = (sim_error_t){0};
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), SIM_EEXISTS);
    assert_non_null(strstr(err.message, "--force"));
    assert_null(store);
    (void)run(path, &plan, SIM_STORE_FORCE, 0);
}

static void two_stores_do_not_share_a_result(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "shared.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    sim_store_t *first, *second;
    sim_error_t err = {0};
    check(sim_store_open(&first, path, &plan, SIM_STORE_NEW, &err), &err);
    assert_int_equal(sim_store_open(&second, path, &plan, SIM_STORE_RESUME, &err), SIM_EEXISTS);
    assert_non_null(strstr(err.message, "another overbuild"));
    check(fake_put_all(first, &plan, &(sim_error_t){0}), &err);
    sim_store_close(first);
    check(sim_store_open(&second, path, &plan, SIM_STORE_RESUME, &(sim_error_t){0}), &err);
    assert_int_equal(count_stored(second, &plan), 3);
    sim_store_close(second);
}

static void a_resumed_run_is_the_unbroken_run(void **state)
{
    (void)state;
    const char *whole = fake_path(folder, "whole.h5"), *broken = fake_path(folder, "broken.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 8);
    uint64_t digest = run(whole, &plan, SIM_STORE_NEW, 0);
    leave_parts(broken, &plan, 5);
    assert_true(run(broken, &plan, SIM_STORE_RESUME, 5) == digest);
    assert_false(exists(fake_path(folder, "broken.h5.parts")));
    assert_true(run(broken, &plan, SIM_STORE_RESUME, 16) == digest); /* from the file alone */
}

/* A finished file grows: replications, arms (put before others too), points. */
static void experiments_grow(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "grow.h5"), *fresh = fake_path(folder, "fresh.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 4);
    (void)run(path, &plan, SIM_STORE_NEW, 0);
    plan = fake_plan(fake_schema(), 2, 1, 9);
    assert_true(run(path, &plan, SIM_STORE_RESUME, 8) == run(fresh, &plan, SIM_STORE_FORCE, 0));
    plan = fake_plan(fake_schema(), 4, 1, 9);
    assert_true(run(path, &plan, SIM_STORE_RESUME, 18) == run(fresh, &plan, SIM_STORE_FORCE, 0));
    plan = fake_plan(fake_schema(), 2, 3, 2);
    (void)run(path, &plan, SIM_STORE_FORCE, 0);
    plan = fake_plan(fake_schema(), 3, 7, 5);
    assert_true(run(path, &plan, SIM_STORE_RESUME, 12) == run(fresh, &plan, SIM_STORE_FORCE, 0));
}

static void arms_are_known_by_label(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "labels.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 3);
    leave_parts(path, &plan, 3);
    const char *const other_order[3] = {"vouchers", "clawback", "baseline"};
    plan.arms = other_order;
    plan.n_arms = 3;
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err);
    assert_true(sim_store_has(store, (sim_run_key_t){2, 0, 1}) && !sim_store_has(store, (sim_run_key_t){0, 0, 1}));
    sim_store_close(store);
}

static void refuse(const char *path, const sim_store_plan_t *plan, sim_status_t status, const char *named)
{
    sim_error_t err = {0};
    sim_store_t *store;
    assert_int_equal(sim_store_open(&store, path, plan, SIM_STORE_RESUME, &err), status);
    if (strstr(err.message, named) == NULL)
        print_error("%s\n", err.message);
    assert_non_null(strstr(err.message, named));
    assert_non_null(strstr(err.message, path));
    assert_null(store);
}

/* Against parts, then against a finished file. */
static void changes_are_refused_and_named(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "changed.h5");
    const sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 4);
    for (int finished = 0; finished < 2; finished++) {
        if (finished)
            (void)run(path, &plan, SIM_STORE_FORCE, 0);
        else
            leave_parts(path, &plan, 4);
        sim_store_plan_t other = plan;
        other.identity = "name: fake\nseed: 2\n";
        refuse(path, &other, SIM_EINPUT, "'seed: 1'");
        refuse(path, &other, SIM_EINPUT, "'seed: 2'");
        other.identity = "name: fake\nseed: 1\nset: {a: 1}\n";
        refuse(path, &other, SIM_EINPUT, "'set: {a: 1}'");
        other.identity = "name: fake\n";
        refuse(path, &other, SIM_EINPUT, "'seed: 1'");
        other = plan;
        other.schema = fake_schema_quiet();
        refuse(path, &other, SIM_EINPUT, "variables");
        other = fake_plan(fake_schema(), 2, 3, 4);
        refuse(path, &other, SIM_EINPUT, "design");
        other = fake_plan(fake_schema(), 2, 1, 3);
        refuse(path, &other, SIM_EINPUT, "replication 3");
        other = plan;
        other.arms = fake_arms + 1;
        refuse(path, &other, SIM_EINPUT, "baseline");
        sim_error_t err = {0};
        sim_store_t *store;
        check(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err); /* still there */
        assert_int_equal(count_stored(store, &plan), finished ? 8 : 4);
        sim_store_close(store);
    }
}

static void wrong_plans_are_refused(void **state)
{
    (void)state;
    sim_store_t *store;
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 0);
    const char *path = fake_path(folder, "plan.h5");
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, NULL), SIM_EINPUT);
    plan = fake_plan(fake_schema(), 2, 1, 3);
    const char *const twice[2] = {"baseline", "baseline"};
    plan.arms = twice;
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, NULL), SIM_EINPUT);
    plan = fake_plan(fake_schema(), 4, UINT32_C(1) << 31, UINT32_C(1) << 31); /* 2^64 runs: none, counted in 64 bits */
    assert_int_equal(sim_store_open(&store, path, &plan, SIM_STORE_NEW, NULL), SIM_EINPUT);
    assert_false(exists(fake_path(folder, "plan.h5.parts")));
}

static void foreign_files_are_left_alone(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "foreign.h5");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("my thesis\n", file);
    fclose(file);
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 1);
    refuse(path, &plan, SIM_EIO, "HDF5");
    assert_true(exists(path));
    assert_false(exists(fake_path(folder, "foreign.h5.parts")));
}

/* The only segment in a parts folder; its path. */
static const char *only_segment(const char *parts)
{
    static char path[1024];
    DIR *open = opendir(parts);
    assert_non_null(open);
    uint32_t segment;
    int found = 0;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (sim_parts_is_segment(entry->d_name, &segment)) {
            snprintf(path, sizeof path, "%s/%s", parts, entry->d_name);
            found++;
        }
    closedir(open);
    assert_int_equal(found, 1);
    return path;
}

static unsigned char *load(const char *path, size_t *n)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    *n = (size_t)info.st_size;
    unsigned char *bytes = malloc(*n + 1);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, *n), *n);
    close(fd);
    return bytes;
}

static void save(const char *path, const unsigned char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0666);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

/* How many of three replications survive what was done to their segment. */
static size_t survivors(const char *path, const sim_store_plan_t *plan, bool *noticed)
{
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, plan, SIM_STORE_RESUME, &err), &err);
    size_t n = count_stored(store, plan);
    *noticed = *sim_store_notice(store) != '\0';
    sim_store_close(store);
    return n;
}

/* Every byte of a block matters, and damage to one block costs that block only. */
static void a_flipped_byte_costs_one_block(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "flip.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan, 3);
    char segment[1024];
    snprintf(segment, sizeof segment, "%s", only_segment(fake_path(folder, "flip.h5.parts")));
    size_t n;
    unsigned char *bytes = load(segment, &n);
    bool noticed;
    assert_int_equal(survivors(path, &plan, &noticed), 3);
    assert_false(noticed);
    for (size_t at = 0; at < n; at += at < 400 ? 1 : 37) {
        bytes[at] ^= 0x10;
        save(segment, bytes, n);
        bytes[at] ^= 0x10;
        assert_int_equal(survivors(path, &plan, &noticed), 2);
        assert_true(noticed);
    }
    free(bytes);
}

static void a_cut_segment_keeps_its_whole_blocks(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "cut.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan, 3);
    char segment[1024];
    snprintf(segment, sizeof segment, "%s", only_segment(fake_path(folder, "cut.h5.parts")));
    size_t n, last = 3;
    unsigned char *bytes = load(segment, &n);
    for (size_t length = n; length > 41; length -= 41) {
        save(segment, bytes, length);
        bool noticed;
        size_t now = survivors(path, &plan, &noticed);
        assert_true(now <= last && (length == n ? now == 3 : now < 3));
        last = now;
    }
    assert_int_equal(last, 0);
    free(bytes);
    assert_true(run(path, &plan, SIM_STORE_RESUME, 0) != 0); /* and the run still ends well */
}

static void damage_between_put_and_assembly_is_named(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "late.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan, 3);
    const char *segment = only_segment(fake_path(folder, "late.h5.parts"));
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err);
    size_t n;
    unsigned char *bytes = load(segment, &n);
    bytes[n / 2] ^= 1;
    save(segment, bytes, n);
    free(bytes);
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_EIO);
    assert_non_null(strstr(err.message, "--resume"));
    sim_store_close(store);
    assert_false(exists(path));
    (void)run(path, &plan, SIM_STORE_RESUME, 2);
}

static void a_damaged_plan_is_an_io_error(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "badplan.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan, 3);
    save(fake_path(folder, "badplan.h5.parts/plan"), (const unsigned char *)"garbage", 7);
    refuse(path, &plan, SIM_EIO, "plan");
    char text[] = "overbuild-parts 99\nlayout 0\n";
    save(fake_path(folder, "badplan.h5.parts/plan"), (const unsigned char *)text, sizeof text - 1);
    refuse(path, &plan, SIM_EINPUT, "format 99");
}

/* A result that an interrupted run left is spared when it is damaged: its parts have everything. */
static void a_damaged_file_beside_its_parts_is_replaced(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "both.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 4);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_FORCE, &err), &err);
    check(fake_put(store, (sim_run_key_t){0, 0, 1}, plan.schema, &err), &err);
    check(sim_store_assemble(store, false, NULL, NULL, &err), &err);
    sim_store_close(store);
    save(path, (const unsigned char *)"cut", 3);
    check(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err);
    assert_int_equal(count_stored(store, &plan), 1);
    assert_non_null(strstr(sim_store_notice(store), "both.h5"));
    sim_store_close(store);
    (void)run(path, &plan, SIM_STORE_RESUME, 1);
}

/* A segment that was being written when the process was killed: its whole blocks count, its cut end is no damage. */
static void an_unfinished_segment_keeps_its_whole_blocks(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "killed.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3);
    leave_parts(path, &plan, 3);
    char segment[1024], part[1024];
    snprintf(segment, sizeof segment, "%s", only_segment(fake_path(folder, "killed.h5.parts")));
    snprintf(part, sizeof part, "%.*s.part", (int)(strrchr(segment, '.') - segment), segment);
    size_t n;
    unsigned char *bytes = load(segment, &n);
    assert_int_equal(unlink(segment), 0);
    save(part, bytes, n - 8);
    free(bytes);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err);
    assert_int_equal(count_stored(store, &plan), 2);
    assert_non_null(strstr(sim_store_notice(store), "0 damaged and 1 unfinished"));
    sim_store_close(store);
    (void)run(path, &plan, SIM_STORE_RESUME, 2);
}

/* Blocks of another experiment that somebody has copied here are ignored, and he is told. */
static void foreign_blocks_are_ignored(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "home.h5"), *other = fake_path(folder, "abroad.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 3), quiet = fake_plan(fake_schema_quiet(), 1, 1, 3);
    leave_parts(path, &plan, 1);
    leave_parts(other, &quiet, 3);
    size_t n;
    unsigned char *bytes = load(only_segment(fake_path(folder, "abroad.h5.parts")), &n);
    save(fake_path(folder, "home.h5.parts/00000077.blocks"), bytes, n);
    free(bytes);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err);
    assert_int_equal(count_stored(store, &plan), 1);
    assert_non_null(strstr(sim_store_notice(store), "3 damaged"));
    sim_store_close(store);
}

static void outcomes_are_read_before_assembly(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "outcome.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 5);
    leave_parts(path, &plan, 4);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_RESUME, &err), &err);
    for (uint32_t i = 0; i < 5; i++) {
        sim_run_key_t key = {0, 0, i};
        double found = 0, wanted = i < 4 ? sim_round_to(fake_value(key, FAKE_PEAK, 0), 0.01) : (double)NAN;
        check(sim_store_outcome(store, key, FAKE_PEAK, &found, &err), &err);
        assert_true(wanted == found || (isnan(wanted) && isnan(found)));
    }
    sim_store_close(store);
}

/* What is taken over from a result gets a new checksum, which must not cover up damage. */
static void a_damaged_file_does_not_grow(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "worn.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 4);
    (void)run(path, &plan, SIM_STORE_FORCE, 0);
    sim_error_t err = {0};
    sim_result_t *result;
    uint64_t *seeds;
    size_t n, n_seeds;
    check(sim_result_open(&result, path, &err), &err);
    check(sim_result_read_u64(result, "/outcomes/seed", &seeds, &n_seeds, &err), &err);
    sim_result_close(result);
    unsigned char *bytes = load(path, &n);
    unsigned char *seed = memmem(bytes, n, seeds, n_seeds * sizeof *seeds);
    assert_non_null(seed); /* stored as it is, without a sum of its own */
    *seed ^= 4;
    save(path, bytes, n);
    plan = fake_plan(fake_schema(), 1, 1, 6);
    refuse(path, &plan, SIM_EIO, "not the ones that were written");
    assert_false(exists(fake_path(folder, "worn.h5.parts")));
    free(seeds);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_overwritten_unasked),
        cmocka_unit_test(two_stores_do_not_share_a_result),
        cmocka_unit_test(a_resumed_run_is_the_unbroken_run),
        cmocka_unit_test(experiments_grow),
        cmocka_unit_test(arms_are_known_by_label),
        cmocka_unit_test(changes_are_refused_and_named),
        cmocka_unit_test(wrong_plans_are_refused),
        cmocka_unit_test(foreign_files_are_left_alone),
        cmocka_unit_test(a_flipped_byte_costs_one_block),
        cmocka_unit_test(a_cut_segment_keeps_its_whole_blocks),
        cmocka_unit_test(damage_between_put_and_assembly_is_named),
        cmocka_unit_test(a_damaged_plan_is_an_io_error),
        cmocka_unit_test(a_damaged_file_beside_its_parts_is_replaced),
        cmocka_unit_test(a_damaged_file_does_not_grow),
        cmocka_unit_test(an_unfinished_segment_keeps_its_whole_blocks),
        cmocka_unit_test(foreign_blocks_are_ignored),
        cmocka_unit_test(outcomes_are_read_before_assembly),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
