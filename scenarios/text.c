// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(scn_text_t *self, size_t more)
{
    size_t needed = self->length + more + 1;
    if (needed <= self->capacity)
        return true;
    size_t capacity = self->capacity > 0 ? self->capacity : 256;
    while (capacity < needed)
        capacity *= 2;
    char *chars = realloc(self->chars, capacity);
    if (chars == NULL) {
        self->failed = true;
        return false;
    }
    self->chars = chars;
    self->capacity = capacity;
    return true;
}

void scn_text_put_n(scn_text_t *self, const char *chars, size_t n)
{
    if (self->failed || !reserve(self, n))
        return;
    memcpy(self->chars + self->length, chars, n);
    self->length += n;
    self->chars[self->length] = '\0';
}

void scn_text_put(scn_text_t *self, const char *chars)
{
    scn_text_put_n(self, chars, strlen(chars));
}

void scn_text_add(scn_text_t *self, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length >= 0 && !self->failed && reserve(self, (size_t)length)) {
        (void)vsnprintf(self->chars + self->length, (size_t)length + 1, format, again);
        self->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

char *scn_text_take(scn_text_t *self)
{
    scn_text_put_n(self, "", 0);
    char *chars = self->chars;
    if (self->failed) {
        free(chars);
        chars = NULL;
    }
    *self = (scn_text_t){0};
    return chars;
}

static void put_escaped(scn_text_t *self, unsigned char c)
{
    switch (c) {
    case '"': scn_text_put(self, "\\\""); break;
    case '\\': scn_text_put(self, "\\\\"); break;
    case '\n': scn_text_put(self, "\\n"); break;
    case '\r': scn_text_put(self, "\\r"); break;
    case '\t': scn_text_put(self, "\\t"); break;
    default: scn_text_add(self, "\\u%04x", c); break;
    }
}

void scn_text_put_quoted(scn_text_t *self, const char *chars)
{
    scn_text_put(self, "\"");
    for (const char *c = chars; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\' || (unsigned char)*c < 0x20 || *c == 0x7F)
            put_escaped(self, (unsigned char)*c);
        else
            scn_text_put_n(self, c, 1);
    }
    scn_text_put(self, "\"");
}
