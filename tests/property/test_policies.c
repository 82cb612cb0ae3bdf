// SPDX-License-Identifier: GPL-3.0-or-later
/* Every policy on short random streams of jobs: what each promises is checked after each pass, and each stream is played
 * a second time in a way that may not change anything.
 *
 * A stream draws one row of each slot, a small cluster (single nodes, racks, pools), tenants with quotas and limits, 10
 * to 40 jobs with generous estimates, many at the same moment, some of no length, some as large as the cluster, and in
 * one of four streams failures, cancellations, changes of limits and elastic jobs. 720,000 streams make more than 100,000
 * for each row, those of a reservation counted where it is in force, without preemption.
 */
#include "models/hardware/pool.h"
#include "models/scheduler/queue.h"
#include "sim/draw.h"
#include "sim/time.h"
#include "tests/support/cluster_run.h"
#include "tests/support/limit.h"
#include "tests/support/test.h"

#define SEED        23
#define STREAMS     (TEST_UNDER_SANITIZER ? 20000 : 720000)
#define MOST_JOBS   64
#define MOST_TENANT 4

/* How a stream is played; the first is what the others are compared with. */
typedef enum variant { PLAIN, AGAIN, STALE, CLONED, GROWN, ON_NODES, VARIANTS } variant_t;

typedef struct stream {
    uint64_t number;
    test_cluster_setup_t setup;
    sim_rng_t rng;
    uint32_t quota[MOST_TENANT], limit[MOST_TENANT];
    uint32_t steps, special; /* step at which a clone or a larger table takes over */
    bool disturbed, limited; /* limits below the cluster */
} stream_t;

typedef struct watch {
    const stream_t *stream;
    bool checks;
    int64_t passes;
    uint64_t starts, times, places;         /* hashes of who started when, and where */
    int64_t first_promise_s[2 * MOST_JOBS]; /* by number of the job; SIM_NEVER: none yet */
} watch_t;

/* Says which stream it was. */
#define EXPECT(run, condition)                                                                                         \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            broken(run, #condition);                                                                                   \
    } while (0)

static void describe(const stream_t *stream, const char *what, int64_t now_s)
{
    const mdl_policy_t *policy = &stream->setup.policy;

    fail_msg("stream %llu at %lld (%s, %s, %s, %s%s%s; %u tenants, depth %d): %s", (unsigned long long)stream->number,
             (long long)now_s, mdl_orders[policy->order].name, mdl_reservations[policy->reservation].name,
             mdl_placements[policy->placement].name, mdl_preemptions[policy->preemption],
             stream->disturbed ? "; disturbed" : "", stream->limited ? "; limited" : "", stream->setup.tenants,
             policy->backfill_depth, what);
}

static void broken(const test_cluster_run_t *run, const char *what)
{
    describe(((const watch_t *)run->user)->stream, what, run->now_s);
}

static bool counted(const stream_t *stream)
{
    return stream->setup.pool || stream->setup.node_gpus == 1;
}

static uint32_t total_gpus(const stream_t *stream)
{
    return stream->setup.nodes * stream->setup.node_gpus;
}

static bool reserves(const stream_t *stream, int row)
{
    return stream->setup.policy.preemption != MDL_PREEMPTION_CHECKPOINT && stream->setup.policy.reservation == row;
}

static bool easy(const stream_t *stream)
{
    return reserves(stream, MDL_RESERVATION_EASY) || reserves(stream, MDL_RESERVATION_EASY_SJBF);
}

static mdl_policy_t draw_policy(sim_rng_t *rng)
{
    return (mdl_policy_t){.order = (uint8_t)sim_draw_below(rng, MDL_ORDERS),
                          .reservation = (uint8_t)sim_draw_below(rng, MDL_RESERVATIONS),
                          .placement = (uint8_t)sim_draw_below(rng, MDL_PLACEMENTS),
                          .preemption = (uint8_t)(sim_draw_bernoulli(rng, 0.4) ? 1 + sim_draw_below(rng, 2) : 0),
                          .preempt_every_s = sim_draw_bernoulli(rng, 0.5) ? 5 : 0,
                          .priority_every_s = sim_draw_bernoulli(rng, 0.5) ? 7 : 0,
                          .backfill_depth = sim_draw_bernoulli(rng, 0.2) ? 3 : 0,
                          .las_limit_gpu_s = {20, 60},
                          .fair_half_life_s = sim_draw_bernoulli(rng, 0.5) ? 50 : 0,
                          .fair_weight = 1,
                          .age_weight = 1,
                          .age_most_s = 100,
                          .seed = 5};
}

