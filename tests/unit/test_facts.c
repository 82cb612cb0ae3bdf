// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of facts: the shipped one names what a run records and leaves none out, a wrong one is told where and why. */
#include "analysis/expression.h"
#include "analysis/facts.h"
#include "models/params/csv.h"
#include "sim/time.h"
#include "tests/support/economy.h"
#include "tests/support/facts_text.h"
#include "tests/support/test.h"

/* --- the shipped table -------------------------------------------------------------------------------------------- */

static void shipped_facts_are_complete(void **state)
{
    (void)state;
    ana_facts_t facts;
    test_facts_read(&facts, ana_facts_shipped());
    size_t scored[ANA_FACT_KINDS] = {0}, all[ANA_FACT_KINDS] = {0};
    for (size_t i = 0; i < facts.n; i++) {
        all[facts.rows[i].kind]++;
        scored[facts.rows[i].kind] += facts.rows[i].scoring != ANA_SCORING_NONE;
    }
    assert_int_equal(all[ANA_FACT_CALIBRATION], 109);
    assert_int_equal(all[ANA_FACT_VALIDATION], 52);
    assert_true(scored[ANA_FACT_CALIBRATION] >= 10 && scored[ANA_FACT_VALIDATION] >= 20);
    ana_facts_free(&facts);
}

/* The channel that a term reads, or a failed test. */
static const sim_channel_t *channel_of(const sim_schema_t *schema, const ana_fact_t *fact, const ana_term_t *term)
{
    char group[ANA_PATH_BYTES];
    const char *name = strrchr(term->path, '/') + 1;
    size_t length = (size_t)(name - term->path) - 1;
    memcpy(group, term->path + (length > 0), length);
    group[length > 0 ? length - 1 : 0] = '\0';
    int32_t channel = sim_schema_find(schema, group, name);
    if (channel < 0)
        fail_msg("%s: no run records %s", fact->id, term->path);
    return &schema->channels[channel];
}

static bool has_label(const sim_schema_t *schema, const ana_choice_t *choice)
{
    for (uint32_t d = 0; d < schema->n_dimensions; d++)
        for (uint32_t i = 0; strcmp(schema->dimensions[d].name, choice->dim) == 0 && i < schema->dimensions[d].size;
             i++)
            if (strcmp(schema->dimensions[d].labels[i], choice->label) == 0)
                return true;
    return false;
}

static void check_term(const sim_schema_t *schema, const ana_fact_t *fact, const ana_term_t *term)
{
    const sim_channel_t *channel = channel_of(schema, fact, term);
    bool outcome = fact->reduction == ANA_REDUCE_OUTCOME;
    assert_int_equal(channel->kind, outcome ? SIM_CHANNEL_OUTCOME : SIM_CHANNEL_SERIES);
    for (uint32_t c = 0; c < term->n_choices; c++) {
        bool has_dim = false;
        for (int d = 0; d < 2; d++)
            has_dim = has_dim || (channel->dims[d] != NULL && strcmp(channel->dims[d], term->choices[c].dim) == 0);
        if (!has_dim || !has_label(schema, &term->choices[c]))
            fail_msg("%s: %s has no %s=%s", fact->id, term->path, term->choices[c].dim, term->choices[c].label);
    }
    /* A price is no sum over types, nor a share one over provinces. */
    bool additive = strcmp(channel->units, "CNY") != 0 && strstr(channel->long_name, " over ") == NULL;
    uint32_t n_dims = (channel->dims[0] != NULL) + (channel->dims[1] != NULL);
    if (!additive && n_dims != term->n_choices)
        fail_msg("%s: %s is summed over a dimension", fact->id, term->path);
}

static void shipped_mappings_name_what_is_recorded(void **state)
{
    (void)state;
    ana_facts_t facts;
    test_facts_read(&facts, ana_facts_shipped());
    test_economy_t world = {.preset = "china-2022", .arm = "baseline", .seed = 1};
    test_economy_open(&world);
    for (size_t i = 0; i < facts.n; i++) {
        const ana_fact_t *fact = &facts.rows[i];
        const char *const texts[] = {fact->variable, fact->over};
        for (size_t t = 0; t < 2; t++) {
            ana_expression_t expression = {.n = 0};
            if (*texts[t] != '\0')
                assert_null(ana_expression_parse(texts[t], &expression));
            for (uint32_t e = 0; e < expression.n; e++)
                check_term(&world.schema, fact, &expression.terms[e]);
        }
    }
    test_economy_free(&world);
    ana_facts_free(&facts);
}

