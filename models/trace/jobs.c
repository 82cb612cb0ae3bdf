// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/jobs.h"

#include "models/params/spelling.h"
#include "models/trace/sort.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)
#define MOST_JOBS      ((size_t)UINT32_MAX - 1)

void mdl_trace_free(mdl_trace_t *self)
{
    free(self->jobs);
    free(self->tenants);
    *self = (mdl_trace_t){0};
}

/* "from" or "until" of the options. */
static mdl_jobs_bound_t read_bound(mdl_jobs_t *self, const char *name, const char *text)
{
    mdl_jobs_bound_t bound = {.given = text != NULL};
    if (text == NULL)
        return bound;
    char shown[48];
    mdl_cell_t cell = {text, strlen(text)};
    if (mdl_cell_moment(cell, true, &bound.s) && bound.s % MDL_TICKS_PER_S == 0) {
        bound.dated = true;
        bound.s /= MDL_TICKS_PER_S;
    } else if (!mdl_cell_whole(cell, &bound.s) || bound.s < -MDL_TRACE_TIME || bound.s > MDL_TRACE_TIME) {
        mdl_problem(&self->problems, SIM_EINPUT, name, 0,
                    "found '%s'; expected YYYY-MM-DD, YYYY-MM-DD hh:mm:ss or a whole number of seconds",
                    mdl_shown(shown, text, cell.n));
    }
    return bound;
}

void mdl_jobs_begin(mdl_jobs_t *self, const mdl_source_t *source, const mdl_trace_options_t *options, mdl_trace_t *out)
{
    static const mdl_trace_options_t all = {0};
    options = options != NULL ? options : &all;
    *out = (mdl_trace_t){.processors = options->processors};
    *self = (mdl_jobs_t){.out = out,
                         .problems = {source->problem, source->user},
                         .path = source->path,
                         .vc = options->vc,
                         .first_s = INT64_MAX};
    self->from = read_bound(self, "from", options->from);
    self->until = read_bound(self, "until", options->until);
    if (options->processors < 0 || options->processors > MDL_TRACE_GPUS)
        mdl_problem(&self->problems, SIM_EINPUT, "processors", 0, "found %lld; expected 1 to %lld",
                    (long long)options->processors, (long long)MDL_TRACE_GPUS);
}

bool mdl_jobs_chosen(mdl_jobs_t *self, mdl_cell_t group)
{
    self->rows++;
    if (self->vc != NULL && !mdl_cell_is(group, self->vc)) {
        if (self->chosen == 0 && mdl_names_add(&self->groups, group.at, group.n) == MDL_NO_NAME)
            mdl_problem_memory(&self->problems, self->path);
        return false;
    }
    self->chosen++;
    return true;
}

static bool make_room(mdl_jobs_t *self)
{
    mdl_trace_t *out = self->out;
    if (out->n < self->capacity)
        return true;
    if (out->n == MOST_JOBS) {
        mdl_problem(&self->problems, SIM_EINPUT, self->path, 0, "found more than %zu jobs; expected at most that many",
                    MOST_JOBS);
        return false;
    }
    size_t capacity = self->capacity == 0 ? FIRST_CAPACITY : 2 * self->capacity;
    capacity = capacity < MOST_JOBS ? capacity : MOST_JOBS;
    mdl_trace_job_t *jobs = realloc(out->jobs, capacity * sizeof *jobs);
    if (jobs == NULL) {
        mdl_problem_memory(&self->problems, self->path);
        return false;
    }
    out->jobs = jobs;
    self->capacity = capacity;
    return true;
}

bool mdl_jobs_add(mdl_jobs_t *self, const mdl_trace_job_t *job, mdl_cell_t tenant)
{
    if (!make_room(self))
        return false;
    uint32_t number = mdl_names_add(&self->tenants, tenant.at, tenant.n);
    if (number == MDL_NO_NAME) {
        mdl_problem_memory(&self->problems, self->path);
        return false;
    }
    mdl_trace_job_t *added = &self->out->jobs[self->out->n++];
    *added = *job;
    added->tenant = number;
    return true;
}

/* Why there is nothing to choose from. */
static void check_chosen(mdl_jobs_t *self)
{
    char shown[48], near_shown[48];
    if (self->rows == 0) {
        mdl_problem(&self->problems, SIM_EINPUT, self->path, 0, "found no jobs; expected at least one");
    } else if (self->chosen == 0) {
        mdl_spelling_t near = mdl_spelling(self->vc);
        for (uint32_t i = 0; i < self->groups.n; i++)
            mdl_spelling_offer(&near, mdl_names_at(&self->groups, i));
        const char *known = near.best != NULL ? near.best : mdl_names_at(&self->groups, 0);
        mdl_problem(&self->problems, SIM_EINPUT, self->path, 0, "found no jobs of '%s'; %s '%s'%s",
                    mdl_shown(shown, self->vc, strlen(self->vc)),
                    near.best != NULL ? "did you mean" : "expected the name of a part that it has, for example",
                    mdl_shown(near_shown, known, strlen(known)), near.best != NULL ? "?" : "");
    } else if (self->out->n == 0) {
        mdl_problem(&self->problems, SIM_EINPUT, self->path, 0,
                    "the rules of the format leave out every one of its jobs (%zu); expected at least one that can run",
                    self->chosen);
    }
}

