// SPDX-License-Identifier: GPL-3.0-or-later
/* Jobs that share a cluster in turns, on cases small enough to work out by hand. A job of n iterations runs n seconds. */
#include "models/replay/sharing.h"
#include "models/replay/sort.h"
#include "models/replay/yarn.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#include "models/hardware/cluster.h"

enum { N = 8 };

static const double no_limit = 1e12; /* GPU seconds that no job here attains */

/* A job of `work_s` seconds. */
static mdl_muri_job_t job(int64_t id, double submit_s, uint32_t gpus, double work_s)
{
    return (mdl_muri_job_t){.id = id,
                            .gpus = gpus,
                            .submit_ms = 1000 * submit_s,
                            .iterations = work_s,
                            .iteration_ms = 1000 / 1.015,
                            .model = "bert"};
}

static mdl_replay_result_t replay(mdl_muri_job_t *jobs, size_t n, uint32_t nodes, uint32_t gpus_per_node,
                                  mdl_sharing_options_t options)
{
    mdl_muri_t trace = {.jobs = jobs, .n = n};
    mdl_replay_result_t result;
    sim_error_t err = {0};

    options.pieces = true;
    if (mdl_replay_sharing(&trace, nodes, gpus_per_node, &options, &result, &err) < 0)
        fail_msg("%s", err.message);
    return result;
}

static mdl_sharing_options_t without_overhead(mdl_sharing_order_t order)
{
    return (mdl_sharing_options_t){
        .order = order, .overhead = MDL_SHARING_OVERHEAD_CONSTANT, .limit_gpu_s = {no_limit, no_limit}};
}

static const mdl_replay_job_t *find(const mdl_replay_result_t *result, int64_t id)
{
    for (size_t i = 0; i < result->n; i++)
        if (result->jobs[i].id == id)
            return &result->jobs[i];
    fail_msg("no job %lld", (long long)id);
    return NULL;
}

static void check_job(const mdl_replay_result_t *result, int64_t id, double start_s, double end_s, uint32_t stops)
{
    const mdl_replay_job_t *found = find(result, id);

    assert_close(found->start_s, start_s, 1e-9);
    assert_close(found->end_s, end_s, 1e-9);
    assert_int_equal(found->stops, stops);
    assert_close(found->held_s + found->wait_s, end_s - found->submit_s, 1e-9);
}

static void test_shorter_job_takes_over(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 1, 10), job(1, 3, 1, 2)};

    (void)state;
    mdl_replay_result_t r = replay(jobs, 2, 1, 1, without_overhead(MDL_SHARING_SRTF));
    assert_int_equal(r.jobs[0].id, 1);
    check_job(&r, 0, 0, 12, 1);
    check_job(&r, 1, 3, 5, 0);
    assert_close(find(&r, 0)->wait_s, 2, 1e-9);
    assert_close(r.busy_gpu_s, 12, 1e-9);
    assert_close(r.blocked_gpu_s[MDL_BLOCKED_COUNT], 2, 1e-9);
    assert_int_equal(r.n_pieces, 3);
    assert_close(r.pieces[0].end_s, 3, 1e-9);
    assert_int_equal(r.pieces[1].job, 0); /* of the result: job 1 ended first */
    assert_close(r.pieces[2].start_s, 5, 1e-9);
    assert_close(r.pieces[2].end_s, 12, 1e-9);
    mdl_replay_free(&r);
}

/* The event at 3 s costs the running job one of its three seconds; the stretch from 5 s on is free of overhead. */
static void test_overhead_is_charged_at_events_but_not_at_the_end(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 1, 10), job(1, 3, 1, 2)};
    mdl_sharing_options_t options = without_overhead(MDL_SHARING_SRTF);

    (void)state;
    options.overhead_s = 1;
    mdl_replay_result_t r = replay(jobs, 2, 1, 1, options);
    check_job(&r, 1, 3, 5, 0);
    check_job(&r, 0, 0, 13, 1);
    assert_close(r.allocated_gpu_s, 13, 1e-9);
    assert_close(r.busy_gpu_s, 12, 1e-9);
    mdl_replay_free(&r);
}

