// SPDX-License-Identifier: GPL-3.0-or-later
/* What a replay came to, as a table or as one JSON object. */
#include "app/replay.h"
#include "sim/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S     86400.0
#define FEW_LOADS 20 /* a table shows all of so many, of more the tens */

static const char *const blocked_names[MDL_BLOCKED_REASONS] = {
    [MDL_BLOCKED_QUOTA] = "quota", [MDL_BLOCKED_COUNT] = "count",     [MDL_BLOCKED_DOMAIN] = "domain",
    [MDL_BLOCKED_POWER] = "power", [MDL_BLOCKED_FAILURE] = "failure",
};

static const char *const executives[] = {[APP_QUEUE] = "queue", [APP_TURNS] = "sharing", [APP_PARTS] = "shares"};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double app_replay_seconds(const app_replay_t *self)
{
    size_t n = (size_t)self->values->repeat;

    qsort(self->seconds, n, sizeof self->seconds[0], compare);
    return (self->seconds[(n - 1) / 2] + self->seconds[n / 2]) / 2;
}

static double per_second(const app_replay_t *self, size_t jobs)
{
    double seconds = app_replay_seconds(self);

    return seconds > 0 ? (double)jobs / seconds : 0;
}

const char *app_replay_count(uint64_t count, char text[32])
{
    char digits[24];
    size_t n = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, count), used = 0;

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

void app_replay_print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

json_t *app_replay_json(const app_replay_t *self, size_t jobs)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:f, s:f, s:f, s:I}", "trace", self->path, "format",
                     app_replay_format_name(self->format), "jobs", (json_int_t)jobs, "repeats",
                     (json_int_t)self->values->repeat, "seconds", app_replay_seconds(self), "jobs_per_s",
                     per_second(self, jobs), "read_seconds", self->read_s, "dropped", (json_int_t)self->dropped);
}

/* Adds {mean,median,p90,p99}_NAME_s. */
static void add_spread(json_t *json, const char *name, const mdl_replay_spread_t *spread)
{
    const double values[] = {spread->mean_s, spread->median_s, spread->p90_s, spread->p99_s};
    const char *const kinds[] = {"mean", "median", "p90", "p99"};
    char key[32];

    for (size_t i = 0; i < 4; i++) {
        snprintf(key, sizeof key, "%s_%s_s", kinds[i], name);
        json_object_set_new(json, key, json_real(values[i]));
    }
}

static void add_policy(json_t *json, const app_replay_t *self)
{
    json_object_set_new(json, "policy", self->policy_name != NULL ? json_string(self->policy_name) : json_null());
    json_object_set_new(json, "slots",
                        json_pack("{s:s, s:s, s:s, s:s}", "order", mdl_orders[self->policy.order].name, "reservation",
                                  mdl_reservations[self->policy.reservation].name, "placement",
                                  self->executive == APP_TURNS ? "yarn" : mdl_placements[self->policy.placement].name,
                                  "preemption", mdl_preemptions[self->policy.preemption]));
    json_object_set_new(json, "executive", json_string(executives[self->executive]));
}

static void add_requests(json_t *json, const app_replay_t *self, const mdl_serving_summary_t *summary)
{
    json_object_set_new(json, "executive", json_string("serving"));
    json_object_set_new(json, "replicas", json_integer(self->nodes));
    json_object_set_new(json, "slots_per_replica", json_integer(self->node_gpus));
    json_object_set_new(json, "waited_share", json_real(summary->waited));
    json_object_set_new(json, "mean_ttft_s", json_real(summary->ttft_mean_s));
    json_object_set_new(json, "median_ttft_s", json_real(summary->ttft_p50_s));
    json_object_set_new(json, "p95_ttft_s", json_real(summary->ttft_p95_s));
    json_object_set_new(json, "p99_ttft_s", json_real(summary->ttft_p99_s));
    json_object_set_new(json, "mean_token_s", json_real(summary->token_s));
    json_object_set_new(json, "prompt_tokens", json_integer((json_int_t)summary->prompt_tokens));
    json_object_set_new(json, "generated_tokens", json_integer((json_int_t)summary->tokens));
}

static void print_jobs_json(const app_replay_t *self, const mdl_replay_metrics_t *metrics, uint32_t gpus,
                            const mdl_serving_summary_t *summary)
{
    json_t *json = app_replay_json(self, metrics->jobs), *blocked = json_object();

    json_object_set_new(json, "makespan_s", json_real(metrics->makespan_s));
    add_spread(json, "wait", &metrics->wait);
    add_spread(json, "jct", &metrics->jct);
    json_object_set_new(json, "mean_bounded_slowdown", json_real(metrics->mean_bounded_slowdown));
    json_object_set_new(json, "gpu_utilisation", json_real(metrics->gpu_utilisation));
    json_object_set_new(json, "gpu_allocation", json_real(metrics->gpu_allocation));
    json_object_set_new(json, "refused", json_integer((json_int_t)metrics->refused));
    if (summary != NULL) {
        add_requests(json, self, summary);
    } else {
        json_object_set_new(json, "stops", json_integer((json_int_t)metrics->stops));
        for (size_t i = 0; i < MDL_BLOCKED_REASONS; i++)
            json_object_set_new(blocked, blocked_names[i], json_real(metrics->blocked_share[i]));
        json_object_set(json, "blocked_share", blocked);
        json_object_set_new(json, "nodes", json_integer(self->nodes));
        json_object_set_new(json, "gpus_per_node", json_integer(self->node_gpus));
        json_object_set_new(json, "gpus", json_integer(gpus));
        add_policy(json, self);
    }
    json_decref(blocked);
    app_replay_print_json(json);
}

