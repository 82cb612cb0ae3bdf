// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/facts.h"

#include "analysis/expression.h"
#include "models/params/csv.h"
#include "models/params/spelling.h"
#include "sim/plural.h"
#include "sim/time.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const unsigned char ana_fact_file_text_china[];

typedef enum cell_kind { CELL_TEXT, CELL_NUMBER, CELL_DAY, CELL_CHOICE, CELL_REDUCTION } cell_kind_t;

typedef struct column {
    const char *name;
    cell_kind_t kind;
    bool required;
    size_t offset, room;        /* in ana_fact_t; room of a text */
    double missing;             /* an empty number */
    const char *const *choices; /* CELL_CHOICE, NULL at the end */
} column_t;

static const char *const kinds[] = {"calibration", "validation", NULL};
static const char *const scorings[] = {"none", "linear", "log", NULL};

#define FIELD(field) offsetof(ana_fact_t, field)
#define TEXT(name, must)                                                                                               \
    {                                                                                                                  \
#name, CELL_TEXT, must, FIELD(name), sizeof((ana_fact_t *)0)->name, 0, NULL                                    \
    }
#define DAY(name, field)                                                                                               \
    {                                                                                                                  \
        name, CELL_DAY, false, FIELD(field), 0, 0, NULL                                                                \
    }
#define NUMBER(name, gap)                                                                                              \
    {                                                                                                                  \
#name, CELL_NUMBER, false, FIELD(name), 0, gap, NULL                                                           \
    }

