// SPDX-License-Identifier: GPL-3.0-or-later
/* FILE.parts/: how finished replications reach the disk while the experiment runs.
 *
 * Each writer appends blocks to a segment of its own, N.part. A commit fsyncs the segment, renames it to N.blocks and
 * fsyncs the folder; the writer's next block starts another segment. One file and two fsyncs for every replication
 * would cost more than a short replication itself, so commits come at most every 0.2 s and take at most a twentieth of
 * the time. Blocks carry their own checksums, so a resume also takes the whole blocks of a .part: when the process is
 * killed nothing is lost that sim_store_put had written, and a power loss can take what came since the last commit at
 * most. */
#include "sim/store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT_MIN_S      0.2
#define COMMIT_COST_RATIO 20.0
#define SEGMENT_MAX_BYTES (UINT64_C(64) << 20)

/* "FILE.parts/NAME"; free it. */
static char *inside(const sim_store_t *self, const char *name)
{
    size_t bytes = strlen(self->parts) + strlen(name) + 2;
    char *path = malloc(bytes);
    if (path != NULL)
        snprintf(path, bytes, "%s/%s", self->parts, name);
    return path;
}

static char *segment_path(const sim_store_t *self, uint32_t segment, const char *suffix)
{
    char name[32];
    snprintf(name, sizeof name, "%08u.%s", segment, suffix);
    return inside(self, name);
}

static sim_status_t no_path(const sim_store_t *self, sim_error_t *err)
{
    return sim_fail(err, SIM_ENOMEM, self->parts, "no memory for a path");
}

/* The lock's file may have been removed, by the run that held it, between opening and locking: then whoever comes next
 * makes another, and this one locks nobody out. */
static bool is_in_place(const struct stat *here, const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && here->st_ino == there.st_ino && here->st_dev == there.st_dev;
}

static sim_status_t lock_file(sim_store_t *self, const char *path, sim_error_t *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return sim_store_io_fail(err, path, "create the lock");
    struct stat info;
    bool taken = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    bool known = fstat(fd, &info) == 0;
    if (known && !taken && is_in_place(&info, path)) {
        self->lock_fd = fd;
        return SIM_OK;
    }
    sim_status_t status = known ? SIM_OK : sim_store_io_fail(err, path, "look at the lock");
    if (!known && !taken && self->disposable)
        unlink(path);
    close(fd);
    return status < 0
               ? status
               : sim_fail(err, SIM_EEXISTS, self->path,
                          "another overbuild is writing this result; wait for it or choose another name with -o");
}

static sim_status_t take_lock(sim_store_t *self, sim_error_t *err)
{
    char *path = inside(self, "lock");
    sim_status_t status = path == NULL ? no_path(self, err) : lock_file(self, path, err);
    free(path);
    return status;
}

sim_status_t sim_parts_create(sim_store_t *self, sim_error_t *err)
{
    self->disposable = mkdir(self->parts, 0777) == 0;
    if (!self->disposable && errno != EEXIST)
        return sim_store_io_fail(err, self->parts, "make the folder");
    sim_status_t status = take_lock(self, err);
    return status < 0 ? status : sim_store_sync_folder(self->parts, err);
}

/* An empty folder would stand in the way of the next try; one with blocks in it stays. */
void sim_parts_abandon(sim_store_t *self)
{
    if (!self->disposable || self->next_segment > 1)
        return;
    if (self->lock_fd >= 0)
        (void)sim_parts_remove(self, true, NULL);
    else
        (void)rmdir(self->parts); /* not locked: no file in it is ours */
}

static sim_status_t write_all(int fd, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return SIM_EIO;
        at += done;
        n -= (size_t)done;
    }
    return SIM_OK;
}

/* fsync, rename into place, fsync the folder. */
static sim_status_t publish(int fd, const char *from, const char *to, sim_error_t *err)
{
    if (fsync(fd) < 0)
        return sim_store_io_fail(err, from, "sync");
    if (rename(from, to) < 0)
        return sim_store_io_fail(err, to, "rename into place");
    return sim_store_sync_folder(to, err);
}

static sim_status_t write_file(const char *part, const char *path, const char *text, sim_error_t *err)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return sim_store_io_fail(err, part, "create");
    sim_status_t status = write_all(fd, text, strlen(text));
    status = status < 0 ? sim_store_io_fail(err, part, "write") : publish(fd, part, path, err);
    close(fd);
    if (status < 0)
        unlink(part);
    return status;
}

sim_status_t sim_parts_write_plan(sim_store_t *self, sim_error_t *err)
{
    size_t bytes = strlen(self->identity) + 128;
    char *text = malloc(bytes), *part = inside(self, "plan.part"), *path = inside(self, "plan");
    sim_status_t status = SIM_OK;
    if (text == NULL || part == NULL || path == NULL) {
        status = no_path(self, err);
    } else {
        snprintf(text, bytes, "overbuild-parts %d\nlayout %016llx\n%s", SIM_STORE_FORMAT,
                 (unsigned long long)self->layout.hash, self->identity);
        status = write_file(part, path, text, err);
    }
    free(text);
    free(part);
    free(path);
    return status;
}

