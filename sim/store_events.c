// SPDX-License-Identifier: GPL-3.0-or-later
/* /events: the event rows of all replications in index order, as 1-D columns along `event`. */
#include "sim/store_assemble.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_ROWS 16384u

enum { EV_ARM, EV_POINT, EV_REPLICATION, EV_TIME, EV_TYPE, EV_KIND, EV_ENTITY, EV_CAUSE, EV_VALUE, N_COLUMNS };

static const struct {
    const char *name;
    const char *units;
    const char *long_name;
    uint8_t width;
} columns[N_COLUMNS] = {
    {"arm", "1", "number of the arm, an index into /arm", 4},
    {"point", "1", "point of the design", 4},
    {"replication", "1", "replication", 4},
    {"time", SIM_H5_SECONDS, "when it happened", 8},
    {"type", "1", "what happened", 4},
    {"entity_kind", "1", "to what kind of entity", 4},
    {"entity", "1", "to whom: ordinal within its kind", 8},
    {"cause", "1", "row of the event that caused it, counted from 0 within its replication; -1: none", 8},
    {"value", "1", "a number whose meaning the type fixes", 8},
};

struct sim_store_events {
    hid_t datasets[N_COLUMNS];
    unsigned char *values[N_COLUMNS]; /* a chunk of each */
    sim_event_row_t *rows;            /* of one replication */
    size_t max_rows;
    uint64_t n; /* rows so far */
    uint32_t in_chunk;
};

static hid_t file_type(int column)
{
    if (column == EV_VALUE)
        return H5T_IEEE_F64LE;
    return columns[column].width == 8 ? H5T_STD_I64LE : H5T_STD_I32LE;
}

/* Names of the numbers that a column holds. */
typedef struct flags {
    double *values;
    sim_store_buffer_t meanings;
} flags_t;

/* Flags are an attribute, so they end where 64 KiB do. */
static bool name_flags(flags_t *flags, const char *const *names, uint32_t n, sim_h5_variable_t *v)
{
    if (names == NULL || n == 0)
        return true;
    flags->values = malloc(n * sizeof *flags->values);
    bool good = flags->values != NULL;
    for (uint32_t i = 0; good && i < n; i++) {
        flags->values[i] = i;
        good = (i == 0 || sim_store_buffer_append(&flags->meanings, " ", 1)) &&
               sim_store_buffer_append(&flags->meanings, names[i], strlen(names[i]));
    }
    if (!good || !sim_store_buffer_append(&flags->meanings, "", 1))
        return false;
    v->more[0] = (sim_h5_attribute_t){.name = "flag_values", .type = H5T_NATIVE_INT32, .values = flags->values, .n = n};
    v->more[1] = (sim_h5_attribute_t){.name = "flag_meanings", .text = (const char *)flags->meanings.data};
    return true;
}

static bool make_scale(sim_store_assembly_t *self, uint64_t n)
{
    const sim_h5_variable_t v = {
        .group = "events", .name = "event", .type = H5T_STD_I64LE, .units = "1", .long_name = "row"};
    int64_t *values = malloc(((size_t)n + 1) * sizeof *values);
    for (uint64_t i = 0; values != NULL && i < n; i++)
        values[i] = (int64_t)i;
    bool good = values != NULL && sim_h5_add_scale(self->result, &v, values, n) != NULL;
    free(values);
    return good;
}

static bool make_column(sim_store_assembly_t *self, int i, uint64_t n)
{
    sim_h5_variable_t v = {.group = "events",
                           .name = columns[i].name,
                           .type = file_type(i),
                           .n_dims = 1,
                           .dims = {"event"},
                           .max_shape = {(n + CHUNK_ROWS - 1) / CHUNK_ROWS * CHUNK_ROWS},
                           .chunk = {CHUNK_ROWS},
                           .shuffle = true,
                           .units = columns[i].units,
                           .long_name = columns[i].long_name,
                           .start_day = self->store->layout.schema->start_day};
    const sim_schema_t *schema = self->store->layout.schema;
    flags_t flags = {0};
    bool good = true;
    if (i == EV_TYPE)
        good = name_flags(&flags, schema->event_types, schema->n_event_types, &v);
    else if (i == EV_KIND)
        good = name_flags(&flags, schema->event_entities, schema->n_event_entities, &v);
    if (good)
        self->events->datasets[i] = sim_h5_create_variable(self->result, &v);
    free(flags.values);
    sim_store_buffer_free(&flags.meanings);
    self->events->values[i] = calloc(CHUNK_ROWS, columns[i].width);
    return self->events->datasets[i] >= 0 && self->events->values[i] != NULL;
}

static bool left_out(const sim_store_assembly_t *self, int column)
{
    return (column == EV_POINT && self->store->n_points == 1) ||
           (column == EV_KIND && self->store->layout.schema->event_entities == NULL);
}

