// SPDX-License-Identifier: GPL-3.0-or-later
/* A fleet: nodes that differ, whose CPU, memory and GPUs are handed out in parts.
 *
 * A node has thousandths of CPU cores, MiB of memory and up to MDL_NODE_GPUS GPUs of one model; of each GPU thousandths
 * may be taken, so that several jobs share it. Which GPUs of a node a request takes is its user's choice, a bit mask.
 * Where all nodes are equal and GPUs whole, a cluster (cluster.h) is the smaller and faster thing.
 *
 * Nodes stand in a list by their last change, the newest first, each with the fleet's clock at that time. Who keeps
 * something derived from nodes need look at those alone that changed since.
 *
 * A fleet is one block of memory without pointers into itself: copying its bytes copies it.
 *
 *     mdl_fleet_t *fleet = aligned_alloc(64, mdl_fleet_bytes(1));
 *     mdl_fleet_init(fleet, &(mdl_fleet_hardware_t){.cpu_milli = 96000, .memory_mib = 393216, .gpus = 8, .model = 0}, 1);
 *     mdl_fleet_request_t half = {.cpu_milli = 4000, .memory_mib = 8192, .gpus = 1, .gpu_milli = 500};
 *     if (mdl_fleet_fits(mdl_fleet_node(fleet, 0), &half))
 *         mdl_fleet_take(fleet, 0, &half, 1u << 3); // half of GPU 3
 *     mdl_fleet_give(fleet, 0, &half, 1u << 3);
 */
#ifndef MDL_FLEET_H
#define MDL_FLEET_H

#include "models/hardware/cluster.h"

#define MDL_GPU_MILLI     1000       /* thousandths of a GPU */
#define MDL_NO_MODEL      UINT32_MAX /* of a node without GPUs */
#define MDL_FLEET_MODELS  32         /* GPU models that a request can tell apart */
#define MDL_HOLDER_SHARED 9          /* class of what holds a part of one GPU; others: number of GPUs held, 0 to 8 */
#define MDL_HOLDERS       10

/* A node as it is bought. */
typedef struct mdl_fleet_hardware {
    int64_t cpu_milli, memory_mib; /* >= 0 */
    uint32_t gpus;                 /* 0 .. MDL_NODE_GPUS */
    uint32_t model;                /* below MDL_FLEET_MODELS, or MDL_NO_MODEL */
} mdl_fleet_hardware_t;

/* What a job asks for on one node. */
typedef struct mdl_fleet_request {
    int64_t cpu_milli, memory_mib; /* >= 0 */
    uint32_t gpus;                 /* 0 .. MDL_NODE_GPUS; 0: gpu_milli and models mean nothing */
    uint32_t gpu_milli;            /* of each of them, 1 .. MDL_GPU_MILLI */
    uint32_t models;               /* bit m: model m will do; 0: any */
} mdl_fleet_request_t;

typedef struct mdl_fleet_node {
    int64_t cpu_milli, memory_mib;             /* left */
    int64_t cpu_milli_total, memory_mib_total; /* bought */
    uint64_t changed;                          /* fleet's clock at its last change */
    uint32_t newer, older;                     /* by last change; MDL_NONE at the ends */
    uint32_t models;                           /* bit of its model; 0: no GPU */
    uint32_t gpu_milli_left;                   /* over its GPUs */
    uint16_t gpu_milli[MDL_NODE_GPUS];         /* left of each; 0 where there is no GPU */
    uint32_t holders[MDL_HOLDERS];             /* requests it holds, by class */
    uint8_t gpus;
    bool up;
} mdl_fleet_node_t;

typedef struct mdl_fleet {
    _Alignas(64) uint64_t clock; /* counts changes of nodes */
    int64_t gpu_milli_total;     /* of all nodes */
    int64_t gpu_milli_left;      /* on nodes that are up */
    uint32_t nodes, up;
    uint32_t newest, oldest; /* by last change */
} mdl_fleet_t;

/* Bytes of a fleet of that many nodes, a multiple of 64. */
size_t mdl_fleet_bytes(uint32_t nodes);

/* Makes `self`, mdl_fleet_bytes(nodes) bytes, a fleet of empty nodes that are all up. */
void mdl_fleet_init(mdl_fleet_t *self, const mdl_fleet_hardware_t *hardware, uint32_t nodes);

static inline const mdl_fleet_node_t *mdl_fleet_node(const mdl_fleet_t *self, uint32_t node)
{
    return (const mdl_fleet_node_t *)(self + 1) + node;
}

/* Class of a request among a node's holders. */
static inline uint32_t mdl_fleet_class(const mdl_fleet_request_t *request)
{
    return request->gpus == 1 && request->gpu_milli < MDL_GPU_MILLI ? MDL_HOLDER_SHARED : request->gpus;
}

/* Whether the node has an allowed model; true for a request without GPUs. */
static inline bool mdl_fleet_allows(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request)
{
    return request->gpus == 0 || request->models == 0 || (request->models & node->models) != 0;
}

/* How many GPUs a mask names. (Without an instruction of its own __builtin_popcount is a call.) */
static inline uint32_t mdl_fleet_count(uint32_t gpus)
{
    gpus -= gpus >> 1 & 0x55;
    gpus = (gpus & 0x33) + (gpus >> 2 & 0x33);
    return (gpus + (gpus >> 4)) & 0x0F;
}

/* GPUs of the node that have `gpu_milli` left, as a bit mask. */
uint32_t mdl_fleet_gpus_with(const mdl_fleet_node_t *node, uint32_t gpu_milli);

/* Whether the request could be taken from this node: up, CPU, memory, model, and enough GPUs with enough left. */
bool mdl_fleet_fits(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request);

/* Takes a request that fits from a node, its GPUs being the bits set in `gpus` (request->gpus of them), and gives it
 * back. O(MDL_NODE_GPUS). */
void mdl_fleet_take(mdl_fleet_t *self, uint32_t node, const mdl_fleet_request_t *request, uint32_t gpus);
void mdl_fleet_give(mdl_fleet_t *self, uint32_t node, const mdl_fleet_request_t *request, uint32_t gpus);

/* Takes a node up or down. A node that goes down must hold nothing (the user evicts first); no change changes nothing.
 * O(1). */
void mdl_fleet_set_up(mdl_fleet_t *self, uint32_t node, bool up);

/* Recounts totals, bounds and the list of changes. SIM_EINVARIANT names what is broken. O(nodes). */
sim_status_t mdl_fleet_verify(const mdl_fleet_t *self, sim_error_t *err);

#endif
