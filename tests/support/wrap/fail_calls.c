// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls of the operating system that fail. Defined in the program, these stand before the C library's for every library
 * that is loaded, HDF5 included. fsync counts and fails like the others, but spares the disk. */
#define _GNU_SOURCE
#include "tests/support/wrap/fail.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The function of that name behind this one. */
static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* PASS(type of the result, value on failure, name, path or NULL, parameters, arguments) */
#define PASS(type, failure, name, path, parameters, arguments)                                                         \
    __attribute__((visibility("default"))) type name parameters                                                        \
    {                                                                                                                  \
        type(*real) parameters;                                                                                        \
        void *found = next(#name);                                                                                     \
        memcpy(&real, &found, sizeof real);                                                                            \
        return test_fail_now(#name, path) ? failure : real arguments;                                                  \
    }

PASS(ssize_t, -1, read, NULL, (int fd, void *bytes, size_t n), (fd, bytes, n))
PASS(ssize_t, -1, write, NULL, (int fd, const void *bytes, size_t n), (fd, bytes, n))
PASS(ssize_t, -1, pread, NULL, (int fd, void *bytes, size_t n, off_t offset), (fd, bytes, n, offset))
PASS(ssize_t, -1, pwrite, NULL, (int fd, const void *bytes, size_t n, off_t offset), (fd, bytes, n, offset))
PASS(int, -1, ftruncate, NULL, (int fd, off_t n), (fd, n))
PASS(int, -1, flock, NULL, (int fd, int operation), (fd, operation))
PASS(int, -1, fstat, NULL, (int fd, struct stat *info), (fd, info))
PASS(int, -1, rename, to, (const char *from, const char *to), (from, to))
PASS(int, -1, mkdir, path, (const char *path, mode_t mode), (path, mode))
PASS(int, -1, unlinkat, path, (int folder, const char *path, int flags), (folder, path, flags))
PASS(int, -1, rmdir, path, (const char *path), (path))
PASS(DIR *, NULL, opendir, path, (const char *path), (path))

__attribute__((visibility("default"))) int fsync(int fd)
{
    (void)fd;
    return test_fail_now("fsync", NULL) ? -1 : 0;
}

__attribute__((visibility("default"))) int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    int (*real)(const char *, int, ...);
    void *found = next("open");
    memcpy(&real, &found, sizeof real);
    return test_fail_now("open", path) ? -1 : real(path, flags, mode);
}
