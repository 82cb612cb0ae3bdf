// SPDX-License-Identifier: GPL-3.0-or-later
/* Result files beyond what replications bring: nested groups, large and odd variables, wrong questions, long event
 * tables, files rewritten by other programs, commits of idle threads. */
#include "sim/store.h"
#include "sim/store_internal.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <math.h>
#include <sys/wait.h>
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

static uint64_t make(const char *path, const sim_store_plan_t *plan, sim_store_finish_t finish)
{
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, plan, SIM_STORE_FORCE, &err), &err);
    check(fake_put_all(store, plan, &err), &err);
    check(sim_store_assemble(store, true, finish, NULL, &err), &err);
    uint64_t digest = sim_store_digest(store);
    sim_store_close(store);
    return digest;
}

static sim_result_t *open_result(const char *path)
{
    sim_error_t err = {0};
    sim_result_t *result;
    check(sim_result_open(&result, path, &err), &err);
    return result;
}

static uint64_t digest_of(const char *path)
{
    uint64_t digest;
    sim_result_t *result = open_result(path);
    sim_error_t err = {0};
    check(sim_result_digest(result, "/", &digest, &err), &err);
    sim_result_close(result);
    return digest;
}

#define MANY 20000

/* Variables of every shape that a hook may write. */
static sim_status_t write_shapes(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    static double many[2 * MANY];
    for (int i = 0; i < 2 * MANY; i++)
        many[i] = i % 1000 == 7 ? (double)NAN : i;
    sim_status_t status = sim_result_write_scale(result, "/fit/trace", "draw", many + 8, MANY, "1", "draw", err);
    sim_array_t line = {.values = many, .n_dims = 1, .shape = {MANY}, .dims = {"draw"}};
    if (status == SIM_OK)
        status = sim_result_write(result, "/fit/trace/loss", &line, err);
    sim_array_t table = {.values = many, .n_dims = 2, .shape = {2, MANY}, .dims = {"arm", "draw"}};
    if (status == SIM_OK)
        status = sim_result_write(result, "/fit/trace/by_arm", &table, err);
    sim_array_t per_arm = {.values = many + 3, .n_dims = 1, .shape = {2}, .dims = {"arm"}, .units = "yuan"};
    if (status == SIM_OK)
        status = sim_result_write(result, "/fit/best", &per_arm, err);
    sim_array_t one = {.values = many + 5};
    if (status == SIM_OK)
        status = sim_result_write(result, "/fit/score", &one, err);
    if (status == SIM_OK)
        status = sim_result_write_text(result, "/fit@method", "abc", err);
    if (status == SIM_OK)
        status = sim_result_write_text(result, "/fit@method", "msm", err); /* again */
    if (status == SIM_OK)
        status = sim_result_write_text(result, "/notes@empty", "", err);
    return status;
}

static void variables_of_every_shape(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "shapes.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 2);
    uint64_t digest = make(path, &plan, write_shapes);
    assert_true(digest_of(path) == digest);
    sim_result_t *result = open_result(path);
    sim_error_t err = {0};
    sim_array_t array;
    check(sim_result_read(result, "/fit/trace/loss", &array, &err), &err);
    assert_true(array.shape[0] == MANY && isnan(array.values[1007]) && array.values[MANY - 1] == MANY - 1);
    sim_array_free(&array);
    check(sim_result_read_arm(result, "/fit/trace/by_arm", 1, &array, &err), &err);
    assert_true(array.n_dims == 1 && array.values[5] == MANY + 5);
    sim_array_free(&array);
    check(sim_result_read(result, "/fit/score", &array, &err), &err);
    assert_true(array.n_dims == 0 && array.values[0] == 5);
    assert_string_equal(array.long_name, "score");
    sim_array_free(&array);
    char *text, **names;
    size_t n;
    check(sim_result_text(result, "/fit@method", &text, &err), &err);
    assert_string_equal(text, "msm");
    free(text);
    check(sim_result_list(result, "/fit/trace", &names, &n, &err), &err);
    assert_true(n == 2 && strcmp(names[0], "by_arm") == 0 && strcmp(names[1], "loss") == 0);
    sim_labels_free(names, n);
    check(sim_result_groups(result, &names, &n, &err), &err);
    bool nested = false;
    for (size_t i = 0; i < n; i++)
        nested = nested || strcmp(names[i], "/fit/trace") == 0;
    assert_true(nested);
    sim_labels_free(names, n);
    uint64_t arms[2];
    check(sim_result_digest_arms(result, arms, 2, &err), &err);
    assert_true(arms[0] != arms[1]);
    sim_result_close(result);
}

