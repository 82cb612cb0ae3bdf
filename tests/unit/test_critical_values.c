// SPDX-License-Identifier: GPL-3.0-or-later
/* Critical values: the same bits at any number of threads, kept in a file that may be damaged, null models. */
#include "analysis/critical_cache.h"
#include "analysis/statistics.h"
#include "sim/draw.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const ana_critical_plan_t small = {
    .n = 60, .min_rows = 14, .replications = 333, .seed = 7, .lag = {0}, .threads = 1};

static void simulate(const ana_critical_plan_t *plan, const ana_null_t *null, const char *folder, ana_critical_t *out)
{
    sim_error_t err = {0};
    if (ana_critical_values(plan, null, folder, out, &err) != SIM_OK)
        fail_msg("%s", err.message);
}

static void assert_same(const ana_critical_t *a, const ana_critical_t *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->first, b->first);
    assert_memory_equal(a->adf, b->adf, sizeof a->adf);
    assert_memory_equal(a->sadf, b->sadf, sizeof a->sadf);
    assert_memory_equal(a->gsadf, b->gsadf, sizeof a->gsadf);
    for (int i = 0; i < ANA_LEVELS; i++)
        assert_memory_equal(a->bsadf[i] + a->first, b->bsadf[i] + a->first, (a->n - a->first) * sizeof(double));
}

static void test_any_number_of_threads(void **state)
{
    ana_critical_t one, many;

    (void)state;
    simulate(&small, NULL, NULL, &one);
    for (int threads = 2; threads < 6; threads++) {
        ana_critical_plan_t plan = small;
        plan.threads = threads;
        simulate(&plan, NULL, NULL, &many);
        assert_same(&one, &many);
        ana_critical_free(&many);
    }
    assert_true(one.adf[0] < one.adf[1] && one.adf[1] < one.adf[2]);
    assert_true(one.gsadf[1] > one.sadf[1] && one.sadf[1] > one.adf[1]);
    assert_true(isnan(one.bsadf[0][one.first - 1]) && one.bsadf[0][one.first] < one.bsadf[2][one.first]);
    ana_critical_free(&one);
}

/* Path of the only file in a folder. */
static const char *only_file(const char *folder)
{
    const char *found = NULL;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') {
            assert_null(found);
            found = fake_path(folder, entry->d_name);
        }
    closedir(dir);
    assert_non_null(found);
    return found;
}

static void test_kept_and_found_again(void **state)
{
    char *root = fake_folder();
    const char *folder = fake_path(root, "a/cache");
    ana_critical_plan_t other = small;
    ana_critical_t fresh, kept, different;

    (void)state;
    assert_int_equal(mkdir(fake_path(root, "a"), 0700), 0);
    simulate(&small, NULL, folder, &fresh);
    assert_false(fresh.from_cache);
    simulate(&small, NULL, folder, &kept);
    assert_true(kept.from_cache);
    assert_same(&fresh, &kept);
    other.seed = 8;
    simulate(&other, NULL, folder, &different);
    assert_false(different.from_cache);
    ana_critical_free(&fresh);
    ana_critical_free(&kept);
    ana_critical_free(&different);
    fake_remove(root);
    free(root);
}

static void change_byte(const char *path, long at, char to)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    assert_int_equal(fputc(to, file), to);
    assert_int_equal(fclose(file), 0);
}

static long file_size(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return (long)info.st_size;
}

/* Any byte changed, and any length cut off: computed again, and the file is whole afterwards. */
static void test_damage_is_survived(void **state)
{
    char *folder = fake_folder();
    ana_critical_plan_t plan = small;
    ana_critical_t good, again;

    (void)state;
    plan.replications = 20;
    simulate(&plan, NULL, folder, &good);
    const char *path = only_file(folder);
    long size = file_size(path);
    for (long at = 0; at < size; at += size / 40 + 1) {
        if (at % 2 == 0)
            change_byte(path, at, '~');
        else
            assert_int_equal(truncate(path, at), 0);
        simulate(&plan, NULL, folder, &again);
        assert_false(again.from_cache);
        assert_same(&good, &again);
        ana_critical_free(&again);
        assert_int_equal(file_size(path), size);
    }
    simulate(&plan, NULL, folder, &again);
    assert_true(again.from_cache);
    ana_critical_free(&again);
    ana_critical_free(&good);
    fake_remove(folder);
    free(folder);
}

static void test_no_place_to_keep(void **state)
{
    ana_critical_t critical;

    (void)state;
    simulate(&small, NULL, "/proc/nowhere/overbuild", &critical);
    assert_false(critical.from_cache);
    ana_critical_free(&critical);
}

