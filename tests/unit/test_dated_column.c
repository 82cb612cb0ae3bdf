// SPDX-License-Identifier: GPL-3.0-or-later
/* Series from CSV files: what is read, and that every bad row is named with its line. */
#include "analysis/dated_column.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

static void check_good(const char *text, const char *date_column, size_t n, bool in_days)
{
    mdl_source_t source = test_source("x.csv", text, NULL);
    ana_column_t series;
    sim_error_t err = {0};
    if (ana_column_read_csv(&source, "v", date_column, &series, &err) != SIM_OK)
        fail_msg("%s", err.message);
    assert_int_equal(series.n, n);
    assert_int_equal(series.date != NULL, date_column != NULL);
    assert_int_equal(series.day != NULL, in_days);
    ana_column_free(&series);
    ana_column_free(&series); /* legal twice */
}

static void test_read(void **state)
{
    mdl_source_t source = test_source("x.csv", "d,v\n2001-01-31,1.5\n2001-02-28,-2e3\n# note\n\n2004-02-29,0\n", NULL);
    ana_column_t series;

    (void)state;
    assert_int_equal(ana_column_read_csv(&source, "v", "d", &series, NULL), SIM_OK);
    assert_int_equal(series.n, 3);
    assert_close(series.values[1], -2000, 0);
    assert_int_equal(series.day[0], 11353);
    assert_string_equal(series.date[2], "2004-02-29");
    ana_column_free(&series);
    check_good("v\n1\n2\n", NULL, 2, false);
    check_good("\"v\",\"a,b\"\r\n 1 ,x\r\n\"2\",y\r\n", NULL, 2, false);
    check_good("q,v\n1999Q4,1\n1999Q3,2\n", "q", 2, false); /* dates of another form keep the file's order */
}

static void check_bad(const char *text, const char *date_column, size_t n, const char *const parts[])
{
    test_problems_t problems = {0};
    mdl_source_t source = test_source("x.csv", text, &problems);
    ana_column_t series;
    assert_int_equal(ana_column_read_csv(&source, "v", date_column, &series, NULL), SIM_EINPUT);
    assert_int_equal(problems.n, n);
    for (size_t i = 0; i < n; i++)
        if (strstr(problems.texts[i], parts[i]) == NULL)
            fail_msg("'%s' does not say '%s'", problems.texts[i], parts[i]);
    ana_column_free(&series);
}

static void test_every_problem_is_named(void **state)
{
    (void)state;
    check_bad("v\n1\n2\n3\nx\n\"\"\n1e999\nnan\n-inf\n0x10\n1,5\n", NULL, 7,
              (const char *[]){"x.csv:5: column 1 (v): found 'x'; expected a number", "x.csv:6:", "x.csv:7:",
                               "x.csv:8:", "x.csv:9:", "x.csv:10:", "x.csv:11: found a row of 2 cells; expected 1"});
    check_bad("v\n1\n\n\n3\n\n", NULL, 1, (const char *[]){"x.csv:3: found no number up to line 5"});
    check_bad("a,b\n1,2\n", NULL, 1, (const char *[]){"x.csv:1: the header has no column v"});
    check_bad("v,v\n1,2\n", NULL, 1, (const char *[]){"repeats column 1"});
    check_bad("", NULL, 1, (const char *[]){"empty file"});
    check_bad("v\n", NULL, 1, (const char *[]){"x.csv: found no rows under the header"});
    check_bad("d,v\n2001-01-01,1\n2001-01-01,2\n2000-12-31,3\n2001-02-30,4\n,5\n", "d", 4,
              (const char *[]){"x.csv:3: column 1 (d): found '2001-01-01'; expected a later date",
                               "x.csv:4: column 1 (d): found '2000-12-31'; expected a later date",
                               "x.csv:5: column 1 (d): found '2001-02-30'; expected a date as YYYY-MM-DD",
                               "x.csv:6: column 1 (d): found ''; expected a name"});
    check_bad("v\n1\n", "d", 1, (const char *[]){"the header has no column d"});
}

static void test_many_rows(void **state)
{
    enum { ROWS = 5000 };
    char *text = malloc(ROWS * 16 + 16), *at = text + sprintf(text, "v\n");

    (void)state;
    for (int i = 0; i < ROWS; i++)
        at += sprintf(at, "%d.5\n", i);
    check_good(text, NULL, ROWS, false);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_every_problem_is_named),
        cmocka_unit_test(test_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
