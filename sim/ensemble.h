// SPDX-License-Identifier: GPL-3.0-or-later
/* The ensemble: many independent tasks on all cores, with a named fate for each.
 *
 * Tasks 0 .. n-1 are handed to threads one by one, in this order. Each task's result goes to its own slot, so nothing
 * depends on which thread ran it or when. A failed task is recorded and the rest go on; out of memory, I/O errors and a
 * stop request end the ensemble after the tasks under way.
 */
#ifndef SIM_ENSEMBLE_H
#define SIM_ENSEMBLE_H

#include "sim/error.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Runs task `index` on worker `worker` (0 .. threads-1). `inner_threads` is how many threads the task itself may use:
 * more than one only when there are fewer tasks than threads. */
typedef sim_status_t (*sim_task_t)(void *user, size_t index, int worker, int inner_threads, sim_error_t *err);

typedef struct sim_ensemble_options {
    int threads;             /* >= 1 */
    const atomic_bool *stop; /* may be NULL */
} sim_ensemble_options_t;

typedef struct sim_task_result {
    sim_status_t status; /* SIM_EINTERRUPTED for tasks that never started */
    sim_error_t error;
} sim_task_result_t;

/* Runs n tasks; `results` has n entries, one per task. Returns SIM_OK when every task ran (failed ones included), else
 * the status that ended it early, with `err` naming the task. */
sim_status_t sim_ensemble_run(size_t n, sim_task_t task, void *user, const sim_ensemble_options_t *options,
                              sim_task_result_t *results, sim_error_t *err);

#endif
