// SPDX-License-Identifier: GPL-3.0-or-later
/* One data centre as a logical process: nodes, a scheduler, contracts turned into jobs, and meters.
 *
 * The economy adds a data centre when it is energised, sends it contracts and orders, and reads its meters at
 * boundaries. Everything else happens inside: each contract's jobs are drawn from the contract's own random streams,
 * the scheduler places them on nodes, nodes fail and are repaired, and the meters count what really ran. Utilisation
 * is measured here and nowhere else.
 */
#ifndef MDL_DATACENTRE_H
#define MDL_DATACENTRE_H

#include "models/params/input.h"
#include "models/params/params.h"
#include "models/params/tables.h"
#include "sim/world.h"

/* Classes of job. */
typedef enum mdl_job_class {
    MDL_JOB_TRAINING,  /* pre-training: a gang of whole nodes, checkpoints, restarts after failures */
    MDL_JOB_FINETUNE,  /* fine-tuning and evaluation: heavy-tailed, mostly 1 to 64 GPUs */
    MDL_JOB_INFERENCE, /* services: replicas follow request load */
    MDL_JOB_BATCH,     /* deferrable, fills what is free */
    MDL_JOB_CLASSES
} mdl_job_class_t;

/* What a data centre is built of; fixed at its birth. */
typedef struct mdl_datacentre_spec {
    uint64_t entity;         /* id for random addresses */
    int32_t gpu_type;        /* index into the table */
    uint32_t nodes;          /* of 8 GPUs each, racked */
    uint32_t nodes_powered;  /* <= nodes: what the energised part can run */
    int32_t province;
    double pue;
    double fabric_gb_s;      /* node interconnect; below MDL_FABRIC_TRAINING_GB_S no gang above one node */
} mdl_datacentre_spec_t;

/* Messages from the economy (event types), delivered at their time. entity = contract number. */
enum mdl_datacentre_message {
    MDL_DC_CONTRACT_START = 1, /* a = mdl_contract_pack(...), b = tenant's entity id (random address of its jobs) */
    MDL_DC_CONTRACT_RESIZE,    /* a = mdl_contract_pack(...) with the new size */
    MDL_DC_CONTRACT_END,       /* running jobs are cancelled, queued ones dropped */
    MDL_DC_POWER_NODES,        /* a = nodes powered from now on (growth in stages, or switched off) */
    MDL_DC_CLOSE               /* cancels everything; the LP may be stopped afterwards */
};

/* Terms of a contract in one word. `activity_permille`: mean share of the leased GPUs that the tenant's jobs want;
 * `gang_nodes`: width of its pre-training jobs (0 for other classes). */
typedef struct mdl_contract_terms {
    mdl_job_class_t job_class;
    uint32_t nodes;
    uint32_t gang_nodes;
    uint32_t activity_permille;
    bool ported; /* software already runs on this stack; else throughput is reduced by the porting parameters */
} mdl_contract_terms_t;

int64_t mdl_contract_pack(const mdl_contract_terms_t *terms);
mdl_contract_terms_t mdl_contract_unpack(int64_t packed);

/* Meters: cumulative since birth, integers. GPU seconds unless named otherwise. */
typedef struct mdl_datacentre_meter {
    int64_t racked_gpu_s;
    int64_t powered_gpu_s;
    int64_t leased_gpu_s;
    int64_t allocated_gpu_s;                 /* held by jobs */
    int64_t busy_gpu_s;                      /* computing (allocated less start-up, checkpoint, restart) */
    int64_t useful_gpu_s;                    /* busy less work lost to failures and cancellations */
    int64_t useful_by_class_gpu_s[MDL_JOB_CLASSES];
    int64_t busy_by_class_gpu_s[MDL_JOB_CLASSES];
    int64_t energy_it_wh;                    /* idle and busy draw of IT equipment */
    int64_t energy_metered_wh;               /* times PUE */
    int64_t jobs_submitted[MDL_JOB_CLASSES];
    int64_t jobs_started[MDL_JOB_CLASSES];
    int64_t jobs_finished[MDL_JOB_CLASSES];
    int64_t jobs_cancelled[MDL_JOB_CLASSES];
    int64_t jobs_failed[MDL_JOB_CLASSES];    /* ended by a failure without restart */
    int64_t wait_s[MDL_JOB_CLASSES];         /* summed over started jobs */
    int64_t node_failures;
    int32_t leased_nodes;                    /* now */
    int32_t allocated_gpus;                  /* now */
    int32_t queued_jobs;                     /* now */
    int32_t running_jobs;                    /* now */
} mdl_datacentre_meter_t;

extern const sim_lp_kind_t mdl_datacentre_kind;

/* Adds a data centre to the world at time_s (a boundary). `kind`: position of mdl_datacentre_kind in the model. */
sim_status_t mdl_datacentre_create(sim_world_t *world, uint32_t kind, const mdl_datacentre_spec_t *spec, int64_t time_s,
                                   uint32_t *lp, sim_error_t *err);
/* Brings the time integrals of the meters up to time_s and returns them. At boundaries. */
const mdl_datacentre_meter_t *mdl_datacentre_read(sim_world_t *world, uint32_t lp, int64_t time_s);
/* Grows pools that are more than half full. Call it at boundaries. */
sim_status_t mdl_datacentre_boundary(sim_world_t *world, uint32_t lp, sim_error_t *err);
/* Recounts everything: capacity, gangs, job conservation, energy. SIM_EINVARIANT names what is broken. */
sim_status_t mdl_datacentre_audit(sim_world_t *world, uint32_t lp, sim_error_t *err);

#endif
