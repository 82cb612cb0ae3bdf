// SPDX-License-Identifier: GPL-3.0-or-later
/* A scenario: what to run, read from YAML and checked completely before anything starts.
 *
 * scn_scenario_load() resolves `extends`, checks every key, unit, bound, date and table, and reports every problem in
 * one go as "file:line:column: key: found; expected; did you mean ...?". The result is a plan of arms, design points
 * and replications; scn_scenario_input() gives the complete, immutable input of one (arm, point).
 *
 *     horizon    start and end are both simulated: 2022-01-01 to 2022-01-01 is one day
 *     extends    maps are merged key by key and the later key wins; lists (changes, shocks) are replaced as a whole.
 * `arms`, when given, says which arms there are: {name: X} alone takes over the extended file's arm X, any other entry
 * replaces it; without `arms` all are inherited. The name is the file's own set        values from the start; of a
 * parameter that an extended file made uncertain: fixes it changes    values from a date on, for all arms arms `set`
 * holds from the start or from `from` on and wins over the scenario's `changes` of the same parameters from then on;
 * `changes` and `shocks` come on top of the scenario's; `without` names kinds of the scenario's shocks that the arm
 * does without (from `from` on) horizons that move: what an extended file dated before a later start holds at the start
 * (a passing shock, `hype`, is left out); what it dated behind the end is left out tables     a path, or the CSV text
 * itself when it has several lines (as resolved scenarios carry it) uncertain  KEY: prior, or {dist: uniform |
 * loguniform, min, max}, {dist: normal, mean, sd}, {dist: choice, values} design     {method: mc | lhs | sobol, points:
 * N} or {method: factorial, levels: N}; scenarios/design.h says how
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
/* The same from a text in memory, called `name` in messages; its relative paths start from the current folder. */
sim_status_t scn_scenario_load_text(scn_scenario_t **self, const char *name, const char *text, size_t length,
                                    const scn_options_t *options, scn_problems_t *problems, sim_error_t *err);
void scn_scenario_free(scn_scenario_t *self);

const char *scn_scenario_name(const scn_scenario_t *self);
uint64_t scn_scenario_seed(const scn_scenario_t *self);
uint32_t scn_scenario_arms(const scn_scenario_t *self);
const char *scn_scenario_arm_name(const scn_scenario_t *self, uint32_t arm);
uint32_t scn_scenario_points(const scn_scenario_t *self); /* 1 without a design */
uint32_t scn_scenario_replications(const scn_scenario_t *self);
/* Whether replications stop at a precision; then replications() is the most that may be run. */
bool scn_scenario_precision(const scn_scenario_t *self, const char **metric, double *half_width);
/* Whether there is a `design`: points become a dimension of the result. */
bool scn_scenario_has_design(const scn_scenario_t *self);
/* Arms that follow arm 0 (or another) exactly until a date can be forked from it. Returns the arm it follows, or -1,
 * and the time of the first difference in `from_s`: the input's horizon for an arm that never differs. */
int32_t scn_scenario_forks_from(const scn_scenario_t *self, uint32_t arm, int64_t *from_s);
/* Whether design points share random numbers; else the point is part of the replication word. */
bool scn_scenario_points_share_randomness(const scn_scenario_t *self);
/* Names and values of the uncertain parameters (columns) at each point (rows), for /design. */
uint32_t scn_scenario_factors(const scn_scenario_t *self);
const char *scn_scenario_factor_key(const scn_scenario_t *self, uint32_t factor);
double scn_scenario_factor_value(const scn_scenario_t *self, uint32_t point, uint32_t factor);

/* The input of one (arm, point); lives as long as the scenario. Safe to call from several threads. */
const mdl_input_t *scn_scenario_input(const scn_scenario_t *self, uint32_t arm, uint32_t point);

/* Whether replications draw their parameters from a posterior (scenarios/posterior.h): how many parameters that are; 0
 * when they do not. */
uint32_t scn_scenario_drawn(const scn_scenario_t *self);
/* The registry position of one of them, its value in a replication, and the row that the value is from. `replication`
 * is the number that the world's random numbers have. */
int32_t scn_scenario_drawn_param(const scn_scenario_t *self, uint32_t i);
size_t scn_scenario_drawn_row(const scn_scenario_t *self, uint64_t replication);
double scn_scenario_drawn_value(const scn_scenario_t *self, size_t row, uint32_t i);
/* The input of one (arm, point) in a replication whose parameters are drawn: a copy with the draws in it, but for what
 * the arm itself sets. */
void scn_scenario_draw(const scn_scenario_t *self, uint32_t arm, uint32_t point, uint64_t replication,
                       mdl_input_t *input);
/* The random numbers' replication of (point, replication): the point is part of it unless points share randomness. */
uint64_t scn_scenario_random_replication(const scn_scenario_t *self, uint32_t point, uint32_t replication);

/* The scenario as resolved, as YAML with a comment line naming each value's source; the caller frees it. */
char *scn_scenario_resolved(const scn_scenario_t *self);
/* The text that two runs must share to be continued in one file: resolved without counts and arms. Caller frees. */
char *scn_scenario_identity(const scn_scenario_t *self);
/* What one arm changes, as text: equal for an arm that was in an earlier run and is the same now. Caller frees. */
char *scn_scenario_arm_identity(const scn_scenario_t *self, uint32_t arm);
/* Whether `path` is one of the files that the scenario was read from: its own, those that it extends, its tables. */
bool scn_scenario_reads(const scn_scenario_t *self, const char *path);
/* The files as read, concatenated with their names; for the result's provenance. Caller frees. */
char *scn_scenario_source(const scn_scenario_t *self);

/* Presets shipped with the program. */
size_t scn_preset_count(void);
const char *scn_preset_name(size_t i);
const char *scn_preset_summary(size_t i);      /* first comment line */
const char *scn_preset_text(const char *name); /* NULL if there is none of that name */

/* JSON Schema (draft 2020-12) of scenario files, generated from the registry; the caller frees it. */
char *scn_json_schema(void);
/* The parameter registry, the tables' columns and the kinds of shock as Markdown: docs/PARAMETERS.md. Caller frees. */
char *scn_params_markdown(void);

#endif
