// SPDX-License-Identifier: GPL-3.0-or-later
/* A series of numbers with its dates, from a column of a CSV file or from a result.
 *
 *     ana_column_t series;
 *     mdl_source_t source = {.path = "prices.csv"};
 *     if (ana_column_read_csv(&source, "close", "date", &series, &err) == SIM_OK) ...
 *     ana_column_free(&series);
 */
#ifndef ANA_DATED_COLUMN_H
#define ANA_DATED_COLUMN_H

#include "models/trace/lines.h"
#include "sim/store.h"

#define ANA_DATE_BYTES 32

typedef struct ana_column {
    size_t n;
    double *values;
    int64_t *day;                 /* since 1970-01-01; NULL when dates are no YYYY-MM-DD, or there are none */
    char (*date)[ANA_DATE_BYTES]; /* as the file has it; NULL without dates */
} ana_column_t;

/* Reads a column by its name, and the dates beside it if `date_column` is not NULL. Every row must hold a finite number
 * and, when the first date is written YYYY-MM-DD, a later date of that form than the row before. Each row where it does
 * not is a problem of its line. SIM_EINPUT, SIM_EIO, SIM_ENOMEM. */
sim_status_t ana_column_read_csv(const mdl_source_t *source, const char *column, const char *date_column,
                                 ana_column_t *series, sim_error_t *err);
void ana_column_free(ana_column_t *self); /* legal after a failed read */

/* What default tests of a result look at: rent over full cost, which is no variable of the file but a ratio of two. */
#define ANA_RENT_OVER_COST "rent_over_full_cost"

/* The series that a result's default test looks at: ANA_RENT_OVER_COST if the file has both parts, else
 * "rent_node_month". */
const char *ana_column_default_variable(sim_result_t *result);

/* Series of all replications of one arm, in the array's order [point,] replication, time; dates in `day`. A variable is
 * one with the dimensions arm, (point,) replication, time. SIM_EINPUT when it is none. Free both. */
sim_status_t ana_column_read_arm(sim_result_t *result, const char *variable, size_t arm, sim_array_t *array,
                                 int64_t **day, sim_error_t *err);

#endif
