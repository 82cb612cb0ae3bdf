// SPDX-License-Identifier: GPL-3.0-or-later
/* The store from recorder to file and back: every value, every dimension, equal bytes, digests. */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <math.h>
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

static void assemble(const char *path, const sim_store_plan_t *plan, sim_store_mode_t mode)
{
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, plan, mode, &err), &err);
    check(fake_put_all(store, plan, &err), &err);
    check(sim_store_assemble(store, true, NULL, NULL, &err), &err);
    sim_store_close(store);
}

static sim_result_t *open_result(const char *path)
{
    sim_error_t err = {0};
    sim_result_t *result;
    check(sim_result_open(&result, path, &err), &err);
    return result;
}

static uint64_t digest_of(const char *path, const char *group)
{
    sim_error_t err = {0};
    uint64_t digest;
    sim_result_t *result = open_result(path);
    check(sim_result_digest(result, group, &digest, &err), &err);
    sim_result_close(result);
    return digest;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Every value of one variable against the fake run, whatever its dimensions. */
static void check_variable(sim_result_t *result, const sim_store_plan_t *plan, uint32_t channel)
{
    const sim_channel_t *c = &plan->schema->channels[channel];
    char path[64];
    snprintf(path, sizeof path, "%s/%s", c->group, c->name);
    sim_error_t err = {0};
    sim_array_t array;
    check(sim_result_read(result, path, &array, &err), &err);
    assert_string_equal(array.long_name, c->long_name);
    size_t slab = 1, at = 0;
    uint32_t outer = plan->n_points > 1 ? 3 : 2;
    assert_string_equal(array.dims[0], "arm");
    assert_string_equal(array.dims[outer - 1], "replication");
    for (uint32_t i = outer; i < array.n_dims; i++)
        slab *= array.shape[i];
    sim_run_key_t key;
    for (key.arm = 0; key.arm < plan->n_arms; key.arm++)
        for (key.point = 0; key.point < plan->n_points; key.point++)
            for (key.replication = 0; key.replication < plan->n_replications; key.replication++)
                for (size_t i = 0; i < slab; i++) {
                    double wanted = sim_round_to(fake_value(key, channel, i), c->resolution);
                    if (c->kind == SIM_CHANNEL_ITEM && i >= fake_items(key))
                        wanted = (double)NAN;
                    if (c->kind == SIM_CHANNEL_SERIES && plan->n_points > 1)
                        wanted = (double)(float)wanted;
                    assert_true(same(array.values[at++], wanted));
                }
    sim_array_free(&array);
}

static void every_value_comes_back(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "values.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 12);
    assemble(path, &plan, SIM_STORE_NEW);
    sim_result_t *result = open_result(path);
    for (uint32_t i = 0; i < FAKE_CHANNELS; i++)
        check_variable(result, &plan, i);
    sim_error_t err = {0};
    check(sim_result_verify(result, &err), &err);
    sim_result_close(result);
    struct stat info;
    assert_int_not_equal(stat(fake_path(folder, "values.h5.parts"), &info), 0);
    assert_int_not_equal(stat(fake_path(folder, "values.h5.part"), &info), 0);
}

static void a_design_has_points_and_floats(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "design.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 5, 3);
    assemble(path, &plan, SIM_STORE_NEW);
    sim_result_t *result = open_result(path);
    for (uint32_t i = 0; i < FAKE_CHANNELS; i++)
        check_variable(result, &plan, i);
    sim_array_t array;
    sim_error_t err = {0};
    check(sim_result_read(result, "/gpu_market/stock", &array, &err), &err);
    static const char *const dims[] = {"arm", "point", "replication", "time", "province", "gpu_type"};
    assert_int_equal(array.n_dims, 6);
    for (int i = 0; i < 6; i++)
        assert_string_equal(array.dims[i], dims[i]);
    sim_array_free(&array);
    sim_result_close(result);
}

static void names_labels_and_texts(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "names.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 3);
    assemble(path, &plan, SIM_STORE_NEW);
    sim_result_t *result = open_result(path);
    sim_error_t err = {0};
    char **names, *text;
    size_t n;
    check(sim_result_list(result, "/", &names, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "chip_price");
    sim_labels_free(names, n);
    check(sim_result_groups(result, &names, &n, &err), &err);
    assert_int_equal(n, 7);
    assert_string_equal(names[0], "/centres");
    sim_labels_free(names, n);
    assert_int_equal(sim_result_format(result), SIM_STORE_FORMAT);
    sim_array_t busy;
    check(sim_result_describe(result, "/province/busy", &busy, &err), &err);
    assert_true(busy.values == NULL && busy.n_dims == 4 && busy.shape[3] == FAKE_PROVINCES);
    assert_string_equal(busy.dims[3], "province");
    check(sim_result_labels(result, "/province/province", &names, &n, &err), &err);
    assert_int_equal(n, FAKE_PROVINCES);
    assert_string_equal(names[2], fake_provinces[2]);
    sim_labels_free(names, n);
    check(sim_result_text(result, "/@Conventions", &text, &err), &err);
    assert_string_equal(text, "CF-1.11");
    free(text);
    check(sim_result_text(result, "/time@units", &text, &err), &err);
    assert_string_equal(text, "days since 2022-01-01");
    free(text);
    check(sim_result_text(result, "/provenance/identity", &text, &err), &err);
    assert_string_equal(text, plan.identity);
    free(text);
    assert_true(sim_result_has(result, "/centres/gpus") && !sim_result_has(result, "/centres/cpus"));
    assert_int_equal(sim_result_text(result, "/@nothing", &text, NULL), SIM_EINPUT);
    sim_array_t array;
    assert_int_equal(sim_result_read(result, "/nothing/there", &array, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "/nothing/there"));
    sim_result_close(result);
}

static void fingerprints_keep_their_bits(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "bits.h5");
    sim_store_plan_t plan = fake_plan(fake_schema_quiet(), 2, 1, 3);
    assemble(path, &plan, SIM_STORE_NEW);
    sim_result_t *result = open_result(path);
    sim_error_t err = {0};
    uint64_t *values;
    size_t n;
    check(sim_result_read_u64(result, "/outcomes/fingerprint", &values, &n, &err), &err);
    assert_int_equal(n, 6);
    for (uint32_t i = 0; i < 6; i++)
        assert_true(values[i] == fake_meta((sim_run_key_t){i / 3, 0, i % 3}).fingerprint);
    free(values);
    check(sim_result_read_u64(result, "/outcomes/seed", &values, &n, &err), &err);
    assert_true(values[5] == UINT64_C(0xfedcba9876543210));
    free(values);
    sim_result_close(result);
}

static void an_arm_is_read_alone(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "arm.h5");
    sim_store_plan_t plan = fake_plan(fake_schema_quiet(), 3, 1, 4);
    assemble(path, &plan, SIM_STORE_NEW);
    sim_result_t *result = open_result(path);
    sim_error_t err = {0};
    sim_array_t all, one;
    check(sim_result_read(result, "/province/busy", &all, &err), &err);
    check(sim_result_read_arm(result, "/province/busy", 2, &one, &err), &err);
    assert_int_equal(one.n_dims, 3);
    assert_string_equal(one.dims[0], "replication");
    size_t n = one.shape[0] * one.shape[1] * one.shape[2];
    for (size_t i = 0; i < n; i++)
        assert_true(same(one.values[i], all.values[2 * n + i]));
    sim_array_free(&all);
    sim_array_free(&one);
    assert_int_equal(sim_result_read_arm(result, "/province/busy", 3, &one, NULL), SIM_EINPUT);
    assert_int_equal(sim_result_read_arm(result, "/time", 0, &one, NULL), SIM_EINPUT);
    sim_result_close(result);
}

