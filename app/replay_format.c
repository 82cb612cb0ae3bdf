// SPDX-License-Identifier: GPL-3.0-or-later
/* Formats of traces, their guessing, and what goes with which. */
#include "app/output_file.h"
#include "app/replay.h"
#include "models/params/spelling.h"
#include "models/workload/profile.h"
#include "sim/plural.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_PROBLEMS ((size_t)100) /* printed of a trace's */

static const char *const names[APP_REPLAY_FORMATS] = {
    [APP_SWF] = "swf",     [APP_PHILLY] = "philly",       [APP_CSV] = "csv",    [APP_MURI] = "muri",
    [APP_OPENB] = "openb", [APP_SYNTHETIC] = "synthetic", [APP_AZURE] = "azure"};

/* A column of the header, always there, that only one format has. */
static const struct {
    const char *column;
    app_replay_format_t format;
} columns[] = {{"submit_s", APP_CSV},
               {"iteration_time", APP_MURI},
               {"gpu_spec", APP_OPENB},
               {"ContextTokens", APP_AZURE},
               {"timestamp,duration", APP_PHILLY}};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

const char *app_replay_format_name(app_replay_format_t format)
{
    return names[format];
}

void app_replay_problem(app_replay_t *self, const char *format, ...)
{
    va_list arguments;

    fputs("overbuild replay: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    self->problems++;
}

void app_replay_trace_problem(void *user, const char *text)
{
    app_replay_t *self = user;

    if (self->problems++ < MOST_PROBLEMS)
        fprintf(stderr, "%s\n", text);
}

void app_replay_rest(const app_replay_t *self)
{
    char text[32];

    if (self->problems > MOST_PROBLEMS)
        fprintf(stderr, "overbuild replay: %s problem%s more, not shown; is --format %s right?\n",
                app_replay_count(self->problems - MOST_PROBLEMS, text), sim_plural(self->problems - MOST_PROBLEMS),
                names[self->format]);
}

void app_replay_unknown(app_replay_t *self, const char *option, const char *found, const char *const *known, size_t n)
{
    char list[512] = "", hint[MDL_SPELLING_HINT];
    size_t used = 0;

    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                 i == 0       ? ""
                                 : i + 1 == n ? " or "
                                              : ", ",
                                 known[i]);
    app_replay_problem(self, "--%s: found '%s'; expected %s%s", option, found, list,
                       mdl_spelling_hint(found, known, n, hint));
}

mdl_source_t app_replay_source(app_replay_t *self, const char *path)
{
    return (mdl_source_t){.path = path, .problem = app_replay_trace_problem, .user = self};
}

/* Whether a name ends in `end` or in `end`.gz. */
static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    if (n > 3 && strcmp(name + n - 3, ".gz") == 0)
        n -= 3;
    return n >= m && memcmp(name + n - m, end, m) == 0;
}

/* Whether what is read of it is gone: a pipe, a terminal. */
static bool is_pipe(const char *path)
{
    struct stat there;

    return stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
}

/* The format whose header is the line; `why` says by what it was known. */
static app_replay_format_t format_of_line(const char *line, size_t n, const char **why)
{
    char header[1024];

    snprintf(header, sizeof header, "%.*s", n < sizeof header ? (int)n : (int)sizeof header - 1, line);
    *why = "its header";
    for (size_t i = 0; i < COLUMNS; i++)
        if (strstr(header, columns[i].column) != NULL)
            return columns[i].format;
    *why = "its first line";
    return header[0] == ';' ? APP_SWF : APP_REPLAY_FORMATS;
}

/* By the first line of text. What cannot be read is said as the readers say it. */
static app_replay_format_t guess_by_line(app_replay_t *self, const char **why)
{
    mdl_source_t source = app_replay_source(self, self->path);
    mdl_problems_t problems = {source.problem, source.user};
    mdl_lines_t lines;
    app_replay_format_t format = APP_REPLAY_FORMATS;

    mdl_lines_open(&lines, &source, &problems);
    while (mdl_lines_next(&lines))
        if (lines.n > 0 && lines.at[0] != '#') {
            format = format_of_line(lines.at, lines.n, why);
            break;
        }
    mdl_lines_close(&lines);
    self->status = problems.status;
    return format;
}