static void test_folder(void **state)
{
    char path[64];
    char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *cache_copy = cache != NULL ? strdup(cache) : NULL, *home_copy = home != NULL ? strdup(home) : NULL;

    (void)state;
    setenv("XDG_CACHE_HOME", "/c", 1);
    setenv("HOME", "/h", 1);
    assert_true(ana_cache_folder(path, sizeof path));
    assert_string_equal(path, "/c/overbuild");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_true(ana_cache_folder(path, sizeof path));
    assert_string_equal(path, "/h/.cache/overbuild");
    assert_false(ana_cache_folder(path, 10));
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_false(ana_cache_folder(path, sizeof path));
    if (cache_copy != NULL)
        setenv("XDG_CACHE_HOME", cache_copy, 1);
    if (home_copy != NULL)
        setenv("HOME", home_copy, 1);
    free(cache_copy);
    free(home_copy);
}

static void test_refused(void **state)
{
    ana_critical_plan_t plan = small;
    ana_critical_t critical;
    sim_error_t err = {0};

    (void)state;
    plan.min_rows = 60;
    assert_int_equal(ana_critical_values(&plan, NULL, NULL, &critical, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "expected at least 61"));
    ana_critical_free(&critical);
    plan = small;
    plan.replications = 0;
    assert_int_equal(ana_critical_values(&plan, NULL, NULL, &critical, NULL), SIM_EINPUT);
    ana_critical_free(&critical);
}

static void test_replications(void **state)
{
    (void)state;
    assert_int_equal(ana_critical_replications(100, (ana_lag_t){0}), 20000);
    assert_int_equal(ana_critical_replications(1680, (ana_lag_t){0}), 1000);
    assert_true(ana_critical_replications(300, (ana_lag_t){.order = 2}) <
                ana_critical_replications(300, (ana_lag_t){0}));
}

enum { N = 400 };

/* An autoregression of changes with coefficient 0.5 and a drift, whose errors get ten times larger half-way. */
static void draw_changes(double y[N])
{
    sim_rng_t rng;
    double change = 0;
    sim_rng_at(&rng, 5, 0, 0, 0, 0);
    y[0] = 50;
    for (size_t t = 1; t < N; t++) {
        change = 0.2 + 0.5 * change + sim_draw_normal(&rng, 0, t < N / 2 ? 0.1 : 1);
        y[t] = y[t - 1] + change;
    }
}

static double deviation(const double *y, size_t from, size_t to)
{
    double changes[N];
    for (size_t t = from; t < to; t++)
        changes[t - from] = y[t + 1] - y[t];
    return sqrt(ana_mean_interval(changes, to - from, 0.95).variance);
}

/* The bootstraps take out the drift, keep the lag's coefficient, and the wild one keeps the dates of calm and storm. */
static void test_null_models(void **state)
{
    double y[N], mean[N] = {0}, out[N], wild_calm = 0, wild_storm = 0, composite_calm = 0;
    ana_null_t wild, composite;

    (void)state;
    draw_changes(y);
    assert_int_equal(ana_null_fit(&wild, ANA_NULL_WILD, y, N, (ana_lag_t){4, ANA_LAG_SCHWARZ}, NULL), SIM_OK);
    assert_int_equal(ana_null_fit(&composite, ANA_NULL_COMPOSITE, y, N, (ana_lag_t){.order = 1}, NULL), SIM_OK);
    assert_int_equal(composite.order, 1);
    assert_close(composite.phi[0], 0.5, 0.15);
    assert_in_range(wild.order, 1, 4);
    for (uint64_t r = 0; r < 400; r++) {
        ana_null_draw(&wild, N, 3, r, out);
        wild_calm += deviation(out, 0, N / 2 - 1) / 400;
        wild_storm += deviation(out, N / 2, N - 1) / 400;
        for (size_t t = 0; t < N; t++)
            mean[t] += out[t] / 400;
        ana_null_draw(&composite, N, 3, r, out);
        composite_calm += deviation(out, 0, N / 2 - 1) / 400;
    }
    assert_true(wild_storm > 7 * wild_calm);
    assert_true(composite_calm > 4 * wild_calm);
    /* No drift: the mean end is within 5 standard errors of the start; with the drift it would be at about 160. */
    assert_close(mean[N - 1], mean[0], 5 * 2 * wild_storm * sqrt(N / 2) / sqrt(400));
    ana_null_free(&wild);
    ana_null_free(&composite);
}

static void test_null_models_refused(void **state)
{
    double line[40];
    ana_null_t null;
    sim_error_t err = {0};

    (void)state;
    for (size_t t = 0; t < 40; t++)
        line[t] = (double)t;
    assert_int_equal(ana_null_fit(&null, ANA_NULL_WILD, line, 40, (ana_lag_t){0}, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "without any chance"));
    ana_null_free(&null);
    err = (sim_error_t){0};
    assert_int_equal(ana_null_fit(&null, ANA_NULL_COMPOSITE, line, 5, (ana_lag_t){.order = 1}, &err), SIM_EINPUT);
    assert_non_null(strstr(err.message, "expected at least 6"));
    ana_null_free(&null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_threads),
        cmocka_unit_test(test_kept_and_found_again),
        cmocka_unit_test(test_damage_is_survived),
        cmocka_unit_test(test_no_place_to_keep),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_replications),
        cmocka_unit_test(test_null_models),
        cmocka_unit_test(test_null_models_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
