// SPDX-License-Identifier: GPL-3.0-or-later
/* The hold model's peer: a heap of 16-byte keys and nothing beside it. */
#include "app/peer.h"

static void schedule(app_peer_hold_t *self, int64_t now_s)
{
    app_peer_push(&self->heap, now_s + (int64_t)(self->mean_delay_s * app_peer_exponential(&self->random)), 0);
}

void app_peer_hold_fill(app_peer_hold_t *self, app_peer_key_t *keys, uint32_t n, double mean_delay_s)
{
    *self = (app_peer_hold_t){.heap.keys = keys, .mean_delay_s = mean_delay_s, .random = app_peer_random_at(n)};
    while (self->heap.n < n)
        schedule(self, 0);
}

int64_t app_peer_hold_run(app_peer_hold_t *self, uint64_t events)
{
    int64_t now_s = 0;
    for (uint64_t i = 0; i < events; i++) {
        now_s = app_peer_pop(&self->heap).time_s;
        schedule(self, now_s);
    }
    return now_s;
}
