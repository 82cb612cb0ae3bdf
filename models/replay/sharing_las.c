// SPDX-License-Identifier: GPL-3.0-or-later
/* Tiresias with discretised two-dimensional least attained service: three queues by GPU seconds had so far. */
#include "models/replay/sharing_state.h"

#include "sim/math.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void append(mdl_sharing_t *self, uint32_t queue, uint32_t job, uint32_t runs)
{
    self->jobs[job].queue = (uint8_t)queue;
    self->queues[queue][self->n_queue[queue]++] = (mdl_turn_place_t){job, self->jobs[job].gpus | runs};
}

/* Brings running jobs to now; one that has had its queue's limit goes one queue down. */
static void advance(mdl_sharing_t *self)
{
    for (size_t i = 0; i < self->n_list; i++) {
        uint32_t index = self->list[i].index;
        mdl_turn_job_t *job = &self->jobs[index];
        if (job->state == MDL_TURN_ENDED)
            continue;
        mdl_sharing_charge(self, job);
        job->held_s += self->now_s - job->last_s;
        job->last_s = self->now_s;
        if (job->queue < MDL_SHARING_QUEUES - 1 && job->held_s * job->gpus >= self->limit_gpu_s[job->queue])
            append(self, job->queue + 1u, index, MDL_TURN_RUNS);
    }
    while (self->arrived < self->n && self->jobs[self->arrived].submit_s == self->now_s) {
        append(self, 0, (uint32_t)self->arrived, 0);
        mdl_sharing_arrive(self);
    }
}

/* What became of the places of a queue that were looked at. */
typedef struct filled {
    size_t given, skipped; /* in self->given and self->skipped */
} filled_t;

/* Gives a job its GPUs or skips it; drops the place of one that has left the queue. */
static void give(mdl_sharing_t *self, uint32_t queue, mdl_turn_place_t place, filled_t *filled)
{
    uint32_t gpus = place.tag & ~MDL_TURN_RUNS;
    bool runs = place.tag != gpus;
    if (runs && (self->jobs[place.job].state == MDL_TURN_ENDED || self->jobs[place.job].queue != queue))
        return;
    if (gpus <= self->yarn.free_gpus) {
        self->yarn.free_gpus -= gpus;
        self->given[filled->given++] = (mdl_turn_place_t){place.job, gpus | MDL_TURN_RUNS};
        mdl_sharing_run(self, place.job, MDL_NONE);
        return;
    }
    self->skipped[filled->skipped++] = (mdl_turn_place_t){place.job, gpus};
    mdl_sharing_block(self, gpus);
    if (runs)
        mdl_sharing_stop(self, place.job);
}

/* Gives out GPUs along one queue, and puts the skipped jobs behind the running ones. Once the front is seen, and nobody
 * fits who waits, the settled rest is passed over: [read, settled) stays together. */
static void fill(mdl_sharing_t *self, uint32_t queue)
{
    mdl_turn_place_t *places = self->queues[queue];
    size_t read = 0, settled = self->n_settled[queue];
    filled_t filled = {0};
    for (; read < settled && (read < self->n_front[queue] || mdl_sharing_any_fits(self, queue)); read++)
        give(self, queue, places[read], &filled);
    if (read < settled)
        mdl_sharing_block(self, places[read].tag);
    size_t before = filled.skipped, rest = settled - read;
    for (size_t i = settled; i < self->n_queue[queue]; i++)
        give(self, queue, places[i], &filled);
    size_t to = filled.given + before;
    if (to != read)
        memmove(&places[to], &places[read], rest * sizeof *places);
    memcpy(places, self->given, filled.given * sizeof *places);
    memcpy(&places[filled.given], self->skipped, before * sizeof *places);
    memcpy(&places[to + rest], &self->skipped[before], (filled.skipped - before) * sizeof *places);
    self->n_front[queue] = filled.given;
    self->n_settled[queue] = self->n_queue[queue] = filled.given + filled.skipped + rest;
}

/* When a running job will have had its queue's limit. Where rounding puts that at now or before, the next instant there
 * is: it has not had it yet. */
static double demotion_of(const mdl_sharing_t *self, const mdl_turn_job_t *job)
{
    if (job->queue == MDL_SHARING_QUEUES - 1)
        return INFINITY;
    double at_s = (double)sim_ceil_i64(self->limit_gpu_s[job->queue] / job->gpus) - job->held_s + self->now_s;
    double next_s = self->now_s + (self->now_s > 1 ? self->now_s : 1) * DBL_EPSILON;
    return at_s > self->now_s ? at_s : next_s;
}

/* The next end and demotion. Running jobs are looked at in order of arrival, which is that of their numbers. */
static void predict(mdl_sharing_t *self)
{
    self->end_s = self->demotion_s = INFINITY;
    self->n_ends = 0;
    self->n_list = self->n_running;
    for (size_t i = 0; i < self->n_running; i++)
        self->list[i] = (mdl_replay_key_t){.key = self->running[i], .index = self->running[i]};
    mdl_replay_sort(self->list, self->scratch, self->n_list);
    for (size_t i = 0; i < self->n_list; i++) {
        mdl_turn_job_t *job = &self->jobs[self->list[i].index];
        job->end_s = mdl_sharing_predict(self, job);
        if (job->end_s < self->end_s) {
            self->end_s = job->end_s;
            self->n_ends = 0;
        }
        if (job->end_s == self->end_s)
            self->ends[self->n_ends++] = self->list[i].index;
        double demotion_s = demotion_of(self, job);
        self->demotion_s = demotion_s < self->demotion_s ? demotion_s : self->demotion_s;
    }
}

void mdl_sharing_event_las(mdl_sharing_t *self, bool ends_due)
{
    for (size_t i = 0; ends_due && i < self->n_ends; i++)
        mdl_sharing_end(self, self->ends[i]);
    advance(self);
    self->yarn.free_gpus = self->yarn.nodes * self->yarn.gpus_per_node;
    self->n_running = 0;
    for (uint32_t queue = 0; queue < MDL_SHARING_QUEUES; queue++)
        fill(self, queue);
    predict(self);
}
