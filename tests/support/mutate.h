// SPDX-License-Identifier: GPL-3.0-or-later
/* Mutated texts for tests that do what a fuzzer does, but the same in every run: bytes changed, pieces dropped, put in,
 * doubled and carried over from other texts.
 *
 *     static test_text_t seeds[10], text;
 *     test_mutator_t mutator = {seeds, 0, 10, pieces, N_PIECES};
 *     test_mutator_add(&mutator, "a: 1\n", 5);
 *     test_mutated(&mutator, &text, &rng);
 */
#ifndef TEST_SUPPORT_MUTATE_H
#define TEST_SUPPORT_MUTATE_H

#include "sim/rng.h"

#include <stddef.h>

#define TEST_TEXT_BYTES ((size_t)1 << 14)

typedef struct test_text {
    char bytes[TEST_TEXT_BYTES]; /* a NUL behind them */
    size_t n;
} test_text_t;

typedef struct test_mutator {
    test_text_t *seeds;
    size_t n_seeds, capacity;
    const char *const *pieces; /* that random bytes would hardly hit */
    size_t n_pieces;
} test_mutator_t;

/* Adds a text to start from; does nothing when there is no room or the text is longer than half of TEST_TEXT_BYTES. */
void test_mutator_add(test_mutator_t *self, const char *bytes, size_t n);
/* One of the seeds after one to four changes. */
void test_mutated(const test_mutator_t *self, test_text_t *text, sim_rng_t *rng);

#endif