static app_replay_format_t guess(app_replay_t *self, const char **why)
{
    *why = "its name";
    if (access(self->path, F_OK) != 0)
        return mdl_profile_find(self->path, NULL) != NULL ? APP_SYNTHETIC : APP_REPLAY_FORMATS;
    if (ends_in(self->path, ".swf"))
        return APP_SWF;
    return is_pipe(self->path) ? APP_REPLAY_FORMATS : guess_by_line(self, why);
}

static const char *profile_hint(const char *name, char hint[MDL_SPELLING_HINT])
{
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    mdl_spelling_t near = mdl_spelling(name);

    for (size_t i = 0; i < n; i++)
        mdl_spelling_offer(&near, profiles[i].name);
    return mdl_spelling_hint_of(&near, hint);
}

void app_replay_find_format(app_replay_t *self)
{
    const char *why;
    char hint[MDL_SPELLING_HINT];

    if (self->values->format != NULL) {
        for (self->format = 0; self->format < APP_REPLAY_FORMATS; self->format++)
            if (strcmp(self->values->format, names[self->format]) == 0)
                return;
        app_replay_unknown(self, "format", self->values->format, names, APP_REPLAY_FORMATS);
        return;
    }
    self->format = guess(self, &why);
    if (self->format < APP_REPLAY_FORMATS)
        fprintf(stderr, "overbuild replay: %s: read as %s, by %s; --format says otherwise\n", self->path,
                names[self->format], why);
    else if (access(self->path, F_OK) != 0)
        app_replay_problem(
            self, "%s: no such file, nor a profile of synthetic jobs; expected a trace to read, or a profile%s",
            self->path, profile_hint(self->path, hint));
    else if (self->problems == 0)
        app_replay_problem(
            self, "%s: %s its format; expected --format swf, philly, csv, muri, openb, synthetic or azure", self->path,
            is_pipe(self->path) ? "no regular file, so no look ahead tells" : "neither name nor first line tell");
}

static void check_option(app_replay_t *self, bool given, const char *option, uint32_t formats)
{
    char list[128] = "";
    size_t used = 0;

    if (!given || (formats & APP_FORMAT(self->format)) != 0)
        return;
    for (size_t i = 0; i < APP_REPLAY_FORMATS; i++)
        if ((formats & APP_FORMAT(i)) != 0)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used == 0 ? "" : ", ", names[i]);
    app_replay_problem(self, "--%s: means nothing for format %s%s; it goes with %s", option, names[self->format],
                       self->format == APP_OPENB   ? ", whose pods arrive one after another and stay: only their "
                                                     "placement matters"
                       : self->format == APP_AZURE ? ", whose requests are taken first come, first served"
                                                   : "",
                       list);
}

/* Whether a slot is given a row that pods of openb do not have anyway. */
static bool differs(const app_replay_t *self, const char *found, const char *of_pods)
{
    return found != NULL && !(self->format == APP_OPENB && strcmp(found, of_pods) == 0);
}

