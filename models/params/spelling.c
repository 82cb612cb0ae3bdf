// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/params/spelling.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_WORD  127
#define MAX_STEPS 3

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Fills the row of the alignment table that belongs to a[i-1] from the two rows before it. */
static void next_row(const char *a, const char *b, size_t i, size_t length_b, const size_t *before, const size_t *last,
                     size_t *row)
{
    row[0] = i;
    for (size_t j = 1; j <= length_b; j++) {
        size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
        row[j] = smaller(change, smaller(last[j], row[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = smaller(row[j], before[j - 2] + 1);
    }
}

size_t mdl_spelling_distance(const char *a, const char *b)
{
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > MAX_WORD || length_b > MAX_WORD)
        return SIZE_MAX;
    size_t rows[3][MAX_WORD + 1];
    for (size_t j = 0; j <= length_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length_a; i++)
        next_row(a, b, i, length_b, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]);
    return rows[length_a % 3][length_b];
}

mdl_spelling_t mdl_spelling(const char *word)
{
    size_t half = (strlen(word) + 1) / 2;
    return (mdl_spelling_t){word, NULL, smaller(MAX_STEPS + 1, half > 0 ? half : 1)};
}

/* Characters of the one word that the other has too few of, of whichever has more of them: each step makes up for one at
 * most. Far cheaper than the distance, and enough to tell nearly all words apart. */
static size_t least_distance(const char *a, size_t length_a, const char *b, size_t length_b)
{
    size_t counts[UINT8_MAX + 1] = {0}, common = 0;

    for (size_t i = 0; i < length_a; i++)
        counts[(uint8_t)a[i]]++;
    for (size_t i = 0; i < length_b; i++)
        if (counts[(uint8_t)b[i]] > 0) {
            counts[(uint8_t)b[i]]--;
            common++;
        }
    return (length_a > length_b ? length_a : length_b) - common;
}

void mdl_spelling_offer(mdl_spelling_t *self, const char *known)
{
    size_t length = strlen(self->word), other = strlen(known);
    if ((length > other ? length - other : other - length) >= self->distance)
        return; /* each step changes the length by one at most */
    if (least_distance(self->word, length, known, other) >= self->distance)
        return;
    size_t distance = mdl_spelling_distance(self->word, known);
    if (distance >= self->distance)
        return;
    self->distance = distance;
    self->best = known;
}

const char *mdl_spelling_hint_of(const mdl_spelling_t *self, char hint[MDL_SPELLING_HINT])
{
    hint[0] = '\0';
    if (self->best != NULL)
        (void)snprintf(hint, MDL_SPELLING_HINT, "; did you mean %.127s?", self->best);
    return hint;
}

const char *mdl_spelling_hint(const char *word, const char *const *known, size_t n, char hint[MDL_SPELLING_HINT])
{
    mdl_spelling_t near = mdl_spelling(word);
    for (size_t i = 0; i < n; i++)
        mdl_spelling_offer(&near, known[i]);
    return mdl_spelling_hint_of(&near, hint);
}
