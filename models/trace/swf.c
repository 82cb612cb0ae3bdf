// SPDX-License-Identifier: GPL-3.0-or-later
/* The Standard Workload Format of the Parallel Workloads Archive: lines of 18 numbers, -1 meaning unknown, under a
 * header of "; Key: value" lines (Feitelson, Tsafrir & Krakov, "Experience with using the Parallel Workloads Archive",
 * JPDC 2014; the archive's "standard workload format", version 2.2).
 *
 * Rules, those under which schedulers have been compared on the archive's logs ("cleaning"):
 *   - P is the machine's processors: options.processors, else MaxProcs of the header (0: unknown, nothing is too wide).
 *   - Left out and counted: jobs with allocated (5) or requested (8) processors above P, with both unknown or 0, with a
 *     run time (4) or requested time (9) of 0 or unknown, and those submitted before second 0. Where a log gives no
 *     requested time at all, the run time stands for it and nothing is left out for that.
 *   - A job has its requested processors, else the allocated ones; its estimate is the requested time, at which its run
 *     time is cut.
 *   - Submissions out of order, which the format forbids, are sorted (stably) and counted.
 * Unused columns hold numbers and mean nothing here. A user (12) is a tenant; options.vc is a partition (16).
 */
#include "models/scheduler/job.h"
#include "models/trace/jobs.h"

#include <stdio.h>
#include <string.h>

enum {
    ID = 0,
    SUBMIT = 1,
    RUN = 3,
    ALLOCATED = 4,
    REQUESTED = 7,
    REQUESTED_TIME = 8,
    USER = 11,
    PARTITION = 15,
    COLUMNS = 18
};

static const char *const column_names[COLUMNS] = {
    "job",
    "submit time",
    "wait time",
    "run time",
    "allocated processors",
    "average CPU time",
    "used memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding job",
    "think time",
};

static const uint32_t used_columns = 1u << ID | 1u << SUBMIT | 1u << RUN | 1u << ALLOCATED | 1u << REQUESTED |
                                     1u << REQUESTED_TIME | 1u << USER | 1u << PARTITION;

typedef struct swf {
    mdl_lines_t lines;
    mdl_jobs_t jobs;
    int64_t max_procs, unix_start; /* of the header; 0: not said */
    bool estimates;                /* some job has a requested time */
} swf_t;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

static void wrong_cell(swf_t *self, int column, mdl_cell_t cell, const char *expected)
{
    char shown[48];
    mdl_problem(&self->jobs.problems, SIM_EINPUT, self->lines.path, self->lines.line,
                "column %d (%s): found '%s'; expected %s", column + 1, column_names[column],
                mdl_shown(shown, cell.at, cell.n), expected);
}

/* A cell that is no plain integer: a whole number with a fraction of zeros, or any number in a column without use. */
static const char *read_odd_cell(swf_t *self, int column, const char *at, const char *end, int64_t *value, bool *good)
{
    const char *stop = at;
    while (stop < end && !is_blank(*stop))
        stop++;
    mdl_cell_t cell = {at, (size_t)(stop - at)};
    double real;
    if (mdl_cell_whole(cell, value))
        return stop;
    if ((used_columns >> column & 1u) == 0 && mdl_cell_real(cell, &real))
        return stop;
    wrong_cell(self, column, cell, (used_columns >> column & 1u) != 0 ? "a whole number" : "a number");
    *good = false;
    return stop;
}

static bool wrong_count(swf_t *self, const char *found)
{
    mdl_problem(&self->jobs.problems, SIM_EINPUT, self->lines.path, self->lines.line, "found %s; expected 18 numbers",
                found);
    return false;
}

/* The line's numbers. */
static bool read_cells(swf_t *self, int64_t values[COLUMNS])
{
    const char *at = self->lines.at, *end = at + self->lines.n;
    bool good = true;
    for (int column = 0; column < COLUMNS; column++) {
        at = skip_blanks(at, end);
        if (at == end) {
            char found[32];
            (void)snprintf(found, sizeof found, "a line of %d columns", column);
            return wrong_count(self, found);
        }
        const char *stop = mdl_scan_int(at, end, &values[column]);
        if (stop == NULL || (stop < end && !is_blank(*stop)))
            stop = read_odd_cell(self, column, at, end, &values[column], &good);
        at = stop;
    }
    return skip_blanks(at, end) == end ? good : wrong_count(self, "a line of more than 18 columns");
}

static bool in_bounds(swf_t *self, const int64_t values[COLUMNS])
{
    static const struct {
        int column;
        int64_t bound;
        const char *expected;
    } bounds[] = {{SUBMIT, MDL_TRACE_TIME, "a time within 2^53 seconds"},
                  {RUN, MDL_TRACE_TIME, "a time within 2^53 seconds"},
                  {REQUESTED_TIME, MDL_TRACE_TIME, "a time within 2^53 seconds"},
                  {ALLOCATED, MDL_TRACE_GPUS, "at most 16777216 processors"},
                  {REQUESTED, MDL_TRACE_GPUS, "at most 16777216 processors"}};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        int64_t value = values[bounds[i].column];
        if (value >= -bounds[i].bound && value <= bounds[i].bound)
            continue;
        char text[32];
        int n = snprintf(text, sizeof text, "%lld", (long long)value);
        wrong_cell(self, bounds[i].column, (mdl_cell_t){text, (size_t)n}, bounds[i].expected);
        return false;
    }
    return true;
}

