// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/facts_text.h"

#include "tests/support/test.h"

static void fail_on(void *user, const char *problem)
{
    (void)user;
    fail_msg("%s", problem);
}

void test_facts_read(ana_facts_t *facts, const char *csv)
{
    size_t problems = 0;
    assert_int_equal(ana_facts_read(facts, "test.csv", csv, fail_on, NULL, &problems, NULL), SIM_OK);
    assert_int_equal(problems, 0);
}
