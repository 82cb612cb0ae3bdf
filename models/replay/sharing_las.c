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

/* Brings running jobs to now; one that has had its queue's limit goes one queue down. Returns how many places of running
 * jobs there are in the queues, those they have left included. */
static size_t advance(mdl_sharing_t *self)
{
    size_t places = self->n_running;
    for (size_t i = 0; i < self->n_list; i++) {
        uint32_t index = self->list[i].index;
        mdl_turn_job_t *job = &self->jobs[index];
        if (job->state == MDL_TURN_ENDED)
            continue;
        mdl_sharing_charge(self, job);
        job->held_s += self->now_s - job->last_s;
        job->last_s = self->now_s;
        if (job->queue < MDL_SHARING_QUEUES - 1 && job->held_s * job->gpus >= self->limit_gpu_s[job->queue]) {
            append(self, job->queue + 1u, index, MDL_TURN_RUNS);
            places++;
        }
    }
    while (self->arrived < self->n && self->jobs[self->arrived].submit_s == self->now_s) {
        append(self, 0, (uint32_t)self->arrived, 0);
        mdl_sharing_arrive(self);
    }
    return places;
}

/* A job gets its GPUs, or is skipped. */
static bool give(mdl_sharing_t *self, mdl_turn_place_t *place)
{
    uint32_t gpus = place->tag & ~MDL_TURN_RUNS;
    if (gpus <= self->yarn.free_gpus) {
        self->yarn.free_gpus -= gpus;
        place->tag |= MDL_TURN_RUNS;
        mdl_sharing_run(self, place->job, MDL_NONE);
        return true;
    }
    mdl_sharing_block(self, gpus);
    if (place->tag != gpus)
        mdl_sharing_stop(self, place->job);
    place->tag = gpus;
    return false;
}

/* Gives out GPUs along one queue until none is left and all jobs that ran before have been seen; drops the places of
 * those that have left it, and puts the skipped ones behind the running ones. */
static void fill(mdl_sharing_t *self, uint32_t queue, size_t *ran)
{
    size_t kept = 0, skipped = 0, read = 0, n = self->n_queue[queue];
    mdl_turn_place_t *places = self->queues[queue];
    for (; read < n && (self->yarn.free_gpus > 0 || *ran > 0); read++) {
        mdl_turn_place_t place = places[read];
        if ((place.tag & MDL_TURN_RUNS) != 0) {
            const mdl_turn_job_t *job = &self->jobs[place.job];
            --*ran;
            if (job->state == MDL_TURN_ENDED || job->queue != queue)
                continue;
        }
        if (give(self, &place))
            places[kept++] = place;
        else
            self->skipped[skipped++] = place;
    }
    if (read < n)
        mdl_sharing_block(self, places[read].tag);
    memcpy(&places[kept], self->skipped, skipped * sizeof *places);
    memmove(&places[kept + skipped], &places[read], (n - read) * sizeof *places);
    self->n_queue[queue] = kept + skipped + n - read;
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
    size_t ran = advance(self);
    self->yarn.free_gpus = self->yarn.nodes * self->yarn.gpus_per_node;
    self->n_running = 0;
    for (uint32_t queue = 0; queue < MDL_SHARING_QUEUES; queue++)
        fill(self, queue, &ran);
    predict(self);
}