static void draw_tenants(stream_t *stream)
{
    uint32_t total = total_gpus(stream), tenants = stream->setup.tenants;

    stream->limited = sim_draw_bernoulli(&stream->rng, 0.5);
    for (uint32_t t = 0; t < tenants; t++) {
        stream->quota[t] = tenants == 1 && !stream->limited ? total : total / tenants;
        stream->limit[t] = total;
        if (stream->limited)
            stream->limit[t] = stream->quota[t] + (uint32_t)sim_draw_below(&stream->rng, total - stream->quota[t] + 1);
    }
}

static void draw_stream(stream_t *stream, uint64_t number)
{
    static const test_cluster_setup_t shapes[] = {{.nodes = 3, .node_gpus = 8},
                                                  {.nodes = 10, .node_gpus = 1},
                                                  {.nodes = 6, .node_gpus = 4, .rack_nodes = 2},
                                                  {.nodes = 1, .node_gpus = 16},
                                                  {.nodes = 16, .node_gpus = 1, .pool = true},
                                                  {.nodes = 5, .node_gpus = 8, .pool = true},
                                                  {.nodes = 8, .node_gpus = 2, .rack_nodes = 4}};
    sim_rng_t *rng = &stream->rng;

    stream->number = number;
    sim_rng_at(rng, SEED, number, 0, 0, 0);
    stream->setup = shapes[sim_draw_below(rng, sizeof shapes / sizeof shapes[0])];
    stream->setup.policy = draw_policy(rng);
    stream->setup.jobs = MOST_JOBS;
    stream->setup.tenants = sim_draw_bernoulli(rng, 0.4) ? 1 : 2 + (uint32_t)sim_draw_below(rng, MOST_TENANT - 1);
    stream->steps = (uint32_t)(sim_draw_bernoulli(rng, 0.1) ? 40 : 10 + sim_draw_below(rng, 7));
    stream->special = (uint32_t)sim_draw_below(rng, stream->steps);
    stream->disturbed = sim_draw_bernoulli(rng, 0.25);
    draw_tenants(stream);
}

/* Whether a job finds its nodes among what is free, worked out from the nodes themselves. */
static bool would_fit(const test_cluster_run_t *run, const mdl_job_t *job)
{
    const mdl_cluster_t *cluster = run->cluster;
    uint32_t full = cluster->node_gpus, empty = 0, roomy = 0;
    uint32_t gpus = job->elastic ? full : job->gpus, part = gpus % full;

    if (cluster->pooled)
        return gpus <= cluster->free_gpus;
    for (uint32_t i = 0; i < cluster->nodes; i++) {
        const mdl_node_t *node = mdl_cluster_node_const(cluster, i);
        empty += mdl_node_up(node) && node->free == full;
        roomy += mdl_node_up(node) && node->free >= part;
    }
    return empty >= gpus / full && (part == 0 || roomy > gpus / full);
}

/* The first of the heads that are within their tenants' limits; MDL_NONE: there is none. */
static uint32_t first_head(test_cluster_run_t *run)
{
    int64_t best_rank = 0;
    uint32_t best = MDL_NONE;

    for (uint32_t t = 0; t < run->scheduler->tenants; t++) {
        const mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(run->scheduler, t);
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(run->scheduler, t);
        if (!tenant->open || tenant->queue.first == MDL_NONE)
            continue;
        const mdl_job_t *job = mdl_scheduler_job(run->scheduler, tenant->queue.first);
        int64_t rank = mdl_queue_rank(run->scheduler, tenant, job);
        if (holding->used_gpus + job->gpus > holding->limit_gpus)
            continue;
        if (best == MDL_NONE || rank < best_rank ||
            (rank == best_rank && job->sequence < mdl_scheduler_job(run->scheduler, best)->sequence)) {
            best = tenant->queue.first;
            best_rank = rank;
        }
    }
    return best;
}

