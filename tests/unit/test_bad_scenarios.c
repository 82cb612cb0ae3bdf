// SPDX-License-Identifier: GPL-3.0-or-later
/* Every file bad_scenarios/NAME.yaml is refused with exactly the messages in NAME.expected, in that order.
 *
 * A first line "# options: --set a.b=1 --until 2023-01-01 --arm x -n -1" of a file is the command line to read it with.
 * Files called base_*.yaml are there to be extended by others.
 */
#include "tests/support/test.h"

#include "scenarios/scenario.h"

#include <dirent.h>
#include <unistd.h>

#define MAX_FILES 200
#define MAX_TEXT 65536

typedef struct arguments {
    scn_options_t options;
    scn_override_t sets[8];
    const char *arms[8];
    char line[512];
} arguments_t;

static void read_option(arguments_t *self, const char *name, const char *value)
{
    if (strcmp(name, "--set") == 0)
        self->sets[self->options.n_sets++].text = value;
    else if (strcmp(name, "--arm") == 0)
        self->arms[self->options.n_arms++] = value;
    else if (strcmp(name, "--until") == 0)
        self->options.until = value;
    else if (strcmp(name, "-n") == 0)
        self->options.replications = strtoll(value, NULL, 10);
    else
        fail_msg("option %s?", name);
}

static void read_options(arguments_t *self, const char *path)
{
    const char *const mark = "# options: ";
    memset(self, 0, sizeof *self);
    self->options.sets = self->sets;
    self->options.arms = self->arms;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return;
    char *line = fgets(self->line, sizeof self->line, file);
    (void)fclose(file);
    if (line == NULL || strncmp(line, mark, strlen(mark)) != 0)
        return;
    char *save = NULL;
    for (char *name = strtok_r(line + strlen(mark), " \n", &save); name != NULL; name = strtok_r(NULL, " \n", &save))
        read_option(self, name, strtok_r(NULL, " \n", &save));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static size_t list_files(char names[MAX_FILES][256])
{
    size_t n = 0;
    DIR *folder = opendir(".");
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".yaml") != 0 || strncmp(entry->d_name, "base_", 5) == 0)
            continue;
        assert_true(n < MAX_FILES);
        (void)snprintf(names[n++], 256, "%s", entry->d_name);
    }
    (void)closedir(folder);
    qsort(names, n, 256, by_name);
    return n;
}

static void messages(const char *path, char text[MAX_TEXT])
{
    arguments_t arguments;
    read_options(&arguments, path);
    scn_scenario_t *scenario = NULL;
    scn_problems_t problems = {0};
    sim_error_t err = {0};
    sim_status_t status = scn_scenario_load(&scenario, path, &arguments.options, &problems, &err);
    text[0] = '\0';
    size_t used = 0;
    for (size_t i = 0; i < problems.n; i++)
        used += (size_t)snprintf(text + used, MAX_TEXT - used, "%s\n", problems.items[i].text);
    if (status != SIM_EINPUT || scenario != NULL || problems.n == 0 || err.message[0] == '\0')
        (void)snprintf(text, MAX_TEXT, "(accepted: status %d)\n", (int)status);
    scn_problems_free(&problems);
    scn_scenario_free(scenario);
}

static void expected_path(const char *yaml, char path[256])
{
    (void)snprintf(path, 256, "%.*s.expected", (int)(strlen(yaml) - strlen(".yaml")), yaml);
}

static void read_expected(const char *yaml, char text[MAX_TEXT])
{
    char path[256];
    expected_path(yaml, path);
    text[0] = '\0';
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return;
    size_t n = fread(text, 1, MAX_TEXT - 1, file);
    text[n] = '\0';
    (void)fclose(file);
}

/* For writing a new case: OVERBUILD_SHOW=1 prints what is said now. */
static size_t check_file(const char *name)
{
    static char found[MAX_TEXT], expected[MAX_TEXT];
    messages(name, found);
    read_expected(name, expected);
    if (getenv("OVERBUILD_SHOW") != NULL)
        printf("== %s\n%s", name, found);
    if (strcmp(found, expected) == 0)
        return 0;
    print_error("%s: found\n%sexpected\n%s", name, found, expected);
    return 1;
}

static void test_each_bad_file(void **state)
{
    (void)state;
    static char names[MAX_FILES][256];
    size_t n = list_files(names), wrong = 0;
    for (size_t i = 0; i < n; i++)
        wrong += check_file(names[i]);
    assert_int_equal(wrong, 0);
    assert_true(n >= 40);
}

static void refused(const char *name, const char *message)
{
    static char found[MAX_TEXT];
    messages(name, found);
    assert_string_equal(found, message);
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    refused("missing.yaml", "missing.yaml: can't be read: No such file or directory\n");
    refused("../bad_scenarios", "../bad_scenarios: can't be read: Is a directory\n");
    refused("quikc", "quikc: found neither a preset nor a file of that name; did you mean quick?\n");
    refused("zzz", "zzz: found neither a preset nor a file of that name; expected a path or one of `overbuild list`\n");
    refused("/dev/zero", "/dev/zero: found more than 1 MiB; expected a text file\n");
}

static int setup(void **state)
{
    (void)state;
    char folder[1024];
    const char *source = getenv("OVERBUILD_SOURCE");
    (void)snprintf(folder, sizeof folder, "%s/tests/unit/bad_scenarios", source != NULL ? source : ".");
    return chdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_bad_file),
        cmocka_unit_test(test_what_is_no_file),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
