// SPDX-License-Identifier: GPL-3.0-or-later
/* Cells of a line and the numbers and moments in them, read strictly: nothing before or after, no sign but '-', no
 * hexadecimal, no "nan" or "inf", no thousands' separators; what does not fit its type is refused, never cut.
 *
 *     mdl_cell_t cell = {"12.0", 4};
 *     int64_t seconds;
 *     if (!mdl_cell_whole(cell, &seconds)) ... not a whole number ...
 */
#ifndef MDL_TRACE_CELLS_H
#define MDL_TRACE_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_TICKS_PER_S INT64_C(10000000) /* of 100 ns, as some traces write them */

typedef struct mdl_cell {
    const char *at;
    size_t n;
} mdl_cell_t;

#define MDL_SURE_DIGITS 18 /* that always fit int64 */

/* The digits of an integer that may not fit int64: their end, or NULL. For mdl_scan_int. */
const char *mdl_scan_long(const char *at, const char *end, bool negative, int64_t *value);

/* Reads an integer at `at`: its end, or NULL where there is none or it does not fit int64. */
static inline const char *mdl_scan_int(const char *at, const char *end, int64_t *value)
{
    bool negative = at < end && *at == '-';
    at += negative;
    const char *start = at;
    uint64_t sum = 0;
    for (unsigned digit; at < end && (digit = (unsigned)(unsigned char)*at - '0') < 10; at++)
        sum = sum * 10 + digit;
    if (at == start)
        return NULL;
    if (at - start > MDL_SURE_DIGITS)
        return mdl_scan_long(start, end, negative, value);
    *value = negative ? -(int64_t)sum : (int64_t)sum;
    return at;
}

/* A whole number; a fraction of zeros only ("12.0") is one. */
bool mdl_cell_whole(mdl_cell_t cell, int64_t *value);
/* A decimal number, with or without an exponent; correctly rounded. */
bool mdl_cell_real(mdl_cell_t cell, double *value);
/* "YYYY-MM-DD hh:mm:ss", with 'T' for the blank, up to 9 digits of a second and "Z" or "+00:00" if the trace has them;
 * a date alone with `date_alone`. Ticks of 100 ns since 1970-01-01 00:00:00; finer digits are cut off. Years 0 to 9999. */
bool mdl_cell_moment(mdl_cell_t cell, bool date_alone, int64_t *ticks);
/* Whether the cell's text is `text`. */
bool mdl_cell_is(mdl_cell_t cell, const char *text);

#endif
