// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/params/csv.h"

#include <stdint.h>
#include <string.h>

mdl_csv_t mdl_csv(const char *text)
{
    bool mark = strncmp(text, "\xEF\xBB\xBF", 3) == 0;
    return (mdl_csv_t){mark ? text + 3 : text, 1, 1, false};
}

static void advance(mdl_csv_t *self)
{
    unsigned char c = (unsigned char)*self->at++;
    if (c == '\n') {
        self->line++;
        self->column = 1;
    } else if ((c & 0xC0) != 0x80) {
        self->column++;
    }
}

static void skip_while(mdl_csv_t *self, const char *characters)
{
    while (*self->at != '\0' && strchr(characters, *self->at) != NULL)
        advance(self);
}

static void skip_until(mdl_csv_t *self, const char *characters)
{
    while (*self->at != '\0' && strchr(characters, *self->at) == NULL)
        advance(self);
}

/* Between records: empty lines and comments. */
static void skip_lines(mdl_csv_t *self)
{
    for (;;) {
        const char *before = self->at;
        skip_while(self, " \t\r");
        if (*self->at == '#' && self->column == 1)
            skip_until(self, "\n");
        if (*self->at == '\n')
            advance(self);
        if (self->at == before)
            return;
        if (*self->at == '#' && self->column != 1)
            return;
    }
}

static void put(mdl_csv_cell_t *cell, size_t *length, char c)
{
    if (*length + 1 < sizeof cell->text)
        cell->text[(*length)++] = c;
    else
        cell->problem = "a cell of more than 255 bytes";
}

/* After the opening quote. Leaves `at` behind the closing one. */
static void read_quoted(mdl_csv_t *self, mdl_csv_cell_t *cell)
{
    size_t length = 0;
    for (;;) {
        if (*self->at == '\0') {
            cell->problem = "a quote that is never closed";
            break;
        }
        char c = *self->at;
        advance(self);
        if (c == '"' && *self->at != '"')
            break;
        if (c == '"')
            advance(self);
        put(cell, &length, c);
    }
    cell->text[length] = '\0';
    skip_while(self, " \t\r");
    if (*self->at != '\0' && *self->at != ',' && *self->at != '\n' && cell->problem == NULL)
        cell->problem = "text after a closing quote";
    skip_until(self, ",\n");
}

static void read_plain(mdl_csv_t *self, mdl_csv_cell_t *cell)
{
    size_t length = 0;
    while (*self->at != '\0' && *self->at != ',' && *self->at != '\n') {
        if (*self->at == '"')
            cell->problem = "a quote inside a cell that does not start with one";
        put(cell, &length, *self->at);
        advance(self);
    }
    while (length > 0 && strchr(" \t\r", cell->text[length - 1]) != NULL)
        length--;
    cell->text[length] = '\0';
}

bool mdl_csv_next(mdl_csv_t *self, mdl_csv_cell_t *cell)
{
    if (!self->inside)
        skip_lines(self);
    if (!self->inside && *self->at == '\0')
        return false;
    skip_while(self, " \t");
    *cell = (mdl_csv_cell_t){.line = self->line, .column = self->column};
    if (*self->at == '"') {
        advance(self);
        read_quoted(self, cell);
    } else {
        read_plain(self, cell);
    }
    self->inside = *self->at == ',';
    cell->last = !self->inside;
    if (*self->at != '\0')
        advance(self);
    if (cell->problem == NULL && !mdl_text_valid(cell->text))
        cell->problem = "bytes that are not UTF-8 text";
    return true;
}

/* Bytes that follow the first byte of a UTF-8 sequence, or -1. */
static int following(unsigned char first)
{
    if (first < 0x80)
        return first >= 0x20 || first == '\t' ? 0 : -1;
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if ((first & 0xF0) == 0xE0)
        return 2;
    return first >= 0xF0 && first <= 0xF4 ? 3 : -1;
}

/* Overlong forms, surrogates and code points above 10FFFF, which only the second byte gives away. */
static bool second_valid(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0: return second >= 0xA0;
    case 0xED: return second <= 0x9F;
    case 0xF0: return second >= 0x90;
    case 0xF4: return second <= 0x8F;
    default: return true;
    }
}

const char *mdl_text_invalid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        int more = following(*at);
        if (more < 0 || (more > 0 && !second_valid(at[0], at[1])))
            return (const char *)at;
        for (int i = 1; i <= more; i++)
            if ((at[i] & 0xC0) != 0x80)
                return (const char *)at;
        at += 1 + more;
    }
    return NULL;
}

const char *mdl_csv_separator_problem(const char *text, size_t n)
{
    bool other = memchr(text, ';', n) != NULL || memchr(text, '\t', n) != NULL;
    return other ? "found cells separated by semicolons or tabs; expected commas; save it as comma-separated" : NULL;
}

bool mdl_text_valid(const char *text)
{
    return mdl_text_invalid(text) == NULL;
}
