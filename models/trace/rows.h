// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of a CSV trace whose header names its columns.
 *
 * Cells are separated by commas; blanks around a cell do not count; a cell in double quotes may hold commas and doubled
 * quotes, but no line end. Empty lines and lines that start with '#' are skipped. Every row has as many cells as the
 * header. Columns stand in any order.
 *
 *     static const mdl_field_t fields[] = {[GPUS] = {"num_gpus", NULL, true}, ...};
 *     mdl_rows_open(&rows, source, &problems, fields, N_FIELDS, MDL_ROWS_KNOWN);
 *     while (mdl_rows_next(&rows))
 *         if (mdl_rows_whole(&rows, GPUS, 1, MDL_TRACE_GPUS, &gpus)) ...       // else the problem has been reported
 *     mdl_rows_close(&rows);
 */
#ifndef MDL_TRACE_ROWS_H
#define MDL_TRACE_ROWS_H

#include "models/trace/cells.h"
#include "models/trace/lines.h"

#define MDL_ROW_COLUMNS 256
#define MDL_ROW_FIELDS  16

typedef struct mdl_field {
    const char *name;
    const char *alias; /* another name of it, or NULL */
    bool required;
} mdl_field_t;

/* What a column that is none of the fields means. */
typedef enum mdl_rows_other {
    MDL_ROWS_KNOWN, /* an error */
    MDL_ROWS_ANY    /* nothing: the format has columns that nobody here needs */
} mdl_rows_other_t;

typedef struct mdl_rows {
    mdl_lines_t lines;
    const mdl_field_t *fields;
    size_t n_fields, n_columns;
    size_t column_of[MDL_ROW_FIELDS]; /* a field's column from 0; SIZE_MAX: the file has none */
    mdl_cell_t cells[MDL_ROW_COLUMNS];
    char *unquoted; /* text of cells with doubled quotes */
    size_t used;
} mdl_rows_t;

/* Opens a source and reads its header. What is wrong with it is a problem, and then there are no rows. */
void mdl_rows_open(mdl_rows_t *self, const mdl_source_t *source, mdl_problems_t *problems, const mdl_field_t *fields,
                   size_t n_fields, mdl_rows_other_t other);
/* Goes on to the next row that has the header's number of cells; false at the end. */
bool mdl_rows_next(mdl_rows_t *self);
/* No row follows. */
void mdl_rows_stop(mdl_rows_t *self);
void mdl_rows_close(mdl_rows_t *self);

/* A field's cell in the present row; empty where the file has no such column. */
mdl_cell_t mdl_rows_cell(const mdl_rows_t *self, size_t field);
/* A field as a whole number, a number above `above`, a moment in ticks of 100 ns, or a name of 1 to `bytes` bytes. False
 * if it is none or not within its bounds; then a problem has been reported. */
bool mdl_rows_whole(mdl_rows_t *self, size_t field, int64_t low, int64_t high, int64_t *value);
bool mdl_rows_real(mdl_rows_t *self, size_t field, double above, double high, double *value);
bool mdl_rows_moment(mdl_rows_t *self, size_t field, int64_t *ticks);
bool mdl_rows_name(mdl_rows_t *self, size_t field, size_t bytes, mdl_cell_t *name);
/* Reports that a field is not what is expected of it. */
void mdl_rows_wrong(mdl_rows_t *self, size_t field, const char *expected);

#endif
