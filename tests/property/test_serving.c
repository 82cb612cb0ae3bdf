// SPDX-License-Identifier: GPL-3.0-or-later
/* The request-level replay of a service: its laws under random requests, and queueing theory.
 *
 * Statistical checks (seed 2023): 24 replications, mean against theory by Student's interval. Of the 99 % intervals (12
 * figures) at most 2 may miss, which chance exceeds with probability 0.02 %; all must lie in their 99.999 % interval. */
#include "models/replay/serving.h"
#include "sim/draw.h"
#include "sim/student.h"
#include "sim/tally.h"
#include "tests/support/test.h"

#include <math.h>

#define SEED 2023

enum { MOST = 3000, REPLICATIONS = 24 };

typedef struct change {
    int64_t time_us;
    int sign; /* ends first */
    uint32_t replica;
} change_t;

static int by_time(const void *a, const void *b)
{
    const change_t *x = a, *y = b;

    if (x->time_us != y->time_us)
        return x->time_us < y->time_us ? -1 : 1;
    return (x->sign > y->sign) - (x->sign < y->sign);
}

/* Bursts of requests: gaps of a few milliseconds, seconds, and none at all. */
static void random_requests(mdl_requests_t *out, sim_rng_t *rng)
{
    int64_t now_us = 0;

    out->n = (size_t)sim_draw_below(rng, MOST);
    for (size_t i = 0; i < out->n; i++) {
        double mean_us = sim_draw_bernoulli(rng, 0.05) ? 2e6 : 2e4;
        now_us += sim_draw_bernoulli(rng, 0.1) ? 0 : (int64_t)sim_draw_exponential(rng, mean_us);
        out->requests[i] = (mdl_request_t){now_us, 1 + (uint32_t)sim_draw_below(rng, 4000),
                                           1 + (uint32_t)sim_draw_exponential(rng, 20)};
    }
}

static mdl_serving_spec_t random_spec(sim_rng_t *rng)
{
    uint32_t replicas = 1 + (uint32_t)sim_draw_below(rng, 12);

    return (mdl_serving_spec_t){.prompt_ns = (uint32_t)sim_draw_below(rng, 3) * 20000,
                                .token_ns = (uint32_t)sim_draw_below(rng, 4) * 5000000,
                                .slots = 1 + (uint32_t)sim_draw_below(rng, 20),
                                .replicas = replicas,
                                .route = (mdl_serving_route_t)sim_draw_below(rng, MDL_SERVING_ROUTES)};
}

static void add_planner(mdl_serving_spec_t *spec, const mdl_requests_t *requests, sim_rng_t *rng)
{
    spec->planner = (mdl_serving_planner_t){.interval_us = 100000 + (int64_t)sim_draw_below(rng, 3000000),
                                            .cold_start_us = (int64_t)sim_draw_below(rng, 2000000),
                                            .model = mdl_serving_model(requests, spec, 4),
                                            .target_s = 0.5,
                                            .share = 0.9,
                                            .band = 0.2,
                                            .least = 1,
                                            .most = spec->replicas + 10};
}

/* Each request is served once, whole, not before it came, by an existing replica. */
static void check_each(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, const mdl_serving_t *out)
{
    int64_t busy_us = 0;

    assert_int_equal(out->n, requests->n);
    for (size_t i = 0; i < out->n; i++) {
        const mdl_request_t *request = &requests->requests[i];
        const mdl_served_t *served = &out->served[i];
        assert_true(served->start_us >= request->arrival_us);
        assert_int_equal(served->first_us - served->start_us, mdl_serving_prompt_us(spec, request));
        assert_int_equal(served->end_us - served->start_us, mdl_serving_slot_us(spec, request));
        assert_true(served->end_us <= out->end_us);
        assert_true(served->replica < (spec->planner.interval_us > 0 ? spec->planner.most : spec->replicas));
        busy_us += served->end_us - served->start_us;
    }
    assert_int_equal(busy_us, out->busy_slot_us);
    assert_true(busy_us <= out->allocated_replica_us * spec->slots);
}

