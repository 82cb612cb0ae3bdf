// SPDX-License-Identifier: GPL-3.0-or-later
/* Request-level replay of an inference service: what models/workload/latency.h says in closed form, one by one.
 *
 * A request waits in order of arrival until a replica takes it: one that has a slot free and is not computing another
 * prompt. The replica computes its prompt, which gives the first token, and then its other tokens one after the other,
 * beside those of the other sequences in its batch (continuous batching); then the slot is free. Tokens take the same
 * time however full the batch is: what they take at the batch's limit. Whole microseconds.
 *
 *     mdl_serving_spec_t spec = {.prompt_ns = 63000, .token_ns = 31000000, .slots = 64, .replicas = 4};
 *     mdl_serving_t served;
 *     if (mdl_serving_replay(requests, &spec, &served, &err) == SIM_OK) {
 *         mdl_serving_summary_t summary;
 *         mdl_serving_summarise(requests, &served, 500000, &summary, &err); // wait of at most half a second
 *         ...
 *     }
 *     mdl_serving_free(&served);
 *
 * With a planner the number of replicas follows the load of the last interval through the aggregate model; a replica
 * that is added takes requests after its cold start, one that is given up first finishes what it has taken.
 */
#ifndef MDL_REPLAY_SERVING_H
#define MDL_REPLAY_SERVING_H

#include "models/trace/requests.h"
#include "models/workload/latency.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_SERVING_MAX_REPLICAS 65536

typedef enum mdl_serving_route {
    MDL_SERVING_CENTRAL,  /* one queue for all; the emptiest replica that can takes its first request */
    MDL_SERVING_SHORTEST, /* at its arrival a request joins the replica that has the fewest, and stays there */
    MDL_SERVING_ROUTES
} mdl_serving_route_t;

/* Replicas that follow load. Zero: they do not. */
typedef struct mdl_serving_planner {
    int64_t interval_us;   /* between plans, and what load is measured over; 0: no planner */
    int64_t cold_start_us; /* of a replica, >= 0 */
    mdl_latency_t model;
    double target_s, share; /* as mdl_latency_replicas() */
    double band;            /* room kept before replicas are given up, share of their capacity, [0, 1) */
    uint32_t least, most;   /* replicas; 1 <= least <= most */
} mdl_serving_planner_t;

typedef struct mdl_serving_spec {
    uint32_t prompt_ns; /* a replica's time per token of a prompt */
    uint32_t token_ns;  /* per further token of a sequence */
    uint32_t slots;     /* sequences in a replica's batch, >= 1 */
    uint32_t replicas;  /* at the start, warm; >= 1 */
    mdl_serving_route_t route;
    mdl_serving_planner_t planner;
} mdl_serving_spec_t;

/* What became of a request. Microseconds as its arrival. */
typedef struct mdl_served {
    int64_t start_us; /* its prompt is begun: wait = start - arrival */
    int64_t first_us; /* first token */
    int64_t end_us;   /* last token */
    uint32_t replica;
} mdl_served_t;

typedef struct mdl_serving {
    mdl_served_t *served; /* as the requests */
    size_t n;
    uint32_t slots;               /* of a replica */
    int64_t end_us;               /* last event that mattered */
    int64_t allocated_replica_us; /* replicas held, cold starts and last sequences included */
    int64_t busy_slot_us;         /* slots held by requests */
    uint32_t most_replicas;       /* at one time */
    uint32_t added, given_up;     /* by the planner */
} mdl_serving_t;

/* Figures of a replay. Seconds. */
typedef struct mdl_serving_summary {
    double wait_mean_s, waited;                             /* waited: share of requests whose wait is not 0 */
    double ttft_mean_s, ttft_p50_s, ttft_p95_s, ttft_p99_s; /* time to first token, from arrival */
    double token_s;                                         /* mean time per further token */
    double end_mean_s;                                      /* arrival to last token */
    double attainment;                                      /* share of requests that wait at most the target */
    double busy_share;                                      /* of allocated slots */
    uint64_t prompt_tokens, tokens;
} mdl_serving_summary_t;

/* Replays. SIM_EINPUT for an impossible spec, a request without tokens or more than 2^62 replica microseconds, SIM_ELIMIT
 * where more than 2^24 sequences may run at once, SIM_ENOMEM. After an error `out` is empty. */
sim_status_t mdl_serving_replay(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, mdl_serving_t *out,
                                sim_error_t *err);
void mdl_serving_free(mdl_serving_t *self); /* legal on an empty one, and twice */

/* Times of a request on a replica, microseconds: its prompt, and all that it holds a slot for. */
int64_t mdl_serving_prompt_us(const mdl_serving_spec_t *spec, const mdl_request_t *request);
int64_t mdl_serving_slot_us(const mdl_serving_spec_t *spec, const mdl_request_t *request);

/* All zero where there is no request. SIM_ENOMEM. */
sim_status_t mdl_serving_summarise(const mdl_requests_t *requests, const mdl_serving_t *served, int64_t target_us,
                                   mdl_serving_summary_t *summary, sim_error_t *err);

/* The aggregate model of these requests on such replicas: means and spreads of their times; dispersion as given. */
mdl_latency_t mdl_serving_model(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, double dispersion);

/* Index of dispersion of arrivals: variance of counts in bins of bin_us about the mean of their window of
 * bins_per_window bins, over the mean count. One window for all (0): what is usually meant; short windows leave out how
 * the rate moves from window to window. NaN below two bins. */
double mdl_serving_dispersion(const mdl_requests_t *requests, int64_t bin_us, size_t bins_per_window);

#endif