static void event_rows_stand_in_index_order(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "events.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 9);
    assemble(path, &plan, SIM_STORE_NEW);
    sim_result_t *result = open_result(path);
    sim_error_t err = {0};
    sim_array_t arm, replication, time, cause, value;
    check(sim_result_read(result, "/events/arm", &arm, &err), &err);
    check(sim_result_read(result, "/events/replication", &replication, &err), &err);
    check(sim_result_read(result, "/events/time", &time, &err), &err);
    check(sim_result_read(result, "/events/cause", &cause, &err), &err);
    check(sim_result_read(result, "/events/value", &value, &err), &err);
    assert_string_equal(time.units, "seconds since 2022-01-01");
    size_t at = 0;
    sim_run_key_t key = {0};
    for (key.arm = 0; key.arm < 2; key.arm++)
        for (key.replication = 0; key.replication < 9; key.replication++)
            for (uint32_t i = 0; i < fake_events(key); i++, at++) {
                assert_true(arm.values[at] == key.arm && replication.values[at] == key.replication);
                assert_true(time.values[at] == 86400.0 * i + 1 && value.values[at] == i + 0.5);
                assert_true(cause.values[at] == (double)i - 1);
            }
    assert_int_equal(at, arm.shape[0]);
    sim_array_t *all[] = {&arm, &replication, &time, &cause, &value};
    for (size_t i = 0; i < 5; i++)
        sim_array_free(all[i]);
    sim_result_close(result);
}

