// SPDX-License-Identifier: GPL-3.0-or-later
/* Tight limits of the system for a few lines of a test. Skips the test under a sanitizer, which needs the memory
 * itself.
 *
 *     struct rlimit saved;
 *     test_limit_begin(RLIMIT_AS, 1 << 30, &saved);
 *     ... calls whose results are kept, and no assertion ...
 *     test_limit_end(RLIMIT_AS, &saved);
 */
#ifndef TEST_SUPPORT_LIMIT_H
#define TEST_SUPPORT_LIMIT_H

#include "tests/support/test.h"

#include <sys/resource.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_UNDER_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_UNDER_SANITIZER 1
#endif
#ifndef TEST_UNDER_SANITIZER
#define TEST_UNDER_SANITIZER 0
#endif

static inline void test_limit_begin(int resource, rlim_t limit, struct rlimit *saved)
{
    if (TEST_UNDER_SANITIZER)
        skip();
    assert_int_equal(getrlimit(resource, saved), 0);
    struct rlimit tight = {limit, saved->rlim_max};
    assert_int_equal(setrlimit(resource, &tight), 0);
}

static inline void test_limit_end(int resource, const struct rlimit *saved)
{
    assert_int_equal(setrlimit(resource, saved), 0);
}

#endif
