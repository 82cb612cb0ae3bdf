// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/starts.h"

#include "sim/error.h"

/* Jobs stand in the second half of the array; below place i are 2i and 2i + 1. */
static uint32_t half(uint32_t jobs)
{
    uint32_t places = 1;

    while (places < jobs)
        places *= 2;
    return places;
}

size_t mdl_starts_bytes(uint32_t jobs)
{
    return 2 * (size_t)half(jobs) * sizeof(int64_t);
}

void mdl_starts_clear(int64_t *self, uint32_t jobs)
{
    for (uint32_t i = 0; i < 2 * half(jobs); i++)
        self[i] = INT64_MAX;
}

void mdl_starts_copy(int64_t *self, uint32_t jobs, const int64_t *from, uint32_t n)
{
    SIM_ASSERT(jobs >= n);
    mdl_starts_clear(self, jobs);
    for (uint32_t i = 0; i < n; i++)
        if (from[half(n) + i] != INT64_MAX)
            mdl_starts_set(self, jobs, i, from[half(n) + i]);
}

void mdl_starts_set(int64_t *self, uint32_t jobs, uint32_t job, int64_t start_s)
{
    uint32_t i = half(jobs) + job;

    self[i] = start_s;
    for (i /= 2; i > 0; i /= 2) {
        int64_t first_s = self[2 * i] < self[2 * i + 1] ? self[2 * i] : self[2 * i + 1];
        if (self[i] == first_s)
            return;
        self[i] = first_s;
    }
}

uint32_t mdl_starts_next(const int64_t *self, uint32_t jobs, uint32_t job, int64_t by_s)
{
    uint32_t first = half(jobs), i = first + job;

    if (job >= jobs)
        return jobs;
    while (self[i] > by_s) { /* on to what stands right of it: up as long as that is another tree's */
        while (i % 2 == 1)
            i /= 2;
        if (i == 0)
            return jobs;
        i++;
    }
    while (i < first)
        i = self[2 * i] <= by_s ? 2 * i : 2 * i + 1;
    return i - first;
}
