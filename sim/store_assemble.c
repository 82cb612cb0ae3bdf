// SPDX-License-Identifier: GPL-3.0-or-later
/* Blocks into one file, in index order, one block in memory at a time. Chunks go from block to file as the worker
 * compressed them. The file is written beside its target and renamed into place once it is whole and on the disk. */
#include "sim/store_assemble.h"
#include "sim/store_hash.h"
#include "sim/store_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool reserve(sim_store_assembly_t *self)
{
    const sim_schema_t *schema = self->store->layout.schema;
    self->datasets = calloc((size_t)schema->n_channels + 1, sizeof *self->datasets);
    self->hashes = calloc((size_t)schema->n_channels + 1, sizeof *self->hashes);
    bool good = self->datasets != NULL && self->hashes != NULL;
    for (uint32_t i = 0; good && i < schema->n_channels; i++) {
        self->datasets[i] = -1;
        self->hashes[i] = malloc(self->store->n_arms * sizeof **self->hashes);
        good = self->hashes[i] != NULL;
        for (uint32_t arm = 0; good && arm < self->store->n_arms; arm++)
            self->hashes[i][arm] = SIM_HASH_START;
    }
    return good;
}

static sim_status_t write_chunks(sim_store_assembly_t *self, uint32_t channel, sim_run_key_t key,
                                 const sim_store_view_t *view, const unsigned char *bytes, sim_error_t *err)
{
    const sim_store_entry_t *entry = &view->entries[channel];
    const sim_store_channel_t *layout = &self->store->layout.channels[channel];
    hsize_t offset[SIM_RESULT_MAX_DIMS] = {key.arm, key.replication};
    int items_axis = 2;
    if (self->store->n_points > 1) {
        offset[1] = key.point;
        offset[2] = key.replication;
        items_axis = 3;
    }
    for (uint32_t i = 0; i < entry->n_chunks; i++) {
        uint32_t n = view->chunk_bytes[entry->first_chunk + i];
        if (layout->item_dimension >= 0)
            offset[items_axis] = (hsize_t)i * layout->chunk_values;
        if (n > 0 && H5Dwrite_chunk(self->datasets[channel], H5P_DEFAULT, 0, offset, n, bytes) < 0)
            return sim_h5_fail(err, self->result->path, "write");
        bytes += n;
    }
    return SIM_OK;
}

/* All channels of a block; a chunk's bytes follow those of the chunk before it. */
static sim_status_t write_block(sim_store_assembly_t *self, sim_run_key_t key, const sim_store_view_t *view,
                                sim_error_t *err)
{
    const unsigned char *bytes = view->chunks;
    sim_status_t status = SIM_OK;
    for (uint32_t i = 0; status == SIM_OK && i < view->head->n_channels; i++) {
        const sim_store_entry_t *entry = &view->entries[i];
        status = write_chunks(self, i, key, view, bytes, err);
        for (uint32_t k = 0; k < entry->n_chunks; k++)
            bytes += view->chunk_bytes[entry->first_chunk + k];
    }
    if (status == SIM_OK && self->events != NULL)
        status = sim_store_events_add(self, key, view, err);
    return status;
}

static void chain_hashes(sim_store_assembly_t *self, sim_run_key_t key, const sim_store_view_t *view)
{
    for (uint32_t i = 0; i < self->store->layout.schema->n_channels; i++) {
        uint64_t leaf = view == NULL ? sim_hash_values(NULL, 0) : view->entries[i].leaf;
        self->hashes[i][key.arm] = sim_hash_word(self->hashes[i][key.arm], leaf);
    }
}

static sim_status_t add_run(sim_store_assembly_t *self, sim_run_key_t key, sim_error_t *err)
{
    const sim_store_place_t *place = sim_store_place(self->store, key);
    sim_store_view_t view;
    bool stored = place->segment != 0;
    sim_status_t status = stored ? sim_parts_read(self->store, place, &self->block, &view, err) : SIM_OK;
    if (status < 0)
        return status;
    chain_hashes(self, key, stored ? &view : NULL);
    status = sim_store_columns_add(self, key, stored ? &view : NULL, err);
    return status < 0 || !stored ? status : write_block(self, key, &view, err);
}

