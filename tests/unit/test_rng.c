// SPDX-License-Identifier: GPL-3.0-or-later
/* Philox against its published known answers, and the laws of addressing. */
#include "sim/rng.h"
#include "tests/support/test.h"

#include <math.h>

typedef struct known_answer {
    uint64_t counter[4];
    uint64_t key[2];
    uint64_t out[4];
} known_answer_t;

/* Random123 1.09, tests/kat_vectors, the three philox4x64 lines of 10 rounds. */
static const known_answer_t known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
    {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
     {UINT64_MAX, UINT64_MAX},
     {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
    {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
     {0x452821e638d01377, 0xbe5466cf34e90c6c},
     {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}},
};

static void test_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known_answers / sizeof known_answers[0]; i++) {
        uint64_t out[4];
        sim_philox4x64(known_answers[i].counter, known_answers[i].key, out);
        assert_memory_equal(out, known_answers[i].out, sizeof out);
    }
}

static void test_address_is_the_counter(void **state)
{
    (void)state;
    sim_rng_t rng;
    uint64_t out[4];
    sim_rng_at(&rng, 11, 22, 33, 44, 55);
    for (uint64_t attempt = 0; attempt < 3; attempt++) {
        sim_philox4x64((uint64_t[4]){55 << 16 | attempt, 33, 44, 22}, (uint64_t[2]){11, 0}, out);
        for (int i = 0; i < 4; i++)
            assert_int_equal(sim_rng_u64(&rng), out[i]);
    }
}

static void test_attempts_carry_into_the_event(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_t next;
    sim_rng_at(&rng, 1, 2, 3, 4, 7);
    sim_rng_at(&next, 1, 2, 3, 4, 8);
    for (int i = 0; i < 4 * 65536; i++)
        sim_rng_u64(&rng);
    for (int i = 0; i < 8; i++)
        assert_int_equal(sim_rng_u64(&rng), sim_rng_u64(&next));
}

static void test_a_word_is_the_first_of_its_address(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        sim_rng_t rng;
        sim_rng_at(&rng, 7 * i, i % 5, i * i, 3 + i, 1000 - i);
        assert_true(sim_rng_word(7 * i, i % 5, i * i, 3 + i, 1000 - i) == sim_rng_u64(&rng));
    }
}

static void test_last_event_is_allowed(void **state)
{
    (void)state;
    sim_rng_t rng;
    sim_rng_at(&rng, 1, 2, 3, 4, (UINT64_C(1) << 48) - 1);
    assert_int_equal(rng.counter[0], UINT64_MAX << 16);
}

/* Any mixture of single words and fills gives one and the same sequence. */
static void test_fill_is_the_same_sequence(void **state)
{
    (void)state;
    enum { N = 4000 };
    static uint64_t expected[N];
    static uint64_t found[N];
    sim_rng_t rng;
    sim_rng_at(&rng, 5, 0, 0, 0, 0);
    for (int i = 0; i < N; i++)
        expected[i] = sim_rng_u64(&rng);
    sim_rng_at(&rng, 5, 0, 0, 0, 0);
    sim_rng_t lengths;
    sim_rng_at(&lengths, 6, 0, 0, 0, 0);
    for (size_t done = 0; done < N;) {
        size_t n = sim_rng_u64(&lengths) % 60;
        n = n < N - done ? n : N - done;
        sim_rng_fill(&rng, found + done, n);
        done += n;
        if (done < N && sim_rng_u64(&lengths) % 2)
            found[done++] = sim_rng_u64(&rng);
    }
    assert_memory_equal(found, expected, sizeof expected);
}

/* Correlation of the first words at n neighbouring addresses that differ in one coordinate only.
 * Under independence sqrt(n) r is standard normal: |.| > 4.9 has probability 1e-6 for each of the six pairs. */
static void first_word(double *u, const uint64_t address[5])
{
    sim_rng_t rng;
    sim_rng_at(&rng, address[0], address[1], address[2], address[3], address[4]);
    *u = (double)(sim_rng_u64(&rng) >> 11) * 0x1p-53 - 0.5;
}

static double correlation_along(int coordinate, uint64_t step)
{
    enum { N = 100000 };
    double sum = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t here[5] = {20240101, 3, 1000003, 7, 0};
        here[4] = i * 10; /* the sequence runs along events, the pair along `coordinate` */
        uint64_t there[5];
        memcpy(there, here, sizeof there);
        there[coordinate] += step;
        double u;
        double v;
        first_word(&u, here);
        first_word(&v, there);
        sum += u * v;
    }
    return sum * 12 / sqrt(N);
}

static void test_neighbouring_addresses_are_uncorrelated(void **state)
{
    (void)state;
    for (int coordinate = 0; coordinate < 5; coordinate++)
        assert_true(fabs(correlation_along(coordinate, 1)) < 4.9);
    assert_true(fabs(correlation_along(2, UINT64_C(1) << 63)) < 4.9);
}

static void test_same_address_same_words(void **state)
{
    (void)state;
    sim_rng_t a;
    sim_rng_t b;
    sim_rng_at(&a, 9, 8, 7, 6, 5);
    for (int i = 0; i < 5; i++)
        sim_rng_u64(&a);
    sim_rng_t copy = a; /* a copy goes on from where it stands */
    assert_int_equal(sim_rng_u64(&a), sim_rng_u64(&copy));
    sim_rng_at(&a, 9, 8, 7, 6, 5);
    sim_rng_at(&b, 9, 8, 7, 6, 5);
    for (int i = 0; i < 100; i++)
        assert_int_equal(sim_rng_u64(&a), sim_rng_u64(&b));
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A million ids as models make them: small ordinals under few kinds, two levels deep. By chance two of them would meet
 * with probability 3e-8. */
static void test_entity_ids_do_not_collide(void **state)
{
    (void)state;
    enum { PARENTS = 100, KINDS = 10, ORDINALS = 1000, N = PARENTS * KINDS * ORDINALS + PARENTS };
    uint64_t *ids = malloc(N * sizeof *ids);
    assert_non_null(ids);
    size_t n = 0;
    for (uint64_t p = 0; p < PARENTS; p++) {
        uint64_t parent = ids[n++] = sim_entity_id(0, 1, p);
        for (uint32_t kind = 0; kind < KINDS; kind++)
            for (uint64_t ordinal = 0; ordinal < ORDINALS; ordinal++)
                ids[n++] = sim_entity_id(parent, kind, ordinal);
    }
    qsort(ids, n, sizeof *ids, compare_u64);
    for (size_t i = 1; i < n; i++)
        assert_true(ids[i - 1] != ids[i]);
    free(ids);
}

static void test_entity_id_depends_on_each_argument(void **state)
{
    (void)state;
    assert_true(sim_entity_id(1, 2, 3) != sim_entity_id(1, 3, 2));
    assert_true(sim_entity_id(1, 2, 3) != sim_entity_id(2, 1, 3));
    assert_true(sim_entity_id(0, 0, 0) != 0);
    assert_int_equal(sim_entity_id(1, 2, 3), sim_entity_id(1, 2, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_address_is_the_counter),
        cmocka_unit_test(test_attempts_carry_into_the_event),
        cmocka_unit_test(test_a_word_is_the_first_of_its_address),
        cmocka_unit_test(test_last_event_is_allowed),
        cmocka_unit_test(test_fill_is_the_same_sequence),
        cmocka_unit_test(test_neighbouring_addresses_are_uncorrelated),
        cmocka_unit_test(test_same_address_same_words),
        cmocka_unit_test(test_entity_ids_do_not_collide),
        cmocka_unit_test(test_entity_id_depends_on_each_argument),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
