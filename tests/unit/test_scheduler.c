// SPDX-License-Identifier: GPL-3.0-or-later
/* The scheduler on cases small enough to work out by hand. */
#include "tests/support/cluster_run.h"
#include "tests/support/test.h"

static const mdl_job_t *job_at(const test_cluster_run_t *run, uint32_t job)
{
    return mdl_scheduler_job(run->scheduler, job);
}

static void verify(const test_cluster_run_t *run)
{
    sim_error_t err = {0};

    if (mdl_scheduler_verify(run->scheduler, run->cluster, &err) < 0)
        fail_msg("%s", err.message);
}

static void test_head_that_does_not_fit_holds_up_the_rest(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_init(&run, 2, 16, 2);
    mdl_scheduler_set_quota(run.scheduler, 0, 64);
    uint32_t a = test_cluster_run_submit(&run, 0, 12, 100); /* one whole node and half of the other */
    uint32_t b = test_cluster_run_submit(&run, 0, 8, 100);  /* waits: no whole node */
    uint32_t c = test_cluster_run_submit(&run, 1, 2, 100);  /* would fit; stands behind b */
    assert_int_equal(job_at(&run, a)->state, MDL_JOB_RUNNING);
    assert_int_equal(job_at(&run, b)->state, MDL_JOB_QUEUED);
    assert_int_equal(job_at(&run, c)->state, MDL_JOB_QUEUED);
    verify(&run);
    test_cluster_run_to(&run, 100);
    assert_int_equal(job_at(&run, b)->start_s, 100);
    assert_int_equal(job_at(&run, c)->start_s, 100);
    assert_int_equal(run.scheduler->counts[MDL_JOB_FINETUNE].wait_s, 200);
    verify(&run);
    test_cluster_run_free(&run);
}

static void test_quota_holds_up_its_own_tenant_only(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_init(&run, 2, 16, 2);
    mdl_scheduler_set_quota(run.scheduler, 0, 8);
    uint32_t a = test_cluster_run_submit(&run, 0, 6, 100);
    uint32_t b = test_cluster_run_submit(&run, 0, 4, 100); /* 6 + 4 > 8 */
    uint32_t c = test_cluster_run_submit(&run, 1, 4, 50);
    assert_int_equal(job_at(&run, a)->state, MDL_JOB_RUNNING);
    assert_int_equal(job_at(&run, b)->state, MDL_JOB_QUEUED);
    assert_int_equal(job_at(&run, c)->state, MDL_JOB_RUNNING);
    test_cluster_run_to(&run, 99);
    assert_int_equal(job_at(&run, b)->state, MDL_JOB_QUEUED);
    assert_int_equal(run.scheduler->blocked_gpu_s[MDL_BLOCKED_QUOTA], 99 * 4);
    test_cluster_run_to(&run, 100);
    assert_int_equal(job_at(&run, b)->state, MDL_JOB_RUNNING);
    assert_int_equal(test_cluster_run_submit(&run, 0, 9, 1), MDL_NONE); /* larger than the quota */
    verify(&run);
    test_cluster_run_free(&run);
}

static void test_what_can_never_run_is_refused_and_counted(void **state)
{
    test_cluster_run_t run;
    mdl_job_request_t wide = {
        .work_s = 1, .gpus = 16, .interval_s = 1, .job_class = MDL_JOB_TRAINING, .tightly_coupled = true};

    (void)state;
    test_cluster_run_init(&run, 4, 2, 1);
    assert_int_equal(test_cluster_run_submit(&run, 0, 33, 1), MDL_NONE);
    run.scheduler->fabric = false;
    assert_int_equal(mdl_scheduler_submit(run.scheduler, run.cluster, 0, 0, &wide), MDL_NONE);
    wide.gpus = 8; /* one node needs no fabric */
    assert_int_not_equal(mdl_scheduler_submit(run.scheduler, run.cluster, 0, 0, &wide), MDL_NONE);
    assert_int_not_equal(test_cluster_run_submit(&run, 0, 16, 10), MDL_NONE); /* not tightly coupled */
    assert_int_equal(test_cluster_run_submit(&run, 0, 1, 10), MDL_NONE);      /* the table of two is full */
    assert_int_equal(test_cluster_run_submitted(&run), 5);
    assert_int_equal(run.scheduler->present, 2);
    assert_int_equal(run.scheduler->counts[MDL_JOB_TRAINING].refused, 1);
    assert_int_equal(run.scheduler->counts[MDL_JOB_FINETUNE].refused, 2);
    verify(&run);
    test_cluster_run_free(&run);
}