static sim_status_t add_runs(sim_store_assembly_t *self, sim_error_t *err)
{
    const sim_store_t *store = self->store;
    sim_status_t status = SIM_OK;
    sim_run_key_t key;
    for (key.arm = 0; key.arm < store->n_arms; key.arm++)
        for (key.point = 0; key.point < store->n_points; key.point++)
            for (key.replication = 0; status == SIM_OK && key.replication < store->n_replications; key.replication++)
                status = add_run(self, key, err);
    if (status == SIM_OK && self->events != NULL)
        status = sim_store_events_finish(self, err);
    return status;
}

/* Lets the digest know the values' hashes, and closes the variables. */
static void hand_over_hashes(sim_store_assembly_t *self)
{
    const sim_schema_t *schema = self->store->layout.schema;
    sim_store_columns_hand_over(self);
    for (uint32_t i = 0; i < schema->n_channels; i++) {
        if (self->datasets[i] < 0)
            continue;
        sim_h5_know_hashes(self->result, schema->channels[i].group, schema->channels[i].name, &self->hashes[i],
                           self->store->n_arms);
        sim_h5_close(self->datasets[i]);
        self->datasets[i] = -1;
    }
}

static void release(sim_store_assembly_t *self)
{
    for (uint32_t i = 0; i < self->store->layout.schema->n_channels; i++) {
        if (self->datasets != NULL)
            sim_h5_close(self->datasets[i]);
        if (self->hashes != NULL)
            free(self->hashes[i]);
    }
    free(self->datasets);
    free(self->hashes);
    sim_store_columns_free(self->columns);
    sim_store_events_free(self->events);
    sim_store_coder_free(&self->coder);
    sim_store_buffer_free(&self->block);
}

/* Everything that comes from blocks. */
static sim_status_t fill(sim_store_t *store, sim_result_t *result, sim_error_t *err)
{
    sim_store_assembly_t assembly = {.store = store, .result = result};
    sim_status_t status = sim_store_coder_init(&assembly.coder, &store->layout, err);
    if (status == SIM_OK && !reserve(&assembly))
        status = sim_fail(err, SIM_ENOMEM, result->path, "no memory to assemble it");
    if (status == SIM_OK)
        status = sim_store_make_groups(&assembly, err);
    if (status == SIM_OK)
        status = add_runs(&assembly, err);
    if (status == SIM_OK)
        hand_over_hashes(&assembly);
    release(&assembly);
    return status;
}

/* The whole content of a new file; `hole` is where its checksum goes. */
static sim_status_t write_content(sim_store_t *store, sim_result_t *result, sim_store_finish_t finish, void *user,
                                  uint64_t *hole, sim_error_t *err)
{
    sim_status_t status = fill(store, result, err);
    if (status == SIM_OK)
        status = sim_h5_add_checksum(result, hole, err);
    if (status == SIM_OK && finish != NULL)
        status = finish(result, user, err);
    if (status == SIM_OK && sim_h5_finish_scales(result) < 0)
        status = sim_h5_fail(err, result->path, "write the scales");
    if (status == SIM_OK)
        status = sim_h5_digest(result, "/", &store->digest, err);
    if (status == SIM_OK && H5Fflush(result->file, H5F_SCOPE_LOCAL) < 0)
        status = sim_h5_fail(err, result->path, "write");
    return status;
}

/* Closes the file; on failure it is emptied first, so that what HDF5 still wants to write finds room: a file that it
 * can't close stays open inside HDF5 for good. */
