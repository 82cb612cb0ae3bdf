// SPDX-License-Identifier: GPL-3.0-or-later
/* The reader of facts tables on some thousand mutated tables, the same in every run: it finds problems or a table that
 * keeps its promises, and never trips. */
#include "analysis/expression.h"
#include "analysis/facts.h"
#include "tests/support/facts_text.h"
#include "tests/support/mutate.h"
#include "tests/support/test.h"

#include "sim/rng.h"

enum { INPUTS = 8000, SEEDS = 2 };

static const char *const pieces[] = {
    "\"",   "\"\"",        ",",   ",,",         "\n",           "\r\n",       "#",      "[",         "]",    "=",
    " + ",  "/outcomes/x", "nan", "inf",        "-1",           "1e308",      "1e-400", "0x10",      "none", "log",
    "mean", "change",      "at",  "2022-02-29", "\xEF\xBB\xBF", "9999-12-31", "\xFF",   "validation"};

static void count(void *user, const char *problem)
{
    assert_non_null(strchr(problem, ':'));
    (*(size_t *)user)++;
}

/* What the rest of the program relies on. */
static void check_promises(const ana_fact_t *fact)
{
    ana_expression_t expression;
    assert_true(*fact->id != '\0' && fact->kind < ANA_FACT_KINDS && fact->scoring < ANA_SCORINGS);
    assert_true(fact->reduction < ANA_REDUCTIONS && isfinite(fact->scale) && isfinite(fact->shift));
    assert_false(fact->low > fact->high);
    assert_int_equal(*fact->variable == '\0', fact->reduction == ANA_REDUCE_NONE);
    if (*fact->variable != '\0')
        assert_null(ana_expression_parse(fact->variable, &expression));
    if (fact->scoring == ANA_SCORING_NONE)
        assert_true(*fact->note != '\0');
    else
        assert_true(*fact->variable != '\0' && isfinite(fact->low) && isfinite(fact->high));
}

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
        text.bytes[text.n] = '\0';
        ana_facts_t facts;
        size_t told = 0, problems = 0;
        sim_status_t status = ana_facts_read(&facts, "t.csv", text.bytes, count, &told, &problems, NULL);
        assert_int_equal(status, problems == 0 ? SIM_OK : SIM_EINPUT);
        assert_int_equal(told, problems);
        for (size_t f = 0; status == SIM_OK && f < facts.n; f++)
            check_promises(&facts.rows[f]);
        good += status == SIM_OK;
        ana_facts_free(&facts);
    }
    assert_true(good > INPUTS / 400 && good < INPUTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutated_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
