// SPDX-License-Identifier: GPL-3.0-or-later
/* The peer of M/M/1: an event list, a ring of those who wait, one sum. */
#include "app/peer.h"

enum { ARRIVAL, DONE };

static void schedule(app_peer_mm1_t *self, int64_t now_s, double mean_s, unsigned type)
{
    app_peer_push(&self->heap, now_s + (int64_t)(mean_s * app_peer_exponential(&self->random)), type);
}

static void arrive(app_peer_mm1_t *self, int64_t now_s)
{
    if (self->busy)
        self->arrived_s[(self->first + self->waiting++) % APP_PEER_WAITING] = now_s;
    else
        schedule(self, now_s, self->service_s, DONE);
    self->busy = true;
    schedule(self, now_s, self->gap_s, ARRIVAL);
}

static void leave(app_peer_mm1_t *self, int64_t now_s)
{
    self->served++;
    self->busy = self->waiting > 0;
    if (!self->busy)
        return;
    self->waiting--;
    self->wait_s += (double)(now_s - self->arrived_s[self->first++ % APP_PEER_WAITING]);
    schedule(self, now_s, self->service_s, DONE);
}

void app_peer_mm1_start(app_peer_mm1_t *self, double gap_s, double service_s)
{
    *self = (app_peer_mm1_t){.gap_s = gap_s, .service_s = service_s, .random = app_peer_random_at(1)};
    self->heap.keys = self->keys;
    app_peer_push(&self->heap, 0, ARRIVAL);
}

void app_peer_mm1_run(app_peer_mm1_t *self, uint64_t served)
{
    while (self->served < served) {
        app_peer_key_t event = app_peer_pop(&self->heap);
        if ((event.order & 1) == DONE)
            leave(self, event.time_s);
        else
            arrive(self, event.time_s);
    }
}
