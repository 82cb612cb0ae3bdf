// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/params/tables.h"

#include "models/params/csv.h"
#include "models/params/params.h"
#include "models/params/spelling.h"
#include "sim/plural.h"
#include "sim/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_CELLS 64

typedef struct reader {
    mdl_tables_t *tables;
    const mdl_table_t *table;
    const char *name;
    mdl_report_t report;
    void *user;
    size_t problems;
    int column_of[MAX_CELLS]; /* cell position -> column, -1 for one to skip */
    size_t n_cells;           /* of the header */
    size_t rows;
} reader_t;

static void complain(reader_t *self, size_t line, size_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void complain(reader_t *self, size_t line, size_t column, const char *format, ...)
{
    char message[512];
    int used = snprintf(message, sizeof message, "%.200s:%zu:%zu: ", self->name, line, column);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message + used, sizeof message - (size_t)used, format, args);
    va_end(args);
    self->problems++;
    if (self->report != NULL)
        self->report(self->user, message);
}

static int column_find(const mdl_table_t *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void unknown_column(reader_t *self, const mdl_csv_cell_t *cell)
{
    mdl_spelling_t near = mdl_spelling(cell->text);
    for (size_t i = 0; i < self->table->n_columns; i++)
        mdl_spelling_offer(&near, self->table->columns[i].name);
    if (near.best != NULL)
        complain(self, cell->line, cell->column, "%s: unknown column; did you mean %s?", cell->text, near.best);
    else
        complain(self, cell->line, cell->column, "%s: unknown column; expected a column of the table %s", cell->text,
                 self->table->name);
}

static void header_cell(reader_t *self, const mdl_csv_cell_t *cell, size_t position)
{
    int column = cell->problem == NULL ? column_find(self->table, cell->text) : -1;
    if (position >= MAX_CELLS) {
        if (position == MAX_CELLS)
            complain(self, cell->line, cell->column, "more than %d columns; expected %zu", MAX_CELLS,
                     self->table->n_columns);
        return;
    }
    self->column_of[position] = column;
    self->n_cells = position + 1;
    if (cell->problem != NULL)
        complain(self, cell->line, cell->column, "found %s; expected a column's name", cell->problem);
    else if (column < 0)
        unknown_column(self, cell);
    for (size_t i = 0; column >= 0 && i < position; i++)
        if (self->column_of[i] == column) {
            complain(self, cell->line, cell->column, "%s: column %zu repeats column %zu; expected it once", cell->text,
                     position + 1, i + 1);
            self->column_of[position] = -1;
            return;
        }
}

static void missing_columns(reader_t *self, size_t line)
{
    for (size_t column = 0; column < self->table->n_columns; column++) {
        bool found = false;
        for (size_t i = 0; i < self->n_cells; i++)
            found = found || self->column_of[i] == (int)column;
        if (!found)
            complain(self, line, 1, "column %s is missing; expected a header with all columns of the table %s",
                     self->table->columns[column].name, self->table->name);
    }
}

static bool read_header(reader_t *self, mdl_csv_t *csv)
{
    mdl_csv_cell_t cell = {.line = 1};
    size_t position = 0;
    bool any = false;
    while (mdl_csv_next(csv, &cell)) {
        any = true;
        const char *separators =
            position == 0 && cell.last ? mdl_csv_separator_problem(cell.text, strlen(cell.text)) : NULL;
        if (separators != NULL) {
            complain(self, cell.line, 1, "%s", separators);
            return false;
        }
        header_cell(self, &cell, position++);
        if (cell.last)
            break;
    }
    if (!any) {
        complain(self, 1, 1, "found an empty table; expected a header line with the columns of the table %s",
                 self->table->name);
        return false;
    }
    missing_columns(self, cell.line);
    return true;
}

static char *row_at(const reader_t *self, size_t row)
{
    return (char *)self->tables + self->table->rows_offset + row * self->table->row_bytes;
}

static const char *read_text(reader_t *self, const mdl_column_t *column, const char *text, char *field, char *why)
{
    if (*text == '\0' || strlen(text) >= MDL_NAME_BYTES) {
        (void)snprintf(why, 256, "found %.200s; expected a text of 1 to %d bytes", *text == '\0' ? "nothing" : text,
                       MDL_NAME_BYTES - 1);
        return why;
    }
    for (size_t row = 0; column->kind == MDL_COLUMN_NAME && row < self->rows; row++)
        if (strcmp(row_at(self, row) + column->offset, text) == 0) {
            (void)snprintf(why, 256, "repeats the name of row %zu; expected each name once", row + 1);
            return why;
        }
    memcpy(field, text, strlen(text) + 1);
    return NULL;
}

/* A number, flag or choice through the registry's reader, so that a cell is checked as a parameter would be. */
static const char *read_value(const mdl_column_t *column, const char *text, char *field, char *why)
{
    static const mdl_param_kind_t kinds[] = {
        [MDL_COLUMN_REAL] = MDL_KIND_REAL, [MDL_COLUMN_COUNT] = MDL_KIND_COUNT,   [MDL_COLUMN_INT] = MDL_KIND_COUNT,
        [MDL_COLUMN_FLAG] = MDL_KIND_FLAG, [MDL_COLUMN_CHOICE] = MDL_KIND_CHOICE,
    };
    mdl_param_t param = {column->name, kinds[column->kind], column->unit, 0, column->low, column->high};
    sim_error_t err = {0};
    double value;
    if (mdl_param_parse(&param, text, &value, &err) < 0) {
        (void)snprintf(why, 256, "%.255s", err.message);
        return why;
    }
    switch (column->kind) {
    case MDL_COLUMN_REAL: *(double *)(void *)field = value; break;
    case MDL_COLUMN_COUNT: *(int64_t *)(void *)field = (int64_t)value; break;
    case MDL_COLUMN_FLAG: *(bool *)(void *)field = value != 0; break;
    default: *(int32_t *)(void *)field = (int32_t)value; break;
    }
    return NULL;
}

static const char *read_date(const char *text, char *field, char *why)
{
    sim_error_t err = {0};
    if (sim_date_parse(text, (int64_t *)(void *)field, &err) == SIM_OK)
        return NULL;
    (void)snprintf(why, 256, "%.255s", err.message);
    return why;
}

static const char *read_province(const mdl_tables_t *tables, const char *text, char *field, char *why)
{
    int32_t province = mdl_tables_find_province(tables, text);
    *(int32_t *)(void *)field = province;
    if (province >= 0)
        return NULL;
    mdl_spelling_t near = mdl_spelling(text);
    for (uint32_t i = 0; i < tables->n_provinces; i++)
        mdl_spelling_offer(&near, tables->provinces[i].name);
    if (near.best != NULL)
        (void)snprintf(why, 256, "unknown province %.64s; did you mean %s?", text, near.best);
    else
        (void)snprintf(why, 256, "unknown province %.64s; expected a name from the table provinces", text);
    return why;
}

/* NULL, or what is wrong with the cell. */
static const char *read_cell(reader_t *self, const mdl_column_t *column, const char *text, char *why)
{
    char *field = row_at(self, self->rows) + column->offset;
    switch (column->kind) {
    case MDL_COLUMN_NAME:
    case MDL_COLUMN_TEXT: return read_text(self, column, text, field, why);
    case MDL_COLUMN_DATE: return read_date(text, field, why);
    case MDL_COLUMN_PROVINCE: return read_province(self->tables, text, field, why);
    default: return read_value(column, text, field, why);
    }
}

static void row_cell(reader_t *self, const mdl_csv_cell_t *cell, size_t position)
{
    if (position >= self->n_cells || self->column_of[position] < 0)
        return;
    const mdl_column_t *column = &self->table->columns[self->column_of[position]];
    if (cell->problem != NULL) {
        complain(self, cell->line, cell->column, "%s: found %s; expected %s", column->name, cell->problem,
                 column->meaning);
        return;
    }
    char why[256];
    if (read_cell(self, column, cell->text, why) != NULL)
        complain(self, cell->line, cell->column, "%s: %s", column->name, why);
}

static void end_row(reader_t *self, const mdl_csv_cell_t *last, size_t cells)
{
    if (cells != self->n_cells)
        complain(self, last->line, last->column, "row of %zu cell%s; expected %zu as in the header", cells,
                 sim_plural(cells), self->n_cells);
    self->rows++;
}

static void read_rows(reader_t *self, mdl_csv_t *csv)
{
    mdl_csv_cell_t cell;
    size_t position = 0;
    while (mdl_csv_next(csv, &cell)) {
        if (self->rows == self->table->max_rows) {
            complain(self, cell.line, cell.column, "more than %zu rows; expected at most that many in the table %s",
                     self->table->max_rows, self->table->name);
            return;
        }
        if (position == 0)
            memset(row_at(self, self->rows), 0, self->table->row_bytes);
        row_cell(self, &cell, position++);
        if (cell.last) {
            end_row(self, &cell, position);
            position = 0;
        }
    }
    if (self->rows < self->table->min_rows)
        complain(self, csv->line, 1, "%zu rows; expected at least %zu", self->rows, self->table->min_rows);
}

/* Shares of demand add up to 1. */
static void finish_provinces(reader_t *self)
{
    mdl_tables_t *tables = self->tables;
    double sum = 0;
    for (uint32_t i = 0; i < tables->n_provinces; i++)
        sum += tables->provinces[i].demand_weight;
    if (!(sum > 0))
        complain(self, 1, 1, "demand_weight is 0 everywhere; expected at least one province with demand");
    for (uint32_t i = 0; sum > 0 && i < tables->n_provinces; i++)
        tables->provinces[i].demand_weight /= sum;
}

static void finish_gpu_types(reader_t *self)
{
    self->tables->reference_type = mdl_tables_find_gpu_type(self->tables, "H100");
    if (self->tables->reference_type < 0)
        complain(self, 1, 1, "no type is called H100; expected one, since it is the unit of capacity");
}

size_t mdl_table_read(mdl_tables_t *tables, const mdl_table_t *table, const char *name, const char *csv,
                      mdl_report_t report, void *user)
{
    reader_t self = {.tables = tables, .table = table, .name = name, .report = report, .user = user};
    mdl_csv_t cells = mdl_csv(csv);
    if (read_header(&self, &cells))
        read_rows(&self, &cells);
    *(uint32_t *)(void *)((char *)tables + table->count_offset) = (uint32_t)self.rows;
    if (self.problems == 0 && strcmp(table->name, "provinces") == 0)
        finish_provinces(&self);
    if (self.problems == 0 && strcmp(table->name, "gpu_types") == 0)
        finish_gpu_types(&self);
    return self.problems;
}

static void keep_first(void *user, const char *message)
{
    (void)sim_fail(user, SIM_EINTERNAL, "shipped table", "%s", message);
}

sim_status_t mdl_tables_default(mdl_tables_t *tables, sim_error_t *err)
{
    memset(tables, 0, sizeof *tables);
    size_t n, problems = 0;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    sim_error_t first = {0};
    for (size_t i = 0; i < n; i++)
        problems += mdl_table_read(tables, &registry[i], registry[i].name, registry[i].default_csv, keep_first, &first);
    return problems == 0 ? SIM_OK : sim_fail(err, SIM_EINTERNAL, NULL, "%s", first.message);
}

int32_t mdl_tables_find_province(const mdl_tables_t *tables, const char *name)
{
    for (uint32_t i = 0; i < tables->n_provinces; i++)
        if (strcmp(tables->provinces[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}

int32_t mdl_tables_find_gpu_type(const mdl_tables_t *tables, const char *name)
{
    for (uint32_t i = 0; i < tables->n_gpu_types; i++)
        if (strcmp(tables->gpu_types[i].name, name) == 0)
            return (int32_t)i;
    return -1;
}
