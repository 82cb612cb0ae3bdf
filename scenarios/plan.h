// SPDX-License-Identifier: GPL-3.0-or-later
/* A loaded scenario from the inside: what was read, and what became of it. */
#ifndef SCN_PLAN_H
#define SCN_PLAN_H

#include "scenarios/draft.h"
#include "scenarios/text.h"

#define SCN_MAX_EXTENDS 16

/* Changes and shocks of one arm: the same at every point. */
typedef struct scn_course {
    mdl_change_t *changes; /* after the start */
    size_t n_changes;
    mdl_change_t *first; /* at the start: part of the input's params */
    size_t n_first;
    mdl_shock_t *shocks;
    size_t n_shocks;
    int32_t forks_from; /* an earlier arm, or -1 */
    int64_t fork_s;
} scn_course_t;

struct scn_scenario {
    scn_pool_t pool;
    scn_draft_t draft;
    scn_source_t sources[SCN_MAX_EXTENDS]; /* the file itself, what it extends, ... */
    size_t n_sources;
    mdl_tables_t *tables;
    size_t n_points;
    double *factor_values; /* points x factors */
    scn_course_t *courses; /* per arm */
    mdl_input_t *inputs;   /* arms x points */
};

/* Whether a course sets a parameter at the start. */
bool scn_course_sets(const scn_course_t *self, int32_t param);

/* Turns the checked and settled draft into inputs. SIM_ENOMEM. */
sim_status_t scn_plan_build(scn_scenario_t *self);

/* Writes the draft as YAML. With `places`, each parameter's line says where its value came from. */
typedef struct scn_write_options {
    bool counts; /* name, replications or precision, number of sampled points */
    bool arms;
    bool places;
} scn_write_options_t;
void scn_plan_write(const scn_scenario_t *self, scn_write_options_t options, scn_text_t *text);
/* One arm as an item of a YAML list. */
void scn_plan_write_arm(const scn_scenario_t *self, uint32_t arm, scn_text_t *text);

#endif
