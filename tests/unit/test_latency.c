// SPDX-License-Identifier: GPL-3.0-or-later
/* The aggregate latency model against queueing theory, and the laws that a planner leans on. */
#include "models/workload/latency.h"
#include "models/workload/settings.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#include <math.h>

#define SEED 77

static const mdl_holding_t exponential = {1, 1};

/* Erlang C by its definition. */
static double erlang_c_by_sums(int servers, double offered)
{
    double term = 1, sum = 0;

    for (int k = 0; k < servers; k++) {
        sum += term;
        term *= offered / (k + 1);
    }
    double waiting = term * servers / (servers - offered);
    return waiting / (sum + waiting);
}

static void test_erlang_c_of_whole_servers(void **state)
{
    (void)state;
    for (int servers = 1; servers <= 40; servers++)
        for (double load = 0.05; load < 1; load += 0.05)
            assert_close(mdl_erlang_c(servers, load * servers), erlang_c_by_sums(servers, load * servers), 1e-12);
    assert_close(mdl_erlang_c(2, 1), 1.0 / 3, 1e-15);
    assert_close(mdl_erlang_c(1, 0.7), 0.7, 1e-15);
    assert_true(mdl_erlang_c(3, 0) == 0 && mdl_erlang_c(3, 3) == 1 && mdl_erlang_c(3, 5) == 1);
}

/* 1 / B(c, a) = a * integral of exp(-a t) (1 + t)^c over t > 0 (Jagerman 1974), by Simpson's rule. */
static double erlang_b_by_integral(double servers, double offered)
{
    const int steps = 40000;
    double end = 60 / offered, width = end / steps, sum = 0;

    for (int i = 0; i <= steps; i++) {
        double t = i * width, weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
        sum += weight * exp(-offered * t) * pow(1 + t, servers);
    }
    return 1 / (offered * sum * width / 3);
}

static void test_erlang_c_of_broken_servers(void **state)
{
    (void)state;
    for (double servers = 0.25; servers < 12; servers += 0.375)
        for (double load = 0.1; load < 0.95; load += 0.2) {
            double b = erlang_b_by_integral(servers, load * servers);
            double expected = b / (1 - load * (1 - b));
            assert_close(mdl_erlang_c(servers, load * servers) / expected, 1, 1e-7);
        }
}

/* Beyond M/M/c, the limits that are exact: M/M/1 in full, mean waits of M/D/1 and M/G/1 (Pollaczek and Khinchine). */
static void test_single_servers(void **state)
{
    (void)state;
    for (double load = 0.1; load < 0.95; load += 0.1) {
        mdl_wait_t wait = mdl_wait_at(&exponential, 1, 1, load);
        assert_close(wait.load, load, 1e-15);
        assert_close(mdl_wait_mean_s(&wait), load / (1 - load), 1e-12);
        for (double t = 0; t < 5; t += 0.5)
            assert_close(mdl_wait_beyond(&wait, t), load * exp(-(1 - load) * t), 1e-12);
        for (double scv = 0; scv < 4; scv += 0.5) {
            wait = mdl_wait_at(&(mdl_holding_t){2, scv}, 1, 1, load / 2);
            assert_close(mdl_wait_mean_s(&wait), 2 * load * (1 + scv) / (2 * (1 - load)), 1e-12);
        }
    }
}

static void test_many_servers(void **state)
{
    (void)state;
    for (int c = 1; c < 200; c = 2 * c + 1)
        for (double load = 0.3; load < 1; load += 0.15) {
            mdl_wait_t wait = mdl_wait_at(&(mdl_holding_t){3, 1}, c, 1, load * c / 3);
            assert_close(wait.probability, erlang_c_by_sums(c, load * c), 1e-12);
            assert_close(mdl_wait_mean_s(&wait), wait.probability * 3 / (c * (1 - load)), 1e-9);
        }
}

static void test_nobody_and_too_many(void **state)
{
    (void)state;
    mdl_latency_t model = {{0.1, 1}, {1, 1}, 4, 1};
    assert_true(mdl_latency_attainment(&model, 0, 0, 0) == 1);
    assert_true(mdl_latency_attainment(&model, 1, 0, 100) == 0);
    assert_true(mdl_latency_attainment(&model, 8, 2, 100) == 0);
    assert_int_equal(mdl_latency_replicas(&model, 0, 1, 0.99), 0);
    assert_true(isinf(mdl_latency_mean_s(&model, 8, 2)) && mdl_latency_load(&model, 8, 2) > 1);
    assert_true(mdl_latency_mean_s(&model, 0, 2) == 0 && mdl_latency_load(&model, 0, 0) == 0);
    mdl_wait_t wait = mdl_wait_at(&(mdl_holding_t){1, 0}, 2, 0, 1.5); /* D/D/2 */
    assert_true(mdl_wait_mean_s(&wait) < 1e-6);
}

