// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/rows.h"

#include "models/params/csv.h"
#include "models/params/spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 64 /* of a column's name, for spelling */

static void row_problem(mdl_rows_t *self, const char *text)
{
    mdl_problem(self->lines.problems, SIM_EINPUT, self->lines.path, self->lines.line, "%s", text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static mdl_cell_t trimmed(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    while (at < end && is_blank(end[-1]))
        end--;
    return (mdl_cell_t){at, (size_t)(end - at)};
}

/* The text between the quotes without its doubles, in memory that lasts as long as the row. */
static const char *undouble(mdl_rows_t *self, mdl_cell_t *cell)
{
    if (self->unquoted == NULL)
        self->unquoted = malloc(MDL_LINE_BYTES);
    if (self->unquoted == NULL) {
        mdl_problem_memory(self->lines.problems, self->lines.path);
        mdl_rows_stop(self);
        return "want of memory";
    }
    char *to = self->unquoted + self->used;
    size_t n = 0;
    for (size_t i = 0; i < cell->n; i++) {
        to[n++] = cell->at[i];
        i += cell->at[i] == '"';
    }
    *cell = (mdl_cell_t){to, n};
    self->used += n;
    return NULL;
}

/* The quoted cell that starts at *at, which then stands behind it. NULL, or what is wrong with it. */
static const char *quoted(mdl_rows_t *self, const char **at, const char *end, mdl_cell_t *cell)
{
    const char *start = *at + 1, *stop = start;
    bool doubled = false;
    for (;; stop += 2, doubled = true) {
        stop = memchr(stop, '"', (size_t)(end - stop));
        if (stop == NULL)
            return "a quote that is not closed on its line";
        if (stop + 1 == end || stop[1] != '"')
            break;
    }
    *cell = (mdl_cell_t){start, (size_t)(stop - start)};
    for (*at = stop + 1; *at < end && is_blank(**at); ++*at)
        continue;
    if (*at < end && **at != ',')
        return "text after a closing quote";
    return doubled ? undouble(self, cell) : NULL;
}

/* Splits the line. The number of its cells, of which the first MDL_ROW_COLUMNS are kept; 0 after a problem. */
static size_t split(mdl_rows_t *self)
{
    const char *at = self->lines.at, *end = at + self->lines.n;
    self->used = 0;
    for (size_t n = 0;; at++) {
        mdl_cell_t cell;
        const char *wrong = NULL;
        while (at < end && is_blank(*at))
            at++;
        if (at < end && *at == '"') {
            wrong = quoted(self, &at, end, &cell);
        } else {
            const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
            cell = trimmed(at, comma != NULL ? comma : end);
            at = comma != NULL ? comma : end;
        }
        if (wrong != NULL) {
            mdl_problem(self->lines.problems, SIM_EINPUT, self->lines.path, self->lines.line,
                        "column %zu: found %s; expected cells separated by commas", n + 1, wrong);
            return 0;
        }
        if (n < MDL_ROW_COLUMNS)
            self->cells[n] = cell;
        n++;
        if (at == end)
            return n;
    }
}

/* The next line that holds cells: neither empty nor a comment. */
static bool next_line(mdl_rows_t *self)
{
    while (mdl_lines_next(&self->lines))
        if (trimmed(self->lines.at, self->lines.at + self->lines.n).n > 0 && self->lines.at[0] != '#')
            return true;
    return false;
}

static size_t field_named(const mdl_rows_t *self, mdl_cell_t cell)
{
    for (size_t i = 0; i < self->n_fields; i++)
        if (mdl_cell_is(cell, self->fields[i].name) ||
            (self->fields[i].alias != NULL && mdl_cell_is(cell, self->fields[i].alias)))
            return i;
    return SIZE_MAX;
}

static void unknown_column(mdl_rows_t *self, size_t column)
{
    char shown[48], name[NAME_BYTES], text[256];
    mdl_cell_t cell = self->cells[column];
    (void)snprintf(name, sizeof name, "%.*s", (int)(cell.n < sizeof name ? cell.n : 0), cell.at);
    mdl_spelling_t near = mdl_spelling(name);
    for (size_t i = 0; i < self->n_fields; i++)
        mdl_spelling_offer(&near, self->fields[i].name);
    (void)snprintf(text, sizeof text, "column %zu: found the unknown column '%s'; %s%s%s", column + 1,
                   mdl_shown(shown, cell.at, cell.n), near.best != NULL ? "did you mean " : "expected a known one",
                   near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
    row_problem(self, text);
}

static void header_cell(mdl_rows_t *self, size_t column, mdl_rows_other_t other)
{
    size_t field = field_named(self, self->cells[column]);
    if (field == SIZE_MAX) {
        if (other == MDL_ROWS_KNOWN)
            unknown_column(self, column);
    } else if (self->column_of[field] != SIZE_MAX) {
        char text[160];
        (void)snprintf(text, sizeof text, "column %zu repeats column %zu (%s); expected each column once", column + 1,
                       self->column_of[field] + 1, self->fields[field].name);
        row_problem(self, text);
    } else {
        self->column_of[field] = column;
    }
}

static void missing_column(mdl_rows_t *self, const char *name)
{
    char text[160], shown[48], closest[NAME_BYTES] = "";
    mdl_spelling_t near = mdl_spelling(name);
    for (size_t i = 0; i < self->n_columns; i++) {
        char column[NAME_BYTES];
        size_t before = near.distance;
        (void)snprintf(column, sizeof column, "%.*s", (int)(self->cells[i].n < sizeof column ? self->cells[i].n : 0),
                       self->cells[i].at);
        mdl_spelling_offer(&near, column);
        if (near.distance < before)
            memcpy(closest, column, sizeof column);
    }
    (void)snprintf(
        text, sizeof text, "the header has no column %s%s%s%s; expected one", name, closest[0] != '\0' ? " (but '" : "",
        closest[0] != '\0' ? mdl_shown(shown, closest, strlen(closest)) : "", closest[0] != '\0' ? "')" : "");
    row_problem(self, text);
}

/* Of a header that is one cell where several fields are looked for. */
static const char *separator_problem(const mdl_rows_t *self)
{
    const mdl_cell_t *cell = &self->cells[0];
    bool one = self->n_columns == 1 && self->n_fields > 1;
    return one ? mdl_csv_separator_problem(cell->at, cell->n) : NULL;
}

static void read_header(mdl_rows_t *self, mdl_rows_other_t other)
{
    if (!next_line(self)) {
        if (self->lines.problems->n == 0)
            mdl_problem(self->lines.problems, SIM_EINPUT, self->lines.path, 0,
                        "found an empty file; expected a header line with the names of columns");
        return;
    }
    self->n_columns = split(self);
    if (self->n_columns > MDL_ROW_COLUMNS) {
        row_problem(self, "found more than 256 columns; expected at most that many");
        return;
    }
    const char *separators = separator_problem(self);
    if (separators != NULL) {
        row_problem(self, separators);
        return;
    }
    for (size_t i = 0; i < self->n_columns; i++)
        header_cell(self, i, other);
    for (size_t i = 0; i < self->n_fields && self->n_columns > 0; i++)
        if (self->fields[i].required && self->column_of[i] == SIZE_MAX)
            missing_column(self, self->fields[i].name);
}

void mdl_rows_open(mdl_rows_t *self, const mdl_source_t *source, mdl_problems_t *problems, const mdl_field_t *fields,
                   size_t n_fields, mdl_rows_other_t other)
{
    size_t before = problems->n;
    self->fields = fields;
    self->n_fields = n_fields;
    self->n_columns = self->used = 0;
    self->unquoted = NULL;
    for (size_t i = 0; i < n_fields; i++)
        self->column_of[i] = SIZE_MAX;
    mdl_lines_open(&self->lines, source, problems);
    if (problems->n == before)
        read_header(self, other);
    if (problems->n > before)
        mdl_rows_stop(self);
}

bool mdl_rows_next(mdl_rows_t *self)
{
    while (next_line(self)) {
        size_t n = split(self);
        if (n == self->n_columns)
            return true;
        if (n > 0)
            mdl_problem(self->lines.problems, SIM_EINPUT, self->lines.path, self->lines.line,
                        "found a row of %zu cells; expected %zu as in the header", n, self->n_columns);
    }
    return false;
}

void mdl_rows_stop(mdl_rows_t *self)
{
    mdl_lines_stop(&self->lines);
}

void mdl_rows_close(mdl_rows_t *self)
{
    mdl_lines_close(&self->lines);
    free(self->unquoted);
    self->unquoted = NULL;
}

mdl_cell_t mdl_rows_cell(const mdl_rows_t *self, size_t field)
{
    size_t column = self->column_of[field];
    return column == SIZE_MAX ? (mdl_cell_t){"", 0} : self->cells[column];
}

void mdl_rows_wrong(mdl_rows_t *self, size_t field, const char *expected)
{
    char shown[48];
    mdl_cell_t cell = mdl_rows_cell(self, field);
    mdl_problem(self->lines.problems, SIM_EINPUT, self->lines.path, self->lines.line,
                "column %zu (%s): found '%s'; expected %s", self->column_of[field] + 1, self->fields[field].name,
                mdl_shown(shown, cell.at, cell.n), expected);
}

bool mdl_rows_whole(mdl_rows_t *self, size_t field, int64_t low, int64_t high, int64_t *value)
{
    if (mdl_cell_whole(mdl_rows_cell(self, field), value) && *value >= low && *value <= high)
        return true;
    char expected[96];
    if (low == high)
        (void)snprintf(expected, sizeof expected, "%lld", (long long)low);
    else
        (void)snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)low, (long long)high);
    mdl_rows_wrong(self, field, expected);
    return false;
}

bool mdl_rows_real(mdl_rows_t *self, size_t field, double above, double high, double *value)
{
    if (mdl_cell_real(mdl_rows_cell(self, field), value) && *value > above && *value <= high)
        return true;
    char expected[96];
    (void)snprintf(expected, sizeof expected, "a number above %.17g and up to %.17g", above, high);
    mdl_rows_wrong(self, field, expected);
    return false;
}

bool mdl_rows_moment(mdl_rows_t *self, size_t field, int64_t *ticks)
{
    if (mdl_cell_moment(mdl_rows_cell(self, field), false, ticks))
        return true;
    mdl_rows_wrong(self, field, "a moment as YYYY-MM-DD hh:mm:ss");
    return false;
}

static bool is_text(mdl_cell_t cell)
{
    bool plain = true;
    for (size_t i = 0; i < cell.n; i++)
        plain = plain && cell.at[i] >= 0x20 && cell.at[i] < 0x7F;
    if (plain)
        return true;
    char copy[256];
    memcpy(copy, cell.at, cell.n);
    copy[cell.n] = '\0';
    return mdl_text_valid(copy);
}

bool mdl_rows_name(mdl_rows_t *self, size_t field, size_t bytes, mdl_cell_t *name)
{
    *name = mdl_rows_cell(self, field);
    if (name->n >= 1 && name->n <= bytes && name->n < 256 && is_text(*name))
        return true;
    char expected[96];
    (void)snprintf(expected, sizeof expected, "a name of 1 to %zu bytes of UTF-8", bytes);
    mdl_rows_wrong(self, field, expected);
    return false;
}
