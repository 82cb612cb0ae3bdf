// SPDX-License-Identifier: GPL-3.0-or-later
/* replay: the scheduling core alone, on a recorded trace. */
#include "app/command.h"
#include "app/output_file.h"
#include "app/replay.h"

#include <stdlib.h>
#include <time.h>

#define AT(member) offsetof(app_replay_values_t, member)

static const app_option_t options[] = {
    {0, "format", "FORMAT", APP_TEXT, AT(format), "swf, philly, csv, muri, openb, synthetic or azure", 0, 0},
    {0, "policy", "NAME", APP_TEXT, AT(policy), "one name for all four slots (see above)", 0, 0},
    {0, "order-by", "O", APP_TEXT, AT(order_by), "fcfs, sjf, srtf, srsf, las or fair", 0, 0},
    {0, "reservation", "R", APP_TEXT, AT(reservation), "none, easy, easy-sjbf or conservative", 0, 0},
    {0, "placement", "P", APP_TEXT, AT(placement), "bestfit, random, packing, clustering, dotprod, fgd or consolidate",
     0, 0},
    {0, "preemption", "X", APP_TEXT, AT(preemption),
     "none, checkpoint or reclaim (of quotas, which traces have none of: as none)", 0, 0},
    {0, "restart-cost", "SECONDS", APP_INTEGER, AT(restart_s),
     "what a preempted job loses (default: 0; muri: a published table)", 0, INT32_MAX},
    {0, "las-limits", "A,B", APP_TEXT, AT(las_limits), "levels of las, GPU seconds (default: 3250,7200)", 0, 0},
    {0, "cluster", "FILE", APP_TEXT, AT(cluster),
     "openb: CSV list of nodes; others: CSV with num_switch,num_node_p_switch,num_gpu_p_node", 0, 0},
    {0, "nodes", "N", APP_INTEGER, AT(nodes), "nodes of the cluster (swf: default from its header)", 1, MDL_TRACE_GPUS},
    {0, "gpus-per-node", "G", APP_INTEGER, AT(node_gpus), "GPUs of a node (default: 8; swf: 1)", 1, MDL_TRACE_GPUS},
    {0, "rack-nodes", "N", APP_INTEGER, AT(rack_nodes), "nodes of a rack, for consolidate: a divisor of 64", 1, 64},
    {0, "node-cpu-milli", "N", APP_INTEGER, AT(node_cpu_milli),
     "csv whose jobs ask for CPU: a node's, in thousandths of a CPU", 0, INT32_MAX},
    {0, "node-memory-mib", "N", APP_INTEGER, AT(node_memory_mib), "csv whose jobs ask for memory: a node's, in MiB", 0,
     INT32_MAX},
    {0, "vc", "NAME", APP_TEXT, AT(vc), "only this virtual cluster (swf: partition, csv: tenant)", 0, 0},
    {0, "from", "DATE", APP_TEXT, AT(from),
     "leave out jobs submitted before: a date, 'date time', or the trace's seconds", 0, 0},
    {0, "until", "DATE", APP_TEXT, AT(until), "leave out jobs submitted after", 0, 0},
    {0, "order", "PREFIX", APP_TEXT, AT(order),
     "openb: arrivals from PREFIX.pods, ranks from PREFIX.nodes; others: as --order-by", 0, 0},
    {0, "inflate", "X", APP_NUMBER, AT(inflate),
     "openb without --order: draw pods until they ask for X times the GPUs (default: 1.3)", 0, MDL_PACKING_INFLATE_MAX},
    {0, "load", "X", APP_NUMBER, AT(load), "synthetic: GPUs asked for over GPUs (default: as published)", 0, 100},
    {0, "jobs", "N", APP_INTEGER, AT(jobs), "synthetic: how many jobs (default: 10000)", 1, 1000000000},
    {0, "replicas", "N", APP_INTEGER, AT(replicas), "azure: replicas of the model (default: 1)", 1,
     MDL_SERVING_MAX_REPLICAS},
    {0, "slots", "N", APP_INTEGER, AT(slots), "azure: sequences in a replica's batch (default: 64)", 1, 65536},
    {0, "prompt-us", "X", APP_NUMBER, AT(prompt_us), "azure: microseconds per token of a prompt (default: 63)", 0,
     1000000},
    {0, "token-us", "X", APP_NUMBER, AT(token_us), "azure: microseconds per further token (default: 31000)", 0,
     1000000},
    {0, "seed", "S", APP_SEED, AT(seed), "of random placements, openb's shuffle, synthetic jobs (default: 1)", 0, 0},
    {0, "starts", "FILE", APP_TEXT, AT(starts), "write job,submit_s,start_s,end_s (openb: seq,pod,node)", 0, 0},
    {0, "plot", "FILE.svg", APP_TEXT, AT(plot), "draw the schedule (openb: allocation over load), an SVG picture", 0,
     0},
    {0, "force", NULL, APP_FLAG, AT(force), "replace files that are already there", 0, 0},
    {0, "repeat", "N", APP_INTEGER, AT(repeat), "replay N times, for a median of seconds (default: 1)", 1, 1000000},
    {0, "json", NULL, APP_FLAG, AT(json), "one JSON object, numbers unrounded", 0, 0},
    {0},
};

double app_replay_now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static sim_status_t check_outputs(const app_replay_values_t *values, sim_error_t *err)
{
    sim_status_t status = values->starts != NULL ? app_output_check(values->starts, values->force, err) : SIM_OK;

    if (status == SIM_OK && values->plot != NULL)
        status = app_output_check_picture(values->plot, values->force, err);
    return status;
}

