// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder of a path, to be freed; NULL without memory. */
static char *folder_of(const char *path)
{
    char *copy = strdup(path);
    char *folder = copy != NULL ? strdup(dirname(copy)) : NULL;

    free(copy);
    return folder;
}

static sim_status_t failed(sim_error_t *err, const char *path, const char *doing)
{
    return sim_fail(err, SIM_EIO, path, "cannot %s: %s", doing, strerror(errno));
}

sim_status_t app_output_check(const char *path, bool force, sim_error_t *err)
{
    struct stat there;

    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return sim_fail(err, SIM_EEXISTS, path, "is no regular file and is not replaced; expected another name");
    if (!force && lstat(path, &there) == 0)
        return sim_fail(err, SIM_EEXISTS, path, "is there already; --force replaces it; or choose another name");
    char *folder = folder_of(path);
    if (folder == NULL)
        return sim_fail(err, SIM_ENOMEM, path, "no memory for its name");
    sim_status_t status = SIM_OK;
    if (access(folder, W_OK | X_OK) != 0)
        status = failed(err, path, "write into its folder");
    free(folder);
    return status;
}

sim_status_t app_output_open(app_output_t *self, const char *path, sim_error_t *err)
{
    *self = (app_output_t){.path = path};
    size_t bytes = strlen(path) + 32;
    self->part = malloc(bytes);
    if (self->part == NULL)
        return sim_fail(err, SIM_ENOMEM, path, "no memory for its name");
    snprintf(self->part, bytes, "%s.%ld.part", path, (long)getpid());
    int fd = open(self->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0)
        self->file = fdopen(fd, "w");
    if (self->file != NULL)
        return SIM_OK;
    (void)failed(err, path, "write");
    if (fd >= 0)
        (void)close(fd);
    app_output_free(self);
    return SIM_EIO;
}

sim_status_t app_output_finish(app_output_t *self, sim_error_t *err)
{
    bool good = fflush(self->file) == 0 && !ferror(self->file) && fsync(fileno(self->file)) == 0;
    sim_status_t status = good ? SIM_OK : failed(err, self->path, "write");

    if (fclose(self->file) != 0 && status == SIM_OK)
        status = failed(err, self->path, "write");
    self->file = NULL;
    return status;
}

/* A new name lasts once the folder is on the disk. */
static void sync_folder(const char *path)
{
    char *folder = folder_of(path);
    int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(folder);
}

sim_status_t app_output_commit(app_output_t *self, sim_error_t *err)
{
    if (rename(self->part, self->path) != 0)
        return failed(err, self->path, "give the finished file its name");
    free(self->part);
    self->part = NULL;
    sync_folder(self->path);
    return SIM_OK;
}

void app_output_free(app_output_t *self)
{
    if (self->file != NULL)
        (void)fclose(self->file);
    if (self->part != NULL)
        (void)unlink(self->part);
    free(self->part);
    *self = (app_output_t){0};
}