/* First line: what was replayed; last line: how fast. */
static void print_head(const app_replay_t *self, size_t n, const char *what)
{
    char jobs[32], nodes[32];

    printf("%s: %s %s%s on %s ", self->path, app_replay_count(n, jobs), what, sim_plural(n),
           app_replay_count(self->nodes, nodes));
    if (self->format == APP_AZURE)
        printf("replica%s of %u slot%s\n", sim_plural(self->nodes), self->node_gpus, sim_plural(self->node_gpus));
    else
        printf("node%s of %u GPU%s\n", sim_plural(self->nodes), self->node_gpus, sim_plural(self->node_gpus));
}

static void print_speed(const app_replay_t *self, size_t n, const char *what)
{
    char repeats[64] = "";

    if (self->values->repeat > 1)
        snprintf(repeats, sizeof repeats, ", median of %" PRId64, self->values->repeat);
    printf("\nread in %.4f s, replayed in %.4f s%s: %.3g %ss per second\n", self->read_s, app_replay_seconds(self),
           repeats, per_second(self, n), what);
}

static void print_policy(const app_replay_t *self)
{
    printf("%s%sorder %s, reservation %s, placement %s, preemption %s\n",
           self->policy_name != NULL ? self->policy_name : "", self->policy_name != NULL ? ": " : "",
           mdl_orders[self->policy.order].name, mdl_reservations[self->policy.reservation].name,
           self->executive == APP_TURNS ? "yarn" : mdl_placements[self->policy.placement].name,
           mdl_preemptions[self->policy.preemption]);
    if (self->executive == APP_TURNS)
        printf("in turns: at each event the cluster is emptied and filled again, by Muri's own rule of placement "
               "(yarn)\n");
}

static void print_spread(const char *name, const mdl_replay_spread_t *spread, int decimals)
{
    printf("%-24s %14.*f %14.*f %14.*f %14.*f\n", name, decimals, spread->mean_s, decimals, spread->median_s, decimals,
           spread->p90_s, decimals, spread->p99_s);
}

static void print_blocked(const mdl_replay_metrics_t *metrics)
{
    static const char *const causes[MDL_BLOCKED_REASONS] = {
        [MDL_BLOCKED_QUOTA] = "its tenant's quota",   [MDL_BLOCKED_COUNT] = "too few GPUs free",
        [MDL_BLOCKED_DOMAIN] = "free ones scattered", [MDL_BLOCKED_POWER] = "nodes switched off",
        [MDL_BLOCKED_FAILURE] = "broken nodes",
    };
    bool any = false;

    for (size_t i = 0; i < MDL_BLOCKED_REASONS; i++)
        any = any || metrics->blocked_share[i] > 0;
    if (any)
        printf("what held up the head of the queue, shares of the GPU time that it asked for in vain:\n");
    for (size_t i = 0; i < MDL_BLOCKED_REASONS; i++)
        if (metrics->blocked_share[i] > 0)
            printf("  %-22s %13.1f%%\n", causes[i], 100 * metrics->blocked_share[i]);
}

static void print_counts(const app_replay_t *self, const mdl_replay_metrics_t *metrics, const char *what)
{
    char text[32];

    if (metrics->stops > 0)
        printf("%-24s %14s\n", "preemptions", app_replay_count(metrics->stops, text));
    if (metrics->refused > 0)
        printf("%-24s %14s (%s%s that can never run here; not counted above)\n", "refused",
               app_replay_count(metrics->refused, text), what, sim_plural(metrics->refused));
    if (self->dropped > 0)
        printf("%-24s %14s (by the format's own rules)\n", "left out", app_replay_count(self->dropped, text));
}

