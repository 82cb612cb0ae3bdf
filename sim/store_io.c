// SPDX-License-Identifier: GPL-3.0-or-later
/* Files and folders for the store: errors with a likely fix, and what must reach the disk. */
#include "sim/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static const struct {
    int code;
    const char *fix;
} fixes[] = {
    {ENOSPC, "free some space, then continue with --resume"},
    {EDQUOT, "free some of the quota, then continue with --resume"},
    {EFBIG, "raise the limit on file sizes, then continue with --resume"},
    {EACCES, "choose a folder that can be written with -o"},
    {EPERM, "choose a folder that can be written with -o"},
    {EROFS, "choose a folder that can be written with -o"},
    {ENOENT, "make the folder first, or choose another with -o"},
    {ENOTDIR, "choose another place with -o"},
    {ENAMETOOLONG, "choose a shorter name with -o"},
    {EMFILE, "raise the limit on open files (ulimit -n)"},
    {EIO, "the disk reports a fault; choose another with -o"},
};

sim_status_t sim_store_io_fail(sim_error_t *err, const char *path, const char *verb)
{
    int code = errno;
    const char *fix = "check the disk, or choose another place with -o";
    for (size_t i = 0; i < sizeof fixes / sizeof *fixes; i++)
        if (fixes[i].code == code)
            fix = fixes[i].fix;
    return sim_fail(err, code == ENOMEM ? SIM_ENOMEM : SIM_EIO, path, "can't %s: %s; %s", verb, strerror(code), fix);
}

/* The folder part of a path, "." when it has none; NULL without memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

sim_status_t sim_store_sync_folder(const char *path_inside, sim_error_t *err)
{
    char *folder = folder_of(path_inside);
    if (folder == NULL)
        return sim_fail(err, SIM_ENOMEM, path_inside, "no memory for a path");
    sim_status_t status = SIM_OK;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL)) /* some file systems can't fsync a folder */
        status = sim_store_io_fail(err, folder, "sync the folder");
    if (fd >= 0)
        close(fd);
    free(folder);
    return status;
}

uint64_t sim_store_free_bytes(const char *path)
{
    struct statvfs disk;
    char *folder = folder_of(path);
    int failed = folder == NULL || statvfs(folder, &disk) < 0;
    free(folder);
    return failed ? 0 : (uint64_t)disk.f_bavail * disk.f_frsize;
}

double sim_store_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