/* No replica holds more than its slots, nor computes two prompts at once. `part`: the time of a request that counts. */
static void check_limit(const mdl_serving_t *out, bool prompts, uint32_t limit)
{
    static change_t changes[2 * MOST];
    uint32_t now[64] = {0};
    size_t n = 0;

    for (size_t i = 0; i < out->n; i++) {
        const mdl_served_t *served = &out->served[i];
        int64_t end_us = prompts ? served->first_us : served->end_us;
        if (end_us == served->start_us)
            continue;
        changes[n++] = (change_t){served->start_us, 1, served->replica};
        changes[n++] = (change_t){end_us, -1, served->replica};
    }
    qsort(changes, n, sizeof *changes, by_time);
    for (size_t i = 0; i < n; i++) {
        now[changes[i].replica] += (uint32_t)changes[i].sign;
        assert_true(now[changes[i].replica] <= limit);
    }
}

/* With one queue and replicas that stay, requests begin in order of arrival, and one that waits begins at the instant
 * in which a slot or a prompt engine becomes free. */
static void check_order(const mdl_requests_t *requests, const mdl_serving_t *out)
{
    for (size_t i = 0; i < out->n; i++) {
        if (i > 0)
            assert_true(out->served[i].start_us >= out->served[i - 1].start_us);
        if (out->served[i].start_us == requests->requests[i].arrival_us)
            continue;
        bool freed = false;
        for (size_t j = 0; j < i && !freed; j++)
            freed = out->served[j].replica == out->served[i].replica &&
                    (out->served[j].end_us == out->served[i].start_us ||
                     out->served[j].first_us == out->served[i].start_us);
        assert_true(freed);
    }
}

static void check_all(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, const mdl_serving_t *out)
{
    check_each(requests, spec, out);
    check_limit(out, false, spec->slots);
    check_limit(out, true, 1);
    if (spec->planner.interval_us > 0)
        return;
    assert_int_equal(out->allocated_replica_us, out->end_us * spec->replicas);
    if (spec->route == MDL_SERVING_CENTRAL)
        check_order(requests, out);
}

static void test_laws_under_random_requests(void **state)
{
    static mdl_request_t buffer[MOST];
    mdl_requests_t requests = {.requests = buffer};
    uint32_t added = 0, given_up = 0;

    (void)state;
    for (uint64_t trial = 0; trial < 300; trial++) {
        sim_rng_t rng;
        mdl_serving_t out, again;
        sim_rng_at(&rng, SEED, trial, 0, 0, 0);
        random_requests(&requests, &rng);
        mdl_serving_spec_t spec = random_spec(&rng);
        if (trial % 2 == 1)
            add_planner(&spec, &requests, &rng);
        assert_int_equal(mdl_serving_replay(&requests, &spec, &out, NULL), SIM_OK);
        check_all(&requests, &spec, &out);
        added += out.added;
        given_up += out.given_up;
        assert_int_equal(mdl_serving_replay(&requests, &spec, &again, NULL), SIM_OK);
        assert_memory_equal(out.served, again.served, out.n * sizeof *out.served);
        mdl_serving_free(&out);
        mdl_serving_free(&again);
    }
    assert_true(added > 300 && given_up > 300);
}

/* In the time that the replicas of a central queue have in all, none idles while a request waits (prompts apart): at
 * each start after a wait the slots of all replicas are full up to that one. */
