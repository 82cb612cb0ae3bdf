// SPDX-License-Identifier: GPL-3.0-or-later
/* The openb family of traces (Alibaba's GPU-sharing cluster, FGD's experiments): unequal nodes, and pods that ask for
 * CPU, memory and GPUs or a part of one. Nothing has a time: pods arrive one after another and stay.
 *
 * source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent",
 * USENIX ATC 2023, and the traces published with it.
 */
#ifndef MDL_TRACE_OPENB_H
#define MDL_TRACE_OPENB_H

#include "models/trace/lines.h"
#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

#define MDL_OPENB_MODELS 32 /* GPU models a trace may name */
#define MDL_OPENB_NAME   48 /* bytes of a name, its end included */

typedef struct mdl_openb_node {
    char name[MDL_OPENB_NAME];
    int64_t cpu_milli, memory_mib;
    uint32_t gpus;  /* of 1000 milli each, at most 8 */
    uint32_t model; /* index into the trace's models; UINT32_MAX: no GPU */
} mdl_openb_node_t;

typedef struct mdl_openb_pod {
    char name[MDL_OPENB_NAME];
    int64_t cpu_milli, memory_mib;
    uint32_t gpus;      /* 0 to 8 */
    uint32_t gpu_milli; /* of each; 1000 when gpus > 1 */
    uint32_t models;    /* bit m: may run on models[m]; 0: on any */
    char spec[64];      /* the models as the trace names them, joined by '|'; "" = any */
} mdl_openb_pod_t;

typedef struct mdl_openb {
    mdl_openb_node_t *nodes; /* in order of the file, or of PREFIX.nodes: rank by rank */
    size_t n_nodes;
    mdl_openb_pod_t *pods; /* in order of the file */
    size_t n_pods;
    uint32_t *order; /* arrivals of PREFIX.pods as indices into pods, copies included; NULL when no order is given */
    size_t n_order;
    char models[MDL_OPENB_MODELS][MDL_OPENB_NAME];
    uint32_t n_models;
} mdl_openb_t;

/* Reads nodes (a cluster file with columns sn, cpu_milli, memory_mib, gpu, model) and pods (name, cpu_milli, memory_mib,
 * num_gpu, gpu_milli, gpu_spec, ...). With `order_prefix` (may be NULL) PREFIX.nodes (lines RANK-name: a permutation of
 * the nodes) gives nodes their rank and PREFIX.pods (lines name or name-tuned-K) the arrivals. A model may be empty or
 * "nan": none, or any. A pod may name a model that no node has. Errors as in trace.h. */
sim_status_t mdl_openb_read(const char *nodes_path, const char *pods_path, const char *order_prefix, mdl_openb_t *out,
                            sim_error_t *err);
/* The same from any sources; the two of the order may be NULL, both or none. The nodes' `problem` hears of every
 * problem. */
sim_status_t mdl_openb_read_from(const mdl_source_t *nodes, const mdl_source_t *pods, const mdl_source_t *node_order,
                                 const mdl_source_t *pod_order, mdl_openb_t *out, sim_error_t *err);
/* Frees what it owns and empties it; legal on an empty one. */
void mdl_openb_free(mdl_openb_t *self);

#endif
