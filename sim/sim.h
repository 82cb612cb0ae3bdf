// SPDX-License-Identifier: GPL-3.0-or-later
/* The engine's front door: everything that a discrete-event model needs, in one include.
 *
 * What happens         An event (sim/calendar.h) has a time, a type, an entity and two numbers. Time is a whole number
 *                      of seconds (sim/time.h); where seconds are too coarse, let one stand for a millisecond.
 * Who it happens to    A logical process (LP) with a state of its own and a handler, a function from event to status,
 *                      that changes the state and schedules further events: sim_schedule(), sim_cancel().
 * In which world       LPs live in a world (sim/world.h), run side by side, and send each other messages: sim_send().
 *                      A model of a single LP needs nothing of that. Many replications on all cores: sim/ensemble.h.
 * What they wait for   Servers with queues, priorities and preemption (sim/server.h); conditions (sim/condition.h).
 * By what chance       Random numbers addressed by what they are for (sim/rng.h), from the usual distributions
 *                      (sim/draw.h), on arithmetic with the same bits everywhere (sim/math.h).
 * What comes out       Tallies and levels over time (sim/tally.h), intervals from batch means (sim/batch_means.h),
 *                      histograms and quantiles (sim/histogram.h).
 * What goes wrong      Functions that can fail return a negative sim_status_t and fill a sim_error_t (sim/error.h). A
 *                      handler passes a failure on by returning it.
 *
 * A single server, from nothing to an answer:
 *
 *     #include "sim/sim.h"
 *
 *     enum { ARRIVAL, DONE };
 *     typedef struct { sim_rng_t rng; sim_ref_t server; } queue_t;
 *
 *     static sim_status_t on_event(sim_lp_t *lp, const sim_event_t *event)
 *     {
 *         queue_t *q = lp->state;
 *         sim_server_t *server = sim_server_at(lp, q->server);
 *         if (event->type == DONE)
 *             return sim_server_done(server, lp, event, NULL);
 *         sim_customer_t customer = {.service_s = sim_round_i64(sim_draw_exponential(&q->rng, 800))};
 *         sim_status_t status = sim_server_arrive(server, lp, &customer, NULL);
 *         return status < 0 ? status
 *                           : sim_schedule(lp, sim_round_i64(sim_draw_exponential(&q->rng, 1000)), event, 0, NULL);
 *     }
 *
 * docs/examples/mmc.c has the rest, the main function included. Results are the same bits for every compiler,
 * optimisation level and number of threads as long as a handler uses nothing but its state, its input and sim.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "sim/batch_means.h"
#include "sim/calendar.h"
#include "sim/condition.h"
#include "sim/draw.h"
#include "sim/ensemble.h"
#include "sim/error.h"
#include "sim/histogram.h"
#include "sim/math.h"
#include "sim/rng.h"
#include "sim/server.h"
#include "sim/student.h"
#include "sim/tally.h"
#include "sim/time.h"
#include "sim/world.h"

#endif
