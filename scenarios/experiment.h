// SPDX-License-Identifier: GPL-3.0-or-later
/* Running a scenario: arms x points x replications on all cores, into one result file.
 *
 * Replications of all arms that fork from one another form one task, so that the shared past is simulated once. With
 * fewer tasks than threads the threads go into the worlds instead. Finished replications are stored at once; failed
 * ones are named and the rest go on.
 */
#ifndef SCN_EXPERIMENT_H
#define SCN_EXPERIMENT_H

#include "scenarios/scenario.h"
#include "sim/store.h"

#include <stdatomic.h>

/* Shared with whoever shows progress; all fields may be read at any time. Zero-initialise. */
typedef struct scn_progress {
    atomic_size_t total;         /* replications of all arms and points to run */
    atomic_size_t done;
    atomic_size_t failed;
    atomic_uint_least64_t events;
    atomic_uint_least64_t jobs;
    _Atomic uint32_t arm;        /* of the replication that reported last */
    _Atomic int64_t time_s;      /* its simulated time */
    atomic_bool stop;            /* set it to interrupt */
} scn_progress_t;

/* A replication that failed: enough to run it again alone. */
typedef struct scn_failure {
    uint32_t arm, point, replication;
    sim_error_t error;
} scn_failure_t;

/* Called after each stored replication, by one thread at a time. */
typedef void (*scn_finished_t)(void *user, sim_run_key_t key, const sim_run_meta_t *meta);

typedef struct scn_experiment_options {
    int threads;
    sim_store_mode_t mode;
    sim_store_finish_t finish; /* adds summary etc. to the file; may be NULL */
    void *finish_user;
    scn_finished_t finished; /* may be NULL */
    void *finished_user;
} scn_experiment_options_t;

typedef struct scn_experiment_report {
    size_t replications; /* finished now */
    size_t reused;       /* found finished by a resume */
    scn_failure_t *failures;
    size_t n_failures;
    uint64_t events, jobs;
    double run_s, store_s; /* wall clock: simulating and storing; assembling */
    uint64_t digest;
    bool interrupted;
    char notice[512]; /* what a resume found amiss in the parts; "" when nothing */
} scn_experiment_report_t;

/* Upper estimate of the size of the result file, in bytes. */
sim_status_t scn_experiment_expected_bytes(const scn_scenario_t *scenario, uint64_t *bytes, sim_error_t *err);

sim_status_t scn_experiment_run(const scn_scenario_t *scenario, const char *path,
                                const scn_experiment_options_t *options, scn_progress_t *progress,
                                scn_experiment_report_t *report, sim_error_t *err);
void scn_experiment_report_free(scn_experiment_report_t *report);

#endif
