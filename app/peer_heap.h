// SPDX-License-Identifier: GPL-3.0-or-later
/* The peers' event list: a heap of four children to a key, keys in order of time and then of insertion. A key's lowest
 * bit is the event's type. No handles, no cancelling, no bound, no checks.
 *
 *     app_peer_key_t keys[100];
 *     app_peer_heap_t heap = {.keys = keys};
 *     app_peer_push(&heap, 60, 1);
 *     app_peer_key_t first = app_peer_pop(&heap);
 */
#ifndef APP_PEER_HEAP_H
#define APP_PEER_HEAP_H

#include <stdbool.h>
#include <stdint.h>

enum { APP_PEER_CHILDREN = 4 };

typedef struct app_peer_key {
    int64_t time_s;
    uint64_t order; /* sequence << 1 | type */
} app_peer_key_t;

typedef struct app_peer_heap {
    app_peer_key_t *keys; /* not owned */
    uint32_t n;
    uint64_t sequence;
} app_peer_heap_t;

static inline bool app_peer_earlier(app_peer_key_t a, app_peer_key_t b)
{
    return (a.time_s < b.time_s) | ((a.time_s == b.time_s) & (a.order < b.order)); /* without branches */
}

static inline void app_peer_push(app_peer_heap_t *self, int64_t time_s, unsigned type)
{
    app_peer_key_t key = {time_s, self->sequence++ << 1 | type};
    uint32_t at = self->n++;
    while (at > 0 && app_peer_earlier(key, self->keys[(at - 1) / APP_PEER_CHILDREN])) {
        self->keys[at] = self->keys[(at - 1) / APP_PEER_CHILDREN];
        at = (at - 1) / APP_PEER_CHILDREN;
    }
    self->keys[at] = key;
}

/* The first of the children from `from` on, of which there are four but at the heap's end. */
static inline uint32_t app_peer_first_child(const app_peer_heap_t *self, uint32_t from)
{
    const app_peer_key_t *keys = self->keys;
    uint32_t first = from, left = from, right = from + 2;
    if (from + APP_PEER_CHILDREN > self->n) {
        for (uint32_t i = from + 1; i < self->n; i++)
            first = app_peer_earlier(keys[i], keys[first]) ? i : first;
        return first;
    }
    left += app_peer_earlier(keys[left + 1], keys[left]);
    right += app_peer_earlier(keys[right + 1], keys[right]);
    return app_peer_earlier(keys[right], keys[left]) ? right : left;
}

static inline app_peer_key_t app_peer_pop(app_peer_heap_t *self)
{
    app_peer_key_t top = self->keys[0], last = self->keys[--self->n];
    uint32_t at = 0;
    for (uint32_t from = 1; from < self->n; from = APP_PEER_CHILDREN * at + 1) {
        uint32_t child = app_peer_first_child(self, from);
        if (app_peer_earlier(last, self->keys[child]))
            break;
        self->keys[at] = self->keys[child];
        at = child;
    }
    self->keys[at] = last;
    return top;
}

#endif
