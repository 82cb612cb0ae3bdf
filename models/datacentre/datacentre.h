// SPDX-License-Identifier: GPL-3.0-or-later
/* One data centre as a logical process: nodes, a scheduler, contracts turned into jobs, and meters.
 *
 * The economy adds a data centre when it is energised, sends it contracts and orders, and reads its meters at
 * boundaries. Everything else happens inside: each contract's jobs are drawn from the contract's own random streams,
 * the scheduler places them on nodes, nodes fail and are repaired, and the meters count what really ran. Utilisation
 * is measured here and nowhere else.
 *
 *     mdl_datacentre_spec_t spec = {.entity = id, .gpu_type = 4, .nodes = 128, .nodes_powered = 128, .pue = 1.3,
 *                                   .fabric_gb_s = 400};
 *     mdl_datacentre_create(world, kind, &spec, now_s, &lp, &err);
 *     mdl_contract_terms_t terms = {.job_class = MDL_JOB_FINETUNE, .nodes = 16, .activity_permille = 600,
 *                                   .ported = true};
 *     sim_event_t start = {.time_s = now_s, .type = MDL_DC_CONTRACT_START, .entity = 1,
 *                          .a = mdl_contract_pack(&terms), .b = (int64_t)contract_entity};
 *     sim_world_schedule(world, lp, &start, 0, NULL);
 *     ... a day later, at the boundary ...
 *     mdl_datacentre_boundary(world, lp, &err);
 *     const mdl_datacentre_meter_t *meter = mdl_datacentre_read(world, lp, now_s);
 */
#ifndef MDL_DATACENTRE_H
#define MDL_DATACENTRE_H

#include "models/params/input.h"
#include "models/scheduler/scheduler.h"
#include "models/workload/tenancy.h"
#include "sim/world.h"

/* Whether a centre follows its nodes one by one, or counts them (models/hardware/pool.h), which costs the same however
 * many there are. It makes a difference only to jobs below node size, and a pool takes none: where the grain is set to
 * 0 later on, a pool keeps the grain it had. */
typedef enum mdl_datacentre_mode {
    MDL_DC_MODE_AUTO, /* a pool when scheduler.pools is set and workload.grain is above 0 at its birth, else nodes */
    MDL_DC_MODE_NODES,
    MDL_DC_MODE_POOL /* SIM_EINPUT while workload.grain is 0 */
} mdl_datacentre_mode_t;

/* What a data centre is built of; fixed at its birth. */
typedef struct mdl_datacentre_spec {
    uint64_t entity;        /* id for random addresses */
    int32_t gpu_type;       /* index into the table */
    uint32_t nodes;         /* of 8 GPUs each, racked */
    uint32_t nodes_powered; /* <= nodes: what the energised part can run */
    int32_t province;
    double pue;         /* counted in thousandths */
    double fabric_gb_s; /* node interconnect; below hardware.training_fabric tightly coupled jobs that need more than
                         * one node are refused */
    mdl_datacentre_mode_t mode;
    double grain_factor; /* its grain over workload.grain; 0: 1 */
} mdl_datacentre_spec_t;

/* Messages from the economy (event types), delivered at their time. entity = contract number, unique among the centre's
 * running contracts. After MDL_DC_CLOSE all messages are ignored. */
enum mdl_datacentre_message {
    MDL_DC_CONTRACT_START = 1, /* a = mdl_contract_pack(...), b = the contract's entity id: the random address of its
                                * jobs. Two contracts with one id would run the same jobs: make it of the tenant's id
                                * and the ordinal within the tenant */
    MDL_DC_CONTRACT_RESIZE, /* a = mdl_contract_pack(...): all new terms; the class stays. Jobs that no longer fit are
                             * cancelled, newest first */
    MDL_DC_CONTRACT_END,    /* running jobs are cancelled, queued ones dropped */
    MDL_DC_POWER_NODES, /* a = nodes powered from now on (growth in stages, or switched off), at most those racked */
    MDL_DC_CLOSE        /* cancels everything; the LP may be retired afterwards (mdl_datacentre_retire) */
};

/* Meters: cumulative since birth, integers. GPU seconds unless named otherwise. At any reading
 * racked >= powered >= leased >= allocated >= busy >= useful, and none ever falls.
 *
 * Contracts get nodes up to what is powered, in order of start; a contract that gets fewer than its terms say gets more
 * as soon as there is more. Of jobs that run, busy and useful count what is certain by the time of reading: a job's
 * start-up, its checkpoint under way and what it has not saved yet come in when it ends or saves. */
typedef struct mdl_datacentre_meter {
    int64_t racked_gpu_s;
    int64_t powered_gpu_s;
    int64_t leased_gpu_s;
    int64_t allocated_gpu_s; /* held by jobs */
    int64_t busy_gpu_s;      /* computing (allocated less start-up, checkpoints, and load below a service's replicas) */
    int64_t useful_gpu_s;    /* busy less work lost to failures and cancellations */
    int64_t useful_by_class_gpu_s[MDL_JOB_CLASSES];
    int64_t busy_by_class_gpu_s[MDL_JOB_CLASSES];
    int64_t training_work_gpu_s;                /* useful, in H100-equivalents: times GPU type and porting */
    int64_t blocked_gpu_s[MDL_BLOCKED_REASONS]; /* asked for by queues' heads that could not start, by reason */
    int64_t energy_it_wh;                       /* idle and busy draw of IT equipment */
    int64_t energy_metered_wh;                  /* times PUE */
    int64_t jobs_submitted[MDL_JOB_CLASSES];
    int64_t jobs_refused[MDL_JOB_CLASSES]; /* at submission: never fit, or the tenant's queue was too long; cancelled */
    int64_t jobs_started[MDL_JOB_CLASSES];
    int64_t jobs_restarted[MDL_JOB_CLASSES]; /* put back into the queue by failures or power */
    int64_t jobs_finished[MDL_JOB_CLASSES];
    int64_t jobs_cancelled[MDL_JOB_CLASSES];
    int64_t jobs_failed[MDL_JOB_CLASSES]; /* ended by a failure without restart */
    int64_t wait_s[MDL_JOB_CLASSES];      /* summed over started jobs */
    int64_t service_load_gpu_s;           /* load of services, whether carried or not, up to their last resizing */
    int64_t service_met_gpu_s;            /* part of it that came while warm replicas sufficed for the latency target */
    int64_t node_failures;
    int32_t leased_nodes;   /* now */
    int32_t allocated_gpus; /* now */
    int32_t queued_jobs;    /* now */
    int32_t running_jobs;   /* now */
} mdl_datacentre_meter_t;

