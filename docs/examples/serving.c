// SPDX-License-Identifier: GPL-3.0-or-later
/* How well does an aggregate model foretell what each request of a recorded trace would wait?
 *
 *     serving TRACE.csv [SLOTS]
 *
 * reads a trace of LLM requests (TIMESTAMP,ContextTokens,GeneratedTokens), replays it request by request on 1 to 24
 * replicas with SLOTS sequences in a batch (default 64), and prints for four targets the share of requests that waited
 * no longer than that, replayed and by the closed form in windows of five seconds. Replicas are Llama2-70B on eight
 * H100s. */
#include "models/replay/serving.h"

#include <stdio.h>
#include <stdlib.h>

#define BIN_US INT64_C(500000)
enum { BINS_PER_WINDOW = 10 };

/* The trace as the model sees it: how many requests each window brings. */
static double modelled(const mdl_requests_t *trace, const mdl_latency_t *model, uint32_t replicas, double target_s)
{
    const double window_s = (double)(BIN_US * BINS_PER_WINDOW) / 1e6;
    double backlog_s = 0, attained = 0;
    size_t i = 0;

    for (int64_t end_us = BIN_US * BINS_PER_WINDOW; i < trace->n; end_us += BIN_US * BINS_PER_WINDOW) {
        size_t from = i;
        while (i < trace->n && trace->requests[i].arrival_us < end_us)
            i++;
        double n = (double)(i - from);
        attained += n * mdl_latency_window(model, n / window_s, replicas, target_s, window_s, &backlog_s);
    }
    return attained / (double)trace->n;
}

static sim_status_t compare(const mdl_requests_t *trace, const mdl_serving_spec_t *spec, sim_error_t *err)
{
    static const double targets_s[] = {0.1, 0.5, 2.5, 12.5};
    mdl_latency_t model = mdl_serving_model(trace, spec, mdl_serving_dispersion(trace, BIN_US, BINS_PER_WINDOW));
    mdl_serving_t served;
    sim_status_t status = mdl_serving_replay(trace, spec, &served, err);

    for (int t = 0; t < 4 && status == SIM_OK; t++) {
        mdl_serving_summary_t s;
        status = mdl_serving_summarise(trace, &served, (int64_t)(1e6 * targets_s[t]), &s, err);
        printf("%u,%u,%.1f,%.4f,%.4f,%.3f,%.3f\n", spec->slots, spec->replicas, targets_s[t], s.attainment,
               modelled(trace, &model, spec->replicas, targets_s[t]), s.ttft_p50_s, s.ttft_p99_s);
    }
    mdl_serving_free(&served);
    return status;
}

int main(int argc, char **argv)
{
    static const uint32_t replicas[] = {1, 2, 3, 4, 6, 8, 12, 16, 24};
    mdl_serving_spec_t spec = {.prompt_ns = 63000, .token_ns = 31000000};
    mdl_requests_t trace;
    sim_error_t err = {0};

    spec.slots = argc > 2 ? (uint32_t)atoi(argv[2]) : 64;
    if (argc < 2 || mdl_requests_read_azure(argv[1], &trace, &err) < 0)
        return fprintf(stderr, "%s\n", argc < 2 ? "serving TRACE.csv [SLOTS]" : err.message), 1;
    puts("slots,replicas,target_s,replayed,modelled,ttft_p50_s,ttft_p99_s");
    for (size_t r = 0; r < sizeof replicas / sizeof *replicas && err.code == SIM_OK; r++) {
        spec.replicas = replicas[r];
        (void)compare(&trace, &spec, &err);
    }
    mdl_requests_free(&trace);
    if (err.code != SIM_OK)
        return fprintf(stderr, "%s\n", err.message), 1;
    return 0;
}
