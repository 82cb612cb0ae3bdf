// SPDX-License-Identifier: GPL-3.0-or-later
/* A server: c equal servers behind one queue, the resource of queueing models.
 *
 * The model calls sim_server_arrive() when a customer comes and sim_server_done() when the event arrives that the
 * server has scheduled for the end of a service. In between the server does everything: who waits, who is next, who is
 * pushed out by a more urgent customer and resumes later, and the statistics.
 *
 *     case ARRIVAL:
 *         return sim_server_arrive(server, lp, &(sim_customer_t){.service_s = draw_service(s)}, NULL);
 *     case DONE:
 *         return sim_server_done(server, lp, event, NULL);
 *
 * A whole model stands in docs/examples/mmc.c.
 *
 * A server is one block without pointers, in the world's arena (sim_server_create) or wherever the caller puts
 * sim_server_bytes(capacity) bytes. It belongs to one LP and never allocates; every operation is O(1) but for the
 * calendar's own.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim/batch_means.h"
#include "sim/tally.h"
#include "sim/world.h"

typedef struct sim_server sim_server_t;

typedef enum sim_discipline {
    SIM_FIFO,      /* first come, first served */
    SIM_LIFO,      /* last come, first served, without preemption */
    SIM_PRIORITY,  /* lowest priority number first, then first come; a service under way is finished */
    SIM_PREEMPTIVE /* as SIM_PRIORITY, but a more urgent arrival takes the place of the least urgent customer in service
                      (of equals the one who started last), who later resumes with the work that is left, ahead of
                      others of his priority */
} sim_discipline_t;

#define SIM_SERVER_PRIORITIES 16

typedef struct sim_server_spec {
    uint32_t servers;  /* c >= 1 */
    uint32_t capacity; /* customers that there is memory for, in service and waiting */
    uint32_t limit;    /* arrivals who find so many present are turned away (K in M/M/c/K); 0 = nobody is */
    sim_discipline_t discipline;
    uint32_t done_type; /* type of the event at the end of a service, which the handler gives to sim_server_done() */
    uint32_t entity;    /* its entity: tells servers of one LP apart */
} sim_server_spec_t;

typedef struct sim_customer {
    int64_t service_s; /* work, >= 0 */
    uint32_t priority; /* 0 first, below SIM_SERVER_PRIORITIES; read by the two priority disciplines */
    uint64_t tag;      /* the model's own name for him */
} sim_customer_t;

/* What is known of a customer whose service has ended. */
typedef struct sim_departure {
    sim_customer_t customer;
    int64_t arrived_s;
    int64_t waited_s; /* time present and not in service, interruptions included */
} sim_departure_t;

typedef struct sim_server_stats {
    sim_level_t busy;     /* servers at work */
    sim_level_t queue;    /* customers waiting */
    sim_tally_t wait_s;   /* of the customers whose service has ended: time present and not in service */
    sim_batches_t waits;  /* the same in order of departure, for a confidence interval of the mean */
    uint64_t arrived;     /* = turned_away + withdrawn + served + those present now */
    uint64_t turned_away; /* found `limit` customers present */
    uint64_t withdrawn;
    uint64_t served;
    uint64_t preemptions;
} sim_server_stats_t;

/* Bytes of a server for `capacity` >= 1 customers. */
size_t sim_server_bytes(uint32_t capacity);

/* Makes an idle server in `self`, 8-byte aligned memory of sim_server_bytes(spec->capacity). */
void sim_server_init(sim_server_t *self, const sim_server_spec_t *spec, int64_t now_s);

/* The same in a block of the world's arena; legal where allocation is: before the run and at boundaries. SIM_ELIMIT
 * when the arena's bound is reached, SIM_ENOMEM when the system has no memory. */
sim_status_t sim_server_create(sim_world_t *world, const sim_server_spec_t *spec, sim_ref_t *server, sim_error_t *err);
static inline sim_server_t *sim_server_at(const sim_lp_t *lp, sim_ref_t server)
{
    return (sim_server_t *)sim_arena_at(lp->arena, server);
}

/* A customer arrives now. `ticket` (may be NULL) names him for sim_server_withdraw(); {0, 0} when he was turned away.
 * SIM_ELIMIT, with lp->error filled, when `capacity` or the calendar's bound is exceeded. */
sim_status_t sim_server_arrive(sim_server_t *self, sim_lp_t *lp, const sim_customer_t *customer, sim_handle_t *ticket);

/* The end of a service: lets the customer of the server's own event go (`departure` may be NULL) and starts the next.
 */
sim_status_t sim_server_done(sim_server_t *self, sim_lp_t *lp, const sim_event_t *event, sim_departure_t *departure);

/* A customer who is waiting, or was interrupted, gives up and leaves. False when he is in service or has gone. */
bool sim_server_withdraw(sim_server_t *self, sim_lp_t *lp, sim_handle_t ticket);

/* Statistics so far, and a fresh start of them at the end of a warm-up. Customers present stay; a wait counts when its
 * customer is served, whole. */
const sim_server_stats_t *sim_server_stats(const sim_server_t *self);
void sim_server_restart_stats(sim_server_t *self, int64_t now_s);

/* Customers in service and waiting. */
uint32_t sim_server_busy(const sim_server_t *self);
uint32_t sim_server_waiting(const sim_server_t *self);

/* Recounts everything in O(capacity); false if anything is wrong. For tests and audits. */
bool sim_server_verify(const sim_server_t *self);

#endif
