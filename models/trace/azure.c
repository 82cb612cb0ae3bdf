// SPDX-License-Identifier: GPL-3.0-or-later
/* Azure's traces of LLM inference: TIMESTAMP,ContextTokens,GeneratedTokens. Timestamps have up to 9 digits of a second
 * and perhaps a time zone, which must be UTC. Rows are sorted by time; those of one moment stay in order of the file.
 */
#include "models/trace/requests.h"
#include "models/trace/rows.h"
#include "models/trace/sort.h"
#include "models/trace/trace.h"

#include <stdlib.h>

#define FIRST_CAPACITY ((size_t)256)
#define TICKS_PER_US   (MDL_TICKS_PER_S / 1000000)

enum { TIMESTAMP, CONTEXT, GENERATED, FIELDS };

static const mdl_field_t fields[FIELDS] = {
    [TIMESTAMP] = {"TIMESTAMP", NULL, true},
    [CONTEXT] = {"ContextTokens", NULL, true},
    [GENERATED] = {"GeneratedTokens", NULL, true},
};

/* Requests whose arrival_us is still the moment in ticks. */
typedef struct reader {
    mdl_requests_t *out;
    size_t capacity;
    mdl_rows_t rows;
    mdl_problems_t problems;
} reader_t;

void mdl_requests_free(mdl_requests_t *self)
{
    free(self->requests);
    *self = (mdl_requests_t){0};
}

static bool make_room(reader_t *self)
{
    mdl_requests_t *out = self->out;
    if (out->n < self->capacity)
        return true;
    size_t capacity = self->capacity == 0 ? FIRST_CAPACITY : 2 * self->capacity;
    mdl_request_t *requests = realloc(out->requests, capacity * sizeof *requests);
    if (requests == NULL)
        return false;
    out->requests = requests;
    self->capacity = capacity;
    return true;
}

static void read_row(reader_t *self)
{
    int64_t ticks, context, generated;
    bool good = mdl_rows_moment(&self->rows, TIMESTAMP, &ticks);
    good = mdl_rows_whole(&self->rows, CONTEXT, 1, MDL_TRACE_GPUS, &context) && good;
    good = mdl_rows_whole(&self->rows, GENERATED, 0, MDL_TRACE_GPUS, &generated) && good;
    if (!good)
        return;
    if (generated == 0) {
        self->out->dropped++;
    } else if (make_room(self)) {
        self->out->requests[self->out->n++] = (mdl_request_t){ticks, (uint32_t)context, (uint32_t)generated};
    } else {
        mdl_problem_memory(&self->problems, self->rows.lines.path);
        mdl_rows_stop(&self->rows);
    }
}

static bool in_order(const mdl_requests_t *requests)
{
    for (size_t i = 1; i < requests->n; i++)
        if (requests->requests[i].arrival_us < requests->requests[i - 1].arrival_us)
            return false;
    return true;
}

/* False without memory. */
static bool sort(mdl_requests_t *out)
{
    if (in_order(out))
        return true;
    mdl_sort_key_t *keys = malloc(2 * out->n * sizeof *keys);
    mdl_request_t *sorted = malloc(out->n * sizeof *sorted);
    if (keys == NULL || sorted == NULL) {
        free(keys);
        free(sorted);
        return false;
    }
    for (size_t i = 0; i < out->n; i++)
        keys[i] = (mdl_sort_key_t){out->requests[i].arrival_us, i};
    const mdl_sort_key_t *order = mdl_sort_keys(keys, keys + out->n, out->n);
    for (size_t i = 0; i < out->n; i++)
        sorted[i] = out->requests[order[i].index];
    free(keys);
    free(out->requests);
    out->requests = sorted;
    return true;
}

static void finish(reader_t *self)
{
    mdl_requests_t *out = self->out;
    if (out->n == 0) {
        mdl_problem(&self->problems, SIM_EINPUT, self->rows.lines.path, 0,
                    "found no requests with an answer; expected at least one");
        return;
    }
    if (!sort(out)) {
        mdl_problem_memory(&self->problems, self->rows.lines.path);
        return;
    }
    int64_t first = out->requests[0].arrival_us;
    for (size_t i = 0; i < out->n; i++)
        out->requests[i].arrival_us = (out->requests[i].arrival_us - first) / TICKS_PER_US;
}

sim_status_t mdl_requests_read_azure_from(const mdl_source_t *source, mdl_requests_t *out, sim_error_t *err)
{
    reader_t self = {.out = out, .problems = {source->problem, source->user}};
    *out = (mdl_requests_t){0};
    mdl_rows_open(&self.rows, source, &self.problems, fields, FIELDS, MDL_ROWS_ANY);
    while (mdl_rows_next(&self.rows))
        read_row(&self);
    if (self.problems.n == 0)
        finish(&self);
    mdl_rows_close(&self.rows);
    if (self.problems.n > 0)
        mdl_requests_free(out);
    return mdl_problems_end(&self.problems, err);
}

sim_status_t mdl_requests_read_azure(const char *path, mdl_requests_t *out, sim_error_t *err)
{
    return mdl_requests_read_azure_from(&(mdl_source_t){.path = path}, out, err);
}
