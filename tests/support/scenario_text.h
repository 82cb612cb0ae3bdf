// SPDX-License-Identifier: GPL-3.0-or-later
/* Scenarios written inside a test: files in a folder of their own that is removed at the end. */
#ifndef TEST_SCENARIO_TEXT_H
#define TEST_SCENARIO_TEXT_H

#include "scenarios/scenario.h"

/* Makes a folder and changes into it; for cmocka's group setup and teardown. */
int test_folder_setup(void **state);
int test_folder_teardown(void **state);

/* Writes a file into the folder. */
void test_write(const char *name, const char *text);
/* Writes `text` to x.yaml and loads it; fails the test, showing the problems, when it is refused. */
scn_scenario_t *test_load(const char *text);
scn_scenario_t *test_load_with(const char *text, const scn_options_t *options);
/* Value of a parameter at the start of an arm and point. */
double test_start_value(const scn_scenario_t *scenario, uint32_t arm, uint32_t point, const char *key);

#endif