static void check_options(app_replay_t *self)
{
    const app_replay_values_t *v = self->values;
    const uint32_t azure = APP_FORMAT(APP_AZURE), openb = APP_FORMAT(APP_OPENB), synthetic = APP_FORMAT(APP_SYNTHETIC);

    check_option(self, v->policy != NULL, "policy", APP_FORMAT_JOBS | openb);
    check_option(self, differs(self, v->order_by, "fcfs"), "order-by", APP_FORMAT_JOBS);
    check_option(self, v->order != NULL, "order", APP_FORMAT_JOBS | openb);
    check_option(self, differs(self, v->reservation, "none"), "reservation", APP_FORMAT_JOBS);
    check_option(self, v->placement != NULL, "placement", APP_FORMAT_JOBS | openb);
    check_option(self, differs(self, v->preemption, "none"), "preemption", APP_FORMAT_JOBS);
    check_option(self, v->las_limits != NULL, "las-limits", APP_FORMAT_JOBS);
    check_option(self, v->restart_s >= 0, "restart-cost", APP_FORMAT_JOBS);
    check_option(self, v->cluster != NULL, "cluster", APP_FORMAT_JOBS | openb);
    check_option(self, v->nodes >= 0, "nodes", APP_FORMAT_JOBS);
    check_option(self, v->node_gpus >= 0, "gpus-per-node", APP_FORMAT_JOBS);
    check_option(self, v->rack_nodes >= 0, "rack-nodes", APP_FORMAT_JOBS);
    check_option(self, v->node_cpu_milli >= 0, "node-cpu-milli", APP_FORMAT(APP_CSV));
    check_option(self, v->node_memory_mib >= 0, "node-memory-mib", APP_FORMAT(APP_CSV));
    check_option(self, v->vc != NULL, "vc", APP_FORMAT_WINDOWS);
    check_option(self, v->from != NULL, "from", APP_FORMAT_WINDOWS);
    check_option(self, v->until != NULL, "until", APP_FORMAT_WINDOWS);
    check_option(self, v->inflate >= 0, "inflate", openb);
    check_option(self, v->load >= 0, "load", synthetic);
    check_option(self, v->jobs >= 0, "jobs", synthetic);
    check_option(self, v->replicas >= 0, "replicas", azure);
    check_option(self, v->slots >= 0, "slots", azure);
    check_option(self, v->prompt_us >= 0, "prompt-us", azure);
    check_option(self, v->token_us >= 0, "token-us", azure);
    if (v->rack_nodes >= 0 && self->executive == APP_TURNS)
        app_replay_problem(self, "--rack-nodes: jobs in turns (muri under srtf, srsf, las) know no racks");
}

static void check_cluster(app_replay_t *self)
{
    const app_replay_values_t *v = self->values;

    if (v->cluster != NULL && (v->nodes >= 0 || v->node_gpus >= 0))
        app_replay_problem(self, "--cluster and --nodes, --gpus-per-node: expected either");
    if (self->format == APP_OPENB && v->cluster == NULL)
        app_replay_problem(self, "--cluster: missing; openb needs the list of its nodes, a CSV file with the columns "
                                 "sn, cpu_milli, memory_mib, gpu, model");
    bool optional =
        (APP_FORMAT(self->format) & (APP_FORMAT_JOBS & ~APP_FORMAT(APP_SWF) & ~APP_FORMAT(APP_SYNTHETIC))) == 0;
    if (!optional && v->cluster == NULL && v->nodes < 0)
        app_replay_problem(self,
                           "--nodes: missing; %s does not say how large its cluster was%s; expected --nodes N (and "
                           "--gpus-per-node, 8 unless given) or --cluster FILE",
                           names[self->format], self->format == APP_PHILLY ? " (N: nodes of the virtual cluster)" : "");
}

static void check_input(app_replay_t *self, const char *what, const char *path)
{
    const char *const outputs[] = {self->values->starts, self->values->plot};

    if (access(path, F_OK) != 0)
        app_replay_problem(self, "%s%s: no such file; expected one to read", what, path);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        sim_error_t err = {0};
        if (outputs[i] != NULL && app_output_check_apart(outputs[i], path, &err) != SIM_OK)
            app_replay_problem(self, "%s", err.message);
    }
}

static void check_inputs(app_replay_t *self)
{
    const app_replay_values_t *v = self->values;
    char path[4096];

    if (self->format != APP_SYNTHETIC)
        check_input(self, "", self->path);
    if (v->cluster != NULL)
        check_input(self, "--cluster: ", v->cluster);
    if (v->order == NULL || self->format != APP_OPENB)
        return;
    snprintf(path, sizeof path, "%s.nodes", v->order);
    check_input(self, "--order: ", path);
    snprintf(path, sizeof path, "%s.pods", v->order);
    check_input(self, "--order: ", path);
}

void app_replay_check(app_replay_t *self)
{
    check_options(self);
    check_cluster(self);
    check_inputs(self);
    if (self->values->starts != NULL && self->values->plot != NULL &&
        strcmp(self->values->starts, self->values->plot) == 0)
        app_replay_problem(self, "--starts and --plot: both '%s'; expected two files", self->values->plot);
}