/* Job 1 comes and goes beside job 0: two events, each at the cost of job 0's model and size, as in the table. */
static void check_table(const char *model, uint32_t gpus, double overhead_s)
{
    mdl_muri_job_t jobs[] = {job(0, 0, gpus, 1000), job(1, 100, 1, 100)};

    snprintf(jobs[0].model, sizeof jobs[0].model, "%s", model);
    mdl_replay_result_t r = replay(jobs, 2, 16, 8, (mdl_sharing_options_t){.order = MDL_SHARING_SRTF});
    check_job(&r, 0, 0, 1000 + 2 * overhead_s, 0);
    mdl_replay_free(&r);
}

static void test_overhead_by_model_and_size(void **state)
{
    (void)state;
    check_table("vgg16", 1, 7);
    check_table("vgg16", 4, 8);
    check_table("vgg19", 32, 10);
    check_table("resnet18", 2, 5);
    check_table("shufflenet_v2_x1_0", 16, 7);
    check_table("a2c", 1, 38);
    check_table("a2c", 8, 46);
    check_table("dqn", 64, 8);
    check_table("dqn", 3, 6);
    check_table("gpt2", 1, 10);
    check_table("something-new", 1, 10);
}

static void test_service_counts_gpus_for_srsf_only(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 4, 10), job(1, 0, 1, 20)}; /* 40 and 20 GPU seconds */

    (void)state;
    mdl_replay_result_t r = replay(jobs, 2, 1, 4, without_overhead(MDL_SHARING_SRTF));
    check_job(&r, 0, 0, 10, 0);
    check_job(&r, 1, 10, 30, 0);
    mdl_replay_free(&r);
    r = replay(jobs, 2, 1, 4, without_overhead(MDL_SHARING_SRSF));
    check_job(&r, 1, 0, 20, 0);
    check_job(&r, 0, 20, 30, 0);
    mdl_replay_free(&r);
}

static void test_ties_keep_the_order_of_the_file(void **state)
{
    mdl_muri_job_t jobs[] = {job(7, 0, 1, 5), job(3, 0, 1, 5), job(9, 0, 1, 5), job(1, 0, 1, 5)};

    (void)state;
    for (int order = 0; order <= MDL_SHARING_LAS; order++) {
        mdl_replay_result_t r = replay(jobs, 4, 1, 2, without_overhead((mdl_sharing_order_t)order));
        int64_t expected[] = {7, 3, 9, 1};
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(r.jobs[i].id, expected[i]);
            assert_close(r.jobs[i].end_s, i < 2 ? 5 : 10, 1e-9);
        }
        mdl_replay_free(&r);
    }
}

static void test_file_need_not_be_in_order_of_submission(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 50, 1, 1), job(1, 10, 1, 1)};

    (void)state;
    mdl_replay_result_t r = replay(jobs, 2, 1, 1, without_overhead(MDL_SHARING_SRTF));
    check_job(&r, 1, 10, 11, 0);
    check_job(&r, 0, 50, 51, 0);
    mdl_replay_free(&r);
}

/* Two ends of which the second comes 1e-10 later, relative: one event, at the time of the one that was listed first,
 * which is the shorter job's. 1e-8 later they are two. LAS joins equal ends only. */
static void test_ends_that_are_one_event(void **state)
{
    mdl_muri_job_t near[] = {job(0, 0, 1, 1e6 + 1e-4), job(1, 0, 1, 1e6)};
    mdl_muri_job_t apart[] = {job(0, 0, 1, 1e6 + 1e-2), job(1, 0, 1, 1e6)};

    (void)state;
    mdl_replay_result_t r = replay(near, 2, 1, 2, without_overhead(MDL_SHARING_SRTF));
    assert_int_equal(r.jobs[0].id, 1);
    assert_true(r.jobs[0].end_s == r.jobs[1].end_s);
    assert_close(r.jobs[0].end_s, 1e6, 1e-6);
    mdl_replay_free(&r);
    r = replay(near, 2, 1, 2, without_overhead(MDL_SHARING_LAS));
    assert_true(r.jobs[0].end_s < r.jobs[1].end_s);
    mdl_replay_free(&r);
    r = replay(apart, 2, 1, 2, without_overhead(MDL_SHARING_SRTF));
    assert_true(r.jobs[0].end_s < r.jobs[1].end_s);
    mdl_replay_free(&r);
}

