// SPDX-License-Identifier: GPL-3.0-or-later
/* The scenario fuzz target and the table reader on some thousand mutated inputs, the same in every run. */
#include "tests/fuzz/fuzz_scenario.c"
#include "tests/support/test.h"

#include "models/params/tables.h"
#include "sim/draw.h"

#include <dirent.h>
#include <unistd.h>

enum { MAX_SEEDS = 200, MAX_BYTES = 1 << 14, SCENARIOS = 4000, TABLES = 6000 };

typedef struct text {
    char bytes[MAX_BYTES];
    size_t n;
} text_t;

static text_t seeds[MAX_SEEDS];
static size_t n_seeds;

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

static size_t below(sim_rng_t *rng, size_t n)
{
    return n == 0 ? 0 : (size_t)sim_draw_below(rng, n);
}

static void splice(text_t *text, size_t at, size_t drop, const char *bytes, size_t n)
{
    drop = drop < text->n - at ? drop : text->n - at;
    if (text->n - drop + n > MAX_BYTES - 1)
        return;
    memmove(text->bytes + at + n, text->bytes + at + drop, text->n - at - drop);
    memcpy(text->bytes + at, bytes, n);
    text->n += n - drop;
}

static void mutate(text_t *text, sim_rng_t *rng)
{
    size_t at = below(rng, text->n + 1);
    const text_t *other = &seeds[below(rng, n_seeds)];
    size_t from = below(rng, other->n), length = below(rng, 40);
    char byte = (char)below(rng, 256);
    const char *piece = pieces[below(rng, sizeof pieces / sizeof pieces[0])];
    switch (below(rng, 5)) {
    case 0: splice(text, at, 1, &byte, 1); break;
    case 1: splice(text, at, below(rng, 20), "", 0); break;
    case 2: splice(text, at, 0, piece, strlen(piece)); break;
    case 3:
        splice(text, at, below(rng, 10), other->bytes + from, length < other->n - from ? length : other->n - from);
        break;
    default: splice(text, at, 0, text->bytes + below(rng, text->n), 0); break;
    }
}

static void mutated(text_t *text, sim_rng_t *rng)
{
    *text = seeds[below(rng, n_seeds)];
    for (size_t i = 1 + below(rng, 4); i > 0; i--)
        mutate(text, rng);
    text->bytes[text->n] = '\0';
}

static void add_seed(const char *bytes, size_t n)
{
    if (n_seeds == MAX_SEEDS || n > MAX_BYTES / 2)
        return;
    memcpy(seeds[n_seeds].bytes, bytes, n);
    seeds[n_seeds++].n = n;
}

static void add_file(const char *name)
{
    static char bytes[MAX_BYTES];
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    add_seed(bytes, fread(bytes, 1, sizeof bytes, file));
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
        add_seed(scn_preset_text(scn_preset_name(i)), strlen(scn_preset_text(scn_preset_name(i))));
    return 0;
}

static void test_mutated_scenarios(void **state)
{
    (void)state;
    static text_t text;
    for (uint64_t i = 0; i < SCENARIOS; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, 20220101, i, 1, 1, 0);
        mutated(&text, &rng);
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
    static text_t text;
    static mdl_tables_t tables;
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    n_seeds = 0;
    for (size_t i = 0; i < n; i++)
        add_seed(registry[i].default_csv, strlen(registry[i].default_csv));
    assert_int_equal(mdl_tables_default(&tables, NULL), SIM_OK);
    for (uint64_t i = 0; i < TABLES; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, 20220101, i, 2, 1, 0);
        mutated(&text, &rng);
        size_t reported = 0;
        size_t problems = mdl_table_read(&tables, &registry[below(&rng, n)], "t.csv", text.bytes, count, &reported);
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
