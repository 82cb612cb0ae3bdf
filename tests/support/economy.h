// SPDX-License-Identifier: GPL-3.0-or-later
/* Small economies for tests: the preset `quick` with some parameters set, run in memory.
 *
 *     test_economy_t run = {.sets = {"subsidy.enabled=false"}, .seed = 7};
 *     test_economy_run(&run);                          // fails the test when the run fails
 *     double n = test_economy_outcome(&run, "projects_announced");
 *     test_economy_free(&run);
 */
#ifndef TEST_ECONOMY_H
#define TEST_ECONOMY_H

#include "models/economy/economy.h"
#include "scenarios/scenario.h"

#define TEST_ECONOMY_SETS 40

struct test_economy;
/* Changes what the scenario file gave before the world is made: what no key can say, or would be long to say. */
typedef void (*test_economy_edit_t)(const struct test_economy *self, mdl_input_t *input, mdl_tables_t *tables);

typedef struct test_economy {
    /* Given. */
    const char *preset; /* NULL = "quick" */
    const char *arm;    /* NULL = the first one */
    const char *sets[TEST_ECONOMY_SETS];
    const char *until; /* NULL = the preset's end */
    uint64_t seed;
    uint64_t replication;
    int threads;
    bool audit;
    bool events;
    test_economy_edit_t edit; /* NULL = nothing */
    const void *user;         /* the edit's own */
    /* Got. */
    scn_scenario_t *scenario;
    const mdl_input_t *input;
    mdl_input_t edited; /* with an edit: what `input` points to */
    mdl_tables_t *tables;
    sim_schema_t schema;
    sim_recorder_t *recorder;
    sim_world_t *world;
    sim_run_meta_t meta;
    sim_error_t err;
} test_economy_t;

/* Reads the scenario and populates a world at time 0. */
void test_economy_open(test_economy_t *self);
/* Runs to `until_s` (SIM_NEVER = the horizon). The status is the world's. */
sim_status_t test_economy_advance(test_economy_t *self, int64_t until_s);
/* Open, run to the end, finish; the test fails with the message of what failed. */
void test_economy_run(test_economy_t *self);
/* A copy of a run under way, with its past; it shares scenario and schema with `self`, which has to outlive it. */
test_economy_t test_economy_clone(const test_economy_t *self);
/* Runs the copy on to the end. */
void test_economy_finish_clone(test_economy_t *copy);
void test_economy_free_clone(test_economy_t *copy);
void test_economy_free(test_economy_t *self);

double test_economy_outcome(const test_economy_t *self, const char *name);
/* Last value of a national series. */
double test_economy_last(const test_economy_t *self, const char *name);
/* Hash of all values of all channels: equal bits or not. */
uint64_t test_economy_hash(const test_economy_t *self);
/* Fails the test where a value is infinite, or missing where it has no reason to be: only shares, means and outcomes may
 * have nothing to be taken of. */
void test_economy_check_values(const test_economy_t *self);

#endif