static char *read_bytes(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*n);
    assert_int_equal(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

/* Put in another order, by other segments, with a resume in between: the same file. */
static void equal_content_is_equal_bytes(void **state)
{
    (void)state;
    const char *a = fake_path(folder, "order_a.h5"), *b = fake_path(folder, "order_b.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 3, 1, 7);
    assemble(a, &plan, SIM_STORE_NEW);
    sim_error_t err = {0};
    sim_store_t *store;
    for (int half = 0; half < 2; half++) {
        check(sim_store_open(&store, b, &plan, half == 0 ? SIM_STORE_NEW : SIM_STORE_RESUME, &err), &err);
        for (uint32_t i = 21; i-- > 0;)
            if ((i % 2 == 0) == (half == 0))
                check(fake_put(store, (sim_run_key_t){i % 3, 0, i / 3}, plan.schema, &err), &err);
        if (half == 1)
            check(sim_store_assemble(store, true, NULL, NULL, &err), &err);
        sim_store_close(store);
    }
    size_t n, m;
    char *first = read_bytes(a, &n), *second = read_bytes(b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(first, second, n);
    free(first);
    free(second);
}

static void failed_and_missing_runs_are_nan(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "failed.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 1, 1, 4);
    sim_error_t err = {0};
    sim_store_t *store;
    check(sim_store_open(&store, path, &plan, SIM_STORE_NEW, &err), &err);
    check(fake_put(store, (sim_run_key_t){0, 0, 0}, plan.schema, &err), &err);
    sim_run_meta_t broken = {.status = SIM_EINVARIANT, .seed = 1};
    check(sim_store_put(store, (sim_run_key_t){0, 0, 1}, NULL, &broken, &err), &err);
    assert_true(sim_store_has(store, (sim_run_key_t){0, 0, 0}));
    assert_false(sim_store_has(store, (sim_run_key_t){0, 0, 1}));
    check(sim_store_assemble(store, false, NULL, NULL, &err), &err);
    sim_store_close(store);
    sim_result_t *result = open_result(path);
    sim_array_t status, peak, price;
    check(sim_result_read(result, "/outcomes/status", &status, &err), &err);
    check(sim_result_read(result, "/outcomes/peak_price", &peak, &err), &err);
    check(sim_result_read(result, "/chip_price", &price, &err), &err);
    assert_true(status.values[0] == 0 && status.values[1] == SIM_EINVARIANT && status.values[2] == 1);
    assert_true(!isnan(peak.values[0]) && isnan(peak.values[1]) && isnan(peak.values[3]));
    assert_true(!isnan(price.values[0]) && isnan(price.values[FAKE_WEEKS]) && isnan(price.values[3 * FAKE_WEEKS]));
    sim_array_free(&status);
    sim_array_free(&peak);
    sim_array_free(&price);
    sim_result_close(result);
    assemble(path, &plan, SIM_STORE_RESUME); /* runs the failed and the missing ones again */
    result = open_result(path);
    check_variable(result, &plan, FAKE_PRICE);
    sim_result_close(result);
}

static void the_store_knows_the_digest_of_its_file(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "digest.h5");
    const sim_store_plan_t plans[] = {fake_plan(fake_schema(), 2, 1, 5), fake_plan(fake_schema(), 2, 3, 2),
                                      fake_plan(fake_schema_quiet(), 1, 1, 1)};
    for (size_t i = 0; i < 3; i++) {
        sim_error_t err = {0};
        sim_store_t *store;
        check(sim_store_open(&store, path, &plans[i], SIM_STORE_FORCE, &err), &err);
        check(fake_put_all(store, &plans[i], &err), &err);
        check(sim_store_assemble(store, true, NULL, NULL, &err), &err);
        assert_true(sim_store_digest(store) == digest_of(path, "/"));
        assert_true(sim_store_digest(store) != digest_of(path, "/outcomes"));
        sim_store_close(store);
    }
}

static void arms_keep_their_digest_beside_others(void **state)
{
    (void)state;
    const char *two = fake_path(folder, "two.h5"), *four = fake_path(folder, "four.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 4);
    assemble(two, &plan, SIM_STORE_NEW);
    plan = fake_plan(fake_schema(), 4, 1, 4);
    assemble(four, &plan, SIM_STORE_NEW);
    uint64_t a[2], b[4];
    sim_error_t err = {0};
    sim_result_t *result = open_result(two);
    check(sim_result_digest_arms(result, a, 2, &err), &err);
    sim_result_close(result);
    result = open_result(four);
    check(sim_result_digest_arms(result, b, 4, &err), &err);
    sim_result_close(result);
    assert_true(a[0] == b[0] && a[1] == b[1]);
    assert_true(b[0] != b[1] && b[1] != b[2] && b[2] != b[3]);
    assert_true(digest_of(two, "/") != digest_of(four, "/"));
}

/* What the finish hook of the next test adds. */
static sim_status_t add_summary(sim_result_t *result, void *user, sim_error_t *err)
{
    double values[2 * FAKE_WEEKS];
    sim_array_t series;
    sim_status_t status = SIM_OK;
    for (size_t arm = 0; status == SIM_OK && arm < 2; arm++) {
        status = sim_result_read_arm(result, "/chip_price", arm, &series, err);
        if (status == SIM_OK)
            memcpy(values + arm * FAKE_WEEKS, series.values, FAKE_WEEKS * sizeof(double));
        sim_array_free(&series);
    }
    sim_array_t summary = {.values = values,
                           .n_dims = 2,
                           .shape = {2, FAKE_WEEKS},
                           .dims = {"arm", "time"},
                           .units = "yuan",
                           .long_name = "first replication"};
    if (status == SIM_OK)
        status = sim_result_write(result, "/summary/chip_price_first", &summary, err);
    static const char *const factors[] = {"a", "b", "c"};
    if (status == SIM_OK)
        status = sim_result_write_labels(result, "/design", "factor", factors, 3, err);
    double widths[] = {1, (double)NAN, 3};
    sim_array_t width = {.values = widths, .n_dims = 1, .shape = {3}, .dims = {"factor"}};
    if (status == SIM_OK)
        status = sim_result_write(result, "/design/width", &width, err);
    if (status == SIM_OK)
        status = sim_result_write_text(result, "/provenance/scenario", "name: fake # 内蒙古\n", err);
    if (status == SIM_OK)
        status = sim_result_write_text(result, "/provenance/version", *(const int *)user == 0 ? "1" : "2", err);
    if (status == SIM_OK)
        status = sim_result_write_text(result, "/@title", "a fake run", err);
    const double levels[] = {5, 50, 95};
    if (status == SIM_OK)
        status = sim_result_write_scale(result, "/summary", "level", levels, 3, "percent", "quantile", err);
    return status;
}

static void a_hook_adds_to_the_file(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "hook.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 3);
    uint64_t digests[2];
    for (int version = 0; version < 2; version++) {
        sim_error_t err = {0};
        sim_store_t *store;
        check(sim_store_open(&store, path, &plan, SIM_STORE_FORCE, &err), &err);
        check(fake_put_all(store, &plan, &err), &err);
        check(sim_store_assemble(store, true, add_summary, &version, &err), &err);
        digests[version] = sim_store_digest(store);
        sim_store_close(store);
        assert_true(digests[version] == digest_of(path, "/"));
    }
    assert_true(digests[0] == digests[1]); /* the version has no part in it */
    sim_error_t err = {0};
    sim_result_t *result = open_result(path);
    sim_array_t summary, all;
    char *text;
    check(sim_result_read(result, "/summary/chip_price_first", &summary, &err), &err);
    check(sim_result_read(result, "/chip_price", &all, &err), &err);
    assert_true(summary.values[FAKE_WEEKS + 3] == all.values[3 * FAKE_WEEKS + 3]);
    assert_string_equal(summary.dims[1], "time");
    sim_array_free(&all);
    sim_array_free(&summary);
    check(sim_result_read(result, "/design/width", &summary, &err), &err);
    assert_true(isnan(summary.values[1]) && summary.values[2] == 3);
    sim_array_free(&summary);
    check(sim_result_text(result, "/provenance/scenario", &text, &err), &err);
    assert_string_equal(text, "name: fake # 内蒙古\n");
    free(text);
    check(sim_result_verify(result, &err), &err);
    sim_result_close(result);
}

static sim_status_t overwrite_outcome(sim_result_t *result, void *user, sim_error_t *err)
{
    static const char *const paths[] = {"/outcomes/peak_price", "/chip_price"};
    sim_status_t status = SIM_OK;
    for (int i = 0; status == SIM_OK && i < 2; i++) {
        sim_array_t array;
        status = sim_result_read(result, paths[i], &array, err);
        if (status == SIM_OK)
            array.values[0] = *(const double *)user;
        if (status == SIM_OK)
            status = sim_result_write(result, paths[i], &array, err);
        sim_array_free(&array);
    }
    return status;
}

static void a_hook_may_overwrite(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "over.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 3);
    sim_error_t err = {0};
    sim_store_t *store;
    double value = 17;
    check(sim_store_open(&store, path, &plan, SIM_STORE_FORCE, &err), &err);
    check(fake_put_all(store, &plan, &err), &err);
    check(sim_store_assemble(store, true, overwrite_outcome, &value, &err), &err);
    assert_true(sim_store_digest(store) == digest_of(path, "/"));
    sim_store_close(store);
    sim_result_t *result = open_result(path);
    sim_array_t peak, price;
    check(sim_result_read(result, "/outcomes/peak_price", &peak, &err), &err);
    check(sim_result_read(result, "/chip_price", &price, &err), &err);
    assert_true(peak.values[0] == 17 && price.values[0] == 17 && price.values[1] > 1e4);
    sim_array_free(&peak);
    sim_array_free(&price);
    sim_result_close(result);
}

static sim_status_t add_wrong_shape(sim_result_t *result, void *user, sim_error_t *err)
{
    double values[3] = {0};
    sim_array_t array = {.values = values, .n_dims = 1, .shape = {3}};
    snprintf(array.dims[0], sizeof array.dims[0], "%s", (const char *)user);
    return sim_result_write(result, "/summary/wrong", &array, err);
}

static void a_failing_hook_leaves_nothing_but_the_parts(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "wrong.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), 2, 1, 2);
    char dims[2][8] = {"time", "nowhere"};
    for (int i = 0; i < 2; i++) {
        sim_error_t err = {0};
        sim_store_t *store;
        check(sim_store_open(&store, path, &plan, SIM_STORE_FORCE, &err), &err);
        check(fake_put_all(store, &plan, &err), &err);
        assert_int_equal(sim_store_assemble(store, true, add_wrong_shape, dims[i], &err), SIM_EINTERNAL);
        assert_non_null(strstr(err.message, dims[i]));
        sim_store_close(store);
        struct stat info;
        assert_int_not_equal(stat(path, &info), 0);
        assert_int_not_equal(stat(fake_path(folder, "wrong.h5.part"), &info), 0);
        assert_int_equal(stat(fake_path(folder, "wrong.h5.parts"), &info), 0);
    }
}

static void size_is_estimated_from_above(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "size.h5");
    sim_store_plan_t plan = fake_plan(fake_schema_quiet(), 2, 1, 50);
    assemble(path, &plan, SIM_STORE_NEW);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(sim_store_expected_bytes(&plan) >= (uint64_t)info.st_size);
    assert_true(sim_store_free_bytes(path) > 0);
    assert_true(sim_store_free_bytes(fake_path(folder, "no/such/folder/x.h5")) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_comes_back),
        cmocka_unit_test(a_design_has_points_and_floats),
        cmocka_unit_test(names_labels_and_texts),
        cmocka_unit_test(fingerprints_keep_their_bits),
        cmocka_unit_test(an_arm_is_read_alone),
        cmocka_unit_test(event_rows_stand_in_index_order),
        cmocka_unit_test(equal_content_is_equal_bytes),
        cmocka_unit_test(failed_and_missing_runs_are_nan),
        cmocka_unit_test(the_store_knows_the_digest_of_its_file),
        cmocka_unit_test(arms_keep_their_digest_beside_others),
        cmocka_unit_test(a_hook_adds_to_the_file),
        cmocka_unit_test(a_hook_may_overwrite),
        cmocka_unit_test(a_failing_hook_leaves_nothing_but_the_parts),
        cmocka_unit_test(size_is_estimated_from_above),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
