// SPDX-License-Identifier: GPL-3.0-or-later
/* Tables: the shipped ones are sound; CSV is read as RFC 4180 says; every problem is named with line and column. */
#include "tests/support/test.h"

#include "models/params/csv.h"
#include "models/params/tables.h"

#include <math.h>

static mdl_tables_t tables; /* large; of this test alone */
static char report[4096];

static void collect(void *user, const char *message)
{
    (void)user;
    size_t used = strlen(report);
    (void)snprintf(report + used, sizeof report - used, "%s\n", message);
}

static const mdl_table_t *table_named(const char *name)
{
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(registry[i].name, name) == 0)
            return &registry[i];
    fail_msg("no table %s", name);
    return NULL;
}

static size_t read_csv(const char *table, const char *csv)
{
    report[0] = '\0';
    return mdl_table_read(&tables, table_named(table), "t.csv", csv, collect, NULL);
}

static void expect(const char *table, const char *csv, const char *messages)
{
    (void)read_csv(table, csv);
    assert_string_equal(report, messages);
}

static void defaults(void)
{
    sim_error_t err = {0};
    if (mdl_tables_default(&tables, &err) != SIM_OK)
        fail_msg("%s", err.message);
}

static void test_shipped_tables(void **state)
{
    (void)state;
    defaults();
    assert_int_equal(tables.n_provinces, 31);
    assert_true(tables.n_cities >= 30 && tables.n_gpu_types >= 8 && tables.n_platforms >= 5 && tables.n_routes >= 3);
    double sum = 0;
    for (uint32_t i = 0; i < tables.n_provinces; i++)
        sum += tables.provinces[i].demand_weight;
    assert_true(fabs(sum - 1) < 1e-12);
    const mdl_gpu_type_t *h100 = &tables.gpu_types[tables.reference_type];
    assert_string_equal(h100->name, "H100");
    assert_true(h100->rate_training == 1 && h100->rate_finetune == 1 && h100->rate_inference == 1 &&
                h100->rate_batch == 1);
}

static void test_descriptions_are_sound(void **state)
{
    (void)state;
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    assert_string_equal(registry[0].name, "provinces");
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(registry[i].columns[0].kind, MDL_COLUMN_NAME);
        for (size_t k = 0; k < registry[i].n_columns; k++) {
            const mdl_column_t *column = &registry[i].columns[k];
            assert_true(strlen(column->meaning) > 3);
            assert_true(column->low <= column->high);
            assert_true(column->offset < registry[i].row_bytes);
            assert_true(k == 0 || column->offset > column[-1].offset);
        }
    }
}

#define ROUTES "name,hops,gpus_per_week,seizure_probability,markup_per_hop,transit_d\n"

static void test_columns_in_any_order_with_quotes_units_and_comments(void **state)
{
    (void)state;
    const char *csv =
        "\xEF\xBB\xBF# a comment\r\n\r\ntransit_d , \"name\",seizure_probability,gpus_per_week,hops,markup_per_hop\r\n"
        "2 wk,\"Hong Kong, \"\"by sea\"\"\",2 %,600,1,0.1\r\n#,,,\r\n 3 d ,Gulf,0.5,1e2 GPU/wk,3,0";
    assert_int_equal(read_csv("routes", csv), 0);
    assert_string_equal(report, "");
    assert_int_equal(tables.n_routes, 2);
    assert_string_equal(tables.routes[0].name, "Hong Kong, \"by sea\"");
    assert_int_equal(tables.routes[0].transit_d, 14);
    assert_true(tables.routes[0].seizure_probability == 0.02);
    assert_int_equal(tables.routes[1].transit_d, 3);
    assert_true(tables.routes[1].gpus_per_week == 100);
    assert_int_equal(tables.routes[1].hops, 3);
}

static void test_bad_headers(void **state)
{
    (void)state;
    expect("routes", "",
           "t.csv:1:1: found an empty table; expected a header line with the columns of the table routes\n");
    expect("routes", "# only\n\n# comments\n",
           "t.csv:1:1: found an empty table; expected a header line with the columns of the table routes\n");
    expect("routes", "name,hopps,gpus_per_week,seizure_probability,markup_per_hop,transit_d,name,colour\n",
           "t.csv:1:6: hopps: unknown column; did you mean hops?\n"
           "t.csv:1:71: name: column 7 repeats column 1; expected it once\n"
           "t.csv:1:76: colour: unknown column; expected a column of the table routes\n"
           "t.csv:1:1: column hops is missing; expected a header with all columns of the table routes\n");
}

