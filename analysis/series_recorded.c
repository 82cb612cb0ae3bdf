// SPDX-License-Identifier: GPL-3.0-or-later
/* An expression's value in a recorder: what a calibration looks at after each simulation, without a file in between. */
#include "analysis/expression.h"
#include "analysis/series.h"

#include <stdlib.h>
#include <string.h>

/* A term's channel, and which label of each further dimension it chooses: -1 for one that is summed over. */
typedef struct source {
    const sim_schema_t *schema;
    uint32_t channel;
    size_t n_times, n_inner;
    size_t size[2];
    int64_t chosen[2];
} source_t;

static sim_status_t find_channel(const sim_schema_t *schema, const ana_term_t *term, source_t *source, sim_error_t *err)
{
    char group[ANA_PATH_BYTES];
    const char *name = strrchr(term->path, '/') + 1;
    size_t bytes = (size_t)(name - term->path) - 1; /* of "/group" */
    memcpy(group, term->path, bytes);
    group[bytes] = '\0';
    int32_t channel = sim_schema_find(schema, bytes == 0 ? "" : group + 1, name);
    if (channel < 0)
        return sim_fail(err, SIM_EINPUT, term->path, "is not recorded; expected a variable that the scenario records");
    const sim_channel_t *c = &schema->channels[channel];
    if (c->kind == SIM_CHANNEL_ITEM)
        return sim_fail(err, SIM_EINPUT, term->path, "has no time; expected a series or an outcome");
    *source = (source_t){.schema = schema, .channel = (uint32_t)channel, .chosen = {-1, -1}, .size = {1, 1}};
    source->n_times = sim_schema_rows(schema, source->channel);
    source->n_inner = sim_schema_row_size(schema, source->channel);
    for (int d = 0; d < 2 && c->dims[d] != NULL; d++)
        source->size[d] = schema->dimensions[sim_schema_dimension(schema, c->dims[d])].size;
    return SIM_OK;
}

static sim_status_t choose(const ana_term_t *term, const ana_choice_t *choice, source_t *source, sim_error_t *err)
{
    const sim_channel_t *c = &source->schema->channels[source->channel];
    for (int d = 0; d < 2 && c->dims[d] != NULL; d++) {
        if (strcmp(c->dims[d], choice->dim) != 0)
            continue;
        const sim_dimension_t *dimension =
            &source->schema->dimensions[sim_schema_dimension(source->schema, c->dims[d])];
        for (uint32_t i = 0; dimension->labels != NULL && i < dimension->size; i++)
            if (strcmp(dimension->labels[i], choice->label) == 0) {
                source->chosen[d] = i;
                return SIM_OK;
            }
        return sim_fail(err, SIM_EINPUT, term->path, "has no %s called %s", choice->dim, choice->label);
    }
    return sim_fail(err, SIM_EINPUT, term->path, "has no dimension %s to choose from", choice->dim);
}

static bool is_chosen(const source_t *source, size_t inner)
{
    size_t outer = inner / source->size[1], last = inner % source->size[1];
    return (source->chosen[0] < 0 || outer == (size_t)source->chosen[0]) &&
           (source->chosen[1] < 0 || last == (size_t)source->chosen[1]);
}

static sim_status_t start_series(const sim_recorder_t *recorder, const source_t *source, ana_series_t *series,
                                 sim_error_t *err)
{
    const sim_schema_t *schema = sim_recorder_schema(recorder);
    const sim_channel_t *c = &schema->channels[source->channel];
    series->n_replications = 1;
    series->n_times = source->n_times;
    series->values = calloc(source->n_times + 1, sizeof *series->values);
    if (c->kind == SIM_CHANNEL_SERIES)
        series->ends_day = calloc(source->n_times + 1, sizeof *series->ends_day);
    if (series->values == NULL || (c->kind == SIM_CHANNEL_SERIES && series->ends_day == NULL))
        return sim_fail(err, SIM_ENOMEM, c->name, "no memory for %zu times", source->n_times);
    for (size_t i = 0; series->ends_day != NULL && i < source->n_times; i++)
        series->ends_day[i] = schema->times_day[c->clock][i] + (double)schema->start_day;
    return SIM_OK;
}

static sim_status_t add_term(const sim_recorder_t *recorder, const ana_term_t *term, ana_series_t *series,
                             sim_error_t *err)
{
    source_t source = {0};
    size_t n = 0;
    sim_status_t status = find_channel(sim_recorder_schema(recorder), term, &source, err);
    for (uint32_t i = 0; i < term->n_choices && status == SIM_OK; i++)
        status = choose(term, &term->choices[i], &source, err);
    if (status == SIM_OK && series->values == NULL)
        status = start_series(recorder, &source, series, err);
    if (status == SIM_OK && source.n_times != series->n_times)
        status = sim_fail(err, SIM_EINPUT, term->path, "has %zu times; expected %zu as in the first term",
                          source.n_times, series->n_times);
    if (status != SIM_OK)
        return status;
    const double *values = sim_recorder_values(recorder, source.channel, &n);
    double resolution = source.schema->channels[source.channel].resolution;
    for (size_t inner = 0; inner < source.n_inner; inner++)
        if (is_chosen(&source, inner))
            for (size_t i = 0; i < source.n_times; i++)
                series->values[i] += sim_round_to(values[i * source.n_inner + inner], resolution);
    return SIM_OK;
}

sim_status_t ana_series_recorded(const sim_recorder_t *recorder, const char *expression, ana_series_t *series,
                                 sim_error_t *err)
{
    ana_expression_t terms;
    *series = (ana_series_t){0};
    const char *expected = ana_expression_parse(expression, &terms);
    if (expected != NULL)
        return sim_fail(err, SIM_EINPUT, expression, "expected %s", expected);
    sim_status_t status = SIM_OK;
    for (uint32_t i = 0; i < terms.n && status == SIM_OK; i++)
        status = add_term(recorder, &terms.terms[i], series, err);
    return status;
}
