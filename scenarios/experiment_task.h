// SPDX-License-Identifier: GPL-3.0-or-later
/* One task of an experiment: a replication of a root arm and of all arms forked from it. Private to scenarios.
 *
 * A task runs the root's world to the first date at which a forked arm differs, clones it, follows the clone to its
 * end, and goes on. Each finished arm is stored at once. A failed arm is noted with its error and stored as failed;
 * arms that would fork from it later fail with it.
 */
#ifndef SCN_EXPERIMENT_TASK_H
#define SCN_EXPERIMENT_TASK_H

#include "scenarios/experiment.h"
#include "sim/world.h"

#include <pthread.h>

/* What a worker keeps from one replication to the next, so that memory is touched once. */
typedef struct scn_worker {
    sim_world_t *world;
    sim_recorder_t *recorder;
    mdl_input_t *inputs; /* per arm, with parameters drawn for the replication under way; NULL where none are drawn */
} scn_worker_t;

typedef struct scn_experiment {
    const scn_scenario_t *scenario;
    const scn_experiment_options_t *options;
    scn_progress_t *progress;
    sim_store_t *store;
    sim_schema_t schema;
    scn_worker_t *workers;
    int n_workers;
    uint32_t *roots; /* arms that start their own worlds */
    uint32_t n_roots;
    uint32_t n_points;
    uint32_t n_replications;
    uint32_t first_replication; /* of the block of tasks under way */
    pthread_mutex_t mutex;      /* guards failures and the `finished` callback */
    scn_failure_t *failures;
    size_t n_failures;
} scn_experiment_t;

/* Makes workers and the schema; free is legal after a failed init. */
sim_status_t scn_experiment_init(scn_experiment_t *self, const scn_scenario_t *scenario,
                                 const scn_experiment_options_t *options, scn_progress_t *progress, sim_error_t *err);
void scn_experiment_free(scn_experiment_t *self);

/* Adds n replications from first_replication on to the progress totals; those found finished in the store are reported
 * as reused. */
void scn_experiment_count(scn_experiment_t *self, uint32_t n, scn_experiment_report_t *report);
/* Moves failures (sorted by arm, point, replication) and sums into the report. */
void scn_experiment_collect(scn_experiment_t *self, scn_experiment_report_t *report);

/* sim_task_t over roots x points x replications from first_replication on, replications slowest. `user` is the
 * scn_experiment_t. */
sim_status_t scn_experiment_task(void *user, size_t index, int worker, int inner_threads, sim_error_t *err);

#endif
