// SPDX-License-Identifier: GPL-3.0-or-later
/* What must hold of verdicts and scores whatever the numbers are. Seeds are fixed: the cases are the same in every run. */
#include "analysis/validate.h"
#include "sim/rng.h"
#include "tests/support/test.h"

enum { CASES = 4000, FACTS = 60 };

static double uniform(sim_rng_t *rng, double low, double high)
{
    return low + (high - low) * ((double)(sim_rng_u64(rng) >> 11) / 9007199254740992.0);
}

/* A fact with a band somewhere, in logs only above zero. */
static ana_fact_t some_fact(sim_rng_t *rng)
{
    ana_fact_t fact = {.scoring = sim_rng_u64(rng) % 2 == 0 ? ANA_SCORING_LINEAR : ANA_SCORING_LOG};
    fact.low = uniform(rng, fact.scoring == ANA_SCORING_LOG ? 0.01 : -100, 100);
    fact.high = fact.low + (sim_rng_u64(rng) % 4 == 0 ? 0 : uniform(rng, 0, 50));
    fact.kind = (ana_fact_kind_t)(sim_rng_u64(rng) % 2);
    snprintf(fact.source, sizeof fact.source, "%d", (int)(sim_rng_u64(rng) % 9));
    return fact;
}

static void the_facts_own_band_is_a_hit(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 0, 0, 0, 0);
    for (int i = 0; i < CASES; i++) {
        ana_fact_t fact = some_fact(&rng);
        assert_int_equal(ana_judge(&fact, fact.low, fact.high), ANA_VERDICT_HIT);
    }
}

/* What lies inside of a band that hits, and still meets the fact, hits too; what misses still misses when narrower. */
static void narrower_bands_are_never_worse(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, 2, 0, 0, 0, 0);
    for (int i = 0; i < CASES; i++) {
        ana_fact_t fact = some_fact(&rng);
        double p5 = uniform(&rng, -150, 150), p95 = p5 + uniform(&rng, 0, 120);
        double inner5 = uniform(&rng, p5, p95), inner95 = uniform(&rng, inner5, p95);
        ana_verdict_t outer = ana_judge(&fact, p5, p95), inner = ana_judge(&fact, inner5, inner95);
        if (outer == ANA_VERDICT_MISS)
            assert_int_equal(inner, ANA_VERDICT_MISS);
        if (outer == ANA_VERDICT_HIT)
            assert_int_not_equal(inner, ANA_VERDICT_WIDE);
    }
}

/* A vaguer fact is never harder to hit. */
static void wider_facts_are_never_harder(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, 3, 0, 0, 0, 0);
    for (int i = 0; i < CASES; i++) {
        ana_fact_t fact = some_fact(&rng), vaguer = fact;
        double by = uniform(&rng, 0, fact.scoring == ANA_SCORING_LOG ? fact.low * 0.9 : 30);
        vaguer.low -= by; /* the same centre */
        vaguer.high += by;
        double p5 = uniform(&rng, -150, 150), p95 = p5 + uniform(&rng, 0, 120);
        if (ana_judge(&fact, p5, p95) == ANA_VERDICT_HIT)
            assert_int_equal(ana_judge(&vaguer, p5, p95), ANA_VERDICT_HIT);
    }
}

static void shuffle(ana_finding_t *findings, size_t n, sim_rng_t *rng)
{
    for (size_t i = n; i-- > 1;) {
        size_t j = sim_rng_u64(rng) % (i + 1);
        ana_finding_t swap = findings[i];
        findings[i] = findings[j];
        findings[j] = swap;
    }
}

static void order_does_not_matter(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, 4, 0, 0, 0, 0);
    ana_fact_t facts[FACTS];
    ana_finding_t findings[FACTS];
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < FACTS; i++) {
            facts[i] = some_fact(&rng);
            findings[i] =
                (ana_finding_t){.fact = &facts[i], .verdict = (ana_verdict_t)(sim_rng_u64(&rng) % ANA_VERDICTS)};
            findings[i].median_inside = findings[i].verdict != ANA_VERDICT_NOT_COMPARABLE && sim_rng_u64(&rng) % 2 == 0;
        }
        ana_validation_t before = {.findings = findings, .n = FACTS};
        ana_validation_score(&before);
        shuffle(findings, FACTS, &rng);
        ana_validation_t after = {.findings = findings, .n = FACTS};
        ana_validation_score(&after);
        assert_close(after.score_medians, before.score_medians, 0);
        for (int kind = 0; kind < ANA_FACT_KINDS; kind++) {
            const ana_score_t *a = &before.score[kind], *b = &after.score[kind];
            assert_true(a->comparable == b->comparable && a->hits == b->hits && a->wide == b->wide);
            assert_int_equal(a->sources, b->sources);
            assert_close(b->share, a->share, 0);
            assert_close(b->share_by_source, a->share_by_source, 1e-12);
            assert_true(a->share >= 0 && a->share <= 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_facts_own_band_is_a_hit),
        cmocka_unit_test(narrower_bands_are_never_worse),
        cmocka_unit_test(wider_facts_are_never_harder),
        cmocka_unit_test(order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
