// SPDX-License-Identifier: GPL-3.0-or-later
/* Traces of the Muri family (SIGCOMM 2022; Philly jobs given models and iterations): a job is a number of iterations of
 * known length. Times are doubles, because the simulators of this family count so.
 */
#ifndef MDL_TRACE_MURI_H
#define MDL_TRACE_MURI_H

#include "models/trace/trace.h"
#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct mdl_muri_job {
    int64_t id;
    uint32_t gpus;
    double submit_ms;
    double iterations;
    double iteration_ms;
    char model[32];
} mdl_muri_job_t;

typedef struct mdl_muri {
    mdl_muri_job_t *jobs; /* in order of the file */
    size_t n;
} mdl_muri_t;

/* Reads a job file; columns are found by name: job_id, num_gpu, submit_time, iterations, model_name, iteration_time;
 * others mean nothing here. Times are milliseconds. Errors as in trace.h. */
sim_status_t mdl_muri_read(const char *path, mdl_muri_t *out, sim_error_t *err);
void mdl_muri_free(mdl_muri_t *self);

/* The same from any source, whose `problem` hears of every problem. */
sim_status_t mdl_muri_read_from(const mdl_source_t *source, mdl_muri_t *out, sim_error_t *err);

/* The same jobs for an executive that knows no iterations: submission and iterations x iteration time, each to the nearest
 * second, without overheads; by submission. SIM_EINPUT for a run time beyond 2^53 s; SIM_ENOMEM; `out` is empty then. */
sim_status_t mdl_muri_jobs(const mdl_muri_t *muri, mdl_trace_t *out, sim_error_t *err);

/* A cluster of equal nodes as these simulators write it: num_switch, num_node_p_switch, num_gpu_p_node;
 * at most MDL_TRACE_GPUS GPUs in all. Errors as in trace.h; then the numbers are 0. */
sim_status_t mdl_muri_read_cluster(const char *path, uint32_t *nodes, uint32_t *gpus_per_node, sim_error_t *err);
sim_status_t mdl_muri_read_cluster_from(const mdl_source_t *source, uint32_t *nodes, uint32_t *gpus_per_node,
                                        sim_error_t *err);

#endif
