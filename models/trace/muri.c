// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/muri.h"

#include "models/trace/rows.h"
#include "models/trace/trace.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)

enum { ID, GPUS, SUBMIT, ITERATIONS, MODEL, ITERATION_TIME, FIELDS };

static const mdl_field_t fields[FIELDS] = {
    [ID] = {"job_id", NULL, true},          [GPUS] = {"num_gpu", NULL, true},
    [SUBMIT] = {"submit_time", NULL, true}, [ITERATIONS] = {"iterations", NULL, true},
    [MODEL] = {"model_name", NULL, true},   [ITERATION_TIME] = {"iteration_time", NULL, true},
};

void mdl_muri_free(mdl_muri_t *self)
{
    free(self->jobs);
    *self = (mdl_muri_t){0};
}

static bool read_submission(mdl_rows_t *rows, double *submit_ms)
{
    if (!mdl_cell_real(mdl_rows_cell(rows, SUBMIT), submit_ms) || *submit_ms < 0 ||
        *submit_ms > (double)MDL_TRACE_TIME) {
        mdl_rows_wrong(rows, SUBMIT, "milliseconds from 0 to 2^53");
        return false;
    }
    return true;
}

static bool read_job(mdl_rows_t *rows, mdl_muri_job_t *job)
{
    const double high = (double)MDL_TRACE_TIME;
    int64_t gpus = 0;
    mdl_cell_t model;
    bool good = mdl_rows_whole(rows, ID, -MDL_TRACE_TIME, MDL_TRACE_TIME, &job->id);
    good = mdl_rows_whole(rows, GPUS, 1, MDL_TRACE_GPUS, &gpus) && good;
    good = read_submission(rows, &job->submit_ms) && good;
    good = mdl_rows_real(rows, ITERATIONS, 0, high, &job->iterations) && good;
    good = mdl_rows_real(rows, ITERATION_TIME, 0, high, &job->iteration_ms) && good;
    good = mdl_rows_name(rows, MODEL, sizeof job->model - 1, &model) && good;
    if (!good)
        return false;
    job->gpus = (uint32_t)gpus;
    memcpy(job->model, model.at, model.n);
    return true;
}

/* Adds a job; false without memory. */
static bool add(mdl_muri_t *out, size_t *capacity, const mdl_muri_job_t *job)
{
    if (out->n == *capacity) {
        size_t more = *capacity == 0 ? FIRST_CAPACITY : 2 * *capacity;
        mdl_muri_job_t *jobs = realloc(out->jobs, more * sizeof *jobs);
        if (jobs == NULL)
            return false;
        out->jobs = jobs;
        *capacity = more;
    }
    out->jobs[out->n++] = *job;
    return true;
}

sim_status_t mdl_muri_read_from(const mdl_source_t *source, mdl_muri_t *out, sim_error_t *err)
{
    mdl_problems_t problems = {source->problem, source->user};
    mdl_rows_t rows;
    size_t capacity = 0;
    *out = (mdl_muri_t){0};
    mdl_rows_open(&rows, source, &problems, fields, FIELDS, MDL_ROWS_ANY);
    while (mdl_rows_next(&rows)) {
        mdl_muri_job_t job = {0};
        if (read_job(&rows, &job) && !add(out, &capacity, &job)) {
            mdl_problem_memory(&problems, source->path);
            mdl_rows_stop(&rows);
        }
    }
    mdl_rows_close(&rows);
    if (problems.n == 0 && out->n == 0)
        mdl_problem(&problems, SIM_EINPUT, source->path, 0, "found no jobs; expected at least one");
    if (problems.n > 0)
        mdl_muri_free(out);
    return mdl_problems_end(&problems, err);
}

sim_status_t mdl_muri_read(const char *path, mdl_muri_t *out, sim_error_t *err)
{
    return mdl_muri_read_from(&(mdl_source_t){.path = path}, out, err);
}

enum { SWITCHES, NODES, NODE_GPUS, CLUSTER_FIELDS };

static const mdl_field_t cluster_fields[CLUSTER_FIELDS] = {
    [SWITCHES] = {"num_switch", NULL, true},
    [NODES] = {"num_node_p_switch", NULL, true},
    [NODE_GPUS] = {"num_gpu_p_node", NULL, true},
};

/* The cluster of the present row; its three numbers multiply to at most MDL_TRACE_GPUS. */
static void read_cluster_row(mdl_rows_t *rows, uint32_t *nodes, uint32_t *gpus_per_node)
{
    int64_t number[CLUSTER_FIELDS];
    bool good = true;
    for (size_t i = 0; i < CLUSTER_FIELDS; i++)
        good = mdl_rows_whole(rows, i, 1, MDL_TRACE_GPUS, &number[i]) && good;
    if (!good)
        return;
    if (number[SWITCHES] * number[NODES] > MDL_TRACE_GPUS / number[NODE_GPUS]) {
        mdl_rows_wrong(rows, NODE_GPUS, "at most 16777216 GPUs in the whole cluster");
        return;
    }
    *nodes = (uint32_t)(number[SWITCHES] * number[NODES]);
    *gpus_per_node = (uint32_t)number[NODE_GPUS];
}

sim_status_t mdl_muri_read_cluster_from(const mdl_source_t *source, uint32_t *nodes, uint32_t *gpus_per_node,
                                        sim_error_t *err)
{
    mdl_problems_t problems = {source->problem, source->user};
    mdl_rows_t rows;
    size_t n = 0;
    *nodes = *gpus_per_node = 0;
    mdl_rows_open(&rows, source, &problems, cluster_fields, CLUSTER_FIELDS, MDL_ROWS_ANY);
    for (; mdl_rows_next(&rows); n++)
        read_cluster_row(&rows, nodes, gpus_per_node);
    mdl_rows_close(&rows);
    if (problems.n == 0 && n != 1)
        mdl_problem(&problems, SIM_EINPUT, source->path, 0, "found %zu rows; expected one, of equal nodes", n);
    if (problems.n > 0)
        *nodes = *gpus_per_node = 0;
    return mdl_problems_end(&problems, err);
}

sim_status_t mdl_muri_read_cluster(const char *path, uint32_t *nodes, uint32_t *gpus_per_node, sim_error_t *err)
{
    return mdl_muri_read_cluster_from(&(mdl_source_t){.path = path}, nodes, gpus_per_node, err);
}
