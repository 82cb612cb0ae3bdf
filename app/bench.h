// SPDX-License-Identifier: GPL-3.0-or-later
/* The engine's own benchmarks: what `overbuild bench` measures. Each reports a median with its spread and asserts no
 * time.
 *
 *     app_hold_result_t hold[APP_HOLD_SIZES];
 *     sim_error_t err = {0};
 *     if (app_bench_hold(hold, &err) == SIM_OK)
 *         printf("%u pending: %.0f ns per event\n", hold[0].pending, hold[0].ns_per_event);
 */
#ifndef APP_BENCH_H
#define APP_BENCH_H

#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

#define APP_HOLD_SIZES 3

/* The hold model (Vaucher and Duval 1975) at one number of pending events. */
typedef struct app_hold_result {
    uint32_t pending;
    uint32_t repeats;
    uint64_t events;     /* per repeat */
    double ns_per_event; /* median of the repeats */
    double ns_low;       /* fastest and slowest repeat */
    double ns_high;
    double peer_ns; /* the same of the peer (app/peer.h), whose repeats and ours take turns */
    double ratio;   /* our time to the peer's: median over pairs of repeats */
} app_hold_result_t;

/* Measures the calendar at 100, 10,000 and 1,000,000 pending events. Timed is, per event: taking the first event out,
 * drawing an exponential increment with sim_draw_exponential, and scheduling the event anew with a handle that could
 * cancel it; all through the public interface (sim/calendar.h), its checks on. Filling the calendar and a warm-up of
 * three times its size are not timed. SIM_ENOMEM when there is no memory for the calendar. Takes about six seconds. */
sim_status_t app_bench_hold(app_hold_result_t results[APP_HOLD_SIZES], sim_error_t *err);

/* Data centres that schedule jobs. */
typedef struct app_scheduler_result {
    uint32_t centres;
    uint32_t nodes; /* per centre, of 8 GPUs */
    uint32_t repeats;
    int64_t jobs;          /* started in all repeats */
    double load;           /* share of the GPUs allocated at the end */
    double jobs_per_s;     /* started per second of wall clock: median of the repeats */
    double jobs_per_s_low; /* slowest and fastest repeat */
    double jobs_per_s_high;
} app_scheduler_result_t;

/* Measures 2,000 centres of 128 nodes at load 0.7 on one thread: a world of data-centre LPs in windows of six hours (the
 * economy's are of a day; the more often centres take turns, the more each waits for its memory), each centre running
 * four tenants' fine-tuning jobs one by one (sizes 1 to 64 GPUs and run times as in the Helios summary, cut at six hours
 * so that the load soon stands still). Timed is all that a run does between two boundaries: drawing the jobs, queues,
 * placement, meters, calendar. One window before that is not timed. Takes about seven seconds and 1 GiB. */
sim_status_t app_bench_scheduler(app_scheduler_result_t *result, sim_error_t *err);

/* Jobs backfilled on processors. */
typedef struct app_easy_result {
    uint32_t processors, jobs; /* per repeat */
    uint32_t repeats;
    double jobs_per_s; /* per second of wall clock: median of the repeats */
    double low_per_s;  /* slowest and fastest repeat */
    double high_per_s;
    double load;   /* share of the processors that computed, from the first submission to the last end */
    double wait_s; /* mean */
} app_easy_result_t;

/* Measures whole replays (models/replay/queue.h) under EASY of a synthetic log of the kind of KTH-SP2, made up here: 100
 * processors, 28,000 jobs. Nothing is read or written. Takes about a second. */
sim_status_t app_bench_easy(app_easy_result_t *result, sim_error_t *err);

/* Pods placed on unequal nodes. */
typedef struct app_fgd_result {
    uint32_t nodes, pods; /* per repeat */
    uint32_t repeats;
    double pods_per_s; /* arrived, placed or lost, per second of wall clock: median of the repeats */
    double low_per_s;  /* slowest and fastest repeat */
    double high_per_s;
    double allocated; /* share of the GPUs in the end */
} app_fgd_result_t;

/* Measures whole replays (models/replay/packing.h) under FGD of a synthetic trace of the openb kind, made up here: 1,213
 * nodes, 8,000 pods of 150 kinds, inflated to 130 % of the GPUs. Timed are order, typical requests, placement and the
 * final recount. Takes about a second. */
sim_status_t app_bench_fgd(app_fgd_result_t *result, sim_error_t *err);

/* M/M/1 at load 0.8. */
typedef struct app_mm1_result {
    uint32_t repeats;
    uint64_t customers;     /* per repeat, on average */
    double customers_per_s; /* median of the repeats */
    double low_per_s;       /* slowest and fastest repeat */
    double high_per_s;
    double peer_per_s; /* the same of the peer (app/peer.h), whose repeats and ours take turns */
    double ratio;      /* our rate to the peer's: median over pairs of repeats */
    double wait;       /* mean over all repeats, in mean services, and what theory says: a check that it is M/M/1 */
    double wait_expected;
    double peer_wait;
} app_mm1_result_t;

/* Measures whole customers, from arrival to departure, through the public interface: a world of one logical process,
 * its events and fingerprint, exponential draws, a server (sim/server.h) with all of its statistics. A warm-up of one
 * repeat is not timed. Takes about two seconds. */
sim_status_t app_bench_mm1(app_mm1_result_t *result, sim_error_t *err);

/* One replication of the preset china-2022, baseline arm. */
typedef struct app_replication_result {
    uint32_t repeats;
    double seconds; /* median of the repeats: creating, running and finishing the world, nothing stored */
    double seconds_low;
    double seconds_high;
    uint64_t events, jobs; /* means over the repeats */
    size_t memory_bytes;   /* arena of the last one's world */
} app_replication_result_t;

/* Runs replications 0, 1, ... of the shipped baseline on one thread. */
sim_status_t app_bench_replication(app_replication_result_t *result, sim_error_t *err);

#endif