/* Where one of the two stations is never short the other alone decides; a replica of one slot is a server. */
static void test_limits_of_the_two_stations(void **state)
{
    (void)state;
    mdl_latency_t prompts = {{0.5, 2}, {0.6, 2}, 100000, 3}, slots = {{0, 0}, {1, 2}, 2, 3},
                  one = {{0.4, 1}, {1, 1}, 1, 1};
    for (double rate = 0.5; rate < 7; rate += 0.5)
        for (double t = 0; t < 2; t += 0.5) {
            mdl_wait_t engine = mdl_wait_at(&prompts.prompt, 4, 3, rate), slot = mdl_wait_at(&slots.slot, 8, 3, rate);
            mdl_wait_t server = mdl_wait_at(&one.slot, 8, 1, rate);
            assert_close(mdl_latency_attainment(&prompts, rate, 4, t), 1 - mdl_wait_beyond(&engine, t), 1e-3);
            assert_close(mdl_latency_attainment(&slots, rate, 4, t), 1 - mdl_wait_beyond(&slot, t), 1e-12);
            assert_close(mdl_latency_attainment(&one, rate, 8, t), 1 - mdl_wait_beyond(&server, t), 1e-12);
        }
}

/* A full replica is a machine repairman's shop: throughput by its balance equations (Feller), engine and rest
 * exponential. */
static void test_slots_share_an_engine(void **state)
{
    (void)state;
    for (uint32_t slots = 1; slots <= 64; slots *= 2)
        for (double prompt = 0.02; prompt < 1; prompt *= 3) {
            mdl_latency_t model = {{prompt, 1}, {1 + prompt, 1}, slots, 1}; /* rest of 1 s */
            double term = 1, sum = 1, idle;
            for (uint32_t k = 0; k < slots; k++) /* k at the engine */
                sum += term *= (slots - k) * prompt;
            idle = 1 / sum;
            assert_close(mdl_latency_slot_s(&model), slots * prompt / (1 - idle), 1e-9 * slots);
        }
}

static mdl_latency_t random_model(sim_rng_t *rng)
{
    double slot_s = sim_draw_lognormal(rng, 0, 1);

    return (mdl_latency_t){.prompt = {slot_s * sim_draw_uniform(rng), 4 * sim_draw_uniform(rng)},
                           .slot = {slot_s, 4 * sim_draw_uniform(rng)},
                           .slots = 1 + (uint32_t)sim_draw_below(rng, 64),
                           .dispersion = 0.2 + sim_draw_lognormal(rng, 0, 1.5)};
}

static void test_attainment_is_monotone(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    for (int trial = 0; trial < 3000; trial++) {
        mdl_latency_t model = random_model(&rng);
        uint32_t replicas = 1 + (uint32_t)sim_draw_below(&rng, 50);
        double rate = replicas * 1.2 * sim_draw_uniform(&rng) / model.prompt.mean_s;
        double target = 3 * sim_draw_uniform(&rng);
        double share = mdl_latency_attainment(&model, rate, replicas, target);
        assert_true(share >= 0 && share <= 1);
        assert_true(mdl_latency_attainment(&model, rate, replicas + 1, target) >= share - 1e-12);
        assert_true(mdl_latency_attainment(&model, rate, replicas, target * 1.1) >= share);
        assert_true(mdl_latency_attainment(&model, rate * 1.01, replicas, target) <= share + 1e-12);
    }
}

static void test_replicas_are_the_fewest(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, SEED, 1, 0, 0, 0);
    for (int trial = 0; trial < 1000; trial++) {
        mdl_latency_t model = random_model(&rng);
        double rate = sim_draw_lognormal(&rng, 2, 2), target = 2 * sim_draw_uniform(&rng);
        double share = 0.5 + 0.499 * sim_draw_uniform(&rng);
        uint32_t need = mdl_latency_replicas(&model, rate, target, share);
        assert_true(mdl_latency_attainment(&model, rate, need, target) >= share);
        assert_true(mdl_latency_attainment(&model, rate, need - 1, target) < share);
        assert_true(mdl_latency_replicas(&model, rate * 1.3, target, share) >= need);
        assert_true(mdl_latency_replicas(&model, rate, target * 1.5, share) <= need);
    }
}

