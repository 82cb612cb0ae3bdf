// SPDX-License-Identifier: GPL-3.0-or-later
/* The arena: zeroed aligned blocks that never overlap, reuse, copies, the bound, refusals of the system. */
#include "sim/arena.h"
#include "tests/support/limit.h"
#include "tests/support/test.h"

#define BLOCKS 400

typedef struct block {
    sim_ref_t ref;
    size_t bytes;
    unsigned char mark;
} block_t;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static sim_arena_t new_arena(size_t max_bytes)
{
    sim_arena_t arena;
    sim_error_t err = {0};
    assert_int_equal(sim_arena_init(&arena, max_bytes, &err), SIM_OK);
    return arena;
}

static void assert_filled(const sim_arena_t *arena, const block_t *block, unsigned char value)
{
    const unsigned char *bytes = sim_arena_at(arena, block->ref);
    for (size_t i = 0; i < block->bytes; i++) {
        if (bytes[i] != value)
            fail_msg("byte %zu of block %llu is %u, not %u", i, (unsigned long long)block->ref, bytes[i], value);
    }
}

static void take(sim_arena_t *arena, block_t *block, uint64_t *random)
{
    block->bytes = next_random(random) % 8 == 0 ? next_random(random) % 200000 : next_random(random) % 700;
    block->mark = (unsigned char)(1 + next_random(random) % 255);
    block->ref = sim_arena_alloc(arena, block->bytes);
    assert_int_not_equal(block->ref, 0);
    assert_int_equal((uintptr_t)sim_arena_at(arena, block->ref) % 64, 0);
    assert_filled(arena, block, 0);
    memset(sim_arena_at(arena, block->ref), block->mark, block->bytes);
}

static void give(sim_arena_t *arena, block_t *block)
{
    assert_filled(arena, block, block->mark);
    sim_arena_release(arena, block->ref, block->bytes);
    block->ref = 0;
}

/* Random takes and gives; each block keeps its own mark, so an overlap shows. */
static void churn(sim_arena_t *arena, block_t *blocks, uint64_t *random, int steps)
{
    for (int i = 0; i < steps; i++) {
        block_t *block = &blocks[next_random(random) % BLOCKS];
        if (block->ref == 0)
            take(arena, block, random);
        else
            give(arena, block);
    }
}

static void test_blocks_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    sim_arena_t arena = new_arena((size_t)1 << 30);
    uint64_t random = 7;
    for (int life = 0; life < 4; life++) {
        block_t blocks[BLOCKS] = {{0}};
        churn(&arena, blocks, &random, 4000);
        for (int i = 0; i < BLOCKS; i++) {
            if (blocks[i].ref != 0)
                give(&arena, &blocks[i]);
        }
        sim_arena_reset(&arena);
    }
    sim_arena_free(&arena);
    sim_arena_free(&arena);
}

static void test_same_calls_give_same_refs(void **state)
{
    (void)state;
    sim_arena_t arenas[2] = {new_arena((size_t)64 << 20), new_arena((size_t)1 << 30)};
    (void)sim_arena_alloc(&arenas[1], 5000);
    sim_arena_reset(&arenas[1]);
    for (size_t bytes = 0; bytes < 3000; bytes += 17)
        assert_int_equal(sim_arena_alloc(&arenas[0], bytes), sim_arena_alloc(&arenas[1], bytes));
    assert_int_equal(sim_arena_used(&arenas[0]), sim_arena_used(&arenas[1]));
    sim_arena_free(&arenas[0]);
    sim_arena_free(&arenas[1]);
}

static void test_released_blocks_are_used_again(void **state)
{
    (void)state;
    sim_arena_t arena = new_arena((size_t)64 << 20);
    sim_ref_t first = sim_arena_alloc(&arena, 1000);
    sim_ref_t other = sim_arena_alloc(&arena, 1000);
    size_t used = sim_arena_used(&arena);
    for (int i = 0; i < 100000; i++) {
        sim_arena_release(&arena, first, 1000);
        assert_int_equal(sim_arena_alloc(&arena, 990), first);
        sim_arena_release(&arena, first, 990);
        assert_int_equal(sim_arena_alloc(&arena, 1000), first);
    }
    assert_int_not_equal(first, other);
    assert_int_equal(sim_arena_used(&arena), used);
    sim_arena_release(&arena, 0, 1000);
    sim_arena_free(&arena);
}

/* A copy goes its own way: same refs, same free lists, equal bytes under equal calls. */
static void test_copy(void **state)
{
    (void)state;
    sim_arena_t arena = new_arena((size_t)256 << 20);
    sim_arena_t copy = new_arena((size_t)256 << 20);
    uint64_t random = 11;
    block_t blocks[BLOCKS] = {{0}};
    block_t junk[BLOCKS] = {{0}};
    churn(&copy, junk, &random, 3000); /* the copy's memory has a past, larger than what is copied */
    sim_ref_t large = sim_arena_alloc(&copy, (size_t)30 << 20);
    memset(sim_arena_at(&copy, large), 0x77, (size_t)30 << 20);
    churn(&arena, blocks, &random, 3000);
    sim_error_t err = {0};
    assert_int_equal(sim_arena_copy(&copy, &arena, &err), SIM_OK);
    assert_int_equal(sim_arena_used(&copy), sim_arena_used(&arena));
    assert_memory_equal(copy.base, arena.base, sim_arena_used(&arena));
    block_t twins[BLOCKS];
    memcpy(twins, blocks, sizeof twins);
    uint64_t random_a = 5, random_b = 5;
    churn(&arena, blocks, &random_a, 3000);
    churn(&copy, twins, &random_b, 3000);
    assert_memory_equal(blocks, twins, sizeof twins);
    assert_int_equal(sim_arena_used(&copy), sim_arena_used(&arena));
    sim_arena_free(&arena);
    sim_arena_free(&copy);
}