/* A whole small file as text; *text NULL when there is none. */
static sim_status_t read_file(const char *path, char **text, sim_error_t *err)
{
    *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? SIM_OK : sim_store_io_fail(err, path, "read");
    struct stat info;
    sim_status_t status = SIM_OK;
    if (fstat(fd, &info) < 0)
        status = sim_store_io_fail(err, path, "read");
    else if ((*text = calloc((size_t)info.st_size + 1, 1)) == NULL)
        status = sim_fail(err, SIM_ENOMEM, path, "no memory to read it");
    else if (read(fd, *text, (size_t)info.st_size) != info.st_size)
        status = sim_store_io_fail(err, path, "read");
    close(fd);
    return status;
}

static sim_status_t compare_plan(const sim_store_t *self, const char *path, const char *text, sim_error_t *err)
{
    int format = 0, used = 0;
    unsigned long long hash = 0;
    if (sscanf(text, "overbuild-parts %d\nlayout %llx%n", &format, &hash, &used) != 2 || text[used] != '\n')
        return sim_fail(err, SIM_EIO, path, "damaged plan of an experiment; start anew with --force");
    if (format != SIM_STORE_FORMAT)
        return sim_fail(err, SIM_EINPUT, path, "parts of format %d, expected %d; start anew with --force", format,
                        SIM_STORE_FORMAT);
    sim_status_t status = sim_store_same_identity(path, text + used + 1, self->identity, err);
    if (status == SIM_OK && hash != self->layout.hash)
        status =
            sim_fail(err, SIM_EINPUT, path,
                     "the stored replications have other variables, labels or times, or a design where there was none; "
                     "use the program that began the run, or start anew with --force");
    return status;
}

sim_status_t sim_parts_check_plan(sim_store_t *self, bool *found, sim_error_t *err)
{
    char *path = inside(self, "plan"), *text = NULL;
    if (path == NULL)
        return no_path(self, err);
    sim_status_t status = read_file(path, &text, err);
    *found = text != NULL;
    if (status == SIM_OK && *found)
        status = compare_plan(self, path, text, err);
    free(text);
    free(path);
    return status;
}

static sim_status_t open_segment(sim_store_t *self, sim_store_writer_t *writer, sim_error_t *err)
{
    pthread_mutex_lock(&self->mutex);
    writer->segment = self->next_segment++;
    pthread_mutex_unlock(&self->mutex);
    writer->bytes = 0;
    char *path = segment_path(self, writer->segment, "part");
    if (path == NULL)
        return no_path(self, err);
    sim_status_t status = SIM_OK;
    writer->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (writer->fd < 0)
        status = sim_store_io_fail(err, path, "create");
    free(path);
    return status;
}

sim_status_t sim_parts_commit(sim_store_t *self, sim_store_writer_t *writer, sim_error_t *err)
{
    if (writer->fd < 0)
        return SIM_OK;
    double start_s = sim_store_clock_s();
    char *part = segment_path(self, writer->segment, "part"), *path = segment_path(self, writer->segment, "blocks");
    sim_status_t status = part == NULL || path == NULL ? no_path(self, err) : publish(writer->fd, part, path, err);
    close(writer->fd);
    writer->fd = -1;
    free(part);
    free(path);
    pthread_mutex_lock(&self->mutex);
    self->last_commit_s = sim_store_clock_s();
    self->commit_cost_s = self->last_commit_s - start_s;
    pthread_mutex_unlock(&self->mutex);
    return status;
}

static bool commit_due(sim_store_t *self, const sim_store_writer_t *writer)
{
    pthread_mutex_lock(&self->mutex);
    double wait_s = self->commit_cost_s * COMMIT_COST_RATIO;
    wait_s = wait_s < COMMIT_MIN_S ? COMMIT_MIN_S : wait_s;
    bool due = sim_store_clock_s() - self->last_commit_s >= wait_s || writer->bytes > SEGMENT_MAX_BYTES;
    pthread_mutex_unlock(&self->mutex);
    return due;
}

/* Commits what other writers, idle now, have left open. */
static sim_status_t commit_idle(sim_store_t *self, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    for (;;) {
        pthread_mutex_lock(&self->mutex);
        sim_store_writer_t *idle = self->writers;
        while (idle != NULL && (idle->busy || idle->fd < 0))
            idle = idle->next;
        if (idle != NULL)
            idle->busy = true;
        pthread_mutex_unlock(&self->mutex);
        if (idle == NULL)
            return status;
        sim_status_t one = sim_parts_commit(self, idle, err);
        status = status < 0 ? status : one;
        sim_store_give_writer(self, idle);
    }
}

