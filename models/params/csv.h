// SPDX-License-Identifier: GPL-3.0-or-later
/* Comma-separated text, cell by cell, each with its place.
 *
 * RFC 4180: cells are separated by commas, records by line ends (LF or CRLF); a cell in double quotes may hold commas,
 * line ends and doubled quotes. Besides: blanks around a cell without quotes are dropped, empty lines and lines that
 * start with '#' are skipped, a byte-order mark at the start is skipped. Columns count characters, not bytes.
 *
 *     mdl_csv_t csv = mdl_csv(text);
 *     mdl_csv_cell_t cell;
 *     while (mdl_csv_next(&csv, &cell))
 *         if (cell.last) ...                  // end of a record
 */
#ifndef MDL_CSV_H
#define MDL_CSV_H

#include <stdbool.h>
#include <stddef.h>

#define MDL_CSV_CELL_BYTES 256

typedef struct mdl_csv {
    const char *at;
    size_t line, column; /* of `at`, from 1 */
    bool inside;         /* of a record: a comma has been read and a cell must follow */
} mdl_csv_t;

typedef struct mdl_csv_cell {
    char text[MDL_CSV_CELL_BYTES];
    size_t line, column; /* where it starts */
    bool last;           /* of its record */
    const char *problem; /* NULL, or what is wrong with it; reading goes on with the next cell */
} mdl_csv_cell_t;

/* A reader at the start of `text`, which must outlive it. */
mdl_csv_t mdl_csv(const char *text);
/* Reads the next cell; false at the end of the text. */
bool mdl_csv_next(mdl_csv_t *self, mdl_csv_cell_t *cell);
/* What is wrong with a header of one cell, `n` bytes at `text`, that holds the separators of other programs: NULL, or found,
 * expected and fix. */
const char *mdl_csv_separator_problem(const char *text, size_t n);
/* Whether `text` is valid UTF-8 without control characters other than tab. */
bool mdl_text_valid(const char *text);
/* The first byte that is not, or NULL. */
const char *mdl_text_invalid(const char *text);

#endif
