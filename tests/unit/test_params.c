// SPDX-License-Identifier: GPL-3.0-or-later
/* The parameter registry: every line of every .def file is checked here, then reading, bounds and formats. */
#include "tests/support/test.h"

#include "models/params/params.h"
#include "models/params/spelling.h"

#include <ctype.h>
#include <math.h>

static size_t bad_keys(const mdl_param_t *param)
{
    size_t dots = 0;
    for (const char *c = param->key; *c != '\0'; c++) {
        dots += *c == '.';
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_' && *c != '.')
            return 1;
    }
    return dots < 1 || param->key[0] == '.' || param->key[strlen(param->key) - 1] == '.';
}

static size_t bad_prior(const mdl_param_t *param)
{
    const mdl_prior_t *prior = &param->prior;
    switch (prior->kind) {
    case MDL_PRIOR_NONE: return 0;
    case MDL_PRIOR_UNIFORM: return !(prior->a < prior->b && prior->a >= param->low && prior->b <= param->high);
    case MDL_PRIOR_LOGUNIFORM:
        return !(prior->a > 0 && prior->a < prior->b && prior->a >= param->low && prior->b <= param->high);
    case MDL_PRIOR_NORMAL: return !(prior->b > 0 && prior->a >= param->low && prior->a <= param->high);
    }
    return 1;
}

/* The default can be held exactly: what a person wrote comes back. */
static size_t bad_default(const mdl_param_t *param)
{
    char text[MDL_VALUE_BYTES];
    double value;
    sim_error_t err = {0};
    if (mdl_param_parse(param, mdl_param_format(param, param->def, text), &value, &err) == SIM_OK &&
        value == param->def)
        return 0;
    print_error("%s: default: %s\n", param->key, err.message);
    return 1;
}

static size_t bad_unit(const mdl_param_t *param)
{
    double a, b;
    if (param->kind == MDL_KIND_CHOICE)
        return param->unit[0] == '\0' || param->unit[0] == '|';
    if (param->kind == MDL_KIND_DURATION)
        return mdl_unit_factor(param->unit, "s", &a, &b, NULL) < 0;
    if (param->kind == MDL_KIND_MONEY)
        return strncmp(param->unit, "CNY", 3) != 0 || !mdl_unit_known(param->unit);
    return !mdl_unit_known(param->unit);
}

static size_t fault(const char *key, const char *what, size_t bad)
{
    if (bad)
        print_error("%s: %s\n", key, what);
    return bad;
}

static void test_every_line_is_sound(void **state)
{
    (void)state;
    size_t n, bad = 0;
    const mdl_param_t *registry = mdl_params_registry(&n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        const mdl_param_t *param = &registry[i];
        bad += fault(param->key, "key must be lower-case words with a dot", bad_keys(param));
        bad += fault(param->key, "key occurs twice", mdl_params_find(param->key) != (int)i);
        bad += fault(param->key, "prior outside the bounds", bad_prior(param));
        bad += fault(param->key, "unknown unit or one that does not fit the kind (units.c)", bad_unit(param));
        bad += fault(param->key, "bounds", !(param->low <= param->high));
        bad += fault(param->key, "default outside the bounds or not exact", bad_default(param));
        bad += fault(param->key, "no source", strlen(param->source) < 3);
        bad += fault(param->key, "no meaning", strlen(param->meaning) < 8);
        bad += fault(param->key, "a key of more than 63 bytes", strlen(param->key) > 63);
    }
    assert_int_equal(bad, 0);
}

static void test_fields_do_not_overlap(void **state)
{
    (void)state;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (size_t i = 1; i < n; i++)
        assert_true(registry[i].offset > registry[i - 1].offset);
}

static void test_set_then_get_is_identity_at_bounds_and_default(void **state)
{
    (void)state;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    mdl_params_t params, fresh;
    mdl_params_init(&params);
    mdl_params_init(&fresh);
    for (size_t i = 0; i < n; i++) {
        const double values[] = {mdl_param_round(&registry[i], registry[i].low),
                                 mdl_param_round(&registry[i], registry[i].high), registry[i].def};
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(mdl_params_set(&params, (int)i, values[k], NULL), SIM_OK);
            assert_true(mdl_params_get(&params, (int)i) == values[k]);
        }
    }
    assert_memory_equal(&params, &fresh, sizeof params);
}

