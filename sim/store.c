// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/plural.h"
#include "sim/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

sim_store_place_t *sim_store_place(const sim_store_t *self, sim_run_key_t key)
{
    SIM_ASSERT(key.arm < self->n_arms && key.point < self->n_points && key.replication < self->n_replications);
    size_t index = ((size_t)key.arm * self->n_points + key.point) * self->n_replications + key.replication;
    return &self->places[index];
}

void sim_store_register(sim_store_t *self, sim_run_key_t key, const sim_store_view_t *view, uint32_t segment,
                        uint64_t offset)
{
    sim_store_place_t *place = sim_store_place(self, key);
    if (place->segment != 0 && place->status == SIM_OK)
        return; /* a finished replication is the same whenever it was run */
    const sim_store_head_t *head = view->head;
    self->event_rows += head->n_event_rows - place->event_rows;
    self->stored_bytes += sizeof *head + head->payload_bytes - place->bytes;
    *place = (sim_store_place_t){
        .offset = offset,
        .bytes = sizeof *head + head->payload_bytes,
        .event_rows = head->n_event_rows,
        .segment = segment,
        .status = head->status,
    };
    for (uint32_t i = 0; i < head->n_dimensions; i++)
        if (view->items[i] > self->max_items[i])
            self->max_items[i] = view->items[i];
}

int64_t sim_store_arm(const sim_store_t *self, const char *label, size_t bytes)
{
    for (uint32_t i = 0; i < self->n_arms; i++)
        if (strlen(self->arms[i]) == bytes && memcmp(self->arms[i], label, bytes) == 0)
            return i;
    return -1;
}

sim_status_t sim_store_outside(const sim_store_t *self, const char *where, const char *arm, sim_run_key_t key,
                               sim_error_t *err)
{
    return sim_fail(
        err, SIM_EINPUT, where,
        "holds finished replication %u (counted from 0) of point %u of arm %s; found %u replication%s, %u point%s "
        "%s that arm in the experiment now; a run can grow but not shrink; ask for what it holds and more, choose "
        "another name with -o, or start anew with --force",
        key.replication, key.point, arm, self->n_replications, sim_plural(self->n_replications), self->n_points,
        sim_plural(self->n_points), sim_store_arm(self, arm, strlen(arm)) < 0 ? "and not" : "and");
}

static char *suffixed(const char *path, const char *suffix)
{
    size_t bytes = strlen(path) + strlen(suffix) + 1;
    char *text = malloc(bytes);
    if (text != NULL)
        snprintf(text, bytes, "%s%s", path, suffix);
    return text;
}

static bool copy_plan(sim_store_t *self, const char *path, const sim_store_plan_t *plan)
{
    size_t runs = (size_t)plan->n_arms * plan->n_points * plan->n_replications;
    self->n_arms = plan->n_arms;
    self->n_points = plan->n_points;
    self->n_replications = plan->n_replications;
    self->path = strdup(path);
    self->parts = suffixed(path, ".parts");
    self->identity = strdup(plan->identity == NULL ? "" : plan->identity);
    self->arms = calloc((size_t)plan->n_arms + 1, sizeof *self->arms);
    self->places = calloc(runs + 1, sizeof *self->places);
    self->max_items = calloc((size_t)plan->schema->n_dimensions + 1, sizeof *self->max_items);
    bool good = self->path != NULL && self->parts != NULL && self->identity != NULL && self->arms != NULL &&
                self->places != NULL && self->max_items != NULL;
    for (uint32_t i = 0; good && i < plan->n_arms; i++)
        good = (self->arms[i] = strdup(plan->arms[i])) != NULL;
    return good;
}

static sim_status_t check_plan(const char *path, const sim_store_plan_t *plan, sim_error_t *err)
{
    if (plan->n_arms == 0 || plan->n_points == 0 || plan->n_replications == 0)
        return sim_fail(err, SIM_EINPUT, path,
                        "an experiment needs at least one arm, point and replication; found %u, %u, %u", plan->n_arms,
                        plan->n_points, plan->n_replications);
    size_t runs;
    if (__builtin_mul_overflow((size_t)plan->n_arms * plan->n_points, plan->n_replications, &runs) ||
        runs > SIZE_MAX / (2 * sizeof(sim_store_place_t)))
        return sim_fail(err, SIM_EINPUT, path, "%u arms x %u points x %u replications are too many", plan->n_arms,
                        plan->n_points, plan->n_replications);
    for (uint32_t i = 0; i < plan->n_arms; i++)
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(plan->arms[i], plan->arms[k]) == 0)
                return sim_fail(err, SIM_EINPUT, path, "arm %s is there twice", plan->arms[i]);
    return SIM_OK;
}

