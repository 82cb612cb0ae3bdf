// SPDX-License-Identifier: GPL-3.0-or-later
/* "Did you mean": the known word closest to one that is not known.
 *
 * Distance is Damerau-Levenshtein (optimal string alignment): one step inserts, deletes or changes a character or swaps
 * two neighbours (Damerau 1964). A suggestion is at most 3 steps away and less than half of the word; of several
 * equally close ones the first offered wins.
 *
 *     mdl_spelling_t near = mdl_spelling("clawback_shre");
 *     for (...) mdl_spelling_offer(&near, known[i]);
 *     if (near.best != NULL) printf("did you mean %s?", near.best);
 *
 * or, behind a message that says what is expected, ready made:
 *
 *     char hint[MDL_SPELLING_HINT];
 *     printf("found '%s'; expected an arm%s", word, mdl_spelling_hint(word, arms, n, hint));
 */
#ifndef MDL_SPELLING_H
#define MDL_SPELLING_H

#include <stddef.h>

#define MDL_SPELLING_HINT 160 /* bytes of a hint */

typedef struct mdl_spelling {
    const char *word;
    const char *best; /* NULL while nothing is close enough */
    size_t distance;  /* of best; otherwise one more than allowed */
} mdl_spelling_t;

mdl_spelling_t mdl_spelling(const char *word);
/* Keeps `known` (which must outlive the answer) if it is closer than what was offered before. */
void mdl_spelling_offer(mdl_spelling_t *self, const char *known);
/* "; did you mean X?" with the closest of `n` known words, or "" when none is close enough. Returns `hint`. */
const char *mdl_spelling_hint(const char *word, const char *const *known, size_t n, char hint[MDL_SPELLING_HINT]);
/* The same of words that were offered one by one. */
const char *mdl_spelling_hint_of(const mdl_spelling_t *self, char hint[MDL_SPELLING_HINT]);
/* Steps between two words; words longer than 127 characters are at distance SIZE_MAX from everything. */
size_t mdl_spelling_distance(const char *a, const char *b);

#endif
