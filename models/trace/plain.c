// SPDX-License-Identifier: GPL-3.0-or-later
/* Overbuild's own trace of jobs: a CSV file whose header names its columns.
 *
 *     submit_s,run_s,gpus            required; seconds from second 0, seconds, GPUs
 *     id                             or "job": a number; without it jobs are numbered by submission
 *     estimate_s                     what its user asked for, at least run_s; empty or without it: run_s
 *     tenant                         a name; empty or without it: "unnamed"
 *     class                          training, finetune, inference or batch; empty or without it: batch
 *     gpu_milli                      thousandths of a GPU, for a job of one GPU that shares it; empty: 1000
 *     cpu_milli,memory_mib           in all; empty: not said
 *
 * Rows stand in any order; they are sorted by submission, those of one second in order of the file. Nothing is left
 * out; a column of any other name is an error.
 */
#include "models/scheduler/job.h"
#include "models/trace/jobs.h"
#include "models/trace/rows.h"

enum { SUBMIT, RUN, GPUS, ID, ESTIMATE, TENANT, CLASS, GPU_MILLI, CPU_MILLI, MEMORY, FIELDS };

static const mdl_field_t fields[FIELDS] = {
    [SUBMIT] = {"submit_s", NULL, true},
    [RUN] = {"run_s", NULL, true},
    [GPUS] = {"gpus", NULL, true},
    [ID] = {"id", "job", false},
    [ESTIMATE] = {"estimate_s", NULL, false},
    [TENANT] = {"tenant", NULL, false},
    [CLASS] = {"class", NULL, false},
    [GPU_MILLI] = {"gpu_milli", NULL, false},
    [CPU_MILLI] = {"cpu_milli", NULL, false},
    [MEMORY] = {"memory_mib", NULL, false},
};

static const char *const class_names[MDL_JOB_CLASSES] = {
    [MDL_JOB_TRAINING] = "training",
    [MDL_JOB_FINETUNE] = "finetune",
    [MDL_JOB_INFERENCE] = "inference",
    [MDL_JOB_BATCH] = "batch",
};

/* A number that may be missing; then *value stays. */
static bool read_optional(mdl_rows_t *rows, size_t field, int64_t low, int64_t high, int64_t *value)
{
    return mdl_rows_cell(rows, field).n == 0 || mdl_rows_whole(rows, field, low, high, value);
}

static bool read_amounts(mdl_rows_t *rows, mdl_trace_job_t *job)
{
    int64_t gpus = 1, gpu_milli = 1000, cpu_milli = 0, memory_mib = 0;
    bool good = mdl_rows_whole(rows, GPUS, 1, MDL_TRACE_GPUS, &gpus);
    good = read_optional(rows, GPU_MILLI, 1, 1000, &gpu_milli) && good;
    good = read_optional(rows, CPU_MILLI, 0, UINT32_MAX, &cpu_milli) && good;
    good = read_optional(rows, MEMORY, 0, UINT32_MAX, &memory_mib) && good;
    if (good && gpus > 1 && gpu_milli < 1000) {
        mdl_rows_wrong(rows, GPU_MILLI, "1000 for a job of more than one GPU");
        good = false;
    }
    job->gpus = (uint32_t)gpus;
    job->gpu_milli = (uint32_t)gpu_milli;
    job->cpu_milli = (uint32_t)cpu_milli;
    job->memory_mib = (uint32_t)memory_mib;
    return good;
}

static bool read_times(mdl_rows_t *rows, mdl_trace_job_t *job)
{
    bool good = mdl_rows_whole(rows, SUBMIT, 0, MDL_TRACE_TIME, &job->submit_s);
    if (!mdl_rows_whole(rows, RUN, 0, MDL_TRACE_TIME, &job->run_s))
        return false;
    job->estimate_s = job->run_s;
    return read_optional(rows, ESTIMATE, job->run_s, MDL_TRACE_TIME, &job->estimate_s) && good;
}

static bool read_class(mdl_rows_t *rows, uint8_t *job_class)
{
    mdl_cell_t cell = mdl_rows_cell(rows, CLASS);
    if (cell.n == 0)
        return true;
    for (uint8_t i = 0; i < MDL_JOB_CLASSES; i++)
        if (mdl_cell_is(cell, class_names[i])) {
            *job_class = i;
            return true;
        }
    mdl_rows_wrong(rows, CLASS, "training, finetune, inference or batch");
    return false;
}

static bool read_tenant(mdl_rows_t *rows, mdl_cell_t *tenant)
{
    *tenant = (mdl_cell_t){"unnamed", 7};
    return mdl_rows_cell(rows, TENANT).n == 0 || mdl_rows_name(rows, TENANT, MDL_TRACE_NAME, tenant);
}

static void read_row(mdl_rows_t *rows, mdl_jobs_t *jobs)
{
    mdl_trace_job_t job = {.job_class = MDL_JOB_BATCH};
    mdl_cell_t tenant;
    bool good = read_times(rows, &job);
    good = read_amounts(rows, &job) && good;
    good = read_class(rows, &job.job_class) && good;
    good = read_tenant(rows, &tenant) && good;
    if (jobs->numbered)
        good = mdl_rows_whole(rows, ID, -MDL_TRACE_TIME, MDL_TRACE_TIME, &job.id) && good;
    if (good && mdl_jobs_chosen(jobs, tenant) && !mdl_jobs_add(jobs, &job, tenant))
        mdl_rows_stop(rows);
}

sim_status_t mdl_trace_read_csv_from(const mdl_source_t *source, const mdl_trace_options_t *options, mdl_trace_t *out,
                                     sim_error_t *err)
{
    mdl_jobs_t jobs;
    mdl_rows_t rows;
    mdl_jobs_begin(&jobs, source, options, out);
    mdl_rows_open(&rows, source, &jobs.problems, fields, FIELDS, MDL_ROWS_KNOWN);
    jobs.numbered = rows.column_of[ID] != SIZE_MAX;
    while (mdl_rows_next(&rows))
        read_row(&rows, &jobs);
    mdl_rows_close(&rows);
    return mdl_jobs_end(&jobs, (mdl_jobs_zero_t){.dated = false}, err);
}

sim_status_t mdl_trace_read_csv(const char *path, const mdl_trace_options_t *options, mdl_trace_t *out,
                                sim_error_t *err)
{
    return mdl_trace_read_csv_from(&(mdl_source_t){.path = path}, options, out, err);
}
