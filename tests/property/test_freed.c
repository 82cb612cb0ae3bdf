// SPDX-License-Identifier: GPL-3.0-or-later
/* Spans in which room has come free against looking everywhere: a job that looks only there finds the same.
 * Random availability profiles, jobs and returns of GPUs; seed 45, exact. */
#include "models/scheduler/freed.h"
#include "sim/draw.h"
#include "sim/rng.h"
#include "tests/support/test.h"

#define BLOCKS  64
#define JOBS    24
#define SECONDS 4000
#define SPANS   100

typedef struct memory {
    mdl_availability_entry_t entries[BLOCKS];
    mdl_availability_block_t blocks[BLOCKS];
} memory_t;

typedef struct claim {
    int64_t gpus, length_s, start_s;
} claim_t;

static claim_t draw_claim(sim_rng_t *rng)
{
    return (claim_t){.gpus = 1 + (int64_t)sim_draw_below(rng, 40), .length_s = 1 + (int64_t)sim_draw_below(rng, 60)};
}

static void place(mdl_availability_t *availability, claim_t *claim, int64_t now_s)
{
    claim->start_s = mdl_availability_earliest(availability, now_s, claim->gpus, claim->length_s);
    mdl_availability_take(availability, claim->start_s, claim->start_s + claim->length_s, claim->gpus);
}

/* One job after another looks for an earlier start, everywhere and where room has come free: both find the same. Returns
 * how many found one. */
static int sweep(mdl_availability_t *availability, mdl_freed_t *freed, mdl_freed_t *kept, claim_t *jobs, int64_t now_s)
{
    int moved = 0;

    for (int i = 0; i < JOBS; i++) {
        claim_t *job = &jobs[i];
        mdl_queue_place_t at = {0, (uint64_t)i};
        if (job->start_s <= now_s)
            continue;
        int64_t held_s = job->start_s, end_s = held_s + job->length_s;
        int64_t start_s = mdl_availability_earlier(availability, now_s, job->gpus, job->length_s, held_s);
        assert_int_equal(mdl_freed_earlier(freed, availability, at, now_s, job->gpus, job->length_s, held_s), start_s);
        if (start_s == held_s)
            continue;
        moved++;
        mdl_availability_take(availability, held_s, end_s, -job->gpus);
        mdl_availability_take(availability, start_s, start_s + job->length_s, job->gpus);
        job->start_s = start_s;
        int64_t from_s = start_s + job->length_s > held_s ? start_s + job->length_s : held_s;
        mdl_freed_add(kept, availability, from_s, end_s, at);
        mdl_freed_add(freed, availability, from_s, end_s, MDL_FREED_FOR_ALL);
    }
    return moved;
}

static void play(sim_rng_t *rng, int *moved)
{
    memory_t memory;
    mdl_availability_t availability = mdl_availability_in(&memory, BLOCKS);
    mdl_freed_t kept = {0};
    claim_t jobs[JOBS];
    int64_t now_s = 0;

    mdl_availability_reset(&availability, 0, 64);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = draw_claim(rng);
        place(&availability, &jobs[i], now_s);
    }
    for (int round = 0; round < 30; round++) {
        claim_t *leaver = &jobs[sim_draw_below(rng, JOBS)];
        int64_t from_s = leaver->start_s > now_s ? leaver->start_s : now_s, end_s = leaver->start_s + leaver->length_s;
        now_s += (int64_t)sim_draw_below(rng, 5);
        from_s = from_s > now_s ? from_s : now_s;
        mdl_availability_drop_past(&availability, now_s);
        mdl_availability_take(&availability, from_s, end_s, -leaver->gpus);
        mdl_freed_add(&kept, &availability, from_s, end_s, MDL_FREED_FOR_ALL);
        leaver->start_s = INT64_MIN; /* gone until all have had their turn */
        mdl_freed_t freed = kept;
        kept.n = 0;
        *moved += sweep(&availability, &freed, &kept, jobs, now_s);
        *leaver = draw_claim(rng);
        place(&availability, leaver, now_s);
    }
}

static void test_nobody_is_forgotten(void **state)
{
    sim_rng_t rng;
    int moved = 0;

    (void)state;
    sim_rng_at(&rng, 45, 0, 0, 0, 0);
    for (int i = 0; i < 2000; i++)
        play(&rng, &moved);
    print_message("%d moves\n", moved);
    assert_true(moved > 0);
}