/* Limits 10 and 20 GPU s, one GPU. Job 0 goes down at 10. Job 1 comes at 12 into the first queue and takes over; at 22
 * it goes down behind job 0, which runs till it has had 20, at 30, and goes down again; job 1 ends at 35, and so on. */
static void test_demotion(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 1, 100), job(1, 12, 1, 15)};
    mdl_sharing_options_t options = without_overhead(MDL_SHARING_LAS);

    (void)state;
    options.limit_gpu_s[0] = 10;
    options.limit_gpu_s[1] = 20;
    mdl_replay_result_t r = replay(jobs, 2, 1, 1, options);
    check_job(&r, 1, 12, 35, 1);
    check_job(&r, 0, 0, 115, 2);
    assert_int_equal(r.n_pieces, 5);
    assert_close(r.pieces[2].start_s, 22, 1e-9);
    assert_close(r.pieces[2].end_s, 30, 1e-9);
    mdl_replay_free(&r);
}

/* The limit is one of GPU seconds, and its time is rounded up to whole seconds: 10 GPU s of 3 GPUs are 4 s. */
static void test_demotion_counts_gpus(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 3, 100), job(1, 1, 1, 5)};
    mdl_sharing_options_t options = without_overhead(MDL_SHARING_LAS);

    (void)state;
    options.limit_gpu_s[0] = 10;
    mdl_replay_result_t r = replay(jobs, 2, 1, 3, options);
    check_job(&r, 1, 4, 9, 0);
    check_job(&r, 0, 0, 105, 1);
    mdl_replay_free(&r);
}

static void test_later_smaller_jobs_may_run(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 3, 10), job(1, 1, 2, 20), job(2, 2, 1, 30)};

    (void)state;
    for (int order = 0; order <= MDL_SHARING_LAS; order++) {
        mdl_replay_result_t r = replay(jobs, 3, 1, 4, without_overhead((mdl_sharing_order_t)order));
        check_job(&r, 1, 10, 30, 0);
        check_job(&r, 2, 2, 32, 0);
        assert_close(r.blocked_gpu_s[MDL_BLOCKED_COUNT], 9 * 2, 1e-9);
        mdl_replay_free(&r);
    }
}

/* Two nodes of 8: jobs of 5, 5 and 4 leave six free GPUs in two halves. Tiresias counts GPUs and does not see that. */
static void test_fragments_block_a_job(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 5, 10), job(1, 0, 5, 11), job(2, 0, 4, 12)};

    (void)state;
    mdl_replay_result_t r = replay(jobs, 3, 2, 8, without_overhead(MDL_SHARING_SRTF));
    check_job(&r, 2, 10, 22, 0);
    assert_close(r.blocked_gpu_s[MDL_BLOCKED_DOMAIN], 10 * 4, 1e-9);
    assert_int_equal(find(&r, 1)->first_node, 0); /* the cluster was filled again when job 0 had left */
    assert_int_equal(find(&r, 2)->first_node, 0);
    mdl_replay_free(&r);
    r = replay(jobs, 3, 2, 8, without_overhead(MDL_SHARING_LAS));
    check_job(&r, 2, 0, 12, 0);
    assert_int_equal(find(&r, 2)->first_node, MDL_NONE);
    mdl_replay_free(&r);
}