/* Whether the pass ended with borrowers stopped for an elastic job: nodes are then free, and those who were stopped wait,
 * until the elastic job's user, who learns of it from the pass, has widened it. A pass that stopped nobody for one leaves
 * no such gap, whatever elastic jobs lack. */
static bool freed_for_elastic(const test_cluster_run_t *run, const stream_t *stream)
{
    return stream->setup.policy.preemption == MDL_PREEMPTION_RECLAIM && run->scheduler->short_gpus > 0 &&
           run->scheduler->stale;
}

/* Nobody waits who need not: the first head where heads go first, anybody where jobs are preempted. */
static void check_work_is_conserved(test_cluster_run_t *run, const stream_t *stream)
{
    uint32_t head = first_head(run);

    if (reserves(stream, MDL_RESERVATION_CONSERVATIVE) || freed_for_elastic(run, stream))
        return;
    if (head != MDL_NONE && stream->setup.policy.preemption != MDL_PREEMPTION_CHECKPOINT)
        EXPECT(run, !would_fit(run, mdl_scheduler_job(run->scheduler, head)));
    for (uint32_t i = 0;
         i < run->scheduler->untouched_job && stream->setup.policy.preemption == MDL_PREEMPTION_CHECKPOINT; i++) {
        const mdl_job_t *job = mdl_scheduler_job(run->scheduler, i);
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(run->scheduler, job->tenant);
        if (job->state == MDL_JOB_QUEUED && holding->used_gpus + job->gpus <= holding->limit_gpus)
            EXPECT(run, !would_fit(run, job));
    }
}

/* No head waits within its quota for nodes that are lent, as far as jobs that may be stopped hold them, but for a round
 * that is yet to come and is asked for. */
static void check_nothing_lent_is_missed(test_cluster_run_t *run, const stream_t *stream)
{
    int64_t due_s = run->scheduler->preempted_s + stream->setup.policy.preempt_every_s;
    uint32_t head = first_head(run), lent_gpus = 0;

    if (stream->setup.policy.preemption != MDL_PREEMPTION_RECLAIM || reserves(stream, MDL_RESERVATION_CONSERVATIVE) ||
        stream->disturbed || !counted(stream) || head == MDL_NONE)
        return;
    for (uint32_t t = 0; t < run->scheduler->tenants; t++) {
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(run->scheduler, t);
        lent_gpus += holding->used_gpus > holding->quota_gpus ? holding->used_gpus - holding->quota_gpus : 0;
    }
    const mdl_job_t *job = mdl_scheduler_job(run->scheduler, head);
    const mdl_scheduler_holding_t *owner = mdl_scheduler_holding(run->scheduler, job->tenant);
    if (owner->used_gpus + job->gpus <= owner->quota_gpus && job->gpus <= run->cluster->free_gpus + lent_gpus)
        EXPECT(run, due_s > run->now_s && mdl_scheduler_review_s(run->scheduler) == due_s);
}

/* Promises: to the first that waits under EASY, as long as nobody may pass it; to all under conservative backfilling,
 * where GPUs are what counts. */
static void note_promises(test_cluster_run_t *run, watch_t *watch)
{
    const stream_t *stream = watch->stream;
    mdl_scheduler_t *scheduler = run->scheduler;
    const mdl_promise_t *promise = &scheduler->promise;

    if (stream->disturbed)
        return;
    if (easy(stream) && stream->setup.policy.order == MDL_ORDER_FCFS && stream->setup.tenants == 1 &&
        promise->job != MDL_NONE) {
        int64_t *first_s = &watch->first_promise_s[mdl_scheduler_job(scheduler, promise->job)->sequence];
        EXPECT(run, promise->start_s <= *first_s);
        *first_s = promise->start_s;
    }
    if (!reserves(stream, MDL_RESERVATION_CONSERVATIVE) || !counted(stream))
        return;
    for (uint32_t i = 0; i < scheduler->untouched_job; i++) {
        const mdl_job_t *job = mdl_scheduler_job(scheduler, i);
        if (job->state != MDL_JOB_QUEUED)
            continue;
        EXPECT(run, job->planned_s > run->now_s && job->planned_s <= watch->first_promise_s[job->sequence]);
        watch->first_promise_s[job->sequence] = job->planned_s;
    }
}

