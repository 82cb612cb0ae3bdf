// SPDX-License-Identifier: GPL-3.0-or-later
/* Dates: round trips over 20,000 years, an independent day-by-day calendar, weekdays, bad texts. */
#include "sim/time.h"
#include "tests/support/test.h"

static int64_t day_of(int32_t year, int32_t month, int32_t day)
{
    return sim_date_to_day((sim_date_t){year, month, day});
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Walks every day from -9999-01-01 to 9999-12-31 with the school rule for month lengths. */
static void test_every_day_of_20000_years(void **state)
{
    (void)state;
    static const int32_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    sim_date_t date = {-9999, 1, 1};
    int64_t day = sim_date_to_day(date);
    while (date.year <= 9999) {
        sim_date_t back = sim_date_from_day(day);
        if (back.year != date.year || back.month != date.month || back.day != date.day || sim_date_to_day(date) != day)
            fail_msg("day %lld is %d-%d-%d, got %d-%d-%d", (long long)day, date.year, date.month, date.day, back.year,
                     back.month, back.day);
        int32_t last = length[date.month - 1] + (date.month == 2 && is_leap(date.year));
        day++;
        if (date.day < last) {
            date.day++;
        } else if (date.month < 12) {
            date = (sim_date_t){date.year, date.month + 1, 1};
        } else {
            date = (sim_date_t){date.year + 1, 1, 1};
        }
    }
    assert_int_equal(day, sim_date_to_day((sim_date_t){10000, 1, 1}));
}

static void test_known_days(void **state)
{
    (void)state;
    assert_int_equal(day_of(1970, 1, 1), 0);
    assert_int_equal(day_of(2000, 3, 1), 11017);
    assert_int_equal(day_of(1969, 12, 31), -1);
    assert_int_equal(day_of(2022, 1, 1), 18993);
    assert_int_equal(day_of(0, 3, 1), -719468);
}

static void test_weekdays(void **state)
{
    (void)state;
    assert_int_equal(sim_date_weekday(0), 3);                    /* Thursday */
    assert_int_equal(sim_date_weekday(day_of(2022, 1, 1)), 5);   /* Saturday */
    assert_int_equal(sim_date_weekday(day_of(2023, 10, 17)), 1); /* Tuesday */
    assert_int_equal(sim_date_weekday(day_of(1582, 10, 15)), 4); /* first Gregorian day, a Friday */
    for (int64_t day = -800000; day < 800000; day += 997)
        assert_int_equal((sim_date_weekday(day) + 1) % 7, sim_date_weekday(day + 1));
}

static void test_text_round_trip(void **state)
{
    (void)state;
    for (int64_t day = day_of(0, 1, 1); day <= day_of(9999, 12, 31); day += 131) {
        char text[16];
        int64_t back = -1;
        sim_error_t err = {0};
        assert_int_equal(sim_date_parse(sim_date_format(day, text), &back, &err), SIM_OK);
        assert_int_equal(back, day);
    }
    char text[16];
    assert_string_equal(sim_date_format(day_of(-1, 2, 3), text), "-0001-02-03");
    assert_string_equal(sim_date_format(day_of(7, 2, 3), text), "0007-02-03");
}

static void test_bad_texts(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "2022",       "2022-1-1", "2022-02-30", "2023-02-29",  "1900-02-29",  "2022-13-01",  "2022-00-10",
        "2022-01-00", "2022-04-31", "22-01-01", "2022/01/01", "2022-01-01 ", " 2022-01-01", "2022-01-01T", "+022-01-01",
        "-001-01-01", "2022-0x-01", "20220101", "2022-01-1",  "99999-01-01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t day = 42;
        sim_error_t err = {0};
        assert_int_equal(sim_date_parse(bad[i], &day, &err), SIM_EINPUT);
        assert_int_equal(day, 42);
        assert_non_null(strstr(err.message, bad[i]));
        assert_int_equal(sim_date_parse(bad[i], &day, NULL), SIM_EINPUT);
    }
    int64_t leap;
    assert_int_equal(sim_date_parse("2000-02-29", &leap, NULL), SIM_OK);
    assert_int_equal(sim_date_parse("2024-02-29", &leap, NULL), SIM_OK);
}

static void test_simulated_time_as_text(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(sim_time_format(day_of(2022, 1, 1), 0, text), "2022-01-01 00:00:00");
    assert_string_equal(sim_time_format(day_of(2022, 1, 1), 31 * SIM_DAY_S + 3 * SIM_HOUR_S + 125, text),
                        "2022-02-01 03:02:05");
    assert_string_equal(sim_time_format(0, -1, text), "1969-12-31 23:59:59");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day_of_20000_years),
        cmocka_unit_test(test_known_days),
        cmocka_unit_test(test_weekdays),
        cmocka_unit_test(test_text_round_trip),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_simulated_time_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
