// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/scheduler/profile.h"

#include "sim/error.h"

#include <string.h>

void mdl_profile_reset(mdl_profile_t *self, int64_t now_s, int64_t free_gpus)
{
    self->first = 0;
    self->end = 1;
    self->steps[0] = (mdl_profile_step_t){.from_s = now_s, .free_gpus = free_gpus};
}

void mdl_profile_drop_past(mdl_profile_t *self, int64_t now_s)
{
    while (self->first + 1 < self->end && self->steps[self->first + 1].from_s <= now_s)
        self->first++;
}

/* When a step is over. */
static int64_t until(const mdl_profile_t *self, uint32_t i)
{
    return i + 1 == self->end ? INT64_MAX : self->steps[i + 1].from_s;
}

/* Index of the first step from `i` on that has room and begins before held_s; `end` when there is none. */
static uint32_t next_room(const mdl_profile_t *self, uint32_t i, int64_t gpus, int64_t held_s)
{
    const mdl_profile_step_t *steps = self->steps;

    while (i < self->end && steps[i].free_gpus < gpus && steps[i].from_s < held_s)
        i++;
    return i < self->end && steps[i].from_s < held_s ? i : self->end;
}

/* Whether it stays free from start_s on, which lies in step `i`, for as long as that; if not, *blocked is the step that is
 * in the way. From held_s on the job's own GPUs are enough, where nobody has taken more than there are. */
static bool stays_free(const mdl_profile_t *self, uint32_t i, int64_t gpus, int64_t end_s, int64_t held_s,
                       uint32_t *blocked)
{
    const mdl_profile_step_t *steps = self->steps;

    for (; i < self->end && steps[i].from_s < end_s; i++) {
        if (steps[i].free_gpus < (steps[i].from_s < held_s ? gpus : 0)) {
            *blocked = i;
            return false;
        }
    }
    return true;
}

int64_t mdl_profile_earlier(const mdl_profile_t *self, int64_t from_s, int64_t gpus, int64_t length_s, int64_t held_s)
{
    uint32_t i = self->first;

    while (until(self, i) <= from_s && i + 1 < self->end)
        i++;
    for (i = next_room(self, i, gpus, held_s); i < self->end; i = next_room(self, i, gpus, held_s)) {
        int64_t start_s = self->steps[i].from_s > from_s ? self->steps[i].from_s : from_s;
        int64_t end_s = start_s < INT64_MAX - length_s ? start_s + length_s : INT64_MAX;
        if (start_s >= held_s || stays_free(self, i, gpus, end_s, held_s, &i))
            return start_s < held_s ? start_s : held_s;
    }
    return held_s;
}

int64_t mdl_profile_earliest(const mdl_profile_t *self, int64_t from_s, int64_t gpus, int64_t length_s)
{
    return mdl_profile_earlier(self, from_s, gpus, length_s, INT64_MAX);
}

int64_t mdl_profile_fewest(const mdl_profile_t *self, int64_t from_s)
{
    int64_t fewest = INT64_MAX;

    for (uint32_t i = self->first; i < self->end; i++)
        if (until(self, i) > from_s && self->steps[i].from_s < INT64_MAX && self->steps[i].free_gpus < fewest)
            fewest = self->steps[i].free_gpus;
    return fewest;
}

/* Index of the step that begins at time_s, made where there is none. */
static uint32_t step_at(mdl_profile_t *self, int64_t time_s)
{
    uint32_t low = self->first, high = self->end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (self->steps[middle].from_s < time_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < self->end && self->steps[low].from_s == time_s)
        return low;
    if (self->end == self->capacity) {
        SIM_ASSERT(self->first > 0);
        memmove(self->steps, self->steps + self->first, (self->end - self->first) * sizeof self->steps[0]);
        low -= self->first;
        self->end -= self->first;
        self->first = 0;
    }
    memmove(self->steps + low + 1, self->steps + low, (self->end - low) * sizeof self->steps[0]);
    self->end++;
    self->steps[low] = (mdl_profile_step_t){.from_s = time_s, .free_gpus = self->steps[low - 1].free_gpus};
    return low;
}

/* Drops the step at `i` where it equals the one before it. */
static void merge(mdl_profile_t *self, uint32_t i)
{
    if (i <= self->first || i >= self->end || self->steps[i].free_gpus != self->steps[i - 1].free_gpus)
        return;
    self->end--;
    memmove(self->steps + i, self->steps + i + 1, (self->end - i) * sizeof self->steps[0]);
}

void mdl_profile_take(mdl_profile_t *self, int64_t from_s, int64_t to_s, int64_t gpus)
{
    if (from_s < self->steps[self->first].from_s)
        from_s = self->steps[self->first].from_s;
    if (from_s >= to_s)
        return;
    (void)step_at(self, from_s);
    (void)step_at(self, to_s);
    uint32_t first = step_at(self, from_s), end = step_at(self, to_s);
    for (uint32_t i = first; i < end; i++)
        self->steps[i].free_gpus -= gpus;
    merge(self, end);
    merge(self, first);
}