static void after_pass(test_cluster_run_t *run)
{
    watch_t *watch = run->user;

    if (!watch->checks)
        return;
    for (uint32_t t = 0; t < run->scheduler->tenants; t++) {
        const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(run->scheduler, t);
        EXPECT(run, holding->used_gpus <= holding->limit_gpus);
    }
    check_work_is_conserved(run, watch->stream);
    check_nothing_lent_is_missed(run, watch->stream);
    note_promises(run, watch);
    if (watch->passes++ % 4 == 0)
        test_cluster_run_verify(run);
}

static void note_start(test_cluster_run_t *run, const mdl_job_t *job)
{
    watch_t *watch = run->user;
    const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);

    watch->times = ((watch->times ^ job->sequence) * factor ^ (uint64_t)run->now_s) * factor + job->gpus;
    watch->places = ((watch->places ^ job->gang) * factor ^ job->part_node) * factor + 1;
    watch->starts++;
    EXPECT(run, job->started);
    if (watch->checks && run->scheduler->policy.preemption == MDL_PREEMPTION_NONE && !watch->stream->disturbed)
        EXPECT(run, run->now_s <= watch->first_promise_s[job->sequence]);
}

/* The scheduler and the cluster go on in other memory. */
static void move_to_clone(test_cluster_run_t *run)
{
    size_t bytes = mdl_scheduler_bytes(run->scheduler->jobs, run->scheduler->tenants, &run->scheduler->policy);
    mdl_scheduler_t *scheduler = aligned_alloc(64, bytes);
    mdl_cluster_t *cluster = aligned_alloc(64, mdl_cluster_size(run->cluster) + 64);

    memcpy(scheduler, run->scheduler, bytes);
    memcpy(cluster, run->cluster, mdl_cluster_size(run->cluster));
    memset(run->scheduler, 0x5A, bytes);
    free(run->scheduler);
    free(run->cluster);
    run->scheduler = scheduler;
    run->cluster = cluster;
}

static uint32_t draw_gpus(stream_t *stream, sim_rng_t *rng)
{
    uint32_t unit = stream->setup.pool ? stream->setup.node_gpus : 1, total = total_gpus(stream) / unit;
    uint64_t kind = sim_draw_below(rng, 16);

    if (kind == 0)
        return unit * (total + (uint32_t)sim_draw_below(rng, 2)); /* all there is, or too much */
    if (kind < 6)
        return unit * (1 + (uint32_t)sim_draw_below(rng, total));
    return unit * (1 + (uint32_t)sim_draw_below(rng, total / 3 + 1));
}

static void submit(test_cluster_run_t *run, stream_t *stream, sim_rng_t *rng)
{
    int64_t work_s = (int64_t)sim_draw_below(rng, sim_draw_bernoulli(rng, 0.2) ? 60 : 15);
    int64_t more_s = sim_draw_bernoulli(rng, 0.5) ? (int64_t)sim_draw_below(rng, 20) : 0;
    mdl_job_request_t request = {.work_s = work_s,
                                 .estimate_s = work_s + more_s,
                                 .gpus = draw_gpus(stream, rng),
                                 .interval_s = sim_draw_bernoulli(rng, 0.5) ? 4 : INT32_MAX,
                                 .job_class = MDL_JOB_FINETUNE};
    uint32_t tenant = (uint32_t)sim_draw_below(rng, stream->setup.tenants);

    (void)mdl_scheduler_submit(run->scheduler, run->cluster, tenant, run->now_s, &request);
}

