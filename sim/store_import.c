// SPDX-License-Identifier: GPL-3.0-or-later
/* A finished result back into blocks, so that an experiment whose parts are gone can still grow.
 *
 * Values pass through the same encoder as a recorder's: rounding what is rounded changes nothing, so the blocks are the
 * ones that the workers wrote. */
#include "sim/store_assemble.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COLUMN_TIME, COLUMN_TYPE, COLUMN_ENTITY, COLUMN_CAUSE, N_COLUMNS };

static const char *const event_columns[N_COLUMNS] = {"/events/time", "/events/type", "/events/entity", "/events/cause"};

/* A result being taken apart. */
typedef struct import {
    sim_store_t *store;
    sim_result_t *result;
    char **arms;
    size_t n_arms, n_points, n_replications;
    sim_array_t status;
    uint64_t *meta[4]; /* fingerprint, events, jobs, seed */
    hid_t *datasets;   /* per channel */
    double *values;
    size_t max_values;
    uint64_t *row_runs; /* index of the run that each event row belongs to, ascending */
    size_t n_rows, next_row;
    sim_event_row_t *rows;
} import_t;

static sim_status_t check_identity(import_t *self, sim_error_t *err)
{
    char *text, layout[17];
    sim_status_t status = sim_result_text(self->result, "/provenance/identity", &text, err);
    if (status == SIM_OK)
        status = sim_store_same_identity(self->store->path, text, self->store->identity, err);
    free(text);
    if (status < 0)
        return status;
    snprintf(layout, sizeof layout, "%016llx", (unsigned long long)self->store->layout.hash);
    status = sim_result_text(self->result, "/provenance/layout", &text, err);
    if (status == SIM_OK && strcmp(text, layout) != 0)
        status =
            sim_fail(err, SIM_EINPUT, self->store->path,
                     "has other variables, labels or times, or a design where there was none; use the program that "
                     "wrote it, or start anew with --force");
    free(text);
    return status;
}

static sim_status_t read_meta(import_t *self, sim_error_t *err)
{
    static const char *const paths[4] = {"/outcomes/fingerprint", "/outcomes/events", "/outcomes/jobs",
                                         "/outcomes/seed"};
    size_t n = 0;
    sim_status_t status = sim_result_read(self->result, "/outcomes/status", &self->status, err);
    if (status == SIM_OK)
        status = sim_result_labels(self->result, "/arm", &self->arms, &self->n_arms, err);
    for (int i = 0; status == SIM_OK && i < 4; i++)
        status = sim_result_read_u64(self->result, paths[i], &self->meta[i], &n, err);
    if (status < 0)
        return status;
    self->n_points = self->status.n_dims == 3 ? self->status.shape[1] : 1;
    self->n_replications = self->status.shape[self->status.n_dims - 1];
    if (n != self->n_arms * self->n_points * self->n_replications)
        return sim_fail(err, SIM_EIO, self->store->path, "/outcomes has another shape than /arm and /outcomes/status");
    return SIM_OK;
}

static sim_status_t open_channels(import_t *self, sim_error_t *err)
{
    const sim_schema_t *schema = self->store->layout.schema;
    self->datasets = malloc(((size_t)schema->n_channels + 1) * sizeof *self->datasets);
    for (uint32_t i = 0; self->datasets != NULL && i < schema->n_channels; i++) {
        sim_h5_shape_t shape;
        char *path = sim_h5_path(schema->channels[i].group, schema->channels[i].name);
        self->datasets[i] = path == NULL ? -1 : H5Dopen2(self->result->file, path, H5P_DEFAULT);
        free(path);
        if (self->datasets[i] < 0 || sim_h5_get_shape(self->datasets[i], &shape) < 0) {
            memset(self->datasets + i + 1, -1, (schema->n_channels - i - 1) * sizeof *self->datasets);
            return sim_h5_fail(err, self->store->path, schema->channels[i].name);
        }
        size_t runs = self->n_arms * self->n_points * self->n_replications;
        size_t values = (size_t)sim_h5_shape_count(&shape) / (runs == 0 ? 1 : runs);
        self->max_values = values > self->max_values ? values : self->max_values;
    }
    self->values = malloc((self->max_values + 1) * sizeof *self->values);
    if (self->datasets == NULL || self->values == NULL)
        return sim_fail(err, SIM_ENOMEM, self->store->path, "no memory to read it");
    return SIM_OK;
}

