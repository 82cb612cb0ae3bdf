// SPDX-License-Identifier: GPL-3.0-or-later
/* /outcomes: the outcome channels and what is known of each replication, one number each. Rows are gathered and written
 * a few thousand at a time, as a write for every number would cost more than the simulation of a short replication. */
#include "sim/store_assemble.h"
#include "sim/store_hash.h"

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
    const char *group, *name;
    uint64_t *hashes; /* of its values, per arm */
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

/* `v` has all but what the columns have in common. */
static bool create_column(sim_store_assembly_t *self, column_t *column, hid_t memory_type, sim_h5_variable_t *v)
{
    uint32_t n_arms = self->store->n_arms;
    v->start_day = self->store->layout.schema->start_day;
    v->n_dims = sim_store_run_dims(self, v);
    column->group = v->group;
    column->name = v->name;
    column->type = memory_type;
    column->width = (uint8_t)H5Tget_size(memory_type);
    column->dataset = sim_h5_create_variable(self->result, v);
    if (column->dataset < 0)
        return false;
    column->values = calloc(self->columns->max_rows, column->width);
    column->hashes = malloc(n_arms * sizeof *column->hashes);
    for (uint32_t arm = 0; column->hashes != NULL && arm < n_arms; arm++)
        column->hashes[arm] = SIM_HASH_START;
    return column->values != NULL && column->hashes != NULL;
}

static void flag_status(sim_h5_variable_t *v)
{
    static const double values[] = {SIM_STATUS_NOT_RUN, SIM_OK,         SIM_EINPUT,       SIM_EIO,     SIM_ENOMEM,
                                    SIM_ELIMIT,         SIM_EINVARIANT, SIM_EINTERRUPTED, SIM_EEXISTS, SIM_EINTERNAL};
    static const char meanings[] = "not_run finished bad_input io_error out_of_memory bound_exceeded broken_invariant "
                                   "interrupted already_exists internal_error";
    v->more[0] = (sim_h5_attribute_t){
        .name = "flag_values", .type = H5T_NATIVE_INT8, .values = values, .n = sizeof values / sizeof *values};
    v->more[1] = (sim_h5_attribute_t){.name = "flag_meanings", .text = meanings};
}

static void flag_across_arms(sim_h5_variable_t *v)
{
    static const double yes = 1;
    v->more[0] = (sim_h5_attribute_t){.name = SIM_H5_ACROSS_ARMS, .type = H5T_NATIVE_INT8, .values = &yes, .n = 1};
}

static bool make_meta(sim_store_assembly_t *self, sim_store_columns_t *c)
{
    bool good = true;
    for (int i = 0; good && i < N_META; i++) {
        bool status = i == COLUMN_STATUS;
        sim_h5_variable_t v = {.group = "outcomes",
                               .name = meta_columns[i].name,
                               .type = status ? H5T_STD_I8LE : H5T_STD_U64LE,
                               .units = "1",
                               .long_name = meta_columns[i].long_name};
        if (status)
            flag_status(&v);
        good = create_column(self, &c->columns[c->n++], status ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT64, &v);
    }
    return good;
}

static bool make_outcomes(sim_store_assembly_t *self, sim_store_columns_t *c)
{
    const sim_schema_t *schema = self->store->layout.schema;
    bool good = true;
    for (uint32_t i = 0; good && i < schema->n_channels; i++) {
        const sim_channel_t *channel = &schema->channels[i];
        if (channel->kind != SIM_CHANNEL_OUTCOME)
            continue;
        sim_h5_variable_t v = {.group = channel->group,
                               .name = channel->name,
                               .type = H5T_IEEE_F64LE,
                               .missing_is_nan = true,
                               .units = channel->is_date ? SIM_H5_DAYS : channel->units,
                               .long_name = channel->long_name};
        if (channel->across_arms)
            flag_across_arms(&v);
        c->channels[c->n] = i;
        good = create_column(self, &c->columns[c->n++], H5T_NATIVE_DOUBLE, &v);
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

static void add_leaf(column_t *column, uint32_t arm, uint64_t leaf)
{
    column->hashes[arm] = sim_hash_word(column->hashes[arm], leaf);
}

static void fill_meta(sim_store_columns_t *c, uint32_t arm, const sim_store_head_t *head, uint32_t row)
{
    int8_t status = head == NULL ? SIM_STATUS_NOT_RUN : (int8_t)head->status;
    c->columns[COLUMN_STATUS].values[row] = (unsigned char)status;
    uint64_t meta[N_META] = {[COLUMN_STATUS] = (uint64_t)(int64_t)status};
    if (head != NULL) {
        meta[COLUMN_FINGERPRINT] = head->fingerprint;
        meta[COLUMN_EVENTS] = head->events;
        meta[COLUMN_JOBS] = head->jobs;
        meta[COLUMN_SEED] = head->seed;
    }
    for (int i = 0; i < N_META; i++)
        add_leaf(&c->columns[i], arm, sim_hash_word(SIM_HASH_START, meta[i]));
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
    fill_meta(c, key.arm, view == NULL ? NULL : view->head, row);
    for (uint32_t i = N_META; i < c->n; i++) {
        double value = view == NULL ? (double)NAN : view->entries[c->channels[i]].value;
        memcpy(c->columns[i].values + (size_t)row * 8, &value, 8);
        add_leaf(&c->columns[i], key.arm, sim_hash_values(&value, 1));
    }
    bool last = key.replication + 1 == self->store->n_replications || c->n_rows == c->max_rows;
    return last ? flush_rows(self, err) : SIM_OK;
}

void sim_store_columns_hand_over(sim_store_assembly_t *self)
{
    for (uint32_t i = 0; i < self->columns->n; i++) {
        column_t *column = &self->columns->columns[i];
        sim_h5_know_hashes(self->result, column->group, column->name, &column->hashes, self->store->n_arms);
    }
}

void sim_store_columns_free(sim_store_columns_t *self)
{
    if (self == NULL)
        return;
    for (uint32_t i = 0; self->columns != NULL && i < self->n; i++) {
        sim_h5_close(self->columns[i].dataset);
        free(self->columns[i].values);
        free(self->columns[i].hashes);
    }
    free(self->columns);
    free(self->channels);
    free(self);
}
