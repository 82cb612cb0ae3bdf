// SPDX-License-Identifier: GPL-3.0-or-later
/* Synthetic jobs: the same request gives the same jobs, a job does not depend on what else is drawn, every value lies
 * inside its bounds, the load is the requested one, and bad requests are refused with what was expected. */
#include "tests/support/test.h"

#include "models/workload/generator.h"
#include "sim/time.h"

static mdl_trace_t fill(const mdl_generator_request_t *request)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    if (mdl_generator_fill(request, &trace, &err) != SIM_OK)
        fail_msg("%s", err.message);
    return trace;
}

static const mdl_trace_job_t *job_of(const mdl_trace_t *trace, int64_t id)
{
    for (size_t i = 0; i < trace->n; i++)
        if (trace->jobs[i].id == id)
            return &trace->jobs[i];
    fail_msg("no job %lld", (long long)id);
    return NULL;
}

static void test_same_request_same_jobs(void **state)
{
    (void)state;
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    for (size_t p = 0; p < n; p++) {
        mdl_generator_request_t request = {.profile = profiles[p].name, .seed = 7, .jobs = 3000};
        mdl_trace_t a = fill(&request), b = fill(&request);
        assert_int_equal(a.n, 3000);
        assert_memory_equal(a.jobs, b.jobs, a.n * sizeof *a.jobs);
        request.seed = 8;
        mdl_trace_free(&b);
        b = fill(&request);
        size_t same = 0;
        for (size_t i = 0; i < a.n; i++)
            same += a.jobs[i].run_s == b.jobs[i].run_s;
        assert_true(same < a.n / 10);
        mdl_trace_free(&a);
        mdl_trace_free(&b);
    }
}

static void assert_same_job(const mdl_trace_job_t *a, const mdl_trace_job_t *b)
{
    assert_int_equal(a->run_s, b->run_s);
    assert_int_equal(a->estimate_s, b->estimate_s);
    assert_int_equal(a->gpus, b->gpus);
    assert_int_equal(a->end, b->end);
}

static void test_a_job_does_not_depend_on_the_others(void **state)
{
    (void)state;
    mdl_generator_request_t request = {.profile = "helios-earth", .gpus = 512, .load = 0.5, .seed = 3, .jobs = 500};
    mdl_trace_t few = fill(&request);
    request.jobs = 5000;
    mdl_trace_t many = fill(&request);
    request.load = 0.9;
    mdl_trace_t denser = fill(&request);
    request.tenants = 3;
    mdl_trace_t fewer_tenants = fill(&request);
    for (int64_t id = 0; id < 500; id++) {
        const mdl_trace_job_t *job = job_of(&few, id), *longer = job_of(&many, id);
        assert_memory_equal(job, longer, sizeof *job);
        assert_same_job(job, job_of(&denser, id));
        assert_same_job(job, job_of(&fewer_tenants, id));
        assert_true(job_of(&denser, id)->submit_s <= job->submit_s);
    }
    mdl_trace_free(&few);
    mdl_trace_free(&many);
    mdl_trace_free(&denser);
    mdl_trace_free(&fewer_tenants);
}

static void test_a_time_to_stop_cuts_the_same_stream(void **state)
{
    (void)state;
    mdl_generator_request_t request = {.profile = "philly", .seed = 5, .until_s = 20 * SIM_DAY_S};
    mdl_trace_t cut = fill(&request);
    assert_true(cut.n > 1000);
    assert_true(cut.jobs[cut.n - 1].submit_s < 20 * SIM_DAY_S);
    request.until_s = 30 * SIM_DAY_S;
    mdl_trace_t whole = fill(&request);
    assert_true(whole.n > cut.n);
    assert_memory_equal(cut.jobs, whole.jobs, cut.n * sizeof *cut.jobs);
    assert_true(whole.jobs[cut.n].submit_s >= 20 * SIM_DAY_S);
    mdl_trace_free(&cut);
    mdl_trace_free(&whole);
}

static void check_job(const mdl_profile_t *profile, const mdl_trace_t *trace, const mdl_trace_job_t *job)
{
    assert_true(job->run_s >= 1 && (double)job->run_s <= profile->longest_s + 0.5);
    assert_true(job->estimate_s >= job->run_s);
    assert_true((double)job->estimate_s <= (1 + profile->estimate_factor) * (double)job->run_s + 1);
    assert_true(job->gpus >= 1 && job->gpus <= trace->processors && (job->gpus & (job->gpus - 1)) == 0);
    assert_true(profile->size_share[__builtin_ctz(job->gpus)] > 0);
    assert_true(job->tenant < trace->n_tenants && job->end < MDL_JOB_ENDS);
    assert_int_equal(job->gpu_milli, 1000);
}