/* Sets second 0 and counts submissions from there. */
static void set_zero(mdl_jobs_t *self, mdl_jobs_zero_t zero)
{
    mdl_trace_t *out = self->out;
    if (zero.movable)
        zero.unix_s = self->from.dated ? self->from.s : self->first_s;
    out->start_of_time = zero.dated ? zero.unix_s : 0;
    for (size_t i = 0; i < out->n && zero.movable; i++)
        out->jobs[i].submit_s -= zero.unix_s;
}

/* The bound in seconds of the trace. */
static int64_t bound_s(mdl_jobs_t *self, mdl_jobs_bound_t bound, mdl_jobs_zero_t zero, const char *name, int64_t open)
{
    if (!bound.given)
        return open;
    if (!bound.dated)
        return bound.s;
    if (!zero.dated)
        mdl_problem(&self->problems, SIM_EINPUT, name, 0,
                    "found a date, but the trace does not say when it began; expected a whole number of seconds");
    return bound.s - self->out->start_of_time;
}

/* Keeps the jobs of the window, in their order. */
static void select_window(mdl_jobs_t *self, mdl_jobs_zero_t zero)
{
    mdl_trace_t *out = self->out;
    int64_t low = bound_s(self, self->from, zero, "from", INT64_MIN);
    int64_t high = bound_s(self, self->until, zero, "until", INT64_MAX);
    int64_t first_s = INT64_MAX, last_s = INT64_MIN;
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++) {
        int64_t submit_s = out->jobs[i].submit_s;
        first_s = submit_s < first_s ? submit_s : first_s;
        last_s = submit_s > last_s ? submit_s : last_s;
        if (submit_s >= low && submit_s <= high)
            out->jobs[kept++] = out->jobs[i];
    }
    out->n = kept;
    if (low > high)
        mdl_problem(&self->problems, SIM_EINPUT, "until", 0, "found an end before `from`; expected a later one");
    else if (kept == 0 && self->problems.n == 0)
        mdl_problem(&self->problems, SIM_EINPUT, self->path, 0,
                    "no job was submitted in the chosen time; expected a part of seconds %lld to %lld",
                    (long long)first_s, (long long)last_s);
}

static size_t count_reordered(const mdl_trace_t *trace)
{
    size_t n = 0;
    int64_t latest_s = INT64_MIN;
    for (size_t i = 0; i < trace->n; i++) {
        n += trace->jobs[i].submit_s < latest_s;
        latest_s = trace->jobs[i].submit_s > latest_s ? trace->jobs[i].submit_s : latest_s;
    }
    return n;
}

/* Jobs by submission, those of one second in order of the file. */
static void sort_jobs(mdl_jobs_t *self)
{
    mdl_trace_t *out = self->out;
    out->reordered = count_reordered(out);
    if (out->reordered == 0)
        return;
    mdl_sort_key_t *keys = malloc(2 * out->n * sizeof *keys);
    mdl_trace_job_t *sorted = malloc(out->n * sizeof *sorted);
    if (keys == NULL || sorted == NULL) {
        mdl_problem_memory(&self->problems, self->path);
        free(sorted);
    } else {
        for (size_t i = 0; i < out->n; i++)
            keys[i] = (mdl_sort_key_t){out->jobs[i].submit_s, i};
        const mdl_sort_key_t *order = mdl_sort_keys(keys, keys + out->n, out->n);
        for (size_t i = 0; i < out->n; i++)
            sorted[i] = out->jobs[order[i].index];
        free(out->jobs);
        out->jobs = sorted;
    }
    free(keys);
}

/* Numbers tenants anew in order of their first job, and gives them to the trace: pointers and texts in one block. */
static void hand_over_tenants(mdl_jobs_t *self)
{
    mdl_trace_t *out = self->out;
    size_t n = self->tenants.n;
    uint32_t *number = malloc((n + 1) * sizeof *number);
    out->tenants = malloc(n * sizeof *out->tenants + self->tenants.used + 1);
    if (number == NULL || out->tenants == NULL) {
        mdl_problem_memory(&self->problems, self->path);
        free(number);
        return;
    }
    char *text = (char *)(out->tenants + n);
    for (size_t i = 0; i < n; i++)
        number[i] = MDL_NO_NAME;
    for (size_t i = 0; i < out->n; i++) {
        uint32_t *tenant = &out->jobs[i].tenant;
        if (number[*tenant] == MDL_NO_NAME) {
            size_t bytes = self->tenants.names[*tenant].n + 1;
            memcpy(text, mdl_names_at(&self->tenants, *tenant), bytes);
            out->tenants[out->n_tenants] = text;
            text += bytes;
            number[*tenant] = (uint32_t)out->n_tenants++;
        }
        *tenant = number[*tenant];
    }
    free(number);
}

sim_status_t mdl_jobs_end(mdl_jobs_t *self, mdl_jobs_zero_t zero, sim_error_t *err)
{
    mdl_trace_t *out = self->out;
    if (self->problems.n == 0)
        check_chosen(self);
    if (self->problems.n == 0) {
        set_zero(self, zero);
        select_window(self, zero);
    }
    if (self->problems.n == 0)
        sort_jobs(self);
    if (self->problems.n == 0)
        hand_over_tenants(self);
    for (size_t i = 0; i < out->n && !self->numbered; i++)
        out->jobs[i].id = (int64_t)i;
    mdl_names_free(&self->tenants);
    mdl_names_free(&self->groups);
    if (self->problems.n > 0)
        mdl_trace_free(out);
    return mdl_problems_end(&self->problems, err);
}
