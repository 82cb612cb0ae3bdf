// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/progress.h"

#include "sim/time.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ESTIMATE_RUNS 2 /* that must be over, and */
#define ESTIMATE_S    2 /* that must have passed before the time left means something */

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* "45 s", "12 min", "3.5 h". */
static void format_duration(double seconds, char *text, size_t size)
{
    if (seconds < 100)
        snprintf(text, size, "%.0f s", seconds);
    else if (seconds < 6000)
        snprintf(text, size, "%.0f min", seconds / 60);
    else
        snprintf(text, size, "%.1f h", seconds / 3600);
}

static void print_line(app_progress_t *self, double start_s)
{
    scn_progress_t *shared = &self->shared;
    size_t total = atomic_load(&shared->total), done = atomic_load(&shared->done);
    if (total == 0)
        return;
    double elapsed = wall_s() - start_s;
    char left[32] = "?", date[16];
    if (done > 0)
        format_duration(elapsed * (double)(total - done) / (double)done, left, sizeof left);
    int64_t start_day = scn_scenario_input(self->scenario, 0, 0)->start_day;
    sim_date_format(start_day + atomic_load(&shared->time_s) / SIM_DAY_S, date);
    fprintf(stderr, "%s%zu/%zu runs  %.3g/s  %s left  arm %s  %s%s", self->terminal ? "\r\033[K" : "", done, total,
            elapsed > 0 ? (double)done / elapsed : 0.0, left,
            scn_scenario_arm_name(self->scenario, atomic_load(&shared->arm)), date, self->terminal ? "" : "\n");
    fflush(stderr);
}

/* Enough has been run to tell how long the rest will take. */
static bool can_estimate(app_progress_t *self, double start_s)
{
    return atomic_load(&self->shared.done) >= ESTIMATE_RUNS && wall_s() - start_s >= ESTIMATE_S;
}

static void *show(void *user)
{
    app_progress_t *self = user;
    double start_s = wall_s();
    bool estimated = self->terminal; /* elsewhere the first line comes when there is an estimate, then one a minute */
    pthread_mutex_lock(&self->mutex);
    while (!self->ending) {
        long period_ms = self->terminal || !estimated ? 250 : 60000;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += period_ms / 1000;
        until.tv_nsec += period_ms % 1000 * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        pthread_cond_timedwait(&self->wake, &self->mutex, &until);
        if (self->ending || (!estimated && !can_estimate(self, start_s)))
            continue;
        estimated = true;
        print_line(self, start_s);
    }
    pthread_mutex_unlock(&self->mutex);
    if (self->terminal) {
        print_line(self, start_s);
        fputc('\n', stderr);
    }
    return NULL;
}

void app_progress_start(app_progress_t *self, const scn_scenario_t *scenario, bool quiet)
{
    self->scenario = scenario;
    self->terminal = isatty(STDERR_FILENO) == 1;
    self->ending = false;
    self->running = false;
    if (quiet)
        return;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->wake, NULL);
    /* Without a thread for it there is no display; the run itself does not need one. */
    self->running = pthread_create(&self->thread, NULL, show, self) == 0;
}

void app_progress_finish(app_progress_t *self)
{
    if (!self->running)
        return;
    pthread_mutex_lock(&self->mutex);
    self->ending = true;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
    pthread_mutex_destroy(&self->mutex);
    pthread_cond_destroy(&self->wake);
    self->running = false;
}

/* A signal handler has no argument of its own. */
static scn_progress_t *interrupted_progress;
static volatile sig_atomic_t interrupted_signal;

static void on_signal(int number)
{
    interrupted_signal = number;
    atomic_store(&interrupted_progress->stop, true);
}

void app_catch_signals(scn_progress_t *progress)
{
    interrupted_progress = progress;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int app_interrupted(void)
{
    return interrupted_signal;
}
