// SPDX-License-Identifier: GPL-3.0-or-later
/* Progress of a run on stderr, shown by a thread of its own so that workers never wait for a terminal.
 *
 * On a terminal: one line, rewritten four times a second. Elsewhere: a line as soon as the time left can be told,
 * then one a minute. Quiet: nothing.
 */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include "scenarios/experiment.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct app_progress {
    scn_progress_t shared; /* what the experiment writes */
    const scn_scenario_t *scenario;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool running, ending, terminal;
} app_progress_t;

/* Starts showing; with `quiet`, shows nothing but may still be finished. */
void app_progress_start(app_progress_t *self, const scn_scenario_t *scenario, bool quiet);
void app_progress_finish(app_progress_t *self);

/* Makes Ctrl-C and SIGTERM ask the experiment to stop; a second one ends the program at once. Returns nothing;
 * app_interrupted() tells the signal's number afterwards, 0 for none. */
void app_catch_signals(scn_progress_t *progress);
int app_interrupted(void);

#endif
