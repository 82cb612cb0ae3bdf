// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/dated_column.h"

#include "analysis/names.h"
#include "models/trace/rows.h"
#include "sim/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATE_UNIT "days since "

enum { VALUE, DATE, N_FIELDS };

/* A series while its file is read. */
typedef struct reading {
    mdl_rows_t rows;
    mdl_problems_t *problems;
    ana_column_t *series;
    size_t room;
    uint64_t line;       /* of the row before */
    bool dated, in_days; /* dates are YYYY-MM-DD, as the first row's is */
} reading_t;

static bool make_room(reading_t *self)
{
    ana_column_t *series = self->series;
    if (series->n < self->room)
        return true;
    size_t room = self->room > 0 ? 2 * self->room : 1024;
    double *values = realloc(series->values, room * sizeof *values);
    if (values != NULL)
        series->values = values;
    int64_t *day = self->dated ? realloc(series->day, room * sizeof *day) : NULL;
    if (day != NULL)
        series->day = day;
    char(*date)[ANA_DATE_BYTES] = self->dated ? realloc(series->date, room * sizeof *date) : NULL;
    if (date != NULL)
        series->date = date;
    if (values != NULL && (!self->dated || (day != NULL && date != NULL))) {
        self->room = room;
        return true;
    }
    mdl_problem_memory(self->problems, self->rows.lines.path);
    mdl_rows_stop(&self->rows);
    return false;
}

/* In a file of one column an empty line is a missing value, unless the file ends with it. */
static void check_gap(reading_t *self)
{
    uint64_t line = self->rows.lines.line, before = self->line;
    self->line = line;
    if (self->rows.n_columns == 1 && self->series->n > 0 && line > before + 1)
        mdl_problem(self->problems, SIM_EINPUT, self->rows.lines.path, before + 1,
                    "found no number up to line %llu; expected one in every row; cut off or fill in what is missing",
                    (unsigned long long)line);
}

static void read_value(reading_t *self)
{
    double *value = &self->series->values[self->series->n];
    if (!mdl_cell_real(mdl_rows_cell(&self->rows, VALUE), value) || !isfinite(*value))
        mdl_rows_wrong(&self->rows, VALUE, "a number in every row; cut off or fill in what is missing");
}

static void read_date(reading_t *self)
{
    ana_column_t *series = self->series;
    mdl_cell_t cell;
    if (!mdl_rows_name(&self->rows, DATE, ANA_DATE_BYTES - 1, &cell))
        return;
    char *text = series->date[series->n];
    (void)snprintf(text, ANA_DATE_BYTES, "%.*s", (int)cell.n, cell.at);
    bool is_day = sim_date_parse(text, &series->day[series->n], NULL) == SIM_OK;
    if (series->n == 0)
        self->in_days = is_day;
    if (self->in_days && !is_day)
        mdl_rows_wrong(&self->rows, DATE, "a date as YYYY-MM-DD, like that of the first row");
    else if (self->in_days && series->n > 0 && series->day[series->n] <= series->day[series->n - 1])
        mdl_rows_wrong(&self->rows, DATE, "a later date than in the row before; sort the rows, oldest first");
}

sim_status_t ana_column_read_csv(const mdl_source_t *source, const char *column, const char *date_column,
                                 ana_column_t *series, sim_error_t *err)
{
    mdl_problems_t problems = {source->problem, source->user};
    reading_t *self = calloc(1, sizeof *self);
    *series = (ana_column_t){0};
    if (self == NULL)
        return sim_fail(err, SIM_ENOMEM, source->path, "no memory to read it");
    const mdl_field_t fields[N_FIELDS] = {[VALUE] = {column, NULL, true}, [DATE] = {date_column, NULL, true}};
    self->problems = &problems;
    self->series = series;
    self->dated = self->in_days = date_column != NULL;
    mdl_rows_open(&self->rows, source, &problems, fields, self->dated ? N_FIELDS : DATE, MDL_ROWS_ANY);
    while (mdl_rows_next(&self->rows) && make_room(self)) {
        check_gap(self);
        read_value(self);
        if (self->dated)
            read_date(self);
        series->n++;
    }
    mdl_rows_close(&self->rows);
    if (problems.n == 0 && series->n == 0)
        mdl_problem(&problems, SIM_EINPUT, source->path, 0, "found no rows under the header; expected observations");
    if (!self->in_days) {
        free(series->day);
        series->day = NULL;
    }
    free(self);
    return mdl_problems_end(&problems, err);
}

void ana_column_free(ana_column_t *self)
{
    free(self->values);
    free(self->day);
    free(self->date);
    *self = (ana_column_t){0};
}

