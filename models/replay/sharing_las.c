// SPDX-License-Identifier: GPL-3.0-or-later
/* Tiresias with discretised two-dimensional least attained service: three queues by GPU seconds had so far. */
#include "models/replay/sharing_state.h"

#include "sim/math.h"

#include <float.h>
#include <math.h>

static void append(mdl_sharing_t *self, uint32_t queue, uint32_t job)
{
    self->jobs[job].queue = (uint8_t)queue;
    self->queues[queue][self->n_queue[queue]++] = job;
}

static void leave_and_join(mdl_sharing_t *self, bool ends_due)
{
    for (size_t i = 0; ends_due && i < self->n_ends; i++) {
        mdl_turn_job_t *job = &self->jobs[self->ends[i]];
        mdl_sharing_end(self, self->ends[i]);
        job->held_s += self->now_s - job->last_s;
    }
    size_t kept = 0;
    for (size_t i = 0; i < self->n_list; i++)
        if (self->jobs[self->list[i].index].state != MDL_TURN_ENDED)
            self->list[kept++] = self->list[i];
    self->n_list = kept;
    for (; self->arrived < self->n && self->jobs[self->arrived].submit_s == self->now_s; self->arrived++) {
        self->list[self->n_list++].index = (uint32_t)self->arrived;
        append(self, 0, (uint32_t)self->arrived);
    }
}

/* Brings every job to now; one that has had its queue's limit goes one queue down. */
static void advance(mdl_sharing_t *self)
{
    for (size_t i = 0; i < self->n_list; i++) {
        mdl_turn_job_t *job = &self->jobs[self->list[i].index];
        double elapsed_s = self->now_s - job->last_s;
        if (job->state == MDL_TURN_RUNNING) {
            mdl_sharing_charge(self, job);
            job->held_s += elapsed_s;
            if (job->queue < MDL_SHARING_QUEUES - 1 && job->held_s * job->gpus >= self->limit_gpu_s[job->queue])
                append(self, job->queue + 1u, self->list[i].index);
        } else {
            job->wait_s += elapsed_s;
        }
        job->last_s = self->now_s;
    }
}

/* Gives out GPUs along one queue, drops those that have left it, and puts the waiting ones behind the running ones. */
static void fill(mdl_sharing_t *self, uint32_t queue)
{
    size_t kept = 0, waiting = 0;
    uint32_t *jobs = self->queues[queue];
    for (size_t i = 0; i < self->n_queue[queue]; i++) {
        mdl_turn_job_t *job = &self->jobs[jobs[i]];
        if (job->state == MDL_TURN_ENDED || job->queue != queue)
            continue;
        if (job->gpus <= self->yarn.free_gpus) {
            self->yarn.free_gpus -= job->gpus;
            mdl_sharing_run(self, jobs[i], MDL_NONE);
            jobs[kept++] = jobs[i];
        } else {
            mdl_sharing_wait(self, jobs[i]);
            self->waiting[waiting++] = jobs[i];
        }
    }
    for (size_t i = 0; i < waiting; i++)
        jobs[kept++] = self->waiting[i];
    self->n_queue[queue] = kept;
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

static void predict(mdl_sharing_t *self)
{
    self->end_s = self->demotion_s = INFINITY;
    self->n_ends = 0;
    for (size_t i = 0; i < self->n_list; i++) {
        mdl_turn_job_t *job = &self->jobs[self->list[i].index];
        if (job->state != MDL_TURN_RUNNING)
            continue;
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
    leave_and_join(self, ends_due);
    advance(self);
    self->yarn.free_gpus = self->yarn.nodes * self->yarn.gpus_per_node;
    self->n_running = 0;
    for (uint32_t queue = 0; queue < MDL_SHARING_QUEUES; queue++)
        fill(self, queue);
    predict(self);
}
