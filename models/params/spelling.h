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
 */
#ifndef MDL_SPELLING_H
#define MDL_SPELLING_H

#include <stddef.h>

typedef struct mdl_spelling {
    const char *word;
    const char *best; /* NULL while nothing is close enough */
    size_t distance;  /* of best; otherwise one more than allowed */
} mdl_spelling_t;

mdl_spelling_t mdl_spelling(const char *word);
/* Keeps `known` (which must outlive the answer) if it is closer than what was offered before. */
void mdl_spelling_offer(mdl_spelling_t *self, const char *known);
/* Steps between two words; words longer than 127 characters are at distance SIZE_MAX from everything. */
size_t mdl_spelling_distance(const char *a, const char *b);

#endif