static sim_status_t refuse_existing(const sim_store_t *self, sim_error_t *err)
{
    struct stat info;
    if (lstat(self->path, &info) == 0)
        return sim_fail(err, SIM_EEXISTS, self->path,
                        "exists already; --force replaces it, --resume continues it, -o names another");
    if (lstat(self->parts, &info) == 0)
        return sim_fail(err, SIM_EEXISTS, self->parts,
                        "an unfinished run is there; --resume continues it, --force starts anew");
    return SIM_OK;
}

/* --force may remove nothing but a regular file that starts as every HDF5 file does. */
static sim_status_t check_replaceable(const sim_store_t *self, sim_error_t *err)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char start[sizeof signature];
    struct stat info;
    if (lstat(self->path, &info) < 0)
        return SIM_OK;
    int fd = S_ISREG(info.st_mode) ? open(self->path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd < 0 ? 0 : read(fd, start, sizeof start);
    bool unreadable = S_ISREG(info.st_mode) && (fd < 0 || n < 0);
    sim_status_t status = unreadable ? sim_store_io_fail(err, self->path, "read") : SIM_OK;
    if (fd >= 0)
        close(fd);
    if (!unreadable && (n < (ssize_t)sizeof start || memcmp(start, signature, sizeof start) != 0))
        status = sim_fail(err, SIM_EEXISTS, self->path,
                          "is no result (no HDF5 file); --force replaces results only; choose another name with -o");
    return status;
}

static sim_status_t remove_existing(sim_store_t *self, sim_error_t *err)
{
    sim_status_t status = check_replaceable(self, err);
    if (status < 0)
        return status;
    if (unlink(self->path) < 0 && errno != ENOENT)
        return sim_store_io_fail(err, self->path, "remove");
    status = sim_parts_remove(self, false, err);
    self->disposable = status == SIM_OK;
    return status;
}

/* Blocks without a plan are those of an import that was killed: its result tells what they are of. */
static sim_status_t check_origin(const sim_store_t *self, bool found_plan, sim_error_t *err)
{
    struct stat info;
    if (found_plan || self->next_segment == 1 || stat(self->path, &info) == 0)
        return SIM_OK;
    return sim_fail(err, SIM_EINPUT, self->parts,
                    "it has replications, but no plan that says of which experiment; start anew with --force");
}

/* Blocks first, then what only the result has. */
static sim_status_t resume(sim_store_t *self, sim_error_t *err)
{
    bool found = false;
    sim_status_t status = sim_parts_check_plan(self, &found, err);
    if (status == SIM_OK)
        status = sim_parts_scan(self, err);
    if (status == SIM_OK)
        status = check_origin(self, found, err);
    if (status == SIM_OK)
        status = sim_store_import(self, found, err);
    return status < 0 ? status : sim_parts_write_plan(self, err); /* again, as there may be new arms */
}

static sim_status_t start_anew(sim_store_t *self, sim_store_mode_t mode, sim_error_t *err)
{
    sim_status_t status = mode == SIM_STORE_FORCE ? remove_existing(self, err) : SIM_OK;
    return status < 0 ? status : sim_parts_write_plan(self, err);
}

static sim_status_t start(sim_store_t *self, sim_store_mode_t mode, sim_error_t *err)
{
    sim_status_t status = mode == SIM_STORE_NEW ? refuse_existing(self, err) : SIM_OK;
    if (status < 0)
        return status;
    status = sim_parts_create(self, err);
    if (status == SIM_OK)
        status = mode == SIM_STORE_RESUME ? resume(self, err) : start_anew(self, mode, err);
    if (status < 0)
        sim_parts_abandon(self);
    return status;
}

sim_status_t sim_store_open(sim_store_t **self, const char *path, const sim_store_plan_t *plan, sim_store_mode_t mode,
                            sim_error_t *err)
{
    *self = NULL;
    sim_status_t status = check_plan(path, plan, err);
    if (status < 0)
        return status;
    sim_store_t *store = calloc(1, sizeof *store);
    if (store == NULL)
        return sim_fail(err, SIM_ENOMEM, path, "no memory for the store");
    store->lock_fd = -1;
    store->next_segment = 1;
    store->last_commit_s = sim_store_clock_s();
    pthread_mutex_init(&store->mutex, NULL);
    status = copy_plan(store, path, plan) ? SIM_OK : sim_fail(err, SIM_ENOMEM, path, "no memory for the plan");
    if (status == SIM_OK)
        status = sim_store_layout_init(&store->layout, plan->schema, plan->n_points > 1, err);
    if (status == SIM_OK)
        status = start(store, mode, err);
    if (status < 0)
        sim_store_close(store);
    else
        *self = store;
    return status;
}