static void test_bound(void **state)
{
    (void)state;
    sim_arena_t arena = new_arena((size_t)6 << 20);
    assert_int_equal(sim_arena_alloc(&arena, (size_t)7 << 20), 0);
    assert_int_equal(sim_arena_alloc(&arena, SIZE_MAX), 0);
    size_t n = 0;
    while (sim_arena_alloc(&arena, 65536) != 0)
        n++;
    assert_true(n >= 94 && n <= 96);
    assert_int_not_equal(sim_arena_alloc(&arena, 64), 0);
    assert_true(sim_arena_used(&arena) <= (size_t)6 << 20);
    sim_arena_t small = new_arena((size_t)2 << 20);
    sim_error_t err = {0};
    assert_int_equal(sim_arena_copy(&small, &arena, &err), SIM_ELIMIT);
    assert_non_null(strstr(err.message, "bound"));
    sim_arena_free(&arena);
    sim_arena_free(&small);
}

static void test_range_that_cannot_be_had(void **state)
{
    (void)state;
    sim_arena_t arena;
    sim_error_t err = {0};
    assert_int_equal(sim_arena_init(&arena, (size_t)1 << 62, &err), SIM_ENOMEM);
    assert_non_null(strstr(err.message, "address space"));
    sim_arena_free(&arena);
}

/* The sum of all reservations must fit the limit on address space; the message names it. */
static void test_limit_on_address_space_is_named(void **state)
{
    (void)state;
    struct rlimit saved;
    test_limit_begin(RLIMIT_AS, (rlim_t)1 << 30, &saved);
    sim_arena_t arena, small;
    sim_error_t err = {0};
    sim_status_t refused = sim_arena_init(&arena, (size_t)2 << 30, &err);
    sim_status_t granted = sim_arena_init(&small, (size_t)64 << 20, NULL);
    test_limit_end(RLIMIT_AS, &saved);
    assert_int_equal(refused, SIM_ENOMEM);
    assert_non_null(strstr(err.message, "limit on address space is 1024 MiB"));
    assert_int_equal(granted, SIM_OK);
    sim_arena_free(&small);
}

/* The range was reserved, but the system has no memory for it: as if the bound were reached, and nothing is lost. */
static void test_no_memory_for_a_reserved_range(void **state)
{
    (void)state;
    sim_arena_t arena = new_arena((size_t)256 << 20);
    sim_arena_t large = new_arena((size_t)256 << 20);
    assert_int_not_equal(sim_arena_alloc(&large, (size_t)60 << 20), 0);
    sim_ref_t kept = sim_arena_alloc(&arena, 1000);
    memset(sim_arena_at(&arena, kept), 7, 1000);
    struct rlimit saved;
    test_limit_begin(RLIMIT_DATA, (rlim_t)1 << 20, &saved);
    sim_error_t err = {0};
    sim_arena_t third;
    sim_status_t refused = sim_arena_init(&third, (size_t)4 << 20, NULL);
    sim_status_t copied = sim_arena_copy(&arena, &large, &err);
    sim_ref_t block = sim_arena_alloc(&arena, (size_t)60 << 20);
    test_limit_end(RLIMIT_DATA, &saved);
    assert_int_equal(refused, SIM_ENOMEM);
    assert_int_equal(copied, SIM_ENOMEM);
    assert_non_null(strstr(err.message, "for a copy"));
    assert_int_equal(block, 0);
    assert_filled(&arena, &(block_t){kept, 1000, 7}, 7);
    assert_int_not_equal(sim_arena_alloc(&arena, (size_t)60 << 20), 0);
    sim_arena_free(&third);
    sim_arena_free(&arena);
    sim_arena_free(&large);
}

/* Touching ahead, within the bound or past it, shows in nothing: blocks stay, the next ones are zeroed and stand where
 * they would. */
static void test_touching_changes_nothing(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        sim_arena_t arena = new_arena((size_t)16 << 20), other = new_arena((size_t)16 << 20);
        for (int life = 0; life < 2; life++) {
            block_t block = {sim_arena_alloc(&arena, 5000), 5000, 9};
            memset(sim_arena_at(&arena, block.ref), 9, block.bytes);
            assert_int_equal(sim_arena_alloc(&other, 5000), block.ref);
            size_t used = sim_arena_used(&arena);
            sim_arena_touch(&arena, (size_t)5 << 20, threads);
            sim_arena_touch(&arena, (size_t)1 << 30, threads);
            sim_arena_touch(&arena, 0, threads);
            assert_int_equal(sim_arena_used(&arena), used);
            assert_filled(&arena, &block, 9);
            block_t next = {sim_arena_alloc(&arena, (size_t)6 << 20), (size_t)6 << 20, 9};
            assert_int_equal(sim_arena_alloc(&other, (size_t)6 << 20), next.ref);
            assert_filled(&arena, &next, 0);
            memset(sim_arena_at(&arena, next.ref), 9, next.bytes);
            sim_arena_reset(&arena);
            sim_arena_reset(&other);
        }
        sim_arena_free(&arena);
        sim_arena_free(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_same_calls_give_same_refs),
        cmocka_unit_test(test_released_blocks_are_used_again),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_range_that_cannot_be_had),
        cmocka_unit_test(test_limit_on_address_space_is_named),
        cmocka_unit_test(test_no_memory_for_a_reserved_range),
        cmocka_unit_test(test_touching_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
