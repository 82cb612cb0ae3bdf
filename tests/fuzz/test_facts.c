// SPDX-License-Identifier: GPL-3.0-or-later
/* The fuzz target of facts tables on some thousand mutated tables, the same in every run. */
#include "tests/fuzz/fuzz_facts.c"
#include "tests/support/facts_text.h"
#include "tests/support/mutate.h"
#include "tests/support/test.h"

#include "sim/rng.h"

enum { INPUTS = 8000, SEEDS = 2 };

static const char *const pieces[] = {
    "\"",   "\"\"",        ",",   ",,",         "\n",           "\r\n",       "#",      "[",         "]",    "=",
    " + ",  "/outcomes/x", "nan", "inf",        "-1",           "1e308",      "1e-400", "0x10",      "none", "log",
    "mean", "change",      "at",  "2022-02-29", "\xEF\xBB\xBF", "9999-12-31", "\xFF",   "validation"};

static void mutated_tables(void **state)
{
    (void)state;
    static test_text_t seeds[SEEDS], text;
    static const char table[] =
        TEST_FACTS_HEADER "A1,calibration,t,q,u,1,2,2022-01-15,2022-01-21,s,/g/a[d=x] + b,c,mean,,,0.001,-3,linear,\n"
                          "A2,validation,t,q,u,1,2,2022-01-15,2022-01-21,s,a,,change,2021-01-01,2021-02-01,,,log,\n"
                          "A3,validation,t,\"q, \"\"r\"\"\",u,,,,,s,,,,,,,,none,why\n";
    test_mutator_t mutator = {seeds, 0, SEEDS, pieces, sizeof pieces / sizeof pieces[0]};
    test_mutator_add(&mutator, table, sizeof table - 1);
    test_mutator_add(&mutator, "id,kind\r\n# x\n", 13);
    sim_rng_t rng;
    sim_rng_at(&rng, 5, 0, 0, 0, 0);
    size_t good = 0;
    for (int i = 0; i < INPUTS; i++) {
        test_mutated(&mutator, &text, &rng);
        good += read_facts((const uint8_t *)text.bytes, text.n);
    }
    assert_true(good > INPUTS / 400 && good < INPUTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
