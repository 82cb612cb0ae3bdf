// SPDX-License-Identifier: GPL-3.0-or-later
/* A text that grows: what the writers of YAML, JSON and Markdown append to.
 *
 * Running out of memory is remembered, not reported at each step: scn_text_take() returns NULL then.
 *
 *     scn_text_t text = {0};
 *     scn_text_add(&text, "seed: %d\n", 1);
 *     return scn_text_take(&text);
 */
#ifndef SCN_TEXT_H
#define SCN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct scn_text {
    char *chars; /* NUL-terminated once something was added */
    size_t length, capacity;
    bool failed; /* out of memory */
} scn_text_t;

void scn_text_add(scn_text_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
void scn_text_put(scn_text_t *self, const char *chars);
void scn_text_put_n(scn_text_t *self, const char *chars, size_t n);
/* The text, which the caller frees; NULL when out of memory. Empties the builder. */
char *scn_text_take(scn_text_t *self);

/* Appends `chars` as a JSON string, which is also a double-quoted YAML scalar. */
void scn_text_put_quoted(scn_text_t *self, const char *chars);

#endif
