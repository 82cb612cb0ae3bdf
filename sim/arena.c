// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define ALIGNMENT   ((size_t)64)
#define STEPS       4 /* size classes per doubling: a block wastes less than a quarter of itself */
#define CLASSES     160
#define COMMIT_STEP ((size_t)2 << 20) /* memory is opened in multiples of a huge page */
#define PAGE        ((size_t)4096)    /* the least that a touch brings in */

/* Stands at the arena's start and is copied with it. */
typedef struct arena_header {
    uint64_t used;                /* end of the last block ever handed out since the last reset */
    sim_ref_t free_list[CLASSES]; /* first free block of each size class; a free block starts with the next one's ref */
} arena_header_t;

static_assert(sizeof(arena_header_t) % 8 == 0, "free lists are copied as plain bytes");

static arena_header_t *header_of(const sim_arena_t *self)
{
    return (arena_header_t *)(void *)self->base;
}

static size_t round_up(size_t value, size_t step)
{
    return (value + step - 1) / step * step;
}

/* Size classes in units of 64 bytes: 1 2 3 4 | 5 6 7 8 | 10 12 14 16 | 20 24 28 32 | … Returns the class and sets the
 * size of its blocks. */
static unsigned size_class(size_t bytes, size_t *block_bytes)
{
    size_t units = bytes == 0 ? 1 : (bytes + ALIGNMENT - 1) / ALIGNMENT;
    unsigned shift = 0;
    while ((units - 1) >> shift >= 2 * STEPS)
        shift++;
    size_t step = ((units - 1) >> shift) + 1; /* 1 .. 8, and 5 .. 8 once shift > 0 */
    *block_bytes = (step << shift) * ALIGNMENT;
    return shift * STEPS + (unsigned)step - 1;
}

static sim_status_t fail_reserve(size_t max_bytes, sim_error_t *err)
{
    int reason = errno;
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        return sim_fail(err, SIM_ENOMEM, "arena",
                        "cannot reserve %zu MiB of address space: the limit on address space is %llu MiB; raise it "
                        "(ulimit -v unlimited) or use fewer threads",
                        max_bytes >> 20, (unsigned long long)limit.rlim_cur >> 20);
    return sim_fail(err, SIM_ENOMEM, "arena", "cannot reserve %zu MiB of address space: %s; use fewer threads",
                    max_bytes >> 20, strerror(reason));
}

/* Makes the range up to `bytes` readable and writable. The range is reserved without access, so that it counts as
 * memory nowhere, not even where the system does not overcommit. */
static bool commit(sim_arena_t *self, size_t bytes)
{
    if (bytes <= self->committed_bytes)
        return true;
    size_t target = round_up(bytes, COMMIT_STEP);
    if (target < 2 * self->committed_bytes)
        target = 2 * self->committed_bytes;
    if (target > self->max_bytes)
        target = self->max_bytes;
    if (mprotect(self->base + self->committed_bytes, target - self->committed_bytes, PROT_READ | PROT_WRITE) != 0)
        return false;
    self->committed_bytes = target;
    return true;
}

sim_status_t sim_arena_init(sim_arena_t *self, size_t max_bytes, sim_error_t *err)
{
    *self = (sim_arena_t){0};
    size_t bytes = round_up(max_bytes < COMMIT_STEP ? COMMIT_STEP : max_bytes, COMMIT_STEP);
    void *base = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return fail_reserve(bytes, err);
    (void)madvise(base, bytes, MADV_HUGEPAGE); /* large calendars are walked at random; a refusal costs only speed */
    self->base = base;
    self->max_bytes = bytes;
    if (!commit(self, COMMIT_STEP)) {
        sim_arena_free(self);
        return sim_fail(err, SIM_ENOMEM, "arena", "cannot get %zu MiB of memory", COMMIT_STEP >> 20);
    }
    sim_arena_reset(self);
    return SIM_OK;
}

void sim_arena_free(sim_arena_t *self)
{
    if (self->base != NULL)
        (void)munmap(self->base, self->max_bytes);
    *self = (sim_arena_t){0};
}

void sim_arena_reset(sim_arena_t *self)
{
    arena_header_t *header = header_of(self);
    if (header->used > self->dirty_bytes)
        self->dirty_bytes = header->used;
    memset(header, 0, sizeof *header);
    header->used = round_up(sizeof *header, ALIGNMENT);
}

