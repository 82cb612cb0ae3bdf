// SPDX-License-Identifier: GPL-3.0-or-later
/* The ensemble: every task once, its own slot, the fate of failures, stopping, order, threads for the tasks themselves. */
#include "sim/ensemble.h"
#include "tests/support/test.h"

#include <omp.h>
#include <time.h>

#define TASKS 500

typedef struct log {
    atomic_int runs[TASKS];
    atomic_int inner_low, inner_high, worker_high, team_high, passed_over;
    size_t fatal;     /* this task ends the ensemble; SIZE_MAX: none */
    sim_status_t how; /* with this status */
    size_t stop_at;   /* this task raises the stop flag */
    atomic_bool stop;
} log_t;

static log_t *new_log(void)
{
    log_t *log = calloc(1, sizeof *log);
    assert_non_null(log);
    log->fatal = log->stop_at = SIZE_MAX;
    atomic_store(&log->inner_low, 1000);
    return log;
}

static void raise_to(atomic_int *value, int other)
{
    int seen = atomic_load(value);
    while (seen < other && !atomic_compare_exchange_weak(value, &seen, other))
        ;
}

static void lower_to(atomic_int *value, int other)
{
    int seen = atomic_load(value);
    while (seen > other && !atomic_compare_exchange_weak(value, &seen, other))
        ;
}

static sim_status_t task(void *user, size_t index, int worker, int inner_threads, sim_error_t *err)
{
    log_t *log = user;
    atomic_fetch_add(&log->runs[index], 1);
    raise_to(&log->worker_high, worker);
    raise_to(&log->inner_high, inner_threads);
    lower_to(&log->inner_low, inner_threads);
    if (inner_threads > 1) {
#pragma omp parallel num_threads(inner_threads)
        raise_to(&log->team_high, omp_get_num_threads());
    }
    if (index == log->stop_at)
        atomic_store(&log->stop, true);
    if (index == log->fatal)
        return sim_fail(err, log->how, "disk", "task %zu says so", index);
    return index % 7 == 3 ? sim_fail(err, SIM_EINVARIANT, NULL, "seven %zu", index) : SIM_OK;
}

static void test_every_task_once_with_its_own_result(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 7};
    for (int t = 0; t < 3; t++) {
        log_t *log = new_log();
        sim_task_result_t *results = calloc(TASKS, sizeof *results);
        sim_error_t err = {0};
        sim_ensemble_options_t options = {.threads = threads[t]};
        assert_int_equal(sim_ensemble_run(TASKS, task, log, &options, results, &err), SIM_OK);
        assert_int_equal(err.code, SIM_OK);
        for (size_t i = 0; i < TASKS; i++) {
            char expected[32];
            (void)snprintf(expected, sizeof expected, "seven %zu", i);
            assert_int_equal(atomic_load(&log->runs[i]), 1);
            assert_int_equal(results[i].status, i % 7 == 3 ? SIM_EINVARIANT : SIM_OK);
            assert_string_equal(results[i].error.message, i % 7 == 3 ? expected : "");
        }
        assert_true(atomic_load(&log->worker_high) < threads[t]);
        assert_int_equal(atomic_load(&log->inner_high), 1);
        free(results);
        free(log);
    }
}

/* Errors that would befall every task end the ensemble; tasks that never started say so. */
static void test_fatal_errors_end_it(void **state)
{
    (void)state;
    static const sim_status_t fatal[] = {SIM_ENOMEM, SIM_EIO, SIM_EINTERRUPTED};
    for (int f = 0; f < 3; f++) {
        log_t *log = new_log();
        log->fatal = 20;
        log->how = fatal[f];
        sim_task_result_t *results = calloc(TASKS, sizeof *results);
        sim_error_t err = {0};
        sim_ensemble_options_t options = {.threads = 1};
        assert_int_equal(sim_ensemble_run(TASKS, task, log, &options, results, &err), fatal[f]);
        assert_int_equal(err.code, fatal[f]);
        assert_non_null(strstr(err.message, fatal[f] == SIM_EINTERRUPTED ? "20" : "task 20: disk: task 20 says so"));
        for (size_t i = 0; i < TASKS; i++) {
            assert_int_equal(atomic_load(&log->runs[i]), i <= 20);
            if (i > 20)
                assert_int_equal(results[i].status, SIM_EINTERRUPTED);
        }
        free(results);
        free(log);
    }
}

