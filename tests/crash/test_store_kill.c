// SPDX-License-Identifier: GPL-3.0-or-later
/* The store under SIGKILL: a process that puts replications from two threads is killed at 50 moments, while putting and
 * while assembling. Whatever it had reported as finished is there, and the file that the resumed run ends with is the
 * one of an unbroken run, byte for byte. */
#include "sim/store.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS        50
#define REPLICATIONS 120
#define ARMS         2

/* Shared with the child: which replications it reported. */
typedef struct board {
    volatile unsigned char finished[ARMS][REPLICATIONS];
} board_t;

static board_t *board;
static char *folder;

typedef struct worker {
    sim_store_t *store;
    const sim_store_plan_t *plan;
    uint32_t arm;
} worker_t;

static void *put_arm(void *user)
{
    const worker_t *worker = user;
    for (uint32_t i = 0; i < REPLICATIONS; i++) {
        sim_run_key_t key = {worker->arm, 0, i};
        if (sim_store_has(worker->store, key))
            continue;
        if (fake_put(worker->store, key, worker->plan->schema, NULL) < 0)
            return worker->store;
        board->finished[key.arm][i] = 1;
    }
    return NULL;
}

/* The child's whole life; never returns. */
static void run_child(const char *path, const sim_store_plan_t *plan)
{
    sim_store_t *store;
    if (sim_store_open(&store, path, plan, SIM_STORE_RESUME, NULL) < 0)
        _exit(1);
    pthread_t threads[ARMS];
    worker_t workers[ARMS];
    bool good = true;
    for (uint32_t arm = 0; arm < ARMS; arm++) {
        workers[arm] = (worker_t){store, plan, arm};
        pthread_create(&threads[arm], NULL, put_arm, &workers[arm]);
    }
    for (uint32_t arm = 0; arm < ARMS; arm++) {
        void *failed;
        pthread_join(threads[arm], &failed);
        good = good && failed == NULL;
    }
    if (!good || sim_store_assemble(store, true, NULL, NULL, NULL) < 0)
        _exit(2);
    _exit(0);
}

/* Kills a child after a pause of up to `longest_us`; true when it was done before. */
static bool kill_child(const char *path, const sim_store_plan_t *plan, long longest_us, unsigned *seed)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_child(path, plan);
    *seed = *seed * 1103515245u + 12345u;
    struct timespec pause = {0, 1000 * (500 + (long)(*seed >> 8) % longest_us)};
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

static void reported_runs_are_there(const char *path, const sim_store_plan_t *plan)
{
    sim_store_t *store;
    sim_error_t err = {0};
    if (sim_store_open(&store, path, plan, SIM_STORE_RESUME, &err) < 0)
        fail_msg("%s", err.message);
    for (uint32_t arm = 0; arm < ARMS; arm++)
        for (uint32_t i = 0; i < REPLICATIONS; i++)
            if (board->finished[arm][i])
                assert_true(sim_store_has(store, (sim_run_key_t){arm, 0, i}));
    sim_store_close(store);
}

static uint64_t finish(const char *path, const sim_store_plan_t *plan, sim_store_mode_t mode)
{
    sim_store_t *store;
    sim_error_t err = {0};
    assert_int_equal(sim_store_open(&store, path, plan, mode, &err), SIM_OK);
    assert_int_equal(fake_put_all(store, plan, &err), SIM_OK);
    assert_int_equal(sim_store_assemble(store, true, NULL, NULL, &err), SIM_OK);
    uint64_t digest = sim_store_digest(store);
    sim_store_close(store);
    sim_result_t *result;
    uint64_t read_back;
    assert_int_equal(sim_result_open(&result, path, &err), SIM_OK);
    assert_int_equal(sim_result_verify(result, &err), SIM_OK);
    assert_int_equal(sim_result_digest(result, "/", &read_back, &err), SIM_OK);
    sim_result_close(result);
    assert_true(read_back == digest);
    return digest;
}

static void killed_runs_lose_nothing(void **state)
{
    (void)state;
    const char *path = fake_path(folder, "killed.h5"), *whole = fake_path(folder, "whole.h5");
    sim_store_plan_t plan = fake_plan(fake_schema(), ARMS, 1, REPLICATIONS);
    uint64_t digest = finish(whole, &plan, SIM_STORE_NEW);
    unsigned seed = 20240917;
    int done = 0, progressed = 0;
    for (int i = 0; i < KILLS; i++) {
        long longest_us = i < KILLS / 2 ? 15000 : 150000; /* while putting; while assembling and clearing up */
        if (kill_child(path, &plan, longest_us, &seed)) {
            done++;
            assert_true(finish(path, &plan, SIM_STORE_RESUME) == digest);
            memset(board, 0, sizeof *board);
            unlink(path);
            continue;
        }
        for (int k = 0; k < REPLICATIONS; k++)
            progressed += board->finished[0][k];
        reported_runs_are_there(path, &plan);
    }
    int last = 0;
    for (int k = 0; k < REPLICATIONS; k++)
        last += board->finished[0][k] + board->finished[1][k];
    print_message("%d kills, %d runs done before theirs, %d put\n", KILLS - done, done, last);
    assert_true(progressed > 0);
    assert_true(finish(path, &plan, SIM_STORE_RESUME) == digest);
}

static int set_up(void **state)
{
    (void)state;
    folder = fake_folder();
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return folder == NULL || board == MAP_FAILED;
}

static int tear_down(void **state)
{
    (void)state;
    fake_remove(folder);
    free(folder);
    return munmap(board, sizeof *board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_runs_lose_nothing)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
