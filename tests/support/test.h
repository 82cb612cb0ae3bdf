// SPDX-License-Identifier: GPL-3.0-or-later
/* What every test file includes: cmocka with the headers that it wants before it. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

/* In doubles; cmocka's assert_float_equal compares floats. */
#define assert_close(found, expected, tolerance)                                                                       \
    do {                                                                                                               \
        double found_ = (found), expected_ = (expected);                                                               \
        if (!(fabs(found_ - expected_) <= (tolerance)))                                                                \
            fail_msg("found %.17g, expected %.17g", found_, expected_);                                                \
    } while (0)

#endif