static void test_no_slot_idles_while_requests_wait(void **state)
{
    static mdl_request_t buffer[MOST];
    mdl_requests_t requests = {.requests = buffer};

    (void)state;
    for (uint64_t trial = 0; trial < 20; trial++) {
        sim_rng_t rng;
        mdl_serving_t out;
        sim_rng_at(&rng, SEED, trial, 1, 0, 0);
        random_requests(&requests, &rng);
        mdl_serving_spec_t spec = random_spec(&rng);
        spec.prompt_ns = 0;
        spec.route = MDL_SERVING_CENTRAL;
        assert_int_equal(mdl_serving_replay(&requests, &spec, &out, NULL), SIM_OK);
        for (size_t i = 0; i < out.n; i++) {
            uint32_t held = 0;
            int64_t before_us = out.served[i].start_us - 1; /* still waiting */
            if (before_us < requests.requests[i].arrival_us)
                continue;
            for (size_t j = 0; j < i; j++)
                held += out.served[j].start_us <= before_us && out.served[j].end_us > before_us;
            assert_int_equal(held, spec.slots * spec.replicas);
        }
        mdl_serving_free(&out);
    }
}

/* Theory. Work in tokens of a microsecond. */

typedef struct queue {
    const char *name;
    uint32_t replicas, slots;
    double load;
    bool constant;
} queue_t;

static const double service_us = 1e6;

static void draw_requests(mdl_requests_t *out, const queue_t *queue, sim_rng_t *rng)
{
    double gap_us = service_us / (queue->load * queue->replicas * queue->slots), now_us = 0;

    for (size_t i = 0; i < out->n; i++) {
        double work_us = queue->constant ? service_us : sim_draw_exponential(rng, service_us);
        now_us += sim_draw_exponential(rng, gap_us);
        out->requests[i] = (mdl_request_t){(int64_t)now_us, 1, 1 + (uint32_t)work_us};
    }
}

static int misses, checks;

static void compare(const queue_t *queue, const char *figure, const sim_tally_t *found, double expected)
{
    double error = sim_tally_sd(found) / sqrt(REPLICATIONS), distance = fabs(sim_tally_mean(found) - expected);

    checks++;
    if (distance > sim_student_quantile(0.995, REPLICATIONS - 1) * error) {
        misses++;
        print_message("%s, %s: %g, expected %g, standard error %g\n", queue->name, figure, sim_tally_mean(found),
                      expected, error);
    }
    assert_true(distance <= sim_student_quantile(1 - 0.5e-5, REPLICATIONS - 1) * error);
}

/* Mean wait and share that wait more than half a service, after a warm-up. */
static void against_theory(const queue_t *queue)
{
    enum { WARM_UP = 3000, N = 30000 };
    static mdl_request_t buffer[WARM_UP + N];
    mdl_requests_t requests = {buffer, WARM_UP + N};
    mdl_serving_spec_t spec = {.token_ns = 1000, .slots = queue->slots, .replicas = queue->replicas};
    double servers = queue->replicas * queue->slots;
    mdl_wait_t theory = mdl_wait_at(&(mdl_holding_t){1, queue->constant ? 0 : 1}, servers, 1, queue->load * servers);
    sim_tally_t mean = {0}, late = {0};

    for (uint64_t r = 0; r < REPLICATIONS; r++) {
        sim_rng_t rng;
        mdl_serving_t out;
        double sum = 0, beyond = 0;
        sim_rng_at(&rng, SEED, r, 2, 0, 0);
        draw_requests(&requests, queue, &rng);
        assert_int_equal(mdl_serving_replay(&requests, &spec, &out, NULL), SIM_OK);
        for (size_t i = WARM_UP; i < requests.n; i++) {
            double wait = (double)(out.served[i].start_us - buffer[i].arrival_us) / service_us;
            sum += wait;
            beyond += wait > 0.5;
        }
        mdl_serving_free(&out);
        sim_tally_add(&mean, sum / N);
        sim_tally_add(&late, beyond / N);
    }
    compare(queue, "mean wait", &mean, mdl_wait_mean_s(&theory));
    if (!queue->constant)
        compare(queue, "late", &late, mdl_wait_beyond(&theory, 0.5));
}

