// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/cells.h"

#include "sim/time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS 15 /* that a double holds exactly */
#define REAL_BYTES   64 /* of the longest decimal number */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool mdl_cell_is(mdl_cell_t cell, const char *text)
{
    return strlen(text) == cell.n && memcmp(cell.at, text, cell.n) == 0;
}

/* Digits beyond the sure ones, with a look at every step. */
const char *mdl_scan_long(const char *at, const char *end, bool negative, int64_t *value)
{
    int64_t sum = 0; /* negative: int64 reaches one further there */
    for (; at < end && is_digit(*at); at++)
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, *at - '0', &sum))
            return NULL;
    if (!negative && sum == INT64_MIN)
        return NULL;
    *value = negative ? sum : -sum;
    return at;
}

bool mdl_cell_whole(mdl_cell_t cell, int64_t *value)
{
    const char *end = cell.at + cell.n, *at = mdl_scan_int(cell.at, end, value);
    if (at == NULL || at == end)
        return at != NULL;
    if (*at++ != '.' || at == end)
        return false;
    while (at < end && *at == '0')
        at++;
    return at == end;
}

/* Skips digits and adds their number to `digits`. */
static const char *skip_digits(const char *at, const char *end, size_t *digits)
{
    const char *start = at;
    while (at < end && is_digit(*at))
        at++;
    *digits += (size_t)(at - start);
    return at;
}

/* Whether the cell has the shape of a decimal number; `plain` without an exponent and with few digits. */
static bool has_real_shape(mdl_cell_t cell, bool *plain)
{
    const char *at = cell.at, *end = cell.at + cell.n;
    size_t digits = 0, exponent = 0;
    at += at < end && *at == '-';
    at = skip_digits(at, end, &digits);
    if (digits == 0)
        return false;
    if (at < end && *at == '.') {
        size_t whole = digits;
        at = skip_digits(at + 1, end, &digits);
        if (digits == whole)
            return false;
    }
    *plain = at == end && digits <= EXACT_DIGITS;
    if (at == end)
        return true;
    if (*at != 'e' && *at != 'E')
        return false;
    at++;
    at += at < end && (*at == '-' || *at == '+');
    return skip_digits(at, end, &exponent) == end && exponent > 0;
}

/* Few digits are an integer over a power of ten, both exact, so their quotient is rounded once. */
static double plain_real(mdl_cell_t cell)
{
    int64_t sum = 0;
    double scale = 1;
    bool fraction = false, negative = cell.at[0] == '-';
    for (size_t i = negative; i < cell.n; i++) {
        if (cell.at[i] == '.') {
            fraction = true;
        } else {
            sum = sum * 10 + (cell.at[i] - '0');
            scale = fraction ? scale * 10 : scale;
        }
    }
    double value = (double)sum / scale;
    return negative ? -value : value;
}

bool mdl_cell_real(mdl_cell_t cell, double *value)
{
    bool plain = false;
    if (cell.n >= REAL_BYTES || !has_real_shape(cell, &plain))
        return false;
    if (plain) {
        *value = plain_real(cell);
        return true;
    }
    char copy[REAL_BYTES];
    memcpy(copy, cell.at, cell.n);
    copy[cell.n] = '\0';
    *value = strtod(copy, NULL);
    return fabs(*value) < HUGE_VAL;
}

/* Digits of which each one stands in `text`; -1 where one does not. */
static int64_t digits_at(const char *text, int n)
{
    int64_t value = 0;
    for (int i = 0; i < n; i++) {
        if (!is_digit(text[i]))
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool read_date(mdl_cell_t cell, int64_t *day)
{
    if (cell.n < 10 || cell.at[4] != '-' || cell.at[7] != '-')
        return false;
    int64_t year = digits_at(cell.at, 4), month = digits_at(cell.at + 5, 2), in_month = digits_at(cell.at + 8, 2);
    if (year < 0 || month < 1 || month > 12 || in_month < 1 || in_month > 31)
        return false;
    *day = sim_date_to_day((sim_date_t){(int32_t)year, (int32_t)month, (int32_t)in_month});
    return sim_date_from_day(*day).day == in_month;
}

static bool read_clock(const char *text, int64_t *second)
{
    int64_t hours = digits_at(text, 2), minutes = digits_at(text + 3, 2), seconds = digits_at(text + 6, 2);
    *second = hours * SIM_HOUR_S + minutes * SIM_MINUTE_S + seconds;
    return text[2] == ':' && text[5] == ':' && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 &&
           seconds >= 0 && seconds < 60;
}

/* ".ddd" at *at, moved behind it; no fraction is 0 ticks. */
static bool read_fraction(const char **at, const char *end, int64_t *ticks)
{
    *ticks = 0;
    if (*at == end || **at != '.')
        return true;
    const char *digit = *at + 1;
    int64_t unit = MDL_TICKS_PER_S;
    for (; digit < end && is_digit(*digit); digit++) {
        unit /= 10;
        *ticks += unit * (*digit - '0');
    }
    bool some = digit - *at > 1 && digit - *at <= 10;
    *at = digit;
    return some;
}

bool mdl_cell_moment(mdl_cell_t cell, bool date_alone, int64_t *ticks)
{
    int64_t day, second, fraction;
    if (!read_date(cell, &day))
        return false;
    if (cell.n == 10) {
        *ticks = day * SIM_DAY_S * MDL_TICKS_PER_S;
        return date_alone;
    }
    if (cell.n < 19 || (cell.at[10] != ' ' && cell.at[10] != 'T') || !read_clock(cell.at + 11, &second))
        return false;
    const char *at = cell.at + 19, *end = cell.at + cell.n;
    if (!read_fraction(&at, end, &fraction))
        return false;
    mdl_cell_t zone = {at, (size_t)(end - at)};
    *ticks = (day * SIM_DAY_S + second) * MDL_TICKS_PER_S + fraction;
    return zone.n == 0 || mdl_cell_is(zone, "Z") || mdl_cell_is(zone, "+00:00");
}
