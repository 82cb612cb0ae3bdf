// SPDX-License-Identifier: GPL-3.0-or-later
/* A trace of jobs in the making: what the readers of jobs share. Tenants get numbers, jobs are selected by the options,
 * sorted by submission, and become a mdl_trace_t.
 *
 *     mdl_jobs_t jobs;
 *     mdl_jobs_begin(&jobs, source, options, out);
 *     ... for each row:  if (mdl_jobs_chosen(&jobs, group)) mdl_jobs_add(&jobs, &job, tenant); ...
 *     return mdl_jobs_end(&jobs, zero, err);
 */
#ifndef MDL_TRACE_JOBS_H
#define MDL_TRACE_JOBS_H

#include "models/trace/cells.h"
#include "models/trace/names.h"
#include "models/trace/trace.h"

/* One end of the window of submissions. */
typedef struct mdl_jobs_bound {
    bool given, dated;
    int64_t s; /* dated: since 1970-01-01; otherwise as the trace counts */
} mdl_jobs_bound_t;

/* What the trace's second 0 is. */
typedef struct mdl_jobs_zero {
    bool dated;     /* it is known, so options may give dates */
    bool movable;   /* submissions have been added as seconds since 1970-01-01; second 0 is yet to be set */
    int64_t unix_s; /* if dated and not movable */
} mdl_jobs_zero_t;

typedef struct mdl_jobs {
    mdl_trace_t *out;
    mdl_problems_t problems;
    const char *path;
    const char *vc;
    mdl_jobs_bound_t from, until;
    size_t capacity; /* of out->jobs */
    size_t rows;     /* of the file */
    size_t chosen;   /* of these: of the chosen group */
    int64_t first_s; /* earliest submission of the file, whatever its group */
    mdl_names_t tenants;
    mdl_names_t groups; /* met while options.vc chooses one */
    bool numbered;      /* jobs have numbers of their own; otherwise they get their places */
} mdl_jobs_t;

/* Starts with an empty `out`. Wrong options are problems. */
void mdl_jobs_begin(mdl_jobs_t *self, const mdl_source_t *source, const mdl_trace_options_t *options, mdl_trace_t *out);
/* Whether a row of this group is wanted. Once per row. */
bool mdl_jobs_chosen(mdl_jobs_t *self, mdl_cell_t group);
/* Adds a job with its tenant. False when it cannot, which is a problem; the reader should stop. */
bool mdl_jobs_add(mdl_jobs_t *self, const mdl_trace_job_t *job, mdl_cell_t tenant);
/* Finishes `out`, or empties it after a problem. Frees everything else. */
sim_status_t mdl_jobs_end(mdl_jobs_t *self, mdl_jobs_zero_t zero, sim_error_t *err);

#endif