sim_status_t sim_store_make_events(sim_store_assembly_t *self, sim_error_t *err)
{
    uint64_t n = self->store->event_rows;
    self->events = calloc(1, sizeof *self->events);
    if (self->events == NULL)
        return sim_fail(err, SIM_ENOMEM, self->result->path, "no memory for event rows");
    for (int i = 0; i < N_COLUMNS; i++)
        self->events->datasets[i] = -1;
    n = n == 0 ? 1 : n; /* an empty dimension can't be told from an unlimited one */
    bool good = make_scale(self, n);
    for (int i = 0; good && i < N_COLUMNS; i++)
        good = left_out(self, i) || make_column(self, i, n);
    return good ? SIM_OK : sim_h5_fail(err, self->result->path, "/events");
}

static sim_status_t write_chunk(sim_store_assembly_t *self, sim_error_t *err)
{
    sim_store_events_t *e = self->events;
    hsize_t start = (e->n - 1) / CHUNK_ROWS * CHUNK_ROWS;
    for (int i = 0; i < N_COLUMNS; i++) {
        if (e->datasets[i] < 0)
            continue;
        self->coder.data.size = 0;
        size_t width = columns[i].width;
        memset(e->values[i] + e->in_chunk * width, 0, (CHUNK_ROWS - e->in_chunk) * width);
        size_t bytes = sim_store_compress(&self->coder, e->values[i], CHUNK_ROWS, width, true);
        if (bytes == 0)
            return sim_fail(err, SIM_ENOMEM, self->result->path, "no memory for event rows");
        if (H5Dwrite_chunk(e->datasets[i], H5P_DEFAULT, 0, &start, bytes, self->coder.data.data) < 0)
            return sim_h5_fail(err, self->result->path, "write /events");
    }
    e->in_chunk = 0;
    return SIM_OK;
}

static void set_row(const sim_store_assembly_t *self, sim_run_key_t key, const sim_event_row_t *row)
{
    sim_store_events_t *e = self->events;
    const sim_schema_t *schema = self->store->layout.schema;
    bool known = schema->event_entities != NULL && row->type < schema->n_event_types;
    const int64_t numbers[N_COLUMNS] = {
        [EV_ARM] = key.arm,
        [EV_POINT] = key.point,
        [EV_REPLICATION] = key.replication,
        [EV_TIME] = row->time_s,
        [EV_TYPE] = row->type,
        [EV_ENTITY] = row->entity,
        [EV_CAUSE] = (int64_t)row->cause - 1,
        [EV_KIND] = known ? schema->event_entity_of[row->type] : -1,
    };
    for (int i = 0; i < N_COLUMNS; i++) {
        size_t width = columns[i].width;
        const void *value = i == EV_VALUE ? (const void *)&row->value : (const void *)&numbers[i];
        if (e->datasets[i] >= 0)
            memcpy(e->values[i] + e->in_chunk * width, value, width); /* little-endian: the low bytes come first */
    }
}

/* The block's rows, uncompressed, into self->events->rows. */
static sim_status_t unpack(sim_store_assembly_t *self, const sim_store_view_t *view, sim_error_t *err)
{
    sim_store_events_t *e = self->events;
    size_t n = (size_t)view->head->n_event_rows;
    if (n > e->max_rows) {
        free(e->rows);
        e->rows = malloc(n * sizeof *e->rows);
        e->max_rows = e->rows == NULL ? 0 : n;
    }
    self->coder.shuffled.size = 0;
    if (e->rows == NULL || !sim_store_buffer_reserve(&self->coder.shuffled, n * sizeof *e->rows + 1))
        return sim_fail(err, SIM_ENOMEM, self->result->path, "no memory for %zu event rows", n);
    if (!sim_store_decompress(&self->coder, view->events, view->head->event_bytes, e->rows, n, sizeof *e->rows, true))
        return sim_fail(err, SIM_EIO, self->store->parts, "event rows of replication %u are damaged",
                        view->head->replication);
    return SIM_OK;
}

sim_status_t sim_store_events_add(sim_store_assembly_t *self, sim_run_key_t key, const sim_store_view_t *view,
                                  sim_error_t *err)
{
    sim_store_events_t *e = self->events;
    if (view->head->n_event_rows == 0)
        return SIM_OK;
    sim_status_t status = unpack(self, view, err);
    for (uint64_t i = 0; status == SIM_OK && i < view->head->n_event_rows; i++) {
        set_row(self, key, &e->rows[i]);
        e->n++;
        if (++e->in_chunk == CHUNK_ROWS)
            status = write_chunk(self, err);
    }
    return status;
}

sim_status_t sim_store_events_finish(sim_store_assembly_t *self, sim_error_t *err)
{
    return self->events->in_chunk > 0 ? write_chunk(self, err) : SIM_OK;
}

void sim_store_events_free(sim_store_events_t *self)
{
    if (self == NULL)
        return;
    for (int i = 0; i < N_COLUMNS; i++) {
        sim_h5_close(self->datasets[i]);
        free(self->values[i]);
    }
    free(self->rows);
    free(self);
}