static void test_no_number_is_enough(void **state)
{
    (void)state;
    mdl_latency_t model = {{0, 0}, {1e6, 1}, 1, 1};
    assert_int_equal(mdl_latency_replicas(&model, 1e6, 1, 0.9), MDL_REPLICAS_NEVER);
}

/* A window as long as it takes is the long run; one that is overloaded fills up as fast as the load says. */
static void test_windows(void **state)
{
    (void)state;
    mdl_latency_t model = {{0.2, 1}, {1, 1}, 32, 1};
    double backlog = 0;
    double share = mdl_latency_window(&model, 15, 4, 0.3, 1e7, &backlog);
    assert_close(share, mdl_latency_attainment(&model, 15, 4, 0.3), 1e-12);
    assert_true(backlog == 0);
    share = mdl_latency_window(&model, 40, 4, 1e3, 10, &backlog); /* load 2 */
    assert_close(backlog, 10, 1e-12);
    assert_true(share > 0.999);
    share = mdl_latency_window(&model, 40, 4, 12.5, 10, &backlog); /* crosses the target after 2.5 s */
    assert_close(backlog, 20, 1e-12);
    assert_close(share, 0.25, 0.001);
    share = mdl_latency_window(&model, 10, 4, 12.5, 60, &backlog); /* drains at half a second a second */
    assert_true(backlog == 0);
    assert_close(share, 0.75, 0.001);
}

/* The closed form against the fewest servers by Erlang's formula: exact in the limit, and never off by more than one
 * and 15 % of the headroom from there on that a service fills a few slots. */
static void test_headroom_is_the_need(void **state)
{
    (void)state;
    static const double targets[] = {0, 0.2, 1, 5}, shares[] = {0.9, 0.95, 0.99};
    for (size_t t = 0; t < 4; t++)
        for (size_t s = 0; s < 3; s++) {
            mdl_headroom_t headroom;
            mdl_headroom_init(&headroom, &exponential, 1, targets[t], shares[s]);
            mdl_latency_t model = {{0, 0}, exponential, 1, 1};
            for (double load = 4; load < 5000; load *= 1.37) {
                double need = mdl_latency_replicas(&model, load, targets[t], shares[s]);
                assert_close(mdl_headroom_servers(&headroom, load), need, 1 + 0.15 * (need - load));
            }
        }
}

static void test_headroom_rises_with_load(void **state)
{
    (void)state;
    mdl_headroom_t headroom;
    mdl_headroom_init(&headroom, &(mdl_holding_t){1, 3}, 70, 1, 0.95);
    double before = 0, relative = INFINITY;
    for (double load = 1e-6; load < 1e13; load *= 1.07) {
        double servers = mdl_headroom_servers(&headroom, load);
        assert_true(servers > load && servers > before);
        assert_true(servers / load <= relative * (1 + 1e-12)); /* large services need less of it */
        before = servers;
        relative = servers / load;
    }
    assert_true(mdl_headroom_servers(&headroom, 0) == 0);
}

/* At the loads that the table holds, its ends among them, it says what it holds; and nothing jumps there. */
static void test_headroom_meets_its_table(void **state)
{
    (void)state;
    mdl_headroom_t headroom;
    mdl_headroom_init(&headroom, &(mdl_holding_t){1, 3}, 70, 1, 0.95);
    for (int i = 0; i < MDL_HEADROOM_OCTAVES; i++) {
        double load = (double)(UINT64_C(1) << i), servers = load + headroom.excess[i];
        assert_true(mdl_headroom_servers(&headroom, load) == servers);
        assert_close(mdl_headroom_servers(&headroom, nextafter(load, 0)), servers, 1e-12 * servers);
        assert_close(mdl_headroom_servers(&headroom, nextafter(load, INFINITY)), servers, 1e-12 * servers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_erlang_c_of_whole_servers),
        cmocka_unit_test(test_erlang_c_of_broken_servers),
        cmocka_unit_test(test_single_servers),
        cmocka_unit_test(test_many_servers),
        cmocka_unit_test(test_nobody_and_too_many),
        cmocka_unit_test(test_limits_of_the_two_stations),
        cmocka_unit_test(test_slots_share_an_engine),
        cmocka_unit_test(test_attainment_is_monotone),
        cmocka_unit_test(test_replicas_are_the_fewest),
        cmocka_unit_test(test_no_number_is_enough),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_headroom_is_the_need),
        cmocka_unit_test(test_headroom_rises_with_load),
        cmocka_unit_test(test_headroom_meets_its_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
