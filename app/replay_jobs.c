// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of jobs: on the scheduler of the data centres, or in turns. */
#include "app/replay.h"
#include "models/replay/sharing.h"
#include "models/workload/generator.h"
#include "sim/plural.h"

#define MOST_GPUS ((int64_t)MDL_TRACE_GPUS)

/* What was read, whichever executive takes it. */
typedef struct input {
    mdl_trace_t trace;
    mdl_muri_t muri; /* jobs in turns alone */
} input_t;

static void free_input(input_t *input)
{
    mdl_trace_free(&input->trace);
    mdl_muri_free(&input->muri);
}

/* Nodes and their GPUs as the command line or a cluster file says; 0: not said. */
static sim_status_t find_cluster(app_replay_t *self, sim_error_t *err)
{
    const app_replay_values_t *v = self->values;

    self->nodes = v->nodes > 0 ? (uint32_t)v->nodes : 0;
    self->node_gpus = v->node_gpus > 0 ? (uint32_t)v->node_gpus : self->format == APP_SWF ? 1 : MDL_NODE_GPUS;
    if (v->cluster != NULL) {
        mdl_source_t source = app_replay_source(self, v->cluster);
        return mdl_muri_read_cluster_from(&source, &self->nodes, &self->node_gpus, err);
    }
    if (self->nodes * (int64_t)self->node_gpus > MOST_GPUS)
        return sim_fail(err, SIM_EINPUT, "--nodes", "found %u node%s of %u GPU%s; expected at most %lld GPUs in all",
                        self->nodes, sim_plural(self->nodes), self->node_gpus, sim_plural(self->node_gpus),
                        (long long)MOST_GPUS);
    return SIM_OK;
}

/* The cluster of a trace that tells its size. */
static sim_status_t cluster_of_trace(app_replay_t *self, const mdl_trace_t *trace, sim_error_t *err)
{
    int64_t gpus = trace->processors;

    if (self->nodes > 0)
        return SIM_OK;
    if (gpus == 0)
        return sim_fail(err, SIM_EINPUT, self->path,
                        "its header has no MaxProcs; expected --nodes N, the machine's processors");
    if (gpus % self->node_gpus != 0 && self->format == APP_SWF)
        return sim_fail(err, SIM_EINPUT, self->path,
                        "its %lld processors do not make whole nodes of %u; expected --nodes N beside --gpus-per-node",
                        (long long)gpus, self->node_gpus);
    if (gpus > MOST_GPUS)
        return sim_fail(err, SIM_EINPUT, self->path, "found %lld processors; expected at most %lld", (long long)gpus,
                        (long long)MOST_GPUS);
    self->nodes = (uint32_t)((gpus + self->node_gpus - 1) / self->node_gpus);
    return SIM_OK;
}

static sim_status_t generate(app_replay_t *self, mdl_trace_t *trace, sim_error_t *err)
{
    const app_replay_values_t *v = self->values;
    mdl_generator_request_t request = {.profile = self->path,
                                       .gpus = self->nodes * self->node_gpus,
                                       .load = v->load > 0 ? v->load : 0,
                                       .seed = v->seed.value,
                                       .jobs = v->jobs > 0 ? (size_t)v->jobs : 10000};

    return mdl_generator_fill(&request, trace, err);
}

static sim_status_t read_muri(app_replay_t *self, input_t *input, sim_error_t *err)
{
    mdl_source_t source = app_replay_source(self, self->path);
    sim_status_t status = mdl_muri_read_from(&source, &input->muri, err);

    if (status == SIM_OK && self->executive != APP_TURNS)
        status = mdl_muri_jobs(&input->muri, &input->trace, err);
    return status;
}

static sim_status_t read_input(app_replay_t *self, input_t *input, sim_error_t *err)
{
    const app_replay_values_t *v = self->values;
    mdl_trace_options_t options = {
        .vc = v->vc, .from = v->from, .until = v->until, .processors = (int64_t)self->nodes * self->node_gpus};
    mdl_source_t source = app_replay_source(self, self->path);
    sim_status_t status;

    switch (self->format) {
    case APP_SWF: status = mdl_trace_read_swf_from(&source, &options, &input->trace, err); break;
    case APP_PHILLY: status = mdl_trace_read_philly_from(&source, &options, &input->trace, err); break;
    case APP_CSV: status = mdl_trace_read_csv_from(&source, &options, &input->trace, err); break;
    case APP_SYNTHETIC: status = generate(self, &input->trace, err); break;
    default: return read_muri(self, input, err);
    }
    if (status == SIM_OK)
        status = cluster_of_trace(self, &input->trace, err);
    self->dropped = input->trace.dropped;
    return status;
}

