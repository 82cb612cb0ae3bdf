// SPDX-License-Identifier: GPL-3.0-or-later
/* A contract: so many nodes leased to one tenant, and the jobs that the tenant runs on them.
 *
 * Pre-training keeps a number of gangs going, each alternating between a run and a pause. Fine-tuning and batch jobs
 * arrive as a stream (stream.h). An inference service holds replicas that follow its load (service.h). In each case the
 * tenant's jobs want `activity_permille` of the leased GPUs in the mean, in computing time on software that is at home
 * there; what becomes of that is up to the scheduler, the nodes and the stack.
 *
 * Every draw stands at (contract's entity, purpose of the class, ordinal of the job), so that two arms of an experiment
 * see the same jobs whatever happens to them.
 */
#ifndef MDL_TENANCY_H
#define MDL_TENANCY_H

#include "models/scheduler/job.h"

#define MDL_STREAM_UNITS 20 /* kinds of unit a stream is cut into, at most */

/* Terms of a contract. */
typedef struct mdl_contract_terms {
    mdl_job_class_t job_class;
    uint32_t nodes;             /* leased; below 2^20 */
    uint32_t gang_nodes;        /* width of its pre-training jobs; 0: the whole lease; other classes ignore it */
    uint32_t activity_permille; /* mean share of the leased GPUs that its jobs want; below 2^12 */
    bool ported;                /* its software runs on the centre's stack; else the porting parameters apply */
} mdl_contract_terms_t;

/* Terms in one word of an event, and back. Terms out of range are a programmer's bug. */
int64_t mdl_contract_pack(const mdl_contract_terms_t *terms);
mdl_contract_terms_t mdl_contract_unpack(int64_t packed);

/* One kind of unit of a stream: jobs of one width, single or chained. */
typedef struct mdl_stream_unit {
    double cumulative;     /* share of units of this kind and those before it */
    float failed, stopped; /* share of its units that fail; and of those that fail or are cancelled */
    uint32_t gpus;
    uint8_t length; /* enum mdl_unit_length, stream.c */
    uint8_t size;   /* log2 of the GPUs of its jobs, which says how long they run; of chains 0 */
    bool tightly_coupled;
} mdl_stream_unit_t;

/* What a stream is asked at each job stands in the second cache line, but for its terms and units. What a service is
 * asked stands in a place of its own (mdl_service_t, service.h). */
typedef struct mdl_tenancy {
    _Alignas(64) mdl_contract_terms_t terms;
    uint32_t granted_nodes;
    uint32_t service;             /* of a service: its place among the centre's */
    uint32_t gang_timers;         /* of gangs: pending */
    int64_t ready_s;              /* its software is ported from here on */
    uint64_t generation;          /* of its gangs' timers; others are stale */
    _Alignas(64) uint64_t entity; /* random address */
    uint64_t ordinal;             /* of its next job */
    int64_t timer_s;              /* a stream's next arrival, a service's first replica; SIM_NEVER: none */
    sim_handle_t timer;
    double mean_gap_s; /* between jobs: of a stream (0: none), or of a gang's pause (negative: none) */
    double gap_rest_s; /* part of a second that a stream's last gap was rounded by */
    uint32_t units;
    uint32_t bundle_gpus; /* what jobs below it are batched to; 0: job by job */
    bool open;
    mdl_stream_unit_t unit[MDL_STREAM_UNITS];
} mdl_tenancy_t;

_Static_assert(offsetof(mdl_tenancy_t, entity) == 64 && offsetof(mdl_tenancy_t, units) < 128,
               "a stream's next job asks for the second cache line");

#endif