static void test_batch_of_one_is_mmc(void **state)
{
    static const queue_t queues[] = {{"M/M/1 0.5", 1, 1, 0.5, false},
                                     {"M/M/1 0.8", 1, 1, 0.8, false},
                                     {"M/M/4 0.8", 4, 1, 0.8, false},
                                     {"M/M/16 0.9", 16, 1, 0.9, false},
                                     {"M/M/12 0.85, slots of 3 replicas", 3, 4, 0.85, false},
                                     {"M/D/1 0.6", 1, 1, 0.6, true},
                                     {"M/D/1 0.8", 1, 1, 0.8, true}};
    (void)state;
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++)
        against_theory(&queues[i]);
    print_message("%d of %d figures outside their 99 %% interval\n", misses, checks);
    assert_true(checks == 12 && misses <= 2);
}

/* The planner in closed loop, on load that it can foresee: it meets its target without holding more than twice what the
 * load needs. */
static void test_planner_meets_its_target(void **state)
{
    enum { N = 40000 };
    static mdl_request_t buffer[N];
    mdl_requests_t requests = {buffer, N};
    mdl_serving_spec_t spec = {.prompt_ns = 20000, .token_ns = 10000000, .slots = 8, .replicas = 3};
    mdl_serving_summary_t summary;
    mdl_serving_t out;
    sim_rng_t rng;
    double now_us = 0;

    (void)state;
    sim_rng_at(&rng, SEED, 0, 3, 0, 0);
    for (size_t i = 0; i < N; i++) { /* the rate swings slowly between 5 and 35 a second */
        double phase = fmod(now_us / 6e8, 2), rate = 5 + 30 * (phase < 1 ? phase : 2 - phase);
        now_us += sim_draw_exponential(&rng, 1e6 / rate);
        buffer[i] = (mdl_request_t){(int64_t)now_us, 1 + (uint32_t)sim_draw_exponential(&rng, 1000),
                                    1 + (uint32_t)sim_draw_exponential(&rng, 100)};
    }
    spec.planner = (mdl_serving_planner_t){.interval_us = 20000000,
                                           .cold_start_us = 5000000,
                                           .model = mdl_serving_model(&requests, &spec, 1),
                                           .target_s = 0.5,
                                           .share = 0.95,
                                           .band = 0.1,
                                           .least = 1,
                                           .most = 50};
    assert_int_equal(mdl_serving_replay(&requests, &spec, &out, NULL), SIM_OK);
    assert_int_equal(mdl_serving_summarise(&requests, &out, 500000, &summary, NULL), SIM_OK);
    print_message("attainment %.4f, slots busy %.3f, %u added, %u given up\n", summary.attainment, summary.busy_share,
                  out.added, out.given_up);
    assert_true(summary.attainment >= 0.95);
    assert_true(summary.busy_share >= 0.5);
    assert_true(out.added >= 5 && out.given_up >= 5);
    mdl_serving_free(&out);
}

/* Figures. */

static void test_summary_of_a_few(void **state)
{
    /* One replica of one slot: prompts of 1 s, tokens of 100 ms. */
    mdl_request_t few[] = {{0, 1000, 11}, {500000, 1000, 1}, {10000000, 2000, 6}, {11000000, 500, 1}};
    mdl_requests_t requests = {few, 4};
    mdl_serving_spec_t spec = {.prompt_ns = 1000000, .token_ns = 100000000, .slots = 1, .replicas = 1};
    mdl_serving_summary_t s;
    mdl_serving_t out;

    (void)state;
    assert_int_equal(mdl_serving_replay(&requests, &spec, &out, NULL), SIM_OK);
    assert_int_equal(mdl_serving_summarise(&requests, &out, 1500000, &s, NULL), SIM_OK);
    /* waits 0, 1.5, 0, 1.5; first tokens after 1, 2.5, 2, 2; ends after 2, 2.5, 2.5, 2 */
    assert_close(s.wait_mean_s, 0.75, 1e-12);
    assert_close(s.waited, 0.5, 1e-12);
    assert_close(s.attainment, 1, 1e-12);
    assert_close(s.ttft_mean_s, 7.5 / 4, 1e-12);
    assert_close(s.ttft_p50_s, 2, 1e-12);
    assert_close(s.ttft_p99_s, 2.5, 1e-12);
    assert_close(s.end_mean_s, 9.0 / 4, 1e-12);
    assert_close(s.token_s, 0.1, 1e-12);
    assert_close(s.busy_share, 6.0 / 13, 1e-12);
    assert_int_equal(s.prompt_tokens, 4500);
    assert_int_equal(s.tokens, 19);
    mdl_serving_free(&out);
    mdl_serving_free(&out);
}