static void test_set_refuses_what_is_out_of_bounds(void **state)
{
    (void)state;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    mdl_params_t params;
    mdl_params_init(&params);
    for (size_t i = 0; i < n; i++) {
        sim_error_t err = {0};
        double above = registry[i].high + (fabs(registry[i].high) + 1);
        assert_int_equal(mdl_params_set(&params, (int)i, above, &err), SIM_EINPUT);
        assert_non_null(strstr(err.message, registry[i].key));
        assert_int_equal(mdl_params_set(&params, (int)i, NAN, NULL), SIM_EINPUT);
        assert_true(mdl_params_get(&params, (int)i) == registry[i].def);
    }
}

static const mdl_param_t real = {"a.real", MDL_KIND_REAL, "CNY/kWh", 0.4, 0, 2};
static const mdl_param_t share = {"a.share", MDL_KIND_REAL, "1", 0.3, 0, 1};
static const mdl_param_t count = {"a.count", MDL_KIND_COUNT, "GPU", 8, 1, 1e6};
static const mdl_param_t money = {"a.money", MDL_KIND_MONEY, "CNY", 100, 0, 1e12};
static const mdl_param_t duration = {"a.duration", MDL_KIND_DURATION, "d", 7, 0, 3650};
static const mdl_param_t flag = {"a.flag", MDL_KIND_FLAG, "1", 0, 0, 1};
static const mdl_param_t choice = {"a.choice", MDL_KIND_CHOICE, "fcfs|easy|conservative", 0, 0, 63};

static void reads(const mdl_param_t *param, const char *text, double expected)
{
    double value = -1;
    sim_error_t err = {0};
    if (mdl_param_parse(param, text, &value, &err) != SIM_OK)
        fail_msg("%s: %s", text, err.message);
    if (value != expected)
        fail_msg("%s: read as %.17g, expected %.17g", text, value, expected);
}

static void refuses(const mdl_param_t *param, const char *text, const char *message)
{
    double value;
    sim_error_t err = {0};
    assert_int_equal(mdl_param_parse(param, text, &value, &err), SIM_EINPUT);
    assert_string_equal(err.message, message);
}

static void test_what_can_be_written(void **state)
{
    (void)state;
    reads(&real, "0.4", 0.4);
    reads(&real, "40 fen/kWh", 0.4);
    reads(&real, "400 CNY/MWh", 0.4);
    reads(&real, "4e-1CNY/kWh", 0.4);
    reads(&count, "1e3", 1000);
    reads(&count, "+8 GPU", 8);
    reads(&count, "2 k GPU", 2000);
    reads(&money, "0.01", 0.01);
    reads(&money, "3 bn CNY", 3e9);
    reads(&money, "1.5 MCNY", 1.5e6);
    reads(&money, "12345678.90", 12345678.90);
    reads(&duration, "2 wk", 14);
    reads(&duration, "36 h", 1.5);
    reads(&duration, "1 s", 1.0 / 86400);
    reads(&flag, "true", 1);
    reads(&flag, "false", 0);
    reads(&choice, "conservative", 2);
}

static void test_what_can_not_be_written(void **state)
{
    (void)state;
    refuses(&real, "nan", "found nan; expected a number");
    refuses(&real, ".nan", "found .nan; expected a number");
    refuses(&real, "-inf", "found -inf; expected a number");
    refuses(&real, "0x1F", "found 0x1F; expected a number; write it in decimals");
    refuses(&real, "010", "found 010; expected a number; write it without leading zeros");
    refuses(&real, "1_000", "found 1_000; expected a number; write it without underscores");
    refuses(&real, "1,5", "found 1,5; expected a number; write a decimal point and no thousands separators");
    refuses(&real, "1.", "found 1.; expected a number; write a digit after the point");
    refuses(&real, "-.5", "found -.5; expected a number; write a 0 before the point");
    refuses(&real, "", "found nothing; expected a number");
    refuses(&real, "1e999", "found 1e999; expected a number below 1e308");
    refuses(&real, "1e-999", "found 1e-999; expected a number that is 0 or above 1e-307");
    refuses(&share, "30", "30 is out of bounds; expected 0 to 1; did you mean 30 %?");
    refuses(&share, "3 kWh", "unit kWh does not convert; expected a bare number");
    refuses(&real, "0.4 USD/kWh", "unit USD/kWh does not convert; expected CNY/kWh");
    refuses(&real, "0.4 CNY", "unit CNY does not convert; expected CNY/kWh");
    refuses(&real, "3", "3 CNY/kWh is out of bounds; expected 0 to 2 CNY/kWh");
    refuses(&real, "1 ", "unknown unit ; expected CNY/kWh");
    refuses(&count, "1.5", "found 1.5 GPU; expected a whole number");
    refuses(&money, "0.001", "found 0.001 CNY; expected a whole number of fen");
    refuses(&money, "3 USD", "unit USD does not convert; expected CNY");
    refuses(&duration, "1 month", "unit month does not convert; expected d");
    refuses(&duration, "1 kg", "unknown unit kg; expected d");
    refuses(&flag, "yes", "found yes; expected true or false");
    refuses(&choice, "esay", "found esay; expected one of fcfs|easy|conservative; did you mean easy?");
    refuses(&choice, "zzzz", "found zzzz; expected one of fcfs|easy|conservative");
}

