// SPDX-License-Identifier: GPL-3.0-or-later
/* A scenario: what to run, read from YAML and checked completely before anything starts.
 *
 * scn_scenario_load() resolves `extends`, checks every key, unit, bound, date and table, and reports every problem in
 * one go as "file:line:column: key: found; expected; did you mean ...?". The result is a plan of arms, design points
 * and replications; scn_scenario_input() gives the complete, immutable input of one (arm, point).
 */
#ifndef SCN_SCENARIO_H
#define SCN_SCENARIO_H

#include "models/params/input.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct scn_problem {
    char text[512]; /* file:line:column: what, found, expected */
} scn_problem_t;

/* Problems found, in order of place. Zero-initialise; free with scn_problems_free. */
typedef struct scn_problems {
    scn_problem_t *items;
    size_t n;
} scn_problems_t;

void scn_problems_free(scn_problems_t *self);

typedef enum scn_method { SCN_METHOD_MC, SCN_METHOD_LHS, SCN_METHOD_SOBOL, SCN_METHOD_FACTORIAL } scn_method_t;

/* A change on the command line: --set KEY=VALUE. */
typedef struct scn_override {
    const char *text;
} scn_override_t;

/* Overrides of the command line; zero-initialise for none. */
typedef struct scn_options {
    const scn_override_t *sets;
    size_t n_sets;
    const char *const *arms; /* keep only these, in this order */
    size_t n_arms;
    int64_t replications; /* 0 = the scenario's */
    const uint64_t *seed; /* NULL = the scenario's */
    const char *until;    /* YYYY-MM-DD; NULL = the scenario's end */
    bool audit;
    bool events;
} scn_options_t;

typedef struct scn_scenario scn_scenario_t; /* opaque; accessors below */

/* Loads a preset (by name) or a file (by path). On problems returns SIM_EINPUT with all of them in `problems`. */
sim_status_t scn_scenario_load(scn_scenario_t **self, const char *path_or_preset, const scn_options_t *options,
                               scn_problems_t *problems, sim_error_t *err);
void scn_scenario_free(scn_scenario_t *self);

const char *scn_scenario_name(const scn_scenario_t *self);
uint64_t scn_scenario_seed(const scn_scenario_t *self);
uint32_t scn_scenario_arms(const scn_scenario_t *self);
const char *scn_scenario_arm_name(const scn_scenario_t *self, uint32_t arm);
uint32_t scn_scenario_points(const scn_scenario_t *self); /* 1 without a design */
uint32_t scn_scenario_replications(const scn_scenario_t *self);
/* Arms that follow arm 0 (or another) exactly until a date can be forked from it. Returns the arm it follows, or -1,
 * and the time of the first difference in `from_s`. */
int32_t scn_scenario_forks_from(const scn_scenario_t *self, uint32_t arm, int64_t *from_s);
/* Whether design points share random numbers; else the point is part of the replication word. */
bool scn_scenario_points_share_randomness(const scn_scenario_t *self);
/* Names and values of the uncertain parameters (columns) at each point (rows), for /design. */
uint32_t scn_scenario_factors(const scn_scenario_t *self);
const char *scn_scenario_factor_key(const scn_scenario_t *self, uint32_t factor);
double scn_scenario_factor_value(const scn_scenario_t *self, uint32_t point, uint32_t factor);

/* The input of one (arm, point); lives as long as the scenario. Safe to call from several threads. */
const mdl_input_t *scn_scenario_input(const scn_scenario_t *self, uint32_t arm, uint32_t point);

/* The scenario as resolved, as YAML with a comment line naming each value's source; the caller frees it. */
char *scn_scenario_resolved(const scn_scenario_t *self);
/* The text that two runs must share to be continued in one file: resolved without counts and arms. Caller frees. */
char *scn_scenario_identity(const scn_scenario_t *self);
/* The files as read, concatenated with their names; for the result's provenance. Caller frees. */
char *scn_scenario_source(const scn_scenario_t *self);

/* Presets shipped with the program. */
size_t scn_preset_count(void);
const char *scn_preset_name(size_t i);
const char *scn_preset_summary(size_t i); /* first comment line */
const char *scn_preset_text(const char *name); /* NULL if there is none of that name */

/* JSON Schema (draft 2020-12) of scenario files, generated from the registry; the caller frees it. */
char *scn_json_schema(void);

#endif