/* Up to SECONDS, now and then less than all is free. */
static void fill(mdl_availability_t *availability, sim_rng_t *rng)
{
    mdl_availability_reset(availability, 0, 64);
    for (int i = 0; i < 100; i++) {
        int64_t from_s = (int64_t)sim_draw_below(rng, SECONDS), length_s = 1 + (int64_t)sim_draw_below(rng, 100);
        mdl_availability_take(availability, from_s, from_s + length_s, 1 + (int64_t)sim_draw_below(rng, 10));
    }
}

/* Spans stand in order and apart, each knows the most that is free in it, and what was added is in one of them: in
 * `noted`, by seconds, up to which job; 0: nothing. */
static void assert_covered(const mdl_freed_t *freed, const mdl_availability_t *availability,
                           const uint64_t noted[SECONDS])
{
    uint32_t i = 0;

    assert_in_range(freed->n, 1, MDL_FREED_SPANS);
    for (uint32_t k = 0; k < freed->n; k++) {
        const mdl_freed_span_t *span = &freed->spans[k];
        assert_true(span->from_s < span->to_s && (k == 0 || freed->spans[k - 1].to_s < span->from_s));
        assert_true(span->most == mdl_availability_most(availability, span->from_s, span->to_s));
    }
    for (int64_t s = 0; s < SECONDS; s++) {
        while (i + 1 < freed->n && freed->spans[i].to_s <= s)
            i++;
        const mdl_freed_span_t *span = &freed->spans[i];
        assert_true(noted[s] == 0 || (span->from_s <= s && s < span->to_s && span->before.sequence >= noted[s]));
    }
}

/* What is known of gaps is never too little. Returns how much is known. */
static int assert_bounded(const mdl_freed_t *freed, const mdl_availability_t *availability)
{
    int known = 0;

    for (uint32_t size = 0; size < freed->sizes; size++)
        for (uint32_t k = 0; k < freed->n; k++) {
            uint32_t longest_s = freed->longest_s[size][k];
            const mdl_freed_span_t *span = &freed->spans[k];
            int64_t truth_s = mdl_availability_longest(availability, span->from_s, span->to_s, 0, INT64_C(1) << size);
            assert_true(longest_s >= MDL_FREED_ENDLESS || longest_s >= truth_s);
            known += longest_s != MDL_FREED_UNKNOWN;
        }
    return known;
}

/* Where there are more spans than are kept apart, nothing of what was added is lost, nor of what jobs have learnt that
 * looked in between. */
static void test_many_spans_become_few(void **state)
{
    sim_rng_t rng;
    int known = 0;

    (void)state;
    sim_rng_at(&rng, 45, 1, 0, 0, 0);
    for (int round = 0; round < 20; round++) {
        memory_t memory;
        mdl_availability_t availability = mdl_availability_in(&memory, BLOCKS);
        mdl_freed_t freed = {0};
        uint64_t noted[SECONDS] = {0};
        uint32_t most = 0;
        fill(&availability, &rng);
        for (int i = 0; i < SPANS; i++) {
            int64_t from_s = (int64_t)sim_draw_below(&rng, SECONDS - 20);
            int64_t to_s = from_s + 1 + (int64_t)sim_draw_below(&rng, 20);
            uint64_t before = 1 + sim_draw_below(&rng, 10);
            mdl_freed_add(&freed, &availability, from_s, to_s, (mdl_queue_place_t){0, before});
            for (int64_t s = from_s; s < to_s; s++)
                noted[s] = before > noted[s] ? before : noted[s];
            assert_covered(&freed, &availability, noted);
            int64_t gpus = 1 + (int64_t)sim_draw_below(&rng, 64), held_s = 1 + (int64_t)sim_draw_below(&rng, SECONDS);
            (void)mdl_freed_earlier(&freed, &availability, (mdl_queue_place_t){0, 0}, 0, gpus, SECONDS, held_s);
            known += assert_bounded(&freed, &availability);
            most = freed.n > most ? freed.n : most;
        }
        assert_int_equal(most, MDL_FREED_SPANS); /* there were enough of them */
    }
    assert_true(known > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_is_forgotten),
        cmocka_unit_test(test_many_spans_become_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
