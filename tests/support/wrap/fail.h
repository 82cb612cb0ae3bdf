// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls that fail on purpose: the n-th allocation, the n-th call of the operating system, or the n-th of HDF5.
 *
 * A test called failing_KIND_... is linked with fail_KIND.c (tests/CMakeLists.txt):
 *
 *   fail_memory.c  malloc, calloc, realloc, strdup, strndup, mmap, mprotect and libdeflate's coders, called by Overbuild
 *                  itself (the linker's --wrap; HDF5's own allocations go on as usual)
 *   fail_calls.c   open, read, write, fsync, rename, ... of Overbuild and HDF5 alike; fsync does not touch the disk
 *   fail_hdf5.c    functions of HDF5 called by Overbuild (--wrap)
 *
 *     for (long n = 1;; n++) {
 *         test_fail_nth(n, TEST_FAIL_ONCE);
 *         sim_status_t status = act(&err);
 *         if (!test_fail_end())
 *             break;                          // no n-th call: everything has been tried
 *         assert_true(status < 0);
 *     }
 */
#ifndef TEST_SUPPORT_FAIL_H
#define TEST_SUPPORT_FAIL_H

#include <stdbool.h>

typedef enum test_fail_mode {
    TEST_FAIL_ONCE, /* the n-th call only */
    TEST_FAIL_ON    /* the n-th and all later ones: memory stays used up, the disk stays full */
} test_fail_mode_t;

/* From now on the n-th call (1 = the next) fails. */
void test_fail_nth(long n, test_fail_mode_t mode);
/* Every call works again; whether one failed since. */
bool test_fail_end(void);
/* Only calls of this name count, and where they have a path, only those whose path holds `fragment`; NULL = all. Holds
 * until the next test_fail_end. */
void test_fail_only(const char *call, const char *fragment);
/* errno of failing calls of the operating system; EIO unless set. */
void test_fail_errno(int code);
/* Called before every call that can be made to fail, to do what another process might do at that moment; NULL = none. */
void test_fail_before(void (*hook)(const char *call));
/* Name of the call that failed last; for messages. */
const char *test_fail_call(void);

/* For the wrappers: counts a call (path NULL = it has none) and says whether it must fail, errno being set then. */
bool test_fail_now(const char *call, const char *path);

#endif