/* Writes the encoded block; on failure the segment is as long as before. */
static sim_status_t write_block(sim_store_t *self, sim_store_writer_t *writer, sim_error_t *err)
{
    const sim_store_buffer_t *block = &writer->coder.block;
    if (write_all(writer->fd, block->data, block->size) == SIM_OK)
        return SIM_OK;
    sim_status_t status = sim_store_io_fail(err, self->parts, "write");
    if (ftruncate(writer->fd, (off_t)writer->bytes) < 0 || lseek(writer->fd, (off_t)writer->bytes, SEEK_SET) < 0) {
        close(writer->fd);
        writer->fd = -1;
    }
    return status;
}

sim_status_t sim_parts_append(sim_store_t *self, sim_store_writer_t *writer, sim_run_key_t key, sim_error_t *err)
{
    sim_status_t status = writer->fd < 0 ? open_segment(self, writer, err) : SIM_OK;
    if (status == SIM_OK)
        status = write_block(self, writer, err);
    if (status < 0)
        return status;
    sim_store_view_t view;
    size_t bytes = sim_store_block_view(writer->coder.block.data, writer->coder.block.size, &view);
    SIM_ASSERT(bytes == writer->coder.block.size);
    pthread_mutex_lock(&self->mutex);
    sim_store_register(self, key, &view, writer->segment, writer->bytes);
    pthread_mutex_unlock(&self->mutex);
    writer->bytes += bytes;
    if (!commit_due(self, writer))
        return SIM_OK;
    status = sim_parts_commit(self, writer, err);
    return status < 0 ? status : commit_idle(self, err);
}

static sim_status_t open_stored(const sim_store_t *self, uint32_t segment, int *fd, sim_error_t *err)
{
    static const char *const suffixes[] = {"blocks", "part"};
    *fd = -1;
    sim_status_t status = SIM_OK;
    for (int i = 0; status == SIM_OK && i < 2 && *fd < 0; i++) {
        char *path = segment_path(self, segment, suffixes[i]);
        *fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        if (path == NULL)
            status = no_path(self, err);
        else if (*fd < 0 && errno != ENOENT)
            status = sim_store_io_fail(err, path, "read");
        free(path);
    }
    return status;
}

sim_status_t sim_parts_read(sim_store_t *self, const sim_store_place_t *place, sim_store_buffer_t *buffer,
                            sim_store_view_t *view, sim_error_t *err)
{
    buffer->size = 0;
    if (!sim_store_buffer_reserve(buffer, place->bytes))
        return sim_fail(err, SIM_ENOMEM, self->parts, "no memory for a block of %llu bytes",
                        (unsigned long long)place->bytes);
    int fd;
    sim_status_t status = open_stored(self, place->segment, &fd, err);
    if (status < 0)
        return status;
    ssize_t got = fd < 0 ? -1 : pread(fd, buffer->data, place->bytes, (off_t)place->offset);
    if (fd >= 0)
        close(fd);
    if (got >= 0 && sim_store_block_view(buffer->data, (size_t)got, view) == place->bytes)
        return SIM_OK;
    return sim_fail(
        err, SIM_EIO, self->parts,
        "segment %08u can't be read or was damaged since it was written; --resume runs what is missing again",
        place->segment);
}

bool sim_parts_is_segment(const char *name, uint32_t *segment)
{
    char suffix[8];
    return sscanf(name, "%8u.%7s", segment, suffix) == 2 && *segment > 0 &&
           (strcmp(suffix, "blocks") == 0 || strcmp(suffix, "part") == 0);
}

/* Removes the files in an open parts folder: all segments, or what else is ours. */
static sim_status_t remove_files(sim_store_t *self, DIR *folder, bool segments, bool lock_too, sim_error_t *err)
{
    sim_status_t status = SIM_OK;
    rewinddir(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint32_t segment;
        bool plan = strncmp(entry->d_name, "plan", 4) == 0, lock = lock_too && strcmp(entry->d_name, "lock") == 0;
        bool wanted = segments ? sim_parts_is_segment(entry->d_name, &segment) : plan || lock;
        if (wanted && unlinkat(dirfd(folder), entry->d_name, 0) < 0 && errno != ENOENT)
            status = sim_store_io_fail(err, self->parts, "remove what is in it");
    }
    return status;
}

/* The plan outlives the segments, on the disk too: without it they could pass for another experiment's. */
sim_status_t sim_parts_remove(sim_store_t *self, bool folder_too, sim_error_t *err)
{
    DIR *folder = opendir(self->parts);
    if (folder == NULL)
        return sim_store_io_fail(err, self->parts, "read the folder");
    sim_status_t status = remove_files(self, folder, true, false, err);
    if (status == SIM_OK && fsync(dirfd(folder)) < 0 && errno != EINVAL)
        status = sim_store_io_fail(err, self->parts, "sync the folder");
    if (status == SIM_OK)
        status = remove_files(self, folder, false, folder_too, err);
    closedir(folder);
    if (status == SIM_OK && folder_too && rmdir(self->parts) < 0 && errno != ENOTEMPTY && errno != EEXIST)
        status = sim_store_io_fail(err, self->parts, "remove the folder");
    return status < 0 ? status : sim_store_sync_folder(folder_too ? self->path : self->parts, err);
}
