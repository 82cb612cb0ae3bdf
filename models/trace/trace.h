// SPDX-License-Identifier: GPL-3.0-or-later
/* Recorded job streams: what the readers make of a trace file, whatever its format.
 *
 * A reader takes a file line by line (plain or gzipped), checks every cell that means something to it, and reports all
 * problems of the file in one go: each as "FILE:LINE: column N (NAME): found; expected" to the source's `problem`, the
 * first of them and the number of the others in the error. What a format's own rules allow to leave out is left out and
 * counted; any other oddity is an error, and so is a trace of which no job is left. After an error the trace is empty
 * and owns nothing. docs/TRACES.md describes the formats for users.
 *
 *     mdl_trace_t trace;
 *     mdl_trace_options_t options = {.vc = "103959"};
 *     if (mdl_trace_read_philly("philly_vcs.csv", &options, &trace, &err) == SIM_OK)
 *         ... trace.jobs[0 .. trace.n - 1], by submission ...
 *     mdl_trace_free(&trace);
 *
 * Formats of whole jobs on equal GPUs share mdl_trace_t. What the others hold is different in kind and has a type of
 * its own: openb.h (pods on unequal nodes, no times), muri.h (iterations of known length), requests.h (LLM requests).
 */
#ifndef MDL_TRACE_H
#define MDL_TRACE_H

#include "models/trace/lines.h"
#include "sim/error.h"

#include <stddef.h>
#include <stdint.h>

#define MDL_TRACE_TIME INT64_C(9007199254740992) /* 2^53: no time is further from 0, so doubles hold them all */
#define MDL_TRACE_GPUS (INT64_C(1) << 24)        /* of one job, at most */
#define MDL_TRACE_NAME 255                       /* bytes of a tenant's name, at most */

/* One job as submitted. Times in seconds as the trace counts them. */
typedef struct mdl_trace_job {
    int64_t id; /* its number in the trace, or where the format has none its place among the jobs, from 0 */
    int64_t submit_s;
    int64_t run_s;                  /* >= 0 */
    int64_t estimate_s;             /* what its user asked for, >= run_s; run_s where the format has none */
    uint32_t gpus;                  /* or processors; >= 1 */
    uint32_t tenant;                /* index into the trace's tenants */
    uint32_t gpu_milli;             /* thousandths of each of its GPUs: 1000 but for a job that shares one */
    uint32_t cpu_milli, memory_mib; /* in all; 0: not said */
    uint8_t job_class;              /* mdl_job_class_t */
    uint8_t end;                    /* mdl_job_end_t; finished where the format does not say */
} mdl_trace_job_t;

typedef struct mdl_trace {
    mdl_trace_job_t *jobs; /* by submission, those of one second in order of the file */
    size_t n;
    char **tenants; /* names of users or virtual clusters */
    size_t n_tenants;
    int64_t processors;    /* of the machine, as the options or the trace's header say; 0: not said */
    size_t dropped;        /* jobs of the chosen part left out by the format's own cleaning rules */
    size_t reordered;      /* jobs that stood in the file behind one submitted later */
    int64_t start_of_time; /* Unix time of the trace's second 0; 0: not said */
} mdl_trace_t;

/* Which part of a trace to read. Zero-initialise for all of it. */
typedef struct mdl_trace_options {
    const char *vc;           /* SWF: partition; Philly: virtual cluster; CSV: tenant; NULL: all */
    const char *from, *until; /* "YYYY-MM-DD", "YYYY-MM-DD hh:mm:ss" or seconds as the trace counts them; NULL: open.
                               * Submissions at `from` and at `until` are kept; a date alone means its first second */
    int64_t processors;       /* of the machine, instead of what the trace's header says; 0: as it says */
} mdl_trace_options_t;

/* Readers. SIM_EIO when the file cannot be read, SIM_EINPUT when it is not what the format says, SIM_ENOMEM. `options`
 * may be NULL.
 *
 * SWF, the Standard Workload Format: swf.c. Dates need UnixStartTime in the header; submissions stay as they are. */
sim_status_t mdl_trace_read_swf(const char *path, const mdl_trace_options_t *options, mdl_trace_t *out,
                                sim_error_t *err);
/* The Philly trace as Helios's simulator takes it: philly.c. `from` becomes second 0 if it is a date, otherwise the
 * first job of the file, whatever its virtual cluster; seconds count from there. */
sim_status_t mdl_trace_read_philly(const char *path, const mdl_trace_options_t *options, mdl_trace_t *out,
                                   sim_error_t *err);
/* Overbuild's own plain CSV: plain.c. It has no dates. */
sim_status_t mdl_trace_read_csv(const char *path, const mdl_trace_options_t *options, mdl_trace_t *out,
                                sim_error_t *err);

/* The same from any source, whose `problem` hears of every problem. */
sim_status_t mdl_trace_read_swf_from(const mdl_source_t *source, const mdl_trace_options_t *options, mdl_trace_t *out,
                                     sim_error_t *err);
sim_status_t mdl_trace_read_philly_from(const mdl_source_t *source, const mdl_trace_options_t *options,
                                        mdl_trace_t *out, sim_error_t *err);
sim_status_t mdl_trace_read_csv_from(const mdl_source_t *source, const mdl_trace_options_t *options, mdl_trace_t *out,
                                     sim_error_t *err);

/* Frees what it owns and empties it; legal on an empty one. */
void mdl_trace_free(mdl_trace_t *self);

#endif