static sim_status_t run_queue(const app_replay_t *self, const mdl_trace_t *trace, mdl_replay_result_t *result,
                              sim_error_t *err)
{
    const app_replay_values_t *v = self->values;
    mdl_replay_setup_t setup = {.policy = self->policy,
                                .nodes = self->nodes,
                                .node_gpus = self->node_gpus,
                                .rack_nodes = v->rack_nodes > 0 ? (uint32_t)v->rack_nodes : 0,
                                .one_by_one = self->format == APP_SWF,
                                .restart_s = v->restart_s > 0 ? (int32_t)v->restart_s : 0};

    setup.pool = self->format == APP_SWF && setup.node_gpus == 1 && setup.rack_nodes == 0 &&
                 self->policy.placement == MDL_PLACEMENT_BEST_FIT;
    return mdl_replay_queue(trace, &setup, result, err);
}

static sim_status_t run_sharing(const app_replay_t *self, const mdl_muri_t *muri, mdl_replay_result_t *result,
                                sim_error_t *err)
{
    const app_replay_values_t *v = self->values;
    mdl_sharing_options_t options = {
        .order = self->policy.order == MDL_ORDER_SRTF   ? MDL_SHARING_SRTF
                 : self->policy.order == MDL_ORDER_SRSF ? MDL_SHARING_SRSF
                                                        : MDL_SHARING_LAS,
        .overhead = v->restart_s >= 0 ? MDL_SHARING_OVERHEAD_CONSTANT : MDL_SHARING_OVERHEAD_TABLE,
        .overhead_s = v->restart_s >= 0 ? (double)v->restart_s : 0,
        .limit_gpu_s = {(double)self->policy.las_limit_gpu_s[0], (double)self->policy.las_limit_gpu_s[1]},
        .pieces = v->plot != NULL};

    return mdl_replay_sharing(muri, self->nodes, self->node_gpus, &options, result, err);
}

/* Replays as often as asked; the last result stays. */
static sim_status_t run(app_replay_t *self, const input_t *input, mdl_replay_result_t *result, sim_error_t *err)
{
    sim_status_t status = SIM_OK;

    for (int64_t r = 0; r < self->values->repeat && status == SIM_OK; r++) {
        mdl_replay_free(result);
        status = self->executive == APP_TURNS   ? run_sharing(self, &input->muri, result, err)
                 : self->executive == APP_PARTS ? app_replay_run_parts(self, &input->trace, result, err)
                                                : run_queue(self, &input->trace, result, err);
        self->seconds[r] = result->seconds;
    }
    if (status == SIM_OK && result->n == 0)
        status = sim_fail(err, SIM_EINPUT, self->path, "none of its jobs (%zu) fits on %u node%s of %u GPU%s",
                          result->refused, self->nodes, sim_plural(self->nodes), self->node_gpus,
                          sim_plural(self->node_gpus));
    return status;
}

sim_status_t app_replay_jobs(app_replay_t *self, sim_error_t *err)
{
    input_t input = {0};
    mdl_replay_result_t result = {0};
    mdl_replay_metrics_t metrics;
    double start_s = app_replay_now_s();
    sim_status_t status = find_cluster(self, err);

    if (status == SIM_OK)
        status = read_input(self, &input, err);
    self->read_s = app_replay_now_s() - start_s;
    if (status == SIM_OK && input.trace.n_tenants > 1 && self->format == APP_PHILLY)
        fprintf(stderr, "overbuild replay: %s: its %zu virtual clusters share these nodes; --vc NAME takes one\n",
                self->path, input.trace.n_tenants);
    if (status == SIM_OK && self->format == APP_CSV)
        status = app_replay_check_parts(self, &input.trace, err);
    if (status == SIM_OK)
        status = run(self, &input, &result, err);
    if (status == SIM_OK)
        status = mdl_replay_measure(&result, &metrics, err);
    if (status == SIM_OK)
        status = app_replay_write_jobs(self, &result, err);
    if (status == SIM_OK)
        app_replay_print_jobs(self, &metrics, result.gpus, NULL);
    mdl_replay_free(&result);
    free_input(&input);
    return status;
}
