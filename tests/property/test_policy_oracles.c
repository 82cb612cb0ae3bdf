// SPDX-License-Identifier: GPL-3.0-or-later
/* Replays of short random streams against simulators that share no code with the scheduler: second by second for each
 * reservation, both orders of events at one instant, counted and single nodes; shortest remaining time first against one
 * GPU taken second by second and against the replay of shared clusters. */
#include "models/replay/queue.h"
#include "models/replay/sharing.h"
#include "sim/draw.h"
#include "tests/support/limit.h"
#include "tests/support/naive_queue.h"
#include "tests/support/test.h"

#define SEED        29
#define STREAMS     (TEST_UNDER_SANITIZER ? 3000 : 100000) /* for each reservation */
#define LONG_QUEUES (TEST_UNDER_SANITIZER ? 10 : 300)

typedef struct stream {
    naive_job_t naive[NAIVE_MOST_JOBS];
    mdl_trace_job_t jobs[NAIVE_MOST_JOBS];
    mdl_trace_t trace;
    int n;
} stream_t;

/* Jobs that come in bursts, some as wide as the cluster, estimates exact or generous. */
static void draw_stream(stream_t *stream, sim_rng_t *rng, int gpus)
{
    int now_s = 0;

    stream->n = sim_draw_bernoulli(rng, 0.1) ? 30 : 6 + (int)sim_draw_below(rng, 8);
    for (int i = 0; i < stream->n; i++) {
        now_s += sim_draw_bernoulli(rng, 0.5) ? 0 : (int)sim_draw_below(rng, 6);
        int run_s = 1 + (int)sim_draw_below(rng, 8);
        int more_s = sim_draw_bernoulli(rng, 0.5) ? (int)sim_draw_below(rng, 6) : 0;
        int widest = sim_draw_bernoulli(rng, 0.3) ? gpus : (gpus + 1) / 2;
        stream->naive[i] = (naive_job_t){.submit_s = now_s,
                                         .run_s = run_s,
                                         .estimate_s = run_s + more_s,
                                         .gpus = 1 + (int)sim_draw_below(rng, (uint64_t)widest)};
    }
}

static void make_trace(stream_t *stream)
{
    for (int i = 0; i < stream->n; i++) {
        const naive_job_t *job = &stream->naive[i];
        stream->jobs[i] = (mdl_trace_job_t){.id = i,
                                            .submit_s = job->submit_s,
                                            .run_s = job->run_s,
                                            .estimate_s = job->estimate_s,
                                            .gpus = (uint32_t)job->gpus,
                                            .job_class = MDL_JOB_FINETUNE};
    }
    stream->trace = (mdl_trace_t){.jobs = stream->jobs, .n = (size_t)stream->n};
}

