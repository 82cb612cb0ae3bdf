// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/mutate.h"

#include "sim/draw.h"

#include <string.h>

static size_t below(sim_rng_t *rng, size_t n)
{
    return n == 0 ? 0 : (size_t)sim_draw_below(rng, n);
}

static void splice(test_text_t *text, size_t at, size_t drop, const char *bytes, size_t n)
{
    drop = drop < text->n - at ? drop : text->n - at;
    if (text->n - drop + n > TEST_TEXT_BYTES - 1)
        return;
    memmove(text->bytes + at + n, text->bytes + at + drop, text->n - at - drop);
    memcpy(text->bytes + at, bytes, n);
    text->n += n - drop;
}

static void mutate(const test_mutator_t *self, test_text_t *text, sim_rng_t *rng)
{
    size_t at = below(rng, text->n + 1);
    const test_text_t *other = &self->seeds[below(rng, self->n_seeds)];
    size_t from = below(rng, other->n), length = below(rng, 40);
    char byte = (char)below(rng, 256), doubled[TEST_TEXT_BYTES];
    const char *piece = self->pieces[below(rng, self->n_pieces)];
    switch (below(rng, 5)) {
    case 0: splice(text, at, 1, &byte, 1); break;
    case 1: splice(text, at, below(rng, 20), "", 0); break;
    case 2: splice(text, at, 0, piece, strlen(piece)); break;
    case 3:
        splice(text, at, below(rng, 10), other->bytes + from, length < other->n - from ? length : other->n - from);
        break;
    default:
        length = below(rng, text->n < 200 ? text->n : 200);
        memcpy(doubled, text->bytes + below(rng, text->n - length), length);
        splice(text, at, 0, doubled, length);
        break;
    }
}

void test_mutated(const test_mutator_t *self, test_text_t *text, sim_rng_t *rng)
{
    *text = self->seeds[below(rng, self->n_seeds)];
    for (size_t i = 1 + below(rng, 4); i > 0; i--)
        mutate(self, text, rng);
    text->bytes[text->n] = '\0';
}

void test_mutator_add(test_mutator_t *self, const char *bytes, size_t n)
{
    if (self->n_seeds == self->capacity || n > TEST_TEXT_BYTES / 2)
        return;
    memcpy(self->seeds[self->n_seeds].bytes, bytes, n);
    self->seeds[self->n_seeds++].n = n;
}