/* A node breaks under its jobs, or all are repaired. */
static void break_or_repair(test_cluster_run_t *run, uint32_t node, bool broken)
{
    mdl_cluster_t *cluster = run->cluster;

    if (cluster->pooled) {
        if (broken && cluster->free_gpus > 0)
            mdl_pool_break(cluster);
        while (!broken && cluster->up < cluster->powered)
            mdl_pool_repair(cluster);
        return;
    }
    for (uint32_t i = 0; i < cluster->nodes && !broken; i++)
        mdl_cluster_set_broken(cluster, i, false);
    if (!broken)
        return;
    while (mdl_cluster_node(cluster, node)->first_job != MDL_NONE) {
        uint32_t job = mdl_cluster_node(cluster, node)->first_job;
        if (mdl_scheduler_job(run->scheduler, job)->elastic &&
            mdl_scheduler_job(run->scheduler, job)->gpus > cluster->node_gpus)
            mdl_scheduler_lose_node(run->scheduler, cluster, job, node);
        else
            test_cluster_run_requeue(run, job);
    }
    mdl_cluster_set_broken(cluster, node, true);
}

static void change_limits(test_cluster_run_t *run, stream_t *stream, uint32_t index, uint32_t more)
{
    const mdl_scheduler_holding_t *holding = mdl_scheduler_holding(run->scheduler, index);
    uint32_t limit = holding->limit_gpus + more < total_gpus(stream) ? holding->limit_gpus + more : total_gpus(stream);

    mdl_scheduler_set_limits(run->scheduler, index, holding->quota_gpus, limit);
}

static void disturb(test_cluster_run_t *run, stream_t *stream, sim_rng_t *rng)
{
    uint32_t job = (uint32_t)sim_draw_below(rng, run->scheduler->untouched_job + 1);
    uint32_t tenant = (uint32_t)sim_draw_below(rng, stream->setup.tenants);
    uint32_t nodes = 1 + (uint32_t)sim_draw_below(rng, 3);
    uint64_t kind = sim_draw_below(rng, 8);
    const mdl_job_t *found = job < run->scheduler->untouched_job ? mdl_scheduler_job(run->scheduler, job) : NULL;

    if (kind == 0)
        break_or_repair(run, (uint32_t)sim_draw_below(rng, stream->setup.nodes), true);
    else if (kind == 1)
        break_or_repair(run, 0, false);
    else if (kind == 2)
        change_limits(run, stream, tenant, nodes * stream->setup.node_gpus);
    else if (kind == 3)
        (void)mdl_scheduler_submit(run->scheduler, run->cluster, tenant, run->now_s,
                                   &(mdl_job_request_t){.work_s = MDL_WORK_ENDLESS,
                                                        .gpus = nodes * stream->setup.node_gpus,
                                                        .interval_s = 1,
                                                        .job_class = MDL_JOB_INFERENCE,
                                                        .elastic = true});
    else if (kind == 4 && found != NULL && found->state != MDL_JOB_FREE)
        test_cluster_run_cancel(run, job);
    else if (kind == 5 && found != NULL && found->state == MDL_JOB_RUNNING)
        test_cluster_run_requeue(run, job);
    else if (kind > 5 && found != NULL && found->state != MDL_JOB_FREE && found->elastic)
        mdl_scheduler_resize(run->scheduler, run->cluster, job, nodes * stream->setup.node_gpus);
    EXPECT(run, mdl_scheduler_conserves(run->scheduler));
}

/* Repairs everything, takes what has no end away, and lets the rest end. */
static void wind_up(test_cluster_run_t *run, const stream_t *stream)
{
    break_or_repair(run, 0, false);
    for (uint32_t t = 0; t < stream->setup.tenants; t++)
        mdl_scheduler_set_limits(run->scheduler, t, stream->quota[t], total_gpus(stream));
    for (uint32_t i = 0; i < run->scheduler->untouched_job; i++)
        if (mdl_scheduler_job(run->scheduler, i)->state != MDL_JOB_FREE &&
            mdl_scheduler_job(run->scheduler, i)->elastic)
            test_cluster_run_cancel(run, i);
    test_cluster_run_pass(run);
    test_cluster_run_to(run, run->now_s + 10 * SIM_DAY_S);
    EXPECT(run, run->scheduler->queued + run->scheduler->running == 0);
    test_cluster_run_verify(run);
}