static const column_t columns[] = {
    TEXT(id, true),
    {"kind", CELL_CHOICE, true, FIELD(kind), 0, 0, kinds},
    TEXT(topic, true),
    TEXT(quantity, true),
    TEXT(unit, true),
    NUMBER(low, (double)NAN),
    NUMBER(high, (double)NAN),
    DAY("from", window.from_day),
    DAY("until", window.until_day),
    TEXT(source, true),
    TEXT(variable, false),
    TEXT(over, false),
    {"reduce", CELL_REDUCTION, false, FIELD(reduction), 0, 0, NULL},
    DAY("base_from", base.from_day),
    DAY("base_until", base.until_day),
    NUMBER(scale, 1),
    NUMBER(shift, 0),
    {"scoring", CELL_CHOICE, true, FIELD(scoring), 0, 0, scorings},
    TEXT(note, false),
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

typedef struct reader {
    ana_facts_t *facts;
    ana_fact_t row;
    const char *name;
    ana_report_t report;
    void *user;
    size_t problems, room;
    int column_of[N_COLUMNS]; /* cell position -> column, -1 for one to skip */
    size_t n_cells;           /* of the header */
    size_t line;              /* of the row under way */
    size_t at[N_COLUMNS];     /* columns of text at which its cells begin */
} reader_t;

static void complain(reader_t *self, size_t line, size_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void complain(reader_t *self, size_t line, size_t column, const char *format, ...)
{
    char message[768];
    int used = snprintf(message, sizeof message, "%.200s:%zu:%zu: ", self->name, line, column);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message + used, sizeof message - (size_t)used, format, args);
    va_end(args);
    self->problems++;
    if (self->report != NULL)
        self->report(self->user, message);
}

/* --- header ------------------------------------------------------------------------------------------------------- */

static int column_find(const char *name)
{
    for (int i = 0; i < N_COLUMNS; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    return -1;
}

static void unknown_column(reader_t *self, const mdl_csv_cell_t *cell)
{
    mdl_spelling_t near = mdl_spelling(cell->text);
    for (int i = 0; i < N_COLUMNS; i++)
        mdl_spelling_offer(&near, columns[i].name);
    if (near.best != NULL)
        complain(self, cell->line, cell->column, "%s: unknown column; did you mean %s?", cell->text, near.best);
    else
        complain(self, cell->line, cell->column, "%s: unknown column; expected a column of a facts table", cell->text);
}

static void header_cell(reader_t *self, const mdl_csv_cell_t *cell, size_t position)
{
    if (position >= N_COLUMNS) {
        if (position == N_COLUMNS)
            complain(self, cell->line, cell->column, "more than %d columns; expected at most that many",
                     (int)N_COLUMNS);
        return;
    }
    int column = cell->problem == NULL ? column_find(cell->text) : -1;
    self->column_of[position] = column;
    self->n_cells = position + 1;
    if (cell->problem != NULL)
        complain(self, cell->line, cell->column, "found %s; expected a column's name", cell->problem);
    else if (column < 0)
        unknown_column(self, cell);
    for (size_t i = 0; column >= 0 && i < position; i++)
        if (self->column_of[i] == column) {
            complain(self, cell->line, cell->column, "%s: repeats column %zu; expected it once", cell->text, i + 1);
            self->column_of[position] = -1;
            return;
        }
}

static void missing_columns(reader_t *self, size_t line)
{
    for (int column = 0; column < N_COLUMNS; column++) {
        bool found = false;
        for (size_t i = 0; i < self->n_cells; i++)
            found = found || self->column_of[i] == column;
        if (!found)
            complain(self, line, 1, "column %s is missing; expected a header with all %d columns", columns[column].name,
                     (int)N_COLUMNS);
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
    if (!any)
        complain(self, 1, 1, "found an empty table; expected a header line with the columns of a facts table");
    else
        missing_columns(self, cell.line);
    return any;
}

/* --- cells -------------------------------------------------------------------------------------------------------- */

static void *field_of(reader_t *self, const column_t *column)
{
    return (char *)&self->row + column->offset;
}

/* A plain decimal or an exponent, nothing around it; no inf, nan or hexadecimal. */
static bool parse_number(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return *text != '\0' && *end == '\0' && strspn(text, "+-.0123456789eE") == strlen(text) && isfinite(*value);
}

static bool parse_choice(const column_t *column, const char *text, int *value)
{
    for (int i = 0; column->choices[i] != NULL; i++)
        if (strcmp(column->choices[i], text) == 0) {
            *value = i;
            return true;
        }
    return false;
}

static void read_choice(reader_t *self, const column_t *column, const mdl_csv_cell_t *cell)
{
    char known[64] = "";
    int value = 0;
    if (!parse_choice(column, cell->text, &value)) {
        for (int i = 0; column->choices[i] != NULL; i++)
            snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i == 0 ? "" : ", ",
                     column->choices[i]);
        complain(self, cell->line, cell->column, "%s: found '%.40s'; expected one of: %s", column->name, cell->text,
                 known);
    }
    memcpy(field_of(self, column), &value, sizeof value);
}

static void read_reduction(reader_t *self, const column_t *column, const mdl_csv_cell_t *cell)
{
    int value = ana_reduction_find(cell->text);
    if (value < 0) {
        mdl_spelling_t near = mdl_spelling(cell->text);
        for (int i = 1; i < ANA_REDUCTIONS; i++)
            mdl_spelling_offer(&near, ana_reduction_name((ana_reduction_t)i));
        complain(self, cell->line, cell->column, "%s: found '%.40s'; %s%s", column->name, cell->text,
                 near.best != NULL ? "did you mean "
                                   : "expected at, mean, max, min, sum, rise, change, ratio, "
                                     "change_from_max, year_of_max or outcome",
                 near.best != NULL ? near.best : "");
        value = ANA_REDUCE_NONE;
    }
    self->row.reduction = (ana_reduction_t)value;
}

static void read_text(reader_t *self, const column_t *column, const mdl_csv_cell_t *cell)
{
    size_t length = strlen(cell->text);
    if (length >= column->room)
        complain(self, cell->line, cell->column, "%s: found %zu bytes; expected at most %zu", column->name, length,
                 column->room - 1);
    else
        memcpy(field_of(self, column), cell->text, length + 1);
}

static void read_day(reader_t *self, const column_t *column, const mdl_csv_cell_t *cell)
{
    sim_error_t err = {0};
    int64_t day = ANA_NO_DAY;
    if (*cell->text != '\0' && sim_date_parse(cell->text, &day, &err) < 0)
        complain(self, cell->line, cell->column, "%s: %s", column->name, err.message);
    memcpy(field_of(self, column), &day, sizeof day);
}

static void read_number(reader_t *self, const column_t *column, const mdl_csv_cell_t *cell)
{
    double value = column->missing;
    if (*cell->text != '\0' && !parse_number(cell->text, &value)) {
        complain(self, cell->line, cell->column, "%s: found '%.40s'; expected a plain number", column->name,
                 cell->text);
        value = column->missing;
    }
    memcpy(field_of(self, column), &value, sizeof value);
}

static void row_cell(reader_t *self, const mdl_csv_cell_t *cell, size_t position)
{
    if (position >= self->n_cells || self->column_of[position] < 0)
        return;
    const column_t *column = &columns[self->column_of[position]];
    self->at[column - columns] = cell->column;
    if (cell->problem != NULL) {
        complain(self, cell->line, cell->column, "%s: found %s; expected text of one line", column->name,
                 cell->problem);
        return;
    }
    if (column->required && *cell->text == '\0') {
        complain(self, cell->line, cell->column, "%s: found nothing; expected a value in every row", column->name);
        return;
    }
    switch (column->kind) {
    case CELL_TEXT: read_text(self, column, cell); break;
    case CELL_NUMBER: read_number(self, column, cell); break;
    case CELL_DAY: read_day(self, column, cell); break;
    case CELL_CHOICE: read_choice(self, column, cell); break;
    case CELL_REDUCTION: read_reduction(self, column, cell); break;
    }
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* Complains at the cell of a column of the row under way. */
static void expect(reader_t *self, bool fine, const char *column, const char *problem)
{
    if (!fine)
        complain(self, self->line, self->at[column_find(column)], "%s: %s", column, problem);
}

static void check_expression(reader_t *self, const char *column, const char *text)
{
    ana_expression_t expression;
    const char *expected = *text == '\0' ? NULL : ana_expression_parse(text, &expression);
    if (expected != NULL)
        complain(self, self->line, self->at[column_find(column)], "%s: found '%.80s'; expected %s", column, text,
                 expected);
    else if (*text != '\0')
        expect(self, ana_expression_is_outcome(&expression) == (self->row.reduction == ANA_REDUCE_OUTCOME), column,
               "outcomes are reduced by 'outcome' and nothing else is; expected the two to go together");
}

static void check_window(reader_t *self, const ana_window_t *window, const char *from, const char *until)
{
    expect(self, (window->from_day == ANA_NO_DAY) == (window->until_day == ANA_NO_DAY), from,
           "one end of the window alone; expected both or none");
    expect(self, window->from_day <= window->until_day, until, "ends before it begins");
}

static void check_mapping(reader_t *self)
{
    const ana_fact_t *row = &self->row;
    bool mapped = *row->variable != '\0', based = ana_reduction_has_base(row->reduction);
    expect(self, mapped == (row->reduction != ANA_REDUCE_NONE), "reduce",
           "expected one where there is a variable, and none where there is none");
    expect(self, mapped || *row->over == '\0', "over", "found without a variable; expected one to be divided");
    expect(self, !(*row->over != '\0' && (based || row->reduction == ANA_REDUCE_YEAR_OF_MAX)), "over",
           "found with a reduction that is a comparison or a date; expected at, mean, max, min, sum, rise or outcome");
    expect(self, !mapped || row->reduction == ANA_REDUCE_OUTCOME || row->window.until_day != ANA_NO_DAY, "from",
           "found nothing; expected the window that the variable is looked at in");
    expect(self, based == (row->base.from_day != ANA_NO_DAY), "base_from",
           "expected a base window with change, ratio and change_from_max, and none otherwise");
    check_expression(self, "variable", row->variable);
    check_expression(self, "over", row->over);
}

static void check_row(reader_t *self)
{
    const ana_fact_t *row = &self->row;
    bool scored = row->scoring != ANA_SCORING_NONE;
    check_window(self, &row->window, "from", "until");
    check_window(self, &row->base, "base_from", "base_until");
    expect(self, isnan(row->low) == isnan(row->high), "low", "one end of the band alone; expected both or none");
    expect(self, !(row->low > row->high), "high", "is below low");
    expect(self, !scored || !isnan(row->low), "low", "found nothing; expected a band where a fact is scored");
    expect(self, !scored || *row->variable != '\0', "variable",
           "found nothing; expected a variable where a fact is scored, or scoring none with a note");
    expect(self, row->scoring != ANA_SCORING_LOG || !(row->low <= 0), "low",
           "is not above 0; expected that with scoring log");
    expect(self, scored || *row->note != '\0', "note", "found nothing; expected why the fact is not scored");
    check_mapping(self);
    for (size_t i = 0; i < self->facts->n; i++)
        if (strcmp(self->facts->rows[i].id, row->id) == 0)
            complain(self, self->line, self->at[0], "id: %s is there already; expected each once", row->id);
}

static sim_status_t keep_row(reader_t *self, sim_error_t *err)
{
    if (self->facts->n == self->room) {
        size_t room = 2 * self->room + 64;
        ana_fact_t *rows = realloc(self->facts->rows, room * sizeof *rows);
        if (rows == NULL)
            return sim_fail(err, SIM_ENOMEM, self->name, "no memory for %zu facts", room);
        self->facts->rows = rows;
        self->room = room;
    }
    self->facts->rows[self->facts->n++] = self->row;
    return SIM_OK;
}

static void begin_row(reader_t *self, const mdl_csv_cell_t *cell)
{
    self->row = (ana_fact_t){.window = {ANA_NO_DAY, ANA_NO_DAY}, .base = {ANA_NO_DAY, ANA_NO_DAY}, .scale = 1};
    self->line = cell->line;
    for (size_t i = 0; i < N_COLUMNS; i++)
        self->at[i] = 1;
}

static sim_status_t read_rows(reader_t *self, mdl_csv_t *csv, sim_error_t *err)
{
    mdl_csv_cell_t cell;
    size_t position = 0, before = 0;
    sim_status_t status = SIM_OK;
    while (status == SIM_OK && mdl_csv_next(csv, &cell)) {
        if (position == 0) {
            before = self->problems;
            begin_row(self, &cell);
        }
        row_cell(self, &cell, position++);
        if (!cell.last)
            continue;
        if (position != self->n_cells)
            complain(self, cell.line, cell.column, "row of %zu cell%s; expected %zu as in the header", position,
                     sim_plural(position), self->n_cells);
        if (self->problems == before) /* what hangs together is not asked of cells that are wrong alone */
            check_row(self);
        status = keep_row(self, err);
        position = 0;
    }
    if (status == SIM_OK && self->facts->n == 0)
        complain(self, csv->line, 1, "found no facts; expected at least one row");
    return status;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

const char *ana_facts_shipped(void)
{
    return (const char *)ana_fact_file_text_china;
}

sim_status_t ana_facts_read(ana_facts_t *facts, const char *name, const char *csv, ana_report_t report, void *user,
                            size_t *problems, sim_error_t *err)
{
    reader_t self = {.facts = facts, .name = name, .report = report, .user = user};
    *facts = (ana_facts_t){0};
    mdl_csv_t cells = mdl_csv(csv);
    sim_status_t status = SIM_OK;
    if (read_header(&self, &cells) && self.problems == 0)
        status = read_rows(&self, &cells, err);
    *problems = self.problems;
    if (status == SIM_OK && self.problems > 0)
        status = sim_fail(err, SIM_EINPUT, name, "%zu problem%s; expected a table without", self.problems,
                          sim_plural(self.problems));
    return status;
}

void ana_facts_free(ana_facts_t *facts)
{
    free(facts->rows);
    *facts = (ana_facts_t){0};
}

const char *ana_fact_kind_name(ana_fact_kind_t kind)
{
    return kinds[kind];
}
