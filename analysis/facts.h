// SPDX-License-Identifier: GPL-3.0-or-later
/* The facts that a result is held against, and how each is read out of a result.
 *
 * The shipped table, `analysis/facts/china.csv`, is compiled into the program; another country brings its own. Its first
 * lines explain the columns. A fact that cannot be compared, or that the scenario feeds in, stays in the table with its
 * reason, so that nobody need wonder what became of it.
 *
 *     ana_facts_t facts = {0};
 *     size_t problems;
 *     status = ana_facts_read(&facts, "china.csv", text, print_line, NULL, &problems, &err);
 *     ...
 *     ana_facts_free(&facts);
 */
#ifndef ANA_FACTS_H
#define ANA_FACTS_H

#include "analysis/series.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANA_NO_DAY INT64_MIN

typedef enum ana_fact_kind {
    ANA_FACT_CALIBRATION, /* may be fitted */
    ANA_FACT_VALIDATION,  /* only compared */
    ANA_FACT_KINDS
} ana_fact_kind_t;

typedef enum ana_scoring {
    ANA_SCORING_NONE,   /* not scored, for the reason in `note` */
    ANA_SCORING_LINEAR, /* bands as they are */
    ANA_SCORING_LOG,    /* bands in logarithms: where a small base makes ratios large */
    ANA_SCORINGS
} ana_scoring_t;

typedef struct ana_fact {
    char id[16];
    ana_fact_kind_t kind;
    char topic[24];
    char quantity[128];
    char unit[24];
    double low, high;    /* in `unit`; both the same for a single number, NaN where the source gives no size */
    ana_window_t window; /* what it speaks of; ANA_NO_DAY where it says nothing */
    char source[160];    /* facts of one source are not independent */
    char variable[256];  /* analysis/expression.h; "" when a result holds nothing like it */
    char over[256];      /* what it is divided by, or "" */
    ana_reduction_t reduction;
    ana_window_t base;
    double scale, shift; /* reduced value x scale + shift is in `unit` */
    ana_scoring_t scoring;
    char note[256]; /* why it is not scored, or what the comparison assumes */
} ana_fact_t;

typedef struct ana_facts {
    ana_fact_t *rows; /* in the order of the table */
    size_t n;
} ana_facts_t;

/* The shipped table as CSV text. */
const char *ana_facts_shipped(void);

typedef void (*ana_report_t)(void *user, const char *problem);

/* Reads a table. Every problem goes to `report` (which may be NULL) as "NAME:line:column: found; expected" and is
 * counted; with any, SIM_EINPUT. Checked are columns, cells, bands, dates, expressions, and what belongs together.
 * Start with a zeroed table; free it also after a failure. SIM_ENOMEM. */
sim_status_t ana_facts_read(ana_facts_t *facts, const char *name, const char *csv, ana_report_t report, void *user,
                            size_t *problems, sim_error_t *err);
void ana_facts_free(ana_facts_t *facts);

/* "calibration", "validation". */
const char *ana_fact_kind_name(ana_fact_kind_t kind);

#endif