static void test_stop_flag(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        log_t *log = new_log();
        log->stop_at = 10;
        sim_task_result_t *results = calloc(TASKS, sizeof *results);
        sim_error_t err = {0};
        sim_ensemble_options_t options = {.threads = threads, .stop = &log->stop};
        assert_int_equal(sim_ensemble_run(TASKS, task, log, &options, results, &err), SIM_EINTERRUPTED);
        assert_int_equal(results[10].status, SIM_EINVARIANT); /* 10 = 7 + 3 */
        int started = 0;
        for (size_t i = 0; i < TASKS; i++) {
            started += atomic_load(&log->runs[i]);
            assert_int_equal(results[i].status == SIM_EINTERRUPTED, atomic_load(&log->runs[i]) == 0);
        }
        assert_true(started >= 11 && started < TASKS);
        free(results);
        free(log);
    }
}

/* A stop request that comes when all is done changes nothing. */
static void test_stop_in_the_last_task(void **state)
{
    (void)state;
    log_t *log = new_log();
    log->stop_at = 4;
    sim_task_result_t results[5];
    sim_ensemble_options_t options = {.threads = 1, .stop = &log->stop};
    assert_int_equal(sim_ensemble_run(5, task, log, &options, results, NULL), SIM_OK);
    assert_int_equal(sim_ensemble_run(5, task, log, &options, results, NULL), SIM_EINTERRUPTED);
    for (int i = 0; i < 5; i++)
        assert_int_equal(atomic_load(&log->runs[i]), 1);
    free(log);
}

static void test_spare_threads_go_to_the_tasks(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        int threads, inner;
    } cases[] = {{1, 4, 4}, {2, 4, 2}, {2, 7, 3}, {3, 4, 1}, {4, 4, 1}, {5, 4, 1}, {1, 1, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        log_t *log = new_log();
        sim_task_result_t results[5];
        sim_ensemble_options_t options = {.threads = cases[c].threads};
        int levels = omp_get_max_active_levels();
        assert_int_equal(sim_ensemble_run(cases[c].n, task, log, &options, results, NULL), SIM_OK);
        assert_int_equal(atomic_load(&log->inner_low), cases[c].inner);
        assert_int_equal(atomic_load(&log->inner_high), cases[c].inner);
        if (cases[c].inner > 1)
            assert_int_equal(atomic_load(&log->team_high), cases[c].inner);
        assert_int_equal(omp_get_max_active_levels(), levels);
        free(log);
    }
}

static sim_status_t slow_task(void *user, size_t index, int worker, int inner_threads, sim_error_t *err)
{
    (void)worker, (void)inner_threads, (void)err;
    log_t *log = user;
    atomic_store(&log->runs[index], 1);
    int before = 0;
    for (size_t i = 0; i < index; i++)
        before += atomic_load(&log->runs[i]);
    raise_to(&log->passed_over, (int)index - before);
    (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* the others have their turn */
    return SIM_OK;
}

/* Of the tasks before one, only those can be missing that another thread has been given and is about to start. */
static void test_tasks_start_in_order(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        log_t *log = new_log();
        sim_task_result_t results[64];
        sim_ensemble_options_t options = {.threads = threads};
        assert_int_equal(sim_ensemble_run(64, slow_task, log, &options, results, NULL), SIM_OK);
        assert_true(atomic_load(&log->passed_over) < threads);
        free(log);
    }
}

static void test_no_tasks(void **state)
{
    (void)state;
    sim_ensemble_options_t options = {.threads = 3};
    assert_int_equal(sim_ensemble_run(0, task, NULL, &options, NULL, NULL), SIM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_once_with_its_own_result),
        cmocka_unit_test(test_fatal_errors_end_it),
        cmocka_unit_test(test_stop_flag),
        cmocka_unit_test(test_stop_in_the_last_task),
        cmocka_unit_test(test_spare_threads_go_to_the_tasks),
        cmocka_unit_test(test_tasks_start_in_order),
        cmocka_unit_test(test_no_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