static bool has_cost(sim_result_t *result)
{
    return sim_result_has(result, "/rent_node_month") && sim_result_has(result, "/full_cost_node_month");
}

const char *ana_column_default_variable(sim_result_t *result)
{
    return has_cost(result) ? ANA_RENT_OVER_COST : "rent_node_month";
}

static sim_status_t read_days(sim_result_t *result, int64_t **day, size_t n, sim_error_t *err)
{
    sim_array_t time = {0};
    int64_t start = 0;
    sim_status_t status = sim_result_read(result, "/time", &time, err);
    if (status == SIM_OK &&
        (time.n_dims != 1 || time.shape[0] != n || strncmp(time.units, DATE_UNIT, strlen(DATE_UNIT)) != 0))
        status = sim_fail(err, SIM_EIO, "/time", "found units '%s' and %zu values; expected days since a date and %zu",
                          time.units, time.shape[0], n);
    if (status == SIM_OK) {
        char date[16];
        (void)snprintf(date, sizeof date, "%.10s", time.units + strlen(DATE_UNIT));
        status = sim_date_parse(date, &start, err);
    }
    *day = status == SIM_OK ? calloc(n + 1, sizeof **day) : NULL;
    if (status == SIM_OK && *day == NULL)
        status = sim_fail(err, SIM_ENOMEM, "/time", "no memory for %zu dates", n);
    for (size_t i = 0; i < n && status == SIM_OK; i++)
        (*day)[i] = start + (int64_t)floor(time.values[i]);
    sim_array_free(&time);
    return status;
}

static sim_status_t read_variable(sim_result_t *result, const char *variable, size_t arm, sim_array_t *array,
                                  sim_error_t *err)
{
    char path[256], hint[MDL_SPELLING_HINT];
    const char *name = variable + (variable[0] == '/');
    (void)snprintf(path, sizeof path, "/%s", name);
    if (!sim_result_has(result, path))
        return sim_fail(
            err, SIM_EINPUT, "--variable",
            "found '%s'; expected a national series, which results of 'overbuild run' have and calibrations "
            "don't; see the names with 'overbuild info FILE'%s",
            variable, ana_variable_hint(result, "/", name, hint));
    sim_array_t shape = {0};
    sim_status_t status = sim_result_describe(result, path, &shape, err);
    bool is_series = status == SIM_OK && shape.n_dims >= 3 && strcmp(shape.dims[0], "arm") == 0 &&
                     strcmp(shape.dims[shape.n_dims - 2], "replication") == 0 &&
                     strcmp(shape.dims[shape.n_dims - 1], "time") == 0;
    sim_array_free(&shape);
    if (status == SIM_OK && !is_series)
        return sim_fail(err, SIM_EINPUT, "--variable",
                        "found '%s'; expected a series with the dimensions arm, replication and time alone", variable);
    return status == SIM_OK ? sim_result_read_arm(result, path, arm, array, err) : status;
}

static sim_status_t read_ratio(sim_result_t *result, size_t arm, sim_array_t *array, sim_error_t *err)
{
    sim_array_t cost = {0};
    sim_status_t status = read_variable(result, "rent_node_month", arm, array, err);
    if (status == SIM_OK)
        status = read_variable(result, "full_cost_node_month", arm, &cost, err);
    size_t n = 1, n_cost = 1;
    for (uint32_t i = 0; status == SIM_OK && i < array->n_dims; i++)
        n *= array->shape[i];
    for (uint32_t i = 0; status == SIM_OK && i < cost.n_dims; i++)
        n_cost *= cost.shape[i];
    if (status == SIM_OK && n != n_cost)
        status =
            sim_fail(err, SIM_EIO, "/full_cost_node_month", "found %zu values; expected %zu as of rent", n_cost, n);
    for (size_t i = 0; status == SIM_OK && i < n; i++)
        array->values[i] = cost.values[i] > 0 ? array->values[i] / cost.values[i] : NAN;
    sim_array_free(&cost);
    return status;
}

sim_status_t ana_column_read_arm(sim_result_t *result, const char *variable, size_t arm, sim_array_t *array,
                                 int64_t **day, sim_error_t *err)
{
    bool ratio = strcmp(variable, ANA_RENT_OVER_COST) == 0 && has_cost(result);
    *array = (sim_array_t){0};
    *day = NULL;
    sim_status_t status =
        ratio ? read_ratio(result, arm, array, err) : read_variable(result, variable, arm, array, err);
    return status == SIM_OK ? read_days(result, day, array->shape[array->n_dims - 1], err) : status;
}
