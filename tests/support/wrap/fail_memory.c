// SPDX-License-Identifier: GPL-3.0-or-later
/* Allocations that fail; the linker's --wrap puts these before the libraries' functions. */
#include "tests/support/wrap/fail.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* WRAP(type of the result, value on failure, name, parameters, arguments) */
#define WRAP(type, failure, name, parameters, arguments)                                                               \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters                                                                                      \
    {                                                                                                                  \
        if (!test_fail_now(#name, NULL))                                                                               \
            return __real_##name arguments;                                                                            \
        errno = ENOMEM;                                                                                                \
        return failure;                                                                                                \
    }

/* The disk has no part in these tests. */
__attribute__((visibility("default"))) int fsync(int fd)
{
    (void)fd;
    return 0;
}

WRAP(void *, NULL, malloc, (size_t n), (n))
WRAP(void *, NULL, calloc, (size_t n, size_t bytes), (n, bytes))
WRAP(void *, NULL, realloc, (void *memory, size_t n), (memory, n))
WRAP(char *, NULL, strdup, (const char *text), (text))
WRAP(char *, NULL, strndup, (const char *text, size_t n), (text, n))
WRAP(void *, MAP_FAILED, mmap, (void *at, size_t n, int access, int flags, int fd, off_t offset),
     (at, n, access, flags, fd, offset))
WRAP(int, -1, mprotect, (void *at, size_t n, int access), (at, n, access))
WRAP(struct libdeflate_compressor *, NULL, libdeflate_alloc_compressor, (int level), (level))
WRAP(struct libdeflate_decompressor *, NULL, libdeflate_alloc_decompressor, (void), ())