#define LONG ((size_t)1 << 20) /* and a bit: more than the digest takes at once */

/* Values that a digest must not mistake: zeros of both signs, missing ones at the end. */
static sim_status_t write_numbers(sim_result_t *result, const char *name, sim_array_t *array, sim_error_t *err)
{
    size_t n = 1;
    for (uint32_t i = 0; i < array->n_dims; i++)
        n *= array->shape[i];
    array->values = calloc(n, sizeof *array->values);
    assert_non_null(array->values);
    for (size_t i = 0; i < n; i++)
        array->values[i] = i % 5 == 4 ? (double)NAN : i % 3 == 0 ? -0.0 : (double)i / 7;
    sim_status_t status = sim_result_write(result, name, array, err);
    sim_array_free(array);
    return status;
}

/* A hook that reads what is there already, writes over it, and changes what is said of it. */
static sim_status_t rewrite(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    static const char *const labels[] = {"mean", "", "p95"};
    char **names, *units;
    size_t n;
    uint64_t arms[2];
    sim_array_t price, runs = {.n_dims = 2, .shape = {3, 2}, .dims = {"point", "replication"}};
    sim_array_t many = {.n_dims = 1, .shape = {LONG + 9}, .dims = {"draw"}};
    sim_array_t table = {.n_dims = 3, .shape = {2, 3, 3}, .dims = {"arm", "point", "statistic"}};
    check(sim_result_list(result, "/", &names, &n, err), err);
    assert_true(n == 2 && strcmp(names[0], "chip_price") == 0 && strcmp(names[1], "noise") == 0);
    sim_labels_free(names, n);
    check(sim_result_read(result, "/chip_price", &price, err), err);
    assert_true(price.n_dims == 4 && price.shape[1] == 3 && strcmp(price.dims[3], "time") == 0);
    price.values[1] = 0.1; /* no float */
    check(sim_result_write(result, "/chip_price", &price, err), err);
    sim_array_free(&price);
    check(sim_result_read(result, "/outcomes/peak_price", &price, err), err);
    price.values[2] = (double)NAN;
    check(sim_result_write(result, "/outcomes/peak_price", &price, err), err);
    sim_array_free(&price);
    check(sim_result_read(result, "/outcomes/events", &price, err), err);
    price.values[1] = 7;
    check(sim_result_write(result, "/outcomes/events", &price, err), err);
    sim_array_free(&price);
    check(sim_result_write_labels(result, "/more", "statistic", labels, 3, err), err);
    double *draws = calloc(LONG + 9, sizeof *draws);
    check(sim_result_write_scale(result, "/more", "draw", draws, LONG + 9, "days since", "draw", err), err);
    free(draws);
    check(write_numbers(result, "/more/runs", &runs, err), err);
    check(write_numbers(result, "/more/many", &many, err), err);
    check(write_numbers(result, "/more/table", &table, err), err);
    check(sim_result_write_text(result, "/more/note", "", err), err);
    check(sim_result_write_text(result, "/noise@units", "percent", err), err);
    check(sim_result_write_text(result, "/more/table@comment", "made up", err), err);
    check(sim_result_text(result, "/noise@units", &units, err), err);
    assert_string_equal(units, "percent");
    free(units);
    check(sim_result_digest_arms(result, arms, 2, err), err);
    return SIM_OK;
}

static void what_a_hook_changes_is_in_the_digest(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "rewritten.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 3, 2);
    uint64_t plain = make(path, &plan, NULL), digest = make(path, &plan, rewrite);
    assert_true(digest != plain && digest_of(path) == digest);
}

