// SPDX-License-Identifier: GPL-3.0-or-later
/* The command `replay` in parts: what was asked for (options), under which rules (policy), the executives, and what is
 * printed. cmd_replay.c puts them together.
 *
 *     app_replay_t replay = {.values = &values, .path = path};
 *     if (app_replay_format(&replay) && app_replay_policy(&replay) && ...)
 *         status = app_replay_jobs(&replay, &err);
 *
 * What the user got wrong is printed on stderr as it is found, all of it before anything is done; `problems` counts it.
 */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include "app/options.h"
#include "models/replay/metrics.h"
#include "models/replay/packing.h"
#include "models/replay/queue.h"
#include "models/replay/serving.h"

#include <jansson.h>
#include <stdbool.h>

typedef enum app_replay_format {
    APP_SWF,
    APP_PHILLY,
    APP_CSV,
    APP_MURI,
    APP_OPENB,
    APP_SYNTHETIC,
    APP_AZURE,
    APP_REPLAY_FORMATS
} app_replay_format_t;

/* Sets of formats. */
#define APP_FORMAT(format) (1u << (format))
#define APP_FORMAT_WINDOWS (APP_FORMAT(APP_SWF) | APP_FORMAT(APP_PHILLY) | APP_FORMAT(APP_CSV))
#define APP_FORMAT_JOBS    (APP_FORMAT_WINDOWS | APP_FORMAT(APP_MURI) | APP_FORMAT(APP_SYNTHETIC))

/* Who replays jobs: models/replay/queue.h, sharing.h, shares.h. */
typedef enum app_executive { APP_QUEUE, APP_TURNS, APP_PARTS } app_executive_t;

/* The command line. NULL, and -1 for numbers: not given. */
typedef struct app_replay_values {
    const char *format;
    const char *policy, *order_by, *reservation, *placement, *preemption, *las_limits;
    int64_t restart_s;
    const char *cluster;
    int64_t nodes, node_gpus, rack_nodes;
    int64_t node_cpu_milli, node_memory_mib; /* csv, for jobs that ask for parts */
    const char *vc, *from, *until;
    const char *order; /* openb: prefix of order files; otherwise another word for --order-by */
    double inflate;
    double load; /* synthetic */
    int64_t jobs;
    int64_t replicas, slots; /* azure */
    double prompt_us, token_us;
    app_seed_t seed;
    const char *starts, *plot;
    int64_t repeat;
    bool force, json;
} app_replay_values_t;

typedef struct app_replay {
    const app_replay_values_t *values;
    const char *path; /* of the trace; synthetic: a profile's name */
    app_replay_format_t format;
    size_t problems;     /* printed so far */
    sim_status_t status; /* of the look at its first line */

    const char *policy_name; /* NULL: slots were named one by one */
    mdl_policy_t policy;
    app_executive_t executive; /* of jobs */

    uint32_t nodes, node_gpus;
    size_t dropped;  /* rows that the format's own rules leave out */
    double read_s;   /* wall time of reading or generating the trace */
    double *seconds; /* wall time of each replay */
} app_replay_t;

/* Prints "overbuild replay: ..." on stderr and counts it. */
void app_replay_problem(app_replay_t *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same as a reader of traces reports it, without the prefix; beyond a hundred they are only counted. `user` is the
 * app_replay_t. */
void app_replay_trace_problem(void *user, const char *text);
/* A word that is none of `n` known ones, with the closest and all of them. */
void app_replay_unknown(app_replay_t *self, const char *option, const char *found, const char *const *known, size_t n);

/* Finds the format: the one given, or by the trace's name and first line, which is said on stderr. */
void app_replay_find_format(app_replay_t *self);
const char *app_replay_format_name(app_replay_format_t format);

/* Chooses the rows of the four tables: what --policy means, or the format's default, with the slots named one by one in
 * place of its own. */
void app_replay_find_policy(app_replay_t *self);

/* Options that mean nothing for the format, files that are not there, results that would be overwritten. */
void app_replay_check(app_replay_t *self);

/* A file to be read, whose problems are printed. */
mdl_source_t app_replay_source(app_replay_t *self, const char *path);
/* Says how many problems were counted and not printed, if any. */
void app_replay_rest(const app_replay_t *self);

/* Read, replay as often as asked, write files, print: jobs (SWF, Philly, CSV, Muri, synthetic), pods, requests. */
sim_status_t app_replay_jobs(app_replay_t *self, sim_error_t *err);
sim_status_t app_replay_pods(app_replay_t *self, sim_error_t *err);
sim_status_t app_replay_requests(app_replay_t *self, sim_error_t *err);

/* Looks whether jobs ask for parts of GPUs, CPU or memory, and if so whether policy and nodes are fit for that; then they
 * are replayed by the other function. SIM_EINPUT, SIM_ENOMEM. */
sim_status_t app_replay_check_parts(app_replay_t *self, const mdl_trace_t *trace, sim_error_t *err);
sim_status_t app_replay_run_parts(const app_replay_t *self, const mdl_trace_t *trace, mdl_replay_result_t *result,
                                  sim_error_t *err);

/* Wall clock, seconds. */
double app_replay_now_s(void);
/* Median of self->seconds. */
double app_replay_seconds(const app_replay_t *self);

/* Writes a start file of jobs and a picture where asked for: both, or after an error none. */
sim_status_t app_replay_write_jobs(const app_replay_t *self, const mdl_replay_result_t *result, sim_error_t *err);
sim_status_t app_replay_write_pods(const app_replay_t *self, const mdl_openb_t *trace,
                                   const mdl_packing_result_t *result, sim_error_t *err);

/* Results on stdout, as a table or as one JSON object. `summary` is of requests alone, else NULL. */
void app_replay_print_jobs(const app_replay_t *self, const mdl_replay_metrics_t *metrics, uint32_t gpus,
                           const mdl_serving_summary_t *summary);
void app_replay_print_pods(const app_replay_t *self, const mdl_openb_t *trace, const mdl_packing_result_t *result);
/* What all have: trace, format, cluster, reading, repeats, speed. */
json_t *app_replay_json(const app_replay_t *self, size_t jobs);
void app_replay_print_json(json_t *json);
/* A count with commas between thousands. */
const char *app_replay_count(uint64_t count, char text[32]);

#endif