/* Which run each event row belongs to. */
static sim_status_t read_row_runs(import_t *self, sim_error_t *err)
{
    static const char *const paths[3] = {"/events/arm", "/events/point", "/events/replication"};
    uint64_t *key[3] = {NULL, NULL, NULL};
    sim_status_t status = SIM_OK;
    for (int i = 0; status == SIM_OK && i < 3; i++)
        if (i != 1 || self->status.n_dims == 3)
            status = sim_result_read_u64(self->result, paths[i], &key[i], &self->n_rows, err);
    for (size_t i = 0; status == SIM_OK && i < self->n_rows; i++) {
        uint64_t point = key[1] == NULL ? 0 : key[1][i];
        key[0][i] = (key[0][i] * self->n_points + point) * self->n_replications + key[2][i];
    }
    self->row_runs = key[0];
    free(key[1]);
    free(key[2]);
    return status;
}

/* n values of a one-dimensional variable from `start` on. */
static bool read_column(import_t *self, const char *path, hsize_t start, hsize_t n, hid_t type, void *values)
{
    hid_t dataset = H5Dopen2(self->result->file, path, H5P_DEFAULT);
    hid_t space = dataset < 0 ? -1 : H5Dget_space(dataset), memory = space < 0 ? -1 : H5Screate_simple(1, &n, NULL);
    bool good = memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &n, NULL) >= 0 &&
                H5Dread(dataset, type, memory, space, H5P_DEFAULT, values) >= 0;
    sim_h5_close(memory);
    sim_h5_close(space);
    sim_h5_close(dataset);
    return good;
}

/* Event rows of run number `run` into self->rows; how many. */
static sim_status_t read_rows(import_t *self, uint64_t run, size_t *n, sim_error_t *err)
{
    *n = 0;
    while (self->next_row < self->n_rows && self->row_runs[self->next_row] < run)
        self->next_row++;
    while (self->next_row + *n < self->n_rows && self->row_runs[self->next_row + *n] == run)
        ++*n;
    if (*n == 0)
        return SIM_OK;
    int64_t *numbers = malloc(*n * N_COLUMNS * sizeof *numbers);
    double *values = malloc(*n * sizeof *values);
    free(self->rows);
    self->rows = malloc(*n * sizeof *self->rows);
    bool good = numbers != NULL && values != NULL && self->rows != NULL;
    for (int i = 0; good && i < N_COLUMNS; i++)
        good = read_column(self, event_columns[i], self->next_row, *n, H5T_NATIVE_INT64, numbers + (size_t)i * *n);
    good = good && read_column(self, "/events/value", self->next_row, *n, H5T_NATIVE_DOUBLE, values);
    for (size_t i = 0; good && i < *n; i++)
        self->rows[i] = (sim_event_row_t){.time_s = numbers[COLUMN_TIME * *n + i],
                                          .type = (uint32_t)numbers[COLUMN_TYPE * *n + i],
                                          .entity = (uint32_t)numbers[COLUMN_ENTITY * *n + i],
                                          .cause = (uint64_t)(numbers[COLUMN_CAUSE * *n + i] + 1),
                                          .value = values[i]};
    free(numbers);
    free(values);
    return good ? SIM_OK : sim_h5_fail(err, self->store->path, "read /events");
}

/* One run's values of a channel into self->values; how many, 0 on failure. */
static size_t read_channel(import_t *self, uint32_t channel, size_t arm, size_t point, size_t replication)
{
    hsize_t start[SIM_RESULT_MAX_DIMS] = {arm, replication}, count[SIM_RESULT_MAX_DIMS], n = 1;
    hid_t space = H5Dget_space(self->datasets[channel]), memory = -1;
    int outer = (int)self->status.n_dims, n_dims = space < 0 ? -1 : H5Sget_simple_extent_dims(space, count, NULL);
    if (outer == 3) {
        start[1] = point;
        start[2] = replication;
    }
    for (int i = 0; i < n_dims; i++) {
        count[i] = i < outer ? 1 : count[i];
        n *= count[i];
    }
    bool good = n_dims >= outer && n <= self->max_values && (memory = H5Screate_simple(1, &n, NULL)) >= 0 &&
                H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                H5Dread(self->datasets[channel], H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, self->values) >= 0;
    sim_h5_close(memory);
    sim_h5_close(space);
    return good ? (size_t)n : 0;
}