static void wrong_questions_are_answered(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "wrong.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 2);
    (void)make(path, &plan, NULL);
    sim_result_t *result = open_result(path);
    sim_array_t array;
    char **names, *text;
    uint64_t digest, *words;
    size_t n;
    assert_int_equal(sim_result_read(result, "/province/province", &array, NULL), SIM_EINPUT);
    assert_int_equal(sim_result_read_u64(result, "/arm", &words, &n, NULL), SIM_EINPUT);
    assert_null(words);
    assert_int_equal(sim_result_labels(result, "/time", &names, &n, NULL), SIM_EINPUT);
    assert_int_equal(sim_result_labels(result, "/nothing", &names, &n, NULL), SIM_EINPUT);
    assert_int_equal(sim_result_text(result, "/arm", &text, NULL), SIM_EINPUT); /* two of them */
    assert_int_equal(sim_result_text(result, "/time@nothing", &text, NULL), SIM_EINPUT);
    assert_int_equal(sim_result_list(result, "/nothing", &names, &n, NULL), SIM_EINPUT);
    assert_int_equal(sim_result_digest(result, "/nothing", &digest, NULL), SIM_EINPUT);
    sim_error_t err = {0};
    assert_int_equal(sim_result_describe(result, "/nothing", &array, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "overbuild info"));
    sim_result_close(result);
}

static sim_status_t write_twice_differently(sim_result_t *result, void *user, sim_error_t *err)
{
    (void)user;
    double values[4] = {1, 2, 3, 4};
    sim_array_t array = {.values = values, .n_dims = 1, .shape = {2}, .dims = {"arm"}};
    sim_status_t status = sim_result_write(result, "/x/y", &array, err);
    sim_array_t other = {.values = values, .n_dims = 2, .shape = {2, 2}, .dims = {"arm", "replication"}};
    return status < 0 ? status : sim_result_write(result, "/x/y", &other, err);
}

static void a_variable_keeps_its_shape(void **state)
{
    (void)state;
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 2);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, fake_path(folder, "twice.h5"), &plan, SIM_STORE_FORCE, &err), &err);
    check(fake_put_all(store, &plan, &err), &err);
    assert_int_equal(sim_store_assemble(store, true, write_twice_differently, NULL, &err), SIM_EINTERNAL);
    assert_non_null(strstr(err.message, "/x/y"));
    sim_store_close(store);
}

/* More rows than a chunk holds, from one replication, without names for their types. */
static void event_tables_may_be_long(void **state)
{
    (void)state;
    enum { ROWS = 40000 };
    const char *path = fake_path(folder, "long.h5");
    sim_schema_t schema = *fake_schema();
    schema.event_types = NULL;
    sim_store_plan_t plan = fake_plan(&schema, 1, 1, 1);
    sim_error_t err = {0};
    sim_store_t *store;
    for (int round = 0; round < 2; round++) { /* from blocks, then from the file */
        check(sim_store_open(&store, path, &plan, round == 0 ? SIM_STORE_NEW : SIM_STORE_RESUME, &err), &err);
        if (round == 0) {
            sim_recorder_t *recorder;
            check(sim_recorder_create(&recorder, &schema, &err), &err);
            for (int i = 0; i < ROWS; i++)
                (void)sim_recorder_event(
                    recorder,
                    &(sim_event_row_t){.time_s = 60 * i, .type = (uint32_t)i % 7, .entity = UINT32_MAX, .value = -i});
            sim_run_meta_t meta = {.jobs = 1};
            check(sim_store_put(store, (sim_run_key_t){0, 0, 0}, recorder, &meta, &err), &err);
            sim_recorder_destroy(recorder);
        }
        check(sim_store_assemble(store, true, NULL, NULL, &err), &err);
        assert_true(sim_store_digest(store) == digest_of(path));
        sim_store_close(store);
        sim_result_t *result = open_result(path);
        sim_array_t value, entity;
        check(sim_result_read(result, "/events/value", &value, &err), &err);
        check(sim_result_read(result, "/events/entity", &entity, &err), &err);
        assert_true(value.shape[0] == ROWS && value.values[ROWS - 1] == 1 - ROWS && value.values[16384] == -16384);
        assert_true(entity.values[5] == 4294967295.0);
        sim_array_free(&value);
        sim_array_free(&entity);
        uint64_t arm;
        check(sim_result_digest_arms(result, &arm, 1, &err), &err);
        sim_result_close(result);
    }
}

