// SPDX-License-Identifier: GPL-3.0-or-later
/* A calibration under way: what its stages hand to one another. Private to analysis/calibrate. */
#ifndef ANA_CALIBRATE_STAGES_H
#define ANA_CALIBRATE_STAGES_H

#include "analysis/calibrate/calibrate.h"
#include "analysis/calibrate/model.h"

#include <math.h>

enum { ANA_STAGE_PILOT, ANA_STAGE_SCREENING, ANA_STAGE_SEARCH, ANA_STAGE_CHECK };
enum { ANA_CHECKED = 4 }; /* own values, centre, centre where identified, nearest simulation */

typedef struct stages {
    const scn_scenario_t *scenario;
    const ana_calibration_options_t *options;
    ana_calibration_t *out;
    ana_model_t model;
    ana_problem_t problem;
    int32_t *candidates; /* parameters that may be calibrated */
    double *own;         /* places of the scenario's values of the candidates */
    size_t n_candidates;
    int32_t *picked; /* of them, those that are */
    double *picked_own;
    size_t *picked_at; /* their positions among the candidates */
    size_t n_picked, most;
    size_t *all_facts; /* 0, 1, ... : targets of the pilot */
    size_t *reached;   /* facts that are targets */
    ana_target_t *targets;
    size_t n_reached;
    ana_runs_t pilot, screening, search, check;
    double *checked; /* [ANA_CHECKED][parameter]: places that the check looks at */
} stages_t;

/* Fills candidates and their places. */
sim_status_t ana_stages_choose(stages_t *self, sim_error_t *err);
/* Runs the scenario's own values, and takes the facts that there are as targets. */
sim_status_t ana_stages_pilot(stages_t *self, sim_error_t *err);
/* Runs the four points of the check, judges them and chooses one. */
sim_status_t ana_stages_check(stages_t *self, sim_error_t *err);
/* sim_store_finish_t: writes the calibration's groups; `user` is the stages_t. */
sim_status_t ana_stages_write(sim_result_t *result, void *user, sim_error_t *err);

/* Value of a calibrated parameter at a place, in the registry's unit. */
double ana_stages_value(const stages_t *self, size_t parameter, double place);
/* The same with so many significant digits, as people write values down. */
double ana_stages_short_value(const stages_t *self, size_t parameter, double place, int digits);

#define ANA_CALIBRATED_DIGITS 4 /* of a calibrated value: no posterior is narrower */
#define ANA_DRAWN_DIGITS      6

#endif