static void test_bad_cells(void **state)
{
    (void)state;
    expect("routes", ROUTES "A,1,600,0.02,0.1,14\nA,0,6 kg,nan,,1.5\n",
           "t.csv:3:1: name: repeats the name of row 1; expected each name once\n"
           "t.csv:3:3: hops: 0 hop is out of bounds; expected 1 to 20 hop\n"
           "t.csv:3:5: gpus_per_week: unknown unit kg; expected GPU/wk\n"
           "t.csv:3:10: seizure_probability: found nan; expected a number\n"
           "t.csv:3:14: markup_per_hop: found nothing; expected a number\n"
           "t.csv:3:15: transit_d: found 1.5 d; expected a whole number\n");
    expect("routes", ROUTES "A,1,600\nB,1,600,0.02,0.1,14,9\n",
           "t.csv:2:5: row of 3 cells; expected 6 as in the header\n"
           "t.csv:3:21: row of 7 cells; expected 6 as in the header\n");
    expect("routes", ROUTES ",1,600,0.02,0.1,14\n",
           "t.csv:2:1: name: found nothing; expected a text of 1 to 31 bytes\n");
    expect("routes", ROUTES "A\"B,1,\"600\"x,0.02,0.1,14\nB,1,600,0.02,0.1,\"14",
           "t.csv:2:1: name: found a quote inside a cell that does not start with one; expected name of the route\n"
           "t.csv:2:7: gpus_per_week: found text after a closing quote; expected capacity\n"
           "t.csv:3:18: transit_d: found a quote that is never closed; expected from purchase to sale\n");
    expect("routes", ROUTES "A\xFF,1,600,0.02,0.1,14\n",
           "t.csv:2:1: name: found bytes that are not UTF-8 text; expected name of the route\n");
}

static void test_places_count_characters(void **state)
{
    (void)state;
    expect("routes", ROUTES "北京,x,600,0.02,0.1,14\n\"two\nlines\",y,600,0.02,0.1,14\n",
           "t.csv:2:4: hops: found x; expected a number\n"
           "t.csv:3:1: name: found bytes that are not UTF-8 text; expected name of the route\n"
           "t.csv:4:8: hops: found y; expected a number\n");
}

static void test_provinces_dates_and_choices(void **state)
{
    (void)state;
    defaults();
    expect("cities",
           "name,province,tier,land_revenue_bn_yuan,debt_ratio,subsidy_budget_m_yuan,target_pflops\n"
           "X,Guandong,1,1,1,1,1\nY,Atlantis,1,1,1,1,1\n",
           "t.csv:2:3: province: unknown province Guandong; did you mean Guangdong?\n"
           "t.csv:3:3: province: unknown province Atlantis; expected a name from the table provinces\n");
    const char *types =
        "name,tflops_fp16,memory_gb,memory_tb_s,link_gb_s,power_w,list_price_yuan,stack,foreign,available,lead_time_d,"
        "quota_per_week,quota_growth_per_year,rate_training,rate_finetune,rate_inference,rate_batch\n";
    char csv[1024];
    (void)snprintf(csv, sizeof csv, "%sX,1,1,1,1,1,1,cudda,maybe,2022-13-01,1,1,1,1,1,1,1\n", types);
    expect(
        "gpu_types", csv,
        "t.csv:2:15: stack: found cudda; expected one of cuda|cann; did you mean cuda?\n"
        "t.csv:2:21: foreign: found maybe; expected true or false\n"
        "t.csv:2:27: available: '2022-13-01' is not a day of the Gregorian calendar; expected a real month and day\n");
    (void)snprintf(csv, sizeof csv, "%sX,1,1,1,1,1,1,cuda,true,2022-12-01,1,1,1,1,1,1,1\n", types);
    expect("gpu_types", csv, "t.csv:1:1: no type is called H100; expected one, since it is the unit of capacity\n");
}

static void test_row_limits(void **state)
{
    (void)state;
    char csv[4096] = ROUTES;
    for (int i = 0; i < MDL_MAX_ROUTES + 1; i++) {
        size_t used = strlen(csv);
        (void)snprintf(csv + used, sizeof csv - used, "r%d,1,1,0,0,1\n", i);
    }
    expect("routes", csv, "t.csv:34:1: more than 32 rows; expected at most that many in the table routes\n");
    expect("cities", "name,province,tier,land_revenue_bn_yuan,debt_ratio,subsidy_budget_m_yuan,target_pflops\n",
           "t.csv:2:1: 0 rows; expected at least 1\n");
    expect("provinces",
           "name,zone,demand_weight,power_price_yuan_kwh,pue,hub,latency_ms,grid_quota_mw\nA,e,0,0.5,1.2,true,1,1\n",
           "t.csv:1:1: demand_weight is 0 everywhere; expected at least one province with demand\n");
}

/* Writing any text as a quoted cell and reading it gives the text back. */
static void test_quoting_is_inverted(void **state)
{
    (void)state;
    const char *const texts[] = {"a", "", ",", "\"", "\"\"", "a,\"b\",c", "  blanks  ", "é", "#"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char csv[64] = "x,\"";
        size_t n = strlen(csv);
        for (const char *c = texts[i]; *c != '\0'; c++) {
            if (*c == '"')
                csv[n++] = '"';
            csv[n++] = *c;
        }
        memcpy(csv + n, "\"\n", 3);
        mdl_csv_t reader = mdl_csv(csv);
        mdl_csv_cell_t cell;
        assert_true(mdl_csv_next(&reader, &cell) && !cell.last);
        assert_true(mdl_csv_next(&reader, &cell) && cell.last && cell.problem == NULL);
        assert_string_equal(cell.text, texts[i]);
        assert_false(mdl_csv_next(&reader, &cell));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_tables),
        cmocka_unit_test(test_descriptions_are_sound),
        cmocka_unit_test(test_columns_in_any_order_with_quotes_units_and_comments),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_bad_cells),
        cmocka_unit_test(test_places_count_characters),
        cmocka_unit_test(test_provinces_dates_and_choices),
        cmocka_unit_test(test_row_limits),
        cmocka_unit_test(test_quoting_is_inverted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
