// SPDX-License-Identifier: GPL-3.0-or-later
/* Simulated time and dates.
 *
 * Time is an int64 count of ticks, one tick being one second, from the scenario's start date at 00:00:00. Names end in
 * `_s`. Dates are days in the proleptic Gregorian calendar, counted from 1970-01-01 (day 0); names end in `_day`.
 * There are no time zones and no leap seconds: every day has 86,400 seconds.
 *
 *     int64_t start_day, change_day;
 *     sim_date_parse("2022-01-01", &start_day, NULL);
 *     sim_date_parse("2023-10-17", &change_day, NULL);
 *     int64_t change_s = (change_day - start_day) * SIM_DAY_S;
 */
#ifndef SIM_TIME_H
#define SIM_TIME_H

#include "sim/error.h"

#include <stdint.h>

#define SIM_MINUTE_S INT64_C(60)
#define SIM_HOUR_S   INT64_C(3600)
#define SIM_DAY_S    INT64_C(86400)
#define SIM_WEEK_S   (7 * SIM_DAY_S)
#define SIM_NEVER    INT64_MAX /* later than any event */

typedef struct sim_date {
    int32_t year;  /* astronomical: year 0 exists; supported range -9999 to 9999 */
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
} sim_date_t;

/* Days since 1970-01-01 of a valid date, and back (Howard Hinnant's era decomposition, exact for every year). */
int64_t sim_date_to_day(sim_date_t date);
sim_date_t sim_date_from_day(int64_t day);

/* Reads "YYYY-MM-DD" strictly: 4-digit year, real month and day, nothing after it. SIM_EINPUT says what was found. */
sim_status_t sim_date_parse(const char *text, int64_t *day, sim_error_t *err);

/* Writes "YYYY-MM-DD" and a NUL into `text` (at least 16 bytes) and returns it. */
char *sim_date_format(int64_t day, char text[16]);

/* Writes "YYYY-MM-DD hh:mm:ss" of simulated time `time_s` in a world whose time 0 is the start of `start_day`; the text
 * needs at most 32 bytes. For messages. */
char *sim_time_format(int64_t start_day, int64_t time_s, char text[32]);

/* Day of the week, 0 = Monday to 6 = Sunday. */
int sim_date_weekday(int64_t day);

#endif