static void replay(const stream_t *stream, const mdl_replay_setup_t *setup, mdl_replay_result_t *result)
{
    sim_error_t err = {0};

    if (mdl_replay_queue(&stream->trace, setup, result, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(result->n, stream->n);
}

/* Starts, one by one. */
static void compare_starts(const stream_t *stream, const mdl_replay_setup_t *setup, uint64_t number)
{
    mdl_replay_result_t result;

    replay(stream, setup, &result);
    for (int i = 0; i < stream->n; i++)
        if (result.jobs[i].start_s != stream->naive[i].start_s)
            fail_msg("stream %llu, %s, %s, %s%s: job %d of %d starts at %.0f, expected %d", (unsigned long long)number,
                     mdl_orders[setup->policy.order].name, mdl_reservations[setup->policy.reservation].name,
                     setup->one_by_one ? "one by one" : "at once", setup->pool ? ", pool" : "", i, stream->n,
                     result.jobs[i].start_s, stream->naive[i].start_s);
    mdl_replay_free(&result);
}

/* The replay that plays by the naive simulator's rules. */
static mdl_replay_setup_t setup_of(const naive_rules_t *rules, bool pool)
{
    return (mdl_replay_setup_t){.policy = {.order = rules->shortest_first ? MDL_ORDER_SJF : MDL_ORDER_FCFS,
                                           .reservation = (uint8_t)rules->reservation},
                                .nodes = (uint32_t)rules->gpus,
                                .node_gpus = 1,
                                .pool = pool,
                                .one_by_one = rules->one_by_one};
}

static void against_naive(enum mdl_reservation_row reservation)
{
    stream_t stream;
    sim_rng_t rng;

    for (uint64_t number = 0; number < STREAMS; number++) {
        sim_rng_at(&rng, SEED, (uint64_t)reservation, number, 0, 0);
        int gpus = 1 + (int)sim_draw_below(&rng, 9);
        naive_rules_t rules = {.gpus = gpus,
                               .shortest_first = sim_draw_bernoulli(&rng, 0.4),
                               .reservation = reservation,
                               .one_by_one = sim_draw_bernoulli(&rng, 0.5)};
        mdl_replay_setup_t setup = setup_of(&rules, sim_draw_bernoulli(&rng, 0.5));
        draw_stream(&stream, &rng, gpus);
        make_trace(&stream);
        (void)naive_queue_play(stream.naive, stream.n, &rules);
        compare_starts(&stream, &setup, number);
    }
}

static void test_no_reservation(void **state)
{
    (void)state;
    against_naive(MDL_RESERVATION_NONE);
}

static void test_easy(void **state)
{
    (void)state;
    against_naive(MDL_RESERVATION_EASY);
}

static void test_easy_sjbf(void **state)
{
    (void)state;
    against_naive(MDL_RESERVATION_EASY_SJBF);
}

static void test_conservative(void **state)
{
    (void)state;
    against_naive(MDL_RESERVATION_CONSERVATIVE);
}

/* Nearly all jobs come at once and end long before their estimates. */
static void draw_long_queue(stream_t *stream, sim_rng_t *rng, int gpus)
{
    int now_s = 0;

    stream->n = 100 + (int)sim_draw_below(rng, NAIVE_MOST_JOBS - 100);
    for (int i = 0; i < stream->n; i++) {
        now_s += sim_draw_bernoulli(rng, 0.9) ? 0 : (int)sim_draw_below(rng, 6);
        int run_s = 1 + (int)sim_draw_below(rng, 3);
        int widest = sim_draw_bernoulli(rng, 0.5) ? gpus : (gpus + 1) / 2;
        stream->naive[i] = (naive_job_t){.submit_s = now_s,
                                         .run_s = run_s,
                                         .estimate_s = run_s + (int)sim_draw_below(rng, 8),
                                         .gpus = 1 + (int)sim_draw_below(rng, (uint64_t)widest)};
    }
}

/* Where so many jobs wait that one end moves over 64 promises, each sweep goes over from looking at those that it may
 * help to looking at all, and the next one begins with that. */
static void test_conservative_moves_long_queues(void **state)
{
    stream_t stream;
    sim_rng_t rng;
    int many = 0;

    (void)state;
    for (uint64_t number = 0; number < LONG_QUEUES; number++) {
        sim_rng_at(&rng, SEED, 40, number, 0, 0);
        int gpus = 2 + (int)sim_draw_below(&rng, 7);
        naive_rules_t rules = {.gpus = gpus,
                               .shortest_first = sim_draw_bernoulli(&rng, 0.3),
                               .reservation = MDL_RESERVATION_CONSERVATIVE,
                               .one_by_one = sim_draw_bernoulli(&rng, 0.5)};
        mdl_replay_setup_t setup = setup_of(&rules, true);
        draw_long_queue(&stream, &rng, gpus);
        make_trace(&stream);
        many += naive_queue_play(stream.naive, stream.n, &rules) > 64;
        compare_starts(&stream, &setup, number);
    }
    print_message("%d of %d queues with more than 64 moves at once\n", many, LONG_QUEUES);
    assert_true(many > LONG_QUEUES / 8);
}

/* Jobs of one width leave nothing to backfill: all reservations are first come first served. */
static void test_equal_widths_need_no_backfill(void **state)
{
    stream_t stream;
    sim_rng_t rng;

    (void)state;
    for (uint64_t number = 0; number < STREAMS / 10; number++) {
        sim_rng_at(&rng, SEED, 10, number, 0, 0);
        int width = 1 + (int)sim_draw_below(&rng, 3);
        draw_stream(&stream, &rng, 6);
        for (int i = 0; i < stream.n; i++)
            stream.naive[i].gpus = width;
        make_trace(&stream);
        (void)naive_queue_play(stream.naive, stream.n, &(naive_rules_t){.gpus = 6});
        for (uint8_t row = 0; row < MDL_RESERVATIONS; row++)
            compare_starts(
                &stream,
                &(mdl_replay_setup_t){.policy = {.reservation = row}, .nodes = 6, .node_gpus = 1, .pool = true},
                number);
    }
}

static mdl_replay_setup_t srtf(uint32_t gpus)
{
    return (mdl_replay_setup_t){.policy = {.order = MDL_ORDER_SRTF, .preemption = MDL_PREEMPTION_CHECKPOINT},
                                .nodes = gpus,
                                .node_gpus = 1,
                                .pool = true};
}

static void test_srpt_on_one_gpu(void **state)
{
    mdl_replay_setup_t setup = srtf(1);
    mdl_replay_result_t result;
    stream_t stream;
    sim_rng_t rng;

    (void)state;
    for (uint64_t number = 0; number < STREAMS; number++) {
        sim_rng_at(&rng, SEED, 20, number, 0, 0);
        draw_stream(&stream, &rng, 1);
        for (int i = 0; i < stream.n; i++)
            stream.naive[i].estimate_s = stream.naive[i].run_s;
        make_trace(&stream);
        naive_srpt_play(stream.naive, stream.n);
        replay(&stream, &setup, &result);
        for (int i = 0; i < stream.n; i++) {
            assert_true(result.jobs[i].start_s == stream.naive[i].start_s);
            assert_true(result.jobs[i].end_s == stream.naive[i].end_s);
        }
        mdl_replay_free(&result);
    }
}

/* The shared replay counts iterations of 1.015 times the traced length, in doubles. */
static void make_shared(const stream_t *stream, mdl_muri_job_t *shared)
{
    for (int i = 0; i < stream->n; i++)
        shared[i] = (mdl_muri_job_t){.id = i,
                                     .gpus = (uint32_t)stream->naive[i].gpus,
                                     .submit_ms = 1000.0 * stream->naive[i].submit_s,
                                     .iterations = stream->naive[i].run_s,
                                     .iteration_ms = 1000 / 1.015,
                                     .model = "a2c"};
}

static void compare_shared(const stream_t *stream, uint8_t order, uint32_t gpus)
{
    mdl_sharing_options_t options = {.order = order == MDL_ORDER_SRTF ? MDL_SHARING_SRTF : MDL_SHARING_SRSF,
                                     .overhead = MDL_SHARING_OVERHEAD_CONSTANT};
    mdl_replay_setup_t setup = srtf(gpus);
    mdl_muri_job_t shared[NAIVE_MOST_JOBS];
    mdl_muri_t trace = {.jobs = shared, .n = (size_t)stream->n};
    mdl_replay_result_t ours, theirs;
    sim_error_t err = {0};

    setup.policy.order = order;
    make_shared(stream, shared);
    replay(stream, &setup, &ours);
    assert_int_equal(mdl_replay_sharing(&trace, gpus, 1, &options, &theirs, &err), SIM_OK);
    assert_int_equal(theirs.n, ours.n);
    for (size_t i = 0; i < ours.n; i++) {
        const mdl_replay_job_t *job = &ours.jobs[theirs.jobs[i].id];
        assert_close(theirs.jobs[i].start_s, job->start_s, 0.01);
        assert_close(theirs.jobs[i].end_s, job->end_s, 0.01);
    }
    mdl_replay_free(&ours);
    mdl_replay_free(&theirs);
}

/* Where nobody is equal to anybody the two agree. Between equals they need not: the shared replay keeps the order of its
 * last list, the scheduler the order of submission. Lengths of up to 10^8 s make equals rare enough for this seed. */
static void test_preemption_as_in_shared_clusters(void **state)
{
    stream_t stream;
    sim_rng_t rng;

    (void)state;
    for (uint64_t number = 0; number < STREAMS / 10; number++) {
        sim_rng_at(&rng, SEED, 30, number, 0, 0);
        draw_stream(&stream, &rng, 8);
        int now_s = 0;
        for (int i = 0; i < stream.n; i++) {
            now_s += 1 + (int)sim_draw_below(&rng, 20000000);
            stream.naive[i].submit_s = now_s;
            stream.naive[i].run_s = stream.naive[i].estimate_s = 1 + (int)sim_draw_below(&rng, 100000000);
        }
        make_trace(&stream);
        compare_shared(&stream, number % 2 ? MDL_ORDER_SRTF : MDL_ORDER_SRSF, 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_reservation),
        cmocka_unit_test(test_easy),
        cmocka_unit_test(test_easy_sjbf),
        cmocka_unit_test(test_conservative),
        cmocka_unit_test(test_conservative_moves_long_queues),
        cmocka_unit_test(test_equal_widths_need_no_backfill),
        cmocka_unit_test(test_srpt_on_one_gpu),
        cmocka_unit_test(test_preemption_as_in_shared_clusters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
