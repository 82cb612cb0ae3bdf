// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/log.h"

#include "models/params/csv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More would help nobody; a damaged file could have millions. */
#define MAX_KEPT 1000

struct scn_entry {
    scn_place_t place;
    size_t order; /* of finding */
    char text[sizeof(scn_problem_t)];
};

uint32_t scn_log_file(scn_log_t *self, const char *name)
{
    if (self->n_files == SCN_MAX_FILES)
        return SCN_MAX_FILES;
    self->files[self->n_files] = name;
    return self->n_files++;
}

const char *scn_log_place(const scn_log_t *self, scn_place_t place, char *text, size_t bytes)
{
    const char *file = place.file < self->n_files ? self->files[place.file] : "?";
    if (place.label != NULL)
        (void)snprintf(text, bytes, "%.200s", place.label);
    else if (place.line == 0)
        (void)snprintf(text, bytes, "%.200s", file);
    else
        (void)snprintf(text, bytes, "%.200s:%u:%u", file, (unsigned)place.line, (unsigned)place.column);
    return text;
}

static scn_entry_t *next_entry(scn_log_t *self, scn_place_t place)
{
    if (self->n == MAX_KEPT) {
        self->left_out++;
        return NULL;
    }
    if (self->n == self->capacity) {
        size_t capacity = self->capacity > 0 ? 2 * self->capacity : 16;
        scn_entry_t *entries = realloc(self->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            self->out_of_memory = true;
            return NULL;
        }
        self->entries = entries;
        self->capacity = capacity;
    }
    scn_entry_t *entry = &self->entries[self->n];
    entry->place = place;
    entry->order = self->n++;
    return entry;
}

/* A message is one line of text, whatever it quotes: line ends and halves of cut-off characters become blanks. */
static void clean(char *text)
{
    for (char *bad = (char *)mdl_text_invalid(text); bad != NULL; bad = (char *)mdl_text_invalid(bad + 1))
        *bad = ' ';
}

void scn_log_add(scn_log_t *self, scn_place_t place, const char *format, ...)
{
    scn_entry_t *entry = next_entry(self, place);
    if (entry == NULL)
        return;
    scn_log_place(self, place, entry->text, sizeof entry->text);
    size_t used = strlen(entry->text);
    (void)snprintf(entry->text + used, sizeof entry->text - used, ": ");
    used += 2;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(entry->text + used, sizeof entry->text - used, format, args);
    va_end(args);
    clean(entry->text);
}

void scn_log_add_text(scn_log_t *self, uint32_t file, const char *text)
{
    scn_entry_t *entry = next_entry(self, (scn_place_t){.file = file});
    if (entry == NULL)
        return;
    (void)snprintf(entry->text, sizeof entry->text, "%s", text);
    clean(entry->text);
}

static int by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
    const scn_entry_t *a = left, *b = right;
    int order = by_number(a->place.file, b->place.file);
    if (order == 0)
        order = by_number(a->place.line, b->place.line);
    if (order == 0)
        order = by_number(a->place.column, b->place.column);
    return order != 0 ? order : by_number(a->order, b->order);
}

static void hand_out(scn_log_t *self, scn_problems_t *problems)
{
    problems->items = calloc(self->n + 1, sizeof *problems->items);
    problems->n = 0;
    if (problems->items == NULL)
        return;
    for (; problems->n < self->n; problems->n++)
        memcpy(problems->items[problems->n].text, self->entries[problems->n].text, sizeof(scn_problem_t));
    if (self->left_out > 0)
        (void)snprintf(problems->items[problems->n++].text, sizeof(scn_problem_t), "%zu more problems", self->left_out);
}

void scn_log_finish(scn_log_t *self, scn_problems_t *problems)
{
    if (self->n > 0)
        qsort(self->entries, self->n, sizeof *self->entries, by_place);
    if (problems != NULL && self->n > 0)
        hand_out(self, problems);
    free(self->entries);
    *self = (scn_log_t){0};
}

void scn_problems_free(scn_problems_t *self)
{
    free(self->items);
    *self = (scn_problems_t){0};
}