static void test_requeued_job_goes_first_with_what_it_saved(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_init(&run, 1, 16, 1);
    uint32_t a = test_cluster_run_submit(&run, 0, 8, 1000);
    uint32_t b = test_cluster_run_submit(&run, 0, 8, 1000);
    test_cluster_run_to(&run, 250);
    mdl_scheduler_job(run.scheduler, a)->interval_s = 100;
    test_cluster_run_requeue(&run, a);
    test_cluster_run_pass(&run);
    assert_int_equal(job_at(&run, a)->state, MDL_JOB_RUNNING);
    assert_int_equal(job_at(&run, a)->work_s, 800);
    assert_int_equal(job_at(&run, b)->state, MDL_JOB_QUEUED);
    test_cluster_run_to(&run, 1050);
    assert_int_equal(job_at(&run, b)->start_s, 1050);
    assert_int_equal(run.scheduler->counts[MDL_JOB_FINETUNE].started, 2);
    assert_int_equal(run.scheduler->counts[MDL_JOB_FINETUNE].restarted, 1);
    assert_int_equal(run.scheduler->counts[MDL_JOB_FINETUNE].wait_s, 1050);
    verify(&run);
    test_cluster_run_free(&run);
}

/* An elastic job takes what there is, grows when told, and what it lacks is counted. */
static void test_elastic_job_stretches(void **state)
{
    (void)state;
    for (int pool = 0; pool < 2; pool++) {
        test_cluster_run_t run;
        (pool ? test_cluster_run_init_pool : test_cluster_run_init)(&run, 4, 16, 2);
        uint32_t other = test_cluster_run_submit(&run, 1, 16, 100);
        uint32_t a = test_cluster_run_submit_elastic(&run, 0, 24);
        assert_int_equal(job_at(&run, a)->gpus, 16);
        assert_int_equal(run.scheduler->short_gpus, 8);
        verify(&run);
        test_cluster_run_to(&run, 100); /* the other one ends */
        assert_int_equal(job_at(&run, other)->state, MDL_JOB_FREE);
        assert_int_equal(run.scheduler->blocked_gpu_s[MDL_BLOCKED_FAILURE], 800);
        mdl_scheduler_resize(run.scheduler, run.cluster, a, 32);
        assert_int_equal(job_at(&run, a)->gpus, 32);
        mdl_scheduler_lose_node(run.scheduler, run.cluster, a, pool ? MDL_NONE : 2);
        assert_int_equal(job_at(&run, a)->gpus, 24);
        assert_int_equal(run.cluster->free_gpus, 8);
        if (!pool)
            assert_int_equal(mdl_cluster_node(run.cluster, 2)->first_job, MDL_NONE);
        assert_int_equal(run.scheduler->counts[MDL_JOB_INFERENCE].restarted, 1);
        verify(&run);
        mdl_scheduler_resize(run.scheduler, run.cluster, a, 8);
        assert_int_equal(run.scheduler->allocated_gpus, 8);
        assert_int_equal(run.scheduler->short_gpus, 0);
        test_cluster_run_requeue(&run, a);
        mdl_scheduler_resize(run.scheduler, run.cluster, a, 16); /* while it waits */
        test_cluster_run_pass(&run);
        assert_int_equal(job_at(&run, a)->gpus, 16);
        verify(&run);
        test_cluster_run_cancel(&run, a);
        assert_int_equal(run.cluster->free_gpus, 32);
        verify(&run);
        test_cluster_run_free(&run);
    }
}

