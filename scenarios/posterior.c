// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/posterior.h"

#include "models/params/csv.h"
#include "sim/draw.h"

#include <string.h>

#define MOST_COLUMNS 256
#define MOST_ROWS    100000

/* Purpose of the draw of a row; 1000 and 1001 are those of designs. */
enum { PURPOSE_ROW = 1002 };

/* presets/NAME.csv, embedded by the build: posteriors of presets. */
extern const char *const scn_posterior_file_names[];
extern const char *const scn_posterior_file_texts[];
extern const size_t scn_posterior_file_count;

/* --- keys --------------------------------------------------------------------------------------------------------- */

void scn_read_parameters(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    int choice = scn_read_choice(self, node, "values|posterior");
    draft->draws = choice == 1;
    draft->draws_place = node->place;
}

static const char *shipped(const char *name)
{
    for (size_t i = 0; i < scn_posterior_file_count; i++)
        if (strcmp(scn_posterior_file_names[i], name) == 0)
            return scn_posterior_file_texts[i];
    return NULL;
}

void scn_read_posterior(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    scn_table_file_t read = {.given = true, .place = node->key_place};
    scn_reason_t why = {0};
    if (!scn_expect(self, node, SCN_SCALAR, "the path of a CSV file with draws"))
        return;
    const char *text = strchr(node->text, '\n') != NULL ? node->text : shipped(node->text);
    if (text != NULL) {
        read.source = (scn_source_t){.name = node->key, .base = node->key, .text = text, .length = strlen(text)};
    } else {
        sim_status_t status = scn_source_open_file(self->pool, node->text, self->source->folder, &read.source, &why);
        self->out_of_memory = self->out_of_memory || status == SIM_ENOMEM;
        if (status < 0) {
            scn_log_add(self->log, node->place,
                        "posterior: %.200s: %s; expected a CSV file, as 'overbuild calibrate' writes, or the name of a "
                        "preset that ships with one",
                        node->text, why.text);
            draft->posterior_file = (scn_table_file_t){.place = node->key_place}; /* asked for, and told already */
            return;
        }
    }
    draft->posterior_file = read;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

typedef struct table_reader {
    scn_reader_t *reader;
    uint32_t file;
    mdl_csv_t csv;
    scn_posterior_t table;
    size_t columns; /* of the header, known ones and others */
} table_reader_t;

static scn_place_t place_of(const table_reader_t *self, const mdl_csv_cell_t *cell)
{
    return (scn_place_t){.file = self->file, .line = (uint32_t)cell->line, .column = (uint32_t)cell->column};
}

static void read_key(table_reader_t *self, const mdl_csv_cell_t *cell)
{
    scn_log_t *log = self->reader->log;
    int32_t param = -1;
    if (cell->problem != NULL)
        scn_log_add(log, place_of(self, cell), "found %s; expected a parameter's key", cell->problem);
    else {
        scn_node_t node = {.kind = SCN_SCALAR, .key = cell->text, .key_place = place_of(self, cell)};
        param = scn_read_param(self->reader, &node);
    }
    for (size_t i = 0; param >= 0 && i < self->table.n_params; i++)
        if (self->table.params[i] == param)
            scn_log_add(log, place_of(self, cell), "%s: repeats column %zu; expected it once", cell->text, i + 1);
    self->table.params[self->table.n_params++] = param;
}

static bool read_keys(table_reader_t *self)
{
    mdl_csv_cell_t cell = {.line = 1, .column = 1};
    self->table.params = scn_pool_take(self->reader->pool, MOST_COLUMNS * sizeof *self->table.params);
    self->reader->out_of_memory = self->reader->out_of_memory || self->table.params == NULL;
    while (self->table.params != NULL && mdl_csv_next(&self->csv, &cell)) {
        if (self->table.n_params == MOST_COLUMNS) {
            scn_log_add(self->reader->log, place_of(self, &cell), "found more than %d columns; expected fewer",
                        MOST_COLUMNS);
            return false;
        }
        read_key(self, &cell);
        if (cell.last)
            return true;
    }
    if (self->table.params != NULL)
        scn_log_add(self->reader->log, place_of(self, &cell),
                    "found an empty table; expected a header of parameter keys and rows of values");
    return false;
}

static void read_cell(table_reader_t *self, const mdl_csv_cell_t *cell, size_t column, double *value)
{
    size_t n;
    int32_t param = self->table.params[column];
    sim_error_t err = {0};
    if (param < 0)
        return;
    const mdl_param_t *entry = &mdl_params_registry(&n)[param];
    if (cell->problem != NULL)
        scn_log_add(self->reader->log, place_of(self, cell), "%s: found %s; expected a value", entry->key,
                    cell->problem);
    else if (mdl_param_parse(entry, cell->text, value, &err) < 0)
        scn_log_add(self->reader->log, place_of(self, cell), "%s: %.350s", entry->key, err.message);
}

/* Room for one more row, in the pool. */
static double *add_row(table_reader_t *self)
{
    scn_posterior_t *table = &self->table;
    table->rows = scn_grow(self->reader, table->rows, &table->n_rows, sizeof *table->rows);
    if (table->rows == NULL)
        return NULL;
    double *row = scn_pool_take(self->reader->pool, table->n_params * sizeof *row);
    self->reader->out_of_memory = self->reader->out_of_memory || row == NULL;
    table->rows[table->n_rows++] = row;
    return row;
}

static void read_rows(table_reader_t *self)
{
    mdl_csv_cell_t cell;
    size_t column = 0, n_params = self->table.n_params;
    double *row = NULL;
    while (mdl_csv_next(&self->csv, &cell)) {
        row = column == 0 ? add_row(self) : row;
        if (row == NULL)
            return;
        if (column < n_params)
            read_cell(self, &cell, column, &row[column]);
        column++;
        if (!cell.last)
            continue;
        if (column != n_params)
            scn_log_add(self->reader->log, place_of(self, &cell), "row of %zu cells; expected %zu as in the header",
                        column, n_params);
        column = 0;
        if (self->table.n_rows > MOST_ROWS) {
            scn_log_add(self->reader->log, place_of(self, &cell), "found more than %d rows; expected fewer", MOST_ROWS);
            return;
        }
    }
    if (self->table.n_rows == 0)
        scn_log_add(self->reader->log, (scn_place_t){.file = self->file, .line = 1, .column = 1},
                    "found a header without rows; expected at least one row of values");
}

/* --- what wins ---------------------------------------------------------------------------------------------------- */

/* Whether a nearer file, the command line or `uncertain` says what the parameter is. Files are numbered from the
 * scenario's own to the one that is extended last. */
static bool loses(const scn_draft_t *draft, int32_t param)
{
    for (size_t i = 0; i < draft->factors.n; i++)
        if (draft->factors.items[i].param == param)
            return true;
    const scn_setting_t *setting = scn_settings_find(&draft->set, param);
    return setting != NULL &&
           (setting->place.file == SCN_COMMAND_LINE || setting->place.file < draft->posterior_file.place.file);
}

static void leave_out(const scn_draft_t *draft, scn_posterior_t *table)
{
    size_t kept = 0;
    for (size_t column = 0; column < table->n_params; column++) {
        if (loses(draft, table->params[column]))
            continue;
        for (size_t i = 0; i < table->n_rows; i++)
            table->rows[i][kept] = table->rows[i][column];
        table->params[kept++] = table->params[column];
    }
    table->n_params = kept;
}

void scn_posterior_check(scn_reader_t *self)
{
    scn_draft_t *draft = self->draft;
    const scn_table_file_t *given = &draft->posterior_file;
    if (!draft->draws)
        return;
    if (!given->given) {
        if (given->place.line == 0)
            scn_log_add(self->log, draft->draws_place,
                        "parameters: found posterior without a table of draws; expected posterior: FILE.csv beside it, "
                        "as 'overbuild calibrate' writes");
        return;
    }
    if (given->source.length > strlen(given->source.text)) {
        scn_log_add(self->log, given->place, "posterior: found a NUL byte in %.200s; expected a CSV file",
                    given->source.name);
        return;
    }
    table_reader_t reader = {
        .reader = self, .file = scn_log_file(self->log, given->source.name), .csv = mdl_csv(given->source.text)};
    size_t before = self->log->n;
    if (read_keys(&reader))
        read_rows(&reader);
    if (self->log->n != before || self->out_of_memory)
        return;
    leave_out(draft, &reader.table);
    draft->posterior = reader.table;
}

size_t scn_posterior_row(const scn_draft_t *draft, uint64_t replication)
{
    sim_rng_t rng;
    sim_rng_at(&rng, draft->seed, replication, 0, PURPOSE_ROW, 0);
    return (size_t)sim_draw_below(&rng, draft->posterior.n_rows);
}