static void test_odd_jobs(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 0, 17, 10), job(1, 5, 1, 0), job(2, 5, 0, 1), job(3, 5, 16, 0), job(4, 5, 16, 3)};

    (void)state;
    jobs[3].iterations = 4; /* of no length */
    jobs[3].iteration_ms = 0;
    for (int order = 0; order <= MDL_SHARING_LAS; order++) {
        mdl_replay_result_t r = replay(jobs, 5, 2, 8, (mdl_sharing_options_t){.order = (mdl_sharing_order_t)order});
        assert_int_equal(r.n, 3);
        assert_int_equal(r.refused, 2);
        check_job(&r, 1, 5, 5, 0);
        check_job(&r, 3, 5, 5, 0);
        check_job(&r, 4, 5, 8, 0);
        assert_int_equal(r.gpus, 16);
        mdl_replay_free(&r);
        r = replay(jobs, 0, 2, 8, (mdl_sharing_options_t){.order = (mdl_sharing_order_t)order});
        assert_int_equal(r.n, 0);
        mdl_replay_free(&r);
        mdl_replay_free(&r);
    }
}

/* The published simulators keep a job that never fits in the list: that it comes costs the others what any event does.
 * One that comes when all have ended changes nothing. */
static void test_a_refused_job_comes_too(void **state)
{
    mdl_muri_job_t jobs[] = {job(0, 50, 9, 1), job(1, 0, 1, 100), job(2, 200, 9, 1), job(3, 20, 9, 1)};

    (void)state;
    for (int order = 0; order <= MDL_SHARING_LAS; order++) {
        mdl_sharing_options_t options = without_overhead((mdl_sharing_order_t)order);
        options.overhead_s = 10;
        mdl_replay_result_t r = replay(jobs, 4, 1, 8, options);
        assert_int_equal(r.n, 1);
        assert_int_equal(r.refused, 3);
        check_job(&r, 1, 0, 120, 0); /* 10 s of work by 20, 20 more by 50, 70 to go */
        mdl_replay_free(&r);
    }
}

static void refuse(mdl_muri_job_t *jobs, uint32_t nodes, uint32_t gpus, mdl_sharing_options_t options, const char *text)
{
    mdl_muri_t trace = {.jobs = jobs, .n = 1};
    mdl_replay_result_t result;
    sim_error_t err = {0};

    assert_int_equal(mdl_replay_sharing(&trace, nodes, gpus, &options, &result, &err), SIM_EINPUT);
    assert_null(result.jobs);
    if (strstr(err.message, text) == NULL)
        fail_msg("%s does not say %s", err.message, text);
}

static void test_bad_input_is_refused(void **state)
{
    mdl_muri_job_t good = job(0, 0, 1, 1), late = job(4, -1, 1, 1), endless = job(5, 0, 1, INFINITY);

    (void)state;
    refuse(&good, 0, 8, (mdl_sharing_options_t){0}, "0 nodes");
    refuse(&good, UINT32_MAX, 2, (mdl_sharing_options_t){0}, "GPUs");
    refuse(&good, 1, 1, (mdl_sharing_options_t){.overhead_s = -1}, "overhead -1");
    refuse(&good, 1, 1, (mdl_sharing_options_t){.limit_gpu_s = {0, NAN}}, "nan");
    refuse(&late, 1, 1, (mdl_sharing_options_t){0}, "job 4");
    refuse(&endless, 1, 1, (mdl_sharing_options_t){0}, "inf");
}

static void test_first_fit_on_nodes(void **state)
{
    mdl_yarn_t yarn;

    (void)state;
    assert_int_equal(mdl_yarn_init(&yarn, 4, 4), 0);
    assert_int_equal(mdl_yarn_place(&yarn, 1), 0);
    assert_int_equal(mdl_yarn_place(&yarn, 4), 1);
    assert_int_equal(mdl_yarn_place(&yarn, 12), MDL_NONE);
    assert_int_equal(mdl_yarn_place(&yarn, 11), 0); /* nodes 2 and 3, and the three left on node 0 */
    assert_int_equal(yarn.free_gpus, 0);
    assert_int_equal(mdl_yarn_place(&yarn, 1), MDL_NONE);
    mdl_yarn_empty(&yarn);
    assert_int_equal(mdl_yarn_place(&yarn, 2), 0);
    assert_int_equal(mdl_yarn_place(&yarn, 15), MDL_NONE); /* more than is free */
    assert_int_equal(mdl_yarn_place(&yarn, 7), 1);         /* node 1 and three of node 2: node 0 has two */
    assert_int_equal(mdl_yarn_place(&yarn, 7), MDL_NONE);  /* node 3 is empty, but three more are nowhere */
    assert_int_equal(mdl_yarn_place(&yarn, 6), 0);         /* node 3, and two of node 0 */
    assert_int_equal(yarn.free_gpus, 1);
    assert_int_equal(mdl_yarn_place(&yarn, 1), 2);
    mdl_yarn_free(&yarn);
}

