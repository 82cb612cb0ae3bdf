// SPDX-License-Identifier: GPL-3.0-or-later
/* Microsoft's Philly trace (Jeon et al., ATC 2019) as prepared for Helios's simulator (Hu et al., SC 2021): one job per
 * row, timestamp,duration,num_gpus,gpu_time,cluster.
 *
 * Rules:
 *   - Rows stand in any order; they are sorted by time, those of one second in order of the file.
 *   - Times are whole seconds; "197281.0" is one, "0.5" an error. There are no time zones.
 *   - A virtual cluster is a tenant; options.vc chooses one.
 *   - Rows of 0 GPUs (jobs on CPUs alone) are left out and counted.
 *   - Columns are found by name; gpu_time and others mean nothing here. There are no estimates.
 */
#include "models/scheduler/job.h"
#include "models/trace/jobs.h"
#include "models/trace/rows.h"

enum { TIMESTAMP, DURATION, GPUS, CLUSTER, FIELDS };

static const mdl_field_t fields[FIELDS] = {
    [TIMESTAMP] = {"timestamp", NULL, true},
    [DURATION] = {"duration", NULL, true},
    [GPUS] = {"num_gpus", NULL, true},
    [CLUSTER] = {"cluster", NULL, true},
};

static bool read_submission(mdl_rows_t *rows, int64_t *submit_s)
{
    int64_t ticks;
    if (!mdl_rows_moment(rows, TIMESTAMP, &ticks))
        return false;
    *submit_s = ticks / MDL_TICKS_PER_S;
    if (ticks % MDL_TICKS_PER_S == 0)
        return true;
    mdl_rows_wrong(rows, TIMESTAMP, "whole seconds");
    return false;
}

static void read_row(mdl_rows_t *rows, mdl_jobs_t *jobs)
{
    mdl_trace_job_t job = {.gpu_milli = 1000, .job_class = MDL_JOB_TRAINING};
    mdl_cell_t cluster;
    int64_t gpus;
    bool good = read_submission(rows, &job.submit_s);
    good = mdl_rows_whole(rows, DURATION, 0, MDL_TRACE_TIME, &job.run_s) && good;
    good = mdl_rows_whole(rows, GPUS, 0, MDL_TRACE_GPUS, &gpus) && good;
    good = mdl_rows_name(rows, CLUSTER, MDL_TRACE_NAME, &cluster) && good;
    if (!good)
        return;
    jobs->first_s = job.submit_s < jobs->first_s ? job.submit_s : jobs->first_s;
    if (!mdl_jobs_chosen(jobs, cluster))
        return;
    job.estimate_s = job.run_s;
    job.gpus = (uint32_t)gpus;
    if (gpus == 0)
        jobs->out->dropped++;
    else if (!mdl_jobs_add(jobs, &job, cluster))
        mdl_rows_stop(rows);
}

sim_status_t mdl_trace_read_philly_from(const mdl_source_t *source, const mdl_trace_options_t *options,
                                        mdl_trace_t *out, sim_error_t *err)
{
    mdl_jobs_t jobs;
    mdl_rows_t rows;
    mdl_jobs_begin(&jobs, source, options, out);
    mdl_rows_open(&rows, source, &jobs.problems, fields, FIELDS, MDL_ROWS_ANY);
    while (mdl_rows_next(&rows))
        read_row(&rows, &jobs);
    mdl_rows_close(&rows);
    return mdl_jobs_end(&jobs, (mdl_jobs_zero_t){.dated = true, .movable = true}, err);
}

sim_status_t mdl_trace_read_philly(const char *path, const mdl_trace_options_t *options, mdl_trace_t *out,
                                   sim_error_t *err)
{
    return mdl_trace_read_philly_from(&(mdl_source_t){.path = path}, options, out, err);
}