/* Sets widths of services, some at a time, one way or the other. */
static void set_widths(test_cluster_run_t *run, const uint32_t *jobs, uint32_t n, uint32_t *seed, bool together)
{
    mdl_widths_t widths;

    mdl_widths_open(&widths, run->scheduler, run->cluster);
    for (uint32_t i = 0; i < n; i++) {
        mdl_job_t *job = mdl_scheduler_job(run->scheduler, jobs[i]);
        *seed = *seed * 1664525 + 1013904223;
        uint32_t gpus = MDL_NODE_GPUS * (1 + (*seed >> 24) % 5);
        if (together && mdl_widths_set(&widths, run->scheduler, job, gpus))
            continue;
        mdl_widths_close(&widths, run->scheduler, run->cluster);
        if (gpus != job->gpus || gpus != job->wanted_gpus)
            mdl_scheduler_resize(run->scheduler, run->cluster, jobs[i], gpus);
        mdl_widths_open(&widths, run->scheduler, run->cluster);
    }
    mdl_widths_close(&widths, run->scheduler, run->cluster);
}

/* Widths that are changed together come to what they come to one by one, to the bit, on nodes and in pools, with and
 * without a bound on what all may use. */
static void test_widths_together_are_widths_one_by_one(void **state)
{
    enum { SERVICES = 6, NODES = 16 };

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        test_cluster_run_t run[2];
        uint32_t jobs[SERVICES], seed[2] = {7, 7};
        for (int together = 0; together < 2; together++) {
            (kind == 0 ? test_cluster_run_init : test_cluster_run_init_pool)(&run[together], NODES, 16, SERVICES);
            for (uint32_t t = 0; t < SERVICES; t++)
                jobs[t] = test_cluster_run_submit_elastic(&run[together], t, MDL_NODE_GPUS);
            if (kind == 2)
                mdl_scheduler_set_most(run[together].scheduler, 14 * MDL_NODE_GPUS);
        }
        for (int round = 0; round < 500; round++) {
            for (int together = 0; together < 2; together++) {
                set_widths(&run[together], jobs, SERVICES, &seed[together], together);
                if (round % 7 == 0)
                    test_cluster_run_pass(&run[together]);
                verify(&run[together]);
            }
            size_t used = (size_t)((char *)mdl_scheduler_job(run[0].scheduler, SERVICES) - (char *)run[0].scheduler);
            assert_memory_equal(run[0].scheduler, run[1].scheduler, used);
            assert_memory_equal(run[0].cluster, run[1].cluster, mdl_cluster_size(run[0].cluster));
        }
        test_cluster_run_free(&run[0]);
        test_cluster_run_free(&run[1]);
    }
}

static mdl_blocked_t reason(const test_cluster_run_t *run, uint32_t gpus)
{
    return mdl_scheduler_reason(run->cluster, &(mdl_job_t){.gpus = gpus});
}

static void test_reasons_for_waiting(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_init(&run, 4, 16, 1);
    mdl_cluster_set_powered(run.cluster, 3, false);
    mdl_cluster_set_broken(run.cluster, 2, true);
    test_cluster_run_submit(&run, 0, 4, 100);
    assert_int_equal(reason(&run, 12), MDL_BLOCKED_DOMAIN);
    assert_int_equal(reason(&run, 16), MDL_BLOCKED_FAILURE);
    assert_int_equal(reason(&run, 24), MDL_BLOCKED_POWER);
    assert_int_equal(reason(&run, 32), MDL_BLOCKED_COUNT);
    test_cluster_run_submit(&run, 0, 16, 100);
    test_cluster_run_to(&run, 100);
    assert_int_equal(run.scheduler->blocked_gpu_s[MDL_BLOCKED_FAILURE], 1600);
    test_cluster_run_free(&run);
}

/* Where all tenants together may use no more, a head that there are nodes for waits for that, not for whole nodes. */
static void test_a_bound_on_all_is_a_quota(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_init(&run, 4, 16, 2);
    mdl_scheduler_set_most(run.scheduler, 16);
    test_cluster_run_submit(&run, 0, 16, 100);
    test_cluster_run_submit(&run, 1, 8, 100);
    test_cluster_run_to(&run, 100);
    assert_int_equal(run.scheduler->blocked_gpu_s[MDL_BLOCKED_QUOTA], 800);
    test_cluster_run_free(&run);
}

