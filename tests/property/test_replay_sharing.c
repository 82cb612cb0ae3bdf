// SPDX-License-Identifier: GPL-3.0-or-later
/* What holds for every trace that is shared in turns, on 300 random traces for each order: no GPU is given twice, every
 * job that fits ends, work is neither lost nor made. And on one GPU SRTF is Schrage's SRPT (1968), which no order beats;
 * LAS is what it is when done the plain way.
 * Seed 2022; nothing here depends on chance but the cases. */
#include "models/replay/metrics.h"
#include "models/replay/sharing.h"
#include "models/replay/sort.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "tests/support/test.h"

enum { TRACES = 300, MOST = 120 };

static const char *const models[] = {"vgg16", "vgg19", "resnet18", "shufflenet_v2_x1_0", "bert", "gpt2", "a2c", "dqn"};

typedef struct random_case {
    mdl_muri_job_t jobs[MOST];
    mdl_muri_t trace;
    uint32_t nodes, gpus_per_node;
    mdl_sharing_options_t options;
} random_case_t;

static uint32_t below(sim_rng_t *rng, uint32_t n)
{
    return (uint32_t)(sim_draw_uniform(rng) * n);
}

/* Some traces come all at once, some have jobs of no length, some clusters odd sizes. */
static void draw_case(random_case_t *self, uint64_t number, mdl_sharing_order_t order)
{
    sim_rng_t rng;
    sim_rng_at(&rng, 2022, number, order, 0, 0);
    *self = (random_case_t){.nodes = 1 + below(&rng, 6), .gpus_per_node = 1 + below(&rng, 12)};
    self->trace = (mdl_muri_t){.jobs = self->jobs, .n = below(&rng, MOST + 1)};
    self->options = (mdl_sharing_options_t){.order = order, .pieces = true, .overhead = number % 2};
    self->options.overhead_s = number % 4 == 1 ? 0 : sim_draw_exponential(&rng, 20);
    self->options.limit_gpu_s[0] = number % 3 == 0 ? 0 : sim_draw_exponential(&rng, 100);
    bool at_once = number % 5 == 0, whole = number % 7 == 0;
    double now_ms = 0;
    for (size_t i = 0; i < self->trace.n; i++) {
        mdl_muri_job_t *job = &self->jobs[i];
        now_ms += at_once ? 0 : 1000 * (double)sim_round_i64(sim_draw_exponential(&rng, 50));
        *job = (mdl_muri_job_t){.id = (int64_t)i, .gpus = 1 + below(&rng, 20), .submit_ms = now_ms};
        job->iterations = (double)below(&rng, 1000);
        job->iteration_ms = whole ? 1000 : sim_draw_exponential(&rng, 500);
        snprintf(job->model, sizeof job->model, "%s", models[below(&rng, 8)]);
    }
}

static void replay(const random_case_t *c, mdl_replay_result_t *result)
{
    sim_error_t err = {0};
    if (mdl_replay_sharing(&c->trace, c->nodes, c->gpus_per_node, &c->options, result, &err) < 0)
        fail_msg("%s", err.message);
}

/* Ends sorted among starts, ends first where both fall on one time: the sum never passes the cluster. */
static void check_never_oversubscribed(const mdl_replay_result_t *r)
{
    mdl_replay_key_t *ends = calloc(r->n_pieces + 1, sizeof *ends), *scratch = calloc(r->n_pieces + 1, sizeof *scratch);
    int64_t used = 0;
    size_t ended = 0;
    for (size_t i = 0; i < r->n_pieces; i++)
        ends[i] = (mdl_replay_key_t){.key = r->pieces[i].end_s, .index = (uint32_t)i};
    mdl_replay_sort(ends, scratch, r->n_pieces);
    for (size_t i = 0; i < r->n_pieces; i++) {
        for (; ended < r->n_pieces && ends[ended].key <= r->pieces[i].start_s; ended++)
            if (ends[ended].index < i) /* not one of no length that begins here */
                used -= r->jobs[r->pieces[ends[ended].index].job].gpus;
            else
                break;
        used += r->jobs[r->pieces[i].job].gpus;
        assert_true(i == 0 || r->pieces[i].start_s >= r->pieces[i - 1].start_s);
        assert_true(r->pieces[i].end_s >= r->pieces[i].start_s);
        if (r->pieces[i].end_s > r->pieces[i].start_s)
            assert_true(used <= r->gpus);
    }
    free(ends);
    free(scratch);
}

