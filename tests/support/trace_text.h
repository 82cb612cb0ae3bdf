// SPDX-License-Identifier: GPL-3.0-or-later
/* Traces typed into tests, and the problems that their readers report.
 *
 *     test_problems_t problems = {0};
 *     mdl_source_t source = test_source("t.csv", "submit_s,run_s,gpus\n0,1,1\n", &problems);
 *     assert_int_equal(mdl_trace_read_csv_from(&source, NULL, &trace, &err), SIM_OK);
 */
#ifndef TEST_SUPPORT_TRACE_TEXT_H
#define TEST_SUPPORT_TRACE_TEXT_H

#include "models/trace/lines.h"

#define TEST_MAX_PROBLEMS 64

typedef struct test_problems {
    char texts[TEST_MAX_PROBLEMS][800]; /* the first ones */
    size_t n;
} test_problems_t;

/* A text as a source; its problems go to `problems`, which may be NULL. */
mdl_source_t test_source(const char *name, const char *text, test_problems_t *problems);

/* Path of a file of reference data, valid until the next call; skips the test where the data are absent. */
const char *test_shared(const char *file);

#endif