/* An elastic job that finds more nodes than all tenants together may use gives them back, and waits at the width that it
 * wants. */
static void test_a_bound_on_all_sends_an_elastic_job_back(void **state)
{
    (void)state;
    for (int pool = 0; pool < 2; pool++) {
        test_cluster_run_t run;
        (pool ? test_cluster_run_init_pool : test_cluster_run_init)(&run, 4, 16, 2);
        mdl_scheduler_set_most(run.scheduler, 24);
        (void)test_cluster_run_submit(&run, 1, 8, 100);
        uint32_t elastic = test_cluster_run_submit_elastic(&run, 0, 32); /* on 3 nodes, were there no bound */
        assert_int_equal(job_at(&run, elastic)->state, MDL_JOB_QUEUED);
        assert_int_equal(job_at(&run, elastic)->gpus, 32);
        assert_int_equal(run.cluster->free_gpus, 24);
        assert_int_equal(run.scheduler->allocated_gpus, 8);
        assert_int_equal(run.scheduler->short_gpus, 0);
        verify(&run);
        mdl_scheduler_set_most(run.scheduler, 32);
        test_cluster_run_pass(&run);
        assert_int_equal(job_at(&run, elastic)->gpus, 24);
        assert_int_equal(run.scheduler->short_gpus, 8);
        verify(&run);
        test_cluster_run_free(&run);
    }
}

/* 2 whole nodes and 3 GPUs: the remainder goes where it fits best. */
static void test_gang_with_a_remainder(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_init(&run, 4, 16, 1);
    uint32_t small = test_cluster_run_submit(&run, 0, 5, 10);
    uint32_t gang = test_cluster_run_submit(&run, 0, 19, 10);
    assert_int_equal(job_at(&run, gang)->part_node, job_at(&run, small)->part_node);
    assert_int_equal(run.cluster->in_bucket[0], 3);
    assert_int_equal(run.cluster->in_bucket[8], 1);
    verify(&run);
    test_cluster_run_to(&run, 10);
    assert_int_equal(run.cluster->in_bucket[8], 4);
    verify(&run);
    test_cluster_run_free(&run);
}

static void test_grows_while_jobs_run_and_wait(void **state)
{
    test_cluster_run_t run;

    (void)state;
    test_cluster_run_init(&run, 2, 4, 2);
    for (int i = 0; i < 4; i++)
        test_cluster_run_submit(&run, (uint32_t)i % 2, 8, 100 + i);
    assert_int_equal(test_cluster_run_submit(&run, 0, 8, 100), MDL_NONE);
    mdl_scheduler_t *larger = aligned_alloc(64, mdl_scheduler_bytes(8, 5, &run.scheduler->policy));
    mdl_scheduler_grow_into(larger, 8, 5, run.scheduler);
    free(run.scheduler);
    run.scheduler = larger;
    verify(&run);
    mdl_scheduler_open_tenant(run.scheduler, 4, 16);
    assert_int_not_equal(test_cluster_run_submit(&run, 4, 16, 1), MDL_NONE);
    test_cluster_run_to(&run, 1000);
    assert_int_equal(run.scheduler->counts[MDL_JOB_FINETUNE].ended[MDL_END_FINISHED], 5);
    verify(&run);
    test_cluster_run_free(&run);
}

/* Start-up 10 s, then 100 s of computing and 5 s of checkpoint in turn, until 250 s are computed. */
static void test_progress_of_a_job_with_checkpoints(void **state)
{
    mdl_job_t job = {.compute_from_s = 10, .work_s = 250, .startup_s = 10, .interval_s = 100, .pause_s = 5};
    const struct {
        int64_t at_s, computed_s, saved_s;
    } expected[] = {{0, 0, 0},       {10, 0, 0},      {11, 1, 0},      {110, 100, 0},   {114, 100, 0},  {115, 100, 100},
                    {116, 101, 100}, {219, 200, 100}, {220, 200, 200}, {269, 249, 200}, {270, 250, 250}};

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        mdl_progress_t progress = mdl_job_progress(&job, expected[i].at_s);
        assert_int_equal(progress.computed_s, expected[i].computed_s);
        assert_int_equal(progress.saved_s, expected[i].saved_s);
    }
    assert_int_equal(mdl_job_attempt_s(&job), 270);
    job.work_s = 200; /* no checkpoint is written at the very end */
    assert_int_equal(mdl_job_attempt_s(&job), 215);
}

