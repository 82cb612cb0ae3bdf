// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/ensemble.h"

#include <omp.h>
#include <stdbool.h>

typedef struct ensemble {
    sim_task_t task;
    void *user;
    const sim_ensemble_options_t *options;
    sim_task_result_t *results;
    int inner_threads;
    atomic_bool ended; /* no further task starts */
} ensemble_t;

/* These would befall the other tasks too. */
static bool ends_the_ensemble(sim_status_t status)
{
    return status == SIM_ENOMEM || status == SIM_EIO || status == SIM_EINTERRUPTED;
}

static bool may_start(const ensemble_t *self)
{
    return !atomic_load_explicit(&self->ended, memory_order_relaxed) &&
           (self->options->stop == NULL || !atomic_load_explicit(self->options->stop, memory_order_relaxed));
}

static void run_task(ensemble_t *self, size_t index)
{
    sim_task_result_t *result = &self->results[index];
    if (!may_start(self))
        return;
    result->error = (sim_error_t){0};
    result->status = self->task(self->user, index, omp_get_thread_num(), self->inner_threads, &result->error);
    if (ends_the_ensemble(result->status))
        atomic_store_explicit(&self->ended, true, memory_order_relaxed);
}

/* Marks every task as not started. */
static void clear_results(sim_task_result_t *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        results[i] = (sim_task_result_t){.status = SIM_EINTERRUPTED};
        (void)sim_fail(&results[i].error, SIM_EINTERRUPTED, NULL, "not started");
    }
}

/* The first task, in index order, that ended the ensemble; a request to stop speaks only when nothing worse did. */
static sim_status_t outcome(const sim_task_result_t *results, size_t n, sim_error_t *err)
{
    size_t interrupted = n;
    for (size_t i = 0; i < n; i++) {
        if (results[i].status == SIM_EINTERRUPTED && interrupted == n)
            interrupted = i;
        if (results[i].status != SIM_EINTERRUPTED && ends_the_ensemble(results[i].status))
            return sim_fail(err, results[i].status, NULL, "task %zu: %.900s", i, results[i].error.message);
    }
    if (interrupted == n)
        return SIM_OK;
    return sim_fail(err, SIM_EINTERRUPTED, NULL, "stopped; the first task not done is %zu", interrupted);
}

/* Monotonic: else LLVM's OpenMP starts each thread on a stretch of its own, and what a stop leaves is no beginning. */
sim_status_t sim_ensemble_run(size_t n, sim_task_t task, void *user, const sim_ensemble_options_t *options,
                              sim_task_result_t *results, sim_error_t *err)
{
    SIM_ASSERT(options->threads >= 1);
    ensemble_t self = {.task = task, .user = user, .options = options, .results = results, .inner_threads = 1};
    clear_results(results, n);
    int team = options->threads;
    if (n < (size_t)team) {
        team = n > 0 ? (int)n : 1;
        self.inner_threads = options->threads / team;
    }
    int levels = omp_get_max_active_levels();
    if (self.inner_threads > 1 && team > 1 && levels < 2)
        omp_set_max_active_levels(2);
#pragma omp parallel for schedule(monotonic : dynamic, 1) num_threads(team) if (team > 1)
    for (size_t i = 0; i < n; i++)
        run_task(&self, i);
    omp_set_max_active_levels(levels);
    return outcome(results, n, err);
}