static void test_sort_is_stable(void **state)
{
    mdl_replay_key_t scratch[N], keys[N] = {{3, 0}, {1, 1}, {3, 2}, {2, 3}, {1, 4}, {0, 5}, {0, 6}, {3, 7}};
    uint32_t expected[N] = {5, 6, 1, 4, 3, 0, 2, 7};

    (void)state;
    mdl_replay_sort(keys, scratch, N);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(keys[i].index, expected[i]);
    mdl_replay_sort(keys, scratch, 0);
}

/* Random keys, few different ones, sorted ones, and organ pipes, which defeat the choice of a pivot. */
static double key_of(int kind, size_t i, size_t n, sim_rng_t *rng)
{
    switch (kind) {
    case 0: return sim_draw_uniform(rng);
    case 1: return (double)sim_draw_below(rng, 3);
    case 2: return (double)i;
    default: return (double)(i < n / 2 ? i : n - i);
    }
}

/* Whether a selection puts at `place` what a sort puts there, and nothing on the wrong side of it. */
static void select_is_sort(const mdl_replay_key_t *sorted, mdl_replay_key_t *keys, mdl_replay_key_t *scratch, size_t n,
                           size_t place)
{
    mdl_replay_select(keys, scratch, n, place);
    assert_true(keys[place].key == sorted[place].key);
    for (size_t i = 0; i < n; i++)
        assert_true(i < place ? keys[i].key <= keys[place].key : keys[i].key >= keys[place].key);
}

static void test_selection_agrees_with_sort(void **state)
{
    enum { MOST = 300 };
    mdl_replay_key_t keys[MOST], sorted[MOST], scratch[MOST];
    sim_rng_t rng;

    (void)state;
    sim_rng_at(&rng, 1, 0, 0, 0, 0);
    for (int kind = 0; kind < 4; kind++)
        for (size_t n = 1; n <= MOST; n += n < 8 ? 1 : 73) {
            for (size_t i = 0; i < n; i++)
                keys[i] = sorted[i] = (mdl_replay_key_t){.key = key_of(kind, i, n, &rng), .index = (uint32_t)i};
            mdl_replay_sort(sorted, scratch, n);
            for (size_t place = 0; place < n; place++)
                select_is_sort(sorted, keys, scratch, n, place);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selection_agrees_with_sort),
        cmocka_unit_test(test_shorter_job_takes_over),
        cmocka_unit_test(test_overhead_is_charged_at_events_but_not_at_the_end),
        cmocka_unit_test(test_overhead_by_model_and_size),
        cmocka_unit_test(test_service_counts_gpus_for_srsf_only),
        cmocka_unit_test(test_ties_keep_the_order_of_the_file),
        cmocka_unit_test(test_file_need_not_be_in_order_of_submission),
        cmocka_unit_test(test_ends_that_are_one_event),
        cmocka_unit_test(test_demotion),
        cmocka_unit_test(test_demotion_counts_gpus),
        cmocka_unit_test(test_later_smaller_jobs_may_run),
        cmocka_unit_test(test_fragments_block_a_job),
        cmocka_unit_test(test_odd_jobs),
        cmocka_unit_test(test_a_refused_job_comes_too),
        cmocka_unit_test(test_bad_input_is_refused),
        cmocka_unit_test(test_first_fit_on_nodes),
        cmocka_unit_test(test_sort_is_stable),
    };
    return cmocka_run_group_tests_name("unit.replay_sharing", tests, NULL, NULL);
}
