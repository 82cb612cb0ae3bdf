// SPDX-License-Identifier: GPL-3.0-or-later
/* Peers: the plainest C that does the same as a benchmark, measured beside it, repeat by repeat. A machine whose speed
 * changes makes both slower, so their ratio says more than either. A peer has what the answer needs and nothing else:
 * no handles, cancelling, limits, checks, fingerprint or statistics, and a generator that is fast before all.
 *
 *     app_peer_hold_t peer;
 *     app_peer_hold_fill(&peer, keys, 10000, 1e9);
 *     int64_t last_s = app_peer_hold_run(&peer, 1000000);
 */
#ifndef APP_PEER_H
#define APP_PEER_H

#include "app/peer_heap.h"
#include "app/peer_random.h"

typedef struct app_peer_hold {
    app_peer_heap_t heap;
    double mean_delay_s;
    app_peer_random_t random;
} app_peer_hold_t;

/* Schedules n >= 1 events after exponential delays, in `keys`, which has room for them. */
void app_peer_hold_fill(app_peer_hold_t *self, app_peer_key_t *keys, uint32_t n, double mean_delay_s);

/* So many times takes the first event out and schedules one after a delay. Returns the time of the last one taken. */
int64_t app_peer_hold_run(app_peer_hold_t *self, uint64_t events);

#define APP_PEER_WAITING 1024 /* a power of two; at load 0.8 more than that wait once in 10^99 arrivals */

/* M/M/1 on the same heap, its one statistic the mean wait. It must not be moved once it is started. */
typedef struct app_peer_mm1 {
    app_peer_heap_t heap;
    app_peer_key_t keys[2];
    double gap_s, service_s; /* means */
    app_peer_random_t random;
    uint64_t served;
    double wait_s; /* sum over those whose service has begun */
    bool busy;
    uint32_t first, waiting;
    int64_t arrived_s[APP_PEER_WAITING]; /* when those who wait came, a ring */
} app_peer_mm1_t;

/* An empty queue; the first customer comes at once. */
void app_peer_mm1_start(app_peer_mm1_t *self, double gap_s, double service_s);

/* Goes on until so many customers have left in all. */
void app_peer_mm1_run(app_peer_mm1_t *self, uint64_t served);

#endif
