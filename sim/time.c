// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/time.h"

#include <stdbool.h>
#include <stdio.h>

/* A Gregorian era: 400 years, always the same number of days. */
#define ERA_YEARS 400
#define ERA_DAYS  INT64_C(146097)
/* Days from 0000-03-01, where the era's count starts, to 1970-01-01. */
#define EPOCH_SHIFT_DAYS INT64_C(719468)

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

/* Years are counted from March, so that the leap day is a year's last day and month lengths follow one formula. */
int64_t sim_date_to_day(sim_date_t date)
{
    int64_t year = (int64_t)date.year - (date.month <= 2);
    int64_t era = floor_div(year, ERA_YEARS);
    int64_t year_of_era = year - era * ERA_YEARS;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_SHIFT_DAYS;
}

sim_date_t sim_date_from_day(int64_t day)
{
    int64_t shifted = day + EPOCH_SHIFT_DAYS;
    int64_t era = floor_div(shifted, ERA_DAYS);
    int64_t day_of_era = shifted - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    sim_date_t date = {
        .year = (int32_t)(year_of_era + era * ERA_YEARS + (month_from_march >= 10)),
        .month = (int32_t)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9),
        .day = (int32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
    return date;
}

static int32_t read_digits(const char *text, int digits)
{
    int32_t value = 0;
    for (int i = 0; i < digits; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

static bool has_date_shape(const char *text)
{
    for (int i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9'))
            return false;
    }
    return text[10] == '\0';
}

sim_status_t sim_date_parse(const char *text, int64_t *day, sim_error_t *err)
{
    if (!has_date_shape(text))
        return sim_fail(err, SIM_EINPUT, NULL, "'%.40s' is not a date; expected YYYY-MM-DD, for example 2022-01-01",
                        text);
    sim_date_t date = {read_digits(text, 4), read_digits(text + 5, 2), read_digits(text + 8, 2)};
    int64_t candidate = sim_date_to_day(date);
    sim_date_t back = sim_date_from_day(candidate);
    if (back.year != date.year || back.month != date.month || back.day != date.day)
        return sim_fail(err, SIM_EINPUT, NULL,
                        "'%s' is not a day of the Gregorian calendar; expected a real month and day", text);
    *day = candidate;
    return SIM_OK;
}

char *sim_date_format(int64_t day, char text[16])
{
    sim_date_t date = sim_date_from_day(day);
    int width = date.year < 0 ? 5 : 4;
    (void)snprintf(text, 16, "%0*d-%02u-%02u", width, date.year, (unsigned)date.month % 100, (unsigned)date.day % 100);
    return text;
}

char *sim_time_format(int64_t start_day, int64_t time_s, char text[32])
{
    int64_t day = floor_div(time_s, SIM_DAY_S);
    unsigned second = (unsigned)(time_s - day * SIM_DAY_S);
    char date[16];
    (void)snprintf(text, 32, "%s %02u:%02u:%02u", sim_date_format(start_day + day, date), second / 3600,
                   second / 60 % 60, second % 60);
    return text;
}

int sim_date_weekday(int64_t day)
{
    int64_t since_monday = day + 3; /* 1970-01-01 was a Thursday */
    return (int)(since_monday - floor_div(since_monday, 7) * 7);
}