static void test_jobs_lie_within_bounds(void **state)
{
    (void)state;
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    for (size_t p = 0; p < n; p++)
        for (uint32_t gpus = 1; gpus <= 4096; gpus *= 16) {
            mdl_trace_t trace = fill(&(mdl_generator_request_t){profiles[p].name, gpus, 0.7, 11, 0, 4000, 0});
            assert_int_equal(trace.processors, gpus);
            bool seen[4000] = {false};
            for (size_t i = 0; i < trace.n; i++) {
                check_job(&profiles[p], &trace, &trace.jobs[i]);
                assert_true(i == 0 || trace.jobs[i - 1].submit_s <= trace.jobs[i].submit_s);
                assert_false(seen[trace.jobs[i].id]);
                seen[trace.jobs[i].id] = true;
            }
            assert_string_equal(trace.tenants[0], "tenant-1");
            mdl_trace_free(&trace);
        }
}

/* GPU seconds asked for per second and GPU. Run times of a year's jobs vary much less than their sizes allow in theory;
 * the bound is five standard errors from batches of 100 jobs, and a tenth for the swings of activity. Seed 1; a right
 * generator fails one of the nine checks with probability below 1e-4. */
static void test_load_is_met(void **state)
{
    (void)state;
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    for (size_t p = 0; p < n; p++) {
        mdl_trace_t trace = fill(&(mdl_generator_request_t){profiles[p].name, 0, 0.8, 1, 0, 100000, 0});
        double sum = 0, squares = 0;
        for (size_t b = 0; b < trace.n / 100; b++) {
            double batch = 0;
            for (size_t i = 100 * b; i < 100 * b + 100; i++)
                batch += (double)trace.jobs[i].gpus * (double)trace.jobs[i].run_s;
            sum += batch;
            squares += batch * batch;
        }
        double capacity = (double)trace.processors * (double)trace.jobs[trace.n - 1].submit_s;
        double error = sqrt(squares - sum * sum / 1000) / capacity;
        if (!(fabs(sum / capacity - 0.8) < 5 * error + 0.08))
            fail_msg("%s: load %.4f +- %.4f", profiles[p].name, sum / capacity, error);
        mdl_trace_free(&trace);
    }
}

/* The same by number: jobs that come in 6000 days times what one asks for in the mean. Run times then add no noise;
 * swings of a single tenant's activity (log spread 0.7, memory 0.8) are worth 3 %, sessions of the smallest stream 2 %,
 * most streams much less: 15 % is four standard errors for the worst and far outside for the others. */
static void test_as_many_jobs_come_as_the_load_needs(void **state)
{
    (void)state;
    const double days = 6000;
    const uint32_t gpus = 128;
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    for (size_t p = 0; p < n; p++) {
        mdl_trace_t trace = fill(&(mdl_generator_request_t){
            .profile = profiles[p].name, .gpus = gpus, .load = 0.1, .until_s = (int64_t)days * SIM_DAY_S});
        double asked = (double)trace.n * mdl_profile_gpu_s(&profiles[p], gpus) / (gpus * days * SIM_DAY_S);
        if (!(fabs(asked - 0.1) < 0.015))
            fail_msg("%s: load %.4f", profiles[p].name, asked);
        mdl_trace_free(&trace);
    }
}

static void test_tenants_are_unequal(void **state)
{
    (void)state;
    mdl_trace_t trace = fill(&(mdl_generator_request_t){.profile = "helios-saturn", .seed = 2, .jobs = 100000});
    size_t jobs[MDL_ARRIVALS_TENANTS] = {0};
    for (size_t i = 0; i < trace.n; i++)
        jobs[trace.jobs[i].tenant]++;
    assert_true(trace.n_tenants == 25 && jobs[0] > jobs[4] && jobs[4] > jobs[24] && jobs[24] > 0);
    mdl_trace_free(&trace);
}

static void expect(mdl_generator_request_t request, sim_status_t status, const char *message)
{
    mdl_trace_t trace;
    sim_error_t err = {0};
    assert_int_equal(mdl_generator_fill(&request, &trace, &err), status);
    assert_string_equal(err.message, message);
    assert_null(trace.jobs);
    assert_int_equal(trace.n, 0);
    mdl_trace_free(&trace);
}

