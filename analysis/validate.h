// SPDX-License-Identifier: GPL-3.0-or-later
/* Facts against one arm of a result: for each the simulated median and 5-95 % band over replications, and a verdict.
 *
 *     ana_validation_t validation = {0};
 *     status = ana_validate(result, "baseline", &facts, &validation, &err);
 *     validation.score[ANA_FACT_CALIBRATION].share  // of comparable calibration facts, those that are hit
 *     ana_validation_free(&validation);
 *
 * A fact is hit when the simulated band meets its own. A band that is wider than the larger of three times the fact's
 * band and half its centre meets everything and says nothing: it counts as comparable and is no hit. In logarithms half
 * the centre becomes a width of one half.
 */
#ifndef ANA_VALIDATE_H
#define ANA_VALIDATE_H

#include "analysis/facts.h"
#include "sim/store.h"

typedef enum ana_verdict {
    ANA_VERDICT_HIT,
    ANA_VERDICT_MISS,
    ANA_VERDICT_WIDE, /* the bands meet, but the simulated one is too wide to count */
    ANA_VERDICT_NOT_COMPARABLE,
    ANA_VERDICTS
} ana_verdict_t;

/* One fact; all numbers in its unit. */
typedef struct ana_finding {
    const ana_fact_t *fact;
    double median, p5, p95; /* over replications with a value; NaN when fewer than half have one */
    size_t n, n_all;        /* replications with a value, and all */
    ana_verdict_t verdict;
    bool median_inside; /* of the fact's band, however wide the simulated one is; false when not comparable */
    char reason[320];   /* why it is not comparable; "" otherwise */
} ana_finding_t;

typedef struct ana_score {
    size_t comparable, hits, wide, sources;
    double share;           /* hits over comparable; NaN without comparable facts */
    double share_by_source; /* the same with every source weighing the same, however many facts it gave */
} ana_score_t;

typedef struct ana_validation {
    ana_finding_t *findings; /* in the order of the facts, which must outlive them */
    size_t n;
    ana_score_t score[ANA_FACT_KINDS];
    double score_medians; /* comparable facts of both kinds whose band holds the simulated median; NaN without any */
} ana_validation_t;

/* Compares every fact with the arm. A variable that the result lacks, or a date that it does not reach, makes a fact
 * not comparable with that reason. SIM_EINPUT when there is no such arm or the result has a design; SIM_ENOMEM. */
sim_status_t ana_validate(sim_result_t *result, const char *arm, const ana_facts_t *facts, ana_validation_t *validation,
                          sim_error_t *err);
void ana_validation_free(ana_validation_t *validation);

/* What one replication of a fact's variable (and of what it is divided by; zeroed without) comes to, in the fact's
 * unit; NaN when it is missing. */
double ana_fact_value(const ana_fact_t *fact, const ana_series_t *series, const ana_series_t *over, size_t replication);

/* The verdict on a scored fact whose simulated band is [p5, p95]: hit, miss or wide. */
ana_verdict_t ana_judge(const ana_fact_t *fact, double p5, double p95);
/* The scores of findings whose verdicts are there. */
void ana_validation_score(ana_validation_t *validation);

/* "hit", "miss", "wide", "not comparable". */
const char *ana_verdict_name(ana_verdict_t verdict);

#endif