static sim_status_t import_run(import_t *self, sim_store_writer_t *writer, sim_run_key_t key, size_t arm,
                               sim_error_t *err)
{
    sim_store_t *store = self->store;
    size_t run = (arm * self->n_points + key.point) * self->n_replications + key.replication, n_rows = 0;
    sim_run_meta_t meta = {.fingerprint = self->meta[0][run],
                           .events = self->meta[1][run],
                           .jobs = self->meta[2][run],
                           .seed = self->meta[3][run]};
    sim_status_t status = store->layout.schema->events ? read_rows(self, run, &n_rows, err) : SIM_OK;
    sim_store_block_start(&writer->coder, &store->layout);
    for (uint32_t i = 0; status == SIM_OK && i < store->layout.schema->n_channels; i++) {
        size_t n = read_channel(self, i, arm, key.point, key.replication);
        if (n == 0)
            status = sim_h5_fail(err, store->path, store->layout.schema->channels[i].name);
        else if (!sim_store_block_add(&writer->coder, &store->layout, i, self->values, n))
            status = sim_fail(err, SIM_ENOMEM, store->path, "no memory to take it apart");
    }
    if (status == SIM_OK &&
        !sim_store_block_finish(&writer->coder, &store->layout, store->arms[key.arm], key, self->rows, n_rows, &meta))
        status = sim_fail(err, SIM_ENOMEM, store->path, "no memory to take it apart");
    return status < 0 ? status : sim_parts_append(store, writer, key, err);
}

/* Where a run of the file's arm number `arm` is in the experiment now; false: nowhere. */
static bool key_of(const import_t *self, size_t arm, size_t point, size_t replication, sim_run_key_t *key)
{
    const sim_store_t *store = self->store;
    int64_t now = sim_store_arm(store, self->arms[arm], strlen(self->arms[arm]));
    *key = (sim_run_key_t){(uint32_t)now, (uint32_t)point, (uint32_t)replication};
    return now >= 0 && point < store->n_points && replication < store->n_replications;
}

/* Takes finished runs over that no block has yet; with `writer` NULL says whether the experiment still has room for all
 * of them. */
static sim_status_t each_run(import_t *self, sim_store_writer_t *writer, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    for (size_t arm = 0; arm < self->n_arms; arm++)
        for (size_t point = 0; point < self->n_points; point++)
            for (size_t i = 0; status == SIM_OK && i < self->n_replications; i++) {
                sim_run_key_t key;
                size_t run = (arm * self->n_points + point) * self->n_replications + i;
                if (self->status.values[run] != SIM_OK)
                    continue;
                if (!key_of(self, arm, point, i, &key))
                    status = sim_store_outside(self->store, self->store->path, self->arms[arm], key, err);
                else if (writer != NULL && !sim_store_has(self->store, key))
                    status = import_run(self, writer, key, arm, err);
            }
    return status;
}

/* A plan that leaves runs out is refused before the first block is written, so that nothing has changed then. */
static sim_status_t import_runs(import_t *self, sim_error_t *err)
{
    sim_status_t status = each_run(self, NULL, err);
    sim_store_writer_t *writer = status == SIM_OK ? sim_store_take_writer(self->store, err) : NULL;
    if (writer == NULL)
        return status < 0 ? status : SIM_ENOMEM;
    status = each_run(self, writer, err);
    if (status == SIM_OK)
        status = sim_parts_commit(self->store, writer, err);
    sim_store_give_writer(self->store, writer);
    return status;
}

static void release(import_t *self)
{
    for (uint32_t i = 0; self->datasets != NULL && i < self->store->layout.schema->n_channels; i++)
        sim_h5_close(self->datasets[i]);
    for (int i = 0; i < 4; i++)
        free(self->meta[i]);
    sim_labels_free(self->arms, self->n_arms);
    sim_array_free(&self->status);
    free(self->datasets);
    free(self->values);
    free(self->row_runs);
    free(self->rows);
    sim_result_close(self->result);
}

/* A result beside its parts is a copy of some of them: when it can't be read, the parts go on without it. */
static bool can_be_spared(sim_store_t *self, bool has_parts)
{
    sim_result_t *result = NULL;
    sim_error_t why = {0};
    bool readable = sim_result_open(&result, self->path, &why) == SIM_OK && sim_result_verify(result, &why) == SIM_OK;
    sim_result_close(result);
    if (!readable && has_parts)
        snprintf(self->notice, sizeof self->notice, "%.400s; its parts are whole and replace it", why.message);
    return !readable && has_parts;
}

sim_status_t sim_store_import(sim_store_t *self, bool has_parts, sim_error_t *err)
{
    struct stat info;
    if (stat(self->path, &info) < 0 || can_be_spared(self, has_parts))
        return SIM_OK;
    import_t import = {.store = self};
    sim_status_t status = sim_result_open(&import.result, self->path, err);
    if (status == SIM_OK)
        status = sim_result_verify(import.result, err); /* what is taken over gets a new checksum */
    if (status == SIM_OK)
        status = check_identity(&import, err);
    if (status == SIM_OK)
        status = read_meta(&import, err);
    if (status == SIM_OK)
        status = open_channels(&import, err);
    if (status == SIM_OK && self->layout.schema->events)
        status = read_row_runs(&import, err);
    if (status == SIM_OK)
        status = import_runs(&import, err);
    release(&import);
    return status;
}
