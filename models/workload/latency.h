// SPDX-License-Identifier: GPL-3.0-or-later
/* How long requests to an inference service wait, from a few numbers instead of request by request.
 *
 * A request waits until a replica can begin its prompt. That takes two things: a slot of the replica's batch, which it
 * then holds to its last token, and the replica's engine, which computes one prompt at a time. The slots of all
 * replicas make one station G/G/c, the engines another; a request waits too long unless both let it through in time:
 *
 *     attainment = (1 - P(wait for a slot > t)) (1 - P(wait for an engine > t))
 *
 * In the engines' queue only the other slots' prompts are before it, (slots - 1) / slots of all; and a slot is held
 * longer where its request shares the engine with others: both by mean value analysis of one full replica (Reiser and
 * Lavenberg 1980). So the two limits, engines or slots never short, are as good as the stations are, and a replica of
 * one slot is a server.
 *
 * A station's wait is taken from M/M/c:
 *
 *     P(wait > 0) = C(c/z, a/z)                     Erlang's formula C at load a = rate x time, scaled by the peakedness
 *                                                   z of the arrivals (Hayward's approximation, Fredericks 1980)
 *     P(wait > t) = P(wait > 0) exp(-r t)           r = 2 (c - a) / (s (I + v)): Kingman (1961), Allen and Cunneen (1978),
 *                                                   Whitt (1993, "Approximations for the GI/G/m queue")
 *
 * with s the mean time that a request holds a server, v the squared coefficient of variation of that time, I the index
 * of dispersion of arrivals (variance over mean of counts; 1 for Poisson), z = 1 + (I - 1) / (1 + v). So M/M/c is
 * exact, as are the mean waits of M/G/1; the rest are approximations of known quality, exact in heavy traffic.
 *
 * This holds while the rate stands still for many service times. Where it does not, mdl_latency_window() follows it
 * through windows, carrying over what a window leaves behind.
 *
 *     mdl_latency_t model = {.prompt = {0.13, 0.9}, .slot = {1.0, 2.8}, .slots = 64, .dispersion = 1};
 *     double share = mdl_latency_attainment(&model, 20.0, 4, 0.5); // of 20 requests/s that wait at most 0.5 s at 4 replicas
 *     uint32_t need = mdl_latency_replicas(&model, 20.0, 0.5, 0.99);
 *
 * Planning often, as each service does in each interval, takes the headroom from a table (mdl_headroom_t).
 */
#ifndef MDL_LATENCY_H
#define MDL_LATENCY_H

#include <stdint.h>
#include <string.h>

#define MDL_REPLICAS_NEVER UINT32_MAX /* no number of replicas below 2^31 is enough */

/* How long a request holds one server. */
typedef struct mdl_holding {
    double mean_s; /* 0: the station is never short */
    double scv;    /* squared coefficient of variation, >= 0 */
} mdl_holding_t;

typedef struct mdl_latency {
    mdl_holding_t prompt; /* a replica's prompt engine */
    mdl_holding_t slot;   /* a slot of the batch, the prompt included: as in a replica that has nothing else to do */
    uint32_t slots;       /* per replica, >= 1 */
    double dispersion;    /* of arrivals, over about the time that the queue remembers; 1: Poisson */
} mdl_latency_t;

/* Waits at one station. */
typedef struct mdl_wait {
    double load;        /* utilisation; 1 or more: the queue grows without end, and all wait for ever */
    double probability; /* of a wait */
    double rate;        /* 1/s; of those who wait, exp(-rate t) wait longer than t seconds */
} mdl_wait_t;

/* Erlang's formula C for c > 0 servers and a load of a >= 0 Erlang, c need not be whole: probability of a wait in
 * M/M/c; 1 where a >= c. O(c). */
double mdl_erlang_c(double servers, double offered);

/* Waits in G/G/c. */
mdl_wait_t mdl_wait_at(const mdl_holding_t *holding, double servers, double dispersion, double rate_per_s);

double mdl_wait_mean_s(const mdl_wait_t *self);             /* of all requests; infinite when overloaded */
double mdl_wait_beyond(const mdl_wait_t *self, double t_s); /* P(wait > t_s), t_s >= 0 */

/* How long a slot of a full replica is held: its request's own time and its wait for the engine. O(slots). */
double mdl_latency_slot_s(const mdl_latency_t *self);

/* Share of its capacity that a service's load is; infinite without replicas. */
double mdl_latency_load(const mdl_latency_t *self, double rate_per_s, uint32_t replicas);

/* Mean wait, in the long run; infinite when overloaded. */
double mdl_latency_mean_s(const mdl_latency_t *self, double rate_per_s, uint32_t replicas);

/* Share of requests that wait at most target_s, in the long run. Rises with replicas and target, falls with the
 * rate. */
double mdl_latency_attainment(const mdl_latency_t *self, double rate_per_s, uint32_t replicas, double target_s);

/* Fewest replicas with which at least `share` (below 1) of requests wait at most target_s. 0 at rate 0. */
uint32_t mdl_latency_replicas(const mdl_latency_t *self, double rate_per_s, double target_s, double share);

/* A service through a window of length_s in which requests come at a steady rate: the share that waits at most
 * target_s. *backlog_s is how long a request that comes at the window's start has to wait for those left behind from
 * before; it is brought to the window's end. While there is a backlog it grows or shrinks by load - 1 a second (the
 * fluid limit; Newell 1982); requests that find none wait as in the long run, but as long as the window at most. */
double mdl_latency_window(const mdl_latency_t *self, double rate_per_s, uint32_t replicas, double target_s,
                          double length_s, double *backlog_s);

#define MDL_HEADROOM_OCTAVES 26

/* Servers that a load needs, in units of what one server does: load + excess(load), the closed form of many servers
 * (Halfin and Whitt 1981): excess = b sqrt(z load), where b solves P(wait > target) = 1 - share with
 * P(wait > 0) = 1 / (1 + b Phi(b) / phi(b)). It is up to one server and 15 % of the excess short of what Erlang's
 * formula asks for, at loads of a few servers. Kept at loads of 1, 2, 4 ... 2^25, straight in between and
 * below; beyond the last it grows no more. */
typedef struct mdl_headroom {
    double excess[MDL_HEADROOM_OCTAVES];
    double slope[MDL_HEADROOM_OCTAVES - 1]; /* of the excess, from each of these loads to the next */
} mdl_headroom_t;

/* Sets the table for a station. target_s >= 0; 0 < share < 1. */
void mdl_headroom_init(mdl_headroom_t *self, const mdl_holding_t *holding, double dispersion, double target_s,
                       double share);

/* The same where the table ends: below a load of 1, and from the last one on. */
static inline double mdl_headroom_beyond_(const mdl_headroom_t *self, double load)
{
    if (load < 1)
        return load > 0 ? load + self->excess[0] * load : 0;
    return load + self->excess[MDL_HEADROOM_OCTAVES - 1];
}

/* Servers for a load >= 0; 0 at 0. Rises with the load. */
static inline double mdl_headroom_servers(const mdl_headroom_t *self, double load)
{
    uint64_t bits; /* the power of two that is no larger is the load without its fraction bits */

    memcpy(&bits, &load, sizeof bits);
    uint64_t octave = (bits >> 52) - 1023; /* wraps around below 1 */
    if (octave >= MDL_HEADROOM_OCTAVES - 1)
        return mdl_headroom_beyond_(self, load);
    bits &= ~UINT64_C(0) << 52;
    double from;
    memcpy(&from, &bits, sizeof from);
    return load + self->excess[octave] + self->slope[octave] * (load - from);
}

#endif
