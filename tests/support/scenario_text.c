// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/scenario_text.h"

#include "tests/support/test.h"

#include <dirent.h>
#include <unistd.h>

static char folder[64];

int test_folder_setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/overbuild-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

int test_folder_teardown(void **state)
{
    (void)state;
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL)
        return -1;
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder))
        if (entry->d_name[0] != '.')
            (void)unlink(entry->d_name);
    (void)closedir(open_folder);
    return chdir("/") != 0 ? -1 : rmdir(folder);
}

void test_write(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

scn_scenario_t *test_load_with(const char *text, const scn_options_t *options)
{
    test_write("x.yaml", text);
    scn_scenario_t *scenario = NULL;
    scn_problems_t problems = {0};
    sim_error_t err = {0};
    sim_status_t status = scn_scenario_load(&scenario, "x.yaml", options, &problems, &err);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%s\n", problems.items[i].text);
    scn_problems_free(&problems);
    if (status != SIM_OK)
        fail_msg("%s", err.message);
    return scenario;
}

scn_scenario_t *test_load(const char *text)
{
    return test_load_with(text, NULL);
}

double test_start_value(const scn_scenario_t *scenario, uint32_t arm, uint32_t point, const char *key)
{
    int param = mdl_params_find(key);
    assert_true(param >= 0);
    return mdl_params_get(&scn_scenario_input(scenario, arm, point)->params, param);
}
