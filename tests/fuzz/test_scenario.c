// SPDX-License-Identifier: GPL-3.0-or-later
/* The scenario fuzz target and the table reader on some thousand mutated inputs, the same in every run. */
#include "tests/fuzz/fuzz_scenario.c"
#include "tests/support/mutate.h"
#include "tests/support/test.h"

#include "models/params/tables.h"
#include "sim/draw.h"

#include <dirent.h>
#include <unistd.h>

enum { MAX_SEEDS = 200, SCENARIOS = 4000, TABLES = 6000 };

/* Pieces that random bytes would hardly hit. */
static const char *const pieces[] = {"extends: quick\n",
                                     "arms:\n  - name: b\n",
                                     "set: {audit.hazard: 0.1}\n",
                                     "{}",
                                     "[]",
                                     "&a ",
                                     "*a",
                                     "!!str ",
                                     "---\n",
                                     "...\n",
                                     "? ",
                                     ": ",
                                     "- ",
                                     "\"",
                                     "'",
                                     "|\n",
                                     ">-\n",
                                     "\t",
                                     "#",
                                     "1e308",
                                     "-0",
                                     "2022-06-01",
                                     "prior",
                                     "nan",
                                     "010",
                                     "\xEF\xBB\xBF",
                                     "\xC3\xA9",
                                     "\xFF",
                                     "%YAML 1.1\n",
                                     "{",
                                     "}",
                                     "[",
                                     "]",
                                     ",",
                                     "\n  ",
                                     "design: {method: lhs, points: 3}\n",
                                     "uncertain: {audit.hazard: prior}\n",
                                     "from: 2023-01-01\n",
                                     "<<",
                                     "~",
                                     "0x10",
                                     "99999999999999999999",
                                     "7 d",
                                     "\\0"};

static test_text_t seeds[MAX_SEEDS];
static test_mutator_t mutator = {seeds, 0, MAX_SEEDS, pieces, sizeof pieces / sizeof pieces[0]};

static void add_file(const char *name)
{
    static char bytes[TEST_TEXT_BYTES];
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    test_mutator_add(&mutator, bytes, fread(bytes, 1, sizeof bytes, file));
    (void)fclose(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The bad scenarios in order of name, so that every run is the same; the current folder becomes theirs, so that mutated
 * `extends` and `tables` still name files. */
static int setup(void **state)
{
    (void)state;
    LLVMFuzzerInitialize(NULL, NULL);
    static char names[MAX_SEEDS][256];
    char folder[1024];
    const char *source = getenv("OVERBUILD_SOURCE");
    (void)snprintf(folder, sizeof folder, "%s/tests/unit/bad_scenarios", source != NULL ? source : ".");
    DIR *open_folder = chdir(folder) == 0 ? opendir(".") : NULL;
    if (open_folder == NULL)
        return -1;
    size_t n = 0;
    for (struct dirent *entry = readdir(open_folder); entry != NULL && n < MAX_SEEDS; entry = readdir(open_folder))
        if (strstr(entry->d_name, ".yaml") != NULL)
            (void)snprintf(names[n++], 256, "%s", entry->d_name);
    (void)closedir(open_folder);
    qsort(names, n, 256, by_name);
    for (size_t i = 0; i < n; i++)
        add_file(names[i]);
    for (size_t i = 0; i < scn_preset_count(); i++)
        test_mutator_add(&mutator, scn_preset_text(scn_preset_name(i)), strlen(scn_preset_text(scn_preset_name(i))));
    return 0;
}

static void test_mutated_scenarios(void **state)
{
    (void)state;
    static test_text_t text;
    for (uint64_t i = 0; i < SCENARIOS; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, 20220101, i, 1, 1, 0);
        test_mutated(&mutator, &text, &rng);
        (void)LLVMFuzzerTestOneInput((const uint8_t *)text.bytes, text.n);
    }
}

static void count(void *user, const char *message)
{
    ++*(size_t *)user;
    SIM_ASSERT(strncmp(message, "t.csv:", 6) == 0 && strchr(message, '\n') == NULL);
}

/* Any text is a table without problems or has as many as were reported. */
static void test_mutated_tables(void **state)
{
    (void)state;
    static test_text_t text;
    static mdl_tables_t tables;
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    mutator.n_seeds = 0;
    for (size_t i = 0; i < n; i++)
        test_mutator_add(&mutator, registry[i].default_csv, strlen(registry[i].default_csv));
    assert_int_equal(mdl_tables_default(&tables, NULL), SIM_OK);
    for (uint64_t i = 0; i < TABLES; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, 20220101, i, 2, 1, 0);
        test_mutated(&mutator, &text, &rng);
        size_t reported = 0;
        size_t problems =
            mdl_table_read(&tables, &registry[sim_draw_below(&rng, n)], "t.csv", text.bytes, count, &reported);
        assert_int_equal(problems, reported);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutated_scenarios),
        cmocka_unit_test(test_mutated_tables),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
