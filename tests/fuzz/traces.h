// SPDX-License-Identifier: GPL-3.0-or-later
/* What the fuzz targets of the trace readers share: any bytes are either a trace that keeps the promises of its header
 * or refused with at least one message that names a place, and nothing left behind. Each target is one of these
 * functions: fuzz_trace_NAME.c. They are built and run like fuzz_scenario.c.
 */
#ifndef FUZZ_TRACES_H
#define FUZZ_TRACES_H

#include "models/scheduler/job.h"
#include "models/trace/muri.h"
#include "models/trace/openb.h"
#include "models/trace/requests.h"
#include "models/trace/trace.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_count(void *user, const char *text)
{
    ++*(size_t *)user;
    SIM_ASSERT(strlen(text) > 3 && strchr(text, '\n') == NULL && strstr(text, ": ") != NULL);
    SIM_ASSERT(strstr(text, "expected") != NULL || strstr(text, "did you mean") != NULL);
}

static inline mdl_source_t fuzz_source(const uint8_t *data, size_t size, size_t *problems)
{
    return (mdl_source_t){"t", size > 0 ? (const char *)data : "", size, fuzz_count, problems};
}

/* Whether the reading went well; otherwise it said why. */
static inline bool fuzz_read(sim_status_t status, const size_t *problems, const sim_error_t *err)
{
    SIM_ASSERT((status == SIM_OK) == (*problems == 0));
    SIM_ASSERT(status == SIM_OK || (status == SIM_EINPUT && err->code == SIM_EINPUT && err->message[0] != '\0'));
    return status == SIM_OK;
}

static inline void fuzz_job_holds(const mdl_trace_t *trace, size_t i)
{
    const mdl_trace_job_t *job = &trace->jobs[i];
    SIM_ASSERT(i == 0 || job->submit_s >= job[-1].submit_s);
    SIM_ASSERT(job->run_s >= 0 && job->run_s <= MDL_TRACE_TIME && job->estimate_s >= job->run_s);
    SIM_ASSERT(job->estimate_s <= MDL_TRACE_TIME && job->gpus >= 1 && job->gpus <= MDL_TRACE_GPUS);
    SIM_ASSERT(job->tenant < trace->n_tenants && job->job_class < MDL_JOB_CLASSES);
    SIM_ASSERT(job->gpu_milli >= 1 && job->gpu_milli <= 1000 && (job->gpus == 1 || job->gpu_milli == 1000));
    SIM_ASSERT(trace->processors == 0 || job->gpus <= trace->processors);
}

typedef sim_status_t (*fuzz_reader_t)(const mdl_source_t *source, const mdl_trace_options_t *options, mdl_trace_t *out,
                                      sim_error_t *err);

/* A trace of jobs, read with options that depend on the length. */
static inline int fuzz_jobs(fuzz_reader_t read, const uint8_t *data, size_t size)
{
    static const mdl_trace_options_t choices[] = {
        {0}, {.vc = "2"}, {.from = "2017-10-02"}, {.from = "1", .until = "2017-10-02 00:00:10"}, {.until = "100"}};
    const mdl_trace_options_t *options = &choices[size % (sizeof choices / sizeof choices[0])];
    size_t problems = 0;
    const mdl_source_t source = fuzz_source(data, size, &problems);
    mdl_trace_t trace;
    sim_error_t err = {0};
    if (fuzz_read(read(&source, options, &trace, &err), &problems, &err)) {
        SIM_ASSERT(trace.n > 0 && trace.n_tenants > 0);
        for (size_t i = 0; i < trace.n; i++)
            fuzz_job_holds(&trace, i);
        for (size_t i = 0; i < trace.n_tenants; i++)
            SIM_ASSERT(strlen(trace.tenants[i]) >= 1 && strlen(trace.tenants[i]) <= MDL_TRACE_NAME);
    }
    SIM_ASSERT(err.code == SIM_OK || (trace.jobs == NULL && trace.tenants == NULL && trace.n == 0));
    mdl_trace_free(&trace);
    return 0;
}