/* Whether the cleaning rules keep a job, requested times aside. */
static bool is_clean(const swf_t *self, const int64_t values[COLUMNS])
{
    int64_t allocated = values[ALLOCATED], requested = values[REQUESTED], processors = self->jobs.out->processors;
    if (processors > 0 && (allocated > processors || requested > processors))
        return false;
    return (allocated > 0 || requested > 0) && values[RUN] > 0 && values[SUBMIT] >= 0;
}

/* "user N" behind `end`, backwards: its start. Faster than printf, which would cost as much as reading the line. */
static char *user_name(int64_t user, char *end)
{
    uint64_t left = user < 0 ? 0 - (uint64_t)user : (uint64_t)user;
    do
        *--end = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (user < 0)
        *--end = '-';
    end -= strlen("user ");
    memcpy(end, "user ", strlen("user "));
    return end;
}

static void add_job(swf_t *self, const int64_t values[COLUMNS])
{
    char group[32], user[32];
    int group_bytes = 0;
    if (self->jobs.vc != NULL)
        group_bytes = snprintf(group, sizeof group, "%lld", (long long)values[PARTITION]);
    if (!mdl_jobs_chosen(&self->jobs, (mdl_cell_t){group, (size_t)group_bytes}))
        return;
    if (!is_clean(self, values)) {
        self->jobs.out->dropped++;
        return;
    }
    int64_t request = values[REQUESTED_TIME] > 0 ? values[REQUESTED_TIME] : 0, run = values[RUN];
    self->estimates = self->estimates || request > 0;
    mdl_trace_job_t job = {.id = values[ID],
                           .submit_s = values[SUBMIT],
                           .run_s = request > 0 && request < run ? request : run,
                           .estimate_s = request, /* 0: settled at the end */
                           .gpus = (uint32_t)(values[REQUESTED] > 0 ? values[REQUESTED] : values[ALLOCATED]),
                           .gpu_milli = 1000,
                           .job_class = MDL_JOB_BATCH};
    const char *end = user + sizeof user, *start = user_name(values[USER], user + sizeof user);
    if (!mdl_jobs_add(&self->jobs, &job, (mdl_cell_t){start, (size_t)(end - start)}))
        mdl_lines_stop(&self->lines);
}

/* The number behind "KEY:" in a header line; text may follow it. Unknown (-1) and 0 are 0. */
static void read_key(swf_t *self, const char *at, const char *end, const char *key, int64_t high, int64_t *value)
{
    size_t n = strlen(key);
    if ((size_t)(end - at) < n || memcmp(at, key, n) != 0)
        return;
    at = skip_blanks(at + n, end);
    const char *stop = mdl_scan_int(at, end, value);
    if (stop == NULL || (stop < end && !is_blank(*stop)) || *value > high) {
        char shown[48];
        mdl_problem(&self->jobs.problems, SIM_EINPUT, self->lines.path, self->lines.line,
                    "%s found '%s'; expected a whole number up to %lld", key, mdl_shown(shown, at, (size_t)(end - at)),
                    (long long)high);
        *value = 0;
    }
    *value = *value > 0 ? *value : 0;
}

static void read_header_line(swf_t *self, const char *at, const char *end)
{
    at = skip_blanks(at + 1, end);
    read_key(self, at, end, "MaxProcs:", MDL_TRACE_GPUS, &self->max_procs);
    read_key(self, at, end, "UnixStartTime:", MDL_TRACE_TIME, &self->unix_start);
}

static void read_lines(swf_t *self)
{
    mdl_trace_t *out = self->jobs.out;
    bool given = out->processors > 0;
    while (mdl_lines_next(&self->lines)) {
        int64_t values[COLUMNS];
        const char *end = self->lines.at + self->lines.n, *at = skip_blanks(self->lines.at, end);
        if (at == end)
            continue;
        if (*at == ';') {
            if (self->jobs.rows == 0)
                read_header_line(self, at, end);
            continue;
        }
        if (!given && self->jobs.rows == 0)
            out->processors = self->max_procs;
        if (read_cells(self, values) && in_bounds(self, values))
            add_job(self, values);
    }
}

/* Jobs without a requested time go, unless the log has none at all. */
static void settle_estimates(swf_t *self)
{
    mdl_trace_t *out = self->jobs.out;
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++) {
        mdl_trace_job_t *job = &out->jobs[i];
        if (!self->estimates)
            job->estimate_s = job->run_s;
        if (job->estimate_s > 0)
            out->jobs[kept++] = *job;
    }
    out->dropped += out->n - kept;
    out->n = kept;
}

sim_status_t mdl_trace_read_swf_from(const mdl_source_t *source, const mdl_trace_options_t *options, mdl_trace_t *out,
                                     sim_error_t *err)
{
    swf_t self = {.max_procs = 0};
    mdl_jobs_begin(&self.jobs, source, options, out);
    self.jobs.numbered = true;
    mdl_lines_open(&self.lines, source, &self.jobs.problems);
    read_lines(&self);
    mdl_lines_close(&self.lines);
    settle_estimates(&self);
    return mdl_jobs_end(&self.jobs, (mdl_jobs_zero_t){.dated = self.unix_start > 0, .unix_s = self.unix_start}, err);
}

sim_status_t mdl_trace_read_swf(const char *path, const mdl_trace_options_t *options, mdl_trace_t *out,
                                sim_error_t *err)
{
    return mdl_trace_read_swf_from(&(mdl_source_t){.path = path}, options, out, err);
}