/* Held time is the sum of the pieces; with waiting it makes the whole; it does the work that the job came with. */
static void check_jobs(const random_case_t *c, const mdl_replay_result_t *r)
{
    double held_s[MOST] = {0}, allocated = 0, busy = 0, scale = 1;
    uint32_t pieces[MOST] = {0};
    for (size_t i = 0; i < r->n_pieces; i++) {
        held_s[r->pieces[i].job] += r->pieces[i].end_s - r->pieces[i].start_s;
        pieces[r->pieces[i].job]++;
    }
    for (size_t i = 0; i < r->n; i++) {
        const mdl_replay_job_t *job = &r->jobs[i];
        double near = 1e-8 * (1 + job->end_s);
        assert_true(job->start_s >= job->submit_s && job->end_s >= job->start_s);
        assert_true(i == 0 || job->end_s >= r->jobs[i - 1].end_s);
        assert_int_equal(pieces[i], job->stops + 1);
        assert_close(job->held_s, held_s[i], near);
        assert_close(job->held_s + job->wait_s, job->end_s - job->submit_s, near);
        assert_true(job->held_s >= job->run_s - near);
        if (c->options.overhead == MDL_SHARING_OVERHEAD_CONSTANT && c->options.overhead_s == 0)
            assert_close(job->held_s, job->run_s, near);
        allocated += job->held_s * job->gpus;
        busy += job->run_s * job->gpus;
        scale += job->end_s * job->gpus;
    }
    assert_close(r->allocated_gpu_s, allocated, 1e-8 * scale);
    assert_close(r->busy_gpu_s, busy, 1e-8 * scale);
}

static void check_order(mdl_sharing_order_t order)
{
    for (uint64_t number = 0; number < TRACES; number++) {
        random_case_t c;
        mdl_replay_result_t r;
        size_t fit = 0;
        draw_case(&c, number, order);
        for (size_t i = 0; i < c.trace.n; i++)
            fit += c.jobs[i].gpus <= c.nodes * c.gpus_per_node;
        replay(&c, &r);
        assert_int_equal(r.n, fit);
        assert_int_equal(r.n + r.refused, c.trace.n);
        check_never_oversubscribed(&r);
        check_jobs(&c, &r);
        mdl_replay_free(&r);
    }
}

static void test_srtf(void **state)
{
    (void)state;
    check_order(MDL_SHARING_SRTF);
}

static void test_srsf(void **state)
{
    (void)state;
    check_order(MDL_SHARING_SRSF);
}

static void test_las(void **state)
{
    (void)state;
    check_order(MDL_SHARING_LAS);
}

/* Preemptive shortest remaining processing time, one machine, the naive way. */
static void srpt(const random_case_t *c, double *end_s)
{
    double left_s[MOST], now_s = 0;
    size_t done = 0;
    for (size_t i = 0; i < c->trace.n; i++)
        left_s[i] = c->jobs[i].iterations * (c->jobs[i].iteration_ms * 1.015 / 1000);
    memset(end_s, 0xff, MOST * sizeof *end_s); /* NaN: not ended */
    while (done < c->trace.n) {
        size_t best = MOST;
        double next_s = INFINITY;
        for (size_t i = 0; i < c->trace.n; i++)
            if (c->jobs[i].submit_ms / 1000 > now_s)
                next_s = fmin(next_s, c->jobs[i].submit_ms / 1000);
            else if (isnan(end_s[i]) && (best == MOST || left_s[i] < left_s[best]))
                best = i;
        if (best != MOST && now_s + left_s[best] <= next_s) {
            now_s += left_s[best];
            end_s[best] = now_s;
            done++;
        } else {
            if (best != MOST)
                left_s[best] -= next_s - now_s;
            now_s = next_s;
        }
    }
}

static double mean_jct_s(const random_case_t *c)
{
    mdl_replay_result_t r;
    mdl_replay_metrics_t metrics;
    replay(c, &r);
    assert_int_equal(mdl_replay_measure(&r, &metrics, NULL), SIM_OK);
    mdl_replay_free(&r);
    return metrics.jct.mean_s;
}