/* Some submissions of one instant see a pass each, others one together. */
static void step(test_cluster_run_t *run, stream_t *stream, sim_rng_t *rng, bool *owing)
{
    int64_t gap_s = (int64_t)sim_draw_below(rng, sim_draw_bernoulli(rng, 0.4) ? 1 : 12);

    if (*owing && gap_s > 0)
        test_cluster_run_pass(run);
    test_cluster_run_to(run, run->now_s + gap_s);
    if (stream->disturbed && sim_draw_bernoulli(rng, 0.4))
        disturb(run, stream, rng);
    submit(run, stream, rng);
    *owing = sim_draw_bernoulli(rng, 0.3);
    if (!*owing)
        test_cluster_run_pass(run);
}

static void play(stream_t *stream, variant_t variant, watch_t *watch)
{
    sim_rng_t rng = stream->rng;
    test_cluster_run_t run;
    bool owing = false;

    test_cluster_setup_t setup = stream->setup;

    setup.pool &= variant != ON_NODES;
    *watch = (watch_t){.stream = stream, .checks = variant == PLAIN};
    for (size_t i = 0; i < 2 * MOST_JOBS; i++)
        watch->first_promise_s[i] = SIM_NEVER;
    test_cluster_run_open(&run, &setup);
    run.whole_instants = true;
    run.always_stale = variant == STALE;
    run.on_start = note_start;
    run.after_pass = after_pass;
    run.user = watch;
    for (uint32_t t = 0; t < stream->setup.tenants; t++)
        mdl_scheduler_set_limits(run.scheduler, t, stream->quota[t], stream->limit[t]);
    for (uint32_t i = 0; i < stream->steps; i++) {
        if (i == stream->special && variant == CLONED)
            move_to_clone(&run);
        if (i == stream->special && variant == GROWN)
            test_cluster_run_grow(&run, MOST_JOBS + 40, stream->setup.tenants + 1);
        step(&run, stream, &rng, &owing);
    }
    wind_up(&run, stream);
    test_cluster_run_free(&run);
}

/* To look at all jobs again changes nothing, except: with a bound on the jobs tried, one that comes alone is tried however
 * many stand before it; and under conservative backfilling, where room is counted in GPUs, a promise that could not be
 * kept leaves a gap that the next look at all may use. */
static bool may_look_at_all(const stream_t *stream)
{
    if (reserves(stream, MDL_RESERVATION_CONSERVATIVE))
        return counted(stream) && !stream->disturbed;
    return !easy(stream) || stream->setup.policy.backfill_depth == 0;
}

static void test_random_streams(void **state)
{
    int64_t rows[4][8] = {{0}}, starts = 0;
    watch_t watch[2];
    stream_t stream;

    static const char *const names[VARIANTS] = {"",
                                                "the same again differs",
                                                "a look at all each time differs",
                                                "a clone differs",
                                                "a larger table differs",
                                                "single nodes differ from a pool"};

    (void)state;
    for (uint64_t number = 0; number < STREAMS; number++) {
        variant_t variant = (variant_t)(AGAIN + number % (VARIANTS - AGAIN));
        draw_stream(&stream, number);
        if ((variant == STALE && !may_look_at_all(&stream)) ||
            (variant == ON_NODES && (!stream.setup.pool || stream.disturbed)))
            variant = AGAIN;
        play(&stream, PLAIN, &watch[0]);
        play(&stream, variant, &watch[1]);
        if (watch[0].starts != watch[1].starts || watch[0].times != watch[1].times ||
            (variant != ON_NODES && watch[0].places != watch[1].places))
            describe(&stream, names[variant], -1);
        const mdl_policy_t *policy = &stream.setup.policy;
        rows[0][policy->order]++;
        rows[1][policy->reservation] += policy->preemption == MDL_PREEMPTION_NONE;
        rows[2][policy->placement]++;
        rows[3][policy->preemption]++;
        starts += (int64_t)watch[0].starts;
    }
    print_message("%lld starts\n", (long long)starts);
    for (int slot = 0; slot < 4; slot++)
        for (int row = 0; row < 8; row++)
            assert_true(rows[slot][row] == 0 || rows[slot][row] >= STREAMS / 72 * 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_streams)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