static void test_bad_requests(void **state)
{
    (void)state;
    expect((mdl_generator_request_t){.profile = "helios-erth", .jobs = 1}, SIM_EINPUT,
           "profile: found helios-erth; expected the name of a profile; did you mean helios-earth?");
    expect((mdl_generator_request_t){.profile = "mainframe", .jobs = 1}, SIM_EINPUT,
           "profile: found mainframe; expected the name of a profile, for example helios-venus");
    expect((mdl_generator_request_t){.profile = "philly"}, SIM_EINPUT,
           "jobs: found neither a number of jobs nor a time to stop; expected one");
    expect((mdl_generator_request_t){.profile = "philly", .load = -1, .jobs = 1}, SIM_EINPUT,
           "load: found -1; expected 0.0001 to 100, or 0 for the profile's own");
    expect((mdl_generator_request_t){.profile = "philly", .load = NAN, .jobs = 1}, SIM_EINPUT,
           "load: found nan; expected 0.0001 to 100, or 0 for the profile's own");
    expect((mdl_generator_request_t){.profile = "philly", .gpus = UINT32_MAX, .jobs = 1}, SIM_EINPUT,
           "gpus: found 4294967295; expected at most 16777216");
    expect((mdl_generator_request_t){.profile = "philly", .tenants = 257, .jobs = 1}, SIM_EINPUT,
           "tenants: found 257; expected at most 256");
    expect((mdl_generator_request_t){.profile = "philly", .until_s = -1}, SIM_EINPUT,
           "until_s: found -1; expected 0 to 100 years");
    expect((mdl_generator_request_t){.profile = "acme-kalos", .gpus = 1, .load = 1e-4, .jobs = 1000000}, SIM_ELIMIT,
           "jobs: found 1000000 that take more than 100 years at load 0.0001; expected fewer or a larger load");
}

static void test_profiles_are_sound(void **state)
{
    (void)state;
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    assert_true(n >= 7);
    for (size_t p = 0; p < n; p++) {
        double shares = 0, gpus = 0, hours = 0, days = 0;
        for (int k = 0; k < MDL_PROFILE_SIZES; k++) {
            assert_true(profiles[p].size_share[k] >= 0);
            shares += profiles[p].size_share[k];
            gpus += profiles[p].size_share[k] * (1 << k);
        }
        for (int h = 0; h < 24; h++)
            hours += profiles[p].arrivals->hour_weight[h] / 24;
        for (int d = 0; d < 7; d++)
            days += profiles[p].arrivals->weekday_weight[d] / 7;
        assert_close(shares, 1, 1e-8);
        assert_close(gpus / profiles[p].published.mean_gpus, 1, 1e-8);
        assert_close(hours, 1, 1e-8);
        assert_close(days, 1, 1e-8);
        assert_true(mdl_profile_load(&profiles[p]) > 0.01 && mdl_profile_load(&profiles[p]) < 1);
        assert_ptr_equal(mdl_profile_find(profiles[p].name, NULL), &profiles[p]);
    }
}

/* What the constants give in closed form against what was published: exact where they were solved for. */
static void test_mean_gpu_time_is_the_published_one(void **state)
{
    (void)state;
    size_t n;
    const mdl_profile_t *profiles = mdl_profiles(&n);
    for (size_t p = 0; p < n; p++) {
        const mdl_profile_published_t *published = &profiles[p].published;
        double gpu_s = (published->gpu_s[0] + published->gpu_s[1] + published->gpu_s[2]) / published->jobs;
        double found = mdl_profile_gpu_s(&profiles[p], UINT32_MAX);
        assert_close(found / gpu_s, 1, profiles[p].run_table != NULL ? 0.03 : 1e-7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_request_same_jobs),
        cmocka_unit_test(test_a_job_does_not_depend_on_the_others),
        cmocka_unit_test(test_a_time_to_stop_cuts_the_same_stream),
        cmocka_unit_test(test_jobs_lie_within_bounds),
        cmocka_unit_test(test_load_is_met),
        cmocka_unit_test(test_as_many_jobs_come_as_the_load_needs),
        cmocka_unit_test(test_tenants_are_unequal),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_profiles_are_sound),
        cmocka_unit_test(test_mean_gpu_time_is_the_published_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