static void test_dispersion(void **state)
{
    enum { N = 200000 };
    static mdl_request_t buffer[N];
    mdl_requests_t requests = {buffer, N};
    sim_rng_t rng;
    double now_us = 0;

    (void)state;
    for (size_t i = 0; i < N; i++)
        buffer[i].arrival_us = (int64_t)i * 1000;
    assert_close(mdl_serving_dispersion(&requests, 10000, 0), 0, 1e-9);
    sim_rng_at(&rng, SEED, 0, 4, 0, 0);
    for (size_t i = 0; i < N; i++) { /* Poisson, four together: 4 */
        now_us += i % 4 == 0 ? sim_draw_exponential(&rng, 4000) : 0;
        buffer[i].arrival_us = (int64_t)now_us;
    }
    assert_close(mdl_serving_dispersion(&requests, 100000, 0), 4, 0.4); /* 3 standard errors */
    assert_close(mdl_serving_dispersion(&requests, 100000, 10), 4, 0.4);
    requests.n = 0;
    assert_true(isnan(mdl_serving_dispersion(&requests, 1000, 0)));
}

static void refused(const mdl_requests_t *requests, const mdl_serving_spec_t *spec, sim_status_t expected)
{
    mdl_serving_t out;
    sim_error_t err = {0};

    assert_int_equal(mdl_serving_replay(requests, spec, &out, &err), expected);
    assert_true(out.served == NULL && err.message[0] != '\0');
}

static void test_impossible_specs(void **state)
{
    mdl_request_t one[] = {{0, 1, 1}}, none[] = {{0, 0, 1}}, back[] = {{5, 1, 1}, {4, 1, 1}};
    mdl_requests_t good = {one, 1}, empty = {one, 0}, tokenless = {none, 1}, unsorted = {back, 2};
    mdl_serving_spec_t fine = {.slots = 1, .replicas = 1}, spec = fine;
    mdl_serving_summary_t summary;
    mdl_serving_t out;

    (void)state;
    refused(&tokenless, &fine, SIM_EINPUT);
    refused(&unsorted, &fine, SIM_EINPUT);
    spec.slots = 0;
    refused(&good, &spec, SIM_EINPUT);
    spec = (mdl_serving_spec_t){.slots = 1, .replicas = MDL_SERVING_MAX_REPLICAS + 1};
    refused(&good, &spec, SIM_EINPUT);
    spec = fine;
    spec.route = MDL_SERVING_ROUTES;
    refused(&good, &spec, SIM_EINPUT);
    spec = fine;
    spec.planner = (mdl_serving_planner_t){.interval_us = 1, .least = 2, .most = 3};
    refused(&good, &spec, SIM_EINPUT);
    spec.planner = (mdl_serving_planner_t){.interval_us = 1, .least = 1, .most = 3, .share = 1};
    refused(&good, &spec, SIM_EINPUT);
    assert_int_equal(mdl_serving_replay(&empty, &fine, &out, NULL), SIM_OK);
    assert_int_equal(mdl_serving_summarise(&empty, &out, 0, &summary, NULL), SIM_OK);
    assert_true(summary.attainment == 0 && out.n == 0);
    mdl_serving_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laws_under_random_requests), cmocka_unit_test(test_no_slot_idles_while_requests_wait),
        cmocka_unit_test(test_batch_of_one_is_mmc),        cmocka_unit_test(test_planner_meets_its_target),
        cmocka_unit_test(test_summary_of_a_few),           cmocka_unit_test(test_dispersion),
        cmocka_unit_test(test_impossible_specs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