void sim_store_close(sim_store_t *self)
{
    if (self == NULL)
        return;
    while (self->writers != NULL) {
        sim_store_writer_t *writer = self->writers;
        self->writers = writer->next;
        (void)sim_parts_commit(self, writer, NULL);
        sim_store_coder_free(&writer->coder);
        free(writer);
    }
    if (self->lock_fd >= 0)
        close(self->lock_fd);
    for (uint32_t i = 0; self->arms != NULL && i < self->n_arms; i++)
        free(self->arms[i]);
    free(self->arms);
    free(self->path);
    free(self->parts);
    free(self->identity);
    free(self->places);
    free(self->max_items);
    sim_store_layout_free(&self->layout);
    pthread_mutex_destroy(&self->mutex);
    free(self);
}

bool sim_store_has(const sim_store_t *self, sim_run_key_t key)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&self->mutex; /* workers may ask while others put */
    const sim_store_place_t *place = sim_store_place(self, key);
    pthread_mutex_lock(mutex);
    bool has = place->segment != 0 && place->status == SIM_OK;
    pthread_mutex_unlock(mutex);
    return has;
}

sim_status_t sim_store_outcome(sim_store_t *self, sim_run_key_t key, uint32_t channel, double *value, sim_error_t *err)
{
    SIM_ASSERT(channel < self->layout.schema->n_channels);
    SIM_ASSERT(self->layout.schema->channels[channel].kind == SIM_CHANNEL_OUTCOME);
    *value = (double)NAN;
    const sim_store_place_t *place = sim_store_place(self, key);
    if (place->segment == 0 || place->status != SIM_OK)
        return SIM_OK;
    sim_store_buffer_t buffer = {0};
    sim_store_view_t view;
    sim_status_t status = sim_parts_read(self, place, &buffer, &view, err);
    if (status == SIM_OK)
        *value = view.entries[channel].value;
    sim_store_buffer_free(&buffer);
    return status;
}

void sim_store_shorten(sim_store_t *self, uint32_t n_replications)
{
    SIM_ASSERT(n_replications >= 1 && n_replications <= self->n_replications);
    size_t rows = (size_t)self->n_arms * self->n_points;
    for (size_t row = 1; row < rows; row++)
        memmove(&self->places[row * n_replications], &self->places[row * self->n_replications],
                n_replications * sizeof *self->places);
    self->n_replications = n_replications;
}

const char *sim_store_notice(const sim_store_t *self)
{
    return self->notice;
}

uint64_t sim_store_digest(const sim_store_t *self)
{
    return self->digest;
}

/* An idle writer, preferably one with an open segment; busy from now on. */
static sim_store_writer_t *claim_idle(sim_store_t *self)
{
    sim_store_writer_t *best = NULL;
    pthread_mutex_lock(&self->mutex);
    for (sim_store_writer_t *w = self->writers; w != NULL; w = w->next)
        if (!w->busy && (best == NULL || (best->fd < 0 && w->fd >= 0)))
            best = w;
    if (best != NULL)
        best->busy = true;
    pthread_mutex_unlock(&self->mutex);
    return best;
}

sim_store_writer_t *sim_store_take_writer(sim_store_t *self, sim_error_t *err)
{
    sim_store_writer_t *writer = claim_idle(self);
    if (writer != NULL)
        return writer;
    writer = calloc(1, sizeof *writer);
    if (writer == NULL || sim_store_coder_init(&writer->coder, &self->layout, err) < 0) {
        free(writer);
        (void)sim_fail(err, SIM_ENOMEM, self->path, "no memory for a writer");
        return NULL;
    }
    writer->fd = -1;
    writer->busy = true;
    pthread_mutex_lock(&self->mutex);
    writer->next = self->writers;
    self->writers = writer;
    pthread_mutex_unlock(&self->mutex);
    return writer;
}

void sim_store_give_writer(sim_store_t *self, sim_store_writer_t *writer)
{
    pthread_mutex_lock(&self->mutex);
    writer->busy = false;
    pthread_mutex_unlock(&self->mutex);
}

sim_status_t sim_store_put(sim_store_t *self, sim_run_key_t key, const sim_recorder_t *recorder,
                           const sim_run_meta_t *meta, sim_error_t *err)
{
    SIM_ASSERT(sim_store_place(self, key) != NULL);
    const char *arm = self->arms[key.arm];
    const sim_recorder_t *values = meta->status < 0 ? NULL : recorder;
    SIM_ASSERT(meta->status < 0 || recorder != NULL);
    if (values != NULL && sim_recorder_status(values) < 0)
        return sim_fail(err, sim_recorder_status(values), self->path,
                        "replication %u of arm %s lost event rows: no memory", key.replication, arm);
    sim_store_writer_t *writer = sim_store_take_writer(self, err);
    if (writer == NULL)
        return SIM_ENOMEM;
    sim_status_t status = sim_store_block_encode(&writer->coder, &self->layout, arm, key, values, meta, err);
    if (status == SIM_OK)
        status = sim_parts_append(self, writer, key, err);
    sim_store_give_writer(self, writer);
    return status;
}