static void print_jobs_table(const app_replay_t *self, const mdl_replay_metrics_t *metrics,
                             const mdl_serving_summary_t *summary)
{
    const char *what = summary != NULL ? "request" : "job", *gpus = summary != NULL ? "slots" : "GPUs";
    int decimals = summary != NULL ? 3 : 1;
    char text[64];

    print_head(self, metrics->jobs, what);
    if (summary == NULL)
        print_policy(self);
    printf("\n%-24s %14s %14s %14s %14s\n", "seconds", "mean", "median", "p90", "p99");
    print_spread("wait", &metrics->wait, decimals);
    print_spread("completion (JCT)", &metrics->jct, decimals);
    if (summary != NULL)
        printf("%-24s %14.3f %14.3f %14s %14.3f\n", "first token", summary->ttft_mean_s, summary->ttft_p50_s, "",
               summary->ttft_p99_s);
    printf("\n%-24s %14.3f (mean; run times below 10 s count as 10 s)\n", "bounded slowdown",
           metrics->mean_bounded_slowdown);
    printf("%-24s %14.1f s = %.2f days\n", "makespan", metrics->makespan_s, metrics->makespan_s / DAY_S);
    snprintf(text, sizeof text, "%s computing, held", gpus);
    printf("%-24s %13.2f%% %13.2f%%\n", text, 100 * metrics->gpu_utilisation, 100 * metrics->gpu_allocation);
    print_counts(self, metrics, what);
    print_blocked(metrics);
    print_speed(self, metrics->jobs, what);
}

void app_replay_print_jobs(const app_replay_t *self, const mdl_replay_metrics_t *metrics, uint32_t gpus,
                           const mdl_serving_summary_t *summary)
{
    if (self->values->json)
        print_jobs_json(self, metrics, gpus, summary);
    else
        print_jobs_table(self, metrics, summary);
}

static double final_percent(const mdl_packing_result_t *result)
{
    return 100 * (double)result->allocated_milli / (double)result->gpu_milli;
}

static void print_pods_json(const app_replay_t *self, const mdl_openb_t *trace, const mdl_packing_result_t *result)
{
    json_t *json = app_replay_json(self, result->n), *loads = json_object(), *lost = json_object();
    char key[16];

    for (size_t i = 0; i < result->n_loads; i++) {
        snprintf(key, sizeof key, "%u", result->loads[i].percent);
        json_object_set_new(loads, key, json_real(result->loads[i].allocated_percent));
    }
    for (size_t i = 0; i < MDL_LOST_REASONS; i++)
        json_object_set_new(lost, mdl_lost_names[i], json_integer((json_int_t)result->lost[i]));
    json_object_set_new(json, "allocated_gpu_percent", loads);
    json_object_set_new(json, "final_allocated_gpu_percent", json_real(final_percent(result)));
    json_object_set_new(json, "arrived_gpu_percent",
                        json_real(100 * (double)result->arrived_milli / (double)result->gpu_milli));
    json_object_set_new(json, "fragmented_gpu_percent", json_real(100 * result->fragmentation));
    json_object_set_new(json, "placed", json_integer((json_int_t)result->placed));
    json_object_set_new(json, "lost", lost);
    json_object_set_new(json, "nodes", json_integer((json_int_t)trace->n_nodes));
    json_object_set_new(json, "gpus", json_real((double)result->gpu_milli / 1000));
    json_object_set_new(json, "policy", json_string(mdl_placements[self->policy.placement].name));
    json_object_set_new(json, "executive", json_string("packing"));
    app_replay_print_json(json);
}

static void print_lost(const mdl_packing_result_t *result)
{
    static const char *const wants[MDL_LOST_REASONS] = {
        [MDL_LOST_COUNT] = "GPUs", [MDL_LOST_DOMAIN] = "GPUs on one node", [MDL_LOST_TYPE] = "an allowed model",
        [MDL_LOST_CPU] = "CPU",    [MDL_LOST_MEMORY] = "memory",
    };
    char text[32];

    printf("%-24s %14s\n", "lost, fitting nowhere", app_replay_count(result->n - result->placed, text));
    for (size_t i = 0; i < MDL_LOST_REASONS; i++)
        if (result->lost[i] > 0)
            printf("  for want of %-16s %9s\n", wants[i], app_replay_count(result->lost[i], text));
}

static void print_pods_table(const app_replay_t *self, const mdl_openb_t *trace, const mdl_packing_result_t *result)
{
    char pods[32], nodes[32], gpus[32];
    uint64_t whole_gpus = (uint64_t)(result->gpu_milli / 1000);

    printf("%s: %s pod%s on %s node%s with %s GPU%s, placed by %s\n\nGPUs asked for   allocated\n", self->path,
           app_replay_count(result->n, pods), sim_plural(result->n), app_replay_count(trace->n_nodes, nodes),
           sim_plural(trace->n_nodes), app_replay_count(whole_gpus, gpus), sim_plural(whole_gpus),
           mdl_placements[self->policy.placement].name);
    for (size_t i = 0; i < result->n_loads; i++)
        if (result->n_loads <= FEW_LOADS || result->loads[i].percent % 10 == 0)
            printf("%12u %%  %8.2f %%\n", result->loads[i].percent, result->loads[i].allocated_percent);
    printf("\n%-24s %14.2f %%\n%-24s %14.2f %%\n", "allocated in the end", final_percent(result), "fragmented then",
           100 * result->fragmentation);
    print_lost(result);
    print_speed(self, result->n, "pod");
}

void app_replay_print_pods(const app_replay_t *self, const mdl_openb_t *trace, const mdl_packing_result_t *result)
{
    if (self->values->json)
        print_pods_json(self, trace, result);
    else
        print_pods_table(self, trace, result);
}