/* The collection that the table was made from, where it is at hand: no row of it may be missing or change its kind. */
static void shipped_facts_cover_the_collection(void **state)
{
    (void)state;
    char path[512], row[12][MDL_CSV_CELL_BYTES];
    snprintf(path, sizeof path, "%s/../shared/facts/facts.csv", getenv("OVERBUILD_SOURCE"));
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        skip();
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    ana_facts_t facts;
    test_facts_read(&facts, ana_facts_shipped());
    mdl_csv_t csv = mdl_csv(text);
    mdl_csv_cell_t cell;
    size_t found = 0, position = 0;
    while (mdl_csv_next(&csv, &cell)) {
        assert_true(position < 12);
        memcpy(row[position++], cell.text, sizeof cell.text);
        if (!cell.last)
            continue;
        position = 0;
        for (size_t i = 0; i < facts.n; i++)
            found +=
                strcmp(facts.rows[i].id, row[0]) == 0 && strcmp(ana_fact_kind_name(facts.rows[i].kind), row[11]) == 0;
    }
    assert_int_equal(found, facts.n);
    ana_facts_free(&facts);
    free(text);
}

/* --- expressions -------------------------------------------------------------------------------------------------- */

static void expressions_are_read(void **state)
{
    (void)state;
    ana_expression_t e;
    assert_null(ana_expression_parse("rent", &e));
    assert_int_equal(e.n, 1);
    assert_string_equal(e.terms[0].path, "/rent");
    assert_null(ana_expression_parse(" /g/a[d = x y, e=z] + b ", &e));
    assert_int_equal(e.n, 2);
    assert_string_equal(e.terms[0].path, "/g/a");
    assert_int_equal(e.terms[0].n_choices, 2);
    assert_string_equal(e.terms[0].choices[0].dim, "d");
    assert_string_equal(e.terms[0].choices[0].label, "x y");
    assert_string_equal(e.terms[0].choices[1].label, "z");
    assert_string_equal(e.terms[1].path, "/b");
    assert_false(ana_expression_is_outcome(&e));
    assert_null(ana_expression_parse("/outcomes/a + /outcomes/b", &e));
    assert_true(ana_expression_is_outcome(&e));
}