static inline void fuzz_openb_holds(const mdl_openb_t *openb)
{
    SIM_ASSERT(openb->n_nodes > 0 && openb->n_pods > 0 && openb->n_models <= MDL_OPENB_MODELS);
    for (size_t i = 0; i < openb->n_nodes; i++) {
        const mdl_openb_node_t *node = &openb->nodes[i];
        SIM_ASSERT(node->name[0] != '\0' && strlen(node->name) < MDL_OPENB_NAME && node->gpus <= 8);
        SIM_ASSERT(node->gpus > 0 ? node->model < openb->n_models : node->model == UINT32_MAX);
    }
    for (size_t i = 0; i < openb->n_pods; i++) {
        const mdl_openb_pod_t *pod = &openb->pods[i];
        SIM_ASSERT(pod->name[0] != '\0' && strlen(pod->name) < MDL_OPENB_NAME && strlen(pod->spec) < sizeof pod->spec);
        SIM_ASSERT(pod->gpus <= 8 && pod->gpu_milli <= 1000 && (pod->gpus <= 1 || pod->gpu_milli == 1000));
        SIM_ASSERT((pod->models == 0) == (pod->spec[0] == '\0'));
        SIM_ASSERT(openb->n_models == 32 || pod->models >> openb->n_models == 0);
    }
    for (size_t i = 0; i < openb->n_order; i++)
        SIM_ASSERT(openb->order[i] < openb->n_pods);
}

/* Up to four texts, separated by form feeds: nodes, pods and perhaps their orders. */
static inline int fuzz_openb(const uint8_t *data, size_t size)
{
    mdl_source_t sources[4];
    size_t problems = 0;
    int n = 0;
    for (bool more = true; more && n < 4; n++) {
        const uint8_t *stop = size > 0 ? memchr(data, '\f', size) : NULL;
        size_t length = stop != NULL ? (size_t)(stop - data) : size;
        sources[n] = fuzz_source(data, length, &problems);
        more = stop != NULL;
        data += length + more;
        size -= length + more;
    }
    if (n < 2)
        return 0;
    mdl_openb_t openb;
    sim_error_t err = {0};
    bool ordered = n == 4;
    sim_status_t status = mdl_openb_read_from(&sources[0], &sources[1], ordered ? &sources[2] : NULL,
                                              ordered ? &sources[3] : NULL, &openb, &err);
    if (fuzz_read(status, &problems, &err)) {
        fuzz_openb_holds(&openb);
        SIM_ASSERT(ordered == (openb.order != NULL));
    }
    SIM_ASSERT(status == SIM_OK || (openb.nodes == NULL && openb.pods == NULL && openb.order == NULL));
    mdl_openb_free(&openb);
    return 0;
}

/* Jobs, and the same bytes as a cluster. */
static inline int fuzz_muri(const uint8_t *data, size_t size)
{
    size_t problems = 0, cluster_problems = 0;
    const mdl_source_t source = fuzz_source(data, size, &problems),
                       cluster = fuzz_source(data, size, &cluster_problems);
    mdl_muri_t muri;
    sim_error_t err = {0}, cluster_err = {0};
    if (fuzz_read(mdl_muri_read_from(&source, &muri, &err), &problems, &err))
        for (size_t i = 0; i < muri.n; i++) {
            const mdl_muri_job_t *job = &muri.jobs[i];
            SIM_ASSERT(job->gpus >= 1 && job->submit_ms >= 0 && job->submit_ms <= (double)MDL_TRACE_TIME);
            SIM_ASSERT(job->iterations > 0 && job->iteration_ms > 0 && job->model[0] != '\0');
            SIM_ASSERT(strlen(job->model) < sizeof job->model);
        }
    mdl_muri_free(&muri);
    uint32_t nodes, gpus;
    bool good =
        fuzz_read(mdl_muri_read_cluster_from(&cluster, &nodes, &gpus, &cluster_err), &cluster_problems, &cluster_err);
    SIM_ASSERT(good == (nodes > 0) && good == (gpus > 0) && (uint64_t)nodes * gpus <= MDL_TRACE_GPUS);
    return 0;
}

static inline int fuzz_azure(const uint8_t *data, size_t size)
{
    size_t problems = 0;
    const mdl_source_t source = fuzz_source(data, size, &problems);
    mdl_requests_t requests;
    sim_error_t err = {0};
    if (fuzz_read(mdl_requests_read_azure_from(&source, &requests, &err), &problems, &err)) {
        SIM_ASSERT(requests.n > 0 && requests.requests[0].arrival_us == 0);
        for (size_t i = 0; i < requests.n; i++) {
            const mdl_request_t *request = &requests.requests[i];
            SIM_ASSERT(i == 0 || request->arrival_us >= request[-1].arrival_us);
            SIM_ASSERT(request->context >= 1 && request->generated >= 1);
        }
    }
    mdl_requests_free(&requests);
    return 0;
}

#endif
