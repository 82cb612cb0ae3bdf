// SPDX-License-Identifier: GPL-3.0-or-later
/* Space sharing as the textbooks tell it, for tests to compare the scheduler with: counted GPUs, an array with the GPUs
 * that are spoken for in each second to come, no shortcut anywhere. Follows the rules of pyss.
 *
 *     naive_job_t jobs[2] = {{.submit_s = 0, .run_s = 5, .estimate_s = 9, .gpus = 3}, ...};
 *     naive_queue_play(jobs, 2, &(naive_rules_t){.gpus = 4, .reservation = MDL_RESERVATION_EASY});
 *     ... jobs[1].start_s ...
 */
#ifndef TEST_SUPPORT_NAIVE_QUEUE_H
#define TEST_SUPPORT_NAIVE_QUEUE_H

#include "models/scheduler/policy.h"

#define NAIVE_MOST_JOBS 192
#define NAIVE_HORIZON_S 2048

typedef struct naive_job {
    int submit_s, run_s, estimate_s, gpus; /* 1 <= run_s <= estimate_s */
    int start_s, end_s;                    /* out */
    int decision;                          /* the how-manieth was that on its start */
} naive_job_t;

typedef struct naive_rules {
    int gpus;
    bool shortest_first; /* order: by estimate, else by submission */
    enum mdl_reservation_row reservation;
    bool one_by_one; /* an instant's submissions, then its ends, a decision after each; else ends,
                                       * submissions, one decision */
} naive_rules_t;

/* Fills in the starts and ends of n jobs, which stand by submission. Returns how many waiting jobs at most one look at
 * the queue gave an earlier start (conservative). */
int naive_queue_play(naive_job_t *jobs, int n, const naive_rules_t *rules);

/* Shortest remaining time first on one GPU, preempting at no cost, second by second; ties to the one submitted first. */
void naive_srpt_play(naive_job_t *jobs, int n);

#endif
