// SPDX-License-Identifier: GPL-3.0-or-later
/* Replay of requests to a language model. A request is a job on one slot of a replica's batch. */
#include "app/replay.h"

#include <stdlib.h>

#define S_PER_US 1e-6

static mdl_serving_spec_t spec_of(const app_replay_values_t *v)
{
    return (mdl_serving_spec_t){.prompt_ns = v->prompt_us >= 0 ? (uint32_t)(1e3 * v->prompt_us + 0.5) : 63000,
                                .token_ns = v->token_us >= 0 ? (uint32_t)(1e3 * v->token_us + 0.5) : 31000000,
                                .slots = v->slots > 0 ? (uint32_t)v->slots : 64,
                                .replicas = v->replicas > 0 ? (uint32_t)v->replicas : 1};
}

/* The requests as jobs of one GPU each, a slot counting as a GPU. */
static sim_status_t as_jobs(const mdl_requests_t *requests, const mdl_serving_t *served, uint32_t replicas,
                            mdl_replay_result_t *out, sim_error_t *err)
{
    out->jobs = calloc(requests->n, sizeof *out->jobs);
    if (out->jobs == NULL)
        return sim_fail(err, SIM_ENOMEM, "replay", "no memory for %zu requests", requests->n);
    out->n = requests->n;
    out->gpus = replicas * served->slots;
    for (size_t i = 0; i < requests->n; i++) {
        const mdl_served_t *one = &served->served[i];
        out->jobs[i] = (mdl_replay_job_t){.id = (int64_t)i,
                                          .submit_s = (double)requests->requests[i].arrival_us / 1e6,
                                          .start_s = (double)one->start_us / 1e6,
                                          .end_s = (double)one->end_us / 1e6,
                                          .run_s = (double)(one->end_us - one->start_us) / 1e6,
                                          .gpus = 1,
                                          .first_node = one->replica};
    }
    out->busy_gpu_s = out->allocated_gpu_s = (double)served->busy_slot_us * S_PER_US;
    return SIM_OK;
}

static sim_status_t run(app_replay_t *self, const mdl_requests_t *requests, const mdl_serving_spec_t *spec,
                        mdl_serving_t *served, sim_error_t *err)
{
    sim_status_t status = SIM_OK;

    for (int64_t r = 0; r < self->values->repeat && status == SIM_OK; r++) {
        double start_s = app_replay_now_s();
        mdl_serving_free(served);
        status = mdl_serving_replay(requests, spec, served, err);
        self->seconds[r] = app_replay_now_s() - start_s;
    }
    return status;
}

sim_status_t app_replay_requests(app_replay_t *self, sim_error_t *err)
{
    mdl_serving_spec_t spec = spec_of(self->values);
    mdl_source_t source = app_replay_source(self, self->path);
    mdl_requests_t requests = {0};
    mdl_serving_t served = {0};
    mdl_serving_summary_t summary;
    mdl_replay_result_t result = {0};
    mdl_replay_metrics_t metrics;
    double start_s = app_replay_now_s();
    sim_status_t status = mdl_requests_read_azure_from(&source, &requests, err);

    self->read_s = app_replay_now_s() - start_s;
    self->dropped = requests.dropped;
    self->nodes = spec.replicas;
    self->node_gpus = spec.slots;
    if (status == SIM_OK)
        status = run(self, &requests, &spec, &served, err);
    if (status == SIM_OK)
        status = mdl_serving_summarise(&requests, &served, 0, &summary, err);
    if (status == SIM_OK)
        status = as_jobs(&requests, &served, spec.replicas, &result, err);
    if (status == SIM_OK)
        status = mdl_replay_measure(&result, &metrics, err);
    if (status == SIM_OK)
        status = app_replay_write_jobs(self, &result, err);
    if (status == SIM_OK)
        app_replay_print_jobs(self, &metrics, result.gpus, &summary);
    mdl_replay_free(&result);
    mdl_serving_free(&served);
    mdl_requests_free(&requests);
    return status;
}
