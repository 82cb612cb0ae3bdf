// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/series.h"

#include "analysis/expression.h"
#include "analysis/names.h"
#include "sim/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_UNIT "days since "

/* A variable of one arm with the labels that a term chooses: -1 for a dimension that is summed over. */
typedef struct source {
    sim_array_t array;
    int64_t chosen[SIM_RESULT_MAX_DIMS];
    size_t n_replications, n_times, n_inner; /* replication, time, product of what follows */
} source_t;

/* The scale of a dimension lies in the variable's group. */
static void scale_path(char path[256], const char *variable, const char *dim)
{
    int group = (int)(strrchr(variable, '/') - variable);
    snprintf(path, 256, "%.*s/%.60s", group, variable, dim);
}

static sim_status_t find_label(sim_result_t *result, const ana_term_t *term, const ana_choice_t *choice,
                               int64_t *position, sim_error_t *err)
{
    char path[256], known[512] = "", hint[MDL_SPELLING_HINT];
    char **labels = NULL;
    size_t n = 0;
    scale_path(path, term->path, choice->dim);
    sim_status_t status = sim_result_labels(result, path, &labels, &n, err);
    if (status != SIM_OK)
        return status;
    *position = -1;
    (void)mdl_spelling_hint(choice->label, (const char *const *)labels, n, hint);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(labels[i], choice->label) == 0)
            *position = (int64_t)i;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", labels[i]);
    }
    sim_labels_free(labels, n);
    return *position >= 0 ? SIM_OK
                          : sim_fail(err, SIM_EINPUT, term->path, "found %s=%s; expected one of: %s%s", choice->dim,
                                     choice->label, known, hint);
}

static sim_status_t choose(sim_result_t *result, const ana_term_t *term, uint32_t first, source_t *source,
                           sim_error_t *err)
{
    for (uint32_t d = 0; d < SIM_RESULT_MAX_DIMS; d++)
        source->chosen[d] = -1;
    for (uint32_t c = 0; c < term->n_choices; c++) {
        uint32_t d = first;
        while (d < source->array.n_dims && strcmp(source->array.dims[d], term->choices[c].dim) != 0)
            d++;
        if (d == source->array.n_dims)
            return sim_fail(err, SIM_EINPUT, term->path, "has no dimension %s to choose from", term->choices[c].dim);
        sim_status_t status = find_label(result, term, &term->choices[c], &source->chosen[d], err);
        if (status != SIM_OK)
            return status;
    }
    return SIM_OK;
}

static sim_status_t not_there(sim_result_t *result, const char *path, sim_error_t *err)
{
    char group[ANA_PATH_BYTES], hint[MDL_SPELLING_HINT];
    const char *name = strrchr(path, '/') + 1;
    (void)snprintf(group, sizeof group, "%.*s", name - path > 1 ? (int)(name - path) - 1 : 1, path);
    return sim_fail(err, SIM_EINPUT, path, "is not in the result; expected a variable that was recorded%s",
                    ana_variable_hint(result, group, name, hint));
}

static sim_status_t read_source(sim_result_t *result, size_t arm, const ana_term_t *term, source_t *source,
                                sim_error_t *err)
{
    if (!sim_result_has(result, term->path))
        return not_there(result, term->path, err);
    sim_status_t status = sim_result_read_arm(result, term->path, arm, &source->array, err);
    if (status != SIM_OK)
        return status;
    sim_array_t *array = &source->array;
    if (array->n_dims == 0 || strcmp(array->dims[0], "replication") != 0)
        return sim_fail(err, SIM_EINPUT, term->path,
                        "has no replications as its first dimension after the arm; "
                        "expected a result without a design");
    bool outcome = strncmp(term->path, "/outcomes/", 10) == 0;
    uint32_t first = outcome ? 1 : 2;
    if (!outcome &&
        (array->n_dims < 2 || (strcmp(array->dims[1], "time") != 0 && strcmp(array->dims[1], "month") != 0)))
        return sim_fail(err, SIM_EINPUT, term->path, "has no time; expected a series or an outcome");
    source->n_replications = array->shape[0];
    source->n_times = outcome ? 1 : array->shape[1];
    source->n_inner = 1;
    for (uint32_t d = first; d < array->n_dims; d++)
        source->n_inner *= array->shape[d];
    return choose(result, term, first, source, err);
}