static sim_ref_t take_free(sim_arena_t *self, unsigned class, size_t block_bytes)
{
    arena_header_t *header = header_of(self);
    sim_ref_t ref = header->free_list[class];
    unsigned char *block = self->base + ref;
    memcpy(&header->free_list[class], block, sizeof ref);
    memset(block, 0, block_bytes);
    return ref;
}

/* Takes a block behind the last one, clearing only what an earlier life of the arena wrote there. */
static sim_ref_t take_fresh(sim_arena_t *self, size_t block_bytes)
{
    arena_header_t *header = header_of(self);
    size_t start = header->used;
    if (block_bytes > self->max_bytes - start) {
        self->full = SIM_ELIMIT;
        return 0;
    }
    if (!commit(self, start + block_bytes)) {
        self->full = SIM_ENOMEM;
        return 0;
    }
    header->used = start + block_bytes;
    if (start < self->dirty_bytes) {
        size_t dirty = self->dirty_bytes - start;
        memset(self->base + start, 0, dirty < block_bytes ? dirty : block_bytes);
    }
    return start;
}

sim_ref_t sim_arena_alloc(sim_arena_t *self, size_t bytes)
{
    if (bytes > self->max_bytes) {
        self->full = SIM_ELIMIT;
        return 0;
    }
    size_t block_bytes;
    unsigned class = size_class(bytes, &block_bytes);
    SIM_ASSERT(class < CLASSES);
    if (header_of(self)->free_list[class] != 0)
        return take_free(self, class, block_bytes);
    return take_fresh(self, block_bytes);
}

sim_status_t sim_arena_fail(const sim_arena_t *self, sim_error_t *err, const char *where, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (self->full == SIM_ENOMEM)
        return sim_fail(err, SIM_ENOMEM, where, "no room for %s: the system has no memory left; use fewer threads",
                        what);
    return sim_fail(err, SIM_ELIMIT, where, "no room for %s: the world's memory bound of %zu MiB is reached", what,
                    self->max_bytes >> 20);
}

void sim_arena_release(sim_arena_t *self, sim_ref_t ref, size_t bytes)
{
    if (ref == 0)
        return;
    size_t block_bytes;
    unsigned class = size_class(bytes, &block_bytes);
    arena_header_t *header = header_of(self);
    SIM_ASSERT(ref % ALIGNMENT == 0 && ref + block_bytes <= header->used);
    memcpy(self->base + ref, &header->free_list[class], sizeof ref);
    header->free_list[class] = ref;
}

void sim_arena_touch(sim_arena_t *self, size_t bytes, int threads)
{
    size_t from = round_up(header_of(self)->used, PAGE);
    size_t room = self->max_bytes > from ? self->max_bytes - from : 0;
    size_t to = from + (bytes < room ? bytes : room);
    if (from >= to || !commit(self, to))
        return;
    int64_t first = (int64_t)(from / COMMIT_STEP), last = (int64_t)((to - 1) / COMMIT_STEP);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1)
    for (int64_t step = first; step <= last; step++) {
        size_t start = (size_t)step * COMMIT_STEP, end = start + COMMIT_STEP;
        for (size_t at = start < from ? from : start; at < (end < to ? end : to); at += PAGE)
            self->base[at] = 0; /* behind all blocks: what stands there means nothing */
    }
}

sim_status_t sim_arena_copy(sim_arena_t *self, const sim_arena_t *from, sim_error_t *err)
{
    size_t used = sim_arena_used(from);
    if (used > self->max_bytes)
        return sim_fail(err, SIM_ELIMIT, "arena", "a copy needs %zu bytes; its bound is %zu", used, self->max_bytes);
    if (!commit(self, used))
        return sim_fail(err, SIM_ENOMEM, "arena", "cannot get %zu MiB of memory for a copy", used >> 20);
    if (sim_arena_used(self) > self->dirty_bytes)
        self->dirty_bytes = sim_arena_used(self);
    memcpy(self->base, from->base, used);
    return SIM_OK;
}

size_t sim_arena_used(const sim_arena_t *self)
{
    return header_of(self)->used;
}