/* What an economy asks every day: some of the meters. GPU seconds. */
typedef struct mdl_datacentre_reading {
    int64_t powered_gpu_s;
    int64_t leased_gpu_s;
    int64_t busy_gpu_s;
    int64_t inference_gpu_s;     /* busy with inference */
    int64_t training_work_gpu_s; /* useful, in H100-equivalents */
} mdl_datacentre_reading_t;

/* What it keeps its books on, which are closed more seldom. GPU seconds unless named otherwise, cumulative since birth. */
typedef struct mdl_datacentre_use {
    int64_t powered_gpu_s;
    int64_t leased_gpu_s;
    int64_t allocated_gpu_s;
    int64_t busy_gpu_s;
    int64_t useful_gpu_s;
    int64_t energy_metered_wh;
    int64_t service_load_gpu_s, service_met_gpu_s;
    int64_t busy_by_class_gpu_s[MDL_JOB_CLASSES];
    int64_t jobs_submitted[MDL_JOB_CLASSES];
    int64_t jobs_started[MDL_JOB_CLASSES];
    int64_t jobs_finished[MDL_JOB_CLASSES];
    int64_t wait_s[MDL_JOB_CLASSES];
} mdl_datacentre_use_t;

/* What a centre reports at the end of each whole window, taken while centres still run side by side. All 0 before the
 * first. Reports stand close together: they are written and read in a row. */
typedef struct mdl_datacentre_report {
    mdl_datacentre_reading_t day; /* what the meters have gone up by since the report before */
    bool cramped;                 /* it asks for mdl_datacentre_boundary */
} mdl_datacentre_report_t;

/* Its `close` writes a mdl_datacentre_report_t. */
extern const sim_lp_kind_t mdl_datacentre_kind;

/* Adds a data centre to the world at time_s (a boundary). `kind`: position of mdl_datacentre_kind in the model. The
 * world's input is an mdl_input_t; the centre takes the parameters that hold at time_s. SIM_ELIMIT when the world's
 * memory is full, SIM_EINPUT for an impossible spec. */
sim_status_t mdl_datacentre_create(sim_world_t *world, uint32_t kind, const mdl_datacentre_spec_t *spec, int64_t time_s,
                                   uint32_t *lp, sim_error_t *err);

/* Brings the time integrals of the meters up to time_s and returns them. At boundaries. O(contracts). */
const mdl_datacentre_meter_t *mdl_datacentre_read(sim_world_t *world, uint32_t lp, int64_t time_s);

/* Energy through the grid's meter from birth to time_s, Wh. At boundaries. O(contracts). */
int64_t mdl_datacentre_metered_wh(sim_world_t *world, uint32_t lp, int64_t time_s);

/* What it has come to at time_s; valid until the next boundary. At boundaries. Where a recording interval ends the
 * centre has it ready; else it is O(contracts). After mdl_datacentre_retire it stays as it was. */
const mdl_datacentre_use_t *mdl_datacentre_use(sim_world_t *world, uint32_t lp, int64_t time_s);
/* Starts to fetch it, for whoever will ask many centres. */
void mdl_datacentre_fetch_use(sim_world_t *world, uint32_t lp);

/* The last report. */
static inline const mdl_datacentre_report_t *mdl_datacentre_report(const sim_world_t *world, uint32_t lp)
{
    return sim_world_report(world, lp);
}

/* What the meters said at the last report: the sum of all reports' days. Stays readable after mdl_datacentre_retire. */
mdl_datacentre_reading_t mdl_datacentre_reported(sim_world_t *world, uint32_t lp);

/* Grows pools that are more than half full. Call it at boundaries, for all centres or those whose report says
 * cramped. */
sim_status_t mdl_datacentre_boundary(sim_world_t *world, uint32_t lp, sim_error_t *err);

/* Room for so many contracts more than run now to start before the next boundary. At boundaries. */
sim_status_t mdl_datacentre_reserve(sim_world_t *world, uint32_t lp, uint32_t contracts, sim_error_t *err);

/* From now on the centre works by these parameters: jobs, failures and repairs drawn from here on. Where they end the
 * grain it gets room for jobs one by one: SIM_ELIMIT when the world's memory is full. At boundaries. */
sim_status_t mdl_datacentre_configure(sim_world_t *world, uint32_t lp, const mdl_params_t *params, sim_error_t *err);

/* Stops a closed centre's LP for good and gives its memory back. The meters stay readable as they stand. */
void mdl_datacentre_retire(sim_world_t *world, uint32_t lp, int64_t time_s);

/* Recounts everything: capacity, gangs, job conservation, quotas, meters, energy, what was reported of them.
 * SIM_EINVARIANT names what is broken. At boundaries. */
sim_status_t mdl_datacentre_audit(sim_world_t *world, uint32_t lp, sim_error_t *err);

#endif
