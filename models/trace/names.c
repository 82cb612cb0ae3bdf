// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/names.h"

#include "sim/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64u
#define FIRST_ROOM     ((size_t)1024)

static uint64_t hash_of(const char *text, size_t n)
{
    uint64_t hash = n, word = 0;
    for (; n >= sizeof word; text += sizeof word, n -= sizeof word) {
        memcpy(&word, text, sizeof word);
        hash = sim_hash_pair(hash, word);
    }
    word = 0;
    memcpy(&word, text, n);
    return sim_hash_pair(hash, word);
}

static bool is_name(const mdl_names_t *self, uint32_t number, const char *text, size_t n)
{
    const mdl_name_t *name = &self->names[number];
    return name->n == n && memcmp(self->bytes + name->at, text, n) == 0;
}

/* The slot of a name, or the free one where it would go. */
static uint32_t slot_of(const mdl_names_t *self, uint64_t hash, const char *text, size_t n)
{
    uint32_t mask = 2 * self->capacity - 1, slot = (uint32_t)hash & mask;
    for (; self->slots[slot] != 0; slot = (slot + 1) & mask) {
        uint32_t number = self->slots[slot] - 1;
        if (self->names[number].hash == hash && is_name(self, number, text, n))
            break;
    }
    return slot;
}

/* Room for twice as many names; the slots are filled anew. */
static bool grow(mdl_names_t *self)
{
    if (self->capacity >= UINT32_C(1) << 30)
        return false;
    uint32_t capacity = self->capacity == 0 ? FIRST_CAPACITY : 2 * self->capacity, mask = 2 * capacity - 1;
    mdl_name_t *names = realloc(self->names, capacity * sizeof *names);
    self->names = names != NULL ? names : self->names;
    uint32_t *slots = names != NULL ? calloc(2 * (size_t)capacity, sizeof *slots) : NULL;
    if (slots == NULL)
        return false;
    for (uint32_t number = 0; number < self->n; number++) {
        uint32_t slot = (uint32_t)names[number].hash & mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = number + 1;
    }
    free(self->slots);
    self->slots = slots;
    self->capacity = capacity;
    return true;
}

static bool make_room(mdl_names_t *self, size_t n)
{
    size_t room = self->room == 0 ? FIRST_ROOM : self->room;
    while (room - self->used < n + 1)
        room *= 2;
    char *bytes = room > self->room ? realloc(self->bytes, room) : self->bytes;
    if (bytes == NULL)
        return false;
    self->bytes = bytes;
    self->room = room;
    return true;
}

uint32_t mdl_names_add(mdl_names_t *self, const char *text, size_t n)
{
    if (self->last < self->n && is_name(self, self->last, text, n))
        return self->last;
    if (self->n == self->capacity && !grow(self))
        return MDL_NO_NAME;
    uint64_t hash = hash_of(text, n);
    uint32_t slot = slot_of(self, hash, text, n);
    if (self->slots[slot] == 0) {
        if (!make_room(self, n))
            return MDL_NO_NAME;
        memcpy(self->bytes + self->used, text, n);
        self->bytes[self->used + n] = '\0';
        self->names[self->n] = (mdl_name_t){hash, self->used, n};
        self->used += n + 1;
        self->slots[slot] = ++self->n;
    }
    self->last = self->slots[slot] - 1;
    return self->last;
}

uint32_t mdl_names_find(const mdl_names_t *self, const char *text, size_t n)
{
    uint32_t found = self->n > 0 ? self->slots[slot_of(self, hash_of(text, n), text, n)] : 0;
    return found > 0 ? found - 1 : MDL_NO_NAME;
}

const char *mdl_names_at(const mdl_names_t *self, uint32_t number)
{
    return self->bytes + self->names[number].at;
}

void mdl_names_free(mdl_names_t *self)
{
    free(self->names);
    free(self->slots);
    free(self->bytes);
    *self = (mdl_names_t){0};
}
