// SPDX-License-Identifier: GPL-3.0-or-later
/* What a serving replay, and the requests themselves, come to. */
#include "models/replay/serving.h"

#include <math.h>
#include <stdlib.h>

static void sift(int64_t *heap, size_t n, size_t i)
{
    int64_t x = heap[i];

    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && heap[child + 1] > heap[child])
            child++;
        if (heap[child] <= x)
            break;
        heap[i] = heap[child];
    }
    heap[i] = x;
}

static void heap_sort(int64_t *x, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(x, n, i);
    while (n > 1) {
        int64_t largest = x[0];
        x[0] = x[--n];
        x[n] = largest;
        sift(x, n, 0);
    }
}

/* Smallest value that at least the share p of the sorted values does not exceed, seconds. */
static double quantile_s(const int64_t *sorted_us, size_t n, double p)
{
    size_t i = (size_t)(p * (double)n);

    if (i > 0 && (double)i == p * (double)n)
        i--;
    return (double)sorted_us[i < n ? i : n - 1] / 1e6;
}

static void set_means(const mdl_requests_t *requests, const mdl_serving_t *served, int64_t target_us,
                      mdl_serving_summary_t *s)
{
    double wait = 0, ttft = 0, end = 0, tokens = 0, n = (double)served->n;

    for (size_t i = 0; i < served->n; i++) {
        const mdl_request_t *request = &requests->requests[i];
        const mdl_served_t *one = &served->served[i];
        int64_t wait_us = one->start_us - request->arrival_us;
        s->waited += wait_us > 0;
        s->attainment += wait_us <= target_us;
        wait += (double)wait_us;
        ttft += (double)(one->first_us - request->arrival_us);
        end += (double)(one->end_us - request->arrival_us);
        tokens += (double)(one->end_us - one->first_us);
        s->prompt_tokens += request->context;
        s->tokens += request->generated;
    }
    s->waited /= n;
    s->attainment /= n;
    s->wait_mean_s = wait / n / 1e6;
    s->ttft_mean_s = ttft / n / 1e6;
    s->end_mean_s = end / n / 1e6;
    s->token_s = s->tokens > served->n ? tokens / (double)(s->tokens - served->n) / 1e6 : 0;
}

sim_status_t mdl_serving_summarise(const mdl_requests_t *requests, const mdl_serving_t *served, int64_t target_us,
                                   mdl_serving_summary_t *summary, sim_error_t *err)
{
    *summary = (mdl_serving_summary_t){0};
    if (served->n == 0)
        return SIM_OK;
    int64_t *ttft_us = malloc(served->n * sizeof *ttft_us);
    if (ttft_us == NULL)
        return sim_fail(err, SIM_ENOMEM, "serving", "no memory to sort %zu requests", served->n);
    for (size_t i = 0; i < served->n; i++)
        ttft_us[i] = served->served[i].first_us - requests->requests[i].arrival_us;
    heap_sort(ttft_us, served->n);
    summary->ttft_p50_s = quantile_s(ttft_us, served->n, 0.5);
    summary->ttft_p95_s = quantile_s(ttft_us, served->n, 0.95);
    summary->ttft_p99_s = quantile_s(ttft_us, served->n, 0.99);
    free(ttft_us);
    set_means(requests, served, target_us, summary);
    if (served->allocated_replica_us > 0)
        summary->busy_share = (double)served->busy_slot_us / (double)served->allocated_replica_us / served->slots;
    return SIM_OK;
}

typedef int64_t (*hold_t)(const mdl_serving_spec_t *spec, const mdl_request_t *request);

static mdl_holding_t holding_of(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, hold_t hold_us)
{
    double sum = 0, squares = 0, n = (double)requests->n;

    for (size_t i = 0; i < requests->n; i++)
        sum += (double)hold_us(spec, &requests->requests[i]);
    double mean = n > 0 ? sum / n : 0;
    for (size_t i = 0; i < requests->n; i++) {
        double deviation = (double)hold_us(spec, &requests->requests[i]) - mean;
        squares += deviation * deviation;
    }
    return (mdl_holding_t){.mean_s = mean / 1e6, .scv = mean > 0 ? squares / n / (mean * mean) : 0};
}

mdl_latency_t mdl_serving_model(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, double dispersion)
{
    return (mdl_latency_t){.prompt = holding_of(requests, spec, mdl_serving_prompt_us),
                           .slot = holding_of(requests, spec, mdl_serving_slot_us),
                           .slots = spec->slots,
                           .dispersion = dispersion};
}

double mdl_serving_dispersion(const mdl_requests_t *requests, int64_t bin_us, size_t bins_per_window)
{
    SIM_ASSERT(bin_us > 0 && bins_per_window != 1);
    size_t bins = requests->n > 0 ? (size_t)(requests->requests[requests->n - 1].arrival_us / bin_us) : 0;
    size_t per_window = bins_per_window > 0 ? bins_per_window : bins;
    if (bins < 2 || bins < per_window)
        return NAN;
    bins -= bins % per_window;
    double squares = 0, all = 0;
    size_t i = 0;
    for (size_t window = 0; window < bins; window += per_window) {
        double sum = 0, of_squares = 0;
        for (size_t bin = window; bin < window + per_window; bin++) {
            size_t from = i;
            while (i < requests->n && requests->requests[i].arrival_us < (int64_t)(bin + 1) * bin_us)
                i++;
            sum += (double)(i - from);
            of_squares += (double)(i - from) * (double)(i - from);
        }
        squares += (of_squares - sum * sum / (double)per_window) / (double)(per_window - 1);
        all += sum / (double)per_window;
    }
    return all > 0 ? squares / all : NAN;
}
