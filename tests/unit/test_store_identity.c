// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/store_internal.h"
#include "tests/support/test.h"

#define COMMON   "seed: 1\nset: a\n"
#define BASELINE "arm baseline: x\narm baseline: y\n"

static sim_status_t compare(const char *stored, const char *now, sim_error_t *err)
{
    *err = (sim_error_t){0};
    return sim_store_same_identity("f.h5", stored, now, err);
}

static void equal_texts_agree(void **state)
{
    (void)state;
    sim_error_t err;
    assert_int_equal(compare("", "", &err), SIM_OK);
    assert_int_equal(compare(COMMON BASELINE, COMMON BASELINE, &err), SIM_OK);
}

static void arms_may_come_go_and_change_places(void **state)
{
    (void)state;
    sim_error_t err;
    assert_int_equal(compare(COMMON BASELINE, COMMON BASELINE "arm new: z\n", &err), SIM_OK);
    assert_int_equal(compare(COMMON BASELINE "arm old: z\n", COMMON BASELINE, &err), SIM_OK);
    assert_int_equal(compare(COMMON "arm old: z\n" BASELINE, COMMON BASELINE "arm old: z\n", &err), SIM_OK);
}

static void differences_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *stored, *now, *first, *second;
    } cases[] = {
        {COMMON, "seed: 2\nset: a\n", "seed: 1", "seed: 2"},
        {COMMON, "seed: 1\n", "set: a", "''"},
        {"seed: 1\n", COMMON, "''", "set: a"},
        {COMMON BASELINE, COMMON "arm baseline: x\narm baseline: q\n", "arm baseline: y", "arm baseline: q"},
        {COMMON BASELINE, COMMON "arm baseline: x\n", "arm baseline: y", "''"},
        {COMMON "arm b: 1\n" BASELINE, COMMON BASELINE "arm b: 2\n", "arm b: 1", "arm b: 2"},
        {"seed: 1", "seed: 12", "seed: 1", "seed: 12"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sim_error_t err;
        assert_int_equal(compare(cases[i].stored, cases[i].now, &err), SIM_EINPUT);
        assert_non_null(strstr(err.message, cases[i].first));
        assert_non_null(strstr(err.message, cases[i].second));
        assert_non_null(strstr(err.message, "f.h5"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_agree),
        cmocka_unit_test(arms_may_come_go_and_change_places),
        cmocka_unit_test(differences_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
