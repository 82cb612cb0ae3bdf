// SPDX-License-Identifier: GPL-3.0-or-later
/* One arm of a result as numbers: an expression's value per replication and recording time, and what a series comes to
 * in a window of days.
 *
 *     ana_series_t rent = {0};
 *     status = ana_series_read(result, arm, "rent_node_month", &rent, &err);
 *     double october = ana_reduce(&rent, replication, ANA_REDUCE_MEAN, (ana_window_t){from_day, until_day}, none);
 *     ana_series_free(&rent);
 *
 * Values stand at the ends of their recording intervals. An interval belongs to the window in which its middle lies.
 * What is missing is NaN, and so is whatever a window reaches beyond the recorded time for.
 */
#ifndef ANA_SERIES_H
#define ANA_SERIES_H

#include "sim/recorder.h"
#include "sim/store.h"

typedef struct ana_series {
    size_t n_replications, n_times; /* n_times is 1 for an outcome */
    double *values;                 /* [replication][time] */
    double *ends_day;               /* ends of intervals, days since 1970-01-01; NULL for an outcome */
} ana_series_t;

/* Days since 1970-01-01, both included. */
typedef struct ana_window {
    int64_t from_day, until_day;
} ana_window_t;

typedef enum ana_reduction {
    ANA_REDUCE_NONE,
    ANA_REDUCE_OUTCOME, /* the outcome as it is */
    ANA_REDUCE_AT,      /* the last value at or before the end of the window */
    ANA_REDUCE_MEAN,
    ANA_REDUCE_MAX,
    ANA_REDUCE_MIN,
    ANA_REDUCE_SUM,
    ANA_REDUCE_RISE,            /* of a running total: at the window's end less at its start (0 at the run's start) */
    ANA_REDUCE_CHANGE,          /* mean over the mean of the base window, minus 1 */
    ANA_REDUCE_RATIO,           /* mean over the mean of the base window */
    ANA_REDUCE_CHANGE_FROM_MAX, /* mean over the highest value of the base window, minus 1 */
    ANA_REDUCE_YEAR_OF_MAX,     /* when it is highest, as a year with decimals */
    ANA_REDUCTIONS
} ana_reduction_t;

/* Reads an expression (analysis/expression.h) of arm number `arm`; dimensions without a choice are summed over. Start
 * with a zeroed series; free it also after a failure. SIM_EINPUT when the result has no such variable, dimension or
 * label, when terms differ in their times, and for a result with a design, whose points are no replications. */
sim_status_t ana_series_read(sim_result_t *result, size_t arm, const char *expression, ana_series_t *series,
                             sim_error_t *err);
/* The same of what one replication recorded, before it is stored; rounded as the store would, so that the numbers are
 * those that a result gives. */
sim_status_t ana_series_recorded(const sim_recorder_t *recorder, const char *expression, ana_series_t *series,
                                 sim_error_t *err);
void ana_series_free(ana_series_t *series);

/* Name as in a facts table ("change_from_max"; "" for none), and back (-1 when there is none of that name). */
const char *ana_reduction_name(ana_reduction_t reduction);
int ana_reduction_find(const char *name);
/* Whether it looks at a base window. */
bool ana_reduction_has_base(ana_reduction_t reduction);

/* One replication's number. NaN when a window is not wholly inside the recorded time (within one interval), or nothing
 * in it has a value. */
double ana_reduce(const ana_series_t *series, size_t replication, ana_reduction_t reduction, ana_window_t window,
                  ana_window_t base);

#endif
