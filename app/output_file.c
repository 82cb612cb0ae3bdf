// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

/* The folder that a file is to be written into: there, and open to us. */
static sim_status_t check_folder(const char *path, const char *folder, sim_error_t *err)
{
    struct stat there;

    if (stat(folder, &there) != 0 && errno == ENOENT)
        return sim_fail(err, SIM_EIO, path,
                        "there is no folder %s; expected one to write into; make it first, or "
                        "choose another",
                        folder);
    if (stat(folder, &there) == 0 && !S_ISDIR(there.st_mode))
        return sim_fail(err, SIM_EIO, path, "%s is no folder; expected one to write into; choose another", folder);
    if (access(folder, W_OK | X_OK) != 0)
        return sim_fail(err, SIM_EIO, path, "cannot write into the folder %s: %s; choose another", folder,
                        strerror(errno));
    return SIM_OK;
}

/* What ends in a slash, or is nothing at all, is no file's name: often a variable of a script that was never set. */
static sim_status_t check_name(const char *path, sim_error_t *err)
{
    size_t n = strlen(path);

    if (n == 0 || path[n - 1] == '/')
        return sim_fail(err, SIM_EINPUT, NULL, "found '%s' as the name of a file to write; expected a file's name, %s",
                        path, n == 0 ? "not an empty one" : "not a folder's; put one behind it");
    return SIM_OK;
}

sim_status_t app_output_check_folder(const char *path, sim_error_t *err)
{
    sim_status_t named = check_name(path, err);
    char *folder = named == SIM_OK ? folder_of(path) : NULL;

    if (named != SIM_OK)
        return named;
    if (folder == NULL)
        return sim_fail(err, SIM_ENOMEM, path, "no memory for its name");
    sim_status_t status = check_folder(path, folder, err);
    free(folder);
    return status;
}

sim_status_t app_output_check(const char *path, bool force, sim_error_t *err)
{
    struct stat there;
    sim_status_t named = check_name(path, err);

    if (named != SIM_OK)
        return named;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return sim_fail(err, SIM_EEXISTS, path, "is no regular file and is not replaced; expected another name");
    if (!force && lstat(path, &there) == 0)
        return sim_fail(err, SIM_EEXISTS, path, "is there already; --force replaces it; or choose another name");
    return app_output_check_folder(path, err);
}

sim_status_t app_output_check_apart(const char *path, const char *input, sim_error_t *err)
{
    struct stat out, in;

    if (stat(path, &out) != 0 || stat(input, &in) != 0 || out.st_dev != in.st_dev || out.st_ino != in.st_ino)
        return SIM_OK;
    return sim_fail(err, SIM_EEXISTS, path, "is what is read, and would be lost; expected another name to write to");
}

sim_status_t app_output_check_picture(const char *path, bool force, sim_error_t *err)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *end = strrchr(name, '.');

    sim_status_t status = app_output_check(path, force, err);

    if (status == SIM_OK && end != NULL && end != name && strcasecmp(end, ".svg") != 0)
        return sim_fail(err, SIM_EINPUT, "--plot",
                        "found '%s'; pictures are SVG, which browsers show and 'rsvg-convert' turns into PNG or PDF; "
                        "expected a name that ends in .svg: %.*s.svg",
                        path, (int)(end - path), path);
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

sim_status_t app_output_put(app_output_t *self, const char *path, const char *text, size_t bytes, sim_error_t *err)
{
    sim_status_t status = app_output_open(self, path, err);

    if (status < 0)
        return status;
    (void)fwrite(text, 1, bytes, self->file); /* finishing asks whether it worked */
    return app_output_finish(self, err);
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
