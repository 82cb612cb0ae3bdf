// SPDX-License-Identifier: GPL-3.0-or-later
/* Result files whose values a test makes up, for what reads results.
 *
 *     static void record(sim_recorder_t *recorder, sim_run_key_t key) { sim_recorder_outcome(recorder, 0, key.arm); }
 *     const made_plan_t plan = {.schema = &schema, .arms = arms, .n_arms = 2, .n_replications = 4, .record = record};
 *     made_t made = made_open(&plan);
 *     ... made.result ...
 *     made_close(&made);
 */
#ifndef TEST_MADE_RESULT_H
#define TEST_MADE_RESULT_H

#include "sim/store.h"

typedef struct made_plan {
    const sim_schema_t *schema;
    const char *const *arms;
    uint32_t n_arms, n_replications;
    void (*record)(sim_recorder_t *recorder, sim_run_key_t key); /* into a recorder that is empty */
    sim_store_finish_t finish;                                   /* NULL: nothing is added at the end */
    bool in_memory;                                              /* in a folder that is no disk's, where there is one */
} made_plan_t;

typedef struct made {
    char *folder;
    sim_result_t *result;
} made_t;

/* Fails the test when the file can't be made. */
made_t made_open(const made_plan_t *plan);
/* Closes the result and removes it with its folder. */
void made_close(made_t *made);

#endif
