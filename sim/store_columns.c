// SPDX-License-Identifier: GPL-3.0-or-later
/* /outcomes: the outcome channels and what is known of each replication, one number each. Rows are gathered and written
 * a few thousand at a time, as a write for every number would cost more than the simulation of a short replication. */
#include "sim/store_assemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 4096u

/* Besides outcome channels. */
enum { COLUMN_STATUS, COLUMN_FINGERPRINT, COLUMN_EVENTS, COLUMN_JOBS, COLUMN_SEED, N_META };

static const struct {
    const char *name;
    const char *long_name;
} meta_columns[N_META] = {
    {"status", "what became of the replication"},
    {"fingerprint", "hash of all events that the replication dispatched, 0 when it has none"},
    {"events", "events dispatched"},
    {"jobs", "jobs submitted"},
    {"seed", "master seed of the random numbers"},
};

typedef struct column {
    hid_t dataset;
    hid_t type; /* in memory */
    unsigned char *values;
    uint8_t width;
} column_t;

struct sim_store_columns {
    column_t *columns; /* meta, then outcomes in the order of their channels */
    uint32_t *channels;
    uint32_t n;
    uint32_t max_rows;
    uint32_t n_rows;
    sim_run_key_t first; /* of the rows gathered */
};

static hid_t create_column(sim_store_assembly_t *self, const char *group, const char *name, hid_t type,
                           const char *units, const char *long_name, bool is_float)
{
    sim_h5_variable_t v = {.group = group,
                           .name = name,
                           .type = type,
                           .missing_is_nan = is_float,
                           .units = units,
                           .long_name = long_name,
                           .start_day = self->store->layout.schema->start_day};
    v.n_dims = sim_store_run_dims(self, &v);
    return sim_h5_create_variable(self->result, &v);
}

static bool open_column(column_t *column, hid_t dataset, hid_t memory_type, uint32_t max_rows)
{
    column->dataset = dataset;
    column->type = memory_type;
    column->width = (uint8_t)H5Tget_size(memory_type);
    column->values = calloc(max_rows, column->width);
    return dataset >= 0 && column->values != NULL;
}

static bool flag_status(hid_t dataset)
{
    static const int8_t values[] = {SIM_STATUS_NOT_RUN, SIM_OK,         SIM_EINPUT,       SIM_EIO,     SIM_ENOMEM,
                                    SIM_ELIMIT,         SIM_EINVARIANT, SIM_EINTERRUPTED, SIM_EEXISTS, SIM_EINTERNAL};
    static const char meanings[] = "not_run finished bad_input io_error out_of_memory bound_exceeded broken_invariant "
                                   "interrupted already_exists internal_error";
    return sim_h5_set_number(dataset, "flag_values", H5T_NATIVE_INT8, values, sizeof values) >= 0 &&
           sim_h5_set_text(dataset, "flag_meanings", meanings) >= 0;
}

static bool flag_across_arms(hid_t dataset)
{
    const int8_t yes = 1;
    return sim_h5_set_number(dataset, SIM_H5_ACROSS_ARMS, H5T_NATIVE_INT8, &yes, sizeof yes) >= 0;
}

static bool make_meta(sim_store_assembly_t *self, sim_store_columns_t *c)
{
    bool good = true;
    for (int i = 0; good && i < N_META; i++) {
        bool status = i == COLUMN_STATUS;
        hid_t dataset = create_column(self, "outcomes", meta_columns[i].name, status ? H5T_STD_I8LE : H5T_STD_U64LE,
                                      "1", meta_columns[i].long_name, false);
        good = open_column(&c->columns[c->n++], dataset, status ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT64, c->max_rows);
    }
    return good && flag_status(c->columns[COLUMN_STATUS].dataset);
}

static bool make_outcomes(sim_store_assembly_t *self, sim_store_columns_t *c)
{
    const sim_schema_t *schema = self->store->layout.schema;
    bool good = true;
    for (uint32_t i = 0; good && i < schema->n_channels; i++) {
        const sim_channel_t *channel = &schema->channels[i];
        if (channel->kind != SIM_CHANNEL_OUTCOME)
            continue;
        hid_t dataset = create_column(self, channel->group, channel->name, H5T_IEEE_F64LE,
                                      channel->is_date ? SIM_H5_DAYS : channel->units, channel->long_name, true);
        c->channels[c->n] = i;
        good = open_column(&c->columns[c->n++], dataset, H5T_NATIVE_DOUBLE, c->max_rows) &&
               (!channel->across_arms || flag_across_arms(dataset));
    }
    return good;
}