static void test_one_gpu_is_srpt(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < TRACES; number++) {
        random_case_t c;
        mdl_replay_result_t r;
        double end_s[MOST];
        draw_case(&c, number, MDL_SHARING_SRTF);
        c.nodes = c.gpus_per_node = 1;
        c.options.overhead = MDL_SHARING_OVERHEAD_CONSTANT;
        c.options.overhead_s = 0;
        for (size_t i = 0; i < c.trace.n; i++) {
            c.jobs[i].gpus = 1;
            c.jobs[i].iteration_ms += 1e-3 * (double)i; /* no ties */
        }
        srpt(&c, end_s);
        replay(&c, &r);
        for (size_t i = 0; i < r.n; i++)
            assert_close(r.jobs[i].end_s, end_s[r.jobs[i].id], 1e-8 * (1 + r.jobs[i].end_s));
        mdl_replay_free(&r);
        double best_s = mean_jct_s(&c);
        c.options.order = MDL_SHARING_LAS;
        assert_true(mean_jct_s(&c) >= best_s * (1 - 1e-9));
    }
}

/* LAS with nothing passed over: every job is looked at in every event. */
typedef struct naive_job {
    double left, iteration_s, held_s, last_s, end_s;
    uint32_t gpus, queue;
    enum { ABSENT, WAITS, RUNS, GONE } state;
} naive_job_t;

typedef struct naive {
    naive_job_t jobs[MOST];
    size_t n, order[3][MOST], n_order[3]; /* the queues */
    uint32_t gpus;
    double overhead_s, limit[2];
} naive_t;

static void naive_move(naive_t *self, size_t job, uint32_t to)
{
    uint32_t from = self->jobs[job].queue;
    size_t kept = 0;
    for (size_t i = 0; i < self->n_order[from]; i++)
        if (self->order[from][i] != job)
            self->order[from][kept++] = self->order[from][i];
    self->n_order[from] = kept;
    if (to < 3)
        self->order[self->jobs[job].queue = to][self->n_order[to]++] = job;
}

/* Every job brought to now, the limits looked at. */
static void naive_advance(naive_t *self, double now_s)
{
    for (size_t i = 0; i < self->n; i++) {
        naive_job_t *job = &self->jobs[i];
        double elapsed_s = now_s - job->last_s;
        job->last_s = now_s;
        if (job->state != RUNS)
            continue;
        job->left -= job->iteration_s > 0 ? fmax(elapsed_s - self->overhead_s, 0) / job->iteration_s : 0;
        job->held_s += elapsed_s;
        if (job->queue < 2 && job->held_s * job->gpus >= self->limit[job->queue])
            naive_move(self, i, job->queue + 1);
    }
}

/* GPUs given out along the queues; then each queue's running jobs in front. */
static void naive_fill(naive_t *self, double now_s)
{
    uint32_t left = self->gpus;
    for (uint32_t q = 0; q < 3; q++) {
        size_t sorted[MOST], n = 0;
        for (size_t i = 0; i < self->n_order[q]; i++) {
            naive_job_t *job = &self->jobs[self->order[q][i]];
            job->state = job->gpus <= left ? RUNS : WAITS;
            left -= job->state == RUNS ? job->gpus : 0;
            job->end_s = fmax(now_s + job->left * job->iteration_s, now_s);
        }
        for (int pass = RUNS; pass >= WAITS; pass--)
            for (size_t i = 0; i < self->n_order[q]; i++)
                if ((int)self->jobs[self->order[q][i]].state == pass)
                    sorted[n++] = self->order[q][i];
        memcpy(self->order[q], sorted, n * sizeof *sorted);
    }
}

/* The next end, or the next demotion if that is sooner. */
static double naive_next(const naive_t *self, double now_s, bool *demotion)
{
    double end_s = INFINITY, demotion_s = INFINITY;
    for (size_t i = 0; i < self->n; i++) {
        const naive_job_t *job = &self->jobs[i];
        if (job->state != RUNS)
            continue;
        end_s = fmin(end_s, job->end_s);
        if (job->queue < 2) {
            double at_s = ceil(self->limit[job->queue] / job->gpus) - job->held_s + now_s;
            demotion_s = fmin(demotion_s, at_s > now_s ? at_s : nextafter(now_s, INFINITY));
        }
    }
    *demotion = demotion_s < end_s;
    return fmin(demotion_s, end_s);
}