/* However long it computes, and whatever a checkpoint would cost. */
static void test_a_job_without_checkpoints_never_pauses(void **state)
{
    const int64_t work_s = INT64_C(1) << 40;
    mdl_job_t job = {.work_s = work_s, .interval_s = INT32_MAX, .pause_s = 1000};
    mdl_progress_t late = mdl_job_progress(&job, work_s - 1), end = mdl_job_progress(&job, work_s);

    (void)state;
    assert_int_equal(mdl_job_attempt_s(&job), work_s);
    assert_true(late.computed_s == work_s - 1 && late.saved_s == 0);
    assert_true(end.computed_s == work_s && end.saved_s == work_s);
}

static void damage(test_cluster_run_t *run, uint32_t running, uint32_t queued, int kind)
{
    mdl_scheduler_t *scheduler = run->scheduler;
    mdl_job_t *job = mdl_scheduler_job(scheduler, running);

    switch (kind) {
    case 0: job->gpus++; break;
    case 1: mdl_cluster_node(run->cluster, job->gang)->first_job = MDL_NONE; break;
    case 2: mdl_scheduler_holding(scheduler, 0)->used_gpus--; break;
    case 3: mdl_scheduler_holding(scheduler, 0)->limit_gpus = 1; break;
    case 4: mdl_scheduler_job(scheduler, queued)->sequence = 1000; break;
    case 5: mdl_scheduler_job(scheduler, queued)->tenant = 1; break;
    case 6: scheduler->counts[MDL_JOB_BATCH].ended[MDL_END_FAILED]++; break;
    case 7: scheduler->present--; break;
    case 8: mdl_scheduler_tenant(scheduler, 0)->queued_gpu_s++; break;
    case 9: scheduler->allocated_gpus++; break;
    case 10: scheduler->held_gpus++; break;
    case 11: mdl_scheduler_tenant(scheduler, 0)->status = MDL_QUEUE_EMPTY; break;
    case 12: mdl_scheduler_tenant(scheduler, 1)->status = MDL_QUEUE_HELD; break;
    default: mdl_cluster_node(run->cluster, job->part_node)->first_job = MDL_NONE; break;
    }
}

static void test_verify_catches_each_damage(void **state)
{
    (void)state;
    for (int kind = 0; kind <= 13; kind++) {
        test_cluster_run_t run;
        sim_error_t err = {0};
        test_cluster_run_init(&run, 2, 16, 2);
        uint32_t running = test_cluster_run_submit(&run, 0, 12, 100);
        uint32_t queued = test_cluster_run_submit(&run, 0, 8, 100);
        test_cluster_run_submit(&run, 0, 8, 100);
        verify(&run);
        damage(&run, running, queued, kind);
        assert_int_equal(mdl_scheduler_verify(run.scheduler, run.cluster, &err), SIM_EINVARIANT);
        assert_true(strlen(err.message) > 0);
        test_cluster_run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_that_does_not_fit_holds_up_the_rest),
        cmocka_unit_test(test_quota_holds_up_its_own_tenant_only),
        cmocka_unit_test(test_what_can_never_run_is_refused_and_counted),
        cmocka_unit_test(test_requeued_job_goes_first_with_what_it_saved),
        cmocka_unit_test(test_elastic_job_stretches),
        cmocka_unit_test(test_widths_together_are_widths_one_by_one),
        cmocka_unit_test(test_reasons_for_waiting),
        cmocka_unit_test(test_a_bound_on_all_is_a_quota),
        cmocka_unit_test(test_a_bound_on_all_sends_an_elastic_job_back),
        cmocka_unit_test(test_gang_with_a_remainder),
        cmocka_unit_test(test_grows_while_jobs_run_and_wait),
        cmocka_unit_test(test_progress_of_a_job_with_checkpoints),
        cmocka_unit_test(test_a_job_without_checkpoints_never_pauses),
        cmocka_unit_test(test_verify_catches_each_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
