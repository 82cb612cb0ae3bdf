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

/* What a stream is asked at each job stands in the first cache line; what contracts' changes and gangs ask for besides in
 * the second. What a service is asked stands in a place of its own (mdl_service_t, service.h). */
typedef struct mdl_tenancy {
    _Alignas(64) uint64_t entity; /* random address */
    uint64_t ordinal;             /* of its next job */
    int64_t timer_s;              /* a stream's next arrival, a service's first replica; SIM_NEVER: none */
    sim_handle_t timer;
    double mean_gap_s;    /* between jobs: of a stream (0: none), or of a gang's pause (negative: none) */
    double gap_rest_s;    /* part of a second that a stream's last gap was rounded by */
    uint32_t bundle_gpus; /* what a stream's jobs below it are batched to; 0: job by job */
    uint8_t sizes;        /* so many of a stream's sizes fit into the lease, */
    uint8_t merged_sizes; /* and so many into the bundle */
    uint8_t job_class;    /* mdl_job_class_t; this and the next four as its terms say */
    bool ported;
    uint32_t nodes, gang_nodes;
    _Alignas(64) uint32_t activity_permille;
    uint32_t granted_nodes;
    uint32_t service;     /* of a service: its place among the centre's */
    uint32_t gang_timers; /* of gangs: pending */
    int64_t ready_s;      /* its software is ported from here on */
    uint64_t generation;  /* of its gangs' timers; others are stale */
    bool open;
} mdl_tenancy_t;

_Static_assert(offsetof(mdl_tenancy_t, gang_nodes) < 64 && sizeof(mdl_tenancy_t) == 128, "two cache lines");

void mdl_tenancy_set_terms(mdl_tenancy_t *self, const mdl_contract_terms_t *terms);

#endif
