// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bench.h"
#include "app/command.h"
#include "models/params/spelling.h"

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

static sim_status_t measure_hold(bench_results_t *results, sim_error_t *err)
{
    return app_bench_hold(results->hold, err);
}

static sim_status_t measure_mm1(bench_results_t *results, sim_error_t *err)
{
    return app_bench_mm1(&results->mm1, err);
}

static sim_status_t measure_scheduler(bench_results_t *results, sim_error_t *err)
{
    return app_bench_scheduler(&results->scheduler, err);
}

static sim_status_t measure_easy(bench_results_t *results, sim_error_t *err)
{
    return app_bench_easy(&results->easy, err);
}

static sim_status_t measure_fgd(bench_results_t *results, sim_error_t *err)
{
    return app_bench_fgd(&results->fgd, err);
}

static sim_status_t measure_replication(bench_results_t *results, sim_error_t *err)
{
    return app_bench_replication(&results->replication, err);
}

static void add_hold(json_t *json, const bench_results_t *results)
{
    json_t *hold = json_array();
    for (size_t i = 0; i < APP_HOLD_SIZES; i++)
        json_array_append_new(hold, json_pack("{s:I, s:f, s:f, s:f}", "pending", (json_int_t)results->hold[i].pending,
                                              "ns_per_event", results->hold[i].ns_per_event, "peer",
                                              results->hold[i].peer_ns, "ratio", results->hold[i].ratio));
    json_object_set_new(json, "hold", hold);
}

static void add_mm1(json_t *json, const bench_results_t *results)
{
    json_object_set_new(json, "mm1_customers_per_s", json_real(results->mm1.customers_per_s));
    json_object_set_new(json, "mm1_peer", json_real(results->mm1.peer_per_s));
    json_object_set_new(json, "mm1_ratio", json_real(results->mm1.ratio));
    json_object_set_new(json, "mm1_wait", json_real(results->mm1.wait));
    json_object_set_new(json, "mm1_peer_wait", json_real(results->mm1.peer_wait));
}

static void add_scheduler(json_t *json, const bench_results_t *results)
{
    json_object_set_new(json, "scheduler_jobs_per_s", json_real(results->scheduler.jobs_per_s));
}

static void add_easy(json_t *json, const bench_results_t *results)
{
    json_object_set_new(json, "easy_jobs_per_s", json_real(results->easy.jobs_per_s));
}

static void add_fgd(json_t *json, const bench_results_t *results)
{
    json_object_set_new(json, "fgd_pods_per_s", json_real(results->fgd.pods_per_s));
}

static void add_replication(json_t *json, const bench_results_t *results)
{
    json_object_set_new(json, "replication_s", json_real(results->replication.seconds));
    json_object_set_new(json, "replication_bytes", json_integer((json_int_t)results->replication.memory_bytes));
}

static void print_hold(const bench_results_t *results)
{
    for (const app_hold_result_t *hold = results->hold; hold < results->hold + APP_HOLD_SIZES; hold++)
        printf("hold model, %7u pending     %8.1f ns per event  [%.1f, %.1f]; peer %.1f, ratio %.2f\n", hold->pending,
               hold->ns_per_event, hold->ns_low, hold->ns_high, hold->peer_ns, hold->ratio);
}

static void print_mm1(const bench_results_t *results)
{
    printf("M/M/1 through the public API   %8.2f M customers/s  [%.2f, %.2f]; peer %.2f, ratio %.2f\n",
           results->mm1.customers_per_s / 1e6, results->mm1.low_per_s / 1e6, results->mm1.high_per_s / 1e6,
           results->mm1.peer_per_s / 1e6, results->mm1.ratio);
}

static void print_scheduler(const bench_results_t *results)
{
    printf("%u centres of %u nodes      %8.2f M jobs/s  [%.2f, %.2f] at load %.2f\n", results->scheduler.centres,
           results->scheduler.nodes, results->scheduler.jobs_per_s / 1e6, results->scheduler.jobs_per_s_low / 1e6,
           results->scheduler.jobs_per_s_high / 1e6, results->scheduler.load);
}

static void print_easy(const bench_results_t *results)
{
    printf("EASY on %u processors         %8.2f M jobs/s  [%.2f, %.2f] at load %.2f\n", results->easy.processors,
           results->easy.jobs_per_s / 1e6, results->easy.low_per_s / 1e6, results->easy.high_per_s / 1e6,
           results->easy.load);
}