static void bad_expressions_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",   "+",        "a +",     "a b",   "a[",          "a[]", "a[d]", "a[d=",           "a[d=]",    "a[d=x",
        "a]", "a[d=x] b", "a[d=x,]", "[d=x]", "a[d=x][e=y]", "/",   "a,b",  "a[d=x,e=y,f=z]", "a+b+c+d+e"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ana_expression_t e;
        if (ana_expression_parse(bad[i], &e) == NULL)
            fail_msg("'%s' was read", bad[i]);
    }
}

/* --- wrong tables ------------------------------------------------------------------------------------------------- */

typedef struct found {
    char text[4096];
} found_t;

static void keep(void *user, const char *problem)
{
    found_t *found = user;
    size_t used = strlen(found->text);
    snprintf(found->text + used, sizeof found->text - used, "%s\n", problem);
}

#define GOOD TEST_FACT("A1", "calibration", "1", "2", "2022-01-01,2022-01-31", "rent", "", "mean")

static const struct {
    const char *csv;
    size_t problems;
    const char *says;
} wrong[] = {
    {"", 1, "t.csv:1:1: found an empty table"},
    {TEST_FACTS_HEADER, 1, "found no facts"},
    {"id,kind\n", 17, "column topic is missing"},
    {"idd,kind,topic\n", 18, "t.csv:1:1: idd: unknown column; did you mean id?"},
    {"id,id\n", 19, "t.csv:1:4: id: repeats column 1"},
    {TEST_FACTS_HEADER GOOD GOOD, 1, "t.csv:3:1: id: A1 is there already"},
    {TEST_FACTS_HEADER "A1,calibration\n", 1, "row of 2 cells; expected 19"},
    {TEST_FACTS_HEADER TEST_FACT("", "calibration", "1", "2", "2022-01-01,2022-01-31", "rent", "", "mean"), 1,
     "t.csv:2:1: id: found nothing"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "other", "1", "2", "2022-01-01,2022-01-31", "rent", "", "mean"), 1,
     "t.csv:2:4: kind: found 'other'; expected one of: calibration, validation"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "2", "1", "2022-01-01,2022-01-31", "rent", "", "mean"), 1,
     "high: is below low"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "nan", "1", "2022-01-01,2022-01-31", "rent", "", "mean"), 1,
     "low: found 'nan'; expected a plain number"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "0x1", "1e999", "2022-01-01,2022-01-31", "rent", "", "mean"), 2,
     "high: found '1e999'"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "", "", "2022-01-01,2022-01-31", "rent", "", "mean"), 1,
     "low: found nothing; expected a band"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-02-30,2022-03-31", "rent", "", "mean"), 1,
     "from: "},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-03-01,2022-01-31", "rent", "", "mean"), 1,
     "until: ends before it begins"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", ",", "rent", "", "mean"), 1,
     "from: found nothing; expected the window"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-01-01,2022-01-31", "rent", "", "meen"), 1,
     "reduce: found 'meen'; did you mean mean"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-01-01,2022-01-31", "rent", "", ""), 1,
     "reduce: expected one where there is a variable"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-01-01,2022-01-31", "rent", "", "change"), 1,
     "base_from: expected a base window"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-01-01,2022-01-31", "rent [", "", "mean"), 1,
     "variable: found 'rent ['; expected"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-01-01,2022-01-31", "/outcomes/x", "", "mean"), 1,
     "variable: outcomes are reduced by 'outcome'"},
    {TEST_FACTS_HEADER TEST_FACT("A1", "calibration", "1", "2", "2022-01-01,2022-01-31", "rent", "x", "year_of_max"), 1,
     "over: found with a reduction"},
    {TEST_FACTS_HEADER "A1,calibration,t,q,u,0,2,2022-01-01,2022-01-31,s,rent,,mean,,,,,log,\n", 1,
     "low: is not above 0"},
    {TEST_FACTS_HEADER "A1,calibration,t,q,u,0,2,,,s,,,,,,,,none,\n", 1, "note: found nothing; expected why"},
    {TEST_FACTS_HEADER "A1,calibration,t,q,u,0,2,,,s,,,,,,,,linear,\n", 1, "variable: found nothing"},
};

static void wrong_tables_are_told_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        found_t found = {""};
        ana_facts_t facts;
        size_t problems = 0;
        sim_error_t err = {0};
        assert_int_equal(ana_facts_read(&facts, "t.csv", wrong[i].csv, keep, &found, &problems, &err), SIM_EINPUT);
        if (problems != wrong[i].problems || strstr(found.text, wrong[i].says) == NULL)
            fail_msg("table %zu: %zu problems (expected %zu: %s):\n%s", i, problems, wrong[i].problems, wrong[i].says,
                     found.text);
        ana_facts_free(&facts);
    }
}

static void empty_cells_have_their_meaning(void **state)
{
    (void)state;
    ana_facts_t facts;
    test_facts_read(&facts, TEST_FACTS_HEADER "A1,validation,t,q,u,,,,,s,,,,,,,,none,because\n");
    assert_int_equal(facts.n, 1);
    const ana_fact_t *fact = &facts.rows[0];
    assert_true(isnan(fact->low) && isnan(fact->high));
    assert_true(fact->window.from_day == ANA_NO_DAY && fact->base.until_day == ANA_NO_DAY);
    assert_true(fact->scale == 1 && fact->shift == 0);
    assert_int_equal(fact->kind, ANA_FACT_VALIDATION);
    ana_facts_free(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_facts_are_complete),         cmocka_unit_test(shipped_mappings_name_what_is_recorded),
        cmocka_unit_test(shipped_facts_cover_the_collection), cmocka_unit_test(expressions_are_read),
        cmocka_unit_test(bad_expressions_are_refused),        cmocka_unit_test(wrong_tables_are_told_where),
        cmocka_unit_test(empty_cells_have_their_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