static void test_formats_read_back(void **state)
{
    (void)state;
    const double values[] = {0, 1, 0.1, 1.0 / 3, 1.9999999999999998, 1e-7, 0.30000000000000004};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[MDL_VALUE_BYTES];
        reads(&real, mdl_param_format(&real, values[i], text), values[i]);
    }
    char text[MDL_VALUE_BYTES];
    assert_string_equal(mdl_number_format(1e12, text), "1000000000000");
    assert_string_equal(mdl_number_format(0.1, text), "0.1");
    assert_string_equal(mdl_param_format(&choice, 1, text), "easy");
}

static void test_units_convert_exactly(void **state)
{
    (void)state;
    assert_true(mdl_unit_convert(3, "wk", "s") == 3 * 604800.0);
    assert_true(mdl_unit_convert(40, "fen", "CNY") == 0.4);
    assert_true(mdl_unit_convert(0.4, "CNY", "fen") == 40);
    assert_true(mdl_unit_convert(1, "yr", "month") == 12);
    assert_true(mdl_unit_convert(2, "MW h", "kWh") == 2000);
    assert_true(mdl_unit_convert(1, "GPU h", "GPUh") == 1);
    assert_true(mdl_unit_convert(30, "%", "1") == 0.3);
    assert_true(mdl_unit_convert(1, "1/h", "1/d") == 24);
    assert_true(mdl_unit_convert(5, "k", "1") == 5000);
    const char *const bad[] = {"", " ", "/", "CNY/", "CNY//h", "CNY per h", "m", "1 ", "h h h h h h h h h"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mdl_unit_known(bad[i]))
            fail_msg("unit '%s' was accepted", bad[i]);
}

/* Of all single edits of a key none is more than one step away, and each is found again. */
static void test_spelling(void **state)
{
    (void)state;
    assert_int_equal(mdl_spelling_distance("", ""), 0);
    assert_int_equal(mdl_spelling_distance("abc", ""), 3);
    assert_int_equal(mdl_spelling_distance("ab", "ba"), 1);
    assert_int_equal(mdl_spelling_distance("kitten", "sitting"), 3);
    assert_int_equal(mdl_spelling_distance("ca", "abc"), 3);
    assert_int_equal(mdl_spelling_distance("clawback_shre", "clawback_share"), 1);
    size_t n;
    const char *key = mdl_params_registry(&n)[0].key;
    char changed[128];
    for (size_t i = 0; key[i] != '\0'; i++) {
        (void)snprintf(changed, sizeof changed, "%.*s%s", (int)i, key, key + i + 1);
        assert_int_equal(mdl_spelling_distance(changed, key), 1);
        assert_int_equal(mdl_spelling_distance(key, changed), 1);
    }
    assert_null(mdl_params_suggest("qqqqqqqqqq"));
    (void)snprintf(changed, sizeof changed, "%s_", key);
    assert_string_equal(mdl_params_suggest(changed), key);
}

static void test_spelling_hints(void **state)
{
    (void)state;
    static const char *const arms[] = {"baseline", "rational"};
    char hint[MDL_SPELLING_HINT], longest[128];
    assert_string_equal(mdl_spelling_hint("basline", arms, 2, hint), "; did you mean baseline?");
    assert_string_equal(mdl_spelling_hint("nobody", arms, 2, hint), "");
    assert_string_equal(mdl_spelling_hint("", arms, 2, hint), "");
    assert_string_equal(mdl_spelling_hint("basline", NULL, 0, hint), "");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *known = longest;
    mdl_spelling_t near = mdl_spelling(longest + 1);
    mdl_spelling_offer(&near, known);
    assert_int_equal(strlen(mdl_spelling_hint_of(&near, hint)), strlen("; did you mean ?") + sizeof longest - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_line_is_sound),
        cmocka_unit_test(test_fields_do_not_overlap),
        cmocka_unit_test(test_set_then_get_is_identity_at_bounds_and_default),
        cmocka_unit_test(test_set_refuses_what_is_out_of_bounds),
        cmocka_unit_test(test_what_can_be_written),
        cmocka_unit_test(test_what_can_not_be_written),
        cmocka_unit_test(test_formats_read_back),
        cmocka_unit_test(test_units_convert_exactly),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_spelling_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
