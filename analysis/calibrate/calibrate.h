// SPDX-License-Identifier: GPL-3.0-or-later
/* Calibration: which values of a scenario's parameters its calibration facts speak for.
 *
 *     ana_calibration_options_t options = {.method = ANA_CALIBRATE_ABC, .budget = 2000, .threads = 2, ...};
 *     ana_calibration_t calibration;
 *     status = ana_calibrate(scenario, &facts, &options, &progress, &calibration, &err);
 *     calibration.parameters[0].p5, ...
 *     ana_calibration_free(&calibration);
 *
 * A budget is spent on four stages:
 *
 *   pilot      the scenario's own values, in several worlds: which facts there are at all, and how much worlds scatter
 *   screening  a quarter of the budget, unless there are few enough parameters: which of them the facts concern
 *   search     by approximate Bayesian computation (abc.h) or simulated moments (msm.h): the posterior
 *   check      the scenario's own values, the posterior's centre, that centre for identified parameters alone, and the
 *              nearest simulation, in the same worlds: the one whose median facts lie nearest to theirs is what
 *              calibrated means
 *
 * A fact is a target as a band; its scale is the larger of its half width and of the worlds' scatter in the pilot.
 * Facts of kind validation have no part in any of it. docs/CALIBRATION.md says more.
 */
#ifndef ANA_CALIBRATE_CALIBRATE_H
#define ANA_CALIBRATE_CALIBRATE_H

#include "analysis/calibrate/posterior.h"
#include "analysis/calibrate/screen.h"
#include "analysis/validate.h"
#include "scenarios/experiment.h"

#define ANA_CALIBRATION_FORMAT 1  /* version of a calibration's groups in a result */
#define ANA_CALIBRATION_LEAST  40 /* simulations of a budget */
#define ANA_CALIBRATION_MOST   1000000
#define ANA_CALIBRATION_DRAWS  200 /* of the posterior, for scenarios that draw from it */

typedef enum ana_calibrate_method { ANA_CALIBRATE_ABC, ANA_CALIBRATE_MSM } ana_calibrate_method_t;

typedef struct ana_calibration_options {
    ana_calibrate_method_t method;
    size_t budget; /* simulations, ANA_CALIBRATION_LEAST or more */
    int threads;
    const char *arm;
    const char *parameters; /* globs, separated by commas; NULL: ana_calibration_default */
    const char *path;       /* of the result */
    sim_store_mode_t mode;
} ana_calibration_options_t;

/* One parameter that was calibrated; values in the registry's unit. */
typedef struct ana_parameter {
    int32_t param;
    double own;        /* the scenario's value */
    double calibrated; /* the value that the check chose */
    double mean, p5, p50, p95;
    double prior_p5, prior_p95;
    ana_marginal_t marginal;   /* in places */
    ana_influence_t influence; /* zeroed when nothing was screened */
} ana_parameter_t;

/* A fact's verdict at the scenario's own values and at the calibrated ones, over the check's worlds. */
typedef struct ana_checked_fact {
    const ana_fact_t *fact;
    double scale;
    bool in_logs, adjusted;
    double median[2], p5[2], p95[2]; /* own, calibrated */
    ana_verdict_t verdict[2];
} ana_checked_fact_t;

typedef struct ana_calibration {
    size_t pilot, screening, search, check; /* simulations of each stage */
    size_t failed;
    ana_parameter_t *parameters; /* calibrated ones, the most influential first */
    size_t n_parameters;
    ana_parameter_t *left; /* that could have been, and were left at the scenario's value: own and influence alone */
    size_t n_left;
    ana_checked_fact_t *facts; /* that were fitted */
    size_t n_facts;
    const ana_fact_t **unreached; /* calibration facts of which the scenario's runs have no value */
    size_t n_unreached;
    double distance[2]; /* of the median facts: own, calibrated */
    int chosen;         /* 0: own values; 1: the centre; 2: the centre where identified; 3: the nearest simulation */
    ana_posterior_t posterior;
    double *draws; /* [ANA_CALIBRATION_DRAWS][parameter], in units */
    uint64_t digest;
    char notice[512]; /* what was found amiss in the stored simulations; "" when nothing */
} ana_calibration_t;

/* Whether a parameter is among those that are looked at when none are named: it has a prior that holds the scenario's
 * value; neither a date nor the arm sets it; it is not switched off (0 at the lower end of its prior); and it is none
 * of workload.* or hardware.*, which are set from recorded traces. `why` (may be NULL) says which of these fails. */
bool ana_calibration_default(const scn_scenario_t *scenario, uint32_t arm, int32_t param, const char **why);

/* Calibrates and writes the result. SIM_EINPUT for a scenario with a design or draws from a posterior, an arm, a
 * parameter or a glob that can't be calibrated, facts that are not reached; SIM_EINTERRUPTED when progress->stop was
 * set: the same call goes on with SIM_STORE_RESUME. Free the calibration also after a failure. */
sim_status_t ana_calibrate(const scn_scenario_t *scenario, const ana_facts_t *facts,
                           const ana_calibration_options_t *options, scn_progress_t *progress,
                           ana_calibration_t *calibration, sim_error_t *err);
void ana_calibration_free(ana_calibration_t *calibration);

/* "abc", "msm". */
const char *ana_calibrate_method_name(ana_calibrate_method_t method);

#endif
