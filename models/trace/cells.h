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

/* Reads an integer at `at`: its end, or NULL where there is none or it does not fit int64. */
const char *mdl_scan_int(const char *at, const char *end, int64_t *value);

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
