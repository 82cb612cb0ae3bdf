// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bench.h"
#include "app/command.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct bench_values {
    bool json;
} bench_values_t;

static const app_option_t options[] = {
    {0, "json", NULL, APP_FLAG, offsetof(bench_values_t, json), "one JSON object, numbers unrounded", 0, 0},
    {0},
};

/* CPU model, or "unknown". */
static void read_machine(char *text, size_t size)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "model name", 10) != 0 || strchr(line, ':') == NULL)
            continue;
        snprintf(text, size, "%s", strchr(line, ':') + 2);
        text[strcspn(text, "\n")] = '\0';
        break;
    }
    if (file != NULL)
        fclose(file);
}

/* Everything measured in one call. */
typedef struct bench_results {
    app_hold_result_t hold[APP_HOLD_SIZES];
    app_mm1_result_t mm1;
    app_scheduler_result_t scheduler;
    app_easy_result_t easy;
    app_fgd_result_t fgd;
    app_replication_result_t replication;
} bench_results_t;

static sim_status_t measure(bench_results_t *results, sim_error_t *err)
{
    sim_status_t status = app_bench_hold(results->hold, err);
    if (status == SIM_OK)
        status = app_bench_mm1(&results->mm1, err);
    if (status == SIM_OK)
        status = app_bench_scheduler(&results->scheduler, err);
    if (status == SIM_OK)
        status = app_bench_easy(&results->easy, err);
    if (status == SIM_OK)
        status = app_bench_fgd(&results->fgd, err);
    if (status == SIM_OK)
        status = app_bench_replication(&results->replication, err);
    return status;
}

static void print_json(const bench_results_t *results, const char *machine)
{
    json_t *hold = json_array();
    for (size_t i = 0; i < APP_HOLD_SIZES; i++)
        json_array_append_new(hold, json_pack("{s:I, s:f}", "pending", (json_int_t)results->hold[i].pending,
                                              "ns_per_event", results->hold[i].ns_per_event));
    json_t *json = json_pack("{s:o, s:f, s:f, s:f, s:f, s:f, s:I, s:s}", "hold", hold, "mm1_customers_per_s",
                             results->mm1.customers_per_s, "scheduler_jobs_per_s", results->scheduler.jobs_per_s,
                             "easy_jobs_per_s", results->easy.jobs_per_s, "fgd_pods_per_s", results->fgd.pods_per_s,
                             "replication_s", results->replication.seconds, "replication_bytes",
                             (json_int_t)results->replication.memory_bytes, "machine", machine);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

static void print_table(const bench_results_t *results, const char *machine)
{
    printf("%s; medians, with the fastest and slowest repeat\n\n", machine);
    for (size_t i = 0; i < APP_HOLD_SIZES; i++)
        printf("hold model, %7u pending     %8.1f ns per event  [%.1f, %.1f]\n", results->hold[i].pending,
               results->hold[i].ns_per_event, results->hold[i].ns_low, results->hold[i].ns_high);
    printf("M/M/1 through the public API   %8.2f M customers/s  [%.2f, %.2f]\n", results->mm1.customers_per_s / 1e6,
           results->mm1.low_per_s / 1e6, results->mm1.high_per_s / 1e6);
    printf("%u centres of %u nodes      %8.2f M jobs/s  [%.2f, %.2f] at load %.2f\n", results->scheduler.centres,
           results->scheduler.nodes, results->scheduler.jobs_per_s / 1e6, results->scheduler.jobs_per_s_low / 1e6,
           results->scheduler.jobs_per_s_high / 1e6, results->scheduler.load);
    printf("EASY on %u processors         %8.2f M jobs/s  [%.2f, %.2f] at load %.2f\n", results->easy.processors,
           results->easy.jobs_per_s / 1e6, results->easy.low_per_s / 1e6, results->easy.high_per_s / 1e6,
           results->easy.load);
    printf("FGD, pods onto %u nodes      %8.1f k pods/s  [%.1f, %.1f], %.1f %% of GPUs allocated\n", results->fgd.nodes,
           results->fgd.pods_per_s / 1e3, results->fgd.low_per_s / 1e3, results->fgd.high_per_s / 1e3,
           100 * results->fgd.allocated);
    printf("one replication of china-2022  %8.3f s  [%.3f, %.3f], %.1f MiB, %.3g jobs\n", results->replication.seconds,
           results->replication.seconds_low, results->replication.seconds_high,
           (double)results->replication.memory_bytes / (1 << 20), (double)results->replication.jobs);
}

static int run(const app_command_t *command, int argc, char **argv)
{
    bench_values_t values = {0};
    if (app_options_parse(command->name, options, &values, argc, argv, 0, 0, NULL) < 0)
        return APP_BAD_INPUT;
    static bench_results_t results;
    char machine[128];
    sim_error_t err = {0};
    read_machine(machine, sizeof machine);
    if (measure(&results, &err) != SIM_OK)
        return app_report(command, &err);
    if (values.json)
        print_json(&results, machine);
    else
        print_table(&results, machine);
    return APP_DONE;
}

const app_command_t app_command_bench = {
    .name = "bench",
    .synopsis = "[--json]",
    .summary = "measure the engine's speed on this machine",
    .details =
        "Hold model of the calendar, M/M/1 through the public interface, data centres that schedule jobs, jobs under "
        "EASY,\n"
        "pods placed by FGD, one replication of the baseline. Single-threaded, about half a minute; run it on an idle\n"
        "machine.",
    .options = options,
    .run = run,
};
