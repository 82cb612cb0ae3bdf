// SPDX-License-Identifier: GPL-3.0-or-later
/* Things done with a store or a result while calls fail, and what must be true afterwards, whatever failed:
 *
 *   - a failure has a negative status and a message; nothing is open or reserved any more;
 *   - under the final name there is nothing, the file that was there before, or a whole and right one;
 *   - replications whose put returned SIM_OK are there at the next resume, which leads to the right file;
 *   - who succeeds although a call failed has the right result. */
#ifndef TEST_SUPPORT_STORE_TRIALS_H
#define TEST_SUPPORT_STORE_TRIALS_H

#include "sim/error.h"
#include "tests/support/wrap/fail.h"

typedef struct test_trial {
    const char *name;
    void (*prepare)(void);                 /* everything works */
    sim_status_t (*act)(sim_error_t *err); /* calls fail */
    void (*check)(sim_status_t status);    /* everything works again */
} test_trial_t;

extern const test_trial_t test_store_trials[];
extern const int test_store_n_trials;

/* Folder for the trials' files; make and remove it in the test group's set-up and tear-down. */
int test_trials_open(void **state);
int test_trials_close(void **state);

/* Runs a trial with one call failing after the other until there are no more to fail; the last one tried. Trials share
 * most of their calls: each, in each mode, lets every `step`-th call fail, other ones than the others do. With
 * OVERBUILD_FAULT_ALL set, all of them. Every failure must have one of the n statuses `allowed`. */
long test_trial_run(const test_trial_t *trial, test_fail_mode_t mode, const sim_status_t *allowed, int n, long step);

#endif
