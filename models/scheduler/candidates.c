// SPDX-License-Identifier: GPL-3.0-or-later
/* Heapsort of candidates: in place, without recursion, the same for equal input everywhere. */
#include "models/scheduler/passes.h"

static bool before(mdl_scheduler_t *self, const mdl_candidate_t *a, const mdl_candidate_t *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    return mdl_scheduler_job(self, a->job)->sequence < mdl_scheduler_job(self, b->job)->sequence;
}

/* Lets the candidate at `at` sink among the first `n`, the last in order on top. */
static void sink(mdl_scheduler_t *self, mdl_candidate_t *heap, uint32_t at, uint32_t n)
{
    mdl_candidate_t moving = heap[at];

    for (uint32_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && before(self, &heap[child], &heap[child + 1]))
            child++;
        if (!before(self, &moving, &heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moving;
}

static bool sorted(mdl_scheduler_t *self, const mdl_candidate_t *candidates, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (before(self, &candidates[i], &candidates[i - 1]))
            return false;
    return true;
}

void mdl_candidates_sort(mdl_scheduler_t *self, mdl_candidate_t *candidates, uint32_t n)
{
    if (sorted(self, candidates, n)) /* one tenant's queue is, and most rounds of preemption nearly so */
        return;
    for (uint32_t i = n / 2; i-- > 0;)
        sink(self, candidates, i, n);
    for (uint32_t i = n; i-- > 1;) {
        mdl_candidate_t last = candidates[0];
        candidates[0] = candidates[i];
        candidates[i] = last;
        sink(self, candidates, 0, i);
    }
}