/* An experiment in which nothing was recorded at all still opens. */
static void empty_replications_make_a_file(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "empty.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 2);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), &err);
    check(sim_store_assemble(store, false, NULL, NULL, &err), &err);
    assert_true(sim_store_digest(store) == digest_of(path));
    sim_store_close(store);
    sim_result_t *result = open_result(path);
    sim_array_t array;
    check(sim_result_read(result, "/centres/gpus", &array, &err), &err);
    assert_true(array.shape[2] == 1 && isnan(array.values[0]) && isnan(array.values[1]));
    sim_array_free(&array);
    check(sim_result_verify(result, &err), &err);
    sim_result_close(result);
}

/* Another program's chunks and filters: other bytes, the same digest; the checksum notices. */
static void the_digest_survives_repacking(void **state)
{
    (void)state;
    if (system("command -v h5repack >/dev/null") != 0) {
        print_message("skipped: h5repack is not installed\n");
        skip();
    }
    const char *path = fake_path(folder, "packed.h5"), *again = fake_path(folder, "repacked.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 4);
    uint64_t digest = make(path, &plan, write_shapes), before[2], after[2];
    sim_error_t err = {0};
    sim_result_t *result = open_result(path);
    check(sim_result_digest_arms(result, before, 2, &err), &err);
    sim_result_close(result);
    static const char *const how[] = {"-f NONE", "-f SHUF -f GZIP=9", "-f chip_price:GZIP=3", "-l CONTI"};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        char command[2048];
        snprintf(command, sizeof command, "h5repack %s '%s' '%s' >/dev/null 2>&1", how[i], path, again);
        assert_int_equal(system(command), 0);
        assert_true(digest_of(again) == digest);
        result = open_result(again);
        check(sim_result_digest_arms(result, after, 2, &err), &err);
        assert_memory_equal(before, after, sizeof before);
        err = (sim_error_t){0};
        assert_int_equal(sim_result_verify(result, &err), SIM_EIO);
        assert_non_null(strstr(err.message, "repacked.h5"));
        err = (sim_error_t){0};
        sim_result_close(result);
        unlink(again);
    }
}

/* Segments that wait to be committed. */
static int open_segments(const char *parts)
{
    DIR *open = opendir(parts);
    assert_non_null(open);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        n += strstr(entry->d_name, ".part") != NULL;
    closedir(open);
    return n;
}

/* A commit takes along what other threads have left open. */
static void idle_segments_are_committed_too(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "idle.h5"), *parts = fake_path(folder, "idle.h5.parts");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 3);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), &err);
    sim_store_writer_t *busy = sim_store_take_writer(store, &err);
    check(fake_put(store, (sim_run_key_t){0, 0, 0}, plan.schema, &err), &err);
    sim_store_writer_t *other = sim_store_take_writer(store, &err); /* the one that has just put */
    sim_store_give_writer(store, busy);
    check(fake_put(store, (sim_run_key_t){0, 0, 1}, plan.schema, &err), &err);
    sim_store_give_writer(store, other);
    assert_int_equal(open_segments(parts), 2);
    store->last_commit_s -= 3600;
    check(fake_put(store, (sim_run_key_t){0, 0, 2}, plan.schema, &err), &err);
    assert_int_equal(open_segments(parts), 0);
    check(fake_put(store, (sim_run_key_t){1, 0, 0}, plan.schema, &err), &err);
    store->commit_cost_s = 3600; /* a disk so slow that the next commit is far off */
    check(fake_put(store, (sim_run_key_t){1, 0, 1}, plan.schema, &err), &err);
    assert_int_equal(open_segments(parts), 1);
    check(fake_put_all(store, &plan, &err), &err);
    check(sim_store_assemble(store, true, NULL, NULL, &err), &err);
    sim_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_of_every_shape),        cmocka_unit_test(wrong_questions_are_answered),
        cmocka_unit_test(a_variable_keeps_its_shape),      cmocka_unit_test(event_tables_may_be_long),
        cmocka_unit_test(empty_replications_make_a_file),  cmocka_unit_test(the_digest_survives_repacking),
        cmocka_unit_test(idle_segments_are_committed_too), cmocka_unit_test(what_a_hook_changes_is_in_the_digest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