/* Whether the inner cell is among those chosen. */
static bool is_chosen(const source_t *source, size_t inner)
{
    for (uint32_t d = source->array.n_dims; d-- > 1;) {
        size_t position = inner % source->array.shape[d];
        if (source->chosen[d] >= 0 && position != (size_t)source->chosen[d])
            return false;
        inner /= source->array.shape[d];
    }
    return true;
}

static void add(const source_t *source, double *sums)
{
    size_t n = source->n_replications * source->n_times;
    for (size_t inner = 0; inner < source->n_inner; inner++)
        if (is_chosen(source, inner))
            for (size_t i = 0; i < n; i++)
                sums[i] += source->array.values[i * source->n_inner + inner];
}

/* Ends of the intervals of a variable, as days since 1970-01-01. */
static sim_status_t read_times(sim_result_t *result, const ana_term_t *term, const source_t *source,
                               ana_series_t *series, sim_error_t *err)
{
    char path[256], units_path[300], *units = NULL;
    sim_array_t times = {0};
    int64_t start_day = 0;
    scale_path(path, term->path, source->array.dims[1]);
    snprintf(units_path, sizeof units_path, "%s@units", path);
    sim_status_t status = sim_result_text(result, units_path, &units, err);
    if (status == SIM_OK && strncmp(units, TIME_UNIT, strlen(TIME_UNIT)) != 0)
        status = sim_fail(err, SIM_EINPUT, units_path, "found '%s'; expected 'days since DATE'", units);
    if (status == SIM_OK)
        status = sim_date_parse(units + strlen(TIME_UNIT), &start_day, err);
    if (status == SIM_OK)
        status = sim_result_read(result, path, &times, err);
    free(units);
    if (status != SIM_OK)
        return status;
    for (size_t i = 0; i < source->n_times; i++)
        times.values[i] += (double)start_day;
    series->ends_day = times.values;
    times.values = NULL;
    sim_array_free(&times);
    return SIM_OK;
}

static sim_status_t add_term(sim_result_t *result, size_t arm, const ana_term_t *term, ana_series_t *series,
                             sim_error_t *err)
{
    source_t source = {0};
    sim_status_t status = read_source(result, arm, term, &source, err);
    bool first = series->values == NULL;
    if (status == SIM_OK && first) {
        series->n_replications = source.n_replications;
        series->n_times = source.n_times;
        series->values = calloc(source.n_replications * source.n_times + 1, sizeof *series->values);
        if (series->values == NULL)
            status = sim_fail(err, SIM_ENOMEM, term->path, "no memory for %zu times", source.n_times);
        else if (strncmp(term->path, "/outcomes/", 10) != 0)
            status = read_times(result, term, &source, series, err);
    }
    if (status == SIM_OK && (source.n_replications != series->n_replications || source.n_times != series->n_times))
        status = sim_fail(err, SIM_EINPUT, term->path, "has %zu times; expected %zu as in the first term",
                          source.n_times, series->n_times);
    if (status == SIM_OK)
        add(&source, series->values);
    sim_array_free(&source.array);
    return status;
}

sim_status_t ana_series_read(sim_result_t *result, size_t arm, const char *expression, ana_series_t *series,
                             sim_error_t *err)
{
    ana_expression_t terms;
    *series = (ana_series_t){0};
    const char *expected = ana_expression_parse(expression, &terms);
    if (expected != NULL)
        return sim_fail(err, SIM_EINPUT, expression, "expected %s", expected);
    sim_status_t status = SIM_OK;
    for (uint32_t i = 0; i < terms.n && status == SIM_OK; i++)
        status = add_term(result, arm, &terms.terms[i], series, err);
    return status;
}

void ana_series_free(ana_series_t *series)
{
    free(series->values);
    free(series->ends_day);
    *series = (ana_series_t){0};
}
