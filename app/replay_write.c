// SPDX-License-Identifier: GPL-3.0-or-later
/* Start files and pictures of replays. */
#include "analysis/allocation_plot.h"
#include "analysis/schedule_plot.h"
#include "app/output_file.h"
#include "app/replay.h"
#include "sim/plural.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE 9007199254740992.0 /* 2^53: up to here doubles hold whole numbers */

/* A number that reads back as the same: whole ones without a point, others with as few digits as that takes. */
static void print_number(FILE *file, double value)
{
    char text[32];

    if (fabs(value) <= WHOLE && value == (double)(int64_t)value) {
        fprintf(file, "%" PRId64, (int64_t)value);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, file);
}

static void print_starts(FILE *file, const mdl_replay_result_t *result)
{
    fputs("job,submit_s,start_s,end_s\n", file);
    for (size_t i = 0; i < result->n; i++) {
        const mdl_replay_job_t *job = &result->jobs[i];
        fprintf(file, "%" PRId64 ",", job->id);
        print_number(file, job->submit_s);
        fputc(',', file);
        print_number(file, job->start_s);
        fputc(',', file);
        print_number(file, job->end_s);
        fputc('\n', file);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A name as a cell: in quotes, its own ones doubled, where it would not read back as the same without. */
static void print_name(FILE *file, const char *name)
{
    size_t n = strlen(name);
    bool plain = strpbrk(name, ",\"") == NULL && (n == 0 || (!is_blank(name[0]) && !is_blank(name[n - 1])));

    if (plain) {
        fputs(name, file);
        return;
    }
    fputc('"', file);
    for (; *name != '\0'; name++) {
        if (*name == '"')
            fputc('"', file);
        fputc(*name, file);
    }
    fputc('"', file);
}

static void print_placements(FILE *file, const mdl_openb_t *trace, const mdl_packing_result_t *result)
{
    char pod[MDL_PACKING_NAME], node[MDL_PACKING_NAME];

    fputs("seq,pod,node\n", file);
    for (size_t i = 0; i < result->n; i++) {
        mdl_packing_pod_name(trace, result, i, pod);
        mdl_packing_node_name(trace, result, i, node);
        fprintf(file, "%zu,", i);
        print_name(file, pod);
        fputc(',', file);
        print_name(file, node);
        fputc('\n', file);
    }
}

/* Trace and policy, as a picture's title. */
static void make_title(const app_replay_t *self, char title[512])
{
    const char *slash = strrchr(self->path, '/'), *name = slash != NULL ? slash + 1 : self->path;
    const char *nodes = sim_plural(self->nodes), *gpus = sim_plural(self->node_gpus);
    char policy[128];

    if (self->policy_name != NULL)
        snprintf(policy, sizeof policy, "%s", self->policy_name);
    else
        snprintf(policy, sizeof policy, "%s, %s, %s, %s", mdl_orders[self->policy.order].name,
                 mdl_reservations[self->policy.reservation].name, mdl_placements[self->policy.placement].name,
                 mdl_preemptions[self->policy.preemption]);
    if (self->format == APP_AZURE)
        snprintf(title, 512, "%.200s, %u replica%s of %u slot%s", name, self->nodes, nodes, self->node_gpus, gpus);
    else if (self->format == APP_OPENB)
        snprintf(title, 512, "%.200s, %s, %u node%s", name, mdl_placements[self->policy.placement].name, self->nodes,
                 nodes);
    else
        snprintf(title, 512, "%.200s, %s, %u node%s of %u GPU%s", name, policy, self->nodes, nodes, self->node_gpus,
                 gpus);
}

static sim_status_t draw_loads(const app_replay_t *self, const mdl_packing_result_t *result, const char *title,
                               char **svg, size_t *bytes, sim_error_t *err)
{
    size_t n = result->n_loads;
    double *arrived = calloc(2 * n + 1, sizeof *arrived), *allocated = arrived + n;

    if (arrived == NULL)
        return sim_fail(err, SIM_ENOMEM, "plot", "no memory for %zu loads", n);
    for (size_t i = 0; i < n; i++) {
        arrived[i] = result->loads[i].percent;
        allocated[i] = result->loads[i].allocated_percent;
    }
    ana_allocation_curve_t curve = {mdl_placements[self->policy.placement].name, arrived, allocated, n};
    sim_status_t status = ana_allocation_plot(&curve, 1, title, svg, bytes, err);
    free(arrived);
    return status;
}

static sim_status_t draw_schedule(const app_replay_t *self, const mdl_replay_result_t *result, const char *title,
                                  char **svg, size_t *bytes, sim_error_t *err)
{
    static const ana_schedule_words_t requests = {"request", "slot"};

    return ana_schedule_plot(result, title, self->format == APP_AZURE ? &requests : NULL, svg, bytes, err);
}

/* What is written: either of jobs or of pods. */
typedef struct content {
    const mdl_replay_result_t *jobs;
    const mdl_openb_t *trace;
    const mdl_packing_result_t *pods;
} content_t;

static sim_status_t write_starts(const app_replay_t *self, const content_t *content, app_output_t *out,
                                 sim_error_t *err)
{
    sim_status_t status = app_output_open(out, self->values->starts, err);

    if (status < 0)
        return status;
    if (content->jobs != NULL)
        print_starts(out->file, content->jobs);
    else
        print_placements(out->file, content->trace, content->pods);
    return app_output_finish(out, err);
}

static sim_status_t write_picture(const app_replay_t *self, const content_t *content, app_output_t *out,
                                  sim_error_t *err)
{
    char title[512], *svg = NULL;
    size_t bytes = 0;

    make_title(self, title);
    sim_status_t status = content->jobs != NULL ? draw_schedule(self, content->jobs, title, &svg, &bytes, err)
                                                : draw_loads(self, content->pods, title, &svg, &bytes, err);
    if (status == SIM_OK)
        status = app_output_put(out, self->values->plot, svg, bytes, err);
    free(svg);
    return status;
}

/* Both files on the disk first, then both under their names. */
static sim_status_t write_files(const app_replay_t *self, const content_t *content, sim_error_t *err)
{
    app_output_t starts = {0}, plot = {0};
    sim_status_t status = self->values->starts != NULL ? write_starts(self, content, &starts, err) : SIM_OK;

    if (status == SIM_OK && self->values->plot != NULL)
        status = write_picture(self, content, &plot, err);
    if (status == SIM_OK && starts.part != NULL)
        status = app_output_commit(&starts, err);
    if (status == SIM_OK && plot.part != NULL)
        status = app_output_commit(&plot, err);
    app_output_free(&starts);
    app_output_free(&plot);
    return status;
}

sim_status_t app_replay_write_jobs(const app_replay_t *self, const mdl_replay_result_t *result, sim_error_t *err)
{
    return write_files(self, &(content_t){.jobs = result}, err);
}

sim_status_t app_replay_write_pods(const app_replay_t *self, const mdl_openb_t *trace,
                                   const mdl_packing_result_t *result, sim_error_t *err)
{
    return write_files(self, &(content_t){.trace = trace, .pods = result}, err);
}
