// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/run_log.h"

#include "scenarios/provenance.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static json_t *describe(const scn_scenario_t *scenario, int threads, const scn_experiment_report_t *report)
{
    char host[256] = "", when[32];
    gethostname(host, sizeof host - 1);
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:f, s:f, s:b, s:o}", "finished", when, "host",
                     host, "scenario", scn_scenario_name(scenario), "version", scn_version(), "compiler",
                     scn_compiler(), "threads", threads, "replications", (json_int_t)report->replications, "reused",
                     (json_int_t)report->reused, "failed", (json_int_t)report->n_failures, "run_s", report->run_s,
                     "store_s", report->store_s, "interrupted", report->interrupted, "digest",
                     json_sprintf("%016" PRIx64, report->digest));
}

void app_run_log(const char *path, const scn_scenario_t *scenario, int threads, const scn_experiment_report_t *report)
{
    char log_path[4200];
    snprintf(log_path, sizeof log_path, "%s.log.jsonl", path);
    FILE *file = fopen(log_path, "a");
    json_t *line = describe(scenario, threads, report);
    bool good = file != NULL && line != NULL && json_dumpf(line, file, JSON_COMPACT) == 0 && fputc('\n', file) != EOF;
    if (file != NULL)
        good &= fclose(file) == 0;
    if (!good)
        fprintf(stderr, "overbuild run: %s: cannot write the log: %s; the result itself is complete\n", log_path,
                strerror(errno));
    json_decref(line);
}
