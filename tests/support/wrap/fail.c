// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/wrap/fail.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

static atomic_long left; /* calls until the one that fails, itself included; 0 = none will */
static atomic_bool failed;
static test_fail_mode_t how;
static const char *only_call, *only_path;
static int code = EIO;
static void (*before)(const char *call);
static const char *_Atomic last = "nothing";

void test_fail_nth(long n, test_fail_mode_t mode)
{
    how = mode;
    atomic_store(&failed, false);
    atomic_store(&left, n);
}

bool test_fail_end(void)
{
    atomic_store(&left, 0);
    only_call = only_path = NULL;
    code = EIO;
    return atomic_load(&failed);
}

void test_fail_only(const char *call, const char *fragment)
{
    only_call = call;
    only_path = fragment;
}

void test_fail_errno(int value)
{
    code = value;
}

const char *test_fail_call(void)
{
    return atomic_load(&last);
}

void test_fail_before(void (*hook)(const char *call))
{
    before = hook;
}

static bool counts(const char *call, const char *path)
{
    return (only_call == NULL || strcmp(only_call, call) == 0) &&
           (only_path == NULL || (path != NULL && strstr(path, only_path) != NULL));
}

bool test_fail_now(const char *call, const char *path)
{
    if (before != NULL)
        before(call);
    if (atomic_load(&left) == 0 || !counts(call, path))
        return false;
    if (atomic_load(&left) > 1) {
        atomic_fetch_sub(&left, 1);
        return false;
    }
    if (how == TEST_FAIL_ONCE)
        atomic_store(&left, 0);
    atomic_store(&failed, true);
    atomic_store(&last, call);
    errno = code;
    return true;
}