static sim_status_t replay_trace(app_replay_t *replay, sim_error_t *err)
{
    sim_status_t status = check_outputs(replay->values, err);

    if (status < 0)
        return status;
    replay->seconds = calloc((size_t)replay->values->repeat, sizeof *replay->seconds);
    if (replay->seconds == NULL)
        return sim_fail(err, SIM_ENOMEM, "--repeat", "no memory for so many");
    switch (replay->format) {
    case APP_OPENB: return app_replay_pods(replay, err);
    case APP_AZURE: return app_replay_requests(replay, err);
    default: return app_replay_jobs(replay, err);
    }
}

static int run(const app_command_t *command, int argc, char **argv)
{
    app_replay_values_t values = {.restart_s = -1,
                                  .nodes = -1,
                                  .node_gpus = -1,
                                  .rack_nodes = -1,
                                  .node_cpu_milli = -1,
                                  .node_memory_mib = -1,
                                  .inflate = -1,
                                  .load = -1,
                                  .jobs = -1,
                                  .replicas = -1,
                                  .slots = -1,
                                  .prompt_us = -1,
                                  .token_us = -1,
                                  .seed = {.value = 1},
                                  .repeat = 1};
    app_replay_t replay = {.values = &values};
    sim_error_t err = {0};

    if (app_options_parse(command->name, options, &values, argc, argv, 1, 1, &replay.path) < 0)
        return APP_BAD_INPUT;
    app_replay_find_format(&replay);
    if (replay.problems == 0) {
        app_replay_find_policy(&replay);
        app_replay_check(&replay);
    }
    if (replay.problems > 0)
        return replay.status < 0 ? app_exit_status(replay.status) : APP_BAD_INPUT;
    sim_status_t status = replay_trace(&replay, &err);
    free(replay.seconds);
    app_replay_rest(&replay);
    if (status == SIM_OK)
        return APP_DONE;
    return replay.problems > 0 ? app_exit_status(status) : app_report(command, &err);
}

const app_command_t app_command_replay = {
    .name = "replay",
    .synopsis = "TRACE [--format FORMAT] [--policy NAME] [--nodes N] [--gpus-per-node G] [--json] [OPTION]...",
    .summary = "run the scheduler alone on a recorded trace",
    .details =
        "Reads a trace, plain or gzipped, runs its jobs through a scheduling policy on a cluster that starts empty, "
        "and\n"
        "says how long they waited. docs/TRACES.md describes the formats. Without --format the file's name and first\n"
        "line tell.\n\n"
        "  swf        Parallel Workloads Archive; one processor is a GPU, and nodes have one unless --gpus-per-node\n"
        "             says otherwise                                            default policy: easy\n"
        "  philly     Microsoft's Philly trace as Helios's simulator takes it   fifo-consolidate\n"
        "  csv        your own: submit_s,run_s,gpus and more                    easy\n"
        "  muri       jobs of iterations, run in turns                          srtf\n"
        "  openb      pods that arrive and stay, on unequal nodes               fgd\n"
        "  synthetic  TRACE is a profile of generated jobs, e.g. helios-earth   easy\n"
        "  azure      requests to a language model, on replicas                 first come, first served\n\n"
        "Policies: fcfs, sjf; easy, easy-sjbf, conservative (backfilling); srtf, srsf, las, tiresias (= las), which\n"
        "preempt; fifo-consolidate, sjf-consolidate; random, bestfit, packing, clustering, dotprod, fgd, which are "
        "fcfs\n"
        "with that placement. openb takes the last six. A policy is a row in each of four slots, which may be named "
        "one\n"
        "by one, in place of --policy (what is not named is then fcfs, none, bestfit, and none, or checkpoint for "
        "srtf,\n"
        "srsf and las) or beside it, to change it. Any combination works.\n\n"
        "muri under srtf, srsf or las takes turns as Muri's simulator counts them: each event empties the cluster, "
        "fills\n"
        "it again (placement yarn, which it may be given) and costs every running job an overhead. Under any other\n"
        "rules its jobs run as those of the other formats do, for iterations x iteration time to the nearest "
        "second.\n\n"
        "csv whose jobs ask for parts of a GPU, CPU or memory runs under fcfs or sjf alone, with any placement "
        "(default:\n"
        "fgd), each job on one node.\n\n"
        "Estimates are those of the trace (swf, csv), else true. A job that can never run on the cluster is refused "
        "and\n"
        "counted. Results are the same each time; only seconds are not.\n\n"
        "Examples:\n"
        "  overbuild replay KTH-SP2.swf --policy easy --starts starts.csv --plot schedule.svg\n"
        "  overbuild replay philly.csv --format philly --vc 103959 --nodes 8 --policy sjf-consolidate\n"
        "  overbuild replay mine.csv --format csv --nodes 4 --order-by sjf --reservation easy --json\n"
        "  overbuild replay trace.csv --format muri --cluster n8g8.csv --policy tiresias\n"
        "  overbuild replay pods.csv --format openb --cluster nodes.csv --policy fgd --inflate 1.3 --seed 42\n"
        "  overbuild replay helios-earth --format synthetic --nodes 64 --load 0.8 --jobs 100000\n"
        "  overbuild replay requests.csv --format azure --replicas 2",
    .options = options,
    .run = run,
};