/* Tiresias the naive way; arrivals in order of the file. Ends of all jobs, by number. */
static void naive_las(const random_case_t *c, naive_t *self)
{
    size_t arrived = 0, gone = 0;
    double now_s = 0;
    self->n = c->trace.n;
    for (size_t i = 0; i < self->n; i++)
        self->jobs[i] = (naive_job_t){.left = c->jobs[i].iterations,
                                      .iteration_s = c->jobs[i].iteration_ms * 1.015 / 1000,
                                      .gpus = c->jobs[i].gpus};
    while (gone < self->n) {
        bool demotion;
        double next_s = naive_next(self, now_s, &demotion);
        double arrival_s = arrived < self->n ? c->jobs[arrived].submit_ms / 1000 : INFINITY;
        now_s = fmin(next_s, arrival_s);
        for (size_t i = 0; i < self->n && !(demotion && next_s < arrival_s); i++)
            if (self->jobs[i].state == RUNS && self->jobs[i].end_s <= now_s) {
                naive_move(self, i, 3);
                self->jobs[i].state = GONE;
                gone++;
            }
        for (; arrived < self->n && c->jobs[arrived].submit_ms / 1000 == now_s; arrived++) {
            self->jobs[arrived].state = WAITS;
            naive_move(self, arrived, 0);
        }
        naive_advance(self, now_s);
        naive_fill(self, now_s);
    }
}

static void test_las_equals_naive(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < TRACES; number++) {
        random_case_t c;
        mdl_replay_result_t r;
        naive_t naive = {0};
        draw_case(&c, number, MDL_SHARING_LAS);
        c.options.overhead = MDL_SHARING_OVERHEAD_CONSTANT;
        naive.gpus = c.nodes * c.gpus_per_node;
        naive.overhead_s = c.options.overhead_s;
        for (int i = 0; i < 2; i++)
            naive.limit[i] = c.options.limit_gpu_s[i] > 0 ? c.options.limit_gpu_s[i] : (double[]){3250, 7200}[i];
        for (size_t i = 0; i < c.trace.n; i++)
            c.jobs[i].gpus = 1 + (c.jobs[i].gpus - 1) % naive.gpus; /* none is refused */
        naive_las(&c, &naive);
        replay(&c, &r);
        assert_int_equal(r.n, c.trace.n);
        for (size_t i = 0; i < r.n; i++)
            assert_close(r.jobs[i].end_s, naive.jobs[r.jobs[i].id].end_s, 1e-9 * (1 + r.jobs[i].end_s));
        mdl_replay_free(&r);
    }
}

/* Field by field: what stands between `stops` and `held_s` means nothing. */
static void assert_same_fate(const mdl_replay_job_t *a, const mdl_replay_job_t *b)
{
    assert_int_equal(a->id, b->id);
    assert_memory_equal(&a->submit_s, &b->submit_s, sizeof a->submit_s);
    assert_memory_equal(&a->start_s, &b->start_s, sizeof a->start_s);
    assert_memory_equal(&a->end_s, &b->end_s, sizeof a->end_s);
    assert_memory_equal(&a->run_s, &b->run_s, sizeof a->run_s);
    assert_int_equal(a->gpus, b->gpus);
    assert_int_equal(a->first_node, b->first_node);
    assert_int_equal(a->stops, b->stops);
    assert_memory_equal(&a->held_s, &b->held_s, sizeof a->held_s);
    assert_memory_equal(&a->wait_s, &b->wait_s, sizeof a->wait_s);
}

/* The same trace gives the same bits. */
static void test_repeats_itself(void **state)
{
    (void)state;
    for (int order = 0; order <= MDL_SHARING_LAS; order++) {
        random_case_t c;
        mdl_replay_result_t a, b;
        draw_case(&c, 11, (mdl_sharing_order_t)order);
        replay(&c, &a);
        c.options.pieces = false;
        replay(&c, &b);
        assert_int_equal(a.n, b.n);
        assert_null(b.pieces);
        for (size_t i = 0; i < a.n; i++)
            assert_same_fate(&a.jobs[i], &b.jobs[i]);
        mdl_replay_free(&a);
        mdl_replay_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_srtf),
        cmocka_unit_test(test_srsf),
        cmocka_unit_test(test_las),
        cmocka_unit_test(test_one_gpu_is_srpt),
        cmocka_unit_test(test_las_equals_naive),
        cmocka_unit_test(test_repeats_itself),
    };
    return cmocka_run_group_tests_name("property.replay_sharing", tests, NULL, NULL);
}