static void print_fgd(const bench_results_t *results)
{
    printf("FGD, pods onto %u nodes      %8.1f k pods/s  [%.1f, %.1f], %.1f %% of GPUs allocated\n", results->fgd.nodes,
           results->fgd.pods_per_s / 1e3, results->fgd.low_per_s / 1e3, results->fgd.high_per_s / 1e3,
           100 * results->fgd.allocated);
}

static void print_replication(const bench_results_t *results)
{
    printf("one replication of china-2022  %8.3f s  [%.3f, %.3f], %.1f MiB, %.3g jobs\n", results->replication.seconds,
           results->replication.seconds_low, results->replication.seconds_high,
           (double)results->replication.memory_bytes / (1 << 20), (double)results->replication.jobs);
}

typedef struct bench_part {
    const char *name;
    sim_status_t (*measure)(bench_results_t *results, sim_error_t *err);
    void (*add)(json_t *json, const bench_results_t *results);
    void (*print)(const bench_results_t *results);
} bench_part_t;

enum { PARTS = 6 };

static const bench_part_t parts[PARTS] = {
    {"hold", measure_hold, add_hold, print_hold},
    {"mm1", measure_mm1, add_mm1, print_mm1},
    {"scheduler", measure_scheduler, add_scheduler, print_scheduler},
    {"easy", measure_easy, add_easy, print_easy},
    {"fgd", measure_fgd, add_fgd, print_fgd},
    {"replication", measure_replication, add_replication, print_replication},
};

static void refuse(const char *name)
{
    char hint[MDL_SPELLING_HINT];
    mdl_spelling_t near = mdl_spelling(name);
    for (int i = 0; i < PARTS; i++)
        mdl_spelling_offer(&near, parts[i].name);
    fprintf(stderr, "overbuild bench: '%s': no such part; expected hold, mm1, scheduler, easy, fgd or replication%s\n",
            name, mdl_spelling_hint_of(&near, hint));
}

/* The parts that are named, as bits; all where none is. False for a name that is none, said on stderr. */
static bool choose(const char *const *names, int n, unsigned *chosen)
{
    *chosen = n == 0 ? (1u << PARTS) - 1 : 0;
    for (int i = 0; i < n; i++) {
        int part = 0;
        while (part < PARTS && strcmp(parts[part].name, names[i]) != 0)
            part++;
        if (part == PARTS) {
            refuse(names[i]);
            return false;
        }
        *chosen |= 1u << part;
    }
    return true;
}

static void print_json(const bench_results_t *results, unsigned chosen, const char *machine)
{
    json_t *json = json_object();
    for (int i = 0; i < PARTS; i++)
        if (chosen >> i & 1)
            parts[i].add(json, results);
    json_object_set_new(json, "machine", json_string(machine));
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

static void print_table(const bench_results_t *results, unsigned chosen, const char *machine)
{
    printf("%s; medians, with the fastest and slowest repeat\n\n", machine);
    for (int i = 0; i < PARTS; i++)
        if (chosen >> i & 1)
            parts[i].print(results);
}

static int run(const app_command_t *command, int argc, char **argv)
{
    bench_values_t values = {0};
    const char *names[PARTS];
    int n = app_options_parse(command->name, options, &values, argc, argv, 0, PARTS, names);
    unsigned chosen;
    if (n < 0 || !choose(names, n, &chosen))
        return APP_BAD_INPUT;
    bench_results_t results = {0};
    char machine[128];
    sim_error_t err = {0};
    read_machine(machine, sizeof machine);
    for (int i = 0; i < PARTS; i++)
        if ((chosen >> i & 1) && parts[i].measure(&results, &err) != SIM_OK)
            return app_report(command, &err);
    if (values.json)
        print_json(&results, chosen, machine);
    else
        print_table(&results, chosen, machine);
    return APP_DONE;
}

const app_command_t app_command_bench = {
    .name = "bench",
    .synopsis = "[PART...] [--json]",
    .summary = "measure the engine's speed on this machine",
    .details =
        "Parts: hold (hold model of the calendar), mm1 (M/M/1 through the public interface), scheduler (data\n"
        "centres that schedule jobs), easy (jobs under EASY), fgd (pods placed by FGD), replication (one of the\n"
        "baseline). Without a name all of them. Single-threaded, about half a minute; run it on an idle machine.\n\n"
        "Beside hold and mm1 stands a peer, the plainest C that does the same: a heap of times and numbers, a fast\n"
        "generator; no cancelling, no checks, and of statistics nothing but M/M/1's mean wait. Its repeats and the\n"
        "engine's take turns, so that the ratio (of times; for mm1 of rates) is worth more than either figure on a\n"
        "machine whose speed changes.",
    .options = options,
    .run = run,
};