sim_status_t sim_store_make_columns(sim_store_assembly_t *self, sim_error_t *err)
{
    size_t most = (size_t)self->store->layout.schema->n_channels + N_META;
    sim_store_columns_t *c = self->columns = calloc(1, sizeof *c);
    if (c != NULL) {
        c->columns = calloc(most, sizeof *c->columns);
        c->channels = calloc(most, sizeof *c->channels);
    }
    if (c == NULL || c->columns == NULL || c->channels == NULL)
        return sim_fail(err, SIM_ENOMEM, self->result->path, "no memory for the outcomes");
    for (size_t i = 0; i < most; i++)
        c->columns[i].dataset = -1;
    c->max_rows = self->store->n_replications < MAX_ROWS ? self->store->n_replications : MAX_ROWS;
    sim_status_t status = sim_store_make_run_scales(self, "outcomes", err);
    if (status == SIM_OK && (!make_meta(self, c) || !make_outcomes(self, c)))
        status = sim_h5_fail(err, self->result->path, "/outcomes");
    return status;
}

static bool write_rows(const sim_store_assembly_t *self, const column_t *column)
{
    const sim_store_columns_t *c = self->columns;
    bool design = self->store->n_points > 1;
    hsize_t start[3] = {c->first.arm, c->first.replication, 0}, count[3] = {1, c->n_rows, 0}, n = c->n_rows;
    if (design) {
        start[1] = c->first.point;
        start[2] = c->first.replication;
        count[1] = 1;
        count[2] = c->n_rows;
    }
    hid_t space = H5Dget_space(column->dataset), memory = H5Screate_simple(1, &n, NULL);
    bool good = space >= 0 && memory >= 0 &&
                H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                H5Dwrite(column->dataset, column->type, memory, space, H5P_DEFAULT, column->values) >= 0;
    sim_h5_close(memory);
    sim_h5_close(space);
    return good;
}

static sim_status_t flush_rows(sim_store_assembly_t *self, sim_error_t *err)
{
    sim_store_columns_t *c = self->columns;
    for (uint32_t i = 0; c->n_rows > 0 && i < c->n; i++)
        if (!write_rows(self, &c->columns[i]))
            return sim_h5_fail(err, self->result->path, "write /outcomes");
    c->n_rows = 0;
    return SIM_OK;
}

static void fill_meta(sim_store_columns_t *c, const sim_store_head_t *head, uint32_t row)
{
    int8_t status = head == NULL ? SIM_STATUS_NOT_RUN : (int8_t)head->status;
    c->columns[COLUMN_STATUS].values[row] = (unsigned char)status;
    uint64_t meta[N_META] = {0};
    if (head != NULL) {
        meta[COLUMN_FINGERPRINT] = head->fingerprint;
        meta[COLUMN_EVENTS] = head->events;
        meta[COLUMN_JOBS] = head->jobs;
        meta[COLUMN_SEED] = head->seed;
    }
    for (int i = COLUMN_FINGERPRINT; i < N_META; i++)
        memcpy(c->columns[i].values + (size_t)row * 8, &meta[i], 8);
}

sim_status_t sim_store_columns_add(sim_store_assembly_t *self, sim_run_key_t key, const sim_store_view_t *view,
                                   sim_error_t *err)
{
    sim_store_columns_t *c = self->columns;
    uint32_t row = c->n_rows++;
    if (row == 0)
        c->first = key;
    fill_meta(c, view == NULL ? NULL : view->head, row);
    for (uint32_t i = N_META; i < c->n; i++) {
        double value = view == NULL ? (double)NAN : view->entries[c->channels[i]].value;
        memcpy(c->columns[i].values + (size_t)row * 8, &value, 8);
    }
    bool last = key.replication + 1 == self->store->n_replications || c->n_rows == c->max_rows;
    return last ? flush_rows(self, err) : SIM_OK;
}

void sim_store_columns_free(sim_store_columns_t *self)
{
    if (self == NULL)
        return;
    for (uint32_t i = 0; self->columns != NULL && i < self->n; i++) {
        sim_h5_close(self->columns[i].dataset);
        free(self->columns[i].values);
    }
    free(self->columns);
    free(self->channels);
    free(self);
}