static sim_status_t close_file(sim_result_t *result, const char *path, sim_status_t status, sim_error_t *err)
{
    if (status < 0 && truncate(path, 0) < 0 && errno != ENOENT)
        (void)sim_store_io_fail(err, path, "truncate");
    sim_h5_drop_kept(result);
    hid_t file = result->file;
    result->file = -1;
    if (file >= 0 && H5Fclose(file) < 0 && status == SIM_OK)
        status = sim_h5_fail(err, path, "close");
    sim_result_close(result);
    return status;
}

static sim_status_t create_result(sim_result_t **result, const char *path, sim_error_t *err)
{
    *result = calloc(1, sizeof **result);
    if (*result == NULL || ((*result)->path = strdup(path)) == NULL) {
        free(*result);
        *result = NULL;
        return sim_fail(err, SIM_ENOMEM, path, "no memory to assemble it");
    }
    (*result)->writing = true;
    (*result)->format = SIM_STORE_FORMAT;
    (*result)->file = sim_h5_create_file(path);
    return (*result)->file < 0 ? sim_h5_fail(err, path, "create") : SIM_OK;
}

/* Stamps the checksum, syncs and renames. */
static sim_status_t put_in_place(const char *part, const char *path, uint64_t hole, sim_error_t *err)
{
    int fd = open(part, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return sim_store_io_fail(err, part, "open");
    sim_status_t status = sim_h5_stamp_checksum(fd, part, hole, err);
    if (status == SIM_OK && fsync(fd) < 0)
        status = sim_store_io_fail(err, part, "sync");
    if (close(fd) < 0 && status == SIM_OK)
        status = sim_store_io_fail(err, part, "close");
    if (status == SIM_OK && rename(part, path) < 0)
        status = sim_store_io_fail(err, path, "rename into place");
    return status < 0 ? status : sim_store_sync_folder(path, err);
}

static sim_status_t write_file(sim_store_t *self, const char *part, sim_store_finish_t finish, void *user,
                               sim_error_t *err)
{
    sim_result_t *result;
    uint64_t hole = 0;
    sim_status_t status = create_result(&result, part, err);
    if (status == SIM_OK)
        status = write_content(self, result, finish, user, &hole, err);
    if (result != NULL)
        status = close_file(result, part, status, err);
    if (status == SIM_OK)
        status = put_in_place(part, self->path, hole, err);
    if (status < 0)
        (void)unlink(part);
    return status;
}

/* Chunks go over as they are; the rest is small beside them, or counted here. */
static sim_status_t check_room(const sim_store_t *self, sim_error_t *err)
{
    uint64_t free_bytes = sim_store_free_bytes(self->path), need = self->stored_bytes;
    if (free_bytes == 0 || free_bytes > need)
        return SIM_OK;
    return sim_fail(err, SIM_EIO, self->path,
                    "assembling it takes about %.1f MB, the disk has %.1f MB free; free some space, then continue with "
                    "--resume",
                    (double)need / 1e6, (double)free_bytes / 1e6);
}

static sim_status_t commit_all(sim_store_t *self, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    for (sim_store_writer_t *w = self->writers; w != NULL; w = w->next) {
        sim_status_t one = sim_parts_commit(self, w, err);
        status = status < 0 ? status : one;
    }
    return status;
}

sim_status_t sim_store_assemble(sim_store_t *self, bool complete, sim_store_finish_t finish, void *user,
                                sim_error_t *err)
{
    sim_h5_quiet();
    sim_status_t status = commit_all(self, err);
    if (status == SIM_OK)
        status = check_room(self, err);
    size_t bytes = strlen(self->path) + sizeof ".part";
    char *part = malloc(bytes);
    if (status == SIM_OK && part == NULL)
        status = sim_fail(err, SIM_ENOMEM, self->path, "no memory for a path");
    if (status == SIM_OK) {
        snprintf(part, bytes, "%s.part", self->path);
        status = write_file(self, part, finish, user, err);
    }
    free(part);
    if (status == SIM_OK && complete)
        status = sim_parts_remove(self, true, err);
    return status;
}
