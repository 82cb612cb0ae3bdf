// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside the store: blocks into one file. For sim/store*.c only.
 *
 *   store_groups.c    groups, scales and variables of a schema, empty
 *   store_columns.c   /outcomes: one row per replication
 *   store_events.c    /events: rows of all replications, one behind the other
 *   store_assemble.c  the walk over all blocks, and how the file gets its name */
#ifndef SIM_STORE_ASSEMBLE_H
#define SIM_STORE_ASSEMBLE_H

#include "sim/store_hdf5.h"
#include "sim/store_internal.h"

#define SIM_STATUS_NOT_RUN 1 /* in /outcomes/status, beside sim_status_t */

typedef struct sim_store_columns sim_store_columns_t;
typedef struct sim_store_events sim_store_events_t;

typedef struct sim_store_assembly {
    sim_store_t *store;
    sim_result_t *result;
    hid_t *datasets;   /* per channel; outcomes have columns instead */
    uint64_t **hashes; /* per channel: per arm */
    sim_store_columns_t *columns;
    sim_store_events_t *events; /* NULL when none are kept */
    sim_store_coder_t coder;
    sim_store_buffer_t block;
} sim_store_assembly_t;

/* Makes everything but the data. */
sim_status_t sim_store_make_groups(sim_store_assembly_t *self, sim_error_t *err);
/* Scales arm, point (with a design) and replication of a group. */
sim_status_t sim_store_make_run_scales(sim_store_assembly_t *self, const char *group, sim_error_t *err);
/* Names of the leading dimensions (arm, point, replication) into v->dims; how many. */
int sim_store_run_dims(const sim_store_assembly_t *self, sim_h5_variable_t *v);

sim_status_t sim_store_make_columns(sim_store_assembly_t *self, sim_error_t *err);
/* Next row, in the order of arm, point, replication; `view` NULL: not run. */
sim_status_t sim_store_columns_add(sim_store_assembly_t *self, sim_run_key_t key, const sim_store_view_t *view,
                                   sim_error_t *err);
void sim_store_columns_hand_over(sim_store_assembly_t *self); /* the values' hashes, to the digest */
void sim_store_columns_free(sim_store_columns_t *self);

sim_status_t sim_store_make_events(sim_store_assembly_t *self, sim_error_t *err);
sim_status_t sim_store_events_add(sim_store_assembly_t *self, sim_run_key_t key, const sim_store_view_t *view,
                                  sim_error_t *err);
sim_status_t sim_store_events_finish(sim_store_assembly_t *self, sim_error_t *err);
void sim_store_events_free(sim_store_events_t *self);

#endif
